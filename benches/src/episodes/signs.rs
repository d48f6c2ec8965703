//! Lines of the wrong sign, and amounts that were converted wrongly.

use super::{Episode, alike, plant, post, usual};
use crate::Result;
use crate::company::{DE, NE};
use crate::document::{Document, Line, Taxing};
use crate::layout::Of;
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(negative_quantity),
        usual(negative_freight),
        usual(positive_on_a_credit),
        usual(deductions),
        usual(netted_on_the_bill),
        usual(names_the_line),
        usual(credit_by_price),
        usual(not_converted),
        usual(converted_credit_off),
        usual(rounded_line_by_line),
    ]
}

const SIGN: &str = "wrong-sign";

/// A bill without order with one line more.
fn with_line(world: &mut World, line: Line) -> Result<Document> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let mut bill = world.loose(customer, today, &[(0, 16_000), (8, 2_000)]);
    bill.lines.push(line);
    bill.total(Taxing::Lawful, world.settings.rounding);
    Ok(bill)
}

fn negative_quantity(world: &mut World) -> Result<()> {
    let line = Line { item: 2, quantity: -4_000, price: 9_750, ..Line::default() };
    let bill = with_line(world, line)?;
    plant(world, SIGN, Of::InvoiceLine, &line_key(&bill, 3), None)?;
    post(world, [bill])
}

fn negative_freight(world: &mut World) -> Result<()> {
    let line = Line { kind: "freight", quantity: 1_000, price: -180_000, ..Line::default() };
    let bill = with_line(world, line)?;
    plant(world, SIGN, Of::InvoiceLine, &line_key(&bill, 3), None)?;
    post(world, [bill])
}

/// One line of a credit note charges what it should give back.
fn positive_on_a_credit(world: &mut World) -> Result<()> {
    let mut bill = with_line(world, Line { item: 2, quantity: 4_000, price: 9_750, ..Line::default() })?;
    let day = bill.date.add_days(3);
    let mut credit = world.credit(&bill, day, &[(1, 16_000, 125_000), (3, -4_000, 9_750)], "price");
    credit.lines[1].original = None;
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    plant(world, SIGN, Of::InvoiceLine, &line_key(&credit, 2), None)?;
    post(world, [bill])?;
    post(world, [credit])
}

/// Discount, deposit, trade-in, gift card, rounding; and what only its words call a deduction.
fn deductions(world: &mut World) -> Result<()> {
    for kind in ["discount", "deposit_applied", "trade_in", "gift_card", "rounding", ""] {
        let line =
            Line { kind, quantity: -1_000, price: 12_000, bare: true, words: "Customer discount", ..Line::default() };
        let bill = with_line(world, line)?;
        alike(world, SIGN, Of::InvoiceLine, &line_key(&bill, 3))?;
        post(world, [bill])?;
    }
    Ok(())
}

fn netted_on_the_bill(world: &mut World) -> Result<()> {
    let bill = with_line(world, Line { item: 0, quantity: -2_000, price: 125_000, ..Line::default() })?;
    alike(world, SIGN, Of::InvoiceLine, &line_key(&bill, 3))?;
    post(world, [bill])
}

fn names_the_line(world: &mut World) -> Result<()> {
    let line = Line { item: 2, quantity: -4_000, price: 9_750, original: Some(1), ..Line::default() };
    let bill = with_line(world, line)?;
    alike(world, SIGN, Of::InvoiceLine, &line_key(&bill, 3))?;
    post(world, [bill])
}

/// The price is negative and the quantity is not; a restocking fee is kept back.
fn credit_by_price(world: &mut World) -> Result<()> {
    let mut bill = with_line(world, Line { item: 2, quantity: 4_000, price: 9_750, ..Line::default() })?;
    let day = bill.date.add_days(3);
    let mut credit = world.credit(&bill, day, &[(1, -16_000, -5_000)], "price");
    credit.lines.push(Line { kind: "restocking", quantity: 1_000, price: 50_000, ..Line::default() });
    credit.total(Taxing::Lawful, world.settings.rounding);
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    alike(world, SIGN, Of::InvoiceLine, &line_key(&credit, 1))?;
    alike(world, SIGN, Of::InvoiceLine, &line_key(&credit, 2))?;
    post(world, [bill])?;
    post(world, [credit])
}

const FUNCTIONAL: &str = "functional-amount-differs";

fn in_euros(world: &mut World) -> Result<Document> {
    let customer = world.newcomer(DE, |_| ())?;
    world.sale(customer, &[(0, 16_000), (7, 3_250), (5, 17_750)])
}

fn not_converted(world: &mut World) -> Result<()> {
    let mut bill = in_euros(world)?;
    bill.untranslated = bill.gross - bill.currency().functional(bill.gross);
    plant(world, FUNCTIONAL, Of::Invoice, &invoice_key(&bill), None)?;
    post(world, [bill])
}

/// The credit note stands in our own currency with the sign of a bill.
fn converted_credit_off(world: &mut World) -> Result<()> {
    let mut bill = in_euros(world)?;
    let day = bill.date.add_days(3);
    let mut credit = world.credit(&bill, day, &[(1, 4_000, bill.lines[0].price)], "quality");
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    credit.untranslated = -2 * credit.currency().functional(credit.gross);
    plant(world, FUNCTIONAL, Of::Invoice, &invoice_key(&credit), None)?;
    post(world, [bill])?;
    post(world, [credit])
}

fn rounded_line_by_line(world: &mut World) -> Result<()> {
    let mut bill = in_euros(world)?;
    bill.untranslated = 1;
    alike(world, FUNCTIONAL, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}
