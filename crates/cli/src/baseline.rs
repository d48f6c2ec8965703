//! A former report from a file, or why it cannot be compared with.

use std::fs;
use std::path::Path;

use tieout_model::{Code, Diagnostic, Place};
use tieout_report::past::{self, Past, PastError};

/// Reads the JSON report at a path.
pub fn load(path: &Path) -> Result<Past, Box<Diagnostic>> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| {
        Box::new(
            Diagnostic::new(Code::BaselineUnreadable, format!("`{shown}` cannot be read: {error}"))
                .help("write one with `tieout audit … --report json=FILE`, and keep it"),
        )
    })?;
    past::read(&text).map_err(|error| Box::new(complaint(&shown, &text, &error)))
}

fn complaint(shown: &str, text: &str, error: &PastError) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::BaselineUnreadable, format!("`{shown}` is no report: {error}"))
        .help("name a file that was written by `tieout audit … --report json=FILE`");
    let PastError::Shape { line, column, .. } = error else { return diagnostic };
    let row = usize::try_from(*line).ok().and_then(|line| text.lines().nth(line.saturating_sub(1)));
    diagnostic.at(Place {
        file: shown.to_owned(),
        line: Some(*line),
        column: Some(*column),
        width: 1,
        excerpt: row.map(str::to_owned),
    })
}
