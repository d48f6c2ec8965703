//! Columns as they are kept: pieces of some thousand rows, each as narrow as its values let it.
//!
//! Exports repeat themselves: a piece mostly has one status, a few prices, dates of some weeks and numbers of documents that
//! count up. So a piece is one value, a run that grows by one, a byte for each of a few words, or how far each value
//! lies from the least. What a column takes up is a quarter of its plain integers, and so is what has to be fetched to read
//! it. Nothing of it is lost: every way gives back the same integers.

use std::sync::Arc;

use polars::prelude::{
    BooleanChunked, Column as Stored, DataFrame, DataType, Int32Chunked, Int64Chunked, IntoColumn as _,
    NewChunkedArray as _, PolarsError, PolarsResult, UInt32Chunked,
};
use rayon::prelude::*;
use tieout_model::types::Physical;

use self::piece::Piece;
use crate::convert::{Column, Values};
use crate::texts::NO_TEXT;

mod piece;

/// Rows of a piece; only the last one of a column has fewer.
pub const PIECE: usize = 1 << 14;
/// A missing value among plain integers.
const MISSING: i64 = i64::MIN;
/// A pointer to no row.
const NO_ROW: u32 = u32::MAX;

/// A column: integers, some of them missing.
#[derive(Clone, Debug)]
pub struct Packed {
    physical: Physical,
    rows: usize,
    pieces: Vec<Piece>,
    largest: u64,
}

/// Columns of the same rows.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: usize,
    columns: Vec<(String, Arc<Packed>)>,
}

/// A column that is being made.
#[derive(Debug)]
pub struct Packing {
    made: Packed,
    open: Vec<i64>,
}

impl Packed {
    /// Rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// What its values are.
    pub fn physical(&self) -> Physical {
        self.physical
    }

    /// The largest size of a value. Beyond `i64::MAX` only where a value is `i64::MIN`, which stands for a missing one.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        self.pieces.iter().map(|piece| size_of::<Piece>() + piece.bytes()).sum()
    }

    /// The values of neighbouring rows, made of integers; `missing` where there is none.
    pub fn slice<T: Copy>(&self, from: usize, to: usize, of: impl Fn(i64) -> T + Copy, missing: T) -> Vec<T> {
        let mut values = Vec::with_capacity(to - from);
        let mut at = from;
        while at < to {
            let (piece, within) = (&self.pieces[at / PIECE], at % PIECE);
            let end = (within + to - at).min(PIECE);
            piece.read((within, end), &mut values, of, missing);
            at += end - within;
        }
        values
    }

    /// The values at some rows; `missing` where there is none, and where a row is `u32::MAX`.
    pub fn gather<T: Copy>(&self, rows: &[u32], of: impl Fn(i64) -> T + Copy, missing: T) -> Vec<T> {
        let mut values = Vec::with_capacity(rows.len());
        let mut rest = rows;
        while let Some(&first) = rest.first() {
            let piece = first as usize / PIECE;
            let count = rest.iter().take_while(|row| **row as usize / PIECE == piece).count();
            let (here, after) = rest.split_at(count);
            match self.pieces.get(piece) {
                Some(piece) if first != NO_ROW => piece.pick(here, &mut values, of, missing),
                _ => values.resize(values.len() + count, missing),
            }
            rest = after;
        }
        values
    }

    /// With each value changed; a missing one stays missing.
    pub(crate) fn changed(&self, change: impl Fn(i64) -> i64 + Copy) -> Self {
        let mut packing = Packing::new(self.physical);
        for from in (0..self.rows).step_by(PIECE) {
            packing.extend(self.slice(from, self.rows.min(from + PIECE), change, MISSING).into_iter());
        }
        packing.finish()
    }

    /// As a column of a frame.
    fn stored(&self, name: &str, from: usize, to: usize) -> Stored {
        match self.physical {
            Physical::Units => {
                let all = self.slice(from, to, |units| units, MISSING);
                let valid = valid(all.iter().map(|units| *units != MISSING));
                Int64Chunked::from_vec_validity(name.into(), all, valid).into_column()
            }
            Physical::Date => {
                let all = self.slice(from, to, |day| day as i32, i32::MIN);
                let valid = valid(all.iter().map(|day| *day != i32::MIN));
                Int32Chunked::from_vec_validity(name.into(), all, valid).into_column()
            }
            Physical::Text => {
                let all = self.slice(from, to, |code| code as u32, NO_TEXT);
                let valid = valid(all.iter().map(|code| *code != NO_TEXT));
                UInt32Chunked::from_vec_validity(name.into(), all, valid).into_column()
            }
            Physical::Bool => {
                let all = self.slice(from, to, |flag| Some(flag == 1), None);
                BooleanChunked::from_slice_options(name.into(), &all).into_column()
            }
        }
    }
}

