//! One batch of one file becomes rows of one population.

mod cells;
mod digest;

use std::sync::Arc;

use rayon::prelude::*;
use tieout_model::{Code, ColumnType, RecordRef};

use crate::convert::column::Builder;
use crate::convert::compute::{self, Computed};
use crate::convert::{Column, Value, Values};
use crate::diagnose::{Sighting, Tallies};
use crate::gather::Rows;
use crate::plan::{Bound, ColumnPlan, How, TablePlan};
use crate::profile::CreditSign;
use crate::read::Batch;
use crate::read::typed::{Lettered, Typed};
use crate::texts::{Texts, same};

/// A table that is being read from one file.
pub(crate) struct Reading {
    pub plan: Arc<TablePlan>,
    pub bound: Bound,
    pub headers: Arc<Vec<String>>,
    /// Index of the file.
    pub file: u32,
    /// Negate credit notes.
    pub flip: Flip,
    /// Note keys and contents, because several files feed the population.
    pub track: bool,
    pub texts: Arc<Texts>,
}

/// Which records are credit notes stated positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flip {
    None,
    CreditNotes,
    All,
}

/// What came out of a batch.
pub(crate) struct Part {
    pub stored: Rows,
    pub elsewhere: u64,
    pub tallies: Tallies,
    /// Unreadable cells by column.
    pub unreadable: Vec<(usize, u64)>,
    /// Most decimals written, by column.
    pub decimals: Vec<u8>,
    /// Key of each record, 0 where it has none; only if tracked.
    pub keys: Vec<u128>,
    /// Digest of each record's cells; only if tracked.
    pub contents: Vec<u64>,
    /// Credit notes with positive and with negative control amounts.
    pub signs: Signs,
    /// Which records of the batch are kept.
    pub rows: Vec<u32>,
}

/// Credit notes by the sign of their total as stated, with the line of the first of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signs {
    pub positive: u64,
    pub negative: u64,
    pub first: Option<Sighting>,
}

impl Flip {
    /// From the format; `auto` is settled by what the credit notes show.
    pub fn of(sign: CreditSign, positive: bool) -> Self {
        match sign {
            CreditSign::AsIs => Self::None,
            CreditSign::Positive => Self::CreditNotes,
            CreditSign::Negate => Self::All,
            CreditSign::Auto if positive => Self::CreditNotes,
            CreditSign::Auto => Self::None,
        }
    }
}

impl Reading {
    /// Fields of a record that are read.
    pub fn fields(&self) -> Vec<usize> {
        let mut fields = self.bound.conditions.clone();
        if self.plan.numbers {
            fields.extend(&self.bound.series);
        }
        for (index, column) in self.plan.columns.iter().enumerate() {
            if column.stored || self.track || self.plan.document_type == Some(index) {
                fields.extend(self.bound.fields[index]);
                fields.extend(self.bound.minor[index]);
            }
        }
        fields
    }

    /// Converts a batch. Columns that are not decoded yet are converted beside each other, text where it lies in the cache.
    pub fn convert(&self, batch: &Batch, rows: Vec<u32>) -> Part {
        let credit = self.credit_notes(batch, &rows);
        let own = |index: usize| self.own(batch, &rows, index);
        let all = 0..self.plan.columns.len();
        let made: Vec<Option<(Column, Tallies)>> =
            if batch.typed.is_empty() { all.map(own).collect() } else { all.into_par_iter().map(own).collect() };
        let (mut tallies, mut signs) = (Tallies::default(), Signs::default());
        let control = crate::totals::control_column(&self.plan.population.name);
        let mut columns: Vec<Option<Column>> = Vec::with_capacity(made.len());
        for (index, (column, made)) in self.plan.columns.iter().zip(made).enumerate() {
            match &column.how {
                How::Compute { .. } if self.is_made(index) => {
                    columns.push(Some(self.compute(batch, &rows, column, &columns, &mut tallies)));
                    continue;
                }
                How::Join { operands, with } if self.is_made(index) => {
                    columns.push(Some(self.join(rows.len(), column.ty, (operands, with), &columns)));
                    continue;
                }
                _ => {}
            }
            let Some((mut converted, own)) = made else {
                columns.push(None);
                continue;
            };
            tallies.append(own);
            if control == Some(column.name.as_str()) {
                self.note_signs(batch, &rows, index, &converted, credit.as_deref(), &mut signs);
            }
            if matches!(column.ty, ColumnType::Money | ColumnType::Quantity) {
                self.flip(&mut converted, credit.as_deref());
            }
            columns.push(Some(converted));
        }
        self.part(batch, rows, columns, tallies, signs)
    }

