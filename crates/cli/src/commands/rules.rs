//! `tieout rules`: what is tested, and how a rule is written.

use std::io::{self, Write};
use std::path::Path;

use tieout_model::{Code, Diagnostic};
use tieout_rules::{Library, Rule};

use crate::args::RulesCommand;
use crate::commands::{print, refuse};
use crate::engagement;
use crate::gate::Exit;
use crate::pipeline::is_stopped;

/// Runs the command.
pub fn run(command: &RulesCommand) -> Exit {
    let path = match command {
        RulesCommand::Check { path } => return super::rules_check::run(path),
        RulesCommand::List { path } | RulesCommand::Show { path, .. } => path,
    };
    let library = match library(path.as_deref()) {
        Ok(library) => library,
        Err(diagnostics) => return refuse(&diagnostics),
    };
    match command {
        RulesCommand::List { .. } => print(|out| list(&library, out)),
        RulesCommand::Show { id, .. } => match library.rules().iter().find(|rule| rule.card.id == *id) {
            Some(rule) => print(|out| out.write_all(rule.text.as_bytes())),
            None => refuse(&[unknown(id, &library)]),
        },
        RulesCommand::Check { .. } => Exit::Passed,
    }
}

/// The bundled rules, and those of an engagement.
pub fn library(path: Option<&Path>) -> Result<Library, Vec<Diagnostic>> {
    let Some(path) = path else { return Ok(Library::bundled()) };
    let (library, diagnostics) = Library::load(&engagement::load(path)?.rule_files);
    if is_stopped(&diagnostics) { Err(diagnostics) } else { Ok(library) }
}

fn list(library: &Library, out: &mut dyn Write) -> io::Result<()> {
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
