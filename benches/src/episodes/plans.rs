//! Subscriptions: periods billed twice, overlapping, in part, outside, or not paid back; one-off fees.

use tieout_model::Date;

use super::{Episode, alike, october, plant, post, within};
use crate::Result;
use crate::company::{Customer, NE, PLAN};
use crate::document::{Document, Line, Taxing};
use crate::labels::Stake;
use crate::layout::Of;
use crate::money::shift;
use crate::ordinary::{Clauses, period_bill, write_subscription_as};
use crate::table::id;
use crate::world::{World, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        within(1, 1, month_again),
        within(1, 1, goodwill_frees_nothing),
        within(1, 1, another_item),
        within(1, 1, void_bill),
        within(1, 1, charged_repaired_recharged),
        within(1, 1, ten_days_again),
        within(1, 1, plan_changed),
        within(1, 1, days_touch),
        within(16, 16, whole_month_for_half),
        within(16, 16, other_convention_than_agreed),
        within(16, 16, lawful_conventions),
    ]
}

/// A subscription of a fresh account.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) customer: Customer,
    pub(super) id: u64,
}

pub(super) fn subscribed(
    world: &mut World,
    days: (Date, Option<Date>),
    words: (bool, &str, &str),
    clauses: Clauses,
) -> Result<Plan> {
    let (customer, id) = (world.newcomer(NE, |_| ())?, world.next("SUB"));
    write_subscription_as(world, id, ((customer.id, customer.currency), PLAN), days, words, clauses)?;
    Ok(Plan { customer, id })
}

pub(super) const MONTHLY: (bool, &str, &str) = (false, "active", "monthly");
pub(super) const CANCELLED: (bool, &str, &str) = (false, "cancelled", "monthly");

/// From today on, until further notice.
pub(super) fn running(world: &mut World) -> Result<Plan> {
    let today = world.today;
    subscribed(world, (today, None), MONTHLY, Clauses::default())
}

/// The bill over some days, of the first of them.
pub(super) fn bill(world: &mut World, plan: Plan, from: Date, to: Date) -> Document {
    period_bill(world, plan.customer, (plan.id, PLAN), (from, to), from)
}

pub(super) fn november() -> Date {
    october(1).add_months(1)
}

/// Bills October and November; October's is not posted yet.
pub(super) fn two_months(world: &mut World, plan: Plan) -> Result<Document> {
    let next = bill(world, plan, november(), november().add_months(1));
    post(world, [next])?;
    Ok(bill(world, plan, october(1), november()))
}

pub(super) fn over(bill: &Document, units: i64) -> Stake {
    Some(("over_billed", units, bill.currency()))
}

const TWICE: &str = "subscription-period-billed-twice";

fn month_again(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let first = two_months(world, plan)?;
    let again = world.again(&first, october(13));
    plant(world, TWICE, Of::InvoiceLine, &line_key(&again, 1), over(&again, again.lines[0].net))?;
    post(world, [first, again])
}

fn goodwill_frees_nothing(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let mut first = two_months(world, plan)?;
    let amount = first.gross;
    let mut credit = first.mirrored(world.next("D"), october(6), "goodwill");
    world.use_credit(&mut credit, &mut first, october(6), amount)?;
    let again = world.again(&first, october(13));
    plant(world, TWICE, Of::InvoiceLine, &line_key(&again, 1), over(&again, again.lines[0].net))?;
    post(world, [first, credit, again])
}

/// The larger plan of the same subscription is another item.
fn another_item(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let first = two_months(world, plan)?;
    let other = period_bill(world, plan.customer, (plan.id, PLAN + 1), (october(1), november()), october(13));
    for rule in [TWICE, OVERLAP] {
        alike(world, rule, Of::InvoiceLine, &line_key(&other, 1))?;
    }
    post(world, [first, other])
}

fn void_bill(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let first = two_months(world, plan)?;
    let mut void = world.again(&first, october(2));
    void.status = "void";
    alike(world, TWICE, Of::InvoiceLine, &line_key(&void, 1))?;
    post(world, [first, void])
}

