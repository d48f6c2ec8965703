//! The steps that episodes are made of: open an account, order, ship, bill, pay, credit, remind.

use tieout_model::Date;

use crate::Result;
use crate::company::{Customer, GOODS, ITEMS, STATES, as_of, name};
use crate::document::{Document, Kind, Line, Taxing};
use crate::layout::Of;
use crate::money::Currency;
use crate::table::{Cell, id};
use crate::world::World;

/// An order that was placed.
#[derive(Clone, Debug)]
pub struct Order {
    /// Number.
    pub id: u64,
    /// Whose.
    pub customer: Customer,
    /// The customer's own number.
    pub po: u64,
    /// Item, quantity, agreed price.
    pub lines: Vec<(usize, i64, i64)>,
}

/// A shipment: its number; order line (from 1) and quantity of each of its lines.
#[derive(Clone, Debug)]
pub struct Shipment {
    /// Number.
    pub id: u64,
    /// Order line and quantity.
    pub lines: Vec<(u64, i64)>,
}

/// How a payment differs from an ordinary one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paying {
    /// Days after which the books know it.
    pub posted_after: i32,
    /// The bank's reference; a new one if 0.
    pub reference: u64,
    /// Account it is credited to, if not the document's.
    pub payer: u64,
    /// Discount taken with it, minor units.
    pub discount: i64,
}

/// What is special about an account's master record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Name, if not the invented one.
    pub name: Option<String>,
    /// Street, if not the invented one.
    pub street: Option<String>,
    /// Tax number, if not its own.
    pub tax_no: Option<String>,
    /// Whether business is done with it.
    pub active: bool,
    /// Whether its bills must name its purchase order.
    pub po_required: bool,
    /// Whether it gets no reminders by agreement.
    pub hold: bool,
    /// Whether the billing system calls it exempt, with a certificate or without.
    pub exempt: bool,
    /// Days until which its first address was in use, if it has moved.
    pub moved: Option<Date>,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            name: None,
            street: None,
            tax_no: None,
            active: true,
            po_required: false,
            hold: false,
            exempt: false,
            moved: None,
        }
    }
}

/// The tax number of an account.
pub fn tax_no(account: u64) -> String {
    format!("TIN-{:09}", 470_000_000 + account)
}

/// The street of an account.
pub fn street(account: u64) -> String {
    format!("{} Mill Lane", account % 400 + 1)
}

impl World {
    /// Opens an account; `alter` decides what is special about it.
    pub fn newcomer(&mut self, state: usize, alter: impl FnOnce(&mut Customer)) -> Result<Customer> {
        self.newcomer_as(state, &Record::default(), alter)
    }

    /// Opens an account with a master record of its own.
    pub fn newcomer_as(
        &mut self,
        state: usize,
        record: &Record,
        alter: impl FnOnce(&mut Customer),
    ) -> Result<Customer> {
        let currency = match STATES[state].country {
            "DE" => Currency::Eur,
            "JP" => Currency::Jpy,
            _ => Currency::Usd,
        };
        let number = self.next("C");
        let mut customer = Customer::new(number, state, currency);
        alter(&mut customer);
        self.write_customer(&customer, false, record)?;
        Ok(customer)
    }

    /// Writes an account, its addresses and its contract prices.
    pub fn write_customer(&mut self, customer: &Customer, one_off: bool, record: &Record) -> Result<()> {
        let word = |truth: bool| Cell::Word(if truth { "true" } else { "false" });
        let called = if one_off { "Counter sales".to_owned() } else { name(customer.id) };
        let called = record.name.clone().unwrap_or(called);
        let tax_no = record.tax_no.clone().unwrap_or_else(|| tax_no(customer.id));
        let cells = [
            Cell::Id("C", customer.id),
            Cell::Text(&called),
            Cell::id("C", customer.parent),
            Cell::Word(if customer.wholesale { "wholesale" } else { "retail" }),
            word(record.exempt || customer.certificate > 0),
            word(one_off),
            Cell::Id("A", customer.ship_to()),
            Cell::Id("A", customer.ship_to()),
            Cell::Text(&tax_no),
            word(record.active),
            Cell::Text(if customer.wholesale { "D10" } else { "N30" }),
            word(record.po_required),
            word(record.hold),
            Cell::Text(["east", "west", "north"][usize::try_from(customer.id % 3).unwrap_or(0)]),
        ];
        self.write(Of::Customer, &cells)?;
        let first = record.street.clone().unwrap_or_else(|| street(customer.id));
        let second = format!("{} Dock Road", customer.id % 400 + 1);
        let since = crate::company::long_ago();
        for (address, street, until) in
            [(customer.ship_to(), first, record.moved), (customer.ship_to() + 1, second, None)]
        {
            let place = crate::company::place(customer.state);
            self.write_address(address, &street, customer.state, place.as_deref())?;
            self.serve(customer, address, "ship_to", (since, until))?;
        }
        self.serve(customer, customer.ship_to(), "bill_to", (since, None))?;
        if customer.contract {
            for item in 0..ITEMS.len() {
                if let Some(price) = crate::company::contract_price(item) {
                    crate::master::own_price(self, customer.id, item, price)?;
                }
            }
        }
        Ok(())
    }

