//! Usage that is billed otherwise than it was metered, or not at all.

use tieout_model::Date;

use super::plans::{Plan, running, subscribed, two_months};
use super::{Episode, alike, before, october, plant, post, within};
use crate::Result;
use crate::company::{ITEMS, METERED, NE, PLAN};
use crate::document::{Document, Taxing};
use crate::labels::Stake;
use crate::layout::Of;
use crate::money::extend;
use crate::ordinary::Clauses;
use crate::table::id;
use crate::world::{World, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        before(1, 1, more_than_metered),
        before(1, 1, less_than_metered),
        before(1, 1, included_and_billed),
        before(1, 1, as_metered),
        before(1, 1, less_what_is_included),
        before(1, 1, in_two_tiers),
        before(1, 1, block_begun),
        before(1, 1, last_day_in_the_next_bill),
        before(16, 16, half_a_month),
        before(1, 1, fifty_credited),
        before(1, 1, names_no_subscription),
        within(1, 1, no_bill),
        within(1, 1, bill_of_the_next_month),
        within(1, 1, void_bill_only),
        within(1, 1, billed_and_credited),
        within(1, 1, all_included),
        within(1, 1, on_trial),
        within(15, 15, from_the_fifteenth),
        within(1, 1, by_the_quarter),
        within(1, 1, customer_only),
    ]
}

const METER: &str = "usage-billed-wrong";
const UNBILLED: &str = "usage-not-billed";

/// A subscription that is billed by its meter alone, from today on.
fn metered(world: &mut World, included: i64) -> Result<Plan> {
    let today = world.today;
    subscribed(world, (today, None), (true, "active", "monthly"), Clauses { included, ..Clauses::default() })
}

/// What was used on a day.
fn used(world: &mut World, plan: Plan, day: Date, count: i64) -> Result<String> {
    let event = world.meter(&plan.customer, plan.id, METERED, day, count)?;
    Ok(id("EV", event))
}

/// The bill of the usage of some days, made out after them.
fn bill(world: &mut World, plan: Plan, days: (Date, Date), count: i64) -> Document {
    let mut bill = world.loose(plan.customer, days.1, &[(METERED, count)]);
    bill.period = Some(days);
    bill.lines[0].service = Some(days);
    bill.lines[0].subscription = plan.id;
    bill
}

/// October as it was metered: a hundred, and what is included.
fn october_as_metered(world: &mut World, plan: Plan, included: i64) -> Result<()> {
    used(world, plan, october(10), included + 100_000)?;
    let days = (october(1), october(1).add_months(1));
    let bill = bill(world, plan, days, 100_000);
    post(world, [bill])
}

/// September: so much was used, so much is billed.
fn september(world: &mut World, included: i64, count: i64, billed: i64) -> Result<(Plan, Document)> {
    let plan = metered(world, included)?;
    let from = world.today;
    used(world, plan, from.add_days(9), count)?;
    let bill = bill(world, plan, (from, from.month_end().add_days(1)), billed);
    october_as_metered(world, plan, included)?;
    Ok((plan, bill))
}

fn metered_otherwise(world: &mut World, included: i64, count: i64, billed: i64) -> Result<()> {
    let (_, bill) = september(world, included, count, billed)?;
    let off = billed - (count - included);
    let class = if off > 0 { "over_billed" } else { "under_billed" };
    let stake: Stake = Some((class, extend(off.abs(), ITEMS[METERED].price, bill.currency()), bill.currency()));
    plant(world, METER, Of::InvoiceLine, &line_key(&bill, 1), stake)?;
    post(world, [bill])
}

fn more_than_metered(world: &mut World) -> Result<()> {
    metered_otherwise(world, 0, 100_000, 120_000)
}

fn less_than_metered(world: &mut World) -> Result<()> {
    metered_otherwise(world, 0, 100_000, 60_000)
}

fn included_and_billed(world: &mut World) -> Result<()> {
    metered_otherwise(world, 1_000_000, 1_100_000, 1_100_000)
}

fn right(world: &mut World, bill: Document) -> Result<()> {
    alike(world, METER, Of::InvoiceLine, &line_key(&bill, 1))?;
    post(world, [bill])
}

fn as_metered(world: &mut World) -> Result<()> {
    let (_, bill) = september(world, 0, 100_000, 100_000)?;
    right(world, bill)
}

fn less_what_is_included(world: &mut World) -> Result<()> {
    let (_, bill) = september(world, 1_000_000, 1_100_000, 100_000)?;
    right(world, bill)
}

fn in_two_tiers(world: &mut World) -> Result<()> {
    let (_, mut bill) = september(world, 0, 1_500_000, 1_000_000)?;
    let mut second = bill.lines[0].clone();
    second.quantity = 500_000;
    bill.lines.push(second);
    bill.total(Taxing::Lawful, world.settings.rounding);
    alike(world, "subscription-period-billed-twice", Of::InvoiceLine, &line_key(&bill, 2))?;
    right(world, bill)
}

/// 100.4 are billed as 101.
fn block_begun(world: &mut World) -> Result<()> {
    let (_, bill) = september(world, 0, 100_400, 101_000)?;
    right(world, bill)
}

