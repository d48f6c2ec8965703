//! What several rules are going to ask for, told from their plans before the first of them runs: it is made for the first one
//! that asks, and not a second time for all.
//!
//! A guess about time only. A plan that turns out to be of few records is computed for these, and what two rules ask for in
//! other words is made when the second one comes.

use std::hash::{BuildHasher as _, Hash, Hasher as _};

use hashbrown::{DefaultHashBuilder, HashMap, HashSet};

use super::common::choosing;
use crate::plan::{Join, Plan};

/// What stands beside rows in the plans of several rules, by its hash.
#[derive(Default)]
pub(super) struct Ahead {
    hasher: DefaultHashBuilder,
    several: HashSet<u64>,
}

impl Ahead {
    /// Looks through the plans of rules.
    pub fn new(rules: &[Vec<&Plan>]) -> Self {
        let mut own = Self::default();
        let mut rules_of: HashMap<u64, u32> = HashMap::new();
        for plans in rules {
            let mut asked = HashSet::new();
            plans.iter().for_each(|plan| own.collect(plan, &mut asked));
            asked.into_iter().for_each(|hash| *rules_of.entry(hash).or_default() += 1);
        }
        own.several = rules_of.into_iter().filter(|(_, rules)| *rules > 1).map(|(hash, _)| hash).collect();
        own
    }

    /// Whether several rules have what this plan puts beside its rows.
    pub fn is_of_several(&self, plan: &Plan) -> bool {
        !self.several.is_empty() && self.hash(plan).is_some_and(|hash| self.several.contains(&hash))
    }

    fn collect(&self, plan: &Plan, asked: &mut HashSet<u64>) {
        asked.extend(self.hash(plan));
        plan.inputs().into_iter().for_each(|input| self.collect(input, asked));
    }

    fn hash(&self, plan: &Plan) -> Option<u64> {
        let mut hasher = self.hasher.build_hasher();
        match plan {
            Plan::Join { left, right, on, how } => {
                population(left)?.hash(&mut hasher);
                matches!(how, Join::Semi | Join::Anti).hash(&mut hasher);
                let right = match right.as_ref() {
                    Plan::Unique { input, .. } => input,
                    right => right,
                };
                match right {
                    // Rules read other columns of the same records.
                    Plan::Scan { population, columns } => {
                        population.hash(&mut hasher);
                        for (own, theirs) in on {
                            let stored = columns.iter().find(|(_, column)| column.name == *theirs);
                            (own, stored.map(|(stored, _)| stored)).hash(&mut hasher);
                        }
                    }
                    right => (right, on).hash(&mut hasher),
                }
            }
            Plan::InForce(force) => {
                population(&force.input)?.hash(&mut hasher);
                choosing(force).hash(&mut hasher);
            }
            Plan::Once(..) => plan.hash(&mut hasher),
            _ => return None,
        }
        Some(hasher.finish())
    }
}

/// The population whose records a plan's rows are.
fn population(plan: &Plan) -> Option<&str> {
    match plan.base()? {
        Plan::Scan { population, .. } => Some(population),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Column, Ty};

    fn scan(population: &str, columns: &[&str]) -> Plan {
        let column = |name: &&str| ((*name).to_owned(), Column { name: format!("{population}.{name}"), ty: Ty::INT });
        Plan::Scan { population: population.to_owned(), columns: columns.iter().map(column).collect() }
    }

    #[test]
    fn what_two_rules_put_beside_their_records_is_known() {
        let beside = |left: Plan, columns: &[&str]| {
            left.join(
                scan("invoice", columns),
                vec![("line.invoice_id".to_owned(), "invoice.id".to_owned())],
                Join::Left,
            )
        };
        let line = || scan("line", &["invoice_id", "amount"]);
        let first = beside(line(), &["id", "status"]);
        let second = beside(line(), &["date", "id"]);
        let other = beside(scan("order", &["invoice_id"]), &["id"]);
        let nested = second.clone().repeated(&["line.amount".to_owned()], 2);
        let ahead = Ahead::new(&[vec![&first], vec![&nested, &nested], vec![&other, &other]]);
        assert!(ahead.is_of_several(&first) && ahead.is_of_several(&second));
        // Of one rule only, however often; and of other records.
        assert!(!ahead.is_of_several(&other));
        let semi = line().join(
            scan("invoice", &["id"]),
            vec![("line.invoice_id".to_owned(), "invoice.id".to_owned())],
            Join::Semi,
        );
        assert!(!ahead.is_of_several(&semi));
    }
}
