//! Which columns the selected rules may need, so that reading converts nothing else.

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::schema::{PopulationSchema, schema};

use crate::audit::Options;
use crate::catalog::{CURRENCY_PATHS, Link, header, links};
use crate::customers;
use crate::netted::OPTIONAL_LINE_COLUMNS;
use crate::root;
use crate::rule::{Library, Rule};

/// Keys of a rule's file whose values are words for people.
const PROSE: [&str; 12] = [
    "title",
    "family",
    "reference",
    "packs",
    "assertion",
    "severity",
    "confidence",
    "reliability",
    "criteria",
    "why",
    "remedy",
    "because",
];

/// Columns by population.
pub type Needed = BTreeMap<String, BTreeSet<String>>;

/// By population that a selected rule can reach: every canonical column whose name stands as a word in that rule, and what
/// netting, root causes and the links between them need. A population that is not there is not needed at all.
///
/// A word that means something else may bring in one column too many, never one too few.
pub fn needed_columns(library: &Library, options: &Options) -> Needed {
    let mut needed = Needed::new();
    for rule in library.select(&options.select).0 {
        merge(&mut needed, needed_by(rule, options));
    }
    let (population, columns) = customers::COLUMNS;
    needed.entry(population.to_owned()).or_default().extend(columns.map(str::to_owned));
    needed
}

/// What one rule needs, its netting and its root causes included.
fn needed_by(rule: &Rule, options: &Options) -> Needed {
    let mut words: BTreeSet<String> = BTreeSet::new();
    match rule.text.parse::<toml::Table>() {
        Ok(table) => speak(&toml::Value::Table(table), &mut words),
        Err(_) => collect(&rule.text, &mut words),
    }
    if let Some(setting) = options.settings.get(&rule.card.id) {
        setting.params.values().for_each(|text| collect(text, &mut words));
    }
    let named: Vec<&PopulationSchema> =
        schema().populations().filter(|population| words.contains(&population.name)).collect();
    let mut needed = Needed::new();
    // Findings may have in common what stands in a record of theirs, or beside it.
    for population in &named {
        root::paths().for_each(|path| dimension(population, path, &mut needed));
    }
    if crate::netted::asked(rule) {
        let netting = ["invoice", "invoice_line", "original_invoice_id", "replaces_id", "reason_code", "gross_total"];
        words.extend(netting.iter().chain(&OPTIONAL_LINE_COLUMNS).map(|word| (*word).to_owned()));
    }
    words.extend(ALWAYS.iter().map(|word| (*word).to_owned()));
    let reached = reached(&words);
    for population in schema().populations().filter(|population| reached.contains(&population.name)) {
        let followed = links(population).into_iter().filter(|link| follows(population, link, &words));
        let keys: BTreeSet<String> =
            followed.flat_map(|link| link.own).chain(into_keys(&population.name, &words)).collect();
        let wanted = |column: &tieout_ingest::schema::ColumnSchema| {
            column.pk || keys.contains(&column.name) || column.name == "currency" || words.contains(&column.name)
        };
        let columns = population.columns.iter().filter(|column| wanted(column)).map(|column| column.name.clone());
        needed.entry(population.name.clone()).or_default().extend(columns);
    }
    needed
}

/// Adds what another needs.
fn merge(needed: &mut Needed, other: Needed) {
    for (population, columns) in other {
        needed.entry(population).or_default().extend(columns);
    }
}

/// The columns of a dimension of a population's records: its own, or a parent's.
fn dimension(population: &PopulationSchema, path: &str, needed: &mut Needed) {
    let (link, name) = path.split_once('.').map_or((None, path), |(link, name)| (Some(link), name));
    let mut add = |population: &str, column: &str| {
        needed.entry(population.to_owned()).or_default().insert(column.to_owned());
    };
    let Some(link) = link else {
        if population.column(name).is_some() {
            add(&population.name, name);
        }
        return;
    };
    for link in links(population).into_iter().filter(|own| own.name == link) {
        link.own.iter().for_each(|column| add(&population.name, column));
        if let Some(parent) = schema().get(&link.population) {
            parent.key.iter().map(String::as_str).chain([name]).for_each(|column| add(&parent.name, column));
        }
    }
}

/// Columns that every rule may show, scope or round by.
const ALWAYS: [&str; 8] = [
    "currency",
    "customer_id",
    "invoice_no",
    "issue_date",
    "document_type",
    "status",
    "rounding_mode",
    // Netting and inheritance go by it.
    "invoice_id",
];

/// Populations that a rule or netting names, and their parents as far as a rule may follow them.
fn reached(words: &BTreeSet<String>) -> BTreeSet<String> {
    let mut reached: BTreeSet<String> =
        schema().populations().map(|population| population.name.clone()).filter(|name| words.contains(name)).collect();
    loop {
        let parents: BTreeSet<String> = schema()
            .populations()
            .filter(|population| reached.contains(&population.name))
            .flat_map(|population| {
                links(population)
                    .into_iter()
                    .filter(|link| follows(population, link, words))
                    .map(|link| link.population)
            })
            .collect();
        let before = reached.len();
        reached.extend(parents);
        if reached.len() == before {
            return reached;
        }
    }
}

/// Whether a rule may go from a record to this parent: by its name, or because the record inherits from it or has its
/// currency or rounding there.
fn follows(population: &PopulationSchema, link: &Link, words: &BTreeSet<String>) -> bool {
    words.contains(&link.name)
        || header(&population.name) == Some(link.name.as_str())
        || CURRENCY_PATHS.iter().any(|path| path.strip_suffix(".currency") == Some(link.name.as_str()))
        || link.population == "entity"
}

/// Keys by which a population's own parts refer to each other.
fn into_keys(population: &str, words: &BTreeSet<String>) -> Vec<String> {
    let described = schema().get(population);
    let refers = |column: &&tieout_ingest::schema::ColumnSchema| {
        column.references.as_ref().is_some_and(|reference| words.contains(&reference.population))
    };
    described
        .map(|described| described.columns.iter().filter(refers).map(|column| column.name.clone()).collect())
        .unwrap_or_default()
}

fn speak(value: &toml::Value, words: &mut BTreeSet<String>) {
    match value {
        toml::Value::String(text) => collect(text, words),
        toml::Value::Array(all) => all.iter().for_each(|value| speak(value, words)),
        toml::Value::Table(table) => {
            // The source of a parameter is prose too, but a look-up may have a key of that name.
            let parameter = table.contains_key("expr") && table.contains_key("source");
            for (key, value) in table {
                if PROSE.contains(&key.as_str()) || parameter && key == "source" {
                    continue;
                }
                collect(key, words);
                speak(value, words);
            }
        }
        _ => {}
    }
}

fn collect(text: &str, words: &mut BTreeSet<String>) {
    let split = |symbol: char| !(symbol.is_ascii_alphanumeric() || symbol == '_');
    words.extend(text.split(split).filter(|word| !word.is_empty()).map(str::to_owned));
}
