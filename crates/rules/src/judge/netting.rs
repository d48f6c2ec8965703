//! Netting before judging: what voids, credit notes and repairs have already put right.
//!
//! Done once for all rules, so that each unit of a credit is consumed once, in quantity **and** money. What bills the same
//! thing (order line, shipment line, subscription and service period, one-off fee) is known by its key; else customer and
//! content decide. In order of issue date, number and id: first by explicit reference, void or replaced document, which is
//! certain; then by the thing billed, which is certain too; then by content (customer, currency, lines, opposite amounts,
//! within the window), which is inferred: whole before partial, the nearest earlier bill, and nothing if several bills of
//! different content could be meant.
//!
//! A credit for returned goods, goodwill or a rebate does not say that a bill was wrong: it nets nothing here. A credit of
//! no quantity (a price correction) nets money and no quantity.

mod allocate;
mod document;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use tieout_model::report::{NettingEntry, NettingRegister};
use tieout_model::{Amount, Date, Period};

use self::allocate::Target;
use self::document::{Books, Document, read};
use crate::value::{Column, Relation, Ty, Value};

/// Days within which a credit without a reference is sought among earlier bills.
pub const WINDOW_DAYS: i32 = 180;

/// Words in a reason code that make a credit no repair of a bill.
const NO_REPAIR: [&str; 6] = ["return", "goodwill", "rebate", "courtesy", "loyalty", "bonus"];

/// What is left of a bill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Residue {
    /// Money units left, ≥ 0.
    pub left: i128,
    /// Money units billed.
    pub billed: i128,
    /// How it was netted, in words.
    pub words: Vec<String>,
    /// A credit may or may not be meant for it.
    pub ambiguous: bool,
    /// The document that put it right after the period.
    pub corrected_by: Option<String>,
}

/// What is left of a line of a bill: never more than it billed, never below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineLeft {
    /// Units of quantity.
    pub quantity: i128,
    /// Units of net money.
    pub amount: i128,
}

/// The result: residues by record, and the register.
#[derive(Debug, Default)]
pub struct Netting {
    residues: BTreeMap<i128, Residue>,
    lines: BTreeMap<i128, LineLeft>,
    /// The document of each line in `lines`, and what the line billed.
    of_lines: BTreeMap<i128, (i128, i128)>,
    /// Everything that was removed.
    pub register: NettingRegister,
}

/// The column of `Netting::nothing_left`.
pub const NOTHING_LEFT: &str = "gone.__rec";

/// Names of the columns of `Netting::lines`: record, quantity left, net money left.
pub const LINE_COLUMNS: [&str; 3] = ["net.__rec", "net.quantity", "net.amount"];

impl Netting {
    /// What is left of the bill with this record, if netting touched it.
    pub fn of(&self, rec: i128) -> Option<&Residue> {
        self.residues.get(&rec)
    }

    /// As `of`, for a record of a population: a document, or one line of it.
    pub fn residue(&self, population: &str, rec: i128) -> Option<Residue> {
        if population != "invoice_line" {
            return self.of(rec).filter(|_| population == "invoice").cloned();
        }
        let (document, billed) = self.of_lines.get(&rec)?;
        let left = self.lines.get(&rec)?;
        // A line of which only the quantity was taken back is gone all the same.
        let money = if left.quantity <= 0 { 0 } else { left.amount };
        Some(Residue { left: money, billed: *billed, ..self.of(*document).cloned().unwrap_or_default() })
    }

    /// Records of documents or lines of which nothing is left.
    pub fn nothing_left(&self, population: &str) -> Relation {
        let documents = self.residues.iter().filter(|(_, residue)| residue.left <= 0).map(|(rec, _)| *rec);
        let lines = self.lines.iter().filter(|(_, left)| left.quantity <= 0 && left.amount <= 0).map(|(rec, _)| *rec);
        let recs: Vec<i128> = if population == "invoice" { documents.collect() } else { lines.collect() };
        Relation {
            columns: vec![Column { name: NOTHING_LEFT.to_owned(), ty: Ty::INT }],
            rows: recs.into_iter().map(|rec| vec![Value::Num(rec)]).collect(),
        }
    }

    /// What is left of the lines that netting touched, as rows of `LINE_COLUMNS`.
    pub fn lines(&self) -> Relation {
        let types = [Ty::INT, Ty::of_column(tieout_model::ColumnType::Quantity), Ty::MONEY];
        let column = |(name, ty): (&str, Ty)| Column { name: name.to_owned(), ty };
        let row = |(rec, left): (&i128, &LineLeft)| {
            vec![Value::Num(*rec), Value::Num(left.quantity), Value::Num(left.amount)]
        };
        Relation {
            columns: LINE_COLUMNS.into_iter().zip(types).map(column).collect(),
            rows: self.lines.iter().map(row).collect(),
        }
    }
}

/// Where a credit stands while bills are netted.
struct Open<'a> {
    books: &'a Books,
    /// Gross money left of each document.
    gross: Vec<i128>,
    /// Left of each line of each document.
    lines: Vec<Vec<LineLeft>>,
}

/// How a credit found its bill.
#[derive(Clone, Copy)]
struct Tier {
    name: &'static str,
    inferred: bool,
}

const fn certain(name: &'static str) -> Tier {
    Tier { name, inferred: false }
}

