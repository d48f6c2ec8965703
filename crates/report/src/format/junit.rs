//! JUnit, for the test page of a build: a test case a rule, failed by the findings that decide the exit code.
//!
//! A rule that was not performed is skipped with the reason, one that failed itself is an error, findings that do not gate stand in
//! the output of a passed case. Whether the engagement got what it requires is a case of its own. Numbers stand in properties.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use tieout_model::amount::minor_units;
use tieout_model::report::{ClassTotal, class_totals};
use tieout_model::{AuditReport, Finding, RuleResult, Status};

use crate::format::text::rules::words;
use crate::layout::{count, counted, money, visible};
use crate::words::key_words;

/// Findings of a rule that are told one by one.
const FINDINGS_MAX: usize = 100;

/// Writes the report.
pub(super) fn render(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Report::new(shown(&format!("tieout {}", report.name)));
    document.add_test_suites([rules(report), engagement(report)]);
    document.serialize(out).map_err(io::Error::other)
}

/// A test case a rule.
fn rules(report: &AuditReport) -> TestSuite {
    let mut suite = TestSuite::new("rules");
    for total in report.class_totals() {
        suite.add_property((shown(&stake(&total)), shown(&amount(&total))));
    }
    let mut findings: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        findings.entry(finding.rule.as_str()).or_default().push(finding);
    }
    for rule in &report.rules {
        let found = findings.remove(rule.card.id.as_str()).unwrap_or_default();
        suite.add_test_case(case(report, rule, &found));
    }
    suite
}

fn case(report: &AuditReport, rule: &RuleResult, findings: &[&Finding]) -> TestCase {
    let (gating, others): (Vec<_>, Vec<_>) = findings.iter().copied().partition(|finding| report.gates(finding));
    let mut status = match &rule.status {
        _ if !gating.is_empty() => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::Error(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
        Status::NotPerformed { .. } | Status::NotTested => TestCaseStatus::skipped(),
        Status::NoExceptions | Status::Exceptions | Status::PartlyTested => TestCaseStatus::success(),
    };
    if !gating.is_empty() {
        let totals: Vec<_> = class_totals(gating.iter().copied())
            .iter()
            .map(|total| format!("{} {}", total.class.words(), money(total.gross, &total.currency)))
            .collect();
        let found = counted(gating.len() as u64, "finding decides", "findings decide");
        let of = if totals.is_empty() { String::new() } else { format!(": {}", totals.join(", ")) };
        status.set_message(shown(&format!("{found} the exit code{of}")));
        status.set_description(list(&gating));
    } else if !matches!(rule.status, Status::NoExceptions | Status::Exceptions | Status::PartlyTested) {
        status.set_message(shown(&words(rule)));
    }
    let mut case = TestCase::new(shown(&rule.card.id), status);
    case.set_classname(shown(&rule.card.family));
    case.add_property(("title", shown(&rule.card.title).as_str()));
    case.add_property(("result", shown(&words(rule)).as_str()));
    case.add_property(("findings", findings.len().to_string().as_str()));
    for total in class_totals(findings.iter().copied()) {
        case.add_property((shown(&stake(&total)), shown(&amount(&total))));
    }
    if !others.is_empty() {
        case.set_system_out(format!("Do not decide the exit code:\n{}", list(&others)));
    }
    case
}

/// Whether the engagement got what it requires.
fn engagement(report: &AuditReport) -> TestSuite {
    let mut suite = TestSuite::new("engagement");
    let status = if report.shortfalls.is_empty() {
        TestCaseStatus::success()
    } else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message("audited, but less than the engagement requires");
        let reasons: Vec<_> = report.shortfalls.iter().map(|why| shown(why)).collect();
        status.set_description(reasons.join("\n"));
        status
    };
    let mut case = TestCase::new("audited as required", status);
    case.set_classname("engagement");
    suite.add_test_case(case);
    suite
}

/// A line a finding.
fn list(findings: &[&Finding]) -> String {
    let line = |finding: &&Finding| {
        let money: Vec<_> = finding
            .effects
            .iter()
            .map(|effect| format!("{} {}", effect.class.words(), money(effect.gross, &effect.currency)))
            .collect();
        let party = finding.party.as_deref().unwrap_or("no customer");
        let waived = if finding.is_waived() { " (waived)" } else { "" };
        let who = format!("{party} / {}", key_words(finding));
        let words = format!(
            "{who}  {}  {}{waived}: {} [{}]",
            finding.confidence.name(),
            money.join("; "),
            finding.message,
            finding.fingerprint
        );
        shown(&words)
    };
    let mut lines: Vec<_> = findings.iter().take(FINDINGS_MAX).map(line).collect();
    if let Some(more) = findings.len().checked_sub(FINDINGS_MAX).filter(|more| *more > 0) {
        lines.push(format!("and {} more (in the JSON report)", count(more as u64)));
    }
    lines.join("\n")
}

/// `over_billed USD`.
fn stake(total: &ClassTotal) -> String {
    format!("{} {}", total.class.name(), total.currency)
}

fn amount(total: &ClassTotal) -> String {
    total.gross.to_places(minor_units(&total.currency).unwrap_or(2))
}

/// XML 1.0 cannot hold most control characters: they are made visible, so that none is lost.
fn shown(text: &str) -> String {
    visible(text).chars().map(|one| if matches!(one, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { one }).collect()
}
