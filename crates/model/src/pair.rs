//! Two documents beside each other: why they are, or are not, one thing.

use crate::finding::Evidence;
use crate::report::NettingEntry;

/// Two documents and all that is known of them as a pair.
pub struct Pair {
    /// The two as evidence: record, cells as understood.
    pub documents: [Evidence; 2],
    /// Netting entries that touch either.
    pub netting: Vec<NettingEntry>,
    /// What became of each in every selected rule over its population that is not simply clean or out of scope for both.
    pub outcomes: Vec<(String, [String; 2])>,
    /// Each rule against repeats, the nearest to a finding first.
    pub tests: Vec<PairTest>,
}

/// One rule against repeats, over the two documents or the two lines of them that are most alike.
pub struct PairTest {
    /// Rule id.
    pub rule: String,
    /// What was compared: `invoice`, or `invoice_line 1 and 2`.
    pub what: String,
    /// Criterion by criterion.
    pub criteria: Vec<Criterion>,
    /// What became of each of the two records in the audit.
    pub outcomes: [String; 2],
    /// True if the two alone, without the rest of their group, would be a finding.
    pub alone: bool,
}

/// One thing that must hold for the two to be one.
pub struct Criterion {
    /// The expression or the matter.
    pub what: String,
    /// What is demanded, in words.
    pub demand: String,
    /// The values of both.
    pub values: [String; 2],
    /// Whether it holds; none if it cannot be told.
    pub holds: Option<bool>,
}

impl PairTest {
    /// Criteria that do not hold.
    pub fn failing(&self) -> impl Iterator<Item = &Criterion> {
        self.criteria.iter().filter(|criterion| criterion.holds == Some(false))
    }
}
