//! What a mapping can say, and what the store then holds.

use std::collections::BTreeSet;

use tieout_ingest::{Origin, locate};
use tieout_model::{Code, RecordRef};

use crate::common::{codes, folder, read, rows, the};

const RETAIL: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,\"HOLDER, WHITE\",6,12/1/10 8:26,2.55,17850.0,United Kingdom
536365,71053,LANTERN,6,12/1/10 8:26,3.39,17850.0,United Kingdom
C536379,D,Discount,-1,12/1/10 9:41,27.5,14527.0,United Kingdom
536380,22961,JAM,24,12/1/10 9:41,1.455,,United Kingdom
";

const RETAIL_TOML: &str = r#"
[[source]]
population = "invoice_line"
path = "retail.csv"
control = { records = 4, total = "43.06", currency = "GBP" }
[source.format]
dates = ["%m/%d/%y %H:%M"]
[source.columns]
invoice_id = "InvoiceNo"
line_no = { record = true }
item_id = ["Stock", "StockCode"]
description = "Description"
line_type = { constant = "item" }
quantity = "Quantity"
unit_price = "UnitPrice"
net_amount = { compute = { product = ["quantity", "unit_price"], places = 2 } }
[[source.derive]]
population = "invoice"
key = ["invoice_id"]
[source.derive.columns]
invoice_no = { column = "invoice_id" }
issue_date = { header = "InvoiceDate" }
customer_id = { header = "CustomerID", strip_decimal = true }
document_type = { header = "InvoiceNo", starts_with = { C = "credit_note" }, default = "invoice" }
currency = { constant = "GBP" }
net_total = { column = "net_amount", rule = "sum" }
[[source.series]]
name = "invoices"
header = "InvoiceNo"
pattern = "{prefix}{number}"
"#;

#[test]
fn lines_derive_their_invoices() {
    let folder = folder(&[("retail.csv", RETAIL.as_bytes())]);
    let (store, diagnostics) = folder.read(RETAIL_TOML);
    assert_eq!(codes(&diagnostics), ["cell-empty-required"], "{diagnostics:#?}");
    assert_eq!(
        rows(
            &store,
            "invoice_line",
            &["invoice_id", "line_no", "item_id", "description", "quantity", "unit_price", "net_amount"]
        ),
        [
            ["536365", "1", "85123A", "HOLDER, WHITE", "6", "2.55", "15.3"],
            ["536365", "2", "71053", "LANTERN", "6", "3.39", "20.34"],
            ["C536379", "3", "D", "Discount", "-1", "27.5", "-27.5"],
            // 24 × 1.455 = 34.92
            ["536380", "4", "22961", "JAM", "24", "1.455", "34.92"],
        ]
    );
    assert_eq!(
        rows(&store, "invoice", &["invoice_id", "issue_date", "customer_id", "document_type", "currency", "net_total"]),
        [
            ["536365", "2010-12-01", "17850", "invoice", "GBP", "35.64"],
            ["C536379", "2010-12-01", "14527", "credit_note", "GBP", "-27.5"],
            ["536380", "2010-12-01", "·", "invoice", "GBP", "34.92"],
        ]
    );
    assert_eq!(
        rows(&store, "document_number", &["series", "scope", "number", "document_no", "kept"]),
        [
            ["invoices", "·", "536365", "536365", "true"],
            ["invoices", "C", "536379", "C536379", "true"],
            ["invoices", "·", "536380", "536380", "true"],
        ]
    );
    assert_eq!(
        rows(
            &store,
            "control_total",
            &["source", "currency", "records_read", "records_stated", "total_read", "total_stated"]
        ),
        [["invoice_line", "GBP", "4", "4", "43.06", "43.06"]]
    );
    let line = &store.populations["invoice_line"];
    assert_eq!(line.facts.control.totals["GBP"], 43_060_000);
    assert_eq!(line.facts.unmapped, ["Country"]);
    assert_eq!(line.columns["unit_price"].decimals_max, 3);
    assert_eq!(
        line.columns["net_amount"].origin,
        Origin::Computed(vec!["invoice_line.quantity".to_owned(), "invoice_line.unit_price".to_owned()])
    );
    let invoice = &store.populations["invoice"];
    assert_eq!(
        invoice.columns["net_total"].origin,
        Origin::Computed(
            ["invoice_line.net_amount", "invoice_line.quantity", "invoice_line.unit_price"].map(str::to_owned).to_vec()
        )
    );
    assert_eq!(invoice.columns["issue_date"].origin, Origin::Header("InvoiceDate".to_owned()));
}

