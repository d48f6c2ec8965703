//! Rules that are about few records of a large population: the others are told apart first, by the rule's scope and dates
//! alone, and counted. What stands beside a record is then found for the few.

use super::run::Run;
use crate::checks::Outcome as Graded;
use crate::engine::EngineError;
use crate::expr::{Cmp, Expr};
use crate::plan::{Agg, Few, Plan};
use crate::value::{Relation, Ty};

/// Records of a population that is looked at in two passes, at least; in a build for development any, so that tests over a
/// few records meet it.
const RECORDS_MIN: u64 = if cfg!(debug_assertions) { 1 } else { 50_000 };
/// At most one in so many of them is open.
const FEW: i128 = if cfg!(debug_assertions) { 1 } else { 4 };
/// Parts of the population of which three tell whether they are few.
const PARTS: u32 = 128;

/// What is left of a population, and what was told of the rest.
pub(super) struct Open {
    /// The open records, graded.
    pub(super) graded: Plan,
    /// Records and money of the others, by outcome and currency.
    pub(super) closed: Relation,
}

impl Run<'_> {
    /// The open records, where they are few; `None`: all are graded.
    pub(super) fn open(&self) -> Result<Option<Open>, EngineError> {
        let population = &self.procedure.population;
        let records = self.catalog.table(population).map_or(0, |table| table.records);
        let Some(early) = &self.procedure.early else { return Ok(None) };
        if !self.two_passes || self.engine.judges_everything() || records < RECORDS_MIN || !self.are_few(early)? {
            return Ok(None);
        }
        // All are counted, so that nothing has to be put together for the sake of a few.
        let mut told = self.engine.run(&[by_outcome(early.clone())])?.into_iter().next().unwrap_or_default();
        let closed = [Graded::OutOfScope, Graded::Outside].map(|outcome| Some(outcome.code()));
        let at = told.index("__outcome");
        told.rows.retain(|row| closed.contains(&row[at].num()));
        let left = early.clone().filter(is_closed().negated());
        let left = left.project(vec![("open".to_owned(), Expr::col(self.procedure.rec.clone(), Ty::INT))]);
        let held = self.engine.hold(population, &[left])?;
        Ok(self.procedure.graded.few(&Few::Held(held)).map(|graded| Open { graded, closed: told }))
    }

    /// By the first records, the last ones and some of the middle.
    fn are_few(&self, early: &Plan) -> Result<bool, EngineError> {
        let counted = |number: u32| {
            let part = early.few(&Few::Part { number, of: PARTS })?;
            let closed = part.project(vec![("closed".to_owned(), is_closed())]);
            let counts = [("records", Agg::Count), ("closed", Agg::True("closed".to_owned()))];
            let counts = counts.map(|(name, agg)| (name.to_owned(), agg)).to_vec();
            Some(closed.aggregate(Vec::new(), counts))
        };
        let Some(parts) = [0, PARTS / 2, PARTS - 1].into_iter().map(counted).collect::<Option<Vec<_>>>() else {
            return Ok(false);
        };
        let (mut records, mut closed) = (0, 0);
        for row in self.engine.run(&parts)?.iter().flat_map(|relation| &relation.rows) {
            records += row[0].num().unwrap_or(0);
            closed += row[1].num().unwrap_or(0);
        }
        Ok((records - closed) * FEW <= records)
    }
}

/// Records and money by outcome and currency.
pub(super) fn by_outcome(graded: Plan) -> Plan {
    graded.aggregate(
        vec!["__outcome".to_owned(), "__currency".to_owned()],
        vec![("records".to_owned(), Agg::Count), ("money".to_owned(), Agg::Sum("__money".to_owned()))],
    )
}

fn is_closed() -> Expr {
    let is = |outcome: Graded| Expr::col("__outcome", Ty::INT).compare(Cmp::Eq, Expr::int(outcome.code()));
    is(Graded::OutOfScope).or(is(Graded::Outside))
}
