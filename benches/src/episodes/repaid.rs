//! Money given back too late, twice or without a reason, payments that bounced, and remittances that were not read.

use super::{Episode, alike, before, paid, plant, post, sold, usual, within};
use crate::Result;
use crate::company::{Customer, NE};
use crate::deal::Paying;
use crate::document::Document;
use crate::layout::Of;
use crate::table::id;
use crate::world::{World, invoice_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(refund_too_high),
        usual(refunded_again),
        usual(refund_in_parts),
        usual(refund_and_chargeback),
        usual(refund_sent_again),
        usual(refund_of_both),
        usual(credit_given_back_instead),
        before(5, 12, refunded_late),
        before(5, 12, not_refunded_yet),
        before(5, 12, refunded_in_time),
        before(5, 12, refund_refused),
        within(6, 18, refund_not_due),
        usual(refund_of_no_payment),
        usual(refund_of_no_credit),
        within(1, 3, a_bill_is_open),
        within(1, 3, refund_names_nothing),
        within(1, 3, deposit),
        before(20, 28, credited_and_kept),
        before(20, 28, credit_of_the_unpaid),
        before(20, 28, credit_and_another_open),
        before(20, 28, credit_held),
        before(20, 28, refund_names_the_payment),
    ]
}

const RECEIVED: i64 = 25_000;

/// A prepayment of 250.00 of a fresh account.
fn prepayment(world: &mut World, status: &str) -> Result<(Customer, u64)> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let words = [status, "prepayment", ""];
    let payment = world.receive((customer.id, customer.currency), today, RECEIVED, Paying::default(), words)?;
    Ok((customer, payment))
}

fn refund_key(refund: u64) -> String {
    id("RF", refund)
}

const EXCEEDS: &str = "refund-exceeds-payment";

fn refund_too_high(world: &mut World) -> Result<()> {
    let (customer, payment) = prepayment(world, "cleared")?;
    let day = world.today.add_days(4);
    let refund = world.refund(customer, (payment, 0), day, RECEIVED + 1_000)?;
    let stake = Some(("under_billed", 1_000, customer.currency));
    plant(world, EXCEEDS, Of::Refund, &refund_key(refund), stake)
}

fn refunded_again(world: &mut World) -> Result<()> {
    let (customer, payment) = prepayment(world, "cleared")?;
    let day = world.today;
    world.refund(customer, (payment, 0), day.add_days(4), 15_000)?;
    let second = world.refund(customer, (payment, 0), day.add_days(9), 15_000)?;
    let stake = Some(("under_billed", 5_000, customer.currency));
    plant(world, EXCEEDS, Of::Refund, &refund_key(second), stake)
}

fn no_excess(world: &mut World, refund: u64) -> Result<()> {
    alike(world, EXCEEDS, Of::Refund, &refund_key(refund))
}

fn refund_in_parts(world: &mut World) -> Result<()> {
    let (customer, payment) = prepayment(world, "cleared")?;
    for days in [4, 9] {
        let day = world.today.add_days(days);
        let refund = world.refund(customer, (payment, 0), day, RECEIVED / 2)?;
        no_excess(world, refund)?;
    }
    Ok(())
}

/// The bank took it back while we paid it back.
fn refund_and_chargeback(world: &mut World) -> Result<()> {
    let (customer, payment) = prepayment(world, "chargeback")?;
    let day = world.today.add_days(4);
    let refund = world.refund(customer, (payment, 0), day, RECEIVED + 500)?;
    no_excess(world, refund)
}

fn refund_sent_again(world: &mut World) -> Result<()> {
    let (customer, payment) = prepayment(world, "cleared")?;
    let day = world.today;
    world.refund_as(customer, (payment, 0), (None, Some(day.add_days(3))), RECEIVED, "failed")?;
    let again = world.refund(customer, (payment, 0), day.add_days(6), RECEIVED)?;
    no_excess(world, again)
}

/// Part of a paid bill is credited; the credit note and its number of cents.
fn part_credited(world: &mut World, reason: &'static str) -> Result<(Document, Document, i64)> {
    let bill = paid(world)?;
    let credit = world.credit(&bill, bill.date.add_days(4), &[(1, 4_000, bill.lines[0].price)], reason);
    let amount = -credit.gross;
    Ok((bill, credit, amount))
}

/// One refund names the credit note and the payment.
fn refund_of_both(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let (day, gross) = (bill.date.add_days(2), bill.gross);
    let payment = world.pay(&mut bill, day, gross, Paying::default())?;
    let mut credit = world.credit(&bill, day.add_days(2), &[(1, 4_000, bill.lines[0].price)], "quality");
    let (day, amount) = (credit.date.add_days(1), -credit.gross);
    credit.settled.push((day, -amount));
    let refund = world.refund(bill.customer, (payment, credit.id), day, amount)?;
    no_excess(world, refund)?;
    post(world, [bill])?;
    post(world, [credit])
}

/// The credit was used on the bill, taken off again and paid out.
fn credit_given_back_instead(world: &mut World) -> Result<()> {
    let (mut bill, mut credit, amount) = part_credited(world, "quality")?;
    let day = credit.date;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    world.use_credit_as(&mut credit, &mut bill, (2, day.add_days(1)), -amount)?;
    credit.settled.push((day.add_days(2), -amount));
    let refund = world.refund(bill.customer, (0, credit.id), day.add_days(2), amount)?;
    no_excess(world, refund)?;
    post(world, [bill])?;
    post(world, [credit])
}

const LATE: &str = "refund-paid-late";

