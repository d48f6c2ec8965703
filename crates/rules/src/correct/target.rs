//! Which lines of which documents a finding's money stands on, and what of each is to be corrected.

use std::collections::BTreeSet;

use tieout_model::amount::{MONEY_SCALE, minor_units};
use tieout_model::correction::{Action, Line, TaxPart};
use tieout_model::{Amount, Effect, EffectClass, Figure, Finding, RecordRef, Rounding};

use super::books::{BilledLine, Books, TaxRow};
use super::{Ask, place, tax};

/// A correction before it is put to its case.
pub struct Correction {
    pub action: Action,
    pub class: Option<EffectClass>,
    pub customer: Option<String>,
    pub rightful: Option<String>,
    pub currency: String,
    pub lines: Vec<Line>,
    /// Units of tax that the report's figure already holds.
    pub stated_tax: i128,
    /// Units that the lines could not take.
    pub cut: i128,
    pub remarks: Vec<String>,
}

const AUDIT_AGAIN: &str = "post the other correction, then audit again";

/// The corrections of one finding. What is left of lines and tax rows changes with it.
pub fn corrections(finding: &Finding, books: &mut Books) -> Result<Vec<Correction>, Ask> {
    if finding.population == "reminder" {
        return Ok(vec![reminder(finding)]);
    }
    let misposted: Vec<&Effect> =
        finding.effects.iter().filter(|effect| effect.class == EffectClass::Misposted).collect();
    if let Some(from) = misposted.iter().find(|effect| effect.gross.units > 0) {
        let rightful = misposted.iter().find(|effect| effect.gross.units < 0).and_then(|effect| effect.party.clone());
        let Some(rightful) = rightful else {
            return Err(Ask::new(
                "the records do not say whose money it is",
                "find the customer whom the money belongs to",
            ));
        };
        let line = Line { moves: books.moves(finding), ..plain(finding, from.gross) };
        return Ok(vec![Correction { rightful: Some(rightful), ..correction(from, Action::Transfer, vec![line]) }]);
    }
    finding.effects.iter().map(|effect| one(finding, effect, books)).collect()
}

fn one(finding: &Finding, effect: &Effect, books: &mut Books) -> Result<Correction, Ask> {
    match effect.class {
        EffectClass::HeldForCustomer => {
            let action = place::action(books, effect.party.as_ref(), &effect.currency)?;
            Ok(correction(effect, action, vec![plain(finding, effect.gross)]))
        }
        EffectClass::Unbilled => {
            let line = Line { document: String::new(), number: String::new(), ..plain(finding, effect.gross) };
            let remarks = vec!["its tax is computed when it is billed".to_owned()];
            Ok(Correction { remarks, ..correction(effect, Action::Bill, vec![line]) })
        }
        EffectClass::TaxOverCollected => tax_alone(finding, effect, Action::TaxCredit, books),
        EffectClass::TaxUnderCollected => tax_alone(finding, effect, Action::RemitTax, books),
        EffectClass::OverBilled => billed(finding, effect, Action::CreditMemo, books),
        EffectClass::UnderBilled => billed(finding, effect, Action::DebitMemo, books),
        EffectClass::Misposted => {
            Err(Ask::new("the records name one of the two accounts only", "find the other account"))
        }
    }
}

fn correction(effect: &Effect, action: Action, lines: Vec<Line>) -> Correction {
    Correction {
        action,
        class: Some(effect.class),
        customer: effect.party.clone(),
        rightful: None,
        currency: effect.currency.clone(),
        lines,
        stated_tax: 0,
        cut: 0,
        remarks: Vec::new(),
    }
}

fn reminder(finding: &Finding) -> Correction {
    Correction {
        action: Action::RetractReminder,
        class: None,
        customer: finding.party.clone(),
        rightful: None,
        currency: String::new(),
        lines: vec![plain(finding, Amount::money(0))],
        stated_tax: 0,
        cut: 0,
        remarks: Vec::new(),
    }
}

/// A line without a billed line behind it: the record of the finding itself.
fn plain(finding: &Finding, net: Amount) -> Line {
    let value = |columns: &[&str]| {
        columns
            .iter()
            .find_map(|name| finding.key.iter().find(|(column, _)| column == name))
            .map(|(_, value)| value.clone())
    };
    let first = finding.key.first().map(|(_, value)| value.clone());
    Line {
        document: value(&["invoice_id", "payment_id", "refund_id", "reminder_id"])
            .or(first.clone())
            .unwrap_or_default(),
        number: value(&["invoice_no", "payment_id", "refund_id", "reminder_id"]).or(first).unwrap_or_default(),
        line: value(&["line_no"]),
        issued: finding.date,
        item: None,
        quantity: None,
        unit_price: None,
        net: net.plus_money(Amount::money(0)),
        taxes: Vec::new(),
        fingerprints: vec![finding.fingerprint.clone()],
        message: finding.message.clone(),
        moves: None,
    }
}

