//! Drafts before they go out: judged against what is posted, as if they were posted too.
//!
//! A rule knows nothing of it: the store says `posted` where the files say `draft`. What is found is kept where it shows a draft.
//! Period and as-of day are widened to the drafts' days of issue, since a draft mostly stands after what is posted.

use std::collections::{BTreeMap, BTreeSet};

use tieout_ingest::store::Store;
use tieout_model::finding::Disposition;
use tieout_model::stage::{HoldLine, HoldList, Verdict};
use tieout_model::{Amount, AuditReport, Date, Finding, Measure, Period, RecordRef, Severity, Status};

use crate::audit::Options;
use crate::catalog::{Catalog, Scope};
use crate::engine::columnar::{Columnar, bounds};
use crate::engine::{Engine, EngineError};
use crate::expr::{Cmp, Expr};
use crate::value::{Relation, Ty};

/// Populations of which a record belongs to a document, with the path to its status.
const PARTS: [(&str, &str); 3] =
    [("invoice", "status"), ("invoice_line", "invoice.status"), ("invoice_tax", "invoice.status")];

/// What judges documents after they are posted, or that there is none: it says nothing of a draft.
const AFTER_FAMILIES: [&str; 5] = ["payments", "refunds", "reminders", "reconciliation", "reference-data"];
const AFTER: [&str; 17] = [
    "application-without-invoice",
    "application-without-payment",
    "balance-differs-from-applications",
    "collected-differs-from-return",
    "contract-never-billed",
    "control-total-differs",
    "credit-dormant",
    "credit-left-open",
    "number-gap",
    "recurring-bill-missing",
    "return-not-credited",
    "shipped-not-billed",
    "status-contradicts-balance",
    "subscription-period-not-billed",
    "tax-on-no-return",
    "tax-pennies-drift",
    "usage-not-billed",
];
/// True of a document, and no reason to keep it back.
const REMARKS: [&str; 5] =
    ["billed-late", "certificate-expiring", "credit-after-period-end", "tax-pennies", "tax-rounding-mixed"];
/// Billed already, or not to be billed: families, but for the rules of them that a change to the draft puts right.
const HOLD_FAMILIES: [&str; 6] = ["double-billing", "subscription", "customers", "cut-off", "completeness", "credits"];
const FIX: [&str; 4] =
    ["former-address-used", "mandatory-field-empty", "proration-wrong", "rebill-differs-in-more-than-one-field"];

