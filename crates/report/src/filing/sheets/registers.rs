//! Papers with a line a document: over- and under-collection, certificates, credits, bad debts, rate changes, the return on file.

use std::collections::BTreeMap;

use tieout_model::filing::{Filing, Kind, RegisterRow};

use super::super::sheet::{Cell, Sheet, figures, words};

pub(super) fn register(
    filing: &Filing,
    title: &'static str,
    file: &'static str,
    keep: fn(&RegisterRow) -> bool,
) -> Sheet {
    let intro = if title == "Over-collected" {
        "Tax collected above what is due and not explained by rounding: it belongs to the customer or to the state, never to the seller."
    } else {
        "Tax due that was not collected: the seller owes it all the same."
    };
    let columns = vec![
        words("Invoice", "number", 16),
        words("Issued", "issued", 12),
        words("Customer", "customer", 16),
        words("Jurisdiction", "jurisdiction", 16),
        words("Cause", "cause", 18),
        figures("Base", "base"),
        figures("Rate", "rate"),
        figures("Due", "due"),
        figures("Collected", "collected"),
        figures("Difference", "difference"),
        figures("Rate that fits", "rate_that_fits"),
        words("In force from", "rate_that_fits_from", 12),
        figures("Given back", "refunded"),
        words("Given back on", "refunded_on", 12),
        words("To remit with", "to_remit_with", 12),
        words("What to do", "action", 22),
    ];
    let mut sheet = Sheet::new(title, file, &[intro], columns);
    let rows: Vec<&RegisterRow> = filing.register.iter().filter(|row| keep(row)).collect();
    for row in &rows {
        let difference = row.difference();
        let action = match (row.is_reversal, row.is_over()) {
            (true, _) => "none: takes back its original's",
            (false, true) if row.open() == 0 => "none: given back",
            (false, true) if row.to_remit_with.is_some() => "remit what is not refunded",
            (false, true) => "refund or remit",
            (false, false) => "bill or bear it",
        };
        sheet.row(vec![
            Cell::text(&row.number),
            Cell::day(row.issued),
            Cell::option(row.customer.as_deref()),
            Cell::text(&row.jurisdiction),
            Cell::text(row.cause.words()),
            Cell::Money(row.base),
            Cell::rate(row.rate),
            Cell::Money(row.due),
            Cell::Money(row.collected),
            Cell::Formula("I{row}-H{row}".to_owned(), difference),
            Cell::rate(row.other_rate.map(|(rate, _)| rate)),
            Cell::day(row.other_rate.map(|(_, from)| from)),
            Cell::Money(row.refunded.0),
            Cell::day(row.refunded.1),
            Cell::option(row.to_remit_with.as_deref()),
            Cell::text(action),
        ]);
    }
    if !rows.is_empty() {
        let sum: i128 = rows.iter().map(|row| row.difference()).sum();
        let mut cells: Vec<Cell> = vec![Cell::text("All")];
        cells.extend((1..9).map(|_| Cell::Empty));
        cells.push(Cell::Formula("SUM(J{first}:J{last})".to_owned(), sum));
        cells.extend((10..16).map(|_| Cell::Empty));
        sheet.total("all", cells);
    }
    sheet
}

pub(super) fn customers(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Customer", "customer", 20),
        figures("Documents", "documents"),
        figures("Over-collected", "over_collected"),
        figures("Given back", "refunded"),
        figures("Under-collected", "under_collected"),
    ];
    let intro = ["The registers by customer."];
    let mut sheet = Sheet::new("By customer", "by_customer", &intro, columns);
    let mut by: BTreeMap<&str, (BTreeMap<&str, i128>, i128, i128)> = Default::default();
    for row in &filing.register {
        let sum = by.entry(row.customer.as_deref().unwrap_or("")).or_default();
        *sum.0.entry(&row.document).or_default() += row.refunded.0;
        let difference = row.difference();
        if row.is_over() { sum.1 += difference } else { sum.2 -= difference }
    }
    for (customer, (documents, over, under)) in by {
        sheet.row(vec![
            Cell::text(customer),
            Cell::Count(documents.len() as u64),
            Cell::Money(over),
            Cell::Money(documents.values().sum()),
            Cell::Money(under),
        ]);
    }
    sheet
}

pub(super) fn certificates(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Certificate", "certificate", 18),
        words("Customer", "customer", 18),
        words("State", "state", 8),
        words("Reason", "reason", 28),
        words("Scope", "scope", 16),
        words("From", "from", 12),
        words("To", "to", 12),
        words("Received", "received", 12),
        figures("Lines", "lines"),
        figures("Net", "net"),
    ];
    let intro = ["What exempt sales rest on. `To` is the last day."];
    let mut sheet = Sheet::new("Certificates", "certificates", &intro, columns);
    for row in &filing.certificates {
        sheet.row(vec![
            Cell::text(&row.certificate),
            Cell::text(&row.customer),
            Cell::text(&filing.state),
            Cell::text(row.reason.words()),
            Cell::text(&row.scope),
            Cell::Day(row.from),
            Cell::day(row.to.map(|to| to.add_days(-1))),
            Cell::day(row.received),
            Cell::Count(row.lines),
            Cell::Money(row.net),
        ]);
    }
    sheet
}

