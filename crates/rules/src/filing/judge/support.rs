//! Whether a certificate supports a sale that was left untaxed for the purchaser's sake.

use tieout_model::Date;
use tieout_model::filing::Cell;

use super::super::reference::Certificate;
use super::super::sale::{NONE, Sale, Stated};
use super::{Judge, Stop, Support};

impl Judge<'_> {
    /// The certificate that a line rests on, or why none supports a claim.
    pub(super) fn certificate(
        &self,
        at: u32,
        sale: &Sale,
        state: &str,
        day: Date,
        is_law_given: bool,
    ) -> Result<Support, Stop> {
        let names = &self.sales.names;
        let document = &self.sales.documents[at as usize];
        let customer = names.get(document.customer);
        let all = self.reference.certificates.get(customer).map(Vec::as_slice).unwrap_or_default();
        let category = names.option(sale.category).filter(|_| is_law_given);
        let number = names.get(document.number);
        let mut why = None;
        for certificate in all {
            match self.supports(certificate, (document.customer, number), state, category, day) {
                Ok(true) => return Ok((Some((certificate.id.clone(), certificate.reason)), None)),
                Ok(false) => {}
                Err((true, reason)) if sale.claims_exemption => return Err(Stop(Cell::NotTested, reason)),
                Err((_, reason)) => why = Some(reason),
            }
        }
        let rows = self.taxes.of.get(&at).map(Vec::as_slice).unwrap_or_default();
        let of_line = |row: &&Stated| row.line == NONE || row.line == sale.line;
        let is_taxed = rows.iter().filter(of_line).filter_map(|row| row.tax).chain(sale.tax).any(|tax| tax != 0);
        if !sale.claims_exemption || is_taxed {
            return Ok((None, None));
        }
        let none = "no certificate of the customer is in force on that day".to_owned();
        Ok((None, Some(why.unwrap_or(none))))
    }

    /// Whether a certificate supports a sale; `Err` says why one that is in force does not, and whether that is undecided.
    fn supports(
        &self,
        certificate: &Certificate,
        (customer, number): (u32, &str),
        state: &str,
        category: Option<&str>,
        day: Date,
    ) -> Result<bool, (bool, String)> {
        let is_good = certificate.status == "valid" || certificate.status == "expired" && certificate.to.is_some();
        let id = &certificate.id;
        if !is_good || day < certificate.from || certificate.to.is_some_and(|to| day >= to) {
            return Ok(false);
        }
        if !certificate.is_blanket && certificate.invoice.as_deref().is_some_and(|invoice| invoice != number) {
            return Ok(false);
        }
        if self.reference.covers(id, state, category) == Some(false) {
            return Err((false, format!("certificate {id} does not cover it in {state}")));
        }
        let Some(received) = certificate.received else {
            return Err((false, format!("certificate {id} has no day of receipt")));
        };
        if received > day {
            let days = received.0 - day.0;
            let grace =
                self.reference.practice(state, "certificate_grace_days", day).and_then(|days| days.parse::<i32>().ok());
            match grace {
                None => {
                    let words = format!(
                        "certificate {id} came {days} days after the sale, and no row says how many {state} allows"
                    );
                    return Err((true, words));
                }
                Some(grace) if days > grace => {
                    return Err((
                        false,
                        format!("certificate {id} came {days} days after the sale; {grace} are allowed"),
                    ));
                }
                Some(_) => {}
            }
        }
        let months =
            self.reference.practice(state, "blanket_lapse_months", day).and_then(|months| months.parse::<i32>().ok());
        if let Some(months) = months.filter(|_| certificate.is_blanket) {
            // It lapses when so many months pass without a purchase.
            let bought = self.bought.get(&customer);
            let first = received.min(day).max(certificate.from);
            let mut last = first;
            for purchase in bought.into_iter().flatten().copied().filter(|one| *one <= day && *one >= first) {
                if purchase > last.add_months(months) {
                    return Err((
                        false,
                        format!("blanket certificate {id} lapsed: no purchase from {last} to {purchase}"),
                    ));
                }
                last = purchase;
            }
        }
        Ok(true)
    }
}
