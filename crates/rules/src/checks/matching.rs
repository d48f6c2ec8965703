//! `matching`: a record has no counterpart after some days, or less of one: missing invoices, orphans, three-way match.
//!
//! Counterparts are given in order of strength and added up; with `cover`, the counterpart is a set of service days.
//! Partition key: the record's own key, by which its counterparts name it.

use tieout_model::Code;

use super::build::{Build, Graded, Refusal, zero};
use super::{Judge, Procedure};
use crate::catalog::{Cause, Scope};
use crate::expr::{Cmp, Expr, Func, Node};
use crate::file::{ChildFile, CoverFile, MatchingFile, Text};
use crate::judge::cover;
use crate::plan::{Agg, Join, Plan};
use crate::value::Ty;

/// Plans the check.
pub fn plan(file: &MatchingFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    if !matches!(file.direction.as_ref().as_str(), "trace" | "vouch") {
        build.complain(
            Code::RuleSyntax,
            &file.direction,
            "a direction is `trace` (forward to the books) or `vouch` (back to the document)",
        );
    }
    if let Some(cover) = &file.cover {
        return plan_cover(cover, build);
    }
    for child in &file.counterparts {
        build.child(child);
    }
    let names: Vec<&String> = file.counterparts.iter().flat_map(|child| child.sum.keys()).collect();
    let found = |build: &Build<'_>, what: &str| {
        names.iter().filter_map(|name| build.named(&format!("{what}.{name}"))).reduce(Expr::plus)
    };
    let mut graded = Graded::default();
    let mut exception = match &file.quantity {
        Some(quantity) => {
            let quantity = build.number(quantity);
            let slack = file.slack.as_ref().map_or_else(zero, |slack| build.number(slack));
            let matched = found(&build, "sum").unwrap_or_else(zero);
            let short = quantity.clone().minus(matched.clone());
            build.define("short", short.clone());
            graded.extra.push(("short".to_owned(), short.clone()));
            (graded.expected, graded.stated) = (Some(quantity), Some(matched));
            short.compare(Cmp::Gt, slack)
        }
        None => found(&build, "count").unwrap_or_else(|| Expr::int(0)).compare(Cmp::Eq, Expr::int(0)),
    };
    if let Some(keyless) = build.keyless() {
        graded.causes.push(Cause { condition: keyless.clone(), words: "its reference is empty".to_owned() });
        exception = Expr::case(vec![(keyless, Expr::null(Ty::Bool))], exception);
    }
    if let Some(date) = &file.date {
        let date = build.date(date);
        exception = due(&mut build, &file.after_days, &date, exception, &mut graded);
        graded.outside_extract = outside(&build, &file.counterparts, &date);
    }
    if file.direction.as_ref() == "vouch" {
        below_the_extract(&mut build, &file.counterparts, &mut graded);
    }
    build.settled()?;
    build.grade(exception, graded)
}

/// A reference to a number below the lowest of its kind points before the extract began.
fn below_the_extract(build: &mut Build<'_>, counterparts: &[ChildFile], graded: &mut Graded) {
    let [child] = counterparts else { return };
    let mut keys = child.keys.iter();
    let (Some((column, text)), None) = (keys.next(), keys.next()) else { return };
    let mut scope = Scope::new(build.catalog, child.population.as_ref(), "low:");
    let (own, Some(theirs)) = (build.expr(text), scope.column(column.as_ref())) else { return };
    let part = |func: Func, ty: Ty, id: &Expr| Expr { node: Node::Call(func, vec![id.clone()]), ty, bound: 1 << 62 };
    let split = |mark: &str, id: &Expr| {
        vec![
            (format!("{mark}prefix"), part(Func::IdPrefix, Ty::Text, id)),
            (format!("{mark}number"), part(Func::IdNumber, Ty::INT, id)),
        ]
    };
    let lowest = scope
        .plan()
        .project(split("low:", &theirs))
        .aggregate(vec!["low:prefix".to_owned()], vec![("~lowest".to_owned(), Agg::Min("low:number".to_owned()))]);
    let ours = split("~low:", &own);
    let on = vec![("~low:prefix".to_owned(), "low:prefix".to_owned())];
    graded.plan = Some(Box::new(move |base: Plan, _| base.extend(ours).join(lowest, on, Join::Left)));
    let below = Expr::col("~low:number", Ty::INT).compare(Cmp::Lt, Expr::col("~lowest", Ty::INT));
    graded.outside_extract = Some(match graded.outside_extract.take() {
        Some(outside) => outside.or(below),
        None => below,
    });
}