pub(super) fn unsupported(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Invoice", "number", 16),
        words("Line", "line", 8),
        words("Customer", "customer", 18),
        words("Tax date", "day", 12),
        figures("Net", "net"),
        words("Why", "why", 70),
    ];
    let intro = ["Untaxed as exempt, and no certificate supports it: in the return as taxable."];
    let mut sheet = Sheet::new("Unsupported", "unsupported_exemptions", &intro, columns);
    for row in &filing.unsupported {
        sheet.row(vec![
            Cell::text(&row.number),
            Cell::text(&row.line),
            Cell::option(row.customer.as_deref()),
            Cell::Day(row.day),
            Cell::Money(row.net),
            Cell::text(&row.why),
        ]);
    }
    sheet
}

pub(super) fn traced(filing: &Filing, title: &'static str, file: &'static str) -> Sheet {
    let (rows, intro, stated) = if title == "Credits" {
        let intro =
            "Credits traced to the sale that they take back: its rate, its period. Due: tax at the original's rates.";
        (&filing.credits, intro, "Tax credited")
    } else {
        let intro = "Debts written off (the tax base of it alone), and recoveries added back, traced to the sale.";
        (&filing.bad_debts, intro, "Tax written off")
    };
    let columns = vec![
        words("Document", "number", 16),
        words("Day", "day", 12),
        words("Customer", "customer", 18),
        words("Original", "original", 16),
        words("Its tax date", "original_day", 12),
        words("Its period", "original_period", 10),
        words("Filed", "was_filed", 10),
        figures("Taxable base", "base"),
        figures("Tax at its rates", "due"),
        figures(stated, "stated"),
        figures("Difference", "difference"),
        words("Why not deducted", "why_not", 40),
    ];
    let mut sheet = Sheet::new(title, file, &[intro], columns);
    for row in rows {
        let filed = row.was_filed.map_or("not known", |was| if was { "yes" } else { "no" });
        sheet.row(vec![
            Cell::text(&row.number),
            Cell::Day(row.day),
            Cell::option(row.customer.as_deref()),
            Cell::text(&row.original),
            Cell::Day(row.original_day),
            Cell::text(&row.original_period),
            Cell::text(filed),
            Cell::Money(row.base),
            Cell::Money(row.due),
            Cell::Money(row.stated),
            Cell::Formula("J{row}-I{row}".to_owned(), row.stated - row.due),
            Cell::text(&row.why_not),
        ]);
    }
    sheet
}

pub(super) fn cutoff(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Invoice", "number", 16),
        words("Tax date", "day", 12),
        words("Jurisdiction", "jurisdiction", 16),
        words("Rates changed on", "change", 14),
        figures("Rate in force", "due_rate"),
        figures("Rate charged", "charged_rate"),
        figures("Difference", "difference"),
    ];
    let intro = ["Documents that were taxed by the rate of the other side of a change."];
    let mut sheet = Sheet::new("Rate changes", "rate_changes", &intro, columns);
    for row in &filing.cutoff {
        sheet.row(vec![
            Cell::text(&row.number),
            Cell::Day(row.day),
            Cell::text(&row.jurisdiction),
            Cell::Day(row.change),
            Cell::Rate(row.due_rate),
            Cell::Rate(row.charged_rate),
            Cell::Money(row.difference),
        ]);
    }
    sheet
}

/// What of this return belongs to sales of earlier periods.
pub(super) fn prior(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Original period", "original_period", 14),
        words("Jurisdiction", "jurisdiction", 16),
        words("Kind", "kind", 12),
        figures("Taxable base", "base"),
        figures("Tax due", "due"),
        figures("Tax collected", "collected"),
    ];
    let intro = ["Rows of the schedule whose sale was in an earlier period: corrections taken in this return."];
    let mut sheet = Sheet::new("Earlier periods", "earlier_periods", &intro, columns);
    let mut rows: Vec<_> = filing.schedule.iter().filter(|row| row.original != filing.period_name).collect();
    rows.sort_by(|a, b| (&a.original, &a.jurisdiction).cmp(&(&b.original, &b.jurisdiction)));
    for row in rows {
        sheet.row(vec![
            Cell::text(&row.original),
            Cell::text(&row.jurisdiction),
            Cell::text(if row.kind == Kind::Sales { "credits" } else { "bad debts" }),
            Cell::Money(row.base),
            Cell::Money(row.due),
            Cell::Money(row.collected),
        ]);
    }
    sheet
}

pub(super) fn filed(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Line", "code", 44),
        figures("As filed", "filed"),
        figures("Now", "now"),
        figures("Difference", "difference"),
    ];
    let intro =
        ["The return on file for the period against this one, line by line. An amended return replaces the whole."];
    let mut sheet = Sheet::new("Filed return", "filed_return", &intro, columns);
    for row in &filing.filed {
        let or_none = |units: Option<i128>| units.map_or(Cell::Empty, Cell::Money);
        let difference = row.now.unwrap_or(0) - row.filed.unwrap_or(0);
        sheet.row(vec![
            Cell::text(&row.code),
            or_none(row.filed),
            or_none(row.now),
            Cell::Formula("C{row}-B{row}".to_owned(), difference),
        ]);
    }
    sheet
}
