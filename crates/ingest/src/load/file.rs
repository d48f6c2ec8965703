//! One file: read, split, converted in parallel, fanned out to the tables that it feeds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use rayon::prelude::*;
use tieout_model::report::SourceFile;
use tieout_model::{Code, Diagnostic, Place, RecordRef};

use super::job::Job;
use super::{Loading, messages, store_failed};
use crate::cache;
use crate::convert::Values;
use crate::diagnose::{Sighting, Tallies};
use crate::gather::{Chunks, Rows};
use crate::locate::FileLayout;
use crate::plan::{Bound, TablePlan, bind, rows};
use crate::read::parquet::Again;
use crate::read::split::ReadError;
use crate::read::{Batch, Splitter};
use crate::series::Gathered;
use crate::source::{Kind, Opened, open};
use crate::table::{Flip, Part, Reading, Signs};
use crate::texts::{NO_TEXT, Texts};
use crate::totals::{Sums, control_column};

/// What one file gave one population.
pub(crate) struct FilePart {
    /// Number of the source.
    pub source: usize,
    pub file: u32,
    pub plan: Arc<TablePlan>,
    pub bound: Bound,
    pub headers: Arc<Vec<String>>,
    /// End of the extract window and name, by which exports are ordered.
    pub order: (Option<tieout_model::Date>, String),
    pub chunks: Chunks,
    pub keys: Vec<u128>,
    pub contents: Vec<u64>,
    pub read: u64,
    pub excluded: u64,
    pub elsewhere: u64,
    pub rows: u64,
    /// Unreadable cells by name of column.
    pub unreadable: BTreeMap<String, u64>,
    pub decimals: BTreeMap<String, u8>,
    pub series: Vec<Gathered>,
    pub signs: Signs,
    pub tallies: Tallies,
    /// Σ of the control column as this file states it, by currency.
    pub sums: Sums,
}

/// Everything that one pass over a file gives.
pub(crate) struct Pass {
    pub read: u64,
    pub hash: String,
    pub bytes: u64,
    pub excluded: Tallies,
    pub parts: Vec<FilePart>,
    pub layout: FileLayout,
}

/// Reads a file into the populations; an error leaves nothing of it behind.
pub(super) fn read(
    job: &Job,
    shown: &str,
    path: &Path,
    loading: &mut Loading,
    pool: Option<&rayon::ThreadPool>,
    progress: &dyn Fn(u64),
) {
    let index = u32::try_from(loading.files.len()).unwrap_or(u32::MAX);
    match pass(job, shown, path, index, loading, pool, progress) {
        Ok(pass) => accept(job, shown, path, pass, loading),
        Err(complaints) => {
            for plan in &job.plan.tables {
                if let Some(growing) = loading.growing.get_mut(&plan.population.name) {
                    growing.failed = true;
                }
            }
            loading.diagnostics.extend(complaints);
        }
    }
}

fn accept(job: &Job, shown: &str, path: &Path, pass: Pass, loading: &mut Loading) {
    for plan in &job.plan.tables {
        let Some(growing) = loading.growing.get(&plan.population.name) else { continue };
        if let Some(first) = growing.hashes.get(&pass.hash).filter(|_| pass.bytes > 0) {
            let message = format!("`{shown}` has the same content as `{first}`; it is not used");
            let place = Place { file: shown.to_owned(), ..Place::default() };
            let twice = Diagnostic::new(Code::FileTwice, message)
                .at(place)
                .note(format!("both feed population `{}`, so every record would count twice", plan.population.name))
                .help("remove one of the two, or narrow the pattern in `path`");
            loading.complain(twice);
            return;
        }
    }
    if pass.read == 0 {
        let place = Place { file: shown.to_owned(), ..Place::default() };
        let empty = Diagnostic::new(Code::FileEmpty, format!("`{shown}` holds no records")).at(place);
        loading
            .complain(empty.note("the population is empty as far as this file goes, which is not the same as missing"));
    }
    let mut excluded: BTreeMap<String, u64> = BTreeMap::new();
    for ((code, _), tally) in &pass.excluded.0 {
        *excluded.entry(code.name().to_owned()).or_default() += tally.count;
        loading.diagnostics.push(messages::excluded(*code, tally, shown, pass.read, &pass.layout));
    }
    for part in &pass.parts {
        for ((code, column), tally) in &part.tallies.0 {
            let of = part.rows;
            loading.diagnostics.push(messages::cell(*code, column, tally, shown, of, &job.label, &part.plan));
        }
    }
    loading.files.push(SourceFile {
        path: shown.to_owned(),
        hash: pass.hash.clone(),
        bytes: pass.bytes,
        read: pass.read,
        excluded: excluded.into_iter().collect(),
    });
    loading.layouts.push(pass.layout);
    loading.paths.push(path.to_owned());
    for part in pass.parts {
        if let Some(growing) = loading.growing.get_mut(&part.plan.population.name) {
            growing.hashes.insert(pass.hash.clone(), shown.to_owned());
            growing.parts.push(part);
        }
    }
}

