//! Section 3: the files as received and the populations made of them, every record accounted for.

use std::collections::BTreeMap;
use std::io;

use tieout_model::amount::MONEY_SCALE;
use tieout_model::report::{ControlTotal, PopulationFacts};
use tieout_model::{Amount, AuditReport};

use crate::layout::{Page, count, counted, money};

/// Hex digits of a file's hash that are shown; JSON has them all.
const HASH_DIGITS: usize = 12;

pub(super) fn render(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("3. Sources")?;
    files(report, page)?;
    for population in &report.populations {
        page.blank()?;
        facts(population, page)?;
    }
    page.blank()?;
    page.paragraph(
        0,
        if report.completeness_established {
            "Completeness of the extract was established against the sender's figures."
        } else {
            "Completeness of the extract was not established."
        },
    )
}

/// The files with the beginning of their hash, and what was left out of each.
pub(super) fn files(report: &AuditReport, page: &mut Page<'_>) -> io::Result<()> {
    for source in &report.sources {
        let hash: String = source.hash.chars().take(HASH_DIGITS).collect();
        let read = counted(source.read, "record", "records");
        page.hanging(0, "", 4, &format!("{}  {hash}  {} bytes  {read} read", source.path, count(source.bytes)))?;
        for (reason, records) in &source.excluded {
            page.paragraph(4, &format!("{} excluded: {reason}", count(*records)))?;
        }
    }
    Ok(())
}

/// Counts, sums and window of one population.
pub(super) fn facts(population: &PopulationFacts, page: &mut Page<'_>) -> io::Result<()> {
    let PopulationFacts { name, read, kept, excluded, elsewhere, merged, versions, control, .. } = population;
    let sum = format!(
        "{} read = {} kept + {} excluded + {} elsewhere + {} merged",
        count(*read),
        count(*kept),
        count(*excluded),
        count(*elsewhere),
        count(*merged),
    );
    page.hanging(0, &format!("{name}: "), 4, &sum)?;
    if *read != kept + excluded + elsewhere + merged {
        page.line("    These do not add up; this is a fault of tieout.")?;
    }
    if *versions > 0 {
        page.line(&format!("    {} of the merged had changed; the later export counts", count(*versions)))?;
    }
    control_lines(*kept, control, page)?;
    match population.extract {
        Some(window) => page.line(&format!("    extract from {window}"))?,
        None => page.line("    extract window not stated")?,
    }
    for (column, cells) in &population.unreadable {
        page.line(&format!("    {column}: {}", counted(*cells, "cell is unreadable", "cells are unreadable")))?;
    }
    if !population.unmapped.is_empty() {
        page.hanging(4, "headers not used: ", 6, &population.unmapped.join(", "))?;
    }
    Ok(())
}

fn control_lines(kept: u64, control: &ControlTotal, page: &mut Page<'_>) -> io::Result<()> {
    if let Some(column) = &control.column {
        let mut text = sums(&control.totals);
        if control.without_amount > 0 {
            text.push_str(&format!("; {} without an amount", counted(control.without_amount, "record", "records")));
        }
        page.hanging(4, &format!("{column}: "), 6, &text)?;
    }
    if let Some(stated) = control.control_records {
        let text = if stated == kept { "agrees".to_owned() } else { format!("{} kept: differs", count(kept)) };
        page.hanging(4, "", 6, &format!("sender's count {}: {text}", count(stated)))?;
    }
    if let Some(stated) = control.control_total {
        page.hanging(
            4,
            "",
            6,
            &format!("sender's total {}: {}", stated.to_display(2), agreement(stated, &control.totals)),
        )?;
    }
    Ok(())
}

fn sums(totals: &BTreeMap<String, i128>) -> String {
    let sums: Vec<_> = totals.iter().map(|(currency, units)| money(Amount::money(*units), currency)).collect();
    if sums.is_empty() { "no amount".to_owned() } else { sums.join(", ") }
}

/// Whether the sender's one figure is ours; it says nothing about several currencies.
pub(crate) fn agreement(stated: Amount, totals: &BTreeMap<String, i128>) -> String {
    let mut currencies = totals.iter();
    match (currencies.next(), currencies.next()) {
        (Some(_), Some(_)) => "cannot be compared with totals in several currencies".to_owned(),
        (Some((currency, units)), None) if stated != Amount::money(*units) => {
            let difference = stated.units_at(MONEY_SCALE).ok().and_then(|stated| units.checked_sub(stated));
            let by = difference.map(|units| {
                let word = if units < 0 { "less" } else { "more" };
                format!(", {} {word} was read", money(Amount::money(units).abs(), currency))
            });
            format!("differs{}", by.unwrap_or_default())
        }
        (None, _) if !stated.is_zero() => "differs, no amount was read".to_owned(),
        _ => "agrees".to_owned(),
    }
}
