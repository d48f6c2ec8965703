//! Root causes: many findings of one rule over several customers that one description covers.
//!
//! A description is one dimension with its value, or two (`tax code SVC-2`; `item 7001 and user jdoe`), with the day since
//! when. It names a root cause if at least half of all tested records that it describes failed, and the smallest description that
//! covers most findings comes first. Deterministic, and explained by its counts; no scores.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;
use tieout_ingest::store::REC;
use tieout_model::report::{RootCause, class_totals};
use tieout_model::{Date, RecordRef};

use crate::catalog::{Catalog, Scope};
use crate::engine::{Engine, EngineError};
use crate::expr::{Cmp, Expr, Node};
use crate::harvest::Harvested;
use crate::plan::{Agg, Join, Plan};
use crate::rule::Library;
use crate::value::{Column, Relation, Ty, Value};

/// Findings that make a root cause, at least.
pub const FINDINGS_MIN: usize = 10;
/// Customers that they concern, at least.
const CUSTOMERS_MIN: usize = 2;
/// Values of a dimension that are counted one by one; of more all are counted as groups.
const VALUES_FEW: usize = 6;
/// Values of a dimension that are looked at, the most frequent first.
const VALUES_MAX: usize = 20;

/// What findings may have in common: the words for it, and where it may stand.
const DIMENSIONS: [(&str, &[&str]); 14] = [
    ("tax code", &["tax_category", "item.tax_category"]),
    ("jurisdiction", &["jurisdiction_id"]),
    ("item", &["item_id"]),
    ("charge code", &["charge_code"]),
    ("discount", &["discount_id"]),
    ("unit", &["uom"]),
    ("terms", &["payment_terms_code", "invoice.payment_terms_code"]),
    ("plan", &["plan_id", "subscription.plan_id"]),
    ("batch", &["batch_id", "invoice.batch_id"]),
    ("user", &["entered_by", "invoice.entered_by"]),
    ("source system", &["source_system", "invoice.source_system"]),
    ("channel", &["channel", "invoice.channel"]),
    ("entity", &["entity_id", "invoice.entity_id", "payment.entity_id"]),
    ("state", &["ship_to.subdivision"]),
];

/// Paths that hold a dimension, so that reading converts them.
pub fn paths() -> impl Iterator<Item = &'static str> {
    DIMENSIONS.iter().flat_map(|(_, paths)| paths.iter()).copied()
}

/// A description is looked at closer if one in so many of all records that it describes is a finding.
const PERHAPS: u64 = 20;
/// Pairs of dimensions that are looked at, at most.
const PAIRS_MAX: usize = 10;

/// Records in the first part that is counted.
const FIRST: u64 = 100_000;

/// Which records are counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Some that follow a finding.
    First,
    /// All of the population.
    All,
}

