//! Whether corrections arrived: entries of the register against documents and refunds that are posted.
//!
//! A credit note belongs to a proposal if it is of the same customer and currency, refers to one of its documents, and was issued on
//! the day of the proposal or later. Each is taken once: by the proposal whose money it has, else by the oldest. "Recovered" means
//! matched in amount and tax, and put to use; a register that says so by itself would prove nothing.

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::store::Store;
use tieout_model::amount::MONEY_SCALE;
use tieout_model::register::{Arrival, Entry, Register, State};
use tieout_model::{Amount, AuditReport, Date};

use crate::catalog::{Catalog, Scope};
use crate::engine::columnar::{Columnar, bounds};
use crate::engine::{Engine, EngineError};
use crate::expr::{Cmp, Expr};
use crate::value::{Relation, Ty, Value};

/// A posted document that gives back.
#[derive(Clone, Debug)]
struct Posted {
    id: String,
    number: String,
    customer: String,
    currency: String,
    day: Option<Date>,
    refers: Option<String>,
    /// Positive, at money's scale.
    gross: i128,
    tax: Option<i128>,
    /// Positive; none if the exports do not state it.
    unused: Option<i128>,
}

/// What became of each entry, in order of id. A proposal that waits for more than `patience` days is forgotten.
pub fn arrivals(
    store: &Store,
    report: &AuditReport,
    register: &Register,
    patience: u64,
) -> Result<Vec<Arrival>, EngineError> {
    let engine = Columnar::new(store);
    let catalog = Catalog::new(store, &bounds(store)?);
    let mut posted = credit_notes(&engine, &catalog)?;
    posted.extend(refunds(&engine, &catalog)?);
    let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
    let mut taken: BTreeMap<&str, &Posted> = BTreeMap::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    // Those with the right money choose first, then the oldest proposal.
    let mut order: Vec<&Entry> = register.entries.values().collect();
    order.sort_by_key(|entry| (entry.proposed, &entry.id));
    for exact in [true, false] {
        for entry in order.iter().copied().filter(|entry| is_given_back(entry)) {
            if taken.contains_key(entry.id.as_str()) {
                continue;
            }
            let fits = |one: &&Posted| {
                let money = one.gross == units(entry.gross()) && one.tax.is_none_or(|tax| tax == units(entry.tax));
                !used.contains(one.id.as_str()) && belongs(one, entry) && (money || !exact)
            };
            if let Some(one) = posted.iter().find(fits) {
                used.insert(&one.id);
                taken.insert(&entry.id, one);
            }
        }
    }
    let as_of = report.as_of;
    let arrival = |entry: &Entry| {
        let document = taken.get(entry.id.as_str()).copied();
        let age = as_of.map_or(0, |as_of| u64::try_from(i64::from(as_of.0) - i64::from(entry.proposed.0)).unwrap_or(0));
        Arrival {
            id: entry.id.clone(),
            state: state(entry, document, &found, age > patience),
            document: document.map(|one| (one.id.clone(), one.number.clone(), one.day)),
            gross: document.map(|one| Amount::money(one.gross)),
            tax: document.and_then(|one| one.tax).map(Amount::money),
            unused: document.and_then(|one| one.unused).map(Amount::money),
            age,
        }
    };
    Ok(register.entries.values().map(arrival).collect())
}

fn is_given_back(entry: &Entry) -> bool {
    entry.withdrawn.is_none() && ["credit_memo", "tax_credit", "refund"].contains(&entry.action.as_str())
}

fn belongs(one: &Posted, entry: &Entry) -> bool {
    one.customer == entry.customer
        && one.currency == entry.currency
        && one.day.is_none_or(|day| day >= entry.proposed)
        && one.refers.as_ref().is_some_and(|id| entry.documents.contains(id))
}

fn state(entry: &Entry, document: Option<&Posted>, found: &BTreeSet<&str>, is_late: bool) -> State {
    if entry.withdrawn.is_some() {
        return State::Withdrawn;
    }
    let Some(one) = document else {
        // By whatever it was put right: the next audit is the judge.
        let is_gone = !entry.findings.is_empty() && entry.findings.iter().all(|print| !found.contains(print.as_str()));
        return match () {
            () if is_gone => State::Settled,
            () if entry.told.is_some() => State::ToldNotIssued,
            () if is_late => State::Forgotten,
            () if entry.approved.is_some() => State::Approved,
            () => State::Proposed,
        };
    };
    match one.unused {
        _ if one.gross != units(entry.gross()) => State::WrongAmount,
        _ if one.tax.is_some_and(|tax| tax != units(entry.tax)) => State::WrongTax,
        None => State::Issued,
        Some(0) => State::Recovered,
        Some(_) => State::NotApplied,
    }
}

