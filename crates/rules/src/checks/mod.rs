//! Check kinds: one file each, and this list.
//!
//! A kind turns its TOML table into a `Procedure`: a plan that grades every record of one population, and, where a group
//! must be decided, a judge. No kind knows an engine.

mod assert;
mod balance;
pub mod build;
mod cadence;
mod duplicate;
mod effect;
mod foot;
mod governing;
pub mod guard;
mod lookup;
mod matching;
mod outlier;
mod overlap;
mod recompute;
pub mod sentence;
mod sequence;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_model::{Date, Period};

use crate::catalog::Catalog;
use crate::expr::{Ast, Cmp, Expr};
use crate::file::CheckFile;
use crate::judge::netting::Netting;
use crate::plan::{Few, Plan};
use crate::rule::Rule;
use crate::value::{Relation, Ty};

pub use build::{Build, Refusal};

/// Every kind, in the order of the documentation.
pub const KINDS: &[&str] = &[
    "assert",
    "foot",
    "lookup",
    "duplicate",
    "matching",
    "balance",
    "sequence",
    "overlap",
    "cadence",
    "recompute",
    "outlier",
];

impl CheckFile {
    /// The kind that is set, if exactly one is.
    pub fn kind(&self) -> Option<&'static str> {
        let set = [
            self.assert.is_some(),
            self.foot.is_some(),
            self.lookup.is_some(),
            self.duplicate.is_some(),
            self.matching.is_some(),
            self.balance.is_some(),
            self.sequence.is_some(),
            self.overlap.is_some(),
            self.cadence.is_some(),
            self.recompute.is_some(),
            self.outlier.is_some(),
        ];
        let mut kinds = KINDS.iter().zip(set).filter(|(_, set)| *set).map(|(kind, _)| *kind);
        kinds.next().filter(|_| kinds.next().is_none())
    }
}

/// What the audit looks at.
#[derive(Clone, Default)]
pub struct Audited {
    /// The period under audit; `None`: everything.
    pub period: Option<Period>,
    /// The day as at which the world is seen.
    pub as_of: Option<Date>,
    /// What netting removed before any rule judges.
    pub netting: Arc<Netting>,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Tested, nothing found.
    Clean,
    /// Tested, an exception or a candidate for the judge.
    Exception,
    /// Not what the rule is about.
    OutOfScope,
    /// Before the look-back, after the period or after the as-of date.
    Outside,
    /// In the look-back.
    Context,
    /// Its counterpart may lie outside the extract.
    OutsideExtract,
    /// Not tested, by index of the cause.
    NotTested(usize),
}

impl Outcome {
    /// As a number in a plan.
    pub fn code(self) -> i128 {
        match self {
            Self::Clean => 0,
            Self::Exception => 1,
            Self::OutOfScope => 2,
            Self::Outside => 3,
            Self::Context => 4,
            Self::OutsideExtract => 5,
            Self::NotTested(index) => 100 + i128::try_from(index).unwrap_or(i128::MAX - 100),
        }
    }

    /// From the number.
    pub fn of(code: i128) -> Self {
        match code {
            0 => Self::Clean,
            1 => Self::Exception,
            2 => Self::OutOfScope,
            3 => Self::Outside,
            4 => Self::Context,
            5 => Self::OutsideExtract,
            other => Self::NotTested(usize::try_from(other - 100).unwrap_or(0)),
        }
    }
}

/// Records of another population that show an exception.
pub struct EvidencePlan {
    /// What part they play.
    pub role: String,
    /// Their population.
    pub population: String,
    /// Their record column.
    pub rec: String,
    /// Prefix of their columns.
    pub prefix: String,
    /// The records with their key columns.
    pub plan: Plan,
    /// Key columns: of the graded record, of these.
    pub on: Vec<(String, String)>,
    /// Only those for which this holds; the columns of the graded record that it reads.
    pub within: Option<(Expr, Vec<String>)>,
}

/// What a judge says of one wrong item.
#[derive(Clone, Debug, Default)]
pub struct Wrong {
    /// Index of the wrong item among the candidates.
    pub row: usize,
    /// The other members of its group, in order.
    pub members: Vec<usize>,
    /// Further members that are not named.
    pub more: usize,
    /// Money at stake, in units of the `__amount` column, where the judge knows better.
    pub amount: Option<i128>,
    /// What should be, in units of the `__expected` column, where the judge knows better.
    pub expected: Option<i128>,
    /// What is, in units of the `__stated` column, where the item is more than its record.
    pub stated: Option<i128>,
    /// Further candidates that this item explains, without being shown.
    pub covers: Vec<usize>,
    /// Reasons that lower the confidence to `likely`.
    pub likely: Vec<String>,
    /// Reasons that lower the confidence to `review`.
    pub review: Vec<String>,
    /// Guards that did not speak because a cell that could tell is empty, in words.
    pub untold: Vec<String>,
    /// What the netting removed, and other facts, in words.
    pub chain: Vec<String>,
    /// Words for `{detail}` in the sentence.
    pub detail: String,
    /// The document that already put it right.
    pub corrected_by: Option<String>,
    /// Part of the fingerprint besides the record's key (a range of missing numbers, a first missing day).
    pub item: Option<String>,
}

