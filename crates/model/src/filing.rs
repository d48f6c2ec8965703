//! A sales-tax return and the papers behind it: every figure with the records that it was made of.
//!
//! Money is in units of scale 6 (`MONEY_SCALE`), rates are fractions of scale 12, exact tax is their product (scale 18). A return is
//! of one seller, one state, one period and one currency; nothing is added across any of them. What is owed by rate is computed on
//! the base of a row and rounded once, as a form does; what was rounded on documents is a difference with a name.

mod identity;

use std::collections::BTreeMap;

use crate::amount::{Amount, MONEY_SCALE, RATE_SCALE};
use crate::coverage::Measure;
use crate::date::{Date, Period};
use crate::finding::RecordRef;

pub use identity::{Broken, check, check_papers};

/// Decimal places of exact tax: money times rate.
pub const TAX_SCALE: u8 = MONEY_SCALE + RATE_SCALE;

/// Why a sale is exempt: the six types of the Simplified Electronic Return, part 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exemption {
    /// Agricultural production.
    Agriculture,
    /// The purchaser pays the tax itself.
    DirectPay,
    /// Government or exempt organisation.
    Government,
    /// Industrial production or manufacturing.
    Manufacturing,
    /// Bought to be sold again.
    Resale,
    /// Any other.
    Other,
}

impl Exemption {
    /// In the order of the return.
    pub const ALL: [Self; 6] =
        [Self::Agriculture, Self::DirectPay, Self::Government, Self::Manufacturing, Self::Resale, Self::Other];

    /// The word in exports and forms.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agriculture => "agriculture",
            Self::DirectPay => "direct_pay",
            Self::Government => "government_exempt_org",
            Self::Manufacturing => "manufacturing",
            Self::Resale => "resale",
            Self::Other => "other",
        }
    }

    /// The words on paper.
    pub fn words(self) -> &'static str {
        match self {
            Self::Agriculture => "agriculture",
            Self::DirectPay => "direct pay",
            Self::Government => "government, exempt organisation",
            Self::Manufacturing => "manufacturing",
            Self::Resale => "resale",
            Self::Other => "other",
        }
    }

    /// From the word in exports; a word that is not one of them is `Other`.
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|one| one.name() == word).unwrap_or(Self::Other)
    }
}

/// Where a line goes; each goes to exactly one cell. The first ten are on a return, the others on none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// The state, or where it does not tax a place somebody else, taxes at least a part of it.
    Taxable,
    /// A credit for a taxable sale.
    Credit,
    /// Exempt for the purchaser's sake, with a certificate in force.
    Exempt(Exemption),
    /// The goods or the service are not taxed.
    NonTaxable,
    /// Not taxed because of a tax holiday.
    Holiday,
    /// The marketplace's operator collects and remits.
    Marketplace,
    /// The seller is not registered where the sale is taxed.
    OnNoReturn,
    /// Nobody can tell where it is taxed, or by which rule.
    Unassigned,
    /// Something else is missing or contradicts itself.
    NotTested,
    /// It falls in another period.
    OtherPeriod,
    /// Draft, void, or no bill at all.
    NoSale,
}

impl Cell {
    /// Every cell, in the order of papers.
    pub const ALL: [Self; 16] = [
        Self::Taxable,
        Self::Credit,
        Self::Exempt(Exemption::Agriculture),
        Self::Exempt(Exemption::DirectPay),
        Self::Exempt(Exemption::Government),
        Self::Exempt(Exemption::Manufacturing),
        Self::Exempt(Exemption::Resale),
        Self::Exempt(Exemption::Other),
        Self::NonTaxable,
        Self::Holiday,
        Self::Marketplace,
        Self::OnNoReturn,
        Self::Unassigned,
        Self::NotTested,
        Self::OtherPeriod,
        Self::NoSale,
    ];

    /// True for a cell of a return.
    pub fn is_on_return(self) -> bool {
        matches!(
            self,
            Self::Taxable | Self::Credit | Self::Exempt(_) | Self::NonTaxable | Self::Holiday | Self::Marketplace
        )
    }

    /// The name in files and forms.
    pub fn name(self) -> String {
        match self {
            Self::Taxable => "taxable".to_owned(),
            Self::Credit => "credit".to_owned(),
            Self::Exempt(reason) => format!("exempt.{}", reason.name()),
            Self::NonTaxable => "nontaxable".to_owned(),
            Self::Holiday => "holiday".to_owned(),
            Self::Marketplace => "marketplace".to_owned(),
            Self::OnNoReturn => "on_no_return".to_owned(),
            Self::Unassigned => "unassigned".to_owned(),
            Self::NotTested => "not_tested".to_owned(),
            Self::OtherPeriod => "other_period".to_owned(),
            Self::NoSale => "no_sale".to_owned(),
        }
    }

