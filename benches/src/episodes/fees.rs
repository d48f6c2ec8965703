//! Discounts for early payment, and fees for late payment.

use super::{Episode, alike, before, plant, post, sold, usual, within};
use crate::Result;
use crate::company::terms_of;
use crate::deal::Paying;
use crate::document::{Document, Kind, Line, Taxing};
use crate::labels::Stake;
use crate::layout::Of;
use crate::money::tax;
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        within(2, 8, discount_too_late),
        usual(discount_too_high),
        usual(discount_not_agreed),
        usual(discount_on_the_second),
        within(2, 12, discount_from_the_month),
        within(2, 8, discount_charged_back),
        within(2, 8, discount_billed_back),
        within(2, 8, discount_taken_back),
        before(1, 6, fee_too_high),
        before(1, 6, fee_though_paid),
        before(1, 6, fee_though_disputed),
        before(1, 6, fee_in_grace),
        before(1, 6, fee_as_agreed),
        before(1, 6, fee_on_the_open_half),
        before(1, 6, fee_of_one_month),
        before(1, 6, fee_excess_credited),
        before(1, 6, fee_after_the_dispute),
        before(1, 6, fee_and_paid_later),
    ]
}

const EARLY: &str = "early-payment-discount-wrong";

/// Paid so many days after the bill with so many millionths off.
fn discounted(world: &mut World, terms: &'static str, days: i32, share: i64) -> Result<(Document, u64, i64)> {
    let mut bill = sold(world)?;
    bill.terms = terms;
    let (day, gross) = (bill.date.add_days(days), bill.gross);
    let discount = tax(gross, share);
    let payment = world.pay(&mut bill, day, gross - discount, Paying { discount, ..Paying::default() })?;
    Ok((bill, payment, discount))
}

fn unearned(world: &mut World, terms: &'static str, (days, share): (i32, i64), earned: i64) -> Result<()> {
    let (bill, _, discount) = discounted(world, terms, days, share)?;
    let stake = Some(("under_billed", discount - tax(bill.gross, earned), bill.currency()));
    plant(world, EARLY, Of::Invoice, &invoice_key(&bill), stake)?;
    post(world, [bill])
}

fn discount_too_late(world: &mut World) -> Result<()> {
    unearned(world, "D10", (14, 20_000), 0)
}

fn discount_too_high(world: &mut World) -> Result<()> {
    unearned(world, "D10", (9, 30_000), 20_000)
}

fn discount_not_agreed(world: &mut World) -> Result<()> {
    unearned(world, "N30", (5, 20_000), 0)
}

