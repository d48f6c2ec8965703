//! Every bundled profile maps its fixture: nothing is unreadable, nothing is unknown.

use std::path::Path;
use std::sync::Arc;

use tieout_ingest::{LoadOptions, SourceSpec, Store, bundled_profiles, load};
use tieout_model::Level;

use crate::common::rows;

#[derive(serde::Deserialize)]
struct Engagement {
    source: Vec<SourceSpec>,
}

fn fixture(id: &str) -> (Store, Vec<tieout_model::Diagnostic>) {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/profiles").join(id);
    let text: Arc<str> = std::fs::read_to_string(base.join("tieout.toml")).unwrap().into();
    let engagement: Engagement = toml::from_str(&text).unwrap();
    let sources: Vec<SourceSpec> =
        engagement.source.into_iter().map(|source| source.with_text("tieout.toml", &text)).collect();
    load(
        &sources,
        &LoadOptions {
            base: &base,
            profile_dirs: &[],
            needed: None,
            threads: Some(1),
            memory: None,
            cache: None,
            progress: &|_, _, _| {},
        },
    )
}

#[test]
fn every_profile_maps_its_fixture() {
    for (id, _) in bundled_profiles() {
        let (store, diagnostics) = fixture(id);
        let bad: Vec<_> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.level != Level::Note && diagnostic.code.name() != "cell-empty-required")
            .collect();
        assert!(bad.is_empty(), "{id}: {bad:#?}");
        assert!(!store.populations.is_empty(), "{id}");
        for population in store.populations.values() {
            assert!(population.records > 0, "{id}: {}", population.name);
            assert!(population.facts.unreadable.is_empty(), "{id}");
        }
    }
}

#[test]
fn stripe_amounts_are_in_their_own_units() {
    let (store, _) = fixture("fivetran-stripe-invoice");
    assert_eq!(
        rows(&store, "invoice", &["invoice_no", "status", "currency", "net_total", "tax_total", "gross_total"]),
        [["AT-0001", "posted", "USD", "100", "8.25", "108.25"], ["BF-0001", "posted", "JPY", "1200", "109", "1309"]]
    );
    let (store, _) = fixture("fivetran-stripe-invoice-line");
    assert_eq!(
        rows(&store, "invoice_line", &["quantity", "unit_price", "net_amount"]),
        [["4", "25", "100"], ["1000", "1.2", "1200"]]
    );
}

#[test]
fn a_rate_file_makes_four_rates_a_record() {
    let (store, _) = fixture("sst-rates");
    let rates =
        rows(&store, "tax_rate", &["jurisdiction_id", "rate_class", "scope", "rate", "effective_from", "effective_to"]);
    assert_eq!(rates.len(), 12);
    assert!(rates.contains(
        &["31-01-00111", "general", "intrastate", "0.015", "2024-01-01", "2026-10-01"].map(str::to_owned).to_vec()
    ));
    assert!(
        rates.contains(&["31-45-31", "food_drug", "interstate", "0", "2026-10-01", "·"].map(str::to_owned).to_vec())
    );
    assert_eq!(
        rows(&store, "jurisdiction", &["jurisdiction_id", "level", "fips_state"]),
        [["31-45-31", "state", "31"], ["31-01-00111", "city", "31"]]
    );
}

#[test]
fn a_boundary_file_may_end_its_records_after_the_last_district() {
    let (store, diagnostics) = fixture("sst-boundaries");
    assert!(!diagnostics.iter().any(|one| one.code == tieout_model::Code::RecordRagged), "{diagnostics:#?}");
    let columns = [
        "record_type",
        "effective_to",
        "zip_low",
        "zip4_high",
        "fips_county",
        "fips_place",
        "district_type_2",
        "district_2",
    ];
    assert_eq!(
        rows(&store, "boundary", &columns),
        [
            ["zip", "·", "68001", "·", "109", "28000", "·", "·"],
            ["zip4", "·", "68002", "0499", "109", "·", "69", "90002"],
            ["address", "2027-01-01", "·", "·", "109", "28000", "·", "·"],
        ]
    );
}

