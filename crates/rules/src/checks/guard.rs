//! Guards: what keeps a legal look-alike silent, as data; a guard whose data is missing is named, never skipped.

use std::collections::BTreeSet;
use std::sync::Arc;

use tieout_model::Code;

use super::build::{Build, known_population};
use crate::catalog::Scope;
use crate::expr::Expr;
use crate::file::GuardFile;
use crate::judge::netting::NOTHING_LEFT;
use crate::plan::Plan;
use crate::value::Ty;

/// A guard made runnable over exceptions.
pub struct Guard {
    /// What it explains, in words.
    pub because: String,
    /// Rows of its population with their keys, and the pairs of keys; `None`: a truth of the record itself.
    pub rows: Option<(Plan, Vec<(String, String)>)>,
    /// Condition over both.
    pub when: Option<Expr>,
    /// True if the guard speaks where no row matches.
    pub absent: bool,
}

impl Guard {
    /// The columns that it reads, of the exceptions and of its own rows.
    pub fn columns(&self) -> BTreeSet<String> {
        let keys = self.rows.iter().flat_map(|(_, on)| on.iter().map(|(own, _)| own.clone()));
        let mut read: BTreeSet<String> = keys.collect();
        self.when.iter().for_each(|when| when.columns(&mut read));
        read
    }
}

/// Plans the rule's guards; adds the columns that they need to `extra`.
pub fn plan(build: &mut Build<'_>, extra: &mut Vec<(String, Expr)>) -> Vec<Guard> {
    let rule = build.rule;
    let mut guards = Vec::new();
    for (index, file) in rule.file.guards.iter().enumerate() {
        let before = build.missing_so_far();
        let own_columns = extra.len();
        let guard = one(build, file, index, extra);
        let lacking = build.forget_missing(before);
        if lacking.is_empty() {
            guards.extend(guard);
            continue;
        }
        extra.truncate(own_columns);
        if file.if_missing.as_ref() == "not-performed" {
            lacking.into_iter().for_each(|what| build.lacks(what));
        } else {
            let words = lacking.into_iter().collect::<Vec<_>>().join(", ");
            build.review(format!("guard without data: {} ({words} not in the exports)", file.because));
        }
    }
    guards
}

fn one(build: &mut Build<'_>, file: &GuardFile, index: usize, extra: &mut Vec<(String, Expr)>) -> Option<Guard> {
    let because = file.because.clone();
    if file.netted {
        build.nets();
        let gone = build.audited.netting.nothing_left(&build.scope.population);
        let own = (build.scope.rec(), NOTHING_LEFT.to_owned());
        return Some(Guard { because, rows: Some((Plan::Rows(Arc::new(gone)), vec![own])), when: None, absent: false });
    }
    let Some(population) = &file.population else {
        let Some(when) = &file.when else {
            build.complain(Code::RuleSyntax, &file.if_missing, "a guard has a `population`, a `when`, or both");
            return None;
        };
        let truth = build.truth(when);
        let name = format!("~guard:{index}");
        extra.push((name.clone(), truth));
        return Some(Guard { because, rows: None, when: Some(Expr::col(name, Ty::Bool)), absent: false });
    };
    if let Err(super::Refusal::Wrong(complaints)) = known_population(build.rule, population) {
        build.diagnostics.extend(complaints);
        return None;
    }
    if build.catalog.table(population.as_ref()).is_none() {
        build.lacks(population.as_ref().clone());
        return None;
    }
    let prefix = format!("guard{index}.");
    let mut scope = Scope::new(build.catalog, population.as_ref(), &prefix);
    let (mut columns, mut on) = (Vec::new(), Vec::new());
    for (at, (column, text)) in file.keys.iter().enumerate() {
        let theirs = format!("{prefix}key:{at}");
        let ours = format!("~{theirs}");
        columns.push((theirs.clone(), build.child_key(column, &mut scope, population.as_ref())));
        let own = build.expr(text);
        extra.push((ours.clone(), own));
        on.push((ours, theirs));
    }
    if on.is_empty() {
        // Only its presence is asked for: the rule's own expressions use it.
        return None;
    }
    let when = file.when.as_ref().map(|when| {
        let condition = build.foreign(when, &mut scope, population.as_ref(), true);
        build.expect_ty(when, &condition, Ty::Bool)
    });
    Some(Guard { because, rows: Some((scope.plan().extend(columns), on)), when, absent: file.absent })
}
