//! The population of document numbers, which the reader makes itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_model::RecordRef;
use tieout_model::report::PopulationFacts;

use super::finish::Done;
use super::{Growing, Loading};
use crate::documents::Documents;
use crate::gather::{Chunks, Layout, Spill};
use crate::packed::{PIECE, Table};
use crate::schema::schema;
use crate::series::merge as merge_series;
use crate::store::{Origin, REC, StoredColumn};

/// Documents of all series of a population's sources, series by series.
pub(super) fn series(growing: &mut Growing) -> Vec<Documents> {
    let mut parts: Vec<_> = growing.parts.iter_mut().collect();
    parts.sort_by(|left, right| left.order.cmp(&right.order));
    let mut by_name: BTreeMap<String, Vec<crate::series::Gathered>> = BTreeMap::new();
    for part in parts {
        for (plan, gathered) in part.plan.series.iter().zip(part.series.drain(..)) {
            by_name.entry(plan.name.to_string()).or_default().push(gathered);
        }
    }
    by_name.into_values().map(merge_series).collect()
}

pub(super) fn document_numbers(documents: Vec<Documents>, loading: &Loading) -> Option<Done> {
    let population = schema().get("document_number")?;
    let documents = documents.into_iter().reduce(|mut all, more| {
        all.append(more);
        all
    })?;
    let rows = documents.len();
    if rows == 0 {
        return None;
    }
    let count = rows as u64;
    let [series, scope, number, document_no, record, kept] = documents.into_columns();
    let mut sources: BTreeSet<u32> = BTreeSet::new();
    for from in (0..rows).step_by(PIECE) {
        let source = |record: i64| RecordRef::unpack(record).source;
        let mut own = record.slice(from, rows.min(from + PIECE), source, 0);
        own.dedup();
        sources.extend(own);
    }
    let named = [
        (REC, record),
        ("series", series),
        ("scope", scope),
        ("number", number),
        ("document_no", document_no),
        ("kept", kept),
    ];
    let table = Table::new(rows, named.map(|(name, column)| (name.to_owned(), Arc::new(column))).into());
    let mut done = made(
        "document_number",
        &["series", "scope", "number", "document_no", "kept"],
        "made by the reader",
        population,
        loading,
    );
    done.facts.sources = sources.into_iter().collect();
    (done.facts.read, done.facts.kept, done.records) = (count, count, count);
    let mut chunks = Chunks::default();
    done.spill.push_table(&mut chunks, table);
    done.chunks.push(chunks);
    Some(done)
}

/// A population that the reader makes itself.
pub(super) fn made(
    name: &str,
    columns: &[&str],
    from: &str,
    population: &crate::schema::PopulationSchema,
    loading: &Loading,
) -> Done {
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
    let mut done = Done::empty(Spill::new(layout, &loading.budget), &[]);
    done.facts = PopulationFacts { name: name.to_owned(), mapped, ..PopulationFacts::default() };
    done.columns = stored;
    done
}
