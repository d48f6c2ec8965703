//! `tieout rules check`: plans rules and runs their marked records, so that an own rule is known to work before it is used.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tieout_model::{Code, Diagnostic};
use tieout_rules::fixture::{Difference, Fixture};
use tieout_rules::{Rule, complaints};

use crate::commands::{print, refuse};
use crate::gate::Exit;
use crate::say;

/// Whether each guard is shown with the rows that need it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Short,
    Full,
}

/// What came of one rule.
struct Checked {
    rule: Rule,
    folder: PathBuf,
    marks: usize,
    differences: Vec<Difference>,
    engines_differ: bool,
    population: String,
    lacks: Vec<&'static str>,
    /// What keeps look-alikes silent, and the lines that come out otherwise without it.
    guards: Vec<(String, Vec<usize>)>,
    silent: Vec<(String, Vec<usize>)>,
}

/// Runs the command.
pub fn run(path: &Path) -> Exit {
    let files = match rule_files(path) {
        Ok(files) => files,
        Err(error) => {
            let message = format!("{} cannot be read: {error}", path.display());
            return refuse(&[Diagnostic::new(Code::FileMissing, message)]);
        }
    };
    if files.is_empty() {
        let message = format!("no rule file in {}", path.display());
        return refuse(
            &[Diagnostic::new(Code::FileMissing, message).help("a rule is a file whose name ends in .toml")],
        );
    }
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for file in &files {
        match one(file) {
            Ok(checked) => all.push(checked),
            Err(diagnostics) => wrong.extend(diagnostics),
        }
    }
    say::complain(&wrong);
    let detail = if path.is_dir() { Detail::Short } else { Detail::Full };
    let failed = all.iter().any(|checked| !checked.differences.is_empty() || checked.engines_differ);
    match print(|out| all.iter().try_for_each(|checked| report(checked, detail, out))) {
        Exit::Passed if !wrong.is_empty() => Exit::NotAudited,
        Exit::Passed if failed => Exit::Found,
        other => other,
    }
}

fn rule_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        fs::metadata(path)?;
        return Ok(vec![path.to_owned()]);
    }
    let mut files: Vec<PathBuf> = fs::read_dir(path)?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    Ok(files)
}

fn one(file: &Path) -> Result<Checked, Vec<Diagnostic>> {
    let shown = file.display().to_string();
    let text = fs::read_to_string(file)
        .map_err(|error| vec![Diagnostic::new(Code::FileMissing, format!("{shown} cannot be read: {error}"))])?;
    let rule = Rule::parse(&shown, &text)?;
    let wrong = complaints(&rule);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let id = rule.card.id.clone();
    let Some(folder) = marked_records(file, &id) else {
        let named = file.file_stem().is_some_and(|name| name.to_str() == Some(id.as_str()));
        let other = if named { "" } else { "; its id is not the file's name" };
        let message = format!("rule `{id}` is planned, but there are no marked records to run it on{other}");
        let help = format!(
            "make the folder `{id}` beside the rule, with a <population>.csv whose last columns are `note` and `expect`; \
             rules/README.md shows one"
        );
        return Err(vec![Diagnostic::new(Code::FileMissing, message).help(help)]);
    };
    let unread = |words: String| vec![Diagnostic::new(Code::EngagementValue, words)];
    let fixture = Fixture::read(&id, &folder).map_err(|error| unread(error.to_string()))?;
    let store = fixture.load(None)?;
    let got = fixture.run(&store, &rule).map_err(|reason| unread(format!("rule `{id}`: {reason}")))?;
    let oracle = fixture.oracle(&store, &rule).map_err(|reason| unread(format!("rule `{id}`: {reason}")))?;
    let guards = fixture.without_guards(&store, &rule);
    Ok(Checked {
        marks: fixture.marked.marks.len(),
        differences: fixture.differences(&got),
        engines_differ: got != oracle,
        population: fixture.marked.population.clone(),
        lacks: fixture.lacks(),
        guards,
        silent: fixture.silently_without(&store, &rule),
        folder,
        rule,
    })
}

/// Beside the rule, or in `fixtures/rules` of a folder above it.
fn marked_records(file: &Path, id: &str) -> Option<PathBuf> {
    let home = file.parent()?;
    let beside = home.join(id);
    if beside.is_dir() {
        return Some(beside);
    }
    let absolute = fs::canonicalize(file).ok()?;
    let mut above = absolute.ancestors().skip(1).map(|folder| folder.join("fixtures/rules").join(id));
    above.find(|folder| folder.is_dir())
}

fn report(checked: &Checked, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
    let id = &checked.rule.card.id;
    let as_marked = checked.marks - checked.differences.len();
    let verdict = if checked.differences.is_empty() { "as marked" } else { "NOT as marked" };
    writeln!(out, "{id}: {verdict}; {as_marked} of {} rows, {} guards", checked.marks, checked.guards.len())?;
    let file = checked.folder.join(format!("{}.csv", checked.population));
    for row in &checked.differences {
        writeln!(out, "  {}:{}  {}", file.display(), row.line, row.note)?;
        writeln!(out, "      expected {}", row.expect)?;
        writeln!(out, "      got      {}", row.got)?;
    }
    if checked.engines_differ {
        writeln!(out, "  the two engines come to different results: please report this as a bug")?;
    }
    for lack in &checked.lacks {
        writeln!(out, "  no row shows {lack}")?;
    }
    for (population, lines) in &checked.silent {
        let words = "its lack is not named: make it a guard, or not optional";
        writeln!(out, "  without {population}.csv the rows in lines {lines:?} become findings; {words}")?;
    }
    for (what, lines) in &checked.guards {
        if lines.is_empty() {
            writeln!(out, "  without {what} every row comes out the same: no row shows what it is for")?;
        } else if detail == Detail::Full {
            let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
            writeln!(out, "  {what} is shown by the rows in lines {}", lines.join(", "))?;
        }
    }
    Ok(())
}