    /// Records where a customer is served, and when.
    pub fn serve(&mut self, customer: &Customer, at: u64, role: &str, days: (Date, Option<Date>)) -> Result<()> {
        let cells =
            [Cell::Id("C", customer.id), Cell::Id("A", at), Cell::Word(role), Cell::Day(days.0), Cell::day(days.1)];
        self.write(Of::CustomerAddress, &cells)
    }

    /// Writes an address, with the jurisdictions that stack there.
    pub fn write_address(&mut self, address: u64, street: &str, state: usize, place: Option<&str>) -> Result<()> {
        let state = &STATES[state];
        let cells = [
            Cell::Id("A", address),
            Cell::Text(street),
            Cell::Text(state.city),
            Cell::Text(state.code),
            Cell::Text(state.postal_code),
            Cell::Text(state.country),
            place.map_or(Cell::Empty, Cell::Text),
        ];
        self.write(Of::Address, &cells)
    }

    /// A basket of goods, at most one line an item.
    pub fn basket(&mut self, lines: i64) -> Vec<(usize, i64)> {
        let mut basket: Vec<(usize, i64)> = Vec::new();
        for _ in 0..lines {
            let item = self.rng.index(GOODS);
            if basket.iter().any(|(known, _)| *known == item) {
                continue;
            }
            let quantity = match ITEMS[item].unit {
                "EA" if item == crate::company::TIERED => self.rng.range(2, 8) * 25_000,
                "EA" if ITEMS[item].price > 1_000_000 => self.rng.range(1, 3) * 1_000,
                "EA" => self.rng.range(1, 24) * 1_000,
                // Metres and kilograms are cut and weighed.
                _ => self.rng.range(2, 160) * 250,
            };
            basket.push((item, quantity));
        }
        basket
    }

    /// Places an order that stays open.
    pub fn order(&mut self, customer: Customer, date: Date, basket: &[(usize, i64)], billing: &str) -> Result<Order> {
        self.order_as(customer, date, basket, (billing, "open"))
    }

    /// Places an order, with the status that it has reached by now.
    pub fn order_as(
        &mut self,
        customer: Customer,
        date: Date,
        basket: &[(usize, i64)],
        words: (&str, &str),
    ) -> Result<Order> {
        let price = |&(item, quantity): &(usize, i64)| (item, quantity, customer.price(item, quantity, date));
        let priced: Vec<(usize, i64, i64)> = basket.iter().map(price).collect();
        self.order_at(customer, date, &priced, words)
    }

    /// Places an order at prices of its own.
    pub fn order_at(
        &mut self,
        customer: Customer,
        date: Date,
        basket: &[(usize, i64, i64)],
        (billing, status): (&str, &str),
    ) -> Result<Order> {
        let (number, po) = (self.next("SO"), self.next("PO-"));
        let mut lines = Vec::new();
        for (&(item, quantity, price), no) in basket.iter().zip(1..) {
            lines.push((item, quantity, price));
            let cells = [
                Cell::Id("SO", number),
                Cell::Count(no),
                Cell::Id("C", customer.id),
                Cell::Text(ITEMS[item].id),
                Cell::Number(quantity, 3),
                Cell::Text(ITEMS[item].unit),
                Cell::Number(price, 4),
                Cell::Day(date),
                Cell::Word(status),
                Cell::Text(customer.currency.code()),
                Cell::Id("PO-", po),
                Cell::Word(billing),
            ];
            self.write(Of::OrderLine, &cells)?;
        }
        Ok(Order { id: number, customer, po, lines })
    }

