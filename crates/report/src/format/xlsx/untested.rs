//! What could not be tested, why, how much money that is, and what to ask whom for.

use std::collections::BTreeMap;

use rust_xlsxwriter::XlsxError;
use tieout_model::{AuditReport, Diagnostic, Measure, RuleResult, Status};

use super::cell::Cell;
use super::phrases;
use super::style::Look;
use super::table::{Setting, Sheet, Spec, Table, column, figures};
use crate::layout::count;

pub(super) fn write(report: &AuditReport, setting: &mut Setting) -> Result<Vec<Sheet>, XlsxError> {
    let words = "What could not be tested, and what to ask for. The exports to ask for first stand on top.";
    let mut intro = vec![(vec![Cell::text(words)], Look::Intro)];
    intro.extend(report.shortfalls.iter().map(|why| (vec![Cell::text(format!("Incomplete: {why}"))], Look::Strong)));
    let spec = Spec {
        name: "Not tested",
        intro,
        columns: vec![
            column("What", 24),
            column("Rule or place", 38),
            figures("Records", 10),
            figures("Money", 20),
            column("Why", 60),
            column("What to ask for, how to mend", 50),
            column("Asked whom", 14),
            column("Asked on", 11),
        ],
        validations: Vec::new(),
        pages_wide: 1,
    };
    let mut table = Table::begin(setting, spec)?;
    for export in &report.unlock {
        let why = "lets most of the rules run that were not performed";
        table.line(&line("ask for", "", None, why, export), Look::Plain)?;
    }
    for ((reason, unlock), rules) in not_performed(report) {
        table.line(&line("not performed", &rules.join(", "), None, reason, &unlock.join(", ")), Look::Plain)?;
    }
    let mut complaints: Vec<_> = report.diagnostics.iter().collect();
    complaints.sort_by_key(|complaint| std::cmp::Reverse(complaint.level));
    for complaint in complaints {
        table.line(&message(complaint), Look::Plain)?;
    }
    let mut parts: Vec<_> = report.rules.iter().flat_map(partly).collect();
    parts.sort_by_key(|(records, _)| std::cmp::Reverse(*records));
    for (_, cells) in parts {
        table.line(&cells, Look::Plain)?;
    }
    table.end()
}

fn line(what: &str, place: &str, measure: Option<&Measure>, why: &str, ask: &str) -> Vec<Cell> {
    vec![
        Cell::text(what),
        Cell::text(place),
        measure.map_or(Cell::Empty, |measure| Cell::Count(measure.records)),
        measure.map_or(Cell::Empty, phrases::measure),
        Cell::text(why),
        Cell::text(ask),
        Cell::Input,
        Cell::InputDay,
    ]
}

/// Rules that could not run, those of one reason together.
fn not_performed(report: &AuditReport) -> BTreeMap<(&str, &[String]), Vec<&str>> {
    let mut reasons: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for rule in &report.rules {
        if let Status::NotPerformed { reason, unlock } = &rule.status {
            reasons.entry((reason.as_str(), unlock.as_slice())).or_default().push(&rule.card.id);
        }
    }
    reasons
}

/// What a rule that ran left out, with the number of records; what failed first.
fn partly(rule: &RuleResult) -> Vec<(u64, Vec<Cell>)> {
    let (id, coverage) = (rule.card.id.as_str(), &rule.coverage);
    let mut lines = Vec::new();
    if let Status::Error(text) = &rule.status {
        lines.push((u64::MAX, line("failed", id, None, &format!("a fault of tieout: {text}"), "")));
    }
    let counted = |what: &str, measure: &Measure, why: &str, ask: &str| {
        (measure.records, line(what, id, Some(measure), why, ask))
    };
    let reasons = coverage.not_tested.iter().filter(|reason| reason.measure.records > 0);
    lines.extend(reasons.map(|reason| counted("not tested", &reason.measure, &reason.reason, &ask(&reason.reason))));
    if coverage.outside_extract.records > 0 {
        let why = "the counterpart may lie outside the extract";
        lines.push(counted("not tested", &coverage.outside_extract, why, "an extract over a longer time"));
    }
    if coverage.excluded > 0 {
        let measure = Measure { records: coverage.excluded, ..Measure::default() };
        lines.push(counted("excluded", &measure, "records that could not be read", "the file without the fault"));
    }
    if !rule.guards_missing.is_empty() {
        let missing = rule.guards_missing.join(", ");
        let why = format!("findings are for review only: {missing} is missing");
        lines.push((rule.findings, line("for review only", id, None, &why, &missing)));
    }
    lines
}

/// What would let the records be tested, as far as the reason tells it.
fn ask(reason: &str) -> String {
    let missing =
        reason.strip_prefix("no ").and_then(|rest| rest.split_once(" row for").or(rest.split_once(" record for")));
    match (missing, reason.strip_suffix(" is empty")) {
        (Some((population, _)), _) if !population.contains(' ') => format!("the missing records of {population}"),
        (_, Some(column)) if !column.contains(' ') => format!("{column} of these records"),
        _ => String::new(),
    }
}

fn message(complaint: &Diagnostic) -> Vec<Cell> {
    let place = complaint.place.as_ref().map_or(String::new(), |place| match place.line {
        Some(line) => format!("{}:{line}", place.file),
        None => place.file.clone(),
    });
    let mut why = vec![complaint.message.clone()];
    if let Some(often) = &complaint.occurrences {
        why.push(format!("{} of {} records", count(often.count), count(often.of)));
    }
    why.extend(complaint.notes.iter().cloned());
    let measure = complaint.occurrences.as_ref().map(|often| Measure { records: often.count, ..Measure::default() });
    let what = format!("{}: {}", level(complaint), complaint.code.name());
    line(&what, &place, measure.as_ref(), &why.join("; "), complaint.help.as_deref().unwrap_or_default())
}

fn level(complaint: &Diagnostic) -> &'static str {
    match complaint.level {
        tieout_model::Level::Error => "error",
        tieout_model::Level::Warning => "warning",
        tieout_model::Level::Note => "note",
    }
}
