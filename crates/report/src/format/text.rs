//! The report for reading: 80 columns, no colour needed, the first screen says what matters.
//!
//! The order is a reader's: what was audited and what came out; what to do first; what could not be tested and whom to
//! ask; then the working papers. Long lists are folded with a count, never silently: JSON and CSV hold everything.

pub mod account;
pub mod arrivals;
pub mod chase;
pub mod check;
pub mod complaints;
mod finding;
pub(crate) mod first_page;
mod hold;
mod netting;
pub mod pair;
mod roots;
pub(crate) mod rules;
mod settled;
pub(crate) mod sources;
mod untested;
mod worklist;

use std::io::{self, Write};

use tieout_model::{AuditReport, Finding};

use crate::groups::Groups;
use crate::layout::Page;

/// Findings of one rule that the text shows.
const FINDINGS_A_RULE_MAX: usize = 10;

/// Writes the report.
pub(super) fn render(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let groups = Groups::new(report);
    hold::render(report, &mut Page::new(out))?;
    first_page::render(report, &mut Page::new(out))?;
    worklist::render(report, &groups, &mut Page::new(out))?;
    settled::render(report, &mut Page::new(out))?;
    untested::render(report, out)?;
    sources::render(report, &mut Page::new(out))?;
    netting::render(report, &mut Page::new(out))?;
    rules::render(report, &mut Page::new(out))
}

/// Writes one finding with all its evidence, the cells as received, and what follows from it.
pub fn render_finding(report: &AuditReport, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out);
    finding::render(report, finding, finding::Detail::Full, &mut page)?;
    for consequence in report.findings.iter().filter(|other| other.caused_by.as_ref() == Some(&finding.fingerprint)) {
        finding::consequence(consequence, &mut page)?;
    }
    Ok(())
}