    /// The words on paper.
    pub fn words(self) -> String {
        match self {
            Self::Taxable => "taxable".to_owned(),
            Self::Credit => "credits for taxable sales".to_owned(),
            Self::Exempt(reason) => format!("exempt: {}", reason.words()),
            Self::NonTaxable => "not taxable".to_owned(),
            Self::Holiday => "tax holiday".to_owned(),
            Self::Marketplace => "marketplace collects".to_owned(),
            Self::OnNoReturn => "on no return: not registered".to_owned(),
            Self::Unassigned => "unassigned".to_owned(),
            Self::NotTested => "not tested".to_owned(),
            Self::OtherPeriod => "in another period".to_owned(),
            Self::NoSale => "no posted bill".to_owned(),
        }
    }
}

/// What the tax collected differs by from what is due, document by document and jurisdiction by jurisdiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A lawful way of rounding explains it.
    Rounding,
    /// The base is right, the rate is not.
    WrongRate,
    /// Tax of a place where the sale is not taxed, or of the right place left out beside it.
    WrongPlace,
    /// Tax on what is not taxed.
    ExemptTaxed,
    /// No tax on what is taxed.
    Untaxed,
    /// Base and rate are right, the product is not, or none of the others explains it.
    Arithmetic,
}

impl Cause {
    /// In the order of papers.
    pub const ALL: [Self; 6] =
        [Self::Rounding, Self::WrongRate, Self::WrongPlace, Self::ExemptTaxed, Self::Untaxed, Self::Arithmetic];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rounding => "rounding",
            Self::WrongRate => "wrong_rate",
            Self::WrongPlace => "wrong_jurisdiction",
            Self::ExemptTaxed => "exempt_taxed",
            Self::Untaxed => "taxable_untaxed",
            Self::Arithmetic => "arithmetic",
        }
    }

    /// The words on paper.
    pub fn words(self) -> &'static str {
        match self {
            Self::Rounding => "rounding",
            Self::WrongRate => "wrong rate",
            Self::WrongPlace => "wrong jurisdiction",
            Self::ExemptTaxed => "exempt taxed",
            Self::Untaxed => "taxable untaxed",
            Self::Arithmetic => "arithmetic",
        }
    }

    /// Its place in arrays.
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|one| *one == self).unwrap_or(0)
    }
}

/// What a schedule row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Sales and credits for them.
    Sales,
    /// Debts written off, and what came in on them after all; no tax is collected by them.
    BadDebts,
}

/// Jurisdiction × rate × original period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRow {
    /// The jurisdiction's id.
    pub jurisdiction: String,
    /// country, state, county, city, district.
    pub level: String,
    /// Its name, or the code where the exports give none.
    pub name: String,
    /// The code on the state's return, or the id.
    pub reporting_code: String,
    /// Sales or bad debts.
    pub kind: Kind,
    /// general, food_drug, reduced …
    pub class: String,
    /// True if the sale came from the same state.
    pub is_intrastate: bool,
    /// The rate in force, scale 12; none where tax was collected for a place in which nothing was taxed.
    pub rate: Option<i128>,
    /// Tax by the unit, where the rate is such.
    pub flat: bool,
    /// The row of the rate table that was relied on.
    pub relied_on: Option<RecordRef>,
    /// The filing period of the original sale.
    pub original: String,
    /// Lines.
    pub lines: u64,
    /// Documents.
    pub documents: u64,
    /// What is taxed: money units.
    pub base: i128,
    /// Base times rate: scale 18.
    pub exact: i128,
    /// Rounded once: money units.
    pub due: i128,
    /// Collected: money units.
    pub collected: i128,
    /// Collected less due, by `Cause::ALL`.
    pub differences: [i128; 6],
    /// Hash over the documents behind it: number, base and tax collected, in the order of the detail.
    pub hash: String,
}

