//! `tieout chase`: whom a reminder may go to, whom not and why.

use tieout_model::{Code, Diagnostic};

use crate::args::ChaseArgs;
use crate::commands::{print, refuse};
use crate::gate::Exit;
use crate::output;
use crate::pipeline::{self, Columns};

/// Runs the command: 0 it is told, 2 it cannot be.
pub fn run(args: &ChaseArgs) -> Exit {
    let told = || -> Result<_, Vec<Diagnostic>> {
        let prepared = pipeline::prepare(&args.path, &args.sources, Columns::All)?;
        let as_of = prepared.options.as_of.ok_or_else(|| {
            let message = "the engagement has no as-of date, so nothing is overdue";
            vec![Diagnostic::new(Code::EngagementValue, message).help("add `as_of` to the engagement")]
        })?;
        let (store, diagnostics) = pipeline::read(&prepared, &args.sources);
        if pipeline::is_stopped(&diagnostics) {
            return Err(diagnostics);
        }
        let report = pipeline::audit(&prepared, &store, diagnostics, &|_| {});
        let chase = tieout_rules::chase(&store, &report, as_of, i32::from(args.days))
            .map_err(|error| vec![Diagnostic::new(Code::OutputFailed, error.to_string())])?;
        if let Some(file) = &args.out {
            output::to_file(file, |out| tieout_report::render_chase_csv(&chase, out)).map_err(|error| {
                let message = format!("`{}` cannot be written: {error}", file.display());
                vec![Diagnostic::new(Code::OutputFailed, message)]
            })?;
        }
        Ok((report, chase))
    };
    match told() {
        Ok((report, chase)) => print(|out| tieout_report::render_chase(&report, &chase, out)),
        Err(diagnostics) => refuse(&diagnostics),
    }
}
