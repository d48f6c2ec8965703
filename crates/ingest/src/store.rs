//! The prepared store: typed, narrow, columnar populations that rules scan.
//!
//! Text has become typed columns before it gets here; nothing later parses a cell again. Columns are integers (`packed`):
//! money and quantities at scale 6, prices at scale 8, rates at scale 12, whole numbers, dates as days since 1970-01-01,
//! booleans; ids, text, enums and periods as codes of `Store::texts`, which holds each text once. In files they are
//! `Int64`, `Int32`, `Boolean` and `UInt32`. An empty cell is null, and what stands beneath a null says nothing.
//! `__rec` (64 bits, never null) is `RecordRef::pack` of file and record number. A column with unreadable cells has a
//! companion `<column>!` (`Boolean`, never null), true where the cell is unreadable (the value is then null): present,
//! empty and unreadable stay three things.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use polars::prelude::{DataFrame, IpcReader, PolarsResult, SerReader as _};
use tieout_model::report::{PopulationFacts, SourceFile};
use tieout_model::{ColumnType, Period};

pub use crate::locate::FileLayout;
use crate::packed::{PIECE, Table};
use crate::texts::Texts;

/// Name of the record column.
pub const REC: &str = "__rec";

/// Suffix of the companion column that marks unreadable cells.
pub const UNREADABLE: &str = "!";

/// Where the rows of a population are.
#[derive(Clone)]
pub enum Frame {
    /// Small: in memory.
    Memory(Table),
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

/// Rows that are visited at a time.
const STEP: usize = 8 * PIECE;

impl Frame {
    /// In memory, of a frame whose columns are as they are in files.
    ///
    /// # Errors
    ///
    /// A column of another type.
    pub fn of(frame: &DataFrame) -> PolarsResult<Self> {
        Table::of(frame).map(Self::Memory)
    }

    /// Visits some columns in the order of the rows, some rows at a time or file by file, so that no more of them is there
    /// beside what is made of them.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or the visitor fails. A column that is not there is not in the frame.
    pub fn visit(&self, names: &[String], mut visit: impl FnMut(&DataFrame) -> PolarsResult<()>) -> PolarsResult<()> {
        match self {
            Self::Memory(table) => (0..table.rows())
                .step_by(STEP)
                .try_for_each(|from| visit(&table.frame((from, table.rows().min(from + STEP)), Some(names))?)),
            Self::Disk(paths, _guard) => paths.iter().try_for_each(|path| {
                let reader = IpcReader::new(std::fs::File::open(path)?).with_columns(Some(names.to_vec()));
                visit(&reader.finish()?)
            }),
        }
    }

    /// All rows and columns as one frame.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub fn whole(&self) -> PolarsResult<DataFrame> {
        match self {
            Self::Memory(table) => table.frame((0, table.rows()), None),
            Self::Disk(paths, _guard) => {
                let mut whole = DataFrame::empty();
                for path in paths {
                    let frame = IpcReader::new(std::fs::File::open(path)?).finish()?;
                    whole = if whole.width() == 0 { frame } else { whole.vstack(&frame)? };
                }
                Ok(whole)
            }
        }
    }
}
