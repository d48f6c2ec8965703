//! The tax of documents: the rate in force on the governing date, and the candidates for the judge.

use tieout_ingest::schema::schema;
use tieout_model::Code;

use crate::catalog::{Cause, Scope};
use crate::checks::build::{Build, Graded, Refusal, known_population};
use crate::checks::governing;
use crate::checks::lookup::found::{Around, fill_ends};
use crate::checks::{Judge, Narrow, Outcome, Procedure, lookup};
use crate::expr::{Cmp, Expr, Node};
use crate::file::{LookupFile, RecomputeFile, TaxFile, TaxLinesFile};
use crate::judge::tax::{self, Report, Terms};
use crate::plan::{Agg, Join, Plan};
use crate::value::{Dim, Ty};

/// Plans the check.
pub(super) fn plan(file: &RecomputeFile, tax: &TaxFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    known_population(build.rule, &tax.into)?;
    let into = tax.into.as_ref().clone();
    if build.catalog.table(&into).is_none() {
        build.lacks(into.clone());
    }
    build.settled()?;
    let report = report(tax, &mut build);
    let governing = tax.governing.as_ref().map(|governing| governing::prepare(governing, &mut build));
    let lookup = as_lookup(file, tax);
    let mut reference = Scope::new(build.catalog, &into, &format!("{into}."));
    let keys = lookup::keys(&lookup, &mut build, &mut reference);
    let when = tax.when.as_ref().map(|text| build.foreign(text, &mut reference, &into, false));
    let rate = build.foreign(&tax.rate, &mut reference, &into, true);
    let (base, stated) = (build.number(&tax.base), build.number(&file.stated));
    build.settled()?;
    let exact = base.clone().times(rate.clone(), Dim::Money);
    if exact.ty.scale() > 24 || !matches!(base.ty, Ty::Num { .. }) {
        build.complain(Code::RuleType, &tax.rate, "the base is money and the rate a rate");
    }
    let mut graded = Graded { causes: lookup::causes(&into, &keys, &reference, &build.scope), ..Graded::default() };
    let mut around =
        Around { keys, rank: None, rec: reference.rec(), rows: reference.plan(), per: Vec::new(), row: None };
    around.rows = around.rows.clone().extend(around.key_columns());
    if let Some(when) = when {
        around.rows = around.rows.clone().filter(when);
    }
    around.rows = fill_ends(around.rows.clone(), &mut around.keys);
    let scale = exact.ty.scale();
    let exact = lookup::found_or(&lookup, &mut build, &around.keys, exact);
    let mut extra = columns(file, tax, &mut build, (&exact, &rate, &stated));
    let dates = governing.as_ref().map(|governing| governing.dates.clone()).unwrap_or_default();
    let unruled = tax.governing.as_ref().is_some_and(|file| build.catalog.table(file.into.as_ref()).is_none());
    if let Some(file) = tax.governing.as_ref().filter(|_| unruled) {
        let words = format!("{} is not in the exports: which date governs is not known", file.into.as_ref());
        if report == Report::Difference {
            graded.limits.push(format!("{words}; what another date would explain is for review"));
        } else {
            // A sum over records cannot say which of them another date would explain.
            build.review(words);
        }
    }
    if let Some(governing) = &governing {
        extra.extend(governing.columns.iter().cloned());
        graded.causes.splice(
            0..0,
            governing
                .causes
                .iter()
                .map(|cause| Cause { condition: cause.condition.clone(), words: cause.words.clone() }),
        );
    }
    let mut others: Vec<(Plan, Vec<(String, String)>)> = vec![(around.rows.clone(), on(&around))];
    if let Some(lines) = &tax.lines
        && build.catalog.table(lines.population.as_ref()).is_some()
    {
        others.push(self::lines(lines, &mut build, &mut extra)?);
    }
    build.settled()?;
    let rate_column = format!("{into}.{}", tax.rate.as_ref().rsplit('.').next().unwrap_or_default());
    let terms = Terms {
        report,
        documents: tax.document.len(),
        by: tax.by.len(),
        scale,
        records_min: tax.records_min.as_ref().and_then(|text| text.as_ref().parse().ok()).unwrap_or(20),
        dates: if unruled { dates } else { Vec::new() },
        keys: on(&around),
        rate: rate_column,
        rec: build.scope.rec(),
    };
    let mut columns: Vec<String> = extra.iter().map(|(name, _)| name.clone()).collect();
    columns.extend(around.keys.own.iter().map(|(name, _)| name.clone()));
    let pennies = report == Report::Pennies;
    if pennies {
        // Neither another date nor who chooses the method changes a sum.
        columns.retain(|name| !name.starts_with("~date:") && !name.starts_with("~by:"));
    }
    let documents: Vec<String> = (0..tax.document.len()).map(|index| format!("~doc:{index}")).collect();
    let rec = build.scope.rec();
    let apart = matches!(report, Report::Difference | Report::Drift).then(|| documents.clone());
    let narrow: Option<Narrow> = match report {
        Report::Difference | Report::Drift => Some(Box::new(move |graded| with_differences(graded, &documents))),
        Report::Pennies => {
            columns.extend(tax::RIGHT.iter().map(|name| (*name).to_owned()));
            Some(Box::new(move |graded| with_right_ones_summed(graded, &documents, &rec)))
        }
        Report::Mixed => None,
    };
    let tested = exact.clone().compare(Cmp::Eq, exact).and(stated.clone().compare(Cmp::Eq, stated.clone()));
    graded.judge = Some(Judge {
        apart,
        narrow,
        others,
        // What is right row by row is lawful, whatever the lines behind it are.
        asking: pennies.then(|| "~off".to_owned()),
        with_untested: true,
        columns,
        decide: Box::new(move |candidates, others| tax::judge(candidates, others, &terms)),
        ..Judge::default()
    });
    graded.extra = extra;
    graded.expected = Some(Expr::null(Ty::MONEY));
    graded.stated = Some(stated);
    graded.records.push((reference.rec(), into.clone(), "reference".to_owned(), format!("{into}.")));
    let rec = build.scope.rec();
    let basis = tax.governing.as_ref().map(|file| file.basis.as_ref().clone()).unwrap_or_default();
    graded.plan = Some(Box::new(move |base: Plan, in_scope: Option<&Expr>| {
        let base = match governing {
            Some(governing) => governing.join(base, (&rec, in_scope), &basis),
            None => base,
        };
        around.join(base, (&rec, in_scope))
    }));
    build.grade(tested, graded)
}