fn units(amount: Amount) -> i128 {
    amount.units_at(MONEY_SCALE).unwrap_or(amount.units)
}

fn credit_notes(engine: &dyn Engine, catalog: &Catalog) -> Result<Vec<Posted>, EngineError> {
    let columns = [
        "invoice_id",
        "invoice_no",
        "customer_id",
        "currency",
        "issue_date",
        "original_invoice_id",
        "gross_total",
        "tax_total",
        "balance",
        "document_type",
        "status",
    ];
    let rows = rows(engine, catalog, "invoice", &columns, &[("document_type", "credit_note"), ("status", "posted")])?;
    let posted = |row: &Vec<Value>| {
        let text = |name: &str| rows.find(name).and_then(|at| row[at].as_text()).map(str::to_owned);
        let money = |name: &str| {
            let at = rows.find(name)?;
            Some(units(Amount::new(row[at].num()?, rows.columns[at].ty.scale())).abs())
        };
        let id = text("invoice_id")?;
        Some(Posted {
            number: text("invoice_no").unwrap_or_else(|| id.clone()),
            id,
            customer: text("customer_id")?,
            currency: text("currency").unwrap_or_default(),
            day: rows.find("issue_date").and_then(|at| row[at].date()),
            refers: text("original_invoice_id"),
            gross: money("gross_total")?,
            tax: money("tax_total"),
            unused: money("balance"),
        })
    };
    Ok(rows.rows.iter().filter_map(posted).collect())
}

/// Refunds of payments and credit notes; one that is paid is with the customer.
fn refunds(engine: &dyn Engine, catalog: &Catalog) -> Result<Vec<Posted>, EngineError> {
    let columns = [
        "refund_id",
        "customer_id",
        "currency",
        "requested_date",
        "paid_date",
        "amount",
        "payment_id",
        "credit_note_id",
    ];
    let rows = rows(engine, catalog, "refund", &columns, &[])?;
    let posted = |row: &Vec<Value>| {
        let text = |name: &str| rows.find(name).and_then(|at| row[at].as_text()).map(str::to_owned);
        let day = |name: &str| rows.find(name).and_then(|at| row[at].date());
        let at = rows.find("amount")?;
        let gross = units(Amount::new(row[at].num()?, rows.columns[at].ty.scale())).abs();
        let id = text("refund_id")?;
        Some(Posted {
            number: id.clone(),
            id,
            customer: text("customer_id")?,
            currency: text("currency").unwrap_or_default(),
            day: day("paid_date").or(day("requested_date")),
            refers: text("payment_id").or(text("credit_note_id")),
            gross,
            tax: None,
            unused: Some(if day("paid_date").is_some() { 0 } else { gross }),
        })
    };
    Ok(rows.rows.iter().filter_map(posted).collect())
}

/// Rows of a population where columns have words; none where the exports have no such population.
fn rows(
    engine: &dyn Engine,
    catalog: &Catalog,
    population: &str,
    columns: &[&str],
    wanted: &[(&str, &str)],
) -> Result<Relation, EngineError> {
    if catalog.table(population).is_none() {
        return Ok(Relation::default());
    }
    let mut scope = Scope::new(catalog, population, "");
    let mut picked = vec![("rec".to_owned(), scope.rec_expr())];
    picked.extend(columns.iter().filter_map(|name| Some(((*name).to_owned(), scope.column(name)?))));
    let mut plan = scope.plan().project(picked);
    for (column, word) in wanted {
        if plan.ty(column) != Some(Ty::Text) {
            return Ok(Relation::default());
        }
        plan = plan.filter(Expr::col(*column, Ty::Text).compare(Cmp::Eq, Expr::text(word)));
    }
    let mut rows = engine.run(&[plan])?.into_iter().next().unwrap_or_default();
    rows.rows.sort();
    Ok(rows)
}
