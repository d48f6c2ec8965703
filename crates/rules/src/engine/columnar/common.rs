//! What rules have in common: operations that stand in the plans of several rules, over all records of a population, are
//! computed once and kept in narrow pieces.
//!
//! Which document a line is of is asked by dozens of rules. The first rule to ask computes it as it goes, for the rows that
//! it needs; for the second one it is made for all records, and everybody reads it from there.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hashbrown::{HashMap, HashSet};
use tieout_ingest::packed::Packing;
use tieout_ingest::texts::Texts;
use tieout_model::types::Physical;

use super::ahead::Ahead;
use super::column::Column;
use super::compute::over;
use super::in_force::Reference;
use super::join::Index;
use super::vector::{Kind, NO_DAY, NO_ROW, UNKNOWN, Vector};
use super::view::{Computed, Id, Op, Same, View};
use crate::engine::EngineError;
use crate::expr::Expr;
use crate::plan::{InForce, Plan};

/// How often something is asked for before it is made for all. In a build for development at once, so that tests meet it.
const TIMES: u32 = if cfg!(debug_assertions) { 1 } else { 2 };
/// It is not made for the sake of fewer than so many parts of a population.
const PART: usize = if cfg!(debug_assertions) { usize::MAX } else { 2 };

/// Made by whoever asks for it first, while others that ask for the same wait.
type Awaited<T> = Arc<OnceLock<Result<T, String>>>;

/// What has been asked for, and what was made of it.
#[derive(Default)]
pub(super) struct Common {
    asked: Mutex<HashMap<Operations, Asked<Vec<Same<Column>>>>>,
    /// Sums beside all records of a population; none where they are few.
    sums: Mutex<HashMap<Summed, Asked<Sums>>>,
    /// By the plan of the rows to choose from, and how they are chosen.
    references: Mutex<HashMap<InForce, Awaited<ToChooseFrom>>>,
    /// Where what lasts as long as the engine is, to know it by.
    lasting: Mutex<HashSet<usize>>,
    /// What several rules are going to ask for.
    ahead: OnceLock<Ahead>,
}

/// A reference and the rows that it is of.
pub(super) type ToChooseFrom = (Arc<Reference>, Arc<View>);

/// How rows are chosen from which: who asks, and for what, is no part of it.
pub(super) fn choosing(force: &InForce) -> InForce {
    InForce { input: Plan::Rows(Arc::default()), asked: Expr::bool(true), ..force.clone() }
}

/// Operations, and which of them are asked for.
type Operations = (Vec<Computed>, Vec<Id>);

/// What is summed, and the columns of the records by which, each with its counterpart.
type Summed = (Plan, Vec<(Same<Column>, String)>);

/// Columns of sums; `None` where the rows that are summed are few, and so are their groups.
type Sums = Option<Vec<Same<Column>>>;

struct Asked<T> {
    times: u32,
    made: Awaited<T>,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self { times: 0, made: Awaited::default() }
    }
}

impl<T> Asked<T> {
    /// Where it is made, if it is worth it: from the second time on, or the first one if others are going to ask.
    fn again(&mut self, others_will: bool, is_worth_it: bool) -> Option<Awaited<T>> {
        self.times += 1;
        let often = others_will || self.times >= TIMES;
        (self.made.get().is_some() || often && is_worth_it).then(|| self.made.clone())
    }
}

impl Common {
    /// What rules are going to ask for, the plans of each; said once.
    pub fn expect(&self, rules: &[Vec<&Plan>]) {
        self.ahead.get_or_init(|| Ahead::new(rules));
    }

    /// Whether several rules have what a plan puts beside its rows.
    pub fn is_of_several(&self, plan: &Plan) -> bool {
        self.ahead.get().is_some_and(|ahead| ahead.is_of_several(plan))
    }

