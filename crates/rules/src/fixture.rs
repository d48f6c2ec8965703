//! Self-marking fixtures: a rule over a folder of marked records, by both engines, and what each of its guards is there for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tieout_ingest::marked::{self, Marked, MarkedError};
use tieout_ingest::{LoadOptions, Store, load};
use tieout_model::{Diagnostic, Level, RecordRef};

use crate::audit::{Options, RuleSetting, engine, outcomes, plan_check};
use crate::engine::EngineError;
use crate::engine::columnar::Columnar;
use crate::engine::reference::Reference;
use crate::needs::needed_columns;
use crate::rule::{Library, Rule};

/// What became of each record of the population under test.
pub type Outcomes = BTreeMap<RecordRef, String>;

/// A rule's marked records.
pub struct Fixture {
    /// The folder as read.
    pub marked: Marked,
    /// Period, as-of date, the one rule and its parameters.
    pub options: Options,
    rule: String,
}

/// A row that is not as marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Line of the file under test.
    pub line: usize,
    /// What the row is there for.
    pub note: String,
    /// The mark.
    pub expect: String,
    /// What became of it.
    pub got: String,
}

impl Fixture {
    /// Reads the folder of a rule.
    pub fn read(rule: &str, folder: &Path) -> Result<Self, MarkedError> {
        let marked = marked::read(folder)?;
        let settings =
            BTreeMap::from([(rule.to_owned(), RuleSetting { severity: None, params: marked.params.clone() })]);
        let options = Options {
            period: marked.period.parse().ok(),
            as_of: marked.as_of.parse().ok(),
            select: vec![rule.to_owned()],
            settings,
            waivers: None,
            explain: false,
            beside: false,
            keep: true,
            parts: BTreeMap::new(),
        };
        Ok(Self { marked, options, rule: rule.to_owned() })
    }

    /// The store with every column, or only with those that an audit with this library would read. `Err`: what stops it.
    pub fn load(&self, library: Option<&Library>) -> Result<Store, Vec<Diagnostic>> {
        self.load_within(library, None)
    }

    /// The same with so many bytes of rows in memory, and the rest in files.
    pub fn load_within(&self, library: Option<&Library>, memory: Option<usize>) -> Result<Store, Vec<Diagnostic>> {
        let needed = library.map(|library| needed_columns(library, &self.options));
        let options = LoadOptions {
            base: &self.marked.folder,
            profile_dirs: &[],
            needed: needed.as_ref(),
            threads: Some(1),
            memory,
            cache: None,
            progress: &|_, _, _| {},
        };
        let (store, mut diagnostics) = load(&self.marked.sources, &options);
        diagnostics.retain(|diagnostic| diagnostic.level == Level::Error);
        if diagnostics.is_empty() { Ok(store) } else { Err(diagnostics) }
    }

    /// By the default engine; `Err` says why the rule cannot run.
    pub fn run(&self, store: &Store, rule: &Rule) -> Result<Outcomes, String> {
        let (population, outcomes) = outcomes(&engine(store, &self.options), store, rule, &self.options)?;
        if population != self.marked.population {
            return Err(format!(
                "the column `expect` stands in {}, the rule tests {population}",
                self.marked.population
            ));
        }
        Ok(outcomes)
    }

    /// By the reference engine.
    pub fn oracle(&self, store: &Store, rule: &Rule) -> Result<Outcomes, String> {
        let table = |population: &String| Ok((population.clone(), Columnar::table(store, population)?));
        let tables: Result<_, EngineError> = store.populations.keys().map(table).collect();
        let engine = Reference { tables: tables.map_err(|error| error.to_string())?, ..Reference::default() };
        outcomes(&engine, store, rule, &self.options).map(|(_, outcomes)| outcomes)
    }

    /// Every row that is not as marked. A mark `not tested` may go on with the beginning of the reason.
    pub fn differences(&self, got: &Outcomes) -> Vec<Difference> {
        let by_record: BTreeMap<u64, &String> = got.iter().map(|(record, words)| (record.record, words)).collect();
        let mut wrong = Vec::new();
        for (record, mark) in (1..).zip(&self.marked.marks) {
            let got = by_record.get(&record).map_or("not read", |words| words.as_str());
            let as_marked = match mark.expect.as_str() {
                "" => got == "clean",
                prefix if prefix.starts_with("not tested") => got.starts_with(prefix),
                word => got == word,
            };
            if !as_marked {
                let expect = if mark.expect.is_empty() { "clean" } else { &mark.expect };
                wrong.push(Difference {
                    line: mark.line,
                    note: mark.note.clone(),
                    expect: expect.to_owned(),
                    got: got.to_owned(),
                });
            }
        }
        wrong
    }

