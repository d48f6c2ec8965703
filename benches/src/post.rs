//! How a document stands in the exports: its header, lines and tax, and its open item.

use crate::Result;
use crate::company::{ITEMS, JURISDICTIONS, STATES, as_of, period_from};
use crate::document::{Document, Kind, Line};
use crate::layout::Of;
use crate::money::{PRICE_DECIMALS, QUANTITY_DECIMALS, RATE_DECIMALS};
use crate::table::{Cell, Table};
use crate::world::{World, earlier_from, invoice_key};

/// Where the open item of a document stands, and what else the exports say on its header.
struct Header<'a> {
    number: &'a str,
    status: &'a str,
    open: i64,
    run: &'a str,
}

impl World {
    /// Writes a document with all that belongs to it.
    pub fn write_document(&mut self, document: &Document, number: &str) -> Result<()> {
        self.write_header(document, number)?;
        self.write_lines(document)?;
        self.write_taxes(document)?;
        self.write_open_item(document)
    }

    fn write_header(&mut self, document: &Document, number: &str) -> Result<()> {
        let run = format!("R-{:02}{:02}", document.date.month(), document.date.day());
        let at = [(as_of(), document.status), (period_from().add_days(-1), "posted")];
        for ((seen, status), earlier) in at.into_iter().zip([false, true]) {
            let in_overlap = document.date >= earlier_from();
            let table = match (earlier, &mut self.earlier) {
                (false, Some(_)) if !in_overlap => continue,
                (false, _) => &mut self.tables[Of::Invoice as usize],
                (true, Some(table)) if document.date <= seen => table,
                (true, _) => continue,
            };
            let header = Header { number, status, open: document.open(seen) + document.unbalanced, run: &run };
            write_invoice(table, document, &header)?;
        }
        self.ledger.document(document);
        Ok(())
    }

    /// Writes the lines of a document.
    pub fn write_lines(&mut self, document: &Document) -> Result<()> {
        let currency = document.currency();
        for (line, no) in document.lines.iter().zip(1..) {
            let cells = line_cells(document, line, no);
            self.tables[Of::InvoiceLine as usize].write(&cells, Some((currency, line.net)))?;
        }
        Ok(())
    }

    fn write_taxes(&mut self, document: &Document) -> Result<()> {
        let currency = document.currency();
        let places = currency.decimals();
        let based: i64 = document.taxes.iter().take(1).map(|row| row.base).sum();
        let mut exempt = document.lines.iter().map(|line| line.net).sum::<i64>() - document.allowance + document.charge;
        exempt -= based;
        for (row, no) in document.taxes.iter().zip(1..) {
            let cells = [
                Cell::Id("D", document.id),
                Cell::Count(no),
                Cell::Word("SALES"),
                Cell::Text(JURISDICTIONS[row.jurisdiction].id),
                Cell::Word(row.class.category()),
                Cell::Number(row.rate, RATE_DECIMALS),
                Cell::Number(row.base, places),
                Cell::Number(if no == 1 { exempt } else { 0 }, places),
                Cell::Number(row.tax, places),
            ];
            self.tables[Of::InvoiceTax as usize].write(&cells, Some((currency, row.tax)))?;
        }
        self.ledger.taxes(document);
        Ok(())
    }

    fn write_open_item(&mut self, document: &Document) -> Result<()> {
        let open = document.open(as_of()) + document.unbalanced;
        if document.status != "posted" || document.date > as_of() || open == 0 {
            return Ok(());
        }
        let currency = document.currency();
        self.ledger.open_item(currency, open);
        let key = invoice_key(document);
        let cells = [
            Cell::Text(&key),
            Cell::Text(&key),
            Cell::Id("C", document.customer.id),
            Cell::Day(as_of()),
            Cell::Number(open, currency.decimals()),
            Cell::Text(currency.code()),
        ];
        self.write(Of::OpenItem, &cells)
    }
}

