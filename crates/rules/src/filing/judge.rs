//! One line: which day governs, who taxes it, what of it is taxed at which rate, and so in which cell it lands.

use std::collections::{BTreeSet, HashMap};

use tieout_model::amount::{MONEY_SCALE, QUANTITY_SCALE, pow10, round_units};
use tieout_model::filing::{Cell, Exemption};
use tieout_model::{Date, Rounding};

use super::place::{Boundaries, Found};
use super::reference::{Certificate, Lack, Level, Reference};
use super::sale::{Document, NONE, Sale, Sales, Supply, Taxes};

/// What a jurisdiction takes of a line.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub jurisdiction: u32,
    /// Row of the rate table.
    pub rate: usize,
    /// Money units.
    pub base: i128,
    /// Scale 18.
    pub exact: i128,
}

/// A line that was judged.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub cell: Cell,
    /// Why, where the cell is of no return; what was relied on elsewhere.
    pub reason: String,
    /// The state or country, by its own jurisdiction.
    pub state: Option<u32>,
    /// The day that puts it into a period, of the original where it is a credit.
    pub day: Option<Date>,
    pub is_intrastate: bool,
    pub parts: Vec<Part>,
    /// Money units taxed at the state's level.
    pub taxed: i128,
    /// True if the state itself taxes it, or would.
    pub by_state: bool,
    /// False where the biller assigned the jurisdiction.
    pub is_verified: bool,
    /// False where the biller assigned the taxability.
    pub is_law_given: bool,
    /// Of a seller who reports cash: paid in the period, of how much; else the whole.
    pub share: Share,
    /// The certificate that it rests on.
    pub certificate: Option<String>,
    /// Why an exemption that was claimed is not supported.
    pub unsupported: Option<String>,
}

/// A part of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub part: i128,
    pub of: i128,
}

impl Share {
    pub(crate) const WHOLE: Self = Self { part: 1, of: 1 };

    /// The part of an amount, rounded to the currency; money units.
    pub(crate) fn take(self, units: i128, places: u8) -> i128 {
        if self.part == self.of {
            return units;
        }
        let drop = u32::from(MONEY_SCALE - places);
        let part = tieout_model::amount::div_units(units * self.part, self.of, Rounding::HalfUp);
        round_units(part, drop, Rounding::HalfUp) * pow10(drop)
    }
}

/// How a jurisdiction treats a category on a day.
#[derive(Clone, Debug)]
struct Law {
    jurisdiction: u32,
    rate: usize,
    treatment: Treatment,
    /// Price of an article up to which a holiday spares it; `None` inside: whatever the price.
    holiday: Option<Option<i128>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Treatment {
    Taxed,
    Free,
    /// Only the part of the price above it is taxed.
    Above(i128),
    /// Free up to this price, taxed in whole beyond.
    UpTo(i128),
    /// As the goods of the document.
    AsGoods,
}

type Stack = Result<(Vec<u32>, bool), String>;

/// Who taxes, category, supply, intrastate, day, and for a service start and bill.
type LawKey = (Vec<u32>, u32, Supply, bool, Date, Option<(Date, Date)>);

/// The certificate that supports an exemption, and why none does.
type Support = (Option<(String, Exemption)>, Option<String>);

pub(crate) struct Judge<'a> {
    pub reference: &'a Reference,
    pub boundaries: &'a Boundaries,
    pub sales: &'a Sales,
    pub taxes: &'a Taxes,
    /// Days on which a customer bought, in order.
    pub bought: HashMap<u32, BTreeSet<Date>>,
    /// Decimal places of money on documents.
    pub places: u8,
    stacks: HashMap<(u32, u32, u32, u32, String, Date), Stack>,
    laws: HashMap<LawKey, Result<Vec<Law>, String>>,
}

/// Why a line is on no return.
struct Stop(Cell, String);

