//! The seller's books: customers, items, documents with their tax, what happened after, and the tables of law that no file brings.

use std::collections::BTreeMap;
use std::path::Path;

use tieout_model::Date;

use super::law::{KANSAS, Law, NEBRASKA, OHIO, Spot, date};
use super::{Sheet, Wanted, sheet};
use crate::Result;
use crate::money::{decimal, shift};
use crate::rng::Rng;

/// Item, category, unit price in cents.
const ITEMS: [(&str, &str, i64); 7] = [
    ("I-TOOL", "general", 4_999),
    ("I-LAMP", "general", 12_345),
    ("I-COAT", "clothing", 18_900),
    ("I-SHIRT", "clothing", 4_250),
    ("I-FLOUR", "food", 675),
    ("I-PAPER", "newspaper", 325),
    ("I-CARE", "care", 8_000),
];

/// Places at which customers sit, and what they are.
struct Customer {
    spot: usize,
    /// Certificate: id, reason, first day, day after the last, received, states that it covers.
    certificate: Option<(String, &'static str, Date, Option<Date>, Date)>,
}

/// A document that credits and debts may refer to.
struct Posted {
    id: String,
    customer: usize,
    day: Date,
    lines: Vec<Line>,
    from: &'static str,
    tax: i64,
}

#[derive(Clone)]
struct Line {
    item: usize,
    is_freight: bool,
    quantity: i64,
    net: i64,
    start: Option<Date>,
}

/// Tax of a jurisdiction on a document, exact to 10⁻⁸.
#[derive(Clone, Default)]
struct Share {
    base: i64,
    exact: i128,
    by_line: i64,
}

struct Books<'a> {
    law: &'a Law,
    rng: &'a mut Rng,
    customers: Vec<Customer>,
    invoices: Sheet,
    lines: Sheet,
    taxes: Sheet,
    adjustments: Sheet,
    ledger: Sheet,
    engine: Sheet,
    posted: Vec<Posted>,
    number: u64,
    written: u64,
    month_ends: BTreeMap<Date, i64>,
}

fn cents(units: i64) -> String {
    decimal(i128::from(units), 2, '.')
}

/// Rates and fixed tables, then documents until there are enough lines.
pub(super) fn write(wanted: &Wanted, law: &Law, rng: &mut Rng, folder: &Path) -> Result<()> {
    tables(law, folder)?;
    let customers = customers(wanted, law, rng, folder)?;
    let mut books = Books {
        law,
        rng,
        customers,
        invoices: sheet(folder, "invoices.csv", &INVOICE)?,
        lines: sheet(folder, "invoice_lines.csv", &LINE)?,
        taxes: sheet(folder, "invoice_taxes.csv", &TAX)?,
        adjustments: sheet(folder, "adjustments.csv", &ADJUSTMENT)?,
        ledger: sheet(folder, "ledger.csv", &LEDGER)?,
        engine: sheet(folder, "engine.csv", &ENGINE)?,
        posted: Vec::new(),
        number: 0,
        written: 0,
        month_ends: BTreeMap::new(),
    };
    books.write(wanted.lines)?;
    books.pay()?;
    let mut balances = sheet(folder, "ledger_balances.csv", &["account", "as_of", "currency", "balance"])?;
    // The books begin on the last of May, with nothing owed.
    let mut sum = 0;
    balances.write_record(["2200", "2026-05-31", "USD", "0.00"])?;
    for (year, month) in [(2026, 6), (2026, 7), (2026, 8), (2026, 9)] {
        let end = date((year, month, 1)).month_end();
        sum += books.month_ends.get(&end).copied().unwrap_or(0);
        balances.write_record(["2200", &end.to_string(), "USD", &cents(sum)])?;
    }
    balances.flush()?;
    Ok(())
}

#[rustfmt::skip]
const INVOICE: [&str; 17] = ["invoice_id", "invoice_no", "document_type", "status", "issue_date", "tax_point_date", "entity_id", "customer_id",
    "ship_from_id", "ship_to_id", "currency", "net_total", "tax_total", "gross_total", "original_invoice_id", "channel", "delivery"];
#[rustfmt::skip]
const LINE: [&str; 11] = ["invoice_id", "line_no", "item_id", "line_type", "quantity", "unit_price", "net_amount", "exemption_reason",
    "certificate_id", "service_start", "service_end"];
