//! Whom a reminder may go to: sums by standing first, then by customer.

use std::collections::BTreeMap;
use std::io::{self, Write};

use tieout_model::chase::{Chase, Overdue, Standing};
use tieout_model::{Amount, AuditReport};

use crate::layout::{Page, count, counted, money};

/// Documents listed of each standing.
const LISTED_MAX: usize = 40;

/// Writes every overdue document's standing.
pub fn render(report: &AuditReport, chase: &Chase, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out);
    let as_of = report.as_of.map_or(String::new(), |as_of| format!("as of {as_of}"));
    page.pair("Overdue documents", &as_of)?;
    line(&mut page, "all", &chase.documents.iter().collect::<Vec<_>>())?;
    for standing in Standing::ALL {
        let own = of(chase, standing);
        if !own.is_empty() {
            line(&mut page, standing.words(), &own)?;
        }
    }
    let never = |one: &&Overdue| one.standing == Standing::May && one.reminders == Some(0);
    let never: Vec<&Overdue> = chase.documents.iter().filter(never).collect();
    if !never.is_empty() {
        line(&mut page, "of those that may, never", &never)?;
    }
    for population in &chase.unasked {
        page.hanging(2, "Not asked: ", 4, &format!("the exports have no {}.", population.replace('_', " ")))?;
    }
    for standing in Standing::ALL {
        let own = of(chase, standing);
        if own.is_empty() {
            continue;
        }
        let words = standing.words();
        page.heading(&format!("{}{} ({})", words[..1].to_uppercase(), &words[1..], count(own.len() as u64)))?;
        for one in own.iter().take(LISTED_MAX) {
            page.hanging(0, &format!("{}  {}  ", one.customer, one.number), 4, &words_of(one))?;
        }
        if let Some(more) = own.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
            page.line(&format!("and {} more: `--out FILE.csv` has them", count(more as u64)))?;
        }
    }
    Ok(())
}

fn of(chase: &Chase, standing: Standing) -> Vec<&Overdue> {
    chase.documents.iter().filter(|one| one.standing == standing).collect()
}

fn line(page: &mut Page<'_>, words: &str, own: &[&Overdue]) -> io::Result<()> {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for one in own.iter().filter(|one| !one.currency.is_empty()) {
        if let Some(balance) = one.balance {
            *sums.entry(&one.currency).or_default() += balance.units;
        }
    }
    let sums: Vec<String> = sums.iter().map(|(currency, units)| money(Amount::money(*units), currency)).collect();
    page.hanging(2, &format!("{words:<26} {:>6}  ", count(own.len() as u64)), 4, &sums.join(", "))
}

fn words_of(one: &Overdue) -> String {
    let balance = one.balance.map_or("no balance".to_owned(), |balance| money(balance, &one.currency));
    let due = one.due.map_or(String::new(), |due| format!(", due {due}"));
    let why = if one.why.is_empty() { String::new() } else { format!("; {}", one.why) };
    let reminded = match one.reminders {
        Some(0) => "; never reminded".to_owned(),
        Some(times) => format!("; {}", counted(times, "reminder", "reminders")),
        None => String::new(),
    };
    format!("{balance}{due}{why}{reminded}")
}
