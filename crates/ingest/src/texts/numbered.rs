//! Texts that count up: a prefix and a number of a fixed width, as the identifiers of most systems are.
//!
//! Their codes are reckoned, not looked up: neighbours in number are neighbours in code, nothing is hashed, and nothing of
//! the text is kept. A pattern gets its codes in blocks, one for each stretch of numbers that is met. Numbers that lie
//! far apart would use up blocks for a text each; their pattern is closed, and what has no block then is a text like any
//! other. A pattern that is closed stays so, since a text must never get a second code.

use std::sync::{PoisonError, RwLock};

use hashbrown::HashMap;

use crate::eight::{self, WORD, low_bytes};

/// Codes of a block: those of one stretch of numbers, or of so many other texts.
pub const BLOCK: usize = 1 << BLOCK_BITS;
const BLOCK_BITS: u32 = 12;
/// Shorter numbers are few, and found as fast by their hash.
const DIGITS_MIN: usize = 5;
const DIGITS_MAX: usize = 9;
const PREFIX_MAX: usize = 11;
/// Random letters and digits look like patterns of their own, so that these must be few.
const PATTERNS_MAX: usize = 256;
/// Changes from letters to digits in a prefix: `INV-2026-` has one, random texts have more.
const CHANGES_MAX: usize = 2;
/// A pattern may have so many blocks whatever comes.
const BLOCKS_FREE: usize = 4096;
/// Beyond these, so many texts have to have come for each block.
const TEXTS_A_BLOCK: u64 = 16;
/// Codes are of 32 bits, and the last of them is no text.
const BLOCKS_MAX: usize = (1 << (32 - BLOCK_BITS)) - 1;
/// Blocks that only other texts may have.
const BLOCKS_KEPT: usize = BLOCKS_MAX / 2;
/// Blocks that are remembered while a column is coded.
const RECENT: usize = 64;

/// What the codes of a block stand for.
#[derive(Clone, Copy)]
pub(super) enum Block {
    /// Numbers of a pattern, from this one on.
    Numbers { pattern: u16, first: u32 },
    /// Other texts, from this one on.
    Others(usize),
}

/// All blocks, and the patterns that have some.
#[derive(Default)]
pub(super) struct Numbered {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    blocks: Vec<Block>,
    patterns: Vec<Pattern>,
    by_name: HashMap<(Vec<u8>, u8), u16>,
    /// The blocks of other texts, in order.
    others: Vec<u32>,
}

struct Pattern {
    prefix: Vec<u8>,
    digits: u8,
    /// By the number without its last bits.
    blocks: HashMap<u32, u32>,
    /// Texts that were asked for, about.
    asked: u64,
    closed: bool,
}

/// A text taken apart.
#[derive(Clone, Copy)]
struct Parts<'t> {
    prefix: &'t [u8],
    digits: u8,
    number: u32,
}

impl Numbered {
    /// Codes for many texts, one after the other.
    pub fn coder(&self) -> Coder<'_> {
        Coder { all: self, patterns: Vec::new(), last: 0, recent: [(u64::MAX, 0); RECENT] }
    }

    /// The code of a text that has one here.
    pub fn find(&self, text: &[u8]) -> Option<u32> {
        let parts = Parts::of(text)?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let pattern = *known.by_name.get(&(parts.prefix.to_vec(), parts.digits))?;
        let block = known.patterns[usize::from(pattern)].blocks.get(&(parts.number >> BLOCK_BITS))?;
        Some(code(*block, parts.number))
    }

    /// The first code of a block of numbers.
    pub fn counts_from(&self, code: u32) -> Option<u32> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let block = code as usize / BLOCK;
        matches!(known.blocks.get(block), Some(Block::Numbers { .. })).then_some((block * BLOCK) as u32)
    }

    /// Codes of other texts, by their places among these.
    pub fn codes_of_others<'p>(&self, places: &'p [usize]) -> impl Iterator<Item = u32> + use<'_, 'p> {
        let most = places.iter().copied().max().unwrap_or(0);
        let mut known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if most / BLOCK >= known.others.len() {
            drop(known);
            self.known.write().unwrap_or_else(PoisonError::into_inner).grow_others(most / BLOCK + 1);
            known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        }
        places.iter().map(move |place| code(known.others[place / BLOCK], (place % BLOCK) as u32))
    }

    /// The code of another text by its place, if that has one.
    pub fn code_of_other(&self, place: usize) -> Option<u32> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.others.get(place / BLOCK).map(|block| code(*block, (place % BLOCK) as u32))
    }

    /// Reads the text of a code, or tells the place of another text.
    pub fn with<T>(&self, code: u32, read: impl FnOnce(Result<&[u8], usize>) -> T) -> Option<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let within = code as usize % BLOCK;
        match *known.blocks.get(code as usize / BLOCK)? {
            Block::Others(first) => {
                drop(known);
                Some(read(Err(first + within)))
            }
            Block::Numbers { pattern, first } => {
                let pattern = &known.patterns[usize::from(pattern)];
                let mut text = [0u8; PREFIX_MAX + DIGITS_MAX];
                let (prefix, digits) = (pattern.prefix.len(), usize::from(pattern.digits));
                text[..prefix].copy_from_slice(&pattern.prefix);
                drop(known);
                let mut number = first + within as u32;
                for digit in text[prefix..prefix + digits].iter_mut().rev() {
                    *digit = b'0' + (number % 10) as u8;
                    number /= 10;
                }
                Some(read(Ok(&text[..prefix + digits])))
            }
        }
    }

    /// Bytes in use, about.
    pub fn bytes(&self) -> usize {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let of = |pattern: &Pattern| pattern.blocks.capacity() * 9;
        known.blocks.capacity() * size_of::<Block>() + known.patterns.iter().map(of).sum::<usize>()
    }
}