impl<'a> Judge<'a> {
    pub(crate) fn new(
        reference: &'a Reference,
        boundaries: &'a Boundaries,
        sales: &'a Sales,
        taxes: &'a Taxes,
    ) -> Self {
        let mut bought: HashMap<u32, BTreeSet<Date>> = HashMap::new();
        for document in &sales.documents {
            let is_sale = sales.names.get(document.kind) == "invoice" && sales.names.get(document.status) == "posted";
            if let Some(day) = document.tax_point.or(document.issued).filter(|_| is_sale) {
                bought.entry(document.customer).or_default().insert(day);
            }
        }
        Self { reference, boundaries, sales, taxes, bought, places: 2, stacks: HashMap::new(), laws: HashMap::new() }
    }

    /// Judges a line; a line that follows the goods needs the document's others (`goods`: taxed share by jurisdiction).
    pub(crate) fn line(&mut self, at: u32, sale: &Sale, goods: &HashMap<u32, (i128, i128)>) -> Judged {
        let mut judged = Judged {
            cell: Cell::NotTested,
            reason: String::new(),
            state: None,
            day: None,
            is_intrastate: false,
            parts: Vec::new(),
            taxed: 0,
            by_state: true,
            is_verified: true,
            is_law_given: true,
            share: Share::WHOLE,
            certificate: None,
            unsupported: None,
        };
        match self.try_line(at, sale, goods, &mut judged) {
            Ok(cell) => judged.cell = cell,
            Err(Stop(cell, reason)) => {
                judged.cell = cell;
                judged.reason = reason;
                judged.parts.clear();
                judged.taxed = 0;
                judged.certificate = None;
                judged.unsupported = None;
            }
        }
        judged
    }

    fn try_line(
        &mut self,
        at: u32,
        sale: &Sale,
        goods: &HashMap<u32, (i128, i128)>,
        judged: &mut Judged,
    ) -> Result<Cell, Stop> {
        let names = &self.sales.names;
        let document = &self.sales.documents[at as usize];
        let kind = names.get(document.kind);
        if names.get(document.status) != "posted" {
            let status = names.option(document.status).unwrap_or("unknown");
            return Err(Stop(Cell::NoSale, format!("its status is {status}")));
        }
        if !matches!(kind, "invoice" | "credit_note" | "debit_note") {
            return Err(Stop(
                Cell::NoSale,
                format!("a {} is no sale", if kind.is_empty() { "document of no type" } else { kind }),
            ));
        }
        let test = |reason: &str| Stop(Cell::NotTested, reason.to_owned());
        let Some(net) = sale.net else { return Err(test("`net_amount` is missing or unreadable")) };
        for (code, name) in [(document.entity, "entity_id"), (document.currency, "currency")] {
            if code == NONE {
                return Err(test(&format!("`{name}` is missing")));
            }
        }
        let is_credit = kind == "credit_note";
        // A credit takes day and rate of what it takes back.
        let source = if is_credit {
            if document.original == NONE {
                return Err(test("the credit names no original, so its rate is not known"));
            }
            match self.sales.document_at.get(&document.original) {
                Some(original) => &self.sales.documents[*original as usize],
                None => return Err(test("the credit's original is not among the exports, so its rate is not known")),
            }
        } else {
            document
        };
        let Some(day) = source.tax_point.or(source.issued) else {
            return Err(test("no tax point and no day of issue"));
        };
        judged.day = Some(day);
        let (state, origin, destination, scope, is_intrastate) = self.route(source, sale)?;
        judged.is_intrastate = is_intrastate;
        let Some(top) = self.reference.state(&state) else {
            let words = format!("no jurisdiction is known for {state}");
            return Err(Stop(Cell::OnNoReturn, words));
        };
        judged.state = Some(top);
        if self.reference.registration(names.get(document.entity), top, day).is_none() {
            return Err(Stop(
                Cell::OnNoReturn,
                format!("the seller is not registered in {state} on the day of the sale"),
            ));
        }
        if document.is_marketplace {
            return Ok(Cell::Marketplace);
        }
        if document.has_header_amounts {
            return Err(test("an allowance or charge of the whole document is not shared out to its lines"));
        }
        let (rate_day, span) = self.governing(source, sale, &state)?;
        let (stack, is_verified) = self.stack(at, sale, (origin, destination), &scope, &state, rate_day)?;
        judged.is_verified = is_verified;
        let laws = self.laws(&stack, sale, judged.is_intrastate, rate_day, span)?;
        judged.is_law_given = self.reference.taxability.is_some();
        let (certificate, unsupported) = self.certificate(document, sale, &state, day, judged.is_law_given)?;
        let mut by_holiday = false;
        let mut state_base = None;
        let mut largest = 0i128;
        for law in laws {
            let (base, spared) = self.base(&law, i128::from(net), sale, goods)?;
            let (base, holiday) = if certificate.is_some() { (0, false) } else { (base, spared) };
            by_holiday |= holiday;
            let rate = &self.reference.rates[law.rate];
            let base = match rate.cap {
                // The rate applies to the price of one article up to the cap.
                Some(cap) => {
                    let quantity = sale
                        .quantity
                        .ok_or_else(|| test("`quantity` is missing, and the rate has a limit by article"))?;
                    let most =
                        round_units(cap * i128::from(quantity).abs(), u32::from(QUANTITY_SCALE), Rounding::HalfUp);
                    base.clamp(-most, most)
                }
                None => base,
            };
            let exact = match rate.flat {
                Some(flat) if base != 0 => {
                    let quantity =
                        sale.quantity.ok_or_else(|| test("`quantity` is missing, and the tax is by the unit"))?;
                    // Money × quantity has scale 12; exact tax has 18.
                    flat * i128::from(quantity) * pow10(6)
                }
                Some(_) => 0,
                None => base * rate.rate,
            };
            if law.jurisdiction == top {
                state_base = Some(base);
            }
            if base.abs() > largest.abs() {
                largest = base;
            }
            judged.parts.push(Part { jurisdiction: law.jurisdiction, rate: law.rate, base, exact });
        }
        judged.by_state = state_base.is_some();
        judged.taxed = state_base.unwrap_or(largest);
        judged.unsupported = unsupported;
        if let Some((id, reason)) = certificate {
            judged.certificate = Some(id);
            return Ok(Cell::Exempt(reason));
        }
        Ok(match judged.taxed {
            0 if net != 0 && by_holiday => Cell::Holiday,
            0 if net != 0 => Cell::NonTaxable,
            _ if is_credit => Cell::Credit,
            _ => Cell::Taxable,
        })
    }

