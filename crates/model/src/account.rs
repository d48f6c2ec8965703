//! One customer's account on a page, for when they are on the telephone.

use std::collections::BTreeMap;

use crate::finding::RecordRef;

/// What the exports hold of one customer.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Account {
    /// The customer's id.
    pub id: String,
    /// The customer's own record: canonical column and value.
    pub cells: Vec<(String, String)>,
    /// Sums as at the audit's day, in the order of `Sum::ALL`.
    pub sums: Vec<(Sum, Standing)>,
    /// Documents by population, the latest first.
    pub sections: Vec<Section>,
}

/// What is summed over a customer's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sum {
    /// Posted invoices with a balance.
    Open,
    /// Of these, those whose due date has passed.
    Overdue,
    /// Posted credit notes with a balance.
    Credit,
}

impl Sum {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Open => "open invoices",
            Self::Overdue => "of these overdue",
            Self::Credit => "open credits",
        }
    }
}

/// Documents and their balance by currency, money units; a document without a readable balance is counted apart.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Standing {
    /// Documents.
    pub documents: u64,
    /// Σ of the balances.
    pub money: BTreeMap<String, i128>,
    /// Documents whose balance is empty or unreadable.
    pub unknown: u64,
}

/// The customer's records of one population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Canonical name.
    pub population: String,
    /// The latest first.
    pub records: Vec<Entry>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub record: RecordRef,
    /// Columns worth telling, those with a value.
    pub cells: Vec<(String, String)>,
}
