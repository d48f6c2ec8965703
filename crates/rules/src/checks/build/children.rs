//! Sums of child records, joined to the records under test.

use std::sync::Arc;

use tieout_ingest::store::REC;
use tieout_model::{Code, ColumnType};

use super::{Build, Child, Refusal, Within, known_population};
use crate::catalog::{Cause, Scope};
use crate::checks::EvidencePlan;
use crate::expr::{Cmp, Expr, Node, Resolution};
use crate::file::{ChildFile, Text};
use crate::plan::{Agg, Join, Plan};
use crate::value::{Ty, Value};

/// What netting left where there are no lines: of the right type, and missing.
fn unknown_left(column: &str) -> Expr {
    let ty = if column == "quantity" { Ty::of_column(ColumnType::Quantity) } else { Ty::MONEY };
    Expr::null(ty)
}

/// What netting left of lines, beside them.
struct Residues {
    rows: Plan,
    key: String,
    columns: Vec<(String, Expr)>,
}

impl Residues {
    fn around(self, lines: Plan, rec: String) -> Plan {
        lines.join(self.rows, vec![(rec, self.key)], Join::Left).extend(self.columns)
    }
}

impl<'a> Build<'a> {
    /// Sums of a child population, readable as `sum.<name>` and `count.<name>`.
    pub fn child(&mut self, child: &ChildFile) {
        if let Err(refusal) = known_population(self.rule, &child.population) {
            if let Refusal::Wrong(complaints) = refusal {
                self.diagnostics.extend(complaints);
            }
            return;
        }
        let population = child.population.as_ref();
        let index = self.children.len();
        let ty_of =
            |build: &mut Self, text: &Text, scope: &mut Scope<'a>| build.foreign(text, scope, population, false);
        let prefix = format!("{index}:");
        let mut scope = Scope::new(self.catalog, population, &prefix);
        if self.catalog.table(population).is_none() {
            self.absent_child(child, &mut scope);
            return;
        }
        let residues = child.net.then(|| self.residues(&mut scope, &prefix));
        let take = child.condition.as_ref().map(|text| {
            let condition = ty_of(self, text, &mut scope);
            self.expect_ty(text, &condition, Ty::Bool)
        });
        let mut keys = Vec::new();
        let mut columns = Vec::new();
        for (index, (column, text)) in child.keys.iter().enumerate() {
            let name = format!("{prefix}key:{index}");
            columns.push((name.clone(), self.child_key(column, &mut scope, population)));
            keys.push((name, self.expr(text)));
        }
        let within = self.within(child, &mut scope, &mut columns, &prefix);
        let mut sums = Vec::new();
        for (name, text) in &child.sum {
            let value = ty_of(self, text, &mut scope);
            if !matches!(value.ty, Ty::Num { .. }) {
                if self.diagnostics.is_empty() && self.unmapped.is_empty() {
                    self.complain(Code::RuleType, text, format!("a number is wanted here, this is {}", value.ty));
                }
                continue;
            }
            let zero = Expr { node: Node::Lit(Value::Num(0)), ty: value.ty, bound: 0 };
            let ty = value.ty;
            let records = self.catalog.table(population).map_or(1, |table| u128::from(table.records.max(1)));
            let bound = value.bound.saturating_mul(records);
            if bound > i128::MAX.unsigned_abs() {
                self.complain(Code::RuleBound, text, "this sum could exceed the largest exact integer");
            }
            let taken =
                take.clone().map_or_else(|| value.clone(), |take| Expr::case(vec![(take, value.clone())], zero));
            columns.push((format!("{prefix}value:{name}"), taken));
            sums.push(name.clone());
            self.define_sum(name, ty, Some(bound));
        }
        let mut dates = Vec::new();
        for (end, wanted) in [("first", &child.first), ("last", &child.last)] {
            for (name, text) in wanted {
                let day = self.without_review(|build| ty_of(build, text, &mut scope));
                let day = self.expect_ty(text, &day, Ty::Date);
                let day = match &take {
                    Some(take) => Expr::case(vec![(take.clone(), day)], Expr::null(Ty::Date)),
                    None => day,
                };
                let name = format!("{end}.{name}");
                columns.push((format!("{prefix}value:{name}"), day));
                self.define(&name, Expr::col(name.clone(), Ty::Date));
                dates.push(name);
            }
        }
        columns.push((format!("{prefix}take"), take.unwrap_or_else(|| Expr::bool(true))));
        let role = child.role.clone().unwrap_or_else(|| population.clone());
        self.left.clear();
        let plan = match residues {
            Some(residues) => residues.around(scope.plan(), scope.rec()).extend(columns),
            None => scope.plan().extend(columns),
        };
        self.evidence.push(EvidencePlan {
            role,
            population: population.clone(),
            rec: scope.rec(),
            prefix: prefix.clone(),
            plan: plan.clone().filter(Expr::col(format!("{prefix}take"), Ty::Bool)),
            on: keys.iter().map(|(name, _)| (format!("~{name}"), name.clone())).collect(),
            within: within
                .as_ref()
                .map(|within| (within.when.clone(), within.own.iter().map(|(name, _)| name.clone()).collect())),
        });
        self.children.push(Child { plan, keys, sums, dates, within });
    }

