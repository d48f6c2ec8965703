//! Types and values of expressions and relations, as both engines and the judges see them.
//!
//! A number is an integer of units at the scale of its type; its dimension says what it counts, so that money is not
//! added to a rate. A value is present or missing; *unreadable* is a companion column, never a value.

use std::fmt;
use std::sync::Arc;

use tieout_model::{ColumnType, Date};

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dim {
    /// A literal, a count, a number of days.
    Plain,
    /// An amount of a currency.
    Money,
    /// Money per unit of quantity.
    Price,
    /// How many or how much.
    Quantity,
    /// A fraction.
    Rate,
}

/// The type of an expression or a column of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ty {
    /// Text, ids, enums, periods.
    Text,
    /// A civil day.
    Date,
    /// Kleene truth.
    Bool,
    /// An integer of units at `scale`.
    Num {
        /// What it counts.
        dim: Dim,
        /// Decimal places.
        scale: u8,
    },
}

impl Ty {
    /// A whole number.
    pub const INT: Self = Self::Num { dim: Dim::Plain, scale: 0 };
    /// Money at its column scale.
    pub const MONEY: Self = Self::Num { dim: Dim::Money, scale: tieout_model::amount::MONEY_SCALE };

    /// The type of a stored column.
    pub fn of_column(column: ColumnType) -> Self {
        let scale = column.scale().unwrap_or(0);
        match column {
            ColumnType::Id | ColumnType::Text | ColumnType::Period | ColumnType::Enum => Self::Text,
            ColumnType::Date => Self::Date,
            ColumnType::Bool => Self::Bool,
            ColumnType::Int => Self::INT,
            ColumnType::Money => Self::Num { dim: Dim::Money, scale },
            ColumnType::Price => Self::Num { dim: Dim::Price, scale },
            ColumnType::Quantity => Self::Num { dim: Dim::Quantity, scale },
            ColumnType::Rate => Self::Num { dim: Dim::Rate, scale },
        }
    }

    /// The scale of a number; 0 otherwise.
    pub fn scale(self) -> u8 {
        match self {
            Self::Num { scale, .. } => scale,
            _ => 0,
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text => "text",
            Self::Date => "date",
            Self::Bool => "bool",
            Self::Num { dim: Dim::Plain, .. } => "number",
            Self::Num { dim: Dim::Money, .. } => "money",
            Self::Num { dim: Dim::Price, .. } => "price",
            Self::Num { dim: Dim::Quantity, .. } => "quantity",
            Self::Num { dim: Dim::Rate, .. } => "rate",
        })
    }
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Missing.
    Null,
    /// True or false.
    Bool(bool),
    /// Days since 1970-01-01.
    Date(i32),
    /// Units at the type's scale.
    Num(i128),
    /// Text.
    Text(Arc<str>),
}

impl Value {
    /// Text from a string slice.
    pub fn text(text: &str) -> Self {
        Self::Text(Arc::from(text))
    }

    /// True for a missing value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The units of a number.
    pub fn num(&self) -> Option<i128> {
        if let Self::Num(units) = self { Some(*units) } else { None }
    }

    /// The text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The day.
    pub fn date(&self) -> Option<Date> {
        if let Self::Date(days) = self { Some(Date(*days)) } else { None }
    }

    /// The truth.
    pub fn bool(&self) -> Option<bool> {
        if let Self::Bool(truth) = self { Some(*truth) } else { None }
    }
}

/// A column of a relation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// Its name: a path (`invoice.issue_date`) or a name made by the plan (`__outcome`).
    pub name: String,
    /// Its type.
    pub ty: Ty,
}

/// Rows with named, typed columns.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Relation {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, one value a column.
    pub rows: Vec<Vec<Value>>,
}

impl std::hash::Hash for Relation {
    /// By columns and number of rows: rows are many, and relations of equal hash are compared.
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.columns.hash(state);
        self.rows.len().hash(state);
    }
}

impl Relation {
    /// Index of a column. A plan that names a missing column is our own bug.
    pub fn index(&self, name: &str) -> usize {
        self.columns
            .iter()
            .position(|column| column.name == name)
            .unwrap_or_else(|| panic!("no column `{name}` among {:?}", self.names()))
    }

    /// Index of a column that may be absent.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The columns' names.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }
}
