//! Every finding with its money, and the columns in which it is signed off.
//!
//! A finding with several effects takes a line for each; it is signed on the first, where the hidden columns stand. Gross is summed
//! by class and currency where *Counted* is yes. A hidden digest covers what was signed: whoever changes a figure, a sentence or a
//! fingerprint and then signs is refused when the workbook comes back. The digest holds off accidents, not forgers; what binds is
//! that a waiver names the content, which the next audit computes anew.

use std::collections::HashMap;

use rust_xlsxwriter::utility::row_col_to_cell;
use rust_xlsxwriter::{DataValidation, XlsxError};
use tieout_model::finding::Disposition;
use tieout_model::report::counts;
use tieout_model::{Amount, AuditReport, Effect, EffectClass, Finding, Severity};

use super::cell::Cell;
use super::evidence::Places;
use super::live::{currency, live, minus, number, times};
use super::phrases::{self, figure};
use super::style::Look;
use super::table::{Column, Setting, Sheet, Spec, Table, column, figures, hidden};
use super::{Listed, shown};
use crate::words::{key_words, standing};

pub(crate) const SHEET: &str = "Findings";
pub(crate) const NUMBER: &str = "No.";
pub(crate) const RULE: &str = "Rule";
pub(crate) const FINGERPRINT: &str = "Fingerprint";
pub(crate) const CONTENT: &str = "Content";
pub(crate) const STAKE: &str = "At stake";
pub(crate) const DIGEST: &str = "Digest";

/// Difference and gross as the audit has them: a program may save their formulas without results.
pub(crate) const COMPUTED: &str = "As computed";
/// The columns that it holds, in this order.
pub(crate) const FORMULAS: [&str; 2] = ["Difference", "Gross"];

/// What the digest covers, in this order.
#[rustfmt::skip]
pub(crate) const SIGNED: [&str; 11] = [
    RULE, FINGERPRINT, CONTENT, "Customer", "Item", "What is wrong", "Expected", "Stated", "Class", STAKE, COMPUTED,
];

/// The columns to be filled in.
pub(crate) mod sign {
    pub(crate) const DISPOSITION: &str = "Disposition";
    pub(crate) const REASON: &str = "Reason";
    pub(crate) const PREPARED: &str = "Prepared by";
    pub(crate) const APPROVED: &str = "Approved by";
    pub(crate) const EXPIRES: &str = "Expires";
    pub(crate) const CAP: &str = "Cap";
    pub(crate) const ALL: [&str; 6] = [DISPOSITION, REASON, PREPARED, APPROVED, EXPIRES, CAP];
    /// Accept the finding: it becomes a waiver.
    pub(crate) const WAIVE: &str = "waive";
    /// Correct it, or look again: nothing is written.
    pub(crate) const OTHERS: [&str; 2] = ["correct", "look again"];
}

#[rustfmt::skip]
fn columns(report: &AuditReport) -> Vec<Column> {
    let mut columns = vec![figures(NUMBER, 6), column("Customer", 12)];
    if !report.customers.is_empty() {
        columns.extend([column("Name", 18), column("Owner", 11)]);
    }
    columns.extend([
        column(RULE, 20), column("Item", 20), column("Date", 11), column("What is wrong", 46), column("Sure", 9),
        figures("Expected", 14), figures("Stated", 14), figures("Difference", 14), column("Class", 13), figures("Net", 14),
        figures("Tax", 13), figures("Gross", 14), column("Currency", 9), column("Counted", 8), column("Status", 16),
        column("What to do", 34),
    ]);
    if report.baseline.is_some() {
        columns.push(column("Since", 16));
    }
    columns.extend([
        column(sign::DISPOSITION, 11), column(sign::REASON, 28), column(sign::PREPARED, 14), column(sign::APPROVED, 14),
        column(sign::EXPIRES, 11), column(sign::CAP, 12), hidden(FINGERPRINT), hidden(CONTENT), hidden("Severity"),
        hidden("Case"), hidden(STAKE), hidden(COMPUTED),
        hidden(DIGEST),
    ]);
    columns
}

