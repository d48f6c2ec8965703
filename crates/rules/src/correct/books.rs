//! What corrections need to know of documents: lines, tax rows, balances, disputes; only of the documents and customers of findings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_model::correction::{Moves, Names};
use tieout_model::{Amount, Date, Evidence, Finding, RecordRef};

use crate::catalog::{Catalog, Scope};
use crate::engine::{Engine, EngineError};
use crate::plan::{Join, Plan};
use crate::rows::Rows;
use crate::value::{Column, Relation, Value};

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
    pub tax: Option<Amount>,
    pub gross: Option<Amount>,
    pub balance: Option<Amount>,
    /// The invoice that a credit note takes back.
    pub original: Option<String>,
}

impl Document {
    fn is_bill(&self) -> bool {
        self.kind == "invoice" && self.status == "posted"
    }

    /// True for a posted invoice of which something is open.
    fn owes(&self) -> bool {
        self.is_bill() && self.balance.is_some_and(|balance| balance.units > 0)
    }
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
    pub category: Option<String>,
    pub rate: Option<Amount>,
    pub base: Option<Amount>,
    pub tax: Amount,
}

/// Documents, lines and tax rows by id.
#[derive(Default)]
pub struct Books {
    pub documents: BTreeMap<String, Document>,
    /// Documents by record.
    pub records: BTreeMap<RecordRef, String>,
    /// Records of lines by document, in the order of the file.
    pub of_document: BTreeMap<String, Vec<RecordRef>>,
    /// The tax row of a record, and its document.
    pub tax_records: BTreeMap<RecordRef, (String, usize)>,
    /// Day since which a document is in dispute.
    pub disputed: BTreeMap<String, Option<Date>>,
    /// Ids of open invoices by customer, the oldest due first; none where the exports state no balances.
    pub open: Option<BTreeMap<String, Vec<String>>>,
    /// Names of jurisdictions by id, with their level.
    pub jurisdictions: BTreeMap<String, String>,
    lines: BTreeMap<RecordRef, BilledLine>,
    taxes: Vec<TaxRow>,
    /// Places in `taxes` by document and line; rows of the whole document have no line.
    taxes_of: BTreeMap<String, BTreeMap<Option<String>, Vec<usize>>>,
    /// Documents that charge tax.
    taxed: BTreeSet<String>,
    /// Documents of which a correction is made already.
    changed: BTreeSet<String>,
    /// By line and change of its net, the finding that asked for it.
    claims: BTreeMap<(RecordRef, i128), String>,
    undo: Vec<Undo>,
}

/// What was before a change.
enum Undo {
    Line(RecordRef, BilledLine),
    Tax(usize, TaxRow),
    Changed(String),
    Claim((RecordRef, i128)),
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
    reader.lines(&mut books, &ids)?;
    reader.taxes(&mut books, &ids)?;
    // Those that other records name (applications, disputes, reminders): they may be in dispute.
    ids.extend(findings.iter().flat_map(|finding| named(finding)).map(str::to_owned));
    reader.documents(&mut books, "invoice_id", &ids)?;
    // Whoever gets money, and whose documents they are, may owe something else.
    let parties = findings.iter().flat_map(|finding| {
        let of_effects = finding.effects.iter().filter_map(|effect| effect.party.clone());
        finding.party.clone().into_iter().chain(of_effects)
    });
    let of_documents = books.documents.values().filter_map(|document| document.customer.clone());
    let customers: BTreeSet<String> = parties.chain(of_documents).collect();
    reader.documents(&mut books, "customer_id", &customers)?;
    reader.disputes(&mut books, &ids, as_of)?;
    reader.jurisdictions(&mut books)?;
    // Credit notes that are corrected are told by the invoice that they take back.
    let credited: BTreeSet<String> = books.documents.values().filter_map(|one| one.original.clone()).collect();
    let unread = credited.into_iter().filter(|id| !books.documents.contains_key(id)).collect();
    reader.documents(&mut books, "invoice_id", &unread)?;
    let has_balance = catalog.table("invoice").is_some_and(|table| table.columns.contains_key("balance"));
    books.open = has_balance.then(|| open(&books, &customers));
    Ok(books)
}

impl Books {
    /// A line of a record.
    pub fn line(&self, record: RecordRef) -> Option<&BilledLine> {
        self.lines.get(&record)
    }

    /// A tax row by its place.
    pub fn tax(&self, place: usize) -> Option<&TaxRow> {
        self.taxes.get(place)
    }

