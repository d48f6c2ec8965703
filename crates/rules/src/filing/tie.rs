//! What happened after the sale (refunds, bad debts, filed returns, payments), and whether invoices, tax engine, ledger, returns and
//! payments say the same of a period.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tieout_model::Date;
use tieout_model::filing::{Papers, ReconcilingItem, Tie, TieSource};

use super::Wanted;
use super::sale::{NONE, Sales, Taxes};
use crate::catalog::Catalog;
use crate::engine::{Engine, EngineError};
use crate::rows::rows;

/// A debt that was written off, or came in after all.
#[derive(Clone, Debug)]
pub(crate) struct BadDebt {
    pub id: String,
    pub day: Date,
    /// Money units; negative for a recovery.
    pub net: i128,
    pub tax: i128,
}

/// Seller, jurisdiction, period.
type ReturnKey = (String, String, String);

/// What other populations say of documents and periods.
#[derive(Default)]
pub(crate) struct After {
    /// By document: tax given back, and the last day.
    pub refunds: HashMap<String, (i128, Option<Date>)>,
    /// By document: up to the end of the period, in order of day and id.
    pub bad_debts: HashMap<String, Vec<BadDebt>>,
    /// Lines of the last version; none: the exports have no filed returns.
    filed: Option<Filed>,
    payments: HashMap<ReturnKey, (i128, u64)>,
    /// Currency, id, period that is paid, day, amount.
    pub paid: Vec<(String, String, String, Date, i128)>,
    /// By document: applied in the period; none: the exports have no applications.
    pub paid_in_period: Option<HashMap<String, i128>>,
}

/// Filed returns: lines of the last version of each.
pub(crate) type Filed = BTreeMap<ReturnKey, Vec<(String, i128)>>;

/// What is on file; none where the exports have no filed returns.
pub(crate) fn filed_returns(engine: &dyn Engine, catalog: &Catalog) -> Result<Option<Filed>, EngineError> {
    if catalog.table("return_filed").is_none() {
        return Ok(None);
    }
    let columns = ["entity_id", "jurisdiction_id", "period", "line_code", "amount", "version"];
    let mut versions: BTreeMap<ReturnKey, BTreeMap<i128, Vec<(String, i128)>>> = BTreeMap::new();
    for row in rows(engine, catalog, "return_filed", &columns)?.iter() {
        let key = (row.text("entity_id"), row.text("jurisdiction_id"), row.text("period"));
        let (Some(entity), Some(place), Some(period)) = key else { continue };
        let (Some(code), Some(amount)) = (row.text("line_code"), row.units("amount")) else { continue };
        let version = row.units("version").unwrap_or(0);
        versions.entry((entity, place, period)).or_default().entry(version).or_default().push((code, amount));
    }
    // An amended return replaces the whole earlier one.
    Ok(Some(versions.into_iter().filter_map(|(key, mut all)| Some((key, all.pop_last()?.1))).collect()))
}

impl After {
    pub(crate) fn read(engine: &dyn Engine, catalog: &Catalog, wanted: &Wanted) -> Result<Self, EngineError> {
        let mut after = Self::default();
        let is_known = |day: Date| wanted.as_of.is_none_or(|as_of| day <= as_of);
        let columns = ["adjustment_id", "invoice_id", "adjustment_date", "type", "net_amount", "tax_amount"];
        for row in rows(engine, catalog, "adjustment", &columns)?.iter() {
            let (Some(document), Some(day)) = (row.text("invoice_id"), row.day("adjustment_date")) else { continue };
            let (net, tax) = (row.units("net_amount").unwrap_or(0), row.units("tax_amount").unwrap_or(0));
            match row.text("type").as_deref() {
                Some("tax_refund") if is_known(day) => {
                    let sum = after.refunds.entry(document).or_default();
                    sum.0 += tax;
                    sum.1 = sum.1.max(Some(day));
                }
                Some("bad_debt") if day < wanted.period.to => {
                    let id = row.text("adjustment_id").unwrap_or_default();
                    after.bad_debts.entry(document).or_default().push(BadDebt { id, day, net, tax });
                }
                _ => {}
            }
        }
        after.bad_debts.values_mut().for_each(|debts| debts.sort_by(|a, b| (a.day, &a.id).cmp(&(b.day, &b.id))));
        if catalog.table("payment_application").is_some() {
            let mut paid: HashMap<String, i128> = HashMap::new();
            for row in rows(engine, catalog, "payment_application", &["invoice_id", "applied_date", "amount"])?.iter() {
                let (Some(document), Some(day)) = (row.text("invoice_id"), row.day("applied_date")) else { continue };
                if wanted.period.contains(day) && is_known(day) {
                    *paid.entry(document).or_default() += row.units("amount").unwrap_or(0);
                }
            }
            after.paid_in_period = Some(paid);
        }
        after.filed = filed_returns(engine, catalog)?;
        let columns = ["entity_id", "jurisdiction_id", "period", "payment_date", "amount", "payment_id", "currency"];
        for row in rows(engine, catalog, "tax_payment", &columns)?.iter() {
            let key = (row.text("entity_id"), row.text("jurisdiction_id"), row.text("period"));
            let (Some(entity), Some(place), Some(period)) = key else { continue };
            let (Some(day), Some(amount)) = (row.day("payment_date"), row.units("amount")) else { continue };
            if is_known(day) {
                let id = row.text("payment_id").unwrap_or_default();
                after.paid.push((row.text("currency").unwrap_or_default(), id, period.clone(), day, amount));
                let sum = after.payments.entry((entity, place, period)).or_default();
                sum.0 += amount;
                sum.1 += 1;
            }
        }
        Ok(after)
    }

