//! Groups of rows by key, with what is counted and summed of each.

use std::sync::Arc;

use hashbrown::HashTable;
use tieout_ingest::texts::Texts;

use super::accumulate::Accumulator;
use super::chain::{Chains, Unfit};
use super::compute::columns_of;
use super::join::Index;
use super::key::{Keys, hash};
use super::places::Places;
use super::vector::{FALSE, Kind, NO_ROW, NO_SMALL, TRUE, UNKNOWN, Vector};
use super::view::{Id, View};
use crate::engine::EngineError;
use crate::plan::Agg;

/// Slots for each row in which the hashes of keys are counted.
const SLOTS: usize = 8;

/// The rows whose key so many rows have at least.
///
/// Nearly all keys stand once, and to find each its group is a walk through all memory. So hashes are counted first, once or
/// more than once; only rows of the latter are put into groups.
pub(super) fn repeated(view: &View, texts: &Texts, keys: &[Id], times: u64) -> Result<Vec<u32>, EngineError> {
    let perhaps = perhaps_repeated(view, texts, keys)?;
    let some = view.at(&Arc::new(perhaps.clone()));
    let (groups, count) = places(&some, texts, keys)?;
    let mut counts = vec![0u64; count];
    groups.iter().for_each(|group| counts[*group as usize] += 1);
    let kept = perhaps.into_iter().zip(groups).filter(|(_, group)| counts[*group as usize] >= times);
    Ok(kept.map(|(row, _)| row).collect())
}

/// One of so many parts of the rows, in which those with the same keys are together.
pub(super) fn part(view: &View, texts: &Texts, keys: &[Id], (number, of): (u32, u32)) -> Result<Vec<u32>, EngineError> {
    if keys.is_empty() {
        // Neighbours stay together: they are in the same pieces of a column, and their keys are neighbours too.
        let edge = |number: u32| (view.rows as u64 * u64::from(number) / u64::from(of.max(1))) as u32;
        return Ok((edge(number)..edge(number + 1)).collect());
    }
    // Other bits of the hash than those that tell keys apart within a part.
    let own = |row: u32, hash: u64| (hash as u32 % of.max(1) == number).then_some(row);
    Ok(hashes(view, texts, keys, own)?.into_iter().flatten().collect())
}

/// What is noted of the rows and the hashes of their keys, in runs of rows.
fn hashes(
    view: &View,
    texts: &Texts,
    keys: &[Id],
    note: impl Fn(u32, u64) -> Option<u32> + Sync,
) -> Result<Vec<Vec<u32>>, EngineError> {
    let kinds: Vec<Kind> = keys.iter().map(|key| view.kind(*key)).collect();
    super::compute::over(
        view,
        texts,
        |evaluator, from, noted: &mut Vec<u32>| {
            let columns: Vec<_> = keys.iter().map(|key| evaluator.eval(*key)).collect();
            let rows = columns.first().map_or(0, |column| column.len());
            let keys = Keys::new(&super::join::refs(&columns), &kinds, rows);
            noted.extend((0..rows).filter_map(|row| note((from + row) as u32, keys.hash(row))));
        },
        Vec::new,
    )
}

/// The rows of which another has a key with the same hash.
fn perhaps_repeated(view: &View, texts: &Texts, keys: &[Id]) -> Result<Vec<u32>, EngineError> {
    let bits = (view.rows * SLOTS).next_power_of_two().clamp(1 << 12, 1 << 31).trailing_zeros();
    let parts = hashes(view, texts, keys, |_, hash| Some((hash >> (64 - bits)) as u32))?;
    let words = 1usize << (bits - 6);
    let (mut once, mut more) = (vec![0u64; words], vec![0u64; words]);
    for slot in parts.iter().flatten() {
        let (word, bit) = (*slot as usize / 64, 1u64 << (slot % 64));
        more[word] |= once[word] & bit;
        once[word] |= bit;
    }
    let slots = (0u32..).zip(parts.iter().flatten());
    Ok(slots.filter(|(_, slot)| more[**slot as usize / 64] >> (**slot % 64) & 1 == 1).map(|(row, _)| row).collect())
}

