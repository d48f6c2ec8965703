//! The reference engine: plain loops over plain rows, arithmetic on big integers; the oracle of every test.
//!
//! It shares the tree with the default engine and nothing else: its own joins, its own groups, its own rounding.

mod in_force;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;

use super::{Engine, EngineError};
use crate::expr::eval::evaluate;
use crate::plan::{Agg, Join, Plan};
use crate::value::{Relation, Value};

/// Populations as plain rows.
#[derive(Default)]
pub struct Reference {
    /// By canonical name; columns as stored.
    pub tables: BTreeMap<String, Relation>,
    /// What it holds.
    pub held: RefCell<Vec<BTreeSet<Value>>>,
}

impl Engine for Reference {
    fn run(&self, plans: &[Plan]) -> Result<Vec<Relation>, EngineError> {
        plans.iter().map(|plan| self.plan(plan)).collect()
    }

    fn hold(&self, _population: &str, plans: &[Plan]) -> Result<usize, EngineError> {
        let found = self.run(plans)?.into_iter().flat_map(|found| found.rows);
        self.held.borrow_mut().push(found.flatten().collect());
        Ok(self.held.borrow().len() - 1)
    }

    fn judges_everything(&self) -> bool {
        true
    }
}

impl Reference {
    fn plan(&self, plan: &Plan) -> Result<Relation, EngineError> {
        let columns = plan.columns();
        let rows = match plan {
            Plan::Scan { population, columns } => {
                let table =
                    self.tables.get(population).ok_or_else(|| EngineError(format!("no population {population}")))?;
                let picks: Vec<usize> = columns.iter().map(|(stored, _)| table.index(stored)).collect();
                table.rows.iter().map(|row| picks.iter().map(|&pick| row[pick].clone()).collect()).collect()
            }
            Plan::Rows(relation) => relation.rows.clone(),
            Plan::Repeated { input, keys, times } => {
                let input = self.plan(input)?;
                let many = groups(&input, keys).into_values().filter(|members| members.len() as u64 >= *times);
                let kept: BTreeSet<usize> = many.flatten().collect();
                kept.into_iter().map(|row| input.rows[row].clone()).collect()
            }
            Plan::Neighbours { input, keys, number, .. } => {
                let input = self.plan(input)?;
                let at = input.index(number);
                let mut rows = input.rows.clone();
                for members in groups(&input, keys).into_values() {
                    let values =
                        || members.iter().map(|&member| &input.rows[member][at]).filter(|value| !value.is_null());
                    for &member in &members {
                        let own = &input.rows[member][at];
                        let lower = values().filter(|value| !own.is_null() && *value < own).max();
                        let higher = values().filter(|value| !own.is_null() && *value > own).min();
                        let first = members.iter().find(|&&member| input.rows[member][at] == *own) == Some(&member);
                        let one = if own.is_null() { Value::Null } else { Value::Bool(first) };
                        rows[member].extend([lower, higher].map(|value| value.cloned().unwrap_or(Value::Null)));
                        rows[member].push(one);
                    }
                }
                rows
            }
            Plan::Among { input, rec, held } => {
                let input = self.plan(input)?;
                let (at, held) = (input.index(rec), &self.held.borrow()[*held]);
                input.rows.iter().filter(|row| held.contains(&row[at])).cloned().collect()
            }
            Plan::Once(input, _) => self.plan(input)?.rows,
            Plan::Part { input, keys, number, of } => {
                let input = self.plan(input)?;
                let groups: Vec<Vec<usize>> = match keys.is_empty() {
                    true => (0..input.rows.len()).map(|row| vec![row]).collect(),
                    false => groups(&input, keys).into_values().collect(),
                };
                let own = groups.into_iter().skip(*number as usize).step_by(*of as usize).flatten();
                own.map(|row| input.rows[row].clone()).collect()
            }
            Plan::InForce(force) => in_force::in_force(force, &self.plan(&force.input)?, &self.plan(&force.reference)?),
            Plan::Filter(input, condition) => {
                let input = self.plan(input)?;
                let keep = |row: &&Vec<Value>| evaluate(condition, &input, row) == Value::Bool(true);
                input.rows.iter().filter(keep).cloned().collect()
            }
            Plan::Project(input, exprs) => {
                let input = self.plan(input)?;
                input
                    .rows
                    .iter()
                    .map(|row| exprs.iter().map(|(_, expr)| evaluate(expr, &input, row)).collect())
                    .collect()
            }
            Plan::Extend(input, exprs) => {
                let input = self.plan(input)?;
                let extend = |row: &Vec<Value>| {
                    let mut wide = row.clone();
                    wide.extend(exprs.iter().map(|(_, expr)| evaluate(expr, &input, row)));
                    wide
                };
                input.rows.iter().map(extend).collect()
            }
            Plan::Join { left, right, on, how } => join(&self.plan(left)?, &self.plan(right)?, on, *how),
            Plan::Aggregate { input, keys, aggs } => aggregate(&self.plan(input)?, keys, aggs)?,
            Plan::Union(inputs) => {
                let mut rows = Vec::new();
                for input in inputs {
                    rows.extend(self.plan(input)?.rows);
                }
                rows
            }
            Plan::Unique { input, keys, .. } => unique(&self.plan(input)?, keys),
        };
        Ok(Relation { columns, rows })
    }
}

