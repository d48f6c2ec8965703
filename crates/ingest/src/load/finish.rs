//! Populations as they stand at the end: extracts merged, records derived, totals taken, facts stated.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use polars::prelude::{Column as Stored, DataFrame, IntoColumn as _, NamedFrom as _, Series};
use tieout_model::report::{ControlTotal, PopulationFacts};
use tieout_model::{Code, Diagnostic, Period, RecordRef};

use super::{Growing, Loading, signs, store_failed};
use crate::derive::Fold;
use crate::diagnose::Sighting;
use crate::gather::{Chunks, Layout, Spill, count_unreadable};
use crate::overlap::{Extract, merge};
use crate::plan::{DerivePlan, How};
use crate::schema::schema;
use crate::series::{Document, merge as merge_series};
use crate::store::{Origin, Population, REC, Store, StoredColumn, UNREADABLE};
use crate::totals::{self, CurrencyOf, NO_CURRENCY, control_column};

/// A population that is nearly done.
struct Done {
    spill: Spill,
    chunks: Vec<Chunks>,
    columns: BTreeMap<String, StoredColumn>,
    facts: PopulationFacts,
    unreadable: BTreeMap<String, u64>,
    records: u64,
}

/// Builds the store.
pub(super) fn finish(loading: &mut Loading) -> Store {
    let mut done: BTreeMap<String, Done> = BTreeMap::new();
    let mut derived: Vec<(DerivePlan, Fold, Vec<u32>)> = Vec::new();
    let mut documents = Vec::new();
    let mut controls = BTreeMap::new();
    let growing = std::mem::take(&mut loading.growing);
    for (name, mut growing) in growing {
        controls.insert(name.clone(), std::mem::take(&mut growing.controls));
        signs::complain(&growing, &loading.files, &mut loading.diagnostics);
        documents.extend(series(&mut growing));
        if growing.parts.is_empty() && (growing.failed || growing.plans.is_empty()) {
            // Nothing of it could be read, or others derive it: absent here.
            if growing.plans.is_empty() {
                done.insert(name, Done::empty(growing.spill, &growing.extracts));
            }
            continue;
        }
        match population(&name, growing, loading, &mut derived) {
            Ok(population) => {
                done.insert(name, population);
            }
            Err(error) => loading.complain(store_failed(&error)),
        }
    }
    for (plan, fold, sources) in derived {
        if let Err(error) = unfold(&plan, fold, &sources, &mut done, loading) {
            loading.complain(store_failed(&error));
        }
    }
    // A derived population whose source could not be read is absent too.
    done.retain(|_, population| !population.columns.is_empty());
    if let Some(population) = document_numbers(documents) {
        done.insert("document_number".to_owned(), population);
    }
    let mut store = Store {
        files: std::mem::take(&mut loading.files),
        layouts: std::mem::take(&mut loading.layouts),
        ..Store::default()
    };
    control(&mut done, &controls, loading);
    for (name, population) in done {
        match population.settle(&name) {
            Ok(population) => {
                store.populations.insert(name, population);
            }
            Err(error) => loading.complain(store_failed(&error)),
        }
    }
    super::grain::mixed(&store, loading);
    store
}

impl Done {
    fn empty(spill: Spill, extracts: &[Option<Period>]) -> Self {
        Self {
            spill,
            chunks: Vec::new(),
            columns: BTreeMap::new(),
            facts: PopulationFacts { extract: union(extracts), ..PopulationFacts::default() },
            unreadable: BTreeMap::new(),
            records: 0,
        }
    }