/// The group of each row by some keys, groups in order of first appearance, and how many there are.
fn places(view: &View, texts: &Texts, keys: &[Id]) -> Result<(Vec<u32>, usize), EngineError> {
    let mut groups = Groups::new(keys.iter().map(|key| view.kind(*key)).collect(), view.rows);
    let mut places: Vec<u32> = Vec::with_capacity(view.rows);
    for from in (0..view.rows).step_by(BLOCK) {
        let to = view.rows.min(from + BLOCK);
        let columns = columns_of(view, texts, keys, (from, to))?;
        places.extend(groups.places(&columns, to - from).0);
    }
    Ok((places, groups.count))
}

/// The next lower and the next higher number of each row among the rows of its group, and which row stands for its number.
pub(super) fn neighbours(view: &View, texts: &Texts, keys: &[Id], number: Id) -> Result<[Vector; 3], EngineError> {
    let (groups, count) = places(view, texts, keys)?;
    let values = super::compute::columns(view, texts, &[number])?.pop();
    let Some(Vector::Small(values)) = values.map(Vector::narrowed) else {
        return Err(EngineError("neighbours are wanted of numbers of 64 bits".to_owned()));
    };
    // Group by group: numbers mostly grow from row to row, and what is in order is sorted at once.
    let mut ends = vec![0usize; count];
    let numbered = || groups.iter().zip(&values).filter(|(_, value)| **value != NO_SMALL);
    numbered().for_each(|(group, _)| ends[*group as usize] += 1);
    let mut end = 0;
    for from in &mut ends {
        end += std::mem::replace(from, end);
    }
    let mut order = vec![0u32; end];
    for ((group, value), row) in groups.iter().zip(&values).zip(0u32..) {
        if *value != NO_SMALL {
            let place = &mut ends[*group as usize];
            order[*place] = row;
            *place += 1;
        }
    }
    drop(groups);
    let of = |row: &u32| values[*row as usize];
    let mut found = [vec![NO_SMALL; view.rows], vec![NO_SMALL; view.rows]];
    let mut first = vec![UNKNOWN; view.rows];
    let mut begin = 0;
    for end in ends {
        let own = &mut order[begin..end];
        if !own.is_sorted_by_key(of) {
            own.sort_unstable_by_key(|row| (of(row), *row));
        }
        // Rows of one number have the same neighbours: what lies before the run of them, and what after it.
        let mut before = NO_SMALL;
        let mut runs = own.chunk_by(|a, b| of(a) == of(b)).peekable();
        while let Some(run) = runs.next() {
            let after = runs.peek().map_or(NO_SMALL, |next| of(&next[0]));
            for row in run {
                first[*row as usize] = FALSE;
                found[0][*row as usize] = before;
                found[1][*row as usize] = after;
            }
            first[run[0] as usize] = TRUE;
            before = of(&run[0]);
        }
        begin = end;
    }
    let [lower, higher] = found;
    Ok([Vector::Small(lower), Vector::Small(higher), Vector::Truth(first)])
}

/// Rows that are computed before they are put into groups: bounds what is held at a time.
pub(super) const BLOCK: usize = 1 << 17;

/// The first rows, which tell whether groups are few; in a build for development none, so that tests over a few rows meet it.
const FIRST: usize = if cfg!(debug_assertions) { 0 } else { BLOCK };
/// So many groups are few.
const GROUPS_FEW: usize = 64;

/// What groups come to.
pub(super) struct Grouped {
    pub rows: usize,
    pub columns: Vec<Vector>,
    /// The groups by their key, if they have one.
    pub index: Option<Index>,
}

