//! The built binary: its exit codes, its outputs, its help, and the gallery of its messages.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cache;
mod cases;
mod chase;
mod complaints;
mod correct;
mod crash;
mod demo;
mod drafts;
mod engagement;
mod explain;
mod gallery;
mod later;
mod memory;
mod register;
mod returns;
mod signoff;
mod workbook;

use std::path::Path;
use std::process::Command;

/// How a run of the binary ended.
pub struct Run {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs the binary in a folder.
pub fn tieout(folder: &Path, args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_tieout")).args(args).current_dir(folder).output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn help_fits_eighty_columns() {
    let commands: [&[&str]; 19] = [
        &[],
        &["audit"],
        &["check"],
        &["compare"],
        &["correct"],
        &["return"],
        &["rates"],
        &["register"],
        &["approve"],
        &["told"],
        &["withdraw"],
        &["chase"],
        &["complaints"],
        &["customer"],
        &["signoff"],
        &["verify"],
        &["rules"],
        &["explain"],
        &["completions"],
    ];
    for command in commands {
        for flag in ["-h", "--help"] {
            let run = tieout(Path::new(HERE), &[command, &[flag]].concat());
            assert_eq!(run.code, 0);
            for line in run.out.lines() {
                assert!(line.chars().count() <= 80, "{command:?} {flag}: {line}");
            }
        }
    }
    let help = tieout(Path::new(HERE), &["audit", "--help"]).out;
    assert!(help.contains("Example:") && help.contains("Exit codes:"), "{help}");
}

#[test]
fn wrong_arguments_are_exit_code_2() {
    let wrong: [&[&str]; 5] = [
        &[],
        &["audit", "--fail-on", "never-ever"],
        &["audit", "--report", "xml"],
        &["audit", "--threads", "0"],
        &["rules", "show", "no-such-rule"],
    ];
    for args in wrong {
        assert_eq!(tieout(Path::new(HERE), args).code, 2, "{args:?}");
    }
}

#[test]
fn a_code_is_explained_without_an_engagement() {
    let run = tieout(Path::new(HERE), &["explain", "file-twice"]);
    assert_eq!(run.code, 0);
    assert!(run.out.starts_with("file-twice: "), "{}", run.out);
    assert_eq!(tieout(Path::new(HERE), &["explain", "no-such-thing"]).code, 2);
}

#[test]
fn every_rule_can_be_listed_shown_and_explained() {
    let list = tieout(Path::new(HERE), &["rules", "list"]);
    assert_eq!(list.code, 0);
    let ids = list.out.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let ids: Vec<_> = ids.map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(!ids.is_empty());
    for id in ids {
        let shown = tieout(Path::new(HERE), &["rules", "show", id]);
        assert!(shown.code == 0 && shown.out.contains("[check."), "{id}");
        let explained = tieout(Path::new(HERE), &["explain", id]);
        assert!(explained.code == 0 && explained.out.contains("remedy"), "{id}");
    }
}

#[test]
fn completions_are_a_script() {
    let run = tieout(Path::new(HERE), &["completions", "bash"]);
    assert!(run.code == 0 && run.out.contains("_tieout"));
}
