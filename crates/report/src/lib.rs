//! Findings to documents: text for a screen, JSON for working papers, CSV for a spreadsheet.
//!
//! It sees `tieout-model` and nothing else: no dataframe, no file, no clock. What goes into a report comes out of every
//! format of it; where text folds a long list, it says how much it folded and where the rest is.

pub mod diagnostic;
pub mod filing;
pub mod format;
mod groups;
mod layout;
pub mod mask;
pub mod pack;
pub mod past;
pub mod rates;
pub mod signoff;
mod words;

pub use diagnostic::render as render_diagnostic;
pub use format::chase::render as render_chase_csv;
pub use format::hold::render as render_hold_csv;
pub use format::json::arrivals::render as render_arrivals_json;
pub use format::json::complaints::render as render_complaints_json;
pub use format::text::account::render as render_account;
pub use format::text::arrivals::render as render_arrivals;
pub use format::text::chase::render as render_chase;
pub use format::text::check::{Reference, Sample, render as render_check};
pub use format::text::complaints::render as render_complaints;
pub use format::text::pair::render as render_pair;
pub use format::text::render_finding;
pub use format::xlsx::{ROWS_MAX, render_split};
pub use format::{FORMATS, Format, render};
pub use layout::{render_entry, visible};
