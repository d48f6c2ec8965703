//! The prepared store as a cache: what a file gave its populations is kept, and used while nothing that decides it changes.
//!
//! An entry is one file (by the hash of its bytes, as the report states it: no time stamp is trusted) under one mapping (by
//! a digest of everything compiled that decides a cell). It holds the columns that runs have needed so far, each with its
//! own list of texts, since the codes of a store differ from run to run; and counts, complaints, sums, document numbers and
//! places, so that what comes out of it is to the byte what a pass over the file would give. A column that it lacks makes
//! the file be read again, and the entry then holds that one too.
//!
//! The cache can be lost or damaged at any time: then the file is read. It can never keep an audit from being made, nor
//! change what it says.

mod block;
mod contents;
mod entry;
mod folder;
mod keep;
mod mapping;
mod recall;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::load::{Job, Loading, Pass, flip};
use entry::{Draft, Entry, EntryError};
use mapping::CONVERTER;
use recall::Target;

/// What files gave in earlier runs, in a folder.
pub struct Cache {
    folder: PathBuf,
    state: Mutex<State>,
}

/// What a run made of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// Files that were not read because an entry held what they give.
    pub found: u64,
    /// Entries that were written.
    pub kept: u64,
    /// Entries that were damaged, and made again if the folder could be written.
    pub damaged: u64,
}

#[derive(Default)]
struct State {
    /// Names of the entries there were at the beginning, and those written since.
    names: Option<BTreeSet<String>>,
    /// Entries of the files of this run.
    used: BTreeSet<String>,
    /// Entries that are not what was written.
    damaged: BTreeSet<String>,
    made: CacheUse,
    /// Why nothing can be kept.
    failed: Option<String>,
    /// Hashes of files that are about to be read.
    hashes: BTreeMap<PathBuf, (String, u64)>,
}

