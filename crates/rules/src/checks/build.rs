//! The common part of every check: expressions typed in the scope of the population under test, the sums of child
//! records, and the outcome of each record (clean, exception, out of scope, not tested and why).

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::schema::schema;
use tieout_ingest::store::{Origin, REC};
use tieout_model::{Code, Date, Diagnostic, Period};

use super::{Audited, Outcome, Procedure};
use crate::catalog::{Catalog, Cause, Scope, money_column};
use crate::expr::{Ast, Cmp, Expr, Node, Resolution, Resolver, type_expression};
use crate::file::{ChildFile, Text};
use crate::plan::{Agg, Join, Plan};
use crate::rule::Rule;
use crate::value::{Dim, Ty, Value};

/// Why a rule cannot run.
#[derive(Debug)]
pub enum Refusal {
    /// The exports lack something: the reason and what would unlock it.
    Missing {
        /// In words.
        reason: String,
        /// Populations and columns.
        unlock: Vec<String>,
    },
    /// The rule itself is wrong: every complaint.
    Wrong(Vec<Diagnostic>),
}

/// Sums over child records, joined to the records under test.
struct Child {
    plan: Plan,
    keys: Vec<(String, Expr)>,
    sums: Vec<String>,
    until: Option<(Expr, Expr)>,
}

/// The work on one rule.
pub struct Build<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What is loaded.
    pub catalog: &'a Catalog,
    /// Period, as-of date.
    pub audited: &'a Audited,
    /// Columns of the population under test.
    pub scope: Scope<'a>,
    params: BTreeMap<String, Ast>,
    names: BTreeMap<String, Expr>,
    children: Vec<Child>,
    /// Complaints so far.
    pub diagnostics: Vec<Diagnostic>,
    unmapped: BTreeSet<String>,
    currency: Option<Expr>,
    evidence: Vec<super::EvidencePlan>,
    review: Vec<String>,
}

impl<'a> Build<'a> {
    /// Over a population; refused if the population is unknown or not loaded.
    pub fn new(
        rule: &'a Rule,
        catalog: &'a Catalog,
        audited: &'a Audited,
        params: BTreeMap<String, Ast>,
        population: &Text,
    ) -> Result<Self, Refusal> {
        known_population(rule, population)?;
        let name = population.as_ref();
        let mut scope = Scope::new(catalog, name, "");
        let currency = scope.currency();
        let build = Self {
            rule,
            catalog,
            audited,
            scope,
            params,
            names: BTreeMap::new(),
            children: Vec::new(),
            diagnostics: Vec::new(),
            unmapped: BTreeSet::new(),
            currency,
            evidence: Vec::new(),
            review: Vec::new(),
        };
        if catalog.table(name).is_none() {
            let mut build = build;
            build.unmapped.insert(name.clone());
            return Ok(build);
        }
        Ok(build)
    }

    /// The currency of the records' money.
    pub fn currency(&self) -> Option<Expr> {
        self.currency.clone()
    }

    /// Gives a name (`tax_rate.rate`, `sum.net`) a meaning in the rule's expressions.
    pub fn define(&mut self, name: &str, expr: Expr) {
        self.names.insert(name.to_owned(), expr);
    }

    /// As `expr`, but a column that the exports lack is noted for review instead of stopping the rule.
    pub fn if_mapped(&mut self, text: &Text) -> Option<Expr> {
        let before = self.unmapped.clone();
        let expr = self.expr(text);
        if self.unmapped.len() == before.len() {
            return Some(expr);
        }
        self.unmapped = before;
        None
    }

    /// What is missing so far, so that a guard's own lack can be told apart.
    pub fn missing_so_far(&self) -> BTreeSet<String> {
        self.unmapped.clone()
    }

    /// Takes back what was noted as missing since `before`.
    pub fn forget_missing(&mut self, before: BTreeSet<String>) -> Vec<String> {
        let lacking = self.unmapped.difference(&before).cloned().collect();
        self.unmapped = before;
        lacking
    }

    /// What a given name means, if it has been defined.
    pub fn named(&self, name: &str) -> Option<Expr> {
        self.names.get(name).cloned()
    }

