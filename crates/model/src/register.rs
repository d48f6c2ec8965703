//! The register of corrections: what was proposed, approved, issued, told, and whether it arrived.
//!
//! The file is a list of events, one a line, that is only ever added to. So it can be read by people, kept under version control,
//! and merged line by line; what one line says is never taken back but by another line.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::amount::Amount;
use crate::date::Date;

/// What happened to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// It was made, with all that it asks for.
    Proposed,
    /// Somebody else than its preparer agreed.
    Approved,
    /// The customer was told.
    Told,
    /// It is not pursued; the reason stands beside it.
    Withdrawn,
}

impl Step {
    /// Every step, in the order in which they are taken.
    pub const ALL: [Self; 4] = [Self::Proposed, Self::Approved, Self::Told, Self::Withdrawn];

    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Told => "told",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// One line of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The day on which it happened.
    pub day: Date,
    /// The proposal's id.
    pub proposal: String,
    /// What happened.
    pub step: Step,
    /// Who did it, and what the step says further: name and value.
    pub fields: Vec<(String, String)>,
}

impl Event {
    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Event {
    /// `2026-11-05  1a847a57f84c  proposed  by=jdoe customer=C-1 gross=54.12`; a value with anything but plain characters is quoted.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}  {}  {:<9}", self.day, self.proposal, self.step.name())?;
        for (name, value) in &self.fields {
            let plain = |letter: char| letter.is_alphanumeric() || "._-:/@,+".contains(letter);
            if !value.is_empty() && value.chars().all(plain) {
                write!(formatter, " {name}={value}")?;
            } else {
                write!(formatter, " {name}=\"")?;
                for letter in value.chars() {
                    match letter {
                        '"' | '\\' => write!(formatter, "\\{letter}")?,
                        letter if letter.is_control() => write!(formatter, "{}", letter.escape_unicode())?,
                        letter => write!(formatter, "{letter}")?,
                    }
                }
                write!(formatter, "\"")?;
            }
        }
        Ok(())
    }
}

/// A line is not an event: what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EventError(pub String);

impl FromStr for Event {
    type Err = EventError;

    fn from_str(line: &str) -> Result<Self, EventError> {
        if line.starts_with("<<<<<<<") || line.starts_with("=======") || line.starts_with(">>>>>>>") {
            return Err(EventError("two versions of the register were not merged: keep the lines of both".to_owned()));
        }
        let wrong = |what: &str| EventError(format!("{what}; a line begins with day, proposal and step"));
        let mut rest = line.trim_start();
        let mut word = || {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            rest = after.trim_start();
            word
        };
        let (day, proposal, step) = (word(), word().to_owned(), word());
        let day = day.parse().map_err(|_| wrong(&format!("`{day}` is not a day")))?;
        let known = Step::ALL.into_iter().find(|one| one.name() == step);
        let step = known.ok_or_else(|| wrong(&format!("`{step}` is no step")))?;
        if proposal.is_empty() {
            return Err(wrong("the proposal is missing"));
        }
        Ok(Self { day, proposal, step, fields: fields(rest)? })
    }
}

/// `name=value name="a value"`.
fn fields(text: &str) -> Result<Vec<(String, String)>, EventError> {
    let mut fields = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let cut = || EventError(format!("`{rest}` is not name=value: the line is cut or damaged"));
        let (name, after) = rest.split_once('=').ok_or_else(cut)?;
        if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_') {
            return Err(cut());
        }
        let Some(quoted) = after.strip_prefix('"') else {
            let end = after.find(char::is_whitespace).unwrap_or(after.len());
            fields.push((name.to_owned(), after[..end].to_owned()));
            rest = after[end..].trim_start();
            continue;
        };
        let (mut value, mut letters, mut end) = (String::new(), quoted.char_indices(), None);
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    end = Some(at + 1);
                    break;
                }
                '\\' => match letters.next().map(|(_, letter)| letter) {
                    Some('u') => {
                        let code: String = letters
                            .by_ref()
                            .map(|(_, letter)| letter)
                            .skip(1)
                            .take_while(|letter| *letter != '}')
                            .collect();
                        value.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
                    }
                    Some(letter) => value.push(letter),
                    None => break,
                },
                letter => value.push(letter),
            }
        }
        let end = end.ok_or_else(cut)?;
        fields.push((name.to_owned(), value));
        rest = quoted[end..].trim_start();
    }
    Ok(fields)
}

