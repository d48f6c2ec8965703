//! Which columns of the canonical tables hold measures and days, so that ids stay text whatever they look like.
//!
//! The model's evidence is text; a test holds these endings to the schema's types.

use tieout_model::{Amount, Date};

use super::cell::Cell;

#[rustfmt::skip]
const MEASURES: [&str; 22] = [
    "amount",
    "hours",
    "amounts",
    "total",
    "balance",
    "quantity",
    "price",
    "rate",
    "percent",
    "paid",
    "minimum",
    "maximum",
    "allowance",
    "charge",
    "discount",
    "threshold",
    "tax",
    "cap",
    "cost",
    "limit",
    "fee",
    "base",
];

/// Measures whose name ends otherwise.
#[rustfmt::skip]
const OTHERS: [&str; 8] = [
    "tax_total_tax_currency", "gross_total_functional", "discount_taken", "taxable", "exempt", "up_to", "total_read",
    "total_stated",
];

/// A value as understood, in the column of that name.
pub(super) fn understood(column: &str, value: &str) -> Cell {
    if is_measure(column)
        && let Ok(amount) = value.parse::<Amount>()
    {
        return Cell::Number(amount);
    }
    if value.len() == 10
        && is_day(column)
        && let Ok(day) = value.parse::<Date>()
    {
        return Cell::Day(day);
    }
    if value.is_empty() { Cell::Empty } else { Cell::text(value) }
}

pub(crate) fn is_measure(column: &str) -> bool {
    let column = column.rsplit('.').next().unwrap_or(column);
    OTHERS.contains(&column) || column.rsplit('_').next().is_some_and(|last| MEASURES.contains(&last))
}

pub(crate) fn is_day(column: &str) -> bool {
    let column = column.rsplit('.').next().unwrap_or(column);
    column.contains("date") || ["_from", "_to", "_start", "_end", "as_of"].iter().any(|end| column.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and type of every column of the schema.
    fn schema() -> Vec<(String, String)> {
        let text = include_str!("../../../../ingest/populations.csv");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.records().map(|record| record.unwrap()).map(|one| (one[1].to_owned(), one[2].to_owned())).collect()
    }

    #[test]
    fn the_schema_s_measures_and_days_are_known_and_nothing_else_is() {
        let mut wrong = Vec::new();
        for (column, ty) in schema() {
            let measure = ["money", "price", "quantity", "rate"].contains(&ty.as_str());
            // A count may be shown as a number or not, and a word for yes is no amount; an id, a name or a code may not.
            let either = ["int", "bool"].contains(&ty.as_str());
            if (!either && is_measure(&column) != measure) || (ty == "date" && !is_day(&column)) {
                wrong.push(format!("{column}: {ty}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn an_id_of_digits_stays_text() {
        assert_eq!(understood("invoice_id", "0012"), Cell::text("0012"));
        assert_eq!(understood("net_amount", "12.50"), Cell::Number(Amount::new(1250, 2)));
        assert_eq!(understood("net_amount", "=1+1"), Cell::text("=1+1"));
        assert_eq!(understood("issue_date", "2026-10-06"), Cell::Day("2026-10-06".parse().unwrap()));
    }
}
