//! Texts of a store, each held once: a column of texts is a column of codes.
//!
//! Two texts are equal exactly if their codes are, over all columns and populations, so that joins and groups compare
//! integers. Codes say nothing about order, and differ from run to run: whatever needs an order reads the texts. Texts that
//! count up have codes that do so too (`numbered`), in blocks of `CODES_A_BLOCK`; all other texts lie here and are found by
//! their hash, a block of codes after the other.

use std::cmp::Ordering;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::DefaultHashBuilder;

use self::numbered::Numbered;
use crate::eight;

mod numbered;

/// Codes come in blocks of so many, each for texts that were met together.
pub const CODES_A_BLOCK: usize = numbered::BLOCK;

/// The code of a missing text.
pub const NO_TEXT: u32 = u32::MAX;

/// Texts are spread over shards, so that threads seldom wait for each other.
const SHARDS: usize = 16;
/// Bytes of one piece of a shard's store; a longer text gets a piece of its own.
const PIECE: usize = 1 << 18;
/// Texts of a column that are remembered while it is coded.
const RECENT: usize = 512;
/// A text up to this length lies in its entry: identifiers mostly do, and to compare one takes no second look.
const SHORT: usize = 16;

/// Every text once.
pub struct Texts {
    numbered: Numbered,
    shards: [Mutex<Shard>; SHARDS],
    hasher: DefaultHashBuilder,
}

/// The texts of one part of all hashes.
#[derive(Default)]
struct Shard {
    /// Open addressing: a hash's half and the place of its text plus one, or zero. Never more than two thirds full.
    places: Vec<u64>,
    entries: Vec<Entry>,
    pieces: Vec<Vec<u8>>,
}

/// A short text, or where a longer one stands: its piece, and its place there.
#[derive(Clone, Copy)]
struct Entry {
    length: u32,
    hash: u32,
    low: u64,
    high: u64,
}

