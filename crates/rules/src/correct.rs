//! From findings to corrections: one proposal a case, exact to the cent and to the jurisdiction, or a question with what would
//! settle it.
//!
//! Never more is given back than was billed on a line and is still left of it; nothing is proposed for a locked period, a document
//! in dispute, or a finding for review. Tax goes with its net at the original's rate (`tax`), money goes where it helps the customer
//! first (`place`), and the report's money is bridged to the proposals' by class and currency, every difference named.

mod books;
mod place;
mod target;
mod tax;

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::store::Store;
use tieout_model::correction::{Action, Bridge, Line, Pack, Proposal, Question, Terms};
use tieout_model::report::{class_totals, counts};
use tieout_model::{Amount, AuditReport, Confidence, Date, EffectClass, Finding, Period, Severity};

use self::books::Books;
use self::place::Purse;
use crate::catalog::Catalog;
use crate::engine::EngineError;
use crate::engine::columnar::{Columnar, bounds};

/// Proposes corrections for a report of the same store.
pub fn correct(store: &Store, report: &AuditReport, terms: &Terms) -> Result<Pack, EngineError> {
    let engine = Columnar::new(store);
    let catalog = Catalog::new(store, &bounds(store)?);
    let open: Vec<&Finding> = report.findings.iter().filter(|finding| counts(finding)).collect();
    let books = books::read(&engine, &catalog, &open, report.as_of)?;
    Ok(Desk::new(report, terms, books).work(&open))
}

/// Why a finding is a question.
struct Ask {
    why: String,
    settle: String,
}

impl Ask {
    fn new(why: impl Into<String>, settle: impl Into<String>) -> Self {
        Self { why: why.into(), settle: settle.into() }
    }
}

/// What a proposal is about: case, action, class, customer and whose money it is, currency.
type Key = (String, Action, Option<EffectClass>, (Option<String>, Option<String>), String);

struct Desk<'a> {
    report: &'a AuditReport,
    terms: &'a Terms,
    books: Books,
    drafts: BTreeMap<Key, Draft>,
    questions: Vec<Question>,
    /// By class and currency: what was asked, corrected already, the tax added, and what is otherwise.
    sums: BTreeMap<(EffectClass, String), Sums>,
}

/// A proposal while its findings are gathered.
#[derive(Default)]
struct Draft {
    lines: Vec<Line>,
    remarks: BTreeSet<String>,
}

#[derive(Default)]
struct Sums {
    asked: i128,
    corrected: i128,
    tax: i128,
    cut: i128,
}

impl<'a> Desk<'a> {
    fn new(report: &'a AuditReport, terms: &'a Terms, books: Books) -> Self {
        Self { report, terms, books, drafts: BTreeMap::new(), questions: Vec::new(), sums: BTreeMap::new() }
    }

