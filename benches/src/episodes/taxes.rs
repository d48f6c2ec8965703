//! Tax at the wrong rate, on what is exempt, or missing; and what the law allows.

use tieout_model::Date;

use super::{Episode, before, october, usual, within};
use crate::Result;
use crate::company::{CLOTHING, Customer, FOOD, KS, MN, NE, period_from};
use crate::document::{Document, Taxing};
use crate::labels::{Kind, Stake};
use crate::layout::Of;
use crate::master::{Certificate, certified};
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(former_rate),
        within(2, 12, future_rate),
        usual(wrong_tax),
        usual(untaxed),
        usual(certificate_expired),
        usual(food_taxed),
        usual(certificate_ignored),
        within(2, 8, supplied_before_the_change),
        within(17, 20, supplied_before_the_change_in_mid_month),
        before(20, 24, credited_at_the_old_rate),
        usual(too_small_to_tell),
        usual(resale),
        within(9, 11, holiday),
        usual(marketplace),
        usual(reduced_food),
        usual(two_authorities),
        usual(certificate_came_later),
        usual(certificate_of_another_state),
        usual(certificate_for_one_purchase),
        usual(certificate_for_other_goods),
        usual(certificate_no_longer_valid),
    ]
}

/// 32 brackets at 12.50: a base of 400.00, on which a quarter of a per cent is 1.00.
const BASKET: [(usize, i64); 1] = [(0, 32_000)];

fn sale(world: &mut World, state: usize, basket: &[(usize, i64)]) -> Result<Document> {
    let customer = world.newcomer(state, |_| ())?;
    world.sale(customer, basket)
}

/// Taxes a bill as if it were another day.
fn taxed_on(world: &World, bill: &mut Document, day: Date) {
    bill.rate_day = Some(day);
    bill.total(Taxing::Lawful, world.settings.rounding);
}

fn tax_key(bill: &Document) -> String {
    format!("{}/1", invoice_key(bill))
}

fn stake(class: &'static str, bill: &Document, units: i64) -> Stake {
    Some((class, units, bill.currency()))
}

fn look(world: &mut World, rule: &str, of: Of, key: &str) -> Result<()> {
    world.label(Kind::LookAlike, rule, (of, key), None)
}

fn other_rate(world: &mut World, state: usize, day: Date) -> Result<()> {
    let mut bill = sale(world, state, &BASKET)?;
    let due = bill.tax;
    taxed_on(world, &mut bill, day);
    bill.mistaxed = true;
    let class = if bill.tax < due { "tax_under_collected" } else { "tax_over_collected" };
    let (stake, key) = (stake(class, &bill, (bill.tax - due).abs()), tax_key(&bill));
    let cause = "former-rate-charged";
    world.label(Kind::Planted, cause, (Of::InvoiceTax, &key), stake)?;
    world.label(Kind::Consequence(cause), "tax-differs-from-rate", (Of::InvoiceTax, &key), stake)?;
    world.post(bill)?;
    Ok(())
}

fn former_rate(world: &mut World) -> Result<()> {
    other_rate(world, NE, period_from().add_days(-1))
}

fn future_rate(world: &mut World) -> Result<()> {
    other_rate(world, KS, october(20))
}

fn wrong_tax(world: &mut World) -> Result<()> {
    let mut bill = sale(world, NE, &BASKET)?;
    bill.mistaxed = true;
    bill.taxes[0].tax += 500;
    bill.lines[0].tax += 500;
    bill.sums();
    let stake = stake("tax_over_collected", &bill, 500);
    world.label(Kind::Planted, "tax-differs-from-rate", (Of::InvoiceTax, &tax_key(&bill)), stake)?;
    world.post(bill)?;
    Ok(())
}

/// A sale without tax; what would have been due on its line.
fn without_tax(world: &mut World, customer: Customer, basket: &[(usize, i64)]) -> Result<(Document, i64)> {
    let mut bill = world.sale(Customer { certificate: 0, ..customer }, basket)?;
    let due = bill.tax;
    bill.customer = customer;
    bill.total(Taxing::None, world.settings.rounding);
    Ok((bill, due))
}

fn untaxed(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let (bill, due) = without_tax(world, customer, &BASKET)?;
    let stake = stake("tax_under_collected", &bill, due);
    world.label(Kind::Planted, "taxable-sale-untaxed", (Of::InvoiceLine, &line_key(&bill, 1)), stake)?;
    world.post(bill)?;
    Ok(())
}

fn certificate_expired(world: &mut World) -> Result<()> {
    let paper = Certificate { to: Some(period_from()), ..Certificate::default() };
    let customer = certified(world, NE, &paper)?;
    let key = crate::table::id("CERT", customer.certificate);
    world.label(Kind::Planted, "certificate-expiring", (Of::Certificate, &key), None)?;
    let (bill, due) = without_tax(world, customer, &BASKET)?;
    let stake = stake("tax_under_collected", &bill, due);
    world.label(Kind::Planted, "taxable-sale-untaxed", (Of::InvoiceLine, &line_key(&bill, 1)), stake)?;
    world.post(bill)?;
    Ok(())
}

fn food_taxed(world: &mut World) -> Result<()> {
    let mut bill = sale(world, NE, &[(FOOD, 8_000)])?;
    bill.total(Taxing::Everything, world.settings.rounding);
    let stake = stake("tax_over_collected", &bill, bill.tax);
    world.label(Kind::Planted, "exempt-item-taxed", (Of::InvoiceLine, &line_key(&bill, 1)), stake)?;
    world.post(bill)?;
    Ok(())
}

