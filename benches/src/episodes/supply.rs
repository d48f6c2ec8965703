//! What was supplied and not billed or not at the agreed price, and what needs no bill or has a price of its own.

use tieout_model::Date;

use super::{Episode, before, october, usual, within};
use crate::Result;
use crate::company::{BRACKET, Customer, NE, PLAN, TIERED, WHOLESALE, list_price, period_from};
use crate::deal::{Order, Paying, order_key};
use crate::document::{Document, Taxing};
use crate::labels::Kind;
use crate::layout::Of;
use crate::money::extend;
use crate::ordinary::{period_bill, write_subscription};
use crate::table::{Cell, id};
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(not_billed),
        usual(partly_billed),
        usual(sample),
        usual(ship_complete),
        within(30, 31, shipped_just_now),
        usual(returned),
        usual(milestone),
        usual(price_raised),
        usual(price_forgone),
        usual(contract_forgotten),
        usual(bracket_missed),
        within(17, 21, ordered_before_the_change),
        usual(bracket_reached),
        usual(promotion),
        usual(wholesale),
        before(1, 1, month_not_billed),
        within(1, 1, half_a_month_not_billed),
        before(1, 1, paused),
        before(1, 1, ended),
        within(5, 8, trial),
        within(1, 1, period_rebilled),
        before(1, 1, quarter),
        within(4, 9, arrears_not_due),
    ]
}

fn order(world: &mut World, billing: &str) -> Result<Order> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    world.order(customer, today.add_days(-4), &[(0, 10_000)], billing)
}

fn unbilled(world: &mut World, order: &Order, quantity: i64) -> Result<()> {
    let currency = order.customer.currency;
    let stake = Some(("unbilled", extend(quantity, order.lines[0].2, currency), currency));
    world.label(Kind::Planted, "shipped-not-billed", (Of::OrderLine, &order_key(order, 1)), stake)
}

fn needs_no_bill(world: &mut World, order: &Order) -> Result<()> {
    world.label(Kind::LookAlike, "shipped-not-billed", (Of::OrderLine, &order_key(order, 1)), None)
}

fn not_billed(world: &mut World) -> Result<()> {
    let (order, today) = (order(world, "on_shipment")?, world.today);
    world.ship_all(&order, today)?;
    unbilled(world, &order, 10_000)
}

fn partly_billed(world: &mut World) -> Result<()> {
    let (order, today) = (order(world, "on_shipment")?, world.today);
    let shipment = world.ship_all(&order, today)?;
    let mut bill = world.bill(&order, &shipment, today);
    bill.lines[0].quantity = 8_000;
    bill.total(Taxing::Lawful, world.settings.rounding);
    unbilled(world, &order, 2_000)?;
    world.post(bill)?;
    Ok(())
}

fn sample(world: &mut World) -> Result<()> {
    let (order, today) = (order(world, "on_shipment")?, world.today);
    world.ship(&order, today, &[(1, 1_000)], "sample")?;
    needs_no_bill(world, &order)
}

/// Billed when the last piece has left; four are still to come.
fn ship_complete(world: &mut World) -> Result<()> {
    let (order, today) = (order(world, "ship_complete")?, world.today);
    world.ship(&order, today, &[(1, 6_000)], "")?;
    needs_no_bill(world, &order)
}

fn shipped_just_now(world: &mut World) -> Result<()> {
    let (order, today) = (order(world, "on_shipment")?, world.today);
    world.ship_all(&order, today.add_days(1))?;
    needs_no_bill(world, &order)
}

fn returned(world: &mut World) -> Result<()> {
    let (order, today) = (order(world, "on_shipment")?, world.today);
    world.ship_all(&order, today)?;
    world.ship(&order, today.add_days(2), &[(1, -10_000)], "")?;
    needs_no_bill(world, &order)
}

fn milestone(world: &mut World) -> Result<()> {
    let (order, today) = (order(world, "milestone")?, world.today);
    world.ship_all(&order, today)?;
    needs_no_bill(world, &order)
}

