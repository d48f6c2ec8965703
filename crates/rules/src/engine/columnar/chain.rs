//! Keys of several columns found by one text among them: the keys with that text, one after the other.
//!
//! Codes of texts are given in order of reading, and what is read together is asked for together, so that the places of
//! neighbours are neighbours. A hash would send each of them to another end of the memory.

use hashbrown::HashTable;

use super::key::{Keys, hash, places};
use super::places::Places;
use super::vector::{Kind, NO_ROW};

/// Keys of one text that are walked along; further ones are found by their hash.
const KEYS_MAX: usize = 24;
/// At most one in so many keys is found so; where there are more, another column or a hash finds all of them.
const LONG_MAX: usize = 8;
/// Places are at most so many times the rows.
const SPARSE_MAX: usize = 8;

/// Places of keys, which lie elsewhere.
#[derive(Debug)]
pub(super) struct Chains {
    /// Which part of a key is the text.
    part: usize,
    rows: usize,
    /// By code.
    heads: Places,
    /// The first place of a missing text.
    missing: u32,
    /// From a place to the next with the same text.
    links: Vec<u32>,
    /// Places of keys whose text has many before them.
    long: HashTable<u32>,
}

/// Too many texts have too many keys, or codes lie too far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit;

impl Chains {
    /// One for each text of a key, in the order in which they are tried.
    pub fn all(kinds: &[Kind], rows: usize) -> Vec<Self> {
        let mut found = Vec::new();
        let mut part = 0;
        for kind in kinds {
            if *kind == Kind::Code {
                let (heads, links, long) = (Places::default(), Vec::new(), HashTable::new());
                found.push(Self { part, rows, heads, missing: NO_ROW, links, long });
            }
            part += places(*kind);
        }
        found
    }

    /// The text of a key.
    #[inline]
    pub fn code(&self, key: &[u32]) -> u32 {
        key[self.part]
    }

    /// The first place of a text.
    #[inline]
    fn head(&mut self, code: u32) -> &mut u32 {
        if code == NO_ROW { &mut self.missing } else { self.heads.slot(code as usize) }
    }

    /// The place of a key.
    pub fn find(&self, key: &[u32], keys: &Keys) -> Option<u32> {
        let code = self.code(key);
        let mut place = if code == NO_ROW { self.missing } else { self.heads.get(code as usize) };
        for _ in 0..KEYS_MAX {
            if place == NO_ROW {
                return None;
            }
            if keys.is(place as usize, key) {
                return Some(place);
            }
            place = self.links[place as usize];
        }
        self.long.find(hash(key), |place| keys.is(*place as usize, key)).copied()
    }

    /// Notes the place of a key that has none. `keys` has those of all places before it.
    pub fn insert(&mut self, key: &[u32], place: u32, keys: &Keys) -> Result<(), Unfit> {
        let code = self.code(key);
        if code != NO_ROW && !self.heads.admits(code as usize, self.rows, SPARSE_MAX) {
            return Err(Unfit);
        }
        if self.links.len() <= place as usize {
            self.links.resize(place as usize + 1, NO_ROW);
        }
        let mut before = *self.head(code);
        for _ in 0..KEYS_MAX {
            if before == NO_ROW {
                self.links[place as usize] = std::mem::replace(self.head(code), place);
                return Ok(());
            }
            before = self.links[before as usize];
        }
        if self.long.len() >= self.rows / LONG_MAX {
            return Err(Unfit);
        }
        self.long.insert_unique(hash(key), place, |place| keys.hash(*place as usize));
        Ok(())
    }

    /// Another place for a key.
    pub fn replace(&mut self, key: &[u32], old: u32, new: u32) {
        if self.links.len() <= new as usize {
            self.links.resize(new as usize + 1, NO_ROW);
        }
        let head = self.head(self.code(key));
        let mut before = *head;
        if before == old {
            *head = new;
            self.links[new as usize] = self.links[old as usize];
            return;
        }
        while before != NO_ROW {
            let next = self.links[before as usize];
            if next == old {
                self.links[before as usize] = new;
                self.links[new as usize] = self.links[old as usize];
                return;
            }
            before = next;
        }
        if let Some(place) = self.long.find_mut(hash(key), |place| *place == old) {
            *place = new;
        }
    }