fn join(left: &Relation, right: &Relation, on: &[(String, String)], how: Join) -> Vec<Vec<Value>> {
    let left_keys: Vec<usize> = on.iter().map(|(key, _)| left.index(key)).collect();
    let right_keys: Vec<usize> = on.iter().map(|(_, key)| right.index(key)).collect();
    let carried: Vec<usize> = (0..right.columns.len()).filter(|index| !right_keys.contains(index)).collect();
    let mut rows = Vec::new();
    for row in &left.rows {
        let matches: Vec<&Vec<Value>> = right
            .rows
            .iter()
            .filter(|other| left_keys.iter().zip(&right_keys).all(|(&a, &b)| !row[a].is_null() && row[a] == other[b]))
            .collect();
        let widen = |other: Option<&Vec<Value>>| {
            let mut wide = row.clone();
            wide.extend(carried.iter().map(|&index| other.map_or(Value::Null, |other| other[index].clone())));
            wide
        };
        match how {
            Join::Semi if !matches.is_empty() => rows.push(row.clone()),
            Join::Anti if matches.is_empty() => rows.push(row.clone()),
            Join::Semi | Join::Anti => {}
            Join::Left if matches.is_empty() => rows.push(widen(None)),
            Join::Left | Join::Inner => rows.extend(matches.into_iter().map(|other| widen(Some(other)))),
        }
    }
    rows
}

fn groups(input: &Relation, keys: &[String]) -> BTreeMap<Vec<Value>, Vec<usize>> {
    let picks: Vec<usize> = keys.iter().map(|key| input.index(key)).collect();
    let mut groups: BTreeMap<Vec<Value>, Vec<usize>> = BTreeMap::new();
    for (index, row) in input.rows.iter().enumerate() {
        groups.entry(picks.iter().map(|&pick| row[pick].clone()).collect()).or_default().push(index);
    }
    groups
}

fn aggregate(input: &Relation, keys: &[String], aggs: &[(String, Agg)]) -> Result<Vec<Vec<Value>>, EngineError> {
    let mut rows = Vec::new();
    for (key, members) in groups(input, keys) {
        let mut row = key;
        for (_, agg) in aggs {
            let values = |column: &String| {
                let index = input.index(column);
                members.iter().map(move |&member| &input.rows[member][index])
            };
            let count = |count: usize| Value::Num(i128::try_from(count).unwrap_or(i128::MAX));
            row.push(match agg {
                Agg::Count => count(members.len()),
                Agg::Sum(column) => {
                    let sum: BigInt = values(column).filter_map(Value::num).map(BigInt::from).sum();
                    number(&sum)?
                }
                Agg::Missing(column) => count(values(column).filter(|value| value.is_null()).count()),
                Agg::True(column) => count(values(column).filter(|value| **value == Value::Bool(true)).count()),
                Agg::Any(column) => values(column).next().cloned().unwrap_or(Value::Null),
                Agg::Min(column) => {
                    values(column).filter(|value| !value.is_null()).min().cloned().unwrap_or(Value::Null)
                }
                Agg::Max(column) => {
                    values(column).filter(|value| !value.is_null()).max().cloned().unwrap_or(Value::Null)
                }
            });
        }
        rows.push(row);
    }
    Ok(rows)
}

fn unique(input: &Relation, keys: &[String]) -> Vec<Vec<Value>> {
    let is_key: Vec<bool> = input.columns.iter().map(|column| keys.contains(&column.name)).collect();
    let mut rows = Vec::new();
    for (key, members) in groups(input, keys) {
        if key.iter().any(Value::is_null) {
            continue;
        }
        let mut row = input.rows[members[0]].clone();
        if members.len() > 1 {
            for (value, key) in row.iter_mut().zip(&is_key) {
                if !key {
                    *value = Value::Null;
                }
            }
        }
        row.push(Value::Num(i128::try_from(members.len()).unwrap_or(i128::MAX)));
        rows.push(row);
    }
    rows
}

fn number(big: &BigInt) -> Result<Value, EngineError> {
    i128::try_from(big).map(Value::Num).map_err(|_| EngineError("a sum exceeds the largest exact integer".to_owned()))
}
