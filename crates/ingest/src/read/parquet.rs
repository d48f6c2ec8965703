//! Parquet → batches of the same shape as text, so that one contract converts both.
//!
//! Integers, decimals, dates and strings have one exact spelling each, which the kernels read back; binary floating point
//! has none, so it is refused unless the mapping declares how many decimals it was rounded to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{AnyValue, DataFrame, DataType, ParquetReader, PolarsResult, SerReader as _};
use tieout_model::{Code, Date, Diagnostic, Place, RecordRef};

use super::batch::{Batch, Kept};
use super::split::ReadError;
use crate::load::Source;
use crate::locate::Located;
use crate::plan::{How, TablePlan};
use crate::source::Opened;

/// Rows a batch.
const ROWS: usize = 1 << 16;

/// A Parquet file being read.
pub(crate) struct Rows {
    path: PathBuf,
    next: usize,
    total: usize,
    float_places: Option<u8>,
}

/// Headers and rows; the file's bytes are hashed on the way.
pub(crate) fn open(
    path: &Path,
    mut opened: Opened,
    float_places: Option<u8>,
    tables: &[Arc<TablePlan>],
    shown: &str,
) -> Result<(Vec<String>, Source), Vec<Diagnostic>> {
    let failed = |error: &dyn std::fmt::Display| {
        let place = Place { file: shown.to_owned(), ..Place::default() };
        vec![Diagnostic::new(Code::FileUnreadable, format!("`{shown}` cannot be read as Parquet: {error}")).at(place)]
    };
    std::io::copy(&mut opened.reader, &mut std::io::sink()).map_err(|error| failed(&error))?;
    let file = File::open(path).map_err(|error| failed(&error))?;
    let mut reader = ParquetReader::new(file);
    let total = reader.num_rows().map_err(|error| failed(&error))?;
    let frame = reader.with_slice(Some((0, 1))).finish().map_err(|error| failed(&error))?;
    let headers: Vec<String> = frame.get_column_names().into_iter().map(ToString::to_string).collect();
    if float_places.is_none() {
        let complaints = floats(&frame, tables, shown);
        if !complaints.is_empty() {
            return Err(complaints);
        }
    }
    Ok((headers, Source::Parquet(Box::new(Rows { path: path.to_owned(), next: 0, total, float_places }))))
}

/// Mapped columns of binary floating point.
fn floats(frame: &DataFrame, tables: &[Arc<TablePlan>], shown: &str) -> Vec<Diagnostic> {
    let mut complaints = Vec::new();
    for column in
        frame.columns().iter().filter(|column| matches!(column.dtype(), DataType::Float32 | DataType::Float64))
    {
        let name = column.name().as_str();
        let mapped = tables.iter().flat_map(|table| &table.columns).find(|mapped| match &mapped.how {
            How::Header(spellings) => spellings.iter().any(|spelling| spelling == name),
            _ => false,
        });
        let Some(mapped) = mapped else { continue };
        let message =
            format!("column \"{name}\" of `{shown}` is binary floating point and feeds `{}`", mapped.canonical);
        let place = Place { file: shown.to_owned(), ..Place::default() };
        complaints.push(
            Diagnostic::new(Code::FloatColumn, message)
                .at(place)
                .note("a binary fraction cannot state cents: 1.005 is stored as 1.00499999999999989…")
                .help("export the column as a decimal, or declare `float_places = 2` under [format] to accept it at that precision"),
        );
    }
    complaints
}

impl Rows {
    /// The next rows; `None` at the end.
    pub fn batch(&mut self) -> Result<Option<Batch>, ReadError> {
        if self.next >= self.total {
            return Ok(None);
        }
        let rows = ROWS.min(self.total - self.next);
        let io = |error: &dyn std::fmt::Display| ReadError::Io(std::io::Error::other(error.to_string()));
        let frame = slice(&self.path, self.next, rows).map_err(|error| io(&error))?;
        let batch = render(&frame, self.next as u64, self.float_places).map_err(|error| io(&error))?;
        self.next += rows;
        Ok(Some(batch))
    }
}

