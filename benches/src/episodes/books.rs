//! Numbers, totals and orphans: what the books themselves get wrong, and what they may do.

use super::{Episode, usual};
use crate::Result;
use crate::company::NE;
use crate::document::{Document, Taxing};
use crate::labels::{Kind, Stake};
use crate::layout::Of;
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(gap),
        usual(number_twice),
        usual(without_lines),
        usual(without_document),
        usual(lines_do_not_sum),
        usual(does_not_cross_foot),
        usual(tax_rows_do_not_sum),
        usual(line_amount),
        usual(voided_number),
        usual(nothing_billed),
        usual(header_charges),
        usual(cash_rounding),
        usual(half_a_cent),
        usual(four_decimals),
    ]
}

fn bill(world: &mut World) -> Result<Document> {
    let customer = world.newcomer(NE, |_| ())?;
    world.sale(customer, &[(0, 16_000), (8, 1_000)])
}

fn plant(world: &mut World, rule: &str, of: Of, key: &str, stake: Stake) -> Result<()> {
    world.label(Kind::Planted, rule, (of, key), stake)
}

fn look(world: &mut World, rule: &str, of: Of, key: &str) -> Result<()> {
    world.label(Kind::LookAlike, rule, (of, key), None)
}

fn last_number(world: &World) -> String {
    format!("INV/{}/{}", world.today.year(), world.last_number())
}

fn gap(world: &mut World) -> Result<()> {
    let before = bill(world)?;
    world.post(before)?;
    let key = last_number(world);
    world.label_made(Kind::Planted, "number-gap", "document_number", &key)?;
    let count = world.rng.range(1, 2).unsigned_abs();
    world.skip_numbers(count);
    let after = bill(world)?;
    world.post(after)?;
    Ok(())
}

fn number_twice(world: &mut World) -> Result<()> {
    let first = bill(world)?;
    let number = world.post(first)?;
    let customer = world.newcomer(NE, |_| ())?;
    let mut second = world.sale(customer, &[(1, 3_000)])?;
    second.date = second.date.add_days(2);
    second.number = number;
    plant(world, "number-used-twice", Of::Invoice, &invoice_key(&second), None)?;
    world.post(second)?;
    Ok(())
}

fn without_lines(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let mut bill = world.loose(customer, today, &[(0, 5_000)]);
    bill.lines.clear();
    plant(world, "document-without-lines", Of::Invoice, &invoice_key(&bill), None)?;
    world.post(bill)?;
    Ok(())
}

fn without_document(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let bill = world.loose(customer, today, &[(0, 5_000)]);
    plant(world, "line-without-document", Of::InvoiceLine, &line_key(&bill, 1), None)?;
    world.write_lines(&bill)
}

fn lines_do_not_sum(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    bill.net += 1_000;
    bill.gross += 1_000;
    let stake = Some(("over_billed", 1_000, bill.currency()));
    plant(world, "lines-do-not-add-up", Of::Invoice, &invoice_key(&bill), stake)?;
    world.post(bill)?;
    Ok(())
}

fn does_not_cross_foot(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    bill.gross += 900;
    let stake = Some(("over_billed", 900, bill.currency()));
    plant(world, "totals-do-not-cross-foot", Of::Invoice, &invoice_key(&bill), stake)?;
    world.post(bill)?;
    Ok(())
}

fn tax_rows_do_not_sum(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    bill.tax += 300;
    bill.gross += 300;
    let stake = Some(("tax_over_collected", 300, bill.currency()));
    plant(world, "tax-rows-do-not-add-up", Of::Invoice, &invoice_key(&bill), stake)?;
    world.post(bill)?;
    Ok(())
}

fn line_amount(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    bill.lines[0].net += 400;
    bill.tax_lines(Taxing::Lawful, world.settings.rounding);
    let stake = Some(("over_billed", 400, bill.currency()));
    plant(world, "line-amount-wrong", Of::InvoiceLine, &line_key(&bill, 1), stake)?;
    world.post(bill)?;
    Ok(())
}

/// A voided bill keeps its number; the delivery is billed anew.
fn voided_number(world: &mut World) -> Result<()> {
    let bill = bill(world)?;
    let mut void = world.again(&bill, bill.date);
    void.status = "void";
    let key = last_number(world);
    world.label_made(Kind::LookAlike, "number-gap", "document_number", &key)?;
    world.post(void)?;
    world.post(bill)?;
    Ok(())
}

fn nothing_billed(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let mut bill = world.loose(customer, today, &[]);
    look(world, "document-without-lines", Of::Invoice, &invoice_key(&bill))?;
    bill.reason = "sample";
    world.post(bill)?;
    Ok(())
}

fn header_charges(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    (bill.charge, bill.allowance) = (1_500, 250);
    bill.total(Taxing::Lawful, world.settings.rounding);
    look(world, "lines-do-not-add-up", Of::Invoice, &invoice_key(&bill))?;
    world.post(bill)?;
    Ok(())
}

fn cash_rounding(world: &mut World) -> Result<()> {
    let mut bill = bill(world)?;
    bill.rounding = -(bill.gross % 5);
    bill.sums();
    look(world, "totals-do-not-cross-foot", Of::Invoice, &invoice_key(&bill))?;
    world.post(bill)?;
    Ok(())
}

/// 2 metres at 0.3475 are 0.695: half a cent goes up.
fn half_a_cent(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let bill = world.sale(customer, &[(5, 2_000)])?;
    look(world, "line-amount-wrong", Of::InvoiceLine, &line_key(&bill, 1))?;
    world.post(bill)?;
    Ok(())
}

fn four_decimals(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let bill = world.sale(customer, &[(7, 3_250), (5, 17_750)])?;
    look(world, "line-amount-wrong", Of::InvoiceLine, &line_key(&bill, 1))?;
    look(world, "line-amount-wrong", Of::InvoiceLine, &line_key(&bill, 2))?;
    world.post(bill)?;
    Ok(())
}
