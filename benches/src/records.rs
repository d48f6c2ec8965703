//! What is recorded besides documents and money: goods that come back, contracts, what a meter counted, other companies.

use tieout_model::Date;

use crate::Result;
use crate::company::{Customer, ITEMS, JURISDICTIONS, long_ago};
use crate::document::Document;
use crate::layout::Of;
use crate::table::Cell;
use crate::world::World;

impl World {
    /// Records goods that come back: received and approved; the record's number.
    pub fn take_back(
        &mut self,
        bill: &Document,
        (item, quantity): (usize, i64),
        (received, approved): (Option<Date>, Option<Date>),
        status: &str,
    ) -> Result<u64> {
        let number = self.next("RMA");
        let cells = [
            Cell::Id("RMA", number),
            Cell::Id("D", bill.id),
            Cell::Id("C", bill.customer.id),
            Cell::Text(ITEMS[item].id),
            Cell::Number(quantity, 3),
            Cell::day(received),
            Cell::day(approved),
            Cell::Word(status),
        ];
        self.write(Of::ReturnAuthorization, &cells)?;
        Ok(number)
    }

    /// Records a contract: item, kind and days; its number.
    pub fn agree(
        &mut self,
        customer: &Customer,
        item: Option<usize>,
        kind: &str,
        (from, to): (Date, Option<Date>),
    ) -> Result<u64> {
        let number = self.next("CT");
        let cells = [
            Cell::Id("CT", number),
            Cell::Id("C", customer.id),
            item.map_or(Cell::Empty, |item| Cell::Text(ITEMS[item].id)),
            Cell::Word(kind),
            Cell::Number(120_000, customer.currency.decimals()),
            Cell::Day(from),
            Cell::day(to),
            Cell::Text(customer.currency.code()),
        ];
        self.write(Of::Contract, &cells)?;
        Ok(number)
    }

    /// Records what a meter counted on a day, of a subscription or 0; the event's number.
    pub fn meter(&mut self, customer: &Customer, subscription: u64, item: usize, day: Date, count: i64) -> Result<u64> {
        let number = self.next("EV");
        let cells = [
            Cell::Id("EV", number),
            Cell::id("SUB", subscription),
            Cell::Id("C", customer.id),
            Cell::Text(ITEMS[item].id),
            Cell::Day(day),
            Cell::Day(day.add_days(1)),
            Cell::Number(count, 3),
        ];
        self.write(Of::Usage, &cells)?;
        Ok(number)
    }

    /// Another selling company, registered in so many of the jurisdictions.
    pub fn company(&mut self, registered: &[usize]) -> Result<u64> {
        let number = self.next("E-") + 1;
        let cells = [
            Cell::Id("E-", number),
            Cell::Text("Tallowmere Outlets"),
            Cell::Text("US"),
            Cell::Text("USD"),
            Cell::Word("half_up"),
            Cell::Word("invoice_per_jurisdiction"),
        ];
        self.write(Of::Entity, &cells)?;
        for &at in registered {
            let cells = [
                Cell::Id("E-", number),
                Cell::Text(JURISDICTIONS[at].id),
                Cell::Day(long_ago()),
                Cell::Empty,
                Cell::Word("monthly"),
            ];
            self.write(Of::Registration, &cells)?;
        }
        Ok(number)
    }
}
