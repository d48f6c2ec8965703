//! One rule over its population: grade, judge, guard, gather evidence, harvest; and account for every record.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashSet;
use tieout_ingest::store::REC;
use tieout_model::amount::NO_CURRENCY;
use tieout_model::{Coverage, Evidence, Measure, NotTested, RecordRef, RuleResult, Severity, Status};

use super::open::{Open, by_outcome};
use super::{Options, blank};
use crate::catalog::Catalog;
use crate::checks::{self, Judgement, Outcome as Graded, Procedure, Wrong};
use crate::engine::{Engine, EngineError};
use crate::expr::{Cmp, Expr};
use crate::harvest::{EvidenceRows, Harvest, Harvested};
use crate::plan::{Join, Plan};
use crate::rule::Rule;
use crate::value::{Relation, Ty, Value};

/// Largest number of child records shown for one finding; the count stands in the sums.
const CHILDREN_MAX: usize = 40;

/// One rule, ready to run.
pub(super) struct Run<'a> {
    pub(super) engine: &'a dyn Engine,
    pub(super) catalog: &'a Catalog,
    pub(super) rule: &'a Rule,
    pub(super) procedure: &'a Procedure,
    pub(super) severity: Severity,
    /// In so many parts the records are graded, one after the other, where each stands by itself.
    pub(super) parts: u32,
    /// Records that are out of scope may be told apart first.
    pub(super) two_passes: bool,
    /// What came of it, once it was asked for.
    pub(super) opened: OnceCell<Option<Open>>,
}

impl<'a> Run<'a> {
    /// Ready, with what an engagement says of the rule.
    pub(super) fn new(
        engine: &'a dyn Engine,
        catalog: &'a Catalog,
        (rule, procedure): (&'a Rule, &'a Procedure),
        options: &Options,
    ) -> Self {
        let id = &rule.card.id;
        let severity = options.settings.get(id).and_then(|setting| setting.severity).unwrap_or(rule.card.severity);
        let parts = options.parts.get(id).copied().unwrap_or(1);
        let two_passes = options.keep && parts == 1;
        Self { engine, catalog, rule, procedure, severity, parts, two_passes, opened: OnceCell::new() }
    }

    /// What became of each record, in words.
    pub(super) fn outcomes(&self) -> Result<BTreeMap<RecordRef, String>, EngineError> {
        let pair = vec![
            (self.procedure.rec.clone(), Expr::col(self.procedure.rec.clone(), Ty::INT)),
            ("__outcome".to_owned(), Expr::col("__outcome", Ty::INT)),
        ];
        let all =
            self.engine.run(&[self.procedure.graded.clone().project(pair)])?.into_iter().next().unwrap_or_default();
        let record =
            |value: &Value| RecordRef::unpack(value.num().and_then(|units| i64::try_from(units).ok()).unwrap_or(0));
        let mut outcomes = BTreeMap::new();
        for row in &all.rows {
            let words = match Graded::of(row[1].num().unwrap_or(0)) {
                Graded::Clean | Graded::Exception => "clean".to_owned(),
                Graded::OutOfScope => "out of scope".to_owned(),
                Graded::Outside => "outside".to_owned(),
                Graded::Context => "context".to_owned(),
                Graded::OutsideExtract => "outside extract".to_owned(),
                Graded::NotTested(index) => {
                    format!("not tested: {}", self.procedure.causes.get(index).map_or("", String::as_str))
                }
            };
            outcomes.insert(record(&row[0]), words);
        }
        let (mut coverage, rows) = self.graded()?;
        let mut judgement = self.judge(&rows)?;
        let rec = rows.index(&self.procedure.rec);
        for (row, words) in std::mem::take(&mut judgement.not_tested) {
            outcomes.insert(record(&rows.rows[row][rec]), format!("not tested: {words}"));
        }
        let (rows, wrong) = self.judged(rows, judgement)?;
        let rec = rows.index(&self.procedure.rec);
        let before = wrong.items(&rows);
        let guarded = self.guarded(&rows, &mut coverage, before.clone())?;
        let after: BTreeSet<usize> = guarded.left.iter().copied().collect();
        for row in before {
            let words = if after.contains(&row) { "finding" } else { "guarded" };
            outcomes.insert(record(&rows.rows[row][rec]), words.to_owned());
        }
        for (row, words) in guarded.unasked {
            outcomes.insert(record(&rows.rows[row][rec]), format!("not tested: {words}"));
        }
        Ok(outcomes)
    }

