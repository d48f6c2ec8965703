//! The lines of all documents, narrow: one pass over the store in parts, texts as numbers, header and addresses once a document.

use std::collections::HashMap;
use std::sync::Arc;

use tieout_ingest::store::Store;
use tieout_model::{Date, RecordRef};

use super::place::Address;
use crate::catalog::{Catalog, Scope};
use crate::engine::{Engine, EngineError};
use crate::expr::{Cmp, Expr};
use crate::value::Value;

/// Records of a part.
const PART: u64 = 200_000;

/// No text.
pub(crate) const NONE: u32 = u32::MAX;

/// Texts by number.
#[derive(Default)]
pub(crate) struct Names {
    list: Vec<Arc<str>>,
    at: HashMap<Arc<str>, u32>,
}

impl Names {
    pub(crate) fn code(&mut self, text: &Arc<str>) -> u32 {
        if let Some(code) = self.at.get(text) {
            return *code;
        }
        let code = super::reference::index(self.list.len());
        self.list.push(Arc::clone(text));
        self.at.insert(Arc::clone(text), code);
        code
    }

    /// The text; empty for none.
    pub(crate) fn get(&self, code: u32) -> &str {
        self.list.get(code as usize).map_or("", |text| text)
    }

    pub(crate) fn option(&self, code: u32) -> Option<&str> {
        self.list.get(code as usize).map(|text| &**text)
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.at.get(text).copied()
    }
}

/// What is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Supply {
    Goods,
    Service,
    Lease,
}

impl Supply {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Goods => "goods",
            Self::Service => "service",
            Self::Lease => "lease",
        }
    }
}

/// A line.
#[derive(Clone, Debug)]
pub(crate) struct Sale {
    pub record: i64,
    pub document: u32,
    pub line: u32,
    /// Money units; none: missing or unreadable.
    pub net: Option<i64>,
    /// Scale 6.
    pub quantity: Option<i64>,
    pub tax: Option<i64>,
    /// The item's tax category, else the line's type for what is no item.
    pub category: u32,
    /// What the biller calls it.
    pub biller: u32,
    pub supply: Supply,
    pub is_item: bool,
    pub claims_exemption: bool,
    pub jurisdiction: u32,
    pub to: u32,
    pub service_start: Option<Date>,
    pub ordered: Option<Date>,
    pub delivered: Option<Date>,
    pub titled: Option<Date>,
}

/// A document's header.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub id: u32,
    pub number: u32,
    pub kind: u32,
    pub status: u32,
    pub issued: Option<Date>,
    pub tax_point: Option<Date>,
    pub period_start: Option<Date>,
    pub entity: u32,
    pub customer: u32,
    pub is_marketplace: bool,
    pub is_picked_up: bool,
    pub currency: u32,
    pub from: u32,
    pub original: u32,
    /// Money units; of a seller who reports cash, the measure of what was paid.
    pub gross: Option<i64>,
    /// Taken off the document as a whole: money units, zero if nothing is stated.
    pub allowance: i64,
    /// True if the header states a charge that no line holds.
    pub has_charge: bool,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Sales {
    pub names: Names,
    pub addresses: Vec<Address>,
    address_at: HashMap<Address, u32>,
    pub documents: Vec<Document>,
    pub document_at: HashMap<u32, u32>,
    pub lines: Vec<Sale>,
}

/// Columns, in the order of `Places`.
#[rustfmt::skip]
const COLUMNS: [&str; 44] = [
    "invoice_id", "line_no", "net_amount", "quantity", "tax_amount", "item.tax_category", "tax_category", "item.supply",
    "item.is_service", "line_type", "exemption_reason", "certificate_id", "jurisdiction_id", "service_start",
    "order_line.order_date", "shipment_line.delivered_date", "shipment_line.ship_date", "title_date",
    "invoice_no", "document_type", "status", "issue_date", "tax_point_date", "invoice.period_start", "entity_id", "customer_id", "channel",
    "delivery", "currency", "original_invoice_id", "customer.tax_exempt",
    "allowance_total", "charge_total", "gross_total",
    "ship_from_id", "ship_from.country", "ship_from.subdivision", "ship_from.postal_code", "ship_from.zip4",
    "ship_from.jurisdiction_set_id",
    "ship_to_id", "ship_to.country", "ship_to.subdivision", "ship_to.postal_code",
];
/// Further columns of the ship-to address.
const TO: [&str; 2] = ["ship_to.zip4", "ship_to.jurisdiction_set_id"];

