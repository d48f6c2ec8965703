//! The company that the generator models: what it sells, at which prices, where, and how that is taxed.
//!
//! All of it is invented, the tax rates too; only the shape is real (a rate change on the 1st, one in mid-month, a city
//! on top of a state, food exempt here and reduced there, a state without registration).

use tieout_model::Date;

use crate::money::Currency;

/// A day; the calendar of this module is written out, so a wrong one is our own bug.
pub fn day(year: i16, month: i8, of_month: i8) -> Date {
    Date::from_ymd(year, month, of_month).unwrap_or(Date(0))
}

/// First day of the period under audit.
pub fn period_from() -> Date {
    day(2026, 10, 1)
}

/// The day as at which the audit sees the books.
pub fn as_of() -> Date {
    day(2026, 11, 5)
}

/// The day on which some list prices change.
pub fn price_change() -> Date {
    day(2026, 10, 16)
}

/// Something that is sold.
#[derive(Debug)]
pub struct Item {
    /// Item number.
    pub id: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Code of the taxability table.
    pub category: &'static str,
    /// Unit of measure.
    pub unit: &'static str,
    /// List price, four decimals.
    pub price: i64,
    /// List price after `price_change`, if it changes.
    pub later: Option<i64>,
}

const fn item(
    id: &'static str,
    description: &'static str,
    category: &'static str,
    unit: &'static str,
    price: i64,
    later: Option<i64>,
) -> Item {
    Item { id, description, category, unit, price, later }
}

/// Position of the item with quantity brackets: from 100 pieces the price is lower.
pub const TIERED: usize = 6;
/// Position of the first food item.
pub const FOOD: usize = 9;
/// Position of the clothing item, taxed above a threshold in one state.
pub const CLOTHING: usize = 11;
/// Position of the first subscription plan.
pub const PLAN: usize = 13;
/// Positions of what ordinary orders are made of.
pub const GOODS: usize = 12;
/// Quantity from which `TIERED` is cheaper, in thousandths.
pub const BRACKET: i64 = 100_000;

/// Position of the item that is metered.
pub const METERED: usize = 16;
/// Position of an item that hardly anybody buys.
pub const RARE: usize = 17;
/// Position of a machine that is let.
pub const LEASED: usize = 18;

/// The catalogue: goods, food, clothing, a service, plans, metered calls, a spare part, a lease.
pub static ITEMS: [Item; 19] = [
    item("HW-100", "Steel bracket", "general", "EA", 125_000, None),
    item("HW-110", "Hinge, pair", "general", "EA", 84_500, Some(88_000)),
    item("HW-120", "Anchor bolt", "general", "EA", 9_750, None),
    item("HW-200", "Work bench", "general", "EA", 2_890_000, Some(2_990_000)),
    item("HW-210", "Tool cabinet", "general", "EA", 4_150_000, None),
    item("CB-300", "Cable, per metre", "general", "MTR", 3_475, None),
    item("HW-310", "Wall plug", "general", "EA", 2_350, None),
    item("CH-400", "Solvent, per kilogram", "general", "KGM", 68_333, None),
    item("HW-500", "Safety lamp", "general", "EA", 349_900, Some(339_900)),
    item("FD-600", "Drinking water, crate", "food", "EA", 72_500, None),
    item("FD-610", "Ground coffee, per kilogram", "food", "KGM", 129_900, None),
    item("CL-700", "Work jacket", "clothing", "EA", 640_000, None),
    item("SV-800", "Fitting on site", "service", "EA", 950_000, None),
    item("PL-910", "Maintenance plan S", "service", "EA", 490_000, None),
    item("PL-920", "Maintenance plan M", "service", "EA", 1_290_000, None),
    item("PL-930", "Maintenance plan L", "service", "EA", 2_490_000, None),
    item("US-940", "Monitoring, per message", "service", "EA", 1_500, None),
    item("RP-520", "Spare filter", "general", "EA", 42_500, None),
    item("LS-850", "Floor polisher, per month", "general", "EA", 1_750_000, None),
];

/// Yen of the yen price list for one dollar of the dollar list.
const YEN: i64 = 150;

