//! Receipts: unapplied, applied too often, to the wrong account, received twice; and what is in order.

use super::{Episode, before, usual, within};
use crate::Result;
use crate::company::{Customer, NE};
use crate::deal::Paying;
use crate::document::Document;
use crate::labels::{Kind, Stake};
use crate::layout::Of;
use crate::table::id;
use crate::world::{World, invoice_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        within(1, 4, unapplied),
        within(1, 4, partly_applied),
        usual(over_applied),
        usual(paid_twice_over),
        before(24, 28, paid_twice_over),
        usual(other_account),
        usual(received_twice),
        within(1, 2, received_twice_long_ago),
        before(3, 20, unapplied),
        usual(unknown_invoice),
        usual(unknown_payment),
        usual(young),
        within(1, 4, prepayment),
        within(1, 4, bounced),
        within(1, 4, sent_back),
        usual(moved),
        usual(over_paid_and_refunded),
        usual(cash_rounding),
        usual(surcharge),
        usual(remittance_names_it),
        usual(parent_pays),
        usual(two_equal_bills),
        usual(presented_again),
        usual(second_refunded),
    ]
}

const ORDINARY: [&str; 3] = ["cleared", "receipt", ""];

fn bill(world: &mut World) -> Result<Document> {
    let customer = world.newcomer(NE, |_| ())?;
    world.sale(customer, &[(3, 1_000), (0, 6_000)])
}

fn key(payment: u64) -> String {
    id("RC", payment)
}

fn application(payment: u64, document: &Document) -> String {
    format!("{}/{}/1", id("RC", payment), invoice_key(document))
}

fn plant(world: &mut World, rule: &str, of: Of, key: &str, stake: Stake) -> Result<()> {
    world.label(Kind::Planted, rule, (of, key), stake)
}

fn look(world: &mut World, rule: &str, of: Of, key: &str) -> Result<()> {
    world.label(Kind::LookAlike, rule, (of, key), None)
}

/// A receipt that is put to nothing.
fn loose_receipt(world: &mut World, words: [&str; 3]) -> Result<(Customer, u64)> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let payment = world.receive((customer.id, customer.currency), today, 25_000, Paying::default(), words)?;
    Ok((customer, payment))
}

/// Money of a customer who owes nothing: unapplied, and not given back.
fn kept(world: &mut World, payment: u64, stake: Stake) -> Result<()> {
    let cause = "overpayment-not-refunded";
    plant(world, cause, Of::Payment, &key(payment), stake)?;
    world.label(Kind::Consequence(cause), "cash-left-unapplied", (Of::Payment, &key(payment)), stake)
}

fn unapplied(world: &mut World) -> Result<()> {
    let (customer, payment) = loose_receipt(world, ORDINARY)?;
    let stake = Some(("held_for_customer", 25_000, customer.currency));
    kept(world, payment, stake)
}

fn partly_applied(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let (today, gross, currency) = (world.today, bill.gross, bill.currency());
    let whose = (bill.customer.id, currency);
    let payment = world.receive(whose, today, gross + 12_345, Paying::default(), ORDINARY)?;
    world.apply(payment, &mut bill, 1, (today, 0), gross)?;
    let stake = Some(("held_for_customer", 12_345, currency));
    kept(world, payment, stake)?;
    world.post(bill)?;
    Ok(())
}

fn over_applied(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let mut other = world.sale(bill.customer, &[(1, 10_000)])?;
    let (day, gross, currency) = (world.today.add_days(3), bill.gross, bill.currency());
    let payment = world.receive((bill.customer.id, currency), day, gross, Paying::default(), ORDINARY)?;
    let excess = other.gross / 2;
    world.apply(payment, &mut bill, 1, (day, 0), gross)?;
    world.apply(payment, &mut other, 1, (day, 0), excess)?;
    let stake = Some(("under_billed", excess, currency));
    plant(world, "payment-over-applied", Of::Payment, &key(payment), stake)?;
    world.post(bill)?;
    world.post(other)?;
    Ok(())
}

fn paid_twice_over(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let gross = bill.gross;
    for days in [5, 12] {
        let day = bill.date.add_days(days);
        world.pay(&mut bill, day, gross, Paying::default())?;
    }
    let stake = Some(("held_for_customer", gross, bill.currency()));
    plant(world, "invoice-over-paid", Of::Invoice, &invoice_key(&bill), stake)?;
    world.post(bill)?;
    Ok(())
}

