//! What `tieout check` prints: how the sources were understood, and which rules can run on them.

use std::collections::BTreeSet;
use std::io::{self, Write};

use tieout_model::report::PopulationFacts;
use tieout_model::{AuditReport, RuleResult, Status};

use super::{sources, untested};
use crate::layout::{Page, count, counted, width};

/// One record before and after conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its population.
    pub population: String,
    /// File and line.
    pub place: String,
    /// Header and cell as received.
    pub received: Vec<(String, String)>,
    /// Canonical column and value as understood.
    pub converted: Vec<(String, String)>,
}

/// References of one population into another: how many are stated, and how many find their record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The referring population.
    pub population: String,
    /// Its column or columns.
    pub columns: String,
    /// The population referred to.
    pub into: String,
    /// Records with a complete reference.
    pub stated: u64,
    /// Of these, how many find a record.
    pub found: u64,
}

/// Writes the mapping of every population, the rules that can run and what the others miss, then the diagnostics.
pub fn render(
    report: &AuditReport,
    samples: &[Sample],
    references: &[Reference],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(out);
    page.pair(&report.name, &format!("tieout {}", report.version))?;
    page.heading("Files")?;
    sources::files(report, &mut page)?;
    for population in &report.populations {
        page.heading(&format!("Population {}", population.name))?;
        sources::facts(population, &mut page)?;
        mapped(population, &mut page)?;
        for sample in samples.iter().filter(|sample| sample.population == population.name) {
            one_record(sample, &mut page)?;
        }
    }
    page.heading("References between populations")?;
    references_found(references, &mut page)?;
    page.heading("Rules")?;
    runnable(&report.rules, &mut page)?;
    untested::asked(report, &mut page)?;
    untested::not_performed(report, &mut page)?;
    untested::diagnostics(report, out)
}

fn mapped(population: &PopulationFacts, page: &mut Page<'_>) -> io::Result<()> {
    let names = population.mapped.iter().map(|(name, _)| width(name));
    let column = names.max().unwrap_or(0);
    page.line(&format!("    {}:", counted(population.mapped.len() as u64, "mapped column", "mapped columns")))?;
    for (name, origin) in &population.mapped {
        page.hanging(6, &format!("{name:<column$}  "), 8, origin)?;
    }
    Ok(())
}

fn one_record(sample: &Sample, page: &mut Page<'_>) -> io::Result<()> {
    page.line(&format!("    a record, {}:", sample.place))?;
    for (title, cells) in [("as received", &sample.received), ("as understood", &sample.converted)] {
        if !cells.is_empty() {
            let cells: Vec<_> = cells.iter().map(|(name, value)| format!("{name}={value}")).collect();
            page.hanging(6, &format!("{title:<13}  "), 8, &cells.join("  "))?;
        }
    }
    Ok(())
}

fn references_found(references: &[Reference], page: &mut Page<'_>) -> io::Result<()> {
    if references.is_empty() {
        page.line("No column of one population refers to another that is here.")?;
    }
    for link in references {
        let lost = link.stated - link.found;
        let tail = if lost == 0 { String::new() } else { format!("; {} do not", count(lost)) };
        let whole = counted(link.stated, "reference", "references");
        let words = format!("{} of {whole} find their record in {}{tail}", count(link.found), link.into);
        page.hanging(2, &format!("{}.{}: ", link.population, link.columns), 4, &words)?;
    }
    Ok(())
}

/// The rules that can run, by family.
fn runnable(rules: &[RuleResult], page: &mut Page<'_>) -> io::Result<()> {
    let can_run: Vec<_> = rules.iter().filter(|rule| !matches!(rule.status, Status::NotPerformed { .. })).collect();
    let whole = counted(rules.len() as u64, "selected rule", "selected rules");
    page.line(&format!("{} of {whole} can run", can_run.len()))?;
    let families: BTreeSet<_> = can_run.iter().map(|rule| rule.card.family.as_str()).collect();
    for family in families {
        let ids: Vec<_> =
            can_run.iter().filter(|rule| rule.card.family == family).map(|rule| rule.card.id.as_str()).collect();
        page.hanging(2, &format!("{family}: "), 4, &ids.join(", "))?;
    }
    Ok(())
}
