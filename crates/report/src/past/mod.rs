//! A former report, read back from its JSON, and what became of its findings: an audit's memory from month to month.
//!
//! A finding is the same if its fingerprint is (rule, population, wrong item); it is unchanged if its content is too. One that
//! is not found again is resolved only if the rule looked again at the period of its day, and left no more records untested than
//! before; else the reason why it was not looked for stands in its place.

mod compare;
mod proof;
mod read;
mod show;

use std::collections::BTreeMap;

use tieout_model::report::ClassTotal;
use tieout_model::{AuditReport, Confidence, Date, Finding, Period, RuleResult, Severity, Status};

pub use compare::{Comparison, apply};
pub use proof::{Difference, first_difference};
pub use read::{PastError, read};
pub use show::render as render_comparison;
pub(crate) use show::{age, standings};

/// What a comparison needs to know of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The engagement's name.
    pub name: String,
    /// Its period.
    pub period: Option<Period>,
    /// Its as-of date.
    pub as_of: Option<Date>,
    /// Rules by id.
    pub rules: BTreeMap<String, PastRule>,
    /// Findings in the report's order.
    pub findings: Vec<PastFinding>,
}

/// How far a rule looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRule {
    /// It ran and tested at least one record, or had none to test.
    pub performed: bool,
    /// BLAKE3 of the rule file.
    pub hash: String,
    /// True if a date of the record decides whether it lies in the period.
    pub is_dated: bool,
    /// True if the period decides in any way what can be found.
    pub by_period: bool,
    /// Records in scope that could not be tested.
    pub not_tested: u64,
}

/// A finding as a report has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastFinding {
    /// Fingerprint.
    pub fingerprint: String,
    /// Digest of members and amounts.
    pub content: String,
    /// Rule id.
    pub rule: String,
    /// Key, column by column.
    pub key: Vec<(String, String)>,
    /// Customer.
    pub party: Option<String>,
    /// The sentence.
    pub message: String,
    /// How grave.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The day of the wrong item.
    pub date: Option<Date>,
    /// True if not waived.
    pub is_open: bool,
    /// Its money as far as it counts in the report's totals.
    pub totals: Vec<ClassTotal>,
    /// The as-of date of the first report that had it.
    pub first_seen: Option<Date>,
}

impl Past {
    /// A report as it will be remembered.
    pub fn of(report: &AuditReport) -> Self {
        let finding = |finding: &Finding| PastFinding {
            fingerprint: finding.fingerprint.clone(),
            content: finding.content.clone(),
            rule: finding.rule.clone(),
            key: finding.key.clone(),
            party: finding.party.clone(),
            message: finding.message.clone(),
            severity: finding.severity,
            confidence: finding.confidence,
            date: finding.date,
            is_open: !finding.is_waived(),
            totals: tieout_model::report::class_totals(std::iter::once(finding)),
            first_seen: finding.history.and_then(|history| history.first_seen).or(report.as_of),
        };
        Self {
            name: report.name.clone(),
            period: report.period,
            as_of: report.as_of,
            rules: report.rules.iter().map(|rule| (rule.card.id.clone(), PastRule::of(rule))).collect(),
            findings: report.findings.iter().map(finding).collect(),
        }
    }
}

impl PastRule {
    fn of(rule: &RuleResult) -> Self {
        Self {
            performed: !matches!(rule.status, Status::NotPerformed { .. } | Status::NotTested | Status::Error(_)),
            hash: rule.card.hash.clone(),
            is_dated: rule.card.scope_date.is_some(),
            by_period: rule.card.by_period,
            not_tested: rule.coverage.not_tested_total().records + rule.coverage.outside_extract.records,
        }
    }
}
