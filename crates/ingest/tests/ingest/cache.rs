//! What is kept from run to run changes nothing but the work: not when files, mappings or needs change, nor when it is
//! damaged, gone, or used by two runs at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::*;
use tieout_ingest::{Cache, CacheUse, Store};
use tieout_model::{Diagnostic, RecordRef};

use crate::common::{Folder, assert_same, folder, load_with};

const TOML: &str = r#"
[[source]]
population = "invoice"
path = "invoices*.csv"
format = { credit_sign = "auto", currency_signs = ["€"] }
control = { records = 7, total = "1.00" }
where = [{ header = "state", not_in = ["draft"] }]
series = [{ name = "all", header = "no", pattern = "INV-{year}-{number}" }]
[source.columns]
invoice_id = "no"
document_type = { header = "type", values = { I = "invoice", C = "credit_note" } }
issue_date = "day"
currency = "cur"
gross_total = "total"
net_total = "net"
customer_id = { header = "customer", optional = true }

[[source]]
population = "invoice_line"
path = "lines.csv.gz"
columns = { invoice_id = "inv", line_no = { record = true }, net_amount = "net", quantity = "qty", description = "text" }
[[source.derive]]
population = "customer"
key = ["customer_id"]
columns = { customer_id = "customer", name = { header = "name", rule = "min" } }

[[source]]
population = "payment"
path = "payments.parquet"
columns = { payment_id = "id", amount = "amount", payment_date = "day", currency = { constant = "USD" } }
"#;

const JULY: &[u8] = b"no,type,day,cur,total,net,state\n\
    INV-2026-1,I,2026-07-01,usd,119.00,100.00,sent\n\
    INV-2026-2,I,2026-07-02,USD,soon,100.00,sent\n\
    INV-2026-3,I,2026-07-03,USD,5.00,4.00,draft\n\
    ragged,I\n\
    \n\
    INV-2026-5,C,yesterday,USD,11.90,10.00,sent\n\
    X7,C,2026-07-05,USD,1.19,,sent\n";
const AUGUST: &[u8] = b"no,type,day,cur,total,net,state,customer\n\
    INV-2026-5,C,2026-07-04,USD,11.90,10.00,sent,C1\n\
    INV-2026-6,I,2026-08-01,EUR,\xe2\x82\xac20.00,20.00,sent,C2\n\
    INV-2026-7,I,2026-08-01,EUR,\"30.00\",30.00,\"sent\",\"C\"\"3\"\n";
const SEPTEMBER: &[u8] = b"no,type,day,cur,total,net,state\nINV-2026-8,C,2026-09-01,EUR,-9.00,-9.00,sent\n";

fn exports() -> Folder {
    let folder = folder(&[("invoices-07.csv", JULY), ("invoices-08.csv", AUGUST)]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"inv,net,qty,text,customer,name\n").unwrap();
    for number in 0..4000 {
        let (invoice, bad) = (number / 3, if number % 500 == 7 { "?" } else { "" });
        writeln!(packed, "INV-{invoice},{bad}{number}.25,1,a \"text\" {number},C{},N{}", number % 7, number % 3)
            .unwrap();
    }
    fs::write(folder.0.path().join("lines.csv.gz"), packed.finish().unwrap()).unwrap();
    let mut frame = DataFrame::new_infer_height(vec![
        Series::new("id".into(), ["007", "008", "009"]).into_column(),
        Series::new("amount".into(), ["1.10", "", "x"]).into_column(),
        Series::new("day".into(), [20_000i32, 20_001, 20_002]).cast(&DataType::Date).unwrap().into_column(),
    ])
    .unwrap();
    let file = fs::File::create(folder.0.path().join("payments.parquet")).unwrap();
    ParquetWriter::new(file).finish(&mut frame).unwrap();
    folder
}

fn needed(columns: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
    let set = |columns: &[&str]| columns.iter().map(|column| (*column).to_owned()).collect();
    columns.iter().map(|(population, columns)| ((*population).to_owned(), set(columns))).collect()
}

/// Files that are kept.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut entries: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|end| end == "entry")).collect();
    entries.sort();
    entries
}

