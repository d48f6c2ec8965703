//! Where delimiters, line ends and quotes stand in a buffer: sixty-four bytes at a time, without a branch a byte.
//!
//! Fields of exports are short, so a search that starts again after every hit spends its time on starting.

use wide::u8x16;

/// Bytes that are looked at together.
const BLOCK: usize = 64;
/// Marks of a block that are written without asking whether there are so many: most have about so many.
const USUAL: usize = 12;

/// The marks of a buffer, found once for each of its bytes.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Places of marks, and behind them room.
    places: Vec<u32>,
    count: usize,
    /// Which of the marks are no delimiters.
    specials: Vec<u32>,
    scanned: usize,
    /// A byte that is no ASCII has been met.
    foreign: bool,
}

/// Marks of a buffer from one of them on.
#[derive(Clone, Copy)]
pub(super) struct Rest<'m> {
    /// Their places.
    pub places: &'m [u32],
    specials: &'m [u32],
    /// Of all marks so many were before.
    passed: u32,
}

impl Marks {
    /// The buffer is another one.
    pub fn clear(&mut self) {
        self.count = 0;
        self.specials.clear();
        self.scanned = 0;
        self.foreign = false;
    }

    /// Looks through what was added to the buffer.
    pub fn scan(&mut self, buffer: &[u8], delimiter: u8, quote: u8) {
        let mut at = self.scanned;
        let (blocks, rest) = buffer[at..].as_chunks::<BLOCK>();
        let [delimiters, lines, quotes] = [delimiter, b'\n', quote].map(u8x16::splat);
        let mut bytes = u8x16::ZERO;
        for block in blocks {
            let (mut all, mut special) = (0u64, 0u64);
            for (part, text) in block.as_chunks::<16>().0.iter().enumerate() {
                let text = u8x16::new(*text);
                bytes |= text;
                let other = text.simd_eq(lines) | text.simd_eq(quotes);
                special |= u64::from(other.to_bitmask()) << (16 * part);
                all |= u64::from((other | text.simd_eq(delimiters)).to_bitmask()) << (16 * part);
            }
            self.note(place(at), all, special);
            at += BLOCK;
        }
        self.foreign |= bytes.to_bitmask() != 0 || !rest.is_ascii();
        let (mut all, mut special) = (0, 0);
        for (offset, byte) in rest.iter().enumerate() {
            let other = *byte == b'\n' || *byte == quote;
            special |= u64::from(other) << offset;
            all |= u64::from(other || *byte == delimiter) << offset;
        }
        self.note(place(at), all, special);
        self.scanned = buffer.len();
    }

    /// Notes the marks of a block: a bit for each byte that is one, and for each that is no delimiter.
    #[inline]
    fn note(&mut self, at: u32, all: u64, mut special: u64) {
        while special != 0 {
            let before = (special & special.wrapping_neg()) - 1;
            self.specials.push(place(self.count) + (all & before).count_ones());
            special &= special - 1;
        }
        if self.places.len() < self.count + BLOCK {
            self.places.resize((self.count + BLOCK).next_power_of_two(), 0);
        }
        let Some(room) = self.places[self.count..].first_chunk_mut::<BLOCK>() else { return };
        let mut left = all;
        for place in &mut room[..USUAL] {
            *place = at + left.trailing_zeros();
            left &= left.wrapping_sub(1);
        }
        let mut count = USUAL;
        while left != 0 {
            room[count % BLOCK] = at + left.trailing_zeros();
            left &= left - 1;
            count += 1;
        }
        self.count += all.count_ones() as usize;
    }

    /// The marks from a place of the buffer on.
    pub fn from(&self, from: usize) -> Rest<'_> {
        let places = &self.places[..self.count];
        let first = places.partition_point(|mark| *mark < place(from));
        let passed = place(first);
        let special = self.specials.partition_point(|special| *special < passed);
        Rest { places: &places[first..], specials: &self.specials[special..], passed }
    }

    /// Whether the first so many bytes of the buffer have been looked through, and all are ASCII.
    pub fn are_of_ascii(&self, length: usize) -> bool {
        self.scanned >= length && !self.foreign
    }
}

impl Rest<'_> {
    /// How many delimiters come before the next mark that is none; `None` if there is no such mark yet.
    #[inline]
    pub fn delimiters(&self) -> Option<usize> {
        self.specials.first().map(|special| (special - self.passed) as usize)
    }

    /// The rest after so many marks.
    #[inline]
    pub fn after(mut self, count: usize) -> Self {
        self.passed += place(count);
        self.places = &self.places[count..];
        while let Some((first, rest)) = self.specials.split_first()
            && *first < self.passed
        {
            self.specials = rest;
        }
        self
    }
}

/// Buffers are far below 4 GiB.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_mark_is_found_once(
            text in "[,;\"\na\u{e9}\u{2c80}\\x00\\x2d\\x0b]{0,400}|[,a]{0,300}[,\na\"]{0,100}",
            cut in 0usize..400,
            from in 0usize..400,
            passed in 0usize..50,
        ) {
            let buffer = text.as_bytes();
            let (cut, from) = (cut.min(buffer.len()), from.min(buffer.len()));
            let mut marks = Marks::default();
            marks.scan(&buffer[..cut], b',', b'"');
            prop_assert_eq!(marks.are_of_ascii(cut), buffer[..cut].is_ascii());
            marks.scan(buffer, b',', b'"');
            prop_assert_eq!(marks.are_of_ascii(buffer.len()), text.is_ascii());
            prop_assert!(!marks.are_of_ascii(buffer.len() + 1));
            let places: Vec<u32> =
                (from..buffer.len()).filter(|at| b",\n\"".contains(&buffer[*at])).map(|at| at as u32).collect();
            let rest = marks.from(from);
            prop_assert_eq!(rest.places, &places);
            let rest = rest.after(passed.min(places.len()));
            let left = &places[passed.min(places.len())..];
            prop_assert_eq!(rest.places, left);
            prop_assert_eq!(rest.delimiters(), left.iter().position(|at| buffer[*at as usize] != b','));
            marks.clear();
            prop_assert!(marks.from(0).places.is_empty() && marks.from(0).delimiters().is_none());
        }
    }
}