fn valid(each: impl Iterator<Item = bool> + Clone) -> Option<polars_arrow::bitmap::Bitmap> {
    if each.clone().all(|valid| valid) { None } else { Some(each.collect()) }
}

impl Table {
    /// Of columns that have so many rows each.
    pub(crate) fn new(rows: usize, columns: Vec<(String, Arc<Packed>)>) -> Self {
        for (name, column) in &columns {
            assert_eq!(column.len(), rows, "the column `{name}` is not as long as the others");
        }
        Self { rows, columns }
    }

    /// Of a frame whose columns are integers of 64 and 32 bits, codes and truths.
    ///
    /// # Errors
    ///
    /// A column of another type.
    pub fn of(frame: &DataFrame) -> PolarsResult<Self> {
        let mut columns = Vec::new();
        for column in frame.columns() {
            let mut packing = Packing::like(column)?;
            packing.append_stored(column)?;
            columns.push((column.name().to_string(), Arc::new(packing.finish())));
        }
        Ok(Self::new(frame.height(), columns))
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// A column.
    pub fn column(&self, name: &str) -> Option<&Arc<Packed>> {
        self.columns.iter().find(|(own, _)| own == name).map(|(_, column)| column)
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(|(_, column)| column.bytes()).sum()
    }

    /// The rows that are marked.
    pub(crate) fn filter(&self, keep: &[bool]) -> Self {
        let column = |(name, column): &(String, Arc<Packed>)| {
            let mut packing = Packing::new(column.physical());
            packing.append_marked(column, keep);
            (name.clone(), Arc::new(packing.finish()))
        };
        let rows = keep.iter().filter(|keep| **keep).count();
        Self::new(rows, self.columns.par_iter().map(column).collect())
    }

    /// Takes another column in place of one.
    pub(crate) fn replace(&mut self, name: &str, column: Packed) {
        assert_eq!(column.len(), self.rows, "the column `{name}` is not as long as the others");
        self.columns.retain(|(own, _)| own != name);
        self.columns.push((name.to_owned(), Arc::new(column)));
    }

    /// Some rows as a frame: those of the named columns that are there, or all.
    ///
    /// # Errors
    ///
    /// Two columns of one name.
    pub fn frame(&self, (from, to): (usize, usize), names: Option<&[String]>) -> PolarsResult<DataFrame> {
        let wanted = |name: &str| names.is_none_or(|names| names.iter().any(|own| own == name));
        let columns = self.columns.iter().filter(|(name, _)| wanted(name));
        DataFrame::new(to - from, columns.map(|(name, column)| column.stored(name, from, to)).collect())
    }
}

/// What the values of a polars column are.
fn physical(ty: &DataType) -> PolarsResult<Physical> {
    Ok(match ty {
        DataType::Int64 => Physical::Units,
        DataType::Int32 => Physical::Date,
        DataType::UInt32 => Physical::Text,
        DataType::Boolean => Physical::Bool,
        other => return Err(PolarsError::ComputeError(format!("a column is stored as {other}").into())),
    })
}

impl Packing {
    /// Nothing yet.
    pub fn new(physical: Physical) -> Self {
        Self { made: Packed { physical, rows: 0, pieces: Vec::new(), largest: 0 }, open: Vec::new() }
    }

