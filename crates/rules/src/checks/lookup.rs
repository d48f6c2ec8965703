//! `lookup`: a dated reference row says what the stated figure should be: tax rate, price, certificate, terms, FX.
//!
//! Rows are found once for each distinct key and date, not once a record. A missing end of a reference row is the next
//! row's start; a stated one is never overridden. No row, several rows, an unreadable row: not tested, with the reason.
//! Partition key: none, every record stands alone; the reference is needed whole.

pub(super) mod found;

use tieout_model::Code;

use self::found::{Around, OtherRow, fill_ends};

use super::build::{Build, Graded, Refusal, beyond};
use super::{Procedure, governing};
use crate::catalog::{Cause, Scope};
use crate::expr::{Cmp, Expr, Node};
use crate::file::{EffectiveFile, LookupFile, Text};
use crate::plan::Plan;
use crate::value::Ty;

/// Stands for "no value" in keys that may match any.
pub(super) const NONE: &str = "\u{1}";
/// Reference rows of the record's keys of which it is not known whether they match.
const UNKNOWN: &str = "ref.unknown";
/// Reference rows found for the record.
const COUNT: &str = "ref.count";

/// A range of the reference row: the record's column, from, to.
pub(super) struct Span {
    pub(super) own: String,
    pub(super) from: Expr,
    pub(super) to: Option<Expr>,
    pub(super) dated: bool,
    /// Where a decrease takes effect by another date: the record's column of that date, and the amount.
    pub(super) fall: Option<(String, Expr)>,
}

#[derive(Default)]
pub(super) struct Keys {
    /// Columns of the record.
    pub(super) own: Vec<(String, Expr)>,
    /// Strict keys: the record's column, the reference's expression, the name for messages.
    pub(super) strict: Vec<(String, Expr, String)>,
    /// Keys that an empty reference cell opens to all; `None`: the reference has no such column at all.
    pub(super) open: Vec<(String, Option<Expr>)>,
    /// Date and bracket.
    pub(super) spans: Vec<Span>,
    /// Truths of the record: an open key that it should have and has not, with the key's name.
    lost: Vec<(String, String)>,
}