const TAX: [&str; 7] = ["invoice_id", "tax_no", "tax_type", "jurisdiction_id", "rate", "taxable_amount", "tax_amount"];
const ADJUSTMENT: [&str; 7] =
    ["adjustment_id", "invoice_id", "adjustment_date", "type", "net_amount", "tax_amount", "currency"];
#[rustfmt::skip]
const LEDGER: [&str; 8] = ["gl_entry_id", "line_no", "account", "posting_date", "source_document", "amount", "is_manual", "currency"];
const ENGINE: [&str; 8] = ["engine_doc", "line_no", "jurisdiction_id", "status", "taxable", "rate", "tax", "currency"];

/// The law that no published file brings, and the seller.
fn tables(law: &Law, folder: &Path) -> Result<()> {
    let put = |name: &str, header: &[&str], rows: &[Vec<&str>]| -> Result<()> {
        let mut table = sheet(folder, name, header)?;
        for row in rows {
            table.write_record(row)?;
        }
        Ok(table.flush()?)
    };
    put(
        "entities.csv",
        &["entity_id", "name", "country", "functional_currency", "rounding_mode", "rounding_level"],
        &[vec!["SELLER", "Prairie Supply", "US", "USD", "half_up", "invoice_per_jurisdiction"]],
    )?;
    let mut items = sheet(folder, "items.csv", &["item_id", "description", "tax_category", "is_service"])?;
    for (id, category, _) in ITEMS {
        items.write_record([id, id, category, if category == "care" { "true" } else { "false" }])?;
    }
    items.flush()?;
    let mut sourcing = sheet(folder, "sourcing.csv", &["state", "scope", "level", "basis", "effective_from", "cite"])?;
    for state in &law.states {
        for scope in ["intrastate", "interstate", "pick_up", "service"] {
            for level in ["state", "county", "city", "district"] {
                let is_origin = scope == "pick_up" || scope == "intrastate" && state.name == "US-OH";
                let basis = if is_origin { "origin" } else { "destination" };
                sourcing.write_record([state.name, scope, level, basis, "2020-01-01", "invented"])?;
            }
        }
    }
    sourcing.flush()?;
    let (ohio, nebraska, kansas) = ("39-45-39", "31-45-31", "20-45-20");
    let header =
        ["rule_id", "jurisdiction_id", "tax_category", "treatment", "condition", "threshold", "effective_from", "cite"];
    let mut rules = sheet(folder, "taxability.csv", &header)?;
    let mut number = 0;
    let mut rule = |place: &str, category: &str, treatment: &str, condition: &str, threshold: &str| -> Result<()> {
        number += 1;
        let id = format!("T{number:03}");
        Ok(rules.write_record([&id, place, category, treatment, condition, threshold, "2020-01-01", "invented"])?)
    };
    for state in [ohio, nebraska, kansas] {
        for category in ["general", "food", "care"] {
            rule(state, category, "taxable", "", "")?;
        }
        rule(state, "newspaper", "exempt", "", "")?;
    }
    rule(ohio, "clothing", "taxable", "", "")?;
    rule(nebraska, "clothing", "exempt", "under_threshold", "100.00")?;
    rule(kansas, "clothing", "taxable", "", "")?;
    rule(ohio, "freight", "taxable", "", "")?;
    rule(nebraska, "freight", "exempt", "separately_stated", "")?;
    rule(kansas, "freight", "follows_goods", "", "")?;
    // One county of Kansas leaves care untaxed, the state and its cities do not.
    let county = law.states[KANSAS].places[1].id(&law.states[KANSAS]);
    rule(&county, "care", "exempt", "", "")?;
    rules.flush()?;
    put(
        "holidays.csv",
        &["jurisdiction_id", "tax_category", "effective_from", "effective_to", "threshold"],
        &[vec![kansas, "clothing", "2026-08-07", "2026-08-10", "100.00"]],
    )?;
    put(
        "registrations.csv",
        &[
            "entity_id",
            "jurisdiction_id",
            "registration_no",
            "effective_from",
            "frequency",
            "due_day",
            "accounting_basis",
        ],
        &[
            vec!["SELLER", ohio, "OH-100", "2020-01-01", "quarterly", "23", "accrual"],
            vec!["SELLER", nebraska, "NE-200", "2020-01-01", "monthly", "20", "accrual"],
            vec!["SELLER", kansas, "KS-300", "2020-01-01", "monthly", "25", "accrual"],
        ],
    )?;
    let practice = |state, topic, value| vec![state, topic, "2020-01-01", value, "invented"];
    put(
        "practice.csv",
        &["state", "topic", "effective_from", "value", "cite"],
        &[
            practice("*", "certificate_grace_days", "90"),
            practice("*", "blanket_lapse_months", "12"),
            practice("US-OH", "credit_period", "current"),
            practice("US-NE", "credit_period", "original"),
            practice("US-KS", "credit_period", "current"),
            practice("*", "bad_debt", "deduct"),
            practice("US-OH", "gross", "everywhere"),
            practice("US-NE", "gross", "in_state"),
            practice("US-KS", "gross", "in_state"),
            practice("US-OH", "marketplace_sales", "left_out"),
            practice("US-NE", "marketplace_sales", "in_gross"),
            practice("US-KS", "marketplace_sales", "in_gross"),
            practice("US-OH", "over_collected", "remit"),
            practice("*", "over_collected", "refund"),
        ],
    )?;
    put(
        "tax_dates.csv",
        &["state", "supply", "effective_from", "basis", "cite"],
        &[
            vec!["*", "goods", "2020-01-01", "tax_point", "invented"],
            vec!["*", "service", "2020-01-01", "service_change", "SSUTA 329"],
        ],
    )?;
    put(
        "discounts.csv",
        &["registration_no", "up_to", "rate", "cap", "effective_from"],
        &[
            vec!["NE-200", "3000.00", "0.025", "75.00", "2020-01-01"],
            vec!["OH-100", "1000.00", "0.01", "", "2020-01-01"],
            vec!["OH-100", "", "0.0075", "", "2020-01-01"],
        ],
    )?;
    let filed = |place, period, code, amount| vec!["SELLER", place, period, code, amount, "original", "1", "USD"];
    put(
        "returns_filed.csv",
        &["entity_id", "jurisdiction_id", "period", "line_code", "amount", "return_type", "version", "currency"],
        &[
            filed(nebraska, "2026-06", "TotalTaxDue", "100.00"),
            filed(kansas, "2026-06", "TotalTaxDue", "100.00"),
            filed(ohio, "2026Q2", "TotalTaxDue", "100.00"),
            filed(nebraska, "2026-07", "TaxableSales", "1000.00"),
            filed(nebraska, "2026-07", "TotalTaxDue", "70.00"),
            filed(kansas, "2026-07", "TotalTaxDue", "80.00"),
        ],
    )?;
    let paid = |id, place, period, day, amount| vec![id, "SELLER", place, period, day, amount, "USD"];
    put(
        "tax_payments.csv",
        &["payment_id", "entity_id", "jurisdiction_id", "period", "payment_date", "amount", "currency"],
        &[
            paid("TP1", nebraska, "2026-07", "2026-08-20", "70.00"),
            paid("TP2", kansas, "2026-07", "2026-08-25", "80.00"),
            paid("TP3", kansas, "2026-08", "2026-08-31", "25.00"),
        ],
    )
}

