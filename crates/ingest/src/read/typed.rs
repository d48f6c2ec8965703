//! A column of a Parquet file as it was decoded: spelled out only for those who ask for its text.
//!
//! Integers, decimals and dates become units and days without a detour over digits; a string is read where it lies.

use std::fmt::Write as _;
use std::sync::OnceLock;

use polars::prelude::{AnyValue, Column, DataType, PolarsDataType, PolarsResult, StringType};
use tieout_model::Date;

type Strings = <StringType as PolarsDataType>::Array;

/// The cells of some rows of one column.
#[derive(Debug)]
pub(crate) struct Typed {
    values: Values,
    column: Column,
    float_places: Option<u8>,
    spelled: OnceLock<Spelled>,
}

/// What can be read without being spelled.
#[derive(Debug)]
enum Values {
    Strings(Strings),
    Whole,
    Decimal(u8),
    Days,
    Other,
}

/// All cells as text.
#[derive(Debug)]
struct Spelled {
    text: String,
    ends: Vec<usize>,
}

/// A cell that need not be spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exact {
    /// Nothing stands there.
    Missing,
    /// Units and their decimals.
    Units(i128, u8),
    /// Days since 1970-01-01.
    Day(i32),
}

impl Typed {
    /// From a decoded column.
    pub fn new(column: &Column, float_places: Option<u8>) -> PolarsResult<Self> {
        let column = column.rechunk();
        let values = match column.dtype() {
            DataType::String => column.str()?.downcast_iter().next().cloned().map_or(Values::Other, Values::Strings),
            DataType::Int64 => Values::Whole,
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => {
                let column = column.strict_cast(&DataType::Int64)?;
                return Ok(Self { values: Values::Whole, column, float_places, spelled: OnceLock::new() });
            }
            DataType::Decimal(_, scale) => u8::try_from(*scale).map_or(Values::Other, Values::Decimal),
            DataType::Date => Values::Days,
            _ => Values::Other,
        };
        Ok(Self { values, column, float_places, spelled: OnceLock::new() })
    }

    /// The text of a cell; nothing for a missing one.
    pub fn bytes(&self, row: usize) -> &[u8] {
        match &self.values {
            Values::Strings(strings) => strings.get(row).unwrap_or_default().as_bytes(),
            _ => {
                let spelled = self.spelled.get_or_init(|| self.spell_all());
                let start = row.checked_sub(1).map_or(0, |before| spelled.ends[before]);
                &spelled.text.as_bytes()[start..spelled.ends[row]]
            }
        }
    }

    /// The text of one cell, for a message or for the careful way.
    pub fn spell(&self, row: usize) -> String {
        let mut text = String::new();
        spell(&mut text, &self.column.get(row).unwrap_or(AnyValue::Null), self.float_places);
        text
    }

    /// Visits the cells of these rows, if they need not be spelled.
    pub fn visit(&self, rows: &[u32], visit: impl FnMut(usize, Exact)) -> bool {
        match self.values {
            Values::Whole => self.column.i64().is_ok_and(|all| {
                let Some(array) = all.downcast_iter().next() else { return false };
                let (values, valid) = (array.values().as_slice(), array.validity());
                each(
                    rows,
                    |row| valid.is_none_or(|valid| valid.get_bit(row)),
                    |row| Exact::Units(values[row].into(), 0),
                    visit,
                );
                true
            }),
            Values::Decimal(scale) => self.column.decimal().is_ok_and(|all| {
                let Some(array) = all.physical().downcast_iter().next() else { return false };
                let (values, valid) = (array.values().as_slice(), array.validity());
                each(
                    rows,
                    |row| valid.is_none_or(|valid| valid.get_bit(row)),
                    |row| Exact::Units(values[row], scale),
                    visit,
                );
                true
            }),
            Values::Days => self.column.date().is_ok_and(|all| {
                let Some(array) = all.physical().downcast_iter().next() else { return false };
                let (values, valid) = (array.values().as_slice(), array.validity());
                each(rows, |row| valid.is_none_or(|valid| valid.get_bit(row)), |row| Exact::Day(values[row]), visit);
                true
            }),
            Values::Strings(_) | Values::Other => false,
        }
    }

    fn spell_all(&self) -> Spelled {
        let mut spelled = Spelled { text: String::new(), ends: Vec::with_capacity(self.column.len()) };
        for row in 0..self.column.len() {
            spell(&mut spelled.text, &self.column.get(row).unwrap_or(AnyValue::Null), self.float_places);
            spelled.ends.push(spelled.text.len());
        }
        spelled
    }
}

#[inline]
fn each(
    rows: &[u32],
    valid: impl Fn(usize) -> bool,
    value: impl Fn(usize) -> Exact,
    mut visit: impl FnMut(usize, Exact),
) {
    for row in rows {
        let row = *row as usize;
        visit(row, if valid(row) { value(row) } else { Exact::Missing });
    }
}

/// The exact spelling of a value; writing to a string cannot fail.
pub(super) fn spell(text: &mut String, value: &AnyValue<'_>, float_places: Option<u8>) {
    let places = usize::from(float_places.unwrap_or(17));
    let _ = match value {
        AnyValue::Null => Ok(()),
        AnyValue::String(word) => {
            text.push_str(word);
            Ok(())
        }
        AnyValue::StringOwned(word) => {
            text.push_str(word);
            Ok(())
        }
        AnyValue::Boolean(flag) => write!(text, "{flag}"),
        AnyValue::Decimal(units, _, scale) => {
            let scale = u8::try_from(*scale).unwrap_or(u8::MAX);
            write!(text, "{}", tieout_model::Amount::new(*units, scale).to_places(scale))
        }
        AnyValue::Date(day) => write!(text, "{}", Date(*day)),
        AnyValue::Datetime(ticks, unit, _) => instant(text, *ticks, *unit),
        // The shortest digits of a binary fraction are a guess; so many places are a declaration.
        AnyValue::Float64(value) => write!(text, "{value:.places$}"),
        AnyValue::Float32(value) => write!(text, "{value:.places$}"),
        other => write!(text, "{other}"),
    };
}

fn instant(text: &mut String, ticks: i64, unit: polars::prelude::TimeUnit) -> std::fmt::Result {
    use polars::prelude::TimeUnit;
    let a_second = match unit {
        TimeUnit::Nanoseconds => 1_000_000_000,
        TimeUnit::Microseconds => 1_000_000,
        TimeUnit::Milliseconds => 1_000,
    };
    let seconds = ticks.div_euclid(a_second);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let day = Date(i32::try_from(day).unwrap_or(i32::MAX));
    write!(text, "{day} {:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}