fn line_cells<'d>(document: &'d Document, line: &Line, no: u64) -> Vec<Cell<'d>> {
    let places = document.currency().decimals();
    let item = &ITEMS[line.item];
    let goods = line.kind.is_empty() && !line.bare;
    let untaxed = document.customer.certificate > 0 && line.tax == 0;
    let certificate = if untaxed { document.customer.certificate } else { line.certificate };
    let pair = |prefix, pair: Option<(u64, u64)>| match pair {
        Some((id, no)) => (Cell::Id(prefix, id), Cell::Count(no)),
        None => (Cell::Empty, Cell::Empty),
    };
    let (order, order_line) = pair("SO", line.order);
    let (shipment, shipment_line) = pair("SH", line.shipment);
    let taxed_by = STATES[document.customer.state].taxed_by.first();
    let unit = if line.unit.is_empty() && goods { item.unit } else { "EA" };
    vec![
        Cell::Id("D", document.id),
        Cell::Count(no),
        if goods { Cell::Text(item.id) } else { Cell::Empty },
        Cell::Word(if line.kind.is_empty() { "item" } else { line.kind }),
        Cell::Number(line.quantity, QUANTITY_DECIMALS),
        Cell::Text(if line.unit.is_empty() { unit } else { line.unit }),
        Cell::Number(line.price, PRICE_DECIMALS),
        if line.allowance == 0 { Cell::Empty } else { Cell::Number(line.allowance, places) },
        Cell::Number(line.net, places),
        Cell::Number(line.tax, places),
        taxed_by.map_or(Cell::Empty, |&at| Cell::Text(JURISDICTIONS[at].id)),
        Cell::id("CERT", certificate),
        Cell::day(line.service.map(|days| days.0)),
        Cell::day(line.service.map(|days| days.1)),
        Cell::id("A", line.ship_to),
        Cell::id("SUB", line.subscription),
        order,
        order_line,
        shipment,
        shipment_line,
        Cell::Text(if line.discount.is_empty() { &document.promotion } else { line.discount }),
        line.original.map_or(Cell::Empty, Cell::Count),
        line.lot.map_or(Cell::Empty, |lot| Cell::Id("LOT", lot)),
        Cell::Text(if line.words.is_empty() && goods { item.description } else { line.words }),
        if line.list == 0 { Cell::Empty } else { Cell::Number(line.list, PRICE_DECIMALS) },
        Cell::Text(line.category),
        Cell::Number(line.rate, RATE_DECIMALS),
        Cell::Text(line.exemption),
        Cell::Text(line.charge),
        Cell::day(line.title),
        Cell::Text(line.proration),
    ]
}

/// What the books call the payment of a document.
fn payment_status(document: &Document, open: i64) -> &'static str {
    match open {
        _ if !document.paid.is_empty() => document.paid,
        0 => "paid",
        ..0 => "credit",
        _ if open < document.gross => "partly_paid",
        _ => "open",
    }
}

fn write_invoice(table: &mut Table, document: &Document, header: &Header<'_>) -> Result<()> {
    let currency = document.currency();
    let places = currency.decimals();
    let money = |units: i64| Cell::Number(units, places);
    let some = |units: i64| if units == 0 { Cell::Empty } else { Cell::Number(units, places) };
    let ship_to = if document.ship_to > 0 { document.ship_to } else { document.customer.ship_to() };
    let functional = currency.functional(document.gross) + document.untranslated;
    let (by, system) = match document.kind {
        Kind::Invoice if document.order > 0 => ("billing run", "orders"),
        Kind::Invoice => ("billing run", "contracts"),
        _ => ("receivables desk", "receivables"),
    };
    let cells = [
        Cell::Id("D", document.id),
        Cell::Text(header.number),
        Cell::Word(document.kind.word()),
        Cell::Word(header.status),
        Cell::Day(document.date),
        Cell::day(document.tax_point),
        Cell::day(document.due()),
        Cell::day(document.period.map(|days| days.0)),
        Cell::day(document.period.map(|days| days.1)),
        Cell::Id(if document.unknown { "X" } else { "C" }, document.customer.id),
        Cell::Id("A", 1),
        Cell::Id("A", ship_to),
        Cell::Text(currency.code()),
        some(document.allowance),
        some(document.charge),
        money(document.net),
        money(document.tax),
        some(document.rounding),
        money(document.gross),
        Cell::id("SO", document.order),
        Cell::id("D", document.original),
        Cell::Text(document.reason),
        Cell::Word(document.channel),
        money(header.open),
        Cell::id("PO-", document.po),
        Cell::id("D", document.replaces),
        if document.entity == 0 { Cell::Text("E-1") } else { Cell::Id("E-", document.entity) },
        Cell::Day(document.posting.unwrap_or(document.date)),
        Cell::Text(document.terms),
        Cell::day(document.sent.map(|days| document.date.add_days(days))),
        some(document.prepaid),
        money(document.asked()),
        Cell::Word(payment_status(document, header.open)),
        Cell::id("CT", document.deal),
        Cell::Number(currency.rate(), RATE_DECIMALS),
        Cell::Number(functional, 2),
        Cell::Text(by),
        Cell::Text(system),
        Cell::Text(header.run),
    ];
    table.write(&cells, Some((currency, document.gross)))
}
