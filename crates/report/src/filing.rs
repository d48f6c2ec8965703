//! The papers of a sales-tax return: made once as sheets, then written as tables, JSON, a workbook with live formulas, and a page.
//!
//! A formula stands beside the exact figure that it gives, so that a reader without a spreadsheet sees the same. A return whose
//! identities do not hold is never rendered: `files` is for papers that `tieout_model::filing::check` has passed.

mod json;
mod page;
mod sheet;
mod sheets;
mod summary;
mod tables;

use std::io;

use tieout_model::Date;
use tieout_model::filing::{Filing, Papers, ReturnLine};
use tieout_model::report::SourceFile;

pub use crate::pack::File;
pub(crate) use sheet::{Cell, Column, Kind, Row, Sheet};

/// Every file that papers may consist of: what a former run left of them and this one does not write is to go.
pub const NAMES: [&str; 30] = [
    "papers.xlsx",
    "papers.html",
    "papers.json",
    "detail.csv",
    "cover.csv",
    "return.csv",
    "form.csv",
    "bridge.csv",
    "schedule.csv",
    "over_collected.csv",
    "under_collected.csv",
    "by_customer.csv",
    "certificates.csv",
    "unsupported_exemptions.csv",
    "credits.csv",
    "bad_debts.csv",
    "rate_changes.csv",
    "earlier_periods.csv",
    "filed_return.csv",
    "rules.csv",
    "sources.csv",
    "overall.json",
    "overall.xlsx",
    "on_no_return.csv",
    "cells.csv",
    "where_lines_landed.csv",
    "tax_not_compared.csv",
    "tie_out.csv",
    "reconciling_items.csv",
    "reference_data.csv",
];

/// What all papers say of themselves.
pub struct Heading<'a> {
    /// Of the program.
    pub version: &'a str,
    /// The engagement.
    pub name: &'a str,
    /// The day as at which the world is seen.
    pub as_of: Option<Date>,
    /// Files read, with their hashes.
    pub sources: &'a [SourceFile],
}

/// A filled form: what people call it, and its lines.
pub struct FilledForm<'a> {
    /// Title.
    pub title: &'a str,
    /// Lines.
    pub lines: Vec<ReturnLine>,
}

/// One line of a table: every cell quoted, and text that a spreadsheet would run made harmless.
pub fn line(cells: &[String], out: &mut dyn io::Write) -> io::Result<()> {
    let mut is_first = true;
    for cell in cells {
        out.write_all(if is_first { b"\"" } else { b",\"" })?;
        is_first = false;
        let is_figure = cell
            .strip_prefix('-')
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b' ' | b'-')));
        let safe = if is_figure { cell.clone() } else { crate::format::csv::text(cell) };
        out.write_all(safe.replace('"', "\"\"").as_bytes())?;
        out.write_all(b"\"")?;
    }
    out.write_all(b"\n")
}

/// Files of one return, in its own folder.
pub fn files(heading: &Heading<'_>, filing: &Filing, forms: &[FilledForm<'_>]) -> io::Result<Vec<File>> {
    let sheets = sheets::of_filing(heading, filing, forms);
    let title = format!("{} {} {}", filing.entity, filing.state, filing.period_name);
    let mut files = vec![
        File { name: "papers.xlsx".to_owned(), bytes: crate::format::xlsx::papers::render(heading, &title, &sheets)? },
        File { name: "papers.html".to_owned(), bytes: page::render(heading, filing, &sheets)? },
        File { name: "papers.json".to_owned(), bytes: json::render(heading, Some(filing), &sheets)? },
    ];
    for sheet in sheets.iter().filter(|sheet| !sheet.rows.is_empty()) {
        files.push(File { name: format!("{}.csv", sheet.file), bytes: tables::render(sheet, heading.sources)? });
    }
    Ok(files)
}

/// Files about all returns together: the accounting of every line, the tie-out, the reference data.
pub fn overall(heading: &Heading<'_>, papers: &Papers) -> io::Result<Vec<File>> {
    let sheets = sheets::of_papers(papers);
    let mut files = vec![
        File { name: "summary.txt".to_owned(), bytes: summary::render(heading, papers).into_bytes() },
        File { name: "overall.json".to_owned(), bytes: json::render(heading, None, &sheets)? },
        File {
            name: "overall.xlsx".to_owned(),
            bytes: crate::format::xlsx::papers::render(heading, "All returns", &sheets)?,
        },
    ];
    for sheet in sheets.iter().filter(|sheet| !sheet.rows.is_empty()) {
        files.push(File { name: format!("{}.csv", sheet.file), bytes: tables::render(sheet, heading.sources)? });
    }
    Ok(files)
}

/// The summary alone, for a screen.
pub fn summary(heading: &Heading<'_>, papers: &Papers) -> String {
    summary::render(heading, papers)
}
