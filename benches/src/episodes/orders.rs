//! Orders, deliveries and prices: what was billed and not shipped, closed orders, slipped digits, discounts, brackets.

use super::{Episode, alike, follows, october, plant, post, usual, within};
use crate::Result;
use crate::company::{LEASED, NE};
use crate::deal::{Order, Shipment, order_key};
use crate::document::{Document, Line, Taxing};
use crate::labels::Stake;
use crate::layout::Of;
use crate::money::extend;
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(nothing_shipped),
        usual(four_fifths_shipped),
        usual(billed_in_advance),
        usual(services),
        usual(billed_by_mistake),
        usual(returned_before_it_left),
        usual(shipped_and_come_back),
        usual(shipment_without_order),
        within(24, 28, shipped_after_the_period),
        usual(only_a_deposit),
        usual(cases_and_eaches),
        usual(closed_and_less_billed),
        usual(closed_and_more_billed),
        usual(closed_and_not_credited),
        usual(closed_short),
        usual(closed_by_schedule),
        usual(closed_with_a_sample),
        usual(closed_and_just_shipped),
        usual(closed_and_credited),
        usual(closed_by_its_shipment),
        usual(closed_after_a_mistake),
    ]
}

/// What is stated over what is right.
pub(super) fn stake(above: &'static str, below: &'static str, units: i64) -> Stake {
    Some((if units > 0 { above } else { below }, units.abs(), crate::money::Currency::Usd))
}

/// An order of one line.
pub(super) fn ordered(world: &mut World, item: (usize, i64), words: (&str, &str)) -> Result<Order> {
    let customer = world.newcomer(NE, |_| ())?;
    let day = world.today.add_days(-4);
    world.order_as(customer, day, &[item], words)
}

/// A bill of so much of an order that no shipment is behind.
fn unshipped(world: &mut World, order: &Order, quantity: i64) -> Document {
    let today = world.today;
    let none = Shipment { id: 0, lines: vec![(1, quantity)] };
    let mut bill = world.bill(order, &none, today);
    bill.lines[0].shipment = None;
    bill
}

/// A bill of so much of an order, of which so much was shipped.
pub(super) fn billed(world: &mut World, order: &Order, shipped: i64, billed: i64) -> Result<Document> {
    let today = world.today;
    let shipment = world.ship(order, today, &[(1, shipped)], "")?;
    let mut bill = world.bill(order, &shipment, today);
    bill.lines[0].quantity = billed;
    bill.lines[0].shipment = bill.lines[0].shipment.filter(|_| billed <= shipped);
    bill.total(Taxing::Lawful, world.settings.rounding);
    Ok(bill)
}

pub(super) fn value(order: &Order, quantity: i64) -> i64 {
    extend(quantity, order.lines[0].2, order.customer.currency)
}

pub(super) const OPEN: (&str, &str) = ("on_shipment", "open");
const CLOSED: (&str, &str) = ("on_shipment", "closed");
pub(super) const GOODS: (usize, i64) = (0, 10_000);
pub(super) const SHIPPED: &str = "billed-not-shipped";
const MATCH: &str = "closed-order-billed-otherwise";

fn not_shipped(world: &mut World, order: &Order, quantity: i64, bill: Document) -> Result<()> {
    let over = stake("over_billed", "", value(order, quantity));
    plant(world, SHIPPED, Of::OrderLine, &order_key(order, 1), over)?;
    post(world, [bill])
}

fn nothing_shipped(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, OPEN)?;
    let bill = unshipped(world, &order, 10_000);
    not_shipped(world, &order, 10_000, bill)
}

fn four_fifths_shipped(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, OPEN)?;
    let bill = billed(world, &order, 8_000, 10_000)?;
    not_shipped(world, &order, 2_000, bill)
}

fn rightly_billed(world: &mut World, order: &Order) -> Result<()> {
    alike(world, SHIPPED, Of::OrderLine, &order_key(order, 1))
}