    /// Ships order lines; a negative quantity comes back. They arrive on the day after.
    pub fn ship(&mut self, order: &Order, date: Date, lines: &[(u64, i64)], free: &str) -> Result<Shipment> {
        self.ship_as(order, (date, date.add_days(1)), lines, free)
    }

    /// Ships order lines: day of shipment and of arrival.
    pub fn ship_as(
        &mut self,
        order: &Order,
        (date, arrival): (Date, Date),
        lines: &[(u64, i64)],
        free: &str,
    ) -> Result<Shipment> {
        let number = self.next("SH");
        for (&(line, quantity), no) in lines.iter().zip(1..) {
            let Some(&(item, ..)) = order_line(order, line) else { continue };
            let cells = [
                Cell::Id("SH", number),
                Cell::Count(no),
                Cell::id("SO", order.id),
                if order.id == 0 { Cell::Empty } else { Cell::Count(line) },
                Cell::Id("C", order.customer.id),
                Cell::Text(ITEMS[item].id),
                Cell::Number(quantity, 3),
                Cell::Text(ITEMS[item].unit),
                Cell::Day(date),
                Cell::Day(arrival),
                Cell::Id("A", order.customer.ship_to()),
                Cell::Text(free),
            ];
            self.write(Of::ShipmentLine, &cells)?;
        }
        Ok(Shipment { id: number, lines: lines.to_vec() })
    }

    /// Ships an order whole.
    pub fn ship_all(&mut self, order: &Order, date: Date) -> Result<Shipment> {
        let lines: Vec<(u64, i64)> = (1..).zip(&order.lines).map(|(no, line)| (no, line.1)).collect();
        self.ship(order, date, &lines, "")
    }

    /// A bill of a shipment of an order, taxed by law.
    pub fn bill(&mut self, order: &Order, shipment: &Shipment, date: Date) -> Document {
        let mut bill = Document::new(self.next("D"), order.customer, date);
        (bill.order, bill.po) = (order.id, order.po);
        for (&(line, quantity), no) in shipment.lines.iter().zip(1..) {
            let Some(&(item, _, price)) = order_line(order, line) else { continue };
            bill.lines.push(Line {
                item,
                quantity,
                price,
                order: Some((order.id, line)),
                shipment: Some((shipment.id, no)),
                ..Line::default()
            });
        }
        bill.total(Taxing::Lawful, self.settings.rounding);
        bill
    }

    /// Ordered a few days ago, shipped, billed today in full.
    pub fn sale(&mut self, customer: Customer, basket: &[(usize, i64)]) -> Result<Document> {
        self.sale_as(customer, basket, "open")
    }

    /// The same with the order's status.
    pub fn sale_as(&mut self, customer: Customer, basket: &[(usize, i64)], status: &str) -> Result<Document> {
        let (ordered, shipped) = (self.rng.range(3, 9), self.rng.range(0, 2));
        let today = self.today;
        let back = |days: i64| today.add_days(-i32::try_from(days).unwrap_or(0));
        let order = self.order_as(customer, back(ordered), basket, ("on_shipment", status))?;
        // What left the house in another month is billed in that month.
        let shipment = self.ship_all(&order, back(shipped).max(today.month_start()))?;
        Ok(self.bill(&order, &shipment, today))
    }

    /// A bill without order: what the customer's own number or the lines say is all there is.
    pub fn loose(&mut self, customer: Customer, date: Date, basket: &[(usize, i64)]) -> Document {
        let mut bill = Document::new(self.next("D"), customer, date);
        for &(item, quantity) in basket {
            let price = customer.price(item, quantity, date);
            bill.lines.push(Line { item, quantity, price, ..Line::default() });
        }
        bill.total(Taxing::Lawful, self.settings.rounding);
        bill
    }

    /// The same bill again.
    pub fn again(&mut self, bill: &Document, date: Date) -> Document {
        let mut copy = bill.clone();
        copy.id = self.next("D");
        copy.date = date;
        copy.settled.clear();
        copy.rate_day = Some(bill.date);
        copy.tax_point = Some(bill.tax_point.unwrap_or(bill.date));
        copy
    }