#[test]
fn texts_are_joined_and_short_records_are_filled_up() {
    let toml = "[[source]]\npopulation = \"tax_rate\"\npath = \"r.csv\"\n\
                format = { header = false, fields = 5 }\n[source.columns]\nfips_state = { position = 1 }\n\
                sst_type = { position = 2, values = { 0 = \"00\", 45 = \"45\" } }\ncode = { position = 3 }\n\
                jurisdiction_id = { compute = { join = [\"fips_state\", \"sst_type\", \"code\"], with = \"/\" } }\n\
                rate = { position = 4 }\neffective_from = { position = 5 }\ntax_type = { constant = \"sales\" }\n\
                rate_class = { constant = \"general\" }\nscope = { constant = \"all\" }\nsource = { constant = \"x\" }\n";
    // Complete, without its end, without a code, of a type that is not known, with a field too many; no line end at the last.
    let csv = "31,45,31,0.05,2026-01-01\n31,0,109,0.01\n31,0,,0.02,2026-01-01\n31,9,5,0.03,2026-01-01\n\
               31,0,7,0.04,2026-01-01,x\n31,0,9";
    let folder = crate::common::folder(&[("r.csv", csv.as_bytes())]);
    let (store, diagnostics) = folder.read(toml);
    assert_eq!(
        rows(&store, "tax_rate", &["jurisdiction_id", "rate", "effective_from"]),
        [
            ["31/45/31", "0.05", "2026-01-01"],
            ["31/00/109", "0.01", "·"],
            ["·", "0.02", "2026-01-01"],
            ["!", "0.03", "2026-01-01"],
            ["31/00/9", "·", "·"],
        ]
    );
    let ragged = diagnostics.iter().filter(|one| one.code == tieout_model::Code::RecordRagged).count();
    assert_eq!(ragged, 1, "{diagnostics:#?}");
}

#[test]
fn a_join_takes_texts_alone() {
    let wrong = |join: &str| {
        let toml = format!(
            "[[source]]\npopulation = \"payment\"\npath = \"p.csv\"\n[source.columns]\namount = \"amount\"\n\
             method = \"method\"\npayment_id = {{ compute = {{ {join} }} }}\n"
        );
        let folder = crate::common::folder(&[("p.csv", b"amount,method\n1,x\n")]);
        folder.read(&toml).1.into_iter().map(|one| one.message).collect::<Vec<_>>().join("; ")
    };
    assert!(wrong("join = [\"method\", \"amount\"]").contains("`amount` is not text and cannot be joined"));
    assert!(wrong("join = [\"method\"], places = 2").contains("join takes texts"));
    assert!(wrong("join = []").contains("join takes texts"));
    assert!(wrong("join = [\"reference\"]").contains("computed from `reference`, which is not mapped"));
}

#[test]
fn the_profile_in_the_readme_works() {
    let readme = include_str!("../../profiles/README.md");
    let toml = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let csv = "Type;InvoiceNo;SKU;Qty;Price;Cert;Date;State;Cur\n\
               line;INV-2026-7;A-1;3;1.25;17850.0;01.10.2026;paid;EUR\n\
               line;;B-2;;2.00;;01.10.2026;paid;EUR\n\
               note;INV-2026-8;;;;;;;\n";
    let folder = crate::common::folder(&[("mine.toml", toml.as_bytes()), ("lines.csv", csv.as_bytes())]);
    let (store, diagnostics) = folder.read("[[source]]\npath = \"lines.csv\"\nprofile = \"mine.toml\"\n");
    assert!(crate::common::codes(&diagnostics).is_empty(), "{diagnostics:#?}");
    assert_eq!(
        rows(&store, "invoice_line", &["invoice_id", "line_no", "quantity", "net_amount", "certificate_id"]),
        [["INV-2026-7", "1", "3", "3.75", "17850"], ["INV-2026-7", "2", "1", "2", "·"]]
    );
    assert_eq!(
        rows(&store, "invoice", &["invoice_id", "issue_date", "net_total", "document_type", "status"]),
        [["INV-2026-7", "2026-10-01", "5.75", "invoice", "posted"]]
    );
    assert_eq!(
        rows(&store, "document_number", &["scope", "number", "kept"]),
        [["2026", "7", "true"], ["2026", "8", "false"]]
    );
}
