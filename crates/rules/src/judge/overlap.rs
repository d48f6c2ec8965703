//! Which records of a key hold for days that an earlier record already holds for.
//!
//! Half-open days; netted records are gone, and a negative record takes away one record of equal days, else the days
//! themselves. A record without an end ends where the next one starts.

use tieout_model::{Date, Period};

use super::group_by;
use super::netting::Netting;
use crate::checks::{Judgement, Outcome, Wrong};
use crate::value::{Relation, Value};

/// Which overlap is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Not equal, and overlapping.
    Overlapping,
    /// Equal.
    Same,
}

/// How records are compared. Candidates have the columns `~start`, `~end`, `~order:<n>`, perhaps `~sign` and `~amount`.
pub struct Terms {
    /// Which overlap is meant.
    pub mode: Mode,
    /// Key columns.
    pub key: Vec<String>,
    /// Number of order columns.
    pub orders: usize,
    /// Number of columns that must differ.
    pub differs: usize,
    /// Record column.
    pub rec: String,
    /// Population under test.
    pub population: String,
}

/// A record's days.
#[derive(Clone, Copy)]
struct Span {
    row: usize,
    from: i32,
    to: i32,
}

/// Judges every key group.
pub fn judge(candidates: &Relation, terms: &Terms, netting: Option<&Netting>) -> Judgement {
    let mut judgement = Judgement::default();
    let keys: Vec<usize> = terms.key.iter().map(|name| candidates.index(name)).collect();
    let rec = candidates.index(&terms.rec);
    let (start, end) = (candidates.index("~start"), candidates.index("~end"));
    let (sign, amount) = (candidates.find("~sign"), candidates.find("~amount"));
    let orders: Vec<usize> = (0..terms.orders).map(|index| candidates.index(&format!("~order:{index}"))).collect();
    let differs: Vec<usize> = (0..terms.differs).map(|index| candidates.index(&format!("~differs:{index}"))).collect();
    let another = |a: usize, b: usize| differs.iter().all(|&at| candidates.rows[a][at] != candidates.rows[b][at]);
    let residue = |row: usize| {
        let (netting, rec) = netting.zip(candidates.rows[row][rec].num())?;
        netting.residue(&terms.population, rec)
    };
    for mut members in group_by(candidates, &keys).into_values().filter(|members| members.len() > 1) {
        members.sort_by(|&a, &b| {
            let place = |row: usize| {
                let cells = &candidates.rows[row];
                let order: Vec<&Value> = orders.iter().chain([&start, &rec]).map(|&column| &cells[column]).collect();
                order
            };
            place(a).cmp(&place(b))
        });
        let mut chain: Vec<String> = Vec::new();
        members.retain(|&row| match residue(row) {
            Some(residue) if residue.left <= 0 => {
                chain.extend(residue.words);
                false
            }
            _ => true,
        });
        let mut starts: Vec<i32> =
            members.iter().filter_map(|&row| candidates.rows[row][start].date()).map(|date| date.0).collect();
        starts.sort_unstable();
        let span = |row: usize| {
            let cells = &candidates.rows[row];
            let from = cells[start].date()?.0;
            let next = starts.iter().copied().find(|&later| later > from).unwrap_or(i32::MAX);
            Some(Span { row, from, to: cells[end].date().map_or(next, |date| date.0) })
        };
        let negative = |row: usize| sign.and_then(|at| candidates.rows[row][at].num()).is_some_and(|units| units < 0);
        let mut spans: Vec<Span> = members.iter().filter(|&&row| !negative(row)).filter_map(|&row| span(row)).collect();
        for repair in members.iter().filter(|&&row| negative(row)).filter_map(|&row| span(row)) {
            take_back(&mut spans, repair);
        }
        for (place, own) in spans.iter().enumerate() {
            let exception =
                candidates.rows[own.row][candidates.index("__outcome")].num() == Some(Outcome::Exception.code());
            let before: Vec<&Span> = spans[..place].iter().filter(|other| another(other.row, own.row)).collect();
            let same = |other: &&&Span| other.from == own.from && other.to == own.to;
            let meets = |other: &&&Span| other.from.max(own.from) < other.to.min(own.to);
            let others: Vec<&Span> = match terms.mode {
                Mode::Same => before.iter().filter(same).copied().collect(),
                Mode::Overlapping if before.iter().any(|other| same(&other)) => Vec::new(),
                Mode::Overlapping => before.iter().filter(meets).copied().collect(),
            };
            let Some(&first) = others.first() else { continue };
            if !exception || own.from >= own.to {
                continue;
            }
            let (from, to) = (first.from.max(own.from), first.to.min(own.to));
            let residue = residue(own.row);
            let billed = match &residue {
                Some(residue) if residue.left < residue.billed => Some(residue.left),
                _ => amount.and_then(|at| candidates.rows[own.row][at].num()),
            };
            let days = days_in(own, &others);
            let all = i128::from(own.to) - i128::from(own.from);
            // The whole record at its full amount keeps the split into net and tax that the rule states.
            let whole = days == all && residue.as_ref().is_none_or(|residue| residue.left >= residue.billed);
            let mut wrong = Wrong {
                row: own.row,
                members: others.iter().map(|other| other.row).collect(),
                // The days' share of the bill, to the cent of the ledger; a currency without cents is rounded on the bill.
                amount: billed.filter(|_| !whole).map(|units| share(units, days, all)),
                chain: chain.clone(),
                detail: if to == i32::MAX {
                    format!("from {}", Date(from))
                } else {
                    Period { from: Date(from), to: Date(to) }.to_string()
                },
                ..Wrong::default()
            };
            if let Some(residue) = residue {
                wrong.chain.extend(residue.words);
                wrong.corrected_by = residue.corrected_by;
                if residue.ambiguous {
                    wrong.review.push("a credit note of this customer may belong to one of these bills".to_owned());
                }
            }
            judgement.wrong.push(wrong);
        }
    }
    judgement
}

