//! Gathers the documents that netting looks at, once for all rules.

use tieout_model::{Date, Period};

use crate::catalog::{Catalog, Scope};
use crate::engine::{Engine, EngineError};
use crate::expr::{Cmp, Expr};
use crate::judge::netting::{Netting, net};
use crate::plan::{Join, Plan};
use crate::rule::Rule;
use crate::value::Ty;

/// Whether a rule reads what netting left: it says `net = true` or `netted = true` somewhere.
pub fn asked(rule: &Rule) -> bool {
    fn says(value: &toml::Value) -> bool {
        match value {
            toml::Value::Table(table) => {
                let here =
                    ["net", "netted"].iter().any(|key| table.get(*key).and_then(toml::Value::as_bool) == Some(true));
                here || table.values().any(says)
            }
            toml::Value::Array(all) => all.iter().any(says),
            _ => false,
        }
    }
    // What cannot be parsed is not run.
    rule.text.parse::<toml::Table>().is_ok_and(|table| says(&toml::Value::Table(table)))
}

/// Nets voids and credit notes against bills; nothing to do where the exports have no documents with amounts.
pub fn run(
    engine: &dyn Engine,
    catalog: &Catalog,
    period: Option<Period>,
    as_of: Option<Date>,
) -> Result<Netting, EngineError> {
    let plans = plans(catalog);
    if plans.is_empty() {
        return Ok(Netting::default());
    }
    let mut relations = engine.run(&plans)?.into_iter();
    let documents = relations.next().unwrap_or_default();
    Ok(net(&documents, &relations.next().unwrap_or_default(), period, as_of))
}

/// The documents concerned, and their lines if there are any; nothing where documents have no amounts.
pub(crate) fn plans(catalog: &Catalog) -> Vec<Plan> {
    if !lacking(catalog).is_empty() {
        return Vec::new();
    }
    let mut scope = Scope::new(catalog, "invoice", "");
    let optional = ["gross_total", "invoice_no", "original_invoice_id", "replaces_id", "reason_code"];
    let mut columns = vec![("rec".to_owned(), scope.rec_expr())];
    for name in NEEDED.iter().chain(&optional) {
        if let Some(expr) = scope.column(name) {
            columns.push(((*name).to_owned(), expr));
        }
    }
    let all = scope.plan().project(columns);
    let is = |column: &str, word: &str| Expr::col(column, Ty::Text).compare(Cmp::Eq, Expr::text(word));
    let live = is("status", "posted").or(is("status", "void")).or(is("status", "uncollectible"));
    let all = all.filter(live);
    let documents = concerned(&all);
    let mut plans = vec![documents.clone()];
    if let Some(lines) = lines(catalog) {
        let own = documents.project(vec![("document".to_owned(), Expr::col("invoice_id", Ty::Text))]);
        plans.push(lines.join(own, vec![("invoice_id".to_owned(), "document".to_owned())], Join::Semi));
    }
    plans
}

/// The documents that netting may touch or look at: repairs and what they name, everything of a customer with a credit that
/// names nothing, and bills like one that is taken back, which may be its new edition.
fn concerned(all: &Plan) -> Plan {
    let has = |column: &str| all.ty(column).is_some();
    let text = |column: &str| Expr::col(column, Ty::Text);
    let is = |column: &str, word: &str| text(column).compare(Cmp::Eq, Expr::text(word));
    let renamed = |plan: Plan, columns: &[&str]| {
        let columns: Vec<(String, Expr)> = columns
            .iter()
            .map(|name| (format!("its.{name}"), Expr::col(*name, all.ty(name).unwrap_or(Ty::Text))))
            .collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        plan.project(columns).distinct(&names)
    };
    let alike = |plan: Plan, columns: &[&str]| {
        let on = columns.iter().map(|name| ((*name).to_owned(), format!("its.{name}"))).collect();
        all.clone().join(renamed(plan, columns), on, Join::Semi)
    };
    let mut repair = is("document_type", "credit_note").or(is("status", "void"));
    if has("replaces_id") {
        repair = repair.or(text("replaces_id").is_null().negated());
    }
    let repairs = all.clone().filter(repair);
    if !has("gross_total") {
        // What a bill comes to is known from its lines only.
        return alike(repairs, &["customer_id", "currency"]);
    }
    let mut nameless = is("document_type", "credit_note").and(is("status", "void").negated());
    let mut named = vec![repairs.clone().filter(is("status", "void"))];
    for column in ["original_invoice_id", "replaces_id"].into_iter().filter(|column| has(column)) {
        let key = vec![("its.id".to_owned(), text(column))];
        let of = all.clone().filter(text(column).is_null().negated()).project(key).distinct(&["its.id".to_owned()]);
        named.push(all.clone().join(of, vec![("invoice_id".to_owned(), "its.id".to_owned())], Join::Semi));
    }
    if has("original_invoice_id") {
        nameless = nameless.and(text("original_invoice_id").is_null());
    }
    let named = Plan::Union(named);
    let nameless = all.clone().filter(nameless);
    let parts = vec![
        repairs,
        named.clone(),
        alike(nameless, &["customer_id", "currency"]),
        alike(named, &["customer_id", "currency", "gross_total"]),
    ];
    let parts =
        parts.into_iter().map(|part| part.project(vec![("rec".to_owned(), Expr::col("rec", Ty::INT))])).collect();
    alike(Plan::Union(parts), &["rec"])
}

