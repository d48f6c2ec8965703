//! A short summary in Markdown, for the page of a build job: money first, then whom to see to, what could not be tested, sources,
//! rules. Long lists are folded with a count. Data can neither mark up nor break a table: see `escaped`.

use std::io::{self, Write};

use tieout_model::report::class_totals;
use tieout_model::stage::Verdict;
use tieout_model::{AuditReport, Finding, Status};

use crate::format::hold::told;
use crate::groups::{Group, Groups, remedy};
use crate::layout::{count, counted, money, visible};
use crate::past;
use crate::words;
use crate::words::key_words;

/// Lines of the work list.
const GROUPS_MAX: usize = 15;
/// Shared causes told.
const ROOTS_MAX: usize = 5;
/// Drafts that are kept back.
const DRAFTS_MAX: usize = 40;
/// Items named in a line.
const ITEMS_MAX: usize = 3;

/// Writes the summary.
pub(super) fn render(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## {}\n", escaped(&report.name))?;
    let period = report.period.map_or("every date in the sources".to_owned(), |period| format!("period {period}"));
    let as_of = report.as_of.map_or("no as-of date".to_owned(), |date| format!("as of {date}"));
    money_first(report, out)?;
    hold(report, out)?;
    writeln!(
        out,
        "{}\n",
        escaped(&format!("{}; {period}, {as_of}, tieout {}.", words::result(report), report.version))
    )?;
    if let Some(baseline) = &report.baseline {
        let words = format!("Against {}: {}.", baseline.name, past::standings(report, baseline));
        writeln!(out, "{}\n", escaped(&words))?;
    }
    for shortfall in &report.shortfalls {
        writeln!(out, "- **Incomplete:** {}", escaped(shortfall))?;
    }
    if !report.shortfalls.is_empty() {
        writeln!(out)?;
    }
    work_list(report, out)?;
    in_common(report, out)?;
    untested(report, out)?;
    sources(report, out)?;
    rules(report, out)
}

/// Drafts that must not go out as they are, and why; those that may are counted.
fn hold(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let Some(list) = &report.hold else { return Ok(()) };
    let of = |verdict: Verdict| list.lines.iter().filter(move |line| line.verdict == verdict).count() as u64;
    let counts = Verdict::ALL.map(|verdict| format!("{} {}", verdict.name(), count(of(verdict))));
    writeln!(out, "### Before it goes out: {}\n", counts.join(", "))?;
    let kept: Vec<_> = list.lines.iter().filter(|line| line.verdict != Verdict::Send).collect();
    if kept.is_empty() {
        return writeln!(out, "Every draft may go out.\n");
    }
    writeln!(out, "| draft | customer | total | | why |\n|---|---|--:|---|---|")?;
    let told = told(report);
    for line in kept.iter().take(DRAFTS_MAX) {
        let why: Vec<String> = told(line)
            .into_iter()
            .filter(|(speaks, _)| *speaks)
            .map(|(_, finding)| format!("{} ({})", escaped(&finding.message), escaped(&finding.rule)))
            .collect();
        writeln!(
            out,
            "| {} | {} | {} | **{}** | {} |",
            escaped(&line.number),
            escaped(line.customer.as_deref().unwrap_or_default()),
            line.gross.map_or(String::new(), |gross| escaped(&money(gross, &line.currency))),
            line.verdict.name(),
            why.join("<br>"),
        )?;
    }
    if let Some(more) = kept.len().checked_sub(DRAFTS_MAX).filter(|more| *more > 0) {
        writeln!(out, "\n… and {} in the other reports.", counted(more as u64, "more draft", "more drafts"))?;
    }
    writeln!(out)
}

fn money_first(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let totals = report.class_totals();
    if totals.is_empty() {
        return writeln!(out, "**No money at stake.**\n");
    }
    writeln!(out, "| money at stake | | findings |\n|---|--:|--:|")?;
    for total in totals {
        let amount = escaped(&money(total.gross, &total.currency));
        writeln!(out, "| **{}** | **{amount}** | {} |", total.class.words(), count(total.findings))?;
    }
    writeln!(out)
}

fn work_list(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let groups = Groups::new(report);
    if groups.open.is_empty() {
        return writeln!(out, "Nothing is open.\n");
    }
    writeln!(out, "### What to do first\n\n| customer | money | sure | item | what to do |\n|---|--:|---|---|---|")?;
    for group in groups.open.iter().take(GROUPS_MAX) {
        entry(report, group, out)?;
    }
    if let Some(more) = groups.open.len().checked_sub(GROUPS_MAX).filter(|more| *more > 0) {
        writeln!(out, "\n… and {} in the other reports.", counted(more as u64, "more entry", "more entries"))?;
    }
    writeln!(out)
}

