//! One column of some rows of a Parquet file, decoded from its own bytes.
//!
//! A column is read only when it is asked for, its dictionary is kept as the file has it, so that a word is looked at once
//! and not once a record, and amounts of 64 bits stay so.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{
    Column, IdxCa, IntoColumn as _, ParquetReader, PolarsError, PolarsResult, SerReader as _, Series,
};
use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, StaticArray as _, Utf8ViewArray};
use polars_arrow::bitmap::MutableBitmap;
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, DTYPE_CATEGORICAL_NEW, Field, IntegerType};
use polars_buffer::Buffer;
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, FileMetadata, Filter, PageReader, PhysicalType, column_iter_to_arrays,
    infer_schema, read_metadata,
};

/// Rows that are decoded at a time, about: a row group as most writers make it, a part of a larger one.
const ROWS: usize = if cfg!(test) { 8 } else { 1 << 17 };

/// A Parquet file whose end was read: what is where.
pub(crate) struct Content {
    path: PathBuf,
    metadata: FileMetadata,
    schema: ArrowSchema,
}

/// Neighbouring rows of one row group.
#[derive(Clone)]
pub(crate) struct Piece {
    content: Arc<Content>,
    group: usize,
    from: usize,
    pub rows: usize,
    /// Rows of the file before it.
    pub before: usize,
}

/// The cells of a column as words of its dictionary.
pub(crate) struct Words {
    keys: PrimitiveArray<u32>,
    words: Utf8ViewArray,
}

/// A decoded column.
pub(crate) enum Decoded {
    /// Texts by the dictionary of the file.
    Words(Words),
    /// Integers with so many decimals.
    Units(Column, u8),
    /// As polars holds it.
    Plain(Column),
}

impl Words {
    /// The text of a cell.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&str> {
        self.key(row).map(|key| self.words.value(key))
    }

    /// The number of a cell's word; none for a missing cell.
    #[inline]
    pub fn key(&self, row: usize) -> Option<usize> {
        self.keys.get(row).map(|key| key as usize)
    }

    /// The dictionary.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &str> {
        self.words.values_iter()
    }

    /// Something that is known of every word, for each of these rows.
    pub fn each<T: Copy>(&self, rows: &[u32], known: &[T], missing: T) -> Vec<T> {
        let keys = self.keys.values().as_slice();
        match self.keys.validity() {
            None => rows.iter().map(|row| known[keys[*row as usize] as usize]).collect(),
            Some(valid) => {
                let one = |row: &u32| match valid.get_bit(*row as usize) {
                    true => known[keys[*row as usize] as usize],
                    false => missing,
                };
                rows.iter().map(one).collect()
            }
        }
    }

    /// Cells.
    pub fn len(&self) -> usize {
        self.keys.len()
    }
}

impl Content {
    /// Reads what a file says of itself.
    pub fn read(path: &Path) -> PolarsResult<Self> {
        let metadata = read_metadata(&mut File::open(path)?)?;
        let schema = infer_schema(&metadata)?;
        Ok(Self { path: path.to_owned(), metadata, schema })
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.metadata.row_groups.iter().map(polars_parquet::read::RowGroupMetadata::num_rows).sum()
    }

    /// Names of the columns.
    pub fn headers(&self) -> Vec<String> {
        self.schema.iter_names().map(ToString::to_string).collect()
    }

    /// Columns of binary floating point.
    pub fn floats(&self) -> Vec<String> {
        let binary = |field: &&Field| matches!(field.dtype, ArrowDataType::Float32 | ArrowDataType::Float64);
        self.schema.iter_values().filter(binary).map(|field| field.name.to_string()).collect()
    }

    /// All rows, in pieces that are decoded one by one.
    pub fn pieces(self: &Arc<Self>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut before = 0;
        for (group, metadata) in self.metadata.row_groups.iter().enumerate() {
            let all = metadata.num_rows();
            let each = all.div_ceil(all.div_ceil(ROWS + ROWS / 2).max(1)).max(1);
            for from in (0..all).step_by(each) {
                let rows = each.min(all - from);
                pieces.push(Piece { content: Arc::clone(self), group, from, rows, before: before + from });
            }
            before += all;
        }
        pieces
    }
}

