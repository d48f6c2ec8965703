//! The columns of the prepared store as vectors, each loaded when a plan first reads it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::PolarsError;
use tieout_ingest::packed::{Packed, Packing};
use tieout_ingest::store::{Frame, Population, REC, Store};

use super::column::Column;
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
            for (name, column) in lacking.iter().zip(columns_of(known, &lacking)?) {
                let vector = Arc::new(Column::Stored(column));
                loaded.places.insert(Arc::as_ptr(&vector) as usize);
                loaded.columns.insert((population.to_owned(), name.clone()), vector);
            }
        }
        let of = |name: &str| loaded.columns[&(population.to_owned(), name.to_owned())].clone();
        let rows = of(REC).len();
        Ok(View::of(rows, columns.iter().map(|(stored, column)| (column.name.clone(), of(stored))).collect()))
    }

    /// Whether rows lie in files.
    pub fn reads_files(&self) -> bool {
        self.store.populations.values().any(|population| matches!(population.frame, Frame::Disk(..)))
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

/// Columns of a population, in the order of their names: as they lie in memory, or read from its files.
fn columns_of(population: &Population, names: &[String]) -> Result<Vec<Arc<Packed>>, EngineError> {
    let absent = |name: &String| EngineError(format!("no column `{name}` in {}", population.name));
    let columns: Vec<Arc<Packed>> = match &population.frame {
        Frame::Memory(table) => {
            let column = |name: &String| table.column(name).cloned().ok_or_else(|| absent(name));
            names.iter().map(column).collect::<Result<_, _>>()?
        }
        Frame::Disk(..) => {
            let mut all: Vec<Packing> = Vec::new();
            population.frame.visit(names, |piece| {
                for (at, name) in names.iter().enumerate() {
                    let more = piece.column(name)?;
                    if all.len() <= at {
                        all.push(Packing::like(more)?);
                    }
                    all[at].append_stored(more)?;
                }
                Ok(())
            })?;
            all.into_iter().map(|packing| Arc::new(packing.finish())).collect()
        }
    };
    match columns.iter().zip(names).find(|(column, _)| i64::try_from(column.largest()).is_err()) {
        Some((_, name)) => Err(EngineError(format!("`{name}` holds a number out of range"))),
        None => Ok(columns),
    }
}

/// Largest |units| of every number column: what planning proves its bounds with.
pub fn bounds(store: &Store) -> Result<BTreeMap<(String, String), u128>, EngineError> {
    let mut bounds = BTreeMap::new();
    for (name, population) in &store.populations {
        let numbers = population.columns.iter().filter(|(_, column)| column.ty.scale().is_some());
        for (column, _) in numbers {
            let largest = match &population.frame {
                Frame::Memory(table) => table.column(column).map_or(0, |column| column.largest()),
                Frame::Disk(..) => {
                    let found = columns_of(population, std::slice::from_ref(column))?;
                    found.first().map_or(0, |column| column.largest())
                }
            };
            bounds.insert((name.clone(), column.clone()), u128::from(largest));
        }
    }
    Ok(bounds)
}
