//! A finding on the wire.

use serde::Serialize;
use tieout_model::finding::Disposition;
use tieout_model::{AuditReport, Effect, Evidence, Figure, Finding};

use super::{Named, amount, named};

#[derive(Serialize)]
pub(super) struct Wire<'a> {
    fingerprint: &'a str,
    content: &'a str,
    rule: &'a str,
    severity: &'static str,
    confidence: &'static str,
    confidence_reason: &'a str,
    population: &'a str,
    key: Vec<Named<'a, &'a str>>,
    party: Option<&'a str>,
    date: Option<String>,
    message: &'a str,
    expected: Option<Value<'a>>,
    stated: Option<Value<'a>>,
    difference: Option<Value<'a>>,
    effects: Vec<Stake<'a>>,
    evidence: Vec<Record<'a>>,
    chain: &'a [String],
    remedy: &'a str,
    caused_by: Option<&'a str>,
    root_cause: Option<&'a str>,
    limited: Option<&'a str>,
    corrected_by: Option<&'a str>,
    case: &'a str,
    disposition: &'static str,
    waiver: Option<Waiver<'a>>,
    history: Option<Past>,
}

impl<'a> Wire<'a> {
    pub(super) fn new(report: &'a AuditReport, finding: &'a Finding) -> Self {
        let waiver = Waiver::new(&finding.disposition);
        Self {
            fingerprint: &finding.fingerprint,
            content: &finding.content,
            rule: &finding.rule,
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            confidence_reason: &finding.confidence_reason,
            population: &finding.population,
            key: named(&finding.key),
            party: finding.party.as_deref(),
            date: finding.date.map(|date| date.to_string()),
            message: &finding.message,
            expected: finding.expected.as_ref().map(Value::new),
            stated: finding.stated.as_ref().map(Value::new),
            difference: finding.difference.as_ref().map(Value::new),
            effects: finding.effects.iter().map(Stake::new).collect(),
            evidence: finding.evidence.iter().map(|evidence| Record::new(report, evidence)).collect(),
            chain: &finding.chain,
            remedy: &finding.remedy,
            caused_by: finding.caused_by.as_deref(),
            root_cause: finding.root_cause.as_deref(),
            limited: finding.limited.as_deref(),
            corrected_by: finding.corrected_by.as_deref(),
            case: &finding.case,
            disposition: if waiver.is_some() { "waived" } else { "open" },
            waiver,
            history: finding.history.map(|history| Past {
                standing: history.standing.name(),
                first_seen: history.first_seen.map(|day| day.to_string()),
            }),
        }
    }
}

/// A figure: `kind` is money (with a currency), number or text.
#[derive(Serialize)]
struct Value<'a> {
    kind: &'static str,
    value: String,
    currency: Option<&'a str>,
}

impl<'a> Value<'a> {
    fn new(figure: &'a Figure) -> Self {
        match figure {
            Figure::Money { amount: money, currency } => {
                Self { kind: "money", value: amount(*money, currency), currency: Some(currency) }
            }
            Figure::Number(number) => Self { kind: "number", value: number.to_string(), currency: None },
            Figure::Text(text) => Self { kind: "text", value: text.clone(), currency: None },
        }
    }
}

#[derive(Serialize)]
struct Stake<'a> {
    party: Option<&'a str>,
    class: &'static str,
    net: Option<String>,
    tax: Option<String>,
    gross: String,
    currency: &'a str,
}

impl<'a> Stake<'a> {
    fn new(effect: &'a Effect) -> Self {
        Self {
            party: effect.party.as_deref(),
            class: effect.class.name(),
            net: effect.net.map(|net| amount(net, &effect.currency)),
            tax: effect.tax.map(|tax| amount(tax, &effect.currency)),
            gross: amount(effect.gross, &effect.currency),
            currency: &effect.currency,
        }
    }
}

/// A record of evidence; `source` is the index into `sources`, `file` and `hash` repeat what stands there.
#[derive(Serialize)]
struct Record<'a> {
    population: &'a str,
    source: u32,
    file: Option<&'a str>,
    hash: Option<&'a str>,
    record: u64,
    line: Option<u64>,
    role: &'a str,
    cells: Vec<Named<'a, &'a str>>,
    received: Vec<Named<'a, &'a str>>,
}

impl<'a> Record<'a> {
    fn new(report: &'a AuditReport, evidence: &'a Evidence) -> Self {
        let source = usize::try_from(evidence.record.source).ok().and_then(|index| report.sources.get(index));
        Self {
            population: &evidence.population,
            source: evidence.record.source,
            file: source.map(|source| source.path.as_str()),
            hash: source.map(|source| source.hash.as_str()),
            record: evidence.record.record,
            line: evidence.line,
            role: &evidence.role,
            cells: named(&evidence.cells),
            received: named(&evidence.received),
        }
    }
}

/// How the finding stands against the baseline.
#[derive(Serialize)]
struct Past {
    standing: &'static str,
    first_seen: Option<String>,
}

#[derive(Serialize)]
struct Waiver<'a> {
    reason: &'a str,
    prepared_by: &'a str,
    approved_by: &'a str,
    expires: &'a str,
}

impl<'a> Waiver<'a> {
    fn new(disposition: &'a Disposition) -> Option<Self> {
        match disposition {
            Disposition::Open => None,
            Disposition::Waived { reason, prepared_by, approved_by, expires } => {
                Some(Self { reason, prepared_by, approved_by, expires })
            }
        }
    }
}
