//! The working papers at the end of the page: what was not tested, sources, netting, rules.

use std::io;

use serde::Serialize;
use tieout_model::stage::Verdict;
use tieout_model::{Amount, AuditReport, Measure, Status};

use crate::diagnostic;
use crate::format::hold::told;
use crate::layout::{count, counted, measure_money, money, visible};

/// The list of drafts.
#[derive(Serialize)]
pub(super) struct Hold {
    line: String,
    drafts: Vec<Draft>,
}

#[derive(Serialize)]
struct Draft {
    verdict: &'static str,
    number: String,
    customer: String,
    gross: String,
    why: Vec<String>,
}

/// Drafts in the order of the list; none without a stage.
pub(super) fn hold(report: &AuditReport) -> Option<Hold> {
    let list = report.hold.as_ref()?;
    let of = |verdict: Verdict| list.lines.iter().filter(|line| line.verdict == verdict).count() as u64;
    let counts = Verdict::ALL.map(|verdict| format!("{} {}", verdict.name(), count(of(verdict))));
    let told = told(report);
    let drafts = list.lines.iter().map(|line| Draft {
        verdict: line.verdict.name(),
        number: visible(&line.number).into_owned(),
        customer: visible(line.customer.as_deref().unwrap_or_default()).into_owned(),
        gross: line.gross.map_or(String::new(), |gross| money(gross, &line.currency)),
        why: told(line)
            .into_iter()
            .map(|(speaks, finding)| {
                let lead = if speaks { "" } else { "remark: " };
                visible(&format!("{lead}{} ({})", finding.message, finding.rule)).into_owned()
            })
            .collect(),
    });
    Some(Hold { line: counts.join(", "), drafts: drafts.collect() })
}

#[derive(Serialize)]
pub(super) struct Untested {
    rule: String,
    reason: String,
    records: String,
    money: String,
    ask: String,
}

/// A line for each rule and reason; a rule that tested all has none.
pub(super) fn untested(report: &AuditReport) -> Vec<Untested> {
    let mut lines = Vec::new();
    for rule in &report.rules {
        let coverage = &rule.coverage;
        let mut line = |reason: &str, measure: Option<&Measure>, ask: &[String]| {
            lines.push(Untested {
                rule: rule.card.id.clone(),
                reason: visible(reason).into_owned(),
                records: measure.map_or(String::new(), |measure| count(measure.records)),
                money: measure.and_then(measure_money).unwrap_or_default(),
                ask: visible(&ask.join(", ")).into_owned(),
            });
        };
        match &rule.status {
            Status::NotPerformed { reason, unlock } => line(&format!("not performed: {reason}"), None, unlock),
            Status::Error(reason) => line(&format!("failed, a fault of tieout: {reason}"), None, &[]),
            _ => {}
        }
        for reason in coverage.not_tested.iter().filter(|reason| reason.measure.records > 0) {
            line(&reason.reason, Some(&reason.measure), &[]);
        }
        if coverage.outside_extract.records > 0 {
            line("the counterpart may lie outside the extract", Some(&coverage.outside_extract), &[]);
        }
        if coverage.excluded > 0 {
            let excluded = Measure { records: coverage.excluded, ..Measure::default() };
            line("excluded while reading", Some(&excluded), &[]);
        }
        if !rule.guards_missing.is_empty() {
            line(&format!("for review only, since {} is missing", rule.guards_missing.join(", ")), None, &[]);
        }
    }
    lines
}

/// Each remark as it is shown on a screen.
pub(super) fn diagnostics(report: &AuditReport) -> io::Result<Vec<String>> {
    let mut all: Vec<_> = report.diagnostics.iter().collect();
    all.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.level));
    let text = |diagnostic: &tieout_model::Diagnostic| {
        let mut text = Vec::new();
        diagnostic::render(diagnostic, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    };
    all.into_iter().map(text).collect()
}

#[derive(Serialize)]
pub(super) struct Population {
    name: String,
    read: String,
    kept: String,
    excluded: String,
    elsewhere: String,
    merged: String,
    total: String,
    sender: String,
    extract: String,
}

