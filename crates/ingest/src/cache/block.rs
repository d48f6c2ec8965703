//! Blocks: many values of one column as bytes, as narrow as their range, and back without a look at a single row.
//!
//! A whole number is its distance from the least one in 0, 1, 2, 4 or 8 bytes; a text is its place in the column's own list
//! of texts, from one, zero being none; a mark is a bit. Everything is little-endian.

use std::ops::Range;

use crate::convert::{Column, Values};
use crate::texts::NO_TEXT;

const UNITS: u8 = 1;
const DAYS: u8 = 2;
const FLAGS: u8 = 3;
const CODES: u8 = 4;

/// Rows of a block: large, so that little is said between them, and few enough that a file of any size passes through.
/// Tests have several blocks without a million rows.
pub(super) const GROUP: usize = if cfg!(test) { 1 << 10 } else { 1 << 20 };

/// The rows of each block of a column; a table that had columns but no row has one empty block of each.
pub(super) fn groups(rows: usize, filled: bool) -> Vec<Range<usize>> {
    match (rows, filled) {
        (0, false) => Vec::new(),
        (0, true) => std::iter::once(0..0).collect(),
        _ => (0..rows).step_by(GROUP).map(|from| from..rows.min(from + GROUP)).collect(),
    }
}

/// A column as bytes; its codes are places in its own list already.
pub(super) fn encode(column: &Column) -> Vec<u8> {
    let mut out = Vec::new();
    match &column.values {
        Values::Units(all) => {
            out.push(UNITS);
            numbers(&mut out, all);
        }
        Values::Days(all) => {
            out.push(DAYS);
            numbers(&mut out, &all.iter().map(|day| i64::from(*day)).collect::<Vec<_>>());
        }
        Values::Flags(all) => {
            out.push(FLAGS);
            bits(&mut out, all);
        }
        Values::Codes(all) => {
            out.push(CODES);
            let places: Vec<u64> = all.iter().map(|code| u64::from(code.wrapping_add(1))).collect();
            narrow(&mut out, &places);
        }
    }
    for marks in [&column.valid, &column.unreadable] {
        out.push(u8::from(marks.is_some()));
        if let Some(marks) = marks {
            bits(&mut out, marks);
        }
    }
    out
}

/// The column of so many rows that bytes hold, its texts by these codes; `None` if they hold something else.
pub(super) fn decode(bytes: &[u8], rows: usize, codes: &[u32]) -> Option<Column> {
    let mut rest = Rest(bytes);
    let values = match rest.byte()? {
        UNITS => Values::Units(rest.numbers(rows, |least, far| least.wrapping_add(far as i64))?),
        DAYS => Values::Days(rest.numbers(rows, |least, far| least.wrapping_add(far as i64) as i32)?),
        FLAGS => Values::Flags(rest.bits(rows)?),
        CODES => {
            let mut known = true;
            let all = rest.narrow(rows, |place| {
                let code = match place {
                    0 => Some(NO_TEXT),
                    _ => codes.get(place as usize - 1).copied(),
                };
                known &= code.is_some();
                code.unwrap_or(NO_TEXT)
            })?;
            Values::Codes(known.then_some(all)?)
        }
        _ => return None,
    };
    let mut marks = || {
        let there = rest.byte()? == 1;
        Some(if there { Some(rest.bits(rows)?) } else { None })
    };
    let (valid, unreadable) = (marks()?, marks()?);
    rest.0.is_empty().then_some(Column { values, valid, unreadable, decimals: 0 })
}

/// A list of texts as bytes: how long each is, then all of them.
pub(super) fn encode_texts(lengths: &[u64], text: &[u8]) -> Vec<u8> {
    let mut out = (lengths.len() as u64).to_le_bytes().to_vec();
    narrow(&mut out, lengths);
    out.extend_from_slice(text);
    out
}

/// Texts that are handed over at once: they and their hashes stay in a processor's cache.
const STEP: usize = 1 << 16;

