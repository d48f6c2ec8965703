//! The columns of one population and its parents that a rule uses, and the plan that brings them.

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::schema::{PopulationSchema, schema};
use tieout_ingest::store::{Origin, REC, UNREADABLE};

use super::{CURRENCY_PATHS, Catalog, Known, Link, header, links};
use crate::expr::{Expr, Resolution};
use crate::plan::{Join, Plan};
use crate::value::{Column, Ty};

struct Parent {
    population: String,
    on: Vec<(String, String)>,
    columns: BTreeMap<String, Ty>,
}

/// The columns of one population and its parents that a rule uses, and the plan that brings them.
pub struct Scope<'a> {
    catalog: &'a Catalog,
    /// Canonical population.
    pub population: String,
    prefix: String,
    own: BTreeMap<String, Ty>,
    parents: BTreeMap<String, Parent>,
    steps: Vec<Step>,
    used: BTreeSet<String>,
}

/// Why a value may be missing, column by column.
pub struct Cause {
    /// Name of the truth or count column, or of the value column.
    pub condition: Expr,
    /// In words.
    pub words: String,
}

impl<'a> Scope<'a> {
    /// Columns named `prefix` + path.
    pub fn new(catalog: &'a Catalog, population: &str, prefix: &str) -> Self {
        Self {
            catalog,
            population: population.to_owned(),
            prefix: prefix.to_owned(),
            own: BTreeMap::new(),
            parents: BTreeMap::new(),
            steps: Vec::new(),
            used: BTreeSet::new(),
        }
    }

    /// Name of the record column.
    pub fn rec(&self) -> String {
        format!("{}{REC}", self.prefix)
    }

    /// Own columns used so far.
    pub fn own_columns(&self) -> Vec<(String, Ty)> {
        self.own.iter().map(|(name, ty)| (name.clone(), *ty)).collect()
    }

    /// The record column.
    pub fn rec_expr(&self) -> Expr {
        Expr::col(self.rec(), Ty::INT)
    }

    /// Looks a path up and remembers it.
    pub fn resolve(&mut self, path: &[String]) -> Resolution {
        self.resolve_in(&self.population.clone(), "", path)
    }

    /// As `resolve`, for a dotted path; `None` unless it is there.
    pub fn column(&mut self, path: &str) -> Option<Expr> {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        match self.resolve(&path) {
            Resolution::Expr(expr) => Some(expr),
            _ => None,
        }
    }

    fn resolve_in(&mut self, population: &str, at: &str, path: &[String]) -> Resolution {
        let Some(described) = schema().get(population) else {
            return Resolution::Unknown(format!("no population `{population}`"));
        };
        let [step, rest @ ..] = path else { return Resolution::Unknown("an empty path".to_owned()) };
        if rest.is_empty() {
            return self.leaf(described, at, step);
        }
        let Some(link) = links(described).into_iter().find(|link| link.name == *step) else {
            if let Some(header) = header(population)
                && step != header
            {
                let mut through = vec![header.to_owned()];
                through.extend(path.iter().cloned());
                return self.resolve_in(population, at, &through);
            }
            let known = links(described).into_iter().map(|link| link.name).collect::<Vec<_>>().join(", ");
            return Resolution::Unknown(format!("`{population}` has no parent `{step}`; it has: {known}"));
        };
        self.follow(described, at, &link, rest)
    }

    fn follow(&mut self, described: &PopulationSchema, at: &str, link: &Link, rest: &[String]) -> Resolution {
        let mut on = Vec::new();
        for (own, theirs) in link.own.iter().zip(&link.theirs) {
            match self.leaf(described, at, own) {
                Resolution::Expr(key) => match key.node {
                    crate::expr::Node::Col(name) => on.push((name, theirs.clone())),
                    // A line's own value or its header's: the header's key is what the schema calls "as the header".
                    _ => on.push((self.materialise(&format!("{at}{own}"), key), theirs.clone())),
                },
                Resolution::Unmapped(name, _) => return describe(link, rest, name),
                unknown => return unknown,
            }
        }
        let path = format!("{at}{}.", link.name);
        if self.catalog.table(&link.population).is_none() {
            return describe(link, rest, link.population.clone());
        }
        if !self.parents.contains_key(&path) {
            let parent = Parent { population: link.population.clone(), on, columns: BTreeMap::new() };
            self.parents.insert(path.clone(), parent);
            self.steps.push(Step::Parent(path.clone()));
        }
        let population = link.population.clone();
        self.resolve_in(&population, &path, rest)
    }

