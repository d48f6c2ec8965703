//! A mapping checked against the schema and compiled: what every column of a table is made of.
//!
//! `compile` needs no file, `bind` needs only its headers; all complaints about a mapping come from these two.

mod bind;
mod column;
mod compile;
mod derive;
mod filter;
mod rules;

use std::ops::Range;
use std::sync::Arc;

use tieout_model::{ColumnType, Diagnostic};

use crate::convert::compute::Operation;
use crate::convert::{CellRules, Value};
use crate::profile::{CreditSign, FoldRule, Origin};
use crate::read::Syntax;
use crate::schema::PopulationSchema;
use crate::series::SeriesPlan;
use crate::store;

pub(crate) use bind::{Bound, bind};
pub(crate) use compile::compile;
pub(crate) use filter::{Condition, rows};
pub(crate) use rules::zones;

/// One population as one source fills it, compiled.
#[derive(Clone, Debug)]
pub(crate) struct TablePlan {
    pub population: &'static PopulationSchema,
    /// Operands stand before what is computed from them.
    pub columns: Vec<ColumnPlan>,
    pub conditions: Vec<Condition>,
    pub series: Vec<SeriesPlan>,
    /// False: nobody reads the documents of its series.
    pub numbers: bool,
    pub derive: Vec<DerivePlan>,
    pub credit_sign: CreditSign,
    /// The column that tells credit notes.
    pub document_type: Option<usize>,
    /// Headers whose empty cells repeat the cell above.
    pub fill_down: Vec<String>,
    /// Where the table stands in the mapping.
    pub span: Range<usize>,
    pub origin: Arc<Origin>,
    pub float_places: Option<u8>,
}

/// One column of a table.
#[derive(Clone, Debug)]
pub(crate) struct ColumnPlan {
    /// Name in the frame: canonical, or hidden (`~invoice.issue_date`) if it only feeds a derived population.
    pub name: String,
    /// `invoice.issue_date`.
    pub canonical: String,
    pub ty: ColumnType,
    pub required: bool,
    /// False: mapped, but nobody needs it.
    pub stored: bool,
    pub how: How,
    pub rules: CellRules,
    pub minor: Option<Minor>,
    pub optional: bool,
    pub span: Range<usize>,
    pub origin: Arc<Origin>,
}

/// Where a column comes from.
#[derive(Clone, Debug)]
pub(crate) enum How {
    Header(Vec<String>),
    Position(usize),
    Constant(Value<'static>, String),
    Record,
    Compute {
        operation: Operation,
        operands: Vec<usize>,
        less: bool,
        places: Option<u8>,
    },
    /// Texts of other columns with something between them.
    Join {
        operands: Vec<usize>,
        with: String,
    },
}

impl How {
    /// Columns of the same record that it is made of.
    pub fn operands(&self) -> &[usize] {
        match self {
            Self::Compute { operands, .. } | Self::Join { operands, .. } => operands,
            Self::Header(_) | Self::Position(_) | Self::Constant(..) | Self::Record => &[],
        }
    }

    /// True if it is made of other columns rather than stated.
    pub fn is_computed(&self) -> bool {
        matches!(self, Self::Compute { .. } | Self::Join { .. })
    }
}

/// Where the currency of minor units comes from.
#[derive(Clone, Debug)]
pub(crate) enum Minor {
    Places(u8),
    Header(String),
}

/// A derived population, compiled.
#[derive(Clone, Debug)]
pub(crate) struct DerivePlan {
    pub population: &'static PopulationSchema,
    /// Columns of the table that form the key.
    pub key: Vec<String>,
    pub columns: Vec<DerivedPlan>,
}

/// One column of a derived population.
#[derive(Clone, Debug)]
pub(crate) struct DerivedPlan {
    pub name: String,
    pub ty: ColumnType,
    /// Column of the frame that is folded.
    pub from: String,
    pub rule: FoldRule,
    pub origin: store::Origin,
    /// Folded from a mapped column rather than from a header of its own.
    pub computed: bool,
}

/// A file's plans: how to split it, and the tables that it feeds.
#[derive(Clone, Debug)]
pub(crate) struct FilePlan {
    pub syntax: Syntax,
    pub encoding: &'static encoding_rs::Encoding,
    pub tables: Vec<Arc<TablePlan>>,
}

/// Complaints collected while compiling.
pub(crate) type Complaints = Vec<Diagnostic>;

impl TablePlan {
    /// Where a column's values come from, for the store; computed columns name all that they rest upon.
    pub fn origin_of(&self, index: usize) -> store::Origin {
        match &self.columns[index].how {
            How::Header(spellings) => store::Origin::Header(spellings.first().cloned().unwrap_or_default()),
            How::Position(position) => store::Origin::Header(position.to_string()),
            How::Constant(_, text) => store::Origin::Constant(text.clone()),
            How::Record => store::Origin::Computed(Vec::new()),
            How::Compute { .. } | How::Join { .. } => {
                let mut rests = Vec::new();
                self.rests_upon(index, &mut rests);
                store::Origin::Computed(rests)
            }
        }
    }

    /// Columns that a column is computed from, directly and through others.
    pub fn rests_upon(&self, index: usize, rests: &mut Vec<String>) {
        for operand in self.columns[index].how.operands() {
            let name = &self.columns[*operand].canonical;
            if !rests.contains(name) {
                rests.push(name.clone());
                self.rests_upon(*operand, rests);
            }
        }
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// True if the key holds the record's own number, which says nothing from file to file.
    pub fn numbered(&self) -> bool {
        self.columns
            .iter()
            .any(|column| matches!(column.how, How::Record) && self.population.key.contains(&column.name))
    }
}
