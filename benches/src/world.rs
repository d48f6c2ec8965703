//! The books under way: open export files, running numbers, customers, and what waits for its day.
//!
//! Documents are written when their day comes, so that numbers run with dates; only what an episode dates ahead (credit
//! notes, repeated bills) waits. Nothing else grows with the number of lines.

use std::collections::BTreeMap;
use std::path::Path;

use tieout_model::Date;

use crate::Result;
use crate::company::{Customer, period_from};
use crate::document::{Document, Kind, Rounding};
use crate::drafts::Drafts;
use crate::labels::{Kind as Label, Labels, Stake};
use crate::layout::{LAYOUTS, Of, Style};
use crate::ledger::Ledger;
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
    /// Drafts of the days after the period, if any.
    pub drafts: Option<Drafts>,
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
    /// What the ledger, the returns and the rounding of tax come to.
    pub ledger: Ledger,
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
        let walk_in = Customer::new(999, 0, crate::money::Currency::Usd);
        Ok(Self {
            rng: Rng::new(settings.seed),
            settings,
            today: from,
            from,
            customers: Vec::new(),
            walk_in,
            tables,
            earlier,
            ledger: Ledger::default(),
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
        let mut document = document;
        let number = self.numbered(&mut document);
        self.write_document(&document, &number)?;
        Ok(Some(number))
    }

    /// The number of a document, the next of its series if it has none.
    pub fn numbered(&mut self, document: &mut Document) -> String {
        let next = || {
            let series = if document.kind == Kind::Credit { "CN" } else { "INV" };
            let year = document.date.year();
            let counter = self.counters.series.entry((series, year)).or_default();
            *counter += 1;
            format!("{series}-{year}-{counter:06}")
        };
        document.number.get_or_insert_with(next).clone()
    }

    /// Begins a day: what waited for it is written.
    pub fn begin(&mut self, day: Date) -> Result<()> {
        self.today = day;
        for document in self.pending.remove(&day).unwrap_or_default() {
            self.post(document)?;
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

/// The key of an invoice.
pub fn invoice_key(document: &Document) -> String {
    id("D", document.id)
}

/// The key of a line of an invoice.
pub fn line_key(document: &Document, line: u64) -> String {
    format!("{}/{line}", id("D", document.id))
}