/// Records of a part of a population, by dimensions.
type Described = (Part, String, Vec<&'static str>);

/// Records by population, dimensions and values.
type Known = BTreeMap<Described, BTreeMap<Vec<Value>, u64>>;

/// What the findings of one rule have in common.
struct Common<'a> {
    /// Index of the finding.
    findings: Vec<usize>,
    /// Words and column of each dimension that the exports have.
    dimensions: Vec<(&'static str, String)>,
    /// Values by finding: the dimensions', then the day.
    values: HashMap<usize, Vec<Value>>,
    plan: Plan,
    harvested: &'a [Harvested],
}

/// A description: pairs of dimension and value.
type Pairs = Vec<(usize, Value)>;

/// A candidate with what it covers.
struct Candidate {
    pairs: Pairs,
    covers: BTreeSet<usize>,
    since: Option<Date>,
}

/// Whether records of a population have something that findings can have in common.
pub fn describes(catalog: &Catalog, population: &str) -> bool {
    !dimensions(&mut Scope::new(catalog, population, "")).is_empty()
}

/// The records of a population with what findings can have in common; `None` where there is nothing.
pub fn described(catalog: &Catalog, population: &str) -> Option<Plan> {
    let mut scope = Scope::new(catalog, population, "");
    let columns: Vec<(String, Expr)> =
        dimensions(&mut scope).into_iter().map(|(words, expr)| (words.to_owned(), expr)).collect();
    (!columns.is_empty()).then(|| scope.plan().project(columns))
}

/// The dimensions that the exports have.
fn dimensions(scope: &mut Scope<'_>) -> Vec<(&'static str, Expr)> {
    let found = |(words, paths): (&'static str, &[&str])| {
        let found = paths.iter().find_map(|path| scope.column(path));
        found.filter(|expr| expr.ty == Ty::Text).map(|expr| (words, expr))
    };
    DIMENSIONS.into_iter().filter_map(found).collect()
}

/// Finds the root causes and names them in the findings.
pub fn find(
    engine: &dyn Engine,
    catalog: &Catalog,
    library: &Library,
    tested: &BTreeMap<String, (usize, u64)>,
    harvested: &mut [Harvested],
) -> Result<Vec<RootCause>, EngineError> {
    let mut by_rule: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, one) in harvested.iter().enumerate() {
        if one.finding.caused_by.is_none() {
            by_rule.entry(one.finding.rule.clone()).or_default().push(index);
        }
    }
    let (mut roots, mut known) = (Vec::new(), Known::new());
    for (rule, findings) in by_rule.into_iter().filter(|(_, findings)| findings.len() >= FINDINGS_MIN) {
        let date = library.get(&rule).and_then(|rule| rule.file.scope_date.as_ref()).map(|text| text.as_ref().clone());
        let Some(common) = Common::gather(engine, catalog, harvested, findings, date.as_deref())? else { continue };
        let Some((tested, all)) = tested.get(&rule) else { continue };
        for (candidate, records) in common.chosen(engine, (*tested, *all), &mut known)? {
            roots.push(common.root(&rule, &candidate, records));
        }
    }
    let named = roots.iter().flat_map(|root| root.fingerprints.iter().map(|print| (print.as_str(), &root.id)));
    let named: HashMap<&str, &String> = named.collect();
    for one in harvested.iter_mut() {
        if let Some(root) = named.get(one.finding.fingerprint.as_str()) {
            one.finding.root_cause = Some((*root).clone());
        }
    }
    drop(named);
    Ok(roots)
}

impl<'a> Common<'a> {
    fn gather(
        engine: &dyn Engine,
        catalog: &Catalog,
        harvested: &'a [Harvested],
        findings: Vec<usize>,
        date: Option<&str>,
    ) -> Result<Option<Self>, EngineError> {
        let population = harvested[findings[0]].item.0.clone();
        let mut scope = Scope::new(catalog, &population, "");
        let mut columns = vec![("rec".to_owned(), scope.rec_expr())];
        let mut dimensions = Vec::new();
        for (words, expr) in self::dimensions(&mut scope) {
            let name = format!("d{}", dimensions.len());
            columns.push((name.clone(), expr));
            dimensions.push((words, name));
        }
        if dimensions.is_empty() {
            return Ok(None);
        }
        let day = date.and_then(|date| scope.column(date)).or_else(|| scope.column("issue_date"));
        let day = day.filter(|day| day.ty == Ty::Date).unwrap_or_else(|| Expr::null(Ty::Date));
        columns.push(("day".to_owned(), day));
        let plan = scope.plan().project(columns);
        let recs = Relation {
            columns: vec![Column { name: format!("of.{REC}"), ty: Ty::INT }],
            rows: findings.iter().map(|&index| vec![Value::Num(harvested[index].item.1.pack().into())]).collect(),
        };
        let own = by_record(&plan);
        let on = vec![(format!("own.{REC}"), format!("of.{REC}"))];
        let recs = Plan::Rows(Arc::new(recs));
        let own = own.near(&on[0].0, &recs);
        let found = engine.run(&[own.join(recs, on, Join::Semi)])?;
        let mut by_record: HashMap<RecordRef, Vec<Value>> = HashMap::new();
        for row in found.into_iter().flat_map(|relation| relation.rows) {
            let record = row[0].num().and_then(|units| i64::try_from(units).ok()).map(RecordRef::unpack);
            if let Some(record) = record {
                by_record.insert(record, row[1..].to_vec());
            }
        }
        let of = |&index: &usize| Some((index, by_record.get(&harvested[index].item.1)?.clone()));
        let values = findings.iter().filter_map(of).collect();
        Ok(Some(Self { findings, dimensions, values, plan, harvested }))
    }

    fn value(&self, finding: usize, dimension: usize) -> &Value {
        self.values.get(&finding).map_or(&Value::Null, |values| &values[dimension])
    }

    fn day(&self, finding: usize) -> Option<Date> {
        self.value(finding, self.dimensions.len()).date()
    }

    fn customers(&self, covers: &BTreeSet<usize>) -> usize {
        let parties = covers.iter().map(|&index| self.harvested[index].finding.party.as_deref());
        parties.collect::<BTreeSet<_>>().len()
    }

