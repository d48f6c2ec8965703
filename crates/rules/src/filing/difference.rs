//! What a document collected against what is due, jurisdiction by jurisdiction, each difference with one cause.
//!
//! Lawful is any result of rounding by line or by document, by jurisdiction or combined, half a cent away from zero (SSUTA 324).

use std::collections::BTreeMap;

use tieout_model::amount::{MONEY_SCALE, RATE_SCALE, pow10, round_units};
use tieout_model::filing::{Cause, TAX_SCALE};
use tieout_model::{Date, Rounding};

use super::reference::{Level, Reference};
use super::sale::{NONE, Stated};

/// A jurisdiction's due on a document, or on one line of it where tax is stated by line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    /// Money units.
    pub base: i128,
    /// Scale 18.
    pub exact: i128,
    /// Σ of its lines rounded one by one: money units.
    pub by_line: i128,
    /// Lines.
    pub lines: u64,
}

impl Unit {
    fn plus(&self, other: &Self) -> Self {
        Self {
            base: self.base + other.base,
            exact: self.exact + other.exact,
            by_line: self.by_line + other.by_line,
            lines: self.lines + other.lines,
        }
    }
}

/// Which unit: jurisdiction, row of the rate table, line (`NONE`: the document).
pub(crate) type UnitKey = (u32, usize, u32);

/// What was found of one unit, or of tax rows that belong to none.
#[derive(Clone, Debug)]
pub(crate) struct Compared {
    /// `None`: tax of a jurisdiction that does not tax the sale.
    pub unit: Option<UnitKey>,
    pub jurisdiction: u32,
    pub base: i128,
    /// As documents are rounded: money units.
    pub due: i128,
    pub collected: i128,
    pub cause: Cause,
    /// Rate and first day of the row that would give what was collected.
    pub other: Option<(i128, Date)>,
}

/// How documents are rounded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Decimal places of the currency.
    pub places: u8,
    /// True if the seller rounds line by line.
    pub by_line: bool,
}

impl Manner {
    /// Exact tax to money units, rounded to the currency.
    pub(crate) fn round(self, exact: i128) -> i128 {
        let drop = u32::from(TAX_SCALE - self.places);
        round_units(exact, drop, Rounding::HalfUp) * pow10(u32::from(MONEY_SCALE - self.places))
    }

    fn minor(self) -> i128 {
        pow10(u32::from(MONEY_SCALE - self.places))
    }
}

/// Compares the units of a document with its tax rows.
pub(crate) fn compare(
    reference: &Reference,
    manner: Manner,
    units: &BTreeMap<UnitKey, Unit>,
    rows: &[(u32, Stated)],
) -> Vec<Compared> {
    let groups = groups(reference, units);
    let of: BTreeMap<UnitKey, Vec<&Stated>> = match_rows(reference, units, &groups, rows);
    let taken = |row: &Stated| of.values().flatten().any(|one| std::ptr::eq(*one, row));
    let strangers: Vec<&(u32, Stated)> = rows.iter().filter(|(_, row)| !taken(row)).collect();
    let level = |one: u32| reference.jurisdictions.get(one as usize).map(|place| place.level);
    let strange: Vec<Option<Level>> = strangers
        .iter()
        .filter(|(_, row)| row.tax.is_some_and(|tax| tax != 0))
        .map(|(jurisdiction, _)| level(*jurisdiction))
        .collect();
    let combined = is_combined(manner, units, &of);
    let due_of = |unit: &Unit| if manner.by_line { unit.by_line } else { manner.round(unit.exact) };
    let mut compared = Vec::new();
    for Group { bearer, members } in groups {
        let rows = of.get(&bearer).map(Vec::as_slice).unwrap_or_default();
        let total: i128 = rows.iter().filter_map(|row| row.tax).map(i128::from).sum();
        // Where nothing was collected, there is nothing to share.
        let parts: Vec<Vec<UnitKey>> =
            if total == 0 { members.iter().map(|key| vec![*key]).collect() } else { vec![members.clone()] };
        for part in parts {
            let joint = part.iter().fold(Unit::default(), |sum, key| sum.plus(&units[key]));
            let key = if part.contains(&bearer) { bearer } else { part[0] };
            let (cause, charged) = cause(reference, manner, (&key, &joint), rows, due_of(&joint), total, combined);
            let cause = match cause {
                Cause::Untaxed if strange.contains(&level(key.0)) => Cause::WrongPlace,
                cause => cause,
            };
            let other = charged
                .filter(|_| cause == Cause::WrongRate)
                .and_then(|charged| neighbour(reference, key.1, charged).map(|from| (charged, from)));
            let others: i128 = part.iter().filter(|one| **one != key).map(|one| due_of(&units[one])).sum();
            for one in part {
                let unit = &units[&one];
                let is_bearer = one == key;
                // Lawful is the tax of all of them; each has its own of it, the bearer the rest.
                let due = if is_bearer { due_of(&joint) - others } else { due_of(unit) };
                compared.push(Compared {
                    unit: Some(one),
                    jurisdiction: one.0,
                    base: unit.base,
                    due,
                    collected: if is_bearer { total - others } else { due },
                    cause: if is_bearer { cause } else { Cause::Rounding },
                    other: other.filter(|_| is_bearer),
                });
            }
        }
    }
    for (jurisdiction, row) in strangers {
        compared.push(Compared {
            unit: None,
            jurisdiction: *jurisdiction,
            base: 0,
            due: 0,
            collected: row.tax.map_or(0, i128::from),
            // Where nobody taxes anything of it, no place is the right one.
            cause: if units.is_empty() { Cause::ExemptTaxed } else { Cause::WrongPlace },
            other: None,
        });
    }
    compared
}