/// A run with the cache gives what a run without gives; how the cache was used.
fn run(base: &Path, toml: &str, needed: crate::common::Needed<'_>, kept: &Path) -> CacheUse {
    let cache = Arc::new(Cache::new(kept.to_owned()));
    let with = load_with(base, toml, needed, Some(&cache));
    let without = load_with(base, toml, needed, None);
    assert_same(&with, &without);
    assert_same_places(base, &with, &without);
    cache.made()
}

/// Records are found again in their files.
fn assert_same_places(base: &Path, one: &(Store, Vec<Diagnostic>), other: &(Store, Vec<Diagnostic>)) {
    let sources = 0..u32::try_from(one.0.files.len()).unwrap();
    let records: BTreeSet<RecordRef> =
        sources.flat_map(|source| [1, 2, 3000].map(|record| RecordRef { source, record })).collect();
    let found = tieout_ingest::locate(&one.0, base, &records);
    assert!(found.len() > 3);
    assert_eq!(found, tieout_ingest::locate(&other.0, base, &records));
}

fn made(found: u64, kept: u64) -> CacheUse {
    CacheUse { found, kept, damaged: 0 }
}

#[test]
fn files_that_did_not_change_are_not_read_again() {
    let (exports, kept) = (exports(), tempfile::tempdir().unwrap());
    let (base, kept) = (exports.0.path(), kept.path().join("deep/cache"));
    assert_eq!(run(base, TOML, None, &kept), made(0, 4));
    assert_eq!(run(base, TOML, None, &kept), made(4, 0));
    // Neither time nor name matters, nor where the mapping stands.
    fs::rename(base.join("invoices-07.csv"), base.join("invoices-09.csv")).unwrap();
    assert_eq!(run(base, &format!("# moved\n{TOML}"), None, &kept), made(4, 0));
    assert!(fs::read_to_string(kept.join(".gitignore")).unwrap().starts_with('*') && kept.join("README.txt").exists());
}

#[test]
fn files_come_and_go_and_change() {
    let (exports, kept) = (exports(), tempfile::tempdir().unwrap());
    let base = exports.0.path();
    assert_eq!(run(base, TOML, None, kept.path()), made(0, 4));
    // A credit note that is stated negative: the signs are mixed now, so every invoice is converted again.
    fs::write(base.join("invoices-09.csv"), SEPTEMBER).unwrap();
    assert_eq!(run(base, TOML, None, kept.path()), made(2, 3));
    assert_eq!(run(base, TOML, None, kept.path()), made(5, 0));
    // The same size, another content.
    let changed = String::from_utf8(JULY.to_vec()).unwrap().replace("119.00", "118.00");
    fs::write(base.join("invoices-07.csv"), changed).unwrap();
    assert_eq!(run(base, TOML, None, kept.path()), made(4, 1));
    fs::remove_file(base.join("invoices-09.csv")).unwrap();
    assert_eq!(run(base, TOML, None, kept.path()), made(2, 2));
    fs::remove_file(base.join("invoices-08.csv")).unwrap();
    assert_eq!(run(base, TOML, None, kept.path()), made(3, 0));
    // Two files with one content are still refused.
    fs::copy(base.join("invoices-07.csv"), base.join("invoices-10.csv")).unwrap();
    assert_eq!(run(base, TOML, None, kept.path()), made(4, 0));
    // A file that cannot be read is complained of as ever, and not kept.
    fs::write(base.join("invoices-10.csv"), b"\xff,\xfe\n\xff\n").unwrap();
    assert_eq!(run(base, TOML, None, kept.path()), made(3, 0));
    fs::write(base.join("invoices-10.csv"), b"").unwrap();
    assert_eq!(run(base, TOML, None, kept.path()), made(3, 1));
    assert_eq!(run(base, TOML, None, kept.path()), made(4, 0));
    // Nor is another mapping's entry taken.
    let other = TOML.replace("header = \"state\", not_in = [\"draft\"]", "header = \"state\", not_in = []");
    assert_eq!(run(base, &other, None, kept.path()), made(2, 2));
}

