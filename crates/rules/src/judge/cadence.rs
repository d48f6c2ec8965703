//! Whether a record that came again and again has failed to come.
//!
//! A rhythm is learned from the key's own days: months apart (same day of the month, the last day of a shorter month
//! counting as its 29th to 31st) or days apart, every step equal, give or take what week-ends move. Without a rhythm
//! nothing is expected.

use tieout_model::{Date, Period};

use super::group_by;
use crate::checks::{Judgement, Outcome, Wrong};
use crate::value::Relation;

/// What makes a rhythm. Candidates have the columns `~date`, `~lag`, perhaps `~amount`.
pub struct Terms {
    /// Key columns.
    pub key: Vec<String>,
    /// Points that make a rhythm.
    pub points: usize,
    /// Last day that the exports show.
    pub seen_to: Date,
    /// The period under audit.
    pub period: Option<Period>,
    /// Record column.
    pub rec: String,
}

/// A step of a rhythm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many months, on this day of the month, moved by at most so many days.
    Months(i32, i8),
    /// So many days.
    Days(i32),
}

/// Days by which a week-end or a holiday moves a monthly bill.
const MOVED_DAYS: i32 = 4;

impl Step {
    /// The day after `day` on which the next record is expected, `times` steps on.
    fn after(self, day: Date, times: i32) -> Date {
        match self {
            Self::Days(days) => day.add_days(days * times),
            Self::Months(months, on) => {
                // From the month that the record belongs to, which a moved day may have left.
                let near = [day, day.add_days(MOVED_DAYS), day.add_days(-MOVED_DAYS)];
                let home = near.into_iter().find(|near| (anchored(*near, on).0 - day.0).abs() <= MOVED_DAYS);
                anchored(home.unwrap_or(day).month_start().add_months(months * times), on)
            }
        }
    }

    fn words(self) -> String {
        match self {
            Self::Months(1, _) => "every month".to_owned(),
            Self::Months(3, _) => "every quarter".to_owned(),
            Self::Months(12, _) => "every year".to_owned(),
            Self::Months(months, _) => format!("every {months} months"),
            Self::Days(days) => format!("every {days} days"),
        }
    }
}

/// The day of the month, or the month's last if it is shorter.
fn anchored(month: Date, day: i8) -> Date {
    let start = month.month_start();
    let last = start.month_end();
    start.add_days(i32::from(day) - 1).min(last)
}

/// The rhythm of days in order, without repeats; a hole of several steps does not break it.
pub fn learn(days: &[Date], points: usize) -> Option<Step> {
    if days.len() < points.max(3) {
        return None;
    }
    let gaps: Vec<i32> = days.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let mut sorted = gaps.clone();
    sorted.sort_unstable();
    let typical = sorted[sorted.len() / 2];
    let months = [1, 2, 3, 6, 12].into_iter().find(|months| {
        let (low, high) = (months * 28 - MOVED_DAYS, months * 31 + MOVED_DAYS);
        (low..=high).contains(&typical)
    });
    let steps: Vec<Step> = match months {
        Some(months) => {
            let mut on: Vec<i8> = days.iter().map(|day| day.day()).collect();
            on.sort_unstable();
            on.dedup();
            // The latest day first: a bill of the 31st falls on the 28th of February.
            on.into_iter().rev().map(|on| Step::Months(months, on)).collect()
        }
        None if typical >= 5 => vec![Step::Days(typical)],
        None => Vec::new(),
    };
    let slack = |step: Step| match step {
        Step::Months(..) => MOVED_DAYS,
        Step::Days(days) => 1 + days / 10,
    };
    // At least so many steps in a row without a hole, and none that the rhythm does not explain.
    let fits = |step: &Step| {
        let mut single = 0;
        let all = days.windows(2).all(|pair| {
            let times = (1..=12).find(|&times| (step.after(pair[0], times).0 - pair[1].0).abs() <= slack(*step));
            single += usize::from(times == Some(1));
            times.is_some()
        });
        all && single + 1 >= points.max(3)
    };
    steps.into_iter().find(fits)
}

