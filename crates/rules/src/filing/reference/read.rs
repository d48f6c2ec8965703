//! Reading the tables of law, and what is doubtful about them.

use std::collections::HashMap;

use tieout_model::Amount;
use tieout_model::amount::RATE_SCALE;
use tieout_model::filing::{Basis, Exemption};

use super::{
    ByState, Certificate, Dated, Frequency, Holiday, Jurisdiction, Lack, Level, Rate, Reference, Registration, Scope,
    Taxability, Tier, index, normal, subdivision_of_fips,
};
use crate::catalog::Catalog;
use crate::engine::{Engine, EngineError};
use crate::rows::{Row, rows};

impl Reference {
    pub(super) fn read_jurisdictions(&mut self, engine: &dyn Engine, catalog: &Catalog) -> Result<(), EngineError> {
        #[rustfmt::skip]
        let columns = ["jurisdiction_id", "level", "name", "reporting_code", "parent_id", "subdivision", "country", "fips_state",
            "sst_code", "fips_county", "fips_place", "district_code", "currency"];
        let all = rows(engine, catalog, "jurisdiction", &columns)?;
        let mut parents = Vec::new();
        for row in all.iter() {
            let Some(id) = row.text("jurisdiction_id").filter(|id| !self.by_id.contains_key(id)) else { continue };
            let Some(level) = row.text("level").and_then(|level| Level::parse(&level)) else {
                let text = format!("jurisdiction {id} has no level; nothing is taxed by it");
                self.remark("missing", text, vec![row.record()]);
                continue;
            };
            let at = index(self.jurisdictions.len());
            let country = row.text("country").unwrap_or_default();
            let fips = row.text("fips_state");
            let own = row.text("subdivision").or_else(|| fips.as_deref().and_then(subdivision_of_fips));
            let own = own.or_else(|| (level == Level::Country).then(|| country.clone()));
            let subdivision = own.filter(|_| level.is_top()).map(|own| normal(&own, &country));
            let codes = ["sst_code", "fips_place", "fips_county", "district_code"];
            if let (Some(fips), Some(code)) = (&fips, codes.iter().find_map(|name| row.text(name))) {
                self.by_code.entry((fips.clone(), level, code)).or_insert(at);
            }
            if let Some(subdivision) = &subdivision {
                self.by_subdivision.entry(subdivision.clone()).or_insert(at);
            }
            self.by_id.insert(id.clone(), at);
            parents.push((row.text("parent_id"), fips));
            let name = row.text("name").unwrap_or_else(|| id.clone());
            let reporting_code = row.text("reporting_code").unwrap_or_else(|| id.clone());
            let currency = row.text("currency");
            let parent = None;
            self.jurisdictions.push(Jurisdiction { id, level, name, reporting_code, parent, subdivision, currency });
        }
        for (at, (parent, fips)) in parents.into_iter().enumerate() {
            // Files of rates name no parent: the state that the code begins with is one.
            let state = |fips: String| {
                let subdivision = subdivision_of_fips(&fips)?;
                self.by_subdivision.get(&subdivision).copied()
            };
            let found = parent.and_then(|id| self.by_id.get(&id).copied()).or_else(|| fips.and_then(state));
            self.jurisdictions[at].parent = found.filter(|parent| *parent as usize != at);
        }
        let all = rows(engine, catalog, "jurisdiction_set", &["jurisdiction_set_id", "jurisdiction_id"])?;
        for row in all.iter() {
            let member = row.text("jurisdiction_id").and_then(|id| self.by_id.get(&id).copied());
            if let (Some(set), Some(member)) = (row.text("jurisdiction_set_id"), member) {
                self.sets.entry(set).or_default().push(member);
            }
        }
        Ok(())
    }

