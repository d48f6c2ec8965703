//! The prepared store: typed, narrow, columnar populations that rules scan.
//!
//! Text has become typed columns before it gets here; nothing later parses a cell again. Money and quantities are
//! `Int64` at scale 6, prices `Int64` at scale 8, rates `Int64` at scale 12, whole numbers `Int64`, dates `Int32` days
//! since 1970-01-01, booleans `Boolean`; ids, text, enums and periods are `UInt32` codes of `Store::texts`, which holds
//! each text once. An empty cell is null, and what stands beneath a null says nothing.
//! `__rec` (`Int64`, never null) is `RecordRef::pack` of file and record number. A column with unreadable cells has a
//! companion `<column>!` (`Boolean`, never null), true where the cell is unreadable (the value is then null): present,
//! empty and unreadable stay three things.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use polars::prelude::{
    DataFrame, IntoLazy as _, IpcReader, IpcScanOptions, LazyFrame, PlRefPath, PolarsResult, ScanSources,
    SerReader as _, UnifiedScanArgs,
};
use tieout_model::report::{PopulationFacts, SourceFile};
use tieout_model::{ColumnType, Period};

pub use crate::locate::FileLayout;
use crate::texts::Texts;

/// Name of the record column.
pub const REC: &str = "__rec";

/// Suffix of the companion column that marks unreadable cells.
pub const UNREADABLE: &str = "!";

/// Where the rows of a population are.
#[derive(Clone)]
pub enum Frame {
    /// Small: in memory.
    Memory(DataFrame),
    /// Large: Arrow IPC files (which may hold more than the mapped columns: what a derivation used is named `~…`, and
    /// every column has its companion); the guard deletes a temporary folder when the store is dropped.
    Disk(Vec<PathBuf>, Arc<tempfile::TempDir>),
}

/// Where a column's values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A header of the file (or a position in a headerless one).
    Header(String),
    /// The same value for every record.
    Constant(String),
    /// Computed by the mapping: not stated by the biller. Fully qualified columns (`invoice_line.quantity`) that it
    /// rests upon, directly and through other computed columns.
    Computed(Vec<String>),
}

/// A column as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredColumn {
    /// Canonical name.
    pub name: String,
    /// Type in `populations.csv`.
    pub ty: ColumnType,
    /// Where its values come from.
    pub origin: Origin,
    /// True if the frame has a `<name>!` companion.
    pub has_unreadable: bool,
    /// Largest number of decimals seen in the source's cells (numbers only): what the export's precision is.
    pub decimals_max: u8,
}

/// One population, ready to be scanned.
#[derive(Clone)]
pub struct Population {
    /// Canonical name.
    pub name: String,
    /// The rows.
    pub frame: Frame,
    /// Mapped columns by canonical name.
    pub columns: BTreeMap<String, StoredColumn>,
    /// Rows.
    pub records: u64,
    /// Extract window of its sources, if every one states one (their union).
    pub extract: Option<Period>,
    /// For the report.
    pub facts: PopulationFacts,
}

/// Everything that was read.
#[derive(Clone, Default)]
pub struct Store {
    /// By canonical name. A population that no source feeds is absent; one whose files hold no record is present.
    pub populations: BTreeMap<String, Population>,
    /// The files, in the order of `RecordRef::source`.
    pub files: Vec<SourceFile>,
    /// The texts of its columns: what the codes stand for.
    pub texts: Arc<Texts>,
    /// How each file is split into records, for `locate`; empty in a store that was not loaded from files.
    pub layouts: Vec<FileLayout>,
}

impl Frame {
    /// Visits some columns in the order of the rows: at once where they are in memory, else file by file, so that no more
    /// than a file of them is there beside what is made of them.
    ///
    /// # Errors
    ///
    /// A column is not there, a file cannot be read, or the visitor fails.
    pub fn visit(&self, names: &[String], mut visit: impl FnMut(&DataFrame) -> PolarsResult<()>) -> PolarsResult<()> {
        match self {
            Self::Memory(frame) => visit(&frame.select(names.iter().map(String::as_str))?),
            Self::Disk(paths, _guard) => paths.iter().try_for_each(|path| {
                let reader = IpcReader::new(std::fs::File::open(path)?).with_columns(Some(names.to_vec()));
                visit(&reader.finish()?)
            }),
        }
    }

    /// A lazy scan of the rows.
    pub fn scan(&self) -> PolarsResult<LazyFrame> {
        match self {
            Self::Memory(frame) => Ok(frame.clone().lazy()),
            Self::Disk(paths, _guard) => {
                let paths = paths
                    .iter()
                    .map(|path| PlRefPath::try_from_pathbuf(path.clone()))
                    .collect::<PolarsResult<Vec<_>>>()?;
                LazyFrame::scan_ipc_sources(
                    ScanSources::Paths(paths.into_iter().collect()),
                    IpcScanOptions::default(),
                    UnifiedScanArgs::default(),
                )
            }
        }
    }
}
