//! What to ask for: the shortest list of exports that would let most of the other rules run.
//!
//! A rule may wait for several exports at once, so they are counted together: the next to ask for is the set that lets the
//! most rules run for each thing asked, given what has been asked for already.

use std::collections::BTreeSet;

use tieout_model::{RuleResult, Status};

/// Things on the list, at most.
const ASKED_MAX: usize = 12;

/// `shipment_line (5 rules)`, `refund and credit_application (4 rules)`: in the order in which to ask.
pub fn unlock(rules: &[RuleResult]) -> Vec<String> {
    let wants = rules.iter().filter_map(|result| match &result.status {
        Status::NotPerformed { unlock, .. } if !unlock.is_empty() => Some(unlock.iter().map(String::as_str).collect()),
        _ => None,
    });
    let mut waiting: Vec<BTreeSet<&str>> = wants.collect();
    let (mut asked, mut list): (BTreeSet<&str>, Vec<String>) = (BTreeSet::new(), Vec::new());
    while asked.len() < ASKED_MAX {
        let unlocked = |more: &BTreeSet<&str>| {
            waiting.iter().filter(|want| want.iter().all(|what| asked.contains(what) || more.contains(what))).count()
        };
        let sets: BTreeSet<BTreeSet<&str>> =
            waiting.iter().map(|want| want.difference(&asked).copied().collect()).collect();
        // The most rules for each thing; of equals the shorter, then the one that comes first by name.
        let best = sets.into_iter().max_by(|a, b| {
            let (x, y) = (unlocked(a) * b.len(), unlocked(b) * a.len());
            x.cmp(&y).then(b.len().cmp(&a.len())).then(b.cmp(a))
        });
        let Some(best) = best else { break };
        let count = unlocked(&best);
        let what = best.iter().copied().collect::<Vec<_>>().join(" and ");
        list.push(format!("{what} ({count} {})", if count == 1 { "rule" } else { "rules" }));
        asked.extend(best);
        waiting.retain(|want| !want.iter().all(|what| asked.contains(what)));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieout_model::{Confidence, Coverage, RuleCard, Severity};

    fn waits_for(what: &[&str]) -> RuleResult {
        let text = String::new;
        let card = RuleCard {
            id: text(),
            title: text(),
            family: text(),
            reference: None,
            assertion: text(),
            severity: Severity::Error,
            confidence: Confidence::Certain,
            reliability: None,
            scope_date: None,
            by_period: false,
            criteria: text(),
            why: text(),
            remedy: text(),
            kind: text(),
            hash: text(),
        };
        let unlock = what.iter().map(|what| (*what).to_owned()).collect();
        RuleResult {
            card,
            population: text(),
            status: Status::NotPerformed { reason: text(), unlock },
            coverage: Coverage::default(),
            guards_missing: Vec::new(),
            params: Vec::new(),
            findings: 0,
        }
    }

    #[test]
    fn what_lets_most_rules_run_comes_first() {
        let rules = [
            waits_for(&["order_line"]),
            waits_for(&["order_line", "shipment_line"]),
            waits_for(&["order_line", "shipment_line"]),
            waits_for(&["refund"]),
            waits_for(&["gl_balance", "open_item"]),
        ];
        // Orders and deliveries together let three rules run for two things asked; orders alone one for one.
        assert_eq!(
            unlock(&rules),
            ["order_line and shipment_line (3 rules)", "refund (1 rule)", "gl_balance and open_item (1 rule)"]
        );
        assert!(unlock(&[]).is_empty());
    }
}
