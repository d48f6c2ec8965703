//! What the converter gives for a file with everything in it, held to its version.

use std::path::Path;
use std::sync::Arc;

use super::entry::Entry;
use super::mapping::CONVERTER;
use super::{Cache, folder};
use crate::profile::SourceSpec;
use crate::store::{Frame, REC};
use crate::{LoadOptions, load};

/// The converter's version, and a digest of what it gives.
const GIVEN: (u32, &str) = (1, "cdb50da309bb5e35");

const TOML: &str = r#"
population = "invoice"
path = "i*.csv"
timezone = { source = "UTC", local = "America/Chicago" }
where = [{ header = "state", not_in = ["draft"] }]
series = [{ name = "all", header = "no", pattern = "INV-{year}-{number}" }]
[format]
credit_sign = "positive"
group_mark = ","
dates = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%d.%m.%Y"]
minor_units = ["tax_total"]
null = ["", "-"]
[columns]
invoice_id = { header = "no", strip_decimal = true }
document_type = { header = "type", values = { I = "invoice", C = "credit_note" } }
issue_date = "day"
currency = "cur"
net_total = "net"
tax_total = "tax"
gross_total = { compute = { sum = ["net_total", "tax_total"] } }
"#;

const FILES: [(&str, &str); 2] = [
    (
        "i1.csv",
        "no,type,day,cur,net,tax,state\n\
         INV-2026-1.0,I,2026-07-01,usd,\"1,100.00\",1900,sent\n\
         INV-2026-2,I,2026-07-02T03:00:00Z,JPY,(7),19,sent\n\
         INV-2026-3,C,03.07.2026,USD,5.1234567,,sent\n\
         INV-2026-4,Z,soon,USD,-,many,draft\n\
         ragged,I\n\n\
         INV-2026-5,Z,soon,USD,-,many,sent\n\
         7,C,2026-07-05,EUR,99999999999999,1,sent\n",
    ),
    ("i2.csv", "no,type,day,cur,net,tax,state\n\"INV-\"\"2026\"\"-8\",C,2026-07-05,EUR,-9,1,\"a\nb\"\n"),
];

/// If this fails because files give other rows, complaints or places than before, or because entries are written in another
/// way, raise `CONVERTER`: entries of earlier versions must not be used any more. Then write down the new digest.
#[test]
fn another_result_is_another_version() {
    let (exports, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, text) in FILES {
        std::fs::write(exports.path().join(name), text).unwrap();
    }
    let source: SourceSpec = toml::from_str(TOML).unwrap();
    let options = LoadOptions {
        base: exports.path(),
        profile_dirs: &[],
        needed: None,
        threads: Some(1),
        memory: None,
        cache: Some(Arc::new(Cache::new(kept.path().to_owned()))),
        progress: &|_, _, _| {},
    };
    load(&[source.with_text("tieout.toml", &TOML.into())], &options);
    let mut entries: Vec<String> =
        folder::names(kept.path()).iter().map(|name| said(&kept.path().join(name))).collect();
    assert_eq!(entries.len(), 2);
    // The mapping holds the version of the whole, which is another with every release.
    entries.sort();
    let digest = blake3::hash(entries.concat().as_bytes()).to_hex().to_string();
    assert_eq!((CONVERTER, &digest[..16]), GIVEN);
}

/// Rows beyond the memory and beyond one block, from a file and from its entry.
#[test]
fn many_blocks_and_many_files_on_disk_hold_the_same_rows() {
    const ROWS: usize = 5_000;
    let (exports, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for file in ["a.csv", "b.csv"] {
        let record = |row: usize| match row {
            4_000 => "ragged\n".to_owned(),
            row if row % 1_700 == 3 => format!("{file}{row},?,2026-10-01,EUR\n"),
            row => format!("{file}{row},{}.5,2026-10-{:02},{}\n", row * 7, row % 31 + 1, ["", "USD"][row % 2]),
        };
        let text: String = (0..ROWS).map(record).collect();
        std::fs::write(exports.path().join(file), format!("id,amount,day,cur\n{text}")).unwrap();
    }
    let toml = "population = 'payment'\npath = ['a.csv', 'b.csv']\n\
                columns = { payment_id = 'id', amount = 'amount', payment_date = 'day', currency = 'cur' }\n";
    let source: SourceSpec = toml::from_str(toml).unwrap();
    let mut seen = Vec::new();
    for (memory, cached) in [(usize::MAX, false), (0, true), (0, true), (usize::MAX, true)] {
        let cache = cached.then(|| Arc::new(Cache::new(kept.path().to_owned())));
        let options = LoadOptions {
            base: exports.path(),
            profile_dirs: &[],
            needed: None,
            threads: Some(2),
            memory: Some(memory),
            cache: cache.clone(),
            progress: &|_, _, _| {},
        };
        let (store, diagnostics) = load(std::slice::from_ref(&source), &options);
        let population = &store.populations["payment"];
        match &population.frame {
            Frame::Memory(_) => assert!(memory > 0),
            Frame::Disk(paths, _) => assert!(memory == 0 && paths.len() > 2),
        }
        let names = [REC, "payment_id", "amount", "amount!", "payment_date", "currency"];
        let mut frame = population.frame.whole().unwrap().select(names).unwrap();
        for name in ["payment_id", "currency"] {
            let texts = |code: Option<u32>| code.and_then(|code| store.texts.get(code)).map(|text| text.to_string());
            let texts: Vec<Option<String>> = frame.column(name).unwrap().u32().unwrap().iter().map(texts).collect();
            frame.with_column(polars::prelude::Column::new(name.into(), texts)).unwrap();
        }
        seen.push((frame, diagnostics, population.facts.clone()));
        let found = seen.len().checked_sub(2).map(|turn| [(0, 2), (2, 0), (2, 0)][turn]);
        assert_eq!(cache.map(|cache| (cache.made().found, cache.made().kept)), found);
    }
    for (frame, diagnostics, facts) in &seen[1..] {
        assert_eq!((frame.height(), diagnostics, facts), (2 * ROWS - 2, &seen[0].1, &seen[0].2));
        assert!(frame.equals_missing(&seen[0].0));
    }
}

/// Everything that an entry says, but its mapping.
fn said(path: &Path) -> String {
    let mut entry = Entry::open(path, CONVERTER).unwrap();
    let contents = std::mem::take(&mut entry.contents);
    let blocks = (0..).map_while(|id| entry.block(id).ok()).map(|bytes| format!("{bytes:02x?}\n"));
    let text = format!("{:#?}\n", super::contents::Contents { mapping: String::new(), ..contents });
    blocks.fold(text, |text, block| text + &block)
}
