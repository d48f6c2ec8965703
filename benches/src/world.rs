//! The books under way: open export files, running numbers, customers, and what waits for its day.
//!
//! Documents are written when their day comes, so that numbers run with dates; only what an episode dates ahead (credit
//! notes, repeated bills) waits. Nothing else grows with the number of lines.

use std::collections::BTreeMap;
use std::path::Path;

use tieout_model::Date;

use crate::Result;
use crate::company::{Customer, as_of, period_from};
use crate::document::{Document, Kind, Rounding};
use crate::labels::{Kind as Label, Labels, Stake};
use crate::layout::{LAYOUTS, Of, Style};
use crate::rng::Rng;
use crate::table::{Cell, Table, id};

/// What is to be generated.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Invoice lines, about.
    pub lines: u64,
    /// Seed.
    pub seed: u64,
    /// Months, the period under audit being the last of them; at least 2.
    pub months: i32,
    /// Planted errors of each kind at least.
    pub each: u64,
    /// Planted errors of each kind in a million documents of the period.
    pub per_million: u64,
    /// Whether files show their own headers and formats.
    pub dressed: bool,
    /// Whose rounding the tax has.
    pub rounding: Rounding,
    /// Whether invoices come as two extracts that overlap.
    pub overlap: bool,
}

/// Running numbers.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    ids: BTreeMap<&'static str, u64>,
    series: BTreeMap<(&'static str, i16), u64>,
}

/// The books.
pub struct World {
    /// Randomness.
    pub rng: Rng,
    /// What is to be generated.
    pub settings: Settings,
    /// Today.
    pub today: Date,
    /// First day of the exports.
    pub from: Date,
    /// Accounts that ordinary sales go to.
    pub customers: Vec<Customer>,
    /// The walk-in account.
    pub walk_in: Customer,
    /// Export files in the order of `Of`.
    pub tables: Vec<Table>,
    /// Earlier extract of invoices, in overlap mode.
    pub earlier: Option<Table>,
    counters: Counters,
    pending: BTreeMap<Date, Vec<Document>>,
    labels: Labels,
}

/// The name of a table's file.
pub fn file_name(file: &str) -> String {
    format!("{file}.csv")
}

/// The month before the period, for the earlier extract.
pub fn earlier_from() -> Date {
    period_from().add_months(-1)
}

impl World {
    /// Opens the export files in a folder.
    pub fn open(settings: Settings, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let style = |dressed: Style| if settings.dressed { dressed } else { Style::PLAIN };
        let mut tables = Vec::new();
        for layout in &LAYOUTS {
            tables.push(Table::create(folder, layout, style(layout.dressed), &file_name(layout.file))?);
        }
        let invoices = &LAYOUTS[Of::Invoice as usize];
        let earlier = match settings.overlap {
            true => Some(Table::create(folder, invoices, style(invoices.dressed), "invoices-earlier.csv")?),
            false => None,
        };
        let from = period_from().add_months(1 - settings.months.max(2));
        let walk_in = Customer {
            id: 999,
            state: 0,
            currency: crate::money::Currency::Usd,
            wholesale: false,
            contract: false,
            parent: 0,
            certificate: 0,
        };
        Ok(Self {
            rng: Rng::new(settings.seed),
            settings,
            today: from,
            from,
            customers: Vec::new(),
            walk_in,
            tables,
            earlier,
            counters: Counters::default(),
            pending: BTreeMap::new(),
            labels: Labels::create(&folder.join("labels.csv"))?,
        })
    }

    /// The next number of a kind of record.
    pub fn next(&mut self, prefix: &'static str) -> u64 {
        let start = if prefix == "C" { 1_000 } else { 0 };
        let number = self.counters.ids.entry(prefix).or_insert(start);
        *number += 1;
        *number
    }

    /// The last number of the invoices' series this year.
    pub fn last_number(&self) -> u64 {
        self.counters.series.get(&("INV", self.today.year())).copied().unwrap_or(0)
    }