/// Hands over the texts of a list in order, some at a time; `None` if the bytes are no list.
pub(super) fn decode_texts(bytes: &[u8], mut take: impl FnMut(&[&str])) -> Option<()> {
    let mut rest = Rest(bytes);
    let count = usize::try_from(rest.long()?).ok()?;
    let width = usize::from(rest.byte()?);
    let lengths = rest.take(count.checked_mul(width)?)?;
    let mut text = std::str::from_utf8(rest.0).ok()?;
    let mut texts = Vec::with_capacity(count.min(STEP));
    for place in 0..count {
        let mut length = [0; 8];
        length.get_mut(..width)?.copy_from_slice(&lengths[place * width..][..width]);
        let (one, rest) = text.split_at_checked(usize::try_from(u64::from_le_bytes(length)).ok()?)?;
        texts.push(one);
        text = rest;
        if texts.len() == STEP {
            take(&texts);
            texts.clear();
        }
    }
    take(&texts);
    text.is_empty().then_some(())
}

/// Digests as they are.
pub(super) fn encode_digests(digests: &[u64]) -> Vec<u8> {
    digests.iter().flat_map(|digest| digest.to_le_bytes()).collect()
}

/// So many digests.
pub(super) fn decode_digests(bytes: &[u8], rows: usize) -> Option<Vec<u64>> {
    let (digests, rest) = bytes.as_chunks::<8>();
    (rest.is_empty() && digests.len() == rows)
        .then(|| digests.iter().map(|digest| u64::from_le_bytes(*digest)).collect())
}

/// The least of the numbers, and how far each is from it.
fn numbers(out: &mut Vec<u8>, all: &[i64]) {
    let least = all.iter().copied().min().unwrap_or(0);
    out.extend_from_slice(&least.to_le_bytes());
    let far: Vec<u64> = all.iter().map(|number| number.wrapping_sub(least) as u64).collect();
    narrow(out, &far);
}

