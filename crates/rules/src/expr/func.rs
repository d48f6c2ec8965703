//! Scalar functions: one exact definition each, run by every engine on plain values.
//!
//! All are missing when an argument is. Rounding by the library of `model`; the reference engine has its own, on big
//! integers, and a property test compares the two.

use std::sync::Arc;

use tieout_model::Period;
use tieout_model::amount::{self, Rounding};

use crate::value::Value;

/// A scalar function with its constant parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Func {
    /// Units divided by 10^drop, rounded: `round(x, places, mode)`. The scale of the result is `scale - drop`.
    Round {
        /// Decimals to lose.
        drop: u8,
        /// How a half goes.
        mode: Rounding,
    },
    /// `round_money(x)`: to the minor units of the currency in argument 2 (`None`: unknown currency → missing), from
    /// `scale` to money scale; argument 3, if present, is the entity's rounding mode.
    RoundMoney {
        /// Scale of the argument.
        scale: u8,
        /// How a half goes; `None`: as the entity says, else away from zero.
        mode: Option<Rounding>,
    },
    /// `div(a, b, places, mode)`: (a · 10^widen) / b; missing for b = 0.
    Div {
        /// Decimals to gain before dividing.
        widen: u8,
        /// How a half goes.
        mode: Rounding,
    },
    /// |x|.
    Abs,
    /// Smaller of two.
    Least,
    /// Larger of two.
    Greatest,
    /// Remainder with the dividend's sign; missing for a zero divisor.
    Mod,
    /// Upper case.
    Upper,
    /// Lower case.
    Lower,
    /// Without leading and trailing white space.
    Trim,
    /// Texts in a row.
    Concat,
    /// Whether a text contains another.
    Contains,
    /// Whether a text starts with another.
    StartsWith,
    /// SQL `like` with `%` and `_`.
    Like,
    /// The ASCII digits of a text.
    Digits,
    /// Characters.
    Length,
    /// Calendar year.
    Year,
    /// Month, 1–12.
    Month,
    /// Day of the month.
    Day,
    /// A day some days later.
    AddDays,
    /// A day some months later, clamped to the month's last.
    AddMonths,
    /// Last day of the month.
    MonthEnd,
    /// Days from the second to the first (`days_between(from, to)` = to − from).
    DaysBetween,
    /// The month's name, `2026-10`.
    PeriodOf,
    /// First day of a period name.
    PeriodStart,
    /// Day after the last of a period name.
    PeriodEnd,
    /// Minor units of a currency.
    MinorUnits,
    /// What stands before the digits at the end of an identifier.
    IdPrefix,
    /// The digits at the end of an identifier as a number; missing without them or beyond 18 digits.
    IdNumber,
    /// A document number without case, punctuation, leading zeros and look-alike letters.
    NumberFold,
}

impl Func {
    /// Applies the function; `Value::Null` if an argument is missing or the result does not exist.
    pub fn apply(&self, args: &[Value]) -> Value {
        if args.iter().any(Value::is_null) && !matches!(self, Self::RoundMoney { .. }) {
            return Value::Null;
        }
        self.present(args).unwrap_or(Value::Null)
    }

