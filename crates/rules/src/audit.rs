//! One audit: plan every rule, run what can run, judge, harvest, and account for every record.

mod open;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tieout_ingest::store::Store;
use tieout_model::report::{Customer, Latency, NettingRegister, RootCause};
use tieout_model::{Coverage, Date, Diagnostic, Finding, Period, RecordRef, RuleResult, Severity, Status};

use self::run::Run;
use crate::catalog::Catalog;
use crate::checks::{self, Audited, Procedure, Refusal};
use crate::engine::columnar::{Columnar, bounds};
use crate::engine::{Engine, EngineError};
use crate::harvest::Harvested;
use crate::judge::netting::Netting;
use crate::rule::{Library, Rule};
use crate::unlock::unlock;
use crate::{cause, customers, latency, netted, root, waiver};

/// A rule's settings in an engagement.
#[derive(Clone, Debug, Default)]
pub struct RuleSetting {
    /// Another severity.
    pub severity: Option<Severity>,
    /// Other expressions for parameters.
    pub params: BTreeMap<String, String>,
}

/// What an engagement asks for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The period under audit.
    pub period: Option<Period>,
    /// The day as at which the world is seen.
    pub as_of: Option<Date>,
    /// Packs, families, references, ids; `-word` leaves out; empty: all.
    pub select: Vec<String>,
    /// By rule id.
    pub settings: BTreeMap<String, RuleSetting>,
    /// Path and text of the waivers.
    pub waivers: Option<(String, String)>,
    /// Note what the engine does.
    pub explain: bool,
    /// In how many parts a rule grades its records where each stands by itself, by rule id; one where it is not named. The
    /// same outcome, in less memory and more time.
    pub parts: BTreeMap<String, u32>,
    /// Run rules beside each other where the engine can: the same outcome, in less time and more memory.
    pub beside: bool,
    /// Compute once and keep what several rules ask for: likewise.
    pub keep: bool,
}

/// What an audit came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One tick mark a selected rule, in order of id.
    pub rules: Vec<RuleResult>,
    /// In order of rule, then of the wrong item's key.
    pub findings: Vec<Finding>,
    /// What many findings have in common.
    pub root_causes: Vec<RootCause>,
    /// What netting removed.
    pub netting: NettingRegister,
    /// Complaints about rules and waivers.
    pub diagnostics: Vec<Diagnostic>,
    /// What the engine did, if that was asked for: the name of a stage, and its steps as lines.
    pub explained: Vec<(String, Vec<String>)>,
    /// The exports that would let most of the other rules run.
    pub unlock: Vec<String>,
    /// The customers whom findings name.
    pub customers: Vec<Customer>,
    /// How long documents took from stage to stage.
    pub latency: Vec<Latency>,
}

impl Outcome {
    fn explain(&mut self, stage: &str, engine: &dyn Engine) {
        let steps = engine.explained();
        if !steps.is_empty() {
            self.explained.push((stage.to_owned(), steps));
        }
    }
}

/// Audits with the default engine.
pub fn audit(store: &Store, library: &Library, options: &Options) -> Outcome {
    audit_with(&engine(store, options), store, library, options)
}

/// The default engine for an audit with these options.
pub(crate) fn engine<'s>(store: &'s Store, options: &Options) -> Columnar<'s> {
    if options.keep { Columnar::keeping(store) } else { Columnar::new(store) }
}

/// As `audit`; `watch` is told the name of each stage before it begins: `netting`, a rule's id, `root causes`.
pub fn audit_watched(store: &Store, library: &Library, options: &Options, watch: &dyn Fn(&str)) -> Outcome {
    let engine = engine(store, options);
    let engine = if options.explain { engine.explaining() } else { engine };
    audit_all(&engine, store, library, options, watch)
}

/// Audits with a given engine.
pub fn audit_with(engine: &dyn Engine, store: &Store, library: &Library, options: &Options) -> Outcome {
    audit_all(engine, store, library, options, &|_| {})
}

