//! A source and its profile become tables: one population each, with the overrides of the source applied.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tieout_model::{Code, Diagnostic, Place};
use toml::Spanned;

use super::bundled::bundled_profiles;
use super::column::ColumnSpec;
use super::format::FormatSpec;
use super::spec::{DeriveSpec, ProfileSpec, SeriesSpec, SourceSpec, TableSpec, WhereSpec};
use crate::diagnose::{nearest, place_of};

/// The TOML that a mapping was written in: where to point, and what to call it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// `profile `stripe`` or `this source`.
    pub label: String,
    file: String,
    text: Option<Arc<str>>,
}

/// A population as one source fills it.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub population: String,
    pub span: Range<usize>,
    pub origin: Arc<Origin>,
    pub format: FormatSpec,
    pub conditions: Vec<(WhereSpec, Arc<Origin>)>,
    /// By canonical name: the mapping, its place, its file.
    pub columns: BTreeMap<String, (ColumnSpec, Range<usize>, Arc<Origin>)>,
    pub derive: Vec<(DeriveSpec, Arc<Origin>)>,
    pub series: Vec<(SeriesSpec, Arc<Origin>)>,
}

impl Origin {
    /// The place of a span, if the text is known.
    pub fn place(&self, span: Range<usize>) -> Option<Place> {
        self.text.as_ref().map(|text| place_of(&self.file, text, span))
    }

    /// A diagnostic at a span.
    pub fn complain(&self, code: Code, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(code, message);
        diagnostic.place = self.place(span);
        diagnostic
    }
}

/// The tables of a source. Errors in the profile come back as diagnostics and leave the source unusable.
pub(crate) fn resolve(source: &SourceSpec, base: &Path, dirs: &[PathBuf]) -> Result<Vec<Table>, Vec<Diagnostic>> {
    let own = Arc::new(Origin {
        label: "this source".to_owned(),
        file: source.text.as_ref().map(|(file, _)| file.clone()).unwrap_or_default(),
        text: source.text.as_ref().map(|(_, text)| Arc::clone(text)),
    });
    let mut tables = match &source.profile {
        Some(id) => {
            let (profile, origin) = find(id, &own, base, dirs).map_err(|diagnostic| vec![*diagnostic])?;
            let format = profile.format;
            profile.tables.into_iter().map(|table| from_profile(table, &format, &source.format, &origin)).collect()
        }
        None => Vec::new(),
    };
    match &source.population {
        Some(population) => narrow(&mut tables, source, population, &own)?,
        None if tables.is_empty() => {
            let span = source.path.span();
            let missing = own
                .complain(
                    Code::PopulationUnknown,
                    span,
                    "the source names neither a population nor a profile with tables",
                )
                .help("add `population = \"invoice\"`, or a `profile`");
            return Err(vec![missing]);
        }
        None if !source.columns.is_empty() && tables.len() > 1 => {
            let span = source.columns.keys().next().map_or(0..0, Spanned::span);
            let which = own
                .complain(Code::PopulationUnknown, span, "columns are given, but the profile fills several populations")
                .help("add `population = \"...\"` to say which of them the columns belong to");
            return Err(vec![which]);
        }
        None => {}
    }
    let single = tables.len() == 1;
    for table in &mut tables {
        if single {
            overlay(table, source, &own);
        }
        table.conditions.extend(source.conditions.iter().map(|condition| (condition.clone(), Arc::clone(&own))));
    }
    Ok(tables)
}

fn from_profile(table: TableSpec, profile: &FormatSpec, source: &FormatSpec, origin: &Arc<Origin>) -> Table {
    let format = source.clone().over(&table.format.over(profile));
    Table {
        span: table.population.span(),
        population: table.population.into_inner(),
        origin: Arc::clone(origin),
        format,
        conditions: table.conditions.into_iter().map(|condition| (condition, Arc::clone(origin))).collect(),
        columns: table
            .columns
            .into_iter()
            .map(|(name, spec)| (name.get_ref().clone(), (spec.into_inner(), name.span(), Arc::clone(origin))))
            .collect(),
        derive: table.derive.into_iter().map(|derive| (derive, Arc::clone(origin))).collect(),
        series: table.series.into_iter().map(|series| (series, Arc::clone(origin))).collect(),
    }
}

