//! Text → units of a fixed scale: exact or refused, never rounded, no float on the way.
//!
//! A byte kernel, because ten million cells pass through it: the plain case (`-1234.50`) is one loop over digits; group
//! marks, parentheses, trailing minus and currency signs take the longer way.

use tieout_model::amount::pow10;

use crate::eight;

/// How a source writes numbers.
#[derive(Clone, Debug)]
pub(crate) struct NumberFormat {
    /// The decimal mark, one ASCII byte.
    pub decimal: u8,
    /// Spellings of the group mark; none if numbers are not grouped.
    pub groups: Vec<Vec<u8>>,
    /// Currency signs to take off.
    pub signs: Vec<Vec<u8>>,
    /// A percent sign may follow.
    pub percent_sign: bool,
}

/// Why a cell is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AmountProblem {
    /// Not a number in this format.
    Format,
    /// More decimals, not all zero, than the column holds.
    Precision,
    /// Beyond 64 bits of units.
    Range,
}

/// Powers of ten in 64 bits.
const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut index = 1;
    while index < 19 {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

/// Units at another scale, where that is exact and nothing but a shift of the point.
#[inline]
pub(crate) fn shifted(units: i128, decimals: u8, scale: u8) -> Option<i64> {
    // As many digits as the plain spelling may have.
    let units = i64::try_from(units).ok().filter(|units| units.unsigned_abs() < 1_000_000_000_000_000_000)?;
    if decimals <= scale {
        return units.checked_mul(*POWERS.get(usize::from(scale - decimals))?);
    }
    let surplus = *POWERS.get(usize::from(decimals - scale))?;
    (units % surplus == 0).then(|| units / surplus)
}

/// Units at `scale` and the number of decimals written.
pub(crate) fn parse(cell: &[u8], format: &NumberFormat, scale: u8) -> Result<(i64, u8), AmountProblem> {
    match plain(cell, format.decimal, scale) {
        Some(result) => result,
        None => dressed(cell, format, scale),
    }
}

/// The common spelling: optional minus, digits, optional mark and digits; `None` if there is anything else.
#[inline]
pub(super) fn plain(cell: &[u8], decimal: u8, scale: u8) -> Option<Result<(i64, u8), AmountProblem>> {
    let (negative, digits) = match cell.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, cell),
    };
    // 18 digits always fit 64 bits; longer ones take the careful way.
    if digits.len() > 18 || digits.is_empty() {
        return None;
    }
    let (value, decimals) = match digits.len() {
        ..=eight::WORD => eight::decimal(digits, decimal).map(|(value, decimals)| (i64::from(value), decimals))?,
        _ => one_by_one(digits, decimal)?,
    };
    let value = if negative { -value } else { value };
    let units = if decimals <= scale {
        // 64 bits throughout: powers of ten beyond the table leave no room for a digit anyway.
        match POWERS.get(usize::from(scale - decimals)) {
            Some(power) => value.checked_mul(*power).ok_or(AmountProblem::Range),
            None if value == 0 => Ok(0),
            None => Err(AmountProblem::Range),
        }
    } else {
        let surplus = POWERS[usize::from(decimals - scale)];
        if value % surplus == 0 { Ok(value / surplus) } else { Err(AmountProblem::Precision) }
    };
    Some(units.map(|units| (units, decimals)))
}

/// Digits and a mark that may stand among them, as a number, and how many digits stand behind it.
fn one_by_one(digits: &[u8], decimal: u8) -> Option<(i64, u8)> {
    let mut value: i64 = 0;
    let mut mark = None;
    for (index, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            value = value * 10 + i64::from(digit);
        } else if byte == decimal && mark.is_none() {
            mark = Some(index);
        } else {
            return None;
        }
    }
    let decimals = mark.map_or(0, |index| digits.len() - index - 1);
    Some((value, u8::try_from(decimals).ok()?))
}

/// Every other spelling.
fn dressed(cell: &[u8], format: &NumberFormat, scale: u8) -> Result<(i64, u8), AmountProblem> {
    let (mut negative, mut rest) = match cell {
        [b'(', inner @ .., b')'] => (true, inner.trim_ascii()),
        _ => (false, cell.trim_ascii()),
    };
    let mut signed = negative;
    // Sign and currency may stand in either order on either side: `-$1`, `$-1`, `1.00 EUR-`.
    for _ in 0..2 {
        rest = strip_signs(rest, &format.signs);
        let (minus, stripped) = match rest {
            [b'-', inner @ ..] | [inner @ .., b'-'] => (true, inner),
            [b'+', inner @ ..] => (false, inner),
            _ => continue,
        };
        if signed {
            return Err(AmountProblem::Format);
        }
        (negative, signed, rest) = (minus, true, stripped.trim_ascii());
    }
    if format.percent_sign {
        rest = rest.strip_suffix(b"%").unwrap_or(rest).trim_ascii_end();
    }
    digits(rest, format, scale, negative)
}

fn strip_signs<'a>(mut text: &'a [u8], signs: &[Vec<u8>]) -> &'a [u8] {
    for sign in signs {
        if let Some(stripped) = text.strip_prefix(sign.as_slice()).or_else(|| text.strip_suffix(sign.as_slice())) {
            text = stripped.trim_ascii();
            break;
        }
    }
    text
}

