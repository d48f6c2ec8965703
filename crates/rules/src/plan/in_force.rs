//! The row of a reference that is in force for each row of the input: a price, a rate, a rule, by keys and by ranges.

use super::Plan;
use crate::expr::Expr;
use crate::value::Column;

/// The input with the columns of a reference beside it, taken from the row in force, and two counts.
///
/// A row of the reference is met by a row of the input whose strict keys are equal, whose open keys are equal or open in the
/// reference, and whose values lie in every range. Of those that are met, or perhaps met, the ones of the smallest rank
/// count; of them the one with the smallest record is taken. Nothing is met by a row that is not asked for or that lacks a
/// key or a value, nor by a row of the reference without a strict key or a rank: all that is taken over is then missing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InForce {
    /// Input.
    pub input: Plan,
    /// Rows to choose from.
    pub reference: Plan,
    /// Rows of the input for which the reference is asked (true; not false, not missing).
    pub asked: Expr,
    /// Strict keys, as columns (input, reference).
    pub on: Vec<(String, String)>,
    /// Text keys that the reference may leave open, as columns (input, reference).
    pub open: Vec<(String, String)>,
    /// What stands in an open key of the reference that matches any.
    pub any: String,
    /// Ranges.
    pub ranges: Vec<Range>,
    /// Column of the reference with its rank.
    pub rank: Option<String>,
    /// Column of the reference with its record.
    pub rec: String,
    /// Columns of the reference that are taken over.
    pub carried: Vec<String>,
    /// Names of the counts of rows met and of rows perhaps met; both are missing where there are none of either.
    pub counts: [String; 2],
}

/// From a start on, to before an end; a missing end is open. All are days, or numbers of one scale.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// The input's value.
    pub own: String,
    /// The reference's start.
    pub from: String,
    /// The reference's end.
    pub to: Option<String>,
    /// Whether a missing start is open; else the row is only perhaps met.
    pub from_open: bool,
    /// Another value of the input that decides where the start, or the end, is of a decrease.
    pub fall: Option<Fall>,
}

/// A decrease begins by another value than an increase.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fall {
    /// The input's value for decreases.
    pub own: String,
    /// Truth of the reference: its start is no decrease; missing is true.
    pub rises: String,
    /// Truth of the reference: its end is no decrease; missing is true.
    pub next_rises: String,
}

impl InForce {
    /// The columns of the result.
    pub(super) fn columns(&self) -> Vec<Column> {
        let mut all = self.input.columns();
        all.extend(self.counts.iter().map(|name| Column { name: name.clone(), ty: crate::value::Ty::INT }));
        let theirs = self.reference.columns();
        all.extend(self.carried.iter().filter_map(|name| theirs.iter().find(|column| column.name == *name).cloned()));
        all
    }
}
