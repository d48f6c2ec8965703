//! Where corrected money goes: to the open invoice that is itself wrong, then to the customer's other open invoices, the oldest due
//! first, and what is left back to the customer.

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

    /// A credit for an open invoice that is itself wrong goes to that invoice first, as far as it is open.
    pub fn own(&mut self, proposal: &Proposal) -> Vec<Use> {
        let mut uses = Vec::new();
        if !matches!(proposal.action, Action::CreditMemo | Action::TaxCredit) {
            return uses;
        }
        let mut wrong: Vec<(&String, i128)> = Vec::new();
        for line in &proposal.lines {
            match wrong.iter_mut().find(|(id, _)| **id == line.document) {
                Some((_, units)) => *units += line.gross().units,
                None => wrong.push((&line.document, line.gross().units)),
            }
        }
        for (id, units) in wrong {
            let known = self.books.documents.get(id);
            if known.is_some_and(|one| one.currency == proposal.currency && one.customer == proposal.customer) {
                uses.extend(self.take(id, units));
            }
        }
        uses
    }

    /// Adds uses until they come to the proposal's gross; none where no money goes to the customer. What no open invoice takes goes
    /// back only to a customer who owes nothing else.
    pub fn rest(&mut self, proposal: &mut Proposal) {
        if !proposal.action.is_for_customer() {
            return;
        }
        let used: i128 = proposal.uses.iter().map(|one| one.amount().units).sum();
        let mut rest = proposal.gross().units - used;
        let books = self.books;
        let (Some(customer), Some(open)) = (proposal.customer.as_ref(), &books.open) else {
            proposal.uses.push(Use::OnAccount { amount: Amount::money(rest) });
            return;
        };
        for id in open.get(customer).into_iter().flatten() {
            if books.documents.get(id).is_none_or(|one| one.currency != proposal.currency) {
                continue;
            }
            let Some(taken) = self.take(id, rest) else { continue };
            rest -= taken.amount().units;
            add(&mut proposal.uses, taken);
        }
        if rest > 0 {
            let amount = Amount::money(rest);
            let owes = !books.kept_apart(customer, &proposal.currency).is_empty();
            proposal.uses.push(if owes { Use::OnAccount { amount } } else { Use::Refund { amount } });
        }
    }

    /// What an open invoice still takes of an amount.
    fn take(&mut self, id: &str, units: i128) -> Option<Use> {
        let left = self.left.get_mut(id).filter(|left| **left > 0)?;
        let taken = units.min(*left);
        if taken <= 0 {
            return None;
        }
        *left -= taken;
        let document = self.books.documents.get(id)?;
        let (id, number) = (id.to_owned(), document.number.clone());
        Some(Use::Invoice { id, number, due: document.due, amount: Amount::money(taken) })
    }
}

/// One use an invoice.
fn add(uses: &mut Vec<Use>, more: Use) {
    for one in uses.iter_mut() {
        if let (Use::Invoice { id, amount, .. }, Use::Invoice { id: other, amount: further, .. }) = (one, &more)
            && id == other
        {
            *amount = amount.plus_money(*further);
            return;
        }
    }
    uses.push(more);
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
