//! The rows of one population as they arrive: in memory while all populations together are small, then file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use polars::prelude::{
    BooleanChunked, ChunkFull as _, Column as Stored, DataFrame, DataType, Int64Chunked, IntoColumn as _, IpcReader,
    IpcWriter, NewChunkedArray as _, PolarsResult, SerReader as _, SerWriter as _,
};
use tieout_model::ColumnType;
use tieout_model::types::Physical;

use crate::convert::Column;
use crate::store::{Frame, REC, UNREADABLE};

/// Bytes of one file on disk, at most about; where little memory is left it is less.
const FILE_SIZE: usize = 48 << 20;
/// Rows that wait to be written are such a part of what may be in memory.
const WAITING: usize = 8;

/// Columns of a population's frame and their types.
pub(crate) type Layout = BTreeMap<String, ColumnType>;

/// Memory that all populations share.
pub(crate) struct Budget {
    used: AtomicUsize,
    limit: usize,
    /// Bytes of one file on disk; tests have several without a million rows.
    file: usize,
}

/// Rows by column: those of a batch, or all of a file so far.
#[derive(Default)]
pub(crate) struct Rows {
    pub records: Vec<i64>,
    pub columns: Vec<(String, Column)>,
}

/// A piece of a population.
#[derive(Clone)]
pub(crate) enum Chunk {
    Memory(DataFrame),
    Disk(PathBuf),
}

/// Where a population's rows go.
pub(crate) struct Spill {
    pub layout: Layout,
    budget: Arc<Budget>,
    folder: Option<Arc<tempfile::TempDir>>,
    files: usize,
}

/// The rows of one file.
#[derive(Default)]
pub(crate) struct Chunks {
    list: Vec<Chunk>,
    open: Rows,
    bytes: usize,
}

impl Budget {
    /// So many bytes.
    pub fn new(limit: usize) -> Self {
        let file = if cfg!(test) { 48 << 10 } else { (limit / WAITING).clamp(1, FILE_SIZE) };
        Self { used: AtomicUsize::new(0), limit, file }
    }

    fn is_exceeded(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.limit
    }

