//! `credit_sign = "auto"`: the credit notes of all files of a source decide, before any of them is converted for good.

use std::sync::Arc;

use tieout_model::{Code, Diagnostic, Level};

use super::job::Job;
use super::{Growing, Loading, file};
use crate::diagnose::report;

use crate::profile::CreditSign;
use crate::totals::control_column;

/// Reads the files of a source once in advance where a table leaves the sign to the credit notes.
pub(super) fn settle(whole: &Job, loading: &mut Loading, pool: Option<&rayon::ThreadPool>) {
    let asking: Vec<usize> = (0..whole.plan.tables.len())
        .filter(|table| whole.plan.tables[*table].credit_sign == CreditSign::Auto)
        .collect();
    if asking.is_empty() {
        return;
    }
    let job = &narrow(whole);
    let fresh = || {
        let mut scratch = Loading::new(&loading.texts);
        scratch.declare(job);
        // Whether a record stands in another file too changes no sign.
        scratch.growing.values_mut().for_each(|growing| growing.files = 1);
        scratch
    };
    let mut scratch = fresh();
    let mut seen = vec![(0, 0); job.plan.tables.len()];
    for (shown, path) in &job.files {
        if let Some(known) = crate::cache::signs(whole, path, loading) {
            seen.iter_mut().zip(known).for_each(|(seen, own)| *seen = (seen.0 + own.0, seen.1 + own.1));
            continue;
        }
        // What is wrong with a file is said when it is read in earnest.
        let Ok(pass) = file::pass(job, shown, path, 0, &mut scratch, pool, &|_| {}) else { continue };
        for (seen, part) in seen.iter_mut().zip(&pass.parts) {
            *seen = (seen.0 + part.signs.positive, seen.1 + part.signs.negative);
        }
        scratch = fresh();
    }
    for table in asking {
        let plan = &whole.plan.tables[table];
        if let (true, Some(growing)) =
            (seen[table].0 > 0 && seen[table].1 == 0, loading.growing.get_mut(&plan.population.name))
        {
            growing.positive.push(Arc::clone(plan));
        }
    }
}

/// The same source with nothing to convert but what shows the signs.
fn narrow(job: &Job) -> Job {
    let mut narrow = job.clone();
    for table in &mut narrow.plan.tables {
        let plan = Arc::make_mut(table);
        plan.numbers = false;
        plan.derive.clear();
        let control = control_column(&plan.population.name);
        for column in &mut plan.columns {
            column.stored = Some(column.name.as_str()) == control && !column.how.is_computed();
        }
    }
    narrow
}

/// Credit notes whose sign is in doubt.
pub(super) fn complain(
    growing: &Growing,
    files: &[tieout_model::report::SourceFile],
    diagnostics: &mut Vec<Diagnostic>,
) {
    for part in &growing.parts {
        let doubtful = match part.plan.credit_sign {
            CreditSign::Positive | CreditSign::Negate => false,
            CreditSign::AsIs => part.signs.positive > 0,
            CreditSign::Auto => part.signs.positive > 0 && part.signs.negative > 0,
        };
        let (true, Some(first)) = (doubtful, &part.signs.first) else { continue };
        let tally = crate::diagnose::Tally { count: part.signs.positive, first: first.clone(), last_line: first.line };
        let file = files.get(part.file as usize).map_or("", |file| file.path.as_str());
        let message = if part.signs.negative > 0 {
            format!("{} credit notes are positive and {} negative", part.signs.positive, part.signs.negative)
        } else {
            "credit notes are stated positive and are taken as they stand".to_owned()
        };
        let of = part.signs.positive + part.signs.negative;
        let mut diagnostic = report(Code::AmountSign, &tally, file, of, message, "positive")
            .note("a credit note is negative here, whatever the source's sign")
            .help("set `credit_sign = \"positive\"` under [format] if the source states credit notes positive");
        diagnostic.level = Level::Warning;
        diagnostic.occurrences = None;
        diagnostics.push(diagnostic);
    }
}