    /// A credit note over some of a bill's lines: line (from 1), quantity, price.
    pub fn credit(&mut self, bill: &Document, date: Date, lines: &[(u64, i64, i64)], reason: &'static str) -> Document {
        let mut credit = Document::new(self.next("D"), bill.customer, date);
        credit.kind = Kind::Credit;
        credit.original = bill.id;
        credit.reason = reason;
        credit.rate_day = Some(bill.tax_point.unwrap_or(bill.date));
        for &(no, quantity, price) in lines {
            let Some(own) = usize::try_from(no - 1).ok().and_then(|at| bill.lines.get(at)) else { continue };
            credit.lines.push(Line {
                item: own.item,
                quantity: -quantity,
                price,
                order: own.order,
                original: Some(no),
                subscription: own.subscription,
                service: own.service,
                ..Line::default()
            });
        }
        credit.total(Taxing::Lawful, self.settings.rounding);
        credit
    }

    /// Records a payment without saying what it is for.
    pub fn receive(
        &mut self,
        (customer, currency): (u64, Currency),
        date: Date,
        amount: i64,
        how: Paying,
        words: [&str; 3],
    ) -> Result<u64> {
        let number = self.next("RC");
        let reference = if how.reference > 0 { how.reference } else { self.rng.bits() % 90_000_000 + 10_000_000 };
        let [status, kind, remittance] = words;
        let cells = [
            Cell::Id("RC", number),
            Cell::Id("C", if how.payer > 0 { how.payer } else { customer }),
            Cell::Day(date),
            Cell::Day(date.add_days(how.posted_after)),
            Cell::Id("ACH ", reference),
            Cell::Text(currency.code()),
            Cell::Number(amount, currency.decimals()),
            Cell::Word(status),
            Cell::Word(kind),
            Cell::Text(remittance),
        ];
        self.tables[Of::Payment as usize].write(&cells, Some((currency, amount)))?;
        if status == "cleared" {
            self.ledger.post(date.add_days(how.posted_after), currency, -amount);
        }
        Ok(number)
    }

    /// Applies a payment to a document.
    pub fn apply(&mut self, payment: u64, bill: &mut Document, seq: u64, days: (Date, i32), amount: i64) -> Result<()> {
        self.apply_less(payment, bill, seq, days, (amount, 0))
    }

    /// Applies a payment and a discount taken with it.
    pub fn apply_less(
        &mut self,
        payment: u64,
        bill: &mut Document,
        seq: u64,
        days: (Date, i32),
        (amount, discount): (i64, i64),
    ) -> Result<()> {
        let posted = days.0.add_days(days.1);
        bill.settled.push((posted, amount + discount));
        let currency = bill.currency();
        self.ledger.post(posted, currency, -discount);
        let taken = if discount == 0 { Cell::Empty } else { Cell::Number(discount, currency.decimals()) };
        let cells = [
            Cell::Id("RC", payment),
            Cell::Id("D", bill.id),
            Cell::Count(seq),
            Cell::Day(days.0),
            Cell::Day(posted),
            Cell::Number(amount, currency.decimals()),
            taken,
            Cell::Text(currency.code()),
        ];
        self.tables[Of::PaymentApplication as usize].write(&cells, Some((currency, amount)))
    }

    /// A payment in the ordinary way: received and applied; nothing happens after the as-of day.
    pub fn pay(&mut self, bill: &mut Document, date: Date, amount: i64, how: Paying) -> Result<u64> {
        if date.add_days(how.posted_after) > as_of() || amount == 0 {
            return Ok(0);
        }
        let whose = (bill.customer.id, bill.currency());
        let payment = self.receive(whose, date, amount, how, ["cleared", "receipt", ""])?;
        self.apply_less(payment, bill, 1, (date, how.posted_after), (amount, how.discount))?;
        Ok(payment)
    }

    /// Uses a credit note on a bill.
    pub fn use_credit(&mut self, credit: &mut Document, bill: &mut Document, date: Date, amount: i64) -> Result<()> {
        self.use_credit_as(credit, bill, (1, date), amount)
    }

    /// The same as the so-many-th application; a negative amount takes it off again.
    pub fn use_credit_as(
        &mut self,
        credit: &mut Document,
        bill: &mut Document,
        (seq, date): (u64, Date),
        amount: i64,
    ) -> Result<()> {
        credit.settled.push((date, -amount));
        bill.settled.push((date, amount));
        let currency = bill.currency();
        let cells = [
            Cell::Id("D", credit.id),
            Cell::Id("D", bill.id),
            Cell::Count(seq),
            Cell::Day(date),
            Cell::Day(date),
            Cell::Number(amount, currency.decimals()),
            Cell::Text(currency.code()),
        ];
        self.tables[Of::CreditApplication as usize].write(&cells, Some((currency, amount)))
    }

