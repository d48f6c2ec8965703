//! What tax that goes back does to the state's return: not filed, it lowers it; filed, the state's own row says what is owed first.

use std::collections::BTreeSet;

use tieout_model::correction::{Action, Proposal};

use crate::catalog::Catalog;
use crate::engine::{Engine, EngineError};
use crate::filing::{Reference, filed_returns};

/// Adds a remark for each state and filing period of the tax of credits. Where the exports have no registrations or no filed
/// returns, nothing is said.
pub(super) fn remark(engine: &dyn Engine, catalog: &Catalog, proposals: &mut [Proposal]) -> Result<(), EngineError> {
    let Some(filed) = filed_returns(engine, catalog)? else { return Ok(()) };
    let reference = Reference::read(engine, catalog)?;
    let credits = |proposal: &&mut Proposal| matches!(proposal.action, Action::CreditMemo | Action::TaxCredit);
    for proposal in proposals.iter_mut().filter(credits) {
        let mut said: BTreeSet<String> = BTreeSet::new();
        for line in &proposal.lines {
            let Some(issued) = line.issued else { continue };
            let places =
                line.taxes.iter().filter(|part| part.amount.units > 0).filter_map(|part| part.jurisdiction.as_ref());
            for top in places.filter_map(|id| reference.jurisdiction(id)).filter_map(|at| reference.top(at)) {
                let place = &reference.jurisdictions[top as usize];
                let own = reference
                    .registrations
                    .iter()
                    .find(|one| one.jurisdiction == top && one.from <= issued && one.to.is_none_or(|to| issued < to));
                let Some(own) = own else { continue };
                let period = own.frequency.period(issued);
                let is_filed = filed.contains_key(&(own.entity.clone(), place.id.clone(), period.clone()));
                let state = place.subdivision.as_deref().unwrap_or(&place.id);
                let first = match reference.practice(state, "over_collected", issued) {
                    _ if !is_filed => "is not filed: what goes back to the customer lowers it",
                    Some("refund") => "is filed: the customer first, then the claim for what was remitted",
                    Some("remit") => "is filed: the tax is remitted; amend it with the credit",
                    _ => "is filed, and no row of `state_tax_rule` says what is owed first",
                };
                said.insert(format!("{}: the return for {period} {first}", place.name));
            }
        }
        proposal.remarks.extend(said);
    }
    Ok(())
}
