//! Whom a reminder may go to: each standing worked by hand, and each document in just one.

use std::fs;
use std::path::Path;

fn case() -> std::path::PathBuf {
    Path::new(super::HERE).join("../../fixtures/cases/chase")
}

/// `fixtures/cases/chase/tieout.toml` reckons each.
#[test]
fn each_overdue_document_has_one_standing() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("chase.csv");
    let run = super::tieout(&case(), &["chase", "--quiet", "--out", &file.display().to_string()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let standing = [
        ("I-1", "may be reminded"),
        ("I-10", "may be reminded"),
        ("I-2", "not: paid since"),
        ("I-3", "not: credited"),
        ("I-4", "not: disputed"),
        ("I-5", "not: in transit"),
        ("I-6", "not: reminded lately"),
        ("I-7", "not: a finding is open"),
        ("I-8", "not testable"),
    ];
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(written.lines().count(), standing.len() + 1, "a line each: {written}");
    for (document, words) in standing {
        let line = written.lines().find(|line| line.contains(&format!(",\"{document}\","))).unwrap();
        assert!(line.contains(&format!("\"{words}\"")), "{line}");
    }
    assert!(run.out.lines().any(|line| line.starts_with("  all ") && line.ends_with("9  3,620.00 USD")), "{}", run.out);
    assert!(run.out.lines().any(|line| line.contains("that may, never") && line.ends_with("1  100.00 USD")));
    assert!(!run.out.contains("I-9") && run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
}

#[test]
fn the_days_between_reminders_are_the_user_s() {
    let run = super::tieout(&case(), &["chase", "--quiet", "--days", "6"]);
    assert!(run.out.contains("may be reminded                 3  710.00 USD"), "100 + 10 + 600: {}", run.out);
}

#[test]
fn what_the_exports_do_not_have_is_said() {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(case()).unwrap() {
        let entry = entry.unwrap();
        let mut text = fs::read_to_string(entry.path()).unwrap();
        if entry.file_name() == "tieout.toml" {
            text.truncate(text.find("[[source]]\npopulation = \"dispute\"").unwrap());
        }
        fs::write(place.path().join(entry.file_name()), text).unwrap();
    }
    let run = super::tieout(place.path(), &["chase", "--quiet"]);
    assert!(run.out.contains("the exports have no dispute.") && run.out.contains("no reminder."), "{}", run.out);
    assert!(!run.out.contains("never"), "without reminders nobody knows: {}", run.out);
}