fn customers(wanted: &Wanted, law: &Law, rng: &mut Rng, folder: &Path) -> Result<Vec<Customer>> {
    let header = ["address_id", "subdivision", "postal_code", "zip4", "country"];
    let mut addresses = sheet(folder, "addresses.csv", &header)?;
    let mut sheet_ = sheet(folder, "customers.csv", &["customer_id", "name", "tax_exempt"])?;
    #[rustfmt::skip]
    let header = ["certificate_id", "customer_id", "reason", "scope", "received_date", "effective_from", "effective_to", "status"];
    let mut certificates = sheet(folder, "certificates.csv", &header)?;
    let mut scopes = sheet(folder, "certificate_scopes.csv", &["certificate_id", "state", "tax_category"])?;
    // The warehouse in Ohio and a shop in Nebraska.
    let own =
        |state: usize| law.spots.iter().find(|spot| spot.state == state && spot.plus.is_none() && spot.stack.len() > 2);
    for (id, state) in [("WAREHOUSE", OHIO), ("SHOP", NEBRASKA)] {
        if let Some(spot) = own(state) {
            addresses.write_record([id, law.states[state].name, &format!("{:05}", spot.zip), "", "US"])?;
        }
    }
    let count = (wanted.lines / 12).clamp(60, 50_000);
    let mut all = Vec::new();
    for at in 0..count {
        let spot = rng.index(law.spots.len());
        let place = &law.spots[spot];
        let zip4 =
            place.plus.map_or_else(String::new, |(low, high)| format!("{:04}", rng.range(low.into(), high.into())));
        let id = format!("C{at:05}");
        let mut certificate = None;
        if at % 7 == 3 {
            let reason = ["resale", "government_exempt_org", "manufacturing"][rng.index(3)];
            let from = date((2026, 1, 1));
            // In force throughout; lapsing in the middle of August; received late; of another state.
            let (to, received) = match at / 7 % 4 {
                1 => (Some(date((2026, 8, 15))), from),
                2 => (None, date((2026, 10, 10))),
                _ => (None, from),
            };
            let number = format!("X{at:05}");
            let state = if at / 7 % 4 == 3 { (place.state + 1) % 3 } else { place.state };
            certificates.write_record([
                number.as_str(),
                &id,
                reason,
                "blanket",
                &received.to_string(),
                &from.to_string(),
                &to.map_or_else(String::new, |to| to.to_string()),
                "valid",
            ])?;
            scopes.write_record([number.as_str(), law.states[state].name, ""])?;
            certificate = (state == place.state).then_some((number, reason, from, to, received));
        }
        let is_exempt = at % 7 == 3;
        sheet_.write_record([id.as_str(), &format!("Customer {at}"), if is_exempt { "true" } else { "false" }])?;
        addresses.write_record([
            format!("A{at:05}").as_str(),
            law.states[place.state].name,
            &format!("{:05}", place.zip),
            &zip4,
            "US",
        ])?;
        all.push(Customer { spot, certificate });
    }
    addresses.flush()?;
    sheet_.flush()?;
    certificates.flush()?;
    scopes.flush()?;
    Ok(all)
}

