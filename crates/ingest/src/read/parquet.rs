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
use crate::diagnose::Sighting;
use crate::load::Source;
use crate::locate::Located;
use crate::plan::{How, TablePlan};
use crate::source::Opened;

/// Rows that are read at a time: a row group as most writers make it, which is decoded as a whole.
const GROUP: usize = 1 << 18;
/// Rows a batch.
const ROWS: usize = 1 << 14;

/// A Parquet file being read.
pub(crate) struct Rows {
    path: PathBuf,
    next: usize,
    /// Rows of the file.
    pub total: usize,
    float_places: Option<u8>,
    headers: Vec<String>,
    kept: Arc<Kept>,
    /// Columns that are kept, of the rows from here on.
    group: (usize, DataFrame),
}

/// Reads a record of a Parquet file again, for a message that shows it as a whole.
pub(crate) struct Again {
    path: PathBuf,
    float_places: Option<u8>,
}

impl Again {
    pub fn new(path: &Path, float_places: Option<u8>) -> Self {
        Self { path: path.to_owned(), float_places }
    }

    /// Completes a sighting, which knows its record and field, by the record's text.
    pub fn show(&self, sighting: &mut Sighting) {
        let Some(before) = sighting.record.checked_sub(1) else { return };
        let Ok(from) = usize::try_from(before) else { return };
        let Ok(batch) = slice(&self.path, from, 1, None).and_then(|frame| render(&frame, before, self.float_places))
        else {
            return;
        };
        if batch.len() == 1 {
            let field = sighting.field.as_ref().map(|(number, _)| number - 1);
            let (cell_line, column, width, excerpt) = batch.excerpt(0, field.unwrap_or(0));
            (sighting.cell_line, sighting.column, sighting.excerpt) = (cell_line, column, excerpt);
            sighting.width = if field.is_some() { width } else { 0 };
        }
    }
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
    let rows = Rows {
        path: path.to_owned(),
        next: 0,
        total,
        float_places,
        kept: Arc::new(Kept::all(headers.len())),
        headers: headers.clone(),
        group: (0, DataFrame::empty()),
    };
    Ok((headers, Source::Parquet(Box::new(rows))))
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
    /// Reads the first column and these, and no others.
    pub fn keep(&mut self, fields: &[usize]) {
        self.kept = Arc::new(Kept::only(self.headers.len(), fields));
    }

    /// The next rows; `None` at the end.
    pub fn batch(&mut self) -> Result<Option<Batch>, ReadError> {
        if self.next >= self.total {
            return Ok(None);
        }
        let io = |error: &dyn std::fmt::Display| ReadError::Io(std::io::Error::other(error.to_string()));
        if self.next >= self.group.0 + self.group.1.height() {
            let rows = GROUP.min(self.total - self.next);
            let kept = self.headers.iter().enumerate().filter(|(field, _)| self.kept.slot(*field).is_some());
            let names = kept.map(|(_, name)| name.clone()).collect();
            let frame = slice(&self.path, self.next, rows, Some(names)).map_err(|error| io(&error))?;
            if frame.height() == 0 {
                return Err(io(&"it ends before its last row"));
            }
            self.group = (self.next, frame);
        }
        let (first, group) = &self.group;
        let from = self.next - first;
        let rows = ROWS.min(group.height() - from);
        let frame = group.slice(i64::try_from(from).unwrap_or(i64::MAX), rows);
        let batch = spelled(&frame, &self.kept, self.next as u64, self.float_places).map_err(|error| io(&error))?;
        self.next += rows;
        Ok(Some(batch))
    }
}

fn slice(path: &Path, from: usize, rows: usize, columns: Option<Vec<String>>) -> PolarsResult<DataFrame> {
    ParquetReader::new(File::open(path)?).with_columns(columns).with_slice(Some((from, rows))).finish()
}

