//! Two documents beside each other: by which criteria of which rule they are one thing or two, and what kept each from being
//! found. It answers "why is this not flagged?" as well as "why is it?".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_ingest::store::{REC, Store};
use tieout_model::pair::{Criterion, Pair, PairTest};
use tieout_model::{Evidence, RecordRef};

use crate::audit::{Options, outcomes_of};
use crate::catalog::{Catalog, Scope};
use crate::checks::sentence::number;
use crate::checks::{self, Audited, Procedure};
use crate::engine::columnar::{Columnar, bounds};
use crate::engine::{Engine, EngineError};
use crate::expr::{Cmp, Expr};
use crate::file::DuplicateFile;
use crate::judge::netting::Netting;
use crate::judge::number::alike;
use crate::netted;
use crate::plan::{Join, Plan};
use crate::rule::{Library, Rule};
use crate::value::{Column, Relation, Ty, Value};

/// Populations in which a document is looked for, and the columns by which people know it.
const DOCUMENTS: [(&str, [&str; 2]); 2] =
    [("invoice", ["invoice_id", "invoice_no"]), ("payment", ["payment_id", "reference"])];

/// Lines of each document that are put beside each other.
const LINES_MAX: usize = 60;

/// Puts two documents beside each other. `Err` says which id was not found, or what failed.
pub fn pair(store: &Store, library: &Library, options: &Options, ids: [&str; 2]) -> Result<Pair, String> {
    let engine = Columnar::new(store);
    let words = |error: EngineError| error.to_string();
    let catalog = Catalog::new(store, &bounds(store).map_err(words)?);
    let netting = netted::run(&engine, &catalog, options.period, options.as_of).map_err(words)?;
    let audited = Audited { period: options.period, as_of: options.as_of, netting: Arc::new(netting) };
    let session = Session { engine: &engine, catalog: &catalog, audited: &audited, library, options };
    session.pair(ids)
}

struct Session<'a> {
    engine: &'a dyn Engine,
    catalog: &'a Catalog,
    audited: &'a Audited,
    library: &'a Library,
    options: &'a Options,
}

/// A document as found.
struct Found {
    population: &'static str,
    /// Its id and number.
    names: Vec<String>,
    evidence: Evidence,
}

