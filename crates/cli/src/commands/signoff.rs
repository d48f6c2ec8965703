//! `tieout signoff`: what was signed in a workbook becomes waivers; the file's comments and other waivers stay.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use tieout_model::{Code, Diagnostic};
use tieout_report::signoff::{self, Accepted, SignOff};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use crate::args::SignoffArgs;
use crate::commands::{print, refuse};
use crate::gate::Exit;
use crate::{output, say};

/// Runs the command.
pub fn run(args: &SignoffArgs) -> Exit {
    let signed = match read(&args.workbook) {
        Ok(signed) => signed,
        Err(complaint) => return refuse(&[*complaint]),
    };
    if !signed.accepted.is_empty()
        && let Err(complaint) = take(&args.waivers, &signed.accepted)
    {
        return refuse(&[*complaint]);
    }
    say::complain(&signed.refused);
    match (print(|out| writeln!(out, "{}", words(&signed, &args.waivers))), signed.refused.is_empty()) {
        (Exit::Passed, false) => Exit::Found,
        (exit, _) => exit,
    }
}

fn read(workbook: &Path) -> Result<SignOff, Box<Diagnostic>> {
    let path = workbook.display().to_string();
    let bytes = fs::read(workbook).map_err(|error| {
        let message = format!("`{path}` cannot be read: {error}");
        Box::new(Diagnostic::new(Code::SignoffUnreadable, message).help("name the workbook that was signed"))
    })?;
    signoff::read(&path, bytes)
}

/// `2 findings waived in waivers.toml; 1 row refused; 3 to correct; 40 rows not signed`.
fn words(signed: &SignOff, file: &Path) -> String {
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let mut parts =
        vec![format!("{} waived in {}", count(signed.accepted.len(), "finding", "findings"), file.display())];
    if !signed.refused.is_empty() {
        parts.push(format!("{} refused", count(signed.refused.len(), "row", "rows")));
    }
    parts.extend(signed.others.iter().map(|(word, rows)| format!("{rows} to {word}")));
    let touched = signed.accepted.len() as u64 + signed.refused.len() as u64 + signed.others.values().sum::<u64>();
    if let Some(left) = signed.rows.checked_sub(touched).filter(|left| *left > 0) {
        parts.push(format!("{left} not signed"));
    }
    parts.join("; ")
}

/// Writes the accepted findings; one that is waived already gets what was signed now.
fn take(file: &Path, accepted: &[Accepted]) -> Result<(), Box<Diagnostic>> {
    let path = file.display().to_string();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(&path, &error.to_string())),
    };
    // The file as it is must be one that an audit takes.
    let complaints = tieout_rules::waiver::apply(&path, &text, None, &mut []);
    if let Some(complaint) = complaints.into_iter().find(|one| one.code == Code::WaiverSyntax) {
        return Err(Box::new(complaint.note("nothing was written")));
    }
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        Box::new(Diagnostic::new(Code::WaiverSyntax, format!("{path}: {}", error.message())))
    })?;
    let waivers = document.entry("waiver").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(waivers) = waivers.as_array_of_tables_mut() else {
        let message = format!("`waiver` in {path} is not written as [[waiver]]");
        return Err(Box::new(Diagnostic::new(Code::WaiverSyntax, message).help("write each waiver under [[waiver]]")));
    };
    for accepted in accepted {
        let is_same = |table: &Table| {
            let word = |key: &str| table.get(key).and_then(Item::as_str);
            word("rule") == Some(&accepted.rule) && word("fingerprint") == Some(&accepted.fingerprint)
        };
        if !waivers.iter().any(is_same) {
            let mut table = Table::new();
            table.decor_mut().set_prefix("\n");
            waivers.push(table);
        }
        let found = waivers.iter_mut().filter(|table| is_same(table) || table.is_empty());
        found.for_each(|table| write(table, accepted));
    }
    let text = document.to_string();
    output::to_file(file, |out| out.write_all(text.as_bytes())).map_err(|error| failed(&path, &error.to_string()))
}

fn write(table: &mut Table, accepted: &Accepted) {
    let entries = [
        ("rule", accepted.rule.clone()),
        ("fingerprint", accepted.fingerprint.clone()),
        ("content", accepted.content.clone()),
        ("reason", accepted.reason.clone()),
        ("prepared_by", accepted.prepared_by.clone()),
        ("approved_by", accepted.approved_by.clone()),
        ("expires", accepted.expires.to_string()),
        ("cap", accepted.cap.to_string()),
    ];
    for (key, text) in entries {
        // Assigning to a value that is there keeps the comment behind it.
        match table.get_mut(key).and_then(Item::as_value_mut) {
            Some(old) => {
                let decor = old.decor().clone();
                *old = toml_edit::Value::from(text);
                *old.decor_mut() = decor;
            }
            None => {
                table.insert(key, value(text));
            }
        }
    }
}

fn failed(path: &str, why: &str) -> Box<Diagnostic> {
    let message = format!("the waivers cannot be written to `{path}`: {why}");
    Box::new(Diagnostic::new(Code::OutputFailed, message).note("nothing was left half-written"))
}
