//! The sender's figures against ours, as diagnostics and as a population of their own.
//!
//! A figure is about one source as it was sent, so it is held against what that source's files state, before records that
//! stand in several extracts are merged.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, IntoColumn as _, NamedFrom as _, PolarsResult, Series};
use tieout_model::amount::MONEY_SCALE;
use tieout_model::report::PopulationFacts;
use tieout_model::{Amount, Code, Diagnostic, RecordRef};

use super::Control;
use crate::convert::Column;
use crate::packed::Table;
use crate::store::REC;
use crate::texts::Texts;
use crate::totals::NO_CURRENCY;

/// What one source gave a population.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    pub records: u64,
    pub totals: BTreeMap<String, i128>,
    pub excluded: u64,
    pub elsewhere: u64,
}

/// One row of `control_total`.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    source: String,
    file: u32,
    currency: Option<String>,
    records_read: i64,
    records_stated: Option<i64>,
    total_read: Option<i64>,
    total_stated: Option<i64>,
}

/// Compares each source with its figure. `sent` is by source; figures of several sources are added for the report.
pub(super) fn compare(
    name: &str,
    stated: &[Control],
    sent: &BTreeMap<usize, Sent>,
    facts: &mut PopulationFacts,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Row> {
    let mut rows: BTreeMap<Option<String>, Row> = BTreeMap::new();
    for control in stated {
        let none = Sent::default();
        let own = sent.get(&control.source).unwrap_or(&none);
        let column = facts.control.column.as_deref().unwrap_or("total");
        let currency = currency(control, own, facts);
        let ours = total(own, currency.as_deref());
        diagnostics.extend(differences(name, column, control, own, (currency.as_deref(), ours)));
        let theirs = control.total.and_then(|total| total.units_at(MONEY_SCALE).ok());
        let row = rows.entry(currency.clone()).or_insert_with(|| Row {
            source: name.to_owned(),
            file: facts.sources.first().copied().unwrap_or(0),
            currency,
            ..Row::default()
        });
        row.records_read += i64::try_from(own.records).unwrap_or(i64::MAX);
        add(&mut row.records_stated, control.records.map(i128::from));
        add(&mut row.total_read, theirs.map(|_| ours));
        add(&mut row.total_stated, theirs);
    }
    // A figure for the population as a whole needs one for each of its sources.
    if stated.len() >= sent.len() {
        facts.control.control_records =
            stated.iter().map(|control| control.records).collect::<Option<Vec<u64>>>().map(|all| all.iter().sum());
        let totals: Option<Vec<Amount>> = stated.iter().map(|control| control.total).collect();
        let units = totals
            .filter(|_| rows.len() == 1)
            .and_then(|totals| totals.iter().map(|total| total.units_at(MONEY_SCALE).ok()).sum::<Option<i128>>());
        facts.control.control_total = units.map(Amount::money);
    }
    rows.into_values().collect()
}

/// The currency of a figure: as stated, else the source's or the population's only one.
fn currency(control: &Control, own: &Sent, facts: &PopulationFacts) -> Option<String> {
    let only = |totals: &BTreeMap<String, i128>| {
        let mut codes = totals.keys().filter(|code| *code != NO_CURRENCY);
        codes.next().filter(|_| totals.len() == 1).cloned()
    };
    control.total?;
    control.currency.clone().or_else(|| only(&own.totals)).or_else(|| only(&facts.control.totals))
}

/// Our sum in that currency; a table without a currency column has one sum for all.
fn total(own: &Sent, currency: Option<&str>) -> i128 {
    let named = currency.and_then(|code| own.totals.get(code));
    named.or_else(|| own.totals.get(NO_CURRENCY).filter(|_| own.totals.len() == 1)).copied().unwrap_or(0)
}

fn differences(
    name: &str,
    column: &str,
    control: &Control,
    own: &Sent,
    (currency, ours): (Option<&str>, i128),
) -> Vec<Diagnostic> {
    let complain = |message: String, note: String| {
        let mut diagnostic = Diagnostic::new(Code::ControlDiffers, message).note(note);
        diagnostic.place.clone_from(&control.place);
        diagnostic.help(
            "ask for the export again, or correct the figure; until they agree the extract is not shown to be complete",
        )
    };
    let mut complaints = Vec::new();
    if let Some(records) = control.records.filter(|records| *records != own.records) {
        let message = format!("`{name}`: {} records, the sender states {records}", own.records);
        complaints.push(complain(
            message,
            format!("besides, {} records are excluded and {} left out by row conditions", own.excluded, own.elsewhere),
        ));
    }
    if let Some(theirs) =
        control.total.and_then(|total| total.units_at(MONEY_SCALE).ok()).filter(|theirs| *theirs != ours)
    {
        let code = currency.map_or(String::new(), |code| format!(" {code}"));
        let show = |units: i128| Amount::money(units).to_display(2);
        let message = format!("`{name}.{column}`: {}{code}, the sender states {}", show(ours), show(theirs));
        complaints.push(complain(message, format!("difference {}{code}", show(ours - theirs))));
    }
    complaints
}

fn add(sum: &mut Option<i64>, units: Option<i128>) {
    if let Some(units) = units.and_then(|units| i64::try_from(units).ok()) {
        *sum = Some(sum.unwrap_or(0).saturating_add(units));
    }
}

/// The rows as a table, and the names of its columns.
pub(super) fn table(rows: &[Row], known: &Texts) -> PolarsResult<(Table, [&'static str; 6])> {
    let records: Vec<i64> = rows.iter().map(|row| RecordRef { source: row.file, record: 0 }.pack()).collect();
    let texts = |name: &str, pick: fn(&Row) -> Option<&str>| {
        Column::of_codes(known.codes(rows.iter().map(pick))).into_stored(name)
    };
    let numbers = |pick: fn(&Row) -> Option<i64>| rows.iter().map(pick).collect::<Vec<Option<i64>>>();
    let columns = vec![
        Series::new(REC.into(), records).into_column(),
        texts("source", |row| Some(&row.source)),
        texts("currency", |row| row.currency.as_deref()),
        Series::new("records_read".into(), numbers(|row| Some(row.records_read))).into_column(),
        Series::new("records_stated".into(), numbers(|row| row.records_stated)).into_column(),
        Series::new("total_read".into(), numbers(|row| row.total_read)).into_column(),
        Series::new("total_stated".into(), numbers(|row| row.total_stated)).into_column(),
    ];
    let names = ["source", "currency", "records_read", "records_stated", "total_read", "total_stated"];
    Ok((Table::of(&DataFrame::new(rows.len(), columns)?)?, names))
}
