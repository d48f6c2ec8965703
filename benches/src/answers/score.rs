//! States of corrections against their labels, and what is recovered against the sum of what was issued right.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tieout_model::Amount;

use crate::Result;

/// How labels and the register compare.
#[derive(Debug, Default)]
pub struct Standing {
    /// Labelled and found, by state.
    pub states: BTreeMap<String, [u64; 2]>,
    /// Labelled and found as recovered, by currency.
    pub recovered: BTreeMap<String, [Amount; 2]>,
    /// Every difference in words.
    pub differences: Vec<String>,
}

/// Compares `states.csv` with what `tieout register --json` wrote.
pub fn score(labels: &Path, register: &Path) -> Result<Standing> {
    let register: Value = serde_json::from_str(&std::fs::read_to_string(register)?)?;
    let mut found: BTreeMap<&str, &Value> = BTreeMap::new();
    for row in register["proposals"].as_array().ok_or("the register has no list of proposals")? {
        found.insert(row["proposal"].as_str().unwrap_or_default(), row);
    }
    let mut standing = Standing::default();
    let none = || [Amount::money(0); 2];
    let mut reader = csv::Reader::from_path(labels)?;
    for record in reader.records() {
        let record = record?;
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let (id, action, state, currency) = (cell(0), cell(1), cell(2), cell(4));
        standing.states.entry(state.to_owned()).or_default()[0] += 1;
        if !cell(3).is_empty() {
            let sum = standing.recovered.entry(currency.to_owned()).or_insert_with(none);
            sum[0] = sum[0].plus_money(cell(3).parse()?);
        }
        match found.remove(id).and_then(|row| row["state"].as_str()) {
            Some(told) if told == state => standing.states.entry(told.to_owned()).or_default()[1] += 1,
            Some(told) => standing.differences.push(format!("state   {id} {action}: labelled {state}, found {told}")),
            None => standing.differences.push(format!("missed  {id} {action}")),
        }
    }
    standing.differences.extend(found.keys().map(|id| format!("extra   {id}")));
    let sums = register["sums"].as_array().into_iter().flatten();
    for sum in sums.filter(|sum| sum["state"] == "recovered") {
        let currency = sum["currency"].as_str().unwrap_or_default();
        let told = sum["gross"].as_str().unwrap_or_default().parse()?;
        standing.recovered.entry(currency.to_owned()).or_insert_with(none)[1] = told;
    }
    for (currency, [labelled, told]) in &standing.recovered {
        if labelled.minus_money(*told).units != 0 {
            standing.differences.push(format!("recovered {labelled} {currency} by the labels, {told} by the register"));
        }
    }
    Ok(standing)
}
