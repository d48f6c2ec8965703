//! The register's file: read whole, added to at its end.

use std::fs;
use std::io::Write as _;
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

    /// Adds events that can be added; the complaints of the others come back with none of them written.
    pub fn add(&mut self, events: &[Event]) -> Result<(), Vec<Diagnostic>> {
        let mut next = self.register.clone();
        let wrong: Vec<Diagnostic> = events
            .iter()
            .filter_map(|event| next.take(event).err())
            .map(|fault| Diagnostic::new(Code::RegisterLine, fault).help("nothing was written; see `tieout register`"))
            .collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        // One write at the end of the file: whatever others add meanwhile stays. A line that was cut before gets its end first.
        let mut text = if self.text.is_empty() || self.text.ends_with('\n') { String::new() } else { "\n".to_owned() };
        events.iter().for_each(|event| text.push_str(&format!("{event}\n")));
        let file = fs::OpenOptions::new().create(true).append(true).open(&self.path);
        let written = file.and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|error| {
            let failed = failed(&self.path, &format!("cannot be written: {error}"));
            vec![failed.note("a line that was written whole counts").help("make room for it, then do the same again")]
        })?;
        self.text.push_str(&text);
        self.register = next;
        Ok(())
    }
}

fn failed(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::new(Code::OutputFailed, format!("the register `{}` {why}", path.display()))
}
