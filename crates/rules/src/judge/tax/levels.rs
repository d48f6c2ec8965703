//! The lawful results of one document, each compared with the stated figure that it speaks of.

use std::collections::BTreeMap;

use super::{Round, Row};
use crate::value::Value;

/// A way of rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Each stated record by itself.
    AsStated,
    /// The document's total in each jurisdiction.
    DocumentByJurisdiction,
    /// The document's total over all jurisdictions.
    DocumentCombined,
    /// Each line in each jurisdiction.
    LineByJurisdiction,
    /// Each line over all jurisdictions.
    LineCombined,
}

impl Level {
    /// What is rounded, in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::AsStated => "each tax row by itself",
            Self::DocumentByJurisdiction => "the document, by jurisdiction",
            Self::DocumentCombined => "the document, jurisdictions combined",
            Self::LineByJurisdiction => "each line, by jurisdiction",
            Self::LineCombined => "each line, jurisdictions combined",
        }
    }
}

/// What one level gives.
pub(super) struct Outcome {
    pub(super) level: Level,
    /// Σ of the results.
    pub(super) total: i128,
    /// Whether every stated figure that the level speaks of is its result.
    pub(super) met: bool,
}

/// One document.
pub(super) struct Document {
    pub(super) rows: Vec<Row>,
    pub(super) levels: Vec<Outcome>,
    pub(super) stated: i128,
    pub(super) exact: i128,
    /// Amounts that may have been rounded.
    pub(super) rounded: i128,
    /// False if the lines behind the base are not known.
    pub(super) lines_known: bool,
    pub(super) round: Round,
}

impl Document {
    pub(super) fn new(rows: Vec<Row>, lines: &[(i128, bool)], header: &[i128], round: &Round) -> Self {
        let stated = rows.iter().map(|row| row.stated).sum();
        let exact: i128 = rows.iter().map(|row| row.exact).sum();
        let by_line = rows.iter().all(|row| row.line != Value::text(""));
        let mut levels =
            vec![as_stated(&rows, round), by(Level::DocumentByJurisdiction, &rows, round, |row| &row.jurisdiction)];
        levels.push(Outcome {
            level: Level::DocumentCombined,
            total: round.money(exact),
            met: stated == round.money(exact),
        });
        let (mut lines_known, mut rounded) = (true, rows.len());
        if by_line {
            levels[0].level = Level::LineByJurisdiction;
            levels.push(by(Level::LineCombined, &rows, round, |row| &row.line));
        } else {
            let behind = behind(&rows, lines, header);
            lines_known = behind.is_some();
            rounded = (lines.len().max(1) + header.iter().filter(|amount| **amount != 0).count()) * rows.len();
            if let Some(behind) = behind {
                rounded = behind.len().max(1) * rows.len();
                levels.extend(of_lines(&rows, &behind, round));
            }
        }
        let rounded = i128::try_from(rounded).unwrap_or(i128::MAX);
        Self { rows, levels, stated, exact, rounded, lines_known, round: round.clone() }
    }

    /// Whether some lawful result is stated.
    pub(super) fn lawful(&self) -> bool {
        self.levels.iter().any(|outcome| outcome.met)
    }

    /// Whether a result by line, or one in total, is stated.
    pub(super) fn meets(&self, by_line: bool) -> bool {
        let is_line = |level| matches!(level, Level::LineByJurisdiction | Level::LineCombined);
        self.levels.iter().any(|outcome| outcome.met && is_line(outcome.level) == by_line)
    }

    /// Stated less exact, in units of the product's scale.
    pub(super) fn distance(&self) -> i128 {
        self.round.exact(self.stated) - self.exact
    }
}

fn as_stated(rows: &[Row], round: &Round) -> Outcome {
    let total = rows.iter().map(|row| round.money(row.exact)).sum();
    Outcome { level: Level::AsStated, total, met: rows.iter().all(|row| row.stated == round.money(row.exact)) }
}

/// Records summed by something, each sum rounded once.
fn by<'r>(level: Level, rows: &'r [Row], round: &Round, key: impl Fn(&'r Row) -> &'r Value) -> Outcome {
    let mut sums: BTreeMap<&Value, (i128, i128)> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(key(row)).or_default();
        sum.0 += row.exact;
        sum.1 += row.stated;
    }
    let total = sums.values().map(|(exact, _)| round.money(*exact)).sum();
    Outcome { level, total, met: sums.values().all(|(exact, stated)| *stated == round.money(*exact)) }
}

/// The amounts that make up the base: the taxed lines, or all lines, with the charge and the allowance of the header where
/// the sum needs them; `None` if none of these is the base of every record.
fn behind(rows: &[Row], lines: &[(i128, bool)], header: &[i128]) -> Option<Vec<i128>> {
    let base = rows[0].base;
    if rows.iter().any(|row| row.base != base) {
        return None;
    }
    let taxed: Vec<i128> = lines.iter().filter(|line| line.1).map(|line| line.0).collect();
    let all: Vec<i128> = lines.iter().map(|line| line.0).collect();
    let extra: Vec<i128> = header.iter().copied().filter(|amount| *amount != 0).collect();
    let mut choices = Vec::new();
    for own in [taxed, all] {
        for pick in 0..1usize << extra.len() {
            let mut amounts = own.clone();
            amounts.extend(extra.iter().enumerate().filter(|(bit, _)| pick >> bit & 1 == 1).map(|(_, amount)| *amount));
            choices.push(amounts);
        }
    }
    choices.into_iter().find(|amounts| !amounts.is_empty() && amounts.iter().sum::<i128>() == base)
}

