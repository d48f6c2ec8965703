//! The customers whom findings name: who they are, and who answers for their account.

use std::collections::BTreeSet;
use std::sync::Arc;

use tieout_model::Finding;
use tieout_model::report::Customer;

use crate::catalog::{Catalog, Scope};
use crate::engine::{Engine, EngineError};
use crate::plan::{Join, Plan};
use crate::value::{Column, Relation, Ty, Value};

/// The population, and what is read of it where the exports have it.
pub const COLUMNS: (&str, [&str; 4]) = ("customer", ["customer_id", "name", "owner", "email"]);

/// In order of id, one for each customer of a finding or of an effect that the export of customers has; the first record
/// counts where an id stands twice.
pub fn named(engine: &dyn Engine, catalog: &Catalog, findings: &[Finding]) -> Result<Vec<Customer>, EngineError> {
    let effects = findings.iter().flat_map(|finding| finding.effects.iter().filter_map(|effect| effect.party.as_ref()));
    let parties: BTreeSet<&String> =
        findings.iter().filter_map(|finding| finding.party.as_ref()).chain(effects).collect();
    let (population, columns) = COLUMNS;
    if parties.is_empty() || catalog.table(population).is_none() {
        return Ok(Vec::new());
    }
    let mut scope = Scope::new(catalog, population, "");
    let known: Vec<_> = columns.iter().map(|column| scope.column(column).filter(|expr| expr.ty == Ty::Text)).collect();
    let mut wanted = vec![("rec".to_owned(), scope.rec_expr())];
    wanted.extend(columns.iter().zip(&known).filter_map(|(name, expr)| Some(((*name).to_owned(), expr.clone()?))));
    if known[0].is_none() {
        return Ok(Vec::new());
    }
    let ids = Relation {
        columns: vec![Column { name: "party".to_owned(), ty: Ty::Text }],
        rows: parties.into_iter().map(|party| vec![Value::Text(party.as_str().into())]).collect(),
    };
    let on = vec![("customer_id".to_owned(), "party".to_owned())];
    let plan = scope.plan().project(wanted).join(Plan::Rows(Arc::new(ids)), on, Join::Semi);
    let mut found = engine.run(&[plan])?.into_iter().next().unwrap_or_default();
    found.rows.sort();
    let places = columns.map(|column| found.find(column));
    let mut customers: Vec<Customer> = found
        .rows
        .iter()
        .map(|row| {
            let text = |place: Option<usize>| place.and_then(|at| row[at].as_text()).map(str::to_owned);
            Customer {
                id: text(places[0]).unwrap_or_default(),
                name: text(places[1]),
                owner: text(places[2]),
                email: text(places[3]),
            }
        })
        .collect();
    customers.sort_by(|left, right| left.id.cmp(&right.id));
    customers.dedup_by(|later, first| later.id == first.id);
    Ok(customers)
}
