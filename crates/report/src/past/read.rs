//! The JSON report, read back as far as a comparison needs it.
//!
//! Fields that an older version does not have (the day of a finding, a rule's date) are taken as unknown; words that this
//! version does not know are an error, since a comparison over what is not understood would lie.

use serde::Deserialize;
use tieout_model::report::ClassTotal;
use tieout_model::{Amount, Confidence, Date, EffectClass, Period, Severity};

use super::{Past, PastFinding, PastRule};

/// A file is not a report that can be compared with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PastError {
    /// Not JSON, or not of the report's shape: what, line, column.
    #[error("{message}")]
    Shape {
        /// What is wrong.
        message: String,
        /// Line from 1.
        line: u64,
        /// Column from 1.
        column: u32,
    },
    /// JSON of another kind or version.
    #[error("it says `{0}` where a report says `tieout-report/1`")]
    Format(String),
    /// A word or figure that this version does not know.
    #[error("`{0}` is not {1}")]
    Word(String, &'static str),
}

#[derive(Deserialize)]
struct Document {
    format: String,
    name: String,
    period: Option<Span>,
    as_of: Option<String>,
    rules: Vec<Rule>,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Span {
    from: String,
    to: String,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    hash: String,
    status: String,
    scope_date: Option<String>,
    #[serde(default = "yes")]
    by_period: bool,
    coverage: Coverage,
}

#[derive(Deserialize)]
struct Coverage {
    not_tested: Vec<Reason>,
    outside_extract: Measure,
}

#[derive(Deserialize)]
struct Reason {
    measure: Measure,
}

#[derive(Deserialize)]
struct Measure {
    records: u64,
}

#[derive(Deserialize)]
struct Finding {
    fingerprint: String,
    content: String,
    rule: String,
    severity: String,
    confidence: String,
    key: Vec<Named>,
    party: Option<String>,
    date: Option<String>,
    message: String,
    effects: Vec<Effect>,
    caused_by: Option<String>,
    disposition: String,
    history: Option<History>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Effect {
    class: String,
    gross: String,
    currency: String,
}

#[derive(Deserialize)]
struct History {
    first_seen: Option<String>,
}

/// Reads a JSON report.
pub fn read(text: &str) -> Result<Past, PastError> {
    // What it is first: any JSON may lack a report's fields.
    let kind: serde_json::Value = serde_json::from_str(text).map_err(|error| shape(&error))?;
    let format = kind.get("format").and_then(serde_json::Value::as_str).unwrap_or("nothing");
    if format != "tieout-report/1" {
        return Err(PastError::Format(format.to_owned()));
    }
    drop(kind);
    let document: Document = serde_json::from_str(text).map_err(|error| shape(&error))?;
    debug_assert_eq!(document.format, "tieout-report/1");
    let as_of = document.as_of.as_deref().map(day).transpose()?;
    let period = document.period.map(|span| Ok(Period { from: day(&span.from)?, to: day(&span.to)? })).transpose()?;
    let findings = document.findings.into_iter().map(|written| finding(written, as_of)).collect::<Result<_, _>>()?;
    Ok(Past { name: document.name, period, as_of, rules: document.rules.into_iter().map(rule).collect(), findings })
}

/// What an older report does not say is taken at its worst.
fn yes() -> bool {
    true
}

fn shape(error: &serde_json::Error) -> PastError {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    PastError::Shape { message, line: error.line() as u64, column: u32::try_from(error.column()).unwrap_or(u32::MAX) }
}

fn day(text: &str) -> Result<Date, PastError> {
    text.parse().map_err(|_| PastError::Word(text.to_owned(), "a date"))
}

fn rule(rule: Rule) -> (String, PastRule) {
    let records = |reasons: &[Reason]| reasons.iter().map(|reason| reason.measure.records).sum::<u64>();
    let past = PastRule {
        performed: !["not performed", "not tested", "error"].contains(&rule.status.as_str()),
        hash: rule.hash,
        is_dated: rule.scope_date.is_some(),
        by_period: rule.by_period,
        not_tested: records(&rule.coverage.not_tested) + rule.coverage.outside_extract.records,
    };
    (rule.id, past)
}

fn finding(finding: Finding, as_of: Option<Date>) -> Result<PastFinding, PastError> {
    let unknown = |word: &str, what: &'static str| PastError::Word(word.to_owned(), what);
    let is_open = finding.disposition == "open";
    let mut totals: Vec<ClassTotal> = Vec::new();
    for effect in finding.effects.iter().filter(|_| is_open && finding.caused_by.is_none()) {
        let class = EffectClass::parse(&effect.class).ok_or_else(|| unknown(&effect.class, "a class of money"))?;
        let gross: Amount = effect.gross.parse().map_err(|_| unknown(&effect.gross, "an amount"))?;
        if class == EffectClass::Misposted && gross.units < 0 {
            continue;
        }
        let units = gross.units_at(tieout_model::amount::MONEY_SCALE);
        let units = units.map_err(|_| unknown(&effect.gross, "an amount of money"))?;
        totals.push(ClassTotal { class, currency: effect.currency.clone(), gross: Amount::money(units), findings: 1 });
    }
    let first_seen = finding.history.and_then(|history| history.first_seen);
    Ok(PastFinding {
        severity: Severity::parse(&finding.severity).ok_or_else(|| unknown(&finding.severity, "a severity"))?,
        confidence: Confidence::parse(&finding.confidence)
            .ok_or_else(|| unknown(&finding.confidence, "a confidence"))?,
        fingerprint: finding.fingerprint,
        content: finding.content,
        rule: finding.rule,
        key: finding.key.into_iter().map(|pair| (pair.name, pair.value)).collect(),
        party: finding.party,
        message: finding.message,
        date: finding.date.as_deref().map(day).transpose()?,
        is_open,
        totals,
        first_seen: first_seen.as_deref().map(day).transpose()?.or(as_of),
    })
}
