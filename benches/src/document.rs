//! A document under way: lines, tax and totals, exact and in minor units, before it has a number.

use tieout_model::Date;

use crate::company::{Class, Customer, JURISDICTIONS, STATES, category, taxed_as, terms_of};
use crate::money::{Currency, extend, tax};

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A bill.
    Invoice,
    /// A credit note; its amounts and quantities are negative.
    Credit,
    /// A debit note.
    Debit,
    /// A bill for a prepayment.
    Prepayment,
}

impl Kind {
    /// The canonical word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::Credit => "credit_note",
            Self::Debit => "debit_note",
            Self::Prepayment => "prepayment",
        }
    }
}

/// A line.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Position in `ITEMS`.
    pub item: usize,
    /// `item` if empty, else freight, fee …
    pub kind: &'static str,
    /// Thousandths.
    pub quantity: i64,
    /// Ten-thousandths.
    pub price: i64,
    /// Minor units off the line.
    pub allowance: i64,
    /// Net, minor units.
    pub net: i64,
    /// Tax, minor units.
    pub tax: i64,
    /// Order and its line.
    pub order: Option<(u64, u64)>,
    /// Shipment and its line.
    pub shipment: Option<(u64, u64)>,
    /// The line of the original that a credit line credits.
    pub original: Option<u64>,
    /// Lot number.
    pub lot: Option<u64>,
    /// Service days, half-open.
    pub service: Option<(Date, Date)>,
    /// Subscription, or 0.
    pub subscription: u64,
    /// Promotion.
    pub discount: &'static str,
    /// An address of its own, or 0.
    pub ship_to: u64,
    /// Sum of the rates that tax it, millionths.
    pub rate: i64,
    /// What the charge is, for fees.
    pub charge: &'static str,
    /// Convention by which a part of a period is priced, where the contract fixes one.
    pub proration: &'static str,
    /// Day on which title passes, if not at delivery.
    pub title: Option<Date>,
    /// Words on the line.
    pub words: &'static str,
    /// Unit, if not the item's.
    pub unit: &'static str,
    /// Price before a discount, ten-thousandths, or 0.
    pub list: i64,
    /// Category of its tax, if it is neither taxable nor exempt by the tables.
    pub category: &'static str,
    /// Why it is not taxed.
    pub exemption: &'static str,
    /// Certificate that the bill names without being taxed by it, or 0.
    pub certificate: u64,
    /// True if no item stands on it.
    pub bare: bool,
    /// True if the biller leaves it untaxed, whatever the tables say.
    pub spared: bool,
}

/// A tax row at invoice grain.
#[derive(Clone, Debug)]
pub struct TaxRow {
    /// Position in `JURISDICTIONS`.
    pub jurisdiction: usize,
    /// General or food.
    pub class: Class,
    /// Millionths.
    pub rate: i64,
    /// Minor units.
    pub base: i64,
    /// Minor units.
    pub tax: i64,
}

/// How the tax of a document is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taxing {
    /// By the tables.
    Lawful,
    /// Not at all.
    None,
    /// Everything at the general rate, whatever the tables exempt.
    Everything,
}

/// Whose rounding: once an invoice and jurisdiction, or line by line and summed. Both are lawful.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Base of the document times the rate; the lines share it out.
    Invoice,
    /// Each line by itself.
    Line,
}