    fn settle(mut self, name: &str) -> polars::prelude::PolarsResult<Population> {
        let marked: BTreeSet<&str> =
            self.unreadable.iter().filter(|(_, count)| **count > 0).map(|(name, _)| name.as_str()).collect();
        // A header that no file has leaves nothing to store.
        self.spill.layout.retain(|name, _| name.starts_with('~') || self.columns.contains_key(name));
        for column in self.columns.values_mut() {
            column.has_unreadable = marked.contains(column.name.as_str());
        }
        self.facts.name = name.to_owned();
        self.facts.unreadable = self
            .unreadable
            .iter()
            .filter(|(name, count)| **count > 0 && !name.starts_with('~'))
            .map(|(name, count)| (name.clone(), *count))
            .collect();
        let frame = self.spill.finish(self.chunks, &marked)?;
        let facts = &self.facts;
        assert_eq!(
            facts.read,
            facts.kept + facts.excluded + facts.elsewhere + facts.merged,
            "a record of {name} is not accounted for"
        );
        Ok(Population {
            name: name.to_owned(),
            frame,
            columns: self.columns,
            records: self.records,
            extract: self.facts.extract,
            facts: self.facts,
        })
    }
}

/// The union of the windows, if every source states one.
fn union(extracts: &[Option<Period>]) -> Option<Period> {
    let mut all = extracts.iter();
    let first = (*all.next()?)?;
    all.try_fold(first, |union, extract| {
        let extract = (*extract)?;
        Some(Period { from: union.from.min(extract.from), to: union.to.max(extract.to) })
    })
}

fn population(
    name: &str,
    mut growing: Growing,
    loading: &mut Loading,
    derived: &mut Vec<(DerivePlan, Fold, Vec<u32>)>,
) -> polars::prelude::PolarsResult<Done> {
    let mut facts = PopulationFacts { extract: union(&growing.extracts), ..PopulationFacts::default() };
    let mut columns: BTreeMap<String, StoredColumn> = BTreeMap::new();
    let mut unreadable: BTreeMap<String, u64> = BTreeMap::new();
    describe(&growing, &mut facts, &mut columns);
    for part in &growing.parts {
        facts.read += part.read;
        facts.excluded += part.excluded;
        facts.elsewhere += part.elsewhere;
        for (column, count) in &part.unreadable {
            *unreadable.entry(column.clone()).or_default() += count;
        }
    }
    let mut records: u64 = growing.parts.iter().map(|part| part.rows).sum();
    if let Some(merged) = overlap(&growing, loading) {
        records -= merged.merged;
        (facts.merged, facts.versions) = (merged.merged, merged.versions);
        unreadable.values_mut().for_each(|count| *count = 0);
        for (part, keep) in growing.parts.iter_mut().zip(&merged.keep) {
            part.chunks.filter(keep, &mut growing.spill)?;
            for (column, count) in &mut unreadable {
                let companion = [format!("{column}{UNREADABLE}")];
                for frame in part.chunks.frames(Some(&companion)) {
                    *count += count_unreadable(&frame?, column);
                }
            }
        }
    }
    facts.kept = records;
    for part in &growing.parts {
        for plan in &part.plan.derive {
            let at = derived.iter().position(|(other, ..)| same(other, plan)).unwrap_or_else(|| {
                derived.push((plan.clone(), Fold::new(plan), Vec::new()));
                derived.len() - 1
            });
            let (_, fold, sources) = &mut derived[at];
            sources.push(part.file);
            let reads = fold.reads();
            for frame in part.chunks.frames(Some(&reads)) {
                fold.add(&frame?)?;
            }
        }
    }
    let chunks = growing.parts.into_iter().map(|part| part.chunks).collect();
    let _ = name;
    Ok(Done { spill: growing.spill, chunks, columns, facts, unreadable, records })
}

/// True if two sources derive the same population in the same way, so that their records fold together.
fn same(left: &DerivePlan, right: &DerivePlan) -> bool {
    let shape = |plan: &DerivePlan| {
        (
            plan.population.name.clone(),
            plan.key.clone(),
            plan.columns
                .iter()
                .map(|column| (column.name.clone(), column.from.clone(), column.rule.name()))
                .collect::<Vec<_>>(),
        )
    };
    shape(left) == shape(right)
}

