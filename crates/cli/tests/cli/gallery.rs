//! The gallery of messages: `fixtures/errors/<code>/` holds an input that provokes the code and the words it gets.
//!
//! Each folder is checked quietly; audited if it holds a file `audit`, whose words are further arguments; or given to the command
//! that stands in its file `command`. Where it holds a file
//! `signoff`, its workbook is filled in as that file says (`row column = cell` a line) and signed off. To write `expected.txt` anew, run the test with UPDATE_EXPECT=1 and read the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tieout_model::Code;

use crate::{HERE, Run, tieout, workbook};

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(HERE).join("../../fixtures/errors")).unwrap();
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

/// What the tool says of a folder: exit code, standard output, standard error; the version taken out.
fn said(folder: &Path) -> String {
    if let Ok(cells) = fs::read_to_string(folder.join("signoff")) {
        let run = signed(folder, &cells);
        return format!("exit code {}\n\n{}{}", run.code, run.out, run.err);
    }
    let command = fs::read_to_string(folder.join("command")).ok();
    let run = match fs::read_to_string(folder.join("audit")) {
        Err(_) if command.is_some() => {
            let words = command.unwrap_or_default();
            tieout(folder, &words.split_whitespace().collect::<Vec<_>>())
        }
        Ok(more) => {
            let args: Vec<_> = ["audit", "--quiet"].into_iter().chain(more.split_whitespace()).collect();
            tieout(folder, &args)
        }
        Err(_) => tieout(folder, &["check", "--quiet"]),
    };
    let text = format!("exit code {}\n\n{}{}", run.code, run.out, run.err);
    text.replace(&format!("tieout {}", env!("CARGO_PKG_VERSION")), "tieout VERSION")
}

/// The folder's workbook, filled in and signed off; one that lies in the folder is taken as it is.
fn signed(folder: &Path, cells: &str) -> Run {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        fs::copy(&entry, copy.path().join(entry.file_name().unwrap())).unwrap();
    }
    let workbook = copy.path().join("audit.xlsx");
    if !workbook.exists() {
        tieout(copy.path(), &["audit", "--quiet", "--report", "xlsx=audit.xlsx"]);
        for line in cells.lines() {
            let (place, cell) = line.split_once(" = ").unwrap();
            let (row, column) = place.split_once(' ').unwrap();
            workbook::write(&workbook, row.parse().unwrap(), column, cell);
        }
    }
    tieout(copy.path(), &["signoff", "audit.xlsx", "--waivers", "waivers.toml"])
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the developer's wish to write the expectations anew is no input of an audit"
)]
fn every_message_reads_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for folder in folders() {
        let code = name(&folder);
        let said = said(&folder);
        let raised = ["error", "warning", "note"].iter().any(|level| said.contains(&format!("{level}[{code}]")));
        if !raised {
            wrong.push(format!("{code}: the folder does not provoke it\n{said}"));
            continue;
        }
        let expected = folder.join("expected.txt");
        if update {
            fs::write(&expected, said).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.push(format!("{code}: differs from expected.txt\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}

#[test]
fn every_code_has_a_folder_and_every_folder_a_code() {
    let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.name().to_owned()).collect();
    let folders: BTreeSet<_> = folders().iter().map(|folder| name(folder)).collect();
    let missing: Vec<_> = codes.difference(&folders).collect();
    let unknown: Vec<_> = folders.difference(&codes).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "without a folder: {missing:?}; without a code: {unknown:?}");
}
