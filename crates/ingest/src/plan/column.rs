//! One mapped column, compiled; computed columns in an order in which they can be computed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use tieout_model::types::Physical;
use tieout_model::{Code, Diagnostic, amount};
use toml::Spanned;

use super::compile::Scope;
use super::rules::{cell_rules, is_minor};
use super::{ColumnPlan, Complaints, How, Minor};
use crate::convert::compute::Operation;
use crate::convert::{CellRules, Value};
use crate::diagnose::nearest;
use crate::profile::{CellSpec, ColumnSpec, ComputeSpec, CurrencySpec, Origin};
use crate::schema::ColumnSchema;

/// A column of the mapping with its place.
pub(super) struct ColumnIn<'a> {
    pub canonical: &'a ColumnSchema,
    pub name: String,
    pub population: &'a str,
    pub spec: &'a CellSpec,
    pub span: &'a Range<usize>,
    pub origin: &'a Arc<Origin>,
}

/// Compiles a column; `None` after an error. Operands of a computation are settled later.
pub(super) fn column_plan(scope: &Scope<'_>, column: &ColumnIn<'_>, complaints: &mut Complaints) -> Option<ColumnPlan> {
    let spec = column.spec;
    let error = |message: String| column.origin.complain(Code::ProfileSyntax, column.span.clone(), message);
    let stated = [
        spec.header.is_some(),
        spec.position.is_some(),
        spec.constant.is_some(),
        spec.record == Some(true),
        spec.compute.is_some(),
    ];
    if stated.iter().filter(|stated| **stated).count() != 1 {
        let message = format!(
            "column `{}` needs exactly one of header, position, constant, record, compute",
            column.canonical.name
        );
        complaints.push(error(message).help(format!("write `{} = \"<header>\"`", column.canonical.name)));
        return None;
    }
    let ty = column.canonical.ty;
    let rules = cell_rules(scope, &column.canonical.name, ty, spec, complaints);
    let how = if let Some(headers) = &spec.header {
        How::Header(headers.0.clone())
    } else if let Some(position) = spec.position {
        if position == 0 {
            complaints.push(error("positions count from 1".to_owned()));
            return None;
        }
        How::Position(position)
    } else if let Some(text) = &spec.constant {
        How::Constant(
            constant(&rules, text).or_else(|| {
                complaints.push(error(format!("`{text}` is not a {}", ty.name())));
                None
            })?,
            text.clone(),
        )
    } else if let Some(compute) = &spec.compute {
        computed(column, compute, &error, complaints)?
    } else {
        How::Record
    };
    let minor = if is_minor(scope, &column.canonical.name, spec) && ty.scale().is_some() {
        minor(scope, column, complaints)
    } else {
        None
    };
    Some(ColumnPlan {
        name: column.name.clone(),
        canonical: format!("{}.{}", column.population, column.canonical.name),
        ty,
        required: column.canonical.required,
        stored: true,
        how,
        rules,
        minor,
        optional: spec.optional.unwrap_or(false),
        span: column.span.clone(),
        origin: Arc::clone(column.origin),
    })
}

/// What a column is computed by; operands are settled later.
fn computed(
    column: &ColumnIn<'_>,
    compute: &ComputeSpec,
    error: &dyn Fn(String) -> Diagnostic,
    complaints: &mut Complaints,
) -> Option<How> {
    let ty = column.canonical.ty;
    if let Some(parts) = &compute.join {
        let numeric = compute.product.is_some() || compute.sum.is_some() || compute.difference.is_some();
        if numeric || compute.less.is_some() || compute.places.is_some() || parts.is_empty() {
            complaints.push(error("join takes texts and nothing but `with` beside it".to_owned()));
            return None;
        }
        if ty.physical() != Physical::Text {
            complaints.push(error(format!("`{}` cannot be joined: it is a {}", column.canonical.name, ty.name())));
            return None;
        }
        return Some(How::Join { operands: Vec::new(), with: compute.with.clone().unwrap_or_else(|| "-".to_owned()) });
    }
    let operations = [
        (Operation::Product, &compute.product),
        (Operation::Sum, &compute.sum),
        (Operation::Difference, &compute.difference),
    ];
    let mut chosen = operations.into_iter().filter_map(|(operation, list)| Some((operation, list.as_ref()?)));
    let (Some((operation, operands)), None) = (chosen.next(), chosen.next()) else {
        complaints.push(error("compute needs exactly one of product, sum, difference, join".to_owned()));
        return None;
    };
    if ty.scale().is_none() || operands.is_empty() {
        complaints.push(error(format!("`{}` cannot be computed: it is a {}", column.canonical.name, ty.name())));
        return None;
    }
    Some(How::Compute { operation, operands: Vec::new(), less: compute.less.is_some(), places: compute.places })
}