/// What is mapped and from where, and what the files hold besides.
fn describe(growing: &Growing, facts: &mut PopulationFacts, columns: &mut BTreeMap<String, StoredColumn>) {
    let mut unmapped: Vec<String> = Vec::new();
    for part in &growing.parts {
        facts.sources.push(part.file);
        for (field, header) in part.headers.iter().enumerate() {
            let used = growing.parts.iter().any(|other| other.file == part.file && other.bound.used.contains(&field));
            if !used && !unmapped.contains(header) && !header.is_empty() {
                unmapped.push(header.clone());
            }
        }
        for (index, column) in part.plan.columns.iter().enumerate() {
            if part.bound.missing[index] || column.name.starts_with('~') {
                continue;
            }
            let mut origin = part.plan.origin_of(index);
            if let (Origin::Header(name), Some(field)) = (&mut origin, part.bound.fields[index])
                && let Some(header) = part.headers.get(field)
            {
                name.clone_from(header);
            }
            let from = match (&column.how, &origin) {
                (How::Record, _) => "record number".to_owned(),
                _ => words(&origin),
            };
            if !facts.mapped.iter().any(|mapped| mapped == &(column.name.clone(), from.clone())) {
                facts.mapped.push((column.name.clone(), from));
            }
            if !column.stored {
                continue;
            }
            let decimals = part.decimals.get(&column.name).copied().unwrap_or(0);
            let stored = columns.entry(column.name.clone()).or_insert_with(|| StoredColumn {
                name: column.name.clone(),
                ty: column.ty,
                origin: origin.clone(),
                has_unreadable: false,
                decimals_max: 0,
            });
            stored.decimals_max = stored.decimals_max.max(decimals);
            // Computed in one source is computed for the column: no rule may take it for stated.
            if matches!(origin, Origin::Computed(_)) && !matches!(stored.origin, Origin::Computed(_)) {
                stored.origin = origin;
            }
        }
    }
    facts.mapped.sort();
    // Hidden columns of a derivation use headers too, which `used` holds.
    facts.unmapped = unmapped;
}

fn words(origin: &Origin) -> String {
    match origin {
        Origin::Header(header) => format!("header \"{header}\""),
        Origin::Constant(text) => format!("constant `{text}`"),
        Origin::Computed(rests) if rests.is_empty() => "computed".to_owned(),
        Origin::Computed(rests) => format!("computed from {}", rests.join(", ")),
    }
}

fn overlap(growing: &Growing, loading: &mut Loading) -> Option<crate::overlap::Merged> {
    if growing.parts.len() < 2 {
        return None;
    }
    let mut order: Vec<usize> = (0..growing.parts.len()).collect();
    order.sort_by(|left, right| growing.parts[*left].order.cmp(&growing.parts[*right].order));
    let rank = |index: usize| order.iter().position(|other| *other == index).unwrap_or(0);
    let extracts: Vec<Extract<'_>> = growing
        .parts
        .iter()
        .enumerate()
        .map(|(index, part)| Extract { rank: rank(index), keys: &part.keys, contents: &part.contents })
        .collect();
    let merged = merge(&extracts)?;
    let name = &growing.parts.first()?.plan.population.name;
    let part = &growing.parts[merged.first?.0];
    let files: BTreeSet<&str> = growing
        .parts
        .iter()
        .zip(&merged.keep)
        .filter(|(_, keep)| keep.iter().any(|keep| !keep))
        .map(|(part, _)| part.order.1.as_str())
        .collect();
    let message = format!("{} records of `{name}` stand in several extracts; each counts once", merged.merged);
    let changed = match merged.versions {
        0 => "their cells are the same in every extract".to_owned(),
        versions => format!("the cells of {versions} have changed: the later export wins"),
    };
    let place = tieout_model::Place { file: part.order.1.clone(), ..tieout_model::Place::default() };
    loading.complain(
        Diagnostic::new(Code::ExtractOverlap, message)
            .at(place)
            .note(changed)
            .note(format!("left out of: {}", files.into_iter().collect::<Vec<_>>().join(", ")))
            .help("state `extract = { from, to }` of each source to say which export is the later one; else the name decides"),
    );
    Some(merged)
}