    /// Nothing yet, for columns of frames like this one.
    ///
    /// # Errors
    ///
    /// It is of another type than stored columns are.
    pub fn like(column: &Stored) -> PolarsResult<Self> {
        physical(column.dtype()).map(Self::new)
    }

    /// The same value in so many rows.
    pub(crate) fn repeated(physical: Physical, value: Option<i64>, rows: usize) -> Self {
        let value = value.unwrap_or(MISSING);
        let mut packing = Self::new(physical);
        packing.made.pieces = vec![Piece::All(value); rows / PIECE];
        packing.made.rows = rows - rows % PIECE;
        if rows > 0 {
            packing.made.largest = Piece::of(&[value]).1;
        }
        packing.open.resize(rows % PIECE, value);
        packing
    }

    pub(crate) fn len(&self) -> usize {
        self.made.rows + self.open.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.made.bytes() + self.open.capacity() * 8
    }

    /// The next values, a missing one as `MISSING`.
    fn extend(&mut self, values: impl ExactSizeIterator<Item = i64>) {
        if self.open.capacity() == 0 {
            self.open.reserve_exact(PIECE.min(values.len().next_multiple_of(1024)));
        }
        let (mut rest, mut values) = (values.len(), values);
        while rest > 0 {
            let room = PIECE - self.open.len();
            if self.open.capacity() < PIECE && rest > self.open.capacity() - self.open.len() {
                self.open.reserve_exact(room);
            }
            let count = room.min(rest);
            self.open.extend(values.by_ref().take(count));
            rest -= count;
            if self.open.len() == PIECE {
                self.close();
            }
        }
    }

    /// The next values; those of a whole piece are made one where they lie.
    fn extend_from<T: Copy>(&mut self, all: &[T], to: impl Fn(T) -> i64, piece: impl Fn(&[T]) -> (Piece, u64)) {
        let room = if self.open.is_empty() { 0 } else { (PIECE - self.open.len()).min(all.len()) };
        let (first, rest) = all.split_at(room);
        self.extend(first.iter().map(|value| to(*value)));
        let (pieces, rest) = rest.as_chunks::<PIECE>();
        pieces.iter().for_each(|values| self.add(piece(values), PIECE));
        self.extend(rest.iter().map(|value| to(*value)));
    }

    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        self.add(Piece::of(&open), open.len());
        self.open = open;
        self.open.clear();
    }

    /// A piece of so many rows, and the largest size of a value in it.
    fn add(&mut self, (piece, largest): (Piece, u64), rows: usize) {
        self.made.largest = self.made.largest.max(largest);
        self.made.rows += rows;
        self.made.pieces.push(piece);
    }

    /// The next rows of a converted column.
    pub(crate) fn append(&mut self, column: &Column) {
        let valid = column.valid.as_deref();
        match (&column.values, valid) {
            (Values::Units(all), None) => {
                // What is `i64::MIN` is no missing value, and whoever reads the column is told.
                if all.contains(&MISSING) {
                    self.made.largest = MISSING.unsigned_abs();
                }
                self.extend_from(all, |units| units, Piece::of);
            }
            (Values::Units(all), Some(valid)) => {
                if all.iter().zip(valid).any(|(units, valid)| *valid && *units == MISSING) {
                    self.made.largest = MISSING.unsigned_abs();
                }
                self.extend(all.iter().zip(valid).map(|(units, valid)| if *valid { *units } else { MISSING }));
            }
            (Values::Days(all), None) => self.extend(all.iter().map(|day| i64::from(*day))),
            (Values::Days(all), Some(valid)) => {
                self.extend(all.iter().zip(valid).map(|(day, valid)| if *valid { i64::from(*day) } else { MISSING }));
            }
            (Values::Flags(all), None) => self.extend(all.iter().map(|flag| i64::from(*flag))),
            (Values::Flags(all), Some(valid)) => {
                self.extend(all.iter().zip(valid).map(|(flag, valid)| if *valid { i64::from(*flag) } else { MISSING }));
            }
            (Values::Codes(all), _) => self.append_codes(all),
        }
    }

