//! What became of the baseline's findings that this audit does not have.

use std::io;

use tieout_model::AuditReport;
use tieout_model::report::{Former, Gone};

use crate::layout::{Page, count};

/// Findings listed of each sort.
const LISTED_MAX: usize = 5;

pub(super) fn render(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    let Some(baseline) = &report.baseline else { return Ok(()) };
    let sorts = [
        ("Resolved", baseline.gone.iter().filter(|former| former.gone == Gone::Resolved).collect::<Vec<_>>()),
        ("Not looked at again", baseline.gone.iter().filter(|former| former.gone != Gone::Resolved).collect()),
    ];
    for (words, former) in sorts.into_iter().filter(|(_, former)| !former.is_empty()) {
        page.blank()?;
        page.line(&format!("{words} since {}: {}", baseline.name, count(former.len() as u64)))?;
        for former in former.iter().take(LISTED_MAX) {
            page.hanging(2, &format!("{}   ", former.rule), 6, &line(former))?;
        }
        if let Some(more) = former.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
            page.line(&format!("  and {} more (in the JSON report)", count(more as u64)))?;
        }
    }
    Ok(())
}

fn line(former: &Former) -> String {
    let mut values: Vec<&str> = former.key.iter().map(|(_, value)| value.as_str()).collect();
    values.dedup();
    match &former.gone {
        Gone::Resolved => values.join(" / "),
        Gone::NotTested(reason) => format!("{}: {reason}", values.join(" / ")),
    }
}
