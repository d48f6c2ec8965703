//! The folder of a cache: what its files are called, and which of them go when there are too many.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::entry::DRAFT;

/// What an entry's name ends with.
const ENDING: &str = ".entry";
/// Entries that are not of the current files may be as large as the current ones are together.
const OLD: u64 = 1;
/// A file that nobody finished for so long is nobody's.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

const README: &str = "\
What tieout took from the exports that the engagement names, prepared so that the next run need not read them again.

It holds their data: treat it like them. Nothing is lost if it is deleted; the next run makes it again.
";

/// How the names of all entries begin that a file of this size may have under this mapping.
pub(super) fn beginning(mapping: &str, size: u64) -> String {
    format!("{}-{size:x}-", mapping.get(..16).unwrap_or(mapping))
}

/// The name of an entry.
pub(super) fn name(mapping: &str, size: u64, hash: &str) -> String {
    format!("{}{}{ENDING}", beginning(mapping, size), hash.get(..32).unwrap_or(hash))
}

/// The names of all entries.
pub(super) fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.ends_with(ENDING)).collect()
}

/// Makes the folder. One that was empty is marked as what it is, and kept out of version control.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_none() {
        fs::write(folder.join("README.txt"), README)?;
        fs::write(folder.join(".gitignore"), "*\n")?;
    }
    Ok(())
}

/// Notes that these entries were used, and removes those that were not for the longest time while all together are larger
/// than twice these. What cannot be done is left: other runs use the folder too, or it must not be written.
pub(super) fn tidy(folder: &Path, used: &BTreeSet<String>) {
    // The disk's clock and not ours, since it dates the entries too.
    let now = tempfile::tempfile_in(folder).and_then(|file| file.metadata()?.modified());
    let Ok(now) = now else { return };
    let mut room = 0;
    for name in used {
        let Ok(file) = File::options().append(true).open(folder.join(name)) else { continue };
        room += file.metadata().map_or(0, |meta| meta.len()) * OLD;
        let _ = file.set_modified(now);
    }
    let mut others: Vec<(SystemTime, String, u64)> = Vec::new();
    for name in names(folder).difference(used) {
        let Ok(meta) = fs::metadata(folder.join(name)) else { continue };
        others.push((meta.modified().unwrap_or(now), name.clone(), meta.len()));
    }
    others.sort_by(|left, right| right.cmp(left));
    for (_, name, size) in others {
        match room.checked_sub(size) {
            Some(rest) => room = rest,
            None => {
                room = 0;
                let _ = fs::remove_file(folder.join(name));
            }
        }
    }
    abandoned(folder, now);
}

/// Removes what runs left that were ended half way.
fn abandoned(folder: &Path, now: SystemTime) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let draft = entry.file_name().to_string_lossy().starts_with(DRAFT);
        let modified = entry.metadata().and_then(|meta| meta.modified());
        let old = modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| age > ABANDONED));
        if draft && old {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path()).unwrap();
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30);
        let put = |name: &str, size: usize, age: u64| {
            fs::write(folder.path().join(name), vec![0; size]).unwrap();
            let file = File::options().append(true).open(folder.path().join(name)).unwrap();
            file.set_modified(start - Duration::from_secs(age)).unwrap();
        };
        put("now.entry", 100, 500);
        put("yesterday.entry", 40, 1);
        put("last-week.entry", 50, 7);
        put("long-ago.entry", 20, 90);
        put(".draft-1", 5, 9);
        put("notes.txt", 1000, 900);
        tidy(folder.path(), &BTreeSet::from(["now.entry".to_owned()]));
        let left: BTreeSet<String> = names(folder.path());
        assert_eq!(
            left.iter().map(String::as_str).collect::<Vec<_>>(),
            ["last-week.entry", "now.entry", "yesterday.entry"]
        );
        // Used ones are new, drafts of long ago are gone, and what is not ours stays.
        assert!(fs::metadata(folder.path().join("now.entry")).unwrap().modified().unwrap() > start);
        assert!(!folder.path().join(".draft-1").exists() && folder.path().join("notes.txt").exists());
        assert_eq!(fs::read_to_string(folder.path().join(".gitignore")).unwrap(), "*\n");
    }

    #[test]
    fn a_folder_that_was_somebodys_is_not_marked() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.txt"), "x").unwrap();
        make(folder.path()).unwrap();
        assert!(!folder.path().join(".gitignore").exists());
    }
}