    fn leaf(&mut self, described: &PopulationSchema, at: &str, name: &str) -> Resolution {
        let population = described.name.as_str();
        let own = described.columns.iter().find(|column| column.name == name);
        let table = self.catalog.table(population);
        let known = table.and_then(|table| table.columns.get(name)).cloned();
        // The key to the header cannot come from the header.
        let to_header = |header: &str| {
            own.and_then(|column| column.references.as_ref())
                .is_some_and(|to| to.population == header && to.role.is_none())
        };
        let inherited = header(population).filter(|header| !to_header(header)).filter(|header| {
            schema().get(header).is_some_and(|header| header.columns.iter().any(|column| column.name == name))
        });
        let as_header = own.is_some_and(|column| column.empty_means.as_deref() == Some("as the header"));
        match (own, known, inherited) {
            (Some(_), Some(known), Some(parent)) if as_header => {
                let mine = self.stored(at, name, &known);
                let through = [parent.to_owned(), name.to_owned()];
                match self.resolve_in(population, at, &through) {
                    Resolution::Expr(theirs) => {
                        let ty = mine.ty;
                        let bound = mine.bound.max(theirs.bound);
                        Resolution::Expr(Expr { node: crate::expr::Node::Coalesce(vec![mine, theirs]), ty, bound })
                    }
                    _ => Resolution::Expr(mine),
                }
            }
            (Some(_), Some(known), _) => Resolution::Expr(self.stored(at, name, &known)),
            (_, None, Some(parent)) => self.resolve_in(population, at, &[parent.to_owned(), name.to_owned()]),
            (Some(column), None, None) => Resolution::Unmapped(
                if table.is_some() { format!("{population}.{name}") } else { population.to_owned() },
                Ty::of_column(column.ty),
            ),
            (None, _, None) | (None, Some(_), Some(_)) => {
                let near: Vec<&str> = described
                    .columns
                    .iter()
                    .map(|column| column.name.as_str())
                    .filter(|column| column.contains(name) || name.contains(column))
                    .collect();
                let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) };
                Resolution::Unknown(format!("`{population}` has no column `{name}`{hint}"))
            }
        }
    }

    fn stored(&mut self, at: &str, name: &str, known: &Known) -> Expr {
        let ty = Ty::of_column(known.ty);
        let full = format!("{}{at}{name}", self.prefix);
        self.remember(at, name, ty);
        if known.has_unreadable {
            self.remember(at, &format!("{name}{UNREADABLE}"), Ty::Bool);
        }
        self.used.insert(full.clone());
        Expr::col_bounded(full, ty, known.bound)
    }

    fn remember(&mut self, at: &str, name: &str, ty: Ty) {
        if at.is_empty() {
            self.own.insert(name.to_owned(), ty);
        } else if let Some(parent) = self.parents.get_mut(at) {
            parent.columns.insert(name.to_owned(), ty);
        }
    }

    /// A join key that is an expression gets a column of its own.
    fn materialise(&mut self, name: &str, key: Expr) -> String {
        let column = format!("{}{name}~", self.prefix);
        let step = Step::Extend(column.clone(), key);
        if !self.steps.contains(&step) {
            self.steps.push(step);
        }
        column
    }

    /// The plan that brings every column resolved so far.
    pub fn plan(&self) -> Plan {
        let column =
            |name: &str, at: &str, ty: Ty| (name.to_owned(), Column { name: format!("{}{at}{name}", self.prefix), ty });
        let mut own = vec![column(REC, "", Ty::INT)];
        own.extend(self.own.iter().map(|(name, ty)| column(name, "", *ty)));
        let mut plan = Plan::Scan { population: self.population.clone(), columns: own };
        for step in &self.steps {
            plan = match step {
                Step::Extend(name, expr) => plan.extend(vec![(name.clone(), expr.clone())]),
                Step::Parent(path) => {
                    let parent = &self.parents[path];
                    let mut columns: Vec<_> = parent.columns.iter().map(|(name, ty)| column(name, path, *ty)).collect();
                    columns.push(column(REC, path, Ty::INT));
                    let mut on = Vec::new();
                    for (left, key) in &parent.on {
                        let name = format!("{}{path}{key}=", self.prefix);
                        columns.push((key.clone(), Column { name: name.clone(), ty: Ty::Text }));
                        on.push((left.clone(), name));
                    }
                    let keys = on.iter().map(|(_, key)| key.clone()).collect();
                    let scan = Plan::Scan { population: parent.population.clone(), columns };
                    let unique = Plan::Unique { input: Box::new(scan), keys, count: self.count_of(path) };
                    plan.join(unique, on, Join::Left)
                }
            };
        }
        plan
    }

    fn count_of(&self, path: &str) -> String {
        format!("{}{path}#", self.prefix)
    }

    /// Companion columns that mark unreadable cells among what is used, with words.
    pub fn unreadable(&self) -> Vec<Cause> {
        let flag = |at: &str, name: &str| {
            let value = name.strip_suffix(UNREADABLE)?;
            let column = Expr::col(format!("{}{at}{name}", self.prefix), Ty::Bool);
            // A parent that is missing has no flag; it is not unreadable.
            let condition =
                Expr { node: crate::expr::Node::Coalesce(vec![column, Expr::bool(false)]), ty: Ty::Bool, bound: 0 };
            Some(Cause { condition, words: unreadable_words(&format!("{}{at}{value}", self.prefix)) })
        };
        let own = self.own.keys().filter_map(|name| flag("", name));
        let theirs = self
            .parents
            .iter()
            .flat_map(|(path, parent)| parent.columns.keys().filter_map(move |name| flag(path, name)));
        own.chain(theirs).collect()
    }

    /// As `unreadable`, for some columns.
    pub fn unreadable_of(&self, columns: &BTreeSet<String>) -> Vec<Cause> {
        let wanted = |cause: &Cause| columns.iter().any(|column| cause.words == unreadable_words(column));
        self.unreadable().into_iter().filter(wanted).collect()
    }

    /// Why a result may be missing: no parent, several parents, an empty column; in this order.
    pub fn missing(&self) -> Vec<Cause> {
        self.causes(&|_| true, &self.used)
    }

    fn causes(&self, wanted: &dyn Fn(&str) -> bool, used: &BTreeSet<String>) -> Vec<Cause> {
        let mut causes = Vec::new();
        for step in &self.steps {
            let Step::Parent(path) = step else { continue };
            if !wanted(path) {
                continue;
            }
            let parent = &self.parents[path];
            let count = Expr::col(self.count_of(path), Ty::INT);
            let keys: Vec<Expr> = parent.on.iter().map(|(left, _)| Expr::col(left.clone(), Ty::Text)).collect();
            let words = parent.on.iter().map(|(left, _)| left.trim_end_matches('~')).collect::<Vec<_>>().join(", ");
            if let Some(empty) = keys.into_iter().map(Expr::is_null).reduce(Expr::or) {
                causes.push(Cause { condition: empty, words: format!("`{words}` is empty") });
            }
            let none = count.clone().is_null();
            causes.push(Cause { condition: none, words: format!("no {} record for `{words}`", parent.population) });
            let several = Expr::case(
                vec![(count.clone().is_null(), Expr::bool(false))],
                count.compare(crate::expr::Cmp::Gt, Expr::int(1)),
            );
            causes.push(Cause {
                condition: several,
                words: format!("several {} records for `{words}`", parent.population),
            });
        }
        for name in used {
            causes.push(Cause {
                condition: Expr::col(name.clone(), Ty::Text).is_null(),
                words: format!("`{name}` is empty"),
            });
        }
        causes
    }

    /// Why a value over these columns may be missing: their parents first, then they themselves.
    pub fn missing_of(&self, columns: &BTreeSet<String>) -> Vec<Cause> {
        let below = |path: &str| {
            columns.iter().any(|column| column.strip_prefix(&self.prefix).is_some_and(|inner| inner.starts_with(path)))
        };
        let used: BTreeSet<String> = self.used.intersection(columns).cloned().collect();
        self.causes(&below, &used)
    }

    /// The parents' record columns with their populations, for evidence.
    pub fn parent_records(&self) -> Vec<(String, String)> {
        self.parents
            .iter()
            .map(|(path, parent)| (format!("{}{path}{REC}", self.prefix), parent.population.clone()))
            .collect()
    }

    /// Whether the parent that a column belongs to is present, `None` for an own column.
    pub fn parent_count(&self, column: &str) -> Option<(Expr, Vec<Expr>)> {
        let inner = column.strip_prefix(&self.prefix)?;
        let at = inner.rfind('.')?;
        let path = &inner[..=at];
        let parent = self.parents.get(path)?;
        let keys = parent.on.iter().map(|(left, _)| Expr::col(left.clone(), Ty::Text)).collect();
        Some((Expr::col(self.count_of(path), Ty::INT), keys))
    }

    /// The currency of the population's money: its own column or its document's.
    pub fn currency(&mut self) -> Option<Expr> {
        if self.population == "tax_rate" || self.population == "document_number" {
            return None;
        }
        for path in CURRENCY_PATHS {
            let Some((head, _)) = path.split_once('.') else {
                if let Some(expr) = self.column(path) {
                    return Some(expr);
                }
                continue;
            };
            let described = schema().get(&self.population)?;
            if links(described).iter().any(|link| link.name == head)
                && let Some(expr) = self.column(path)
            {
                return Some(expr);
            }
        }
        None
    }

    /// The mapped origin of a plain column of the population under test, with the population it belongs to.
    pub fn origin(&self, column: &str) -> Option<(String, Origin)> {
        let inner = column.strip_prefix(&self.prefix)?;
        let (population, name) = match inner.rfind('.') {
            None => (self.population.as_str(), inner),
            Some(at) => (self.parents.get(&inner[..=at])?.population.as_str(), &inner[at + 1..]),
        };
        let known = self.catalog.table(population)?.columns.get(name)?;
        Some((format!("{population}.{name}"), known.origin.clone()))
    }
}

/// For a path through what is not loaded: a wrong name is still an error, and a type is still a type.
fn describe(link: &Link, rest: &[String], lacking: String) -> Resolution {
    let empty = Catalog::default();
    let mut scope = Scope::new(&empty, &link.population, "");
    match scope.resolve(rest) {
        Resolution::Unmapped(_, ty) => Resolution::Unmapped(lacking, ty),
        other => other,
    }
}

fn unreadable_words(column: &str) -> String {
    format!("unreadable `{column}`")
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Parent(String),
    Extend(String, Expr),
}