/// Tax alone, at the jurisdiction of its row.
fn tax_alone(finding: &Finding, effect: &Effect, action: Action, books: &mut Books) -> Result<Correction, Ask> {
    let record = finding.evidence.first().map(|evidence| evidence.record);
    let row = record.and_then(|record| books.tax_records.get(&record).cloned());
    let line = record.and_then(|record| books.line(record).cloned());
    let document =
        row.as_ref().map(|(document, _)| document.clone()).or(line.as_ref().map(|line| line.document.clone()));
    let document =
        document.or_else(|| finding.key.iter().find(|(column, _)| column == "invoice_id").map(|(_, id)| id.clone()));
    if let Some(id) = &document
        && books.is_changed(id)
    {
        let why = "another correction of the same document changes what its tax is computed on";
        return Err(Ask::new(why, AUDIT_AGAIN));
    }
    let stated = row.and_then(|(_, place)| books.tax(place).cloned());
    let (jurisdiction, rate) = match (&stated, &line) {
        (Some(row), _) => (row.jurisdiction.clone(), row.rate),
        (None, Some(line)) => (line.jurisdiction.clone(), line.rate),
        (None, None) => (None, None),
    };
    let amount = effect.tax.unwrap_or(effect.gross).plus_money(Amount::money(0));
    let mut own = plain(finding, Amount::money(0));
    if let Some(line) = &line {
        own.item.clone_from(&line.item);
    }
    if let Some(known) = document.as_ref().and_then(|id| books.documents.get(id)) {
        own.number.clone_from(&known.number);
        own.issued = known.issued.or(own.issued);
    }
    own.document = document.unwrap_or(own.document);
    own.taxes = vec![TaxPart { jurisdiction, rate, amount }];
    Ok(Correction { stated_tax: amount.units, ..correction(effect, action, vec![own]) })
}

/// Lines billed too high or too low, with their tax.
fn billed(finding: &Finding, effect: &Effect, action: Action, books: &mut Books) -> Result<Correction, Ask> {
    if finding.population == "invoice" {
        if let Some(whole) = whole(finding, effect, action, books) {
            return Ok(whole);
        }
        if effect.net.is_none() {
            return total_only(finding, effect, action, books);
        }
    }
    let mut records = billed_lines(finding, books);
    if records.is_empty() {
        return total_only(finding, effect, action, books);
    }
    let sign = if action == Action::CreditMemo { 1 } else { -1 };
    let mut rest = effect.net.unwrap_or(effect.gross).plus_money(Amount::money(0)).units;
    // The bill that is wrong by just this much goes first, whenever it was written.
    let is_all = |record: &RecordRef| books.line(*record).is_some_and(|line| line.left.units == rest);
    if let Some(place) = records.iter().position(is_all) {
        records.swap(0, place);
    }
    let mut quantity = over_quantity(finding);
    let (mut lines, mut remarks) = (Vec::new(), Vec::new());
    let latest_only = action == Action::DebitMemo || records.len() == 1;
    for record in records {
        if rest <= 0 {
            break;
        }
        let Some(line) = books.line(record).cloned() else { continue };
        let most = if latest_only && action == Action::DebitMemo { rest } else { line.left.units.max(0) };
        let units = rest.min(most);
        if units == 0 {
            continue;
        }
        rest -= units;
        let change = Amount::money(units * sign);
        lines.push(corrected(finding, (record, line), change, &mut quantity, books, &mut remarks, &effect.currency)?);
    }
    Ok(Correction { cut: rest.max(0), stated_tax: stated_tax(effect), remarks, ..correction(effect, action, lines) })
}