/// Price by list in a currency; euro prices are the dollar's figures.
pub fn list_price(item: usize, currency: Currency, quantity: i64, date: Date) -> i64 {
    let own = &ITEMS[item];
    let dollars = match own.later {
        Some(later) if date >= price_change() => later,
        _ if item == TIERED && quantity >= BRACKET => own.price - 400,
        _ => own.price,
    };
    in_currency(dollars, currency)
}

/// A dollar price in another currency's list.
pub fn in_currency(dollars: i64, currency: Currency) -> i64 {
    if currency == Currency::Jpy { (dollars * YEN + 5_000) / 10_000 * 10_000 } else { dollars }
}

/// A price agreed by contract: a tenth off today's list, on the first three items.
pub fn contract_price(item: usize) -> Option<i64> {
    (item < 3).then(|| ITEMS[item].price / 10 * 9)
}

/// The price of the wholesale segment for the tool cabinet.
pub const WHOLESALE: (usize, i64) = (4, 3_990_000);

/// Where customers are.
#[derive(Debug)]
pub struct State {
    /// ISO 3166-2, empty abroad.
    pub code: &'static str,
    /// ISO 3166.
    pub country: &'static str,
    /// A place there.
    pub city: &'static str,
    /// Postal code of it.
    pub postal_code: &'static str,
    /// The jurisdictions that tax there, the state first.
    pub taxed_by: &'static [usize],
}

/// The states of the company, abroad, and a state of its own for a biller that cuts cents off.
pub static STATES: [State; 7] = [
    State { code: "US-NE", country: "US", city: "Plainfield", postal_code: "68001", taxed_by: &[0] },
    State { code: "US-KS", country: "US", city: "Westbrook", postal_code: "66002", taxed_by: &[1] },
    State { code: "US-MN", country: "US", city: "Lakeside", postal_code: "55003", taxed_by: &[2, 3] },
    State { code: "US-CO", country: "US", city: "Highmark", postal_code: "80004", taxed_by: &[4] },
    State { code: "DE-BY", country: "DE", city: "Neustadt", postal_code: "01067", taxed_by: &[] },
    State { code: "JP-13", country: "JP", city: "Hoshi", postal_code: "100-0005", taxed_by: &[] },
    State { code: "US-IA", country: "US", city: "Millbrook", postal_code: "50006", taxed_by: &[IOWA] },
];

/// The jurisdictions that stack at a place: those of a state, or at the company's own address.
pub const OWN_PLACE: (&str, &[usize]) = ("JS-HQ", &[0, OWN_CITY]);

/// The set of jurisdictions of a state, where it has any.
pub fn place(state: usize) -> Option<String> {
    let state = &STATES[state];
    (!state.taxed_by.is_empty()).then(|| format!("JS-{}", &state.code[3..]))
}

/// Nebraska, whose rate changes on the first day of the period.
pub const NE: usize = 0;
/// Kansas, whose rate changes in mid-month and where food has a rate of its own.
pub const KS: usize = 1;
/// Minnesota, where a city taxes too.
pub const MN: usize = 2;
/// Colorado, where the company is not registered.
pub const CO: usize = 3;
/// Germany, billed in euros.
pub const DE: usize = 4;
/// Iowa, where the biller cuts cents off.
pub const IA: usize = 6;
/// Position of Colorado's jurisdiction.
pub const COLORADO: usize = 4;
/// Position of Lakeside, the city in Minnesota.
pub const LAKESIDE: usize = 3;
/// Position of the city that the company has its own house in.
pub const OWN_CITY: usize = 5;
/// Position of Iowa's jurisdiction.
pub const IOWA: usize = 6;

/// A taxing authority.
#[derive(Debug)]
pub struct Jurisdiction {
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// `state` or `city`.
    pub level: &'static str,
    /// The state it lies in.
    pub parent: &'static str,
    /// Rate before and after the change, six decimals.
    pub rates: (i64, i64),
    /// When it changes.
    pub change: fn() -> Date,
    /// Rate of food, where it has one.
    pub food: Option<i64>,
    /// Whether the company charges its tax: a city's is reported on the return of its state, which it is registered in.
    pub registered: bool,
}

