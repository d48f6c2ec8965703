//! `tieout compare A B`: two reports that lie there, without an audit.

use tieout_model::finding::Standing;
use tieout_model::{Confidence, Severity};
use tieout_report::past::{Comparison, render_comparison};

use crate::args::CompareArgs;
use crate::baseline;
use crate::commands::{print, refuse};
use crate::gate::Exit;

/// Runs the command. New or changed findings that are open, certain or likely, and errors, are exit code 1.
pub fn run(args: &CompareArgs) -> Exit {
    let (former, later) = match (baseline::load(&args.former), baseline::load(&args.later)) {
        (Ok(former), Ok(later)) => (former, later),
        (former, later) => {
            let wrong: Vec<_> = [former.err(), later.err()].into_iter().flatten().map(|wrong| *wrong).collect();
            return refuse(&wrong);
        }
    };
    let comparison = Comparison::new(&former, &later);
    let printed = print(|out| render_comparison(&former, &later, &comparison, out));
    if printed != Exit::Passed {
        return printed;
    }
    let gates = later.findings.iter().zip(&comparison.histories).any(|(finding, history)| {
        finding.is_open
            && history.standing != Standing::Unchanged
            && finding.severity == Severity::Error
            && finding.confidence >= Confidence::Likely
    });
    if gates { Exit::Found } else { Exit::Passed }
}