    /// Places of every tax row of a document, in the order of the file.
    pub fn taxes(&self, document: &str) -> Vec<usize> {
        let mut places: Vec<usize> =
            self.taxes_of.get(document).into_iter().flat_map(BTreeMap::values).flatten().copied().collect();
        places.sort_unstable();
        places
    }

    /// Places of the tax rows that a line's tax stands on: its own, else those of the whole document.
    pub fn taxes_of_line(&self, line: &BilledLine) -> &[usize] {
        let Some(of) = self.taxes_of.get(&line.document) else { return &[] };
        let own = line.line.as_ref().and_then(|_| of.get(&line.line));
        own.or_else(|| of.get(&None)).map_or(&[], Vec::as_slice)
    }

    /// True if the document charges any tax.
    pub fn is_taxed(&self, document: &str) -> bool {
        self.taxed.contains(document)
    }

    /// True if a correction of the document is made already.
    pub fn is_changed(&self, document: &str) -> bool {
        self.changed.contains(document)
    }

    /// Adds a line as it is billed.
    pub fn add_line(&mut self, record: RecordRef, line: BilledLine) {
        self.of_document.entry(line.document.clone()).or_default().push(record);
        self.lines.insert(record, line);
    }

    /// Adds a tax row as it is billed.
    pub fn add_tax(&mut self, record: RecordRef, document: String, row: TaxRow) {
        let place = self.taxes.len();
        if !row.tax.is_zero() {
            self.taxed.insert(document.clone());
        }
        self.taxes_of.entry(document.clone()).or_default().entry(row.line.clone()).or_default().push(place);
        self.tax_records.insert(record, (document, place));
        self.taxes.push(row);
    }

    /// What a correction leaves of a line.
    pub fn set_line(&mut self, record: RecordRef, line: BilledLine) {
        if let Some(before) = self.lines.insert(record, line) {
            self.undo.push(Undo::Line(record, before));
        }
    }

    /// What a correction leaves of a tax row.
    pub fn set_tax(&mut self, place: usize, row: TaxRow) {
        if let Some(before) = self.taxes.get_mut(place) {
            self.undo.push(Undo::Tax(place, std::mem::replace(before, row)));
        }
    }

    /// A correction of the document is made.
    pub fn change(&mut self, document: &str) {
        if self.changed.insert(document.to_owned()) {
            self.undo.push(Undo::Changed(document.to_owned()));
        }
    }

    /// A finding asks for a change of a line's net; the other finding that asked for just as much of it before.
    pub fn claim(&mut self, record: RecordRef, change: Amount, fingerprint: &str) -> Option<&str> {
        let key = (record, change.units);
        let Self { claims, undo, .. } = self;
        let first = claims.entry(key).or_insert_with(|| {
            undo.push(Undo::Claim(key));
            fingerprint.to_owned()
        });
        Some(first.as_str()).filter(|other| *other != fingerprint)
    }

    /// What is changed from here on can be taken back, by what was changed and not by what there is.
    pub fn begin(&mut self) {
        self.undo.clear();
    }

    /// How much was changed since `begin`.
    #[cfg(test)]
    pub fn changes(&self) -> usize {
        self.undo.len()
    }

    /// Takes back what was changed since `begin`.
    pub fn take_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Line(record, line) => drop(self.lines.insert(record, line)),
                Undo::Tax(place, row) => self.taxes[place] = row,
                Undo::Changed(document) => drop(self.changed.remove(&document)),
                Undo::Claim(key) => drop(self.claims.remove(&key)),
            }
        }
    }

    /// Documents that the finding shows, whatever population shows them; not what they are compared with.
    pub fn documents_of(&self, finding: &Finding) -> BTreeSet<String> {
        let of_records = shown(finding).filter_map(|evidence| match evidence.population.as_str() {
            "invoice" => self.records.get(&evidence.record).cloned(),
            "invoice_line" => self.line(evidence.record).map(|line| line.document.clone()),
            "invoice_tax" => self.tax_records.get(&evidence.record).map(|(document, _)| document.clone()),
            _ => None,
        });
        of_records.chain(named(finding).map(str::to_owned)).collect()
    }

    /// Posted invoices that a customer owes and that a credit in this currency does not go to: in dispute, or in another currency.
    pub fn kept_apart(&self, customer: &str, currency: &str) -> Vec<&Document> {
        let owing = self.documents.iter().filter(|(_, one)| one.customer.as_deref() == Some(customer) && one.owes());
        let apart = owing.filter(|(id, one)| one.currency != currency || self.disputed.contains_key(*id));
        apart.map(|(_, one)| one).collect()
    }

    /// What customers owe by currency: the balances of their posted invoices, disputed ones with them.
    pub fn balances(&self) -> BTreeMap<(String, String), Amount> {
        let mut balances: BTreeMap<(String, String), Amount> = BTreeMap::new();
        if self.open.is_none() {
            return balances;
        }
        let owing = self.documents.values().filter(|document| document.is_bill());
        for document in owing {
            let (Some(customer), Some(balance)) = (&document.customer, document.balance) else { continue };
            let sum = balances.entry((customer.clone(), document.currency.clone())).or_insert(Amount::money(0));
            *sum = sum.plus_money(balance);
        }
        balances
    }
}

