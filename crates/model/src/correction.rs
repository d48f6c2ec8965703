//! What puts a finding right on the customer's account: one proposal a case, and questions for what cannot be proposed.

use std::collections::BTreeMap;

use crate::amount::Amount;
use crate::date::{Date, Period};
use crate::finding::EffectClass;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// A credit memo over lines of posted invoices, their tax with them.
    CreditMemo,
    /// Tax alone is given back: charged and not due.
    TaxCredit,
    /// Money of the customer is put to an open invoice.
    Reapply,
    /// Money of the customer goes back by the payment's own method.
    Refund,
    /// A bill for what was billed too low.
    DebitMemo,
    /// A bill for what was delivered and never billed.
    Bill,
    /// Money moves from the account that has it to the one it belongs to.
    Transfer,
    /// Tax not charged is owed to the state all the same.
    RemitTax,
    /// A reminder that should not have gone out is taken back.
    RetractReminder,
}

impl Action {
    /// Every action, in the order of papers.
    pub const ALL: [Self; 9] = [
        Self::CreditMemo,
        Self::TaxCredit,
        Self::Refund,
        Self::Reapply,
        Self::Transfer,
        Self::Bill,
        Self::DebitMemo,
        Self::RemitTax,
        Self::RetractReminder,
    ];

    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreditMemo => "credit_memo",
            Self::TaxCredit => "tax_credit",
            Self::Reapply => "reapply",
            Self::Refund => "refund",
            Self::DebitMemo => "debit_memo",
            Self::Bill => "bill",
            Self::Transfer => "transfer",
            Self::RemitTax => "remit_tax",
            Self::RetractReminder => "retract_reminder",
        }
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::CreditMemo => "credit memo",
            Self::TaxCredit => "credit of tax",
            Self::Reapply => "re-application",
            Self::Refund => "refund",
            Self::DebitMemo => "debit memo",
            Self::Bill => "bill for unbilled work",
            Self::Transfer => "transfer between accounts",
            Self::RemitTax => "tax to remit",
            Self::RetractReminder => "retraction of a reminder",
        }
    }

    /// True if the customer's account gets better by it.
    pub fn is_for_customer(self) -> bool {
        matches!(self, Self::CreditMemo | Self::TaxCredit | Self::Reapply | Self::Refund)
    }
}

/// Tax of one jurisdiction on a line, at the original's rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxPart {
    /// The jurisdiction, if the records name one.
    pub jurisdiction: Option<String>,
    /// The original's rate, a fraction.
    pub rate: Option<Amount>,
    /// Stated tax less the tax on what is left.
    pub amount: Amount,
}

/// One line of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The original document's id; empty where the work was never billed.
    pub document: String,
    /// The number that people know it by.
    pub number: String,
    /// Its line, if one is meant.
    pub line: Option<String>,
    /// The day of the original document.
    pub issued: Option<Date>,
    /// What was sold, as far as the records say.
    pub item: Option<String>,
    /// Quantity to be corrected, if the finding is about quantity.
    pub quantity: Option<Amount>,
    /// The price of a unit on the original.
    pub unit_price: Option<Amount>,
    /// Without tax.
    pub net: Amount,
    /// By jurisdiction.
    pub taxes: Vec<TaxPart>,
    /// The findings that it corrects.
    pub fingerprints: Vec<String>,
    /// The sentence of the first of these.
    pub message: String,
    /// What moves and where it goes, for a transfer.
    pub moves: Option<Moves>,
}

/// Money that was put to one document and belongs to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moves {
    /// The reference of what moves.
    pub what: String,
    /// True if that is a credit note; else it is a payment.
    pub is_credit: bool,
    /// The number of the invoice that it was put to, if the records say.
    pub stands_on: Option<String>,
    /// Where it goes within one account: the number of another invoice. None where it goes to another account.
    pub goes_to: Option<String>,
}

impl Line {
    /// Σ of the tax parts. Sums of money fit.
    pub fn tax(&self) -> Amount {
        self.taxes.iter().fold(Amount::money(0), |sum, part| sum.plus_money(part.amount))
    }

    /// Net and tax.
    pub fn gross(&self) -> Amount {
        self.net.plus_money(self.tax())
    }
}

/// Where the corrected money goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// To an open invoice of the customer, the oldest due first.
    Invoice {
        /// Its id.
        id: String,
        /// Its number.
        number: String,
        /// When it is due.
        due: Option<Date>,
        /// How much.
        amount: Amount,
    },
    /// Nothing is open: back to the customer, by the method that they paid with.
    Refund {
        /// How much.
        amount: Amount,
    },
    /// What is open cannot be told: kept on the account.
    OnAccount {
        /// How much.
        amount: Amount,
    },
}

impl Use {
    /// How much.
    pub fn amount(&self) -> Amount {
        match self {
            Self::Invoice { amount, .. } | Self::Refund { amount } | Self::OnAccount { amount } => *amount,
        }
    }
}

