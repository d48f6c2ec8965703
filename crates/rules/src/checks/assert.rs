//! `assert`: an expression over one record and its parents: arithmetic, terms, status, signs, cut-off.
//!
//! Either `that`, a condition that must hold, or `expect` and `stated`, which must agree within `slack`. With `precision`,
//! a difference beyond `slack` but within what the export's shown decimals can hide is not tested: nothing can be said.
//! Partition key: none, every record stands alone; its parents go with it.

use tieout_model::Code;

use super::Procedure;
use super::build::{Build, Graded, Refusal, beyond};
use crate::catalog::Cause;
use crate::expr::{Cmp, Expr};
use crate::file::AssertFile;
use crate::value::Ty;

/// Plans the check.
pub fn plan(file: &AssertFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    for child in &file.children {
        build.child(child);
    }
    let (exception, graded) = match (&file.that, &file.expect, &file.stated) {
        (Some(that), None, None) => (build.truth(that).negated(), Graded::default()),
        (None, Some(expect), Some(stated)) => {
            let (expected, stated) = (build.expr(expect), build.expr(stated));
            let slack = file.slack.as_ref().map(|slack| build.number(slack));
            if expected.ty != stated.ty && !(numbers(&expected) && numbers(&stated)) && build.diagnostics.is_empty() {
                build.complain(
                    Code::RuleType,
                    expect,
                    format!("{} cannot be compared with {}", expected.ty, stated.ty),
                );
            }
            build.settled()?;
            build.stated_not_computed(&stated, &expected, false)?;
            let mut exception = beyond(&stated, &expected, slack.clone());
            let mut causes = Vec::new();
            if let Some(precision) = &file.precision {
                let precision = build.number(precision);
                let distance = stated.clone().minus(expected.clone()).absolute();
                let hidden = exception.clone().and(distance.compare(Cmp::Le, precision));
                exception = Expr::case(vec![(hidden.clone(), Expr::null(Ty::Bool))], exception);
                causes.push(Cause { condition: hidden, words: "not decidable at the exported precision".to_owned() });
            }
            let graded = Graded { expected: Some(expected), stated: Some(stated), causes, ..Graded::default() };
            (exception, graded)
        }
        _ => {
            let population = &file.population;
            build.complain(Code::RuleSyntax, population, "an assert has either `that`, or `expect` and `stated`");
            (Expr::bool(false), Graded::default())
        }
    };
    build.settled()?;
    build.grade(exception, graded)
}

fn numbers(expr: &Expr) -> bool {
    matches!(expr.ty, Ty::Num { .. })
}
