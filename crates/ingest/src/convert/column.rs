//! A column of a batch: values, which of them are there, and which could not be read.

use polars::prelude::{
    BooleanChunked, Column as Stored, Int32Chunked, Int64Chunked, IntoColumn as _, NewChunkedArray as _, StringChunked,
    StringChunkedBuilder,
};
use tieout_model::ColumnType;
use tieout_model::types::Physical;

use super::cell::Value;

/// Typed values; a place that holds nothing has the type's zero.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Units(Vec<i64>),
    Days(Vec<i32>),
    Flags(Vec<bool>),
    Text(StringChunked),
}

/// A converted column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub values: Values,
    /// Which places hold a value; `None` if all do. Text carries its own.
    pub valid: Option<Vec<bool>>,
    /// Which cells could not be read; `None` if all could.
    pub unreadable: Option<Vec<bool>>,
    /// The most decimals written.
    pub decimals: u8,
}

/// Collects a column.
pub(crate) struct Builder {
    values: Growing,
    valid: Option<Vec<bool>>,
    unreadable: Option<Vec<bool>>,
    decimals: u8,
    rows: usize,
    pushed: usize,
}

enum Growing {
    Units(Vec<i64>),
    Days(Vec<i32>),
    Flags(Vec<bool>),
    Text(StringChunkedBuilder),
}

impl Builder {
    pub fn new(ty: ColumnType, rows: usize) -> Self {
        let values = match ty.physical() {
            Physical::Units => Growing::Units(Vec::with_capacity(rows)),
            Physical::Date => Growing::Days(Vec::with_capacity(rows)),
            Physical::Bool => Growing::Flags(Vec::with_capacity(rows)),
            Physical::Text => Growing::Text(StringChunkedBuilder::new("".into(), rows)),
        };
        Self { values, valid: None, unreadable: None, decimals: 0, rows, pushed: 0 }
    }

    pub fn push(&mut self, value: Value<'_>) {
        match (&mut self.values, value) {
            (Growing::Units(all), Value::Units(units, decimals)) => {
                all.push(units);
                self.decimals = self.decimals.max(decimals);
            }
            (Growing::Days(all), Value::Day(day)) => all.push(day),
            (Growing::Flags(all), Value::Flag(flag)) => all.push(flag),
            (Growing::Text(all), Value::Text(text)) => all.append_value(text.as_ref()),
            // A kernel is made from the same type as the builder, so they cannot differ.
            _ => return self.absent(false),
        }
        if let Some(valid) = &mut self.valid {
            valid.push(true);
        }
        if let Some(unreadable) = &mut self.unreadable {
            unreadable.push(false);
        }
        self.pushed += 1;
    }

    pub fn absent(&mut self, unreadable: bool) {
        match &mut self.values {
            Growing::Units(all) => all.push(0),
            Growing::Days(all) => all.push(0),
            Growing::Flags(all) => all.push(false),
            Growing::Text(all) => all.append_null(),
        }
        let (pushed, rows) = (self.pushed, self.rows);
        let filled = |value: bool| {
            let mut all = Vec::with_capacity(rows);
            all.resize(pushed, value);
            all
        };
        self.valid.get_or_insert_with(|| filled(true)).push(false);
        if unreadable {
            self.unreadable.get_or_insert_with(|| filled(false)).push(true);
        } else if let Some(marks) = &mut self.unreadable {
            marks.push(false);
        }
        self.pushed += 1;
    }

    pub fn finish(self) -> Column {
        let values = match self.values {
            Growing::Units(all) => Values::Units(all),
            Growing::Days(all) => Values::Days(all),
            Growing::Flags(all) => Values::Flags(all),
            Growing::Text(all) => Values::Text(all.finish()),
        };
        Column { values, valid: self.valid, unreadable: self.unreadable, decimals: self.decimals }
    }
}

impl Column {
    /// The same value in every row.
    pub fn constant(value: &Value<'_>, ty: ColumnType, rows: usize) -> Self {
        let mut builder = Builder::new(ty, rows);
        for _ in 0..rows {
            builder.push(value.clone());
        }
        builder.finish()
    }

    /// True if the row holds a value.
    pub fn is_valid(&self, row: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[row])
    }

    /// True if the row's cell could not be read.
    pub fn is_unreadable(&self, row: usize) -> bool {
        self.unreadable.as_ref().is_some_and(|marks| marks[row])
    }

    /// For the frame.
    pub fn into_stored(self, name: &str) -> Stored {
        let valid = self.valid.as_deref().map(|valid| BooleanChunked::from_slice("".into(), valid));
        let mask = || valid.as_ref().and_then(|mask| mask.downcast_iter().next().map(|array| array.values().clone()));
        match self.values {
            Values::Units(all) => Int64Chunked::from_vec_validity(name.into(), all, mask()).into_column(),
            Values::Days(all) => Int32Chunked::from_vec_validity(name.into(), all, mask()).into_column(),
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
            Values::Text(all) => all.with_name(name.into()).into_column(),
        }
    }
}
