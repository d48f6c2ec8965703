//! The demonstration: every planted error is found, nothing else is, and the README shows what really comes out.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/demo");

/// Rule and key, and whether it is a consequence.
type Items = BTreeMap<(String, String), bool>;

/// What must be found: every label but the look-alikes.
fn labels() -> Items {
    let text = std::fs::read_to_string(Path::new(DEMO).join("labels.csv")).unwrap();
    let records = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let wanted = records.filter(|label| label[6] != "look-alike");
    wanted.map(|label| ((label[0].to_owned(), label[2].to_owned()), label[6] == "consequence")).collect()
}

/// The primary key of the record that a finding names.
fn key(finding: &Value) -> String {
    let contract = include_str!("../../../ingest/populations.csv");
    let population = finding["population"].as_str().unwrap();
    let is_key = |name: &str| {
        let cells = |line: &'static str| line.split(',').take(5).collect::<Vec<_>>();
        contract.lines().map(cells).any(|cells| cells[0] == population && cells[1] == name && cells[4] == "PK")
    };
    let parts = finding["key"].as_array().unwrap().iter().filter(|part| is_key(part["name"].as_str().unwrap()));
    parts.map(|part| part["value"].as_str().unwrap()).collect::<Vec<_>>().join("/")
}

#[test]
fn the_findings_of_the_demonstration_are_its_labels() {
    let run = super::tieout(Path::new(DEMO), &["audit", "--report", "json"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let found: Items = findings
        .iter()
        .map(|finding| ((finding["rule"].as_str().unwrap().to_owned(), key(finding)), !finding["caused_by"].is_null()))
        .collect();
    assert_eq!(found.len(), findings.len(), "one finding an item");
    let labels = labels();
    let missed: Vec<_> = labels.keys().filter(|item| !found.contains_key(item)).collect();
    let extra: Vec<_> = found.keys().filter(|item| !labels.contains_key(item)).collect();
    assert!(missed.is_empty() && extra.is_empty(), "missed: {missed:#?}\nextra: {extra:#?}");
    let other: Vec<_> = labels.iter().filter(|(item, consequence)| found[*item] != **consequence).collect();
    assert!(other.is_empty(), "cause and consequence are otherwise: {other:#?}");
}

#[test]
fn the_readme_shows_what_comes_out() {
    let readme = include_str!("../../../../README.md");
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let out = super::tieout(Path::new(DEMO), &["audit"]).out;
    let mut lines = out.lines();
    for line in shown.lines().filter(|line| line.trim() != "…") {
        assert!(lines.any(|own| own == line), "`{line}` does not come out, or not in this place");
    }
}

#[test]
fn the_bytes_of_a_report_do_not_depend_on_threads_or_repetition() {
    let run = |threads: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tieout"));
        command.current_dir(DEMO).env("RAYON_NUM_THREADS", threads);
        command.args(["audit", "--quiet", "--threads", threads, "--report", "json"]).output().unwrap().stdout
    };
    let one = run("1");
    assert!(!one.is_empty());
    assert!(one == run("2") && one == run("2"), "the reports differ");
}

#[test]
fn a_plan_is_explained_with_rows_and_what_it_cost() {
    let arguments = ["audit", "--quiet", "--select", "price-not-as-agreed", "--explain-plan", "--report", "json"];
    let run = super::tieout(Path::new(DEMO), &arguments);
    for words in ["price-not-as-agreed", "computed once: __outcome", "index by", "(shared)", "CPU ms"] {
        assert!(run.err.contains(words), "no `{words}` in\n{}", run.err);
    }
    let plain =
        super::tieout(Path::new(DEMO), &["audit", "--quiet", "--select", "price-not-as-agreed", "--report", "json"]);
    assert_eq!(run.out, plain.out);
}
