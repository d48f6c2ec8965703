//! Which rows of a view have a key, found by the key.

use std::rc::Rc;

use hashbrown::{HashSet, HashTable};

use super::chain::{Chains, Unfit};
use super::key::{Keys, hash};
use super::places::Places;
use super::vector::{Kind, NO_ROW, NO_SMALL, Vector};

/// Rows of a run of numbers, at least on average.
const RUN: usize = 16;

/// The rows of a view by their key; rows with a missing key are not in it.
#[derive(Debug)]
pub(super) struct Index {
    kinds: Vec<Kind>,
    heads: Heads,
    /// The next row with the same key, in order; empty if no key stands twice.
    next: Vec<u32>,
}

/// The first row of a key.
#[derive(Debug)]
enum Heads {
    /// By the only key, a text's code or a small number, itself.
    Direct(Places),
    /// By bisection of the only key, a number that grows from row to row.
    Sorted(Vec<i64>),
    /// Likewise where it mostly grows by one: the number and the row with which each run begins, and the rows.
    Runs(Vec<(i64, u32)>, u32),
    /// By a text among several keys.
    Chained(Keys, Chains),
    Hashed(Keys, HashTable<u32>),
}

impl Index {
    /// Over all rows of some key columns.
    pub fn new(columns: &[&Vector], rows: usize) -> Self {
        let kinds: Vec<Kind> = columns.iter().map(|column| column.kind()).collect();
        if let [column] = columns
            && let Vector::Small(all) = column
            && all.first().is_some_and(|first| *first != NO_SMALL)
            && all.is_sorted_by(|a, b| a < b)
        {
            let heads = runs(all).unwrap_or_else(|| Heads::Sorted(all.clone()));
            return Self { kinds, heads, next: Vec::new() };
        }
        let direct = match columns {
            [column] => direct(column, rows),
            _ => None,
        };
        let (heads, next) = direct.unwrap_or_else(|| hashed(columns, &kinds, rows));
        Self { kinds, heads, next: next.links }
    }

    /// Of groups by the only key itself.
    pub fn of_groups(kinds: Vec<Kind>, heads: Places) -> Self {
        Self { kinds, heads: Heads::Direct(heads), next: Vec::new() }
    }

    /// Of groups by a text among their keys. A group whose key has a missing part is never found.
    pub fn of_chains(kinds: Vec<Kind>, keys: Keys, chains: Chains) -> Self {
        Self { kinds, heads: Heads::Chained(keys, chains), next: Vec::new() }
    }

    /// Likewise.
    pub fn of_hashed(kinds: Vec<Kind>, keys: Keys, table: HashTable<u32>) -> Self {
        Self { kinds, heads: Heads::Hashed(keys, table), next: Vec::new() }
    }

    /// Whether a key stands on more than one row.
    pub fn repeats(&self) -> bool {
        !self.next.is_empty()
    }

    /// The next row with the same key.
    pub fn after(&self, row: u32) -> Option<u32> {
        self.next.get(row as usize).copied().filter(|next| *next != NO_ROW)
    }

    /// All rows with a key, in order, from its first one.
    pub fn chain(&self, head: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors((head != NO_ROW).then_some(head), |row| self.after(*row))
    }

