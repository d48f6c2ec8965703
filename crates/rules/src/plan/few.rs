//! Plans over fewer records: those that have some keys, some given ones, or one part of so many.

use std::sync::Arc;

use tieout_ingest::store::REC;

use super::{InForce, Join, Plan};
use crate::expr::{Expr, Node};
use crate::value::{Column, Relation, Ty};

/// Some records of the population under test.
#[derive(Clone, Debug)]
pub enum Few {
    /// All of them.
    All,
    /// One of so many parts.
    Part {
        /// Which one, from 0.
        number: u32,
        /// How many there are.
        of: u32,
    },
    /// Those whose `__rec` is in the only column.
    Records(Arc<Relation>),
    /// Those that `Engine::hold` holds; what stands beside them is made as for all records.
    Held(usize),
}

impl Few {
    /// Those of them that a scan with a record column brings.
    fn of(&self, scan: Plan, rec: &str) -> Plan {
        match self {
            Self::All => scan,
            Self::Part { number, of } => scan.part(&[], *number, *of),
            Self::Records(records) => {
                let key = records.columns[0].name.clone();
                scan.join(Plan::Rows(records.clone()), vec![(rec.to_owned(), key)], Join::Semi)
            }
            Self::Held(held) => Plan::Among { input: Box::new(scan), rec: rec.to_owned(), held: *held },
        }
    }
}

impl Plan {
    /// One of so many parts of the rows, in which rows with the same keys are together.
    #[must_use]
    pub fn part(self, keys: &[String], number: u32, of: u32) -> Self {
        Self::Part { input: Box::new(self), keys: keys.to_vec(), number, of }
    }

    /// The same rows where `column` is one of the keys (the first column of them), and perhaps others: restricts the records as
    /// they are read, before they meet their parents or are grouped, where the column is one of the scan's own.
    #[must_use]
    pub fn near(self, column: &str, keys: &Self) -> Self {
        let key = keys.columns()[0].name.clone();
        self.near_all(&[(column.to_owned(), key)], keys, 1)
    }

