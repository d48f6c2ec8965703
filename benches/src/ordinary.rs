//! Ordinary business: what most of the exports consist of, and what no rule may object to.

use tieout_model::Date;

use crate::Result;
use crate::company::{GOODS, ITEMS, PLAN, as_of, price_change, terms_of};
use crate::deal::Paying;
use crate::document::{Document, Line, Taxing};
use crate::layout::Of;
use crate::money::tax;
use crate::table::Cell;
use crate::world::World;

/// One piece of ordinary business, today.
pub fn business(world: &mut World) -> Result<()> {
    match world.rng.range(1, 100) {
        1..=3 => counter_sale(world),
        4..=7 => partial_shipments(world),
        8..=11 => with_return(world),
        12 => with_header_charges(world),
        13 => service(world),
        14 => bounced(world),
        15 => changed_their_mind(world),
        _ => sale(world),
    }
}

fn sale(world: &mut World) -> Result<()> {
    let customer = world.customers[world.rng.index(world.customers.len())];
    let lines = world.rng.range(1, 4);
    let basket = world.basket(lines);
    let bill = world.sale_as(customer, &basket, "closed")?;
    settle(world, bill)
}

/// Somebody pays at the counter; the account names nobody, and equal sales on one day are no wonder.
fn counter_sale(world: &mut World) -> Result<()> {
    let item = world.rng.index(3);
    let today = world.today;
    let mut bill = world.loose(world.walk_in, today, &[(item, 2_000)]);
    let amount = bill.gross;
    world.pay(&mut bill, today, amount, Paying::default())?;
    world.post(bill)?;
    Ok(())
}

/// One order, two deliveries, two bills.
fn partial_shipments(world: &mut World) -> Result<()> {
    let customer = world.customers[world.rng.index(world.customers.len())];
    let item = world.rng.index(3);
    let quantity = world.rng.range(4, 20) * 2_000;
    let today = world.today;
    let order = world.order(customer, today.add_days(-6), &[(item, quantity)], "on_shipment")?;
    // Two equal bills within a week: only the delivery tells them apart.
    let part = quantity / 2;
    let first = world.ship(&order, day_before(today), &[(1, part)], "")?;
    let bill = world.bill(&order, &first, today);
    settle(world, bill)?;
    let later = today.add_days(5);
    if later > as_of() {
        return Ok(());
    }
    let second = world.ship(&order, day_before(later), &[(1, quantity - part)], "")?;
    let bill = world.bill(&order, &second, later);
    settle(world, bill)
}

/// The day before, in the same month.
fn day_before(day: Date) -> Date {
    day.add_days(-1).max(day.month_start())
}

/// Some of a delivery comes back and is credited, in one or two notes, before the month is over.
fn with_return(world: &mut World) -> Result<()> {
    let customer = world.customers[world.rng.index(world.customers.len())];
    let today = world.today;
    let item = world.rng.index(GOODS);
    let quantity = 10_000;
    let basket = [(item, quantity), (0, 1_000)];
    let order = world.order_as(customer, today.add_days(-5), &basket, ("on_shipment", "closed"))?;
    let shipment = world.ship_all(&order, today)?;
    let mut bill = world.bill(&order, &shipment, today);
    let back: &[i64] = if world.rng.percent(30) { &[3_000, 2_000] } else { &[4_000] };
    for (&quantity, week) in back.iter().zip(1..) {
        let date = today.add_days(week * 4);
        if date > as_of() || date > today.month_end() {
            break;
        }
        world.take_back(&bill, (item, quantity), (Some(date.add_days(-1)), Some(date)), "approved")?;
        world.ship(&order, date.add_days(-1), &[(1, -quantity)], "")?;
        let price = bill.lines[0].price;
        let mut credit = world.credit(&bill, date, &[(1, quantity, price)], "return");
        let amount = -credit.gross;
        world.use_credit(&mut credit, &mut bill, date, amount)?;
        world.post(credit)?;
    }
    let (paid, rest) = (today.add_days(21), bill.open(as_of()));
    world.pay(&mut bill, paid, rest, Paying::default())?;
    world.post(bill)?;
    Ok(())
}

/// Freight and a discount stand in the header only.
fn with_header_charges(world: &mut World) -> Result<()> {
    let customer = world.customers[world.rng.index(world.customers.len())];
    let mut bill = world.sale(customer, &[(0, 20_000)])?;
    (bill.charge, bill.allowance) = (1_500, 250);
    bill.total(Taxing::Lawful, world.settings.rounding);
    settle(world, bill)
}

