//! Control totals: count and Σ of one money column by currency, against the sender's figure.
//!
//! The sum is `i128`, so it cannot overflow; it never crosses currencies. A record without a way to its currency counts
//! under the only currency there is, or else under `XXX`, ISO 4217's code for none.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsResult};

use crate::texts::{NO_TEXT, Texts};

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
    /// The same for all; `NO_TEXT` is none.
    Only(u32),
    /// By a column of the frame, in a parent: by the code of its key, `NO_TEXT` for none.
    Parent(&'a str, &'a [u32]),
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

/// Sums by the code of their currency, `NO_TEXT` where it is not known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    sums: BTreeMap<u32, i128>,
    /// Records without an amount.
    pub without_amount: u64,
}

impl Sums {
    /// Each sum with the code of its currency.
    pub fn by_code(&self) -> impl Iterator<Item = (u32, i128)> + '_ {
        self.sums.iter().map(|(code, sum)| (*code, *sum))
    }

    /// Sums that were taken before.
    pub fn restore(sums: BTreeMap<u32, i128>, without_amount: u64) -> Self {
        Self { sums, without_amount }
    }

    /// Adds amounts with the code of each one's currency.
    pub fn extend(&mut self, rows: impl Iterator<Item = (Option<i64>, u32)>) {
        let mut last: Option<(u32, i128)> = None;
        for (amount, code) in rows {
            let Some(amount) = amount else {
                self.without_amount += 1;
                continue;
            };
            match &mut last {
                Some((own, sum)) if *own == code => *sum += i128::from(amount),
                _ => {
                    if let Some((code, sum)) = last.replace((code, i128::from(amount))) {
                        *self.sums.entry(code).or_default() += sum;
                    }
                }
            }
        }
        if let Some((code, sum)) = last {
            *self.sums.entry(code).or_default() += sum;
        }
    }

    /// Adds a frame.
    pub fn add(&mut self, frame: &DataFrame, column: &str, currency: &CurrencyOf<'_>) -> PolarsResult<()> {
        let amounts = frame.column(column)?.i64()?.iter();
        match currency {
            CurrencyOf::Only(code) => self.extend(amounts.map(|amount| (amount, *code))),
            CurrencyOf::Column(name) => {
                let codes = frame.column(name)?.u32()?.iter();
                self.extend(amounts.zip(codes.map(|code| code.unwrap_or(NO_TEXT))));
            }
            CurrencyOf::Parent(name, parents) => {
                let codes = frame.column(name)?.u32()?.iter();
                let own = codes
                    .map(|parent| parent.and_then(|parent| parents.get(parent as usize)).copied().unwrap_or(NO_TEXT));
                self.extend(amounts.zip(own));
            }
        }
        Ok(())
    }

    /// By the currencies' own names.
    pub fn named(&self, texts: &Texts) -> BTreeMap<String, i128> {
        let mut named = BTreeMap::new();
        for (code, sum) in &self.sums {
            let name = texts.with(*code, str::to_owned).unwrap_or_else(|| NO_CURRENCY.to_owned());
            *named.entry(name).or_default() += sum;
        }
        named
    }
}
