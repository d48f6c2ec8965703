//! Overlapping extracts of one population, with the complaint that says what was merged.

use std::collections::BTreeSet;

use tieout_model::{Code, Diagnostic};

use super::{Growing, Loading};
use crate::overlap::{Extract, merge};

pub(super) fn overlap(growing: &Growing, loading: &mut Loading) -> Option<crate::overlap::Merged> {
    if growing.parts.len() < 2 {
        return None;
    }
    let mut order: Vec<usize> = (0..growing.parts.len()).collect();
    order.sort_by(|left, right| growing.parts[*left].order.cmp(&growing.parts[*right].order));
    // Tables of one file are one export: what two of them say is not an overlap.
    let rank = |index: usize| {
        order.iter().position(|other| growing.parts[*other].file == growing.parts[index].file).unwrap_or(0)
    };
    let extracts: Vec<Extract<'_>> = growing
        .parts
        .iter()
        .enumerate()
        .map(|(index, part)| Extract { rank: rank(index), keys: &part.keys, contents: &part.contents })
        .collect();
    let merged = merge(&extracts)?;
    let name = &growing.parts.first()?.plan.population.name;
    let part = &growing.parts[merged.first?.0];
    let files: BTreeSet<&str> = growing
        .parts
        .iter()
        .zip(&merged.keep)
        .filter(|(_, keep)| keep.iter().any(|keep| !keep))
        .map(|(part, _)| part.order.1.as_str())
        .collect();
    let message = format!("{} records of `{name}` stand in several extracts; each counts once", merged.merged);
    let changed = match merged.versions {
        0 => "their cells are the same in every extract".to_owned(),
        versions => format!("the cells of {versions} have changed: the later export wins"),
    };
    let place = tieout_model::Place { file: part.order.1.clone(), ..tieout_model::Place::default() };
    loading.complain(
        Diagnostic::new(Code::ExtractOverlap, message)
            .at(place)
            .note(changed)
            .note(format!("left out of: {}", files.into_iter().collect::<Vec<_>>().join(", ")))
            .help("state `extract = { from, to }` of each source to say which export is the later one; else the name decides"),
    );
    Some(merged)
}
