//! Complaints for programs. `format` names the version; a rate is text.

use std::io::{self, Write};

use serde::Serialize;
use tieout_model::complaint::{Answer, Complaint, Complaints, Standing};
use tieout_model::{AuditReport, Date};

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    as_of: Option<String>,
    standings: Vec<Count>,
    answers: Vec<Count>,
    months: Vec<Month>,
    unstated: &'a [String],
    complaints: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Count {
    name: &'static str,
    complaints: usize,
}

#[derive(Serialize)]
struct Month {
    month: String,
    complaints: u64,
    invoices: u64,
    per_1000_invoices: Option<String>,
}

#[derive(Serialize)]
struct Row<'a> {
    complaint: &'a str,
    customer: &'a str,
    document: Option<&'a str>,
    received: Option<String>,
    category: Option<&'a str>,
    subject: Option<&'a str>,
    standing: &'static str,
    why: &'a str,
    findings: &'a [String],
    proposals: &'a [String],
    answer: &'static str,
    answer_why: &'a str,
    answered: Option<String>,
    updated: Option<String>,
    closed: Option<String>,
}

/// Writes every complaint.
pub fn render(report: &AuditReport, all: &Complaints, out: &mut dyn Write) -> io::Result<()> {
    let counted = |number: &dyn Fn(&Complaint) -> bool| all.complaints.iter().filter(|one| number(one)).count();
    let standing = |one: Standing| Count { name: one.name(), complaints: counted(&|row| row.standing == one) };
    let answer = |one: Answer| Count { name: one.name(), complaints: counted(&|row| row.answer == one) };
    let month = |month: &tieout_model::complaint::Month| Month {
        month: month.from.to_string()[..7].to_owned(),
        complaints: month.complaints,
        invoices: month.invoices,
        per_1000_invoices: month.rate().map(|rate| rate.to_places(2)),
    };
    let document = Document {
        format: "tieout-complaints/1",
        as_of: day(report.as_of),
        standings: Standing::ALL.into_iter().map(standing).collect(),
        answers: Answer::ALL.into_iter().map(answer).collect(),
        months: all.months.iter().map(month).collect(),
        unstated: &all.unstated,
        complaints: all.complaints.iter().map(row).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn day(day: Option<Date>) -> Option<String> {
    day.map(|day| day.to_string())
}

fn row(one: &Complaint) -> Row<'_> {
    Row {
        complaint: &one.id,
        customer: &one.customer,
        document: one.document.as_deref(),
        received: day(one.received),
        category: one.category.as_deref(),
        subject: one.subject.as_deref(),
        standing: one.standing.name(),
        why: &one.why,
        findings: &one.findings,
        proposals: &one.proposals,
        answer: one.answer.name(),
        answer_why: &one.answer_why,
        answered: day(one.answered),
        updated: day(one.updated),
        closed: day(one.closed),
    }
}
