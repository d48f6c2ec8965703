//! The columns of the prepared store as vectors, each loaded when a plan first reads it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::{
    self as pl, ChunkedArray, Column as Stored, DataType, Engine as PolarsEngine, PolarsError, PolarsNumericType,
    PolarsResult,
};
use tieout_ingest::store::{Frame, REC, Store};
use tieout_ingest::texts::{NO_TEXT, Texts};

use super::vector::{NO_DAY, NO_SMALL, UNKNOWN, Vector};
use super::view::View;
use crate::engine::EngineError;
use crate::value::Column;

impl From<PolarsError> for EngineError {
    fn from(error: PolarsError) -> Self {
        Self(error.to_string())
    }
}

/// The populations.
pub(super) struct Tables<'s> {
    store: &'s Store,
    loaded: Mutex<Loaded>,
}

#[derive(Default)]
struct Loaded {
    columns: BTreeMap<(String, String), Arc<Vector>>,
    /// Where they are, to know one by.
    places: HashSet<usize>,
}

impl<'s> Tables<'s> {
    pub fn new(store: &'s Store) -> Self {
        Self { store, loaded: Mutex::default() }
    }

    /// The records of a population with some columns, as `stored → name`.
    pub fn scan(&self, population: &str, columns: &[(String, Column)]) -> Result<View, EngineError> {
        let known =
            self.store.populations.get(population).ok_or_else(|| EngineError(format!("no population {population}")))?;
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lacking: Vec<String> = vec![REC.to_owned()];
        lacking.extend(columns.iter().map(|(stored, _)| stored.clone()));
        lacking.retain(|name| !loaded.columns.contains_key(&(population.to_owned(), name.clone())));
        lacking.sort_unstable();
        lacking.dedup();
        if !lacking.is_empty() {
            let frame = match &known.frame {
                Frame::Memory(frame) => frame.clone(),
                Frame::Disk(..) => {
                    let wanted: Vec<pl::Expr> = lacking.iter().map(|name| pl::col(name.as_str())).collect();
                    known.frame.scan()?.select(wanted).collect_with_engine(PolarsEngine::Streaming)?.unwrap_single()
                }
            };
            for name in lacking {
                let vector = Arc::new(vector(frame.column(&name)?, &self.store.texts)?);
                loaded.places.insert(Arc::as_ptr(&vector) as usize);
                loaded.columns.insert((population.to_owned(), name), vector);
            }
        }
        let of = |name: &str| loaded.columns[&(population.to_owned(), name.to_owned())].clone();
        let rows = of(REC).len();
        Ok(View::of(rows, columns.iter().map(|(stored, column)| (column.name.clone(), of(stored))).collect()))
    }

    /// Whether a vector is a column of the store.
    pub fn holds(&self, vector: &Arc<Vector>) -> bool {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.places.contains(&(Arc::as_ptr(vector) as usize))
    }
}

/// A stored column as a vector.
fn vector(column: &Stored, texts: &Texts) -> PolarsResult<Vector> {
    Ok(match column.dtype() {
        DataType::Int64 => {
            let all = column.i64()?;
            let vector = numbers(all, NO_SMALL);
            let missing = vector.iter().filter(|units| **units == NO_SMALL).count();
            if missing != all.null_count() {
                return Err(PolarsError::ComputeError(
                    format!("`{}` holds a number out of range", column.name()).into(),
                ));
            }
            Vector::Small(vector)
        }
        DataType::Int32 => Vector::Days(numbers(column.i32()?, NO_DAY)),
        DataType::UInt32 => Vector::Code(numbers(column.u32()?, NO_TEXT)),
        DataType::Boolean => {
            Vector::Truth(column.bool()?.iter().map(|truth| truth.map_or(UNKNOWN, u8::from)).collect())
        }
        DataType::String => {
            let mut codes: Vec<u32> = Vec::with_capacity(column.len());
            for chunk in column.str()?.downcast_iter() {
                let all: Vec<Option<&str>> = chunk.iter().collect();
                codes.extend(texts.codes(all.into_iter()));
            }
            Vector::Code(codes)
        }
        other => return Err(PolarsError::ComputeError(format!("`{}` is stored as {other}", column.name()).into())),
    })
}

fn numbers<T: PolarsNumericType>(all: &ChunkedArray<T>, missing: T::Native) -> Vec<T::Native> {
    let mut values = Vec::with_capacity(all.len());
    for chunk in all.downcast_iter() {
        let from = values.len();
        values.extend_from_slice(chunk.values().as_slice());
        if let Some(validity) = chunk.validity() {
            for (value, valid) in values[from..].iter_mut().zip(validity.iter()) {
                if !valid {
                    *value = missing;
                }
            }
        }
    }
    values
}

/// Largest |units| of every number column: what planning proves its bounds with.
pub fn bounds(store: &Store) -> Result<BTreeMap<(String, String), u128>, EngineError> {
    let mut bounds = BTreeMap::new();
    for (name, population) in &store.populations {
        let numbers = population.columns.iter().filter(|(_, column)| column.ty.scale().is_some());
        let numbers: Vec<&String> = numbers.map(|(name, _)| name).collect();
        if numbers.is_empty() {
            continue;
        }
        let ends = |column: &&String| {
            let value = pl::col(column.as_str());
            [value.clone().min().alias(format!("{column}<")), value.max().alias(format!("{column}>"))]
        };
        let wanted: Vec<pl::Expr> = numbers.iter().flat_map(ends).collect();
        let frame =
            population.frame.scan()?.select(wanted).collect_with_engine(PolarsEngine::Streaming)?.unwrap_single();
        for column in numbers {
            let end = |suffix: &str| -> PolarsResult<u128> {
                let value = frame.column(&format!("{column}{suffix}"))?.get(0)?;
                Ok(value.extract::<i128>().map_or(0, i128::unsigned_abs))
            };
            bounds.insert((name.clone(), column.clone()), end("<")?.max(end(">")?));
        }
    }
    Ok(bounds)
}
