//! `tieout check`: reads and maps without auditing.

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::Store;
use tieout_model::{AuditReport, RecordRef};
use tieout_report::Sample;

use crate::args::CheckArgs;
use crate::commands::{print, refuse};
use crate::gate::Exit;
use crate::pipeline::{self, Columns, Prepared};
use crate::say;

/// Runs the command. Exit 2 if the engagement, a rule or a source cannot be used as it stands.
pub fn run(args: &CheckArgs) -> Exit {
    let prepared = match pipeline::prepare(&args.path, &args.sources, Columns::All) {
        Ok(prepared) => prepared,
        Err(diagnostics) => return refuse(&diagnostics),
    };
    let (store, mut diagnostics) = pipeline::read(&prepared, &args.sources);
    let (rules, raised) = tieout_rules::plan_check(&store, &prepared.library, &prepared.options);
    diagnostics.extend(raised);
    let stopped = pipeline::is_stopped(&diagnostics);
    if args.sources.quiet {
        say::complain(&diagnostics);
        return if stopped { Exit::NotAudited } else { Exit::Passed };
    }
    let report =
        AuditReport { unlock: tieout_rules::unlock(&rules), rules, ..pipeline::report(&prepared, &store, diagnostics) };
    let samples = samples(&prepared, &store);
    let references = match tieout_rules::link_hits(&store) {
        Ok(hits) => hits.into_iter().map(reference).collect(),
        Err(error) => {
            say::line(&format!("the references could not be counted: {error}"));
            Vec::new()
        }
    };
    match print(|out| tieout_report::render_check(&report, &samples, &references, out)) {
        Exit::Passed if stopped => Exit::NotAudited,
        exit => exit,
    }
}

fn reference(hits: tieout_rules::LinkHits) -> tieout_report::Reference {
    let tieout_rules::LinkHits { population, columns, into, stated, found } = hits;
    tieout_report::Reference { population, columns, into, stated, found }
}

/// The first record of every population, as received and as understood.
fn samples(prepared: &Prepared, store: &Store) -> Vec<Sample> {
    let mut populations = BTreeMap::new();
    for population in store.populations.values() {
        let first = tieout_rules::first_record(store, &population.name);
        populations.extend(first.map(|(record, _)| (&population.name, record)));
    }
    let records: BTreeSet<_> = populations.values().copied().collect();
    let located = tieout_ingest::locate(store, &prepared.base, &records);
    let sample = |(name, record): (&&String, &RecordRef)| {
        let found = located.get(record)?;
        let file = store.files.get(usize::try_from(record.source).ok()?)?;
        Some(Sample {
            population: (*name).clone(),
            place: format!("{}:{}", file.path, found.line),
            received: found.cells.clone(),
            converted: tieout_rules::first_record(store, name).map(|(_, cells)| cells).unwrap_or_default(),
        })
    };
    populations.iter().filter_map(sample).collect()
}
