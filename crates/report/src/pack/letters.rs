//! Letters: to each customer whom something is given back, what happened, what they get and when, in plain words.
//!
//! Nothing of another customer, no code of ours. Templates are minijinja and can be replaced; what they are given is escaped in
//! HTML, and control characters are visible in both. An owner of accounts gets a list of the letters.

mod words;

use std::collections::BTreeMap;
use std::io;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use tieout_model::amount::minor_units;
use tieout_model::correction::{Action, Line, Pack, Proposal, Use};
use tieout_model::{Amount, AuditReport, Date};

use super::File;
use crate::layout::visible;

/// The templates that come with the tool.
pub const TEXT: &str = include_str!("letters/letter.txt");
/// Likewise, as a page.
pub const HTML: &str = include_str!("letters/letter.html");

/// What the letters are written with.
pub struct Stationery<'a> {
    /// Template of the text.
    pub text: &'a str,
    /// Template of the page.
    pub html: &'a str,
    /// Whom to call; none if the engagement does not say.
    pub contact: Option<&'a str>,
    /// The day on which corrections are issued.
    pub issued: Option<Date>,
}

#[derive(Serialize)]
struct Letter {
    customer: Customer,
    date: String,
    contact: Option<String>,
    groups: Vec<Group>,
    sums: Vec<Sum>,
}

#[derive(Serialize)]
struct Customer {
    id: String,
    name: Option<String>,
}

#[derive(Serialize)]
struct Group {
    title: String,
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    message: String,
    number: String,
    issued: String,
    net: String,
    tax: String,
    gross: String,
    currency: String,
}

#[derive(Serialize)]
struct Sum {
    currency: String,
    gross: String,
    tax: String,
    tax_is_part: bool,
    uses: Vec<String>,
    /// What the customer owes after it.
    balance: Option<String>,
    /// What is in the customer's favour after it, where they owe nothing.
    favour: Option<String>,
}

/// A letter as text and as page for each customer whom something is given back, and a list for each owner of accounts.
pub(super) fn files(report: &AuditReport, pack: &Pack, stationery: &Stationery<'_>) -> io::Result<Vec<File>> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|name| if name == "html" { AutoEscape::Html } else { AutoEscape::None });
    environment.add_template("text", stationery.text).map_err(told)?;
    environment.add_template("html", stationery.html).map_err(told)?;
    let mut files = Vec::new();
    let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (number, (customer, proposals)) in by_customer(pack).into_iter().enumerate() {
        let letter = letter(report, pack, customer, &proposals, stationery);
        // A customer's id is no name for a file: it may hold anything.
        let name = format!("letters/{:05}-{}", number + 1, plain(customer));
        for (template, ending) in [("text", "txt"), ("html", "html")] {
            let template = environment.get_template(template).map_err(told)?;
            let mut text = template.render(minijinja::Value::from(Serde(&letter))).map_err(told)?;
            text.push('\n');
            files.push(File { name: format!("{name}.{ending}"), bytes: text.into_bytes() });
        }
        let known = report.customer(customer);
        let owner = known.and_then(|customer| customer.owner.clone()).unwrap_or_else(|| "no owner named".to_owned());
        let sums: Vec<_> = letter.sums.iter().map(|sum| format!("{} {}", sum.gross, sum.currency)).collect();
        let who = known.and_then(|customer| customer.name.as_deref()).map_or(String::new(), |name| format!(" {name}"));
        owners.entry(owner).or_default().push(format!("{customer}{who}: {} ({name}.txt)", sums.join(", ")));
    }
    if !owners.is_empty() {
        let mut text = String::from("Letters by owner of the account\n");
        for (owner, lines) in owners {
            text.push_str(&format!("\n{}\n", visible(&owner)));
            lines.iter().for_each(|line| text.push_str(&format!("  {}\n", visible(line))));
        }
        files.push(File { name: "letters/owners.txt".to_owned(), bytes: text.into_bytes() });
    }
    Ok(files)
}

fn told(error: minijinja::Error) -> io::Error {
    let line = error.line().map_or(String::new(), |line| format!(", line {line}"));
    io::Error::other(format!("the letter's template {}{line}: {error}", error.name().unwrap_or("?")))
}

/// True if the customer hears of such a proposal: only of what is good for them.
pub(super) fn has_letter(action: Action) -> bool {
    action.is_for_customer() || matches!(action, Action::Transfer | Action::RetractReminder)
}

/// Proposals of which the customer hears something good.
fn by_customer(pack: &Pack) -> BTreeMap<&str, Vec<&Proposal>> {
    let mut letters: BTreeMap<&str, Vec<&Proposal>> = BTreeMap::new();
    for proposal in &pack.proposals {
        let to = match proposal.action {
            Action::Transfer => proposal.rightful.as_deref(),
            action if has_letter(action) => proposal.customer.as_deref(),
            _ => None,
        };
        if let Some(customer) = to {
            letters.entry(customer).or_default().push(proposal);
        }
    }
    letters
}

