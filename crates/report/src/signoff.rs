//! What people signed in a workbook, read back: good rows as waivers to be written, every other one refused with its reason.
//!
//! A row is taken only if the digest in its hidden column is that of its cells as they are now, so that nobody signs a figure that
//! the audit did not report; a row that was typed in has no digest, one that was copied stands twice. Sheets may be sorted and
//! filtered, and saved by another program: cells are compared by what they say, not by how they are stored.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use calamine::{Data, Range, Reader as _, Xlsx};
use tieout_model::{Amount, Code, Date, Diagnostic, Place};

use crate::format::xlsx::{
    COMPUTED, CONTENT, DIGEST, FINGERPRINT, FORMULAS, NUMBER, RULE, SHEET, SIGNED, STAKE, digest, sign,
};

/// Rows above the header, at most.
const INTRO_MAX: u32 = 50;

/// A finding that two persons accept, until a day and up to an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The rule's id.
    pub rule: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// Digest of its members and amounts.
    pub content: String,
    /// Why.
    pub reason: String,
    /// Who asks for it.
    pub prepared_by: String,
    /// Who agrees: another person.
    pub approved_by: String,
    /// Last day.
    pub expires: Date,
    /// The largest effect that is accepted.
    pub cap: Amount,
}

/// What a workbook says.
#[derive(Clone, Debug, Default)]
pub struct SignOff {
    /// To be written.
    pub accepted: Vec<Accepted>,
    /// Refused rows, each with sheet and row.
    pub refused: Vec<Diagnostic>,
    /// Rows with another disposition, by its word.
    pub others: BTreeMap<String, u64>,
    /// Rows of findings.
    pub rows: u64,
}

/// Reads the findings of a workbook; `path` is how complaints name it.
pub fn read(path: &str, bytes: Vec<u8>) -> Result<SignOff, Box<Diagnostic>> {
    let unreadable = |why: String| {
        let message = format!("`{path}` cannot be signed off: {why}");
        let help = "give the workbook that `--report xlsx=FILE` wrote, saved as .xlsx";
        Box::new(Diagnostic::new(Code::SignoffUnreadable, message).help(help))
    };
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(error.to_string()))?;
    let names: Vec<_> = book.sheet_names().into_iter().filter(|name| is_findings(name)).collect();
    if names.is_empty() {
        return Err(unreadable(format!("it has no sheet `{SHEET}`")));
    }
    let (mut signoff, mut seen) = (SignOff::default(), BTreeSet::new());
    for name in names {
        let range = book.worksheet_range(&name).map_err(|error| unreadable(error.to_string()))?;
        let sheet =
            Sheet::new(path, &name, &range).ok_or_else(|| unreadable(format!("sheet `{name}` lost its columns")))?;
        sheet.read(&mut signoff, &mut seen);
    }
    Ok(signoff)
}

/// `Findings`, `Findings 2` …
fn is_findings(name: &str) -> bool {
    let rest = name.strip_prefix(SHEET);
    rest.is_some_and(|rest| rest.is_empty() || rest.trim_start().bytes().all(|byte| byte.is_ascii_digit()))
}

/// A sheet whose columns were found.
struct Sheet<'a> {
    path: &'a str,
    name: &'a str,
    range: &'a Range<Data>,
    header: u32,
    columns: BTreeMap<String, u32>,
}

impl<'a> Sheet<'a> {
    fn new(path: &'a str, name: &'a str, range: &'a Range<Data>) -> Option<Self> {
        let (_, width) = range.end()?;
        let is_header = |row: &u32| (0..=width).any(|column| text(range, *row, column) == NUMBER);
        let header = (0..INTRO_MAX).find(is_header)?;
        let columns: BTreeMap<_, _> = (0..=width).map(|column| (text(range, header, column), column)).collect();
        let needed = SIGNED.iter().chain(&sign::ALL).chain(&[DIGEST]);
        let whole = needed.into_iter().all(|name| columns.contains_key(*name));
        whole.then_some(Self { path, name, range, header, columns })
    }

    fn read(&self, signoff: &mut SignOff, seen: &mut BTreeSet<(String, String)>) {
        let last = self.range.end().map_or(0, |(row, _)| row);
        for row in self.header + 1..=last {
            let cells = Row { sheet: self, row };
            if !cells.of(DIGEST).is_empty() {
                signoff.rows += 1;
            }
            if sign::ALL.iter().all(|name| cells.of(name).is_empty()) {
                continue;
            }
            match cells.signed(seen) {
                Ok(Signed::Accepted(accepted)) => signoff.accepted.push(*accepted),
                Ok(Signed::Other(word)) => *signoff.others.entry(word).or_default() += 1,
                Err(refused) => signoff.refused.push(*refused),
            }
        }
    }
}

enum Signed {
    Accepted(Box<Accepted>),
    Other(String),
}

struct Row<'a> {
    sheet: &'a Sheet<'a>,
    row: u32,
}