/// A taxed sale to a customer with a certificate on file.
fn taxed_in_spite(world: &mut World, kind: Kind, paper: &Certificate) -> Result<()> {
    let customer = certified(world, NE, paper)?;
    let bill = world.sale(Customer { certificate: 0, ..customer }, &BASKET)?;
    let stake = stake("tax_over_collected", &bill, bill.tax).filter(|_| kind == Kind::Planted);
    world.label(kind, "exempt-customer-taxed", (Of::InvoiceLine, &line_key(&bill, 1)), stake)?;
    world.post(bill)?;
    Ok(())
}

fn certificate_ignored(world: &mut World) -> Result<()> {
    taxed_in_spite(world, Kind::Planted, &Certificate::default())
}

fn certificate_came_later(world: &mut World) -> Result<()> {
    let received = world.today.add_days(10);
    taxed_in_spite(world, Kind::LookAlike, &Certificate { received, ..Certificate::default() })
}

fn certificate_of_another_state(world: &mut World) -> Result<()> {
    taxed_in_spite(world, Kind::LookAlike, &Certificate { state: Some(MN), ..Certificate::default() })
}

fn certificate_for_one_purchase(world: &mut World) -> Result<()> {
    taxed_in_spite(world, Kind::LookAlike, &Certificate { scope: "single_purchase", ..Certificate::default() })
}

fn certificate_for_other_goods(world: &mut World) -> Result<()> {
    taxed_in_spite(world, Kind::LookAlike, &Certificate { category: "clothing", ..Certificate::default() })
}

fn certificate_no_longer_valid(world: &mut World) -> Result<()> {
    let paper = Certificate { to: Some(period_from().add_days(-5)), ..Certificate::default() };
    taxed_in_spite(world, Kind::LookAlike, &paper)
}

/// Supplied under the old rate, billed after the change.
fn early_supply(world: &mut World, state: usize, supplied: Date) -> Result<()> {
    let mut bill = sale(world, state, &BASKET)?;
    bill.tax_point = Some(supplied);
    bill.total(Taxing::Lawful, world.settings.rounding);
    look(world, "former-rate-charged", Of::InvoiceTax, &tax_key(&bill))?;
    look(world, "tax-differs-from-rate", Of::InvoiceTax, &tax_key(&bill))?;
    world.post(bill)?;
    Ok(())
}

fn supplied_before_the_change(world: &mut World) -> Result<()> {
    early_supply(world, NE, period_from().add_days(-2))
}

fn supplied_before_the_change_in_mid_month(world: &mut World) -> Result<()> {
    early_supply(world, KS, october(13))
}

fn credited_at_the_old_rate(world: &mut World) -> Result<()> {
    let bill = sale(world, NE, &BASKET)?;
    let mut credit = world.credit(&bill, october(10), &[(1, 16_000, bill.lines[0].price)], "goodwill");
    let day = credit.date;
    world.refund_credit(&mut credit, day)?;
    look(world, "former-rate-charged", Of::InvoiceTax, &tax_key(&credit))?;
    look(world, "tax-differs-from-rate", Of::InvoiceTax, &tax_key(&credit))?;
    world.post(bill)?;
    world.post(credit)?;
    Ok(())
}

/// 2.5 metres at 0.3475 are 0.87; five cents are due at the old rate as at the new.
fn too_small_to_tell(world: &mut World) -> Result<()> {
    let mut bill = sale(world, NE, &[(5, 2_500)])?;
    taxed_on(world, &mut bill, period_from().add_days(-1));
    look(world, "former-rate-charged", Of::InvoiceTax, &tax_key(&bill))?;
    world.post(bill)?;
    Ok(())
}

fn resale(world: &mut World) -> Result<()> {
    let customer = certified(world, NE, &Certificate::default())?;
    let (bill, _) = without_tax(world, customer, &BASKET)?;
    look(world, "taxable-sale-untaxed", Of::InvoiceLine, &line_key(&bill, 1))?;
    world.post(bill)?;
    Ok(())
}

fn holiday(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let (bill, _) = without_tax(world, customer, &[(CLOTHING, 2_000)])?;
    look(world, "taxable-sale-untaxed", Of::InvoiceLine, &line_key(&bill, 1))?;
    world.post(bill)?;
    Ok(())
}

fn marketplace(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let (mut bill, _) = without_tax(world, customer, &BASKET)?;
    bill.channel = "marketplace";
    look(world, "taxable-sale-untaxed", Of::InvoiceLine, &line_key(&bill, 1))?;
    world.post(bill)?;
    Ok(())
}

fn reduced_food(world: &mut World) -> Result<()> {
    let bill = sale(world, KS, &[(FOOD, 8_000), (0, 4_000)])?;
    look(world, "exempt-item-taxed", Of::InvoiceLine, &line_key(&bill, 1))?;
    look(world, "tax-differs-from-rate", Of::InvoiceTax, &tax_key(&bill))?;
    world.post(bill)?;
    Ok(())
}

/// State and city tax the same lines.
fn two_authorities(world: &mut World) -> Result<()> {
    let bill = sale(world, MN, &[(0, 7_000), (2, 33_000)])?;
    look(world, "tax-differs-from-rate", Of::InvoiceTax, &tax_key(&bill))?;
    world.post(bill)?;
    Ok(())
}
