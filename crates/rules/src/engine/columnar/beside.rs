//! What stands beside rows: the rows of another side that match, their sums, and the row in force.

use std::sync::{Arc, PoisonError};

use hashbrown::HashMap;

use super::column::Column as Stored;
use super::common::ToChooseFrom;
use super::compute::{columns, over, select};
use super::in_force::{Part, Reference};
use super::join::{Index, refs};
use super::vector::{Kind, NO_ROW};
use super::view::{Id, Op, Same, View};
use super::{Columnar, Memo, beside_rows, in_force, sums};
use crate::engine::EngineError;
use crate::plan::{Agg, InForce, Plan};

/// A left side this many times as large as the right is not read through for the rows that match.
const FEW: usize = 16;

/// So often all records are looked at for a few of them, before they are indexed.
const SOUGHT: u32 = if cfg!(debug_assertions) { 0 } else { 2 };

impl Columnar<'_> {
    /// The rows of the left that have, or have not, a row on the right.
    pub(super) fn restrict(
        &self,
        left: View,
        right: &View,
        (on, has, several): (&[(String, String)], bool, bool),
        memo: &Memo,
    ) -> Result<View, EngineError> {
        let own: Vec<Id> = on.iter().map(|(key, _)| left.column(key)).collect();
        if let [key] = own.as_slice()
            && has
            && right.rows * FEW < left.rows
            && let Some(stored) = left.stored(*key)
            && self.shared.tables.holds(&stored.0)
            && self.is_worth_an_index(stored)
        {
            let index = self.index(&left, &own, memo)?;
            let wanted = columns(right, &self.texts, &right_keys(right, on))?;
            // Many of the few may have the same key.
            let mut heads = index.heads(&wanted);
            heads.sort_unstable();
            heads.dedup();
            let mut rows: Vec<u32> = heads.into_iter().flat_map(|head| index.chain(head)).collect();
            rows.sort_unstable();
            return Ok(left.at(&Arc::new(rows)));
        }
        let index = self.index(right, &right_keys(right, on), memo)?;
        self.matching(left, own, (index, has), several)
    }

    /// Whether all records are found by a column, or have been asked for by it often enough. An index over all of them costs more
    /// than to look at each of them once; where memory is short, always.
    fn is_worth_an_index(&self, column: &Same<Stored>) -> bool {
        if self.shared.tables.reads_files() {
            return false;
        }
        let key = std::slice::from_ref(column);
        let indexes = self.shared.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if indexes.get(key).is_some_and(|made| made.get().is_some()) {
            return true;
        }
        let mut sought = self.shared.sought.lock().unwrap_or_else(PoisonError::into_inner);
        let times = sought.entry(column.clone()).or_default();
        *times += 1;
        *times > SOUGHT
    }

    /// The rows that have, or have not, a row in an index by some keys.
    fn matching(
        &self,
        mut view: View,
        keys: Vec<Id>,
        (index, has): (Arc<Index>, bool),
        several: bool,
    ) -> Result<View, EngineError> {
        // Whether there is one: a key may have many.
        let head = view.add(Op::Head(Same(index), keys), Kind::Code);
        let [head] = self.common(&mut view, [head], several)?;
        let none = view.add(Op::IsNull(head), Kind::Truth);
        let wanted = if has { view.add(Op::Not(none), Kind::Truth) } else { none };
        let rows = select(&view, &self.texts, wanted)?;
        Ok(if rows.len() == view.rows { view } else { view.at(&Arc::new(rows)) })
    }

    /// Of a right side that is larger by far the rows with the keys of the left: an index over all of it costs more than to
    /// look at each row once.
    pub(super) fn asked_for(
        &self,
        left: &View,
        right: Arc<View>,
        on: &[(String, String)],
    ) -> Result<Arc<View>, EngineError> {
        if left.rows * FEW >= right.rows {
            return Ok(right);
        }
        let own: Vec<Id> = on.iter().map(|(key, _)| left.column(key)).collect();
        let asked = columns(left, &self.texts, &own)?;
        let index = Arc::new(Index::new(&asked.iter().collect::<Vec<_>>(), left.rows));
        let theirs = right_keys(&right, on);
        self.matching(Arc::unwrap_or_clone(right), theirs, (index, true), false).map(Arc::new)
    }

    /// The left with the columns of the right beside it. `count`: the right's rows of a key are one, and so named.
    pub(super) fn beside(
        &self,
        mut left: View,
        right: &View,
        (on, count, several): (&[(String, String)], Option<&String>, bool),
        memo: &Memo,
    ) -> Result<View, EngineError> {
        let index = self.index(right, &right_keys(right, on), memo)?;
        if index.repeats() && count.is_none() {
            return self.pairs(&left, right, on, &index, true);
        }
        let own: Vec<Id> = on.iter().map(|(key, _)| left.column(key)).collect();
        let found = left.add(Op::Find(Same(index.clone()), own.clone()), Kind::Code);
        let [found] = self.common(&mut left, [found], several)?;
        let sources = right.sources.clone();
        let mut source = |view: &mut View, number: u32| match &sources[number as usize] {
            None => found,
            Some(rows) => view.add(Op::Hop(found, Same(rows.clone())), Kind::Code),
        };
        bring(&mut left, right, on, Some(found), &mut source);
        if let Some(count) = count {
            let counted = left.add(Op::Count(Same(index), own), Kind::Small);
            left.columns.push((count.clone(), counted));
        }
        Ok(left)
    }

    /// The left with the sums of the right beside it, each row of the right summed where it is asked for: no group is made.
    pub(super) fn sums_beside(
        &self,
        mut left: View,
        right: &Plan,
        (on, several): (&[(String, String)], bool),
        memo: &mut Memo,
    ) -> Result<Summed, EngineError> {
        let Plan::Aggregate { keys, aggs, .. } = right else { return Ok(Summed::Not(left)) };
        let all = keys.len() == on.len() && on.iter().all(|(_, key)| keys.contains(key));
        if !all || memo.views.contains_key(right) || aggs.iter().any(|(_, agg)| matches!(agg, Agg::Any(_))) {
            return Ok(Summed::Not(left));
        }
        let mut make = || self.sums(&left, right, (on, several), memo);
        let of_all = || {
            self.shared.common.as_ref()?.sums(&left, right, (on, several), |column| self.shared.tables.holds(column))
        };
        let made = match of_all() {
            Some(kept) => {
                if kept.get().is_some() {
                    self.note(|steps| steps.again(right, left.rows));
                }
                let made = kept.get_or_init(|| make().map_err(|error| error.0)).clone().map_err(EngineError)?;
                if let (Some(common), Some(columns)) = (&self.shared.common, &made) {
                    common.keeps(columns);
                }
                made
            }
            None => make()?,
        };
        let Some(columns) = made else { return Ok(Summed::Not(left)) };
        beside_rows(&mut left, aggs.iter().map(|(name, _)| name.clone()).zip(columns));
        Ok(Summed::Done(left))
    }

    /// The sums of some rows for each row of the left; `None` where these rows are few, and so are their groups.
    fn sums(
        &self,
        left: &View,
        right: &Plan,
        (on, several): (&[(String, String)], bool),
        memo: &mut Memo,
    ) -> Result<Option<Vec<Same<Stored>>>, EngineError> {
        let Plan::Aggregate { input, aggs, .. } = right else { return Ok(None) };
        let mut rows = self.own(input, memo)?;
        if rows.rows < left.rows / 2 {
            return Ok(None);
        }
        let step = self.note(|steps| steps.begin(right));
        let own: Vec<Id> = on.iter().map(|(key, _)| left.column(key)).collect();
        let index = self.index(left, &own, memo)?;
        let theirs = right_keys(&rows, on);
        let head = rows.add(Op::Head(Same(index.clone()), theirs), Kind::Code);
        let [head] = self.common(&mut rows, [head], several)?;
        let wanted: Vec<(Agg, Option<Id>)> =
            aggs.iter().map(|(_, agg)| (agg.clone(), agg.of().map(|column| rows.column(column)))).collect();
        let (columns, count) = sums::sums(&rows, &self.texts, (head, &index), &wanted, left.rows)?;
        self.note(|steps| steps.end(step, count));
        Ok(Some(columns))
    }

    /// The rows to choose from.
    pub(super) fn reference(&self, force: &InForce, memo: &mut Memo) -> Result<ToChooseFrom, EngineError> {
        let right = self.lower(&force.reference, memo)?;
        Ok((Arc::new(Reference::new(&right, &self.texts, force)?), right))
    }

    /// The left with the row in force of the right beside it.
    pub(super) fn in_force(
        &self,
        mut left: View,
        mut right: View,
        (reference, force): (Arc<Reference>, &InForce),
        several: bool,
    ) -> Result<View, EngineError> {
        let asked = left.compile(&force.asked);
        let with = in_force::asked_with(&left, force);
        let packed = left.add(Op::InForce(Same(reference), asked, with), Kind::Wide);
        let [sure, unsure] = [Part::Sure, Part::Unsure].map(|part| left.add(Op::Part(packed, part), Kind::Small));
        let found = left.add(Op::Part(packed, Part::Row), Kind::Code);
        let [found, sure, unsure] = self.common(&mut left, [found, sure, unsure], several)?;
        left.columns.extend(force.counts.iter().cloned().zip([sure, unsure]));
        right.columns.retain(|(name, _)| force.carried.contains(name));
        let sources = right.sources.clone();
        let mut source = |view: &mut View, number: u32| match &sources[number as usize] {
            None => found,
            Some(rows) => view.add(Op::Hop(found, Same(rows.clone())), Kind::Code),
        };
        bring(&mut left, &right, &[], Some(found), &mut source);
        Ok(left)
    }

    /// A row for each pair; a left row without one stays if `all`.
    pub(super) fn pairs(
        &self,
        left: &View,
        right: &View,
        on: &[(String, String)],
        index: &Index,
        all: bool,
    ) -> Result<View, EngineError> {
        let own: Vec<Id> = on.iter().map(|(key, _)| left.column(key)).collect();
        let none = View::clone(left).at(&Arc::new(Vec::new()));
        let left = if right.rows == 0 && !all { &none } else { left };
        let parts = over(
            left,
            &self.texts,
            |evaluator, from, (lefts, rights): &mut (Vec<u32>, Vec<u32>)| {
                let keys: Vec<_> = own.iter().map(|key| evaluator.eval(*key)).collect();
                for (row, head) in index.heads(&refs(&keys)).into_iter().enumerate() {
                    let number = u32::try_from(from + row).unwrap_or(NO_ROW);
                    let before = lefts.len();
                    for other in index.chain(head) {
                        lefts.push(number);
                        rights.push(other);
                    }
                    if all && lefts.len() == before {
                        lefts.push(number);
                        rights.push(NO_ROW);
                    }
                }
            },
            || (Vec::new(), Vec::new()),
        )?;
        let (mut lefts, mut rights) = (Vec::new(), Vec::new());
        for (more_lefts, more_rights) in parts {
            lefts.extend(more_lefts);
            rights.extend(more_rights);
        }
        let rights = Arc::new(rights);
        let mut joined = left.at(&Arc::new(lefts));
        let offset = u32::try_from(joined.sources.len()).unwrap_or(u32::MAX);
        let other = right.at(&rights);
        joined.sources.extend(other.sources);
        let found = all.then(|| {
            joined.sources.push(Some(rights));
            let number = u32::try_from(joined.sources.len() - 1).unwrap_or(u32::MAX);
            joined.source(number)
        });
        let mut source = |view: &mut View, number: u32| view.source(offset + number);
        bring(&mut joined, right, on, found, &mut source);
        Ok(joined)
    }
}

/// Whether sums could be made where they are asked for.
pub(super) enum Summed {
    Done(View),
    /// The left as it was.
    Not(View),
}

pub(super) fn right_keys(right: &View, on: &[(String, String)]) -> Vec<Id> {
    on.iter().map(|(_, key)| right.column(key)).collect()
}

/// Takes over the columns of the right that are no keys; where no row was found they are missing, whatever they compute.
fn bring(
    left: &mut View,
    right: &View,
    on: &[(String, String)],
    found: Option<Id>,
    source: &mut dyn FnMut(&mut View, u32) -> Id,
) {
    let mut moved = HashMap::new();
    for (name, id) in right.columns.iter().filter(|(name, _)| on.iter().all(|(_, key)| key != name)) {
        let own = left.import(right, *id, &mut moved, source);
        let own = match found {
            Some(found) if !matches!(left.ops[own as usize].op, Op::Gather(..)) => {
                let kind = left.kind(own);
                left.add(Op::Given(found, own), kind)
            }
            _ => own,
        };
        left.columns.push((name.clone(), own));
    }
}
