//! How much was tested: every record and every unit of money of a population, per rule.

use std::collections::BTreeMap;

use crate::amount::Amount;
use crate::rule::RuleCard;

/// Records and the money on them, per currency (money units, scale 6).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Measure {
    /// Records.
    pub records: u64,
    /// Σ of the population's money column by currency; a population without one has none.
    pub money: BTreeMap<String, i128>,
}

impl Measure {
    /// Adds another measure. Sums of money fit: 2⁶³ records of 2⁶³ units.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        for (currency, units) in &other.money {
            *self.money.entry(currency.clone()).or_default() += units;
        }
    }

    /// The money as exact amounts.
    pub fn amounts(&self) -> impl Iterator<Item = (&str, Amount)> {
        self.money.iter().map(|(currency, units)| (currency.as_str(), Amount::money(*units)))
    }
}

/// Records that a rule could not test, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTested {
    /// In words: ``tax_rate`` is empty, no row of tax_rate, unreadable `net_amount` …
    pub reason: String,
    /// How many.
    pub measure: Measure,
}

/// The accounting of one rule over its population: total = excluded + outside + context + in scope;
/// in scope = tested + not tested; tested = clean + exceptions.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Coverage {
    /// All records of the population that were kept.
    pub total: Measure,
    /// Records that could not be split into fields (money unknown).
    pub excluded: u64,
    /// Not what the rule is about (`where` is false).
    pub out_of_scope: Measure,
    /// Before the look-back or after the as-of date.
    pub outside: Measure,
    /// In the look-back: used for matching, never a finding.
    pub context: Measure,
    /// Tested.
    pub tested: Measure,
    /// Of the tested, those that are part of a finding as the wrong item.
    pub exceptions: Measure,
    /// Of the tested, those that a guard explained (a certificate, a promotion …), by guard.
    pub guarded: Vec<NotTested>,
    /// Not tested, by reason.
    pub not_tested: Vec<NotTested>,
    /// A missing counterpart lies outside the extract window: counted, no finding.
    pub outside_extract: Measure,
}

impl Coverage {
    /// Records that should have been tested.
    pub fn in_scope(&self) -> Measure {
        let mut measure = self.tested.clone();
        self.not_tested.iter().for_each(|reason| measure.add(&reason.measure));
        measure.add(&self.outside_extract);
        measure
    }

    /// Σ of the not tested.
    pub fn not_tested_total(&self) -> Measure {
        let mut measure = Measure::default();
        self.not_tested.iter().for_each(|reason| measure.add(&reason.measure));
        measure
    }

    /// True if every record and every unit of money is in exactly one class.
    pub fn balances(&self) -> bool {
        let mut sum = self.in_scope();
        sum.add(&self.out_of_scope);
        sum.add(&self.outside);
        sum.add(&self.context);
        let same_money = |currency: &String| {
            sum.money.get(currency).copied().unwrap_or(0) == self.total.money.get(currency).copied().unwrap_or(0)
        };
        sum.records == self.total.records
            && sum.money.keys().chain(self.total.money.keys()).all(same_money)
            && self.exceptions.records <= self.tested.records
    }
}

/// What a rule came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// All in scope tested, nothing found.
    NoExceptions,
    /// Something found.
    Exceptions,
    /// Nothing found, but part of the scope could not be tested.
    PartlyTested,
    /// Records are in scope and none could be tested.
    NotTested,
    /// Could not run: the reason, and the populations or columns that would unlock it.
    NotPerformed {
        /// What is missing, in words.
        reason: String,
        /// Populations and columns that would unlock it.
        unlock: Vec<String>,
    },
    /// Our own failure.
    Error(String),
}

impl Status {
    /// The word in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoExceptions => "no exceptions",
            Self::Exceptions => "exceptions",
            Self::PartlyTested => "partly tested",
            Self::NotTested => "not tested",
            Self::NotPerformed { .. } => "not performed",
            Self::Error(_) => "error",
        }
    }
}

/// One rule's tick mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleResult {
    /// The rule.
    pub card: RuleCard,
    /// The population tested.
    pub population: String,
    /// What it came to.
    pub status: Status,
    /// The accounting; all zero if not performed.
    pub coverage: Coverage,
    /// Guards whose data is missing, so that findings are `review`.
    pub guards_missing: Vec<String>,
    /// Parameters in force.
    pub params: Vec<(String, String)>,
    /// Findings.
    pub findings: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(records: u64, units: i128) -> Measure {
        Measure { records, money: BTreeMap::from([("USD".to_owned(), units)]) }
    }

    #[test]
    fn a_lost_record_or_a_lost_cent_is_noticed() {
        let whole = Coverage {
            total: measure(3, 300),
            tested: measure(2, 200),
            not_tested: vec![NotTested { reason: "no rate".to_owned(), measure: measure(1, 100) }],
            ..Coverage::default()
        };
        assert!(whole.balances());
        assert!(!Coverage { tested: measure(1, 200), ..whole.clone() }.balances());
        assert!(!Coverage { tested: measure(2, 199), ..whole.clone() }.balances());
        assert!(!Coverage { exceptions: measure(3, 0), ..whole }.balances());
    }
}
