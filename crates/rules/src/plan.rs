//! The plan algebra: a small relational tree that selects candidates; it knows no engine.
//!
//! Every operator states its null rule. No operator promises an order of rows: whoever needs one sorts by a total key.

mod few;
mod in_force;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::expr::Expr;
use crate::value::{Column, Relation, Ty};

pub use self::few::Few;
pub use self::in_force::{Fall, InForce, Range};

/// How two inputs are joined. A missing key never matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Join {
    /// Rows of both that match.
    Inner,
    /// All rows of the left; missing values where nothing matches.
    Left,
    /// Rows of the left that match at least one.
    Semi,
    /// Rows of the left that match none; rows with a missing key stay.
    Anti,
}

/// An aggregate over a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Agg {
    /// Rows.
    Count,
    /// Σ of the present values; 0 for none (count the missing ones apart).
    Sum(String),
    /// Rows whose value is missing.
    Missing(String),
    /// Rows whose truth is true.
    True(String),
    /// Smallest present number or date.
    Min(String),
    /// Largest present number or date.
    Max(String),
    /// The value that all rows of a group have.
    Any(String),
}

/// A relational operator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Plan {
    /// Columns of a population, as `column → name in the plan`; `__rec` is a column like any other.
    Scan {
        /// Canonical population.
        population: String,
        /// Stored column and the name it gets here, with its type.
        columns: Vec<(String, Column)>,
    },
    /// Given rows.
    Rows(Arc<Relation>),
    /// Rows whose condition is true (not false, not missing).
    Filter(Box<Plan>, Expr),
    /// Exactly these columns.
    Project(Box<Plan>, Vec<(String, Expr)>),
    /// The input's columns and these.
    Extend(Box<Plan>, Vec<(String, Expr)>),
    /// The rows whose key so many rows have at least; a missing key is a value like any.
    Repeated {
        /// Input.
        input: Box<Plan>,
        /// Key columns.
        keys: Vec<String>,
        /// Rows of a key, at least.
        times: u64,
    },
    /// The input, and the nearest other values of a number column among the rows with the same keys (a missing key is a value
    /// like any); missing where there is none, and for a row without a number.
    Neighbours {
        /// Input.
        input: Box<Plan>,
        /// Key columns.
        keys: Vec<String>,
        /// The number column.
        number: String,
        /// Names of the next lower number, of the next higher one, and of a truth that holds for just one row of each number.
        names: [String; 3],
    },
    /// Rows of the input whose record is among those that an engine has been told to hold.
    Among {
        /// Input.
        input: Box<Plan>,
        /// Column with the record.
        rec: String,
        /// What `Engine::hold` gave.
        held: usize,
    },
    /// One of so many parts of the input's rows. Each row is in just one of them, and rows with the same keys (a missing key
    /// is a value like any) in the same one; in which is the engine's business, and the same for all plans over the same rows.
    Part {
        /// Input.
        input: Box<Plan>,
        /// Key columns; none: each row by itself.
        keys: Vec<String>,
        /// Which one, from 0.
        number: u32,
        /// How many there are.
        of: u32,
    },
    /// The input as it is. These columns are read more than once, so that an engine does well to compute them only once.
    Once(Box<Plan>, Vec<String>),
    /// Equi-join; the right key columns are dropped, other names must differ.
    Join {
        /// Left input.
        left: Box<Plan>,
        /// Right input.
        right: Box<Plan>,
        /// Pairs of key columns (left, right).
        on: Vec<(String, String)>,
        /// How.
        how: Join,
    },
    /// The input with the row in force of a reference beside it.
    InForce(Box<InForce>),
    /// One row a group; missing keys form groups like any value.
    Aggregate {
        /// Input.
        input: Box<Plan>,
        /// Group columns.
        keys: Vec<String>,
        /// Result columns.
        aggs: Vec<(String, Agg)>,
    },
    /// Rows of all inputs; same columns in the same order.
    Union(Vec<Plan>),
    /// One row a key: the row itself where the key is unique, missing values where it is not; `count` says which.
    /// Rows with a missing key are dropped.
    Unique {
        /// Input.
        input: Box<Plan>,
        /// Key columns.
        keys: Vec<String>,
        /// Name of the column that counts the rows.
        count: String,
    },
}

impl Agg {
    /// The column that it is of; none for a count of rows.
    pub fn of(&self) -> Option<&String> {
        match self {
            Self::Count => None,
            Self::Sum(of) | Self::Missing(of) | Self::True(of) | Self::Min(of) | Self::Max(of) | Self::Any(of) => {
                Some(of)
            }
        }
    }
}

impl Plan {
    /// Keeps rows whose condition is true.
    #[must_use]
    pub fn filter(self, condition: Expr) -> Self {
        Self::Filter(Box::new(self), condition)
    }

    /// Exactly these columns.
    #[must_use]
    pub fn project(self, columns: Vec<(String, Expr)>) -> Self {
        Self::Project(Box::new(self), columns)
    }