/// A fitter's hours, billed without order, under the customer's own number; freight apart.
fn service(world: &mut World) -> Result<()> {
    let customer = world.customers[world.rng.index(world.customers.len())];
    let (today, hours) = (world.today, world.rng.range(2, 30) * 250);
    let mut bill = world.loose(customer, today, &[(12, hours)]);
    bill.po = world.next("PO-");
    bill.lines.push(Line { kind: "freight", quantity: 1_000, price: 180_000, ..Line::default() });
    bill.total(Taxing::Lawful, world.settings.rounding);
    settle(world, bill)
}

/// The first payment comes back from the bank, and the customer pays again.
fn bounced(world: &mut World) -> Result<()> {
    let customer = world.customers[world.rng.index(world.customers.len())];
    let basket = world.basket(1);
    let mut bill = world.sale_as(customer, &basket, "closed")?;
    let (first, gross) = (bill.date.add_days(12), bill.gross);
    if first.add_days(9) > as_of() {
        return settle(world, bill);
    }
    let whose = (customer.id, customer.currency);
    let payment = world.receive(whose, first, gross, Paying::default(), ["reversed", "receipt", ""])?;
    world.apply(payment, &mut bill, 1, (first, 0), gross)?;
    world.apply(payment, &mut bill, 2, (first.add_days(3), 0), -gross)?;
    world.pay(&mut bill, first.add_days(9), gross, Paying::default())?;
    world.post(bill)?;
    Ok(())
}

/// A prepayment is asked back, and paid back within two weeks.
fn changed_their_mind(world: &mut World) -> Result<()> {
    let customer = world.customers[world.rng.index(world.customers.len())];
    let (today, amount) = (world.today, world.rng.range(50, 400) * 100);
    let (asked, paid) = (today.add_days(5), today.add_days(14));
    if paid <= as_of() {
        let whose = (customer.id, customer.currency);
        let payment = world.receive(whose, today, amount, Paying::default(), ["cleared", "prepayment", ""])?;
        world.refund_as(customer, (payment, 0), (Some(asked), Some(paid)), amount, "paid")?;
    }
    sale(world)
}

/// How bills are paid: most within five weeks, some in two receipts, some by the parent, some late and reminded.
pub fn settle(world: &mut World, mut bill: Document) -> Result<()> {
    let gross = bill.gross;
    if gross <= 0 {
        world.post(bill)?;
        return Ok(());
    }
    let after = i32::try_from(world.rng.range(6, 36)).unwrap_or(30);
    let (paid, due) = (bill.date.add_days(after), bill.date.add_days(30));
    let payer = bill.customer.parent;
    match world.rng.range(1, 100) {
        1..=62 => {
            let discount = if bill.terms == "D10" && after <= 10 { tax(gross, terms_of("D10").discount.0) } else { 0 };
            let how = Paying { posted_after: 1, payer, discount, ..Paying::default() };
            world.pay(&mut bill, paid, gross - discount, how)?;
        }
        63..=70 => {
            let part = gross / 3;
            world.pay(&mut bill, paid, part, Paying::default())?;
            world.pay(&mut bill, paid.add_days(4), gross - part, Paying::default())?;
        }
        71..=76 => {
            // A courtesy note before the due day.
            let note = due.add_days(-5);
            if note <= as_of() {
                world.remind(&bill, note, 0)?;
            }
            world.pay(&mut bill, due, gross, Paying::default())?;
        }
        77..=85 => {
            let letter = due.add_days(10);
            if letter <= as_of() {
                world.remind(&bill, letter, 1)?;
            }
            // Some pay after the letter, some have paid before it while the books did not know.
            let (day, posted_after) =
                if world.rng.percent(50) { (letter.add_days(6), 0) } else { (letter.add_days(-1), 3) };
            world.pay(&mut bill, day, gross, Paying { posted_after, ..Paying::default() })?;
        }
        _ => {
            let letter = due.add_days(12);
            if letter <= as_of() {
                world.remind(&bill, letter, 1)?;
            }
        }
    }
    world.post(bill)?;
    Ok(())
}

