//! Remittances that were not read, and payments that bounced.

use super::{Episode, alike, paid, plant, post, sold, usual};
use crate::Result;
use crate::company::NE;
use crate::deal::Paying;
use crate::document::{Document, Kind};
use crate::labels::Stake;
use crate::layout::Of;
use crate::table::id;
use crate::world::{World, invoice_key};

pub(super) fn all() -> Vec<Episode> {
    vec![
        usual(named_another),
        usual(named_is_paid),
        usual(named_is_void),
        usual(named_is_a_strangers),
        usual(named_both),
        usual(named_is_credited),
        usual(bounced_and_applied),
        usual(charged_back_and_applied),
        usual(bounced_and_asked_again),
    ]
}

const NAMED: &str = "remittance-names-other-invoice";

/// Two bills of one customer; the second is paid with a remittance of these words.
struct Named {
    first: Document,
    second: Document,
    key: String,
}

fn remitted(world: &mut World, mut first: Document, both: bool) -> Result<Named> {
    let mut second = world.sale(first.customer, &[(3, 1_000)])?;
    let (named, own) = (world.numbered(&mut first), world.numbered(&mut second));
    let words = if both { format!("{named} and {own}") } else { format!("payment of {named}, thanks") };
    let (day, amount) = (second.date.add_days(5), second.gross);
    let whose = (second.customer.id, second.currency());
    let payment = world.receive(whose, day, amount, Paying::default(), ["cleared", "receipt", &words])?;
    world.apply(payment, &mut second, 1, (day, 0), amount)?;
    let key = format!("{}/{}/1", id("RC", payment), invoice_key(&second));
    Ok(Named { first, second, key })
}

fn read_right(world: &mut World, named: Named) -> Result<()> {
    alike(world, NAMED, Of::PaymentApplication, &named.key)?;
    post(world, [named.first])?;
    post(world, [named.second])
}

fn named_another(world: &mut World) -> Result<()> {
    let first = sold(world)?;
    let named = remitted(world, first, false)?;
    let stake: Stake = Some(("misposted", named.second.gross.min(named.first.gross), named.first.currency()));
    plant(world, NAMED, Of::PaymentApplication, &named.key, stake)?;
    post(world, [named.first])?;
    post(world, [named.second])
}

fn named_is_paid(world: &mut World) -> Result<()> {
    let first = paid(world)?;
    let named = remitted(world, first, false)?;
    read_right(world, named)
}

fn named_is_void(world: &mut World) -> Result<()> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let mut first = world.loose(customer, today, &[(0, 16_000)]);
    first.status = "void";
    let named = remitted(world, first, false)?;
    read_right(world, named)
}

/// The number is that of another customer's bill.
fn named_is_a_strangers(world: &mut World) -> Result<()> {
    let mut stranger = sold(world)?;
    let number = world.numbered(&mut stranger);
    post(world, [stranger])?;
    let mut bill = sold(world)?;
    let (day, amount, whose) = (bill.date.add_days(5), bill.gross, (bill.customer.id, bill.currency()));
    let payment = world.receive(whose, day, amount, Paying::default(), ["cleared", "receipt", &number])?;
    world.apply(payment, &mut bill, 1, (day, 0), amount)?;
    alike(world, NAMED, Of::PaymentApplication, &format!("{}/{}/1", id("RC", payment), invoice_key(&bill)))?;
    post(world, [bill])
}

fn named_both(world: &mut World) -> Result<()> {
    let first = sold(world)?;
    let named = remitted(world, first, true)?;
    read_right(world, named)
}

fn named_is_credited(world: &mut World) -> Result<()> {
    let mut first = sold(world)?;
    let (day, amount) = (first.date.add_days(2), first.gross);
    let mut credit = first.mirrored(world.next("D"), day, "goodwill");
    world.use_credit(&mut credit, &mut first, day, amount)?;
    post(world, [credit])?;
    let named = remitted(world, first, false)?;
    read_right(world, named)
}

const BOUNCED: &str = "reversed-payment-still-applied";

/// A bill without order is paid by what came back; the receipt.
fn bounced(world: &mut World, status: &str) -> Result<(Document, u64)> {
    let customer = world.newcomer(NE, |_| ())?;
    let today = world.today;
    let mut bill = world.loose(customer, today, &[(0, 16_000)]);
    let (day, gross, whose) = (today.add_days(3), bill.gross, (customer.id, bill.currency()));
    let payment = world.receive(whose, day, gross, Paying::default(), [status, "receipt", ""])?;
    world.apply(payment, &mut bill, 1, (day, 0), gross)?;
    Ok((bill, payment))
}

fn still_applied(world: &mut World, status: &str) -> Result<()> {
    let (bill, payment) = bounced(world, status)?;
    let stake = Some(("under_billed", bill.gross, bill.currency()));
    plant(world, BOUNCED, Of::Payment, &id("RC", payment), stake)?;
    post(world, [bill])
}

fn bounced_and_applied(world: &mut World) -> Result<()> {
    still_applied(world, "reversed")
}

fn charged_back_and_applied(world: &mut World) -> Result<()> {
    still_applied(world, "chargeback")
}

/// A debit note asks for the money again.
fn bounced_and_asked_again(world: &mut World) -> Result<()> {
    let (bill, payment) = bounced(world, "reversed")?;
    let day = bill.date.add_days(6);
    let mut debit = world.again(&bill, day);
    (debit.kind, debit.original, debit.reason) = (Kind::Debit, bill.id, "returned payment");
    alike(world, BOUNCED, Of::Payment, &id("RC", payment))?;
    post(world, [bill])?;
    post(world, [debit])
}