    /// These columns besides.
    #[must_use]
    pub fn extend(self, columns: Vec<(String, Expr)>) -> Self {
        if columns.is_empty() { self } else { Self::Extend(Box::new(self), columns) }
    }

    /// The rows whose key so many rows have at least.
    #[must_use]
    pub fn repeated(self, keys: &[String], times: u64) -> Self {
        Self::Repeated { input: Box::new(self), keys: keys.to_vec(), times }
    }

    /// The same, with columns that are read more than once.
    #[must_use]
    pub fn once(self, columns: &[&str]) -> Self {
        Self::Once(Box::new(self), columns.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Equi-join.
    #[must_use]
    pub fn join(self, right: Self, on: Vec<(String, String)>, how: Join) -> Self {
        Self::Join { left: Box::new(self), right: Box::new(right), on, how }
    }

    /// One row a group.
    #[must_use]
    pub fn aggregate(self, keys: Vec<String>, aggs: Vec<(String, Agg)>) -> Self {
        Self::Aggregate { input: Box::new(self), keys, aggs }
    }

    /// The distinct values of some columns.
    #[must_use]
    pub fn distinct(self, columns: &[String]) -> Self {
        let types: BTreeMap<String, Ty> = self.columns().into_iter().map(|column| (column.name, column.ty)).collect();
        let keep = columns.iter().map(|name| (name.clone(), Expr::col(name.clone(), types[name]))).collect();
        self.project(keep).aggregate(columns.to_vec(), Vec::new())
    }

    /// The columns of the result with their types.
    pub fn columns(&self) -> Vec<Column> {
        match self {
            Self::Scan { columns, .. } => columns.iter().map(|(_, column)| column.clone()).collect(),
            Self::Rows(relation) => relation.columns.clone(),
            Self::InForce(force) => force.columns(),
            Self::Filter(input, _) | Self::Once(input, _) | Self::Among { input, .. } | Self::Part { input, .. } => {
                input.columns()
            }
            Self::Project(_, columns) => columns.iter().map(named).collect(),
            Self::Extend(input, columns) => {
                let mut all = input.columns();
                all.extend(columns.iter().map(named));
                all
            }
            Self::Join { left, right, on, how } => {
                let mut all = left.columns();
                if matches!(how, Join::Inner | Join::Left) {
                    all.extend(
                        right.columns().into_iter().filter(|column| on.iter().all(|(_, key)| *key != column.name)),
                    );
                }
                all
            }
            Self::Neighbours { input, number, names, .. } => {
                let mut all = input.columns();
                let ty = all.iter().find(|column| column.name == *number).map_or(Ty::INT, |column| column.ty);
                let [low, high, one] = names;
                all.extend(
                    [(low, ty), (high, ty), (one, Ty::Bool)].map(|(name, ty)| Column { name: name.clone(), ty }),
                );
                all
            }
            Self::Aggregate { input, keys, aggs } => {
                let types = input.columns();
                let ty =
                    |name: &str| types.iter().find(|column| column.name == name).map_or(Ty::INT, |column| column.ty);
                let key = |name: &String| Column { name: name.clone(), ty: ty(name) };
                let agg = |(name, agg): &(String, Agg)| Column {
                    name: name.clone(),
                    ty: match agg {
                        Agg::Count | Agg::Missing(_) | Agg::True(_) => Ty::INT,
                        Agg::Sum(of) | Agg::Min(of) | Agg::Max(of) | Agg::Any(of) => ty(of),
                    },
                };
                keys.iter().map(key).chain(aggs.iter().map(agg)).collect()
            }
            Self::Union(inputs) => inputs.first().map(Self::columns).unwrap_or_default(),
            Self::Repeated { input, .. } => input.columns(),
            Self::Unique { input, count: name, .. } => {
                let mut all = input.columns();
                all.push(Column { name: name.clone(), ty: Ty::INT });
                all
            }
        }
    }

    /// The plans that it is made of.
    pub fn inputs(&self) -> Vec<&Self> {
        match self {
            Self::Scan { .. } | Self::Rows(_) => Vec::new(),
            Self::Filter(input, _)
            | Self::Project(input, _)
            | Self::Extend(input, _)
            | Self::Once(input, _)
            | Self::Among { input, .. }
            | Self::Part { input, .. }
            | Self::Repeated { input, .. }
            | Self::Neighbours { input, .. }
            | Self::Aggregate { input, .. }
            | Self::Unique { input, .. } => vec![input],
            Self::Join { left, right, .. } => vec![left, right],
            Self::InForce(force) => vec![&force.input, &force.reference],
            Self::Union(inputs) => inputs.iter().collect(),
        }
    }

    /// The type of a column of the result.
    pub fn ty(&self, name: &str) -> Option<Ty> {
        self.columns().into_iter().find(|column| column.name == name).map(|column| column.ty)
    }
}

fn named((name, expr): &(String, Expr)) -> Column {
    Column { name: name.clone(), ty: expr.ty }
}