impl Row<'_> {
    /// The cell in the column of that header, spelt as the digest spells it.
    fn of(&self, name: &str) -> String {
        self.sheet.columns.get(name).map_or(String::new(), |column| text(self.sheet.range, self.row, *column))
    }

    fn refuse(&self, code: Code, why: String, help: &str) -> Box<Diagnostic> {
        let number = self.row + 1;
        let message = format!("row {number} of sheet `{}` is refused: {why}", self.sheet.name);
        let file = format!("{}, sheet {}, row {number}", self.sheet.path, self.sheet.name);
        Box::new(Diagnostic::new(code, message).at(Place { file, ..Place::default() }).help(help))
    }

    fn signed(&self, seen: &mut BTreeSet<(String, String)>) -> Result<Signed, Box<Diagnostic>> {
        self.is_as_reported(seen)?;
        let disposition = self.of(sign::DISPOSITION).trim().to_lowercase();
        if sign::OTHERS.contains(&disposition.as_str()) {
            return Ok(Signed::Other(disposition));
        }
        let lacks = |what: &str| {
            let why = format!("it lacks {what}");
            let help =
                "a waiver has a reason, a preparer, an approver, an expiry and a cap; clear the row to leave it open";
            self.refuse(Code::SignoffIncomplete, why, help)
        };
        if disposition.is_empty() {
            return Err(lacks("a disposition"));
        }
        if disposition != sign::WAIVE {
            let why = format!("`{disposition}` is no disposition");
            let help = format!("choose one of {}, {}", sign::WAIVE, sign::OTHERS.join(", "));
            return Err(self.refuse(Code::SignoffIncomplete, why, &help));
        }
        let named = |column: &str, what: &str| {
            let cell = self.of(column).trim().to_owned();
            if cell.is_empty() { Err(lacks(what)) } else { Ok(cell) }
        };
        let reason = named(sign::REASON, "a reason")?;
        let (prepared_by, approved_by) = (named(sign::PREPARED, "a preparer")?, named(sign::APPROVED, "an approver")?);
        if person(&prepared_by) == person(&approved_by) {
            let why = format!("`{prepared_by}` prepared and approved it");
            return Err(self.refuse(Code::WaiverSelfApproved, why, "another person approves"));
        }
        let expires = named(sign::EXPIRES, "an expiry")?;
        let expires: Date = expires.parse().map_err(|_| {
            let why = format!("its expiry `{expires}` is not a date");
            self.refuse(Code::SignoffIncomplete, why, "write a date: 2026-12-31")
        })?;
        let cap = named(sign::CAP, "a cap")?;
        let cap = self.cap(&cap)?;
        let (rule, fingerprint, content) = (self.of(RULE), self.of(FINGERPRINT), self.of(CONTENT));
        let accepted = Accepted { rule, fingerprint, content, reason, prepared_by, approved_by, expires, cap };
        Ok(Signed::Accepted(Box::new(accepted)))
    }

    /// The row is one that the audit wrote, as it wrote it, and stands once.
    fn is_as_reported(&self, seen: &mut BTreeSet<(String, String)>) -> Result<(), Box<Diagnostic>> {
        let stated = self.of(DIGEST);
        if stated.is_empty() {
            let why = "it is no finding of the report, or a further line of one".to_owned();
            return Err(self.refuse(
                Code::SignoffChanged,
                why,
                "sign on the first line of a finding that the audit wrote",
            ));
        }
        let cells: Vec<_> = SIGNED.iter().map(|name| self.of(name)).collect();
        let computed = self.of(COMPUTED);
        let is_computed = |(name, computed): (&&str, &str)| {
            let cell = self.of(name);
            cell.is_empty() || cell == computed
        };
        let as_computed = FORMULAS.iter().zip(computed.split("; ")).all(is_computed);
        if !as_computed || digest(cells.iter().map(String::as_str)) != stated {
            let why = format!("finding {} is not as the audit reported it", self.of(NUMBER));
            let help = "a cell of the row was changed, or another row was pasted over it: audit again and sign the new workbook";
            return Err(self.refuse(Code::SignoffChanged, why, help));
        }
        if !seen.insert((self.of(RULE), self.of(FINGERPRINT))) {
            let why = format!("finding {} was signed in a row above", self.of(NUMBER));
            return Err(self.refuse(Code::SignoffChanged, why, "sign each finding once"));
        }
        Ok(())
    }

    /// A cap that holds what is at stake; one that does not would waive nothing.
    fn cap(&self, cap: &str) -> Result<Amount, Box<Diagnostic>> {
        let amount = cap.parse::<Amount>().ok().filter(|amount| amount.units >= 0).ok_or_else(|| {
            let why = format!("its cap `{cap}` is not an amount");
            self.refuse(Code::SignoffIncomplete, why, "write a plain amount of at least zero: 1250.00")
        })?;
        let stakes = self.of(STAKE);
        let most = stakes.split("; ").filter_map(|stake| stake.split(' ').nth(1)?.parse::<Amount>().ok());
        match most.map(Amount::abs).max().filter(|most| *most > amount) {
            Some(most) => {
                let why = format!("its cap of {amount} is below the {most} that is at stake");
                Err(self.refuse(Code::SignoffIncomplete, why, "accept the whole amount or leave the finding open"))
            }
            None => Ok(amount),
        }
    }
}

/// A name without what spelling adds to it.
fn person(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// A cell as the digest spells it: amounts as plain decimals, days as 2026-12-31.
fn text(range: &Range<Data>, row: u32, column: u32) -> String {
    match range.get_value((row, column)) {
        None | Some(Data::Empty) => String::new(),
        Some(Data::String(text)) => text.clone(),
        Some(Data::DateTime(day)) => {
            let (year, month, day, ..) = day.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Some(Data::DateTimeIso(text)) => text.chars().take(10).collect(),
        Some(Data::Float(number)) => plain(&number.to_string()),
        Some(other) => plain(&other.to_string()),
    }
}

/// `-0` and `12.50` as an amount prints them; what is no amount as it is.
fn plain(text: &str) -> String {
    text.parse::<Amount>().map_or_else(|_| text.to_owned(), |amount| amount.to_string())
}