/// Not due yet is not tested.
fn due(build: &mut Build<'_>, after: &Option<Text>, date: &Expr, exception: Expr, graded: &mut Graded) -> Expr {
    let Some(after) = after else { return exception };
    let days = build.number(after);
    let Some(as_of) = build.audited.as_of else {
        build.lacks("engagement.as_of");
        return exception;
    };
    let limit = Expr { node: Node::Call(Func::AddDays, vec![date.clone(), days]), ty: Ty::Date, bound: 0 };
    let early = limit.compare(Cmp::Gt, Expr::date(as_of.0));
    graded.causes.push(Cause { condition: early.clone(), words: "not due yet".to_owned() });
    Expr::case(vec![(early, Expr::null(Ty::Bool))], exception)
}

/// A counterpart dated outside its extract window cannot be there.
fn outside(build: &Build<'_>, counterparts: &[ChildFile], date: &Expr) -> Option<Expr> {
    let windows = counterparts.iter().filter_map(|child| build.catalog.table(child.population.as_ref())?.extract);
    let beyond = |window: tieout_model::Period| {
        let before = date.clone().compare(Cmp::Lt, Expr::date(window.from.0));
        before.or(date.clone().compare(Cmp::Ge, Expr::date(window.to.0)))
    };
    windows.map(beyond).reduce(Expr::or)
}

fn plan_cover(file: &CoverFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    let (from, to) = (build.date(&file.from), build.date(&file.to));
    let price = file.period_price.as_ref().map(|text| build.number(text));
    let period = file.period.as_ref().map(|text| build.expr(text));
    let mut others = Vec::new();
    let mut keys: Vec<(String, Expr)> = Vec::new();
    let window = build.catalog.table(file.population.as_ref()).and_then(|table| table.extract);
    let sign = Some(&file.sign);
    let bill = Days {
        population: &file.population,
        keys: &file.keys,
        condition: file.condition.as_ref(),
        start: &file.start,
        end: &file.end,
        sign,
    };
    others.push(days(&mut build, &bill, "bill", &mut keys)?);
    if let Some(states) = &file.states {
        if build.catalog.table(states.population.as_ref()).is_some() {
            let state = Days {
                population: &states.population,
                keys: &states.keys,
                condition: Some(&states.condition),
                start: &states.start,
                end: &states.end,
                sign: None,
            };
            others.push(days(&mut build, &state, "state", &mut keys)?);
        } else {
            build.review(format!(
                "{} is not in the exports: pauses and trials are not known",
                states.population.as_ref()
            ));
        }
    }
    build.settled()?;
    let limits = cover::Limits { period: build.audited.period, window };
    let mut extra = vec![("~from".to_owned(), from.clone()), ("~to".to_owned(), to.clone())];
    extra.extend(keys.iter().cloned());
    if let Some(price) = price {
        extra.push(("~price".to_owned(), price));
    }
    if let Some(period) = period {
        extra.push(("~period".to_owned(), period));
    }
    let exception = from.compare(Cmp::Lt, to.clone());
    let causes =
        vec![Cause { condition: to.is_null(), words: "not due yet, or the billing timing is not known".to_owned() }];
    let judge = Judge {
        narrow: None,
        others,
        with_context: false,
        decide: Box::new(move |candidates, others| cover::judge(candidates, others, limits)),
        ..Judge::default()
    };
    build.grade(exception, Graded { extra, causes, judge: Some(judge), ..Graded::default() })
}

struct Days<'t> {
    population: &'t Text,
    keys: &'t std::collections::BTreeMap<String, Text>,
    condition: Option<&'t Text>,
    start: &'t Text,
    end: &'t Text,
    sign: Option<&'t Text>,
}

type Other = (Plan, Vec<(String, String)>);

/// Intervals of another population with their keys, as `<name>:start`, `<name>:end`, `<name>:sign`.
fn days(build: &mut Build<'_>, file: &Days<'_>, name: &str, keys: &mut Vec<(String, Expr)>) -> Result<Other, Refusal> {
    super::build::known_population(build.rule, file.population)?;
    let population = file.population.as_ref();
    if build.catalog.table(population).is_none() {
        build.lacks(population.clone());
    }
    build.settled()?;
    let mut scope = Scope::new(build.catalog, population, &format!("{name}:"));
    let mut columns = Vec::new();
    let mut on = Vec::new();
    for (column, text) in file.keys {
        let Some(own) = scope.column(column) else {
            build.lacks(format!("{population}.{column}"));
            continue;
        };
        let key = format!("~{name}:{column}");
        columns.push((format!("{name}:key:{column}"), own));
        keys.push((key.clone(), build.expr(text)));
        on.push((key, format!("{name}:key:{column}")));
    }
    let mut foreign = |text: &Text| build.foreign(text, &mut scope, population, false);
    columns.push((format!("{name}:start~"), foreign(file.start)));
    columns.push((format!("{name}:end~"), foreign(file.end)));
    if let Some(sign) = file.sign {
        columns.push((format!("{name}:sign~"), foreign(sign)));
    }
    let condition = file.condition.map(&mut foreign);
    let plan = scope.plan().extend(columns);
    let plan = match condition {
        Some(condition) => plan.filter(condition),
        None => plan,
    };
    Ok((plan, on))
}
