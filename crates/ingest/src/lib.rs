//! From a folder of exports to populations: exact typed columns with every record accounted for.
//!
//! Text becomes typed columns here and nowhere else, because every reader that guesses (a type, a missing field, a
//! rounding) hides the very differences that an audit looks for.

mod cache;
mod convert;
mod derive;
mod diagnose;
mod documents;
mod eight;
mod gather;
mod load;
mod locate;
pub mod marked;
mod overlap;
pub mod packed;
mod plan;
pub mod profile;
mod read;
mod restate;
pub mod schema;
mod series;
mod source;
pub mod store;
mod table;
pub mod texts;
mod totals;

pub use cache::{Cache, CacheUse};
pub use load::{Expected, ExpectedRows, LoadOptions, expected, load};
pub use locate::{Located, locate};
pub use profile::{SourceSpec, bundled_profiles};
pub use schema::schema;
pub use store::{Frame, Origin, Population, Store, StoredColumn};