/// The levels by line of records that are about the document.
fn of_lines(rows: &[Row], lines: &[i128], round: &Round) -> [Outcome; 2] {
    let by_rate = |rate: (i128, u8)| -> i128 {
        let scale = u32::from(round.scale) - u32::from(rate.1) - u32::from(tieout_model::amount::MONEY_SCALE);
        let widen = tieout_model::amount::pow10(scale);
        lines.iter().map(|amount| round.money(amount * rate.0 * widen)).sum()
    };
    let separate: Vec<i128> = rows.iter().map(|row| by_rate(row.rate)).collect();
    let together = by_rate((rows.iter().map(|row| row.rate.0).sum(), rows[0].rate.1));
    let stated: i128 = rows.iter().map(|row| row.stated).sum();
    [
        Outcome {
            level: Level::LineByJurisdiction,
            total: separate.iter().sum(),
            met: rows.iter().zip(&separate).all(|(row, lawful)| row.stated == *lawful),
        },
        Outcome { level: Level::LineCombined, total: together, met: stated == together },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieout_model::Rounding;

    /// Money of cents, at six decimals.
    fn cents(cents: i128) -> i128 {
        cents * 10_000
    }

    fn round() -> Round {
        Round { mode: Rounding::HalfUp, places: 2, scale: 18, currency: "USD".to_owned() }
    }

    /// Rates in hundredths of a percent.
    fn row(jurisdiction: &str, line: &str, base: i128, rate: i128, stated: i128) -> Row {
        let rate = rate * 100_000_000;
        Row {
            at: 0,
            line: Value::text(line),
            jurisdiction: Value::text(jurisdiction),
            base: cents(base),
            rate: (rate, 12),
            exact: cents(base) * rate,
            stated: cents(stated),
            off: true,
        }
    }

    fn met(document: &Document) -> Vec<Level> {
        document.levels.iter().filter(|outcome| outcome.met).map(|outcome| outcome.level).collect()
    }

    #[test]
    fn ten_equal_lines_round_up_by_line_and_not_in_total() {
        // 10 × 1.03 at 8.50 %: 0.08755 a line is 0.09, together 0.90; 10.30 at once is 0.8755, 0.88.
        let lines = vec![(cents(103), true); 10];
        let document = |stated| Document::new(vec![row("CO", "", 1_030, 850, stated)], &lines, &[0, 0], &round());
        assert_eq!(met(&document(90)), [Level::LineByJurisdiction, Level::LineCombined]);
        assert_eq!(met(&document(88)), [Level::AsStated, Level::DocumentByJurisdiction, Level::DocumentCombined]);
        assert!(!document(89).lawful(), "89 is neither");
    }

    #[test]
    fn jurisdictions_combined_are_one_rounding() {
        // 1.00 at 4.50 % and 4.50 %: 0.05 + 0.05, or 0.09 together.
        let document = |county| {
            Document::new(
                vec![row("S", "", 100, 450, 5), row("C", "", 100, 450, county)],
                &[(cents(100), true)],
                &[0, 0],
                &round(),
            )
        };
        assert!(document(5).lawful());
        assert_eq!(met(&document(4)), [Level::DocumentCombined, Level::LineCombined]);
        assert!(!document(3).lawful());
    }

    #[test]
    fn lines_that_are_not_the_base_decide_nothing() {
        let document = Document::new(
            vec![row("S", "", 1_000, 850, 86)],
            &[(cents(900), true), (cents(50), false)],
            &[0, 0],
            &round(),
        );
        assert!(!document.lines_known);
        let with_freight =
            Document::new(vec![row("S", "", 1_000, 850, 86)], &[(cents(900), true)], &[cents(100), 0], &round());
        assert!(with_freight.lines_known);
        // 9.00 × 8.5 % = 0.765 → 0.77 and 1.00 × 8.5 % = 0.085 → 0.09: 0.86.
        assert_eq!(met(&with_freight), [Level::LineByJurisdiction, Level::LineCombined]);
    }

    #[test]
    fn a_credit_mirrors_its_bill() {
        let document = Document::new(vec![row("S", "", -103, 850, -9)], &[(cents(-103), true)], &[0, 0], &round());
        assert!(document.lawful());
    }

    #[test]
    fn rows_by_line_may_be_rounded_in_total() {
        // Two lines of 1.03: 0.0876 each; 0.18 in total if each is 0.09, and 0.1751 together is 0.18 as well.
        let rows = vec![row("S", "1", 103, 850, 9), row("S", "2", 103, 850, 9)];
        let document = Document::new(rows, &[], &[0, 0], &round());
        assert!(document.meets(true) && document.meets(false));
    }
}
