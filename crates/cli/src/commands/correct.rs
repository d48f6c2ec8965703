//! `tieout correct`: from an audit to a folder of corrections.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use tieout_model::{Code, Diagnostic, Place};
use tieout_report::pack::File;
use tieout_report::pack::letters::{self, Stationery};
use tieout_report::pack::maps::{BUNDLED, Map};

use crate::args::CorrectArgs;
use crate::commands::{audit, refuse, register};
use crate::gate::Exit;
use crate::output;
use crate::pipeline::{self, Columns};
use crate::register::Book;
use crate::say;

/// Stands in a pack's folder as long as not all of it is written.
const MARK: &str = "not-complete.txt";

/// Runs the command: 0 the pack is written, 2 it could not be made. What was found is no failure here.
pub fn run(args: &CorrectArgs) -> Exit {
    match correct(args) {
        Ok(()) => Exit::Passed,
        Err(diagnostics) => refuse(&diagnostics),
    }
}

fn correct(args: &CorrectArgs) -> Result<(), Vec<Diagnostic>> {
    let failed = |what: String| vec![Diagnostic::new(Code::OutputFailed, what)];
    let folder = &args.out;
    if folder.exists() && !folder.is_dir() {
        return Err(failed(format!("`{}` is not a folder", folder.display())));
    }
    if !folder.is_dir() && !folder.parent().is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir()) {
        return Err(failed(format!("the folder that `{}` would stand in does not exist", folder.display())));
    }
    let prepared = pipeline::prepare(&args.path, &args.sources, Columns::All)?;
    let maps = maps(&prepared.engagement.maps)?;
    let (store, diagnostics) = pipeline::read(&prepared, &args.sources);
    if pipeline::is_stopped(&diagnostics) {
        return Err(diagnostics);
    }
    let mut report = pipeline::audit(&prepared, &store, diagnostics, &|_| {});
    report.shortfalls = audit::shortfalls(&prepared, &report);
    if pipeline::is_stopped(&report.diagnostics) {
        return Err(pipeline::stopping(report.diagnostics));
    }
    let pack = tieout_rules::correct(&store, &report, &prepared.engagement.corrections)
        .map_err(|error| failed(format!("the corrections cannot be made: {error}")))?;
    let terms = &prepared.engagement.corrections;
    let templates = prepared.engagement.letters.as_ref();
    let stationery = Stationery {
        text: templates.map_or(letters::TEXT, |(text, _)| text),
        html: templates.map_or(letters::HTML, |(_, html)| html),
        contact: terms.contact.as_deref(),
        issued: terms.issue_date.or(report.as_of),
    };
    let files =
        tieout_report::pack::files(&report, &pack, &maps, &stationery).map_err(|error| failed(error.to_string()))?;
    // What can keep the register from being written is known before anything is.
    let register = args.by.as_ref().map(|by| -> Result<_, Vec<Diagnostic>> {
        let book = Book::open(&prepared.engagement)?;
        say::complain(&book.complaints());
        let day = stationery.issued.ok_or_else(|| {
            let message = "the engagement has no as-of date, so proposals have no day for the register";
            vec![Diagnostic::new(Code::EngagementValue, message).help("add `as_of` to the engagement")]
        })?;
        let events = register::proposed(&pack, &book, day, by);
        Ok((book, events))
    });
    let register = register.transpose()?;
    write(folder, &files).map_err(|(path, error)| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        let note = format!("the pack is not complete, as {MARK} in it says");
        vec![Diagnostic::new(Code::OutputFailed, message).note(note).help("make room for it, and write it again")]
    })?;
    if let Some((mut book, events)) = register {
        book.add(&events)?;
    }
    if !args.sources.quiet {
        say::line(&format!(
            "{} proposals and {} questions in {}: begin with summary.txt",
            pack.proposals.len(),
            pack.questions.len(),
            folder.display()
        ));
    }
    Ok(())
}

/// Writes the files of a pack into its folder: each whole or not at all, and beside them a mark until all are there. What a former pack
/// had in the folders of letters and imports goes: nobody may send or book it again.
fn write(folder: &Path, files: &[File]) -> Result<(), (PathBuf, io::Error)> {
    let of = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    fs::create_dir_all(folder).map_err(of(folder))?;
    let mark = folder.join(MARK);
    let words = "This pack is not complete: whoever wrote it was stopped. Write it again before you use it.\n";
    output::to_file(&mark, |out| out.write_all(words.as_bytes())).map_err(of(&mark))?;
    for file in files {
        let path = folder.join(&file.name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(of(parent))?;
        }
        output::to_file(&path, |out| out.write_all(&file.bytes)).map_err(of(&path))?;
    }
    let known: BTreeSet<PathBuf> = files.iter().map(|file| folder.join(&file.name)).collect();
    let folders = ["", "import", "letters"].map(|name| folder.join(name));
    for (own, is_ours) in folders.iter().zip([false, true, true]).filter(|(own, _)| own.is_dir()) {
        for entry in fs::read_dir(own).map_err(of(own))? {
            let entry = entry.map_err(of(own))?;
            let path = entry.path();
            // In the pack's own folder, what others put there stays; drafts of a run that was stopped go.
            let is_draft = entry.file_name().to_string_lossy().starts_with(".tieout-");
            if path.is_file() && (is_ours || is_draft) && !known.contains(&path) {
                fs::remove_file(&path).map_err(of(&path))?;
            }
        }
    }
    fs::remove_file(&mark).map_err(of(&mark))
}

/// The bundled maps and the engagement's own; every one that is wrong is told.
fn maps(own: &[(String, String)]) -> Result<Vec<Map>, Vec<Diagnostic>> {
    let bundled = BUNDLED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let (mut maps, mut wrong) = (Vec::new(), Vec::new());
    for (path, text) in bundled.chain(own.iter().cloned()) {
        match Map::read(&text) {
            Ok(map) => maps.push(map),
            Err((message, span)) => {
                let place = span.map_or_else(
                    || Place { file: path.clone(), ..Place::default() },
                    |span| Place::in_text(&path, &text, span),
                );
                let help = "a map has `file`, `actions`, perhaps `date` and `amounts`, and `columns`";
                wrong.push(Diagnostic::new(Code::EngagementValue, message).at(place).help(help));
            }
        }
    }
    if wrong.is_empty() { Ok(maps) } else { Err(wrong) }
}
