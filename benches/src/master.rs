//! Master data, written once: the company, its items and prices, taxes, customers with parents and certificates.

use tieout_model::Date;

use crate::Result;
use crate::company::{
    BRACKET, CATEGORIES, Class, Customer, ITEMS, JURISDICTIONS, STATES, TIERED, WHOLESALE, holiday, in_currency,
    long_ago, price_change, treatment,
};
use crate::layout::Of;
use crate::money::Currency;
use crate::table::Cell;
use crate::world::World;

/// Writes all of it.
pub fn write(world: &mut World) -> Result<()> {
    let entity = [
        Cell::Text("E-1"),
        Cell::Text("Tallowmere Trading"),
        Cell::Text("US"),
        Cell::Text("USD"),
        Cell::Word("half_up"),
        Cell::Word("invoice_per_jurisdiction"),
    ];
    world.write(Of::Entity, &entity)?;
    world.write_address(1, "1 Foundry Square", crate::company::NE)?;
    items_and_prices(world)?;
    taxes(world)?;
    customers(world)
}

fn items_and_prices(world: &mut World) -> Result<()> {
    for (index, item) in ITEMS.iter().enumerate() {
        let service = Cell::Word(if item.category == "service" { "true" } else { "false" });
        let cells = [Cell::Text(item.id), Cell::Text(item.description), Cell::Text(item.category), service];
        world.write(Of::Item, &cells)?;
        for currency in [Currency::Usd, Currency::Eur, Currency::Jpy] {
            let price = |price: i64| in_currency(price, currency);
            match item.later {
                Some(later) => {
                    list(world, index, currency, (None, None), price(item.price), (long_ago(), Some(price_change())))?;
                    list(world, index, currency, (None, None), price(later), (price_change(), None))?;
                }
                None if index == TIERED => {
                    list(world, index, currency, (None, Some(BRACKET)), price(item.price), (long_ago(), None))?;
                    list(world, index, currency, (Some(BRACKET), None), price(item.price - 400), (long_ago(), None))?;
                }
                None => list(world, index, currency, (None, None), price(item.price), (long_ago(), None))?,
            }
        }
    }
    let cells = [
        Cell::Text(ITEMS[WHOLESALE.0].id),
        Cell::Empty,
        Cell::Word("wholesale"),
        Cell::Text("USD"),
        Cell::Empty,
        Cell::Empty,
        Cell::Number(WHOLESALE.1, 4),
        Cell::Day(long_ago()),
        Cell::Empty,
        Cell::Word("segment"),
    ];
    world.write(Of::Price, &cells)
}

fn list(
    world: &mut World,
    item: usize,
    currency: Currency,
    bracket: (Option<i64>, Option<i64>),
    price: i64,
    (from, to): (Date, Option<Date>),
) -> Result<()> {
    let quantity = |quantity: Option<i64>| quantity.map_or(Cell::Empty, |quantity| Cell::Number(quantity, 3));
    let cells = [
        Cell::Text(ITEMS[item].id),
        Cell::Empty,
        Cell::Empty,
        Cell::Text(currency.code()),
        quantity(bracket.0),
        quantity(bracket.1),
        Cell::Number(price, 4),
        Cell::Day(from),
        Cell::day(to),
        Cell::Word("list"),
    ];
    world.write(Of::Price, &cells)
}

fn taxes(world: &mut World) -> Result<()> {
    for jurisdiction in &JURISDICTIONS {
        let cells = [
            Cell::Text(jurisdiction.id),
            Cell::Text("US"),
            Cell::Word(jurisdiction.level),
            Cell::Text(jurisdiction.name),
            Cell::Text(jurisdiction.parent),
            Cell::Text("USD"),
        ];
        world.write(Of::Jurisdiction, &cells)?;
        for scope in ["intrastate", "interstate"] {
            let change = (jurisdiction.change)();
            let before = (change > long_ago()).then_some((jurisdiction.rates.0, long_ago(), Some(change)));
            for (rate, from, to) in before.into_iter().chain([(jurisdiction.rates.1, change, None)]) {
                rate_row(world, jurisdiction.id, Class::General, scope, rate, (from, to))?;
            }
            if let Some(rate) = jurisdiction.food {
                rate_row(world, jurisdiction.id, Class::Food, scope, rate, (long_ago(), None))?;
            }
        }
        if jurisdiction.registered {
            let cells = [
                Cell::Text("E-1"),
                Cell::Text(jurisdiction.id),
                Cell::Day(long_ago()),
                Cell::Empty,
                Cell::Word("monthly"),
            ];
            world.write(Of::Registration, &cells)?;
        }
    }
    let mut row = 0;
    for (index, state) in STATES.iter().enumerate() {
        for &jurisdiction in state.taxed_by.iter().take(1) {
            for category in CATEGORIES {
                row += 1;
                let (treatment, condition, threshold) = treatment(index, category);
                let cells = [
                    Cell::Id("TX", row),
                    Cell::Text(JURISDICTIONS[jurisdiction].id),
                    Cell::Text(category),
                    Cell::Word(treatment),
                    Cell::Text(condition),
                    threshold.map_or(Cell::Empty, |units| Cell::Number(units, 2)),
                    Cell::Day(long_ago()),
                    Cell::Empty,
                ];
                world.write(Of::TaxabilityRule, &cells)?;
            }
        }
    }
    let (state, category, from, to) = holiday();
    let of = JURISDICTIONS[STATES[state].taxed_by[0]].id;
    world.write(Of::Holiday, &[Cell::Text(of), Cell::Text(category), Cell::Day(from), Cell::Day(to)])
}

