//! What an export looks like and how it maps onto populations, as written in TOML by the user.
//!
//! The bundled profiles go through the very same path as a user's own file and an inline mapping.

mod bundled;
mod column;
mod format;
mod resolve;
mod spec;

pub use bundled::bundled_profiles;
pub use column::{CellSpec, ColumnSpec, ComputeSpec, DerivedSpec, FoldRule};
pub use format::{CreditSign, CurrencySpec, FormatSpec};
pub(crate) use resolve::{Origin, Table, resolve};
pub use spec::{
    ControlSpec, DeriveSpec, ExtractSpec, OneOrMany, ProfileSpec, SeriesSpec, SourceSpec, TableSpec, TimezoneSpec,
    WhereSpec,
};
