//! Customers held twice or at a former address, fields that are missing, what was never billed or never reminded.

use tieout_model::Date;

use super::{Episode, alike, october, plant, post, usual, within};
use crate::Result;
use crate::company::{Customer, DE, NE, long_ago, name, period_from};
use crate::deal::{Record, street, tax_no};
use crate::document::Document;
use crate::layout::Of;
use crate::table::id;
use crate::world::{World, invoice_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(same_tax_number),
        usual(same_name_and_address),
        usual(branch),
        usual(parent_of_a_branch),
        usual(closed_account),
        usual(cash_account),
        usual(no_real_number),
        usual(left_in_september),
        within(2, 10, not_yet_served),
        usual(delivered_before_the_move),
        usual(one_time_delivery),
        usual(left_and_come_back),
        usual(another_has_moved_in),
        usual(left_for_bills_only),
        usual(credit_to_the_former_address),
        usual(no_order_number),
        usual(no_reason),
        usual(no_tax_number),
        usual(nobody_asks_for_one),
        usual(order_names_it),
        usual(credit_without_order_number),
        usual(reverse_charge),
    ]
}

const TWICE: &str = "customer-held-twice";

fn key(customer: &Customer) -> String {
    id("C", customer.id)
}

/// An account, and a second one with a record made after it.
fn second(world: &mut World, record: impl Fn(u64) -> Record, alter: impl Fn(&mut Customer, u64)) -> Result<Customer> {
    let first = world.newcomer(NE, |_| ())?;
    world.newcomer_as(NE, &record(first.id), |customer| alter(customer, first.id))
}

fn same_number(first: u64) -> Record {
    Record { tax_no: Some(tax_no(first).to_lowercase()), ..Record::default() }
}

fn same_tax_number(world: &mut World) -> Result<()> {
    let other = second(world, same_number, |_, _| ())?;
    plant(world, TWICE, Of::Customer, &key(&other), None)
}

fn same_name_and_address(world: &mut World) -> Result<()> {
    let record = |first| Record {
        name: Some(name(first).to_uppercase()),
        street: Some(street(first)),
        tax_no: Some(String::new()),
        ..Record::default()
    };
    let other = second(world, record, |_, _| ())?;
    plant(world, TWICE, Of::Customer, &key(&other), None)
}

fn branch(world: &mut World) -> Result<()> {
    let other = second(world, same_number, |customer, first| customer.parent = first)?;
    alike(world, TWICE, Of::Customer, &key(&other))
}

fn parent_of_a_branch(world: &mut World) -> Result<()> {
    let other = second(world, same_number, |_, _| ())?;
    world.newcomer(NE, |customer| customer.parent = other.id)?;
    alike(world, TWICE, Of::Customer, &key(&other))
}

fn closed_account(world: &mut World) -> Result<()> {
    let other = second(world, |first| Record { active: false, ..same_number(first) }, |_, _| ())?;
    alike(world, TWICE, Of::Customer, &key(&other))
}

/// A second cash account with the number of the first.
fn cash_account(world: &mut World) -> Result<()> {
    let (first, number) = (world.newcomer(NE, |_| ())?, world.next("C"));
    let till = Customer::new(number, NE, first.currency);
    world.write_customer(&till, true, &same_number(first.id))?;
    alike(world, TWICE, Of::Customer, &key(&till))
}

fn no_real_number(world: &mut World) -> Result<()> {
    for _ in 0..2 {
        let record = Record { tax_no: Some("N/A".to_owned()), ..Record::default() };
        let customer = world.newcomer_as(NE, &record, |_| ())?;
        alike(world, TWICE, Of::Customer, &key(&customer))?;
    }
    Ok(())
}

const FORMER: &str = "former-address-used";

/// A bill without order to an account that left its first address on a day.
fn moved(world: &mut World, day: Date) -> Result<Document> {
    let record = Record { moved: Some(day), ..Record::default() };
    let (customer, today) = (world.newcomer_as(NE, &record, |_| ())?, world.today);
    Ok(world.loose(customer, today, &[(0, 16_000)]))
}

fn wrong_address(world: &mut World, bill: Document) -> Result<()> {
    plant(world, FORMER, Of::Invoice, &invoice_key(&bill), None)?;
    post(world, [bill])
}

fn right_address(world: &mut World, bill: Document) -> Result<()> {
    alike(world, FORMER, Of::Invoice, &invoice_key(&bill))?;
    post(world, [bill])
}

fn left_in_september(world: &mut World) -> Result<()> {
    let mut bill = moved(world, period_from())?;
    bill.tax_point = Some(bill.date);
    wrong_address(world, bill)
}

/// A third address of an account.
fn third_address(world: &mut World, customer: &Customer) -> Result<u64> {
    let address = 5_000_000 + customer.id;
    let place = crate::company::place(customer.state);
    world.write_address(address, "7 Canal Street", customer.state, place.as_deref())?;
    Ok(address)
}

fn not_yet_served(world: &mut World) -> Result<()> {
    let (customer, today) = (world.newcomer(NE, |_| ())?, world.today);
    let mut bill = world.loose(customer, today, &[(0, 16_000)]);
    bill.ship_to = third_address(world, &customer)?;
    world.serve(&customer, bill.ship_to, "ship_to", (october(20), None))?;
    wrong_address(world, bill)
}

