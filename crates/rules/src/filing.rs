//! Sales-tax returns of a period: every line of the exports in one cell, every unit of tax collected against what is due.
//!
//! `reference` holds the law as the user's dated tables give it, `place` finds who taxes at an address, `sale` reads the lines,
//! `judge` decides each, `difference` compares documents with their tax rows, `sums` adds up, `lines` makes the return,
//! `tie` compares the books. Nothing is a finding here and nothing is printed.

mod difference;
pub mod form;
mod judge;
mod lines;
mod place;
mod rates;
mod reference;
mod sale;
mod sums;
mod tie;

use std::collections::{BTreeMap, HashMap};

use tieout_ingest::store::Store;
use tieout_model::amount::minor_units;
use tieout_model::coverage::Measure;
use tieout_model::filing::{Basis, Cell, Detail, Papers};
use tieout_model::{Date, Period, RecordRef};

pub use self::rates::rates;

use self::difference::{Manner, Unit, UnitKey, compare, compare_sum};
use self::judge::{Beside, Judge, Judged, Share};
use self::place::Boundaries;
pub(crate) use self::reference::Reference;
use self::sale::{NONE, Sales, Stated, Taxes};
use self::sums::Sums;
pub(crate) use self::tie::filed_returns;
use crate::catalog::Catalog;
use crate::engine::EngineError;
use crate::engine::columnar::{Columnar, bounds};
use crate::rows::rows;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The period of the returns.
    pub period: Period,
    /// As it was written: `2026-10`.
    pub period_name: String,
    /// One state or country only: `NE`, `US-NE`, `DE`.
    pub state: Option<String>,
    /// The day as at which the world is seen.
    pub as_of: Option<Date>,
}

impl Wanted {
    /// True if papers of the state are wanted; `DE` is Delaware and Germany, whichever the seller files in.
    pub fn wants(&self, state: &str) -> bool {
        self.state.as_deref().is_none_or(|wanted| wanted == state || reference::normal(wanted, "US") == state)
    }
}

/// Makes the returns; `detail` is told every line that is on one, in the order of day, document number and line.
pub fn file(store: &Store, wanted: &Wanted, detail: &mut dyn FnMut(&Detail<'_>)) -> Result<Papers, EngineError> {
    let engine = Columnar::new(store);
    let catalog = Catalog::new(store, &bounds(store)?);
    let mut reference = Reference::read(&engine, &catalog)?;
    let boundaries = Boundaries::read(&engine, &catalog, &reference)?;
    reference.boundary_remarks(&boundaries, store, wanted.period);
    let mut sales = Sales::read(store, &engine, &catalog)?;
    let taxes = Taxes::read(store, &engine, &catalog, &mut sales)?;
    let mut sellers: HashMap<String, bool> = HashMap::new();
    for row in rows(&engine, &catalog, "entity", &["entity_id", "rounding_level"])?.iter() {
        let level = row.text("rounding_level").unwrap_or_default();
        sellers.extend(row.text("entity_id").map(|id| (id, level.starts_with("line"))));
    }
    let after = tie::After::read(&engine, &catalog, wanted)?;
    let mut desk = Desk {
        judge: Judge::new(&reference, &boundaries, &sales, &taxes),
        sums: Sums::new(&reference, &sales, wanted, &after),
        sellers,
        wanted,
        after: &after,
    };
    desk.work(detail);
    let Desk { sums, .. } = desk;
    let mut papers = sums.papers();
    for (currency, units) in &taxes.stray {
        papers.stray_tax.records += 1;
        *papers.stray_tax.money.entry(currency.clone()).or_default() += i128::from(*units);
    }
    if wanted.state.is_none() && taxes.are_given {
        let mut tax = papers.stray_tax.clone();
        for (at, rows) in &taxes.of {
            let document = &sales.documents[*at as usize];
            let currency = sales.names.option(document.currency).unwrap_or(tieout_model::amount::NO_CURRENCY);
            rows.iter().for_each(|row| count(&mut tax, currency, row.tax.map_or(0, i128::from)));
        }
        papers.tax = Some(tax);
    }
    papers.ties = tie::ties(&engine, &catalog, wanted, &sales, &taxes, (&papers, &after))?;
    papers.unasked = [
        "taxability_rule",
        "certificate_scope",
        "boundary",
        "state_tax_rule",
        "tax_date_rule",
        "gl_tax_entry",
        "engine_txn",
        "return_filed",
        "tax_payment",
        "adjustment",
        "vendor_discount",
    ]
    .into_iter()
    .filter(|name| catalog.table(name).is_none())
    .map(str::to_owned)
    .collect();
    papers.reference = reference.remarks.clone();
    Ok(papers)
}

struct Desk<'a> {
    judge: Judge<'a>,
    sums: Sums<'a>,
    sellers: HashMap<String, bool>,
    wanted: &'a Wanted,
    after: &'a tie::After,
}