/// Puts derived records into their population.
fn unfold(
    plan: &DerivePlan,
    fold: Fold,
    sources: &[u32],
    done: &mut BTreeMap<String, Done>,
    loading: &mut Loading,
) -> polars::prelude::PolarsResult<()> {
    let disagreements = fold.disagreements.clone();
    let (records, columns) = fold.finish();
    let groups = records.len();
    let Some(target) = done.get_mut(&plan.population.name) else { return Ok(()) };
    let mut stored: Vec<Stored> = vec![Series::new(REC.into(), records).into_column()];
    for ((derived, mut column), (count, first, last)) in columns.into_iter().zip(disagreements) {
        if let Some(marks) = column.unreadable.take() {
            *target.unreadable.entry(derived.name.clone()).or_default() +=
                marks.iter().filter(|mark| **mark).count() as u64;
            let companion = format!("{}{UNREADABLE}", derived.name);
            stored.push(Series::new(companion.as_str().into(), marks).into_column());
        }
        if count > 0 {
            loading.diagnostics.push(disagree(plan, &derived.name, count, groups as u64, (first, last), loading));
        }
        stored.push(column.into_stored(&derived.name));
        let from = match derived.rule {
            crate::profile::FoldRule::First | crate::profile::FoldRule::Agree => words(&derived.origin),
            rule => format!("{} of {}", rule.name(), words(&derived.origin).trim_start_matches("computed from ")),
        };
        target.facts.mapped.push((derived.name.clone(), format!("derived: {from}")));
        target.columns.entry(derived.name.clone()).or_insert(StoredColumn {
            name: derived.name,
            ty: derived.ty,
            origin: derived.origin,
            has_unreadable: false,
            decimals_max: 0,
        });
    }
    target.facts.sources.extend(sources);
    target.facts.read += groups as u64;
    target.facts.kept += groups as u64;
    target.records += groups as u64;
    let mut chunks = Chunks::default();
    target.spill.push(&mut chunks, DataFrame::new(groups, stored)?)?;
    target.spill.end(&mut chunks)?;
    target.chunks.push(chunks);
    Ok(())
}

fn disagree(plan: &DerivePlan, column: &str, count: u64, of: u64, ends: (i64, i64), loading: &Loading) -> Diagnostic {
    let (first, last) = (RecordRef::unpack(ends.0), RecordRef::unpack(ends.1));
    let mut found = BTreeMap::new();
    for record in [first, last] {
        let source = record.source as usize;
        if let (Some(path), Some(layout)) = (loading.paths.get(source), loading.layouts.get(source)) {
            crate::locate::in_file(path, layout, record.source, &BTreeSet::from([record.record]), &mut found);
        }
    }
    let line = |record: &RecordRef| found.get(record).map_or(0, |located| located.line);
    let excerpt = found
        .get(&first)
        .map(|located| located.cells.iter().map(|(_, cell)| cell.as_str()).collect::<Vec<_>>().join(","));
    let tally = crate::diagnose::Tally {
        count,
        first: Sighting {
            record: first.record,
            line: line(&first),
            cell_line: line(&first),
            column: 1,
            width: 1,
            excerpt: excerpt.unwrap_or_default(),
            cell: String::new(),
            field: None,
        },
        last_line: line(&last),
    };
    let file = loading.files.get(first.source as usize).map_or("", |file| file.path.as_str());
    let name = &plan.population.name;
    let message = format!("records of one {} disagree in `{name}.{column}`", plan.key.join(" + "));
    crate::diagnose::report(
        Code::DeriveDisagrees,
        &tally,
        file,
        of,
        message,
        "differs from an earlier record of its key",
    )
    .note(format!("the cell is unreadable in {count} of {of} derived records; rules that use it do not test them"))
    .help(format!(
        "if one of them is right, say which: `{column} = {{ header = \"...\", rule = \"first\" }}` (or min, max)"
    ))
}

/// Documents of all series of a population's sources.
fn series(growing: &mut Growing) -> Vec<Document> {
    let mut parts: Vec<_> = growing.parts.iter_mut().collect();
    parts.sort_by(|left, right| left.order.cmp(&right.order));
    let mut by_name: BTreeMap<String, Vec<crate::series::Gathered>> = BTreeMap::new();
    for part in parts {
        for (plan, gathered) in part.plan.series.iter().zip(part.series.drain(..)) {
            by_name.entry(plan.name.clone()).or_default().push(gathered);
        }
    }
    by_name.into_values().flat_map(merge_series).collect()
}

