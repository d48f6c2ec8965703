//! Complaints about bills, against findings and the register of corrections: predicted, missed, or come after the correction.
//!
//! A complaint that names a document is matched with findings and proposals about that document; one that names none, with those of
//! its customer. What was known before it came is known by a day: that of a proposal, or of the first report that had the finding.

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::store::Store;
use tieout_model::amount::QUANTITY_SCALE;
use tieout_model::complaint::{Answer, Complaint, Complaints, Month, Standing};
use tieout_model::register::{Arrival, Entry, Register};
use tieout_model::{Amount, AuditReport, Date, Finding, Period, Severity};

use crate::catalog::Catalog;
use crate::correct::books;
use crate::engine::columnar::{Columnar, bounds};
use crate::engine::{Engine, EngineError};
use crate::rows::{Row, rows};

/// What a complaint may state beside what it must.
const MAY: [&str; 7] =
    ["invoice_id", "answered_date", "answer_hours", "updated_date", "closed_date", "category", "subject"];
/// Hours within which a first answer is due.
const DUE_HOURS: i128 = 24;

/// Every complaint of the store; none if it has no such population. Fails where the engine does.
pub fn match_complaints(
    store: &Store,
    report: &AuditReport,
    register: &Register,
    arrivals: &[Arrival],
) -> Result<Option<Complaints>, EngineError> {
    let engine = Columnar::new(store);
    let catalog = Catalog::new(store, &bounds(store)?);
    let Some(table) = catalog.table("complaint") else { return Ok(None) };
    let unstated: Vec<String> =
        MAY.iter().filter(|name| !table.columns.contains_key(**name)).map(|name| (*name).to_owned()).collect();
    let told: Vec<&Finding> = report.findings.iter().filter(|finding| finding.severity != Severity::Advice).collect();
    let books = books::read(&engine, &catalog, &told, report.as_of)?;
    let mut desk = Desk {
        period: report.period,
        as_of: report.as_of,
        answers_stated: ["answered_date", "answer_hours"].iter().any(|name| !unstated.iter().any(|one| one == name)),
        documents: BTreeMap::new(),
        numbers: BTreeMap::new(),
        customers: BTreeSet::new(),
        by_document: BTreeMap::new(),
        by_customer: BTreeMap::new(),
        by_finding: BTreeMap::new(),
    };
    let mut months: BTreeMap<Date, (u64, u64)> = BTreeMap::new();
    desk.read_documents(&engine, &catalog, &mut months)?;
    for finding in told {
        desk.matter(Matter::of_finding(finding), books.documents_of(finding), finding.party.as_deref());
    }
    for entry in register.entries.values() {
        let arrival = arrivals.iter().find(|arrival| arrival.id == entry.id);
        let matter = Matter::of_entry(entry, arrival);
        for finding in &entry.findings {
            desk.by_finding.entry(finding.clone()).or_default().push(matter.clone());
        }
        desk.matter(matter, entry.documents.iter().cloned().collect(), Some(&entry.customer));
    }
    let columns = [&["complaint_id", "customer_id", "received_date"][..], &MAY].concat();
    let rows = rows(&engine, &catalog, "complaint", &columns)?;
    let mut complaints: Vec<Complaint> = rows.iter().map(|row| desk.complaint(row)).collect();
    complaints.sort_by(|a, b| (a.received, &a.id).cmp(&(b.received, &b.id)));
    for day in complaints.iter().filter_map(|one| one.received) {
        months.entry(day.month_start()).or_default().0 += 1;
    }
    let month = |(from, (complaints, invoices)): (Date, (u64, u64))| Month { from, complaints, invoices };
    Ok(Some(Complaints { complaints, months: months.into_iter().map(month).collect(), unstated }))
}

/// A finding or a proposal, and since when it is known.
#[derive(Clone)]
struct Matter {
    finding: Option<String>,
    proposal: Option<String>,
    known: Option<Date>,
    /// When its correction was issued.
    corrected: Option<Date>,
    what: String,
}

