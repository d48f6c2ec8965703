//! `tieout rules new`: a rule to begin with, and marked records that show what it finds.

use std::fs;
use std::io;
use std::path::Path;

use tieout_model::{Code, Diagnostic};
use tieout_rules::SKELETONS;

use crate::commands::{print, refuse};
use crate::gate::Exit;
use crate::output;

/// Runs the command. Nothing that exists is overwritten.
pub fn run(kind: &str, path: &Path) -> Exit {
    let complaint = |code, message: String, help: String| refuse(&[Diagnostic::new(code, message).help(help)]);
    let Some((_, text, tables)) = SKELETONS.iter().find(|(known, ..)| *known == kind) else {
        let kinds: Vec<&str> = SKELETONS.iter().map(|(kind, ..)| *kind).collect();
        return complaint(
            Code::EngagementValue,
            format!("there is no kind `{kind}`"),
            format!("kinds are: {}", kinds.join(", ")),
        );
    };
    let id = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let is_kebab = |id: &str| {
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if !is_kebab(id) || path.extension().is_none_or(|extension| extension != "toml") {
        let help = "a rule's file is named like its id: small letters, digits and hyphens, then .toml".to_owned();
        return complaint(Code::EngagementValue, format!("`{}` is no name for a rule's file", path.display()), help);
    }
    let folder = path.with_extension("");
    if path.exists() || folder.exists() {
        let message = format!("{} or {} is already there", path.display(), folder.display());
        return complaint(Code::OutputFailed, message, "give the new rule another name".to_owned());
    }
    let rule = text.replace(&format!("my-{kind}"), id);
    if let Err(error) = write(path, &folder, &rule, tables) {
        let message = format!("{} cannot be written: {error}", path.display());
        return complaint(Code::OutputFailed, message, "make its folder, or choose another one".to_owned());
    }
    print(|out| {
        writeln!(out, "{}: a rule of the kind `{kind}`, to be changed", path.display())?;
        writeln!(out, "{}: its marked records, one file a population", folder.display())?;
        writeln!(out, "`tieout rules check {}` plans it and runs it over them", path.display())
    })
}

/// The records first: a rule without them is of no use, and a folder without a rule does no harm.
fn write(path: &Path, folder: &Path, rule: &str, tables: &[(&str, &str)]) -> io::Result<()> {
    let home = path.parent().filter(|home| !home.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let beside = tempfile::tempdir_in(home)?;
    let inner = beside.path().join("records");
    fs::create_dir(&inner)?;
    for (population, text) in tables {
        fs::write(inner.join(format!("{population}.csv")), text)?;
    }
    fs::rename(inner, folder)?;
    output::to_file(path, |out| out.write_all(rule.as_bytes()))
}
