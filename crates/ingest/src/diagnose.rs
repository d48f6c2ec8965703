//! Complaints about cells and records, gathered: one diagnostic a file, column and code, with the first place shown.

use std::collections::BTreeMap;
use std::ops::Range;

use tieout_model::{Code, Diagnostic, Occurrences, Place};

/// Excerpts longer than this show nothing but noise.
const EXCERPT_MAX: usize = 300;

/// Where the first cell of a complaint stands.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub record: u64,
    pub line: u64,
    /// The line of the cell, which in a record of several lines is not the record's.
    pub cell_line: u64,
    pub column: u32,
    pub width: u32,
    pub excerpt: String,
    pub cell: String,
    /// Field number from 1 and header.
    pub field: Option<(usize, String)>,
}

/// The same complaint, counted.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub count: u64,
    pub first: Sighting,
    pub last_line: u64,
}

/// Complaints about one file, by code and canonical column (empty for whole records).
#[derive(Clone, Debug, Default)]
pub(crate) struct Tallies(pub BTreeMap<(Code, String), Tally>);

impl Tallies {
    /// Counts one more; the sighting is made only for the first.
    pub fn add(&mut self, code: Code, column: &str, line: u64, sighting: impl FnOnce() -> Sighting) {
        if let Some(tally) = self.0.get_mut(&(code, column.to_owned())) {
            tally.count += 1;
            tally.last_line = line;
            return;
        }
        self.0.insert((code, column.to_owned()), Tally { count: 1, first: sighting(), last_line: line });
    }

    /// Takes in those of a later part of the file.
    pub fn append(&mut self, later: Self) {
        for (key, tally) in later.0 {
            match self.0.get_mut(&key) {
                Some(own) => {
                    own.count += tally.count;
                    own.last_line = tally.last_line;
                }
                None => {
                    self.0.insert(key, tally);
                }
            }
        }
    }
}

/// Turns a tally into a diagnostic at its first place.
pub(crate) fn report(code: Code, tally: &Tally, file: &str, of: u64, message: String, label: &str) -> Diagnostic {
    let first = &tally.first;
    let shown = first.excerpt.chars().count() <= EXCERPT_MAX;
    let place = Place {
        file: file.to_owned(),
        line: Some(first.cell_line),
        column: Some(first.column),
        width: if shown { first.width.max(1) } else { 0 },
        excerpt: shown.then(|| first.excerpt.trim_end_matches('\r').to_owned()),
    };
    let mut diagnostic = Diagnostic::new(code, message).at(place).occurring(Occurrences {
        count: tally.count,
        of,
        first_line: first.line,
        last_line: tally.last_line,
    });
    if !label.is_empty() {
        diagnostic = diagnostic.label(label);
    }
    match &first.field {
        Some((field, header)) => diagnostic.note(format!("record {}, column {field} \"{header}\"", first.record)),
        None => diagnostic.note(format!("record {}", first.record)),
    }
}

/// The place of a span of bytes in a TOML text.
pub(crate) fn place_of(file: &str, text: &str, span: Range<usize>) -> Place {
    let start = (0..=span.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() as u64 + 1;
    let excerpt = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
    let column = text.get(line_start..start).unwrap_or_default().chars().count() + 1;
    let marked = text.get(start..span.end.max(start)).unwrap_or_default().lines().next().unwrap_or_default();
    Place {
        file: file.to_owned(),
        line: Some(line),
        column: u32::try_from(column).ok(),
        width: u32::try_from(marked.chars().count().max(1)).unwrap_or(1),
        excerpt: Some(excerpt.to_owned()),
    }
}

/// The candidate nearest to a word, if one is near enough to be a slip.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = plain(word);
    let limit = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let other = plain(candidate);
            let far = if wanted.len() > 3 && (other.contains(&wanted) || wanted.contains(&other) && other.len() > 3) {
                limit
            } else {
                distance(&wanted, &other)
            };
            (far, candidate)
        })
        .filter(|(far, _)| *far <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, substitutions and swaps of neighbours between two words.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![(0..=right.len()).collect::<Vec<usize>>()];
    for (i, from) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in right.iter().enumerate() {
            let mut least = (rows[i][j] + usize::from(from != to)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == right[j - 1] && left[i - 1] == *to {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_word() {
        assert_eq!(nearest("InvoceNo", ["CustomerID", "InvoiceNo"]), Some("InvoiceNo"));
        assert_eq!(nearest("invoice no", ["InvoiceNo", "Date"]), Some("InvoiceNo"));
        assert_eq!(nearest("quantity", ["Description", "Country"]), None);
        assert_eq!(nearest("tax_di", ["tax_exempt", "tax_id"]), Some("tax_id"));
        assert_eq!(nearest("invioce_id", ["invoice_id", "item_id"]), Some("invoice_id"));
    }

    #[test]
    fn spans_become_lines_and_columns() {
        let text = "a = 1\nbé = \"x\"\n";
        let place = place_of("t.toml", text, 12..15);
        assert_eq!((place.line, place.column, place.width), (Some(2), Some(6), 3));
        assert_eq!(place_of("t.toml", text, 900..901).line, Some(3));
    }
}
