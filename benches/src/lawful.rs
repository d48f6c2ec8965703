//! Proposals against what was planted: the amount of every label, and the tax of every corrected document, reckoned anew from the
//! company's own tables and the exports.
//!
//! Of the tool's output only the proposals' amounts are believed; which finding is a label's is found by rule and key. What a
//! document's tax should be after its corrections is its base less what goes back, times the rate of the table, rounded once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use tieout_model::Date;

use crate::Result;
use crate::answers::sheet::Sheet;
use crate::company::{Class, JURISDICTIONS};
use crate::money::{decimal, shift, tax};
use crate::score::key;

/// Sums of one class and currency, minor units.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    /// Labels, and what they come to.
    pub labels: (u64, i64),
    /// Labels that are proposed as they are.
    pub proposed: u64,
    /// Labels that are asked about, and what they come to.
    pub asked: (u64, i64),
    /// Labels that a later document put right, and what they come to.
    pub corrected: (u64, i64),
    /// Net and tax of the proposals.
    pub proposals: (i64, i64),
}

/// How proposals and labels compare.
#[derive(Debug, Default)]
pub struct Lawful {
    /// By class and currency.
    pub classes: BTreeMap<(String, String), Sums>,
    /// Documents whose tax was reckoned anew, and rows of jurisdictions of them that had tax to give back or to add.
    pub documents: (u64, u64),
    /// Documents of which nothing taxed is corrected.
    pub untaxed: u64,
    /// Rows whose rate is not the table's: the original's rate was taken.
    pub other_rates: u64,
    /// Every difference in words.
    pub differences: Vec<String>,
}

impl Lawful {
    /// The comparison in lines: classes first, then what differs.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:<26}{:>7}{:>14}{:>10}{:>7}{:>12}{:>7}{:>12}{:>14}{:>12}",
            "class", "labels", "amount", "proposed", "asked", "amount", "right", "amount", "net", "tax"
        )];
        for ((class, currency), sums) in &self.classes {
            let shown = |units: i64| decimal(i128::from(units), if currency == "JPY" { 0 } else { 2 }, '.');
            lines.push(format!(
                "{:<26}{:>7}{:>14}{:>10}{:>7}{:>12}{:>7}{:>12}{:>14}{:>12}",
                format!("{class} {currency}"),
                sums.labels.0,
                shown(sums.labels.1),
                sums.proposed,
                sums.asked.0,
                shown(sums.asked.1),
                sums.corrected.0,
                shown(sums.corrected.1),
                shown(sums.proposals.0),
                shown(sums.proposals.1),
            ));
        }
        lines.push(format!(
            "{} documents with {} taxes by jurisdiction reckoned anew, {} of untaxed amounts; {} rows at a rate that is not the table's",
            self.documents.0, self.documents.1, self.untaxed, self.other_rates
        ));
        lines.extend(self.differences.iter().cloned());
        lines
    }
}

