//! A folder of exports, an engagement's sources, and what came out of them.

use std::path::Path;
use std::sync::Arc;

use polars::prelude::{AnyValue, DataFrame};
use tieout_ingest::store::{REC, UNREADABLE};
use tieout_ingest::{LoadOptions, SourceSpec, Store, load};
use tieout_model::{Amount, Code, Date, Diagnostic};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Engagement {
    source: Vec<SourceSpec>,
}

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

pub fn read(base: &Path, toml: &str) -> (Store, Vec<Diagnostic>) {
    let options =
        LoadOptions { base, profile_dirs: &[], needed: None, threads: Some(2), cache: None, progress: &|_, _, _| {} };
    load(&sources(toml), &options)
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
    population.frame.scan().unwrap().collect().unwrap()
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
