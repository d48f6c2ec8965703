//! What the comparison of documents with their lawful results is asked.

use std::collections::BTreeMap;

use super::levels::{Document, Level};
use super::{Read, Row};
use crate::checks::{Judgement, Wrong, sentence};
use crate::value::{Relation, Value};

/// Documents whose stated tax is no lawful result.
pub(super) fn differences(documents: &[Document], read: &Read<'_>, reference: &Relation, judgement: &mut Judgement) {
    let mut evident: BTreeMap<Level, usize> = BTreeMap::new();
    for document in documents {
        for outcome in document.levels.iter().filter(|outcome| outcome.met) {
            *evident.entry(outcome.level).or_default() += 1;
        }
    }
    // The most frequent, the plainer where two are equally frequent.
    let convention =
        evident.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map_or(Level::AsStated, |(level, _)| *level);
    for document in documents.iter().filter(|document| !document.lawful()) {
        // The row that is not right as it stands; else the first.
        let first = document.rows.iter().find(|row| row.off).unwrap_or(&document.rows[0]);
        let half = document.round.unit() * document.rounded;
        if !document.lines_known && document.distance().abs() * 2 <= half {
            let words = "the lines behind its tax base are not known, and rounding them could explain the difference";
            judgement
                .not_tested
                .extend(document.rows.iter().filter(|row| row.off).map(|row| (row.at, words.to_owned())));
            continue;
        }
        let chosen = document.levels.iter().find(|outcome| outcome.level == convention);
        let Some(expected) = chosen.or(document.levels.first()) else { continue };
        let mut wrong = Wrong {
            row: first.at,
            members: document.rows.iter().map(|row| row.at).filter(|&row| row != first.at).collect(),
            expected: Some(expected.total),
            stated: Some(document.stated),
            detail: format!("rounding {}", expected.level.words()),
            chain: chain(document),
            ..Wrong::default()
        };
        wrong.review.extend(other_date(read, reference, document));
        judgement.wrong.push(wrong);
    }
}

fn chain(document: &Document) -> Vec<String> {
    let level = |outcome: &super::levels::Outcome| {
        format!("rounding {} gives {}", outcome.level.words(), document.round.shown(outcome.total))
    };
    document.levels.iter().map(level).collect()
}

/// Where no rule says which date governs: the date whose rate makes the stated tax right, or one that is not known while
/// the rate changed within a year.
fn other_date(read: &Read<'_>, reference: &Relation, document: &Document) -> Option<String> {
    let terms = read.terms;
    let (rate_at, from) = (reference.find(&terms.rate)?, reference.find("ref.from")?);
    let to = reference.find("ref.to");
    let of_row = |row: &Row| -> Vec<&Vec<Value>> {
        let same = |cells: &&Vec<Value>| {
            terms.keys.iter().all(|(own, theirs)| *read.cell(row.at, own) == cells[reference.index(theirs)])
        };
        reference.rows.iter().filter(same).collect()
    };
    let mut unknown = None;
    for (name, column) in &terms.dates {
        let words = name.replace('_', " ");
        let mut exact = 0;
        let mut rates = Vec::new();
        let mut other = false;
        for row in &document.rows {
            let day = read.cell(row.at, column);
            if day.is_null() {
                let near = changed_near(&of_row(row), from, rate_at, read.cell(row.at, "~date:tax_point"));
                unknown = unknown.or(near.then(|| words.clone()));
                break;
            }
            let in_force = |cells: &&&Vec<Value>| {
                cells[from] <= *day && to.is_none_or(|to| cells[to].is_null() || *day < cells[to])
            };
            let Some(units) = of_row(row).iter().find(in_force).and_then(|cells| cells[rate_at].num()) else { break };
            other |= units != row.rate.0;
            let widen = terms.scale - row.rate.1 - tieout_model::amount::MONEY_SCALE;
            exact += row.base * units * tieout_model::amount::pow10(u32::from(widen));
            rates.push(sentence::number(&Value::Num(units), reference.columns[rate_at].ty));
        }
        if other && rates.len() == document.rows.len() && document.round.money(exact) == document.stated {
            let rates = rates.join(" + ");
            return Some(format!("{LACK}; by the {words} date the rate is {rates} and the tax right"));
        }
    }
    unknown.map(|words| format!("{LACK}; the rate changed within a year, and the {words} date is not known"))
}

const LACK: &str = "which date governs is not in the exports (tax_date_rule)";

/// Days around the tax point within which another rate may have governed.
const NEAR_DAYS: i32 = 366;

fn changed_near(rows: &[&Vec<Value>], from: usize, rate: usize, day: &Value) -> bool {
    let Some(day) = day.date() else { return true };
    let begins = |cells: &&&Vec<Value>| cells[from].date().is_some_and(|from| (from.0 - day.0).abs() <= NEAR_DAYS);
    rows.iter().filter(begins).any(|cells| rows.iter().any(|other| other[rate] != cells[rate]))
}

