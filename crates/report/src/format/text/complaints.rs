//! Complaints on a page: what audits knew of them, how soon they were answered, how many there are for so many bills.

use std::io::{self, Write};

use tieout_model::AuditReport;
use tieout_model::complaint::{Answer, Complaint, Complaints, Standing};

use crate::layout::{Page, count, counted};

/// Complaints listed of each standing.
const LISTED_MAX: usize = 40;

/// Writes every complaint's standing.
pub fn render(report: &AuditReport, all: &Complaints, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out);
    let as_of = report.as_of.map_or(String::new(), |as_of| format!("as of {as_of}"));
    page.pair("Complaints", &as_of)?;
    let row = |page: &mut Page<'_>, words: &str, number: usize| {
        page.line(&format!("  {words:<36} {:>6}", count(number as u64)))
    };
    row(&mut page, "all", all.complaints.len())?;
    for standing in Standing::ALL {
        row(&mut page, standing.words(), of(all, standing).len())?;
    }
    page.heading("First answer, last message")?;
    for answer in Answer::ALL {
        row(&mut page, answer.words(), all.complaints.iter().filter(|one| one.answer == answer).count())?;
    }
    let states = |column: &str| !all.unstated.iter().any(|name| name == column);
    if states("closed_date") {
        let open: Vec<&Complaint> = all.complaints.iter().filter(|one| one.closed.is_none()).collect();
        row(&mut page, "closed", all.complaints.len() - open.len())?;
        row(&mut page, "open", open.len())?;
        let oldest = open
            .iter()
            .filter_map(|one| Some((one.updated.or(one.answered).or(one.received)?, one)))
            .min_by_key(|(day, one)| (*day, one.id.as_str()));
        if let Some((day, one)) = oldest {
            page.hanging(2, "Open without news the longest: ", 4, &format!("{}, since {day}.", one.id))?;
        }
    }
    for column in &all.unstated {
        page.hanging(2, "Not stated: ", 4, &format!("the exports have no {}.", column.replace('_', " ")))?;
    }
    page.heading("For 1,000 invoices")?;
    for month in &all.months {
        let (complaints, invoices) =
            (counted(month.complaints, "complaint", "complaints"), counted(month.invoices, "invoice", "invoices"));
        let rate = month.rate().map_or("no invoices".to_owned(), |rate| rate.to_places(2));
        let name = month.from.to_string();
        page.line(&format!("  {}  {rate:>12}   {complaints}, {invoices}", &name[..7]))?;
    }
    for standing in Standing::ALL {
        let own = of(all, standing);
        if own.is_empty() {
            continue;
        }
        let words = standing.words();
        page.heading(&format!("{}{} ({})", words[..1].to_uppercase(), &words[1..], count(own.len() as u64)))?;
        for one in own.iter().take(LISTED_MAX) {
            page.hanging(0, &format!("{}  {}  ", one.id, one.customer), 4, &words_of(one))?;
        }
        if let Some(more) = own.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
            page.line(&format!("and {} more: `--json FILE` has them", count(more as u64)))?;
        }
    }
    Ok(())
}

fn of(all: &Complaints, standing: Standing) -> Vec<&Complaint> {
    all.complaints.iter().filter(|one| one.standing == standing).collect()
}

fn words_of(one: &Complaint) -> String {
    let received = one.received.map_or("no day".to_owned(), |day| day.to_string());
    let about = one.document.as_ref().map_or(String::new(), |document| format!(" about {document}"));
    let says = [&one.category, &one.subject].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(": ");
    let says = if says.is_empty() { String::new() } else { format!(", \u{201c}{says}\u{201d}") };
    let why = if one.why.is_empty() { String::new() } else { format!("; {}", one.why) };
    let answer = match one.answer {
        Answer::Unknown => format!("; {}", one.answer_why),
        Answer::None | Answer::Waiting => "; not answered yet".to_owned(),
        answer => format!("; answered {}", answer.words()),
    };
    format!("{received}{about}{says}{why}{answer}")
}
