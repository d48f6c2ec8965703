//! `duplicate`: the same thing billed, credited or paid twice.
//!
//! Keys are equal, others must differ; dates may be near, numbers alike, lines equal as a set. Candidates are the key
//! groups with more than one record; netting comes before judging, and the judge says which record is surplus.

use super::build::{Build, Graded, Refusal};
use super::{Judge, Procedure};
use crate::catalog::Scope;
use crate::expr::{Cmp, Expr, Func, Node};
use crate::file::{ContentFile, DuplicateFile};
use crate::judge::duplicate::{self, Terms};
use crate::plan::{Agg, Join, Plan};
use crate::value::Ty;

/// Plans the check.
pub fn plan(file: &DuplicateFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    let mut extra: Vec<(String, Expr)> = Vec::new();
    let mut named = |build: &mut Build<'_>, name: &str, texts: &[crate::file::Text]| -> Vec<String> {
        let mut names = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let expr = build.expr(text);
            names.push(format!("~{name}:{index}"));
            extra.push((format!("~{name}:{index}"), expr));
        }
        names
    };
    let mut key = named(&mut build, "key", &file.key);
    let differs = named(&mut build, "differs", &file.differs);
    let order = named(&mut build, "order", &file.order);
    let (unless_differs, lacking) = optional(&mut build, file, &mut extra);
    let mut terms = Terms { differs, order, unless_differs, lacking, cadence: file.cadence, ..Terms::default() };
    if let Some(near) = &file.near {
        let (date, days) = (build.date(&near.date), build.number(&near.days));
        extra.push(("~date".to_owned(), date));
        extra.push(("~days".to_owned(), days));
        terms.near = true;
    }
    if let Some(similar) = &file.similar {
        let text = build.expr(similar);
        let folded = Expr { node: Node::Call(Func::NumberFold, vec![text.clone()]), ty: Ty::Text, bound: 0 };
        extra.push(("~similar".to_owned(), text));
        extra.push(("~key:similar".to_owned(), folded));
        key.push("~key:similar".to_owned());
        terms.similar = true;
    }
    if let Some(amount) = &file.amount {
        let amount = build.number(amount);
        extra.push(("~amount".to_owned(), amount));
    }
    if let (Some(unless), Some(each)) = (&file.unless, &file.each) {
        let (allowed, each) = (build.number(unless), build.number(each));
        let scale = allowed.ty.scale().max(each.ty.scale());
        extra.push(("~allowed".to_owned(), allowed.widened(scale)));
        extra.push(("~each".to_owned(), each.widened(scale)));
        terms.allowed = true;
    }
    let mut others = Vec::new();
    if let Some(content) = &file.content {
        others.push(lines(content, &mut build, &mut extra)?);
        terms.content = content.columns.len();
    }
    build.settled()?;
    terms.key.clone_from(&key);
    let whole = key
        .iter()
        .filter_map(|name| extra.iter().find(|(column, _)| column == name))
        .map(|(_, expr)| expr.clone().compare(Cmp::Eq, expr.clone()));
    let exception = whole.reduce(Expr::and).unwrap_or_else(|| Expr::bool(true));
    let netting = file.net.then(|| build.audited.netting.clone());
    if file.net {
        build.nets();
    }
    let (population, rec) = (build.scope.population.clone(), build.scope.rec());
    let judge = Judge {
        narrow: Some(Box::new(move |graded| repeated(graded, &key, 2))),
        others,
        with_context: true,
        decide: Box::new(move |candidates, others| {
            duplicate::judge(candidates, others, &terms, netting.as_deref(), (&population, &rec))
        }),
        ..Judge::default()
    };
    build.grade(exception, Graded { extra, judge: Some(judge), ..Graded::default() })
}

/// Only the records whose key occurs so many times at least.
pub(super) fn repeated(graded: Plan, key: &[String], times: i128) -> Plan {
    let group: Vec<String> = key.iter().map(|name| format!("twice{name}")).collect();
    let columns = key
        .iter()
        .map(|name| (format!("twice{name}"), Expr::col(name.clone(), graded.ty(name).unwrap_or(Ty::Text))))
        .collect();
    let twice = graded
        .clone()
        .project(columns)
        .aggregate(group.clone(), vec![("twice".to_owned(), Agg::Count)])
        .filter(Expr::col("twice", Ty::INT).compare(Cmp::Ge, Expr::int(times)));
    graded.join(twice, key.iter().cloned().zip(group).collect(), Join::Semi)
}

/// Columns that show two sales where both records have them. Those that the exports lack cannot tell two sales apart:
/// every finding names them, and none is more than `likely`.
fn optional(
    build: &mut Build<'_>,
    file: &DuplicateFile,
    extra: &mut Vec<(String, Expr)>,
) -> (Vec<String>, Vec<String>) {
    let (mut names, mut lacking) = (Vec::new(), Vec::new());
    for (index, text) in file.unless_differs.iter().enumerate() {
        let Some(expr) = build.if_mapped(text) else {
            lacking.push(text.as_ref().clone());
            continue;
        };
        let name = format!("~unless:{index}");
        extra.push((name.clone(), expr));
        names.push(name);
    }
    (names, lacking)
}

type Other = (Plan, Vec<(String, String)>);

/// The lines of the candidates, keyed by document.
fn lines(file: &ContentFile, build: &mut Build<'_>, extra: &mut Vec<(String, Expr)>) -> Result<Other, Refusal> {
    super::build::known_population(build.rule, &file.population)?;
    let population = file.population.as_ref();
    if build.catalog.table(population).is_none() {
        build.lacks(population.clone());
    }
    build.settled()?;
    let mut scope = Scope::new(build.catalog, population, "line:");
    let (mut columns, mut on) = (Vec::new(), Vec::new());
    for (column, text) in &file.keys {
        let Some(own) = scope.column(column) else {
            build.lacks(format!("{population}.{column}"));
            continue;
        };
        let (ours, theirs) = (format!("~line:{column}"), format!("line:key:{column}"));
        columns.push((theirs.clone(), own));
        extra.push((ours.clone(), build.expr(text)));
        on.push((ours, theirs));
    }
    for (index, text) in file.columns.iter().enumerate() {
        columns.push((format!("line:{index}~"), build.foreign(text, &mut scope, population, false)));
    }
    Ok((scope.plan().extend(columns), on))
}
