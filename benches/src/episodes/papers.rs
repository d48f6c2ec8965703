//! Certificates that are missing, lapsed or another's.

use tieout_model::Date;

use super::{Episode, alike, before, october, plant, post, usual, within};
use crate::Result;
use crate::company::{CO, Customer, FOOD, NE, as_of, day, name};
use crate::deal::{Record, tax_no};
use crate::document::{Document, Taxing};
use crate::layout::Of;
use crate::master::{Certificate, certified, write_certificate};
use crate::table::id;
use crate::world::{World, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        before(1, 12, flag_without_paper),
        before(1, 12, paper_had_ended),
        before(1, 12, paper_was_revoked),
        before(1, 12, exempt_for_everybody),
        before(1, 12, no_company_there),
        before(1, 12, nobody_claims_it),
        before(1, 12, exported),
        before(1, 12, paper_of_the_parent),
        before(1, 12, paper_within_the_grace),
        before(1, 12, delivered_while_in_force),
        before(1, 12, untaxed_by_a_marketplace),
        usual(grace_still_runs),
        usual(paper_ends_soon),
        usual(paper_called_expired),
        usual(later_paper),
        usual(taxed_again),
        usual(bought_once),
        within(2, 3, other_number),
        within(2, 3, other_name),
        within(2, 3, trade_name),
        within(2, 3, state_number),
        within(2, 3, number_of_the_parent),
        within(2, 3, name_of_the_parent),
    ]
}

const PAPER: &str = "untaxed-without-certificate";
const ENDING: &str = "certificate-expiring";

/// Ninety days after it are in October.
fn supplied() -> Date {
    day(2026, 7, 20)
}

/// A bill that leaves a supply of July untaxed.
fn untaxed(world: &mut World, customer: Customer, basket: &[(usize, i64)]) -> Document {
    let today = world.today;
    let mut bill = world.loose(customer, today, basket);
    bill.tax_point = Some(supplied());
    bill.total(Taxing::None, world.settings.rounding);
    bill
}

fn settled(world: &mut World, mut bill: Document) -> Result<()> {
    let (day, gross) = (bill.date.add_days(5), bill.gross);
    world.pay(&mut bill, day, gross, crate::deal::Paying::default())?;
    post(world, [bill])
}

fn paper_missing(world: &mut World, bill: Document) -> Result<()> {
    plant(world, PAPER, Of::InvoiceLine, &line_key(&bill, 1), None)?;
    settled(world, bill)
}

fn paper_not_needed(world: &mut World, bill: Document) -> Result<()> {
    alike(world, PAPER, Of::InvoiceLine, &line_key(&bill, 1))?;
    settled(world, bill)
}

const BRACKETS: [(usize, i64); 1] = [(0, 16_000)];

/// The billing system calls the account exempt.
fn called_exempt(world: &mut World, state: usize, parent: u64) -> Result<Customer> {
    world.newcomer_as(state, &Record { exempt: true, ..Record::default() }, |customer| customer.parent = parent)
}

fn flag_without_paper(world: &mut World) -> Result<()> {
    let customer = called_exempt(world, NE, 0)?;
    let bill = untaxed(world, customer, &BRACKETS);
    paper_missing(world, bill)
}

fn certificate_key(customer: &Customer) -> String {
    id("CERT", customer.certificate)
}

/// The certificate ended before the supply.
fn paper_had_ended(world: &mut World) -> Result<()> {
    let customer = certified(world, NE, &Certificate { to: Some(day(2026, 7, 1)), ..Certificate::default() })?;
    plant(world, ENDING, Of::Certificate, &certificate_key(&customer), None)?;
    let bill = untaxed(world, customer, &BRACKETS);
    paper_missing(world, bill)
}

fn paper_was_revoked(world: &mut World) -> Result<()> {
    let customer = certified(world, NE, &Certificate { status: "revoked", ..Certificate::default() })?;
    let bill = untaxed(world, customer, &BRACKETS);
    paper_missing(world, bill)
}

