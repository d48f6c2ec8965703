//! Exact procedures over candidate groups, in plain Rust: netting, duplicates, covered days, sequences.
//!
//! A judge sees plain rows in any order and sorts by a total key itself; it knows neither engine nor report.

pub mod admissible;
pub mod cadence;
pub mod cover;
pub mod duplicate;
pub mod netting;
pub mod number;
pub mod outlier;
pub mod overlap;
pub mod sequence;
pub mod tax;

use crate::value::{Relation, Value};

/// Row indices by the values of some columns; rows with a missing value are left out.
pub fn group_by(relation: &Relation, columns: &[usize]) -> std::collections::BTreeMap<Vec<Value>, Vec<usize>> {
    let mut groups: std::collections::BTreeMap<Vec<Value>, Vec<usize>> = std::collections::BTreeMap::new();
    for (index, row) in relation.rows.iter().enumerate() {
        let key: Vec<Value> = columns.iter().map(|&column| row[column].clone()).collect();
        if key.iter().all(|value| !value.is_null()) {
            groups.entry(key).or_default().push(index);
        }
    }
    groups
}