impl Sales {
    pub(crate) fn read(store: &Store, engine: &dyn Engine, catalog: &Catalog) -> Result<Self, EngineError> {
        let mut sales = Self::default();
        if catalog.table("invoice_line").is_none() {
            return Ok(sales);
        }
        let names: Vec<&'static str> = COLUMNS.into_iter().chain(TO).collect();
        in_parts(store, engine, catalog, ("invoice_line", &names), &mut |cells| sales.take(cells))?;
        Ok(sales)
    }

    fn take(&mut self, cells: &Cells<'_>) {
        let id = self.code(cells, "invoice_id");
        let document = match self.document_at.get(&id).filter(|_| id != NONE) {
            Some(document) => *document,
            None => {
                let document = self.document(id, cells);
                let at = super::reference::index(self.documents.len());
                self.documents.push(document);
                self.document_at.insert(id, at);
                at
            }
        };
        let kind = cells.text("line_type").map_or("item", |kind| kind);
        let is_item = kind == "item";
        let category = match self.code(cells, "item.tax_category") {
            NONE if !is_item => self.names.code(&Arc::from(kind)),
            category => category,
        };
        let supply = match cells.text("item.supply").map(|text| &**text) {
            Some("service") => Supply::Service,
            Some("lease") => Supply::Lease,
            None if cells.flag("item.is_service") == Some(true) => Supply::Service,
            _ => Supply::Goods,
        };
        let to = self.address(
            cells,
            ["ship_to_id", "ship_to.country", "ship_to.subdivision", "ship_to.postal_code", TO[0], TO[1]],
        );
        let claims_exemption = cells.text("exemption_reason").is_some()
            || cells.text("certificate_id").is_some()
            || cells.flag("customer.tax_exempt") == Some(true);
        let small = |name: &str| cells.units(name).and_then(|units| i64::try_from(units).ok());
        let sale = Sale {
            record: cells.row[0].num().and_then(|units| i64::try_from(units).ok()).unwrap_or(0),
            document,
            line: self.code(cells, "line_no"),
            net: small("net_amount"),
            quantity: small("quantity"),
            tax: small("tax_amount"),
            category,
            biller: self.code(cells, "tax_category"),
            supply,
            is_item,
            claims_exemption,
            jurisdiction: self.code(cells, "jurisdiction_id"),
            to,
            service_start: cells.day("service_start"),
            ordered: cells.day("order_line.order_date"),
            delivered: cells.day("shipment_line.delivered_date").or_else(|| cells.day("shipment_line.ship_date")),
            titled: cells.day("title_date"),
        };
        self.lines.push(sale);
    }

    fn document(&mut self, id: u32, cells: &Cells<'_>) -> Document {
        let from = self.address(
            cells,
            [
                "ship_from_id",
                "ship_from.country",
                "ship_from.subdivision",
                "ship_from.postal_code",
                "ship_from.zip4",
                "ship_from.jurisdiction_set_id",
            ],
        );
        Document {
            id,
            number: self.code(cells, "invoice_no"),
            kind: self.code(cells, "document_type"),
            status: self.code(cells, "status"),
            issued: cells.day("issue_date"),
            tax_point: cells.day("tax_point_date"),
            period_start: cells.day("invoice.period_start"),
            entity: self.code(cells, "entity_id"),
            customer: self.code(cells, "customer_id"),
            is_marketplace: cells.text("channel").is_some_and(|channel| &**channel == "marketplace"),
            is_picked_up: cells.text("delivery").is_some_and(|delivery| &**delivery == "picked_up"),
            currency: self.code(cells, "currency"),
            from,
            original: self.code(cells, "original_invoice_id"),
            gross: cells.units("gross_total").and_then(|units| i64::try_from(units).ok()),
            allowance: cells.units("allowance_total").and_then(|units| i64::try_from(units).ok()).unwrap_or(0),
            has_charge: cells.units("charge_total").is_some_and(|units| units != 0),
        }
    }

    fn code(&mut self, cells: &Cells<'_>, name: &str) -> u32 {
        cells.text(name).map_or(NONE, |text| self.names.code(text))
    }

    /// The number of an address; `NONE` where the record names none.
    fn address(&mut self, cells: &Cells<'_>, names: [&str; 6]) -> u32 {
        let of = |name: &str| cells.text(name).map_or_else(String::new, |text| text.to_string());
        let [id, country, subdivision, zip, zip4, set] = names.map(of);
        if id.is_empty() {
            return NONE;
        }
        let address = Address { id, country, subdivision, zip, zip4, set };
        if let Some(at) = self.address_at.get(&address) {
            return *at;
        }
        let at = super::reference::index(self.addresses.len());
        self.addresses.push(address.clone());
        self.address_at.insert(address, at);
        at
    }
}

