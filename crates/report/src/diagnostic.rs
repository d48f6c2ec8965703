//! A diagnostic as a clerk reads it: what, where, the line with a caret, why, and how to mend it.
//!
//! The shape is that of compilers, because it answers in the order in which one asks. The excerpt is cut around the
//! caret: a line of an export can be a megabyte long.

use std::io::{self, Write};

use tieout_model::{Diagnostic, Level, Occurrences, Place};

use crate::layout::{Page, WIDTH, count, visible, width};

/// Characters of an excerpt that are kept before the caret when a line is too long.
const BEFORE_CARET: usize = 24;

/// Writes one diagnostic, without a trailing empty line.
pub fn render(diagnostic: &Diagnostic, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out);
    let head = format!("{}[{}]: ", level(diagnostic.level), diagnostic.code.name());
    page.hanging(0, &head, 4, &diagnostic.message)?;
    let gutter = diagnostic.place.as_ref().and_then(|place| place.line).map_or(2, |line| line.to_string().len());
    if let Some(place) = &diagnostic.place {
        page.line(&format!("  --> {}", spot(place)))?;
        if let Some(text) = &place.excerpt {
            excerpt(&mut page, place, text, gutter, diagnostic.label.as_deref())?;
        } else if let Some(label) = &diagnostic.label {
            page.hanging(gutter + 1, "| ", gutter + 3, label)?;
        }
    }
    let notes = diagnostic.occurrences.as_ref().map(how_often).into_iter().chain(diagnostic.notes.iter().cloned());
    for note in notes {
        page.hanging(gutter + 1, "= note: ", gutter + 9, &note)?;
    }
    if let Some(help) = &diagnostic.help {
        page.hanging(gutter + 1, "= help: ", gutter + 9, help)?;
    }
    Ok(())
}

/// The level as a word.
pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

/// `file:line:column`, as far as known.
fn spot(place: &Place) -> String {
    match (place.line, place.column) {
        (Some(line), Some(column)) => format!("{}:{line}:{column}", place.file),
        (Some(line), None) => format!("{}:{line}", place.file),
        (None, _) => place.file.clone(),
    }
}

fn how_often(occurrences: &Occurrences) -> String {
    let Occurrences { count: number, of, first_line, last_line } = occurrences;
    let records = if *of == 1 { "record" } else { "records" };
    let share = format!("{} of {} {records}", count(*number), count(*of));
    if *number == 1 {
        format!("{share}, at line {}", count(*first_line))
    } else {
        format!("{share}, first at line {}, last at line {}", count(*first_line), count(*last_line))
    }
}

fn excerpt(page: &mut Page<'_>, place: &Place, text: &str, gutter: usize, label: Option<&str>) -> io::Result<()> {
    let line = place.line.map_or(String::new(), |line| line.to_string());
    let margin = format!("{} |", " ".repeat(gutter));
    let room = WIDTH.saturating_sub(gutter + 3);
    let column = place.column.map_or(0, |column| usize::try_from(column.saturating_sub(1)).unwrap_or(0));
    let span = usize::try_from(place.width).unwrap_or(0);
    let window = Window::around(text, column, span, room);
    page.line(&margin)?;
    page.line(&format!("{line:>gutter$} | {}", window.text))?;
    let label = label.unwrap_or_default();
    if place.column.is_none() || place.width == 0 {
        return if label.is_empty() { Ok(()) } else { page.hanging(gutter + 1, "| ", gutter + 3, label) };
    }
    let carets = format!("{margin} {}{}", " ".repeat(window.caret), "^".repeat(window.carets));
    if label.is_empty() || width(&carets) + 1 + width(label) <= WIDTH {
        return page.line(&format!("{carets} {label}"));
    }
    page.line(&carets)?;
    page.hanging(gutter + 1, "| ", gutter + 3, label)
}

/// The part of a line that is shown, made visible, and where the carets go under it.
struct Window {
    text: String,
    caret: usize,
    carets: usize,
}

impl Window {
    fn around(line: &str, column: usize, span: usize, room: usize) -> Self {
        let characters: Vec<char> = line.trim_end_matches(['\r', '\n']).chars().collect();
        let column = column.min(characters.len());
        let end = column.saturating_add(span).min(characters.len());
        let whole = width(&characters.iter().collect::<String>()) <= room;
        let start = if whole || column < room.saturating_sub(12) { 0 } else { column - BEFORE_CARET };
        let mut text = if start > 0 { "…".to_owned() } else { String::new() };
        let (mut caret, mut carets) = (width(&text), 0);
        for (index, character) in characters.iter().enumerate().skip(start) {
            let shown = visible(character.encode_utf8(&mut [0; 4])).into_owned();
            let columns = width(&shown);
            if !whole && width(&text) + columns + 1 > room {
                text.push('…');
                break;
            }
            if index < column {
                caret += columns;
            } else if index < end {
                carets += columns;
            }
            text.push_str(&shown);
        }
        Self { text, caret, carets: carets.max(1) }
    }
}

#[cfg(test)]
mod tests {
    use tieout_model::Code;

    use super::*;

    fn shown(diagnostic: &Diagnostic) -> String {
        let mut out = Vec::new();
        render(diagnostic, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn place(excerpt: &str, column: u32, width: u32) -> Place {
        Place {
            file: "exports/invoices.csv".to_owned(),
            line: Some(4812),
            column: Some(column),
            width,
            excerpt: Some(excerpt.to_owned()),
        }
    }

    #[test]
    fn the_shape_of_a_diagnostic() {
        let diagnostic = Diagnostic::new(Code::AmountFormat, "`1.234,50` is not an amount in profile `sap`")
            .at(place("INV-20931;ACME GmbH;2025-07-03;EUR;19;S;1.234,50", 41, 8))
            .label("decimal mark is `.` here")
            .occurring(Occurrences { count: 38, of: 48_120, first_line: 4812, last_line: 47_903 })
            .note("kept, not tested by the 4 rules that use `net_amount`")
            .help("set `decimal_mark = \",\"` and `group_mark = \".\"` under [format] in the profile");
        insta::assert_snapshot!("diagnostic", shown(&diagnostic));
    }

    #[test]
    fn a_caret_stays_under_its_cell_whatever_the_line_holds() {
        // Tab and ESC are widened to `\t` and `\u{1b}`, the ideograph takes two columns: 2 + 6 + 2 = 10 before the cell.
        let text = shown(&Diagnostic::new(Code::AmountFormat, "x").at(place("\t\x1b請12,5", 4, 4)));
        assert_eq!(text.lines().nth(3), Some("4812 | \\t\\u{1b}請12,5"));
        assert_eq!(text.lines().nth(4), Some("     |           ^^^^"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let line = format!("{}12,5{}", "a".repeat(5000), "b".repeat(5000));
        let text = shown(&Diagnostic::new(Code::AmountFormat, "x").at(place(&line, 5001, 4)).label("here"));
        assert!(text.lines().all(|line| width(line) <= WIDTH), "{text}");
        let (cell, caret) = (text.lines().nth(3).unwrap(), text.lines().nth(4).unwrap());
        assert_eq!(width(&cell[..cell.find("12,5").unwrap()]), width(&caret[..caret.find("^^^^ here").unwrap()]));
    }

    #[test]
    fn without_a_place_there_is_no_arrow() {
        assert_eq!(
            shown(&Diagnostic::new(Code::FileMissing, "none").help("look")),
            "error[file-missing]: none\n   = help: look\n"
        );
    }
}