fn rate_row(
    world: &mut World,
    jurisdiction: &str,
    class: Class,
    scope: &str,
    rate: i64,
    (from, to): (Date, Option<Date>),
) -> Result<()> {
    let cells = [
        Cell::Text(jurisdiction),
        Cell::Word("SALES"),
        Cell::Word(if class == Class::Food { "food_drug" } else { "general" }),
        Cell::Word(scope),
        Cell::Number(rate, 6),
        Cell::Day(from),
        Cell::day(to),
        Cell::Text("invented"),
    ];
    world.write(Of::TaxRate, &cells)
}

/// Accounts that ordinary sales go to, and the walk-in account.
fn customers(world: &mut World) -> Result<()> {
    let walk_in = world.walk_in;
    world.write_customer(&walk_in, true)?;
    let count = (world.settings.lines / 40).clamp(30, 200_000);
    for number in 0..count {
        // Of twenty customers one is in Colorado, two in Germany, one in Japan.
        let state = match number % 20 {
            3 => crate::company::CO,
            8 | 14 => 4,
            18 => 5,
            near if near < 9 => crate::company::NE,
            near if near < 14 => crate::company::KS,
            _ => crate::company::MN,
        };
        let (wholesale, contract) = (world.rng.percent(20), world.rng.percent(10) && state < 4);
        let parent = world.customers.get(world.rng.index(world.customers.len().max(1))).copied();
        let parent = parent.filter(|parent| number % 11 == 7 && parent.parent == 0).map_or(0, |parent| parent.id);
        let exempt = number % 19 == 5 && state < 4;
        let customer = if exempt {
            certified(world, state, &Certificate::default())?
        } else {
            world.newcomer(state, |customer| {
                (customer.wholesale, customer.contract, customer.parent) = (wholesale, contract, parent);
            })?
        };
        world.customers.push(customer);
    }
    Ok(())
}

/// What a certificate on file says.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// `blanket` or `single_purchase`.
    pub scope: &'static str,
    /// Day of receipt.
    pub received: Date,
    /// Day on which it ceases to hold.
    pub to: Option<Date>,
    /// State in its scope, if not the customer's.
    pub state: Option<usize>,
    /// The one category that it covers, if not all.
    pub category: &'static str,
}

impl Default for Certificate {
    fn default() -> Self {
        let received = Date::from_ymd(2025, 3, 3).unwrap_or(Date(0));
        Self { scope: "blanket", received, to: None, state: None, category: "" }
    }
}

/// A customer with a certificate on file; `certificate` of the account is set, so that its sales are untaxed.
pub fn certified(world: &mut World, state: usize, certificate: &Certificate) -> Result<Customer> {
    let number = world.next("CERT");
    let customer = world.newcomer(state, |customer| customer.certificate = number)?;
    let cells = [
        Cell::Id("CERT", number),
        Cell::Id("C", customer.id),
        Cell::Word("resale"),
        Cell::Word(certificate.scope),
        Cell::Day(certificate.received),
        Cell::Day(long_ago()),
        Cell::day(certificate.to),
        Cell::Word("valid"),
    ];
    world.write(Of::Certificate, &cells)?;
    let covered = STATES[certificate.state.unwrap_or(state)].code;
    world.write(
        Of::CertificateScope,
        &[Cell::Id("CERT", number), Cell::Text(covered), Cell::Text(certificate.category)],
    )?;
    Ok(customer)
}
