//! Which files a source means: paths and patterns, each sorted by name so that no folder order shows.

use std::path::{Path, PathBuf};

/// A file: as shown to people, and where it is.
pub(crate) type Listed = (String, PathBuf);

/// The files that a pattern matches, in order of name; an error is a malformed pattern.
pub(crate) fn list(base: &Path, pattern: &str) -> Result<Vec<Listed>, String> {
    let plain = base.join(pattern);
    if plain.is_file() {
        return Ok(vec![(shown(base, &plain), plain)]);
    }
    if !pattern.contains(['*', '?', '[']) {
        return Ok(Vec::new());
    }
    // The base itself must not be read as a pattern.
    let full = Path::new(&glob::Pattern::escape(&base.to_string_lossy())).join(pattern);
    let options =
        glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
    let matches = glob::glob_with(&full.to_string_lossy(), options).map_err(|error| error.to_string())?;
    let mut files: Vec<Listed> =
        matches.filter_map(Result::ok).filter(|path| path.is_file()).map(|path| (shown(base, &path), path)).collect();
    files.sort();
    Ok(files)
}

fn shown(base: &Path, path: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_list_files_in_order_of_name() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("odd[1]");
        std::fs::create_dir(&base).unwrap();
        for name in ["b.csv", "a.csv", "c.txt"] {
            std::fs::write(base.join(name), "x").unwrap();
        }
        let names = |pattern| list(&base, pattern).unwrap().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("*.csv"), ["a.csv", "b.csv"]);
        assert_eq!(names("c.txt"), ["c.txt"]);
        assert!(names("d.csv").is_empty());
        assert!(list(&base, "[").is_err());
    }
}
