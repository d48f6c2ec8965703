//! What a document says of itself: amount due, balance, status, signs, our own currency.

use super::{Episode, alike, paid, plant, post, sold, usual, within};
use crate::Result;
use crate::company::{as_of, terms_of};
use crate::deal::Paying;
use crate::document::{Document, Taxing};
use crate::labels::Stake;
use crate::layout::Of;
use crate::money::tax;
use crate::world::{World, invoice_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(deposit_asked_again),
        usual(too_little_asked),
        usual(deposit_deducted),
        usual(deposit_as_a_deduction),
        usual(rounded_at_the_till),
        usual(paid_and_still_open),
        usual(written_off_and_still_open),
        within(6, 18, credit_used_and_still_open),
        usual(paid_less_discount),
        usual(applied_with_its_discount),
        usual(credited_in_part),
        usual(written_off),
        usual(booked_after_the_day),
        usual(applied_and_taken_back),
        usual(deposit_among_the_applications),
        within(6, 18, refund_failed),
        usual(called_paid),
        usual(called_open),
        usual(called_partly_paid),
        usual(knows_no_part_payment),
        usual(over_nothing),
        usual(paid_out_at_the_till),
    ]
}

fn over(bill: &Document, units: i64) -> Stake {
    Some((if units > 0 { "over_billed" } else { "under_billed" }, units.abs(), bill.currency()))
}

const DUE: &str = "due-differs-from-total";

/// A deposit was prepaid, and all of the total is asked for.
fn deposit_asked_again(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    (bill.prepaid, bill.payable) = (5_000, Some(bill.gross));
    plant(world, DUE, Of::Invoice, &invoice_key(&bill), over(&bill, 5_000))?;
    post(world, [bill])
}

fn too_little_asked(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.payable = Some(bill.gross - 100);
    plant(world, DUE, Of::Invoice, &invoice_key(&bill), over(&bill, -100))?;
    post(world, [bill])
}

