//! Columns that the mapping computes from others of the same record: exact, rounded once, half away from zero.

use tieout_model::amount::{Rounding, pow10, rescale, round_units};

use super::column::{Column, Values};

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Product,
    Sum,
    Difference,
}

/// Outcome of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Computed {
    Units(i64),
    /// An operand is empty.
    Empty,
    /// An operand is unreadable.
    Unreadable,
    /// The exact result has more decimals than the column.
    Precision,
    /// The result is beyond 64 bits.
    Range,
}

/// Computes one row from operands and their scales; with `less`, the last operand is a fraction to be taken off.
pub(crate) fn row(
    operands: &[(&Column, u8)],
    row: usize,
    (operation, less): (Operation, bool),
    places: Option<u8>,
    scale: u8,
) -> Computed {
    let mut result: Option<(i128, u8)> = None;
    for (index, (column, own)) in operands.iter().enumerate() {
        if column.is_unreadable(row) {
            return Computed::Unreadable;
        }
        let Values::Units(units) = &column.values else { return Computed::Empty };
        if !column.is_valid(row) {
            return Computed::Empty;
        }
        let mut next = (i128::from(units[row]), *own);
        let taken_off = less && index + 1 == operands.len();
        if taken_off {
            next.0 = pow10(u32::from(*own)) - next.0;
        }
        let operation = if taken_off { Operation::Product } else { operation };
        result = match result {
            None => Some(next),
            Some(before) => {
                let Some(combined) = combine(before, next, operation) else { return Computed::Range };
                Some(combined)
            }
        };
    }
    let Some((mut units, mut at)) = result else { return Computed::Empty };
    if let Some(places) = places.filter(|places| *places < at) {
        units = round_units(units, u32::from(at - places), Rounding::HalfUp);
        at = places;
    }
    match rescale(units, at, scale) {
        Ok(units) => i64::try_from(units).map_or(Computed::Range, Computed::Units),
        Err(tieout_model::amount::AmountError::TooPrecise) => Computed::Precision,
        Err(_) => Computed::Range,
    }
}

fn combine(left: (i128, u8), right: (i128, u8), operation: Operation) -> Option<(i128, u8)> {
    if operation == Operation::Product {
        let scale = left.1.checked_add(right.1).filter(|scale| *scale <= 38)?;
        return Some((left.0.checked_mul(right.0)?, scale));
    }
    let scale = left.1.max(right.1);
    let widen = |(units, own): (i128, u8)| units.checked_mul(pow10(u32::from(scale - own)));
    let (left, right) = (widen(left)?, widen(right)?);
    let total = if operation == Operation::Sum { left.checked_add(right)? } else { left.checked_sub(right)? };
    Some((total, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(units: i64) -> Column {
        Column { values: Values::Units(vec![units]), valid: None, unreadable: None, decimals: 0 }
    }

    #[test]
    fn results_are_exact_and_rounded_once() {
        // 0.05 × 0.0999 = 0.004995 → 0.00 at 2 places.
        let (five, rate) = (column(50_000), column(9_990_000));
        let operands = [(&five, 6), (&rate, 8)];
        assert_eq!(row(&operands, 0, (Operation::Product, false), Some(2), 6), Computed::Units(0));
        assert_eq!(row(&operands, 0, (Operation::Product, false), None, 6), Computed::Units(4_995));
        assert_eq!(row(&operands, 0, (Operation::Sum, false), None, 6), Computed::Units(149_900));
        assert_eq!(row(&operands, 0, (Operation::Difference, false), None, 6), Computed::Units(-49_900));
        // −3 × 2.125 = −6.375 → −6.38: a credit note mirrors its invoice.
        let (quantity, price) = (column(-3_000_000), column(212_500_000));
        assert_eq!(
            row(&[(&quantity, 6), (&price, 8)], 0, (Operation::Product, false), Some(2), 6),
            Computed::Units(-6_380_000)
        );
        let large = column(i64::MAX);
        assert_eq!(row(&[(&large, 6), (&large, 6)], 0, (Operation::Product, false), Some(2), 6), Computed::Range);
    }

    #[test]
    fn a_fraction_is_taken_off_the_product() {
        // 3 × 20.00 less 2 % = 58.80.
        let (quantity, price, less) = (column(3_000_000), column(2_000_000_000), column(20_000_000_000));
        let operands = [(&quantity, 6), (&price, 8), (&less, 12)];
        assert_eq!(row(&operands, 0, (Operation::Product, true), Some(2), 6), Computed::Units(58_800_000));
    }

    #[test]
    fn an_absent_operand_leaves_no_result() {
        let mut absent = column(0);
        absent.valid = Some(vec![false]);
        let present = column(1);
        assert_eq!(row(&[(&present, 6), (&absent, 6)], 0, (Operation::Sum, false), None, 6), Computed::Empty);
        absent.unreadable = Some(vec![true]);
        assert_eq!(row(&[(&present, 6), (&absent, 6)], 0, (Operation::Sum, false), None, 6), Computed::Unreadable);
    }
}
