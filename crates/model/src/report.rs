//! The whole result of an audit, as every report format receives it.

use std::collections::BTreeMap;

use crate::amount::Amount;
use crate::coverage::RuleResult;
use crate::date::{Date, Period};
use crate::diagnostic::Diagnostic;
use crate::finding::{Confidence, Disposition, EffectClass, Finding};
use crate::rule::Severity;
use crate::stage::HoldList;

/// A file as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path as the engagement names it, relative to the data folder.
    pub path: String,
    /// BLAKE3 of the bytes as received, hex.
    pub hash: String,
    /// Bytes as received.
    pub bytes: u64,
    /// Records read (blank and repeated header lines included).
    pub read: u64,
    /// Records excluded, by reason.
    pub excluded: Vec<(String, u64)>,
}

/// Count and sums of one population, with the sender's figure where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ControlTotal {
    /// The column summed, if the population has money.
    pub column: Option<String>,
    /// Σ per currency, money units.
    pub totals: BTreeMap<String, i128>,
    /// Records whose amount is empty or unreadable, so not in the sum.
    pub without_amount: u64,
    /// The sender's count.
    pub control_records: Option<u64>,
    /// The sender's total.
    pub control_total: Option<Amount>,
}

/// A population as loaded.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PopulationFacts {
    /// Canonical name.
    pub name: String,
    /// Indices into the report's sources.
    pub sources: Vec<u32>,
    /// Records read for it.
    pub read: u64,
    /// Records kept.
    pub kept: u64,
    /// Records excluded.
    pub excluded: u64,
    /// Records that a row condition left to another population.
    pub elsewhere: u64,
    /// Records that stood in several extracts, merged.
    pub merged: u64,
    /// Of the merged, those whose cells had changed (the later export won).
    pub versions: u64,
    /// Mapped columns: canonical name and where from (header, constant, computed, derived).
    pub mapped: Vec<(String, String)>,
    /// Headers that nothing uses.
    pub unmapped: Vec<String>,
    /// Unreadable cells by column.
    pub unreadable: Vec<(String, u64)>,
    /// The extract window, if stated.
    pub extract: Option<Period>,
    /// Count and sums.
    pub control: ControlTotal,
}

/// How one credit or void was netted before judging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NettingEntry {
    /// `explicit reference`, `void`, `order line`, `content (inferred)` …
    pub tier: String,
    /// True if inferred from content rather than stated by the records.
    pub inferred: bool,
    /// The credit or void document's key.
    pub credit: String,
    /// The bill that it nets.
    pub bill: String,
    /// The rebill that follows, if there is one.
    pub rebill: Option<String>,
    /// Money consumed, ≥ 0.
    pub amount: Amount,
    /// ISO 4217.
    pub currency: String,
    /// True if bill and credit lie in different months.
    pub crosses_period: bool,
}

/// Everything that netting removed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct NettingRegister {
    /// One entry for each credit × bill.
    pub entries: Vec<NettingEntry>,
    /// Credits that several bills could explain: not netted.
    pub ambiguous: u64,
}

/// One description that covers many findings of a rule over several customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootCause {
    /// Rule and description; stable from run to run.
    pub id: String,
    /// The rule's id.
    pub rule: String,
    /// What the findings have in common: dimension (`tax code`, `item`, `user` …) and value.
    pub what: Vec<(String, String)>,
    /// The first day of a finding, if their days are known.
    pub since: Option<Date>,
    /// Findings that it covers.
    pub findings: u64,
    /// Records that the rule tested and that it describes, from that day on.
    pub records: u64,
    /// Customers concerned.
    pub customers: u64,
    /// Money by class and currency, as in the report's totals; what another finding explains is not in it.
    pub totals: Vec<ClassTotal>,
    /// The findings.
    pub fingerprints: Vec<String>,
}

impl RootCause {
    /// `tax code SVC-2 and user jdoe, since 2025-07-01`; nothing in particular where nearly every tested record failed.
    pub fn words(&self) -> String {
        if self.what.is_empty() {
            return "nothing in particular: nearly all that was tested failed".to_owned();
        }
        let what: Vec<String> = self.what.iter().map(|(dimension, value)| format!("{dimension} {value}")).collect();
        let since = self.since.map_or(String::new(), |since| format!(", since {since}"));
        format!("{}{since}", what.join(" and "))
    }
}

/// How long documents took from one stage to the next: a figure, no finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency {
    /// `invoiced to sent` …
    pub stage: String,
    /// Documents by class of days, the shortest first; classes without a document are left out.
    pub classes: Vec<(String, u64)>,
    /// Documents of which a day is not known.
    pub unknown: u64,
}

/// A customer whom findings name, from the export of customers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Customer {
    /// The key that findings give as party.
    pub id: String,
    /// The name, if the export has it.
    pub name: Option<String>,
    /// The person answerable for the account, if the export has it.
    pub owner: Option<String>,
    /// Where letters go, if the export has it.
    pub email: Option<String>,
}