    /// Leaves out numbers of the invoices' series.
    pub fn skip_numbers(&mut self, count: u64) {
        *self.counters.series.entry(("INV", self.today.year())).or_default() += count;
    }

    /// Writes a record.
    pub fn write(&mut self, of: Of, cells: &[Cell<'_>]) -> Result<()> {
        self.tables[of as usize].write(cells, None)
    }

    /// Adds a label.
    pub fn label(&mut self, kind: Label, rule: &str, key: (Of, &str), stake: Stake) -> Result<()> {
        self.labels.add(kind, rule, LAYOUTS[key.0 as usize].population, key.1, stake)
    }

    /// Adds a label of a population that is no export.
    pub fn label_made(&mut self, kind: Label, rule: &str, population: &str, key: &str) -> Result<()> {
        self.labels.add(kind, rule, population, key, None)
    }

    /// Writes a document, or keeps it until its day; the number, if it has one by now.
    pub fn post(&mut self, document: Document) -> Result<Option<String>> {
        if document.date > self.today {
            self.pending.entry(document.date).or_default().push(document);
            return Ok(None);
        }
        let number = match &document.number {
            Some(number) => number.clone(),
            None => {
                let series = if document.kind == Kind::Credit { "CN" } else { "INV" };
                let year = document.date.year();
                let counter = self.counters.series.entry((series, year)).or_default();
                *counter += 1;
                format!("{series}-{year}-{counter:06}")
            }
        };
        self.write_document(&document, &number)?;
        Ok(Some(number))
    }

    /// Begins a day: what waited for it is written.
    pub fn begin(&mut self, day: Date) -> Result<()> {
        self.today = day;
        for document in self.pending.remove(&day).unwrap_or_default() {
            self.post(document)?;
        }
        Ok(())
    }

    fn write_document(&mut self, document: &Document, number: &str) -> Result<()> {
        self.invoice(document, number)?;
        self.write_lines(document)?;
        self.write_taxes(document)
    }

    /// Writes the lines of a document.
    pub fn write_lines(&mut self, document: &Document) -> Result<()> {
        let currency = document.currency();
        let places = currency.decimals();
        let state = document.customer.state;
        let taxed_by = crate::company::STATES[state].taxed_by.first();
        for (line, no) in document.lines.iter().zip(1..) {
            let item = &crate::company::ITEMS[line.item];
            let goods = line.kind.is_empty();
            let untaxed = document.customer.certificate > 0 && line.tax == 0;
            let pair = |prefix, pair: Option<(u64, u64)>| match pair {
                Some((id, no)) => (Cell::Id(prefix, id), Cell::Count(no)),
                None => (Cell::Empty, Cell::Empty),
            };
            let (order, order_line) = pair("SO", line.order);
            let (shipment, shipment_line) = pair("SH", line.shipment);
            let cells = [
                Cell::Id("D", document.id),
                Cell::Count(no),
                if goods { Cell::Text(item.id) } else { Cell::Empty },
                Cell::Word(if goods { "item" } else { line.kind }),
                Cell::Number(line.quantity, 3),
                Cell::Text(if goods { item.unit } else { "EA" }),
                Cell::Number(line.price, 4),
                if line.allowance == 0 { Cell::Empty } else { Cell::Number(line.allowance, places) },
                Cell::Number(line.net, places),
                Cell::Number(line.tax, places),
                taxed_by.map_or(Cell::Empty, |&at| Cell::Text(crate::company::JURISDICTIONS[at].id)),
                Cell::id("CERT", if untaxed { document.customer.certificate } else { 0 }),
                Cell::day(line.service.map(|days| days.0)),
                Cell::day(line.service.map(|days| days.1)),
                Cell::id("A", line.ship_to),
                Cell::id("SUB", line.subscription),
                order,
                order_line,
                shipment,
                shipment_line,
                Cell::Text(line.discount),
                line.original.map_or(Cell::Empty, Cell::Count),
                line.lot.map_or(Cell::Empty, |lot| Cell::Id("LOT", lot)),
            ];
            self.tables[Of::InvoiceLine as usize].write(&cells, Some((currency, line.net)))?;
        }
        Ok(())
    }

    fn write_taxes(&mut self, document: &Document) -> Result<()> {
        let currency = document.currency();
        let places = currency.decimals();
        let based: i64 = document.taxes.iter().take(1).map(|row| row.base).sum();
        let mut exempt = document.lines.iter().map(|line| line.net).sum::<i64>() - document.allowance + document.charge;
        exempt -= based;
        for (row, no) in document.taxes.iter().zip(1..) {
            let cells = [
                Cell::Id("D", document.id),
                Cell::Count(no),
                Cell::Word("SALES"),
                Cell::Text(crate::company::JURISDICTIONS[row.jurisdiction].id),
                Cell::Word(row.class.category()),
                Cell::Number(row.rate, 6),
                Cell::Number(row.base, places),
                Cell::Number(if no == 1 { exempt } else { 0 }, places),
                Cell::Number(row.tax, places),
            ];
            self.tables[Of::InvoiceTax as usize].write(&cells, Some((currency, row.tax)))?;
        }
        Ok(())
    }

    fn invoice(&mut self, document: &Document, number: &str) -> Result<()> {
        let at = [(as_of(), document.status), (period_from().add_days(-1), "posted")];
        for ((seen, status), earlier) in at.into_iter().zip([false, true]) {
            let in_overlap = document.date >= earlier_from();
            let table = match (earlier, &mut self.earlier) {
                (false, Some(_)) if !in_overlap => continue,
                (false, _) => &mut self.tables[Of::Invoice as usize],
                (true, Some(table)) if document.date <= seen => table,
                (true, _) => continue,
            };
            write_invoice(table, document, number, status, document.open(seen))?;
        }
        Ok(())
    }

    /// Writes everything that is buffered; documents dated after the as-of day are dropped.
    pub fn finish(mut self) -> Result<Vec<Table>> {
        for table in self.tables.iter_mut().chain(&mut self.earlier) {
            table.finish()?;
        }
        self.labels.finish()?;
        self.tables.extend(self.earlier);
        Ok(self.tables)
    }
}

fn write_invoice(table: &mut Table, document: &Document, number: &str, status: &str, open: i64) -> Result<()> {
    let currency = document.currency();
    let places = currency.decimals();
    let money = |units: i64| Cell::Number(units, places);
    let some = |units: i64| if units == 0 { Cell::Empty } else { Cell::Number(units, places) };
    let due = (document.kind != Kind::Credit).then(|| document.date.add_days(30));
    let ship_to = if document.ship_to > 0 { document.ship_to } else { document.customer.ship_to() };
    let cells = [
        Cell::Id("D", document.id),
        Cell::Text(number),
        Cell::Word(document.kind.word()),
        Cell::Word(status),
        Cell::Day(document.date),
        Cell::day(document.tax_point),
        Cell::day(due),
        Cell::day(document.period.map(|days| days.0)),
        Cell::day(document.period.map(|days| days.1)),
        Cell::Id("C", document.customer.id),
        Cell::Id("A", 1),
        Cell::Id("A", ship_to),
        Cell::Text(currency.code()),
        some(document.allowance),
        some(document.charge),
        money(document.net),
        money(document.tax),
        some(document.rounding),
        money(document.gross),
        Cell::id("SO", document.order),
        Cell::id("D", document.original),
        Cell::Text(document.reason),
        Cell::Word(document.channel),
        money(open),
        Cell::id("PO-", document.po),
        Cell::id("D", document.replaces),
    ];
    table.write(&cells, Some((currency, document.gross)))
}

/// The key of an invoice.
pub fn invoice_key(document: &Document) -> String {
    id("D", document.id)
}

/// The key of a line of an invoice.
pub fn line_key(document: &Document, line: u64) -> String {
    format!("{}/{line}", id("D", document.id))
}
