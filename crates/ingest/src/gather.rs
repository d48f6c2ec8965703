//! The rows of one population as they arrive: in memory while all populations together are small, then file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use polars::prelude::{
    BooleanChunked, ChunkFull as _, Column as Stored, DataFrame, DataType, IntoColumn as _, IpcReader, IpcWriter,
    NewChunkedArray as _, PolarsResult, SerReader as _, SerWriter as _,
};
use rayon::prelude::*;
use tieout_model::ColumnType;
use tieout_model::types::Physical;

use crate::convert::Column;
use crate::packed::{PIECE, Packed, Packing, Table};
use crate::store::{Frame, REC, UNREADABLE};

/// Bytes of one file on disk, at most about; where little memory is left it is less.
const FILE_SIZE: usize = 16 << 20;
/// Rows that wait to be written are such a part of what may be in memory.
const WAITING: usize = 8;
/// Rows of a frame, where a file in memory is looked at piece by piece.
const STEP: usize = 8 * PIECE;

/// Columns of a population's frame and their types.
pub(crate) type Layout = BTreeMap<String, ColumnType>;

/// Memory that all populations share.
pub(crate) struct Budget {
    used: AtomicUsize,
    limit: usize,
    /// Bytes of one file on disk; tests have several without a million rows.
    file: usize,
}

/// Rows of a batch by column.
#[derive(Default)]
pub(crate) struct Rows {
    pub records: Vec<i64>,
    pub columns: Vec<(String, Column)>,
}

/// A piece of a population.
#[derive(Clone)]
pub(crate) enum Chunk {
    Memory(Table),
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
    open: Option<Open>,
    bytes: usize,
}

/// Rows of a file so far.
struct Open {
    records: Packing,
    columns: Vec<OpenColumn>,
}

struct OpenColumn {
    name: String,
    values: Packing,
    /// Which cells could not be read, from the first batch on that has one.
    marks: Option<Packing>,
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

    /// Something that took so many bytes takes other ones.
    fn change(&self, before: usize, after: usize) {
        self.take(after);
        self.give_back(before);
    }
}

impl Open {
    /// With the columns of the first rows, but none of these.
    fn new(first: &Rows) -> Self {
        let column = |(name, column): &(String, Column)| OpenColumn {
            name: name.clone(),
            values: Packing::new(column.physical()),
            marks: None,
        };
        Self { records: Packing::new(Physical::Units), columns: first.columns.iter().map(column).collect() }
    }

    /// Puts rows with the same columns below.
    fn append(&mut self, below: &Rows) {
        self.records.append_numbers(&below.records);
        let append = |(own, (_, more)): (&mut OpenColumn, &(String, Column))| {
            let before = own.values.len();
            own.values.append(more);
            match (&mut own.marks, more.unreadable.as_deref()) {
                (None, None) => {}
                (Some(marks), None) => marks.append_flags(&vec![false; more.len()]),
                (marks, Some(more)) => {
                    marks.get_or_insert_with(|| Packing::repeated(Physical::Bool, Some(0), before)).append_flags(more)
                }
            }
        };
        if below.records.len() < PIECE / 4 {
            self.columns.iter_mut().zip(&below.columns).for_each(append);
        } else {
            self.columns.par_iter_mut().zip(&below.columns).for_each(append);
        }
    }

    fn bytes(&self) -> usize {
        let marks = |column: &OpenColumn| column.marks.as_ref().map_or(0, Packing::bytes);
        let columns = self.columns.iter().map(|column| column.values.bytes() + marks(column));
        self.records.bytes() + columns.sum::<usize>()
    }

    /// Done with; a column with unreadable cells brings its companion.
    fn into_table(self) -> Table {
        let rows = self.records.len();
        let mut columns = vec![(REC.to_owned(), Arc::new(self.records.finish()))];
        for OpenColumn { name, values, marks } in self.columns {
            if let Some(marks) = marks {
                columns.push((format!("{name}{UNREADABLE}"), Arc::new(marks.finish())));
            }
            columns.push((name, Arc::new(values.finish())));
        }
        Table::new(rows, columns)
    }
}

impl Spill {
    pub fn new(layout: Layout, budget: &Arc<Budget>) -> Self {
        Self { layout, budget: Arc::clone(budget), folder: None, files: 0 }
    }

    /// Takes in the next rows of a file.
    pub fn push(&mut self, chunks: &mut Chunks, rows: &Rows) -> PolarsResult<()> {
        let open = chunks.open.get_or_insert_with(|| Open::new(rows));
        open.append(rows);
        let bytes = open.bytes();
        self.budget.change(chunks.bytes, bytes);
        chunks.bytes = bytes;
        if self.budget.is_exceeded() && chunks.bytes >= self.budget.file { self.write(chunks) } else { Ok(()) }
    }

    /// Takes in a table that is a file's worth by itself.
    pub fn push_table(&mut self, chunks: &mut Chunks, table: Table) {
        self.budget.take(table.bytes());
        chunks.list.push(Chunk::Memory(table));
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
        let table = chunks.open.take().map_or_else(Table::default, Open::into_table);
        self.budget.change(std::mem::take(&mut chunks.bytes), table.bytes());
        chunks.list.push(Chunk::Memory(table));
        Ok(())
    }

