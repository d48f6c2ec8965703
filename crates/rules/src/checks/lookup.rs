//! `lookup`: a dated reference row says what the stated figure should be: tax rate, price, certificate, terms, FX.
//!
//! Rows are found once for each distinct key and date, not once a record. A missing end of a reference row is the next
//! row's start; a stated one is never overridden. No row, several rows, an unreadable row: not tested, with the reason.

use std::sync::Arc;

use tieout_model::Code;

use super::build::{Build, Graded, Refusal, beyond};
use super::{EvidencePlan, Judge, Judgement, Procedure, Wrong};
use crate::catalog::{Cause, Scope};
use crate::expr::{Cmp, Expr, Node, eval};
use crate::file::{EffectiveFile, LookupFile, Text};
use crate::plan::{Agg, Join, Plan};
use crate::value::{Relation, Ty, Value};

/// Stands for "no value" in keys that may match any.
const NONE: &str = "\u{1}";
/// Reference rows found for the record.
const COUNT: &str = "ref.count";

/// A range of the reference row: the record's column, from, to.
struct Span {
    own: String,
    from: Expr,
    to: Option<Expr>,
    dated: bool,
}

#[derive(Default)]
struct Keys {
    /// Columns of the record.
    own: Vec<(String, Expr)>,
    /// Strict keys: the record's column, the reference's expression, the name for messages.
    strict: Vec<(String, Expr, String)>,
    /// Keys that an empty reference cell opens to all; `None`: the reference has no such column at all.
    open: Vec<(String, Option<Expr>)>,
    /// Date and bracket.
    spans: Vec<Span>,
}

/// Plans the check.
pub fn plan(file: &LookupFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    super::build::known_population(build.rule, &file.into)?;
    let into = file.into.as_ref().clone();
    if build.catalog.table(&into).is_none() {
        build.lacks(into.clone());
    }
    build.settled()?;
    let mut reference = Scope::new(build.catalog, &into, &format!("{into}."));
    let keys = keys(file, &mut build, &mut reference);
    let when = file.when.as_ref().map(|text| build.foreign(text, &mut reference, &into, false));
    let rank = rank(file, &mut build, &mut reference);
    let mut both = |text: &Option<Text>| text.as_ref().map(|text| build.foreign(text, &mut reference, &into, true));
    let (expected, stated, that, slack) = (both(&file.expect), both(&file.stated), both(&file.that), both(&file.slack));
    let per: Vec<(String, Expr)> =
        file.per.iter().enumerate().map(|(index, text)| (format!("~per:{index}"), build.expr(text))).collect();
    for (name, expr) in reference_words(&build, &mut reference, &into) {
        build.define(&name, expr);
    }
    build.settled()?;

    let mut graded = Graded { causes: causes(&into, &keys, &reference, &build.scope), ..Graded::default() };
    let mut around = Around { keys, rank, rec: reference.rec(), rows: reference.plan(), per: Vec::new(), row: None };
    around.rows = around.rows.clone().extend(around.key_columns());
    if let Some(when) = when {
        around.rows = around.rows.clone().filter(when);
    }
    around.rows = fill_ends(around.rows.clone(), &mut around.keys);
    let exception = match (expected, stated, that) {
        (Some(expected), Some(stated), None) => {
            build.stated_not_computed(&stated, &expected, false)?;
            let wrong = beyond(&stated, &expected, slack.clone());
            let former = file.report.as_ref().is_some_and(|word| word.as_ref() == "former-row");
            if former {
                graded.judge = Some(around.former_row(file, expected.clone(), wrong.clone()));
            }
            if per.is_empty() {
                (graded.expected, graded.stated) = (Some(expected), Some(stated));
                found_or(file, &mut build, &around.keys, wrong)
            } else {
                let records = build.catalog.table(&build.scope.population).map_or(1, |table| u128::from(table.records.max(1)));
                let row = (found_or(file, &mut build, &around.keys, expected), stated);
                let (exception, sums) = around.group(per, row, slack.unwrap_or_else(|| Expr::int(0)), records, &build);
                (graded.expected, graded.stated) = (Some(sums.0), Some(sums.1));
                graded.causes.push(Cause {
                    condition: Expr::col("per.missing", Ty::INT).or_zero().compare(Cmp::Gt, Expr::int(0)),
                    words: "another row of the same document is not tested".to_owned(),
                });
                build.add_evidence(around.members(&build));
                exception
            }
        }
        (None, None, Some(that)) => found_or(file, &mut build, &around.keys, that.negated()),
        _ => {
            build.complain(Code::RuleSyntax, &file.into, "a lookup has either `that`, or `expect` and `stated`");
            Expr::bool(false)
        }
    };
    graded.records.push((reference.rec(), into.clone(), "reference".to_owned(), format!("{into}.")));
    build.settled()?;
    let rec = build.scope.rec();
    graded.plan = Some(Box::new(move |base: Plan| around.join(base, &rec)));
    build.grade(exception, graded)
}

