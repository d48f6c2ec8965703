//! `balance`: something is open (or settled) on one side while the other side is open, as at a date.
//!
//! Open is the amount less what was used of it by the day in question: unapplied credits and cash, refunds owed,
//! reminders for what was paid on the day they were sent. Without dates on the uses, the as-of date decides.
//! Partition key: the record's own key for its uses; what is open against it goes by `against` (customer and currency).

use tieout_model::Code;

use super::Procedure;
use super::build::{Build, Graded, Refusal, zero};
use crate::expr::{Cmp, Expr, Func, Node};
use crate::file::{AgainstFile, BalanceFile};
use crate::plan::{Agg, Join, Plan};
use crate::value::Ty;

/// Plans the check.
pub fn plan(file: &BalanceFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    for child in &file.less {
        build.child(child);
    }
    let amount = build.number(&file.amount);
    let used =
        file.less.iter().flat_map(|child| child.sum.keys()).filter_map(|name| build.named(&format!("sum.{name}")));
    let open = used.collect::<Vec<_>>().into_iter().fold(amount, Expr::minus);
    let slack = file.slack.as_ref().map_or_else(zero, |slack| build.number(slack));
    let settled = match file.mode.as_ref().map(|mode| mode.as_ref().as_str()) {
        None | Some("open") => false,
        Some("settled") => true,
        Some(other) => {
            if let Some(mode) = &file.mode {
                build.complain(
                    Code::RuleSyntax,
                    mode,
                    format!("`{other}` is not a mode; modes are `open` and `settled`"),
                );
            }
            false
        }
    };
    let left = open.clone().compare(Cmp::Gt, slack);
    let mut exception = if settled { left.negated() } else { left };
    if let (Some(since), Some(days)) = (&file.since, &file.older_than) {
        let (since, days) = (build.date(since), build.number(days));
        match build.audited.as_of {
            Some(as_of) => {
                let age = Expr {
                    node: Node::Call(Func::DaysBetween, vec![since, Expr::date(as_of.0)]),
                    ty: Ty::INT,
                    bound: 1 << 32,
                };
                exception = exception.and(age.compare(Cmp::Gt, days));
            }
            None => build.lacks("engagement.as_of"),
        }
    }
    build.define("open", open.clone());
    let mut graded = Graded { stated: Some(open.clone()), extra: vec![("open".to_owned(), open)], ..Graded::default() };
    if let Some(against) = &file.against {
        let (plan, on, keys) = other_side(against, &mut build)?;
        let owed = Expr::col("against.open", Ty::MONEY).or_zero();
        let keyless = keys.iter().map(|(name, key)| Expr::col(name.clone(), key.ty).is_null()).reduce(Expr::or);
        let other = owed.clone().compare(Cmp::Gt, zero());
        let other = match keyless {
            // Whose side it would be is not known.
            Some(keyless) => Expr::case(vec![(keyless, Expr::null(Ty::Bool))], other),
            None => other,
        };
        exception = exception.and(other);
        build.define("against", owed.clone());
        graded.extra.push(("against".to_owned(), owed));
        graded.plan = Some(Box::new(move |base: Plan, _| base.extend(keys).join(plan, on, Join::Left)));
    }
    build.settled()?;
    build.grade(exception, graded)
}

/// An empty key is a key of its own.
fn or_none(key: Expr) -> Expr {
    Expr { node: Node::Coalesce(vec![key, Expr::text("")]), ty: Ty::Text, bound: 0 }
}

type Side = (Plan, Vec<(String, String)>, Vec<(String, Expr)>);

/// Open amounts of the other side, summed by its key.
fn other_side(file: &AgainstFile, build: &mut Build<'_>) -> Result<Side, Refusal> {
    super::build::known_population(build.rule, &file.population)?;
    let population = file.population.as_ref();
    if build.catalog.table(population).is_none() {
        build.lacks(population.clone());
    }
    build.settled()?;
    let mut inner = Build::over(build, population);
    for child in &file.less {
        inner.child(child);
    }
    let amount = inner.number(&file.amount);
    let used =
        file.less.iter().flat_map(|child| child.sum.keys()).filter_map(|name| inner.named(&format!("sum.{name}")));
    let open = used.collect::<Vec<_>>().into_iter().fold(amount, Expr::minus);
    let condition = file.condition.as_ref().map(|text| inner.truth(text));
    let (mut columns, mut on, mut keys, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (column, text) in &file.keys {
        let name = format!("against:{column}");
        match inner.scope.column(column) {
            Some(own) => columns.push((name.clone(), own)),
            None => inner.lacks(format!("{population}.{column}")),
        }
        keys.push((format!("~{name}"), build.expr(text)));
        on.push((format!("~{name}"), name.clone()));
        names.push(name);
    }
    for (column, text) in &file.match_if_mapped {
        let (Some(own), Some(ours)) = (inner.scope.column(column), build.if_mapped(text)) else { continue };
        let name = format!("against:{column}");
        columns.push((name.clone(), or_none(own)));
        keys.push((format!("~{name}"), or_none(ours)));
        on.push((format!("~{name}"), name.clone()));
        names.push(name);
    }
    inner.settled()?;
    for reason in inner.take_reviews() {
        build.review(reason);
    }
    build.settled()?;
    let scale = open.ty.scale().max(tieout_model::amount::MONEY_SCALE);
    columns.push(("against.one".to_owned(), open.widened(scale)));
    let mut plan = inner.assemble(None).extend(columns);
    if let Some(condition) = condition {
        plan = plan.filter(condition);
    }
    let positive = Expr::col("against.one", Ty::MONEY).compare(Cmp::Gt, zero());
    let plan =
        plan.filter(positive).aggregate(names, vec![("against.open".to_owned(), Agg::Sum("against.one".to_owned()))]);
    Ok((plan, on, keys))
}