/// One billed line with its change and the tax on it.
fn corrected(
    finding: &Finding,
    (record, mut line): (RecordRef, BilledLine),
    change: Amount,
    quantity: &mut Option<Amount>,
    books: &mut Books,
    remarks: &mut Vec<String>,
    currency: &str,
) -> Result<Line, Ask> {
    let document = books.documents.get(&line.document).cloned().unwrap_or_default();
    if let Some(other) = books.claim(record, change, &finding.fingerprint) {
        let no = line.line.as_deref().unwrap_or("?");
        let why = format!("finding {other} corrects line {no} of {} by just as much", document.number);
        return Err(Ask::new(
            why,
            "say whether it is one error, found twice, or two: waive one, or post one and audit again",
        ));
    }
    let places = books.taxes_of_line(&line).to_vec();
    let lines = books.of_document.get(&line.document).map_or(0, Vec::len);
    let mut rows: Vec<TaxRow> = places.iter().filter_map(|place| books.tax(*place).cloned()).collect();
    // A document that states no tax has none to give back, whatever else it leaves open.
    let is_untaxed = rows.is_empty() && document.tax.is_some_and(Amount::is_zero);
    let taxes =
        if is_untaxed { Ok(Vec::new()) } else { tax::on_change(&mut rows, &mut line, change, (currency, lines)) };
    let taxes = taxes.map_err(|why| {
        Ask::new(format!("of {}, {why}", document.number), "give the tax rows of its invoice, with base and rate")
    })?;
    places.into_iter().zip(rows).for_each(|(place, row)| books.set_tax(place, row));
    line.left = line.left.minus_money(change);
    books.change(&line.document);
    let share = match (*quantity, line.quantity) {
        (Some(over), Some(billed)) if over.units > 0 && billed.units > 0 => {
            let scale = over.scale.max(billed.scale);
            let units = |amount: Amount| amount.units_at(scale).unwrap_or(amount.units);
            let taken = units(over).min(units(billed));
            *quantity = Some(Amount::new(units(over) - taken, scale));
            // A difference of prices is a number too: it is a quantity if it comes to the money.
            let taken = Amount::new(taken, scale);
            line.unit_price.filter(|price| comes_to(taken, *price, change, currency)).map(|_| taken)
        }
        _ => None,
    };
    let taxed = taxes.iter().any(|part| !part.amount.is_zero());
    if !taxed && books.is_taxed(&line.document) {
        remarks.push(format!(
            "no tax was charged on line {} of {}",
            line.line.as_deref().unwrap_or("?"),
            document.number
        ));
    }
    let positive = |amount: Amount| Amount::new(amount.units.abs(), amount.scale);
    let result = Line {
        number: document.number,
        issued: document.issued,
        line: line.line.clone(),
        item: line.item.clone(),
        quantity: share,
        unit_price: line.unit_price,
        net: positive(change),
        taxes: if change.units < 0 {
            taxes.into_iter().map(|part| TaxPart { amount: negated(part.amount), ..part }).collect()
        } else {
            taxes
        },
        fingerprints: vec![finding.fingerprint.clone()],
        message: finding.message.clone(),
        moves: None,
        document: line.document.clone(),
    };
    books.set_line(record, line);
    Ok(result)
}

/// Units of tax in an effect's gross amount.
fn stated_tax(effect: &Effect) -> i128 {
    effect.net.map_or(0, |net| effect.gross.minus_money(net).units)
}

/// Whether a quantity at a price is an amount, rounded as the line of a bill.
fn comes_to(quantity: Amount, price: Amount, amount: Amount, currency: &str) -> bool {
    let Some(units) = quantity.units.checked_mul(price.units) else { return false };
    let net =
        Amount::new(units, quantity.scale + price.scale).round(minor_units(currency).unwrap_or(2), Rounding::HalfUp);
    net.units_at(MONEY_SCALE) == Ok(amount.units.abs())
}

fn negated(amount: Amount) -> Amount {
    Amount::new(-amount.units, amount.scale)
}

/// Quantity billed too much, where the finding counts.
fn over_quantity(finding: &Finding) -> Option<Amount> {
    match &finding.difference {
        Some(Figure::Number(number)) if finding.population.ends_with("_line") => Some(number.abs()),
        _ => None,
    }
}

/// The billed lines of a finding, the latest first: the item itself, or those that the evidence shows as billed.
fn billed_lines(finding: &Finding, books: &Books) -> Vec<RecordRef> {
    let Some(item) = finding.evidence.first() else { return Vec::new() };
    if item.population == "invoice_line" && books.line(item.record).is_some() {
        return vec![item.record];
    }
    let shown: BTreeSet<RecordRef> = finding
        .evidence
        .iter()
        .filter(|evidence| evidence.population == "invoice_line")
        .map(|evidence| evidence.record)
        .collect();
    let mut lines: Vec<RecordRef> = shown
        .into_iter()
        .filter(|record| {
            let document = books.line(*record).and_then(|line| books.documents.get(&line.document));
            document.is_some_and(|document| document.kind == "invoice" && document.status == "posted")
        })
        .collect();
    lines.sort_by_key(|record| {
        let document = books.line(*record).and_then(|line| books.documents.get(&line.document));
        std::cmp::Reverse((
            document.and_then(|document| document.issued),
            document.map(|document| document.number.clone()),
            *record,
        ))
    });
    lines
}

