//! Overdue documents for a spreadsheet: one line each, whatever their standing.

use std::io::{self, Write};

use csv::{QuoteStyle, WriterBuilder};
use tieout_model::amount::minor_units;
use tieout_model::chase::Chase;

use super::csv::text;

/// Writes the lines; new columns are added at the end.
pub fn render(chase: &Chase, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(out);
    sheet.write_record([
        "customer",
        "document",
        "number",
        "due_date",
        "balance",
        "currency",
        "standing",
        "why",
        "reminders",
    ])?;
    for one in &chase.documents {
        let places = minor_units(&one.currency).unwrap_or(2);
        sheet.write_record([
            text(&one.customer),
            text(&one.document),
            text(&one.number),
            one.due.map_or(String::new(), |due| due.to_string()),
            one.balance.map_or(String::new(), |balance| balance.to_places(places)),
            text(&one.currency),
            one.standing.words().to_owned(),
            text(&one.why),
            one.reminders.map_or(String::new(), |times| times.to_string()),
        ])?;
    }
    sheet.flush()
}
