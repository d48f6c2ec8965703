//! `tieout correct`: from an audit to a folder of corrections.

use std::fs;

use tieout_model::{Code, Diagnostic};

use crate::args::CorrectArgs;
use crate::commands::{audit, refuse};
use crate::gate::Exit;
use crate::output;
use crate::pipeline::{self, Columns};
use crate::say;

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
    let prepared = pipeline::prepare(&args.path, &args.sources)?;
    let (store, diagnostics) = pipeline::read(&prepared, &args.sources, Columns::All);
    if pipeline::is_stopped(&diagnostics) {
        return Err(diagnostics);
    }
    let mut report = pipeline::audit(&prepared, &store, diagnostics, &|_| {});
    report.shortfalls = audit::shortfalls(&prepared, &report);
    if pipeline::is_stopped(&report.diagnostics) {
        return Err(report
            .diagnostics
            .into_iter()
            .filter(|one| pipeline::is_stopped(std::slice::from_ref(one)))
            .collect());
    }
    let pack = tieout_rules::correct(&store, &report, &prepared.engagement.corrections)
        .map_err(|error| failed(format!("the corrections cannot be made: {error}")))?;
    let files = tieout_report::pack::files(&report, &pack).map_err(|error| failed(error.to_string()))?;
    fs::create_dir_all(folder).map_err(|error| failed(format!("`{}` cannot be made: {error}", folder.display())))?;
    for file in &files {
        let path = folder.join(&file.name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .map_err(|error| failed(format!("`{}` cannot be made: {error}", parent.display())))?;
        }
        output::to_file(&path, |out| out.write_all(&file.bytes))
            .map_err(|error| failed(format!("`{}` cannot be written: {error}", path.display())))?;
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
