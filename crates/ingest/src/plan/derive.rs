//! A derived population, compiled: what is folded, by which rule, and what it rests upon.

use std::sync::Arc;

use tieout_model::Code;

use super::column::{ColumnIn, column_plan};
use super::compile::{MapPlace as _, Scope, unknown_column};
use super::{ColumnPlan, Complaints, DerivePlan, DerivedPlan, How};
use crate::diagnose::nearest;
use crate::profile::{DeriveSpec, FoldRule, Origin};
use crate::schema::{PopulationSchema, schema};
use crate::store;

/// Compiles `[[derive]]`; headers of its own become hidden columns of the table.
pub(super) fn derive_plan(
    scope: &Scope<'_>,
    spec: &DeriveSpec,
    origin: &Arc<Origin>,
    columns: &mut Vec<ColumnPlan>,
    complaints: &mut Complaints,
) -> Option<DerivePlan> {
    let name = spec.population.get_ref();
    let Some(population) = schema().get(name) else {
        let message = format!("`{name}` is not a population");
        let mut unknown = origin.complain(Code::PopulationUnknown, spec.population.span(), message);
        if let Some(near) = nearest(name, schema().populations().map(|population| population.name.as_str())) {
            unknown = unknown.help(format!("did you mean `{near}`?"));
        }
        complaints.push(unknown);
        return None;
    };
    let mut plan = DerivePlan { population, key: Vec::new(), columns: Vec::new() };
    for key in &spec.key {
        let name = key.get_ref();
        let Some(canonical) = population.column(name) else {
            complaints.push(unknown_column(population, name).map_place(origin, &key.span()));
            return None;
        };
        // A key with a mapping of its own under the derived columns needs none under the source's.
        let own =
            spec.columns.iter().any(|(column, derived)| column.get_ref() == name && derived.get_ref().column.is_none());
        if own {
            plan.key.push(format!("~{}.{name}", population.name));
            continue;
        }
        if !columns.iter().any(|column| &column.name == name) {
            let message = format!("key `{name}` of the derived population is not a mapped column of this source");
            complaints.push(
                origin
                    .complain(Code::ColumnUnknown, key.span(), message)
                    .help(format!("add `{name} = \"<header>\"` under columns")),
            );
            return None;
        }
        plan.key.push(name.clone());
        plan.columns.push(DerivedPlan {
            name: name.clone(),
            ty: canonical.ty,
            from: name.clone(),
            rule: FoldRule::First,
            origin: store::Origin::Computed(Vec::new()),
            computed: false,
        });
    }
    for (name, derived) in &spec.columns {
        let (span, name, derived) = (name.span(), name.get_ref(), derived.get_ref());
        let Some(canonical) = population.column(name) else {
            complaints.push(unknown_column(population, name).map_place(origin, &span));
            continue;
        };
        let from = match &derived.column {
            Some(column) => {
                let own = scope.population.column(column.get_ref());
                if own.is_none_or(|own| {
                    own.ty.physical() != canonical.ty.physical() || own.ty.scale() != canonical.ty.scale()
                }) {
                    let message = format!(
                        "`{}` does not fit `{}.{name}`: it is not a {}",
                        column.get_ref(),
                        population.name,
                        canonical.ty.name()
                    );
                    complaints.push(origin.complain(Code::ColumnUnknown, column.span(), message));
                    continue;
                }
                column.get_ref().clone()
            }
            None => {
                let hidden = format!("~{}.{name}", population.name);
                let column = ColumnIn {
                    canonical,
                    name: hidden.clone(),
                    population: &population.name,
                    spec: &derived.cell,
                    span: &span,
                    origin,
                };
                columns.extend(column_plan(scope, &column, complaints));
                hidden
            }
        };
        if derived.rule == FoldRule::Sum && canonical.ty.scale().is_none() {
            let message = format!("`{name}` is a {} and cannot be summed", canonical.ty.name());
            complaints.push(origin.complain(Code::ProfileSyntax, span, message));
            continue;
        }
        plan.columns.push(DerivedPlan {
            name: name.clone(),
            ty: canonical.ty,
            from,
            rule: derived.rule,
            origin: store::Origin::Computed(Vec::new()),
            computed: derived.column.is_some(),
        });
    }
    super::compile::required(
        &population.name,
        population,
        &|name| plan.columns.iter().any(|column| column.name == name),
        &|message| origin.complain(Code::RequiredUnmapped, spec.population.span(), message),
        complaints,
    );
    Some(plan)
}

/// Says where derived columns come from, once the table's columns are settled.
pub(super) fn settle(plan: &mut DerivePlan, columns: &[ColumnPlan], table: &PopulationSchema) {
    plan.columns.retain(|derived| columns.iter().any(|column| column.name == derived.from));
    for derived in &mut plan.columns {
        let Some(index) = columns.iter().position(|column| column.name == derived.from) else { continue };
        derived.origin = match &columns[index].how {
            _ if derived.computed || matches!(derived.rule, FoldRule::Sum) => {
                let mut rests = vec![format!("{}.{}", table.name, derived.from.trim_start_matches('~'))];
                if derived.from.starts_with('~') {
                    rests.clear();
                }
                gather(columns, index, &mut rests);
                store::Origin::Computed(rests)
            }
            How::Header(spellings) => store::Origin::Header(spellings.first().cloned().unwrap_or_default()),
            How::Position(position) => store::Origin::Header(position.to_string()),
            How::Constant(_, text) => store::Origin::Constant(text.clone()),
            How::Record | How::Compute { .. } | How::Join { .. } => {
                let mut rests = Vec::new();
                gather(columns, index, &mut rests);
                store::Origin::Computed(rests)
            }
        };
    }
}

fn gather(columns: &[ColumnPlan], index: usize, rests: &mut Vec<String>) {
    for operand in columns[index].how.operands() {
        let name = &columns[*operand].canonical;
        if !rests.contains(name) {
            rests.push(name.clone());
            gather(columns, *operand, rests);
        }
    }
}
