//! From an engagement to a report: read, evaluate, find the records again. The only place that knows the order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tieout_ingest::profile::SourceSpec;
use tieout_ingest::{Cache, LoadOptions, Store};
use tieout_model::{AuditReport, Code, Diagnostic, Evidence, Level, RecordRef};
use tieout_rules::{Library, Needed, Options, Outcome, memory};

use crate::args::SourceArgs;
use crate::engagement::{self, Engagement};
use crate::progress::Progress;
use crate::say;

/// The folder beside the engagement file with the engagement's own profiles.
const PROFILE_FOLDER: &str = "profiles";

/// What an audit or a check starts from.
pub struct Prepared {
    /// The engagement.
    pub engagement: Engagement,
    /// Bundled rules and the engagement's own.
    pub library: Library,
    /// What the rules are told.
    pub options: Options,
    /// Where the sources lie.
    pub base: PathBuf,
    /// Complaints that do not keep the audit from starting.
    diagnostics: Vec<Diagnostic>,
    /// Which columns are converted.
    columns: Columns,
    /// Bytes of rows that may stay in memory, if there is a limit.
    memory: Option<usize>,
}

/// Reads the engagement and its rules; every complaint that keeps the audit from starting. `columns` narrows what will be
/// converted to what the rules need.
pub fn prepare(path: &Path, args: &SourceArgs, columns: Columns) -> Result<Prepared, Vec<Diagnostic>> {
    let mut engagement = engagement::load(path)?;
    let (library, mut diagnostics) = Library::load(&engagement.rule_files);
    diagnostics.extend(unknown_words(&engagement, &library, &args.select));
    if is_stopped(&diagnostics) {
        return Err(diagnostics);
    }
    let base = match &args.data {
        Some(folder) if folder.is_dir() => folder.clone(),
        Some(folder) => {
            let message = format!("`{}` is not a folder", folder.display());
            return Err(vec![Diagnostic::new(Code::EngagementValue, message).help("name the folder of the exports")]);
        }
        None => engagement.folder.clone(),
    };
    let select = if args.select.is_empty() {
        engagement.select.iter().map(|word| word.text.clone()).collect()
    } else {
        args.select.clone()
    };
    let options = Options {
        period: engagement.period,
        as_of: engagement.as_of,
        select,
        settings: std::mem::take(&mut engagement.settings),
        waivers: engagement.waivers.take(),
        explain: false,
        // A limit is reckoned for one rule at a time.
        beside: args.memory_limit.is_none(),
        keep: args.memory_limit.is_none(),
        parts: BTreeMap::new(),
    };
    let mut prepared = Prepared { engagement, library, options, base, diagnostics, columns, memory: None };
    if let Some(limit) = args.memory_limit {
        let (memory, parts) = within(limit, &prepared).map_err(|refused| vec![*refused])?;
        prepared.memory = Some(memory);
        prepared.options.parts = parts;
    }
    Ok(prepared)
}

/// The columns that are converted, where these are not all.
fn needed(prepared: &Prepared) -> Option<Needed> {
    match prepared.columns {
        Columns::Needed => Some(tieout_rules::needed_columns(&prepared.library, &prepared.options)),
        Columns::All => None,
    }
}

/// The folders of the engagement's own profiles.
fn profile_dirs(prepared: &Prepared) -> [PathBuf; 1] {
    [prepared.engagement.folder.join(PROFILE_FOLDER)]
}

/// Reads the sources.
pub fn read(prepared: &Prepared, args: &SourceArgs) -> (Store, Vec<Diagnostic>) {
    read_some(prepared, args, &prepared.engagement.sources)
}

/// As `read`, of some of the sources.
pub fn read_some(prepared: &Prepared, args: &SourceArgs, sources: &[SourceSpec]) -> (Store, Vec<Diagnostic>) {
    let progress = Progress::new(args.quiet);
    let needed = needed(prepared);
    let folder = args.cache.as_ref().or(prepared.engagement.cache.as_ref()).filter(|_| !args.no_cache);
    let cache = folder.map(|folder| Arc::new(Cache::new(folder.clone())));
    let options = LoadOptions {
        base: &prepared.base,
        profile_dirs: &profile_dirs(prepared),
        needed: needed.as_ref(),
        threads: args.threads.map(usize::from),
        memory: prepared.memory,
        cache: cache.clone(),
        progress: &|what, done, total| progress.report(what, done, total),
    };
    let (store, raised) = tieout_ingest::load(sources, &options);
    progress.finish();
    // Not diagnostics: with a cache or without, the report is the same.
    let remarks = cache.iter().filter(|_| !args.quiet).flat_map(|cache| cache.remarks());
    remarks.for_each(|remark| say::line(&remark));
    (store, prepared.diagnostics.iter().cloned().chain(raised).collect())
}