/// Bills one line at a price that nobody agreed to.
fn mispriced(world: &mut World, customer: Customer, item: (usize, i64), price: i64) -> Result<()> {
    let mut bill = world.sale(customer, &[item])?;
    let off = price - bill.lines[0].price;
    bill.lines[0].price = price;
    bill.total(Taxing::Lawful, world.settings.rounding);
    let currency = bill.currency();
    let class = if off > 0 { "over_billed" } else { "under_billed" };
    let stake = Some((class, extend(item.1, off.abs(), currency), currency));
    let (ordered, key) = ("price-differs-from-order", line_key(&bill, 1));
    let is_bracket = item == (TIERED, BRACKET);
    let cause = if is_bracket { "price-of-other-bracket" } else { ordered };
    world.label(Kind::Planted, cause, (Of::InvoiceLine, &key), stake)?;
    world.label(Kind::Consequence(cause), "price-not-as-agreed", (Of::InvoiceLine, &key), stake)?;
    if is_bracket {
        world.label(Kind::Consequence(cause), ordered, (Of::InvoiceLine, &key), stake)?;
    }
    world.post(bill)?;
    Ok(())
}

fn as_agreed(world: &mut World, bill: Document) -> Result<()> {
    world.label(Kind::LookAlike, "price-not-as-agreed", (Of::InvoiceLine, &line_key(&bill, 1)), None)?;
    world.post(bill)?;
    Ok(())
}

fn price_raised(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    mispriced(world, customer, (0, 10_000), 137_500)
}

fn price_forgone(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    mispriced(world, customer, (0, 10_000), 112_000)
}

/// The list price although a contract gives a tenth off.
fn contract_forgotten(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |customer| customer.contract = true)?;
    mispriced(world, customer, (0, 10_000), 125_000)
}

/// A hundred pieces at the price of ninety-nine.
fn bracket_missed(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let price = list_price(TIERED, customer.currency, BRACKET - 1, today);
    mispriced(world, customer, (TIERED, BRACKET), price)
}

fn ordered_before_the_change(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let order = world.order(customer, october(14), &[(8, 3_000)], "on_shipment")?;
    let shipment = world.ship_all(&order, today)?;
    let bill = world.bill(&order, &shipment, today);
    as_agreed(world, bill)
}

fn bracket_reached(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let bill = world.sale(customer, &[(TIERED, BRACKET)])?;
    as_agreed(world, bill)
}

fn promotion(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let mut bill = world.sale(customer, &[(2, 20_000)])?;
    (bill.lines[0].price, bill.lines[0].discount) = (8_775, "PROMO-2");
    bill.total(Taxing::Lawful, world.settings.rounding);
    as_agreed(world, bill)
}

fn wholesale(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |customer| customer.wholesale = true)?;
    let bill = world.sale(customer, &[(WHOLESALE.0, 2_000)])?;
    as_agreed(world, bill)
}

/// A subscription of a fresh account that begins today.
fn subscription(world: &mut World, end: Option<Date>, words: (bool, &str, &str)) -> Result<(Customer, u64)> {
    let customer = world.newcomer(NE, |_| ())?;
    let number = world.next("SUB");
    let start = world.today;
    write_subscription(world, number, ((customer.id, customer.currency), PLAN), (start, end), words)?;
    Ok((customer, number))
}

fn days(world: &mut World, of: (Customer, u64), days: (Date, Date)) -> Document {
    period_bill(world, of.0, (of.1, PLAN), days, days.0)
}

fn pay_and_post(world: &mut World, mut bill: Document) -> Result<()> {
    let (day, amount) = (bill.date.add_days(3), bill.gross);
    world.pay(&mut bill, day, amount, Paying::default())?;
    world.post(bill)?;
    Ok(())
}

/// Bills months from today's on; 0 is the one that begins today.
fn months(world: &mut World, of: (Customer, u64), which: &[i32]) -> Result<()> {
    let start = world.today;
    for &month in which {
        let bill = days(world, of, (start.add_months(month), start.add_months(month + 1)));
        pay_and_post(world, bill)?;
    }
    Ok(())
}