/// A refund asked for today: paid after so many days, or not.
fn asked_for(world: &mut World, after: Option<i32>, status: &str) -> Result<(Customer, u64)> {
    let (customer, payment) = prepayment(world, "cleared")?;
    let today = world.today;
    let days = (Some(today), after.map(|days| today.add_days(days)));
    let refund = world.refund_as(customer, (payment, 0), days, RECEIVED, status)?;
    Ok((customer, refund))
}

fn refunded_late(world: &mut World) -> Result<()> {
    let (_, refund) = asked_for(world, Some(31), "paid")?;
    plant(world, LATE, Of::Refund, &refund_key(refund), None)
}

fn not_refunded_yet(world: &mut World) -> Result<()> {
    let (customer, refund) = asked_for(world, None, "requested")?;
    plant(world, LATE, Of::Refund, &refund_key(refund), Some(("held_for_customer", RECEIVED, customer.currency)))
}

fn refunded_in_time(world: &mut World) -> Result<()> {
    let (_, refund) = asked_for(world, Some(30), "paid")?;
    alike(world, LATE, Of::Refund, &refund_key(refund))
}

fn refund_refused(world: &mut World) -> Result<()> {
    let (_, refund) = asked_for(world, None, "cancelled")?;
    alike(world, LATE, Of::Refund, &refund_key(refund))
}

fn refund_not_due(world: &mut World) -> Result<()> {
    let (_, refund) = asked_for(world, None, "requested")?;
    alike(world, LATE, Of::Refund, &refund_key(refund))
}

const SOURCE: &str = "refund-without-source";

fn refund_of_no_payment(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let (day, absent) = (world.today.add_days(3), world.next("RC"));
    let refund = world.refund(customer, (absent, 0), day, RECEIVED)?;
    plant(world, SOURCE, Of::Refund, &refund_key(refund), None)
}

fn refund_of_no_credit(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let (day, absent) = (world.today.add_days(3), world.next("D"));
    let refund = world.refund(customer, (0, absent), day, RECEIVED)?;
    plant(world, SOURCE, Of::Refund, &refund_key(refund), None)
}

const KEPT: &str = "overpayment-not-refunded";

/// A receipt that is put to nothing.
fn loose(world: &mut World, customer: Customer, kind: &str) -> Result<u64> {
    let today = world.today;
    world.receive((customer.id, customer.currency), today, RECEIVED, Paying::default(), ["cleared", kind, ""])
}

/// The customer owes something, so the cash is to be applied.
fn a_bill_is_open(world: &mut World) -> Result<()> {
    let bill = sold(world)?;
    let payment = loose(world, bill.customer, "receipt")?;
    let stake = Some(("held_for_customer", RECEIVED, bill.currency()));
    plant(world, "cash-left-unapplied", Of::Payment, &id("RC", payment), stake)?;
    alike(world, KEPT, Of::Payment, &id("RC", payment))?;
    post(world, [bill])
}

fn refund_names_nothing(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let payment = loose(world, customer, "receipt")?;
    let day = world.today.add_days(9);
    world.refund(customer, (0, 0), day, RECEIVED)?;
    for rule in [KEPT, "cash-left-unapplied"] {
        alike(world, rule, Of::Payment, &id("RC", payment))?;
    }
    Ok(())
}

fn deposit(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let payment = loose(world, customer, "deposit")?;
    alike(world, KEPT, Of::Payment, &id("RC", payment))
}

const CREDITED: &str = "paid-invoice-credited-without-refund";

fn credited_and_kept(world: &mut World) -> Result<()> {
    let (bill, credit, amount) = part_credited(world, "quality")?;
    let stake = Some(("held_for_customer", amount, bill.currency()));
    plant(world, CREDITED, Of::Invoice, &invoice_key(&credit), stake)?;
    post(world, [bill])?;
    post(world, [credit])
}

fn not_kept(world: &mut World, bill: Document, credit: Document) -> Result<()> {
    alike(world, CREDITED, Of::Invoice, &invoice_key(&credit))?;
    post(world, [bill])?;
    post(world, [credit])
}

/// The bill was not paid: the credit is to be used on it, which is another rule's business.
fn credit_of_the_unpaid(world: &mut World) -> Result<()> {
    let bill = sold(world)?;
    let credit = world.credit(&bill, bill.date.add_days(4), &[(1, 4_000, bill.lines[0].price)], "quality");
    let stake = Some(("held_for_customer", -credit.gross, bill.currency()));
    plant(world, "credit-left-open", Of::Invoice, &invoice_key(&credit), stake)?;
    not_kept(world, bill, credit)
}

/// Another bill is open and not due yet.
fn credit_and_another_open(world: &mut World) -> Result<()> {
    let (bill, credit, _) = part_credited(world, "quality")?;
    let other = world.loose(bill.customer, bill.date.add_days(20), &[(1, 3_000)]);
    post(world, [other])?;
    not_kept(world, bill, credit)
}

fn credit_held(world: &mut World) -> Result<()> {
    let (bill, credit, _) = part_credited(world, "held as deposit")?;
    not_kept(world, bill, credit)
}

fn refund_names_the_payment(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let (day, gross) = (bill.date.add_days(2), bill.gross);
    let payment = world.pay(&mut bill, day, gross, Paying::default())?;
    let credit = world.credit(&bill, day.add_days(2), &[(1, 4_000, bill.lines[0].price)], "quality");
    world.refund(bill.customer, (payment, 0), day.add_days(9), -credit.gross)?;
    not_kept(world, bill, credit)
}
