//! A report for logs and for strangers: the values of named columns are replaced by tokens.
//!
//! A token is a keyed digest of the value, so the same customer is the same token everywhere and in every run with the same key,
//! and nobody without the key can try values until one fits. Values are replaced where they stand as cells, and as words in the
//! sentences of their finding. Excerpts of files in diagnostics are left out, since they hold whole lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tieout_model::{AuditReport, Evidence, Finding};

/// Columns of customers' own records that are masked with `customer_id`'s name: they stand in the report's list of customers.
const OF_CUSTOMER: &str = "customer_id";

/// Replaces the values of canonical columns in a report.
pub struct Mask<'a> {
    columns: &'a BTreeSet<String>,
    key: [u8; 32],
}

impl<'a> Mask<'a> {
    /// With the user's key, whatever its length.
    pub fn new(columns: &'a BTreeSet<String>, key: &[u8]) -> Self {
        Self { columns, key: blake3::derive_key("tieout 2026-11 mask of report values", key) }
    }

    /// True for a column, and for a path to it from another population.
    fn hides(&self, column: &str) -> bool {
        column.rsplit('.').next().is_some_and(|column| self.columns.contains(column))
    }

    fn token(&self, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        format!("m-{}", &blake3::keyed_hash(&self.key, value.as_bytes()).to_hex()[..12])
    }

    /// Masks the whole report.
    pub fn apply(&self, report: &mut AuditReport) {
        // Where each hidden column comes from, as the report says it: `header "Customer No"`.
        let headers: HashMap<String, BTreeSet<String>> = report
            .populations
            .iter()
            .map(|population| {
                let hidden = population.mapped.iter().filter(|(column, _)| self.hides(column));
                (population.name.clone(), hidden.map(|(_, from)| from.clone()).collect())
            })
            .collect();
        let mut all: BTreeSet<String> = BTreeSet::new();
        for finding in &mut report.findings {
            all.extend(self.finding(finding, &headers));
        }
        for customer in &mut report.customers {
            let cells = [
                ("name", customer.name.as_mut()),
                ("owner", customer.owner.as_mut()),
                ("email", customer.email.as_mut()),
                (OF_CUSTOMER, Some(&mut customer.id)),
            ];
            for (column, value) in cells {
                if let Some(value) = value.filter(|_| self.hides(column)) {
                    all.insert(value.clone());
                    *value = self.token(value);
                }
            }
        }
        report.customers.sort_by(|left, right| left.id.cmp(&right.id));
        let words = self.words(all);
        let ids = ["invoice_id", "invoice_no"].iter().any(|column| self.hides(column));
        for entry in &mut report.netting.entries {
            for id in [Some(&mut entry.credit), Some(&mut entry.bill), entry.rebill.as_mut()].into_iter().flatten() {
                *id = if ids { self.token(id) } else { replaced(id, &words) };
            }
        }
        for root in &mut report.root_causes {
            root.id = replaced(&root.id, &words);
            root.what.iter_mut().for_each(|(_, value)| *value = replaced(value, &words));
        }
        for finding in &mut report.findings {
            finding.root_cause = finding.root_cause.as_ref().map(|id| replaced(id, &words));
        }
        for former in report.baseline.iter_mut().flat_map(|baseline| &mut baseline.gone) {
            former.key.iter_mut().for_each(|(column, value)| self.cell(column, value));
            if self.hides(OF_CUSTOMER) {
                former.party = former.party.as_ref().map(|party| self.token(party));
            }
            former.message = replaced(&former.message, &words);
        }
        for diagnostic in &mut report.diagnostics {
            diagnostic.message = replaced(&diagnostic.message, &words);
            if let Some(place) = &mut diagnostic.place {
                place.excerpt = None;
            }
        }
    }

    fn cell(&self, column: &str, value: &mut String) {
        if self.hides(column) {
            *value = self.token(value);
        }
    }

    /// Masks one finding; what it hid comes back.
    fn finding(&self, finding: &mut Finding, headers: &HashMap<String, BTreeSet<String>>) -> BTreeSet<String> {
        let mut hidden: BTreeSet<String> = BTreeSet::new();
        let mut cover = |is_hidden: bool, value: &mut String| {
            if is_hidden {
                hidden.insert(value.clone());
                *value = self.token(value);
            }
        };
        for (column, value) in &mut finding.key {
            cover(self.hides(column), value);
        }
        let parties = finding.effects.iter_mut().map(|effect| &mut effect.party).chain([&mut finding.party]);
        for party in parties.flatten() {
            cover(self.hides(OF_CUSTOMER), party);
        }
        for Evidence { population, cells, received, .. } in &mut finding.evidence {
            for (column, value) in cells {
                cover(self.hides(column), value);
            }
            let own = headers.get(population);
            for (header, value) in received {
                cover(own.is_some_and(|own| own.iter().any(|from| from.contains(&format!("\"{header}\"")))), value);
            }
        }
        let words = self.words(hidden.clone());
        for text in
            finding.chain.iter_mut().chain([&mut finding.message, &mut finding.confidence_reason, &mut finding.case])
        {
            *text = replaced(text, &words);
        }
        for text in [&mut finding.corrected_by, &mut finding.limited].into_iter().flatten() {
            *text = replaced(text, &words);
        }
        for figure in [&mut finding.expected, &mut finding.stated, &mut finding.difference].into_iter().flatten() {
            if let tieout_model::Figure::Text(text) = figure {
                *text = replaced(text, &words);
            }
        }
        hidden
    }

    fn words(&self, hidden: BTreeSet<String>) -> BTreeMap<String, String> {
        hidden.into_iter().filter(|value| !value.is_empty()).map(|value| (value.clone(), self.token(&value))).collect()
    }
}

/// The text with every hidden value that stands as a word of its own replaced, the longest first.
fn replaced(text: &str, words: &BTreeMap<String, String>) -> String {
    let mut longest: Vec<(&String, &String)> =
        words.iter().filter(|(value, _)| text.contains(value.as_str())).collect();
    longest.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    let is_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
    let mut done = String::new();
    let mut rest = text;
    'text: while !rest.is_empty() {
        if !is_word(done.chars().next_back()) || done.is_empty() {
            for (value, token) in &longest {
                if let Some(after) = rest.strip_prefix(value.as_str())
                    && !is_word(after.chars().next())
                {
                    done.push_str(token);
                    rest = after;
                    continue 'text;
                }
            }
        }
        let mut characters = rest.chars();
        done.extend(characters.next());
        rest = characters.as_str();
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_replaced_the_longest_first() {
        let words: BTreeMap<String, String> =
            [("C-1", "a"), ("C-1 / 2", "b"), ("Ann", "c")].map(|(value, token)| (value.into(), token.into())).into();
        assert_eq!(replaced("C-1 / 2, C-1, C-10, Ann, Anna, MAnn", &words), "b, a, C-10, c, Anna, MAnn");
    }

    #[test]
    fn a_token_depends_on_value_and_key() {
        let columns = BTreeSet::new();
        let (one, two) = (Mask::new(&columns, b"one"), Mask::new(&columns, b"two"));
        assert_eq!(one.token("C-1"), one.token("C-1"));
        assert!(one.token("C-1") != one.token("C-2") && one.token("C-1") != two.token("C-1"));
        assert_eq!(one.token(""), "");
    }
}