    /// The same rule over another population, for its other side.
    pub fn over(outer: &Build<'a>, population: &str) -> Self {
        let mut scope = Scope::new(outer.catalog, population, "");
        let currency = scope.currency();
        Self {
            rule: outer.rule,
            catalog: outer.catalog,
            audited: outer.audited,
            scope,
            params: outer.params.clone(),
            names: BTreeMap::new(),
            children: Vec::new(),
            diagnostics: Vec::new(),
            unmapped: BTreeSet::new(),
            currency,
            evidence: Vec::new(),
            review: Vec::new(),
        }
    }

    /// The `half_digit.<column>` words of a text.
    fn half_digits(&self, text: &str) -> BTreeMap<String, Expr> {
        let words = text.split(|symbol: char| !(symbol.is_ascii_alphanumeric() || symbol == '_' || symbol == '.'));
        let half = |word: &str| Some((word.to_owned(), self.half_digit(word.strip_prefix("half_digit.")?)?));
        words.filter_map(half).collect()
    }

    /// `half_digit.<column>`: half a unit of the last decimal that the export shows of a number column.
    fn half_digit(&self, column: &str) -> Option<Expr> {
        let known = self.catalog.table(&self.scope.population)?.columns.get(column)?;
        let ty = Ty::of_column(known.ty);
        let Ty::Num { dim, scale } = ty else { return None };
        let shown = known.decimals_max.min(scale);
        let units = tieout_model::amount::pow10(u32::from(scale - shown)) * 5;
        Some(Expr { node: Node::Lit(Value::Num(units)), ty: Ty::Num { dim, scale: scale + 1 }, bound: units.unsigned_abs() })
    }

    /// Notes why findings can be no more than `review`.
    pub fn review(&mut self, reason: String) {
        self.review.push(reason);
    }

    /// Records of a population that show an exception.
    pub fn add_evidence(&mut self, plan: super::EvidencePlan) {
        self.evidence.push(plan);
    }

    /// Notes that something is not in the exports.
    pub fn lacks(&mut self, what: impl Into<String>) {
        self.unmapped.insert(what.into());
    }

    /// Types an expression over the record under test.
    pub fn expr(&mut self, text: &Text) -> Expr {
        let halves = self.half_digits(text.as_ref());
        let home = self.scope.population.clone();
        let mut scope = std::mem::replace(&mut self.scope, Scope::new(self.catalog, &home, ""));
        let names = std::mem::take(&mut self.names);
        let expr = self.typed(text, &mut |path| match names.get(&path.join(".")).or_else(|| halves.get(&path.join("."))) {
            Some(expr) => Resolution::Expr(expr.clone()),
            None => scope.resolve(path),
        });
        self.names = names;
        self.scope = scope;
        self.doors(expr)
    }

    /// As `expr`, a condition.
    pub fn truth(&mut self, text: &Text) -> Expr {
        let expr = self.expr(text);
        self.expect_ty(text, &expr, Ty::Bool)
    }

    /// As `expr`, a date.
    pub fn date(&mut self, text: &Text) -> Expr {
        let expr = self.expr(text);
        self.expect_ty(text, &expr, Ty::Date)
    }

    /// As `expr`, a number.
    pub fn number(&mut self, text: &Text) -> Expr {
        let expr = self.expr(text);
        if !matches!(expr.ty, Ty::Num { .. }) && self.diagnostics.is_empty() {
            self.complain(Code::RuleType, text, format!("a number is wanted here, this is {}", expr.ty));
        }
        expr
    }

    /// A text or number that must equal `ty`, else a complaint.
    pub fn expect_ty(&mut self, text: &Text, expr: &Expr, ty: Ty) -> Expr {
        if expr.ty != ty && !matches!(expr.node, Node::Lit(Value::Null)) && self.diagnostics.is_empty() {
            self.complain(Code::RuleType, text, format!("{ty} is wanted here, this is {}", expr.ty));
        }
        expr.clone()
    }

