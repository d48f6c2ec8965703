//! `tieout audit`: the report first, then the exit code.

use std::collections::BTreeSet;

use tieout_ingest::Store;
use tieout_ingest::schema::schema;
use tieout_model::{AuditReport, Code, Diagnostic};
use tieout_report::mask::Mask;
use tieout_rules::stage;

use crate::args::{AuditArgs, FailOn, Stage};
use crate::baseline;
use crate::commands::refuse;
use crate::gate::{self, Demands, Exit};
use crate::output;
use crate::pipeline::{self, Columns, Prepared};
use crate::progress::{Progress, Stages};
use crate::say;

/// Runs the command.
pub fn run(args: &AuditArgs) -> Exit {
    match audit(args) {
        Ok(exit) => exit,
        Err(diagnostics) => {
            say::complain(&diagnostics);
            if !args.sources.quiet {
                say::line("not audited");
            }
            Exit::NotAudited
        }
    }
}

fn audit(args: &AuditArgs) -> Result<Exit, Vec<Diagnostic>> {
    let stopped = output::check(&args.reports);
    if !stopped.is_empty() {
        return Err(stopped);
    }
    if args.fail_on == FailOn::New && args.baseline.is_none() {
        let message = "`--fail-on new` needs a former report to know what is new";
        return Err(vec![Diagnostic::new(Code::EngagementValue, message).help("add `--baseline former.json`")]);
    }
    let mask = mask_key(args).map_err(|wrong| vec![*wrong])?;
    let former = args.baseline.as_deref().map(baseline::load).transpose().map_err(|wrong| vec![*wrong])?;
    let columns = if args.stage.is_some() { Columns::All } else { Columns::Needed };
    let mut prepared = pipeline::prepare(&args.path, &args.sources, columns)?;
    prepared.options.explain = args.explain_plan;
    // What runs beside something else cannot be timed.
    prepared.options.beside &= !args.timings;
    let stages = Stages::default();
    stages.begin("reading");
    let (mut store, diagnostics) = pipeline::read(&prepared, &args.sources);
    if pipeline::is_stopped(&diagnostics) {
        return Err(diagnostics);
    }
    let drafts = match args.stage {
        Some(Stage::Draft) => Some(drafts(&mut store, &mut prepared)?),
        None => None,
    };
    stages.begin("bounds");
    let rules = prepared.library.select(&prepared.options.select).0;
    let progress = Progress::of_rules(args.sources.quiet, rules.len() as u64);
    let mut report = pipeline::audit(&prepared, &store, diagnostics, &|stage| {
        stages.begin(stage);
        let done = rules.iter().position(|rule| rule.card.id == stage);
        let after = if stage == "netting" { 0 } else { rules.len() };
        progress.at(stage, done.unwrap_or(after) as u64);
    });
    progress.at("reports", rules.len() as u64);
    if args.timings || args.explain_plan {
        stages.say();
    }
    if let Some(drafts) = &drafts {
        stage::hold(&mut report, drafts);
    }
    if let Some(former) = &former {
        tieout_report::past::apply(&mut report, former);
    }
    report.shortfalls = shortfalls(&prepared, &report);
    if let Some(key) = mask {
        let columns = args.mask.iter().cloned().collect();
        Mask::new(&columns, &key).apply(&mut report);
    }
    report.gating = gate::gating(&report, args.fail_on);
    if let Some(list) = &report.hold {
        // A remark keeps no draft back.
        let against: BTreeSet<&String> = list.lines.iter().flat_map(|line| &line.reasons).collect();
        report.gating.retain(|print| against.contains(print));
    }
    let mut unwritten = output::write_all(&report, &args.reports);
    if let Some(file) = &args.hold
        && let Err(error) = output::to_file(file, |out| tieout_report::render_hold_csv(&report, out))
    {
        let message = format!("the hold list cannot be written to `{}`: {error}", file.display());
        unwritten.push(Diagnostic::new(Code::OutputFailed, message));
    }
    progress.finish();
    if !unwritten.is_empty() {
        return Ok(refuse(&unwritten));
    }
    if pipeline::is_stopped(&report.diagnostics) {
        // The report holds them; a rule or waiver that cannot be used means that what was asked for was not audited.
        return Err(pipeline::stopping(report.diagnostics));
    }
    let exit = gate::exit(&report);
    if !args.sources.quiet {
        let gating = report.findings.iter().filter(|finding| report.gates(finding)).count();
        closing(gating, &report.shortfalls);
    }
    Ok(exit)
}

/// Has the store see drafts as posted, and widens the engagement to their days.
fn drafts(store: &mut Store, prepared: &mut Prepared) -> Result<stage::Drafts, Vec<Diagnostic>> {
    let failed = |error: tieout_rules::engine::EngineError| {
        vec![Diagnostic::new(Code::OutputFailed, format!("the drafts cannot be judged: {error}"))]
    };
    let drafts = stage::post_drafts(store).map_err(failed)?;
    stage::widen(&mut prepared.options, &drafts);
    Ok(drafts)
}

/// The key of the mask; every word of `--mask` must be a column.
fn mask_key(args: &AuditArgs) -> Result<Option<Vec<u8>>, Box<Diagnostic>> {
    let wrong = |message: String| Box::new(Diagnostic::new(Code::EngagementValue, message));
    let Some(file) = args.mask_key.as_ref().filter(|_| !args.mask.is_empty()) else { return Ok(None) };
    let known = |column: &&String| {
        schema().populations().any(|population| population.columns.iter().any(|one| one.name == **column))
    };
    if let Some(column) = args.mask.iter().find(|column| !known(column)) {
        return Err(Box::new(
            wrong(format!("no population has a column `{column}`, so it cannot be masked"))
                .help("name canonical columns: `tieout check` shows them beside the headers"),
        ));
    }
    match std::fs::read(file) {
        Ok(key) if !key.is_empty() => Ok(Some(key)),
        Ok(_) => Err(wrong(format!("the key file `{}` is empty", file.display()))),
        Err(error) => Err(wrong(format!("the key file `{}` cannot be read: {error}", file.display()))),
    }
}

/// Why the audit is less than the engagement requires.
pub fn shortfalls(prepared: &Prepared, report: &AuditReport) -> Vec<String> {
    gate::shortfalls(report, &demands(prepared))
}

fn demands(prepared: &Prepared) -> Demands<'_> {
    let words: Vec<_> = prepared.engagement.require.iter().map(|word| word.text.clone()).collect();
    // No word would select every rule; nothing required is nothing required.
    let rules = if words.is_empty() { Vec::new() } else { prepared.library.select(&words).0 };
    Demands {
        required: rules.into_iter().map(|rule| rule.card.id.as_str()).collect(),
        min_tested: prepared.engagement.min_tested,
    }
}

/// Why the exit code is what it is.
fn closing(gating: usize, shortfalls: &[String]) {
    match gating {
        0 => {}
        1 => say::line("1 open finding at or above --fail-on, consequences included"),
        _ => say::line(&format!("{gating} open findings at or above --fail-on, consequences included")),
    }
    for reason in shortfalls {
        say::line(&format!("incomplete: {reason}"));
    }
}