    /// The first row with the key of each row of other columns; `NO_ROW` for none.
    pub fn heads<V: AsRef<Vector>>(&self, columns: &[V]) -> Vec<u32> {
        let first = columns[0].as_ref();
        match (&self.heads, first) {
            (Heads::Direct(heads), Vector::Code(codes)) => codes.iter().map(|code| heads.get(*code as usize)).collect(),
            (Heads::Direct(heads), _) => {
                numbers(first).map(|units| usize::try_from(units).map_or(NO_ROW, |at| heads.get(at))).collect()
            }
            (Heads::Sorted(own), Vector::Small(all)) if all.is_sorted() => along(own, all),
            (Heads::Sorted(own), _) => {
                let find = |units| {
                    let at = own.binary_search(&units).ok()?;
                    u32::try_from(at).ok()
                };
                numbers(first).map(|units| find(units).unwrap_or(NO_ROW)).collect()
            }
            (Heads::Runs(runs, rows), _) => numbers(first).map(|units| in_runs(runs, *rows, units)).collect(),
            (Heads::Chained(own, chains), _) => {
                let keys = Keys::new(columns, &self.kinds, first.len());
                // What is looked up mostly lies in the order of the rows themselves: after one of them comes the next. Where a
                // key has several rows, the next may not be its first.
                let unique = !self.repeats();
                let mut next = own.len();
                let mut find = |row: usize| {
                    if keys.is_missing(row) {
                        return NO_ROW;
                    }
                    let key = keys.of(row);
                    let found = if unique && next < own.len() && own.is(next, key) {
                        u32::try_from(next).unwrap_or(NO_ROW)
                    } else {
                        chains.find(key, own).unwrap_or(NO_ROW)
                    };
                    next = if found == NO_ROW { next } else { found as usize + 1 };
                    found
                };
                (0..first.len()).map(&mut find).collect()
            }
            (Heads::Hashed(own, table), _) => {
                let keys = Keys::new(columns, &self.kinds, first.len());
                let find = |row: usize| {
                    if keys.is_missing(row) {
                        return NO_ROW;
                    }
                    let key = keys.of(row);
                    let same = |other: &u32| own.is(*other as usize, key);
                    table.find(hash(key), same).copied().unwrap_or(NO_ROW)
                };
                (0..first.len()).map(find).collect()
            }
        }
    }

    /// The row of each key where there is just one.
    pub fn find(&self, columns: &[Rc<Vector>]) -> Vec<u32> {
        let mut heads = self.heads(&refs(columns));
        if self.repeats() {
            for head in heads.iter_mut().filter(|head| **head != NO_ROW) {
                if self.after(*head).is_some() {
                    *head = NO_ROW;
                }
            }
        }
        heads
    }

    /// How many rows each key has; missing for none.
    pub fn counts(&self, columns: &[Rc<Vector>]) -> Vec<i64> {
        let count = |head: u32| match self.chain(head).count() {
            0 => NO_SMALL,
            count => i64::try_from(count).unwrap_or(i64::MAX),
        };
        self.heads(&refs(columns)).into_iter().map(count).collect()
    }

    /// The first row of each key, in order of rows.
    pub fn firsts(&self) -> Vec<u32> {
        let mut firsts: Vec<u32> = match &self.heads {
            Heads::Direct(heads) => heads.rows().collect(),
            Heads::Sorted(own) => (0..u32::try_from(own.len()).unwrap_or(NO_ROW)).collect(),
            Heads::Runs(_, rows) => (0..*rows).collect(),
            Heads::Chained(_, chains) => chains.places().collect(),
            Heads::Hashed(_, table) => table.iter().copied().collect(),
        };
        firsts.sort_unstable();
        firsts
    }
}

/// Vectors of a chunk as what is looked up.
pub(super) fn refs(columns: &[Rc<Vector>]) -> Vec<&Vector> {
    columns.iter().map(Rc::as_ref).collect()
}

impl AsRef<Vector> for Vector {
    fn as_ref(&self) -> &Vector {
        self
    }
}

/// Numbers in 64 bits; one that does not fit is like a missing one.
fn numbers(vector: &Vector) -> Box<dyn Iterator<Item = i64> + '_> {
    match vector {
        Vector::Small(all) => Box::new(all.iter().copied()),
        Vector::Wide(all) => Box::new(all.iter().map(|&units| i64::try_from(units).unwrap_or(NO_SMALL))),
        other => panic!("a number is looked up, these are {:?}", other.kind()),
    }
}

/// The runs of growing numbers, if they are few.
fn runs(all: &[i64]) -> Option<Heads> {
    let rows = u32::try_from(all.len()).ok()?;
    let mut runs: Vec<(i64, u32)> = Vec::new();
    let mut next = None;
    for (row, units) in (0..rows).zip(all) {
        if next != Some(*units) {
            if runs.len() > all.len() / RUN {
                return None;
            }
            runs.push((*units, row));
        }
        next = units.checked_add(1);
    }
    Some(Heads::Runs(runs, rows))
}

