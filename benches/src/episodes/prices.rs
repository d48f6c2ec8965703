//! Slipped digits, prices that are not the order's, brackets and promotions.

use tieout_model::Date;

use super::orders::{GOODS, OPEN, SHIPPED, billed, ordered, stake, value};
use super::{Episode, alike, follows, october, plant, post, usual, within};
use crate::Result;
use crate::company::{BRACKET, Customer, ITEMS, LEASED, NE, RARE, TIERED, list_price};
use crate::deal::{Order, order_key};
use crate::document::{Document, Line, Taxing};
use crate::layout::Of;
use crate::master::{Promotion, promotion};
use crate::money::extend;
use crate::world::{World, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(price_slipped),
        usual(digits_exchanged),
        usual(quantity_slipped),
        usual(a_tenth_delivered),
        usual(more_was_shipped),
        usual(nine_tenths_off),
        usual(bracket_too_low),
        usual(part_of_a_bracket),
        usual(discounted_to_a_bracket),
        usual(price_before_discount),
        usual(order_was_changed),
        usual(instalment),
        usual(discount_ended),
        usual(discount_of_another),
        usual(discount_on_another_item),
        usual(discount_of_a_quantity),
        within(2, 5, discount_when_ordered),
        usual(discount_of_the_parent),
        usual(part_of_a_quantity),
        usual(unusual_price),
    ]
}

const SLIP: &str = "digits-slipped";
const ORDERED: &str = "price-differs-from-order";
const AGREED: &str = "price-not-as-agreed";

/// A bill at another price than that of its order.
fn priced(world: &mut World, item: (usize, i64), price: i64) -> Result<(Order, Document, i64)> {
    let order = ordered(world, item, OPEN)?;
    let mut bill = billed(world, &order, item.1, item.1)?;
    let off = extend(item.1, price - order.lines[0].2, order.customer.currency);
    bill.lines[0].price = price;
    bill.total(Taxing::Lawful, world.settings.rounding);
    Ok((order, bill, off))
}

fn slipped(world: &mut World, bill: Document, off: i64) -> Result<()> {
    let (key, off) = (line_key(&bill, 1), stake("over_billed", "under_billed", off));
    plant(world, SLIP, Of::InvoiceLine, &key, off)?;
    for rule in [ORDERED, AGREED] {
        follows(world, SLIP, rule, Of::InvoiceLine, &key, off)?;
    }
    post(world, [bill])
}

/// 1.25 instead of 12.50, of a kind that has no history.
fn price_slipped(world: &mut World) -> Result<()> {
    let (_, bill, off) = priced(world, (LEASED, 1_000), ITEMS[LEASED].price / 10)?;
    slipped(world, bill, off)
}

/// 15.20 instead of 12.50.
fn digits_exchanged(world: &mut World) -> Result<()> {
    let (_, bill, off) = priced(world, GOODS, 152_000)?;
    slipped(world, bill, off)
}

/// A hundred billed where ten were ordered and shipped.
fn quantity_slipped(world: &mut World) -> Result<()> {
    let order = ordered(world, GOODS, OPEN)?;
    let bill = billed(world, &order, 10_000, 100_000)?;
    let off = stake("over_billed", "", value(&order, 90_000));
    plant(world, SLIP, Of::InvoiceLine, &line_key(&bill, 1), off)?;
    for rule in ["order-line-over-billed", SHIPPED] {
        follows(world, SLIP, rule, Of::OrderLine, &order_key(&order, 1), off)?;
    }
    post(world, [bill])
}

fn no_slip(world: &mut World, bill: &Document) -> Result<()> {
    alike(world, SLIP, Of::InvoiceLine, &line_key(bill, 1))
}

/// A tenth of the order; 45 of 54.
fn a_tenth_delivered(world: &mut World) -> Result<()> {
    for (whole, part) in [(100_000, 10_000), (54_000, 45_000)] {
        let order = ordered(world, (0, whole), OPEN)?;
        let bill = billed(world, &order, part, part)?;
        no_slip(world, &bill)?;
        post(world, [bill])?;
    }
    Ok(())
}

/// Ten times the order was shipped, and is billed: beyond the order, but no slip of the pen.
fn more_was_shipped(world: &mut World) -> Result<()> {
    let order = ordered(world, (0, 5_000), OPEN)?;
    let bill = billed(world, &order, 50_000, 50_000)?;
    let over = stake("over_billed", "", value(&order, 45_000));
    plant(world, "order-line-over-billed", Of::OrderLine, &order_key(&order, 1), over)?;
    no_slip(world, &bill)?;
    post(world, [bill])
}

