//! Row conditions: which records of a file belong to a table.

use tieout_model::{Amount, Code};

use super::Complaints;
use crate::convert::amount::{NumberFormat, parse};
use crate::plan::compile::Scope;
use crate::profile::{CellSpec, OneOrMany, WhereSpec};
use crate::read::Batch;

/// Scale at which bounds are compared.
const SCALE: u8 = 6;

/// The tests of one header; all must hold.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub header: String,
    pub span: std::ops::Range<usize>,
    pub origin: std::sync::Arc<crate::profile::Origin>,
    tests: Vec<Test>,
    numbers: NumberFormat,
}

#[derive(Clone, Debug)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Starts(OneOrMany),
    NotStarts(OneOrMany),
    Empty(bool),
    Min(i64),
    Max(i64),
}

/// Compiles a condition.
pub(super) fn condition(
    scope: &Scope<'_>,
    spec: &WhereSpec,
    origin: &std::sync::Arc<crate::profile::Origin>,
    complaints: &mut Complaints,
) -> Condition {
    let mut tests = Vec::new();
    tests.extend(spec.equals.iter().map(|word| Test::In(vec![word.clone()])));
    tests.extend(spec.one_of.clone().map(Test::In));
    tests.extend(spec.not_in.clone().map(Test::NotIn));
    tests.extend(spec.starts_with.clone().map(Test::Starts));
    tests.extend(spec.not_starts_with.clone().map(Test::NotStarts));
    tests.extend(spec.matches_empty.map(Test::Empty));
    for (bound, make) in [(&spec.min, Test::Min as fn(i64) -> Test), (&spec.max, Test::Max as fn(i64) -> Test)] {
        let Some(text) = bound else { continue };
        let units = text.get_ref().parse::<Amount>().ok().and_then(|amount| amount.units_at(SCALE).ok());
        match units.and_then(|units| i64::try_from(units).ok()) {
            Some(units) => tests.push(make(units)),
            None => {
                let message = format!("`{}` is not a number", text.get_ref());
                complaints.push(origin.complain(Code::ProfileSyntax, text.span(), message));
            }
        }
    }
    if tests.is_empty() {
        let message = format!("the condition on `{}` tests nothing", spec.header.get_ref());
        let help = "add equals, in, not_in, starts_with, not_starts_with, matches_empty, min or max";
        complaints.push(origin.complain(Code::ProfileSyntax, spec.header.span(), message).help(help));
    }
    let numbers = super::rules::number_format(scope, &CellSpec::default(), false, complaints);
    Condition {
        header: spec.header.get_ref().clone(),
        span: spec.header.span(),
        origin: std::sync::Arc::clone(origin),
        tests,
        numbers,
    }
}

impl Condition {
    /// What decides whether a cell passes.
    pub fn says(&self) -> String {
        format!("{:?}", (&self.header, &self.tests, &self.numbers))
    }

    /// True if the cell passes. A cell that is no number passes a bound: it is kept and complained about, not lost.
    fn holds(&self, cell: &str) -> bool {
        let cell = cell.trim_ascii();
        self.tests.iter().all(|test| match test {
            Test::In(words) => words.iter().any(|word| word == cell),
            Test::NotIn(words) => !words.iter().any(|word| word == cell),
            Test::Starts(OneOrMany(words)) => words.iter().any(|word| cell.starts_with(word.as_str())),
            Test::NotStarts(OneOrMany(words)) => !words.iter().any(|word| cell.starts_with(word.as_str())),
            Test::Empty(empty) => cell.is_empty() == *empty,
            Test::Min(bound) => parse(cell.as_bytes(), &self.numbers, SCALE).map_or(true, |(units, _)| units >= *bound),
            Test::Max(bound) => parse(cell.as_bytes(), &self.numbers, SCALE).map_or(true, |(units, _)| units <= *bound),
        })
    }
}

/// The rows of a batch that pass every condition.
pub(crate) fn rows(batch: &Batch, conditions: &[Condition], fields: &[usize]) -> Vec<u32> {
    let passes = |row: &u32| {
        conditions.iter().zip(fields).all(|(condition, field)| condition.holds(batch.cell(*row as usize, *field)))
    };
    let all = 0..u32::try_from(batch.len()).unwrap_or(u32::MAX);
    if conditions.is_empty() { all.collect() } else { all.filter(passes).collect() }
}
