//! Drafts first: which to hold, to fix, to send, and why.

use std::collections::BTreeMap;
use std::io;

use tieout_model::stage::{HoldLine, Verdict};
use tieout_model::{Amount, AuditReport};

use crate::format::hold::told;
use crate::layout::{Page, count, counted, money};
use crate::words;

/// Drafts that may go out, by name.
const SENT_MAX: usize = 20;

pub(super) fn render(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    let Some(list) = &report.hold else { return Ok(()) };
    let drafts = counted(list.lines.len() as u64, "draft", "drafts");
    page.pair("Before it goes out", &format!("{drafts} judged"))?;
    for verdict in Verdict::ALL {
        let own: Vec<&HoldLine> = list.lines.iter().filter(|line| line.verdict == verdict).collect();
        let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
        for line in own.iter().filter(|line| !line.currency.is_empty()) {
            let units = line.gross.and_then(|gross| gross.units_at(tieout_model::amount::MONEY_SCALE).ok());
            *sums.entry(&line.currency).or_default() += units.unwrap_or(0);
        }
        let sums: Vec<String> = sums.iter().map(|(currency, units)| money(Amount::money(*units), currency)).collect();
        page.line(format!("  {:<5} {:>6}  {}", verdict.name(), count(own.len() as u64), sums.join(", ")).trim_end())?;
    }
    page.blank()?;
    let told = told(report);
    let mut sent = 0;
    for line in &list.lines {
        if line.verdict == Verdict::Send {
            sent += 1;
            if sent > SENT_MAX {
                continue;
            }
        }
        let gross = line.gross.map_or("without a total".to_owned(), |gross| money(gross, &line.currency));
        let customer = line.customer.as_deref().unwrap_or("no customer");
        page.hanging(0, &format!("{:<5}", line.verdict.name()), 6, &format!("{}  {customer}  {gross}", line.number))?;
        for (speaks, finding) in told(line) {
            let lead = if speaks { "" } else { "remark  " };
            let stakes: Vec<String> = finding.effects.iter().map(|effect| words::stake(finding, effect)).collect();
            let stakes = if stakes.is_empty() { String::new() } else { format!(" {}.", stakes.join("; ")) };
            page.hanging(6, lead, 6, &format!("{}{stakes} ({})", finding.message, finding.rule))?;
        }
    }
    if sent > SENT_MAX {
        page.line(&format!("and {} more to send", count((sent - SENT_MAX) as u64)))?;
    }
    if list.lines.is_empty() {
        page.line("No document of these exports is a draft.")?;
    }
    if list.left_out > 0 {
        let left = counted(list.left_out, "finding that says", "findings that say");
        page.paragraph(0, &format!("Left out: {left} nothing of a draft; an audit without --stage has them."))?;
    }
    page.blank()
}
