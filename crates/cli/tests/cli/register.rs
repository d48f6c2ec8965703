//! From a proposal to the proof that it arrived: each state from real exports, and a register that two people and a crash went over.

use std::fs;
use std::path::Path;

use super::{Run, tieout};

/// A copy of the case worked by hand, with its three proposals in the register: C-1 54.12, C-2 541.25, C-3 487.13.
fn begun() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let case = Path::new(super::HERE).join("../../fixtures/cases/corrections");
    for entry in fs::read_dir(case).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
    }
    let run = tieout(place.path(), &["correct", "--quiet", "--out", "pack", "--by", "prep"]);
    assert_eq!(run.code, 0, "{}", run.err);
    place
}

fn register(place: &Path) -> String {
    fs::read_to_string(place.join("corrections.txt")).unwrap()
}

/// The proposal of a customer.
fn id(place: &Path, customer: &str) -> String {
    let text = register(place);
    let line = text.lines().find(|line| line.contains(&format!("customer={customer} "))).unwrap();
    line.split_whitespace().nth(1).unwrap().to_owned()
}

fn add(place: &Path, file: &str, line: &str) {
    let path = place.join(file);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}{line}\n")).unwrap();
}

/// December: what is posted by then, as at the 20th.
fn december(place: &Path, credits: &[&str]) -> Run {
    let path = place.join("tieout.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("2026-11-05", "2026-12-20").replace("2026-11-01", "2026-12-01")).unwrap();
    credits.iter().for_each(|line| add(place, "invoice.csv", line));
    tieout(place, &["register", "--quiet"])
}

fn line_of<'a>(run: &'a Run, state: &str) -> &'a str {
    run.out
        .lines()
        .find(|line| line.trim_start().starts_with(state))
        .unwrap_or_else(|| panic!("no {state} in\n{}{}", run.out, run.err))
}

#[test]
fn every_state_is_told_from_what_is_posted() {
    // Credit notes for I-5, proposed with 450.00 and 37.13: net, tax, gross, reason, balance.
    for (credit, state, code) in [
        ("CN-1,credit_note,2026-11-20,,C-3,I-5,-450.00,-37.13,-487.13,billed twice,0.00", "recovered", 1),
        ("CN-1,credit_note,2026-11-20,,C-3,I-5,-450.00,-37.13,-487.13,billed twice,-487.13", "issued, not applied", 1),
        (
            "CN-1,credit_note,2026-11-20,,C-3,I-5,-450.00,-37.00,-487.00,billed twice,0.00",
            "issued for another amount",
            1,
        ),
        ("CN-1,credit_note,2026-11-20,,C-3,I-5,-451.00,-36.13,-487.13,billed twice,0.00", "issued with wrong tax", 1),
    ] {
        let place = begun();
        let run = december(place.path(), &[credit]);
        assert_eq!(run.code, code, "{}{}", run.out, run.err);
        assert!(line_of(&run, state).contains(" 1 "), "{credit}: {}", run.out);
        // C-1 and C-2 heard nothing for 45 days.
        assert!(line_of(&run, "proposed and forgotten").contains("2"), "{}", run.out);
    }
}

#[test]
fn recovered_is_what_was_matched() {
    let place = begun();
    let credits = [
        "CN-1,credit_note,2026-11-20,,C-1,I-1,-50.00,-4.12,-54.12,price,0.00",
        "CN-2,credit_note,2026-11-20,,C-2,I-2,-500.00,-41.25,-541.25,billed twice,0.00",
        "CN-3,credit_note,2026-11-20,,C-3,I-5,-450.00,-37.13,-487.13,billed twice,0.00",
    ];
    let run = december(place.path(), &credits);
    assert_eq!(run.code, 0, "nothing needs somebody: {}{}", run.out, run.err);
    assert!(line_of(&run, "recovered").ends_with("1,082.50 USD"), "54.12 + 541.25 + 487.13: {}", run.out);
    // A credit note from before the proposal, or of somebody else, proves nothing.
    let place = begun();
    let run = december(place.path(), &["CN-1,credit_note,2026-11-01,,C-1,I-1,-50.00,-4.12,-54.12,price,0.00"]);
    assert!(!run.out.contains("recovered"), "{}", run.out);
}

