//! How long documents took from one stage to the next, where the exports have both days: a figure for people, no finding.

use std::collections::BTreeMap;

use tieout_model::report::Latency;
use tieout_model::{Date, Period};

use crate::catalog::{Catalog, Scope};
use crate::engine::{Engine, EngineError};
use crate::expr::func::Func;
use crate::expr::{Cmp, Expr, Node};
use crate::plan::{Agg, Plan};
use crate::value::Ty;

/// Population, words, the earlier and the later day; a document counts by its day of issue.
const STAGES: [(&str, &str, &str, &str); 4] = [
    ("invoice", "supplied to invoiced", "tax_point_date", "issue_date"),
    ("invoice", "invoiced to posted", "issue_date", "posting_date"),
    ("invoice", "invoiced to sent", "issue_date", "sent_date"),
    ("payment_application", "invoiced to paid", "invoice.issue_date", "applied_date"),
];

/// Last day of each class of days; what took longer is the last class.
const CLASSES: [(i128, &str); 8] = [
    (-1, "before"),
    (0, "same day"),
    (3, "1 to 3 days"),
    (7, "4 to 7 days"),
    (14, "8 to 14 days"),
    (30, "15 to 30 days"),
    (60, "31 to 60 days"),
    (90, "61 to 90 days"),
];
const LONGER: &str = "over 90 days";

/// One entry for each stage whose two columns were read and that has a document of the period.
pub fn latencies(engine: &dyn Engine, catalog: &Catalog, period: Option<Period>) -> Result<Vec<Latency>, EngineError> {
    let mut latencies = Vec::new();
    for (population, words, from, to) in STAGES {
        let Some(plan) = plan(catalog, population, (from, to), period) else { continue };
        let mut latency = Latency { stage: words.to_owned(), classes: Vec::new(), unknown: 0 };
        let mut classes: BTreeMap<usize, u64> = BTreeMap::new();
        for row in engine.run(&[plan])?.into_iter().flat_map(|relation| relation.rows) {
            let records = row[1].num().and_then(|records| u64::try_from(records).ok()).unwrap_or(0);
            match row[0].num() {
                None => latency.unknown += records,
                Some(days) => {
                    let class = CLASSES.iter().position(|(last, _)| days <= *last).unwrap_or(CLASSES.len());
                    *classes.entry(class).or_default() += records;
                }
            }
        }
        let name = |class: usize| CLASSES.get(class).map_or(LONGER, |(_, words)| words).to_owned();
        latency.classes = classes.into_iter().map(|(class, records)| (name(class), records)).collect();
        if !latency.classes.is_empty() {
            latencies.push(latency);
        }
    }
    Ok(latencies)
}

/// Records by days between the two.
fn plan(catalog: &Catalog, population: &str, days: (&str, &str), period: Option<Period>) -> Option<Plan> {
    catalog.table(population)?;
    let mut scope = Scope::new(catalog, population, "");
    let mut day = |path: &str| scope.column(path).filter(|expr| expr.ty == Ty::Date);
    let (from, to) = (day(days.0)?, day(days.1)?);
    let issued = if population == "invoice" { day("issue_date")? } else { from.clone() };
    let posted = (population == "invoice").then(|| {
        let is = |column: &str, word: &str, scope: &mut Scope<'_>| {
            let text = scope.column(column).filter(|expr| expr.ty == Ty::Text)?;
            Some(text.compare(Cmp::Eq, Expr::text(word)))
        };
        is("status", "posted", &mut scope).zip(is("document_type", "invoice", &mut scope)).map(|(a, b)| a.and(b))
    });
    let between = Expr { node: Node::Call(Func::DaysBetween, vec![from, to]), ty: Ty::INT, bound: 1 << 32 };
    let mut wanted: Vec<Expr> = posted.flatten().into_iter().collect();
    if let Some(Period { from: Date(from), to: Date(to) }) = period {
        wanted.push(issued.clone().compare(Cmp::Ge, Expr::date(from)));
        wanted.push(issued.compare(Cmp::Lt, Expr::date(to)));
    }
    let all = wanted.into_iter().fold(scope.plan(), Plan::filter);
    let rows = all.project(vec![("days".to_owned(), between)]);
    Some(rows.aggregate(vec!["days".to_owned()], vec![("records".to_owned(), Agg::Count)]))
}
