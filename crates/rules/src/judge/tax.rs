//! Which documents state a tax that no lawful way of rounding gives.
//!
//! Lawful is rounding to the currency by line or by document, by jurisdiction or combined (SSUTA 324: the seller elects
//! item or invoice, and may round the aggregated state and local tax). Each level is compared with the stated figure that
//! it speaks of, which may be a sum of records. Where the lines behind a document's tax base are not known, a difference
//! that rounding line by line could explain is not decided.

mod levels;
mod reports;

use std::collections::BTreeMap;

use crate::checks::{Judgement, Outcome};
use crate::expr::func;
use crate::value::{Relation, Value};
use tieout_model::{Amount, Rounding};

use self::levels::Document;

/// Columns of candidates where lawful records were summed before: the records of this one's document that are not right as
/// they stand or not tested, missing for a document that was summed; of what was summed in its jurisdiction the first record,
/// how many, Σ stated and Σ exact.
pub const RIGHT: [&str; 5] = ["~judged", "~right:first", "~right:count", "~right:stated", "~right:exact"];

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// Documents whose tax is no lawful result.
    Difference,
    /// Documents by line and documents in total within one period.
    Mixed,
    /// Σ of what rounding moved, by jurisdiction.
    Pennies,
    /// Unlawful pennies that all go one way, by jurisdiction.
    Drift,
}

/// How records are read. Candidates have the columns that `checks/recompute/tax` makes.
pub struct Terms {
    /// What is asked.
    pub report: Report,
    /// Number of document columns.
    pub documents: usize,
    /// Number of columns of who chooses the method.
    pub by: usize,
    /// Scale of `~exact`.
    pub scale: u8,
    /// Records that show a drift, at least.
    pub records_min: usize,
    /// Dates by name that could govern, where no rule says which.
    pub dates: Vec<(String, String)>,
    /// Key columns (candidate, reference).
    pub keys: Vec<(String, String)>,
    /// The reference's rate column.
    pub rate: String,
    /// Record column.
    pub rec: String,
}

/// One stated record of a document.
struct Row {
    at: usize,
    line: Value,
    jurisdiction: Value,
    base: i128,
    rate: (i128, u8),
    exact: i128,
    stated: i128,
    off: bool,
}

/// Everything of a candidate relation that is read again and again.
struct Read<'a> {
    candidates: &'a Relation,
    lines: BTreeMap<Vec<Value>, Vec<(i128, bool)>>,
    line_keys: Vec<usize>,
    places: Places,
    terms: &'a Terms,
}

/// Where the columns are that are read of every record.
struct Places {
    line: usize,
    jurisdiction: usize,
    base: usize,
    rate: usize,
    exact: usize,
    stated: usize,
    off: usize,
    mode: usize,
    currency: usize,
    header: [usize; 2],
}

impl Places {
    fn of(candidates: &Relation) -> Self {
        let at = |name: &str| candidates.index(name);
        Self {
            line: at("~line"),
            jurisdiction: at("~jurisdiction"),
            base: at("~base"),
            rate: at("~rate"),
            exact: at("~exact"),
            stated: at("~stated"),
            off: at("~off"),
            mode: at("~mode"),
            currency: at("__currency"),
            header: [at("~charge_total"), at("~allowance_total")],
        }
    }
}

/// Judges the documents. `others` are the rows of the reference and, if there are any, the lines.
pub fn judge(candidates: &Relation, others: &[Relation], terms: &Terms) -> Judgement {
    let mut judgement = Judgement::default();
    let read = Read::new(candidates, others.get(1), terms);
    let keys: Vec<usize> = (0..terms.documents).map(|index| candidates.index(&format!("~doc:{index}"))).collect();
    let mut groups: BTreeMap<Vec<Value>, Vec<usize>> = BTreeMap::new();
    for (row, cells) in candidates.rows.iter().enumerate() {
        groups.entry(keys.iter().map(|&key| cells[key].clone()).collect()).or_default().push(row);
    }
    let mut documents: Vec<Document> = Vec::new();
    let outcome = candidates.index("__outcome");
    let summed = candidates.find(RIGHT[0]);
    for members in groups.into_values() {
        if summed.is_some_and(|at| members.iter().all(|row| candidates.rows[*row][at].is_null())) {
            continue;
        }
        let outcome = |row: usize| candidates.rows[row][outcome].num();
        let tested = |row: &usize| outcome(*row) == Some(Outcome::Exception.code());
        let (tested, untested): (Vec<usize>, Vec<usize>) = members.into_iter().partition(tested);
        let rows: Vec<Row> = tested.iter().filter_map(|&row| read.row(row)).collect();
        if rows.is_empty() {
            continue;
        }
        if !untested.is_empty() {
            // A record that is right by itself is right; of the others only the whole document could tell.
            let words = "another row of the same document is not tested";
            let lost = rows.iter().filter(|row| row.off).map(|row| (row.at, words.to_owned()));
            judgement.not_tested.extend(lost);
            continue;
        }
        documents.push(read.document(rows));
    }
    match terms.report {
        Report::Difference => reports::differences(&documents, &read, &others[0], &mut judgement),
        Report::Mixed => reports::mixed(&documents, &read, &mut judgement),
        Report::Pennies => reports::pennies(&documents, &read, &mut judgement),
        Report::Drift => reports::drift(&documents, &read, &mut judgement),
    }
    judgement
}

