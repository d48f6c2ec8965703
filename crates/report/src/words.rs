//! Phrases that every format for people uses, so that a finding is called the same everywhere.

use tieout_model::report::counts;
use tieout_model::{AuditReport, Confidence, Effect, Evidence, Finding, Severity, Status};

use crate::layout::{count, counted, money};
use crate::past::age;

/// The key's values, each once; without the customer, who stands before them, unless there is nothing else.
pub(crate) fn key_words(finding: &Finding) -> String {
    let mut values: Vec<&str> = Vec::new();
    for (_, value) in &finding.key {
        if !values.contains(&value.as_str()) && finding.party.as_ref() != Some(value) {
            values.push(value);
        }
    }
    match &finding.party {
        Some(party) if values.is_empty() => party.clone(),
        _ => values.join(" / "),
    }
}

/// `new`; `unchanged, first seen 2026-09-05, 61 days ago`; none without a baseline.
pub(crate) fn standing(report: &AuditReport, finding: &Finding) -> Option<String> {
    let history = finding.history?;
    let seen = history.first_seen.zip(report.as_of).filter(|(first, now)| first < now);
    Some(match seen {
        Some((first, now)) => {
            let age = counted(age(first, now), "day ago", "days ago");
            format!("{}, first seen {first}, {age}", history.standing.name())
        }
        None => history.standing.name().to_owned(),
    })
}

/// `period 2026-10-01 to 2026-10-31, as of 2026-11-05; 22,178 records in 41 populations from 39 files`.
pub(crate) fn facts(report: &AuditReport) -> String {
    let period = report.period.map_or("every date in the sources".to_owned(), |period| format!("period {period}"));
    let as_of = report.as_of.map_or("no as-of date".to_owned(), |date| format!("as of {date}"));
    let records = report.populations.iter().map(|population| population.kept).sum();
    format!(
        "{period}, {as_of}; {} in {} from {}",
        counted(records, "record", "records"),
        counted(report.populations.len() as u64, "population", "populations"),
        counted(report.sources.len() as u64, "file", "files"),
    )
}

/// `7 findings (3 certain, 2 likely, 2 for review), 1 waived, 2 consequences of others`.
pub(crate) fn result(report: &AuditReport) -> String {
    let own: Vec<_> = report.findings.iter().filter(|finding| counts(finding)).collect();
    let number = |confidence| own.iter().filter(|finding| finding.confidence == confidence).count() as u64;
    let mut words = match own.len() as u64 {
        0 => "no open findings".to_owned(),
        found => counted(found, "open finding", "open findings"),
    };
    let kinds: Vec<_> =
        [(Confidence::Certain, "certain"), (Confidence::Likely, "likely"), (Confidence::Review, "for review")]
            .into_iter()
            .filter(|(confidence, _)| number(*confidence) > 0)
            .map(|(confidence, word)| format!("{} {word}", count(number(confidence))))
            .collect();
    if !kinds.is_empty() {
        words.push_str(&format!(" ({})", kinds.join(", ")));
    }
    let advice = own.iter().filter(|finding| finding.severity == Severity::Advice).count() as u64;
    let waived = report.findings.iter().filter(|finding| finding.is_waived()).count() as u64;
    let explained = report.findings.len() as u64 - own.len() as u64 - waived;
    let extras = [
        (advice, format!("{} of them advice", count(advice))),
        (explained, counted(explained, "more is a consequence of these", "more are consequences of these")),
        (waived, format!("{} waived", count(waived))),
    ];
    for (number, text) in extras {
        if number > 0 {
            words.push_str(&format!("; {text}"));
        }
    }
    words
}

/// How many rules came to what.
pub(crate) fn rules_line(report: &AuditReport) -> String {
    let number = |wanted: fn(&Status) -> bool| report.rules.iter().filter(|rule| wanted(&rule.status)).count() as u64;
    let parts = [
        (number(|status| matches!(status, Status::Exceptions)), "with exceptions"),
        (number(|status| matches!(status, Status::NoExceptions)), "without"),
        (number(|status| matches!(status, Status::PartlyTested)), "partly tested"),
        (number(|status| matches!(status, Status::NotTested)), "not tested"),
        (number(|status| matches!(status, Status::NotPerformed { .. })), "not performed"),
        (number(|status| matches!(status, Status::Error(_))), "failed"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{} {word}", count(*number)))
        .collect();
    let rules = counted(report.rules.len() as u64, "rule", "rules");
    if parts.is_empty() { format!("  {rules}.") } else { format!("  {rules}: {}.", parts.join(", ")) }
}

/// `over-billed 1,190.00 USD (net 1,000.00, tax 190.00)`.
pub(crate) fn stake(finding: &Finding, effect: &Effect) -> String {
    let bare = |amount| {
        let text = money(amount, &effect.currency);
        text.rsplit_once(' ').map_or(text.clone(), |(figure, _)| figure.to_owned())
    };
    let parts: Vec<_> = [("net", effect.net), ("tax", effect.tax)]
        .into_iter()
        .filter_map(|(word, amount)| Some(format!("{word} {}", bare(amount?))))
        .collect();
    let mut text = format!("{} {}", effect.class.words(), money(effect.gross, &effect.currency));
    if !parts.is_empty() {
        text.push_str(&format!(" ({})", parts.join(", ")));
    }
    if effect.party != finding.party
        && let Some(party) = &effect.party
    {
        text.push_str(&format!(" for {party}"));
    }
    text
}

/// `exports/invoices.csv:812, record 811`.
pub(crate) fn place(report: &AuditReport, evidence: &Evidence) -> String {
    let source = usize::try_from(evidence.record.source).ok().and_then(|index| report.sources.get(index));
    let path = source.map_or("?", |source| source.path.as_str());
    let line = evidence.line.map_or(String::new(), |line| format!(":{line}"));
    format!("{path}{line}, record {}", evidence.record.record)
}