    /// Whether a column has values in this file.
    fn is_made(&self, index: usize) -> bool {
        self.plan.columns[index].stored && !self.bound.missing[index]
    }

    /// A column that needs no other, with what there is to say of its cells.
    fn own(&self, batch: &Batch, rows: &[u32], index: usize) -> Option<(Column, Tallies)> {
        let column = &self.plan.columns[index];
        let mut tallies = Tallies::default();
        let made = match &column.how {
            _ if !self.is_made(index) => return None,
            How::Constant(value, _) => Column::constant(value, column.ty, rows.len(), &self.texts),
            How::Record => self.record_numbers(batch, rows, column.ty),
            How::Compute { .. } | How::Join { .. } => return None,
            How::Header(_) | How::Position(_) => {
                self.cells(batch, rows, index, self.bound.fields[index]?, &mut tallies)
            }
        };
        Some((made, tallies))
    }

    fn part(
        &self,
        batch: &Batch,
        rows: Vec<u32>,
        columns: Vec<Option<Column>>,
        tallies: Tallies,
        signs: Signs,
    ) -> Part {
        let elsewhere = (batch.len() - rows.len()) as u64;
        let decimals = columns.iter().map(|column| column.as_ref().map_or(0, |column| column.decimals)).collect();
        let contents = if self.track { self.contents(batch, &rows) } else { Vec::new() };
        let keys = if self.track { self.keys(&columns, &contents, rows.len()) } else { Vec::new() };
        let records =
            rows.iter().map(|row| RecordRef { source: self.file, record: batch.numbers[*row as usize] }.pack());
        let mut stored = Rows { records: records.collect(), columns: Vec::with_capacity(columns.len()) };
        let mut unreadable = Vec::new();
        for (index, column) in columns.into_iter().enumerate() {
            let Some(column) = column else { continue };
            if let Some(marks) = &column.unreadable {
                unreadable.push((index, marks.iter().filter(|mark| **mark).count() as u64));
            }
            assert_eq!(column.len(), rows.len(), "a column was converted short");
            stored.columns.push((self.plan.columns[index].name.clone(), column));
        }
        Part { stored, elsewhere, tallies, unreadable, decimals, keys, contents, signs, rows }
    }

    fn compute(
        &self,
        batch: &Batch,
        rows: &[u32],
        column: &ColumnPlan,
        done: &[Option<Column>],
        tallies: &mut Tallies,
    ) -> Column {
        let mut builder = Builder::new(column.ty, rows.len(), &self.texts);
        let How::Compute { operation, operands, less, places } = &column.how else { return builder.finish() };
        let inputs: Vec<(&Column, u8)> = operands
            .iter()
            .filter_map(|operand| Some((done[*operand].as_ref()?, self.plan.columns[*operand].ty.scale()?)))
            .collect();
        let scale = column.ty.scale().unwrap_or(0);
        let complete = inputs.len() == operands.len();
        let decimals = places.unwrap_or(scale);
        for (at, row) in rows.iter().enumerate() {
            let result =
                if complete { compute::row(&inputs, at, (*operation, *less), *places, scale) } else { Computed::Empty };
            let code = match result {
                Computed::Units(units) => {
                    builder.push(Value::Units(units, decimals));
                    continue;
                }
                Computed::Empty => {
                    builder.absent(false);
                    continue;
                }
                Computed::Unreadable => None,
                Computed::Precision => Some(Code::AmountPrecision),
                Computed::Range => Some(Code::AmountRange),
            };
            if let Some(code) = code {
                let row = *row as usize;
                tallies.add(code, &column.canonical, batch.lines[row], || self.sight(batch, row, None));
            }
            builder.absent(true);
        }
        builder.finish()
    }