fn document_numbers(documents: Vec<Document>) -> Option<Done> {
    if documents.is_empty() {
        return None;
    }
    let population = schema().get("document_number")?;
    let count = documents.len() as u64;
    let records: Vec<i64> = documents.iter().map(|document| document.record).collect();
    let sources: BTreeSet<u32> = records.iter().map(|record| RecordRef::unpack(*record).source).collect();
    let series: Vec<String> = documents.iter().map(|document| document.series.clone()).collect();
    let scopes: Vec<Option<String>> = documents.iter().map(|document| document.scope.clone()).collect();
    let numbers: Vec<Option<i64>> = documents.iter().map(|document| document.number).collect();
    let kept: Vec<bool> = documents.iter().map(|document| document.kept).collect();
    let names: Vec<String> = documents.into_iter().map(|document| document.document_no).collect();
    let columns = vec![
        Series::new(REC.into(), records).into_column(),
        Series::new("series".into(), series).into_column(),
        Series::new("scope".into(), scopes).into_column(),
        Series::new("number".into(), numbers).into_column(),
        Series::new("document_no".into(), names).into_column(),
        Series::new("kept".into(), kept).into_column(),
    ];
    let mut done = made(
        "document_number",
        &["series", "scope", "number", "document_no", "kept"],
        "made by the reader",
        population,
    );
    done.facts.sources = sources.into_iter().collect();
    (done.facts.read, done.facts.kept, done.records) = (count, count, count);
    let frame = DataFrame::new(usize::try_from(count).ok()?, columns).ok()?;
    let mut chunks = Chunks::default();
    done.spill.push(&mut chunks, frame).and_then(|()| done.spill.end(&mut chunks)).ok()?;
    done.chunks.push(chunks);
    Some(done)
}

/// A population that the reader makes itself.
fn made(name: &str, columns: &[&str], from: &str, population: &crate::schema::PopulationSchema) -> Done {
    let mut layout = Layout::new();
    let mut stored = BTreeMap::new();
    for column in columns {
        let Some(ty) = population.column(column).map(|column| column.ty) else { continue };
        layout.insert((*column).to_owned(), ty);
        let origin = Origin::Header(from.to_owned());
        stored.insert(
            (*column).to_owned(),
            StoredColumn { name: (*column).to_owned(), ty, origin, has_unreadable: false, decimals_max: 0 },
        );
    }
    let mapped = columns.iter().map(|column| ((*column).to_owned(), from.to_owned())).collect();
    let mut done = Done::empty(Spill::new(layout), &[]);
    done.facts = PopulationFacts { name: name.to_owned(), mapped, ..PopulationFacts::default() };
    done.columns = stored;
    done
}

/// Takes the totals and holds them against the sender's figures.
fn control(done: &mut BTreeMap<String, Done>, controls: &BTreeMap<String, Vec<super::Control>>, loading: &mut Loading) {
    let mut rows = Vec::new();
    let names: Vec<String> = done.keys().cloned().collect();
    for name in &names {
        match total(name, done) {
            Ok(total) => {
                if let Some(population) = done.get_mut(name) {
                    population.facts.control = total;
                }
            }
            Err(error) => loading.complain(store_failed(&error)),
        }
    }
    for (name, stated) in controls {
        let Some(population) = done.get_mut(name).filter(|_| !stated.is_empty()) else { continue };
        rows.extend(super::control::compare(name, stated, &mut population.facts, &mut loading.diagnostics));
    }
    if rows.is_empty() {
        if !done.is_empty() {
            let missing = "no control figure was given: completeness of the extracts was not established";
            let help =
                "ask the sender for count and total and write `control = { records = 48120, total = \"1204913.17\" }`";
            loading.complain(Diagnostic::new(Code::ControlMissing, missing).help(help));
        }
        return;
    }
    if let (Some(schema), Ok((frame, columns))) = (schema().get("control_total"), super::control::frame(&rows)) {
        let mut population = made("control_total", &columns, "control figure of the engagement", schema);
        let count = frame.height() as u64;
        (population.facts.read, population.facts.kept, population.records) = (count, count, count);
        let mut chunks = Chunks::default();
        if population.spill.push(&mut chunks, frame).and_then(|()| population.spill.end(&mut chunks)).is_ok() {
            population.chunks.push(chunks);
            done.insert("control_total".to_owned(), population);
        }
    }
}

