//! The papers as one printable page: no script, no request; long lists are cut with the number of what is left out.

use std::io;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use tieout_model::filing::Filing;

use super::tables::file;
use super::{Cell, Heading, Kind, Sheet};
use crate::layout::visible;

const TEMPLATE: &str = include_str!("page.html");

/// Rows of a paper on the page; the table beside it has all of them.
const ROWS: usize = 300;

#[derive(Serialize)]
struct Page {
    title: String,
    engagement: String,
    version: String,
    sheets: Vec<Paper>,
}

#[derive(Serialize)]
struct Paper {
    id: String,
    title: String,
    intro: Vec<String>,
    columns: Vec<Head>,
    rows: Vec<Line>,
    left_out: usize,
    file: String,
    is_wide: bool,
}

#[derive(Serialize)]
struct Head {
    text: String,
    is_figure: bool,
}

#[derive(Serialize)]
struct Line {
    cells: Vec<Head>,
    is_total: bool,
}

pub(super) fn render(heading: &Heading<'_>, filing: &Filing, sheets: &[Sheet]) -> io::Result<Vec<u8>> {
    let page = Page {
        title: format!("Sales tax return: {}, {}, {}", filing.entity, filing.state, filing.period_name),
        engagement: visible(heading.name).into_owned(),
        version: heading.version.to_owned(),
        sheets: sheets.iter().map(|sheet| paper(heading, sheet)).collect(),
    };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page.html", TEMPLATE).map_err(io::Error::other)?;
    let template = environment.get_template("page.html").map_err(io::Error::other)?;
    Ok(template.render(Serde(page)).map_err(io::Error::other)?.into_bytes())
}

fn paper(heading: &Heading<'_>, sheet: &Sheet) -> Paper {
    let plain = sheet.plain();
    let shown = sheet.rows.iter().enumerate().filter(|(at, row)| row.is_total || *at < ROWS);
    Paper {
        id: sheet.file.to_owned(),
        title: sheet.title.to_owned(),
        intro: sheet.intro.iter().map(|line| visible(line).into_owned()).collect(),
        columns: sheet
            .columns
            .iter()
            .map(|column| Head { text: column.header.to_owned(), is_figure: column.kind == Kind::Figures })
            .collect(),
        rows: shown
            .map(|(_, row)| Line {
                cells: row
                    .cells
                    .iter()
                    .map(|cell| Head { text: visible(&text(heading, cell)).into_owned(), is_figure: cell.is_figure() })
                    .collect(),
                is_total: row.is_total,
            })
            .collect(),
        left_out: plain.saturating_sub(ROWS),
        file: format!("{}.csv", sheet.file),
        is_wide: sheet.columns.len() > 10,
    }
}

fn text(heading: &Heading<'_>, cell: &Cell) -> String {
    match cell {
        Cell::Record(record) => {
            let path = file(heading.sources, *record);
            let name = path.rsplit('/').next().unwrap_or_default();
            format!("{name}:{}", record.record)
        }
        cell => cell.shown(),
    }
}
