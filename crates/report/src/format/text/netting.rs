//! Section 4: what was cancelled, credited or replaced and therefore not judged; it stays visible.

use std::collections::BTreeMap;
use std::io;

use tieout_model::amount::MONEY_SCALE;
use tieout_model::report::NettingEntry;
use tieout_model::{Amount, AuditReport};

use crate::layout::{Page, count, counted, money};

/// Entries shown.
const ENTRIES_MAX: usize = 10;

pub(super) fn render(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    let entries = &report.netting.entries;
    page.heading("4. Netting register")?;
    if entries.is_empty() && report.netting.ambiguous == 0 {
        return page.line("Nothing was netted.");
    }
    let number = |wanted: fn(&&NettingEntry) -> bool| count(entries.iter().filter(wanted).count() as u64);
    let summary = format!(
        "{}: {} by inference, {} crossing a month, {} with a rebill; {} that several bills could explain, not netted",
        counted(entries.len() as u64, "netted credit or void", "netted credits and voids"),
        number(|entry| entry.inferred),
        number(|entry| entry.crosses_period),
        number(|entry| entry.rebill.is_some()),
        counted(report.netting.ambiguous, "credit", "credits"),
    );
    page.hanging(0, "", 2, &summary)?;
    for ((inferred, currency), units) in sums(entries) {
        let how = if inferred { "by inference" } else { "as the records state" };
        page.line(&format!("  {how:<20} {:>26}", money(Amount::money(units), currency)))?;
    }
    for entry in entries.iter().take(ENTRIES_MAX) {
        let rebill = entry.rebill.as_ref().map_or(String::new(), |rebill| format!(", rebilled as {rebill}"));
        let month = if entry.crosses_period { ", in another month" } else { "" };
        let amount = money(entry.amount, &entry.currency);
        let text = format!("{} nets {amount} of {}{rebill}{month} ({})", entry.credit, entry.bill, entry.tier);
        page.hanging(2, "", 4, &text)?;
    }
    if let Some(more) = entries.len().checked_sub(ENTRIES_MAX).filter(|more| *more > 0) {
        page.line(&format!("  and {} more (in the JSON report)", count(more as u64)))?;
    }
    Ok(())
}

fn sums(entries: &[NettingEntry]) -> BTreeMap<(bool, &str), i128> {
    let mut sums = BTreeMap::new();
    for entry in entries {
        // Money has scale 6 at most, so widening it loses nothing.
        let units = entry.amount.units_at(MONEY_SCALE).unwrap_or(entry.amount.units);
        *sums.entry((entry.inferred, entry.currency.as_str())).or_insert(0) += units;
    }
    sums
}