/// Jurisdictions, referred to by position.
pub static JURISDICTIONS: [Jurisdiction; 7] = [
    Jurisdiction {
        id: "J-NE",
        name: "Nebraska",
        level: "state",
        parent: "",
        rates: (55_000, 57_500),
        change: period_from,
        food: None,
        registered: true,
    },
    Jurisdiction {
        id: "J-KS",
        name: "Kansas",
        level: "state",
        parent: "",
        rates: (65_000, 62_500),
        change: mid_month,
        food: Some(20_000),
        registered: true,
    },
    Jurisdiction {
        id: "J-MN",
        name: "Minnesota",
        level: "state",
        parent: "",
        rates: (68_750, 68_750),
        change: long_ago,
        food: None,
        registered: true,
    },
    Jurisdiction {
        id: "J-MN-LAK",
        name: "Lakeside",
        level: "city",
        parent: "J-MN",
        rates: (5_000, 5_000),
        change: long_ago,
        food: None,
        registered: true,
    },
    Jurisdiction {
        id: "J-CO",
        name: "Colorado",
        level: "state",
        parent: "",
        rates: (40_000, 40_000),
        change: long_ago,
        food: None,
        registered: false,
    },
    Jurisdiction {
        id: "J-NE-PLA",
        name: "Plainfield",
        level: "city",
        parent: "J-NE",
        rates: (10_000, 10_000),
        change: long_ago,
        food: None,
        registered: true,
    },
    Jurisdiction {
        id: "J-IA",
        name: "Iowa",
        level: "state",
        parent: "",
        rates: (60_000, 60_000),
        change: long_ago,
        food: None,
        registered: true,
    },
];

fn mid_month() -> Date {
    day(2026, 10, 15)
}

/// From when the first rates, prices and rules hold.
pub fn long_ago() -> Date {
    day(2024, 1, 1)
}

impl Jurisdiction {
    /// The rate of a class on a day.
    pub fn rate(&self, class: Class, date: Date) -> i64 {
        match (class, self.food) {
            (Class::Food, Some(rate)) => rate,
            _ if date >= (self.change)() => self.rates.1,
            _ => self.rates.0,
        }
    }
}

/// How a sale is taxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// At the general rate.
    General,
    /// At the rate of food.
    Food,
}

impl Class {
    /// The tax category that the tax row states.
    pub fn category(self) -> &'static str {
        if self == Self::Food { "food" } else { "general" }
    }
}

/// How a category is taxed in a state: the class, or `None` where it is exempt.
pub fn taxed_as(state: usize, category: &str) -> Option<Class> {
    match (state, category) {
        (KS, "food") => Some(Class::Food),
        (NE | MN | CO | IA, "food" | "service") | (MN, "clothing" | FREIGHT | HANDLING) | (NE, HANDLING) => None,
        _ => Some(Class::General),
    }
}

/// The row of the taxability table: treatment, condition, threshold in minor units.
pub fn treatment(state: usize, category: &str) -> (&'static str, &'static str, Option<i64>) {
    match (taxed_as(state, category), state, category) {
        (None, ..) => ("exempt", "", None),
        (Some(Class::Food), ..) => ("reduced", "", None),
        // Exempt up to 50.00; the jackets cost more.
        (_, KS, "clothing") => ("taxable", "over_threshold", Some(5_000)),
        (_, KS, FREIGHT) => ("included_in_price", "", None),
        (_, KS, HANDLING) => ("taxable", "separately_stated", None),
        _ => ("taxable", "", None),
    }
}

/// Category of freight.
pub const FREIGHT: &str = "11010";
/// Category of handling.
pub const HANDLING: &str = "11000";
/// Categories of the taxability table.
pub const CATEGORIES: [&str; 6] = ["general", "food", "clothing", "service", FREIGHT, HANDLING];

/// The category of a line: that of its charge, else of its item.
pub fn category(kind: &str, item: usize) -> &'static str {
    match kind {
        "freight" => FREIGHT,
        "handling" => HANDLING,
        _ => ITEMS[item].category,
    }
}

/// The tax holiday: work jackets in Nebraska, three days of the period.
pub fn holiday() -> (usize, &'static str, Date, Date) {
    (NE, "clothing", day(2026, 10, 9), day(2026, 10, 12))
}

