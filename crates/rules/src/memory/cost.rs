//! What the default engine holds while it runs a plan, about: columns of the store, and what it makes of them.
//!
//! How many rows meet a condition is not known before: it is as if all met it, and as if every row had a key of its own in
//! a group. Only of what has the same key as another it is taken that it is few, since of a key that most records share
//! no check can say anything.

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::store::REC;
use tieout_ingest::{Expected, ExpectedRows};

use crate::plan::{Agg, Join, Plan};
use crate::value::Ty;

/// Bytes of the number of a row.
const ROW: u64 = 4;
/// Bytes a key of an index, besides the key: the place where it is found, the next one, whether a part is missing.
const PLACE: u64 = 9;
/// Bytes a row of a reference of what is in force.
const IN_FORCE: u64 = 64;
/// Bytes a row in which hashes of keys are counted.
const COUNTED: u64 = 8;
/// Bytes a row from which its neighbours in number are found.
const NEIGHBOURS: u64 = 32;
/// One in so many rows has the key of another, where that is asked.
const REPEATED: u64 = 8;
/// Rows with the keys of a part are so many times the part, in quarters: parts differ.
const UNEVEN: u64 = 5;

/// What some plans hold together.
pub(super) struct Cost<'e> {
    expected: &'e Expected,
    columns: BTreeSet<(String, String)>,
    made: u64,
    /// What is counted.
    seen: Vec<(Plan, Size)>,
}

/// What a plan comes to.
#[derive(Clone, Copy)]
struct Size {
    rows: u64,
    /// One in so many, in quarters, of the records it is made of.
    of: u64,
}

/// All records.
const ALL: u64 = 4;

impl Size {
    /// One in so many of its rows, in quarters.
    fn one_in(self, of: u64) -> Self {
        Self { rows: (self.rows * ALL).div_ceil(of), of: self.of * of / ALL }
    }
}

impl<'e> Cost<'e> {
    pub fn new(expected: &'e Expected) -> Self {
        Self { expected, columns: BTreeSet::new(), made: 0, seen: Vec::new() }
    }

    /// Bytes of all plans so far.
    pub fn bytes(&self) -> u64 {
        let of = |population: &String| self.expected.populations.get(population);
        let column = |(population, name): &(String, String)| {
            let width = |rows: &ExpectedRows| rows.records * rows.widths.get(name).copied().unwrap_or(0);
            of(population).map_or(0, width)
        };
        // Every population is read with the numbers of its records.
        let records: BTreeMap<&String, u64> = self
            .columns
            .iter()
            .map(|(population, _)| (population, of(population).map_or(0, |rows| rows.records)))
            .collect();
        self.columns.iter().map(column).sum::<u64>() + records.values().sum::<u64>() + self.made
    }

    /// Adds a plan.
    pub fn add(&mut self, plan: &Plan) {
        self.size(plan);
    }

    /// What a plan comes to, after what it holds is counted.
    fn size(&mut self, plan: &Plan) -> Size {
        if let Some((_, size)) = self.seen.iter().find(|(seen, _)| seen == plan) {
            return *size;
        }
        let size = self.new_size(plan);
        self.seen.push((plan.clone(), size));
        size
    }

    fn new_size(&mut self, plan: &Plan) -> Size {
        match plan {
            Plan::Scan { population, columns } => {
                let stored = columns.iter().map(|(stored, _)| stored).filter(|stored| *stored != REC);
                self.columns.extend(stored.map(|stored| (population.clone(), stored.clone())));
                let rows = self.expected.populations.get(population).map_or(0, |rows| rows.records);
                Size { rows, of: ALL }
            }
            // A few findings.
            Plan::Rows(relation) => Size { rows: relation.rows.len() as u64, of: ALL << 20 },
            Plan::Filter(input, _) | Plan::Among { input, .. } => self.listed(input, ALL),
            Plan::Part { input, of, .. } => self.listed(input, ALL * u64::from((*of).max(1))),
            Plan::Repeated { input, .. } => {
                self.made += self.size(input).rows * COUNTED;
                self.listed(input, ALL * REPEATED)
            }
            Plan::Project(input, _) | Plan::Extend(input, _) | Plan::Unique { input, .. } => self.size(input),
            Plan::Once(input, names) => {
                let size = self.size(input);
                self.made += size.rows * names.iter().map(|name| width(input.ty(name))).sum::<u64>();
                size
            }
            Plan::Neighbours { input, .. } => {
                let size = self.size(input);
                self.made += size.rows * NEIGHBOURS;
                size
            }
            Plan::InForce(force) => {
                self.made += self.size(&force.reference).rows * IN_FORCE;
                self.size(&force.input)
            }
            Plan::Join { left, right, on, how } => {
                let others = self.indexed(right, on);
                match how {
                    Join::Left => self.size(left),
                    Join::Inner => {
                        let size = self.size(left);
                        let rows = size.rows.max(others.rows);
                        self.made += rows * 2 * ROW;
                        Size { rows, ..size }
                    }
                    Join::Semi if others.of > ALL => self.listed(left, (others.of * ALL / UNEVEN).max(ALL)),
                    Join::Semi | Join::Anti => self.listed(left, ALL),
                }
            }
            Plan::Aggregate { input, keys, aggs } => {
                let size = self.size(input);
                if keys.is_empty() {
                    return Size { rows: 1, ..size };
                }
                let size = if in_groups(input) { size.one_in(ALL * REPEATED) } else { size };
                let key: u64 = keys.iter().map(|key| width(input.ty(key))).sum();
                let found = if keys.len() > 1 { key + PLACE } else { PLACE };
                let values = aggs.iter().map(|(_, agg)| match agg {
                    Agg::Sum(of) | Agg::Min(of) | Agg::Max(of) | Agg::Any(of) => width(input.ty(of)),
                    Agg::Count | Agg::Missing(_) | Agg::True(_) => width(Some(Ty::INT)),
                });
                self.made += size.rows * (key + found + values.sum::<u64>());
                size
            }
            Plan::Union(inputs) => {
                let rows = inputs.iter().map(|input| self.size(input).rows).sum();
                self.made += rows * plan.columns().iter().map(|column| width(Some(column.ty))).sum::<u64>();
                Size { rows, of: ALL }
            }
        }
    }

    /// A list of some of the rows.
    fn listed(&mut self, input: &Plan, of: u64) -> Size {
        let size = self.size(input).one_in(of);
        self.made += size.rows * ROW;
        size
    }

    /// The right side of a join, with an index by its keys; groups have theirs.
    fn indexed(&mut self, right: &Plan, on: &[(String, String)]) -> Size {
        let known = self.seen.iter().any(|(seen, _)| seen == right);
        let size = self.size(right);
        if !known && !matches!(right, Plan::Aggregate { .. }) {
            let key: u64 = on.iter().map(|(_, key)| width(right.ty(key))).sum();
            // The key columns as they are while the index is made, and the keys that it keeps.
            self.made += size.rows * (PLACE + if on.len() > 1 { 2 * key } else { key });
        }
        size
    }
}

/// Whether rows have neighbours in their groups: then there are many in each.
fn in_groups(plan: &Plan) -> bool {
    match plan {
        Plan::Neighbours { .. } => true,
        Plan::Filter(input, _) | Plan::Project(input, _) | Plan::Extend(input, _) => in_groups(input),
        _ => false,
    }
}

/// Bytes of a value that is held by itself.
fn width(ty: Option<Ty>) -> u64 {
    match ty {
        Some(Ty::Num { .. }) => 8,
        Some(Ty::Bool) => 1,
        _ => 4,
    }
}
