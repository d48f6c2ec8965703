//! A column that views read: one that was computed, or one of the prepared store as it lies there.
//!
//! The store's columns are not copied: a chunk of them becomes a vector when it is read.

use std::borrow::Cow;
use std::sync::Arc;

use tieout_ingest::packed::Packed;
use tieout_ingest::texts::NO_TEXT;
use tieout_model::types::Physical;

use super::vector::{Kind, NO_DAY, NO_SMALL, UNKNOWN, Vector};

/// Values of one kind, row after row.
#[derive(Debug)]
pub(super) enum Column {
    /// Computed, or put together.
    Own(Vector),
    /// Of the store.
    Stored(Arc<Packed>),
}

impl Column {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Own(vector) => vector.kind(),
            Self::Stored(packed) => match packed.physical() {
                Physical::Units => Kind::Small,
                Physical::Date => Kind::Days,
                Physical::Text => Kind::Code,
                Physical::Bool => Kind::Truth,
            },
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Own(vector) => vector.len(),
            Self::Stored(packed) => packed.len(),
        }
    }

    /// The values of neighbouring rows.
    pub fn slice(&self, from: usize, to: usize) -> Vector {
        match self {
            Self::Own(vector) => vector.slice(from, to),
            Self::Stored(packed) => match packed.physical() {
                Physical::Units => Vector::Small(packed.slice(from, to, |units| units, NO_SMALL)),
                Physical::Date => Vector::Days(packed.slice(from, to, |day| day as i32, NO_DAY)),
                Physical::Text => Vector::Code(packed.slice(from, to, |code| code as u32, NO_TEXT)),
                Physical::Bool => Vector::Truth(packed.slice(from, to, |flag| flag as u8, UNKNOWN)),
            },
        }
    }

    /// The values at some rows; a pointer to no row is a missing value.
    pub fn gather(&self, rows: &[u32]) -> Vector {
        match self {
            Self::Own(vector) => vector.gather(rows),
            Self::Stored(packed) => match packed.physical() {
                Physical::Units => Vector::Small(packed.gather(rows, |units| units, NO_SMALL)),
                Physical::Date => Vector::Days(packed.gather(rows, |day| day as i32, NO_DAY)),
                Physical::Text => Vector::Code(packed.gather(rows, |code| code as u32, NO_TEXT)),
                Physical::Bool => Vector::Truth(packed.gather(rows, |flag| flag as u8, UNKNOWN)),
            },
        }
    }

    /// All values.
    pub fn whole(&self) -> Cow<'_, Vector> {
        match self {
            Self::Own(vector) => Cow::Borrowed(vector),
            Self::Stored(packed) => Cow::Owned(self.slice(0, packed.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::vector::NO_ROW;
    use super::*;
    use polars::prelude::{BooleanChunked, DataFrame, Int64Chunked, IntoColumn as _, NewChunkedArray as _};
    use tieout_ingest::packed::Table;

    #[test]
    fn stored_columns_read_like_vectors() {
        let units = Int64Chunked::from_slice_options("units".into(), &[Some(5), None, Some(-7)]).into_column();
        let truths = BooleanChunked::from_slice_options("truth".into(), &[Some(true), None, Some(false)]).into_column();
        let table = Table::of(&DataFrame::new(3, vec![units, truths]).unwrap()).unwrap();
        let stored = Column::Stored(table.column("units").unwrap().clone());
        let own = Column::Own(Vector::Small(vec![5, NO_SMALL, -7]));
        for column in [stored, own] {
            let Vector::Small(all) = column.slice(0, 3) else { panic!() };
            assert_eq!(all, [5, NO_SMALL, -7]);
            let Vector::Small(some) = column.gather(&[2, NO_ROW, 1]) else { panic!() };
            assert_eq!(some, [-7, NO_SMALL, NO_SMALL]);
            assert_eq!((column.len(), column.kind()), (3, Kind::Small));
        }
        let truths = Column::Stored(table.column("truth").unwrap().clone());
        let Vector::Truth(all) = truths.whole().into_owned() else { panic!() };
        assert_eq!(all, [1, UNKNOWN, 0]);
        let Vector::Truth(some) = truths.gather(&[NO_ROW, 0]) else { panic!() };
        assert_eq!(some, [UNKNOWN, 1]);
    }
}
