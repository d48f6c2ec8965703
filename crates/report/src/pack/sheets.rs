//! The pack for a spreadsheet: one line for each jurisdiction's tax of each line of a proposal, and one for a line without tax.
//!
//! Text that a spreadsheet would run gets an apostrophe, as in the CSV report. `net` stands on the first line of several, so that
//! columns can be summed.

use std::io;

use csv::{QuoteStyle, WriterBuilder};
use tieout_model::amount::minor_units;
use tieout_model::correction::{Action, Line, Pack, Proposal, Question, TaxPart, Use};
use tieout_model::{Amount, Date};

use crate::format::csv::text;

#[rustfmt::skip]
const PROPOSALS: [&str; 36] = [
    "proposal", "action", "class", "customer", "rightful_customer", "bill_to", "original_invoice", "original_number",
    "original_line", "original_date", "item", "reason", "reason_words", "quantity", "unit_price", "net", "jurisdiction",
    "tax_rate", "tax", "gross", "currency", "effect_from", "effect_to", "apply_to", "account", "message", "remarks",
    "findings", "case", "prepared_by", "approved_by", "approval_band", "issued_document", "issued_on", "from", "to",
];

const QUESTIONS: [&str; 7] = ["finding", "rule", "customer", "message", "why_not", "what_would_settle_it", "money"];

pub(super) fn proposals(pack: &Pack) -> io::Result<Vec<u8>> {
    sheet(
        &PROPOSALS,
        pack.proposals.iter().flat_map(|proposal| {
            proposal.lines.iter().flat_map(move |line| {
                let parts: Vec<Option<&TaxPart>> = match line.taxes.as_slice() {
                    [] => vec![None],
                    parts => parts.iter().map(Some).collect(),
                };
                parts.into_iter().enumerate().map(move |(place, part)| row(proposal, line, (place, part)))
            })
        }),
    )
}

pub(super) fn questions(pack: &Pack) -> io::Result<Vec<u8>> {
    sheet(
        &QUESTIONS,
        pack.questions.iter().map(|question| {
            let Question { fingerprint, rule, customer, message, why, settle, money } = question;
            let money: Vec<String> = money
                .iter()
                .map(|(class, currency, amount)| {
                    format!("{} {}", class.words(), crate::layout::money(*amount, currency))
                })
                .collect();
            let customer = customer.as_deref().unwrap_or_default();
            [fingerprint.as_str(), rule, customer, message, why, settle, &money.join("; ")].map(text).to_vec()
        }),
    )
}

