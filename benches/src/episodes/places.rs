//! Tax of the wrong place, on freight, by no lawful rounding; certificates that are missing, lapsed or another's.

use super::{Episode, alike, follows, plant, post, usual};
use crate::Result;
use crate::company::{CO, COLORADO, Class, IA, JURISDICTIONS, KS, LAKESIDE, MN, NE, OWN_CITY};
use crate::document::{Document, Line, Rounding, TaxRow, Taxing};
use crate::labels::Stake;
use crate::layout::Of;
use crate::master::{Certificate, certified};
use crate::money::{RATE_DECIMALS, tax};
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(city_of_the_sender),
        usual(city_of_another_state),
        usual(origin_counts),
        usual(destination_counts),
        usual(line_is_delivered_there),
        usual(facilitated),
        usual(not_registered),
        usual(city_without_return),
        usual(freight_taxed),
        usual(freight_untaxed),
        usual(freight_of_services),
        usual(freight_by_a_condition),
        usual(freight_of_the_exempt),
        usual(freight_facilitated),
        usual(two_methods),
        usual(one_method),
        usual(cents_cut_off),
    ]
}

const PLACE: &str = "tax-of-other-jurisdiction";

/// Adds the tax of a jurisdiction to the first line; its amount.
fn also_taxed(bill: &mut Document, jurisdiction: usize) -> i64 {
    let rate = JURISDICTIONS[jurisdiction].rate(Class::General, bill.date);
    let base = bill.lines[0].net;
    let more = tax(base, rate);
    bill.lines[0].tax += more;
    bill.lines[0].rate += rate;
    bill.taxes.retain(|row| row.base != 0);
    bill.taxes.push(TaxRow { jurisdiction, class: Class::General, rate, base, tax: more });
    bill.sums();
    more
}

/// A bill in a state with the tax of a jurisdiction besides: key of the row, and the tax.
fn with_tax_of(world: &mut World, state: usize, jurisdiction: usize) -> Result<(Document, String, i64)> {
    let customer = world.newcomer(state, |_| ())?;
    let mut bill = world.sale(customer, &[(0, 16_000)])?;
    let more = also_taxed(&mut bill, jurisdiction);
    let key = format!("{}/{}", invoice_key(&bill), bill.taxes.len());
    Ok((bill, key, more))
}

fn over(bill: &Document, units: i64) -> Stake {
    Some(("tax_over_collected", units, bill.currency()))
}

/// Kansas goes by the destination.
fn city_of_the_sender(world: &mut World) -> Result<()> {
    let (bill, key, more) = with_tax_of(world, KS, OWN_CITY)?;
    plant(world, PLACE, Of::InvoiceTax, &key, over(&bill, more))?;
    post(world, [bill])
}

fn city_of_another_state(world: &mut World) -> Result<()> {
    let (bill, key, more) = with_tax_of(world, NE, LAKESIDE)?;
    plant(world, PLACE, Of::InvoiceTax, &key, over(&bill, more))?;
    post(world, [bill])
}

fn origin_counts(world: &mut World) -> Result<()> {
    let (bill, key, _) = with_tax_of(world, NE, OWN_CITY)?;
    alike(world, PLACE, Of::InvoiceTax, &key)?;
    post(world, [bill])
}

/// Into Minnesota the destination's city counts; it is reported on the return of its state.
fn destination_counts(world: &mut World) -> Result<()> {
    let customer = world.newcomer(MN, |_| ())?;
    let bill = world.sale(customer, &[(0, 16_000)])?;
    let key = format!("{}/2", invoice_key(&bill));
    for rule in [PLACE, RETURN] {
        alike(world, rule, Of::InvoiceTax, &key)?;
    }
    post(world, [bill])
}

/// A second line goes to Lakeside.
fn line_is_delivered_there(world: &mut World) -> Result<()> {
    let away = world.newcomer(MN, |_| ())?;
    let (mut bill, key, _) = with_tax_of(world, NE, LAKESIDE)?;
    bill.lines[0].ship_to = away.ship_to();
    alike(world, PLACE, Of::InvoiceTax, &key)?;
    post(world, [bill])
}

/// The marketplace remits what it charged.
fn facilitated(world: &mut World) -> Result<()> {
    for jurisdiction in [LAKESIDE, COLORADO] {
        let (mut bill, key, _) = with_tax_of(world, if jurisdiction == COLORADO { CO } else { NE }, jurisdiction)?;
        bill.channel = "marketplace";
        alike(world, PLACE, Of::InvoiceTax, &key)?;
        alike(world, RETURN, Of::InvoiceTax, &key)?;
        post(world, [bill])?;
    }
    Ok(())
}

const RETURN: &str = "tax-on-no-return";

/// Tax of Colorado, where nothing is filed.
fn not_registered(world: &mut World) -> Result<()> {
    let (bill, key, more) = with_tax_of(world, CO, COLORADO)?;
    plant(world, RETURN, Of::InvoiceTax, &key, over(&bill, more))?;
    post(world, [bill])
}

/// Another company of the group is registered elsewhere only.
fn city_without_return(world: &mut World) -> Result<()> {
    let (mut bill, key, more) = with_tax_of(world, NE, OWN_CITY)?;
    bill.entity = world.company(&[2])?;
    plant(world, RETURN, Of::InvoiceTax, &key, over(&bill, more))?;
    let first = format!("{}/1", invoice_key(&bill));
    plant(world, RETURN, Of::InvoiceTax, &first, over(&bill, bill.taxes[0].tax))?;
    post(world, [bill])
}

const FREIGHT: &str = "freight-taxed-wrongly";

