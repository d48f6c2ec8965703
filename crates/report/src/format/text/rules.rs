//! Section 5: one tick mark for each rule, with the records and the money that it tested.

use std::io;

use tieout_model::{AuditReport, RuleResult, Status};

use crate::layout::{Page, count, counted, measure_money};

pub(super) fn render(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("5. Rules")?;
    if report.rules.is_empty() {
        return page.line("No rule was selected.");
    }
    page.line("✓ no exceptions   ✗ exceptions   ~ partly tested   - not tested   ! failed")?;
    for rule in &report.rules {
        page.hanging(0, &format!("{} {}: ", mark(&rule.status), rule.card.id), 4, &words(rule))?;
    }
    Ok(())
}

pub(crate) fn mark(status: &Status) -> char {
    match status {
        Status::NoExceptions => '✓',
        Status::Exceptions => '✗',
        Status::PartlyTested => '~',
        Status::NotTested | Status::NotPerformed { .. } => '-',
        Status::Error(_) => '!',
    }
}

/// The result with its denominator: silence is not a result.
pub(crate) fn words(rule: &RuleResult) -> String {
    let coverage = &rule.coverage;
    let tested = {
        let records = counted(coverage.tested.records, "record", "records");
        match measure_money(&coverage.tested) {
            Some(money) => format!("{records} of {} in scope, {money} tested", count(coverage.in_scope().records)),
            None => format!("{records} of {} in scope tested", count(coverage.in_scope().records)),
        }
    };
    let mut text = match &rule.status {
        Status::NoExceptions => format!("no exceptions noted in {tested}"),
        Status::PartlyTested => format!("partly tested; no exceptions noted in {tested}"),
        Status::Exceptions => format!(
            "{} and {} in {tested}",
            counted(coverage.exceptions.records, "exception", "exceptions"),
            counted(rule.findings, "finding", "findings"),
        ),
        Status::NotTested => format!("not tested: {tested}"),
        Status::NotPerformed { reason, .. } => format!("not performed: {reason}"),
        Status::Error(reason) => format!("failed: {reason}"),
    };
    for guard in coverage.guarded.iter().filter(|guard| guard.measure.records > 0) {
        text.push_str(&format!("; {} explained by {}", count(guard.measure.records), guard.reason));
    }
    text
}