/// What a proposal asked for, and how far it came, as the register has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The proposal's id.
    pub id: String,
    /// The day on which it was made.
    pub proposed: Date,
    /// Who prepared it.
    pub prepared_by: String,
    /// The action's name.
    pub action: String,
    /// The customer.
    pub customer: String,
    /// ISO 4217.
    pub currency: String,
    /// Without tax.
    pub net: Amount,
    /// Tax.
    pub tax: Amount,
    /// Ids of the documents that it corrects.
    pub documents: Vec<String>,
    /// Findings that it corrects.
    pub findings: Vec<String>,
    /// Who approved it, and when.
    pub approved: Option<(String, Date)>,
    /// Who told the customer, and when.
    pub told: Option<(String, Date)>,
    /// Why it is not pursued, and since when.
    pub withdrawn: Option<(String, Date)>,
}

impl Entry {
    /// Net and tax.
    pub fn gross(&self) -> Amount {
        self.net.plus_money(self.tax)
    }
}

/// The register as far as its lines can be understood; what contradicts itself is told with the line.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Register {
    /// By proposal.
    pub entries: BTreeMap<String, Entry>,
    /// Line from 1, and what is wrong with it; the line is kept and has no effect.
    pub faults: Vec<(u64, String)>,
}

impl Register {
    /// Reads a register. Blank lines and lines that begin with `#` are nobody's.
    pub fn read(text: &str) -> Self {
        let mut register = Self::default();
        let last = text.lines().count() as u64;
        let is_whole = text.is_empty() || text.ends_with('\n');
        for (line, number) in
            text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'))
        {
            // A writer that was stopped leaves a line without its end, which may read like a whole one.
            let taken = match line.parse::<Event>() {
                Ok(_) if number == last && !is_whole => Err("the last line is cut: a writer was stopped".to_owned()),
                Ok(event) => register.take(&event),
                Err(error) => Err(error.0),
            };
            if let Err(fault) = taken {
                register.faults.push((number, fault));
            }
        }
        register
    }

    /// Adds an event; `Err` says why it cannot be.
    pub fn take(&mut self, event: &Event) -> Result<(), String> {
        let by = event.get("by").unwrap_or_default().trim().to_owned();
        if by.is_empty() {
            return Err("nobody is named: by=NAME".to_owned());
        }
        if event.step == Step::Proposed {
            let entry = proposed(event, by)?;
            return match self.entries.get(&entry.id) {
                None => {
                    self.entries.insert(entry.id.clone(), entry);
                    Ok(())
                }
                // Two people who proposed the same: one of the two is enough.
                Some(known) if known.gross() == entry.gross() && known.documents == entry.documents => Ok(()),
                Some(_) => Err(format!("{} is proposed already, with other money or documents", entry.id)),
            };
        }
        let Some(entry) = self.entries.get_mut(&event.proposal) else {
            return Err(format!("{} is not proposed above", event.proposal));
        };
        match event.step {
            Step::Approved if by == entry.prepared_by => {
                Err(format!("{by} prepared {} and cannot approve it: another person approves", entry.id))
            }
            Step::Approved => settle(&mut entry.approved, by, event.day, (&event.proposal, "approved by")),
            Step::Told => settle(&mut entry.told, by, event.day, (&event.proposal, "told by")),
            Step::Withdrawn => {
                let why = event.get("why").unwrap_or_default().to_owned();
                if why.is_empty() {
                    return Err("a withdrawal says why: why=\"…\"".to_owned());
                }
                settle(&mut entry.withdrawn, why, event.day, (&event.proposal, "withdrawn because:"))
            }
            Step::Proposed => Ok(()),
        }
    }
}

/// The first to do it counts; the same again is nothing, another is told.
fn settle(place: &mut Option<(String, Date)>, who: String, day: Date, (id, what): (&str, &str)) -> Result<(), String> {
    match place {
        None => {
            *place = Some((who, day));
            Ok(())
        }
        Some((known, _)) if *known == who => Ok(()),
        Some((known, on)) => Err(format!("{id} was {what} {known} on {on} already; that stands")),
    }
}

