//! Two reports: what is new, changed, unchanged, resolved, and what was not looked at again.

use std::collections::{HashMap, HashSet};

use tieout_model::finding::{History, Standing};
use tieout_model::report::{Baseline, Former, Gone};
use tieout_model::{AuditReport, Period};

use super::{Past, PastFinding, PastRule};

/// What became of one report's findings in a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// One for each finding of the later report, in its order.
    pub histories: Vec<History>,
    /// Findings of the former that the later has not, in order of rule and fingerprint.
    pub gone: Vec<Former>,
}

impl Comparison {
    /// Compares.
    pub fn new(former: &Past, later: &Past) -> Self {
        let known: HashMap<&str, &PastFinding> =
            former.findings.iter().map(|finding| (finding.fingerprint.as_str(), finding)).collect();
        let history = |finding: &PastFinding| match known.get(finding.fingerprint.as_str()) {
            None => History { standing: Standing::New, first_seen: later.as_of },
            Some(before) if before.content == finding.content => {
                History { standing: Standing::Unchanged, first_seen: before.first_seen }
            }
            Some(before) => History { standing: Standing::Changed, first_seen: before.first_seen },
        };
        let here: HashSet<&str> = later.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
        let lost = former.findings.iter().filter(|finding| !here.contains(finding.fingerprint.as_str()));
        let mut gone: Vec<Former> = lost.map(|finding| lost_one(finding, former, later)).collect();
        gone.sort_by(|left, right| (&left.rule, &left.fingerprint).cmp(&(&right.rule, &right.fingerprint)));
        Self { histories: later.findings.iter().map(history).collect(), gone }
    }

    /// Findings of the later report with that standing.
    pub fn count(&self, standing: Standing) -> u64 {
        self.histories.iter().filter(|history| history.standing == standing).count() as u64
    }

    /// Former findings that are resolved.
    pub fn resolved(&self) -> u64 {
        self.gone.iter().filter(|former| former.gone == Gone::Resolved).count() as u64
    }
}

/// Writes a former report's memory into a report.
pub fn apply(report: &mut AuditReport, former: &Past) {
    let comparison = Comparison::new(former, &Past::of(report));
    for (finding, history) in report.findings.iter_mut().zip(comparison.histories) {
        finding.history = Some(history);
    }
    report.baseline =
        Some(Baseline { name: former.name.clone(), period: former.period, as_of: former.as_of, gone: comparison.gone });
}

fn lost_one(finding: &PastFinding, former: &Past, later: &Past) -> Former {
    Former {
        fingerprint: finding.fingerprint.clone(),
        rule: finding.rule.clone(),
        key: finding.key.clone(),
        party: finding.party.clone(),
        message: finding.message.clone(),
        severity: finding.severity,
        confidence: finding.confidence,
        totals: finding.totals.clone(),
        first_seen: finding.first_seen,
        gone: gone(finding, former, later),
    }
}

/// Why a finding is not there any more: the first reason not to call it resolved, or none.
fn gone(finding: &PastFinding, former: &Past, later: &Past) -> Gone {
    let id = &finding.rule;
    let reason = match (later.rules.get(id), former.rules.get(id)) {
        (None, _) => Some(format!("rule {id} was not selected")),
        (Some(rule), _) if !rule.performed => Some(format!("rule {id} could not test anything")),
        (Some(rule), before) => {
            let untested = before.map_or(0, |before| before.not_tested);
            if let Some(reason) = outside(finding, rule, former.period, later.period) {
                Some(reason)
            } else if rule.not_tested > untested {
                Some(format!("rule {id} left {} records untested, {untested} before", rule.not_tested))
            } else {
                None
            }
        }
    };
    reason.map_or(Gone::Resolved, Gone::NotTested)
}

/// Why the later period may not hold what the former found, if so.
fn outside(finding: &PastFinding, rule: &PastRule, former: Option<Period>, later: Option<Period>) -> Option<String> {
    let later = later.filter(|_| rule.by_period)?;
    match finding.date.filter(|_| rule.is_dated) {
        Some(day) if later.contains(day) => None,
        Some(day) => Some(format!("its day {day} lies outside the period {later}")),
        None => match former {
            Some(former) if later.from <= former.from && former.to <= later.to => None,
            _ => Some(format!("the period {later} does not hold the former one")),
        },
    }
}

