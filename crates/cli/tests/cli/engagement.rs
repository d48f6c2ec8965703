//! A small engagement of its own, with its own rule, so that no change of a bundled rule changes these tests.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::{Run, tieout};

const RULE: &str = r#"
id         = "gross-differs"
title      = "Gross is not net and tax"
family     = "arithmetic"
packs      = ["own"]
assertion  = "accuracy"
severity   = "SEVERITY"
confidence = "CONFIDENCE"
criteria   = "Gross is net and tax."
why        = "A total that does not foot misleads whoever pays it."
remedy     = "Correct the document."
sentence   = "gross is not net and tax"

[effect]
above = "over_billed"
below = "under_billed"

[check.assert]
population = "invoice"
expect     = "net_total + tax_total"
stated     = "gross_total"
"#;

const ENGAGEMENT: &str = r#"
[engagement]
name   = "Small"
period = "2026-10"
as_of  = "2026-11-05"
MORE

[[source]]
population = "invoice"
path = "invoices.csv"
[source.columns]
invoice_id      = "Number"
invoice_no      = "Number"
document_type   = { constant = "invoice" }
status          = { constant = "posted" }
issue_date      = "Date"
customer_id     = "Customer"
currency        = { constant = "USD" }
net_total       = "Net"
tax_total       = "Tax"
gross_total     = "Gross"

[rules]
select = ["gross-differs"]
paths = ["rules"]
"#;

pub const RIGHT: &str = "INV-1,2026-10-04,C-1,100.00,19.00,119.00\n";
pub const WRONG: &str = "INV-2,2026-10-05,C-2,100.00,19.00,129.00\n";

/// A folder with the engagement.
pub struct Small {
    folder: TempDir,
}