#[test]
fn a_promise_without_a_document_is_said_first() {
    let place = begun();
    let told = id(place.path(), "C-1");
    let run = tieout(place.path(), &["told", &told, "--by", "clerk", "--on", "2026-11-06"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let run = december(place.path(), &[]);
    assert_eq!(run.code, 1);
    assert!(line_of(&run, "told, not issued").ends_with("54.12 USD"), "{}", run.out);
    assert!(run.out.contains("told by clerk on 2026-11-06"), "{}", run.out);
    assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
}

#[test]
fn a_customer_s_page_shows_what_they_were_promised() {
    let place = begun();
    let told = id(place.path(), "C-1");
    assert_eq!(tieout(place.path(), &["told", &told, "--by", "clerk", "--on", "2026-11-06"]).code, 0);
    let run = tieout(place.path(), &["customer", "C-1", "--quiet"]);
    assert!(
        run.out.contains("credit memo of 54.12 USD for I-1") && run.out.contains("PROMISED"),
        "{}{}",
        run.out,
        run.err
    );
    assert!(!tieout(place.path(), &["customer", "C-2", "--quiet"]).out.contains("PROMISED"));
}

#[test]
fn another_person_approves_and_a_withdrawal_says_why() {
    let place = begun();
    let proposal = id(place.path(), "C-2");
    let before = register(place.path());
    let run = tieout(place.path(), &["approve", &proposal, "--by", "prep"]);
    assert!(run.code == 2 && run.err.contains("cannot approve it"), "{}", run.err);
    let run = tieout(place.path(), &["withdraw", &proposal, "--by", "boss"]);
    assert!(run.code == 2 && run.err.contains("says why"), "{}", run.err);
    let run = tieout(place.path(), &["approve", &proposal, "nothing", "--by", "boss"]);
    assert!(run.code == 2 && run.err.contains("nothing is not proposed"), "all or none: {}", run.err);
    assert_eq!(register(place.path()), before);
    assert_eq!(tieout(place.path(), &["approve", &proposal, "--by", "boss"]).code, 0);
    assert!(register(place.path()).starts_with(&before), "lines are only added");
    let why = "the customer asked us to leave it";
    assert_eq!(tieout(place.path(), &["withdraw", &proposal, "--by", "boss", "--why", why]).code, 0);
    let run = december(place.path(), &[]);
    assert!(line_of(&run, "withdrawn").contains(" 1 "), "{}", run.out);
}

#[test]
fn proposing_again_adds_nothing() {
    let place = begun();
    let before = register(place.path());
    let run = tieout(place.path(), &["correct", "--quiet", "--out", "pack", "--by", "another"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(register(place.path()), before);
}

#[test]
fn a_register_that_was_cut_is_told_and_nothing_else_of_it_is_lost() {
    let place = begun();
    let text = register(place.path());
    let proposal = id(place.path(), "C-1");
    for cut in [1, 5, 40, 90] {
        let torn = format!(
            "{text}{}",
            &"2026-11-06  p9  told  by=\"A. Clerk\" and=more and_more=\"words to be cut somewhere in the middle\""
                [..cut]
        );
        fs::write(place.path().join("corrections.txt"), &torn).unwrap();
        let run = tieout(place.path(), &["register", "--quiet"]);
        assert!(run.code == 2 && run.err.contains("register-line"), "{cut}: {}{}", run.out, run.err);
        assert!(run.out.contains("proposed"), "the others count: {}", run.out);
        // What is added afterwards stands on a line of its own.
        assert_eq!(tieout(place.path(), &["approve", &proposal, "--by", "boss"]).code, 0);
        assert!(register(place.path()).starts_with(&format!("{torn}\n")));
    }
}
