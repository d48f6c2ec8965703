//! The tax that goes with a correction: what was charged less the tax on what is left, row by row, at the original's rate.
//!
//! Rows are changed as they are used, so that several corrections of one document come to the whole of its tax and never more.

use std::collections::BTreeMap;

use tieout_model::amount::{MONEY_SCALE, RATE_SCALE, minor_units};
use tieout_model::correction::TaxPart;
use tieout_model::{Amount, Rounding};

use super::books::{BilledLine, TaxRow};

/// Tax parts of a change of a line's net: positive takes away (a credit), negative adds (a debit). `Err` says what is missing.
pub fn on_change(
    rows: &mut [TaxRow],
    line: &mut BilledLine,
    change: Amount,
    (currency, lines): (&str, usize),
) -> Result<Vec<TaxPart>, String> {
    let own = line.line.as_ref();
    let of_line: Vec<usize> = (0..rows.len()).filter(|at| own.is_some() && rows[*at].line.as_ref() == own).collect();
    if of_line.is_empty() && line.tax.is_some_and(Amount::is_zero) && line.rate.is_none_or(Amount::is_zero) {
        return Ok(Vec::new());
    }
    let is_of_line = !of_line.is_empty();
    let concerned = if of_line.is_empty() { of_document(rows, line)? } else { of_line };
    let mut parts = Vec::new();
    let found = !concerned.is_empty();
    for at in concerned {
        let row = &mut rows[at];
        let base = row.base.ok_or("its tax row states no base")?;
        if base.is_zero() && row.tax.is_zero() {
            continue;
        }
        let rate = row.rate.ok_or("its tax row states no rate")?;
        let left = base.minus_money(change);
        let amount = if !is_of_line && is_rounded_by_line(row.tax, product(base, rate, currency)?, lines, currency) {
            let rest = line.left.minus_money(change);
            product(line.left, rate, currency)?.minus_money(product(rest, rate, currency)?)
        } else {
            row.tax.minus_money(product(left, rate, currency)?)
        };
        row.base = Some(left);
        row.tax = row.tax.minus_money(amount);
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

/// Whether a document's tax is the sum of its lines' taxes, each rounded by itself: not the tax on its base, and off by no more than
/// half a unit a line. Then a line takes its own tax with it, and what the others were rounded by stays.
fn is_rounded_by_line(stated: Amount, whole: Amount, lines: usize, currency: &str) -> bool {
    let unit = 10_i128.pow(u32::from(MONEY_SCALE.saturating_sub(minor_units(currency).unwrap_or(2))));
    let off = stated.minus_money(whole).units.abs();
    off != 0 && off * 2 <= unit * i128::try_from(lines).unwrap_or(i128::MAX / unit)
}

/// Places of the document's rows that tax a line: those of one category, of the line's jurisdiction or of all that stack at the place,
/// whose rates together are the line's. Where the line states no such rate, its jurisdiction decides, if they are of one category.
fn of_document(rows: &[TaxRow], line: &BilledLine) -> Result<Vec<usize>, String> {
    let all: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].line.is_none()).collect();
    let is_named = |at: &usize| line.jurisdiction.is_some() && rows[*at].jurisdiction == line.jurisdiction;
    let named: Vec<usize> = all.iter().copied().filter(is_named).collect();
    let categories = |set: &[usize]| {
        let mut groups: BTreeMap<Option<&String>, Vec<usize>> = BTreeMap::new();
        set.iter().for_each(|at| groups.entry(rows[*at].category.as_ref()).or_default().push(*at));
        groups
    };
    let units = |rate: Amount| rate.units_at(RATE_SCALE).ok();
    let together = |group: &[usize]| group.iter().map(|at| rows[*at].rate.and_then(units)).sum::<Option<i128>>();
    let own = line.rate.and_then(units);
    for set in [&named, &all] {
        let mut fit: Vec<Vec<usize>> = categories(set).into_values().collect();
        fit.retain(|group| own.is_some() && together(group) == own);
        if fit.len() == 1 {
            return Ok(fit.remove(0));
        }
    }
    let set = if named.is_empty() { all } else { named };
    if categories(&set).len() > 1 {
        return Err("its tax rows are of several categories, and its own rate does not say which is its".to_owned());
    }
    Ok(set)
}

