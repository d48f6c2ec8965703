//! Ctrl-C in the middle of writing: drafts that lie beside their files are taken away, and the exit code is that of an interrupt.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Drafts that exist at this moment.
static DRAFTS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Exit code of a program that an interrupt ended, as shells know it.
const INTERRUPTED: i32 = 130;

/// Answers interrupts from now on; where the system has none, nothing changes.
pub fn answer() {
    let set = ctrlc::set_handler(|| {
        let drafts = DRAFTS.lock().map(|drafts| drafts.clone()).unwrap_or_default();
        for draft in drafts {
            // One that is gone already is what is wanted.
            drop(std::fs::remove_file(draft));
        }
        std::process::exit(INTERRUPTED);
    });
    // A second handler would be a fault of ours; without one, a draft may stay behind, named as such.
    drop(set);
}

/// A draft that lies beside its file for as long as this lives.
pub struct Draft(PathBuf);

impl Draft {
    /// Remembers a draft.
    pub fn new(path: &Path) -> Self {
        if let Ok(mut drafts) = DRAFTS.lock() {
            drafts.push(path.to_owned());
        }
        Self(path.to_owned())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Ok(mut drafts) = DRAFTS.lock() {
            drafts.retain(|draft| *draft != self.0);
        }
    }
}
