//! The words of complaints about files, records and cells; the help names the TOML to write.

use std::fmt::Write as _;

use tieout_model::{Code, Diagnostic, Place};

use crate::diagnose::{Tally, report};
use crate::locate::FileLayout;
use crate::plan::{FilePlan, TablePlan};
use crate::read::split::ReadError;
use crate::source::Malformed;

/// A file that cannot be read to its end.
pub(super) fn read_error(error: &ReadError, shown: &str, plan: &FilePlan) -> Diagnostic {
    let place = |line: Option<u64>| Place { file: shown.to_owned(), line, ..Place::default() };
    let encoding = |line: u64| {
        let name = plan.encoding.name();
        Diagnostic::new(Code::EncodingInvalid, format!("`{shown}` is not valid {name}"))
            .at(place(Some(line)))
            .note("nothing of the file is used")
            .help("set the file's encoding under [format], for example `encoding = \"windows-1252\"`")
    };
    match error {
        ReadError::Encoding(line) => encoding(*line),
        ReadError::Io(error) => {
            if let Some(malformed) = error.get_ref().and_then(|inner| inner.downcast_ref::<Malformed>()) {
                return encoding(malformed.0);
            }
            let (code, message) = match error.kind() {
                std::io::ErrorKind::UnexpectedEof => {
                    (Code::GzipTruncated, format!("`{shown}` ends before its compressed stream does"))
                }
                std::io::ErrorKind::NotFound => (Code::FileMissing, format!("`{shown}` does not exist")),
                _ => (Code::FileUnreadable, format!("`{shown}` cannot be read: {error}")),
            };
            Diagnostic::new(code, message)
                .at(place(None))
                .note("nothing of the file is used")
                .help("fetch the file again and compare its size with the sender's")
        }
    }
}

/// Records that could not be split.
pub(super) fn excluded(code: Code, tally: &Tally, shown: &str, of: u64, layout: &FileLayout) -> Diagnostic {
    let found = &tally.first.cell;
    let width = layout.headers.len();
    let (message, label, help) = match code {
        Code::RecordRagged => (
            format!("a record has {found} fields, the header has {width}"),
            format!("{found} fields"),
            "look for an unquoted delimiter or line break; `delimiter` and `quote` stand under [format]",
        ),
        Code::RecordTooLong => (
            "a field is longer than 1 MiB".to_owned(),
            "an unclosed quote?".to_owned(),
            "close the quote, or set `quote = \"\"` under [format] if quotes are ordinary characters",
        ),
        Code::RecordNul => ("a record contains a NUL byte".to_owned(), String::new(), "export the file again"),
        Code::HeaderRepeated => (
            "the header stands again among the records".to_owned(),
            String::new(),
            "nothing to do if files were joined; otherwise export once",
        ),
        _ => ("blank records".to_owned(), String::new(), ""),
    };
    let mut diagnostic = report(code, tally, shown, of, message, &label);
    diagnostic = diagnostic.note(match code {
        Code::RecordBlank | Code::HeaderRepeated => "excluded and counted",
        _ => "the record is excluded and counted; what it states is in no population",
    });
    if help.is_empty() { diagnostic } else { diagnostic.help(help) }
}

/// Cells that could not be read, or are empty and must not be.
pub(super) fn cell(
    code: Code,
    column: &str,
    tally: &Tally,
    shown: &str,
    of: u64,
    source: &str,
    plan: &TablePlan,
) -> Diagnostic {
    let cell = shorten(&tally.first.cell);
    let mapped = plan.columns.iter().find(|mapped| mapped.canonical == column);
    let ty = mapped.map_or("value", |mapped| mapped.ty.name());
    let name = column.rsplit('.').next().unwrap_or(column);
    let (message, label, help) = match code {
        Code::AmountFormat => amount_format(&cell, source, ty),
        Code::AmountPrecision => {
            let scale = mapped.and_then(|mapped| mapped.ty.scale()).unwrap_or(0);
            (
                format!("`{cell}` has more decimals than a {ty} holds"),
                format!("at most {scale} decimals"),
                format!("ask for the export with at most {scale} decimals; amounts are never rounded while reading"),
            )
        }
        Code::AmountRange => (
            format!("`{cell}` is beyond the largest {ty}"),
            "too large".to_owned(),
            "check the column: identifiers and time stamps are not amounts".to_owned(),
        ),
        Code::DateFormat => (
            format!("`{cell}` is not a date in {source}"),
            "fits none of the date formats".to_owned(),
            format!("add its format: `dates = [\"{}\"]` under [format], or on the column", guess_date(&cell)),
        ),
        Code::BoolFormat => (
            format!("`{cell}` is neither yes nor no in {source}"),
            String::new(),
            format!("add the word under [format]: `true = [\"{cell}\"]` or `false = [\"{cell}\"]`"),
        ),
        Code::EnumUnknown => (
            format!("`{cell}` is not translated by the `values` of `{column}`"),
            String::new(),
            format!("add `\"{cell}\" = \"...\"` to `values` of `{name}`, or a `default`"),
        ),
        _ => (
            format!("`{column}` is empty and is required"),
            "empty".to_owned(),
            format!(
                "complete the export; if the empty cell has a meaning, map it: `{name} = {{ header = \"...\", default = \"...\" }}`"
            ),
        ),
    };
    let note = if code == Code::CellEmptyRequired {
        format!("the records are kept; rules that need `{column}` do not test them")
    } else {
        format!("the records are kept, the cells are unreadable; rules that use `{column}` do not test them")
    };
    report(code, tally, shown, of, message, &label).note(note).help(help)
}

