//! The sentence that a clerk can read to the customer: words with `{column}` places.

use tieout_model::Code;

use super::build::Build;
use crate::expr::{Node, Resolution};

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Words(String),
    /// A column of the graded record.
    Column(String),
    /// `{expected}`, `{stated}`, `{difference}`, `{count}`, `{others}`, `{detail}`.
    Made(String),
}

const MADE: [&str; 6] = ["expected", "stated", "difference", "count", "others", "detail"];

/// Splits the rule's sentence and resolves its places.
pub fn columns(build: &mut Build<'_>) -> Vec<Piece> {
    let rule = build.rule;
    let text = &rule.file.sentence;
    let mut pieces = Vec::new();
    let mut rest = text.as_ref().as_str();
    while let Some(open) = rest.find('{') {
        pieces.push(Piece::Words(rest[..open].to_owned()));
        let Some(close) = rest[open..].find('}') else {
            build.complain(Code::RuleSyntax, text, "a `{` in the sentence has no `}`");
            return pieces;
        };
        let name = &rest[open + 1..open + close];
        pieces.push(place(build, name));
        rest = &rest[open + close + 1..];
    }
    pieces.push(Piece::Words(rest.to_owned()));
    pieces
}

fn place(build: &mut Build<'_>, name: &str) -> Piece {
    if MADE.contains(&name) {
        return Piece::Made(name.to_owned());
    }
    if let Some(expr) = build.named(name)
        && let Node::Col(column) = expr.node
    {
        return Piece::Column(column);
    }
    let path: Vec<String> = name.split('.').map(str::to_owned).collect();
    match build.scope.resolve(&path) {
        Resolution::Expr(expr) => match expr.node {
            Node::Col(column) => Piece::Column(column),
            Node::Coalesce(parts) => match parts.into_iter().next().map(|part| part.node) {
                Some(Node::Col(column)) => Piece::Column(column),
                _ => Piece::Words(String::new()),
            },
            _ => Piece::Words(String::new()),
        },
        // A sentence may name what the exports lack; the reader gets a dash instead of a refused rule.
        Resolution::Unmapped(..) => Piece::Words("–".to_owned()),
        Resolution::Unknown(message) => {
            let text = &build.rule.file.sentence;
            build.complain(Code::RuleColumn, text, message);
            Piece::Words(String::new())
        }
    }
}

/// A value in words: exact digits, ISO dates, text as it is.
pub fn number(value: &crate::value::Value, ty: crate::value::Ty) -> String {
    use crate::value::Value;
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(truth) => if *truth { "yes" } else { "no" }.to_owned(),
        Value::Date(days) => tieout_model::Date(*days).to_string(),
        Value::Num(units) => tieout_model::Amount::new(*units, ty.scale()).to_string(),
        Value::Text(text) => text.to_string(),
    }
}
