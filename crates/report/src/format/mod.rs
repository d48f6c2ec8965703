//! The list of report formats.
//!
//! To add one, write `format/<name>.rs` with a `render`, and add its two lines here: the module and the list entry.

pub mod chase;
pub mod csv;
pub mod hold;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
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
    /// True if it is nothing for a screen.
    pub is_binary: bool,
    render: Render,
}

type Render = fn(&AuditReport, &mut dyn Write) -> io::Result<()>;

const fn text(name: &'static str, about: &'static str, render: Render) -> Format {
    Format { name, about, is_binary: false, render }
}

/// Every format; the first is the default.
pub const FORMATS: &[Format] = &[
    text("text", "for reading, 80 columns", text::render),
    text("json", "the whole working paper, versioned", json::render),
    text("html", "one page to search, filter, print and hand on", html::render),
    text("csv", "one line for each finding and effect, for a spreadsheet", csv::render),
    Format { name: "xlsx", about: "a workbook to work through and sign off", is_binary: true, render: xlsx::render },
    text("sarif", "SARIF 2.1.0, for code review", sarif::render),
    text("junit", "a test case a rule, for the test page of a build", junit::render),
    text("markdown", "a short summary, for the page of a build job", markdown::render),
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
