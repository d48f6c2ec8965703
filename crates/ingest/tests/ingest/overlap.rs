//! Several files of one population: extracts overlap, are split or are given in another order.

use tieout_model::Code;

use crate::common::{codes, folder, rows, the};

const OLD: &[u8] = b"id,amount,state\n1,10,open\n2,20,open\n3,30,open\n";
const NEW: &[u8] = b"id,amount,state\n2,20,open\n3,30,paid\n4,40,open\n4,40,open\n";

fn toml(paths: &[&str], extracts: bool) -> String {
    let mut text = String::new();
    for path in paths {
        let extract = match (extracts, *path) {
            (false, _) => "",
            (true, "a.csv") => "extract = { from = \"2026-10-01\", to = \"2026-10-08\" }",
            (true, _) => "extract = { from = \"2026-10-05\", to = \"2026-10-15\" }",
        };
        text.push_str(&format!(
            "[[source]]\npopulation = \"payment\"\npath = \"{path}\"\n{extract}\ncolumns = {{ payment_id = \"id\", amount = \"amount\", reference = \"state\" }}\n"
        ));
    }
    text
}

#[test]
fn the_later_export_has_the_last_word() {
    let mut seen = Vec::new();
    for (order, extracts) in [(["a.csv", "b.csv"], true), (["b.csv", "a.csv"], true), (["a.csv", "b.csv"], false)] {
        let folder = folder(&[("a.csv", OLD), ("b.csv", NEW)]);
        let (store, diagnostics) = folder.read(&toml(&order, extracts));
        assert_eq!(codes(&diagnostics), ["extract-overlap"]);
        let overlap = the(&diagnostics, Code::ExtractOverlap);
        assert_eq!(overlap.message, "2 records of `payment` stand in several extracts; each counts once");
        let facts = &store.populations["payment"].facts;
        assert_eq!((facts.read, facts.kept, facts.merged, facts.versions), (7, 5, 2, 1));
        assert_eq!(facts.control.totals.values().copied().collect::<Vec<_>>(), [140_000_000]);
        let mut all = rows(&store, "payment", &["payment_id", "amount", "reference"]);
        all.sort();
        seen.push(all);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    // The repeat inside one file is kept: it is evidence.
    assert_eq!(seen[0].iter().filter(|row| row[0] == "4").count(), 2);
    assert!(seen[0].contains(&vec!["3".to_owned(), "30".to_owned(), "paid".to_owned()]));
}

#[test]
fn the_window_beats_the_name() {
    // The file that sorts first is the later export.
    let folder = folder(&[("b.csv", OLD), ("a.csv", NEW)]);
    let toml = toml(&["a.csv", "b.csv"], true).replace("to = \"2026-10-08\"", "to = \"2026-12-01\"");
    let (store, _) = folder.read(&toml);
    assert!(rows(&store, "payment", &["payment_id", "reference"]).contains(&vec!["3".to_owned(), "paid".to_owned()]));
}

#[test]
fn one_file_under_two_names_is_refused() {
    let folder = folder(&[("a.csv", OLD), ("b.csv", OLD)]);
    let (store, diagnostics) = folder.read(&toml(&["a.csv", "b.csv"], false));
    assert_eq!(codes(&diagnostics), ["file-twice"]);
    assert_eq!(store.populations["payment"].records, 3);
}

#[test]
fn derived_records_do_not_count_merged_lines_twice() {
    let first = b"inv,line,net\nA,1,10\nA,2,5\nB,1,7\n";
    let second = b"inv,line,net\nB,1,7\nC,1,1\n";
    let folder = folder(&[("l1.csv", first), ("l2.csv", second)]);
    let (store, diagnostics) = folder.read(
        r#"
[[source]]
population = "invoice_line"
path = ["l1.csv", "l2.csv"]
columns = { invoice_id = "inv", line_no = "line", net_amount = "net" }
[[source.derive]]
population = "invoice"
key = ["invoice_id"]
columns = { net_total = { column = "net_amount", rule = "sum" } }
[[source.series]]
name = "i"
header = "inv"
pattern = "{prefix}{number}"
"#,
    );
    assert_eq!(codes(&diagnostics), ["extract-overlap"]);
    assert_eq!(rows(&store, "invoice", &["invoice_id", "net_total"]), [["A", "15"], ["B", "7"], ["C", "1"]]);
    assert_eq!(store.populations["document_number"].records, 3);
}

#[test]
fn record_numbers_are_no_key_across_files() {
    let folder = folder(&[("l1.csv", b"inv,net\nA,10\nA,10\nB,7\n"), ("l2.csv", b"inv,net\nB,7\nC,1\n")]);
    let (store, _) = folder.read(
        r#"
[[source]]
population = "invoice_line"
path = "l*.csv"
columns = { invoice_id = "inv", line_no = { record = true }, net_amount = "net" }
"#,
    );
    let facts = &store.populations["invoice_line"].facts;
    assert_eq!((facts.kept, facts.merged), (4, 1));
}

#[test]
fn each_source_is_held_against_its_own_figure() {
    let folder = folder(&[("a.csv", OLD), ("b.csv", NEW)]);
    let control = |stated: &[&str]| {
        let mut toml = toml(&["a.csv", "b.csv"], true);
        for (path, stated) in ["a.csv", "b.csv"].iter().zip(stated) {
            let at = format!("path = \"{path}\"\n");
            toml = toml.replace(&at, &format!("{at}{stated}\n"));
        }
        let (store, diagnostics) = folder.read(&toml);
        let messages: Vec<String> = diagnostics
            .iter()
            .filter(|diagnostic| matches!(diagnostic.code, Code::ControlDiffers | Code::ControlMissing))
            .map(|diagnostic| diagnostic.message.clone())
            .collect();
        (messages, store)
    };
    let (messages, store) =
        control(&["control = { records = 3, total = \"60\" }", "control = { records = 4, total = \"130\" }"]);
    assert!(messages.is_empty(), "{messages:?}");
    let facts = &store.populations["payment"].facts;
    assert_eq!(facts.control.control_records, Some(7));
    assert_eq!(
        rows(
            &store,
            "control_total",
            &["source", "currency", "records_read", "records_stated", "total_read", "total_stated"]
        ),
        [["payment", "·", "7", "7", "190", "190"]]
    );
    let (messages, store) = control(&["control = { records = 5, total = \"61.5\" }", ""]);
    assert_eq!(
        messages,
        ["`payment`: 3 records, the sender states 5", "`payment.amount`: 60.00, the sender states 61.50"]
    );
    assert_eq!(store.populations["payment"].facts.control.control_records, None, "one source states nothing");
}
