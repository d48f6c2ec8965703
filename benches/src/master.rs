//! Master data, written once: the company, its items and prices, taxes, customers with parents and certificates.

use tieout_model::Date;

use crate::Result;
use crate::company::{
    BRACKET, CATEGORIES, COLORADO, Class, Customer, ITEMS, JURISDICTIONS, LEASED, OWN_PLACE, STATES, TERMS, TIERED,
    WHOLESALE, holiday, in_currency, long_ago, place, price_change, treatment,
};
use crate::deal::{Record, tax_no};
use crate::labels::Kind;
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
    world.write_address(1, "1 Foundry Square", crate::company::NE, Some(OWN_PLACE.0))?;
    terms(world)?;
    promotions(world)?;
    items_and_prices(world)?;
    taxes(world)?;
    customers(world)
}

fn items_and_prices(world: &mut World) -> Result<()> {
    for (index, item) in ITEMS.iter().enumerate() {
        let service = Cell::Word(if item.category == "service" { "true" } else { "false" });
        let supply = match index {
            LEASED => "lease",
            _ if item.category == "service" => "service",
            _ => "goods",
        };
        let cells =
            [Cell::Text(item.id), Cell::Text(item.description), Cell::Text(item.category), service, Cell::Word(supply)];
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

/// A price that one customer has by contract.
pub fn own_price(world: &mut World, customer: u64, item: usize, price: i64) -> Result<()> {
    let cells = [
        Cell::Text(ITEMS[item].id),
        Cell::Id("C", customer),
        Cell::Empty,
        Cell::Text("USD"),
        Cell::Empty,
        Cell::Empty,
        Cell::Number(price, 4),
        Cell::Day(long_ago()),
        Cell::Empty,
        Cell::Word("contract"),
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
        if jurisdiction.registered && jurisdiction.level == "state" {
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
    places(world)?;
    contradictions(world)?;
    let (state, category, from, to) = holiday();
    let of = JURISDICTIONS[STATES[state].taxed_by[0]].id;
    world.write(Of::Holiday, &[Cell::Text(of), Cell::Text(category), Cell::Day(from), Cell::Day(to)])
}

/// Rows of the tables that say two things; nothing is sold at them.
fn contradictions(world: &mut World) -> Result<()> {
    let (co, changed) = (JURISDICTIONS[COLORADO].id, price_change());
    for (class, rate, days) in [
        ("reduced", 10_000, (long_ago(), None)),
        ("reduced", 20_000, (long_ago(), None)),
        ("super_reduced", 5_000, (long_ago(), Some(changed.add_days(30)))),
        ("super_reduced", 6_000, (changed, None)),
        ("zero", 0, (long_ago(), Some(changed))),
        ("zero", 0, (changed, None)),
    ] {
        class_row(world, co, class, "intrastate", rate, days)?;
    }
    let rule = |class: &str, from: Date| format!("{co}/SALES/{class}/intrastate/{from}");
    world.label(Kind::Planted, "tax-rates-contradict", (Of::TaxRate, &rule("reduced", long_ago())), None)?;
    world.label(Kind::Planted, "tax-rates-overlap", (Of::TaxRate, &rule("super_reduced", changed)), None)?;
    for name in ["tax-rates-contradict", "tax-rates-overlap"] {
        world.label(Kind::LookAlike, name, (Of::TaxRate, &rule("zero", changed)), None)?;
    }
    let item = ITEMS[LEASED].id;
    for (segment, price, from, to) in [
        ("outlet", 1_500_000, long_ago(), Some(changed.add_days(30))),
        ("outlet", 1_600_000, changed, None),
        ("school", 1_400_000, long_ago(), Some(changed)),
        ("school", 1_450_000, changed, None),
    ] {
        let cells = [
            Cell::Text(item),
            Cell::Empty,
            Cell::Word(segment),
            Cell::Text("USD"),
            Cell::Empty,
            Cell::Empty,
            Cell::Number(price, 4),
            Cell::Day(from),
            Cell::day(to),
            Cell::Word("segment"),
        ];
        world.write(Of::Price, &cells)?;
        if from == changed {
            let kind = if segment == "outlet" { Kind::Planted } else { Kind::LookAlike };
            world.label(kind, "prices-overlap", (Of::Price, &format!("{item}//{segment}/USD//{from}")), None)?;
        }
    }
    Ok(())
}

/// Which jurisdictions stack where, where a sale is sourced, which date governs its rate, and when credits are escheated.
fn places(world: &mut World) -> Result<()> {
    let own = (OWN_PLACE.0.to_owned(), OWN_PLACE.1);
    let states = (0..STATES.len()).filter_map(|state| Some((place(state)?, STATES[state].taxed_by)));
    for (set, jurisdictions) in states.chain([own]) {
        for &at in jurisdictions {
            world.write(Of::JurisdictionSet, &[Cell::Text(&set), Cell::Text(JURISDICTIONS[at].id)])?;
        }
    }
    for (index, state) in STATES.iter().enumerate() {
        for (scope, level) in
            [("intrastate", "state"), ("intrastate", "city"), ("interstate", "state"), ("interstate", "city")]
        {
            if state.taxed_by.is_empty() {
                continue;
            }
            // Within Nebraska the city's tax is that of the place a sale is sent from.
            let origin = index == crate::company::NE && scope == "intrastate" && level == "city";
            let basis = Cell::Word(if origin { "origin" } else { "destination" });
            let cells = [Cell::Text(state.code), Cell::Word(scope), Cell::Word(level), basis, Cell::Day(long_ago())];
            world.write(Of::SourcingRule, &cells)?;
        }
    }
    for supply in ["goods", "service", "lease"] {
        let cells = [
            Cell::Text("*"),
            Cell::Word(supply),
            Cell::Day(long_ago()),
            Cell::Word("tax_point"),
            Cell::Text("invented"),
        ];
        world.write(Of::TaxDateRule, &cells)?;
    }
    // Colorado asks early, Minnesota late.
    for (state, months, minimum) in [(crate::company::CO, 7, 2_500), (crate::company::MN, 36, 2_500)] {
        let cells = [
            Cell::Text(STATES[state].code),
            Cell::Text("USD"),
            Cell::Day(long_ago()),
            Cell::Count(months),
            Cell::Number(minimum, 2),
            Cell::Text("invented"),
        ];
        world.write(Of::UnclaimedProperty, &cells)?;
    }
    Ok(())
}

fn terms(world: &mut World) -> Result<()> {
    let days = |days: i32| Cell::Count(u64::from(days.unsigned_abs()));
    let some = |of: i32| if of == 0 { Cell::Empty } else { days(of) };
    for terms in &TERMS {
        let cells = [
            Cell::Text(terms.code),
            Cell::Word(terms.rule),
            days(terms.days),
            some(terms.of_month),
            Cell::Number(terms.discount.0, 6),
            some(terms.discount.1),
            Cell::Number(terms.late.0, 6),
            days(terms.late.1),
        ];
        world.write(Of::PaymentTerms, &cells)?;
    }
    Ok(())
}

/// Promotions: half an order for nothing, a tenth off, and one of that ended before the period.
fn promotions(world: &mut World) -> Result<()> {
    let october = crate::company::period_from();
    for (id, percent, to) in
        [("PROMO-1", 1_000_000, None), ("PROMO-2", 100_000, None), ("PROMO-3", 100_000, Some(october))]
    {
        promotion(world, id, &Promotion { percent, days: (long_ago(), to), ..Promotion::default() })?;
    }
    Ok(())
}

/// A promotion: for whom and what, from which quantity, when.
#[derive(Clone, Copy, Debug)]
pub struct Promotion {
    /// Millionths off.
    pub percent: i64,
    /// Account, or 0 for all.
    pub customer: u64,
    /// Item, if not all.
    pub item: Option<usize>,
    /// From which quantity, thousandths, or 0.
    pub least: i64,
    /// From and to.
    pub days: (Date, Option<Date>),
}

impl Default for Promotion {
    fn default() -> Self {
        Self { percent: 100_000, customer: 0, item: None, least: 0, days: (long_ago(), None) }
    }
}

/// Writes a promotion.
pub fn promotion(world: &mut World, id: &str, promotion: &Promotion) -> Result<()> {
    let cells = [
        Cell::Text(id),
        Cell::id("C", promotion.customer),
        promotion.item.map_or(Cell::Empty, |item| Cell::Text(ITEMS[item].id)),
        Cell::Number(promotion.percent, 6),
        Cell::Empty,
        if promotion.least == 0 { Cell::Empty } else { Cell::Number(promotion.least, 3) },
        Cell::Empty,
        Cell::Day(promotion.days.0),
        Cell::day(promotion.days.1),
        Cell::Empty,
    ];
    world.write(Of::Discount, &cells)
}

fn rate_row(
    world: &mut World,
    jurisdiction: &str,
    class: Class,
    scope: &str,
    rate: i64,
    days: (Date, Option<Date>),
) -> Result<()> {
    class_row(world, jurisdiction, if class == Class::Food { "food_drug" } else { "general" }, scope, rate, days)
}

fn class_row(
    world: &mut World,
    jurisdiction: &str,
    class: &str,
    scope: &str,
    rate: i64,
    (from, to): (Date, Option<Date>),
) -> Result<()> {
    let cells = [
        Cell::Text(jurisdiction),
        Cell::Word("SALES"),
        Cell::Word(class),
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
    world.write_customer(&walk_in, true, &Record::default())?;
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
    /// `valid`, `expired`, `revoked`.
    pub status: &'static str,
    /// Day of receipt.
    pub received: Date,
    /// Day from which it holds.
    pub from: Date,
    /// Day on which it ceases to hold.
    pub to: Option<Date>,
    /// State in its scope, if not the customer's.
    pub state: Option<usize>,
    /// The one category that it covers, if not all.
    pub category: &'static str,
    /// Whom it is made out to, if not the customer: name and tax number.
    pub made_out: Option<(String, String)>,
    /// The one invoice that it is for.
    pub invoice: String,
}

impl Default for Certificate {
    fn default() -> Self {
        let received = Date::from_ymd(2025, 3, 3).unwrap_or(Date(0));
        Self {
            scope: "blanket",
            status: "valid",
            received,
            from: long_ago(),
            to: None,
            state: None,
            category: "",
            made_out: None,
            invoice: String::new(),
        }
    }
}

/// A customer with a certificate on file; `certificate` of the account is set, so that its sales are untaxed.
pub fn certified(world: &mut World, state: usize, certificate: &Certificate) -> Result<Customer> {
    let number = world.next("CERT");
    let customer = world.newcomer(state, |customer| customer.certificate = number)?;
    write_certificate(world, number, &customer, certificate)?;
    Ok(customer)
}

/// Puts a certificate of a customer on file.
pub fn write_certificate(world: &mut World, number: u64, customer: &Customer, paper: &Certificate) -> Result<()> {
    let own = || (crate::company::name(customer.id), tax_no(customer.id));
    let (name, tax_no) = paper.made_out.clone().unwrap_or_else(own);
    let cells = [
        Cell::Id("CERT", number),
        Cell::Id("C", customer.id),
        Cell::Word("resale"),
        Cell::Word(paper.scope),
        Cell::Day(paper.received),
        Cell::Day(paper.from),
        Cell::day(paper.to),
        Cell::Word(paper.status),
        Cell::Text(&name),
        Cell::Text(&tax_no),
        Cell::Text(&paper.invoice),
    ];
    world.write(Of::Certificate, &cells)?;
    let covered = STATES[paper.state.unwrap_or(customer.state)].code;
    let cells = [Cell::Id("CERT", number), Cell::Text(covered), Cell::Text(paper.category)];
    world.write(Of::CertificateScope, &cells)
}