    /// Pays money back, for a payment or a credit note (0: not for one).
    pub fn refund(&mut self, customer: Customer, source: (u64, u64), date: Date, amount: i64) -> Result<u64> {
        self.refund_as(customer, source, (None, Some(date)), amount, "paid")
    }

    /// Pays money back: the day on which it was asked for and that of payment, and what became of it.
    pub fn refund_as(
        &mut self,
        customer: Customer,
        (payment, credit): (u64, u64),
        (asked, paid): (Option<Date>, Option<Date>),
        amount: i64,
        status: &str,
    ) -> Result<u64> {
        let number = self.next("RF");
        let cells = [
            Cell::Id("RF", number),
            Cell::id("RC", payment),
            Cell::id("D", credit),
            Cell::Id("C", customer.id),
            Cell::day(asked),
            Cell::day(paid),
            Cell::Number(amount, customer.currency.decimals()),
            Cell::Text(customer.currency.code()),
            Cell::Word(status),
        ];
        if let Some(day) = paid.filter(|_| !matches!(status, "failed" | "cancelled")) {
            self.ledger.post(day, customer.currency, amount);
        }
        self.tables[Of::Refund as usize].write(&cells, Some((customer.currency, amount)))?;
        Ok(number)
    }

    /// Adds to a bill after the fact: a surcharge or a tip is a negative adjustment.
    pub fn surcharge(&mut self, bill: &mut Document, date: Date, amount: i64) -> Result<()> {
        self.adjust(bill, date, "other", (-amount, 0))
    }

    /// Adjusts what is open of a bill: net and tax that the customer owes less.
    pub fn adjust(&mut self, bill: &mut Document, date: Date, kind: &str, (net, tax): (i64, i64)) -> Result<()> {
        bill.settled.push((date, net + tax));
        let number = self.next("ADJ");
        let currency = bill.currency();
        self.ledger.post(date, currency, -net - tax);
        let cells = [
            Cell::Id("ADJ", number),
            Cell::Id("D", bill.id),
            Cell::Day(date),
            Cell::Word(kind),
            Cell::Number(net, currency.decimals()),
            Cell::Number(tax, currency.decimals()),
            Cell::Text(currency.code()),
        ];
        self.tables[Of::Adjustment as usize].write(&cells, Some((currency, net)))
    }

    /// Refunds what is open of a credit note.
    pub fn refund_credit(&mut self, credit: &mut Document, date: Date) -> Result<()> {
        let amount = -credit.open(as_of());
        credit.settled.push((date, -amount));
        self.refund(credit.customer, (0, credit.id), date, amount)?;
        Ok(())
    }

    /// Sends a letter; its number.
    pub fn remind(&mut self, bill: &Document, date: Date, level: u64) -> Result<u64> {
        let number = self.next("RM");
        let cells = [
            Cell::Id("RM", number),
            Cell::Id("D", bill.id),
            Cell::Id("C", bill.customer.id),
            Cell::Day(date),
            Cell::Count(level),
        ];
        self.write(Of::Reminder, &cells)?;
        Ok(number)
    }

    /// Opens a dispute.
    pub fn dispute(&mut self, bill: &Document, opened: Date, closed: Option<Date>) -> Result<()> {
        let number = self.next("DP");
        let cells = [
            Cell::Id("DP", number),
            Cell::Id("D", bill.id),
            Cell::Day(opened),
            Cell::day(closed),
            Cell::Number(bill.gross, bill.currency().decimals()),
            Cell::Text("quantity"),
        ];
        self.tables[Of::Dispute as usize].write(&cells, Some((bill.currency(), bill.gross)))
    }
}

/// A line of an order, counted from 1.
fn order_line(order: &Order, line: u64) -> Option<&(usize, i64, i64)> {
    usize::try_from(line).ok().and_then(|line| order.lines.get(line.checked_sub(1)?))
}

/// Key of an order line.
pub fn order_key(order: &Order, line: u64) -> String {
    format!("{}/{line}", id("SO", order.id))
}

/// Key of a shipment line.
pub fn shipment_key(shipment: &Shipment, line: u64) -> String {
    format!("{}/{line}", id("SH", shipment.id))
}
