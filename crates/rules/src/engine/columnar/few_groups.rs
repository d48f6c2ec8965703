//! Groups that are few, such as records by outcome and currency: each chunk is counted and summed by itself, on all cores, and
//! what chunks came to is put together.

use hashbrown::HashMap;
use tieout_ingest::texts::Texts;

use super::compute::over_range;
use super::group::{Accumulator, Groups};
use super::vector::{Kind, Vector};
use super::view::{Id, View};
use crate::engine::EngineError;
use crate::plan::Agg;

/// Different values of a key column in a chunk, at most.
const VALUES_MAX: usize = 16;
/// Key columns, at most.
const KEYS_MAX: usize = 3;

/// Rows from a place on into groups that are known already, or new. `false`: in some chunk there are too many groups, and
/// nothing was done.
pub(super) fn add(
    view: &View,
    texts: &Texts,
    (keys, aggs): (&[Id], &[(Agg, Option<Id>)]),
    from: usize,
    (groups, sums): (&mut Groups, &mut [Accumulator]),
) -> Result<bool, EngineError> {
    let mergeable = |agg: &Agg| !matches!(agg, Agg::Any(_));
    if keys.is_empty() || keys.len() > KEYS_MAX || !aggs.iter().all(|(agg, _)| mergeable(agg)) {
        return Ok(false);
    }
    let kinds: Vec<Kind> = aggs.iter().map(|(_, id)| id.map_or(Kind::Small, |id| view.kind(id))).collect();
    let parts = over_range(
        view,
        texts,
        (from, view.rows),
        |evaluator, _, parts: &mut Vec<Option<Vec<Vector>>>| {
            let columns: Vec<_> = keys.iter().map(|key| evaluator.eval(*key)).collect();
            let Some((places, firsts)) = places(&columns.iter().map(AsRef::as_ref).collect::<Vec<_>>()) else {
                parts.push(None);
                return;
            };
            let mut made: Vec<Vector> = columns.iter().map(|column| column.gather(&firsts)).collect();
            for ((agg, id), kind) in aggs.iter().zip(&kinds) {
                let value = id.map(|id| evaluator.eval(id));
                let mut sum = Accumulator::new(agg, Some(*kind));
                match sum.add((&places, &[]), value.as_deref(), firsts.len()) {
                    Ok(()) => made.push(sum.finish()),
                    Err(_) => {
                        parts.push(None);
                        return;
                    }
                }
            }
            parts.push(Some(made));
        },
        Vec::new,
    )?;
    let Some(parts) = parts.into_iter().flatten().collect::<Option<Vec<_>>>() else { return Ok(false) };
    for part in parts {
        let (own, values) = part.split_at(keys.len());
        let (places, _) = groups.places(own, own[0].len());
        for (sum, value) in sums.iter_mut().zip(values) {
            sum.merge(&places, value, groups.count())?;
        }
    }
    Ok(true)
}

/// The group of each row of a chunk, and the first row of each group; `None` where there are too many.
fn places(columns: &[&Vector]) -> Option<(Vec<u32>, Vec<u32>)> {
    let mut ids: Option<Vec<u32>> = None;
    for column in columns {
        let own = values(column)?;
        match &mut ids {
            None => ids = Some(own),
            Some(ids) => {
                ids.iter_mut().zip(own).for_each(|(id, own)| *id = *id * VALUES_MAX as u32 + own);
            }
        }
    }
    let mut ids = ids?;
    // Numbered in order of appearance.
    let mut known: HashMap<u32, u32> = HashMap::new();
    let mut firsts: Vec<u32> = Vec::new();
    let mut last = None;
    for (row, id) in (0u32..).zip(&mut ids) {
        match last {
            Some((same, place)) if same == *id => *id = place,
            _ => {
                let fresh = u32::try_from(firsts.len()).ok()?;
                let place = *known.entry(*id).or_insert_with(|| {
                    firsts.push(row);
                    fresh
                });
                last = Some((*id, place));
                *id = place;
            }
        }
    }
    Some((ids, firsts))
}

/// A number for each row's value, the same for the same value.
fn values(column: &Vector) -> Option<Vec<u32>> {
    fn few<T: Copy + PartialEq>(all: &[T]) -> Option<Vec<u32>> {
        let mut known: Vec<T> = Vec::new();
        let mut ids = Vec::with_capacity(all.len());
        let mut last: Option<(T, u32)> = None;
        for value in all {
            if let Some((same, id)) = last
                && same == *value
            {
                ids.push(id);
                continue;
            }
            let at = known.iter().position(|own| own == value).unwrap_or_else(|| {
                known.push(*value);
                known.len() - 1
            });
            if at >= VALUES_MAX {
                return None;
            }
            let id = u32::try_from(at).ok()?;
            last = Some((*value, id));
            ids.push(id);
        }
        Some(ids)
    }
    match column {
        Vector::Small(all) => few(all),
        Vector::Wide(all) => few(all),
        Vector::Days(all) => few(all),
        Vector::Truth(all) => few(all),
        Vector::Code(all) => few(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_put_into_groups_in_order_of_appearance() {
        let texts = Vector::Code(vec![7, 7, 3, 7, 3, u32::MAX]);
        let numbers = Vector::Small(vec![1, 1, 1, 2, 1, 1]);
        assert_eq!(places(&[&texts, &numbers]), Some((vec![0, 0, 1, 2, 1, 3], vec![0, 2, 3, 5])));
        assert_eq!(places(&[&texts]), Some((vec![0, 0, 1, 0, 1, 2], vec![0, 2, 5])));
        let many = Vector::Small((0..=VALUES_MAX as i64).collect());
        assert_eq!(places(&[&many]), None);
    }
}
