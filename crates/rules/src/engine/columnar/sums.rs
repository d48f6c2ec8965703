//! Aggregates for the rows that ask for them, each row summed where it is asked for: no group is made.

use std::sync::Arc;

use rayon::prelude::*;
use tieout_ingest::packed::{PIECE, Packing};
use tieout_ingest::texts::Texts;

use super::accumulate::Accumulator;
use super::column::Column;
use super::common::{append, physical};
use super::compute::{codes, columns_of};
use super::group::BLOCK;
use super::join::Index;
use super::vector::{Kind, NO_ROW, Vector};
use super::view::{Id, Same, View};
use crate::engine::EngineError;
use crate::plan::Agg;

/// One row for each of the `rows` that ask, missing where there is nothing to sum: `head` is the first of those by whose key
/// they are found in the index. And of how many there is something.
pub(super) fn sums(
    view: &View,
    texts: &Texts,
    (head, index): (Id, &Index),
    aggs: &[(Agg, Option<Id>)],
    rows: usize,
) -> Result<(Vec<Same<Column>>, usize), EngineError> {
    let mut sums: Vec<Accumulator> =
        aggs.iter().map(|(agg, id)| Accumulator::new(agg, id.map(|id| view.kind(id)))).collect();
    sums.iter_mut().for_each(|sum| sum.reach(rows));
    let ids: Vec<Id> = std::iter::once(head).chain(aggs.iter().filter_map(|(_, id)| *id)).collect();
    let mut seen = vec![false; rows];
    for from in (0..view.rows).step_by(BLOCK) {
        let mut columns = columns_of(view, texts, &ids, (from, view.rows.min(from + BLOCK)))?;
        let heads = (0u32..).zip(codes(&columns[0]));
        let asked: Vec<u32> = heads.filter(|(_, head)| **head != NO_ROW).map(|(row, _)| row).collect();
        if asked.len() < columns[0].len() {
            columns.iter_mut().for_each(|column| *column = column.gather(&asked));
        }
        let places = codes(&columns[0]);
        places.iter().for_each(|place| seen[*place as usize] = true);
        let mut values = columns[1..].iter();
        for (sum, (_, id)) in sums.iter_mut().zip(aggs) {
            let value = id.and_then(|_| values.next());
            sum.add((places, &[]), value, rows)?;
        }
    }
    let count = seen.iter().filter(|seen| **seen).count();
    // What the first row of a key has is that of all.
    let first = index.repeats().then(|| {
        let mut first: Vec<u32> = (0..).take(rows).collect();
        for head in index.firsts() {
            index.chain(head).for_each(|row| first[row as usize] = head);
        }
        first
    });
    let columns = sums.into_par_iter().map(|sum| Same(column(&sum, &seen, first.as_deref()).into())).collect();
    Ok((columns, count))
}

/// A column in narrow pieces, unless its numbers are of 128 bits: missing where nothing was seen.
fn column(sum: &Accumulator, seen: &[bool], first: Option<&[u32]>) -> Column {
    let part = |from: usize, to: usize| {
        let place = |row: usize| first.map_or(row, |first| first[row] as usize);
        let mut part = sum.some((from..to).map(place));
        part.give_only(&(from..to).map(|row| seen[place(row)]).collect::<Vec<_>>());
        part
    };
    let rows = seen.len();
    let kind = sum.some(std::iter::empty()).kind();
    let step = if kind == Kind::Wide { rows } else { PIECE };
    let mut packing = Packing::new(physical(kind));
    for from in (0..rows).step_by(step.max(1)) {
        match part(from, rows.min(from + step)).narrowed() {
            wide @ Vector::Wide(_) => return Column::Own(wide),
            part => append(&mut packing, &part),
        }
    }
    Column::Stored(Arc::new(packing.finish()))
}
