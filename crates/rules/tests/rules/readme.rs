//! `rules/README.md` is kept true: the list of rules is regenerated and compared, the table of missing values is run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use tieout_ingest::store::Store;
use tieout_rules::engine::Engine;
use tieout_rules::engine::columnar::Columnar;
use tieout_rules::engine::reference::Reference;
use tieout_rules::expr::{Expr, Resolution, Resolver, parse, type_expression};
use tieout_rules::fixture::Fixture;
use tieout_rules::plan::Plan;
use tieout_rules::value::{Column, Relation, Ty, Value};
use tieout_rules::{Library, Rule, SKELETONS};

fn readme() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

/// The blocks between two marks, as they should be.
fn kept_true(begin: &str, end: &str, made: &str) {
    let (path, text) = readme();
    let (head, rest) = text.split_once(begin).unwrap();
    let (stated, tail) = if end.is_empty() { (rest, "") } else { rest.split_once(end).unwrap() };
    if update() {
        std::fs::write(path, format!("{head}{begin}{made}{end}{tail}")).unwrap();
    } else {
        assert_eq!(stated, made, "run with UPDATE_EXPECT=1 to write it anew");
    }
}

#[expect(clippy::disallowed_methods, reason = "the switch that writes the lists anew")]
fn update() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

/// One after the other, since they write one file.
#[test]
fn the_catalogue_and_the_worked_blocks_are_current() {
    let mut kinds = String::new();
    for kind in tieout_rules::checks::KINDS {
        let (_, rule, _) = SKELETONS.iter().find(|(known, ..)| known == kind).unwrap();
        let block = &rule[rule.find("\n[").unwrap() + 1..];
        writeln!(kinds, "\n### `{kind}`\n\n```toml\n{}\n```", block.trim_end()).unwrap();
    }
    kinds.push('\n');
    kept_true("<!-- kinds -->\n", "<!-- /kinds -->", &kinds);
    let library = Library::bundled();
    let mut families: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in library.rules() {
        families.entry(&rule.card.family).or_default().push(rule);
    }
    let mut list = format!("{} rules in {} families.\n", library.rules().len(), families.len());
    for (family, rules) in families {
        write!(list, "\n### {family}\n\n").unwrap();
        list.push_str("| rule | states | catalogue | kind | at most | packs | what keeps a look-alike silent |\n");
        list.push_str("|---|---|---|---|---|---|---|\n");
        for rule in rules {
            let card = &rule.card;
            let reference = card.reference.as_deref().unwrap_or("");
            let guards = rule.guards().collect::<Vec<_>>().join("; ");
            writeln!(
                list,
                "| [`{0}`]({0}.toml) | {1} | {reference} | `{2}` | {3}, {4} | {5} | {guards} |",
                card.id,
                card.title,
                card.kind,
                card.severity.name(),
                card.confidence.name(),
                rule.packs.join(" "),
            )
            .unwrap();
        }
    }
    kept_true("<!-- rules -->\n", "", &list);
}

#[test]
fn every_skeleton_is_a_rule_whose_records_are_as_marked() {
    let kinds: Vec<&str> = SKELETONS.iter().map(|(kind, ..)| *kind).collect();
    let mut expected = tieout_rules::checks::KINDS.to_vec();
    expected.sort_unstable();
    assert_eq!(kinds, expected);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("skeletons");
    for (kind, text, _) in SKELETONS {
        let rule = Rule::parse(kind, text).unwrap_or_else(|wrong| panic!("{kind}: {wrong:#?}"));
        assert_eq!(tieout_rules::complaints(&rule), [], "{kind}");
        let fixture = Fixture::read(&rule.card.id, &folder.join(kind)).unwrap();
        let store = fixture.load(None).unwrap();
        assert_eq!(fixture.differences(&fixture.run(&store, &rule).unwrap()), [], "{kind}");
        assert_eq!(fixture.oracle(&store, &rule), fixture.run(&store, &rule), "{kind}");
        assert!(fixture.lacks().is_empty(), "{kind}: {:?}", fixture.lacks());
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
    let engines: [&dyn Engine; 2] = [&Columnar::new(&store), &Reference::default()];
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
