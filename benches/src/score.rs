//! Findings against labels, both ways: what was planted and not found, and what was found and not planted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::Result;

/// The contract of populations: which columns make a key.
const CONTRACT: &str = include_str!("../../crates/ingest/populations.csv");

/// Rule and key.
type Item = (String, String);

/// How labels and findings compare.
#[derive(Debug, Default)]
pub struct Score {
    /// Labels that must be found, findings, label and no finding, finding and no label: by rule.
    pub rules: BTreeMap<String, [u64; 4]>,
    /// Every difference in words.
    pub differences: Vec<String>,
}

/// Compares a label file with a JSON report.
pub fn score(labels: &Path, report: &Path) -> Result<Score> {
    let mut wanted: BTreeMap<Item, String> = BTreeMap::new();
    let mut innocent: BTreeSet<Item> = BTreeSet::new();
    let mut reader = csv::Reader::from_path(labels)?;
    for record in reader.records() {
        let record = record?;
        let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
        let item = (cell(0), cell(2));
        if cell(6) == "look-alike" {
            innocent.insert(item);
        } else {
            wanted.insert(item, [cell(3), cell(4), cell(5)].join(" "));
        }
    }
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report)?)?;
    let mut found: BTreeMap<Item, Vec<String>> = BTreeMap::new();
    for finding in report["findings"].as_array().ok_or("the report has no list of findings")? {
        let rule = finding["rule"].as_str().unwrap_or_default().to_owned();
        let amounts = finding["effects"].as_array().into_iter().flatten().take(1);
        let word = |effect: &Value, name: &str| effect[name].as_str().unwrap_or_default().to_owned();
        let amount =
            amounts.map(|effect| ["class", "gross", "currency"].map(|name| word(effect, name)).join(" ")).next();
        let amount = amount.unwrap_or_else(|| "  ".to_owned());
        found.entry((rule, key(finding))).or_default().push(amount);
    }
    let mut score = Score::default();
    // The first effect tells the class and the amount; a misposting has a second one with the opposite sign.
    for (item, amount) in &wanted {
        let counts = score.rules.entry(item.0.clone()).or_default();
        counts[0] += 1;
        match found.get(item).map(Vec::as_slice) {
            None => {
                counts[2] += 1;
                score.differences.push(format!("missed  {} {}", item.0, item.1));
            }
            Some([stated]) if stated == amount => {}
            Some([stated]) => {
                score.differences.push(format!("amount  {} {}: labelled `{amount}`, found `{stated}`", item.0, item.1));
            }
            Some(_) => score.differences.push(format!("twice   {} {}", item.0, item.1)),
        }
    }
    for (item, amounts) in &found {
        let counts = score.rules.entry(item.0.clone()).or_default();
        counts[1] += amounts.len() as u64;
        if !wanted.contains_key(item) {
            counts[3] += 1;
            let why = if innocent.contains(item) { " (a look-alike)" } else { "" };
            score.differences.push(format!("extra   {} {}{why}", item.0, item.1));
        }
    }
    Ok(score)
}

/// The primary key of the record that a finding names.
pub(crate) fn key(finding: &Value) -> String {
    let population = finding["population"].as_str().unwrap_or_default();
    let is_key = |name: &str| {
        CONTRACT.lines().any(|line| {
            let mut cells = line.split(',');
            cells.next() == Some(population) && cells.next() == Some(name) && cells.nth(2) == Some("PK")
        })
    };
    let parts = finding["key"].as_array().into_iter().flatten();
    let parts = parts.filter(|part| part["name"].as_str().is_some_and(is_key));
    parts.map(|part| part["value"].as_str().unwrap_or_default()).collect::<Vec<_>>().join("/")
}
