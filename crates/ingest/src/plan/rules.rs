//! `[format]` and a column's own keys → the rules for its cells.

use std::collections::BTreeMap;

use tieout_model::{Code, ColumnType};

use super::Complaints;
use crate::convert::amount::NumberFormat;
use crate::convert::date::{DateFormat, DateRules, Zones};
use crate::convert::{CellRules, Kernel, Words};
use crate::plan::compile::Scope;
use crate::profile::CellSpec;

/// Formats of a date if none is stated: ISO 8601, as a day or as a timestamp.
const DATES: [&str; 4] = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"];

/// Compiles the rules of a column; a complaint leaves the defaults in place.
pub(super) fn cell_rules(
    scope: &Scope<'_>,
    name: &str,
    ty: ColumnType,
    spec: &CellSpec,
    complaints: &mut Complaints,
) -> CellRules {
    let format = scope.format;
    let mut nulls = spec.null.clone().or_else(|| format.null.clone()).unwrap_or_else(|| vec![String::new()]);
    if ty == ColumnType::Date {
        nulls.extend(format.open_ends.iter().flatten().cloned());
    }
    let empty = BTreeMap::new();
    let words = Words::new(
        spec.values.as_ref().unwrap_or(&empty),
        spec.starts_with.as_ref().unwrap_or(&empty),
        spec.default.as_ref(),
    );
    CellRules { nulls, words, kernel: kernel(scope, name, ty, spec, complaints) }
}

/// True if a format list names the column.
fn named(list: Option<&Vec<String>>, name: &str) -> bool {
    list.is_some_and(|list| list.iter().any(|entry| entry == name))
}

fn kernel(scope: &Scope<'_>, name: &str, ty: ColumnType, spec: &CellSpec, complaints: &mut Complaints) -> Kernel {
    let format = scope.format;
    match ty {
        ColumnType::Id | ColumnType::Text | ColumnType::Period | ColumnType::Enum => Kernel::Text {
            strip_decimal: spec.strip_decimal.unwrap_or(false),
            upper: ty == ColumnType::Text && (name == "currency" || name.ends_with("_currency")),
        },
        ColumnType::Bool => {
            let words = |list: Option<&Vec<String>>, usual: &[&str]| {
                list.cloned().unwrap_or_else(|| usual.iter().map(|word| (*word).to_owned()).collect())
            };
            Kernel::Bool {
                yes: words(format.yes.as_ref(), &["true", "t", "yes", "y", "1"]),
                no: words(format.no.as_ref(), &["false", "f", "no", "n", "0"]),
            }
        }
        ColumnType::Date => {
            let inclusive = spec.inclusive_end.unwrap_or_else(|| named(format.inclusive_ends.as_ref(), name));
            Kernel::Date(date_rules(scope, spec, inclusive, complaints))
        }
        ColumnType::Int | ColumnType::Money | ColumnType::Price | ColumnType::Quantity | ColumnType::Rate => {
            let percent = spec.percent.unwrap_or_else(|| named(format.percent.as_ref(), name));
            let numbers = number_format(scope, spec, percent, complaints);
            let scale = ty.scale().unwrap_or(0);
            if is_minor(scope, name, spec) {
                return Kernel::Minor { format: numbers, scale };
            }
            Kernel::Amount { format: numbers, scale, shift: if percent { 2 } else { 0 } }
        }
    }
}

/// True if the column is stated in minor units.
pub(super) fn is_minor(scope: &Scope<'_>, name: &str, spec: &CellSpec) -> bool {
    spec.minor_units.unwrap_or_else(|| named(scope.format.minor_units.as_ref(), name))
}

/// The numbers of a table.
pub(super) fn number_format(
    scope: &Scope<'_>,
    spec: &CellSpec,
    percent: bool,
    complaints: &mut Complaints,
) -> NumberFormat {
    let mark = spec.decimal_mark.as_ref().or(scope.format.decimal_mark.as_ref());
    let decimal = match mark.map(|mark| mark.as_bytes()) {
        None => b'.',
        Some([byte]) if byte.is_ascii_punctuation() => *byte,
        Some(_) => {
            let message =
                format!("decimal mark `{}` is not one punctuation character", mark.map_or("", String::as_str));
            complaints.push(scope.complain(Code::ProfileSyntax, message).help("write `decimal_mark = \",\"`"));
            b'.'
        }
    };
    let groups = match scope.format.group_mark.as_deref() {
        None | Some("") => Vec::new(),
        // A column with a decimal mark of its own does not group by the same mark.
        Some(group) if spec.decimal_mark.is_some() && group.as_bytes() == [decimal] => Vec::new(),
        // A space is often one of its unbreakable kin.
        Some(" ") => [" ", "\u{a0}", "\u{202f}", "\u{2009}"].iter().map(|mark| mark.as_bytes().to_vec()).collect(),
        Some("'") => ["'", "\u{2019}"].iter().map(|mark| mark.as_bytes().to_vec()).collect(),
        Some(mark) => {
            if mark.as_bytes() == [decimal] {
                let message = format!("`{mark}` is both decimal mark and group mark");
                complaints.push(scope.complain(Code::ProfileSyntax, message));
            }
            vec![mark.as_bytes().to_vec()]
        }
    };
    let signs = scope.format.currency_signs.iter().flatten().map(|sign| sign.as_bytes().to_vec()).collect();
    NumberFormat { decimal, groups, signs, percent_sign: percent }
}

fn date_rules(scope: &Scope<'_>, spec: &CellSpec, inclusive: bool, complaints: &mut Complaints) -> DateRules {
    let stated = spec.dates.as_ref().or(scope.format.dates.as_ref());
    let usual: Vec<String>;
    let texts = match stated {
        Some(texts) => texts,
        None => {
            usual = DATES.iter().map(|text| (*text).to_owned()).collect();
            &usual
        }
    };
    let mut formats = Vec::new();
    for text in texts {
        match DateFormat::compile(text) {
            Ok(format) => formats.push(format),
            Err(what) => {
                let message = format!("date format `{text}` is not understood: {what}");
                let help = "use %Y %y %m %b %d %H %I %p %M %S %z %s and literal characters";
                complaints.push(scope.complain(Code::ProfileSyntax, message).help(help));
            }
        }
    }
    DateRules { formats, zones: scope.zones.clone(), inclusive }
}

/// The zones of a source; an unknown name is a complaint.
pub(crate) fn zones(source: &str, local: &str) -> Result<Zones, String> {
    let zone = |name: &str| jiff::tz::TimeZone::get(name).map_err(|_| name.to_owned());
    Ok(Zones { source: zone(source)?, local: zone(local)? })
}
