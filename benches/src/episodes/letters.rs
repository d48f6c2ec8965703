//! Reminders that should not have been sent, and those that were in order on the day.

use super::{Episode, usual};
use crate::Result;
use crate::company::NE;
use crate::deal::Paying;
use crate::document::Document;
use crate::labels::Kind;
use crate::layout::Of;
use crate::table::id;
use crate::world::World;

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(paid),
        usual(credited),
        usual(disputed),
        usual(booked_after_the_letter),
        usual(courtesy_note),
        usual(rest_open),
        usual(dispute_closed),
        usual(dispute_later),
    ]
}

const LETTER_AFTER: i32 = 12;

fn bill(world: &mut World) -> Result<Document> {
    let customer = world.newcomer(NE, |_| ())?;
    world.sale(customer, &[(4, 1_000)])
}

/// The letter about a bill, labelled.
fn letter(world: &mut World, kind: Kind, rule: &str, bill: Document, level: u64) -> Result<()> {
    let number = world.remind(&bill, bill.date.add_days(LETTER_AFTER), level)?;
    world.label(kind, rule, (Of::Reminder, &id("RM", number)), None)?;
    world.post(bill)?;
    Ok(())
}

fn paid_bill(world: &mut World, days: i32, posted_after: i32, part: i64) -> Result<Document> {
    let mut bill = bill(world)?;
    let (day, amount) = (bill.date.add_days(days), bill.gross / part);
    world.pay(&mut bill, day, amount, Paying { posted_after, ..Paying::default() })?;
    Ok(bill)
}

fn paid(world: &mut World) -> Result<()> {
    let bill = paid_bill(world, 6, 1, 1)?;
    letter(world, Kind::Planted, "reminder-for-paid-invoice", bill, 1)
}

fn credited(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    let (day, amount) = (bill.date.add_days(4), bill.gross);
    let mut credit = bill.mirrored(world.next("D"), day, "return");
    if let Some((order, line)) = bill.lines[0].order {
        let lines = vec![(4, bill.lines[0].quantity, bill.lines[0].price)];
        let order = crate::deal::Order { id: order, customer: bill.customer, po: bill.po, lines };
        world.ship(&order, day, &[(line, -bill.lines[0].quantity)], "")?;
    }
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    world.post(credit)?;
    letter(world, Kind::Planted, "reminder-for-paid-invoice", bill, 1)
}

fn disputed(world: &mut World) -> Result<()> {
    let bill = bill(world)?;
    world.dispute(&bill, bill.date.add_days(3), None)?;
    letter(world, Kind::Planted, "reminder-while-disputed", bill, 2)
}

/// Paid before the letter, known to the books after it.
fn booked_after_the_letter(world: &mut World) -> Result<()> {
    let bill = paid_bill(world, LETTER_AFTER - 1, 3, 1)?;
    letter(world, Kind::LookAlike, "reminder-for-paid-invoice", bill, 1)
}

fn courtesy_note(world: &mut World) -> Result<()> {
    let bill = paid_bill(world, 5, 0, 1)?;
    letter(world, Kind::LookAlike, "reminder-for-paid-invoice", bill, 0)
}

fn rest_open(world: &mut World) -> Result<()> {
    let bill = paid_bill(world, 5, 0, 2)?;
    letter(world, Kind::LookAlike, "reminder-for-paid-invoice", bill, 1)
}

fn dispute_closed(world: &mut World) -> Result<()> {
    let bill = bill(world)?;
    world.dispute(&bill, bill.date.add_days(2), Some(bill.date.add_days(7)))?;
    letter(world, Kind::LookAlike, "reminder-while-disputed", bill, 1)
}

fn dispute_later(world: &mut World) -> Result<()> {
    let bill = bill(world)?;
    world.dispute(&bill, bill.date.add_days(LETTER_AFTER + 3), None)?;
    letter(world, Kind::LookAlike, "reminder-while-disputed", bill, 1)
}