    /// The next codes of texts, or pointers to rows; `u32::MAX` is a missing one.
    pub fn append_codes(&mut self, codes: &[u32]) {
        let wide = |code: u32| if code == NO_TEXT { MISSING } else { i64::from(code) };
        self.extend_from(codes, wide, Piece::of_codes);
    }

    /// The next whole numbers; `i64::MIN` is a missing one.
    pub fn append_numbers(&mut self, numbers: &[i64]) {
        self.extend(numbers.iter().copied());
    }

    /// The next small values, of which one mark is a missing one.
    pub fn append_marked_missing<T: Copy + PartialEq + Into<i64>>(&mut self, values: &[T], missing: T) {
        self.extend(values.iter().map(|value| if *value == missing { MISSING } else { (*value).into() }));
    }

    /// The next value, not `i64::MIN`.
    #[inline]
    pub(crate) fn push(&mut self, value: Option<i64>) {
        if self.open.len() == self.open.capacity() {
            self.open.reserve_exact(if self.open.is_empty() { 256 } else { PIECE - self.open.len() });
        }
        self.open.push(value.unwrap_or(MISSING));
        if self.open.len() == PIECE {
            self.close();
        }
    }

    /// The values of neighbouring rows, as `Packed::slice` gives them.
    pub(crate) fn slice<T: Copy>(&self, from: usize, to: usize, of: impl Fn(i64) -> T + Copy, missing: T) -> Vec<T> {
        let closed = self.made.rows;
        let mut values = self.made.slice(from.min(closed), to.min(closed), of, missing);
        let open = &self.open[from.max(closed) - closed..to.max(closed) - closed];
        values.extend(open.iter().map(|value| if *value == MISSING { missing } else { of(*value) }));
        values
    }

    /// The next truths.
    pub(crate) fn append_flags(&mut self, flags: &[bool]) {
        self.extend(flags.iter().map(|flag| i64::from(*flag)));
    }

    /// The rows of another column of its kind.
    pub fn append_packed(&mut self, other: Packed) {
        self.made.largest = self.made.largest.max(other.largest);
        for (number, piece) in other.pieces.into_iter().enumerate() {
            let count = PIECE.min(other.rows - number * PIECE);
            if self.open.is_empty() && count == PIECE {
                self.made.rows += count;
                self.made.pieces.push(piece);
                continue;
            }
            let mut values = Vec::with_capacity(count);
            piece.read((0, count), &mut values, |value| value, MISSING);
            self.extend(values.into_iter());
        }
    }

    /// The rows of another column of its kind that are marked.
    pub(crate) fn append_marked(&mut self, other: &Packed, keep: &[bool]) {
        for (number, keep) in keep.chunks(PIECE).enumerate() {
            let from = number * PIECE;
            let values = other.slice(from, from + keep.len(), |value| value, MISSING);
            let kept: Vec<i64> =
                values.into_iter().zip(keep).filter(|(_, keep)| **keep).map(|(value, _)| value).collect();
            self.extend(kept.into_iter());
        }
    }