    fn candidate(&self, pairs: Pairs, among: &BTreeSet<usize>) -> Option<Candidate> {
        let fits = |finding: &&usize| pairs.iter().all(|(dimension, value)| self.value(**finding, *dimension) == value);
        let covers: BTreeSet<usize> = among.iter().filter(fits).copied().collect();
        if covers.len() < FINDINGS_MIN || self.customers(&covers) < CUSTOMERS_MIN {
            return None;
        }
        let days: Option<Vec<Date>> = covers.iter().map(|&finding| self.day(finding)).collect();
        Some(Candidate { pairs, since: days.and_then(|days| days.into_iter().min()), covers })
    }

    /// The values of each dimension that enough findings have.
    fn frequent(&self, among: &BTreeSet<usize>) -> Vec<(usize, Value)> {
        let mut all = Vec::new();
        for dimension in 0..self.dimensions.len() {
            let mut counts: BTreeMap<&Value, usize> = BTreeMap::new();
            for &finding in among {
                *counts.entry(self.value(finding, dimension)).or_default() += 1;
            }
            let mut counts: Vec<(&Value, usize)> =
                counts.into_iter().filter(|(value, count)| !value.is_null() && *count >= FINDINGS_MIN).collect();
            counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            all.extend(counts.into_iter().take(VALUES_MAX).map(|(value, _)| (dimension, value.clone())));
        }
        all
    }

    /// Descriptions with the number of records that they describe, the widest first, until no finding is left that one
    /// could cover. `all` is the number of records tested.
    fn chosen(
        &self,
        engine: &dyn Engine,
        (tested, all): (usize, u64),
        known: &mut Known,
    ) -> Result<Vec<(Candidate, u64)>, EngineError> {
        let mut left: BTreeSet<usize> = self.findings.iter().copied().collect();
        if left.len() as u64 * 10 >= all * 9 {
            return Ok(self.candidate(Vec::new(), &left).map(|candidate| (candidate, all)).into_iter().collect());
        }
        let mut chosen = Vec::new();
        for candidates in [Self::singles, Self::pairs] {
            let mut candidates = candidates(self, &left);
            // Few of all records that it describes, tested or not: no need to ask how many of them were tested. And many of a
            // first part of the records are many of all.
            for part in [Part::First, Part::All] {
                let records = self.records(engine, &candidates, (part, &mut *known))?;
                let mut records = records.into_iter();
                candidates.retain(|candidate| {
                    records.next().is_some_and(|records| candidate.covers.len() as u64 * PERHAPS >= records)
                });
            }
            let counts = self.counts(engine, &candidates, tested)?;
            let mut fitting: Vec<(Candidate, u64)> = candidates
                .into_iter()
                .zip(counts)
                // What nearly every record has explains nothing.
                .filter(|(candidate, (records, all))| {
                    candidate.covers.len() as u64 * 2 >= *records && records * 10 <= all * 9
                })
                .map(|(candidate, (records, _))| (candidate, records))
                .collect();
            // The most findings; of two that cover the same, the one that describes fewer records, then the plainer one.
            fitting.sort_by(|(a, x), (b, y)| {
                b.covers.len().cmp(&a.covers.len()).then(x.cmp(y)).then_with(|| a.pairs.cmp(&b.pairs))
            });
            for (mut candidate, records) in fitting {
                candidate.covers.retain(|finding| left.contains(finding));
                if candidate.covers.len() >= FINDINGS_MIN && self.customers(&candidate.covers) >= CUSTOMERS_MIN {
                    left.retain(|finding| !candidate.covers.contains(finding));
                    chosen.push((candidate, records));
                }
            }
        }
        Ok(chosen)
    }

    fn singles(&self, left: &BTreeSet<usize>) -> Vec<Candidate> {
        self.frequent(left).into_iter().filter_map(|pair| self.candidate(vec![pair], left)).collect()
    }

