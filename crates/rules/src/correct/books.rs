//! What corrections need to know of documents: lines, tax rows, balances, disputes; only of the documents and customers of findings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_model::{Amount, Date, Finding, RecordRef};

use crate::catalog::{Catalog, Scope};
use crate::engine::{Engine, EngineError};
use crate::plan::{Join, Plan};
use crate::value::{Column, Relation, Ty, Value};

/// A document as far as its correction needs it.
#[derive(Clone, Debug, Default)]
pub struct Document {
    pub number: String,
    pub kind: String,
    pub status: String,
    pub customer: Option<String>,
    pub bill_to: Option<String>,
    pub currency: String,
    pub issued: Option<Date>,
    pub due: Option<Date>,
    pub net: Option<Amount>,
    pub gross: Option<Amount>,
    pub balance: Option<Amount>,
}

/// A line of a document; what is left of it is what was not corrected yet.
#[derive(Clone, Debug)]
pub struct BilledLine {
    pub document: String,
    pub line: Option<String>,
    pub item: Option<String>,
    pub quantity: Option<Amount>,
    pub unit_price: Option<Amount>,
    pub tax: Option<Amount>,
    pub rate: Option<Amount>,
    pub jurisdiction: Option<String>,
    pub left: Amount,
}

/// A tax row of a document, or of one line of it; base and tax are what corrections leave of them.
#[derive(Clone, Debug)]
pub struct TaxRow {
    pub line: Option<String>,
    pub jurisdiction: Option<String>,
    pub rate: Option<Amount>,
    pub base: Option<Amount>,
    pub tax: Amount,
}

/// Documents, lines and tax rows by id.
#[derive(Default)]
pub struct Books {
    pub documents: BTreeMap<String, Document>,
    /// Lines by record.
    pub lines: BTreeMap<RecordRef, BilledLine>,
    /// Records of lines by document, in the order of the file.
    pub of_document: BTreeMap<String, Vec<RecordRef>>,
    /// Tax rows by document.
    pub taxes: BTreeMap<String, Vec<TaxRow>>,
    /// The tax row of a record, by document and place in `taxes`.
    pub tax_records: BTreeMap<RecordRef, (String, usize)>,
    /// Day since which a document is in dispute.
    pub disputed: BTreeMap<String, Option<Date>>,
    /// Documents of which a correction is made already.
    pub changed: BTreeSet<String>,
    /// Ids of open invoices by customer, the oldest due first; none where the exports state no balances.
    pub open: Option<BTreeMap<String, Vec<String>>>,
}

/// Reads what the findings touch.
pub fn read(
    engine: &dyn Engine,
    catalog: &Catalog,
    findings: &[&Finding],
    as_of: Option<Date>,
) -> Result<Books, EngineError> {
    let reader = Reader { engine, catalog };
    let mut books = Books::default();
    let of = |population: &str| -> BTreeSet<RecordRef> {
        let evidence = findings.iter().flat_map(|finding| &finding.evidence);
        evidence.filter(|evidence| evidence.population == population).map(|evidence| evidence.record).collect()
    };
    // The documents: those that are evidence, and those of lines and tax rows that are.
    let mut ids: BTreeSet<String> = reader.ids_of("invoice", &of("invoice"))?;
    ids.extend(reader.ids_of("invoice_line", &of("invoice_line"))?);
    ids.extend(reader.ids_of("invoice_tax", &of("invoice_tax"))?);
    let customers: BTreeSet<String> = findings.iter().filter_map(|finding| finding.party.clone()).collect();
    reader.documents(&mut books, "invoice_id", &ids)?;
    reader.documents(&mut books, "customer_id", &customers)?;
    reader.lines(&mut books, &ids)?;
    reader.taxes(&mut books, &ids)?;
    reader.disputes(&mut books, &ids, as_of)?;
    let has_balance = catalog.table("invoice").is_some_and(|table| table.columns.contains_key("balance"));
    books.open = has_balance.then(|| open(&books, &customers));
    Ok(books)
}

/// The state of some documents before a correction.
pub struct Part {
    lines: Vec<(RecordRef, BilledLine)>,
    taxes: Vec<(String, Vec<TaxRow>)>,
    ids: BTreeSet<String>,
    changed: BTreeSet<String>,
}

impl Books {
    /// What corrections may change of some documents.
    pub fn part(&self, ids: &BTreeSet<String>) -> Part {
        let records = ids.iter().filter_map(|id| self.of_document.get(id)).flatten();
        Part {
            lines: records.filter_map(|record| Some((*record, self.lines.get(record)?.clone()))).collect(),
            taxes: ids.iter().filter_map(|id| Some((id.clone(), self.taxes.get(id)?.clone()))).collect(),
            changed: ids.intersection(&self.changed).cloned().collect(),
            ids: ids.clone(),
        }
    }

