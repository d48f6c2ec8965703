//! The columns of the prepared store as vectors, each loaded when a plan first reads it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::{ChunkAgg as _, Column as Stored, DataType, PolarsError, PolarsResult};
use rayon::prelude::*;
use tieout_ingest::store::{Frame, Population, REC, Store};

use super::column::Column;
use super::vector::{NO_SMALL, Vector};
use super::view::View;
use crate::engine::EngineError;
use crate::value::Column as Wanted;

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
    columns: BTreeMap<(String, String), Arc<Column>>,
    /// Where they are, to know one by.
    places: HashSet<usize>,
}

impl<'s> Tables<'s> {
    pub fn new(store: &'s Store) -> Self {
        Self { store, loaded: Mutex::default() }
    }

    /// The records of a population with some columns, as `stored → name`.
    pub fn scan(&self, population: &str, columns: &[(String, Wanted)]) -> Result<View, EngineError> {
        let known =
            self.store.populations.get(population).ok_or_else(|| EngineError(format!("no population {population}")))?;
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lacking: Vec<String> = vec![REC.to_owned()];
        lacking.extend(columns.iter().map(|(stored, _)| stored.clone()));
        lacking.retain(|name| !loaded.columns.contains_key(&(population.to_owned(), name.clone())));
        lacking.sort_unstable();
        lacking.dedup();
        if !lacking.is_empty() {
            let rows = usize::try_from(known.records).unwrap_or(0);
            for (name, column) in lacking.iter().zip(columns_of(&known.frame, &lacking, rows)?) {
                let vector = Arc::new(column);
                loaded.places.insert(Arc::as_ptr(&vector) as usize);
                loaded.columns.insert((population.to_owned(), name.clone()), vector);
            }
        }
        let of = |name: &str| loaded.columns[&(population.to_owned(), name.to_owned())].clone();
        let rows = of(REC).len();
        Ok(View::of(rows, columns.iter().map(|(stored, column)| (column.name.clone(), of(stored))).collect()))
    }

    /// Gives up the columns that were read from files: the next rule mostly wants others, and memory is short.
    pub fn forget(&self) {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let Loaded { columns, places } = &mut *loaded;
        columns.retain(|(population, _), column| {
            let on_disk = |population: &Population| matches!(population.frame, Frame::Disk(..));
            let keep = !self.store.populations.get(population).is_some_and(on_disk);
            if !keep {
                places.remove(&(Arc::as_ptr(column) as usize));
            }
            keep
        });
    }

    /// Whether a vector is a column of the store.
    pub fn holds(&self, vector: &Arc<Column>) -> bool {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.places.contains(&(Arc::as_ptr(vector) as usize))
    }
}

/// Columns of a population, in the order of their names: as they lie in memory, or read from its files one by one.
fn columns_of(frame: &Frame, names: &[String], rows: usize) -> PolarsResult<Vec<Column>> {
    let mut all: Vec<Column> = Vec::with_capacity(names.len());
    let whole = matches!(frame, Frame::Memory(_));
    frame.visit(names, |piece| {
        for (at, name) in names.iter().enumerate() {
            let more = column(piece.column(name)?)?;
            if whole {
                all.push(more);
                continue;
            }
            if all.len() <= at {
                all.push(Column::Own(Vector::empty(more.kind(), rows)));
            }
            if let Some(Column::Own(own)) = all.get_mut(at) {
                own.append(more.whole().into_owned());
            }
        }
        Ok(())
    })?;
    Ok(all)
}

/// A stored column as it lies there, in one piece.
fn column(column: &Stored) -> PolarsResult<Column> {
    Ok(match column.dtype() {
        DataType::Int64 => {
            let all = column.i64()?.rechunk().into_owned();
            if all.min() == Some(NO_SMALL) {
                let words = format!("`{}` holds a number out of range", column.name());
                return Err(PolarsError::ComputeError(words.into()));
            }
            Column::Small(all)
        }
        DataType::Int32 => Column::Days(column.i32()?.rechunk().into_owned()),
        DataType::UInt32 => Column::Code(column.u32()?.rechunk().into_owned()),
        DataType::Boolean => Column::Truth(column.bool()?.rechunk().into_owned()),
        other => return Err(PolarsError::ComputeError(format!("`{}` is stored as {other}", column.name()).into())),
    })
}

/// Largest |units| of every number column: what planning proves its bounds with.
pub fn bounds(store: &Store) -> Result<BTreeMap<(String, String), u128>, EngineError> {
    let mut bounds = BTreeMap::new();
    for (name, population) in &store.populations {
        let numbers = population.columns.iter().filter(|(_, column)| column.ty.scale().is_some());
        let numbers: Vec<String> = numbers.map(|(name, _)| name.clone()).collect();
        if numbers.is_empty() {
            continue;
        }
        let mut largest = vec![0u128; numbers.len()];
        population.frame.visit(&numbers, |piece| {
            let ends = |column: &String| -> PolarsResult<u128> {
                let units = piece.column(column)?.i64()?;
                let size = |end: Option<i64>| end.map_or(0, |units| u128::from(units.unsigned_abs()));
                Ok(size(units.min()).max(size(units.max())))
            };
            let ends: PolarsResult<Vec<u128>> = numbers.par_iter().map(ends).collect();
            largest.iter_mut().zip(ends?).for_each(|(largest, end)| *largest = end.max(*largest));
            Ok(())
        })?;
        bounds.extend(numbers.into_iter().map(|column| (name.clone(), column)).zip(largest));
    }
    Ok(bounds)
}
