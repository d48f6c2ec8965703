//! Findings in the order of work: by customer and case, the surest first, consequences under their cause.
//!
//! The order compares money only within one class and currency; where they differ, the class's place in
//! `EffectClass::ALL` decides, then the currency's code. Nothing is added across them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use tieout_model::amount::MONEY_SCALE;
use tieout_model::report::counts;
use tieout_model::{Amount, AuditReport, Confidence, Date, EffectClass, Finding, Severity};

use crate::layout::{count, counted};

/// A finding that nothing else explains, with what follows from it.
pub(crate) struct Thread<'a> {
    pub(crate) cause: &'a Finding,
    pub(crate) consequences: Vec<&'a Finding>,
}

/// Whose findings these are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// One customer.
    Party(String),
    /// One case over several customers.
    Case { case: String, parties: usize },
    /// The records name no customer.
    Nobody,
}

/// What is settled in one conversation.
pub(crate) struct Group<'a> {
    pub(crate) owner: Owner,
    pub(crate) threads: Vec<Thread<'a>>,
}

/// Every finding of a report, once.
pub(crate) struct Groups<'a> {
    /// Open ones, in the order of work.
    pub(crate) open: Vec<Group<'a>>,
    /// Waived ones.
    pub(crate) waived: Vec<Thread<'a>>,
}

impl<'a> Groups<'a> {
    pub(crate) fn new(report: &'a AuditReport) -> Self {
        let (mut open, mut waived) = (BTreeMap::<Owner, Vec<Thread<'a>>>::new(), Vec::new());
        let parties = parties_by_case(report);
        for thread in threads(report) {
            if thread.cause.is_waived() {
                waived.push(thread);
            } else {
                open.entry(owner(thread.cause, &parties)).or_default().push(thread);
            }
        }
        let mut open: Vec<_> = open.into_iter().map(|(owner, threads)| Group { owner, threads }).collect();
        open.iter_mut().for_each(|group| group.threads.sort_by_cached_key(|thread| urgency(thread.cause)));
        open.sort_by_cached_key(|group| (group.urgency(), group.owner.clone()));
        waived.sort_by_cached_key(|thread| urgency(thread.cause));
        Self { open, waived }
    }

    /// The place of each finding, by fingerprint: consequences right after their cause, waived ones last.
    pub(crate) fn order(&self) -> HashMap<&'a str, usize> {
        let threads = self.open.iter().flat_map(|group| &group.threads).chain(&self.waived);
        let findings =
            threads.flat_map(|thread| std::iter::once(thread.cause).chain(thread.consequences.iter().copied()));
        findings.enumerate().map(|(place, finding)| (finding.fingerprint.as_str(), place)).collect()
    }
}

impl Owner {
    /// Whose findings these are, for people.
    pub(crate) fn words(&self) -> String {
        match self {
            Owner::Party(party) => party.clone(),
            Owner::Case { case, parties } => {
                format!("{}, one case ({case})", counted(*parties as u64, "customer", "customers"))
            }
            Owner::Nobody => "no customer named".to_owned(),
        }
    }
}

/// True if the finding's money is tax: it should be settled before the return of its period is filed.
pub(crate) fn is_on_tax(finding: &Finding) -> bool {
    finding.effects.iter().any(|effect| effect.class.is_tax())
}

impl<'a> Group<'a> {
    /// True if something of it should be settled before a return is filed.
    pub(crate) fn is_before_filing(&self) -> bool {
        self.threads.iter().any(|thread| is_on_tax(thread.cause))
    }

    /// The earliest day of its findings.
    pub(crate) fn oldest(&self) -> Option<Date> {
        self.threads.iter().filter_map(|thread| thread.cause.date).min()
    }

    fn urgency(&self) -> Option<Urgency> {
        self.threads.first().map(|thread| urgency(thread.cause))
    }

    /// Money by class and currency; classes stay apart.
    pub(crate) fn totals(&self) -> Vec<(EffectClass, String, Amount)> {
        let mut sums: BTreeMap<(usize, &str), i128> = BTreeMap::new();
        for finding in self.threads.iter().map(|thread| thread.cause).filter(|finding| counts(finding)) {
            for (class, currency, units) in stakes(finding) {
                *sums.entry((class, currency)).or_default() += units;
            }
        }
        let total = |((class, currency), units): ((usize, &str), i128)| {
            (EffectClass::ALL[class], currency.to_owned(), Amount::money(units))
        };
        sums.into_iter().map(total).collect()
    }

    /// `2 certain, 1 for review, 3 consequences`.
    pub(crate) fn sureness(&self) -> String {
        let words =
            [(Confidence::Certain, "certain"), (Confidence::Likely, "likely"), (Confidence::Review, "for review")];
        let number = |confidence| self.threads.iter().filter(|thread| thread.cause.confidence == confidence).count();
        let mut parts: Vec<_> = words
            .into_iter()
            .filter(|(confidence, _)| number(*confidence) > 0)
            .map(|(confidence, word)| format!("{} {word}", count(number(confidence) as u64)))
            .collect();
        let consequences = self.threads.iter().map(|thread| thread.consequences.len() as u64).sum::<u64>();
        if consequences > 0 {
            parts.push(counted(consequences, "consequence", "consequences"));
        }
        parts.join(", ")
    }