    /// Room for the links of so many more places.
    pub fn reserve(&mut self, places: usize) {
        self.links.reserve_exact(places);
    }

    /// All places.
    pub fn places(&self) -> impl Iterator<Item = u32> + '_ {
        let chain = |head: u32| {
            std::iter::successors(Some(head).filter(|head| *head != NO_ROW), |place| {
                Some(self.links[*place as usize]).filter(|next| *next != NO_ROW)
            })
        };
        self.heads.rows().chain([self.missing]).flat_map(chain).chain(self.long.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::super::vector::Vector;
    use super::*;

    fn keys(codes: Vec<u32>, numbers: Vec<i64>) -> Keys {
        let rows = codes.len();
        Keys::new(&[Vector::Code(codes), Vector::Small(numbers)], &[Kind::Code, Kind::Small], rows)
    }

    #[test]
    fn keys_of_one_text_are_told_apart() {
        let keys = keys(vec![7, 7, 0, NO_ROW, 7], vec![1, 2, 1, 1, 2]);
        let mut chains = Chains::all(&[Kind::Code, Kind::Small], 5).pop().unwrap();
        chains.reserve(5);
        for place in 0..4 {
            assert_eq!(chains.find(keys.of(place as usize), &keys), None);
            assert_eq!(chains.insert(keys.of(place as usize), place, &keys), Ok(()));
        }
        assert_eq!(chains.find(keys.of(4), &keys), Some(1));
        chains.replace(keys.of(4), 1, 4);
        assert_eq!(chains.find(keys.of(1), &keys), Some(4));
        assert_eq!(chains.find(keys.of(0), &keys), Some(0));
        let mut places: Vec<u32> = chains.places().collect();
        places.sort_unstable();
        assert_eq!(places, [0, 2, 3, 4]);
    }

    #[test]
    fn keys_of_a_text_with_many_are_found_too_and_codes_far_apart_are_refused() {
        // One key in ten is of one text, each key on two rows.
        let (rows, each) = (2_000u32, 1_000);
        let code = |row: u32| if (row % each).is_multiple_of(10) { 3 } else { 10 + row % each };
        let keys = keys((0..rows).map(code).collect(), (0..rows).map(|row| i64::from(row % each)).collect());
        let mut chains = Chains::all(&[Kind::Code, Kind::Small], rows as usize).pop().unwrap();
        for place in 0..each {
            assert_eq!(chains.find(keys.of(place as usize), &keys), None);
            assert_eq!(chains.insert(keys.of(place as usize), place, &keys), Ok(()));
        }
        assert_eq!(chains.long.len(), 100 - KEYS_MAX);
        assert!((0..rows).all(|row| chains.find(keys.of(row as usize), &keys) == Some(row % each)));
        (0..each).for_each(|place| chains.replace(keys.of(place as usize), place, place + each));
        assert!((0..rows).all(|row| chains.find(keys.of(row as usize), &keys) == Some(row % each + each)));
        let mut places: Vec<u32> = chains.places().collect();
        places.sort_unstable();
        assert!(places.into_iter().eq(each..rows));
        // All of one text.
        let keys = self::keys(vec![3; 100], (0..100).collect());
        let mut chains = Chains::all(&[Kind::Code, Kind::Small], 100).pop().unwrap();
        let fits = (0u32..100).take_while(|place| chains.insert(keys.of(*place as usize), *place, &keys).is_ok());
        assert_eq!(fits.count(), KEYS_MAX + 100 / LONG_MAX);
        let mut chains = Chains::all(&[Kind::Code], 1).pop().unwrap();
        let far = (0u32..).take_while(|place| chains.insert(&[*place << 20], *place, &Keys::default()).is_ok());
        assert!(far.count() < 64);
    }
}
