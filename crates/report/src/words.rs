//! Phrases that every format for people uses, so that a finding is called the same everywhere.

use tieout_model::{AuditReport, Finding};

use crate::layout::counted;
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