fn audit_all(
    engine: &dyn Engine,
    store: &Store,
    library: &Library,
    options: &Options,
    watch: &dyn Fn(&str),
) -> Outcome {
    let mut outcome = Outcome::default();
    let largest = match bounds(store) {
        Ok(largest) => largest,
        Err(error) => {
            outcome.rules =
                library.select(&options.select).0.into_iter().map(|rule| failed(rule, options, &error)).collect();
            return outcome;
        }
    };
    let catalog = Catalog::new(store, &largest);
    watch("netting");
    // Where no rule asks for it, nothing is netted.
    let netting = match library.select(&options.select).0.iter().any(|rule| netted::asked(rule)) {
        true => netted::run(engine, &catalog, options.period, options.as_of).unwrap_or_default(),
        false => Netting::default(),
    };
    engine.forget();
    outcome.explain("netting", engine);
    outcome.netting = netting.register.clone();
    let audited = Audited { period: options.period, as_of: options.as_of, netting: Arc::new(netting) };
    let mut harvested: Vec<Harvested> = Vec::new();
    let mut tested: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    let rules = library.select(&options.select).0;
    let work = Work { catalog: &catalog, audited: &audited, options };
    for (rule, done) in rules.iter().zip(work.all(engine, &rules, watch)) {
        if let Some(held) = done.held {
            tested.insert(rule.card.id.clone(), (held, done.result.coverage.tested.records));
        }
        outcome.rules.push(done.result);
        harvested.extend(done.findings);
        outcome.diagnostics.extend(done.complaints);
        if !done.steps.is_empty() {
            outcome.explained.push((rule.card.id.clone(), done.steps));
        }
    }
    cause::link(library, &mut harvested);
    number_twins(&mut harvested);
    watch("root causes");
    match root::find(engine, &catalog, library, &tested, &mut harvested) {
        Ok(roots) => outcome.root_causes = roots,
        // Our own failure: the rules concerned say so, nothing else is lost.
        Err(error) => {
            let many = outcome.rules.iter_mut().filter(|result| result.findings >= root::FINDINGS_MIN as u64);
            many.for_each(|result| {
                result.status = Status::Error(format!("its root causes could not be looked for: {error}"));
            });
        }
    }
    outcome.findings = harvested.into_iter().map(|harvested| harvested.finding).collect();
    // A name that cannot be read takes nothing from a finding; that the customer is there, the rules have found out.
    outcome.latency = latency::latencies(engine, &catalog, options.period).unwrap_or_default();
    outcome.customers = customers::named(engine, &catalog, &outcome.findings).unwrap_or_default();
    if let Some((path, text)) = &options.waivers {
        outcome.diagnostics.extend(waiver::apply(path, text, options.as_of, &mut outcome.findings));
    }
    for root in &mut outcome.root_causes {
        let covered = outcome.findings.iter().filter(|finding| finding.root_cause.as_ref() == Some(&root.id));
        root.totals = tieout_model::report::class_totals(covered);
    }
    outcome.unlock = unlock(&outcome.rules);
    outcome
}

/// Rules that run beside each other, at most: each holds what it works with.
const BESIDE_MAX: usize = 4;

/// What all rules of an audit are run with.
struct Work<'a> {
    catalog: &'a Catalog,
    audited: &'a Audited,
    options: &'a Options,
}

/// What a rule came to.
struct Done {
    result: RuleResult,
    findings: Vec<Harvested>,
    /// The records tested, where they are asked for again.
    held: Option<usize>,
    complaints: Vec<Diagnostic>,
    steps: Vec<String>,
}