fn amount_format(cell: &str, source: &str, ty: &str) -> (String, String, String) {
    let kind = if ty == "money" { "an amount" } else { "a number" };
    let message = format!("`{cell}` is not {kind} in {source}");
    let (comma, point) = (cell.rfind(','), cell.rfind('.'));
    let unsigned: String = cell.chars().filter(|c| !c.is_ascii_digit() && !",.-+() %'".contains(*c)).collect();
    if !unsigned.is_empty() && cell.chars().any(|c| c.is_ascii_digit()) && unsigned.chars().count() <= 4 {
        let help = format!("set `currency_signs = [\"{unsigned}\"]` under [format] if `{unsigned}` is one");
        return (message, format!("`{unsigned}` is not expected"), help);
    }
    match (comma, point) {
        (Some(comma), Some(point)) if comma > point => (
            message,
            "decimal mark is not `,` here".to_owned(),
            "set `decimal_mark = \",\"` and `group_mark = \".\"` under [format]".to_owned(),
        ),
        (Some(_), Some(_)) => {
            (message, "no group mark is stated".to_owned(), "set `group_mark = \",\"` under [format]".to_owned())
        }
        (Some(_), None) => (
            message,
            "decimal mark or group mark?".to_owned(),
            "set `decimal_mark = \",\"` under [format], or `group_mark = \",\"` if it groups thousands".to_owned(),
        ),
        _ if cell.ends_with('%') => {
            (message, "a percentage".to_owned(), "add the column to `percent = [...]` under [format]".to_owned())
        }
        _ => (
            message,
            "not a number".to_owned(),
            format!("if it means empty, add it: `null = [\"\", \"{cell}\"]` under [format]"),
        ),
    }
}

/// A likely format of a date, to be confirmed by a person: never used for reading.
fn guess_date(cell: &str) -> String {
    let mut format = String::new();
    let mut part = 0;
    let runs: Vec<String> =
        cell.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).map(str::to_owned).collect();
    let year_first = runs.first().is_some_and(|run| run.len() >= 4);
    let order: &[&str] = match runs.first().map(String::len) {
        Some(8) if runs.len() == 1 => return "%Y%m%d".to_owned(),
        _ if year_first => &["%Y", "%m", "%d", "%H", "%M", "%S"],
        _ if runs.first().and_then(|run| run.parse::<u8>().ok()).is_some_and(|first| first > 12)
            || cell.contains('.') =>
        {
            &["%d", "%m", "%Y", "%H", "%M", "%S"]
        }
        _ => &["%m", "%d", "%Y", "%H", "%M", "%S"],
    };
    let mut inside = false;
    for c in cell.chars() {
        if c.is_ascii_digit() {
            if !inside {
                let _ = write!(format, "{}", order.get(part).unwrap_or(&"%f"));
                part += 1;
            }
            inside = true;
        } else {
            inside = false;
            format.push(c);
        }
    }
    format
}

fn shorten(cell: &str) -> String {
    const SHOWN: usize = 60;
    if cell.chars().count() <= SHOWN {
        cell.to_owned()
    } else {
        cell.chars().take(SHOWN).chain(std::iter::once('…')).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_names_the_likely_format() {
        let cases = [
            ("03.07.2025", "%d.%m.%Y"),
            ("7/3/2025", "%m/%d/%Y"),
            ("31/12/2025", "%d/%m/%Y"),
            ("20250703", "%Y%m%d"),
            ("2025/07/03 10:11", "%Y/%m/%d %H:%M"),
        ];
        for (cell, format) in cases {
            assert_eq!(guess_date(cell), format);
        }
    }
}
