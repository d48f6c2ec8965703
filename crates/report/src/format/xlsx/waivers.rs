//! Accepted findings, with who asked, who agreed and until when; and every waiver that did not apply.

use rust_xlsxwriter::XlsxError;
use tieout_model::finding::Disposition;
use tieout_model::{AuditReport, Code, EffectClass};

use super::Listed;
use super::cell::Cell;
use super::phrases;
use super::style::Look;
use super::table::{Setting, Sheet, Spec, Table, column, figures};
use crate::words::key_words;

const COMPLAINTS: [Code; 6] = [
    Code::WaiverSyntax,
    Code::WaiverUnmatched,
    Code::WaiverExpired,
    Code::WaiverExceeded,
    Code::WaiverChanged,
    Code::WaiverSelfApproved,
];

pub(super) fn write(report: &AuditReport, list: &[Listed<'_>], setting: &mut Setting) -> Result<Vec<Sheet>, XlsxError> {
    let words =
        "Accepted findings stay in this workbook. Below them stand waivers that did not apply, with the reason.";
    let spec = Spec {
        name: "Waivers",
        intro: vec![(vec![Cell::text(words)], Look::Intro)],
        columns: vec![
            figures("No.", 6),
            column("Customer", 14),
            column("Rule", 26),
            column("Item", 24),
            column("Class", 16),
            figures("Gross", 17),
            column("Owed to the customer", 12),
            column("Reason", 46),
            column("Prepared by", 16),
            column("Approved by", 16),
            column("Expires", 11),
        ],
        validations: Vec::new(),
        pages_wide: 1,
    };
    let mut table = Table::begin(setting, spec)?;
    for listed in list {
        let finding = listed.finding;
        let Disposition::Waived { reason, prepared_by, approved_by, expires } = &finding.disposition else { continue };
        let owed = |class| matches!(class, EffectClass::OverBilled | EffectClass::TaxOverCollected);
        let owed = finding.effects.iter().any(|effect| owed(effect.class));
        let effects = finding.effects.iter().map(Some);
        let effects: Vec<_> = if finding.effects.is_empty() { vec![None] } else { effects.collect() };
        for effect in effects {
            let cells = [
                Cell::Count(listed.number),
                Cell::optional(finding.party.as_deref()),
                Cell::text(finding.rule.as_str()),
                Cell::text(key_words(finding)),
                effect.map_or(Cell::Empty, |effect| Cell::text(effect.class.words())),
                effect.map_or(Cell::Empty, |effect| phrases::money(Some(effect.gross), &effect.currency)),
                Cell::text(if owed { "YES" } else { "" }),
                Cell::text(reason.as_str()),
                Cell::text(prepared_by.as_str()),
                Cell::text(approved_by.as_str()),
                expires.parse().map_or_else(|_| Cell::text(expires.as_str()), Cell::Day),
            ];
            table.line(&cells, Look::Plain)?;
        }
    }
    for complaint in report.diagnostics.iter().filter(|complaint| COMPLAINTS.contains(&complaint.code)) {
        let mut cells = vec![Cell::Empty; 7];
        cells[2] = Cell::text(complaint.code.name());
        cells.push(Cell::text(complaint.message.as_str()));
        table.line(&cells, Look::Plain)?;
    }
    table.end()
}