    /// Takes back what was changed since.
    pub fn restore(&mut self, part: Part) {
        self.lines.extend(part.lines);
        self.taxes.extend(part.taxes);
        self.changed.retain(|id| !part.ids.contains(id));
        self.changed.extend(part.changed);
    }

    /// What customers owe by currency: the balances of their posted invoices, disputed ones with them.
    pub fn balances(&self) -> BTreeMap<(String, String), Amount> {
        let mut balances: BTreeMap<(String, String), Amount> = BTreeMap::new();
        if self.open.is_none() {
            return balances;
        }
        let owing =
            self.documents.values().filter(|document| document.kind == "invoice" && document.status == "posted");
        for document in owing {
            let (Some(customer), Some(balance)) = (&document.customer, document.balance) else { continue };
            let sum = balances.entry((customer.clone(), document.currency.clone())).or_insert(Amount::money(0));
            *sum = sum.plus_money(balance);
        }
        balances
    }
}

fn open(books: &Books, customers: &BTreeSet<String>) -> BTreeMap<String, Vec<String>> {
    let mut open: BTreeMap<String, Vec<(Option<Date>, String)>> = BTreeMap::new();
    for (id, document) in &books.documents {
        let owes = document.balance.is_some_and(|balance| balance.units > 0);
        let Some(customer) = document.customer.as_ref().filter(|customer| customers.contains(*customer)) else {
            continue;
        };
        if owes && document.kind == "invoice" && document.status == "posted" && !books.disputed.contains_key(id) {
            open.entry(customer.clone()).or_default().push((document.due.or(document.issued), id.clone()));
        }
    }
    let sorted = |mut ids: Vec<(Option<Date>, String)>| {
        ids.sort();
        ids.into_iter().map(|(_, id)| id).collect()
    };
    open.into_iter().map(|(customer, ids)| (customer, sorted(ids))).collect()
}

struct Reader<'a> {
    engine: &'a dyn Engine,
    catalog: &'a Catalog,
}

/// Rows with the columns that were asked for; a column that the exports lack is missing everywhere.
struct Rows {
    relation: Relation,
}

impl Rows {
    fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.relation.rows.iter().map(|row| Row { relation: &self.relation, row })
    }
}

struct Row<'a> {
    relation: &'a Relation,
    row: &'a [Value],
}

impl Row<'_> {
    fn cell(&self, name: &str) -> Option<(&Value, Ty)> {
        let at = self.relation.find(name)?;
        Some((&self.row[at], self.relation.columns[at].ty)).filter(|(value, _)| !value.is_null())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.cell(name).and_then(|(value, _)| value.as_text()).map(str::to_owned)
    }

    fn date(&self, name: &str) -> Option<Date> {
        self.cell(name).and_then(|(value, _)| value.date())
    }

    fn amount(&self, name: &str) -> Option<Amount> {
        let (value, ty) = self.cell(name)?;
        Some(Amount::new(value.num()?, ty.scale()))
    }

    fn record(&self) -> RecordRef {
        let units = self.cell("rec").and_then(|(value, _)| value.num()).and_then(|units| i64::try_from(units).ok());
        RecordRef::unpack(units.unwrap_or(0))
    }
}