#[test]
fn a_file_alone_needs_no_digests_and_has_none() {
    let (exports, kept) = (exports(), tempfile::tempdir().unwrap());
    let base = exports.0.path();
    fs::rename(base.join("invoices-08.csv"), base.join("later.csv")).unwrap();
    assert_eq!(run(base, TOML, None, kept.path()), made(0, 3));
    fs::rename(base.join("later.csv"), base.join("invoices-08.csv")).unwrap();
    // Two files may overlap: now each record's cells are to be told from the other's.
    assert_eq!(run(base, TOML, None, kept.path()), made(2, 2));
    assert_eq!(run(base, TOML, None, kept.path()), made(4, 0));
    // A changed extract beside one that is kept: digests of two runs are held against each other.
    let changed = String::from_utf8(AUGUST.to_vec()).unwrap().replace("2026-07-04", "2026-07-06");
    fs::write(base.join("invoices-08.csv"), changed).unwrap();
    assert_eq!(run(base, TOML, None, kept.path()), made(3, 1));
}

#[test]
fn columns_gather_as_runs_need_them() {
    let (exports, kept) = (exports(), tempfile::tempdir().unwrap());
    let base = exports.0.path();
    let (few, other, all) = (
        needed(&[("invoice", &["issue_date"]), ("invoice_line", &["quantity"])]),
        needed(&[("invoice", &["net_total"]), ("invoice_line", &["description"]), ("payment", &["payment_date"])]),
        needed(&[("invoice", &["net_total", "issue_date"]), ("invoice_line", &["description", "quantity"])]),
    );
    assert_eq!(run(base, TOML, Some(&few), kept.path()), made(0, 4));
    assert_eq!(run(base, TOML, Some(&few), kept.path()), made(4, 0));
    assert_eq!(run(base, TOML, Some(&other), kept.path()), made(0, 4));
    for needs in [&few, &other, &all] {
        assert_eq!(run(base, TOML, Some(needs), kept.path()), made(4, 0));
    }
    // Numbers of documents are gathered where a rule reads them, and stay.
    let numbers = needed(&[("document_number", &["number"])]);
    assert_eq!(run(base, TOML, Some(&numbers), kept.path()), made(2, 2));
    assert_eq!(run(base, TOML, Some(&few), kept.path()), made(4, 0));
    assert_eq!(run(base, TOML, Some(&numbers), kept.path()), made(4, 0));
    assert_eq!(
        run(base, TOML, None, kept.path()),
        made(2, 2),
        "the invoices' optional header is needed for the first time"
    );
    for needs in [Some(&few), Some(&other), Some(&all), None] {
        assert_eq!(run(base, TOML, needs, kept.path()), made(4, 0));
    }
}

#[test]
fn damage_is_noticed_and_mended() {
    let (exports, kept) = (exports(), tempfile::tempdir().unwrap());
    let (base, kept) = (exports.0.path(), kept.path());
    let needs = needed(&[("payment", &["payment_date"]), ("document_number", &[])]);
    // A large file's entry is more of the same.
    let toml = TOML.replace("lines.csv.gz", "few.csv");
    fs::write(base.join("few.csv"), "inv,net,qty,text,customer,name\nINV-1,1,2,a,C1,N\nINV-1,1,2,b,C1,M\n").unwrap();
    let toml = toml.as_str();
    let expected = load_with(base, toml, Some(&needs), None);
    let cache = Arc::new(Cache::new(kept.to_owned()));
    load_with(base, toml, Some(&needs), Some(&cache));
    let whole: Vec<(PathBuf, Vec<u8>)> =
        entries(kept).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    let again = |damaged: bool| {
        let cache = Arc::new(Cache::new(kept.to_owned()));
        assert_same(&load_with(base, toml, Some(&needs), Some(&cache)), &expected);
        assert_eq!(cache.made().damaged > 0, damaged);
        assert_eq!(cache.remarks().len(), usize::from(damaged));
        assert_eq!(cache.made().found + cache.made().kept, 4, "it is made again");
    };
    again(false);
    let put = |path: &Path, bytes: &[u8]| {
        fs::write(path, bytes).unwrap();
        again(true);
    };
    for (path, bytes) in &whole {
        for at in (0..bytes.len()).step_by(97) {
            let mut other = bytes.clone();
            other[at] ^= 1 << (at % 8);
            put(path, &other);
        }
        for length in [0, 1, 11, 12, 40, bytes.len() / 3, bytes.len() / 2, bytes.len() - 41, bytes.len() - 1] {
            put(path, &bytes[..length]);
        }
        put(path, b"somebody else's file, which is long enough to be one of ours but is not");
        put(path, &[bytes.as_slice(), b"x"].concat());
        let mut version = bytes.clone();
        version[8] += 1;
        put(path, &version);
        again(false);
    }
    // Whole, but another file's.
    put(&whole[0].0, &whole[1].1);
}