    /// Pairs that cover a fifth of what is left at least, the widest first.
    fn pairs(&self, left: &BTreeSet<usize>) -> Vec<Candidate> {
        let frequent = self.frequent(left);
        let places: BTreeMap<(usize, &Value), usize> =
            frequent.iter().enumerate().map(|(place, (dimension, value))| ((*dimension, value), place)).collect();
        // Counted finding by finding: frequent values are many, and most pairs of them never meet.
        let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for &finding in left {
            let own: Vec<usize> = (0..self.dimensions.len())
                .filter_map(|dimension| places.get(&(dimension, self.value(finding, dimension))).copied())
                .collect();
            for (at, first) in own.iter().enumerate() {
                own[at + 1..].iter().for_each(|second| *counts.entry((*first, *second)).or_default() += 1);
            }
        }
        let wide = counts.into_iter().filter(|(_, count)| is_wide(*count, left.len()));
        let pair = |((first, second), _): ((usize, usize), usize)| {
            self.candidate(vec![frequent[first].clone(), frequent[second].clone()], left)
        };
        let mut candidates: Vec<Candidate> = wide.filter_map(pair).collect();
        candidates.sort_by(|a, b| b.covers.len().cmp(&a.covers.len()).then_with(|| a.pairs.cmp(&b.pairs)));
        candidates.truncate(PAIRS_MAX);
        candidates
    }

