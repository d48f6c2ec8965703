//! The default engine: the algebra run over columns of integers.
//!
//! Texts are codes, amounts are units, so that every join, group and comparison is one of integers. A plan becomes a view
//! (`view`): nothing is computed before a filter, a group or a result asks for it, and then by chunks that stay in a
//! core's cache (`compute`). A join to at most one row, which nearly all are, is an operation of the view that finds the
//! row in an index (`join`); indexes over stored columns are built once for all rules.

mod accumulate;
mod ahead;
mod beside;
mod call;
mod chain;
mod column;
mod common;
mod compute;
mod explain;
mod few_groups;
mod group;
mod in_force;
mod join;
mod kernel;
mod key;
mod load;
mod places;
mod sums;
mod vector;
mod view;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hashbrown::HashMap;
use rayon::prelude::*;
use tieout_ingest::store::{REC, Store};
use tieout_ingest::texts::Texts;

use self::beside::{Summed, right_keys};
use self::column::Column as Stored;
use self::common::{Common, packed};
use self::compute::{columns, over, select};
use self::explain::Steps;
use self::join::Index;
use self::load::Tables;
use self::vector::{Kind, NO_ROW, Vector, Words};
use self::view::{Id, Op, Same, View};
use super::{Engine, EngineError};
use crate::expr::Expr;
use crate::plan::{Agg, Join, Plan};
use crate::value::{Column, Relation, Ty, Value};

pub use self::load::bounds;

/// Plans over the columns of a prepared store.
pub struct Columnar<'s> {
    shared: Arc<Shared<'s>>,
    texts: Arc<Texts>,
    memo: Mutex<Memo>,
    steps: Option<Mutex<Steps>>,
}

/// What engines that run beside each other have in common.
struct Shared<'s> {
    tables: Tables<'s>,
    /// Each made by whoever asks for it first, while others that ask for the same one wait.
    indexes: Mutex<HashMap<Vec<Same<Stored>>, Awaited>>,
    /// How often a few records were looked for by a column without one.
    sought: Mutex<HashMap<Same<Stored>, u32>>,
    held: Mutex<Vec<Held>>,
    /// None where memory is limited.
    common: Option<Common>,
}

/// An index that somebody makes.
type Awaited = Arc<OnceLock<Arc<Index>>>;

/// Records of a population, a bit for each.
struct Held {
    index: Arc<Index>,
    bits: Arc<Vec<u64>>,
}

/// What has been lowered since the last `forget`.
#[derive(Default)]
struct Memo {
    views: HashMap<Plan, Arc<View>>,
    /// Groups by their key columns.
    groups: HashMap<Vec<Same<Stored>>, Arc<Index>>,
}

impl<'s> Columnar<'s> {
    /// Over a prepared store.
    pub fn new(store: &'s Store) -> Self {
        Self::with(store, None)
    }

    /// Likewise, where what several rules ask for is computed once and kept: the same outcome, in less time and more memory.
    pub fn keeping(store: &'s Store) -> Self {
        Self::with(store, Some(Common::default()))
    }

    fn with(store: &'s Store, common: Option<Common>) -> Self {
        let tables = Tables::new(store);
        let common = common.filter(|_| !tables.reads_files());
        let shared =
            Shared { tables, indexes: Mutex::default(), sought: Mutex::default(), held: Mutex::default(), common };
        Self { shared: Arc::new(shared), texts: store.texts.clone(), memo: Mutex::default(), steps: None }
    }

    /// The same, noting what it does for `Engine::explained`.
    #[must_use]
    pub fn explaining(mut self) -> Self {
        self.steps = Some(Mutex::default());
        self
    }

