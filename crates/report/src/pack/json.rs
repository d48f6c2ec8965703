//! The pack for programs. Amounts are strings; `format` names the version.

use std::io;

use serde::Serialize;
use tieout_model::amount::minor_units;
use tieout_model::correction::{Bridge, Line, Pack, Proposal, Question, Use};
use tieout_model::{Amount, AuditReport, Period};

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: &'a str,
    name: &'a str,
    as_of: Option<String>,
    proposals: Vec<Wire<'a>>,
    questions: Vec<Asked<'a>>,
    without_money: u64,
    bridge: Vec<Bridged<'a>>,
}

#[derive(Serialize)]
struct Wire<'a> {
    id: &'a str,
    case: &'a str,
    action: &'static str,
    class: Option<&'static str>,
    customer: Option<&'a str>,
    rightful_customer: Option<&'a str>,
    bill_to: Option<&'a str>,
    reason: &'a str,
    reason_words: &'a str,
    currency: &'a str,
    net: String,
    tax: String,
    gross: String,
    lines: Vec<Row<'a>>,
    effect: Option<Span>,
    uses: Vec<Put<'a>>,
    account: Option<&'a str>,
    approval_band: Option<&'a str>,
    remarks: &'a [String],
    findings: Vec<&'a str>,
}

#[derive(Serialize)]
struct Row<'a> {
    document: &'a str,
    number: &'a str,
    line: Option<&'a str>,
    issued: Option<String>,
    item: Option<&'a str>,
    quantity: Option<String>,
    unit_price: Option<String>,
    net: String,
    taxes: Vec<Tax<'a>>,
    tax: String,
    gross: String,
    findings: &'a [String],
    message: &'a str,
}

#[derive(Serialize)]
struct Tax<'a> {
    jurisdiction: Option<&'a str>,
    rate: Option<String>,
    amount: String,
}

#[derive(Serialize)]
struct Put<'a> {
    to: &'static str,
    invoice: Option<&'a str>,
    number: Option<&'a str>,
    due: Option<String>,
    amount: String,
}

#[derive(Serialize)]
struct Span {
    from: String,
    to: String,
}

#[derive(Serialize)]
struct Asked<'a> {
    finding: &'a str,
    rule: &'a str,
    customer: Option<&'a str>,
    message: &'a str,
    why: &'a str,
    settle: &'a str,
    money: Vec<Money<'a>>,
}

#[derive(Serialize)]
struct Money<'a> {
    class: &'static str,
    currency: &'a str,
    gross: String,
}

#[derive(Serialize)]
struct Bridged<'a> {
    class: &'static str,
    currency: &'a str,
    reported: String,
    asked: String,
    tax_added: String,
    tax_reported: String,
    other: Vec<Other<'a>>,
    unexplained: String,
    proposed: String,
    closes: bool,
}

#[derive(Serialize)]
struct Other<'a> {
    why: &'a str,
    amount: String,
}

pub(super) fn render(report: &AuditReport, pack: &Pack) -> io::Result<Vec<u8>> {
    let document = Document {
        format: "tieout-corrections/1",
        version: &report.version,
        name: &report.name,
        as_of: report.as_of.map(|day| day.to_string()),
        proposals: pack.proposals.iter().map(wire).collect(),
        questions: pack.questions.iter().map(asked).collect(),
        without_money: pack.without_money,
        bridge: pack.bridge.iter().map(bridged).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn amount(amount: Amount, currency: &str) -> String {
    amount.to_places(minor_units(currency).unwrap_or(2))
}

fn span(period: Period) -> Span {
    Span { from: period.from.to_string(), to: period.to.to_string() }
}

fn wire(proposal: &Proposal) -> Wire<'_> {
    let money = |money: Amount| amount(money, &proposal.currency);
    Wire {
        id: &proposal.id,
        case: &proposal.case,
        action: proposal.action.name(),
        class: proposal.class.map(tieout_model::EffectClass::name),
        customer: proposal.customer.as_deref(),
        rightful_customer: proposal.rightful.as_deref(),
        bill_to: proposal.bill_to.as_deref(),
        reason: &proposal.reason,
        reason_words: &proposal.reason_words,
        currency: &proposal.currency,
        net: money(proposal.net()),
        tax: money(proposal.tax()),
        gross: money(proposal.gross()),
        lines: proposal.lines.iter().map(|line| row(line, &proposal.currency)).collect(),
        effect: proposal.effect.map(span),
        uses: proposal
            .uses
            .iter()
            .map(|one| {
                let (to, invoice, number, due) = match one {
                    Use::Invoice { id, number, due, .. } => ("invoice", Some(id.as_str()), Some(number.as_str()), *due),
                    Use::Refund { .. } => ("refund", None, None, None),
                    Use::OnAccount { .. } => ("account", None, None, None),
                };
                let due = due.map(|due| due.to_string());
                Put { to, invoice, number, due, amount: money(one.amount()) }
            })
            .collect(),
        account: proposal.account.as_deref(),
        approval_band: proposal.approval.as_deref(),
        remarks: &proposal.remarks,
        findings: proposal.fingerprints(),
    }
}

fn row<'a>(line: &'a Line, currency: &str) -> Row<'a> {
    Row {
        document: &line.document,
        number: &line.number,
        line: line.line.as_deref(),
        issued: line.issued.map(|day| day.to_string()),
        item: line.item.as_deref(),
        quantity: line.quantity.map(|quantity| quantity.to_string()),
        unit_price: line.unit_price.map(|price| price.to_string()),
        net: amount(line.net, currency),
        taxes: line
            .taxes
            .iter()
            .map(|part| Tax {
                jurisdiction: part.jurisdiction.as_deref(),
                rate: part.rate.map(|rate| rate.to_string()),
                amount: amount(part.amount, currency),
            })
            .collect(),
        tax: amount(line.tax(), currency),
        gross: amount(line.gross(), currency),
        findings: &line.fingerprints,
        message: &line.message,
    }
}

fn asked(question: &Question) -> Asked<'_> {
    Asked {
        finding: &question.fingerprint,
        rule: &question.rule,
        customer: question.customer.as_deref(),
        message: &question.message,
        why: &question.why,
        settle: &question.settle,
        money: question
            .money
            .iter()
            .map(|(class, currency, gross)| Money { class: class.name(), currency, gross: amount(*gross, currency) })
            .collect(),
    }
}

fn bridged(bridge: &Bridge) -> Bridged<'_> {
    let money = |money: Amount| amount(money, &bridge.currency);
    Bridged {
        class: bridge.class.name(),
        currency: &bridge.currency,
        reported: money(bridge.reported),
        asked: money(bridge.asked),
        tax_added: money(bridge.tax),
        tax_reported: money(bridge.tax_stated),
        other: bridge.other.iter().map(|(why, amount)| Other { why, amount: money(*amount) }).collect(),
        unexplained: money(bridge.unexplained),
        proposed: money(bridge.proposed),
        closes: bridge.closes(),
    }
}
