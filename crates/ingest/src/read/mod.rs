//! Bytes → records → batches, every record numbered and accounted for.

pub(crate) mod batch;
mod buffer;
mod marks;
pub(crate) mod parquet;
mod record;
pub(crate) mod split;
pub(crate) mod typed;

pub(crate) use batch::Batch;
pub(crate) use split::{Splitter, Syntax};
