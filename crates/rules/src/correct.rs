//! From findings to corrections: one proposal a case, exact to the cent and to the jurisdiction, or a question with what would
//! settle it.
//!
//! Never more is given back than was billed on a line and is still left of it; nothing is proposed for a locked period, a document
//! in dispute, or a finding for review. Tax goes with its net at the original's rate (`tax`), money goes where it helps the customer
//! first (`place`), and the report's money is bridged to the proposals' by class and currency, every difference named.

pub(crate) mod books;
mod filed;
mod place;
mod target;
mod tax;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::store::Store;
use tieout_model::correction::{Action, Bridge, Line, Pack, Proposal, Question, Terms, Use};
use tieout_model::report::{class_totals, counts};
use tieout_model::{Amount, AuditReport, Confidence, Date, EffectClass, Finding, Period, Severity};

use self::books::Books;
use self::place::{Purse, why_kept};
use self::target::Correction;
use crate::catalog::Catalog;
use crate::engine::EngineError;
use crate::engine::columnar::{Columnar, bounds};

/// Proposes corrections for a report of the same store.
pub fn correct(store: &Store, report: &AuditReport, terms: &Terms) -> Result<Pack, EngineError> {
    let engine = Columnar::new(store);
    let catalog = Catalog::new(store, &bounds(store)?);
    let open: Vec<&Finding> = report.findings.iter().filter(|finding| counts(finding)).collect();
    let books = books::read(&engine, &catalog, &open, report.as_of)?;
    let mut pack = Desk::new(report, terms, books).work(&open);
    filed::remark(&engine, &catalog, &mut pack.proposals)?;
    Ok(pack)
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

/// What a proposal is about. Each of these makes it another paper, and has part in its id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    case: String,
    action: Action,
    class: Option<EffectClass>,
    customer: Option<String>,
    /// Whose money it is, for a transfer.
    rightful: Option<String>,
    /// Where the corrected documents went.
    bill_to: Option<String>,
    currency: String,
}