    /// The group's findings by rule and case, in their order of urgency.
    pub(crate) fn cases(&self) -> Vec<Vec<&'a Finding>> {
        let (mut cases, mut places): (Vec<Vec<&Finding>>, HashMap<_, usize>) = (Vec::new(), HashMap::new());
        for finding in self.threads.iter().map(|thread| thread.cause) {
            let place = *places.entry((&finding.rule, finding.confidence, &finding.case)).or_insert(cases.len());
            match cases.get_mut(place) {
                Some(case) => case.push(finding),
                None => cases.push(vec![finding]),
            }
        }
        cases
    }
}

/// Money at stake: place of the class, currency, units; misposted money once, by what left the wrong party.
fn stakes(finding: &Finding) -> impl Iterator<Item = (usize, &str, i128)> {
    finding.effects.iter().filter_map(|effect| {
        if effect.class == EffectClass::Misposted && effect.gross.units < 0 {
            return None;
        }
        let class = EffectClass::ALL.iter().position(|class| *class == effect.class)?;
        // Money has scale 6 at most, so widening it loses nothing.
        Some((class, effect.currency.as_str(), effect.gross.units_at(MONEY_SCALE).unwrap_or(effect.gross.units)))
    })
}

/// Sorts the surest, gravest and largest first, then by rule, key and fingerprint: a total order.
type Urgency = (
    Reverse<Confidence>,
    Reverse<Severity>,
    Option<(usize, String, Reverse<i128>)>,
    (String, Vec<(String, String)>, String),
);

fn urgency(finding: &Finding) -> Urgency {
    let largest = stakes(finding).map(|(class, currency, units)| (class, currency.to_owned(), Reverse(units))).min();
    // Quantified before not quantified: `None` would sort first.
    let largest = Some(largest.unwrap_or((EffectClass::ALL.len(), String::new(), Reverse(0))));
    let name = (finding.rule.clone(), finding.key.clone(), finding.fingerprint.clone());
    (Reverse(finding.confidence), Reverse(finding.severity), largest, name)
}

/// Each finding under the one at the end of its `caused_by` chain.
fn threads(report: &AuditReport) -> Vec<Thread<'_>> {
    let by_fingerprint: HashMap<&str, usize> = report
        .findings
        .iter()
        .enumerate()
        .rev()
        .map(|(index, finding)| (finding.fingerprint.as_str(), index))
        .collect();
    let cause_of = |index: usize| {
        let cause = report.findings[index].caused_by.as_deref()?;
        by_fingerprint.get(cause).copied().filter(|cause| *cause != index)
    };
    let root_of = |index: usize| {
        let (mut root, mut seen) = (index, BTreeSet::from([index]));
        while let Some(cause) = cause_of(root) {
            if !seen.insert(cause) {
                // Findings that explain each other: each stands alone, so that none is lost.
                return index;
            }
            root = cause;
        }
        root
    };
    let roots: Vec<_> = (0..report.findings.len()).map(root_of).collect();
    let mut threads: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for (index, root) in roots.iter().enumerate() {
        let consequences = threads.entry(*root).or_default();
        if *root != index {
            consequences.push(&report.findings[index]);
        }
    }
    threads.into_iter().map(|(root, consequences)| Thread { cause: &report.findings[root], consequences }).collect()
}

fn parties_by_case(report: &AuditReport) -> HashMap<&str, BTreeSet<Option<&str>>> {
    let mut parties: HashMap<&str, BTreeSet<Option<&str>>> = HashMap::new();
    for finding in report.findings.iter().filter(|finding| !finding.is_waived() && finding.caused_by.is_none()) {
        parties.entry(finding.case.as_str()).or_default().insert(finding.party.as_deref());
    }
    parties
}

fn owner(finding: &Finding, parties: &HashMap<&str, BTreeSet<Option<&str>>>) -> Owner {
    let shared = parties.get(finding.case.as_str()).map_or(0, BTreeSet::len);
    match &finding.party {
        _ if shared > 1 && !finding.case.is_empty() => Owner::Case { case: finding.case.clone(), parties: shared },
        Some(party) => Owner::Party(party.clone()),
        None => Owner::Nobody,
    }
}

/// The findings' own remedy if they share one, else their rule's.
pub(crate) fn remedy<'a>(report: &'a AuditReport, findings: &[&'a Finding]) -> &'a str {
    let first = findings[0];
    let shared = findings.iter().all(|finding| finding.remedy == first.remedy);
    let rule = report.rules.iter().find(|rule| rule.card.id == first.rule).filter(|_| !shared);
    rule.map_or(&first.remedy, |rule| &rule.card.remedy)
}