/// Columns of the reference that the rule's other texts (effect, sentence, guards) name.
fn reference_words(build: &Build<'_>, reference: &mut Scope<'_>, into: &str) -> Vec<(String, Expr)> {
    let words = build.rule.text.split(|symbol: char| !(symbol.is_ascii_alphanumeric() || symbol == '_' || symbol == '.'));
    let named = words.filter_map(|word| Some((word.to_owned(), word.strip_prefix(into)?.strip_prefix('.')?)));
    named.collect::<Vec<_>>().into_iter().filter_map(|(word, column)| Some((word, reference.column(column)?))).collect()
}

fn keys(file: &LookupFile, build: &mut Build<'_>, reference: &mut Scope<'_>) -> Keys {
    let into = file.into.as_ref();
    let any: Vec<&str> = file.any_null.iter().map(|column| column.as_ref().as_str()).collect();
    let mut keys = Keys::default();
    for (column, text) in &file.keys {
        let own = build.expr(text);
        let theirs = reference.column(column);
        let known = tieout_ingest::schema::schema().get(into).is_some_and(|known| known.columns.iter().any(|known| known.name == *column));
        if !known {
            build.complain(Code::RuleColumn, text, format!("`{into}` has no column `{column}`"));
        }
        let name = format!("~k:{column}");
        if any.contains(&column.as_str()) {
            let stand_in = Expr { node: Node::Coalesce(vec![own, Expr::text(NONE)]), ty: Ty::Text, bound: 0 };
            keys.own.push((name.clone(), stand_in));
            keys.open.push((name, theirs));
        } else {
            if theirs.is_none() {
                build.lacks(format!("{into}.{column}"));
            }
            keys.own.push((name.clone(), own));
            keys.strict.push((name, theirs.unwrap_or_else(|| Expr::null(Ty::Text)), text.as_ref().clone()));
        }
    }
    let mut span = |build: &mut Build<'_>, range: &EffectiveFile, name: &str, dated: bool| {
        let own = build.expr(&range.at);
        let (from, to) = (reference.column(range.from.as_ref()), reference.column(range.to.as_ref()));
        let Some(from) = from else {
            if dated {
                build.review(format!("the {into} table is undated"));
            }
            return;
        };
        let scale = own.ty.scale().max(from.ty.scale());
        let own = if matches!(own.ty, Ty::Num { .. }) { own.widened(scale) } else { own };
        keys.own.push((name.to_owned(), own));
        keys.spans.push(Span { own: name.to_owned(), from, to, dated });
    };
    if let Some(range) = &file.effective {
        span(build, range, "~at", true);
    }
    if let Some(range) = &file.bracket {
        span(build, range, "~bracket", false);
    }
    keys
}

fn rank(file: &LookupFile, build: &mut Build<'_>, reference: &mut Scope<'_>) -> Option<Expr> {
    let rank = file.rank.as_ref()?;
    let Some(column) = reference.column(rank.column.as_ref()) else {
        // Without the column every row has the same rank: two hits are then not tested.
        let known = tieout_ingest::schema::schema().get(file.into.as_ref()).is_some_and(|known| known.columns.iter().any(|known| known.name == *rank.column.as_ref()));
        if !known {
            build.complain(Code::RuleColumn, &rank.column, format!("`{}` has no column `{}`", file.into.as_ref(), rank.column.as_ref()));
        }
        return None;
    };
    let last = i128::try_from(rank.order.len()).unwrap_or(i128::MAX);
    let arms = rank.order.iter().zip(0..).map(|(word, place)| {
        let is = column.clone().compare(Cmp::Eq, Expr::text(word));
        let is = Expr { node: Node::Coalesce(vec![is, Expr::bool(false)]), ty: Ty::Bool, bound: 0 };
        (is, Expr::int(place))
    });
    Some(Expr::case(arms.collect(), Expr::int(last)))
}

