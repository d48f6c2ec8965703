//! The papers for programs: every sheet as a list of objects, amounts as strings, formulas as their results.

use std::io;

use serde_json::{Map, Value, json};
use tieout_model::filing::{Basis, Filing};

use super::tables::file;
use super::{Cell, Heading, Sheet};

pub(super) fn render(heading: &Heading<'_>, filing: Option<&Filing>, sheets: &[Sheet]) -> io::Result<Vec<u8>> {
    let sources: Vec<Value> = heading
        .sources
        .iter()
        .map(|source| json!({ "path": source.path, "blake3": source.hash, "bytes": source.bytes, "records": source.read }))
        .collect();
    let mut papers = Map::new();
    for sheet in sheets {
        let rows = sheet.rows.iter().filter(|row| !row.is_total).map(|row| {
            let mut object = Map::new();
            for (cell, column) in row.cells.iter().zip(&sheet.columns) {
                let value = match cell {
                    Cell::Empty => Value::Null,
                    Cell::Count(count) => json!(count),
                    Cell::Record(record) => json!({ "file": file(heading.sources, *record), "record": record.record }),
                    cell => Value::String(cell.plain()),
                };
                object.insert(column.name.to_owned(), value);
            }
            Value::Object(object)
        });
        papers.insert(sheet.file.to_owned(), Value::Array(rows.collect()));
    }
    let head = filing.map(|filing| {
        json!({
            "entity": filing.entity,
            "state": filing.state,
            "authority": filing.authority,
            "period": filing.period_name,
            "from": filing.period.from.to_string(),
            "to": filing.period.to.add_days(-1).to_string(),
            "currency": filing.currency,
            "registration_no": filing.registration_no,
            "due_date": filing.due_date.map(|day| day.to_string()),
            "basis": if filing.basis == Basis::Cash { "cash" } else { "accrual" },
            "return_type": if filing.is_amended { "amended" } else { "original" },
            "remarks": filing.remarks,
        })
    });
    let whole = json!({
        "tieout": heading.version,
        "engagement": heading.name,
        "as_of": heading.as_of.map(|day| day.to_string()),
        "return": head,
        "papers": papers,
        "sources": sources,
    });
    let mut bytes = serde_json::to_vec_pretty(&whole).map_err(io::Error::other)?;
    bytes.push(b'\n');
    Ok(bytes)
}