/// Billed at a tenth of the price, by a promotion.
fn nine_tenths_off(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let own = format!("PROMO-C{}", customer.id);
    promotion(world, &own, &Promotion { percent: 900_000, customer: customer.id, ..Promotion::default() })?;
    let day = world.today.add_days(-4);
    let order = world.order(customer, day, &[(LEASED, 1_000)], "on_shipment")?;
    let mut bill = billed(world, &order, 1_000, 1_000)?;
    bill.lines[0].price /= 10;
    bill.promotion = own;
    bill.total(Taxing::Lawful, world.settings.rounding);
    no_slip(world, &bill)?;
    alike(world, ORDERED, Of::InvoiceLine, &line_key(&bill, 1))?;
    alike(world, PROMOTION, Of::InvoiceLine, &line_key(&bill, 1))?;
    post(world, [bill])
}

const BRACKETS: &str = "price-of-other-bracket";

/// Ninety-nine pieces at the price of a hundred.
fn bracket_too_low(world: &mut World) -> Result<()> {
    let today = world.today;
    let price = list_price(TIERED, crate::money::Currency::Usd, BRACKET, today);
    let (_, bill, off) = priced(world, (TIERED, BRACKET - 1_000), price)?;
    let (key, off) = (line_key(&bill, 1), stake("over_billed", "under_billed", off));
    plant(world, BRACKETS, Of::InvoiceLine, &key, off)?;
    follows(world, BRACKETS, ORDERED, Of::InvoiceLine, &key, off)?;
    follows(world, BRACKETS, AGREED, Of::InvoiceLine, &key, off)?;
    post(world, [bill])
}

/// Half of an order that earned the lower price.
fn part_of_a_bracket(world: &mut World) -> Result<()> {
    let order = ordered(world, (TIERED, BRACKET), OPEN)?;
    let bill = billed(world, &order, BRACKET / 2, BRACKET / 2)?;
    for rule in [BRACKETS, AGREED, ORDERED] {
        alike(world, rule, Of::InvoiceLine, &line_key(&bill, 1))?;
    }
    post(world, [bill])
}

/// A discount happens to give the price of the other bracket.
fn discounted_to_a_bracket(world: &mut World) -> Result<()> {
    let today = world.today;
    let price = list_price(TIERED, crate::money::Currency::Usd, BRACKET, today);
    let (_, mut bill, _) = priced(world, (TIERED, 50_000), price)?;
    bill.lines[0].discount = "PROMO-2";
    alike(world, BRACKETS, Of::InvoiceLine, &line_key(&bill, 1))?;
    post(world, [bill])
}

/// An order at 13.75, billed at the list's 12.50.
fn cheaper(world: &mut World, billing: &str) -> Result<Document> {
    let customer = world.newcomer(NE, |_| ())?;
    let day = world.today.add_days(-4);
    let order = world.order_at(customer, day, &[(0, 10_000, 137_500)], (billing, "open"))?;
    let mut bill = billed(world, &order, 10_000, 10_000)?;
    bill.lines[0].price = 125_000;
    bill.total(Taxing::Lawful, world.settings.rounding);
    alike(world, ORDERED, Of::InvoiceLine, &line_key(&bill, 1))?;
    Ok(bill)
}

fn price_before_discount(world: &mut World) -> Result<()> {
    let mut bill = cheaper(world, "on_shipment")?;
    bill.lines[0].list = 137_500;
    post(world, [bill])
}

fn order_was_changed(world: &mut World) -> Result<()> {
    let mut bill = cheaper(world, "on_shipment")?;
    bill.reason = "change order";
    post(world, [bill])
}

fn instalment(world: &mut World) -> Result<()> {
    let bill = cheaper(world, "scheduled")?;
    post(world, [bill])
}

const PROMOTION: &str = "discount-not-in-force";

/// A bill at a tenth off, by a promotion; ordered so many days before.
fn promoted(world: &mut World, of: Customer, (item, quantity): (usize, i64), name: &str) -> Result<Document> {
    let days = world.today.add_days(-4);
    promoted_on(world, of, (item, quantity, quantity), days, name)
}

