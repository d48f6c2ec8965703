//! A folder of marked records: `<population>.csv` with canonical headers, of which one has a last column `expect` that a
//! person wrote by hand. This is how a rule is shown to find what it should and to stay silent where it should.
//!
//! `fixture.toml`, where there is one, says `period`, `as_of`, `[extract.<population>]` and `[rules.set]`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::profile::SourceSpec;

/// What is wrong with a folder of marked records.
#[derive(Debug, thiserror::Error)]
pub enum MarkedError {
    /// A file or the folder cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// A file is not as it should be.
    #[error("{0}: {1}")]
    Wrong(String, String),
}

/// `fixture.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    period: Option<String>,
    as_of: Option<String>,
    #[serde(default)]
    extract: BTreeMap<String, Extract>,
    #[serde(default)]
    rules: Set,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    #[serde(default)]
    set: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extract {
    from: String,
    to: String,
}

#[derive(Deserialize)]
struct Sources {
    source: Vec<SourceSpec>,
}

/// One record of the population under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Line in the file.
    pub line: usize,
    /// What the row is there for.
    pub note: String,
    /// What should become of it; empty: nothing.
    pub expect: String,
}

/// A folder as read.
#[derive(Debug)]
pub struct Marked {
    /// The folder.
    pub folder: PathBuf,
    /// The population under test.
    pub population: String,
    /// Its records in order.
    pub marks: Vec<Mark>,
    /// `2026-10` unless the folder says otherwise.
    pub period: String,
    /// `2026-11-05` unless the folder says otherwise.
    pub as_of: String,
    /// Parameters of the rule.
    pub params: BTreeMap<String, String>,
    /// The files as sources.
    pub sources: Vec<SourceSpec>,
}

/// Reads a folder of marked records.
pub fn read(folder: &Path) -> Result<Marked, MarkedError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error| MarkedError::Unreadable(path, error)
    };
    let shown = |name: &str| {
        let folder = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        format!("{folder}/{name}")
    };
    let terms = match fs::read_to_string(folder.join("fixture.toml")) {
        Ok(text) => {
            toml::from_str(&text).map_err(|error| MarkedError::Wrong(shown("fixture.toml"), error.to_string()))?
        }
        Err(_) => Terms::default(),
    };
    let entries = fs::read_dir(folder).map_err(unreadable(folder))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let mut sources = String::new();
    let mut under_test: Vec<(String, Vec<Mark>)> = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "csv")) {
        let population = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let file = shown(&format!("{population}.csv"));
        let text = fs::read_to_string(path).map_err(unreadable(path))?;
        if text.contains('"') {
            return Err(MarkedError::Wrong(file, "no quotes, so that a row is read at a glance".to_owned()));
        }
        let headers: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
        let _ = write!(sources, "[[source]]\npopulation = \"{population}\"\npath = \"{population}.csv\"\n");
        if let Some(extract) = terms.extract.get(&population) {
            let _ = writeln!(sources, "extract = {{ from = \"{}\", to = \"{}\" }}", extract.from, extract.to);
        }
        sources.push_str("[source.columns]\n");
        for header in headers.iter().filter(|header| !matches!(**header, "note" | "expect")) {
            let _ = writeln!(sources, "{header} = \"{header}\"");
        }
        if headers.last() == Some(&"expect") {
            under_test.push((population.clone(), marks(&file, &text, &headers)?));
        }
    }
    let (Some((population, marks)), true) = (under_test.pop(), under_test.is_empty()) else {
        return Err(MarkedError::Wrong(shown("*.csv"), "exactly one file has a last column `expect`".to_owned()));
    };
    let sources: Sources =
        toml::from_str(&sources).map_err(|error| MarkedError::Wrong(shown("*.csv"), error.message().to_owned()))?;
    Ok(Marked {
        folder: folder.to_owned(),
        population,
        marks,
        period: terms.period.unwrap_or_else(|| "2026-10".to_owned()),
        as_of: terms.as_of.unwrap_or_else(|| "2026-11-05".to_owned()),
        params: terms.rules.set,
        sources: sources.source,
    })
}

/// What can be marked, besides `not tested` and the beginning of its reason.
const EXPECTED: [&str; 7] = ["", "finding", "guarded", "out of scope", "outside", "context", "outside extract"];

fn marks(file: &str, text: &str, headers: &[&str]) -> Result<Vec<Mark>, MarkedError> {
    let wrong = |line: usize, words: &str| MarkedError::Wrong(format!("{file}:{line}"), words.to_owned());
    let note = headers
        .iter()
        .position(|header| *header == "note")
        .ok_or_else(|| wrong(1, "no column `note`, which says what each row is there for"))?;
    let mut marks = Vec::new();
    for (index, row) in text.lines().enumerate().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        if cells.len() != headers.len() {
            let words = format!("{} cells where the header has {}", cells.len(), headers.len());
            return Err(wrong(index + 1, &words));
        }
        let expect = cells[cells.len() - 1];
        if !EXPECTED.contains(&expect) && !expect.starts_with("not tested") {
            let known = EXPECTED[1..].join("`, `");
            let words =
                format!("`{expect}` is no mark; a mark is empty (tested, nothing found), `{known}` or `not tested: …`");
            return Err(wrong(index + 1, &words));
        }
        marks.push(Mark { line: index + 1, note: cells[note].to_owned(), expect: cells[cells.len() - 1].to_owned() });
    }
    Ok(marks)
}
