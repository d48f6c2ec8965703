//! The head of the report: what was audited, as at when, and what came out.

use std::io;

use tieout_model::report::counts;
use tieout_model::{AuditReport, Confidence, Level, Severity, Status};

use crate::layout::{Page, count, counted, money};
use crate::past;

pub(super) fn render(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    page.pair(&report.name, &format!("tieout {}", report.version))?;
    let period = report.period.map_or("every date in the sources".to_owned(), |period| format!("period {period}"));
    let as_of = report.as_of.map_or("no as-of date".to_owned(), |date| format!("as of {date}"));
    let records = report.populations.iter().map(|population| population.kept).sum();
    let size = format!(
        "{} in {} from {}",
        counted(records, "record", "records"),
        counted(report.populations.len() as u64, "population", "populations"),
        counted(report.sources.len() as u64, "file", "files"),
    );
    page.paragraph(0, &format!("{period}, {as_of}; {size}"))?;
    page.blank()?;
    page.paragraph(0, &format!("Result: {}", result(report)))?;
    totals(report, page)?;
    page.hanging(0, "", 2, &rules_line(report))?;
    if let Some(baseline) = &report.baseline {
        let since = baseline.as_of.map_or(String::new(), |as_of| format!(" (as of {as_of})"));
        page.hanging(2, "", 4, &format!("Against {}{since}: {}.", baseline.name, past::standings(report, baseline)))?;
    }
    for shortfall in &report.shortfalls {
        page.hanging(2, "Incomplete: ", 4, shortfall)?;
    }
    if !report.completeness_established {
        page.paragraph(2, "Completeness of the extract was not established.")?;
    }
    reading(report, page)
}

/// `7 findings (3 certain, 2 likely, 2 for review), 1 waived, 2 consequences of others`.
pub(crate) fn result(report: &AuditReport) -> String {
    let own: Vec<_> = report.findings.iter().filter(|finding| counts(finding)).collect();
    let number = |confidence| own.iter().filter(|finding| finding.confidence == confidence).count() as u64;
    let mut words = match own.len() as u64 {
        0 => "no open findings".to_owned(),
        found => counted(found, "open finding", "open findings"),
    };
    let kinds: Vec<_> =
        [(Confidence::Certain, "certain"), (Confidence::Likely, "likely"), (Confidence::Review, "for review")]
            .into_iter()
            .filter(|(confidence, _)| number(*confidence) > 0)
            .map(|(confidence, word)| format!("{} {word}", count(number(confidence))))
            .collect();
    if !kinds.is_empty() {
        words.push_str(&format!(" ({})", kinds.join(", ")));
    }
    let advice = own.iter().filter(|finding| finding.severity == Severity::Advice).count() as u64;
    let waived = report.findings.iter().filter(|finding| finding.is_waived()).count() as u64;
    let explained = report.findings.len() as u64 - own.len() as u64 - waived;
    let extras = [
        (advice, format!("{} of them advice", count(advice))),
        (explained, counted(explained, "more is a consequence of these", "more are consequences of these")),
        (waived, format!("{} waived", count(waived))),
    ];
    for (number, text) in extras {
        if number > 0 {
            words.push_str(&format!("; {text}"));
        }
    }
    words
}

fn totals(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    for total in report.class_totals() {
        let amount = money(total.gross, &total.currency);
        let findings = counted(total.findings, "finding", "findings");
        page.line(&format!("  {:<20} {amount:>26}   {findings}", total.class.words()))?;
    }
    Ok(())
}

/// How many rules came to what.
pub(crate) fn rules_line(report: &AuditReport) -> String {
    let number = |wanted: fn(&Status) -> bool| report.rules.iter().filter(|rule| wanted(&rule.status)).count() as u64;
    let parts = [
        (number(|status| matches!(status, Status::Exceptions)), "with exceptions"),
        (number(|status| matches!(status, Status::NoExceptions)), "without"),
        (number(|status| matches!(status, Status::PartlyTested)), "partly tested"),
        (number(|status| matches!(status, Status::NotTested)), "not tested"),
        (number(|status| matches!(status, Status::NotPerformed { .. })), "not performed"),
        (number(|status| matches!(status, Status::Error(_))), "failed"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{} {word}", count(*number)))
        .collect();
    let rules = counted(report.rules.len() as u64, "rule", "rules");
    if parts.is_empty() { format!("  {rules}.") } else { format!("  {rules}: {}.", parts.join(", ")) }
}

/// What went wrong in reading, and the first mapping that is probably wrong: it outweighs the findings below.
fn reading(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    let number = |level| report.diagnostics.iter().filter(|diagnostic| diagnostic.level == level).count() as u64;
    let (errors, warnings) = (number(Level::Error), number(Level::Warning));
    if errors + warnings > 0 {
        let errors = counted(errors, "error", "errors");
        let warnings = counted(warnings, "warning", "warnings");
        page.paragraph(
            2,
            &format!("The sources and settings gave {errors} and {warnings}: see the end of section 2."),
        )?;
    }
    let suspects = report.diagnostics.iter().filter(|diagnostic| diagnostic.code == tieout_model::Code::MappingSuspect);
    for suspect in suspects {
        page.blank()?;
        page.paragraph(2, &format!("Look at the mapping first: {}", suspect.message))?;
    }
    Ok(())
}