/// A text whose code is asked for.
#[derive(Clone, Copy)]
struct Asked<'t> {
    row: u32,
    text: &'t [u8],
    hash: u64,
    low: u64,
    high: u64,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            numbered: Numbered::default(),
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl Texts {
    /// The code of a text, a new one if it has none yet.
    pub fn code(&self, text: &str) -> u32 {
        if let Some(code) = self.numbered.coder().code(text.as_bytes()) {
            return code;
        }
        let asked = self.asked(0, text.as_bytes());
        let shard = shard_of(asked.hash);
        let place = linear(self.shard(shard).place(&asked), shard);
        self.numbered.codes_of_others(&[place]).next().unwrap_or(NO_TEXT)
    }

    /// Whether a text is one whose code is reckoned, so that nothing of it is kept.
    pub(crate) fn counts_up(&self, text: &str) -> bool {
        self.numbered.coder().code(text.trim_ascii().as_bytes()).is_some()
    }

    /// The code of a text that has one.
    pub fn find(&self, text: &str) -> Option<u32> {
        if let Some(code) = self.numbered.find(text.as_bytes()) {
            return Some(code);
        }
        let asked = self.asked(0, text.as_bytes());
        let shard = shard_of(asked.hash);
        let place = self.shard(shard).slot(&asked).ok()?;
        self.numbered.code_of_other(linear(place, shard))
    }

    /// The first code of the block of a text that counts up: its number is less than that of the text by as much as its code.
    pub fn counts_from(&self, code: u32) -> Option<u32> {
        self.numbered.counts_from(code)
    }

    /// The codes of many texts, `NO_TEXT` for a missing one. Neighbours that repeat cost next to nothing.
    pub fn codes<'t>(&self, texts: impl ExactSizeIterator<Item = Option<&'t str>>) -> Vec<u32> {
        self.codes_of_bytes(texts.map(|text| text.map(str::as_bytes)))
    }

    /// The codes of many texts, whose bytes are UTF-8.
    pub(crate) fn codes_of_bytes<'t>(&self, texts: impl ExactSizeIterator<Item = Option<&'t [u8]>>) -> Vec<u32> {
        let mut codes = vec![NO_TEXT; texts.len()];
        // A part of all texts is mostly enough, and where it is not there are many.
        let room = texts.len().min(1 << 14) / SHARDS / 2;
        let mut waiting: [Vec<Asked<'_>>; SHARDS] = std::array::from_fn(|_| Vec::with_capacity(room));
        let mut repeats: Vec<(u32, u32)> = Vec::new();
        // Texts that were met not long ago, with the row of the first; a new one takes the place of an older one.
        let mut recent: [Asked<'_>; RECENT] = [Asked::NOTHING; RECENT];
        let mut numbered = self.numbered.coder();
        let mut above: Option<(&[u8], u32)> = None;
        for (row, text) in (0u32..).zip(texts) {
            let Some(text) = text else { continue };
            // Of most columns that do not count up many neighbours are the same.
            if let Some((_, first)) = above.filter(|(above, _)| same(above, text)) {
                repeats.push((row, first));
                continue;
            }
            if let Some(code) = numbered.code(text) {
                codes[row as usize] = code;
                continue;
            }
            let asked = self.asked(row, text);
            let slot = &mut recent[asked.hash as usize % RECENT];
            if slot.row != NO_TEXT && slot.is(&asked) {
                repeats.push((row, slot.row));
                above = Some((text, slot.row));
                continue;
            }
            above = Some((text, row));
            waiting[shard_of(asked.hash)].push(asked);
            *slot = asked;
        }
        for (number, waiting) in waiting.iter().enumerate().filter(|(_, waiting)| !waiting.is_empty()) {
            let places: Vec<usize> = {
                let mut shard = self.shard(number);
                let guesses = shard.guesses(waiting);
                let place = |(asked, guess): (&Asked<'_>, Option<u32>)| guess.unwrap_or_else(|| shard.place(asked));
                waiting.iter().zip(guesses).map(place).map(|place| linear(place, number)).collect()
            };
            for (asked, code) in waiting.iter().zip(self.numbered.codes_of_others(&places)) {
                codes[asked.row as usize] = code;
            }
        }
        for (row, first) in repeats {
            codes[row as usize] = codes[first as usize];
        }
        codes
    }

    /// A text with its hash: that of its head where it is short, for then nothing but its length is left to know.
    fn asked<'t>(&self, row: u32, text: &'t [u8]) -> Asked<'t> {
        let (low, high) = head(text);
        let hash = if text.len() <= SHORT {
            let mut hasher = self.hasher.build_hasher();
            hasher.write_u64(low);
            hasher.write_u64(high ^ (text.len() as u64) << 56);
            hasher.finish()
        } else {
            self.hasher.hash_one(text)
        };
        Asked { row, text, hash, low, high }
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
        let text = |bytes: &[u8]| read(std::str::from_utf8(bytes).unwrap_or_default());
        self.numbered.with(code, |found| match found {
            Ok(bytes) => Some(text(bytes)),
            Err(place) => {
                let shard = self.shard(place % SHARDS);
                let entry = shard.entries.get(place / SHARDS)?;
                Some(shard.read(entry, text))
            }
        })?
    }

    /// The order of two texts.
    pub fn order(&self, left: u32, right: u32) -> Ordering {
        if left == right { Ordering::Equal } else { self.get(left).cmp(&self.get(right)) }
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        let of = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let pieces: usize = shard.pieces.iter().map(Vec::capacity).sum();
            pieces + shard.entries.capacity() * size_of::<Entry>() + shard.places.len() * size_of::<u64>()
        };
        self.shards.iter().map(of).sum::<usize>() + self.numbered.bytes()
    }

    fn shard(&self, number: usize) -> MutexGuard<'_, Shard> {
        // Nothing in here stops half way.
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bits of the hash that the table within a shard uses least.
fn shard_of(hash: u64) -> usize {
    (hash >> 32) as usize % SHARDS
}

/// The place of a text among all shards.
fn linear(place: u32, shard: usize) -> usize {
    place as usize * SHARDS + shard
}