impl Known {
    fn grow_others(&mut self, count: usize) {
        while self.others.len() < count {
            let block = self.blocks.len();
            assert!(block < BLOCKS_MAX, "fewer than four thousand million different texts");
            self.blocks.push(Block::Others(self.others.len() * BLOCK));
            self.others.push(block as u32);
        }
    }

    /// The pattern of a text, a new one if there is room.
    fn pattern(&mut self, parts: &Parts<'_>) -> Option<u16> {
        let name = (parts.prefix.to_vec(), parts.digits);
        if let Some(pattern) = self.by_name.get(&name) {
            return Some(*pattern);
        }
        if self.patterns.len() >= PATTERNS_MAX {
            return None;
        }
        let pattern = self.patterns.len() as u16;
        self.patterns.push(Pattern {
            prefix: name.0.clone(),
            digits: parts.digits,
            blocks: HashMap::new(),
            asked: 0,
            closed: false,
        });
        self.by_name.insert(name, pattern);
        Some(pattern)
    }

    /// The block of a stretch of numbers, a new one unless the pattern is closed.
    fn open(&mut self, pattern: u16, stretch: u32) -> Option<u32> {
        let next = self.blocks.len();
        let own = &mut self.patterns[usize::from(pattern)];
        if let Some(block) = own.blocks.get(&stretch) {
            return Some(*block);
        }
        let many = own.blocks.len() >= BLOCKS_FREE && own.asked < own.blocks.len() as u64 * TEXTS_A_BLOCK;
        own.closed |= many || next >= BLOCKS_MAX - BLOCKS_KEPT;
        if own.closed {
            return None;
        }
        let block = next as u32;
        own.blocks.insert(stretch, block);
        self.blocks.push(Block::Numbers { pattern, first: stretch << BLOCK_BITS });
        Some(block)
    }
}

/// Codes texts of one column: what was met before is not asked for again.
pub(super) struct Coder<'n> {
    all: &'n Numbered,
    patterns: Vec<Met>,
    last: usize,
    /// Blocks by pattern and stretch of numbers.
    recent: [(u64, u32); RECENT],
}

/// A pattern that was met.
struct Met {
    number: u16,
    prefix: Vec<u8>,
    digits: u8,
    asked: u64,
    /// The first bytes of the prefix, and which of eight they are.
    head: (u64, u64),
}

impl Met {
    fn new(number: u16, parts: &Parts<'_>) -> Self {
        let mut first = [0u8; WORD];
        let count = parts.prefix.len().min(WORD);
        first[..count].copy_from_slice(&parts.prefix[..count]);
        let head = (u64::from_le_bytes(first), low_bytes(count));
        Self { number, prefix: parts.prefix.to_vec(), digits: parts.digits, asked: 0, head }
    }

    /// The number of a text of this pattern. A call to compare a few bytes costs more than to look at eight at once.
    #[inline]
    fn number_of(&self, text: &[u8]) -> Option<u32> {
        let (prefix, width) = (self.prefix.len(), usize::from(self.digits));
        if text.len() != prefix + width {
            return None;
        }
        if width > WORD {
            return text.strip_prefix(self.prefix.as_slice()).and_then(number);
        }
        let (first, last) = match (text.first_chunk(), text.last_chunk()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => {
                let word = eight::word(text);
                (word, word << (8 * (WORD - text.len())))
            }
        };
        let same = first & self.head.1 == self.head.0 && (prefix <= WORD || text[WORD..prefix] == self.prefix[WORD..]);
        if same { eight::number(last, width) } else { None }
    }
}

