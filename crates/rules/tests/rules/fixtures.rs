//! Self-marking fixtures: `fixtures/rules/<rule>/<population>.csv` with canonical headers; the population under test has
//! a last column `expect`, written by hand. Both engines must give what is marked, and no guard is there for nothing.
//!
//! `fixture.toml`, where there is one, says `period`, `as_of`, `[extract.<population>]` and `[rules.set]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tieout_ingest::{LoadOptions, SourceSpec, Store, load};
use tieout_model::{Level, RecordRef, Status};
use tieout_rules::engine::polars::Polars;
use tieout_rules::engine::reference::Reference;
use tieout_rules::{Library, Options, Rule, RuleSetting, audit, needed_columns, outcomes, plan_check};

type Outcomes = BTreeMap<RecordRef, String>;

/// `fixture.toml`.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    period: Option<String>,
    as_of: Option<String>,
    #[serde(default)]
    extract: BTreeMap<String, Extract>,
    #[serde(default)]
    rules: Set,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    #[serde(default)]
    set: BTreeMap<String, String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Extract {
    from: String,
    to: String,
}

#[derive(serde::Deserialize)]
struct Sources {
    source: Vec<SourceSpec>,
}

/// One row of the population under test.
struct Mark {
    line: usize,
    note: String,
    expect: String,
}

struct Fixture {
    rule: String,
    folder: PathBuf,
    population: String,
    marks: Vec<Mark>,
    options: Options,
    sources: Vec<SourceSpec>,
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/rules")
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn fixtures() -> Vec<Fixture> {
    sorted(&home()).into_iter().filter(|path| path.is_dir()).map(|folder| Fixture::read(&folder)).collect()
}

impl Fixture {
    fn read(folder: &Path) -> Self {
        let rule = folder.file_name().unwrap().to_string_lossy().into_owned();
        let terms = fs::read_to_string(folder.join("fixture.toml")).map_or_else(
            |_| Terms::default(),
            |text| toml::from_str(&text).unwrap_or_else(|error| panic!("{rule}/fixture.toml: {error}")),
        );
        let mut sources = String::new();
        let mut under_test: Vec<(String, Vec<Mark>)> = Vec::new();
        for file in sorted(folder).iter().filter(|file| file.extension().is_some_and(|extension| extension == "csv")) {
            let population = name(file);
            let text = fs::read_to_string(file).unwrap();
            assert!(!text.contains('"'), "{rule}/{population}.csv: no quotes, so that a row is read at a glance");
            let headers: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
            write!(sources, "[[source]]\npopulation = \"{population}\"\npath = \"{population}.csv\"\n").unwrap();
            if let Some(extract) = terms.extract.get(&population) {
                writeln!(sources, "extract = {{ from = \"{}\", to = \"{}\" }}", extract.from, extract.to).unwrap();
            }
            sources.push_str("[source.columns]\n");
            for header in headers.iter().filter(|header| !matches!(**header, "note" | "expect")) {
                writeln!(sources, "{header} = \"{header}\"").unwrap();
            }
            if headers.last() == Some(&"expect") {
                under_test.push((population.clone(), marks(&format!("{rule}/{population}.csv"), &text, &headers)));
            }
        }
        assert_eq!(under_test.len(), 1, "{rule}: one file has a last column `expect`");
        let (population, marks) = under_test.remove(0);
        let sources: Sources = toml::from_str(&sources).unwrap();
        let options = Options {
            period: terms.period.as_deref().unwrap_or("2026-10").parse().ok(),
            as_of: terms.as_of.as_deref().unwrap_or("2026-11-05").parse().ok(),
            select: vec![rule.clone()],
            settings: BTreeMap::from([(rule.clone(), RuleSetting { severity: None, params: terms.rules.set })]),
            waivers: None,
        };
        Self { rule, folder: folder.to_owned(), population, marks, options, sources: sources.source }
    }

    /// The store, with every column or as an audit would read it.
    fn load(&self, library: Option<&Library>) -> Store {
        let needed = library.map(|library| needed_columns(library, &self.options));
        let options = LoadOptions {
            base: &self.folder,
            profile_dirs: &[],
            needed: needed.as_ref(),
            threads: Some(1),
            progress: &|_, _, _| {},
        };
        let (store, diagnostics) = load(&self.sources, &options);
        let stopped: Vec<_> = diagnostics.iter().filter(|one| one.level == Level::Error).collect();
        assert!(stopped.is_empty(), "{}: {stopped:#?}", self.rule);
        store
    }

