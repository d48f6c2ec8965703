//! The workbook: what a clerk works through, signs and gives back, and what an auditor files.
//!
//! Its sheets stand in the order of reading: work list; what could not be tested and whom to ask; sources with control totals and
//! completeness; findings and their evidence; netting; waivers; rules last. Nothing from data is ever a formula, amounts are
//! numbers in their currency's format, and where they are computed the formula stands beside its stored result, so that a viewer
//! that computes nothing shows the same. A sheet that is full goes on on a further one, and an index says where.

mod cell;
mod evidence;
mod findings;
mod former;
mod index;
mod live;
mod measures;
mod netting;
pub(crate) mod papers;
mod phrases;
mod roots;
mod rules;
mod sources;
mod style;
mod table;
mod untested;
mod waivers;
mod worklist;

use std::collections::HashMap;
use std::io::{self, Write};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use tieout_model::{AuditReport, Finding};

pub(crate) use cell::shown;
pub(crate) use findings::{
    COMPUTED, CONTENT, DIGEST, FINGERPRINT, FORMULAS, NUMBER, RULE, SHEET, SIGNED, STAKE, digest, sign,
};

use crate::groups::Groups;
use style::Styles;
use table::{Setting, Sheet};

/// Rows of a sheet.
pub const ROWS_MAX: u32 = 1_048_576;

/// Writes the workbook.
pub(super) fn render(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    render_split(report, ROWS_MAX, out)
}

/// Writes the workbook with at most so many rows on a sheet: a table that needs more goes on on further sheets.
pub fn render_split(report: &AuditReport, rows_max: u32, out: &mut dyn Write) -> io::Result<()> {
    let bytes = workbook(report, rows_max).map_err(|error| match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other.to_string()),
    })?;
    out.write_all(&bytes)
}

/// A finding with the number that it has in this workbook.
struct Listed<'a> {
    number: u64,
    finding: &'a Finding,
    /// The number of the finding that explains it.
    cause: Option<u64>,
}

/// Findings in the order of work, consequences under their cause, waived ones last.
fn listed<'a>(groups: &Groups<'a>) -> Vec<Listed<'a>> {
    let threads = groups.open.iter().flat_map(|group| &group.threads).chain(&groups.waived);
    let (mut list, mut number) = (Vec::new(), 0);
    for thread in threads {
        number += 1;
        let cause = number;
        list.push(Listed { number, finding: thread.cause, cause: None });
        for finding in &thread.consequences {
            number += 1;
            list.push(Listed { number, finding, cause: Some(cause) });
        }
    }
    list
}

fn workbook(report: &AuditReport, rows_max: u32) -> Result<Vec<u8>, XlsxError> {
    let mut setting = Setting {
        title: report.name.clone(),
        maker: format!("tieout {}", report.version),
        // A sheet has room for its lines above the header and a block of evidence.
        rows_max: rows_max.max(64),
        styles: Styles::default(),
    };
    let groups = Groups::new(report);
    let list = listed(&groups);
    let numbers: HashMap<*const Finding, u64> =
        list.iter().map(|listed| (std::ptr::from_ref(listed.finding), listed.number)).collect();
    let (evidence, places) = evidence::write(report, &list, &mut setting)?;
    let none = || Ok(Vec::new());
    let parts = [
        worklist::write(report, &groups, &numbers, &mut setting)?,
        if report.root_causes.is_empty() { none() } else { roots::write(report, &mut setting) }?,
        untested::write(report, &mut setting)?,
        sources::write(report, &mut setting)?,
        sources::write_files(report, &mut setting)?,
        findings::write(report, &list, &places, &mut setting)?,
        evidence,
        report.baseline.as_ref().map_or_else(none, |baseline| former::write(baseline, &mut setting))?,
        netting::write(report, &mut setting)?,
        waivers::write(report, &list, &mut setting)?,
        rules::write(report, &mut setting)?,
    ];
    let is_split = parts.iter().any(|sheets| sheets.len() > 1);
    let mut sheets: Vec<Sheet> = parts.into_iter().flatten().collect();
    if is_split {
        let index = index::write(&sheets, &mut setting)?;
        sheets.splice(1..1, index);
    }
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(report)?);
    sheets.into_iter().for_each(|sheet| workbook.push_worksheet(sheet.worksheet));
    workbook.save_to_buffer()
}

/// The date is the as-of day, not the clock's: the same inputs give the same bytes.
fn properties(report: &AuditReport) -> Result<DocProperties, XlsxError> {
    let day = report.as_of.and_then(cell::excel_day);
    let day = day.map_or_else(|| ExcelDateTime::from_ymd(2000, 1, 1), Ok)?;
    Ok(DocProperties::new().set_title(shown(&report.name)).set_comment("tieout").set_creation_datetime(&day))
}