/// Freight of 18.00.
fn freight() -> Line {
    Line { kind: "freight", quantity: 1_000, price: 180_000, ..Line::default() }
}

/// A bill without order, with freight or handling on its second line.
fn carried(world: &mut World, state: usize, goods: (usize, i64), line: Line) -> Result<Document> {
    let (customer, today) = (world.newcomer(state, |_| ())?, world.today);
    let mut bill = world.loose(customer, today, &[goods]);
    bill.lines.push(line);
    bill.total(Taxing::Lawful, world.settings.rounding);
    Ok(bill)
}

/// Minnesota exempts freight.
fn freight_taxed(world: &mut World) -> Result<()> {
    let mut bill = carried(world, MN, (0, 16_000), freight())?;
    bill.total(Taxing::Everything, world.settings.rounding);
    plant(world, FREIGHT, Of::InvoiceLine, &line_key(&bill, 2), over(&bill, bill.lines[1].tax))?;
    post(world, [bill])
}

/// Nebraska taxes it, Kansas as the goods are taxed.
fn freight_untaxed(world: &mut World) -> Result<()> {
    for state in [NE, KS] {
        let bill = carried(world, state, (0, 16_000), Line { spared: true, ..freight() })?;
        let stake = Some(("tax_under_collected", tax(bill.lines[1].net, bill.lines[0].rate), bill.currency()));
        plant(world, FREIGHT, Of::InvoiceLine, &line_key(&bill, 2), stake)?;
        post(world, [bill])?;
    }
    Ok(())
}

fn freight_right(world: &mut World, bill: Document) -> Result<()> {
    alike(world, FREIGHT, Of::InvoiceLine, &line_key(&bill, 2))?;
    post(world, [bill])
}

/// Taxable whatever it brings.
fn freight_of_services(world: &mut World) -> Result<()> {
    let bill = carried(world, NE, (12, 2_000), freight())?;
    freight_right(world, bill)
}

/// Handling is taxable in Kansas if it is stated separately, which is not tested.
fn freight_by_a_condition(world: &mut World) -> Result<()> {
    let bill = carried(world, KS, (0, 16_000), Line { kind: "handling", spared: true, ..freight() })?;
    freight_right(world, bill)
}

fn freight_of_the_exempt(world: &mut World) -> Result<()> {
    let (customer, today) = (certified(world, NE, &Certificate::default())?, world.today);
    let mut bill = world.loose(customer, today, &[(0, 16_000)]);
    bill.lines.push(freight());
    bill.total(Taxing::Lawful, world.settings.rounding);
    freight_right(world, bill)
}

fn freight_facilitated(world: &mut World) -> Result<()> {
    let mut bill = carried(world, NE, (0, 16_000), Line { spared: true, ..freight() })?;
    bill.channel = "marketplace";
    freight_right(world, bill)
}

/// Three lines of 0.98 at 5.75 per cent: 0.18 by line, 0.17 in total.
fn three_lines(world: &mut World, entity: u64, rounding: Rounding) -> Result<Document> {
    let (customer, today) = (world.newcomer(NE, |_| ())?, world.today);
    let mut bill = world.loose(customer, today, &[(2, 1_000)]);
    bill.lines = (1..=3_u64).map(|lot| Line { lot: Some(lot), ..bill.lines[0].clone() }).collect();
    bill.entity = entity;
    bill.total(Taxing::Lawful, rounding);
    Ok(bill)
}

const MIXED: &str = "tax-rounding-mixed";

/// Another company rounds two bills by line and one in total.
fn two_methods(world: &mut World) -> Result<()> {
    let entity = world.company(&[0])?;
    for rounding in [Rounding::Line, Rounding::Invoice, Rounding::Line] {
        let bill = three_lines(world, entity, rounding)?;
        if rounding == Rounding::Invoice {
            plant(world, MIXED, Of::InvoiceTax, &format!("{}/1", invoice_key(&bill)), None)?;
        }
        post(world, [bill])?;
    }
    Ok(())
}

/// One that keeps to lines, and one that keeps to totals.
fn one_method(world: &mut World) -> Result<()> {
    for rounding in [Rounding::Line, Rounding::Invoice] {
        let entity = world.company(&[0])?;
        for _ in 0..2 {
            let bill = three_lines(world, entity, rounding)?;
            alike(world, MIXED, Of::InvoiceTax, &format!("{}/1", invoice_key(&bill)))?;
            post(world, [bill])?;
        }
    }
    Ok(())
}

/// Iowa's tax is cut off on twenty bills where it should be rounded up.
fn cents_cut_off(world: &mut World) -> Result<()> {
    let mut pieces = 1;
    for _ in 0..20 {
        let (customer, today) = (world.newcomer(IA, |_| ())?, world.today);
        let mut bill = world.loose(customer, today, &[(2, pieces * 1_000)]);
        let unit = 10_i64.pow(u32::from(RATE_DECIMALS));
        while bill.lines[0].net * bill.taxes[0].rate % unit < unit / 2 {
            bill.lines[0].quantity += 1_000;
            bill.total(Taxing::Lawful, world.settings.rounding);
        }
        pieces = bill.lines[0].quantity / 1_000 + 1;
        bill.taxes[0].tax -= 1;
        bill.lines[0].tax -= 1;
        bill.mistaxed = true;
        bill.sums();
        let (key, currency) = (format!("{}/1", invoice_key(&bill)), bill.currency());
        let stake = Some(("tax_under_collected", 1, currency));
        follows(world, "tax-pennies-drift", "tax-differs-from-rate", Of::InvoiceTax, &key, stake)?;
        world.ledger.cut_off(&key, currency, 1);
        post(world, [bill])?;
    }
    Ok(())
}