impl Work<'_> {
    /// Plans all rules and runs those that can; results in their order. `watch` is told of each one before it begins.
    fn all(&self, engine: &dyn Engine, rules: &[&Rule], watch: &dyn Fn(&str)) -> Vec<Done> {
        let plan = |rule: &&Rule| checks::plan(rule, self.catalog, self.audited, &self.setting(rule).params);
        let planned: Vec<Result<Procedure, Refusal>> = rules.iter().map(plan).collect();
        engine.expect(&planned.iter().flatten().map(Procedure::over_all).collect::<Vec<_>>());
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(BESIDE_MAX).min(rules.len());
        let wanted = if self.options.beside && threads > 1 { threads } else { 0 };
        let beside: Vec<Box<dyn Engine + Send + '_>> = (0..wanted).map_while(|_| engine.beside()).collect();
        if beside.is_empty() {
            let one = |(rule, planned): (&&Rule, &_)| {
                watch(&rule.card.id);
                self.one(engine, rule, planned)
            };
            return rules.iter().zip(&planned).map(one).collect();
        }
        // A thread takes the next rule that none has taken. It waits for the engine's own threads and does none of their
        // work, so that it never holds up a rule that it is not in.
        let next = AtomicUsize::new(0);
        let mut done: Vec<Option<Done>> = rules.iter().map(|_| None).collect();
        std::thread::scope(|scope| {
            let (sender, receiver) = std::sync::mpsc::channel();
            for engine in beside {
                let (sender, next, planned) = (sender.clone(), &next, &planned);
                scope.spawn(move || {
                    while let Some(at) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < rules.len()) {
                        // Nobody listens any more only if this process is about to end.
                        let _ = sender.send((at, None));
                        let _ = sender.send((at, Some(self.one(engine.as_ref(), rules[at], &planned[at]))));
                    }
                });
            }
            drop(sender);
            for (at, news) in receiver {
                match news {
                    None => watch(&rules[at].card.id),
                    made => done[at] = made,
                }
            }
        });
        // A thread that stopped in the middle has taken the whole audit with it.
        done.into_iter().flatten().collect()
    }

    fn setting(&self, rule: &Rule) -> RuleSetting {
        self.options.settings.get(&rule.card.id).cloned().unwrap_or_default()
    }

    fn one(&self, engine: &dyn Engine, rule: &Rule, planned: &Result<Procedure, Refusal>) -> Done {
        let setting = self.setting(rule);
        let mut done = Done {
            result: blank(rule, "", Status::NoExceptions),
            findings: Vec::new(),
            held: None,
            complaints: Vec::new(),
            steps: Vec::new(),
        };
        match planned {
            Ok(procedure) => {
                let run = Run::new(engine, self.catalog, (rule, procedure), self.options);
                let all = run.all().and_then(|(result, findings)| {
                    // What was tested is asked again when findings have something in common.
                    let many = findings.len() >= root::FINDINGS_MIN;
                    let asked = many && root::describes(self.catalog, &procedure.population);
                    let held = asked.then(|| engine.hold(&procedure.population, &run.tested())).transpose()?;
                    Ok((result, findings, held))
                });
                match all {
                    Ok((result, findings, held)) => {
                        done.result = with_params(result, rule, &setting);
                        (done.findings, done.held) = (findings, held);
                    }
                    Err(error) => done.result = failed(rule, self.options, &error),
                }
                engine.forget();
                done.steps = engine.explained();
            }
            Err(refusal) => done.result = refused(rule, refusal.clone(), &setting, &mut done.complaints),
        }
        done
    }
}

/// What became of each record of a rule's population: `clean`, `finding`, `guarded`, `context`, `outside`,
/// `outside extract`, `out of scope`, `not tested: …`. The population's name comes first. `Err` says why the rule cannot run.
pub fn outcomes(
    engine: &dyn Engine,
    store: &Store,
    rule: &Rule,
    options: &Options,
) -> Result<(String, BTreeMap<RecordRef, String>), String> {
    let catalog = Catalog::new(store, &bounds(store).map_err(|error| error.to_string())?);
    let netting = netted::run(engine, &catalog, options.period, options.as_of).map_err(|error| error.to_string())?;
    let audited = Audited { period: options.period, as_of: options.as_of, netting: Arc::new(netting) };
    outcomes_of(engine, &catalog, &audited, rule, options)
}

/// As `outcomes`, where netting is done.
pub(crate) fn outcomes_of(
    engine: &dyn Engine,
    catalog: &Catalog,
    audited: &Audited,
    rule: &Rule,
    options: &Options,
) -> Result<(String, BTreeMap<RecordRef, String>), String> {
    let setting = options.settings.get(&rule.card.id).cloned().unwrap_or_default();
    let procedure = checks::plan(rule, catalog, audited, &setting.params).map_err(|refusal| match refusal {
        Refusal::Missing { reason, .. } => reason,
        Refusal::Wrong(complaints) => {
            complaints.into_iter().map(|complaint| complaint.message).collect::<Vec<_>>().join("; ")
        }
    })?;
    let run = Run::new(engine, catalog, (rule, &procedure), options);
    let outcomes = run.outcomes().map_err(|error| error.to_string())?;
    Ok((procedure.population.clone(), outcomes))
}