/// One row a group, in order of first appearance: keys, then aggregates. Missing keys form groups like any value.
pub(super) fn aggregate(
    view: &View,
    texts: &Texts,
    keys: &[Id],
    aggs: &[(Agg, Option<Id>)],
) -> Result<Grouped, EngineError> {
    let mut groups = Groups::new(keys.iter().map(|key| view.kind(*key)).collect(), view.rows);
    let mut sums: Vec<Accumulator> =
        aggs.iter().map(|(agg, id)| Accumulator::new(agg, id.map(|id| view.kind(id)))).collect();
    let ids: Vec<Id> = keys.iter().copied().chain(aggs.iter().filter_map(|(_, id)| *id)).collect();
    for from in (0..view.rows).step_by(BLOCK) {
        // A few after so many rows are few for good, or mostly so.
        if from == FIRST && groups.count <= GROUPS_FEW {
            let (all, so_far) = ((keys, aggs), (&mut groups, &mut sums[..]));
            if super::few_groups::add(view, texts, all, from, so_far)? {
                break;
            }
        }
        let to = view.rows.min(from + BLOCK);
        let columns = columns_of(view, texts, &ids, (from, to))?;
        let more = groups.expect(from, view.rows);
        sums.iter_mut().for_each(|sum| sum.reserve(more));
        let (own, values) = columns.split_at(keys.len());
        let (places, fresh) = groups.places(own, to - from);
        let mut values = values.iter();
        for (sum, (_, id)) in sums.iter_mut().zip(aggs) {
            let value = id.and_then(|_| values.next());
            sum.add((&places, &fresh), value, groups.count)?;
        }
    }
    let Groups { keys, kinds, count, finder, .. } = groups;
    let index = match finder {
        _ if kinds.is_empty() => None,
        // A few keys that lie far apart: places for all between them would outlive the groups.
        Finder::Direct { places, .. } if !places.is_dense(count, SPARSE_MAX) => {
            drop(places);
            Some(Index::new(&keys.iter().collect::<Vec<_>>(), count))
        }
        // Without the place of the missing key, which nothing matches.
        Finder::Direct { places, .. } => Some(Index::of_groups(kinds, places)),
        Finder::Chained(keys, chains) => Some(Index::of_chains(kinds, keys, chains)),
        Finder::Hashed(keys, table) => Some(Index::of_hashed(kinds, keys, table)),
    };
    let mut columns = keys;
    columns.extend(sums.into_iter().map(Accumulator::finish));
    Ok(Grouped { rows: count, columns, index })
}

/// Keys seen so far, numbered.
pub(super) struct Groups {
    keys: Vec<Vector>,
    kinds: Vec<Kind>,
    count: usize,
    finder: Finder,
    /// Other ways, to be tried before the hash.
    ways: Vec<Chains>,
}

/// Numbers below this are places of their own.
const DIRECT_MAX: i64 = 1 << 26;

/// Places of their own are kept for so many times the groups.
const SPARSE_MAX: usize = 64;

enum Finder {
    /// By the only key itself: a text's code, or a small number. Rows with a missing key are a group too.
    Direct {
        places: Places,
        missing: u32,
    },
    /// By a text among several keys.
    Chained(Keys, Chains),
    Hashed(Keys, HashTable<u32>),
}

impl Groups {
    /// `rows`: how many will come.
    pub(super) fn new(kinds: Vec<Kind>, rows: usize) -> Self {
        let mut ways = Chains::all(&kinds, rows);
        ways.reverse();
        let none = || Keys::new::<Vector>(&[], &kinds, 0);
        let finder = match kinds.as_slice() {
            [Kind::Code | Kind::Small] => Finder::Direct { places: Places::default(), missing: NO_ROW },
            _ => match ways.pop() {
                Some(chains) => Finder::Chained(none(), chains),
                None => Finder::Hashed(none(), HashTable::new()),
            },
        };
        Self { keys: kinds.iter().map(|kind| Vector::empty(*kind, 0)).collect(), kinds, count: 0, finder, ways }
    }

    /// Makes room for the groups that rows to come will bring if they bring as many as those before, once some have come:
    /// what grows by doubling is copied again and again, and most of a group's memory is where nothing was before.
    fn expect(&mut self, seen: usize, rows: usize) -> usize {
        if seen != BLOCK {
            return 0;
        }
        let more = (self.count * (rows - seen)).div_ceil(seen);
        let more = (more + more / 32).min(rows - seen);
        self.keys.iter_mut().for_each(|keys| keys.reserve(more));
        match &mut self.finder {
            Finder::Direct { .. } => {}
            Finder::Chained(keys, chains) => {
                keys.reserve(more);
                chains.reserve(more);
            }
            Finder::Hashed(keys, table) => {
                keys.reserve(more);
                table.reserve(more, |place| keys.hash(*place as usize));
            }
        }
        more
    }

