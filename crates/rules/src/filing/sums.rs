//! Adding up: cells, schedule, registers, by seller, state and currency.

mod close;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tieout_model::amount::{MONEY_SCALE, div_units, minor_units, pow10, round_units};
use tieout_model::coverage::Measure;
use tieout_model::filing::{
    Basis, Cause, Cell, CutoffRow, Detail, DetailPart, Kind, RegisterRow, TAX_SCALE, TracedRow, UnsupportedRow,
};
use tieout_model::{Date, Rounding};

use super::difference::{Compared, Unit, UnitKey};
use super::judge::Judged;
use super::reference::{Reference, Registration};
use super::sale::{NONE, Sales, Stated};
use super::tie::After;
use super::{Wanted, count, record};

/// Seller, state, currency.
type FilingKey = (u32, u32, u32);

/// Seller, state, currency, cell, reason.
type LandedKey = (u32, u32, u32, Cell, String);

/// Jurisdiction, bad debts, row of the rate table (`usize::MAX`: not taxed there), intrastate, original period.
type RowKey = (u32, Kind, usize, bool, String);

#[derive(Clone, Debug, Default)]
struct RowSum {
    lines: u64,
    documents: u64,
    base: i128,
    exact: i128,
    /// Σ due as documents are rounded.
    lawful: i128,
    collected: i128,
    differences: [i128; 6],
    hash: blake3::Hasher,
}

struct CellSum {
    lines: u64,
    net: i128,
    taxed: i128,
    hash: blake3::Hasher,
}

#[derive(Default)]
struct Draft {
    cells: BTreeMap<Cell, CellSum>,
    schedule: BTreeMap<RowKey, RowSum>,
    register: Vec<RegisterRow>,
    certificates: BTreeMap<String, (u64, i128)>,
    unsupported: Vec<UnsupportedRow>,
    credits: Vec<TracedRow>,
    bad_debts: Vec<TracedRow>,
    cutoff: Vec<CutoffRow>,
    rounded: u64,
    unverified: (u64, i128),
    unverified_taxability: (u64, i128),
    not_by_state: i128,
    bad_debt_base: i128,
    without_stated_tax: u64,
    /// Bad debts that are not deducted, by reason.
    not_deducted: BTreeMap<String, u64>,
    remarks: BTreeSet<String>,
}

pub(crate) struct Sums<'a> {
    reference: &'a Reference,
    sales: &'a Sales,
    wanted: &'a Wanted,
    after: &'a After,
    landed: HashMap<LandedKey, Measure>,
    landed_tax: HashMap<LandedKey, Measure>,
    population: Measure,
    drafts: BTreeMap<FilingKey, Draft>,
    /// By document and jurisdiction: what was wrong with its tax.
    causes: HashMap<(u32, u32), Cause>,
    /// Tax given back by credits without a net, by document.
    given_back: HashMap<u32, (i128, Option<Date>)>,
}

impl<'a> Sums<'a> {
    pub(crate) fn new(reference: &'a Reference, sales: &'a Sales, wanted: &'a Wanted, after: &'a After) -> Self {
        Self {
            reference,
            sales,
            wanted,
            after,
            landed: HashMap::new(),
            landed_tax: HashMap::new(),
            population: Measure::default(),
            drafts: BTreeMap::new(),
            causes: HashMap::new(),
            given_back: HashMap::new(),
        }
    }