fn exempt_for_everybody(world: &mut World) -> Result<()> {
    let customer = called_exempt(world, NE, 0)?;
    let bill = untaxed(world, customer, &[(FOOD, 4_000)]);
    paper_not_needed(world, bill)
}

fn no_company_there(world: &mut World) -> Result<()> {
    let customer = called_exempt(world, CO, 0)?;
    let bill = untaxed(world, customer, &BRACKETS);
    paper_not_needed(world, bill)
}

fn nobody_claims_it(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let bill = untaxed(world, customer, &BRACKETS);
    paper_not_needed(world, bill)
}

/// Sent abroad, and not taxable at all.
fn exported(world: &mut World) -> Result<()> {
    for (exemption, category) in [("export", ""), ("", "nontaxable"), ("", "AE")] {
        let customer = called_exempt(world, NE, 0)?;
        let mut bill = untaxed(world, customer, &BRACKETS);
        (bill.lines[0].exemption, bill.lines[0].category) = (exemption, category);
        paper_not_needed(world, bill)?;
    }
    Ok(())
}

fn paper_of_the_parent(world: &mut World) -> Result<()> {
    let parent = certified(world, NE, &Certificate::default())?;
    let customer = called_exempt(world, NE, parent.id)?;
    let bill = untaxed(world, customer, &BRACKETS);
    paper_not_needed(world, bill)
}

/// Dated and received two months after the sale.
fn paper_within_the_grace(world: &mut World) -> Result<()> {
    let late = day(2026, 9, 20);
    let customer = certified(world, NE, &Certificate { received: late, from: late, ..Certificate::default() })?;
    let bill = untaxed(world, customer, &BRACKETS);
    paper_not_needed(world, bill)
}

/// It has ended since, and the customer should be asked for another.
fn delivered_while_in_force(world: &mut World) -> Result<()> {
    let customer = certified(world, NE, &Certificate { to: Some(day(2026, 8, 1)), ..Certificate::default() })?;
    plant(world, ENDING, Of::Certificate, &certificate_key(&customer), None)?;
    let bill = untaxed(world, customer, &BRACKETS);
    paper_not_needed(world, bill)
}

fn untaxed_by_a_marketplace(world: &mut World) -> Result<()> {
    let customer = called_exempt(world, NE, 0)?;
    let mut bill = untaxed(world, customer, &BRACKETS);
    bill.channel = "marketplace";
    paper_not_needed(world, bill)
}

/// Sold in October: the paper may come until January; that it is untaxed meanwhile is another rule's business.
fn grace_still_runs(world: &mut World) -> Result<()> {
    let (customer, today) = (called_exempt(world, NE, 0)?, world.today);
    let mut bill = world.loose(customer, today, &BRACKETS);
    let stake = Some(("tax_under_collected", bill.tax, bill.currency()));
    bill.total(Taxing::None, world.settings.rounding);
    alike(world, PAPER, Of::InvoiceLine, &line_key(&bill, 1))?;
    plant(world, "taxable-sale-untaxed", Of::InvoiceLine, &line_key(&bill, 1), stake)?;
    post(world, [bill])
}

/// An untaxed sale of today to a holder of a certificate.
fn resold(world: &mut World, paper: &Certificate) -> Result<Customer> {
    let customer = certified(world, NE, paper)?;
    let bill = world.sale(customer, &BRACKETS)?;
    post(world, [bill])?;
    Ok(customer)
}

fn paper_ends_soon(world: &mut World) -> Result<()> {
    let paper = Certificate { to: Some(as_of().add_days(60)), ..Certificate::default() };
    let customer = resold(world, &paper)?;
    plant(world, ENDING, Of::Certificate, &certificate_key(&customer), None)
}

/// It holds by its day, and its status says that it does not; the sale rests on nothing.
fn paper_called_expired(world: &mut World) -> Result<()> {
    let customer = certified(world, NE, &Certificate { status: "expired", ..Certificate::default() })?;
    let bill = world.sale(Customer { certificate: 0, ..customer }, &BRACKETS)?;
    let stake = Some(("tax_under_collected", bill.tax, bill.currency()));
    let mut bill = Document { customer, ..bill };
    bill.total(Taxing::Lawful, world.settings.rounding);
    plant(world, ENDING, Of::Certificate, &certificate_key(&customer), None)?;
    plant(world, "taxable-sale-untaxed", Of::InvoiceLine, &line_key(&bill, 1), stake)?;
    post(world, [bill])
}

