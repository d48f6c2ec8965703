//! Whom a reminder may go to: overdue documents by the books, against what the books do not show yet.
//!
//! When in doubt, no reminder: money that could cover several documents holds every one of them back that it covers.

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::store::Store;
use tieout_model::chase::{Chase, Overdue, Standing};
use tieout_model::finding::Disposition;
use tieout_model::{Amount, AuditReport, Date, Severity};

use crate::catalog::Catalog;
use crate::engine::columnar::{Columnar, bounds};
use crate::engine::{Engine, EngineError};
use crate::rows::{Row, rows};

/// What is asked besides the documents themselves.
const ASKED: [&str; 5] = ["payment", "payment_application", "credit_application", "dispute", "reminder"];

/// Every document that is overdue on a day; a reminder within `days` before it holds another one back.
pub fn chase(store: &Store, report: &AuditReport, as_of: Date, days: i32) -> Result<Chase, EngineError> {
    let engine = Columnar::new(store);
    let catalog = Catalog::new(store, &bounds(store)?);
    let desk = Desk { as_of, days, known: Known::read(&engine, &catalog, as_of)?, wrong: wrong(report) };
    #[rustfmt::skip]
    let columns = ["invoice_id", "invoice_no", "document_type", "status", "due_date", "customer_id", "currency", "balance", "gross_total",
        "payable_amount", "prepaid_amount", "customer.dunning_hold"];
    let rows = rows(&engine, &catalog, "invoice", &columns)?;
    let mut documents: Vec<Overdue> = rows.iter().filter_map(|row| desk.overdue(row)).collect();
    documents.sort_by(|a, b| (&a.customer, a.due, &a.number).cmp(&(&b.customer, b.due, &b.number)));
    let unasked = ASKED.iter().filter(|name| catalog.table(name).is_none()).map(|name| (*name).to_owned()).collect();
    Ok(Chase { documents, unasked })
}

struct Desk {
    as_of: Date,
    days: i32,
    known: Known,
    /// By document: the rule of an open finding.
    wrong: BTreeMap<String, String>,
}

impl Desk {
    fn overdue(&self, row: Row<'_>) -> Option<Overdue> {
        let is_bill = matches!(row.text("document_type").as_deref(), Some("invoice" | "debit_note"));
        let (due, balance) = (row.day("due_date"), row.units("balance"));
        if row.text("status").as_deref() != Some("posted") || !is_bill {
            return None;
        }
        if due.is_some_and(|due| due >= self.as_of) || balance.is_some_and(|units| units <= 0) {
            return None;
        }
        let document = row.text("invoice_id")?;
        let customer = row.text("customer_id").unwrap_or_default();
        let currency = row.text("currency").unwrap_or_default();
        let reminders = self.known.reminders.as_ref().map(|all| all.get(&document).map_or(0, |(times, _)| *times));
        let (standing, why) = match balance.filter(|_| due.is_some() && !customer.is_empty() && !currency.is_empty()) {
            Some(balance) => self.standing(row, &document, (&customer, &currency), balance),
            None => {
                let lacks = [(due.is_none(), "due date"), (balance.is_none(), "balance")];
                let lack = lacks.iter().find(|(is, _)| *is).map_or("customer or currency", |(_, words)| words);
                (Standing::NotTestable, format!("it has no {lack}"))
            }
        };
        let number = row.text("invoice_no").unwrap_or_else(|| document.clone());
        let balance = balance.map(Amount::money);
        Some(Overdue { document, number, customer, due, balance, currency, standing, why, reminders })
    }

    fn standing(&self, row: Row<'_>, id: &str, owner: (&String, &String), balance: i128) -> (Standing, String) {
        let known = &self.known;
        let of = |sums: &BTreeMap<String, i128>| sums.get(id).copied().unwrap_or(0);
        let (paid, credited) = (of(&known.paid), of(&known.credited));
        let owed = row
            .units("payable_amount")
            .or_else(|| row.units("gross_total").map(|gross| gross - row.units("prepaid_amount").unwrap_or(0)));
        let shown = |units: i128| format!("{} {}", Amount::money(units).to_display(2), owner.1);
        // Where the books know of more than the documents, the books are asked only.
        if let Some(left) = owed.map(|owed| (owed - paid - credited).max(0)).filter(|left| *left < balance) {
            let standing = if paid > 0 { Standing::Paid } else { Standing::Credited };
            // Without an application, what differs is the balance itself.
            if paid > 0 || credited > 0 {
                return (standing, format!("by applications {} is open", shown(left)));
            }
        }
        if let Some(since) = known.disputed.get(id) {
            return (Standing::Disputed, since.map_or(String::new(), |since| format!("since {since}")));
        }
        if let Some(rule) = self.wrong.get(id) {
            return (Standing::Wrong, rule.clone());
        }
        let key = (owner.0.clone(), owner.1.clone());
        if let Some(held) = known.unused.get(&key).copied().filter(|held| *held >= balance) {
            return (Standing::InTransit, format!("{} of theirs is not put to use", shown(held)));
        }
        if row.flag("customer.dunning_hold") == Some(true) {
            return (Standing::Agreed, String::new());
        }
        let last = known.reminders.as_ref().and_then(|all| all.get(id)).and_then(|(_, last)| *last);
        if let Some(last) = last.filter(|last| last.add_days(self.days) > self.as_of) {
            return (Standing::Reminded, format!("on {last}"));
        }
        (Standing::May, String::new())
    }
}