impl Books {
    /// Posted invoices whose balance is in the customer's favour, by id.
    pub fn over_paid(&self) -> BTreeMap<String, Amount> {
        let bills = self.documents.iter().filter(|(_, document)| document.is_bill());
        let below = bills.filter_map(|(id, one)| Some((id, one.balance.filter(|balance| balance.units < 0)?)));
        below.map(|(id, balance)| (id.clone(), Amount::money(0).minus_money(balance))).collect()
    }

    /// What documents and jurisdictions are called.
    pub fn names(&self) -> Names {
        let numbers = self.documents.iter().filter(|(id, document)| **id != document.number);
        let notes = self.documents.iter().filter(|(_, document)| document.kind == "credit_note");
        let credited = notes.map(|(id, note)| {
            let original = note.original.clone().unwrap_or_default();
            let number = self.documents.get(&original).map_or(original.clone(), |document| document.number.clone());
            (id.clone(), (original, number))
        });
        Names {
            documents: numbers.map(|(id, document)| (id.clone(), document.number.clone())).collect(),
            jurisdictions: self.jurisdictions.clone(),
            credited: credited.collect(),
        }
    }

    /// What moves from which invoice, and to which, by the evidence of a finding about an application.
    pub fn moves(&self, finding: &Finding) -> Option<Moves> {
        let cell = |wanted: &str| {
            let cells = finding.key.iter().chain(finding.evidence.iter().take(1).flat_map(|one| &one.cells));
            cells.filter(|(column, _)| column == wanted).map(|(_, value)| value.clone()).next()
        };
        let number = |id: String| self.documents.get(&id).map_or(id, |document| document.number.clone());
        let (credit, payment) = (cell("credit_note_id"), cell("payment_id"));
        let is_credit = credit.is_some();
        let what = credit.map(number).or(payment)?;
        let named = finding.evidence.iter().filter(|one| one.role == "named" && one.population == "invoice");
        let numbers: BTreeSet<&String> =
            named.flat_map(|one| &one.cells).filter(|(column, _)| column == "invoice_no").map(|(_, no)| no).collect();
        let goes_to = (!numbers.is_empty()).then(|| numbers.into_iter().cloned().collect::<Vec<_>>().join(", "));
        Some(Moves { what, is_credit, stands_on: cell("invoice_id").map(number), goes_to })
    }
}

/// The records that a finding is about; not what they are compared with, nor what their columns point to (the invoice that a late
/// fee was charged on, and the dispute for which it should not have been).
pub fn shown(finding: &Finding) -> impl Iterator<Item = &Evidence> {
    let is_other = |evidence: &Evidence| {
        matches!(evidence.role.as_str(), "reference" | "parent") || evidence.population == "dispute"
    };
    finding.evidence.iter().filter(move |evidence| !is_other(evidence))
}

/// Ids of documents that the key or a record of a finding names.
pub fn named(finding: &Finding) -> impl Iterator<Item = &str> {
    let cells = finding.key.iter().chain(shown(finding).flat_map(|evidence| &evidence.cells));
    cells.filter(|(column, _)| column == "invoice_id").map(|(_, id)| id.as_str())
}