/// What a judge came to.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Wrong items.
    pub wrong: Vec<Wrong>,
    /// Candidates that turned out not to be testable, with the reason.
    pub not_tested: Vec<(usize, String)>,
    /// Reason for which the whole rule was not performed after all.
    pub not_performed: Option<String>,
}

/// An exact procedure over candidate groups.
pub type Decide = Box<dyn Fn(&Relation, &[Relation]) -> Judgement + Send + Sync>;

/// Graded records as the candidates among them.
pub type Narrow = Box<dyn Fn(Plan) -> Plan + Send + Sync>;

/// How candidates are decided.
pub struct Judge {
    /// Narrows the graded records to candidates; the reference engine does without.
    pub narrow: Option<Narrow>,
    /// Records with other values in these columns have nothing to do with each other when candidates are narrowed.
    pub apart: Option<Vec<String>>,
    /// Other relations that the judge reads: plan, and key columns (candidate, other) that restrict it to candidates.
    pub others: Vec<(Plan, Vec<(String, String)>)>,
    /// Only candidates for which this column is not false ask for others (the reference engine asks for all).
    pub asking: Option<String>,
    /// Context records are members too.
    pub with_context: bool,
    /// Context records can be wrong items (their consequence lies in the period).
    pub context_wrong: bool,
    /// Records that are not tested are seen too.
    pub with_untested: bool,
    /// The columns that the decision needs; the rest is read for the wrong items only. Empty: all.
    pub columns: Vec<String>,
    /// The decision.
    pub decide: Decide,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            narrow: None,
            apart: None,
            others: Vec::new(),
            asking: None,
            with_context: false,
            context_wrong: false,
            with_untested: false,
            columns: Vec::new(),
            decide: Box::new(|_, _| Judgement::default()),
        }
    }
}

/// A rule made runnable.
pub struct Procedure {
    /// The population under test.
    pub population: String,
    /// Its record column.
    pub rec: String,
    /// One row a record, with `__outcome`.
    pub graded: Plan,
    /// The same with the outcome only of those that are out of scope or outside, whatever stands beside them; the others are
    /// clean. `None` where that cannot be told of a record by itself and its parents.
    pub early: Option<Plan>,
    /// Words of the not-tested causes.
    pub causes: Vec<String>,
    /// Columns that identify the record for people, the key first.
    pub key: Vec<String>,
    /// Pieces of the sentence.
    pub sentence: Vec<sentence::Piece>,
    /// Record columns of parents with their populations.
    pub parents: Vec<(String, String)>,
    /// Records of other populations.
    pub evidence: Vec<EvidencePlan>,
    /// Record columns of reference rows: column, population, role, prefix.
    pub records: Vec<(String, String, String, String)>,
    /// For groups.
    pub judge: Option<Judge>,
    /// What keeps legal look-alikes silent.
    pub guards: Vec<guard::Guard>,
    /// How many of the key columns are the population's own key.
    pub own_key: usize,
    /// Reasons for which no finding is more than `review`.
    pub review: Vec<String>,
    /// Data that the exports lack and that the judge makes up for, finding by finding.
    pub limits: Vec<String>,
    /// What netting left, where the rule judges that.
    pub netting: Option<Arc<Netting>>,
}

impl Procedure {
    /// The graded records in so many parts, if they can be parted: each record for itself, or all that have the same key.
    pub fn parts(&self, of: u32) -> Vec<Plan> {
        let whole = || vec![self.graded.clone()];
        if of < 2 {
            return whole();
        }
        if let Some(keys) = self.judge.as_ref().and_then(|judge| judge.apart.as_deref()) {
            return (0..of).map(|number| self.graded.clone().part(keys, number, of)).collect();
        }
        // A judge that narrows by what other records are sees all of them at once.
        let wanted = self.wanted(self.graded.clone(), false);
        let alone = wanted.times(&self.graded) == 1 && wanted.few(&Few::Part { number: 0, of }).is_some();
        let part = |number| self.graded.few(&Few::Part { number, of }).filter(|_| alone);
        (0..of).map(part).collect::<Option<_>>().unwrap_or_else(whole)
    }

    /// The plans that look at all records.
    pub fn over_all(&self) -> Vec<&Plan> {
        [&self.graded].into_iter().chain(&self.early).collect()
    }

