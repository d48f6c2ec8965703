//! `recompute`: the stated figure is compared with every lawful result, and is an exception only when it is none of them.
//!
//! Either `results` over one record (conventions of proration, a discount before or after tax), or `tax`: the tax of a
//! document by line or in total, by jurisdiction or combined, at the rates in force. `report` turns the same comparison
//! into other questions: a method that changes within a period, pennies of a jurisdiction, pennies that all go one way.
//! Partition key: the document (`difference`, `drift`), who follows one convention (`results`); `mixed` and `pennies` see narrow
//! rows of the whole population.

mod tax;

use super::build::{Build, Graded, Refusal, zero};
use super::{Judge, Narrow, Procedure};
use crate::expr::{Cmp, Expr};
use crate::file::RecomputeFile;
use crate::judge::admissible::{self, Terms};
use crate::plan::{Agg, Join, Plan};
use crate::value::Ty;
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
    let mut columns: Vec<String> = extra.iter().map(|(name, _)| name.clone()).collect();
    let conventions: Vec<String> = file.results.iter().map(|result| result.convention.clone()).collect();
    columns.push(admissible::ALL.to_owned());
    columns.extend((0..conventions.len()).map(admissible::follow));
    let tally = Tally::of(&extra, &by, conventions.len());
    let terms = Terms { conventions, by: by.clone(), ty };
    let judge = Judge {
        columns,
        apart: Some(by).filter(|by| !by.is_empty()),
        narrow: tally.map(|tally| -> Narrow { Box::new(move |graded| tally.beside(graded)) }),
        decide: Box::new(move |candidates, _| admissible::judge(candidates, &terms)),
        ..Judge::default()
    };
    let exception = stated.clone().compare(Cmp::Eq, stated.clone());
    let expected = Some(Expr::null(ty));
    build.grade(exception, Graded { extra, expected, stated: Some(stated), judge: Some(judge), ..Graded::default() })
}

/// How many records of each biller follow each convention, and what is none of them.
struct Tally {
    /// Who follows one convention: names, which are texts.
    by: Vec<String>,
    /// Whether a record follows each convention.
    fits: Vec<Expr>,
}

impl Tally {
    /// `None` where a biller is no text.
    fn of(extra: &[(String, Expr)], by: &[String], conventions: usize) -> Option<Self> {
        let column = |name: &str| {
            let (_, expr) = extra.iter().find(|(own, _)| own == name)?;
            Some(Expr::col_bounded(name.to_owned(), expr.ty, expr.bound))
        };
        if by.iter().any(|name| column(name).is_none_or(|expr| expr.ty != Ty::Text)) {
            return None;
        }
        let (stated, slack) = (column("~stated")?, column("~slack")?);
        let fit = |index: usize| {
            let lawful = column(&format!("~result:{index}"))?;
            let near = stated.clone().minus(lawful).absolute().compare(Cmp::Le, slack.clone());
            Some(near.otherwise(Expr::bool(false)))
        };
        Some(Self { by: by.to_vec(), fits: (0..conventions).map(fit).collect::<Option<_>>()? })
    }

    /// The records that follow none, with the counts of their biller beside them.
    fn beside(&self, graded: Plan) -> Plan {
        // A missing biller is one too, and no text is empty. Where there is none, all records are of one.
        let who = |name: &String| Expr::col(name.clone(), Ty::Text).otherwise(Expr::text(""));
        let mut keys: Vec<(String, Expr)> = self.by.iter().map(|name| (format!("who{name}"), who(name))).collect();
        keys.push(("who:all".to_owned(), Expr::text("")));
        let names = |mark: &str| keys.iter().map(|(name, _)| format!("{mark}{name}")).collect::<Vec<_>>();
        let mut read: Vec<(String, Expr)> =
            keys.iter().map(|(name, expr)| (format!("tally:{name}"), expr.clone())).collect();
        let fits = self.fits.iter().enumerate().map(|(index, fits)| (format!("fits:{index}"), fits.clone()));
        read.extend(fits);
        let mut counts = vec![(admissible::ALL.to_owned(), Agg::Count)];
        counts
            .extend((0..self.fits.len()).map(|index| (admissible::follow(index), Agg::True(format!("fits:{index}")))));
        let tally = graded.clone().project(read).aggregate(names("tally:"), counts);
        let lawful = self.fits.iter().cloned().reduce(Expr::or).unwrap_or_else(|| Expr::bool(false));
        let on = names("").into_iter().zip(names("tally:")).collect();
        graded.filter(lawful.negated()).extend(keys).join(tally, on, Join::Left)
    }
}