/// All that is left of a document's tax, by its lines: each row at the line that it is of, and a row of the whole document over the lines
/// that it taxes, base × rate each, the last with what rounding leaves. Where the lines do not come to a row's base, it stays at the
/// last line of all.
pub fn whole_by_line(rows: &mut [TaxRow], lines: &[BilledLine], currency: &str) -> Vec<Vec<TaxPart>> {
    let mut parts: Vec<Vec<TaxPart>> = lines.iter().map(|_| Vec::new()).collect();
    let Some(last) = lines.len().checked_sub(1) else { return parts };
    let is_untaxed = |line: &BilledLine| line.tax.is_some_and(Amount::is_zero) && line.rate.is_none_or(Amount::is_zero);
    for at in 0..rows.len() {
        let row = rows[at].clone();
        let part = |amount| TaxPart { jurisdiction: row.jurisdiction.clone(), rate: row.rate, amount };
        if row.line.is_some() {
            let own = lines.iter().position(|line| line.line == row.line).unwrap_or(last);
            if !row.tax.is_zero() {
                parts[own].push(part(row.tax));
            }
            continue;
        }
        let of_row: Vec<usize> = (0..lines.len())
            .filter(|line| !is_untaxed(&lines[*line]) && !lines[*line].left.is_zero())
            .filter(|line| of_document(rows, &lines[*line]).is_ok_and(|places| places.contains(&at)))
            .collect();
        let base: i128 = of_row.iter().map(|line| lines[*line].left.units).sum();
        let is_base = row.base.is_some_and(|stated| stated.minus_money(Amount::money(base)).is_zero());
        let (Some(rate), Some((end, before)), true) = (row.rate, of_row.split_last(), is_base) else {
            if !row.tax.is_zero() {
                parts[last].push(part(row.tax));
            }
            continue;
        };
        let own: Option<Vec<Amount>> =
            before.iter().map(|line| product(lines[*line].left, rate, currency).ok()).collect();
        let own = own.unwrap_or_else(|| vec![Amount::money(0); before.len()]);
        let rest = own.iter().fold(row.tax, |rest, amount| rest.minus_money(*amount));
        for (line, amount) in before.iter().zip(own).chain([(end, rest)]) {
            if !amount.is_zero() {
                parts[*line].push(part(amount));
            }
        }
    }
    whole(rows);
    parts
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
        let jurisdiction = Some("J".to_owned());
        TaxRow { line: None, jurisdiction, category: None, rate, base: Some(cents(base)), tax: cents(tax) }
    }

    /// 10 × 50.00 billed where 45.00 was agreed, 8.25 %: 41.25 charged, 37.125 rounds to 37.13, so 4.12 goes back, and not 8.25 %
    /// of 50.00, which rounds to 4.13.
    #[test]
    fn tax_is_what_was_charged_less_what_is_lawful() {
        let mut rows = [row(50_000, 4_125)];
        let parts = on_change(&mut rows, &mut line(50_000), cents(5_000), ("USD", 1)).unwrap();
        assert_eq!(parts.iter().map(|part| part.amount).collect::<Vec<_>>(), [cents(412)]);
        // The rest of the bill takes the rest of the tax, to the cent.
        let rest = on_change(&mut rows, &mut line(50_000), cents(45_000), ("USD", 1)).unwrap();
        assert_eq!(rest[0].amount, cents(3_713));
        assert!(whole(&mut rows).is_empty());
    }

    /// 150.00 and 18.79 at 5.75 %: 8.625 and 1.080425, together 9.71 (9.705425): 8.63 with the first, 1.08 with the last.
    #[test]
    fn the_tax_of_a_whole_document_is_spread_over_its_lines() {
        let rate = Some(Amount::new(575, 4));
        let spread = |base: i128, lines: &[BilledLine]| -> Vec<Vec<Amount>> {
            let mut rows = [TaxRow { rate, ..row(base, 971) }];
            let parts = whole_by_line(&mut rows, lines, "USD");
            assert!(rows[0].tax.is_zero());
            parts.iter().map(|parts| parts.iter().map(|part| part.amount).collect()).collect()
        };
        let two = [line(15_000), line(1_879)];
        assert_eq!(spread(16_879, &two), [vec![cents(863)], vec![cents(108)]]);
        let untaxed = BilledLine { tax: Some(cents(0)), ..line(5_000) };
        assert_eq!(spread(16_879, &[line(15_000), line(1_879), untaxed]), [vec![cents(863)], vec![cents(108)], vec![]]);
        assert_eq!(spread(20_000, &two), [vec![], vec![cents(971)]], "the lines are not what the row taxes");
    }

    #[test]
    fn an_untaxed_line_has_no_tax_to_give_back() {
        let mut rows = [row(50_000, 4_125)];
        let mut untaxed = BilledLine { tax: Some(cents(0)), ..line(10_000) };
        assert!(on_change(&mut rows, &mut untaxed, cents(10_000), ("USD", 1)).unwrap().is_empty());
    }

    #[test]
    fn without_a_rate_nothing_is_guessed() {
        let mut rows = [TaxRow { rate: None, ..row(50_000, 4_125) }];
        assert!(on_change(&mut rows, &mut line(50_000), cents(5_000), ("USD", 1)).is_err());
        assert!(on_change(&mut [], &mut line(50_000), cents(5_000), ("USD", 1)).is_err());
    }

    /// Food beside goods: 100.00 at 8.25 % and 50.00 at 2 %, of one jurisdiction. A correction of the food changes the food's tax.
    #[test]
    fn a_line_takes_the_tax_of_its_own_category() {
        let of = |category: &str, rate: i128, base: i128, tax: i128| TaxRow {
            category: Some(category.to_owned()),
            rate: Some(Amount::new(rate, 4)),
            ..row(base, tax)
        };
        let rows = || [of("general", 825, 10_000, 825), of("food", 200, 5_000, 100)];
        let food = || BilledLine { rate: Some(Amount::new(2, 2)), tax: Some(cents(100)), ..line(5_000) };
        let parts = on_change(&mut rows(), &mut food(), cents(1_000), ("USD", 1)).unwrap();
        assert_eq!(parts.iter().map(|part| part.amount).collect::<Vec<_>>(), [cents(20)]);
        // Which rows are the line's is not guessed.
        let unknown = BilledLine { rate: None, ..food() };
        assert!(on_change(&mut rows(), &mut unknown.clone(), cents(1_000), ("USD", 1)).is_err());
    }

    /// A state and a city stack: a line that names the state is taxed by both if its rate is both together, else by the state.
    #[test]
    fn what_stacks_at_a_place_goes_back_together() {
        let of = |place: &str, rate: i128, tax: i128| TaxRow {
            jurisdiction: Some(place.to_owned()),
            rate: Some(Amount::new(rate, 5)),
            ..row(10_000, tax)
        };
        let given_back = |rate: Option<Amount>| {
            let mut rows = [of("MN", 6_875, 688), of("City", 500, 50)];
            let mut own = BilledLine { rate, jurisdiction: Some("MN".to_owned()), ..line(10_000) };
            let parts = on_change(&mut rows, &mut own, cents(10_000), ("USD", 1)).unwrap();
            parts.iter().map(|part| part.amount).collect::<Vec<_>>()
        };
        assert_eq!(given_back(Some(Amount::new(7_375, 5))), [cents(688), cents(50)]);
        assert_eq!(given_back(Some(Amount::new(6_875, 5))), [cents(688)]);
        assert_eq!(given_back(None), [cents(688)]);
    }

    /// Three lines of 10.10 at 8.25 %: 0.83325 each, 0.83 by itself, 2.49 together; 2.50 on the sum. What a line takes with it is 0.83,
    /// and the cent stays with the document; at invoice level the cent belongs to it.
    #[test]
    fn a_bill_that_is_rounded_line_by_line_is_corrected_so() {
        let given_back = |stated: i128, lines: usize| {
            let parts = on_change(&mut [row(3_030, stated)], &mut line(1_010), cents(1_010), ("USD", lines)).unwrap();
            parts[0].amount
        };
        assert_eq!(given_back(249, 3), cents(83), "8.25 % of 20.20 is 1.67; 2.49 less that would be 0.82");
        assert_eq!(given_back(250, 3), cents(83), "2.50 less 1.67");
        assert_eq!(given_back(260, 3), cents(93), "no rounding makes 2.60: what was charged too much goes with it");
    }

    #[test]
    fn a_line_with_its_own_tax_is_corrected_by_it() {
        let mut own = BilledLine { tax: Some(cents(4_125)), rate: Some(Amount::new(825, 4)), ..line(50_000) };
        let parts = on_change(&mut [], &mut own, cents(5_000), ("USD", 1)).unwrap();
        assert_eq!(parts[0].amount, cents(412));
    }
}