pub(super) fn populations(report: &AuditReport) -> Vec<Population> {
    let one = |facts: &tieout_model::report::PopulationFacts| {
        let control = &facts.control;
        let totals: Vec<_> =
            control.totals.iter().map(|(currency, units)| money(Amount::money(*units), currency)).collect();
        let records = control.control_records.map(|stated| {
            let agrees = if stated == facts.kept { "agrees" } else { "differs" };
            format!("{} records: {agrees}", count(stated))
        });
        let total = control.control_total.map(|stated| {
            let same =
                control.totals.len() == 1 && control.totals.values().all(|units| Amount::money(*units) == stated);
            format!("{}: {}", stated.to_display(2), if same { "agrees" } else { "differs" })
        });
        let sender: Vec<String> = records.into_iter().chain(total).collect();
        Population {
            name: facts.name.clone(),
            read: count(facts.read),
            kept: count(facts.kept),
            excluded: count(facts.excluded),
            elsewhere: count(facts.elsewhere),
            merged: count(facts.merged),
            total: totals.join(", "),
            sender: if sender.is_empty() { "none given".to_owned() } else { sender.join("; ") },
            extract: facts.extract.map_or("not stated".to_owned(), |extract| extract.to_string()),
        }
    };
    report.populations.iter().map(one).collect()
}

#[derive(Serialize)]
pub(super) struct File {
    path: String,
    bytes: String,
    read: String,
    excluded: String,
    hash: String,
}

pub(super) fn files(report: &AuditReport) -> Vec<File> {
    let one = |source: &tieout_model::report::SourceFile| File {
        path: visible(&source.path).into_owned(),
        bytes: count(source.bytes),
        read: count(source.read),
        excluded: source
            .excluded
            .iter()
            .map(|(reason, records)| format!("{}: {reason}", count(*records)))
            .collect::<Vec<_>>()
            .join(", "),
        hash: source.hash.clone(),
    };
    report.sources.iter().map(one).collect()
}

#[derive(Serialize)]
pub(super) struct Netted {
    credit: String,
    bill: String,
    rebill: String,
    amount: String,
    how: String,
    month: &'static str,
}

pub(super) fn netting(report: &AuditReport) -> Vec<Netted> {
    let one = |entry: &tieout_model::report::NettingEntry| Netted {
        credit: visible(&entry.credit).into_owned(),
        bill: visible(&entry.bill).into_owned(),
        rebill: entry.rebill.as_deref().map_or(String::new(), |rebill| visible(rebill).into_owned()),
        amount: money(entry.amount, &entry.currency),
        how: visible(&entry.tier).into_owned(),
        month: if entry.crosses_period { "yes" } else { "" },
    };
    report.netting.entries.iter().map(one).collect()
}

pub(super) fn netting_line(report: &AuditReport) -> String {
    let inferred = report.netting.entries.iter().filter(|entry| entry.inferred).count() as u64;
    format!(
        "{}, {} by inference; {} that several bills could explain, not netted.",
        counted(report.netting.entries.len() as u64, "netted credit or void", "netted credits and voids"),
        count(inferred),
        counted(report.netting.ambiguous, "credit", "credits"),
    )
}

#[derive(Serialize)]
pub(super) struct Rule {
    id: String,
    title: String,
    criteria: String,
    why: String,
    params: String,
    reliability: String,
    mark: &'static str,
    status: &'static str,
    findings: String,
    tested: String,
    money: String,
    not_tested: String,
    hash: String,
}

pub(super) fn rules(report: &AuditReport) -> Vec<Rule> {
    let one = |rule: &tieout_model::RuleResult| {
        let params: Vec<_> = rule.params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let text = |text: &str| visible(text).into_owned();
        Rule {
            id: rule.card.id.clone(),
            title: text(&rule.card.title),
            criteria: text(&rule.card.criteria),
            why: text(&rule.card.why),
            params: text(&params.join("; ")),
            reliability: text(rule.card.reliability.as_deref().unwrap_or_default()),
            mark: match &rule.status {
                Status::NoExceptions => "✓",
                Status::Exceptions => "✗",
                Status::PartlyTested => "~",
                Status::NotTested | Status::NotPerformed { .. } => "-",
                Status::Error(_) => "!",
            },
            status: rule.status.name(),
            findings: count(rule.findings),
            tested: count(rule.coverage.tested.records),
            money: measure_money(&rule.coverage.tested).unwrap_or_default(),
            not_tested: count(rule.coverage.not_tested_total().records),
            hash: rule.card.hash.clone(),
        }
    };
    report.rules.iter().map(one).collect()
}