/// A document that is wrong as a whole: every line with all that is left of it, and all of its tax.
fn whole(finding: &Finding, effect: &Effect, action: Action, books: &mut Books) -> Option<Correction> {
    let id = finding.key.iter().find(|(column, _)| column == "invoice_id").map(|(_, id)| id.clone())?;
    let document = books.documents.get(&id)?.clone();
    let gross = effect.gross.units_at(MONEY_SCALE).ok()?;
    if action != Action::CreditMemo || document.gross?.units_at(MONEY_SCALE).ok()? != gross || books.is_changed(&id) {
        return None;
    }
    let records = books.of_document.get(&id).cloned().unwrap_or_default();
    let nets: i128 = records.iter().filter_map(|record| books.line(*record)).map(|line| line.left.units).sum();
    let places = books.taxes(&id);
    let mut rows: Vec<TaxRow> = places.iter().filter_map(|place| books.tax(*place).cloned()).collect();
    let taxes: i128 = rows.iter().map(|row| row.tax.units).sum();
    let mut lines = Vec::new();
    if !records.is_empty() && nets + taxes == gross {
        let billed: Vec<BilledLine> = records.iter().filter_map(|record| books.line(*record)).cloned().collect();
        let parts = tax::whole_by_line(&mut rows, &billed, &effect.currency);
        for ((record, line), taxes) in records.iter().zip(billed).zip(parts) {
            let net = line.left;
            books.set_line(*record, BilledLine { left: Amount::money(0), ..line.clone() });
            lines.push(Line {
                line: line.line.clone(),
                item: line.item.clone(),
                quantity: line.quantity,
                unit_price: line.unit_price,
                document: id.clone(),
                number: document.number.clone(),
                issued: document.issued,
                taxes,
                ..plain(finding, net)
            });
        }
    } else {
        let net = effect.net.or(document.net).map_or(gross - taxes, |net| net.plus_money(Amount::money(0)).units);
        if net + taxes != gross {
            return None;
        }
        lines.push(Line {
            document: id.clone(),
            number: document.number,
            issued: document.issued,
            taxes: tax::whole(&mut rows),
            ..plain(finding, Amount::money(net))
        });
    }
    places.into_iter().zip(rows).for_each(|(place, row)| books.set_tax(place, row));
    books.change(&id);
    // It goes back as it was billed, so the report's figure has all of its tax.
    Some(Correction { stated_tax: taxes, ..correction(effect, action, lines) })
}

/// A difference of the document's total that no line explains.
fn total_only(finding: &Finding, effect: &Effect, action: Action, books: &mut Books) -> Result<Correction, Ask> {
    let id = finding.key.iter().find(|(column, _)| column == "invoice_id").map(|(_, id)| id.clone());
    if finding.population != "invoice" && id.is_none() {
        return Err(Ask::new(
            "the records do not say on which line it was billed",
            "name the line that bills it, then correct it",
        ));
    }
    // What was credited too much has its tax in it, and which of the notes is wrong nobody has said.
    let shown = books.documents_of(finding);
    let is_note =
        |id: &&String| books.is_taxed(id) && books.documents.get(*id).is_some_and(|one| one.kind == "credit_note");
    if let Some(note) = shown.iter().find(is_note).filter(|_| effect.net.is_none() && action == Action::DebitMemo) {
        let number = books.documents.get(note).map_or(note.as_str(), |one| one.number.as_str());
        let why = format!("which credit note took too much, with its tax, the records do not say ({number} is one)");
        return Err(Ask::new(
            why,
            "name the note that is wrong: the part of it that is too much is billed with its tax",
        ));
    }
    if let Some(id) = id {
        books.change(&id);
    }
    let mut line = plain(finding, effect.net.unwrap_or(effect.gross));
    if let Some(known) = books.documents.get(&line.document) {
        line.number.clone_from(&known.number);
        line.issued = known.issued.or(line.issued);
    }
    if let Some(tax) = effect.tax.filter(|tax| !tax.is_zero()) {
        line.taxes = vec![TaxPart { jurisdiction: None, rate: None, amount: tax.plus_money(Amount::money(0)) }];
    }
    let remarks = vec!["the difference stands in the document's total; no line and no tax row shows it".to_owned()];
    Ok(Correction { stated_tax: stated_tax(effect), remarks, ..correction(effect, action, vec![line]) })
}
