//! Eight bytes at once: those of a text as a word, the first one lowest.

/// The same byte eight times.
const EACH: u64 = u64::MAX / 0xFF;
/// Eight zeros as a text has them.
const ZEROS: u64 = EACH * b'0' as u64;
/// All bits of a byte but the highest, eight times.
const LOW: u64 = EACH * 0x7F;

/// Bytes of a word.
pub(crate) const WORD: usize = 8;

/// The first bytes of eight.
#[inline]
pub(crate) fn low_bytes(count: usize) -> u64 {
    u64::MAX.checked_shr(64 - 8 * count as u32).unwrap_or(0)
}

/// A byte eight times.
#[inline]
fn each(byte: u8) -> u64 {
    EACH * u64::from(byte)
}

/// The high bit of every byte that is equal; exact, no borrow runs from byte to byte.
#[inline]
fn equal(bytes: u64, wanted: u64) -> u64 {
    let differs = bytes ^ wanted;
    !(((differs & LOW) + LOW) | differs | LOW)
}

/// The number that the last so many of eight bytes are; `None` if one of them is no digit.
#[inline]
pub(crate) fn number(word: u64, digits: usize) -> Option<u32> {
    let before = low_bytes(WORD - digits);
    let word = (word & !before) | (ZEROS & before);
    let parts = word.wrapping_sub(ZEROS);
    // A byte beyond the nine, or one below the zero, has its highest bit in one of both.
    if (word.wrapping_add(EACH * 0x46) | parts) & (EACH * 0x80) != 0 {
        return None;
    }
    // Neighbours together: of one digit, of two, of four.
    let two = parts.wrapping_mul(10).wrapping_add(parts >> 8) & 0x00FF_00FF_00FF_00FF;
    let four = two.wrapping_mul(100).wrapping_add(two >> 16) & 0x0000_FFFF_0000_FFFF;
    Some(four.wrapping_mul(10_000).wrapping_add(four >> 32) as u32)
}

/// The digits of at most eight bytes without a mark that may stand among them, as a number, and how many stand behind it.
/// `None` if there is anything else, or no digit.
#[inline]
pub(crate) fn decimal(text: &[u8], mark: u8) -> Option<(u32, u8)> {
    let empty = WORD - text.len();
    // At the end of a word, zeros before it.
    let word = word(text) << (8 * empty as u32 % 64);
    let found = equal(word, each(mark));
    if found == 0 {
        return if empty == WORD { None } else { Some((number(word, text.len())?, 0)) };
    }
    // What stands before the mark moves to its place.
    let at = found.trailing_zeros() & !7;
    let before = word & ((1 << at) - 1);
    let digits = (word & ((!0 << at) << 8)) | before << 8;
    if empty + 1 == WORD {
        return None;
    }
    Some((number(digits, text.len() - 1)?, 7 - (at / 8) as u8))
}

/// At most eight bytes as a word, zeros behind them.
#[inline]
pub(crate) fn word(text: &[u8]) -> u64 {
    let four = |from: usize| text.get(from..from + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    match (text.len(), text.first_chunk()) {
        (_, Some(eight)) => u64::from_le_bytes(*eight),
        // The last bytes are read together with some of those before, which then fall on the same.
        (length @ 4.., None) => {
            let (first, last) = (four(0).unwrap_or_default(), four(length - 4).unwrap_or_default());
            u64::from(first) | u64::from(last) << (8 * (length - 4))
        }
        _ => text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_bytes_at_once_are_what_they_are_one_by_one(text in "[0-9.]{0,8}|[0-9]{0,4}[.,:/-]?[0-9]{0,3}|[\\x00-\\x7f]{0,8}") {
            let bytes = text.as_bytes();
            let (whole, behind) = text.split_once('.').unwrap_or((&text, ""));
            let all = format!("{whole}{behind}");
            let expected = all.bytes().all(|byte| byte.is_ascii_digit()).then(|| all.parse::<u32>().ok()).flatten();
            prop_assert_eq!(decimal(bytes, b'.'), expected.map(|number| (number, behind.len() as u8)));
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            prop_assert_eq!(word(bytes), u64::from_le_bytes(padded));
        }
    }
}
