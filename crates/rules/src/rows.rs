//! Records of a population with named columns, for procedures that are no rules.

use std::collections::HashMap;

use tieout_model::{Amount, Date, RecordRef};

use crate::catalog::{Catalog, Scope};
use crate::engine::{Engine, EngineError};
use crate::value::{Relation, Value};

/// The name under which the record's own number comes.
pub(crate) const RECORD: &str = "rec";

/// Rows in order of record; a column that the exports lack is not there.
#[derive(Default)]
pub(crate) struct Rows {
    relation: Relation,
    at: HashMap<String, usize>,
}

/// A row with names.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a>(&'a Rows, &'a [Value]);

/// Records of a population with those of the columns that the exports have; none without the population.
pub(crate) fn rows(
    engine: &dyn Engine,
    catalog: &Catalog,
    population: &str,
    columns: &[&str],
) -> Result<Rows, EngineError> {
    if catalog.table(population).is_none() {
        return Ok(Rows::default());
    }
    let mut scope = Scope::new(catalog, population, "");
    let mut picked = vec![(RECORD.to_owned(), scope.rec_expr())];
    picked.extend(columns.iter().filter_map(|name| Some(((*name).to_owned(), scope.column(name)?))));
    let mut rows = engine.run(&[scope.plan().project(picked)])?.into_iter().next().unwrap_or_default();
    rows.rows.sort();
    Ok(rows.into())
}

impl From<Relation> for Rows {
    fn from(relation: Relation) -> Self {
        let at = relation.columns.iter().enumerate().map(|(at, column)| (column.name.clone(), at)).collect();
        Self { relation, at }
    }
}

impl Rows {
    pub(crate) fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.relation.rows.iter().map(|row| Row(self, row))
    }
}

impl<'a> Row<'a> {
    fn get(self, name: &str) -> Option<&'a Value> {
        self.0.at.get(name).map(|at| &self.1[*at]).filter(|value| !value.is_null())
    }

    pub(crate) fn text(self, name: &str) -> Option<String> {
        self.get(name)?.as_text().map(str::to_owned)
    }

    pub(crate) fn day(self, name: &str) -> Option<Date> {
        self.get(name)?.date()
    }

    pub(crate) fn flag(self, name: &str) -> Option<bool> {
        self.get(name)?.bool()
    }

    /// Units at the column's own scale.
    pub(crate) fn units(self, name: &str) -> Option<i128> {
        self.get(name)?.num()
    }

    /// A number with its scale.
    pub(crate) fn amount(self, name: &str) -> Option<Amount> {
        let at = *self.0.at.get(name)?;
        Some(Amount::new(self.1[at].num()?, self.0.relation.columns[at].ty.scale()))
    }

    pub(crate) fn record(self) -> RecordRef {
        let units = self.get(RECORD).and_then(Value::num).and_then(|units| i64::try_from(units).ok());
        RecordRef::unpack(units.unwrap_or(0))
    }
}
