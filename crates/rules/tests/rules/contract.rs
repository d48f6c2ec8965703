//! The population contract: every bundled rule plans against a store that maps every column of the schema.

use std::collections::BTreeMap;

use polars::prelude::{Column, DataFrame, DataType};
use tieout_ingest::schema::schema;
use tieout_ingest::store::{Frame, Origin, Population, REC, Store, StoredColumn};
use tieout_model::report::PopulationFacts;
use tieout_model::types::Physical;
use tieout_model::{ColumnType, Status};
use tieout_rules::{Library, Options, plan_check};

/// A store with every population and column, and no record.
pub fn whole_schema() -> Store {
    let mut store = Store::default();
    for population in schema().populations() {
        let mut columns = BTreeMap::new();
        let mut series = vec![Column::new_empty(REC.into(), &DataType::Int64)];
        for column in &population.columns {
            let dtype = match column.ty.physical() {
                Physical::Text => DataType::UInt32,
                Physical::Date => DataType::Int32,
                Physical::Bool => DataType::Boolean,
                Physical::Units => DataType::Int64,
            };
            series.push(Column::new_empty(column.name.as_str().into(), &dtype));
            let stored = StoredColumn {
                name: column.name.clone(),
                ty: column.ty,
                origin: Origin::Header(column.name.clone()),
                has_unreadable: false,
                decimals_max: if column.ty == ColumnType::Price { 2 } else { 0 },
            };
            columns.insert(column.name.clone(), stored);
        }
        let loaded = Population {
            name: population.name.clone(),
            frame: Frame::of(&DataFrame::new(0, series).unwrap()).unwrap(),
            columns,
            records: 0,
            extract: None,
            facts: PopulationFacts { name: population.name.clone(), ..PopulationFacts::default() },
        };
        store.populations.insert(population.name.clone(), loaded);
    }
    store
}

fn options() -> Options {
    Options { period: "2026-10".parse().ok(), as_of: "2026-11-05".parse().ok(), ..Options::default() }
}

#[test]
fn every_bundled_rule_parses() {
    let (_, diagnostics) = Library::load(&[]);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
}

#[test]
fn every_input_of_every_bundled_rule_is_in_the_schema() {
    let library = Library::bundled();
    assert!(library.rules().len() >= 30, "{} rules", library.rules().len());
    let (results, diagnostics) = plan_check(&whole_schema(), &library, &options());
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    for result in results {
        assert_eq!(result.status, Status::NoExceptions, "{}: {:?}", result.card.id, result.status);
        assert!(result.guards_missing.is_empty(), "{}: {:?}", result.card.id, result.guards_missing);
    }
}

#[test]
fn every_bundled_rule_runs_over_no_records() {
    let outcome = tieout_rules::audit(&whole_schema(), &Library::bundled(), &options());
    for result in &outcome.rules {
        assert_eq!(result.status, Status::NoExceptions, "{}", result.card.id);
    }
    assert!(outcome.findings.is_empty());
}
