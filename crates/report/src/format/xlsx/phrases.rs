//! Cells that several sheets have: money of a measure, who has to see to it.

use tieout_model::{Amount, AuditReport, Figure, Measure};

use super::cell::Cell;
use crate::layout::measure_money;

/// The money of a measure: a number where it is of one currency, words where it is of several.
pub(super) fn measure(measure: &Measure) -> Cell {
    let mut amounts = measure.amounts();
    match (amounts.next(), amounts.next()) {
        (Some((currency, amount)), None) => Cell::Money(amount, currency.to_owned()),
        _ => measure_money(measure).map_or(Cell::Empty, Cell::Text),
    }
}

/// Expected, stated, difference.
pub(super) fn figure(figure: Option<&Figure>) -> Cell {
    match figure {
        None => Cell::Empty,
        Some(Figure::Money { amount, currency }) => Cell::Money(*amount, currency.clone()),
        Some(Figure::Number(amount)) => Cell::Number(*amount),
        Some(Figure::Text(text)) => Cell::text(text.as_str()),
    }
}

/// Money that may not be known.
pub(super) fn money(amount: Option<Amount>, currency: &str) -> Cell {
    amount.map_or(Cell::Empty, |amount| Cell::Money(amount, currency.to_owned()))
}

/// Money under a header that names its currency.
pub(super) fn bare(amount: Option<Amount>, currency: &str) -> Cell {
    amount.map_or(Cell::Empty, |amount| Cell::Bare(amount, currency.to_owned()))
}

/// The customer's name and owner.
pub(super) fn customer(report: &AuditReport, party: Option<&str>) -> [Cell; 2] {
    let customer = party.and_then(|party| report.customer(party));
    let text = |text: Option<&String>| Cell::optional(text.map(String::as_str));
    [text(customer.and_then(|one| one.name.as_ref())), text(customer.and_then(|one| one.owner.as_ref()))]
}

/// `invoices.csv:812`, or the file's record where the line is not known.
pub(super) fn place(report: &AuditReport, evidence: &tieout_model::Evidence) -> String {
    let source = usize::try_from(evidence.record.source).ok().and_then(|index| report.sources.get(index));
    let path = source.map_or("?", |source| source.path.as_str());
    match evidence.line {
        Some(line) => format!("{path}:{line}"),
        None => format!("{path}, record {}", evidence.record.record),
    }
}
