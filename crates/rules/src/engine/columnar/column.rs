//! A column that views read: one that was computed, or one of the prepared store as it lies there.
//!
//! The store's columns are not copied: a chunk of them becomes a vector when it is read.

use std::borrow::Cow;

use polars::prelude::{BooleanChunked, ChunkedArray, Int32Chunked, Int64Chunked, PolarsNumericType, UInt32Chunked};
use tieout_ingest::texts::NO_TEXT;

use super::vector::{Kind, NO_DAY, NO_ROW, NO_SMALL, UNKNOWN, Vector};

/// Values of one kind, row after row.
#[derive(Debug)]
pub(super) enum Column {
    /// Computed, or put together.
    Own(Vector),
    /// Units, in one piece.
    Small(Int64Chunked),
    /// Days, in one piece.
    Days(Int32Chunked),
    /// Codes of texts, in one piece.
    Code(UInt32Chunked),
    /// Truths, in one piece.
    Truth(BooleanChunked),
}

impl Column {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Own(vector) => vector.kind(),
            Self::Small(_) => Kind::Small,
            Self::Days(_) => Kind::Days,
            Self::Code(_) => Kind::Code,
            Self::Truth(_) => Kind::Truth,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Own(vector) => vector.len(),
            Self::Small(all) => all.len(),
            Self::Days(all) => all.len(),
            Self::Code(all) => all.len(),
            Self::Truth(all) => all.len(),
        }
    }

    /// The values of neighbouring rows.
    pub fn slice(&self, from: usize, to: usize) -> Vector {
        match self {
            Self::Own(vector) => vector.slice(from, to),
            Self::Small(all) => Vector::Small(piece(all, (from, to), NO_SMALL)),
            Self::Days(all) => Vector::Days(piece(all, (from, to), NO_DAY)),
            Self::Code(all) => Vector::Code(piece(all, (from, to), NO_TEXT)),
            Self::Truth(all) => {
                let mut values = Vec::with_capacity(to - from);
                for array in all.downcast_iter().take(1) {
                    let truth = |row| array.get(row).map_or(UNKNOWN, u8::from);
                    values.extend((from..to).map(truth));
                }
                Vector::Truth(values)
            }
        }
    }

    /// The values at some rows; a pointer to no row is a missing value.
    pub fn gather(&self, rows: &[u32]) -> Vector {
        match self {
            Self::Own(vector) => vector.gather(rows),
            Self::Small(all) => Vector::Small(pick(all, rows, NO_SMALL)),
            Self::Days(all) => Vector::Days(pick(all, rows, NO_DAY)),
            Self::Code(all) => Vector::Code(pick(all, rows, NO_TEXT)),
            Self::Truth(all) => {
                let mut values = Vec::with_capacity(rows.len());
                for array in all.downcast_iter().take(1) {
                    let truth = |&row: &u32| {
                        if row == NO_ROW { UNKNOWN } else { array.get(row as usize).map_or(UNKNOWN, u8::from) }
                    };
                    values.extend(rows.iter().map(truth));
                }
                Vector::Truth(values)
            }
        }
    }

    /// All values.
    pub fn whole(&self) -> Cow<'_, Vector> {
        match self {
            Self::Own(vector) => Cow::Borrowed(vector),
            stored => Cow::Owned(stored.slice(0, stored.len())),
        }
    }
}

fn piece<T: PolarsNumericType>(
    all: &ChunkedArray<T>,
    (from, to): (usize, usize),
    missing: T::Native,
) -> Vec<T::Native> {
    let mut values = Vec::with_capacity(to - from);
    for array in all.downcast_iter().take(1) {
        values.extend_from_slice(&array.values().as_slice()[from..to]);
        if let Some(validity) = array.validity() {
            for (value, row) in values.iter_mut().zip(from..to) {
                if !validity.get_bit(row) {
                    *value = missing;
                }
            }
        }
    }
    values
}

fn pick<T: PolarsNumericType>(all: &ChunkedArray<T>, rows: &[u32], missing: T::Native) -> Vec<T::Native> {
    let mut values = Vec::with_capacity(rows.len());
    for array in all.downcast_iter().take(1) {
        let plain = array.values().as_slice();
        match array.validity() {
            None => {
                values.extend(rows.iter().map(|&row| if row == NO_ROW { missing } else { plain[row as usize] }));
            }
            Some(validity) => values.extend(rows.iter().map(|&row| {
                let valid = row != NO_ROW && validity.get_bit(row as usize);
                if valid { plain[row as usize] } else { missing }
            })),
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::NewChunkedArray as _;

    #[test]
    fn stored_columns_read_like_vectors() {
        let values = [Some(5i64), None, Some(-7)];
        let stored = Column::Small(values.iter().copied().collect());
        let own = Column::Own(Vector::Small(vec![5, NO_SMALL, -7]));
        for column in [stored, own] {
            let Vector::Small(all) = column.slice(0, 3) else { panic!() };
            assert_eq!(all, [5, NO_SMALL, -7]);
            let Vector::Small(some) = column.gather(&[2, NO_ROW, 1]) else { panic!() };
            assert_eq!(some, [-7, NO_SMALL, NO_SMALL]);
            assert_eq!((column.len(), column.kind()), (3, Kind::Small));
        }
        let truths = Column::Truth(BooleanChunked::from_slice_options("".into(), &[Some(true), None]));
        let Vector::Truth(all) = truths.whole().into_owned() else { panic!() };
        assert_eq!(all, [1, UNKNOWN]);
        let Vector::Truth(some) = truths.gather(&[NO_ROW, 0]) else { panic!() };
        assert_eq!(some, [UNKNOWN, 1]);
    }
}