/// Ids as one value: a comma between them, one inside of them as `%2C`.
pub fn joined<'i>(ids: impl IntoIterator<Item = &'i str>) -> String {
    let one = |id: &str| id.replace('%', "%25").replace(',', "%2C");
    ids.into_iter().map(one).collect::<Vec<_>>().join(",")
}

/// The inverse of `joined`.
fn split(text: &str) -> Vec<String> {
    let one = |id: &str| id.replace("%2C", ",").replace("%25", "%");
    text.split(',').filter(|id| !id.is_empty()).map(one).collect()
}

fn proposed(event: &Event, prepared_by: String) -> Result<Entry, String> {
    let text = |name: &str| event.get(name).unwrap_or_default().to_owned();
    let list = |name: &str| split(&text(name));
    let amount = |name: &str| {
        let written = text(name);
        written.parse::<Amount>().map_err(|_| format!("{name}={written} is not an amount"))
    };
    Ok(Entry {
        id: event.proposal.clone(),
        proposed: event.day,
        prepared_by,
        action: text("action"),
        customer: text("customer"),
        currency: text("currency"),
        net: amount("net")?,
        tax: amount("tax")?,
        documents: list("documents"),
        findings: list("findings"),
        approved: None,
        told: None,
        withdrawn: None,
    })
}

/// How far a correction came, against what is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Issued for the right amount, and it reached an invoice or the customer.
    Recovered,
    /// Issued for the right amount; whether it was put to use, the exports do not say.
    Issued,
    /// What was billed too low is billed, for the right amount.
    Billed,
    /// Issued for the right amount, and part of it lies unused.
    NotApplied,
    /// Issued, with the right gross amount and another tax.
    WrongTax,
    /// Issued for another amount.
    WrongAmount,
    /// The finding is gone, by whatever document.
    Settled,
    /// The customer was told, and nothing is issued.
    ToldNotIssued,
    /// Approved, and nothing is issued.
    Approved,
    /// Proposed, and nothing happened for longer than the engagement allows.
    Forgotten,
    /// Proposed lately.
    Proposed,
    /// Not pursued.
    Withdrawn,
}

impl State {
    /// Every state, what needs somebody first.
    pub const ALL: [Self; 12] = [
        Self::ToldNotIssued,
        Self::WrongAmount,
        Self::WrongTax,
        Self::NotApplied,
        Self::Forgotten,
        Self::Approved,
        Self::Proposed,
        Self::Issued,
        Self::Billed,
        Self::Settled,
        Self::Recovered,
        Self::Withdrawn,
    ];

    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Issued => "issued",
            Self::Billed => "billed",
            Self::NotApplied => "not_applied",
            Self::WrongTax => "wrong_tax",
            Self::WrongAmount => "wrong_amount",
            Self::Settled => "settled",
            Self::ToldNotIssued => "told_not_issued",
            Self::Approved => "approved",
            Self::Forgotten => "forgotten",
            Self::Proposed => "proposed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Issued => "issued, use not known",
            Self::Billed => "billed",
            Self::NotApplied => "issued, not applied",
            Self::WrongTax => "issued with wrong tax",
            Self::WrongAmount => "issued for another amount",
            Self::Settled => "no longer found",
            Self::ToldNotIssued => "told, not issued",
            Self::Approved => "approved, not issued",
            Self::Forgotten => "proposed and forgotten",
            Self::Proposed => "proposed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// True if somebody has to do something.
    pub fn needs_somebody(self) -> bool {
        matches!(self, Self::ToldNotIssued | Self::WrongAmount | Self::WrongTax | Self::NotApplied | Self::Forgotten)
    }
}

/// A document or refund that gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its id.
    pub id: String,
    /// The number that people know it by.
    pub number: String,
    /// Its day, if stated.
    pub day: Option<Date>,
}