fn constant(rules: &CellRules, text: &str) -> Option<Value<'static>> {
    let own = |value: Value<'_>| match value {
        Value::Text(text) => Value::Text(text.into_owned().into()),
        Value::Units(units, _) => Value::Units(units, 0),
        Value::Day(day) => Value::Day(day),
        Value::Flag(flag) => Value::Flag(flag),
        Value::Code(code) => Value::Code(code),
    };
    rules.value(text, Some(2)).ok().map(own)
}

/// Where the currency of minor units stands: `[format] currency`, else the table's own column.
fn minor(scope: &Scope<'_>, column: &ColumnIn<'_>, complaints: &mut Complaints) -> Option<Minor> {
    let own = scope.table.columns.get("currency").map(|(spec, ..)| CurrencySpec {
        header: spec.0.header.as_ref().and_then(|headers| headers.0.first().cloned()),
        constant: spec.0.constant.clone(),
    });
    let currency = scope.format.currency.clone().or(own).unwrap_or_default();
    match (currency.header, currency.constant) {
        (Some(header), _) => Some(Minor::Header(header)),
        (None, Some(code)) => match amount::minor_units(&code.to_ascii_uppercase()) {
            Some(places) => Some(Minor::Places(places)),
            None => {
                let message = format!("`{code}` is not an ISO 4217 currency");
                complaints.push(column.origin.complain(Code::ProfileSyntax, column.span.clone(), message));
                None
            }
        },
        (None, None) => {
            let message = format!("`{}` is in minor units, but the currency is not known", column.canonical.name);
            let complaint = column.origin.complain(Code::ProfileSyntax, column.span.clone(), message);
            complaints.push(
                complaint.help("add `currency = { header = \"...\" }` or `{ constant = \"USD\" }` under [format]"),
            );
            None
        }
    }
}

/// Settles the operands of computed columns and sorts the columns so that operands come first.
pub(super) fn order_by_operands(
    columns: &mut Vec<ColumnPlan>,
    specs: &BTreeMap<String, (ColumnSpec, Range<usize>, Arc<Origin>)>,
    complaints: &mut Complaints,
) {
    let mut waiting: Vec<(ColumnPlan, Vec<String>)> = Vec::new();
    let all: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    for column in columns.drain(..) {
        let mut operands = Vec::new();
        if column.how.is_computed()
            && let Some((spec, ..)) = specs.get(&column.name)
            && let Some(compute) = &spec.0.compute
        {
            let lists = [&compute.product, &compute.sum, &compute.difference, &compute.join];
            operands = lists
                .into_iter()
                .flatten()
                .flatten()
                .chain(&compute.less)
                .map(|name: &Spanned<String>| name.get_ref().clone())
                .collect();
        }
        waiting.push((column, operands));
    }
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|(_, operands)| {
            operands.iter().all(|operand| columns.iter().any(|column| &column.name == operand))
        });
        let Some(ready) = ready else { break };
        let (mut column, names) = waiting.remove(ready);
        let found = || names.iter().filter_map(|name| columns.iter().position(|column| &column.name == name)).collect();
        if let How::Join { operands, .. } = &mut column.how {
            *operands = found();
            let number = operands.iter().find(|operand| columns[**operand].ty.physical() != Physical::Text);
            if let Some(number) = number {
                let message = format!("`{}` is not text and cannot be joined", columns[*number].name);
                complaints.push(column.origin.complain(Code::ProfileSyntax, column.span.clone(), message));
                continue;
            }
        }
        if let How::Compute { operands, .. } = &mut column.how {
            *operands = found();
            if let Some(text) = operands.iter().find(|operand| columns[**operand].ty.scale().is_none()) {
                let message = format!("`{}` is not a number and cannot be computed with", columns[*text].name);
                complaints.push(column.origin.complain(Code::ProfileSyntax, column.span.clone(), message));
                continue;
            }
        }
        columns.push(column);
    }
    for (column, operands) in waiting {
        let missing = operands.iter().find(|operand| !all.contains(operand));
        let complaint = match missing {
            Some(operand) => {
                let message = format!("`{}` is computed from `{operand}`, which is not mapped", column.name);
                let complaint = column.origin.complain(Code::ColumnUnknown, column.span.clone(), message);
                match nearest(operand, all.iter().map(String::as_str)) {
                    Some(near) => complaint.help(format!("did you mean `{near}`?")),
                    None => complaint.help(format!("add `{operand} = \"<header>\"` under columns")),
                }
            }
            None => {
                let message = format!("`{}` is computed from itself", column.name);
                column.origin.complain(Code::ProfileSyntax, column.span.clone(), message)
            }
        };
        complaints.push(complaint);
    }
}
