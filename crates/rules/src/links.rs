//! How many references of each population find their record: the first thing to look at in a new mapping.

use tieout_ingest::schema::schema;
use tieout_ingest::store::Store;

use crate::catalog::{Catalog, links};
use crate::engine::columnar::Columnar;
use crate::engine::{Engine as _, EngineError};
use crate::expr::Expr;
use crate::plan::{Agg, Join, Plan};
use crate::value::{Column, Ty};

/// References of one column (or pair of columns) into one population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkHits {
    /// Referring population.
    pub population: String,
    /// Its column or columns.
    pub columns: String,
    /// Population referred to.
    pub into: String,
    /// Records with a complete reference.
    pub stated: u64,
    /// Of these, how many find a record.
    pub found: u64,
}

/// Counts the references between loaded populations.
pub fn link_hits(store: &Store) -> Result<Vec<LinkHits>, EngineError> {
    let catalog = Catalog::new(store, &std::collections::BTreeMap::new());
    let engine = Columnar::new(store);
    let mut hits = Vec::new();
    for name in store.populations.keys() {
        let Some(described) = schema().get(name) else { continue };
        for link in links(described) {
            let mapped = |population: &str, columns: &[String]| {
                catalog
                    .table(population)
                    .is_some_and(|table| columns.iter().all(|column| table.columns.contains_key(column)))
            };
            if !mapped(name, &link.own) || !mapped(&link.population, &link.theirs) {
                continue;
            }
            let scan = |population: &str, columns: &[String], mark: &str| Plan::Scan {
                population: population.to_owned(),
                columns: columns
                    .iter()
                    .map(|column| (column.clone(), Column { name: format!("{mark}{column}"), ty: Ty::Text }))
                    .collect(),
            };
            let present = link
                .own
                .iter()
                .map(|column| Expr::col(format!("a.{column}"), Ty::Text).is_null().negated())
                .reduce(Expr::and);
            let stated = scan(name, &link.own, "a.").filter(present.unwrap_or_else(|| Expr::bool(true)));
            let on = link
                .own
                .iter()
                .zip(&link.theirs)
                .map(|(own, theirs)| (format!("a.{own}"), format!("b.{theirs}")))
                .collect();
            let found = stated.clone().join(scan(&link.population, &link.theirs, "b."), on, Join::Semi);
            let count = |plan: Plan| plan.aggregate(Vec::new(), vec![("n".to_owned(), Agg::Count)]);
            let counted = engine.run(&[count(stated), count(found)])?;
            let number = |index: usize| {
                counted
                    .get(index)
                    .and_then(|relation| relation.rows.first()?.first()?.num())
                    .and_then(|n| u64::try_from(n).ok())
                    .unwrap_or(0)
            };
            hits.push(LinkHits {
                population: name.clone(),
                columns: link.own.join(", "),
                into: link.population,
                stated: number(0),
                found: number(1),
            });
        }
    }
    Ok(hits)
}

/// The first record of a population after conversion: canonical column and value in words.
pub fn first_record(store: &Store, population: &str) -> Option<(tieout_model::RecordRef, Vec<(String, String)>)> {
    let relation = Columnar::head(store, population).ok()?;
    let row = relation.rows.first()?;
    let record = row.first()?.num().and_then(|units| i64::try_from(units).ok()).map(tieout_model::RecordRef::unpack)?;
    let cells = relation.columns.iter().zip(row).skip(1).filter(|(column, _)| !column.name.ends_with('!'));
    Some((
        record,
        cells.map(|(column, value)| (column.name.clone(), crate::checks::sentence::number(value, column.ty))).collect(),
    ))
}
