//! Subscriptions billed outside their days, fees billed twice, and what is left when one ends.

use tieout_model::Date;

use super::plans::{
    CANCELLED, MONTHLY, Plan, bill, credit_of_days, november, over, running, share, subscribed, two_months,
};
use super::{Episode, alike, before, october, plant, post, within};
use crate::Result;
use crate::company::PLAN;
use crate::deal::Paying;
use crate::document::{Document, Line, Taxing};
use crate::layout::Of;
use crate::ordinary::{Clauses, period_bill, write_subscription_as};
use crate::table::id;
use crate::world::{World, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        before(1, 1, ended_in_september),
        within(1, 1, ended_in_mid_month),
        within(1, 1, begun_later),
        within(1, 1, notice_runs_on),
        before(1, 1, arrears_within),
        within(1, 1, outside_and_credited),
        within(1, 1, days_after_credited),
        within(1, 1, not_refundable),
        within(1, 1, fee_before_the_start),
        within(1, 1, fee_again),
        within(1, 1, fee_credited_and_billed_again),
        within(1, 1, fee_on_a_void_bill),
        before(1, 1, quarter_unused),
        before(1, 1, unused_and_credited),
        before(1, 1, unused_and_deducted),
        before(1, 1, pays_nothing_back),
        before(1, 1, moved_to_another_plan),
        before(1, 1, unused_and_refunded),
        before(1, 1, unused_and_unpaid),
        before(1, 1, third_still_open),
        before(1, 1, still_running),
    ]
}

const OUTSIDE: &str = "billed-outside-subscription";

fn ended_in_september(world: &mut World) -> Result<()> {
    let from = world.today;
    let plan = subscribed(world, (from, Some(october(1))), CANCELLED, Clauses::default())?;
    let (mut first, more) = (bill(world, plan, from, october(1)), bill(world, plan, october(1), november()));
    let amount = first.gross;
    world.pay(&mut first, from.add_days(3), amount, Paying::default())?;
    plant(world, OUTSIDE, Of::InvoiceLine, &line_key(&more, 1), over(&more, more.lines[0].net))?;
    post(world, [first, more])
}

fn ended_in_mid_month(world: &mut World) -> Result<()> {
    let plan = subscribed(world, (october(1), Some(october(15))), CANCELLED, Clauses::default())?;
    let bill = bill(world, plan, october(1), november());
    let net = bill.lines[0].net;
    plant(world, OUTSIDE, Of::InvoiceLine, &line_key(&bill, 1), over(&bill, net - share(net, 14, 31)))?;
    post(world, [bill])
}

fn begun_later(world: &mut World) -> Result<()> {
    let plan = subscribed(world, (october(5), None), MONTHLY, Clauses::default())?;
    let bill = two_months(world, plan)?;
    let net = bill.lines[0].net;
    plant(world, OUTSIDE, Of::InvoiceLine, &line_key(&bill, 1), over(&bill, net - share(net, 27, 31)))?;
    post(world, [bill])
}

fn inside(world: &mut World, bill: Document) -> Result<()> {
    alike(world, OUTSIDE, Of::InvoiceLine, &line_key(&bill, 1))?;
    post(world, [bill])
}

/// Notice was given in September for the end of the year.
fn notice_runs_on(world: &mut World) -> Result<()> {
    let clauses = Clauses { notice: Some(october(1).add_days(-20)), ..Clauses::default() };
    let end = october(1).add_months(3);
    let plan = subscribed(world, (october(1), Some(end)), MONTHLY, clauses)?;
    let bill = two_months(world, plan)?;
    inside(world, bill)
}

fn arrears_within(world: &mut World) -> Result<()> {
    let from = world.today;
    let plan = subscribed(world, (from, Some(october(1))), (true, "cancelled", "monthly"), Clauses::default())?;
    let bill = period_bill(world, plan.customer, (plan.id, PLAN), (from, october(1)), october(1));
    inside(world, bill)
}