fn open(books: &Books, customers: &BTreeSet<String>) -> BTreeMap<String, Vec<String>> {
    let mut open: BTreeMap<String, Vec<(Option<Date>, String)>> = BTreeMap::new();
    for (id, document) in &books.documents {
        let Some(customer) = document.customer.as_ref().filter(|customer| customers.contains(*customer)) else {
            continue;
        };
        if document.owes() && !books.disputed.contains_key(id) {
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

impl Reader<'_> {
    /// Rows of a population whose column has one of the values.
    fn rows(&self, population: &str, (key, values): (&str, Vec<Value>), columns: &[&str]) -> Result<Rows, EngineError> {
        let none = Rows::default();
        if values.is_empty() || self.catalog.table(population).is_none() {
            return Ok(none);
        }
        let mut scope = Scope::new(self.catalog, population, "");
        let key = if key == "rec" { Some(scope.rec_expr()) } else { scope.column(key) };
        let Some(key) = key else { return Ok(none) };
        let ty = key.ty;
        let mut wanted = vec![("rec".to_owned(), scope.rec_expr()), ("~key".to_owned(), key)];
        wanted.extend(columns.iter().filter_map(|name| Some(((*name).to_owned(), scope.column(name)?))));
        let keys = Relation {
            columns: vec![Column { name: "~of".to_owned(), ty }],
            rows: values.into_iter().map(|value| vec![value]).collect(),
        };
        let keys = Plan::Rows(Arc::new(keys));
        let on = vec![("~key".to_owned(), "~of".to_owned())];
        let plan = scope.plan().project(wanted).near("~key", &keys).join(keys, on, Join::Semi);
        let mut relation = self.engine.run(&[plan])?.into_iter().next().unwrap_or_default();
        relation.rows.sort();
        Ok(relation.into())
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
            "tax_total",
            "gross_total",
            "balance",
            "original_invoice_id",
        ];
        for row in self.rows("invoice", (key, Self::texts(values)), &columns)?.iter() {
            let Some(id) = row.text("invoice_id") else { continue };
            books.records.insert(row.record(), id.clone());
            // The first record of an id counts, as everywhere.
            books.documents.entry(id.clone()).or_insert_with(|| Document {
                number: row.text("invoice_no").unwrap_or(id),
                kind: row.text("document_type").unwrap_or_default(),
                status: row.text("status").unwrap_or_default(),
                customer: row.text("customer_id"),
                bill_to: row.text("bill_to_id"),
                currency: row.text("currency").unwrap_or_default(),
                issued: row.day("issue_date"),
                due: row.day("due_date"),
                net: row.amount("net_total"),
                tax: row.amount("tax_total"),
                gross: row.amount("gross_total"),
                balance: row.amount("balance"),
                original: row.text("original_invoice_id"),
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
            books.add_line(row.record(), line);
        }
        Ok(())
    }

    fn taxes(&self, books: &mut Books, ids: &BTreeSet<String>) -> Result<(), EngineError> {
        let columns =
            ["invoice_id", "line_no", "jurisdiction_id", "tax_category", "rate", "taxable_amount", "tax_amount"];
        for row in self.rows("invoice_tax", ("invoice_id", Self::texts(ids)), &columns)?.iter() {
            let (Some(document), Some(tax)) = (row.text("invoice_id"), row.amount("tax_amount")) else { continue };
            let tax_row = TaxRow {
                line: row.text("line_no"),
                jurisdiction: row.text("jurisdiction_id"),
                category: row.text("tax_category"),
                rate: row.amount("rate"),
                base: row.amount("taxable_amount"),
                tax,
            };
            books.add_tax(row.record(), document, tax_row);
        }
        Ok(())
    }

    fn jurisdictions(&self, books: &mut Books) -> Result<(), EngineError> {
        let of_rows = books.taxes.iter().filter_map(|row| row.jurisdiction.clone());
        let of_lines = books.lines.values().filter_map(|line| line.jurisdiction.clone());
        let ids: BTreeSet<String> = of_rows.chain(of_lines).collect();
        let key = ("jurisdiction_id", Self::texts(&ids));
        for row in self.rows("jurisdiction", key, &["jurisdiction_id", "name", "level"])?.iter() {
            let (Some(id), Some(name)) = (row.text("jurisdiction_id"), row.text("name")) else { continue };
            let words = row.text("level").map_or(name.clone(), |level| format!("{name} ({level})"));
            books.jurisdictions.entry(id).or_insert(words);
        }
        Ok(())
    }

    fn disputes(&self, books: &mut Books, ids: &BTreeSet<String>, as_of: Option<Date>) -> Result<(), EngineError> {
        let columns = ["invoice_id", "opened_date", "closed_date"];
        // All of the customers' documents: a disputed one takes no credit either.
        let all: BTreeSet<String> = ids.iter().chain(books.documents.keys()).cloned().collect();
        for row in self.rows("dispute", ("invoice_id", Self::texts(&all)), &columns)?.iter() {
            let closed = row.day("closed_date").is_some_and(|closed| as_of.is_none_or(|as_of| closed <= as_of));
            let later = row.day("opened_date").zip(as_of).is_some_and(|(opened, as_of)| opened > as_of);
            if let Some(id) = row.text("invoice_id").filter(|_| !closed && !later) {
                books.disputed.insert(id, row.day("opened_date"));
            }
        }
        Ok(())
    }
}
