//! The common part of every check: expressions typed in the scope of the population under test, the sums of child
//! records, and the outcome of each record (clean, exception, out of scope, not tested and why).

mod children;
mod outcome;

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::schema::schema;
use tieout_ingest::store::Origin;
use tieout_model::{Code, Diagnostic};

use super::Audited;
use crate::catalog::{Catalog, Scope};
use crate::expr::{Ast, Cmp, Expr, Node, Resolution, Resolver, type_expression};
use crate::file::Text;
use crate::plan::Plan;
use crate::rule::Rule;
use crate::value::{Dim, Ty, Value};

pub use outcome::Graded;

/// Why a rule cannot run.
#[derive(Clone, Debug)]
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
    /// Dates of which the earliest or the latest is wanted: `first.<name>`, `last.<name>`.
    dates: Vec<String>,
    /// Which rows count for a record, where that depends on the record: a truth over both.
    within: Option<Within>,
}

/// A condition over a child row and the record under test.
struct Within {
    when: Expr,
    /// Columns of the record that it reads, or that have to be made for it.
    own: Vec<(String, Expr)>,
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
    /// Where `left.quantity` and `left.net_amount` stand while a netted child is typed.
    left: BTreeMap<String, Expr>,
    /// True once a child or the kind itself nets.
    nets: bool,
}

impl<'a> Build<'a> {
    /// Over a population; refused if there is no such population.
    pub fn new(
        rule: &'a Rule,
        catalog: &'a Catalog,
        audited: &'a Audited,
        params: BTreeMap<String, Ast>,
        population: &Text,
    ) -> Result<Self, Refusal> {
        known_population(rule, population)?;
        let mut build = Self::bare(rule, catalog, audited, params, population.as_ref());
        if catalog.table(population.as_ref()).is_none() {
            build.lacks(population.as_ref().clone());
        }
        Ok(build)
    }

    fn bare(
        rule: &'a Rule,
        catalog: &'a Catalog,
        audited: &'a Audited,
        params: BTreeMap<String, Ast>,
        population: &str,
    ) -> Self {
        let mut scope = Scope::new(catalog, population, "");
        let currency = scope.currency();
        Self {
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
            left: BTreeMap::new(),
            nets: false,
        }
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
        Self::bare(outer.rule, outer.catalog, outer.audited, outer.params.clone(), population)
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
        Some(Expr {
            node: Node::Lit(Value::Num(units)),
            ty: Ty::Num { dim, scale: scale + 1 },
            bound: units.unsigned_abs(),
        })
    }

    /// The rule judges what netting left.
    pub fn nets(&mut self) {
        let lacking = crate::netted::lacking(self.catalog);
        if !self.nets && !lacking.is_empty() {
            self.review(format!("credits could not be netted: {} not in the exports", lacking.join(", ")));
        }
        self.nets = true;
    }

    /// Notes why findings can be no more than `review`.
    pub fn review(&mut self, reason: String) {
        self.review.push(reason);
    }

    /// Runs some typing whose lacks make nothing more than a missing value: a date that is not known is not assumed.
    pub fn without_review<T>(&mut self, typing: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.review.len();
        let result = typing(self);
        self.review.truncate(before);
        result
    }

    /// The reasons noted so far, handed over.
    pub fn take_reviews(&mut self) -> Vec<String> {
        std::mem::take(&mut self.review)
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
        let expr =
            self.typed(text, &mut |path| match names.get(&path.join(".")).or_else(|| halves.get(&path.join("."))) {
                Some(expr) => Resolution::Expr(expr.clone()),
                None => scope.resolve(path),
            });
        self.names = names;
        self.scope = scope;
        self.doors(expr)
    }

    /// Expressions as columns of their own: `~<name>:<n>`.
    pub fn parts(&mut self, name: &str, texts: &[Text]) -> Vec<(String, Expr)> {
        let part = |(index, text): (usize, &Text)| (format!("~{name}:{index}"), self.expr(text));
        texts.iter().enumerate().map(part).collect()
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
        // Where every column of it is unmapped, what is missing has the type that is wanted.
        if matches!(expr.node, Node::Lit(Value::Null)) { Expr::null(ty) } else { expr.clone() }
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
        let left = std::mem::take(&mut self.left);
        let expr = self.typed(text, &mut |path| {
            if let Some(left) = left.get(&path.join(".")) {
                return Resolution::Expr(left.clone());
            }
            if path.len() > 1 && path[0] == alias {
                return scope.resolve(&path[1..]);
            }
            if !both {
                return scope.resolve(path);
            }
            names.get(&path.join(".")).map_or_else(|| own.resolve(path), |expr| Resolution::Expr(expr.clone()))
        });
        self.left = left;
        self.currency = currency;
        self.names = names;
        self.scope = own;
        expr
    }

    fn typed(&mut self, text: &Text, path: &mut dyn FnMut(&[String]) -> Resolution) -> Expr {
        let ast = match self.rule.ast(text) {
            Ok(ast) => ast,
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
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
                for population in typed.dropped {
                    let reason = format!("{population} is not in the exports and could decide otherwise");
                    if !self.review.contains(&reason) {
                        self.review.push(reason);
                    }
                }
                typed.expr
            }
            Err(errors) => {
                for error in errors {
                    let bound = error.message.contains("largest exact integer");
                    let code = if error.name {
                        Code::RuleColumn
                    } else if bound {
                        Code::RuleBound
                    } else {
                        Code::RuleType
                    };
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
            let of_children = |column: &str| {
                children && self.evidence.iter().any(|child| column.starts_with(&format!("{}.", child.population)))
            };
            // A share or a date that the other side does not use states no amount of its own.
            let amount = |column: &str| {
                let ty = column
                    .split_once('.')
                    .and_then(|(population, name)| schema().get(population)?.column(name))
                    .map(|column| column.ty);
                matches!(ty, Some(tieout_model::ColumnType::Money | tieout_model::ColumnType::Price))
            };
            if !rests.is_empty()
                && rests.iter().all(|column| known.contains(*column) || of_children(column) || !amount(column))
            {
                return Err(Refusal::Missing {
                    reason: format!("`{name}` is computed by the mapping, not stated by the biller"),
                    unlock: vec![format!("{name} as stated")],
                });
            }
        }
        Ok(())
    }
}

/// Whether all are present: unknown, not false, where one is missing.
pub fn all_present<'e>(parts: impl Iterator<Item = &'e Expr>) -> Expr {
    let present = parts.map(|part| part.clone().compare(Cmp::Eq, part.clone()));
    present.reduce(Expr::and).unwrap_or_else(|| Expr::bool(true))
}

/// The names of some columns.
pub fn names(parts: &[(String, Expr)]) -> Vec<String> {
    parts.iter().map(|(name, _)| name.clone()).collect()
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