fn other_account(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let payer = world.newcomer(NE, |_| ())?;
    let (day, gross) = (bill.date.add_days(6), bill.gross);
    let payment = world.pay(&mut bill, day, gross, Paying { payer: payer.id, ..Paying::default() })?;
    let stake = Some(("misposted", gross, bill.currency()));
    plant(world, "paid-by-other-customer", Of::PaymentApplication, &application(payment, &bill), stake)?;
    world.post(bill)?;
    Ok(())
}

/// Paid, and the same receipt again a few days later, put to nothing; the second receipt.
fn twice(world: &mut World, days: i32) -> Result<(Document, u64)> {
    let mut bill = bill(world)?;
    let (day, gross) = (bill.date, bill.gross);
    let how = Paying { reference: world.rng.bits() % 90_000_000 + 10_000_000, ..Paying::default() };
    world.pay(&mut bill, day, gross, how)?;
    let whose = (bill.customer.id, bill.currency());
    let second = world.receive(whose, day.add_days(days), gross, how, ORDINARY)?;
    Ok((bill, second))
}

fn received_twice(world: &mut World) -> Result<()> {
    let (bill, second) = twice(world, 5)?;
    let stake = Some(("held_for_customer", bill.gross, bill.currency()));
    plant(world, "payment-received-twice", Of::Payment, &key(second), stake)?;
    world.post(bill)?;
    Ok(())
}

fn received_twice_long_ago(world: &mut World) -> Result<()> {
    let (bill, second) = twice(world, 2)?;
    let stake = Some(("held_for_customer", bill.gross, bill.currency()));
    let cause = "payment-received-twice";
    plant(world, cause, Of::Payment, &key(second), stake)?;
    for rule in ["cash-left-unapplied", "overpayment-not-refunded"] {
        world.label(Kind::Consequence(cause), rule, (Of::Payment, &key(second)), stake)?;
    }
    world.post(bill)?;
    Ok(())
}

fn unknown_invoice(world: &mut World) -> Result<()> {
    let (customer, payment) = loose_receipt(world, ORDINARY)?;
    let today = world.today;
    let mut absent = Document::new(world.next("D"), customer, today);
    world.apply(payment, &mut absent, 1, (today, 0), 25_000)?;
    plant(world, "application-without-invoice", Of::PaymentApplication, &application(payment, &absent), None)
}

fn unknown_payment(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let (absent, today, gross) = (world.next("RC"), world.today, bill.gross);
    world.apply(absent, &mut bill, 1, (today, 0), gross)?;
    plant(world, "application-without-payment", Of::PaymentApplication, &application(absent, &bill), None)?;
    world.post(bill)?;
    Ok(())
}

/// Received within the last 30 days.
fn young(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let day = world.today.add_days(5);
    let payment = world.receive((customer.id, customer.currency), day, 25_000, Paying::default(), ORDINARY)?;
    look(world, "cash-left-unapplied", Of::Payment, &key(payment))
}

fn prepayment(world: &mut World) -> Result<()> {
    let (_, payment) = loose_receipt(world, ["cleared", "prepayment", ""])?;
    look(world, "cash-left-unapplied", Of::Payment, &key(payment))
}

fn bounced(world: &mut World) -> Result<()> {
    let (_, payment) = loose_receipt(world, ["reversed", "receipt", ""])?;
    look(world, "cash-left-unapplied", Of::Payment, &key(payment))
}

fn sent_back(world: &mut World) -> Result<()> {
    let (customer, payment) = loose_receipt(world, ORDINARY)?;
    let day = world.today.add_days(6);
    world.refund(customer, (payment, 0), day, 25_000)?;
    look(world, "cash-left-unapplied", Of::Payment, &key(payment))
}

/// Put to one bill, taken off again, put to another of the same amount.
fn moved(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let mut other = world.sale(bill.customer, &[(3, 1_000), (0, 6_000)])?;
    let (day, gross) = (world.today.add_days(4), bill.gross);
    let payment = world.receive((bill.customer.id, bill.currency()), day, gross, Paying::default(), ORDINARY)?;
    world.apply(payment, &mut bill, 1, (day, 0), gross)?;
    world.apply(payment, &mut bill, 2, (day.add_days(1), 0), -gross)?;
    let amount = other.gross.min(gross);
    world.apply(payment, &mut other, 1, (day.add_days(1), 0), amount)?;
    look(world, "payment-over-applied", Of::Payment, &key(payment))?;
    world.post(bill)?;
    world.post(other)?;
    Ok(())
}

