//! Bars in whole pixels: money by class and family, by month, ageing of what is held for customers, days from stage to stage.
//!
//! A bar's length is proportional within its chart; classes stand under their own heading and are never added. Each currency has
//! charts of its own.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tieout_model::amount::MONEY_SCALE;
use tieout_model::report::counts;
use tieout_model::{Amount, AuditReport, Date, EffectClass, Finding};

use crate::layout::{count, money, visible};

/// Length of the longest bar; beside it its figure must have room.
const WIDTH: i128 = 260;
/// Height of a row.
const ROW: usize = 22;
/// Months that have a row of their own, the latest.
const MONTHS_MAX: usize = 12;

#[derive(Serialize)]
pub(super) struct Chart {
    title: String,
    height: usize,
    bars: Vec<Bar>,
    note: Option<String>,
}

#[derive(Serialize)]
struct Bar {
    y: usize,
    label: String,
    value: String,
    width: i128,
    class: &'static str,
    head: bool,
}

/// A row before it is measured: class, label, size, words for the size; no size for a heading.
type Row = (&'static str, String, Option<i128>, String);

pub(super) fn all(report: &AuditReport) -> Vec<Chart> {
    let mut charts = Vec::new();
    for currency in currencies(report) {
        let stakes: Vec<Stake<'_>> = stakes(report, &currency).collect();
        charts.push(by_family(report, &currency, &stakes));
        charts.push(by_month(&currency, &stakes));
        charts.extend(ageing(report, &currency, &stakes));
    }
    charts.extend(report.latency.iter().map(|latency| {
        let rows = latency
            .classes
            .iter()
            .map(|(words, records)| ("", words.clone(), Some(i128::from(*records)), count(*records)));
        let note = (latency.unknown > 0).then(|| format!("{} with a day that is not known", count(latency.unknown)));
        chart(format!("Documents by days, {}", latency.stage), rows.collect(), note)
    }));
    charts
}

/// One effect that counts.
struct Stake<'a> {
    finding: &'a Finding,
    class: EffectClass,
    units: i128,
}

fn stakes<'a>(report: &'a AuditReport, currency: &'a str) -> impl Iterator<Item = Stake<'a>> {
    let findings = report.findings.iter().filter(|finding| counts(finding));
    findings.flat_map(move |finding| {
        let effects = finding.effects.iter().filter(move |effect| {
            effect.currency == currency && !(effect.class == EffectClass::Misposted && effect.gross.units < 0)
        });
        effects.map(move |effect| Stake {
            finding,
            class: effect.class,
            units: effect.gross.units_at(MONEY_SCALE).unwrap_or(effect.gross.units),
        })
    })
}

fn currencies(report: &AuditReport) -> BTreeSet<String> {
    report.class_totals().into_iter().map(|total| total.currency).collect()
}

fn by_family(report: &AuditReport, currency: &str, stakes: &[Stake<'_>]) -> Chart {
    let family = |finding: &Finding| {
        let rule = report.rules.iter().find(|rule| rule.card.id == finding.rule);
        rule.map_or(String::new(), |rule| rule.card.family.clone())
    };
    let rows = by_class(stakes, currency, |stake| family(stake.finding));
    chart(format!("Money by class and family, {currency}"), rows, None)
}

fn by_month(currency: &str, stakes: &[Stake<'_>]) -> Chart {
    let month = |day: Date| format!("{:04}-{:02}", day.year(), day.month());
    let months: BTreeSet<String> = stakes.iter().filter_map(|stake| stake.finding.date).map(month).collect();
    let first = months.iter().rev().nth(MONTHS_MAX - 1).cloned();
    let label = |stake: &Stake<'_>| match (stake.finding.date, &first) {
        (None, _) => "day not known".to_owned(),
        (Some(day), Some(first)) if month(day) < *first => format!("before {first}"),
        (Some(day), _) => month(day),
    };
    chart(format!("Money by class and month, {currency}"), by_class(stakes, currency, label), None)
}

/// Credits and cash that the customer could use, by how long they have been there.
fn ageing(report: &AuditReport, currency: &str, stakes: &[Stake<'_>]) -> Option<Chart> {
    let as_of = report.as_of?;
    const AGES: [(i32, &str); 5] = [
        (30, "to 30 days"),
        (60, "31 to 60 days"),
        (90, "61 to 90 days"),
        (180, "91 to 180 days"),
        (365, "181 to 365 days"),
    ];
    let age = |day: Option<Date>| match day {
        None => AGES.len() + 1,
        Some(day) => AGES.iter().position(|(last, _)| as_of.0 - day.0 <= *last).unwrap_or(AGES.len()),
    };
    let mut sums: BTreeMap<usize, i128> = BTreeMap::new();
    for stake in stakes.iter().filter(|stake| stake.class == EffectClass::HeldForCustomer) {
        *sums.entry(age(stake.finding.date)).or_default() += stake.units;
    }
    let name = |age: usize| match AGES.get(age) {
        Some((_, words)) => (*words).to_owned(),
        None if age == AGES.len() => "over a year".to_owned(),
        None => "day not known".to_owned(),
    };
    let class = EffectClass::HeldForCustomer.name();
    let rows: Vec<Row> = sums
        .into_iter()
        .map(|(age, units)| (class, name(age), Some(units), money(Amount::money(units), currency)))
        .collect();
    let title = format!("Held for customers by age on {as_of}, {currency}");
    (!rows.is_empty()).then(|| chart(title, rows, None))
}

/// A heading a class, under it the sums by label.
fn by_class(stakes: &[Stake<'_>], currency: &str, label: impl Fn(&Stake<'_>) -> String) -> Vec<Row> {
    let mut rows = Vec::new();
    for class in EffectClass::ALL {
        let mut sums: BTreeMap<String, i128> = BTreeMap::new();
        for stake in stakes.iter().filter(|stake| stake.class == class) {
            *sums.entry(label(stake)).or_default() += stake.units;
        }
        if sums.is_empty() {
            continue;
        }
        rows.push((class.name(), class.words().to_owned(), None, String::new()));
        let sum =
            |(label, units): (String, i128)| (class.name(), label, Some(units), money(Amount::money(units), currency));
        rows.extend(sums.into_iter().map(sum));
    }
    rows
}

fn chart(title: String, rows: Vec<Row>, note: Option<String>) -> Chart {
    let largest = rows.iter().filter_map(|row| row.2).map(i128::abs).max().unwrap_or(0).max(1);
    let bars: Vec<Bar> = rows
        .into_iter()
        .enumerate()
        .map(|(place, (class, label, size, value))| Bar {
            y: place * ROW,
            label: visible(&label).into_owned(),
            value,
            // Sums of money are below 2¹⁰⁰, so this does not overflow.
            width: size.map_or(0, |size| (size.abs() * WIDTH / largest).max(2)),
            class,
            head: size.is_none(),
        })
        .collect();
    Chart { title, height: bars.len() * ROW + 4, bars, note }
}