#[cfg(test)]
mod tests {
    use tieout_model::{Confidence, Severity};

    use super::*;

    fn finding(fingerprint: &str, content: &str, day: &str) -> PastFinding {
        PastFinding {
            fingerprint: fingerprint.to_owned(),
            content: content.to_owned(),
            rule: "r".to_owned(),
            key: Vec::new(),
            party: None,
            message: String::new(),
            severity: Severity::Error,
            confidence: Confidence::Certain,
            date: day.parse().ok(),
            is_open: true,
            totals: Vec::new(),
            first_seen: "2026-09-05".parse().ok(),
        }
    }

    fn past(not_tested: u64, findings: Vec<PastFinding>) -> Past {
        let rule = PastRule { performed: true, hash: String::new(), is_dated: true, by_period: true, not_tested };
        Past {
            name: String::new(),
            period: "2026-10".parse().ok(),
            as_of: "2026-11-05".parse().ok(),
            rules: [("r".to_owned(), rule)].into(),
            findings,
        }
    }

    fn gone_one(later: &Past) -> Gone {
        Comparison::new(&past(2, vec![finding("a", "1", "2026-10-03")]), later).gone.remove(0).gone
    }

    #[test]
    fn a_finding_is_new_changed_or_unchanged_and_keeps_the_day_it_was_first_seen() {
        let former = past(0, vec![finding("a", "1", "2026-10-03"), finding("b", "1", "2026-10-03")]);
        let later = past(
            0,
            vec![
                finding("a", "1", "2026-10-03"),
                finding("b", "2", "2026-10-03"),
                PastFinding { first_seen: None, ..finding("c", "1", "2026-10-03") },
            ],
        );
        let comparison = Comparison::new(&former, &later);
        let day = |text: &str| text.parse().ok();
        let expected = [
            History { standing: Standing::Unchanged, first_seen: day("2026-09-05") },
            History { standing: Standing::Changed, first_seen: day("2026-09-05") },
            History { standing: Standing::New, first_seen: day("2026-11-05") },
        ];
        assert_eq!(comparison.histories, expected);
        assert!(comparison.gone.is_empty());
    }

    #[test]
    fn only_what_was_looked_at_again_is_resolved() {
        assert_eq!(gone_one(&past(2, Vec::new())), Gone::Resolved);
        assert!(matches!(gone_one(&past(3, Vec::new())), Gone::NotTested(_)), "more is untested than before");
        let moved = Past { period: "2026-11".parse().ok(), ..past(0, Vec::new()) };
        assert!(matches!(gone_one(&moved), Gone::NotTested(_)), "its day is outside the period");
        let rule =
            |by_period| PastRule { performed: true, hash: String::new(), is_dated: false, by_period, not_tested: 0 };
        let whole = Past { rules: [("r".to_owned(), rule(true))].into(), ..moved.clone() };
        assert!(
            matches!(gone_one(&whole), Gone::NotTested(_)),
            "what its bills were then, the later period does not hold"
        );
        let both = Past { period: "2026".parse().ok(), ..whole };
        assert_eq!(gone_one(&both), Gone::Resolved);
        let balance = Past { rules: [("r".to_owned(), rule(false))].into(), ..moved };
        assert_eq!(gone_one(&balance), Gone::Resolved, "a balance is looked at as of a day");
        assert!(matches!(gone_one(&Past { rules: [].into(), ..past(0, Vec::new()) }), Gone::NotTested(_)));
        let idle = PastRule { performed: false, hash: String::new(), is_dated: true, by_period: true, not_tested: 0 };
        let idle = Past { rules: [("r".to_owned(), idle)].into(), ..past(0, Vec::new()) };
        assert!(matches!(gone_one(&idle), Gone::NotTested(_)));
    }
}
