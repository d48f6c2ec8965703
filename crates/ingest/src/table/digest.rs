//! Digests of records: by them an extract that overlaps another is recognised.

use std::hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _};

use foldhash::fast::FixedState;

use super::Reading;
use crate::convert::{Column, Values};
use crate::plan::How;
use crate::read::Batch;

impl Reading {
    /// A digest of the mapped cells as received, by canonical name, so that no column order shows. It is the same in every
    /// run, because it may be held against a record that an earlier run has read.
    pub(super) fn contents(&self, batch: &Batch, rows: &[u32]) -> Vec<u64> {
        let mut fields: Vec<(&str, usize)> = self
            .plan
            .columns
            .iter()
            .zip(&self.bound.fields)
            .filter_map(|(column, field)| Some((column.name.as_str(), (*field)?)))
            .collect();
        fields.sort_unstable();
        let digest = FixedState::default();
        let fields: Vec<(u64, usize)> =
            fields.into_iter().map(|(name, field)| (digest.hash_one(name), field)).collect();
        rows.iter()
            .map(|row| {
                let mut hasher = digest.build_hasher();
                for (name, field) in &fields {
                    hasher.write_u64(*name);
                    batch.cell(*row as usize, *field).trim_ascii().hash(&mut hasher);
                }
                hasher.finish()
            })
            .collect()
    }

    /// A digest of each record's key, of codes that are this run's own.
    pub fn keys(&self, columns: &[Option<Column>], contents: &[u64], rows: usize) -> Vec<u128> {
        let numbered = self.plan.numbered();
        let mut parts = Vec::new();
        for name in &self.plan.population.key {
            let Some(index) = self.plan.column(name) else { continue };
            if matches!(self.plan.columns[index].how, How::Record) {
                continue;
            }
            let required = self.plan.population.column(name).is_some_and(|column| column.required);
            if let Some(column) = &columns[index] {
                parts.push((column, required));
            }
        }
        (0..rows).map(|row| key(&parts, row, numbered.then(|| contents[row]))).collect()
    }
}

/// A 128-bit digest of a key; 0 if a part that must be there is not.
fn key(parts: &[(&Column, bool)], row: usize, content: Option<u64>) -> u128 {
    let (mut low, mut high) = (DefaultHasher::new(), DefaultHasher::new());
    high.write_u8(1);
    if parts.is_empty() {
        return 0;
    }
    for hasher in [&mut low, &mut high] {
        for (column, required) in parts {
            let present = column.is_valid(row);
            if column.is_unreadable(row) || *required && !present {
                return 0;
            }
            present.hash(hasher);
            if !present {
                continue;
            }
            match &column.values {
                Values::Units(all) => all[row].hash(hasher),
                Values::Days(all) => all[row].hash(hasher),
                Values::Flags(all) => all[row].hash(hasher),
                Values::Codes(all) => all[row].hash(hasher),
            }
        }
        content.hash(hasher);
    }
    (u128::from(high.finish()) << 64) | u128::from(low.finish()).max(1)
}