    /// Types an expression over another population (a child, a reference, a guard), in its own scope; the record under
    /// test is visible too if `both`.
    pub fn foreign(&mut self, text: &Text, scope: &mut Scope<'a>, alias: &str, both: bool) -> Expr {
        let home = scope.population.clone();
        let mut own = std::mem::replace(&mut self.scope, Scope::new(self.catalog, &home, ""));
        let names = std::mem::take(&mut self.names);
        let currency = std::mem::replace(&mut self.currency, scope.currency());
        if both {
            self.currency.clone_from(&currency);
        }
        let expr = self.typed(text, &mut |path| {
            if path.len() > 1 && path[0] == alias {
                return scope.resolve(&path[1..]);
            }
            if !both {
                return scope.resolve(path);
            }
            names.get(&path.join(".")).map_or_else(|| own.resolve(path), |expr| Resolution::Expr(expr.clone()))
        });
        self.currency = currency;
        self.names = names;
        self.scope = own;
        expr
    }

    fn typed(&mut self, text: &Text, path: &mut dyn FnMut(&[String]) -> Resolution) -> Expr {
        let ast = match self.rule.ast(text) {
            Ok(ast) => ast,
            Err(diagnostic) => {
                self.diagnostics.push(diagnostic);
                return Expr::null(Ty::Text);
            }
        };
        let rounding = match path(&["entity".to_owned(), "rounding_mode".to_owned()]) {
            Resolution::Expr(expr) if text.as_ref().contains("round_money") => Some(expr),
            _ => None,
        };
        let population = self.scope.population.clone();
        let mut resolver = Resolver {
            path,
            currency_from: crate::catalog::has_currency(&population).then(|| format!("{population}.currency")),
            params: &self.params,
            currency: self.currency.clone(),
            rounding,
            as_of: self.audited.as_of.map(|date| date.0),
            period: self.audited.period,
        };
        match type_expression(&ast, &mut resolver) {
            Ok(typed) => {
                self.unmapped.extend(typed.unmapped);
                typed.expr
            }
            Err(errors) => {
                for error in errors {
                    let bound = error.message.contains("largest exact integer");
                    let code = if error.name { Code::RuleColumn } else if bound { Code::RuleBound } else { Code::RuleType };
                    self.diagnostics.push(Diagnostic::new(code, error.message).at(self.rule.place(text, error.at)));
                }
                Expr::null(Ty::Text)
            }
        }
    }

    /// `x.y is null` is unknown, not true, where the key is stated and the parent `x` is missing.
    fn doors(&self, expr: Expr) -> Expr {
        let Expr { node, ty, bound } = expr;
        let again = |inner: Box<Expr>| Box::new(self.doors(*inner));
        let node = match node {
            Node::IsNull(inner) => {
                if let Node::Col(name) = &inner.node
                    && let Some((count, keys)) = self.scope.parent_count(name)
                {
                    let stated = keys.into_iter().map(|key| key.is_null().negated()).reduce(Expr::and);
                    let lost = stated.unwrap_or_else(|| Expr::bool(true)).and(count.is_null());
                    return Expr::case(vec![(lost, Expr::null(Ty::Bool))], inner.is_null());
                }
                Node::IsNull(inner)
            }
            Node::And(a, b) => Node::And(again(a), again(b)),
            Node::Or(a, b) => Node::Or(again(a), again(b)),
            Node::Not(a) => Node::Not(again(a)),
            Node::Case(arms, otherwise) => {
                Node::Case(arms.into_iter().map(|(c, v)| (self.doors(c), self.doors(v))).collect(), again(otherwise))
            }
            other => other,
        };
        Expr { node, ty, bound }
    }

