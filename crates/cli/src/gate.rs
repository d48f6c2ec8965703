//! The exit code: what was found, whether enough was tested, whether there was an audit at all.

use std::process::ExitCode;

use tieout_model::finding::{Disposition, Standing};
use tieout_model::{Amount, AuditReport, Code, Confidence, Finding, Measure, RuleResult, Severity, Status};

use crate::args::FailOn;

/// How a run ended. Findings win over incomplete; the report says both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above `--fail-on`.
    Passed,
    /// Findings at or above it.
    Found,
    /// Wrong arguments, engagement, rule or input.
    NotAudited,
    /// Less than the engagement requires, or records excluded, or a rule that failed.
    Incomplete,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Passed => 0,
            Exit::Found => 1,
            Exit::NotAudited => 2,
            Exit::Incomplete => 3,
        })
    }
}

/// True if an open finding makes the audit fail.
pub fn gates(finding: &Finding, fail_on: FailOn) -> bool {
    let (severity, confidence) = match fail_on {
        FailOn::Error => (Severity::Error, Confidence::Likely),
        FailOn::Warning => (Severity::Warning, Confidence::Likely),
        FailOn::Review => (Severity::Warning, Confidence::Review),
        FailOn::New if finding.history.is_some_and(|history| history.standing == Standing::Unchanged) => return false,
        FailOn::New => (Severity::Error, Confidence::Likely),
        FailOn::Never => return false,
    };
    finding.disposition == Disposition::Open && finding.severity >= severity && finding.confidence >= confidence
}

/// What the engagement demands of an audit.
pub struct Demands<'a> {
    /// Ids of the rules that must be performed.
    pub required: Vec<&'a str>,
    /// The share of records and money that each of them must test.
    pub min_tested: Option<Amount>,
}

/// Why the audit is less than the engagement requires, in words; empty if it is not.
pub fn shortfalls(report: &AuditReport, demands: &Demands<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    for source in &report.sources {
        let lost: u64 =
            source.excluded.iter().filter(|(reason, _)| holds_record(reason)).map(|(_, records)| records).sum();
        if lost > 0 {
            let records = if lost == 1 { "1 record was".to_owned() } else { format!("{lost} records were") };
            reasons.push(format!("{records} excluded from {}", source.path));
        }
    }
    for rule in &report.rules {
        let id = &rule.card.id;
        let required = demands.required.contains(&id.as_str());
        match &rule.status {
            Status::Error(_) => reasons.push(format!("rule {id} failed")),
            Status::NotPerformed { .. } if required => reasons.push(format!("required rule {id} was not performed")),
            _ if required && !reaches(rule, demands.min_tested) => {
                reasons.push(format!("required rule {id} tested less than the engagement demands"));
            }
            _ => {}
        }
    }
    for id in &demands.required {
        if !report.rules.iter().any(|rule| rule.card.id == *id) {
            reasons.push(format!("required rule {id} was not selected"));
        }
    }
    reasons
}

/// False for what is excluded without anything being lost: a blank line or a repeated header states no record.
fn holds_record(reason: &str) -> bool {
    ![Code::RecordBlank, Code::HeaderRepeated].iter().any(|code| code.name() == reason)
}

fn reaches(rule: &RuleResult, share: Option<Amount>) -> bool {
    let Some(share) = share else { return true };
    let (tested, in_scope) = (&rule.coverage.tested, rule.coverage.in_scope());
    let records = |measure: &Measure| i128::from(measure.records);
    let money =
        in_scope.money.iter().map(|(currency, units)| (tested.money.get(currency).copied().unwrap_or(0), *units));
    std::iter::once((records(tested), records(&in_scope)))
        .chain(money)
        .all(|(part, whole)| is_share(part, whole, share))
}

