//! What a letter says happened: the finding's own sentence, where a customer understands it, else plain words by action.

use tieout_model::AuditReport;
use tieout_model::amount::minor_units;
use tieout_model::correction::{Action, Line, Moves, Pack, Proposal};

use super::super::sheets::credit_of;

/// The sentence of a line. Names stand for ids of ours; nothing is said to be missing, and no amount is negative.
pub(super) fn message(report: &AuditReport, pack: &Pack, proposal: &Proposal, line: &Line) -> String {
    if proposal.action == Action::Transfer {
        return moved(proposal, line.moves.as_ref());
    }
    let mut told = line.message.clone();
    for part in &line.taxes {
        let Some(id) = &part.jurisdiction else { continue };
        match pack.names.jurisdictions.get(id) {
            Some(name) => told = replaced(&told, id, name),
            None => told = replaced(&told, &format!(" for {id}"), ""),
        }
    }
    told = numbered(&told, pack);
    // A period without an end.
    told = told.replace(" to \u{2013}", " on");
    let is_missing = told.contains(" \u{2013}");
    let is_negative = told.split(' ').any(is_below_zero);
    if !is_missing && !is_negative {
        return told;
    }
    plain(report, pack, proposal, line)
}

fn is_below_zero(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

/// What moves, from where and to where. The finding's sentence names whoever has the money now; a letter does not.
fn moved(proposal: &Proposal, moves: Option<&Moves>) -> String {
    let is_within = proposal.customer == proposal.rightful;
    let Some(Moves { what, is_credit, stands_on, goes_to }) = moves else {
        return "Money of yours was booked to another account; we move it to yours.".to_owned();
    };
    let kind = if *is_credit { "credit note" } else { "payment" };
    match (stands_on, goes_to) {
        (Some(from), Some(to)) if is_within => {
            format!(
                "We put your {kind} {what} to invoice {from}, and it names {to}: this much of it moves from invoice {from} \
                 to invoice {to}."
            )
        }
        // Whose account it stood on is nobody else's matter.
        _ if !is_within => {
            format!(
                "We put your {kind} {what} to an invoice of another account; it moves from there back to your account."
            )
        }
        (Some(from), None) => format!("We put your {kind} {what} to invoice {from}; we take it off that invoice."),
        _ => format!("We put your {kind} {what} to another invoice than you meant; we put it right."),
    }
}

/// Words by action, where the finding's own are not for a customer.
fn plain(report: &AuditReport, pack: &Pack, proposal: &Proposal, line: &Line) -> String {
    let places = minor_units(&proposal.currency).unwrap_or(2);
    let money = format!("{} {}", line.gross().to_display(places), proposal.currency);
    let of_line = line.line.as_ref().map_or(String::new(), |no| format!("Line {no} of "));
    let number = &line.number;
    let cell = |wanted: &str| {
        let finding = report.findings.iter().find(|one| line.fingerprints.contains(&one.fingerprint))?;
        let cells = finding.evidence.first()?.cells.iter().chain(&finding.key);
        cells.filter(|(column, value)| column == wanted && !value.is_empty()).map(|(_, value)| value.clone()).next()
    };
    match proposal.action {
        Action::Refund | Action::Reapply => match cell("requested_date") {
            Some(day) => {
                format!("You asked for your refund of {money} on {day}. It has not been paid yet; we pay it now.")
            }
            None => format!("{money} of yours lies with us ({number})."),
        },
        Action::TaxCredit if credit_of(pack, line).is_some() => {
            format!("Credit note {number} gave back too little tax; the missing {money} is credited.")
        }
        Action::TaxCredit => format!("{of_line}{number} charged too much tax; {money} of it is credited."),
        Action::RetractReminder => "We sent you a reminder that was not due.".to_owned(),
        _ => format!("{of_line}{number} was billed too high; {money} is credited."),
    }
}

/// `D000792/2`, a line of a document by its id, as line 2 of the document by its number.
fn numbered(text: &str, pack: &Pack) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ';', '.', ')']);
        let rest = &word[bare.len()..];
        let number = |id: &str| pack.names.documents.get(id);
        match bare.split_once('/') {
            Some((id, line)) => number(id).map(|number| format!("line {line} of {number}{rest}")),
            None => number(bare).map(|number| format!("{number}{rest}")),
        }
        .unwrap_or_else(|| word.to_owned())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A text with another in place of each whole word.
fn replaced(text: &str, word: &str, with: &str) -> String {
    if word.is_empty() {
        return text.to_owned();
    }
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    let mut written = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let starts = word.starts_with(' ') || !before.chars().next_back().is_some_and(is_part);
        written.push_str(before);
        written.push_str(if starts && !after.chars().next().is_some_and(is_part) { with } else { word });
        rest = after;
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_replaced_whole() {
        assert_eq!(
            replaced("tax for J-NE-PLA, not J-NE.", "J-NE", "Nebraska (state)"),
            "tax for J-NE-PLA, not Nebraska (state)."
        );
        assert_eq!(replaced("tax for J-1, where", " for J-1", ""), "tax, where");
        assert_eq!(replaced("X", "", "y"), "X");
    }

    #[test]
    fn a_document_is_told_by_its_number() {
        let mut pack = Pack::default();
        pack.names.documents.insert("D1".to_owned(), "INV-7".to_owned());
        assert_eq!(
            numbered("again; D1/2 billed it before, as D1.", &pack),
            "again; line 2 of INV-7 billed it before, as INV-7."
        );
    }

    #[test]
    fn a_negative_number_is_one() {
        assert!(is_below_zero("-2.88") && !is_below_zero("-") && !is_below_zero("INV-2"));
    }
}
