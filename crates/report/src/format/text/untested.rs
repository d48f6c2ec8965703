//! Section 2: what could not be tested, why, and what to ask for; then every diagnostic in full.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use tieout_model::{AuditReport, RuleResult, Status};

use crate::diagnostic;
use crate::layout::{Page, count, counted, measured};

/// Reasons shown for each rule, the most frequent first.
const REASONS_MAX: usize = 5;

pub(super) fn render(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out);
    page.heading("2. What could not be tested, and what to ask for")?;
    asked(report, &mut page)?;
    let mut whole = not_performed(report, &mut page)?;
    for rule in &report.rules {
        whole &= partly(rule, &mut page)?;
    }
    if report.rules.is_empty() {
        page.line("No rule was selected.")?;
    } else if whole {
        page.line("Every rule ran, and tested every record in its scope.")?;
    }
    diagnostics(report, out)
}

/// The exports that would let most of the other rules run.
pub(super) fn asked(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    if report.unlock.is_empty() {
        return Ok(());
    }
    page.hanging(0, "Ask for: ", 9, &report.unlock.join(", "))?;
    page.paragraph(9, "With these, most of the rules below can run.")
}

/// Every diagnostic in full, errors first.
pub(super) fn diagnostics(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let mut diagnostics: Vec<_> = report.diagnostics.iter().collect();
    diagnostics.sort_by_key(|diagnostic| Reverse(diagnostic.level));
    for diagnostic in diagnostics {
        writeln!(out)?;
        diagnostic::render(diagnostic, out)?;
    }
    Ok(())
}

/// Rules that could not run, those of one reason together. True if there are none.
pub(super) fn not_performed(report: &AuditReport, page: &mut Page<'_>) -> io::Result<bool> {
    let mut reasons: BTreeMap<(&str, &[String]), Vec<&str>> = BTreeMap::new();
    for rule in &report.rules {
        if let Status::NotPerformed { reason, unlock } = &rule.status {
            reasons.entry((reason, unlock)).or_default().push(&rule.card.id);
        }
    }
    for ((reason, unlock), rules) in &reasons {
        page.hanging(0, "not performed: ", 4, reason)?;
        page.hanging(4, &format!("{}: ", counted(rules.len() as u64, "rule", "rules")), 6, &rules.join(", "))?;
        if !unlock.is_empty() {
            page.hanging(4, "ask for: ", 6, &unlock.join(", "))?;
        }
    }
    Ok(reasons.is_empty())
}

/// What a rule that ran left out. True if nothing.
fn partly(rule: &RuleResult, page: &mut Page<'_>) -> io::Result<bool> {
    let coverage = &rule.coverage;
    let mut lines = Vec::new();
    if let Status::Error(text) = &rule.status {
        lines.push(format!("failed, a fault of tieout: {text}"));
    }
    let mut reasons: Vec<_> = coverage.not_tested.iter().filter(|reason| reason.measure.records > 0).collect();
    reasons.sort_by_key(|reason| Reverse(reason.measure.records));
    for reason in reasons.iter().take(REASONS_MAX) {
        lines.push(format!("not tested: {}: {}", measured(&reason.measure), reason.reason));
    }
    if let Some(more) = reasons.len().checked_sub(REASONS_MAX).filter(|more| *more > 0) {
        lines.push(format!("and {} more reasons (in the JSON report)", count(more as u64)));
    }
    if coverage.outside_extract.records > 0 {
        let measure = measured(&coverage.outside_extract);
        lines.push(format!("not tested: {measure}: the counterpart may lie outside the extract"));
    }
    if coverage.excluded > 0 {
        lines.push(format!("excluded while reading: {}", counted(coverage.excluded, "record", "records")));
    }
    if !rule.guards_missing.is_empty() {
        lines.push(format!("for review only, since {} is missing", rule.guards_missing.join(", ")));
    }
    if !coverage.balances() {
        lines.push("the records do not add up to the population; this is a fault of tieout".to_owned());
    }
    if !lines.is_empty() {
        page.line(&rule.card.id)?;
    }
    for line in &lines {
        page.hanging(2, "", 4, line)?;
    }
    Ok(lines.is_empty())
}