/// A document.
#[derive(Clone, Debug)]
pub struct Document {
    /// System key.
    pub id: u64,
    /// What it is.
    pub kind: Kind,
    /// `posted` or `void`.
    pub status: &'static str,
    /// The number as printed; the next of the series if `None`.
    pub number: Option<String>,
    /// Day of issue.
    pub date: Date,
    /// Day of supply, if stated.
    pub tax_point: Option<Date>,
    /// The day whose rates apply, if neither of the two (credit notes take the original's).
    pub rate_day: Option<Date>,
    /// Whose.
    pub customer: Customer,
    /// Service period in the header.
    pub period: Option<(Date, Date)>,
    /// Order, or 0.
    pub order: u64,
    /// The customer's own order number, or 0.
    pub po: u64,
    /// Ship-to, or 0 for the customer's.
    pub ship_to: u64,
    /// What a credit or debit note refers to, or 0.
    pub original: u64,
    /// What it replaces, or 0.
    pub replaces: u64,
    /// Why it was issued.
    pub reason: &'static str,
    /// `direct` or `marketplace`.
    pub channel: &'static str,
    /// Lines; the first is line 1.
    pub lines: Vec<Line>,
    /// Tax rows.
    pub taxes: Vec<TaxRow>,
    /// Discount in the header, minor units.
    pub allowance: i64,
    /// Charge in the header, minor units.
    pub charge: i64,
    /// Cash rounding.
    pub rounding: i64,
    /// Σ lines − discount + charge, as stated.
    pub net: i64,
    /// Σ tax rows, as stated.
    pub tax: i64,
    /// Net + tax + rounding, as stated.
    pub gross: i64,
    /// What has settled it, by day.
    pub settled: Vec<(Date, i64)>,
    /// Selling company; 0 is the first.
    pub entity: u64,
    /// Terms of payment.
    pub terms: &'static str,
    /// Due day, if not by its terms.
    pub due: Option<Date>,
    /// Days after which it was sent, if that is recorded.
    pub sent: Option<i32>,
    /// Day of posting, if not that of issue.
    pub posting: Option<Date>,
    /// Prepaid amount that is taken off, minor units.
    pub prepaid: i64,
    /// Amount due as stated, if that is not the total less what was prepaid.
    pub payable: Option<i64>,
    /// What the stated balance is off by.
    pub unbalanced: i64,
    /// Payment status as stated, if it does not follow from the balance.
    pub paid: &'static str,
    /// Contract, or 0.
    pub deal: u64,
    /// Promotion of its lines, if they name none.
    pub promotion: String,
    /// What the amount in the functional currency is off by, in its cents.
    pub untranslated: i64,
    /// True if the tax is that of no lawful method.
    pub mistaxed: bool,
    /// True for an account that is not among the customers.
    pub unknown: bool,
}

impl Document {
    /// An invoice without lines.
    pub fn new(id: u64, customer: Customer, date: Date) -> Self {
        Self {
            id,
            kind: Kind::Invoice,
            status: "posted",
            number: None,
            date,
            tax_point: None,
            rate_day: None,
            customer,
            period: None,
            order: 0,
            po: 0,
            ship_to: 0,
            original: 0,
            replaces: 0,
            reason: "",
            channel: "direct",
            lines: Vec::new(),
            taxes: Vec::new(),
            allowance: 0,
            charge: 0,
            rounding: 0,
            net: 0,
            tax: 0,
            gross: 0,
            settled: Vec::new(),
            entity: 0,
            terms: if customer.wholesale { "D10" } else { "N30" },
            due: None,
            sent: Some(0),
            posting: None,
            prepaid: 0,
            payable: None,
            unbalanced: 0,
            paid: "",
            deal: 0,
            promotion: String::new(),
            untranslated: 0,
            mistaxed: false,
            unknown: false,
        }
    }

    /// When it falls due; credit notes do not.
    pub fn due(&self) -> Option<Date> {
        let by_terms = || terms_of(self.terms).due(self.date);
        (self.kind != Kind::Credit).then(|| self.due.unwrap_or_else(by_terms))
    }

    /// What the customer is asked for.
    pub fn asked(&self) -> i64 {
        self.payable.unwrap_or(self.gross - self.prepaid)
    }

    /// The day whose rates are lawful.
    pub fn lawful_day(&self) -> Date {
        let original = self.rate_day.filter(|_| self.kind == Kind::Credit);
        original.or(self.tax_point).unwrap_or(self.date)
    }

    /// Its currency.
    pub fn currency(&self) -> Currency {
        self.customer.currency
    }

    /// What is open at the end of a day.
    pub fn open(&self, at: Date) -> i64 {
        self.asked() - self.settled.iter().filter(|(day, _)| *day <= at).map(|(_, units)| units).sum::<i64>()
    }

    /// Computes line amounts, tax and totals anew.
    pub fn total(&mut self, taxing: Taxing, rounding: Rounding) {
        let currency = self.currency();
        for line in &mut self.lines {
            line.net = extend(line.quantity, line.price, currency) - line.allowance;
        }
        self.tax_lines(taxing, rounding);
    }

