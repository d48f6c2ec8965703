//! The working paper: everything in the report, as JSON that names its version.
//!
//! The wire types live here, apart from the model: the model may change with the engine, a document that other programs
//! read may not. `schema/report-1.json` describes them; fields may be added within version 1, never renamed or removed.
//! Amounts are strings, since most JSON readers turn numbers into binary floating point.

pub mod arrivals;
pub mod complaints;
mod finding;
mod former;
mod hold;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use tieout_model::amount::minor_units;
use tieout_model::report::{ClassTotal, ControlTotal, Customer, NettingEntry, PopulationFacts, RootCause, SourceFile};
use tieout_model::{Amount, AuditReport, Diagnostic, Measure, NotTested, Period, RuleResult, Status};

/// Writes the report.
pub(super) fn render(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document::new(report))?;
    writeln!(out)
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: &'a str,
    name: &'a str,
    period: Option<Span>,
    as_of: Option<String>,
    completeness_established: bool,
    shortfalls: &'a [String],
    totals: Vec<Total>,
    unlock: &'a [String],
    sources: Vec<Source<'a>>,
    populations: Vec<Population<'a>>,
    diagnostics: Vec<Complaint<'a>>,
    rules: Vec<Rule<'a>>,
    findings: Vec<finding::Wire<'a>>,
    root_causes: Vec<Root<'a>>,
    netting: Netting<'a>,
    customers: Vec<Person<'a>>,
    latency: Vec<Took<'a>>,
    baseline: Option<former::Wire<'a>>,
    /// Only where drafts were judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_list: Option<Vec<hold::Wire<'a>>>,
}

impl<'a> Document<'a> {
    fn new(report: &'a AuditReport) -> Self {
        Self {
            format: "tieout-report/1",
            version: &report.version,
            name: &report.name,
            period: report.period.map(Span::new),
            as_of: report.as_of.map(|day| day.to_string()),
            completeness_established: report.completeness_established,
            shortfalls: &report.shortfalls,
            totals: report.class_totals().into_iter().map(Total::new).collect(),
            unlock: &report.unlock,
            sources: report.sources.iter().map(Source::new).collect(),
            populations: report.populations.iter().map(Population::new).collect(),
            diagnostics: report.diagnostics.iter().map(Complaint::new).collect(),
            rules: report.rules.iter().map(Rule::new).collect(),
            findings: report.findings.iter().map(|finding| finding::Wire::new(report, finding)).collect(),
            root_causes: report.root_causes.iter().map(Root::new).collect(),
            netting: Netting {
                ambiguous: report.netting.ambiguous,
                entries: report.netting.entries.iter().map(Netted::new).collect(),
            },
            customers: report.customers.iter().map(Person::new).collect(),
            latency: report
                .latency
                .iter()
                .map(|latency| Took {
                    stage: &latency.stage,
                    classes: numbered(&latency.classes),
                    unknown: latency.unknown,
                })
                .collect(),
            baseline: report.baseline.as_ref().map(former::Wire::new),
            hold_list: report.hold.as_ref().map(|list| list.lines.iter().map(hold::Wire::new).collect()),
        }
    }
}

/// An amount with at least its currency's decimals, exactly.
fn amount(amount: Amount, currency: &str) -> String {
    amount.to_places(minor_units(currency).unwrap_or(2))
}

/// Money units by currency.
fn sums(totals: &BTreeMap<String, i128>) -> BTreeMap<&str, String> {
    totals.iter().map(|(currency, units)| (currency.as_str(), amount(Amount::money(*units), currency))).collect()
}

/// First day and the day after the last.
#[derive(Serialize)]
struct Span {
    from: String,
    to: String,
}

impl Span {
    fn new(period: Period) -> Self {
        Self { from: period.from.to_string(), to: period.to.to_string() }
    }
}

/// How long documents took.
#[derive(Serialize)]
struct Took<'a> {
    stage: &'a str,
    classes: Vec<Named<'a, u64>>,
    unknown: u64,
}

/// A customer whom findings name.
#[derive(Serialize)]
struct Person<'a> {
    id: &'a str,
    name: Option<&'a str>,
    owner: Option<&'a str>,
    email: Option<&'a str>,
}

impl<'a> Person<'a> {
    fn new(customer: &'a Customer) -> Self {
        Self {
            id: &customer.id,
            name: customer.name.as_deref(),
            owner: customer.owner.as_deref(),
            email: customer.email.as_deref(),
        }
    }
}

/// A name with what belongs to it; a list of these keeps order and repetition, which an object would not.
#[derive(Serialize)]
struct Named<'a, V> {
    name: &'a str,
    value: V,
}