impl Matter {
    fn of_finding(finding: &Finding) -> Self {
        Self {
            finding: Some(finding.fingerprint.clone()),
            proposal: None,
            known: finding.history.and_then(|history| history.first_seen),
            corrected: None,
            what: finding.rule.clone(),
        }
    }

    fn of_entry(entry: &Entry, arrival: Option<&Arrival>) -> Self {
        Self {
            finding: None,
            proposal: Some(entry.id.clone()),
            known: Some(entry.proposed),
            corrected: arrival.and_then(|arrival| arrival.documents.iter().filter_map(|one| one.day).min()),
            what: entry.action.replace('_', " "),
        }
    }
}

struct Document {
    customer: String,
    issued: Option<Date>,
}

struct Desk {
    period: Option<Period>,
    as_of: Option<Date>,
    /// Whether the exports state first answers at all.
    answers_stated: bool,
    documents: BTreeMap<String, Document>,
    /// Ids by number, where a number is one document's.
    numbers: BTreeMap<String, Option<String>>,
    customers: BTreeSet<String>,
    by_document: BTreeMap<String, Vec<Matter>>,
    by_customer: BTreeMap<String, Vec<Matter>>,
    /// Proposals by the findings that they cover.
    by_finding: BTreeMap<String, Vec<Matter>>,
}

impl Desk {
    fn read_documents(
        &mut self,
        engine: &dyn Engine,
        catalog: &Catalog,
        months: &mut BTreeMap<Date, (u64, u64)>,
    ) -> Result<(), EngineError> {
        let columns = ["invoice_id", "invoice_no", "document_type", "status", "customer_id", "issue_date"];
        let all = rows(engine, catalog, "invoice", &columns)?;
        for row in all.iter() {
            let Some(id) = row.text("invoice_id") else { continue };
            let (customer, issued) = (row.text("customer_id").unwrap_or_default(), row.day("issue_date"));
            let is = |column: &str, word: &str| row.text(column).as_deref() == Some(word);
            if let Some(day) = issued.filter(|_| is("document_type", "invoice") && is("status", "posted")) {
                months.entry(day.month_start()).or_default().1 += 1;
            }
            if let Some(number) = row.text("invoice_no").filter(|number| *number != id) {
                let known = self.numbers.entry(number).or_insert_with(|| Some(id.clone()));
                *known = known.take().filter(|other| *other == id);
            }
            self.customers.insert(customer.clone());
            self.documents.entry(id).or_insert(Document { customer, issued });
        }
        Ok(())
    }

    fn matter(&mut self, matter: Matter, documents: BTreeSet<String>, customer: Option<&str>) {
        if let Some(customer) = customer {
            self.by_customer.entry(customer.to_owned()).or_default().push(matter.clone());
        }
        for document in documents {
            self.by_document.entry(document).or_default().push(matter.clone());
        }
    }

    fn complaint(&self, row: Row<'_>) -> Complaint {
        let customer = row.text("customer_id").unwrap_or_default();
        let named = row.text("invoice_id");
        let received = row.day("received_date");
        let (standing, why, matters) = self.standing(&customer, named.as_deref(), received);
        let of = |pick: fn(&Matter) -> Option<&String>| -> Vec<String> {
            let all: BTreeSet<&String> = matters.iter().filter_map(|matter| pick(matter)).collect();
            all.into_iter().cloned().collect()
        };
        let (answer, answer_why) = self.answer(row, received);
        Complaint {
            id: row.text("complaint_id").unwrap_or_default(),
            customer,
            document: named,
            received,
            category: row.text("category"),
            subject: row.text("subject"),
            standing,
            why,
            findings: of(|matter| matter.finding.as_ref()),
            proposals: of(|matter| matter.proposal.as_ref()),
            answer,
            answer_why,
            answered: row.day("answered_date"),
            updated: row.day("updated_date"),
            closed: row.day("closed_date"),
        }
    }