/// A running subscription.
#[derive(Clone, Copy, Debug)]
pub struct Subscription {
    /// Number.
    pub id: u64,
    /// Position in the world's customers.
    pub customer: usize,
    /// Position in `ITEMS`.
    pub plan: usize,
    /// First day.
    pub start: Date,
    /// Billed at the end of the month instead of its beginning.
    pub arrears: bool,
}

/// Opens the subscriptions that run through the exports.
pub fn subscribe(world: &mut World) -> Result<Vec<Subscription>> {
    let count = world.customers.len() / 5;
    let mut all = Vec::with_capacity(count);
    for number in 0..count {
        let customer = (number * 5 + 2) % world.customers.len();
        let arrears = number % 4 == 3;
        let of_month = if arrears { 1 } else { [1, 15, 31][number % 3] };
        let start = Date::from_ymd(2026, 1, of_month).unwrap_or(world.from);
        let plan = PLAN + number % 3;
        let id = world.next("SUB");
        write_subscription(
            world,
            id,
            (customer_id(world, customer), plan),
            (start, None),
            (arrears, "active", "monthly"),
        )?;
        all.push(Subscription { id, customer, plan, start, arrears });
    }
    Ok(all)
}

fn customer_id(world: &World, at: usize) -> (u64, crate::money::Currency) {
    (world.customers[at].id, world.customers[at].currency)
}

/// What a subscription agrees on besides.
#[derive(Clone, Copy, Debug)]
pub struct Clauses {
    /// Usage that the fee covers, thousandths.
    pub included: i64,
    /// Day of notice.
    pub notice: Option<Date>,
    /// Whether the unused part of a period is paid back.
    pub refundable: bool,
}

impl Default for Clauses {
    fn default() -> Self {
        Self { included: 0, notice: None, refundable: true }
    }
}

/// Writes a subscription: whose and which plan, from and to, timing, status and period.
pub fn write_subscription(
    world: &mut World,
    id: u64,
    of: ((u64, crate::money::Currency), usize),
    days: (Date, Option<Date>),
    words: (bool, &str, &str),
) -> Result<()> {
    write_subscription_as(world, id, of, days, words, Clauses::default())
}

/// The same with clauses of its own.
pub fn write_subscription_as(
    world: &mut World,
    id: u64,
    ((customer, currency), plan): ((u64, crate::money::Currency), usize),
    (start, end): (Date, Option<Date>),
    (arrears, status, period): (bool, &str, &str),
    clauses: Clauses,
) -> Result<()> {
    let price = crate::company::list_price(plan, currency, 1_000, price_change());
    let cells = [
        Cell::Id("SUB", id),
        Cell::Id("C", customer),
        Cell::Text(ITEMS[plan].id),
        Cell::Day(start),
        Cell::day(end),
        Cell::Word(period),
        Cell::Count(1),
        Cell::Word(status),
        Cell::Word(if arrears { "arrears" } else { "advance" }),
        Cell::Number(price, 4),
        Cell::Text(currency.code()),
        if clauses.included == 0 { Cell::Empty } else { Cell::Number(clauses.included, 3) },
        Cell::day(clauses.notice),
        Cell::Word(if clauses.refundable { "true" } else { "false" }),
    ];
    world.write(Of::Subscription, &cells)
}

/// Bills the subscriptions whose day it is.
pub fn bill_subscriptions(world: &mut World, all: &[Subscription]) -> Result<()> {
    let today = world.today;
    for subscription in all {
        let months = i32::from(today.year() - subscription.start.year()) * 12 + i32::from(today.month())
            - i32::from(subscription.start.month());
        let day = match subscription.arrears {
            true => subscription.start.add_months(months).add_days(1),
            false => subscription.start.add_months(months),
        };
        if day != today {
            continue;
        }
        let first = if subscription.arrears { months - 1 } else { months };
        let days = (subscription.start.add_months(first), subscription.start.add_months(first + 1));
        let customer = world.customers[subscription.customer];
        let bill = period_bill(world, customer, (subscription.id, subscription.plan), days, today);
        settle(world, bill)?;
    }
    Ok(())
}

/// A bill over service days of a subscription.
pub fn period_bill(
    world: &mut World,
    customer: crate::company::Customer,
    (subscription, plan): (u64, usize),
    days: (Date, Date),
    date: Date,
) -> Document {
    let mut bill = world.loose(customer, date, &[(plan, 1_000)]);
    bill.period = Some(days);
    bill.lines[0].service = Some(days);
    bill.lines[0].subscription = subscription;
    bill
}