    /// The tick mark and the findings.
    pub(super) fn all(&self) -> Result<(RuleResult, Vec<Harvested>), EngineError> {
        let (mut coverage, rows) = self.graded()?;
        let mut judgement = self.judge(&rows)?;
        if let Some(reason) = judgement.not_performed.take() {
            let status = Status::NotPerformed { reason, unlock: Vec::new() };
            return Ok((blank(self.rule, &self.procedure.population, status), Vec::new()));
        }
        self.move_not_tested(&rows, &mut coverage, &judgement.not_tested);
        // A judge leaves few wrong items, guards leave few exceptions: what is left is read with every column.
        let (rows, wrong) = self.judged(rows, judgement)?;
        let items = wrong.items(&rows);
        self.move_context(&rows, &mut coverage, &items);
        let guarded = self.guarded(&rows, &mut coverage, items)?;
        let (rows, wrong) = match wrong {
            Found::Judged(wrong) => (rows, guarded.of(wrong)),
            Found::All => {
                let all = guarded.left.iter().map(|row| Wrong { row: *row, ..Wrong::default() }).collect();
                self.widened(rows, guarded.of(all))?
            }
        };
        let evidence = self.evidence(&rows, &wrong)?;
        let harvest = Harvest {
            rule: self.rule,
            severity: self.severity,
            procedure: self.procedure,
            rows: &rows,
            evidence: &evidence,
            limited: self.limited(),
        };
        let mut findings: Vec<Harvested> = wrong.iter().map(|wrong| harvest.finding(wrong)).collect();
        findings.sort_by(|left, right| {
            (&left.finding.key, &left.finding.fingerprint, left.item.1).cmp(&(
                &right.finding.key,
                &right.finding.fingerprint,
                right.item.1,
            ))
        });
        let items: BTreeSet<usize> = wrong.iter().map(|wrong| wrong.row).collect();
        coverage.exceptions.add(&measure(&rows, items));
        coverage.excluded = self.catalog.table(&self.procedure.population).map_or(0, |table| table.excluded);
        if !coverage.balances() {
            return Err(EngineError("records or money are not accounted for".to_owned()));
        }
        let not_tested = coverage.not_tested_total().records;
        let status = if !findings.is_empty() {
            Status::Exceptions
        } else if coverage.tested.records == 0 && not_tested > 0 {
            Status::NotTested
        } else if not_tested > 0 {
            Status::PartlyTested
        } else {
            Status::NoExceptions
        };
        let mut result = blank(self.rule, &self.procedure.population, status);
        result.coverage = coverage;
        result.guards_missing = self.procedure.lacks();
        result.findings = findings.len() as u64;
        Ok((result, findings))
    }

    /// The records that were tested, as `tested.__rec`; what a judge took out of them again is still among them.
    pub(super) fn tested(&self) -> Vec<Plan> {
        let outcome = || Expr::col("__outcome", Ty::INT);
        let is = |outcome_is: Graded| outcome().compare(Cmp::Eq, Expr::int(outcome_is.code()));
        let rec = Expr::col(self.procedure.rec.clone(), Ty::INT);
        let tested = |graded: Plan| {
            let tested = graded.filter(is(Graded::Clean).or(is(Graded::Exception)));
            tested.project(vec![(format!("tested.{REC}"), rec.clone())])
        };
        self.parts().into_iter().map(tested).collect()
    }

    /// The graded records that have to be looked at.
    fn parts(&self) -> Vec<Plan> {
        match self.opened.get() {
            Some(Some(open)) => vec![open.graded.clone()],
            _ => self.procedure.parts(self.parts),
        }
    }

    /// The accounting by outcome, and the exceptions or candidates.
    fn graded(&self) -> Result<(Coverage, Relation), EngineError> {
        if self.opened.get().is_none() {
            let _ = self.opened.set(self.open()?);
        }
        let (mut summary, mut rows): (Option<Relation>, Option<Relation>) = (None, None);
        if let Some(Some(open)) = self.opened.get() {
            summary = Some(open.closed.clone());
        }
        let parts = self.parts();
        let several = parts.len() > 1;
        for graded in parts {
            let plans = [by_outcome(graded.clone()), self.procedure.wanted(graded, self.engine.judges_everything())];
            let made = self.engine.run(&plans)?;
            for (all, part) in [&mut summary, &mut rows].into_iter().zip(made) {
                match all {
                    None => *all = Some(part),
                    Some(all) => all.rows.extend(part.rows),
                }
            }
            if several {
                self.engine.rest();
            }
        }
        let (summary, mut rows) = (summary.unwrap_or_default(), rows.unwrap_or_default());
        let rec = rows.index(&self.procedure.rec);
        rows.rows.sort_by(|left, right| left[rec].cmp(&right[rec]));
        Ok((self.coverage(&summary), rows))
    }

