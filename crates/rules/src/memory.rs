//! The least memory that an audit can do with, told before anything is read.
//!
//! Texts stay in memory. Rows may lie in files; a rule reads the columns that it needs, whole, and gives them up before the
//! next one. What it makes of them (`cost`) it makes for some records at a time where they can be parted, in as many parts as
//! a limit asks for. So the least is the texts and the greediest rule.

mod cost;

use std::collections::BTreeMap;

use tieout_ingest::{Expected, ExpectedRows};

use self::cost::Cost;
use crate::audit::Options;
use crate::catalog::Catalog;
use crate::checks::{self, Audited, Procedure};
use crate::netted;
use crate::root;
use crate::rule::{Library, Rule};

/// Bytes of the program, of what is read at a time, and of findings as they usually are.
const BASE: u64 = 256 << 20;
/// Bytes a record of the population under test that a judge sees as values, where a kind gives it many: all results of a
/// document's tax, and what netting left of a bill.
const JUDGED: u64 = 1400;
/// One in so many records is a candidate where candidates are narrowed.
const CANDIDATES: u64 = 8;
/// Memory that is freed is not given back at once: so much more in a hundred.
const KEPT: u64 = 5;
/// In how many parts a rule may run, the fewest first.
const PARTS: [u32; 6] = [1, 2, 4, 8, 16, 32];

/// How an audit divides its memory, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Texts that are held once.
    pub texts: u64,
    /// All columns together: what it would take to leave no row on disk.
    pub rows: u64,
    /// By rule: what it takes in each number of parts.
    rules: BTreeMap<String, Vec<(u32, u64)>>,
    /// What comes before and after the rules: the numbers of documents, netting, root causes.
    around: u64,
}

impl Shares {
    /// The least with which it can be done.
    pub fn least(&self) -> u64 {
        self.with(self.greediest().map_or(0, |(_, bytes)| bytes))
    }

    /// The rule that needs most, and its bytes; none where no rule needs anything.
    pub fn greediest(&self) -> Option<(&str, u64)> {
        let least = self.rules.iter().filter_map(|(rule, ways)| Some((rule.as_str(), least(ways)?.1)));
        let least = least.filter(|(_, bytes)| *bytes > 0);
        least.max_by(|left, right| left.1.cmp(&right.1).then_with(|| right.0.cmp(left.0)))
    }

    /// The fewest parts of each rule with which a limit can be kept, and what is needed then.
    pub fn within(&self, limit: u64) -> (BTreeMap<String, u32>, u64) {
        let (mut parts, mut most) = (BTreeMap::new(), 0);
        for (rule, ways) in &self.rules {
            let fits = ways.iter().find(|(_, bytes)| self.with(*bytes) <= limit);
            let Some((number, bytes)) = fits.copied().or_else(|| least(ways)) else { continue };
            parts.insert(rule.clone(), number);
            most = most.max(bytes);
        }
        (parts, self.with(most))
    }

    fn with(&self, rule: u64) -> u64 {
        (BASE + self.texts + rule.max(self.around)) / 100 * (100 + KEPT)
    }
}

fn least(ways: &[(u32, u64)]) -> Option<(u32, u64)> {
    ways.iter().copied().min_by_key(|(parts, bytes)| (*bytes, *parts))
}

/// What an audit of these populations needs.
pub fn shares(library: &Library, options: &Options, expected: &Expected) -> Shares {
    let catalog = Catalog::expected(expected);
    let audited = Audited { period: options.period, as_of: options.as_of, ..Audited::default() };
    let rules: Vec<&Rule> = library.select(&options.select).0;
    let mut around = expected.numbers;
    if rules.iter().any(|rule| netted::asked(rule)) {
        let mut cost = Cost::new(expected);
        netted::plans(&catalog).iter().for_each(|plan| cost.add(plan));
        around = around.max(cost.bytes());
    }
    let mut ways = BTreeMap::new();
    for rule in rules {
        let params = options.settings.get(&rule.card.id).map(|setting| setting.params.clone()).unwrap_or_default();
        // What cannot run needs nothing.
        let Ok(procedure) = checks::plan(rule, &catalog, &audited, &params) else { continue };
        let mut own: Vec<(u32, u64)> = Vec::new();
        for parts in PARTS {
            let plans = procedure.parts(parts);
            if plans.len() != parts as usize {
                break;
            }
            let mut cost = Cost::new(expected);
            cost.add(&procedure.wanted(plans[0].clone(), false));
            own.push((parts, cost.bytes() + judged(rule, &procedure, expected)));
        }
        ways.insert(rule.card.id.clone(), own);
        if let Some(plan) = root::described(&catalog, &procedure.population) {
            let mut cost = Cost::new(expected);
            cost.add(&plan);
            around = around.max(cost.bytes());
        }
    }
    let rows = expected.populations.values().map(ExpectedRows::bytes).sum();
    Shares { texts: expected.texts, rows, rules: ways, around }
}

