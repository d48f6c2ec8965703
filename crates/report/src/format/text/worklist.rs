//! Section 1: the work list by customer, then the findings themselves.

use std::collections::BTreeMap;
use std::io;

use tieout_model::finding::Disposition;
use tieout_model::{AuditReport, EffectClass, Finding};

use super::FINDINGS_A_RULE_MAX;
use super::finding::{self, Detail};
use crate::groups::{Group, Groups, Owner, Thread, is_on_tax, remedy};
use crate::layout::{Page, count, counted, money};
use crate::words::key_words;

/// Entries of the work list.
const GROUPS_MAX: usize = 10;
/// Cases shown under an entry of the work list.
const CASES_MAX: usize = 3;

pub(super) fn render(report: &AuditReport, groups: &Groups<'_>, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("1. What to do first")?;
    if groups.open.is_empty() {
        page.line("Nothing is open.")?;
    }
    before_filing(groups, page)?;
    for (index, group) in groups.open.iter().take(GROUPS_MAX).enumerate() {
        entry(report, index + 1, group, page)?;
    }
    if let Some(more) = groups.open.len().checked_sub(GROUPS_MAX).filter(|more| *more > 0) {
        page.line(&format!("  and {} more (in the JSON and CSV reports)", counted(more as u64, "entry", "entries")))?;
    }
    super::roots::render(report, page)?;
    if !groups.open.is_empty() {
        page.blank()?;
        page.line("Findings, in the same order")?;
    }
    let mut shown = Shown::default();
    for group in &groups.open {
        for thread in &group.threads {
            shown.thread(report, thread, page)?;
        }
    }
    shown.folded(page)?;
    waived(groups, page)
}

/// Tax comes first where a return is still to be filed, whatever else is larger.
fn before_filing(groups: &Groups<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let on_tax = groups.open.iter().filter(|group| group.is_before_filing());
    let findings: Vec<&Finding> = on_tax
        .flat_map(|group| group.threads.iter().map(|thread| thread.cause))
        .filter(|finding| is_on_tax(finding))
        .collect();
    if findings.is_empty() {
        return Ok(());
    }
    let sums: Vec<String> = tieout_model::report::class_totals(findings.iter().copied())
        .into_iter()
        .filter(|total| total.class.is_tax())
        .map(|total| format!("{} {}", total.class.words(), money(total.gross, &total.currency)))
        .collect();
    let number = counted(findings.len() as u64, "finding", "findings");
    page.hanging(0, "Before a return is filed: ", 4, &format!("{number} on tax; {}", sums.join(", ")))?;
    page.blank()
}

/// ` 1. C-1042   2 certain, 1 likely` / money / what to do for each case.
fn entry(report: &AuditReport, number: usize, group: &Group<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let lead = format!("{number:>3}. ");
    let customer = match &group.owner {
        Owner::Party(party) => report.customer(party),
        _ => None,
    };
    let mut who = group.owner.words();
    if let Some(name) = customer.and_then(|customer| customer.name.as_ref()) {
        who.push_str(&format!(" {name}"));
    }
    let mut facts = vec![group.sureness()];
    facts.extend(customer.and_then(|customer| customer.owner.as_ref()).map(|owner| format!("owner {owner}")));
    facts.extend(group.oldest().map(|day| format!("oldest {day}")));
    page.hanging(0, &lead, 5, &format!("{who}   {}", facts.join("; ")))?;
    for (class, currency, amount) in group.totals() {
        page.line(&format!("     {:<20} {:>26}", class.words(), money(amount, &currency)))?;
    }
    let cases = group.cases();
    for findings in cases.iter().take(CASES_MAX) {
        let first = findings[0];
        let mut keys: Vec<_> = findings.iter().take(3).map(|finding| key_words(finding)).collect();
        if findings.len() > 3 {
            keys.push(format!("and {} more", count(findings.len() as u64 - 3)));
        }
        let lead = format!("{:<8}", first.confidence.name());
        page.hanging(5, &lead, 13, &format!("{}: {}", keys.join(", "), remedy(report, findings)))?;
    }
    if let Some(more) = cases.len().checked_sub(CASES_MAX).filter(|more| *more > 0) {
        page.line(&format!("     and {} below", counted(more as u64, "more case", "more cases")))?;
    }
    Ok(())
}

/// How many findings of each rule were shown and folded.
#[derive(Default)]
struct Shown<'a> {
    rules: BTreeMap<&'a str, (usize, u64)>,
}

impl<'a> Shown<'a> {
    /// Counts the finding as shown if it is wanted and its rule has room, else as folded.
    fn admits(&mut self, finding: &'a Finding, wanted: bool) -> bool {
        let (shown, folded) = self.rules.entry(&finding.rule).or_default();
        let room = wanted && *shown < FINDINGS_A_RULE_MAX;
        if room {
            *shown += 1
        } else {
            *folded += 1
        }
        room
    }

    fn thread(&mut self, report: &AuditReport, thread: &Thread<'a>, page: &mut Page<'_>) -> io::Result<()> {
        let cause = self.admits(thread.cause, true);
        if cause {
            page.blank()?;
            finding::render(report, thread.cause, Detail::Brief, page)?;
        }
        for consequence in &thread.consequences {
            // Under a folded cause there is nothing to hang a consequence on.
            if self.admits(consequence, cause) {
                finding::consequence(consequence, page)?;
            }
        }
        Ok(())
    }

    fn folded(&self, page: &mut Page<'_>) -> io::Result<()> {
        let folded: Vec<_> = self.rules.iter().filter(|(_, (_, folded))| *folded > 0).collect();
        if !folded.is_empty() {
            page.blank()?;
        }
        for (rule, (_, folded)) in folded {
            page.paragraph(0, &format!("{rule}: and {} more (in the JSON and CSV reports)", count(*folded)))?;
        }
        Ok(())
    }
}

/// Waived findings stay in the report; waiving money that a customer is owed is said loudly.
fn waived(groups: &Groups<'_>, page: &mut Page<'_>) -> io::Result<()> {
    if groups.waived.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line("Waived")?;
    for thread in groups.waived.iter().take(FINDINGS_A_RULE_MAX) {
        let finding = thread.cause;
        let Disposition::Waived { reason, prepared_by, approved_by, expires } = &finding.disposition else { continue };
        let owed = |class| matches!(class, EffectClass::OverBilled | EffectClass::TaxOverCollected);
        if finding.effects.iter().any(|effect| owed(effect.class)) {
            page.line("  MONEY OWED TO A CUSTOMER IS WAIVED HERE:")?;
        }
        finding::headline(finding, 2, page)?;
        page.paragraph(4, &format!("reason: {reason}"))?;
        page.paragraph(4, &format!("prepared by {prepared_by}, approved by {approved_by}, expires {expires}"))?;
        for consequence in &thread.consequences {
            finding::consequence(consequence, page)?;
        }
    }
    if let Some(more) = groups.waived.len().checked_sub(FINDINGS_A_RULE_MAX).filter(|more| *more > 0) {
        page.line(&format!("  and {} more (in the JSON and CSV reports)", count(more as u64)))?;
    }
    Ok(())
}
