//! Tax rows of one document at two grains: by line and by invoice, so that its tax would count twice.

use std::collections::{BTreeMap, HashMap};

use tieout_model::{Code, Diagnostic, RecordRef};

use super::Loading;
use crate::store::{REC, Store};

/// Complains about documents with tax rows both with and without `line_no`.
pub(super) fn mixed(store: &Store, loading: &mut Loading) {
    let Some(taxes) = store.populations.get("invoice_tax").filter(|taxes| taxes.columns.contains_key("line_no")) else {
        return;
    };
    let names = [REC, "invoice_id", "line_no"].map(str::to_owned);
    let mut seen: HashMap<u32, (bool, bool, i64)> = HashMap::new();
    let visited = taxes.frame.visit(&names, |piece| {
        let records = piece.column(REC)?.i64()?.iter();
        let (invoices, lines) = (piece.column("invoice_id")?.u32()?.iter(), piece.column("line_no")?.u32()?.iter());
        for ((record, invoice), line) in records.zip(invoices).zip(lines) {
            let (Some(record), Some(invoice)) = (record, invoice) else { continue };
            let entry = seen.entry(invoice).or_insert((false, false, record));
            entry.0 |= line.is_some();
            entry.1 |= line.is_none();
        }
        Ok(())
    });
    if visited.is_err() {
        return;
    }
    let both: BTreeMap<i64, u32> = seen
        .into_iter()
        .filter(|(_, (by_line, whole, _))| *by_line && *whole)
        .map(|(invoice, (.., record))| (record, invoice))
        .collect();
    let Some((record, invoice)) = both.first_key_value() else { return };
    let record = RecordRef::unpack(*record);
    let file = store.files.get(record.source as usize).map_or("", |file| file.path.as_str());
    let invoice = store.texts.get(*invoice).unwrap_or_default();
    let message = format!("{} documents have tax rows both by line and by invoice, first `{invoice}`", both.len());
    let place = tieout_model::Place { file: file.to_owned(), ..tieout_model::Place::default() };
    loading.complain(
        Diagnostic::new(Code::MixedGrain, message)
            .at(place)
            .note("their tax would count twice")
            .help("leave one grain out with a row condition: [[source.where]] header = \"...\" matches_empty = true"),
    );
}
