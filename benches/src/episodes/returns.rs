//! Credits that lie idle, give back the wrong tax or go to nobody; goods that came back.

use super::{Episode, alike, before, follows, october, plant, post, sold, usual, within};
use crate::Result;
use crate::company::{CO, NE};
use crate::deal::Paying;
use crate::document::{Document, Kind, Line, Taxing};
use crate::layout::Of;
use crate::table::id;
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        before(5, 25, dormant),
        before(5, 25, a_bill_since),
        before(5, 25, a_payment_since),
        before(5, 25, dormant_and_refunded),
        before(5, 25, dormant_and_small),
        before(10, 24, credited_at_todays_rate),
        usual(tax_kept),
        usual(a_third_of_the_tax),
        usual(only_the_tax),
        usual(credit_for_nobody),
        within(2, 15, came_back),
        within(2, 15, half_of_it_credited),
        within(22, 26, under_inspection),
        within(2, 15, replaced),
        within(2, 15, not_approved),
        within(2, 15, refused),
        within(2, 15, credit_names_no_bill),
        within(2, 15, credited_in_money),
    ]
}

const DORMANT: &str = "credit-dormant";

/// A credit to a customer in Colorado that no bill is behind.
fn given(world: &mut World, pieces: i64) -> Result<Document> {
    let customer = world.newcomer(CO, |_| ())?;
    let today = world.today;
    let mut credit = world.loose(customer, today, &[(0, -pieces)]);
    (credit.kind, credit.reason) = (Kind::Credit, "goodwill");
    Ok(credit)
}

fn dormant(world: &mut World) -> Result<()> {
    let credit = given(world, 8_000)?;
    let stake = Some(("held_for_customer", -credit.gross, credit.currency()));
    plant(world, DORMANT, Of::Invoice, &invoice_key(&credit), stake)?;
    post(world, [credit])
}

fn awake(world: &mut World, credit: Document) -> Result<()> {
    alike(world, DORMANT, Of::Invoice, &invoice_key(&credit))?;
    post(world, [credit])
}

fn a_bill_since(world: &mut World) -> Result<()> {
    let credit = given(world, 8_000)?;
    let bill = world.loose(credit.customer, october(20), &[(1, 3_000)]);
    post(world, [bill])?;
    awake(world, credit)
}

fn a_payment_since(world: &mut World) -> Result<()> {
    let credit = given(world, 8_000)?;
    let whose = (credit.customer.id, credit.currency());
    world.receive(whose, october(20), 10_000, Paying::default(), ["cleared", "prepayment", ""])?;
    awake(world, credit)
}

fn dormant_and_refunded(world: &mut World) -> Result<()> {
    let mut credit = given(world, 8_000)?;
    world.refund_credit(&mut credit, october(2))?;
    awake(world, credit)
}

fn dormant_and_small(world: &mut World) -> Result<()> {
    let credit = given(world, 1_000)?;
    awake(world, credit)
}

const TAX: &str = "credit-tax-differs-from-original";

/// The old bill's rate was another.
fn credited_at_todays_rate(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let mut credit = world.credit(&bill, october(8), &[(1, 16_000, bill.lines[0].price)], "quality");
    let due = credit.tax;
    (credit.rate_day, credit.mistaxed) = (None, true);
    credit.total(Taxing::Lawful, world.settings.rounding);
    let (day, amount) = (credit.date, bill.gross);
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    world.refund_credit(&mut credit, day)?;
    let stake = Some(("tax_under_collected", due - credit.tax, credit.currency()));
    plant(world, TAX, Of::InvoiceLine, &line_key(&credit, 1), stake)?;
    for rule in ["former-rate-charged", "tax-differs-from-rate"] {
        follows(world, TAX, rule, Of::InvoiceTax, &format!("{}/1", invoice_key(&credit)), stake)?;
    }
    let excess = Some(("under_billed", -credit.gross - bill.gross, credit.currency()));
    plant(world, "credit-exceeds-invoice", Of::Invoice, &invoice_key(&bill), excess)?;
    post(world, [bill, credit])
}

fn tax_kept(world: &mut World) -> Result<()> {
    let mut bill = sold(world)?;
    let mut credit = world.credit(&bill, bill.date.add_days(3), &[(1, 4_000, bill.lines[0].price)], "quality");
    let stake = Some(("tax_over_collected", -credit.tax, credit.currency()));
    credit.total(Taxing::None, world.settings.rounding);
    let (day, amount) = (credit.date, -credit.gross);
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    plant(world, TAX, Of::InvoiceLine, &line_key(&credit, 1), stake)?;
    post(world, [bill, credit])
}

fn credited_rightly(world: &mut World, mut bill: Document, mut credit: Document) -> Result<()> {
    let (day, amount) = (credit.date, -credit.gross);
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    alike(world, TAX, Of::InvoiceLine, &line_key(&credit, 1))?;
    post(world, [bill, credit])
}