/// Without these of a document nothing can be netted.
const NEEDED: [&str; 6] = ["invoice_id", "document_type", "status", "issue_date", "customer_id", "currency"];

/// What the exports lack for netting.
pub fn lacking(catalog: &Catalog) -> Vec<String> {
    let Some(table) = catalog.table("invoice") else { return vec!["invoice".to_owned()] };
    let absent = NEEDED.into_iter().filter(|column| !table.columns.contains_key(*column));
    absent.map(|column| format!("invoice.{column}")).collect()
}

/// The lines with what each of them may bill.
fn lines(catalog: &Catalog) -> Option<Plan> {
    catalog.table("invoice_line")?;
    let mut scope = Scope::new(catalog, "invoice_line", "");
    let mut columns = vec![("rec".to_owned(), scope.rec_expr())];
    columns.push(("invoice_id".to_owned(), scope.column("invoice_id")?));
    let own = |name: &str| catalog.table("invoice_line").is_some_and(|table| table.columns.contains_key(name));
    for name in OPTIONAL_LINE_COLUMNS.into_iter().filter(|name| own(name)) {
        columns.push((name.to_owned(), scope.column(name)?));
    }
    Some(scope.plan().project(columns))
}

/// What netting reads of a line where the exports have it.
pub const OPTIONAL_LINE_COLUMNS: [&str; 14] = [
    "item_id",
    "quantity",
    "unit_price",
    "net_amount",
    "line_no",
    "original_line_no",
    "order_id",
    "order_line_no",
    "shipment_id",
    "shipment_line_no",
    "subscription_id",
    "service_start",
    "service_end",
    "charge_code",
];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::reference::Reference;
    use crate::value::{Column, Relation, Value};

    #[test]
    fn a_bill_like_one_that_was_taken_back_is_looked_at() {
        let names = ["invoice_id", "document_type", "status", "customer_id", "currency"];
        let mut columns: Vec<Column> =
            names.iter().map(|name| Column { name: (*name).to_owned(), ty: Ty::Text }).collect();
        columns.push(Column { name: "gross_total".to_owned(), ty: Ty::MONEY });
        columns.push(Column { name: "rec".to_owned(), ty: Ty::INT });
        let row = |rec: i128, (id, status, customer, currency): (&str, &str, &str, &str), gross: i128| {
            let mut row: Vec<Value> =
                [id, "invoice", status, customer, currency].iter().map(|text| Value::text(text)).collect();
            row.extend([Value::Num(gross), Value::Num(rec)]);
            row
        };
        let rows = vec![
            row(1, ("taken back", "void", "A", "USD"), 100),
            row(2, ("billed anew", "posted", "A", "USD"), 100),
            row(3, ("another amount", "posted", "A", "USD"), 101),
            row(4, ("another customer", "posted", "B", "USD"), 100),
            row(5, ("another currency", "posted", "A", "EUR"), 100),
        ];
        let all = Plan::Rows(Arc::new(Relation { columns, rows }));
        let found = Reference::default().run(&[concerned(&all)]).unwrap().pop().unwrap();
        let mut ids: Vec<&str> = found.rows.iter().filter_map(|row| row[0].as_text()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["billed anew", "taken back"]);
    }
}