    fn work(mut self, open: &[&'a Finding]) -> Pack {
        let mut without_money = 0;
        // Net before tax alone: a changed base changes the tax.
        let is_tax = |finding: &Finding| finding.effects.iter().any(|effect| effect.class.is_tax());
        let (tax, net): (Vec<&Finding>, Vec<&Finding>) = open.iter().copied().partition(|finding| is_tax(finding));
        // What was billed twice before what was billed too dear: of a bill that goes back in full no price is left to mend.
        let mut net = net;
        net.sort_by_key(|finding| match finding.population.as_str() {
            "invoice" => 0,
            "invoice_line" => 2,
            _ => 1,
        });
        for finding in net.into_iter().chain(tax) {
            if finding.effects.is_empty() && finding.population != "reminder" {
                without_money += 1;
                continue;
            }
            match self.finding(finding) {
                Ok(()) => {}
                Err(ask) => self.ask(finding, &ask),
            }
        }
        let order: BTreeMap<&str, usize> =
            open.iter().enumerate().map(|(place, finding)| (finding.fingerprint.as_str(), place)).collect();
        self.questions.sort_by_key(|question| order.get(question.fingerprint.as_str()).copied());
        let proposals = self.proposals();
        let bridge = self.bridge(&proposals, open);
        let balances = self.books.balances();
        Pack { proposals, questions: self.questions, without_money, balances, bridge }
    }

    fn ask(&mut self, finding: &Finding, ask: &Ask) {
        let mut money = Vec::new();
        for total in class_totals(std::iter::once(finding)) {
            self.sums.entry((total.class, total.currency.clone())).or_default().asked += total.gross.units;
            money.push((total.class, total.currency, total.gross));
        }
        self.questions.push(Question {
            fingerprint: finding.fingerprint.clone(),
            rule: finding.rule.clone(),
            customer: finding.party.clone(),
            message: finding.message.clone(),
            why: ask.why.clone(),
            settle: ask.settle.clone(),
            money,
        });
    }

    fn finding(&mut self, finding: &Finding) -> Result<(), Ask> {
        if finding.corrected_by.is_some() {
            for total in class_totals(std::iter::once(finding)) {
                self.sums.entry((total.class, total.currency)).or_default().corrected += total.gross.units;
            }
            return Ok(());
        }
        self.may_be_corrected(finding)?;
        // What cannot be corrected whole is not corrected in part.
        let before = self.books.part(&self.documents_of(finding));
        let corrections = target::corrections(finding, &mut self.books).inspect_err(|_| self.books.restore(before))?;
        for correction in corrections {
            let mut remarks = correction.remarks;
            remarks.extend(finding.limited.iter().cloned());
            for line in correction.lines {
                let key = (
                    finding.case.clone(),
                    correction.action,
                    correction.class,
                    (correction.customer.clone(), correction.rightful.clone()),
                    correction.currency.clone(),
                );
                if let Some(class) = correction.class {
                    let sums = self.sums.entry((class, correction.currency.clone())).or_default();
                    sums.tax += line.tax().units - correction.stated_tax.min(line.tax().units);
                }
                let draft = self.drafts.entry(key).or_default();
                draft.lines.push(line);
                draft.remarks.extend(remarks.iter().cloned());
            }
            if let Some(class) = correction.class {
                self.sums.entry((class, correction.currency)).or_default().cut += correction.cut;
            }
        }
        Ok(())
    }

    /// Not for review, not in dispute, not in a locked period.
    fn may_be_corrected(&self, finding: &Finding) -> Result<(), Ask> {
        if finding.confidence == Confidence::Review {
            let why = format!("for a person to decide: {}", finding.confidence_reason);
            return Err(Ask::new(why, finding.remedy.clone()));
        }
        if finding.severity == Severity::Advice {
            return Err(Ask::new("advice only", finding.remedy.clone()));
        }
        for id in self.documents_of(finding) {
            let Some(document) = self.books.documents.get(&id) else { continue };
            if let Some(since) = self.books.disputed.get(&id) {
                let since = since.map_or(String::new(), |day| format!(" since {day}"));
                let why = format!("{} is in dispute{since}", document.number);
                return Err(Ask::new(why, "settle the dispute, then audit again"));
            }
        }
        let latest = self.documents_of(finding).iter().filter_map(|id| self.books.documents.get(id)?.issued).max();
        if let Some((locked, day)) =
            self.terms.locked_until.zip(finding.date.or(latest)).filter(|(locked, day)| day <= locked)
        {
            let why = format!("its day {day} lies in a period that is locked up to {locked}");
            return Err(Ask::new(
                why,
                "reopen the period, or have the controller decide on a correction in the current one",
            ));
        }
        Ok(())
    }

    /// Documents that the finding shows as its own, not what they are compared with.
    fn documents_of(&self, finding: &Finding) -> BTreeSet<String> {
        let lines = finding.evidence.iter().filter(|evidence| evidence.population == "invoice_line");
        let of_lines = lines.filter_map(|evidence| Some(self.books.lines.get(&evidence.record)?.document.clone()));
        let own = finding.key.iter().filter(|(column, _)| column == "invoice_id").map(|(_, id)| id.clone());
        of_lines.chain(own).collect()
    }

    fn proposals(&mut self) -> Vec<Proposal> {
        let mut purse = Purse::new(&self.books);
        let issued = self.terms.issue_date.or(self.report.as_of);
        let mut proposals = Vec::new();
        let rules: BTreeMap<&str, &str> =
            self.report.findings.iter().map(|finding| (finding.fingerprint.as_str(), finding.rule.as_str())).collect();
        for ((case, action, class, (customer, rightful), currency), draft) in std::mem::take(&mut self.drafts) {
            let Draft { lines, remarks } = draft;
            let mut print = blake3::Hasher::new();
            for part in [case.as_str(), action.name(), customer.as_deref().unwrap_or_default(), currency.as_str()] {
                print.update(part.as_bytes()).update(&[0]);
            }
            let mut fingerprints: Vec<&String> = lines.iter().flat_map(|line| &line.fingerprints).collect();
            fingerprints.sort();
            fingerprints.dedup();
            fingerprints.iter().for_each(|fingerprint| {
                print.update(fingerprint.as_bytes()).update(&[0]);
            });
            let reason = rules.get(fingerprints[0].as_str()).map_or(String::new(), |rule| (*rule).to_owned());
            let card = self.report.rules.iter().find(|result| result.card.id == reason);
            let bill_to = lines.iter().find_map(|line| self.books.documents.get(&line.document)?.bill_to.clone());
            let mut proposal = Proposal {
                id: print.finalize().to_hex()[..12].to_owned(),
                case,
                action,
                class,
                customer,
                rightful,
                bill_to,
                reason_words: card.map_or(String::new(), |card| card.card.title.clone()),
                reason,
                currency,
                lines,
                effect: issued.map(month),
                uses: Vec::new(),
                account: class.and_then(|class| self.terms.accounts.get(&class).cloned()),
                approval: None,
                remarks: remarks.into_iter().collect(),
            };
            proposal.uses = purse.uses(&proposal);
            proposal.approval = self.terms.approval(proposal.gross()).map(str::to_owned);
            proposals.push(proposal);
        }
        proposals.sort_by(|a, b| (&a.customer, a.action, &a.id).cmp(&(&b.customer, b.action, &b.id)));
        proposals
    }

    fn bridge(&self, proposals: &[Proposal], open: &[&Finding]) -> Vec<Bridge> {
        let mut bridge = Vec::new();
        for total in class_totals(open.iter().copied()) {
            let sums = self.sums.get(&(total.class, total.currency.clone()));
            let of = |pick: fn(&Sums) -> i128| sums.map_or(0, pick);
            let own = proposals.iter().filter(|one| one.class == Some(total.class) && one.currency == total.currency);
            let proposed = own.fold(Amount::money(0), |sum, one| sum.plus_money(one.gross()));
            let others = [
                ("put right by a later document already", -of(|sums| sums.corrected)),
                ("covered by another correction of the same lines", -of(|sums| sums.cut)),
            ];
            bridge.push(Bridge {
                class: total.class,
                reported: total.gross,
                asked: Amount::money(of(|sums| sums.asked)),
                tax: Amount::money(of(|sums| sums.tax)),
                other: others
                    .into_iter()
                    .filter(|(_, units)| *units != 0)
                    .map(|(words, units)| (words.to_owned(), Amount::money(units)))
                    .collect(),
                currency: total.currency,
                proposed,
            });
        }
        bridge
    }
}

/// The month of a day.
fn month(day: Date) -> Period {
    Period { from: day.month_start(), to: day.month_end().add_days(1) }
}

#[cfg(test)]
mod tests {
    use tieout_model::finding::Disposition;
    use tieout_model::report::NettingRegister;
    use tieout_model::{AuditReport, Effect};