    fn take(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Rows {
    /// Puts rows with the same columns below; `expected` more are about to come.
    fn append(&mut self, below: Self, expected: usize) {
        if self.columns.is_empty() && self.records.is_empty() {
            *self = below;
            self.records.reserve_exact(expected);
            self.columns.iter_mut().for_each(|(_, column)| column.reserve(expected));
            return;
        }
        if self.records.capacity() - self.records.len() < below.records.len() {
            // There are more rows than the beginning of the file let expect, or it let expect nothing.
            let more = below.records.len() + expected.max(self.records.len() / 2);
            self.records.reserve_exact(more);
            self.columns.iter_mut().for_each(|(_, column)| column.reserve(more));
        }
        self.records.extend_from_slice(&below.records);
        for ((_, column), (_, more)) in self.columns.iter_mut().zip(&below.columns) {
            column.append(more);
        }
    }

    fn bytes(&self) -> usize {
        self.records.len() * (8 + self.columns.iter().map(|(_, column)| column.width()).sum::<usize>())
    }

    /// As a frame; a column with unreadable cells brings its companion.
    fn into_frame(self) -> DataFrame {
        let rows = self.records.len();
        let mut stored = vec![Int64Chunked::from_vec(REC.into(), self.records).into_column()];
        for (name, mut column) in self.columns {
            if let Some(marks) = column.unreadable.take() {
                let companion = format!("{name}{UNREADABLE}");
                stored.push(BooleanChunked::from_slice(companion.as_str().into(), &marks).into_column());
            }
            stored.push(column.into_stored(&name));
        }
        // Every column has as many values as there are rows and a name of its own.
        let frame = DataFrame::new(rows, stored).unwrap_or_default();
        assert_eq!(frame.height(), rows, "a column was converted short");
        frame
    }
}

impl Spill {
    pub fn new(layout: Layout, budget: &Arc<Budget>) -> Self {
        Self { layout, budget: Arc::clone(budget), folder: None, files: 0 }
    }

    /// Takes in the next rows of a file, after which about so many more come.
    pub fn push(&mut self, chunks: &mut Chunks, rows: Rows, expected: usize) -> PolarsResult<()> {
        let bytes = rows.bytes();
        self.budget.take(bytes);
        chunks.bytes += bytes;
        let room = if self.folder.is_some() || self.budget.is_exceeded() { 0 } else { expected };
        chunks.open.append(rows, room);
        if self.budget.is_exceeded() && chunks.bytes >= self.budget.file { self.write(chunks) } else { Ok(()) }
    }

    /// Takes in a frame that is a file's worth by itself.
    pub fn push_frame(&mut self, chunks: &mut Chunks, frame: DataFrame) {
        self.budget.take(frame.estimated_size());
        chunks.list.push(Chunk::Memory(frame));
    }

    /// Gives up the rows of a file that did not come to its end.
    pub fn forget(&self, chunks: Chunks) {
        self.budget.give_back(chunks.bytes);
    }

    /// Ends a file.
    pub fn end(&mut self, chunks: &mut Chunks) -> PolarsResult<()> {
        if self.folder.is_some() || self.budget.is_exceeded() && chunks.bytes >= self.budget.file {
            return self.write(chunks);
        }
        let rows = std::mem::take(&mut chunks.open);
        chunks.bytes = 0;
        chunks.list.push(Chunk::Memory(rows.into_frame()));
        Ok(())
    }

    fn write(&mut self, chunks: &mut Chunks) -> PolarsResult<()> {
        let bytes = std::mem::take(&mut chunks.bytes);
        let frame = std::mem::take(&mut chunks.open).into_frame();
        // Rows that were small enough when they came may be many files' worth.
        let files = bytes.div_ceil(self.budget.file).max(1);
        let each = frame.height().div_ceil(files).max(1);
        let mut from = 0;
        while from < frame.height() {
            let path = self.save(&frame.slice(i64::try_from(from).unwrap_or(i64::MAX), each))?;
            chunks.list.push(Chunk::Disk(path));
            from += each;
        }
        self.budget.give_back(bytes);
        Ok(())
    }

    fn save(&mut self, frame: &DataFrame) -> PolarsResult<PathBuf> {
        let folder = match &self.folder {
            Some(folder) => Arc::clone(folder),
            None => Arc::clone(self.folder.insert(Arc::new(tempfile::tempdir()?))),
        };
        self.files += 1;
        let path = folder.path().join(format!("{:06}.arrow", self.files));
        // All files of a population must agree in their columns, and a later batch may bring the first bad cell.
        let marked: BTreeSet<&str> = self.layout.keys().map(String::as_str).collect();
        let mut whole = unify(frame, &self.layout, &marked)?;
        IpcWriter::new(File::create(&path)?).finish(&mut whole)?;
        Ok(path)
    }

    /// All rows, ready to be scanned. Hidden columns are left out where the rows are in memory.
    pub fn finish(mut self, all: Vec<Chunks>, marked: &BTreeSet<&str>) -> PolarsResult<Frame> {
        let list = all.into_iter().flat_map(|chunks| chunks.list);
        if self.folder.is_none() {
            self.layout.retain(|name, _| !name.starts_with('~'));
            return self.whole(list, marked).map(Frame::Memory);
        }
        let mut paths = Vec::new();
        for chunk in list {
            match chunk {
                Chunk::Disk(path) => paths.push(path),
                Chunk::Memory(frame) => paths.push(self.save(&frame)?),
            }
        }
        let folder = self.folder.take();
        Ok(match folder {
            Some(folder) => Frame::Disk(paths, folder),
            None => Frame::Memory(DataFrame::empty()),
        })
    }

    /// One frame, each column in one piece. Column by column, so that no more than one of them is there twice.
    fn whole(&self, list: impl Iterator<Item = Chunk>, marked: &BTreeSet<&str>) -> PolarsResult<DataFrame> {
        let mut pieces = Vec::new();
        let mut rows = 0;
        for chunk in list {
            let frame = unify(&chunk.read(None)?, &self.layout, marked)?;
            rows += frame.height();
            pieces.push(frame.into_columns().into_iter());
        }
        if pieces.is_empty() {
            return unify(&DataFrame::empty(), &self.layout, marked);
        }
        let mut columns = Vec::new();
        loop {
            let mut parts = pieces.iter_mut().filter_map(Iterator::next);
            let Some(mut column) = parts.next() else { break };
            for part in parts {
                column.append_owned(part)?;
            }
            columns.push(column.rechunk());
        }
        DataFrame::new(rows, columns)
    }
}

impl Chunks {
    /// The pieces, one after the other; only these columns if named (those that are there).
    pub fn frames<'a>(&'a self, columns: Option<&'a [String]>) -> impl Iterator<Item = PolarsResult<DataFrame>> + 'a {
        self.list.iter().map(move |chunk| chunk.read(columns))
    }

    /// Keeps the rows that are marked.
    pub fn filter(&mut self, keep: &[bool], spill: &mut Spill) -> PolarsResult<()> {
        let mut from = 0;
        for chunk in &mut self.list {
            let frame = chunk.read(None)?;
            let mask = BooleanChunked::from_slice("".into(), &keep[from..from + frame.height()]);
            from += frame.height();
            let kept = frame.filter(&mask)?;
            *chunk = match chunk {
                Chunk::Memory(_) => Chunk::Memory(kept),
                Chunk::Disk(old) => {
                    let old = old.clone();
                    let new = Chunk::Disk(spill.save(&kept)?);
                    std::fs::remove_file(old)?;
                    new
                }
            };
        }
        Ok(())
    }
}

impl Chunk {
    fn read(&self, columns: Option<&[String]>) -> PolarsResult<DataFrame> {
        match (self, columns) {
            (Self::Memory(frame), None) => Ok(frame.clone()),
            (Self::Memory(frame), Some(names)) => {
                let here = names.iter().filter(|name| frame.column(name).is_ok()).map(String::as_str);
                frame.select(here)
            }
            (Self::Disk(path), columns) => {
                IpcReader::new(File::open(path)?).with_columns(columns.map(<[String]>::to_vec)).finish()
            }
        }
    }
}

/// The polars type of a column.
pub(crate) fn data_type(ty: ColumnType) -> DataType {
    match ty.physical() {
        Physical::Text => DataType::UInt32,
        Physical::Date => DataType::Int32,
        Physical::Bool => DataType::Boolean,
        Physical::Units => DataType::Int64,
    }
}

/// The frame with exactly the columns of the layout, in its order, absent ones empty.
fn unify(frame: &DataFrame, layout: &Layout, marked: &BTreeSet<&str>) -> PolarsResult<DataFrame> {
    let rows = frame.height();
    let mut columns = vec![match frame.column(REC) {
        Ok(records) => records.clone(),
        Err(_) => Stored::full_null(REC.into(), rows, &DataType::Int64),
    }];
    for (name, ty) in layout {
        columns.push(match frame.column(name) {
            Ok(column) => column.clone(),
            Err(_) => Stored::full_null(name.as_str().into(), rows, &data_type(*ty)),
        });
        if marked.contains(name.as_str()) {
            let companion = format!("{name}{UNREADABLE}");
            columns.push(match frame.column(&companion) {
                Ok(column) => column.clone(),
                Err(_) => BooleanChunked::full(companion.as_str().into(), false, rows).into_column(),
            });
        }
    }
    DataFrame::new(rows, columns)
}

/// Rows whose cell of this column is unreadable.
pub(crate) fn count_unreadable(frame: &DataFrame, name: &str) -> u64 {
    let companion = format!("{name}{UNREADABLE}");
    match frame.column(&companion).map(|column| column.bool()) {
        Ok(Ok(marks)) => u64::from(marks.sum().unwrap_or(0)),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::Values;

    fn rows(from: i64, bad: bool) -> Rows {
        let records: Vec<i64> = (from..from + 100).collect();
        let seventh = |yes: bool| records.iter().map(|units| (units % 7 == 0) == yes).collect::<Vec<bool>>();
        let amount = Column {
            values: Values::Units(records.clone()),
            valid: Some(seventh(false)),
            unreadable: bad.then(|| seventh(true)),
            decimals: 0,
        };
        Rows { columns: vec![("amount".to_owned(), amount)], records }
    }

    fn gathered(limit: usize) -> Frame {
        let layout = [("amount", ColumnType::Money), ("reference", ColumnType::Text), ("~hidden", ColumnType::Date)];
        let layout = layout.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect();
        let mut spill = Spill::new(layout, &Arc::new(Budget::new(limit)));
        let mut all = Vec::new();
        for file in 0..3 {
            let mut chunks = Chunks::default();
            for batch in 0..3 {
                // Only a late batch brings the first unreadable cell.
                spill.push(&mut chunks, rows(file * 1000 + batch * 100, file == 2), 200).unwrap();
                if limit == 0 {
                    spill.write(&mut chunks).unwrap();
                }
            }
            spill.end(&mut chunks).unwrap();
            let keep: Vec<bool> = (0..300).map(|row| row % 3 != 0).collect();
            chunks.filter(&keep, &mut spill).unwrap();
            all.push(chunks);
        }
        spill.finish(all, &BTreeSet::from(["amount"])).unwrap()
    }

    #[test]
    fn disk_and_memory_hold_the_same_rows() {
        let names = [REC, "amount", "amount!", "reference"].map(polars::prelude::col);
        let collect = |frame: &Frame| frame.scan().unwrap().select(names.clone()).collect().unwrap();
        let (memory, disk) = (gathered(usize::MAX), gathered(0));
        assert!(matches!(memory, Frame::Memory(_)) && matches!(disk, Frame::Disk(..)));
        let (memory, disk) = (collect(&memory), collect(&disk));
        assert_eq!(memory.height(), 600);
        assert!(memory.equals_missing(&disk));
    }
}