fn a_third_of_the_tax(world: &mut World) -> Result<()> {
    let bill = sold(world)?;
    let credit = world.credit(&bill, bill.date.add_days(3), &[(1, 5_333, bill.lines[0].price)], "quality");
    credited_rightly(world, bill, credit)
}

/// A customer who is exempt after all gets the tax back and nothing else.
fn only_the_tax(world: &mut World) -> Result<()> {
    let bill = sold(world)?;
    let mut credit = world.credit(&bill, bill.date.add_days(3), &[(1, 0, bill.lines[0].price)], "exempt after all");
    credit.total(Taxing::None, world.settings.rounding);
    credit.lines[0].tax = -bill.lines[0].tax;
    credit.taxes[0] = crate::document::TaxRow { base: -bill.net, tax: -bill.tax, ..bill.taxes[0].clone() };
    credit.sums();
    credited_rightly(world, bill, credit)
}

fn credit_for_nobody(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let mut credit = world.loose(customer, today, &[(0, -4_000)]);
    (credit.kind, credit.reason, credit.unknown) = (Kind::Credit, "goodwill", true);
    plant(world, "credit-without-customer", Of::Invoice, &invoice_key(&credit), None)?;
    post(world, [credit])
}

const RETURN: &str = "return-not-credited";

/// Four of sixteen pieces are back two days after the bill; the number of the return.
fn back(world: &mut World, approved: bool, status: &str) -> Result<(Document, String)> {
    let bill = sold(world)?;
    let (received, item) = (bill.date.add_days(2), bill.lines[0].item);
    let days = (Some(received), approved.then_some(received));
    let number = world.take_back(&bill, (item, 4_000), days, status)?;
    Ok((bill, id("RMA", number)))
}

fn due_back(world: &mut World, quantity: i64, bill: &Document, key: &str) -> Result<()> {
    let units = crate::money::extend(quantity, bill.lines[0].price, bill.currency());
    plant(world, RETURN, Of::ReturnAuthorization, key, Some(("over_billed", units, bill.currency())))
}

fn came_back(world: &mut World) -> Result<()> {
    let (bill, key) = back(world, true, "approved")?;
    due_back(world, 4_000, &bill, &key)?;
    post(world, [bill])
}

/// A credit for some pieces of the bill, used on it.
fn credit_for(world: &mut World, bill: &mut Document, quantity: i64) -> Result<Document> {
    let day = bill.date.add_days(6);
    let mut credit = world.credit(bill, day, &[(1, quantity, bill.lines[0].price)], "return");
    let amount = -credit.gross;
    world.use_credit(&mut credit, bill, day, amount)?;
    Ok(credit)
}

fn half_of_it_credited(world: &mut World) -> Result<()> {
    let (mut bill, key) = back(world, true, "approved")?;
    let credit = credit_for(world, &mut bill, 2_000)?;
    due_back(world, 2_000, &bill, &key)?;
    post(world, [bill, credit])
}

fn nothing_due(world: &mut World, key: &str) -> Result<()> {
    alike(world, RETURN, Of::ReturnAuthorization, key)
}

fn under_inspection(world: &mut World) -> Result<()> {
    let (bill, key) = back(world, true, "approved")?;
    nothing_due(world, &key)?;
    post(world, [bill])
}

fn replaced(world: &mut World) -> Result<()> {
    let (bill, key) = back(world, true, "approved")?;
    let day = bill.date.add_days(5);
    let order = world.order(bill.customer, day, &[(0, 4_000)], "on_shipment")?;
    world.ship(&order, day, &[(1, 4_000)], "replacement")?;
    nothing_due(world, &key)?;
    post(world, [bill])
}

fn not_approved(world: &mut World) -> Result<()> {
    let (bill, key) = back(world, false, "requested")?;
    nothing_due(world, &key)?;
    post(world, [bill])
}

fn refused(world: &mut World) -> Result<()> {
    let (bill, key) = back(world, false, "rejected")?;
    nothing_due(world, &key)?;
    post(world, [bill])
}

fn credit_names_no_bill(world: &mut World) -> Result<()> {
    let (mut bill, key) = back(world, true, "approved")?;
    let mut credit = credit_for(world, &mut bill, 4_000)?;
    credit.original = 0;
    credit.lines[0].original = None;
    nothing_due(world, &key)?;
    post(world, [bill, credit])
}

/// The value of the pieces is given back, without their number.
fn credited_in_money(world: &mut World) -> Result<()> {
    let (mut bill, key) = back(world, true, "approved")?;
    let day = bill.date.add_days(6);
    let mut credit = world.credit(&bill, day, &[(1, 0, bill.lines[0].price)], "return");
    credit.lines[0] = Line { allowance: 5_000, ..credit.lines[0].clone() };
    credit.total(Taxing::Lawful, world.settings.rounding);
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    nothing_due(world, &key)?;
    post(world, [bill, credit])
}
