//! Words on standard error: diagnostics and the closing line. A closed standard error is nobody's failure.

use std::cmp::Reverse;
use std::io::{Write as _, stderr};

use tieout_model::Diagnostic;
use tieout_report::{render_diagnostic, visible};

/// Every diagnostic, the gravest first.
pub fn complain(diagnostics: &[Diagnostic]) {
    let mut order: Vec<_> = diagnostics.iter().collect();
    order.sort_by_key(|diagnostic| Reverse(diagnostic.level));
    let mut text = Vec::new();
    for diagnostic in order {
        // Writing to memory cannot fail.
        let _ = render_diagnostic(diagnostic, &mut text);
        text.push(b'\n');
    }
    let _ = stderr().lock().write_all(&text);
}

/// One line.
pub fn line(text: &str) {
    let _ = writeln!(stderr().lock(), "tieout: {}", visible(text));
}