fn billed_in_advance(world: &mut World) -> Result<()> {
    for billing in ["prepaid", "scheduled", "milestone"] {
        let order = ordered(world, GOODS, (billing, "open"))?;
        let bill = unshipped(world, &order, 10_000);
        rightly_billed(world, &order)?;
        post(world, [bill])?;
    }
    Ok(())
}

/// A service and a lease are not shipped.
fn services(world: &mut World) -> Result<()> {
    for item in [12, LEASED] {
        let order = ordered(world, (item, 2_000), OPEN)?;
        let bill = unshipped(world, &order, 2_000);
        rightly_billed(world, &order)?;
        post(world, [bill])?;
    }
    Ok(())
}

/// Credits all of a bill on the day after it.
fn taken_back(world: &mut World, bill: &mut Document, reason: &'static str) -> Result<Document> {
    let (day, amount) = (bill.date.add_days(1), bill.gross);
    let mut credit = bill.mirrored(world.next("D"), day, reason);
    world.use_credit(&mut credit, bill, day, amount)?;
    Ok(credit)
}

fn billed_by_mistake(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, OPEN)?;
    let mut bill = unshipped(world, &order, 10_000);
    let credit = taken_back(world, &mut bill, "cancellation")?;
    rightly_billed(world, &order)?;
    post(world, [bill, credit])
}

fn returned_before_it_left(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, OPEN)?;
    let mut bill = unshipped(world, &order, 10_000);
    let credit = taken_back(world, &mut bill, "return")?;
    rightly_billed(world, &order)?;
    post(world, [bill, credit])
}

fn shipped_and_come_back(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, OPEN)?;
    let mut bill = billed(world, &order, 10_000, 10_000)?;
    let day = bill.date.add_days(1);
    world.ship(&order, day, &[(1, -10_000)], "")?;
    let credit = taken_back(world, &mut bill, "return")?;
    rightly_billed(world, &order)?;
    post(world, [bill, credit])
}

/// The supplier's shipment names no order of ours; the bill names the shipment.
fn shipment_without_order(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, OPEN)?;
    let today = world.today;
    let direct = Order { id: 0, ..order.clone() };
    let shipment = world.ship(&direct, today, &[(1, 10_000)], "")?;
    let bill = world.bill(&order, &shipment, today);
    rightly_billed(world, &order)?;
    post(world, [bill])
}

fn shipped_after_the_period(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, ("ship_complete", "open"))?;
    let (today, later) = (world.today, october(31).add_days(2));
    let shipment = world.ship_as(&order, (later, later), &[(1, 10_000)], "")?;
    let bill = world.bill(&order, &shipment, today);
    rightly_billed(world, &order)?;
    post(world, [bill])
}

fn only_a_deposit(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, OPEN)?;
    let today = world.today;
    let mut bill = Document::new(world.next("D"), order.customer, today);
    (bill.order, bill.po) = (order.id, order.po);
    let line = Line { kind: "deposit", quantity: 1_000, price: 400_000, ..Line::default() };
    bill.lines.push(Line { order: Some((order.id, 1)), bare: true, ..line });
    bill.total(Taxing::Lawful, world.settings.rounding);
    rightly_billed(world, &order)?;
    post(world, [bill])
}

/// Two cases of ten are billed where twenty pieces were ordered.
fn cases_and_eaches(world: &mut World) -> Result<()> {
    let order = ordered(world, (0, 20_000), CLOSED)?;
    let mut bill = billed(world, &order, 20_000, 2_000)?;
    (bill.lines[0].unit, bill.lines[0].price) = ("XCS", 1_250_000);
    bill.lines[0].words = "Steel bracket, case of ten";
    let key = order_key(&order, 1);
    for rule in [SHIPPED, MATCH] {
        alike(world, rule, Of::OrderLine, &key)?;
    }
    for rule in ["price-differs-from-order", "digits-slipped"] {
        alike(world, rule, Of::InvoiceLine, &line_key(&bill, 1))?;
    }
    crate::master::own_price(world, bill.customer.id, 0, 1_250_000)?;
    bill.total(Taxing::Lawful, world.settings.rounding);
    post(world, [bill])
}