impl Desk<'_> {
    fn work(&mut self, detail: &mut dyn FnMut(&Detail<'_>)) {
        let sales = self.judge.sales;
        let mut order: Vec<u32> = (0..reference::index(sales.lines.len())).collect();
        let day = |at: u32| sales.documents[at as usize].tax_point.or(sales.documents[at as usize].issued);
        order.sort_by(|left, right| {
            let (a, b) = (&sales.lines[*left as usize], &sales.lines[*right as usize]);
            let number = |at: u32| sales.names.get(sales.documents[at as usize].number);
            (day(a.document), number(a.document), a.document)
                .cmp(&(day(b.document), number(b.document), b.document))
                .then_with(|| {
                    let line = |at: u32| sales.names.get(at);
                    (line(a.line).len(), line(a.line), a.record).cmp(&(line(b.line).len(), line(b.line), b.record))
                })
        });
        let mut from = 0;
        while from < order.len() {
            let document = sales.lines[order[from] as usize].document;
            let length = order[from..].iter().take_while(|at| sales.lines[**at as usize].document == document).count();
            self.document(document, &order[from..from + length], detail);
            from += length;
        }
    }

    fn document(&mut self, at: u32, lines: &[u32], detail: &mut dyn FnMut(&Detail<'_>)) {
        let sales = self.judge.sales;
        let document = &sales.documents[at as usize];
        let currency = sales.names.option(document.currency).unwrap_or(tieout_model::amount::NO_CURRENCY);
        let places = minor_units(currency).unwrap_or(2);
        self.judge.places = places;
        let mut judged: Vec<Judged> = self.judge_lines(at, lines);
        for one in &mut judged {
            self.put_into_period(at, one);
        }
        let taxes = self.judge.taxes;
        let rows = taxes.of.get(&at).map(Vec::as_slice).unwrap_or_default();
        // Tax of the whole document cannot be told apart by lines of which one is not tested.
        let by_document = rows.iter().any(|row| row.line == NONE && row.tax != Some(0));
        let lost = |one: &Judged| matches!(one.cell, Cell::NotTested | Cell::Unassigned | Cell::OnNoReturn);
        if by_document && judged.iter().any(lost) {
            for one in judged.iter_mut().filter(|one| one.cell.is_on_return()) {
                one.cell = Cell::NotTested;
                one.reason =
                    "another line of the document is not tested, and its tax is stated for the document".to_owned();
                one.parts.clear();
                one.taxed = 0;
            }
        }
        for (line, one) in lines.iter().zip(&judged) {
            self.sums.land(at, *line, one, detail);
        }
        self.differences(at, lines, &judged, rows, places);
        self.bad_debts(at, lines, &judged, places);
    }

    /// Debts on the document, whichever period it is of.
    fn bad_debts(&mut self, at: u32, lines: &[u32], judged: &[Judged], places: u8) {
        let manner = Manner { places, by_line: false };
        let mut states: BTreeMap<u32, BTreeMap<UnitKey, Unit>> = BTreeMap::new();
        for one in judged {
            let Some(state) = one.state else { continue };
            for part in &one.parts {
                let unit = states.entry(state).or_default().entry((part.jurisdiction, part.rate, NONE)).or_default();
                unit.base += part.base;
                unit.exact += part.exact;
                unit.by_line += manner.round(part.exact);
                unit.lines += 1;
            }
        }
        self.sums.bad_debts(at, lines, judged, &states);
    }

    fn judge_lines(&mut self, at: u32, lines: &[u32]) -> Vec<Judged> {
        let sales = self.judge.sales;
        let none = HashMap::new();
        let allowances = self.allowances(at, lines);
        let beside = |goods, index: usize| Beside { goods, allowance: allowances.as_ref().map(|all| all[index]) };
        let items: Vec<Option<Judged>> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| (index, &sales.lines[*line as usize]))
            .map(|(index, sale)| sale.is_item.then(|| self.judge.line(at, sale, &beside(&none, index))))
            .collect();
        if items.iter().all(Option::is_some) {
            return items.into_iter().flatten().collect();
        }
        // By jurisdiction: taxed, and all, of the goods.
        let mut goods: HashMap<u32, (i128, i128)> = HashMap::new();
        for (index, (line, one)) in lines.iter().zip(&items).enumerate() {
            let Some(one) = one else { continue };
            for part in &one.parts {
                let sum = goods.entry(part.jurisdiction).or_default();
                let off = allowances.as_ref().map_or(0, |all| all[index]);
                sum.0 += part.base;
                sum.1 += sales.lines[*line as usize].net.map_or(0, i128::from) - off;
            }
        }
        let rest = lines.iter().zip(items).enumerate();
        rest.map(|(index, (line, one))| match one {
            Some(one) => one,
            None => self.judge.line(at, &sales.lines[*line as usize], &beside(&goods, index)),
        })
        .collect()
    }

    /// What is taken off a document as a whole, shared out to its goods by net: to the currency, the rest to the largest.
    fn allowances(&self, at: u32, lines: &[u32]) -> Option<Vec<i128>> {
        let sales = self.judge.sales;
        let all = i128::from(sales.documents[at as usize].allowance);
        if all == 0 {
            return Some(vec![0; lines.len()]);
        }
        let of = |line: &u32| &sales.lines[*line as usize];
        let net = |line: &u32| if of(line).is_item { of(line).net.map(i128::from) } else { Some(0) };
        let nets: Vec<i128> = lines.iter().map(net).collect::<Option<_>>()?;
        let total: i128 = nets.iter().sum();
        let share = Share { part: all, of: total };
        let is_whole = total != 0 && all.signum() == total.signum() && all.abs() <= total.abs();
        let mut shares: Vec<i128> =
            is_whole.then(|| nets.iter().map(|net| share.take(*net, self.judge.places)).collect())?;
        let largest = (0..nets.len()).max_by_key(|index| (nets[*index].abs(), std::cmp::Reverse(*index)))?;
        shares[largest] += all - shares.iter().sum::<i128>();
        Some(shares)
    }

    /// Lines of other periods are in no cell of this return; a credit falls into the period that its state says.
    fn put_into_period(&mut self, at: u32, one: &mut Judged) {
        let sales = self.judge.sales;
        let document = &sales.documents[at as usize];
        if one.cell == Cell::NoSale {
            return;
        }
        if self.is_cash(document, one) {
            self.put_into_cash_period(document, one);
            return;
        }
        let own = document.tax_point.or(document.issued);
        let is_credit = sales.names.get(document.kind) == "credit_note";
        let day = match (is_credit, one.state) {
            (true, Some(state)) => {
                let name = self.judge.reference.jurisdictions[state as usize].subdivision.clone().unwrap_or_default();
                match own.and_then(|own| self.judge.reference.practice(&name, "credit_period", own)) {
                    Some("current") => own,
                    Some("original") => one.day,
                    _ if own.is_some_and(|own| self.wanted.period.contains(own)) && one.cell.is_on_return() => {
                        // The same period either way needs no row.
                        if one.day.is_some_and(|day| self.wanted.period.contains(day)) {
                            own
                        } else {
                            one.cell = Cell::NotTested;
                            one.reason =
                                format!("no row says in which period {name} takes a credit for an earlier sale");
                            one.parts.clear();
                            one.taxed = 0;
                            own
                        }
                    }
                    _ => own,
                }
            }
            _ => own,
        };
        if day.is_some_and(|day| !self.wanted.period.contains(day)) {
            one.cell = Cell::OtherPeriod;
            one.reason.clear();
        }
    }

    fn is_cash(&self, document: &sale::Document, one: &Judged) -> bool {
        let (Some(state), Some(day)) = (one.state, one.day) else { return false };
        let entity = self.judge.sales.names.get(document.entity);
        let registration = self.judge.reference.registration(entity, state, day);
        registration.is_some_and(|at| self.judge.reference.registrations[at].basis == Basis::Cash)
    }

    /// Of a seller who reports cash a sale is in the period as far as it was paid in it.
    fn put_into_cash_period(&self, document: &sale::Document, one: &mut Judged) {
        let names = &self.judge.sales.names;
        let mut stop = |cell: Cell, reason: &str| {
            one.cell = cell;
            one.reason = reason.to_owned();
            one.parts.clear();
            one.taxed = 0;
        };
        let Some(paid) = &self.after.paid_in_period else {
            return stop(Cell::NotTested, "the seller reports cash, and the exports do not say what was paid");
        };
        let paid = paid.get(names.get(document.id)).copied().unwrap_or(0);
        if names.get(document.kind) == "credit_note" {
            let own = document.tax_point.or(document.issued);
            return match own.is_some_and(|own| self.wanted.period.contains(own)) {
                true => {
                    stop(Cell::NotTested, "the seller reports cash: it depends on whether the credited sale was paid")
                }
                false => stop(Cell::OtherPeriod, ""),
            };
        }
        match document.gross.map(i128::from) {
            _ if paid == 0 => stop(Cell::OtherPeriod, ""),
            Some(gross) if gross > 0 && paid > 0 => one.share = Share { part: paid.min(gross), of: gross },
            _ => stop(Cell::NotTested, "the seller reports cash, and what was paid of how much is not known"),
        }
    }

    fn differences(&mut self, at: u32, lines: &[u32], judged: &[Judged], rows: &[Stated], places: u8) {
        let sales = self.judge.sales;
        let document = &sales.documents[at as usize];
        let by_line = self.sellers.get(sales.names.get(document.entity)).copied().unwrap_or(false);
        let manner = Manner { places, by_line };
        let is_by_line = rows.iter().any(|row| row.line != NONE);
        let line_of = |line: &u32| if is_by_line { sales.lines[*line as usize].line } else { NONE };
        let of_lines = || lines.iter().map(line_of).zip(judged);
        let states = units(of_lines(), manner, |_, units| units);
        // As far as they are in the period: of a seller who reports cash, what was paid.
        let is_part = judged.iter().any(|one| one.share != Share::WHOLE);
        let parts = if is_part {
            units(of_lines(), manner, |one, units| one.share.take(units, places))
        } else {
            states.clone()
        };
        // Tax of lines that are on no return of the period is not compared.
        let mut left: Vec<(u32, Stated)> = Vec::new();
        let first = states.keys().next().copied();
        for row in rows {
            let cell_of_line = lines.iter().zip(judged).find(|(line, _)| sales.lines[**line as usize].line == row.line);
            let away = match cell_of_line {
                Some((_, one)) if row.line != NONE => !one.cell.is_on_return(),
                _ => first.is_none(),
            };
            if away {
                let like = cell_of_line.map(|(_, one)| one).or_else(|| judged.first());
                self.sums.land_tax(at, like, row.tax);
                continue;
            }
            let known = sales.names.option(row.jurisdiction).and_then(|id| self.judge.reference.jurisdiction(id));
            left.push((known.unwrap_or(NONE), row.clone()));
        }
        let is_split = left.iter().any(|(jurisdiction, _)| *jurisdiction != NONE);
        for (state, units) in &states {
            let is_last = states.keys().next_back() == Some(state);
            let mine: Vec<(u32, Stated)> = if states.len() == 1 {
                left.clone()
            } else {
                let of = |one: u32| if one == NONE { None } else { self.judge.reference.top(one) };
                let mine = |top: Option<u32>| match top {
                    Some(top) if states.contains_key(&top) => top == *state,
                    _ => is_last,
                };
                left.iter().filter(|(one, _)| mine(of(*one))).cloned().collect()
            };
            let compared = if is_split || mine.is_empty() && self.judge.taxes.are_given {
                compare(self.judge.reference, manner, units, &mine)
            } else {
                let (stated, rate) = if mine.is_empty() {
                    let own = lines
                        .iter()
                        .zip(judged)
                        .filter(|(_, one)| one.state == Some(*state) && one.cell.is_on_return());
                    let tax: Option<i128> = own.map(|(line, _)| sales.lines[*line as usize].tax.map(i128::from)).sum();
                    match tax {
                        Some(tax) => (tax, None),
                        // Not stated: not compared, and said so.
                        None => {
                            self.sums.no_tax_stated(at, *state);
                            (0, None)
                        }
                    }
                } else {
                    let rates: Vec<i128> = mine.iter().filter_map(|(_, row)| row.rate).map(i128::from).collect();
                    let tax = mine.iter().filter_map(|(_, row)| row.tax).map(i128::from).sum();
                    (tax, if let [rate] = rates[..] { Some(rate) } else { None })
                };
                compare_sum(self.judge.reference, manner, units, stated, rate)
            };
            let day = judged.iter().find(|one| one.state == Some(*state)).and_then(|one| one.day);
            let is_intrastate =
                judged.iter().find(|one| one.state == Some(*state)).is_some_and(|one| one.is_intrastate);
            let first = judged.iter().find(|one| one.state == Some(*state) && one.cell.is_on_return());
            let share = first.map_or(Share::WHOLE, |one| one.share);
            let whole: i128 = compared.iter().map(|one| one.collected).sum();
            let compared = difference::scaled(compared, share, places);
            let rest = whole - compared.iter().map(|one| one.collected).sum::<i128>();
            self.sums.later_tax(at, *state, rest);
            let none = BTreeMap::new();
            let units = parts.get(state).unwrap_or(&none);
            self.sums.compared(at, *state, (day, is_intrastate), units, &compared, &mine);
        }
    }
}

