//! The rates of one source, checked, for people to look at.

use tieout_ingest::store::Store;
use tieout_model::rates::{DatedRate, RateSource};

use super::reference::Reference;
use crate::catalog::Catalog;
use crate::engine::EngineError;
use crate::engine::columnar::{Columnar, bounds};

/// Reads and checks the rates of a store that holds just one source.
pub fn rates(store: &Store, name: &str) -> Result<RateSource, EngineError> {
    let engine = Columnar::new(store);
    let catalog = Catalog::new(store, &bounds(store)?);
    let reference = Reference::rates_alone(&engine, &catalog)?;
    let rates = reference.rates.iter().map(|rate| DatedRate {
        jurisdiction: reference.jurisdictions[rate.jurisdiction as usize].id.clone(),
        class: rate.class.clone(),
        scope: rate.scope.clone(),
        rate: rate.rate,
        from: rate.from,
        to: rate.to,
        record: rate.record,
    });
    let mut rates: Vec<DatedRate> = rates.collect();
    rates.sort_by(|a, b| {
        let key = |rate: &DatedRate| (rate.jurisdiction.clone(), rate.class.clone(), rate.scope.clone(), rate.from);
        key(a).cmp(&key(b))
    });
    let records = store.files.iter().map(|file| file.read).sum();
    Ok(RateSource { name: name.to_owned(), records, rates, remarks: reference.remarks })
}