    /// State, addresses of origin and destination, the scope of the sourcing rule, and whether the sale stays in one state.
    fn route(&self, document: &Document, sale: &Sale) -> Result<(String, u32, u32, String, bool), Stop> {
        let address = |code: u32| self.sales.addresses.get(code as usize);
        let state_of = |code: u32| {
            let address = address(code)?;
            self.reference.state_of_address(&address.country, &address.subdivision)
        };
        let unassigned = |words: &str| Stop(Cell::Unassigned, words.to_owned());
        let is_picked_up = document.is_picked_up || sale.to != NONE && sale.to == document.from;
        if is_picked_up {
            let state = state_of(document.from)
                .ok_or_else(|| unassigned("picked up, and the counter's address is not known"))?;
            return Ok((state, document.from, document.from, "pick_up".to_owned(), true));
        }
        let by_biller = self.sales.names.option(sale.jurisdiction).and_then(|id| self.reference.jurisdiction(id));
        let by_biller = by_biller.and_then(|at| self.reference.top(at));
        let by_biller = by_biller.and_then(|top| self.reference.jurisdictions[top as usize].subdivision.clone());
        let state = state_of(sale.to).or(by_biller);
        let state = state.ok_or_else(|| unassigned("no ship-to address and no jurisdiction of the biller's"))?;
        let origin = state_of(document.from);
        // Of what is no goods, an origin that is not known is where it is used.
        let is_intrastate = origin.as_ref().is_none_or(|origin| *origin == state);
        let scope = match sale.supply {
            Supply::Service => "service",
            Supply::Lease => "lease",
            Supply::Goods => {
                let origin = origin.ok_or_else(|| {
                    unassigned("no ship-from address, so nobody can tell whether the sale is intrastate")
                })?;
                if origin == state { "intrastate" } else { "interstate" }
            }
        };
        Ok((state, document.from, sale.to, scope.to_owned(), is_intrastate))
    }