fn causes(into: &str, keys: &Keys, reference: &Scope<'_>, own: &Scope<'_>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    for (name, _, words) in &keys.strict {
        let Some((_, key)) = keys.own.iter().find(|(own, _)| own == name) else { continue };
        let lost = || Expr::col(name.clone(), key.ty).is_null();
        let mut columns = std::collections::BTreeSet::new();
        key.columns(&mut columns);
        let deeper = own.missing_of(&columns).into_iter();
        causes.extend(deeper.map(|cause| Cause { condition: lost().and(cause.condition), words: cause.words }));
        causes.push(Cause { condition: lost(), words: format!("`{words}` is empty or unknown") });
    }
    for span in &keys.spans {
        causes.push(Cause { condition: Expr::col(span.own.clone(), span.from.ty).is_null(), words: "its date or quantity is unknown".to_owned() });
    }
    let count = || Expr::col(COUNT, Ty::INT).or_zero();
    causes.push(Cause { condition: count().compare(Cmp::Eq, Expr::int(0)), words: format!("no {into} row for it") });
    causes.push(Cause { condition: count().compare(Cmp::Gt, Expr::int(1)), words: format!("several {into} rows for it") });
    causes.extend(reference.unreadable());
    causes
}

/// What holds where exactly one row was found, and what the rule says of the other cases.
fn found_or(file: &LookupFile, build: &mut Build<'_>, keys: &Keys, found: Expr) -> Expr {
    let count = || Expr::col(COUNT, Ty::INT).or_zero();
    let unknown = || Expr::null(found.ty);
    let missing = match file.missing.as_ref().map(|word| word.as_ref().as_str()) {
        None | Some("not-tested") => unknown(),
        Some("finding") if found.ty == Ty::Bool => Expr::bool(true),
        Some("silent") if found.ty == Ty::Bool => Expr::bool(false),
        Some(other) => {
            if let Some(text) = &file.missing {
                build.complain(Code::RuleSyntax, text, format!("`{other}` cannot stand here; use `not-tested`, `finding` or `silent`"));
            }
            unknown()
        }
    };
    // A missing key or date finds nothing, and says nothing.
    let own = |name: &String| keys.own.iter().find(|(own, _)| own == name).map(|(_, expr)| Expr::col(name.clone(), expr.ty).is_null());
    let names = keys.strict.iter().map(|(name, ..)| name).chain(keys.spans.iter().map(|span| &span.own));
    let mut arms: Vec<(Expr, Expr)> = names.filter_map(own).reduce(Expr::or).map(|keyless| (keyless, unknown())).into_iter().collect();
    arms.push((count().compare(Cmp::Eq, Expr::int(0)), missing));
    match file.several.as_ref().map(|word| word.as_ref().as_str()) {
        None | Some("not-tested") => arms.push((count().compare(Cmp::Gt, Expr::int(1)), unknown())),
        Some("first") => {}
        Some(other) => {
            if let Some(text) = &file.several {
                build.complain(Code::RuleSyntax, text, format!("`{other}` cannot stand here; use `not-tested` or `first`"));
            }
        }
    }
    Expr::case(arms, found)
}

