//! Dated rates as a preparer looks at them before relying on them: what is in force, what is doubtful, where sources disagree.

use crate::date::Date;
use crate::filing::ReferenceRemark;
use crate::finding::RecordRef;

/// A rate of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedRate {
    /// Jurisdiction's id.
    pub jurisdiction: String,
    /// general, food_drug, reduced …
    pub class: String,
    /// intrastate, interstate, all.
    pub scope: String,
    /// A fraction, scale 12.
    pub rate: i128,
    /// First day.
    pub from: Date,
    /// The day after the last; none: open.
    pub to: Option<Date>,
    /// Its record.
    pub record: RecordRef,
}

/// The rates of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateSource {
    /// As the engagement names it.
    pub name: String,
    /// Records read.
    pub records: u64,
    /// In order of jurisdiction, class, scope, day; open ends are closed where the next row begins.
    pub rates: Vec<DatedRate>,
    /// Gaps, overlaps, contradictions, rows that are not whole.
    pub remarks: Vec<ReferenceRemark>,
}

impl RateSource {
    /// Rates in force on a day.
    pub fn on(&self, day: Date) -> impl Iterator<Item = &DatedRate> {
        self.rates.iter().filter(move |rate| rate.from <= day && rate.to.is_none_or(|to| day < to))
    }

    /// Jurisdictions that have a rate.
    pub fn jurisdictions(&self) -> usize {
        let mut all: Vec<&str> = self.rates.iter().map(|rate| rate.jurisdiction.as_str()).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }
}

/// Days on which two sources say different things of one jurisdiction and class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// Jurisdiction's id.
    pub jurisdiction: String,
    /// The class.
    pub class: String,
    /// The scope.
    pub scope: String,
    /// First day.
    pub from: Date,
    /// The day after the last; none: to this day.
    pub to: Option<Date>,
    /// Rate of the first source; none: it has none on these days.
    pub left: Option<i128>,
    /// Rate of the second.
    pub right: Option<i128>,
}

/// Where two sources disagree, for jurisdictions and classes that both know, from the first day that both know.
pub fn disagreements(left: &RateSource, right: &RateSource) -> Vec<Disagreement> {
    type Key<'a> = (&'a str, &'a str, &'a str);
    let keys = |source: &'_ RateSource| -> std::collections::BTreeSet<(String, String, String)> {
        source.rates.iter().map(|rate| (rate.jurisdiction.clone(), rate.class.clone(), rate.scope.clone())).collect()
    };
    let mut found: Vec<Disagreement> = Vec::new();
    for (jurisdiction, class, scope) in keys(left).intersection(&keys(right)) {
        let key: Key<'_> = (jurisdiction, class, scope);
        let of = |source: &'_ RateSource| -> Vec<DatedRate> {
            let is = |rate: &&DatedRate| (rate.jurisdiction.as_str(), rate.class.as_str(), rate.scope.as_str()) == key;
            source.rates.iter().filter(is).cloned().collect()
        };
        let (one, other) = (of(left), of(right));
        let begin = |rates: &[DatedRate]| rates.iter().map(|rate| rate.from).min();
        let Some(first) = begin(&one).max(begin(&other)) else { continue };
        let mut days: Vec<Date> =
            one.iter().chain(&other).flat_map(|rate| [Some(rate.from), rate.to]).flatten().collect();
        days.push(first);
        days.retain(|day| *day >= first);
        days.sort_unstable();
        days.dedup();
        let at = |rates: &[DatedRate], day: Date| {
            let mut in_force = rates.iter().filter(|rate| rate.from <= day && rate.to.is_none_or(|to| day < to));
            in_force.next().map(|rate| rate.rate)
        };
        for (index, day) in days.iter().enumerate() {
            let (mine, theirs) = (at(&one, *day), at(&other, *day));
            if mine == theirs {
                continue;
            }
            let to = days.get(index + 1).copied();
            match found.last_mut() {
                Some(last)
                    if last.to == Some(*day)
                        && (&last.jurisdiction, &last.class, &last.scope) == (jurisdiction, class, scope)
                        && (last.left, last.right) == (mine, theirs) =>
                {
                    last.to = to;
                }
                _ => found.push(Disagreement {
                    jurisdiction: jurisdiction.clone(),
                    class: class.clone(),
                    scope: scope.clone(),
                    from: *day,
                    to,
                    left: mine,
                    right: theirs,
                }),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn source(rows: &[(&str, i128, &str, Option<&str>)]) -> RateSource {
        let rates = rows
            .iter()
            .map(|(jurisdiction, rate, from, to)| DatedRate {
                jurisdiction: (*jurisdiction).to_owned(),
                class: "general".to_owned(),
                scope: "all".to_owned(),
                rate: *rate,
                from: day(from),
                to: to.map(day),
                record: RecordRef { source: 0, record: 1 },
            })
            .collect();
        RateSource { name: String::new(), records: rows.len() as u64, rates, remarks: Vec::new() }
    }

    #[test]
    fn a_disagreement_begins_when_both_speak_and_ends_when_they_agree() {
        let left = source(&[
            ("A", 20, "1990-01-01", Some("2000-01-01")),
            ("A", 21, "2000-01-01", None),
            ("X", 5, "1990-01-01", None),
        ]);
        let right = source(&[("A", 20, "1995-01-01", Some("2000-02-01")), ("A", 21, "2000-02-01", Some("2010-01-01"))]);
        let found = disagreements(&left, &right);
        let spans: Vec<_> = found.iter().map(|one| (one.from, one.to, one.left, one.right)).collect();
        assert_eq!(
            spans,
            [
                (day("2000-01-01"), Some(day("2000-02-01")), Some(21), Some(20)),
                (day("2010-01-01"), None, Some(21), None),
            ]
        );
        assert_eq!(disagreements(&left, &left), []);
    }
}