impl Key {
    fn id(&self, fingerprints: &BTreeSet<&str>) -> String {
        let mut print = blake3::Hasher::new();
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        let class = self.class.map_or("", EffectClass::name).to_owned();
        let parts = [
            self.case.clone(),
            self.action.name().to_owned(),
            class,
            optional(&self.customer),
            optional(&self.rightful),
            optional(&self.bill_to),
            self.currency.clone(),
        ];
        for part in parts.iter().map(String::as_str).chain(fingerprints.iter().copied()) {
            print.update(part.as_bytes()).update(&[0]);
        }
        print.finalize().to_hex()[..12].to_owned()
    }
}

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
        let (over_paid, names) = (self.books.over_paid(), self.books.names());
        Pack { proposals, questions: self.questions, without_money, balances, over_paid, names, bridge }
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
        self.books.begin();
        let made = target::corrections(finding, &mut self.books);
        let made = made.and_then(|corrections| self.may_be_touched(finding, &corrections).map(|()| corrections));
        let corrections = made.inspect_err(|_| self.books.take_back())?;
        for correction in corrections {
            let mut remarks = correction.remarks;
            remarks.extend(finding.limited.iter().cloned());
            let tax: i128 = correction.lines.iter().map(|line| line.tax().units).sum();
            for line in correction.lines {
                let key = Key {
                    case: finding.case.clone(),
                    action: correction.action,
                    class: correction.class,
                    customer: correction.customer.clone(),
                    rightful: correction.rightful.clone(),
                    bill_to: self.books.documents.get(&line.document).and_then(|document| document.bill_to.clone()),
                    currency: correction.currency.clone(),
                };
                let draft = self.drafts.entry(key).or_default();
                draft.lines.push(line);
                draft.remarks.extend(remarks.iter().cloned());
            }
            if let Some(class) = correction.class {
                let sums = self.sums.entry((class, correction.currency)).or_default();
                sums.cut += correction.cut;
                sums.tax += tax - correction.stated_tax;
            }
        }
        Ok(())
    }

    /// Not for review, nor advice only, and none of its documents in dispute.
    fn may_be_corrected(&self, finding: &Finding) -> Result<(), Ask> {
        if finding.confidence == Confidence::Review {
            let why = format!("for a person to decide: {}", finding.confidence_reason);
            return Err(Ask::new(why, finding.remedy.clone()));
        }
        if finding.severity == Severity::Advice {
            return Err(Ask::new("advice only", finding.remedy.clone()));
        }
        // That it is in dispute may be why a reminder should not have gone out.
        if finding.population == "reminder" {
            return Ok(());
        }
        self.books.documents_of(finding).iter().try_for_each(|id| self.not_in_dispute(id))
    }

    fn not_in_dispute(&self, id: &str) -> Result<(), Ask> {
        let Some(since) = self.books.disputed.get(id) else { return Ok(()) };
        let since = since.map_or(String::new(), |day| format!(" since {day}"));
        let number = self.books.documents.get(id).map_or(id, |document| document.number.as_str());
        Err(Ask::new(format!("{number} is in dispute{since}"), "settle the dispute, then audit again"))
    }

    /// Neither the finding nor what would be corrected is of a locked period, or of a day that nobody knows; nothing of it is in
    /// dispute.
    fn may_be_touched(&self, finding: &Finding, corrections: &[Correction]) -> Result<(), Ask> {
        let lines = || corrections.iter().flat_map(|correction| &correction.lines);
        if finding.population != "reminder" {
            lines().try_for_each(|line| self.not_in_dispute(&line.document))?;
        }
        let Some(locked) = self.terms.locked_until else { return Ok(()) };
        let days = || finding.date.into_iter().chain(lines().filter_map(|line| line.issued));
        if let Some(day) = days().find(|day| *day <= locked) {
            let why = format!("its day {day} lies in a period that is locked up to {locked}");
            let settle = "reopen the period, or have the controller decide on a correction in the current one";
            return Err(Ask::new(why, settle));
        }
        if days().next().is_none() {
            let why = format!("no record says of which day it is, and periods are locked up to {locked}");
            return Err(Ask::new(why, "say of which day it is: give its date of issue"));
        }
        Ok(())
    }

    fn proposals(&mut self) -> Vec<Proposal> {
        let mut purse = Purse::new(&self.books);
        let issued = self.terms.issue_date.or(self.report.as_of);
        let mut proposals = Vec::new();
        let rules: BTreeMap<&str, &str> =
            self.report.findings.iter().map(|finding| (finding.fingerprint.as_str(), finding.rule.as_str())).collect();
        for (key, Draft { lines, remarks }) in std::mem::take(&mut self.drafts) {
            let fingerprints: BTreeSet<&str> =
                lines.iter().flat_map(|line| &line.fingerprints).map(String::as_str).collect();
            let id = key.id(&fingerprints);
            let reason = reason(&lines, &rules);
            let card = self.report.rules.iter().find(|result| result.card.id == reason);
            let Key { case, action, class, customer, rightful, bill_to, currency } = key;
            let mut proposal = Proposal {
                id,
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
            proposal.uses = purse.own(&proposal);
            proposals.push(proposal);
        }
        // Every wrong open invoice has taken its own credit before what is left goes to others.
        for proposal in &mut proposals {
            purse.rest(proposal);
            let is_kept = proposal.uses.iter().any(|one| matches!(one, Use::OnAccount { .. }));
            let kept = proposal.customer.as_ref().filter(|_| is_kept);
            proposal.remarks.extend(kept.and_then(|customer| why_kept(&self.books, customer, &proposal.currency)));
            proposal.approval = self.terms.approval(proposal.gross(), &proposal.currency).map(str::to_owned);
            if proposal.approval.is_none() && !self.terms.bands.is_empty() && !proposal.currency.is_empty() {
                proposal.remarks.push(format!(
                    "the engagement has no band for {}: who may approve it is not said",
                    proposal.currency
                ));
            }
        }
        proposals.sort_by(|a, b| (&a.customer, a.action, &a.id).cmp(&(&b.customer, b.action, &b.id)));
        proposals
    }

    /// A row for every class and currency that the report, a question or a proposal has.
    fn bridge(&self, proposals: &[Proposal], open: &[&Finding]) -> Vec<Bridge> {
        let mut reported: BTreeMap<(EffectClass, String), i128> = BTreeMap::new();
        for total in class_totals(open.iter().copied()) {
            reported.insert((total.class, total.currency), total.gross.units);
        }
        let mut proposed: BTreeMap<(EffectClass, String), (i128, i128)> = BTreeMap::new();
        for (class, one) in proposals.iter().filter_map(|one| Some((one.class?, one))) {
            let sum = proposed.entry((class, one.currency.clone())).or_default();
            *sum = (sum.0 + one.gross().units, sum.1 + one.tax().units);
        }
        let mut keys: Vec<_> = reported
            .keys()
            .chain(self.sums.keys())
            .chain(proposed.keys())
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let order = |class: EffectClass| EffectClass::ALL.iter().position(|other| *other == class);
        keys.sort_by_key(|(class, currency)| (order(*class), currency.clone()));
        let row = |key: (EffectClass, String)| {
            let none = Sums::default();
            let sums = self.sums.get(&key).unwrap_or(&none);
            let reported = reported.get(&key).copied().unwrap_or(0);
            let (proposed, tax) = proposed.get(&key).copied().unwrap_or_default();
            let others = [
                ("put right by a later document already", -sums.corrected),
                ("covered by another correction of the same lines", -sums.cut),
            ];
            let named: i128 = reported - sums.asked + sums.tax + others.iter().map(|(_, units)| units).sum::<i128>();
            Bridge {
                class: key.0,
                currency: key.1,
                reported: Amount::money(reported),
                asked: Amount::money(sums.asked),
                tax: Amount::money(sums.tax),
                tax_stated: Amount::money(tax - sums.tax),
                other: others
                    .into_iter()
                    .filter(|(_, units)| *units != 0)
                    .map(|(words, units)| (words.to_owned(), Amount::money(units)))
                    .collect(),
                unexplained: Amount::money(proposed - named),
                proposed: Amount::money(proposed),
            }
        };
        keys.into_iter().map(row).collect()
    }
}

/// The rule that moves the most money of the lines; of several, the first by name.
fn reason(lines: &[Line], rules: &BTreeMap<&str, &str>) -> String {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for line in lines {
        if let Some(rule) = line.fingerprints.first().and_then(|print| rules.get(print.as_str())) {
            *sums.entry(rule).or_default() += line.gross().units.abs();
        }
    }
    let most = sums.into_iter().max_by_key(|(rule, units)| (*units, std::cmp::Reverse(*rule)));
    most.map_or(String::new(), |(rule, _)| rule.to_owned())
}

/// The month of a day.
fn month(day: Date) -> Period {
    Period { from: day.month_start(), to: day.month_end().add_days(1) }
}
