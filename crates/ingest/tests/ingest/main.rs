//! Exports → store, end to end; every input is written by the test that reads it.

mod codes;
mod common;
mod mapping;
mod overlap;
mod profiles;
mod property;
