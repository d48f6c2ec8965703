//! The population of document numbers, which the reader makes itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_model::RecordRef;
use tieout_model::report::PopulationFacts;
use tieout_model::types::Physical;

use super::finish::Done;
use super::{Growing, Loading};
use crate::gather::{Chunks, Layout, Spill};
use crate::packed::{Packing, Table};
use crate::schema::schema;
use crate::series::{Document, merge as merge_series};
use crate::store::{Origin, REC, StoredColumn};
use crate::texts::NO_TEXT;

/// Documents of all series of a population's sources, series by series.
pub(super) fn series(growing: &mut Growing) -> Vec<Vec<Document>> {
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

pub(super) fn document_numbers(documents: Vec<Vec<Document>>, loading: &Loading) -> Option<Done> {
    let population = schema().get("document_number")?;
    let rows: usize = documents.iter().map(Vec::len).sum();
    if rows == 0 {
        return None;
    }
    let count = rows as u64;
    let mut sources: BTreeSet<u32> = BTreeSet::new();
    for run in documents.iter().flat_map(|own| own.chunk_by(|a, b| source(a) == source(b))) {
        sources.extend(run.first().map(source));
    }
    let column = |name: &str, physical: Physical, value: fn(&Document) -> Option<i64>| {
        let mut packing = Packing::new(physical);
        documents.iter().for_each(|own| packing.append_each(own.iter().map(value)));
        (name.to_owned(), Arc::new(packing.finish()))
    };
    let table = Table::new(
        rows,
        vec![
            column(REC, Physical::Units, |document| Some(document.record)),
            column("series", Physical::Text, |document| code(document.series)),
            column("scope", Physical::Text, |document| code(document.scope)),
            column("number", Physical::Units, |document| document.number),
            column("document_no", Physical::Text, |document| code(document.document_no)),
            column("kept", Physical::Bool, |document| Some(i64::from(document.kept))),
        ],
    );
    drop(documents);
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

fn source(document: &Document) -> u32 {
    RecordRef::unpack(document.record).source
}

fn code(text: u32) -> Option<i64> {
    (text != NO_TEXT).then_some(i64::from(text))
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