    /// Whether a return is on file; `None` where the exports have no filed returns.
    pub(crate) fn was_filed(&self, entity: &str, jurisdiction: &str, period: &str) -> Option<bool> {
        let filed = self.filed.as_ref()?;
        Some(filed.contains_key(&(entity.to_owned(), jurisdiction.to_owned(), period.to_owned())))
    }

    /// Lines filed last by a seller for a period: jurisdiction, code, amount.
    pub(crate) fn filed(&self, entity: &str, period: &str) -> Vec<(String, String, i128)> {
        let all = self.filed.iter().flatten().filter(|((of, _, when), _)| of == entity && when == period);
        all.flat_map(|((_, place, _), lines)| {
            lines.iter().map(move |(code, amount)| (place.clone(), code.clone(), *amount))
        })
        .collect()
    }

    /// Payments for a period.
    pub(crate) fn paid(&self, entity: &str, jurisdiction: &str, period: &str) -> (i128, u64) {
        let key = (entity.to_owned(), jurisdiction.to_owned(), period.to_owned());
        self.payments.get(&key).copied().unwrap_or_default()
    }
}

/// An entry of the account for tax payable.
struct Entry {
    id: String,
    document: Option<String>,
    day: Date,
    amount: i128,
    is_manual: bool,
}

/// The tie-out by currency. Ledgers know no seller, so with several sellers theirs is told once, for all of them.
pub(crate) fn ties(
    engine: &dyn Engine,
    catalog: &Catalog,
    wanted: &Wanted,
    sales: &Sales,
    taxes: &Taxes,
    (papers, after): (&Papers, &After),
) -> Result<Vec<Tie>, EngineError> {
    let mut currencies: BTreeSet<String> = sales
        .documents
        .iter()
        .filter_map(|document| sales.names.option(document.currency))
        .map(str::to_owned)
        .collect();
    currencies.extend(papers.filings.iter().map(|filing| filing.currency.clone()));
    let sellers: BTreeSet<&str> =
        sales.documents.iter().filter_map(|document| sales.names.option(document.entity)).collect();
    let entity = if sellers.len() == 1 { sellers.iter().next().map_or("", |one| one) } else { "all sellers" };
    let mut ties = Vec::new();
    for currency in currencies {
        let tie = Books { engine, catalog, wanted, sales, taxes, papers, after, currency }.tie(entity)?;
        ties.push(tie);
    }
    Ok(ties)
}

struct Books<'a> {
    engine: &'a dyn Engine,
    catalog: &'a Catalog,
    wanted: &'a Wanted,
    sales: &'a Sales,
    taxes: &'a Taxes,
    papers: &'a Papers,
    after: &'a After,
    currency: String,
}

/// Tax of a document as billed.
struct Billed {
    number: String,
    day: Option<Date>,
    tax: i128,
    is_posted: bool,
}

