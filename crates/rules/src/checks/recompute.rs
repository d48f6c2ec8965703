//! `recompute`: the stated figure is compared with every lawful result, and is an exception only when it is none of them.
//!
//! Either `results` over one record (conventions of proration, a discount before or after tax), or `tax`: the tax of a
//! document by line or in total, by jurisdiction or combined, at the rates in force. `report` turns the same comparison
//! into other questions: a method that changes within a period, pennies of a jurisdiction, pennies that all go one way.
//! Partition key: the document (`difference`, `drift`); `mixed` and `pennies` see narrow rows of the whole population.

mod tax;

use super::build::{Build, Graded, Refusal, zero};
use super::{Judge, Procedure};
use crate::expr::{Cmp, Expr};
use crate::file::RecomputeFile;
use crate::judge::admissible::{self, Terms};
use tieout_model::Code;

/// Plans the check.
pub fn plan(file: &RecomputeFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    // Where no rule says which date governs, what is sold decides nothing.
    let governed = file.tax.as_ref().and_then(|tax| tax.governing.as_ref());
    let unruled = governed.is_some_and(|governing| build.catalog.table(governing.into.as_ref()).is_none());
    for child in &file.children {
        if unruled {
            build.without_review(|build| build.child(child));
        } else {
            build.child(child);
        }
    }
    match (&file.tax, file.results.is_empty()) {
        (Some(tax), true) => tax::plan(file, tax, build),
        (None, false) => results(file, build),
        _ => {
            build.complain(Code::RuleSyntax, &file.population, "a recompute has either `results` or `tax`");
            Err(Refusal::Wrong(build.diagnostics))
        }
    }
}

fn results(file: &RecomputeFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    let stated = build.number(&file.stated);
    let slack = file.slack.as_ref().map_or_else(zero, |slack| build.number(slack));
    let given: Vec<Expr> = file.results.iter().map(|result| build.number(&result.expect)).collect();
    let scale = given.iter().chain([&stated, &slack]).map(|expr| expr.ty.scale()).max().unwrap_or(0);
    let ty = given.first().map_or(stated.ty, |first| first.clone().widened(scale).ty);
    let mut extra: Vec<(String, Expr)> = Vec::new();
    for (index, result) in given.into_iter().enumerate() {
        extra.push((format!("~result:{index}"), result.widened(scale)));
    }
    extra.push(("~stated".to_owned(), stated.clone().widened(scale)));
    extra.push(("~slack".to_owned(), slack.widened(scale)));
    let mut by = Vec::new();
    for (index, text) in file.by.iter().enumerate() {
        let part = build.expr(text);
        by.push(format!("~by:{index}"));
        extra.push((format!("~by:{index}"), part));
    }
    build.settled()?;
    let columns = extra.iter().map(|(name, _)| name.clone()).collect();
    let conventions = file.results.iter().map(|result| result.convention.clone()).collect();
    let terms = Terms { conventions, by, ty };
    let judge = Judge {
        columns,
        decide: Box::new(move |candidates, _| admissible::judge(candidates, &terms)),
        ..Judge::default()
    };
    let exception = stated.clone().compare(Cmp::Eq, stated.clone());
    let expected = Some(Expr::null(ty));
    build.grade(exception, Graded { extra, expected, stated: Some(stated), judge: Some(judge), ..Graded::default() })
}
