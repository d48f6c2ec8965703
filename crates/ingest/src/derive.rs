//! Records of one key become one record of another population (lines → invoices).
//!
//! Folding is done over rows after overlapping extracts were merged, so that no line counts twice.

use std::cmp::Ordering;
use std::sync::Arc;

use hashbrown::HashMap;
use polars::prelude::{DataFrame, PolarsResult};
use tieout_model::types::Physical;

use crate::convert::column::Builder;
use crate::convert::{Column, Value};
use crate::gather::count_unreadable;
use crate::plan::{DerivePlan, DerivedPlan};
use crate::profile::FoldRule;
use crate::store::{REC, UNREADABLE};
use crate::texts::{NO_TEXT, Texts};

/// Groups so far.
pub(crate) struct Fold {
    plan: DerivePlan,
    texts: Arc<Texts>,
    groups: HashMap<Box<[i64]>, usize>,
    records: Vec<i64>,
    columns: Vec<Folding>,
    key: Vec<i64>,
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
    texts: Vec<u32>,
}

/// One cell of a frame.
#[derive(Clone, Copy)]
enum Cell {
    Empty,
    Unreadable,
    Number(i128),
    Text(u32),
}

impl Fold {
    pub fn new(plan: &DerivePlan, texts: &Arc<Texts>) -> Self {
        let folding = |_: &DerivedPlan| Folding { states: Vec::new(), numbers: Vec::new(), texts: Vec::new() };
        Self {
            texts: Arc::clone(texts),
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
        let records = frame.column(REC)?.i64()?;
        let (keys, complete) = self.keys(frame)?;
        let width = self.plan.key.len();
        let groups: Vec<Option<usize>> = records
            .iter()
            .enumerate()
            .map(|(row, record)| self.settle(&keys[row * width..][..width], complete[row], record.unwrap_or(0)))
            .collect();
        for index in 0..self.plan.columns.len() {
            let plan = self.plan.columns[index].clone();
            let folding = &mut self.columns[index];
            folding.states.resize(self.records.len(), State::Empty);
            if plan.ty.physical() == Physical::Text {
                folding.texts.resize(self.records.len(), NO_TEXT);
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
            let mut fold = |row: usize, cell: Cell| {
                let Some(group) = groups[row] else { return };
                let first = records.get(row) == Some(self.records[group]);
                if folding.fold(group, plan.rule, cell, first, &self.texts) {
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
                    for (row, code) in column.u32()?.iter().enumerate() {
                        match code {
                            _ if bad(row) => fold(row, Cell::Unreadable),
                            Some(code) => fold(row, Cell::Text(code)),
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

    /// The keys of all rows, one after the other, and which of them are complete.
    fn keys(&self, frame: &DataFrame) -> PolarsResult<(Vec<i64>, Vec<bool>)> {
        let width = self.plan.key.len();
        let mut keys = vec![0; frame.height() * width];
        let mut complete = vec![true; frame.height()];
        for (place, name) in self.plan.key.iter().enumerate() {
            let mut put = |(row, part): (usize, Option<i64>)| match part {
                Some(part) => keys[row * width + place] = part,
                None => complete[row] = false,
            };
            let column = frame.column(name)?;
            if let Ok(all) = column.u32() {
                all.iter().map(|part| part.map(i64::from)).enumerate().for_each(&mut put);
            } else if let Ok(all) = column.i64() {
                all.iter().enumerate().for_each(&mut put);
            } else {
                column.i32()?.iter().map(|part| part.map(i64::from)).enumerate().for_each(&mut put);
            }
        }
        Ok((keys, complete))
    }

    fn settle(&mut self, key: &[i64], complete: bool, record: i64) -> Option<usize> {
        if !complete {
            self.keyless += 1;
            return None;
        }
        if let (true, Some(last)) = (key == self.key, self.last) {
            return Some(last);
        }
        let group = match self.groups.get(key) {
            Some(group) => *group,
            None => {
                self.records.push(record);
                self.groups.insert(key.into(), self.records.len() - 1);
                self.records.len() - 1
            }
        };
        self.key.clear();
        self.key.extend_from_slice(key);
        self.last = Some(group);
        Some(group)
    }

    /// The derived records in order of first appearance: record of each, and the columns.
    pub fn finish(self) -> (Vec<i64>, Vec<(DerivedPlan, Column)>) {
        let groups = self.records.len();
        let mut columns = Vec::new();
        for (plan, folding) in self.plan.columns.into_iter().zip(self.columns) {
            let mut builder = Builder::new(plan.ty, groups, &self.texts);
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
    fn fold(&mut self, group: usize, rule: FoldRule, cell: Cell, first: bool, texts: &Texts) -> bool {
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
                    self.texts[group] = text;
                }
                (_, FoldRule::Min) if texts.order(text, self.texts[group]) == Ordering::Less => {
                    self.texts[group] = text;
                }
                (_, FoldRule::Max) if texts.order(text, self.texts[group]) == Ordering::Greater => {
                    self.texts[group] = text;
                }
                (_, FoldRule::Agree) if text != self.texts[group] => {
                    self.states[group] = State::Unreadable;
                    return true;
                }
                _ => {}
            },
        }
        false
    }

    fn value(&self, group: usize, physical: Physical) -> Option<Value<'static>> {
        Some(match physical {
            Physical::Text => Value::Code(self.texts[group]),
            Physical::Units => Value::Units(i64::try_from(self.numbers[group]).ok()?, 0),
            Physical::Date => Value::Day(i32::try_from(self.numbers[group]).ok()?),
            Physical::Bool => Value::Flag(self.numbers[group] != 0),
        })
    }
}
