//! One finding: headline, what is wrong, figures, evidence, why it is believed, what to do.

use std::io;

use tieout_model::{AuditReport, Evidence, Finding, Severity};

use crate::layout::{Page, WIDTH, counted, width};
use crate::words::{key_words, stake};

/// Records of evidence shown in brief.
const EVIDENCE_MAX: usize = 8;

/// How much of a finding is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// In the report: the first records, cells as understood.
    Brief,
    /// On request: every record, with the cells as received.
    Full,
}

pub(super) fn render(report: &AuditReport, finding: &Finding, detail: Detail, page: &mut Page<'_>) -> io::Result<()> {
    headline(finding, 0, page)?;
    page.paragraph(2, &finding.message)?;
    figures(finding, page)?;
    let evidence_max = if detail == Detail::Full { usize::MAX } else { EVIDENCE_MAX };
    for evidence in finding.evidence.iter().take(evidence_max) {
        record(report, evidence, detail, page)?;
    }
    if let Some(more) = finding.evidence.len().checked_sub(evidence_max).filter(|more| *more > 0) {
        page.line(&format!("  and {} (in the JSON report)", counted(more as u64, "more record", "more records")))?;
    }
    for step in &finding.chain {
        page.hanging(2, "detail  ", 10, step)?;
    }
    let confidence = format!("{}: {}", finding.confidence.name(), finding.confidence_reason);
    if !finding.confidence_reason.is_empty() {
        page.paragraph(2, &confidence)?;
    }
    if let Some(words) = crate::words::standing(report, finding) {
        page.hanging(2, "history ", 10, &words)?;
    }
    if let Some(limit) = &finding.limited {
        page.hanging(2, "limited ", 10, limit)?;
    }
    if let Some(document) = &finding.corrected_by {
        page.hanging(2, "corrected ", 12, &format!("by {document}, after the period"))?;
    }
    if let Some(cause) = &finding.caused_by {
        page.hanging(2, "explained ", 12, &format!("by finding {cause}, where its money is counted"))?;
    }
    page.hanging(2, "remedy  ", 10, &finding.remedy)?;
    page.hanging(2, "finding ", 10, &finding.fingerprint)
}

/// Rule, party and key, money, confidence, severity below error: on one line if they fit, else the money on the next.
pub(super) fn headline(finding: &Finding, indent: usize, page: &mut Page<'_>) -> io::Result<()> {
    let margin = " ".repeat(indent);
    let key = key_words(finding);
    let who = match &finding.party {
        Some(party) if *party != key => format!("{party} / {key}"),
        _ => key,
    };
    let money: Vec<_> = finding.effects.iter().map(|effect| stake(finding, effect)).collect();
    let left = format!("{margin}{}   {who}", finding.rule);
    let right = match finding.severity {
        Severity::Error => finding.confidence.name().to_owned(),
        lesser => format!("{}, {}", finding.confidence.name(), lesser.name()),
    };
    let together = format!("{left}   {}", money.join("; "));
    if !money.is_empty() && width(&together) + 2 + right.len() <= WIDTH {
        return page.pair(&together, &right);
    }
    page.pair(&left, &right)?;
    for stake in money {
        page.paragraph(indent + 2, &stake)?;
    }
    Ok(())
}

/// A finding that another explains: no money, it is counted at the cause.
pub(super) fn consequence(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let waived = if finding.is_waived() { " (waived)" } else { "" };
    let text = format!("{}   {}{waived}: {}", finding.rule, key_words(finding), finding.message);
    page.hanging(2, "consequence  ", 6, &text)
}

fn figures(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let figures = [("expected", &finding.expected), ("stated", &finding.stated), ("difference", &finding.difference)];
    let words: Vec<_> =
        figures.into_iter().filter_map(|(word, figure)| Some(format!("{word} {}", figure.as_ref()?))).collect();
    if words.is_empty() { Ok(()) } else { page.hanging(2, "", 4, &words.join("   ")) }
}

/// `exports/invoices.csv:812  record 811  stated  document_number=INV-20417  gross_amount=1190.00`.
fn record(report: &AuditReport, evidence: &Evidence, detail: Detail, page: &mut Page<'_>) -> io::Result<()> {
    let source = usize::try_from(evidence.record.source).ok().and_then(|index| report.sources.get(index));
    let path = source.map_or("?", |source| source.path.as_str());
    let place = evidence.line.map_or(path.to_owned(), |line| format!("{path}:{line}"));
    let cells = if evidence.cells.is_empty() { &evidence.received } else { &evidence.cells };
    let line = format!("record {}  {}  {}", evidence.record.record, evidence.role, pairs(cells));
    page.hanging(2, "", 4, &format!("{place}  {line}"))?;
    if detail == Detail::Full && !evidence.cells.is_empty() && !evidence.received.is_empty() {
        page.hanging(4, "as received  ", 6, &pairs(&evidence.received))?;
    }
    Ok(())
}

fn pairs(cells: &[(String, String)]) -> String {
    let cells: Vec<_> = cells.iter().map(|(column, value)| format!("{column}={value}")).collect();
    cells.join("  ")
}