/// Numbers in as many bytes as the greatest of them takes.
fn narrow(out: &mut Vec<u8>, all: &[u64]) {
    let most = all.iter().copied().max().unwrap_or(0);
    let width: u8 = match most {
        0 => 0,
        1..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    out.push(width);
    let from = out.len();
    out.resize(from + all.len() * usize::from(width), 0);
    let room = &mut out[from..];
    match width {
        0 => {}
        1 => room.iter_mut().zip(all).for_each(|(room, number)| *room = *number as u8),
        2 => {
            room.as_chunks_mut().0.iter_mut().zip(all).for_each(|(room, number)| *room = (*number as u16).to_le_bytes())
        }
        4 => {
            room.as_chunks_mut().0.iter_mut().zip(all).for_each(|(room, number)| *room = (*number as u32).to_le_bytes())
        }
        _ => room.as_chunks_mut().0.iter_mut().zip(all).for_each(|(room, number)| *room = number.to_le_bytes()),
    }
}

/// Marks, eight a byte.
fn bits(out: &mut Vec<u8>, marks: &[bool]) {
    let byte = |marks: &[bool]| marks.iter().rev().fold(0, |byte, mark| byte << 1 | u8::from(*mark));
    out.extend(marks.chunks(8).map(byte));
}

/// Bytes that are still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn long(&mut self) -> Option<u64> {
        self.take(8)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    fn numbers<T: Clone>(&mut self, rows: usize, make: impl Fn(i64, u64) -> T) -> Option<Vec<T>> {
        let least = self.long()? as i64;
        self.narrow(rows, |far| make(least, far))
    }

    fn narrow<T: Clone>(&mut self, rows: usize, mut make: impl FnMut(u64) -> T) -> Option<Vec<T>> {
        let width = usize::from(self.byte()?);
        let bytes = self.take(rows.checked_mul(width)?)?;
        Some(match width {
            0 => vec![make(0); rows],
            1 => bytes.iter().map(|number| make(u64::from(*number))).collect(),
            2 => bytes.as_chunks().0.iter().map(|number| make(u64::from(u16::from_le_bytes(*number)))).collect(),
            4 => bytes.as_chunks().0.iter().map(|number| make(u64::from(u32::from_le_bytes(*number)))).collect(),
            8 => bytes.as_chunks().0.iter().map(|number| make(u64::from_le_bytes(*number))).collect(),
            _ => return None,
        })
    }

    fn bits(&mut self, rows: usize) -> Option<Vec<bool>> {
        let bytes = self.take(rows.div_ceil(8))?;
        let mut marks = Vec::with_capacity(bytes.len() * 8);
        for byte in bytes {
            marks.extend_from_slice(&std::array::from_fn::<bool, 8, _>(|place| byte >> place & 1 == 1));
        }
        marks.truncate(rows);
        Some(marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column(values: Values, marks: bool) -> Column {
        let mut column = Column { values, valid: None, unreadable: None, decimals: 0 };
        if marks && !matches!(column.values, Values::Codes(_)) {
            column.valid = Some((0..column.len()).map(|row| row % 3 != 0).collect());
            column.unreadable = Some((0..column.len()).map(|row| row % 9 == 0).collect());
        }
        column
    }

    fn numbers() -> impl Strategy<Value = Vec<i64>> {
        let range = prop_oneof![Just(1), Just(200), Just(60_000), Just(1 << 30), Just(i64::MAX)];
        range.prop_flat_map(|range| prop::collection::vec(prop_oneof![-range..range, Just(range)], 0..70))
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(units in numbers(), marks: bool, cut in 0usize..400) {
            let days = units.iter().map(|units| *units as i32).collect();
            let flags = units.iter().map(|units| units % 2 == 0).collect();
            let codes: Vec<u32> = units.iter().map(|units| if *units < 0 { NO_TEXT } else { *units as u32 % 300 }).collect();
            let known: Vec<u32> = (0..300).map(|place| place * 7).collect();
            for values in [Values::Units(units.clone()), Values::Days(days), Values::Flags(flags), Values::Codes(codes)] {
                let column = column(values, marks);
                let bytes = encode(&column);
                let back = decode(&bytes, column.len(), &known).unwrap();
                prop_assert_eq!((&back.valid, &back.unreadable), (&column.valid, &column.unreadable));
                let same = match (&back.values, &column.values) {
                    (Values::Units(a), Values::Units(b)) => a == b,
                    (Values::Days(a), Values::Days(b)) => a == b,
                    (Values::Flags(a), Values::Flags(b)) => a == b,
                    (Values::Codes(a), Values::Codes(b)) => a.iter().zip(b).all(|(a, b)| {
                        *a == known.get(*b as usize).copied().unwrap_or(NO_TEXT)
                    }),
                    _ => false,
                };
                prop_assert!(same);
                prop_assert!(cut >= bytes.len() || decode(&bytes[..cut], column.len(), &known).is_none());
            }
        }

        #[test]
        fn texts_come_back(texts in prop::collection::vec("[aé]{0,300}", 0..20)) {
            let lengths: Vec<u64> = texts.iter().map(|text| text.len() as u64).collect();
            let bytes = encode_texts(&lengths, texts.concat().as_bytes());
            let mut back: Vec<String> = Vec::new();
            decode_texts(&bytes, |some| back.extend(some.iter().map(ToString::to_string))).unwrap();
            prop_assert_eq!(back, texts);
            prop_assert!(decode_texts(&bytes[..bytes.len() - 1], |_| ()).is_none());
        }
    }

    #[test]
    fn a_code_without_a_text_is_refused() {
        let bytes = encode(&column(Values::Codes(vec![0, 5]), false));
        assert!(decode(&bytes, 2, &[1, 2, 3]).is_none());
    }
}