fn promoted_on(
    world: &mut World,
    customer: Customer,
    (item, whole, part): (usize, i64, i64),
    day: Date,
    name: &str,
) -> Result<Document> {
    let order = world.order(customer, day, &[(item, whole)], "on_shipment")?;
    let mut bill = billed(world, &order, part, part)?;
    bill.lines[0].price = bill.lines[0].price / 10 * 9;
    bill.promotion = name.to_owned();
    bill.total(Taxing::Lawful, world.settings.rounding);
    Ok(bill)
}

fn not_in_force(world: &mut World, bill: Document) -> Result<()> {
    // A tenth off: what is billed is nine tenths.
    let forgone = crate::money::shift(i128::from(bill.lines[0].net) * 1_000_000 / 9, 6);
    let stake = stake("under_billed", "", forgone);
    plant(world, PROMOTION, Of::InvoiceLine, &line_key(&bill, 1), stake)?;
    post(world, [bill])
}

fn in_force(world: &mut World, bill: Document) -> Result<()> {
    alike(world, PROMOTION, Of::InvoiceLine, &line_key(&bill, 1))?;
    post(world, [bill])
}

/// A promotion of its own of a fresh account.
fn own_promotion(world: &mut World, alter: impl FnOnce(&mut Promotion)) -> Result<(Customer, String)> {
    let customer = world.newcomer(NE, |_| ())?;
    let mut terms = Promotion { customer: customer.id, ..Promotion::default() };
    alter(&mut terms);
    let name = format!("PROMO-C{}", customer.id);
    promotion(world, &name, &terms)?;
    Ok((customer, name))
}

fn discount_ended(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let day = october(1).max(world.today.add_days(-4));
    let bill = promoted_on(world, customer, (0, 10_000, 10_000), day, "PROMO-3")?;
    not_in_force(world, bill)
}

fn discount_of_another(world: &mut World) -> Result<()> {
    let (_, name) = own_promotion(world, |_| ())?;
    let customer = world.newcomer(NE, |_| ())?;
    let bill = promoted(world, customer, GOODS, &name)?;
    not_in_force(world, bill)
}

fn discount_on_another_item(world: &mut World) -> Result<()> {
    let (customer, name) = own_promotion(world, |terms| terms.item = Some(3))?;
    let bill = promoted(world, customer, GOODS, &name)?;
    not_in_force(world, bill)
}

fn discount_of_a_quantity(world: &mut World) -> Result<()> {
    let (customer, name) = own_promotion(world, |terms| terms.least = 20_000)?;
    let bill = promoted(world, customer, (0, 19_000), &name)?;
    not_in_force(world, bill)
}

fn discount_when_ordered(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let bill = promoted_on(world, customer, (0, 10_000, 10_000), october(1).add_days(-2), "PROMO-3")?;
    in_force(world, bill)
}

fn discount_of_the_parent(world: &mut World) -> Result<()> {
    let (parent, name) = own_promotion(world, |_| ())?;
    let customer = world.newcomer(NE, |customer| customer.parent = parent.id)?;
    let bill = promoted(world, customer, GOODS, &name)?;
    in_force(world, bill)
}

/// A part of an order that is large enough.
fn part_of_a_quantity(world: &mut World) -> Result<()> {
    let (customer, name) = own_promotion(world, |terms| terms.least = 20_000)?;
    let day = world.today.add_days(-4);
    let bill = promoted_on(world, customer, (0, 20_000, 5_000), day, &name)?;
    in_force(world, bill)
}

/// Ten times the price that forty-four other lines have: the order was placed at it, the customer agreed.
fn unusual_price(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let mut bill = world.loose(customer, today, &[(RARE, 1_000)]);
    bill.lines = (0..44_u64).map(|lot| Line { lot: Some(lot + 1), ..bill.lines[0].clone() }).collect();
    bill.total(Taxing::Lawful, world.settings.rounding);
    post(world, [bill])?;
    let customer = world.newcomer(NE, |_| ())?;
    crate::master::own_price(world, customer.id, RARE, ITEMS[RARE].price * 10)?;
    let mut odd = world.loose(customer, today, &[(RARE, 1_000)]);
    odd.lines[0].price *= 10;
    odd.total(Taxing::Lawful, world.settings.rounding);
    plant(world, "unit-price-unusual", Of::InvoiceLine, &line_key(&odd, 1), None)?;
    post(world, [odd])
}
