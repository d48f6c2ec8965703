//! Values of one column, row after row, in the narrowest form that holds them; a missing value is a mark outside the range.
//!
//! Sizes of units are proven before a rule runs (`Expr::bound`), so that the marks are never values; where a column is
//! read from the store this is checked.

use std::sync::Arc;

use hashbrown::HashMap;
use tieout_ingest::texts::{NO_TEXT, Texts};

use crate::value::{Ty, Value};

/// A missing number of 64 bits.
pub(super) const NO_SMALL: i64 = i64::MIN;
/// A missing number of 128 bits.
pub(super) const NO_WIDE: i128 = i128::MIN;
/// A missing day.
pub(super) const NO_DAY: i32 = i32::MIN;
/// Truths: false, true, missing.
pub(super) const FALSE: u8 = 0;
pub(super) const TRUE: u8 = 1;
pub(super) const UNKNOWN: u8 = 2;
/// A pointer to no row.
pub(super) const NO_ROW: u32 = u32::MAX;

/// What a vector holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Numbers of 64 bits.
    Small,
    /// Numbers of 128 bits.
    Wide,
    /// Days.
    Days,
    /// Truths.
    Truth,
    /// Codes of texts, or pointers to rows.
    Code,
}

/// Values of one kind.
#[derive(Clone, Debug)]
pub(super) enum Vector {
    Small(Vec<i64>),
    Wide(Vec<i128>),
    Days(Vec<i32>),
    Truth(Vec<u8>),
    Code(Vec<u32>),
}

impl Kind {
    /// Where a value of a type that nothing else decides goes.
    pub fn of(ty: Ty) -> Self {
        match ty {
            Ty::Text => Self::Code,
            Ty::Date => Self::Days,
            Ty::Bool => Self::Truth,
            Ty::Num { .. } => Self::Small,
        }
    }
}

/// One expression over whichever vector it is.
macro_rules! each {
    ($vector:expr, $values:ident => $body:expr) => {
        match $vector {
            Vector::Small($values) => Vector::Small($body),
            Vector::Wide($values) => Vector::Wide($body),
            Vector::Days($values) => Vector::Days($body),
            Vector::Truth($values) => Vector::Truth($body),
            Vector::Code($values) => Vector::Code($body),
        }
    };
}

