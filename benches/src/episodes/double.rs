//! The same thing billed twice, and what only looks so.

use super::{Episode, usual, within};
use crate::Result;
use crate::company::{KS, NE, as_of};
use crate::deal::{order_key, shipment_key};
use crate::document::{Document, Taxing};
use crate::labels::Kind;
use crate::layout::Of;
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(same_day),
        usual(repeated),
        usual(repeated_and_corrected_later),
        usual(respelled),
        usual(order_line_over_billed),
        usual(order_billed_again),
        usual(order_billed_again_within_days),
        usual(shipment_billed_again),
        usual(line_repeated),
        usual(two_customer_orders),
        usual(two_addresses),
        usual(counter_sales),
        usual(repeated_and_credited),
        usual(repeated_and_void),
        within(1, 6, standing_order),
        usual(cancelled_and_rebilled),
        usual(part_delivery),
        usual(free_extra),
        within(1, 6, billed_by_schedule),
        usual(lots),
        usual(scanned_one_by_one),
        usual(split_delivery),
    ]
}

const BASKET: [(usize, i64); 2] = [(0, 12_000), (7, 2_750)];

fn over_billed(document: &Document, units: i64) -> crate::labels::Stake {
    Some(("over_billed", units, document.currency()))
}

/// A fresh account and a bill without order.
fn first(world: &mut World) -> Result<Document> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    Ok(world.loose(customer, today, &BASKET))
}

fn look(world: &mut World, rule: &str, document: &Document) -> Result<()> {
    world.label(Kind::LookAlike, rule, (Of::Invoice, &invoice_key(document)), None)
}

fn plant(world: &mut World, rule: &str, document: &Document) -> Result<()> {
    let stake = over_billed(document, document.gross);
    world.label(Kind::Planted, rule, (Of::Invoice, &invoice_key(document)), stake)
}

fn same_day(world: &mut World) -> Result<()> {
    let bill = first(world)?;
    let copy = world.again(&bill, bill.date);
    plant(world, "same-day-double-bill", &copy)?;
    world.post(bill)?;
    world.post(copy)?;
    Ok(())
}

fn repeated(world: &mut World) -> Result<()> {
    let bill = first(world)?;
    let copy = world.again(&bill, bill.date.add_days(3));
    plant(world, "repeated-bill", &copy)?;
    world.post(bill)?;
    world.post(copy)?;
    Ok(())
}

fn repeated_and_corrected_later(world: &mut World) -> Result<()> {
    let bill = first(world)?;
    let mut copy = world.again(&bill, bill.date.add_days(4));
    plant(world, "repeated-bill", &copy)?;
    let day = as_of().add_days(-2);
    let mut credit = copy.mirrored(world.next("D"), day, "cancellation");
    let amount = copy.gross;
    world.use_credit(&mut credit, &mut copy, day, amount)?;
    world.label(Kind::Planted, "credit-after-period-end", (Of::Invoice, &invoice_key(&credit)), None)?;
    world.post(bill)?;
    world.post(copy)?;
    world.post(credit)?;
    Ok(())
}

/// Keyed in by hand under a number that reads the same.
fn respelled(world: &mut World) -> Result<()> {
    let bill = first(world)?;
    let mut copy = world.again(&bill, bill.date.add_days(12));
    plant(world, "respelled-document-number", &copy)?;
    let number = world.post(bill)?.unwrap_or_default();
    copy.number = Some(number.to_lowercase().replace('-', " "));
    world.post(copy)?;
    Ok(())
}

fn order_line_over_billed(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let order = world.order(customer, today.add_days(-4), &[(0, 10_000)], "on_shipment")?;
    let shipment = world.ship_all(&order, today)?;
    let bill = world.bill(&order, &shipment, today);
    let mut more = world.bill(&order, &shipment, today.add_days(5));
    more.lines[0].quantity = 4_000;
    more.lines[0].shipment = None;
    more.total(Taxing::Lawful, world.settings.rounding);
    let stake = over_billed(&more, more.lines[0].net);
    let (cause, key) = ("order-line-over-billed", order_key(&order, 1));
    world.label(Kind::Planted, cause, (Of::OrderLine, &key), stake)?;
    world.label(Kind::Consequence(cause), "billed-not-shipped", (Of::OrderLine, &key), stake)?;
    world.post(bill)?;
    world.post(more)?;
    Ok(())
}