fn deposit_deducted(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.prepaid = 5_000;
    alike(world, DUE, Of::Invoice, &invoice_key(&bill))?;
    alike(world, BALANCE, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// The prepayment is stated with a minus.
fn deposit_as_a_deduction(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    (bill.prepaid, bill.payable) = (-5_000, Some(bill.gross - 5_000));
    alike(world, DUE, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// The total holds the rounding already.
fn rounded_at_the_till(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.rounding = -(bill.gross % 5);
    bill.sums();
    alike(world, DUE, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

const BALANCE: &str = "balance-differs-from-applications";

fn paid_and_still_open(world: &mut World) -> Result<()> {
    let mut bill = paid(world)?;
    bill.unbalanced = bill.gross;
    plant(world, BALANCE, Of::Invoice, &invoice_key(&bill), None)?;
    post(world, [bill])
}

fn written_off_and_still_open(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let (day, net, tax) = (bill.date.add_days(8), bill.net, bill.tax);
    world.adjust(&mut bill, day, "write_off", (net, tax))?;
    bill.unbalanced = bill.gross;
    plant(world, BALANCE, Of::Invoice, &invoice_key(&bill), None)?;
    post(world, [bill])
}

/// A bill and a credit for a quarter of it, used on the bill.
fn credited(world: &mut World) -> Result<(Document, Document)> {
    let mut bill = sold(world)?;
    let day = bill.date.add_days(4);
    let mut credit = world.credit(&bill, day, &[(1, 4_000, bill.lines[0].price)], "quality");
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    Ok((bill, credit))
}

fn credit_used_and_still_open(world: &mut World) -> Result<()> {
    let (bill, mut credit) = credited(world)?;
    credit.unbalanced = credit.gross;
    plant(world, BALANCE, Of::Invoice, &invoice_key(&credit), None)?;
    post(world, [bill])?;
    post(world, [credit])
}

/// Two per cent for payment within ten days.
fn paid_less_discount(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.terms = "D10";
    let (day, gross) = (bill.date.add_days(9), bill.gross);
    let discount = tax(gross, terms_of("D10").discount.0);
    world.pay(&mut bill, day, gross - discount, Paying { discount, ..Paying::default() })?;
    alike(world, BALANCE, Of::Invoice, &invoice_key(&bill))?;
    alike(world, "early-payment-discount-wrong", Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// The amount applied holds the discount, which is stated besides.
fn applied_with_its_discount(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.terms = "D10";
    let (day, gross) = (bill.date.add_days(6), bill.gross);
    let discount = tax(gross, terms_of("D10").discount.0);
    world.pay(&mut bill, day, gross, Paying { discount, ..Paying::default() })?;
    bill.unbalanced = discount;
    alike(world, BALANCE, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

fn credited_in_part(world: &mut World) -> Result<()> {
    let (bill, credit) = credited(world)?;
    for document in [&bill, &credit] {
        alike(world, BALANCE, Of::Invoice, &invoice_key(document))?;
        alike(world, STATUS, Of::Invoice, &invoice_key(document))?;
    }
    post(world, [bill])?;
    post(world, [credit])
}

fn written_off(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let (day, net, tax) = (bill.date.add_days(8), bill.net, bill.tax);
    world.adjust(&mut bill, day, "write_off", (net, tax))?;
    alike(world, BALANCE, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// Received on the last days, booked after the as-of day.
fn booked_after_the_day(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let (day, gross) = (as_of().add_days(-1), bill.gross);
    let how = Paying { posted_after: 4, ..Paying::default() };
    let whose = (bill.customer.id, bill.currency());
    let payment = world.receive(whose, day, gross, how, ["cleared", "receipt", ""])?;
    world.apply(payment, &mut bill, 1, (day, 4), gross)?;
    alike(world, BALANCE, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

fn applied_and_taken_back(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let (day, gross) = (bill.date.add_days(6), bill.gross);
    let payment = world.pay(&mut bill, day, gross, Paying::default())?;
    world.apply(payment, &mut bill, 2, (day.add_days(1), 0), -gross)?;
    alike(world, BALANCE, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// A deposit is deducted, and its payment applied as well.
fn deposit_among_the_applications(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.prepaid = 5_000;
    let (day, rest) = (bill.date.add_days(6), bill.gross - 5_000);
    for amount in [5_000, rest] {
        world.pay(&mut bill, day, amount, Paying::default())?;
    }
    bill.unbalanced = 5_000;
    alike(world, BALANCE, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

fn refund_failed(world: &mut World) -> Result<()> {
    let bill = paid(world)?;
    let day = bill.date.add_days(4);
    let credit = world.credit(&bill, day, &[(1, 4_000, bill.lines[0].price)], "quality");
    world.refund_as(bill.customer, (0, credit.id), (None, Some(day)), -credit.gross, "failed")?;
    alike(world, BALANCE, Of::Invoice, &invoice_key(&credit))?;
    alike(world, STATUS, Of::Invoice, &invoice_key(&credit))?;
    post(world, [bill])?;
    post(world, [credit])
}

const STATUS: &str = "status-contradicts-balance";

fn called(world: &mut World, mut bill: Document, status: &'static str) -> Result<()> {
    bill.paid = status;
    plant(world, STATUS, Of::Invoice, &invoice_key(&bill), None)?;
    post(world, [bill])
}

fn called_paid(world: &mut World) -> Result<()> {
    let bill = sold(world)?;
    called(world, bill, "paid")
}

fn called_open(world: &mut World) -> Result<()> {
    let bill = paid(world)?;
    called(world, bill, "open")
}

fn called_partly_paid(world: &mut World) -> Result<()> {
    let bill = sold(world)?;
    called(world, bill, "partly_paid")
}

fn knows_no_part_payment(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let (day, part) = (bill.date.add_days(6), bill.gross / 3);
    world.pay(&mut bill, day, part, Paying::default())?;
    bill.paid = "open";
    alike(world, STATUS, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// A bill over free goods is called open.
fn over_nothing(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    (bill.lines[0].price, bill.lines[0].discount, bill.paid) = (0, "PROMO-1", "open");
    bill.total(Taxing::Lawful, world.settings.rounding);
    alike(world, STATUS, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// The credit was paid out at once and is still called one.
fn paid_out_at_the_till(world: &mut World) -> Result<()> {
    let bill = paid(world)?;
    let day = bill.date.add_days(4);
    let mut credit = world.credit(&bill, day, &[(1, 4_000, bill.lines[0].price)], "quality");
    world.refund_credit(&mut credit, day)?;
    credit.paid = "credit";
    alike(world, STATUS, Of::Invoice, &invoice_key(&credit))?;
    alike(world, BALANCE, Of::Invoice, &invoice_key(&credit))?;
    post(world, [bill])?;
    post(world, [credit])
}
