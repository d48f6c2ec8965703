//! Groups of rows by key, with what is counted and summed of each.

use hashbrown::HashTable;
use tieout_ingest::texts::Texts;

use super::compute::columns_of;
use super::join::{equal, image, mix};
use super::vector::{FALSE, NO_DAY, NO_ROW, NO_SMALL, NO_WIDE, TRUE, UNKNOWN, Vector, wide};
use super::view::{Id, View};
use crate::engine::EngineError;
use crate::plan::Agg;

/// Rows that are computed before they are put into groups: bounds what is held at a time.
const BLOCK: usize = 1 << 20;

/// One row a group, in order of first appearance: keys, then aggregates. Missing keys form groups like any value.
pub(super) fn aggregate(
    view: &View,
    texts: &Texts,
    keys: &[Id],
    aggs: &[(Agg, Option<Id>)],
) -> Result<(usize, Vec<Vector>), EngineError> {
    let mut groups = Groups::new(keys.iter().map(|key| view.kind(*key)).map(|kind| Vector::empty(kind, 0)).collect());
    let mut sums: Vec<Accumulator> =
        aggs.iter().map(|(agg, id)| Accumulator::new(agg, id.map(|id| view.kind(id)))).collect();
    let ids: Vec<Id> = keys.iter().copied().chain(aggs.iter().filter_map(|(_, id)| *id)).collect();
    for from in (0..view.rows).step_by(BLOCK) {
        let to = view.rows.min(from + BLOCK);
        let columns = columns_of(view, texts, &ids, (from, to))?;
        let (own, values) = columns.split_at(keys.len());
        let places = groups.places(own, to - from);
        let mut values = values.iter();
        for (sum, (_, id)) in sums.iter_mut().zip(aggs) {
            let value = id.and_then(|_| values.next());
            sum.add(&places, value, groups.count)?;
        }
    }
    let mut columns = groups.keys;
    columns.extend(sums.into_iter().map(Accumulator::finish));
    Ok((groups.count, columns))
}

/// Keys seen so far, numbered.
struct Groups {
    keys: Vec<Vector>,
    count: usize,
    finder: Finder,
}

enum Finder {
    /// By the code of the only key.
    Direct(Vec<u32>),
    Hashed(HashTable<u32>),
}

impl Groups {
    fn new(keys: Vec<Vector>) -> Self {
        let direct = matches!(keys.as_slice(), [Vector::Code(_)]);
        let finder = if direct { Finder::Direct(Vec::new()) } else { Finder::Hashed(HashTable::new()) };
        Self { keys, count: 0, finder }
    }

    /// The group of each row.
    fn places(&mut self, own: &[Vector], rows: usize) -> Vec<u32> {
        if own.is_empty() {
            self.count = self.count.max(usize::from(rows > 0));
            return vec![0; rows];
        }
        let mut places: Vec<u32> = Vec::with_capacity(rows);
        for row in 0..rows {
            let place = match places.last() {
                Some(last) if own.iter().all(|key| alike(key, row, key, row - 1)) => *last,
                _ => self.place(own, row),
            };
            places.push(place);
        }
        places
    }

    fn place(&mut self, own: &[Vector], row: usize) -> u32 {
        let fresh = u32::try_from(self.count).expect("fewer groups than four thousand million");
        match &mut self.finder {
            Finder::Direct(places) => {
                // A missing key is the first of all.
                let code = super::compute::codes(&own[0])[row].wrapping_add(1) as usize;
                if places.len() <= code {
                    places.resize((code + 1).max(places.len() * 2), NO_ROW);
                }
                if places[code] != NO_ROW {
                    return places[code];
                }
                places[code] = fresh;
            }
            Finder::Hashed(table) => {
                let hash = hash_of(own, row);
                let keys = &self.keys;
                let same = |place: &u32| keys.iter().zip(own).all(|(key, own)| alike(key, *place as usize, own, row));
                if let Some(known) = table.find(hash, same) {
                    return *known;
                }
                table.insert_unique(hash, fresh, |place| hash_of(keys, *place as usize));
            }
        }
        for (key, own) in self.keys.iter_mut().zip(own) {
            key.append(own.slice(row, row + 1));
        }
        self.count += 1;
        fresh
    }
}

fn hash_of(keys: &[Vector], row: usize) -> u64 {
    keys.iter().fold(0, |hash, key| mix(hash, image(key, row).unwrap_or(u64::MAX)))
}