    pub(super) fn read_rates(&mut self, engine: &dyn Engine, catalog: &Catalog) -> Result<(), EngineError> {
        #[rustfmt::skip]
        let columns = ["jurisdiction_id", "tax_type", "rate_class", "scope", "rate", "flat_amount", "cap_amount", "effective_from",
            "effective_to"];
        let all = rows(engine, catalog, "tax_rate", &columns)?;
        let mut lacking = Vec::new();
        for row in all.iter() {
            let jurisdiction = row.text("jurisdiction_id").and_then(|id| self.by_id.get(&id).copied());
            let flat = row.units("flat_amount");
            let rate = row.units("rate").or(flat.map(|_| 0));
            let (Some(jurisdiction), Some(rate), Some(from)) = (jurisdiction, rate, row.day("effective_from")) else {
                lacking.push(row.record());
                continue;
            };
            if row.text("tax_type").is_some_and(|kind| kind.eq_ignore_ascii_case("use")) {
                continue;
            }
            self.rates.push(Rate {
                record: row.record(),
                jurisdiction,
                class: row.text("rate_class").unwrap_or_else(|| "general".to_owned()),
                scope: row.text("scope").unwrap_or_default(),
                rate,
                flat,
                cap: row.units("cap_amount"),
                from,
                to: row.day("effective_to"),
            });
        }
        if !lacking.is_empty() {
            let text = format!("{} rows of the rate table lack jurisdiction, rate or first day", lacking.len());
            self.remark("missing", text, lacking);
        }
        self.rates.sort_by(|a, b| {
            (a.jurisdiction, &a.class, &a.scope, a.from, a.record).cmp(&(
                b.jurisdiction,
                &b.class,
                &b.scope,
                b.from,
                b.record,
            ))
        });
        self.check_rates();
        for (at, rate) in self.rates.iter().enumerate() {
            self.rates_of.entry(rate.jurisdiction).or_default().push(at);
        }
        self.check_components();
        Ok(())
    }

    /// A place whose rate stands beside those of its parts, under the id of their set: they must add up from its first day on.
    fn check_components(&mut self) {
        let mut remarks = Vec::new();
        for (set, members) in &self.sets {
            let Some(whole) = self.by_id.get(set).filter(|whole| !members.contains(whole)) else { continue };
            for row in self.rates_of.get(whole).into_iter().flatten().map(|at| &self.rates[*at]) {
                let of =
                    |member: &u32| self.rate(*member, &row.class, &row.scope, row.from).map(|at| self.rates[at].rate);
                let sum: Result<i128, Lack> = members.iter().map(of).sum();
                if sum != Ok(row.rate) {
                    let shown = |rate: i128| Amount::new(rate, RATE_SCALE).to_places(0);
                    let parts =
                        sum.map_or_else(|_| "are not all known".to_owned(), |sum| format!("come to {}", shown(sum)));
                    let text = format!(
                        "{set} ({}, {}) is {} from {}, its parts {parts}",
                        row.class,
                        row.scope,
                        shown(row.rate),
                        row.from
                    );
                    remarks.push((text, row.record));
                }
            }
        }
        remarks.sort();
        for (text, record) in remarks {
            self.remark("components", text, vec![record]);
        }
    }

    /// Gaps, overlaps and contradictions; open ends are closed where the next row begins.
    fn check_rates(&mut self) {
        let mut remarks = Vec::new();
        for at in 1..self.rates.len() {
            let (before, after) = self.rates.split_at_mut(at);
            let (Some(one), Some(next)) = (before.last_mut(), after.first()) else { continue };
            if (one.jurisdiction, &one.class, &one.scope) != (next.jurisdiction, &next.class, &next.scope) {
                continue;
            }
            let place = &self.jurisdictions[one.jurisdiction as usize];
            let of = format!("{} ({}, {})", place.id, one.class, one.scope);
            let rows = vec![one.record, next.record];
            if one.from == next.from {
                let same = one.rate == next.rate && one.flat == next.flat && one.cap == next.cap;
                let kind = if same { "overlap" } else { "contradiction" };
                remarks.push((kind, format!("{of} has two rows from {}", one.from), rows));
            } else if let Some(to) = one.to {
                if to < next.from {
                    remarks.push(("gap", format!("{of} has no rate from {to} to {}", next.from.add_days(-1)), rows));
                } else if to > next.from {
                    let kind = if one.rate == next.rate { "overlap" } else { "contradiction" };
                    let text = format!("{of} has two rates from {} to {}", next.from, to.add_days(-1));
                    remarks.push((kind, text, rows));
                }
            } else {
                one.to = Some(next.from);
            }
        }
        for (kind, text, rows) in remarks {
            self.remark(kind, text, rows);
        }
    }