impl Piece {
    /// Decodes a column.
    pub fn column(&self, field: usize) -> PolarsResult<Decoded> {
        let lost = || PolarsError::ComputeError("a column is not there".into());
        let (name, field) = self.content.schema.get_at_index(field).ok_or_else(lost)?;
        let group = self.content.metadata.row_groups.get(self.group).ok_or_else(lost)?;
        let mut chunks = group.columns_under_root_iter(name).ok_or_else(lost)?;
        let (Some(chunk), None) = (chunks.next(), chunks.next()) else { return self.elsewise(name) };
        match (&field.dtype, chunk.physical_type()) {
            (ArrowDataType::Utf8View, PhysicalType::ByteArray) => {
                let bytes = self.bytes(chunk)?;
                if let Some(words) = self.words(chunk, &bytes, field) {
                    return Ok(Decoded::Words(words));
                }
                self.plain(chunk, bytes, field.clone()).map(Decoded::Plain)
            }
            (ArrowDataType::Decimal(_, scale), PhysicalType::Int64) => {
                let scale = u8::try_from(*scale).map_err(|_| lost())?;
                let units = Field { dtype: ArrowDataType::Int64, metadata: None, ..field.clone() };
                Ok(Decoded::Units(self.plain(chunk, self.bytes(chunk)?, units)?, scale))
            }
            (ArrowDataType::Int64, PhysicalType::Int64) => {
                Ok(Decoded::Units(self.plain(chunk, self.bytes(chunk)?, field.clone())?, 0))
            }
            (ArrowDataType::Date32, PhysicalType::Int32) => {
                self.plain(chunk, self.bytes(chunk)?, field.clone()).map(Decoded::Plain)
            }
            _ => self.elsewise(name),
        }
    }

    /// The bytes of a column chunk.
    fn bytes(&self, chunk: &ColumnChunkMetadata) -> PolarsResult<Buffer<u8>> {
        let range = chunk.byte_range();
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let mut file = File::open(&self.content.path)?;
        let mut bytes = Vec::new();
        // What a damaged file says of its size is not believed before it is there.
        if file.metadata()?.len() < range.end {
            return Err(PolarsError::ComputeError("it ends before its last column".into()));
        }
        bytes.try_reserve_exact(length).map_err(std::io::Error::other)?;
        file.seek(SeekFrom::Start(range.start))?;
        file.take(range.end - range.start).read_to_end(&mut bytes)?;
        Ok(Buffer::from_vec(bytes))
    }

    fn arrays(
        &self,
        chunk: &ColumnChunkMetadata,
        bytes: Buffer<u8>,
        field: Field,
    ) -> PolarsResult<Vec<Box<dyn Array>>> {
        let whole = usize::try_from(chunk.num_values()).is_ok_and(|values| values == self.rows);
        let rows = (!whole).then_some(Filter::Range(self.from..self.from + self.rows));
        arrays(chunk, bytes, field, rows)
    }

    /// Some of its rows (numbers within it, in order) of a column.
    pub fn picked(&self, field: usize, rows: &[u32]) -> PolarsResult<Column> {
        let lost = || PolarsError::ComputeError("a column is not there".into());
        let (name, field) = self.content.schema.get_at_index(field).ok_or_else(lost)?;
        let group = self.content.metadata.row_groups.get(self.group).ok_or_else(lost)?;
        let mut chunks = group.columns_under_root_iter(name).ok_or_else(lost)?;
        let (Some(chunk), None) = (chunks.next(), chunks.next()) else {
            let Decoded::Plain(column) = self.elsewise(name)? else { return Err(lost()) };
            return column.take(&IdxCa::from_vec("".into(), rows.to_vec()));
        };
        let mut mask = MutableBitmap::from_len_zeroed(group.num_rows());
        rows.iter().for_each(|row| mask.set(self.from + *row as usize, true));
        let arrays = arrays(chunk, self.bytes(chunk)?, field.clone(), Some(Filter::Mask(mask.into())))?;
        let column = Series::try_from((field, arrays))?.into_column();
        if column.len() == rows.len() { Ok(column) } else { Err(lost()) }
    }

    fn plain(&self, chunk: &ColumnChunkMetadata, bytes: Buffer<u8>, field: Field) -> PolarsResult<Column> {
        let arrays = self.arrays(chunk, bytes, field.clone())?;
        let column = Series::try_from((&field, arrays))?.rechunk().into_column();
        self.complete(column.len())?;
        Ok(column)
    }

    /// The keys and the dictionary, if every page of the chunk is written by it.
    fn words(&self, chunk: &ColumnChunkMetadata, bytes: &Buffer<u8>, field: &Field) -> Option<Words> {
        let mut first = PageReader::new(Cursor::new(bytes.clone()), chunk, Vec::new(), usize::MAX);
        first.read_dict().ok().flatten()?;
        let dtype = ArrowDataType::Dictionary(IntegerType::UInt32, Box::new(ArrowDataType::Utf8View), false);
        let mark = BTreeMap::from([(DTYPE_CATEGORICAL_NEW.into(), "".into())]);
        let field = Field { dtype, metadata: Some(Arc::new(mark)), ..field.clone() };
        let arrays = self.arrays(chunk, bytes.clone(), field).ok()?;
        let [array] = arrays.as_slice() else { return None };
        let array = array.as_any().downcast_ref::<DictionaryArray<u32>>()?;
        let words = array.values().as_any().downcast_ref::<Utf8ViewArray>()?.clone();
        let keys = array.keys().clone();
        (keys.len() == self.rows).then_some(Words { keys, words })
    }

    /// By polars' own reader: nested columns and the rarer types.
    fn elsewise(&self, name: &str) -> PolarsResult<Decoded> {
        let reader = ParquetReader::new(File::open(&self.content.path)?).with_columns(Some(vec![name.to_owned()]));
        let frame = reader.with_slice(Some((self.before, self.rows))).finish()?;
        self.complete(frame.height())?;
        Ok(Decoded::Plain(frame.column(name)?.clone()))
    }