fn outside_and_credited(world: &mut World) -> Result<()> {
    let plan = subscribed(world, (october(1), Some(october(15))), CANCELLED, Clauses::default())?;
    let (mut wrong, right) = (bill(world, plan, october(1), november()), bill(world, plan, october(1), october(15)));
    let amount = wrong.gross;
    let mut credit = wrong.mirrored(world.next("D"), october(6), "cancellation");
    world.use_credit(&mut credit, &mut wrong, october(6), amount)?;
    let mut right = Document { date: october(6), ..right };
    right.lines[0].allowance = right.lines[0].net - share(right.lines[0].net, 14, 31);
    right.total(Taxing::Lawful, world.settings.rounding);
    post(world, [credit, right])?;
    inside(world, wrong)
}

fn days_after_credited(world: &mut World) -> Result<()> {
    let plan = subscribed(world, (october(1), Some(october(15))), CANCELLED, Clauses::default())?;
    let mut bill = bill(world, plan, october(1), november());
    let net = bill.lines[0].net;
    let back = net - share(net, 14, 31);
    let mut credit = credit_of_days(world, &bill, (october(15), november()), back, "cancellation");
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut bill, october(15), amount)?;
    post(world, [credit])?;
    inside(world, bill)
}

fn not_refundable(world: &mut World) -> Result<()> {
    let clauses = Clauses { notice: Some(october(10)), refundable: false, ..Clauses::default() };
    let plan = subscribed(world, (october(1), Some(october(15))), CANCELLED, clauses)?;
    let bill = bill(world, plan, october(1), november());
    inside(world, bill)
}

/// A set-up fee of a subscription.
fn fee(plan: Plan) -> Line {
    let line = Line { kind: "fee", quantity: 1_000, price: 990_000, bare: true, ..Line::default() };
    Line { charge: "setup", subscription: plan.id, ..line }
}

/// Set up on two days before the start.
fn fee_before_the_start(world: &mut World) -> Result<()> {
    let plan = subscribed(world, (october(5), None), MONTHLY, Clauses::default())?;
    let (mut first, mut set_up) = (bill(world, plan, october(5), november()), fee_bill(world, plan, october(2)));
    set_up.lines[0].service = Some((october(2), october(4)));
    let next = bill(world, plan, november(), november().add_months(1));
    first.lines[0].allowance = first.lines[0].net - share(first.lines[0].net, 27, 31);
    first.total(Taxing::Lawful, world.settings.rounding);
    post(world, [first, next])?;
    inside(world, set_up)
}

const FEE: &str = "fee-billed-twice";

/// A bill of the fee alone.
fn fee_bill(world: &mut World, plan: Plan, date: Date) -> Document {
    let mut bill = Document::new(world.next("D"), plan.customer, date);
    bill.lines.push(fee(plan));
    bill.total(Taxing::Lawful, world.settings.rounding);
    bill
}

/// October's bill with the fee on it.
fn with_fee(world: &mut World, plan: Plan) -> Result<Document> {
    let mut bill = two_months(world, plan)?;
    bill.lines.push(fee(plan));
    bill.total(Taxing::Lawful, world.settings.rounding);
    Ok(bill)
}

fn fee_again(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let (first, again) = (with_fee(world, plan)?, fee_bill(world, plan, october(13)));
    plant(world, FEE, Of::InvoiceLine, &line_key(&again, 1), over(&again, again.lines[0].net))?;
    post(world, [first, again])
}

fn fee_credited_and_billed_again(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let month = two_months(world, plan)?;
    let mut first = fee_bill(world, plan, october(3));
    let amount = first.gross;
    let mut credit = first.mirrored(world.next("D"), october(6), "cancellation");
    world.use_credit(&mut credit, &mut first, october(6), amount)?;
    let again = fee_bill(world, plan, october(13));
    alike(world, FEE, Of::InvoiceLine, &line_key(&again, 1))?;
    post(world, [month, first, credit, again])
}

fn fee_on_a_void_bill(world: &mut World) -> Result<()> {
    let plan = running(world)?;
    let month = two_months(world, plan)?;
    let (mut first, again) = (fee_bill(world, plan, october(3)), fee_bill(world, plan, october(13)));
    first.status = "void";
    alike(world, FEE, Of::InvoiceLine, &line_key(&again, 1))?;
    post(world, [month, first, again])
}

const UNUSED: &str = "unused-period-not-refunded";
const QUARTERLY: (bool, &str, &str) = (false, "cancelled", "quarterly");