/// Tax of a jurisdiction on a document that is not what is due and that rounding does not explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterRow {
    /// Document id.
    pub document: String,
    /// Its number.
    pub number: String,
    /// Day of issue.
    pub issued: Option<Date>,
    /// Customer.
    pub customer: Option<String>,
    /// Jurisdiction.
    pub jurisdiction: String,
    /// Why.
    pub cause: Cause,
    /// The base that is taxed: money units.
    pub base: i128,
    /// The rate in force.
    pub rate: Option<i128>,
    /// What is due, as documents are rounded: money units.
    pub due: i128,
    /// What was collected: money units.
    pub collected: i128,
    /// A former or later rate of the same jurisdiction that gives what was collected: rate and its first day.
    pub other_rate: Option<(i128, Date)>,
    /// True for a credit that takes back what its original took too much or too little: it lessens that register.
    pub is_reversal: bool,
    /// Given back since of this row: money units, and the last day.
    pub refunded: (i128, Option<Date>),
    /// The return with which what was not given back is to be remitted, beside its amount due; none where refunds come first,
    /// where nobody says, or where these papers are no return.
    pub to_remit_with: Option<String>,
}

impl RegisterRow {
    /// Collected less due: positive is over-collected.
    pub fn difference(&self) -> i128 {
        self.collected - self.due
    }

    /// True for the register of what is over-collected: a reversal stands where its original does, with the other sign.
    pub fn is_over(&self) -> bool {
        (self.difference() > 0) != self.is_reversal
    }

    /// Over-collected and not given back: money units.
    pub fn open(&self) -> i128 {
        if self.is_over() { (self.difference() - self.refunded.0).max(0) } else { 0 }
    }
}

/// A certificate that sales of the period rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRow {
    /// Its number.
    pub certificate: String,
    /// Whose.
    pub customer: String,
    /// Why exempt.
    pub reason: Exemption,
    /// blanket or single_purchase.
    pub scope: String,
    /// In force from.
    pub from: Date,
    /// To, exclusive; none: open.
    pub to: Option<Date>,
    /// When the seller got it.
    pub received: Option<Date>,
    /// Lines that rest on it.
    pub lines: u64,
    /// Their net: money units.
    pub net: i128,
}

/// An untaxed line for an exempt customer that no certificate supports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedRow {
    /// Document number.
    pub number: String,
    /// Line.
    pub line: String,
    /// Customer.
    pub customer: Option<String>,
    /// Tax date.
    pub day: Date,
    /// Money units.
    pub net: i128,
    /// In words.
    pub why: String,
}

/// A credit or a bad debt, traced to what it takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedRow {
    /// Credit note or adjustment.
    pub number: String,
    /// Its day.
    pub day: Date,
    /// The original document's number.
    pub original: String,
    /// The original's tax date.
    pub original_day: Date,
    /// The original's filing period.
    pub original_period: String,
    /// Customer.
    pub customer: Option<String>,
    /// Taxable part, negative for a credit: money units.
    pub base: i128,
    /// Tax at the original's rates, as documents are rounded: money units.
    pub due: i128,
    /// Tax as credited: money units. Of a bad debt: as written off.
    pub stated: i128,
    /// Whether the original's period was filed; none where no filed returns are given.
    pub was_filed: Option<bool>,
    /// Why a bad debt is not deducted; empty where it is, and for a credit.
    pub why_not: String,
}

/// A document of an earlier period, or near a change of rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutoffRow {
    /// Document number.
    pub number: String,
    /// Tax date.
    pub day: Date,
    /// Jurisdiction.
    pub jurisdiction: String,
    /// The day of the change.
    pub change: Date,
    /// Rate in force.
    pub due_rate: i128,
    /// Rate charged: that of the other side.
    pub charged_rate: i128,
    /// Collected less due: money units.
    pub difference: i128,
}

/// A line of the return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnLine {
    /// Element of the Simplified Electronic Return, or the form's line.
    pub code: String,
    /// In words.
    pub label: String,
    /// How it is made, in names of other figures.
    pub formula: String,
    /// Money units.
    pub amount: i128,
    /// Lines of documents behind it.
    pub records: u64,
    /// Hash over these lines in the order of the detail; empty where no lines stand behind it.
    pub hash: String,
}

/// A figure of a filed return against now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiledRow {
    /// Line code.
    pub code: String,
    /// Jurisdiction's id.
    pub jurisdiction: String,
    /// As filed last: money units; none: it is not on the filed return.
    pub filed: Option<i128>,
    /// Now: money units; none: this return has no such line.
    pub now: Option<i128>,
}

/// What a table says of a state, and by which authority.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleRow {
    /// The table: practice, tax date, sourcing.
    pub table: String,
    /// What it is about: a topic, a supply, scope and level.
    pub about: String,
    /// What it says.
    pub says: String,
    /// In force from.
    pub from: Date,
    /// Statute or rule; empty where the table gives none.
    pub cite: String,
}

/// Accrual or cash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// Taxed in the period of the sale.
    Accrual,
    /// Taxed in the period of the payment.
    Cash,
}

