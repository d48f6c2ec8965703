//! Generates exports with planted errors, and scores a report against their labels.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tieout_benches::Result;
use tieout_benches::answers::{self, MONTHS, Wanted};
use tieout_benches::document::Rounding;
use tieout_benches::drafts::{self, Drafts};
use tieout_benches::generate::generate;
use tieout_benches::lawful::lawful;
use tieout_benches::sales_tax;
use tieout_benches::score::score;
use tieout_benches::world::Settings;

#[derive(Parser)]
#[command(about = "Exports of an invented company, and how well an audit of them did")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write exports, labels.csv and tieout.toml into a folder; print the control totals.
    Generate(Exports),
    /// Write the exports of a seller in three states over a quarter, with rate and boundary files, for `tieout return`.
    SalesTax {
        /// Invoice lines, about.
        #[arg(long)]
        lines: u64,
        /// Taxing jurisdictions, about; at least 24.
        #[arg(long, default_value_t = 24)]
        jurisdictions: u64,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Folder; made if it is not there.
        #[arg(long)]
        out: PathBuf,
    },
    /// Compare the findings of a JSON report with labels; exit code 1 if they differ.
    Score {
        /// labels.csv
        #[arg(long)]
        labels: PathBuf,
        /// Report written with `--report json=FILE`.
        #[arg(long)]
        report: PathBuf,
    },
    /// Compare a pack of corrections with labels and the tables of tax; exit code 1 if they differ
    Lawful {
        /// Folder of plain exports with labels.csv.
        #[arg(long)]
        exports: PathBuf,
        /// Report written with `--report json=FILE`.
        #[arg(long)]
        report: PathBuf,
        /// The pack's proposals.json.
        #[arg(long)]
        pack: PathBuf,
    },
    /// Compare the hold list of a JSON report with drafts.csv; exit code 1 if they differ
    Drafts {
        /// drafts.csv
        #[arg(long)]
        labels: PathBuf,
        /// Report written with `--stage draft --report json=FILE`.
        #[arg(long)]
        report: PathBuf,
    },
    /// Write the months after an audit: what became of each correction of its pack, and states.csv
    Answer {
        /// Folder of plain exports with the register of the audit.
        #[arg(long)]
        exports: PathBuf,
        /// The pack's proposals.json.
        #[arg(long)]
        pack: PathBuf,
        /// Folder; made if it is not there.
        #[arg(long)]
        out: PathBuf,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// As at the end of which month after the audit; the first is its own.
        #[arg(long, default_value_t = MONTHS, value_parser = clap::value_parser!(i32).range(1..=i64::from(MONTHS)))]
        months: i32,
    },
    /// Compare what `tieout register --json` wrote with states.csv; exit code 1 if they differ
    States {
        /// states.csv
        #[arg(long)]
        labels: PathBuf,
        /// The register as JSON.
        #[arg(long)]
        register: PathBuf,
    },
}

#[derive(clap::Args)]
struct Exports {
    /// Invoice lines, about.
    #[arg(long)]
    lines: u64,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder; made if it is not there.
    #[arg(long)]
    out: PathBuf,
    /// Months of history with October 2026, the period under audit, as the last; at least 2.
    #[arg(long, default_value_t = 3)]
    months: i32,
    /// Planted errors of each kind at least.
    #[arg(long, default_value_t = 2)]
    each: u64,
    /// Planted errors of each kind in a million documents of the period, if that is more.
    #[arg(long, default_value_t = 30)]
    per_million: u64,
    /// Headers, dates and decimal marks of the company's own.
    #[arg(long)]
    dressed: bool,
    /// Invoices as two extracts that overlap by a month, some with a changed balance or status.
    #[arg(long)]
    overlap: bool,
    /// Right drafts of the days after the period, about, and wrong ones among them; drafts.csv says which.
    #[arg(long)]
    drafts: Option<u64>,
    /// The drafts after the hold list was worked off.
    #[arg(long, requires = "drafts")]
    mended: bool,
    /// Where tax is rounded.
    #[arg(long, value_enum, default_value_t = Grain::Invoice)]
    tax_rounding: Grain,
    /// Layout of the exports.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Grain {
    Invoice,
    Line,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match command {
        Command::Generate(wanted) => {
            let Format::Csv = wanted.format;
            let settings = Settings {
                lines: wanted.lines,
                seed: wanted.seed,
                months: wanted.months,
                each: wanted.each,
                per_million: wanted.per_million,
                dressed: wanted.dressed,
                overlap: wanted.overlap,
                drafts: wanted.drafts.map(|right| Drafts { right, mended: wanted.mended }),
                rounding: match wanted.tax_rounding {
                    Grain::Invoice => Rounding::Invoice,
                    Grain::Line => Rounding::Line,
                },
            };
            for total in generate(&settings, &wanted.out)? {
                writeln!(out, "{total}")?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::SalesTax { lines, jurisdictions, seed, out: folder } => {
            sales_tax::generate(&sales_tax::Wanted { lines, jurisdictions, seed }, &folder)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Lawful { exports, report, pack } => {
            let result = lawful(&exports, &report, &pack)?;
            for line in result.lines() {
                writeln!(out, "{line}")?;
            }
            Ok(if result.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Drafts { labels, report } => {
            let score = drafts::score(&labels, &report)?;
            for (verdict, [labels, found]) in &score.verdicts {
                writeln!(out, "{verdict:<8}{labels:>8} labelled{found:>8} found")?;
            }
            for difference in &score.differences {
                writeln!(out, "{difference}")?;
            }
            Ok(if score.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Answer { exports, pack, out: folder, seed, months } => {
            let wanted = Wanted { exports: &exports, pack: &pack, out: &folder, seed, months };
            for line in answers::answer(wanted)? {
                writeln!(out, "{line}")?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::States { labels, register } => {
            let standing = answers::score(&labels, &register)?;
            writeln!(out, "{:<20}{:>8}{:>8}", "state", "labels", "found")?;
            for (state, [labels, found]) in &standing.states {
                writeln!(out, "{state:<20}{labels:>8}{found:>8}")?;
            }
            for (currency, [labelled, found]) in &standing.recovered {
                let [labelled, found] = [labelled, found].map(|sum| sum.to_places(2));
                writeln!(out, "recovered, {currency}: {labelled} by the labels, {found} by the register")?;
            }
            for difference in &standing.differences {
                writeln!(out, "{difference}")?;
            }
            Ok(if standing.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Score { labels, report } => {
            let score = score(&labels, &report)?;
            writeln!(out, "{:<34}{:>8}{:>8}{:>8}{:>8}", "rule", "labels", "found", "missed", "extra")?;
            for (rule, [labels, found, missed, extra]) in &score.rules {
                writeln!(out, "{rule:<34}{labels:>8}{found:>8}{missed:>8}{extra:>8}")?;
            }
            for difference in &score.differences {
                writeln!(out, "{difference}")?;
            }
            Ok(if score.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}
