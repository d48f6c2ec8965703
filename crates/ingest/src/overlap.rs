//! Overlapping extracts: a record that stands in several files of a population counts once.
//!
//! The later export has the last word, by the end of its window, else by name; so the outcome does not depend on the
//! order in which files are given. A key that repeats inside one file stays: that is evidence for the rules.

use hashbrown::HashMap;

/// One file of a population.
pub(crate) struct Extract<'a> {
    /// Rank of its export: the greater one wins.
    pub rank: usize,
    /// Key of each record; 0 has none and is never merged.
    pub keys: &'a [u128],
    /// Digest of each record's cells.
    pub contents: &'a [u64],
}

/// What merging leaves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Merged {
    /// Which rows of each file stay.
    pub keep: Vec<Vec<bool>>,
    /// Rows that go.
    pub merged: u64,
    /// Of these, rows whose cells differ from every row that stays for their key.
    pub versions: u64,
    /// First row that goes, as file and row.
    pub first: Option<(usize, usize)>,
}

/// Merges the files; `None` if no key stands in two of them.
pub(crate) fn merge(files: &[Extract<'_>]) -> Option<Merged> {
    let mut latest: HashMap<u128, u32> =
        HashMap::with_capacity(files.iter().map(|file| file.keys.len()).max().unwrap_or(0));
    let mut overlap = false;
    for file in files {
        let rank = u32::try_from(file.rank).unwrap_or(u32::MAX);
        for key in file.keys.iter().filter(|key| **key != 0) {
            let best = latest.entry(*key).or_insert(rank);
            overlap |= *best != rank;
            *best = (*best).max(rank);
        }
    }
    if !overlap {
        return None;
    }
    let wins = |file: &Extract<'_>, key: u128| {
        key == 0 || latest.get(&key).is_none_or(|best| *best == u32::try_from(file.rank).unwrap_or(u32::MAX))
    };
    let mut outcome = Merged::default();
    let mut going: HashMap<u128, Vec<u64>> = HashMap::new();
    for (index, file) in files.iter().enumerate() {
        let mut keep = vec![true; file.keys.len()];
        for (row, key) in file.keys.iter().enumerate() {
            if !wins(file, *key) {
                keep[row] = false;
                outcome.merged += 1;
                outcome.first = outcome.first.or(Some((index, row)));
                going.entry(*key).or_default().push(file.contents[row]);
            }
        }
        outcome.keep.push(keep);
    }
    let mut staying: HashMap<u128, Vec<u64>> = HashMap::new();
    for file in files {
        for (row, key) in file.keys.iter().enumerate() {
            if wins(file, *key) && going.contains_key(key) {
                staying.entry(*key).or_default().push(file.contents[row]);
            }
        }
    }
    for (key, contents) in going {
        let stay = staying.get(&key);
        let changed = contents.iter().filter(|content| stay.is_none_or(|stay| !stay.contains(content)));
        outcome.versions += changed.count() as u64;
    }
    Some(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extract<'a>(rank: usize, keys: &'a [u128], contents: &'a [u64]) -> Extract<'a> {
        Extract { rank, keys, contents }
    }

    #[test]
    fn the_later_export_wins_whatever_the_order() {
        let (old, new) = (extract(0, &[1, 2, 3, 0], &[10, 20, 30, 0]), extract(1, &[2, 3, 4, 0], &[20, 31, 40, 0]));
        let merged = merge(&[old, new]).unwrap();
        assert_eq!((merged.merged, merged.versions), (2, 1));
        assert_eq!(merged.keep, [vec![true, false, false, true], vec![true; 4]]);
        let (old, new) = (extract(0, &[1, 2, 3, 0], &[10, 20, 30, 0]), extract(1, &[2, 3, 4, 0], &[20, 31, 40, 0]));
        let turned = merge(&[new, old]).unwrap();
        assert_eq!((turned.merged, turned.versions), (2, 1));
        assert_eq!(turned.keep, [vec![true; 4], vec![true, false, false, true]]);
    }

    #[test]
    fn repeats_inside_one_file_stay() {
        assert_eq!(merge(&[extract(0, &[1, 1], &[1, 1]), extract(1, &[2], &[2])]), None);
        let merged = merge(&[extract(0, &[1], &[1]), extract(1, &[1, 1], &[1, 2])]).unwrap();
        assert_eq!((merged.merged, merged.versions), (1, 0));
        assert_eq!(merged.keep, [vec![false], vec![true, true]]);
    }
}
