//! Complaints about bills against what audits knew: each in one class, with how soon it was answered.

use crate::amount::Amount;
use crate::date::Date;

/// What an audit knew of a complaint's matter. The first that is true of it counts, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It cannot be told: no day, no document, or one that the audit did not look at.
    NotTestable,
    /// A correction was issued before it came.
    AfterCorrection,
    /// It was found, or proposed for correction, on a day before it came.
    Predicted,
    /// It is found; nothing says that it was before the complaint.
    Found,
    /// No finding is about it.
    Missed,
}

impl Standing {
    /// In the order of reports.
    pub const ALL: [Self; 5] = [Self::Missed, Self::AfterCorrection, Self::Predicted, Self::Found, Self::NotTestable];

    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotTestable => "not_testable",
            Self::AfterCorrection => "after_correction",
            Self::Predicted => "predicted",
            Self::Found => "found",
            Self::Missed => "missed",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotTestable => "not testable",
            Self::AfterCorrection => "after the correction",
            Self::Predicted => "predicted before it came",
            Self::Found => "found, not known before it came",
            Self::Missed => "missed: no finding is about it",
        }
    }
}

/// How soon a complaint was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// Within 24 hours.
    Within,
    /// Later.
    Late,
    /// Not, and 24 hours are over.
    None,
    /// Not, and it came within the last day.
    Waiting,
    /// The exports do not tell.
    Unknown,
}

impl Answer {
    /// In the order of reports.
    pub const ALL: [Self; 5] = [Self::Within, Self::Late, Self::None, Self::Waiting, Self::Unknown];

    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Within => "within_24_hours",
            Self::Late => "later",
            Self::None => "none",
            Self::Waiting => "waiting",
            Self::Unknown => "unknown",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Within => "within 24 hours",
            Self::Late => "later",
            Self::None => "none yet",
            Self::Waiting => "none yet, came within the last day",
            Self::Unknown => "cannot be told",
        }
    }
}

/// One complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Its id.
    pub id: String,
    /// The customer; empty if unknown.
    pub customer: String,
    /// The document that it names, as it names it.
    pub document: Option<String>,
    /// When it came.
    pub received: Option<Date>,
    /// What it is about, in a word.
    pub category: Option<String>,
    /// What the customer says.
    pub subject: Option<String>,
    /// What an audit knew of it.
    pub standing: Standing,
    /// Why, in words; empty where nothing needs to be said.
    pub why: String,
    /// Fingerprints of the findings that are about it.
    pub findings: Vec<String>,
    /// Proposals of the register that are about it.
    pub proposals: Vec<String>,
    /// How soon it was answered.
    pub answer: Answer,
    /// Why that cannot be told; empty where it can.
    pub answer_why: String,
    /// Day of the first answer.
    pub answered: Option<Date>,
    /// Day of the last message.
    pub updated: Option<Date>,
    /// When it was closed; none if it is open, or the exports do not say.
    pub closed: Option<Date>,
}

/// Complaints of a month against its bills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// First day.
    pub from: Date,
    /// Complaints that came in it.
    pub complaints: u64,
    /// Invoices that were posted with a day of issue in it.
    pub invoices: u64,
}

impl Month {
    /// Complaints for 1,000 invoices, two decimals, half up; none without invoices.
    pub fn rate(&self) -> Option<Amount> {
        let (complaints, invoices) = (i128::from(self.complaints), i128::from(self.invoices));
        (invoices > 0).then(|| Amount::new((complaints * 200_000 + invoices) / (2 * invoices), 2))
    }
}

/// Every complaint, once.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Complaints {
    /// In order of day and id, those without a day first.
    pub complaints: Vec<Complaint>,
    /// Months in which complaints came or invoices were issued, in order.
    pub months: Vec<Month>,
    /// What the exports do not state of complaints: columns.
    pub unstated: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_exact_and_rounded_once() {
        let rate =
            |complaints, invoices| Month { from: Date(0), complaints, invoices }.rate().map(|rate| rate.to_string());
        assert_eq!(rate(3, 1_250).as_deref(), Some("2.4"));
        assert_eq!(rate(1, 3).as_deref(), Some("333.33"));
        assert_eq!(rate(2, 3).as_deref(), Some("666.67"));
        assert_eq!((rate(0, 5).as_deref(), rate(1, 0)), (Some("0"), None));
    }
}
