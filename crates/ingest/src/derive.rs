//! Records of one key become one record of another population (lines → invoices).
//!
//! Folding is done over rows after overlapping extracts were merged, so that no line counts twice.

use std::collections::HashMap;

use polars::prelude::{DataFrame, PolarsResult};
use tieout_model::types::Physical;

use crate::convert::column::Builder;
use crate::convert::{Column, Value};
use crate::gather::count_unreadable;
use crate::plan::{DerivePlan, DerivedPlan};
use crate::profile::FoldRule;
use crate::store::{REC, UNREADABLE};

/// Groups so far.
pub(crate) struct Fold {
    plan: DerivePlan,
    groups: HashMap<Vec<u8>, usize>,
    records: Vec<i64>,
    columns: Vec<Folding>,
    key: Vec<u8>,
    last: Option<usize>,
    /// Records without a complete key.
    pub keyless: u64,
    /// By column: groups that disagree, and the first and last record that disagrees.
    pub disagreements: Vec<(u64, i64, i64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Empty,
    Present,
    Unreadable,
}

struct Folding {
    states: Vec<State>,
    numbers: Vec<i128>,
    texts: Vec<Box<str>>,
}

/// One cell of a frame.
enum Cell<'a> {
    Empty,
    Unreadable,
    Number(i128),
    Text(&'a str),
}

impl Fold {
    pub fn new(plan: &DerivePlan) -> Self {
        let folding = |_: &DerivedPlan| Folding { states: Vec::new(), numbers: Vec::new(), texts: Vec::new() };
        Self {
            groups: HashMap::new(),
            records: Vec::new(),
            columns: plan.columns.iter().map(folding).collect(),
            key: Vec::new(),
            last: None,
            keyless: 0,
            disagreements: vec![(0, 0, 0); plan.columns.len()],
            plan: plan.clone(),
        }
    }