    /// As `near`, of several columns: pairs of a column and that of the keys. So many of them have to be the scan's own.
    fn near_all(self, on: &[(String, String)], keys: &Self, least: usize) -> Self {
        let kept = |wanted: &dyn Fn(&str) -> bool| -> Vec<(String, String)> {
            on.iter().filter(|(column, _)| wanted(column)).cloned().collect()
        };
        if on.len() < least {
            return self;
        }
        match self {
            Self::Scan { ref columns, .. } => {
                let own = kept(&|column| columns.iter().any(|(_, own)| own.name == column));
                if own.len() < least { self } else { self.join(keys.clone(), own, Join::Semi) }
            }
            // All rows are counted.
            Self::Repeated { .. } => {
                let own = kept(&|column| self.ty(column).is_some());
                if own.len() < least { self } else { self.join(keys.clone(), own, Join::Semi) }
            }
            Self::Filter(input, condition) => Self::Filter(Box::new(input.near_all(on, keys, least)), condition),
            Self::Once(input, columns) => Self::Once(Box::new(input.near_all(on, keys, least)), columns),
            Self::InForce(force) => {
                Self::InForce(Box::new(InForce { input: force.input.near_all(on, keys, least), ..*force }))
            }
            Self::Join { left, right, on: pairs, how } => {
                Self::Join { left: Box::new(left.near_all(on, keys, least)), right, on: pairs, how }
            }
            Self::Extend(input, columns) => {
                let on = copied(&columns, on, true);
                Self::Extend(Box::new(input.near_all(&on, keys, least)), columns)
            }
            Self::Project(input, columns) => {
                let on = copied(&columns, on, false);
                Self::Project(Box::new(input.near_all(&on, keys, least)), columns)
            }
            // All rows of a group have the key.
            Self::Aggregate { input, keys: group, aggs } => {
                let on = kept(&|column| group.iter().any(|key| key == column));
                Self::Aggregate { input: Box::new(input.near_all(&on, keys, least)), keys: group, aggs }
            }
            Self::Unique { input, keys: group, count } => {
                let on = kept(&|column| group.iter().any(|key| key == column));
                Self::Unique { input: Box::new(input.near_all(&on, keys, least)), keys: group, count }
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
        Some(self.over(base, (rec, few), &|_| !matches!(few, Few::Held(_))))
    }

    /// The same rows, of plans that sum or list records of other populations: only what the records ask for, where these are
    /// fewer by far. `records` tells how many a population has.
    #[must_use]
    pub fn lean(self, records: &dyn Fn(&str) -> u64) -> Self {
        let Some(base) = self.base() else { return self };
        let Self::Scan { population, columns } = base else { return self };
        let own = records(population);
        let Some((_, rec)) = columns.iter().find(|(stored, _)| stored == REC) else { return self };
        let many = |right: &Self| match right {
            // An index over stored columns is made once for all rules.
            Self::Unique { .. } | Self::Scan { .. } => false,
            Self::Aggregate { input, .. } | Self::Extend(input, _) => {
                let theirs = input.first_scan().map_or(0, records);
                theirs > own * FEW
            }
            _ => false,
        };
        self.over(base, (&rec.name, &Few::All), &many)
    }

    /// The population from which the rows of a plan, or of the groups that it makes, come.
    fn first_scan(&self) -> Option<&str> {
        match self.base()? {
            Self::Scan { population, .. } => Some(population),
            _ => None,
        }
    }

    /// How often a plan stands in this one.
    pub fn times(&self, plan: &Self) -> usize {
        if self == plan {
            return 1;
        }
        self.inputs().into_iter().map(|input| input.times(plan)).sum()
    }

    /// The scan whose every record becomes a row, or none, or some, by itself.
    pub fn base(&self) -> Option<&Self> {
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

    /// `restricts` says of the right side of a join whether it is restricted to what is asked for.
    fn over(&self, base: &Self, (own_rec, few): (&str, &Few), restricts: &dyn Fn(&Self) -> bool) -> Self {
        let again = |input: &Self| Box::new(input.over(base, (own_rec, few), restricts));
        match self {
            Self::Filter(input, condition) => Self::Filter(again(input), condition.clone()),
            Self::Project(input, columns) => Self::Project(again(input), columns.clone()),
            Self::Extend(input, columns) => Self::Extend(again(input), columns.clone()),
            Self::Once(input, columns) => Self::Once(again(input), columns.clone()),
            Self::Among { input, rec, held } => Self::Among { input: again(input), rec: rec.clone(), held: *held },
            Self::InForce(force) => {
                Self::InForce(Box::new(InForce { input: *again(&force.input), ..InForce::clone(force) }))
            }
            Self::Join { left, right, on, how } => {
                let own = on.iter().filter_map(|(own, theirs)| Some((left.stored(own)?, theirs.clone())));
                // Of a part the first column is enough to leave out most of the others.
                let own: Vec<_> = own.take(if matches!(few, Few::Part { .. }) { 1 } else { usize::MAX }).collect();
                let right = match own.is_empty() || !restricts(right) {
                    true if matches!(few, Few::All) => right.within(base, own_rec, restricts),
                    true => right.as_ref().clone(),
                    false => {
                        let (stored, theirs): (Vec<_>, Vec<_>) = own.into_iter().unzip();
                        let keys = keys_of(base, own_rec, (&stored, few));
                        let names = keys.columns().into_iter().map(|column| column.name);
                        let on: Vec<(String, String)> = theirs.into_iter().zip(names).collect();
                        right.as_ref().clone().near_all(&on, &keys, on.len())
                    }
                };
                Self::Join { left: again(left), right: Box::new(right), on: on.clone(), how: *how }
            }
            scan => few.of(scan.clone(), own_rec),
        }
    }

    /// Sums by record of pairs with the records themselves: of the pairs' other side, likewise, what these ask for.
    fn within(&self, base: &Self, rec: &str, restricts: &dyn Fn(&Self) -> bool) -> Self {
        let again = |input: &Self| Box::new(input.within(base, rec, restricts));
        match self {
            Self::Join { .. } if self.base() == Some(base) => self.over(base, (rec, &Few::All), restricts),
            Self::Filter(input, condition) => Self::Filter(again(input), condition.clone()),
            Self::Project(input, columns) => Self::Project(again(input), columns.clone()),
            Self::Extend(input, columns) => Self::Extend(again(input), columns.clone()),
            Self::Aggregate { input, keys, aggs } => {
                Self::Aggregate { input: again(input), keys: keys.clone(), aggs: aggs.clone() }
            }
            other => other.clone(),
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

/// Of a population more than so many times as large as another only what that one asks for is looked at; in a build for
/// development always, so that tests over a few records meet it.
const FEW: u64 = if cfg!(debug_assertions) { 0 } else { 16 };

/// What some records have in some of their own columns.
fn keys_of(base: &Plan, rec: &str, (stored, few): (&[(&str, Ty)], &Few)) -> Plan {
    let Plan::Scan { population, .. } = base else { return base.clone() };
    let key = |at: usize, ty: Ty| Column { name: format!("near.{at}.{}", stored[at].0), ty };
    let keys: Vec<Column> = stored.iter().enumerate().map(|(at, (_, ty))| key(at, *ty)).collect();
    let mut columns = vec![(REC.to_owned(), Column { name: rec.to_owned(), ty: Ty::INT })];
    columns.extend(stored.iter().zip(&keys).map(|((stored, _), key)| ((*stored).to_owned(), key.clone())));
    let scan = Plan::Scan { population: population.clone(), columns };
    let columns = keys.into_iter().map(|key| (key.name.clone(), Expr::col(key.name, key.ty)));
    few.of(scan, rec).project(columns.collect())
}

/// Of pairs the first column as it is in the input; one that is computed is left out.
fn copied(columns: &[(String, Expr)], on: &[(String, String)], others: bool) -> Vec<(String, String)> {
    let of = |column: &str| match made(columns, column) {
        Some(Made::Copy(of)) => Some(of.to_owned()),
        Some(Made::Computed) => None,
        None => others.then(|| column.to_owned()),
    };
    on.iter().filter_map(|(column, key)| Some((of(column)?, key.clone()))).collect()
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