    fn present(&self, args: &[Value]) -> Option<Value> {
        let num = |index: usize| args.get(index).and_then(Value::num);
        let text = |index: usize| args.get(index).and_then(Value::as_text);
        let date = |index: usize| args.get(index).and_then(Value::date);
        let small = |index: usize| num(index).and_then(|number| i32::try_from(number).ok());
        Some(match self {
            Self::Round { drop, mode } => Value::Num(amount::round_units(num(0)?, u32::from(*drop), *mode)),
            Self::RoundMoney { scale, mode } => {
                let entity = args.get(2).and_then(Value::as_text).and_then(Rounding::parse);
                let mode = mode.or(entity).unwrap_or(Rounding::HalfUp);
                Value::Num(round_money(num(0)?, *scale, amount::minor_units(text(1)?)?, mode))
            }
            Self::Div { widen, mode } => {
                let divisor = num(1)?;
                if divisor == 0 {
                    return None;
                }
                Value::Num(amount::div_units(num(0)? * amount::pow10(u32::from(*widen)), divisor, *mode))
            }
            Self::Abs => Value::Num(num(0)?.abs()),
            Self::Least => args.iter().min()?.clone(),
            Self::Greatest => args.iter().max()?.clone(),
            Self::Mod => {
                let divisor = num(1)?;
                if divisor == 0 {
                    return None;
                }
                Value::Num(num(0)? % divisor)
            }
            Self::Upper => Value::Text(Arc::from(text(0)?.to_uppercase())),
            Self::Lower => Value::Text(Arc::from(text(0)?.to_lowercase())),
            Self::Trim => Value::text(text(0)?.trim()),
            Self::Concat => Value::Text(Arc::from(args.iter().filter_map(Value::as_text).collect::<String>())),
            Self::Contains => Value::Bool(text(0)?.contains(text(1)?)),
            Self::StartsWith => Value::Bool(text(0)?.starts_with(text(1)?)),
            Self::Like => Value::Bool(like(text(0)?, text(1)?)),
            Self::Digits => Value::Text(Arc::from(text(0)?.chars().filter(char::is_ascii_digit).collect::<String>())),
            Self::Length => Value::Num(i128::try_from(text(0)?.chars().count()).ok()?),
            Self::Year => Value::Num(date(0)?.year().into()),
            Self::Month => Value::Num(date(0)?.month().into()),
            Self::Day => Value::Num(date(0)?.day().into()),
            Self::AddDays => Value::Date(date(0)?.add_days(small(1)?).0),
            Self::AddMonths => Value::Date(date(0)?.add_months(small(1)?).0),
            Self::MonthEnd => Value::Date(date(0)?.month_end().0),
            Self::DaysBetween => Value::Num(i128::from(date(1)?.0) - i128::from(date(0)?.0)),
            Self::PeriodOf => {
                let day = date(0)?;
                Value::Text(Arc::from(format!("{:04}-{:02}", day.year(), day.month())))
            }
            Self::PeriodStart => Value::Date(text(0)?.parse::<Period>().ok()?.from.0),
            Self::PeriodEnd => Value::Date(text(0)?.parse::<Period>().ok()?.to.0),
            Self::IdPrefix => Value::text(id_parts(text(0)?).0),
            Self::IdNumber => {
                let digits = id_parts(text(0)?).1;
                Value::Num(if digits.len() <= 18 { digits.parse().ok()? } else { return None })
            }
            Self::NumberFold => Value::Text(Arc::from(crate::judge::number::fold(text(0)?))),
            Self::MinorUnits => Value::Num(amount::minor_units(text(0)?)?.into()),
        })
    }
}

/// Rounds units of `scale` to `places` decimals and returns them at money scale.
pub fn round_money(units: i128, scale: u8, places: u8, mode: Rounding) -> i128 {
    let money = amount::MONEY_SCALE;
    if places >= scale {
        // Nothing to round: a money column has at most six places.
        return units * amount::pow10(u32::from(money - scale));
    }
    let rounded = amount::round_units(units, u32::from(scale - places), mode);
    rounded * amount::pow10(u32::from(money - places))
}

/// Splits an identifier before the digits at its end.
fn id_parts(text: &str) -> (&str, &str) {
    let prefix = text.trim_end_matches(|symbol: char| symbol.is_ascii_digit());
    (prefix, &text[prefix.len()..])
}

/// SQL `like`: `%` any run, `_` one character; no escape.
fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut want, mut star) = (0, 0, None);
    while at < text.len() {
        if want < pattern.len() && pattern[want] == '%' {
            star = Some((want, at));
            want += 1;
        } else if want < pattern.len() && (pattern[want] == '_' || pattern[want] == text[at]) {
            at += 1;
            want += 1;
        } else if let Some((mark, from)) = star {
            want = mark + 1;
            at = from + 1;
            star = Some((mark, from + 1));
        } else {
            return false;
        }
    }
    pattern[want..].iter().all(|&symbol| symbol == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_follows_sql() {
        for (text, pattern, matches) in [
            ("INV-7", "INV-%", true),
            ("INV-7", "inv-%", false),
            ("INV-7", "INV-_", true),
            ("INV-77", "INV-_", false),
            ("", "%", true),
            ("", "_", false),
            ("abcbd", "%b%d", true),
            ("a%c", "a_c", true),
        ] {
            assert_eq!(like(text, pattern), matches, "{text} like {pattern}");
        }
    }

    #[test]
    fn money_rounds_to_the_currency() {
        // 1,000 × 8.25 % × … at scale 18: 82.505 USD → 82.51; 82.505 JPY → 83; 82.505 KWD stays.
        let units = 82_505 * amount::pow10(15);
        assert_eq!(round_money(units, 18, 2, Rounding::HalfUp), 82_510_000);
        assert_eq!(round_money(units, 18, 0, Rounding::HalfUp), 83_000_000);
        assert_eq!(round_money(units, 18, 3, Rounding::HalfUp), 82_505_000);
        assert_eq!(round_money(-units, 18, 2, Rounding::HalfUp), -82_510_000);
        assert_eq!(round_money(units, 18, 2, Rounding::HalfEven), 82_500_000);
    }

    #[test]
    fn a_missing_argument_is_a_missing_result() {
        assert_eq!(Func::Concat.apply(&[Value::text("a"), Value::Null]), Value::Null);
        assert_eq!(Func::Least.apply(&[Value::Num(1), Value::Null]), Value::Null);
        assert_eq!(Func::Div { widen: 2, mode: Rounding::HalfUp }.apply(&[Value::Num(1), Value::Num(0)]), Value::Null);
    }
}