impl Session<'_> {
    fn pair(&self, ids: [&str; 2]) -> Result<Pair, String> {
        let words = |error: EngineError| error.to_string();
        let found =
            ids.map(|id| self.find(id).map_err(words)?.ok_or(format!("no invoice and no payment is called `{id}`")));
        let [first, second] = found;
        let (first, second) = (first?, second?);
        if first.population != second.population {
            return Err(format!("`{}` is of {}, `{}` of {}", ids[0], first.population, ids[1], second.population));
        }
        if first.evidence.record == second.evidence.record {
            return Err(format!("`{}` and `{}` are the same record", ids[0], ids[1]));
        }
        let is_named = |name: &String| first.names.contains(name) || second.names.contains(name);
        let entries = self.audited.netting.register.entries.iter();
        let touched = entries.filter(|entry| {
            is_named(&entry.credit) || is_named(&entry.bill) || entry.rebill.as_ref().is_some_and(is_named)
        });
        let netting = touched.cloned().collect();
        let records = [first.evidence.record, second.evidence.record];
        let (mut outcomes, mut tests) = (Vec::new(), Vec::new());
        for rule in self.library.select(&self.options.select).0 {
            let Ok(procedure) = self.plan(rule) else { continue };
            if procedure.population == first.population {
                let all = self.outcomes(rule).map_err(words)?;
                let both = records.map(|record| all.get(&record).cloned().unwrap_or_default());
                if both.iter().any(|outcome| outcome != "clean" && outcome != "out of scope") {
                    outcomes.push((rule.card.id.clone(), both));
                }
            }
            if let Some(file) = &rule.file.check.duplicate {
                tests.extend(self.test(rule, file, &procedure, (&first, &second)).map_err(words)?);
            }
        }
        // Rules that look at neither stand last.
        let idle = |test: &PairTest| test.outcomes.iter().all(|outcome| outcome == "out of scope");
        tests.sort_by_key(|test| (idle(test), test.failing().count()));
        Ok(Pair { documents: [first.evidence, second.evidence], netting, outcomes, tests })
    }

    fn plan(&self, rule: &Rule) -> Result<Procedure, checks::Refusal> {
        let setting = self.options.settings.get(&rule.card.id).cloned().unwrap_or_default();
        checks::plan(rule, self.catalog, self.audited, &setting.params)
    }

    fn outcomes(&self, rule: &Rule) -> Result<BTreeMap<RecordRef, String>, EngineError> {
        let all = outcomes_of(self.engine, self.catalog, self.audited, rule, self.options);
        all.map(|(_, outcomes)| outcomes).map_err(EngineError)
    }

    /// The first record whose id or number it is.
    fn find(&self, id: &str) -> Result<Option<Found>, EngineError> {
        for (population, names) in
            DOCUMENTS.into_iter().filter(|(population, _)| self.catalog.table(population).is_some())
        {
            for name in names {
                let mut scope = Scope::new(self.catalog, population, "");
                let Some(expr) = scope.column(name).filter(|expr| expr.ty == Ty::Text) else { continue };
                let columns = self.columns(population, &mut scope);
                let wanted = expr.compare(Cmp::Eq, Expr::text(id));
                let plan = scope.plan().filter(wanted).project(columns);
                let mut found = self.engine.run(&[plan])?.into_iter().next().unwrap_or_default();
                found.rows.sort();
                let Some(row) = found.rows.first() else { continue };
                return Ok(Some(document(population, names, &found, row)));
            }
        }
        Ok(None)
    }

    /// The record, and every column of the population that was read.
    fn columns(&self, population: &str, scope: &mut Scope<'_>) -> Vec<(String, Expr)> {
        let mut columns = vec![("rec".to_owned(), scope.rec_expr())];
        let known = self.catalog.table(population).map(|table| table.columns.keys().cloned().collect::<Vec<_>>());
        for name in known.unwrap_or_default() {
            columns.extend(scope.column(&name).map(|expr| (name, expr)));
        }
        columns
    }

    /// The records of a rule's population that belong to a document: itself, or its lines by number.
    fn members(&self, population: &str, document: &Found) -> Result<Vec<RecordRef>, EngineError> {
        if population == document.population {
            return Ok(vec![document.evidence.record]);
        }
        if population != "invoice_line" || document.population != "invoice" {
            return Ok(Vec::new());
        }
        let mut scope = Scope::new(self.catalog, population, "");
        let (Some(of), Some(id)) = (scope.column("invoice_id"), document.names.first()) else { return Ok(Vec::new()) };
        let rec = ("rec".to_owned(), scope.rec_expr());
        let plan = scope.plan().filter(of.compare(Cmp::Eq, Expr::text(id))).project(vec![rec]);
        let mut found = self.engine.run(&[plan])?.into_iter().next().unwrap_or_default();
        found.rows.sort();
        Ok(found.rows.iter().take(LINES_MAX).map(|row| record(&row[0])).collect())
    }

    /// The rule over the two members that are most alike; none where the rule looks at neither.
    fn test(
        &self,
        rule: &Rule,
        file: &DuplicateFile,
        procedure: &Procedure,
        (first, second): (&Found, &Found),
    ) -> Result<Option<PairTest>, EngineError> {
        let sides = [self.members(&procedure.population, first)?, self.members(&procedure.population, second)?];
        let all: BTreeSet<RecordRef> = sides.iter().flatten().copied().collect();
        let rows = self.rows(procedure, &all)?;
        let others = self.others(procedure, &rows)?;
        let rec = rows.index(&procedure.rec);
        let place: BTreeMap<RecordRef, usize> =
            rows.rows.iter().enumerate().map(|(place, row)| (record(&row[rec]), place)).collect();
        let known = self.outcomes(rule)?;
        let look = Look { file, rows: &rows, others: &others, procedure, netting: &self.audited.netting };
        let mut best: Option<(usize, PairTest)> = None;
        for a in &sides[0] {
            for b in &sides[1] {
                let (Some(&left), Some(&right)) = (place.get(a), place.get(b)) else { continue };
                let criteria = look.criteria(left, right);
                let failing = criteria.iter().filter(|one| one.holds == Some(false)).count();
                if best.as_ref().is_some_and(|(least, _)| *least <= failing) {
                    continue;
                }
                let two = Relation {
                    columns: rows.columns.clone(),
                    rows: [left, right].map(|row| rows.rows[row].clone()).into(),
                };
                let judged = procedure.judge.as_ref().map(|judge| (judge.decide)(&two, &others));
                let outcome = |record: &RecordRef| known.get(record).cloned().unwrap_or_default();
                let lines =
                    if procedure.population == first.population { String::new() } else { look.lines(left, right) };
                best = Some((
                    failing,
                    PairTest {
                        rule: rule.card.id.clone(),
                        what: format!("{}{lines}", procedure.population),
                        criteria,
                        outcomes: [outcome(a), outcome(b)],
                        alone: judged.is_some_and(|judgement| !judgement.wrong.is_empty()),
                    },
                ));
            }
        }
        Ok(best.map(|(_, test)| test))
    }

    /// The graded rows of some records, whatever their outcome.
    fn rows(&self, procedure: &Procedure, records: &BTreeSet<RecordRef>) -> Result<Relation, EngineError> {
        let key = format!("pair.{REC}");
        let wanted = Arc::new(Relation {
            columns: vec![Column { name: key.clone(), ty: Ty::INT }],
            rows: records.iter().map(|record| vec![Value::Num(record.pack().into())]).collect(),
        });
        let on = vec![(procedure.rec.clone(), key)];
        let plan = procedure.graded_of(&wanted).join(Plan::Rows(wanted), on, Join::Semi);
        let mut rows = self.engine.run(&[plan])?.into_iter().next().unwrap_or_default();
        rows.rows.sort();
        Ok(rows)
    }

    /// What the judge reads beside them.
    fn others(&self, procedure: &Procedure, rows: &Relation) -> Result<Vec<Relation>, EngineError> {
        let mut others = Vec::new();
        for (plan, on) in procedure.judge.iter().flat_map(|judge| &judge.others) {
            let keys: Vec<String> = on.iter().map(|(own, _)| own.clone()).collect();
            let ours = Plan::Rows(Arc::new(rows.clone())).distinct(&keys);
            let pairs = on.iter().map(|(own, theirs)| (theirs.clone(), own.clone())).collect();
            let mut other =
                self.engine.run(&[plan.clone().join(ours, pairs, Join::Semi)])?.into_iter().next().unwrap_or_default();
            other.rows.sort();
            others.push(other);
        }
        Ok(others)
    }
}

