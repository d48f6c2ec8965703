//! The command line: one definition feeds the parser, the help and the completions.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

const EXAMPLE: &str = "\
Example:
  tieout check october/        what was read, what can be tested
  tieout audit october/        the findings, on the screen
  tieout audit october/ --report text --report csv=findings.csv

`october/` is a folder with a tieout.toml, which names the exports to audit.

Exit codes:
  0  no finding at or above --fail-on
  1  findings at or above --fail-on
  2  not audited: wrong arguments, engagement, rule or input
  3  audited, but less than the engagement requires, or records excluded";

const SIGNOFF: &str = "\
Exit codes:
  0  every signed row was taken
  1  rows were refused; the others were taken
  2  nothing was taken: the workbook or the waiver file cannot be used";

const RETURN: &str = "\
Example:
  tieout return october/ --period 2026-10 --out papers/
  tieout return october/ --period 2026Q4 --jurisdiction NE --out papers/

Every line of the exports lands in exactly one cell of the bridge from gross to
taxable sales, or is counted as on no return, with the reason.

Exit codes:
  0  every return of the period is written
  1  one is not: an identity of it does not hold
  2  nothing was made: wrong arguments, engagement or input";

/// Finds billing discrepancies in the exports of billing systems.
#[derive(Parser)]
#[command(name = "tieout", version, about, after_help = EXAMPLE, max_term_width = 80)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Audit the sources of an engagement and report every discrepancy
    #[command(after_help = EXAMPLE)]
    Audit(AuditArgs),
    /// Read and map the sources without auditing: what is there, what can run
    Check(CheckArgs),
    /// List rules, or show one
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Compare two JSON reports: new, changed, unchanged, resolved
    Compare(CompareArgs),
    /// Write the corrections of an audit: proposals, questions
    Correct(CorrectArgs),
    /// Take what was signed in a workbook into a waiver file
    ///
    /// Rows of the sheet Findings with the disposition `waive` become waivers; comments and waivers of the file stay. A row
    /// is refused, with its sheet and number, if it is not as the audit reported it, if its approver is its preparer, or if
    /// it lacks a reason, an expiry or a cap.
    #[command(after_help = SIGNOFF)]
    Signoff(SignoffArgs),
    /// Say what became of each correction: issued, applied, told, forgotten
    Register(RegisterArgs),
    /// Approve proposals of the register; not by who prepared them
    Approve(StepArgs),
    /// Note that customers were told of proposals
    Told(StepArgs),
    /// Note that proposals are not pursued, and why
    Withdraw(StepArgs),
    /// Prepare the sales-tax returns of a period, with their work papers
    #[command(after_help = RETURN)]
    Return(ReturnArgs),
    /// Look at the tax rates: what is in force on a day, gaps and overlaps,
    /// where sources disagree
    Rates(RatesArgs),
    /// Say which overdue documents may be reminded, and which not and why
    Chase(ChaseArgs),
    /// Say of each complaint whether an audit knew of it before it came
    Complaints(ComplaintsArgs),
    /// Show one customer: balances, findings, documents
    Customer(CustomerArgs),
    /// Explain a rule, a diagnostic code, a finding, or two documents
    Explain(ExplainArgs),
    /// Audit again and prove a JSON report, or name the first difference
    Verify(VerifyArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// `tieout rules`.
#[derive(Subcommand)]
pub enum RulesCommand {
    /// List every rule; for an engagement, which can run and what to ask for
    List {
        /// Engagement file, or folder with a tieout.toml
        path: Option<PathBuf>,
    },
    /// Plan rules of your own and run their marked records
    ///
    /// The records of `my-rule.toml` lie beside it in the folder `my-rule`, or in `fixtures/rules/my-rule` of a folder above:
    /// one `<population>.csv` each, with canonical headers; the one under test has the columns `note` and, last, `expect`
    /// (`finding`, `guarded`, `out of scope`, `not tested: …`, or empty for clean).
    Check {
        /// Rule file, or a folder of them
        path: PathBuf,
    },
    /// Write a commented skeleton of a kind, with marked records beside it
    New {
        /// assert, foot, lookup, duplicate, matching, balance, sequence,
        /// overlap, cadence, recompute or outlier
        kind: String,
        /// File to write, named like the rule: my-rule.toml
        path: PathBuf,
    },
    /// Show one rule as it is written
    Show {
        /// The rule's id
        id: String,
        /// Engagement file, or folder with a tieout.toml
        path: Option<PathBuf>,
    },
}

/// What every command that reads sources takes.
#[derive(Args)]
pub struct SourceArgs {
    /// Read the exports from this folder, not from beside the engagement file
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Rules to run: packs, families, ids; `-id` leaves one out
    #[arg(long, value_name = "A,B,-C", value_delimiter = ',', allow_hyphen_values = true)]
    pub select: Vec<String>,
    /// Threads for reading; all cores if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Work within so much memory: 4GB, 800MB. Rows beyond it lie in files of
    /// the temporary folder; a limit that is too small is refused at once
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory_limit: Option<u64>,
    /// Keep what is read in this folder; the next run over unchanged files
    /// takes it from there. It holds the data of the exports
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Read every file, also where the engagement names a cache
    #[arg(long, conflicts_with = "cache")]
    pub no_cache: bool,
    /// No progress bar, no closing line; of a check, only what is wrong
    #[arg(long)]
    pub quiet: bool,
}

/// `tieout audit`.
#[derive(Args)]
pub struct AuditArgs {
    /// Engagement file, or folder with a tieout.toml
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// Which open findings make the exit code 1
    #[arg(long, value_name = "WHAT", default_value = "error", value_enum, hide_possible_values = false)]
    pub fail_on: FailOn,
    /// Judge the drafts as if they were posted, before they go out: which to
    /// send, to hold, to fix
    #[arg(long, value_name = "STAGE", value_enum, hide_possible_values = false, conflicts_with = "mask")]
    pub stage: Option<Stage>,
    /// With --stage: write every draft and why it is kept back to this CSV file
    #[arg(long, value_name = "FILE", requires = "stage")]
    pub hold: Option<PathBuf>,
    /// Compare with this former JSON report: new, unchanged, changed, resolved
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Replace the values of these columns in every report by tokens
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', requires = "mask_key")]
    pub mask: Vec<String>,
    /// File with the key of the tokens: any bytes, kept to yourself
    #[arg(long, value_name = "FILE", requires = "mask")]
    pub mask_key: Option<PathBuf>,
    /// Print how long each stage took, the longest first; rules then run one
    /// after the other
    #[arg(long)]
    pub timings: bool,
    /// Print what each rule made of which records, step by step with the
    /// number of rows, and how long each stage took
    #[arg(long)]
    pub explain_plan: bool,
    /// Report to write: text, json, csv, xlsx, sarif, junit or markdown, to the
    /// screen or to a file; may be given several times
    #[arg(long = "report", value_name = "FORMAT[=FILE]", default_value = "text", value_parser = crate::output::parse)]
    pub reports: Vec<crate::output::Output>,
}

/// `tieout check`.
#[derive(Args)]
pub struct CheckArgs {
    /// Engagement file, or folder with a tieout.toml
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `tieout compare`.
#[derive(Args)]
pub struct CompareArgs {
    /// The former report, as `--report json=FILE` wrote it
    pub former: PathBuf,
    /// The later one
    pub later: PathBuf,
}

/// `tieout correct`.
#[derive(Args)]
pub struct CorrectArgs {
    /// Engagement file, or folder with a tieout.toml
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Folder to write the pack to; made if it is not there
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Who prepares it: new proposals are put into the register
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `tieout signoff`.
#[derive(Args)]
pub struct SignoffArgs {
    /// The workbook, as `--report xlsx=FILE` wrote it and people signed it
    pub workbook: PathBuf,
    /// Waiver file to write or to add to
    #[arg(long, value_name = "FILE")]
    pub waivers: PathBuf,
}

/// `tieout register`.
#[derive(Args)]
pub struct RegisterArgs {
    /// Engagement file, or folder with a tieout.toml
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Write every correction to this JSON file too
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `tieout approve`, `told`, `withdraw`.
#[derive(Args)]
pub struct StepArgs {
    /// Ids of proposals, as `proposals.csv` has them
    #[arg(required = true)]
    pub ids: Vec<String>,
    /// Who does it
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// On which day; the engagement's as-of date if not given
    #[arg(long, value_name = "DATE")]
    pub on: Option<tieout_model::Date>,
    /// Why; a withdrawal needs it
    #[arg(long, value_name = "WORDS")]
    pub why: Option<String>,
    /// Engagement file, or folder with a tieout.toml
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
}

/// `tieout rates`.
#[derive(Args)]
pub struct RatesArgs {
    /// Engagement file, or folder with a tieout.toml
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Show the rates in force on this day
    #[arg(long, value_name = "DATE")]
    pub on: Option<tieout_model::Date>,
    /// Of this jurisdiction only: its id
    #[arg(long, value_name = "ID")]
    pub jurisdiction: Option<String>,
    /// Write every disagreement of the sources to this CSV file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `tieout return`.
#[derive(Args)]
pub struct ReturnArgs {
    /// Engagement file, or folder with a tieout.toml
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Period of the returns: 2026-10, 2026Q4 or 2026; the engagement's if not
    /// given
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,
    /// One state only: NE, or US-NE
    #[arg(long, value_name = "STATE")]
    pub jurisdiction: Option<String>,
    /// Folder to write the papers to; made if it is not there
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// A state's form as TOML, to be filled beside the neutral return; may be
    /// given several times
    #[arg(long, value_name = "FILE")]
    pub form: Vec<PathBuf>,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `tieout chase`.
#[derive(Args)]
pub struct ChaseArgs {
    /// Engagement file, or folder with a tieout.toml
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// No second reminder within so many days
    #[arg(long, value_name = "N", default_value_t = 14)]
    pub days: u16,
    /// Write every overdue document to this CSV file too
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `tieout complaints`.
#[derive(Args)]
pub struct ComplaintsArgs {
    /// Engagement file, or folder with a tieout.toml
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// A former JSON report: what it has was known on its day
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write every complaint to this JSON file too
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `tieout customer`.
#[derive(Args)]
pub struct CustomerArgs {
    /// The customer's id, as the exports have it
    pub id: String,
    /// Engagement file, or folder with a tieout.toml
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `tieout verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// The report, as `--report json=FILE` wrote it
    pub report: PathBuf,
    /// Engagement file, or folder with a tieout.toml
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `tieout explain`.
#[derive(Args)]
pub struct ExplainArgs {
    /// A rule's id, a diagnostic's code, a finding's fingerprint, or two
    /// documents; then the engagement file or folder, if it is not here
    ///
    /// For two documents (ids or numbers of invoices or payments) it says by which criteria they are one thing or two, what was
    /// netted, which guard spoke, and what would have made a finding of them.
    #[arg(required = true, num_args = 1..=3, value_name = "WHAT")]
    pub words: Vec<String>,
    /// How the sources are read.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// Which open findings gate. A finding for review is for a person to decide, so it gates only when asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors that are certain or likely
    Error,
    /// Errors and warnings that are certain or likely
    Warning,
    /// Errors and warnings, those for review included
    Review,
    /// Errors that are certain or likely, and new or changed since --baseline
    New,
    /// None
    Never,
}

/// Which documents are judged; without it, those that are posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// Drafts, against what is posted
    Draft,
}

/// Bytes, in units of a thousand (kB, MB, GB) or of 1,024 (KiB, MiB, GiB); a letter alone is short for the former.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size: write it like 4GB, 800MB or 2GiB");
    let digits = text.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn rules_can_be_left_out() {
        let cli = Cli::try_parse_from(["tieout", "audit", "--select", "-a,core", "--select", "b"]).unwrap();
        let Command::Audit(args) = cli.command else { panic!("another command") };
        assert_eq!(args.sources.select, ["-a", "core", "b"]);
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        let read = ["4GB", "800mb", "2GiB", "7", "3 k"].map(|text| size(text).unwrap());
        assert_eq!(read, [4_000_000_000, 800_000_000, 2 << 30, 7, 3_000]);
        for text in ["", "GB", "4.5GB", "-1", "1PB", "99999999999999TB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
