//! Which service days of a subscription no bill covers.
//!
//! Half-open days throughout. Bills of negative quantity take their days away again; days in excused states need none.

use tieout_model::{Date, Period};

use super::group_by;
use crate::checks::{Judgement, Wrong};
use crate::value::{Relation, Value};

/// What limits the days looked at.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The period under audit.
    pub period: Option<Period>,
    /// The extract window of the bills.
    pub window: Option<Period>,
}

/// Days as half-open spans, sorted and disjoint.
type Spans = Vec<(i32, i32)>;

/// Removes `cut` from `spans`.
pub fn subtract(spans: &[(i32, i32)], cut: (i32, i32)) -> Spans {
    let mut left = Vec::new();
    for &(from, to) in spans {
        if cut.1 <= from || to <= cut.0 {
            left.push((from, to));
            continue;
        }
        if from < cut.0 {
            left.push((from, cut.0));
        }
        if cut.1 < to {
            left.push((cut.1, to));
        }
    }
    left
}

/// Bills after their reversals: a reversal takes away one bill of the same days, else the days themselves.
fn covered(bills: &[(i32, i32, bool)]) -> Spans {
    let mut positive: Spans = bills.iter().filter(|bill| !bill.2).map(|bill| (bill.0, bill.1)).collect();
    positive.sort_unstable();
    for reversal in bills.iter().filter(|bill| bill.2) {
        let days = (reversal.0, reversal.1);
        match positive.iter().position(|span| *span == days) {
            Some(at) => {
                positive.remove(at);
            }
            // Of overlapping bills a reversal cuts the one that has all its days, the earliest; else every one.
            None => match positive.iter().position(|span| span.0 <= days.0 && days.1 <= span.1) {
                Some(at) => {
                    let whole = positive.remove(at);
                    positive.extend(subtract(&[whole], days));
                    positive.sort_unstable();
                }
                None => positive = subtract(&positive, days),
            },
        }
    }
    positive
}

/// Judges every subscription: one wrong item each, from its first uncovered day.
pub fn judge(candidates: &Relation, others: &[Relation], limits: Limits) -> Judgement {
    let mut judgement = Judgement::default();
    let own = |name: &str| candidates.find(name);
    let (Some(from), Some(to)) = (own("~from"), own("~to")) else { return judgement };
    let side = |name: &str, relation: &Relation| {
        let keys: Vec<usize> = (0..relation.columns.len())
            .filter(|&index| relation.columns[index].name.starts_with(&format!("{name}:key:")))
            .collect();
        group_by(relation, &keys)
    };
    let bills = others.first().map(|relation| side("bill", relation)).unwrap_or_default();
    let states = others.get(1).map(|relation| side("state", relation)).unwrap_or_default();
    let key_of = |name: &str, row: &[Value]| -> Vec<Value> {
        let prefix = format!("~{name}:");
        candidates
            .columns
            .iter()
            .zip(row)
            .filter(|(column, _)| column.name.starts_with(&prefix))
            .map(|(_, value)| value.clone())
            .collect()
    };
    for (index, row) in candidates.rows.iter().enumerate() {
        let (Some(start), Some(end)) = (row[from].date(), row[to].date()) else { continue };
        let mut span = (start.0, end.0);
        for limit in [limits.period, limits.window].into_iter().flatten() {
            span = (span.0.max(limit.from.0), span.1.min(limit.to.0));
        }
        if span.0 >= span.1 {
            continue;
        }
        let mut left = vec![span];
        let mut unknown = false;
        if let Some(relation) = others.first() {
            let members = bills.get(&key_of("bill", row)).map(Vec::as_slice).unwrap_or_default();
            let mut days = Vec::new();
            for &member in members {
                let cell = |name: &str| &relation.rows[member][relation.index(name)];
                match (cell("bill:start~").date(), cell("bill:end~").date(), cell("bill:sign~").num()) {
                    (Some(start), Some(end), Some(sign)) => days.push((start.0, end.0, sign < 0)),
                    _ => unknown = true,
                }
            }
            for cut in covered(&days) {
                left = subtract(&left, cut);
            }
        }
        if let Some(relation) = others.get(1) {
            for &member in states.get(&key_of("state", row)).map(Vec::as_slice).unwrap_or_default() {
                let cell = |name: &str| relation.rows[member][relation.index(name)].date();
                let Some(start) = cell("state:start~") else { continue };
                left = subtract(&left, (start.0, cell("state:end~").map_or(i32::MAX, |end| end.0)));
            }
        }
        if left.is_empty() {
            continue;
        }
        if unknown {
            judgement.not_tested.push((index, "a bill of it states no service days".to_owned()));
            continue;
        }
        judgement.wrong.push(wrong(candidates, index, row, &left));
    }
    judgement
}

