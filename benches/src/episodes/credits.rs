//! Credit notes that give too much, give twice or lie about, and those that are in order.

use super::{Episode, before, usual, within};
use crate::Result;
use crate::company::NE;
use crate::deal::Paying;
use crate::document::{Document, Kind as DocumentKind, Taxing};
use crate::labels::Kind;
use crate::layout::Of;
use crate::world::{World, invoice_key, line_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(exceeds),
        usual(credited_twice),
        within(1, 2, left_open),
        before(6, 20, left_open),
        usual(goodwill_on_top),
        usual(debit_note_between),
        usual(two_part_returns),
        usual(price_credit_and_return),
        usual(young),
        within(1, 2, only_bill_disputed),
        within(1, 2, nothing_else_open),
        usual(value_only),
    ]
}

fn paid_sale(world: &mut World, basket: &[(usize, i64)]) -> Result<Document> {
    let customer = world.newcomer(NE, |_| ())?;
    let mut bill = world.sale(customer, basket)?;
    let (day, amount) = (bill.date.add_days(1), bill.gross);
    world.pay(&mut bill, day, amount, Paying::default())?;
    Ok(bill)
}

/// Credited at one and a half of what was billed, without naming a line.
fn exceeds(world: &mut World) -> Result<()> {
    let bill = paid_sale(world, &[(0, 8_000)])?;
    let mut credit = world.credit(&bill, bill.date.add_days(4), &[(1, 12_000, bill.lines[0].price)], "price");
    credit.lines.iter_mut().for_each(|line| (line.original, line.order) = (None, None));
    let stake = Some(("under_billed", -credit.gross - bill.gross, bill.currency()));
    world.label(Kind::Planted, "credit-exceeds-invoice", (Of::Invoice, &invoice_key(&bill)), stake)?;
    let day = credit.date.add_days(1);
    world.refund_credit(&mut credit, day)?;
    world.post(bill)?;
    world.post(credit)?;
    Ok(())
}

fn credited_twice(world: &mut World) -> Result<()> {
    let bill = paid_sale(world, &[(0, 4_000), (4, 2_000)])?;
    let stake = Some(("under_billed", bill.lines[0].net, bill.currency()));
    for days in [4, 9] {
        let day = bill.date.add_days(days);
        let mut credit = world.credit(&bill, day, &[(1, 4_000, bill.lines[0].price)], "return");
        world.refund_credit(&mut credit, day)?;
        world.post(credit)?;
    }
    world.label(Kind::Planted, "line-credited-twice", (Of::InvoiceLine, &line_key(&bill, 1)), stake)?;
    world.post(bill)?;
    Ok(())
}

/// A credit for part of an unpaid bill; its date, two days after the bill's, is more than a month before the as-of day.
fn part_credited(world: &mut World, days: i32) -> Result<(Document, Document)> {
    let customer = world.newcomer(NE, |_| ())?;
    let bill = world.sale(customer, &[(0, 20_000)])?;
    let day = bill.date.add_days(days);
    let credit = world.credit(&bill, day, &[(1, 5_000, bill.lines[0].price)], "return");
    Ok((bill, credit))
}

fn left_open(world: &mut World) -> Result<()> {
    let (bill, credit) = part_credited(world, 2)?;
    let stake = Some(("held_for_customer", -credit.gross, bill.currency()));
    world.label(Kind::Planted, "credit-left-open", (Of::Invoice, &invoice_key(&credit)), stake)?;
    world.post(bill)?;
    world.post(credit)?;
    Ok(())
}

fn look(world: &mut World, rule: &str, key: &str, of: Of) -> Result<()> {
    world.label(Kind::LookAlike, rule, (of, key), None)
}

fn goodwill_on_top(world: &mut World) -> Result<()> {
    let bill = paid_sale(world, &[(0, 10_000)])?;
    let price = bill.lines[0].price;
    for (reason, quantity, days) in [("return", 10_000, 3), ("goodwill", 1_000, 6)] {
        let day = bill.date.add_days(days);
        let mut credit = world.credit(&bill, day, &[(1, quantity, price)], reason);
        world.refund_credit(&mut credit, day)?;
        world.post(credit)?;
    }
    look(world, "credit-exceeds-invoice", &invoice_key(&bill), Of::Invoice)?;
    look(world, "line-credited-twice", &line_key(&bill, 1), Of::InvoiceLine)?;
    world.post(bill)?;
    Ok(())
}

