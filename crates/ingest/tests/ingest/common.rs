//! A folder of exports, an engagement's sources, and what came out of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use polars::prelude::{AnyValue, DataFrame};
use tieout_ingest::store::{REC, UNREADABLE};
use tieout_ingest::{Cache, LoadOptions, SourceSpec, Store, load};
use tieout_model::{Amount, Code, Date, Diagnostic};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Engagement {
    source: Vec<SourceSpec>,
}

/// Columns that rules need, by population.
pub type Needed<'a> = Option<&'a BTreeMap<String, BTreeSet<String>>>;

/// A folder that is deleted at the end of the test.
pub struct Folder(pub tempfile::TempDir);

pub fn folder(files: &[(&str, &[u8])]) -> Folder {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    Folder(folder)
}

pub fn sources(text: &str) -> Vec<SourceSpec> {
    let engagement: Engagement = toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let text: Arc<str> = Arc::from(text);
    engagement.source.into_iter().map(|source| source.with_text("tieout.toml", &text)).collect()
}

/// Reads a folder, with a cache or without.
pub fn load_with(base: &Path, toml: &str, needed: Needed<'_>, cache: Option<&Arc<Cache>>) -> (Store, Vec<Diagnostic>) {
    let options = LoadOptions {
        base,
        profile_dirs: &[],
        needed,
        threads: Some(2),
        memory: None,
        cache: cache.cloned(),
        progress: &|_, _, _| {},
    };
    load(&sources(toml), &options)
}

/// Reads a folder; whatever it holds, a cache changes nothing, be it new or full.
pub fn read(base: &Path, toml: &str) -> (Store, Vec<Diagnostic>) {
    let (store, diagnostics) = load_with(base, toml, None, None);
    let kept = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let cache = Arc::new(Cache::new(kept.path().to_owned()));
        assert_same(&load_with(base, toml, None, Some(&cache)), &(store.clone(), diagnostics.clone()));
        assert!(cache.remarks().is_empty(), "{:?}", cache.remarks());
    }
    (store, diagnostics)
}

/// Holds two loads against each other: facts, rows, places, complaints.
pub fn assert_same(one: &(Store, Vec<Diagnostic>), other: &(Store, Vec<Diagnostic>)) {
    assert_eq!(one.1, other.1);
    let ((one, _), (other, _)) = (one, other);
    assert_eq!(one.files, other.files);
    assert_eq!(format!("{:?}", one.layouts), format!("{:?}", other.layouts));
    assert!(one.populations.keys().eq(other.populations.keys()));
    for (name, own) in &one.populations {
        let its = &other.populations[name];
        assert_eq!(own.facts, its.facts);
        assert_eq!((&own.columns, own.records, own.extract), (&its.columns, its.records, its.extract), "{name}");
        let columns: Vec<&str> = [REC].into_iter().chain(own.columns.keys().map(String::as_str)).collect();
        assert!(rows(one, name, &columns) == rows(other, name, &columns), "the rows of {name} differ");
    }
}

impl Folder {
    pub fn read(&self, toml: &str) -> (Store, Vec<Diagnostic>) {
        read(self.0.path(), toml)
    }
}

/// Codes without the usual remarks about what a test left out.
pub fn codes(diagnostics: &[Diagnostic]) -> Vec<&'static str> {
    diagnostics
        .iter()
        .filter(|diagnostic| !matches!(diagnostic.code, Code::ControlMissing | Code::RequiredUnmapped))
        .map(|diagnostic| diagnostic.code.name())
        .collect()
}

pub fn frame(store: &Store, population: &str) -> DataFrame {
    let population = store.populations.get(population).unwrap_or_else(|| panic!("no population {population}"));
    population.frame.whole().unwrap()
}

/// Rows as text: `·` is empty, `!` unreadable; amounts and dates as people write them.
pub fn rows(store: &Store, population: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let frame = frame(store, population);
    let stored = &store.populations[population].columns;
    let cell = |name: &str, row: usize| {
        if let Ok(marks) = frame.column(&format!("{name}{UNREADABLE}"))
            && marks.bool().unwrap().get(row) == Some(true)
        {
            return "!".to_owned();
        }
        let column = frame.column(name).unwrap_or_else(|_| panic!("no column {name}"));
        match column.get(row).unwrap() {
            AnyValue::Null => "·".to_owned(),
            AnyValue::Int64(units) if name != REC => {
                Amount::new(i128::from(units), stored[name].ty.scale().unwrap()).to_places(0)
            }
            AnyValue::Int32(day) => Date(day).to_string(),
            AnyValue::UInt32(code) => store.texts.with(code, str::to_owned).unwrap(),
            AnyValue::Boolean(flag) => flag.to_string(),
            other => other.to_string(),
        }
    };
    (0..frame.height()).map(|row| columns.iter().map(|name| cell(name, row)).collect()).collect()
}

pub fn the(diagnostics: &[Diagnostic], code: Code) -> Diagnostic {
    let mut found = diagnostics.iter().filter(|diagnostic| diagnostic.code == code);
    let first = found.next().unwrap_or_else(|| panic!("no {} in {diagnostics:#?}", code.name())).clone();
    assert!(found.next().is_none(), "{} stands twice", code.name());
    first
}
