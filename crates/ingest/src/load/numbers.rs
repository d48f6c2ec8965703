//! The population of document numbers, which the reader makes itself.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, IntoColumn as _, NamedFrom as _, Series};
use tieout_model::RecordRef;
use tieout_model::report::PopulationFacts;

use super::finish::Done;
use super::{Growing, Loading};
use crate::convert::Column;
use crate::gather::{Chunks, Layout, Spill};
use crate::schema::schema;
use crate::series::{Document, merge as merge_series};
use crate::store::{Origin, REC, StoredColumn};

/// Documents of all series of a population's sources.
pub(super) fn series(growing: &mut Growing) -> Vec<Document> {
    let mut parts: Vec<_> = growing.parts.iter_mut().collect();
    parts.sort_by(|left, right| left.order.cmp(&right.order));
    let mut by_name: BTreeMap<String, Vec<crate::series::Gathered>> = BTreeMap::new();
    for part in parts {
        for (plan, gathered) in part.plan.series.iter().zip(part.series.drain(..)) {
            by_name.entry(plan.name.to_string()).or_default().push(gathered);
        }
    }
    by_name.into_values().flat_map(merge_series).collect()
}

pub(super) fn document_numbers(documents: Vec<Document>, loading: &Loading) -> Option<Done> {
    if documents.is_empty() {
        return None;
    }
    let population = schema().get("document_number")?;
    let count = documents.len() as u64;
    let records: Vec<i64> = documents.iter().map(|document| document.record).collect();
    let sources: BTreeSet<u32> = records.iter().map(|record| RecordRef::unpack(*record).source).collect();
    let codes = |pick: fn(&Document) -> u32| Column::of_codes(documents.iter().map(pick).collect());
    let kept: Vec<bool> = documents.iter().map(|document| document.kept).collect();
    let numbers: Vec<Option<i64>> = documents.iter().map(|document| document.number).collect();
    let columns = vec![
        Series::new(REC.into(), records).into_column(),
        codes(|document| document.series).into_stored("series"),
        codes(|document| document.scope).into_stored("scope"),
        Series::new("number".into(), numbers).into_column(),
        codes(|document| document.document_no).into_stored("document_no"),
        Series::new("kept".into(), kept).into_column(),
    ];
    let mut done = made(
        "document_number",
        &["series", "scope", "number", "document_no", "kept"],
        "made by the reader",
        population,
        loading,
    );
    done.facts.sources = sources.into_iter().collect();
    (done.facts.read, done.facts.kept, done.records) = (count, count, count);
    let frame = DataFrame::new(usize::try_from(count).ok()?, columns).ok()?;
    let mut chunks = Chunks::default();
    done.spill.push_frame(&mut chunks, &frame).ok()?;
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
