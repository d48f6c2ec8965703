//! Cells → typed columns, a batch at a time: every cell is present, empty or unreadable, and nothing else.

pub(crate) mod amount;
pub(crate) mod cell;
pub(crate) mod column;
pub(crate) mod compute;
pub(crate) mod date;
pub(crate) mod swift;

pub(crate) use cell::{CellRules, Kernel, Value, Words};
pub(crate) use column::{Column, Values};