    /// Lets the child's expressions read what netting left of its lines.
    fn residues(&mut self, scope: &mut Scope<'a>, prefix: &str) -> Residues {
        self.nets();
        let mut columns = Vec::new();
        for (column, made) in [("quantity", "quantity"), ("net_amount", "amount")] {
            let Some(billed) = scope.column(column) else {
                self.lacks(format!("{}.{column}", scope.population));
                self.left.insert(format!("left.{column}"), unknown_left(column));
                continue;
            };
            let name = format!("{prefix}left.{column}");
            let (ty, bound) = (billed.ty, billed.bound);
            self.left.insert(format!("left.{column}"), Expr::col_bounded(name.clone(), ty, bound));
            let left = Expr::col_bounded(format!("{prefix}net.{made}"), ty, bound);
            columns.push((name, Expr { node: Node::Coalesce(vec![left, billed]), ty, bound }));
        }
        let mut rows = self.audited.netting.lines();
        for column in &mut rows.columns {
            column.name.insert_str(0, prefix);
        }
        Residues { rows: Plan::Rows(Arc::new(rows)), key: format!("{prefix}net.{REC}"), columns }
    }

    /// A key of the child's side: a column, or an expression over its row.
    pub fn child_key(&mut self, key: &Text, scope: &mut Scope<'a>, population: &str) -> Expr {
        let text = key.as_ref();
        if !text.chars().all(|symbol| symbol.is_ascii_alphanumeric() || symbol == '_' || symbol == '.') {
            return self.foreign(key, scope, population, false);
        }
        let path: Vec<String> = text.split('.').map(str::to_owned).collect();
        match scope.resolve(&path) {
            Resolution::Expr(own) => own,
            Resolution::Unmapped(name, ty) => {
                self.lacks(name);
                Expr::null(ty)
            }
            Resolution::Unknown(message) => {
                self.complain(Code::RuleColumn, key, message);
                Expr::null(Ty::Text)
            }
        }
    }

    /// `date`/`until` and `within` as one condition over both sides.
    fn within(
        &mut self,
        child: &ChildFile,
        scope: &mut Scope<'a>,
        columns: &mut Vec<(String, Expr)>,
        prefix: &str,
    ) -> Option<Within> {
        let population = child.population.as_ref();
        let mut all: Option<Within> = None;
        if let Some(date) = &child.date {
            let date = self.foreign(date, scope, population, false);
            let until = match &child.until {
                Some(until) => Some(self.date(until)),
                None => self.audited.as_of.map(|day| Expr::date(day.0)),
            };
            if let Some(until) = until {
                columns.push((format!("{prefix}date"), date));
                let own = format!("~{prefix}until");
                let known =
                    Expr::col(format!("{prefix}date"), Ty::Date).compare(Cmp::Le, Expr::col(own.clone(), Ty::Date));
                all = Some(Within { when: known, own: vec![(own, until)] });
            }
        }
        if let Some(text) = &child.within {
            let condition = self.foreign(text, scope, population, true);
            let condition = self.expect_ty(text, &condition, Ty::Bool);
            let mut read = std::collections::BTreeSet::new();
            condition.columns(&mut read);
            let types: std::collections::BTreeMap<String, Ty> =
                self.scope.plan().columns().into_iter().map(|column| (column.name, column.ty)).collect();
            let mut own = Vec::new();
            for name in read.into_iter().filter(|name| !name.starts_with(prefix)) {
                match types.get(&name) {
                    Some(ty) => own.push((name.clone(), Expr::col(name, *ty))),
                    None => self.complain(
                        Code::RuleColumn,
                        text,
                        format!("`{name}` is no column and cannot stand in `within`"),
                    ),
                }
            }
            all = Some(match all {
                None => Within { when: condition, own },
                Some(before) => {
                    Within { when: before.when.and(condition), own: before.own.into_iter().chain(own).collect() }
                }
            });
        }
        all
    }

