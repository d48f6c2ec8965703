//! Formulas over cells whose exact result is known: written only where every number in them is held exactly.

use tieout_model::{Amount, Figure};

use super::cell::{Cell, decimals, is_number, places};

/// `=ROUND(text, places)` with its exact result, if every number in it can be held exactly.
pub(super) fn live(text: &str, from: &[Amount], result: Amount, currency: Option<String>) -> Option<Cell> {
    if !from.iter().chain([&result]).all(|amount| is_number(*amount)) {
        return None;
    }
    let (decimals, result) = match currency {
        Some(currency) => (places(result, &currency), Cell::Money(result, currency)),
        None => (decimals(result), Cell::Number(result)),
    };
    Some(Cell::Formula(format!("=ROUND({text},{decimals})"), Box::new(result)))
}

pub(super) fn number(figure: Option<&Figure>) -> Option<Amount> {
    match figure? {
        Figure::Money { amount, .. } | Figure::Number(amount) => Some(*amount),
        Figure::Text(_) => None,
    }
}

pub(super) fn currency(figure: Option<&Figure>) -> Option<&str> {
    match figure? {
        Figure::Money { currency, .. } => Some(currency),
        _ => None,
    }
}

pub(super) fn times(left: Amount, right: Amount) -> Option<Amount> {
    Some(Amount::new(left.units.checked_mul(right.units)?, left.scale.checked_add(right.scale)?))
}

pub(super) fn minus(left: Amount, right: Amount) -> Option<Amount> {
    let scale = left.scale.max(right.scale);
    let units = left.units_at(scale).ok()?.checked_sub(right.units_at(scale).ok()?)?;
    Some(Amount::new(units, scale))
}