/// `part / whole ≥ share` without dividing. A sum of money that is zero or negative measures no share.
fn is_share(part: i128, whole: i128, share: Amount) -> bool {
    let needed = share.units.checked_mul(whole);
    let given = part.checked_mul(tieout_model::amount::pow10(u32::from(share.scale)));
    whole <= 0 || matches!((given, needed), (Some(given), Some(needed)) if given >= needed)
}

/// Fingerprints of the findings that make the audit fail, in order.
pub fn gating(report: &AuditReport, fail_on: FailOn) -> Vec<String> {
    let mut prints: Vec<_> = report.findings.iter().filter(|finding| gates(finding, fail_on)).collect();
    prints.sort_by(|left, right| left.fingerprint.cmp(&right.fingerprint));
    prints.iter().map(|finding| finding.fingerprint.clone()).collect()
}

/// The end of an audit whose report was written.
pub fn exit(report: &AuditReport) -> Exit {
    if report.findings.iter().any(|finding| report.gates(finding)) {
        Exit::Found
    } else if report.shortfalls.is_empty() {
        Exit::Passed
    } else {
        Exit::Incomplete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: Severity, confidence: Confidence) -> Finding {
        Finding {
            fingerprint: String::new(),
            content: String::new(),
            rule: String::new(),
            severity,
            confidence,
            confidence_reason: String::new(),
            population: String::new(),
            key: Vec::new(),
            party: None,
            date: None,
            message: String::new(),
            expected: None,
            stated: None,
            difference: None,
            effects: Vec::new(),
            evidence: Vec::new(),
            chain: Vec::new(),
            remedy: String::new(),
            caused_by: None,
            root_cause: None,
            limited: None,
            corrected_by: None,
            case: String::new(),
            disposition: Disposition::Open,
            history: None,
        }
    }

    #[test]
    fn severity_and_confidence_decide_together() {
        use {Confidence::*, Severity::*};
        // severity, confidence, and whether it gates at: error, warning, review, never.
        let standing = |standing| Finding {
            history: Some(tieout_model::finding::History { standing, first_seen: None }),
            ..finding(Error, Certain)
        };
        assert!(gates(&standing(Standing::New), FailOn::New) && gates(&standing(Standing::Changed), FailOn::New));
        assert!(!gates(&standing(Standing::Unchanged), FailOn::New));
        assert!(gates(&standing(Standing::Unchanged), FailOn::Error) && !gates(&finding(Error, Review), FailOn::New));
        let table = [
            (Error, Certain, [true, true, true, false]),
            (Error, Likely, [true, true, true, false]),
            (Error, Review, [false, false, true, false]),
            (Warning, Certain, [false, true, true, false]),
            (Warning, Review, [false, false, true, false]),
            (Advice, Certain, [false, false, false, false]),
        ];
        let steps = [FailOn::Error, FailOn::Warning, FailOn::Review, FailOn::Never];
        for (severity, confidence, expected) in table {
            let finding = finding(severity, confidence);
            assert_eq!(steps.map(|fail_on| gates(&finding, fail_on)), expected, "{severity:?} {confidence:?}");
        }
        let waiver = |word: &str| word.to_owned();
        let disposition = Disposition::Waived {
            reason: waiver(""),
            prepared_by: waiver(""),
            approved_by: waiver(""),
            expires: waiver(""),
        };
        assert!(!gates(&Finding { disposition, ..finding(Error, Certain) }, FailOn::Review));
    }

    #[test]
    fn a_blank_line_is_not_a_lost_record() {
        assert!(!holds_record("record-blank") && !holds_record("header-repeated"));
        assert!(holds_record("record-ragged"));
    }

    #[test]
    fn a_share_is_reached_exactly() {
        let share = Amount::new(99, 2);
        assert!(is_share(99, 100, share) && !is_share(98, 100, share));
        assert!(is_share(0, 0, share), "an empty scope is wholly tested");
        assert!(!is_share(i128::MAX, i128::MAX, share), "what cannot be computed is not reached");
    }
}