/// Bytes of rows that may stay in memory within a limit, and the rules that have to run in parts; what refuses a limit that
/// cannot be kept.
fn within(limit: u64, prepared: &Prepared) -> Result<(usize, BTreeMap<String, u32>), Box<Diagnostic>> {
    const ROWS_MIN: u64 = 32_000_000;
    let needed = needed(prepared);
    let options = LoadOptions {
        base: &prepared.base,
        profile_dirs: &profile_dirs(prepared),
        needed: needed.as_ref(),
        threads: None,
        memory: None,
        cache: None,
        progress: &|_, _, _| {},
    };
    let expected = tieout_ingest::expected(&prepared.engagement.sources, &options);
    let shares = memory::shares(&prepared.library, &prepared.options, &expected);
    let least = shares.least() + ROWS_MIN;
    if limit >= least {
        let (parts, needed) = shares.within(limit - ROWS_MIN);
        return Ok((usize::try_from(limit.saturating_sub(needed)).unwrap_or(usize::MAX), parts));
    }
    // Rounded up, so that the figure that is named is enough.
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    let message =
        format!("{} MB of memory are too few: the audit needs about {} MB", limit / 1_000_000, megabytes(least));
    let records: u64 = expected.populations.values().map(|population| population.records).sum();
    let mut refused = Diagnostic::new(Code::MemoryLimit, message)
        .note(format!("about {records} records; their texts take {} MB", megabytes(shares.texts)));
    if let Some((rule, bytes)) = shares.greediest() {
        refused = refused.note(format!(
            "the rule that needs most is `{rule}`: {} MB, run in parts where it can be",
            megabytes(bytes)
        ));
    }
    let help = format!("write `--memory-limit {}MB`, or select fewer rules; nothing was read", megabytes(least));
    Err(Box::new(refused.help(help)))
}

/// Which columns are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Those that the selected rules use, and the control totals.
    Needed,
    /// Every mapped one.
    All,
}

/// Audits what was read and finds the records of every finding again.
pub fn audit(
    prepared: &Prepared,
    store: &Store,
    mut diagnostics: Vec<Diagnostic>,
    watch: &dyn Fn(&str),
) -> AuditReport {
    let mut outcome = tieout_rules::audit_watched(store, &prepared.library, &prepared.options, watch);
    watch("records located");
    for suspect in tieout_rules::suspect::suspects(&outcome) {
        let located = tieout_ingest::locate(store, &prepared.base, &suspect.records);
        let cells = located.into_iter().map(|(record, found)| (record, found.cells)).collect();
        tieout_rules::suspect::fold(&mut outcome, &suspect, &cells);
    }
    let Outcome {
        rules,
        mut findings,
        root_causes,
        netting,
        diagnostics: raised,
        unlock,
        explained,
        customers,
        latency,
    } = outcome;
    for (stage, steps) in explained {
        crate::say::line(&stage);
        steps.iter().for_each(|step| crate::say::line(step));
    }
    diagnostics.extend(raised);
    locate(store, &prepared.base, findings.iter_mut().flat_map(|finding| &mut finding.evidence));
    AuditReport {
        rules,
        findings,
        root_causes,
        netting,
        unlock,
        customers,
        latency,
        ..report(prepared, store, diagnostics)
    }
}

/// Finds the lines and the cells as received of evidence.
pub fn locate<'e>(store: &Store, base: &Path, evidence: impl Iterator<Item = &'e mut Evidence>) {
    let mut evidence: Vec<&mut Evidence> = evidence.collect();
    let records: BTreeSet<RecordRef> = evidence.iter().map(|evidence| evidence.record).collect();
    let located = tieout_ingest::locate(store, base, &records);
    for evidence in &mut evidence {
        if let Some(found) = located.get(&evidence.record) {
            evidence.line = Some(found.line);
            evidence.received.clone_from(&found.cells);
        }
    }
}

/// The report of what was read, before anything is tested.
pub fn report(prepared: &Prepared, store: &Store, diagnostics: Vec<Diagnostic>) -> AuditReport {
    AuditReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        name: prepared.engagement.name.clone(),
        period: prepared.options.period,
        as_of: prepared.options.as_of,
        sources: store.files.clone(),
        populations: store.populations.values().map(|population| population.facts.clone()).collect(),
        completeness_established: is_complete(store, &diagnostics),
        diagnostics,
        rules: Vec::new(),
        findings: Vec::new(),
        root_causes: Vec::new(),
        netting: tieout_model::report::NettingRegister::default(),
        unlock: Vec::new(),
        shortfalls: Vec::new(),
        customers: Vec::new(),
        latency: Vec::new(),
        baseline: None,
        gating: Vec::new(),
        hold: None,
    }
}

/// True if a complaint says that something cannot be used as it stands.
pub fn is_stopped(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error)
}

/// Those of the complaints that say so.
pub fn stopping(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.into_iter().filter(|diagnostic| diagnostic.level == Level::Error).collect()
}

/// The sender gave a figure for the documents, and no figure of the sender differs from ours.
fn is_complete(store: &Store, diagnostics: &[Diagnostic]) -> bool {
    let differs = diagnostics.iter().any(|diagnostic| diagnostic.code == Code::ControlDiffers);
    let documents = store.populations.get("invoice").map(|population| &population.facts.control);
    let stated = documents.is_some_and(|control| control.control_records.is_some() || control.control_total.is_some());
    stated && !differs
}

/// Words of the engagement and of `--select` that name no rule, family or pack.
fn unknown_words(engagement: &Engagement, library: &Library, select: &[String]) -> Vec<Diagnostic> {
    let known = |word: &str| library.select(&[word.to_owned()]).1.is_empty();
    let complaint =
        |message: String| Diagnostic::new(Code::EngagementValue, message).help("`tieout rules list` lists them");
    let nothing = |word: &str| complaint(format!("no rule, family or pack is called `{word}`"));
    let mut diagnostics = Vec::new();
    for word in engagement.select.iter().chain(&engagement.require).filter(|word| !known(&word.text)) {
        diagnostics.push(nothing(&word.text).at(word.place.clone()));
    }
    for (rule, place) in engagement.setting_places.iter().filter(|(rule, _)| library.get(rule).is_none()) {
        diagnostics.push(complaint(format!("no rule is called `{rule}`, so it cannot be set")).at(place.clone()));
    }
    diagnostics.extend(select.iter().filter(|word| !known(word)).map(|word| nothing(word)));
    diagnostics
}
