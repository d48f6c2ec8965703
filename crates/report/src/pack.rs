//! The correction pack: what is to be booked, asked and written to customers, as files of a folder.
//!
//! One sheet for whoever keeps the books (`proposals.csv`), the whole of it for programs (`proposals.json`), what billing systems
//! import (`import/`), what has to be asked first (`questions.csv`), letters to customers (`letters/`), and how the report's money
//! becomes the proposals' (`summary.txt`).

mod json;
pub mod letters;
pub mod maps;
mod sheets;
mod summary;

use std::io;

use tieout_model::AuditReport;
use tieout_model::correction::Pack;

use self::letters::Stationery;
use self::maps::Map;

/// A file of the pack.
pub struct File {
    /// Its name in the folder.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Every file of the pack, in order of name. Fails if a template of letters does.
pub fn files(report: &AuditReport, pack: &Pack, maps: &[Map], stationery: &Stationery<'_>) -> io::Result<Vec<File>> {
    let mut files = vec![
        File { name: "proposals.csv".to_owned(), bytes: sheets::proposals(pack)? },
        File { name: "proposals.json".to_owned(), bytes: json::render(report, pack)? },
        File { name: "questions.csv".to_owned(), bytes: sheets::questions(pack)? },
        File { name: "summary.txt".to_owned(), bytes: summary::render(report, pack, maps)? },
    ];
    for map in maps {
        files.extend(map.write(pack, stationery.issued)?);
    }
    files.extend(letters::files(report, pack, stationery)?);
    files.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(files)
}