/// The drafts of a store.
#[derive(Clone, Debug, Default)]
pub struct Drafts {
    lines: Vec<HoldLine>,
    /// The records of each: document, lines, taxes; by place in `lines`.
    records: BTreeMap<(&'static str, RecordRef), usize>,
    days: Vec<Date>,
}

/// Notes the drafts and has the store say that they are posted.
pub fn post_drafts(store: &mut Store) -> Result<Drafts, EngineError> {
    let drafts = read(store)?;
    store.restate("invoice", "status", "draft", "posted").map_err(|error| EngineError(error.to_string()))?;
    Ok(drafts)
}

/// Widens what is under audit to the drafts' days of issue; what is not stated stays so.
pub fn widen(options: &mut Options, drafts: &Drafts) {
    let (Some(first), Some(last)) = (drafts.days.iter().min(), drafts.days.iter().max()) else { return };
    options.period =
        options.period.map(|period| Period { from: period.from.min(*first), to: period.to.max(last.add_days(1)) });
    options.as_of = options.as_of.map(|as_of| as_of.max(*last));
}

/// Leaves the findings that show a draft, and makes the list of drafts.
pub fn hold(report: &mut AuditReport, drafts: &Drafts) {
    let families: BTreeMap<&str, &str> =
        report.rules.iter().map(|rule| (rule.card.id.as_str(), rule.card.family.as_str())).collect();
    let mut list = HoldList { lines: drafts.lines.clone(), left_out: 0 };
    let mut reasons: Vec<Vec<(Verdict, String)>> = vec![Vec::new(); list.lines.len()];
    let mut kept = Vec::new();
    for finding in std::mem::take(&mut report.findings) {
        let shown = drafts.shown(&finding);
        let family = families.get(finding.rule.as_str()).copied().unwrap_or_default();
        let Some(verdict) = verdict(&finding, family).filter(|_| !shown.is_empty()) else {
            list.left_out += 1;
            continue;
        };
        for place in shown {
            match verdict {
                Verdict::Send => list.lines[place].remarks.push(finding.fingerprint.clone()),
                _ => reasons[place].push((verdict, finding.fingerprint.clone())),
            }
        }
        kept.push(finding);
    }
    for (line, mut reasons) in list.lines.iter_mut().zip(reasons) {
        reasons.sort_by_key(|(verdict, _)| std::cmp::Reverse(*verdict));
        line.verdict = reasons.first().map_or(Verdict::Send, |(verdict, _)| *verdict);
        line.reasons = reasons.into_iter().map(|(_, print)| print).collect();
    }
    list.lines.sort_by(|a, b| (b.verdict, &a.number, &a.document).cmp(&(a.verdict, &b.number, &b.document)));
    let prints: BTreeSet<String> = kept.iter().map(|finding| finding.fingerprint.clone()).collect();
    for finding in &mut kept {
        // As the files say it.
        for evidence in finding.evidence.iter_mut().filter(|one| drafts.records.contains_key(&("invoice", one.record)))
        {
            let stated =
                evidence.cells.iter_mut().filter(|(column, _)| evidence.population == "invoice" && column == "status");
            stated.for_each(|(_, value)| "draft".clone_into(value));
        }
        finding.root_cause = None;
        // What explains it shows no draft, so its money is counted here.
        finding.caused_by = finding.caused_by.take().filter(|cause| prints.contains(cause));
    }
    report.root_causes.clear();
    report.findings = kept;
    count(report);
    report.hold = Some(list);
}

/// Tick marks count what is left.
fn count(report: &mut AuditReport) {
    for rule in &mut report.rules {
        let own: Vec<&Finding> = report.findings.iter().filter(|finding| finding.rule == rule.card.id).collect();
        if rule.status != Status::Exceptions {
            continue;
        }
        rule.findings = own.len() as u64;
        if own.is_empty() {
            let is_part = rule.coverage.not_tested_total().records > 0;
            rule.status = if is_part { Status::PartlyTested } else { Status::NoExceptions };
            rule.coverage.exceptions = Measure::default();
        }
    }
}

impl Drafts {
    /// Places of the drafts that a finding shows.
    fn shown(&self, finding: &Finding) -> BTreeSet<usize> {
        let parts = finding.evidence.iter().filter_map(|evidence| {
            let (part, _) = PARTS.iter().find(|(part, _)| *part == evidence.population)?;
            self.records.get(&(*part, evidence.record)).copied()
        });
        parts.collect()
    }
}

/// What a finding means for the drafts that it shows; none if it says nothing of them.
fn verdict(finding: &Finding, family: &str) -> Option<Verdict> {
    let rule = finding.rule.as_str();
    if AFTER_FAMILIES.contains(&family) || AFTER.contains(&rule) {
        return None;
    }
    let is_open = finding.disposition == Disposition::Open;
    Some(match () {
        () if !is_open || finding.severity == Severity::Advice || REMARKS.contains(&rule) => Verdict::Send,
        () if HOLD_FAMILIES.contains(&family) && !FIX.contains(&rule) => Verdict::Hold,
        () => Verdict::Fix,
    })
}

fn read(store: &Store) -> Result<Drafts, EngineError> {
    let engine = Columnar::new(store);
    let catalog = Catalog::new(store, &bounds(store)?);
    let mut drafts = Drafts::default();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (part, status) in PARTS {
        let columns = ["invoice_id", "invoice_no", "customer_id", "gross_total", "currency", "issue_date"];
        let rows = rows(&engine, &catalog, part, status, &columns)?;
        for row in &rows.rows {
            let text = |name: &str| rows.find(name).and_then(|at| row[at].as_text()).map(str::to_owned);
            let record = RecordRef::unpack(row[0].num().and_then(|units| i64::try_from(units).ok()).unwrap_or(0));
            let Some(id) = text("invoice_id") else { continue };
            if part != "invoice" {
                if let Some(place) = places.get(&id) {
                    drafts.records.insert((part, record), *place);
                }
                continue;
            }
            let gross =
                rows.find("gross_total").and_then(|at| Some(Amount::new(row[at].num()?, rows.columns[at].ty.scale())));
            drafts.days.extend(rows.find("issue_date").and_then(|at| row[at].date()));
            drafts.records.insert((part, record), drafts.lines.len());
            places.insert(id.clone(), drafts.lines.len());
            drafts.lines.push(HoldLine {
                number: text("invoice_no").unwrap_or_else(|| id.clone()),
                document: id,
                customer: text("customer_id"),
                gross,
                currency: text("currency").unwrap_or_default(),
                verdict: Verdict::Send,
                reasons: Vec::new(),
                remarks: Vec::new(),
            });
        }
    }
    Ok(drafts)
}

/// Records of drafts with their number and those of the columns that the exports have.
fn rows(
    engine: &dyn Engine,
    catalog: &Catalog,
    population: &str,
    status: &str,
    columns: &[&str],
) -> Result<Relation, EngineError> {
    if catalog.table(population).is_none() {
        return Ok(Relation::default());
    }
    let mut scope = Scope::new(catalog, population, "");
    let Some(status) = scope.column(status).filter(|expr| expr.ty == Ty::Text) else { return Ok(Relation::default()) };
    let mut picked = vec![("rec".to_owned(), scope.rec_expr())];
    picked.extend(columns.iter().filter_map(|name| Some(((*name).to_owned(), scope.column(name)?))));
    let plan = scope.plan().filter(status.compare(Cmp::Eq, Expr::text("draft"))).project(picked);
    let mut rows = engine.run(&[plan])?.into_iter().next().unwrap_or_default();
    rows.rows.sort();
    Ok(rows)
}
