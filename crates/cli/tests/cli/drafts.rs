//! Drafts before they go out: held, to be mended, to be sent; and nothing else of the books.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// A copy of the case with changes: file, from, to.
fn judged(changes: &[(&str, &str, &str)], args: &[&str]) -> super::Run {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(super::HERE).join("../../fixtures/cases/drafts")).unwrap() {
        let entry = entry.unwrap();
        let mut text = fs::read_to_string(entry.path()).unwrap();
        for (_, from, to) in changes.iter().filter(|(file, _, _)| entry.file_name() == *file) {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        fs::write(place.path().join(entry.file_name()), text).unwrap();
    }
    super::tieout(place.path(), &[&["audit", "--quiet", "--stage", "draft"], args].concat())
}

fn json(changes: &[(&str, &str, &str)]) -> (i32, Value) {
    let run = judged(changes, &["--report", "json"]);
    (run.code, serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err)))
}

fn verdicts(report: &Value) -> Vec<String> {
    let line = |line: &Value| {
        assert_eq!(line["reasons"].as_array().unwrap().is_empty(), line["verdict"] == "send", "{line}");
        format!("{} {}", line["verdict"].as_str().unwrap(), line["number"].as_str().unwrap())
    };
    report["hold_list"].as_array().unwrap().iter().map(line).collect()
}

/// `fixtures/cases/drafts/tieout.toml` reckons each.
#[test]
fn drafts_are_held_mended_or_sent_as_worked_by_hand() {
    let (code, report) = json(&[]);
    assert_eq!(code, 1);
    assert_eq!(verdicts(&report), ["hold D-1", "hold D-3", "fix D-2", "send D-4", "send D-5"]);
    assert_eq!((&report["as_of"], &report["period"]["to"]), (&"2026-11-06".into(), &"2026-11-07".into()));
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 3, "the posted document's finding is left out");
    let money: Vec<&str> = findings.iter().map(|finding| finding["effects"][0]["gross"].as_str().unwrap()).collect();
    assert_eq!(money, ["450.00", "50.00", "30.00"]);
    let text = judged(&[], &[]).out;
    for words in ["5 drafts judged", "Left out: 1 finding", "(order-line-over-billed)"] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

/// The list in every form that people read.
#[test]
fn the_list_is_told_in_every_format() {
    let place = tempfile::tempdir().unwrap();
    let file = |name: &str| place.path().join(name).display().to_string();
    let [list, markdown, page] = ["hold.csv", "markdown=r.md", "html=r.html"].map(|name| match name.split_once('=') {
        Some((format, name)) => format!("{format}={}", file(name)),
        None => file(name),
    });
    let run = judged(&[], &["--hold", &list, "--report", &markdown, "--report", &page]);
    assert_eq!(run.code, 1, "{}", run.err);
    let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    let lines: Vec<String> = read("hold.csv").lines().skip(1).map(str::to_owned).collect();
    assert_eq!(lines.len(), 5, "a line for each of three findings, and two without: {lines:?}");
    assert!(
        lines[0].starts_with("\"hold\",\"D-1\",\"D-1\",\"C-1\",\"450.00\",\"USD\",\"yes\",\"order-line-over-billed\"")
    );
    assert!(lines[4].starts_with("\"send\",\"D-5\"") && lines[4].ends_with("\"\""), "{}", lines[4]);
    let markdown = read("r.md");
    assert!(markdown.contains("### Before it goes out: hold 2, fix 1, send 2"), "{markdown}");
    assert!(markdown.contains("| D-2 | C-2 |") && !markdown.contains("| D-4 |"), "{markdown}");
    let page = read("r.html");
    assert!(page.contains("Before it goes out: hold 2, fix 1, send 2") && page.contains("href=\"#drafts\""));
    assert!(page.contains("<bdi>D-2</bdi>") && page.contains("<strong>fix</strong>"));
    let run = judged(&[], &["--report", "text"]);
    assert!(run.out.contains("Before it goes out"));
    let folder = Path::new(super::HERE).join("../../fixtures/cases/drafts");
    let run = super::tieout(&folder, &["audit", "--hold", &list]);
    assert!(run.code == 2 && run.err.contains("--stage"), "{}", run.err);
}

#[test]
fn mended_drafts_may_all_go_out() {
    let lines = "invoice_line.csv";
    let (code, report) = json(&[
        // Another order line is billed, the agreed price, the next month.
        (lines, "D-1,1,SO-1,1", "D-1,1,SO-9,1"),
        ("order_line.csv", "SO-4,1,C-4,10,45.00", "SO-4,1,C-4,10,45.00\nSO-9,1,C-1,10,45.00"),
        (lines, "10,50.00,500.00", "10,45.00,450.00"),
        ("invoice.csv", "500.00,0.00,500.00", "450.00,0.00,450.00"),
        (
            lines,
            "D-3,1,,,PLAN,1,30.00,30.00,SUB-3,2026-10-01,2026-11-01",
            "D-3,1,,,PLAN,1,30.00,30.00,SUB-3,2026-11-01,2026-12-01",
        ),
    ]);
    assert_eq!(verdicts(&report), ["send D-1", "send D-2", "send D-3", "send D-4", "send D-5"]);
    assert_eq!(code, 0);
}

#[test]
fn without_the_stage_a_draft_is_nobody_s_finding() {
    let folder = Path::new(super::HERE).join("../../fixtures/cases/drafts");
    let run = super::tieout(&folder, &["audit", "--quiet", "--report", "json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert!(report["hold_list"].is_null());
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0]["key"][0]["value"], "I-7");
}

#[test]
fn without_drafts_it_says_so() {
    let run = judged(&[("invoice.csv", ",draft,", ",void,")], &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("0 drafts judged") && run.out.contains("is a draft"), "{}", run.out);
}
