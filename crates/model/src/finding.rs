//! A finding: one wrong item, with expected and stated value, effect, evidence, and words for the customer.

use std::fmt;

use crate::amount::Amount;
use crate::date::Date;
use crate::rule::Severity;

/// How sure the difference is (never its cause).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// For a person to decide.
    Review,
    /// The evidence agrees, a guard or a key is missing.
    Likely,
    /// The records prove it.
    Certain,
}

impl Confidence {
    /// The word in rules and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }

    /// From the word.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Review, Self::Likely, Self::Certain].into_iter().find(|confidence| confidence.name() == name)
    }
}

/// A record of a population, found again by source and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordRef {
    /// Index into the report's sources (files).
    pub source: u32,
    /// Record number from 1, header not counted.
    pub record: u64,
}

impl RecordRef {
    /// Packs into the store's `__rec` column: file in the high bits, record in the low 40.
    pub fn pack(self) -> i64 {
        (i64::from(self.source) << 40) | i64::try_from(self.record).unwrap_or(i64::MAX)
    }

    /// The inverse of `pack`.
    pub fn unpack(packed: i64) -> Self {
        let record = u64::try_from(packed & ((1 << 40) - 1)).unwrap_or(0);
        Self { source: u32::try_from(packed >> 40).unwrap_or(0), record }
    }
}

/// A value in a finding: exact, with its currency, or a word or date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Money in a currency.
    Money {
        /// How much.
        amount: Amount,
        /// ISO 4217.
        currency: String,
    },
    /// A quantity, rate, price or count.
    Number(Amount),
    /// A date, a word, an id.
    Text(String),
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money { amount, currency } => {
                let places = crate::amount::minor_units(currency).unwrap_or(2);
                write!(formatter, "{} {currency}", amount.to_display(places))
            }
            Self::Number(amount) => formatter.write_str(&amount.to_display(0)),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

/// The kinds of money at stake. Totals of different classes are never added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EffectClass {
    /// Billed more than due: owed to the customer.
    OverBilled,
    /// Billed less than due.
    UnderBilled,
    /// Due and not billed at all.
    Unbilled,
    /// The customer's money not yet put to use: unapplied credit or cash, overpayment.
    HeldForCustomer,
    /// On the wrong account; nets to zero over both parties.
    Misposted,
    /// Tax charged above the lawful amount.
    TaxOverCollected,
    /// Tax charged below the lawful amount.
    TaxUnderCollected,
}

impl EffectClass {
    /// Every class, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::OverBilled,
        Self::TaxOverCollected,
        Self::HeldForCustomer,
        Self::Unbilled,
        Self::UnderBilled,
        Self::TaxUnderCollected,
        Self::Misposted,
    ];

    /// The word in rules and machine-readable reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::OverBilled => "over_billed",
            Self::UnderBilled => "under_billed",
            Self::Unbilled => "unbilled",
            Self::HeldForCustomer => "held_for_customer",
            Self::Misposted => "misposted",
            Self::TaxOverCollected => "tax_over_collected",
            Self::TaxUnderCollected => "tax_under_collected",
        }
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::OverBilled => "over-billed",
            Self::UnderBilled => "under-billed",
            Self::Unbilled => "unbilled",
            Self::HeldForCustomer => "held for customers",
            Self::Misposted => "misposted",
            Self::TaxOverCollected => "tax over-collected",
            Self::TaxUnderCollected => "tax under-collected",
        }
    }

    /// True for the classes of tax alone, which are settled before a return is filed.
    pub fn is_tax(self) -> bool {
        matches!(self, Self::TaxOverCollected | Self::TaxUnderCollected)
    }

    /// From the word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// Money at stake for one party. Amounts are ≥ 0 except for `misposted`, where the two parties' effects sum to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The customer, if the records name one.
    pub party: Option<String>,
    /// What kind of money.
    pub class: EffectClass,
    /// Without tax, if the split is known.
    pub net: Option<Amount>,
    /// The tax, if the split is known.
    pub tax: Option<Amount>,
    /// Including tax.
    pub gross: Amount,
    /// ISO 4217.
    pub currency: String,
}

