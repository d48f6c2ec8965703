//! Explaining both ways, one customer on a page, and a report proven.

use std::path::Path;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/demo");

fn told(arguments: &[&str]) -> super::Run {
    super::tieout(Path::new(DEMO), arguments)
}

/// D001042 and D001043 bill the delivery SH000542 twice, nine days apart.
#[test]
fn two_documents_are_put_beside_each_other() {
    let run = told(&["explain", "D001042", "INV-2026-001186"]);
    assert_eq!(run.code, 0, "{}", run.err);
    for words in [
        "both: order-line-over-billed",
        "No credit, void or rebill touches either",
        "✗ issue_date  2026-10-06 | 2026-10-15  (wanted: at most 7 days apart)",
        "= two things for this rule; a finding if this held too: issue_date",
    ] {
        assert!(run.out.contains(words), "no `{words}` in\n{}", run.out);
    }
    assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
}

#[test]
fn what_cannot_be_put_beside_each_other_is_said() {
    for (arguments, words) in [
        (["explain", "D001042", "nothing"], "no invoice and no payment is called `nothing`"),
        (["explain", "D001042", "INV-2026-000804"], "are the same record"),
        (["explain", "D001042", "RC000552"], "is of invoice"),
    ] {
        let run = told(&arguments);
        assert!(run.code == 2 && run.err.contains(words), "{arguments:?}: {}", run.err);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let run = super::tieout(elsewhere.path(), &["explain", "A", "B"]);
    assert!(run.code == 2 && run.err.contains("no engagement"), "{}", run.err);
}

#[test]
fn the_engagement_may_be_named_after_what_is_asked() {
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(super::tieout(elsewhere.path(), &["explain", "D001042", "D001043", DEMO]).code, 0);
    assert_eq!(super::tieout(elsewhere.path(), &["explain", "order-line-over-billed", DEMO]).code, 0);
}

#[test]
fn a_customer_stands_on_a_page() {
    let run = told(&["customer", "C001479"]);
    assert_eq!(run.code, 0, "{}", run.err);
    for words in [
        "Arvendale Interiors 1479",
        "open invoices          2  213.00 USD",
        "certain  order-line-over-billed",
        "invoice (2 records)",
    ] {
        assert!(run.out.contains(words), "no `{words}` in\n{}", run.out);
    }
    assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
    let run = told(&["customer", "C-none"]);
    assert!(run.code == 2 && run.err.contains("no record of these exports"), "{}", run.err);
}

#[test]
fn a_report_is_proven_or_the_first_difference_named() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("report.json");
    let written = |arguments: &[&str]| {
        let json = format!("json={}", file.display());
        told(
            &[&["audit", "--quiet", "--select", "number-gap,totals-do-not-cross-foot", "--report", &json], arguments]
                .concat(),
        )
    };
    written(&[]);
    let shown = file.display().to_string();
    let verified = |select: &str| told(&["verify", &shown, ".", "--select", select]);
    let run = verified("number-gap,totals-do-not-cross-foot");
    assert!(run.code == 0 && run.out.contains("is proven"), "{}{}", run.out, run.err);
    let run = verified("number-gap");
    assert!(run.code == 1 && run.out.contains("at        "), "{}{}", run.out, run.err);
    let text = std::fs::read_to_string(&file).unwrap();
    let hash = text.split("\"hash\": \"").nth(1).unwrap().split('"').next().unwrap();
    std::fs::write(&file, text.replacen(hash, "0", 1)).unwrap();
    let run = verified("number-gap,totals-do-not-cross-foot");
    assert!(run.code == 1 && run.out.contains("the file is not the one that was audited"), "{}", run.out);
    let run = told(&["verify", "tieout.toml"]);
    assert!(run.code == 2 && run.err.contains("baseline-unreadable"), "{}", run.err);
}