    fn run(&self, store: &Store, rule: &Rule) -> Result<Outcomes, String> {
        outcomes(&Polars::new(store), store, rule, &self.options).map(|(population, outcomes)| {
            assert_eq!(population, self.population, "{}: `expect` stands in the population under test", self.rule);
            outcomes
        })
    }

    fn oracle(&self, store: &Store, rule: &Rule) -> Result<Outcomes, String> {
        let table = |population: &String| (population.clone(), Polars::table(store, population).unwrap());
        let engine = Reference { tables: store.populations.keys().map(table).collect() };
        outcomes(&engine, store, rule, &self.options).map(|(_, outcomes)| outcomes)
    }

    /// Every row that is not as marked.
    fn differences(&self, got: &Outcomes) -> Vec<String> {
        let by_record: BTreeMap<u64, &String> = got.iter().map(|(record, words)| (record.record, words)).collect();
        let mut wrong = Vec::new();
        for (record, mark) in (1..).zip(&self.marks) {
            let got = by_record.get(&record).map_or("not read", |words| words.as_str());
            let as_marked = match mark.expect.as_str() {
                "" => got == "clean",
                prefix if prefix.starts_with("not tested") => got.starts_with(prefix),
                word => got == word,
            };
            if !as_marked {
                let place = format!("{}/{}.csv:{}", self.rule, self.population, mark.line);
                let expect = if mark.expect.is_empty() { "clean" } else { &mark.expect };
                wrong.push(format!("{place}: {}: expected {expect}, got {got}", mark.note));
            }
        }
        wrong
    }
}

fn marks(shown: &str, text: &str, headers: &[&str]) -> Vec<Mark> {
    let note =
        headers.iter().position(|header| *header == "note").unwrap_or_else(|| panic!("{shown}: no column `note`"));
    let mark = |(index, row): (usize, &str)| {
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(cells.len(), headers.len(), "{shown}:{}: {row}", index + 1);
        Mark { line: index + 1, note: cells[note].to_owned(), expect: cells[cells.len() - 1].to_owned() }
    };
    text.lines().enumerate().skip(1).map(mark).collect()
}

#[test]
fn every_row_is_as_marked_by_both_engines() {
    let library = Library::bundled();
    let mut wrong = Vec::new();
    for fixture in fixtures() {
        let rule = library.get(&fixture.rule).unwrap_or_else(|| panic!("no rule {}", fixture.rule));
        let store = fixture.load(None);
        let (default, oracle) = match (fixture.run(&store, rule), fixture.oracle(&store, rule)) {
            (Ok(default), Ok(oracle)) => (default, oracle),
            (default, oracle) => {
                wrong.push(format!("{}: {:?} / {:?}", fixture.rule, default.err(), oracle.err()));
                continue;
            }
        };
        wrong.extend(fixture.differences(&default));
        if default != oracle {
            wrong.push(format!("{}: the engines differ: {default:#?} / {oracle:#?}", fixture.rule));
        }
        // An audit reads only the columns that its rules need.
        let narrow = fixture.run(&fixture.load(Some(&library)), rule);
        if narrow.as_ref() != Ok(&default) {
            let narrow = narrow.map(|narrow| fixture.differences(&narrow));
            wrong.push(format!("{}: with the needed columns alone the outcome is another: {narrow:?}", fixture.rule));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_record_of_a_fixture_is_accounted_for() {
    let library = Library::bundled();
    let mut wrong = Vec::new();
    for fixture in fixtures() {
        let outcome = audit(&fixture.load(None), &library, &fixture.options);
        let found = fixture.marks.iter().filter(|mark| mark.expect == "finding").count();
        for result in &outcome.rules {
            if matches!(result.status, Status::Error(_) | Status::NotPerformed { .. }) {
                wrong.push(format!("{}: {:?}", fixture.rule, result.status));
            }
            if result.coverage.total.records != u64::try_from(fixture.marks.len()).unwrap() {
                wrong.push(format!(
                    "{}: {} records of {}",
                    fixture.rule,
                    result.coverage.total.records,
                    fixture.marks.len()
                ));
            }
        }
        let items: BTreeSet<_> = outcome.findings.iter().map(|finding| finding.key.clone()).collect();
        if outcome.rules.len() != 1 || items.len() != found {
            wrong.push(format!(
                "{}: {} rows are marked as findings, {} are reported",
                fixture.rule,
                found,
                items.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_bundled_rule_has_a_fixture() {
    let fixtures = fixtures();
    let mut wrong = Vec::new();
    for rule in Library::bundled().rules() {
        let id = &rule.card.id;
        let Some(fixture) = fixtures.iter().find(|fixture| fixture.rule == *id) else {
            wrong.push(format!("{id}: no fixture"));
            continue;
        };
        for (what, prefix) in [("finding", "finding"), ("clean row", ""), ("row that is not tested", "not tested")] {
            let marked =
                |mark: &Mark| if prefix.is_empty() { mark.expect.is_empty() } else { mark.expect.starts_with(prefix) };
            if !fixture.marks.iter().any(marked) {
                wrong.push(format!("{id}: no {what}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The rule without one of the things that keep a legal look-alike silent, and that thing in words.
fn weakened(text: &str) -> Vec<(String, String)> {
    let whole: toml::Table = toml::from_str(text).unwrap();
    let mut all = Vec::new();
    let mut without = |what: String, table: toml::Table| all.push((what, toml::to_string(&table).unwrap()));
    let guards = whole.get("guards").and_then(|guards| guards.as_array()).map_or(0, Vec::len);
    for index in 0..guards {
        let mut table = whole.clone();
        table["guards"].as_array_mut().unwrap().remove(index);
        without(format!("guard {}", index + 1), table);
    }
    let check = whole["check"].as_table().unwrap();
    let (kind, body) = check.iter().next().unwrap();
    for key in ["only_if", "net", "cadence", "content", "rank", "when", "unless_differs"] {
        let Some(value) = body.get(key) else { continue };
        // Dropping the lines or the precedence leaves a rule that cannot be decided, not a blunter one.
        let entries = value.as_array().map_or(1, Vec::len);
        for index in 0..entries {
            let mut table = whole.clone();
            let body = table["check"][kind].as_table_mut().unwrap();
            match body[key].as_array_mut() {
                Some(list) => drop(list.remove(index)),
                None => drop(body.remove(key)),
            }
            without(format!("{key} {}", index + 1), table);
        }
    }
    all
}

#[test]
fn nothing_that_keeps_a_look_alike_silent_is_there_for_nothing() {
    let library = Library::bundled();
    let mut idle = Vec::new();
    for fixture in fixtures() {
        let store = fixture.load(None);
        let rule = library.get(&fixture.rule).unwrap();
        let before = fixture.oracle(&store, rule);
        for (what, text) in weakened(&rule.text) {
            let (blunter, complaints) = Library::load(&[("blunter.toml".to_owned(), text)]);
            assert!(complaints.is_empty(), "{}: {complaints:#?}", fixture.rule);
            if fixture.oracle(&store, blunter.get(&fixture.rule).unwrap()) == before {
                idle.push(format!("{}: without {what} every row comes out the same", fixture.rule));
            }
        }
    }
    assert!(idle.is_empty(), "\n{}", idle.join("\n"));
}

#[test]
fn what_the_exports_lack_is_never_lacking_in_silence() {
    let library = Library::bundled();
    let mut silent = Vec::new();
    for fixture in fixtures() {
        let store = fixture.load(None);
        let before = fixture.oracle(&store, library.get(&fixture.rule).unwrap());
        let found = |outcomes: &Result<Outcomes, String>| -> BTreeSet<u64> {
            let all = outcomes.iter().flatten().filter(|(_, words)| *words == "finding");
            all.map(|(record, _)| record.record).collect()
        };
        for population in store.populations.keys().filter(|name| **name != fixture.population) {
            let mut less = store.clone();
            less.populations.remove(population);
            let after = fixture.oracle(&less, library.get(&fixture.rule).unwrap());
            let more: Vec<u64> = found(&after).difference(&found(&before)).copied().collect();
            let named =
                plan_check(&less, &library, &fixture.options).0.iter().any(|result| !result.guards_missing.is_empty());
            if !more.is_empty() && !named {
                silent.push(format!(
                    "{}: without {population} records {more:?} are findings, and nothing says why",
                    fixture.rule
                ));
            }
        }
    }
    assert!(silent.is_empty(), "\n{}", silent.join("\n"));
}
