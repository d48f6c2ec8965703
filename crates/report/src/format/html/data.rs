//! What the page's script reads: an index of all findings, and their details in chunks that are parsed when one is opened.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use tieout_model::amount::{MONEY_SCALE, minor_units};
use tieout_model::finding::Disposition;
use tieout_model::report::{class_totals, counts};
use tieout_model::{AuditReport, Confidence, Date, Effect, EffectClass, Evidence, Finding};

use crate::groups::{Group, Groups, Owner, remedy};
use crate::layout::{count, counted, money};
use crate::words;

/// Findings whose details are parsed together.
const CHUNK: usize = 200;
/// Cases shown of an entry of the work list.
const CASES_MAX: usize = 4;
/// Columns by which people know a record.
const NAMES: [&str; 9] = [
    "invoice_no",
    "document_number",
    "invoice_id",
    "payment_id",
    "refund_id",
    "shipment_id",
    "order_id",
    "subscription_id",
    "certificate_id",
];
/// The order of confidence in the page.
const CONFIDENCES: [Confidence; 3] = [Confidence::Certain, Confidence::Likely, Confidence::Review];

pub(super) struct Data<'a> {
    pub(super) index: Index<'a>,
    pub(super) chunks: Vec<Vec<Detail<'a>>>,
}

#[derive(Serialize)]
pub(super) struct Index<'a> {
    chunk: usize,
    confidences: [&'static str; 3],
    rules: Vec<Rule<'a>>,
    parties: Vec<Party<'a>>,
    findings: Vec<Line<'a>>,
    groups: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
    title: &'a str,
    family: &'a str,
    reference: &'a str,
    n: u64,
}

#[derive(Serialize)]
struct Party<'a> {
    id: &'a str,
    name: Option<&'a str>,
    owner: Option<&'a str>,
    email: Option<&'a str>,
    totals: Vec<String>,
}

/// A finding in the list: `i` fingerprint, `r` rule, `p` customer or -1, `k` key, `d` day, `m` sentence, `c` confidence, `t` open,
/// consequence or waived, `o` place in the order of work, `h` standing, `x` effects, `q` further words to search.
#[derive(Serialize)]
struct Line<'a> {
    i: &'a str,
    r: usize,
    p: i64,
    k: String,
    d: Option<String>,
    m: &'a str,
    c: usize,
    t: u8,
    o: usize,
    h: Option<&'static str>,
    x: Vec<Stake<'a>>,
    q: String,
}

/// `o` place of the class, `z` units of the sixth decimal, `p` customer.
#[derive(Serialize)]
struct Stake<'a> {
    words: &'static str,
    o: usize,
    gross: String,
    parts: String,
    currency: &'a str,
    z: String,
    p: Option<&'a str>,
    counted: bool,
}

#[derive(Serialize)]
struct Entry<'a> {
    n: usize,
    who: String,
    p: i64,
    owner: Option<&'a str>,
    sure: String,
    oldest: Option<String>,
    filing: bool,
    totals: Vec<String>,
    cases: Vec<Case<'a>>,
    more: Option<String>,
}

#[derive(Serialize)]
struct Case<'a> {
    confidence: &'static str,
    title: &'a str,
    keys: String,
    remedy: &'a str,
    first: usize,
}

#[derive(Serialize)]
pub(super) struct Detail<'a> {
    expected: Option<String>,
    stated: Option<String>,
    difference: Option<String>,
    reason: &'a str,
    remedy: &'a str,
    history: Option<String>,
    limited: Option<&'a str>,
    corrected: Option<&'a str>,
    waiver: Option<String>,
    root: Option<String>,
    cause: Option<&'a str>,
    line: Vec<(String, String)>,
    chain: &'a [String],
    evidence: Vec<Record<'a>>,
}

#[derive(Serialize)]
struct Record<'a> {
    population: &'a str,
    place: String,
    role: &'a str,
    cells: &'a [(String, String)],
    received: &'a [(String, String)],
}

