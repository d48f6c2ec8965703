//! `tieout register`, `approve`, `told` and `withdraw`: from a proposal to the proof that it arrived.

use tieout_model::correction::{Pack, Proposal};
use tieout_model::register::{Event, Step, joined};
use tieout_model::{Code, Date, Diagnostic};

use crate::args::{RegisterArgs, StepArgs};
use crate::commands::{print, refuse};
use crate::engagement;
use crate::gate::Exit;
use crate::output;
use crate::pipeline::{self, Columns, Prepared};
use crate::register::Book;
use crate::say;

/// Days that a proposal may wait before it counts as forgotten, where the engagement says nothing.
const PATIENCE: u64 = 30;

/// Days that a proposal of the engagement may wait.
pub fn patience(prepared: &Prepared) -> u64 {
    prepared.engagement.patience.unwrap_or(PATIENCE)
}

/// What became of each correction: 0 nothing needs somebody, 1 something does, 2 it cannot be told.
pub fn run(args: &RegisterArgs) -> Exit {
    let told = || -> Result<_, Vec<Diagnostic>> {
        let prepared = pipeline::prepare(&args.path, &args.sources, Columns::All)?;
        let book = Book::open(&prepared.engagement)?;
        let (store, diagnostics) = pipeline::read(&prepared, &args.sources);
        if pipeline::is_stopped(&diagnostics) {
            return Err(diagnostics);
        }
        let report = pipeline::audit(&prepared, &store, diagnostics, &|_| {});
        let arrivals = tieout_rules::arrivals(&store, &report, &book.register, patience(&prepared))
            .map_err(|error| vec![Diagnostic::new(Code::OutputFailed, error.to_string())])?;
        if let Some(file) = &args.json {
            let register = &book.register;
            output::to_file(file, |out| tieout_report::render_arrivals_json(&report, register, &arrivals, out))
                .map_err(|error| {
                    let message = format!("`{}` cannot be written: {error}", file.display());
                    vec![Diagnostic::new(Code::OutputFailed, message)]
                })?;
        }
        Ok((report, book, arrivals))
    };
    match told() {
        Ok((report, book, arrivals)) => {
            say::complain(&book.complaints());
            let printed = print(|out| tieout_report::render_arrivals(&report, &book.register, &arrivals, out));
            let needs = arrivals.iter().any(|arrival| arrival.state.needs_somebody());
            match printed {
                Exit::Passed if !book.register.faults.is_empty() => Exit::NotAudited,
                Exit::Passed if needs => Exit::Found,
                other => other,
            }
        }
        Err(diagnostics) => refuse(&diagnostics),
    }
}

/// Writes a step of some proposals into the register: all of them or none.
pub fn step(args: &StepArgs, step: Step) -> Exit {
    let done = || -> Result<_, Vec<Diagnostic>> {
        let engagement = engagement::load(&args.path)?;
        let mut book = Book::open(&engagement)?;
        let day = args.on.or(engagement.as_of).ok_or_else(|| {
            let message = "the engagement has no as-of date, so the day must be named";
            vec![Diagnostic::new(Code::EngagementValue, message).help("add `--on 2026-11-06`")]
        })?;
        let events: Vec<Event> = args.ids.iter().map(|id| event(id, step, day, args)).collect();
        book.add(&events)?;
        Ok(book)
    };
    match done() {
        Ok(book) => {
            say::complain(&book.complaints());
            say::line(&format!("{} {}", args.ids.len(), step.name()));
            Exit::Passed
        }
        Err(diagnostics) => refuse(&diagnostics),
    }
}

fn event(id: &str, step: Step, day: Date, args: &StepArgs) -> Event {
    let mut fields = vec![("by".to_owned(), args.by.clone())];
    fields.extend(args.why.iter().map(|why| ("why".to_owned(), why.clone())));
    Event { day, proposal: id.to_owned(), step, fields }
}

/// The proposals of a pack as events; those that the register has already are left out.
pub fn proposed(pack: &Pack, book: &Book, day: Date, by: &str) -> Vec<Event> {
    let fresh = pack.proposals.iter().filter(|proposal| !book.register.entries.contains_key(&proposal.id));
    fresh
        .map(|proposal| Event {
            day,
            proposal: proposal.id.clone(),
            step: Step::Proposed,
            fields: fields(proposal, by),
        })
        .collect()
}

fn fields(proposal: &Proposal, by: &str) -> Vec<(String, String)> {
    let mut documents: Vec<&str> = proposal.lines.iter().map(|line| line.document.as_str()).collect();
    documents.sort_unstable();
    documents.dedup();
    [
        ("by", by.to_owned()),
        ("action", proposal.action.name().to_owned()),
        ("customer", proposal.customer.clone().unwrap_or_default()),
        ("currency", proposal.currency.clone()),
        ("net", proposal.net().to_places(2)),
        ("tax", proposal.tax().to_places(2)),
        ("documents", joined(documents)),
        ("findings", joined(proposal.fingerprints())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
