//! What an entry holds, as it is written: the counts and places of one file by table, and which block is which.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tieout_model::Code;

use super::entry::{Block, BlockId};
use crate::diagnose::{Sighting, Tallies, Tally};

/// All but the blocks themselves.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    /// Digest of the mapping.
    pub mapping: String,
    /// BLAKE3 of the file.
    pub hash: String,
    /// Size of the file.
    pub bytes: u64,
    pub read: u64,
    pub excluded: Vec<TallyText>,
    pub headers: Vec<String>,
    pub seekable: bool,
    pub parquet: bool,
    pub mark: u64,
    pub starts: Vec<(u64, u64, u64)>,
    pub tables: Vec<TableText>,
    pub blocks: Vec<Block>,
}

/// What the file gave one table.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableText {
    /// Which records were negated.
    pub flip: String,
    pub rows: usize,
    /// True if there are columns, be it without a row.
    pub filled: bool,
    pub excluded: u64,
    pub elsewhere: u64,
    pub positive: u64,
    pub negative: u64,
    pub first_positive: Option<SightingText>,
    /// Sums by currency, as written amounts of units.
    pub sums: Vec<(Option<String>, String)>,
    pub without_amount: u64,
    /// Numbers of the records.
    pub records: Vec<BlockId>,
    /// Digests of the records, if several files fed the population.
    pub digests: Option<BlockId>,
    pub columns: BTreeMap<String, ColumnText>,
    /// Documents by series, if a run has read them.
    pub series: Option<Vec<SeriesText>>,
}

/// A column of a table.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnText {
    /// None: an optional header that the file does not have.
    pub values: Option<ValuesText>,
    pub unreadable: u64,
    pub decimals: u8,
    pub tallies: Vec<TallyText>,
}

/// The values of a column: its list of texts if it is one of texts, and its blocks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValuesText {
    pub texts: Option<BlockId>,
    pub blocks: Vec<BlockId>,
}

/// The documents of a series.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesText {
    pub count: usize,
    pub texts: BlockId,
    /// Series, scope, printed number, number, record, kept.
    pub blocks: [BlockId; 6],
}

/// A complaint, counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TallyText {
    pub code: String,
    pub column: String,
    pub count: u64,
    pub first: SightingText,
    pub last_line: u64,
}

/// A sighting.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SightingText {
    record: u64,
    line: u64,
    cell_line: u64,
    column: u32,
    width: u32,
    excerpt: String,
    cell: String,
    field: Option<(usize, String)>,
}

impl From<&Sighting> for SightingText {
    fn from(sighting: &Sighting) -> Self {
        let Sighting { record, line, cell_line, column, width, excerpt, cell, field } = sighting.clone();
        Self { record, line, cell_line, column, width, excerpt, cell, field }
    }
}

impl From<&SightingText> for Sighting {
    fn from(text: &SightingText) -> Self {
        let SightingText { record, line, cell_line, column, width, excerpt, cell, field } = text.clone();
        Self { record, line, cell_line, column, width, excerpt, cell, field }
    }
}

/// Complaints, those about a column or all.
pub(super) fn tallies(all: &Tallies, column: Option<&str>) -> Vec<TallyText> {
    let wanted = all.0.iter().filter(|((_, own), _)| column.is_none_or(|column| own == column));
    wanted
        .map(|((code, column), tally)| TallyText {
            code: code.name().to_owned(),
            column: column.clone(),
            count: tally.count,
            first: SightingText::from(&tally.first),
            last_line: tally.last_line,
        })
        .collect()
}

/// Adds complaints; `None` if one has no known code.
pub(super) fn add_tallies(all: &mut Tallies, texts: &[TallyText]) -> Option<()> {
    for text in texts {
        let code = Code::ALL.iter().find(|code| code.name() == text.code)?;
        let tally = Tally { count: text.count, first: Sighting::from(&text.first), last_line: text.last_line };
        all.0.insert((*code, text.column.clone()), tally);
    }
    Some(())
}
