//! Complaints against what audits knew: worked by hand, and with what the exports do not state.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Run, tieout};

/// A copy of the case with changes: file, from, to; its page and its JSON.
fn judged(changes: &[(&str, &str, &str)]) -> (Run, Value) {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(super::HERE).join("../../fixtures/cases/complaints")).unwrap() {
        let entry = entry.unwrap();
        let mut text = fs::read_to_string(entry.path()).unwrap();
        for (_, from, to) in changes.iter().filter(|(file, _, _)| entry.file_name() == *file) {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        fs::write(place.path().join(entry.file_name()), text).unwrap();
    }
    let run = tieout(place.path(), &["complaints", "--quiet", "--json", "complaints.json"]);
    let text = fs::read_to_string(place.path().join("complaints.json")).unwrap_or_else(|_| "null".to_owned());
    (run, serde_json::from_str(&text).unwrap())
}

/// `K-01 predicted within_24_hours` for each.
fn standings(told: &Value) -> Vec<String> {
    let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let line = |row: &Value| ["complaint", "standing", "answer"].map(|name| word(row, name)).join(" ");
    let mut all: Vec<String> = told["complaints"].as_array().unwrap().iter().map(line).collect();
    all.sort();
    all
}

/// `fixtures/cases/complaints/tieout.toml` reckons each.
#[test]
fn complaints_are_those_worked_by_hand() {
    let (run, told) = judged(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(
        standings(&told),
        [
            "K-01 predicted within_24_hours",
            "K-02 after_correction later",
            "K-03 found unknown",
            "K-04 missed later",
            "K-05 found within_24_hours",
            "K-06 not_testable none",
            "K-07 not_testable unknown",
            "K-08 missed waiting",
            "K-09 not_testable waiting",
            "K-10 found within_24_hours",
            "K-11 not_testable none",
        ]
    );
    let months: Vec<String> = told["months"]
        .as_array()
        .unwrap()
        .iter()
        .map(|month| {
            format!("{} {}", month["month"].as_str().unwrap(), month["per_1000_invoices"].as_str().unwrap_or("-"))
        })
        .collect();
    assert_eq!(months, ["2026-08 0.00", "2026-09 0.00", "2026-10 0.00", "2026-11 4500.00", "2026-12 -"]);
    for words in [
        "\u{201c}delivery: The goods came late\u{201d}",
        "known since 2026-11-05",
        "corrected on 2026-11-20",
        "Open without news the longest: K-03, since 2026-11-06.",
        "the exports have no document I-99",
    ] {
        assert!(run.out.contains(words), "no `{words}` in\n{}", run.out);
    }
    assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
}

/// Each complaint is in one class, and every class is counted.
#[test]
fn every_complaint_is_counted_once_whatever_it_lacks() {
    let changes: [&[(&str, &str, &str)]; 5] = [
        &[],
        &[("complaint.csv", "K-01,C-1,I-1,2026-11-10", "K-01,,,")],
        &[("complaint.csv", "K-02,C-3,I-5,2026-11-25", ",C-3,I-5,2026-11-25")],
        &[("complaint.csv", "K-05,C-4,,2026-11-12,,3,", "K-04,C-4,,2026-11-12,,-3,")],
        &[("complaint.csv", "K-03,C-2,I-2,2026-11-04", "K-03,C-2,I-2,2026-11-06")],
    ];
    for changes in changes {
        let (run, told) = judged(changes);
        let counts = |name: &str| -> u64 {
            told[name].as_array().unwrap().iter().map(|one| one["complaints"].as_u64().unwrap()).sum()
        };
        assert_eq!((counts("standings"), counts("answers")), (11, 11), "{changes:?} {}", run.err);
    }
    let (_, told) = judged(changes[1]);
    assert_eq!(standings(&told)[0], "K-01 not_testable unknown", "it has no day");
    let (_, told) = judged(changes[4]);
    assert_eq!(standings(&told)[2], "K-03 predicted later".replace("later", "unknown"), "a day after it was proposed");
}

/// What a customer writes does nothing on a screen.
#[test]
fn a_hostile_complaint_does_nothing() {
    let (run, told) = judged(&[("complaint.csv", "The goods came late", "\u{1b}[2J\u{202e}=1+1")]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(!run.out.contains('\u{1b}') && !run.out.contains('\u{202e}'), "{}", run.out);
    assert!(told.to_string().contains("=1+1"));
}

#[test]
fn what_the_exports_do_not_state_is_named() {
    let columns = [
        ("tieout.toml", "answered_date = \"answered_date\"\nanswer_hours = \"answer_hours\"\n", ""),
        ("tieout.toml", "closed_date = \"closed_date\"\n", ""),
    ];
    let (run, told) = judged(&columns);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("Not stated: the exports have no answered date."), "{}", run.out);
    assert!(!run.out.contains("  closed"), "{}", run.out);
    assert_eq!(told["unstated"].to_string(), "[\"answered_date\",\"answer_hours\",\"closed_date\"]");
    assert!(standings(&told).iter().all(|line| line.ends_with(" unknown")), "{told}");
    let (run, _) = judged(&[("tieout.toml", "population = \"complaint\"", "population = \"dispute\"")]);
    assert_eq!(run.code, 2, "{}", run.out);
    let source = "[[source]]\npopulation = \"complaint\"";
    let toml = fs::read_to_string(Path::new(super::HERE).join("../../fixtures/cases/complaints/tieout.toml")).unwrap();
    let (_, rest) = toml.split_once(source).unwrap();
    let (run, _) = judged(&[("tieout.toml", &format!("{source}{rest}"), "")]);
    assert!(run.code == 2 && run.err.contains("has no complaints"), "{}", run.err);
}

/// A former report says since when a finding is known.
#[test]
fn a_former_report_makes_a_finding_known() {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(super::HERE).join("../../fixtures/cases/complaints")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "corrections.txt" {
            fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
        }
    }
    let toml = place.path().join("tieout.toml");
    let later = fs::read_to_string(&toml).unwrap();
    fs::write(&toml, later.replace("2026-12-20", "2026-11-02")).unwrap();
    tieout(place.path(), &["audit", "--quiet", "--report", "json=former.json"]);
    fs::write(&toml, later).unwrap();
    let run = tieout(place.path(), &["complaints", "--quiet", "--baseline", "former.json"]);
    let line = run.out.lines().find(|line| line.contains("predicted before it came")).unwrap();
    assert!(line.ends_with(" 4"), "K-01, K-03, K-05, K-10: {}{}", run.out, run.err);
}
