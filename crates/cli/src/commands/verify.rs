//! `tieout verify REPORT`: audits again and proves the recorded report, or names the first difference.

use std::fs;

use tieout_model::{Code, Diagnostic};
use tieout_report::past::{self, Difference};
use tieout_report::{Format, render};

use crate::args::VerifyArgs;
use crate::commands::{audit, print, refuse};
use crate::gate::Exit;
use crate::pipeline::{self, Columns};

/// Runs the command: 0 proven, 1 it comes out otherwise, 2 it could not be audited again.
pub fn run(args: &VerifyArgs) -> Exit {
    let recorded = match read(args) {
        Ok(recorded) => recorded,
        Err(diagnostic) => return refuse(&[*diagnostic]),
    };
    let again = || {
        let prepared = pipeline::prepare(&args.path, &args.sources, Columns::Needed)?;
        let (store, diagnostics) = pipeline::read(&prepared, &args.sources);
        if pipeline::is_stopped(&diagnostics) {
            return Err(diagnostics);
        }
        let mut report = pipeline::audit(&prepared, &store, diagnostics, &|_| {});
        report.shortfalls = audit::shortfalls(&prepared, &report);
        Ok(report)
    };
    let report = match again() {
        Ok(report) => report,
        Err(diagnostics) => return refuse(&diagnostics),
    };
    let mut now = Vec::new();
    let Some(json) = Format::parse("json") else { return Exit::NotAudited };
    let differs = render(&report, json, &mut now)
        .map_err(|error| error.to_string())
        .and_then(|()| String::from_utf8(now).map_err(|error| error.to_string()))
        .and_then(|now| past::first_difference(&recorded, &now).map_err(|error| error.to_string()));
    let shown = args.report.display();
    match differs {
        Ok(None) => {
            let files = report.sources.len();
            print(|out| {
                writeln!(
                    out,
                    "{shown} is proven: {files} files, {} rules and {} findings come out the same",
                    report.rules.len(),
                    report.findings.len()
                )
            })
        }
        Ok(Some(difference)) => {
            let said = print(|out| out.write_all(words(&shown.to_string(), &difference).as_bytes()));
            if said == Exit::Passed { Exit::Found } else { said }
        }
        Err(error) => refuse(&[Diagnostic::new(Code::BaselineUnreadable, format!("`{shown}`: {error}"))]),
    }
}

fn read(args: &VerifyArgs) -> Result<String, Box<Diagnostic>> {
    // What is no report is said as for a baseline.
    crate::baseline::load(&args.report)?;
    fs::read_to_string(&args.report).map_err(|error| {
        let message = format!("`{}` cannot be read: {error}", args.report.display());
        Box::new(Diagnostic::new(Code::BaselineUnreadable, message))
    })
}

fn words(shown: &str, difference: &Difference) -> String {
    let Difference { path, about, recorded, now } = difference;
    let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
    let why = match path.split(['[', '.']).next().unwrap_or_default() {
        "version" => "the report was made by another version of tieout",
        "name" | "period" | "as_of" => "the engagement is another one",
        "sources" if path.ends_with(".hash") => "the file is not the one that was audited",
        "sources" => "other files are read",
        "rules" if path.ends_with(".hash") => "the rule is not the one that was run",
        "rules" if path.contains(".params") => "a parameter of the rule is another one",
        _ => "the result is another one",
    };
    let line = |word: &str, value: &str| format!("  {word:<9} {}\n", tieout_report::visible(value));
    format!(
        "{shown} is not what comes out: {why}\n{}{}{}",
        line("at", &format!("{path}{about}")),
        line("recorded", recorded),
        line("now", now)
    )
}