/// Plans the check.
pub fn plan(file: &LookupFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    super::build::known_population(build.rule, &file.into)?;
    let into = file.into.as_ref().clone();
    if build.catalog.table(&into).is_none() {
        build.lacks(into.clone());
    }
    build.settled()?;
    // Where no rule says which date governs, what is sold decides nothing.
    let ruled = file.governing.as_ref().is_none_or(|file| build.catalog.table(file.into.as_ref()).is_some());
    for child in &file.children {
        if ruled {
            build.child(child);
        } else {
            build.without_review(|build| build.child(child));
        }
    }
    let governing = file.governing.as_ref().map(|file| governing::prepare(file, &mut build));
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
            if let Some(other) = other_row(file, &mut build) {
                graded.judge = Some(around.other_row(file, other, expected.clone(), wrong.clone()));
            }
            if per.is_empty() {
                (graded.expected, graded.stated) = (Some(expected), Some(stated));
                found_or(file, &mut build, &around.keys, wrong)
            } else {
                let records =
                    build.catalog.table(&build.scope.population).map_or(1, |table| u128::from(table.records.max(1)));
                let row = (found_or(file, &mut build, &around.keys, expected), stated);
                let mut sides = std::collections::BTreeSet::new();
                row.0.strict_columns(&mut sides);
                row.1.strict_columns(&mut sides);
                graded.causes.extend(build.scope.missing_of(&sides));
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
    if let (Some(file), false) = (&file.governing, ruled) {
        build.review(format!("{} is not in the exports: which date governs is not known", file.into.as_ref()));
    }
    let basis = file.governing.as_ref().map(|file| file.basis.as_ref().clone()).unwrap_or_default();
    if let Some(governing) = &governing {
        let cause = |cause: &Cause| Cause { condition: cause.condition.clone(), words: cause.words.clone() };
        graded.causes.splice(0..0, governing.causes.iter().map(cause).collect::<Vec<_>>());
    }
    graded.plan = Some(Box::new(move |base: Plan, in_scope: Option<&Expr>| {
        let base = match governing {
            Some(governing) => governing.join(base, (&rec, in_scope), &basis),
            None => base,
        };
        around.join(base, (&rec, in_scope))
    }));
    build.grade(exception, graded)
}

/// Which other row of the same key is named, if the rule asks for one.
fn other_row(file: &LookupFile, build: &mut Build<'_>) -> Option<OtherRow> {
    let word = file.report.as_ref()?;
    match word.as_ref().as_str() {
        "difference" => None,
        "former-row" => Some(OtherRow::OtherDate),
        "other-bracket" => Some(OtherRow::OtherBracket),
        other => {
            let message = format!("`{other}` is no report; there are `difference`, `former-row` and `other-bracket`");
            build.complain(Code::RuleSyntax, word, message);
            None
        }
    }
}

/// Columns of the reference that the rule's other texts (effect, sentence, guards) name.
fn reference_words(build: &Build<'_>, reference: &mut Scope<'_>, into: &str) -> Vec<(String, Expr)> {
    let words =
        build.rule.text.split(|symbol: char| !(symbol.is_ascii_alphanumeric() || symbol == '_' || symbol == '.'));
    let named = words.filter_map(|word| Some((word.to_owned(), word.strip_prefix(into)?.strip_prefix('.')?)));
    named.collect::<Vec<_>>().into_iter().filter_map(|(word, column)| Some((word, reference.column(column)?))).collect()
}

pub(super) fn keys(file: &LookupFile, build: &mut Build<'_>, reference: &mut Scope<'_>) -> Keys {
    let into = file.into.as_ref();
    let any: Vec<&str> = file.any_null.iter().map(|column| column.as_ref().as_str()).collect();
    let mut keys = Keys::default();
    for (column, text) in &file.keys {
        let own = build.expr(text);
        let theirs = reference.column(column);
        let known = tieout_ingest::schema::schema()
            .get(into)
            .is_some_and(|known| known.columns.iter().any(|known| known.name == *column));
        if !known {
            build.complain(Code::RuleColumn, text, format!("`{into}` has no column `{column}`"));
        }
        let name = format!("~k:{column}");
        if any.contains(&column.as_str()) {
            // `coalesce(x, null)` says that a record may do without; a plain column must be there.
            if !matches!(own.node, Node::Coalesce(_) | Node::Lit(_)) {
                let lost = format!("~lost:{column}");
                keys.own.push((lost.clone(), own.clone().is_null()));
                keys.lost.push((lost, text.as_ref().clone()));
            }
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
        let fall = range.decrease.as_ref().zip(range.amount.as_ref()).and_then(|(decrease, amount)| {
            let day = build.date(decrease);
            let Some(amount) = reference.column(amount.as_ref()) else {
                build.lacks(format!("{into}.{}", amount.as_ref()));
                return None;
            };
            keys.own.push((format!("{name}:fall"), day));
            Some((format!("{name}:fall"), amount))
        });
        keys.own.push((name.to_owned(), own));
        keys.spans.push(Span { own: name.to_owned(), from, to, dated, fall });
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
        let known = tieout_ingest::schema::schema()
            .get(file.into.as_ref())
            .is_some_and(|known| known.columns.iter().any(|known| known.name == *rank.column.as_ref()));
        if !known {
            build.complain(
                Code::RuleColumn,
                &rank.column,
                format!("`{}` has no column `{}`", file.into.as_ref(), rank.column.as_ref()),
            );
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

pub(super) fn causes(into: &str, keys: &Keys, reference: &Scope<'_>, own: &Scope<'_>) -> Vec<Cause> {
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
        causes.push(Cause {
            condition: Expr::col(span.own.clone(), span.from.ty).is_null(),
            words: "its date or quantity is unknown".to_owned(),
        });
    }
    for (lost, words) in &keys.lost {
        causes.push(Cause { condition: Expr::col(lost.clone(), Ty::Bool), words: format!("`{words}` is empty") });
    }
    let count = || Expr::col(COUNT, Ty::INT).or_zero();
    causes.push(Cause {
        condition: Expr::col(UNKNOWN, Ty::INT).or_zero().compare(Cmp::Gt, Expr::int(0)),
        words: format!("a {into} row that may match is incomplete or unreadable"),
    });
    causes.push(Cause { condition: count().compare(Cmp::Eq, Expr::int(0)), words: format!("no {into} row for it") });
    causes.push(Cause {
        condition: count().compare(Cmp::Gt, Expr::int(1)),
        words: format!("several {into} rows for it"),
    });
    causes.extend(reference.unreadable());
    causes
}

/// What holds where exactly one row was found, and what the rule says of the other cases.
pub(super) fn found_or(file: &LookupFile, build: &mut Build<'_>, keys: &Keys, found: Expr) -> Expr {
    let count = || Expr::col(COUNT, Ty::INT).or_zero();
    let unknown = || Expr::null(found.ty);
    let missing = match file.missing.as_ref().map(|word| word.as_ref().as_str()) {
        None | Some("not-tested") => unknown(),
        Some("finding") if found.ty == Ty::Bool => Expr::bool(true),
        Some("silent") if found.ty == Ty::Bool => Expr::bool(false),
        Some(other) => {
            if let Some(text) = &file.missing {
                build.complain(
                    Code::RuleSyntax,
                    text,
                    format!("`{other}` cannot stand here; use `not-tested`, `finding` or `silent`"),
                );
            }
            unknown()
        }
    };
    // A missing key or date finds nothing, and says nothing.
    let own = |name: &String| {
        keys.own.iter().find(|(own, _)| own == name).map(|(_, expr)| Expr::col(name.clone(), expr.ty).is_null())
    };
    let names = keys.strict.iter().map(|(name, ..)| name).chain(keys.spans.iter().map(|span| &span.own));
    let mut arms: Vec<(Expr, Expr)> =
        names.filter_map(own).reduce(Expr::or).map(|keyless| (keyless, unknown())).into_iter().collect();
    let lost = keys.lost.iter().map(|(name, _)| Expr::col(name.clone(), Ty::Bool));
    let unsure = Expr::col(UNKNOWN, Ty::INT).or_zero().compare(Cmp::Gt, Expr::int(0));
    arms.extend(lost.chain([unsure]).map(|lost| (lost, unknown())));
    arms.push((count().compare(Cmp::Eq, Expr::int(0)), missing));
    match file.several.as_ref().map(|word| word.as_ref().as_str()) {
        None | Some("not-tested") => arms.push((count().compare(Cmp::Gt, Expr::int(1)), unknown())),
        Some("first") => {}
        Some(other) => {
            if let Some(text) = &file.several {
                build.complain(
                    Code::RuleSyntax,
                    text,
                    format!("`{other}` cannot stand here; use `not-tested` or `first`"),
                );
            }
        }
    }
    Expr::case(arms, found)
}
