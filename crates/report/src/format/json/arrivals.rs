//! The register against what is posted, for programs. Amounts are strings; `format` names the version.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use tieout_model::amount::minor_units;
use tieout_model::register::{Arrival, Entry, Register, State};
use tieout_model::{Amount, AuditReport};

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    as_of: Option<String>,
    sums: Vec<Sum<'a>>,
    proposals: Vec<Row<'a>>,
    faults: Vec<Fault<'a>>,
}

#[derive(Serialize)]
struct Sum<'a> {
    state: &'static str,
    currency: &'a str,
    proposals: u64,
    /// Of what is recovered, what was matched; else what was asked.
    gross: String,
}

#[derive(Serialize)]
struct Row<'a> {
    proposal: &'a str,
    state: &'static str,
    action: &'a str,
    customer: &'a str,
    currency: &'a str,
    net: String,
    tax: String,
    gross: String,
    proposed_on: String,
    age_days: u64,
    prepared_by: &'a str,
    approved: Option<Step<'a>>,
    told: Option<Step<'a>>,
    corrects: &'a [String],
    issued: Vec<Issued<'a>>,
    issued_gross: Option<String>,
    issued_tax: Option<String>,
    unused: Option<String>,
}

#[derive(Serialize)]
struct Step<'a> {
    by: &'a str,
    on: String,
}

#[derive(Serialize)]
struct Issued<'a> {
    id: &'a str,
    number: &'a str,
    on: Option<String>,
}

#[derive(Serialize)]
struct Fault<'a> {
    line: u64,
    message: &'a str,
}

/// Writes what became of each correction.
pub fn render(report: &AuditReport, register: &Register, arrivals: &[Arrival], out: &mut dyn Write) -> io::Result<()> {
    let own: Vec<(&Arrival, &Entry)> =
        arrivals.iter().filter_map(|arrival| Some((arrival, register.entries.get(&arrival.id)?))).collect();
    let document = Document {
        format: "tieout-register/1",
        as_of: report.as_of.map(|day| day.to_string()),
        sums: sums(&own),
        proposals: own.iter().map(|(arrival, entry)| row(arrival, entry)).collect(),
        faults: register.faults.iter().map(|(line, message)| Fault { line: *line, message }).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn sums<'a>(own: &[(&Arrival, &'a Entry)]) -> Vec<Sum<'a>> {
    let mut sums: BTreeMap<(State, &str), (u64, i128)> = BTreeMap::new();
    for (arrival, entry) in own {
        let sum = sums.entry((arrival.state, entry.currency.as_str())).or_default();
        let money = arrival.gross.filter(|_| arrival.state == State::Recovered).unwrap_or_else(|| entry.gross());
        *sum = (sum.0 + 1, sum.1 + money.units);
    }
    let sum = |((state, currency), (proposals, units)): ((State, &'a str), (u64, i128))| Sum {
        state: state.name(),
        currency,
        proposals,
        gross: amount(Amount::money(units), currency),
    };
    sums.into_iter().map(sum).collect()
}

fn row<'a>(arrival: &'a Arrival, entry: &'a Entry) -> Row<'a> {
    let money = |money: Amount| amount(money, &entry.currency);
    let step =
        |step: &'a Option<(String, tieout_model::Date)>| step.as_ref().map(|(by, on)| Step { by, on: on.to_string() });
    let issued = |one: &'a tieout_model::register::Issued| Issued {
        id: &one.id,
        number: &one.number,
        on: one.day.map(|day| day.to_string()),
    };
    Row {
        proposal: &entry.id,
        state: arrival.state.name(),
        action: &entry.action,
        customer: &entry.customer,
        currency: &entry.currency,
        net: money(entry.net),
        tax: money(entry.tax),
        gross: money(entry.gross()),
        proposed_on: entry.proposed.to_string(),
        age_days: arrival.age,
        prepared_by: &entry.prepared_by,
        approved: step(&entry.approved),
        told: step(&entry.told),
        corrects: &entry.documents,
        issued: arrival.documents.iter().map(issued).collect(),
        issued_gross: arrival.gross.map(money),
        issued_tax: arrival.tax.map(money),
        unused: arrival.unused.map(money),
    }
}

fn amount(amount: Amount, currency: &str) -> String {
    amount.to_places(minor_units(currency).unwrap_or(2))
}