impl Asked<'_> {
    const NOTHING: Self = Self { row: NO_TEXT, text: &[], hash: 0, low: 0, high: 0 };

    /// True if it is the same text.
    #[inline]
    fn is(&self, other: &Self) -> bool {
        self.hash == other.hash
            && self.low == other.low
            && self.high == other.high
            && self.text.len() == other.text.len()
            && (self.text.len() <= SHORT || self.text == other.text)
    }
}

/// True if two texts are the same; short ones are compared without a call.
#[inline]
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && if left.len() <= SHORT { head(left) == head(right) } else { left == right }
}

/// The first sixteen bytes of a text, zeros behind a shorter one.
#[inline]
fn head(text: &[u8]) -> (u64, u64) {
    let eight = |from: usize| text.get(from..from + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    // The last bytes are read together with some of those before, which the shift takes off.
    match (text.len(), eight(0)) {
        (16.., Some(low)) => (low, eight(8).unwrap_or_default()),
        (8, Some(low)) => (low, 0),
        (length, Some(low)) => (low, eight(length - 8).unwrap_or_default() >> (8 * (16 - length))),
        _ => (eight::word(text), 0),
    }
}

impl Shard {
    /// The bytes of a long text.
    fn long(&self, entry: &Entry) -> &[u8] {
        &self.pieces[entry.low as usize][entry.high as usize..][..entry.length as usize]
    }

    /// Reads the bytes of a text.
    fn read<T>(&self, entry: &Entry, read: impl FnOnce(&[u8]) -> T) -> T {
        if entry.length as usize > SHORT {
            return read(self.long(entry));
        }
        let text = (u128::from(entry.low) | u128::from(entry.high) << 64).to_le_bytes();
        read(&text[..entry.length as usize])
    }

    /// The places of texts that stand where their hash says: most of those that are known. The memory behind them is far
    /// apart, so it is asked for all at once and not text by text.
    fn guesses(&self, texts: &[Asked<'_>]) -> Vec<Option<u32>> {
        let Some(mask) = self.places.len().checked_sub(1) else { return vec![None; texts.len()] };
        let noted: Vec<u64> = texts.iter().map(|asked| self.places[spread(asked.hash as u32) & mask]).collect();
        let place = |(asked, noted): (&Asked<'_>, u64)| {
            let place = (noted as u32).wrapping_sub(1);
            let entry = self.entries.get(place as usize).filter(|_| (noted >> 32) as u32 == asked.hash as u32)?;
            let same = asked.text.len() <= SHORT
                && entry.length as usize == asked.text.len()
                && entry.low == asked.low
                && entry.high == asked.high;
            same.then_some(place)
        };
        texts.iter().zip(noted).map(place).collect()
    }

    /// The place of a text, or the slot where it would be noted.
    fn slot(&self, asked: &Asked<'_>) -> Result<u32, usize> {
        let Some(mask) = self.places.len().checked_sub(1) else { return Err(0) };
        let mut slot = spread(asked.hash as u32) & mask;
        loop {
            let noted = self.places[slot];
            if noted == 0 {
                return Err(slot);
            }
            if (noted >> 32) as u32 == asked.hash as u32 {
                let place = noted as u32 - 1;
                let entry = &self.entries[place as usize];
                let same = entry.length as usize == asked.text.len()
                    && if asked.text.len() <= SHORT {
                        (entry.low, entry.high) == (asked.low, asked.high)
                    } else {
                        self.long(entry) == asked.text
                    };
                if same {
                    return Ok(place);
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    fn place(&mut self, asked: &Asked<'_>) -> u32 {
        let mut slot = match self.slot(asked) {
            Ok(place) => return place,
            Err(slot) => slot,
        };
        if self.places.len() * 2 < (self.entries.len() + 1) * 3 {
            self.grow();
            slot = self.slot(asked).err().unwrap_or_default();
        }
        let length = narrow(asked.text.len());
        let mut entry = Entry { length, hash: asked.hash as u32, low: asked.low, high: asked.high };
        if asked.text.len() > SHORT {
            (entry.low, entry.high) = self.keep(asked.text);
        }
        let place = narrow(self.entries.len());
        self.entries.push(entry);
        self.places[slot] = noted(entry.hash, place);
        place
    }

    /// Where a long text stands from now on.
    fn keep(&mut self, text: &[u8]) -> (u64, u64) {
        let room = self.pieces.last().is_some_and(|piece| piece.capacity() - piece.len() >= text.len());
        if !room {
            self.pieces.push(Vec::with_capacity(PIECE.max(text.len())));
        }
        let piece = self.pieces.len() - 1;
        let bytes = &mut self.pieces[piece];
        let from = bytes.len();
        bytes.extend_from_slice(text);
        (piece as u64, from as u64)
    }

    fn grow(&mut self) {
        let mut places = vec![0; (self.places.len() * 2).max(64)];
        let mask = places.len() - 1;
        for (place, entry) in (0u32..).zip(&self.entries) {
            let mut slot = spread(entry.hash) & mask;
            while places[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            places[slot] = noted(entry.hash, place);
        }
        self.places = places;
    }
}

fn noted(hash: u32, place: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(place + 1)
}

fn narrow(size: usize) -> u32 {
    u32::try_from(size).expect("a text of less than 4 GiB, and fewer than 4 thousand million of them")
}

/// The kept half of a hash as a place of the table.
fn spread(short: u32) -> usize {
    let mixed = u64::from(short).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn codes_are_equal_exactly_where_texts_are(texts in prop::collection::vec(prop::option::of("[ab]{0,3}(x{14,16})?"), 0..400)) {
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

    proptest! {
        #[test]
        fn texts_that_count_up_are_texts_like_others(texts in prop::collection::vec("(INV-2026-|D|)[0-9]{4,11}|[ab]{2}", 0..300)) {
            let known = Texts::default();
            let codes = known.codes(texts.iter().map(|text| Some(text.as_str())));
            for (text, code) in texts.iter().zip(&codes) {
                let back = known.get(*code);
                prop_assert_eq!(back.as_deref(), Some(text.as_str()));
                prop_assert_eq!(known.find(text), Some(*code));
                prop_assert_eq!(known.code(text), *code);
            }
            let different: std::collections::BTreeSet<&String> = texts.iter().collect();
            let given: std::collections::BTreeSet<u32> = codes.iter().copied().collect();
            prop_assert_eq!(different.len(), given.len());
        }
    }

    #[test]
    fn neighbours_in_number_are_neighbours_in_code() {
        let known = Texts::default();
        let codes: Vec<u32> = (40_960..45_056).map(|number| known.code(&format!("SO{number:06}"))).collect();
        assert!(codes.windows(2).all(|pair| pair[1] == pair[0] + 1));
        assert_ne!(known.code("SO40960"), codes[0], "another width is another text");
    }

    #[test]
    fn numbers_far_apart_close_their_pattern_and_keep_their_codes() {
        let known = Texts::default();
        let text = |number: u32| format!("X{:09}", u64::from(number) * 104_729 % 1_000_000_007 % 1_000_000_000);
        let texts: Vec<String> = (0..20_000).map(text).collect();
        let codes = known.codes(texts.iter().map(|text| Some(text.as_str())));
        let again = known.codes(texts.iter().rev().map(|text| Some(text.as_str())));
        assert!(codes.iter().eq(again.iter().rev()));
        assert!(texts.iter().zip(&codes).all(|(text, code)| known.get(*code).as_deref() == Some(text)));
        let blocks: std::collections::BTreeSet<usize> =
            codes.iter().map(|code| *code as usize / CODES_A_BLOCK).collect();
        assert!(blocks.len() < 5_000, "{} blocks for 20,000 texts", blocks.len());
    }

    #[test]
    fn a_long_text_and_an_empty_one_come_back() {
        let (known, long) = (Texts::default(), "x".repeat(PIECE + 1));
        let codes = [known.code(&long), known.code(""), known.code("y")];
        assert_eq!(codes.map(|code| known.with(code, str::len)), [Some(PIECE + 1), Some(0), Some(1)]);
        assert_eq!(known.find(&long), Some(codes[0]));
        assert_eq!(known.get(NO_TEXT), None);
        assert!(known.bytes() > PIECE);
    }
}
