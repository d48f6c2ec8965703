//! The correction pack: what is to be booked, asked and written to customers, as files of a folder.
//!
//! One sheet for whoever keeps the books (`proposals.csv`), the whole of it for programs (`proposals.json`), what has to be asked
//! first (`questions.csv`), and how the report's money becomes the proposals' (`summary.txt`).

mod json;
mod sheets;
mod summary;

use std::io;

use tieout_model::AuditReport;
use tieout_model::correction::Pack;

/// A file of the pack.
pub struct File {
    /// Its name in the folder.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Every file of the pack, in order of name.
pub fn files(report: &AuditReport, pack: &Pack) -> io::Result<Vec<File>> {
    let mut files = vec![
        File { name: "proposals.csv".to_owned(), bytes: sheets::proposals(pack)? },
        File { name: "proposals.json".to_owned(), bytes: json::render(report, pack)? },
        File { name: "questions.csv".to_owned(), bytes: sheets::questions(pack)? },
        File { name: "summary.txt".to_owned(), bytes: summary::render(report, pack)? },
    ];
    files.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(files)
}
