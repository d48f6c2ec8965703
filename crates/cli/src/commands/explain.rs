//! `tieout explain`: a rule, a diagnostic code, or a finding, in words.

use std::io::{self, Write};
use std::path::PathBuf;

use tieout_model::{AuditReport, Code, Diagnostic, RuleCard};

use crate::args::{ExplainArgs, SourceArgs};
use crate::commands::{print, refuse, rules};
use crate::engagement::FILE_NAME;
use crate::gate::Exit;
use crate::pipeline::{self, Columns};

/// The fewest characters of a fingerprint that are looked for.
const FINGERPRINT_MIN: usize = 6;

/// What is asked, and where.
struct Question<'a> {
    what: Vec<&'a str>,
    path: PathBuf,
    sources: &'a SourceArgs,
}

impl<'a> Question<'a> {
    /// The last word is the engagement if it is a file or a folder; a document is seldom called like one.
    fn new(args: &'a ExplainArgs) -> Self {
        let mut what: Vec<&str> = args.words.iter().map(String::as_str).collect();
        let path = what.last().map(PathBuf::from).filter(|path| what.len() > 1 && path.exists());
        if path.is_some() {
            what.pop();
        }
        Self { what, path: path.unwrap_or_else(|| PathBuf::from(".")), sources: &args.sources }
    }

    fn has_engagement(&self) -> bool {
        self.path.is_file() || self.path.join(FILE_NAME).is_file()
    }
}

/// Runs the command.
pub fn run(args: &ExplainArgs) -> Exit {
    let question = Question::new(args);
    match question.what.as_slice() {
        [one] => run_one(&question, one),
        [first, second] if question.has_engagement() => two(&question, [first, second]),
        [_, other] => {
            let message = format!("`{other}` is no engagement, and none is here to look for two documents in");
            refuse(&[Diagnostic::new(Code::EngagementMissing, message)
                .help("name a tieout.toml, or the folder that holds one, after the two documents")])
        }
        _ => refuse(&[Diagnostic::new(Code::EngagementMissing, format!("`{}` does not exist", args.words[2]))
            .help("name a tieout.toml, or the folder that holds one, after the two documents")]),
    }
}

fn run_one(question: &Question<'_>, what: &str) -> Exit {
    if let Some(code) = Code::ALL.iter().find(|code| code.name() == what) {
        return print(|out| writeln!(out, "{}: {}", code.name(), code.about()));
    }
    let library = match rules::library(question.has_engagement().then_some(question.path.as_path())) {
        Ok(library) => library,
        Err(diagnostics) => return refuse(&diagnostics),
    };
    if let Some(rule) = library.rules().iter().find(|rule| rule.card.id == what) {
        return print(|out| card(&rule.card, out));
    }
    if !question.has_engagement() || what.len() < FINGERPRINT_MIN {
        return refuse(&[nothing(what)]);
    }
    match audited(question) {
        Ok(report) => one_finding(&report, what),
        Err(diagnostics) => refuse(&diagnostics),
    }
}

fn audited(question: &Question<'_>) -> Result<AuditReport, Vec<Diagnostic>> {
    let prepared = pipeline::prepare(&question.path, question.sources, Columns::Needed)?;
    let (store, diagnostics) = pipeline::read(&prepared, question.sources);
    if pipeline::is_stopped(&diagnostics) {
        Err(diagnostics)
    } else {
        Ok(pipeline::audit(&prepared, &store, diagnostics, &|_| {}))
    }
}

/// Two documents, with every column that the exports have.
fn two(question: &Question<'_>, ids: [&str; 2]) -> Exit {
    let (prepared, store, diagnostics) = match pipeline::prepare(&question.path, question.sources, Columns::All) {
        Ok(prepared) => {
            let (store, diagnostics) = pipeline::read(&prepared, question.sources);
            (prepared, store, diagnostics)
        }
        Err(diagnostics) => return refuse(&diagnostics),
    };
    if pipeline::is_stopped(&diagnostics) {
        return refuse(&diagnostics);
    }
    let pair = tieout_rules::pair(&store, &prepared.library, &prepared.options, ids);
    let mut pair = match pair {
        Ok(pair) => pair,
        Err(message) => {
            let help = "give the id or the number of two invoices, or of two payments, as the exports have them";
            return refuse(&[Diagnostic::new(Code::EngagementValue, message).help(help)]);
        }
    };
    let report = pipeline::audit(&prepared, &store, diagnostics, &|_| {});
    pipeline::locate(&store, &prepared.base, pair.documents.iter_mut());
    print(|out| tieout_report::render_pair(&report, &pair, out))
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