impl Small {
    pub fn new(more: &str, severity: &str, confidence: &str, records: &[&str]) -> Self {
        let small = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(small.path().join("rules")).unwrap();
        let rule = RULE.replace("SEVERITY", severity).replace("CONFIDENCE", confidence);
        fs::write(small.path().join("rules/gross-differs.toml"), rule).unwrap();
        fs::write(small.path().join("tieout.toml"), ENGAGEMENT.replace("MORE", more)).unwrap();
        fs::write(
            small.path().join("invoices.csv"),
            format!("Number,Date,Customer,Net,Tax,Gross\n{}", records.concat()),
        )
        .unwrap();
        small
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn run(&self, args: &[&str]) -> Run {
        tieout(self.path(), args)
    }
}

fn wrong() -> Small {
    Small::new("", "error", "certain", &[RIGHT, WRONG])
}

#[test]
fn without_a_finding_the_exit_code_is_0() {
    let run = Small::new("", "error", "certain", &[RIGHT]).run(&["audit"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("no exceptions noted in 1 record of 1 in scope"), "{}", run.out);
}

#[test]
fn a_finding_is_exit_code_1_after_the_report() {
    let run = wrong().run(&["audit"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("INV-2") && run.out.contains("invoices.csv:3"), "{}", run.out);
    assert!(run.err.contains("at or above --fail-on"), "{}", run.err);
}

#[test]
fn severity_and_fail_on_decide_together() {
    // severity, confidence, --fail-on, exit code
    let table = [
        ("error", "certain", "never", 0),
        ("warning", "certain", "error", 0),
        ("warning", "certain", "warning", 1),
        ("error", "review", "error", 0),
        ("error", "review", "warning", 0),
        ("error", "review", "review", 1),
    ];
    for (severity, confidence, fail_on, code) in table {
        let run = Small::new("", severity, confidence, &[WRONG]).run(&["audit", "--fail-on", fail_on]);
        assert_eq!(run.code, code, "{severity} {confidence} {fail_on}\n{}{}", run.out, run.err);
    }
}

#[test]
fn less_than_required_is_exit_code_3_and_findings_win_over_it() {
    // A record without a net amount cannot be tested.
    let empty = "INV-3,2026-10-06,C-3,,19.00,119.00\n";
    let more = "require = [\"own\"]\nmin_tested = \"0.9\"";
    let run = Small::new(more, "error", "certain", &[RIGHT, empty]).run(&["audit"]);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    assert!(run.err.contains("required rule gross-differs tested less"), "{}", run.err);
    let run = Small::new(more, "error", "certain", &[WRONG, empty]).run(&["audit"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.err.contains("incomplete: "), "both are said: {}", run.err);
    let ragged = "INV-4,2026-10-07\n";
    let run = Small::new("", "error", "certain", &[RIGHT, ragged]).run(&["audit"]);
    assert_eq!(run.code, 3, "excluded records: {}{}", run.out, run.err);
}

#[test]
fn what_cannot_be_audited_is_exit_code_2_without_a_report() {
    let small = wrong();
    fs::remove_file(small.path().join("invoices.csv")).unwrap();
    let run = small.run(&["audit", "--report", "json=report.json"]);
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert!(run.err.contains("error[file-missing]"), "{}", run.err);
    assert!(!small.path().join("report.json").exists());
}

#[test]
fn a_report_is_whole_or_absent() {
    let small = wrong();
    let run = small.run(&["audit", "--report", "json=report.json", "--report", "csv=findings.csv", "--report", "text"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(small.path().join("report.json")).unwrap()).unwrap();
    assert_eq!(json["format"], "tieout-report/1");
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
    assert_eq!(json["findings"][0]["evidence"][0]["line"], 3);
    assert_eq!(fs::read_to_string(small.path().join("findings.csv")).unwrap().lines().count(), 2);

    let before = fs::read_to_string(small.path().join("report.json")).unwrap();
    let run = small.run(&["audit", "--report", "json=report.json", "--report", "csv=missing/findings.csv"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("error[output-failed]"), "{}", run.err);
    assert_eq!(fs::read_to_string(small.path().join("report.json")).unwrap(), before);
    let left: Vec<_> = fs::read_dir(small.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".tieout-")), "{left:?}");
}

#[test]
fn json_on_the_screen_parses() {
    let run = wrong().run(&["audit", "--report", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["name"], "Small");
    assert_eq!(json["period"]["to"], "2026-11-01");
}

#[test]
fn sources_can_lie_elsewhere() {
    let small = wrong();
    fs::create_dir(small.path().join("elsewhere")).unwrap();
    fs::rename(small.path().join("invoices.csv"), small.path().join("elsewhere/invoices.csv")).unwrap();
    assert_eq!(small.run(&["audit"]).code, 2);
    assert_eq!(small.run(&["audit", "--data", "elsewhere"]).code, 1);
    assert_eq!(small.run(&["audit", "--data", "nowhere"]).code, 2);
}

#[test]
fn a_rule_can_be_left_out_and_a_wrong_name_is_told() {
    let small = wrong();
    assert_eq!(small.run(&["audit", "--select", "own,-gross-differs"]).code, 0);
    let run = small.run(&["audit", "--select", "gros-differs"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("error[engagement-value]") && run.err.contains("`gros-differs`"), "{}", run.err);
}

#[test]
fn a_check_shows_the_mapping_and_what_can_run() {
    let run = wrong().run(&["check"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for part in
        ["Population invoice", "2 read = 2 kept", "Number=INV-1", "1 of 1 selected rule can run", "gross-differs"]
    {
        assert!(run.out.contains(part), "{part}\n{}", run.out);
    }
}

#[test]
fn a_finding_is_explained_by_its_fingerprint() {
    let small = wrong();
    let run = small.run(&["audit", "--report", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let fingerprint = json["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    let run = small.run(&["explain", &fingerprint]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("INV-2") && run.out.contains("as received"), "{}", run.out);
}

#[test]
fn the_report_does_not_depend_on_threads_or_repetition() {
    let small = wrong();
    let one = small.run(&["audit", "--threads", "1"]).out;
    assert_eq!(one, small.run(&["audit", "--threads", "2"]).out);
    assert_eq!(one, small.run(&["audit"]).out);
}

#[test]
fn the_exit_code_is_the_same_whatever_is_written() {
    let empty = "INV-3,2026-10-06,C-3,,19.00,119.00\n";
    let required = "require = [\"own\"]\nmin_tested = \"0.9\"";
    let ragged = "INV-4,2026-10-07\n";
    // What is demanded, the records, --fail-on, the exit code.
    let table: [(&str, &[&str], &str, i32); 8] = [
        ("", &[RIGHT], "error", 0),
        ("", &[RIGHT, WRONG], "error", 1),
        ("", &[RIGHT, WRONG], "never", 0),
        (required, &[RIGHT, empty], "error", 3),
        (required, &[WRONG, empty], "error", 1),
        (required, &[WRONG, empty], "never", 3),
        ("", &[RIGHT, ragged], "error", 3),
        ("require = [\"no-such-rule\"]", &[RIGHT, WRONG], "error", 2),
    ];
    let files = ["json=r.json", "csv=r.csv", "xlsx=r.xlsx", "sarif=r.sarif", "junit=r.xml", "markdown=r.md"];
    for (more, records, fail_on, code) in table {
        let small = Small::new(more, "error", "certain", records);
        let alone = files.iter().map(|file| vec![*file]);
        for reports in alone.chain([files.to_vec()]) {
            let mut args = vec!["audit", "--fail-on", fail_on];
            reports.iter().for_each(|file| args.extend(["--report", file]));
            let run = small.run(&args);
            assert_eq!(run.code, code, "{more} {records:?} {fail_on} {reports:?}\n{}", run.err);
            for file in reports {
                let path = small.path().join(file.split_once('=').unwrap().1);
                assert_eq!(path.exists(), code != 2, "{file} {code}");
                let _ = fs::remove_file(path);
            }
        }
    }
}

#[test]
fn junit_fails_what_decides_the_exit_code_and_what_is_required() {
    let empty = "INV-3,2026-10-06,C-3,,19.00,119.00\n";
    let more = "require = [\"own\"]\nmin_tested = \"0.9\"";
    // --fail-on, failed cases.
    for (fail_on, failures) in [("error", 2), ("never", 1)] {
        let small = Small::new(more, "error", "certain", &[WRONG, empty]);
        small.run(&["audit", "--fail-on", fail_on, "--report", "junit=r.xml"]);
        let text = fs::read_to_string(small.path().join("r.xml")).unwrap();
        assert!(text.contains(&format!("tests=\"2\" skipped=\"0\" failures=\"{failures}\" errors=\"0\"")), "{text}");
    }
}

#[test]
fn masked_values_stand_nowhere_in_a_report() {
    let place = tempfile::tempdir().unwrap();
    let key = place.path().join("key");
    std::fs::write(&key, "a key of one's own").unwrap();
    let demo = Path::new(super::HERE).join("../../fixtures/demo");
    let key = key.display().to_string();
    let masked = ["--mask", "customer_id,name,email", "--mask-key", &key];
    for format in ["json", "csv", "text", "html"] {
        let report = |more: &[&str]| {
            super::tieout(
                &demo,
                &[&["audit", "--quiet", "--select", "double-billing", "--report", format], more].concat(),
            )
            .out
        };
        let (plain, hidden) = (report(&[]), report(&masked));
        let customers = std::fs::read_to_string(demo.join("customers.csv")).unwrap();
        let named: Vec<&str> = customers
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').next())
            .filter(|id| plain.contains(id))
            .collect();
        assert!(named.len() > 5, "{format}: {named:?}");
        let left: Vec<_> = named.iter().filter(|id| hidden.contains(**id)).collect();
        assert!(left.is_empty() && hidden.contains("m-"), "{format}: {left:?}");
        assert_eq!(hidden, report(&masked), "{format}: the same key gives the same tokens");
    }
    let run = super::tieout(&demo, &["audit", "--mask", "no_such_column", "--mask-key", &key]);
    assert!(run.code == 2 && run.err.contains("no_such_column"), "{}", run.err);
    assert_eq!(super::tieout(&demo, &["audit", "--mask", "name"]).code, 2, "without a key");
}