    /// The day whose rate governs; for a service over a change of rates, when its period starts and when it was billed.
    fn governing(&self, document: &Document, sale: &Sale, state: &str) -> Result<(Date, Option<(Date, Date)>), Stop> {
        let test = |reason: &str| Stop(Cell::NotTested, reason.to_owned());
        let issued = document.issued.or(document.tax_point).ok_or_else(|| test("no day of issue"))?;
        let tax_point = document.tax_point.unwrap_or(issued);
        let lacks = |what: &str| test(&format!("the {what} date governs in {state}, and it is missing"));
        Ok(match self.reference.date_basis(state, sale.supply.name(), tax_point) {
            None | Some("tax_point") => (tax_point, None),
            Some("invoice") => (issued, None),
            Some("delivery") => (sale.delivered.ok_or_else(|| lacks("delivery"))?, None),
            Some("title") => (sale.titled.or(sale.delivered).ok_or_else(|| lacks("title"))?, None),
            Some("order") => (sale.ordered.ok_or_else(|| lacks("order"))?, None),
            Some("service_change") => {
                let start = sale.service_start.or(document.period_start).ok_or_else(|| lacks("service"))?;
                (start, Some((start, issued)))
            }
            Some(other) => return Err(test(&format!("the {other} date governs in {state}, which is not modelled"))),
        })
    }

    /// Who taxes, level by level from where the sourcing rule says.
    fn stack(
        &mut self,
        at: u32,
        sale: &Sale,
        (origin, destination): (u32, u32),
        scope: &str,
        state: &str,
        day: Date,
    ) -> Result<(Vec<u32>, bool), Stop> {
        // Where addresses decide, they are asked once for all lines between them.
        let own = if sale.jurisdiction == NONE { at } else { NONE };
        let key = (origin, destination, sale.jurisdiction, own, scope.to_owned(), day);
        if !self.stacks.contains_key(&key) {
            let found = self.find_stack(at, sale, (origin, destination), scope, state, day);
            self.stacks.insert(key.clone(), found);
        }
        self.stacks[&key].clone().map_err(|reason| Stop(Cell::Unassigned, reason))
    }