/// One pass over a file.
pub(super) fn pass(
    job: &Job,
    shown: &str,
    path: &Path,
    index: u32,
    loading: &mut Loading,
    pool: Option<&rayon::ThreadPool>,
    progress: &dyn Fn(u64),
) -> Result<Pass, Vec<Diagnostic>> {
    if let Some(pass) = cache::recall(job, (shown, path), index, loading, pool, progress) {
        return Ok(pass);
    }
    let opened = open(path, job.plan.encoding)
        .map_err(|error| vec![messages::read_error(&ReadError::Io(error), shown, &job.plan)])?;
    let (meter, hash) = (opened.meter(), opened.hash());
    let texts = Arc::clone(&loading.texts);
    let parquet = opened.kind == Kind::Parquet;
    let mut layout = FileLayout::new(&opened, &job.plan);
    let failed = |error: ReadError| vec![messages::read_error(&error, shown, &job.plan)];
    let mut again = None;
    let (headers, source) = if parquet {
        let float_places = job.plan.tables.iter().find_map(|table| table.float_places);
        again = Some(Again::new(path, float_places));
        crate::read::parquet::open(path, opened, float_places, &job.plan.tables, shown)?
    } else {
        let Opened { reader, .. } = opened;
        let mut splitter = Splitter::new(reader, job.plan.syntax.clone());
        let headers = splitter.header().map_err(failed)?;
        (headers, Source::Text(Box::new(splitter)))
    };
    layout.headers.clone_from(&headers);
    let headers = Arc::new(headers);
    let mut readings = Vec::new();
    let mut complaints = Vec::new();
    for plan in &job.plan.tables {
        // A file without a single byte of header has nothing to bind.
        let bound = if headers.is_empty() { Ok(Bound::unbound(plan)) } else { bind(plan, &headers, shown) };
        match bound {
            Ok(bound) => readings.push(reading(plan, bound, &headers, index, loading)),
            Err(mut own) => complaints.append(&mut own),
        }
    }
    if !complaints.is_empty() {
        complaints.dedup();
        return Err(complaints);
    }
    let fill_down: BTreeSet<usize> = readings.iter().flat_map(|reading| reading.bound.fill_down.clone()).collect();
    let mut source = source.fill_down(&fill_down.iter().copied().collect::<Vec<_>>());
    let fields: BTreeSet<usize> = readings.iter().flat_map(Reading::fields).chain(fill_down).collect();
    source.keep(&fields.into_iter().collect::<Vec<_>>());
    let mut parts: Vec<FilePart> = readings.iter().map(|reading| FilePart::new(reading, job, shown)).collect();
    let mut read = 0;
    let mut excluded = Tallies::default();
    let threads = pool.map_or_else(rayon::current_num_threads, rayon::ThreadPool::current_num_threads).max(1);
    let outcome: Result<(), Vec<Diagnostic>> = std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Result<Batch, ReadError>>(threads);
        let (spent, used) = channel::<Batch>();
        scope.spawn(move || source.send(&sender, &used));
        loop {
            let group = take(&receiver, threads);
            if group.is_empty() {
                return Ok(());
            }
            progress(meter());
            let mut batches = Vec::with_capacity(group.len());
            for batch in group {
                batches.push(batch.map_err(failed)?);
            }
            let convert = || -> Vec<Vec<Part>> {
                batches
                    .par_iter()
                    .map(|batch| {
                        let each = readings.iter().map(|reading| {
                            let rows = rows(batch, &reading.plan.conditions, &reading.bound.conditions);
                            reading.convert(batch, rows)
                        });
                        each.collect()
                    })
                    .collect()
            };
            let converted = match pool {
                Some(pool) => pool.install(convert),
                None => convert(),
            };
            if let Some(error) = batches.iter().find_map(Batch::error) {
                return Err(failed(error));
            }
            for (batch, converted) in batches.into_iter().zip(converted) {
                read = batch.read;
                layout.note(&batch);
                exclusions(&batch, &mut excluded);
                for ((own, reading), part) in parts.iter_mut().zip(&readings).zip(converted) {
                    own.document_numbers(&batch, reading, &part, &texts);
                    let Some(growing) = loading.growing.get_mut(&own.plan.population.name) else { continue };
                    let rows = own.take(part, &batch);
                    growing.spill.push(&mut own.chunks, &rows).map_err(|error| vec![store_failed(&error)])?;
                }
                // A text is filled again; at the end of the file nobody takes it. Decoded columns are done with.
                if batch.typed.is_empty() {
                    let _ = spent.send(batch);
                }
            }
        }
    });
    outcome?;
    for part in &mut parts {
        part.read = read;
        if let Some(growing) = loading.growing.get_mut(&part.plan.population.name) {
            growing.spill.end(&mut part.chunks).map_err(|error| vec![store_failed(&error)])?;
        }
        assert_eq!(part.read, part.rows + part.excluded + part.elsewhere, "a record of {shown} is not accounted for");
    }
    if let Some(again) = again {
        let firsts = parts.iter_mut().flat_map(|part| {
            part.tallies.0.values_mut().map(|tally| &mut tally.first).chain(part.signs.first.as_mut())
        });
        firsts.for_each(|first| again.show(first));
    }
    let (hash, bytes) = hash();
    let pass = Pass { read, hash, bytes, excluded, parts, layout };
    cache::keep(job, &pass, loading);
    Ok(pass)
}