#[test]
fn damage_in_what_is_not_needed_now_is_left_behind() {
    let (exports, kept) = (exports(), tempfile::tempdir().unwrap());
    let (base, kept) = (exports.0.path(), kept.path());
    let toml = TOML.split("[[source]]").nth(3).map(|source| format!("[[source]]{source}")).unwrap();
    let (day, none) = (needed(&[("payment", &["payment_date"])]), needed(&[]));
    let cache = || Arc::new(Cache::new(kept.to_owned()));
    let load = |needs| load_with(base, &toml, Some(needs), Some(&cache()));
    let expected = load_with(base, &toml, Some(&day), None);
    load(&day);
    let path = entries(kept).remove(0);
    let bytes = fs::read(&path).unwrap();
    for at in 12..bytes.len().min(120) {
        let mut other = bytes.clone();
        other[at] ^= 1;
        fs::write(&path, other).unwrap();
        load(&none);
        assert_same(&load(&day), &expected);
    }
}

#[test]
fn runs_at_once_do_not_harm_each_other() {
    let (exports, kept) = (exports(), tempfile::tempdir().unwrap());
    let (base, kept) = (exports.0.path(), kept.path());
    let needs = [needed(&[("invoice", &["issue_date"])]), needed(&[("invoice_line", &["quantity"])]), needed(&[])];
    let expected = needs.each_ref().map(|needs| load_with(base, TOML, Some(needs), None));
    std::thread::scope(|scope| {
        for (needs, expected) in needs.iter().zip(&expected) {
            scope.spawn(move || {
                for _ in 0..8 {
                    let cache = Arc::new(Cache::new(kept.to_owned()));
                    assert_same(&load_with(base, TOML, Some(needs), Some(&cache)), expected);
                    assert_eq!(cache.made().damaged, 0);
                    assert!(cache.remarks().is_empty(), "{:?}", cache.remarks());
                }
            });
        }
    });
    assert!(
        fs::read_dir(kept)
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_string_lossy().starts_with(".draft") })
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_said_once_and_does_no_harm() {
    let exports = exports();
    let base = exports.0.path();
    // A folder below a file cannot be made, whoever asks.
    let cache = Arc::new(Cache::new(base.join("invoices-07.csv/cache")));
    assert_same(&load_with(base, TOML, None, Some(&cache)), &load_with(base, TOML, None, None));
    assert_eq!(cache.made(), made(0, 0));
    assert_eq!(cache.remarks().len(), 1);
    assert!(cache.remarks()[0].contains("cannot be written"), "{:?}", cache.remarks());
}

#[test]
fn entries_of_former_files_stay_while_they_are_few() {
    let (exports, kept) = (folder(&[]), tempfile::tempdir().unwrap());
    let (base, kept) = (exports.0.path(), kept.path());
    let size = |path: &PathBuf| fs::metadata(path).unwrap().len();
    let toml = "[[source]]\npopulation = \"payment\"\npath = \"p*.csv\"\ncolumns = { payment_id = \"id\" }\n";
    for month in 10..40 {
        for file in ["p1.csv", "p2.csv", "p3.csv", "p4.csv"] {
            fs::write(base.join(file), format!("id\n{file}{month}\n")).unwrap();
        }
        load_with(base, toml, None, Some(&Arc::new(Cache::new(kept.to_owned()))));
        assert!(entries(kept).len() <= 9, "at most twice the current ones: {}", entries(kept).len());
    }
    let largest = entries(kept).iter().map(size).max().unwrap();
    assert!(entries(kept).len() > 4 && entries(kept).iter().map(size).sum::<u64>() <= 8 * largest);
}