/// A digest of cells in the spelling of `Cell::canonical`, each with its length, so that no two rows run into one.
pub(crate) fn digest<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut hasher = blake3::Hasher::new();
    for cell in cells {
        hasher.update(&(cell.len() as u64).to_le_bytes());
        hasher.update(cell.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

pub(super) fn write(
    report: &AuditReport,
    list: &[Listed<'_>],
    evidence: &Places,
    setting: &mut Setting,
) -> Result<Vec<Sheet>, XlsxError> {
    let columns = columns(report);
    let words = "Sign off in the yellow columns: choose `waive` to accept a finding, with reason, both names, expiry and cap; \
                 then `tieout signoff`. Sum Gross by class and currency where Counted is yes.";
    let choices = std::iter::once(sign::WAIVE).chain(sign::OTHERS).collect::<Vec<_>>();
    let choice = DataValidation::new().allow_list_strings(&choices)?;
    let at = columns.iter().position(|column| column.header == sign::DISPOSITION).unwrap_or_default();
    let validations = vec![(u16::try_from(at).unwrap_or_default(), choice)];
    let intro = vec![(vec![Cell::text(words)], Look::Intro)];
    let names: Vec<String> = columns.iter().map(|column| column.header.clone()).collect();
    let spec = Spec { name: SHEET, intro, columns, validations, pages_wide: 2 };
    let mut table = Table::begin(setting, spec)?;
    for listed in list {
        let effects = listed.finding.effects.iter().map(Some);
        let effects: Vec<_> = if listed.finding.effects.is_empty() { vec![None] } else { effects.collect() };
        for (index, effect) in effects.into_iter().enumerate() {
            let (_, row) = table.place(1)?;
            let line = Line { report, listed, effect, is_first: index == 0, evidence, row };
            let mut cells = line.cells(&names);
            let ordered: Vec<Cell> =
                names.iter().map(|name| cells.remove(name.as_str()).unwrap_or(Cell::Empty)).collect();
            table.line(&ordered, if index == 0 { Look::Plain } else { Look::Muted })?;
        }
    }
    table.end()
}

/// Columns of the wrong item that may be the effect as they stand, or a factor of it.
#[rustfmt::skip]
const TOTALS: [&str; 7] = [
    "gross_total", "gross_amount", "amount", "payable_amount", "net_amount", "net_total", "tax_amount",
];
const FACTORS: [&str; 3] = ["unit_price", "price", "quantity"];

struct Line<'a> {
    report: &'a AuditReport,
    listed: &'a Listed<'a>,
    effect: Option<&'a Effect>,
    is_first: bool,
    evidence: &'a Places,
    row: u32,
}

impl Line<'_> {
    /// The cells by header.
    fn cells(&self, names: &[String]) -> HashMap<&'static str, Cell> {
        let (report, finding) = (self.report, self.listed.finding);
        let [name, owner] = phrases::customer(report, finding.party.as_deref());
        let effect_party = self.effect.and_then(|effect| effect.party.as_deref()).or(finding.party.as_deref());
        let sure = match finding.severity {
            Severity::Error => finding.confidence.name().to_owned(),
            lesser => format!("{}, {}", finding.confidence.name(), lesser.name()),
        };
        let mut cells = HashMap::from([
            (NUMBER, Cell::Count(self.listed.number)),
            ("Customer", Cell::optional(effect_party)),
            ("Name", name),
            ("Owner", owner),
            (RULE, Cell::text(finding.rule.as_str())),
            ("Item", Cell::text(key_words(finding))),
            ("Date", Cell::day(finding.date)),
            ("Sure", Cell::text(sure)),
            ("Counted", Cell::text(if self.is_counted() { "yes" } else { "no" })),
        ]);
        if let Some(effect) = self.effect {
            cells.insert("Class", Cell::text(effect.class.words()));
            cells.insert("Net", phrases::money(effect.net, &effect.currency));
            cells.insert("Tax", phrases::money(effect.tax, &effect.currency));
            cells.insert("Gross", self.gross(effect, names));
            cells.insert("Currency", Cell::text(effect.currency.as_str()));
        }
        if self.is_first {
            self.first(&mut cells, names);
        } else {
            cells.insert("What is wrong", Cell::text(format!("(more money of no. {})", self.listed.number)));
        }
        cells
    }

    fn first(&self, cells: &mut HashMap<&'static str, Cell>, names: &[String]) {
        let (report, finding) = (self.report, self.listed.finding);
        cells.insert("What is wrong", Cell::text(sentence(finding)));
        cells.insert("Expected", figure(finding.expected.as_ref()));
        cells.insert("Stated", figure(finding.stated.as_ref()));
        cells.insert("Difference", self.difference(names));
        cells.insert("Status", Cell::text(self.status()));
        cells.insert("What to do", Cell::text(finding.remedy.as_str()));
        cells.insert("Since", Cell::optional(standing(report, finding).as_deref()));
        cells.insert(FINGERPRINT, Cell::text(finding.fingerprint.as_str()));
        cells.insert(CONTENT, Cell::text(finding.content.as_str()));
        cells.insert("Severity", Cell::text(finding.severity.name()));
        cells.insert("Case", Cell::text(finding.case.as_str()));
        cells.insert(STAKE, Cell::text(stake(finding)));
        let computed = FORMULAS.map(|name| cells.get(name).map_or(String::new(), Cell::canonical));
        cells.insert(COMPUTED, Cell::text(computed.join("; ")));
        let signed: Vec<_> = SIGNED.iter().map(|name| cells.get(name).map_or(String::new(), Cell::canonical)).collect();
        cells.insert(DIGEST, Cell::text(digest(signed.iter().map(String::as_str))));
        for name in sign::ALL {
            cells.insert(name, if name == sign::EXPIRES { Cell::InputDay } else { Cell::Input });
        }
    }

    fn is_counted(&self) -> bool {
        self.effect.is_some_and(|effect| {
            counts(self.listed.finding) && !(effect.class == EffectClass::Misposted && effect.gross.units < 0)
        })
    }

    fn status(&self) -> String {
        match (&self.listed.finding.disposition, self.listed.cause, &self.listed.finding.corrected_by) {
            (Disposition::Waived { expires, .. }, ..) => format!("waived until {expires}"),
            (_, Some(cause), _) => format!("follows from no. {cause}"),
            (_, None, Some(document)) => format!("corrected by {document}, after the period"),
            _ => "open".to_owned(),
        }
    }

    fn at(&self, names: &[String], name: &str) -> String {
        let column = names.iter().position(|other| other == name).unwrap_or_default();
        row_col_to_cell(self.row, u16::try_from(column).unwrap_or_default())
    }

    /// Stated less expected, live; as it is where it is not exactly that.
    fn difference(&self, names: &[String]) -> Cell {
        let finding = self.listed.finding;
        let plain = figure(finding.difference.as_ref());
        let (Some(result), Some(stated), Some(expected)) =
            (number(finding.difference.as_ref()), number(finding.stated.as_ref()), number(finding.expected.as_ref()))
        else {
            return plain;
        };
        let same = [&finding.stated, &finding.expected, &finding.difference].map(|figure| currency(figure.as_ref()));
        if same[0] != same[1] || same[1] != same[2] || minus(stated, expected) != Some(result) {
            return plain;
        }
        let currency = same[0].map(str::to_owned);
        let text = format!("{}-{}", self.at(names, "Stated"), self.at(names, "Expected"));
        live(&text, &[stated, expected], result, currency).unwrap_or(plain)
    }

    /// The effect: of net and tax, of the difference, or of the wrong item's own cell, if it is exactly that.
    fn gross(&self, effect: &Effect, names: &[String]) -> Cell {
        let (finding, currency) = (self.listed.finding, effect.currency.as_str());
        let of = |text: &str, from: &[Amount]| live(text, from, effect.gross, Some(currency.to_owned()));
        if let (Some(net), Some(tax)) = (effect.net, effect.tax)
            && minus(effect.gross, net) == Some(tax)
            && let Some(cell) = of(&format!("{}+{}", self.at(names, "Net"), self.at(names, "Tax")), &[net, tax])
        {
            return cell;
        }
        if self.is_first
            && super::live::currency(finding.difference.as_ref()) == Some(currency)
            && let Some(difference) = number(finding.difference.as_ref())
            && difference.abs() == effect.gross
            && let Some(cell) = of(&format!("ABS({})", self.at(names, "Difference")), &[difference])
        {
            return cell;
        }
        let own = |name: &str| self.evidence.get(&(self.listed.number, name.to_owned()));
        let whole = TOTALS.iter().filter_map(|name| own(name)).find(|(_, value)| value.abs() == effect.gross);
        if let Some(cell) = whole.and_then(|(place, value)| of(&format!("ABS({place})"), &[*value])) {
            return cell;
        }
        // So many too many at that price, or so much too dear for that quantity; only where nothing was rounded, since programs
        // differ in what they make of half a cent.
        let difference = number(finding.difference.as_ref()).filter(|_| self.is_first);
        FACTORS
            .iter()
            .filter_map(|name| Some((own(name)?, difference?)))
            .find(|((_, factor), difference)| times(*difference, *factor).map(Amount::abs) == Some(effect.gross))
            .and_then(|((place, factor), difference)| {
                of(&format!("ABS({}*{place})", self.at(names, "Difference")), &[*factor, difference])
            })
            .unwrap_or_else(|| Cell::Money(effect.gross, currency.to_owned()))
    }
}

/// The sentence, and what limits or explains it.
fn sentence(finding: &Finding) -> String {
    let mut words = finding.message.clone();
    if !finding.chain.is_empty() {
        words.push_str(&format!(" [netted: {}]", finding.chain.join("; ")));
    }
    if let Some(limit) = &finding.limited {
        words.push_str(&format!(" [limited: {limit}]"));
    }
    words
}

/// Every effect, for the cap: `over_billed 10 USD; …`.
fn stake(finding: &Finding) -> String {
    let effect = |effect: &Effect| format!("{} {} {}", effect.class.name(), effect.gross, effect.currency);
    shown(&finding.effects.iter().map(effect).collect::<Vec<_>>().join("; ")).into_owned()
}