impl Cache {
    /// In a folder, which is made when the first entry is written.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, state: Mutex::default() }
    }

    /// What it was good for so far.
    pub fn made(&self) -> CacheUse {
        self.state().made
    }

    /// What there is to say to people: damage, or a folder that cannot be written. Nothing of it belongs to the audit.
    pub fn remarks(&self) -> Vec<String> {
        let (state, folder) = (self.state(), self.folder.display());
        let mut remarks = Vec::new();
        match state.made.damaged {
            0 => {}
            1 => remarks.push(format!("an entry of the cache `{folder}` was damaged; its file was read")),
            some => remarks.push(format!("{some} entries of the cache `{folder}` were damaged; their files were read")),
        }
        if let Some(why) = &state.failed {
            remarks.push(format!("the cache `{folder}` cannot be written ({why}): the next run reads the files again"));
        }
        remarks
    }

    /// Ends a run: notes which entries were used, and removes old ones.
    pub(crate) fn finish(&self) {
        let used = self.state().used.clone();
        if !used.is_empty() {
            folder::tidy(&self.folder, &used);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if there is an entry for a file of this size under this mapping: else its hash need not be known.
    fn may_hold(&self, mapping: &str, path: &Path) -> bool {
        let Ok(size) = std::fs::metadata(path).map(|meta| meta.len()) else { return false };
        let beginning = folder::beginning(mapping, size);
        let mut state = self.state();
        let names = state.names.get_or_insert_with(|| folder::names(&self.folder));
        names.range(beginning.clone()..).next().is_some_and(|name| name.starts_with(&beginning))
    }

    /// The entry of a file, if there is one that is whole.
    fn entry(&self, mapping: &str, (hash, bytes): &(String, u64)) -> Option<Entry> {
        let name = folder::name(mapping, *bytes, hash);
        match Entry::open(&self.folder.join(&name), CONVERTER) {
            Ok(entry) => {
                let own = &entry.contents;
                // A file by another's name is no entry of this one.
                let same = (own.mapping.as_str(), &own.hash, own.bytes) == (mapping, hash, *bytes);
                if !same {
                    self.damaged(name);
                }
                same.then_some(entry)
            }
            Err(EntryError::Io(_)) => None,
            Err(EntryError::Damaged) => {
                self.damaged(name);
                None
            }
        }
    }

    /// Notes that an entry is not what was written.
    fn damaged(&self, name: String) {
        let mut state = self.state();
        if state.damaged.insert(name) {
            state.made.damaged += 1;
        }
    }
}

/// What a pass over a file would give, if an entry holds it.
pub(crate) fn recall(
    job: &Job,
    (shown, path): (&str, &Path),
    index: u32,
    loading: &mut Loading,
    pool: Option<&rayon::ThreadPool>,
    progress: &dyn Fn(u64),
) -> Option<Pass> {
    let cache = loading.cache.clone()?;
    let mapping = mapping::digest(&job.plan);
    if !cache.may_hold(&mapping, path) {
        return None;
    }
    let known = cache.state().hashes.remove(path);
    let hash = known.or_else(|| hash(path, progress))?;
    let mut entry = cache.entry(&mapping, &hash)?;
    match recall::pass(&mut entry, &Target { job, shown, index, pool }, loading) {
        Ok(Some(pass)) => {
            let mut state = cache.state();
            state.made.found += 1;
            state.used.insert(folder::name(&mapping, hash.1, &hash.0));
            Some(pass)
        }
        Ok(None) | Err(EntryError::Io(_)) => None,
        Err(EntryError::Damaged) => {
            cache.damaged(folder::name(&mapping, hash.1, &hash.0));
            None
        }
    }
}

/// Credit notes by table, positive and negative, if an entry knows them.
pub(crate) fn signs(job: &Job, path: &Path, loading: &Loading) -> Option<Vec<(u64, u64)>> {
    let cache = loading.cache.as_ref()?;
    let mapping = mapping::digest(&job.plan);
    if !cache.may_hold(&mapping, path) {
        return None;
    }
    let hash = hash(path, &|_| {})?;
    let entry = cache.entry(&mapping, &hash)?;
    cache.state().hashes.insert(path.to_owned(), hash);
    let tables = &entry.contents.tables;
    (tables.len() == job.plan.tables.len())
        .then(|| tables.iter().map(|table| (table.positive, table.negative)).collect())
}

/// Keeps what a pass gave.
pub(crate) fn keep(job: &Job, pass: &Pass, loading: &Loading) {
    let Some(cache) = &loading.cache else { return };
    if cache.state().failed.is_some() || !pass.parts.iter().all(keep::is_whole) {
        return;
    }
    let mapping = mapping::digest(&job.plan);
    let name = folder::name(&mapping, pass.bytes, &pass.hash);
    let path = cache.folder.join(&name);
    let flips: Vec<_> = job.plan.tables.iter().map(|plan| flip(plan, loading)).collect();
    let written = || -> Result<(), keep::KeepError> {
        folder::make(&cache.folder)?;
        let mut draft = Draft::new(&cache.folder, CONVERTER)?;
        let mut old = Entry::open(&path, CONVERTER).ok();
        let contents = keep::write(&mut draft, &mapping, pass, &flips, &loading.texts, old.as_mut())?;
        // Some systems do not let a file be replaced that is open.
        drop(old);
        Ok(draft.finish(contents, &path)?)
    };
    let written = written();
    let mut state = cache.state();
    match written {
        Ok(()) => {
            state.made.kept += 1;
            state.used.insert(name.clone());
            state.names.get_or_insert_default().insert(name);
        }
        Err(error) => state.failed = Some(error.to_string()),
    }
}

/// BLAKE3 and size of a file; `None` if it cannot be read, which whoever reads it will say.
fn hash(path: &Path, progress: &dyn Fn(u64)) -> Option<(String, u64)> {
    const STEP: usize = 1 << 20;
    let mut file = File::open(path).ok()?;
    let (mut hasher, mut bytes, mut buffer) = (blake3::Hasher::new(), 0, vec![0; STEP]);
    loop {
        let read = file.read(&mut buffer).ok()?;
        if read == 0 {
            return Some((hasher.finalize().to_hex().to_string(), bytes));
        }
        hasher.update(&buffer[..read]);
        bytes += read as u64;
        progress(bytes);
    }
}