/// Half is paid without, the other half with the discount of its own.
fn discount_on_the_second(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.terms = "D10";
    let (day, half, rest) = (bill.date, bill.gross / 2, bill.gross - bill.gross / 2);
    world.pay(&mut bill, day.add_days(3), half, Paying::default())?;
    let discount = tax(rest, 20_000);
    world.pay(&mut bill, day.add_days(13), rest - discount, Paying { discount, ..Paying::default() })?;
    alike(world, EARLY, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// The days count from the end of the month.
fn discount_from_the_month(world: &mut World) -> Result<()> {
    let (bill, ..) = discounted(world, "M15", 16, 20_000)?;
    alike(world, EARLY, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

fn discount_charged_back(world: &mut World) -> Result<()> {
    let (mut bill, _, discount) = discounted(world, "D10", 16, 20_000)?;
    let day = bill.date.add_days(18);
    world.adjust(&mut bill, day, "other", (-discount, 0))?;
    alike(world, EARLY, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

fn discount_billed_back(world: &mut World) -> Result<()> {
    let (bill, _, discount) = discounted(world, "D10", 16, 20_000)?;
    let mut debit = Document::new(world.next("D"), bill.customer, bill.date.add_days(18));
    (debit.kind, debit.original, debit.reason) = (Kind::Debit, bill.id, "discount");
    debit.lines.push(Line { kind: "fee", quantity: 1_000, price: discount * 100, bare: true, ..Line::default() });
    debit.total(Taxing::Lawful, world.settings.rounding);
    alike(world, EARLY, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])?;
    post(world, [debit])
}

fn discount_taken_back(world: &mut World) -> Result<()> {
    let (mut bill, payment, discount) = discounted(world, "D10", 16, 20_000)?;
    let day = bill.date.add_days(17);
    world.apply_less(payment, &mut bill, 2, (day, 0), (0, -discount))?;
    alike(world, EARLY, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

const FEE: &str = "late-fee-wrong";
/// Days after the bill on which the fee is charged; it falls due after thirty, and five more are of grace.
const CHARGED_AFTER: i32 = 44;
const HALF: i64 = 2;

/// An overdue bill that was reminded.
fn overdue(world: &mut World) -> Result<Document> {
    let bill = sold(world)?;
    world.remind(&bill, bill.date.add_days(36), 1)?;
    Ok(bill)
}

/// The late fee on a bill: so many cents, so many days after it.
fn late_fee(world: &mut World, bill: &Document, cents: i64, days: i32) -> Document {
    let mut fee = Document::new(world.next("D"), bill.customer, bill.date.add_days(days));
    (fee.kind, fee.original, fee.reason) = (Kind::Debit, bill.id, "late payment");
    fee.lines.push(Line { kind: "late_fee", quantity: 1_000, price: cents * 100, bare: true, ..Line::default() });
    fee.total(Taxing::Lawful, world.settings.rounding);
    fee
}

fn agreed(units: i64) -> i64 {
    tax(units, terms_of("N30").late.0)
}

fn fee_wrong(world: &mut World, bill: Document, fee: Document, allowed: i64) -> Result<()> {
    let stake: Stake = Some(("over_billed", fee.lines[0].net - allowed, fee.currency()));
    plant(world, FEE, Of::InvoiceLine, &line_key(&fee, 1), stake)?;
    post(world, [bill])?;
    post(world, [fee])
}

fn fee_right(world: &mut World, bill: Document, fee: Document) -> Result<()> {
    alike(world, FEE, Of::InvoiceLine, &line_key(&fee, 1))?;
    post(world, [bill])?;
    post(world, [fee])
}

fn fee_too_high(world: &mut World) -> Result<()> {
    let bill = overdue(world)?;
    let fee = late_fee(world, &bill, agreed(bill.gross) * 2, CHARGED_AFTER);
    let allowed = agreed(bill.gross);
    fee_wrong(world, bill, fee, allowed)
}

fn fee_though_paid(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let (day, gross) = (bill.date.add_days(29), bill.gross);
    world.pay(&mut bill, day, gross, Paying::default())?;
    let fee = late_fee(world, &bill, agreed(gross), CHARGED_AFTER);
    fee_wrong(world, bill, fee, 0)
}

fn fee_though_disputed(world: &mut World) -> Result<()> {
    let bill = overdue(world)?;
    world.dispute(&bill, bill.date.add_days(40), None)?;
    let fee = late_fee(world, &bill, agreed(bill.gross), CHARGED_AFTER);
    fee_wrong(world, bill, fee, 0)
}

/// On the last day of grace.
fn fee_in_grace(world: &mut World) -> Result<()> {
    let bill = overdue(world)?;
    let fee = late_fee(world, &bill, agreed(bill.gross), 35);
    fee_wrong(world, bill, fee, 0)
}

fn fee_as_agreed(world: &mut World) -> Result<()> {
    let bill = overdue(world)?;
    let fee = late_fee(world, &bill, agreed(bill.gross), CHARGED_AFTER);
    fee_right(world, bill, fee)
}

fn fee_on_the_open_half(world: &mut World) -> Result<()> {
    let mut bill = overdue(world)?;
    let (day, half) = (bill.date.add_days(20), bill.gross / HALF);
    world.pay(&mut bill, day, half, Paying::default())?;
    let fee = late_fee(world, &bill, agreed(bill.gross - half), CHARGED_AFTER);
    fee_right(world, bill, fee)
}

/// The fee states the month that it is for.
fn fee_of_one_month(world: &mut World) -> Result<()> {
    let bill = overdue(world)?;
    let mut fee = late_fee(world, &bill, agreed(bill.gross), CHARGED_AFTER);
    let from = bill.date.add_days(30);
    fee.lines[0].service = Some((from, from.add_days(12)));
    fee_right(world, bill, fee)
}

fn fee_excess_credited(world: &mut World) -> Result<()> {
    let bill = overdue(world)?;
    let mut fee = late_fee(world, &bill, agreed(bill.gross) * 2, CHARGED_AFTER);
    let day = fee.date.add_days(2);
    let mut credit = world.credit(&fee, day, &[(1, 1_000, agreed(bill.gross) * 100)], "fee");
    (credit.lines[0].kind, credit.lines[0].bare) = ("late_fee", true);
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut fee, day, amount)?;
    post(world, [credit])?;
    fee_right(world, bill, fee)
}

fn fee_after_the_dispute(world: &mut World) -> Result<()> {
    let bill = overdue(world)?;
    world.dispute(&bill, bill.date.add_days(20), Some(bill.date.add_days(25)))?;
    let fee = late_fee(world, &bill, agreed(bill.gross), CHARGED_AFTER);
    fee_right(world, bill, fee)
}

fn fee_and_paid_later(world: &mut World) -> Result<()> {
    let mut bill = overdue(world)?;
    let (day, gross) = (bill.date.add_days(38), bill.gross);
    world.pay(&mut bill, day, gross, Paying::default())?;
    let fee = late_fee(world, &bill, agreed(gross), CHARGED_AFTER);
    fee_right(world, bill, fee)
}