impl Vector {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Small(_) => Kind::Small,
            Self::Wide(_) => Kind::Wide,
            Self::Days(_) => Kind::Days,
            Self::Truth(_) => Kind::Truth,
            Self::Code(_) => Kind::Code,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Small(all) => all.len(),
            Self::Wide(all) => all.len(),
            Self::Days(all) => all.len(),
            Self::Truth(all) => all.len(),
            Self::Code(all) => all.len(),
        }
    }

    /// Nothing, of a kind, ready for some rows.
    pub fn empty(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Small => Self::Small(Vec::with_capacity(rows)),
            Kind::Wide => Self::Wide(Vec::with_capacity(rows)),
            Kind::Days => Self::Days(Vec::with_capacity(rows)),
            Kind::Truth => Self::Truth(Vec::with_capacity(rows)),
            Kind::Code => Self::Code(Vec::with_capacity(rows)),
        }
    }

    /// Makes room for so many more rows.
    pub fn reserve(&mut self, rows: usize) {
        match self {
            Self::Small(all) => all.reserve_exact(rows),
            Self::Wide(all) => all.reserve_exact(rows),
            Self::Days(all) => all.reserve_exact(rows),
            Self::Truth(all) => all.reserve_exact(rows),
            Self::Code(all) => all.reserve_exact(rows),
        }
    }

    /// Missing values.
    pub fn missing(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Small => Self::Small(vec![NO_SMALL; rows]),
            Kind::Wide => Self::Wide(vec![NO_WIDE; rows]),
            Kind::Days => Self::Days(vec![NO_DAY; rows]),
            Kind::Truth => Self::Truth(vec![UNKNOWN; rows]),
            Kind::Code => Self::Code(vec![NO_TEXT; rows]),
        }
    }

    /// One value, many times.
    pub fn repeated(value: &Value, kind: Kind, rows: usize, texts: &Texts) -> Self {
        match (value, kind) {
            (Value::Num(units), Kind::Wide) => Self::Wide(vec![*units; rows]),
            (Value::Num(units), _) => match i64::try_from(*units) {
                Ok(small) if kind == Kind::Small => Self::Small(vec![small; rows]),
                _ => Self::Wide(vec![*units; rows]),
            },
            (Value::Date(days), _) => Self::Days(vec![*days; rows]),
            (Value::Bool(truth), _) => Self::Truth(vec![u8::from(*truth); rows]),
            (Value::Text(text), _) => Self::Code(vec![texts.code(text); rows]),
            (Value::Null, kind) => Self::missing(kind, rows),
        }
    }

    /// Plain values as a vector of a type.
    pub fn of_values(values: &[&Value], ty: Ty, texts: &Texts) -> Self {
        match ty {
            Ty::Text => {
                let all: Vec<Option<&str>> = values.iter().map(|value| value.as_text()).collect();
                Self::Code(texts.codes(all.into_iter()))
            }
            Ty::Date => Self::Days(values.iter().map(|value| value.date().map_or(NO_DAY, |day| day.0)).collect()),
            Ty::Bool => Self::Truth(values.iter().map(|value| value.bool().map_or(UNKNOWN, u8::from)).collect()),
            Ty::Num { .. } => {
                let wide: Vec<i128> = values.iter().map(|value| value.num().unwrap_or(NO_WIDE)).collect();
                Self::Wide(wide).narrowed()
            }
        }
    }

    /// Numbers in 64 bits, if all of them fit.
    pub fn narrowed(self) -> Self {
        let Self::Wide(all) = self else { return self };
        let fits = |units: &i128| *units == NO_WIDE || i64::try_from(*units).is_ok_and(|small| small != NO_SMALL);
        if !all.iter().all(fits) {
            return Self::Wide(all);
        }
        Self::Small(all.into_iter().map(|units| i64::try_from(units).unwrap_or(NO_SMALL)).collect())
    }

    /// Numbers in 128 bits.
    pub fn widened(&self) -> Self {
        match self {
            Self::Small(all) => Self::Wide(all.iter().map(|&units| wide(units)).collect()),
            other => other.clone(),
        }
    }

    /// The values at some rows; a pointer to no row is a missing value.
    pub fn gather(&self, rows: &[u32]) -> Self {
        fn pick<T: Copy>(all: &[T], rows: &[u32], missing: T) -> Vec<T> {
            rows.iter().map(|&row| if row == NO_ROW { missing } else { all[row as usize] }).collect()
        }
        match self {
            Self::Small(all) => Self::Small(pick(all, rows, NO_SMALL)),
            Self::Wide(all) => Self::Wide(pick(all, rows, NO_WIDE)),
            Self::Days(all) => Self::Days(pick(all, rows, NO_DAY)),
            Self::Truth(all) => Self::Truth(pick(all, rows, UNKNOWN)),
            Self::Code(all) => Self::Code(pick(all, rows, NO_TEXT)),
        }
    }

    /// Takes away the values of rows that are not marked.
    pub fn give_only(&mut self, marked: &[bool]) {
        fn give<T: Copy>(all: &mut [T], marked: &[bool], missing: T) {
            for (value, _) in all.iter_mut().zip(marked).filter(|(_, marked)| !**marked) {
                *value = missing;
            }
        }
        match self {
            Self::Small(all) => give(all, marked, NO_SMALL),
            Self::Wide(all) => give(all, marked, NO_WIDE),
            Self::Days(all) => give(all, marked, NO_DAY),
            Self::Truth(all) => give(all, marked, UNKNOWN),
            Self::Code(all) => give(all, marked, NO_TEXT),
        }
    }

    /// The values of neighbouring rows.
    pub fn slice(&self, from: usize, to: usize) -> Self {
        each!(self, all => all[from..to].to_vec())
    }

    /// Which rows are missing.
    pub fn is_missing(&self) -> Vec<u8> {
        match self {
            Self::Small(all) => all.iter().map(|&units| u8::from(units == NO_SMALL)).collect(),
            Self::Wide(all) => all.iter().map(|&units| u8::from(units == NO_WIDE)).collect(),
            Self::Days(all) => all.iter().map(|&day| u8::from(day == NO_DAY)).collect(),
            Self::Truth(all) => all.iter().map(|&truth| u8::from(truth == UNKNOWN)).collect(),
            Self::Code(all) => all.iter().map(|&code| u8::from(code == NO_TEXT)).collect(),
        }
    }

    /// Appends the values of another of the same kind; numbers widen if they must.
    pub fn append(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Small(all), Self::Small(more)) => all.extend(more),
            (Self::Wide(all), Self::Wide(more)) => all.extend(more),
            (Self::Days(all), Self::Days(more)) => all.extend(more),
            (Self::Truth(all), Self::Truth(more)) => all.extend(more),
            (Self::Code(all), Self::Code(more)) => all.extend(more),
            (Self::Wide(all), Self::Small(more)) => all.extend(more.into_iter().map(wide)),
            (Self::Small(_), Self::Wide(more)) => {
                *self = self.widened();
                self.append(Self::Wide(more));
            }
            (own, other) => panic!("a column of {:?} was continued with {:?}", own.kind(), other.kind()),
        }
    }

    /// A plain value.
    pub fn value(&self, row: usize, texts: &mut Words<'_>) -> Value {
        match self {
            Self::Small(all) if all[row] != NO_SMALL => Value::Num(all[row].into()),
            Self::Wide(all) if all[row] != NO_WIDE => Value::Num(all[row]),
            Self::Days(all) if all[row] != NO_DAY => Value::Date(all[row]),
            Self::Truth(all) if all[row] != UNKNOWN => Value::Bool(all[row] == TRUE),
            Self::Code(all) => texts.value(all[row]),
            _ => Value::Null,
        }
    }
}

/// A number in 128 bits.
pub(super) fn wide(units: i64) -> i128 {
    if units == NO_SMALL { NO_WIDE } else { units.into() }
}

/// Texts by their codes; one that stands again is not looked up again.
pub(super) struct Words<'t> {
    texts: &'t Texts,
    known: HashMap<u32, Arc<str>>,
}

impl<'t> Words<'t> {
    pub fn new(texts: &'t Texts) -> Self {
        Self { texts, known: HashMap::new() }
    }

    pub fn value(&mut self, code: u32) -> Value {
        if let Some(text) = self.known.get(&code) {
            return Value::Text(text.clone());
        }
        match self.texts.get(code) {
            Some(text) => {
                self.known.insert(code, text.clone());
                Value::Text(text)
            }
            None => Value::Null,
        }
    }
}
