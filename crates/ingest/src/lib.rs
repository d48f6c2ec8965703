//! From a folder of exports to populations: exact typed columns with every record accounted for.

pub mod store;

pub use store::{Frame, Origin, Population, Store, StoredColumn};
