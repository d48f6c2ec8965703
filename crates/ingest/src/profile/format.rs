//! How an export writes its cells, and how the more specific statement overrides the general one.

use serde::Deserialize;

/// `[format]` of a profile, a table of it, or a source; what is not stated is inherited.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormatSpec {
    /// One ASCII character; `,` if not stated.
    pub delimiter: Option<String>,
    /// One ASCII character; `"` if not stated, empty for none.
    pub quote: Option<String>,
    /// `utf-8` (with or without mark), `utf-16`, `windows-1252` … any WHATWG label.
    pub encoding: Option<String>,
    /// False if the first record is data; columns are then named by position.
    pub header: Option<bool>,
    /// Lines above the header.
    pub skip_lines: Option<u64>,
    /// Fields of a file without header, where records may leave out empty ones at their end; else the first record's number.
    pub fields: Option<usize>,
    /// `.` if not stated.
    pub decimal_mark: Option<String>,
    /// None if not stated.
    pub group_mark: Option<String>,
    /// Signs to take off an amount.
    pub currency_signs: Option<Vec<String>>,
    /// strptime-like formats, tried in order.
    pub dates: Option<Vec<String>>,
    /// Words that mean an empty cell.
    pub null: Option<Vec<String>>,
    /// Words for yes.
    #[serde(rename = "true")]
    pub yes: Option<Vec<String>>,
    /// Words for no.
    #[serde(rename = "false")]
    pub no: Option<Vec<String>>,
    /// Canonical end columns whose source states the last day.
    pub inclusive_ends: Option<Vec<String>>,
    /// Cells that mean an open end.
    pub open_ends: Option<Vec<String>>,
    /// Canonical columns stated in percent.
    pub percent: Option<Vec<String>>,
    /// Canonical columns in the currency's minor unit.
    pub minor_units: Option<Vec<String>>,
    /// Where the currency of minor units stands, if the population has no such column.
    pub currency: Option<CurrencySpec>,
    /// The sign of credit notes in the source.
    pub credit_sign: Option<CreditSign>,
    /// Headers whose empty cells repeat the cell above.
    pub fill_down: Option<Vec<String>>,
    /// Decimals to accept of binary floating point columns.
    pub float_places: Option<u8>,
}

/// A header or a constant.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurrencySpec {
    /// The header.
    pub header: Option<String>,
    /// The code.
    pub constant: Option<String>,
}

/// The sign of credit notes in the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreditSign {
    /// Already negative.
    #[default]
    AsIs,
    /// Positive: every money and quantity of a credit note is negated.
    Positive,
    /// Positive, and every record of the table is a credit note.
    Negate,
    /// Whatever all of them show; mixed signs are a warning.
    Auto,
}

impl FormatSpec {
    /// `self` where it states something, else `base`.
    pub fn over(self, base: &Self) -> Self {
        macro_rules! pick {
            ($($field:ident)*) => { Self { $($field: self.$field.or_else(|| base.$field.clone()),)* } };
        }
        pick!(delimiter quote encoding header skip_lines fields decimal_mark group_mark currency_signs dates null yes no
            inclusive_ends open_ends percent minor_units currency credit_sign fill_down float_places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specific_statement_wins() {
        let base: FormatSpec = toml::from_str("delimiter = ';'\ndecimal_mark = ','").unwrap();
        let own: FormatSpec = toml::from_str("delimiter = '|'").unwrap();
        let merged = own.over(&base);
        assert_eq!((merged.delimiter.as_deref(), merged.decimal_mark.as_deref()), (Some("|"), Some(",")));
    }
}
