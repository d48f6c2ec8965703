//! Which records state a figure that no lawful convention gives.
//!
//! The convention that a biller evidently follows is the one that explains most of the biller's records; it is named, and
//! what it gives is what was expected.

use std::collections::BTreeMap;

use crate::checks::{Judgement, Outcome, Wrong, sentence};
use crate::value::{Relation, Ty, Value};

/// Column with the number of records of the same biller, where they were counted before and only those that follow no
/// convention are candidates.
pub const ALL: &str = "~tally:all";

/// Column with how many of these follow a convention.
pub fn follow(convention: usize) -> String {
    format!("~tally:{convention}")
}

/// The lawful results. Candidates have the columns `~result:<n>`, `__stated`, `~slack` and those of `by`.
pub struct Terms {
    /// Names of the conventions.
    pub conventions: Vec<String>,
    /// Columns of who follows one convention.
    pub by: Vec<String>,
    /// Type of the results.
    pub ty: Ty,
}

/// Judges every record.
pub fn judge(candidates: &Relation, terms: &Terms) -> Judgement {
    let results: Vec<usize> =
        (0..terms.conventions.len()).map(|index| candidates.index(&format!("~result:{index}"))).collect();
    let by: Vec<usize> = terms.by.iter().map(|name| candidates.index(name)).collect();
    let (stated, slack) = (candidates.index("~stated"), candidates.index("~slack"));
    let outcome = candidates.index("__outcome");
    let fits = |row: &[Value], convention: usize| {
        let (Some(stated), Some(slack)) = (row[stated].num(), row[slack].num()) else { return false };
        row[results[convention]].num().is_some_and(|lawful| (stated - lawful).abs() <= slack)
    };
    let who = |row: &[Value]| by.iter().map(|&column| row[column].clone()).collect::<Vec<_>>();
    let counted: Option<Vec<usize>> = (0..terms.conventions.len()).map(|at| candidates.find(&follow(at))).collect();
    let counted = candidates.find(ALL).zip(counted);
    let mut tally: BTreeMap<Vec<Value>, (Vec<usize>, usize)> = BTreeMap::new();
    for row in candidates.rows.iter().filter(|_| counted.is_none()) {
        let (counts, all) = tally.entry(who(row)).or_insert_with(|| (vec![0; terms.conventions.len()], 0));
        *all += 1;
        for (convention, count) in counts.iter_mut().enumerate() {
            *count += usize::from(fits(row, convention));
        }
    }
    let tallied = |row: &[Value]| match &counted {
        None => tally[&who(row)].clone(),
        Some((all, each)) => {
            let count = |at: &usize| row[*at].num().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
            (each.iter().map(count).collect(), count(all))
        }
    };
    let mut judgement = Judgement::default();
    for (index, row) in candidates.rows.iter().enumerate() {
        if row[outcome].num() != Some(Outcome::Exception.code()) {
            continue;
        }
        let given: Vec<(usize, i128)> =
            (0..results.len()).filter_map(|at| Some((at, row[results[at]].num()?))).collect();
        if given.is_empty() {
            judgement.not_tested.push((index, "no convention applies to it".to_owned()));
            continue;
        }
        if (0..results.len()).any(|convention| fits(row, convention)) {
            continue;
        }
        let (counts, all) = tallied(row);
        // The first of the most frequent ones that applies here.
        let best = given.iter().max_by(|a, b| counts[a.0].cmp(&counts[b.0]).then(b.0.cmp(&a.0)));
        let Some(&(convention, lawful)) = best else { continue };
        let name = &terms.conventions[convention];
        let evident = match counts[convention] {
            0 => "no record of the biller shows which convention is followed".to_owned(),
            count => format!("{count} of {all} records follow {name}"),
        };
        let shown = |units: i128| sentence::number(&Value::Num(units), terms.ty);
        judgement.wrong.push(Wrong {
            row: index,
            expected: Some(lawful),
            detail: evident,
            chain: given
                .iter()
                .map(|&(at, units)| format!("{} gives {}", terms.conventions[at], shown(units)))
                .collect(),
            ..Wrong::default()
        });
    }
    judgement
}