fn letter(
    report: &AuditReport,
    pack: &Pack,
    customer: &str,
    proposals: &[&Proposal],
    stationery: &Stationery<'_>,
) -> Letter {
    let shown = |text: &str| visible(text).into_owned();
    let mut groups: BTreeMap<Action, Vec<Item>> = BTreeMap::new();
    for proposal in proposals {
        let items = groups.entry(proposal.action).or_default();
        items.extend(proposal.lines.iter().map(|line| item(report, pack, proposal, line)));
    }
    let mut sums: BTreeMap<&str, (Amount, Amount, BTreeMap<String, i128>)> = BTreeMap::new();
    for proposal in proposals.iter().filter(|proposal| !proposal.currency.is_empty()) {
        let none = || (Amount::money(0), Amount::money(0), BTreeMap::new());
        let sum = sums.entry(&proposal.currency).or_insert_with(none);
        sum.0 = sum.0.plus_money(proposal.gross());
        sum.1 = sum.1.plus_money(proposal.tax());
        for one in &proposal.uses {
            let words = match one {
                Use::Invoice { number, .. } => format!("goes to your open invoice {number}"),
                Use::Refund { .. } => "comes back to you the way you paid".to_owned(),
                Use::OnAccount { .. } => "stands on your account".to_owned(),
            };
            *sum.2.entry(words).or_default() += one.amount().units;
        }
        if proposal.action == Action::Transfer {
            let is_within = proposal.customer == proposal.rightful;
            let words = if is_within { "moves within your account" } else { "comes back to your account" };
            *sum.2.entry(words.to_owned()).or_default() += proposal.gross().units;
        }
    }
    let sums = sums.into_iter().map(|(currency, (gross, tax, uses))| {
        let places = minor_units(currency).unwrap_or(2);
        let less: i128 = proposals
            .iter()
            .filter(|proposal| proposal.currency == currency)
            .map(|proposal| less_owed(pack, proposal))
            .sum();
        // What a payment that comes to the account pays is not known yet.
        let is_moved =
            proposals.iter().any(|proposal| proposal.action == Action::Transfer && proposal.currency == currency);
        let balance = pack.balances.get(&(customer.to_owned(), currency.to_owned()));
        let after = balance.filter(|_| !is_moved).map(|before| before.units - less);
        let written = |units: i128| Amount::money(units).to_display(places);
        Sum {
            gross: gross.to_display(places),
            tax: tax.to_display(places),
            tax_is_part: !tax.is_zero(),
            uses: uses
                .into_iter()
                .map(|(words, units)| {
                    shown(&format!("{} {currency} {words}.", Amount::money(units).to_display(places)))
                })
                .collect(),
            balance: after.filter(|units| *units >= 0).map(written),
            favour: after.filter(|units| *units < 0).map(|units| written(-units)),
            currency: currency.to_owned(),
        }
    });
    Letter {
        customer: Customer {
            id: shown(customer),
            name: report.customer(customer).and_then(|customer| customer.name.as_deref()).map(shown),
        },
        date: stationery.issued.map_or("the day of this letter".to_owned(), |day| day.to_string()),
        contact: stationery.contact.map(shown),
        sums: sums.collect(),
        groups: groups.into_iter().map(|(action, items)| Group { title: title(action), items }).collect(),
    }
}

/// By how much less a customer owes after a proposal. Money that an invoice was paid too much lowers what they owe already: put to another
/// invoice it changes nothing, and paid back it does so no more.
fn less_owed(pack: &Pack, proposal: &Proposal) -> i128 {
    let sum = |wanted: fn(&Use) -> bool| -> i128 {
        proposal.uses.iter().filter(|one| wanted(one)).map(|one| one.amount().units).sum()
    };
    let put = sum(|one| matches!(one, Use::Invoice { .. }));
    if matches!(proposal.action, Action::Refund | Action::Reapply) {
        let lay: i128 = proposal
            .lines
            .iter()
            .filter_map(|line| Some(line.gross().units.min(pack.over_paid.get(&line.document)?.units)))
            .sum();
        let back = lay.min(sum(|one| matches!(one, Use::Refund { .. })));
        return put - put.min(lay - back) - back;
    }
    put
}

fn title(action: Action) -> String {
    match action {
        Action::CreditMemo => "What we billed too much and credit",
        Action::TaxCredit => "Tax that we charged and that is not due",
        Action::Refund => "Money of yours that we send back",
        Action::Reapply => "Money of yours that we put to your invoices",
        Action::Transfer => "Money of yours that stood in the wrong place",
        Action::RetractReminder => "A reminder that you can forget",
        Action::DebitMemo | Action::Bill | Action::RemitTax => "Further",
    }
    .to_owned()
}

fn item(report: &AuditReport, pack: &Pack, proposal: &Proposal, line: &Line) -> Item {
    let places = minor_units(&proposal.currency).unwrap_or(2);
    let has_money = !proposal.currency.is_empty();
    let shown = |wanted: bool, amount: Amount| if wanted { amount.to_display(places) } else { String::new() };
    // Money that lies there already has no tax of its own; a reminder's number is a number of ours.
    let has_tax = matches!(proposal.action, Action::CreditMemo | Action::TaxCredit);
    let is_named = !matches!(proposal.action, Action::Transfer | Action::RetractReminder);
    Item {
        message: visible(&words::message(report, pack, proposal, line)).into_owned(),
        number: if is_named { visible(&line.number).into_owned() } else { String::new() },
        issued: line
            .issued
            .filter(|_| proposal.action != Action::Transfer)
            .map_or(String::new(), |day| day.to_string()),
        net: shown(has_money && has_tax, line.net),
        tax: shown(has_money && has_tax, line.tax()),
        gross: shown(has_money, line.gross()),
        currency: proposal.currency.clone(),
    }
}

/// Letters and digits of an id, for the name of a file.
fn plain(id: &str) -> String {
    id.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' })
        .take(40)
        .collect()
}