fn entry(report: &AuditReport, group: &Group<'_>, out: &mut dyn Write) -> io::Result<()> {
    let totals: Vec<_> = group
        .totals()
        .iter()
        .map(|(class, currency, amount)| format!("{} {}", class.words(), escaped(&money(*amount, currency))))
        .collect();
    let causes: Vec<&Finding> = group.threads.iter().map(|thread| thread.cause).collect();
    let mut items: Vec<_> = causes.iter().take(ITEMS_MAX).map(|finding| escaped(&key_words(finding))).collect();
    if let Some(more) = causes.len().checked_sub(ITEMS_MAX).filter(|more| *more > 0) {
        items.push(format!("and {} more", count(more as u64)));
    }
    let mut remedies: Vec<String> = Vec::new();
    for case in group.cases() {
        let words = escaped(remedy(report, &case));
        if !remedies.contains(&words) && remedies.len() < ITEMS_MAX {
            remedies.push(words);
        }
    }
    writeln!(
        out,
        "| {} | {} | {} | {} | {} |",
        escaped(&group.owner.words()),
        totals.join("<br>"),
        escaped(&group.sureness()),
        items.join("<br>"),
        remedies.join("<br>"),
    )
}

/// What many findings share: mend one thing, and all of them are mended.
fn in_common(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    if report.root_causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "### What many findings have in common\n")?;
    let mut roots: Vec<_> = report.root_causes.iter().collect();
    roots.sort_by(|a, b| b.findings.cmp(&a.findings).then_with(|| a.id.cmp(&b.id)));
    for root in roots.iter().take(ROOTS_MAX) {
        let found = counted(root.findings, "finding", "findings");
        let words = format!("{}: {found} of {} customers: {}", root.rule, count(root.customers), root.words());
        writeln!(out, "- {}", escaped(&words))?;
    }
    if let Some(more) = roots.len().checked_sub(ROOTS_MAX).filter(|more| *more > 0) {
        writeln!(out, "- and {} more in the other reports", count(more as u64))?;
    }
    writeln!(out)
}

fn untested(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### What could not be tested\n")?;
    if !report.unlock.is_empty() {
        writeln!(out, "- **Ask for:** {}", escaped(&report.unlock.join(", ")))?;
    }
    let named = |wanted: fn(&Status) -> bool| {
        let rules = report.rules.iter().filter(|rule| wanted(&rule.status)).map(|rule| escaped(&rule.card.id));
        rules.collect::<Vec<_>>()
    };
    let lines = [
        ("not performed", named(|status| matches!(status, Status::NotPerformed { .. }))),
        ("not tested", named(|status| matches!(status, Status::NotTested))),
        ("failed", named(|status| matches!(status, Status::Error(_)))),
    ];
    for (word, rules) in &lines {
        if !rules.is_empty() {
            let number = counted(rules.len() as u64, "rule", "rules");
            writeln!(out, "- {number} {word}: {}", rules.join(", "))?;
        }
    }
    let partly = report.rules.iter().filter(|rule| rule.coverage.not_tested_total().records > 0).count() as u64;
    if partly > 0 {
        writeln!(out, "- {} left records untested; the other reports say why.", counted(partly, "rule", "rules"))?;
    }
    if partly == 0 && report.unlock.is_empty() && lines.iter().all(|(_, rules)| rules.is_empty()) {
        writeln!(out, "Every rule ran, and tested every record in its scope.")?;
    }
    writeln!(out)
}

fn sources(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let records = report.populations.iter().map(|population| population.kept).sum();
    let completeness = if report.completeness_established { "was" } else { "**was not**" };
    writeln!(
        out,
        "### Sources\n\n{} from {}. Completeness of the extract {completeness} established.\n",
        counted(records, "record", "records"),
        counted(report.sources.len() as u64, "file", "files"),
    )
}

/// Rules with findings, money by class.
fn rules(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### Rules\n\n{}\n", escaped(words::rules_line(report).trim()))?;
    if report.findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "<details><summary>Rules with findings</summary>\n\n| rule | findings | money |\n|---|--:|--:|")?;
    for rule in &report.rules {
        let findings: Vec<_> = report.findings.iter().filter(|finding| finding.rule == rule.card.id).collect();
        if findings.is_empty() {
            continue;
        }
        let totals: Vec<_> = class_totals(findings.iter().copied())
            .iter()
            .map(|total| format!("{} {}", total.class.words(), escaped(&money(total.gross, &total.currency))))
            .collect();
        let number = count(findings.len() as u64);
        writeln!(out, "| {} | {number} | {} |", escaped(&rule.card.id), totals.join("<br>"))?;
    }
    writeln!(out, "\n</details>")
}

/// Text that stays text: no markup, no HTML, no end of a cell, no link made of an address.
fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 8);
    for character in visible(text).chars() {
        match character {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' | '@' => plain.extend(['\\', character]),
            other => plain.push(other),
        }
    }
    plain.replace("://", "\\://").replace("www.", "www\\.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_never_markup() {
        assert_eq!(escaped("a|b"), "a\\|b");
        assert_eq!(escaped("<script>"), "&lt;script&gt;");
        assert_eq!(escaped("[x](https://y)"), "\\[x\\](https\\://y)");
        assert_eq!(escaped("a\nb"), "a\\\\nb");
    }
}
