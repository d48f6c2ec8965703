//! What the books come to: the control account, the returns, what rounding moved. Sums only, by currency or jurisdiction.

use std::collections::BTreeMap;

use tieout_model::Date;

use crate::Result;
use crate::company::{JURISDICTIONS, as_of, period_from};
use crate::document::{Document, Kind};
use crate::labels::Kind as Label;
use crate::layout::Of;
use crate::money::{Currency, RATE_DECIMALS, shift};
use crate::table::Cell;
use crate::world::{World, invoice_key};

/// The control account of receivables.
const RECEIVABLES: &str = "1200";
/// What was open of older times when the exports begin, in whole units.
const CARRIED_FORWARD: i64 = 250_000;
/// What the ledger of one currency misses at the as-of day, and what the closing of another holds too much.
const SLIPS: [(Currency, i64); 2] = [(Currency::Eur, -12_500), (Currency::Jpy, 4_000)];
/// What the return of Kansas declares too little.
const UNDECLARED: (usize, i64) = (1, 1_250);
/// What Minnesota's return states as sold from out of state.
const OUT_OF_STATE: (usize, i64) = (2, 900);

/// What rounding moved in a jurisdiction.
#[derive(Clone, Debug, Default)]
struct Pennies {
    first: Option<String>,
    stated: i64,
    exact: i128,
}

/// Sums of what was written.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Change of receivables before, in and after the period.
    moved: BTreeMap<Currency, [i64; 3]>,
    open: BTreeMap<Currency, i64>,
    taxes: BTreeMap<(usize, Date), i64>,
    pennies: BTreeMap<usize, Pennies>,
    drift: Option<(String, Currency, i64)>,
}

/// A month of the exports as returns name it.
fn month(day: Date) -> String {
    format!("{}-{:02}", day.year(), day.month())
}

impl Ledger {
    /// Receivables go up by an amount on a day.
    pub fn post(&mut self, day: Date, currency: Currency, units: i64) {
        let bucket = match day {
            _ if day < period_from() => 0,
            _ if day < period_from().add_months(1) => 1,
            _ if day <= as_of() => 2,
            _ => return,
        };
        self.moved.entry(currency).or_default()[bucket] += units;
    }

    /// Posts a document.
    pub fn document(&mut self, document: &Document) {
        if matches!(document.status, "posted" | "uncollectible") {
            self.post(document.posting.unwrap_or(document.date), document.currency(), document.gross);
        }
    }

    /// Counts an open item.
    pub fn open_item(&mut self, currency: Currency, units: i64) {
        *self.open.entry(currency).or_default() += units;
    }

    /// Counts the tax of a document: for the return of its month, and for what rounding moved.
    pub fn taxes(&mut self, document: &Document) {
        let standing = document.status == "posted" || document.status == "uncollectible";
        if !standing || document.channel == "marketplace" || document.kind == Kind::Prepayment {
            return;
        }
        let month = document.tax_point.unwrap_or(document.date).month_start();
        let within = document.date >= period_from() && document.date < period_from().add_months(1);
        let orphan = document.kind == Kind::Credit && document.original == 0;
        for (row, no) in document.taxes.iter().zip(1..) {
            if document.entity == 0 {
                *self.taxes.entry((row.jurisdiction, month)).or_default() += row.tax;
            }
            if within && !orphan && !document.mistaxed && document.status == "posted" {
                let rate = JURISDICTIONS[row.jurisdiction].rate(row.class, document.lawful_day());
                let sum = self.pennies.entry(row.jurisdiction).or_default();
                sum.first.get_or_insert_with(|| format!("{}/{no}", invoice_key(document)));
                sum.stated += row.tax;
                sum.exact += i128::from(row.base) * i128::from(rate);
            }
        }
    }

    /// Counts a cent that was cut off a document's tax.
    pub fn cut_off(&mut self, key: &str, currency: Currency, units: i64) {
        self.drift.get_or_insert_with(|| (key.to_owned(), currency, 0)).2 += units;
    }
}

/// Closes the books: ledger, open items of older times, returns; and labels what is wrong with them.
pub fn close(world: &mut World) -> Result<()> {
    control_account(world)?;
    returns(world)?;
    pennies(world)
}

