//! A compiled table meets the headers of a file: every mapped header becomes a field number, or a complaint.

use tieout_model::{Code, Diagnostic, Place};

use super::{How, Minor, TablePlan};
use crate::diagnose::nearest;
use crate::profile::Origin;

/// Field numbers of a table in one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bound {
    /// By column: its field; `None` for constants and the like, and for optional headers that are not there.
    pub fields: Vec<Option<usize>>,
    /// By column: true if an optional header is not there.
    pub missing: Vec<bool>,
    /// By column: the field of the currency of minor units.
    pub minor: Vec<Option<usize>>,
    /// By condition.
    pub conditions: Vec<usize>,
    /// By series.
    pub series: Vec<usize>,
    /// Columns to fill from above.
    pub fill_down: Vec<usize>,
    /// Fields that something uses.
    pub used: Vec<usize>,
}

impl Bound {
    /// For a file without a header: no column has a field.
    pub fn unbound(plan: &TablePlan) -> Self {
        let columns = plan.columns.len();
        Self {
            fields: vec![None; columns],
            missing: vec![false; columns],
            minor: vec![None; columns],
            ..Self::default()
        }
    }
}

/// Binds a table; errors are about this file.
pub(crate) fn bind(plan: &TablePlan, headers: &[String], file: &str) -> Result<Bound, Vec<Diagnostic>> {
    let mut bound = Bound::default();
    let mut complaints = Vec::new();
    for column in &plan.columns {
        let mut minor = None;
        if let Some(Minor::Header(header)) = &column.minor {
            minor = complain(
                one(headers, std::slice::from_ref(header), &column.origin, &column.span, file),
                &mut complaints,
            );
        }
        let (field, missing) = match &column.how {
            How::Header(spellings) => match one(headers, spellings, &column.origin, &column.span, file) {
                Err(complaint) if column.optional && complaint.code == Code::HeaderMissing => (None, true),
                result => (complain(result, &mut complaints), false),
            },
            How::Position(position) if *position <= headers.len() => (Some(position - 1), false),
            How::Position(position) => {
                let message = format!("`{file}` has {} fields, so there is no position {position}", headers.len());
                complaints.push(column.origin.complain(Code::HeaderMissing, column.span.clone(), message));
                (None, false)
            }
            How::Constant(..) | How::Record | How::Compute { .. } | How::Join { .. } => (None, false),
        };
        bound.used.extend(field);
        bound.used.extend(minor);
        bound.fields.push(field);
        bound.missing.push(missing);
        bound.minor.push(minor);
    }
    // What is computed from a missing optional header is missing too.
    for index in 0..plan.columns.len() {
        if plan.columns[index].how.is_computed() {
            bound.missing[index] = plan.columns[index].how.operands().iter().any(|operand| bound.missing[*operand]);
        }
    }
    for condition in &plan.conditions {
        let spelling = std::slice::from_ref(&condition.header);
        bound
            .conditions
            .extend(complain(one(headers, spelling, &condition.origin, &condition.span, file), &mut complaints));
    }
    for series in &plan.series {
        let spelling = std::slice::from_ref(&series.header);
        bound.series.extend(complain(one(headers, spelling, &series.origin, &series.span, file), &mut complaints));
    }
    for header in &plan.fill_down {
        let found = one(headers, std::slice::from_ref(header), &plan.origin, &plan.span, file);
        bound.fill_down.extend(complain(found, &mut complaints));
    }
    bound.used.extend(bound.conditions.iter().chain(&bound.series));
    if complaints.is_empty() { Ok(bound) } else { Err(complaints) }
}

fn complain(result: Result<usize, Box<Diagnostic>>, complaints: &mut Vec<Diagnostic>) -> Option<usize> {
    match result {
        Ok(field) => Some(field),
        Err(complaint) => {
            if !complaints.contains(&complaint) {
                complaints.push(*complaint);
            }
            None
        }
    }
}

/// The field of the first spelling that the file has.
fn one(
    headers: &[String],
    spellings: &[String],
    origin: &Origin,
    span: &std::ops::Range<usize>,
    file: &str,
) -> Result<usize, Box<Diagnostic>> {
    for spelling in spellings {
        let mut found = headers.iter().enumerate().filter(|(_, header)| *header == spelling.trim());
        match (found.next(), found.next()) {
            (Some((field, _)), None) => return Ok(field),
            (Some((first, _)), Some((second, _))) => {
                let message =
                    format!("`{file}` has two columns \"{spelling}\", at positions {} and {}", first + 1, second + 1);
                let complaint = origin
                    .complain(Code::HeaderDuplicate, span.clone(), message)
                    .help(format!("name the one that is meant: `{{ position = {} }}`", first + 1));
                return Err(Box::new(complaint));
            }
            _ => {}
        }
    }
    let wanted = spellings.iter().map(|spelling| format!("\"{spelling}\"")).collect::<Vec<_>>().join(" or ");
    let mut complaint = origin.complain(Code::HeaderMissing, span.clone(), format!("`{file}` has no header {wanted}"));
    if complaint.place.is_none() {
        complaint = complaint.at(Place { file: file.to_owned(), ..Place::default() });
    }
    let near = spellings.iter().find_map(|spelling| nearest(spelling, headers.iter().map(String::as_str)));
    complaint = complaint.note(format!("its headers: {}", listed(headers)));
    let complaint = match near {
        Some(near) => complaint.help(format!(
            "did you mean \"{near}\"? If exports differ, list the spellings: [{wanted}, \"{near}\"]",
            wanted = wanted.replace(" or ", ", ")
        )),
        None => complaint.help("correct the header in the mapping, or mark the column `optional = true`"),
    };
    Err(Box::new(complaint))
}

fn listed(headers: &[String]) -> String {
    const SHOWN: usize = 40;
    let mut text = headers.iter().take(SHOWN).map(|header| format!("\"{header}\"")).collect::<Vec<_>>().join(", ");
    if headers.len() > SHOWN {
        text.push_str(&format!(" and {} more", headers.len() - SHOWN));
    }
    text
}
