//! One cell → one value, by rules compiled from the mapping.

use std::collections::{BTreeMap, HashMap};

use tieout_model::Code;

use super::amount::{AmountProblem, NumberFormat, parse};
use super::date::DateRules;

/// How cells of one column are read.
#[derive(Clone, Debug)]
pub(crate) struct CellRules {
    /// Cells that mean empty, trimmed.
    pub nulls: Vec<String>,
    /// Translation of words, before anything else.
    pub words: Option<Words>,
    pub kernel: Kernel,
}

/// A translation of words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    pub exact: HashMap<String, String>,
    pub beginnings: Vec<(String, String)>,
    pub default: Option<String>,
}

/// What a cell's text becomes.
#[derive(Clone, Debug)]
pub(crate) enum Kernel {
    /// Text; `.0` taken off; code lists in upper case.
    Text {
        strip_decimal: bool,
        upper: bool,
    },
    /// Units at `scale`; `shift` decimals are added to what is written (2 for percent).
    Amount {
        format: NumberFormat,
        scale: u8,
        shift: u8,
    },
    /// Whole numbers of the minor unit of the record's currency.
    Minor {
        format: NumberFormat,
        scale: u8,
    },
    Date(DateRules),
    Bool {
        yes: Vec<String>,
        no: Vec<String>,
    },
}

/// A converted value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Units(i64, u8),
    Day(i32),
    Flag(bool),
    Text(std::borrow::Cow<'a, str>),
    /// A text by its code.
    Code(u32),
}

/// Empty, or why a cell is unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    Empty,
    Unreadable(Code),
}

impl Words {
    pub fn new(
        exact: &BTreeMap<String, String>,
        beginnings: &BTreeMap<String, String>,
        default: Option<&String>,
    ) -> Option<Self> {
        if exact.is_empty() && beginnings.is_empty() && default.is_none() {
            return None;
        }
        let mut beginnings: Vec<(String, String)> = beginnings.clone().into_iter().collect();
        // The longest beginning wins.
        beginnings.sort_by_key(|(beginning, _)| std::cmp::Reverse(beginning.len()));
        Some(Self { exact: exact.clone().into_iter().collect(), beginnings, default: default.cloned() })
    }

    /// The canonical word. Where there is a list, a word that is not on it has no meaning; a lone default fills empties.
    fn translate<'a>(&'a self, cell: &'a str) -> Option<&'a str> {
        if let Some(word) = self.exact.get(cell) {
            return Some(word);
        }
        if let Some((_, word)) = self.beginnings.iter().find(|(beginning, _)| cell.starts_with(beginning.as_str())) {
            return Some(word);
        }
        if self.exact.is_empty() && self.beginnings.is_empty() && !cell.is_empty() {
            return Some(cell);
        }
        self.default.as_deref()
    }
}

impl CellRules {
    /// True if the trimmed cell means empty.
    pub fn is_null(&self, cell: &str) -> bool {
        // Most lists hold the empty word alone, and most cells are not empty.
        self.nulls.iter().any(|null| null.len() == cell.len() && null == cell)
    }

    /// The cell's word after translation.
    pub fn word<'a>(&'a self, cell: &'a str) -> Result<&'a str, Absent> {
        let cell = cell.trim_ascii();
        let null = self.is_null(cell);
        let Some(words) = &self.words else { return if null { Err(Absent::Empty) } else { Ok(cell) } };
        match words.translate(if null { "" } else { cell }) {
            Some("") => Err(Absent::Empty),
            Some(word) => Ok(word),
            None if null => Err(Absent::Empty),
            None => Err(Absent::Unreadable(Code::EnumUnknown)),
        }
    }

    /// The cell's value; `places` are the decimals of the record's currency, where minor units need them.
    pub fn value<'a>(&'a self, cell: &'a str, places: Option<u8>) -> Result<Value<'a>, Absent> {
        let word = self.word(cell)?;
        match &self.kernel {
            Kernel::Text { strip_decimal, upper } => Ok(Value::Text(text(word, *strip_decimal, *upper))),
            Kernel::Amount { format, scale, shift } => units(word, format, *scale, *shift),
            Kernel::Minor { format, scale } => match places {
                // Minor units are whole, but a source may write 1000.0 or 12.5 cents.
                Some(places) => units(word, format, *scale, places),
                None => Err(Absent::Unreadable(Code::AmountFormat)),
            },
            Kernel::Date(rules) => {
                rules.parse(word.as_bytes()).map(Value::Day).ok_or(Absent::Unreadable(Code::DateFormat))
            }
            Kernel::Bool { yes, no } => match (listed(yes, word), listed(no, word)) {
                (true, _) => Ok(Value::Flag(true)),
                (_, true) => Ok(Value::Flag(false)),
                _ => Err(Absent::Unreadable(Code::BoolFormat)),
            },
        }
    }
}