/// A table that is going to be read.
pub(crate) fn reading(
    plan: &Arc<TablePlan>,
    bound: Bound,
    headers: &Arc<Vec<String>>,
    file: u32,
    loading: &Loading,
) -> Reading {
    Reading {
        plan: Arc::clone(plan),
        bound,
        headers: Arc::clone(headers),
        file,
        flip: flip(plan, loading),
        track: loading.growing.get(&plan.population.name).is_some_and(|growing| growing.files > 1),
        texts: Arc::clone(&loading.texts),
    }
}

/// Which records are negated.
pub(crate) fn flip(plan: &Arc<TablePlan>, loading: &Loading) -> Flip {
    let growing = loading.growing.get(&plan.population.name);
    let positive = growing.is_some_and(|growing| growing.positive.iter().any(|other| Arc::ptr_eq(other, plan)));
    Flip::of(plan.credit_sign, positive)
}

/// What can be had now, at most one batch a thread.
fn take(receiver: &Receiver<Result<Batch, ReadError>>, threads: usize) -> Vec<Result<Batch, ReadError>> {
    let mut group = Vec::new();
    group.extend(receiver.recv().ok());
    while group.len() < threads
        && let Ok(batch) = receiver.try_recv()
    {
        group.push(batch);
    }
    group
}

fn exclusions(batch: &Batch, excluded: &mut Tallies) {
    for record in &batch.excluded {
        excluded.add(record.reason, "", record.line, || {
            let (start, end) = record.span;
            let text = batch.slice(start, end);
            let excerpt = text.lines().next().unwrap_or_default().replace('\0', "\u{2400}");
            Sighting {
                record: record.record,
                line: record.line,
                cell_line: record.line,
                column: 1,
                width: u32::try_from(excerpt.chars().count()).unwrap_or(0),
                excerpt,
                cell: record.found.to_string(),
                field: None,
            }
        });
    }
}

impl FilePart {
    /// Nothing yet.
    pub fn new(reading: &Reading, job: &Job, shown: &str) -> Self {
        // Where records are finer than documents, a number stands on several of them.
        let once = reading.plan.population.key.len() > 1;
        Self {
            source: job.source,
            file: reading.file,
            plan: Arc::clone(&reading.plan),
            bound: reading.bound.clone(),
            headers: Arc::clone(&reading.headers),
            order: (job.extract.map(|extract| extract.to), shown.to_owned()),
            chunks: Chunks::default(),
            keys: Vec::new(),
            contents: Vec::new(),
            read: 0,
            excluded: 0,
            elsewhere: 0,
            rows: 0,
            unreadable: BTreeMap::new(),
            decimals: BTreeMap::new(),
            series: reading.plan.series.iter().filter(|_| reading.plan.numbers).map(|_| Gathered::new(once)).collect(),
            signs: Signs::default(),
            tallies: Tallies::default(),
            sums: Sums::default(),
        }
    }