fn order_twice(world: &mut World, days: i32) -> Result<()> {
    let customer = world.newcomer(KS, |_| ())?;
    let today = world.today;
    let order = world.order(customer, today.add_days(-5), &[(0, 8_000)], "on_shipment")?;
    let shipment = world.ship_all(&order, today)?;
    let bill = world.bill(&order, &shipment, today);
    let copy = world.again(&bill, today.add_days(days));
    let stake = over_billed(&copy, copy.lines[0].net);
    let cause = "order-line-over-billed";
    world.label(Kind::Planted, cause, (Of::OrderLine, &order_key(&order, 1)), stake)?;
    world.label(Kind::Consequence(cause), "billed-not-shipped", (Of::OrderLine, &order_key(&order, 1)), stake)?;
    let key = shipment_key(&shipment, 1);
    world.label(Kind::Consequence(cause), "shipment-line-billed-twice", (Of::ShipmentLine, &key), stake)?;
    if days <= 7 {
        let stake = over_billed(&copy, copy.gross);
        let key = invoice_key(&copy);
        world.label(Kind::Consequence(cause), "repeated-bill", (Of::Invoice, &key), stake)?;
    }
    world.post(bill)?;
    world.post(copy)?;
    Ok(())
}

fn order_billed_again(world: &mut World) -> Result<()> {
    order_twice(world, 9)
}

fn order_billed_again_within_days(world: &mut World) -> Result<()> {
    order_twice(world, 3)
}

/// Billed by delivery; one delivery line stands on two bills.
fn shipment_billed_again(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let order = world.order(customer, today.add_days(-3), &[(0, 6_000), (2, 40_000)], "on_shipment")?;
    let shipment = world.ship_all(&order, today)?;
    let mut bill = world.bill(&order, &shipment, today);
    (bill.order, bill.po) = (0, 0);
    bill.lines.iter_mut().for_each(|line| line.order = None);
    let mut copy = world.again(&bill, today.add_days(9));
    copy.lines.truncate(1);
    copy.total(Taxing::Lawful, world.settings.rounding);
    let stake = over_billed(&copy, copy.lines[0].net);
    let key = shipment_key(&shipment, 1);
    let cause = "shipment-line-billed-twice";
    world.label(Kind::Planted, cause, (Of::ShipmentLine, &key), stake)?;
    world.label(Kind::Consequence(cause), "billed-late", (Of::Invoice, &invoice_key(&copy)), None)?;
    world.post(bill)?;
    world.post(copy)?;
    Ok(())
}

fn line_repeated(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let mut bill = world.sale(customer, &[(0, 3_000)])?;
    let line = bill.lines[0].clone();
    bill.lines.push(line.clone());
    bill.total(Taxing::Lawful, world.settings.rounding);
    let stake = over_billed(&bill, line.net);
    let cause = "order-line-over-billed";
    let key = |pair: Option<(u64, u64)>, prefix| {
        pair.map_or(String::new(), |(id, no)| format!("{}/{no}", crate::table::id(prefix, id)))
    };
    let order = key(line.order, "SO");
    world.label(Kind::Planted, cause, (Of::OrderLine, &order), stake)?;
    world.label(Kind::Consequence(cause), "billed-not-shipped", (Of::OrderLine, &order), stake)?;
    let shipment = key(line.shipment, "SH");
    world.label(Kind::Consequence(cause), "shipment-line-billed-twice", (Of::ShipmentLine, &shipment), stake)?;
    world.label(Kind::Consequence(cause), "line-billed-twice", (Of::InvoiceLine, &line_key(&bill, 2)), stake)?;
    world.post(bill)?;
    Ok(())
}

/// Equal bills on one day, under two numbers of the customer's own.
fn two_customer_orders(world: &mut World) -> Result<()> {
    let mut bill = first(world)?;
    let mut other = world.again(&bill, bill.date);
    (bill.po, other.po) = (world.next("PO-"), world.next("PO-"));
    look(world, "same-day-double-bill", &other)?;
    world.post(bill)?;
    world.post(other)?;
    Ok(())
}

fn two_addresses(world: &mut World) -> Result<()> {
    let bill = first(world)?;
    let mut other = world.again(&bill, bill.date);
    other.ship_to = other.customer.ship_to() + 1;
    look(world, "same-day-double-bill", &other)?;
    world.post(bill)?;
    world.post(other)?;
    Ok(())
}

fn counter_sales(world: &mut World) -> Result<()> {
    let today = world.today;
    for _ in 0..2 {
        let mut bill = world.loose(world.walk_in, today, &[(8, 1_000)]);
        let amount = bill.gross;
        world.pay(&mut bill, today, amount, crate::deal::Paying::default())?;
        look(world, "same-day-double-bill", &bill)?;
        world.post(bill)?;
    }
    Ok(())
}

/// A mirrored credit note without reference puts it right.
fn repeated_and_credited(world: &mut World) -> Result<()> {
    let bill = first(world)?;
    let mut copy = world.again(&bill, bill.date.add_days(3));
    let day = bill.date.add_days(6);
    let mut credit = copy.mirrored(world.next("D"), day, "cancellation");
    credit.original = 0;
    credit.lines.iter_mut().for_each(|line| line.original = None);
    let amount = copy.gross;
    world.use_credit(&mut credit, &mut copy, day, amount)?;
    look(world, "repeated-bill", &copy)?;
    world.post(bill)?;
    world.post(copy)?;
    world.post(credit)?;
    Ok(())
}