    /// Of graded records those that are exceptions or candidates: what the judge has to see.
    pub fn wanted(&self, graded: Plan, judges_everything: bool) -> Plan {
        let is = |outcome: Outcome| Expr::col("__outcome", Ty::INT).compare(Cmp::Eq, Expr::int(outcome.code()));
        let judge = self.judge.as_ref();
        let mut wanted = is(Outcome::Exception);
        if judge.is_some_and(|judge| judge.with_context) {
            wanted = wanted.or(is(Outcome::Context));
        }
        if judge.is_some_and(|judge| judge.with_untested) {
            let first = Expr::int(Outcome::NotTested(0).code());
            wanted = wanted.or(Expr::col("__outcome", Ty::INT).compare(Cmp::Ge, first));
        }
        let mut rows = graded.filter(wanted);
        if let Some(narrow) = judge.and_then(|judge| judge.narrow.as_ref())
            && !judges_everything
        {
            rows = narrow(rows);
        }
        let own: BTreeSet<String> = match judge {
            Some(judge) if !judge.columns.is_empty() => {
                let keys = judge.others.iter().flat_map(|(_, on)| on.iter().map(|(own, _)| own));
                judge.columns.iter().chain(keys).cloned().collect()
            }
            // Most exceptions may be explained, and the rest of their columns is for those that are not.
            None if !self.guards.is_empty() => self.guards.iter().flat_map(guard::Guard::columns).collect(),
            _ => return rows,
        };
        let always = [self.rec.as_str(), "__outcome", "__money", "__currency"].map(str::to_owned);
        let names: BTreeSet<String> = always.into_iter().chain(own).collect();
        // A judge may read more of candidates that were narrowed, and a guard reads columns of its own rows.
        let types: BTreeMap<String, Ty> = rows.columns().into_iter().map(|column| (column.name, column.ty)).collect();
        let column = |name: String| Some((name.clone(), Expr::col(name.clone(), *types.get(&name)?)));
        let columns = names.into_iter().filter_map(column).collect();
        rows.project(columns)
    }

    /// Whether what has to be seen is less than all columns.
    pub fn is_narrow(&self) -> bool {
        self.judge.as_ref().map_or(!self.guards.is_empty(), |judge| !judge.columns.is_empty())
    }

    /// The rows of some records (their `__rec` in the only column), and perhaps others.
    pub fn graded_of(&self, records: &Arc<Relation>) -> Plan {
        let few = self.graded.few(&Few::Records(records.clone()));
        few.unwrap_or_else(|| self.graded.clone().near(&self.rec, &Plan::Rows(records.clone())))
    }

    /// What the exports lack that could explain findings.
    pub fn lacks(&self) -> Vec<String> {
        self.review.iter().chain(&self.limits).cloned().collect()
    }
}

/// Plans one rule, or says why it cannot run.
pub fn plan(
    rule: &Rule,
    catalog: &Catalog,
    audited: &Audited,
    own_params: &BTreeMap<String, String>,
) -> Result<Procedure, Refusal> {
    let mut procedure = plan_kind(rule, catalog, audited, own_params)?;
    let records = |population: &str| catalog.table(population).map_or(0, |table| table.records);
    procedure.graded = procedure.graded.lean(&records);
    Ok(procedure)
}

fn plan_kind(
    rule: &Rule,
    catalog: &Catalog,
    audited: &Audited,
    own_params: &BTreeMap<String, String>,
) -> Result<Procedure, Refusal> {
    let params = rule.params(own_params).map_err(Refusal::Wrong)?;
    let check = &rule.file.check;
    let build = |population, params: BTreeMap<String, Ast>| Build::new(rule, catalog, audited, params, population);
    if let Some(file) = &check.assert {
        return assert::plan(file, build(&file.population, params)?);
    }
    if let Some(file) = &check.foot {
        return foot::plan(file, build(&file.population, params)?);
    }
    if let Some(file) = &check.lookup {
        return lookup::plan(file, build(&file.population, params)?);
    }
    if let Some(file) = &check.duplicate {
        return duplicate::plan(file, build(&file.population, params)?);
    }
    if let Some(file) = &check.matching {
        return matching::plan(file, build(&file.population, params)?);
    }
    if let Some(file) = &check.balance {
        return balance::plan(file, build(&file.population, params)?);
    }
    if let Some(file) = &check.overlap {
        return overlap::plan(file, build(&file.population, params)?);
    }
    if let Some(file) = &check.cadence {
        return cadence::plan(file, build(&file.population, params)?);
    }
    if let Some(file) = &check.recompute {
        return recompute::plan(file, build(&file.population, params)?);
    }
    if let Some(file) = &check.outlier {
        return outlier::plan(file, build(&file.population, params)?);
    }
    match &check.sequence {
        Some(file) => sequence::plan(file, build(&file.population, params)?),
        None => Err(Refusal::Wrong(Vec::new())),
    }
}