    fn complete(&self, rows: usize) -> PolarsResult<()> {
        if rows == self.rows { Ok(()) } else { Err(PolarsError::ComputeError("it ends before its last row".into())) }
    }
}

/// The cells of a column chunk, or of those of its rows that pass.
fn arrays(
    chunk: &ColumnChunkMetadata,
    bytes: Buffer<u8>,
    field: Field,
    rows: Option<Filter>,
) -> PolarsResult<Vec<Box<dyn Array>>> {
    let pages = PageReader::new(Cursor::new(bytes), chunk, Vec::new(), usize::MAX);
    let pages = BasicDecompressor::new(pages, Vec::new());
    let ty = &chunk.descriptor().descriptor.primitive_type;
    Ok(column_iter_to_arrays(vec![pages], vec![ty], field, rows)?.0)
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, DataType, IntoSeries as _, NamedFrom as _, ParquetWriter};

    use super::super::super::typed::{Exact, Typed};
    use super::*;

    /// 50 rows in groups of 30 and 20: texts by a dictionary and without one, amounts and days, each with holes.
    fn written(folder: &tempfile::TempDir) -> PathBuf {
        let row = 0..50i64;
        let words: Vec<Option<String>> =
            row.clone().map(|row| (row % 7 != 0).then(|| format!("w{}", row % 3))).collect();
        let ids: Vec<String> = row.clone().map(|row| format!("an identifier of its own {row}")).collect();
        let units: Vec<Option<i64>> = row.clone().map(|row| (row % 5 != 0).then_some(row * 100 - 1)).collect();
        let days: Vec<Option<i32>> = (0..50).map(|row| (row % 4 != 0).then_some(20_000 + row)).collect();
        let units = Series::new("amount".into(), units).cast(&DataType::Int128).unwrap();
        let units = units.i128().unwrap().clone().into_decimal_unchecked(18, 2).into_series();
        let columns = vec![
            Series::new("word".into(), words).into_column(),
            Series::new("id".into(), ids).into_column(),
            units.into_column(),
            Series::new("day".into(), days).cast(&DataType::Date).unwrap().into_column(),
        ];
        let path = folder.path().join("p.parquet");
        let mut frame = DataFrame::new(50, columns).unwrap();
        ParquetWriter::new(File::create(&path).unwrap()).with_row_group_size(Some(30)).finish(&mut frame).unwrap();
        path
    }

    #[test]
    fn pieces_of_row_groups_hold_what_the_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let content = Arc::new(Content::read(&written(&folder)).unwrap());
        assert_eq!(
            (content.rows(), content.headers()),
            (50, ["word", "id", "amount", "day"].map(str::to_owned).to_vec())
        );
        let pieces = content.pieces();
        assert!(pieces.len() > 4 && pieces.iter().all(|piece| piece.rows <= ROWS + ROWS / 2));
        let mut next = 0;
        for piece in pieces {
            assert_eq!(piece.before, next);
            let typed = [0, 1, 2, 3].map(|field| Typed::new(&Arc::new(piece.clone()), field, None));
            assert!(matches!(piece.column(0), Ok(Decoded::Words(_))));
            let rows: Vec<u32> = (0..u32::try_from(piece.rows).unwrap()).collect();
            for row in 0..piece.rows {
                let number = next + row;
                let word = if number % 7 == 0 { String::new() } else { format!("w{}", number % 3) };
                assert_eq!(typed[0].bytes(row), word.as_bytes());
                assert_eq!(typed[1].bytes(row), format!("an identifier of its own {number}").as_bytes());
            }
            let units = |number: i128| if number % 5 == 0 { Exact::Missing } else { Exact::Units(number * 100 - 1, 2) };
            let day = |number: i32| if number % 4 == 0 { Exact::Missing } else { Exact::Day(20_000 + number) };
            assert!(typed[2].visit(&rows, |row, exact| assert_eq!(exact, units((next + row) as i128))));
            assert!(typed[3].visit(&rows, |row, exact| assert_eq!(exact, day(i32::try_from(next + row).unwrap()))));
            next += piece.rows;
        }
        assert_eq!(next, 50);
    }

    #[test]
    fn some_rows_of_a_piece_are_those_rows() {
        let folder = tempfile::tempdir().unwrap();
        let content = Arc::new(Content::read(&written(&folder)).unwrap());
        for piece in content.pieces() {
            let some: Vec<u32> = (0..u32::try_from(piece.rows).unwrap()).filter(|row| row % 3 == 1).collect();
            for field in 0..4 {
                let picked = piece.picked(field, &some).unwrap();
                let Decoded::Plain(all) = piece.elsewise(&content.headers()[field]).unwrap() else { panic!() };
                for (at, row) in some.iter().enumerate() {
                    assert_eq!(picked.get(at).unwrap(), all.get(*row as usize).unwrap());
                }
            }
        }
    }
}
