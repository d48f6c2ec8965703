//! One line: which day governs, who taxes it, what of it is taxed at which rate, and so in which cell it lands.

mod law;
mod route;
mod support;

use std::collections::{BTreeSet, HashMap};

use tieout_model::amount::{MONEY_SCALE, QUANTITY_SCALE, pow10, round_units};
use tieout_model::filing::{Cell, Exemption};
use tieout_model::{Date, Rounding};

use super::place::Boundaries;
use super::reference::Reference;
use super::sale::{NONE, Sale, Sales, Supply, Taxes};

/// What a jurisdiction takes of a line.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub jurisdiction: u32,
    /// Row of the rate table.
    pub rate: usize,
    /// Money units.
    pub base: i128,
    /// Scale 18.
    pub exact: i128,
}

/// A line that was judged.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub cell: Cell,
    /// Why, where the cell is of no return; what was relied on elsewhere.
    pub reason: String,
    /// The state or country, by its own jurisdiction.
    pub state: Option<u32>,
    /// The day that puts it into a period, of the original where it is a credit.
    pub day: Option<Date>,
    pub is_intrastate: bool,
    pub parts: Vec<Part>,
    /// Money units taxed at the state's level.
    pub taxed: i128,
    /// True if the state itself taxes it, or would.
    pub by_state: bool,
    /// False where the biller assigned the jurisdiction.
    pub is_verified: bool,
    /// False where the biller assigned the taxability.
    pub is_law_given: bool,
    /// Of a seller who reports cash: paid in the period, of how much; else the whole.
    pub share: Share,
    /// The certificate that it rests on.
    pub certificate: Option<String>,
    /// Why an exemption that was claimed is not supported.
    pub unsupported: Option<String>,
}

/// A part of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub part: i128,
    pub of: i128,
}

impl Share {
    pub(crate) const WHOLE: Self = Self { part: 1, of: 1 };

    /// The part of an amount, rounded to the currency; money units.
    pub(crate) fn take(self, units: i128, places: u8) -> i128 {
        if self.part == self.of {
            return units;
        }
        let drop = u32::from(MONEY_SCALE - places);
        let part = tieout_model::amount::div_units(units * self.part, self.of, Rounding::HalfUp);
        round_units(part, drop, Rounding::HalfUp) * pow10(drop)
    }
}

/// How a jurisdiction treats a category on a day.
#[derive(Clone, Debug)]
struct Law {
    jurisdiction: u32,
    rate: usize,
    treatment: Treatment,
    /// Price of an article up to which a holiday spares it; `None` inside: whatever the price.
    holiday: Option<Option<i128>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Treatment {
    Taxed,
    Free,
    /// Only the part of the price above it is taxed.
    Above(i128),
    /// Free up to this price, taxed in whole beyond.
    UpTo(i128),
    /// As the goods of the document.
    AsGoods,
}

type Stack = Result<(Vec<u32>, bool), String>;

/// Who taxes, category, supply, intrastate, day, and for a service start and bill.
type LawKey = (Vec<u32>, u32, Supply, bool, Date, Option<(Date, Date)>);

/// The certificate that supports an exemption, and why none does.
type Support = (Option<(String, Exemption)>, Option<String>);

/// What the rest of a document says of a line.
pub(crate) struct Beside<'a> {
    /// By authority: taxed, and all, of the document's goods.
    pub goods: &'a HashMap<u32, (i128, i128)>,
    /// The line's share of what is taken off the document as a whole; none if it cannot be shared out.
    pub allowance: Option<i128>,
}

pub(crate) struct Judge<'a> {
    pub reference: &'a Reference,
    pub boundaries: &'a Boundaries,
    pub sales: &'a Sales,
    pub taxes: &'a Taxes,
    /// Days on which a customer bought, in order.
    pub bought: HashMap<u32, BTreeSet<Date>>,
    /// Decimal places of money on documents.
    pub places: u8,
    stacks: HashMap<(u32, u32, u32, u32, String, Date), Stack>,
    laws: HashMap<LawKey, Result<Vec<Law>, String>>,
}

/// Why a line is on no return.
struct Stop(Cell, String);

impl<'a> Judge<'a> {
    pub(crate) fn new(
        reference: &'a Reference,
        boundaries: &'a Boundaries,
        sales: &'a Sales,
        taxes: &'a Taxes,
    ) -> Self {
        let mut bought: HashMap<u32, BTreeSet<Date>> = HashMap::new();
        for document in &sales.documents {
            let is_sale = sales.names.get(document.kind) == "invoice" && sales.names.get(document.status) == "posted";
            if let Some(day) = document.tax_point.or(document.issued).filter(|_| is_sale) {
                bought.entry(document.customer).or_default().insert(day);
            }
        }
        Self { reference, boundaries, sales, taxes, bought, places: 2, stacks: HashMap::new(), laws: HashMap::new() }
    }

    /// Judges a line, with what the rest of its document says of it.
    pub(crate) fn line(&mut self, at: u32, sale: &Sale, beside: &Beside<'_>) -> Judged {
        let mut judged = Judged {
            cell: Cell::NotTested,
            reason: String::new(),
            state: None,
            day: None,
            is_intrastate: false,
            parts: Vec::new(),
            taxed: 0,
            by_state: true,
            is_verified: true,
            is_law_given: true,
            share: Share::WHOLE,
            certificate: None,
            unsupported: None,
        };
        match self.try_line(at, sale, beside, &mut judged) {
            Ok(cell) => judged.cell = cell,
            Err(Stop(cell, reason)) => {
                judged.cell = cell;
                judged.reason = reason;
                judged.parts.clear();
                judged.taxed = 0;
                judged.certificate = None;
                judged.unsupported = None;
            }
        }
        judged
    }