/// A quarter from the first of September, of which two months are unused; what is paid of it in thousandths.
fn quarter(world: &mut World, clauses: Clauses, paid: i64) -> Result<(Plan, Document)> {
    let from = world.today;
    let plan = subscribed(world, (from, Some(october(1))), QUARTERLY, clauses)?;
    let mut bill = bill(world, plan, from, from.add_months(3));
    let amount = bill.gross * paid / 1_000;
    world.pay(&mut bill, from.add_days(4), amount, Paying::default())?;
    Ok((plan, bill))
}

fn unused(bill: &Document) -> i64 {
    share(bill.lines[0].net, 61, 91)
}

fn quarter_unused(world: &mut World) -> Result<()> {
    let (plan, bill) = quarter(world, Clauses::default(), 1_000)?;
    let stake = Some(("held_for_customer", unused(&bill), bill.currency()));
    plant(world, UNUSED, Of::Subscription, &id("SUB", plan.id), stake)?;
    post(world, [bill])
}

fn nothing_held(world: &mut World, plan: Plan, bill: Document) -> Result<()> {
    alike(world, UNUSED, Of::Subscription, &id("SUB", plan.id))?;
    post(world, [bill])
}

/// The credit note states no days.
fn unused_and_credited(world: &mut World) -> Result<()> {
    let (plan, bill) = quarter(world, Clauses::default(), 1_000)?;
    let days = (october(6), october(7));
    let mut credit = credit_of_days(world, &bill, days, unused(&bill), "cancellation");
    credit.lines[0].service = None;
    world.refund_credit(&mut credit, october(8))?;
    post(world, [credit])?;
    nothing_held(world, plan, bill)
}

/// Taken off the next bill, which is for something else.
fn unused_and_deducted(world: &mut World) -> Result<()> {
    let (plan, bill) = quarter(world, Clauses::default(), 1_000)?;
    let mut next = world.loose(plan.customer, october(6), &[(0, 16_000)]);
    let line = Line { quantity: -1_000, price: unused(&bill) * 100, original: Some(1), bare: true, ..Line::default() };
    next.lines.push(Line { subscription: plan.id, ..line });
    next.total(Taxing::Lawful, world.settings.rounding);
    post(world, [next])?;
    nothing_held(world, plan, bill)
}

fn pays_nothing_back(world: &mut World) -> Result<()> {
    let (plan, bill) = quarter(world, Clauses { refundable: false, ..Clauses::default() }, 1_000)?;
    nothing_held(world, plan, bill)
}

fn moved_to_another_plan(world: &mut World) -> Result<()> {
    let (plan, bill) = quarter(world, Clauses::default(), 1_000)?;
    let (next, days) = (world.next("SUB"), (october(1), october(1).add_months(3)));
    let of = ((plan.customer.id, plan.customer.currency), PLAN + 1);
    write_subscription_as(world, next, of, (days.0, None), (false, "active", "quarterly"), Clauses::default())?;
    let first = period_bill(world, plan.customer, (next, PLAN + 1), days, days.0);
    post(world, [first])?;
    nothing_held(world, plan, bill)
}

fn unused_and_refunded(world: &mut World) -> Result<()> {
    let (plan, bill) = quarter(world, Clauses::default(), 1_000)?;
    world.refund(plan.customer, (0, 0), october(6), unused(&bill))?;
    nothing_held(world, plan, bill)
}

fn unused_and_unpaid(world: &mut World) -> Result<()> {
    let (plan, bill) = quarter(world, Clauses::default(), 0)?;
    world.remind(&bill, bill.date.add_days(36), 1)?;
    nothing_held(world, plan, bill)
}

fn third_still_open(world: &mut World) -> Result<()> {
    let (plan, bill) = quarter(world, Clauses::default(), 667)?;
    world.remind(&bill, bill.date.add_days(36), 1)?;
    nothing_held(world, plan, bill)
}

/// Notice was given, and the quarter is used to its end.
fn still_running(world: &mut World) -> Result<()> {
    let from = world.today;
    let clauses = Clauses { notice: Some(october(20)), ..Clauses::default() };
    let plan = subscribed(world, (from, Some(from.add_months(3))), QUARTERLY, clauses)?;
    let mut bill = bill(world, plan, from, from.add_months(3));
    let amount = bill.gross;
    world.pay(&mut bill, from.add_days(4), amount, Paying::default())?;
    nothing_held(world, plan, bill)
}