fn sheet(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> io::Result<Vec<u8>> {
    let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(Vec::new());
    writer.write_record(header).map_err(io::Error::other)?;
    for row in rows {
        writer.write_record(row).map_err(io::Error::other)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn row(proposal: &Proposal, line: &Line, (place, part): (usize, Option<&TaxPart>)) -> Vec<String> {
    let places = minor_units(&proposal.currency).unwrap_or(2);
    let amount = |amount: Amount| amount.to_places(places);
    let day = |day: Option<Date>| day.map_or(String::new(), |day| day.to_string());
    let optional = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
    let net = if place == 0 { line.net } else { Amount::money(0) };
    let tax = part.map_or(Amount::money(0), |part| part.amount);
    let effect = proposal.effect;
    let (from, to) = moved(proposal, line);
    vec![
        proposal.id.clone(),
        proposal.action.name().to_owned(),
        proposal.class.map_or(String::new(), |class| class.name().to_owned()),
        optional(&proposal.customer),
        optional(&proposal.rightful),
        optional(&proposal.bill_to),
        text(&line.document),
        text(&line.number),
        optional(&line.line),
        day(line.issued),
        optional(&line.item),
        text(&proposal.reason),
        text(&proposal.reason_words),
        line.quantity.filter(|_| place == 0).map_or(String::new(), |quantity| quantity.to_string()),
        line.unit_price.filter(|_| place == 0).map_or(String::new(), |price| price.to_string()),
        amount(net),
        part.map_or(String::new(), |part| optional(&part.jurisdiction)),
        part.and_then(|part| part.rate).map_or(String::new(), |rate| rate.to_string()),
        amount(tax),
        amount(net.plus_money(tax)),
        text(&proposal.currency),
        day(effect.map(|period| period.from)),
        day(effect.map(|period| period.to.add_days(-1))),
        text(&uses(proposal)),
        optional(&proposal.account),
        text(&line.message),
        text(&proposal.remarks.join("; ")),
        text(&line.fingerprints.join(" ")),
        text(&proposal.case),
        String::new(),
        String::new(),
        optional(&proposal.approval),
        String::new(),
        String::new(),
        text(&from),
        text(&to),
    ]
}

/// What the money leaves and where it goes; both empty where none moves.
fn moved(proposal: &Proposal, line: &Line) -> (String, String) {
    match (proposal.action, &line.moves) {
        (Action::Refund | Action::Reapply, _) => (line.number.clone(), uses(proposal)),
        (Action::Transfer, moves) => {
            let account = |id: &Option<String>| id.as_ref().map_or(String::new(), |id| format!("account {id}"));
            let (from, to) = (account(&proposal.customer), account(&proposal.rightful));
            let Some(moves) = moves else { return (from, to) };
            let what = &moves.what;
            match (&moves.stands_on, &moves.goes_to) {
                (Some(stands_on), Some(goes_to)) if from == to => (format!("{what} on {stands_on}"), goes_to.clone()),
                (Some(stands_on), _) if from != to => (format!("{what} on {stands_on} of {from}"), to),
                (stands_on, _) => (format!("{what} on {}", stands_on.as_deref().unwrap_or("no invoice")), to),
            }
        }
        _ => (String::new(), String::new()),
    }
}

/// Id and number of the invoice under a credit note that a line corrects; none for other documents.
pub(super) fn credit_of<'a>(pack: &'a Pack, line: &Line) -> Option<&'a (String, String)> {
    pack.names.credited.get(&line.document)
}

/// `INV-7 106.50; refund 3.00`.
pub(super) fn uses(proposal: &Proposal) -> String {
    let places = minor_units(&proposal.currency).unwrap_or(2);
    let words = |one: &Use| {
        let amount = one.amount().to_places(places);
        match one {
            Use::Invoice { number, .. } => format!("{number} {amount}"),
            Use::Refund { .. } => format!("refund {amount}"),
            Use::OnAccount { .. } => format!("on account {amount}"),
        }
    };
    proposal.uses.iter().map(words).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bill of thousands of wrong lines is one proposal: what a row says does not grow with the others.
    #[test]
    fn a_long_proposal_takes_a_row_a_line_and_no_more() {
        let line = |number: usize| Line {
            document: "I-1".to_owned(),
            number: "I-1".to_owned(),
            line: Some(number.to_string()),
            issued: None,
            item: None,
            quantity: None,
            unit_price: None,
            net: Amount::money(1_000_000),
            taxes: Vec::new(),
            fingerprints: vec![format!("{number:016}")],
            message: String::new(),
            moves: None,
        };
        let size = |lines: usize| {
            let proposal = Proposal {
                id: String::new(),
                case: String::new(),
                action: Action::CreditMemo,
                class: None,
                customer: None,
                rightful: None,
                bill_to: None,
                reason: String::new(),
                reason_words: String::new(),
                currency: "USD".to_owned(),
                lines: (0..lines).map(line).collect(),
                effect: None,
                uses: Vec::new(),
                account: None,
                approval: None,
                remarks: Vec::new(),
            };
            proposals(&Pack { proposals: vec![proposal], ..Pack::default() }).unwrap().len()
        };
        assert!(size(2_000) < 11 * size(200), "{} {}", size(200), size(2_000));
    }
}