    use super::*;

    /// A payment on the account of A that belongs to somebody else.
    fn misposted(payment: &str, rightful: &str, cents: i128) -> Finding {
        let effect = |party: &str, cents: i128| Effect {
            party: Some(party.to_owned()),
            class: EffectClass::Misposted,
            net: None,
            tax: None,
            gross: Amount::money(cents * 10_000),
            currency: "USD".to_owned(),
        };
        Finding {
            fingerprint: payment.to_owned(),
            content: String::new(),
            rule: "paid-by-other-customer".to_owned(),
            severity: Severity::Error,
            confidence: Confidence::Certain,
            confidence_reason: String::new(),
            population: "payment_application".to_owned(),
            key: vec![("payment_id".to_owned(), payment.to_owned())],
            party: Some("A".to_owned()),
            date: None,
            message: String::new(),
            expected: None,
            stated: None,
            difference: None,
            effects: vec![effect("A", cents), effect(rightful, -cents)],
            evidence: Vec::new(),
            chain: Vec::new(),
            remedy: String::new(),
            caused_by: None,
            root_cause: None,
            limited: None,
            corrected_by: None,
            case: "paid-by-other-customer:A".to_owned(),
            disposition: Disposition::Open,
            history: None,
        }
    }

    #[test]
    fn payments_of_two_customers_on_one_account_go_each_to_its_own() {
        let report = AuditReport {
            version: String::new(),
            name: String::new(),
            period: None,
            as_of: None,
            sources: Vec::new(),
            populations: Vec::new(),
            diagnostics: Vec::new(),
            rules: Vec::new(),
            findings: vec![misposted("P-1", "B", 1_000), misposted("P-2", "C", 2_000)],
            root_causes: Vec::new(),
            netting: NettingRegister::default(),
            completeness_established: false,
            unlock: Vec::new(),
            shortfalls: Vec::new(),
            gating: Vec::new(),
            customers: Vec::new(),
            latency: Vec::new(),
            baseline: None,
            hold: None,
        };
        let open: Vec<&Finding> = report.findings.iter().collect();
        let terms = Terms::default();
        let pack = Desk::new(&report, &terms, Books::default()).work(&open);
        let mut moved: Vec<(Option<&str>, i128)> =
            pack.proposals.iter().map(|one| (one.rightful.as_deref(), one.gross().units)).collect();
        moved.sort_unstable();
        assert_eq!(moved, [(Some("B"), 10_000_000), (Some("C"), 20_000_000)]);
        assert!(pack.bridge.iter().all(Bridge::closes));
    }
}
