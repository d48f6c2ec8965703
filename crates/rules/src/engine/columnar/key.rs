//! Keys of rows as integers in a row, so that a key of several columns is hashed and compared as one slice. A text, a day
//! and a truth take one place of 32 bits, numbers of 64 bits two, those of 128 bits four.

use super::vector::{Kind, NO_DAY, NO_ROW, NO_SMALL, NO_WIDE, UNKNOWN, Vector};

/// Keys of some rows. Equal keys are equal slices.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Places of a key.
    pub width: usize,
    flat: Vec<u32>,
    missing: Vec<bool>,
}

impl Keys {
    /// Of whole columns, each as a kind says; a number that does not fit it is like a missing one.
    pub fn new<V: AsRef<Vector>>(columns: &[V], kinds: &[Kind], rows: usize) -> Self {
        let width: usize = kinds.iter().map(|kind| places(*kind)).sum();
        let mut keys = Self { width, flat: vec![0; width * rows], missing: vec![false; rows] };
        let mut at = 0;
        for (column, kind) in columns.iter().zip(kinds) {
            keys.fill(column.as_ref(), *kind, at);
            at += places(*kind);
        }
        keys
    }

    /// The key of a row.
    pub fn of(&self, row: usize) -> &[u32] {
        &self.flat[row * self.width..(row + 1) * self.width]
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.missing.len()
    }

    /// Whether a row has this key. Keys are short, and a call to compare one costs more than to do it here.
    #[inline]
    pub fn is(&self, row: usize, key: &[u32]) -> bool {
        self.of(row).iter().zip(key).all(|(own, other)| own == other)
    }

    /// Whether a part of a row's key is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        self.missing[row]
    }

    /// The hash of a row's key.
    pub fn hash(&self, row: usize) -> u64 {
        hash(self.of(row))
    }

    /// Takes over a key of others of the same kinds.
    pub fn push(&mut self, other: &Self, row: usize) {
        self.flat.extend_from_slice(other.of(row));
        self.missing.push(other.missing[row]);
    }

    /// Makes room for the keys of so many more rows.
    pub fn reserve(&mut self, rows: usize) {
        self.flat.reserve_exact(rows * self.width);
        self.missing.reserve_exact(rows);
    }

    fn put<T: Copy, const N: usize>(&mut self, at: usize, all: &[T], image: impl Fn(T) -> ([u32; N], bool)) {
        let places = self.flat.chunks_exact_mut(self.width.max(1));
        for ((place, missing), &value) in places.zip(&mut self.missing).zip(all) {
            let (image, none) = image(value);
            place[at..at + N].copy_from_slice(&image);
            *missing |= none;
        }
    }

    fn fill(&mut self, column: &Vector, kind: Kind, at: usize) {
        let small = |units: i64| ([(units >> 32) as u32, units as u32], units == NO_SMALL);
        let large = |units: i128| {
            let parts = [units >> 96, units >> 64, units >> 32, units];
            (parts.map(|part| part as u32), units == NO_WIDE)
        };
        match (column, kind) {
            // Each mark of a missing value stands for itself: no value has it.
            (Vector::Code(all), _) => self.put(at, all, |code| ([code], code == NO_ROW)),
            (Vector::Days(all), _) => self.put(at, all, |day| ([day.cast_unsigned()], day == NO_DAY)),
            (Vector::Truth(all), _) => self.put(at, all, |truth| ([u32::from(truth)], truth == UNKNOWN)),
            (Vector::Small(all), Kind::Small) => self.put(at, all, small),
            (Vector::Wide(all), Kind::Small) => {
                self.put(at, all, |units| small(i64::try_from(units).unwrap_or(NO_SMALL)));
            }
            (Vector::Small(all), _) => self.put(at, all, |units| large(super::vector::wide(units))),
            (Vector::Wide(all), _) => self.put(at, all, large),
        }
    }
}

/// How many places a part of a key takes.
pub(super) fn places(kind: Kind) -> usize {
    match kind {
        Kind::Code | Kind::Days | Kind::Truth => 1,
        Kind::Small => 2,
        Kind::Wide => 4,
    }
}

/// The hash of a key.
pub(super) fn hash(key: &[u32]) -> u64 {
    let (pairs, rest) = key.as_chunks::<2>();
    let hash = pairs.iter().fold(0, |hash, [a, b]| mix(hash, u64::from(*a) << 32 | u64::from(*b)));
    rest.iter().fold(hash, |hash, part| mix(hash, u64::from(*part)))
}

fn mix(hash: u64, part: u64) -> u64 {
    let wide = u128::from(hash ^ 0x9E37_79B9_7F4A_7C15) * u128::from(part ^ 0xA076_1D64_78BD_642F);
    (wide >> 64) as u64 ^ wide as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_sizes_and_missing_parts_compare_as_they_should() {
        let small = Vector::Small(vec![5, NO_SMALL, -1]);
        let wide = Vector::Wide(vec![5, NO_WIDE, i128::from(i64::MAX) + 7]);
        for kind in [Kind::Small, Kind::Wide] {
            let (a, b) = (Keys::new(&[&small], &[kind], 3), Keys::new(&[&wide], &[kind], 3));
            assert_eq!(a.of(0), b.of(0), "{kind:?}");
            assert!(a.is_missing(1) && b.is_missing(1), "{kind:?}");
            assert!(!a.is_missing(2) && (kind == Kind::Small) == b.is_missing(2), "{kind:?}");
            assert_ne!(a.of(0), a.of(1));
        }
        let texts = Vector::Code(vec![7, NO_ROW]);
        let keys = Keys::new(&[&texts, &Vector::Days(vec![1, 2])], &[Kind::Code, Kind::Days], 2);
        assert_eq!((keys.of(0), keys.is_missing(1)), ([7, 1].as_slice(), true));
        let key =
            [i64::MAX, -1].map(|units| Keys::new(&[&Vector::Small(vec![units])], &[Kind::Small], 1).of(0).to_vec());
        assert_eq!(key, [vec![0x7FFF_FFFF, u32::MAX], vec![u32::MAX; 2]]);
    }
}