/// A closed order whose quantities do not match, for a reason of its own.
fn mismatched(world: &mut World, cause: &'static str, shipped: i64, quantity: i64) -> Result<()> {
    let order = ordered(world, GOODS, CLOSED)?;
    let bill = billed(world, &order, shipped, quantity)?;
    let off = stake("over_billed", "unbilled", value(&order, quantity - shipped));
    let key = order_key(&order, 1);
    plant(world, cause, Of::OrderLine, &key, off)?;
    follows(world, cause, MATCH, Of::OrderLine, &key, off)?;
    post(world, [bill])
}

fn closed_and_less_billed(world: &mut World) -> Result<()> {
    mismatched(world, "shipped-not-billed", 10_000, 8_000)
}

fn closed_and_more_billed(world: &mut World) -> Result<()> {
    mismatched(world, SHIPPED, 8_000, 10_000)
}

/// Three came back; nobody approved or credited it.
fn closed_and_not_credited(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, CLOSED)?;
    let bill = billed(world, &order, 10_000, 10_000)?;
    let day = bill.date.add_days(3);
    world.ship(&order, day, &[(1, -3_000)], "")?;
    let over = stake("over_billed", "", value(&order, 3_000));
    plant(world, MATCH, Of::OrderLine, &order_key(&order, 1), over)?;
    post(world, [bill])
}

fn matched(world: &mut World, order: &Order) -> Result<()> {
    alike(world, MATCH, Of::OrderLine, &order_key(order, 1))
}

fn closed_short(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, CLOSED)?;
    let bill = billed(world, &order, 6_000, 6_000)?;
    matched(world, &order)?;
    post(world, [bill])
}

fn closed_by_schedule(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, ("scheduled", "closed"))?;
    let bill = billed(world, &order, 10_000, 5_000)?;
    matched(world, &order)?;
    post(world, [bill])
}

fn closed_with_a_sample(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, CLOSED)?;
    let bill = billed(world, &order, 9_000, 9_000)?;
    world.ship(&order, bill.date, &[(1, 1_000)], "sample")?;
    matched(world, &order)?;
    post(world, [bill])
}

fn closed_and_just_shipped(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, CLOSED)?;
    let bill = billed(world, &order, 6_000, 6_000)?;
    world.ship(&order, october(31), &[(1, 4_000)], "")?;
    matched(world, &order)?;
    post(world, [bill])
}

/// Three came back and are credited; goodwill on top takes nothing back.
fn closed_and_credited(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, CLOSED)?;
    let mut bill = billed(world, &order, 10_000, 10_000)?;
    let day = bill.date.add_days(3);
    world.ship(&order, day, &[(1, -3_000)], "")?;
    for (reason, quantity) in [("return", 3_000), ("goodwill", 1_000)] {
        let mut credit = world.credit(&bill, day, &[(1, quantity, bill.lines[0].price)], reason);
        let amount = -credit.gross;
        world.use_credit(&mut credit, &mut bill, day, amount)?;
        post(world, [credit])?;
    }
    matched(world, &order)?;
    post(world, [bill])
}

/// The line names its delivery and not the order.
fn closed_by_its_shipment(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, CLOSED)?;
    let mut bill = billed(world, &order, 10_000, 10_000)?;
    bill.lines[0].order = None;
    matched(world, &order)?;
    post(world, [bill])
}

fn closed_after_a_mistake(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, CLOSED)?;
    let mut bill = billed(world, &order, 10_000, 10_000)?;
    let credit = taken_back(world, &mut bill, "cancellation")?;
    let again = world.again(&bill, credit.date);
    matched(world, &order)?;
    alike(world, "repeated-bill", Of::Invoice, &invoice_key(&again))?;
    post(world, [bill, credit, again])
}
