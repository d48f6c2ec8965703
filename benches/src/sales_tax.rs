//! A seller in three states over a quarter, with rate and boundary files in the published layout: what `tieout return` is tried on.
//!
//! Ohio taxes sales within the state where they come from, Nebraska has districts, Kansas changes rates on 1 August and has a
//! holiday. The rates are invented. Documents carry the lawful tax but for the errors that are planted.

mod books;
mod law;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use crate::Result;
use crate::rng::Rng;
use law::Law;

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Invoice lines, about.
    pub lines: u64,
    /// Taxing jurisdictions, about; at least 24.
    pub jurisdictions: u64,
    /// Seed.
    pub seed: u64,
}

/// A file of the folder.
type Sheet = csv::Writer<BufWriter<File>>;

fn sheet(folder: &Path, name: &str, header: &[&str]) -> Result<Sheet> {
    let file = BufWriter::with_capacity(1 << 18, File::create(folder.join(name))?);
    let mut sheet = csv::WriterBuilder::new().flexible(true).from_writer(file);
    if !header.is_empty() {
        sheet.write_record(header)?;
    }
    Ok(sheet)
}

/// Writes the exports and the engagement.
pub fn generate(wanted: &Wanted, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut rng = Rng::new(wanted.seed);
    let law = Law::draw(wanted.jurisdictions, &mut rng);
    law.write(folder)?;
    books::write(wanted, &law, &mut rng, folder)?;
    let command = format!(
        "cargo run -p tieout-benches -- sales-tax --lines {} --jurisdictions {} --seed {}",
        wanted.lines, wanted.jurisdictions, wanted.seed
    );
    let mut engagement = format!("# Made by: {command}\n{ENGAGEMENT}");
    for (population, file, columns, constants) in SOURCES {
        engagement
            .push_str(&format!("\n[[source]]\npopulation = \"{population}\"\npath = \"{file}\"\n\n[source.columns]\n"));
        for column in columns.split_whitespace() {
            engagement.push_str(&format!("{column} = \"{column}\"\n"));
        }
        for (column, constant) in *constants {
            engagement.push_str(&format!("{column} = {{ constant = \"{constant}\" }}\n"));
        }
    }
    fs::write(folder.join("tieout.toml"), engagement)?;
    Ok(())
}

const ENGAGEMENT: &str = r#"# An invented seller; the rates are invented too.

[engagement]
name   = "Third quarter of 2026"
period = "2026Q3"
as_of  = "2026-10-20"

[[source]]
population = "tax_rate"
path = "rates/*.csv"
profile = "sst-rates"

[[source]]
population = "boundary"
path = "boundaries/*.csv"
profile = "sst-boundaries"
"#;

type Source = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Population, file, columns that are called what they are, and what is the same in every record.
#[rustfmt::skip]
const SOURCES: &[Source] = &[
    ("entity", "entities.csv", "entity_id name country functional_currency rounding_mode rounding_level", &[]),
    ("customer", "customers.csv", "customer_id name tax_exempt", &[]),
    ("address", "addresses.csv", "address_id subdivision postal_code zip4 country", &[]),
    ("item", "items.csv", "item_id description tax_category is_service", &[]),
    ("invoice", "invoices.csv", "invoice_id invoice_no document_type status issue_date tax_point_date entity_id customer_id ship_from_id ship_to_id currency net_total tax_total gross_total original_invoice_id channel delivery", &[("prices_include_tax", "false")]),
    ("invoice_line", "invoice_lines.csv", "invoice_id line_no item_id line_type quantity unit_price net_amount exemption_reason certificate_id service_start service_end", &[]),
    ("invoice_tax", "invoice_taxes.csv", "invoice_id tax_no tax_type jurisdiction_id rate taxable_amount tax_amount", &[]),
    ("adjustment", "adjustments.csv", "adjustment_id invoice_id adjustment_date type net_amount tax_amount currency", &[]),
    ("exemption_certificate", "certificates.csv", "certificate_id customer_id reason scope received_date effective_from effective_to status", &[]),
    ("certificate_scope", "certificate_scopes.csv", "certificate_id state tax_category", &[]),
    ("sourcing_rule", "sourcing.csv", "state scope level basis effective_from cite", &[]),
    ("taxability_rule", "taxability.csv", "rule_id jurisdiction_id tax_category treatment condition threshold effective_from cite", &[]),
    ("holiday", "holidays.csv", "jurisdiction_id tax_category effective_from effective_to threshold", &[]),
    ("registration", "registrations.csv", "entity_id jurisdiction_id registration_no effective_from frequency due_day accounting_basis", &[]),
    ("state_tax_rule", "practice.csv", "state topic effective_from value cite", &[]),
    ("tax_date_rule", "tax_dates.csv", "state supply effective_from basis cite", &[]),
    ("vendor_discount", "discounts.csv", "registration_no up_to rate cap effective_from", &[]),
    ("return_filed", "returns_filed.csv", "entity_id jurisdiction_id period line_code amount return_type version currency", &[]),
    ("tax_payment", "tax_payments.csv", "payment_id entity_id jurisdiction_id period payment_date amount currency", &[]),
    ("gl_tax_entry", "ledger.csv", "gl_entry_id line_no account posting_date source_document amount is_manual currency", &[]),
    ("gl_balance", "ledger_balances.csv", "account as_of currency balance", &[]),
    ("engine_txn", "engine.csv", "engine_doc line_no jurisdiction_id status taxable rate tax currency", &[]),
];
