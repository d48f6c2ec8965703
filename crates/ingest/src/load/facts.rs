//! What is mapped and from where, for the store and for the report.

use std::collections::BTreeMap;

use tieout_model::Period;
use tieout_model::report::PopulationFacts;

use super::Growing;
use crate::plan::How;
use crate::store::{Origin, StoredColumn};

/// The union of the windows, if every source states one.
pub(super) fn union(extracts: &[Option<Period>]) -> Option<Period> {
    let mut all = extracts.iter();
    let first = (*all.next()?)?;
    all.try_fold(first, |union, extract| {
        let extract = (*extract)?;
        Some(Period { from: union.from.min(extract.from), to: union.to.max(extract.to) })
    })
}

/// What is mapped and from where, and what the files hold besides.
pub(super) fn describe(growing: &Growing, facts: &mut PopulationFacts, columns: &mut BTreeMap<String, StoredColumn>) {
    let mut unmapped: Vec<String> = Vec::new();
    for part in &growing.parts {
        if !facts.sources.contains(&part.file) {
            facts.sources.push(part.file);
        }
        for (field, header) in part.headers.iter().enumerate() {
            let used = growing.parts.iter().any(|other| other.file == part.file && other.bound.used.contains(&field));
            if !used && !unmapped.contains(header) && !header.is_empty() {
                unmapped.push(header.clone());
            }
        }
        for (index, column) in part.plan.columns.iter().enumerate() {
            if part.bound.missing[index] || column.name.starts_with('~') {
                continue;
            }
            let mut origin = part.plan.origin_of(index);
            if let (Origin::Header(name), Some(field)) = (&mut origin, part.bound.fields[index])
                && let Some(header) = part.headers.get(field)
            {
                name.clone_from(header);
            }
            let from = match (&column.how, &origin) {
                (How::Record, _) => "record number".to_owned(),
                _ => words(&origin),
            };
            if !facts.mapped.iter().any(|mapped| mapped == &(column.name.clone(), from.clone())) {
                facts.mapped.push((column.name.clone(), from));
            }
            if !column.stored {
                continue;
            }
            let decimals = part.decimals.get(&column.name).copied().unwrap_or(0);
            let stored = columns.entry(column.name.clone()).or_insert_with(|| StoredColumn {
                name: column.name.clone(),
                ty: column.ty,
                origin: origin.clone(),
                has_unreadable: false,
                decimals_max: 0,
            });
            stored.decimals_max = stored.decimals_max.max(decimals);
            // Computed in one source is computed for the column: no rule may take it for stated.
            if matches!(origin, Origin::Computed(_)) && !matches!(stored.origin, Origin::Computed(_)) {
                stored.origin = origin;
            }
        }
    }
    facts.mapped.sort();
    // Hidden columns of a derivation use headers too, which `used` holds.
    facts.unmapped = unmapped;
}

pub(super) fn words(origin: &Origin) -> String {
    match origin {
        Origin::Header(header) => format!("header \"{header}\""),
        Origin::Constant(text) => format!("constant `{text}`"),
        Origin::Computed(rests) if rests.is_empty() => "computed".to_owned(),
        Origin::Computed(rests) => format!("computed from {}", rests.join(", ")),
    }
}
