//! Where corrected money goes: to the customer's open invoices, the oldest due first, and what is left back to the customer.

use std::collections::BTreeMap;

use tieout_model::Amount;
use tieout_model::correction::{Action, Proposal, Use};

use super::Ask;
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

    /// Uses that add up to the proposal's gross; none where no money goes to the customer. What no open invoice takes goes back only
    /// to a customer who owes nothing else.
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
            let amount = Amount::money(rest);
            let owes = !self.books.kept_apart(customer, &proposal.currency).is_empty();
            uses.push(if owes { Use::OnAccount { amount } } else { Use::Refund { amount } });
        }
        uses
    }
}

/// Money that lies there already is put to use, or given back where nothing is open. `Err` where what is open does not take it.
pub fn action(books: &Books, customer: Option<&String>, currency: &str) -> Result<Action, Ask> {
    let (Some(open), Some(customer)) = (&books.open, customer) else { return Ok(Action::Reapply) };
    let mut own = open.get(customer).into_iter().flatten();
    if own.any(|id| books.documents.get(id).is_some_and(|one| one.currency == currency)) {
        return Ok(Action::Reapply);
    }
    match why_kept(books, customer, currency) {
        None => Ok(Action::Refund),
        Some(why) => Err(Ask::new(why, "agree with the customer where it goes: to what is open, or back to them")),
    }
}

/// Why money in a currency does not go back to a customer: what they owe that it cannot be put to.
pub fn why_kept(books: &Books, customer: &str, currency: &str) -> Option<String> {
    let apart = books.kept_apart(customer, currency);
    let first = apart.first()?;
    let why = if first.currency == currency {
        "is open and in dispute".to_owned()
    } else {
        format!("is open in {}", first.currency)
    };
    let more = if apart.len() > 1 { format!(", and {} more like it", apart.len() - 1) } else { String::new() };
    Some(format!("not paid back: {} {why}{more}", first.number))
}