    fn currency(&self, code: u32) -> &'a str {
        self.sales.names.option(code).unwrap_or(tieout_model::amount::NO_CURRENCY)
    }

    fn address(&self, code: u32) -> &'a str {
        self.sales.addresses.get(code as usize).map_or("", |address| address.id.as_str())
    }

    /// A line lands in its cell.
    pub(crate) fn land(&mut self, at: u32, line: u32, one: &Judged, detail: &mut dyn FnMut(&Detail<'_>)) {
        let document = &self.sales.documents[at as usize];
        let sale = &self.sales.lines[line as usize];
        let whole = sale.net.map_or(0, i128::from);
        let currency = self.currency(document.currency);
        let places = minor_units(currency).unwrap_or(2);
        count(&mut self.population, currency, whole);
        let net = one.share.take(whole, places);
        let taxed = one.share.take(one.taxed, places);
        if net != whole {
            // Paid in part: the rest is money of another period, of a line that is counted here.
            let key = (document.entity, one.state.unwrap_or(NONE), document.currency, Cell::OtherPeriod, String::new());
            *self.landed.entry(key).or_default().money.entry(currency.to_owned()).or_default() += whole - net;
        }
        let is_on = one.cell.is_on_return();
        // In another period the reason is the period.
        let key = (
            document.entity,
            one.state.unwrap_or(NONE),
            document.currency,
            one.cell,
            if is_on { String::new() } else { one.reason.clone() },
        );
        count(self.landed.entry(key).or_default(), currency, net);
        let names = &self.sales.names;
        let (number, line_no) = (names.get(document.number), names.get(sale.line));
        let mut told = Detail {
            filing: None,
            reason: &one.reason,
            record: record(sale.record),
            number,
            line: line_no,
            original: match self.sales.document_at.get(&document.original) {
                Some(at) => names.get(self.sales.documents[*at as usize].number),
                None => names.get(document.original),
            },
            certificate: one.certificate.as_deref().unwrap_or_default(),
            category: names.get(sale.category),
            route: (self.address(document.from), self.address(sale.to)),
            is_intrastate: one.is_intrastate,
            day: one.day,
            customer: names.get(document.customer),
            cell: one.cell,
            net,
            taxed,
            parts: Vec::new(),
        };
        let (Some(state), true) = (one.state, is_on) else {
            if matches!(one.cell, Cell::OnNoReturn | Cell::Unassigned | Cell::NotTested) {
                detail(&told);
            }
            return;
        };
        let draft = self.drafts.entry((document.entity, state, document.currency)).or_default();
        let cell = draft.cells.entry(one.cell).or_insert_with(|| CellSum {
            lines: 0,
            net: 0,
            taxed: 0,
            hash: blake3::Hasher::new(),
        });
        cell.lines += 1;
        cell.net += net;
        cell.taxed += taxed;
        cell.hash.update(format!("{number}\t{line_no}\t{net}\t{taxed}\n").as_bytes());
        if !one.is_verified {
            draft.unverified.0 += 1;
            draft.unverified.1 += net;
        }
        if !one.is_law_given {
            draft.unverified_taxability.0 += 1;
            draft.unverified_taxability.1 += net;
        }
        if !one.by_state {
            draft.not_by_state += taxed;
        }
        if let Some(certificate) = &one.certificate {
            let sum = draft.certificates.entry(certificate.clone()).or_default();
            sum.0 += 1;
            sum.1 += net;
        }
        let day = one.day.unwrap_or(Date(0));
        if let Some(why) = one.unsupported.as_ref().filter(|_| one.taxed != 0) {
            draft.unsupported.push(UnsupportedRow {
                number: number.to_owned(),
                line: line_no.to_owned(),
                customer: names.option(document.customer).map(str::to_owned),
                day,
                net,
                why: why.clone(),
            });
        }
        let state_name = self.reference.jurisdictions[state as usize].subdivision.as_deref().unwrap_or_default();
        let parts = one.parts.iter().map(|part| {
            let rate = &self.reference.rates[part.rate];
            let base = one.share.take(part.base, places);
            let exact = if base == part.base { part.exact } else { part.exact / part.base * base };
            DetailPart {
                jurisdiction: &self.reference.jurisdictions[part.jurisdiction as usize].id,
                class: &rate.class,
                base,
                rate: rate.rate,
                exact,
            }
        });
        told.filing = Some((names.get(document.entity), state_name, currency));
        told.parts = parts.collect();
        detail(&told);
    }

    /// Tax of lines that are on no return of the period.
    pub(crate) fn land_tax(&mut self, at: u32, like: Option<&Judged>, tax: Option<i64>) {
        let document = &self.sales.documents[at as usize];
        let currency = self.currency(document.currency);
        let (state, cell, reason) = like.map_or((NONE, Cell::NotTested, "no line".to_owned()), |one| {
            (one.state.unwrap_or(NONE), one.cell, one.reason.clone())
        });
        let measure = self.landed_tax.entry((document.entity, state, document.currency, cell, reason)).or_default();
        count(measure, currency, tax.map_or(0, i128::from));
    }

    /// Tax of a part of a document that was not paid in the period.
    pub(crate) fn later_tax(&mut self, at: u32, state: u32, units: i128) {
        if units == 0 {
            return;
        }
        let document = &self.sales.documents[at as usize];
        let currency = self.currency(document.currency);
        let key = (document.entity, state, document.currency, Cell::OtherPeriod, String::new());
        *self.landed_tax.entry(key).or_default().money.entry(currency.to_owned()).or_default() += units;
    }

    pub(crate) fn no_tax_stated(&mut self, at: u32, state: u32) {
        let document = &self.sales.documents[at as usize];
        self.drafts.entry((document.entity, state, document.currency)).or_default().without_stated_tax += 1;
    }

    fn registration(&self, entity: u32, state: u32, day: Date) -> Option<&'a Registration> {
        let at = self.reference.registration(self.sales.names.get(entity), state, day)?;
        self.reference.registrations.get(at)
    }

    fn original_period(&self, entity: u32, state: u32, day: Date) -> String {
        self.registration(entity, state, day)
            .map_or_else(|| self.wanted.period_name.clone(), |registration| registration.frequency.period(day))
    }

    /// A document's tax against what is due of it in one state.
    pub(crate) fn compared(
        &mut self,
        at: u32,
        state: u32,
        (day, is_intrastate): (Option<Date>, bool),
        units: &BTreeMap<UnitKey, Unit>,
        compared: &[Compared],
        rows: &[(u32, Stated)],
    ) {
        let document = &self.sales.documents[at as usize];
        let names = &self.sales.names;
        let day = day.unwrap_or(Date(0));
        let original = self.original_period(document.entity, state, day);
        let is_credit = names.get(document.kind) == "credit_note";
        let original_document = self.sales.document_at.get(&document.original).copied().filter(|_| is_credit);
        // A credit of tax alone gives back what an earlier document took too much.
        let is_refund =
            is_credit && units.values().all(|unit| unit.base == 0) && compared.iter().any(|one| one.collected != 0);
        let mut traced = (0i128, 0i128);
        let mut register = Vec::new();
        let mut cutoff = Vec::new();
        for one in compared {
            let row_at = one.unit.map_or(usize::MAX, |key| key.1);
            let is_intrastate = match self.reference.rates.get(row_at).map(|rate| rate.scope.as_str()) {
                Some("interstate") => false,
                Some("intrastate") => true,
                _ => is_intrastate,
            };
            let mut cause = one.cause;
            if is_refund && cause != Cause::Rounding {
                let former = original_document.and_then(|at| self.causes.get(&(at, one.jurisdiction)));
                cause = former.copied().unwrap_or(cause);
            }
            let draft = self.drafts.entry((document.entity, state, document.currency)).or_default();
            let key = (one.jurisdiction, Kind::Sales, row_at, is_intrastate, original.clone());
            let sum = draft.schedule.entry(key).or_default();
            let is_seen = one.base != 0 || one.collected != 0;
            sum.documents += u64::from(is_seen);
            if let Some(unit) = one.unit.and_then(|key| units.get(&key)) {
                sum.lines += unit.lines;
                sum.base += unit.base;
                sum.exact += unit.exact;
                draft.rounded += u64::from(unit.base != 0);
            }
            sum.lawful += one.due;
            sum.collected += one.collected;
            sum.differences[cause.index()] += one.collected - one.due;
            if is_seen {
                sum.hash
                    .update(format!("{}\t{}\t{}\n", names.get(document.number), one.base, one.collected).as_bytes());
            }
            traced.0 += one.due;
            traced.1 += one.collected;
            if cause == Cause::Rounding || one.collected == one.due {
                continue;
            }
            let of_original = original_document.is_some_and(|at| self.causes.contains_key(&(at, one.jurisdiction)));
            let nothing_taken = cause == Cause::Untaxed && one.collected == 0;
            let is_reversal = is_credit && (of_original || is_refund || nothing_taken);
            self.causes.insert((at, one.jurisdiction), cause);
            let jurisdiction = match self.reference.jurisdictions.get(one.jurisdiction as usize) {
                Some(place) => place.id.clone(),
                None => rows
                    .iter()
                    .find(|(code, _)| *code == one.jurisdiction)
                    .map_or_else(String::new, |(_, row)| names.get(row.jurisdiction).to_owned()),
            };
            let rate = self.reference.rates.get(row_at).map(|rate| rate.rate);
            if let (Some((charged, other_from)), Some(row)) = (one.other, self.reference.rates.get(row_at)) {
                cutoff.push(CutoffRow {
                    number: names.get(document.number).to_owned(),
                    day,
                    jurisdiction: jurisdiction.clone(),
                    change: other_from.max(row.from),
                    due_rate: row.rate,
                    charged_rate: charged,
                    difference: one.collected - one.due,
                });
            }
            let id = names.get(document.id);
            register.push(RegisterRow {
                document: id.to_owned(),
                number: names.get(document.number).to_owned(),
                issued: document.issued,
                customer: names.option(document.customer).map(str::to_owned),
                jurisdiction,
                cause,
                base: one.base,
                rate,
                due: one.due,
                collected: one.collected,
                other_rate: one.other,
                is_reversal,
                refunded: (0, None),
                to_remit_with: None,
            });
        }
        if is_refund && let Some(original) = original_document {
            let back = self.given_back.entry(self.sales.documents[original as usize].id).or_default();
            back.0 -= traced.1;
            back.1 = back.1.max(document.issued);
        }
        let draft = self.drafts.entry((document.entity, state, document.currency)).or_default();
        draft.register.extend(register);
        draft.cutoff.extend(cutoff);
        if is_credit && (traced != (0, 0) || units.values().any(|unit| unit.base != 0)) {
            let of = original_document.map(|at| &self.sales.documents[at as usize]);
            let base = units.iter().filter(|(key, _)| key.0 == state).map(|(_, unit)| unit.base).sum();
            draft.credits.push(TracedRow {
                number: names.get(document.number).to_owned(),
                day: document.tax_point.or(document.issued).unwrap_or(day),
                original: of.map_or_else(String::new, |of| names.get(of.number).to_owned()),
                original_day: day,
                original_period: original.clone(),
                customer: names.option(document.customer).map(str::to_owned),
                base,
                due: traced.0,
                stated: traced.1,
                was_filed: self.after.was_filed(
                    names.get(document.entity),
                    &self.reference.jurisdictions[state as usize].id,
                    &original,
                ),
                why_not: String::new(),
            });
        }
    }

    /// Debts written off on a document, and what came in on them after all.
    pub(crate) fn bad_debts(
        &mut self,
        at: u32,
        lines: &[u32],
        judged: &[Judged],
        units: &BTreeMap<u32, BTreeMap<UnitKey, Unit>>,
    ) {
        let document = &self.sales.documents[at as usize];
        let names = &self.sales.names;
        let Some(debts) = self.after.bad_debts.get(names.get(document.id)) else { return };
        let total: i128 = lines.iter().filter_map(|line| self.sales.lines[*line as usize].net).map(i128::from).sum();
        let places = minor_units(self.currency(document.currency)).unwrap_or(2);
        let drop = u32::from(MONEY_SCALE - places);
        let Some(day) = judged.iter().find_map(|one| one.day) else { return };
        for (state, units) in units {
            let place = &self.reference.jurisdictions[*state as usize];
            let name = place.subdivision.clone().unwrap_or_default();
            let original = self.original_period(document.entity, *state, day);
            let was_filed = self.after.was_filed(names.get(document.entity), &place.id, &original);
            let basis = self.registration(document.entity, *state, day).map_or(Basis::Accrual, |one| one.basis);
            let mut taken = 0;
            for debt in debts {
                // Of a sale no more is deducted than it was, over all periods and less what was recovered.
                let net = debt.net.min(total - taken);
                taken += net;
                if debt.day < self.wanted.period.from {
                    continue;
                }
                let why_not = match self.reference.practice(&name, "bad_debt", debt.day) {
                    _ if basis == Basis::Cash => {
                        Some("the seller reports cash received, so nothing was remitted".to_owned())
                    }
                    _ if original == self.wanted.period_name => Some("the sale is of the same period".to_owned()),
                    _ if was_filed == Some(false) => Some(format!("{original} was not filed, so nothing was remitted")),
                    Some("deduct") if net == 0 && debt.net != 0 => {
                        Some("the sale was written off in full before".to_owned())
                    }
                    Some("deduct") => None,
                    Some(_) => Some(format!("{name} allows no deduction")),
                    None => Some(format!("no row says whether {name} allows a deduction")),
                };
                let draft = self.drafts.entry((document.entity, *state, document.currency)).or_default();
                if why_not.is_none() && net != debt.net {
                    let text = format!("bad debt {} is deducted in part: the sale was written off before", debt.id);
                    draft.remarks.insert(text);
                }
                if let Some(why) = &why_not {
                    *draft.not_deducted.entry(why.clone()).or_default() += 1;
                }
                let (mut base_of_state, mut due) = (0, 0);
                for (key, unit) in units.iter().filter(|_| why_not.is_none() && total != 0) {
                    let share = div_units(unit.base * net, total, Rounding::HalfUp);
                    let base = -(round_units(share, drop, Rounding::HalfUp) * pow10(drop));
                    let rate = &self.reference.rates[key.1];
                    let is_intrastate = rate.scope != "interstate";
                    let row = draft
                        .schedule
                        .entry((key.0, Kind::BadDebts, key.1, is_intrastate, original.clone()))
                        .or_default();
                    row.documents += 1;
                    row.lines += unit.lines;
                    row.base += base;
                    row.exact += base * rate.rate;
                    if key.0 == *state {
                        base_of_state += base;
                    }
                    due += round_units(base * rate.rate, u32::from(TAX_SCALE - places), Rounding::HalfUp) * pow10(drop);
                }
                draft.bad_debt_base -= base_of_state;
                draft.bad_debts.push(TracedRow {
                    number: debt.id.clone(),
                    day: debt.day,
                    original: names.get(document.number).to_owned(),
                    original_day: day,
                    original_period: original.clone(),
                    customer: names.option(document.customer).map(str::to_owned),
                    base: base_of_state,
                    due,
                    stated: -debt.tax,
                    was_filed,
                    why_not: why_not.clone().unwrap_or_default(),
                });
            }
        }
    }
}