impl Coder<'_> {
    /// The code of a text that counts up; `None` for another one.
    #[inline]
    pub fn code(&mut self, text: &[u8]) -> Option<u32> {
        if let Some(met) = self.patterns.get(self.last)
            && let Some(number) = met.number_of(text)
        {
            return self.numbered(self.last, number);
        }
        let parts = Parts::of(text)?;
        let place = self.patterns.iter().position(|met| met.digits == parts.digits && met.prefix == parts.prefix);
        self.last = match place {
            Some(place) => place,
            None => self.meet(&parts)?,
        };
        self.numbered(self.last, parts.number)
    }

    #[inline]
    fn numbered(&mut self, place: usize, number: u32) -> Option<u32> {
        let met = &mut self.patterns[place];
        met.asked += 1;
        let stretch = number >> BLOCK_BITS;
        let name = u64::from(met.number) << 32 | u64::from(stretch);
        let slot = (stretch as usize ^ (usize::from(met.number) * 7)) % RECENT;
        if self.recent[slot].0 == name {
            return Some(code(self.recent[slot].1, number));
        }
        let block = self.block(place, stretch)?;
        self.recent[slot] = (name, block);
        Some(code(block, number))
    }

    /// The block of a stretch of numbers, a new one unless the pattern is closed.
    fn block(&mut self, place: usize, stretch: u32) -> Option<u32> {
        let met = &mut self.patterns[place];
        {
            let known = self.all.known.read().unwrap_or_else(PoisonError::into_inner);
            let pattern = &known.patterns[usize::from(met.number)];
            let block = pattern.blocks.get(&stretch);
            if block.is_some() || pattern.closed {
                return block.copied();
            }
        }
        let mut known = self.all.known.write().unwrap_or_else(PoisonError::into_inner);
        known.patterns[usize::from(met.number)].asked += std::mem::take(&mut met.asked);
        known.open(met.number, stretch)
    }

    /// A pattern that this column has not shown yet.
    fn meet(&mut self, parts: &Parts<'_>) -> Option<usize> {
        if !parts.is_likely() {
            return None;
        }
        let number = self.all.known.write().unwrap_or_else(PoisonError::into_inner).pattern(parts)?;
        self.patterns.push(Met::new(number, parts));
        Some(self.patterns.len() - 1)
    }
}

impl<'t> Parts<'t> {
    /// Of a text that ends with a number of some digits after a short prefix.
    fn of(text: &'t [u8]) -> Option<Self> {
        let digits = text.iter().rev().take(DIGITS_MAX).take_while(|byte| byte.is_ascii_digit()).count();
        let prefix = text.len() - digits;
        if digits < DIGITS_MIN || prefix > PREFIX_MAX {
            return None;
        }
        let (prefix, number) = text.split_at(prefix);
        Some(Self { prefix, digits: digits as u8, number: self::number(number)? })
    }

    /// Whether the prefix is one that a person would give.
    fn is_likely(&self) -> bool {
        let changes = self.prefix.windows(2).filter(|pair| pair[0].is_ascii_alphabetic() && pair[1].is_ascii_digit());
        changes.count() <= CHANGES_MAX
    }
}

/// The code of a number, or of the place of another text, in its block.
#[inline]
fn code(block: u32, number: u32) -> u32 {
    (block << BLOCK_BITS) | (number % BLOCK as u32)
}

/// A number of at most nine digits.
#[inline]
fn number(digits: &[u8]) -> Option<u32> {
    let (mut number, mut strange) = (0u32, false);
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        strange |= digit > 9;
        number = number.wrapping_mul(10).wrapping_add(u32::from(digit));
    }
    (!strange).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_bytes_at_once_are_what_they_are_one_by_one(
            prefix in "[A-Z0-9-]{0,11}", digits in "[0-9]{5,9}", strange in prop::option::of((any::<prop::sample::Index>(), any::<u8>()))
        ) {
            let mut text = format!("{prefix}{digits}").into_bytes();
            let met = Met::new(0, &Parts { prefix: prefix.as_bytes(), digits: digits.len() as u8, number: 0 });
            if let Some((at, byte)) = strange {
                let at = at.index(text.len());
                text[at] = byte;
            }
            let expected = text.strip_prefix(prefix.as_bytes()).and_then(number);
            prop_assert_eq!(met.number_of(&text), expected);
            text.push(b'1');
            prop_assert_eq!(met.number_of(&text), None, "another width is another pattern");
        }
    }
}