    fn find_stack(
        &self,
        at: u32,
        sale: &Sale,
        (origin, destination): (u32, u32),
        scope: &str,
        state: &str,
        day: Date,
    ) -> Stack {
        let ask = |code: u32| match self.sales.addresses.get(code as usize) {
            Some(address) => match self.boundaries.find(address, day) {
                Found::Nothing => {
                    self.reference.set(&address.set).map_or(Found::Nothing, |set| Found::Stack(set.clone()))
                }
                found => found,
            },
            None => Found::Nothing,
        };
        let is_resolved = |code: u32| {
            let address = self.sales.addresses.get(code as usize);
            address.is_some_and(|address| matches!(self.boundaries.find(address, day), Found::Stack(_)))
        };
        let level = |one: &u32| self.reference.jurisdictions[*one as usize].level;
        let basis = |one: &u32| {
            let by_origin = self.reference.is_by_origin(state, scope, level(one), day);
            by_origin.ok_or_else(|| format!("no sourcing row for {state}, {scope}, {}", level(one).name()))
        };
        let (from, to) = (ask(origin), if destination == origin { ask(origin) } else { ask(destination) });
        let mut unclear = None;
        // The state taxes by its own rule; a sale within it is in it at both ends.
        let mut stack: Vec<u32> = Vec::new();
        let mut is_whole = true;
        let top = if self.reference.state(state).is_some_and(|top| level(&top) == Level::Country) {
            Level::Country
        } else {
            Level::State
        };
        for wanted in [top, Level::County, Level::City, Level::District] {
            let Some(by_origin) = self.reference.is_by_origin(state, scope, wanted, day) else {
                // Only a level that nobody taxes at needs no row.
                let all = [&from, &to].into_iter().filter_map(|found| match found {
                    Found::Stack(stack) => Some(stack),
                    _ => None,
                });
                if wanted == top || all.flatten().any(|one| level(one) == wanted) {
                    return Err(format!("no sourcing row for {state}, {scope}, {}", wanted.name()));
                }
                continue;
            };
            match if by_origin { &from } else { &to } {
                Found::Stack(found) => stack.extend(found.iter().filter(|one| level(one) == wanted)),
                Found::Unclear(why) => {
                    unclear = Some(why.clone());
                    is_whole = false;
                }
                Found::Nothing => is_whole = false,
            }
        }
        if is_whole {
            let is_verified = is_resolved(origin) || is_resolved(destination);
            return Ok((stack, is_verified));
        }
        // The export's own code, or what its tax rows name.
        let own = self.sales.names.option(sale.jurisdiction).and_then(|id| self.reference.jurisdiction(id));
        let mut assigned: Vec<u32> = own.map(|one| self.reference.chain(one)).unwrap_or_default();
        if assigned.is_empty() {
            let rows = self.taxes.of.get(&at).map(Vec::as_slice).unwrap_or_default();
            let named = rows.iter().filter_map(|row| self.sales.names.option(row.jurisdiction));
            let chains =
                named.filter_map(|id| self.reference.jurisdiction(id)).flat_map(|one| self.reference.chain(one));
            assigned = chains.collect();
        }
        assigned.sort_unstable();
        assigned.dedup();
        if assigned.is_empty() {
            return Err(unclear.unwrap_or_else(|| "no boundary record and no jurisdiction of the biller's".to_owned()));
        }
        for one in &assigned {
            basis(one)?;
        }
        Ok((assigned, false))
    }

    /// The law of a stack for a category, once for all lines alike.
    fn laws(
        &mut self,
        stack: &[u32],
        sale: &Sale,
        is_intrastate: bool,
        day: Date,
        span: Option<(Date, Date)>,
    ) -> Result<Vec<Law>, Stop> {
        let category = if self.reference.taxability.is_some() { sale.category } else { sale.biller };
        let key = (stack.to_vec(), category, sale.supply, is_intrastate, day, span);
        if !self.laws.contains_key(&key) {
            let found = self.find_laws(stack, category, is_intrastate, day, span);
            self.laws.insert(key.clone(), found);
        }
        self.laws[&key].clone().map_err(|reason| Stop(Cell::NotTested, reason))
    }

    fn find_laws(
        &self,
        stack: &[u32],
        category: u32,
        is_intrastate: bool,
        day: Date,
        span: Option<(Date, Date)>,
    ) -> Result<Vec<Law>, String> {
        let category = self.sales.names.option(category);
        let scope = if is_intrastate { "intrastate" } else { "interstate" };
        let mut laws = Vec::new();
        for one in stack.iter().copied() {
            let place = &self.reference.jurisdictions[one as usize];
            let (treatment, is_reduced) = if self.reference.taxability.is_some() {
                let category = category.ok_or_else(|| "the item has no tax category".to_owned())?;
                self.treatment(one, category, day)?
            } else {
                // The biller's word, which the papers say is not verified.
                let free = ["exempt", "nontaxable", "E", "AE", "K", "G", "O", "Z"];
                let is_free = category.is_some_and(|word| free.contains(&word));
                (if is_free { Treatment::Free } else { Treatment::Taxed }, false)
            };
            let class = match category {
                Some("food" | "drug" | "food_drug") => "food_drug",
                _ if is_reduced => "reduced",
                _ => "general",
            };
            let rate = self.rate(one, class, scope, day, span).map_err(|lack| match lack {
                Lack::None => format!("no rate of {} ({class}, {scope}) is in force on {day}", place.id),
                Lack::Several => format!("several rates of {} ({class}, {scope}) are in force on {day}", place.id),
            })?;
            let holiday = category.and_then(|category| self.reference.holiday(one, category, day));
            laws.push(Law { jurisdiction: one, rate, treatment, holiday: holiday.map(|holiday| holiday.threshold) });
        }
        Ok(laws)
    }