/// Tax that is stated in one figure: where it is a lawful sum, each jurisdiction has its due; else the state has the difference.
pub(crate) fn compare_sum(
    reference: &Reference,
    manner: Manner,
    units: &BTreeMap<UnitKey, Unit>,
    stated: i128,
    rate: Option<i128>,
) -> Vec<Compared> {
    let due_of = |unit: &Unit| if manner.by_line { unit.by_line } else { manner.round(unit.exact) };
    let due: i128 = units.values().map(due_of).sum();
    let exact: i128 = units.values().map(|unit| unit.exact).sum();
    let by_line: i128 = units.values().map(|unit| unit.by_line).sum();
    let by_document: i128 = units.values().map(|unit| manner.round(unit.exact)).sum();
    let base = units.values().map(|unit| unit.base).max_by_key(|base| base.abs()).unwrap_or(0);
    let is_lawful = [by_line, by_document, manner.round(exact)].contains(&stated);
    let is_top = |key: &UnitKey| reference.jurisdictions[key.0 as usize].level.is_top();
    let bearer = units.keys().find(|key| is_top(key)).or_else(|| units.keys().next()).copied();
    let cause = if is_lawful {
        Cause::Rounding
    } else if base == 0 {
        Cause::ExemptTaxed
    } else if stated == 0 {
        Cause::Untaxed
    } else if rate.is_some_and(|rate| manner.round(base * rate) == stated) {
        Cause::WrongRate
    } else {
        Cause::Arithmetic
    };
    let mut compared = Vec::new();
    for (key, unit) in units {
        let due_here = due_of(unit);
        let collected = match cause {
            Cause::Untaxed => 0,
            _ if Some(*key) == bearer => due_here + stated - due,
            _ => due_here,
        };
        let cause = if collected == due_here { Cause::Rounding } else { cause };
        compared.push(Compared {
            unit: Some(*key),
            jurisdiction: key.0,
            base: unit.base,
            due: due_here,
            collected,
            cause,
            other: None,
        });
    }
    compared
}

/// The same of a part of the document: causes are those of the whole.
pub(crate) fn scaled(compared: Vec<Compared>, share: super::judge::Share, places: u8) -> Vec<Compared> {
    let take = |units: i128| share.take(units, places);
    let part =
        |one: Compared| Compared { base: take(one.base), due: take(one.due), collected: take(one.collected), ..one };
    compared.into_iter().map(part).collect()
}

/// Units of one authority and line at one rate: a seller writes one tax row for them, whatever their classes.
struct Group {
    /// The one with the largest base, to which the difference goes.
    bearer: UnitKey,
    members: Vec<UnitKey>,
}

fn groups(reference: &Reference, units: &BTreeMap<UnitKey, Unit>) -> Vec<Group> {
    let mut by_rate: BTreeMap<(u32, u32, i128, Option<usize>), Vec<UnitKey>> = BTreeMap::new();
    for key in units.keys() {
        let rate = &reference.rates[key.1];
        // Taxes by the unit and rates with a limit stand alone.
        let own = (rate.flat.is_some() || rate.cap.is_some()).then_some(key.1);
        by_rate.entry((key.0, key.2, rate.rate, own)).or_default().push(*key);
    }
    let group = |members: Vec<UnitKey>| {
        let is_general = |key: &UnitKey| reference.rates[key.1].class == "general";
        let largest =
            members.iter().max_by_key(|key| (units[*key].base.abs(), is_general(key), std::cmp::Reverse(**key)));
        largest.copied().map(|bearer| Group { bearer, members })
    };
    by_rate.into_values().filter_map(group).collect()
}

