//! The vocabulary of an audit: exact amounts, dates, populations' types, diagnostics, findings, coverage, the report.
//!
//! No dataframe, no I/O, no clock: every other crate speaks in these words, and `report` sees nothing else.

pub mod account;
pub mod amount;
pub mod chase;
pub mod complaint;
pub mod correction;
pub mod coverage;
pub mod date;
pub mod diagnostic;
pub mod filing;
pub mod finding;
pub mod pair;
pub mod rates;
pub mod register;
pub mod report;
pub mod rule;
pub mod stage;
pub mod types;

pub use amount::{Amount, Rounding};
pub use coverage::{Coverage, Measure, NotTested, RuleResult, Status};
pub use date::{Date, Period};
pub use diagnostic::{Code, Diagnostic, Level, Occurrences, Place};
pub use finding::{Confidence, Effect, EffectClass, Evidence, Figure, Finding, RecordRef};
pub use report::AuditReport;
pub use rule::{RuleCard, Severity};
pub use types::ColumnType;