/// Keeps the one table that the source asks for, or makes one from its inline mapping.
fn narrow(
    tables: &mut Vec<Table>,
    source: &SourceSpec,
    population: &Spanned<String>,
    own: &Arc<Origin>,
) -> Result<(), Vec<Diagnostic>> {
    if source.profile.is_none() {
        tables.push(Table {
            population: population.get_ref().clone(),
            span: population.span(),
            origin: Arc::clone(own),
            format: source.format.clone(),
            conditions: Vec::new(),
            columns: BTreeMap::new(),
            derive: Vec::new(),
            series: Vec::new(),
        });
        return Ok(());
    }
    let names: Vec<String> = tables.iter().map(|table| table.population.clone()).collect();
    tables.retain(|table| &table.population == population.get_ref());
    if tables.is_empty() {
        let message = format!("the profile has no table for population `{}`", population.get_ref());
        let unknown = own
            .complain(Code::PopulationUnknown, population.span(), message)
            .help(format!("it fills: {}", names.join(", ")));
        return Err(vec![unknown]);
    }
    Ok(())
}

fn overlay(table: &mut Table, source: &SourceSpec, own: &Arc<Origin>) {
    for (name, spec) in &source.columns {
        let entry = (spec.get_ref().clone(), name.span(), Arc::clone(own));
        table.columns.insert(name.get_ref().clone(), entry);
    }
    table.derive.extend(source.derive.iter().map(|derive| (derive.clone(), Arc::clone(own))));
    table.series.extend(source.series.iter().map(|series| (series.clone(), Arc::clone(own))));
}

type Found = (ProfileSpec, Arc<Origin>);

fn find(id: &Spanned<String>, own: &Origin, base: &Path, dirs: &[PathBuf]) -> Result<Found, Box<Diagnostic>> {
    let name = id.get_ref();
    let mut candidates: Vec<(String, PathBuf)> =
        dirs.iter().map(|dir| (format!("{name}.toml"), dir.join(format!("{name}.toml")))).collect();
    if name.ends_with(".toml") {
        candidates.insert(0, (name.clone(), base.join(name)));
    }
    for (shown, path) in candidates {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let shown = path.strip_prefix(base).map_or(shown, |path| path.display().to_string());
        return parse(name, &shown, &String::from_utf8_lossy(&bytes));
    }
    if let Some((_, text)) = bundled_profiles().iter().find(|(bundled, _)| bundled == name) {
        return parse(name, &format!("profiles/{name}.toml"), text);
    }
    let known: Vec<&str> = bundled_profiles().iter().map(|(bundled, _)| *bundled).collect();
    let mut unknown = own.complain(Code::ProfileUnknown, id.span(), format!("there is no profile `{name}`"));
    unknown = match nearest(name, known.iter().copied()) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.help(format!("bundled: {}; or name a file like `profiles/mine.toml`", known.join(", "))),
    };
    Err(Box::new(unknown))
}

fn parse(name: &str, file: &str, text: &str) -> Result<Found, Box<Diagnostic>> {
    match toml::from_str::<ProfileSpec>(text) {
        Ok(profile) => {
            let label = format!("profile `{}`", profile.id);
            let origin = Origin { label, file: file.to_owned(), text: Some(Arc::from(text)) };
            Ok((profile, Arc::new(origin)))
        }
        Err(error) => {
            let message = format!("profile `{name}` cannot be read: {}", error.message());
            let place = place_of(file, text, error.span().unwrap_or(0..0));
            Err(Box::new(Diagnostic::new(Code::ProfileSyntax, message).at(place)))
        }
    }
}