/// What became of a finding of a former report that this audit does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The rule tested the period again and did not find it.
    Resolved,
    /// This audit did not look: the reason, in words.
    NotTested(String),
}

/// A finding of a former report that this audit does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Its rule's id.
    pub rule: String,
    /// Its key, column by column.
    pub key: Vec<(String, String)>,
    /// Its customer.
    pub party: Option<String>,
    /// Its sentence.
    pub message: String,
    /// How grave it was.
    pub severity: Severity,
    /// How sure it was.
    pub confidence: Confidence,
    /// Its money by class, as it counted in the former totals; empty for a consequence or a waived one.
    pub totals: Vec<ClassTotal>,
    /// The as-of date of the first report that had it.
    pub first_seen: Option<Date>,
    /// What became of it.
    pub gone: Gone,
}

/// The former report that findings are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The former engagement's name.
    pub name: String,
    /// Its period.
    pub period: Option<Period>,
    /// Its as-of date.
    pub as_of: Option<Date>,
    /// Former findings that are not among this report's, in order of rule and fingerprint.
    pub gone: Vec<Former>,
}

/// An audit's whole result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Version of the tool.
    pub version: String,
    /// Engagement's name.
    pub name: String,
    /// The period under audit.
    pub period: Option<Period>,
    /// The day as at which the audit sees the world.
    pub as_of: Option<Date>,
    /// Files as received.
    pub sources: Vec<SourceFile>,
    /// Populations as loaded.
    pub populations: Vec<PopulationFacts>,
    /// Complaints.
    pub diagnostics: Vec<Diagnostic>,
    /// One tick mark a rule, in order of id.
    pub rules: Vec<RuleResult>,
    /// Findings in a fixed order.
    pub findings: Vec<Finding>,
    /// What many findings have in common, in order of rule and size.
    pub root_causes: Vec<RootCause>,
    /// What netting removed.
    pub netting: NettingRegister,
    /// True if an independent control figure was given for the documents and agreed.
    pub completeness_established: bool,
    /// The shortest list of exports that would let most other rules run.
    pub unlock: Vec<String>,
    /// Why the audit is less than the engagement requires, in words; empty if it is not.
    pub shortfalls: Vec<String>,
    /// Customers whom findings name, in order of id; only those whom the export of customers has.
    pub customers: Vec<Customer>,
    /// How long documents of the period took from stage to stage, where the days were read.
    pub latency: Vec<Latency>,
    /// What the findings are compared with, if a former report was given.
    pub baseline: Option<Baseline>,
    /// Fingerprints of the open findings that decide the exit code, in order.
    pub gating: Vec<String>,
    /// The drafts, if these were judged.
    pub hold: Option<HoldList>,
}

/// Money of one class and currency over findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassTotal {
    /// The class.
    pub class: EffectClass,
    /// ISO 4217.
    pub currency: String,
    /// Σ gross.
    pub gross: Amount,
    /// Findings in the sum.
    pub findings: u64,
}

impl AuditReport {
    /// The customer of that id, if the export of customers has it.
    pub fn customer(&self, id: &str) -> Option<&Customer> {
        let at = self.customers.binary_search_by(|customer| customer.id.as_str().cmp(id)).ok()?;
        self.customers.get(at)
    }

    /// True if the finding decides the exit code.
    pub fn gates(&self, finding: &Finding) -> bool {
        self.gating.binary_search(&finding.fingerprint).is_ok()
    }

    /// Totals by class and currency over open findings that no other finding explains. Misposted money is summed by
    /// what left the wrong party (its effects net to zero). Classes are never added together.
    pub fn class_totals(&self) -> Vec<ClassTotal> {
        class_totals(self.findings.iter())
    }
}

/// Totals by class and currency of those findings whose money counts.
pub fn class_totals<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<ClassTotal> {
    let mut sums: BTreeMap<(EffectClass, &str), (i128, u64)> = BTreeMap::new();
    for finding in findings.filter(|finding| counts(finding)) {
        for effect in &finding.effects {
            if effect.class == EffectClass::Misposted && effect.gross.units < 0 {
                continue;
            }
            // Effects are money of scale 6 at most, so this cannot lose a digit.
            let units = effect.gross.units_at(crate::amount::MONEY_SCALE).unwrap_or(effect.gross.units);
            let sum = sums.entry((effect.class, effect.currency.as_str())).or_default();
            sum.0 += units;
            sum.1 += 1;
        }
    }
    let order = |class: EffectClass| EffectClass::ALL.iter().position(|other| *other == class);
    let mut totals: Vec<_> = sums
        .into_iter()
        .map(|((class, currency), (units, findings))| ClassTotal {
            class,
            currency: currency.to_owned(),
            gross: Amount::money(units),
            findings,
        })
        .collect();
    totals.sort_by(|left, right| (order(left.class), &left.currency).cmp(&(order(right.class), &right.currency)));
    totals
}

/// True if the finding's money belongs to the totals: open, and not a consequence of another.
pub fn counts(finding: &Finding) -> bool {
    finding.disposition == Disposition::Open && finding.caused_by.is_none()
}
