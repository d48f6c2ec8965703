//! The generator from outside: same bytes for the same seed, totals that are true, labels that name records.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use tieout_benches::document::Rounding;
use tieout_benches::generate::generate;
use tieout_benches::layout::{LAYOUTS, Layout};
use tieout_benches::world::Settings;

fn settings(seed: u64) -> Settings {
    Settings {
        lines: 300,
        seed,
        months: 3,
        each: 1,
        per_million: 0,
        dressed: false,
        rounding: Rounding::Invoice,
        overlap: false,
        drafts: None,
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for (folder, seed) in folders.iter().zip([5, 5, 6]) {
        generate(&settings(seed), folder.path()).unwrap();
    }
    assert!(files(folders[0].path()) == files(folders[1].path()));
    assert!(files(folders[0].path()) != files(folders[2].path()));
}

/// The records of an export in canonical columns.
fn records(folder: &Path, layout: &Layout) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.join(format!("{}.csv", layout.file))).unwrap();
    reader.deserialize().map(|record| record.unwrap()).collect()
}

fn cents(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let units: i64 = whole.trim_start_matches('-').parse::<i64>().unwrap() * 100 + part.parse::<i64>().unwrap();
    if text.starts_with('-') { -units } else { units }
}

#[test]
fn the_totals_are_those_of_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let printed = generate(&settings(5), folder.path()).unwrap();
    for (population, column) in
        [("invoice", "gross_total"), ("payment", "amount"), ("payment_application", "amount"), ("refund", "amount")]
    {
        let layout = LAYOUTS.iter().find(|layout| layout.population == population).unwrap();
        let records = records(folder.path(), layout);
        let dollars = records.iter().filter(|record| record["currency"] == "USD");
        let sum: i64 = dollars.map(|record| cents(&record[column])).sum();
        let total = format!("{population} {} records, total {}.{:02} USD", records.len(), sum / 100, sum % 100);
        assert!(printed.contains(&total), "{total} is not among {printed:#?}");
    }
}

#[test]
fn labels_name_records_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    generate(&settings(5), folder.path()).unwrap();
    let contract = include_str!("../../crates/ingest/populations.csv");
    let mut keys: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for layout in &LAYOUTS {
        let is_key = |name: &str| {
            contract.lines().any(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                cells[0] == layout.population && cells[1] == name && cells[4] == "PK"
            })
        };
        let parts: Vec<&str> = layout.columns.iter().map(|column| column.0).filter(|name| is_key(name)).collect();
        let key = |record: BTreeMap<String, String>| {
            parts.iter().map(|part| record[*part].as_str()).collect::<Vec<_>>().join("/")
        };
        keys.insert(layout.population, records(folder.path(), layout).into_iter().map(key).collect());
    }
    let numbers = records(folder.path(), LAYOUTS.iter().find(|layout| layout.population == "invoice").unwrap());
    let number = |record: BTreeMap<String, String>| {
        let parts: Vec<&str> = record["invoice_no"].split('-').collect();
        let count = parts.last().and_then(|count| count.parse::<u64>().ok());
        format!("{}/{}/{}", parts[0], parts.get(1).unwrap_or(&""), count.unwrap_or(0))
    };
    keys.insert("document_number", numbers.into_iter().map(number).collect());
    keys.insert("control_total", BTreeSet::from(["payment/".to_owned()]));
    let mut rules = BTreeSet::new();
    let mut reader = csv::Reader::from_path(folder.path().join("labels.csv")).unwrap();
    for label in reader.deserialize::<BTreeMap<String, String>>() {
        let label = label.unwrap();
        assert!(keys[label["population"].as_str()].contains(&label["key"]), "{label:?}");
        if label["kind"] != "look-alike" {
            rules.insert(label["rule"].clone());
        }
    }
    let bundled = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../rules")).unwrap();
    for rule in
        bundled.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "toml"))
    {
        let id = rule.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(rules.contains(&id), "no error is planted for {id}");
    }
}