fn control_account(world: &mut World) -> Result<()> {
    let opening = period_from().add_days(-1);
    let closing = period_from().add_months(1).add_days(-1);
    for currency in [Currency::Usd, Currency::Eur, Currency::Jpy] {
        let moved = world.ledger.moved.get(&currency).copied().unwrap_or_default();
        let slip = |of: usize| if SLIPS[of].0 == currency { SLIPS[of].1 } else { 0 };
        let carried = CARRIED_FORWARD * 10_i64.pow(u32::from(currency.decimals()));
        let opened = carried + moved[0];
        let closed = opened + moved[1];
        let now = closed + moved[2];
        balance(world, RECEIVABLES, opening, currency, opened)?;
        balance(world, RECEIVABLES, closing, currency, closed + slip(1))?;
        balance(world, RECEIVABLES, as_of(), currency, now + slip(0))?;
        // Other accounts and days are nobody's business here.
        balance(world, "1290", as_of(), currency, closed / 7)?;
        balance(world, RECEIVABLES, closing.add_days(2), currency, closed / 5)?;
        for (rule, day, of) in
            [("subledger-differs-from-ledger", as_of(), 0), ("roll-forward-does-not-close", closing, 1)]
        {
            if slip(of) != 0 {
                let key = format!("{RECEIVABLES}/{day}/{}", currency.code());
                world.label(Label::Planted, rule, (Of::GlBalance, &key), None)?;
            }
        }
        for (rule, key) in [
            ("subledger-differs-from-ledger", format!("1290/{}/{}", as_of(), currency.code())),
            ("roll-forward-does-not-close", format!("{RECEIVABLES}/{}/{}", closing.add_days(2), currency.code())),
        ] {
            world.label(Label::LookAlike, rule, (Of::GlBalance, &key), None)?;
        }
        // What came forward from older times, and cash on account, is one item.
        let older = now - world.ledger.open.get(&currency).copied().unwrap_or(0);
        let cells = [
            Cell::Text(&format!("BF-{}", currency.code())),
            Cell::Empty,
            Cell::Id("C", world.walk_in.id),
            Cell::Day(as_of()),
            Cell::Number(older, currency.decimals()),
            Cell::Text(currency.code()),
        ];
        world.write(Of::OpenItem, &cells)?;
    }
    Ok(())
}

fn balance(world: &mut World, account: &str, day: Date, currency: Currency, units: i64) -> Result<()> {
    let cells =
        [Cell::Text(account), Cell::Day(day), Cell::Text(currency.code()), Cell::Number(units, currency.decimals())];
    world.write(Of::GlBalance, &cells)
}

fn returns(world: &mut World) -> Result<()> {
    for ((at, day), units) in world.ledger.taxes.clone() {
        let jurisdiction = &JURISDICTIONS[at];
        if !jurisdiction.registered || day >= period_from().add_months(1) {
            continue;
        }
        let line = if jurisdiction.level == "state" { "StateTaxDueSalesInState" } else { "JurisTaxDueSalesInState" };
        let audited = day == period_from();
        let mut row = |line: &str, units: i64, kind: &str, version: u64| -> Result<String> {
            let cells = [
                Cell::Text("E-1"),
                Cell::Text(jurisdiction.id),
                Cell::Text(&month(day)),
                Cell::Text(line),
                Cell::Number(units, 2),
                Cell::Word(kind),
                Cell::Count(version),
                Cell::Text("USD"),
            ];
            world.write(Of::ReturnFiled, &cells)?;
            Ok(format!("E-1/{}/{}/{line}/{kind}/{version}", jurisdiction.id, month(day)))
        };
        let (kind, key) = match at {
            _ if !audited => {
                row(line, units, "original", 1)?;
                continue;
            }
            at if at == UNDECLARED.0 => (Label::Planted, row(line, units - UNDECLARED.1, "original", 1)?),
            at if at == OUT_OF_STATE.0 => {
                row("StateTaxDueSalesOrigOutOfState", OUT_OF_STATE.1, "original", 1)?;
                (Label::LookAlike, row(line, units - OUT_OF_STATE.1, "original", 1)?)
            }
            // Forgotten at first, and put right by a return that replaces it; the vendor's discount stands apart.
            crate::company::NE => {
                row("Discount", units / 100, "amended", 2)?;
                row(line, units, "amended", 2)?;
                (Label::LookAlike, row(line, units / 2, "original", 1)?)
            }
            // Forms that ask for whole units.
            _ => (Label::LookAlike, row(line, (units + 50) / 100 * 100, "original", 1)?),
        };
        world.label(kind, "collected-differs-from-return", (Of::ReturnFiled, &key), None)?;
    }
    Ok(())
}

fn pennies(world: &mut World) -> Result<()> {
    for sum in world.ledger.pennies.clone().into_values() {
        let Some(key) = sum.first else { continue };
        let moved = sum.stated != shift(sum.exact, RATE_DECIMALS);
        let kind = if moved { Label::Planted } else { Label::LookAlike };
        world.label(kind, "tax-pennies", (Of::InvoiceTax, &key), None)?;
    }
    if let Some((key, currency, units)) = world.ledger.drift.clone() {
        let stake = Some(("tax_under_collected", units, currency));
        world.label(Label::Planted, "tax-pennies-drift", (Of::InvoiceTax, &key), stake)?;
    }
    Ok(())
}
