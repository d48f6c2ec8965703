//! The tax that goes with a correction: what was charged less the tax on what is left, row by row, at the original's rate.
//!
//! Rows are changed as they are used, so that several corrections of one document come to the whole of its tax and never more.

use tieout_model::amount::{MONEY_SCALE, minor_units};
use tieout_model::correction::TaxPart;
use tieout_model::{Amount, Rounding};

use super::books::{BilledLine, TaxRow};

/// Tax parts of a change of a line's net: positive takes away (a credit), negative adds (a debit). `Err` says what is missing.
pub fn on_change(
    rows: &mut [TaxRow],
    line: &mut BilledLine,
    change: Amount,
    currency: &str,
) -> Result<Vec<TaxPart>, String> {
    let own = line.line.as_ref();
    let is_own = |row: &TaxRow| own.is_some() && row.line.as_ref() == own;
    let of_line = rows.iter().any(is_own);
    if !of_line && line.tax.is_some_and(Amount::is_zero) && line.rate.is_none_or(Amount::is_zero) {
        return Ok(Vec::new());
    }
    let place = line.jurisdiction.clone();
    let named = |row: &TaxRow| place.is_some() && row.jurisdiction == place;
    let has_named = rows.iter().any(|row| row.line.is_none() && named(row));
    let concerned = |row: &TaxRow| {
        if of_line { is_own(row) } else { row.line.is_none() && (named(row) || !has_named) }
    };
    let mut parts = Vec::new();
    let mut found = false;
    for row in rows.iter_mut().filter(|row| concerned(row)) {
        found = true;
        let base = row.base.ok_or("its tax row states no base")?;
        if base.is_zero() && row.tax.is_zero() {
            continue;
        }
        let rate = row.rate.ok_or("its tax row states no rate")?;
        let left = base.minus_money(change);
        let lawful = product(left, rate, currency)?;
        let amount = row.tax.minus_money(lawful);
        row.base = Some(left);
        row.tax = lawful;
        if !amount.is_zero() {
            parts.push(TaxPart { jurisdiction: row.jurisdiction.clone(), rate: row.rate, amount });
        }
    }
    if found {
        return Ok(parts);
    }
    // No tax rows: the line states its own tax.
    let (Some(tax), Some(rate)) = (line.tax, line.rate) else {
        return Err("neither tax rows nor the line say what tax was charged at which rate".to_owned());
    };
    let lawful = product(line.left.minus_money(change), rate, currency)?;
    let amount = tax.minus_money(lawful);
    line.tax = Some(lawful);
    let part = TaxPart { jurisdiction: line.jurisdiction.clone(), rate: Some(rate), amount };
    Ok(if amount.is_zero() { Vec::new() } else { vec![part] })
}

/// All that is left of a document's tax.
pub fn whole(rows: &mut [TaxRow]) -> Vec<TaxPart> {
    let mut parts = Vec::new();
    for row in rows.iter_mut().filter(|row| !row.tax.is_zero()) {
        parts.push(TaxPart { jurisdiction: row.jurisdiction.clone(), rate: row.rate, amount: row.tax });
        row.tax = Amount::money(0);
        row.base = Some(Amount::money(0));
    }
    parts
}

/// Base × rate to the currency's smallest unit, half away from zero, so that a credit mirrors its bill (SSUTA 324).
fn product(base: Amount, rate: Amount, currency: &str) -> Result<Amount, String> {
    let places = minor_units(currency).unwrap_or(2);
    let units = base.units.checked_mul(rate.units).ok_or("its tax cannot be computed exactly")?;
    let exact = Amount::new(units, base.scale + rate.scale);
    exact
        .round(places, Rounding::HalfUp)
        .units_at(MONEY_SCALE)
        .map(Amount::money)
        .map_err(|_| "its tax cannot be computed exactly".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(cents: i128) -> Amount {
        Amount::money(cents * 10_000)
    }

    fn line(net: i128) -> BilledLine {
        BilledLine {
            document: "I-1".to_owned(),
            line: Some("1".to_owned()),
            item: None,
            quantity: None,
            unit_price: None,
            tax: None,
            rate: None,
            jurisdiction: None,
            left: cents(net),
        }
    }

    fn row(base: i128, tax: i128) -> TaxRow {
        let rate = Some(Amount::new(825, 4));
        TaxRow { line: None, jurisdiction: Some("J".to_owned()), rate, base: Some(cents(base)), tax: cents(tax) }
    }

    /// 10 × 50.00 billed where 45.00 was agreed, 8.25 %: 41.25 charged, 37.125 rounds to 37.13, so 4.12 goes back, and not 8.25 %
    /// of 50.00, which rounds to 4.13.
    #[test]
    fn tax_is_what_was_charged_less_what_is_lawful() {
        let mut rows = [row(50_000, 4_125)];
        let parts = on_change(&mut rows, &mut line(50_000), cents(5_000), "USD").unwrap();
        assert_eq!(parts.iter().map(|part| part.amount).collect::<Vec<_>>(), [cents(412)]);
        // The rest of the bill takes the rest of the tax, to the cent.
        let rest = on_change(&mut rows, &mut line(50_000), cents(45_000), "USD").unwrap();
        assert_eq!(rest[0].amount, cents(3_713));
        assert!(whole(&mut rows).is_empty());
    }

    #[test]
    fn an_untaxed_line_has_no_tax_to_give_back() {
        let mut rows = [row(50_000, 4_125)];
        let mut untaxed = BilledLine { tax: Some(cents(0)), ..line(10_000) };
        assert!(on_change(&mut rows, &mut untaxed, cents(10_000), "USD").unwrap().is_empty());
    }

    #[test]
    fn without_a_rate_nothing_is_guessed() {
        let mut rows = [TaxRow { rate: None, ..row(50_000, 4_125) }];
        assert!(on_change(&mut rows, &mut line(50_000), cents(5_000), "USD").is_err());
        assert!(on_change(&mut [], &mut line(50_000), cents(5_000), "USD").is_err());
    }

    #[test]
    fn a_line_with_its_own_tax_is_corrected_by_it() {
        let mut own = BilledLine { tax: Some(cents(4_125)), rate: Some(Amount::new(825, 4)), ..line(50_000) };
        let parts = on_change(&mut [], &mut own, cents(5_000), "USD").unwrap();
        assert_eq!(parts[0].amount, cents(412));
    }
}
