//! Sources → store: every file read once, every record accounted for, every complaint gathered.

mod control;
mod derived;
mod expect;
mod extracts;
mod facts;
mod figures;
mod file;
mod finish;
mod grain;
mod job;
mod messages;
mod numbers;
mod signs;

pub use expect::{Expected, ExpectedRows, expected};
pub(crate) use file::{FilePart, Pass, Source, flip, reading};
pub(crate) use job::Job;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tieout_model::report::SourceFile;
use tieout_model::{Code, Diagnostic, Level, Period};

use crate::cache::Cache;
use crate::gather::{Budget, Layout, Spill};
use crate::locate::FileLayout;
use crate::plan::TablePlan;
use crate::profile::SourceSpec;
use crate::store::Store;
use crate::texts::Texts;

/// How to load.
pub struct LoadOptions<'a> {
    /// Paths of sources are relative to it.
    pub base: &'a Path,
    /// Folders with profile files.
    pub profile_dirs: &'a [PathBuf],
    /// Columns that rules need, by population; `None` is all. Keys, currencies, control totals and series always.
    pub needed: Option<&'a BTreeMap<String, BTreeSet<String>>>,
    /// Threads to convert with; `None` is one a core.
    pub threads: Option<usize>,
    /// Bytes of rows that are kept in memory; what is more lies in files of a temporary folder. `None` is a quarter of the
    /// machine's memory, or of what its container leaves. Texts are kept in memory always.
    pub memory: Option<usize>,
    /// Where what files give is kept from run to run; `None` reads every file.
    pub cache: Option<Arc<Cache>>,
    /// Told what is being read, bytes done and bytes in total.
    pub progress: &'a (dyn Fn(&str, u64, u64) + Sync),
}

/// A population while it is read.
pub(crate) struct Growing {
    pub spill: Spill,
    pub parts: Vec<FilePart>,
    /// Hashes of its files.
    pub hashes: BTreeMap<String, String>,
    pub extracts: Vec<Option<Period>>,
    /// Every mapping that feeds it.
    pub plans: Vec<Arc<TablePlan>>,
    pub controls: Vec<Control>,
    /// Some source of it could not be used.
    pub failed: bool,
    /// Files that are to be read for it.
    pub files: usize,
    /// Mappings with `credit_sign = "auto"` whose credit notes are stated positive.
    pub positive: Vec<Arc<TablePlan>>,
}

/// The sender's figure for a population.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    /// Number of the source.
    pub source: usize,
    pub records: Option<u64>,
    pub total: Option<tieout_model::Amount>,
    pub currency: Option<String>,
    pub place: Option<tieout_model::Place>,
}

/// What a load gathers.
pub(crate) struct Loading {
    pub texts: Arc<Texts>,
    pub budget: Arc<Budget>,
    pub cache: Option<Arc<Cache>>,
    pub files: Vec<SourceFile>,
    pub layouts: Vec<FileLayout>,
    pub paths: Vec<PathBuf>,
    pub growing: BTreeMap<String, Growing>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the sources. Never panics on input; a diagnostic of level error means that its source could not be used.
pub fn load(sources: &[SourceSpec], options: &LoadOptions<'_>) -> (Store, Vec<Diagnostic>) {
    let memory = options.memory.unwrap_or_else(memory_max);
    let (cache, budget) = (options.cache.clone(), Arc::new(Budget::new(memory)));
    let mut loading = Loading { cache, budget, ..Loading::new(&Arc::default()) };
    let mut jobs = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        jobs.extend(job::prepare(index, source, options, &mut loading.diagnostics));
    }
    for job in &jobs {
        loading.declare(job);
    }
    let pool =
        options.threads.and_then(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build().ok());
    let total: u64 = jobs.iter().flat_map(|job| &job.files).map(|(_, path)| size(path)).sum();
    let mut done = 0;
    for job in &jobs {
        signs::settle(job, &mut loading, pool.as_ref());
        for (shown, path) in &job.files {
            let progress = |bytes: u64| (options.progress)(shown, done + bytes, total);
            file::read(job, shown, path, &mut loading, pool.as_ref(), &progress);
            done += size(path);
        }
    }
    if let Some(cache) = &loading.cache {
        cache.finish();
    }
    let store = finish::finish(&mut loading);
    let mut diagnostics = loading.diagnostics;
    // The gravest first; otherwise in the order in which they arose.
    diagnostics.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.level));
    (store, diagnostics)
}

impl Loading {
    /// Nothing yet.
    pub fn new(texts: &Arc<Texts>) -> Self {
        Self {
            texts: Arc::clone(texts),
            budget: Arc::new(Budget::new(memory_max())),
            cache: None,
            files: Vec::new(),
            layouts: Vec::new(),
            paths: Vec::new(),
            growing: BTreeMap::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Notes what a source is going to feed, so that columns and file counts are known before the first record.
    fn declare(&mut self, job: &Job) {
        for plan in &job.plan.tables {
            let budget = &self.budget;
            let growing = self.growing.entry(plan.population.name.clone()).or_insert_with(|| Growing::new(budget));
            for column in plan.columns.iter().filter(|column| column.stored) {
                growing.spill.layout.insert(column.name.clone(), column.ty);
            }
            growing.plans.push(Arc::clone(plan));
            growing.files += job.files.len();
            growing.extracts.push(job.extract);
            for derive in &plan.derive {
                let derived =
                    self.growing.entry(derive.population.name.clone()).or_insert_with(|| Growing::new(budget));
                for column in &derive.columns {
                    derived.spill.layout.insert(column.name.clone(), column.ty);
                }
                derived.extracts.push(job.extract);
            }
        }
        if let (Some(control), Some(plan)) = (&job.control, job.plan.tables.first())
            && let Some(growing) = self.growing.get_mut(&plan.population.name)
        {
            growing.controls.push(control.clone());
        }
    }

    /// Adds a complaint.
    pub fn complain(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

impl Growing {
    fn new(budget: &Arc<Budget>) -> Self {
        Self {
            spill: Spill::new(Layout::new(), budget),
            parts: Vec::new(),
            hashes: BTreeMap::new(),
            extracts: Vec::new(),
            plans: Vec::new(),
            controls: Vec::new(),
            failed: false,
            files: 0,
            positive: Vec::new(),
        }
    }
}

/// Bytes of all populations that are kept in memory: a quarter of the machine's, or of what its container leaves.
fn memory_max() -> usize {
    const USUAL: u64 = 8 << 30;
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let total = read("/proc/meminfo").lines().find_map(|line| {
        let kilobytes = line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?;
        Some(kilobytes.trim().parse::<u64>().ok()? << 10)
    });
    let allowed = read("/sys/fs/cgroup/memory.max").trim().parse::<u64>().ok();
    let memory = total.into_iter().chain(allowed).min().unwrap_or(USUAL);
    usize::try_from(memory / 4).unwrap_or(usize::MAX)
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

/// True if one of them says that something cannot be used.
pub(crate) fn fatal(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error)
}

/// A failure of our own files on disk.
pub(crate) fn store_failed(error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::new(Code::FileUnreadable, format!("the temporary store cannot be written or read: {error}"))
        .help("free space in the temporary folder (TMPDIR)")
}
