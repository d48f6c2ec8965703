//! What must hold when the data changes in a known way, for every bundled rule over its marked records.
//!
//! Each property says of two audits how the second follows from the first; no expected result is written down.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{ChunkApply as _, Column, DataFrame, IntoColumn as _, NamedFrom as _, Series};
use tieout_ingest::store::{Frame, REC};
use tieout_ingest::{Store, schema};
use tieout_model::{ColumnType, Confidence, RecordRef};
use tieout_rules::fixture::{Fixture, Outcomes};
use tieout_rules::{Library, Rule, audit};

use super::fixtures::{bundled, fixtures, store};

fn frame(store: &Store, population: &str) -> DataFrame {
    store.populations[population].frame.whole().unwrap()
}

fn with_frame(store: &Store, population: &str, frame: DataFrame) -> Store {
    let mut other = store.clone();
    let loaded = other.populations.get_mut(population).unwrap();
    loaded.records = frame.height() as u64;
    loaded.frame = Frame::of(&frame).unwrap();
    other
}

fn recs(frame: &DataFrame) -> Vec<i64> {
    frame.column(REC).unwrap().i64().unwrap().iter().map(Option::unwrap).collect()
}

/// The store without some records of the population under test.
fn without(store: &Store, population: &str, gone: &BTreeSet<u64>) -> Store {
    let whole = frame(store, population);
    let keep: Vec<bool> = recs(&whole).into_iter().map(|rec| !gone.contains(&RecordRef::unpack(rec).record)).collect();
    let mask = Series::new("keep".into(), keep);
    with_frame(store, population, whole.filter(mask.bool().unwrap()).unwrap())
}

fn run(fixture: &Fixture, store: &Store, rule: &Rule) -> Outcomes {
    fixture.run(store, rule).unwrap_or_else(|reason| panic!("{}: {reason}", rule.card.id))
}

fn found(outcomes: &Outcomes) -> BTreeSet<u64> {
    outcomes.iter().filter(|(_, words)| *words == "finding").map(|(record, _)| record.record).collect()
}

/// Rules whose wrong item is one of several that only together are wrong, or is wrong because another is not there: with
/// the item itself gone, the rest is not right, so taking it out mends nothing.
const NOT_MENDED_BY_TAKING_OUT: [(&str, &str); 6] = [
    ("number-gap", "a hole grows if the number before it is taken out"),
    ("recurring-bill-missing", "the bill before the hole is not what is wrong"),
    ("tax-rounding-mixed", "other documents follow the other method"),
    ("tax-differs-from-rate", "the tax rows of a document are judged together"),
    ("usage-billed-wrong", "the lines of a usage period are judged together"),
    ("tax-pennies", "the other tax rows of the jurisdiction were rounded too"),
];

fn taking_out_mends(rule: &str) -> bool {
    NOT_MENDED_BY_TAKING_OUT.iter().all(|(known, _)| *known != rule)
}

