//! Whether corrections arrived: entries of the register against documents and refunds that are posted.
//!
//! A refund belongs to a refund that was proposed, a credit note to a credit, a debit note to what was billed too low; that a note was
//! paid out proves nothing of another.
//! A credit note belongs to a proposal if it is of the same customer and currency, refers to one of its documents, and was issued on
//! the day of the proposal or later. A proposal over several documents may come as one note or as one for each of them. Each note is
//! taken once: by the proposal whose money it has, else by the oldest. "Recovered" means matched in amount and tax, and put to use; a
//! register that says so by itself would prove nothing.

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::store::Store;
use tieout_model::amount::MONEY_SCALE;
use tieout_model::correction::Action;
use tieout_model::register::{Arrival, Entry, Issued, Register, State};
use tieout_model::{Amount, AuditReport, Date};

use crate::catalog::{Catalog, Scope};
use crate::engine::columnar::{Columnar, bounds};
use crate::engine::{Engine, EngineError};
use crate::expr::{Cmp, Expr};
use crate::value::{Relation, Ty, Value};

/// What answers a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paper {
    Credit,
    Debit,
    Refund,
}

impl Paper {
    /// The paper that a proposal asks for; none where no paper tells whether it was done, or it is not pursued.
    fn of(entry: &Entry) -> Option<Self> {
        let action = Action::ALL.into_iter().find(|action| action.name() == entry.action)?;
        let paper = match action {
            Action::CreditMemo | Action::TaxCredit => Self::Credit,
            Action::DebitMemo => Self::Debit,
            Action::Refund => Self::Refund,
            _ => return None,
        };
        entry.withdrawn.is_none().then_some(paper)
    }
}

/// A posted document that corrects another one, or a refund.
#[derive(Clone, Debug)]
struct Posted {
    id: String,
    number: String,
    customer: String,
    currency: String,
    day: Option<Date>,
    /// What it gives back for: documents, payments, refunds that were asked for. Empty if it does not say.
    refers: BTreeSet<String>,
    paper: Paper,
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
    let mut posted = documents(&engine, &catalog, "credit_note", Paper::Credit)?;
    posted.extend(documents(&engine, &catalog, "debit_note", Paper::Debit)?);
    posted.extend(refunds(&engine, &catalog)?);
    let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
    let mut taken: BTreeMap<&str, Vec<&Posted>> = BTreeMap::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    // Those with the right money choose first, then the oldest proposal.
    let mut order: Vec<&Entry> = register.entries.values().collect();
    order.sort_by_key(|entry| (entry.proposed, &entry.id));
    for exact in [true, false] {
        for entry in order.iter().copied().filter(|entry| Paper::of(entry).is_some()) {
            if taken.contains_key(entry.id.as_str()) {
                continue;
            }
            let own: Vec<&Posted> =
                posted.iter().filter(|one| !used.contains(one.id.as_str()) && belongs(one, entry)).collect();
            let chosen = chosen(&own, entry, exact);
            if !chosen.is_empty() {
                used.extend(chosen.iter().map(|one| one.id.as_str()));
                taken.insert(&entry.id, chosen);
            }
        }
    }
    let as_of = report.as_of;
    let arrival = |entry: &Entry| {
        let chosen = taken.get(entry.id.as_str()).map_or(&[][..], Vec::as_slice);
        let age = as_of.map_or(0, |as_of| u64::try_from(i64::from(as_of.0) - i64::from(entry.proposed.0)).unwrap_or(0));
        let sum = Sum::of(chosen);
        let issued = |one: &&Posted| Issued { id: one.id.clone(), number: one.number.clone(), day: one.day };
        Arrival {
            id: entry.id.clone(),
            state: state(entry, sum.as_ref(), &found, age > patience),
            documents: chosen.iter().map(issued).collect(),
            gross: sum.as_ref().map(|sum| Amount::money(sum.gross)),
            tax: sum.as_ref().and_then(|sum| sum.tax).map(Amount::money),
            unused: sum.as_ref().and_then(|sum| sum.unused).map(Amount::money),
            age,
        }
    };
    Ok(register.entries.values().map(arrival).collect())
}

impl Posted {
    /// A refund that does not say for what, and has just the money of one that was proposed to this customer.
    fn is_bare_of(&self, entry: &Entry) -> bool {
        self.refers.is_empty() && self.paper == Paper::Refund && self.gross == units(entry.gross())
    }
}

/// What some documents come to.
struct Sum {
    gross: i128,
    tax: Option<i128>,
    unused: Option<i128>,
}