    fn take(&mut self, part: Part, batch: &Batch) -> Rows {
        self.rows += part.stored.records.len() as u64;
        self.elsewhere += part.elsewhere;
        self.excluded += batch.excluded.len() as u64;
        self.keys.extend(part.keys);
        self.contents.extend(part.contents);
        for (index, count) in part.unreadable {
            *self.unreadable.entry(self.plan.columns[index].name.clone()).or_default() += count;
        }
        for (column, decimals) in self.plan.columns.iter().zip(part.decimals) {
            let most = self.decimals.entry(column.name.clone()).or_default();
            *most = (*most).max(decimals);
        }
        self.signs.positive += part.signs.positive;
        self.signs.negative += part.signs.negative;
        self.signs.first = self.signs.first.take().or(part.signs.first);
        self.tallies.append(part.tallies);
        self.sum(&part.stored);
        part.stored
    }

    /// Adds to the figure that the sender's is held against.
    fn sum(&mut self, rows: &Rows) {
        let column = |name: &str| rows.columns.iter().find(|(own, _)| own == name).map(|(_, column)| column);
        let Some(amounts) = control_column(&self.plan.population.name).and_then(column) else { return };
        let Values::Units(units) = &amounts.values else { return };
        let codes = match column("currency").map(|column| &column.values) {
            Some(Values::Codes(codes)) => Some(codes),
            _ => None,
        };
        let row = |(row, units): (usize, &i64)| {
            (amounts.is_valid(row).then_some(*units), codes.map_or(NO_TEXT, |codes| codes[row]))
        };
        self.sums.extend(units.iter().enumerate().map(row));
    }

    /// Numbers of the batch's documents in order of record, excluded ones and those of other tables included.
    fn document_numbers(&mut self, batch: &Batch, reading: &Reading, part: &Part, texts: &Texts) {
        if self.series.is_empty() {
            return;
        }
        let pack = |record: u64| RecordRef { source: reading.file, record }.pack();
        // Several series mostly number the documents of one header.
        let mut last: Option<Numbers<'_>> = None;
        for ((series, gathered), field) in reading.plan.series.iter().zip(&mut self.series).zip(&reading.bound.series) {
            let numbers = match last.take_if(|last| last.field == *field) {
                Some(same) => last.insert(same),
                None => {
                    let mut documents = Vec::with_capacity(batch.len());
                    let mut kept = part.rows.iter().peekable();
                    for row in 0..batch.len() {
                        let keep = kept.next_if(|kept| **kept as usize == row).is_some();
                        documents.push((pack(batch.numbers[row]), batch.cell(row, *field).trim_ascii(), keep));
                    }
                    for record in &batch.excluded {
                        let repeated = matches!(record.reason, Code::HeaderRepeated | Code::RecordBlank);
                        if let Some((start, end)) = record.fields.get(*field).filter(|_| !repeated) {
                            documents.push((pack(record.record), batch.slice(*start, *end).trim_ascii(), false));
                        }
                    }
                    documents.sort_by_key(|document| document.0);
                    let codes =
                        texts.codes(documents.iter().map(|(_, cell, _)| Some(*cell).filter(|cell| !cell.is_empty())));
                    last.insert(Numbers { field: *field, documents, codes })
                }
            };
            gathered.extend(series, &numbers.documents, &numbers.codes, texts);
        }
    }
}

/// The numbers of one field in a batch: record, cell and whether the record is kept, and the codes of the cells.
struct Numbers<'b> {
    field: usize,
    documents: Vec<(i64, &'b str, bool)>,
    codes: Vec<u32>,
}

/// Where batches come from.
pub(crate) enum Source {
    Text(Box<Splitter<Box<dyn std::io::Read + Send>>>),
    Parquet(Box<crate::read::parquet::Rows>),
}

impl Source {
    fn fill_down(mut self, columns: &[usize]) -> Self {
        if let Self::Text(splitter) = &mut self {
            splitter.fill_down(columns);
        }
        self
    }

    /// Only these fields of a record are going to be read.
    fn keep(&mut self, fields: &[usize]) {
        match self {
            Self::Text(splitter) => splitter.keep(fields),
            Self::Parquet(rows) => rows.keep(fields),
        }
    }

    /// Sends all batches, in place of those that come back as done with; stops when nobody listens.
    fn send(self, sender: &SyncSender<Result<Batch, ReadError>>, used: &Receiver<Batch>) {
        match self {
            Self::Text(mut splitter) => {
                while let Some(batch) = splitter.batch_into(used.try_recv().unwrap_or_default()).transpose() {
                    let failed = batch.is_err();
                    if sender.send(batch).is_err() || failed {
                        return;
                    }
                }
            }
            Self::Parquet(rows) => {
                for batch in *rows {
                    if sender.send(Ok(batch)).is_err() {
                        return;
                    }
                }
            }
        }
    }
}
