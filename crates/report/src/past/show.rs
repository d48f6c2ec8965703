//! A comparison in text, 80 columns: money first, then what to look at, then what is settled.

use std::collections::BTreeMap;
use std::io::{self, Write};

use tieout_model::finding::Standing;
use tieout_model::report::{Baseline, ClassTotal, Gone};
use tieout_model::{Amount, AuditReport, Date, EffectClass};

use super::{Comparison, Past, PastFinding};
use crate::layout::{Page, count, counted, money};

/// Findings listed under each heading.
const LISTED_MAX: usize = 20;

/// Writes what changed from one report to the next.
pub fn render(former: &Past, later: &Past, comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out);
    page.hanging(0, "", 4, &format!("{} against {}", title(later), title(former)))?;
    page.paragraph(2, &summary(comparison))?;
    sums(former, later, &mut page)?;
    let with = |standing: Standing| {
        later.findings.iter().zip(&comparison.histories).filter(move |(_, history)| history.standing == standing)
    };
    for (standing, heading) in [(Standing::New, "New"), (Standing::Changed, "Changed: other members or amounts")] {
        let entries = with(standing).map(|(finding, history)| entry(finding, history.first_seen, later.as_of));
        list(heading, entries.collect(), &mut page)?;
    }
    let gone = |resolved: bool| {
        comparison.gone.iter().filter(move |former| (former.gone == Gone::Resolved) == resolved).map(|former| {
            let key = key(&former.key);
            match &former.gone {
                Gone::Resolved => (former.rule.clone(), format!("{key}: {}", former.message)),
                Gone::NotTested(reason) => (former.rule.clone(), format!("{key}: {reason}")),
            }
        })
    };
    list("Resolved: tested again and not found", gone(true).collect(), &mut page)?;
    list("Not looked at again, so not resolved", gone(false).collect(), &mut page)?;
    let changed: Vec<&str> = later
        .rules
        .iter()
        .filter(|(id, rule)| former.rules.get(*id).is_some_and(|before| before.hash != rule.hash))
        .map(|(id, _)| id.as_str())
        .collect();
    if !changed.is_empty() {
        page.heading("Rules that changed in between")?;
        page.paragraph(0, &changed.join(", "))?;
    }
    Ok(())
}

/// What became of the findings of a report and of its baseline: `12 new, 3 changed …`.
pub(crate) fn standings(report: &AuditReport, baseline: &Baseline) -> String {
    let histories = report.findings.iter().filter_map(|finding| finding.history).collect();
    summary(&Comparison { histories, gone: baseline.gone.clone() })
}

/// `12 new, 3 changed, 40 unchanged; 9 resolved, 2 not looked at again`.
fn summary(comparison: &Comparison) -> String {
    let standing = |standing| count(comparison.count(standing));
    let resolved = comparison.resolved();
    let lost = comparison.gone.len() as u64 - resolved;
    format!(
        "{} new, {} changed, {} unchanged; {} resolved, {} not looked at again",
        standing(Standing::New),
        standing(Standing::Changed),
        standing(Standing::Unchanged),
        count(resolved),
        count(lost)
    )
}

fn title(past: &Past) -> String {
    match past.as_of {
        Some(as_of) => format!("{} (as of {as_of})", past.name),
        None => past.name.clone(),
    }
}

/// Each class and currency in both reports; never added together.
fn sums(former: &Past, later: &Past, page: &mut Page<'_>) -> io::Result<()> {
    let sum = |past: &Past| {
        let mut sums: BTreeMap<(usize, String), i128> = BTreeMap::new();
        for ClassTotal { class, currency, gross, .. } in past.findings.iter().flat_map(|finding| &finding.totals) {
            let place = EffectClass::ALL.iter().position(|other| other == class).unwrap_or(EffectClass::ALL.len());
            *sums.entry((place, currency.clone())).or_default() += gross.units;
        }
        sums
    };
    let (before, now) = (sum(former), sum(later));
    for (place, currency) in before.keys().chain(now.keys()).collect::<std::collections::BTreeSet<_>>() {
        let key = (*place, currency.clone());
        let of = |sums: &BTreeMap<(usize, String), i128>| {
            money(Amount::money(sums.get(&key).copied().unwrap_or(0)), currency)
        };
        let class = EffectClass::ALL.get(*place).map_or("", |class| class.words());
        page.line(&format!("  {class:<20} {:>24}  was {:>24}", of(&now), of(&before)))?;
    }
    Ok(())
}

fn entry(finding: &PastFinding, first_seen: Option<Date>, as_of: Option<Date>) -> (String, String) {
    let mut words = format!("{}: {}", key(&finding.key), finding.message);
    if !finding.is_open {
        words.push_str(" (waived)");
    }
    if let Some((first, now)) = first_seen.zip(as_of).filter(|(first, now)| first < now) {
        words.push_str(&format!(" (first seen {first}, {})", counted(age(first, now), "day ago", "days ago")));
    }
    (finding.rule.clone(), words)
}

/// Days from one to the other; 0 where the second is earlier.
pub(crate) fn age(first: Date, now: Date) -> u64 {
    u64::try_from(i64::from(now.0) - i64::from(first.0)).unwrap_or(0)
}

fn key(key: &[(String, String)]) -> String {
    let mut values: Vec<&str> = Vec::new();
    for (_, value) in key {
        if !values.contains(&value.as_str()) {
            values.push(value);
        }
    }
    values.join(" / ")
}

fn list(heading: &str, entries: Vec<(String, String)>, page: &mut Page<'_>) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    page.heading(&format!("{heading} ({})", count(entries.len() as u64)))?;
    for (rule, words) in entries.iter().take(LISTED_MAX) {
        page.hanging(0, &format!("{rule}   "), 4, words)?;
    }
    if let Some(more) = entries.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
        page.line(&format!("and {} more (in the JSON reports)", count(more as u64)))?;
    }
    Ok(())
}
