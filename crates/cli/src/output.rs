//! Where reports go: a file is written beside its place and renamed, so that it is whole or not there.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tieout_model::{AuditReport, Code, Diagnostic};
use tieout_report::{Format, render};

use crate::interrupt::Draft;

/// One `--report FORMAT[=FILE]`.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it is written.
    pub format: Format,
    /// Where to; the screen if none.
    pub file: Option<PathBuf>,
}

/// Reads `text`, `json=report.json` …
pub fn parse(text: &str) -> Result<Output, String> {
    let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(file)));
    let names = || format!("the formats are {}", Format::names().join(", "));
    let format = Format::parse(name).ok_or_else(names)?;
    if file == Some("") {
        return Err(format!("name a file after `{name}=`"));
    }
    if format.is_binary && file.is_none() {
        return Err(format!("the {name} report is nothing for a screen: name a file, `{name}=audit.{name}`"));
    }
    Ok(Output { format, file: file.map(PathBuf::from) })
}

/// What can be known before the work: folders that are missing, two reports for one place.
pub fn check(outputs: &[Output]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (index, output) in outputs.iter().enumerate() {
        if outputs[..index].iter().any(|other| other.file == output.file) {
            let place = output.file.as_ref().map_or("the screen".to_owned(), |file| format!("`{}`", file.display()));
            diagnostics.push(
                Diagnostic::new(Code::OutputFailed, format!("two reports would be written to {place}"))
                    .help("give each `--report` its own file: `--report csv=findings.csv`"),
            );
        }
        let Some(file) = &output.file else { continue };
        if !folder_of(file).is_dir() {
            diagnostics.push(
                failed(output, "its folder does not exist").help("make the folder first; nothing was read or written"),
            );
        } else if file.is_dir() {
            diagnostics.push(failed(output, "that is a folder").help("name a file in it"));
        }
    }
    diagnostics
}

/// Writes every report; one that fails does not keep the others from being written.
pub fn write_all(report: &AuditReport, outputs: &[Output]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for output in outputs {
        let written = match &output.file {
            None => to_screen(|out| render(report, output.format, out)),
            Some(file) => to_file(file, |out| render(report, output.format, out)),
        };
        if let Err(error) = written {
            diagnostics.push(failed(output, &error.to_string()).note("nothing was left half-written"));
        }
    }
    diagnostics
}

/// Writes to standard output; a reader that goes away (`| head`) is no failure.
pub fn to_screen(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes a file whole or not at all: beside it, then renamed.
pub fn to_file(file: &Path, write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<()> {
    if file.exists() && !file.is_file() {
        // A pipe or a device cannot be replaced by a renamed file.
        let mut out = BufWriter::new(fs::OpenOptions::new().write(true).open(file)?);
        write(&mut out)?;
        return out.flush();
    }
    let mut draft = BufWriter::new(draft_in(folder_of(file))?);
    let beside = Draft::new(draft.get_ref().path());
    write(&mut draft)?;
    let draft = draft.into_inner().map_err(io::IntoInnerError::into_error)?;
    draft.as_file().sync_all()?;
    draft.persist(file)?;
    drop(beside);
    Ok(())
}

/// A draft in a folder, to be renamed into its place; gone if it never is.
pub fn draft_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    readable(&mut builder);
    builder.prefix(".tieout-").tempfile_in(folder)
}

/// Temporary files are private; a report has the permissions of any other file.
#[cfg(unix)]
fn readable(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn readable(_builder: &mut tempfile::Builder<'_, '_>) {}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn failed(output: &Output, why: &str) -> Diagnostic {
    let place = output.file.as_ref().map_or("the screen".to_owned(), |file| format!("`{}`", file.display()));
    Diagnostic::new(
        Code::OutputFailed,
        format!("the {} report cannot be written to {place}: {why}", output.format.name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_its_format_and_perhaps_a_file() {
        assert!(parse("text").is_ok_and(|output| output.file.is_none()));
        assert!(parse("json=a=b.json").is_ok_and(|output| output.file == Some(PathBuf::from("a=b.json"))));
        assert!(parse("xml").is_err() && parse("csv=").is_err() && parse("xlsx").is_err());
    }
}
