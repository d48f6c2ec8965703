//! Parquet → batches, so that one contract converts both them and text.
//!
//! Integers, decimals, dates and strings are exact as they are; every other type has one exact spelling, which the kernels
//! read back. Binary floating point has none, so it is refused unless the mapping declares how many decimals it was rounded
//! to.

mod chunk;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{AnyValue, Column, DataFrame, ParquetReader, PolarsResult, SerReader as _};
use rayon::prelude::*;
use tieout_model::{Code, Diagnostic, Place, RecordRef};

use self::chunk::Content;
pub(crate) use self::chunk::{Decoded, Piece, Words};
use super::batch::{Batch, Kept};
use super::typed::{Typed, spell};
use crate::diagnose::Sighting;
use crate::load::Source;
use crate::locate::Located;
use crate::plan::{How, TablePlan};
use crate::source::Opened;

/// A Parquet file being read.
pub(crate) struct Rows {
    pieces: std::vec::IntoIter<Piece>,
    /// Rows of the file.
    pub total: usize,
    float_places: Option<u8>,
    width: usize,
    kept: Arc<Kept>,
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
    let content = Arc::new(Content::read(path).map_err(|error| failed(&error))?);
    let headers = content.headers();
    if float_places.is_none() {
        let complaints = floats(&content.floats(), tables, shown);
        if !complaints.is_empty() {
            return Err(complaints);
        }
    }
    Ok((headers, Source::Parquet(Box::new(Rows::of(&content, float_places)))))
}

/// Headers, how many records a file has, and the first of them.
pub(crate) fn beginning(path: &Path) -> Option<(Vec<String>, u64, Option<Batch>)> {
    let content = Arc::new(Content::read(path).ok()?);
    let headers = content.headers();
    let mut rows = Rows::of(&content, None);
    Some((headers, rows.total as u64, rows.next()))
}

/// Mapped columns of binary floating point.
fn floats(names: &[String], tables: &[Arc<TablePlan>], shown: &str) -> Vec<Diagnostic> {
    let mut complaints = Vec::new();
    for name in names {
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
    /// All of them.
    fn of(content: &Arc<Content>, float_places: Option<u8>) -> Self {
        let width = content.headers().len();
        let kept = Arc::new(Kept::all(width));
        Self { pieces: content.pieces().into_iter(), total: content.rows(), float_places, width, kept }
    }

    /// Reads the first column and these, and no others.
    pub fn keep(&mut self, fields: &[usize]) {
        self.kept = Arc::new(Kept::only(self.width, fields));
    }
}

impl Iterator for Rows {
    type Item = Batch;

    /// The next rows, of which nothing is decoded yet.
    fn next(&mut self) -> Option<Batch> {
        let piece = Arc::new(self.pieces.next()?);
        let before = piece.before as u64;
        let numbers: Vec<u64> = (1..=piece.rows as u64).map(|row| before + row).collect();
        let column = |field: &usize| Typed::new(&piece, *field, self.float_places);
        Some(Batch {
            kept: Arc::clone(&self.kept),
            typed: self.kept.fields.iter().map(column).collect(),
            start: (0, before, before + 1),
            read: before + piece.rows as u64,
            lines: numbers.clone(),
            numbers,
            ..Batch::default()
        })
    }
}

fn slice(path: &Path, from: usize, rows: usize, columns: Option<Vec<String>>) -> PolarsResult<DataFrame> {
    ParquetReader::new(File::open(path)?).with_columns(columns).with_slice(Some((from, rows))).finish()
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
    let mut found = BTreeMap::new();
    let Ok(content) = Content::read(path).map(Arc::new) else { return found };
    let known = content.headers();
    let fields: Vec<(usize, &String)> =
        headers.iter().filter_map(|header| Some((known.iter().position(|name| name == header)?, header))).collect();
    for piece in content.pieces() {
        let before = piece.before as u64;
        let rows: Vec<u32> = numbers
            .range(before + 1..=before + piece.rows as u64)
            .filter_map(|number| u32::try_from(number - before - 1).ok())
            .collect();
        if rows.is_empty() {
            continue;
        }
        let pick = |(field, _): &(usize, &String)| piece.picked(*field, &rows);
        let picked: PolarsResult<Vec<Column>> = fields.par_iter().map(pick).collect();
        let Ok(picked) = picked else { continue };
        for (at, row) in rows.iter().enumerate() {
            let number = before + u64::from(*row) + 1;
            let cell = |(column, (_, header)): (&Column, &(usize, &String))| {
                let mut text = String::new();
                spell(&mut text, &column.get(at).unwrap_or(AnyValue::Null), None);
                ((*header).clone(), text)
            };
            let cells = picked.iter().zip(&fields).map(cell).collect();
            found.insert(RecordRef { source, record: number }, Located { line: number, cells });
        }
    }
    found
}

fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
