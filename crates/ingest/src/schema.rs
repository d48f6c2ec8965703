//! The canonical populations: `populations.csv`, embedded and parsed once.
//!
//! The file is the contract between mappings and rules, so it is read by nobody else; a mistake in it is our own bug
//! and stops the first test that touches it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tieout_model::ColumnType;

const TABLE: &str = include_str!("../populations.csv");

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::parse(TABLE));

/// All canonical populations.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    populations: BTreeMap<String, PopulationSchema>,
    order: Vec<String>,
}

/// The columns of one population.
#[derive(Clone, Debug, Default)]
pub struct PopulationSchema {
    /// Canonical name.
    pub name: String,
    /// In the order of the file.
    pub columns: Vec<ColumnSchema>,
    /// Names of the columns of the primary key.
    pub key: Vec<String>,
}

/// One canonical column.
#[derive(Clone, Debug)]
pub struct ColumnSchema {
    /// Canonical name.
    pub name: String,
    /// Type.
    pub ty: ColumnType,
    /// True if rules may rely on it.
    pub required: bool,
    /// True if it belongs to the primary key.
    pub pk: bool,
    /// The parent that it points to.
    pub references: Option<Reference>,
    /// `population.column` that holds the currency of this amount.
    pub currency_from: Option<String>,
    /// What an empty cell means, if it means something.
    pub empty_means: Option<String>,
    /// For people.
    pub description: String,
}

/// A many-to-one link to a parent population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The parent population.
    pub population: String,
    /// Key columns of the parent that the link consists of, the referring column's counterpart first.
    pub columns: Vec<String>,
    /// Name of the path (`address.address_id as ship_to` makes `ship_to.subdivision`).
    pub role: Option<String>,
}

/// The embedded schema.
pub fn schema() -> &'static Schema {
    &SCHEMA
}

impl Schema {
    /// The population of that name.
    pub fn get(&self, population: &str) -> Option<&PopulationSchema> {
        self.populations.get(population)
    }

    /// Every population in the order of the file.
    pub fn populations(&self) -> impl Iterator<Item = &PopulationSchema> {
        self.order.iter().filter_map(|name| self.populations.get(name))
    }

    fn parse(text: &str) -> Self {
        let mut schema = Self::default();
        let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(text.as_bytes());
        for record in reader.records() {
            let record = record.expect("populations.csv is well formed");
            let cell = |index: usize| record.get(index).unwrap_or_default();
            let column = ColumnSchema {
                name: cell(1).to_owned(),
                ty: ColumnType::parse(cell(2)).unwrap_or_else(|| panic!("populations.csv: type `{}`", cell(2))),
                required: cell(3) == "Y",
                pk: cell(4) == "PK",
                references: Reference::parse(cell(5)),
                currency_from: stated(cell(6)),
                empty_means: stated(cell(7)),
                description: cell(12).to_owned(),
            };
            let population = schema.populations.entry(cell(0).to_owned()).or_insert_with(|| {
                schema.order.push(cell(0).to_owned());
                PopulationSchema { name: cell(0).to_owned(), ..PopulationSchema::default() }
            });
            if column.pk {
                population.key.push(column.name.clone());
            }
            population.columns.push(column);
        }
        schema
    }
}

impl PopulationSchema {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&ColumnSchema> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl Reference {
    fn parse(text: &str) -> Option<Self> {
        let (path, role) = match text.split_once(" as ") {
            Some((path, role)) => (path, Some(role.trim().to_owned())),
            None => (text, None),
        };
        let (population, columns) = path.trim().split_once('.')?;
        Some(Self { population: population.to_owned(), columns: columns.split('+').map(str::to_owned).collect(), role })
    }
}

fn stated(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_links_and_types_are_read() {
        let line = schema().get("invoice_line").unwrap();
        assert_eq!(line.key, ["invoice_id", "line_no"]);
        let ship_to = line.column("ship_to_id").unwrap().references.clone().unwrap();
        assert_eq!((ship_to.population.as_str(), ship_to.role.as_deref()), ("address", Some("ship_to")));
        let order = line.column("order_id").unwrap().references.clone().unwrap();
        assert_eq!(order.columns, ["order_id", "line_no"]);
        assert_eq!(line.column("net_amount").unwrap().currency_from.as_deref(), Some("invoice.currency"));
        assert_eq!(line.column("unit_price").unwrap().ty, ColumnType::Price);
        assert!(schema().get("invoices").is_none());
    }

    #[test]
    fn every_link_and_currency_leads_somewhere() {
        for population in schema().populations() {
            assert!(!population.key.is_empty(), "{} has a key", population.name);
            for column in &population.columns {
                if let Some(reference) = &column.references {
                    let parent = schema().get(&reference.population).expect("parent exists");
                    assert!(reference.columns.iter().all(|name| parent.column(name).is_some()), "{}", column.name);
                }
                if let Some((table, name)) = column.currency_from.as_deref().and_then(|path| path.split_once('.')) {
                    assert!(schema().get(table).and_then(|table| table.column(name)).is_some(), "{table}.{name}");
                }
            }
        }
    }
}
