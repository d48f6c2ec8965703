//! Texts of a store, each held once: a column of texts is a column of codes.
//!
//! Two texts are equal exactly if their codes are, over all columns and populations, so that joins and groups compare
//! integers. Codes say nothing about order, and differ from run to run: whatever needs an order reads the texts.

use std::cmp::Ordering;
use std::hash::{BuildHasher as _, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};

/// The code of a missing text.
pub const NO_TEXT: u32 = u32::MAX;

/// Texts are spread over shards, so that threads seldom wait for each other.
const SHARDS: usize = 16;
/// Bytes of one piece of a shard's store; a longer text gets a piece of its own.
const PIECE: usize = 1 << 18;
/// Texts of a column that are remembered while it is coded.
const RECENT: usize = 256;

/// Every text once.
pub struct Texts {
    shards: [Mutex<Shard>; SHARDS],
    hasher: DefaultHashBuilder,
}

#[derive(Default)]
struct Shard {
    places: HashTable<u32>,
    entries: Vec<Entry>,
    pieces: Vec<String>,
}

/// Where a text stands, and its hash.
#[derive(Clone, Copy)]
struct Entry {
    piece: u32,
    from: u32,
    length: u32,
    hash: u32,
}

impl Default for Texts {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: DefaultHashBuilder::default() }
    }
}

impl Texts {
    /// The code of a text, a new one if it has none yet.
    pub fn code(&self, text: &str) -> u32 {
        let hash = self.hash(text.as_bytes());
        let shard = shard_of(hash);
        code_of(self.shard(shard).place(text.as_bytes(), hash), shard)
    }

    /// The code of a text that has one.
    pub fn find(&self, text: &str) -> Option<u32> {
        let hash = self.hash(text.as_bytes());
        let shard = shard_of(hash);
        self.shard(shard).find(text.as_bytes(), hash).map(|place| code_of(place, shard))
    }