    /// Computes tax and totals from the lines' net amounts as they are.
    pub fn tax_lines(&mut self, taxing: Taxing, rounding: Rounding) {
        let state = self.customer.state;
        let date = self.rate_day.or(self.tax_point).unwrap_or(self.date);
        let exempt = self.customer.certificate > 0;
        self.taxes.clear();
        self.lines.iter_mut().for_each(|line| (line.tax, line.rate) = (0, 0));
        let classes: Vec<Option<Class>> = self
            .lines
            .iter()
            .map(|line| match taxing {
                _ if line.spared => None,
                Taxing::None => None,
                Taxing::Everything => Some(Class::General),
                Taxing::Lawful if exempt => None,
                Taxing::Lawful => taxed_as(state, category(line.kind, line.item)),
            })
            .collect();
        for class in [Class::General, Class::Food] {
            let of: Vec<usize> = (0..classes.len()).filter(|&index| classes[index] == Some(class)).collect();
            let header = if class == Class::General && !exempt { self.charge - self.allowance } else { 0 };
            for &jurisdiction in STATES[state].taxed_by {
                if of.is_empty() || !JURISDICTIONS[jurisdiction].registered {
                    continue;
                }
                let rate = JURISDICTIONS[jurisdiction].rate(class, date);
                let base = of.iter().map(|&index| self.lines[index].net).sum::<i64>() + header;
                let on_lines: Vec<i64> = of.iter().map(|&index| tax(self.lines[index].net, rate)).collect();
                let whole = match rounding {
                    Rounding::Invoice => tax(base, rate),
                    Rounding::Line => on_lines.iter().sum::<i64>() + tax(header, rate),
                };
                let mut rest = whole;
                for (&index, own) in of.iter().zip(on_lines) {
                    self.lines[index].tax += own;
                    self.lines[index].rate += rate;
                    rest -= own;
                }
                if let Some(&largest) = of.iter().max_by_key(|&&index| self.lines[index].net.abs()) {
                    self.lines[largest].tax += rest;
                }
                self.taxes.push(TaxRow { jurisdiction, class, rate, base, tax: whole });
            }
        }
        if self.taxes.is_empty() {
            let rows = STATES[state].taxed_by.iter().take(1);
            self.taxes.extend(rows.map(|&jurisdiction| TaxRow {
                jurisdiction,
                class: Class::General,
                rate: 0,
                base: 0,
                tax: 0,
            }));
        }
        self.sums();
    }

    /// Header totals from lines and tax rows.
    pub fn sums(&mut self) {
        self.net = self.lines.iter().map(|line| line.net).sum::<i64>() - self.allowance + self.charge;
        self.tax = self.taxes.iter().map(|row| row.tax).sum();
        self.gross = self.net + self.tax + self.rounding;
    }

    /// The whole document with the opposite sign.
    pub fn mirrored(&self, id: u64, date: Date, reason: &'static str) -> Self {
        let mut credit = self.clone();
        credit.id = id;
        credit.kind = Kind::Credit;
        credit.number = None;
        credit.date = date;
        credit.tax_point = None;
        credit.rate_day = Some(self.tax_point.unwrap_or(self.date));
        credit.original = self.id;
        credit.replaces = 0;
        credit.reason = reason;
        credit.settled.clear();
        (credit.prepaid, credit.payable, credit.due) = (0, None, None);
        for (line, number) in credit.lines.iter_mut().zip(1..) {
            line.quantity = -line.quantity;
            line.allowance = -line.allowance;
            line.net = -line.net;
            line.tax = -line.tax;
            line.original = Some(number);
        }
        for row in &mut credit.taxes {
            row.base = -row.base;
            row.tax = -row.tax;
        }
        for amount in [
            &mut credit.allowance,
            &mut credit.charge,
            &mut credit.rounding,
            &mut credit.net,
            &mut credit.tax,
            &mut credit.gross,
        ] {
            *amount = -*amount;
        }
        credit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::{MN, day};

    #[test]
    fn tax_is_shared_out_and_a_credit_note_mirrors() {
        let customer = Customer::new(1, MN, Currency::Usd);
        let mut bill = Document::new(1, customer, day(2026, 10, 2));
        bill.lines = vec![
            Line { item: 2, quantity: 1_000, price: 9_700, ..Line::default() },
            Line { item: 2, quantity: 3_000, price: 3_500, ..Line::default() },
        ];
        bill.total(Taxing::Lawful, Rounding::Invoice);
        // 2.02 at 6.875 % = 0.138875 and at 0.5 % = 0.0101.
        assert_eq!((bill.net, bill.tax, bill.gross), (202, 15, 217));
        assert_eq!(bill.lines.iter().map(|line| line.tax).sum::<i64>(), 15);
        let credit = bill.mirrored(2, day(2026, 10, 3), "return");
        assert_eq!((credit.net, credit.tax, credit.gross), (-202, -15, -217));
    }
}