impl Sum {
    /// None of none.
    fn of(posted: &[&Posted]) -> Option<Self> {
        (!posted.is_empty()).then(|| Self {
            gross: posted.iter().map(|one| one.gross).sum(),
            tax: posted.iter().map(|one| one.tax).sum(),
            unused: posted.iter().map(|one| one.unused).sum(),
        })
    }

    /// True if it is what the proposal asked for.
    fn is_of(&self, entry: &Entry) -> bool {
        self.gross == units(entry.gross()) && self.tax.is_none_or(|tax| tax == units(entry.tax))
    }
}

/// Of what belongs to a proposal: the document with its money, else one for each document that it corrects. Where the money need not
/// be right, whatever there is.
fn chosen<'p>(own: &[&'p Posted], entry: &Entry, exact: bool) -> Vec<&'p Posted> {
    let fits = |some: &[&Posted]| Sum::of(some).is_some_and(|sum| sum.is_of(entry));
    if let Some(one) = own.iter().copied().find(|one| fits(&[*one])) {
        return vec![one];
    }
    let mut first: BTreeMap<&str, &'p Posted> = BTreeMap::new();
    for one in own.iter().copied() {
        let corrected = entry.documents.iter().find(|id| one.refers.contains(*id));
        first.entry(corrected.map_or("", String::as_str)).or_insert(one);
    }
    let each: Vec<&Posted> = first.into_values().collect();
    if !exact || fits(&each) { each } else { Vec::new() }
}

fn belongs(one: &Posted, entry: &Entry) -> bool {
    one.customer == entry.customer
        && one.currency == entry.currency
        && one.day.is_none_or(|day| day >= entry.proposed)
        && Paper::of(entry) == Some(one.paper)
        && (entry.documents.iter().any(|id| one.refers.contains(id)) || one.is_bare_of(entry))
}

fn state(entry: &Entry, issued: Option<&Sum>, found: &BTreeSet<&str>, is_late: bool) -> State {
    if entry.withdrawn.is_some() {
        return State::Withdrawn;
    }
    let Some(sum) = issued else {
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
    match sum.unused {
        _ if sum.gross != units(entry.gross()) => State::WrongAmount,
        _ if !sum.is_of(entry) => State::WrongTax,
        // What of a bill is still open, the customer owes.
        _ if Paper::of(entry) == Some(Paper::Debit) => State::Billed,
        None => State::Issued,
        Some(0) => State::Recovered,
        Some(_) => State::NotApplied,
    }
}

fn units(amount: Amount) -> i128 {
    amount.units_at(MONEY_SCALE).unwrap_or(amount.units)
}

/// Posted documents of a kind that refer to another one.
fn documents(engine: &dyn Engine, catalog: &Catalog, kind: &str, paper: Paper) -> Result<Vec<Posted>, EngineError> {
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
    let rows = rows(engine, catalog, "invoice", &columns, &[("document_type", kind), ("status", "posted")])?;
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
            refers: BTreeSet::from([text("original_invoice_id")?]),
            paper,
            gross: money("gross_total")?,
            tax: money("tax_total"),
            unused: money("balance"),
        })
    };
    Ok(rows.rows.iter().filter_map(posted).collect())
}

