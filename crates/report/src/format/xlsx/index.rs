//! Where the sheets are, once a table needed more than one.

use rust_xlsxwriter::XlsxError;

use super::cell::Cell;
use super::style::Look;
use super::table::{Setting, Sheet, Spec, Table, column, figures};

pub(super) fn write(sheets: &[Sheet], setting: &mut Setting) -> Result<Vec<Sheet>, XlsxError> {
    let words = "A table with more lines than a sheet has rows goes on on further sheets, each with its header.";
    let spec = Spec {
        name: "Index",
        intro: vec![(vec![Cell::text(words)], Look::Intro)],
        columns: vec![column("Sheet", 30), figures("Lines", 14)],
        validations: Vec::new(),
        pages_wide: 1,
    };
    let mut table = Table::begin(setting, spec)?;
    for sheet in sheets {
        table.line(&[Cell::text(sheet.name.as_str()), Cell::Count(u64::from(sheet.rows))], Look::Plain)?;
    }
    table.end()
}