/// What a finding's proposals come to.
#[derive(Clone, Copy, Default)]
struct Come {
    net: i64,
    tax: i64,
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

/// Minor units of an amount as the exports write it; nothing is 0.
fn minor(amount: &str) -> i64 {
    amount.replace('.', "").parse().unwrap_or(0)
}

/// Minor units of an amount that a report may write with fewer decimals, or more that are 0.
fn units(value: &Value, decimals: u8) -> Option<i64> {
    let (whole, part) = value.as_str()?.split_once('.').unwrap_or((value.as_str()?, ""));
    let part = format!("{part:0<6}");
    let all: i128 = format!("{whole}{part}").parse().ok()?;
    Some(shift(all, u8::try_from(part.len()).ok()?.checked_sub(decimals)?))
}

/// Compares the labels of a folder of plain exports with a JSON report and the pack's `proposals.json`.
pub fn lawful(exports: &Path, report: &Path, pack: &Path) -> Result<Lawful> {
    let read = |path: &Path| -> Result<Value> { Ok(serde_json::from_str(&fs::read_to_string(path)?)?) };
    let (report, pack) = (read(report)?, read(pack)?);
    let mut result = Lawful::default();
    let decimals = |currency: &str| if currency == "JPY" { 0 } else { 2 };
    let mut come: BTreeMap<&str, Come> = BTreeMap::new();
    for proposal in list(&pack, "proposals") {
        let places = decimals(text(proposal, "currency"));
        for line in list(proposal, "lines") {
            let own = Come {
                net: units(&line["net"], places).ok_or("a net that is no amount")?,
                tax: units(&line["tax"], places).ok_or("a tax that is no amount")?,
            };
            let class = (text(proposal, "class").to_owned(), text(proposal, "currency").to_owned());
            if !class.0.is_empty() {
                let sums = result.classes.entry(class).or_default();
                sums.proposals = (sums.proposals.0 + own.net, sums.proposals.1 + own.tax);
            }
            for print in list(line, "findings").filter_map(Value::as_str) {
                let sum = come.entry(print).or_default();
                (sum.net, sum.tax) = (sum.net + own.net, sum.tax + own.tax);
            }
        }
    }
    let asked: BTreeSet<&str> = list(&pack, "questions").map(|question| text(question, "finding")).collect();
    let mut findings: BTreeMap<(String, String), &Value> = BTreeMap::new();
    for finding in list(&report, "findings") {
        findings.insert((text(finding, "rule").to_owned(), key(finding)), finding);
    }
    let labels = Sheet::read(&exports.join("labels.csv"))?;
    for row in &labels.rows {
        let cell = |name: &str| -> Result<&str> { Ok(row[labels.column(name)?].as_str()) };
        let (rule, item, class) = (cell("rule")?, cell("key")?, cell("class")?);
        if cell("kind")? != "planted" || class.is_empty() {
            continue;
        }
        let currency = cell("currency")?;
        let stake = minor(cell("amount")?);
        let sums = result.classes.entry((class.to_owned(), currency.to_owned())).or_default();
        sums.labels = (sums.labels.0 + 1, sums.labels.1 + stake);
        let Some(finding) = findings.get(&(rule.to_owned(), item.to_owned())) else {
            result.differences.push(format!("missed  {rule} {item}"));
            continue;
        };
        let print = text(finding, "fingerprint");
        if asked.contains(print) {
            sums.asked = (sums.asked.0 + 1, sums.asked.1 + stake);
            continue;
        }
        if !finding["corrected_by"].is_null() {
            sums.corrected = (sums.corrected.0 + 1, sums.corrected.1 + stake);
            continue;
        }
        let effect = list(finding, "effects").next().unwrap_or(&Value::Null);
        let has_tax = !effect["tax"].is_null();
        let Come { net, tax } = come.get(print).copied().unwrap_or_default();
        let told = match class {
            "tax_over_collected" | "tax_under_collected" if net == 0 => tax,
            // A label of goods alone says nothing of their tax, which is reckoned below.
            "over_billed" | "under_billed" if !has_tax && !effect["net"].is_null() => net,
            _ => net + tax,
        };
        if told == stake {
            sums.proposed += 1;
        } else {
            let places = decimals(currency);
            let shown = |units: i64| decimal(i128::from(units), places, '.');
            let (stake, told) = (shown(stake), shown(told));
            result.differences.push(format!("amount  {rule} {item}: {stake} by the label, {told} proposed ({print})"));
        }
    }
    Books::read(exports)?.check(&pack, &mut result)?;
    Ok(result)
}

/// A tax row as exported, minor units and millionths.
struct Row {
    place: String,
    category: String,
    rate: i64,
    base: i64,
    tax: i64,
}

struct Books {
    /// The day whose rates hold, by document.
    days: BTreeMap<String, Date>,
    /// Rate of a line, millionths, and its net.
    lines: BTreeMap<(String, String), (i64, i64)>,
    rows: BTreeMap<String, Vec<Row>>,
}

impl Books {
    fn read(exports: &Path) -> Result<Self> {
        let sheet = |name: &str| Sheet::read(&exports.join(name));
        let (invoices, lines, taxes) =
            (sheet("invoices.csv")?, sheet("invoice_lines.csv")?, sheet("invoice_taxes.csv")?);
        let mut books = Self { days: BTreeMap::new(), lines: BTreeMap::new(), rows: BTreeMap::new() };
        let [id, point, issued] =
            [invoices.column("invoice_id")?, invoices.column("tax_point_date")?, invoices.column("issue_date")?];
        for row in &invoices.rows {
            let day = if row[point].is_empty() { &row[issued] } else { &row[point] };
            books.days.insert(row[id].clone(), day.parse().map_err(|_| format!("{day} is no day"))?);
        }
        let [id, no, rate, net] = [
            lines.column("invoice_id")?,
            lines.column("line_no")?,
            lines.column("tax_rate")?,
            lines.column("net_amount")?,
        ];
        for row in &lines.rows {
            books.lines.insert((row[id].clone(), row[no].clone()), (minor(&row[rate]), minor(&row[net])));
        }
        let at = |name: &str| taxes.column(name);
        let (id, place, category) = (at("invoice_id")?, at("jurisdiction_id")?, at("tax_category")?);
        let (rate, base, tax) = (at("rate")?, at("taxable_amount")?, at("tax_amount")?);
        for row in &taxes.rows {
            books.rows.entry(row[id].clone()).or_default().push(Row {
                place: row[place].clone(),
                category: row[category].clone(),
                rate: minor(&row[rate]),
                base: minor(&row[base]),
                tax: minor(&row[tax]),
            });
        }
        Ok(books)
    }

