//! Where delimiters, line ends and quotes stand in a buffer: sixty-four bytes at a time, without a branch a byte.
//!
//! Fields of exports are short, so a search that starts again after every hit spends its time on starting.

/// Set in a mark that is no delimiter.
pub(super) const SPECIAL: u32 = 1 << 31;

const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
const ONES: u64 = 0x0101_0101_0101_0101;

/// The marks of a buffer, found once for each of its bytes.
#[derive(Debug, Default)]
pub(super) struct Marks {
    places: Vec<u32>,
    scanned: usize,
}

impl Marks {
    /// The buffer is another one.
    pub fn clear(&mut self) {
        self.places.clear();
        self.scanned = 0;
    }

    /// Looks through what was added to the buffer.
    pub fn scan(&mut self, buffer: &[u8], delimiter: u8, quote: u8) {
        let [comma, line, quote_word] = [delimiter, b'\n', quote].map(|byte| u64::from(byte) * ONES);
        let mut at = self.scanned;
        let mut blocks = buffer[at..].chunks_exact(64);
        for block in &mut blocks {
            let (mut all, mut special) = (0, 0);
            for (word, bytes) in block.chunks_exact(8).enumerate() {
                let Ok(bytes) = <[u8; 8]>::try_from(bytes) else { continue };
                let bytes = u64::from_le_bytes(bytes);
                let other = equal(bytes, line) | equal(bytes, quote_word);
                special |= gathered(other) << (8 * word);
                all |= gathered(equal(bytes, comma) | other) << (8 * word);
            }
            let mut found = [0; 64];
            let mut count = 0;
            while all != 0 {
                let bit = all.trailing_zeros();
                let kind = u32::from(special >> bit & 1 != 0) << 31;
                found[count & 63] = (place(at) + bit) | kind;
                count += 1;
                all &= all - 1;
            }
            self.places.extend_from_slice(&found[..count]);
            at += 64;
        }
        for (offset, byte) in blocks.remainder().iter().enumerate() {
            let other = *byte == b'\n' || *byte == quote;
            if other || *byte == delimiter {
                self.places.push(place(at + offset) | u32::from(other) << 31);
            }
        }
        self.scanned = buffer.len();
    }

    /// The marks from a place of the buffer on.
    pub fn from(&self, from: usize) -> &[u32] {
        let first = self.places.partition_point(|mark| (mark & !SPECIAL) < place(from));
        &self.places[first..]
    }
}

/// The high bit of every byte that is equal; exact, no borrow runs from byte to byte.
#[inline]
fn equal(bytes: u64, wanted: u64) -> u64 {
    let differs = bytes ^ wanted;
    !(((differs & LOW) + LOW) | differs | LOW)
}

/// The high bits of eight bytes as eight bits.
#[inline]
fn gathered(high: u64) -> u64 {
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Buffers are far below 2 GiB.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(!SPECIAL) & !SPECIAL
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_mark_is_found_once(text in "[,;\"\na\u{e9}\u{2c80}\\x00\\x2d\\x0b]{0,400}", cut in 0usize..400, from in 0usize..400) {
            let buffer = text.as_bytes();
            let (cut, from) = (cut.min(buffer.len()), from.min(buffer.len()));
            let mut marks = Marks::default();
            marks.scan(&buffer[..cut], b',', b'"');
            marks.scan(buffer, b',', b'"');
            let places = (from..buffer.len()).filter(|at| b",\n\"".contains(&buffer[*at]));
            let expected: Vec<u32> =
                places.map(|at| at as u32 | if buffer[at] == b',' { 0 } else { SPECIAL }).collect();
            prop_assert_eq!(marks.from(from), expected);
        }
    }
}