    fn coverage(&self, summary: &Relation) -> Coverage {
        let mut coverage = Coverage::default();
        let mut reasons: BTreeMap<usize, Measure> = BTreeMap::new();
        for row in &summary.rows {
            let cell = |name: &str| &row[summary.index(name)];
            let records = cell("records").num().and_then(|records| u64::try_from(records).ok()).unwrap_or(0);
            let mut part = Measure { records, ..Measure::default() };
            if let Some(units) = cell("money").num()
                && crate::catalog::money_column(&self.procedure.population).is_some()
            {
                part.money.insert(cell("__currency").as_text().unwrap_or(NO_CURRENCY).to_owned(), units);
            }
            coverage.total.add(&part);
            let Some(code) = cell("__outcome").num() else { continue };
            match Graded::of(code) {
                Graded::Clean | Graded::Exception => coverage.tested.add(&part),
                Graded::OutOfScope => coverage.out_of_scope.add(&part),
                Graded::Outside => coverage.outside.add(&part),
                Graded::Context => coverage.context.add(&part),
                Graded::OutsideExtract => coverage.outside_extract.add(&part),
                Graded::NotTested(index) => reasons.entry(index).or_default().add(&part),
            }
        }
        let words = |index: usize| self.procedure.causes.get(index).cloned().unwrap_or_default();
        coverage.not_tested =
            reasons.into_iter().map(|(index, measure)| NotTested { reason: words(index), measure }).collect();
        coverage
    }

    fn judge(&self, rows: &Relation) -> Result<Judgement, EngineError> {
        let Some(judge) = self.procedure.judge.as_ref().filter(|_| !rows.rows.is_empty()) else {
            return Ok(Judgement::default());
        };
        let asking = judge.asking.as_ref().filter(|_| !self.engine.judges_everything()).map(|name| rows.index(name));
        let asks = |row: &&Vec<Value>| asking.is_none_or(|at| row[at] != Value::Bool(false));
        let candidates = Arc::new(keys_only(rows, asks, &judge.others));
        let mut plans = Vec::new();
        for (plan, on) in &judge.others {
            let keys: Vec<String> = on.iter().map(|(own, _)| own.clone()).collect();
            let ours = Plan::Rows(candidates.clone()).distinct(&keys);
            let pairs = on.iter().map(|(own, theirs)| (theirs.clone(), own.clone())).collect();
            let theirs = near(plan, on.first(), &candidates);
            plans.push(theirs.join(ours, pairs, Join::Semi));
        }
        let mut others = if plans.is_empty() { Vec::new() } else { self.engine.run(&plans)? };
        for other in &mut others {
            other.rows.sort();
        }
        let mut judgement = (judge.decide)(rows, &others);
        if !judge.context_wrong {
            judgement.wrong.retain(|wrong| self.in_period(rows, wrong.row));
        }
        judgement.not_tested.retain(|(row, _)| self.in_period(rows, *row));
        Ok(judgement)
    }

    /// What a judge found, with every column of it; without a judge each exception is wrong.
    fn judged(&self, rows: Relation, judgement: Judgement) -> Result<(Relation, Found), EngineError> {
        if self.procedure.judge.is_none() {
            return Ok((rows, Found::All));
        }
        let (rows, wrong) = self.widened(rows, judgement.wrong)?;
        Ok((rows, Found::Judged(wrong)))
    }

