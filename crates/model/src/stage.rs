//! Drafts judged before they go out: one line a document.

use crate::amount::Amount;

/// What is to be done with a draft; the graver is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing speaks against it.
    Send,
    /// It is to be billed, but otherwise.
    Fix,
    /// It is billed already, or not to be billed.
    Hold,
}

impl Verdict {
    /// In the order of the list.
    pub const ALL: [Self; 3] = [Self::Hold, Self::Fix, Self::Send];

    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Fix => "fix",
            Self::Hold => "hold",
        }
    }
}

/// A draft and what is to be done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldLine {
    /// The document's key.
    pub document: String,
    /// Its number.
    pub number: String,
    /// Its customer, if the records name one.
    pub customer: Option<String>,
    /// Its gross total, if it can be read.
    pub gross: Option<Amount>,
    /// ISO 4217; empty if unknown.
    pub currency: String,
    /// What is to be done.
    pub verdict: Verdict,
    /// Fingerprints of the open findings that speak against it, the gravest first.
    pub reasons: Vec<String>,
    /// Fingerprints of other findings that show it: accepted by a waiver, advice, or no reason to keep it back.
    pub remarks: Vec<String>,
}

/// Every draft, those to be held first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct HoldList {
    /// One line a draft.
    pub lines: Vec<HoldLine>,
    /// Findings that show no draft, or judge what happens after posting: an audit without a stage has them.
    pub left_out: u64,
}
