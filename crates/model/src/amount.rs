//! Exact amounts: integers of a fixed scale, rounded in one place.
//!
//! A column holds `i64` units at the scale of its type; every product and sum is `i128`. The product of two columns
//! therefore always fits (|i64| · |i64| < 2¹²⁶), which is the bound that planning relies on. There is no float here.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// Decimal places of a money column (net, tax, gross): 6, so that four-decimal ledgers and sub-cent rates survive.
pub const MONEY_SCALE: u8 = 6;
/// Decimal places of a quantity column.
pub const QUANTITY_SCALE: u8 = 6;
/// Decimal places of a unit price column.
pub const PRICE_SCALE: u8 = 8;
/// Decimal places of a rate column (a fraction: 8.25 % is 0.0825).
pub const RATE_SCALE: u8 = 12;

/// ISO 4217's code for money whose currency is not known.
pub const NO_CURRENCY: &str = "XXX";

/// An exact decimal: `units / 10^scale`. Equality is of the value, not of the spelling.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// The integer numerator.
    pub units: i128,
    /// Decimal places.
    pub scale: u8,
}

/// How a half is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rounding {
    /// Half away from zero: the default, so that a credit note mirrors its invoice (SSUTA 324 for amounts ≥ 0).
    HalfUp,
    /// Half to even (banker's rounding).
    HalfEven,
}

/// Why an amount could not be formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a plain decimal number.
    #[error("not a decimal number")]
    Malformed,
    /// More decimals than the scale can hold without loss.
    #[error("more decimals than this column holds")]
    TooPrecise,
    /// Beyond the largest value of the representation.
    #[error("beyond the largest amount")]
    OutOfRange,
}

impl Rounding {
    /// The name in rules and exports: `half_up`, `half_even`; `sst` (third decimal above 4 rounds up) equals `half_up`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "half_up" | "sst" => Some(Self::HalfUp),
            "half_even" => Some(Self::HalfEven),
            _ => None,
        }
    }
}

/// `10^n`. Panics above 38, which no scale here reaches.
pub const fn pow10(n: u32) -> i128 {
    10i128.pow(n)
}

/// Divides `units` by `10^drop`, rounding to the nearest integer by `mode`.
pub fn round_units(units: i128, drop: u32, mode: Rounding) -> i128 {
    if drop == 0 {
        return units;
    }
    div_units(units, pow10(drop), mode)
}

/// `numerator / denominator` to the nearest integer by `mode`. `denominator` must not be zero.
pub fn div_units(numerator: i128, denominator: i128, mode: Rounding) -> i128 {
    // One division, and of 64 bits where that is enough: most amounts are small, and this is where an audit computes.
    let quotient = match (i64::try_from(numerator), i64::try_from(denominator)) {
        (Ok(small), Ok(by)) if by > 0 => i128::from(small / by),
        _ => numerator / denominator,
    };
    let remainder = (numerator - quotient * denominator).unsigned_abs();
    let rest = denominator.unsigned_abs() - remainder;
    let away = match remainder.cmp(&rest) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => match mode {
            Rounding::HalfUp => true,
            Rounding::HalfEven => quotient % 2 != 0,
        },
    };
    let sign = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    if away { quotient + sign } else { quotient }
}

/// Moves units from one scale to another; a loss of digits or an overflow is an error.
pub fn rescale(units: i128, from: u8, to: u8) -> Result<i128, AmountError> {
    if to >= from {
        return units.checked_mul(pow10(u32::from(to - from))).ok_or(AmountError::OutOfRange);
    }
    let divisor = pow10(u32::from(from - to));
    if units % divisor == 0 { Ok(units / divisor) } else { Err(AmountError::TooPrecise) }
}

impl Amount {
    /// `units / 10^scale`.
    pub const fn new(units: i128, scale: u8) -> Self {
        Self { units, scale }
    }

    /// Money units (scale 6).
    pub const fn money(units: i128) -> Self {
        Self::new(units, MONEY_SCALE)
    }

    /// The integer at `scale`, exactly.
    pub fn units_at(self, scale: u8) -> Result<i128, AmountError> {
        rescale(self.units, self.scale, scale)
    }

    /// Rounded to `places` decimals.
    pub fn round(self, places: u8, mode: Rounding) -> Self {
        if places >= self.scale {
            return self;
        }
        Self::new(round_units(self.units, u32::from(self.scale - places), mode), places)
    }

    /// Σ of two amounts of money, at money's scale; both have at most its decimals, as effects and corrections do.
    #[must_use]
    pub fn plus_money(self, other: Self) -> Self {
        let units = |amount: Self| amount.units_at(MONEY_SCALE).unwrap_or(amount.units);
        Self::money(units(self) + units(other))
    }

    /// Difference of two amounts of money, at money's scale.
    #[must_use]
    pub fn minus_money(self, other: Self) -> Self {
        self.plus_money(Self::new(-other.units, other.scale))
    }

    /// Without sign.
    pub fn abs(self) -> Self {
        Self::new(self.units.abs(), self.scale)
    }

    /// True for exactly zero.
    pub fn is_zero(self) -> bool {
        self.units == 0
    }

    /// Printed with at least `places` decimals, trailing zeros beyond them dropped, never rounded.
    pub fn to_places(self, places: u8) -> String {
        let digits = self.units.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        let padded = if digits.len() <= scale { format!("{digits:0>width$}", width = scale + 1) } else { digits };
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let mut fraction = fraction.trim_end_matches('0').to_owned();
        while fraction.len() < usize::from(places) {
            fraction.push('0');
        }
        let sign = if self.units < 0 { "-" } else { "" };
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }

