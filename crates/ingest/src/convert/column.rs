//! A column of a batch: values, which of them are there, and which could not be read.

use polars::prelude::{
    BooleanChunked, Column as Stored, Int32Chunked, Int64Chunked, IntoColumn as _, NewChunkedArray as _, UInt32Chunked,
};
use tieout_model::ColumnType;
use tieout_model::types::Physical;

use super::cell::Value;
use crate::texts::{NO_TEXT, Texts};

/// Typed values; a place that holds nothing has the type's zero, or `NO_TEXT`.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Units(Vec<i64>),
    Days(Vec<i32>),
    Flags(Vec<bool>),
    Codes(Vec<u32>),
}

/// A converted column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub values: Values,
    /// Which places hold a value; `None` if all do, and for codes, which say it themselves.
    pub valid: Option<Vec<bool>>,
    /// Which cells could not be read; `None` if all could.
    pub unreadable: Option<Vec<bool>>,
    /// The most decimals written.
    pub decimals: u8,
}

/// Collects a column.
pub(crate) struct Builder<'t> {
    column: Column,
    texts: &'t Texts,
    rows: usize,
}

impl<'t> Builder<'t> {
    pub fn new(ty: ColumnType, rows: usize, texts: &'t Texts) -> Self {
        let values = match ty.physical() {
            Physical::Units => Values::Units(Vec::with_capacity(rows)),
            Physical::Date => Values::Days(Vec::with_capacity(rows)),
            Physical::Bool => Values::Flags(Vec::with_capacity(rows)),
            Physical::Text => Values::Codes(Vec::with_capacity(rows)),
        };
        Self { column: Column { values, valid: None, unreadable: None, decimals: 0 }, texts, rows }
    }

    #[inline]
    pub fn push(&mut self, value: Value<'_>) {
        match (&mut self.column.values, value) {
            (Values::Units(all), Value::Units(units, decimals)) => {
                all.push(units);
                self.column.decimals = self.column.decimals.max(decimals);
            }
            (Values::Days(all), Value::Day(day)) => all.push(day),
            (Values::Flags(all), Value::Flag(flag)) => all.push(flag),
            (Values::Codes(all), Value::Text(text)) => all.push(self.texts.code(&text)),
            (Values::Codes(all), Value::Code(code)) => all.push(code),
            // A kernel is made from the same type as the builder, so they cannot differ.
            _ => return self.absent(false),
        }
        if let Some(valid) = &mut self.column.valid {
            valid.push(true);
        }
        if let Some(unreadable) = &mut self.column.unreadable {
            unreadable.push(false);
        }
    }

    pub fn absent(&mut self, unreadable: bool) {
        let (pushed, rows) = (self.column.len(), self.rows);
        let coded = match &mut self.column.values {
            Values::Units(all) => (all.push(0), false).1,
            Values::Days(all) => (all.push(0), false).1,
            Values::Flags(all) => (all.push(false), false).1,
            Values::Codes(all) => (all.push(NO_TEXT), true).1,
        };
        if !coded {
            self.column.valid.get_or_insert_with(|| filled(true, pushed, rows)).push(false);
        }
        if unreadable {
            self.column.unreadable.get_or_insert_with(|| filled(false, pushed, rows)).push(true);
        } else if let Some(marks) = &mut self.column.unreadable {
            marks.push(false);
        }
    }

    pub fn finish(self) -> Column {
        self.column
    }
}

fn filled(value: bool, count: usize, rows: usize) -> Vec<bool> {
    let mut all = Vec::with_capacity(rows.max(count + 1));
    all.resize(count, value);
    all
}

impl Column {
    /// The same value in every row.
    pub fn constant(value: &Value<'_>, ty: ColumnType, rows: usize, texts: &Texts) -> Self {
        let value = match value {
            Value::Text(text) => Value::Code(texts.code(text)),
            other => other.clone(),
        };
        let (values, decimals) = match (ty.physical(), value) {
            (Physical::Units, Value::Units(units, decimals)) => (Values::Units(vec![units; rows]), decimals),
            (Physical::Date, Value::Day(day)) => (Values::Days(vec![day; rows]), 0),
            (Physical::Bool, Value::Flag(flag)) => (Values::Flags(vec![flag; rows]), 0),
            (Physical::Text, Value::Code(code)) => (Values::Codes(vec![code; rows]), 0),
            // A constant is read by the rules of its column, so it has its type.
            (_, _) => {
                let mut builder = Builder::new(ty, rows, texts);
                (0..rows).for_each(|_| builder.absent(false));
                return builder.finish();
            }
        };
        Self { values, valid: None, unreadable: None, decimals: if rows == 0 { 0 } else { decimals } }
    }