/// Days of a record that any of the others holds too.
fn days_in(own: &Span, others: &[&Span]) -> i128 {
    let mut cuts: Vec<(i32, i32)> =
        others.iter().map(|other| (other.from.max(own.from), other.to.min(own.to))).collect();
    cuts.sort_unstable();
    let (mut days, mut reached) = (0, own.from);
    for (from, to) in cuts {
        let from = from.max(reached);
        if to > from {
            days += i128::from(to) - i128::from(from);
            reached = to;
        }
    }
    days
}

/// Units × days ÷ all, half away from zero, at two decimals of six.
fn share(units: i128, days: i128, all: i128) -> i128 {
    if days == all {
        return units;
    }
    let cent = tieout_model::amount::pow10(4);
    tieout_model::amount::div_units(units * days, all * cent, tieout_model::Rounding::HalfUp) * cent
}

/// A repair takes away one record of equal days, the latest; else it cuts its days out of the latest that has them.
fn take_back(spans: &mut Vec<Span>, repair: Span) {
    if let Some(at) = spans.iter().rposition(|span| span.from == repair.from && span.to == repair.to) {
        spans.remove(at);
        return;
    }
    if let Some(at) = spans.iter().rposition(|span| span.from <= repair.from && repair.to <= span.to) {
        let whole = spans.remove(at);
        let parts = [(whole.from, repair.from), (repair.to, whole.to)];
        for (from, to) in parts.into_iter().filter(|(from, to)| from < to).rev() {
            spans.insert(at, Span { row: whole.row, from, to });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(row: usize, from: i32, to: i32) -> Span {
        Span { row, from, to }
    }

    fn days(spans: &[Span]) -> Vec<(usize, i32, i32)> {
        spans.iter().map(|span| (span.row, span.from, span.to)).collect()
    }

    #[test]
    fn a_repair_takes_one_record_back() {
        let mut spans = vec![span(0, 0, 30), span(1, 0, 30)];
        take_back(&mut spans, span(2, 0, 30));
        assert_eq!(days(&spans), [(0, 0, 30)]);
        take_back(&mut spans, span(3, 10, 20));
        assert_eq!(days(&spans), [(0, 0, 10), (0, 20, 30)]);
        take_back(&mut spans, span(4, 5, 25));
        assert_eq!(days(&spans), [(0, 0, 10), (0, 20, 30)], "days that no one record holds are not taken");
    }

    #[test]
    fn days_held_by_several_count_once() {
        let (a, b) = (span(0, 0, 10), span(1, 5, 12));
        assert_eq!(days_in(&span(2, 3, 31), &[&b, &a]), 9);
        assert_eq!(days_in(&span(2, 0, 10), &[&a]), 10);
    }

    #[test]
    fn the_share_of_the_days_is_rounded_to_the_cent() {
        // 31.00 for 31 days: 10 days are 10.00; 100.00 for 3 of 7 days is 42.857…
        assert_eq!(share(31_000_000, 10, 31), 10_000_000);
        assert_eq!(share(100_000_000, 3, 7), 42_860_000);
        assert_eq!(share(-100_000_000, 3, 7), -42_860_000);
        assert_eq!(share(99_999_999, 7, 7), 99_999_999);
    }
}
