//! Plans over fewer records: those that have some keys, some given ones, or one part of so many.

use std::sync::Arc;

use tieout_ingest::store::REC;

use super::{InForce, Join, Plan};
use crate::expr::{Expr, Node};
use crate::value::{Column, Relation, Ty};

/// Some records of the population under test.
#[derive(Clone, Debug)]
pub enum Few {
    /// One of so many parts.
    Part {
        /// Which one, from 0.
        number: u32,
        /// How many there are.
        of: u32,
    },
    /// Those whose `__rec` is in the only column.
    Records(Arc<Relation>),
}

impl Few {
    /// Those of them that a scan with a record column brings.
    fn of(&self, scan: Plan, rec: &str) -> Plan {
        match self {
            Self::Part { number, of } => scan.part(&[], *number, *of),
            Self::Records(records) => {
                let key = records.columns[0].name.clone();
                scan.join(Plan::Rows(records.clone()), vec![(rec.to_owned(), key)], Join::Semi)
            }
        }
    }
}

impl Plan {
    /// One of so many parts of the rows, in which rows with the same keys are together.
    #[must_use]
    pub fn part(self, keys: &[String], number: u32, of: u32) -> Self {
        Self::Part { input: Box::new(self), keys: keys.to_vec(), number, of }
    }

    /// The same rows where `column` is one of the keys (one column of them), and perhaps others: restricts the records as they
    /// are read, before they meet their parents or are grouped, where the column is one of the scan's own.
    #[must_use]
    pub fn near(self, column: &str, keys: &Plan) -> Self {
        let restricted = |plan: Self| {
            let key = keys.columns()[0].name.clone();
            plan.join(keys.clone(), vec![(column.to_owned(), key)], Join::Semi)
        };
        match self {
            Self::Scan { ref columns, .. } if columns.iter().any(|(_, own)| own.name == column) => restricted(self),
            // All rows are counted.
            Self::Repeated { .. } if self.ty(column).is_some() => restricted(self),
            Self::Filter(input, condition) => Self::Filter(Box::new(input.near(column, keys)), condition),
            Self::Once(input, columns) => Self::Once(Box::new(input.near(column, keys)), columns),
            Self::InForce(force) => {
                Self::InForce(Box::new(InForce { input: force.input.near(column, keys), ..*force }))
            }
            Self::Join { left, right, on, how } => {
                Self::Join { left: Box::new(left.near(column, keys)), right, on, how }
            }
            Self::Extend(input, columns) => match made(&columns, column) {
                Some(Made::Copy(of)) => Self::Extend(Box::new(input.near(of, keys)), columns),
                Some(Made::Computed) => Self::Extend(input, columns),
                None => Self::Extend(Box::new(input.near(column, keys)), columns),
            },
            Self::Project(input, columns) => match made(&columns, column) {
                Some(Made::Copy(of)) => Self::Project(Box::new(input.near(of, keys)), columns),
                _ => Self::Project(input, columns),
            },
            // All rows of a group have the key.
            Self::Aggregate { input, keys: group, aggs } if group.iter().any(|key| key == column) => {
                Self::Aggregate { input: Box::new(input.near(column, keys)), keys: group, aggs }
            }
            Self::Unique { input, keys: group, count } if group.iter().any(|key| key == column) => {
                Self::Unique { input: Box::new(input.near(column, keys)), keys: group, count }
            }
            other => other,
        }
    }

    /// The rows of some records of the population that the plan is of, and of what stands beside them as little as may be;
    /// `None` where a row depends on other records of that population.
    pub fn few(&self, few: &Few) -> Option<Self> {
        let base = self.base()?;
        let Self::Scan { columns, .. } = base else { return None };
        let rec = &columns.iter().find(|(stored, _)| stored == REC)?.1.name;
        Some(self.over(base, rec, few))
    }

    /// The scan whose every record becomes a row, or none, or some, by itself.
    fn base(&self) -> Option<&Self> {
        match self {
            Self::Scan { .. } => Some(self),
            Self::Filter(input, _)
            | Self::Project(input, _)
            | Self::Extend(input, _)
            | Self::Once(input, _)
            | Self::Among { input, .. }
            | Self::Join { left: input, .. } => input.base(),
            Self::InForce(force) => force.input.base(),
            Self::Rows(_)
            | Self::Part { .. }
            | Self::Repeated { .. }
            | Self::Neighbours { .. }
            | Self::Aggregate { .. }
            | Self::Union(_)
            | Self::Unique { .. } => None,
        }
    }

    fn over(&self, base: &Self, rec: &str, few: &Few) -> Self {
        let again = |input: &Self| Box::new(input.over(base, rec, few));
        match self {
            Self::Filter(input, condition) => Self::Filter(again(input), condition.clone()),
            Self::Project(input, columns) => Self::Project(again(input), columns.clone()),
            Self::Extend(input, columns) => Self::Extend(again(input), columns.clone()),
            Self::Once(input, columns) => Self::Once(again(input), columns.clone()),
            Self::Among { input, rec, held } => Self::Among { input: again(input), rec: rec.clone(), held: *held },
            Self::InForce(force) => {
                Self::InForce(Box::new(InForce { input: force.input.over(base, rec, few), ..InForce::clone(force) }))
            }
            Self::Join { left, right, on, how } => {
                let own = on.iter().find_map(|(own, theirs)| Some((left.stored(own)?, theirs)));
                let right = match own {
                    Some((own, theirs)) => right.as_ref().clone().near(theirs, &keys_of(base, rec, (own, few))),
                    None => right.as_ref().clone(),
                };
                Self::Join { left: again(left), right: Box::new(right), on: on.clone(), how: *how }
            }
            scan => few.of(scan.clone(), rec),
        }
    }

    /// The stored column, and its type, that a column is of the scan that `base` finds.
    fn stored(&self, column: &str) -> Option<(&str, Ty)> {
        match self {
            Self::Scan { columns, .. } => {
                columns.iter().find(|(_, own)| own.name == column).map(|(stored, own)| (stored.as_str(), own.ty))
            }
            Self::Filter(input, _)
            | Self::Once(input, _)
            | Self::Among { input, .. }
            | Self::Join { left: input, .. } => input.stored(column),
            Self::InForce(force) => force.input.stored(column),
            Self::Extend(input, columns) | Self::Project(input, columns) => match made(columns, column) {
                Some(Made::Copy(of)) => input.stored(of),
                Some(Made::Computed) => None,
                None => input.stored(column),
            },
            _ => None,
        }
    }
}

/// What some records have in one of their own columns.
fn keys_of(base: &Plan, rec: &str, ((stored, ty), few): ((&str, Ty), &Few)) -> Plan {
    let Plan::Scan { population, .. } = base else { return base.clone() };
    let key = Column { name: format!("near.{stored}"), ty };
    let mut columns = vec![(REC.to_owned(), Column { name: rec.to_owned(), ty: Ty::INT })];
    columns.push((stored.to_owned(), key.clone()));
    let scan = Plan::Scan { population: population.clone(), columns };
    few.of(scan, rec).project(vec![(key.name.clone(), Expr::col(key.name, ty))])
}

/// Where a column of an `Extend` or a `Project` comes from.
enum Made<'p> {
    /// Another column as it is.
    Copy(&'p str),
    /// An expression.
    Computed,
}

fn made<'p>(columns: &'p [(String, Expr)], column: &str) -> Option<Made<'p>> {
    let (_, expr) = columns.iter().find(|(name, _)| name == column)?;
    Some(match &expr.node {
        Node::Col(of) => Made::Copy(of),
        _ => Made::Computed,
    })
}