    fn note<T>(&self, note: impl FnOnce(&mut Steps) -> T) -> Option<T> {
        self.steps.as_ref().map(|steps| note(&mut steps.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// A population as plain rows, for the reference engine.
    pub fn table(store: &Store, population: &str) -> Result<Relation, EngineError> {
        Self::rows_of(store, population, usize::MAX)
    }

    /// The first record of a population.
    pub fn head(store: &Store, population: &str) -> Result<Relation, EngineError> {
        Self::rows_of(store, population, 1)
    }

    fn rows_of(store: &Store, population: &str, limit: usize) -> Result<Relation, EngineError> {
        let loaded =
            store.populations.get(population).ok_or_else(|| EngineError(format!("no population {population}")))?;
        let mut columns = vec![(REC.to_owned(), Column { name: REC.to_owned(), ty: Ty::INT })];
        for (name, column) in &loaded.columns {
            columns.push((name.clone(), Column { name: name.clone(), ty: Ty::of_column(column.ty) }));
            if column.has_unreadable {
                let companion = format!("{name}!");
                columns.push((companion.clone(), Column { name: companion, ty: Ty::Bool }));
            }
        }
        let engine = Columnar::new(store);
        let plan = Plan::Scan { population: population.to_owned(), columns };
        let mut view = View::clone(&*engine.lower(&plan, &mut Memo::default())?);
        view.rows = view.rows.min(limit);
        engine.collect(&plan, &view)
    }

    fn lower(&self, plan: &Plan, memo: &mut Memo) -> Result<Arc<View>, EngineError> {
        let light = matches!(plan, Plan::Scan { .. } | Plan::Project(..) | Plan::Extend(..));
        if light {
            return Ok(Arc::new(self.lower_new(plan, memo)?));
        }
        if let Some(known) = memo.views.get(plan) {
            self.note(|steps| steps.again(plan, known.rows));
            return Ok(known.clone());
        }
        let step = self.note(|steps| steps.begin(plan));
        let view = Arc::new(self.lower_new(plan, memo)?);
        self.note(|steps| steps.end(step, view.rows));
        memo.views.insert(plan.clone(), view.clone());
        Ok(view)
    }

    /// A view that may be changed.
    fn own(&self, plan: &Plan, memo: &mut Memo) -> Result<View, EngineError> {
        Ok(Arc::unwrap_or_clone(self.lower(plan, memo)?))
    }

    fn lower_new(&self, plan: &Plan, memo: &mut Memo) -> Result<View, EngineError> {
        match plan {
            Plan::Scan { population, columns } => self.shared.tables.scan(population, columns),
            Plan::Rows(relation) => Ok(self.rows(relation)),
            Plan::Filter(input, condition) => {
                let mut view = self.own(input, memo)?;
                let condition = view.compile(condition);
                let rows = select(&view, &self.texts, condition)?;
                Ok(if rows.len() == view.rows { view } else { view.at(&Arc::new(rows)) })
            }
            Plan::Project(input, columns) => {
                let mut view = self.own(input, memo)?;
                let columns = compiled(&mut view, columns);
                Ok(view.keep(columns))
            }
            Plan::Extend(input, columns) => {
                let mut view = self.own(input, memo)?;
                let columns = compiled(&mut view, columns);
                view.columns.extend(columns);
                Ok(view)
            }
            Plan::Once(input, names) => {
                let view = self.own(input, memo)?;
                self.once(view, (names, self.is_of_several(plan)))
            }
            Plan::Part { input, keys, number, of } => {
                let view = self.own(input, memo)?;
                let ids: Vec<Id> = keys.iter().map(|key| view.column(key)).collect();
                let rows = group::part(&view, &self.texts, &ids, (*number, *of))?;
                Ok(view.at(&Arc::new(rows)))
            }
            Plan::Repeated { input, keys, times } => {
                let view = self.own(input, memo)?;
                let ids: Vec<Id> = keys.iter().map(|key| view.column(key)).collect();
                let rows = group::repeated(&view, &self.texts, &ids, *times)?;
                Ok(if rows.len() == view.rows { view } else { view.at(&Arc::new(rows)) })
            }
            Plan::Among { input, rec, held } => {
                let mut view = self.own(input, memo)?;
                let own = view.column(rec);
                let (index, bits) = {
                    let all = self.shared.held.lock().unwrap_or_else(PoisonError::into_inner);
                    let held = all.get(*held).ok_or_else(|| EngineError("nothing is held".to_owned()))?;
                    (held.index.clone(), held.bits.clone())
                };
                let found = view.add(Op::Find(Same(index), vec![own]), Kind::Code);
                let is = view.add(Op::Held(found, Same(bits)), Kind::Truth);
                let rows = select(&view, &self.texts, is)?;
                Ok(view.at(&Arc::new(rows)))
            }
            Plan::InForce(force) => {
                let left = self.own(&force.input, memo)?;
                let (reference, right) = match &self.shared.common {
                    Some(common) => {
                        if let Some((_, right)) = common.known(force) {
                            self.note(|steps| steps.again(&force.reference, right.rows));
                        }
                        common.reference(force, || self.reference(force, memo))?
                    }
                    None => self.reference(force, memo)?,
                };
                self.in_force(left, View::clone(&right), (reference, force), self.is_of_several(plan))
            }
            Plan::Neighbours { input, keys, number, names } => {
                let mut view = self.own(input, memo)?;
                let ids: Vec<Id> = keys.iter().map(|key| view.column(key)).collect();
                let made = group::neighbours(&view, &self.texts, &ids, view.column(number))?;
                beside_rows(&mut view, names.iter().cloned().zip(made.into_iter().map(computed)));
                Ok(view)
            }
            Plan::Join { left, right, on, how } => match how {
                Join::Semi | Join::Anti => {
                    let (left, right) = (self.own(left, memo)?, self.lower(right, memo)?);
                    self.restrict(left, &right, (on, *how == Join::Semi, self.is_of_several(plan)), memo)
                }
                Join::Left => match right.as_ref() {
                    Plan::Unique { input, keys, count } if on.len() == keys.len() => {
                        let (left, right) = (self.own(left, memo)?, self.lower(input, memo)?);
                        self.beside(left, &right, (on, Some(count), self.is_of_several(plan)), memo)
                    }
                    right => {
                        let left = self.own(left, memo)?;
                        let several = self.is_of_several(plan);
                        let left = match self.sums_beside(left, right, (on, several), memo)? {
                            Summed::Done(view) => return Ok(view),
                            Summed::Not(left) => left,
                        };
                        let right = self.lower(right, memo)?;
                        let right = self.asked_for(&left, right, on)?;
                        self.beside(left, &right, (on, None, several), memo)
                    }
                },
                Join::Inner => {
                    let (left, right) = (self.own(left, memo)?, self.lower(right, memo)?);
                    let right = self.asked_for(&left, right, on)?;
                    let index = self.index(&right, &right_keys(&right, on), memo)?;
                    self.pairs(&left, &right, on, &index, false)
                }
            },
            Plan::Aggregate { input, keys, aggs } => {
                let view = self.lower(input, memo)?;
                let own: Vec<Id> = keys.iter().map(|key| view.column(key)).collect();
                let wanted: Vec<(Agg, Option<Id>)> =
                    aggs.iter().map(|(_, agg)| (agg.clone(), agg.of().map(|column| view.column(column)))).collect();
                let grouped = group::aggregate(&view, &self.texts, &own, &wanted)?;
                let columns: Vec<Arc<Stored>> =
                    grouped.columns.into_iter().map(|column| Arc::new(Stored::Own(column))).collect();
                if let Some(index) = grouped.index {
                    let by = columns.iter().take(keys.len()).map(|column| Same(column.clone())).collect();
                    memo.groups.insert(by, Arc::new(index));
                }
                let names = keys.iter().chain(aggs.iter().map(|(name, _)| name)).cloned();
                Ok(View::of(grouped.rows, names.zip(columns).collect()))
            }
            Plan::Union(inputs) => self.union(plan, inputs, memo),
            Plan::Unique { input, keys, count } => {
                let view = self.own(input, memo)?;
                self.unique(view, keys, (count, memo))
            }
        }
    }

    fn rows(&self, relation: &Relation) -> View {
        let column = |(at, column): (usize, &Column)| {
            let values: Vec<&Value> = relation.rows.iter().map(|row| &row[at]).collect();
            (column.name.clone(), Arc::new(Stored::Own(Vector::of_values(&values, column.ty, &self.texts))))
        };
        View::of(relation.rows.len(), relation.columns.iter().enumerate().map(column).collect())
    }

    /// Some columns computed now, because they are read more than once.
    fn once(&self, mut view: View, (names, several): (&[String], bool)) -> Result<View, EngineError> {
        let ids: Vec<Id> = names.iter().map(|name| view.column(name)).collect();
        if let ([name], [id]) = (names, ids.as_slice())
            && view.kind(*id) != Kind::Wide
        {
            let [kept] = self.common(&mut view, [*id], several)?;
            if kept != *id {
                view.columns.retain(|(own, _)| own != name);
                view.columns.push((name.clone(), kept));
                return Ok(view);
            }
        }
        let made: Vec<Same<Stored>> = match ids.iter().any(|id| view.kind(*id) == Kind::Wide) {
            true => columns(&view, &self.texts, &ids)?.into_iter().map(computed).collect(),
            false => packed(&view, &self.texts, &ids)?,
        };
        view.columns.retain(|(name, _)| !names.contains(name));
        beside_rows(&mut view, names.iter().cloned().zip(made));
        Ok(view)
    }

    /// The rows of some key columns by key; built once where the columns are stored ones.
    fn index(&self, view: &View, keys: &[Id], memo: &Memo) -> Result<Arc<Index>, EngineError> {
        let stored: Option<Vec<Same<Stored>>> = keys.iter().map(|key| view.stored(*key).cloned()).collect();
        let Some(stored) = stored else {
            let made = columns(view, &self.texts, keys)?;
            return Ok(Arc::new(Index::new(&made.iter().collect::<Vec<_>>(), view.rows)));
        };
        if let Some(index) = memo.groups.get(&stored) {
            return Ok(index.clone());
        }
        let name = || keys.iter().filter_map(|key| view.name(*key)).collect::<Vec<_>>().join(", ");
        let make = || {
            self.note(|steps| steps.index(&name(), view.rows, false));
            let whole: Vec<_> = stored.iter().map(|key| key.0.whole()).collect();
            Arc::new(Index::new(&whole.iter().map(AsRef::as_ref).collect::<Vec<_>>(), view.rows))
        };
        // A few rows of somebody's findings are not worth keeping.
        if !stored.iter().all(|key| self.shared.tables.holds(&key.0)) {
            return Ok(make());
        }
        let place = {
            let mut known = self.shared.indexes.lock().unwrap_or_else(PoisonError::into_inner);
            known.entry(stored.clone()).or_default().clone()
        };
        if place.get().is_some() {
            self.note(|steps| steps.index(&name(), view.rows, true));
        }
        let made = place.get_or_init(make).clone();
        if let Some(common) = &self.shared.common {
            common.lasts(&made);
        }
        Ok(made)
    }

    /// Whether several rules have what a plan puts beside its rows.
    fn is_of_several(&self, plan: &Plan) -> bool {
        self.shared.common.as_ref().is_some_and(|common| common.is_of_several(plan))
    }

    /// Operations as columns that all rules read, where other rules ask for the same; `several`: where they are going to.
    fn common<const N: usize>(&self, view: &mut View, ids: [Id; N], several: bool) -> Result<[Id; N], EngineError> {
        let Some(common) = &self.shared.common else { return Ok(ids) };
        let made = common.columns(view, (&ids, several), &self.texts, |column| self.shared.tables.holds(column))?;
        Ok(made.try_into().unwrap_or(ids))
    }

    fn unique(&self, mut view: View, keys: &[String], (count, memo): (&str, &Memo)) -> Result<View, EngineError> {
        let own: Vec<Id> = keys.iter().map(|key| view.column(key)).collect();
        let index = self.index(&view, &own, memo)?;
        let firsts = index.firsts();
        let counts: Vec<i64> =
            firsts.iter().map(|first| i64::try_from(index.chain(*first).count()).unwrap_or(i64::MAX)).collect();
        let single: Vec<u32> =
            firsts.iter().zip(&counts).map(|(first, count)| if *count == 1 { *first } else { NO_ROW }).collect();
        let rows = firsts.len();
        view = view.at(&Arc::new(firsts));
        let number = |view: &View| u32::try_from(view.sources.len()).unwrap_or(u32::MAX);
        let (of_single, of_counts) = (number(&view), number(&view) + 1);
        view.sources.push(Some(Arc::new(single)));
        view.sources.push(None);
        let single = view.source(of_single);
        for at in 0..view.columns.len() {
            let (name, id) = view.columns[at].clone();
            if !keys.contains(&name) {
                let kind = view.kind(id);
                view.columns[at].1 = view.add(Op::Given(single, id), kind);
            }
        }
        let counted = view.source(of_counts);
        let counted = view.gather(counted, Same(Arc::new(Stored::Own(Vector::Small(counts)))));
        view.columns.push((count.to_owned(), counted));
        debug_assert_eq!(view.rows, rows);
        Ok(view)
    }

    fn union(&self, plan: &Plan, inputs: &[Plan], memo: &mut Memo) -> Result<View, EngineError> {
        let names: Vec<String> = plan.columns().into_iter().map(|column| column.name).collect();
        let (mut rows, mut all): (usize, Option<Vec<Vector>>) = (0, None);
        for input in inputs {
            let view = self.lower(input, memo)?;
            let own: Vec<String> = input.columns().into_iter().map(|column| column.name).collect();
            let ids: Vec<Id> = own.iter().map(|name| view.column(name)).collect();
            let made = columns(&view, &self.texts, &ids)?;
            rows += view.rows;
            match &mut all {
                None => all = Some(made),
                Some(all) => all.iter_mut().zip(made).for_each(|(all, more)| all.append(more)),
            }
        }
        let all = all.unwrap_or_default().into_iter().map(|column| Arc::new(Stored::Own(column)));
        Ok(View::of(rows, names.into_iter().zip(all).collect()))
    }

    /// A view as plain rows.
    fn collect(&self, plan: &Plan, view: &View) -> Result<Relation, EngineError> {
        let wanted = plan.columns();
        let ids: Vec<Id> = wanted.iter().map(|column| view.column(&column.name)).collect();
        let made = columns(view, &self.texts, &ids)?;
        let blocks: Vec<usize> = (0..view.rows).step_by(1 << 16).collect();
        let block = |&from: &usize| -> Vec<Vec<Value>> {
            let mut words = Words::new(&self.texts);
            let to = view.rows.min(from + (1 << 16));
            (from..to).map(|row| made.iter().map(|vector| vector.value(row, &mut words)).collect()).collect()
        };
        let rows: Vec<Vec<Vec<Value>>> = blocks.par_iter().map(block).collect();
        Ok(Relation { columns: wanted, rows: rows.into_iter().flatten().collect() })
    }
}

impl Engine for Columnar<'_> {
    fn run(&self, plans: &[Plan]) -> Result<Vec<Relation>, EngineError> {
        guarded(|| {
            let mut memo = self.memo.lock().unwrap_or_else(PoisonError::into_inner);
            plans
                .iter()
                .map(|plan| {
                    let view = self.lower(plan, &mut memo)?;
                    self.collect(plan, &view)
                })
                .collect()
        })
    }

    fn hold(&self, population: &str, plans: &[Plan]) -> Result<usize, EngineError> {
        guarded(|| self.hold_here(population, plans))
    }

    fn expect(&self, rules: &[Vec<&Plan>]) {
        if let Some(common) = &self.shared.common {
            common.expect(rules);
        }
    }

    fn rest(&self) {
        *self.memo.lock().unwrap_or_else(PoisonError::into_inner) = Memo::default();
    }

    fn forget(&self) {
        self.rest();
        self.shared.tables.forget();
        let mut indexes = self.shared.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        indexes.retain(|columns, _| columns.iter().all(|column| self.shared.tables.holds(&column.0)));
    }

    fn explained(&self) -> Vec<String> {
        self.note(Steps::take).unwrap_or_default()
    }

    fn judges_everything(&self) -> bool {
        false
    }

    fn beside(&self) -> Option<Box<dyn Engine + Send + '_>> {
        // What is read from files for one rule is given up before the next one begins.
        (self.steps.is_none() && !self.shared.tables.reads_files()).then(|| {
            let (shared, texts) = (self.shared.clone(), self.texts.clone());
            Box::new(Columnar { shared, texts, memo: Mutex::default(), steps: None }) as Box<dyn Engine + Send + '_>
        })
    }
}

/// Our own bug in one rule is an error of that rule, and the others go on.
fn guarded<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    // What is behind the locks is either whole or made anew.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(EngineError("the engine stopped; its message is on standard error".to_owned())))
}

