//! Bills made out again, and credits that go to the wrong account, at the wrong tax, too late or never.

use super::{Episode, alike, october, plant, post, sold, usual, within};
use crate::Result;
use crate::company::{Customer, DE, NE};
use crate::deal::Paying;
use crate::document::{Document, Kind, Taxing};
use crate::labels::Stake;
use crate::layout::Of;
use crate::world::{World, invoice_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(both_copies_stand),
        usual(old_one_is_void),
        usual(old_one_is_credited),
        usual(credit_names_nothing),
        usual(final_bill),
        usual(old_one_was_a_draft),
        usual(credit_replaces_it),
        usual(nothing_was_asked_for),
        usual(quantity_and_order_number),
        usual(terms_and_quantity),
        usual(quantity_corrected),
        usual(customer_corrected),
        usual(place_corrected),
        usual(currency_corrected),
        within(20, 28, credited_next_month),
        within(20, 28, billed_anew_next_month),
        within(20, 28, goodwill_next_month),
        usual(used_for_another),
        usual(used_within_the_group),
    ]
}

const STANDS: &str = "reissued-without-credit";
const DIFFERS: &str = "rebill-differs-in-more-than-one-field";

/// A bill without order, and the one that replaces it three days later.
fn reissued(world: &mut World) -> Result<(Document, Document)> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let old = world.loose(customer, today, &[(0, 12_000), (7, 2_750)]);
    let mut new = world.again(&old, today.add_days(3));
    new.replaces = old.id;
    Ok((old, new))
}

fn both_copies_stand(world: &mut World) -> Result<()> {
    let (old, new) = reissued(world)?;
    let stake: Stake = Some(("over_billed", old.gross, old.currency()));
    plant(world, STANDS, Of::Invoice, &invoice_key(&new), stake)?;
    alike(world, DIFFERS, Of::Invoice, &invoice_key(&new))?;
    post(world, [old, new])
}

fn replaced_rightly(world: &mut World, bills: Vec<Document>, new: Document) -> Result<()> {
    alike(world, STANDS, Of::Invoice, &invoice_key(&new))?;
    post(world, bills)?;
    post(world, [new])
}

fn old_one_is_void(world: &mut World) -> Result<()> {
    let (mut old, new) = reissued(world)?;
    old.status = "void";
    replaced_rightly(world, vec![old], new)
}

/// Cancels a bill by a credit note of the same day as its replacement.
fn cancelled(world: &mut World, old: &mut Document, day: tieout_model::Date) -> Result<Document> {
    let mut credit = old.mirrored(world.next("D"), day, "cancellation");
    let amount = old.gross;
    world.use_credit(&mut credit, old, day, amount)?;
    Ok(credit)
}

fn old_one_is_credited(world: &mut World) -> Result<()> {
    let (mut old, new) = reissued(world)?;
    let credit = cancelled(world, &mut old, new.date)?;
    replaced_rightly(world, vec![old, credit], new)
}

fn credit_names_nothing(world: &mut World) -> Result<()> {
    let (mut old, new) = reissued(world)?;
    let mut credit = cancelled(world, &mut old, new.date)?;
    credit.original = 0;
    credit.lines.iter_mut().for_each(|line| line.original = None);
    replaced_rightly(world, vec![old, credit], new)
}

fn final_bill(world: &mut World) -> Result<()> {
    let (mut old, new) = reissued(world)?;
    old.kind = Kind::Prepayment;
    replaced_rightly(world, vec![old], new)
}

fn old_one_was_a_draft(world: &mut World) -> Result<()> {
    let (mut old, new) = reissued(world)?;
    old.status = "proforma";
    replaced_rightly(world, vec![old], new)
}

fn credit_replaces_it(world: &mut World) -> Result<()> {
    let (mut old, new) = reissued(world)?;
    let mut credit = cancelled(world, &mut old, new.date)?;
    (credit.original, credit.replaces) = (0, old.id);
    credit.lines.iter_mut().for_each(|line| line.original = None);
    replaced_rightly(world, vec![old, credit], new)
}

fn nothing_was_asked_for(world: &mut World) -> Result<()> {
    let (mut old, new) = reissued(world)?;
    old.lines.iter_mut().for_each(|line| (line.price, line.discount) = (0, "PROMO-1"));
    old.total(Taxing::Lawful, world.settings.rounding);
    replaced_rightly(world, vec![old], new)
}

/// The replacement after some change; the old bill is void.
fn changed(world: &mut World, change: impl Fn(&mut Document)) -> Result<(Document, Document)> {
    let (mut old, mut new) = reissued(world)?;
    old.status = "void";
    old.po = world.next("PO-");
    new.po = old.po;
    change(&mut new);
    new.total(Taxing::Lawful, world.settings.rounding);
    Ok((old, new))
}

fn changed_too_much(world: &mut World, change: impl Fn(&mut Document)) -> Result<()> {
    let (old, new) = changed(world, change)?;
    plant(world, DIFFERS, Of::Invoice, &invoice_key(&new), None)?;
    post(world, [old, new])
}

fn quantity_and_order_number(world: &mut World) -> Result<()> {
    changed_too_much(world, |bill| (bill.lines[0].quantity, bill.po) = (10_000, bill.po + 1_000_000))
}