/// Spells the cells of all rows out, column by column: no record lies in one piece.
fn spelled(frame: &DataFrame, kept: &Arc<Kept>, before: u64, float_places: Option<u8>) -> PolarsResult<Batch> {
    let (rows, width) = (frame.height(), kept.count);
    let numbers: Vec<u64> = (1..=rows as u64).map(|row| before + row).collect();
    let mut batch = Batch {
        kept: Arc::clone(kept),
        start: (0, before, before + 1),
        read: before + rows as u64,
        fields: vec![(0, 0); rows * width],
        lines: numbers.clone(),
        spans: vec![(0, 0); rows],
        numbers,
        ..Batch::default()
    };
    let mut text = String::new();
    for (slot, column) in frame.columns().iter().enumerate() {
        let mut cells = batch.fields[slot..].iter_mut().step_by(width);
        let mut put = |text: &mut String, spell: &dyn Fn(&mut String)| {
            let start = index(text.len());
            spell(text);
            if let Some(cell) = cells.next() {
                *cell = (start, index(text.len()));
            }
        };
        match column.dtype() {
            DataType::String => {
                column.str()?.iter().for_each(|word| put(&mut text, &|text| text.push_str(word.unwrap_or_default())));
            }
            DataType::Int64 => {
                let units = |units: Option<i64>| put(&mut text, &|text| decimal(text, units.map(i128::from), 0));
                column.i64()?.iter().for_each(units);
            }
            DataType::Date => {
                let mut last = (None, String::new());
                for day in column.date()?.physical().iter() {
                    if day != last.0 {
                        last = (day, day.map_or_else(String::new, |day| Date(day).to_string()));
                    }
                    put(&mut text, &|text| text.push_str(&last.1));
                }
            }
            DataType::Decimal(_, scale) => {
                let scale = *scale;
                let units = |units: Option<i128>| put(&mut text, &|text| decimal(text, units, scale));
                column.decimal()?.physical().iter().for_each(units);
            }
            _ => {
                for row in 0..rows {
                    let value = column.get(row)?;
                    put(&mut text, &|text| spell(text, &value, float_places));
                }
            }
        }
    }
    batch.raw = text.len();
    batch.text = text.into_bytes();
    Ok(batch)
}

/// The digits of a decimal with as many places as it has; nothing for a missing one.
fn decimal(text: &mut String, units: Option<i128>, scale: usize) {
    let Some(units) = units else { return };
    if units < 0 {
        text.push('-');
    }
    let mut digits = [b'0'; 48];
    let mut at = digits.len();
    let mut rest = units.unsigned_abs();
    let mut put = |digit: u8| {
        at -= 1;
        digits[at] = b'0' + digit;
        at
    };
    let mut first = put(last_digit(&mut rest));
    for _ in 1..=scale.min(38) {
        first = put(last_digit(&mut rest));
    }
    while rest > 0 {
        first = put(last_digit(&mut rest));
    }
    let point = digits.len() - scale.min(38);
    text.push_str(std::str::from_utf8(&digits[first..point]).unwrap_or_default());
    if scale > 0 {
        text.push('.');
        text.push_str(std::str::from_utf8(&digits[point..]).unwrap_or_default());
    }
}

/// Takes the last digit off; nearly all amounts fit 64 bits, whose division is cheap.
fn last_digit(rest: &mut u128) -> u8 {
    let (digit, left) = match u64::try_from(*rest) {
        Ok(small) => (u128::from(small % 10), u128::from(small / 10)),
        Err(_) => (*rest % 10, *rest / 10),
    };
    *rest = left;
    u8::try_from(digit).unwrap_or(0)
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
        let Ok(frame) = slice(path, row, 1, None) else { continue };
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decimals_are_spelled_as_amounts(units in prop_oneof![-1000..1000i128, any::<i64>().prop_map(i128::from), -(10i128.pow(38))..10i128.pow(38)], scale in 0u8..=38) {
            let mut text = String::new();
            decimal(&mut text, Some(units), usize::from(scale));
            prop_assert_eq!(text, tieout_model::Amount::new(units, scale).to_places(scale));
        }
    }
}
