//! A paper for a spreadsheet or a program: comma-separated, amounts as plain decimals.

use std::io;

use csv::{QuoteStyle, WriterBuilder};
use tieout_model::RecordRef;
use tieout_model::report::SourceFile;

use super::{Cell, Kind, Sheet};
use crate::format::csv::text;

/// Totals are left out: a program that adds a column up would count everything twice.
pub(super) fn render(sheet: &Sheet, sources: &[SourceFile]) -> io::Result<Vec<u8>> {
    let mut table = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(Vec::new());
    let mut header: Vec<String> = Vec::new();
    for column in &sheet.columns {
        match column.kind {
            Kind::Record => header.extend(["file".to_owned(), "record".to_owned()]),
            _ => header.push(column.name.to_owned()),
        }
    }
    table.write_record(&header)?;
    for row in sheet.rows.iter().filter(|row| !row.is_total) {
        let mut line: Vec<String> = Vec::new();
        for (cell, column) in row.cells.iter().zip(&sheet.columns) {
            match (cell, column.kind) {
                (Cell::Record(record), _) => {
                    line.push(text(&file(sources, *record)));
                    line.push(record.record.to_string());
                }
                (_, Kind::Record) => line.extend([String::new(), String::new()]),
                (Cell::Text(words), _) => line.push(text(words)),
                (cell, _) => line.push(cell.plain()),
            }
        }
        table.write_record(&line)?;
    }
    table.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The path of a record's file.
pub(super) fn file(sources: &[SourceFile], record: RecordRef) -> String {
    sources.get(record.source as usize).map_or_else(String::new, |source| source.path.clone())
}
