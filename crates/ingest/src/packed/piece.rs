//! Some neighbouring values of a column, in the narrowest form that holds them.

use super::{MISSING, PIECE};
use crate::texts::NO_TEXT;

/// Words that a piece may have to be stored by their places.
const WORDS_MAX: usize = 255;
/// Places of the table in which words of a piece are found while it is made.
const TABLE: usize = 1024;

/// Neighbouring values. The largest offset of a width stands for a missing value.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// One value, or none.
    All(i64),
    /// Each value is one more than that before it.
    Run(i64),
    /// Places among a few words.
    Words(Box<[i64; WORDS_MAX + 1]>, Box<[u8]>),
    Near(i64, Box<[u8]>),
    Far(i64, Box<[u16]>),
    Farther(i64, Box<[u32]>),
    Plain(Box<[i64]>),
}

impl Piece {
    pub fn bytes(&self) -> usize {
        match self {
            Self::All(_) | Self::Run(_) => 0,
            Self::Words(_, at) => size_of::<[i64; WORDS_MAX + 1]>() + at.len(),
            Self::Near(_, far) => far.len(),
            Self::Far(_, far) => far.len() * 2,
            Self::Farther(_, far) => far.len() * 4,
            Self::Plain(all) => all.len() * 8,
        }
    }

    /// The narrowest that holds some values, and the largest size of these.
    pub fn of(values: &[i64]) -> (Self, u64) {
        let ends = Ends::of(values);
        (Self::made(values, &ends, |value| value), ends.size())
    }

    /// The narrowest that holds some codes of texts, and the largest of these.
    pub fn of_codes(codes: &[u32]) -> (Self, u64) {
        let ends = Ends::of_codes(codes);
        let made = match ends.missing {
            false => Self::made(codes, &ends, i64::from),
            true => Self::made(codes, &ends, |code| if code == NO_TEXT { MISSING } else { i64::from(code) }),
        };
        (made, ends.size())
    }

    fn made<T: Copy>(values: &[T], ends: &Ends, to: impl Fn(T) -> i64 + Copy) -> Self {
        let (Some(&first), Some((least, most))) = (values.first(), ends.there()) else { return Self::All(MISSING) };
        if least == most && !ends.missing {
            return Self::All(least);
        }
        if ends.counts_up {
            return Self::Run(to(first));
        }
        let range = most.wrapping_sub(least).cast_unsigned();
        if range < u64::from(u8::MAX) {
            return Self::Near(least, offsets(values, ends, u8::MAX, |far| far as u8, to));
        }
        if let Some(piece) = Self::of_words(values, to) {
            return piece;
        }
        if range < u64::from(u16::MAX) {
            return Self::Far(least, offsets(values, ends, u16::MAX, |far| far as u16, to));
        }
        if range < u64::from(u32::MAX) {
            return Self::Farther(least, offsets(values, ends, u32::MAX, |far| far as u32, to));
        }
        Self::Plain(values.iter().map(|value| to(*value)).collect())
    }

    /// By words, if these are few and do not take up more than they spare.
    fn of_words<T: Copy>(values: &[T], to: impl Fn(T) -> i64) -> Option<Self> {
        if values.len() < 4 * TABLE {
            return None;
        }
        let mut words = Box::new([MISSING; WORDS_MAX + 1]);
        // A slot that is free holds a missing value, whose place is the last.
        let mut table = [(MISSING, u8::MAX); TABLE];
        let mut count = 0u8;
        let mut at = vec![0u8; values.len()];
        for (at, &value) in at.iter_mut().zip(values) {
            let value = to(value);
            let mut slot = (value.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54) as usize;
            while table[slot].0 != value {
                if table[slot].1 == u8::MAX {
                    if usize::from(count) == WORDS_MAX {
                        return None;
                    }
                    (table[slot], words[usize::from(count)]) = ((value, count), value);
                    count += 1;
                    break;
                }
                slot = (slot + 1) % TABLE;
            }
            *at = table[slot].1;
        }
        Some(Self::Words(words, at.into()))
    }

    /// Neighbouring values.
    pub fn read<T: Copy>(
        &self,
        (from, to): (usize, usize),
        into: &mut Vec<T>,
        of: impl Fn(i64) -> T + Copy,
        missing: T,
    ) {
        let give = |value: i64| if value == MISSING { missing } else { of(value) };
        match self {
            Self::All(value) => into.resize(into.len() + to - from, give(*value)),
            Self::Run(first) => {
                let first = first.wrapping_add_unsigned(from as u64);
                into.extend((0..to - from).map(|row| of(first.wrapping_add_unsigned(row as u64))));
            }
            Self::Words(words, at) => into.extend(at[from..to].iter().map(|place| give(words[usize::from(*place)]))),
            Self::Near(base, far) => {
                let near = |far: &u8| if *far == u8::MAX { missing } else { of(base.wrapping_add(i64::from(*far))) };
                into.extend(far[from..to].iter().map(near));
            }
            Self::Far(base, far) => {
                let near = |far: &u16| if *far == u16::MAX { missing } else { of(base.wrapping_add(i64::from(*far))) };
                into.extend(far[from..to].iter().map(near));
            }
            Self::Farther(base, far) => {
                let near = |far: &u32| if *far == u32::MAX { missing } else { of(base.wrapping_add(i64::from(*far))) };
                into.extend(far[from..to].iter().map(near));
            }
            Self::Plain(all) => into.extend(all[from..to].iter().map(|value| give(*value))),
        }
    }

