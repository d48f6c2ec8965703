//! A column of a Parquet file: decoded when it is first read, spelled out only for those who ask for its text.
//!
//! Integers, decimals and dates become units and days without a detour over digits; a string is read where it lies.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use polars::prelude::{AnyValue, Column, DataType, PolarsDataType, PolarsResult, StringType};
use polars_arrow::bitmap::Bitmap;
use tieout_model::{Amount, Date};

use super::parquet::{Decoded, Piece, Words};

type Strings = <StringType as PolarsDataType>::Array;

/// The cells of some rows of one column.
pub(crate) struct Typed {
    piece: Arc<Piece>,
    field: usize,
    float_places: Option<u8>,
    cells: OnceLock<Result<Cells, String>>,
    spelled: OnceLock<Spelled>,
}

/// Decoded cells.
enum Cells {
    /// Texts, by a dictionary.
    Words(Words),
    Strings(Strings),
    /// Integers with so many decimals.
    Units(Column, u8),
    /// Integers of 128 bits with so many decimals.
    Wide(Column, u8),
    Days(Column),
    Other(Column),
}

/// Texts as the file has them.
pub(crate) enum Lettered<'c> {
    Words(&'c Words),
    Strings(&'c Strings),
}

/// All cells as text.
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

impl Cells {
    fn of(decoded: Decoded) -> PolarsResult<Self> {
        let column = match decoded {
            Decoded::Words(words) => return Ok(Self::Words(words)),
            Decoded::Units(column, scale) => return Ok(Self::Units(column, scale)),
            Decoded::Plain(column) => column.rechunk(),
        };
        Ok(match column.dtype() {
            DataType::String => {
                let strings = column.str()?.downcast_iter().next().cloned();
                strings.map_or_else(|| Self::Other(column), Self::Strings)
            }
            DataType::Int64 => Self::Units(column, 0),
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => Self::Units(column.strict_cast(&DataType::Int64)?, 0),
            DataType::Decimal(_, scale) => match u8::try_from(*scale) {
                Ok(scale) => Self::Wide(column, scale),
                Err(_) => Self::Other(column),
            },
            DataType::Date => Self::Days(column),
            _ => Self::Other(column),
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::Words(words) => words.len(),
            Self::Strings(strings) => strings.len(),
            Self::Units(column, _) | Self::Wide(column, _) | Self::Days(column) | Self::Other(column) => column.len(),
        }
    }

    /// Writes the exact text of a cell.
    fn spell(&self, text: &mut String, row: usize, float_places: Option<u8>) {
        match self {
            Self::Words(words) => text.push_str(words.get(row).unwrap_or_default()),
            Self::Strings(strings) => text.push_str(strings.get(row).unwrap_or_default()),
            Self::Units(column, scale) => {
                if let Ok(AnyValue::Int64(units)) = column.get(row) {
                    let _ = write!(text, "{}", Amount::new(units.into(), *scale).to_places(*scale));
                }
            }
            Self::Wide(column, _) | Self::Days(column) | Self::Other(column) => {
                spell(text, &column.get(row).unwrap_or(AnyValue::Null), float_places);
            }
        }
    }
}

impl Typed {
    /// A column of a piece.
    pub fn new(piece: &Arc<Piece>, field: usize, float_places: Option<u8>) -> Self {
        let (cells, spelled) = (OnceLock::new(), OnceLock::new());
        Self { piece: Arc::clone(piece), field, float_places, cells, spelled }
    }

    /// The cells; none if they cannot be decoded, which `error` says.
    fn cells(&self) -> Option<&Cells> {
        let decode = || self.piece.column(self.field).and_then(Cells::of).map_err(|error| error.to_string());
        self.cells.get_or_init(decode).as_ref().ok()
    }

    /// Why it could not be decoded.
    pub fn error(&self) -> Option<&str> {
        self.cells.get()?.as_ref().err().map(String::as_str)
    }

    /// The text of a cell; nothing for a missing one.
    pub fn bytes(&self, row: usize) -> &[u8] {
        match self.cells() {
            None => &[],
            Some(Cells::Words(words)) => words.get(row).unwrap_or_default().as_bytes(),
            Some(Cells::Strings(strings)) => strings.get(row).unwrap_or_default().as_bytes(),
            Some(cells) => {
                let spelled = self.spelled.get_or_init(|| self.spell_all(cells));
                let start = row.checked_sub(1).map_or(0, |before| spelled.ends[before]);
                &spelled.text.as_bytes()[start..spelled.ends[row]]
            }
        }
    }

    /// The text of one cell, for a message or for the careful way.
    pub fn spell(&self, row: usize) -> String {
        let mut text = String::new();
        if let Some(cells) = self.cells() {
            cells.spell(&mut text, row, self.float_places);
        }
        text
    }

    /// The cells as they are, if they are texts.
    pub fn lettered(&self) -> Option<Lettered<'_>> {
        match self.cells()? {
            Cells::Words(words) => Some(Lettered::Words(words)),
            Cells::Strings(strings) => Some(Lettered::Strings(strings)),
            _ => None,
        }
    }

    /// The units of all cells, which of them are there, and their decimals.
    pub fn units(&self) -> Option<(&[i64], Option<&Bitmap>, u8)> {
        let Cells::Units(column, scale) = self.cells()? else { return None };
        let array = column.i64().ok()?.downcast_iter().next()?;
        Some((array.values().as_slice(), array.validity(), *scale))
    }

    /// The days of all cells, and which of them are there.
    pub fn days(&self) -> Option<(&[i32], Option<&Bitmap>)> {
        let Cells::Days(column) = self.cells()? else { return None };
        let array = column.date().ok()?.physical().downcast_iter().next()?;
        Some((array.values().as_slice(), array.validity()))
    }

    /// Visits the cells of these rows, if they need not be spelled.
    pub fn visit(&self, rows: &[u32], visit: impl FnMut(usize, Exact)) -> bool {
        match self.cells() {
            Some(Cells::Units(column, scale)) => column.i64().is_ok_and(|all| {
                let Some(array) = all.downcast_iter().next() else { return false };
                let (values, valid) = (array.values().as_slice(), array.validity());
                each(
                    rows,
                    |row| valid.is_none_or(|valid| valid.get_bit(row)),
                    |row| Exact::Units(values[row].into(), *scale),
                    visit,
                );
                true
            }),
            Some(Cells::Wide(column, scale)) => column.decimal().is_ok_and(|all| {
                let Some(array) = all.physical().downcast_iter().next() else { return false };
                let (values, valid) = (array.values().as_slice(), array.validity());
                each(
                    rows,
                    |row| valid.is_none_or(|valid| valid.get_bit(row)),
                    |row| Exact::Units(values[row], *scale),
                    visit,
                );
                true
            }),
            Some(Cells::Days(column)) => column.date().is_ok_and(|all| {
                let Some(array) = all.physical().downcast_iter().next() else { return false };
                let (values, valid) = (array.values().as_slice(), array.validity());
                each(rows, |row| valid.is_none_or(|valid| valid.get_bit(row)), |row| Exact::Day(values[row]), visit);
                true
            }),
            _ => false,
        }
    }

    fn spell_all(&self, cells: &Cells) -> Spelled {
        let mut spelled = Spelled { text: String::new(), ends: Vec::with_capacity(cells.len()) };
        for row in 0..cells.len() {
            cells.spell(&mut spelled.text, row, self.float_places);
            spelled.ends.push(spelled.text.len());
        }
        spelled
    }
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Typed").field("field", &self.field).finish_non_exhaustive()
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
            write!(text, "{}", Amount::new(*units, scale).to_places(scale))
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