    pub(super) fn read_law(&mut self, engine: &dyn Engine, catalog: &Catalog) -> Result<(), EngineError> {
        let columns = ["state", "scope", "level", "basis", "effective_from", "cite"];
        for row in rows(engine, catalog, "sourcing_rule", &columns)?.iter() {
            let level = row.text("level").and_then(|level| Level::parse(&level));
            let basis = row.text("basis").and_then(|basis| match basis.as_str() {
                "origin" => Some(true),
                "destination" => Some(false),
                _ => None,
            });
            let (Some(state), Some(scope), Some(level), Some(value), Some(from)) =
                (row.text("state"), row.text("scope"), level, basis, row.day("effective_from"))
            else {
                self.remark("missing", "a sourcing rule is not whole and is not used".to_owned(), vec![row.record()]);
                continue;
            };
            let key = (self.named(&state), scope, level);
            self.sourcing.entry(key).or_default().push(Dated {
                from,
                to: None,
                value,
                cite: row.text("cite").unwrap_or_default(),
            });
        }
        if catalog.table("taxability_rule").is_some() {
            #[rustfmt::skip]
            let columns = ["jurisdiction_id", "tax_category", "treatment", "condition", "threshold", "effective_from", "effective_to"];
            let mut law: HashMap<(u32, String), Vec<Taxability>> = HashMap::new();
            for row in rows(engine, catalog, "taxability_rule", &columns)?.iter() {
                let place = row.text("jurisdiction_id").and_then(|id| self.by_id.get(&id).copied());
                let (Some(place), Some(category), Some(treatment), Some(from)) =
                    (place, row.text("tax_category"), row.text("treatment"), row.day("effective_from"))
                else {
                    let text =
                        "a taxability rule is not whole, or of no known jurisdiction, and is not used".to_owned();
                    self.remark("missing", text, vec![row.record()]);
                    continue;
                };
                law.entry((place, category)).or_default().push(Taxability {
                    treatment,
                    condition: row.text("condition"),
                    threshold: row.units("threshold"),
                    from,
                    to: row.day("effective_to"),
                });
            }
            self.taxability = Some(law);
        }
        let columns = ["jurisdiction_id", "tax_category", "effective_from", "effective_to", "threshold"];
        for row in rows(engine, catalog, "holiday", &columns)?.iter() {
            let place = row.text("jurisdiction_id").and_then(|id| self.by_id.get(&id).copied());
            let (Some(place), Some(category), Some(from), Some(to)) =
                (place, row.text("tax_category"), row.day("effective_from"), row.day("effective_to"))
            else {
                self.remark("missing", "a holiday is not whole and is not used".to_owned(), vec![row.record()]);
                continue;
            };
            let threshold = row.units("threshold");
            self.holidays.entry((place, category)).or_default().push(Holiday { from, to, threshold });
        }
        Ok(())
    }