impl Reader<'_> {
    /// Rows of a population whose column has one of the values.
    fn rows(&self, population: &str, (key, values): (&str, Vec<Value>), columns: &[&str]) -> Result<Rows, EngineError> {
        let none = Rows { relation: Relation::default() };
        if values.is_empty() || self.catalog.table(population).is_none() {
            return Ok(none);
        }
        let mut scope = Scope::new(self.catalog, population, "");
        let key = if key == "rec" { Some(scope.rec_expr()) } else { scope.column(key) };
        let Some(key) = key else { return Ok(none) };
        let ty = key.ty;
        let mut wanted = vec![("rec".to_owned(), scope.rec_expr()), ("~key".to_owned(), key)];
        wanted.extend(columns.iter().filter_map(|name| Some(((*name).to_owned(), scope.column(name)?))));
        let keys = Arc::new(Relation {
            columns: vec![Column { name: "~of".to_owned(), ty }],
            rows: values.into_iter().map(|value| vec![value]).collect(),
        });
        let on = vec![("~key".to_owned(), "~of".to_owned())];
        let plan = scope.plan().project(wanted).near("~key", &keys).join(Plan::Rows(keys), on, Join::Semi);
        let mut relation = self.engine.run(&[plan])?.into_iter().next().unwrap_or_default();
        relation.rows.sort();
        Ok(Rows { relation })
    }

    fn texts(ids: &BTreeSet<String>) -> Vec<Value> {
        ids.iter().map(|id| Value::text(id)).collect()
    }

    /// Ids of the documents that records are, or belong to.
    fn ids_of(&self, population: &str, records: &BTreeSet<RecordRef>) -> Result<BTreeSet<String>, EngineError> {
        let records = records.iter().map(|record| Value::Num(record.pack().into())).collect();
        let rows = self.rows(population, ("rec", records), &["invoice_id"])?;
        Ok(rows.iter().filter_map(|row| row.text("invoice_id")).collect())
    }

    fn documents(&self, books: &mut Books, key: &str, values: &BTreeSet<String>) -> Result<(), EngineError> {
        let columns = [
            "invoice_id",
            "invoice_no",
            "document_type",
            "status",
            "customer_id",
            "bill_to_id",
            "currency",
            "issue_date",
            "due_date",
            "net_total",
            "gross_total",
            "balance",
        ];
        for row in self.rows("invoice", (key, Self::texts(values)), &columns)?.iter() {
            let Some(id) = row.text("invoice_id") else { continue };
            // The first record of an id counts, as everywhere.
            books.documents.entry(id.clone()).or_insert_with(|| Document {
                number: row.text("invoice_no").unwrap_or(id),
                kind: row.text("document_type").unwrap_or_default(),
                status: row.text("status").unwrap_or_default(),
                customer: row.text("customer_id"),
                bill_to: row.text("bill_to_id"),
                currency: row.text("currency").unwrap_or_default(),
                issued: row.date("issue_date"),
                due: row.date("due_date"),
                net: row.amount("net_total"),
                gross: row.amount("gross_total"),
                balance: row.amount("balance"),
            });
        }
        Ok(())
    }

    fn lines(&self, books: &mut Books, ids: &BTreeSet<String>) -> Result<(), EngineError> {
        let columns = [
            "invoice_id",
            "line_no",
            "item_id",
            "quantity",
            "unit_price",
            "net_amount",
            "tax_amount",
            "tax_rate",
            "jurisdiction_id",
        ];
        for row in self.rows("invoice_line", ("invoice_id", Self::texts(ids)), &columns)?.iter() {
            let (Some(document), Some(net)) = (row.text("invoice_id"), row.amount("net_amount")) else { continue };
            books.of_document.entry(document.clone()).or_default().push(row.record());
            let line = BilledLine {
                document,
                line: row.text("line_no"),
                item: row.text("item_id"),
                quantity: row.amount("quantity"),
                unit_price: row.amount("unit_price"),
                tax: row.amount("tax_amount"),
                rate: row.amount("tax_rate"),
                jurisdiction: row.text("jurisdiction_id"),
                left: net,
            };
            books.lines.insert(row.record(), line);
        }
        Ok(())
    }

    fn taxes(&self, books: &mut Books, ids: &BTreeSet<String>) -> Result<(), EngineError> {
        let columns = ["invoice_id", "line_no", "jurisdiction_id", "rate", "taxable_amount", "tax_amount"];
        for row in self.rows("invoice_tax", ("invoice_id", Self::texts(ids)), &columns)?.iter() {
            let (Some(document), Some(tax)) = (row.text("invoice_id"), row.amount("tax_amount")) else { continue };
            let rows = books.taxes.entry(document.clone()).or_default();
            books.tax_records.insert(row.record(), (document, rows.len()));
            rows.push(TaxRow {
                line: row.text("line_no"),
                jurisdiction: row.text("jurisdiction_id"),
                rate: row.amount("rate"),
                base: row.amount("taxable_amount"),
                tax,
            });
        }
        Ok(())
    }

    fn disputes(&self, books: &mut Books, ids: &BTreeSet<String>, as_of: Option<Date>) -> Result<(), EngineError> {
        let columns = ["invoice_id", "opened_date", "closed_date"];
        // All of the customers' documents: a disputed one takes no credit either.
        let all: BTreeSet<String> = ids.iter().chain(books.documents.keys()).cloned().collect();
        for row in self.rows("dispute", ("invoice_id", Self::texts(&all)), &columns)?.iter() {
            let closed = row.date("closed_date").is_some_and(|closed| as_of.is_none_or(|as_of| closed <= as_of));
            let later = row.date("opened_date").zip(as_of).is_some_and(|(opened, as_of)| opened > as_of);
            if let Some(id) = row.text("invoice_id").filter(|_| !closed && !later) {
                books.disputed.insert(id, row.date("opened_date"));
            }
        }
        Ok(())
    }
}