    /// The rate on a day. Over a change, an increase governs services whose period starts on or after it, a decrease those
    /// that are billed on or after it (SSUTA 329).
    fn rate(&self, one: u32, class: &str, scope: &str, day: Date, span: Option<(Date, Date)>) -> Result<usize, Lack> {
        let Some((start, issued)) = span else { return self.reference.rate(one, class, scope, day) };
        let mut row = self.reference.rate(one, class, scope, start.min(issued))?;
        let (low, high) = (start.min(issued), start.max(issued));
        let changes: Vec<Date> = self
            .reference
            .rates_of(one, class, scope)
            .filter(|rate| low < rate.from && rate.from <= high)
            .map(|rate| rate.from)
            .collect();
        for change in changes {
            let next = self.reference.rate(one, class, scope, change)?;
            let is_increase = self.reference.rates[next].rate > self.reference.rates[row].rate;
            if if is_increase { start >= change } else { issued >= change } {
                row = next;
            }
        }
        Ok(row)
    }

    fn treatment(&self, one: u32, category: &str, day: Date) -> Result<(Treatment, bool), String> {
        let place = &self.reference.jurisdictions[one as usize].id;
        let row = self.reference.taxability(one, category, day).map_err(|lack| match lack {
            Lack::None => format!("the taxability table says nothing of {category} in {place}"),
            Lack::Several => format!("the taxability table contradicts itself on {category} in {place}"),
        })?;
        let is_reduced = row.treatment == "reduced";
        let plain = match row.treatment.as_str() {
            "taxable" | "reduced" | "included_in_price" => Treatment::Taxed,
            "exempt" | "excluded_from_price" => Treatment::Free,
            "follows_goods" => Treatment::AsGoods,
            other => return Err(format!("the treatment {other} of {category} in {place} is not known")),
        };
        let treatment = match (row.condition.as_deref(), row.threshold, plain) {
            // A line of its own is separately stated.
            (None | Some("separately_stated"), None, plain) => plain,
            (Some("over_threshold"), Some(threshold), Treatment::Taxed) => Treatment::Above(threshold),
            (Some("under_threshold"), Some(threshold), Treatment::Free) => Treatment::UpTo(threshold),
            (condition, _, _) => {
                let condition = condition.unwrap_or("threshold");
                return Err(format!("the condition {condition} of {category} in {place} is not modelled"));
            }
        };
        Ok((treatment, is_reduced))
    }

    /// What of a line is taxed, and whether a holiday spares it.
    fn base(
        &self,
        law: &Law,
        net: i128,
        sale: &Sale,
        goods: &HashMap<u32, (i128, i128)>,
    ) -> Result<(i128, bool), Stop> {
        let test = |reason: &str| Stop(Cell::NotTested, reason.to_owned());
        // Is the price of one article at most `threshold`? Net and quantity have the same sign.
        let is_within = |threshold: i128| -> Result<bool, Stop> {
            let quantity = sale.quantity.filter(|units| *units != 0);
            let quantity =
                quantity.ok_or_else(|| test("`quantity` is missing, and the price of an article decides"))?;
            Ok(net.abs() * pow10(u32::from(QUANTITY_SCALE)) <= threshold * i128::from(quantity).abs())
        };
        if let Some(threshold) = law.holiday
            && law.treatment != Treatment::Free
            && threshold.map_or(Ok(true), is_within)?
        {
            return Ok((0, true));
        }
        let base = match law.treatment {
            Treatment::Taxed => net,
            Treatment::Free => 0,
            Treatment::UpTo(threshold) => {
                if is_within(threshold)? {
                    0
                } else {
                    net
                }
            }
            Treatment::Above(threshold) => {
                if is_within(threshold)? {
                    0
                } else {
                    let quantity = i128::from(sale.quantity.unwrap_or(0));
                    net - round_units(threshold * quantity, u32::from(QUANTITY_SCALE), Rounding::HalfUp)
                }
            }
            Treatment::AsGoods => {
                let (taxed, all) = goods.get(&law.jurisdiction).copied().unwrap_or((0, 0));
                if all == 0 {
                    return Err(test("freight follows the goods, and the document bills none"));
                }
                let drop = u32::from(MONEY_SCALE - self.places);
                let share = tieout_model::amount::div_units(net * taxed, all, Rounding::HalfUp);
                round_units(share, drop, Rounding::HalfUp) * pow10(drop)
            }
        };
        Ok((base, false))
    }

