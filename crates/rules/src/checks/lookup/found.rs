//! The joins of a look-up: from the records' keys to the reference row in force, and back.

use std::collections::BTreeMap;

use tieout_ingest::store::REC;

use super::{COUNT, Keys, NONE, Span, UNKNOWN};
use crate::checks::build::{Build, beyond};
use crate::checks::{EvidencePlan, Judge, Judgement, Wrong, sentence};
use crate::expr::{Cmp, Expr, Node, eval};
use crate::file::LookupFile;
use crate::plan::{Agg, Fall, InForce, Join, Plan, Range};
use crate::value::{Dim, Relation, Ty, Value};

/// Gives every dated row without an end the start of the next row of its key as its end.
pub(in crate::checks) fn fill_ends(rows: Plan, keys: &mut Keys) -> Plan {
    let Some(span) = keys.spans.iter_mut().find(|span| span.dated) else { return rows };
    let from = span.from.clone();
    // Keys as text stand-ins, so that an empty key is a key of its own.
    let names: Vec<String> = (keys.strict.iter().map(|(name, ..)| name))
        .chain(keys.open.iter().filter(|(_, theirs)| theirs.is_some()).map(|(name, _)| name))
        .map(|name| format!("ref{name}"))
        .collect();
    let types: Vec<Ty> = names.iter().map(|name| rows.ty(name).unwrap_or(Ty::Text)).collect();
    let rows_of = |mark: &str, amount: Option<&Expr>| {
        let mut columns: Vec<(String, Expr)> = names
            .iter()
            .zip(&types)
            .map(|(name, ty)| (format!("{mark}{name}"), Expr::col(name.clone(), *ty)))
            .collect();
        columns.push((format!("{mark}from"), from.clone()));
        columns.extend(amount.map(|amount| (format!("{mark}amount"), amount.clone())));
        let all: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        rows.clone().project(columns).distinct(&all)
    };
    let side = |mark: &str| rows_of(mark, None);
    let pairs = |left: &str, right: &str| {
        names.iter().map(|name| (format!("{left}{name}"), format!("{right}{name}"))).collect::<Vec<_>>()
    };
    let later = Expr::col("b.from", Ty::Date).compare(Cmp::Gt, Expr::col("a.from", Ty::Date));
    let mut group: Vec<String> = names.iter().map(|name| format!("a.{name}")).collect();
    group.push("a.from".to_owned());
    let next = side("a.")
        .join(side("b."), pairs("a.", "b."), Join::Inner)
        .filter(later)
        .aggregate(group, vec![("ref.next".to_owned(), Agg::Min("b.from".to_owned()))]);
    let mut on: Vec<(String, String)> = names.iter().map(|name| (name.clone(), format!("a.{name}"))).collect();
    on.push(("ref.from".to_owned(), "a.from".to_owned()));
    let next_end = Expr::col("ref.next", Ty::Date);
    let end = match &span.to {
        Some(to) => Expr { node: Node::Coalesce(vec![to.clone(), next_end]), ty: Ty::Date, bound: 0 },
        None => next_end,
    };
    span.to = Some(Expr::col("ref.to", Ty::Date));
    let dated = rows
        .clone()
        .extend(vec![("ref.from".to_owned(), from.clone())])
        .join(next, on, Join::Left)
        .extend(vec![("ref.to".to_owned(), end)]);
    let Some((_, amount)) = span.fall.clone() else { return dated };
    // Whether this row rises above the one before, and the next above this one: what decides by which date they begin.
    let earlier = Expr::col("d.from", Ty::Date).compare(Cmp::Lt, Expr::col("c.from", Ty::Date));
    let mut group: Vec<String> = names.iter().map(|name| format!("c.{name}")).collect();
    group.push("c.from".to_owned());
    let before = side("c.")
        .join(side("d."), pairs("c.", "d."), Join::Inner)
        .filter(earlier)
        .aggregate(group, vec![("ref.before".to_owned(), Agg::Max("d.from".to_owned()))]);
    let at = |day: &str, mark: &str| {
        let mut on: Vec<(String, String)> = names.iter().map(|name| (name.clone(), format!("{mark}{name}"))).collect();
        on.push((day.to_owned(), format!("{mark}from")));
        on
    };
    let col = |name: &str| Expr::col_bounded(name, amount.ty, amount.bound);
    let or_true = |truth: Expr| Expr { node: Node::Coalesce(vec![truth, Expr::bool(true)]), ty: Ty::Bool, bound: 0 };
    dated
        .join(before, at("ref.from", "c."), Join::Left)
        .join(rows_of("p.", Some(&amount)), at("ref.before", "p."), Join::Left)
        .join(rows_of("n.", Some(&amount)), at("ref.next", "n."), Join::Left)
        .extend(vec![
            ("ref.rises".to_owned(), or_true(amount.clone().compare(Cmp::Ge, col("p.amount")))),
            ("ref.next_rises".to_owned(), or_true(col("n.amount").compare(Cmp::Ge, amount))),
        ])
}

