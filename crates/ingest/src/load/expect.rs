//! What sources are about to hold, by their sizes and a look at their beginnings, before anything is read.
//!
//! By it a limit of memory is refused at once that could not be kept. The figures err on the large side.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use tieout_model::types::Physical;
use tieout_model::{ColumnType, Diagnostic};

use super::job::{self, Job};
use super::{LoadOptions, Loading, file, size};
use crate::packed::{PIECE, Packing};
use crate::plan::{FilePlan, TablePlan, bind, rows};
use crate::profile::SourceSpec;
use crate::read::{Batch, Splitter, parquet};
use crate::source::{Kind, open};
use crate::texts::Texts;

/// Records of the beginning of a file in which different texts are counted.
const SAMPLE: usize = 4096;
/// Times that a compressed text is as large as its file, at most mostly.
const UNPACKED: u64 = 12;
/// Bytes of a record's number; they mostly count up.
const RECORD: u64 = 1;
/// Bytes of a document's number in its series.
const NUMBERED: u64 = 8;
/// Bytes of the columns that are made of it.
const NUMBER_WIDTHS: [(&str, u64); 5] = [("series", 1), ("scope", 2), ("number", 4), ("document_no", 4), ("kept", 1)];
/// Bytes that a value has at least, whatever the beginning of a file shows: what is empty there may be filled later.
const WIDTH_MIN: u64 = 2;
/// Bytes that a number has at least.
const AMOUNT_MIN: u64 = 3;
/// Bytes of a text that is held once, with the place by which it is found.
const TEXT: u64 = 48;

/// What all sources hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// By population.
    pub populations: BTreeMap<String, ExpectedRows>,
    /// Bytes of texts, each held once: about, and rather more.
    pub texts: u64,
    /// Bytes of the numbers of documents while they are gathered.
    pub numbers: u64,
}

/// One population as it will be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedRows {
    /// Records, about.
    pub records: u64,
    /// Bytes a record of each column that is stored.
    pub widths: BTreeMap<String, u64>,
}

impl ExpectedRows {
    /// Bytes of all columns.
    pub fn bytes(&self) -> u64 {
        self.records * (RECORD + self.widths.values().sum::<u64>())
    }
}

/// The beginning of a file.
struct Beginning {
    headers: Vec<String>,
    batch: Batch,
    /// Records of the whole file.
    records: u64,
}

/// What cannot be opened or mapped holds nothing here; reading it says why.
pub fn expected(sources: &[SourceSpec], options: &LoadOptions<'_>) -> Expected {
    let mut all = Expected::default();
    // An identifier stands in several populations, but its text is held once: so the column with most of them counts.
    let mut named: BTreeMap<String, u64> = BTreeMap::new();
    let mut complaints: Vec<Diagnostic> = Vec::new();
    let prepared = sources.iter().enumerate();
    let jobs: Vec<Job> =
        prepared.filter_map(|(index, source)| job::prepare(index, source, options, &mut complaints)).collect();
    let here: HashSet<&str> =
        jobs.iter().flat_map(|job| &job.plan.tables).map(|plan| plan.population.name.as_str()).collect();
    for job in &jobs {
        let mut own: BTreeMap<String, u64> = BTreeMap::new();
        let mut records = 0;
        for (_, path) in &job.files {
            let Some(beginning) = beginning(path, &job.plan) else { continue };
            records += beginning.records;
            for plan in &job.plan.tables {
                different(plan, &here, &beginning, &mut own);
                widths(plan, &beginning, &mut all);
            }
        }
        for (name, texts) in own {
            let most = named.entry(name).or_default();
            *most = (*most).max(texts);
        }
        expect(job, records, &mut all);
    }
    all.texts += named.values().sum::<u64>() * TEXT;
    all
}