fn named(pairs: &[(String, String)]) -> Vec<Named<'_, &str>> {
    pairs.iter().map(|(name, value)| Named { name, value: value.as_str() }).collect()
}

fn numbered(pairs: &[(String, u64)]) -> Vec<Named<'_, u64>> {
    pairs.iter().map(|(name, value)| Named { name, value: *value }).collect()
}

#[derive(Serialize)]
struct Total {
    class: &'static str,
    gross: String,
    currency: String,
    findings: u64,
}

impl Total {
    fn new(total: ClassTotal) -> Self {
        let gross = amount(total.gross, &total.currency);
        Self { class: total.class.name(), gross, currency: total.currency, findings: total.findings }
    }
}

#[derive(Serialize)]
struct Root<'a> {
    id: &'a str,
    rule: &'a str,
    what: Vec<Named<'a, &'a str>>,
    since: Option<String>,
    findings: u64,
    records: u64,
    customers: u64,
    totals: Vec<Total>,
    words: String,
}

impl<'a> Root<'a> {
    fn new(root: &'a RootCause) -> Self {
        Self {
            id: &root.id,
            rule: &root.rule,
            what: named(&root.what),
            since: root.since.map(|day| day.to_string()),
            findings: root.findings,
            records: root.records,
            customers: root.customers,
            totals: root.totals.iter().cloned().map(Total::new).collect(),
            words: root.words(),
        }
    }
}

#[derive(Serialize)]
struct Source<'a> {
    path: &'a str,
    hash: &'a str,
    bytes: u64,
    read: u64,
    excluded: Vec<Named<'a, u64>>,
}

impl<'a> Source<'a> {
    fn new(source: &'a SourceFile) -> Self {
        let excluded = numbered(&source.excluded);
        Self { path: &source.path, hash: &source.hash, bytes: source.bytes, read: source.read, excluded }
    }
}

#[derive(Serialize)]
struct Population<'a> {
    name: &'a str,
    sources: &'a [u32],
    read: u64,
    kept: u64,
    excluded: u64,
    elsewhere: u64,
    merged: u64,
    versions: u64,
    mapped: Vec<Named<'a, &'a str>>,
    unmapped: &'a [String],
    unreadable: Vec<Named<'a, u64>>,
    extract: Option<Span>,
    control: Control<'a>,
}

impl<'a> Population<'a> {
    fn new(facts: &'a PopulationFacts) -> Self {
        Self {
            name: &facts.name,
            sources: &facts.sources,
            read: facts.read,
            kept: facts.kept,
            excluded: facts.excluded,
            elsewhere: facts.elsewhere,
            merged: facts.merged,
            versions: facts.versions,
            mapped: named(&facts.mapped),
            unmapped: &facts.unmapped,
            unreadable: numbered(&facts.unreadable),
            extract: facts.extract.map(Span::new),
            control: Control::new(&facts.control),
        }
    }
}

#[derive(Serialize)]
struct Control<'a> {
    column: Option<&'a str>,
    totals: BTreeMap<&'a str, String>,
    without_amount: u64,
    control_records: Option<u64>,
    control_total: Option<String>,
}

impl<'a> Control<'a> {
    fn new(control: &'a ControlTotal) -> Self {
        Self {
            column: control.column.as_deref(),
            totals: sums(&control.totals),
            without_amount: control.without_amount,
            control_records: control.control_records,
            control_total: control.control_total.map(|total| total.to_places(2)),
        }
    }
}

#[derive(Serialize)]
struct Complaint<'a> {
    code: &'static str,
    level: &'static str,
    message: &'a str,
    place: Option<Spot<'a>>,
    label: Option<&'a str>,
    occurrences: Option<Often>,
    notes: &'a [String],
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Spot<'a> {
    file: &'a str,
    line: Option<u64>,
    column: Option<u32>,
    width: u32,
    excerpt: Option<&'a str>,
}

#[derive(Serialize)]
struct Often {
    count: u64,
    of: u64,
    first_line: u64,
    last_line: u64,
}