    /// What the marks lack: a finding, a clean row, a row that is not tested.
    pub fn lacks(&self) -> Vec<&'static str> {
        let has = |test: &dyn Fn(&str) -> bool| self.marked.marks.iter().any(|mark| test(&mark.expect));
        let mut lacks = Vec::new();
        if !has(&|expect| expect == "finding") {
            lacks.push("a finding");
        }
        if !has(&str::is_empty) {
            lacks.push("a clean row");
        }
        if !has(&|expect| expect.starts_with("not tested")) {
            lacks.push("a row with a missing value that is not tested");
        }
        lacks
    }

    /// For each thing that keeps a legal look-alike silent: the lines that come out otherwise without it.
    pub fn without_guards(&self, store: &Store, rule: &Rule) -> Vec<(String, Vec<usize>)> {
        let before = self.oracle(store, rule);
        let weaker = |(what, text): (String, String)| {
            let (library, _) = Library::load(&[("blunter.toml".to_owned(), text)]);
            let after = library.get(&self.rule).map(|blunter| self.oracle(store, blunter));
            (what, self.lines_that_differ(&before, &after.unwrap_or_else(|| Err("it does not parse".to_owned()))))
        };
        weakened(&rule.text).into_iter().map(weaker).collect()
    }

    /// Populations whose lack makes more findings without any word about it, with the lines.
    pub fn silently_without(&self, store: &Store, rule: &Rule) -> Vec<(String, Vec<usize>)> {
        let found = |outcomes: &Result<Outcomes, String>| -> BTreeSet<u64> {
            let all = outcomes.iter().flatten().filter(|(_, words)| *words == "finding");
            all.map(|(record, _)| record.record).collect()
        };
        let before = found(&self.oracle(store, rule));
        let (library, _) = Library::load(&[(rule.path.clone(), rule.text.clone())]);
        let mut silent = Vec::new();
        for population in store.populations.keys().filter(|name| **name != self.marked.population) {
            let mut less = store.clone();
            less.populations.remove(population);
            let after = found(&self.oracle(&less, rule));
            let named =
                plan_check(&less, &library, &self.options).0.iter().any(|result| !result.guards_missing.is_empty());
            let more = after.difference(&before).filter_map(|record| {
                let at = usize::try_from(*record).ok()?.checked_sub(1)?;
                self.marked.marks.get(at).map(|mark| mark.line)
            });
            let lines: Vec<usize> = more.collect();
            if !lines.is_empty() && !named {
                silent.push((population.clone(), lines));
            }
        }
        silent
    }

    fn lines_that_differ(&self, before: &Result<Outcomes, String>, after: &Result<Outcomes, String>) -> Vec<usize> {
        match (before, after) {
            (Ok(before), Ok(after)) => {
                let differ = before.iter().filter(|(record, words)| after.get(*record) != Some(*words));
                let lines: BTreeSet<usize> = differ
                    .filter_map(|(record, _)| {
                        let at = usize::try_from(record.record).ok()?.checked_sub(1)?;
                        self.marked.marks.get(at).map(|mark| mark.line)
                    })
                    .collect();
                lines.into_iter().collect()
            }
            // A rule that runs no more has changed every row.
            _ => self.marked.marks.iter().map(|mark| mark.line).collect(),
        }
    }
}

/// The rule without one of the things that keep a legal look-alike silent, and that thing in words.
fn weakened(text: &str) -> Vec<(String, String)> {
    let Ok(whole) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let mut all = Vec::new();
    let mut without =
        |what: String, table: &toml::Table| all.extend(toml::to_string(table).ok().map(|text| (what, text)));
    let guards = whole.get("guards").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    for (index, guard) in guards.iter().enumerate() {
        let mut table = whole.clone();
        if let Some(list) = table.get_mut("guards").and_then(toml::Value::as_array_mut) {
            list.remove(index);
        }
        let because = guard.get("because").and_then(toml::Value::as_str).unwrap_or_default();
        without(format!("guard {} ({because})", index + 1), &table);
    }
    let Some((kind, body)) = whole.get("check").and_then(toml::Value::as_table).and_then(|check| check.iter().next())
    else {
        return all;
    };
    for key in ["only_if", "net", "cadence", "content", "rank", "when", "unless_differs"] {
        let Some(value) = body.get(key) else { continue };
        let entries = value.as_array().map_or(1, Vec::len);
        for index in 0..entries {
            let mut table = whole.clone();
            let body = table.get_mut("check").and_then(|check| check.get_mut(kind)).and_then(toml::Value::as_table_mut);
            let Some(body) = body else { continue };
            match body.get_mut(key).and_then(toml::Value::as_array_mut) {
                Some(list) => drop(list.remove(index)),
                None => drop(body.remove(key)),
            }
            without(format!("{key} {}", index + 1), &table);
        }
    }
    all
}
