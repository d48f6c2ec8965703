//! Papers about all returns together.

use tieout_model::filing::{Landed, Papers, by_cell};

use super::super::sheet::{Cell, Column, Sheet, figures, record, words};

pub(super) fn population(papers: &Papers) -> Sheet {
    let columns = vec![
        words("Cell", "cell", 34),
        figures("Lines", "lines"),
        words("Currency", "currency", 9),
        figures("Net", "net"),
    ];
    let intro = ["Every line of the exports once. The sums are those of the exports."];
    let mut sheet = Sheet::new("Cells", "cells", &intro, columns);
    for (cell, measure) in by_cell(&papers.landed) {
        for (at, (currency, amount)) in measure.amounts().enumerate() {
            sheet.row(vec![
                Cell::Text(cell.words()),
                if at == 0 { Cell::Count(measure.records) } else { Cell::Empty },
                Cell::text(currency),
                Cell::Money(amount.units),
            ]);
        }
    }
    for (at, (currency, amount)) in papers.population.amounts().enumerate() {
        let count = if at == 0 { Cell::Count(papers.population.records) } else { Cell::Empty };
        sheet.total("exports", vec![Cell::text("the exports"), count, Cell::text(currency), Cell::Money(amount.units)]);
    }
    sheet
}

fn landed_rows(sheet: &mut Sheet, landed: &[Landed]) {
    for one in landed {
        for (currency, amount) in one.measure.amounts() {
            sheet.row(vec![
                Cell::text(&one.entity),
                Cell::text(&one.state),
                Cell::Text(one.cell.words()),
                Cell::text(&one.reason),
                Cell::Count(one.measure.records),
                Cell::text(currency),
                Cell::Money(amount.units),
            ]);
        }
    }
}

fn landed_columns() -> Vec<Column> {
    vec![
        words("Seller", "entity", 14),
        words("State", "state", 9),
        words("Cell", "cell", 30),
        words("Why", "reason", 70),
        figures("Lines", "lines"),
        words("Currency", "currency", 9),
        figures("Net", "net"),
    ]
}

pub(super) fn landed(papers: &Papers) -> Sheet {
    let intro = ["Where every line landed, by seller and state, and why it is on no return where it is on none."];
    let mut sheet = Sheet::new("Where lines landed", "where_lines_landed", &intro, landed_columns());
    landed_rows(&mut sheet, &papers.landed);
    sheet
}

pub(super) fn landed_tax(papers: &Papers) -> Sheet {
    let intro = ["Tax as billed that is compared on no return of the period, and why."];
    let mut sheet = Sheet::new("Tax not compared", "tax_not_compared", &intro, landed_columns());
    landed_rows(&mut sheet, &papers.landed_tax);
    for (currency, amount) in papers.stray_tax.amounts() {
        sheet.row(vec![
            Cell::Empty,
            Cell::Empty,
            Cell::text("no line"),
            Cell::text("tax of documents without lines"),
            Cell::Count(papers.stray_tax.records),
            Cell::text(currency),
            Cell::Money(amount.units),
        ]);
    }
    sheet
}

pub(super) fn tie(papers: &Papers) -> Sheet {
    let columns = vec![
        words("Seller", "entity", 16),
        words("Currency", "currency", 9),
        words("Source", "source", 44),
        figures("Tax of the period", "tax"),
        figures("Records", "records"),
    ];
    let intro =
        ["Tax of the period as each source tells it. What keeps them apart stands on the sheet Reconciling items."];
    let mut sheet = Sheet::new("Tie-out", "tie_out", &intro, columns);
    for tie in &papers.ties {
        let mut say = |source: &str, tax: Option<i128>, records: Option<u64>| {
            sheet.row(vec![
                Cell::text(&tie.entity),
                Cell::text(&tie.currency),
                Cell::text(source),
                tax.map_or_else(|| Cell::text("not given"), Cell::Money),
                records.map_or(Cell::Empty, Cell::Count),
            ]);
        };
        for source in &tie.sources {
            say(&source.name, source.tax, Some(source.records));
        }
        say("ledger: opening balance", tie.opening, None);
        say("ledger: accrued", Some(tie.accrued), None);
        say("ledger: paid", Some(-tie.paid), None);
        let computed = tie.opening.map(|opening| opening + tie.accrued - tie.paid);
        say("ledger: closing balance as computed", computed, None);
        say("ledger: closing balance as stated", tie.closing, None);
    }
    sheet
}

pub(super) fn items(papers: &Papers) -> Sheet {
    let columns = vec![
        words("Seller", "entity", 16),
        words("Currency", "currency", 9),
        words("Between", "between", 22),
        words("What", "what", 56),
        words("Document or state", "document", 18),
        words("Day", "day", 12),
        words("Age in days", "age_days", 8),
        figures("Second less first", "amount"),
    ];
    let intro = [
        "Each item explains a part of the second source less the first; the oldest first. Items of a state stand for the papers that are named.",
    ];
    let mut sheet = Sheet::new("Reconciling items", "reconciling_items", &intro, columns);
    for tie in &papers.ties {
        for item in &tie.items {
            sheet.row(vec![
                Cell::text(&tie.entity),
                Cell::text(&tie.currency),
                Cell::text(&item.between),
                Cell::text(&item.what),
                Cell::text(&item.document),
                Cell::day(item.day),
                item.age.map_or(Cell::Empty, |age| Cell::Text(age.to_string())),
                Cell::Money(item.amount),
            ]);
        }
    }
    sheet
}

pub(super) fn reference(papers: &Papers) -> Sheet {
    let columns = vec![words("Kind", "kind", 16), words("What", "what", 80), record("First row", "first_row")];
    let intro = ["What a preparer should know of rates, boundaries and rules before relying on them."];
    let mut sheet = Sheet::new("Reference data", "reference_data", &intro, columns);
    for remark in &papers.reference {
        let first = remark.rows.first().map_or(Cell::Empty, |row| Cell::Record(*row));
        sheet.row(vec![Cell::text(&remark.kind), Cell::text(&remark.text), first]);
    }
    for name in &papers.unasked {
        let text = format!("the exports have no `{name}`, so it was not asked");
        sheet.row(vec![Cell::text("not given"), Cell::Text(text), Cell::Empty]);
    }
    sheet
}
