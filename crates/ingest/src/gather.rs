//! The rows of one population as they arrive: in memory while small, then written file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use polars::prelude::{
    BooleanChunked, ChunkFull as _, Column as Stored, DataFrame, DataType, IntoColumn as _, IpcReader, IpcWriter,
    NewChunkedArray as _, PolarsResult, SerReader as _, SerWriter as _,
};
use tieout_model::ColumnType;
use tieout_model::types::Physical;

use crate::store::{Frame, REC, UNREADABLE};

/// A population larger than this is written to disk.
const MEMORY_MAX: usize = 256 << 20;
/// Bytes of one file on disk, about.
const FILE_SIZE: usize = 48 << 20;

/// Columns of a population's frame and their types.
pub(crate) type Layout = BTreeMap<String, ColumnType>;

/// A piece of a population.
#[derive(Clone)]
pub(crate) enum Chunk {
    Memory(DataFrame),
    Disk(PathBuf),
}

/// Where a population's rows go.
pub(crate) struct Spill {
    pub layout: Layout,
    memory: usize,
    limit: usize,
    folder: Option<Arc<tempfile::TempDir>>,
    files: usize,
}

/// The rows of one file.
#[derive(Default)]
pub(crate) struct Chunks {
    list: Vec<Chunk>,
    waiting: Vec<DataFrame>,
    bytes: usize,
}

impl Spill {
    pub fn new(layout: Layout) -> Self {
        Self { layout, memory: 0, limit: MEMORY_MAX, folder: None, files: 0 }
    }

    /// Takes in the next rows of a file.
    pub fn push(&mut self, chunks: &mut Chunks, frame: DataFrame) -> PolarsResult<()> {
        let bytes = frame.estimated_size();
        self.memory += bytes;
        chunks.bytes += bytes;
        chunks.waiting.push(frame);
        if self.memory <= self.limit || chunks.bytes < FILE_SIZE {
            return Ok(());
        }
        self.write(chunks)
    }

    /// Ends a file.
    pub fn end(&mut self, chunks: &mut Chunks) -> PolarsResult<()> {
        if self.memory > self.limit {
            return self.write(chunks);
        }
        chunks.list.extend(chunks.waiting.drain(..).map(Chunk::Memory));
        chunks.bytes = 0;
        Ok(())
    }

    fn write(&mut self, chunks: &mut Chunks) -> PolarsResult<()> {
        let mut frames = std::mem::take(&mut chunks.waiting);
        chunks.bytes = 0;
        while !frames.is_empty() {
            // Rows that were small enough when they came may be many files' worth.
            let mut size = 0;
            let count = frames.iter().take_while(|frame| {
                let fits = size < FILE_SIZE;
                size += frame.estimated_size();
                fits
            });
            let count = count.count().max(1);
            let batch: Vec<DataFrame> = frames.drain(..count).collect();
            let path = self.save(&batch)?;
            chunks.list.push(Chunk::Disk(path));
        }
        Ok(())
    }

    fn save(&mut self, frames: &[DataFrame]) -> PolarsResult<PathBuf> {
        let folder = match &self.folder {
            Some(folder) => Arc::clone(folder),
            None => Arc::clone(self.folder.insert(Arc::new(tempfile::tempdir()?))),
        };
        self.files += 1;
        let path = folder.path().join(format!("{:06}.arrow", self.files));
        // All files of a population must agree in their columns, and a later batch may bring the first bad cell.
        let marked: BTreeSet<&str> = self.layout.keys().map(String::as_str).collect();
        let mut whole = DataFrame::empty();
        for frame in frames {
            let frame = unify(frame, &self.layout, &marked)?;
            if whole.width() == 0 {
                whole = frame
            } else {
                whole.vstack_mut(&frame)?;
            }
        }
        IpcWriter::new(File::create(&path)?).finish(&mut whole)?;
        Ok(path)
    }

    /// All rows, ready to be scanned. Hidden columns are left out where the rows are in memory.
    pub fn finish(mut self, all: Vec<Chunks>, marked: &BTreeSet<&str>) -> PolarsResult<Frame> {
        let on_disk = self.folder.is_some();
        if !on_disk {
            self.layout.retain(|name, _| !name.starts_with('~'));
            let mut whole = unify(&DataFrame::empty(), &self.layout, marked)?;
            for chunk in all.into_iter().flat_map(|chunks| chunks.list) {
                whole.vstack_mut(&unify(&chunk.read(None)?, &self.layout, marked)?)?;
            }
            whole.rechunk_mut();
            return Ok(Frame::Memory(whole));
        }
        let mut paths = Vec::new();
        for chunk in all.into_iter().flat_map(|chunks| chunks.list) {
            match chunk {
                Chunk::Disk(path) => paths.push(path),
                Chunk::Memory(frame) => paths.push(self.save(&[frame])?),
            }
        }
        let folder = self.folder.take();
        Ok(match folder {
            Some(folder) => Frame::Disk(paths, folder),
            None => Frame::Memory(DataFrame::empty()),
        })
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
                    let new = Chunk::Disk(spill.save(&[kept])?);
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
        Physical::Text => DataType::String,
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
    use polars::prelude::{NamedFrom as _, Series};

    fn frame(from: i64, bad: bool) -> DataFrame {
        let records: Vec<i64> = (from..from + 100).collect();
        let mut columns = vec![
            Series::new(REC.into(), records.clone()).into_column(),
            Series::new(
                "amount".into(),
                records.iter().map(|units| (units % 7 != 0).then_some(*units)).collect::<Vec<_>>(),
            )
            .into_column(),
        ];
        if bad {
            let marks: Vec<bool> = records.iter().map(|units| units % 7 == 0).collect();
            columns.push(Series::new("amount!".into(), marks).into_column());
        }
        DataFrame::new(100, columns).unwrap()
    }

    fn gathered(limit: usize) -> Frame {
        let layout = [("amount", ColumnType::Money), ("reference", ColumnType::Text), ("~hidden", ColumnType::Date)];
        let layout = layout.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect();
        let mut spill = Spill { limit, ..Spill::new(layout) };
        let mut all = Vec::new();
        for file in 0..3 {
            let mut chunks = Chunks::default();
            for batch in 0..3 {
                // Only a late batch brings the first unreadable cell.
                spill.push(&mut chunks, frame(file * 1000 + batch * 100, file == 2)).unwrap();
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
