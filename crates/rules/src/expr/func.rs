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
    /// How many digits a text has: what an engine makes of `length(digits(…))`.
    DigitCount,
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
    /// Days between two dates when every month has 30 (30/360, the US method without its end-of-February rule).
    Days30360,
    /// Day of the week, Monday 1 to Sunday 7.
    Weekday,
    /// Whether a text names an identifier as a whole word: `INV-1` is not named by `INV-10`.
    Mentions,
    /// How two numbers of equal sign differ in their digits: `decimal point`, `transposed digits`, or empty.
    Slip,
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
            Self::Days30360 => Value::Num(days_30_360(date(0)?, date(1)?)),
            Self::Weekday => Value::Num(i128::from((date(0)?.0 + 3).rem_euclid(7)) + 1),
            Self::Mentions => Value::Bool(mentions(text(0)?, text(1)?)),
            Self::Slip => Value::text(slip(num(0)?, num(1)?)),
            Self::Upper => Value::Text(Arc::from(text(0)?.to_uppercase())),
            Self::Lower => Value::Text(Arc::from(text(0)?.to_lowercase())),
            Self::Trim => Value::text(text(0)?.trim()),
            Self::Concat => Value::Text(Arc::from(args.iter().filter_map(Value::as_text).collect::<String>())),
            Self::Contains => Value::Bool(text(0)?.contains(text(1)?)),
            Self::StartsWith => Value::Bool(text(0)?.starts_with(text(1)?)),
            Self::Like => Value::Bool(like(text(0)?, text(1)?)),
            Self::Digits => Value::Text(Arc::from(text(0)?.chars().filter(char::is_ascii_digit).collect::<String>())),
            Self::DigitCount => Value::Num(i128::try_from(text(0)?.bytes().filter(u8::is_ascii_digit).count()).ok()?),
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

/// Days from one date to another where every month has 30: the 31st counts as the 30th.
fn days_30_360(from: tieout_model::Date, to: tieout_model::Date) -> i128 {
    let place = |date: tieout_model::Date| {
        i128::from(date.year()) * 360 + i128::from(date.month()) * 30 + i128::from(date.day()).min(30)
    };
    place(to) - place(from)
}

/// Whether `text` names `id` as a whole word, whatever the case: no letter or digit next to it.
fn mentions(text: &str, id: &str) -> bool {
    lower_mentions(&text.to_lowercase(), &id.trim().to_lowercase())
}

/// As `mentions`, of words in lower case.
pub fn lower_mentions(text: &str, id: &str) -> bool {
    let whole = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + id.len()..].chars().next();
        [before, after].into_iter().flatten().all(|symbol| !symbol.is_alphanumeric())
    };
    !id.is_empty() && text.match_indices(id).any(|(at, _)| whole(at))
}

/// Decimal places by which a point is misplaced at most.
const SHIFT_MAX: u32 = 4;

/// How two different numbers of one sign slipped: a factor of ten to the n, or two neighbouring digits exchanged.
fn slip(stated: i128, expected: i128) -> &'static str {
    if stated == expected || stated == 0 || expected == 0 || (stated < 0) != (expected < 0) {
        return "";
    }
    let (stated, expected) = (stated.unsigned_abs(), expected.unsigned_abs());
    let shifted =
        |small: u128, large: u128| (1..=SHIFT_MAX).any(|places| small.checked_mul(10u128.pow(places)) == Some(large));
    if shifted(stated, expected) || shifted(expected, stated) {
        return "decimal point";
    }
    let (left, right) = (stated.to_string().into_bytes(), expected.to_string().into_bytes());
    if left.len() != right.len() {
        return "";
    }
    let differ: Vec<usize> = (0..left.len()).filter(|&at| left[at] != right[at]).collect();
    match differ[..] {
        [a, b] if b == a + 1 && left[a] == right[b] && left[b] == right[a] => "transposed digits",
        _ => "",
    }
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
    fn a_number_is_named_as_a_whole_word_only() {
        for (text, id, named) in [
            ("Payment INV-1, thanks", "inv-1", true),
            ("Payment INV-10", "INV-1", false),
            ("XINV-1", "INV-1", false),
            ("INV-10 and INV-1", "INV-1", true),
            ("", "INV-1", false),
            ("anything", "", false),
        ] {
            assert_eq!(mentions(text, id), named, "{text} / {id}");
        }
    }

    #[test]
    fn slips_of_the_pen_are_told_from_other_differences() {
        for (stated, expected, words) in [
            (12_50, 125, "decimal point"),
            (125, 12_500, "decimal point"),
            (1_000_000, 1, ""),
            (5_400, 4_500, "transposed digits"),
            (-5_400, -4_500, "transposed digits"),
            (5_400, -4_500, ""),
            (4_005, 4_500, ""),
            (5_004, 4_005, ""),
            (100, 100, ""),
            (0, 100, ""),
        ] {
            assert_eq!(slip(stated, expected), words, "{stated} / {expected}");
        }
    }

    #[test]
    fn months_have_thirty_days_in_30_360() {
        let day = |text: &str| text.parse::<tieout_model::Date>().unwrap();
        for (from, to, days) in [
            ("2026-01-01", "2026-02-01", 30),
            ("2026-02-01", "2026-03-01", 30),
            ("2026-01-31", "2026-02-28", 28),
            ("2026-01-16", "2026-01-31", 14),
            ("2026-01-01", "2027-01-01", 360),
        ] {
            assert_eq!(days_30_360(day(from), day(to)), days, "{from} {to}");
        }
        // 2026-11-25 is a Wednesday.
        assert_eq!(Func::Weekday.apply(&[Value::Date(day("2026-11-25").0)]), Value::Num(3));
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
