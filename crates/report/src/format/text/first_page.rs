//! The head of the report: what was audited, as at when, and what came out.

use std::io;

use tieout_model::{AuditReport, Level};

use crate::layout::{Page, counted, money};
use crate::past;
use crate::words::{facts, result, rules_line};

pub(super) fn render(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    page.pair(&report.name, &format!("tieout {}", report.version))?;
    page.paragraph(0, &facts(report))?;
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

fn totals(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    for total in report.class_totals() {
        let amount = money(total.gross, &total.currency);
        let findings = counted(total.findings, "finding", "findings");
        page.line(&format!("  {:<20} {amount:>26}   {findings}", total.class.words()))?;
    }
    Ok(())
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
