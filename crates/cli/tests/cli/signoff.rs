//! From the workbook to waivers and back: what was signed is silent in the next run, and nothing else is.

use std::fs;
use std::path::PathBuf;

use crate::engagement::{RIGHT, Small, WRONG};
use crate::workbook;

const ALSO_WRONG: &str = "INV-3,2026-10-06,C-3,200.00,38.00,248.00\n";

/// A small engagement whose two findings stand in a workbook.
fn two() -> (Small, PathBuf) {
    let small = Small::new("", "error", "certain", &[RIGHT, WRONG, ALSO_WRONG]);
    let run = small.run(&["audit", "--report", "xlsx=audit.xlsx"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let file = small.path().join("audit.xlsx");
    (small, file)
}

fn sign(file: &std::path::Path, row: u32, cells: &[(&str, &str)]) {
    let whole = [
        ("Disposition", "waive"),
        ("Reason", "a fee that the contract names"),
        ("Prepared by", "clerk"),
        ("Approved by", "lead"),
        ("Expires", "2027-01-31"),
        ("Cap", "10.00"),
    ];
    for (column, cell) in whole {
        let cell = cells.iter().find(|(name, _)| *name == column).map_or(cell, |(_, cell)| cell);
        if !cell.is_empty() {
            workbook::write(file, row, column, cell);
        }
    }
    for (column, cell) in cells.iter().filter(|(name, _)| whole.iter().all(|(column, _)| column != name)) {
        workbook::write(file, row, column, cell);
    }
}

/// The same engagement with waivers.
fn again(small: &Small) -> crate::Run {
    let text = fs::read_to_string(small.path().join("tieout.toml")).unwrap();
    if !text.contains("waivers") {
        let text = text.replace("as_of  = \"2026-11-05\"", "as_of  = \"2026-11-05\"\nwaivers = \"waivers.toml\"");
        fs::write(small.path().join("tieout.toml"), text).unwrap();
    }
    small.run(&["audit", "--report", "json=report.json"])
}

/// Keys of open findings in `report.json`.
fn open(small: &Small) -> Vec<String> {
    let text = fs::read_to_string(small.path().join("report.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let open = findings.iter().filter(|finding| finding["disposition"] == "open");
    open.map(|finding| finding["key"][0]["value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_signed_is_silent_in_the_next_run_and_nothing_else_is() {
    let (small, file) = two();
    sign(&file, 1, &[]);
    let run = small.run(&["signoff", "audit.xlsx", "--waivers", "waivers.toml"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.out, "1 finding waived in waivers.toml; 1 not signed\n");
    assert_eq!(again(&small).code, 1);
    assert_eq!(open(&small), ["INV-3"]);

    sign(&file, 2, &[]);
    assert_eq!(small.run(&["signoff", "audit.xlsx", "--waivers", "waivers.toml"]).code, 0);
    let run = again(&small);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(open(&small).is_empty());
}

#[test]
fn comments_and_other_waivers_stay_and_a_waiver_is_not_doubled() {
    let (small, file) = two();
    let kept = "# agreed in March\n[[waiver]]\nrule = \"gross-differs\" # ours\nfingerprint = \"0000\"\ncontent = \"0\"\n\
                reason = \"r\"\nprepared_by = \"a\"\napproved_by = \"b\"\nexpires = \"2027-01-01\"\ncap = \"1\"\n";
    fs::write(small.path().join("waivers.toml"), kept).unwrap();
    sign(&file, 1, &[]);
    for _ in 0..2 {
        assert_eq!(small.run(&["signoff", "audit.xlsx", "--waivers", "waivers.toml"]).code, 0);
    }
    let text = fs::read_to_string(small.path().join("waivers.toml")).unwrap();
    assert!(text.starts_with(kept), "{text}");
    assert_eq!(text.matches("[[waiver]]").count(), 2, "{text}");
}

#[test]
fn a_row_that_is_not_right_is_refused_with_its_place_and_the_others_are_taken() {
    // What is wrong in the row, and what is said of it.
    let table: [(&[(&str, &str)], &str); 13] = [
        (&[("Reason", "")], "it lacks a reason"),
        (&[("Expires", "")], "it lacks an expiry"),
        (&[("Cap", "")], "it lacks a cap"),
        (&[("Approved by", "")], "it lacks an approver"),
        (&[("Disposition", "")], "it lacks a disposition"),
        (&[("Disposition", "accept")], "`accept` is no disposition"),
        (&[("Approved by", " Clerk ")], "`clerk` prepared and approved it"),
        (&[("Expires", "next year")], "its expiry `next year` is not a date"),
        (&[("Cap", "5.00")], "its cap of 5 is below the 10 that is at stake"),
        (&[("Cap", "much")], "its cap `much` is not an amount"),
        (&[("Fingerprint", "0123456789abcdef")], "is not as the audit reported it"),
        (&[("Gross", "1.00")], "is not as the audit reported it"),
        (&[("Digest", "")], "it is no finding of the report"),
    ];
    for (cells, why) in table {
        let (small, file) = two();
        sign(&file, 1, &[]);
        sign(&file, 2, cells);
        if cells[0] == ("Digest", "") {
            workbook::write(&file, 2, "Digest", "");
        }
        let run = small.run(&["signoff", "audit.xlsx", "--waivers", "waivers.toml"]);
        assert_eq!(run.code, 1, "{cells:?} {}{}", run.out, run.err);
        let words = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(why) && words.contains("sheet Findings, row 4"), "{cells:?} {}", run.err);
        assert!(run.out.starts_with("1 finding waived in waivers.toml; 1 row refused"), "{}", run.out);
        again(&small);
        assert_eq!(open(&small), ["INV-3"], "{cells:?}");
    }
}

#[test]
fn a_row_pasted_over_another_is_refused() {
    let (small, file) = two();
    let range = workbook::sheet(&file, "Findings");
    let (top, columns) = workbook::header(&range);
    sign(&file, 1, &[]);
    for name in ["No.", "Customer", "Item", "What is wrong", "Expected", "Stated", "Fingerprint", "Content", "Digest"] {
        let column = u32::try_from(columns.iter().position(|other| other == name).unwrap()).unwrap();
        workbook::write(&file, 2, name, &range.get_value((top + 1, column)).unwrap().to_string());
    }
    sign(&file, 2, &[]);
    let run = small.run(&["signoff", "audit.xlsx", "--waivers", "waivers.toml"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.err.contains("signed in a row above"), "{}", run.err);
}

#[test]
fn what_is_to_be_corrected_is_counted_and_not_waived() {
    let (small, file) = two();
    workbook::write(&file, 1, "Disposition", "correct");
    let run = small.run(&["signoff", "audit.xlsx", "--waivers", "waivers.toml"]);
    assert_eq!((run.code, run.out.as_str()), (0, "0 findings waived in waivers.toml; 1 to correct; 1 not signed\n"));
    assert!(!small.path().join("waivers.toml").exists());
}

#[test]
fn nothing_is_written_where_the_waiver_file_is_not_one() {
    let (small, file) = two();
    sign(&file, 1, &[]);
    fs::write(small.path().join("waivers.toml"), "[[waiver]]\nrule = 1\n").unwrap();
    let run = small.run(&["signoff", "audit.xlsx", "--waivers", "waivers.toml"]);
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert!(run.err.contains("error[waiver-syntax]"), "{}", run.err);
    assert_eq!(fs::read_to_string(small.path().join("waivers.toml")).unwrap(), "[[waiver]]\nrule = 1\n");
}

#[test]
fn a_waived_finding_that_changed_gates_again() {
    let (small, file) = two();
    sign(&file, 1, &[("Cap", "1000.00")]);
    sign(&file, 2, &[("Cap", "1000.00")]);
    assert_eq!(small.run(&["signoff", "audit.xlsx", "--waivers", "waivers.toml"]).code, 0);
    assert_eq!(again(&small).code, 0);
    let more = format!("Number,Date,Customer,Net,Tax,Gross\n{RIGHT}{}{ALSO_WRONG}", WRONG.replace("129.00", "130.00"));
    fs::write(small.path().join("invoices.csv"), more).unwrap();
    let run = again(&small);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert_eq!(open(&small), ["INV-2"]);
}