fn digits(text: &[u8], format: &NumberFormat, scale: u8, negative: bool) -> Result<(i64, u8), AmountProblem> {
    let (whole, fraction) = match text.iter().position(|byte| *byte == format.decimal) {
        Some(index) => (&text[..index], &text[index + 1..]),
        None => (text, &text[text.len()..]),
    };
    if whole.is_empty() && fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return Err(AmountProblem::Format);
    }
    let mut value: i128 = 0;
    let mut push = |byte: &u8| {
        value = value.checked_mul(10).and_then(|value| value.checked_add(i128::from(byte - b'0')))?;
        Some(())
    };
    let whole = ungroup(whole, format)?;
    // Zeros that add nothing must not exhaust the range or the precision.
    let written = u8::try_from(fraction.len()).map_err(|_| AmountProblem::Precision)?;
    let kept = fraction.iter().rposition(|byte| *byte != b'0').map_or(0, |last| last + 1);
    if kept > usize::from(scale) {
        return Err(AmountProblem::Precision);
    }
    let significant = whole.iter().skip_while(|byte| **byte == b'0').chain(&fraction[..kept]);
    for byte in significant {
        push(byte).ok_or(AmountProblem::Range)?;
    }
    let kept = u8::try_from(kept).map_err(|_| AmountProblem::Precision)?;
    scaled(value, kept, scale, negative).map(|(units, _)| (units, written))
}

/// The digits of the whole part without group marks, which must stand before every three digits (or, as in India, two
/// and at last three): a misplaced one is a decimal mark in disguise.
fn ungroup(whole: &[u8], format: &NumberFormat) -> Result<Vec<u8>, AmountProblem> {
    if whole.iter().all(u8::is_ascii_digit) {
        return Ok(whole.to_vec());
    }
    for mark in &format.groups {
        let mut groups: Vec<&[u8]> = Vec::new();
        let mut rest = whole;
        while let Some(at) = memchr::memmem::find(rest, mark) {
            groups.push(&rest[..at]);
            rest = &rest[at + mark.len()..];
        }
        groups.push(rest);
        let last = groups.len() - 1;
        let regular = groups.iter().enumerate().all(|(index, group)| {
            group.iter().all(u8::is_ascii_digit)
                && match index {
                    0 => (1..=3).contains(&group.len()),
                    _ if index == last => group.len() == 3,
                    _ => (2..=3).contains(&group.len()),
                }
        });
        if last > 0 && regular {
            return Ok(groups.concat());
        }
    }
    Err(AmountProblem::Format)
}

fn scaled(value: i128, decimals: u8, scale: u8, negative: bool) -> Result<(i64, u8), AmountProblem> {
    let units = if decimals <= scale {
        value.checked_mul(pow10(u32::from(scale - decimals))).ok_or(AmountProblem::Range)?
    } else {
        let surplus = pow10(u32::from(decimals - scale));
        if value % surplus != 0 {
            return Err(AmountProblem::Precision);
        }
        value / surplus
    };
    let units = if negative { -units } else { units };
    i64::try_from(units).map(|units| (units, decimals)).map_err(|_| AmountProblem::Range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(decimal: u8, group: &str, signs: &[&str]) -> NumberFormat {
        NumberFormat {
            decimal,
            groups: if group.is_empty() { Vec::new() } else { vec![group.as_bytes().to_vec()] },
            signs: signs.iter().map(|sign| sign.as_bytes().to_vec()).collect(),
            percent_sign: false,
        }
    }

    #[test]
    fn spellings_have_one_value() {
        let us = format(b'.', ",", &["$", "USD"]);
        let cases: &[(&str, i64, u8)] = &[
            ("0", 0, 0),
            ("1.10", 1_100_000, 2),
            ("-1.1", -1_100_000, 1),
            ("+5", 5_000_000, 0),
            (".5", 500_000, 1),
            ("5.", 5_000_000, 0),
            ("(1,234.50)", -1_234_500_000, 2),
            ("1.00-", -1_000_000, 2),
            ("$1,234", 1_234_000_000, 0),
            ("-$3", -3_000_000, 0),
            ("$-3", -3_000_000, 0),
            ("3.00 USD", 3_000_000, 2),
            ("12,34,567.00", 1_234_567_000_000, 2),
            ("0.0000010000", 1, 10),
            ("00012", 12_000_000, 0),
            ("9223372036854.775807", i64::MAX, 6),
            ("-9223372036854.775808", i64::MIN, 6),
        ];
        for (text, units, decimals) in cases {
            assert_eq!(parse(text.as_bytes(), &us, 6), Ok((*units, *decimals)), "{text}");
        }
        let german = format(b',', ".", &["€"]);
        assert_eq!(parse("1.234,50 €".as_bytes(), &german, 6), Ok((1_234_500_000, 2)));
        let swiss = format(b'.', "'", &[]);
        assert_eq!(parse(b"1'234.05", &swiss, 6), Ok((1_234_050_000, 2)));
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        let plain = format(b'.', "", &[]);
        let grouped = format(b'.', ",", &[]);
        let cases: &[(&str, &NumberFormat, AmountProblem)] = &[
            ("1.0000001", &plain, AmountProblem::Precision),
            ("9223372036854.775808", &plain, AmountProblem::Range),
            ("99999999999999999999999999999999999999999999", &plain, AmountProblem::Range),
            ("1,50", &plain, AmountProblem::Format),
            ("1,50", &grouped, AmountProblem::Format),
            ("1.234,50", &plain, AmountProblem::Format),
            ("1,2345", &grouped, AmountProblem::Format),
            ("1e3", &plain, AmountProblem::Format),
            ("--1", &plain, AmountProblem::Format),
            ("(-1)", &plain, AmountProblem::Format),
            ("-", &plain, AmountProblem::Format),
            (".", &plain, AmountProblem::Format),
            ("", &plain, AmountProblem::Format),
            ("1.2.3", &plain, AmountProblem::Format),
            ("NaN", &plain, AmountProblem::Format),
            ("$1", &plain, AmountProblem::Format),
            ("8%", &plain, AmountProblem::Format),
        ];
        for (text, format, problem) in cases {
            assert_eq!(parse(text.as_bytes(), format, 6), Err(*problem), "{text}");
        }
    }
}
