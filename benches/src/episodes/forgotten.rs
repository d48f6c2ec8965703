//! What was never billed, and what was never reminded.

use tieout_model::Date;

use super::{Episode, alike, before, october, plant, post, sold};
use crate::Result;
use crate::company::{Customer, NE, as_of};
use crate::deal::{Paying, Record};
use crate::document::Document;
use crate::layout::Of;
use crate::ordinary::write_subscription;
use crate::table::id;
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        before(1, 9, contract_not_billed),
        before(1, 9, milestone_not_billed),
        before(1, 9, contract_billed),
        before(1, 9, obliges_nobody),
        before(1, 9, parent_is_billed),
        before(1, 5, bill_missing),
        before(1, 5, agreement_ended),
        before(1, 5, customer_left),
        before(1, 5, subscription_took_over),
        before(1, 5, no_rhythm),
        before(1, 4, never_reminded),
        before(1, 4, courtesy_note_only),
        before(1, 4, rest_above_the_limit),
        before(1, 4, small_rest),
        before(1, 4, balance_not_renewed),
        before(1, 4, nothing_open_by_the_books),
        before(1, 4, overdue_and_disputed),
        before(1, 4, dispute_settled_lately),
        before(1, 4, no_reminders_by_agreement),
        before(1, 4, overdue_and_credited),
        before(1, 4, overdue_and_written_off),
        before(1, 4, overdue_and_prepaid),
        before(1, 4, given_up),
    ]
}

const CONTRACT: &str = "contract-never-billed";

/// A contract from today on with a fresh account.
fn agreed(world: &mut World, kind: &str, to: Option<Date>) -> Result<(Customer, u64)> {
    let (customer, today) = (world.newcomer(NE, |_| ())?, world.today);
    let contract = world.agree(&customer, None, kind, (today, to))?;
    Ok((customer, contract))
}

fn contract_not_billed(world: &mut World) -> Result<()> {
    let (_, contract) = agreed(world, "minimum", None)?;
    plant(world, CONTRACT, Of::Contract, &id("CT", contract), None)
}

fn milestone_not_billed(world: &mut World) -> Result<()> {
    let (_, contract) = agreed(world, "milestone", Some(october(20)))?;
    plant(world, CONTRACT, Of::Contract, &id("CT", contract), None)
}

/// One bill names the contract, one does not.
fn contract_billed(world: &mut World) -> Result<()> {
    for named in [true, false] {
        let (customer, contract) = agreed(world, "minimum", None)?;
        let mut bill = world.loose(customer, october(4), &[(0, 16_000)]);
        bill.deal = if named { contract } else { 0 };
        alike(world, CONTRACT, Of::Contract, &id("CT", contract))?;
        post(world, [bill])?;
    }
    Ok(())
}

/// Prices, rebates and caps oblige nobody to buy; a milestone lies ahead.
fn obliges_nobody(world: &mut World) -> Result<()> {
    for (kind, to) in [("price", None), ("rebate", None), ("cap", None), ("milestone", Some(as_of().add_days(60)))] {
        let (_, contract) = agreed(world, kind, to)?;
        alike(world, CONTRACT, Of::Contract, &id("CT", contract))?;
    }
    Ok(())
}

fn parent_is_billed(world: &mut World) -> Result<()> {
    let parent = world.newcomer(NE, |_| ())?;
    let (child, today) = (world.newcomer(NE, |child| child.parent = parent.id)?, world.today);
    let contract = world.agree(&child, None, "minimum", (today, None))?;
    let bill = world.loose(parent, october(4), &[(0, 16_000)]);
    alike(world, CONTRACT, Of::Contract, &id("CT", contract))?;
    post(world, [bill])
}

const MISSING: &str = "recurring-bill-missing";
/// The fitter's hours.
const HOURS: (usize, i64) = (12, 2_000);

/// Weekly bills so many days after today, each paid; the last of the first five, and its amount.
fn weekly(world: &mut World, customer: Customer, days: &[i32]) -> Result<(String, i64)> {
    let (today, mut last) = (world.today, (String::new(), 0));
    for (&after, place) in days.iter().zip(1..) {
        let mut bill = world.loose(customer, today.add_days(after), &[HOURS]);
        let (day, gross) = (bill.date.add_days(2), bill.gross);
        world.pay(&mut bill, day, gross, Paying::default())?;
        alike(world, "repeated-bill", Of::Invoice, &invoice_key(&bill))?;
        if place <= 5 {
            last = (line_key(&bill, 1), bill.lines[0].net);
        }
        post(world, [bill])?;
    }
    Ok(last)
}

/// Every week until October, one week without, and every week again.
fn bill_missing(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let (last, net) = weekly(world, customer, &[0, 7, 14, 21, 28, 42, 49])?;
    plant(world, MISSING, Of::InvoiceLine, &last, Some(("unbilled", net, customer.currency)))
}