/// Gives every dated row without an end the start of the next row of its key as its end.
fn fill_ends(rows: Plan, keys: &mut Keys) -> Plan {
    let Some(span) = keys.spans.iter_mut().find(|span| span.dated) else { return rows };
    let from = span.from.clone();
    // Keys as text stand-ins, so that an empty key is a key of its own.
    let names: Vec<String> = (keys.strict.iter().map(|(name, ..)| name)).chain(keys.open.iter().filter(|(_, theirs)| theirs.is_some()).map(|(name, _)| name)).map(|name| format!("ref{name}")).collect();
    let types: Vec<Ty> = names.iter().map(|name| rows.ty(name).unwrap_or(Ty::Text)).collect();
    let side = |mark: &str| {
        let mut columns: Vec<(String, Expr)> = names.iter().zip(&types).map(|(name, ty)| (format!("{mark}{name}"), Expr::col(name.clone(), *ty))).collect();
        columns.push((format!("{mark}from"), from.clone()));
        let all: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        rows.clone().project(columns).distinct(&all)
    };
    let pairs = |left: &str, right: &str| names.iter().map(|name| (format!("{left}{name}"), format!("{right}{name}"))).collect::<Vec<_>>();
    let later = Expr::col("b.from", Ty::Date).compare(Cmp::Gt, Expr::col("a.from", Ty::Date));
    let mut group: Vec<String> = names.iter().map(|name| format!("a.{name}")).collect();
    group.push("a.from".to_owned());
    let next = side("a.").join(side("b."), pairs("a.", "b."), Join::Inner).filter(later).aggregate(group, vec![("ref.next".to_owned(), Agg::Min("b.from".to_owned()))]);
    let mut on: Vec<(String, String)> = names.iter().map(|name| (name.clone(), format!("a.{name}"))).collect();
    on.push(("ref.from".to_owned(), "a.from".to_owned()));
    let next_end = Expr::col("ref.next", Ty::Date);
    let end = match &span.to {
        Some(to) => Expr { node: Node::Coalesce(vec![to.clone(), next_end]), ty: Ty::Date, bound: 0 },
        None => next_end,
    };
    span.to = Some(Expr::col("ref.to", Ty::Date));
    rows.extend(vec![("ref.from".to_owned(), from)]).join(next, on, Join::Left).extend(vec![("ref.to".to_owned(), end)])
}

/// The joins around the assembled records.
struct Around {
    keys: Keys,
    rank: Option<Expr>,
    rec: String,
    rows: Plan,
    per: Vec<(String, Expr)>,
    row: Option<(Expr, Expr)>,
}

impl Around {
    fn key_columns(&self) -> Vec<(String, Expr)> {
        let strict = self.keys.strict.iter().map(|(name, theirs, _)| (format!("ref{name}"), theirs.clone()));
        let open = self.keys.open.iter().filter_map(|(name, theirs)| {
            let theirs = theirs.clone()?;
            let stand_in = Expr { node: Node::Coalesce(vec![theirs, Expr::text(NONE)]), ty: Ty::Text, bound: 0 };
            Some((format!("ref{name}"), stand_in))
        });
        strict.chain(open).collect()
    }

    /// Whether a reference row, joined on the strict keys, matches.
    fn matches(&self) -> Expr {
        let mut all = Expr::bool(true);
        for (name, theirs) in &self.keys.open {
            if theirs.is_some() {
                let reference = || Expr::col(format!("ref{name}"), Ty::Text);
                let any = reference().compare(Cmp::Eq, Expr::text(NONE));
                all = all.and(any.or(reference().compare(Cmp::Eq, Expr::col(name.clone(), Ty::Text))));
            }
        }
        for span in &self.keys.spans {
            let own = || Expr::col(span.own.clone(), span.from.ty);
            let started = span.from.clone().compare(Cmp::Le, own());
            let started = if span.dated { started } else { span.from.clone().is_null().or(started) };
            all = all.and(started);
            if let Some(to) = &span.to {
                all = all.and(to.clone().is_null().or(own().compare(Cmp::Lt, to.clone())));
            }
        }
        all
    }

    fn on(&self) -> Vec<(String, String)> {
        self.keys.strict.iter().map(|(name, ..)| (name.clone(), format!("ref{name}"))).collect()
    }

