//! From sums to papers: every return with its bridge, schedule and registers.

use tieout_model::amount::{MONEY_SCALE, minor_units, pow10, round_units};
use tieout_model::coverage::Measure;
use tieout_model::filing::{
    Basis, Bridge, BridgeRow, Cause, Cell, CertificateRow, Filing, Kind, Landed, Papers, RegisterRow, ScheduleRow,
    TAX_SCALE,
};
use tieout_model::{Date, Period, Rounding};

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::lines;
use super::{Draft, FilingKey, LandedKey, Sums};

impl Sums<'_> {
    pub(crate) fn papers(mut self) -> Papers {
        // A seller files also where nothing was sold.
        for registration in &self.reference.registrations {
            let period = self.wanted.period;
            let is_due = registration.from < period.to && registration.to.is_none_or(|to| to > period.from);
            let place = &self.reference.jurisdictions[registration.jurisdiction as usize];
            let (Some(entity), Some(currency)) = (self.sales.names.find(&registration.entity), &place.currency) else {
                continue;
            };
            let Some(currency) = self.sales.names.find(currency).filter(|_| is_due && place.level.is_top()) else {
                continue;
            };
            self.drafts.entry((entity, registration.jurisdiction, currency)).or_default();
        }
        let mut papers = Papers { population: self.population.clone(), ..Papers::default() };
        for (key, draft) in std::mem::take(&mut self.drafts) {
            let name = self.reference.jurisdictions[key.1 as usize].subdivision.clone().unwrap_or_default();
            if self.wanted.wants(&name) {
                papers.filings.push(self.filing(key, draft));
            }
        }
        let names = &self.sales.names;
        papers.filings.sort_by(|a, b| (&a.entity, &a.state, &a.currency).cmp(&(&b.entity, &b.state, &b.currency)));
        let list = |landed: HashMap<LandedKey, Measure>| -> Vec<Landed> {
            let one = |((entity, state, _, cell, reason), measure): (LandedKey, Measure)| Landed {
                entity: names.get(entity).to_owned(),
                state: self
                    .reference
                    .jurisdictions
                    .get(state as usize)
                    .and_then(|place| place.subdivision.clone())
                    .unwrap_or_default(),
                cell,
                reason,
                measure,
            };
            let mut all: Vec<Landed> = landed.into_iter().map(one).collect();
            all.sort_by(|a, b| {
                (&a.entity, &a.state, a.cell, &a.reason, a.measure.money.keys().next()).cmp(&(
                    &b.entity,
                    &b.state,
                    b.cell,
                    &b.reason,
                    b.measure.money.keys().next(),
                ))
            });
            all
        };
        papers.landed = list(std::mem::take(&mut self.landed));
        papers.landed_tax = list(std::mem::take(&mut self.landed_tax));
        papers
    }

    fn filing(&self, key: FilingKey, mut draft: Draft) -> Filing {
        let (entity, state, currency) = key;
        let names = &self.sales.names;
        let place = &self.reference.jurisdictions[state as usize];
        let name = place.subdivision.clone().unwrap_or_default();
        let currency = self.currency(currency).to_owned();
        let places = minor_units(&currency).unwrap_or(2);
        let period = self.wanted.period;
        let registration = self
            .registration(entity, state, period.from)
            .or_else(|| self.registration(entity, state, period.to.add_days(-1)));
        let entity = names.get(entity).to_owned();
        let bridge = self.bridge(&entity, &name, &currency, &mut draft);
        let schedule = self.schedule(state, &draft, places);
        let mut register = std::mem::take(&mut draft.register);
        let practice = self.reference.practice(&name, "over_collected", period.to.add_days(-1)).map(str::to_owned);
        register.sort_by(|a, b| {
            let size = |row: &RegisterRow| std::cmp::Reverse(row.difference().abs());
            (size(a), &a.number, &a.jurisdiction).cmp(&(size(b), &b.number, &b.jurisdiction))
        });
        self.give_back(&mut register);
        if register.iter().any(|row| row.open() > 0) && practice.is_none() {
            draft
                .remarks
                .insert(format!("no row says whether {name} wants over-collected tax refunded first or remitted"));
        }
        for (why, count) in &draft.not_deducted {
            draft.remarks.insert(format!("{count} bad debts and recoveries are not deducted: {why}"));
        }
        if draft.without_stated_tax > 0 {
            let text = format!("{} documents state no tax at all; they count as untaxed", draft.without_stated_tax);
            draft.remarks.insert(text);
        }
        let period_name = self.wanted.period_name.clone();
        let is_own_period = registration.is_none_or(|one| one.frequency.period(period.from) == period_name);
        if let Some(registration) = registration.filter(|_| !is_own_period) {
            let whole = registration.frequency.period(period.from);
            let is_part = whole.parse::<Period>().is_ok_and(|whole| whole.from <= period.from && period.to <= whole.to);
            let words = if is_part { "a part of such a period" } else { "more than one such period" };
            let often = registration.frequency.word();
            let text = format!("{name} is filed {often}: these are papers for {words}, and no return");
            draft.remarks.insert(text);
        }
        let due_date = registration.filter(|_| is_own_period).and_then(|one| one.due_day).and_then(|day| {
            let next = period.to;
            let day = i8::try_from(day).ok()?;
            Date::from_ymd(next.year(), next.month(), day)
        });
        let certificates = self.certificates(&draft);
        let mut credits = std::mem::take(&mut draft.credits);
        credits.sort_by(|a, b| (a.day, &a.number).cmp(&(b.day, &b.number)));
        let mut bad_debts = std::mem::take(&mut draft.bad_debts);
        bad_debts.sort_by(|a, b| (a.day, &a.number).cmp(&(b.day, &b.number)));
        let mut cutoff = std::mem::take(&mut draft.cutoff);
        cutoff.sort_by(|a, b| (a.change, &a.number).cmp(&(b.change, &b.number)));
        let mut filing = Filing {
            state: name.clone(),
            authority: place.id.clone(),
            period,
            period_name,
            currency,
            registration_no: registration.and_then(|one| one.number.clone()),
            due_date,
            basis: registration.map_or(Basis::Accrual, |one| one.basis),
            is_amended: self.after.was_filed(&entity, &place.id, &self.wanted.period_name) == Some(true),
            bridge,
            schedule,
            register,
            certificates,
            unsupported: std::mem::take(&mut draft.unsupported),
            credits,
            bad_debts,
            cutoff,
            lines: Vec::new(),
            filed: Vec::new(),
            rounded: draft.rounded,
            unverified: draft.unverified,
            unverified_taxability: draft.unverified_taxability,
            rules: self.reference.rules(&name, period.to.add_days(-1)),
            remarks: Vec::new(),
            entity,
        };
        if is_own_period && practice.as_deref() == Some("remit") {
            for row in filing.register.iter_mut().filter(|row| row.open() > 0) {
                row.to_remit_with = Some(filing.period_name.clone());
            }
        }
        if is_own_period {
            self.late(&filing, &mut draft.remarks);
            let asked = (self.reference, self.after);
            lines::fill(&mut filing, asked, self.wanted.as_of, &mut draft.remarks);
        }
        filing.remarks = draft.remarks.into_iter().collect();
        filing
    }

    /// A return that is prepared after its day.
    fn late(&self, filing: &Filing, remarks: &mut BTreeSet<String>) {
        let (Some(due), Some(as_of)) = (filing.due_date, self.wanted.as_of) else { return };
        if as_of > due && !filing.is_amended {
            let days = as_of.0 - due.0;
            remarks.insert(format!(
                "was to be filed by {due}, {days} days before the as-of day: no discount; interest and penalty are not worked out"
            ));
        }
    }

    /// What was given back on a document goes to its largest differences first.
    fn give_back(&self, register: &mut [RegisterRow]) {
        let mut left: HashMap<String, (i128, Option<Date>)> = HashMap::new();
        for row in register.iter().filter(|row| row.is_over() && !row.is_reversal) {
            let mut back = self.after.refunds.get(&row.document).copied().unwrap_or_default();
            if let Some(by_credit) = self.sales.names.find(&row.document).and_then(|id| self.given_back.get(&id)) {
                back.0 += by_credit.0;
                back.1 = back.1.max(by_credit.1);
            }
            left.insert(row.document.clone(), back);
        }
        for row in register.iter_mut().filter(|row| row.is_over() && !row.is_reversal) {
            let Some(back) = left.get_mut(&row.document).filter(|back| back.0 > 0) else { continue };
            let part = back.0.min(row.difference());
            row.refunded = (part, back.1);
            back.0 -= part;
        }
    }

    fn bridge(&self, entity: &str, name: &str, currency: &str, draft: &mut Draft) -> Bridge {
        let day = self.wanted.period.to.add_days(-1);
        let mut said = |topic: &str, usual: &str, words: &str| match self.reference.practice(name, topic, day) {
            Some(word) => word.to_owned(),
            None => {
                draft.remarks.insert(format!("no row says {words}: `{usual}` is taken"));
                usual.to_owned()
            }
        };
        let gross = said("gross", "in_state", "whether gross sales are those of the state or of everywhere");
        let has_marketplace =
            said("marketplace_sales", "in_gross", "whether marketplace sales are part of gross sales") != "left_out";
        let rows: Vec<BridgeRow> = draft
            .cells
            .iter()
            .map(|(cell, sum)| BridgeRow {
                cell: *cell,
                lines: sum.lines,
                net: sum.net,
                taxed: sum.taxed,
                hash: sum.hash.finalize().to_hex().to_string(),
            })
            .collect();
        // Sales of the same seller that other states tax.
        let mut elsewhere: BTreeMap<String, (u64, i128)> = BTreeMap::new();
        for ((of, state, _, cell, _), measure) in self.landed.iter().filter(|_| gross == "everywhere") {
            let other = self.reference.jurisdictions.get(*state as usize).and_then(|place| place.subdivision.clone());
            let is_sale = cell.is_on_return() && *cell != Cell::Credit && self.sales.names.get(*of) == entity;
            if let Some(other) = other.filter(|other| is_sale && other != name)
                && let Some(net) = measure.money.get(currency)
            {
                let sum = elsewhere.entry(other).or_default();
                sum.0 += measure.records;
                sum.1 += net;
            }
        }
        let elsewhere: Vec<(String, u64, i128)> =
            elsewhere.into_iter().map(|(state, (lines, net))| (state, lines, net)).collect();
        let out_of_state: i128 = elsewhere.iter().map(|(_, _, net)| net).sum();
        let mut bridge = Bridge { rows, out_of_state, elsewhere, has_marketplace, ..Bridge::default() };
        let credit = bridge.row(Cell::Credit).map_or((0, 0), |row| (row.net, row.taxed));
        let taxable = bridge.row(Cell::Taxable).map_or((0, 0), |row| (row.net, row.taxed));
        bridge.part_not_taxed = taxable.0 - taxable.1 + credit.0 - credit.1;
        bridge.credits = -credit.1;
        bridge.bad_debts = draft.bad_debt_base;
        bridge.not_by_state = draft.not_by_state;
        bridge.gross = bridge
            .rows
            .iter()
            .filter(|row| row.cell != Cell::Credit && (has_marketplace || row.cell != Cell::Marketplace))
            .map(|row| row.net)
            .sum::<i128>()
            + credit.0
            - credit.1
            + out_of_state;
        bridge.taxable = taxable.1 + credit.1 - bridge.bad_debts;
        bridge
    }

    fn schedule(&self, state: u32, draft: &Draft, places: u8) -> Vec<ScheduleRow> {
        let drop = u32::from(TAX_SCALE - places);
        let mut rows: Vec<ScheduleRow> = draft
            .schedule
            .iter()
            .map(|((jurisdiction, kind, rate, is_intrastate, original), sum)| {
                let place = self.reference.jurisdictions.get(*jurisdiction as usize);
                let rate = self.reference.rates.get(*rate);
                let due = round_units(sum.exact, drop, Rounding::HalfUp) * pow10(u32::from(MONEY_SCALE - places));
                let mut differences = sum.differences;
                if *kind == Kind::Sales {
                    // What rounding of documents makes of the row's own.
                    differences[Cause::Rounding.index()] += sum.lawful - due;
                }
                let unknown = "(not in the tables)".to_owned();
                ScheduleRow {
                    jurisdiction: place.map_or_else(|| unknown.clone(), |place| place.id.clone()),
                    level: place.map_or_else(String::new, |place| place.level.name().to_owned()),
                    name: place.map_or_else(|| unknown.clone(), |place| place.name.clone()),
                    reporting_code: place.map_or_else(|| unknown.clone(), |place| place.reporting_code.clone()),
                    kind: *kind,
                    class: rate.map_or_else(String::new, |rate| rate.class.clone()),
                    is_intrastate: *is_intrastate,
                    rate: rate.map(|rate| rate.rate),
                    flat: rate.is_some_and(|rate| rate.flat.is_some()),
                    relied_on: rate.map(|rate| rate.record),
                    original: original.clone(),
                    lines: sum.lines,
                    documents: sum.documents,
                    base: sum.base,
                    exact: sum.exact,
                    due,
                    collected: sum.collected,
                    differences,
                    hash: sum.hash.finalize().to_hex().to_string(),
                }
            })
            .filter(|row| row.base != 0 || row.collected != 0 || row.differences.iter().any(|units| *units != 0))
            .collect();
        let own = &self.reference.jurisdictions[state as usize].id;
        let level = |row: &ScheduleRow| {
            ["country", "state", "county", "city", "district"].iter().position(|one| *one == row.level)
        };
        rows.sort_by(|a, b| {
            let key = |row: &ScheduleRow| {
                (row.jurisdiction != *own, level(row), row.reporting_code.clone(), row.jurisdiction.clone(), row.kind)
            };
            let rest = |row: &ScheduleRow| {
                (row.class.clone(), !row.is_intrastate, row.original.clone(), row.rate, row.relied_on)
            };
            key(a).cmp(&key(b)).then_with(|| rest(a).cmp(&rest(b)))
        });
        rows
    }

    fn certificates(&self, draft: &Draft) -> Vec<CertificateRow> {
        let all = self.reference.certificates.values().flatten();
        let mut rows: Vec<CertificateRow> = all
            .filter_map(|one| {
                let (lines, net) = draft.certificates.get(&one.id)?;
                Some(CertificateRow {
                    certificate: one.id.clone(),
                    customer: one.customer.clone(),
                    reason: one.reason,
                    scope: if one.is_blanket { "blanket" } else { "single_purchase" }.to_owned(),
                    from: one.from,
                    to: one.to,
                    received: one.received,
                    lines: *lines,
                    net: *net,
                })
            })
            .collect();
        rows.sort_by(|a, b| (&a.customer, &a.certificate).cmp(&(&b.customer, &b.certificate)));
        rows
    }
}
