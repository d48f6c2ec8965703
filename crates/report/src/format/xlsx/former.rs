//! Findings of the former report that this audit does not have, and what became of each.

use rust_xlsxwriter::XlsxError;
use tieout_model::report::{Baseline, Former, Gone};

use super::cell::Cell;
use super::phrases;
use super::style::Look;
use super::table::{Setting, Sheet, Spec, Table, column, figures};

pub(super) fn write(baseline: &Baseline, setting: &mut Setting) -> Result<Vec<Sheet>, XlsxError> {
    let since = baseline.as_of.map_or(String::new(), |day| format!(", as of {day}"));
    let words = format!("Findings of {}{since} that this audit does not have.", baseline.name);
    let spec = Spec {
        name: "Former findings",
        intro: vec![(vec![Cell::text(words)], Look::Intro)],
        columns: vec![
            column("What became of it", 30),
            column("Rule", 26),
            column("Customer", 13),
            column("Item", 26),
            column("What was wrong", 46),
            column("First seen", 11),
            column("Class", 16),
            figures("Gross", 17),
            column("Fingerprint", 19),
        ],
        validations: Vec::new(),
        pages_wide: 1,
    };
    let mut table = Table::begin(setting, spec)?;
    for former in &baseline.gone {
        line(former, &mut table)?;
    }
    table.end()
}

/// A line for each class of its money, one where there is none.
fn line(former: &Former, table: &mut Table<'_>) -> Result<(), XlsxError> {
    let gone = match &former.gone {
        Gone::Resolved => "resolved: tested again and not found".to_owned(),
        Gone::NotTested(reason) => format!("not looked at again: {reason}"),
    };
    let mut key: Vec<&str> = former.key.iter().map(|(_, value)| value.as_str()).collect();
    key.dedup();
    let totals = former.totals.iter().map(Some);
    let totals: Vec<_> = if former.totals.is_empty() { vec![None] } else { totals.collect() };
    for total in totals {
        let cells = [
            Cell::text(gone.as_str()),
            Cell::text(former.rule.as_str()),
            Cell::optional(former.party.as_deref()),
            Cell::text(key.join(" / ")),
            Cell::text(former.message.as_str()),
            Cell::day(former.first_seen),
            total.map_or(Cell::Empty, |total| Cell::text(total.class.words())),
            total.map_or(Cell::Empty, |total| phrases::money(Some(total.gross), &total.currency)),
            Cell::text(former.fingerprint.as_str()),
        ];
        table.line(&cells, Look::Plain)?;
    }
    Ok(())
}
