//! One customer on a page: what is owed either way first, then findings, then the documents.

use std::io::{self, Write};

use tieout_model::account::{Account, Entry, Section};
use tieout_model::register::Register;
use tieout_model::{Amount, AuditReport, Finding};

use crate::layout::{Page, count, counted, money};
use crate::words;

/// Records of a population that are shown, the latest.
const RECORDS_MAX: usize = 12;

/// Writes the account; the report is that of the same audit.
pub fn render(report: &AuditReport, account: &Account, register: &Register, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out);
    let name = account.cells.iter().find(|(column, _)| column == "name").map(|(_, name)| name.as_str());
    let as_of = report.as_of.map_or(String::new(), |as_of| format!("as of {as_of}"));
    page.pair(&format!("{}  {}", account.id, name.unwrap_or("not in the export of customers")), &as_of)?;
    let rest: Vec<String> = account
        .cells
        .iter()
        .filter(|(column, _)| column != "name")
        .map(|(column, value)| format!("{}: {value}", column.replace('_', " ")))
        .collect();
    if !rest.is_empty() {
        page.paragraph(2, &rest.join("   "))?;
    }
    for (sum, standing) in &account.sums {
        let sums: Vec<_> =
            standing.money.iter().map(|(currency, units)| money(Amount::money(*units), currency)).collect();
        let mut text = format!("{:<18} {:>5}  {}", sum.words(), count(standing.documents), sums.join(", "));
        if standing.unknown > 0 {
            text.push_str(&format!("; {} without a balance", count(standing.unknown)));
        }
        page.paragraph(2, &text)?;
    }
    promises(account, register, &mut page)?;
    findings(report, account, &mut page)?;
    for section in &account.sections {
        documents(section, &mut page)?;
    }
    Ok(())
}

/// What the register of corrections has for them and is not withdrawn.
fn promises(account: &Account, register: &Register, page: &mut Page<'_>) -> io::Result<()> {
    let theirs = register.entries.values().filter(|entry| entry.customer == account.id && entry.withdrawn.is_none());
    let theirs: Vec<_> = theirs.collect();
    if theirs.is_empty() {
        return Ok(());
    }
    page.heading("Corrections under way")?;
    for entry in theirs {
        let since = entry.told.as_ref().map_or_else(
            || {
                entry
                    .approved
                    .as_ref()
                    .map_or("not approved yet".to_owned(), |(who, on)| format!("approved by {who} on {on}"))
            },
            |(who, on)| format!("PROMISED: told by {who} on {on}"),
        );
        let what = format!(
            "{} of {} for {}, proposed {}; {since}",
            entry.action.replace('_', " "),
            money(entry.gross(), &entry.currency),
            entry.documents.join(", "),
            entry.proposed,
        );
        page.hanging(0, &format!("{}  ", entry.id), 4, &what)?;
    }
    Ok(())
}

fn findings(report: &AuditReport, account: &Account, page: &mut Page<'_>) -> io::Result<()> {
    let is_theirs = |finding: &&Finding| {
        let party = Some(&account.id);
        finding.party.as_ref() == party || finding.effects.iter().any(|effect| effect.party.as_ref() == party)
    };
    let theirs: Vec<&Finding> = report.findings.iter().filter(is_theirs).collect();
    page.heading("Findings")?;
    if theirs.is_empty() {
        return page.line("None.");
    }
    for total in tieout_model::report::class_totals(theirs.iter().copied()) {
        page.line(&format!("  {:<20} {:>26}", total.class.words(), money(total.gross, &total.currency)))?;
    }
    for finding in theirs {
        let stakes: Vec<_> = finding.effects.iter().map(|effect| words::stake(finding, effect)).collect();
        let mut text = format!("{}: {}", words::key_words(finding), finding.message);
        if !stakes.is_empty() {
            text.push_str(&format!(" {}.", stakes.join("; ")));
        }
        let state = if finding.is_waived() {
            "waived"
        } else if finding.caused_by.is_some() {
            "consequence"
        } else {
            finding.confidence.name()
        };
        page.hanging(0, &format!("{state}  {}   ", finding.rule), 4, &text)?;
        if finding.caused_by.is_none() && !finding.is_waived() {
            page.hanging(4, "remedy  ", 6, &finding.remedy)?;
        }
    }
    Ok(())
}

fn documents(section: &Section, page: &mut Page<'_>) -> io::Result<()> {
    let number = section.records.len() as u64;
    page.heading(&format!("{} ({})", section.population.replace('_', " "), counted(number, "record", "records")))?;
    for entry in section.records.iter().take(RECORDS_MAX) {
        page.hanging(0, "", 4, &line(entry))?;
    }
    if let Some(more) = section.records.len().checked_sub(RECORDS_MAX).filter(|more| *more > 0) {
        page.line(&format!("and {} earlier", count(more as u64)))?;
    }
    Ok(())
}

/// The day first, bare; amounts bare before their currency; the rest with its name.
fn line(entry: &Entry) -> String {
    let bare = |column: &str| {
        [
            "document_type",
            "status",
            "invoice_no",
            "payment_id",
            "refund_id",
            "dispute_id",
            "complaint_id",
            "reminder_id",
            "subscription_id",
            "currency",
        ]
        .contains(&column)
            || column.ends_with("_date") && entry.cells.first().is_some_and(|(first, _)| first == column)
    };
    let words: Vec<String> = entry
        .cells
        .iter()
        .map(
            |(column, value)| {
                if bare(column) { value.clone() } else { format!("{} {value}", column.replace('_', " ")) }
            },
        )
        .collect();
    words.join("  ")
}
