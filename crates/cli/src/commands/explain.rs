//! `tieout explain`: a rule, a diagnostic code, or a finding, in words.

use std::io::{self, Write};

use tieout_model::{AuditReport, Code, Diagnostic, RuleCard};

use crate::args::ExplainArgs;
use crate::commands::{print, refuse, rules};
use crate::engagement::FILE_NAME;
use crate::gate::Exit;
use crate::pipeline::{self, Columns};

/// The fewest characters of a fingerprint that are looked for.
const FINGERPRINT_MIN: usize = 6;

/// Runs the command.
pub fn run(args: &ExplainArgs) -> Exit {
    if let Some(code) = Code::ALL.iter().find(|code| code.name() == args.what) {
        return print(|out| writeln!(out, "{}: {}", code.name(), code.about()));
    }
    let has_engagement = args.path.is_file() || args.path.join(FILE_NAME).is_file();
    let library = match rules::library(has_engagement.then_some(args.path.as_path())) {
        Ok(library) => library,
        Err(diagnostics) => return refuse(&diagnostics),
    };
    if let Some(rule) = library.rules().iter().find(|rule| rule.card.id == args.what) {
        return print(|out| card(&rule.card, out));
    }
    if !has_engagement || args.what.len() < FINGERPRINT_MIN {
        return refuse(&[nothing(&args.what)]);
    }
    match audited(args) {
        Ok(report) => one_finding(&report, &args.what),
        Err(diagnostics) => refuse(&diagnostics),
    }
}

fn audited(args: &ExplainArgs) -> Result<AuditReport, Vec<Diagnostic>> {
    let prepared = pipeline::prepare(&args.path, &args.sources)?;
    let (store, diagnostics) = pipeline::read(&prepared, &args.sources, Columns::Needed);
    if pipeline::is_stopped(&diagnostics) {
        Err(diagnostics)
    } else {
        Ok(pipeline::audit(&prepared, &store, diagnostics, &|_| {}))
    }
}

fn one_finding(report: &AuditReport, fingerprint: &str) -> Exit {
    let mut found = report.findings.iter().filter(|finding| finding.fingerprint.starts_with(fingerprint));
    match (found.next(), found.next()) {
        (Some(finding), None) => print(|out| tieout_report::render_finding(report, finding, out)),
        (Some(_), Some(_)) => {
            let message = format!("several findings have a fingerprint that begins with `{fingerprint}`");
            refuse(&[Diagnostic::new(Code::EngagementValue, message).help("give more of its characters")])
        }
        (None, _) => refuse(&[nothing(fingerprint)]),
    }
}

fn nothing(what: &str) -> Diagnostic {
    Diagnostic::new(Code::EngagementValue, format!("`{what}` is no rule, no diagnostic code and no finding here"))
        .note("findings are looked for by auditing the engagement that is named after the fingerprint")
        .help("`tieout rules list` lists the rules; the text report ends each finding with its fingerprint")
}

fn card(card: &RuleCard, out: &mut dyn Write) -> io::Result<()> {
    let reference = card.reference.as_ref().map_or(String::new(), |reference| format!(" ({reference})"));
    writeln!(out, "{}{reference}: {}", card.id, card.title)?;
    let lines = [
        ("tests", format!("{}, by the check `{}`, family {}", card.assertion, card.kind, card.family)),
        ("a finding is", format!("{}, at most {}", card.severity.name(), card.confidence.name())),
        ("criteria", card.criteria.clone()),
        ("why", card.why.clone()),
        ("remedy", card.remedy.clone()),
        ("rests upon", card.reliability.clone().unwrap_or_default()),
    ];
    for (word, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
        tieout_report::render_entry(word, text, out)?;
    }
    writeln!(out, "`tieout rules show {}` prints it as it is written", card.id)
}