/// A value stated with `shift` more decimals than written: percent, minor units.
fn units<'a>(word: &str, format: &NumberFormat, scale: u8, shift: u8) -> Result<Value<'a>, Absent> {
    let Some(scale) = scale.checked_sub(shift) else { return Err(Absent::Unreadable(Code::AmountPrecision)) };
    match parse(word.as_bytes(), format, scale) {
        Ok((units, decimals)) => Ok(Value::Units(units, decimals.saturating_add(shift))),
        Err(problem) => Err(Absent::Unreadable(match problem {
            AmountProblem::Format => Code::AmountFormat,
            AmountProblem::Precision => Code::AmountPrecision,
            AmountProblem::Range => Code::AmountRange,
        })),
    }
}

pub(crate) fn text(word: &str, strip_decimal: bool, upper: bool) -> std::borrow::Cow<'_, str> {
    let word = if strip_decimal { stripped(word) } else { word };
    if upper && word.bytes().any(|byte| byte.is_ascii_lowercase()) {
        word.to_ascii_uppercase().into()
    } else {
        word.into()
    }
}

/// `17850.0` → `17850`; anything else stays as it is.
fn stripped(word: &str) -> &str {
    match word.split_once('.') {
        Some((whole, zeros))
            if !whole.is_empty()
                && whole.bytes().all(|byte| byte.is_ascii_digit())
                && zeros.bytes().all(|byte| byte == b'0') =>
        {
            whole
        }
        _ => word,
    }
}

fn listed(words: &[String], word: &str) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
    }

    fn rules(words: Option<Words>, kernel: Kernel) -> CellRules {
        CellRules { nulls: vec![String::new(), "NULL".to_owned()], words, kernel }
    }

    const TEXT: Kernel = Kernel::Text { strip_decimal: true, upper: false };

    #[test]
    fn ids_are_lossless() {
        let rules = rules(None, TEXT);
        let cases = [
            ("007", "007"),
            ("17850.0", "17850"),
            ("17850.5", "17850.5"),
            ("1.0.0", "1.0.0"),
            (" x ", "x"),
            ("A.0", "A.0"),
        ];
        for (cell, expected) in cases {
            assert_eq!(rules.value(cell, None), Ok(Value::Text(expected.into())), "{cell}");
        }
        assert_eq!(rules.value(" NULL ", None), Err(Absent::Empty));
    }

    #[test]
    fn words_translate_or_are_unknown() {
        let known = Words::new(&map(&[("paid", "posted")]), &map(&[("C", "credit_note"), ("CD", "debit_note")]), None);
        let strict = rules(known, TEXT);
        assert_eq!(strict.word("paid"), Ok("posted"));
        assert_eq!(strict.word("C123"), Ok("credit_note"));
        assert_eq!(strict.word("CD9"), Ok("debit_note"));
        assert_eq!(strict.word(""), Err(Absent::Empty));
        assert_eq!(strict.word("lost"), Err(Absent::Unreadable(Code::EnumUnknown)));
        let filled = rules(Words::new(&map(&[]), &map(&[]), Some(&"x".to_owned())), TEXT);
        assert_eq!((filled.word(""), filled.word("y")), (Ok("x"), Ok("y")));
    }

    #[test]
    fn percent_and_minor_units_shift_the_point() {
        let format = NumberFormat { decimal: b'.', groups: Vec::new(), signs: Vec::new(), percent_sign: true };
        let percent = rules(None, Kernel::Amount { format: format.clone(), scale: 12, shift: 2 });
        assert_eq!(percent.value("8.25", None), Ok(Value::Units(82_500_000_000, 4)));
        assert_eq!(percent.value("8.25%", None), Ok(Value::Units(82_500_000_000, 4)));
        let minor = rules(None, Kernel::Minor { format, scale: 6 });
        assert_eq!(minor.value("1999", Some(2)), Ok(Value::Units(19_990_000, 2)));
        assert_eq!(minor.value("1999", Some(0)), Ok(Value::Units(1_999_000_000, 0)));
        assert_eq!(minor.value("1999", None), Err(Absent::Unreadable(Code::AmountFormat)));
    }
}
