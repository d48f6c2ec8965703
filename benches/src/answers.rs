//! The months after an audit: what becomes of each correction that it proposed, right and in every wrong way, and the labels that say
//! so.
//!
//! Made of the pack (`proposals.json`), not of what was planted, so that each answer is for what was really asked. A folder as at the
//! end of any of the six months is made of the same draw: what lies after that day is not in it.

mod papers;
mod score;
pub(crate) mod sheet;

use std::fs;
use std::path::Path;

use serde_json::Value;
use tieout_model::Date;

use crate::Result;
use crate::company::as_of;
use crate::rng::Rng;

use self::papers::Papers;
pub use self::score::{Standing, score};

/// Months that answers are spread over.
pub const MONTHS: i32 = 6;
/// Days that a proposal may wait, as `tieout register` has it where an engagement says nothing.
const PATIENCE: i32 = 30;

/// What is to be answered.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Folder of plain exports with the register (`corrections.txt`) of the audit.
    pub exports: &'a Path,
    /// The pack's `proposals.json`.
    pub pack: &'a Path,
    /// Folder to write; made if it is not there.
    pub out: &'a Path,
    /// Seed.
    pub seed: u64,
    /// As at the end of which month after the day of the audit, from 1 to `MONTHS`.
    pub months: i32,
}

/// What becomes of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Right,
    WrongAmount,
    WrongTax,
    NotApplied,
    ToldNotIssued,
    Forgotten,
}

const ANSWERS: [Answer; 6] = [
    Answer::Right,
    Answer::WrongAmount,
    Answer::WrongTax,
    Answer::NotApplied,
    Answer::ToldNotIssued,
    Answer::Forgotten,
];

/// One proposal's days.
struct Course {
    answer: Answer,
    approved: Option<Date>,
    told: Option<Date>,
    issued: Option<Date>,
}

/// The last day of a month after the audit, from 1; the first is the month of the audit itself.
pub fn seen(months: i32) -> Date {
    as_of().add_months(months.clamp(1, MONTHS) - 1).month_end()
}

/// Writes exports, register and `states.csv` as at the end of a month; a line for each state with its proposals.
pub fn answer(wanted: Wanted<'_>) -> Result<Vec<String>> {
    let pack: Value = serde_json::from_str(&fs::read_to_string(wanted.pack)?)?;
    let proposals = pack["proposals"].as_array().ok_or("the pack has no list of proposals")?;
    let seen = seen(wanted.months);
    fs::create_dir_all(wanted.out)?;
    for entry in fs::read_dir(wanted.exports)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // What was planted is no label of what came later.
        if path.is_file() && name != "labels.csv" {
            fs::copy(&path, wanted.out.join(name))?;
        }
    }
    let mut papers = Papers::open(wanted.out)?;
    let mut rng = Rng::new(wanted.seed);
    let mut deck: Vec<Answer> = Vec::new();
    let mut register = fs::read_to_string(wanted.out.join("corrections.txt"))?;
    let mut labels = csv::Writer::from_path(wanted.out.join("states.csv"))?;
    labels.write_record(["proposal", "action", "state", "recovered", "currency"])?;
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    for proposal in proposals {
        let text = |name: &str| proposal[name].as_str().unwrap_or_default();
        let course = course(text("action"), &mut deck, &mut rng);
        for (day, step, by) in [(course.approved, "approved", "controller"), (course.told, "told", "accounts")] {
            if let Some(day) = day.filter(|day| *day <= seen) {
                register.push_str(&format!("{day}  {}  {step:<9} by={by}\n", text("id")));
            }
        }
        let issued = course.issued.filter(|day| *day <= seen);
        let state = match issued {
            Some(day) => papers.issue(proposal, course.answer, day)?,
            None => waiting(&course, seen),
        };
        *counts.entry(state).or_default() += 1;
        let recovered = if state == "recovered" { text("gross") } else { "" };
        labels.write_record([text("id"), text("action"), state, recovered, text("currency")])?;
    }
    labels.flush()?;
    fs::write(wanted.out.join("corrections.txt"), register)?;
    papers.write(wanted.out)?;
    engagement(&wanted.out.join("tieout.toml"), seen)?;
    Ok(counts.into_iter().map(|(state, count)| format!("{state} {count}")).collect())
}

/// Draws what becomes of a proposal. Each answer comes once before any comes again; what is answered by a document of its own has one.
fn course(action: &str, deck: &mut Vec<Answer>, rng: &mut Rng) -> Course {
    let mut after = |from: i64, to: i64| as_of().add_days(i32::try_from(rng.range(from, to)).unwrap_or(1));
    let (approved, told, issued) = (after(1, 12), after(13, 20), after(21, 176));
    if !["credit_memo", "tax_credit", "refund", "debit_memo"].contains(&action) {
        return Course { answer: Answer::Forgotten, approved: None, told: None, issued: None };
    }
    if deck.is_empty() {
        deck.extend(ANSWERS);
        for at in (1..deck.len()).rev() {
            deck.swap(at, rng.index(at + 1));
        }
    }
    let answer = match deck.pop().unwrap_or(Answer::Right) {
        // A refund states no tax.
        Answer::WrongTax if action == "refund" => Answer::Right,
        // A bill is not applied; it is paid.
        Answer::NotApplied if action == "debit_memo" => Answer::Right,
        answer => answer,
    };
    match answer {
        Answer::ToldNotIssued => Course { answer, approved: Some(approved), told: Some(told), issued: None },
        // Some were approved before they were forgotten.
        Answer::Forgotten => Course { answer, approved: rng.percent(50).then_some(approved), told: None, issued: None },
        _ => Course { answer, approved: Some(approved), told: Some(issued.add_days(2)), issued: Some(issued) },
    }
}

/// What a proposal is while nothing is issued.
fn waiting(course: &Course, seen: Date) -> &'static str {
    let is_past = |day: Option<Date>| day.is_some_and(|day| day <= seen);
    match () {
        () if is_past(course.told) => "told_not_issued",
        () if as_of().add_days(PATIENCE) < seen => "forgotten",
        () if is_past(course.approved) => "approved",
        () => "proposed",
    }
}

/// The audit of the later day: the period reaches up to it, and nobody states control figures.
fn engagement(path: &Path, seen: Date) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let line = |line: &str| match line {
        _ if line.starts_with("control = ") || line.starts_with("extract = ") => None,
        "period = \"2026-10\"" => Some(format!("period = \"2026-10-01/{}\"", seen.add_days(1))),
        _ if line.starts_with("as_of  = ") => Some(format!("as_of  = \"{seen}\"")),
        _ => Some(line.to_owned()),
    };
    let lines: Vec<String> = text.lines().filter_map(line).collect();
    Ok(fs::write(path, lines.join("\n") + "\n")?)
}
