//! `foot`: children add up to the parent's stated figure, or to at most it.
//!
//! `expect` and `stated` are expressions over the parent and the children's sums (`sum.<name>`, `count.<name>`). A child
//! whose amount is missing makes its parent not tested, never a smaller sum. `only_if` adds a second measure: an order
//! line is over-billed only if quantity *and* money exceed it.
//! Partition key: the parent's key, by which its children go with it.

use tieout_model::Code;

use super::Procedure;
use super::build::{Build, Graded, Refusal, beyond, zero};
use crate::catalog::Cause;
use crate::expr::{Cmp, Expr};
use crate::file::FootFile;
use crate::value::Ty;

/// Plans the check.
pub fn plan(file: &FootFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    for child in &file.children {
        build.child(child);
    }
    let (expected, stated) = (build.number(&file.expect), build.number(&file.stated));
    let slack = file.slack.as_ref().map(|slack| build.number(slack));
    let only_if = file.only_if.as_ref().map(|text| build.truth(text));
    let at_most = match file.mode.as_ref().map(|mode| mode.as_ref().as_str()) {
        None | Some("equal") => false,
        Some("at-most") => true,
        Some(other) => {
            let message = format!("`{other}` is not a mode; modes are `equal` and `at-most`");
            if let Some(mode) = &file.mode {
                build.complain(Code::RuleSyntax, mode, message);
            }
            false
        }
    };
    build.settled()?;
    build.stated_not_computed(&stated, &expected, true)?;
    build.stated_not_computed(&expected, &stated, true)?;
    let mut exception = if at_most {
        let excess = stated.clone().minus(expected.clone());
        excess.compare(Cmp::Gt, slack.unwrap_or_else(zero))
    } else {
        beyond(&stated, &expected, slack)
    };
    if let Some(only_if) = only_if {
        exception = exception.and(only_if);
    }
    let mut causes = Vec::new();
    let childless = file.childless.as_ref().is_none_or(|word| word.as_ref() != "zero");
    if childless && !at_most {
        let counts = file
            .children
            .iter()
            .flat_map(|child| child.sum.keys())
            .filter_map(|name| build.named(&format!("count.{name}")));
        if let Some(total) = counts.reduce(Expr::plus) {
            let none = total.compare(Cmp::Eq, Expr::int(0));
            exception = Expr::case(vec![(none.clone(), Expr::null(Ty::Bool))], exception);
            causes.push(Cause { condition: none, words: "nothing to add up".to_owned() });
        }
    }
    build.grade(exception, Graded { expected: Some(expected), stated: Some(stated), causes, ..Graded::default() })
}
