//! Two documents beside each other, criterion by criterion.

use std::collections::BTreeSet;
use std::io::{self, Write};

use tieout_model::pair::{Criterion, Pair, PairTest};
use tieout_model::{AuditReport, Evidence, Finding};

use crate::layout::{Page, counted, money};
use crate::words;

/// Rules against repeats that are shown criterion by criterion.
const TESTS_MAX: usize = 8;

/// Writes what is known of a pair of documents; the report is that of the same audit.
pub fn render(report: &AuditReport, pair: &Pair, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out);
    for document in &pair.documents {
        let cells: Vec<String> = document.cells.iter().map(|(name, value)| format!("{name}={value}")).collect();
        page.hanging(0, &format!("{}  ", words::place(report, document)), 4, &cells.join("  "))?;
    }
    findings(report, pair, &mut page)?;
    netting(pair, &mut page)?;
    if pair.tests.is_empty() {
        page.blank()?;
        page.line("No selected rule against repeats looks at such documents.")?;
    }
    for test in pair.tests.iter().take(TESTS_MAX) {
        one(test, &mut page)?;
    }
    outcomes(pair, &mut page)
}

/// Findings that show both, then those that show one.
fn findings(report: &AuditReport, pair: &Pair, page: &mut Page<'_>) -> io::Result<()> {
    let shows = |finding: &Finding, document: &Evidence| {
        finding
            .evidence
            .iter()
            .any(|evidence| evidence.population == document.population && evidence.record == document.record)
    };
    page.heading("Findings")?;
    let mut none = true;
    for finding in &report.findings {
        let shown = pair.documents.each_ref().map(|document| shows(finding, document));
        let which = match shown {
            [true, true] => "both",
            [true, false] => "the first",
            [false, true] => "the second",
            [false, false] => continue,
        };
        none = false;
        let text = format!("{}: {} (finding {})", words::key_words(finding), finding.message, finding.fingerprint);
        page.hanging(0, &format!("{which}: {}   ", finding.rule), 4, &text)?;
    }
    if none { page.line("No finding shows either of the two.") } else { Ok(()) }
}

fn netting(pair: &Pair, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("Netting")?;
    if pair.netting.is_empty() {
        return page.line("No credit, void or rebill touches either of the two.");
    }
    for entry in &pair.netting {
        let rebill = entry.rebill.as_ref().map_or(String::new(), |rebill| format!(", rebilled as {rebill}"));
        let amount = money(entry.amount, &entry.currency);
        page.hanging(0, "", 4, &format!("{} nets {amount} of {}{rebill} ({})", entry.credit, entry.bill, entry.tier))?;
    }
    Ok(())
}

fn one(test: &PairTest, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(&format!("{}, {}", test.rule, test.what))?;
    for criterion in &test.criteria {
        let mark = match criterion.holds {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "?",
        };
        page.hanging(0, &format!("{mark} {}  ", criterion.what), 4, &words(criterion))?;
    }
    page.hanging(0, "", 2, &verdict(test))?;
    page.hanging(
        0,
        "",
        2,
        &format!("the first: {}; the second: {}", or_none(&test.outcomes[0]), or_none(&test.outcomes[1])),
    )
}

fn or_none(outcome: &str) -> &str {
    if outcome.is_empty() { "not looked at" } else { outcome }
}

fn words(criterion: &Criterion) -> String {
    let [first, second] = &criterion.values;
    let values = if first == second { first.clone() } else { format!("{first} | {second}") };
    format!("{values}  (wanted: {})", criterion.demand)
}

/// What the criteria come to, and what would make a finding of the two.
fn verdict(test: &PairTest) -> String {
    let failing: Vec<&str> = test.failing().map(|criterion| criterion.what.as_str()).collect();
    let unknown = test.criteria.iter().filter(|criterion| criterion.holds.is_none()).count() as u64;
    let is_finding = test.outcomes.iter().any(|outcome| outcome == "finding");
    let guarded = test.outcomes.iter().any(|outcome| outcome == "guarded");
    match (test.alone, is_finding) {
        (true, true) => "= the two are one thing for this rule, and a finding".to_owned(),
        (true, false) if guarded => "= the two are one thing for this rule; a guard explains it".to_owned(),
        (true, false) => {
            "= alone, the two would be a finding; their scope, period or the rhythm of their group keeps them silent"
                .to_owned()
        }
        (false, _) if !failing.is_empty() => {
            let unique: BTreeSet<&str> = failing.into_iter().collect();
            let unique: Vec<&str> = unique.into_iter().collect();
            format!("= two things for this rule; a finding if this held too: {}", unique.join(", "))
        }
        (false, _) if unknown > 0 => {
            format!("= cannot be told: {} without a value", counted(unknown, "criterion", "criteria"))
        }
        (false, _) => "= two things for this rule: what was sold explains both".to_owned(),
    }
}

/// What became of each in the other rules, where it is not plainly clean.
fn outcomes(pair: &Pair, page: &mut Page<'_>) -> io::Result<()> {
    if pair.outcomes.is_empty() {
        return Ok(());
    }
    page.heading("In the rules over such documents, where not plainly clean")?;
    for (rule, [first, second]) in &pair.outcomes {
        let text = if first == second { format!("both {first}") } else { format!("{first} | {second}") };
        page.hanging(0, &format!("{rule}  "), 4, &text)?;
    }
    Ok(())
}
