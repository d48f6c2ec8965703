//! Rules over populations: from declarative TOML to findings.
//!
//! `file` is the rule as written, `rule` the library, `expr` the expression language, `catalog` what is loaded, `plan` the
//! algebra, `checks` one kind a file, `engine` its executors, `judge` exact procedures over groups, `harvest` the boundary
//! behind which there are findings and no rows.

mod account;
mod arrivals;
pub mod audit;
pub mod catalog;
mod cause;
mod chase;
pub mod checks;
mod complaints;
mod correct;
mod customers;
pub mod engine;
pub mod expr;
pub mod file;
pub mod filing;
pub mod fixture;
pub mod harvest;
pub mod judge;
mod latency;
mod links;
pub mod memory;
mod needs;
mod netted;
mod pair;
pub mod plan;
mod root;
mod rows;
pub mod rule;
pub mod stage;
pub mod suspect;
mod unlock;
pub mod value;
pub mod waiver;

pub use account::account;
pub use arrivals::arrivals;
pub use audit::{Options, Outcome, RuleSetting, audit, audit_watched, audit_with, complaints, outcomes, plan_check};
pub use chase::chase;
pub use complaints::match_complaints;
pub use correct::correct;
pub use links::{LinkHits, first_record, link_hits};
pub use needs::{Needed, needed_columns};
pub use pair::pair;
pub use rule::{Library, Rule, SKELETONS};
pub use unlock::unlock;
