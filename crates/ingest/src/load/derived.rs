//! Derived records enter their population, with a complaint for what their sources disagree in.

use std::collections::{BTreeMap, BTreeSet};

use tieout_model::{Code, Diagnostic, RecordRef};

use super::Loading;
use super::facts::words;
use super::finish::Done;
use crate::derive::Fold;
use crate::diagnose::Sighting;
use crate::gather::{Chunks, Rows};
use crate::plan::DerivePlan;
use crate::store::StoredColumn;

/// Puts derived records into their population.
pub(super) fn unfold(
    plan: &DerivePlan,
    fold: Fold,
    sources: &[u32],
    done: &mut BTreeMap<String, Done>,
    loading: &mut Loading,
) -> polars::prelude::PolarsResult<()> {
    let disagreements = fold.disagreements.clone();
    let (records, columns) = fold.finish();
    let groups = records.len();
    let Some(target) = done.get_mut(&plan.population.name) else { return Ok(()) };
    let mut stored = Rows { records, columns: Vec::new() };
    for ((derived, column), (count, first, last)) in columns.into_iter().zip(disagreements) {
        if let Some(marks) = &column.unreadable {
            *target.unreadable.entry(derived.name.clone()).or_default() +=
                marks.iter().filter(|mark| **mark).count() as u64;
        }
        if count > 0 {
            loading.diagnostics.push(disagree(plan, &derived.name, count, groups as u64, (first, last), loading));
        }
        stored.columns.push((derived.name.clone(), column));
        let from = match derived.rule {
            crate::profile::FoldRule::First | crate::profile::FoldRule::Agree => words(&derived.origin),
            rule => format!("{} of {}", rule.name(), words(&derived.origin).trim_start_matches("computed from ")),
        };
        target.facts.mapped.push((derived.name.clone(), format!("derived: {from}")));
        target.columns.entry(derived.name.clone()).or_insert(StoredColumn {
            name: derived.name,
            ty: derived.ty,
            origin: derived.origin,
            has_unreadable: false,
            decimals_max: 0,
        });
    }
    for source in sources {
        if !target.facts.sources.contains(source) {
            target.facts.sources.push(*source);
        }
    }
    target.facts.read += groups as u64;
    target.facts.kept += groups as u64;
    target.records += groups as u64;
    let mut chunks = Chunks::default();
    target.spill.push(&mut chunks, &stored)?;
    target.spill.end(&mut chunks)?;
    target.chunks.push(chunks);
    Ok(())
}

pub(super) fn disagree(
    plan: &DerivePlan,
    column: &str,
    count: u64,
    of: u64,
    ends: (i64, i64),
    loading: &Loading,
) -> Diagnostic {
    let (first, last) = (RecordRef::unpack(ends.0), RecordRef::unpack(ends.1));
    let mut found = BTreeMap::new();
    for record in [first, last] {
        let source = record.source as usize;
        if let (Some(path), Some(layout)) = (loading.paths.get(source), loading.layouts.get(source)) {
            crate::locate::in_file(path, layout, record.source, &BTreeSet::from([record.record]), &mut found);
        }
    }
    let line = |record: &RecordRef| found.get(record).map_or(0, |located| located.line);
    let excerpt = found
        .get(&first)
        .map(|located| located.cells.iter().map(|(_, cell)| cell.as_str()).collect::<Vec<_>>().join(","));
    let tally = crate::diagnose::Tally {
        count,
        first: Sighting {
            record: first.record,
            line: line(&first),
            cell_line: line(&first),
            column: 1,
            width: 1,
            excerpt: excerpt.unwrap_or_default(),
            cell: String::new(),
            field: None,
        },
        last_line: line(&last),
    };
    let file = loading.files.get(first.source as usize).map_or("", |file| file.path.as_str());
    let name = &plan.population.name;
    let message = format!("records of one {} disagree in `{name}.{column}`", plan.key.join(" + "));
    crate::diagnose::report(
        Code::DeriveDisagrees,
        &tally,
        file,
        of,
        message,
        "differs from an earlier record of its key",
    )
    .note(format!("the cell is unreadable in {count} of {of} derived records; rules that use it do not test them"))
    .help(format!(
        "if one of them is right, say which: `{column} = {{ header = \"...\", rule = \"first\" }}` (or min, max)"
    ))
}

/// True if two sources derive the same population in the same way, so that their records fold together.
pub(super) fn same(left: &DerivePlan, right: &DerivePlan) -> bool {
    let shape = |plan: &DerivePlan| {
        (
            plan.population.name.clone(),
            plan.key.clone(),
            plan.columns
                .iter()
                .map(|column| (column.name.clone(), column.from.clone(), column.rule.name()))
                .collect::<Vec<_>>(),
        )
    };
    shape(left) == shape(right)
}
