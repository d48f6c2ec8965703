//! Parquet → batches, so that one contract converts both them and text.
//!
//! Integers, decimals, dates and strings are exact as they are; every other type has one exact spelling, which the kernels
//! read back. Binary floating point has none, so it is refused unless the mapping declares how many decimals it was rounded
//! to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{DataFrame, DataType, IdxCa, ParquetReader, PolarsResult, SerReader as _};
use tieout_model::{Code, Diagnostic, Place, RecordRef};

use super::batch::{Batch, Kept};
use super::split::ReadError;
use super::typed::{Typed, spell};
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
        let batch = typed(&frame, &self.kept, self.next as u64, self.float_places).map_err(|error| io(&error))?;
        self.next += rows;
        Ok(Some(batch))
    }
}

fn slice(path: &Path, from: usize, rows: usize, columns: Option<Vec<String>>) -> PolarsResult<DataFrame> {
    ParquetReader::new(File::open(path)?).with_columns(columns).with_slice(Some((from, rows))).finish()
}

/// The cells of these rows as they were decoded: no record lies in one piece.
fn typed(frame: &DataFrame, kept: &Arc<Kept>, before: u64, float_places: Option<u8>) -> PolarsResult<Batch> {
    let rows = frame.height();
    let numbers: Vec<u64> = (1..=rows as u64).map(|row| before + row).collect();
    let typed =
        frame.columns().iter().map(|column| Typed::new(column, float_places)).collect::<PolarsResult<Vec<_>>>()?;
    Ok(Batch {
        kept: Arc::clone(kept),
        typed,
        start: (0, before, before + 1),
        read: before + rows as u64,
        lines: numbers.clone(),
        numbers,
        ..Batch::default()
    })
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

/// Records found again: the rows that are read together once, a column at a time.
pub(crate) fn locate(
    path: &Path,
    headers: &[String],
    source: u32,
    numbers: &BTreeSet<u64>,
) -> BTreeMap<RecordRef, Located> {
    let mut groups: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for row in numbers.iter().filter_map(|number| usize::try_from(number.checked_sub(1)?).ok()) {
        groups.entry(row / GROUP).or_default().push(index(row % GROUP));
    }
    let mut found = BTreeMap::new();
    for (group, rows) in groups {
        let Ok(frame) = picked(path, headers, group * GROUP, rows) else { continue };
        let (frame, rows) = frame;
        let Ok(batch) = render(&frame, 0, None) else { continue };
        for (at, row) in rows.iter().enumerate() {
            let number = (group * GROUP) as u64 + u64::from(*row) + 1;
            let cells =
                headers.iter().enumerate().map(|(column, header)| (header.clone(), batch.cell(at, column).to_owned()));
            found.insert(RecordRef { source, record: number }, Located { line: number, cells: cells.collect() });
        }
    }
    found
}

/// Some rows of those from a place on, and which of them are there.
fn picked(path: &Path, headers: &[String], from: usize, mut rows: Vec<u32>) -> PolarsResult<(DataFrame, Vec<u32>)> {
    let mut columns = Vec::with_capacity(headers.len());
    for name in headers {
        let frame = slice(path, from, GROUP, Some(vec![name.clone()]))?;
        rows.retain(|row| (*row as usize) < frame.height());
        let places = IdxCa::from_vec("".into(), rows.clone());
        columns.extend(frame.take(&places)?.columns().iter().cloned());
    }
    Ok((DataFrame::new(rows.len(), columns)?, rows))
}

fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