/// Without a day of supply the delivery may have been before the move.
fn delivered_before_the_move(world: &mut World) -> Result<()> {
    let bill = moved(world, period_from())?;
    right_address(world, bill)
}

fn one_time_delivery(world: &mut World) -> Result<()> {
    let (customer, today) = (world.newcomer(NE, |_| ())?, world.today);
    let mut bill = world.loose(customer, today, &[(0, 16_000)]);
    bill.ship_to = third_address(world, &customer)?;
    right_address(world, bill)
}

fn left_and_come_back(world: &mut World) -> Result<()> {
    let mut bill = moved(world, period_from().add_days(-20))?;
    bill.tax_point = Some(bill.date);
    let (customer, at) = (bill.customer, bill.customer.ship_to());
    world.serve(&customer, at, "ship_to", (period_from(), None))?;
    right_address(world, bill)
}

/// The address is now another customer's, whom the bill is for.
fn another_has_moved_in(world: &mut World) -> Result<()> {
    let former = world.newcomer_as(NE, &Record { moved: Some(period_from()), ..Record::default() }, |_| ())?;
    let (customer, today) = (world.newcomer(NE, |_| ())?, world.today);
    world.serve(&customer, former.ship_to(), "ship_to", (period_from(), None))?;
    let mut bill = world.loose(customer, today, &[(0, 16_000)]);
    (bill.ship_to, bill.tax_point) = (former.ship_to(), Some(today));
    right_address(world, bill)
}

fn left_for_bills_only(world: &mut World) -> Result<()> {
    let (customer, today) = (world.newcomer(NE, |_| ())?, world.today);
    world.serve(&customer, customer.ship_to() + 1, "bill_to", (long_ago(), Some(period_from())))?;
    let mut bill = world.loose(customer, today, &[(0, 16_000)]);
    (bill.ship_to, bill.tax_point) = (customer.ship_to() + 1, Some(today));
    right_address(world, bill)
}

fn credit_to_the_former_address(world: &mut World) -> Result<()> {
    let mut bill = moved(world, october(21))?;
    let day = october(23);
    let mut credit = world.credit(&bill, day, &[(1, 4_000, bill.lines[0].price)], "quality");
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    alike(world, FORMER, Of::Invoice, &invoice_key(&credit))?;
    post(world, [bill, credit])
}

const FIELD: &str = "mandatory-field-empty";

fn asks_for_number(world: &mut World) -> Result<Customer> {
    world.newcomer_as(NE, &Record { po_required: true, ..Record::default() }, |_| ())
}

fn lacks(world: &mut World, bill: &Document) -> Result<()> {
    plant(world, FIELD, Of::Invoice, &invoice_key(bill), None)
}

fn has(world: &mut World, bill: &Document) -> Result<()> {
    alike(world, FIELD, Of::Invoice, &invoice_key(bill))
}

fn no_order_number(world: &mut World) -> Result<()> {
    let (customer, today) = (asks_for_number(world)?, world.today);
    let bill = world.loose(customer, today, &[(0, 16_000)]);
    lacks(world, &bill)?;
    post(world, [bill])
}

/// A bill without order and a credit for a quarter of it.
fn credited(world: &mut World, customer: Customer, reason: &'static str) -> Result<(Document, Document)> {
    let today = world.today;
    let mut bill = world.loose(customer, today, &[(0, 16_000)]);
    let day = today.add_days(3);
    let mut credit = world.credit(&bill, day, &[(1, 4_000, bill.lines[0].price)], reason);
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    Ok((bill, credit))
}

fn no_reason(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let (bill, credit) = credited(world, customer, "")?;
    lacks(world, &credit)?;
    post(world, [bill, credit])
}

/// A bill that leaves the tax to the customer.
fn reversed(world: &mut World, tax_no: Option<String>) -> Result<Document> {
    let record = Record { tax_no, ..Record::default() };
    let (customer, today) = (world.newcomer_as(DE, &record, |_| ())?, world.today);
    let mut bill = world.loose(customer, today, &[(0, 16_000)]);
    bill.lines[0].category = "AE";
    Ok(bill)
}

fn no_tax_number(world: &mut World) -> Result<()> {
    let bill = reversed(world, Some(String::new()))?;
    lacks(world, &bill)?;
    post(world, [bill])
}

fn nobody_asks_for_one(world: &mut World) -> Result<()> {
    let (customer, today) = (world.newcomer(NE, |_| ())?, world.today);
    let bill = world.loose(customer, today, &[(0, 16_000)]);
    has(world, &bill)?;
    post(world, [bill])
}

fn order_names_it(world: &mut World) -> Result<()> {
    let customer = asks_for_number(world)?;
    let mut bill = world.sale(customer, &[(0, 16_000)])?;
    bill.po = 0;
    has(world, &bill)?;
    post(world, [bill])
}

fn credit_without_order_number(world: &mut World) -> Result<()> {
    let customer = asks_for_number(world)?;
    let (mut bill, credit) = credited(world, customer, "quality")?;
    bill.po = world.next("PO-");
    has(world, &credit)?;
    post(world, [bill, credit])
}

fn reverse_charge(world: &mut World) -> Result<()> {
    let bill = reversed(world, None)?;
    has(world, &bill)?;
    post(world, [bill])
}
