//! Control totals of every population, by currency, and the population of the sender's figures.

use std::collections::{BTreeMap, BTreeSet};

use tieout_model::report::ControlTotal;
use tieout_model::{Code, Diagnostic};

use super::control::Sent;
use super::finish::Done;
use super::numbers::made;
use super::{Control, Loading, store_failed};
use crate::gather::Chunks;
use crate::schema::schema;
use crate::texts::{NO_TEXT, Texts};
use crate::totals::{CurrencyOf, Sums, control_column};

/// By population: the sender's figures, and what each source gave.
pub(super) type Controls = BTreeMap<String, (Vec<Control>, BTreeMap<usize, Sent>)>;

/// Takes the totals and holds them against the sender's figures.
pub(super) fn control(done: &mut BTreeMap<String, Done>, controls: &Controls, loading: &mut Loading) {
    let mut rows = Vec::new();
    let names: Vec<String> = done.keys().cloned().collect();
    for name in &names {
        match total(name, done, &loading.texts) {
            Ok(total) => {
                if let Some(population) = done.get_mut(name) {
                    population.facts.control = total;
                }
            }
            Err(error) => loading.complain(store_failed(&error)),
        }
    }
    for (name, (stated, sent)) in controls {
        let Some(population) = done.get_mut(name).filter(|_| !stated.is_empty()) else { continue };
        rows.extend(super::control::compare(name, stated, sent, &mut population.facts, &mut loading.diagnostics));
    }
    if rows.is_empty() {
        if !done.is_empty() {
            let missing = "no control figure was given: completeness of the extracts was not established";
            let help =
                "ask the sender for count and total and write `control = { records = 48120, total = \"1204913.17\" }`";
            loading.complain(Diagnostic::new(Code::ControlMissing, missing).help(help));
        }
        return;
    }
    if let (Some(schema), Ok((table, columns))) =
        (schema().get("control_total"), super::control::table(&rows, &loading.texts))
    {
        let mut population = made("control_total", &columns, "control figure of the engagement", schema, loading);
        let count = table.rows() as u64;
        (population.facts.read, population.facts.kept, population.records) = (count, count, count);
        let mut chunks = Chunks::default();
        population.spill.push_table(&mut chunks, table);
        population.chunks.push(chunks);
        done.insert("control_total".to_owned(), population);
    }
}

pub(super) fn total(
    name: &str,
    done: &BTreeMap<String, Done>,
    texts: &Texts,
) -> polars::prelude::PolarsResult<ControlTotal> {
    let Some(column) =
        control_column(name).filter(|column| done.get(name).is_some_and(|done| done.columns.contains_key(*column)))
    else {
        return Ok(ControlTotal::default());
    };
    let mut total = ControlTotal { column: Some(column.to_owned()), ..ControlTotal::default() };
    let Some(population) = done.get(name) else { return Ok(total) };
    let from =
        schema().get(name).and_then(|schema| schema.column(column)).and_then(|column| column.currency_from.clone());
    let (table, code) = from.as_deref().and_then(|path| path.split_once('.')).unwrap_or((name, "currency"));
    let parents;
    let currency = if table == name {
        if population.columns.contains_key(code) { CurrencyOf::Column(code) } else { CurrencyOf::Only(NO_TEXT) }
    } else {
        let codes = currencies(table, code, done)?;
        parents = if codes.len() > 1 { parent_currencies(table, code, done)? } else { Vec::new() };
        let link = schema().get(table).and_then(|parent| parent.key.first().cloned()).unwrap_or_default();
        let own = population.columns.keys().find(|own| **own == link).map(String::as_str);
        match (codes.len(), own) {
            (1, _) => CurrencyOf::Only(codes.first().copied().unwrap_or(NO_TEXT)),
            (_, Some(own)) => CurrencyOf::Parent(own, &parents),
            _ => CurrencyOf::Only(NO_TEXT),
        }
    };
    let mut sums = Sums::default();
    let mut reads = vec![column.to_owned()];
    reads.extend(currency.column().map(str::to_owned));
    for frame in population.chunks.iter().flat_map(|chunks| chunks.frames(Some(&reads))) {
        let frame = frame?;
        // A file without the optional column has no amounts.
        if frame.column(column).is_err() {
            sums.without_amount += frame.height() as u64;
            continue;
        }
        let here = currency.column().is_none_or(|name| frame.column(name).is_ok());
        let none = CurrencyOf::Only(NO_TEXT);
        sums.add(&frame, column, if here { &currency } else { &none })?;
    }
    (total.totals, total.without_amount) = (sums.named(texts), sums.without_amount);
    Ok(total)
}

/// Every currency of a population.
fn currencies(table: &str, code: &str, done: &BTreeMap<String, Done>) -> polars::prelude::PolarsResult<BTreeSet<u32>> {
    let mut only = BTreeSet::new();
    let reads = [code.to_owned()];
    for frame in done.get(table).iter().flat_map(|done| &done.chunks).flat_map(|chunks| chunks.frames(Some(&reads))) {
        let frame = frame?;
        let Ok(codes) = frame.column(code) else { continue };
        let mut last = None;
        for code in codes.u32()?.iter().flatten() {
            if last != Some(code) {
                only.insert(code);
                last = Some(code);
            }
        }
    }
    Ok(only)
}

/// By the code of a parent's key: its currency, or `NO_TEXT`.
pub(super) fn parent_currencies(
    table: &str,
    code: &str,
    done: &BTreeMap<String, Done>,
) -> polars::prelude::PolarsResult<Vec<u32>> {
    // Codes are given in order of reading, so those of one column are not far apart, and neighbours are neighbours.
    let mut all = Vec::new();
    let key = schema().get(table).and_then(|parent| parent.key.first().cloned()).unwrap_or_default();
    let reads = [code.to_owned(), key.clone()];
    for frame in done.get(table).iter().flat_map(|done| &done.chunks).flat_map(|chunks| chunks.frames(Some(&reads))) {
        let frame = frame?;
        let (Ok(codes), Ok(keys)) = (frame.column(code), frame.column(&key)) else { continue };
        for (key, code) in keys.u32()?.iter().zip(codes.u32()?.iter()) {
            let (Some(key), Some(code)) = (key, code) else { continue };
            let key = key as usize;
            if all.len() <= key {
                all.resize((key + 1).max(all.len() + all.len() / 4), NO_TEXT);
            }
            all[key] = code;
        }
    }
    Ok(all)
}