/// Nets the documents. `documents` and `lines` have the columns of `netted`.
pub fn net(documents: &Relation, lines: &Relation, period: Option<Period>, as_of: Option<Date>) -> Netting {
    let books = Books::new(read(documents, lines, as_of));
    let mut netting = Netting::default();
    let mut open = Open {
        gross: books.all.iter().map(|document| document.gross.max(0)).collect(),
        lines: books.all.iter().map(Document::lines_left).collect(),
        books: &books,
    };
    let all = &books.all;
    for (index, document) in all.iter().enumerate() {
        if document.void && !document.credit && document.gross > 0 {
            netting.whole(&mut open, certain("void"), index, index);
        }
    }
    for (index, credit) in all.iter().enumerate() {
        let repairs = credit.credit && !credit.void && credit.gross < 0;
        if repairs && !NO_REPAIR.iter().any(|word| credit.reason.contains(word)) {
            netting.credit(&mut open, index, period);
        }
    }
    for (index, document) in all.iter().enumerate() {
        if document.credit || document.void || document.replaces.is_null() {
            continue;
        }
        let replaced = books.by_id(&document.replaces).find(|&other| !all[other].credit && !all[other].void);
        if let Some(bill) = replaced.filter(|&bill| open.gross[bill] > 0) {
            netting.whole(&mut open, certain("replaced document"), index, bill);
        }
    }
    netting
}

impl Netting {
    fn credit(&mut self, open: &mut Open<'_>, index: usize, period: Option<Period>) {
        let books = open.books;
        let credit = &books.all[index];
        let (tier, targets) = if credit.original.is_null() {
            match allocate::by_thing(open, index) {
                Some((name, targets)) => (certain(name), targets),
                None => {
                    let bills = allocate::by_content(open, index);
                    if bills.len() > 1 {
                        self.register.ambiguous += 1;
                        bills.iter().for_each(|&bill| self.touch(books, bill, open.gross[bill]).ambiguous = true);
                        return;
                    }
                    let tier = Tier { name: "content", inferred: true };
                    (tier, bills.into_iter().map(|bill| allocate::lines_of(open, index, bill)).collect())
                }
            }
        } else {
            let bill = open.bills_of(credit).find(|&bill| books.all[bill].id == credit.original);
            (
                certain("explicit reference"),
                bill.map(|bill| allocate::lines_of(open, index, bill)).into_iter().collect(),
            )
        };
        let mut rest = -credit.gross;
        let last = targets.len().saturating_sub(1);
        for (place, target) in targets.into_iter().enumerate() {
            let bill = target.bill;
            let billed = &books.all[bill];
            if period.is_some_and(|period| period.contains(billed.date) && credit.date >= period.to) {
                let residue = self.touch(books, bill, open.gross[bill]);
                residue.corrected_by = Some(format!("{} of {}", credit.number, credit.date));
                continue;
            }
            // The tax goes with the net amounts; the last bill takes what is left of the credit.
            let share = if place == last { rest } else { credit.gross_of(target.amount()).min(rest) };
            let units = share.min(open.gross[bill]);
            rest -= units;
            self.consume(open, &target);
            self.record(open, tier, (index, bill), units);
        }
    }

    /// Nothing is left of a bill.
    fn whole(&mut self, open: &mut Open<'_>, tier: Tier, by: usize, bill: usize) {
        let units = open.gross[bill];
        for line in 0..open.lines[bill].len() {
            open.lines[bill][line] = LineLeft { quantity: 0, amount: 0 };
            self.note_line(open, bill, line);
        }
        self.record(open, tier, (by, bill), units);
    }

    fn consume(&mut self, open: &mut Open<'_>, target: &Target) {
        for taken in &target.lines {
            let left = &mut open.lines[target.bill][taken.line];
            left.quantity -= taken.quantity;
            left.amount -= taken.amount;
            self.note_line(open, target.bill, taken.line);
        }
    }

    fn note_line(&mut self, open: &Open<'_>, bill: usize, line: usize) {
        let document = &open.books.all[bill];
        let billed = &document.lines[line];
        self.lines.insert(billed.rec, open.lines[bill][line]);
        self.of_lines.insert(billed.rec, (document.rec, billed.amount));
    }

    fn touch(&mut self, books: &Books, bill: usize, left: i128) -> &mut Residue {
        let document = &books.all[bill];
        self.residues.entry(document.rec).or_insert_with(|| Residue {
            left,
            billed: document.gross,
            ..Residue::default()
        })
    }

    fn record(&mut self, open: &mut Open<'_>, tier: Tier, (by, bill): (usize, usize), units: i128) {
        open.gross[bill] -= units;
        let books = open.books;
        let (credit, billed) = (&books.all[by], &books.all[bill]);
        let remains = open.gross[bill];
        let residue = self.touch(books, bill, remains);
        residue.left = remains;
        residue.words.push(match tier.name {
            "void" => format!("{} is void", billed.number),
            _ if tier.inferred => {
                format!("{} of {} netted {} by inference from its content", credit.number, credit.date, billed.number)
            }
            name => format!("{} of {} nets {} by {name}", credit.number, credit.date, billed.number),
        });
        let rebill = books.of_party(billed).map(|other| &books.all[other]).find(|document| {
            !document.credit
                && !document.void
                && document.order() > billed.order()
                && document.date >= credit.date
                && document.gross == billed.gross
                && !billed.lines.is_empty()
                && document.same_content(billed)
        });
        self.register.entries.push(NettingEntry {
            tier: tier.name.to_owned(),
            inferred: tier.inferred,
            credit: credit.number.clone(),
            bill: billed.number.clone(),
            rebill: rebill.filter(|rebill| rebill.rec != credit.rec).map(|rebill| rebill.number.clone()),
            amount: Amount::money(units),
            currency: billed.currency.as_text().unwrap_or_default().to_owned(),
            crosses_period: credit.date.month_start() != billed.date.month_start(),
        });
    }
}
