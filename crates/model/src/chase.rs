//! Whom a reminder may go to: every overdue document, once.

use crate::amount::Amount;
use crate::date::Date;

/// What is to be done with an overdue document. The first that is true of it counts, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// No balance, due date, customer or currency: nobody can tell.
    NotTestable,
    /// Applications say that less is open than its balance does.
    Paid,
    /// The same by credits alone.
    Credited,
    /// An objection to it is open.
    Disputed,
    /// A finding that is not settled shows that it is wrong.
    Wrong,
    /// Cash or credit of the same customer that is not put to use would cover it.
    InTransit,
    /// The customer gets no reminders by agreement.
    Agreed,
    /// A reminder went out lately.
    Reminded,
    /// A reminder may go out.
    May,
}

impl Standing {
    /// In the order of reports.
    pub const ALL: [Self; 9] = [
        Self::May,
        Self::Paid,
        Self::Credited,
        Self::Disputed,
        Self::Wrong,
        Self::InTransit,
        Self::Agreed,
        Self::Reminded,
        Self::NotTestable,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::May => "may be reminded",
            Self::Paid => "not: paid since",
            Self::Credited => "not: credited",
            Self::Disputed => "not: disputed",
            Self::Wrong => "not: a finding is open",
            Self::InTransit => "not: in transit",
            Self::Agreed => "not: by agreement",
            Self::Reminded => "not: reminded lately",
            Self::NotTestable => "not testable",
        }
    }
}

/// An overdue document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Its key.
    pub document: String,
    /// Its number.
    pub number: String,
    /// Its customer; empty if unknown.
    pub customer: String,
    /// When it was due.
    pub due: Option<Date>,
    /// What the books say is open.
    pub balance: Option<Amount>,
    /// ISO 4217; empty if unknown.
    pub currency: String,
    /// What is to be done.
    pub standing: Standing,
    /// Why, in words; empty where nothing needs to be said.
    pub why: String,
    /// Reminders that went out for it, courtesy notes left out; none where the exports have no reminders.
    pub reminders: Option<u64>,
}

/// Every overdue document as at a day.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Chase {
    /// In order of customer, due date and number.
    pub documents: Vec<Overdue>,
    /// What could not be asked, since the exports do not have it: populations.
    pub unasked: Vec<String>,
}