fn total(name: &str, done: &BTreeMap<String, Done>) -> polars::prelude::PolarsResult<ControlTotal> {
    let Some(column) =
        control_column(name).filter(|column| done.get(name).is_some_and(|done| done.columns.contains_key(*column)))
    else {
        return Ok(ControlTotal::default());
    };
    let mut total = ControlTotal { column: Some(column.to_owned()), ..ControlTotal::default() };
    let Some(population) = done.get(name) else { return Ok(total) };
    let from =
        schema().get(name).and_then(|schema| schema.column(column)).and_then(|column| column.currency_from.clone());
    let (table, code) = from.as_deref().and_then(|path| path.split_once('.')).unwrap_or((name, "currency"));
    let parents;
    let currency = if table == name {
        if population.columns.contains_key(code) {
            CurrencyOf::Column(code)
        } else {
            CurrencyOf::Only(NO_CURRENCY.to_owned())
        }
    } else {
        parents = parent_currencies(table, code, done)?;
        let codes: BTreeSet<&String> = parents.values().collect();
        let link = schema().get(table).and_then(|parent| parent.key.first().cloned()).unwrap_or_default();
        let own = population.columns.keys().find(|own| **own == link).map(String::as_str);
        match (codes.len(), own) {
            (1, _) => CurrencyOf::Only(codes.first().map_or_else(String::new, |code| (*code).clone())),
            (_, Some(own)) => CurrencyOf::Parent(own, &parents),
            _ => CurrencyOf::Only(NO_CURRENCY.to_owned()),
        }
    };
    let mut reads = vec![column.to_owned()];
    reads.extend(currency.column().map(str::to_owned));
    for frame in population.chunks.iter().flat_map(|chunks| chunks.frames(Some(&reads))) {
        let frame = frame?;
        // A file without the optional column has no amounts.
        if frame.column(column).is_err() {
            total.without_amount += frame.height() as u64;
            continue;
        }
        let here = currency.column().is_none_or(|name| frame.column(name).is_ok());
        let none = CurrencyOf::Only(NO_CURRENCY.to_owned());
        totals::add(&mut total, &frame, column, if here { &currency } else { &none })?;
    }
    Ok(total)
}

/// Key of the parent → its currency. One entry, under an empty key, if all have the same.
fn parent_currencies(
    table: &str,
    code: &str,
    done: &BTreeMap<String, Done>,
) -> polars::prelude::PolarsResult<HashMap<String, String>> {
    let mut only: BTreeSet<String> = BTreeSet::new();
    let mut all = HashMap::new();
    let key = schema().get(table).and_then(|parent| parent.key.first().cloned()).unwrap_or_default();
    let Some(parent) = done.get(table) else { return Ok(all) };
    for pass in 0..2 {
        let reads = [code.to_owned(), key.clone()];
        for frame in parent.chunks.iter().flat_map(|chunks| chunks.frames(Some(&reads))) {
            let frame = frame?;
            let Ok(codes) = frame.column(code) else { continue };
            let codes = codes.str()?;
            if pass == 0 {
                let mut last = None;
                for code in codes.iter().flatten() {
                    if last != Some(code) {
                        only.insert(code.to_owned());
                        last = Some(code);
                    }
                }
            } else if let Ok(keys) = frame.column(&key) {
                for (key, code) in keys.str()?.iter().zip(codes.iter()) {
                    if let (Some(key), Some(code)) = (key, code) {
                        all.insert(key.to_owned(), code.to_owned());
                    }
                }
            }
        }
        if only.len() < 2 {
            return Ok(only.into_iter().map(|code| (String::new(), code)).collect());
        }
    }
    Ok(all)
}