    fn standing(
        &self,
        customer: &str,
        named: Option<&str>,
        received: Option<Date>,
    ) -> (Standing, String, Vec<&Matter>) {
        let untestable = |why: String| (Standing::NotTestable, why, Vec::new());
        let Some(received) = received else { return untestable("it has no day".to_owned()) };
        if self.as_of.is_some_and(|as_of| received > as_of) {
            return untestable("it came after the day of the audit".to_owned());
        }
        let mut remark = String::new();
        let (matters, day) = match named {
            Some(named) => {
                let id = if self.documents.contains_key(named) {
                    Some(named)
                } else {
                    self.numbers.get(named).and_then(|id| id.as_deref())
                };
                let Some((id, document)) = id.and_then(|id| Some((id, self.documents.get(id)?))) else {
                    return untestable(format!("the exports have no document {named}"));
                };
                if !customer.is_empty() && document.customer != customer {
                    remark = format!("{named} is of {}", document.customer);
                }
                (self.by_document.get(id), document.issued)
            }
            None if !self.customers.contains(customer) => {
                return untestable("it names no document, and the exports have none of its customer".to_owned());
            }
            None => (self.by_customer.get(customer), Some(received)),
        };
        let mut matters: Vec<&Matter> = matters.into_iter().flatten().collect();
        let covering: Vec<&Matter> = matters
            .iter()
            .filter_map(|matter| self.by_finding.get(matter.finding.as_ref()?))
            .flatten()
            .filter(|covering| matters.iter().all(|matter| matter.proposal != covering.proposal))
            .collect();
        matters.extend(covering);
        let add = |words: String| if remark.is_empty() { words } else { format!("{words}; {remark}") };
        if matters.is_empty() {
            // What lies before the period, nobody has looked at.
            if let Some((day, period)) =
                day.zip(self.period).filter(|(day, period)| named.is_some() && !period.contains(*day))
            {
                let why = format!("it is of {day}, outside of the period from {} on", period.from);
                return untestable(add(why));
            }
            let others = self.by_customer.get(customer).into_iter().flatten();
            let others = others.filter(|matter| matter.finding.is_some()).count();
            let why = match others {
                0 => String::new(),
                1 => "the customer has a finding of another matter".to_owned(),
                more => format!("the customer has {more} findings of other matters"),
            };
            return (Standing::Missed, if why.is_empty() { remark } else { add(why) }, matters);
        }
        let whats: BTreeSet<&str> = matters.iter().map(|matter| matter.what.as_str()).collect();
        let what = whats.into_iter().collect::<Vec<_>>().join(", ");
        if let Some(day) = matters.iter().filter_map(|matter| matter.corrected).filter(|day| *day <= received).min() {
            return (Standing::AfterCorrection, add(format!("{what}; corrected on {day}")), matters);
        }
        match matters.iter().filter_map(|matter| matter.known).filter(|day| *day < received).min() {
            Some(day) => (Standing::Predicted, add(format!("{what}; known since {day}")), matters),
            None => (Standing::Found, add(what), matters),
        }
    }

    fn answer(&self, row: Row<'_>, received: Option<Date>) -> (Answer, String) {
        let unknown = |why: &str| (Answer::Unknown, why.to_owned());
        let told = |answer: Answer| (answer, String::new());
        if let Some(hours) = row.units("answer_hours") {
            let due = Amount::new(DUE_HOURS, 0).units_at(QUANTITY_SCALE).unwrap_or(0);
            return match hours {
                ..0 => unknown("its hours are negative"),
                hours if hours <= due => told(Answer::Within),
                _ => told(Answer::Late),
            };
        }
        let Some(received) = received else { return unknown("it has no day") };
        match row.day("answered_date") {
            Some(day) if day < received => unknown("the answer is older than the complaint"),
            Some(day) if day == received => told(Answer::Within),
            Some(day) if day == received.add_days(1) => unknown("answered the next day, at hours that are not stated"),
            Some(_) => told(Answer::Late),
            None if !self.answers_stated => unknown("the exports do not state first answers"),
            None if row.day("closed_date").is_some() => unknown("closed, and no first answer is on record"),
            None if self.as_of.is_none() => unknown("the engagement has no as-of date"),
            None if self.as_of.is_some_and(|as_of| as_of <= received.add_days(1)) => told(Answer::Waiting),
            None => told(Answer::None),
        }
    }
}
