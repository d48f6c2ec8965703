//! What stands in a cell, and the one place where an exact amount becomes the binary number that a workbook stores.
//!
//! Text is always text: it is written as a string, control characters made visible, and where it begins like a formula the
//! cell is marked as quoted, so that it stays text when somebody edits it. An amount of more than 15 significant digits would
//! lose some of them as a number, so it is written as text, to the last digit.

use std::borrow::Cow;

use rust_xlsxwriter::{ExcelDateTime, Formula, Worksheet, XlsxError};
use tieout_model::amount::minor_units;
use tieout_model::{Amount, Date};
use unicode_width::UnicodeWidthStr as _;

use super::style::{Kind, Look, Styles};
use crate::layout::visible;

/// Characters (UTF-16 units) that a cell holds.
pub(crate) const TEXT_MAX: usize = 32_767;
/// Digits that a binary number of a workbook holds without loss.
const DIGITS_MAX: usize = 15;

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Empty,
    /// Ids, words, sentences.
    Text(String),
    /// The header of figures.
    Heading(String),
    Count(u64),
    /// Money with its currency.
    Money(Amount, String),
    /// A quantity, price or rate.
    Number(Amount),
    Day(Date),
    /// Money whose currency stands in the header.
    Bare(Amount, String),
    /// A live formula, and the figure that it gives.
    Formula(String, Box<Cell>),
    /// To be filled in by a person.
    Input,
    /// A date to be filled in.
    InputDay,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn optional(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, Self::text)
    }

    pub(super) fn day(day: Option<Date>) -> Self {
        day.map_or(Self::Empty, Self::Day)
    }

    /// Lines that the cell takes in a column of that many characters.
    pub(super) fn lines(&self, width: u16) -> u32 {
        match self {
            Self::Text(text) | Self::Heading(text) if text.len() > usize::from(width) => {
                lines(&shown(text), usize::from(width))
            }
            _ => 1,
        }
    }

    /// What a reader of the workbook gets, spelt in one way: amounts as plain decimals, text as it is shown.
    pub(super) fn canonical(&self) -> String {
        match self {
            Self::Empty | Self::Input | Self::InputDay => String::new(),
            Self::Text(text) | Self::Heading(text) => shown(text).into_owned(),
            Self::Count(count) => count.to_string(),
            Self::Money(amount, _) | Self::Bare(amount, _) | Self::Number(amount) => amount.to_string(),
            Self::Formula(_, result) => result.canonical(),
            Self::Day(day) => day.to_string(),
        }
    }

    /// The amount and its format; none for what is no amount.
    fn figure(&self) -> Option<(Amount, Kind)> {
        match self {
            Self::Count(count) => Some((Amount::new(i128::from(*count), 0), Kind::Number { places: 0 })),
            Self::Money(amount, currency) => {
                let places = places(*amount, currency);
                Some((*amount, Kind::Money { places, currency: currency.clone() }))
            }
            Self::Bare(amount, currency) => Some((*amount, Kind::Number { places: places(*amount, currency) })),
            Self::Number(amount) => Some((*amount, Kind::Number { places: decimals(*amount) })),
            Self::Formula(_, result) => result.figure(),
            _ => None,
        }
    }

    pub(super) fn write(
        &self,
        sheet: &mut Worksheet,
        styles: &mut Styles,
        (row, column): (u32, u16),
        look: Look,
    ) -> Result<(), XlsxError> {
        match self {
            Self::Empty if look == Look::Plain => {}
            Self::Empty => {
                sheet.write_blank(row, column, styles.of(Kind::Text, look))?;
            }
            Self::Text(text) => {
                let text = shown(text);
                let kind = if is_formula_like(&text) { Kind::Quoted } else { Kind::Text };
                sheet.write_string_with_format(row, column, text, styles.of(kind, look))?;
            }
            Self::Heading(text) => {
                sheet.write_string_with_format(row, column, shown(text), styles.of(Kind::Heading, look))?;
            }
            Self::Count(_) | Self::Money(..) | Self::Bare(..) | Self::Number(_) => {
                let (amount, kind) = self.figure().unwrap_or((Amount::new(0, 0), Kind::Text));
                match number(amount) {
                    Some(number) => sheet.write_number_with_format(row, column, number, styles.of(kind, look))?,
                    None => {
                        let style = styles.of(Kind::LongNumber, look);
                        sheet.write_string_with_format(row, column, amount.to_string(), style)?
                    }
                };
            }
            Self::Day(day) => match excel_day(*day) {
                Some(excel) => {
                    sheet.write_datetime_with_format(row, column, excel, styles.of(Kind::Day, look))?;
                }
                None => Self::Text(day.to_string()).write(sheet, styles, (row, column), look)?,
            },
            Self::Formula(text, result) => {
                let kind = result.figure().map_or(Kind::Text, |(_, kind)| kind);
                let formula = Formula::new(text).set_result(result.canonical());
                sheet.write_formula_with_format(row, column, formula, styles.of(kind, look))?;
            }
            Self::Input => {
                sheet.write_blank(row, column, styles.of(Kind::Text, Look::Input))?;
            }
            Self::InputDay => {
                sheet.write_blank(row, column, styles.of(Kind::Day, Look::Input))?;
            }
        }
        Ok(())
    }
}

