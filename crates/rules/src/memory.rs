//! The least memory that an audit can do with, told before anything is read.
//!
//! Texts and the numbers of documents stay in memory. Rows may lie in files; a rule reads the columns that it needs, whole,
//! with an index over each population that it looks into and an outcome for each record of the largest, and gives them up
//! before the next one. So the least is the texts and the greediest rule.

use tieout_ingest::{Expected, ExpectedRows};

use crate::audit::Options;
use crate::needs::{Needed, needed_by};
use crate::netted;
use crate::rule::{Library, Rule};

/// Bytes of the program, of what is read at a time, and of findings as they usually are.
const BASE: u64 = 256 << 20;
/// Bytes a record of a population that a rule looks into: the places of an index, and its key.
const INDEX: u64 = 12;
/// Bytes a record of the largest population that a rule looks into: outcomes, groups and sums.
const WORKED: u64 = 32;
/// Bytes a record of the population under test that a judge sees as values, where a kind gives it many: all results of a
/// document's tax, and what netting left of a bill.
const JUDGED: u64 = 1400;
/// Memory that is freed is not given back at once: so much more in a hundred.
const KEPT: u64 = 5;

/// How an audit divides its memory, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    /// The least with which it can be done.
    pub least: u64,
    /// Of the least: texts that are held once, and the numbers of documents.
    pub texts: u64,
    /// Of the least: the greediest rule, by its id; none where no rule runs.
    pub greediest: Option<(String, u64)>,
    /// All columns together: what it would take to leave no row on disk.
    pub rows: u64,
}

/// What an audit of these populations needs.
pub fn shares(library: &Library, options: &Options, expected: &Expected) -> Shares {
    let texts = expected.texts;
    let rows = expected.populations.values().map(ExpectedRows::bytes).sum();
    let rules = library.select(&options.select).0;
    let working = rules.iter().map(|rule| {
        let bytes = working(&needed_by(rule, options), expected) + judged(rule, expected);
        (rule.card.id.clone(), bytes)
    });
    let greediest = working.max_by(|left, right| left.1.cmp(&right.1).then_with(|| right.0.cmp(&left.0)));
    let work = greediest.as_ref().map_or(0, |(_, bytes)| *bytes);
    let least = (BASE + texts + work) / 100 * (100 + KEPT);
    Shares { least, texts, greediest, rows }
}

/// Bytes of one rule's columns, indexes and outcomes.
fn working(needed: &Needed, expected: &Expected) -> u64 {
    let mut bytes = 0;
    let mut largest = 0;
    for (population, columns) in needed {
        let Some(own) = expected.populations.get(population) else { continue };
        let width: u64 = columns.iter().filter_map(|column| own.widths.get(column)).sum();
        bytes += own.records * (width + INDEX);
        largest = largest.max(own.records);
    }
    bytes + largest * WORKED
}

/// Bytes of the values that one rule's judge sees.
fn judged(rule: &Rule, expected: &Expected) -> u64 {
    let many = rule.card.kind == "recompute" || rule.card.kind == "duplicate" && netted::asked(rule);
    let table = rule.text.parse::<toml::Table>().ok().filter(|_| many);
    let check = table.as_ref().and_then(|table| table.get("check")?.get(&rule.card.kind)?.get("population")?.as_str());
    let under_test = check.and_then(|population| expected.populations.get(population));
    under_test.map_or(0, |population| population.records * JUDGED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(lines: u64) -> Expected {
        let widths = [("invoice_id", 4), ("line_no", 4), ("net_amount", 8), ("uom", 4)];
        let widths = widths.map(|(name, width)| (name.to_owned(), width)).into();
        let lines_of = ExpectedRows { records: lines, widths };
        Expected { populations: [("invoice_line".to_owned(), lines_of)].into(), texts: lines * 2 }
    }

    #[test]
    fn the_least_grows_with_the_records_and_names_the_greediest_rule() {
        let library = Library::bundled();
        let options = Options { select: vec!["lines-do-not-add-up".to_owned()], ..Options::default() };
        let (small, large) =
            (shares(&library, &options, &expected(0)), shares(&library, &options, &expected(1_000_000)));
        assert_eq!(small.least, BASE / 100 * (100 + KEPT));
        assert_eq!((large.texts, large.rows), (2_000_000, 21_000_000));
        let (rule, bytes) = large.greediest.unwrap();
        assert_eq!(rule, "lines-do-not-add-up");
        // Outcomes and an index at least, all columns at most.
        assert!((44_000_000..=64_000_000).contains(&bytes), "{bytes}");
        assert_eq!(large.least, (BASE + 2_000_000 + bytes) / 100 * (100 + KEPT));
        // A judge that sees what netting left of a bill sees many values.
        let mut bills = expected(0);
        bills.populations.insert("invoice".to_owned(), ExpectedRows { records: 1_000, ..ExpectedRows::default() });
        let options = Options { select: vec!["repeated-bill".to_owned()], ..Options::default() };
        assert!(shares(&library, &options, &bills).greediest.unwrap().1 >= 1_000 * JUDGED);
    }
}