    /// The codes of many texts, `NO_TEXT` for a missing one. Neighbours that repeat cost next to nothing.
    pub fn codes<'t>(&self, texts: impl ExactSizeIterator<Item = Option<&'t str>>) -> Vec<u32> {
        self.codes_of_bytes(texts.map(|text| text.map(str::as_bytes)))
    }

    /// The codes of many texts, whose bytes are UTF-8.
    pub(crate) fn codes_of_bytes<'t>(&self, texts: impl ExactSizeIterator<Item = Option<&'t [u8]>>) -> Vec<u32> {
        let mut codes = vec![NO_TEXT; texts.len()];
        let mut waiting: [Vec<(u32, u64, &[u8])>; SHARDS] = std::array::from_fn(|_| Vec::new());
        let mut repeats: Vec<(u32, u32)> = Vec::new();
        // Texts that were met not long ago, with the row of the first; a new one takes the place of an older one.
        let mut recent: [(&[u8], u32); RECENT] = [(&[], NO_TEXT); RECENT];
        for (row, text) in (0u32..).zip(texts) {
            let Some(text) = text else { continue };
            let slot = &mut recent[recent_of(text)];
            if slot.1 != NO_TEXT && slot.0 == text {
                repeats.push((row, slot.1));
                continue;
            }
            let hash = self.hash(text);
            waiting[shard_of(hash)].push((row, hash, text));
            *slot = (text, row);
        }
        for (number, waiting) in waiting.iter().enumerate().filter(|(_, waiting)| !waiting.is_empty()) {
            let mut shard = self.shard(number);
            for (row, hash, text) in waiting {
                codes[*row as usize] = code_of(shard.place(text, *hash), number);
            }
        }
        for (row, first) in repeats {
            codes[row as usize] = codes[first as usize];
        }
        codes
    }

    /// A digest of bytes that is the same for equal bytes as long as these texts live.
    pub(crate) fn hash(&self, bytes: &[u8]) -> u64 {
        self.hasher.hash_one(bytes)
    }

    /// A hasher of the same kind, for digests that are put together.
    pub(crate) fn hasher(&self) -> impl Hasher {
        self.hasher.build_hasher()
    }

    /// The text of a code; `None` for `NO_TEXT`.
    pub fn get(&self, code: u32) -> Option<Arc<str>> {
        self.with(code, |text| Arc::from(text))
    }

    /// Reads the text of a code; `None` for `NO_TEXT`.
    pub fn with<T>(&self, code: u32, read: impl FnOnce(&str) -> T) -> Option<T> {
        if code == NO_TEXT {
            return None;
        }
        let shard = self.shard(code as usize % SHARDS);
        let entry = shard.entries.get(code as usize / SHARDS)?;
        Some(read(shard.text(*entry)))
    }

    /// The order of two texts.
    pub fn order(&self, left: u32, right: u32) -> Ordering {
        if left == right { Ordering::Equal } else { self.get(left).cmp(&self.get(right)) }
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        let of = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let pieces: usize = shard.pieces.iter().map(String::capacity).sum();
            pieces + shard.entries.capacity() * size_of::<Entry>() + shard.places.capacity() * size_of::<u64>()
        };
        self.shards.iter().map(of).sum()
    }

    fn shard(&self, number: usize) -> MutexGuard<'_, Shard> {
        // Nothing in here stops half way.
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a text is remembered: its length and its last four bytes, in which neighbours differ, say enough.
fn recent_of(text: &[u8]) -> usize {
    let ends =
        text.iter().rev().take(4).fold(text.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    ends % RECENT
}

/// Bits of the hash that the table within a shard uses least.
fn shard_of(hash: u64) -> usize {
    (hash >> 32) as usize % SHARDS
}

fn code_of(place: u32, shard: usize) -> u32 {
    u32::try_from(place as usize * SHARDS + shard)
        .ok()
        .filter(|code| *code != NO_TEXT)
        .expect("fewer than four thousand million different texts")
}

impl Shard {
    fn text(&self, entry: Entry) -> &str {
        let from = entry.from as usize;
        &self.pieces[entry.piece as usize][from..from + entry.length as usize]
    }

    fn find(&self, text: &[u8], hash: u64) -> Option<u32> {
        let same = |place: &u32| {
            let entry = self.entries[*place as usize];
            entry.hash == short(hash) && entry.length as usize == text.len() && self.text(entry).as_bytes() == text
        };
        self.places.find(spread(short(hash)), same).copied()
    }

    fn place(&mut self, text: &[u8], hash: u64) -> u32 {
        if let Some(place) = self.find(text, hash) {
            return place;
        }
        let room = self.pieces.last().is_some_and(|piece| piece.capacity() - piece.len() >= text.len());
        if !room {
            self.pieces.push(String::with_capacity(PIECE.max(text.len())));
        }
        let piece = self.pieces.len() - 1;
        let held = &mut self.pieces[piece];
        let narrow = |size: usize| u32::try_from(size).expect("a text of less than 4 GiB");
        let entry =
            Entry { piece: narrow(piece), from: narrow(held.len()), length: narrow(text.len()), hash: short(hash) };
        held.push_str(std::str::from_utf8(text).expect("a text that has been decoded"));
        let place = narrow(self.entries.len());
        self.entries.push(entry);
        let entries = &self.entries;
        self.places.insert_unique(spread(short(hash)), place, |place| spread(entries[*place as usize].hash));
        place
    }
}

/// The half of a hash that is kept.
fn short(hash: u64) -> u32 {
    hash as u32
}

/// A kept half as a hash for the table, which wants its high bits mixed too.
fn spread(short: u32) -> u64 {
    u64::from(short).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn codes_are_equal_exactly_where_texts_are(texts in prop::collection::vec(prop::option::of("[ab]{0,3}"), 0..200)) {
            let known = Texts::default();
            let all: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
            let codes = known.codes(all.iter().copied());
            for (text, code) in all.iter().zip(&codes) {
                let back = known.get(*code);
                prop_assert_eq!(back.as_deref(), *text);
                prop_assert_eq!(text.and_then(|text| known.find(text)).unwrap_or(NO_TEXT), *code);
                prop_assert_eq!(text.map_or(NO_TEXT, |text| known.code(text)), *code);
            }
        }
    }

    #[test]
    fn a_long_text_and_an_empty_one_come_back() {
        let (known, long) = (Texts::default(), "x".repeat(PIECE + 1));
        let codes = [known.code(&long), known.code(""), known.code("y")];
        assert_eq!(codes.map(|code| known.with(code, str::len)), [Some(PIECE + 1), Some(0), Some(1)]);
        assert_eq!(known.get(NO_TEXT), None);
        assert!(known.bytes() > PIECE);
    }
}