    /// Nothing was summed: the names keep their types, and the lack is named.
    fn absent_child(&mut self, child: &ChildFile, scope: &mut Scope<'a>) {
        let population = child.population.as_ref();
        let before = self.missing_so_far();
        if child.net {
            let known = ["quantity", "net_amount"].map(|column| (format!("left.{column}"), unknown_left(column)));
            self.left = known.into();
        }
        for (name, text) in &child.sum {
            let value = self.foreign(text, scope, population, false);
            self.define_sum(name, value.ty, None);
        }
        for (end, wanted) in [("first", &child.first), ("last", &child.last)] {
            wanted.keys().for_each(|name| self.define(&format!("{end}.{name}"), Expr::null(Ty::Date)));
        }
        self.left.clear();
        self.forget_missing(before);
        if child.optional {
            self.review(format!("{population} is not in the exports and could explain it"));
        } else {
            self.lacks(population.clone());
        }
    }

    fn define_sum(&mut self, name: &str, ty: Ty, bound: Option<u128>) {
        let Some(bound) = bound else {
            // The population is not there: nothing was summed.
            self.define(&format!("sum.{name}"), Expr { node: Node::Lit(Value::Num(0)), ty, bound: 0 });
            self.define(&format!("count.{name}"), Expr::int(0));
            return;
        };
        self.define(&format!("sum.{name}"), Expr::col_bounded(format!("sum.{name}"), ty, bound));
        self.define(&format!("count.{name}"), Expr::col_bounded(format!("count.{name}"), Ty::INT, 1 << 40));
    }

    /// True where every child population has a missing key: then nothing could have been found.
    pub fn keyless(&self) -> Option<Expr> {
        let missing = |child: &Child| child.keys.iter().map(|(_, key)| key.clone().is_null()).reduce(Expr::or);
        self.children.iter().filter_map(missing).reduce(Expr::and)
    }

    /// The records with every column, key and sum. Where it depends on the record what counts, nothing is summed for one
    /// that is not `in_scope`: pairs are many.
    pub fn assemble(&self, in_scope: Option<&Expr>) -> Plan {
        let mut plan = self.scope.plan();
        let mut keys = Vec::new();
        for (index, child) in self.children.iter().enumerate() {
            keys.extend(child.keys.iter().map(|(name, expr)| (format!("~{name}"), expr.clone())));
            if let Some(within) = &child.within {
                let made = within.own.iter().filter(|(name, _)| name.starts_with(&format!("~{index}:")));
                keys.extend(made.cloned());
            }
        }
        plan = plan.extend(keys);
        for (index, child) in self.children.iter().enumerate() {
            plan = Self::join_child(plan, index, child, (&self.scope.rec(), in_scope));
        }
        plan
    }