/// Tells every record of a population, file by file and some at a time, so that values never all lie in memory.
fn in_parts(
    store: &Store,
    engine: &dyn Engine,
    catalog: &Catalog,
    (population, names): (&str, &[&'static str]),
    take: &mut dyn FnMut(&Cells<'_>),
) -> Result<(), EngineError> {
    let mut scope = Scope::new(catalog, population, "");
    let mut picked = vec![("rec".to_owned(), scope.rec_expr())];
    let mut at: HashMap<&'static str, usize> = HashMap::new();
    for name in names {
        if let Some(expr) = scope.column(name) {
            at.insert(name, picked.len());
            picked.push(((*name).to_owned(), expr));
        }
    }
    let rec = scope.rec_expr();
    for (source, file) in store.files.iter().enumerate() {
        let source = u32::try_from(source).unwrap_or(u32::MAX);
        let bound = |record: u64| Expr::int(i128::from(RecordRef { source, record }.pack()));
        let mut from = 0;
        while from <= file.read {
            let within =
                rec.clone().compare(Cmp::Ge, bound(from)).and(rec.clone().compare(Cmp::Lt, bound(from + PART)));
            let plan = scope.plan().filter(within).project(picked.clone());
            let mut rows = engine.run(&[plan])?.into_iter().next().unwrap_or_default().rows;
            rows.sort_by_key(|row| row[0].num());
            rows.iter().for_each(|row| take(&Cells { row, at: &at }));
            from += PART;
        }
    }
    Ok(())
}

struct Cells<'a> {
    row: &'a [Value],
    at: &'a HashMap<&'static str, usize>,
}

impl Cells<'_> {
    fn cell(&self, name: &str) -> Option<&Value> {
        self.at.get(name).map(|at| &self.row[*at])
    }

    fn text(&self, name: &str) -> Option<&Arc<str>> {
        match self.cell(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn day(&self, name: &str) -> Option<Date> {
        self.cell(name)?.date()
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.cell(name)?.bool()
    }

    fn units(&self, name: &str) -> Option<i128> {
        self.cell(name)?.num()
    }
}

/// Tax of a jurisdiction as a document states it.
#[derive(Clone, Debug)]
pub(crate) struct Stated {
    /// Line; `NONE` for a row of the document.
    pub line: u32,
    pub jurisdiction: u32,
    /// Money units.
    pub base: Option<i64>,
    /// Scale 12.
    pub rate: Option<i64>,
    /// Money units; none: missing or unreadable.
    pub tax: Option<i64>,
}

/// Tax rows by document.
#[derive(Default)]
pub(crate) struct Taxes {
    pub of: HashMap<u32, Vec<Stated>>,
    /// True if the exports have tax rows at all.
    pub are_given: bool,
    /// Rows of documents without lines: currency, money units.
    pub stray: Vec<(String, i64)>,
}

impl Taxes {
    pub(crate) fn read(
        store: &Store,
        engine: &dyn Engine,
        catalog: &Catalog,
        sales: &mut Sales,
    ) -> Result<Self, EngineError> {
        let mut taxes = Self { are_given: catalog.table("invoice_tax").is_some(), ..Self::default() };
        if !taxes.are_given {
            return Ok(taxes);
        }
        const NAMES: [&str; 8] = [
            "invoice_id",
            "line_no",
            "jurisdiction_id",
            "taxable_amount",
            "rate",
            "tax_amount",
            "tax_type",
            "currency",
        ];
        in_parts(store, engine, catalog, ("invoice_tax", &NAMES), &mut |cells| taxes.take(cells, sales))?;
        Ok(taxes)
    }

    fn take(&mut self, cells: &Cells<'_>, sales: &mut Sales) {
        if cells.text("tax_type").is_some_and(|kind| kind.eq_ignore_ascii_case("use")) {
            return;
        }
        let small = |name: &str| cells.units(name).and_then(|units| i64::try_from(units).ok());
        let document = sales.code(cells, "invoice_id");
        let Some(at) = sales.document_at.get(&document).copied() else {
            let currency = cells.text("currency").map_or_else(String::new, |text| text.to_string());
            self.stray.push((currency, small("tax_amount").unwrap_or(0)));
            return;
        };
        let stated = Stated {
            line: sales.code(cells, "line_no"),
            jurisdiction: sales.code(cells, "jurisdiction_id"),
            base: small("taxable_amount"),
            rate: small("rate"),
            tax: small("tax_amount"),
        };
        self.of.entry(at).or_default().push(stated);
    }
}