/// The joins around the assembled records.
pub(in crate::checks) struct Around {
    pub(in crate::checks) keys: Keys,
    pub(in crate::checks) rank: Option<Expr>,
    pub(in crate::checks) rec: String,
    pub(in crate::checks) rows: Plan,
    pub(in crate::checks) per: Vec<(String, Expr)>,
    pub(in crate::checks) row: Option<(Expr, Expr)>,
}

impl Around {
    /// The reference's keys as columns of their own.
    pub(in crate::checks) fn key_columns(&self) -> Vec<(String, Expr)> {
        let strict = self.keys.strict.iter().map(|(name, theirs, _)| (format!("ref{name}"), theirs.clone()));
        let open = self.keys.open.iter().filter_map(|(name, theirs)| {
            let theirs = theirs.clone()?;
            let stand_in = Expr { node: Node::Coalesce(vec![theirs, Expr::text(NONE)]), ty: Ty::Text, bound: 0 };
            Some((format!("ref{name}"), stand_in))
        });
        strict.chain(open).collect()
    }

    /// Whether a reference row holds on the record's date and for its quantity.
    fn in_force<'s>(spans: impl Iterator<Item = &'s Span>) -> Expr {
        let mut all = Expr::bool(true);
        for span in spans {
            let own = || Expr::col(span.own.clone(), span.from.ty);
            // An increase begins by one date of the record, a decrease by the other.
            let by = |rises: &str| match &span.fall {
                Some((fall, _)) => {
                    let fall = Expr::col(fall.clone(), span.from.ty);
                    Expr::case(vec![(Expr::col(rises, Ty::Bool), own())], fall)
                }
                None => own(),
            };
            let started = span.from.clone().compare(Cmp::Le, by("ref.rises"));
            let started = if span.dated { started } else { span.from.clone().is_null().or(started) };
            all = all.and(started);
            if let Some(to) = &span.to {
                all = all.and(to.clone().is_null().or(by("ref.next_rises").compare(Cmp::Lt, to.clone())));
            }
        }
        all
    }

    fn on(&self) -> Vec<(String, String)> {
        self.keys.strict.iter().map(|(name, ..)| (name.clone(), format!("ref{name}"))).collect()
    }

    /// The records with the row in force beside them.
    pub(in crate::checks) fn join(self, base: Plan, (base_rec, in_scope): (&str, Option<&Expr>)) -> Plan {
        // Nothing is asked for a record that is not in scope, unless it is summed with others of its document.
        let asked = match in_scope.filter(|_| self.row.is_none()).cloned() {
            Some(in_scope) => Expr { node: Node::Coalesce(vec![in_scope, Expr::bool(true)]), ty: Ty::Bool, bound: 0 },
            None => Expr::bool(true),
        };
        let key_columns: Vec<String> = self.key_columns().into_iter().map(|(name, _)| name).collect();
        let mut carried: Vec<String> = self.rows.columns().into_iter().map(|column| column.name).collect();
        carried.retain(|name| !key_columns.contains(name));
        let mut extra: Vec<(String, Expr)> = Vec::new();
        let mut ranges = Vec::new();
        for (at, span) in self.keys.spans.iter().enumerate() {
            // The start and the end at the scale of the record's value.
            let own = self.keys.own.iter().find(|(name, _)| *name == span.own).map_or(Ty::Date, |(_, own)| own.ty);
            let mut column = |end: &str, expr: &Expr| {
                let name = format!("ref.{end}:{at}");
                let widened =
                    if matches!(own, Ty::Num { .. }) { expr.clone().widened(own.scale()) } else { expr.clone() };
                extra.push((name.clone(), widened));
                name
            };
            ranges.push(Range {
                own: span.own.clone(),
                from: column("starts", &span.from),
                to: span.to.as_ref().map(|to| column("ends", to)),
                from_open: !span.dated,
                fall: span.fall.as_ref().map(|(own, _)| Fall {
                    own: own.clone(),
                    rises: "ref.rises".to_owned(),
                    next_rises: "ref.next_rises".to_owned(),
                }),
            });
        }
        let rank = self.rank.clone().map(|rank| ("ref.rank".to_owned(), rank));
        let open = self.keys.open.iter().filter(|(_, theirs)| theirs.is_some());
        let joined = Plan::InForce(Box::new(InForce {
            input: base.extend(self.keys.own.clone()).extend(self.per.clone()),
            reference: self.rows.clone().extend(extra).extend(rank.clone().into_iter().collect()),
            asked,
            on: self.on(),
            open: open.map(|(name, _)| (name.clone(), format!("ref{name}"))).collect(),
            any: NONE.to_owned(),
            ranges,
            rank: rank.map(|(name, _)| name),
            rec: self.rec.clone(),
            carried,
            counts: [COUNT.to_owned(), UNKNOWN.to_owned()],
        }));
        let Some((expected, stated)) = self.row else { return joined };
        let rows = joined.extend(vec![("~e".to_owned(), expected), ("~s".to_owned(), stated)]);
        let keys: Vec<String> = self.per.iter().map(|(name, _)| name.clone()).collect();
        let grouped: Vec<String> = keys.iter().map(|key| format!("of{key}")).collect();
        let ty = |name: &str| rows.ty(name).unwrap_or(Ty::MONEY);
        let mut columns: Vec<(String, Expr)> =
            self.per.iter().map(|(name, expr)| (format!("of{name}"), Expr::col(name.clone(), expr.ty))).collect();
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
                (format!("per.{REC}"), Agg::Min("rec".to_owned())),
            ],
        );
        rows.join(sums, keys.into_iter().zip(grouped).collect(), Join::Left)
    }

    /// Judges the rows of one document together: Σ expected against Σ stated, the slack once for each row.
    pub(in crate::checks) fn group(
        &mut self,
        per: Vec<(String, Expr)>,
        row: (Expr, Expr),
        slack: Expr,
        records: u128,
        build: &Build<'_>,
    ) -> (Expr, (Expr, Expr)) {
        let column = |name: &str, of: &Expr| Expr::col_bounded(name, of.ty, of.bound.saturating_mul(records));
        let (expected, stated) = (column("per.expected", &row.0), column("per.stated", &row.1));
        self.per = per;
        self.row = Some(row);
        let count = Expr::col_bounded("per.count", Ty::INT, records);
        let dim = Dim::Money;
        let wrong = beyond(&stated, &expected, Some(slack.times(count, dim)));
        let first = build.scope.rec_expr().compare(Cmp::Eq, Expr::col(format!("per.{REC}"), Ty::INT));
        let lost = Expr::col("per.missing", Ty::INT).compare(Cmp::Gt, Expr::int(0));
        (Expr::case(vec![(lost, Expr::null(Ty::Bool))], first.and(wrong)), (expected, stated))
    }

    /// All rows of the document, for evidence.
    pub(in crate::checks) fn members(&self, build: &Build<'_>) -> EvidencePlan {
        let rec = format!("same.{REC}");
        let mut columns: Vec<(String, Expr)> =
            self.per.iter().map(|(name, expr)| (format!("same{name}"), expr.clone())).collect();
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
            within: None,
        }
    }

    /// Only where another row of the same key explains the stated figure; two different explanations are none.
    pub(in crate::checks) fn other_row(
        &self,
        file: &LookupFile,
        other: OtherRow,
        expected: Expr,
        wrong: Expr,
    ) -> Judge {
        let on = self.on();
        let columns: Vec<String> = self.rows.columns().into_iter().map(|column| column.name).collect();
        let prefix = format!("{}.", file.into.as_ref());
        let open: Vec<String> =
            self.keys.open.iter().filter(|(_, theirs)| theirs.is_some()).map(|(name, _)| name.clone()).collect();
        let dated = Around::in_force(self.keys.spans.iter().filter(|span| span.dated));
        let rec = self.rec.clone();
        let rank = file.rank.as_ref().map(|rank| format!("{prefix}{}", rank.column.as_ref()));
        let decide = move |candidates: &Relation, others: &[Relation]| {
            let mut judgement = Judgement::default();
            let rows = &others[0];
            let pair = |(own, theirs): &(String, String)| (candidates.index(own), rows.index(theirs));
            let strict: Vec<(usize, usize)> = on.iter().map(pair).collect();
            let open_pairs: Vec<(usize, usize)> =
                open.iter().map(|name| (candidates.index(name), rows.index(&format!("ref{name}")))).collect();
            let (own_rec, their_rec) = (candidates.index(&rec), rows.index(&rec));
            let replaced_by: Vec<(usize, usize)> =
                columns.iter().filter_map(|name| Some((candidates.find(name)?, rows.index(name)))).collect();
            let mut by_key: BTreeMap<Vec<&Value>, Vec<&Vec<Value>>> = BTreeMap::new();
            let mut by_rec: BTreeMap<&Value, &Vec<Value>> = BTreeMap::new();
            for row in &rows.rows {
                by_key.entry(strict.iter().map(|(_, theirs)| &row[*theirs]).collect()).or_default().push(row);
                by_rec.entry(&row[their_rec]).or_insert(row);
            }
            for (index, candidate) in candidates.rows.iter().enumerate() {
                let same_key = |row: &&&Vec<Value>| {
                    let any = |(own, theirs): &(usize, usize)| {
                        row[*theirs].as_text() == Some(NONE) || row[*theirs] == candidate[*own]
                    };
                    open_pairs.iter().all(any) && candidate[own_rec] != row[their_rec]
                };
                let key: Vec<&Value> = strict.iter().map(|(own, _)| &candidate[*own]).collect();
                let found = by_rec.get(&candidate[own_rec]);
                let mut named: Vec<(Value, Wrong)> = Vec::new();
                for row in by_key.get(&key).into_iter().flatten().filter(same_key) {
                    let mut replaced = candidate.clone();
                    for (own, theirs) in &replaced_by {
                        replaced[*own] = row[*theirs].clone();
                    }
                    let holds =
                        |truth: &Expr, want: bool| eval::evaluate(truth, candidates, &replaced) == Value::Bool(want);
                    // Another bracket is one of the same list: for the same customers, of the same standing, on the same day.
                    let same = |name: &str| {
                        let at = rows.find(name);
                        found.is_some_and(|found| at.is_none_or(|at| found[at] == row[at]))
                    };
                    let same_list = || {
                        open.iter().all(|name| same(&format!("ref{name}")))
                            && rank.as_deref().is_none_or(same)
                            && holds(&dated, true)
                    };
                    if other == OtherRow::OtherBracket && !same_list() || !holds(&wrong, false) {
                        continue;
                    }
                    let gives = eval::evaluate(&expected, candidates, &replaced);
                    let chain = vec![format!("that row gives {}", sentence::number(&gives, expected.ty))];
                    let found = Wrong { row: index, detail: describe(rows, row, &prefix), chain, ..Wrong::default() };
                    named.push((gives, found));
                }
                let one = named.first().is_some_and(|first| named.iter().all(|other| other.0 == first.0));
                judgement.wrong.extend(named.into_iter().take(1).filter(|_| one).map(|(_, wrong)| wrong));
            }
            judgement
        };
        Judge { others: vec![(self.rows.clone(), self.on())], decide: Box::new(decide), ..Judge::default() }
    }
}

/// Which other row of the same key a look-up names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::checks) enum OtherRow {
    /// One of another time.
    OtherDate,
    /// One of the same time for another quantity.
    OtherBracket,
}

/// The numbers and dates of a reference row, in words.
fn describe(rows: &Relation, row: &[Value], prefix: &str) -> String {
    let mut words = Vec::new();
    for (column, value) in rows.columns.iter().zip(row) {
        let Some(name) = column.name.strip_prefix(prefix) else { continue };
        if value.is_null() || name.starts_with("__") || name.ends_with('!') || column.ty == Ty::Text {
            continue;
        }
        words.push(format!("{} {}", name.replace('_', " "), sentence::number(value, column.ty)));
    }
    words.join(", ")
}
