//! `tieout audit`: the report first, then the exit code.

use tieout_model::{Code, Diagnostic};

use crate::args::{AuditArgs, FailOn};
use crate::baseline;
use crate::commands::refuse;
use crate::gate::{self, Demands, Exit};
use crate::output;
use crate::pipeline::{self, Columns, Prepared};
use crate::progress::Stages;
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
    let former = args.baseline.as_deref().map(baseline::load).transpose().map_err(|wrong| vec![*wrong])?;
    let mut prepared = pipeline::prepare(&args.path, &args.sources)?;
    prepared.options.explain = args.explain_plan;
    let stages = Stages::default();
    stages.begin("reading");
    let (store, diagnostics) = pipeline::read(&prepared, &args.sources, Columns::Needed);
    if pipeline::is_stopped(&diagnostics) {
        return Err(diagnostics);
    }
    stages.begin("bounds");
    let mut report = pipeline::audit(&prepared, &store, diagnostics, &|stage| stages.begin(stage));
    if args.timings || args.explain_plan {
        stages.say();
    }
    if let Some(former) = &former {
        tieout_report::past::apply(&mut report, former);
    }
    report.shortfalls = gate::shortfalls(&report, &demands(&prepared));
    report.gating = gate::gating(&report, args.fail_on);
    let unwritten = output::write_all(&report, &args.reports);
    if !unwritten.is_empty() {
        return Ok(refuse(&unwritten));
    }
    if pipeline::is_stopped(&report.diagnostics) {
        // The report holds them; a rule or waiver that cannot be used means that what was asked for was not audited.
        return Err(report
            .diagnostics
            .into_iter()
            .filter(|one| pipeline::is_stopped(std::slice::from_ref(one)))
            .collect());
    }
    let exit = gate::exit(&report);
    if !args.sources.quiet {
        let gating = report.findings.iter().filter(|finding| report.gates(finding)).count();
        closing(gating, &report.shortfalls);
    }
    Ok(exit)
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
