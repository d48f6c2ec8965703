//! The list of report formats.
//!
//! To add one, write `format/<name>.rs` with a `render`, and add its two lines here: the module and the list entry.

pub mod csv;
pub mod json;
pub mod text;
pub mod xlsx;

use std::io::{self, Write};

use tieout_model::AuditReport;

/// A kind of document that a report can be written as.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The word on the command line.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    render: fn(&AuditReport, &mut dyn Write) -> io::Result<()>,
}

/// Every format; the first is the default.
pub const FORMATS: &[Format] = &[
    Format { name: "text", about: "for reading, 80 columns", render: text::render },
    Format { name: "json", about: "the whole working paper, versioned", render: json::render },
    Format { name: "csv", about: "one line for each finding and effect, for a spreadsheet", render: csv::render },
    Format { name: "xlsx", about: "a workbook to work through and sign off", render: xlsx::render },
];

impl Format {
    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        FORMATS.iter().find(|format| format.name == name).copied()
    }

    /// The names, in the order of the list.
    pub fn names() -> Vec<&'static str> {
        FORMATS.iter().map(|format| format.name).collect()
    }
}

impl Default for Format {
    fn default() -> Self {
        FORMATS[0]
    }
}

/// Writes the report. Fails only if `out` does.
pub fn render(report: &AuditReport, format: Format, out: &mut dyn Write) -> io::Result<()> {
    (format.render)(report, out)
}