/// The row of a number.
fn in_runs(runs: &[(i64, u32)], rows: u32, units: i64) -> u32 {
    let after = runs.partition_point(|(first, _)| *first <= units);
    let Some((first, row)) = after.checked_sub(1).and_then(|at| runs.get(at)) else { return NO_ROW };
    let end = runs.get(after).map_or(rows, |(_, row)| *row);
    let found =
        units.checked_sub(*first).and_then(|step| u32::try_from(step).ok()).and_then(|step| row.checked_add(step));
    found.filter(|row| *row < end).unwrap_or(NO_ROW)
}

/// The places of numbers that grow among others that do, which are walked along beside each other.
fn along(own: &[i64], all: &[i64]) -> Vec<u32> {
    let mut found = vec![NO_ROW; all.len()];
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return found };
    let from = own.partition_point(|units| units < first);
    let to = own.partition_point(|units| units <= last);
    let mut at = 0;
    for (place, units) in own.iter().enumerate().take(to).skip(from) {
        at += all[at..].partition_point(|other| other < units);
        while all.get(at) == Some(units) {
            found[at] = u32::try_from(place).unwrap_or(NO_ROW);
            at += 1;
        }
    }
    found
}

/// Rows of which the keys are few.
const FEW: usize = 1 << 15;
/// Places are at most so many times the rows.
const SPARSE_MAX: usize = 8;

/// The next row with the same key, for each row; nothing as long as no key stands twice.
struct Next {
    links: Vec<u32>,
    rows: usize,
}

impl Next {
    fn new(rows: usize) -> Self {
        Self { links: Vec::new(), rows }
    }

    /// A row comes before another one.
    fn link(&mut self, row: usize, next: u32) {
        if self.links.is_empty() {
            self.links.resize(self.rows, NO_ROW);
        }
        self.links[row] = next;
    }
}

/// By the key itself, unless keys are so few among their range that a table is smaller.
fn direct(column: &Vector, rows: usize) -> Option<(Heads, Next)> {
    let (mut heads, mut next) = (Places::default(), Next::new(rows));
    // From the end, so that every chain is in order.
    let mut note = |row: usize, place: usize| {
        if !heads.admits(place, rows, SPARSE_MAX) {
            return None;
        }
        let head = heads.slot(place);
        if *head != NO_ROW {
            next.link(row, *head);
        }
        *head = u32::try_from(row).unwrap_or(NO_ROW);
        Some(())
    };
    match column {
        Vector::Code(all) => {
            let mut given = all.iter().enumerate().rev().filter(|(_, code)| **code != NO_ROW);
            given.try_for_each(|(row, code)| note(row, *code as usize))?;
        }
        Vector::Small(all) => {
            let mut given = all.iter().enumerate().rev().filter(|(_, units)| **units != NO_SMALL);
            let most = i64::try_from(SPARSE_MAX * rows + 1024).unwrap_or(i64::MAX);
            given.try_for_each(|(row, units)| {
                let place = Some(*units).filter(|units| (0..most).contains(units))?;
                note(row, usize::try_from(place).ok()?)
            })?;
        }
        _ => return None,
    }
    Some((Heads::Direct(heads), next))
}

fn hashed(columns: &[&Vector], kinds: &[Kind], rows: usize) -> (Heads, Next) {
    let keys = Keys::new(columns, kinds, rows);
    // What lies in a core's cache as a whole is found by its hash wherever it is there.
    let ways = if rows < FEW { Vec::new() } else { likely(&keys, Chains::all(kinds, rows)) };
    for mut chains in ways {
        let mut next = Next::new(rows);
        if chained(&mut chains, &keys, &mut next).is_ok() {
            return (Heads::Chained(keys, chains), next);
        }
    }
    let mut next = Next::new(rows);
    let mut table: HashTable<u32> = HashTable::new();
    for row in (0..rows).rev().filter(|row| !keys.is_missing(*row)) {
        let number = u32::try_from(row).unwrap_or(NO_ROW);
        let key = keys.of(row);
        match table.find_mut(hash(key), |other| keys.is(*other as usize, key)) {
            Some(head) => next.link(row, std::mem::replace(head, number)),
            None => {
                table.insert_unique(hash(key), number, |other| keys.hash(*other as usize));
            }
        }
    }
    (Heads::Hashed(keys, table), next)
}

