//! Findings for a spreadsheet: one line for each finding and effect; a finding without an effect has one line.
//!
//! Two things make a spreadsheet lie. A cell of text that begins like a formula is run, so it gets an apostrophe in
//! front; our own amounts, which may begin with a minus, do not. And a finding with two effects stands on two lines, so
//! `finding` numbers them: count distinct numbers, not lines. Sum `gross` by class and currency where `counted` is yes.
//! Everything is quoted, so that line feeds and other control characters of a cell stay inside it.

use std::io::{self, Write};

use csv::{QuoteStyle, WriterBuilder};
use tieout_model::amount::minor_units;
use tieout_model::finding::Disposition;
use tieout_model::report::counts;
use tieout_model::{Amount, AuditReport, Effect, EffectClass, Evidence, Figure, Finding};

/// The header. New columns are added at the end.
#[rustfmt::skip]
const HEADER: [&str; 43] = [
    "finding", "rule", "title", "severity", "confidence", "confidence_reason", "disposition", "customer", "population",
    "key", "message", "expected", "stated", "difference", "effect_customer", "class", "net", "tax", "gross", "currency",
    "counted", "remedy", "case", "fingerprint", "content", "caused_by", "corrected_by", "limited", "netted", "evidence",
    "waiver_reason", "waiver_prepared_by", "waiver_approved_by", "waiver_expires", "period_from", "period_to",
    "root_cause", "root_cause_words", "date", "customer_name", "owner", "standing", "first_seen",
];

/// Writes the findings.
pub(super) fn render(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(out);
    writer.write_record(HEADER).map_err(io_error)?;
    for (index, finding) in report.findings.iter().enumerate() {
        if finding.effects.is_empty() {
            writer.write_record(line(report, index, finding, None)).map_err(io_error)?;
        }
        for effect in &finding.effects {
            writer.write_record(line(report, index, finding, Some(effect))).map_err(io_error)?;
        }
    }
    writer.flush()
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn line(report: &AuditReport, index: usize, finding: &Finding, effect: Option<&Effect>) -> Vec<String> {
    let title = report.rules.iter().find(|rule| rule.card.id == finding.rule).map(|rule| rule.card.title.as_str());
    let (disposition, waiver) = waiver(&finding.disposition);
    let amount = |amount: Option<Amount>| {
        let places = effect.and_then(|effect| minor_units(&effect.currency)).unwrap_or(2);
        amount.map_or(String::new(), |amount| amount.to_places(places))
    };
    let optional = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
    let day = |day: Option<tieout_model::Date>| day.map_or(String::new(), |day| day.to_string());
    let mut cells = vec![
        (index + 1).to_string(),
        text(&finding.rule),
        text(title.unwrap_or_default()),
        finding.severity.name().to_owned(),
        finding.confidence.name().to_owned(),
        text(&finding.confidence_reason),
        disposition.to_owned(),
        optional(&finding.party),
        text(&finding.population),
        text(&pairs(&finding.key, "; ")),
        text(&finding.message),
        figure(finding.expected.as_ref()),
        figure(finding.stated.as_ref()),
        figure(finding.difference.as_ref()),
        effect.map_or(String::new(), |effect| optional(&effect.party)),
        effect.map_or(String::new(), |effect| effect.class.name().to_owned()),
        amount(effect.and_then(|effect| effect.net)),
        amount(effect.and_then(|effect| effect.tax)),
        amount(effect.map(|effect| effect.gross)),
        effect.map_or(String::new(), |effect| text(&effect.currency)),
        effect.map_or("", |effect| if in_totals(finding, effect) { "yes" } else { "no" }).to_owned(),
        text(&finding.remedy),
        text(&finding.case),
        text(&finding.fingerprint),
        text(&finding.content),
        optional(&finding.caused_by),
        optional(&finding.corrected_by),
        optional(&finding.limited),
        text(&finding.chain.join("\n")),
        text(&evidence(report, &finding.evidence)),
    ];
    cells.extend(waiver.map(text));
    cells.push(day(report.period.map(|period| period.from)));
    cells.push(day(report.period.map(|period| period.to)));
    let root = finding.root_cause.as_ref().and_then(|id| report.root_causes.iter().find(|root| root.id == *id));
    cells.push(optional(&finding.root_cause));
    cells.push(root.map_or(String::new(), |root| text(&root.words())));
    let customer = finding.party.as_ref().and_then(|party| report.customer(party));
    cells.push(day(finding.date));
    cells.push(customer.map_or(String::new(), |customer| optional(&customer.name)));
    cells.push(customer.map_or(String::new(), |customer| optional(&customer.owner)));
    cells.push(finding.history.map_or(String::new(), |history| history.standing.name().to_owned()));
    cells.push(day(finding.history.and_then(|history| history.first_seen)));
    cells
}

/// True if the line's gross belongs to the class total: misposted money counts once, where it is missing.
fn in_totals(finding: &Finding, effect: &Effect) -> bool {
    counts(finding) && !(effect.class == EffectClass::Misposted && effect.gross.units < 0)
}

fn waiver(disposition: &Disposition) -> (&'static str, [&str; 4]) {
    match disposition {
        Disposition::Open => ("open", [""; 4]),
        Disposition::Waived { reason, prepared_by, approved_by, expires } => {
            ("waived", [reason, prepared_by, approved_by, expires])
        }
    }
}

/// A figure without grouping; its currency stands in its own column of the effect, or behind it here.
fn figure(figure: Option<&Figure>) -> String {
    match figure {
        None => String::new(),
        Some(Figure::Money { amount, currency }) => {
            format!("{} {currency}", amount.to_places(minor_units(currency).unwrap_or(2)))
        }
        Some(Figure::Number(amount)) => amount.to_string(),
        Some(Figure::Text(value)) => text(value),
    }
}

fn pairs(cells: &[(String, String)], separator: &str) -> String {
    let cells: Vec<_> = cells.iter().map(|(column, value)| format!("{column}={value}")).collect();
    cells.join(separator)
}

/// One line a record: place, part played, cells as understood.
fn evidence(report: &AuditReport, evidence: &[Evidence]) -> String {
    let records: Vec<_> = evidence.iter().map(|evidence| record(report, evidence)).collect();
    records.join("\n")
}

fn record(report: &AuditReport, evidence: &Evidence) -> String {
    let source = usize::try_from(evidence.record.source).ok().and_then(|index| report.sources.get(index));
    let path = source.map_or("?", |source| source.path.as_str());
    let place = evidence.line.map_or(path.to_owned(), |line| format!("{path}:{line}"));
    format!("{place} record {} {}: {}", evidence.record.record, evidence.role, pairs(&evidence.cells, "; "))
}

/// Text that no spreadsheet takes for a formula.
pub(crate) fn text(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{value}") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_a_formula_and_amounts_are_never_text() {
        assert_eq!(text("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(text("-1"), "'-1");
        assert_eq!(text("\t=1"), "'\t=1");
        assert_eq!(text("INV-1"), "INV-1");
        let minus = Amount::money(-12_500_000);
        assert_eq!(figure(Some(&Figure::Money { amount: minus, currency: "USD".to_owned() })), "-12.50 USD");
        assert_eq!(figure(Some(&Figure::Text("+49".to_owned()))), "'+49");
    }
}