impl Books<'_> {
    fn write(&mut self, lines: u64) -> Result<()> {
        let (first, last) = (date((2026, 6, 1)), date((2026, 9, 30)));
        let days = i64::from(last.0 - first.0) + 1;
        let mut done = 0;
        while self.written < lines {
            // Days follow one another, so that numbers do.
            let share = i64::try_from(self.written * 1_000 / lines.max(1)).unwrap_or(0);
            let day = Date(first.0 + i32::try_from(days * share / 1_000).unwrap_or(0));
            self.sale(day)?;
            done += 1;
            if done % 17 == 0 {
                self.credit(day)?;
            }
            if done % 60 == 0 {
                self.debt(day)?;
            }
            if done % 45 == 0 {
                self.give_back(day)?;
            }
            if self.posted.len() > 400 {
                self.posted.drain(..200);
            }
        }
        for table in [
            &mut self.invoices,
            &mut self.lines,
            &mut self.taxes,
            &mut self.adjustments,
            &mut self.ledger,
            &mut self.engine,
        ] {
            table.flush()?;
        }
        Ok(())
    }

    fn sale(&mut self, day: Date) -> Result<()> {
        let customer = self.rng.index(self.customers.len());
        let spot = self.customers[customer].spot;
        let state = self.law.spots[spot].state;
        let mut lines: Vec<Line> = Vec::new();
        let count = self.rng.range(1, 3);
        for _ in 0..count {
            let item = self.rng.index(ITEMS.len());
            let quantity = self.rng.range(1, 6);
            let price = ITEMS[item].2 + if self.rng.percent(30) { self.rng.range(0, 99) } else { 0 };
            let is_service = ITEMS[item].1 == "care";
            let start = is_service.then(|| Date(day.0 + i32::try_from(self.rng.range(-20, 20)).unwrap_or(0)));
            lines.push(Line { item, is_freight: false, quantity, net: quantity * price, start });
        }
        if self.rng.percent(30) && lines.iter().all(|line| line.start.is_none()) {
            let net = self.rng.range(500, 2_500);
            lines.push(Line { item: 0, is_freight: true, quantity: 1, net, start: None });
        }
        let is_marketplace = self.rng.percent(4);
        let is_picked_up = state == NEBRASKA && self.rng.percent(15);
        let status = if self.rng.percent(2) { "void" } else { "posted" };
        let from = if is_picked_up || self.rng.percent(10) { "SHOP" } else { "WAREHOUSE" };
        self.number += 1;
        let (id, number) = (format!("D{:07}", self.number), format!("INV-{:07}", self.number));
        let kind = Kind { id: &id, number: &number, kind: "invoice", status, original: "", day, original_day: day };
        let ways = Ways { customer, from, is_marketplace, is_picked_up };
        let tax = self.document(&kind, &ways, &lines, true)?;
        if status == "posted" && !is_marketplace && !is_picked_up {
            self.posted.push(Posted { id, customer, day, lines, from, tax });
        }
        Ok(())
    }

    /// A part of an earlier sale is taken back, at its day's rates.
    fn credit(&mut self, day: Date) -> Result<()> {
        if self.posted.is_empty() {
            return Ok(());
        }
        let at = self.rng.index(self.posted.len());
        let of = self.posted.swap_remove(at);
        let line = of.lines[0].clone();
        if line.is_freight {
            return Ok(());
        }
        let lines = [Line { quantity: -line.quantity, net: -line.net, ..line }];
        self.number += 1;
        let (id, number) = (format!("D{:07}", self.number), format!("CN-{:07}", self.number));
        let kind = Kind {
            id: &id,
            number: &number,
            kind: "credit_note",
            status: "posted",
            original: &of.id,
            day,
            original_day: of.day,
        };
        let ways = Ways { customer: of.customer, from: of.from, is_marketplace: false, is_picked_up: false };
        self.document(&kind, &ways, &lines, true)?;
        Ok(())
    }

    fn debt(&mut self, day: Date) -> Result<()> {
        let Some(of) = self.posted.first() else { return Ok(()) };
        let net: i64 = of.lines.iter().map(|line| line.net).sum();
        let (id, day) = (format!("ADJ-{:06}", self.number), day.to_string());
        let (base, tax) = (net / 2, of.tax / 2);
        self.adjustments.write_record([id.as_str(), &of.id, &day, "bad_debt", &cents(base), &cents(tax), "USD"])?;
        if self.rng.percent(40) {
            let id = format!("{id}-R");
            self.adjustments.write_record([
                id.as_str(),
                &of.id,
                &day,
                "bad_debt",
                &cents(-base / 4),
                &cents(-tax / 4),
                "USD",
            ])?;
        }
        Ok(())
    }

    fn give_back(&mut self, day: Date) -> Result<()> {
        let Some(of) = self.posted.last() else { return Ok(()) };
        let id = format!("TR-{:06}", self.number);
        let cells = [id.as_str(), &of.id, &day.to_string(), "tax_refund", "0.00", "0.40", "USD"];
        Ok(self.adjustments.write_record(cells)?)
    }

    /// Writes a document with its lawful tax, or a planted error; gives the tax.
    fn document(&mut self, kind: &Kind<'_>, ways: &Ways, lines: &[Line], may_err: bool) -> Result<i64> {
        let law = self.law;
        let spot = law.spots[self.customers[ways.customer].spot].clone();
        let state = &law.states[spot.state];
        let claims = ways.customer % 7 == 3;
        let is_supported = self.is_supported(ways.customer, kind.original_day);
        let mut shares: BTreeMap<(usize, i64), Share> = BTreeMap::new();
        let is_spared = ways.is_marketplace || claims && is_supported;
        if !is_spared {
            let taxing = self.taxing(&spot, ways);
            for place in taxing {
                self.share(spot.state, place, kind, lines, &mut shares);
            }
        }
        // An exempt customer is not taxed, whatever the paper.
        let untaxed = ways.is_marketplace || claims && !self.rng.percent(8);
        let by_line = self.rng.percent(10);
        let error = if may_err && kind.status == "posted" && self.rng.percent(6) { self.rng.range(1, 5) } else { 0 };
        let mut rows: Vec<(String, i64, i64, i64)> = Vec::new();
        if !untaxed {
            for ((place, rate), share) in &shares {
                if share.base == 0 {
                    continue;
                }
                let tax = if by_line { share.by_line } else { shift(share.exact, 6) };
                rows.push((state.places[*place].id(state), *rate, share.base, tax));
            }
        }
        self.plant(error, spot.state, &mut rows, lines);
        let net: i64 = lines.iter().map(|line| line.net).sum();
        let tax: i64 = rows.iter().map(|row| row.3).sum();
        let (day, to) = (kind.day.to_string(), format!("A{:05}", ways.customer));
        self.invoices.write_record([
            kind.id,
            kind.number,
            kind.kind,
            kind.status,
            &day,
            &day,
            "SELLER",
            &format!("C{:05}", ways.customer),
            ways.from,
            if ways.is_picked_up { "" } else { to.as_str() },
            "USD",
            &cents(net),
            &cents(tax),
            &cents(net + tax),
            kind.original,
            if ways.is_marketplace { "marketplace" } else { "direct" },
            if ways.is_picked_up { "picked_up" } else { "shipped" },
        ])?;
        for (at, line) in lines.iter().enumerate() {
            let (item, _, _) = ITEMS[line.item];
            let unit = decimal(i128::from(line.net) * 10_000 / i128::from(line.quantity), 6, '.');
            let span = |start: Date| (start.to_string(), Date(start.0 + 30).to_string());
            let (start, end) = line.start.map_or_else(Default::default, span);
            self.lines.write_record([
                kind.id,
                &(at + 1).to_string(),
                if line.is_freight { "" } else { item },
                if line.is_freight { "freight" } else { "item" },
                &line.quantity.to_string(),
                &unit,
                &cents(line.net),
                if claims && untaxed && !ways.is_marketplace { "exempt" } else { "" },
                "",
                &start,
                &end,
            ])?;
            self.written += 1;
        }
        for (at, (place, rate, base, tax)) in rows.iter().enumerate() {
            let rate = decimal(i128::from(*rate), 6, '.');
            let number = (at + 1).to_string();
            self.taxes.write_record([kind.id, &number, "sales", place, &rate, &cents(*base), &cents(*tax)])?;
            // The engine forgets a document now and then.
            if !self.number.is_multiple_of(97) {
                let status =
                    if kind.status == "void" && self.number.is_multiple_of(2) { "voided" } else { "committed" };
                self.engine.write_record([
                    kind.number,
                    &number,
                    place,
                    status,
                    &cents(*base),
                    &rate,
                    &cents(*tax),
                    "USD",
                ])?;
            }
        }
        if kind.status == "posted" && tax != 0 {
            self.book(kind, tax)?;
        }
        Ok(tax)
    }

    /// The ledger: most on the day, some late, some never, a manual entry here and there.
    fn book(&mut self, kind: &Kind<'_>, tax: i64) -> Result<()> {
        if self.number.is_multiple_of(83) {
            return Ok(());
        }
        let late = if self.number.is_multiple_of(71) { 31 } else { 0 };
        let day = kind.day.add_days(late);
        let id = format!("GL{:07}", self.number);
        let cells = [id.as_str(), "1", "2200", &day.to_string(), kind.id, &cents(tax), "false", "USD"];
        self.ledger.write_record(cells)?;
        *self.month_ends.entry(day.month_end()).or_default() += tax;
        if self.number.is_multiple_of(211) {
            let cells = [&format!("{id}M"), "1", "2200", &day.to_string(), "", "12.34", "true", "USD"];
            self.ledger.write_record(cells)?;
            *self.month_ends.entry(day.month_end()).or_default() += 1_234;
        }
        Ok(())
    }

    /// What `tax_payments.csv` says was paid leaves the account.
    fn pay(&mut self) -> Result<()> {
        for (at, (month, day, amount)) in [(8, 20, 7_000), (8, 25, 8_000), (8, 31, 2_500)].into_iter().enumerate() {
            let day = date((2026, month, day));
            let id = format!("PAY{}", at + 1);
            let cells = [id.as_str(), "1", "2200", &day.to_string(), "", &cents(-amount), "false", "USD"];
            self.ledger.write_record(cells)?;
            *self.month_ends.entry(day.month_end()).or_default() -= amount;
        }
        Ok(self.ledger.flush()?)
    }

    fn is_supported(&self, customer: usize, day: Date) -> bool {
        let Some((_, _, from, to, received)) = &self.customers[customer].certificate else { return false };
        *from <= day && to.is_none_or(|to| day < to) && *received <= day.add_days(90)
    }

    /// Places that tax a sale: where it comes from within Ohio and at the counter, else where it goes.
    fn taxing(&self, spot: &Spot, ways: &Ways) -> Vec<usize> {
        let own = |state: usize| {
            let spots = &self.law.spots;
            let found = spots.iter().find(|spot| spot.state == state && spot.plus.is_none() && spot.stack.len() > 2);
            found.map(|spot| spot.stack.clone()).unwrap_or_default()
        };
        if ways.is_picked_up {
            return own(NEBRASKA);
        }
        if spot.state == OHIO && ways.from == "WAREHOUSE" {
            return own(OHIO);
        }
        spot.stack.clone()
    }

    fn share(
        &self,
        state: usize,
        place: usize,
        kind: &Kind<'_>,
        lines: &[Line],
        shares: &mut BTreeMap<(usize, i64), Share>,
    ) {
        let of = &self.law.states[state].places[place];
        let goods: i64 = lines.iter().filter(|line| !line.is_freight).map(|line| line.net).sum();
        let taxed: i64 = lines
            .iter()
            .filter(|line| !line.is_freight)
            .map(|line| self.base(state, place, line, kind.original_day))
            .sum();
        for line in lines {
            let base = if line.is_freight {
                match state {
                    OHIO => line.net,
                    NEBRASKA => 0,
                    _ => {
                        let (product, all) = (i128::from(line.net) * i128::from(taxed), i128::from(goods));
                        let doubled = 2 * product + all * product.signum();
                        i64::try_from(doubled / (2 * all)).unwrap_or(0)
                    }
                }
            } else {
                self.base(state, place, line, kind.original_day)
            };
            let is_food = !line.is_freight && ITEMS[line.item].1 == "food";
            let rate = match line.start {
                None => of.rate(is_food, kind.original_day),
                Some(start) => service_rate(of, start, kind.original_day),
            };
            let share = shares.entry((place, rate)).or_default();
            let exact = i128::from(base) * i128::from(rate);
            share.base += base;
            share.exact += exact;
            share.by_line += shift(exact, 6);
        }
    }

    fn base(&self, state: usize, place: usize, line: &Line, day: Date) -> i64 {
        let price_is_small = line.net.abs() <= 10_000 * line.quantity.abs();
        match ITEMS[line.item].1 {
            "newspaper" => 0,
            "clothing" if state == NEBRASKA && price_is_small => 0,
            "clothing"
                if state == KANSAS && price_is_small && (date((2026, 8, 7))..date((2026, 8, 10))).contains(&day) =>
            {
                0
            }
            "care" if state == KANSAS && place == 1 => 0,
            _ => line.net,
        }
    }

    /// 1 the former or later rate, 2 a neighbour's tax, 3 nothing is charged, 4 a slip, 5 everything is taxed.
    fn plant(&mut self, error: i64, state: usize, rows: &mut Vec<(String, i64, i64, i64)>, lines: &[Line]) {
        let of = &self.law.states[state];
        if rows.is_empty() {
            return;
        }
        let at = self.rng.index(rows.len());
        match error {
            1 => {
                let rate = rows[0].1 + 2_000;
                rows[0].1 = rate;
                rows[0].3 = shift(i128::from(rows[0].2) * i128::from(rate), 6);
            }
            2 if rows.len() > 1 => {
                if let Some(other) = of.places.iter().rfind(|place| place.kind == "00" && place.id(of) != rows[1].0) {
                    let rate = other.general[0];
                    let base = rows[1].2;
                    rows[1] = (other.id(of), rate, base, shift(i128::from(base) * i128::from(rate), 6));
                }
            }
            3 => rows.clear(),
            4 => rows[at].3 += 107,
            5 => {
                let net: i64 = lines.iter().map(|line| line.net).sum();
                rows[at].2 = net;
                rows[at].3 = shift(i128::from(net) * i128::from(rows[at].1), 6);
            }
            _ => {}
        }
    }
}

/// An increase from the first period that starts on or after it, a decrease for what is billed on or after it.
fn service_rate(of: &super::law::Place, start: Date, billed: Date) -> i64 {
    let change = date(super::law::CHANGE);
    let [before, after] = of.general;
    let decides = if after > before { start } else { billed };
    if decides >= change { after } else { before }
}

struct Kind<'a> {
    id: &'a str,
    number: &'a str,
    kind: &'a str,
    status: &'a str,
    original: &'a str,
    day: Date,
    original_day: Date,
}

struct Ways {
    customer: usize,
    from: &'static str,
    is_marketplace: bool,
    is_picked_up: bool,
}