/// Rows that are looked at to tell how many keys a text has.
const SAMPLE: usize = 1024;
/// Keys that a text has at most on average, if it is worth trying.
const KEYS_LIKELY: usize = 8;

/// The texts of keys by which these are told apart best, that with most different ones first; none that is in many keys.
fn likely(keys: &Keys, ways: Vec<Chains>) -> Vec<Chains> {
    let step = (keys.len() / SAMPLE).max(1);
    let sample = (0..keys.len()).step_by(step).filter(|row| !keys.is_missing(*row));
    let different: HashSet<&[u32]> = sample.map(|row| keys.of(row)).collect();
    let texts = |way: &Chains| different.iter().map(|key| way.code(key)).collect::<HashSet<u32>>().len();
    let mut ways: Vec<(usize, Chains)> = ways.into_iter().map(|way| (texts(&way), way)).collect();
    ways.retain(|(texts, _)| texts * KEYS_LIKELY >= different.len());
    ways.sort_by_key(|(texts, _)| std::cmp::Reverse(*texts));
    ways.into_iter().map(|(_, way)| way).collect()
}

fn chained(chains: &mut Chains, keys: &Keys, next: &mut Next) -> Result<(), Unfit> {
    for row in (0..next.rows).rev().filter(|row| !keys.is_missing(*row)) {
        let number = u32::try_from(row).unwrap_or(NO_ROW);
        let key = keys.of(row);
        match chains.find(key, keys) {
            Some(head) => {
                next.link(row, head);
                chains.replace(key, head, number);
            }
            None => chains.insert(key, number, keys)?,
        }
    }
    Ok(())
}

/// Rows of rows.
pub(super) fn hop(index: &[u32], rows: &[u32]) -> Vec<u32> {
    rows.iter().map(|&row| if row == NO_ROW { NO_ROW } else { index[row as usize] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_grow_by_one_are_found_by_their_runs() {
        let mut all: Vec<i64> = (100..150).collect();
        all.extend(152..190);
        all.extend((1i64 << 40)..(1 << 40) + 60);
        let index = Index::new(&[&Vector::Small(all.clone())], all.len());
        assert!(matches!(&index.heads, Heads::Runs(runs, 148) if runs.len() == 3));
        let asked: Vec<i64> = (90..200).chain((1 << 40) - 2..(1 << 40) + 70).chain([NO_SMALL, i64::MAX]).collect();
        let place =
            |units: &i64| all.iter().position(|own| own == units).map_or(NO_ROW, |at| u32::try_from(at).unwrap());
        let expected: Vec<u32> = asked.iter().map(place).collect();
        assert_eq!(index.heads(&[&Vector::Small(asked)]), expected);
        assert_eq!(index.firsts().len(), 148);
        let sparse: Vec<i64> = (0..100).map(|number| number * 2).collect();
        let index = Index::new(&[&Vector::Small(sparse)], 100);
        assert!(matches!(index.heads, Heads::Sorted(_)));
        let half =
            |units: i64| u32::try_from(units / 2).ok().filter(|at| *at < 100 && units % 2 == 0).unwrap_or(NO_ROW);
        for mut asked in
            [(-3..7).collect(), (150..250).collect(), vec![4, 4, 5, 6, 6], vec![198], vec![199, 200], vec![]]
        {
            for _ in 0..2 {
                let expected: Vec<u32> = asked.iter().map(|units: &i64| half(*units)).collect();
                assert_eq!(index.heads(&[&Vector::Small(asked.clone())]), expected);
                asked.reverse();
            }
        }
    }
}