/// What one cell of the bridge holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeRow {
    /// The cell.
    pub cell: Cell,
    /// Lines.
    pub lines: u64,
    /// Σ net: money units.
    pub net: i128,
    /// Of it, taxed: money units; zero but for taxable sales and their credits.
    pub taxed: i128,
    /// Hash over the lines in the order of the detail.
    pub hash: String,
}

/// From gross to taxable. All money units.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Bridge {
    /// In the order of `Cell::ALL`, cells of a return only; each once.
    pub rows: Vec<BridgeRow>,
    /// Gross sales as the form defines them.
    pub gross: i128,
    /// Of gross, sourced to other states.
    pub out_of_state: i128,
    /// The same by state: lines, net.
    pub elsewhere: Vec<(String, u64, i128)>,
    /// The part of taxable lines that is not taxed (thresholds).
    pub part_not_taxed: i128,
    /// Taxable part of credits, positive.
    pub credits: i128,
    /// Taxable part of bad debts less recoveries, positive.
    pub bad_debts: i128,
    /// What is left.
    pub taxable: i128,
    /// Of taxable, what the state itself does not tax: other levels do.
    pub not_by_state: i128,
    /// True if the form's gross holds marketplace sales.
    pub has_marketplace: bool,
}

impl Bridge {
    /// A cell's row.
    pub fn row(&self, cell: Cell) -> Option<&BridgeRow> {
        self.rows.iter().find(|row| row.cell == cell)
    }

    /// Σ net of a cell.
    pub fn net(&self, cell: Cell) -> i128 {
        self.row(cell).map_or(0, |row| row.net)
    }
}

/// One return with its papers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    /// Seller.
    pub entity: String,
    /// `US-NE`.
    pub state: String,
    /// The state's own jurisdiction id.
    pub authority: String,
    /// Days of the period.
    pub period: Period,
    /// `2026-10`, `2026Q4`, `2026`.
    pub period_name: String,
    /// ISO 4217.
    pub currency: String,
    /// The seller's number there.
    pub registration_no: Option<String>,
    /// By when it is to be filed, if the registration tells.
    pub due_date: Option<Date>,
    /// Accrual or cash.
    pub basis: Basis,
    /// True if a return for the period is among the filed ones: this one replaces it in full.
    pub is_amended: bool,
    /// From gross to taxable.
    pub bridge: Bridge,
    /// By jurisdiction, rate, original period.
    pub schedule: Vec<ScheduleRow>,
    /// What is over- and under-collected, largest first.
    pub register: Vec<RegisterRow>,
    /// What exempt sales rest on.
    pub certificates: Vec<CertificateRow>,
    /// Exempt sales that rest on nothing.
    pub unsupported: Vec<UnsupportedRow>,
    /// Credits of the period.
    pub credits: Vec<TracedRow>,
    /// Bad debts and recoveries of the period.
    pub bad_debts: Vec<TracedRow>,
    /// Documents that were taxed by the rate of the other side of a change.
    pub cutoff: Vec<CutoffRow>,
    /// The return.
    pub lines: Vec<ReturnLine>,
    /// Against what was filed for the period.
    pub filed: Vec<FiledRow>,
    /// Rounded amounts, and so the bound of what pure rounding can be: half a minor unit each.
    pub rounded: u64,
    /// Lines whose jurisdiction the biller assigned, not verified: records, money units.
    pub unverified: (u64, i128),
    /// Lines whose taxability the biller assigned, not verified.
    pub unverified_taxability: (u64, i128),
    /// Rows of the state's tables that were in force, with their citation.
    pub rules: Vec<RuleRow>,
    /// Everything that was taken for want of a row, and what follows.
    pub remarks: Vec<String>,
}

impl Filing {
    /// Over-collected (positive) and under-collected (negative) by error, as the registers have it, rounding apart; money units.
    pub fn errors(&self) -> (i128, i128) {
        let of = |is_over: bool| self.register.iter().filter(move |row| row.is_over() == is_over);
        (of(true).map(RegisterRow::difference).sum(), of(false).map(RegisterRow::difference).sum())
    }

    /// A figure of the return by its code.
    pub fn line(&self, code: &str) -> Option<i128> {
        self.lines.iter().find(|line| line.code == code).map(|line| line.amount)
    }
}

/// Lines that are in one cell for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    /// The seller; empty where unknown.
    pub entity: String,
    /// The state; empty where the line is on no return of a state.
    pub state: String,
    /// The cell.
    pub cell: Cell,
    /// Why, where it is on no return.
    pub reason: String,
    /// Records and money.
    pub measure: Measure,
}