fn expect(job: &Job, records: u64, all: &mut Expected) {
    for plan in &job.plan.tables {
        let own = all.populations.entry(plan.population.name.clone()).or_default();
        own.records += records;
        for column in plan.columns.iter().filter(|column| column.stored) {
            own.widths.entry(column.name.clone()).or_insert(WIDTH_MIN.min(width(column.ty)));
        }
        if plan.numbers {
            let documents = records * plan.series.len() as u64;
            all.numbers += documents * NUMBERED;
            let numbers = all.populations.entry("document_number".to_owned()).or_default();
            numbers.records += documents;
            numbers.widths.extend(NUMBER_WIDTHS.map(|(name, width)| (name.to_owned(), width)));
        }
        for derive in &plan.derive {
            let derived = all.populations.entry(derive.population.name.clone()).or_default();
            derived.records += records;
            derived.widths.extend(derive.columns.iter().map(|column| (column.name.clone(), width(column.ty))));
        }
    }
}

/// Notes how wide the values of a file's beginning are, and half as much besides: later ones are further apart.
fn widths(plan: &Arc<TablePlan>, beginning: &Beginning, all: &mut Expected) {
    let Ok(bound) = bind(plan, &beginning.headers, "") else { return };
    let loading = Loading::new(&Arc::new(Texts::default()));
    let reading = file::reading(plan, bound, &Arc::new(beginning.headers.clone()), 0, &loading);
    let mut rows = rows(&beginning.batch, &plan.conditions, &reading.bound.conditions);
    rows.truncate(PIECE);
    let count = rows.len() as u64;
    if count == 0 {
        return;
    }
    let own = all.populations.entry(plan.population.name.clone()).or_default();
    for (name, column) in reading.convert(&beginning.batch, rows).stored.columns {
        let mut packing = Packing::new(column.physical());
        packing.append(&column);
        let bytes = (packing.finish().bytes() as u64 * 3).div_ceil(count * 2);
        // An amount that is larger than others by far makes those around it wide.
        let least = if column.physical() == Physical::Units { AMOUNT_MIN } else { WIDTH_MIN };
        let most = plan.columns.iter().find(|column| column.name == name).map_or(8, |column| width(column.ty));
        let known = own.widths.entry(name).or_default();
        *known = bytes.max(least).min(most).max(*known);
    }
}

/// Bytes of a value that lies by itself.
fn width(ty: ColumnType) -> u64 {
    match ty.physical() {
        Physical::Units => 8,
        Physical::Date | Physical::Text => 4,
        Physical::Bool => 1,
    }
}

/// Adds how many texts a file brings by column, if it goes on as it begins. Those that refer to a parent
/// which is read too stand there.
fn different(plan: &TablePlan, here: &HashSet<&str>, beginning: &Beginning, texts: &mut BTreeMap<String, u64>) {
    let Ok(bound) = bind(plan, &beginning.headers, "") else { return };
    let rows = beginning.batch.len().min(SAMPLE);
    for (column, field) in plan.columns.iter().zip(&bound.fields).filter(|(column, _)| column.stored) {
        let parent = plan.population.column(&column.name).and_then(|column| column.references.as_ref());
        let refers = parent.is_some_and(|parent| {
            here.contains(parent.population.as_str()) && parent.population != plan.population.name
        });
        let (Some(field), Physical::Text, false) = (field, column.ty.physical(), refers) else { continue };
        // What counts up takes no memory.
        let known = Texts::default();
        let cells = (0..rows).map(|row| beginning.batch.cell(row, *field));
        let seen: HashSet<&str> = cells.filter(|cell| !known.counts_up(cell)).collect();
        let count = beginning.records * seen.len() as u64 / (rows as u64).max(1);
        *texts.entry(column.name.clone()).or_default() += count;
    }
}

/// Reads the beginning of a file.
fn beginning(path: &Path, plan: &FilePlan) -> Option<Beginning> {
    let opened = open(path, plan.encoding).ok()?;
    let kind = opened.kind;
    if kind == Kind::Parquet {
        let (headers, records, batch) = parquet::beginning(path)?;
        return Some(Beginning { headers, batch: batch.unwrap_or_default(), records });
    }
    let mut splitter = Splitter::new(opened.reader, plan.syntax.clone());
    let headers = splitter.header().ok()?;
    let batch = splitter.batch_into(Batch::default()).ok()?.unwrap_or_default();
    let packed = matches!(kind, Kind::Gzip | Kind::Zstd);
    let bytes = size(path).saturating_mul(if packed { UNPACKED } else { 1 });
    let records = bytes.saturating_mul(batch.len() as u64) / (batch.raw as u64).max(1) + 1;
    Some(Beginning { headers, batch, records })
}
