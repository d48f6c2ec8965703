//! The library of rules: bundled ones and a user's own go through the same path.

use std::collections::BTreeMap;

use tieout_model::diagnostic::Place;
use tieout_model::{Code, Confidence, Diagnostic, RuleCard, Severity};

use crate::expr::{self, Ast};
use crate::file::{RuleFile, Text};

/// A kind, a rule of it, and its marked records by population.
pub type Skeleton = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// A parsed rule.
#[derive(Debug)]
pub struct Rule {
    /// Its words.
    pub card: RuleCard,
    /// The TOML as written.
    pub text: String,
    /// Path for messages.
    pub path: String,
    /// Packs.
    pub packs: Vec<String>,
    pub(crate) file: RuleFile,
}

/// All rules, in order of id.
#[derive(Debug, Default)]
pub struct Library {
    rules: Vec<Rule>,
}

impl Library {
    /// The bundled rules. A mistake in one of them is our own bug.
    pub fn bundled() -> Self {
        Self::load(&[]).0
    }

    /// The bundled rules and these files (path, text); a file whose id is bundled replaces that rule.
    pub fn load(files: &[(String, String)]) -> (Self, Vec<Diagnostic>) {
        let bundled = BUNDLED.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let (mut own, mut diagnostics) = Self::parse_all(files.iter().cloned());
        let (bundled, complaints) = Self::parse_all(bundled);
        diagnostics.extend(complaints);
        for rule in bundled.rules {
            if own.get(&rule.card.id).is_none() {
                own.rules.push(rule);
            }
        }
        own.rules.sort_by(|left, right| left.card.id.cmp(&right.card.id));
        (own, diagnostics)
    }

    /// Only these files.
    pub fn parse_all(files: impl Iterator<Item = (String, String)>) -> (Self, Vec<Diagnostic>) {
        let (mut library, mut diagnostics) = (Self::default(), Vec::new());
        for (path, text) in files {
            match Rule::parse(&path, &text) {
                Ok(rule) if library.get(&rule.card.id).is_some() => {
                    let place = rule.place(&rule.file.id, (0, u32::try_from(rule.card.id.len()).unwrap_or(1)));
                    diagnostics.push(
                        Diagnostic::new(Code::RuleDuplicate, format!("two rules have the id `{}`", rule.card.id))
                            .at(place)
                            .help("give one of them another id"),
                    );
                }
                Ok(rule) => library.rules.push(rule),
                Err(complaints) => diagnostics.extend(complaints),
            }
        }
        library.rules.sort_by(|left, right| left.card.id.cmp(&right.card.id));
        (library, diagnostics)
    }

    /// In order of id.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// By id.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.card.id == id)
    }

    /// Ids that the words select: packs, families, references, ids; `-word` leaves out. No word: all. Words that
    /// select nothing come back.
    pub fn select(&self, words: &[String]) -> (Vec<&Rule>, Vec<String>) {
        let matches = |rule: &Rule, word: &str| {
            rule.card.id == word
                || rule.card.family == word
                || rule.card.reference.as_deref() == Some(word)
                || rule.packs.iter().any(|pack| pack == word)
        };
        let unknown = words.iter().filter(|word| {
            let word = word.strip_prefix('-').unwrap_or(word);
            !self.rules.iter().any(|rule| matches(rule, word))
        });
        let wanted: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
        let chosen = self.rules.iter().filter(|rule| {
            let wanted = wanted.is_empty() || wanted.iter().any(|word| matches(rule, word));
            let left_out = words.iter().filter_map(|word| word.strip_prefix('-')).any(|word| matches(rule, word));
            wanted && !left_out
        });
        (chosen.collect(), unknown.cloned().collect())
    }
}