    /// Texts of a record, one behind the other: empty where one of them is, unreadable where one of them is.
    fn join(&self, rows: usize, ty: ColumnType, (operands, with): (&[usize], &str), done: &[Option<Column>]) -> Column {
        let mut builder = Builder::new(ty, rows, &self.texts);
        let parts: Vec<&Column> = operands.iter().filter_map(|operand| done[*operand].as_ref()).collect();
        let mut text = String::new();
        for row in 0..rows {
            if parts.iter().any(|part| part.is_unreadable(row)) {
                builder.absent(true);
                continue;
            }
            text.clear();
            let mut whole = parts.len() == operands.len();
            for (index, part) in parts.iter().enumerate() {
                let Values::Codes(codes) = &part.values else { continue };
                if index > 0 {
                    text.push_str(with);
                }
                whole &= self.texts.with(codes[row], |part| text.push_str(part)).is_some();
            }
            if whole { builder.push(Value::Text(text.as_str().into())) } else { builder.absent(false) }
        }
        builder.finish()
    }

    fn record_numbers(&self, batch: &Batch, rows: &[u32], ty: ColumnType) -> Column {
        let mut builder = Builder::new(ty, rows.len(), &self.texts);
        for row in rows {
            let number = batch.numbers[*row as usize];
            match ty {
                ColumnType::Int => builder.push(Value::Units(i64::try_from(number).unwrap_or(i64::MAX), 0)),
                _ => builder.push(Value::Text(number.to_string().into())),
            }
        }
        builder.finish()
    }

    /// Which rows are credit notes by their document type; `None` if the table does not tell.
    fn credit_notes(&self, batch: &Batch, rows: &[u32]) -> Option<Vec<bool>> {
        let index = self.plan.document_type?;
        let column = &self.plan.columns[index];
        if let How::Constant(_, word) = &column.how {
            return Some(vec![word == "credit_note"; rows.len()]);
        }
        let field = self.bound.fields[index]?;
        let is = |word: &str| column.rules.word(word) == Ok("credit_note");
        let Some(slot) = batch.kept.slot(field) else { return Some(vec![is(""); rows.len()]) };
        if let Some(Lettered::Words(words)) = batch.typed.get(slot).and_then(Typed::lettered) {
            let known: Vec<bool> = words.all().map(is).collect();
            return Some(words.each(rows, &known, is("")));
        }
        let mut last: Option<(&[u8], bool)> = None;
        let credit = |row: &u32| {
            let row = *row as usize;
            let cell = batch.bytes(row, slot);
            match last.filter(|(above, _)| same(above, cell)) {
                Some((_, is)) => is,
                None => last.insert((cell, is(batch.cell(row, field)))).1,
            }
        };
        Some(rows.iter().map(credit).collect())
    }

    fn flip(&self, column: &mut Column, credit: Option<&[bool]>) {
        let Values::Units(units) = &mut column.values else { return };
        match (self.flip, credit) {
            (Flip::None, _) | (Flip::CreditNotes, None) => {}
            // i64::MIN has no opposite; no export states it.
            (Flip::All, _) => units.iter_mut().for_each(|units| *units = units.saturating_neg()),
            (Flip::CreditNotes, Some(credit)) => {
                for (units, _) in units.iter_mut().zip(credit).filter(|(_, credit)| **credit) {
                    *units = units.saturating_neg();
                }
            }
        }
    }

    fn note_signs(
        &self,
        batch: &Batch,
        rows: &[u32],
        index: usize,
        column: &Column,
        credit: Option<&[bool]>,
        signs: &mut Signs,
    ) {
        let (Some(credit), Values::Units(units)) = (credit, &column.values) else { return };
        for (at, units) in units.iter().enumerate().filter(|(at, units)| credit[*at] && **units != 0) {
            if *units > 0 {
                if signs.positive == 0 && signs.first.is_none() {
                    signs.first = Some(self.sight(batch, rows[at] as usize, self.bound.fields[index]));
                }
                signs.positive += 1;
            } else {
                signs.negative += 1;
            }
        }
    }

    /// Where a cell, or a record as a whole, stands.
    fn sight(&self, batch: &Batch, row: usize, field: Option<usize>) -> Sighting {
        let (cell_line, column, width, excerpt) = batch.excerpt(row, field.unwrap_or(0));
        Sighting {
            record: batch.numbers[row],
            line: batch.lines[row],
            cell_line,
            column,
            width: if field.is_some() { width } else { 0 },
            excerpt,
            cell: field.map(|field| batch.shown(row, field).trim_ascii().to_owned()).unwrap_or_default(),
            field: field.map(|field| (field + 1, self.headers.get(field).cloned().unwrap_or_default())),
        }
    }
}
