//! Exports of an invented company, with planted errors and legal look-alikes, and the labels that say which is which.
//!
//! Deterministic: the same settings and seed give the same bytes. Amounts are integers in minor units.

pub mod answers;
pub mod company;
pub mod deal;
pub mod document;
pub mod drafts;
pub mod engagement;
pub mod episodes;
pub mod generate;
pub mod labels;
pub mod lawful;
pub mod layout;
pub mod ledger;
pub mod master;
pub mod money;
pub mod ordinary;
pub mod post;
pub mod records;
pub mod rng;
pub mod sales_tax;
pub mod score;
pub mod table;
pub mod world;

/// What can go wrong: files and what they hold.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
