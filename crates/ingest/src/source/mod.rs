//! Paths → files → decoded bytes, hashed as they pass.

mod list;
mod open;

pub(crate) use list::list;
pub(crate) use open::{Kind, Malformed, Opened, open};
