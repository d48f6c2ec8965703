//! Which columns the selected rules may need, so that reading converts nothing else.

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::schema::schema;

use crate::audit::Options;
use crate::catalog::links;
use crate::netted::OPTIONAL_LINE_COLUMNS;
use crate::rule::Library;

/// By population: every canonical column whose name stands as a word in a selected rule, and what netting and keys need.
///
/// A word in a comment may bring in one column too many, never one too few.
pub fn needed_columns(library: &Library, options: &Options) -> BTreeMap<String, BTreeSet<String>> {
    let mut words: BTreeSet<String> = BTreeSet::new();
    for rule in library.select(&options.select).0 {
        collect(&rule.text, &mut words);
        if let Some(setting) = options.settings.get(&rule.card.id) {
            setting.params.values().for_each(|text| collect(text, &mut words));
        }
    }
    let always = ["currency", "customer_id", "invoice_no", "issue_date", "document_type", "status", "rounding_mode"];
    let netting = ["original_invoice_id", "replaces_id", "reason_code", "gross_total"];
    let netting = netting.iter().chain(&OPTIONAL_LINE_COLUMNS);
    words.extend(crate::root::columns().map(str::to_owned));
    words.extend(always.iter().chain(netting).map(|word| (*word).to_owned()));
    let mut needed = BTreeMap::new();
    // Only rules that name it read the list of all numbers.
    let read = |name: &str| name != "document_number" || words.contains(name);
    for population in schema().populations().filter(|population| read(&population.name)) {
        let keys: BTreeSet<String> = links(population).into_iter().flat_map(|link| link.own).collect();
        let wanted = |column: &tieout_ingest::schema::ColumnSchema| {
            column.pk
                || keys.contains(&column.name)
                || column.references.is_some()
                || column.name == "currency"
                || words.contains(&column.name)
        };
        let columns =
            population.columns.iter().filter(|column| wanted(column)).map(|column| column.name.clone()).collect();
        needed.insert(population.name.clone(), columns);
    }
    needed
}

fn collect(text: &str, words: &mut BTreeSet<String>) {
    let split = |symbol: char| !(symbol.is_ascii_alphanumeric() || symbol == '_');
    words.extend(text.split(split).filter(|word| !word.is_empty()).map(str::to_owned));
}
