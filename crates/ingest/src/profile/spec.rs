//! The TOML of a source and of a profile, exactly as written; a place survives for every error.
//!
//! No `flatten`, `untagged` or internal tag: serde loses the place of an error behind them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use toml::Spanned;

use super::column::{ColumnSpec, DerivedSpec};
use super::format::FormatSpec;

/// Columns of a population by canonical name, with places.
pub type Columns<T> = BTreeMap<Spanned<String>, Spanned<T>>;

/// One `[[source]]` of an engagement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// Canonical population; may be omitted when the profile names its tables.
    pub population: Option<Spanned<String>>,
    /// Path, pattern or list of them, relative to the base.
    pub path: Spanned<OneOrMany>,
    /// Bundled id, file `<id>.toml` in a profile folder, or relative path.
    pub profile: Option<Spanned<String>>,
    /// The window that the export covers, half-open.
    pub extract: Option<ExtractSpec>,
    /// Zone of the timestamps and the zone whose civil days count.
    pub timezone: Option<TimezoneSpec>,
    /// The sender's own figure.
    pub control: Option<ControlSpec>,
    /// How cells are written.
    #[serde(default)]
    pub format: FormatSpec,
    /// Row conditions; all must hold.
    #[serde(default, rename = "where")]
    pub conditions: Vec<WhereSpec>,
    /// The inline mapping.
    #[serde(default)]
    pub columns: Columns<ColumnSpec>,
    /// Populations derived from the same records.
    #[serde(default)]
    pub derive: Vec<DeriveSpec>,
    /// Numbered documents.
    #[serde(default)]
    pub series: Vec<SeriesSpec>,
    /// File and text that the places refer to; set by whoever read the file.
    #[serde(skip)]
    pub text: Option<(String, Arc<str>)>,
}

impl SourceSpec {
    /// With the file that it was read from, so that complaints can show the line.
    #[must_use]
    pub fn with_text(mut self, file: &str, text: &Arc<str>) -> Self {
        self.text = Some((file.to_owned(), Arc::clone(text)));
        self
    }
}

/// A profile file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSpec {
    /// Kebab-case id, the file's name.
    pub id: String,
    /// One line.
    pub title: String,
    /// Where the export comes from and what to know about it.
    #[serde(default)]
    pub about: String,
    /// For every table of the profile.
    #[serde(default)]
    pub format: FormatSpec,
    /// What the file feeds.
    #[serde(default, rename = "table")]
    pub tables: Vec<TableSpec>,
}

/// One population that a profile fills.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// Canonical population.
    pub population: Spanned<String>,
    /// Overrides of the profile's format.
    #[serde(default)]
    pub format: FormatSpec,
    /// Row conditions; all must hold.
    #[serde(default, rename = "where")]
    pub conditions: Vec<WhereSpec>,
    /// The mapping.
    #[serde(default)]
    pub columns: Columns<ColumnSpec>,
    /// Populations derived from the same records.
    #[serde(default)]
    pub derive: Vec<DeriveSpec>,
    /// Numbered documents.
    #[serde(default)]
    pub series: Vec<SeriesSpec>,
}

/// A half-open window of days.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtractSpec {
    /// First day, `2025-10-01`.
    pub from: Spanned<String>,
    /// Day after the last.
    pub to: Spanned<String>,
}

/// Time zones of a source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimezoneSpec {
    /// Zone of timestamps without an offset.
    pub source: Spanned<String>,
    /// Zone whose civil days the audit uses.
    pub local: Spanned<String>,
}

/// The sender's figure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlSpec {
    /// Number of records.
    pub records: Option<u64>,
    /// Sum of the control column, a string.
    pub total: Option<Spanned<String>>,
    /// Currency of the sum; may be omitted where the population has one only.
    pub currency: Option<String>,
}

/// One row condition on a header of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhereSpec {
    /// Header (or position in a headerless file).
    pub header: Spanned<String>,
    /// The cell is exactly this.
    pub equals: Option<String>,
    /// The cell is one of these.
    #[serde(rename = "in")]
    pub one_of: Option<Vec<String>>,
    /// The cell is none of these.
    pub not_in: Option<Vec<String>>,
    /// The cell begins with one of these.
    pub starts_with: Option<OneOrMany>,
    /// The cell begins with none of these.
    pub not_starts_with: Option<OneOrMany>,
    /// The cell is (not) empty.
    pub matches_empty: Option<bool>,
    /// The cell is a number of at least this.
    pub min: Option<Spanned<String>>,
    /// The cell is a number of at most this.
    pub max: Option<Spanned<String>>,
}

/// Another population derived from the same records, one record a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeriveSpec {
    /// Canonical population.
    pub population: Spanned<String>,
    /// Mapped columns of the source that form the key; they have the same names in the derived population.
    pub key: Vec<Spanned<String>>,
    /// The derived columns.
    #[serde(default)]
    pub columns: Columns<DerivedSpec>,
}

/// A run of numbered documents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesSpec {
    /// Name of the series.
    pub name: String,
    /// Header of the number.
    pub header: Spanned<String>,
    /// Literals, `{year}`, `{prefix}`, `{number}`.
    pub pattern: Spanned<String>,
}

/// A string or a list of strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneOrMany(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = OneOrMany;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a string or a list of strings")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(OneOrMany(words))
            }
        }
        deserializer.deserialize_any(Words)
    }
}