/// An item that keeps two sources from agreeing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcilingItem {
    /// Between which: `invoices / ledger`.
    pub between: String,
    /// What is the matter, in words.
    pub what: String,
    /// Document or entry.
    pub document: String,
    /// Its day.
    pub day: Option<Date>,
    /// Days from then to the as-of day.
    pub age: Option<i32>,
    /// The second source less the first: money units.
    pub amount: i128,
}

/// One of the sources of the tie-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TieSource {
    /// invoices, engine, ledger, returns, payments.
    pub name: String,
    /// Tax of the period: money units; none: the exports do not have the source.
    pub tax: Option<i128>,
    /// Records behind it.
    pub records: u64,
}

/// Tax payable of one seller and currency over the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Seller.
    pub entity: String,
    /// ISO 4217.
    pub currency: String,
    /// What each source says of the period.
    pub sources: Vec<TieSource>,
    /// Ledger: opening, accrued, paid, closing as computed, closing as stated; none without ledger balances.
    pub opening: Option<i128>,
    /// Credits to the account in the period.
    pub accrued: i128,
    /// Debits by payments in the period, positive.
    pub paid: i128,
    /// Stated at the end.
    pub closing: Option<i128>,
    /// What keeps sources apart.
    pub items: Vec<ReconcilingItem>,
}

/// Something about the reference data that a preparer must know before relying on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceRemark {
    /// gap, overlap, contradiction, components, stale, unresolved, missing.
    pub kind: String,
    /// In words.
    pub text: String,
    /// Rows concerned.
    pub rows: Vec<RecordRef>,
}

/// All returns of a period, and what is on none.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Papers {
    /// In order of seller, state, currency.
    pub filings: Vec<Filing>,
    /// Every line of the exports, once.
    pub landed: Vec<Landed>,
    /// Tax rows of lines that are on no return of the period; all others are `collected` on a schedule.
    pub landed_tax: Vec<Landed>,
    /// All lines: the denominator.
    pub population: Measure,
    /// All tax rows, stray ones with them; none where the papers are of one state, or the exports have no tax rows.
    pub tax: Option<Measure>,
    /// Tax rows of documents without lines: records and money, in no return.
    pub stray_tax: Measure,
    /// The tie-out.
    pub ties: Vec<Tie>,
    /// About rates, boundaries and rules.
    pub reference: Vec<ReferenceRemark>,
    /// What the exports lack, so that it was not asked.
    pub unasked: Vec<String>,
}

/// A line of a document in the detail: on a return, or on none for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail<'a> {
    /// Return it is on: seller, state, currency; none for a line of the period that is on no return.
    pub filing: Option<(&'a str, &'a str, &'a str)>,
    /// Why it is on none; empty for a line of a return.
    pub reason: &'a str,
    /// The record.
    pub record: RecordRef,
    /// Document number.
    pub number: &'a str,
    /// Line number.
    pub line: &'a str,
    /// Of a credit, the number of what it takes back; empty otherwise.
    pub original: &'a str,
    /// Certificate that it rests on; empty if on none.
    pub certificate: &'a str,
    /// The line's tax category.
    pub category: &'a str,
    /// Ship-from and ship-to address; empty where unknown.
    pub route: (&'a str, &'a str),
    /// True if it stays in one state.
    pub is_intrastate: bool,
    /// Tax date, if it has one.
    pub day: Option<Date>,
    /// Customer.
    pub customer: &'a str,
    /// Cell.
    pub cell: Cell,
    /// Net: money units.
    pub net: i128,
    /// Taxed at the state's level: money units.
    pub taxed: i128,
    /// What each authority takes.
    pub parts: Vec<DetailPart<'a>>,
}

/// What one authority takes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailPart<'a> {
    /// The authority's id.
    pub jurisdiction: &'a str,
    /// Class of the rate.
    pub class: &'a str,
    /// Money units.
    pub base: i128,
    /// Scale 12.
    pub rate: i128,
    /// Scale 18.
    pub exact: i128,
}

/// Money units as an amount.
pub fn money(units: i128) -> Amount {
    Amount::money(units)
}

/// Sums by cell over `landed`, for the proof that each line lands once.
pub fn by_cell(landed: &[Landed]) -> BTreeMap<Cell, Measure> {
    let mut cells: BTreeMap<Cell, Measure> = BTreeMap::new();
    for one in landed {
        cells.entry(one.cell).or_default().add(&one.measure);
    }
    cells
}
