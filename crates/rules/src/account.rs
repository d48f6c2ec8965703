//! Everything of one customer: what they were billed, what they paid, what they were credited, what is in dispute.

use tieout_ingest::store::Store;
use tieout_model::account::{Account, Entry, Section, Standing, Sum};
use tieout_model::amount::NO_CURRENCY;
use tieout_model::{Amount, Date, RecordRef};

use crate::catalog::{Catalog, Scope};
use crate::checks::sentence::number;
use crate::engine::columnar::{Columnar, bounds};
use crate::engine::{Engine, EngineError};
use crate::expr::{Cmp, Expr};
use crate::plan::Plan;
use crate::value::{Dim, Relation, Ty, Value};

/// Populations in the order of the page: how a record is the customer's, the day it is told by, further columns.
#[rustfmt::skip]
const SECTIONS: [(&str, &str, &str, &[&str]); 9] = [
    ("invoice", "customer_id", "issue_date", &["invoice_no", "document_type", "status", "due_date", "gross_total", "balance", "currency", "customer_po", "original_invoice_id", "reason_code", "sent_date"]),
    ("payment", "customer_id", "payment_date", &["payment_id", "amount", "currency", "status", "method", "reference"]),
    ("payment_application", "invoice.customer_id", "applied_date", &["payment_id", "invoice_id", "amount", "currency"]),
    ("credit_application", "invoice.customer_id", "applied_date", &["credit_note_id", "invoice_id", "amount", "currency"]),
    ("refund", "customer_id", "requested_date", &["refund_id", "amount", "currency", "status", "paid_date"]),
    ("dispute", "invoice.customer_id", "opened_date", &["dispute_id", "invoice_id", "amount", "reason", "closed_date"]),
    ("complaint", "customer_id", "received_date", &["complaint_id", "invoice_id", "category", "closed_date"]),
    ("reminder", "customer_id", "sent_date", &["reminder_id", "invoice_id", "level"]),
    ("subscription", "customer_id", "start_date", &["subscription_id", "plan_id", "status", "quantity", "unit_price", "currency", "billing_period", "end_date"]),
];

/// Columns of the customer's own record.
const CUSTOMER: [&str; 8] =
    ["name", "owner", "email", "tax_id", "payment_terms_code", "segment", "tax_exempt", "active"];

/// The account of a customer; `None` where no record of the exports is theirs.
pub fn account(store: &Store, id: &str, as_of: Option<Date>) -> Result<Option<Account>, EngineError> {
    let engine = Columnar::new(store);
    let catalog = Catalog::new(store, &bounds(store)?);
    let look = Look { engine: &engine, catalog: &catalog, id };
    let customer = look.rows("customer", "customer_id", &CUSTOMER)?;
    let own = customer.rows.first().map(|row| cells(&customer, row)).unwrap_or_default();
    let mut sections = Vec::new();
    for (population, of, day, columns) in SECTIONS {
        let wanted: Vec<&str> = std::iter::once(day).chain(columns.iter().copied()).collect();
        let rows = look.rows(population, of, &wanted)?;
        let at = rows.find(day);
        let mut entries: Vec<(Option<Value>, Entry)> = rows
            .rows
            .iter()
            .map(|row| {
                let entry = Entry { record: record(&row[0]), cells: cells(&rows, row) };
                (at.map(|at| row[at].clone()), entry)
            })
            .collect();
        entries.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.record.cmp(&b.1.record)));
        let records: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
        if !records.is_empty() {
            sections.push(Section { population: population.to_owned(), records });
        }
    }
    if customer.rows.is_empty() && sections.is_empty() {
        return Ok(None);
    }
    Ok(Some(Account { id: id.to_owned(), cells: own, sums: look.sums(as_of)?, sections }))
}

struct Look<'a> {
    engine: &'a dyn Engine,
    catalog: &'a Catalog,
    id: &'a str,
}

impl Look<'_> {
    /// The customer's records with their number and those of the columns that the exports have; none without the population.
    fn rows(&self, population: &str, of: &str, columns: &[&str]) -> Result<Relation, EngineError> {
        if self.catalog.table(population).is_none() {
            return Ok(Relation::default());
        }
        let mut scope = Scope::new(self.catalog, population, "");
        let Some(customer) = scope.column(of).filter(|expr| expr.ty == Ty::Text) else {
            return Ok(Relation::default());
        };
        let mut wanted = vec![("rec".to_owned(), scope.rec_expr())];
        wanted.extend(columns.iter().filter_map(|name| Some(((*name).to_owned(), scope.column(name)?))));
        let plan = scope.plan().filter(customer.compare(Cmp::Eq, Expr::text(self.id))).project(wanted);
        self.run(plan)
    }

    fn run(&self, plan: Plan) -> Result<Relation, EngineError> {
        let mut found = self.engine.run(&[plan])?.into_iter().next().unwrap_or_default();
        found.rows.sort();
        Ok(found)
    }

    /// Balances of posted documents; none where the exports state no balance.
    fn sums(&self, as_of: Option<Date>) -> Result<Vec<(Sum, Standing)>, EngineError> {
        let rows =
            self.rows("invoice", "customer_id", &["status", "document_type", "balance", "due_date", "currency"])?;
        let places = ["status", "document_type", "balance", "due_date", "currency"].map(|name| rows.find(name));
        let [Some(status), Some(kind), Some(balance), due, currency] = places else { return Ok(Vec::new()) };
        let mut sums = [Sum::Open, Sum::Overdue, Sum::Credit].map(|sum| (sum, Standing::default()));
        for row in rows.rows.iter().filter(|row| row[status].as_text() == Some("posted")) {
            let is_credit = row[kind].as_text() == Some("credit_note");
            let units = row[balance].num();
            if units == Some(0) {
                continue;
            }
            let due = due.and_then(|at| row[at].date());
            let is_overdue = as_of.zip(due).is_some_and(|(as_of, due)| due < as_of);
            for (sum, standing) in &mut sums {
                let counts = match sum {
                    Sum::Open => !is_credit,
                    Sum::Overdue => !is_credit && is_overdue,
                    Sum::Credit => is_credit,
                };
                match units.filter(|_| counts) {
                    Some(units) => {
                        standing.documents += 1;
                        let currency = currency.and_then(|at| row[at].as_text()).unwrap_or(NO_CURRENCY);
                        *standing.money.entry(currency.to_owned()).or_default() += units;
                    }
                    None if counts => standing.unknown += 1,
                    None => {}
                }
            }
        }
        Ok(sums.into_iter().filter(|(_, standing)| standing.documents + standing.unknown > 0).collect())
    }
}

fn record(value: &Value) -> RecordRef {
    RecordRef::unpack(value.num().and_then(|units| i64::try_from(units).ok()).unwrap_or(0))
}

fn cells(relation: &Relation, row: &[Value]) -> Vec<(String, String)> {
    let cells = relation.columns.iter().zip(row).skip(1).filter(|(_, value)| !value.is_null());
    cells.map(|(column, value)| (column.name.clone(), shown(value, column.ty))).collect()
}

/// As people write it: money with two decimals at least.
fn shown(value: &Value, ty: Ty) -> String {
    match (value, ty) {
        (Value::Num(units), Ty::Num { dim: Dim::Money, scale }) => Amount::new(*units, scale).to_display(2),
        _ => number(value, ty),
    }
}