fn over_paid_and_refunded(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let gross = bill.gross;
    let (first, second) = (bill.date.add_days(5), bill.date.add_days(9));
    world.pay(&mut bill, first, gross, Paying::default())?;
    let payment = world.pay(&mut bill, second, gross, Paying::default())?;
    world.refund(bill.customer, (payment, 0), second.add_days(3), gross)?;
    look(world, "invoice-over-paid", Of::Invoice, &invoice_key(&bill))?;
    world.post(bill)?;
    Ok(())
}

fn cash_rounding(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let (day, amount) = (bill.date.add_days(5), bill.gross + 40);
    world.pay(&mut bill, day, amount, Paying::default())?;
    look(world, "invoice-over-paid", Of::Invoice, &invoice_key(&bill))?;
    world.post(bill)?;
    Ok(())
}

/// The card's surcharge was added to the bill, and paid with it.
fn surcharge(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let (day, amount) = (bill.date.add_days(5), bill.gross + 950);
    world.surcharge(&mut bill, day, 950)?;
    world.pay(&mut bill, day, amount, Paying::default())?;
    look(world, "invoice-over-paid", Of::Invoice, &invoice_key(&bill))?;
    world.post(bill)?;
    Ok(())
}

/// Another company pays and says for which invoice.
fn remittance_names_it(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let payer = world.newcomer(NE, |_| ())?;
    let (day, gross) = (bill.date.add_days(6), bill.gross);
    let number = world.numbered(&mut bill);
    let words = ["cleared", "receipt", &format!("paying {number} for our partner")];
    let payment = world.receive((payer.id, bill.currency()), day, gross, Paying::default(), words)?;
    world.apply(payment, &mut bill, 1, (day, 0), gross)?;
    look(world, "paid-by-other-customer", Of::PaymentApplication, &application(payment, &bill))?;
    world.post(bill)?;
    Ok(())
}

fn parent_pays(world: &mut World) -> Result<()> {
    let parent = world.newcomer(NE, |_| ())?;
    let child = world.newcomer(NE, |customer| customer.parent = parent.id)?;
    let mut bill = world.sale(child, &[(0, 9_000)])?;
    let (day, gross) = (bill.date.add_days(8), bill.gross);
    let payment = world.pay(&mut bill, day, gross, Paying { payer: parent.id, ..Paying::default() })?;
    look(world, "paid-by-other-customer", Of::PaymentApplication, &application(payment, &bill))?;
    world.post(bill)?;
    Ok(())
}

/// Two bills of one amount, each paid under the same generic reference.
fn two_equal_bills(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let mut other = world.sale(bill.customer, &[(3, 1_000), (0, 6_000)])?;
    let (gross, same) = (bill.gross, other.gross);
    let how = Paying { reference: 100_000, ..Paying::default() };
    let days = (bill.date.add_days(4), bill.date.add_days(6));
    world.pay(&mut bill, days.0, gross, how)?;
    let second = world.pay(&mut other, days.1, same, how)?;
    look(world, "payment-received-twice", Of::Payment, &key(second))?;
    world.post(bill)?;
    world.post(other)?;
    Ok(())
}

/// The first payment bounced and was presented again.
fn presented_again(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let (day, gross, whose) = (bill.date.add_days(3), bill.gross, (bill.customer.id, bill.currency()));
    let how = Paying { reference: world.rng.bits() % 90_000_000 + 10_000_000, ..Paying::default() };
    world.receive(whose, day, gross, how, ["reversed", "receipt", ""])?;
    let second = world.pay(&mut bill, day.add_days(4), gross, how)?;
    look(world, "payment-received-twice", Of::Payment, &key(second))?;
    world.post(bill)?;
    Ok(())
}

fn second_refunded(world: &mut World) -> Result<()> {
    let (bill, second) = twice(world, 5)?;
    let day = bill.date.add_days(9);
    world.refund(bill.customer, (second, 0), day, bill.gross)?;
    look(world, "payment-received-twice", Of::Payment, &key(second))?;
    world.post(bill)?;
    Ok(())
}