    /// Values at some rows of the column, all of them in this piece.
    pub fn pick<T: Copy>(&self, rows: &[u32], into: &mut Vec<T>, of: impl Fn(i64) -> T + Copy, missing: T) {
        let give = |value: i64| if value == MISSING { missing } else { of(value) };
        let rows = rows.iter().map(|row| *row as usize % PIECE);
        match self {
            Self::All(value) => into.resize(into.len() + rows.len(), give(*value)),
            Self::Run(first) => into.extend(rows.map(|row| of(first.wrapping_add_unsigned(row as u64)))),
            Self::Words(words, at) => into.extend(rows.map(|row| give(words[usize::from(at[row])]))),
            Self::Near(base, far) => into.extend(rows.map(|row| match far[row] {
                u8::MAX => missing,
                far => of(base.wrapping_add(i64::from(far))),
            })),
            Self::Far(base, far) => into.extend(rows.map(|row| match far[row] {
                u16::MAX => missing,
                far => of(base.wrapping_add(i64::from(far))),
            })),
            Self::Farther(base, far) => into.extend(rows.map(|row| match far[row] {
                u32::MAX => missing,
                far => of(base.wrapping_add(i64::from(far))),
            })),
            Self::Plain(all) => into.extend(rows.map(|row| give(all[row]))),
        }
    }
}

/// How far each value lies from the least.
fn offsets<T: Copy, N: Copy>(
    values: &[T],
    ends: &Ends,
    missing: N,
    narrow: impl Fn(u64) -> N,
    to: impl Fn(T) -> i64,
) -> Box<[N]> {
    let far = |value: i64| narrow(value.wrapping_sub(ends.least).cast_unsigned());
    match ends.missing {
        false => values.iter().map(|value| far(to(*value))).collect(),
        true => {
            let one = |value: &T| match to(*value) {
                MISSING => missing,
                value => far(value),
            };
            values.iter().map(one).collect()
        }
    }
}

/// Between which ends values lie.
struct Ends {
    least: i64,
    most: i64,
    missing: bool,
    counts_up: bool,
}

impl Ends {
    fn of(values: &[i64]) -> Self {
        let (Some(&first), Some(&last)) = (values.first(), values.last()) else {
            return Self { least: MISSING, most: MISSING, missing: false, counts_up: false };
        };
        if first == last && values.iter().all(|value| *value == first) {
            return Self { least: first, most: first, missing: first == MISSING, counts_up: values.len() == 1 };
        }
        // A missing value is the least of all integers, and one less than that is the largest.
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for value in values {
            let before = value.wrapping_sub(1);
            least = least.min(before);
            most = most.max(before);
        }
        let missing = most == i64::MAX;
        let (least, most) = match missing {
            true => (least.wrapping_add(1), values.iter().copied().max().unwrap_or(MISSING)),
            false => (least.wrapping_add(1), most.wrapping_add(1)),
        };
        let steps = || values.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 1);
        let counts_up = !missing && last.checked_sub(first) == Some(values.len() as i64 - 1) && steps();
        Self { least, most, missing, counts_up }
    }

    /// Of codes of texts; a missing one is the largest of all integers of 32 bits.
    fn of_codes(codes: &[u32]) -> Self {
        let all = |code: u32| if code == NO_TEXT { MISSING } else { i64::from(code) };
        let (Some(&first), Some(&last)) = (codes.first(), codes.last()) else { return Self::of(&[]) };
        if first == last && codes.iter().all(|code| *code == first) {
            return Self { least: all(first), most: all(first), missing: first == NO_TEXT, counts_up: false };
        }
        let (least, most) = codes.iter().fold((u32::MAX, 0), |(least, most), code| (least.min(*code), most.max(*code)));
        let missing = most == NO_TEXT;
        // One more than a missing code is nothing.
        let next = || codes.iter().map(|code| code.wrapping_add(1)).max().unwrap_or(0);
        let most = if missing { i64::from(next()) - 1 } else { i64::from(most) };
        let steps = || codes.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 1);
        let counts_up = !missing && i64::from(last) - i64::from(first) == codes.len() as i64 - 1 && steps();
        Self { least: i64::from(least), most, missing, counts_up }
    }

    /// The least and the most, if there is a value at all.
    fn there(&self) -> Option<(i64, i64)> {
        (self.most != MISSING).then_some((self.least, self.most))
    }

    /// The largest size of a value.
    fn size(&self) -> u64 {
        self.there().map_or(0, |(least, most)| least.unsigned_abs().max(most.unsigned_abs()))
    }
}
