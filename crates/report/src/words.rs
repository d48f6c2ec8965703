//! Phrases that every format for people uses, so that a finding is called the same everywhere.

use tieout_model::Finding;

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
