//! The rules crate from outside: bundled rules, the population contract, marked fixtures, both engines.

mod contract;