/// One proposal of the register and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The proposal's id.
    pub id: String,
    /// How far it came.
    pub state: State,
    /// The documents that correct it: one for each that it corrects, or one for all of them.
    pub documents: Vec<Issued>,
    /// Their gross together, positive; none where nothing is issued.
    pub gross: Option<Amount>,
    /// Their tax, positive; none if one of them does not state it.
    pub tax: Option<Amount>,
    /// What of them lies unused; none if one of them does not state it.
    pub unused: Option<Amount>,
    /// Days since it was proposed.
    pub age: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROPOSED: &str = "2026-11-05  p1  proposed  by=prep action=credit_memo customer=C-1 currency=USD net=50.00 tax=4.12 documents=I-1 findings=f1";

    fn faults(lines: &[&str]) -> Vec<String> {
        Register::read(&(lines.join("\n") + "\n"))
            .faults
            .into_iter()
            .map(|(line, fault)| format!("{line}: {fault}"))
            .collect()
    }

    #[test]
    fn ids_may_hold_what_parts_them() {
        let ids = ["I-1", "A,1", "50%2C", "%"];
        assert_eq!(split(&joined(ids)), ids);
        assert!(split("").is_empty());
    }

    #[test]
    fn a_line_is_read_as_it_is_written() {
        let event = Event {
            day: "2026-11-05".parse().unwrap(),
            proposal: "p1".to_owned(),
            step: Step::Withdrawn,
            fields: vec![
                ("by".to_owned(), "Ann \"the\" Clerk\\".to_owned()),
                ("why".to_owned(), "line\nfeed, = and \u{1b}".to_owned()),
                ("empty".to_owned(), String::new()),
            ],
        };
        let line = event.to_string();
        assert!(!line.contains('\n') && !line.contains('\u{1b}'));
        assert_eq!(line.parse::<Event>().unwrap(), event);
    }

    #[test]
    fn steps_follow_one_another_and_two_persons_are_needed() {
        let register = Register::read(&format!(
            "# corrections\n{PROPOSED}\n2026-11-06  p1  approved by=boss\n\n2026-11-07  p1  told by=\"A. Clerk\"\n"
        ));
        assert!(register.faults.is_empty(), "{:?}", register.faults);
        let entry = &register.entries["p1"];
        assert_eq!(entry.gross(), Amount::money(54_120_000));
        assert_eq!(entry.approved.as_ref().map(|(who, _)| who.as_str()), Some("boss"));
        assert_eq!(entry.told.as_ref().map(|(who, _)| who.as_str()), Some("A. Clerk"));
        assert!(faults(&[PROPOSED, "2026-11-06  p1  approved by=prep"])[0].contains("another person approves"));
        assert!(faults(&["2026-11-06  p1  approved by=boss"])[0].contains("not proposed"));
        assert!(faults(&[PROPOSED, "2026-11-06  p1  withdrawn by=boss"])[0].contains("says why"));
    }

    #[test]
    fn what_a_merge_or_a_crash_left_is_named_and_nothing_else_is_lost() {
        let same = faults(&[PROPOSED, PROPOSED, "2026-11-06  p1  told by=a", "2026-11-06  p1  told by=a"]);
        assert!(same.is_empty(), "{same:?}");
        let other = PROPOSED.replace("net=50.00", "net=60.00");
        assert!(faults(&[PROPOSED, &other])[0].starts_with("2: p1 is proposed already"));
        let two = faults(&[PROPOSED, "2026-11-06  p1  approved by=boss", "2026-11-06  p1  approved by=chief"]);
        assert!(two[0].contains("by boss on 2026-11-06 already"), "{two:?}");
        let markers = faults(&["<<<<<<< ours", PROPOSED, "=======", ">>>>>>> theirs"]);
        assert_eq!(markers.len(), 3);
        for cut in 1..PROPOSED.len() {
            let text = format!("{PROPOSED}\n{}", &PROPOSED.replace("p1", "p2")[..cut]);
            let register = Register::read(&text);
            assert!(register.entries.contains_key("p1") && !register.entries.contains_key("p2"));
            assert_eq!(register.faults.len(), 1, "{text}");
        }
        assert!(faults(&["2026-11-06  p1  told by=\"A. Cl"])[0].contains("cut or damaged"));
    }
}
