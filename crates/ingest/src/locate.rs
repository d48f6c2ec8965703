//! Finds records again: the editor's line and the cells as received, for the few that a report names.
//!
//! Files are read again rather than kept; an offset for every batch makes that a short read where the file is plain.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek as _, SeekFrom};
use std::path::Path;

use tieout_model::RecordRef;

use crate::plan::FilePlan;
use crate::read::{Batch, Splitter, Syntax};
use crate::source::{Kind, Opened, open};
use crate::store::Store;

/// How a file is split into records.
#[derive(Clone, Debug)]
pub struct FileLayout {
    pub(crate) syntax: Syntax,
    pub(crate) encoding: &'static encoding_rs::Encoding,
    pub(crate) headers: Vec<String>,
    seekable: bool,
    parquet: bool,
    mark: u64,
    /// Byte offset, records before and line of each batch.
    starts: Vec<(u64, u64, u64)>,
}

/// A record as it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The line in an editor, from 1 (in a Parquet file: the record's number).
    pub line: u64,
    /// Header and cell, as received.
    pub cells: Vec<(String, String)>,
}

impl FileLayout {
    pub(crate) fn new(opened: &Opened, plan: &FilePlan) -> Self {
        Self {
            syntax: plan.syntax.clone(),
            encoding: plan.encoding,
            headers: Vec::new(),
            seekable: opened.seekable,
            parquet: opened.kind == Kind::Parquet,
            mark: opened.mark,
            starts: Vec::new(),
        }
    }

    /// What it knows of the file itself: seekable, Parquet, bytes of the mark, and where batches begin.
    pub(crate) fn parts(&self) -> (bool, bool, u64, &[(u64, u64, u64)]) {
        (self.seekable, self.parquet, self.mark, &self.starts)
    }

    /// The same again, for the same file and plan.
    pub(crate) fn restore(
        plan: &FilePlan,
        headers: Vec<String>,
        (seekable, parquet, mark): (bool, bool, u64),
        starts: Vec<(u64, u64, u64)>,
    ) -> Self {
        Self { syntax: plan.syntax.clone(), encoding: plan.encoding, headers, seekable, parquet, mark, starts }
    }

    /// Notes where a batch begins.
    pub(crate) fn note(&mut self, batch: &Batch) {
        self.starts.push(batch.start);
    }
}

/// Finds records by reading their files again below `base`. What cannot be found (a file that is gone, a record that no
/// file states) is not in the result.
pub fn locate(store: &Store, base: &Path, records: &BTreeSet<RecordRef>) -> BTreeMap<RecordRef, Located> {
    let mut wanted: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
    for record in records {
        wanted.entry(record.source).or_default().insert(record.record);
    }
    let mut found = BTreeMap::new();
    for (source, numbers) in wanted {
        let (Some(file), Some(layout)) = (store.files.get(source as usize), store.layouts.get(source as usize)) else {
            continue;
        };
        in_file(&base.join(&file.path), layout, source, &numbers, &mut found);
    }
    found
}

/// Finds records of one file.
pub(crate) fn in_file(
    path: &Path,
    layout: &FileLayout,
    source: u32,
    numbers: &BTreeSet<u64>,
    found: &mut BTreeMap<RecordRef, Located>,
) {
    if layout.parquet {
        found.extend(crate::read::parquet::locate(path, &layout.headers, source, numbers));
        return;
    }
    let Ok(opened) = open(path, layout.encoding) else { return };
    if !layout.seekable {
        let mut splitter = Splitter::new(opened.reader, layout.syntax.clone());
        if splitter.header().is_ok() {
            scan(&mut splitter, layout, source, numbers, found);
        }
        return;
    }
    // One short read for the records of each batch.
    let mut rest = numbers.clone();
    while let Some(first) = rest.first().copied() {
        let at = layout.starts.partition_point(|(_, before, _)| *before < first);
        let Some(start) = at.checked_sub(1).and_then(|at| layout.starts.get(at)).copied() else { return };
        let until = layout.starts.get(at).map_or(u64::MAX, |(_, before, _)| *before);
        let here: BTreeSet<u64> = rest.range(..=until).copied().collect();
        rest = rest.split_off(&until.saturating_add(1));
        let Ok(mut file) = std::fs::File::open(path) else { return };
        if file.seek(SeekFrom::Start(layout.mark + start.0)).is_err() {
            return;
        }
        let mut splitter = Splitter::new(file, layout.syntax.clone());
        splitter.resume(start, &layout.headers);
        scan(&mut splitter, layout, source, &here, found);
    }
}

fn scan<R: std::io::Read>(
    splitter: &mut Splitter<R>,
    layout: &FileLayout,
    source: u32,
    numbers: &BTreeSet<u64>,
    found: &mut BTreeMap<RecordRef, Located>,
) {
    let Some(last) = numbers.last() else { return };
    while let Ok(Some(batch)) = splitter.batch() {
        for row in 0..batch.len() {
            let record = batch.numbers[row];
            if numbers.contains(&record) {
                let cells = layout.headers.iter().enumerate();
                let cells =
                    cells.map(|(column, header)| (header.clone(), batch.cell(row, column).to_owned())).collect();
                found.insert(RecordRef { source, record }, Located { line: batch.lines[row], cells });
            }
        }
        for excluded in batch.excluded.iter().filter(|excluded| numbers.contains(&excluded.record)) {
            let cells = vec![("record".to_owned(), batch.slice(excluded.span.0, excluded.span.1).to_owned())];
            found.insert(RecordRef { source, record: excluded.record }, Located { line: excluded.line, cells });
        }
        if batch.read >= *last {
            return;
        }
    }
}