/// Refunds of payments and credit notes, and so of the documents that these were for; one that is paid is with the customer.
fn refunds(engine: &dyn Engine, catalog: &Catalog) -> Result<Vec<Posted>, EngineError> {
    let mut behind: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (population, from, to) in
        [("payment_application", "payment_id", "invoice_id"), ("invoice", "invoice_id", "original_invoice_id")]
    {
        let rows = rows(engine, catalog, population, &[from, to], &[])?;
        let (Some(from), Some(to)) = (rows.find(from), rows.find(to)) else { continue };
        for (from, to) in rows.rows.iter().filter_map(|row| Some((row[from].as_text()?, row[to].as_text()?))) {
            behind.entry(from.to_owned()).or_default().insert(to.to_owned());
        }
    }
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
        // The refund itself may have been asked for, and waited.
        let refers = |id: &String| -> BTreeSet<String> {
            let mut all: BTreeSet<String> =
                [text("payment_id"), text("credit_note_id")].into_iter().flatten().collect();
            all.extend(all.clone().iter().filter_map(|one| behind.get(one)).flatten().cloned());
            if !all.is_empty() {
                all.insert(id.clone());
            }
            all
        };
        Some(Posted {
            number: id.clone(),
            refers: refers(&id),
            paper: Paper::Refund,
            id,
            customer: text("customer_id")?,
            currency: text("currency").unwrap_or_default(),
            day: day("paid_date").or(day("requested_date")),
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

#[cfg(test)]
mod tests {
    use tieout_model::register::Register;

    use super::*;

    fn entry(action: &str, money: &str, documents: &str) -> Entry {
        let line = format!(
            "2026-11-05  p1  proposed  by=prep action={action} customer=C-1 currency=USD {money} documents={documents} findings=f1\n"
        );
        Register::read(&line).entries.remove("p1").unwrap()
    }

    fn posted(id: &str, refers: &[&str], cents: i128, tax: i128) -> Posted {
        Posted {
            id: id.to_owned(),
            number: id.to_owned(),
            customer: "C-1".to_owned(),
            currency: "USD".to_owned(),
            day: "2026-11-20".parse().ok(),
            refers: refers.iter().map(|id| (*id).to_owned()).collect(),
            paper: match id.as_bytes() {
                [b'R', ..] => Paper::Refund,
                [b'D', ..] => Paper::Debit,
                _ => Paper::Credit,
            },
            gross: cents * 10_000,
            tax: Some(tax * 10_000),
            unused: Some(0),
        }
    }

    fn taken(own: &[Posted], entry: &Entry, exact: bool) -> Vec<String> {
        let own: Vec<&Posted> = own.iter().filter(|one| belongs(one, entry)).collect();
        chosen(&own, entry, exact).into_iter().map(|one| one.id.clone()).collect()
    }

    /// 54.12 and 10.82 of two invoices: as one note, as one for each, or with one of them missing.
    #[test]
    fn a_proposal_over_two_invoices_comes_as_one_note_or_as_two() {
        let asked = entry("credit_memo", "net=60.00 tax=4.94", "I-1,I-2");
        let (one, two) = (posted("N-1", &["I-1"], 5_412, 412), posted("N-2", &["I-2"], 1_082, 82));
        let both = posted("N-3", &["I-1"], 6_494, 494);
        assert_eq!(taken(&[both], &asked, true), ["N-3"]);
        assert_eq!(taken(&[two.clone(), one.clone()], &asked, true), ["N-1", "N-2"]);
        assert!(taken(std::slice::from_ref(&one), &asked, true).is_empty());
        assert_eq!(taken(std::slice::from_ref(&one), &asked, false), ["N-1"], "and the amount is another one");
        let wrong = Sum::of(&[&one]).unwrap();
        assert!(!wrong.is_of(&asked) && Sum::of(&[&one, &two]).is_some_and(|sum| sum.is_of(&asked)));
    }

    #[test]
    fn what_was_billed_too_low_is_billed() {
        let asked = entry("debit_memo", "net=50.00 tax=4.12", "I-1");
        let own = [posted("N-1", &["I-1"], 5_412, 412), posted("D-1", &["I-1"], 5_412, 412)];
        assert_eq!(taken(&own, &asked, true), ["D-1"]);
        let open = Posted { unused: Some(54_120_000), ..own[1].clone() };
        let none = BTreeSet::new();
        assert_eq!(state(&asked, Sum::of(&[&open]).as_ref(), &none, false), State::Billed);
        let other = posted("D-2", &["I-1"], 5_400, 400);
        assert_eq!(state(&asked, Sum::of(&[&other]).as_ref(), &none, false), State::WrongAmount);
    }

    #[test]
    fn a_refund_answers_a_refund_and_may_say_nothing_of_what_it_is_for() {
        let refund = entry("refund", "net=50.00 tax=0.00", "P-1");
        let of = |id: &str, refers: &[&str], cents: i128| Posted { tax: None, ..posted(id, refers, cents, 0) };
        assert_eq!(
            taken(&[of("R-1", &["P-1", "I-1"], 4_000)], &refund, false),
            ["R-1"],
            "another amount, for this payment"
        );
        assert_eq!(taken(&[of("R-2", &[], 5_000)], &refund, true), ["R-2"]);
        assert!(taken(&[of("R-3", &[], 4_000)], &refund, false).is_empty(), "it may be anything's");
        assert!(taken(&[of("N-1", &["P-1"], 5_000)], &refund, false).is_empty(), "a note is no refund");
        let memo = entry("credit_memo", "net=50.00 tax=0.00", "I-1");
        assert!(taken(&[of("R-1", &["I-1"], 5_000)], &memo, false).is_empty(), "that another note was paid out");
    }
}