    /// The category that taxes a line: the one whose rates together are its own.
    fn category(&self, document: &str, line: &str) -> Option<&str> {
        let (rate, _) = *self.lines.get(&(document.to_owned(), line.to_owned()))?;
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for row in self.rows.get(document).into_iter().flatten() {
            *sums.entry(&row.category).or_default() += row.rate;
        }
        sums.into_iter().find(|(_, sum)| rate != 0 && *sum == rate).map(|(category, _)| category)
    }

    fn net(&self, document: &str, line: &str) -> i64 {
        self.lines.get(&(document.to_owned(), line.to_owned())).map_or(0, |(_, net)| *net)
    }

    /// The table's rate of a row; the row's own where that is another.
    fn rate(&self, document: &str, row: &Row, other: &mut u64) -> i64 {
        let class = if row.category == "food" { Class::Food } else { Class::General };
        let place = JURISDICTIONS.iter().find(|place| place.id == row.place);
        let lawful = place.zip(self.days.get(document)).map(|(place, day)| place.rate(class, *day));
        if lawful != Some(row.rate) {
            *other += 1;
        }
        row.rate
    }

    /// Tax of every document whose lines are corrected, by jurisdiction.
    fn check(&self, pack: &Value, result: &mut Lawful) -> Result<()> {
        /// Net by category, tax by jurisdiction, and whether the document goes back as a whole.
        #[derive(Default)]
        struct Back<'p> {
            nets: BTreeMap<&'p str, i64>,
            taxes: BTreeMap<&'p str, i64>,
            whole: bool,
            /// Net as billed and what goes back of it, by category and line.
            lines: BTreeMap<(&'p str, &'p str), (i64, i64)>,
        }
        impl Back<'_> {
            fn by_line(&self, category: &str, rate: i64) -> i64 {
                let own = self.lines.iter().filter(|((of, _), _)| *of == category);
                own.map(|(_, (billed, back))| tax(*billed, rate) - tax(billed - back, rate)).sum()
            }
        }
        let mut back: BTreeMap<&str, Back<'_>> = BTreeMap::new();
        for proposal in list(pack, "proposals") {
            let sign = match text(proposal, "action") {
                "credit_memo" => 1,
                "debit_memo" => -1,
                _ => continue,
            };
            for line in list(proposal, "lines") {
                let (document, no) = (text(line, "document"), text(line, "line"));
                let own = back.entry(document).or_default();
                own.whole |= no.is_empty() && minor(text(line, "tax")) != 0;
                match self.category(document, no) {
                    Some(category) => {
                        let (net, stated) = (sign * minor(text(line, "net")), self.net(document, no));
                        *own.nets.entry(category).or_default() += net;
                        let whole = own.lines.entry((category, no)).or_insert((stated, 0));
                        whole.1 += net;
                    }
                    None if self
                        .lines
                        .get(&(document.to_owned(), no.to_owned()))
                        .is_some_and(|(rate, _)| *rate != 0) =>
                    {
                        result.differences.push(format!("tax     {document}/{no}: no row is at the rate of the line"));
                    }
                    None => {}
                }
                for part in list(line, "taxes") {
                    *own.taxes.entry(text(part, "jurisdiction")).or_default() += sign * minor(text(part, "amount"));
                }
            }
        }
        for (document, own) in back {
            // A total that is wrong by itself, or a discount that was taken: no part of what is taxed.
            if own.nets.is_empty() && own.taxes.is_empty() {
                result.untaxed += 1;
                continue;
            }
            result.documents.0 += 1;
            let mut wanted: BTreeMap<&str, i64> = BTreeMap::new();
            for row in self.rows.get(document).into_iter().flatten() {
                let rate = self.rate(document, row, &mut result.other_rates);
                let net = own.nets.get(row.category.as_str()).copied().unwrap_or(0);
                let by_line = row.tax != tax(row.base, rate);
                // Nothing goes back of what was not touched, however it was rounded.
                let change = match () {
                    () if own.whole => row.tax,
                    () if net == 0 => 0,
                    // Each line rounded by itself: what each is left with.
                    () if by_line && net != row.base => own.by_line(&row.category, rate),
                    () => row.tax - tax(row.base - net, rate),
                };
                *wanted.entry(&row.place).or_default() += change;
            }
            wanted.retain(|_, units| *units != 0);
            result.documents.1 += wanted.len() as u64;
            if wanted != own.taxes {
                let taxes = &own.taxes;
                result.differences.push(format!("tax     {document}: {wanted:?} by the tables, {taxes:?} proposed"));
            }
        }
        Ok(())
    }
}