impl<'a> Data<'a> {
    pub(super) fn new(report: &'a AuditReport) -> Self {
        let rules: HashMap<&str, usize> =
            report.rules.iter().enumerate().map(|(index, rule)| (rule.card.id.as_str(), index)).collect();
        let names: BTreeSet<&str> = report.findings.iter().filter_map(|finding| finding.party.as_deref()).collect();
        let places: BTreeMap<&str, i64> = names.iter().zip(0_i64..).map(|(id, place)| (*id, place)).collect();
        let numbers: HashMap<&str, usize> =
            report.findings.iter().enumerate().map(|(index, finding)| (finding.fingerprint.as_str(), index)).collect();
        let place = |party: &Option<String>| party.as_deref().and_then(|id| places.get(id)).copied().unwrap_or(-1);
        // A finding may name a rule that the report lacks only if somebody made the report by hand.
        let unknown = report.rules.len();
        let mut cards: Vec<Rule<'a>> = report.rules.iter().map(Rule::new).collect();
        cards.push(Rule { id: "?", title: "", family: "", reference: "", n: 0 });
        let groups = Groups::new(report);
        let order = groups.order();
        let line = |finding: &'a Finding| Line {
            i: &finding.fingerprint,
            r: rules.get(finding.rule.as_str()).copied().unwrap_or(unknown),
            p: place(&finding.party),
            k: words::key_words(finding),
            d: finding.date.map(|day| day.to_string()),
            m: &finding.message,
            c: CONFIDENCES.iter().position(|other| *other == finding.confidence).unwrap_or(0),
            t: if finding.is_waived() { 2 } else { u8::from(finding.caused_by.is_some()) },
            o: order.get(finding.fingerprint.as_str()).copied().unwrap_or(usize::MAX),
            h: finding.history.map(|history| history.standing.name()),
            x: finding.effects.iter().map(|effect| Stake::new(finding, effect)).collect(),
            q: searched(finding),
        };
        let entries = groups.open.iter().enumerate();
        let entries = entries.map(|(n, group)| Entry::new(report, n, group, (&places, &numbers))).collect();
        let details: Vec<Detail<'a>> = report.findings.iter().map(|finding| Detail::new(report, finding)).collect();
        let mut chunks: Vec<Vec<Detail<'a>>> = Vec::new();
        for detail in details {
            match chunks.last_mut().filter(|chunk| chunk.len() < CHUNK) {
                Some(chunk) => chunk.push(detail),
                None => chunks.push(vec![detail]),
            }
        }
        let mut sums: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in &report.findings {
            if let Some(party) = finding.party.as_deref() {
                sums.entry(party).or_default().push(finding);
            }
        }
        let party = |id: &&'a str| {
            let known = report.customer(id);
            let totals = class_totals(sums.get(*id).into_iter().flatten().copied());
            Party {
                id,
                name: known.and_then(|customer| customer.name.as_deref()),
                owner: known.and_then(|customer| customer.owner.as_deref()),
                email: known.and_then(|customer| customer.email.as_deref()),
                totals: totals
                    .into_iter()
                    .map(|total| format!("{} {}", total.class.words(), money(total.gross, &total.currency)))
                    .collect(),
            }
        };
        let index = Index {
            chunk: CHUNK,
            confidences: CONFIDENCES.map(Confidence::name),
            rules: cards,
            parties: names.iter().map(party).collect(),
            findings: report.findings.iter().map(line).collect(),
            groups: entries,
        };
        Self { index, chunks }
    }
}

impl<'a> Rule<'a> {
    fn new(rule: &'a tieout_model::RuleResult) -> Self {
        let card = &rule.card;
        Self {
            id: &card.id,
            title: &card.title,
            family: &card.family,
            reference: card.reference.as_deref().unwrap_or_default(),
            n: rule.findings,
        }
    }
}

impl<'a> Stake<'a> {
    fn new(finding: &Finding, effect: &'a Effect) -> Self {
        let places = minor_units(&effect.currency).unwrap_or(2);
        let parts: Vec<_> = [("net", effect.net), ("tax", effect.tax)]
            .into_iter()
            .filter_map(|(word, amount)| Some(format!("{word} {}", amount?.to_display(places))))
            .collect();
        let half = effect.class == EffectClass::Misposted && effect.gross.units < 0;
        Self {
            words: effect.class.words(),
            o: EffectClass::ALL.iter().position(|class| *class == effect.class).unwrap_or(0),
            gross: money(effect.gross, &effect.currency),
            parts: parts.join(", "),
            currency: &effect.currency,
            z: effect.gross.units_at(MONEY_SCALE).unwrap_or(effect.gross.units).to_string(),
            p: effect.party.as_deref(),
            counted: counts(finding) && !half,
        }
    }
}

