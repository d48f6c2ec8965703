//! The list of drafts, as JSON.

use serde::Serialize;
use tieout_model::stage::HoldLine;

use super::amount;

/// A draft and what is to be done with it.
#[derive(Serialize)]
pub(super) struct Wire<'a> {
    document: &'a str,
    number: &'a str,
    customer: Option<&'a str>,
    gross: Option<String>,
    currency: &'a str,
    verdict: &'static str,
    reasons: &'a [String],
    remarks: &'a [String],
}

impl<'a> Wire<'a> {
    pub(super) fn new(line: &'a HoldLine) -> Self {
        Self {
            document: &line.document,
            number: &line.number,
            customer: line.customer.as_deref(),
            gross: line.gross.map(|gross| amount(gross, &line.currency)),
            currency: &line.currency,
            verdict: line.verdict.name(),
            reasons: &line.reasons,
            remarks: &line.remarks,
        }
    }
}