const FIRST: [&str; 16] = [
    "Quillmont",
    "Arvendale",
    "Brockhollow",
    "Ceddarby",
    "Dunmarrow",
    "Elmquay",
    "Farrowick",
    "Grenholt",
    "Hollinsby",
    "Ivermoor",
    "Kestwold",
    "Larkhaven",
    "Mistlebury",
    "Norvale",
    "Ostermead",
    "Pellbrook",
];
const SECOND: [&str; 12] = [
    "Fixtures",
    "Builders",
    "Workshops",
    "Interiors",
    "Supply",
    "Rentals",
    "Motors",
    "Kitchens",
    "Foundry",
    "Gardens",
    "Logistics",
    "Stores",
];

/// An invented company name.
pub fn name(number: u64) -> String {
    let at = |length: usize, of: u64| usize::try_from(of % length as u64).unwrap_or(0);
    format!("{} {} {number}", FIRST[at(FIRST.len(), number * 7)], SECOND[at(SECOND.len(), number * 5)])
}

/// Terms of payment: code, rule, net days, day of the month, discount (millionths, days), late fee (millionths), grace days.
#[derive(Debug)]
pub struct Terms {
    /// Code.
    pub code: &'static str,
    /// `net`, `end_of_month` or `nth_proximo`.
    pub rule: &'static str,
    /// Days after the invoice.
    pub days: i32,
    /// Day of the month after the invoice's.
    pub of_month: i32,
    /// Discount for early payment, millionths, and its days.
    pub discount: (i64, i32),
    /// Late fee, millionths a month, and the days of grace before it.
    pub late: (i64, i32),
}

const fn terms(code: &'static str, rule: &'static str, days: i32, of_month: i32, discount: (i64, i32)) -> Terms {
    Terms { code, rule, days, of_month, discount, late: (15_000, 5) }
}

/// The terms that the company grants; the first are the usual ones.
pub static TERMS: [Terms; 6] = [
    terms("N30", "net", 30, 0, (0, 0)),
    terms("D10", "net", 30, 0, (20_000, 10)),
    terms("M30", "end_of_month", 30, 0, (0, 0)),
    terms("M15", "end_of_month", 15, 0, (20_000, 5)),
    terms("P10", "nth_proximo", 0, 10, (0, 0)),
    terms("P31", "nth_proximo", 0, 31, (0, 0)),
];

/// Terms by their code.
pub fn terms_of(code: &str) -> &'static Terms {
    TERMS.iter().find(|terms| terms.code == code).unwrap_or(&TERMS[0])
}

impl Terms {
    /// When a bill falls due.
    pub fn due(&self, date: Date) -> Date {
        match self.rule {
            "end_of_month" => date.add_days(self.days).month_end(),
            "nth_proximo" => {
                let next = date.month_end();
                next.add_days(self.of_month).min(next.add_days(1).month_end())
            }
            _ => date.add_days(self.days),
        }
    }
}

/// A customer account; small, since every customer of a run is held.
#[derive(Clone, Copy, Debug)]
pub struct Customer {
    /// Number of the account; its addresses are twice that, and the next.
    pub id: u64,
    /// Position in `STATES`.
    pub state: usize,
    /// Currency it is billed in.
    pub currency: Currency,
    /// Whether it has the wholesale segment.
    pub wholesale: bool,
    /// Whether it has contract prices.
    pub contract: bool,
    /// The group that pays for it, or 0.
    pub parent: u64,
    /// Its valid blanket certificate, or 0.
    pub certificate: u64,
}

impl Customer {
    /// An account that nothing is special about.
    pub fn new(id: u64, state: usize, currency: Currency) -> Self {
        Self { id, state, currency, wholesale: false, contract: false, parent: 0, certificate: 0 }
    }

    /// The price agreed with the customer on a day.
    pub fn price(&self, item: usize, quantity: i64, date: Date) -> i64 {
        let contract = contract_price(item).filter(|_| self.contract);
        let segment = Some(WHOLESALE.1).filter(|_| self.wholesale && item == WHOLESALE.0);
        match (self.currency, contract.or(segment)) {
            (Currency::Usd, Some(price)) => price,
            _ => list_price(item, self.currency, quantity, date),
        }
    }

    /// The address that goods are shipped to.
    pub fn ship_to(&self) -> u64 {
        self.id * 2
    }
}
