//! What many findings have in common: mend one thing, and all of them are mended.

use std::io;

use tieout_model::AuditReport;

use crate::layout::{Page, count, counted, money};

/// Root causes shown.
const ROOTS_MAX: usize = 12;

pub(super) fn render(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    if report.root_causes.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line("What many findings have in common")?;
    let mut roots: Vec<_> = report.root_causes.iter().collect();
    roots.sort_by(|a, b| b.findings.cmp(&a.findings).then_with(|| a.id.cmp(&b.id)));
    for root in roots.iter().take(ROOTS_MAX) {
        let words = format!(
            "{}: {} of {} with {}; {}",
            root.rule,
            counted(root.findings, "finding", "findings"),
            counted(root.records, "tested record", "tested records"),
            root.words(),
            counted(root.customers, "customer", "customers"),
        );
        page.hanging(2, "", 4, &words)?;
        for total in &root.totals {
            page.line(&format!("    {:<20} {:>26}", total.class.words(), money(total.gross, &total.currency)))?;
        }
    }
    if let Some(more) = roots.len().checked_sub(ROOTS_MAX).filter(|more| *more > 0) {
        page.line(&format!("  and {} more (in the JSON report)", count(more as u64)))?;
    }
    Ok(())
}
