//! Which date governs, as dated data: a rule of a state for what is sold names the date, and the rule that was in force
//! decides. Where the exports have no such rules, the first named date that is `tax_point` is taken.

use super::build::Build;
use super::lookup::found::{Around, fill_ends};
use super::lookup::{Keys, NONE, Span};
use crate::catalog::{Cause, Scope};
use crate::expr::{Cmp, Expr, Node};
use crate::file::GoverningFile;
use crate::plan::Plan;
use crate::value::Ty;

/// The date taken where there are no rules.
const DEFAULT: &str = "tax_point";

/// The look-up of the governing date, before that of the rate.
pub struct Governing {
    around: Option<Around>,
    /// Dates by name, as columns of the record.
    pub dates: Vec<(String, String)>,
    pub columns: Vec<(String, Expr)>,
    pub causes: Vec<Cause>,
}

/// Gives `governing.date` and `governing.decrease` a meaning.
pub fn prepare<'a>(file: &GoverningFile, build: &mut Build<'a>) -> Governing {
    let into = file.into.as_ref().as_str();
    let mut columns = Vec::new();
    let mut dates = Vec::new();
    let known = build.catalog.table(into).is_some();
    let mut named = |build: &mut Build<'a>, kind: &str, name: &String, text: &crate::file::Text| {
        let date = build.without_review(|build| build.if_mapped(text));
        // A date that the exports lack is unknown; a rule that names it leaves the record not tested.
        let date = date.unwrap_or_else(|| Expr::null(Ty::Date));
        let date = build.expect_ty(text, &date, Ty::Date);
        let column = format!("~{kind}:{name}");
        columns.push((column.clone(), date.clone()));
        (name.clone(), column, date)
    };
    let all: Vec<_> = file.dates.iter().map(|(name, text)| named(build, "date", name, text)).collect();
    let falls: Vec<_> = file.decreases.iter().map(|(name, text)| named(build, "decrease", name, text)).collect();
    dates.extend(all.iter().map(|(name, column, _)| (name.clone(), column.clone())));
    if !known {
        let plain = all.iter().find(|(name, ..)| name == DEFAULT).map(|(.., date)| date.clone());
        let plain = plain.unwrap_or_else(|| Expr::null(Ty::Date));
        build.define("governing.date", plain.clone());
        build.define("governing.decrease", plain);
        return Governing { around: None, dates, columns, causes: Vec::new() };
    }
    let basis = || Expr::col("governing.basis", Ty::Text);
    let choose = |named: &[(String, String, Expr)], otherwise: Expr| {
        let arms = named.iter().map(|(name, _, date)| (basis().compare(Cmp::Eq, Expr::text(name)), date.clone()));
        Expr::case(arms.collect(), otherwise)
    };
    let date = choose(&all, Expr::null(Ty::Date));
    build.define("governing.date", date.clone());
    build.define("governing.decrease", choose(&falls, date));
    let mut reference = Scope::new(build.catalog, into, "gov.");
    let mut keys = Keys::default();
    let any: Vec<&str> = file.any.iter().map(|column| column.as_ref().as_str()).collect();
    for (column, text) in &file.keys {
        let own = build.expr(text);
        let theirs = reference.column(column);
        let name = format!("~k:{column}");
        if any.contains(&column.as_str()) {
            let stand_in = Expr { node: Node::Coalesce(vec![own, Expr::text(NONE)]), ty: Ty::Text, bound: 0 };
            keys.own.push((name.clone(), stand_in));
            let all = |cell: Expr| {
                let star = cell.clone().compare(Cmp::Eq, Expr::text("*"));
                Expr::case(vec![(star, Expr::null(Ty::Text))], cell)
            };
            keys.open.push((name, theirs.map(all)));
        } else {
            if theirs.is_none() {
                build.lacks(format!("{into}.{column}"));
            }
            keys.own.push((name.clone(), own));
            keys.strict.push((name, theirs.unwrap_or_else(|| Expr::null(Ty::Text)), text.as_ref().clone()));
        }
    }
    let at = build.date(&file.at);
    keys.own.push(("~at".to_owned(), at));
    match reference.column(file.from.as_ref()) {
        Some(from) => keys.spans.push(Span { own: "~at".to_owned(), from, to: None, dated: true, fall: None }),
        None => build.lacks(format!("{into}.{}", file.from.as_ref())),
    }
    if reference.column(file.basis.as_ref()).is_none() {
        build.lacks(format!("{into}.{}", file.basis.as_ref()));
    }
    // A state's own rule before the one for all.
    let open: Vec<Expr> = keys.open.iter().filter_map(|(_, theirs)| theirs.clone()).collect();
    let general = open.into_iter().map(Expr::is_null).reduce(Expr::or);
    let rank = general.map(|general| Expr::case(vec![(general, Expr::int(1))], Expr::int(0)));
    let rows = reference.plan();
    let mut around = Around { keys, rank, rec: reference.rec(), rows, per: Vec::new(), row: None };
    around.rows = around.rows.clone().extend(around.key_columns());
    around.rows = fill_ends(around.rows.clone(), &mut around.keys);
    let causes = vec![Cause { condition: basis().is_null(), words: format!("no {into} row for it") }];
    Governing { around: Some(around), dates, columns, causes }
}

impl Governing {
    /// The records with the name of the governing date beside them.
    pub fn join(self, base: Plan, (rec, in_scope): (&str, Option<&Expr>), basis: &str) -> Plan {
        let Some(around) = self.around else { return base };
        let mut keep: Vec<(String, Expr)> =
            base.columns().into_iter().map(|column| (column.name.clone(), Expr::col(column.name, column.ty))).collect();
        keep.push(("governing.basis".to_owned(), Expr::col(format!("gov.{basis}"), Ty::Text)));
        around.join(base, (rec, in_scope)).project(keep)
    }
}
