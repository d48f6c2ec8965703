//! Consequences: a finding that another one explains says so, and its money is counted there.
//!
//! A rule's `explains` names what follows whatever the amounts: a bill that repeats an order also repeats its lines.
//! `explains_money` names what follows only if the money agrees: a wrong price breaks the total by as much, and the tax by
//! the tax on as much; another difference of the same document is an error of its own and keeps its money. The money agrees too
//! where the cause's has the consequence's in it: what was billed beyond an order is reckoned at the order's price, and a bill that
//! goes back whole has no price left to mend.

use std::collections::{BTreeMap, BTreeSet};

use tieout_model::amount::{MONEY_SCALE, PRICE_SCALE};
use tieout_model::{Amount, Figure, Finding, RecordRef};

use crate::harvest::Harvested;
use crate::rule::Library;

/// Links findings by the rules' `explains`: on the same item, or else on the same document where the two rules look at
/// different populations. The most upstream finding is named.
pub fn link(library: &Library, harvested: &mut [Harvested]) {
    let mut causes: BTreeMap<usize, usize> = BTreeMap::new();
    for rule in library.rules() {
        let names = |texts: &'_ [crate::file::Text]| -> BTreeSet<String> {
            texts.iter().map(|text| text.as_ref().clone()).collect()
        };
        let (explains, by_money) = (names(&rule.file.explains), names(&rule.file.explains_money));
        if explains.is_empty() && by_money.is_empty() {
            continue;
        }
        let mut by_document: BTreeMap<&(String, RecordRef), Vec<usize>> = BTreeMap::new();
        for (index, cause) in harvested.iter().enumerate().filter(|(_, one)| one.finding.rule == rule.card.id) {
            for document in &cause.touches {
                by_document.entry(document).or_default().push(index);
            }
        }
        if by_document.is_empty() {
            continue;
        }
        for (index, consequence) in harvested.iter().enumerate() {
            let id = &consequence.finding.rule;
            let (always, money) = (explains.contains(id), by_money.contains(id));
            if !(always || money) || causes.contains_key(&index) {
                continue;
            }
            let found = consequence.touches.iter().filter_map(|document| by_document.get(document)).flatten().copied();
            let fits = |&cause: &usize| {
                let (a, b) = (&harvested[cause].item, &consequence.item);
                cause != index && (a.0 != b.0 || a.1 == b.1 || harvested[cause].touches.contains(b))
            };
            let found: BTreeSet<usize> = found.filter(fits).collect();
            let Some(&cause) = found.first() else { continue };
            let of = |cause: &usize| &harvested[*cause].finding;
            if always || agrees(&found.iter().map(of).collect::<Vec<_>>(), &consequence.finding) {
                causes.insert(index, cause);
            } else if let Some(cause) = found.iter().find(|cause| holds(of(cause), &consequence.finding)) {
                causes.insert(index, *cause);
            }
        }
    }
    for index in 0..harvested.len() {
        let (mut at, mut steps) = (index, 0);
        while let Some(&cause) = causes.get(&at) {
            (at, steps) = (cause, steps + 1);
            // Two rules that explain each other: the one that comes first stays the cause.
            if steps > harvested.len() || at == index {
                at = index;
                break;
            }
        }
        if at != index {
            let fingerprint = harvested[at].finding.fingerprint.clone();
            let case = harvested[at].finding.case.clone();
            harvested[index].finding.caused_by = Some(fingerprint);
            harvested[index].finding.case = case;
        }
    }
}

/// Whether a difference, or the money at stake, is that of one of the causes, of all of them together, or the tax on it.
fn agrees(causes: &[&Finding], consequence: &Finding) -> bool {
    let stake = |finding: &&Finding| {
        let effect = finding.effects.first()?;
        let units = effect.net.unwrap_or(effect.gross).units_at(MONEY_SCALE).ok()?;
        let below = finding.difference.as_ref().is_some_and(|figure| match figure {
            Figure::Money { amount, .. } | Figure::Number(amount) => amount.units < 0,
            Figure::Text(_) => false,
        });
        Some(if below { -units } else { units })
    };
    let stakes: Vec<i128> = causes.iter().filter_map(stake).collect();
    // A price differs by so much a unit; what it comes to is the same error if it comes to the same.
    if stake(&consequence).is_some_and(|own| own != 0 && stakes.contains(&own)) {
        return true;
    }
    let Some(difference) = money(consequence.difference.as_ref()) else { return false };
    let all: i128 = stakes.iter().sum();
    let tax = Tax::of(consequence);
    stakes.into_iter().chain([all]).filter(|stake| *stake != 0).any(|stake| {
        difference.abs() == stake.abs() || tax.as_ref().is_some_and(|tax| tax.is_on(stake.abs(), difference.abs()))
    })
}

/// Whether the cause's money has the consequence's in it.
fn holds(cause: &Finding, consequence: &Finding) -> bool {
    let cell = |name: &str| {
        let cells = cause.evidence.first().into_iter().flat_map(|evidence| &evidence.cells);
        let own = cells.filter(|(column, _)| column == name).map(|(_, value)| value.parse::<Amount>().ok());
        own.flatten().next()
    };
    let equal = |a: Option<Amount>, b: Option<Amount>| {
        let units = |amount: Amount| amount.units_at(PRICE_SCALE).ok();
        a.and_then(units).is_some() && a.and_then(units) == b.and_then(units)
    };
    let of_key =
        |finding: &Finding| finding.key.iter().find(|(name, _)| name == "invoice_id").map(|(_, id)| id.clone());
    match (cause.population.as_str(), consequence.population.as_str()) {
        ("order_line", "invoice_line") => match consequence.expected.as_ref() {
            Some(Figure::Money { amount, .. } | Figure::Number(amount)) => equal(Some(*amount), cell("unit_price")),
            _ => false,
        },
        ("invoice", "invoice_line") => {
            let stake = cause.effects.first().map(|effect| effect.gross);
            of_key(cause).is_some() && of_key(cause) == of_key(consequence) && equal(stake, cell("gross_total"))
        }
        _ => false,
    }
}

fn money(figure: Option<&Figure>) -> Option<i128> {
    match figure {
        Some(Figure::Money { amount, .. }) => amount.units_at(MONEY_SCALE).ok(),
        _ => None,
    }
}

/// The tax that a finding of the tax family expects, and its base.
struct Tax {
    expected: i128,
    base: i128,
}

/// A cent of rounding on either side, at money's scale.
const CENT: i128 = 10_000;

impl Tax {
    fn of(finding: &Finding) -> Option<Self> {
        let expected = money(finding.expected.as_ref())?;
        let cells = &finding.evidence.first()?.cells;
        let base = cells.iter().find(|(name, _)| name == "taxable_amount")?.1.parse::<Amount>().ok()?;
        Some(Self { expected, base: base.units_at(MONEY_SCALE).ok().filter(|base| *base != 0)? })
    }

    /// Whether `difference` is the tax on `stake`, at the rate that the finding expects.
    fn is_on(&self, stake: i128, difference: i128) -> bool {
        let base = self.base.abs();
        (difference * base - stake * self.expected.abs()).abs() <= CENT * base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tax_on_a_difference_is_told_from_another_difference() {
        // 10 × 50.00 billed where 45.00 was agreed: 50.00 too much; tax 8.25 % of 500.00 expected, of 450.00 charged.
        let tax = Tax { expected: 41_250_000, base: 500_000_000 };
        assert!(tax.is_on(50_000_000, 4_120_000), "41.25 less 37.13");
        assert!(!tax.is_on(50_000_000, 10_000_000));
    }
}
