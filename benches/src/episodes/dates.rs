//! Terms, discounts for early payment, late fees, and when a delivery is billed.

use tieout_model::Date;

use super::{Episode, alike, october, plant, post, sold, usual, within};
use crate::Result;
use crate::company::{NE, terms_of};
use crate::deal::{Order, Shipment};
use crate::document::{Document, Taxing};
use crate::layout::Of;
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(due_too_early),
        usual(end_of_month_forgotten),
        usual(tenth_of_another_month),
        usual(monday_after),
        usual(other_reading_of_the_month),
        usual(by_their_terms),
        within(12, 18, billed_a_week_later),
        usual(sent_late),
        within(12, 18, delivered_yesterday),
        within(12, 18, by_schedule),
        usual(sending_not_recorded),
        within(2, 4, shipped_last_month),
        within(31, 31, shipped_next_month),
        within(1, 1, delivered_this_month),
        within(2, 4, posted_last_month),
        within(31, 31, in_advance),
        within(2, 4, when_complete),
        within(2, 4, title_passes),
    ]
}

const TERMS: &str = "due-date-not-by-terms";

fn due(world: &mut World, terms: &'static str, due: impl Fn(Date) -> Date) -> Result<Document> {
    let mut bill = sold(world)?;
    (bill.terms, bill.due) = (terms, Some(due(bill.date)));
    Ok(bill)
}

fn due_wrong(world: &mut World, terms: &'static str, by: impl Fn(Date) -> Date) -> Result<()> {
    let bill = due(world, terms, by)?;
    plant(world, TERMS, Of::Invoice, &invoice_key(&bill), None)?;
    post(world, [bill])
}

fn due_right(world: &mut World, terms: &'static str, by: impl Fn(Date) -> Date) -> Result<()> {
    let bill = due(world, terms, by)?;
    alike(world, TERMS, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

fn due_too_early(world: &mut World) -> Result<()> {
    due_wrong(world, "N30", |day| day.add_days(27))
}

fn end_of_month_forgotten(world: &mut World) -> Result<()> {
    due_wrong(world, "M30", |day| day.add_days(30))
}

fn tenth_of_another_month(world: &mut World) -> Result<()> {
    due_wrong(world, "P10", |day| day.month_end().add_days(1).month_end().add_days(10))
}

/// The thirtieth day is a Saturday or Sunday.
fn monday_after(world: &mut World) -> Result<()> {
    let (customer, today) = (world.newcomer(NE, |_| ())?, world.today);
    let mut bill = world.loose(customer, today, &[(0, 16_000)]);
    let weekday = |day: Date| i32::from(day.civil().weekday().to_monday_one_offset());
    while weekday(bill.date.add_days(30)) < 6 {
        bill.date = bill.date.add_days(1);
    }
    let by_terms = bill.date.add_days(30);
    bill.due = Some(by_terms.add_days(8 - weekday(by_terms)));
    bill.total(Taxing::Lawful, world.settings.rounding);
    alike(world, TERMS, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// Fifteen days after the end of the month, instead of the end of the fifteenth day's month.
fn other_reading_of_the_month(world: &mut World) -> Result<()> {
    due_right(world, "M15", |day| day.month_end().add_days(15))
}

fn by_their_terms(world: &mut World) -> Result<()> {
    for terms in ["M30", "M15", "P10", "P31"] {
        due_right(world, terms, |day| terms_of(terms).due(day))?;
    }
    Ok(())
}

const LATE: &str = "billed-late";
const PERIOD: &str = "billed-in-other-period-than-delivered";

/// An order of one line, shipped whole: days of shipment and arrival.
fn delivery(world: &mut World, billing: &str, days: (Date, Date)) -> Result<(Order, Shipment)> {
    let customer = world.newcomer(NE, |_| ())?;
    let order = world.order(customer, days.0.add_days(-3), &[(0, 12_000)], billing)?;
    let shipment = world.ship_as(&order, days, &[(1, 12_000)], "")?;
    Ok((order, shipment))
}

fn billed(world: &mut World, billing: &str, days: (Date, Date)) -> Result<Document> {
    let (order, shipment) = delivery(world, billing, days)?;
    let today = world.today;
    Ok(world.bill(&order, &shipment, today))
}

fn billed_a_week_later(world: &mut World) -> Result<()> {
    let today = world.today;
    let bill = billed(world, "on_shipment", (today.add_days(-7), today.add_days(-6)))?;
    plant(world, LATE, Of::Invoice, &invoice_key(&bill), None)?;
    post(world, [bill])
}

fn sent_late(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.sent = Some(3);
    plant(world, LATE, Of::Invoice, &invoice_key(&bill), None)?;
    post(world, [bill])
}

/// Shipped nine days ago, and on the way until yesterday.
fn delivered_yesterday(world: &mut World) -> Result<()> {
    let today = world.today;
    let bill = billed(world, "on_shipment", (today.add_days(-9), today.add_days(-1)))?;
    alike(world, LATE, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// Collective bills by schedule, and bills of what is complete.
fn by_schedule(world: &mut World) -> Result<()> {
    let today = world.today;
    for billing in ["scheduled", "ship_complete"] {
        let bill = billed(world, billing, (today.add_days(-9), today.add_days(-8)))?;
        alike(world, LATE, Of::Invoice, &invoice_key(&bill))?;
        post(world, [bill])?;
    }
    Ok(())
}

fn sending_not_recorded(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    bill.sent = None;
    alike(world, LATE, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

/// Shipped and delivered on the last days of September, billed in October.
fn last_month(world: &mut World, billing: &str) -> Result<Document> {
    billed(world, billing, (october(1).add_days(-2), october(1).add_days(-1)))
}

fn shipped_last_month(world: &mut World) -> Result<()> {
    let bill = last_month(world, "on_shipment")?;
    plant(world, PERIOD, Of::InvoiceLine, &line_key(&bill, 1), None)?;
    post(world, [bill])
}

fn shipped_next_month(world: &mut World) -> Result<()> {
    let bill = billed(world, "on_shipment", (october(31).add_days(1), october(31).add_days(2)))?;
    plant(world, PERIOD, Of::InvoiceLine, &line_key(&bill, 1), None)?;
    post(world, [bill])
}

fn in_its_month(world: &mut World, bill: Document) -> Result<()> {
    alike(world, PERIOD, Of::InvoiceLine, &line_key(&bill, 1))?;
    post(world, [bill])
}

fn delivered_this_month(world: &mut World) -> Result<()> {
    let bill = billed(world, "on_shipment", (october(1).add_days(-2), october(1)))?;
    in_its_month(world, bill)
}

fn posted_last_month(world: &mut World) -> Result<()> {
    let mut bill = last_month(world, "on_shipment")?;
    bill.posting = Some(october(1).add_days(-1));
    in_its_month(world, bill)
}

fn in_advance(world: &mut World) -> Result<()> {
    let bill = billed(world, "prepaid", (october(31).add_days(1), october(31).add_days(2)))?;
    in_its_month(world, bill)
}

fn when_complete(world: &mut World) -> Result<()> {
    let bill = last_month(world, "ship_complete")?;
    in_its_month(world, bill)
}

/// Title passes when the goods are put up.
fn title_passes(world: &mut World) -> Result<()> {
    let mut bill = last_month(world, "on_shipment")?;
    bill.lines[0].title = Some(bill.date);
    in_its_month(world, bill)
}
