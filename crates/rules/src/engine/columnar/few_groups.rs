//! Groups that are few, such as records by outcome and currency: each chunk is counted and summed by itself, on all cores, and
//! what chunks came to is put together.

use hashbrown::HashMap;
use tieout_ingest::texts::Texts;

use super::accumulate::Accumulator;
use super::compute::over_range;
use super::group::Groups;
use super::vector::{Kind, NO_SMALL, Vector};
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
            let columns: Vec<&Vector> = columns.iter().map(AsRef::as_ref).collect();
            // Most chunks are one group.
            let one = columns.iter().all(|column| is_one(column));
            let rows = columns[0].len();
            let Some((places, firsts)) = (if one { Some((vec![0; rows], vec![0])) } else { places(&columns) }) else {
                parts.push(None);
                return;
            };
            let mut made: Vec<Vector> = columns.iter().map(|column| column.gather(&firsts)).collect();
            for ((agg, id), kind) in aggs.iter().zip(&kinds) {
                let value = id.map(|id| evaluator.eval(id));
                if one && let Some(sum) = of_one(agg, value.as_deref(), rows) {
                    made.push(Vector::Small(vec![sum]));
                    continue;
                }
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

/// Whether all rows have the same value.
fn is_one(column: &Vector) -> bool {
    fn same<T: Copy + PartialEq>(all: &[T]) -> bool {
        let Some(first) = all.first() else { return false };
        // Without a branch a value, and without looking at all of them where an early one differs.
        all.chunks(64).all(|some| some.iter().fold(true, |same, value| same & (value == first)))
    }
    match column {
        Vector::Small(all) => same(all),
        Vector::Wide(all) => same(all),
        Vector::Days(all) => same(all),
        Vector::Truth(all) => same(all),
        Vector::Code(all) => same(all),
    }
}

/// What all rows of a chunk come to, where that is told without adding up one by one.
fn of_one(agg: &Agg, value: Option<&Vector>, rows: usize) -> Option<i64> {
    match (agg, value) {
        (Agg::Count, _) => i64::try_from(rows).ok(),
        (Agg::Sum(_), Some(Vector::Small(all))) => {
            let there = |units: i64| if units == NO_SMALL { 0 } else { units };
            let largest = all.iter().fold(0, |bits, units| bits | there(*units).unsigned_abs());
            // So many of the largest still fit.
            let room = i64::MAX.unsigned_abs() / rows.max(1) as u64;
            (largest < room).then(|| all.iter().fold(0i64, |sum, units| sum.wrapping_add(there(*units))))
        }
        _ => None,
    }
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
    use std::sync::Arc;

    use super::super::column::Column;
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

    #[test]
    fn what_chunks_came_to_is_put_together() {
        // More rows than a chunk has, also in a build for use, and groups that come late.
        let rows = 10_000i64;
        let key = |row: i64| if row >= 5_000 { row % 3 } else { 7 };
        let view = View::of(
            10_000,
            vec![
                ("key".to_owned(), Arc::new(Column::Own(Vector::Small((0..rows).map(key).collect())))),
                ("units".to_owned(), Arc::new(Column::Own(Vector::Small((0..rows).collect())))),
            ],
        );
        let texts = Texts::default();
        let wanted: Vec<(Agg, Option<Id>)> = [Agg::Count, Agg::Sum("units".to_owned()), Agg::Max("units".to_owned())]
            .map(|agg| (agg.clone(), agg.of().map(|column| view.column(column))))
            .to_vec();
        let mut groups = Groups::new(vec![Kind::Small], 10_000);
        let mut sums: Vec<Accumulator> =
            wanted.iter().map(|(agg, id)| Accumulator::new(agg, id.map(|id| view.kind(id)))).collect();
        let done = add(&view, &texts, (&[view.column("key")], &wanted), 0, (&mut groups, &mut sums)).unwrap();
        assert!(done);
        let expected = |key_of: i64| {
            let own: Vec<i64> = (0..rows).filter(|row| key(*row) == key_of).collect();
            [own.len() as i64, own.iter().sum(), own[own.len() - 1]]
        };
        let made: Vec<Vec<i64>> = sums
            .into_iter()
            .map(|sum| match sum.finish() {
                Vector::Small(all) => all,
                other => panic!("{other:?}"),
            })
            .collect();
        // In order of appearance; row 5,000 has key 2.
        for (group, key) in [7, 2, 0, 1].into_iter().enumerate() {
            assert_eq!(made.iter().map(|column| column[group]).collect::<Vec<_>>(), expected(key), "key {key}");
        }
    }

    #[test]
    fn a_chunk_of_one_group_is_told_at_once() {
        let one = |column: Vector| is_one(&column);
        assert!(one(Vector::Code(vec![u32::MAX; 300])) && one(Vector::Days(vec![7])) && !one(Vector::Truth(vec![])));
        let mut late = vec![5; 300];
        late[299] = 6;
        assert!(!one(Vector::Small(late)));
        let sum = |all: Vec<i64>| of_one(&Agg::Sum(String::new()), Some(&Vector::Small(all.clone())), all.len());
        assert_eq!(sum(vec![5, NO_SMALL, -7, 1]), Some(-1));
        assert_eq!(sum(vec![i64::MAX / 4, i64::MAX / 4, i64::MIN / 8]), Some(i64::MAX / 4 * 2 + i64::MIN / 8));
        // It could be more than fits, so it is added up with care.
        assert_eq!(sum(vec![i64::MAX / 2, i64::MAX / 2]), None);
        assert_eq!(of_one(&Agg::Count, None, 4096), Some(4096));
        assert_eq!(of_one(&Agg::Missing(String::new()), Some(&Vector::Small(vec![NO_SMALL])), 1), None);
    }
}