fn repeated_and_void(world: &mut World) -> Result<()> {
    let bill = first(world)?;
    let mut copy = world.again(&bill, bill.date.add_days(2));
    copy.status = "void";
    look(world, "repeated-bill", &copy)?;
    world.post(bill)?;
    world.post(copy)?;
    Ok(())
}

/// The same lines every week.
fn standing_order(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    for week in 0..4 {
        let bill = world.loose(customer, today.add_days(week * 7), &[(9, 4_000)]);
        look(world, "repeated-bill", &bill)?;
        world.post(bill)?;
    }
    Ok(())
}

fn cancelled_and_rebilled(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let mut bill = world.sale(customer, &[(0, 10_000)])?;
    let day = bill.date.add_days(2);
    let mut credit = bill.mirrored(world.next("D"), day, "cancellation");
    let amount = bill.gross;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    let rebill = world.again(&bill, day);
    look(world, "repeated-bill", &rebill)?;
    if let Some((order, line)) = rebill.lines[0].order {
        let key = format!("{}/{line}", crate::table::id("SO", order));
        world.label(Kind::LookAlike, "order-line-over-billed", (Of::OrderLine, &key), None)?;
    }
    world.post(bill)?;
    world.post(credit)?;
    world.post(rebill)?;
    Ok(())
}

/// Two orders of the same things; the second bill is a part delivery by its number.
fn part_delivery(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let bill = world.sale(customer, &BASKET)?;
    let mut part = world.sale(customer, &BASKET)?;
    look(world, "respelled-document-number", &part)?;
    let number = world.post(bill)?.unwrap_or_default();
    part.number = Some(format!("{number}A"));
    world.post(part)?;
    Ok(())
}

/// More was shipped than ordered, and the surplus was given away: the quantity is exceeded, the money is not.
fn free_extra(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let order = world.order(customer, today.add_days(-4), &[(0, 10_000)], "on_shipment")?;
    let shipment = world.ship_all(&order, today)?;
    let bill = world.bill(&order, &shipment, today);
    let extra = world.ship(&order, today.add_days(1), &[(1, 2_000)], "")?;
    let mut free = world.bill(&order, &extra, today.add_days(1));
    (free.lines[0].price, free.lines[0].discount) = (0, "PROMO-1");
    free.total(Taxing::Lawful, world.settings.rounding);
    world.label(Kind::LookAlike, "order-line-over-billed", (Of::OrderLine, &order_key(&order, 1)), None)?;
    world.post(bill)?;
    world.post(free)?;
    Ok(())
}

/// One order line, billed every week by its schedule.
fn billed_by_schedule(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let order = world.order(customer, today.add_days(-3), &[(12, 1_000)], "scheduled")?;
    for week in 0..4 {
        let mut bill = world.loose(customer, today.add_days(week * 7), &[(12, 1_000)]);
        (bill.order, bill.po) = (order.id, order.po);
        bill.lines[0].order = Some((order.id, 1));
        look(world, "repeated-bill", &bill)?;
        world.post(bill)?;
    }
    world.label(Kind::LookAlike, "order-line-over-billed", (Of::OrderLine, &order_key(&order, 1)), None)
}

/// Two equal lines of different lots.
fn lots(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let mut bill = world.sale(customer, &[(7, 6_000)])?;
    bill.lines[0].quantity = 3_000;
    let mut second = bill.lines[0].clone();
    (bill.lines[0].lot, second.lot) = (Some(41), Some(42));
    bill.lines.push(second);
    bill.total(Taxing::Lawful, world.settings.rounding);
    world.label(Kind::LookAlike, "line-billed-twice", (Of::InvoiceLine, &line_key(&bill, 2)), None)?;
    world.post(bill)?;
    Ok(())
}

fn scanned_one_by_one(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let mut bill = world.sale(customer, &[(4, 2_000)])?;
    bill.lines[0].quantity = 1_000;
    let second = bill.lines[0].clone();
    bill.lines.push(second);
    bill.total(Taxing::Lawful, world.settings.rounding);
    world.label(Kind::LookAlike, "line-billed-twice", (Of::InvoiceLine, &line_key(&bill, 2)), None)?;
    world.post(bill)?;
    Ok(())
}

/// A back order: one order line, two deliveries of equal quantity, two equal bills.
fn split_delivery(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let order = world.order(customer, today.add_days(-4), &[(2, 80_000)], "on_shipment")?;
    let first = world.ship(&order, today, &[(1, 40_000)], "")?;
    let second = world.ship(&order, today.add_days(3), &[(1, 40_000)], "")?;
    let bill = world.bill(&order, &first, today);
    let other = world.bill(&order, &second, today.add_days(3));
    look(world, "repeated-bill", &other)?;
    world.label(Kind::LookAlike, "shipment-line-billed-twice", (Of::ShipmentLine, &shipment_key(&second, 1)), None)?;
    world.post(bill)?;
    world.post(other)?;
    Ok(())
}