    /// Columns of the frame that it reads.
    pub fn reads(&self) -> Vec<String> {
        let mut names = vec![REC.to_owned()];
        for name in self.plan.key.iter().chain(self.plan.columns.iter().map(|column| &column.from)) {
            for name in [name.clone(), format!("{name}{UNREADABLE}")] {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Folds a frame in.
    pub fn add(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        let rows = frame.height();
        let records = frame.column(REC)?.i64()?;
        let groups = self.group(frame)?;
        let groups: Vec<Option<usize>> =
            groups.into_iter().zip(records.iter()).map(|(key, record)| self.settle(key, record.unwrap_or(0))).collect();
        for index in 0..self.plan.columns.len() {
            let plan = self.plan.columns[index].clone();
            let folding = &mut self.columns[index];
            folding.states.resize(self.records.len(), State::Empty);
            if plan.ty.physical() == Physical::Text {
                folding.texts.resize(self.records.len(), Box::default());
            } else {
                folding.numbers.resize(self.records.len(), 0);
            }
            let Ok(column) = frame.column(&plan.from) else { continue };
            let marks = if count_unreadable(frame, &plan.from) > 0 {
                Some(frame.column(&format!("{}{UNREADABLE}", plan.from))?.bool()?)
            } else {
                None
            };
            let bad = |row: usize| marks.is_some_and(|marks| marks.get(row) == Some(true));
            let mut fold = |row: usize, cell: Cell<'_>| {
                let Some(group) = groups[row] else { return };
                let first = records.get(row) == Some(self.records[group]);
                if folding.fold(group, plan.rule, cell, first) {
                    let note = &mut self.disagreements[index];
                    let record = records.get(row).unwrap_or(0);
                    *note = (note.0 + 1, if note.0 == 0 { record } else { note.1 }, record);
                }
            };
            let number = |value: Option<i128>, row: usize| match value {
                _ if bad(row) => Cell::Unreadable,
                Some(value) => Cell::Number(value),
                None => Cell::Empty,
            };
            match plan.ty.physical() {
                Physical::Text => {
                    let all = column.str()?;
                    for row in 0..rows {
                        match all.get(row) {
                            _ if bad(row) => fold(row, Cell::Unreadable),
                            Some(text) => fold(row, Cell::Text(text)),
                            None => fold(row, Cell::Empty),
                        }
                    }
                }
                Physical::Units => {
                    column
                        .i64()?
                        .iter()
                        .enumerate()
                        .for_each(|(row, value)| fold(row, number(value.map(i128::from), row)));
                }
                Physical::Date => {
                    column
                        .i32()?
                        .iter()
                        .enumerate()
                        .for_each(|(row, value)| fold(row, number(value.map(i128::from), row)));
                }
                Physical::Bool => {
                    column
                        .bool()?
                        .iter()
                        .enumerate()
                        .for_each(|(row, value)| fold(row, number(value.map(i128::from), row)));
                }
            }
        }
        Ok(())
    }

    /// The key bytes of every row; `None` where a part is empty.
    fn group(&self, frame: &DataFrame) -> PolarsResult<Vec<Option<Vec<u8>>>> {
        let mut keys: Vec<Option<Vec<u8>>> = vec![Some(Vec::new()); frame.height()];
        for name in &self.plan.key {
            let column = frame.column(name)?;
            if let Ok(all) = column.str() {
                for (key, part) in keys.iter_mut().zip(all.iter()) {
                    extend(key, part.map(str::as_bytes));
                }
            } else if let Ok(all) = column.i64() {
                for (key, part) in keys.iter_mut().zip(all.iter()) {
                    extend(key, part.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
                }
            } else {
                for (key, part) in keys.iter_mut().zip(column.i32()?.iter()) {
                    extend(key, part.map(i32::to_be_bytes).as_ref().map(<[u8; 4]>::as_slice));
                }
            }
        }
        Ok(keys)
    }

    fn settle(&mut self, key: Option<Vec<u8>>, record: i64) -> Option<usize> {
        let Some(key) = key else {
            self.keyless += 1;
            return None;
        };
        if let (true, Some(last)) = (key == self.key, self.last) {
            return Some(last);
        }
        let group = match self.groups.get(&key) {
            Some(group) => *group,
            None => {
                self.records.push(record);
                self.groups.insert(key.clone(), self.records.len() - 1);
                self.records.len() - 1
            }
        };
        self.key = key;
        self.last = Some(group);
        Some(group)
    }

    /// The derived records in order of first appearance: record of each, and the columns.
    pub fn finish(self) -> (Vec<i64>, Vec<(DerivedPlan, Column)>) {
        let groups = self.records.len();
        let mut columns = Vec::new();
        for (plan, folding) in self.plan.columns.into_iter().zip(self.columns) {
            let mut builder = Builder::new(plan.ty, groups);
            for group in 0..groups {
                match folding.states.get(group) {
                    Some(State::Present) => match folding.value(group, plan.ty.physical()) {
                        Some(value) => builder.push(value),
                        // A sum beyond 64 bits.
                        None => builder.absent(true),
                    },
                    Some(State::Unreadable) => builder.absent(true),
                    _ => builder.absent(false),
                }
            }
            columns.push((plan, builder.finish()));
        }
        (self.records, columns)
    }
}

impl Folding {
    /// Folds one cell in; true if it is the first of its group to disagree.
    fn fold(&mut self, group: usize, rule: FoldRule, cell: Cell<'_>, first: bool) -> bool {
        let state = self.states[group];
        if state == State::Unreadable || rule == FoldRule::First && !first {
            return false;
        }
        match cell {
            Cell::Unreadable => self.states[group] = State::Unreadable,
            // A sum with an unknown part is unknown; elsewhere an empty cell says nothing.
            Cell::Empty if rule == FoldRule::Sum => {
                self.states[group] = State::Empty;
                self.numbers[group] = i128::MIN;
            }
            Cell::Empty => {}
            Cell::Number(value) => match (state, rule) {
                (State::Empty, FoldRule::Sum) if self.numbers[group] == i128::MIN => {}
                (State::Empty, _) => {
                    self.states[group] = State::Present;
                    self.numbers[group] = value;
                }
                (_, FoldRule::Sum) => self.numbers[group] += value,
                (_, FoldRule::Min) => self.numbers[group] = self.numbers[group].min(value),
                (_, FoldRule::Max) => self.numbers[group] = self.numbers[group].max(value),
                (_, FoldRule::Agree) if self.numbers[group] != value => {
                    self.states[group] = State::Unreadable;
                    return true;
                }
                (_, FoldRule::Agree | FoldRule::First) => {}
            },
            Cell::Text(text) => match (state, rule) {
                (State::Empty, _) => {
                    self.states[group] = State::Present;
                    self.texts[group] = text.into();
                }
                (_, FoldRule::Min) if text < &*self.texts[group] => self.texts[group] = text.into(),
                (_, FoldRule::Max) if text > &*self.texts[group] => self.texts[group] = text.into(),
                (_, FoldRule::Agree) if text != &*self.texts[group] => {
                    self.states[group] = State::Unreadable;
                    return true;
                }
                _ => {}
            },
        }
        false
    }

    fn value(&self, group: usize, physical: Physical) -> Option<Value<'_>> {
        Some(match physical {
            Physical::Text => Value::Text((&*self.texts[group]).into()),
            Physical::Units => Value::Units(i64::try_from(self.numbers[group]).ok()?, 0),
            Physical::Date => Value::Day(i32::try_from(self.numbers[group]).ok()?),
            Physical::Bool => Value::Flag(self.numbers[group] != 0),
        })
    }
}

fn extend(key: &mut Option<Vec<u8>>, part: Option<&[u8]>) {
    match (key.as_mut(), part) {
        (Some(bytes), Some(part)) => {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        _ => *key = None,
    }
}