/// Documents that open findings are about: the wrong item itself, or what shows it where that is no document.
fn wrong(report: &AuditReport) -> BTreeMap<String, String> {
    let families: BTreeMap<&str, &str> =
        report.rules.iter().map(|rule| (rule.card.id.as_str(), rule.card.family.as_str())).collect();
    let mut wrong = BTreeMap::new();
    for finding in &report.findings {
        // What reminders and settlements are wrong about is asked of the documents above.
        let after = ["reminders", "payments", "reconciliation"].map(Some);
        let is_after = after.contains(&families.get(finding.rule.as_str()).copied());
        if finding.disposition != Disposition::Open || finding.severity == Severity::Advice || is_after {
            continue;
        }
        let own = finding.key.iter().filter(|(column, _)| column == "invoice_id").map(|(_, id)| id.clone());
        let mut documents: BTreeSet<String> = own.collect();
        if documents.is_empty() {
            let cells = finding.evidence.iter().flat_map(|evidence| &evidence.cells);
            documents.extend(cells.filter(|(column, _)| column == "invoice_id").map(|(_, id)| id.clone()));
        }
        for id in documents {
            wrong.entry(id).or_insert_with(|| finding.rule.clone());
        }
    }
    wrong
}

/// What the other populations say.
#[derive(Default)]
struct Known {
    paid: BTreeMap<String, i128>,
    credited: BTreeMap<String, i128>,
    disputed: BTreeMap<String, Option<Date>>,
    /// By document: how many, and the last; none where the exports have no reminders.
    reminders: Option<BTreeMap<String, (u64, Option<Date>)>>,
    /// By customer and currency: cash and credit not put to use.
    unused: BTreeMap<(String, String), i128>,
}

impl Known {
    fn read(engine: &dyn Engine, catalog: &Catalog, as_of: Date) -> Result<Self, EngineError> {
        let mut known = Self::default();
        let mut applied: BTreeMap<String, i128> = BTreeMap::new();
        let all =
            rows(engine, catalog, "payment_application", &["payment_id", "invoice_id", "amount", "discount_taken"])?;
        for row in all.iter() {
            let amount = row.units("amount").unwrap_or(0);
            *applied.entry(row.text("payment_id").unwrap_or_default()).or_default() += amount;
            let settled = amount + row.units("discount_taken").unwrap_or(0);
            *known.paid.entry(row.text("invoice_id").unwrap_or_default()).or_default() += settled;
        }
        let all = rows(engine, catalog, "credit_application", &["invoice_id", "amount"])?;
        for row in all.iter() {
            *known.credited.entry(row.text("invoice_id").unwrap_or_default()).or_default() +=
                row.units("amount").unwrap_or(0);
        }
        let all = rows(engine, catalog, "refund", &["payment_id", "amount"])?;
        for row in all.iter() {
            *applied.entry(row.text("payment_id").unwrap_or_default()).or_default() += row.units("amount").unwrap_or(0);
        }
        let all = rows(engine, catalog, "payment", &["payment_id", "customer_id", "currency", "amount", "status"])?;
        for row in all.iter() {
            let is_received = row.text("status").is_none_or(|status| status == "cleared");
            let Some((id, customer)) = row.text("payment_id").zip(row.text("customer_id")).filter(|_| is_received)
            else {
                continue;
            };
            let left = row.units("amount").unwrap_or(0) - applied.get(&id).copied().unwrap_or(0);
            *known.unused.entry((customer, row.text("currency").unwrap_or_default())).or_default() += left.max(0);
        }
        let all = rows(engine, catalog, "invoice", &["document_type", "status", "customer_id", "currency", "balance"])?;
        for row in all.iter() {
            let is_credit = row.text("document_type").as_deref() == Some("credit_note")
                && row.text("status").as_deref() == Some("posted");
            let Some(customer) = row.text("customer_id").filter(|_| is_credit) else { continue };
            let open = row.units("balance").unwrap_or(0).abs();
            *known.unused.entry((customer, row.text("currency").unwrap_or_default())).or_default() += open;
        }
        let all = rows(engine, catalog, "dispute", &["invoice_id", "opened_date", "closed_date"])?;
        for row in all.iter() {
            let is_open = row.day("closed_date").is_none_or(|closed| closed > as_of);
            let id = row.text("invoice_id").filter(|_| is_open);
            known.disputed.extend(id.map(|id| (id, row.day("opened_date"))));
        }
        if catalog.table("reminder").is_some() {
            let mut reminders: BTreeMap<String, (u64, Option<Date>)> = BTreeMap::new();
            let all = rows(engine, catalog, "reminder", &["invoice_id", "sent_date", "level"])?;
            for row in all.iter() {
                // A courtesy note before the due date is no reminder.
                if row.units("level").is_some_and(|level| level <= 0) {
                    continue;
                }
                let seen = reminders.entry(row.text("invoice_id").unwrap_or_default()).or_default();
                *seen = (seen.0 + 1, seen.1.max(row.day("sent_date")));
            }
            known.reminders = Some(reminders);
        }
        Ok(known)
    }
}
