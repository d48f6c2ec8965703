//! `tieout rules`: what is tested, and how a rule is written.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use tieout_model::{Code, Diagnostic, RuleResult, Status};
use tieout_rules::{Library, Options, Rule};

use crate::args::{RulesCommand, SourceArgs};
use crate::commands::{print, refuse};
use crate::engagement;
use crate::gate::Exit;
use crate::pipeline::{self, Columns, is_stopped};

/// Runs the command.
pub fn run(command: &RulesCommand) -> Exit {
    let path = match command {
        RulesCommand::Check { path } => return super::rules_check::run(path),
        RulesCommand::New { kind, path } => return super::rules_new::run(kind, path),
        RulesCommand::List { path } | RulesCommand::Show { path, .. } => path,
    };
    let library = match library(path.as_deref()) {
        Ok(library) => library,
        Err(diagnostics) => return refuse(&diagnostics),
    };
    match command {
        RulesCommand::List { path: None } => print(|out| list(&library, &BTreeMap::new(), out)),
        RulesCommand::List { path: Some(path) } => of_engagement(path),
        RulesCommand::Show { id, .. } => match library.rules().iter().find(|rule| rule.card.id == *id) {
            Some(rule) => print(|out| out.write_all(rule.text.as_bytes())),
            None => refuse(&[unknown(id, &library)]),
        },
        RulesCommand::Check { .. } | RulesCommand::New { .. } => Exit::Passed,
    }
}

/// The bundled rules, and those of an engagement.
pub fn library(path: Option<&Path>) -> Result<Library, Vec<Diagnostic>> {
    let Some(path) = path else { return Ok(Library::bundled()) };
    let (library, diagnostics) = Library::load(&engagement::load(path)?.rule_files);
    if is_stopped(&diagnostics) { Err(diagnostics) } else { Ok(library) }
}

/// Which rules can run on what an engagement has, and what to ask for.
fn of_engagement(path: &Path) -> Exit {
    let quiet = SourceArgs {
        data: None,
        select: Vec::new(),
        threads: None,
        memory_limit: None,
        cache: None,
        no_cache: false,
        quiet: true,
    };
    let prepared = match pipeline::prepare(path, &quiet, Columns::All) {
        Ok(prepared) => prepared,
        Err(diagnostics) => return refuse(&diagnostics),
    };
    let (store, mut diagnostics) = pipeline::read(&prepared, &quiet);
    // Every rule, not only the selected ones: what could be selected is the question.
    let options = Options { select: Vec::new(), ..prepared.options.clone() };
    let (results, raised) = tieout_rules::plan_check(&store, &prepared.library, &options);
    diagnostics.extend(raised);
    if is_stopped(&diagnostics) {
        return refuse(&diagnostics);
    }
    let states: BTreeMap<&str, &RuleResult> = results.iter().map(|result| (result.card.id.as_str(), result)).collect();
    print(|out| {
        list(&prepared.library, &states, out)?;
        let runs = results.iter().filter(|result| !matches!(result.status, Status::NotPerformed { .. })).count();
        writeln!(out, "{runs} of {} rules can run", results.len())?;
        let asked = tieout_rules::unlock(&results);
        if asked.is_empty() {
            return Ok(());
        }
        tieout_report::render_entry("ask for", &format!("{}, in this order", asked.join(", ")), out)
    })
}

fn list(library: &Library, states: &BTreeMap<&str, &RuleResult>, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: Vec<&Rule> = library.rules().iter().collect();
    rules.sort_by_key(|rule| (&rule.card.family, &rule.card.id));
    let mut family = "";
    for rule in &rules {
        let card = &rule.card;
        if card.family != family {
            family = &card.family;
            writeln!(out, "{family}")?;
        }
        writeln!(out, "  {}  ({}, {})", card.id, card.severity.name(), card.confidence.name())?;
        writeln!(out, "      {}", card.title)?;
        let Some(result) = states.get(card.id.as_str()) else { continue };
        match &result.status {
            Status::NotPerformed { reason, .. } => tieout_report::render_entry("    needs", reason, out)?,
            _ if result.guards_missing.is_empty() => writeln!(out, "      can run")?,
            _ => tieout_report::render_entry("    limited", &result.guards_missing.join("; "), out)?,
        }
    }
    let plural = if rules.len() == 1 { "" } else { "s" };
    writeln!(out, "{} rule{plural}; `tieout explain <id>` says what one of them tests and why", rules.len())
}

/// No rule of that name; those that contain a part of it.
fn unknown(id: &str, library: &Library) -> Diagnostic {
    let near: Vec<_> = library
        .rules()
        .iter()
        .map(|rule| rule.card.id.as_str())
        .filter(|known| id.split('-').any(|word| word.len() > 3 && known.contains(word)))
        .collect();
    let diagnostic = Diagnostic::new(Code::EngagementValue, format!("no rule is called `{id}`"));
    if near.is_empty() {
        return diagnostic.help("`tieout rules list` lists them");
    }
    diagnostic.help(format!("did you mean {}?", near.join(" or ")))
}
