//! A table of a source checked against the schema, all complaints at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_model::{Code, Diagnostic};

use super::column::{ColumnIn, column_plan, order_by_operands};
use super::filter::condition;
use super::{ColumnPlan, Complaints, FilePlan, TablePlan};
use crate::convert::date::Zones;
use crate::diagnose::nearest;
use crate::profile::{FormatSpec, Table};
use crate::read::Syntax;
use crate::schema::{PopulationSchema, schema};
use crate::series::SeriesPlan;
use crate::totals::control_column;

/// Columns that rules need, by population; `None` is all.
pub(crate) type Needed<'a> = Option<&'a BTreeMap<String, BTreeSet<String>>>;

/// What the parts of a table's mapping have in common.
pub(crate) struct Scope<'a> {
    pub table: &'a Table,
    pub format: &'a FormatSpec,
    pub population: &'static PopulationSchema,
    pub zones: Option<Zones>,
}

impl Scope<'_> {
    /// A complaint about the table as a whole.
    pub fn complain(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        self.table.origin.complain(code, self.table.span.clone(), message)
    }
}

/// Compiles the tables of one source. Complaints of level error mean that the source cannot be used.
pub(crate) fn compile(tables: &[Table], zones: Option<&Zones>, needed: Needed<'_>) -> (Option<FilePlan>, Complaints) {
    let mut complaints = Vec::new();
    let mut plans = Vec::new();
    for table in tables {
        plans.extend(table_plan(table, zones, needed, &mut complaints).map(Arc::new));
    }
    let Some(first) = tables.first() else { return (None, complaints) };
    let syntax = syntax(first, &mut complaints);
    let label = first.format.encoding.as_deref().unwrap_or("utf-8");
    let Some(encoding) = encoding_rs::Encoding::for_label(label.as_bytes()) else {
        let message = format!("encoding `{label}` is not known");
        let unknown = first.origin.complain(Code::ProfileSyntax, first.span.clone(), message);
        complaints
            .push(unknown.help("write `encoding = \"utf-8\"`, \"utf-16\", \"windows-1252\" or another WHATWG label"));
        return (None, complaints);
    };
    (Some(FilePlan { syntax, encoding, tables: plans }), complaints)
}

fn table_plan(
    table: &Table,
    zones: Option<&Zones>,
    needed: Needed<'_>,
    complaints: &mut Complaints,
) -> Option<TablePlan> {
    let Some(population) = schema().get(&table.population) else {
        complaints.push(unknown_population(table));
        return None;
    };
    let scope = Scope { table, format: &table.format, population, zones: zones.cloned() };
    check_format_lists(&scope, complaints);
    let mut columns: Vec<ColumnPlan> = Vec::new();
    for (name, (spec, span, origin)) in &table.columns {
        let Some(canonical) = population.column(name) else {
            complaints.push(unknown_column(population, name).map_place(origin, span));
            continue;
        };
        let column =
            ColumnIn { canonical, name: name.clone(), population: &population.name, spec: &spec.0, span, origin };
        columns.extend(column_plan(&scope, &column, complaints));
    }
    let mut derive = Vec::new();
    for (spec, origin) in &table.derive {
        derive.extend(super::derive::derive_plan(&scope, spec, origin, &mut columns, complaints));
    }
    order_by_operands(&mut columns, &table.columns, complaints);
    for plan in &mut derive {
        super::derive::settle(plan, &columns, population);
    }
    required(
        &population.name,
        population,
        &|name| columns.iter().any(|column| column.name == name),
        &|message| scope.complain(Code::RequiredUnmapped, message),
        complaints,
    );
    let document_type = columns.iter().position(|column| column.name == "document_type").or_else(|| {
        columns.iter().position(|column| column.name.starts_with('~') && column.name.ends_with(".document_type"))
    });
    let mut plan = TablePlan {
        population,
        columns,
        conditions: table.conditions.iter().map(|(spec, origin)| condition(&scope, spec, origin, complaints)).collect(),
        series: table.series.iter().filter_map(|(spec, origin)| SeriesPlan::new(spec, origin, complaints)).collect(),
        numbers: true,
        derive,
        credit_sign: table.format.credit_sign.unwrap_or_default(),
        document_type,
        fill_down: table.format.fill_down.clone().unwrap_or_default(),
        span: table.span.clone(),
        origin: Arc::clone(&table.origin),
        float_places: table.format.float_places,
    };
    prune(&mut plan, needed);
    Some(plan)
}

fn unknown_population(table: &Table) -> Diagnostic {
    let name = &table.population;
    let unknown =
        table.origin.complain(Code::PopulationUnknown, table.span.clone(), format!("`{name}` is not a population"));
    let names: Vec<&str> = schema().populations().map(|population| population.name.as_str()).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.help(format!("one of: {}", names.join(", "))),
    }
}