/// Charged, taken back by a line of the next bill, and charged again there.
fn charged_repaired_recharged(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let first = two_months(world, plan)?;
    let mut next = world.again(&first, october(5));
    let line = next.lines[0].clone();
    next.lines.insert(0, Line { quantity: -line.quantity, original: Some(1), ..line });
    next.original = first.id;
    next.total(Taxing::Lawful, world.settings.rounding);
    alike(world, TWICE, Of::InvoiceLine, &line_key(&next, 2))?;
    post(world, [first, next])
}

const OVERLAP: &str = "subscription-periods-overlap";

/// The share of an amount that so many of so many days have.
pub(super) fn share(units: i64, days: i64, of: i64) -> i64 {
    shift(i128::from(units) * i128::from(days) * 1_000_000 / i128::from(of), 6)
}

fn ten_days_again(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let (first, from) = (bill(world, plan, october(1), november()), october(22));
    let next = bill(world, plan, from, from.add_months(1));
    plant(world, OVERLAP, Of::InvoiceLine, &line_key(&next, 1), over(&next, share(next.lines[0].net, 10, 31)))?;
    post(world, [first, next])
}

/// A credit over days of a bill's line: what is given back for them.
pub(super) fn credit_of_days(
    world: &mut World,
    of: &Document,
    days: (Date, Date),
    units: i64,
    reason: &'static str,
) -> Document {
    let mut credit = world.credit(of, days.0, &[(1, 1_000, of.lines[0].price)], reason);
    credit.lines[0].service = Some(days);
    credit.lines[0].allowance = credit.lines[0].net + units;
    credit.total(Taxing::Lawful, world.settings.rounding);
    credit
}

/// From the sixteenth on another plan; the rest of the old one is credited.
fn plan_changed(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let mut first = bill(world, plan, october(1), november());
    let from = october(16);
    let mut credit =
        credit_of_days(world, &first, (from, november()), share(first.lines[0].net, 16, 31), "plan change");
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut first, from, amount)?;
    let days = (from, from.add_months(1));
    let next = period_bill(world, plan.customer, (plan.id, PLAN + 1), days, from);
    alike(world, OVERLAP, Of::InvoiceLine, &line_key(&next, 1))?;
    alike(world, "subscription-period-not-billed", Of::Subscription, &id("SUB", plan.id))?;
    post(world, [first, credit, next])
}

fn days_touch(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let first = two_months(world, plan)?;
    alike(world, OVERLAP, Of::InvoiceLine, &line_key(&first, 1))?;
    post(world, [first])
}

const PART: &str = "proration-wrong";

/// From the sixteenth to the end of October for so many cents, and November whole.
fn sixteen_days(world: &mut World, cents: i64, proration: &'static str) -> Result<Document> {
    let plan = running(world)?;
    let next = bill(world, plan, november(), november().add_months(1));
    post(world, [next])?;
    let mut part = bill(world, plan, october(16), november());
    part.lines[0].allowance = part.lines[0].net - cents;
    part.lines[0].proration = proration;
    part.total(Taxing::Lawful, world.settings.rounding);
    Ok(part)
}

/// 49.00 × 16 / 31.
const ACTUAL: i64 = 2_529;
/// 49.00 × 15 / 30.
const THIRTY: i64 = 2_450;

fn whole_month_for_half(world: &mut World) -> Result<()> {
    let part = sixteen_days(world, 4_900, "")?;
    plant(world, PART, Of::InvoiceLine, &line_key(&part, 1), over(&part, 4_900 - ACTUAL))?;
    post(world, [part])
}

fn other_convention_than_agreed(world: &mut World) -> Result<()> {
    let part = sixteen_days(world, THIRTY, "actual")?;
    let stake = Some(("under_billed", ACTUAL - THIRTY, part.currency()));
    plant(world, PART, Of::InvoiceLine, &line_key(&part, 1), stake)?;
    post(world, [part])
}

/// Actual days, the same with the last one counted, thirty days a month.
fn lawful_conventions(world: &mut World) -> Result<()> {
    for (cents, proration) in [(ACTUAL, ""), (2_687, ""), (THIRTY, ""), (ACTUAL, "actual"), (THIRTY, "30_360")] {
        let part = sixteen_days(world, cents, proration)?;
        alike(world, PART, Of::InvoiceLine, &line_key(&part, 1))?;
        post(world, [part])?;
    }
    Ok(())
}