/// By state: what each of its authorities is due of the document, from lines (with their number, where tax is stated by line)
/// that are on a return; `take` is what of a base counts.
fn units<'j>(
    lines: impl Iterator<Item = (u32, &'j Judged)>,
    manner: Manner,
    take: impl Fn(&Judged, i128) -> i128,
) -> BTreeMap<u32, BTreeMap<UnitKey, Unit>> {
    let mut states: BTreeMap<u32, BTreeMap<UnitKey, Unit>> = BTreeMap::new();
    for (line, one) in lines {
        let Some(state) = one.state.filter(|_| one.cell.is_on_return()) else { continue };
        let units = states.entry(state).or_default();
        for part in &one.parts {
            let base = take(one, part.base);
            // Exact tax is the base times a rate, of a part as of the whole.
            let exact = if part.base == base { part.exact } else { part.exact / part.base * base };
            let unit = units.entry((part.jurisdiction, part.rate, line)).or_default();
            unit.base += base;
            unit.exact += exact;
            unit.by_line += manner.round(exact);
            unit.lines += u64::from(base != 0);
        }
    }
    states
}

/// Adds one record.
fn count(measure: &mut Measure, currency: &str, units: i128) {
    measure.records += 1;
    *measure.money.entry(currency.to_owned()).or_default() += units;
}

fn record(packed: i64) -> RecordRef {
    RecordRef::unpack(packed)
}