    /// The wrong items and their members with every column, where only some were read.
    fn widened(&self, rows: Relation, mut wrong: Vec<Wrong>) -> Result<(Relation, Vec<Wrong>), EngineError> {
        if !self.procedure.is_narrow() || wrong.is_empty() {
            return Ok((rows, wrong));
        }
        let rec = rows.index(&self.procedure.rec);
        // Of one group many may be wrong, and each names all others.
        let mut needed = vec![false; rows.rows.len()];
        for wrong in &wrong {
            needed[wrong.row] = true;
            wrong.members.iter().chain(&wrong.covers).for_each(|row| needed[*row] = true);
        }
        let needed: Vec<usize> = (0..needed.len()).filter(|row| needed[*row]).collect();
        let recs: BTreeSet<Value> = needed.iter().map(|row| rows.rows[*row][rec].clone()).collect();
        let key = format!("wanted.{REC}");
        let wanted = Relation {
            columns: vec![crate::value::Column { name: key.clone(), ty: Ty::INT }],
            rows: recs.into_iter().map(|rec| vec![rec]).collect(),
        };
        let on = vec![(self.procedure.rec.clone(), key)];
        let wanted = Arc::new(wanted);
        let plan = self.procedure.graded_of(&wanted).join(Plan::Rows(wanted), on, Join::Semi);
        let mut wide = self.engine.run(&[plan])?.into_iter().next().unwrap_or_default();
        let at = wide.index(&self.procedure.rec);
        wide.rows.sort_by(|left, right| left[at].cmp(&right[at]));
        let known: BTreeMap<&Value, usize> =
            wide.rows.iter().enumerate().map(|(place, row)| (&row[at], place)).collect();
        let mut places = vec![0; rows.rows.len()];
        for row in needed {
            places[row] = known.get(&rows.rows[row][rec]).copied().unwrap_or(0);
        }
        let place = |row: usize| places[row];
        for wrong in &mut wrong {
            wrong.row = place(wrong.row);
            wrong.members.iter_mut().chain(&mut wrong.covers).for_each(|row| *row = place(*row));
        }
        Ok((wide, wrong))
    }

    /// A wrong item of the look-back whose consequence lies in the period was tested.
    fn move_context(&self, rows: &Relation, coverage: &mut Coverage, items: &[usize]) {
        for row in items.iter().copied().filter(|&row| !self.in_period(rows, row)) {
            let part = measure(rows, [row]);
            subtract(&mut coverage.context, &part);
            coverage.tested.add(&part);
        }
    }

    fn in_period(&self, rows: &Relation, row: usize) -> bool {
        rows.rows[row][rows.index("__outcome")].num() == Some(Graded::Exception.code())
    }

    fn move_not_tested(&self, rows: &Relation, coverage: &mut Coverage, moved: &[(usize, String)]) {
        let mut reasons: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (row, words) in moved {
            if seen.insert(*row) {
                reasons.entry(words).or_default().insert(*row);
            }
        }
        for (words, members) in reasons {
            let part = measure(rows, members);
            subtract(&mut coverage.tested, &part);
            coverage.not_tested.push(NotTested { reason: words.to_owned(), measure: part });
        }
    }

    /// Takes out what guards explain, and counts it.
    fn guarded(&self, rows: &Relation, coverage: &mut Coverage, items: Vec<usize>) -> Result<Guarded, EngineError> {
        let mut guarded = Guarded { left: items, ..Guarded::default() };
        let rec = rows.index(&self.procedure.rec);
        for guard in &self.procedure.guards {
            if guarded.left.is_empty() {
                break;
            }
            let keys: Vec<usize> =
                guard.rows.iter().flat_map(|(_, on)| on.iter()).map(|(own, _)| rows.index(own)).collect();
            let keyless = |row: &usize| keys.iter().any(|key| rows.rows[*row][*key].is_null());
            let (lost, asked): (Vec<usize>, Vec<usize>) = guarded.left.into_iter().partition(keyless);
            let words = format!("whether {} cannot be asked: a key of it is empty", guard.because);
            let lost: Vec<(usize, String)> = lost.into_iter().map(|row| (row, words.clone())).collect();
            self.move_not_tested(rows, coverage, &lost);
            guarded.unasked.extend(lost);
            // Only what the guard reads.
            let read = guard.columns();
            let picks: Vec<usize> =
                (0..rows.columns.len()).filter(|at| *at == rec || read.contains(&rows.columns[*at].name)).collect();
            let picked = Arc::new(Relation {
                columns: picks.iter().map(|pick| rows.columns[*pick].clone()).collect(),
                rows: asked
                    .iter()
                    .map(|&row| picks.iter().map(|pick| rows.rows[row][*pick].clone()).collect())
                    .collect(),
            });
            let mut plan = Plan::Rows(picked.clone());
            if let Some((theirs, on)) = &guard.rows {
                plan = plan.join(near(theirs, on.first(), &picked), on.clone(), Join::Inner);
            }
            let own = std::slice::from_ref(&self.procedure.rec);
            let mut plans = Vec::new();
            if let Some(when) = &guard.when {
                plans.push(plan.clone().filter(when.clone().is_null()).distinct(own));
                plan = plan.filter(when.clone());
            }
            plans.push(plan.distinct(own));
            let mut results = self.engine.run(&plans)?;
            let of = |relation: Option<Relation>| -> HashSet<i128> {
                relation.into_iter().flat_map(|relation| relation.rows).flatten().filter_map(|rec| rec.num()).collect()
            };
            let silent = of(results.pop());
            // An empty cell does not speak; the finding says so.
            let untold = of(results.pop());
            let is_in = |known: &HashSet<i128>, row: usize| {
                rows.rows[row][rec].num().is_some_and(|record| known.contains(&record))
            };
            let (explained, left): (Vec<usize>, Vec<usize>) =
                asked.into_iter().partition(|row| is_in(&silent, *row) != guard.absent);
            guarded.left = left;
            let quiet = guarded.left.iter().filter(|row| is_in(&untold, **row));
            guarded.untold.extend(quiet.map(|row| (*row, guard.because.clone())));
            if !explained.is_empty() {
                let measure = measure(rows, explained);
                coverage.guarded.push(NotTested { reason: guard.because.clone(), measure });
            }
        }
        Ok(guarded)
    }