impl<'a> Read<'a> {
    fn new(candidates: &'a Relation, lines: Option<&Relation>, terms: &'a Terms) -> Self {
        let mut by_document: BTreeMap<Vec<Value>, Vec<(i128, bool)>> = BTreeMap::new();
        if let Some(lines) = lines {
            let keys: Vec<usize> =
                (0..lines.columns.len()).filter(|&index| lines.columns[index].name.starts_with("line:key:")).collect();
            let (amount, taxed) = (lines.index("line:amount"), lines.find("line:taxed"));
            for row in &lines.rows {
                let Some(units) = row[amount].num() else { continue };
                let taxed = taxed.is_none_or(|at| row[at] == Value::Bool(true));
                by_document.entry(keys.iter().map(|&key| row[key].clone()).collect()).or_default().push((units, taxed));
            }
        }
        let line_keys = (0..).map_while(|index| candidates.find(&format!("~line:{index}"))).collect();
        Self { candidates, lines: by_document, line_keys, places: Places::of(candidates), terms }
    }

    fn cell(&self, row: usize, name: &str) -> &Value {
        &self.candidates.rows[row][self.candidates.index(name)]
    }

    fn row(&self, at: usize) -> Option<Row> {
        let (places, cells) = (&self.places, &self.candidates.rows[at]);
        Some(Row {
            at,
            line: cells[places.line].clone(),
            jurisdiction: cells[places.jurisdiction].clone(),
            base: cells[places.base].num()?,
            rate: (cells[places.rate].num()?, self.candidates.columns[places.rate].ty.scale()),
            exact: cells[places.exact].num()?,
            stated: cells[places.stated].num()?,
            off: cells[places.off] != Value::Bool(false),
        })
    }

    fn document(&self, rows: Vec<Row>) -> Document {
        let first = rows[0].at;
        let key: Vec<Value> =
            self.line_keys.iter().map(|&column| self.candidates.rows[first][column].clone()).collect();
        let lines = self.lines.get(&key).map(Vec::as_slice).unwrap_or_default();
        let [charges, allowances] = self.places.header.map(|at| self.candidates.rows[first][at].num().unwrap_or(0));
        let header = [charges, -allowances];
        Document::new(rows, lines, &header, &self.rounding(first))
    }

    fn rounding(&self, row: usize) -> Round {
        let cells = &self.candidates.rows[row];
        let currency = cells[self.places.currency].as_text().unwrap_or_default();
        let mode = cells[self.places.mode].as_text().and_then(Rounding::parse).unwrap_or(Rounding::HalfUp);
        let places = tieout_model::amount::minor_units(currency).unwrap_or(2);
        Round { mode, places, scale: self.terms.scale, currency: currency.to_owned() }
    }
}

/// Rounding to a currency.
#[derive(Clone, Debug)]
struct Round {
    mode: Rounding,
    places: u8,
    scale: u8,
    currency: String,
}

impl Round {
    /// Units of the product's scale as money.
    fn money(&self, exact: i128) -> i128 {
        func::round_money(exact, self.scale, self.places, self.mode)
    }

    /// Money as units of the product's scale.
    fn exact(&self, money: i128) -> i128 {
        money * tieout_model::amount::pow10(u32::from(self.scale - tieout_model::amount::MONEY_SCALE))
    }

    /// The smallest unit of the currency, in units of the product's scale.
    fn unit(&self) -> i128 {
        tieout_model::amount::pow10(u32::from(self.scale - self.places))
    }

    fn shown(&self, money: i128) -> String {
        let amount = Amount::money(money).to_display(self.places);
        format!("{amount} {}", self.currency)
    }
}
