//! Keys of several columns found by one text among them: the keys with that text, one after the other.
//!
//! Codes of texts are given in order of reading, and what is read together is asked for together, so that the places of
//! neighbours are neighbours. A hash would send each of them to another end of the memory.

use super::key::{Keys, places};
use super::places::Places;
use super::vector::{Kind, NO_ROW};

/// Most keys that one text may have; where it has more, another column or a hash finds them.
const KEYS_MAX: usize = 24;
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
}

/// A text has too many keys, or codes lie too far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit;

impl Chains {
    /// One for each text of a key, in the order in which they are tried.
    pub fn all(kinds: &[Kind], rows: usize) -> Vec<Self> {
        let mut found = Vec::new();
        let mut part = 0;
        for kind in kinds {
            if *kind == Kind::Code {
                found.push(Self { part, rows, heads: Places::default(), missing: NO_ROW, links: Vec::new() });
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
    pub fn find(&self, key: &[u32], keys: &Keys) -> Result<Option<u32>, Unfit> {
        let code = self.code(key);
        let mut place = if code == NO_ROW { self.missing } else { self.heads.get(code as usize) };
        for _ in 0..KEYS_MAX {
            if place == NO_ROW {
                return Ok(None);
            }
            if keys.is(place as usize, key) {
                return Ok(Some(place));
            }
            place = self.links[place as usize];
        }
        Err(Unfit)
    }

    /// Notes the place of a key that has none.
    pub fn insert(&mut self, key: &[u32], place: u32) -> Result<(), Unfit> {
        let code = self.code(key);
        if code != NO_ROW && !self.heads.admits(code as usize, self.rows, SPARSE_MAX) {
            return Err(Unfit);
        }
        if self.links.len() <= place as usize {
            self.links.resize(place as usize + 1, NO_ROW);
        }
        self.links[place as usize] = std::mem::replace(self.head(code), place);
        Ok(())
    }

    /// Another place for a key.
    pub fn replace(&mut self, key: &[u32], old: u32, new: u32) {
        if self.links.len() <= new as usize {
            self.links.resize(new as usize + 1, NO_ROW);
        }
        self.links[new as usize] = self.links[old as usize];
        let head = self.head(self.code(key));
        let mut before = *head;
        if before == old {
            *head = new;
            return;
        }
        while before != NO_ROW {
            let next = self.links[before as usize];
            if next == old {
                self.links[before as usize] = new;
                return;
            }
            before = next;
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
        self.heads.rows().chain([self.missing]).flat_map(chain)
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
            assert_eq!(chains.find(keys.of(place as usize), &keys), Ok(None));
            assert_eq!(chains.insert(keys.of(place as usize), place), Ok(()));
        }
        assert_eq!(chains.find(keys.of(4), &keys), Ok(Some(1)));
        chains.replace(keys.of(4), 1, 4);
        assert_eq!(chains.find(keys.of(1), &keys), Ok(Some(4)));
        assert_eq!(chains.find(keys.of(0), &keys), Ok(Some(0)));
        let mut places: Vec<u32> = chains.places().collect();
        places.sort_unstable();
        assert_eq!(places, [0, 2, 3, 4]);
    }

    #[test]
    fn a_text_with_many_keys_and_codes_far_apart_are_refused() {
        let many = 2 * KEYS_MAX;
        let keys = keys(vec![3; many], (0..).take(many).collect());
        let mut chains = Chains::all(&[Kind::Code, Kind::Small], many).pop().unwrap();
        let fits = (0..many).take_while(|&place| {
            let place = u32::try_from(place).unwrap();
            let known = chains.find(keys.of(place as usize), &keys);
            known == Ok(None) && chains.insert(keys.of(place as usize), place).is_ok()
        });
        assert_eq!(fits.count(), KEYS_MAX);
        let mut chains = Chains::all(&[Kind::Code], 1).pop().unwrap();
        let far = (0u32..).take_while(|place| chains.insert(&[*place << 20], *place).is_ok());
        assert!(far.count() < 64);
    }
}
