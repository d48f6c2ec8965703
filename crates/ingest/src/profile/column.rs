//! How one canonical column comes out of a record: a header, a constant, a computation.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::spec::OneOrMany;

/// A mapped column: `"Header"`, `["Spelling", "Other spelling"]`, or a table.
#[derive(Clone, Debug, Default)]
pub struct ColumnSpec(pub CellSpec);

/// A mapped column written as a table. One of `header`, `position`, `constant`, `record`, `compute` says where from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellSpec {
    /// Header, or several spellings of it.
    pub header: Option<OneOrMany>,
    /// Field number from 1, for files without header.
    pub position: Option<usize>,
    /// The same value for every record.
    pub constant: Option<String>,
    /// The record's number in its file.
    pub record: Option<bool>,
    /// Computed from other mapped columns; marked as computed, not stated.
    pub compute: Option<ComputeSpec>,
    /// The header need not be there.
    pub optional: Option<bool>,
    /// `17850.0` becomes `17850` (spreadsheets turn ids into numbers).
    pub strip_decimal: Option<bool>,
    /// Words of the source → canonical words.
    pub values: Option<BTreeMap<String, String>>,
    /// Beginnings of the cell → canonical words.
    pub starts_with: Option<BTreeMap<String, String>>,
    /// What any other word (or an empty cell) becomes.
    pub default: Option<String>,
    /// Date formats of this column.
    pub dates: Option<Vec<String>>,
    /// Empty words of this column.
    pub null: Option<Vec<String>>,
    /// Decimal mark of this column.
    pub decimal_mark: Option<String>,
    /// Percent, to be held as a fraction.
    pub percent: Option<bool>,
    /// Integers of the currency's minor unit.
    pub minor_units: Option<bool>,
    /// The source states the last day; the canonical end is exclusive.
    pub inclusive_end: Option<bool>,
    /// Decimals to accept of a binary floating point column.
    pub float_places: Option<u8>,
}

/// An exact computation over mapped columns of the same record; exactly one operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComputeSpec {
    /// All multiplied.
    pub product: Option<Vec<Spanned<String>>>,
    /// All added.
    pub sum: Option<Vec<Spanned<String>>>,
    /// The first minus all others.
    pub difference: Option<Vec<Spanned<String>>>,
    /// Less this fraction (a rate column): product × (1 − less).
    pub less: Option<Spanned<String>>,
    /// Rounded half away from zero to so many decimals.
    pub places: Option<u8>,
    /// Texts, one behind the other; empty if one of them is.
    pub join: Option<Vec<Spanned<String>>>,
    /// What stands between joined texts; a hyphen if nothing is said.
    pub with: Option<String>,
}

/// How the records of one key become one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoldRule {
    /// All present cells must be equal.
    #[default]
    Agree,
    /// The first record's.
    First,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// Added up.
    Sum,
}

impl FoldRule {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::First => "first",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sum => "sum",
        }
    }
}

/// A derived column: a header or a mapped column folded by a rule, or computed from other derived columns.
#[derive(Clone, Debug)]
pub struct DerivedSpec {
    /// A mapped column of the source.
    pub column: Option<Spanned<String>>,
    /// How records fold.
    pub rule: FoldRule,
    /// Otherwise: like a mapped column.
    pub cell: CellSpec,
}

/// serde cannot flatten without losing places, so the keys of `CellSpec` stand here again.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DerivedTable {
    column: Option<Spanned<String>>,
    #[serde(default)]
    rule: FoldRule,
    header: Option<OneOrMany>,
    position: Option<usize>,
    constant: Option<String>,
    compute: Option<ComputeSpec>,
    optional: Option<bool>,
    strip_decimal: Option<bool>,
    values: Option<BTreeMap<String, String>>,
    starts_with: Option<BTreeMap<String, String>>,
    default: Option<String>,
    dates: Option<Vec<String>>,
    null: Option<Vec<String>>,
    decimal_mark: Option<String>,
    percent: Option<bool>,
    minor_units: Option<bool>,
    inclusive_end: Option<bool>,
    float_places: Option<u8>,
}

impl From<DerivedTable> for DerivedSpec {
    fn from(table: DerivedTable) -> Self {
        Self {
            column: table.column,
            rule: table.rule,
            cell: CellSpec {
                header: table.header,
                position: table.position,
                constant: table.constant,
                record: None,
                compute: table.compute,
                optional: table.optional,
                strip_decimal: table.strip_decimal,
                values: table.values,
                starts_with: table.starts_with,
                default: table.default,
                dates: table.dates,
                null: table.null,
                decimal_mark: table.decimal_mark,
                percent: table.percent,
                minor_units: table.minor_units,
                inclusive_end: table.inclusive_end,
                float_places: table.float_places,
            },
        }
    }
}

impl CellSpec {
    fn of_headers(headers: Vec<String>) -> Self {
        Self { header: Some(OneOrMany(headers)), ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for ColumnSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Column;
        impl<'de> Visitor<'de> for Column {
            type Value = ColumnSpec;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a header, a list of spellings, or a table like { header = \"...\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ColumnSpec, E> {
                Ok(ColumnSpec(CellSpec::of_headers(vec![text.to_owned()])))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ColumnSpec, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(ColumnSpec(CellSpec::of_headers(words)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ColumnSpec, A::Error> {
                CellSpec::deserialize(MapAccessDeserializer::new(map)).map(ColumnSpec)
            }
        }
        deserializer.deserialize_any(Column)
    }
}

impl<'de> Deserialize<'de> for DerivedSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Derived;
        impl<'de> Visitor<'de> for Derived {
            type Value = DerivedSpec;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a header or a table like { column = \"...\", rule = \"sum\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<DerivedSpec, E> {
                let cell = CellSpec::of_headers(vec![text.to_owned()]);
                Ok(DerivedSpec { column: None, rule: FoldRule::Agree, cell })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DerivedSpec, A::Error> {
                DerivedTable::deserialize(MapAccessDeserializer::new(map)).map(Into::into)
            }
        }
        deserializer.deserialize_any(Derived)
    }
}
