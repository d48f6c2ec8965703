//! The engagement file beside the exports: what each file is, how it is mapped, and the sender's control figures.

use std::fmt::Write as _;
use std::path::Path;

use tieout_model::Date;

use crate::Result;
use crate::company::{as_of, period_from};
use crate::layout::{DateStyle, WORDS};
use crate::money::{Currency, decimal};
use crate::table::Table;
use crate::world::{Settings, earlier_from, file_name};

/// The key of the control figure that is stated wrong: receipts, counted by the sender, one more than there are.
pub const WRONG_CONTROL: &str = "payment/";

/// Writes `tieout.toml`.
pub fn write(settings: &Settings, tables: &[Table], folder: &Path) -> Result<()> {
    let mut text = String::new();
    writeln!(text, "# Made by: {}", command(settings))?;
    writeln!(
        text,
        "# An invented company. labels.csv says which errors were planted, and what only looks like one.\n"
    )?;
    writeln!(text, "[engagement]\nname   = \"October 2026\"\nperiod = \"2026-10\"\nas_of  = \"{}\"", as_of())?;
    let from = period_from().add_months(1 - settings.months.max(2));
    let invoices = tables.iter().filter(|table| table.layout.population == "invoice").count();
    for (table, place) in tables.iter().zip(0..) {
        let earlier = place >= crate::layout::LAYOUTS.len();
        let window = match (earlier, table.layout.population) {
            (true, _) => (from, period_from()),
            (false, "invoice") if invoices > 1 => (earlier_from(), as_of().add_days(1)),
            _ => (from, as_of().add_days(1)),
        };
        let name = if earlier { "invoices-earlier.csv".to_owned() } else { file_name(table.layout.file) };
        source(&mut text, table, &name, window)?;
    }
    // Refunds are of receipts in these exports; nothing of older times was still to be paid back.
    text.push_str("\n[rules.set.refund-without-source]\nparams = { months = \"0\" }\n");
    std::fs::write(folder.join("tieout.toml"), text)?;
    Ok(())
}

fn command(settings: &Settings) -> String {
    let mut words = format!(
        "cargo run -p tieout-benches -- generate --lines {} --seed {} --months {} --each {} --per-million {}",
        settings.lines, settings.seed, settings.months, settings.each, settings.per_million
    );
    for (flag, on) in [(" --dressed", settings.dressed), (" --overlap", settings.overlap)] {
        if on {
            words.push_str(flag);
        }
    }
    if let Some(drafts) = settings.drafts {
        words.push_str(&format!(" --drafts {}{}", drafts.right, if drafts.mended { " --mended" } else { "" }));
    }
    words
}

fn source(text: &mut String, table: &Table, file: &str, (from, to): (Date, Date)) -> Result<()> {
    let (layout, style) = (table.layout, table.style);
    writeln!(text, "\n[[source]]\npopulation = \"{}\"\npath = \"{file}\"", layout.population)?;
    if !table.sums.is_empty() {
        writeln!(text, "extract = {{ from = \"{from}\", to = \"{to}\" }}")?;
    }
    match layout.population {
        "invoice" => {
            let total = table.sums.get(&Currency::Usd).copied().unwrap_or(0);
            let total = decimal(total, 2, '.');
            writeln!(text, "control = {{ records = {}, total = \"{total}\", currency = \"USD\" }}", table.records)?;
        }
        "payment" => writeln!(text, "control = {{ records = {} }}", table.records + 1)?,
        _ => {}
    }
    let mut format: Vec<String> = Vec::new();
    if style.delimiter != b',' {
        format.push(format!("delimiter = \"{}\"", char::from(style.delimiter)));
    }
    if style.decimal_mark != '.' {
        format.push(format!("decimal_mark = \"{}\"", style.decimal_mark));
    }
    match style.dates {
        DateStyle::Iso => {}
        DateStyle::Slashes => format.push("dates = [\"%m/%d/%Y\"]".to_owned()),
        DateStyle::Dots => format.push("dates = [\"%d.%m.%Y\"]".to_owned()),
    }
    if !format.is_empty() {
        writeln!(text, "format = {{ {} }}", format.join(", "))?;
    }
    writeln!(text, "\n[source.columns]")?;
    for (name, value) in layout.constants {
        writeln!(text, "{name} = {{ constant = \"{value}\" }}")?;
    }
    for column in layout.columns {
        let header = style.header(column);
        if style.dressed && layout.words.contains(&column.0) {
            let words = WORDS.iter().filter(|(name, _)| *name == column.0).flat_map(|(_, words)| *words);
            let words: Vec<String> = words.map(|(own, shown)| format!("\"{shown}\" = \"{own}\"")).collect();
            writeln!(text, "{} = {{ header = \"{header}\", values = {{ {} }} }}", column.0, words.join(", "))?;
        } else {
            writeln!(text, "{} = \"{header}\"", column.0)?;
        }
    }
    if layout.population == "invoice" {
        let header =
            layout.columns.iter().find(|column| column.0 == "invoice_no").map_or("", |column| style.header(column));
        for series in ["INV", "CN"] {
            let pattern = format!("{series}-{{year}}-{{number}}");
            write!(text, "\n[[source.series]]\nname = \"{series}\"\nheader = \"{header}\"\npattern = \"{pattern}\"\n")?;
        }
    }
    Ok(())
}
