//! What is loaded: typed look-ups that fail with a reason, and the joins that a path needs.

mod scope;

use std::collections::BTreeMap;

use tieout_ingest::Expected;
use tieout_ingest::schema::{ColumnSchema, PopulationSchema, schema};
use tieout_ingest::store::{Origin, Store};
use tieout_model::{ColumnType, Period};

/// A column as loaded.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its type.
    pub ty: ColumnType,
    /// True if some cells are unreadable.
    pub has_unreadable: bool,
    /// Where its values come from.
    pub origin: Origin,
    /// Largest |units| present.
    pub bound: u128,
    /// Decimals of the export.
    pub decimals_max: u8,
}

/// A population as loaded.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Mapped columns.
    pub columns: BTreeMap<String, Known>,
    /// Rows.
    pub records: u64,
    /// Records that could not be read.
    pub excluded: u64,
    /// Extract window.
    pub extract: Option<Period>,
}

/// |units| that a rule must be able to handle whatever the exports: a hundred million of money, a million a price.
const LARGEST_UNITS: u128 = 100_000_000_000_000;

/// Everything that is loaded.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    tables: BTreeMap<String, Table>,
}

impl Catalog {
    /// From the prepared store; `bounds` gives the largest |units| of each number column.
    pub fn new(store: &Store, bounds: &BTreeMap<(String, String), u128>) -> Self {
        let mut tables = BTreeMap::new();
        for (name, population) in &store.populations {
            let mut table = Table {
                records: population.records,
                excluded: population.facts.excluded,
                extract: population.extract,
                ..Table::default()
            };
            for (column, stored) in &population.columns {
                let bound = bounds.get(&(name.clone(), column.clone())).copied();
                let known = Known {
                    ty: stored.ty,
                    has_unreadable: stored.has_unreadable,
                    origin: stored.origin.clone(),
                    bound: bound.unwrap_or(u128::from(i64::MAX.unsigned_abs())),
                    decimals_max: stored.decimals_max,
                };
                table.columns.insert(column.clone(), known);
            }
            tables.insert(name.clone(), table);
        }
        Self { tables }
    }

    /// What is about to be read, as far as it can be told before.
    pub fn expected(expected: &Expected) -> Self {
        let mut all = Self::whole_schema();
        all.tables.retain(|name, _| expected.populations.contains_key(name));
        for (name, table) in &mut all.tables {
            let widths = &expected.populations[name].widths;
            table.columns.retain(|column, known| {
                known.has_unreadable = false;
                widths.contains_key(column)
            });
        }
        all
    }

    /// As if every population and column of the schema were there: what a rule is written against.
    pub fn whole_schema() -> Self {
        let known = |column: &ColumnSchema| Known {
            ty: column.ty,
            has_unreadable: true,
            origin: Origin::Header(column.name.clone()),
            bound: LARGEST_UNITS,
            decimals_max: column.ty.scale().map_or(0, |scale| scale.min(2)),
        };
        let tables = schema().populations().map(|population| {
            let columns = population.columns.iter().map(|column| (column.name.clone(), known(column))).collect();
            (population.name.clone(), Table { columns, records: 1, ..Table::default() })
        });
        Self { tables: tables.collect() }
    }

    /// A loaded population.
    pub fn table(&self, population: &str) -> Option<&Table> {
        self.tables.get(population)
    }
}

/// The money column by which a population is measured.
pub fn money_column(population: &str) -> Option<&'static str> {
    Some(match population {
        "invoice" => "gross_total",
        "invoice_line" => "net_amount",
        "invoice_tax" => "tax_amount",
        "payment" | "payment_application" | "credit_application" | "refund" | "allowance_charge" | "bank_line" => {
            "amount"
        }
        "adjustment" => "net_amount",
        "open_item" => "balance",
        _ => return None,
    })
}

/// Where the currency of a record's money may stand, its own column first.
pub(crate) const CURRENCY_PATHS: [&str; 6] = [
    "currency",
    "invoice.currency",
    "payment.currency",
    "credit_note.currency",
    "order_line.currency",
    "subscription.currency",
];

/// Whether a population's money has a way to its currency at all.
pub fn has_currency(population: &str) -> bool {
    let Some(described) = schema().get(population) else { return false };
    CURRENCY_PATHS.iter().any(|path| match path.split_once('.') {
        None => described.columns.iter().any(|column| column.name == *path),
        Some((head, _)) => links(described).iter().any(|link| link.name == head),
    })
}

/// A many-to-one link.
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) own: Vec<String>,
    pub(crate) population: String,
    pub(crate) theirs: Vec<String>,
}

pub(crate) fn links(population: &PopulationSchema) -> Vec<Link> {
    let mut found: Vec<(&ColumnSchema, Link)> = Vec::new();
    for column in &population.columns {
        let Some(reference) = &column.references else { continue };
        let mut own = vec![column.name.clone()];
        if reference.columns.len() == 2 {
            let number = format!("{}_line_no", column.name.trim_end_matches("_id"));
            if reference.population == population.name || population.columns.iter().all(|other| other.name != number) {
                continue;
            }
            own.push(number);
        }
        let name = reference.role.clone().unwrap_or_else(|| reference.population.clone());
        found.push((
            column,
            Link { name, own, population: reference.population.clone(), theirs: reference.columns.clone() },
        ));
    }
    let names: Vec<String> = found.iter().map(|(_, link)| link.name.clone()).collect();
    found
        .into_iter()
        .map(|(column, link)| {
            let shared = names.iter().filter(|name| **name == link.name).count() > 1;
            let own = column.name.trim_end_matches("_id").trim_end_matches("_code").to_owned();
            if (shared || link.population == population.name) && own != link.name {
                Link { name: own, ..link }
            } else {
                link
            }
        })
        .collect()
}

/// Lines inherit the columns of their header.
pub(crate) fn header(population: &str) -> Option<&'static str> {
    matches!(population, "invoice_line" | "allowance_charge" | "invoice_tax").then_some("invoice")
}

pub use scope::{Cause, Scope};
