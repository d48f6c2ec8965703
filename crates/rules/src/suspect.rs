//! A rule that fails for a large share of a population, always by the cell of one unmapped header, accuses the mapping
//! and not the biller: one diagnostic and one case, never thousands of findings and never silence.

use std::collections::{BTreeMap, BTreeSet};

use tieout_model::{Amount, Code, Confidence, Diagnostic, Figure, Finding, RecordRef};

use crate::audit::Outcome;

/// Findings below which a share says nothing.
const FINDINGS_MIN: u64 = 20;
/// Findings whose cells are looked at; beyond them nothing is folded.
const FINDINGS_MAX: usize = 100_000;

/// A rule under suspicion and the records to look at.
pub struct Suspect {
    /// Its id.
    pub rule: String,
    /// Records of its findings.
    pub records: BTreeSet<RecordRef>,
}

/// Arithmetic rules that fail for at least a fifth of what they tested.
pub fn suspects(outcome: &Outcome) -> Vec<Suspect> {
    let large = outcome.rules.iter().filter(|result| {
        let (tested, wrong) = (result.coverage.tested.records, result.coverage.exceptions.records);
        matches!(result.card.kind.as_str(), "assert" | "foot")
            && result.findings >= FINDINGS_MIN
            && wrong.saturating_mul(5) >= tested
    });
    large
        .map(|result| Suspect {
            rule: result.card.id.clone(),
            records: sample(&outcome.findings, &result.card.id)
                .filter_map(|finding| Some(finding.evidence.first()?.record))
                .collect(),
        })
        .collect()
}

fn sample<'a>(findings: &'a [Finding], rule: &'a str) -> impl Iterator<Item = &'a Finding> {
    findings.iter().filter(move |finding| finding.rule == rule && finding.difference.is_some()).take(FINDINGS_MAX)
}

/// Folds the suspect's findings into one case if the cells of one header explain at least nine in ten of them, or if
/// more than half of all records fail. `cells` holds header and cell of the records.
pub fn fold(outcome: &mut Outcome, suspect: &Suspect, cells: &BTreeMap<RecordRef, Vec<(String, String)>>) {
    let Some(result) = outcome.rules.iter_mut().find(|result| result.card.id == suspect.rule) else { return };
    let header = explaining_header(&outcome.findings, &suspect.rule, cells);
    let (tested, share) = (result.coverage.tested.records, result.coverage.exceptions.records);
    if header.is_none() && share.saturating_mul(2) < tested {
        return;
    }
    // What the header does not explain stays a finding of its own.
    let explained = |finding: &Finding| header.as_deref().is_none_or(|header| explains(finding, header, cells));
    let (folded, rest): (Vec<Finding>, Vec<Finding>) = std::mem::take(&mut outcome.findings)
        .into_iter()
        .partition(|finding| finding.rule == suspect.rule && explained(finding));
    // What the mapping explains is no root cause of the biller's.
    outcome.root_causes.retain(|root| root.rule != suspect.rule);
    let wrong = folded.len() as u64;
    outcome.findings = rest;
    let sums = sums(&folded);
    let how = match &header {
        Some(header) => format!("each by its cell under `{header}`"),
        None => "so many that the figures compared are probably not the ones meant".to_owned(),
    };
    let message = format!("{wrong} of {tested} records fail `{}`, {how}; together {sums}", suspect.rule);
    let help = match &header {
        Some(header) => format!(
            "map `{header}` (for an invoice: charge_total = \"{header}\") and let the total that it belongs to include it"
        ),
        None => "look at the mapping of the columns that the rule compares, with `tieout check`".to_owned(),
    };
    outcome.diagnostics.push(
        Diagnostic::new(Code::MappingSuspect, message.clone())
            .note("the findings are folded into one case for review")
            .help(help),
    );
    let Some(first) = folded.into_iter().next() else { return };
    result.findings = result.findings - wrong + 1;
    outcome.findings.push(Finding {
        confidence: Confidence::Review,
        confidence_reason: "the mapping is probably wrong".to_owned(),
        message,
        effects: Vec::new(),
        expected: None,
        stated: None,
        difference: None,
        party: None,
        case: first.rule.clone(),
        ..first
    });
    outcome.findings.sort_by(|left, right| (&left.rule, &left.key).cmp(&(&right.rule, &right.key)));
}

/// The header whose cell is the difference in at least nine of ten findings.
fn explaining_header(
    findings: &[Finding],
    rule: &str,
    cells: &BTreeMap<RecordRef, Vec<(String, String)>>,
) -> Option<String> {
    let mut hits: BTreeMap<&str, usize> = BTreeMap::new();
    let mut looked_at = 0;
    for finding in sample(findings, rule) {
        let Some(record) = finding.evidence.first().and_then(|evidence| cells.get(&evidence.record)) else { continue };
        looked_at += 1;
        for (header, cell) in record {
            if is_difference(finding, cell) {
                *hits.entry(header.as_str()).or_default() += 1;
            }
        }
    }
    let (header, count) = hits.into_iter().max_by(|left, right| left.1.cmp(&right.1).then(right.0.cmp(left.0)))?;
    (looked_at > 0 && count * 10 >= looked_at * 9).then(|| header.to_owned())
}

fn is_difference(finding: &Finding, cell: &str) -> bool {
    let difference = match &finding.difference {
        Some(Figure::Money { amount, .. } | Figure::Number(amount)) => amount.abs(),
        _ => return false,
    };
    cell.trim().replace(',', "").parse::<Amount>().is_ok_and(|amount| amount.abs() == difference)
}

fn explains(finding: &Finding, header: &str, cells: &BTreeMap<RecordRef, Vec<(String, String)>>) -> bool {
    let record = finding.evidence.first().and_then(|evidence| cells.get(&evidence.record));
    record.into_iter().flatten().any(|(name, cell)| name == header && is_difference(finding, cell))
}

fn sums(findings: &[Finding]) -> String {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for finding in findings {
        if let Some(Figure::Money { amount, currency }) = &finding.difference
            && let Ok(units) = amount.units_at(tieout_model::amount::MONEY_SCALE)
        {
            *sums.entry(currency).or_default() += units;
        }
    }
    let words: Vec<String> = sums
        .into_iter()
        .map(|(currency, units)| {
            Figure::Money { amount: Amount::money(units), currency: currency.to_owned() }.to_string()
        })
        .collect();
    if words.is_empty() { "no money".to_owned() } else { words.join(", ") }
}