impl<'a> Entry<'a> {
    fn new(
        report: &'a AuditReport,
        n: usize,
        group: &Group<'a>,
        (places, numbers): (&BTreeMap<&str, i64>, &HashMap<&str, usize>),
    ) -> Self {
        let party = if let Owner::Party(party) = &group.owner { Some(party.as_str()) } else { None };
        let cases = group.cases();
        let more = cases.len().checked_sub(CASES_MAX).filter(|more| *more > 0);
        let title = |rule: &'a str| {
            report.rules.iter().find(|result| result.card.id == rule).map_or(rule, |result| result.card.title.as_str())
        };
        let case = |findings: &Vec<&'a Finding>| {
            let mut keys: Vec<_> = findings.iter().take(3).map(|finding| words::key_words(finding)).collect();
            if findings.len() > 3 {
                keys.push(format!("and {} more", count(findings.len() as u64 - 3)));
            }
            Case {
                confidence: findings[0].confidence.name(),
                title: title(&findings[0].rule),
                keys: keys.join(", "),
                remedy: remedy(report, findings),
                first: numbers.get(findings[0].fingerprint.as_str()).copied().unwrap_or(0),
            }
        };
        let totals = group.totals();
        Self {
            n,
            who: group.owner.words(),
            p: party.and_then(|party| places.get(party)).copied().unwrap_or(-1),
            owner: party.and_then(|party| report.customer(party)).and_then(|customer| customer.owner.as_deref()),
            sure: group.sureness(),
            oldest: group.oldest().map(|day| day.to_string()),
            filing: group.is_before_filing(),
            totals: totals
                .into_iter()
                .map(|(class, currency, amount)| format!("{} {}", class.words(), money(amount, &currency)))
                .collect(),
            cases: cases.iter().take(CASES_MAX).map(case).collect(),
            more: more.map(|more| format!("and {}", counted(more as u64, "more case", "more cases"))),
        }
    }
}

impl<'a> Detail<'a> {
    fn new(report: &'a AuditReport, finding: &'a Finding) -> Self {
        let waiver = match &finding.disposition {
            Disposition::Open => None,
            Disposition::Waived { reason, prepared_by, approved_by, expires } => {
                Some(format!("{reason}; prepared by {prepared_by}, approved by {approved_by}, expires {expires}"))
            }
        };
        let root = finding.root_cause.as_ref().and_then(|id| report.root_causes.iter().find(|root| root.id == *id));
        Self {
            expected: finding.expected.as_ref().map(ToString::to_string),
            stated: finding.stated.as_ref().map(ToString::to_string),
            difference: finding.difference.as_ref().map(ToString::to_string),
            reason: &finding.confidence_reason,
            remedy: &finding.remedy,
            history: words::standing(report, finding),
            limited: finding.limited.as_deref(),
            corrected: finding.corrected_by.as_deref(),
            waiver,
            root: root.map(tieout_model::report::RootCause::words),
            cause: finding.caused_by.as_deref(),
            line: time_line(finding),
            chain: &finding.chain,
            evidence: finding.evidence.iter().map(|evidence| Record::new(report, evidence)).collect(),
        }
    }
}

impl<'a> Record<'a> {
    fn new(report: &'a AuditReport, evidence: &'a Evidence) -> Self {
        Self {
            population: &evidence.population,
            place: words::place(report, evidence),
            role: &evidence.role,
            cells: &evidence.cells,
            received: &evidence.received,
        }
    }
}

/// Ids and numbers of the evidence that the key does not hold, once each.
fn searched(finding: &Finding) -> String {
    let mut words: BTreeSet<&str> = BTreeSet::new();
    for (column, value) in finding.evidence.iter().flat_map(|evidence| &evidence.cells) {
        if column.ends_with("_id") || column.ends_with("_no") || column.ends_with("number") {
            words.insert(value);
        }
    }
    for (_, value) in &finding.key {
        words.remove(value.as_str());
    }
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// The records by the first day that each states, with what they are.
fn time_line(finding: &Finding) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = finding
        .evidence
        .iter()
        .filter_map(|evidence| {
            let is_day =
                |(column, value): &&(String, String)| column.ends_with("_date") && value.parse::<Date>().is_ok();
            let (column, day) = evidence.cells.iter().find(is_day)?;
            let named = |name: &&str| evidence.cells.iter().find(|(column, _)| column == *name).map(|(_, value)| value);
            let name = NAMES.iter().find_map(named).or(evidence.received.first().map(|(_, value)| value));
            let name = name.map_or(String::new(), |value| format!(" {value}"));
            let what = column.replace('_', " ");
            Some((day.clone(), format!("{}{name}, {}: {what}", evidence.population.replace('_', " "), evidence.role)))
        })
        .collect();
    steps.sort();
    steps.dedup();
    steps
}