#[test]
fn records_are_found_again() {
    let mut text = String::from("\u{feff}id,name\n");
    for number in 1..=300_000 {
        text.push_str(&format!("{number},\"name\nof {number}\"\n"));
    }
    text.push_str("bad\n");
    let folder = folder(&[("customers.csv", text.as_bytes())]);
    let toml = "[[source]]\npopulation = \"customer\"\npath = \"customers.csv\"\n[source.columns]\ncustomer_id = \"id\"\nname = \"name\"\n";
    let (store, _) = folder.read(toml);
    let wanted: BTreeSet<RecordRef> =
        [1, 150_000, 299_999, 300_001].map(|record| RecordRef { source: 0, record }).into_iter().collect();
    let found = locate(&store, folder.0.path(), &wanted);
    assert_eq!(found.len(), 4);
    for (record, located) in &found {
        assert_eq!(located.line, record.record * 2, "a record is two lines, after one of header");
        if record.record < 300_001 {
            assert_eq!(located.cells[0], ("id".to_owned(), record.record.to_string()));
            assert_eq!(located.cells[1].1, format!("name\nof {}", record.record));
        }
    }
    let packed = flate_gz(text.as_bytes());
    std::fs::write(folder.0.path().join("customers.csv"), packed).unwrap();
    let (store, _) = folder.read(toml);
    assert_eq!(locate(&store, folder.0.path(), &wanted), found, "compressed files are read from the start");
}