fn state(world: &mut World, subscription: u64, state: &str, days: (Date, Option<Date>)) -> Result<()> {
    let cells = [Cell::Id("SUB", subscription), Cell::Word(state), Cell::Day(days.0), Cell::day(days.1)];
    world.write(Of::SubscriptionPeriod, &cells)
}

const ADVANCE: (bool, &str, &str) = (false, "active", "monthly");
const NOT_BILLED: &str = "subscription-period-not-billed";

fn month_not_billed(world: &mut World) -> Result<()> {
    let of = subscription(world, None, ADVANCE)?;
    months(world, of, &[0, 2])?;
    let price = list_price(PLAN, of.0.currency, 1_000, period_from());
    let stake = Some(("unbilled", price / 100, of.0.currency));
    world.label(Kind::Planted, NOT_BILLED, (Of::Subscription, &id("SUB", of.1)), stake)
}

/// A part of a period has no price of its own.
fn half_a_month_not_billed(world: &mut World) -> Result<()> {
    let of = subscription(world, None, ADVANCE)?;
    let mut bill = days(world, of, (october(1), october(16)));
    // Fifteen of thirty-one days; the rest comes off the month's price.
    bill.lines[0].allowance = bill.lines[0].net - crate::money::shift(i128::from(bill.lines[0].net) * 15_000 / 31, 3);
    bill.total(Taxing::Lawful, world.settings.rounding);
    pay_and_post(world, bill)?;
    let bill = days(world, of, (october(1).add_months(1), october(1).add_months(2)));
    world.post(bill)?;
    world.label(Kind::Planted, NOT_BILLED, (Of::Subscription, &id("SUB", of.1)), None)
}

fn covered(world: &mut World, subscription: u64) -> Result<()> {
    world.label(Kind::LookAlike, NOT_BILLED, (Of::Subscription, &id("SUB", subscription)), None)
}

fn paused(world: &mut World) -> Result<()> {
    let of = subscription(world, None, ADVANCE)?;
    let start = world.today;
    months(world, of, &[0, 2])?;
    state(world, of.1, "active", (start, Some(october(1))))?;
    state(world, of.1, "paused", (october(1), Some(october(1).add_months(1))))?;
    state(world, of.1, "active", (october(1).add_months(1), None))?;
    covered(world, of.1)
}

fn ended(world: &mut World) -> Result<()> {
    let of = subscription(world, Some(october(1)), (false, "cancelled", "monthly"))?;
    months(world, of, &[0])?;
    covered(world, of.1)
}

fn trial(world: &mut World) -> Result<()> {
    let of = subscription(world, None, ADVANCE)?;
    let (start, paying) = (world.today, october(1).add_months(1));
    state(world, of.1, "trial", (start, Some(paying)))?;
    state(world, of.1, "active", (paying, None))?;
    let bill = days(world, of, (paying, paying.add_months(1)));
    world.post(bill)?;
    covered(world, of.1)
}

/// Billed, cancelled in full, billed again.
fn period_rebilled(world: &mut World) -> Result<()> {
    let of = subscription(world, None, ADVANCE)?;
    months(world, of, &[1])?;
    let mut bill = days(world, of, (october(1), october(1).add_months(1)));
    let (day, amount) = (bill.date.add_days(4), bill.gross);
    let mut credit = bill.mirrored(world.next("D"), day, "cancellation");
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    let again = world.again(&bill, day);
    world.label(Kind::LookAlike, "repeated-bill", (Of::Invoice, &invoice_key(&again)), None)?;
    covered(world, of.1)?;
    world.post(bill)?;
    world.post(credit)?;
    world.post(again)?;
    Ok(())
}

fn quarter(world: &mut World) -> Result<()> {
    let of = subscription(world, None, (false, "active", "quarterly"))?;
    let start = world.today;
    let bill = days(world, of, (start, start.add_months(3)));
    pay_and_post(world, bill)?;
    covered(world, of.1)
}

/// Billed after the month, which has not ended.
fn arrears_not_due(world: &mut World) -> Result<()> {
    let of = subscription(world, None, (true, "active", "monthly"))?;
    covered(world, of.1)
}
