//! What many findings have in common: mend one thing, and all of them are mended.

use rust_xlsxwriter::XlsxError;
use tieout_model::AuditReport;

use super::cell::Cell;
use super::phrases;
use super::style::Look;
use super::table::{Setting, Sheet, Spec, Table, column, figures};

pub(super) fn write(report: &AuditReport, setting: &mut Setting) -> Result<Vec<Sheet>, XlsxError> {
    let words = "What many findings have in common. Money of several classes takes a line each.";
    let spec = Spec {
        name: "In common",
        intro: vec![(vec![Cell::text(words)], Look::Intro)],
        columns: vec![
            column("Rule", 28),
            column("What they have in common", 50),
            column("Since", 11),
            figures("Findings", 10),
            figures("Tested records", 10),
            figures("Customers", 10),
            column("Class", 16),
            figures("Gross", 18),
            column("Seen to by", 14),
        ],
        validations: Vec::new(),
        pages_wide: 1,
    };
    let mut table = Table::begin(setting, spec)?;
    let mut roots: Vec<_> = report.root_causes.iter().collect();
    roots.sort_by(|a, b| b.findings.cmp(&a.findings).then_with(|| a.id.cmp(&b.id)));
    for root in roots {
        let totals = root.totals.iter().map(Some);
        let totals: Vec<_> = if root.totals.is_empty() { vec![None] } else { totals.collect() };
        for (index, total) in totals.into_iter().enumerate() {
            let once = |cell: Cell| if index == 0 { cell } else { Cell::Empty };
            let cells = [
                Cell::text(root.rule.as_str()),
                Cell::text(root.words()),
                once(Cell::day(root.since)),
                once(Cell::Count(root.findings)),
                once(Cell::Count(root.records)),
                once(Cell::Count(root.customers)),
                total.map_or(Cell::Empty, |total| Cell::text(total.class.words())),
                total.map_or(Cell::Empty, |total| phrases::money(Some(total.gross), &total.currency)),
                Cell::Input,
            ];
            table.line(&cells, Look::Plain)?;
        }
    }
    table.end()
}