fn slice(path: &Path, from: usize, rows: usize) -> PolarsResult<DataFrame> {
    ParquetReader::new(File::open(path)?).with_slice(Some((from, rows))).finish()
}

/// Spells every cell out.
fn render(frame: &DataFrame, before: u64, float_places: Option<u8>) -> PolarsResult<Batch> {
    let (rows, width) = (frame.height(), frame.width());
    let kept = Arc::new(Kept::all(width));
    let mut batch = Batch { kept, start: (0, before, before + 1), read: before + rows as u64, ..Batch::default() };
    batch.fields.reserve(rows * width);
    let mut text = String::new();
    for row in 0..rows {
        let begin = index(text.len());
        for column in frame.columns() {
            let start = index(text.len());
            spell(&mut text, &column.get(row)?, float_places);
            batch.fields.push((start, index(text.len())));
            text.push(',');
        }
        text.pop();
        batch.numbers.push(before + row as u64 + 1);
        batch.lines.push(before + row as u64 + 1);
        batch.spans.push((begin, index(text.len())));
        text.push('\n');
    }
    batch.raw = text.len();
    batch.text = text.into_bytes();
    Ok(batch)
}

/// The exact spelling of a value; writing to a string cannot fail.
fn spell(text: &mut String, value: &AnyValue<'_>, float_places: Option<u8>) {
    let places = usize::from(float_places.unwrap_or(17));
    let _ = match value {
        AnyValue::Null => Ok(()),
        AnyValue::String(word) => {
            text.push_str(word);
            Ok(())
        }
        AnyValue::StringOwned(word) => {
            text.push_str(word);
            Ok(())
        }
        AnyValue::Boolean(flag) => write!(text, "{flag}"),
        AnyValue::Decimal(units, _, scale) => {
            let scale = u8::try_from(*scale).unwrap_or(u8::MAX);
            write!(text, "{}", tieout_model::Amount::new(*units, scale).to_places(scale))
        }
        AnyValue::Date(day) => write!(text, "{}", Date(*day)),
        AnyValue::Datetime(ticks, unit, _) => instant(text, *ticks, *unit),
        // The shortest digits of a binary fraction are a guess; so many places are a declaration.
        AnyValue::Float64(value) => write!(text, "{value:.places$}"),
        AnyValue::Float32(value) => write!(text, "{value:.places$}"),
        other => write!(text, "{other}"),
    };
}

fn instant(text: &mut String, ticks: i64, unit: polars::prelude::TimeUnit) -> std::fmt::Result {
    use polars::prelude::TimeUnit;
    let a_second = match unit {
        TimeUnit::Nanoseconds => 1_000_000_000,
        TimeUnit::Microseconds => 1_000_000,
        TimeUnit::Milliseconds => 1_000,
    };
    let seconds = ticks.div_euclid(a_second);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let day = Date(i32::try_from(day).unwrap_or(i32::MAX));
    write!(text, "{day} {:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// Records found again.
pub(crate) fn locate(
    path: &Path,
    headers: &[String],
    source: u32,
    numbers: &BTreeSet<u64>,
) -> BTreeMap<RecordRef, Located> {
    let mut found = BTreeMap::new();
    for number in numbers {
        let Some(row) = number.checked_sub(1).and_then(|row| usize::try_from(row).ok()) else { continue };
        let Ok(frame) = slice(path, row, 1) else { continue };
        let Ok(batch) = render(&frame, number - 1, None) else { continue };
        if batch.len() == 1 {
            let cells =
                headers.iter().enumerate().map(|(column, header)| (header.clone(), batch.cell(0, column).to_owned()));
            found.insert(RecordRef { source, record: *number }, Located { line: *number, cells: cells.collect() });
        }
    }
    found
}

fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