fn debit_note_between(world: &mut World) -> Result<()> {
    let bill = paid_sale(world, &[(0, 10_000)])?;
    let day = bill.date.add_days(2);
    let mut debit = world.loose(bill.customer, day, &[(0, 5_000)]);
    (debit.kind, debit.original, debit.reason) = (DocumentKind::Debit, bill.id, "quantity");
    let amount = debit.gross;
    world.pay(&mut debit, day, amount, Paying::default())?;
    let mut credit = world.credit(&bill, day.add_days(3), &[(1, 12_000, bill.lines[0].price)], "price");
    credit.lines.iter_mut().for_each(|line| (line.original, line.order) = (None, None));
    let day = credit.date;
    world.refund_credit(&mut credit, day)?;
    look(world, "credit-exceeds-invoice", &invoice_key(&bill), Of::Invoice)?;
    world.post(bill)?;
    world.post(debit)?;
    world.post(credit)?;
    Ok(())
}

fn two_part_returns(world: &mut World) -> Result<()> {
    let bill = paid_sale(world, &[(0, 10_000)])?;
    for (quantity, days) in [(3_000, 3), (2_000, 6)] {
        let day = bill.date.add_days(days);
        let mut credit = world.credit(&bill, day, &[(1, quantity, bill.lines[0].price)], "return");
        world.refund_credit(&mut credit, day)?;
        world.post(credit)?;
    }
    look(world, "line-credited-twice", &line_key(&bill, 1), Of::InvoiceLine)?;
    world.post(bill)?;
    Ok(())
}

/// First the price is corrected, then everything comes back at the corrected price.
fn price_credit_and_return(world: &mut World) -> Result<()> {
    let bill = paid_sale(world, &[(0, 10_000)])?;
    let price = bill.lines[0].price;
    for (reason, price, days) in [("price", 5_000, 3), ("return", price - 5_000, 6)] {
        let day = bill.date.add_days(days);
        let mut credit = world.credit(&bill, day, &[(1, 10_000, price)], reason);
        world.refund_credit(&mut credit, day)?;
        world.post(credit)?;
    }
    look(world, "line-credited-twice", &line_key(&bill, 1), Of::InvoiceLine)?;
    world.post(bill)?;
    Ok(())
}

fn young(world: &mut World) -> Result<()> {
    let (bill, credit) = part_credited(world, 7)?;
    look(world, "credit-left-open", &invoice_key(&credit), Of::Invoice)?;
    world.post(bill)?;
    world.post(credit)?;
    Ok(())
}

fn only_bill_disputed(world: &mut World) -> Result<()> {
    let (bill, credit) = part_credited(world, 2)?;
    world.dispute(&bill, bill.date.add_days(4), None)?;
    look(world, "credit-left-open", &invoice_key(&credit), Of::Invoice)?;
    world.post(bill)?;
    world.post(credit)?;
    Ok(())
}

fn nothing_else_open(world: &mut World) -> Result<()> {
    let (mut bill, credit) = part_credited(world, 2)?;
    let (day, amount) = (bill.date.add_days(1), bill.gross);
    world.pay(&mut bill, day, amount, Paying::default())?;
    look(world, "credit-left-open", &invoice_key(&credit), Of::Invoice)?;
    let stake = Some(("held_for_customer", -credit.gross, bill.currency()));
    let rule = "paid-invoice-credited-without-refund";
    world.label(Kind::Planted, rule, (Of::Invoice, &invoice_key(&credit)), stake)?;
    world.post(bill)?;
    world.post(credit)?;
    Ok(())
}

/// A price correction without quantity, stated as a discount on the line.
fn value_only(world: &mut World) -> Result<()> {
    let bill = paid_sale(world, &[(0, 10_000)])?;
    let day = bill.date.add_days(5);
    let mut credit = world.credit(&bill, day, &[(1, 0, bill.lines[0].price)], "price");
    credit.lines[0].allowance = 500;
    credit.total(Taxing::Lawful, world.settings.rounding);
    world.refund_credit(&mut credit, day)?;
    look(world, "line-amount-wrong", &line_key(&credit, 1), Of::InvoiceLine)?;
    world.post(bill)?;
    world.post(credit)?;
    Ok(())
}
