//! A paper as rows of typed cells, known to no format.

use tieout_model::amount::{MONEY_SCALE, RATE_SCALE};
use tieout_model::{Amount, Date, RecordRef};

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    Count(u64),
    /// Money units.
    Money(i128),
    /// A fraction, scale 12.
    Rate(i128),
    Day(Date),
    /// A record: file and number.
    Record(RecordRef),
    /// A spreadsheet's formula and the money that it gives. `{row}` is the row's own number, `{first}` and `{last}` those of the
    /// sheet's plain rows, `{Sheet:key}` that of a row with a key, `{Sheet:first}` and `{Sheet:last}` those of another sheet.
    Formula(String, i128),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn option(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, Self::text)
    }

    pub(crate) fn day(day: Option<Date>) -> Self {
        day.map_or(Self::Empty, Self::Day)
    }

    pub(crate) fn rate(rate: Option<i128>) -> Self {
        rate.map_or(Self::Empty, Self::Rate)
    }

    /// As a program reads it: a plain decimal, an ISO day.
    pub(crate) fn plain(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Money(units) | Self::Formula(_, units) => Amount::new(*units, MONEY_SCALE).to_places(2),
            Self::Rate(units) => Amount::new(*units, RATE_SCALE).to_places(0),
            Self::Day(day) => day.to_string(),
            Self::Record(record) => record.record.to_string(),
        }
    }

    /// As people read it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Money(units) | Self::Formula(_, units) => Amount::new(*units, MONEY_SCALE).to_display(2),
            Self::Rate(units) => format!("{} %", Amount::new(*units, RATE_SCALE - 2).to_places(0)),
            other => other.plain(),
        }
    }

    pub(crate) fn is_figure(&self) -> bool {
        matches!(self, Self::Count(_) | Self::Money(_) | Self::Rate(_) | Self::Formula(..))
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Words,
    Figures,
    /// A record: two columns in a table, file and number.
    Record,
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// For people.
    pub header: &'static str,
    /// For programs.
    pub name: &'static str,
    pub kind: Kind,
    /// In characters.
    pub width: u16,
}

/// A row; a total stands apart.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub key: Option<&'static str>,
    pub cells: Vec<Cell>,
    pub is_total: bool,
}

/// A paper.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// In the workbook and on the page.
    pub title: &'static str,
    /// Of the table.
    pub file: &'static str,
    /// What it shows and by which words it is to be read.
    pub intro: Vec<String>,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

impl Sheet {
    pub(crate) fn new(title: &'static str, file: &'static str, intro: &[&str], columns: Vec<Column>) -> Self {
        let intro = intro.iter().map(|line| (*line).to_owned()).collect();
        Self { title, file, intro, columns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "{}", self.title);
        self.rows.push(Row { key: None, cells, is_total: false });
    }

    pub(crate) fn keyed(&mut self, key: &'static str, cells: Vec<Cell>) {
        self.rows.push(Row { key: Some(key), cells, is_total: false });
    }

    pub(crate) fn total(&mut self, key: &'static str, cells: Vec<Cell>) {
        self.rows.push(Row { key: Some(key), cells, is_total: true });
    }

    /// Plain rows, in front of the totals.
    pub(crate) fn plain(&self) -> usize {
        self.rows.iter().take_while(|row| !row.is_total).count()
    }
}

pub(crate) const fn words(header: &'static str, name: &'static str, width: u16) -> Column {
    Column { header, name, kind: Kind::Words, width }
}

pub(crate) const fn figures(header: &'static str, name: &'static str) -> Column {
    Column { header, name, kind: Kind::Figures, width: 14 }
}

pub(crate) const fn record(header: &'static str, name: &'static str) -> Column {
    Column { header, name, kind: Kind::Record, width: 24 }
}