/// Documents by line and documents in total within one period, by who chooses the method.
pub(super) fn mixed(documents: &[Document], read: &Read<'_>, judgement: &mut Judgement) {
    let mut methods: BTreeMap<Vec<Value>, [Vec<usize>; 2]> = BTreeMap::new();
    for document in documents {
        let (line, total) = (document.meets(true), document.meets(false));
        // Without tax, or without the lines behind it, a document says nothing of the method.
        if line == total || !document.lines_known || document.exact == 0 {
            continue;
        }
        let first = document.rows[0].at;
        let who = (0..read.terms.by).map(|index| read.cell(first, &format!("~by:{index}")).clone()).collect();
        methods.entry(who).or_default()[usize::from(total)].push(first);
    }
    for [mut by_line, mut in_total] in methods.into_values() {
        by_line.sort_by_key(|&row| read.cell(row, &read.terms.rec).clone());
        in_total.sort_by_key(|&row| read.cell(row, &read.terms.rec).clone());
        let (fewer, more) = if by_line.len() < in_total.len() { (&by_line, &in_total) } else { (&in_total, &by_line) };
        let (Some(&row), Some(&other)) = (fewer.first(), more.first()) else { continue };
        judgement.wrong.push(Wrong {
            row,
            members: fewer.iter().skip(1).take(4).copied().chain([other]).collect(),
            detail: format!("{} documents only by line, {} only in total", by_line.len(), in_total.len()),
            item: Some("method".to_owned()),
            ..Wrong::default()
        });
    }
}

/// Lawful records of a jurisdiction.
#[derive(Default)]
struct Lawful {
    /// Index of the record that comes first.
    first: Option<usize>,
    count: i128,
    stated: i128,
    /// In units of the product's scale.
    exact: i128,
}

/// What was summed before, by jurisdiction: each sum comes with its first record.
fn summed<'a>(read: &Read<'a>) -> BTreeMap<&'a Value, Lawful> {
    let mut sums = BTreeMap::new();
    let [_, first, count, stated, exact] = super::RIGHT.map(|name| read.candidates.find(name));
    let (Some(first), Some(count), Some(stated), Some(exact)) = (first, count, stated, exact) else { return sums };
    let rec = read.candidates.index(&read.terms.rec);
    for (row, cells) in read.candidates.rows.iter().enumerate().filter(|(_, cells)| cells[first] == cells[rec]) {
        let number = |at: usize| cells[at].num().unwrap_or(0);
        let sum = Lawful { first: Some(row), count: number(count), stated: number(stated), exact: number(exact) };
        sums.insert(&cells[read.places.jurisdiction], sum);
    }
    sums
}

/// What rounding moved, one line a jurisdiction.
pub(super) fn pennies(documents: &[Document], read: &Read<'_>, judgement: &mut Judgement) {
    let mut sums = summed(read);
    let rec = read.candidates.index(&read.terms.rec);
    for row in documents.iter().filter(|document| document.lawful()).flat_map(|document| &document.rows) {
        let sum = sums.entry(&read.candidates.rows[row.at][read.places.jurisdiction]).or_default();
        let both = sum.first.into_iter().chain([row.at]);
        sum.first = both.min_by_key(|&row| &read.candidates.rows[row][rec]);
        sum.count += 1;
        sum.stated += row.stated;
        sum.exact += row.exact;
    }
    for (jurisdiction, Lawful { first, count, stated, exact }) in sums {
        let Some(row) = first else { continue };
        let round = read.rounding(row);
        let expected = round.money(exact);
        if expected == stated {
            continue;
        }
        judgement.wrong.push(Wrong {
            row,
            expected: Some(expected),
            stated: Some(stated),
            detail: format!("{count} tax rows of {}", jurisdiction.as_text().unwrap_or_default()),
            item: Some(format!("pennies:{}", jurisdiction.as_text().unwrap_or_default())),
            ..Wrong::default()
        });
    }
}

/// Unlawful pennies that all go one way.
pub(super) fn drift(documents: &[Document], read: &Read<'_>, judgement: &mut Judgement) {
    let mut sides: BTreeMap<(&Value, bool), (Vec<usize>, i128, i128)> = BTreeMap::new();
    let mut seen: BTreeMap<&Value, [usize; 2]> = BTreeMap::new();
    for document in documents {
        // Each rounded amount moves by less than one unit of the currency, whatever the direction.
        if document.lawful() || document.distance().abs() >= document.round.unit() * document.rounded {
            continue;
        }
        let up = document.distance() > 0;
        let first = &document.rows[0];
        seen.entry(&first.jurisdiction).or_default()[usize::from(up)] += 1;
        let sum = sides.entry((&first.jurisdiction, up)).or_default();
        sum.0.push(first.at);
        sum.1 += document.stated;
        sum.2 += document.levels[0].total;
    }
    for ((jurisdiction, up), (mut rows, stated, expected)) in sides {
        if rows.len() < read.terms.records_min || seen[jurisdiction][usize::from(!up)] > 0 {
            continue;
        }
        rows.sort_by_cached_key(|&row| read.cell(row, &read.terms.rec).clone());
        let way = if up { "up" } else { "down" };
        judgement.wrong.push(Wrong {
            row: rows[0],
            members: rows.iter().skip(1).take(4).copied().collect(),
            expected: Some(expected),
            stated: Some(stated),
            detail: format!(
                "{} documents of {}, all rounded {way}",
                rows.len(),
                jurisdiction.as_text().unwrap_or_default()
            ),
            item: Some(format!("drift:{}", jurisdiction.as_text().unwrap_or_default())),
            covers: rows,
            ..Wrong::default()
        });
    }
}
