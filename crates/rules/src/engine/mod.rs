//! Executors of the plan algebra: plain loops as the oracle, columns of integers as the default.

pub mod columnar;
pub mod reference;

use crate::plan::Plan;
use crate::value::Relation;

/// An engine's own failure; the rule is in `error`, never silently empty.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(pub String);

/// Runs plans. Rows come back in no particular order.
pub trait Engine {
    /// One relation a plan.
    fn run(&self, plans: &[Plan]) -> Result<Vec<Relation>, EngineError>;

    /// Holds the records of a population that are in the only column of one of some plans, for `Plan::Among`.
    fn hold(&self, population: &str, plans: &[Plan]) -> Result<usize, EngineError>;

    /// The plans of each rule that is going to be run: what several of them ask for is known from here on.
    fn expect(&self, _rules: &[Vec<&Plan>]) {}

    /// The plans to come are of the same rule, but of other records: what was made of them may go.
    fn rest(&self) {}

    /// The plans to come have nothing to do with those before: what was kept of them may go.
    fn forget(&self) {}

    /// What was done since the last call, a line a step, deeper steps indented: for people who ask what an audit costs.
    fn explained(&self) -> Vec<String> {
        Vec::new()
    }

    /// Another engine over the same data, for rules that run beside each other; both know what either holds. `None`: one
    /// rule after the other.
    fn beside(&self) -> Option<Box<dyn Engine + Send + '_>> {
        None
    }

    /// True if judges see every record instead of the candidates that the plan selects (the oracle's way).
    fn judges_everything(&self) -> bool;
}
