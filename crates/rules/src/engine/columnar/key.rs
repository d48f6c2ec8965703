//! Keys of rows as integers in a row, so that a key of several columns is hashed and compared as one slice.

use super::vector::{Kind, NO_DAY, NO_ROW, NO_SMALL, NO_WIDE, UNKNOWN, Vector};

/// Keys of some rows. Equal keys are equal slices; numbers of 128 bits take two places.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Places of a key.
    pub width: usize,
    flat: Vec<u64>,
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
    pub fn of(&self, row: usize) -> &[u64] {
        &self.flat[row * self.width..(row + 1) * self.width]
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.missing.len()
    }

    /// Whether a row has this key. Keys are short, and a call to compare one costs more than to do it here.
    #[inline]
    pub fn is(&self, row: usize, key: &[u64]) -> bool {
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

    fn put<T: Copy>(&mut self, at: usize, all: &[T], image: impl Fn(T) -> (u64, bool)) {
        let places = self.flat.chunks_exact_mut(self.width.max(1));
        for ((place, missing), &value) in places.zip(&mut self.missing).zip(all) {
            let (image, none) = image(value);
            place[at] = image;
            *missing |= none;
        }
    }

    fn fill(&mut self, column: &Vector, kind: Kind, at: usize) {
        match (column, kind) {
            // Each mark of a missing value stands for itself: no value has it.
            (Vector::Code(all), _) => self.put(at, all, |code| (u64::from(code), code == NO_ROW)),
            (Vector::Days(all), _) => self.put(at, all, |day| (u64::from(day.cast_unsigned()), day == NO_DAY)),
            (Vector::Truth(all), _) => self.put(at, all, |truth| (u64::from(truth), truth == UNKNOWN)),
            (Vector::Small(all), Kind::Small) => {
                self.put(at, all, |units| (units.cast_unsigned(), units == NO_SMALL));
            }
            (Vector::Wide(all), Kind::Small) => self.put(at, all, |units| {
                let small = i64::try_from(units).unwrap_or(NO_SMALL);
                (small.cast_unsigned(), small == NO_SMALL)
            }),
            (numbers, _) => {
                let width = self.width;
                for (row, units) in wides(numbers).enumerate() {
                    self.missing[row] |= units == NO_WIDE;
                    let bits = units.cast_unsigned();
                    self.flat[row * width + at] = (bits >> 64) as u64;
                    self.flat[row * width + at + 1] = bits as u64;
                }
            }
        }
    }
}

fn wides(vector: &Vector) -> Box<dyn Iterator<Item = i128> + '_> {
    match vector {
        Vector::Small(all) => Box::new(all.iter().map(|&units| super::vector::wide(units))),
        Vector::Wide(all) => Box::new(all.iter().copied()),
        other => panic!("numbers are wanted, these are {:?}", other.kind()),
    }
}

fn places(kind: Kind) -> usize {
    if kind == Kind::Wide { 2 } else { 1 }
}

/// The hash of a key.
pub(super) fn hash(key: &[u64]) -> u64 {
    key.iter().fold(0, |hash, part| mix(hash, *part))
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
    }
}