/// Equal, or both missing.
fn alike(a: &Vector, at: usize, b: &Vector, bt: usize) -> bool {
    // A missing value has the same mark in every vector of its kind, and numbers of both sizes compare by value.
    equal(a, at, b, bt)
}

enum Accumulator {
    Count(Vec<i64>),
    Sum(Vec<i128>),
    Missing(Vec<i64>),
    True(Vec<i64>),
    Small(Vec<i64>, bool),
    Wide(Vec<i128>, bool),
    Days(Vec<i32>, bool),
}

impl Accumulator {
    fn new(agg: &Agg, kind: Option<super::vector::Kind>) -> Self {
        use super::vector::Kind;
        match agg {
            Agg::Count => Self::Count(Vec::new()),
            Agg::Sum(_) => Self::Sum(Vec::new()),
            Agg::Missing(_) => Self::Missing(Vec::new()),
            Agg::True(_) => Self::True(Vec::new()),
            Agg::Min(_) | Agg::Max(_) => {
                let least = matches!(agg, Agg::Min(_));
                match kind {
                    Some(Kind::Days) => Self::Days(Vec::new(), least),
                    Some(Kind::Wide) => Self::Wide(Vec::new(), least),
                    _ => Self::Small(Vec::new(), least),
                }
            }
        }
    }

    fn add(&mut self, places: &[u32], value: Option<&Vector>, groups: usize) -> Result<(), EngineError> {
        fn nearest<T: Copy + Ord>(all: &mut [T], places: &[u32], values: &[T], missing: T, least: bool) {
            for (&place, &value) in places.iter().zip(values) {
                let known = &mut all[place as usize];
                let better = if least { value < *known } else { value > *known };
                if value != missing && (*known == missing || better) {
                    *known = value;
                }
            }
        }
        let beyond = || EngineError("a sum exceeds the largest exact integer".to_owned());
        let strange = |vector: &Vector| EngineError(format!("an aggregate of {:?}", vector.kind()));
        match (self, value) {
            (Self::Count(all), _) => {
                all.resize(groups, 0);
                places.iter().for_each(|place| all[*place as usize] += 1);
            }
            (Self::Sum(all), Some(value)) => {
                all.resize(groups, 0);
                let mut add = |place: u32, units: i128| {
                    let sum = &mut all[place as usize];
                    *sum = sum.checked_add(units).filter(|sum| *sum != NO_WIDE).ok_or_else(beyond)?;
                    Ok::<(), EngineError>(())
                };
                match value {
                    Vector::Small(units) => {
                        for (&place, &units) in places.iter().zip(units).filter(|(_, units)| **units != NO_SMALL) {
                            add(place, wide(units))?;
                        }
                    }
                    Vector::Wide(units) => {
                        for (&place, &units) in places.iter().zip(units).filter(|(_, units)| **units != NO_WIDE) {
                            add(place, units)?;
                        }
                    }
                    other => return Err(strange(other)),
                }
            }
            (Self::Missing(all), Some(value)) => {
                all.resize(groups, 0);
                for (&place, missing) in places.iter().zip(value.is_missing()) {
                    all[place as usize] += i64::from(missing);
                }
            }
            (Self::True(all), Some(Vector::Truth(truths))) => {
                all.resize(groups, 0);
                for (&place, &truth) in places.iter().zip(truths) {
                    all[place as usize] += i64::from(truth == TRUE);
                }
            }
            (Self::Small(all, least), Some(Vector::Small(values))) => {
                all.resize(groups, NO_SMALL);
                nearest(all, places, values, NO_SMALL, *least);
            }
            (Self::Wide(all, least), Some(Vector::Wide(values))) => {
                all.resize(groups, NO_WIDE);
                nearest(all, places, values, NO_WIDE, *least);
            }
            (Self::Days(all, least), Some(Vector::Days(values))) => {
                all.resize(groups, NO_DAY);
                nearest(all, places, values, NO_DAY, *least);
            }
            (_, Some(other)) => return Err(strange(other)),
            (_, None) => return Err(EngineError("an aggregate of nothing".to_owned())),
        }
        Ok(())
    }

    fn finish(self) -> Vector {
        match self {
            Self::Count(all) | Self::Missing(all) | Self::True(all) | Self::Small(all, _) => Vector::Small(all),
            Self::Sum(all) | Self::Wide(all, _) => Vector::Wide(all).narrowed(),
            Self::Days(all, _) => Vector::Days(all),
        }
    }
}

/// Truths as they are aggregated.
const _: () = assert!(FALSE == 0 && TRUE == 1 && UNKNOWN == 2);
