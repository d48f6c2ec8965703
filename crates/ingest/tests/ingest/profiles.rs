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
        &["00111", "general", "intrastate", "0.015", "2024-01-01", "2026-10-01"].map(str::to_owned).to_vec()
    ));
    assert!(rates.contains(&["31", "food_drug", "interstate", "0", "2026-10-01", "·"].map(str::to_owned).to_vec()));
    assert_eq!(
        rows(&store, "jurisdiction", &["jurisdiction_id", "level", "fips_state"]),
        [["31", "state", "31"], ["00111", "city", "31"]]
    );
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