impl Columnar<'_> {
    fn hold_here(&self, population: &str, plans: &[Plan]) -> Result<usize, EngineError> {
        let rec = Column { name: REC.to_owned(), ty: Ty::INT };
        let all = self.shared.tables.scan(population, &[(REC.to_owned(), rec)])?;
        let index = self.index(&all, &[all.column(REC)], &Memo::default())?;
        let mut bits = vec![0u64; all.rows.div_ceil(64)];
        for plan in plans {
            let view = {
                let mut memo = self.memo.lock().unwrap_or_else(PoisonError::into_inner);
                self.lower(plan, &mut memo)?
            };
            let records: Vec<Id> = view.columns.iter().map(|(_, id)| *id).collect();
            let parts = over(
                &view,
                &self.texts,
                |evaluator, _, rows: &mut Vec<u32>| {
                    let keys: Vec<_> = records.iter().map(|id| evaluator.eval(*id)).collect();
                    rows.extend(index.find(&keys));
                },
                Vec::new,
            )?;
            for row in parts.into_iter().flatten().filter(|row| *row != NO_ROW) {
                bits[row as usize / 64] |= 1 << (row % 64);
            }
            if plans.len() > 1 {
                self.rest();
            }
        }
        let mut held = self.shared.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(Held { index, bits: Arc::new(bits) });
        Ok(held.len() - 1)
    }
}

/// Columns with a value for each row of the view.
fn beside_rows(view: &mut View, columns: impl IntoIterator<Item = (String, Same<Stored>)>) {
    let source = u32::try_from(view.sources.len()).unwrap_or(u32::MAX);
    view.sources.push(None);
    let rows = view.source(source);
    for (name, column) in columns {
        let id = view.gather(rows, column);
        view.columns.push((name, id));
    }
}

fn computed(vector: Vector) -> Same<Stored> {
    Same(Arc::new(Stored::Own(vector)))
}

fn compiled(view: &mut View, columns: &[(String, Expr)]) -> Vec<(String, Id)> {
    columns.iter().map(|(name, expr)| (name.clone(), view.compile(expr))).collect()
}
