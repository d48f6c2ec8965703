//! Exact amounts: minor units of a currency, rounded half away from zero.

/// A currency of the company's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Currency {
    /// US dollar.
    Usd,
    /// Euro.
    Eur,
    /// Yen, which has no minor unit.
    Jpy,
}

impl Currency {
    /// ISO 4217 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Jpy => "JPY",
        }
    }

    /// Functional currency for one of this, six decimals; the rates are invented.
    pub fn rate(self) -> i64 {
        match self {
            Self::Usd => 1_000_000,
            Self::Eur => 1_085_000,
            Self::Jpy => 6_650,
        }
    }

    /// An amount in cents of the functional currency.
    pub fn functional(self, units: i64) -> i64 {
        shift(i128::from(units) * i128::from(self.rate()), RATE_DECIMALS - (2 - self.decimals()))
    }

    /// Decimals of the minor unit.
    pub fn decimals(self) -> u8 {
        if self == Self::Jpy { 0 } else { 2 }
    }
}

/// Decimals of a quantity.
pub const QUANTITY_DECIMALS: u8 = 3;
/// Decimals of a unit price.
pub const PRICE_DECIMALS: u8 = 4;
/// Decimals of a tax rate.
pub const RATE_DECIMALS: u8 = 6;

/// `value / 10^places`, half away from zero, so that a credit note mirrors its invoice.
pub fn shift(value: i128, places: u8) -> i64 {
    let unit = 10i128.pow(u32::from(places));
    let half = unit / 2 * value.signum();
    i64::try_from((value + half) / unit).unwrap_or(i64::MAX)
}

/// Quantity times unit price in minor units.
pub fn extend(quantity: i64, price: i64, currency: Currency) -> i64 {
    let places = QUANTITY_DECIMALS + PRICE_DECIMALS - currency.decimals();
    shift(i128::from(quantity) * i128::from(price), places)
}

/// Tax on a base in minor units.
pub fn tax(base: i64, rate: i64) -> i64 {
    shift(i128::from(base) * i128::from(rate), RATE_DECIMALS)
}

/// A scaled integer as decimal text.
pub fn decimal(units: i128, decimals: u8, mark: char) -> String {
    let digits = format!("{:0width$}", units.unsigned_abs(), width = usize::from(decimals) + 1);
    let (whole, part) = digits.split_at(digits.len() - usize::from(decimals));
    let sign = if units < 0 { "-" } else { "" };
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}{mark}{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_away_from_zero() {
        // 2.5 × 0.35 = 0.875; 10.00 at 6.25 % = 0.625.
        assert_eq!(extend(2_500, 3_500, Currency::Usd), 88);
        assert_eq!(extend(-2_500, 3_500, Currency::Usd), -88);
        assert_eq!(tax(1_000, 62_500), 63);
        assert_eq!(extend(3_000, 15_005_000, Currency::Jpy), 4_502);
    }

    #[test]
    fn decimal_text() {
        assert_eq!(decimal(-5, 2, '.'), "-0.05");
        assert_eq!(decimal(123_456, 2, ','), "1234,56");
        assert_eq!(decimal(1_500, 0, '.'), "1500");
    }
}
