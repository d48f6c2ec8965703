//! `tieout customer ID`: one customer's documents, balances and findings on a page.

use tieout_model::{Code, Diagnostic};

use crate::args::CustomerArgs;
use crate::commands::{print, refuse};
use crate::gate::Exit;
use crate::pipeline::{self, Columns};
use crate::register::Book;

/// Runs the command.
pub fn run(args: &CustomerArgs) -> Exit {
    let prepared = match pipeline::prepare(&args.path, &args.sources, Columns::All) {
        Ok(prepared) => prepared,
        Err(diagnostics) => return refuse(&diagnostics),
    };
    let (store, diagnostics) = pipeline::read(&prepared, &args.sources);
    if pipeline::is_stopped(&diagnostics) {
        return refuse(&diagnostics);
    }
    let account = match tieout_rules::account(&store, &args.id, prepared.options.as_of) {
        Ok(Some(account)) => account,
        Ok(None) => {
            let message = format!("no record of these exports is of a customer `{}`", args.id);
            return refuse(&[
                Diagnostic::new(Code::EngagementValue, message).help("give the id as the exports have it")
            ]);
        }
        Err(error) => return refuse(&[Diagnostic::new(Code::EngagementValue, error.to_string())]),
    };
    let report = pipeline::audit(&prepared, &store, diagnostics, &|_| {});
    let book = match Book::open(&prepared.engagement) {
        Ok(book) => book,
        Err(diagnostics) => return refuse(&diagnostics),
    };
    print(|out| tieout_report::render_account(&report, &account, &book.register, out))
}