/// The complaint about a column that the population does not have.
pub(super) fn unknown_column(population: &PopulationSchema, name: &str) -> Diagnostic {
    let unknown =
        Diagnostic::new(Code::ColumnUnknown, format!("population `{}` has no column `{name}`", population.name));
    let names: Vec<&str> = population.columns.iter().map(|column| column.name.as_str()).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.help(format!("its columns: {}", names.join(", "))),
    }
}

/// Puts a complaint at a place of the mapping.
pub(super) trait MapPlace {
    fn map_place(self, origin: &crate::profile::Origin, span: &std::ops::Range<usize>) -> Self;
}

impl MapPlace for Diagnostic {
    fn map_place(mut self, origin: &crate::profile::Origin, span: &std::ops::Range<usize>) -> Self {
        self.place = origin.place(span.clone());
        self
    }
}

fn check_format_lists(scope: &Scope<'_>, complaints: &mut Complaints) {
    let format = scope.format;
    for list in [&format.inclusive_ends, &format.percent, &format.minor_units] {
        for name in list.iter().flatten() {
            // A profile's list serves all its tables, so the column may be another's.
            if !schema().populations().any(|population| population.column(name).is_some()) {
                let message = format!("[format] names `{name}`, which no population has as a column");
                complaints.push(scope.complain(Code::ColumnUnknown, message));
            }
        }
    }
}

/// Complains about required columns that the mapping leaves out.
pub(super) fn required(
    name: &str,
    population: &PopulationSchema,
    mapped: &dyn Fn(&str) -> bool,
    complain: &dyn Fn(String) -> Diagnostic,
    complaints: &mut Complaints,
) {
    let missing: Vec<&str> = population
        .columns
        .iter()
        .filter(|column| column.required && !mapped(&column.name))
        .map(|column| column.name.as_str())
        .collect();
    let Some(first) = missing.first() else { return };
    let words = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let diagnostic = complain(format!("population `{name}`: required and not mapped: {words}"))
        .note("rules that use them are not performed")
        .help(format!(
            "add `{first} = \"<header>\"` under columns, or {{ constant = \"...\" }} if it is the same for all"
        ));
    complaints.push(diagnostic);
}

fn syntax(table: &Table, complaints: &mut Complaints) -> Syntax {
    let format = &table.format;
    let mut one = |key: &str, text: Option<&String>, usual: Option<u8>| match text.map(|text| text.as_bytes()) {
        None => usual,
        Some([]) => None,
        Some([byte]) if byte.is_ascii() && *byte != b'\n' => Some(*byte),
        Some(_) => {
            let message = format!("`{key}` must be one ASCII character");
            complaints.push(table.origin.complain(Code::ProfileSyntax, table.span.clone(), message));
            usual
        }
    };
    let delimiter = one("delimiter", format.delimiter.as_ref(), Some(b',')).unwrap_or(b',');
    let quote = one("quote", format.quote.as_ref(), Some(b'"'));
    let fields = format.fields;
    if fields == Some(0) || fields.is_some() && format.header != Some(false) {
        let message = "`fields` is the number of fields of a file without header".to_owned();
        let complaint = table.origin.complain(Code::ProfileSyntax, table.span.clone(), message);
        complaints.push(complaint.help("write `header = false` beside it, or leave it out: the header says it"));
    }
    Syntax {
        delimiter,
        quote,
        header: format.header.unwrap_or(true),
        skip_lines: format.skip_lines.unwrap_or(0),
        fields: fields.filter(|_| format.header == Some(false)),
    }
}

/// Marks what has to be converted: what rules need, keys, currencies, control totals, series, and operands of these.
fn prune(plan: &mut TablePlan, needed: Needed<'_>) {
    let Some(needed) = needed else { return };
    let population = plan.population;
    let wanted = needed.get(&population.name);
    plan.numbers = needed.contains_key("document_number");
    let always = |name: &str| {
        name.starts_with('~')
            || population.key.iter().any(|key| key == name)
            || name == "currency"
            || name == "document_type"
            || control_column(&population.name) == Some(name)
            || population.columns.iter().any(|column| {
                column
                    .currency_from
                    .as_deref()
                    .and_then(|path| path.split_once('.'))
                    .is_some_and(|(table, currency)| table == population.name && currency == name)
            })
    };
    let mut stored: Vec<bool> = plan
        .columns
        .iter()
        .map(|column| always(&column.name) || wanted.is_some_and(|wanted| wanted.contains(&column.name)))
        .collect();
    for derive in &plan.derive {
        for name in derive.key.iter().chain(derive.columns.iter().map(|column| &column.from)) {
            if let Some(index) = plan.column(name) {
                stored[index] = true;
            }
        }
    }
    // Operands stand before their results, so one pass from the end reaches all.
    for index in (0..plan.columns.len()).rev() {
        if stored[index] {
            plan.columns[index].how.operands().iter().for_each(|operand| stored[*operand] = true);
        }
    }
    for (column, stored) in plan.columns.iter_mut().zip(stored) {
        column.stored = stored;
    }
}