#[test]
fn with_every_marked_error_taken_out_nothing_is_found() {
    let library = Library::bundled();
    let mut wrong = Vec::new();
    for (id, fixture) in fixtures().into_iter().filter(|(id, _)| taking_out_mends(id)) {
        let rule = bundled(&library, &id);
        let all = store(&fixture, None);
        let errors = found(&run(&fixture, &all, rule));
        let mended = without(&all, &fixture.marked.population, &errors);
        let left = found(&run(&fixture, &mended, rule));
        if !left.is_empty() {
            wrong.push(format!("{id}: records {left:?} are findings once {errors:?} are gone"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn one_error_among_lawful_records_is_the_only_finding() {
    let library = Library::bundled();
    let mut wrong = Vec::new();
    for (id, fixture) in fixtures().into_iter().filter(|(id, _)| taking_out_mends(id)) {
        let rule = bundled(&library, &id);
        let all = store(&fixture, None);
        let errors = found(&run(&fixture, &all, rule));
        // A second surplus record of a group is one only while the first is there.
        let mut alone = 0;
        for &error in errors.iter().take(4) {
            let others = errors.iter().copied().filter(|&other| other != error).collect();
            let one = without(&all, &fixture.marked.population, &others);
            let left = found(&run(&fixture, &one, rule));
            alone += usize::from(left == BTreeSet::from([error]));
            if !left.is_subset(&BTreeSet::from([error])) {
                wrong.push(format!("{id}: with record {error} alone, {left:?} are findings"));
            }
        }
        if alone == 0 {
            wrong.push(format!("{id}: no error is found alone"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The rule with its slack widened by a unit of the ledger, where it has figures to compare.
fn wider(rule: &Rule) -> Option<Rule> {
    let mut whole: toml::Table = toml::from_str(&rule.text).unwrap();
    let body = whole["check"].as_table_mut().unwrap().iter_mut().next().unwrap().1.as_table_mut().unwrap();
    if !body.contains_key("slack") {
        return None;
    }
    let before = body["slack"].as_str().unwrap().to_owned();
    body.insert("slack".to_owned(), toml::Value::String(format!("({before}) + 1.00")));
    let text = toml::to_string(&whole).unwrap();
    Some(Rule::parse("wider.toml", &text).unwrap_or_else(|wrong| panic!("{}: {wrong:#?}", rule.card.id)))
}

#[test]
fn a_wider_slack_finds_a_part_of_what_was_found() {
    let library = Library::bundled();
    let (mut wrong, mut widened) = (Vec::new(), 0);
    for (id, fixture) in fixtures() {
        let rule = bundled(&library, &id);
        let Some(wider) = wider(rule) else { continue };
        let all = store(&fixture, None);
        let (before, after) = (found(&run(&fixture, &all, rule)), found(&run(&fixture, &all, &wider)));
        widened += 1;
        if !after.is_subset(&before) {
            wrong.push(format!("{id}: {after:?} is no part of {before:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(widened >= 15, "{widened} rules have a slack");
}

/// Texts that name somebody or something, besides ids.
const NAMES: [&str; 13] = [
    "invoice_no",
    "name",
    "customer_po",
    "reference",
    "document_no",
    "email",
    "series",
    "account",
    "source",
    "purchaser_name",
    "remittance_text",
    "terms_code",
    "payment_terms_code",
];

/// Every population with a copy of its records in which every id and name is another: a customer, a seller and a tax
/// authority that have nothing to do with the first.
fn with_strangers(all: &Store) -> Store {
    let mut both = all.clone();
    for name in all.populations.keys() {
        let described = schema().get(name).unwrap();
        let is_name = |column: &str| {
            NAMES.contains(&column) || described.column(column).is_some_and(|column| column.ty == ColumnType::Id)
        };
        if !described.key.iter().any(|column| is_name(column)) {
            // A state's rule is everybody's.
            continue;
        }
        let own = frame(all, name);
        let other = |column: &Column| -> Column {
            if column.name() == REC {
                return column.i64().unwrap().apply_values(|rec| rec + (1 << 30)).into_column();
            }
            if is_name(column.name()) {
                let renamed = column.u32().unwrap().apply_values(|code| {
                    all.texts.code(&format!("stranger {}", all.texts.get(code).unwrap_or_default()))
                });
                return renamed.into_column();
            }
            column.clone()
        };
        let strangers = DataFrame::new(own.height(), own.columns().iter().map(other).collect()).unwrap();
        both = with_frame(&both, name, own.vstack(&strangers).unwrap());
    }
    both
}

/// Rules about the whole ledger of a currency: a stranger's money is part of it.
const OF_THE_LEDGER: [&str; 2] = ["roll-forward-does-not-close", "subledger-differs-from-ledger"];

#[test]
fn strangers_change_nothing() {
    let library = Library::bundled();
    let mut wrong = Vec::new();
    for (id, fixture) in fixtures().into_iter().filter(|(id, _)| !OF_THE_LEDGER.contains(&id.as_str())) {
        let rule = bundled(&library, &id);
        let all = store(&fixture, None);
        let before = run(&fixture, &all, rule);
        let mut after = run(&fixture, &with_strangers(&all), rule);
        after.retain(|record, _| record.record < (1 << 30));
        if before != after {
            let differ: BTreeMap<_, _> = before
                .iter()
                .filter(|(record, words)| after.get(*record) != Some(*words))
                .map(|(record, words)| (record.record, (words, after.get(record))))
                .collect();
            wrong.push(format!("{id}: {differ:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn without_a_population_nothing_more_is_certain() {
    let library = Library::bundled();
    let mut wrong = Vec::new();
    for (id, fixture) in fixtures() {
        let all = store(&fixture, None);
        let certain = |store: &Store| -> BTreeSet<RecordRef> {
            let findings = audit(store, &library, &fixture.options).findings.into_iter();
            findings.filter(|one| one.confidence == Confidence::Certain).map(|one| one.evidence[0].record).collect()
        };
        let before = certain(&all);
        for population in all.populations.keys().filter(|name| **name != fixture.marked.population) {
            let mut less = all.clone();
            less.populations.remove(population);
            let more: Vec<u64> = certain(&less).difference(&before).map(|record| record.record).collect();
            if !more.is_empty() {
                wrong.push(format!("{id}: without {population} records {more:?} are certain"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