    /// The next rows, from a column of a frame.
    ///
    /// # Errors
    ///
    /// It is of another type than stored columns are.
    pub fn append_stored(&mut self, column: &Stored) -> PolarsResult<()> {
        fn all<T: Copy + Into<i64>>(
            values: impl ExactSizeIterator<Item = Option<T>>,
        ) -> impl ExactSizeIterator<Item = i64> {
            values.map(|value| value.map_or(MISSING, Into::into))
        }
        match column.dtype() {
            DataType::Int64 => {
                let units = column.i64()?;
                if units.iter().any(|units| units == Some(MISSING)) {
                    self.made.largest = MISSING.unsigned_abs();
                }
                self.extend(all(units.iter()));
            }
            DataType::Int32 => self.extend(all(column.i32()?.iter())),
            DataType::UInt32 => self.extend(all(column.u32()?.iter())),
            _ => self.extend(all(column.bool()?.iter())),
        }
        Ok(())
    }

    /// The column.
    pub fn finish(mut self) -> Packed {
        if !self.open.is_empty() {
            self.close();
        }
        self.made.pieces.shrink_to_fit();
        self.made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values of one kind of piece.
    fn values() -> impl Strategy<Value = Vec<Option<i64>>> {
        let many = |value: BoxedStrategy<i64>, missing: u32| {
            let cell = prop_oneof![20 => value.prop_map(Some), missing => Just(None)];
            prop::collection::vec(cell, 0..3 * PIECE / 2).boxed()
        };
        prop_oneof![
            (any::<i64>(), 0..2 * PIECE).prop_map(|(value, rows)| vec![Some(value.max(MISSING + 1)); rows]),
            (-9_i64..i64::from(i32::MAX), 0..2 * PIECE)
                .prop_map(|(first, rows)| (first..).take(rows).map(Some).collect()),
            many((0_i64..200).boxed(), 1),
            many((0_i64..255).prop_map(|word| word * 1_000_003).boxed(), 0),
            many((0_i64..256).prop_map(|word| word * 1_000_003).boxed(), 1),
            many((-70_i64..65_530).boxed(), 1),
            many((0_i64..i64::from(u32::MAX)).boxed(), 1),
            many((MISSING + 1..=i64::MAX).boxed(), 1),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
        #[test]
        fn every_piece_gives_back_what_it_was_made_of(
            values in values(), cut in 1_usize..PIECE, from in any::<prop::sample::Index>(), rows in prop::collection::vec(any::<prop::sample::Index>(), 0..40)
        ) {
            let mut packing = Packing::new(Physical::Units);
            for part in values.chunks(cut) {
                let plain = part.iter().map(|value| value.unwrap_or(0)).collect();
                let valid = part.contains(&None).then(|| part.iter().map(Option::is_some).collect());
                packing.append(&Column { values: Values::Units(plain), valid, unreadable: None, decimals: 0 });
            }
            for value in &values[..values.len().min(cut)] {
                packing.push(*value);
            }
            let halves = (values.len() / 2, values.len() + values.len().min(cut));
            let twice: Vec<Option<i64>> = values.iter().chain(&values[..values.len().min(cut)]).copied().collect();
            prop_assert_eq!(&packing.slice(halves.0, halves.1, Some, None), &twice[halves.0..]);
            let values = twice;
            let packed = packing.finish();
            prop_assert_eq!(packed.len(), values.len());
            prop_assert_eq!(&packed.slice(0, values.len(), Some, None), &values);
            prop_assert_eq!(packed.largest(), values.iter().flatten().map(|value| value.unsigned_abs()).max().unwrap_or(0));
            if !values.is_empty() {
                let from = from.index(values.len());
                prop_assert_eq!(&packed.slice(from, values.len(), Some, None), &values[from..]);
                let mut rows: Vec<u32> = rows.iter().map(|row| row.index(values.len()) as u32).collect();
                rows.push(NO_ROW);
                let picked: Vec<Option<i64>> = rows.iter().map(|row| values.get(*row as usize).copied().flatten()).collect();
                prop_assert_eq!(packed.gather(&rows, Some, None), picked);
            }
            // Behind other rows, so that pieces do not meet.
            let mut other = Packing::repeated(Physical::Units, None, cut);
            other.append_packed(packed.clone());
            let keep: Vec<bool> = (0..values.len()).map(|row| row % 3 > 0).collect();
            other.append_marked(&packed, &keep);
            let other = other.finish();
            let kept = values.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(value, _)| *value);
            let expected: Vec<Option<i64>> = vec![None; cut].into_iter().chain(values.iter().copied()).chain(kept).collect();
            prop_assert_eq!(other.slice(0, expected.len(), Some, None), expected);
        }
    }

    /// Codes of one kind of piece, several pieces of them.
    fn codes() -> impl Strategy<Value = Vec<u32>> {
        let many = |code: BoxedStrategy<u32>, missing: u32| {
            let cell = prop_oneof![20 => code, missing => Just(NO_TEXT)];
            prop::collection::vec(cell, 0..3 * PIECE).boxed()
        };
        prop_oneof![
            (prop_oneof![any::<u32>(), Just(NO_TEXT)], 0..3 * PIECE).prop_map(|(code, rows)| vec![code; rows]),
            (0..u32::MAX - 4 * PIECE as u32, 0..3 * PIECE).prop_map(|(first, rows)| (first..).take(rows).collect()),
            many((0..200_u32).boxed(), 1),
            many((0..250_u32).prop_map(|word| word * 1_003).boxed(), 1),
            many((7..60_000_u32).boxed(), 0),
            many(any::<u32>().boxed(), 1),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
        #[test]
        fn codes_come_back_wherever_pieces_begin(codes in codes(), cut in 1..2 * PIECE) {
            let mut packing = Packing::new(Physical::Text);
            for part in codes.chunks(cut) {
                packing.append(&Column::of_codes(part.to_vec()));
            }
            let packed = packing.finish();
            prop_assert_eq!(packed.slice(0, codes.len(), |code| code as u32, NO_TEXT), &codes[..]);
            let largest = codes.iter().filter(|code| **code != NO_TEXT).max();
            prop_assert_eq!(packed.largest(), largest.map_or(0, |code| u64::from(*code)));
        }
    }

    #[test]
    fn what_repeats_takes_little() {
        let mut packing = Packing::new(Physical::Units);
        packing.append_numbers(&vec![7; 3 * PIECE]);
        packing.append_numbers(&(0..PIECE as i64).collect::<Vec<_>>());
        packing.append_numbers(&(0..PIECE as i64).map(|number| number % 20 * 1_000_000_007).collect::<Vec<_>>());
        let packed = packing.finish();
        assert!(packed.bytes() < PIECE + 4096, "{} bytes", packed.bytes());
    }

    #[test]
    fn a_number_that_stands_for_a_missing_one_is_told() {
        let mut packing = Packing::new(Physical::Units);
        packing.append(&Column { values: Values::Units(vec![1, MISSING]), valid: None, unreadable: None, decimals: 0 });
        assert_eq!(packing.finish().largest(), MISSING.unsigned_abs());
    }

    #[test]
    fn a_frame_comes_back() {
        let frame = DataFrame::new(
            3,
            vec![
                Int64Chunked::from_slice_options("units".into(), &[Some(5), None, Some(-7)]).into_column(),
                Int32Chunked::from_slice_options("day".into(), &[Some(20_000), None, Some(-1)]).into_column(),
                UInt32Chunked::from_slice_options("code".into(), &[None, Some(0), Some(u32::MAX - 1)]).into_column(),
                BooleanChunked::from_slice_options("flag".into(), &[Some(true), None, Some(false)]).into_column(),
            ],
        )
        .unwrap();
        let table = Table::of(&frame).unwrap();
        assert!(table.frame((0, 3), None).unwrap().equals_missing(&frame));
        let names = ["flag".to_owned()];
        assert_eq!(table.frame((1, 3), Some(&names)).unwrap().height(), 2);
    }
}