fn terms_and_quantity(world: &mut World) -> Result<()> {
    changed_too_much(world, |bill| (bill.lines[0].quantity, bill.terms) = (10_000, "P10"))
}

fn one_change(world: &mut World, old: Document, new: Document) -> Result<()> {
    alike(world, DIFFERS, Of::Invoice, &invoice_key(&new))?;
    post(world, [old, new])
}

fn quantity_corrected(world: &mut World) -> Result<()> {
    let (old, new) = changed(world, |bill| bill.lines[0].quantity = 10_000)?;
    one_change(world, old, new)
}

/// Made out to another customer, with that one's address and number.
fn customer_corrected(world: &mut World) -> Result<()> {
    let other = world.newcomer(NE, |_| ())?;
    let (old, new) = changed(world, |bill| (bill.customer, bill.po) = (other, bill.po + 1_000_000))?;
    one_change(world, old, new)
}

/// Delivered to another of the customer's places, where the tax is another.
fn place_corrected(world: &mut World) -> Result<()> {
    let (old, mut new) = changed(world, |bill| bill.ship_to = bill.customer.ship_to() + 1)?;
    new.tax_point = Some(old.date);
    one_change(world, old, new)
}

/// Made out in dollars first, then in the euros of the customer.
fn currency_corrected(world: &mut World) -> Result<()> {
    let customer = world.newcomer(DE, |_| ())?;
    let (today, dollars) = (world.today, Customer { currency: crate::money::Currency::Usd, ..customer });
    let mut old = world.loose(dollars, today, &[(0, 12_000)]);
    old.status = "void";
    let mut new = world.again(&old, today.add_days(3));
    (new.customer, new.replaces) = (customer, old.id);
    new.total(Taxing::Lawful, world.settings.rounding);
    one_change(world, old, new)
}

const AFTER: &str = "credit-after-period-end";

/// A bill of late October, and a credit for a quarter of it early in November.
fn november(world: &mut World, reason: &'static str) -> Result<(Document, Document)> {
    let mut bill = sold(world)?;
    let day = october(31).add_days(2);
    let mut credit = world.credit(&bill, day, &[(1, 4_000, bill.lines[0].price)], reason);
    let amount = -credit.gross;
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    Ok((bill, credit))
}

fn credited_next_month(world: &mut World) -> Result<()> {
    let (bill, credit) = november(world, "quality")?;
    plant(world, AFTER, Of::Invoice, &invoice_key(&credit), None)?;
    post(world, [bill, credit])
}

fn billed_anew_next_month(world: &mut World) -> Result<()> {
    let (mut old, mut new) = reissued(world)?;
    new.date = october(31).add_days(2);
    let credit = cancelled(world, &mut old, new.date)?;
    alike(world, AFTER, Of::Invoice, &invoice_key(&credit))?;
    post(world, [old, credit, new])
}

fn goodwill_next_month(world: &mut World) -> Result<()> {
    for reason in ["goodwill", "yearly rebate"] {
        let (bill, credit) = november(world, reason)?;
        alike(world, AFTER, Of::Invoice, &invoice_key(&credit))?;
        post(world, [bill, credit])?;
    }
    Ok(())
}

const OTHER: &str = "credit-applied-to-other-customer";

/// A credit of one customer is used on a bill of another.
fn used(world: &mut World, of: Customer, on: Customer) -> Result<(Document, Document, Document)> {
    let mut own = world.sale(of, &[(0, 16_000)])?;
    let (day, gross) = (own.date.add_days(1), own.gross);
    world.pay(&mut own, day, gross, Paying::default())?;
    let mut bill = world.sale(on, &[(1, 12_000)])?;
    let mut credit = world.credit(&own, own.date.add_days(2), &[(1, 4_000, own.lines[0].price)], "quality");
    let (day, amount) = (credit.date, -credit.gross);
    world.use_credit(&mut credit, &mut bill, day, amount)?;
    Ok((own, bill, credit))
}

fn application(credit: &Document, bill: &Document) -> String {
    format!("{}/{}/1", invoice_key(credit), invoice_key(bill))
}

fn used_for_another(world: &mut World) -> Result<()> {
    let (of, on) = (world.newcomer(NE, |_| ())?, world.newcomer(NE, |_| ())?);
    let (own, bill, credit) = used(world, of, on)?;
    let stake = Some(("misposted", -credit.gross, credit.currency()));
    plant(world, OTHER, Of::CreditApplication, &application(&credit, &bill), stake)?;
    post(world, [own, bill, credit])
}

/// From parent to child, from child to parent, from sister to sister.
fn used_within_the_group(world: &mut World) -> Result<()> {
    let parent = world.newcomer(NE, |_| ())?;
    let children =
        [world.newcomer(NE, |child| child.parent = parent.id)?, world.newcomer(NE, |child| child.parent = parent.id)?];
    for (of, on) in [(parent, children[0]), (children[0], parent), (children[0], children[1])] {
        let (own, bill, credit) = used(world, of, on)?;
        alike(world, OTHER, Of::CreditApplication, &application(&credit, &bill))?;
        post(world, [own, bill, credit])?;
    }
    Ok(())
}