fn wrong(candidates: &Relation, index: usize, row: &[Value], left: &[(i32, i32)]) -> Wrong {
    let words: Vec<String> =
        left.iter().map(|&(from, to)| Period { from: Date(from), to: Date(to) }.to_string()).collect();
    let cell = |name: &str| candidates.find(name).map(|at| &row[at]);
    let months = match cell("~period").and_then(Value::as_text) {
        Some("monthly") => Some(1),
        Some("quarterly") => Some(3),
        Some("yearly") => Some(12),
        _ => None,
    };
    let periods = months.and_then(|months| left.iter().map(|&span| whole_periods(span, months)).sum::<Option<i128>>());
    let price =
        cell("~price").and_then(Value::num).zip(candidates.find("~price").map(|at| candidates.columns[at].ty.scale()));
    let amount = periods.zip(price).and_then(|(periods, (units, scale))| {
        let total = tieout_model::Amount::new(units.checked_mul(periods)?, scale);
        total.units_at(tieout_model::amount::MONEY_SCALE).ok()
    });
    Wrong {
        row: index,
        detail: words.join(", "),
        item: left.first().map(|span| Date(span.0).to_string()),
        amount,
        ..Wrong::default()
    }
}

/// How many whole billing periods a span is, if it is whole ones; part of a period is not quantified.
fn whole_periods((from, to): (i32, i32), months: i32) -> Option<i128> {
    let mut at = Date(from);
    let mut count = 0;
    while at.0 < to {
        count += 1;
        at = Date(from).add_months(months * count);
    }
    (at.0 == to).then_some(i128::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_taken_out_of_spans() {
        assert_eq!(subtract(&[(0, 10)], (3, 5)), [(0, 3), (5, 10)]);
        assert_eq!(subtract(&[(0, 10)], (0, 10)), []);
        assert_eq!(subtract(&[(0, 10)], (10, 12)), [(0, 10)]);
        assert_eq!(subtract(&[(0, 10)], (12, 15)), [(0, 10)]);
        assert_eq!(subtract(&[(5, 10)], (1, 3)), [(5, 10)]);
        assert_eq!(subtract(&[(0, 4), (6, 9)], (2, 7)), [(0, 2), (7, 9)]);
    }

    #[test]
    fn a_reversal_takes_one_bill_away_and_the_rebill_covers_again() {
        let month = |sign| (0, 30, sign);
        assert_eq!(covered(&[month(false), month(true)]), []);
        assert_eq!(covered(&[month(false), month(true), month(false)]), [(0, 30)]);
        assert_eq!(covered(&[(0, 30, false), (10, 20, true)]), [(0, 10), (20, 30)]);
        // A plan changed on day 15: the rest of the old one taken back, the new one billed from there.
        assert_eq!(covered(&[(0, 30, false), (15, 30, true), (15, 45, false)]), [(0, 15), (15, 45)]);
    }

    #[test]
    fn part_of_a_period_has_no_price() {
        let day = |text: &str| text.parse::<Date>().unwrap().0;
        assert_eq!(whole_periods((day("2026-10-01"), day("2026-11-01")), 1), Some(1));
        assert_eq!(whole_periods((day("2026-10-31"), day("2026-12-31")), 1), Some(2));
        assert_eq!(whole_periods((day("2026-10-01"), day("2026-10-15")), 1), None);
    }
}