    /// A complaint at a text of the rule.
    pub fn complain(&mut self, code: Code, text: &Text, message: impl Into<String>) {
        let width = u32::try_from(text.as_ref().chars().count()).unwrap_or(1);
        self.diagnostics.push(Diagnostic::new(code, message).at(self.rule.place(text, (0, width))));
    }

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
        let ty_of = |build: &mut Self, text: &Text, scope: &mut Scope<'a>| build.foreign(text, scope, population, false);
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
            let taken = take.clone().map_or_else(|| value.clone(), |take| Expr::case(vec![(take, value.clone())], zero));
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
        self.evidence.push(super::EvidencePlan {
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
                (renamed.extend(vec![(format!("{prefix}rec{REC}"), Expr::col(alias, Ty::INT))]), vec![(rec.to_owned(), format!("{prefix}rec{REC}"))])
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
    fn child_causes(&self) -> Vec<Cause> {
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

    /// Refuses the rule if it is wrong or lacks something.
    pub fn settled(&mut self) -> Result<(), Refusal> {
        if !self.diagnostics.is_empty() {
            return Err(Refusal::Wrong(std::mem::take(&mut self.diagnostics)));
        }
        if self.unmapped.is_empty() {
            return Ok(());
        }
        let unlock: Vec<String> = self.unmapped.iter().cloned().collect();
        let reason = if unlock.iter().any(|name| name == "engagement.as_of") {
            "the engagement states no as_of date".to_owned()
        } else {
            format!("not in the exports: {}", unlock.join(", "))
        };
        Err(Refusal::Missing { reason, unlock })
    }

    /// A stated figure that the mapping computed from the expected side's columns proves nothing.
    pub fn stated_not_computed(&self, stated: &Expr, expected: &Expr, children: bool) -> Result<(), Refusal> {
        let (mut of_stated, mut of_expected) = (BTreeSet::new(), BTreeSet::new());
        stated.columns(&mut of_stated);
        expected.columns(&mut of_expected);
        for column in &of_stated {
            let Some((name, Origin::Computed(from))) = self.scope.origin(column) else { continue };
            let rests: BTreeSet<&str> = from.iter().map(String::as_str).collect();
            let mut known: BTreeSet<String> = BTreeSet::new();
            for (other, origin) in of_expected.iter().filter_map(|column| self.scope.origin(column)) {
                known.insert(other);
                if let Origin::Computed(deeper) = origin {
                    known.extend(deeper);
                }
            }
            let of_children = |column: &str| children && self.evidence.iter().any(|child| column.starts_with(&format!("{}.", child.population)));
            // A share or a date that the other side does not use states no amount of its own.
            let amount = |column: &str| {
                let ty = column.split_once('.').and_then(|(population, name)| schema().get(population)?.column(name)).map(|column| column.ty);
                matches!(ty, Some(tieout_model::ColumnType::Money | tieout_model::ColumnType::Price))
            };
            if !rests.is_empty() && rests.iter().all(|column| known.contains(*column) || of_children(column) || !amount(column)) {
                return Err(Refusal::Missing {
                    reason: format!("`{name}` is computed by the mapping, not stated by the biller"),
                    unlock: vec![format!("{name} as stated")],
                });
            }
        }
        Ok(())
    }

    /// Grades every record: `__outcome`, money, currency, the effect's columns, and the columns for evidence.
    pub fn grade(mut self, exception: Expr, graded: Graded) -> Result<Procedure, Refusal> {
        let file = &self.rule.file;
        let condition = file.condition.as_ref().map(|text| self.truth(text));
        let day = file.scope_date.as_ref().map(|text| self.date(text));
        let mut columns: Vec<(String, Expr)> = Vec::new();
        let sides: Vec<Expr> = graded.stated.iter().chain(&graded.expected).cloned().collect();
        if let Some(expected) = graded.expected {
            columns.push(("__expected".to_owned(), expected));
        }
        if let Some(stated) = graded.stated {
            columns.push(("__stated".to_owned(), stated));
        }
        columns.extend(graded.extra);
        let effect = super::effect::columns(&mut self);
        columns.extend(effect);
        let sentence = super::sentence::columns(&mut self);
        let guards = super::guard::plan(&mut self, &mut columns);
        let (key, own_key) = self.key_columns();
        let measure = money_column(&self.scope.population.clone()).and_then(|column| self.scope.column(column));
        let limits = self.lookback()?;
        self.settled()?;
        let mut words = Vec::new();
        let (before, outcome) = self.outcome(condition, day, exception, (graded.causes, &sides), (limits, graded.outside_extract), &mut words);
        if before.iter().any(|(_, expr)| expr.worst_bound() > i128::MAX.unsigned_abs()) {
            let message = "this rule's comparison could exceed the largest exact integer; round before comparing";
            return Err(Refusal::Wrong(vec![Diagnostic::new(Code::RuleBound, message).at(self.rule.place(&file.id, (0, 1)))]));
        }
        columns.push(("__money".to_owned(), measure.unwrap_or_else(|| Expr::null(Ty::MONEY))));
        columns.push(("__currency".to_owned(), self.currency.clone().unwrap_or_else(|| Expr::null(Ty::Text))));
        columns.push(("__outcome".to_owned(), outcome));
        let plan = match graded.plan {
            Some(around) => around(self.assemble()),
            None => self.assemble(),
        };
        Ok(Procedure {
            population: self.scope.population.clone(),
            rec: self.scope.rec(),
            graded: plan.extend(before).extend(columns),
            causes: words,
            key,
            sentence,
            parents: self.scope.parent_records(),
            evidence: self.evidence,
            review: self.review,
            guards,
            own_key,
            records: graded.records,
            judge: graded.judge,
            shown: graded.shown,
        })
    }

    fn key_columns(&mut self) -> (Vec<String>, usize) {
        let key = schema().get(&self.scope.population).map(|population| population.key.clone()).unwrap_or_default();
        let mut shown: Vec<String> = key.into_iter().filter(|column| self.scope.column(column).is_some()).collect();
        let own = shown.len();
        // The number that people know the document by, and whose it is.
        for extra in ["invoice_no", "customer_id", "issue_date"] {
            if let Some(expr) = self.scope.column(extra)
                && let Node::Col(name) = expr.node
                && !shown.contains(&name)
            {
                shown.push(name);
            }
        }
        (shown, own)
    }

    fn lookback(&self) -> Result<Option<(Period, Date)>, Refusal> {
        let Some(period) = self.audited.period else { return Ok(None) };
        let Some(text) = &self.rule.file.lookback else { return Ok(Some((period, period.from))) };
        let start = text.as_ref().split_once(' ').and_then(|(count, unit)| {
            let count: i32 = count.parse().ok()?;
            match unit {
                "days" | "day" => Some(period.from.add_days(-count)),
                "months" | "month" => Some(period.from.add_months(-count)),
                "years" | "year" => Some(period.from.add_months(-12 * count)),
                _ => None,
            }
        });
        match start {
            Some(start) => Ok(Some((period, start))),
            None => {
                let place = self.rule.place(text, (0, 1));
                let message = "a look-back is written like `24 months`, `90 days` or `2 years`";
                Err(Refusal::Wrong(vec![Diagnostic::new(Code::RuleSyntax, message).at(place)]))
            }
        }
    }

    fn outcome(
        &self,
        condition: Option<Expr>,
        day: Option<Expr>,
        exception: Expr,
        (own_causes, graded_sides): (Vec<Cause>, &[Expr]),
        (limits, outside): (Option<(Period, Date)>, Option<Expr>),
        words: &mut Vec<String>,
    ) -> (Vec<(String, Expr)>, Expr) {
        let yes = |truth: Expr| Expr { node: Node::Coalesce(vec![truth, Expr::bool(false)]), ty: Ty::Bool, bound: 0 };
        let code = |outcome: Outcome| Expr::int(outcome.code());
        let mut arms: Vec<(Expr, Expr)> = Vec::new();
        let mut reason = |cause: &Cause| {
            let index = words.iter().position(|known| *known == cause.words).unwrap_or_else(|| {
                words.push(cause.words.clone());
                words.len() - 1
            });
            (yes(cause.condition.clone()), code(Outcome::NotTested(index)))
        };
        // What the condition cannot read is not known to be out of scope.
        let mut of_condition = BTreeSet::new();
        condition.iter().chain(&day).for_each(|expr| expr.columns(&mut of_condition));
        arms.extend(self.scope.unreadable_of(&of_condition).iter().map(&mut reason));
        if let Some(condition) = &condition {
            arms.push((yes(condition.clone().negated()), code(Outcome::OutOfScope)));
        }
        if let Some(day) = &day {
            if let Some((period, start)) = limits {
                let before = |limit: Date| yes(day.clone().compare(Cmp::Lt, Expr::date(limit.0)));
                arms.push((before(start), code(Outcome::Outside)));
                arms.push((before(period.from), code(Outcome::Context)));
                arms.push((yes(day.clone().compare(Cmp::Ge, Expr::date(period.to.0))), code(Outcome::Outside)));
            }
            if let Some(as_of) = self.audited.as_of {
                arms.push((yes(day.clone().compare(Cmp::Gt, Expr::date(as_of.0))), code(Outcome::Outside)));
            }
        }
        arms.extend(self.scope.unreadable().iter().map(&mut reason));
        arms.extend(self.child_causes().iter().map(&mut reason));
        // Where the outcome is unknown, the first cause that holds says why.
        let mut strict = BTreeSet::new();
        let sides = [graded_sides, &[exception.clone()]].concat();
        sides.iter().chain(&condition).chain(&day).for_each(|expr| expr.strict_columns(&mut strict));
        let needed = [condition, day].into_iter().flatten().chain([exception.clone()]).map(Expr::is_null);
        let lost = needed.reduce(Expr::or).unwrap_or_else(|| Expr::bool(false));
        let before = vec![("__wrong".to_owned(), exception), ("__lost".to_owned(), lost)];
        let (exception, lost) = (Expr::col("__wrong", Ty::Bool), Expr::col("__lost", Ty::Bool));
        if let Some(outside) = outside {
            arms.push((yes(exception.clone().and(outside)), code(Outcome::OutsideExtract)));
        }
        let unknown = Cause { condition: Expr::bool(true), words: "the outcome is unknown".to_owned() };
        for cause in own_causes.iter().chain(&self.scope.missing_of(&strict)).chain(&self.scope.missing()).chain([&unknown]) {
            let (holds, code) = reason(cause);
            arms.push((lost.clone().and(holds), code));
        }
        arms.push((yes(exception), code(Outcome::Exception)));
        // One flat list instead of a case of thirty nested arms: engines recurse over expressions.
        let mut parts: Vec<Expr> = arms.into_iter().map(|(holds, code)| Expr::case(vec![(holds, code)], Expr::null(Ty::INT))).collect();
        parts.push(code(Outcome::Clean));
        (before, Expr { node: Node::Coalesce(parts), ty: Ty::INT, bound: 1 << 32 })
    }
}

/// What a kind adds to the grading.
#[derive(Default)]
pub struct Graded {
    /// What should be.
    pub expected: Option<Expr>,
    /// What is.
    pub stated: Option<Expr>,
    /// Further columns.
    pub extra: Vec<(String, Expr)>,
    /// Reasons for an unknown outcome, before the general ones.
    pub causes: Vec<Cause>,
    /// Joins around the assembled records.
    pub plan: Option<Box<dyn FnOnce(Plan) -> Plan>>,
    /// Columns that hold records of other populations: column, population, role, prefix of its cells.
    pub records: Vec<(String, String, String, String)>,
    /// Where this holds too, the exception is the extract's, not the books'.
    pub outside_extract: Option<Expr>,
    /// Decides the candidates.
    pub judge: Option<super::Judge>,
    /// Further columns to show as cells of the record.
    pub shown: Vec<String>,
}

/// |difference| > slack.
pub fn beyond(stated: &Expr, expected: &Expr, slack: Option<Expr>) -> Expr {
    let difference = stated.clone().minus(expected.clone());
    match slack {
        None => stated.clone().compare(Cmp::Ne, expected.clone()),
        Some(slack) => difference.absolute().compare(Cmp::Gt, slack),
    }
}

/// The zero of money.
pub fn zero() -> Expr {
    Expr { node: Node::Lit(Value::Num(0)), ty: Ty::Num { dim: Dim::Plain, scale: 0 }, bound: 0 }
}

/// A population that the schema has.
pub fn known_population(rule: &Rule, population: &Text) -> Result<(), Refusal> {
    if schema().get(population.as_ref()).is_some() {
        return Ok(());
    }
    let width = u32::try_from(population.as_ref().chars().count()).unwrap_or(1);
    let message = format!("no population `{}`", population.as_ref());
    Err(Refusal::Wrong(vec![Diagnostic::new(Code::RuleColumn, message).at(rule.place(population, (0, width)))]))
}
