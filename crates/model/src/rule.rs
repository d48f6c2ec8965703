//! What a rule says of itself, apart from its check.

use crate::finding::Confidence;

/// Whether and how a rule's findings gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Never gates and carries no money.
    Advice,
    /// Worth a look; gates only if asked.
    Warning,
    /// A discrepancy to be corrected.
    Error,
}

impl Severity {
    /// The word in rules and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// From the word.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Advice, Self::Warning, Self::Error].into_iter().find(|severity| severity.name() == name)
    }
}

/// The words of a rule that a reader of a finding needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCard {
    /// Kebab-case, states the exception.
    pub id: String,
    /// One line.
    pub title: String,
    /// Check family: `tax`, `double-billing` …
    pub family: String,
    /// The catalogue's id (`TAX-01`), if any.
    pub reference: Option<String>,
    /// What the books claim: accuracy, occurrence, completeness …
    pub assertion: String,
    /// How grave a finding is.
    pub severity: Severity,
    /// The highest confidence that evidence can support.
    pub confidence: Confidence,
    /// What the result rests upon.
    pub reliability: Option<String>,
    /// The norm, with citation.
    pub criteria: String,
    /// Why it matters.
    pub why: String,
    /// What to do about a finding.
    pub remedy: String,
    /// The date that puts a record into the period under audit; none where the rule looks as of a day.
    pub scope_date: Option<String>,
    /// True if the period under audit decides in any way which records can be findings.
    pub by_period: bool,
    /// The check kind: `assert`, `foot` …
    pub kind: String,
    /// BLAKE3 of the rule file, first 16 hex digits.
    pub hash: String,
}