/// Rows go to the units of their authority, and of their line where they state one: to those at the stated rate, else to the
/// one with the largest base.
fn match_rows<'a>(
    reference: &Reference,
    units: &BTreeMap<UnitKey, Unit>,
    groups: &[Group],
    rows: &'a [(u32, Stated)],
) -> BTreeMap<UnitKey, Vec<&'a Stated>> {
    let mut of: BTreeMap<UnitKey, Vec<&Stated>> = BTreeMap::new();
    for (jurisdiction, row) in rows {
        let is_own = |key: &UnitKey| key.0 == *jurisdiction && (key.2 == NONE || row.line == NONE || key.2 == row.line);
        let own: Vec<&Group> = groups.iter().filter(|group| is_own(&group.bearer)).collect();
        let by_rate = own.iter().find(|group| row.rate.map(i128::from) == Some(reference.rates[group.bearer.1].rate));
        let base = |group: &Group| units[&group.bearer].base.abs();
        let largest = own.iter().max_by_key(|group| (base(group), std::cmp::Reverse(group.bearer)));
        if let Some(group) = by_rate.or(largest) {
            of.entry(group.bearer).or_default().push(row);
        }
    }
    of
}

/// True if what all rows come to is the combined tax rounded once, so that parts of it may be off by less than a minor unit.
fn is_combined(manner: Manner, units: &BTreeMap<UnitKey, Unit>, of: &BTreeMap<UnitKey, Vec<&Stated>>) -> bool {
    let exact: i128 = units.values().map(|unit| unit.exact).sum();
    let stated: i128 = of.values().flatten().filter_map(|row| row.tax).map(i128::from).sum();
    let mut by_line: BTreeMap<u32, i128> = BTreeMap::new();
    units.iter().for_each(|(key, unit)| *by_line.entry(key.2).or_default() += unit.exact);
    let lines: i128 = by_line.values().map(|exact| manner.round(*exact)).sum();
    stated == manner.round(exact) || stated == lines
}

fn cause(
    reference: &Reference,
    manner: Manner,
    (key, unit): (&UnitKey, &Unit),
    rows: &[&Stated],
    due: i128,
    collected: i128,
    combined: bool,
) -> (Cause, Option<i128>) {
    let row = &reference.rates[key.1];
    let mut rates: Vec<i64> = rows.iter().filter_map(|row| row.rate).collect();
    rates.sort_unstable();
    rates.dedup();
    let stated_rate = if let [rate] = rates[..] { Some(i128::from(rate)) } else { None };
    let is_within =
        (collected * pow10(u32::from(RATE_SCALE)) - unit.exact).abs() < manner.minor() * pow10(u32::from(RATE_SCALE));
    if collected == due || [unit.by_line, manner.round(unit.exact)].contains(&collected) || combined && is_within {
        return (Cause::Rounding, stated_rate);
    }
    if unit.base == 0 {
        return (Cause::ExemptTaxed, stated_rate);
    }
    if collected == 0 {
        return (Cause::Untaxed, stated_rate);
    }
    let stated_base: Option<i128> = rows.iter().map(|row| row.base.map(i128::from)).sum();
    let base = stated_base.unwrap_or(unit.base);
    if row.flat.is_some() || row.cap.is_some_and(|_| base.abs() > unit.base.abs()) {
        let cause = if row.cap.is_some() && manner.round(base * row.rate) == collected {
            Cause::ExemptTaxed
        } else {
            Cause::Arithmetic
        };
        return (cause, stated_rate);
    }
    // What the rows state of base and rate comes to what was collected, and a rate is another one.
    let product = |row: &&Stated| Some(manner.round(i128::from(row.base?) * i128::from(row.rate?)));
    let products: Option<i128> = rows.iter().map(product).sum();
    let is_other = rates.iter().any(|rate| i128::from(*rate) != row.rate);
    if is_other
        && (products == Some(collected) || stated_rate.is_some_and(|rate| manner.round(base * rate) == collected))
    {
        return (Cause::WrongRate, stated_rate.filter(|rate| *rate != row.rate));
    }
    if base != unit.base && manner.round(base * row.rate) == collected {
        let cause = if base.abs() > unit.base.abs() { Cause::ExemptTaxed } else { Cause::Untaxed };
        return (cause, Some(row.rate));
    }
    if stated_rate.is_none() {
        // A former or later rate that gives just this.
        let of = reference.rates_of(key.0, &row.class, &row.scope);
        let fits =
            |rate: &&super::reference::Rate| rate.rate != row.rate && manner.round(base * rate.rate) == collected;
        if let Some(rate) = of.into_iter().find(fits) {
            return (Cause::WrongRate, Some(rate.rate));
        }
    }
    (Cause::Arithmetic, stated_rate)
}

/// The first day of another row of the same jurisdiction with the charged rate.
fn neighbour(reference: &Reference, row: usize, charged: i128) -> Option<Date> {
    let row = &reference.rates[row];
    reference
        .rates_of(row.jurisdiction, &row.class, &row.scope)
        .filter(|rate| rate.rate == charged && rate.from != row.from)
        .map(|rate| rate.from)
        .max_by_key(|from| std::cmp::Reverse((from.0 - row.from.0).abs()))
}