fn report(tax: &TaxFile, build: &mut Build<'_>) -> Report {
    match tax.report.as_ref().map(|word| word.as_ref().as_str()) {
        None | Some("difference") => Report::Difference,
        Some("mixed") => Report::Mixed,
        Some("pennies") => Report::Pennies,
        Some("drift") => Report::Drift,
        Some(other) => {
            let message = format!("`{other}` is no report; there are `difference`, `mixed`, `pennies` and `drift`");
            if let Some(text) = &tax.report {
                build.complain(Code::RuleSyntax, text, message);
            }
            Report::Difference
        }
    }
}

fn as_lookup(file: &RecomputeFile, tax: &TaxFile) -> LookupFile {
    LookupFile {
        population: file.population.clone(),
        into: tax.into.clone(),
        keys: tax.keys.clone(),
        governing: None,
        effective: Some(tax.effective.clone()),
        bracket: None,
        any_null: Vec::new(),
        when: tax.when.clone(),
        rank: None,
        missing: None,
        several: None,
        expect: None,
        stated: None,
        that: None,
        slack: None,
        per: Vec::new(),
        children: Vec::new(),
        report: None,
    }
}

fn on(around: &Around) -> Vec<(String, String)> {
    around.keys.strict.iter().map(|(name, ..)| (name.clone(), format!("ref{name}"))).collect()
}

/// What the judge reads of each record.
fn columns(
    file: &RecomputeFile,
    tax: &TaxFile,
    build: &mut Build<'_>,
    (exact, rate, stated): (&Expr, &Expr, &Expr),
) -> Vec<(String, Expr)> {
    let mut extra: Vec<(String, Expr)> = Vec::new();
    for (name, texts) in [("doc", &tax.document), ("by", &tax.by)] {
        for (index, text) in texts.iter().enumerate() {
            // Who chooses the method may not be in the exports: then it is one.
            let part = if name == "by" { build.if_mapped(text) } else { Some(build.expr(text)) };
            let part = part.unwrap_or_else(|| Expr::text(""));
            let part = Expr { node: Node::Coalesce(vec![part, Expr::text("")]), ty: Ty::Text, bound: 0 };
            extra.push((format!("~{name}:{index}"), part));
        }
    }
    let or_empty = |part: Option<Expr>| {
        let part = part.unwrap_or_else(|| Expr::text(""));
        Expr { node: Node::Coalesce(vec![part, Expr::text("")]), ty: Ty::Text, bound: 0 }
    };
    let line = build.if_mapped(&tax.line);
    extra.push(("~line".to_owned(), or_empty(line)));
    let jurisdiction = build.if_mapped(&tax.jurisdiction);
    extra.push(("~jurisdiction".to_owned(), or_empty(jurisdiction)));
    let base = build.number(&tax.base);
    extra.push(("~base".to_owned(), base));
    extra.push(("~rate".to_owned(), rate.clone()));
    extra.push(("~exact".to_owned(), exact.clone()));
    extra.push(("~stated".to_owned(), stated.clone()));
    let header = |build: &mut Build<'_>, column: &str| {
        let found = schema().get(&build.scope.population).is_some().then(|| build.scope.column(column)).flatten();
        found.map_or_else(|| Expr { ty: Ty::MONEY, ..Expr::int(0) }, Expr::or_zero)
    };
    for column in ["charge_total", "allowance_total"] {
        let amount = header(build, column);
        extra.push((format!("~{column}"), amount));
    }
    let mode = build.scope.column("entity.rounding_mode");
    extra.push(("~mode".to_owned(), or_empty(mode)));
    let _ = file;
    // Whether the record is right as it stands: the plain reading, which most records meet.
    let currency = build.scope.currency().unwrap_or_else(|| Expr::null(Ty::Text));
    let scale = exact.ty.scale();
    let mut parts = vec![exact.clone(), currency];
    parts.extend(build.scope.column("entity.rounding_mode"));
    let round = crate::expr::Func::RoundMoney { scale, mode: None };
    let rounded = Expr { node: Node::Call(round, parts), ty: Ty::MONEY, bound: exact.bound };
    extra.push(("~off".to_owned(), stated.clone().compare(Cmp::Ne, rounded)));
    extra
}

