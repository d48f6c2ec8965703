//! The papers of a return as a workbook: live formulas over the other sheets, each with the exact figure that it gives.

use std::collections::HashMap;
use std::io;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use tieout_model::amount::{MONEY_SCALE, RATE_SCALE};
use tieout_model::{Amount, RecordRef};

use super::cell::{Cell, excel_day, shown};
use super::style::{Look, Styles};
use super::table::{Column, Setting, Spec, Table, column, figures};
use super::{ROWS_MAX, table};
use crate::filing::{Cell as Paper, Heading, Kind, Row, Sheet};

/// Writes the sheets in their order.
pub(crate) fn render(heading: &Heading<'_>, title: &str, sheets: &[Sheet]) -> io::Result<Vec<u8>> {
    workbook(heading, title, sheets).map_err(|error| match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other.to_string()),
    })
}

fn workbook(heading: &Heading<'_>, title: &str, sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut setting = Setting {
        title: format!("{} · {title}", heading.name),
        maker: format!("tieout {}", heading.version),
        rows_max: ROWS_MAX,
        styles: Styles::default(),
    };
    let places = Places::new(sheets);
    let mut done: Vec<table::Sheet> = Vec::new();
    for sheet in sheets {
        // A formula speaks of rows of one sheet; what does not fit on one is written without.
        let is_whole = sheet.rows.len() + sheet.intro.len() + 1 < ROWS_MAX as usize;
        let spec = Spec {
            name: sheet.title,
            intro: sheet.intro.iter().map(|line| (vec![Cell::text(line.as_str())], Look::Intro)).collect(),
            columns: sheet.columns.iter().flat_map(columns).collect(),
            validations: Vec::new(),
            // Many columns would be too small to read on one page.
            pages_wide: if sheet.columns.len() > 12 { 2 } else { 1 },
        };
        let mut table = Table::begin(&mut setting, spec)?;
        if sheet.rows.is_empty() {
            table.line(&[Cell::text("None.")], Look::Muted)?;
        }
        for (at, row) in sheet.rows.iter().enumerate() {
            let look = if row.is_total { Look::Block } else { Look::Plain };
            table.line(&cells(heading, sheet, (at, row), is_whole.then_some(&places)), look)?;
        }
        done.extend(table.end()?);
    }
    let mut workbook = Workbook::new();
    let day = heading.as_of.and_then(excel_day);
    let day = day.map_or_else(|| ExcelDateTime::from_ymd(2000, 1, 1), Ok)?;
    let properties = DocProperties::new().set_title(shown(title)).set_comment("tieout").set_creation_datetime(&day);
    workbook.set_properties(&properties);
    done.into_iter().for_each(|sheet| workbook.push_worksheet(sheet.worksheet));
    workbook.save_to_buffer()
}

fn columns(of: &crate::filing::Column) -> Vec<Column> {
    match of.kind {
        Kind::Words => vec![column(of.header, of.width)],
        Kind::Figures => vec![figures(of.header, of.width)],
        Kind::Record => vec![column(of.header, of.width), figures("Record", 10)],
    }
}

fn cells(heading: &Heading<'_>, sheet: &Sheet, (at, row): (usize, &Row), places: Option<&Places>) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (cell, column) in row.cells.iter().zip(&sheet.columns) {
        match (cell, column.kind) {
            (Paper::Record(record), _) => cells.extend(record_cells(heading, *record)),
            (_, Kind::Record) => cells.extend([Cell::Empty, Cell::Empty]),
            (cell, _) => cells.push(one(cell, sheet, at, places)),
        }
    }
    cells
}

fn record_cells(heading: &Heading<'_>, record: RecordRef) -> [Cell; 2] {
    let path = heading.sources.get(record.source as usize).map_or("", |source| source.path.as_str());
    [Cell::text(path), Cell::Count(record.record)]
}

fn one(cell: &Paper, sheet: &Sheet, at: usize, places: Option<&Places>) -> Cell {
    let money = |units: i128| Cell::Bare(Amount::new(units, MONEY_SCALE), "USD".to_owned());
    match cell {
        Paper::Empty => Cell::Empty,
        Paper::Text(text) => Cell::text(text.as_str()),
        Paper::Count(count) => Cell::Count(*count),
        Paper::Money(units) => money(*units),
        Paper::Rate(units) => Cell::Number(Amount::new(*units, RATE_SCALE)),
        Paper::Day(day) => Cell::Day(*day),
        Paper::Record(record) => Cell::Count(record.record),
        Paper::Formula(formula, units) => match places.and_then(|places| places.fill(formula, sheet, at)) {
            Some(formula) if super::cell::is_number(Amount::new(*units, MONEY_SCALE)) => {
                Cell::Formula(formula, Box::new(money(*units)))
            }
            _ => money(*units),
        },
    }
}

/// Numbers of rows, from 1, as formulas name them.
struct Places {
    /// By sheet: first and last plain row.
    spans: HashMap<&'static str, (usize, usize)>,
    keys: HashMap<(&'static str, &'static str), usize>,
}

impl Places {
    fn new(sheets: &[Sheet]) -> Self {
        let mut places = Self { spans: HashMap::new(), keys: HashMap::new() };
        for sheet in sheets {
            let first = first(sheet);
            places.spans.insert(sheet.title, (first, first + sheet.plain().max(1) - 1));
            for (at, row) in sheet.rows.iter().enumerate() {
                if let Some(key) = row.key {
                    places.keys.insert((sheet.title, key), first + at);
                }
            }
        }
        places
    }

    /// Puts numbers into `{row}`, `{above}`, `{first}`, `{last}`, `{Sheet:first}`, `{Sheet:key}`; `None` if one is not known.
    fn fill(&self, formula: &str, sheet: &Sheet, at: usize) -> Option<String> {
        let mut filled = String::from("=");
        let mut rest = formula;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}')?;
            let row = first(sheet) + at;
            let number = match name.split_once(':') {
                None => match name {
                    "row" => row,
                    "above" => row - 1,
                    "first" => self.spans.get(sheet.title)?.0,
                    "last" => self.spans.get(sheet.title)?.1,
                    _ => return None,
                },
                Some((of, "first")) => self.spans.get(of)?.0,
                Some((of, "last")) => self.spans.get(of)?.1,
                Some((of, key)) => *self.keys.iter().find(|((sheet, name), _)| *sheet == of && *name == key)?.1,
            };
            filled.push_str(before);
            filled.push_str(&number.to_string());
            rest = tail;
        }
        filled.push_str(rest);
        Some(filled)
    }
}

/// The number of a sheet's first row below its header.
fn first(sheet: &Sheet) -> usize {
    sheet.intro.len() + 2
}
