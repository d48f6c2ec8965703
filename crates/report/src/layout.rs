//! Lines of at most 80 columns out of text that nobody has checked: wrapping, alignment, visible control characters.
//!
//! Exports hold whatever was typed into a billing system. A line feed must not forge a line of the report, an escape
//! sequence must not repaint the terminal, a direction mark must not swap digits; so every piece of text passes
//! `visible` here before its width is measured.

use std::borrow::Cow;
use std::io::{self, Write};

use tieout_model::amount::minor_units;
use tieout_model::{Amount, Measure};
use unicode_width::UnicodeWidthStr as _;

/// Columns of a page.
pub(crate) const WIDTH: usize = 80;

/// The text with every character that would move the cursor, hide or reorder others written as its code point.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            hidden if is_hidden(hidden) => shown.extend(hidden.escape_unicode()),
            plain => shown.push(plain),
        }
    }
    Cow::Owned(shown)
}

/// Control characters (with ESC), direction marks, zero-width and tag characters, line and paragraph separators.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Columns that a text takes once it is visible.
pub(crate) fn width(text: &str) -> usize {
    visible(text).width()
}

/// Where the lines of a document go.
pub(crate) struct Page<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Page<'a> {
    /// A page on a stream.
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }

    /// One line as it is, made visible, without wrapping.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", visible(text).trim_end())
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A section's heading, between empty lines.
    pub(crate) fn heading(&mut self, text: &str) -> io::Result<()> {
        self.blank()?;
        self.line(text)?;
        self.line(&"-".repeat(width(text)))
    }

    /// Wrapped text: the first line is `lead` at column `at` and the text right after it, the others hang at `indent`.
    pub(crate) fn hanging(&mut self, at: usize, lead: &str, indent: usize, text: &str) -> io::Result<()> {
        let mut line = format!("{}{lead}", " ".repeat(at));
        let room = |used: usize| WIDTH.saturating_sub(used);
        for piece in wrap(text, room(width(&line)), room(indent)) {
            line.push_str(&piece);
            self.line(&line)?;
            line = " ".repeat(indent);
        }
        Ok(())
    }

    /// A wrapped paragraph.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str) -> io::Result<()> {
        self.hanging(indent, "", indent, text)
    }

    /// Left and right text on one line where they fit, else on two.
    pub(crate) fn pair(&mut self, left: &str, right: &str) -> io::Result<()> {
        let (left_width, right_width) = (width(left), width(right));
        if left_width + 2 + right_width <= WIDTH {
            return self.line(&format!("{left}{}{right}", " ".repeat(WIDTH - left_width - right_width)));
        }
        self.paragraph(0, left)?;
        self.paragraph(4, right)
    }
}

/// Writes a word and what it stands for, wrapped to the page.
pub fn render_entry(word: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    Page::new(out).hanging(2, &format!("{word:<14}"), 16, text)
}

/// Breaks at spaces so that the first line is at most `first` columns wide and the others `rest`; a longer word stands
/// alone, unbroken. At least one line. Two spaces in a row stay where no break falls: they part columns of evidence.
pub(crate) fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let text = visible(text);
    let (mut lines, mut line, mut line_width) = (Vec::new(), String::new(), 0);
    for word in text.split(' ') {
        let word_width = word.width();
        let room = if lines.is_empty() { first } else { rest };
        if !line.is_empty() && line_width + 1 + word_width > room {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            line_width = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            line_width += 1;
        }
        line.push_str(word);
        line_width += word_width;
    }
    if !line.trim().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// A count with commas between thousands.
pub(crate) fn count(number: u64) -> String {
    Amount::new(i128::from(number), 0).to_display(0)
}

/// `1 record`, `2 records`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// An amount with its currency's own decimals, never rounded.
pub(crate) fn money(amount: Amount, currency: &str) -> String {
    format!("{} {currency}", amount.to_display(minor_units(currency).unwrap_or(2)))
}

/// The money of a measure, one figure a currency; empty where there is none.
pub(crate) fn measure_money(measure: &Measure) -> Option<String> {
    let figures: Vec<_> = measure.amounts().map(|(currency, amount)| money(amount, currency)).collect();
    if figures.is_empty() { None } else { Some(figures.join(", ")) }
}

/// `48,120 records, 1,204,913.17 USD`.
pub(crate) fn measured(measure: &Measure) -> String {
    let records = counted(measure.records, "record", "records");
    measure_money(measure).map_or(records.clone(), |money| format!("{records}, {money}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_can_neither_forge_a_line_nor_repaint_it() {
        assert_eq!(visible("INV\n1\x1b[2J\u{202e}9"), "INV\\n1\\u{1b}[2J\\u{202e}9");
        assert_eq!(visible("Müller ✓"), "Müller ✓");
        let mut out = Vec::new();
        Page::new(&mut out).line("a\nb").unwrap();
        assert_eq!(out, b"a\\nb\n");
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_stay_whole() {
        assert_eq!(wrap("one two three", 7, 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 3, 9), ["one", "two three"]);
        assert_eq!(wrap("exports/a-very-long-name.csv:12 x", 10, 10), ["exports/a-very-long-name.csv:12", "x"]);
        assert_eq!(wrap("", 10, 10), [""]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(wrap("請求 書請", 5, 5), ["請求", "書請"]);
    }

    #[test]
    fn money_keeps_its_currency_s_decimals() {
        assert_eq!(money(Amount::money(1_190_000_000), "USD"), "1,190.00 USD");
        assert_eq!(money(Amount::money(1_190_000_000), "JPY"), "1,190 JPY");
        assert_eq!(money(Amount::money(-5_000), "USD"), "-0.005 USD");
    }
}
