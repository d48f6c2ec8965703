//! The register's file: read whole, added to at its end.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use tieout_model::register::{Event, Register};
use tieout_model::{Code, Diagnostic, Place};

use crate::engagement::Engagement;

/// The file's name beside an engagement that names none.
const FILE_NAME: &str = "corrections.txt";

/// A register and where it stands.
pub struct Book {
    /// What it says.
    pub register: Register,
    path: PathBuf,
    text: String,
}

impl Book {
    /// The register of an engagement; an empty one where there is no file yet.
    pub fn open(engagement: &Engagement) -> Result<Self, Vec<Diagnostic>> {
        let path = engagement.folder.join(engagement.register.as_deref().unwrap_or(FILE_NAME));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(vec![failed(&path, &format!("cannot be read: {error}"))]),
        };
        Ok(Self { register: Register::read(&text), path, text })
    }

    /// Complaints about its lines, each with its place.
    pub fn complaints(&self) -> Vec<Diagnostic> {
        let complaint = |(line, fault): &(u64, String)| {
            let row = usize::try_from(line - 1).ok().and_then(|row| self.text.lines().nth(row));
            let width = u32::try_from(row.map_or(1, |row| row.chars().count())).unwrap_or(u32::MAX);
            Diagnostic::new(Code::RegisterLine, fault.clone())
                .at(Place {
                    file: self.path.strip_prefix(".").unwrap_or(&self.path).display().to_string(),
                    line: Some(*line),
                    column: Some(1),
                    width: width.max(1),
                    excerpt: row.map(str::to_owned),
                })
                .help("mend the line, or put `#` before it; every other line counts")
        };
        self.register.faults.iter().map(complaint).collect()
    }

    /// Adds events that can be added; the complaints of the others come back with none of them written. What others wrote since the
    /// register was opened counts: it is read again behind a lock.
    pub fn add(&mut self, events: &[Event]) -> Result<(), Vec<Diagnostic>> {
        taken(&self.register, events)?;
        let file = fs::OpenOptions::new().create(true).read(true).append(true).open(&self.path);
        let written = file.and_then(|mut file| {
            // A file system without locks has one write at the end of the file: whatever others add meanwhile stays.
            let _ = file.lock();
            self.text.clear();
            file.read_to_string(&mut self.text)?;
            self.register = Register::read(&self.text);
            let (next, fresh) = match taken(&self.register, events) {
                Ok(taken) => taken,
                Err(wrong) => return Ok(Err(wrong)),
            };
            // A line that was cut before gets its end first.
            let cut = !self.text.is_empty() && !self.text.ends_with('\n');
            let mut text = String::from(if cut && !fresh.is_empty() { "\n" } else { "" });
            fresh.iter().for_each(|event| text.push_str(&format!("{event}\n")));
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            self.text.push_str(&text);
            self.register = next;
            Ok(Ok(()))
        });
        written.unwrap_or_else(|error| {
            let failed = failed(&self.path, &format!("cannot be written: {error}"));
            Err(vec![
                failed.note("a line that was written whole counts").help("make room for it, then do the same again"),
            ])
        })
    }
}

/// A register with events taken, and those of them that say something new.
fn taken<'e>(register: &Register, events: &'e [Event]) -> Result<(Register, Vec<&'e Event>), Vec<Diagnostic>> {
    let mut next = register.clone();
    let (mut fresh, mut wrong) = (Vec::new(), Vec::new());
    for event in events {
        let before = next.entries.get(&event.proposal).cloned();
        match next.take(event) {
            Ok(()) if before.as_ref() == next.entries.get(&event.proposal) => {}
            Ok(()) => fresh.push(event),
            Err(fault) => {
                wrong.push(
                    Diagnostic::new(Code::RegisterLine, fault).help("nothing was written; see `tieout register`"),
                );
            }
        }
    }
    if wrong.is_empty() { Ok((next, fresh)) } else { Err(wrong) }
}

fn failed(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::new(Code::OutputFailed, format!("the register `{}` {why}", path.display()))
}