    /// How many records of the population each description holds for, whenever; counted once for all rules.
    fn records(
        &self,
        engine: &dyn Engine,
        candidates: &[Candidate],
        (part, known): (Part, &mut Known),
    ) -> Result<Vec<u64>, EngineError> {
        let population = &self.harvested[self.findings[0]].item.0;
        let key = |candidate: &Candidate| {
            let columns = candidate.pairs.iter().map(|(dimension, _)| self.dimensions[*dimension].0).collect();
            (part, population.clone(), columns)
        };
        let values = |candidate: &Candidate| candidate.pairs.iter().map(|(_, value)| value.clone()).collect();
        // What has not been counted yet. Of groups of which there may be millions, only these are given back.
        let mut wanted: BTreeMap<Described, BTreeSet<Vec<Value>>> = BTreeMap::new();
        for candidate in candidates {
            let (key, values) = (key(candidate), values(candidate));
            if known.get(&key).is_none_or(|counts| !counts.contains_key(&values)) {
                wanted.entry(key).or_default().insert(values);
            }
        }
        let column = |words: &&'static str| {
            let found = self.dimensions.iter().find(|(known, _)| known == words);
            found.map(|(_, column)| column.clone()).unwrap_or_default()
        };
        let first = self.harvested[self.findings[0]].item.1;
        let end = RecordRef { record: first.record.saturating_add(FIRST), ..first }.pack();
        let plan = |((_, _, words), values): (&Described, &BTreeSet<Vec<Value>>)| {
            let columns: Vec<String> = words.iter().map(column).collect();
            let some = match part {
                Part::All => self.plan.clone(),
                Part::First => {
                    let rec = || Expr::col("rec", Ty::INT);
                    let after = rec().compare(Cmp::Ge, Expr::int(first.pack().into()));
                    self.plan.clone().filter(after.and(rec().compare(Cmp::Lt, Expr::int(end.into()))))
                }
            };
            // A few values, or pairs of them, are asked for, and there may be many more.
            if columns.len() > 1 || values.len() <= VALUES_FEW {
                let is = |values: &Vec<Value>| {
                    let each = columns.iter().zip(values).map(|(name, value)| is(name, value));
                    each.reduce(Expr::and).unwrap_or_else(|| Expr::bool(true))
                };
                let truths = values.iter().enumerate().map(|(at, values)| (format!("is:{at}"), is(values)));
                let counts = (0..values.len()).map(|at| (format!("records:{at}"), Agg::True(format!("is:{at}"))));
                return some.project(truths.collect()).aggregate(Vec::new(), counts.collect());
            }
            let asked = |name: &String| Column { name: format!("asked.{name}"), ty: Ty::Text };
            let asked =
                Relation { columns: columns.iter().map(asked).collect(), rows: values.iter().cloned().collect() };
            let on = columns.iter().map(|name| (name.clone(), format!("asked.{name}"))).collect();
            let counts = some.aggregate(columns, vec![("records".to_owned(), Agg::Count)]);
            counts.join(Plan::Rows(Arc::new(asked)), on, Join::Semi)
        };
        let plans: Vec<Plan> = wanted.iter().map(plan).collect();
        let counted = if plans.is_empty() { Vec::new() } else { engine.run(&plans)? };
        for ((key, values), relation) in wanted.into_iter().zip(counted) {
            let several = key.2.len() > 1 || values.len() <= VALUES_FEW;
            let counts = known.entry(key).or_default();
            let number = |value: &Value| value.num().and_then(|records| u64::try_from(records).ok()).unwrap_or(0);
            if several {
                let row = relation.rows.into_iter().next().unwrap_or_default();
                counts.extend(values.into_iter().zip(row.iter().map(number)));
                continue;
            }
            counts.extend(values.into_iter().map(|values| (values, 0)));
            for mut row in relation.rows {
                let records = row.pop().map_or(0, |records| number(&records));
                counts.insert(row, records);
            }
        }
        let count = |candidate: &Candidate| {
            known.get(&key(candidate)).and_then(|counts| counts.get(&values(candidate))).copied().unwrap_or(0)
        };
        Ok(candidates.iter().map(count).collect())
    }

    /// How many tested records each description holds for, and how many there are, from its first day on.
    fn counts(
        &self,
        engine: &dyn Engine,
        candidates: &[Candidate],
        tested: usize,
    ) -> Result<Vec<(u64, u64)>, EngineError> {
        let rec = format!("own.{REC}");
        let own = Plan::Among { input: Box::new(by_record(&self.plan)), rec, held: tested };
        // All of them in one pass over the records.
        let (mut columns, mut counts) = (Vec::new(), Vec::new());
        for (at, candidate) in candidates.iter().enumerate() {
            let since = candidate
                .since
                .map_or(Expr::bool(true), |since| Expr::col("day", Ty::Date).compare(Cmp::Ge, Expr::date(since.0)));
            let pairs = candidate.pairs.iter().map(|(dimension, value)| is(&self.dimensions[*dimension].1, value));
            for (name, truth) in [("described", pairs.fold(since.clone(), Expr::and)), ("all", since)] {
                columns.push((format!("is.{name}:{at}"), truth));
                counts.push((format!("{name}:{at}"), Agg::True(format!("is.{name}:{at}"))));
            }
        }
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let counted = engine.run(&[own.project(columns).aggregate(Vec::new(), counts)])?;
        let row = counted.into_iter().flat_map(|relation| relation.rows).next().unwrap_or_default();
        let count =
            |at: usize| row.get(at).and_then(Value::num).and_then(|records| u64::try_from(records).ok()).unwrap_or(0);
        Ok((0..candidates.len()).map(|at| (count(2 * at), count(2 * at + 1))).collect())
    }

    fn root(&self, rule: &str, candidate: &Candidate, records: u64) -> RootCause {
        let what: Vec<(String, String)> = candidate
            .pairs
            .iter()
            .map(|(dimension, value)| {
                (self.dimensions[*dimension].0.to_owned(), value.as_text().unwrap_or_default().to_owned())
            })
            .collect();
        let findings = || candidate.covers.iter().map(|&index| &self.harvested[index].finding);
        let mut print = blake3::Hasher::new();
        print.update(rule.as_bytes());
        for (dimension, value) in &what {
            print.update(&[0]).update(dimension.as_bytes()).update(&[1]).update(value.as_bytes());
        }
        RootCause {
            id: print.finalize().to_hex()[..16].to_owned(),
            rule: rule.to_owned(),
            what,
            since: candidate.since,
            findings: candidate.covers.len() as u64,
            records,
            customers: findings().filter_map(|finding| finding.party.as_ref()).collect::<BTreeSet<_>>().len() as u64,
            totals: class_totals(findings()),
            fingerprints: findings().map(|finding| finding.fingerprint.clone()).collect(),
        }
    }
}

/// Whether a dimension has a value.
fn is(column: &str, value: &Value) -> Expr {
    let literal = Expr { node: Node::Lit(value.clone()), ty: Ty::Text, bound: 0 };
    Expr::col(column, Ty::Text).compare(Cmp::Eq, literal)
}

/// The dimensions with the record under a name by which records are joined.
fn by_record(plan: &Plan) -> Plan {
    let renamed = plan.columns().into_iter().map(|column| {
        let name = if column.name == "rec" { format!("own.{REC}") } else { column.name.clone() };
        (name, Expr::col(column.name, column.ty))
    });
    plan.clone().project(renamed.collect())
}

/// Whether a pair of values covers enough of the findings that are left: ten, and a fifth of them.
fn is_wide(covers: usize, left: usize) -> bool {
    covers >= FINDINGS_MIN && covers * 5 >= left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_covers_ten_findings_and_a_fifth_of_what_is_left() {
        assert!(is_wide(10, 10) && is_wide(10, 50) && is_wide(20, 100));
        assert!(!is_wide(9, 9), "too few findings");
        assert!(!is_wide(10, 51) && !is_wide(19, 100), "too small a part");
    }
}