    pub(super) fn read_practice(&mut self, engine: &dyn Engine, catalog: &Catalog) -> Result<(), EngineError> {
        #[rustfmt::skip]
        let columns = ["entity_id", "jurisdiction_id", "registration_no", "effective_from", "effective_to", "frequency", "due_day",
            "accounting_basis"];
        for row in rows(engine, catalog, "registration", &columns)?.iter() {
            let place = row.text("jurisdiction_id").and_then(|id| self.by_id.get(&id).copied());
            let frequency = row.text("frequency").and_then(|word| match word.as_str() {
                "monthly" => Some(Frequency::Monthly),
                "quarterly" => Some(Frequency::Quarterly),
                "annual" => Some(Frequency::Annual),
                _ => None,
            });
            let (Some(entity), Some(jurisdiction), Some(from), Some(frequency)) =
                (row.text("entity_id"), place, row.day("effective_from"), frequency)
            else {
                let text = "a registration is not whole, or of no known jurisdiction, and is not used".to_owned();
                self.remark("missing", text, vec![row.record()]);
                continue;
            };
            let basis =
                if row.text("accounting_basis").as_deref() == Some("cash") { Basis::Cash } else { Basis::Accrual };
            self.registrations.push(Registration {
                entity,
                jurisdiction,
                number: row.text("registration_no"),
                from,
                to: row.day("effective_to"),
                frequency,
                due_day: row.units("due_day"),
                basis,
            });
        }
        let by_state = |name: &str, key: &str, value: &str| -> Result<ByState<String>, EngineError> {
            let mut table: ByState<String> = HashMap::new();
            for row in
                rows(engine, catalog, name, &["state", key, value, "effective_from", "effective_to", "cite"])?.iter()
            {
                let (Some(state), Some(key), Some(value), Some(from)) =
                    (row.text("state"), row.text(key), row.text(value), row.day("effective_from"))
                else {
                    continue;
                };
                let cite = row.text("cite").unwrap_or_default();
                let dated = Dated { from, to: row.day("effective_to"), value, cite };
                table.entry((self.named(&state), key)).or_default().push(dated);
            }
            Ok(table)
        };
        let date_rules = by_state("tax_date_rule", "supply", "basis")?;
        let practice = by_state("state_tax_rule", "topic", "value")?;
        (self.date_rules, self.practice) = (date_rules, practice);
        let columns = ["registration_no", "up_to", "rate", "cap", "effective_from"];
        for row in rows(engine, catalog, "vendor_discount", &columns)?.iter() {
            let (Some(number), Some(rate), Some(from)) =
                (row.text("registration_no"), row.units("rate"), row.day("effective_from"))
            else {
                continue;
            };
            let tier = Tier { up_to: row.units("up_to"), rate, cap: row.units("cap"), from };
            self.discounts.entry(number).or_default().push(tier);
        }
        Ok(())
    }

    pub(super) fn read_certificates(&mut self, engine: &dyn Engine, catalog: &Catalog) -> Result<(), EngineError> {
        #[rustfmt::skip]
        let columns = ["certificate_id", "customer_id", "reason", "scope", "single_invoice_ref", "received_date", "effective_from",
            "effective_to", "status"];
        for row in rows(engine, catalog, "exemption_certificate", &columns)?.iter() {
            let Some(certificate) = certificate(row) else {
                self.remark("missing", "a certificate is not whole and exempts nothing".to_owned(), vec![row.record()]);
                continue;
            };
            self.certificates.entry(certificate.customer.clone()).or_default().push(certificate);
        }
        if catalog.table("certificate_scope").is_some() {
            let mut scopes: HashMap<String, Vec<Scope>> = HashMap::new();
            let all = rows(engine, catalog, "certificate_scope", &["certificate_id", "state", "tax_category"])?;
            for row in all.iter() {
                let (Some(id), Some(state)) = (row.text("certificate_id"), row.text("state")) else { continue };
                scopes.entry(id).or_default().push((self.named(&state), row.text("tax_category")));
            }
            self.scopes = Some(scopes);
        }
        Ok(())
    }
}

fn certificate(row: Row<'_>) -> Option<Certificate> {
    Some(Certificate {
        id: row.text("certificate_id")?,
        customer: row.text("customer_id")?,
        reason: Exemption::parse(&row.text("reason")?),
        is_blanket: row.text("scope")? == "blanket",
        invoice: row.text("single_invoice_ref"),
        received: row.day("received_date"),
        from: row.day("effective_from")?,
        to: row.day("effective_to"),
        status: row.text("status")?,
    })
}
