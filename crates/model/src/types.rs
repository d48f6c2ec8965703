//! The types that a column of a population can have, and how each is held.

use crate::amount::{MONEY_SCALE, PRICE_SCALE, QUANTITY_SCALE, RATE_SCALE};

/// The type of a canonical column, as written in `populations.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnType {
    /// An identifier: lossless text, leading zeros kept.
    Id,
    /// Text.
    Text,
    /// A civil day.
    Date,
    /// A period name (`2026-10`); held as text.
    Period,
    /// Yes or no.
    Bool,
    /// One of a few words; held as text.
    Enum,
    /// A whole number.
    Int,
    /// An amount with a currency, 6 decimals.
    Money,
    /// A unit price, 8 decimals.
    Price,
    /// A quantity, 6 decimals.
    Quantity,
    /// A fraction (8.25 % is 0.0825), 12 decimals.
    Rate,
}

/// How a type is held in the prepared store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Physical {
    /// UTF-8 text.
    Text,
    /// Days since 1970-01-01 in 32 bits.
    Date,
    /// A boolean.
    Bool,
    /// A 64-bit integer of the type's scale.
    Units,
}

impl ColumnType {
    /// The type named in `populations.csv`; code lists (`iso4217`, `rec20` …) are text.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "text" | "iso4217" | "iso3166a2" | "iso3166-2" | "rec20" => Self::Text,
            "date" => Self::Date,
            "period" => Self::Period,
            "bool" => Self::Bool,
            "enum" => Self::Enum,
            "int" => Self::Int,
            "money" => Self::Money,
            "price" => Self::Price,
            "quantity" => Self::Quantity,
            "rate" => Self::Rate,
            _ => return None,
        })
    }

    /// The word for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Text => "text",
            Self::Date => "date",
            Self::Period => "period",
            Self::Bool => "bool",
            Self::Enum => "enum",
            Self::Int => "int",
            Self::Money => "money",
            Self::Price => "price",
            Self::Quantity => "quantity",
            Self::Rate => "rate",
        }
    }

    /// How the store holds it.
    pub fn physical(self) -> Physical {
        match self {
            Self::Id | Self::Text | Self::Period | Self::Enum => Physical::Text,
            Self::Date => Physical::Date,
            Self::Bool => Physical::Bool,
            Self::Int | Self::Money | Self::Price | Self::Quantity | Self::Rate => Physical::Units,
        }
    }

    /// Decimal places of the units; 0 for a whole number, `None` where there are no units.
    pub fn scale(self) -> Option<u8> {
        match self {
            Self::Int => Some(0),
            Self::Money => Some(MONEY_SCALE),
            Self::Quantity => Some(QUANTITY_SCALE),
            Self::Price => Some(PRICE_SCALE),
            Self::Rate => Some(RATE_SCALE),
            _ => None,
        }
    }
}
