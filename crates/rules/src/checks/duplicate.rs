//! `duplicate`: the same thing billed, credited or paid twice.
//!
//! Keys are equal, others must differ; dates may be near, numbers alike, lines equal as a set. Candidates are the key
//! groups with more than one record; netting comes before judging, and the judge says which record is surplus.
//! Partition key: `key`.

use super::build::{Build, Graded, Refusal};
use super::{Judge, Procedure};
use crate::catalog::Scope;
use crate::expr::{Cmp, Expr, Func, Node};
use crate::file::{ContentFile, DuplicateFile};
use crate::judge::duplicate::{self, Terms};
use crate::plan::{Agg, Join, Plan};
use crate::value::{Column, Ty};

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
    let (mut others, mut sums) = (Vec::new(), None);
    if let Some(content) = &file.content {
        let other = lines(content, &mut build, &mut extra)?;
        sums = Some(Sums::of(&other));
        others.push(other);
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
    let near = terms.near;
    // Candidates are many, and most are no twins: with every column only those are read that are.
    let columns = extra.iter().map(|(name, _)| name.clone()).collect();
    let judge = Judge {
        columns,
        apart: Some(plain(&key)).filter(|key| !key.is_empty()),
        narrow: Some(Box::new(move |graded| candidates(graded, &key, near, sums.as_ref()))),
        others,
        with_context: true,
        decide: Box::new(move |candidates, others| {
            duplicate::judge(candidates, others, &terms, netting.as_deref(), (&population, &rec))
        }),
        ..Judge::default()
    };
    build.grade(exception, Graded { extra, judge: Some(judge), ..Graded::default() })
}

/// What equal sets of lines have in common, to tell most unequal ones apart before they are read: how many they are, the
/// sums of their numbers, and, where there is one line, its texts and days.
struct Sums {
    lines: Plan,
    on: Vec<(String, String)>,
    aggs: Vec<(String, Agg)>,
    /// Of the aggregates: those that count where there is one line, with what then stands for them.
    single: Vec<(String, Expr)>,
    names: Vec<String>,
}

impl Sums {
    fn of((lines, on): &Other) -> Self {
        let mut aggs = vec![("set:lines".to_owned(), Agg::Count)];
        let compared = |column: &Column| column.name.starts_with("line:") && column.name.ends_with('~');
        let (numbers, others): (Vec<_>, Vec<_>) =
            lines.columns().into_iter().filter(compared).partition(|column| matches!(column.ty, Ty::Num { .. }));
        aggs.extend(numbers.into_iter().map(|column| (format!("set:{}", column.name), Agg::Sum(column.name))));
        let mut names: Vec<String> = aggs.iter().map(|(name, _)| name.clone()).collect();
        let mut single = Vec::new();
        for Column { name, ty } in others {
            let (any, one) = (format!("set:{name}"), format!("one:{name}"));
            let alone = Expr::col(names[0].clone(), Ty::INT).compare(Cmp::Eq, Expr::int(1));
            single.push((one.clone(), Expr::case(vec![(alone, Expr::col(any.clone(), ty))], Expr::null(ty))));
            aggs.push((any, Agg::Any(name)));
            names.push(one);
        }
        Self { lines: lines.clone(), on: on.clone(), aggs, single, names }
    }

    /// The records with the sums of their lines beside them; lines of other records are not summed.
    fn beside(&self, rows: &Plan) -> Plan {
        let own = |(own, _): &(String, String)| {
            (format!("its.{own}"), Expr::col(own.clone(), rows.ty(own).unwrap_or(Ty::Text)))
        };
        let of: Vec<(String, Expr)> = self.on.iter().map(own).collect();
        let pairs = self.on.iter().map(|(own, theirs)| (theirs.clone(), format!("its.{own}"))).collect();
        let lines = self.lines.clone().join(rows.clone().project(of), pairs, Join::Semi);
        let keys = self.on.iter().map(|(_, theirs)| theirs.clone()).collect();
        let beside = rows.clone().join(lines.aggregate(keys, self.aggs.clone()), self.on.clone(), Join::Left);
        beside.extend(self.single.clone())
    }
}

/// The key without a folded number, which is dear; most records are alone without it.
fn plain(key: &[String]) -> Vec<String> {
    key.iter().filter(|name| *name != "~key:similar").cloned().collect()
}

/// The records of key groups in which two may be the same; whole groups, because what a rhythm is shows in all of them.
fn candidates(graded: Plan, key: &[String], near: bool, sums: Option<&Sums>) -> Plan {
    let plain = plain(key);
    let mut rows = graded.repeated(&plain, 2);
    if plain.len() < key.len() {
        rows = rows.repeated(key, 2);
    }
    if near {
        rows = close(rows, key);
    }
    let Some(sums) = sums else { return rows };
    let beside = sums.beside(&rows);
    let lines = || Expr::col(sums.names[0].clone(), Ty::INT);
    let all: Vec<String> = key.iter().chain(&sums.names).cloned().collect();
    let alike = beside.clone().filter(lines().is_null().negated()).repeated(&all, 2);
    // Of a record without lines it cannot be said.
    let untold = beside.filter(lines().is_null());
    groups_of(rows, key, vec![alike, untold])
}

/// The key groups in which two dates are near enough: from one to the next in order, or the same day twice.
fn close(rows: Plan, key: &[String]) -> Plan {
    let day = |date: Expr| Expr {
        node: Node::Call(Func::DaysBetween, vec![Expr::date(0), date]),
        ty: Ty::INT,
        bound: 1 << 32,
    };
    if rows.ty("~days").map(Ty::scale) != Some(0) {
        return rows;
    }
    let dated = rows.clone().extend(vec![("~day".to_owned(), day(Expr::col("~date", Ty::Date)))]);
    let beside = Plan::Neighbours {
        input: Box::new(dated),
        keys: key.to_vec(),
        number: "~day".to_owned(),
        names: ["~day:low", "~day:high", "~day:one"].map(str::to_owned),
    };
    let number = |name: &str| Expr::col_bounded(name, Ty::INT, 1 << 32);
    let step = number("~day").minus(number("~day:low"));
    let near = step.compare(Cmp::Le, Expr::col("~days", Ty::INT));
    let again = Expr::col("~day:one", Ty::Bool).negated();
    let (near, again) = (beside.clone().filter(near), beside.filter(again));
    groups_of(rows, key, vec![near, again])
}

/// The rows of the key groups that have a row in one of these.
fn groups_of(rows: Plan, key: &[String], some: Vec<Plan>) -> Plan {
    let group: Vec<String> = key.iter().map(|name| format!("its{name}")).collect();
    let keys = |plan: Plan| {
        let of = |name: &String| (format!("its{name}"), Expr::col(name.clone(), plan.ty(name).unwrap_or(Ty::Text)));
        let columns = key.iter().map(of).collect();
        plan.project(columns)
    };
    let wanted = Plan::Union(some.into_iter().map(keys).collect()).distinct(&group);
    rows.join(wanted, key.iter().cloned().zip(group).collect(), Join::Semi)
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
