//! The marked fixtures of the bundled rules, `fixtures/rules/<rule>/`: both engines must give what is marked, and no guard is
//! there for nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tieout_ingest::{Frame, Population, Store};
use tieout_model::Status;
use tieout_rules::fixture::Fixture;
use tieout_rules::{Library, Rule, audit};

pub fn fixtures() -> Vec<(String, Fixture)> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/rules");
    let mut folders: Vec<PathBuf> = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let read = |folder: PathBuf| {
        let rule = folder.file_name().unwrap().to_string_lossy().into_owned();
        let fixture = Fixture::read(&rule, &folder).unwrap_or_else(|error| panic!("{error}"));
        (rule, fixture)
    };
    folders.into_iter().map(read).collect()
}

pub fn store(fixture: &Fixture, library: Option<&Library>) -> Store {
    fixture.load(library).unwrap_or_else(|stopped| panic!("{stopped:#?}"))
}

pub fn bundled<'a>(library: &'a Library, id: &str) -> &'a Rule {
    library.get(id).unwrap_or_else(|| panic!("no rule {id}"))
}

#[test]
fn every_row_is_as_marked_by_both_engines() {
    let library = Library::bundled();
    let mut wrong = Vec::new();
    for (id, fixture) in fixtures() {
        let rule = bundled(&library, &id);
        let all = store(&fixture, None);
        let (default, oracle) = match (fixture.run(&all, rule), fixture.oracle(&all, rule)) {
            (Ok(default), Ok(oracle)) => (default, oracle),
            (default, oracle) => {
                wrong.push(format!("{id}: {:?} / {:?}", default.err(), oracle.err()));
                continue;
            }
        };
        for row in fixture.differences(&default) {
            let place = format!("{id}/{}.csv:{}", fixture.marked.population, row.line);
            wrong.push(format!("{place}: {}: expected {}, got {}", row.note, row.expect, row.got));
        }
        if default != oracle {
            wrong.push(format!("{id}: the engines differ: {default:#?} / {oracle:#?}"));
        }
        // An audit reads only the columns that its rules need.
        let narrow = fixture.run(&store(&fixture, Some(&library)), rule);
        if narrow.as_ref() != Ok(&default) {
            let narrow = narrow.map(|narrow| fixture.differences(&narrow));
            wrong.push(format!("{id}: with the needed columns alone the outcome is another: {narrow:?}"));
        }
        // Nor does it matter where the rows lie.
        let filed = fixture.load_within(None, Some(0)).unwrap_or_else(|stopped| panic!("{stopped:#?}"));
        let on_disk = |population: &Population| matches!(population.frame, Frame::Disk(..));
        if !filed.populations.values().any(on_disk) || fixture.run(&filed, rule).as_ref() != Ok(&default) {
            wrong.push(format!("{id}: with the rows in files the outcome is another"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn in_how_many_parts_a_rule_runs_changes_nothing() {
    let library = Library::bundled();
    let mut wrong = Vec::new();
    for (id, mut fixture) in fixtures() {
        let all = store(&fixture, None);
        let told = |fixture: &Fixture| {
            let outcome = audit(&all, &library, &fixture.options);
            let (rules, findings, roots) = (outcome.rules, outcome.findings, outcome.root_causes);
            (fixture.run(&all, bundled(&library, &id)), format!("{rules:?} {findings:?} {roots:?}"))
        };
        let whole = told(&fixture);
        for parts in [2, 3, 7] {
            fixture.options.parts.insert(id.clone(), parts);
            if told(&fixture) != whole {
                wrong.push(format!("{id}: in {parts} parts the outcome is another"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_record_of_a_fixture_is_accounted_for() {
    let library = Library::bundled();
    let mut wrong = Vec::new();
    for (id, fixture) in fixtures() {
        let outcome = audit(&store(&fixture, None), &library, &fixture.options);
        let marks = &fixture.marked.marks;
        let found = marks.iter().filter(|mark| mark.expect == "finding").count();
        for result in &outcome.rules {
            if matches!(result.status, Status::Error(_) | Status::NotPerformed { .. }) {
                wrong.push(format!("{id}: {:?}", result.status));
            }
            if result.coverage.total.records != u64::try_from(marks.len()).unwrap() {
                wrong.push(format!("{id}: {} records of {}", result.coverage.total.records, marks.len()));
            }
        }
        let items: BTreeSet<_> = outcome.findings.iter().map(|finding| finding.key.clone()).collect();
        if outcome.rules.len() != 1 || items.len() != found {
            wrong.push(format!("{id}: {found} rows are marked as findings, {} are reported", items.len()));
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
        match fixtures.iter().find(|(rule, _)| rule == id) {
            None => wrong.push(format!("{id}: no fixture")),
            Some((_, fixture)) => wrong.extend(fixture.lacks().iter().map(|lack| format!("{id}: not {lack}"))),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_that_keeps_a_look_alike_silent_is_there_for_nothing() {
    let library = Library::bundled();
    let mut idle = Vec::new();
    for (id, fixture) in fixtures() {
        for (what, lines) in fixture.without_guards(&store(&fixture, None), bundled(&library, &id)) {
            if lines.is_empty() {
                idle.push(format!("{id}: without {what} every row comes out the same"));
            }
        }
    }
    assert!(idle.is_empty(), "\n{}", idle.join("\n"));
}

#[test]
fn what_the_exports_lack_is_never_lacking_in_silence() {
    let library = Library::bundled();
    let mut silent = Vec::new();
    for (id, fixture) in fixtures() {
        for (population, lines) in fixture.silently_without(&store(&fixture, None), bundled(&library, &id)) {
            silent.push(format!("{id}: without {population} lines {lines:?} are findings, and nothing says why"));
        }
    }
    assert!(silent.is_empty(), "\n{}", silent.join("\n"));
}