impl<'a> Complaint<'a> {
    fn new(diagnostic: &'a Diagnostic) -> Self {
        Self {
            code: diagnostic.code.name(),
            level: crate::diagnostic::level(diagnostic.level),
            message: &diagnostic.message,
            place: diagnostic.place.as_ref().map(|place| Spot {
                file: &place.file,
                line: place.line,
                column: place.column,
                width: place.width,
                excerpt: place.excerpt.as_deref(),
            }),
            label: diagnostic.label.as_deref(),
            occurrences: diagnostic.occurrences.as_ref().map(|often| Often {
                count: often.count,
                of: often.of,
                first_line: often.first_line,
                last_line: often.last_line,
            }),
            notes: &diagnostic.notes,
            help: diagnostic.help.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
    title: &'a str,
    family: &'a str,
    reference: Option<&'a str>,
    assertion: &'a str,
    severity: &'static str,
    confidence: &'static str,
    reliability: Option<&'a str>,
    criteria: &'a str,
    why: &'a str,
    remedy: &'a str,
    scope_date: Option<&'a str>,
    by_period: bool,
    kind: &'a str,
    hash: &'a str,
    population: &'a str,
    status: &'static str,
    reason: Option<&'a str>,
    unlock: &'a [String],
    findings: u64,
    coverage: Coverage<'a>,
    guards_missing: &'a [String],
    params: Vec<Named<'a, &'a str>>,
}

impl<'a> Rule<'a> {
    fn new(rule: &'a RuleResult) -> Self {
        let card = &rule.card;
        let (reason, unlock): (Option<&str>, &[String]) = match &rule.status {
            Status::NotPerformed { reason, unlock } => (Some(reason), unlock),
            Status::Error(reason) => (Some(reason), &[]),
            _ => (None, &[]),
        };
        Self {
            id: &card.id,
            title: &card.title,
            family: &card.family,
            reference: card.reference.as_deref(),
            assertion: &card.assertion,
            severity: card.severity.name(),
            confidence: card.confidence.name(),
            reliability: card.reliability.as_deref(),
            criteria: &card.criteria,
            why: &card.why,
            remedy: &card.remedy,
            scope_date: card.scope_date.as_deref(),
            by_period: card.by_period,
            kind: &card.kind,
            hash: &card.hash,
            population: &rule.population,
            status: rule.status.name(),
            reason,
            unlock,
            findings: rule.findings,
            coverage: Coverage::new(&rule.coverage),
            guards_missing: &rule.guards_missing,
            params: named(&rule.params),
        }
    }
}

#[derive(Serialize)]
struct Measured<'a> {
    records: u64,
    money: BTreeMap<&'a str, String>,
}

impl<'a> Measured<'a> {
    fn new(measure: &'a Measure) -> Self {
        Self { records: measure.records, money: sums(&measure.money) }
    }
}

#[derive(Serialize)]
struct Coverage<'a> {
    total: Measured<'a>,
    excluded: u64,
    out_of_scope: Measured<'a>,
    outside: Measured<'a>,
    context: Measured<'a>,
    tested: Measured<'a>,
    exceptions: Measured<'a>,
    guarded: Vec<Reason<'a>>,
    not_tested: Vec<Reason<'a>>,
    outside_extract: Measured<'a>,
}

#[derive(Serialize)]
struct Reason<'a> {
    reason: &'a str,
    measure: Measured<'a>,
}

impl<'a> Coverage<'a> {
    fn new(coverage: &'a tieout_model::Coverage) -> Self {
        let reason = |part: &'a NotTested| Reason { reason: &part.reason, measure: Measured::new(&part.measure) };
        Self {
            total: Measured::new(&coverage.total),
            excluded: coverage.excluded,
            out_of_scope: Measured::new(&coverage.out_of_scope),
            outside: Measured::new(&coverage.outside),
            context: Measured::new(&coverage.context),
            tested: Measured::new(&coverage.tested),
            exceptions: Measured::new(&coverage.exceptions),
            guarded: coverage.guarded.iter().map(reason).collect(),
            not_tested: coverage.not_tested.iter().map(reason).collect(),
            outside_extract: Measured::new(&coverage.outside_extract),
        }
    }
}

#[derive(Serialize)]
struct Netting<'a> {
    ambiguous: u64,
    entries: Vec<Netted<'a>>,
}

#[derive(Serialize)]
struct Netted<'a> {
    tier: &'a str,
    inferred: bool,
    credit: &'a str,
    bill: &'a str,
    rebill: Option<&'a str>,
    amount: String,
    currency: &'a str,
    crosses_period: bool,
}

impl<'a> Netted<'a> {
    fn new(entry: &'a NettingEntry) -> Self {
        Self {
            tier: &entry.tier,
            inferred: entry.inferred,
            credit: &entry.credit,
            bill: &entry.bill,
            rebill: entry.rebill.as_deref(),
            amount: amount(entry.amount, &entry.currency),
            currency: &entry.currency,
            crosses_period: entry.crosses_period,
        }
    }
}
