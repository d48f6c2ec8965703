//! What a preparer reads first: each return in a few lines, what is on no return, and whether the books agree.

use std::fmt::Write as _;

use tieout_model::filing::{Cell as Place, Filing, Kind, Papers, by_cell};

use super::{Cell, Heading};
use crate::layout::{visible, wrap};

const WIDTH: usize = 80;

pub(super) fn render(heading: &Heading<'_>, papers: &Papers) -> String {
    let mut text = String::new();
    line(
        &mut text,
        0,
        &format!(
            "{}, as at {}",
            visible(heading.name),
            heading.as_of.map_or_else(|| "no day".to_owned(), |day| day.to_string())
        ),
    );
    for filing in &papers.filings {
        text.push('\n');
        one(&mut text, filing);
    }
    text.push('\n');
    line(&mut text, 0, "Every line of the exports, once");
    for (cell, measure) in by_cell(&papers.landed) {
        for (at, (currency, amount)) in measure.amounts().enumerate() {
            let count = if at == 0 { measure.records.to_string() } else { String::new() };
            figure(&mut text, &format!("{} ({count})", cell.words()), amount.units, currency);
        }
    }
    for (currency, amount) in papers.population.amounts() {
        figure(&mut text, &format!("the exports ({})", papers.population.records), amount.units, currency);
    }
    let away: Vec<_> = papers
        .landed
        .iter()
        .filter(|one| matches!(one.cell, Place::OnNoReturn | Place::Unassigned | Place::NotTested))
        .collect();
    if !away.is_empty() {
        text.push('\n');
        line(&mut text, 0, "On no return, and why");
        for one in away {
            let money: Vec<String> = one
                .measure
                .amounts()
                .map(|(currency, amount)| format!("{} {currency}", Cell::Money(amount.units).shown()))
                .collect();
            let state = if one.state.is_empty() { String::new() } else { format!("{}: ", one.state) };
            line(
                &mut text,
                2,
                &format!("{state}{} ({} lines, {})", visible(&one.reason), one.measure.records, money.join(", ")),
            );
        }
    }
    for tie in &papers.ties {
        text.push('\n');
        line(&mut text, 0, &format!("Tax of the period, {} {}", visible(&tie.entity), tie.currency));
        for source in &tie.sources {
            match source.tax {
                Some(tax) => figure(&mut text, &source.name, tax, &tie.currency),
                None => line(&mut text, 2, &format!("{}: not given", source.name)),
            }
        }
        if !tie.items.is_empty() {
            line(&mut text, 2, &format!("{} reconciling items in reconciling_items.csv", tie.items.len()));
        }
    }
    if !papers.reference.is_empty() {
        text.push('\n');
        line(&mut text, 0, "Reference data");
        for remark in papers.reference.iter().take(12) {
            line(&mut text, 2, &format!("{}: {}", remark.kind, visible(&remark.text)));
        }
        if papers.reference.len() > 12 {
            line(&mut text, 2, &format!("{} more in reference_data.csv", papers.reference.len() - 12));
        }
    }
    if !papers.unasked.is_empty() {
        text.push('\n');
        line(&mut text, 0, &format!("Not given, so not asked: {}", papers.unasked.join(", ")));
    }
    text
}

fn one(text: &mut String, filing: &Filing) {
    let kind = match (filing.lines.is_empty(), filing.is_amended) {
        (true, _) => "papers, no return",
        (false, true) => "amended return",
        (false, false) => "return",
    };
    line(text, 0, &format!("{} {} {}: {kind}", visible(&filing.entity), filing.state, filing.period_name));
    let currency = &filing.currency;
    let bridge = &filing.bridge;
    figure(text, "gross sales", bridge.gross, currency);
    figure(text, "exemptions and deductions", bridge.gross - bridge.taxable, currency);
    figure(text, "taxable sales", bridge.taxable, currency);
    let collected: i128 = filing.schedule.iter().map(|row| row.collected).sum();
    let due: i128 = filing.schedule.iter().map(|row| row.due).sum();
    figure(text, "tax due", due, currency);
    figure(text, "tax collected", collected, currency);
    figure(text, "  of the difference, rounding", filing.schedule.iter().map(|row| row.differences[0]).sum(), currency);
    let (over, under) = filing.errors();
    figure(text, "  over-collected by error", over, currency);
    figure(text, "  under-collected by error", under, currency);
    let debts: i128 = filing.schedule.iter().filter(|row| row.kind == Kind::BadDebts).map(|row| row.due).sum();
    if debts != 0 {
        figure(text, "  tax on bad debts, deducted from the tax due", -debts, currency);
    }
    if let Some(amount) = filing.line("AmountDueOrRefund") {
        figure(text, "amount due", amount, currency);
    }
    let unverified = [("jurisdiction", filing.unverified), ("taxability", filing.unverified_taxability)];
    for (what, (records, net)) in unverified.into_iter().filter(|(_, (records, _))| *records > 0) {
        let net = Cell::Money(net).shown();
        line(text, 2, &format!("{what} assigned by the biller, not verified: {records} lines, {net} {currency}"));
    }
    for remark in &filing.remarks {
        line(text, 2, &visible(remark));
    }
}

fn figure(text: &mut String, what: &str, units: i128, currency: &str) {
    let amount = format!("{} {currency}", Cell::Money(units).shown());
    let room = WIDTH.saturating_sub(2 + amount.len() + 1);
    let what: String = what.chars().take(room).collect();
    // Writing to memory cannot fail.
    let _ = writeln!(text, "  {what:<room$} {amount}");
}

/// Words in lines of at most 80 characters; further ones hang.
fn line(text: &mut String, indent: usize, words: &str) {
    for (at, line) in wrap(words, WIDTH - indent, WIDTH - indent - 2).iter().enumerate() {
        // Writing to memory cannot fail.
        let _ = writeln!(text, "{}{line}", " ".repeat(if at == 0 { indent } else { indent + 2 }));
    }
}