    fn join(self, base: Plan, base_rec: &str) -> Plan {
        let own: Vec<String> = self.keys.own.iter().map(|(name, _)| name.clone()).collect();
        let base = base.extend(self.keys.own.clone()).extend(self.per.clone());
        let mut hits = base.clone().distinct(&own).join(self.rows.clone(), self.on(), Join::Inner).filter(self.matches());
        let pairs = || own.iter().map(|name| (name.clone(), format!("hit{name}"))).collect::<Vec<_>>();
        let renamed = |mut extra: Vec<(String, Expr)>| {
            let mut columns: Vec<(String, Expr)> = self.keys.own.iter().map(|(name, expr)| (format!("hit{name}"), Expr::col(name.clone(), expr.ty))).collect();
            columns.append(&mut extra);
            columns
        };
        let hit_keys = || own.iter().map(|name| format!("hit{name}")).collect::<Vec<_>>();
        if let Some(rank) = &self.rank {
            hits = hits.extend(vec![("ref.rank".to_owned(), rank.clone())]);
            let best = hits
                .clone()
                .project(renamed(vec![("rank".to_owned(), Expr::col("ref.rank", Ty::INT))]))
                .aggregate(hit_keys(), vec![("ref.best".to_owned(), Agg::Min("rank".to_owned()))]);
            hits = hits.join(best, pairs(), Join::Inner).filter(Expr::col("ref.rank", Ty::INT).compare(Cmp::Eq, Expr::col("ref.best", Ty::INT)));
        }
        let chosen = hits
            .project(renamed(vec![("rec".to_owned(), Expr::col(self.rec.clone(), Ty::INT))]))
            .aggregate(hit_keys(), vec![(COUNT.to_owned(), Agg::Count), (format!("chosen.{}", tieout_ingest::store::REC), Agg::Min("rec".to_owned()))]);
        let chosen_rec = format!("chosen.{}", tieout_ingest::store::REC);
        let key_columns: Vec<String> = self.key_columns().into_iter().map(|(name, _)| name).collect();
        let columns = self.rows.columns();
        let mut carried: Vec<(String, Expr)> = columns
            .iter()
            .filter(|column| !key_columns.contains(&column.name))
            .map(|column| (column.name.clone(), Expr::col(column.name.clone(), column.ty)))
            .collect();
        let copy = format!("row.{}", tieout_ingest::store::REC);
        carried.push((copy.clone(), Expr::col(self.rec.clone(), Ty::INT)));
        let joined = base.join(chosen, pairs(), Join::Left).join(self.rows.clone().project(carried), vec![(chosen_rec, copy)], Join::Left);
        let Some((expected, stated)) = self.row else { return joined };
        let rows = joined.extend(vec![("~e".to_owned(), expected), ("~s".to_owned(), stated)]);
        let keys: Vec<String> = self.per.iter().map(|(name, _)| name.clone()).collect();
        let grouped: Vec<String> = keys.iter().map(|key| format!("of{key}")).collect();
        let ty = |name: &str| rows.ty(name).unwrap_or(Ty::MONEY);
        let mut columns: Vec<(String, Expr)> = self.per.iter().map(|(name, expr)| (format!("of{name}"), Expr::col(name.clone(), expr.ty))).collect();
        columns.push(("e".to_owned(), Expr::col("~e", ty("~e"))));
        columns.push(("s".to_owned(), Expr::col("~s", ty("~s"))));
        columns.push(("rec".to_owned(), Expr::col(base_rec, Ty::INT)));
        let either = Expr::col("~e", ty("~e")).is_null().or(Expr::col("~s", ty("~s")).is_null());
        columns.push(("lost".to_owned(), either));
        let sums = rows.clone().project(columns).aggregate(
            grouped.clone(),
            vec![
                ("per.expected".to_owned(), Agg::Sum("e".to_owned())),
                ("per.stated".to_owned(), Agg::Sum("s".to_owned())),
                ("per.missing".to_owned(), Agg::True("lost".to_owned())),
                ("per.count".to_owned(), Agg::Count),
                (format!("per.{}", tieout_ingest::store::REC), Agg::Min("rec".to_owned())),
            ],
        );
        rows.join(sums, keys.into_iter().zip(grouped).collect(), Join::Left)
    }

