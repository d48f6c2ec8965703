//! Every complaint that reading can raise, provoked by `fixtures/errors/<code>/`, alone and at its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tieout_ingest::{Cache, LoadOptions, SourceSpec, Store, load};
use tieout_model::{Code, Diagnostic, Level};

use crate::common::{codes, folder, rows};
use crate::mapping::flate_gz;

/// Codes that reading raises.
const RAISED: &[Code] = &[
    Code::ProfileUnknown,
    Code::ProfileSyntax,
    Code::PopulationUnknown,
    Code::ColumnUnknown,
    Code::HeaderMissing,
    Code::HeaderDuplicate,
    Code::RequiredUnmapped,
    Code::FileMissing,
    Code::FileUnreadable,
    Code::FileEmpty,
    Code::FileTwice,
    Code::GzipTruncated,
    Code::EncodingInvalid,
    Code::RecordRagged,
    Code::RecordTooLong,
    Code::RecordNul,
    Code::HeaderRepeated,
    Code::RecordBlank,
    Code::ExtractOverlap,
    Code::MixedGrain,
    Code::AmountFormat,
    Code::AmountPrecision,
    Code::AmountRange,
    Code::AmountSign,
    Code::DateFormat,
    Code::BoolFormat,
    Code::EnumUnknown,
    Code::CellEmptyRequired,
    Code::FloatColumn,
    Code::DeriveDisagrees,
    Code::ControlDiffers,
    Code::ControlMissing,
];

#[derive(serde::Deserialize)]
struct Engagement {
    source: Vec<SourceSpec>,
}

fn fixture(code: Code) -> (Store, Vec<Diagnostic>) {
    let base: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/errors").join(code.name());
    let text: Arc<str> = std::fs::read_to_string(base.join("tieout.toml")).unwrap().into();
    let engagement: Engagement = toml::from_str(&text).unwrap();
    let sources: Vec<SourceSpec> =
        engagement.source.into_iter().map(|source| source.with_text("tieout.toml", &text)).collect();
    let read = |cache: Option<Cache>| {
        let options = LoadOptions {
            base: &base,
            profile_dirs: &[],
            needed: None,
            threads: Some(2),
            memory: None,
            cache: cache.map(Arc::new),
            progress: &|_, _, _| {},
        };
        load(&sources, &options)
    };
    let kept = tempfile::tempdir().unwrap();
    let read_twice = [(); 2].map(|()| read(Some(Cache::new(kept.path().to_owned()))));
    let plainly = read(None);
    read_twice.iter().for_each(|kept| crate::common::assert_same(kept, &plainly));
    plainly
}

#[test]
fn each_fixture_provokes_its_own_code_and_no_other() {
    for code in RAISED {
        let (store, diagnostics) = fixture(*code);
        let names: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code.name()).collect();
        assert_eq!(names, [code.name()], "{diagnostics:#?}");
        let diagnostic = &diagnostics[0];
        assert_eq!(diagnostic.level, code.level());
        assert!(
            diagnostic.help.is_some() || matches!(code, Code::FileEmpty | Code::RecordBlank | Code::ProfileSyntax),
            "{} says how to mend it",
            code.name()
        );
        let somewhere = !matches!(code, Code::ControlMissing);
        assert_eq!(diagnostic.place.is_some(), somewhere, "{} has a place", code.name());
        let refused = diagnostic.level == Level::Error && !matches!(code, Code::FileTwice | Code::MixedGrain);
        assert_eq!(store.populations.is_empty(), refused, "{}", code.name());
    }
}

#[test]
fn errors_in_toml_point_at_the_word() {
    let place = |code: Code| fixture(code).1[0].place.clone().unwrap();
    let column = place(Code::ColumnUnknown);
    assert_eq!(column.file, "tieout.toml");
    assert_eq!(column.excerpt.as_deref(), Some("tax_di = \"name\""));
    assert_eq!((column.column, column.width), (Some(1), 6));
    assert_eq!(fixture(Code::ColumnUnknown).1[0].help.as_deref(), Some("did you mean `tax_id`?"));
    let profile = place(Code::ProfileSyntax);
    assert_eq!((profile.file.as_str(), profile.line), ("customers.toml", Some(8)));
    assert_eq!(profile.excerpt.as_deref(), Some("delimeter = \";\""));
    let header = fixture(Code::HeaderMissing).1;
    assert!(header[0].help.as_deref().unwrap().contains("did you mean \"name\""), "{header:#?}");
}

#[test]
fn cells_are_shown_where_they_stand() {
    let (_, diagnostics) = fixture(Code::AmountFormat);
    let amount = &diagnostics[0];
    assert_eq!(amount.message, "`1.234,50` is not an amount in this source");
    assert_eq!(amount.label.as_deref(), Some("decimal mark is not `,` here"));
    assert_eq!(amount.help.as_deref(), Some("set `decimal_mark = \",\"` and `group_mark = \".\"` under [format]"));
    assert_eq!(amount.notes[0], "record 3, column 4 \"Amount\"");
    let place = amount.place.clone().unwrap();
    assert_eq!((place.line, place.column, place.width), (Some(4), Some(23), 8));
    let (_, diagnostics) = fixture(Code::EncodingInvalid);
    assert_eq!(diagnostics[0].place.clone().unwrap().line, Some(3));
}