/// Judges every key group.
pub fn judge(candidates: &Relation, terms: &Terms) -> Judgement {
    let mut judgement = Judgement::default();
    let keys: Vec<usize> = terms.key.iter().map(|name| candidates.index(name)).collect();
    let (date, lag) = (candidates.index("~date"), candidates.index("~lag"));
    let (rec, amount) = (candidates.index(&terms.rec), candidates.find("~amount"));
    for mut members in group_by(candidates, &keys).into_values() {
        members.sort_by_key(|&row| (candidates.rows[row][date].clone(), candidates.rows[row][rec].clone()));
        let day = |row: usize| candidates.rows[row][date].date();
        members.dedup_by_key(|row| day(*row));
        let days: Vec<Date> = members.iter().filter_map(|&row| day(row)).collect();
        let Some(step) = learn(&days, terms.points) else { continue };
        let mut amounts: Vec<Option<i128>> =
            members.iter().map(|&row| amount.and_then(|at| candidates.rows[row][at].num())).collect();
        amounts.dedup();
        for (place, &row) in members.iter().enumerate() {
            let next = days.get(place + 1);
            let grace = candidates.rows[row][lag].num().and_then(|lag| i32::try_from(lag).ok()).unwrap_or(0);
            for times in 1..=24 {
                let due = step.after(days[place], times);
                let came = next.is_some_and(|next| next.0 <= due.0 + MOVED_DAYS);
                if came || due.add_days(grace) > terms.seen_to {
                    break;
                }
                if terms.period.is_some_and(|period| !period.contains(due)) {
                    continue;
                }
                judgement.wrong.push(Wrong {
                    row,
                    members: members.iter().copied().filter(|&other| other != row).rev().take(3).collect(),
                    amount: if let [Some(units)] = amounts[..] { Some(units) } else { None },
                    detail: format!("{due}, {} {} times before", step.words(), members.len()),
                    item: Some(due.to_string()),
                    ..Wrong::default()
                });
            }
        }
    }
    judgement.wrong.retain(|wrong| {
        let outcome = candidates.rows[wrong.row][candidates.index("__outcome")].num();
        [Outcome::Exception.code(), Outcome::Context.code()].iter().any(|code| outcome == Some(*code))
    });
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> Vec<Date> {
        text.split_whitespace().map(|day| day.parse().unwrap()).collect()
    }

    #[test]
    fn a_rhythm_is_learned_from_equal_steps() {
        for (text, step) in [
            ("2026-07-15 2026-08-15 2026-09-15", Some(Step::Months(1, 15))),
            ("2026-01-31 2026-02-28 2026-03-31 2026-04-30", Some(Step::Months(1, 31))),
            ("2026-07-15 2026-08-17 2026-09-15", Some(Step::Months(1, 17))),
            ("2026-01-01 2026-04-01 2026-07-01", Some(Step::Months(3, 1))),
            ("2026-07-01 2026-07-15 2026-07-29", Some(Step::Days(14))),
            ("2026-07-01 2026-07-09 2026-07-29", None),
            ("2026-07-15 2026-08-15", None),
            ("2026-07-01 2026-07-02 2026-07-03", None),
            ("2026-05-15 2026-06-15 2026-07-15 2026-09-15", Some(Step::Months(1, 15))),
        ] {
            assert_eq!(learn(&days(text), 3), step, "{text}");
        }
    }

    #[test]
    fn the_next_day_is_in_the_next_month_even_if_the_last_was_moved() {
        assert_eq!(Step::Months(1, 31).after("2026-02-28".parse().unwrap(), 1), "2026-03-31".parse().unwrap());
        assert_eq!(Step::Months(1, 1).after("2026-02-28".parse().unwrap(), 1), "2026-04-01".parse().unwrap());
        assert_eq!(Step::Days(7).after("2026-02-28".parse().unwrap(), 2), "2026-03-14".parse().unwrap());
    }
}
