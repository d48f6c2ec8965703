//! The usual spelling of a cell, read without the way that every other spelling takes.
//!
//! A swift kernel answers only where the careful one (`CellRules::value`) would say the same; otherwise it is silent.

use super::amount::{plain, shifted};
use super::cell::{CellRules, Kernel, Value};
use super::date::days;
use crate::read::typed::Exact;

/// How the cells of a column are usually spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Swift {
    /// There is no shorter way.
    None,
    /// Digits and one decimal mark; `shift` decimals are added to what is written.
    Amount { decimal: u8, scale: u8, shift: u8 },
    /// `2026-10-31`; one day is added.
    Day { inclusive: bool },
    /// Text that stands for itself.
    Text { strip_decimal: bool, upper: bool },
}

impl Swift {
    /// From the rules of a column.
    pub fn of(rules: &CellRules) -> Self {
        if rules.words.is_some() {
            return Self::None;
        }
        // A list of nulls may hold `0` or `9999-12-31`.
        let digits = rules.nulls.iter().any(|null| null.bytes().any(|byte| byte.is_ascii_digit()));
        match &rules.kernel {
            Kernel::Text { strip_decimal, upper } => Self::Text { strip_decimal: *strip_decimal, upper: *upper },
            _ if digits => Self::None,
            Kernel::Amount { format, scale, shift } => match scale.checked_sub(*shift) {
                Some(scale) => Self::Amount { decimal: format.decimal, scale, shift: *shift },
                None => Self::None,
            },
            Kernel::Date(rules) if rules.begins_with_iso() => Self::Day { inclusive: rules.inclusive },
            _ => Self::None,
        }
    }

    /// The value of a cell in the usual spelling.
    #[inline]
    pub fn read(self, cell: &[u8]) -> Option<Value<'static>> {
        match self {
            Self::Amount { decimal, scale, shift } => match plain(cell, decimal, scale) {
                Some(Ok((units, decimals))) => Some(Value::Units(units, decimals.saturating_add(shift))),
                _ => None,
            },
            Self::Day { inclusive } => iso(cell).and_then(|day| day.checked_add(i32::from(inclusive))).map(Value::Day),
            Self::None | Self::Text { .. } => None,
        }
    }
}

/// Days from 0000-01-01 to 9999-12-31, whose years have four digits.
const FOUR_DIGITS: std::ops::RangeInclusive<i32> = -719_528..=2_932_896;

impl Swift {
    /// Whether a day has a year of four digits.
    pub fn plain_day(day: i32) -> bool {
        FOUR_DIGITS.contains(&day)
    }

    /// The value of a cell that was never text, as if its exact spelling were read.
    #[inline]
    pub fn exact(self, cell: Exact) -> Option<Value<'static>> {
        match (self, cell) {
            (Self::Amount { decimal, scale, shift }, Exact::Units(units, decimals))
                if decimals == 0 || decimal == b'.' =>
            {
                let units = shifted(units, decimals, scale)?;
                Some(Value::Units(units, decimals.saturating_add(shift)))
            }
            (Self::Day { inclusive }, Exact::Day(day)) if FOUR_DIGITS.contains(&day) => {
                Some(Value::Day(day + i32::from(inclusive)))
            }
            _ => None,
        }
    }
}

/// The day of `2026-10-31`.
fn iso(cell: &[u8]) -> Option<i32> {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = *cell else { return None };
    let digits = [a, b, c, d, e, f, g, h].map(|byte| byte.wrapping_sub(b'0'));
    if digits.iter().any(|digit| *digit > 9) {
        return None;
    }
    let [a, b, c, d, e, f, g, h] = digits.map(i16::from);
    let small = |value: i16| i8::try_from(value).ok();
    days(a * 1000 + b * 100 + c * 10 + d, small(e * 10 + f)?, small(g * 10 + h)?)
}

#[cfg(test)]
mod tests {
    use super::super::amount::NumberFormat;
    use super::super::date::{DateFormat, DateRules};
    use super::*;
    use proptest::prelude::*;

    fn all() -> Vec<CellRules> {
        let format =
            |decimal| NumberFormat { decimal, groups: vec![b",".to_vec()], signs: Vec::new(), percent_sign: true };
        let date = |format: &str, inclusive| {
            let formats = vec![DateFormat::compile(format).unwrap(), DateFormat::compile("%d.%m.%Y").unwrap()];
            Kernel::Date(DateRules { formats, zones: None, inclusive })
        };
        let kernels = [
            Kernel::Amount { format: format(b'.'), scale: 6, shift: 0 },
            Kernel::Amount { format: format(b'.'), scale: 12, shift: 2 },
            Kernel::Amount { format: format(b';'), scale: 0, shift: 0 },
            date("%Y-%m-%d", false),
            date("%Y-%m-%d", true),
            date("%m-%d-%Y", false),
        ];
        let nulls = [vec![], vec![String::new()], vec!["0".to_owned(), "2026-01-01".to_owned()]];
        let mut rules = Vec::new();
        for kernel in kernels {
            for nulls in &nulls {
                rules.push(CellRules { nulls: nulls.clone(), words: None, kernel: kernel.clone() });
            }
        }
        rules
    }

    proptest! {
        #[test]
        fn it_says_what_the_careful_way_says(
            cell in prop_oneof!["[-0-9.,; ]{0,21}", "20[0-9]{2}-[0-3][0-9]-[0-3][0-9]", "[0-9]{4}[-.][0-9]{2}[-.][0-9]{2}"],
        ) {
            for rules in all() {
                if let Some(value) = Swift::of(&rules).read(cell.as_bytes()) {
                    prop_assert_eq!(Ok(value), rules.value(&cell, None), "{:?}", rules);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_cell_that_was_never_text_says_what_its_spelling_says(
            units in prop_oneof![-1000..1000i128, any::<i64>().prop_map(i128::from), any::<i128>().prop_map(|units| units / 10)],
            zeros in 0u32..9,
            scale in 0u8..=15,
            day in -800_000..3_000_000i32,
        ) {
            let units = units - units % 10i128.pow(zeros);
            for rules in all() {
                if let Some(value) = Swift::of(&rules).exact(Exact::Units(units, scale)) {
                    let spelled = tieout_model::Amount::new(units, scale).to_places(scale);
                    prop_assert_eq!(Ok(value), rules.value(&spelled, None), "{:?}", rules);
                }
                if let Some(value) = Swift::of(&rules).exact(Exact::Day(day)) {
                    let spelled = tieout_model::Date(day).to_string();
                    prop_assert_eq!(Ok(value), rules.value(&spelled, None), "{:?}", rules);
                }
            }
        }
    }

    #[test]
    fn the_usual_spellings_are_swift() {
        let rules = all();
        assert_eq!(Swift::of(&rules[1]).read(b"-12.50"), Some(Value::Units(-12_500_000, 2)));
        assert_eq!(Swift::of(&rules[10]).read(b"1970-01-02"), Some(Value::Day(1)));
        assert_eq!(Swift::of(&rules[10]).read(b"2026-02-30"), None);
    }
}
