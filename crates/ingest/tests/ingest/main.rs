//! Exports → store, end to end; every input is written by the test that reads it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

mod cache;
mod codes;
mod common;
mod mapping;
mod overlap;
mod parquet;
mod profiles;
mod property;