fn document(population: &'static str, names: [&str; 2], found: &Relation, row: &[Value]) -> Found {
    let cell = |name: &str| found.find(name).and_then(|at| row[at].as_text()).map(str::to_owned);
    let cells = found.columns.iter().zip(row).skip(1).filter(|(_, value)| !value.is_null());
    Found {
        population,
        names: names.into_iter().filter_map(cell).collect(),
        evidence: Evidence {
            population: population.to_owned(),
            record: record(&row[0]),
            role: "document".to_owned(),
            cells: cells.map(|(column, value)| (column.name.clone(), number(value, column.ty))).collect(),
            line: None,
            received: Vec::new(),
        },
    }
}

fn record(value: &Value) -> RecordRef {
    RecordRef::unpack(value.num().and_then(|units| i64::try_from(units).ok()).unwrap_or(0))
}

/// The criteria of one rule over graded rows.
struct Look<'a> {
    file: &'a DuplicateFile,
    rows: &'a Relation,
    others: &'a [Relation],
    procedure: &'a Procedure,
    netting: &'a Netting,
}

impl Look<'_> {
    fn cell(&self, row: usize, name: &str) -> Option<(&Value, Ty)> {
        let at = self.rows.find(name)?;
        Some((&self.rows.rows[row][at], self.rows.columns[at].ty))
    }

    fn shown(&self, row: usize, name: &str) -> String {
        match self.cell(row, name) {
            Some((value, ty)) if !value.is_null() => number(value, ty),
            Some(_) => "empty".to_owned(),
            None => "not in the exports".to_owned(),
        }
    }

    /// Whether two cells are equal; none where one is missing.
    fn equal(&self, left: usize, right: usize, name: &str) -> Option<bool> {
        let (a, b) = (self.cell(left, name)?.0, self.cell(right, name)?.0);
        (!a.is_null() && !b.is_null()).then(|| a == b)
    }

    fn lines(&self, left: usize, right: usize) -> String {
        let name = |row: usize| self.shown(row, "line_no");
        format!(" {} and {}", name(left), name(right))
    }

    fn criteria(&self, left: usize, right: usize) -> Vec<Criterion> {
        let values = |name: &str| [self.shown(left, name), self.shown(right, name)];
        let mut criteria = Vec::new();
        let mut add = |what: &str, demand: String, values: [String; 2], holds: Option<bool>| {
            criteria.push(Criterion { what: what.to_owned(), demand, values, holds });
        };
        for (index, text) in self.file.key.iter().enumerate() {
            let name = format!("~key:{index}");
            add(text.as_ref(), "equal".to_owned(), values(&name), self.equal(left, right, &name));
        }
        if let Some(text) = &self.file.similar {
            let of = |row| self.cell(row, "~similar").and_then(|(value, _)| value.as_text());
            let holds = of(left).zip(of(right)).map(|(a, b)| alike(a, b));
            add(text.as_ref(), "alike".to_owned(), values("~similar"), holds);
        }
        for (index, text) in self.file.differs.iter().enumerate() {
            let name = format!("~differs:{index}");
            let holds = self.equal(left, right, &name).map(|equal| !equal);
            add(text.as_ref(), "different".to_owned(), values(&name), holds);
        }
        if let Some(near) = &self.file.near {
            let day = |row| self.cell(row, "~date").and_then(|(value, _)| value.date());
            let apart = day(left).zip(day(right)).map(|(a, b)| i128::from(a.0.abs_diff(b.0)));
            let most = self.cell(right, "~days").and_then(|(value, _)| value.num());
            let demand = format!("at most {} days apart", self.shown(right, "~days"));
            add(near.date.as_ref(), demand, values("~date"), apart.zip(most).map(|(apart, most)| apart <= most));
        }
        for (index, text) in self.file.unless_differs.iter().enumerate() {
            let name = format!("~unless:{index}");
            // An empty cell tells nothing apart.
            let holds = self.cell(left, &name).map(|_| self.equal(left, right, &name).unwrap_or(true));
            add(text.as_ref(), "not two different ones".to_owned(), values(&name), holds);
        }
        if let Some(content) = &self.file.content {
            let sets = [left, right].map(|row| self.content(row));
            let shown = |set: &Vec<Vec<Value>>| format!("{} lines", set.len());
            let holds = (!sets[0].is_empty() && !sets[1].is_empty()).then(|| sets[0] == sets[1]);
            add(content.population.as_ref(), "the same lines".to_owned(), [shown(&sets[0]), shown(&sets[1])], holds);
        }
        if self.file.net {
            let left_of = |row: usize| {
                let rec = self.cell(row, &self.procedure.rec).and_then(|(value, _)| value.num())?;
                self.netting.residue(&self.procedure.population, rec)
            };
            let residues = [left, right].map(left_of);
            let shown = |residue: &Option<crate::judge::netting::Residue>| {
                residue.as_ref().map_or("not netted".to_owned(), |residue| residue.words.join("; "))
            };
            let holds = residues.iter().all(|residue| residue.as_ref().is_none_or(|residue| residue.left > 0));
            add(
                "netting",
                "something of it is left".to_owned(),
                [shown(&residues[0]), shown(&residues[1])],
                Some(holds),
            );
        }
        criteria
    }

    /// The lines of a document as the judge compares them.
    fn content(&self, row: usize) -> Vec<Vec<Value>> {
        let Some(other) = self.others.first() else { return Vec::new() };
        let Some((_, on)) = self.procedure.judge.as_ref().and_then(|judge| judge.others.first()) else {
            return Vec::new();
        };
        let same = |line: &&Vec<Value>| {
            on.iter()
                .all(|(own, theirs)| self.cell(row, own).map(|(value, _)| value) == Some(&line[other.index(theirs)]))
        };
        let compared: Vec<usize> = (0..other.columns.len())
            .filter(|&at| other.columns[at].name.starts_with("line:") && other.columns[at].name.ends_with('~'))
            .collect();
        let lines = other.rows.iter().filter(same);
        let mut lines: Vec<Vec<Value>> =
            lines.map(|line| compared.iter().map(|&at| line[at].clone()).collect()).collect();
        lines.sort();
        lines
    }
}