    /// As `to_places`, with commas between thousands, for people.
    pub fn to_display(self, places: u8) -> String {
        let plain = self.to_places(places);
        let (sign, rest) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
        let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        match fraction {
            Some(fraction) => format!("{sign}{grouped}.{fraction}"),
            None => format!("{sign}{grouped}"),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_places(0))
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Amount {}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let scale = self.scale.max(other.scale);
        match (self.units_at(scale), other.units_at(scale)) {
            (Ok(left), Ok(right)) => left.cmp(&right),
            // One of them cannot be widened, so it is the larger in magnitude: its sign decides.
            (Err(_), _) => self.units.cmp(&0),
            (_, Err(_)) => 0.cmp(&other.units),
        }
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// A plain decimal (`-12.50`), at most 28 digits, as in a rule or an engagement file.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let plain = text.strip_prefix('-').unwrap_or(text);
        if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(AmountError::Malformed);
        }
        let decimal = Decimal::from_str_exact(text).map_err(|error| match error {
            rust_decimal::Error::Underflow => AmountError::TooPrecise,
            rust_decimal::Error::ExceedsMaximumPossibleValue => AmountError::OutOfRange,
            _ => AmountError::Malformed,
        })?;
        let scale = u8::try_from(decimal.scale()).map_err(|_| AmountError::TooPrecise)?;
        Ok(Self::new(decimal.mantissa(), scale))
    }
}

/// Decimal places of a currency by ISO 4217 (`JPY` 0, `USD` 2, `KWD` 3); `None` for an unknown code.
pub fn minor_units(currency: &str) -> Option<u8> {
    let code = iso_currency::Currency::from_code(currency)?;
    // Funds and metals (XAU …) have no exponent; nobody invoices in them.
    u8::try_from(code.exponent()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_away_from_zero_on_both_signs() {
        // 50.00 × 8.25 % = 4.125 → 4.13 (SSUTA 324), and the credit note mirrors it.
        assert_eq!(round_units(4125, 1, Rounding::HalfUp), 413);
        assert_eq!(round_units(-4125, 1, Rounding::HalfUp), -413);
        assert_eq!(round_units(4124, 1, Rounding::HalfUp), 412);
        assert_eq!(round_units(4126, 1, Rounding::HalfEven), 413);
    }

    #[test]
    fn half_even_goes_to_the_even_neighbour() {
        assert_eq!(round_units(125, 1, Rounding::HalfEven), 12);
        assert_eq!(round_units(135, 1, Rounding::HalfEven), 14);
        assert_eq!(round_units(-125, 1, Rounding::HalfEven), -12);
        assert_eq!(round_units(-135, 1, Rounding::HalfEven), -14);
    }

    #[test]
    fn the_smallest_product_is_not_rounded_twice() {
        // 0.05 × 0.0999 = 0.004995 → 0.00, not 0.01 by way of 0.005.
        assert_eq!(round_units(4995, 4, Rounding::HalfUp), 0);
    }

    #[test]
    fn negative_divisors_keep_the_sign_rule() {
        assert_eq!(div_units(-7, 2, Rounding::HalfUp), -4);
        assert_eq!(div_units(7, -2, Rounding::HalfUp), -4);
        assert_eq!(div_units(-7, -2, Rounding::HalfUp), 4);
        assert_eq!(div_units(i128::MAX, 1, Rounding::HalfUp), i128::MAX);
    }

    #[test]
    fn amounts_print_exactly() {
        assert_eq!(Amount::new(-5, 3).to_places(2), "-0.005");
        assert_eq!(Amount::new(1_190_000_000, 6).to_display(2), "1,190.00");
        assert_eq!(Amount::new(-123_456_789, 2).to_display(2), "-1,234,567.89");
        assert_eq!(Amount::new(100, 0).to_display(2), "100.00");
        assert_eq!(Amount::new(0, 6).to_places(0), "0");
    }

    #[test]
    fn literals_parse_exactly_or_not_at_all() {
        assert_eq!("12.50".parse(), Ok(Amount::new(1250, 2)));
        assert_eq!("-0.005".parse(), Ok(Amount::new(-5, 3)));
        assert_eq!("1,5".parse::<Amount>(), Err(AmountError::Malformed));
        assert_eq!("1e3".parse::<Amount>(), Err(AmountError::Malformed));
        assert_eq!("".parse::<Amount>(), Err(AmountError::Malformed));
        assert!("99999999999999999999999999999.5".parse::<Amount>().is_err());
    }

    #[test]
    fn equal_values_of_different_scale_are_equal() {
        assert_eq!(Amount::new(150, 2), Amount::new(15, 1));
        assert!(Amount::new(-1, 0) < Amount::new(0, 6));
        assert!(Amount::new(i128::MAX, 0) > Amount::new(1, 20));
    }

    #[test]
    fn a_smaller_scale_is_refused_where_it_would_lose_digits() {
        assert_eq!(rescale(1_250, 2, 1), Ok(125));
        assert_eq!(rescale(1_255, 2, 1), Err(AmountError::TooPrecise));
        assert_eq!(rescale(i128::MAX, 0, 1), Err(AmountError::OutOfRange));
    }

    #[test]
    fn currencies_have_their_own_places() {
        assert_eq!(minor_units("JPY"), Some(0));
        assert_eq!(minor_units("USD"), Some(2));
        assert_eq!(minor_units("KWD"), Some(3));
        assert_eq!(minor_units("US$"), None);
    }
}
