//! Populations as they stand at the end: extracts merged, records derived, totals taken, facts stated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_model::Period;
use tieout_model::report::PopulationFacts;

use super::control::Sent;
use super::derived::{same, unfold};
use super::extracts::overlap;
use super::facts::{describe, union};
use super::figures::{Controls, control};
use super::numbers::{document_numbers, series};
use super::{Growing, Loading, signs, store_failed};
use crate::derive::Fold;
use crate::gather::{Chunks, Spill, count_unreadable};
use crate::plan::DerivePlan;
use crate::store::{Population, Store, StoredColumn, UNREADABLE};
use crate::texts::Texts;

/// A population that is nearly done.
pub(super) struct Done {
    pub spill: Spill,
    pub chunks: Vec<Chunks>,
    pub columns: BTreeMap<String, StoredColumn>,
    pub facts: PopulationFacts,
    pub unreadable: BTreeMap<String, u64>,
    pub records: u64,
}

/// Builds the store.
pub(super) fn finish(loading: &mut Loading) -> Store {
    let mut done: BTreeMap<String, Done> = BTreeMap::new();
    let mut derived: Vec<(DerivePlan, Fold, Vec<u32>)> = Vec::new();
    let mut documents = Vec::new();
    let mut controls = Controls::new();
    let growing = std::mem::take(&mut loading.growing);
    for (name, mut growing) in growing {
        controls.insert(name.clone(), (std::mem::take(&mut growing.controls), sent(&growing, &loading.texts)));
        signs::complain(&growing, &loading.files, &mut loading.diagnostics);
        documents.extend(series(&mut growing));
        if growing.parts.is_empty() && (growing.failed || growing.plans.is_empty()) {
            // Nothing of it could be read, or others derive it: absent here.
            if growing.plans.is_empty() {
                done.insert(name, Done::empty(growing.spill, &growing.extracts));
            }
            continue;
        }
        match population(&name, growing, loading, &mut derived) {
            Ok(population) => {
                done.insert(name, population);
            }
            Err(error) => loading.complain(store_failed(&error)),
        }
    }
    for (plan, fold, sources) in derived {
        if let Err(error) = unfold(&plan, fold, &sources, &mut done, loading) {
            loading.complain(store_failed(&error));
        }
    }
    // A derived population whose source could not be read is absent too.
    done.retain(|_, population| !population.columns.is_empty());
    if let Some(population) = document_numbers(documents, loading) {
        done.insert("document_number".to_owned(), population);
    }
    let mut store = Store {
        texts: Arc::clone(&loading.texts),
        files: std::mem::take(&mut loading.files),
        layouts: std::mem::take(&mut loading.layouts),
        ..Store::default()
    };
    control(&mut done, &controls, loading);
    for (name, population) in done {
        match population.settle(&name) {
            Ok(population) => {
                store.populations.insert(name, population);
            }
            Err(error) => loading.complain(store_failed(&error)),
        }
    }
    super::grain::mixed(&store, loading);
    store
}

impl Done {
    /// Nothing yet.
    pub fn empty(spill: Spill, extracts: &[Option<Period>]) -> Self {
        Self {
            spill,
            chunks: Vec::new(),
            columns: BTreeMap::new(),
            facts: PopulationFacts { extract: union(extracts), ..PopulationFacts::default() },
            unreadable: BTreeMap::new(),
            records: 0,
        }
    }

    fn settle(mut self, name: &str) -> polars::prelude::PolarsResult<Population> {
        let marked: BTreeSet<&str> =
            self.unreadable.iter().filter(|(_, count)| **count > 0).map(|(name, _)| name.as_str()).collect();
        // A header that no file has leaves nothing to store.
        self.spill.layout.retain(|name, _| name.starts_with('~') || self.columns.contains_key(name));
        for column in self.columns.values_mut() {
            column.has_unreadable = marked.contains(column.name.as_str());
        }
        self.facts.name = name.to_owned();
        self.facts.unreadable = self
            .unreadable
            .iter()
            .filter(|(name, count)| **count > 0 && !name.starts_with('~'))
            .map(|(name, count)| (name.clone(), *count))
            .collect();
        let frame = self.spill.finish(self.chunks, &marked)?;
        let facts = &self.facts;
        assert_eq!(
            facts.read,
            facts.kept + facts.excluded + facts.elsewhere + facts.merged,
            "a record of {name} is not accounted for"
        );
        Ok(Population {
            name: name.to_owned(),
            frame,
            columns: self.columns,
            records: self.records,
            extract: self.facts.extract,
            facts: self.facts,
        })
    }
}

fn population(
    name: &str,
    mut growing: Growing,
    loading: &mut Loading,
    derived: &mut Vec<(DerivePlan, Fold, Vec<u32>)>,
) -> polars::prelude::PolarsResult<Done> {
    let mut facts = PopulationFacts { extract: union(&growing.extracts), ..PopulationFacts::default() };
    let mut columns: BTreeMap<String, StoredColumn> = BTreeMap::new();
    let mut unreadable: BTreeMap<String, u64> = BTreeMap::new();
    describe(&growing, &mut facts, &mut columns);
    for part in &growing.parts {
        facts.read += part.read;
        facts.excluded += part.excluded;
        facts.elsewhere += part.elsewhere;
        for (column, count) in &part.unreadable {
            *unreadable.entry(column.clone()).or_default() += count;
        }
    }
    let mut records: u64 = growing.parts.iter().map(|part| part.rows).sum();
    if let Some(merged) = overlap(&growing, loading) {
        records -= merged.merged;
        (facts.merged, facts.versions) = (merged.merged, merged.versions);
        unreadable.values_mut().for_each(|count| *count = 0);
        for (part, keep) in growing.parts.iter_mut().zip(&merged.keep) {
            part.chunks.filter(keep, &mut growing.spill)?;
            for (column, count) in &mut unreadable {
                let companion = [format!("{column}{UNREADABLE}")];
                for frame in part.chunks.frames(Some(&companion)) {
                    *count += count_unreadable(&frame?, column);
                }
            }
        }
    }
    facts.kept = records;
    for part in &growing.parts {
        for plan in &part.plan.derive {
            let at = derived.iter().position(|(other, ..)| same(other, plan)).unwrap_or_else(|| {
                derived.push((plan.clone(), Fold::new(plan, &loading.texts), Vec::new()));
                derived.len() - 1
            });
            let (_, fold, sources) = &mut derived[at];
            sources.push(part.file);
            let reads = fold.reads();
            for frame in part.chunks.frames(Some(&reads)) {
                fold.add(&frame?)?;
            }
        }
    }
    let chunks = growing.parts.into_iter().map(|part| part.chunks).collect();
    let _ = name;
    Ok(Done { spill: growing.spill, chunks, columns, facts, unreadable, records })
}

/// What each source gave, as it was sent.
fn sent(growing: &Growing, texts: &Texts) -> BTreeMap<usize, Sent> {
    let mut sent: BTreeMap<usize, Sent> = BTreeMap::new();
    for part in &growing.parts {
        let own = sent.entry(part.source).or_default();
        own.records += part.rows;
        own.excluded += part.excluded;
        own.elsewhere += part.elsewhere;
        for (code, units) in part.sums.named(texts) {
            *own.totals.entry(code).or_default() += units;
        }
    }
    sent
}
