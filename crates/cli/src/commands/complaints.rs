//! `tieout complaints`: what audits knew of complaints before they came, and how soon they were answered.

use tieout_model::{Code, Diagnostic};

use crate::args::ComplaintsArgs;
use crate::commands::{print, refuse, register};
use crate::gate::Exit;
use crate::pipeline::{self, Columns};
use crate::register::Book;
use crate::{baseline, output, say};

/// Runs the command: 0 it is told, 2 it cannot be.
pub fn run(args: &ComplaintsArgs) -> Exit {
    let told = || -> Result<_, Vec<Diagnostic>> {
        let former = args.baseline.as_deref().map(baseline::load).transpose().map_err(|wrong| vec![*wrong])?;
        let prepared = pipeline::prepare(&args.path, &args.sources, Columns::All)?;
        let book = Book::open(&prepared.engagement)?;
        let (store, diagnostics) = pipeline::read(&prepared, &args.sources);
        if pipeline::is_stopped(&diagnostics) {
            return Err(diagnostics);
        }
        let mut report = pipeline::audit(&prepared, &store, diagnostics, &|_| {});
        if let Some(former) = &former {
            tieout_report::past::apply(&mut report, former);
        }
        let failed = |error: &dyn std::fmt::Display| vec![Diagnostic::new(Code::OutputFailed, error.to_string())];
        let arrivals = tieout_rules::arrivals(&store, &report, &book.register, register::patience(&prepared))
            .map_err(|error| failed(&error))?;
        let complaints = tieout_rules::match_complaints(&store, &report, &book.register, &arrivals)
            .map_err(|error| failed(&error))?;
        let complaints = complaints.ok_or_else(|| {
            let help = "add a [[source]] with `population = \"complaint\"`: complaint_id, customer_id, received_date and, \
                        if there are such columns, invoice_id, answered_date, closed_date";
            vec![Diagnostic::new(Code::EngagementValue, "the engagement has no complaints").help(help)]
        })?;
        if let Some(file) = &args.json {
            output::to_file(file, |out| tieout_report::render_complaints_json(&report, &complaints, out))
                .map_err(|error| failed(&format!("`{}` cannot be written: {error}", file.display())))?;
        }
        Ok((report, book, complaints))
    };
    match told() {
        Ok((report, book, complaints)) => {
            say::complain(&book.complaints());
            print(|out| tieout_report::render_complaints(&report, &complaints, out))
        }
        Err(diagnostics) => refuse(&diagnostics),
    }
}
