//! One line a rule: purpose, source, procedure, population, result, conclusion, and who signs for the work.

use rust_xlsxwriter::XlsxError;
use tieout_model::{AuditReport, RuleResult};

use super::cell::Cell;
use super::phrases::measure;
use super::style::Look;
use super::table::{Setting, Sheet, Spec, Table, column, figures};
use crate::format::text::rules::{mark, words};
use crate::layout::measured;

/// The tick marks of every format.
pub(super) const LEGEND: &str =
    "Tick marks: ✓ no exceptions   ✗ exceptions   ~ partly tested   - not tested   ! failed";

pub(super) fn write(report: &AuditReport, setting: &mut Setting) -> Result<Vec<Sheet>, XlsxError> {
    let spec = Spec {
        name: "Rules",
        intro: vec![(vec![Cell::text(LEGEND)], Look::Intro)],
        columns: vec![
            column("Tick", 5),
            column("Rule", 22),
            column("Purpose", 32),
            column("Source, criteria", 34),
            column("Procedure", 26),
            column("Population", 20),
            figures("In scope", 10),
            figures("Tested", 10),
            figures("Money tested", 18),
            figures("Not tested", 10),
            figures("Money not tested", 18),
            column("Not tested, by reason", 30),
            figures("Exceptions", 10),
            figures("Findings", 9),
            column("Conclusion", 38),
            column("Prepared by", 12),
            column("Date", 11),
            column("Reviewed by", 12),
            column("Date of review", 11),
        ],
        validations: Vec::new(),
        pages_wide: 2,
    };
    let mut table = Table::begin(setting, spec)?;
    for rule in &report.rules {
        table.line(&line(rule), Look::Plain)?;
    }
    table.end()
}

fn line(rule: &RuleResult) -> Vec<Cell> {
    let (card, coverage) = (&rule.card, &rule.coverage);
    let (in_scope, mut left) = (coverage.in_scope(), coverage.not_tested_total());
    left.add(&coverage.outside_extract);
    let reference = card.reference.as_ref().map_or(String::new(), |reference| format!(" ({reference})"));
    let mut reasons: Vec<_> = coverage.not_tested.iter().filter(|reason| reason.measure.records > 0).collect();
    reasons.sort_by(|one, other| (other.measure.records, &one.reason).cmp(&(one.measure.records, &other.reason)));
    let mut reasons: Vec<_> =
        reasons.iter().map(|reason| format!("{}: {}", measured(&reason.measure), reason.reason)).collect();
    if coverage.outside_extract.records > 0 {
        reasons.push(format!("{}: counterpart outside the extract", measured(&coverage.outside_extract)));
    }
    let params: Vec<_> = rule.params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let params = if params.is_empty() { String::new() } else { format!("; {}", params.join(", ")) };
    vec![
        Cell::text(mark(&rule.status).to_string()),
        Cell::text(card.id.as_str()),
        Cell::text(format!("{}{reference}. {}", card.title, card.why)),
        Cell::text(card.criteria.as_str()),
        Cell::text(format!("{}, for {}{params}; rule file {}", card.kind, card.assertion, card.hash)),
        Cell::text(rule.population.as_str()),
        Cell::Count(in_scope.records),
        Cell::Count(coverage.tested.records),
        measure(&coverage.tested),
        Cell::Count(left.records),
        measure(&left),
        Cell::text(reasons.join("; ")),
        Cell::Count(coverage.exceptions.records),
        Cell::Count(rule.findings),
        Cell::text(words(rule)),
        Cell::Input,
        Cell::InputDay,
        Cell::Input,
        Cell::InputDay,
    ]
}