    /// Codes, `NO_TEXT` where there is none.
    pub fn of_codes(codes: Vec<u32>) -> Self {
        Self { values: Values::Codes(codes), valid: None, unreadable: None, decimals: 0 }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Units(all) => all.len(),
            Values::Days(all) => all.len(),
            Values::Flags(all) => all.len(),
            Values::Codes(all) => all.len(),
        }
    }

    /// What its values are.
    pub fn physical(&self) -> Physical {
        match &self.values {
            Values::Units(_) => Physical::Units,
            Values::Days(_) => Physical::Date,
            Values::Flags(_) => Physical::Bool,
            Values::Codes(_) => Physical::Text,
        }
    }

    /// True if the row holds a value.
    pub fn is_valid(&self, row: usize) -> bool {
        match &self.values {
            Values::Codes(all) => all[row] != NO_TEXT,
            _ => self.valid.as_ref().is_none_or(|valid| valid[row]),
        }
    }

    /// True if the row's cell could not be read.
    pub fn is_unreadable(&self, row: usize) -> bool {
        self.unreadable.as_ref().is_some_and(|marks| marks[row])
    }

    /// Puts the rows of another column of the same type below.
    pub fn append(&mut self, below: &Self) {
        let before = self.len();
        match (&mut self.values, &below.values) {
            (Values::Units(all), Values::Units(more)) => all.extend_from_slice(more),
            (Values::Days(all), Values::Days(more)) => all.extend_from_slice(more),
            (Values::Flags(all), Values::Flags(more)) => all.extend_from_slice(more),
            (Values::Codes(all), Values::Codes(more)) => all.extend_from_slice(more),
            _ => unreachable!("a column has one type"),
        }
        let rows = (before, self.len());
        join(&mut self.valid, below.valid.as_deref(), true, rows);
        join(&mut self.unreadable, below.unreadable.as_deref(), false, rows);
        self.decimals = self.decimals.max(below.decimals);
    }

    /// For the frame.
    pub fn into_stored(self, name: &str) -> Stored {
        let valid = match &self.values {
            Values::Codes(all) if all.contains(&NO_TEXT) => {
                Some(all.iter().map(|code| *code != NO_TEXT).collect::<BooleanChunked>())
            }
            _ => self.valid.as_deref().map(|valid| BooleanChunked::from_slice("".into(), valid)),
        };
        let mask = || valid.as_ref().and_then(|mask| mask.downcast_iter().next().map(|array| array.values().clone()));
        match self.values {
            Values::Units(all) => Int64Chunked::from_vec_validity(name.into(), all, mask()).into_column(),
            Values::Days(all) => Int32Chunked::from_vec_validity(name.into(), all, mask()).into_column(),
            Values::Codes(all) => UInt32Chunked::from_vec_validity(name.into(), all, mask()).into_column(),
            Values::Flags(all) => match &self.valid {
                None => BooleanChunked::from_slice(name.into(), &all).into_column(),
                Some(valid) => all
                    .iter()
                    .zip(valid)
                    .map(|(flag, valid)| valid.then_some(*flag))
                    .collect::<BooleanChunked>()
                    .with_name(name.into())
                    .into_column(),
            },
        }
    }
}

/// Marks of the rows below, where either part has any; `usual` stands for a part that has none.
fn join(marks: &mut Option<Vec<bool>>, below: Option<&[bool]>, usual: bool, (before, after): (usize, usize)) {
    if marks.is_none() && below.is_none() {
        return;
    }
    let all = marks.get_or_insert_with(|| filled(usual, before, after));
    match below {
        Some(below) => all.extend_from_slice(below),
        None => all.resize(after, usual),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_join_where_only_one_part_has_them() {
        let texts = Texts::default();
        let column = |cells: &[Option<i64>]| {
            let mut builder = Builder::new(ColumnType::Money, cells.len(), &texts);
            for cell in cells {
                match cell {
                    Some(units) => builder.push(Value::Units(*units, 2)),
                    None => builder.absent(true),
                }
            }
            builder.finish()
        };
        let mut all = column(&[Some(1), Some(2)]);
        all.append(&column(&[None, Some(3)]));
        all.append(&column(&[Some(4)]));
        assert_eq!(all.valid, Some(vec![true, true, false, true, true]));
        assert_eq!(all.unreadable, Some(vec![false, false, true, false, false]));
        let stored = all.into_stored("amount");
        assert_eq!(stored.i64().unwrap().iter().collect::<Vec<_>>(), [Some(1), Some(2), None, Some(3), Some(4)]);
    }

    #[test]
    fn a_missing_text_is_null() {
        let texts = Texts::default();
        let code = texts.code("a");
        let stored = Column::of_codes(vec![code, NO_TEXT]).into_stored("id");
        assert_eq!(stored.u32().unwrap().iter().collect::<Vec<_>>(), [Some(code), None]);
    }
}
