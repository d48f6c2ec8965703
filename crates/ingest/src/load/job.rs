//! One source, prepared: its profile resolved and compiled, its files listed, its dates read.

use tieout_model::{Amount, Code, Date, Diagnostic, Period};

use super::{Control, LoadOptions, fatal};
use crate::plan::{FilePlan, compile};
use crate::profile::{SourceSpec, resolve};
use crate::source::list;

/// A source that can be read.
#[derive(Clone)]
pub(crate) struct Job {
    /// Number of the source.
    pub source: usize,
    pub plan: FilePlan,
    pub label: String,
    pub files: Vec<(String, std::path::PathBuf)>,
    pub extract: Option<Period>,
    pub control: Option<Control>,
}

/// Prepares a source; `None` after errors.
pub(super) fn prepare(
    index: usize,
    source: &SourceSpec,
    options: &LoadOptions<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Job> {
    let place = |span: std::ops::Range<usize>| {
        source.text.as_ref().map(|(file, text)| crate::diagnose::place_of(file, text, span))
    };
    let complain = |code: Code, span: std::ops::Range<usize>, message: String| {
        let mut diagnostic = Diagnostic::new(code, message);
        diagnostic.place = place(span);
        diagnostic
    };
    let mut own = Vec::new();
    let mut files = Vec::new();
    for pattern in &source.path.get_ref().0 {
        let span = source.path.span();
        match list(options.base, pattern) {
            Ok(found) if found.is_empty() => {
                let message = format!("`{pattern}` matches no file");
                let help = "paths are relative to the engagement file, or to --data DIR";
                own.push(complain(Code::FileMissing, span, message).help(help));
            }
            // The same path by two patterns is one file.
            Ok(found) => files.extend(found.into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>()),
            Err(error) => own.push(complain(Code::FileMissing, span, format!("pattern `{pattern}`: {error}"))),
        }
    }
    let mut zones = None;
    if let Some(zone) = &source.timezone {
        match crate::plan::zones(zone.source.get_ref(), zone.local.get_ref()) {
            Ok(both) => zones = Some(both),
            Err(name) => {
                let span = if zone.source.get_ref() == &name { zone.source.span() } else { zone.local.span() };
                let help = "write an IANA name: \"UTC\", \"America/Chicago\"";
                own.push(complain(Code::EngagementValue, span, format!("`{name}` is not a time zone")).help(help));
            }
        }
    }
    let mut extract = None;
    if let Some(window) = &source.extract {
        let mut day = |text: &toml::Spanned<String>| {
            let parsed = text.get_ref().parse::<Date>();
            parsed.map_err(|error| own.push(complain(Code::EngagementValue, text.span(), error.to_string()))).ok()
        };
        if let (Some(from), Some(to)) = (day(&window.from), day(&window.to)) {
            if from < to {
                extract = Some(Period { from, to });
            } else {
                let message = "the extract window ends before it begins; `to` is the day after the last".to_owned();
                own.push(complain(Code::EngagementValue, window.to.span(), message));
            }
        }
    }
    let control = source.control.as_ref().and_then(|control| {
        let total = match &control.total {
            None => None,
            Some(text) => match text.get_ref().parse::<Amount>() {
                Ok(total) => Some(total),
                Err(error) => {
                    let message = format!("control total `{}`: {error}", text.get_ref());
                    own.push(
                        complain(Code::EngagementValue, text.span(), message)
                            .help("write it as a string: total = \"1204913.17\""),
                    );
                    return None;
                }
            },
        };
        let span = control.total.as_ref().map_or_else(|| source.path.span(), toml::Spanned::span);
        Some(Control {
            source: index,
            records: control.records,
            total,
            currency: control.currency.clone(),
            place: place(span),
        })
    });
    let mut plan = None;
    let mut label = "this source".to_owned();
    match resolve(source, options.base, options.profile_dirs) {
        Ok(tables) => {
            if let Some(table) = tables.first() {
                label.clone_from(&table.origin.label);
            }
            let (compiled, complaints) = compile(&tables, zones.as_ref(), options.needed);
            own.extend(complaints);
            plan = compiled;
        }
        Err(complaints) => own.extend(complaints),
    }
    // A list of paths of which one is missing is still read: the rest is counted, the error stays an error.
    let usable =
        !own.iter().any(|diagnostic| fatal(std::slice::from_ref(diagnostic)) && diagnostic.code != Code::FileMissing);
    diagnostics.extend(own);
    let plan = plan.filter(|_| usable && !files.is_empty())?;
    Some(Job { source: index, plan, label, files, extract, control })
}