/// A record that shows the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Its population.
    pub population: String,
    /// Where it stands.
    pub record: RecordRef,
    /// What part it plays: `stated`, `reference`, `credit`, `counterpart` …
    pub role: String,
    /// Canonical columns and their values as understood.
    pub cells: Vec<(String, String)>,
    /// Filled in by `locate`: the line in an editor.
    pub line: Option<u64>,
    /// Filled in by `locate`: the cells as received, under the file's own headers.
    pub received: Vec<(String, String)>,
}

/// Whether a finding is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// To be acted upon.
    Open,
    /// Accepted by a waiver.
    Waived {
        /// Why.
        reason: String,
        /// Who asks for it.
        prepared_by: String,
        /// Who agrees: another person.
        approved_by: String,
        /// Last day, `2026-12-31`.
        expires: String,
    },
}

/// One wrong item, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Rule, population and smallest wrong item; stable from run to run.
    pub fingerprint: String,
    /// Digest of the members and amounts; a waiver binds to it too.
    pub content: String,
    /// The rule's id.
    pub rule: String,
    /// The rule's severity in this engagement.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Why that sure, in words.
    pub confidence_reason: String,
    /// The population of the wrong item.
    pub population: String,
    /// The wrong item's key, column by column.
    pub key: Vec<(String, String)>,
    /// The customer concerned, if the records name one.
    pub party: Option<String>,
    /// The day by which the wrong item falls into a period: the rule's `scope_date`, else the day
    /// of issue, its own or that of the latest document that shows it. None if unknown.
    pub date: Option<Date>,
    /// A sentence that a clerk can read to the customer.
    pub message: String,
    /// What should be.
    pub expected: Option<Figure>,
    /// What is.
    pub stated: Option<Figure>,
    /// Stated minus expected.
    pub difference: Option<Figure>,
    /// Money at stake; empty when not quantified.
    pub effects: Vec<Effect>,
    /// The records, the wrong item first.
    pub evidence: Vec<Evidence>,
    /// What netting removed before judging, in words.
    pub chain: Vec<String>,
    /// What to do.
    pub remedy: String,
    /// Fingerprint of the finding that explains this one; its money is counted there.
    pub caused_by: Option<String>,
    /// The root cause that covers it, if one does.
    pub root_cause: Option<String>,
    /// Why absence may be the extract's, if so.
    pub limited: Option<String>,
    /// The later document that already corrected it, if any.
    pub corrected_by: Option<String>,
    /// Findings of one case are corrected together.
    pub case: String,
    /// Open or waived.
    pub disposition: Disposition,
    /// What a former report says of it; none where no baseline was given.
    pub history: Option<History>,
}

impl Finding {
    /// True if a waiver accepts it.
    pub fn is_waived(&self) -> bool {
        self.disposition != Disposition::Open
    }
}

/// How a finding stands against a former report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The former report does not have it.
    New,
    /// The former report has the same item with other members or amounts.
    Changed,
    /// The former report has it as it is.
    Unchanged,
}

impl Standing {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
        }
    }

    /// From the word.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::New, Self::Changed, Self::Unchanged].into_iter().find(|standing| standing.name() == name)
    }
}

/// A finding's way through former reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Against the baseline.
    pub standing: Standing,
    /// The as-of date of the first report that had it; none if that report had no such date.
    pub first_seen: Option<Date>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_survive_packing() {
        let record = RecordRef { source: 70_000, record: (1 << 40) - 1 };
        assert_eq!(RecordRef::unpack(record.pack()), record);
    }

    #[test]
    fn words_are_read_back() {
        for class in EffectClass::ALL {
            assert_eq!(EffectClass::parse(class.name()), Some(class));
        }
        assert_eq!(Confidence::parse("certain"), Some(Confidence::Certain));
        assert_eq!(Severity::parse("advice"), Some(Severity::Advice));
    }
}