/// Which rules can run, without running them.
pub fn plan_check(store: &Store, library: &Library, options: &Options) -> (Vec<RuleResult>, Vec<Diagnostic>) {
    let catalog = Catalog::new(store, &bounds(store).unwrap_or_default());
    let audited = Audited { period: options.period, as_of: options.as_of, ..Audited::default() };
    let mut diagnostics = Vec::new();
    let mut results = Vec::new();
    for rule in library.select(&options.select).0 {
        let setting = options.settings.get(&rule.card.id).cloned().unwrap_or_default();
        results.push(match checks::plan(rule, &catalog, &audited, &setting.params) {
            Ok(procedure) => {
                let result = blank(rule, &procedure.population, Status::NoExceptions);
                with_params(RuleResult { guards_missing: procedure.lacks(), ..result }, rule, &setting)
            }
            Err(refusal) => refused(rule, refusal, &setting, &mut diagnostics),
        });
    }
    (results, diagnostics)
}

/// Everything that is wrong with a rule, whatever the exports.
pub fn complaints(rule: &Rule) -> Vec<Diagnostic> {
    let audited = Audited { period: "2026-10".parse().ok(), as_of: "2026-11-05".parse().ok(), ..Audited::default() };
    match checks::plan(rule, &Catalog::whole_schema(), &audited, &BTreeMap::new()) {
        Ok(_) => Vec::new(),
        Err(Refusal::Wrong(complaints)) => complaints,
        Err(Refusal::Missing { reason, .. }) => {
            let place = tieout_model::diagnostic::Place { file: rule.path.clone(), ..Default::default() };
            vec![Diagnostic::new(tieout_model::Code::RuleColumn, reason).at(place)]
        }
    }
}

fn blank(rule: &Rule, population: &str, status: Status) -> RuleResult {
    RuleResult {
        card: rule.card.clone(),
        population: population.to_owned(),
        status,
        coverage: Coverage::default(),
        guards_missing: Vec::new(),
        params: Vec::new(),
        findings: 0,
    }
}

fn with_params(mut result: RuleResult, rule: &Rule, setting: &RuleSetting) -> RuleResult {
    if let Some(severity) = setting.severity {
        result.card.severity = severity;
    }
    let stated = |(name, param): (&String, &crate::file::ParamFile)| {
        let text = setting.params.get(name).cloned().unwrap_or_else(|| param.expr.as_ref().clone());
        (name.clone(), text)
    };
    result.params = rule.file.params.iter().map(stated).collect();
    result
}

fn failed(rule: &Rule, options: &Options, error: &EngineError) -> RuleResult {
    let setting = options.settings.get(&rule.card.id).cloned().unwrap_or_default();
    with_params(blank(rule, "", Status::Error(error.to_string())), rule, &setting)
}

fn refused(rule: &Rule, refusal: Refusal, setting: &RuleSetting, diagnostics: &mut Vec<Diagnostic>) -> RuleResult {
    let status = match refusal {
        Refusal::Missing { reason, unlock } => Status::NotPerformed { reason, unlock },
        Refusal::Wrong(complaints) => {
            diagnostics.extend(complaints);
            Status::Error("the rule is wrong; see the diagnostics".to_owned())
        }
    };
    with_params(blank(rule, "", status), rule, setting)
}

/// Two records with one key (a repeated number) have one fingerprint; the second and later ones are numbered.
fn number_twins(harvested: &mut [Harvested]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for finding in harvested.iter_mut().map(|harvested| &mut harvested.finding) {
        let times = seen.entry(finding.fingerprint.clone()).or_default();
        *times += 1;
        if *times > 1 {
            finding.fingerprint = format!("{}-{times}", finding.fingerprint);
        }
    }
}