impl Books<'_> {
    fn tie(&self, entity: &str) -> Result<Tie, EngineError> {
        let billed = self.billed();
        let period = self.wanted.period;
        let is_in = |day: Option<Date>| day.is_some_and(|day| period.contains(day));
        let posted = billed.values().filter(|one| one.is_posted && is_in(one.day));
        let (mut tax, mut records) = (0, 0);
        posted.for_each(|one| {
            tax += one.tax;
            records += 1;
        });
        let mut tie = Tie {
            entity: entity.to_owned(),
            currency: self.currency.clone(),
            sources: vec![TieSource { name: "invoices".to_owned(), tax: Some(tax), records }],
            opening: None,
            accrued: 0,
            paid: 0,
            closing: None,
            items: Vec::new(),
        };
        self.ledger(&mut tie, &billed)?;
        self.tax_engine(&mut tie, &billed)?;
        self.returns(&mut tie);
        self.payments(&mut tie);
        tie.items.sort_by(|a, b| {
            (&a.between, std::cmp::Reverse(a.age), &a.document).cmp(&(
                &b.between,
                std::cmp::Reverse(b.age),
                &b.document,
            ))
        });
        Ok(tie)
    }

    fn billed(&self) -> BTreeMap<String, Billed> {
        let names = &self.sales.names;
        let mut by_line: HashMap<u32, i128> = HashMap::new();
        for line in &self.sales.lines {
            *by_line.entry(line.document).or_default() += line.tax.map_or(0, i128::from);
        }
        let mut billed = BTreeMap::new();
        for (at, document) in (0u32..).zip(&self.sales.documents) {
            if names.option(document.currency) != Some(self.currency.as_str()) || document.id == NONE {
                continue;
            }
            let rows = self.taxes.of.get(&at);
            let tax = rows.map_or_else(
                || by_line.get(&at).copied().unwrap_or(0),
                |rows| rows.iter().filter_map(|row| row.tax).map(i128::from).sum(),
            );
            let one = Billed {
                number: names.get(document.number).to_owned(),
                day: document.tax_point.or(document.issued),
                tax,
                is_posted: names.get(document.status) == "posted",
            };
            billed.insert(names.get(document.id).to_owned(), one);
        }
        billed
    }

    fn age(&self, day: Option<Date>) -> Option<i32> {
        Some(self.wanted.as_of?.0 - day?.0)
    }

    fn item(&self, between: &str, what: &str, document: &str, day: Option<Date>, amount: i128) -> ReconcilingItem {
        let [between, what, document] = [between, what, document].map(str::to_owned);
        ReconcilingItem { between, what, document, day, age: self.age(day), amount }
    }

    fn ledger(&self, tie: &mut Tie, billed: &BTreeMap<String, Billed>) -> Result<(), EngineError> {
        if self.catalog.table("gl_tax_entry").is_none() {
            tie.sources.push(TieSource { name: "ledger".to_owned(), tax: None, records: 0 });
            return Ok(());
        }
        let period = self.wanted.period;
        #[rustfmt::skip]
        let columns = ["gl_entry_id", "line_no", "account", "posting_date", "source_document", "amount", "is_manual", "currency"];
        let mut entries = Vec::new();
        let mut accounts = BTreeSet::new();
        for row in rows(self.engine, self.catalog, "gl_tax_entry", &columns)?.iter() {
            if row.text("currency").as_deref() != Some(self.currency.as_str()) {
                continue;
            }
            let (Some(day), Some(amount)) = (row.day("posting_date"), row.units("amount")) else { continue };
            accounts.extend(row.text("account"));
            entries.push(Entry {
                id: row.text("gl_entry_id").unwrap_or_default(),
                document: row.text("source_document"),
                day,
                amount,
                is_manual: row.flag("is_manual").unwrap_or(false),
            });
        }
        let numbers: HashMap<&str, &String> = billed.iter().map(|(id, one)| (one.number.as_str(), id)).collect();
        let find = |document: &str| {
            billed.get_key_value(document).map(|(id, _)| id).or_else(|| numbers.get(document).copied())
        };
        let between = "invoices / ledger";
        let mut booked: HashMap<&String, (i128, i128, u64)> = HashMap::new();
        let mut records = 0;
        for entry in &entries {
            let own = entry.document.as_deref().and_then(find);
            let is_in = period.contains(entry.day);
            if is_in {
                records += 1;
                // What settles the account is no accrual.
                if own.is_none() && entry.amount < 0 && !entry.is_manual {
                    tie.paid -= entry.amount;
                } else {
                    tie.accrued += entry.amount;
                }
            }
            match own {
                Some(id) => {
                    let sum = booked.entry(id).or_default();
                    sum.0 += entry.amount;
                    sum.2 += 1;
                    if is_in {
                        sum.1 += entry.amount;
                    }
                }
                None if is_in && entry.is_manual => {
                    tie.items.push(self.item(
                        between,
                        "manual entry without a document",
                        &entry.id,
                        Some(entry.day),
                        entry.amount,
                    ));
                }
                None if is_in && entry.amount >= 0 => {
                    let what = match &entry.document {
                        Some(_) => "ledger names a document that is not among the invoices",
                        None => "ledger entry without a document",
                    };
                    let name = entry.document.as_ref().unwrap_or(&entry.id);
                    tie.items.push(self.item(between, what, name, Some(entry.day), entry.amount));
                }
                None => {}
            }
        }
        for (id, one) in billed {
            let should = if one.is_posted && one.day.is_some_and(|day| period.contains(day)) { one.tax } else { 0 };
            let (all, within, entries) = booked.get(id).copied().unwrap_or_default();
            let difference = within - should;
            if difference == 0 {
                continue;
            }
            let what = match () {
                () if !one.is_posted => "the bill is not posted, the ledger holds its tax",
                () if entries == 0 => "not in the ledger",
                () if all == one.tax => "posted in another period than its tax point",
                () => "amounts differ",
            };
            tie.items.push(self.item(between, what, &one.number, one.day, difference));
        }
        tie.sources.push(TieSource { name: "ledger".to_owned(), tax: Some(tie.accrued), records });
        let (mut opening, mut closing) = (None, None);
        for row in rows(self.engine, self.catalog, "gl_balance", &["account", "as_of", "currency", "balance"])?.iter() {
            let is_own = row.text("account").is_some_and(|account| accounts.contains(&account));
            if !is_own || row.text("currency").as_deref() != Some(self.currency.as_str()) {
                continue;
            }
            let (Some(day), Some(balance)) = (row.day("as_of"), row.units("balance")) else { continue };
            // A balance is as at the end of its day.
            if day == period.from.add_days(-1) {
                opening = Some(opening.unwrap_or(0) + balance);
            }
            if day == period.to.add_days(-1) {
                closing = Some(closing.unwrap_or(0) + balance);
            }
        }
        (tie.opening, tie.closing) = (opening, closing);
        if let (Some(opening), Some(closing)) = (opening, closing) {
            let computed = opening + tie.accrued - tie.paid;
            if computed != closing {
                let what = "the account does not roll forward: closing as stated less opening + accrued − paid";
                tie.items.push(self.item(
                    "ledger / ledger",
                    what,
                    "",
                    Some(period.to.add_days(-1)),
                    closing - computed,
                ));
            }
        }
        Ok(())
    }

    fn tax_engine(&self, tie: &mut Tie, billed: &BTreeMap<String, Billed>) -> Result<(), EngineError> {
        if self.catalog.table("engine_txn").is_none() {
            tie.sources.push(TieSource { name: "engine".to_owned(), tax: None, records: 0 });
            return Ok(());
        }
        let columns = ["engine_doc", "status", "tax", "currency"];
        let numbers: HashMap<&str, &String> = billed.iter().map(|(id, one)| (one.number.as_str(), id)).collect();
        let mut of: BTreeMap<String, (i128, u64)> = BTreeMap::new();
        for row in rows(self.engine, self.catalog, "engine_txn", &columns)?.iter() {
            let is_own = row.text("currency").as_deref() == Some(self.currency.as_str());
            if !is_own || row.text("status").as_deref() != Some("committed") {
                continue;
            }
            let document = row.text("engine_doc").unwrap_or_default();
            let id = numbers.get(document.as_str()).map_or(document.clone(), |id| (*id).clone());
            let sum = of.entry(id).or_default();
            sum.0 += row.units("tax").unwrap_or(0);
            sum.1 += 1;
        }
        let between = "invoices / engine";
        let period = self.wanted.period;
        let (mut tax, mut records) = (0, 0);
        for (id, (committed, rows)) in &of {
            match billed.get(id) {
                Some(one) if one.day.is_some_and(|day| period.contains(day)) => {
                    tax += committed;
                    records += rows;
                    if !one.is_posted {
                        let what = "the bill is not posted, the engine has committed it";
                        tie.items.push(self.item(between, what, &one.number, one.day, *committed));
                    } else if *committed != one.tax {
                        let is_small = (committed - one.tax).abs() < 10_000;
                        let what = if is_small { "the engine keeps more decimals" } else { "amounts differ" };
                        tie.items.push(self.item(between, what, &one.number, one.day, committed - one.tax));
                    }
                }
                Some(_) => {}
                None => {
                    tie.items.push(self.item(
                        between,
                        "the engine knows a document that is not among the invoices",
                        id,
                        None,
                        *committed,
                    ));
                }
            }
        }
        for (id, one) in billed {
            let is_in = one.is_posted && one.day.is_some_and(|day| period.contains(day));
            if is_in && one.tax != 0 && !of.contains_key(id) {
                tie.items.push(self.item(between, "not in the engine", &one.number, one.day, -one.tax));
            }
        }
        tie.sources.push(TieSource { name: "engine".to_owned(), tax: Some(tax), records });
        Ok(())
    }

    /// This period's returns as prepared, papers of other filing periods with them: the tie-out is of tax, not of forms.
    fn returns(&self, tie: &mut Tie) {
        let own = || self.papers.filings.iter().filter(|filing| filing.currency == self.currency);
        let tax: i128 = own().flat_map(|filing| &filing.schedule).map(|row| row.due).sum();
        let count = own().count() as u64;
        let is_whole = self.wanted.state.is_none() && count > 0;
        let name = "papers and returns".to_owned();
        tie.sources.push(TieSource { name, tax: is_whole.then_some(tax), records: if is_whole { count } else { 0 } });
        if let Some(invoices) = tie.sources.first().and_then(|source| source.tax).filter(|_| is_whole) {
            self.explain(tie, invoices, tax);
        }
    }

    /// What left in the period by the payments' own days, against what left the ledger.
    fn payments(&self, tie: &mut Tie) {
        let period = self.wanted.period;
        let own = self
            .after
            .paid
            .iter()
            .filter(|(currency, _, _, day, _)| *currency == self.currency && period.contains(*day));
        let own: Vec<_> = own.collect();
        let has_any = self.catalog.table("tax_payment").is_some();
        let sum: i128 = own.iter().map(|(.., amount)| amount).sum();
        tie.sources.push(TieSource {
            name: "payments made in the period".to_owned(),
            tax: has_any.then_some(sum),
            records: own.len() as u64,
        });
        if !has_any || self.catalog.table("gl_tax_entry").is_none() || sum == tie.paid {
            return;
        }
        for (_, id, of, day, amount) in own {
            let what = format!("paid for {of}");
            tie.items.push(self.item("ledger / payments", &what, id, Some(*day), *amount));
        }
        let paid = tie.paid;
        tie.items.push(self.item("ledger / payments", "left the ledger in the period", "", None, -paid));
    }

    /// Why the returns' tax is not what was billed: every cause of the schedules, and what is on no return.
    fn explain(&self, tie: &mut Tie, invoices: i128, returns: i128) {
        use tieout_model::filing::{Cause, Kind};
        let between = "invoices / returns";
        let own = self.papers.filings.iter().filter(|filing| filing.currency == self.currency);
        let mut left = returns - invoices;
        let mut add = |what: &str, of: &str, amount: i128, tie: &mut Tie| {
            if amount != 0 {
                left -= amount;
                tie.items.push(self.item(between, what, of, None, amount));
            }
        };
        for filing in own {
            for cause in Cause::ALL {
                let sum: i128 = filing.schedule.iter().map(|row| row.differences[cause.index()]).sum();
                let register = match cause {
                    Cause::Rounding => "rounding of documents (schedule)".to_owned(),
                    _ => format!("{} (registers of over- and under-collection)", cause.words()),
                };
                add(&register, &filing.state, -sum, tie);
            }
            let debts = filing.schedule.iter().filter(|row| row.kind == Kind::BadDebts).map(|row| row.due);
            add("bad debts (bad_debts)", &filing.state, debts.sum(), tie);
        }
        let mut other: BTreeMap<String, i128> = BTreeMap::new();
        for one in &self.papers.landed_tax {
            use tieout_model::filing::Cell;
            // Of other periods and of no sales there is nothing among the invoices of this one.
            if !matches!(one.cell, Cell::OtherPeriod | Cell::NoSale) {
                *other.entry(one.cell.words()).or_default() +=
                    one.measure.money.get(&self.currency).copied().unwrap_or(0);
            }
        }
        for (words, sum) in other {
            add(&words, "", -sum, tie);
        }
        let rest = left;
        if rest != 0 {
            tie.items.push(self.item(
                between,
                "credits and lines that their state takes in another period",
                "",
                None,
                rest,
            ));
        }
    }
}