/// Only the records of documents of which one is not right as it stands, or not tested; all others are lawful, and summed by
/// jurisdiction. The first record of each sum stays too.
fn with_right_ones_summed(graded: Plan, documents: &[String], rec: &str) -> Plan {
    let [marked, first, count, stated, exact] = tax::RIGHT;
    let group: Vec<String> = documents.iter().map(|name| format!("judged{name}")).collect();
    let untested = Outcome::NotTested(0).code();
    let is_off = Expr::col("~off", Ty::Bool).otherwise(Expr::bool(true));
    let mark = is_off.or(Expr::col("__outcome", Ty::INT).compare(Cmp::Ge, Expr::int(untested)));
    let columns = documents.iter().map(|name| (format!("judged{name}"), Expr::col(name.clone(), Ty::Text))).collect();
    let judged =
        graded.clone().filter(mark).project(columns).aggregate(group.clone(), vec![(marked.to_owned(), Agg::Count)]);
    let all = graded.join(judged, documents.iter().cloned().zip(group).collect(), Join::Left);
    let is_judged = || Expr::col(marked, Ty::INT).is_null().negated();
    let ty = |name: &str| all.ty(name).unwrap_or(Ty::MONEY);
    let column = |name: &str| Expr::col(name, ty(name));
    let there = ["~rate", "~base"].map(|name| column(name).is_null().negated());
    let right = there.into_iter().fold(all.clone().filter(is_judged().negated()), Plan::filter);
    let columns = vec![
        ("right:of".to_owned(), column("~jurisdiction")),
        ("right:rec".to_owned(), column(rec)),
        ("right:stated".to_owned(), column("~stated")),
        ("right:exact".to_owned(), column("~exact")),
    ];
    let sums = right.project(columns).aggregate(
        vec!["right:of".to_owned()],
        vec![
            (first.to_owned(), Agg::Min("right:rec".to_owned())),
            (count.to_owned(), Agg::Count),
            (stated.to_owned(), Agg::Sum("right:stated".to_owned())),
            (exact.to_owned(), Agg::Sum("right:exact".to_owned())),
        ],
    );
    let is_first = column(rec).compare(Cmp::Eq, Expr::col(first, Ty::INT));
    let on = vec![("~jurisdiction".to_owned(), "right:of".to_owned())];
    all.join(sums, on, Join::Left).filter(is_judged().or(is_first))
}

/// Only the records of documents of which one is not right as it stands.
fn with_differences(graded: Plan, documents: &[String]) -> Plan {
    let group: Vec<String> = documents.iter().map(|name| format!("off{name}")).collect();
    let columns = documents.iter().map(|name| (format!("off{name}"), Expr::col(name.clone(), Ty::Text))).collect();
    let off = graded.clone().filter(Expr::col("~off", Ty::Bool)).project(columns).distinct(&group);
    graded.join(off, documents.iter().cloned().zip(group).collect(), Join::Semi)
}

type Other = (Plan, Vec<(String, String)>);

/// The lines behind documents: keys, amount, whether taxed.
fn lines(file: &TaxLinesFile, build: &mut Build<'_>, extra: &mut Vec<(String, Expr)>) -> Result<Other, Refusal> {
    known_population(build.rule, &file.population)?;
    let population = file.population.as_ref();
    let mut scope = Scope::new(build.catalog, population, "line:");
    let (mut columns, mut on) = (Vec::new(), Vec::new());
    for (index, (column, text)) in file.keys.iter().enumerate() {
        let Some(own) = scope.column(column) else {
            build.lacks(format!("{population}.{column}"));
            continue;
        };
        let (ours, theirs) = (format!("~line:{index}"), format!("line:key:{index}"));
        columns.push((theirs.clone(), own));
        extra.push((ours.clone(), build.expr(text)));
        on.push((ours, theirs));
    }
    let amount = build.foreign(&file.amount, &mut scope, population, false);
    columns.push(("line:amount".to_owned(), amount));
    let before = build.missing_so_far();
    let taxed = file.taxed.as_ref().map(|text| build.foreign(text, &mut scope, population, false));
    if build.forget_missing(before).is_empty()
        && let Some(taxed) = taxed
    {
        columns.push(("line:taxed".to_owned(), taxed));
    }
    let plan = scope.plan().extend(columns);
    let keep = plan
        .columns()
        .into_iter()
        .filter(|column| {
            column.name.starts_with("line:key:") || ["line:amount", "line:taxed"].contains(&column.name.as_str())
        })
        .map(|column| (column.name.clone(), Expr::col(column.name, column.ty)));
    let keep: Vec<(String, Expr)> = keep.collect();
    Ok((plan.project(keep), on))
}
