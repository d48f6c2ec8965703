//! Sums of child records, joined to the records under test.

use tieout_ingest::store::REC;
use tieout_model::Code;

use super::{Build, Child, Refusal, known_population};
use crate::catalog::{Cause, Scope};
use crate::checks::EvidencePlan;
use crate::expr::{Cmp, Expr, Node, Resolution};
use crate::file::{ChildFile, Text};
use crate::plan::{Agg, Join, Plan};
use crate::value::{Ty, Value};

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
        let take = child.condition.as_ref().map(|text| {
            let condition = ty_of(self, text, &mut scope);
            self.expect_ty(text, &condition, Ty::Bool)
        });
        let mut keys = Vec::new();
        let mut columns = Vec::new();
        for (column, text) in &child.keys {
            let path: Vec<String> = column.split('.').map(str::to_owned).collect();
            let own = match scope.resolve(&path) {
                Resolution::Expr(own) => own,
                Resolution::Unmapped(name, ty) => {
                    self.lacks(name);
                    Expr::null(ty)
                }
                Resolution::Unknown(message) => {
                    self.complain(Code::RuleColumn, text, message);
                    Expr::null(Ty::Text)
                }
            };
            let name = format!("{prefix}key:{column}");
            let base = self.expr(text);
            columns.push((name.clone(), own));
            keys.push((name, base));
        }
        let dates = match (&child.date, &child.until) {
            (Some(date), until) => {
                let date = ty_of(self, date, &mut scope);
                let until = match until {
                    Some(until) => Some(self.date(until)),
                    None => self.audited.as_of.map(|day| Expr::date(day.0)),
                };
                until.map(|until| (date, until))
            }
            _ => None,
        };
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
            // A row without its date is not known to be early or late.
            let taken = match &dates {
                Some((date, _)) => Expr::case(vec![(date.clone().is_null(), Expr::null(ty))], taken),
                None => taken,
            };
            columns.push((format!("{prefix}value:{name}"), taken));
            sums.push(name.clone());
            self.define_sum(name, ty, Some(bound));
        }
        columns.push((format!("{prefix}take"), take.unwrap_or_else(|| Expr::bool(true))));
        let until = dates.map(|(date, until)| {
            columns.push((format!("{prefix}date"), date));
            (Expr::col(format!("{prefix}date"), Ty::Date), until)
        });
        let role = child.role.clone().unwrap_or_else(|| population.clone());
        let plan = scope.plan().extend(columns);
        self.evidence.push(EvidencePlan {
            role,
            population: population.clone(),
            rec: scope.rec(),
            prefix: prefix.clone(),
            plan: plan.clone().filter(Expr::col(format!("{prefix}take"), Ty::Bool)),
            on: keys.iter().map(|(name, _)| (format!("~{name}"), name.clone())).collect(),
            until: until.as_ref().map(|_| (format!("{prefix}date"), format!("~{prefix}until"))),
        });
        self.children.push(Child { plan, keys, sums, until });
    }

    /// Nothing was summed: the names keep their types, and the lack is named.
    fn absent_child(&mut self, child: &ChildFile, scope: &mut Scope<'a>) {
        let population = child.population.as_ref();
        let before = self.missing_so_far();
        for (name, text) in &child.sum {
            let value = self.foreign(text, scope, population, false);
            self.define_sum(name, value.ty, None);
        }
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

    /// The records with every column, key and sum.
    pub fn assemble(&self) -> Plan {
        let mut plan = self.scope.plan();
        let mut keys = Vec::new();
        for (index, child) in self.children.iter().enumerate() {
            keys.extend(child.keys.iter().map(|(name, expr)| (format!("~{name}"), expr.clone())));
            if let Some((_, until)) = &child.until {
                keys.push((format!("~{index}:until"), until.clone()));
            }
        }
        plan = plan.extend(keys);
        for (index, child) in self.children.iter().enumerate() {
            plan = Self::join_child(plan, index, child, &self.scope.rec());
        }
        plan
    }

    fn join_child(plan: Plan, index: usize, child: &Child, rec: &str) -> Plan {
        let prefix = format!("{index}:");
        let value = |name: &String| format!("{prefix}value:{name}");
        let mut aggs = vec![(format!("{prefix}taken"), Agg::True(format!("{prefix}take")))];
        for name in &child.sums {
            aggs.push((format!("{prefix}sum:{name}"), Agg::Sum(value(name))));
            aggs.push((format!("{prefix}missing:{name}"), Agg::Missing(value(name))));
        }
        let (sums, on) = match &child.until {
            None => {
                let keys: Vec<String> = child.keys.iter().map(|(name, _)| name.clone()).collect();
                let on = keys.iter().map(|key| (format!("~{key}"), key.clone())).collect();
                (child.plan.clone().aggregate(keys, aggs), on)
            }
            Some((date, _)) => {
                // Only rows known by the record's own day count, so the sum is by record.
                let alias = format!("{prefix}rec");
                let mut narrow = vec![(alias.clone(), Expr::col(rec, Ty::INT))];
                narrow.push((format!("{prefix}until"), Expr::col(format!("~{prefix}until"), Ty::Date)));
                let mut on = Vec::new();
                for (name, expr) in &child.keys {
                    narrow.push((format!("~{name}"), Expr::col(format!("~{name}"), expr.ty)));
                    on.push((format!("~{name}"), name.clone()));
                }
                let early = date.clone().compare(Cmp::Le, Expr::col(format!("{prefix}until"), Ty::Date));
                let joined = plan.clone().project(narrow).join(child.plan.clone(), on, Join::Inner);
                // A row without a date is not known to be early or late: it is missing, never left out.
                let missing = Expr::col(format!("{prefix}date"), Ty::Date).is_null();
                let known = joined.filter(early.or(missing));
                let renamed = known.aggregate(vec![alias.clone()], aggs);
                (
                    renamed.extend(vec![(format!("{prefix}rec{REC}"), Expr::col(alias, Ty::INT))]),
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
        joined = joined.extend(columns);
        joined
    }

    /// Child rows whose amount or condition is unknown make their parent not tested.
    pub(super) fn child_causes(&self) -> Vec<Cause> {
        let mut causes = Vec::new();
        for (child, plan) in self.children.iter().zip(&self.evidence) {
            for name in &child.sums {
                let missing = Expr::col(format!("missing.{name}"), Ty::INT).compare(Cmp::Gt, Expr::int(0));
                causes.push(Cause {
                    condition: missing,
                    words: format!("a {} record of it is incomplete or unreadable (`{name}`)", plan.population),
                });
            }
        }
        causes
    }
}
