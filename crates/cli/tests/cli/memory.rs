//! From month to month: what a baseline remembers, what gates again, and two reports beside each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn folder(month: &str) -> PathBuf {
    Path::new(super::HERE).join("../../fixtures/cases/two-months").join(month)
}

fn october(into: &Path) -> String {
    let file = into.join("october.json").display().to_string();
    let run = super::tieout(&folder("october"), &["audit", "--quiet", "--report", &format!("json={file}")]);
    assert_eq!(run.code, 1, "{}", run.err);
    file
}

fn november(arguments: &[&str]) -> (super::Run, Value) {
    let run = super::tieout(&folder("november"), &[&["audit", "--quiet", "--report", "json"], arguments].concat());
    let report = serde_json::from_str(&run.out).unwrap();
    (run, report)
}

/// Standing and disposition by the key's first value.
fn standings(report: &Value) -> BTreeMap<String, (String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let finding = |finding: &Value| {
        let key = text(&finding["key"][0]["value"]);
        (key, (text(&finding["history"]["standing"]), text(&finding["disposition"])))
    };
    report["findings"].as_array().unwrap().iter().map(finding).collect()
}

/// What became of what is gone, by the key's first value.
fn gone(report: &Value) -> BTreeMap<String, String> {
    let former = report["baseline"]["gone"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    former.iter().map(|former| (text(&former["key"][0]["value"]), text(&former["gone"]))).collect()
}

/// As `november/tieout.toml` says line by line.
#[test]
fn what_became_of_october_is_told_item_by_item() {
    let place = tempfile::tempdir().unwrap();
    let (run, report) = november(&["--baseline", &october(place.path()), "--fail-on", "new"]);
    assert_eq!(run.code, 1, "SO-1 and SO-4 are worse than they were, SO-5 and I-39 are new");
    let expected = [
        ("I-16", "unchanged", "open"),
        ("I-39", "new", "open"),
        ("SO-1", "changed", "open"),
        ("SO-3", "unchanged", "waived"),
        ("SO-4", "changed", "open"),
        ("SO-5", "new", "open"),
    ];
    let expected: BTreeMap<_, _> = expected
        .map(|(key, standing, disposition)| (key.to_owned(), (standing.to_owned(), disposition.to_owned())))
        .into();
    assert_eq!(standings(&report), expected);
    assert_eq!(gone(&report), [("I-17".into(), "resolved".into()), ("SO-2".into(), "resolved".into())].into());
    let codes: Vec<_> =
        report["diagnostics"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"waiver-changed"), "the third copy of what was waived is not waived: {codes:?}");
    let so_1 =
        report["findings"].as_array().unwrap().iter().find(|finding| finding["key"][0]["value"] == "SO-1").unwrap();
    assert_eq!(so_1["history"]["first_seen"], "2026-11-05");
}

#[test]
fn only_what_is_new_gates_when_asked() {
    let place = tempfile::tempdir().unwrap();
    october(place.path());
    let again = |fail_on: &str| {
        let run = super::tieout(
            &folder("october"),
            &["audit", "--quiet", "--report", "json", "--fail-on", fail_on, "--baseline", &october(place.path())],
        );
        run.code
    };
    assert_eq!((again("error"), again("new")), (1, 0), "the same exports again: nothing is new");
    let run = super::tieout(&folder("october"), &["audit", "--fail-on", "new"]);
    assert!(run.code == 2 && run.err.contains("--baseline"), "{}", run.err);
}

#[test]
fn what_another_period_leaves_out_is_not_called_resolved() {
    let place = tempfile::tempdir().unwrap();
    let file = october(place.path());
    let engagement = std::fs::read_to_string(folder("november").join("tieout.toml")).unwrap();
    let only = engagement.replace("2026-10-01/2026-12-01", "2026-11").replace("waivers = \"waivers.toml\"", "");
    let path = place.path().join("tieout.toml");
    std::fs::write(&path, only).unwrap();
    let data = folder("november").display().to_string();
    let run = super::tieout(
        place.path(),
        &[
            "audit",
            "--quiet",
            "--data",
            &data,
            "--baseline",
            &file,
            "--report",
            "json",
            "--select",
            "totals-do-not-cross-foot",
        ],
    );
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    for key in ["I-16", "I-17", "SO-1", "SO-2", "SO-3", "SO-4"] {
        expected.insert(key.to_owned(), "not tested".to_owned());
    }
    assert_eq!(gone(&report), expected);
}

#[test]
fn two_reports_are_compared_without_an_audit() {
    let place = tempfile::tempdir().unwrap();
    let former = october(place.path());
    let later = place.path().join("november.json").display().to_string();
    super::tieout(&folder("november"), &["audit", "--quiet", "--report", &format!("json={later}")]);
    let run = super::tieout(place.path(), &["compare", &former, &later]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("2 new, 2 changed, 2 unchanged; 2 resolved, 0 not looked at again"), "{}", run.out);
    assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
    let same = super::tieout(place.path(), &["compare", &later, &later]);
    assert!(same.code == 0 && same.out.contains("0 new, 0 changed, 6 unchanged; 0 resolved"), "{}", same.out);
    assert_eq!(super::tieout(place.path(), &["compare", &former, "nowhere.json"]).code, 2);
}