pub fn flate_gz(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn one_file_feeds_several_tables() {
    let folder = folder(&[
        ("ledger.csv", b"kind,no,amount,date\nI,INV-1,10.00,2026-01-01\nP,PAY-1,10.00,2026-01-05\nI,INV-2,5.00,2026-01-06\nX,9,9,2026-01-01\n"),
        (
            "ledger.toml",
            br#"
id = "ledger"
title = "A ledger with everything in it"
[[table]]
population = "invoice"
where = [{ header = "kind", equals = "I" }]
columns = { invoice_id = "no", gross_total = "amount", issue_date = "date", currency = { constant = "USD" } }
series = [{ name = "invoices", header = "no", pattern = "INV-{number}" }]
[[table]]
population = "payment"
where = [{ header = "kind", in = ["P"] }]
columns = { payment_id = "no", amount = "amount", payment_date = "date", currency = { constant = "USD" } }
"#,
        ),
    ]);
    let (store, diagnostics) = folder.read("[[source]]\npath = \"ledger.csv\"\nprofile = \"ledger.toml\"\n");
    assert!(codes(&diagnostics).is_empty(), "{diagnostics:#?}");
    assert_eq!(rows(&store, "invoice", &["invoice_id", "gross_total"]), [["INV-1", "10"], ["INV-2", "5"]]);
    assert_eq!(rows(&store, "payment", &["payment_id", "amount"]), [["PAY-1", "10"]]);
    assert_eq!(store.files.len(), 1, "the file was read once");
    let facts = &store.populations["invoice"].facts;
    assert_eq!((facts.read, facts.kept, facts.elsewhere), (4, 2, 2));
    assert_eq!(
        rows(&store, "document_number", &["series", "number", "kept"]),
        [["invoices", "1", "true"], ["other", "·", "false"], ["invoices", "2", "true"], ["other", "·", "false"]]
    );
}

#[test]
fn present_empty_and_unreadable_are_three_things() {
    let folder = folder(&[("p.csv", b"id;amount;date\n1;1.234,50;31.12.2026\n2;;\n3;x;2026\n4;(7,00);01.01.2027\n")]);
    let (store, diagnostics) = folder.read(
        r#"
[[source]]
population = "payment"
path = "p.csv"
[source.format]
delimiter = ";"
decimal_mark = ","
group_mark = "."
dates = ["%d.%m.%Y"]
[source.columns]
payment_id = "id"
amount = "amount"
payment_date = "date"
posted_date = { header = "date", inclusive_end = true }
currency = { constant = "eur" }
"#,
    );
    assert_eq!(
        rows(&store, "payment", &["amount", "payment_date", "posted_date", "currency"]),
        [
            ["1234.5", "2026-12-31", "2027-01-01", "EUR"],
            ["·", "·", "·", "EUR"],
            ["!", "!", "!", "EUR"],
            ["-7", "2027-01-01", "2027-01-02", "EUR"]
        ]
    );
    let payment = &store.populations["payment"];
    assert!(payment.columns["amount"].has_unreadable && !payment.columns["payment_id"].has_unreadable);
    assert_eq!(payment.facts.control.totals["EUR"], 1_227_500_000);
    assert_eq!(payment.facts.control.without_amount, 2);
    let amount = the(&diagnostics, Code::AmountFormat);
    assert_eq!(amount.message, "`x` is not an amount in this source");
    let place = amount.place.unwrap();
    assert_eq!(
        (place.line, place.column, place.width, place.excerpt.as_deref()),
        (Some(4), Some(3), 1, Some("3;x;2026"))
    );
    let occurrences = amount.occurrences.unwrap();
    assert_eq!((occurrences.count, occurrences.of, occurrences.first_line, occurrences.last_line), (1, 4, 4, 4));
}

#[test]
fn minor_units_percent_and_zones() {
    let folder = folder(&[
        ("i.csv", b"id,total,cur,created\n1,1999,usd,2026-10-01 04:30:00\n2,1999,JPY,2026-10-01 05:00:00\n"),
        ("r.csv", b"45,0.055,20061001,29991231\n"),
    ]);
    let (store, diagnostics) = folder.read(
        r#"
[[source]]
population = "invoice"
path = "i.csv"
timezone = { source = "UTC", local = "America/Chicago" }
format = { minor_units = ["gross_total"] }
columns = { invoice_id = "id", gross_total = "total", currency = "cur", issue_date = "created" }
[[source]]
population = "tax_rate"
path = "r.csv"
[source.format]
header = false
dates = ["%Y%m%d"]
open_ends = ["29991231"]
[source.columns]
jurisdiction_id = { position = 1 }
rate = { position = 2, percent = true }
effective_from = { position = 3 }
effective_to = { position = 4 }
"#,
    );
    assert!(codes(&diagnostics).is_empty(), "{diagnostics:#?}");
    assert_eq!(
        rows(&store, "invoice", &["gross_total", "currency", "issue_date"]),
        [["19.99", "USD", "2026-09-30"], ["1999", "JPY", "2026-10-01"]]
    );
    assert_eq!(
        rows(&store, "tax_rate", &["jurisdiction_id", "rate", "effective_from", "effective_to"]),
        [["45", "0.00055", "2006-10-01", "·"]]
    );
}

#[test]
fn credit_notes_are_negative_whatever_the_source_says() {
    let file = b"id,type,total\n1,I,100\n2,C,40\n".as_slice();
    for (sign, expected) in [("positive", "-40"), ("auto", "-40"), ("as-is", "40")] {
        let folder = folder(&[("i.csv", file)]);
        let (store, diagnostics) = folder.read(&format!(
            r#"
[[source]]
population = "invoice"
path = "i.csv"
format = {{ credit_sign = "{sign}" }}
[source.columns]
invoice_id = "id"
document_type = {{ header = "type", values = {{ I = "invoice", C = "credit_note" }} }}
gross_total = "total"
"#
        ));
        assert_eq!(rows(&store, "invoice", &["gross_total"]), [["100"], [expected]], "{sign}");
        assert_eq!(codes(&diagnostics).contains(&"amount-sign"), sign == "as-is");
    }
}

#[test]
fn columns_that_nobody_needs_are_not_stored() {
    let folder = folder(&[("retail.csv", RETAIL.as_bytes())]);
    let needed = [("invoice_line".to_owned(), BTreeSet::from(["quantity".to_owned()]))].into_iter().collect();
    let options = tieout_ingest::LoadOptions {
        base: folder.0.path(),
        profile_dirs: &[],
        needed: Some(&needed),
        threads: Some(1),
        memory: None,
        cache: None,
        progress: &|_, _, _| {},
    };
    let (store, _) = tieout_ingest::load(&crate::common::sources(RETAIL_TOML), &options);
    let stored: Vec<&str> = store.populations["invoice_line"].columns.keys().map(String::as_str).collect();
    assert_eq!(stored, ["invoice_id", "line_no", "net_amount", "quantity", "unit_price"]);
    assert!(store.populations["invoice_line"].facts.mapped.iter().any(|(name, _)| name == "description"));
    assert_eq!(store.populations["invoice"].facts.kept, 3);
}

#[test]
fn continuation_rows_repeat_what_stands_above() {
    let folder = folder(&[("i.csv", b"no,line,amount\n1,1,5\n,2,6\n2,1,7\n")]);
    let toml = r#"
[[source]]
population = "invoice_line"
path = "i.csv"
format = { fill_down = ["no"] }
columns = { invoice_id = "no", line_no = "line", net_amount = "amount" }
"#;
    let (store, _) = read(folder.0.path(), toml);
    assert_eq!(rows(&store, "invoice_line", &["invoice_id", "line_no"]), [["1", "1"], ["1", "2"], ["2", "1"]]);
}

#[test]
fn threads_do_not_show() {
    let mut text = String::from("id,amount,ref\n");
    for number in 0..400_000 {
        text.push_str(&format!("{number},{}.{:02},\"ref {number}\"\n", number * 7 % 1000, number % 100));
    }
    let folder = folder(&[("p.csv", text.as_bytes())]);
    let toml = "[[source]]\npopulation = \"payment\"\npath = \"p.csv\"\ncolumns = { payment_id = \"id\", amount = \"amount\", reference = \"ref\" }\n";
    let read = |threads| {
        let options = tieout_ingest::LoadOptions {
            base: folder.0.path(),
            profile_dirs: &[],
            needed: None,
            threads: Some(threads),
            memory: None,
            cache: None,
            progress: &|_, _, _| {},
        };
        let (store, _) = tieout_ingest::load(&crate::common::sources(toml), &options);
        store
    };
    let one = read(1);
    let frame = crate::common::frame(&one, "payment");
    assert_eq!(frame.height(), 400_000);
    let columns: Vec<&str> = one.populations["payment"].columns.keys().map(String::as_str).collect();
    assert!(rows(&one, "payment", &columns) == rows(&read(4), "payment", &columns), "threads change nothing");
    let ids = frame.column("payment_id").unwrap().u32().unwrap();
    let text = |code: Option<u32>| one.texts.get(code.unwrap());
    assert!(
        ids.iter().enumerate().all(|(row, id)| text(id).as_deref() == Some(row.to_string().as_str())),
        "rows are in file order"
    );
}