    /// Judges the rows of one document together: Σ expected against Σ stated, the slack once for each row.
    fn group(&mut self, per: Vec<(String, Expr)>, row: (Expr, Expr), slack: Expr, records: u128, build: &Build<'_>) -> (Expr, (Expr, Expr)) {
        let column = |name: &str, of: &Expr| Expr::col_bounded(name, of.ty, of.bound.saturating_mul(records));
        let (expected, stated) = (column("per.expected", &row.0), column("per.stated", &row.1));
        self.per = per;
        self.row = Some(row);
        let count = Expr::col_bounded("per.count", Ty::INT, records);
        let dim = crate::value::Dim::Money;
        let wrong = beyond(&stated, &expected, Some(slack.times(count, dim)));
        let first = build.scope.rec_expr().compare(Cmp::Eq, Expr::col(format!("per.{}", tieout_ingest::store::REC), Ty::INT));
        let lost = Expr::col("per.missing", Ty::INT).compare(Cmp::Gt, Expr::int(0));
        (Expr::case(vec![(lost, Expr::null(Ty::Bool))], first.and(wrong)), (expected, stated))
    }

    /// All rows of the document, for evidence.
    fn members(&self, build: &Build<'_>) -> EvidencePlan {
        let rec = format!("same.{}", tieout_ingest::store::REC);
        let mut columns: Vec<(String, Expr)> = self.per.iter().map(|(name, expr)| (format!("same{name}"), expr.clone())).collect();
        columns.push((rec.clone(), build.scope.rec_expr()));
        for (name, ty) in build.scope.own_columns() {
            columns.push((format!("same.{name}"), Expr::col(name, ty)));
        }
        EvidencePlan {
            role: "same document".to_owned(),
            population: build.scope.population.clone(),
            rec,
            prefix: "same.".to_owned(),
            plan: build.scope.plan().project(columns),
            on: self.per.iter().map(|(name, _)| (name.clone(), format!("same{name}"))).collect(),
            until: None,
        }
    }

    /// Only where another dated row of the same key explains the stated figure.
    fn former_row(&self, file: &LookupFile, expected: Expr, wrong: Expr) -> Judge {
        let on = self.on();
        let columns: Vec<String> = self.rows.columns().into_iter().map(|column| column.name).collect();
        let prefix = format!("{}.", file.into.as_ref());
        let open = Arc::new(self.keys.open.iter().filter(|(_, theirs)| theirs.is_some()).map(|(name, _)| name.clone()).collect::<Vec<_>>());
        let rec = self.rec.clone();
        let decide = move |candidates: &Relation, others: &[Relation]| {
            let mut judgement = Judgement::default();
            let rows = &others[0];
            for (index, candidate) in candidates.rows.iter().enumerate() {
                let cell = |name: &str| &candidate[candidates.index(name)];
                let same_key = |row: &&Vec<Value>| {
                    let strict = on.iter().all(|(own, theirs)| *cell(own) == row[rows.index(theirs)]);
                    let any = |name: &String| {
                        let theirs = &row[rows.index(&format!("ref{name}"))];
                        theirs.as_text() == Some(NONE) || theirs == cell(name)
                    };
                    strict && open.iter().all(any) && *cell(&rec) != row[rows.index(&rec)]
                };
                for row in rows.rows.iter().filter(same_key) {
                    let mut replaced = candidate.clone();
                    for name in &columns {
                        if let Some(at) = candidates.find(name) {
                            replaced[at] = row[rows.index(name)].clone();
                        }
                    }
                    if eval::evaluate(&wrong, candidates, &replaced) == Value::Bool(false) {
                        let other = eval::evaluate(&expected, candidates, &replaced);
                        judgement.wrong.push(Wrong { row: index, detail: describe(rows, row, &prefix), chain: vec![format!("that row gives {}", super::sentence::number(&other, expected.ty))], ..Wrong::default() });
                        break;
                    }
                }
            }
            judgement
        };
        let on: Vec<(String, String)> = self.on();
        Judge { narrow: None, others: vec![(self.rows.clone(), on)], with_context: false, decide: Box::new(decide) }
    }
}

/// The numbers and dates of a reference row, in words.
fn describe(rows: &Relation, row: &[Value], prefix: &str) -> String {
    let mut words = Vec::new();
    for (column, value) in rows.columns.iter().zip(row) {
        let Some(name) = column.name.strip_prefix(prefix) else { continue };
        if value.is_null() || name.starts_with("__") || name.ends_with('!') || column.ty == Ty::Text {
            continue;
        }
        words.push(format!("{} {}", name.replace('_', " "), super::sentence::number(value, column.ty)));
    }
    words.join(", ")
}
