//! `rules/README.md` is kept true: the list of rules is regenerated and compared, the table of missing values is run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use tieout_ingest::store::Store;
use tieout_rules::Library;
use tieout_rules::engine::Engine;
use tieout_rules::engine::polars::Polars;
use tieout_rules::engine::reference::Reference;
use tieout_rules::expr::{Expr, Resolution, Resolver, parse, type_expression};
use tieout_rules::plan::Plan;
use tieout_rules::value::{Column, Relation, Ty, Value};

fn readme() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the switch that regenerates the list")]
fn the_list_of_rules_is_current() {
    let mut list = String::from("| rule | kind | catalogue | states |\n|---|---|---|---|\n");
    for rule in Library::bundled().rules() {
        let card = &rule.card;
        let reference = card.reference.as_deref().unwrap_or("");
        writeln!(list, "| [`{0}`]({0}.toml) | `{1}` | {reference} | {2} |", card.id, card.kind, card.title).unwrap();
    }
    let (path, text) = readme();
    let mark = "<!-- rules -->\n";
    let (head, stated) = text.split_once(mark).unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, format!("{head}{mark}{list}")).unwrap();
    } else {
        assert_eq!(stated, list, "run with UPDATE_EXPECT=1 to regenerate the list");
    }
}

#[test]
fn the_table_of_missing_values_holds_in_both_engines() {
    let money = Ty::MONEY;
    let columns = [("n", money), ("x", money), ("u", Ty::Bool), ("s", Ty::Text)];
    let relation = Arc::new(Relation {
        columns: columns.iter().map(|(name, ty)| Column { name: (*name).to_owned(), ty: *ty }).collect(),
        rows: vec![vec![Value::Null, Value::Num(10_000_000), Value::Null, Value::Null]],
    });
    let store = Store::default();
    let engines: [&dyn Engine; 2] = [&Polars::new(&store), &Reference::default()];
    let (_, text) = readme();
    let mut checked = 0;
    for line in text.lines() {
        let Some((expression, result)) = line.strip_prefix("| `").and_then(|rest| rest.split_once("` | ")) else {
            continue;
        };
        let want = match result.trim_end_matches(" |") {
            "missing" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => continue,
        };
        let mut path = |path: &[String]| match columns.iter().find(|(name, _)| path == [(*name).to_owned()]) {
            Some((name, ty)) => Resolution::Expr(Expr::col(*name, *ty)),
            None => Resolution::Unknown(format!("{path:?}")),
        };
        let params = BTreeMap::new();
        let mut resolver = Resolver {
            path: &mut path,
            params: &params,
            currency: None,
            currency_from: None,
            rounding: None,
            as_of: None,
            period: None,
        };
        let typed = type_expression(&parse(expression).unwrap(), &mut resolver)
            .unwrap_or_else(|errors| panic!("{expression}: {errors:?}"));
        let plan = Plan::Rows(relation.clone()).project(vec![("result".to_owned(), typed.expr.clone())]);
        for engine in engines {
            let got = engine.run(std::slice::from_ref(&plan)).unwrap().remove(0).rows.remove(0).remove(0);
            let got = if typed.expr.ty == Ty::Bool || got.is_null() { got } else { Value::text("present") };
            assert_eq!(got, want, "{expression}");
        }
        checked += 1;
    }
    assert!(checked >= 35, "{checked} rows of the table were read");
}