    /// The certificate that a line rests on, or why none supports a claim.
    fn certificate(
        &self,
        document: &Document,
        sale: &Sale,
        state: &str,
        day: Date,
        is_law_given: bool,
    ) -> Result<Support, Stop> {
        let names = &self.sales.names;
        let customer = names.get(document.customer);
        let all = self.reference.certificates.get(customer).map(Vec::as_slice).unwrap_or_default();
        let category = names.option(sale.category).filter(|_| is_law_given);
        let number = names.get(document.number);
        let mut why = None;
        for certificate in all {
            match self.supports(certificate, (document.customer, number), state, category, day) {
                Ok(true) => return Ok((Some((certificate.id.clone(), certificate.reason)), None)),
                Ok(false) => {}
                Err((true, reason)) if sale.claims_exemption => return Err(Stop(Cell::NotTested, reason)),
                Err((_, reason)) => why = Some(reason),
            }
        }
        if !sale.claims_exemption || sale.tax.is_some_and(|tax| tax != 0) {
            return Ok((None, None));
        }
        let none = "no certificate of the customer is in force on that day".to_owned();
        Ok((None, Some(why.unwrap_or(none))))
    }

    /// Whether a certificate supports a sale; `Err` says why one that is in force does not, and whether that is undecided.
    fn supports(
        &self,
        certificate: &Certificate,
        (customer, number): (u32, &str),
        state: &str,
        category: Option<&str>,
        day: Date,
    ) -> Result<bool, (bool, String)> {
        let is_good = certificate.status == "valid" || certificate.status == "expired" && certificate.to.is_some();
        let id = &certificate.id;
        if !is_good || day < certificate.from || certificate.to.is_some_and(|to| day >= to) {
            return Ok(false);
        }
        if !certificate.is_blanket && certificate.invoice.as_deref().is_some_and(|invoice| invoice != number) {
            return Ok(false);
        }
        if self.reference.covers(id, state, category) == Some(false) {
            return Err((false, format!("certificate {id} does not cover it in {state}")));
        }
        let Some(received) = certificate.received else {
            return Err((false, format!("certificate {id} has no day of receipt")));
        };
        if received > day {
            let days = received.0 - day.0;
            let grace =
                self.reference.practice(state, "certificate_grace_days", day).and_then(|days| days.parse::<i32>().ok());
            match grace {
                None => {
                    let words = format!(
                        "certificate {id} came {days} days after the sale, and no row says how many {state} allows"
                    );
                    return Err((true, words));
                }
                Some(grace) if days > grace => {
                    return Err((
                        false,
                        format!("certificate {id} came {days} days after the sale; {grace} are allowed"),
                    ));
                }
                Some(_) => {}
            }
        }
        let months =
            self.reference.practice(state, "blanket_lapse_months", day).and_then(|months| months.parse::<i32>().ok());
        if let Some(months) = months.filter(|_| certificate.is_blanket) {
            // It lapses when so many months pass without a purchase.
            let bought = self.bought.get(&customer);
            let first = received.min(day).max(certificate.from);
            let mut last = first;
            for purchase in bought.into_iter().flatten().copied().filter(|one| *one <= day && *one >= first) {
                if purchase > last.add_months(months) {
                    return Err((
                        false,
                        format!("blanket certificate {id} lapsed: no purchase from {last} to {purchase}"),
                    ));
                }
                last = purchase;
            }
        }
        Ok(true)
    }
}