/// Bytes of the values that one rule's judge sees.
fn judged(rule: &Rule, procedure: &Procedure, expected: &Expected) -> u64 {
    let many = rule.card.kind == "recompute" || rule.card.kind == "duplicate" && netted::asked(rule);
    let narrowed = procedure.judge.as_ref().is_some_and(|judge| judge.narrow.is_some());
    let under_test = expected.populations.get(&procedure.population).filter(|_| many);
    under_test.map_or(0, |population| population.records * JUDGED / if narrowed { CANDIDATES } else { 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(lines: u64) -> Expected {
        let rows = |records: u64, widths: &[(&str, u64)]| ExpectedRows {
            records,
            widths: widths.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect(),
        };
        let bills = [
            ("invoice_id", 4),
            ("invoice_no", 4),
            ("document_type", 1),
            ("status", 1),
            ("currency", 1),
            ("issue_date", 2),
            ("net_total", 4),
            ("gross_total", 4),
            ("tax_total", 4),
            ("customer_id", 4),
        ];
        let of_bill =
            [("invoice_id", 4), ("line_no", 1), ("item_id", 2), ("quantity", 1), ("unit_price", 4), ("net_amount", 4)];
        let numbers = [("series", 1), ("scope", 1), ("number", 4), ("document_no", 4), ("kept", 1)];
        let populations = [
            ("invoice", rows(lines / 2, &bills)),
            ("invoice_line", rows(lines, &of_bill)),
            ("document_number", rows(lines / 2, &numbers)),
        ];
        let populations = populations.map(|(name, rows)| (name.to_owned(), rows)).into();
        Expected { populations, texts: lines * 2, numbers: 0 }
    }

    fn of(rule: &str, lines: u64) -> Shares {
        let options = Options { select: vec![rule.to_owned()], ..Options::default() };
        shares(&Library::bundled(), &options, &expected(lines))
    }

    #[test]
    fn the_least_grows_with_the_records_and_names_the_greediest_rule() {
        let (small, large) = (of("lines-do-not-add-up", 0), of("lines-do-not-add-up", 10_000_000));
        assert_eq!((small.least(), small.greediest()), (BASE / 100 * (100 + KEPT), None));
        let (rule, bytes) = large.greediest().unwrap();
        assert_eq!((rule, large.texts), ("lines-do-not-add-up", 20_000_000));
        // Two columns of the lines and what of the bills the rule reads at least, all columns at most, and a part of the sums.
        assert!((100_000_000..400_000_000).contains(&bytes), "{bytes}");
        assert!(large.rows > 200_000_000 && large.least() > bytes + large.texts + BASE);
    }

    #[test]
    fn a_smaller_limit_is_kept_in_more_parts() {
        let shares = of("lines-do-not-add-up", 10_000_000);
        let parts = |limit: u64| shares.within(limit).0["lines-do-not-add-up"];
        let (whole, least) = (shares.within(u64::MAX).1, shares.least());
        assert_eq!((parts(u64::MAX), parts(whole), parts(0)), (1, 1, *PARTS.last().unwrap()));
        let between = parts(least.midpoint(whole));
        assert!((2..32).contains(&between), "{between} parts");
        assert!(shares.within(least).1 <= least && shares.within(0).1 > 0);
        // The numbers of a series are seen at once.
        assert_eq!(of("number-gap", 10_000_000).within(0).0.values().max(), Some(&1));
        let together = of("repeated-bill", 10_000_000);
        // Numbers that are gathered are there before netting is.
        let gathered = Expected { numbers: 1 << 40, ..expected(10) };
        let options = Options { select: vec!["repeated-bill".to_owned()], ..Options::default() };
        assert!(super::shares(&Library::bundled(), &options, &gathered).least() > 1 << 40);
        // A judge that sees what netting left of a bill sees many values.
        assert!(together.greediest().unwrap().1 >= 5_000_000 * JUDGED / CANDIDATES);
    }
}