/// Lines of a text in a column: it breaks behind spaces, hyphens and slashes. Letters are narrower than the digits that columns
/// are measured in, by about a sixth.
fn lines(text: &str, width: usize) -> u32 {
    let room = (width + width / 8).max(4);
    let (mut lines, mut used) = (1u32, 0);
    for piece in text.split_inclusive([' ', '-', '/']) {
        let length = piece.width();
        if used > 0 && used + piece.trim_end().width() > room {
            lines += 1;
            used = 0;
        }
        used += length;
        // A piece that is wider than the column breaks anywhere.
        lines += u32::try_from(used.saturating_sub(1) / room).unwrap_or(u32::MAX);
        used = if used > room { used % room } else { used };
    }
    lines
}

/// Decimals of money: the currency's minor units, or more where the amount has more.
pub(super) fn places(amount: Amount, currency: &str) -> u8 {
    decimals(amount).max(minor_units(currency).unwrap_or(2))
}

/// Decimals that the amount needs.
pub(super) fn decimals(amount: Amount) -> u8 {
    let text = amount.to_string();
    text.split_once('.').map_or(0, |(_, fraction)| u8::try_from(fraction.len()).unwrap_or(u8::MAX))
}

/// True if a binary number gives the amount back to the last digit.
pub(super) fn is_number(amount: Amount) -> bool {
    number(amount).is_some()
}

/// The binary number of an amount of at most 15 significant digits, which it gives back exactly; none beyond.
#[expect(clippy::disallowed_types, reason = "a workbook stores binary numbers; what they cannot hold is text")]
fn number(amount: Amount) -> Option<f64> {
    let plain = amount.to_string();
    let digits = plain.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    if digits.len() - leading > DIGITS_MAX { None } else { plain.parse().ok() }
}

/// The library's day; none before 1900 or after 9999, which a workbook does not know.
pub(super) fn excel_day(day: Date) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok().filter(|year| *year >= 1900)?;
    ExcelDateTime::from_ymd(year, u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?).ok()
}

/// The text with control characters visible, cut where a cell ends, which is said at the cut.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let text = visible(text);
    if text.len() <= TEXT_MAX || text.encode_utf16().count() <= TEXT_MAX {
        return text;
    }
    let note = format!("… [shortened: {} characters, whole in the JSON report]", text.chars().count());
    let (mut room, mut cut) = (TEXT_MAX - note.encode_utf16().count(), String::new());
    for character in text.chars() {
        match room.checked_sub(character.len_utf16()) {
            Some(left) => room = left,
            None => break,
        }
        cut.push(character);
    }
    Cow::Owned(cut + &note)
}

/// True if a program would take the text for a formula once somebody edits the cell.
fn is_formula_like(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\'', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_binary_number_holds_is_a_number() {
        assert!(is_number(Amount::new(999_999_999_999_999, 2)));
        assert!(!is_number(Amount::new(1_000_000_000_000_001, 2)));
        assert!(is_number(Amount::new(123_456_000_000, 12)), "0.123456: zeros in front and behind are no digits");
    }

    #[test]
    fn a_long_text_says_that_it_was_cut() {
        let long = "é".repeat(TEXT_MAX + 1);
        let cut = shown(&long);
        assert_eq!(cut.encode_utf16().count(), TEXT_MAX);
        assert!(cut.ends_with("[shortened: 32768 characters, whole in the JSON report]"));
        assert_eq!(shown(&"é".repeat(TEXT_MAX)).chars().count(), TEXT_MAX);
    }

    #[test]
    fn control_characters_are_seen() {
        assert_eq!(shown("a\0b\n\u{202e}"), "a\\u{0}b\\n\\u{202e}");
    }
}
