//! Where corrected money goes: to the customer's open invoices, the oldest due first, and what is left back to the customer.

use std::collections::BTreeMap;

use tieout_model::Amount;
use tieout_model::correction::{Action, Proposal, Use};

use super::books::Books;

/// What the customers' open invoices can still take.
pub struct Purse<'a> {
    books: &'a Books,
    left: BTreeMap<String, i128>,
}

impl<'a> Purse<'a> {
    /// With every open invoice at its balance.
    pub fn new(books: &'a Books) -> Self {
        let open = books.open.iter().flat_map(|open| open.values().flatten());
        let left = open.filter_map(|id| {
            let units = books.documents.get(id)?.balance?.plus_money(Amount::money(0)).units;
            Some((id.clone(), units))
        });
        Self { books, left: left.collect() }
    }

    /// Uses that add up to the proposal's gross; none where no money goes to the customer.
    pub fn uses(&mut self, proposal: &Proposal) -> Vec<Use> {
        if !proposal.action.is_for_customer() {
            return Vec::new();
        }
        let mut rest = proposal.gross().units;
        let Some(customer) = proposal.customer.as_ref() else {
            return vec![Use::OnAccount { amount: Amount::money(rest) }];
        };
        let Some(open) = &self.books.open else { return vec![Use::OnAccount { amount: Amount::money(rest) }] };
        let mut uses = Vec::new();
        for id in open.get(customer).into_iter().flatten() {
            let Some(document) = self.books.documents.get(id).filter(|one| one.currency == proposal.currency) else {
                continue;
            };
            let Some(left) = self.left.get_mut(id).filter(|left| **left > 0) else { continue };
            if rest <= 0 {
                break;
            }
            let taken = rest.min(*left);
            *left -= taken;
            rest -= taken;
            uses.push(Use::Invoice {
                id: id.clone(),
                number: document.number.clone(),
                due: document.due,
                amount: Amount::money(taken),
            });
        }
        if rest > 0 {
            uses.push(Use::Refund { amount: Amount::money(rest) });
        }
        uses
    }
}

/// Money that lies there already is put to use, or given back where nothing is open.
pub fn action(books: &Books, customer: Option<&String>, currency: &str) -> Action {
    let open = books.open.as_ref().and_then(|open| open.get(customer?));
    let takes =
        open.into_iter().flatten().any(|id| books.documents.get(id).is_some_and(|one| one.currency == currency));
    if takes || books.open.is_none() { Action::Reapply } else { Action::Refund }
}