fn later_paper(world: &mut World) -> Result<()> {
    let customer = resold(world, &Certificate { to: Some(as_of().add_days(30)), ..Certificate::default() })?;
    let (number, received) = (world.next("CERT"), day(2026, 9, 1));
    write_certificate(world, number, &customer, &Certificate { received, ..Certificate::default() })?;
    alike(world, ENDING, Of::Certificate, &certificate_key(&customer))
}

/// The certificate has ended and the customer pays tax.
fn taxed_again(world: &mut World) -> Result<()> {
    let customer = certified(world, NE, &Certificate { to: Some(day(2026, 9, 1)), ..Certificate::default() })?;
    let bill = world.sale(Customer { certificate: 0, ..customer }, &BRACKETS)?;
    alike(world, ENDING, Of::Certificate, &certificate_key(&customer))?;
    post(world, [bill])
}

/// One certificate for one purchase; a bill that is void; only a credit.
fn bought_once(world: &mut World) -> Result<()> {
    let ended = Some(october(20));
    let single = Certificate { scope: "single_purchase", to: ended, ..Certificate::default() };
    let customer = resold(world, &single)?;
    alike(world, ENDING, Of::Certificate, &certificate_key(&customer))?;
    for void in [true, false] {
        let (customer, today) =
            (certified(world, NE, &Certificate { to: ended, ..Certificate::default() })?, world.today);
        let mut bill = world.loose(customer, today, &[(0, if void { 16_000 } else { -4_000 })]);
        if void {
            bill.status = "void";
        } else {
            (bill.kind, bill.reason) = (crate::document::Kind::Credit, "goodwill");
        }
        alike(world, ENDING, Of::Certificate, &certificate_key(&customer))?;
        post(world, [bill])?;
    }
    Ok(())
}

const OTHER: &str = "certificate-names-other";

/// A certificate made out to somebody: by the account's and its parent's number.
fn made_out(world: &mut World, parent: bool, out: impl Fn(u64, u64) -> (String, String)) -> Result<String> {
    let parent = if parent { world.newcomer(NE, |_| ())?.id } else { 0 };
    let number = world.next("CERT");
    let customer = world.newcomer(NE, |customer| (customer.certificate, customer.parent) = (number, parent))?;
    let made_out = Some(out(customer.id, parent));
    write_certificate(world, number, &customer, &Certificate { made_out, ..Certificate::default() })?;
    Ok(certificate_key(&customer))
}

fn other_number(world: &mut World) -> Result<()> {
    let key = made_out(world, false, |own, _| (name(own), tax_no(own + 1)))?;
    plant(world, OTHER, Of::Certificate, &key, None)
}

fn other_name(world: &mut World) -> Result<()> {
    let key = made_out(world, false, |_, _| ("Maple Traders".to_owned(), String::new()))?;
    plant(world, OTHER, Of::Certificate, &key, None)
}

fn trade_name(world: &mut World) -> Result<()> {
    let key = made_out(world, false, |own, _| ("The Saw Shop".to_owned(), tax_no(own).replace("TIN-", "")))?;
    alike(world, OTHER, Of::Certificate, &key)
}

fn state_number(world: &mut World) -> Result<()> {
    let key = made_out(world, false, |own, _| (name(own), "98-7654-0001-7".to_owned()))?;
    alike(world, OTHER, Of::Certificate, &key)
}

fn number_of_the_parent(world: &mut World) -> Result<()> {
    let key = made_out(world, true, |_, parent| ("The Group".to_owned(), tax_no(parent)))?;
    alike(world, OTHER, Of::Certificate, &key)
}

fn name_of_the_parent(world: &mut World) -> Result<()> {
    let key = made_out(world, true, |_, parent| (name(parent).to_uppercase(), String::new()))?;
    alike(world, OTHER, Of::Certificate, &key)
}
