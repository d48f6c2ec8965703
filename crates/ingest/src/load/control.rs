//! The sender's figures against ours, as diagnostics and as a population of their own.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, IntoColumn as _, NamedFrom as _, PolarsResult, Series};
use tieout_model::amount::MONEY_SCALE;
use tieout_model::report::PopulationFacts;
use tieout_model::{Amount, Code, Diagnostic, RecordRef};

use super::Control;
use crate::store::REC;

/// One row of `control_total`.
pub(super) struct Row {
    source: String,
    file: u32,
    currency: Option<String>,
    records_read: i64,
    records_stated: Option<i64>,
    total_read: Option<i64>,
    total_stated: Option<i64>,
}

/// Compares; several sources of one population state parts of one figure, which are added.
pub(super) fn compare(
    name: &str,
    stated: &[Control],
    facts: &mut PopulationFacts,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Row> {
    let counts: Vec<u64> = stated.iter().filter_map(|control| control.records).collect();
    let records = (counts.len() == stated.len()).then(|| counts.iter().sum::<u64>());
    let only = (facts.control.totals.len() == 1).then(|| facts.control.totals.keys().next().cloned()).flatten();
    let mut totals: BTreeMap<String, i128> = BTreeMap::new();
    for control in stated {
        let Some(total) = control.total else { continue };
        let currency = control.currency.clone().or_else(|| only.clone()).unwrap_or_default();
        if let Ok(units) = total.units_at(MONEY_SCALE) {
            *totals.entry(currency).or_default() += units;
        }
    }
    facts.control.control_records = records;
    if let (Some((_, units)), 1) = (totals.iter().next(), totals.len()) {
        facts.control.control_total = Some(Amount::money(*units));
    }
    // The sender counts records as sent: merged ones and those left to other tables are among them, blank lines are not.
    let read = facts.kept + facts.merged;
    let place = stated.iter().find_map(|control| control.place.clone());
    let mut complain = |message: String, note: String| {
        let mut diagnostic = Diagnostic::new(Code::ControlDiffers, message).note(note);
        diagnostic.place.clone_from(&place);
        let help =
            "ask for the export again, or correct the figure; until they agree the extract is not shown to be complete";
        diagnostics.push(diagnostic.help(help));
    };
    if let Some(records) = records.filter(|records| *records != read) {
        let message = format!("`{name}`: {read} records, the sender states {records}");
        complain(message, format!("excluded {}, left by row conditions {}", facts.excluded, facts.elsewhere));
    }
    for (currency, units) in &totals {
        let ours = facts.control.totals.get(currency).copied().unwrap_or(0);
        if ours != *units {
            let show = |units: i128| Amount::money(units).to_display(2);
            let column = facts.control.column.as_deref().unwrap_or("total");
            let message = format!("`{name}.{column}`: {} {currency}, the sender states {}", show(ours), show(*units));
            complain(
                message,
                format!(
                    "difference {} {currency}; {} records without a readable amount",
                    show(ours - units),
                    facts.control.without_amount
                ),
            );
        }
    }
    rows(name, facts, records, &totals, read)
}

fn rows(
    name: &str,
    facts: &PopulationFacts,
    records: Option<u64>,
    totals: &BTreeMap<String, i128>,
    read: u64,
) -> Vec<Row> {
    let small = |units: Option<&i128>| units.and_then(|units| i64::try_from(*units).ok());
    let mut currencies: Vec<Option<String>> =
        totals.keys().map(|code| Some(code.clone()).filter(|code| !code.is_empty())).collect();
    if currencies.is_empty() {
        currencies.push(None);
    }
    let row = |currency: Option<String>| Row {
        source: name.to_owned(),
        file: facts.sources.first().copied().unwrap_or(0),
        records_read: i64::try_from(read).unwrap_or(i64::MAX),
        records_stated: records.and_then(|records| i64::try_from(records).ok()),
        total_read: small(currency.as_ref().and_then(|code| facts.control.totals.get(code))),
        total_stated: small(currency.as_ref().and_then(|code| totals.get(code))),
        currency,
    };
    currencies.into_iter().map(row).collect()
}

/// The rows as a frame, and the names of its columns.
pub(super) fn frame(rows: &[Row]) -> PolarsResult<(DataFrame, [&'static str; 6])> {
    let records: Vec<i64> = rows.iter().map(|row| RecordRef { source: row.file, record: 0 }.pack()).collect();
    let texts = |pick: fn(&Row) -> Option<String>| rows.iter().map(pick).collect::<Vec<Option<String>>>();
    let numbers = |pick: fn(&Row) -> Option<i64>| rows.iter().map(pick).collect::<Vec<Option<i64>>>();
    let columns = vec![
        Series::new(REC.into(), records).into_column(),
        Series::new("source".into(), texts(|row| Some(row.source.clone()))).into_column(),
        Series::new("currency".into(), texts(|row| row.currency.clone())).into_column(),
        Series::new("records_read".into(), numbers(|row| Some(row.records_read))).into_column(),
        Series::new("records_stated".into(), numbers(|row| row.records_stated)).into_column(),
        Series::new("total_read".into(), numbers(|row| row.total_read)).into_column(),
        Series::new("total_stated".into(), numbers(|row| row.total_stated)).into_column(),
    ];
    let names = ["source", "currency", "records_read", "records_stated", "total_read", "total_stated"];
    Ok((DataFrame::new(rows.len(), columns)?, names))
}