    /// Whoever keeps something for all rules says so.
    pub fn lasts<T>(&self, kept: &Arc<T>) {
        self.lasting.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::as_ptr(kept) as usize);
    }

    /// A reference that has been made.
    pub fn known(&self, force: &InForce) -> Option<ToChooseFrom> {
        let all = self.references.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&choosing(force))?.get()?.as_ref().ok().cloned()
    }

    /// A reference, which is the same for all rules that choose from the same rows in the same way.
    pub fn reference(
        &self,
        force: &InForce,
        make: impl FnOnce() -> Result<ToChooseFrom, EngineError>,
    ) -> Result<ToChooseFrom, EngineError> {
        let place = {
            let mut all = self.references.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(choosing(force)).or_default().clone()
        };
        let made = place.get_or_init(|| make().map_err(|error| error.0));
        let (reference, rows) = made.clone().map_err(EngineError)?;
        self.lasts(&reference);
        for computed in &rows.ops {
            if let Op::Gather(_, column) = &computed.op {
                self.lasts(&column.0);
            }
        }
        Ok((reference, rows))
    }

    /// Operations over one source as columns that all rules read, where they are made already or worth it; else as they were.
    /// `holds`: whether a column is one of the prepared store.
    pub fn columns(
        &self,
        view: &mut View,
        (ids, others_will): (&[Id], bool),
        texts: &Texts,
        holds: impl Fn(&Arc<Column>) -> bool,
    ) -> Result<Vec<Id>, EngineError> {
        let as_they_were = || Ok(ids.to_vec());
        let Some((alone, source)) = view.alone(ids) else { return as_they_were() };
        let Some(records) = self.records(&alone, holds) else { return as_they_were() };
        if let Some(rows) = &view.sources[source as usize]
            && rows.contains(&NO_ROW)
        {
            // An operation can have a value where it is of nothing.
            return as_they_were();
        }
        let made = {
            let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let wanted = alone.columns.iter().map(|(_, id)| *id).collect();
            let asked = all.entry((alone.ops.clone(), wanted)).or_default();
            let Some(made) = asked.again(others_will, view.rows >= records / PART) else { return as_they_were() };
            made
        };
        let make = || {
            let ids: Vec<Id> = alone.columns.iter().map(|(_, id)| *id).collect();
            let mut all = alone.clone();
            all.rows = records;
            packed(&all, texts, &ids).map_err(|error| error.0)
        };
        let columns = made.get_or_init(make);
        let columns = columns.clone().map_err(EngineError)?;
        self.keeps(&columns);
        let rows = view.source(source);
        Ok(columns.into_iter().map(|column| view.gather(rows, column)).collect())
    }

    /// Where sums beside all records are made, if they are wanted for these and by other rules too.
    pub fn sums(
        &self,
        left: &View,
        right: &Plan,
        (on, others_will): (&[(String, String)], bool),
        holds: impl Fn(&Arc<Column>) -> bool,
    ) -> Option<Awaited<Sums>> {
        let key = |(own, theirs): &(String, String)| {
            let column = left.stored(left.column(own)).filter(|column| holds(&column.0))?;
            Some((column.clone(), theirs.clone()))
        };
        let keys = on.iter().map(key).collect::<Option<Vec<_>>>()?;
        let mut all = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((right.clone(), keys)).or_default().again(others_will, true)
    }

    /// Columns that are kept for all rules.
    pub fn keeps(&self, columns: &[Same<Column>]) {
        columns.iter().for_each(|column| self.lasts(&column.0));
    }

    /// How many records there are, where the operations read nothing but what lasts.
    fn records(&self, alone: &View, holds: impl Fn(&Arc<Column>) -> bool) -> Option<usize> {
        let lasting = self.lasting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |place: usize| lasting.contains(&place);
        let mut records = None;
        for computed in &alone.ops {
            let lasts = match &computed.op {
                Op::Gather(rows, column) => {
                    if matches!(alone.ops[*rows as usize].op, Op::Source(_)) {
                        records = Some(column.0.len());
                    }
                    is_known(Arc::as_ptr(&column.0) as usize) || holds(&column.0)
                }
                Op::Find(index, _) | Op::Head(index, _) | Op::Count(index, _) => {
                    is_known(Arc::<Index>::as_ptr(&index.0) as usize)
                }
                Op::InForce(reference, ..) => is_known(Arc::<Reference>::as_ptr(&reference.0) as usize),
                Op::Hop(..) | Op::Held(..) => false,
                _ => true,
            };
            if !lasts {
                return None;
            }
        }
        records
    }
}

/// How values of a kind lie in pieces.
pub(super) fn physical(kind: Kind) -> Physical {
    match kind {
        Kind::Code => Physical::Text,
        Kind::Days => Physical::Date,
        Kind::Truth => Physical::Bool,
        Kind::Small | Kind::Wide => Physical::Units,
    }
}

/// Puts values below those that are there.
pub(super) fn append(packing: &mut Packing, values: &Vector) {
    match values {
        Vector::Code(codes) => packing.append_codes(codes),
        Vector::Small(numbers) => packing.append_numbers(numbers),
        Vector::Days(days) => packing.append_marked_missing(days, NO_DAY),
        Vector::Truth(truths) => packing.append_marked_missing(truths, UNKNOWN),
        Vector::Wide(_) => panic!("numbers of 128 bits are not kept in pieces"),
    }
}

/// Columns of a view, computed, in narrow pieces. None of them has numbers of 128 bits.
pub(super) fn packed(view: &View, texts: &Texts, ids: &[Id]) -> Result<Vec<Same<Column>>, EngineError> {
    let nothing = || -> Vec<Packing> { ids.iter().map(|id| Packing::new(physical(view.kind(*id)))).collect() };
    let parts = over(
        view,
        texts,
        |evaluator, _, columns: &mut Vec<Packing>| {
            columns.iter_mut().zip(ids).for_each(|(column, id)| append(column, &evaluator.eval(*id)));
        },
        nothing,
    )?;
    let mut whole = nothing();
    for part in parts {
        whole.iter_mut().zip(part).for_each(|(whole, part)| whole.append_packed(part.finish()));
    }
    Ok(whole.into_iter().map(|column| Same(Arc::new(Column::Stored(Arc::new(column.finish()))))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::vector::NO_SMALL;
    use super::*;
    use crate::value::Value;

    #[test]
    fn what_is_of_nothing_is_not_taken_from_a_record() {
        let texts = Texts::default();
        let stored = Arc::new(Column::Own(Vector::Small(vec![5, NO_SMALL, 7])));
        let ask = |rows: Vec<u32>| {
            let common = Common::default();
            let mut view = View::of(3, vec![("units".to_owned(), stored.clone())]).at(&Arc::new(rows));
            let zero = view.add(Op::Lit(Value::Num(0)), Kind::Small);
            let or_zero = view.add(Op::Coalesce(vec![view.column("units"), zero]), Kind::Small);
            // In a build for use the second one gets it from what is kept.
            let ids: Vec<Id> = (0..TIMES)
                .map(|_| {
                    common
                        .columns(&mut view, (&[or_zero], false), &texts, |column| Arc::ptr_eq(column, &stored))
                        .unwrap()[0]
                })
                .collect();
            let id = ids[ids.len() - 1];
            let made = super::super::compute::columns(&view, &texts, &[id]).unwrap().remove(0);
            let Vector::Small(made) = made else { panic!() };
            (id != or_zero, made)
        };
        assert_eq!(ask(vec![2, 1, 0, 2]), (true, vec![7, 0, 5, 7]));
        // A left join without a partner: nothing is there, and yet it has a value.
        assert_eq!(ask(vec![2, NO_ROW, 0]), (false, vec![7, 0, 5]));
    }
}