impl Rule {
    /// Parses one file; expressions are parsed too, so that every syntax error comes at once.
    pub fn parse(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let file: RuleFile = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or_else(
                || Place { file: path.to_owned(), ..Place::default() },
                |span| Place::in_text(path, text, span),
            );
            let mut diagnostic = Diagnostic::new(Code::RuleSyntax, error.message().to_owned()).at(place);
            if error.message().contains("floating point") || error.message().contains("expected a string") {
                diagnostic = diagnostic.help("amounts and numbers are written in quotes, e.g. slack = \"0.01\"");
            }
            vec![diagnostic]
        })?;
        let mut complaints = Vec::new();
        let mut word = |spanned: &Text, allowed: &str, ok: bool| {
            if !ok {
                let message = format!("`{}` is not one of: {allowed}", spanned.as_ref());
                complaints.push(Diagnostic::new(Code::RuleSyntax, message).at(Place::in_text(
                    path,
                    text,
                    spanned.span(),
                )));
            }
        };
        let severity = Severity::parse(file.severity.as_ref());
        word(&file.severity, "error, warning, advice", severity.is_some());
        let confidence = Confidence::parse(file.confidence.as_ref());
        word(&file.confidence, "certain, likely, review", confidence.is_some());
        for guard in &file.guards {
            let known = matches!(guard.if_missing.as_ref().as_str(), "not-performed" | "review");
            word(&guard.if_missing, "not-performed, review", known);
        }
        let id_ok = !file.id.as_ref().is_empty()
            && file.id.as_ref().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        word(&file.id, "kebab-case words", id_ok);
        let kind = file.check.kind();
        let card = RuleCard {
            id: file.id.as_ref().clone(),
            title: file.title.clone(),
            family: file.family.clone(),
            reference: file.reference.clone(),
            assertion: file.assertion.clone(),
            severity: severity.unwrap_or(Severity::Error),
            confidence: confidence.unwrap_or(Confidence::Review),
            reliability: file.reliability.clone(),
            by_period: file.scope_date.is_some() || by_period(kind, text),
            scope_date: file.scope_date.as_ref().map(|text| text.as_ref().clone()),
            criteria: file.criteria.clone(),
            why: file.why.clone(),
            remedy: file.remedy.clone(),
            kind: kind.unwrap_or_default().to_owned(),
            hash: blake3::hash(text.as_bytes()).to_hex()[..16].to_owned(),
        };
        if kind.is_none() {
            complaints.push(
                Diagnostic::new(Code::RuleSyntax, "a rule has exactly one [check.<kind>] table")
                    .at(Place { file: path.to_owned(), ..Place::default() })
                    .help(format!("kinds are: {}", crate::checks::KINDS.join(", "))),
            );
        }
        let packs = file.packs.clone();
        let rule = Self { card, text: text.to_owned(), path: path.to_owned(), packs, file };
        if complaints.is_empty() { Ok(rule) } else { Err(complaints) }
    }

    /// What its guards explain, in words.
    pub fn guards(&self) -> impl Iterator<Item = &str> {
        self.file.guards.iter().map(|guard| guard.because.as_str())
    }

    /// Parses an expression of this rule.
    pub(crate) fn ast(&self, text: &Text) -> Result<Ast, Box<Diagnostic>> {
        expr::parse(text.as_ref()).map_err(|error| {
            let mut diagnostic = Diagnostic::new(Code::RuleExpression, error.message).at(self.place(text, error.at));
            diagnostic.help = error.help;
            Box::new(diagnostic)
        })
    }

    /// The place of some columns of a text in the file, through TOML's escapes.
    pub(crate) fn place(&self, text: &Text, columns: (u32, u32)) -> Place {
        let span = text.span();
        let raw = &self.text[span.clone()];
        let offset = |column: u32| span.start + raw_offset(raw, column);
        let from = offset(columns.0);
        let to = offset(columns.1).max(from + 1);
        Place::in_text(&self.path, &self.text, from..to)
    }

    /// The parameters, with an engagement's own expressions in place of the rule's.
    pub(crate) fn params(&self, own: &BTreeMap<String, String>) -> Result<BTreeMap<String, Ast>, Vec<Diagnostic>> {
        let (mut params, mut complaints) = (BTreeMap::new(), Vec::new());
        for (name, param) in &self.file.params {
            if own.contains_key(name) {
                continue;
            }
            match self.ast(&param.expr) {
                Ok(ast) => {
                    params.insert(name.clone(), ast);
                }
                Err(diagnostic) => complaints.push(*diagnostic),
            }
        }
        for (name, text) in own {
            if !self.file.params.contains_key(name) {
                let known = self.file.params.keys().cloned().collect::<Vec<_>>().join(", ");
                let message = format!("rule `{}` has no parameter `{name}`", self.card.id);
                complaints
                    .push(Diagnostic::new(Code::EngagementValue, message).help(format!("its parameters are: {known}")));
                continue;
            }
            match expr::parse(text) {
                Ok(ast) => {
                    params.insert(name.clone(), ast);
                }
                Err(error) => {
                    let message = format!("parameter `{name}` of rule `{}`: {}", self.card.id, error.message);
                    complaints.push(Diagnostic::new(Code::EngagementValue, message));
                }
            }
        }
        if complaints.is_empty() { Ok(params) } else { Err(complaints) }
    }
}

/// Byte offset in a raw TOML string literal of the `column`-th character of its value.
fn raw_offset(raw: &str, column: u32) -> usize {
    let (start, escapes) = match raw {
        _ if raw.starts_with("\"\"\"") => (3, true),
        _ if raw.starts_with("'''") => (3, false),
        _ if raw.starts_with('"') => (1, true),
        _ => (usize::from(raw.starts_with('\'')), false),
    };
    let mut left = column;
    let mut chars = raw[start..].char_indices();
    while let Some((at, symbol)) = chars.next() {
        if left == 0 {
            return start + at;
        }
        left -= 1;
        if escapes && symbol == '\\' {
            let digits = match chars.next() {
                Some((_, 'u')) => 4,
                Some((_, 'U')) => 8,
                _ => 0,
            };
            for _ in 0..digits {
                chars.next();
            }
        }
    }
    raw.len().saturating_sub(1)
}

/// Whether the period decides in some other way than by a date of the record what can be found: the rule asks for it, or its
/// procedure does.
fn by_period(kind: Option<&str>, text: &str) -> bool {
    text.contains("in_period")
        || kind.is_some_and(|kind| ["sequence", "overlap", "cadence", "matching"].contains(&kind))
}