/// One correction, for a person to approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Digest of case, action, class, customers, bill-to, currency and findings: the same from run to run.
    pub id: String,
    /// The case whose findings it corrects.
    pub case: String,
    /// What is to be done.
    pub action: Action,
    /// The class of money in the report; none where no money moves.
    pub class: Option<EffectClass>,
    /// The customer; for a transfer, the one who has the money.
    pub customer: Option<String>,
    /// For a transfer, the one whose money it is.
    pub rightful: Option<String>,
    /// Where bills go, if the records say.
    pub bill_to: Option<String>,
    /// The rule's id, as reason code.
    pub reason: String,
    /// The reason in words.
    pub reason_words: String,
    /// ISO 4217.
    pub currency: String,
    /// What is corrected.
    pub lines: Vec<Line>,
    /// The period in which the correction takes effect for tax: that of the day on which it is issued.
    pub effect: Option<Period>,
    /// Where the money goes; empty where none moves.
    pub uses: Vec<Use>,
    /// Account code from the engagement.
    pub account: Option<String>,
    /// Who may approve so much, from the engagement.
    pub approval: Option<String>,
    /// What whoever approves should know.
    pub remarks: Vec<String>,
}

impl Proposal {
    /// Σ net over the lines.
    pub fn net(&self) -> Amount {
        self.lines.iter().fold(Amount::money(0), |sum, line| sum.plus_money(line.net))
    }

    /// Σ tax over the lines.
    pub fn tax(&self) -> Amount {
        self.lines.iter().fold(Amount::money(0), |sum, line| sum.plus_money(line.tax()))
    }

    /// Net and tax.
    pub fn gross(&self) -> Amount {
        self.net().plus_money(self.tax())
    }

    /// The findings that it corrects, once each.
    pub fn fingerprints(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.lines.iter().flat_map(|line| &line.fingerprints).map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// A finding for which nothing is proposed, and what would settle it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The finding.
    pub fingerprint: String,
    /// Its rule.
    pub rule: String,
    /// Its customer.
    pub customer: Option<String>,
    /// Its sentence.
    pub message: String,
    /// Why nothing is proposed.
    pub why: String,
    /// What would settle it.
    pub settle: String,
    /// Its money by class and currency, as in the report.
    pub money: Vec<(EffectClass, String, Amount)>,
}

/// All that an audit proposes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Pack {
    /// In order of customer, action and id.
    pub proposals: Vec<Proposal>,
    /// In the order of the report.
    pub questions: Vec<Question>,
    /// Open findings without money, for which there is nothing to correct on an account.
    pub without_money: u64,
    /// What each customer of a proposal owes before it, by customer and currency; those whose balances the exports state.
    pub balances: BTreeMap<(String, String), Amount>,
    /// Invoices that are paid with more than they ask for, by id: what of a balance is in the customer's favour.
    pub over_paid: BTreeMap<String, Amount>,
    /// What records are called where people read of them.
    pub names: Names,
    /// By class and currency, how the report's money becomes the pack's.
    pub bridge: Vec<Bridge>,
}

/// What records are called where people read of them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Names {
    /// Numbers of documents by id, where the two differ.
    pub documents: BTreeMap<String, String>,
    /// Names of jurisdictions by id, with their level: `Nebraska (state)`.
    pub jurisdictions: BTreeMap<String, String>,
    /// Id and number of the invoice that a credit note takes back, by the note's id; both empty where no record says.
    pub credited: BTreeMap<String, (String, String)>,
}

/// The report's money of one class and currency, less what is asked, with what is added, is the proposals'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// The class.
    pub class: EffectClass,
    /// ISO 4217.
    pub currency: String,
    /// As in the report.
    pub reported: Amount,
    /// Of findings that are questions.
    pub asked: Amount,
    /// Tax on corrections that the report states without tax.
    pub tax: Amount,
    /// Tax of the proposals that the report's figure holds already; adds nothing.
    pub tax_stated: Amount,
    /// Differences for another reason, in words, each with its amount.
    pub other: Vec<(String, Amount)>,
    /// What none of these says: not zero only if something is wrong with the pack.
    pub unexplained: Amount,
    /// Σ of the proposals.
    pub proposed: Amount,
}

impl Bridge {
    /// True if it closes to the last unit and leaves nothing unexplained.
    pub fn closes(&self) -> bool {
        let other: i128 = self.other.iter().map(|(_, amount)| amount.units).sum();
        let named = self.reported.units - self.asked.units + self.tax.units + other;
        self.unexplained.is_zero() && named == self.proposed.units
    }
}

/// What an engagement says of corrections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The last day of the periods that are closed: nothing is proposed for documents up to it.
    pub locked_until: Option<Date>,
    /// The day on which corrections are issued; the as-of date if not stated.
    pub issue_date: Option<Date>,
    /// By currency, the largest gross of each band with who approves it, the smallest first; what exceeds all needs the last.
    pub bands: BTreeMap<String, Vec<(Amount, String)>>,
    /// Account codes by class.
    pub accounts: BTreeMap<EffectClass, String>,
    /// Whom customers may call.
    pub contact: Option<String>,
}

impl Terms {
    /// Who may approve a gross amount; none without a band of its currency, since so much of one is not so much of another.
    pub fn approval(&self, gross: Amount, currency: &str) -> Option<&str> {
        let bands = self.bands.get(currency)?;
        let band = bands.iter().find(|(most, _)| gross.abs() <= *most).or(bands.last());
        band.map(|(_, who)| who.as_str())
    }
}
