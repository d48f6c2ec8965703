//! The netting register: what credits, voids and rebills put right, and why it was believed.

use rust_xlsxwriter::XlsxError;
use tieout_model::AuditReport;

use super::cell::Cell;
use super::style::Look;
use super::table::{Setting, Sheet, Spec, Table, column, figures};
use crate::layout::counted;

pub(super) fn write(report: &AuditReport, setting: &mut Setting) -> Result<Vec<Sheet>, XlsxError> {
    let register = &report.netting;
    let words = format!(
        "{} netted before judging; {} that several bills could explain, not netted.",
        counted(register.entries.len() as u64, "credit or void was", "credits and voids were"),
        counted(register.ambiguous, "credit", "credits"),
    );
    let spec = Spec {
        name: "Netting register",
        intro: vec![(vec![Cell::text(words)], Look::Intro)],
        columns: vec![
            column("Credit or void", 22),
            column("Bill that it nets", 22),
            column("Rebilled as", 22),
            figures("Amount", 18),
            column("Currency", 9),
            column("How it is known", 30),
            column("Inferred", 10),
            column("Other month", 10),
        ],
        validations: Vec::new(),
        pages_wide: 1,
    };
    let mut table = Table::begin(setting, spec)?;
    let yes = |is: bool| Cell::text(if is { "yes" } else { "no" });
    for entry in &register.entries {
        let cells = [
            Cell::text(entry.credit.as_str()),
            Cell::text(entry.bill.as_str()),
            Cell::optional(entry.rebill.as_deref()),
            Cell::Money(entry.amount, entry.currency.clone()),
            Cell::text(entry.currency.as_str()),
            Cell::text(entry.tier.as_str()),
            yes(entry.inferred),
            yes(entry.crosses_period),
        ];
        table.line(&cells, Look::Plain)?;
    }
    table.end()
}
