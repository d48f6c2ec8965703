//! A second audit of unchanged files reads none of them again, and no byte of its report is another one.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::{Run, tieout};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/demo");
const PARQUET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/errors/float-column/payments.parquet");

/// Sources besides the demonstration's: Parquet; credit notes of either sign, numbered, with bad cells and records.
const MORE: &str = r#"
[[source]]
population = "payment"
path = "payments.parquet"
format = { float_places = 2 }
[source.columns]
payment_id = "Payment"
customer_id = "Customer"
payment_date = "Date"
currency = { constant = "USD" }
amount = "Amount"

[[source]]
population = "invoice"
path = "credits*.csv"
format = { credit_sign = "auto" }
series = [{ name = "credits", header = "no", pattern = "CN-{year}-{number}" }]
[source.columns]
invoice_id = "no"
invoice_no = "no"
document_type = { constant = "credit_note" }
status = { constant = "posted" }
issue_date = "day"
customer_id = "customer"
currency = { constant = "USD" }
net_total = "net"
gross_total = "total"
"#;

/// The demonstration in a folder of its own, as several files, packed, with more of everything.
fn exports() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let to = |name: &str| folder.path().join(name);
    for entry in fs::read_dir(DEMO).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to(path.file_name().unwrap().to_str().unwrap())).unwrap();
    }
    let lines = fs::read(to("invoice_lines.csv")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&lines).unwrap();
    fs::write(to("invoice_lines.csv.gz"), packed.finish().unwrap()).unwrap();
    let receipts = fs::read_to_string(to("receipts.csv")).unwrap();
    let all: Vec<&str> = receipts.lines().collect();
    fs::write(to("receipts-1.csv"), all[..400].join("\n")).unwrap();
    // The second extract overlaps the first.
    fs::write(to("receipts-2.csv"), [&all[..1], &all[350..]].concat().join("\n")).unwrap();
    fs::copy(PARQUET, to("payments.parquet")).unwrap();
    fs::write(
        to("credits-1.csv"),
        "no,day,customer,net,total\nCN-2026-1,2026-10-03,C000001,10.00,12.00\nCN-2026-3,soon,C000002,?,5.00\nragged\n\
         CN-2026-4,2026-10-04,C000002,1.00,1.00\n",
    )
    .unwrap();
    let engagement = fs::read_to_string(to("tieout.toml")).unwrap();
    let engagement = engagement
        .replace("\"invoice_lines.csv\"", "\"invoice_lines.csv.gz\"")
        .replace("\"receipts.csv\"", "\"receipts-*.csv\"");
    fs::write(to("tieout.toml"), engagement + MORE).unwrap();
    folder
}

fn audit(folder: &Path, more: &[&str]) -> Run {
    let run = tieout(folder, &[&["audit", "--report", "json", "--fail-on", "never"], more].concat());
    assert!(run.out.contains("tieout-report/1"), "{}", run.err);
    run
}

/// With a cache, be it old or new, comes out what comes out without.
fn same(folder: &Path, select: &[&str]) {
    let plain = audit(folder, select);
    for turn in ["as it was left", "as this run left it"] {
        let cached = audit(folder, &[select, &["--cache", "kept"]].concat());
        assert!(cached.out == plain.out, "the report differs with the cache {turn}");
        assert_eq!((cached.code, cached.err), (plain.code, plain.err.clone()));
    }
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().filter(|entry| entry.as_ref().unwrap().path().extension().is_some()).count() - 1
}

#[test]
fn the_report_is_the_same_whatever_changes() {
    let exports = exports();
    let folder = exports.path();
    same(folder, &["--select", "arithmetic"]);
    same(folder, &["--select", "number-gap,payments"]);
    let receipts = fs::read_to_string(folder.join("receipts-2.csv")).unwrap();
    fs::write(folder.join("receipts-2.csv"), receipts.replacen(",00;", ",01;", 1)).unwrap();
    // One credit note that is stated negative, so that the others are no longer taken for positive ones.
    fs::write(folder.join("credits-2.csv"), "no,day,customer,net,total\nCN-2026-5,2026-10-05,C000002,-1.00,-1.00\n")
        .unwrap();
    same(folder, &[]);
    fs::remove_file(folder.join("receipts-1.csv")).unwrap();
    fs::remove_file(folder.join("credits-2.csv")).unwrap();
    same(folder, &["--select", "core"]);
}

#[test]
fn nothing_is_kept_unless_it_is_asked_for() {
    let exports = exports();
    let folder = exports.path();
    let before = fs::read_dir(folder).unwrap().count();
    audit(folder, &["--select", "arithmetic"]);
    assert_eq!(fs::read_dir(folder).unwrap().count(), before);
    let engagement = fs::read_to_string(folder.join("tieout.toml")).unwrap();
    fs::write(folder.join("tieout.toml"), engagement.replacen("[engagement]", "[engagement]\ncache = \".tieout\"", 1))
        .unwrap();
    // Beside the engagement, wherever the command is given.
    let elsewhere = tempfile::tempdir().unwrap();
    let here = [folder.to_str().unwrap(), "--select", "arithmetic"];
    let plain = audit(elsewhere.path(), &[&here[..], &["--no-cache"]].concat());
    assert_eq!(fs::read_dir(folder).unwrap().count(), before);
    assert!(audit(elsewhere.path(), &here).out == plain.out);
    assert!(folder.join(".tieout/.gitignore").is_file() && entries(&folder.join(".tieout")) > 39);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    let wrong = engagement.replacen("[engagement]", "[engagement]\ncache = \"\"", 1);
    fs::write(folder.join("tieout.toml"), wrong).unwrap();
    let run = tieout(folder, &["audit"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("the cache needs a folder"), "{}", run.err);
    assert_eq!(tieout(folder, &["audit", "--cache", "x", "--no-cache"]).code, 2);
}

#[test]
fn damage_and_a_folder_that_cannot_be_written_are_one_line() {
    let exports = exports();
    let folder = exports.path();
    let select = ["--select", "arithmetic"];
    let plain = audit(folder, &select);
    audit(folder, &[&select[..], &["--cache", "kept"]].concat());
    for entry in fs::read_dir(folder.join("kept")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(&path, bytes).unwrap();
    }
    let run = audit(folder, &[&select[..], &["--cache", "kept"]].concat());
    assert!(run.out == plain.out);
    assert_eq!(run.err.matches("damaged").count(), 1, "{}", run.err);
    let run = audit(folder, &[&select[..], &["--cache", "kept"]].concat());
    assert!(run.out == plain.out && run.err == plain.err, "{}", run.err);
    // A folder below a file cannot be made, whoever asks.
    let run = audit(folder, &[&select[..], &["--cache", "tieout.toml/kept"]].concat());
    assert!(run.out == plain.out && run.code == plain.code);
    assert_eq!(run.err.matches("cannot be written").count(), 1, "{}", run.err);
}

#[test]
fn two_audits_at_once_share_a_folder() {
    let exports = exports();
    let folder = exports.path();
    let selects = ["arithmetic", "number-gap"];
    let plain = selects.map(|select| audit(folder, &["--select", select]).out);
    for _ in 0..2 {
        let start = |select: &str| {
            Command::new(env!("CARGO_BIN_EXE_tieout"))
                .args(["audit", "--report", "json", "--quiet", "--cache", "kept", "--select", select])
                .current_dir(folder)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let runs = selects.map(start);
        for (run, plain) in runs.into_iter().zip(&plain) {
            let out = run.wait_with_output().unwrap().stdout;
            assert!(String::from_utf8(out).unwrap() == *plain);
        }
    }
}