fn last_day_in_the_next_bill(world: &mut World) -> Result<()> {
    let plan = metered(world, 0)?;
    let (from, to) = (world.today, world.today.month_end());
    used(world, plan, from.add_days(9), 90_000)?;
    used(world, plan, to, 10_000)?;
    let first = bill(world, plan, (from, to.add_days(1)), 90_000);
    used(world, plan, october(10), 50_000)?;
    let next = bill(world, plan, (october(1), october(1).add_months(1)), 60_000);
    post(world, [next])?;
    right(world, first)
}

/// From the sixteenth, with half of what a month includes.
fn half_a_month(world: &mut World) -> Result<()> {
    let (_, bill) = september(world, 1_000_000, 600_000, 100_000)?;
    alike(world, "proration-wrong", Of::InvoiceLine, &line_key(&bill, 1))?;
    right(world, bill)
}

fn fifty_credited(world: &mut World) -> Result<()> {
    let (_, mut bill) = september(world, 0, 100_000, 150_000)?;
    let day = bill.date.add_days(5);
    let mut credit = world.credit(&bill, day, &[(1, 50_000, bill.lines[0].price)], "billed too much");
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    post(world, [credit])?;
    right(world, bill)
}

/// Some usage of the customer names no subscription, so that nothing can be said of the bill; it is on none itself.
fn names_no_subscription(world: &mut World) -> Result<()> {
    let (plan, bill) = september(world, 0, 100_000, 150_000)?;
    let day = world.today.add_days(12);
    let loose = world.meter(&plan.customer, 0, METERED, day, 50_000)?;
    lost(world, &id("EV", loose))?;
    right(world, bill)
}

const CALLS: i64 = 60_000;

/// A running plan, billed, and what was used under it in October.
fn october_used(world: &mut World) -> Result<(Plan, String)> {
    let plan = running(world)?;
    let month = two_months(world, plan)?;
    post(world, [month])?;
    let event = used(world, plan, october(20), CALLS)?;
    Ok((plan, event))
}

fn lost(world: &mut World, event: &str) -> Result<()> {
    plant(world, UNBILLED, Of::Usage, event, None)
}

fn no_bill(world: &mut World) -> Result<()> {
    let (_, event) = october_used(world)?;
    lost(world, &event)
}

/// The bill states the days of November.
fn bill_of_the_next_month(world: &mut World) -> Result<()> {
    let (plan, event) = october_used(world)?;
    let from = october(1).add_months(1);
    let mut bill = bill(world, plan, (from, from.add_months(1)), CALLS);
    bill.date = from;
    lost(world, &event)?;
    post(world, [bill])
}

/// The usage of October, billed on the first of November.
fn october_bill(world: &mut World, plan: Plan) -> Document {
    bill(world, plan, (october(1), october(1).add_months(1)), CALLS)
}

fn void_bill_only(world: &mut World) -> Result<()> {
    let (plan, event) = october_used(world)?;
    let mut bill = october_bill(world, plan);
    bill.status = "void";
    lost(world, &event)?;
    post(world, [bill])
}

fn billed_and_credited(world: &mut World) -> Result<()> {
    let (plan, event) = october_used(world)?;
    let mut bill = october_bill(world, plan);
    let (day, amount) = (bill.date.add_days(2), bill.gross);
    let mut credit = bill.mirrored(world.next("D"), day, "cancellation");
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    lost(world, &event)?;
    post(world, [bill, credit])
}

fn not_lost(world: &mut World, event: &str) -> Result<()> {
    alike(world, UNBILLED, Of::Usage, event)
}

/// A plan from today on, with clauses of its own: billed until the as-of day, and used on the twentieth.
fn under(world: &mut World, words: (bool, &str, &str), included: i64, months: i32) -> Result<String> {
    let from = world.today;
    let plan = subscribed(world, (from, None), words, Clauses { included, ..Clauses::default() })?;
    for step in 0..3 / months {
        let days = (from.add_months(step * months), from.add_months((step + 1) * months));
        let bill = crate::ordinary::period_bill(world, plan.customer, (plan.id, PLAN), days, days.0);
        post(world, [bill])?;
    }
    used(world, plan, october(20), CALLS)
}

fn all_included(world: &mut World) -> Result<()> {
    let event = under(world, (false, "active", "monthly"), 100_000, 1)?;
    not_lost(world, &event)
}

fn on_trial(world: &mut World) -> Result<()> {
    let today = world.today;
    let plan = subscribed(world, (today, None), (false, "trial", "monthly"), Clauses::default())?;
    let event = used(world, plan, october(20), CALLS)?;
    not_lost(world, &event)
}

fn from_the_fifteenth(world: &mut World) -> Result<()> {
    let event = under(world, (false, "active", "monthly"), 0, 1)?;
    not_lost(world, &event)
}

fn by_the_quarter(world: &mut World) -> Result<()> {
    let event = under(world, (false, "active", "quarterly"), 0, 3)?;
    not_lost(world, &event)
}

/// The bill names the customer and no subscription; nor does some of the usage.
fn customer_only(world: &mut World) -> Result<()> {
    let (plan, event) = october_used(world)?;
    let mut bill = october_bill(world, plan);
    bill.lines[0].subscription = 0;
    not_lost(world, &event)?;
    post(world, [bill])?;
    let (customer, day) = (world.newcomer(NE, |_| ())?, october(20));
    let loose = world.meter(&customer, 0, METERED, day, CALLS)?;
    let mut bill = october_bill(world, Plan { customer, id: 0 });
    bill.lines[0].subscription = 0;
    not_lost(world, &id("EV", loose))?;
    post(world, [bill])
}