const ENDED: [i32; 5] = [0, 7, 14, 21, 28];

fn agreement_ended(world: &mut World) -> Result<()> {
    let (customer, today) = (world.newcomer(NE, |_| ())?, world.today);
    world.agree(&customer, Some(HOURS.0), "price", (today.add_days(-30), Some(today.add_days(30))))?;
    let (last, _) = weekly(world, customer, &ENDED)?;
    alike(world, MISSING, Of::InvoiceLine, &last)
}

fn customer_left(world: &mut World) -> Result<()> {
    let customer = world.newcomer_as(NE, &Record { active: false, ..Record::default() }, |_| ())?;
    let (last, _) = weekly(world, customer, &ENDED)?;
    alike(world, MISSING, Of::InvoiceLine, &last)
}

/// A subscription, billed in arrears and not due yet, covers the hours from now on.
fn subscription_took_over(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let (last, _) = weekly(world, customer, &ENDED)?;
    let number = world.next("SUB");
    let of = ((customer.id, customer.currency), crate::company::PLAN);
    write_subscription(world, number, of, (october(10), None), (true, "active", "monthly"))?;
    alike(world, MISSING, Of::InvoiceLine, &last)
}

fn no_rhythm(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let (last, _) = weekly(world, customer, &[0, 3, 14, 17, 28])?;
    alike(world, MISSING, Of::InvoiceLine, &last)
}

const REMINDER: &str = "overdue-without-reminder";

fn forgotten(world: &mut World, bill: Document) -> Result<()> {
    plant(world, REMINDER, Of::Invoice, &invoice_key(&bill), None)?;
    post(world, [bill])
}

fn no_reminder_needed(world: &mut World, bill: Document) -> Result<()> {
    alike(world, REMINDER, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

fn never_reminded(world: &mut World) -> Result<()> {
    let bill = sold(world)?;
    forgotten(world, bill)
}

fn courtesy_note_only(world: &mut World) -> Result<()> {
    let bill = sold(world)?;
    world.remind(&bill, bill.date.add_days(25), 0)?;
    forgotten(world, bill)
}

/// All but so many cents is paid.
fn all_but(world: &mut World, cents: i64) -> Result<Document> {
    let mut bill = sold(world)?;
    let (day, amount) = (bill.date.add_days(20), bill.gross - cents);
    world.pay(&mut bill, day, amount, Paying::default())?;
    Ok(bill)
}

fn rest_above_the_limit(world: &mut World) -> Result<()> {
    let bill = all_but(world, 1_001)?;
    forgotten(world, bill)
}

fn small_rest(world: &mut World) -> Result<()> {
    let bill = all_but(world, 1_000)?;
    no_reminder_needed(world, bill)
}

/// Paid in September, and still open by the books.
fn balance_not_renewed(world: &mut World) -> Result<()> {
    let mut bill = all_but(world, 0)?;
    bill.unbalanced = bill.gross;
    no_reminder_needed(world, bill)
}

fn nothing_open_by_the_books(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.unbalanced = -bill.gross;
    no_reminder_needed(world, bill)
}

fn overdue_and_disputed(world: &mut World) -> Result<()> {
    let bill = sold(world)?;
    world.dispute(&bill, bill.date.add_days(12), None)?;
    no_reminder_needed(world, bill)
}

fn dispute_settled_lately(world: &mut World) -> Result<()> {
    let bill = sold(world)?;
    world.dispute(&bill, bill.date.add_days(12), Some(october(30)))?;
    no_reminder_needed(world, bill)
}

fn no_reminders_by_agreement(world: &mut World) -> Result<()> {
    let customer = world.newcomer_as(NE, &Record { hold: true, ..Record::default() }, |_| ())?;
    let bill = world.sale(customer, &[(0, 16_000)])?;
    no_reminder_needed(world, bill)
}

fn overdue_and_credited(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let (day, amount) = (bill.date.add_days(9), bill.gross);
    let mut credit = bill.mirrored(world.next("D"), day, "goodwill");
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    post(world, [credit])?;
    no_reminder_needed(world, bill)
}

fn overdue_and_written_off(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let (day, net, tax) = (bill.date.add_days(40), bill.net, bill.tax);
    world.adjust(&mut bill, day, "write_off", (net, tax))?;
    no_reminder_needed(world, bill)
}

fn overdue_and_prepaid(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.prepaid = bill.gross;
    no_reminder_needed(world, bill)
}

fn given_up(world: &mut World) -> Result<()> {
    let (customer, today) = (world.newcomer(NE, |_| ())?, world.today);
    let mut bill = world.loose(customer, today, &[(0, 16_000)]);
    bill.status = "uncollectible";
    no_reminder_needed(world, bill)
}