#[test]
fn a_field_of_ten_megabytes_costs_one_record() {
    let mut text = b"id,name\n1,a\n2,".to_vec();
    text.extend(std::iter::repeat_n(b'x', 10 << 20));
    text.extend_from_slice(b"\n3,c\n");
    let folder = folder(&[("c.csv", &text)]);
    let (store, diagnostics) = folder.read(CUSTOMERS);
    assert_eq!(codes(&diagnostics), ["record-too-long"]);
    assert_eq!(rows(&store, "customer", &["customer_id"]), [["1"], ["3"]]);
    let facts = &store.populations["customer"].facts;
    assert_eq!((facts.read, facts.kept, facts.excluded), (3, 2, 1));
    assert_eq!(store.files[0].excluded, [("record-too-long".to_owned(), 1)]);
}

const CUSTOMERS: &str =
    "[[source]]\npopulation = \"customer\"\npath = \"c.csv\"\ncolumns = { customer_id = \"id\", name = \"name\" }\n";

#[test]
fn encodings_and_compression_do_not_show() {
    let plain = "id,name\n007,Käse & Co\n008,Straße\n";
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(plain.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin: Vec<u8> = plain.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let packed = zstd::stream::encode_all(plain.as_bytes(), 1).unwrap();
    let gz = flate_gz(&utf16);
    let expected = [["007", "Käse & Co"], ["008", "Straße"]];
    for (bytes, encoding) in [
        (plain.as_bytes(), "utf-8"),
        (&utf16, "utf-8"),
        (&utf16, "utf-16"),
        (&latin, "windows-1252"),
        (&packed, "utf-8"),
        (&gz, "utf-16"),
    ] {
        let folder = folder(&[("c.csv", bytes)]);
        let (store, diagnostics) = folder.read(&format!("{CUSTOMERS}format = {{ encoding = \"{encoding}\" }}\n"));
        assert!(codes(&diagnostics).is_empty(), "{encoding} {diagnostics:#?}");
        assert_eq!(rows(&store, "customer", &["customer_id", "name"]), expected);
        assert_eq!(store.files[0].hash, blake3::hash(bytes).to_hex().to_string(), "of the bytes as received");
        assert_eq!(store.files[0].bytes, bytes.len() as u64);
    }
}

#[test]
fn a_truncated_file_leaves_nothing_behind() {
    let mut text = String::from("id,name\n");
    for number in 0..200_000 {
        text.push_str(&format!("{number},{number}\n"));
    }
    let packed = flate_gz(text.as_bytes());
    let folder = folder(&[("c.csv", &packed[..packed.len() / 2])]);
    let (store, diagnostics) = folder.read(CUSTOMERS);
    assert_eq!(codes(&diagnostics), ["gzip-truncated"]);
    assert!(store.populations.is_empty() && store.files.is_empty());
}

#[test]
fn an_empty_file_is_not_a_missing_one() {
    for bytes in [b"".as_slice(), b"id,name\n", b"id,name"] {
        let folder = folder(&[("c.csv", bytes)]);
        let (store, diagnostics) = folder.read(CUSTOMERS);
        assert_eq!(codes(&diagnostics), ["file-empty"]);
        assert_eq!(store.populations["customer"].records, 0);
        assert!(rows(&store, "customer", &["customer_id", "name"]).is_empty());
    }
}

#[test]
fn a_source_that_makes_no_sense_says_so_without_a_panic() {
    let folder = folder(&[("c.csv", b"id,name\n1,a\n")]);
    for (toml, code) in [
        ("format = { encoding = \"klingon\" }", "profile-syntax"),
        ("format = { delimiter = \"ab\" }", "profile-syntax"),
        ("format = { dates = [\"%Q\"] }\ncolumns = { customer_id = \"id\", name = \"name\" }", "ok"),
        ("format = { decimal_mark = \"x\" }\nwhere = [{ header = \"id\", min = \"1\" }]", "profile-syntax"),
        ("columns = { customer_id = { header = \"id\", constant = \"x\" } }", "profile-syntax"),
        ("columns = { customer_id = { position = 0 } }", "profile-syntax"),
        ("columns = { customer_id = { position = 9 } }", "header-missing"),
        ("columns = { active = { constant = \"perhaps\" } }", "profile-syntax"),
        ("where = [{ header = \"id\" }]", "profile-syntax"),
        ("series = [{ name = \"s\", header = \"id\", pattern = \"x\" }]", "profile-syntax"),
        ("timezone = { source = \"UTC\", local = \"Mars/Base\" }", "engagement-value"),
        ("extract = { from = \"2026-10-01\", to = \"2026-09-01\" }", "engagement-value"),
        ("control = { total = \"1,5\" }", "engagement-value"),
        ("derive = [{ population = \"nowhere\", key = [] }]", "population-unknown"),
        ("derive = [{ population = \"item\", key = [\"item_id\"] }]", "column-unknown"),
    ] {
        let (_, diagnostics) =
            folder.read(&format!("[[source]]\npopulation = \"customer\"\npath = \"c.csv\"\n{toml}\n"));
        let raised = codes(&diagnostics);
        assert!(code == "ok" && raised.is_empty() || raised.contains(&code), "{toml}: {raised:?}");
    }
    let lines = |compute: &str| {
        folder.read(&format!(
            "[[source]]\npopulation = \"invoice_line\"\npath = \"c.csv\"\ncolumns = {{ quantity = \"id\", net_amount = {{ compute = {compute} }} }}\n"
        ))
    };
    assert_eq!(codes(&lines("{ product = [\"quantity\", \"unit_prise\"] }").1), ["column-unknown"]);
    assert_eq!(codes(&lines("{ product = [\"quantity\", \"net_amount\"] }").1), ["profile-syntax"]);
    assert_eq!(codes(&lines("{ sum = [] }").1), ["profile-syntax"]);
    assert!(codes(&lines("{ sum = [\"quantity\"] }").1).is_empty());
}