    fn write(&mut self, chunks: &mut Chunks) -> PolarsResult<()> {
        let bytes = std::mem::take(&mut chunks.bytes);
        let table = chunks.open.take().map_or_else(Table::default, Open::into_table);
        // Rows that were small enough when they came may be many files' worth.
        let files = bytes.div_ceil(self.budget.file).max(1);
        let each = table.rows().div_ceil(files).max(1);
        for from in (0..table.rows()).step_by(each) {
            let path = self.save(&table.frame((from, table.rows().min(from + each)), None)?)?;
            chunks.list.push(Chunk::Disk(path));
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

    /// All rows, ready to be read. Hidden columns are left out where the rows are in memory.
    pub fn finish(mut self, all: Vec<Chunks>, marked: &BTreeSet<&str>) -> PolarsResult<Frame> {
        let list = all.into_iter().flat_map(|chunks| chunks.list);
        if self.folder.is_none() {
            self.layout.retain(|name, _| !name.starts_with('~'));
            return Ok(Frame::Memory(self.whole(list, marked)));
        }
        let mut paths = Vec::new();
        for chunk in list {
            match chunk {
                Chunk::Disk(path) => paths.push(path),
                Chunk::Memory(table) => {
                    for (from, to) in steps(table.rows()) {
                        paths.push(self.save(&table.frame((from, to), None)?)?);
                    }
                }
            }
        }
        let folder = self.folder.take();
        Ok(match folder {
            Some(folder) => Frame::Disk(paths, folder),
            None => Frame::Memory(Table::default()),
        })
    }

    /// One table of the tables of all files, each of which is given up on the way. Absent columns are empty.
    fn whole(&self, list: impl Iterator<Item = Chunk>, marked: &BTreeSet<&str>) -> Table {
        let tables: Vec<Table> = list
            .filter_map(|chunk| match chunk {
                Chunk::Memory(table) => Some(table),
                Chunk::Disk(_) => None,
            })
            .collect();
        let rows = tables.iter().map(Table::rows).sum();
        let mut wanted = vec![(REC.to_owned(), Physical::Units, None)];
        for (name, ty) in &self.layout {
            wanted.push((name.clone(), ty.physical(), None));
            if marked.contains(name.as_str()) {
                wanted.push((format!("{name}{UNREADABLE}"), Physical::Bool, Some(0)));
            }
        }
        let parts: Vec<Vec<(usize, Option<Arc<Packed>>)>> = wanted
            .iter()
            .map(|(name, ..)| tables.iter().map(|table| (table.rows(), table.column(name).cloned())).collect())
            .collect();
        drop(tables);
        let column = |((name, physical, usual), mut parts): ((String, Physical, Option<i64>), Vec<_>)| {
            if let [(_, Some(_))] = parts.as_slice()
                && let Some((_, Some(only))) = parts.pop()
            {
                return (name, only);
            }
            let mut packing = Packing::new(physical);
            for (rows, part) in parts {
                packing.append_packed(match part {
                    Some(part) => Arc::unwrap_or_clone(part),
                    None => Packing::repeated(physical, usual, rows).finish(),
                });
            }
            (name, Arc::new(packing.finish()))
        };
        Table::new(rows, wanted.into_par_iter().zip(parts).map(column).collect())
    }
}

/// Rows in steps; at least one, so that columns without a row are there too.
fn steps(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows.max(1)).step_by(STEP).map(move |from| (from, rows.min(from + STEP)))
}

impl Chunks {
    /// The rows, frame by frame; only these columns if named (those that are there).
    pub fn frames<'a>(&'a self, columns: Option<&'a [String]>) -> impl Iterator<Item = PolarsResult<DataFrame>> + 'a {
        self.list.iter().flat_map(move |chunk| -> Box<dyn Iterator<Item = PolarsResult<DataFrame>> + 'a> {
            match chunk {
                Chunk::Memory(table) => Box::new(steps(table.rows()).map(move |step| table.frame(step, columns))),
                Chunk::Disk(path) => Box::new(std::iter::once_with(move || read(path, columns))),
            }
        })
    }

    /// Keeps the rows that are marked.
    pub fn filter(&mut self, keep: &[bool], spill: &mut Spill) -> PolarsResult<()> {
        let mut from = 0;
        for chunk in &mut self.list {
            match chunk {
                Chunk::Memory(table) => {
                    let kept = table.filter(&keep[from..from + table.rows()]);
                    from += table.rows();
                    spill.budget.change(table.bytes(), kept.bytes());
                    *table = kept;
                }
                Chunk::Disk(path) => {
                    let frame = read(path, None)?;
                    let mask = BooleanChunked::from_slice("".into(), &keep[from..from + frame.height()]);
                    from += frame.height();
                    let new = spill.save(&frame.filter(&mask)?)?;
                    std::fs::remove_file(&*path)?;
                    *path = new;
                }
            }
        }
        Ok(())
    }
}

fn read(path: &PathBuf, columns: Option<&[String]>) -> PolarsResult<DataFrame> {
    IpcReader::new(File::open(path)?).with_columns(columns.map(<[String]>::to_vec)).finish()
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
                spill.push(&mut chunks, &rows(file * 1000 + batch * 100, file == 2)).unwrap();
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
        let names = [REC, "amount", "amount!", "reference"];
        let collect = |frame: &Frame| frame.whole().unwrap().select(names).unwrap();
        let (memory, disk) = (gathered(usize::MAX), gathered(0));
        assert!(matches!(memory, Frame::Memory(_)) && matches!(disk, Frame::Disk(..)));
        let (memory, disk) = (collect(&memory), collect(&disk));
        assert_eq!(memory.height(), 600);
        assert!(memory.equals_missing(&disk));
    }
}