    fn try_line(&mut self, at: u32, sale: &Sale, beside: &Beside<'_>, judged: &mut Judged) -> Result<Cell, Stop> {
        let names = &self.sales.names;
        let document = &self.sales.documents[at as usize];
        let kind = names.get(document.kind);
        if names.get(document.status) != "posted" {
            let status = names.option(document.status).unwrap_or("unknown");
            return Err(Stop(Cell::NoSale, format!("its status is {status}")));
        }
        if !matches!(kind, "invoice" | "credit_note" | "debit_note") {
            return Err(Stop(
                Cell::NoSale,
                format!("a {} is no sale", if kind.is_empty() { "document of no type" } else { kind }),
            ));
        }
        let test = |reason: &str| Stop(Cell::NotTested, reason.to_owned());
        let Some(net) = sale.net else { return Err(test("`net_amount` is missing or unreadable")) };
        for (code, name) in [(document.entity, "entity_id"), (document.currency, "currency")] {
            if code == NONE {
                return Err(test(&format!("`{name}` is missing")));
            }
        }
        let is_credit = kind == "credit_note";
        // A credit takes day and rate of what it takes back.
        let source = if is_credit {
            if document.original == NONE {
                return Err(test("the credit names no original, so its rate is not known"));
            }
            match self.sales.document_at.get(&document.original) {
                Some(original) => &self.sales.documents[*original as usize],
                None => return Err(test("the credit's original is not among the exports, so its rate is not known")),
            }
        } else {
            document
        };
        let Some(day) = source.tax_point.or(source.issued) else {
            return Err(test("no tax point and no day of issue"));
        };
        judged.day = Some(day);
        let (state, origin, destination, scope, is_intrastate) = self.route(source, sale)?;
        judged.is_intrastate = is_intrastate;
        let Some(top) = self.reference.state(&state) else {
            let words = format!("no jurisdiction is known for {state}");
            return Err(Stop(Cell::OnNoReturn, words));
        };
        judged.state = Some(top);
        if self.reference.registration(names.get(document.entity), top, day).is_none() {
            return Err(Stop(
                Cell::OnNoReturn,
                format!("the seller is not registered in {state} on the day of the sale"),
            ));
        }
        if document.is_marketplace {
            return Ok(Cell::Marketplace);
        }
        if document.has_charge {
            return Err(test("a charge of the whole document stands on no line"));
        }
        if document.allowance != 0 && beside.allowance.is_none() {
            return Err(test("what is taken off the whole document cannot be shared out to its goods"));
        }
        let (rate_day, span) = self.governing(source, sale, &state)?;
        let (stack, is_verified) = self.stack(at, sale, (origin, destination), &scope, &state, rate_day)?;
        judged.is_verified = is_verified;
        let laws = self.laws(&stack, sale, judged.is_intrastate, rate_day, span)?;
        judged.is_law_given = self.reference.taxability.is_some();
        let (certificate, unsupported) = self.certificate(at, sale, &state, day, judged.is_law_given)?;
        let mut by_holiday = false;
        let mut state_base = None;
        let mut largest = 0i128;
        for law in laws {
            let charged = i128::from(net) - beside.allowance.unwrap_or(0);
            let (base, spared) = self.base(&law, charged, sale, beside.goods)?;
            let (base, holiday) = if certificate.is_some() { (0, false) } else { (base, spared) };
            by_holiday |= holiday;
            let rate = &self.reference.rates[law.rate];
            let base = match rate.cap {
                // The rate applies to the price of one article up to the cap.
                Some(cap) => {
                    let quantity = sale
                        .quantity
                        .ok_or_else(|| test("`quantity` is missing, and the rate has a limit by article"))?;
                    let most =
                        round_units(cap * i128::from(quantity).abs(), u32::from(QUANTITY_SCALE), Rounding::HalfUp);
                    base.clamp(-most, most)
                }
                None => base,
            };
            let exact = match rate.flat {
                Some(flat) if base != 0 => {
                    let quantity =
                        sale.quantity.ok_or_else(|| test("`quantity` is missing, and the tax is by the unit"))?;
                    // Money × quantity has scale 12; exact tax has 18.
                    flat * i128::from(quantity) * pow10(6)
                }
                Some(_) => 0,
                None => base * rate.rate,
            };
            if law.jurisdiction == top {
                state_base = Some(base);
            }
            if base.abs() > largest.abs() {
                largest = base;
            }
            judged.parts.push(Part { jurisdiction: law.jurisdiction, rate: law.rate, base, exact });
        }
        judged.by_state = state_base.is_some();
        judged.taxed = state_base.unwrap_or(largest);
        judged.unsupported = unsupported;
        if let Some((id, reason)) = certificate {
            judged.certificate = Some(id);
            return Ok(Cell::Exempt(reason));
        }
        Ok(match judged.taxed {
            0 if net != 0 && by_holiday => Cell::Holiday,
            0 if net != 0 => Cell::NonTaxable,
            _ if is_credit => Cell::Credit,
            _ => Cell::Taxable,
        })
    }
}
