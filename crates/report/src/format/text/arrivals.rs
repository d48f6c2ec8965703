//! The register against what is posted: what needs somebody first, then the sums.

use std::collections::BTreeMap;
use std::io::{self, Write};

use tieout_model::register::{Arrival, Entry, Register, State};
use tieout_model::{Amount, AuditReport};

use crate::layout::{Page, count, counted, money};

/// Entries listed of each state.
const LISTED_MAX: usize = 20;

/// Writes what became of each correction.
pub fn render(report: &AuditReport, register: &Register, arrivals: &[Arrival], out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out);
    let as_of = report.as_of.map_or(String::new(), |as_of| format!("as of {as_of}"));
    page.pair("Register of corrections", &as_of)?;
    let mut sums: BTreeMap<(State, &str), (u64, i128)> = BTreeMap::new();
    for arrival in arrivals {
        let Some(entry) = register.entries.get(&arrival.id) else { continue };
        let sum = sums.entry((arrival.state, entry.currency.as_str())).or_default();
        sum.0 += 1;
        // What is recovered is what was matched, not what was asked.
        sum.1 += match arrival.state {
            State::Recovered => arrival.gross.map_or(0, |gross| gross.units),
            _ => entry.gross().units,
        };
    }
    for state in State::ALL {
        for ((_, currency), (number, units)) in sums.iter().filter(|((one, _), _)| *one == state) {
            let amount = if currency.is_empty() { String::new() } else { money(Amount::money(*units), currency) };
            page.line(&format!("  {:<28} {:>6}  {amount:>22}", state.words(), count(*number)))?;
        }
    }
    if arrivals.is_empty() {
        page.line("Nothing is in it.")?;
    }
    for state in State::ALL.into_iter().filter(|state| state.needs_somebody()) {
        let own: Vec<&Arrival> = arrivals.iter().filter(|arrival| arrival.state == state).collect();
        if own.is_empty() {
            continue;
        }
        page.heading(&format!(
            "{}{} ({})",
            state.words()[..1].to_uppercase(),
            &state.words()[1..],
            count(own.len() as u64)
        ))?;
        for arrival in own.iter().take(LISTED_MAX) {
            if let Some(entry) = register.entries.get(&arrival.id) {
                page.hanging(0, &format!("{}  {}  ", arrival.id, entry.customer), 4, &words(entry, arrival))?;
            }
        }
        if let Some(more) = own.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
            page.line(&format!("and {} more", count(more as u64)))?;
        }
    }
    Ok(())
}

fn words(entry: &Entry, arrival: &Arrival) -> String {
    let of = |amount: Amount| money(amount, &entry.currency);
    let asked = format!("{} of {} (tax {})", entry.action.replace('_', " "), of(entry.gross()), of(entry.tax));
    let age = counted(arrival.age, "day", "days");
    let Some(first) = arrival.documents.first() else {
        let told = entry.told.as_ref().map_or(String::new(), |(who, on)| format!(", told by {who} on {on}"));
        return format!("{asked} for {}, proposed {age} ago{told}", entry.documents.join(", "));
    };
    let day = first.day.map_or(String::new(), |day| format!(" of {day}"));
    let more = arrival.documents.len() - 1;
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let gross = arrival.gross.map_or(String::new(), |gross| format!(": {}", of(gross)));
    let tax = arrival.tax.map_or(String::new(), |tax| format!(", tax {}", of(tax)));
    let unused = arrival
        .unused
        .filter(|unused| !unused.is_zero())
        .map_or(String::new(), |unused| format!(", {} unused", of(unused)));
    format!("{asked}; {}{day}{more}{gross}{tax}{unused}", first.number)
}