    /// Child records of the wrong items.
    fn evidence(&self, rows: &Relation, wrong: &[Wrong]) -> Result<EvidenceRows, EngineError> {
        let mut evidence = EvidenceRows::new();
        if wrong.is_empty() {
            return Ok(evidence);
        }
        let items: BTreeSet<usize> = wrong.iter().map(|wrong| wrong.row).collect();
        for plan in &self.procedure.evidence {
            let mut names: Vec<String> = vec![self.procedure.rec.clone()];
            names.extend(plan.on.iter().map(|(own, _)| own.clone()));
            for name in plan.within.iter().flat_map(|(_, own)| own) {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            let picks: Vec<usize> = names.iter().map(|name| rows.index(name)).collect();
            let columns = picks
                .iter()
                .zip(&names)
                .map(|(&pick, name)| crate::value::Column {
                    name: if *name == self.procedure.rec { format!("of{REC}") } else { name.clone() },
                    ty: rows.columns[pick].ty,
                })
                .collect();
            let relation = Relation {
                columns,
                rows: items
                    .iter()
                    .map(|&row| picks.iter().map(|&pick| rows.rows[row][pick].clone()).collect())
                    .collect(),
            };
            let relation = Arc::new(relation);
            let theirs = near(&plan.plan, plan.on.first(), &relation);
            let mut joined = Plan::Rows(relation).join(theirs, plan.on.clone(), Join::Inner);
            if let Some((within, _)) = &plan.within {
                joined = joined.filter(within.clone());
            }
            let Some(mut found) = self.engine.run(&[joined])?.into_iter().next() else { continue };
            let (of, rec) = (found.index(&format!("of{REC}")), found.index(&plan.rec));
            found.rows.sort_by(|left, right| (&left[of], &left[rec]).cmp(&(&right[of], &right[rec])));
            for row in &found.rows {
                let Some(item) = row[of].num() else { continue };
                let members = evidence.entry(item).or_default();
                if members.len() < CHILDREN_MAX {
                    members.extend(child_evidence(plan, &found, row));
                }
            }
        }
        Ok(evidence)
    }

    fn limited(&self) -> Option<String> {
        let absence = matches!(self.rule.card.kind.as_str(), "matching" | "sequence");
        let excluded: u64 = self
            .procedure
            .evidence
            .iter()
            .filter_map(|plan| self.catalog.table(&plan.population))
            .map(|table| table.excluded)
            .sum();
        (absence && excluded > 0).then(|| format!("{excluded} records of the other side could not be read"))
    }
}

/// A plan whose rows are wanted for a few keys only, restricted to them as early as may be.
fn near(plan: &Plan, on: Option<&(String, String)>, rows: &Relation) -> Plan {
    let Some((own, theirs)) = on else { return plan.clone() };
    let at = rows.index(own);
    let keys: HashSet<&Value> = rows.rows.iter().map(|row| &row[at]).filter(|key| !key.is_null()).collect();
    let mut keys: Vec<&Value> = keys.into_iter().collect();
    keys.sort_unstable();
    let keys = Relation {
        columns: vec![crate::value::Column { name: format!("near.{own}"), ty: rows.columns[at].ty }],
        rows: keys.into_iter().map(|key| vec![key.clone()]).collect(),
    };
    plan.clone().near(theirs, &Plan::Rows(Arc::new(keys)))
}

/// What is wrong before guards are asked.
enum Found {
    /// All rows.
    All,
    Judged(Vec<Wrong>),
}

impl Found {
    /// The rows of the wrong items, each once and in order.
    fn items(&self, rows: &Relation) -> Vec<usize> {
        match self {
            Self::All => (0..rows.rows.len()).collect(),
            Self::Judged(wrong) => wrong.iter().map(|wrong| wrong.row).collect::<BTreeSet<_>>().into_iter().collect(),
        }
    }
}

/// What the guards left, by rows.
#[derive(Default)]
struct Guarded {
    left: Vec<usize>,
    /// Rows of which a guard could not tell, with its words.
    untold: Vec<(usize, String)>,
    /// Rows of which a guard could not be asked, with the reason.
    unasked: Vec<(usize, String)>,
}

impl Guarded {
    /// The wrong items that are left, with what guards could not tell.
    fn of(&self, mut wrong: Vec<Wrong>) -> Vec<Wrong> {
        let left: HashSet<usize> = self.left.iter().copied().collect();
        wrong.retain(|wrong| left.contains(&wrong.row));
        let mut untold: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (row, words) in &self.untold {
            untold.entry(*row).or_default().push(words.clone());
        }
        for one in &mut wrong {
            one.untold.extend(untold.get(&one.row).into_iter().flatten().cloned());
        }
        wrong
    }
}

/// Only what the other relations are restricted by.
fn keys_only(
    rows: &Relation,
    asks: impl Fn(&&Vec<Value>) -> bool,
    others: &[(Plan, Vec<(String, String)>)],
) -> Relation {
    let key = |row: &Vec<Value>, picks: &[usize]| picks.iter().map(|&pick| row[pick].clone()).collect();
    let names: BTreeSet<&String> = others.iter().flat_map(|(_, on)| on.iter().map(|(own, _)| own)).collect();
    let picks: Vec<usize> = names.iter().map(|name| rows.index(name)).collect();
    Relation {
        columns: picks.iter().map(|&pick| rows.columns[pick].clone()).collect(),
        rows: rows.rows.iter().filter(asks).map(|row| key(row, &picks)).collect(),
    }
}

fn child_evidence(plan: &checks::EvidencePlan, found: &Relation, row: &[Value]) -> Vec<Evidence> {
    let mut all = Vec::new();
    let record = |value: &Value| value.num().and_then(|units| i64::try_from(units).ok()).map(RecordRef::unpack);
    let cells = |prefix: &str| {
        let mut cells = Vec::new();
        for (column, value) in found.columns.iter().zip(row) {
            let Some(name) = column.name.strip_prefix(prefix) else { continue };
            let made = name.contains(['~', ':', '#', '=', '!', '.'])
                || name.starts_with("__")
                || ["take", "date", "until", "rec"].contains(&name);
            if !made && !value.is_null() {
                cells.push((name.to_owned(), checks::sentence::number(value, column.ty)));
            }
        }
        cells
    };
    if let Some(record) = record(&row[found.index(&plan.rec)]) {
        all.push(Evidence {
            population: plan.population.clone(),
            record,
            role: plan.role.clone(),
            cells: cells(&plan.prefix),
            line: None,
            received: Vec::new(),
        });
    }
    // The document of a child line.
    let parent = format!("{}invoice.", plan.prefix);
    if let Some(at) = found.find(&format!("{parent}{REC}"))
        && let Some(record) = record(&row[at])
    {
        all.push(Evidence {
            population: "invoice".to_owned(),
            record,
            role: "document".to_owned(),
            cells: cells(&parent),
            line: None,
            received: Vec::new(),
        });
    }
    all
}

/// Records and money of some rows.
fn measure(rows: &Relation, some: impl IntoIterator<Item = usize>) -> Measure {
    let [money, currency] = ["__money", "__currency"].map(|name| rows.find(name));
    let cell = |row: usize, at: Option<usize>| at.map_or(&Value::Null, |at| &rows.rows[row][at]);
    let mut records = 0;
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for row in some {
        records += 1;
        if let Some(units) = cell(row, money).num() {
            *sums.entry(cell(row, currency).as_text().unwrap_or(NO_CURRENCY)).or_default() += units;
        }
    }
    let money = sums.into_iter().map(|(currency, units)| (currency.to_owned(), units)).collect();
    Measure { records, money }
}

fn subtract(from: &mut Measure, part: &Measure) {
    from.records -= part.records;
    for (currency, units) in &part.money {
        *from.money.entry(currency.clone()).or_default() -= units;
    }
}