    /// Goes on by another way: a number is too large to be a place, or a text has too many keys.
    fn other_way(&mut self) {
        let keys = Keys::new(&self.keys, &self.kinds, self.count);
        while let Some(mut chains) = self.ways.pop().filter(|_| self.kinds.len() > 1) {
            let add = |place: usize| {
                let number = u32::try_from(place).expect("fewer groups than four thousand million");
                chains.insert(keys.of(place), number, &keys)
            };
            if (0..self.count).try_for_each(add).is_ok() {
                self.finder = Finder::Chained(keys, chains);
                return;
            }
        }
        let mut table = HashTable::with_capacity(self.count);
        for place in 0..self.count {
            let number = u32::try_from(place).expect("fewer groups than four thousand million");
            table.insert_unique(keys.hash(place), number, |place| keys.hash(*place as usize));
        }
        self.finder = Finder::Hashed(keys, table);
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The group of each row, and the first rows of groups not seen before.
    pub(super) fn places(&mut self, own: &[Vector], rows: usize) -> (Vec<u32>, Vec<u32>) {
        if own.is_empty() {
            let fresh = if self.count == 0 && rows > 0 { vec![0] } else { Vec::new() };
            self.count += fresh.len();
            return (vec![0; rows], fresh);
        }
        if let (Finder::Direct { .. }, Vector::Small(all)) = (&self.finder, &own[0])
            && !all.iter().all(|units| *units == NO_SMALL || (0..DIRECT_MAX).contains(units))
        {
            self.other_way();
        }
        let mut fresh: Vec<u32> = Vec::new();
        let mut places: Vec<u32> = Vec::with_capacity(rows);
        let first = self.count;
        while self.more_places(own, rows, (&mut places, &mut fresh)).is_err() {
            // What this block brought comes again.
            (self.count, places, fresh) = (first, Vec::with_capacity(rows), Vec::new());
            self.other_way();
        }
        for (key, own) in self.keys.iter_mut().zip(own) {
            key.append(own.gather(&fresh));
        }
        (places, fresh)
    }

    fn more_places(
        &mut self,
        own: &[Vector],
        rows: usize,
        (places, fresh): (&mut Vec<u32>, &mut Vec<u32>),
    ) -> Result<(), Unfit> {
        let count = &mut self.count;
        let mut found = |row: usize| {
            fresh.push(u32::try_from(row).expect("a block of rows"));
            *count += 1;
            u32::try_from(*count - 1).expect("fewer groups than four thousand million")
        };
        match &mut self.finder {
            Finder::Direct { places: known, missing } => {
                let mut group = |row: usize, key: Option<usize>| {
                    let place = match key {
                        Some(key) => known.slot(key),
                        None => &mut *missing,
                    };
                    if *place == NO_ROW {
                        *place = found(row);
                    }
                    places.push(*place);
                };
                match &own[0] {
                    Vector::Small(all) => {
                        all.iter().enumerate().for_each(|(row, units)| group(row, usize::try_from(*units).ok()));
                    }
                    other => {
                        let codes = super::compute::codes(other).iter().enumerate();
                        codes.for_each(|(row, code)| group(row, (*code != NO_ROW).then_some(*code as usize)));
                    }
                }
            }
            Finder::Chained(known, chains) => {
                let keys = Keys::new(own, &self.kinds, rows);
                for row in 0..rows {
                    let key = keys.of(row);
                    if let Some(last) = places.last().filter(|_| keys.is(row - 1, key)) {
                        places.push(*last);
                        continue;
                    }
                    let place = match chains.find(key, known) {
                        Some(place) => place,
                        None => {
                            let place = found(row);
                            known.push(&keys, row);
                            chains.insert(key, place, known)?;
                            place
                        }
                    };
                    places.push(place);
                }
            }
            Finder::Hashed(known, table) => {
                let keys = Keys::new(own, &self.kinds, rows);
                for row in 0..rows {
                    let key = keys.of(row);
                    if let Some(last) = places.last().filter(|_| keys.is(row - 1, key)) {
                        places.push(*last);
                        continue;
                    }
                    let hash = hash(key);
                    let place = match table.find(hash, |place| known.is(*place as usize, key)) {
                        Some(place) => *place,
                        None => {
                            let place = found(row);
                            known.push(&keys, row);
                            table.insert_unique(hash, place, |place| known.hash(*place as usize));
                            place
                        }
                    };
                    places.push(place);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_the_same_where_a_number_becomes_too_large() {
        let mut groups = Groups::new(vec![Kind::Small], 9);
        let (first, _) = groups.places(&[Vector::Small(vec![5, NO_SMALL, 5, 0])], 4);
        let (second, fresh) = groups.places(&[Vector::Small(vec![0, i64::MAX, -1, NO_SMALL, 5])], 5);
        assert_eq!((first, second, fresh), (vec![0, 1, 0, 2], vec![2, 3, 4, 1, 0], vec![1, 2]));
        assert_eq!(groups.count, 5);
    }
}
