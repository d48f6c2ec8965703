//! Control totals: count and Σ of one money column by currency, against the sender's figure.
//!
//! The sum is `i128`, so it cannot overflow; it never crosses currencies. A record without a way to its currency counts
//! under the only currency there is, or else under `XXX`, ISO 4217's code for none.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::{DataFrame, PolarsResult};
use tieout_model::report::ControlTotal;

pub(crate) use tieout_model::amount::NO_CURRENCY;

/// The money column that carries a population's control total.
pub(crate) fn control_column(population: &str) -> Option<&'static str> {
    Some(match population {
        "invoice" => "gross_total",
        "invoice_line" | "adjustment" => "net_amount",
        "invoice_tax" => "tax_amount",
        "payment"
        | "payment_application"
        | "credit_application"
        | "refund"
        | "allowance_charge"
        | "gl_tax_entry"
        | "return_filed"
        | "bank_line"
        | "contract"
        | "dispute" => "amount",
        "open_item" | "gl_balance" => "balance",
        "billable_event" => "expected_amount",
        "engine_txn" => "tax",
        _ => return None,
    })
}

/// Where a row's currency comes from.
pub(crate) enum CurrencyOf<'a> {
    /// The frame's own column.
    Column(&'a str),
    /// The same for all.
    Only(String),
    /// By a column of the frame, in a parent.
    Parent(&'a str, &'a HashMap<String, String>),
}

impl CurrencyOf<'_> {
    /// Columns of the frame that it reads.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Column(name) | Self::Parent(name, _) => Some(name),
            Self::Only(_) => None,
        }
    }
}

/// Adds a frame to the total.
pub(crate) fn add(
    total: &mut ControlTotal,
    frame: &DataFrame,
    column: &str,
    currency: &CurrencyOf<'_>,
) -> PolarsResult<()> {
    let amounts = frame.column(column)?.i64()?;
    let codes = currency.column().map(|name| frame.column(name)?.str()).transpose()?;
    let mut last: Option<(&str, i128)> = None;
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    for (row, amount) in amounts.iter().enumerate() {
        let Some(amount) = amount else {
            total.without_amount += 1;
            continue;
        };
        let code = match currency {
            CurrencyOf::Only(code) => code.as_str(),
            CurrencyOf::Column(_) => codes.and_then(|codes| codes.get(row)).unwrap_or(NO_CURRENCY),
            CurrencyOf::Parent(_, parents) => {
                let parent = codes.and_then(|codes| codes.get(row)).and_then(|parent| parents.get(parent));
                parent.map_or(NO_CURRENCY, String::as_str)
            }
        };
        match &mut last {
            Some((own, sum)) if *own == code => *sum += i128::from(amount),
            _ => {
                if let Some((code, sum)) = last.replace((code, i128::from(amount))) {
                    *sums.entry(code.to_owned()).or_default() += sum;
                }
            }
        }
    }
    if let Some((code, sum)) = last {
        *sums.entry(code.to_owned()).or_default() += sum;
    }
    for (code, sum) in sums {
        *total.totals.entry(code).or_default() += sum;
    }
    Ok(())
}
