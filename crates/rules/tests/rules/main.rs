//! The rules crate from outside: bundled rules, the population contract, marked fixtures, both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod engines;
mod fixtures;
mod in_force;
mod metamorphic;
mod readme;