    fn join_child(plan: Plan, index: usize, child: &Child, (rec, in_scope): (&str, Option<&Expr>)) -> Plan {
        let prefix = format!("{index}:");
        let value = |name: &String| format!("{prefix}value:{name}");
        let aggs = |value: &dyn Fn(&String) -> String| {
            let mut aggs = vec![(format!("{prefix}taken"), Agg::True(format!("{prefix}take")))];
            for name in &child.sums {
                aggs.push((format!("{prefix}sum:{name}"), Agg::Sum(value(name))));
                aggs.push((format!("{prefix}missing:{name}"), Agg::Missing(value(name))));
            }
            for name in &child.dates {
                let agg = if name.starts_with("first.") { Agg::Min(value(name)) } else { Agg::Max(value(name)) };
                aggs.push((format!("{prefix}date:{name}"), agg));
            }
            aggs
        };
        let (sums, on) = match &child.within {
            None => {
                let keys: Vec<String> = child.keys.iter().map(|(name, _)| name.clone()).collect();
                let on = keys.iter().map(|key| (format!("~{key}"), key.clone())).collect();
                // A row without a key is nobody's.
                let ty = |name: &String| child.plan.ty(name).unwrap_or(Ty::Text);
                let whole = keys.iter().map(|key| Expr::col(key.clone(), ty(key)).is_null().negated());
                let rows = match whole.reduce(Expr::and) {
                    Some(whole) => child.plan.clone().filter(whole),
                    None => child.plan.clone(),
                };
                (rows.aggregate(keys, aggs(&value)), on)
            }
            Some(within) => {
                // What counts depends on the record, so the sum is by record.
                let alias = format!("{prefix}rec");
                let mut narrow = vec![(alias.clone(), Expr::col(rec, Ty::INT))];
                let own = within.own.iter().map(|(name, expr)| (name.clone(), Expr::col(name.clone(), expr.ty)));
                narrow.extend(own);
                let mut on = Vec::new();
                for (name, expr) in &child.keys {
                    narrow.push((format!("~{name}"), Expr::col(format!("~{name}"), expr.ty)));
                    on.push((format!("~{name}"), name.clone()));
                }
                // A row of which it is not known whether it counts is missing, never left out.
                let take = Expr::col(format!("{prefix}take"), Ty::Bool);
                let counts = within.when.clone().and(take);
                let perhaps = counts.clone().otherwise(Expr::bool(true));
                let records = match in_scope {
                    // Of a record of which it is not known whether it is in scope, the sums are wanted.
                    Some(in_scope) => plan.clone().filter(in_scope.clone().otherwise(Expr::bool(true))),
                    None => plan.clone(),
                };
                let joined = records.project(narrow).join(child.plan.clone(), on, Join::Inner).filter(perhaps);
                let known = |name: &String| format!("{prefix}known:{name}");
                let values = child.sums.iter().chain(&child.dates).map(|name| {
                    let ty = child.plan.ty(&value(name)).unwrap_or(Ty::MONEY);
                    let stated = Expr::col(value(name), ty);
                    (known(name), Expr::case(vec![(counts.clone(), stated)], Expr::null(ty)))
                });
                let joined = joined.extend(values.collect());
                let by_record = joined.aggregate(vec![alias.clone()], aggs(&known));
                (
                    by_record.extend(vec![(format!("{prefix}rec{REC}"), Expr::col(alias, Ty::INT))]),
                    vec![(rec.to_owned(), format!("{prefix}rec{REC}"))],
                )
            }
        };
        let mut joined = plan.join(sums, on, Join::Left);
        let mut columns = Vec::new();
        for name in &child.sums {
            let ty = child.plan.ty(&value(name)).unwrap_or(Ty::MONEY);
            columns.push((format!("sum.{name}"), Expr::col(format!("{prefix}sum:{name}"), ty).or_zero()));
            columns.push((format!("count.{name}"), Expr::col(format!("{prefix}taken"), Ty::INT).or_zero()));
            columns.push((format!("missing.{name}"), Expr::col(format!("{prefix}missing:{name}"), Ty::INT).or_zero()));
        }
        let day = |name: &String| (name.clone(), Expr::col(format!("{prefix}date:{name}"), Ty::Date));
        columns.extend(child.dates.iter().map(day));
        joined = joined.extend(columns);
        joined
    }

    /// Child rows whose amount or condition is unknown make their parent not tested.
    pub(super) fn child_causes(&self) -> Vec<Cause> {
        let mut causes = Vec::new();
        for (child, plan) in self.children.iter().zip(&self.evidence) {
            let article = if plan.population.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
            for name in &child.sums {
                let missing = Expr::col(format!("missing.{name}"), Ty::INT).compare(Cmp::Gt, Expr::int(0));
                causes.push(Cause {
                    condition: missing,
                    words: format!("{article} {} record of it is incomplete or unreadable (`{name}`)", plan.population),
                });
            }
        }
        causes
    }
}
