//! One pass over a file → an entry: its columns taken from where the pass put them, each with its own list of texts.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsError, PolarsResult};
use tieout_model::types::Physical;
use tieout_model::{ColumnType, RecordRef};

use super::block::{GROUP, encode, encode_digests, encode_texts};
use super::contents::{ColumnText, Contents, SeriesText, SightingText, TableText, TallyText, ValuesText, tallies};
use super::entry::{BlockId, Draft, Entry};
use crate::convert::column::Builder;
use crate::convert::{Column, Values};
use crate::documents::Documents;
use crate::load::{FilePart, Pass};
use crate::plan::How;
use crate::series::Document;
use crate::store::{REC, UNREADABLE};
use crate::table::Flip;
use crate::texts::{CODES_A_BLOCK, NO_TEXT, Texts};

/// Why an entry could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    /// The folder.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The temporary store.
    #[error(transparent)]
    Store(#[from] PolarsError),
}

/// Writes what a pass gave, and what an older entry of the same file and mapping has besides.
pub(super) fn write(
    draft: &mut Draft,
    mapping: &str,
    pass: &Pass,
    flips: &[Flip],
    texts: &Texts,
    old: Option<&mut Entry>,
) -> Result<Contents, KeepError> {
    let (seekable, parquet, mark, starts) = pass.layout.parts();
    let mut contents = Contents {
        mapping: mapping.to_owned(),
        hash: pass.hash.clone(),
        bytes: pass.bytes,
        read: pass.read,
        excluded: tallies(&pass.excluded, None),
        headers: pass.layout.headers.clone(),
        seekable,
        parquet,
        mark,
        starts: starts.to_vec(),
        ..Contents::default()
    };
    for (part, flip) in pass.parts.iter().zip(flips) {
        contents.tables.push(table(draft, part, *flip, !starts.is_empty(), texts)?);
    }
    if let Some(old) = old {
        more(draft, &mut contents, old)?;
    }
    Ok(contents)
}

fn table(draft: &mut Draft, part: &FilePart, flip: Flip, filled: bool, texts: &Texts) -> Result<TableText, KeepError> {
    let mut columns = BTreeMap::new();
    for (index, column) in part.plan.columns.iter().enumerate().filter(|(_, column)| column.stored) {
        let nowhere = matches!(column.how, How::Header(_) | How::Position(_)) && part.bound.fields[index].is_none();
        let values = if !filled || nowhere || part.bound.missing[index] {
            None
        } else {
            Some(values(draft, part, (&column.name, column.ty), texts)?)
        };
        let text = ColumnText {
            values,
            unreadable: part.unreadable.get(&column.name).copied().unwrap_or(0),
            decimals: part.decimals.get(&column.name).copied().unwrap_or(0),
            tallies: tallies(&part.tallies, Some(&column.canonical)),
        };
        columns.insert(column.name.clone(), text);
    }
    let mut before = 0i64;
    let records = in_groups(draft, part, &[REC.to_owned()], ColumnType::Int, filled, |frame| {
        // Where no record is left out, all are as far from their row.
        let far = |record: Option<i64>| {
            let number = RecordRef::unpack(record.unwrap_or(0)).record;
            let far = i64::try_from(number).unwrap_or(i64::MAX) - before;
            before += 1;
            far
        };
        Ok(plain(Values::Units(frame.column(REC)?.i64()?.iter().map(far).collect())))
    })?;
    let tracked = part.contents.len() as u64 == part.rows;
    let digests = if tracked { Some(draft.put(&encode_digests(&part.contents))?) } else { None };
    let currency = |code: u32| texts.with(code, str::to_owned);
    let mut sums: Vec<_> = part.sums.by_code().map(|(code, sum)| (currency(code), sum.to_string())).collect();
    // Codes have an order of their own in every run.
    sums.sort();
    let mut series = (part.plan.numbers || part.plan.series.is_empty()).then(Vec::new);
    for gathered in &part.series {
        let documents = documents(draft, &gathered.documents, texts)?;
        series.get_or_insert_default().push(documents);
    }
    Ok(TableText {
        flip: format!("{flip:?}"),
        rows: usize::try_from(part.rows).unwrap_or(usize::MAX),
        filled,
        excluded: part.excluded,
        elsewhere: part.elsewhere,
        positive: part.signs.positive,
        negative: part.signs.negative,
        first_positive: part.signs.first.as_ref().map(SightingText::from),
        sums,
        without_amount: part.sums.without_amount,
        records,
        digests,
        columns,
        series,
    })
}

/// The values of a column.
fn values(
    draft: &mut Draft,
    part: &FilePart,
    (name, ty): (&str, ColumnType),
    texts: &Texts,
) -> Result<ValuesText, KeepError> {
    let mut list = List::default();
    let names = [name.to_owned(), format!("{name}{UNREADABLE}")];
    let blocks = in_groups(draft, part, &names, ty, true, |frame| {
        let mut column = taken(frame, name, ty)?;
        if let Values::Codes(codes) = &mut column.values {
            codes.iter_mut().for_each(|code| *code = list.place(*code, texts));
        }
        Ok(column)
    })?;
    let texts = if ty.physical() == Physical::Text { Some(draft.put(&list.encode())?) } else { None };
    Ok(ValuesText { texts, blocks })
}

/// Writes the columns of a table's rows in blocks of one size, however the rows are cut.
fn in_groups(
    draft: &mut Draft,
    part: &FilePart,
    names: &[String],
    ty: ColumnType,
    filled: bool,
    mut take: impl FnMut(&DataFrame) -> PolarsResult<Column>,
) -> Result<Vec<BlockId>, KeepError> {
    let mut blocks = Vec::new();
    let mut open: Option<Column> = None;
    for frame in part.chunks.frames(Some(names)) {
        let frame = frame?;
        let mut from = 0;
        while from < frame.height() {
            let count = (GROUP - open.as_ref().map_or(0, Column::len)).min(frame.height() - from);
            let more = take(&frame.slice(i64::try_from(from).unwrap_or(i64::MAX), count))?;
            match &mut open {
                Some(open) => open.append(&more),
                None => open = Some(more),
            }
            if let Some(full) = open.take_if(|open| open.len() == GROUP) {
                blocks.push(draft.put(&encode(&full))?);
            }
            from += count;
        }
    }
    if filled && blocks.is_empty() && open.is_none() {
        open = Some(Builder::new(ty, 0, &Texts::default()).finish());
    }
    if let Some(last) = open {
        blocks.push(draft.put(&encode(&last))?);
    }
    Ok(blocks)
}

/// A column of a frame as it was converted.
fn taken(frame: &DataFrame, name: &str, ty: ColumnType) -> PolarsResult<Column> {
    let stored = frame.column(name)?;
    let mut column = plain(match ty.physical() {
        Physical::Units => Values::Units(stored.i64()?.iter().map(|units| units.unwrap_or(0)).collect()),
        Physical::Date => Values::Days(stored.i32()?.iter().map(|day| day.unwrap_or(0)).collect()),
        Physical::Bool => Values::Flags(stored.bool()?.iter().map(|flag| flag.unwrap_or(false)).collect()),
        Physical::Text if stored.null_count() == 0 => {
            Values::Codes(stored.u32()?.downcast_iter().flat_map(|array| array.values_iter().copied()).collect())
        }
        Physical::Text => Values::Codes(stored.u32()?.iter().map(|code| code.unwrap_or(NO_TEXT)).collect()),
    });
    if stored.null_count() > 0 && ty.physical() != Physical::Text {
        column.valid = Some(stored.is_not_null().iter().map(|valid| valid == Some(true)).collect());
    }
    if let Ok(marks) = frame.column(&format!("{name}{UNREADABLE}")) {
        let marks = marks.bool()?;
        if marks.any() {
            column.unreadable = Some(marks.iter().map(|mark| mark == Some(true)).collect());
        }
    }
    Ok(column)
}

fn plain(values: Values) -> Column {
    Column { values, valid: None, unreadable: None, decimals: 0 }
}

fn documents(draft: &mut Draft, documents: &Documents, texts: &Texts) -> Result<SeriesText, KeepError> {
    let mut list = List::default();
    let mut codes = |pick: fn(&Document) -> u32| {
        Column::of_codes(documents.iter().map(|document| list.place(pick(&document), texts)).collect())
    };
    let (series, scope, no) =
        (codes(|document| document.series), codes(|document| document.scope), codes(|document| document.document_no));
    let mut number = plain(Values::Units(documents.iter().map(|document| document.number.unwrap_or(0)).collect()));
    number.valid = Some(documents.iter().map(|document| document.number.is_some()).collect());
    let record = |document: Document| i64::try_from(RecordRef::unpack(document.record).record).unwrap_or(i64::MAX);
    let record = plain(Values::Units(documents.iter().map(record).collect()));
    let kept = plain(Values::Flags(documents.iter().map(|document| document.kept).collect()));
    let mut blocks = [0; 6];
    for (id, column) in blocks.iter_mut().zip([series, scope, no, number, record, kept]) {
        *id = draft.put(&encode(&column))?;
    }
    Ok(SeriesText { count: documents.len(), texts: draft.put(&list.encode())?, blocks })
}

/// Columns that an older entry has and this one has not; one that is damaged is left.
fn more(draft: &mut Draft, contents: &mut Contents, old: &mut Entry) -> Result<(), KeepError> {
    let older = std::mem::take(&mut old.contents);
    let same_file = (&older.mapping, &older.hash, older.read) == (&contents.mapping, &contents.hash, contents.read);
    if !same_file || older.tables.len() != contents.tables.len() {
        return Ok(());
    }
    for (table, older) in contents.tables.iter_mut().zip(older.tables) {
        if (&table.flip, table.rows, table.filled) != (&older.flip, older.rows, older.filled) {
            continue;
        }
        if let (None, Some(digests)) = (table.digests, older.digests) {
            table.digests = copy(draft, old, &[digests])?.and_then(|ids| ids.first().copied());
        }
        if let (None, Some(series)) = (&table.series, older.series) {
            table.series = copy_series(draft, old, series)?;
        }
        for (name, mut column) in older.columns {
            if table.columns.contains_key(&name) {
                continue;
            }
            if let Some(values) = &mut column.values {
                let ids: Vec<BlockId> = values.texts.into_iter().chain(values.blocks.iter().copied()).collect();
                let Some(mut ids) = copy(draft, old, &ids)? else { continue };
                values.texts = values.texts.map(|_| ids.remove(0));
                values.blocks = ids;
            }
            table.columns.insert(name, column);
        }
    }
    Ok(())
}

/// Copies the documents of all series.
fn copy_series(
    draft: &mut Draft,
    old: &mut Entry,
    mut series: Vec<SeriesText>,
) -> Result<Option<Vec<SeriesText>>, KeepError> {
    for own in &mut series {
        let Some(ids) = copy(draft, old, &[&[own.texts], &own.blocks[..]].concat())? else { return Ok(None) };
        own.texts = ids[0];
        own.blocks.copy_from_slice(&ids[1..]);
    }
    Ok(Some(series))
}

/// Copies blocks; `None` if one of them is not what was written.
fn copy(draft: &mut Draft, old: &mut Entry, ids: &[BlockId]) -> Result<Option<Vec<BlockId>>, KeepError> {
    let mut copied = Vec::new();
    for id in ids {
        let Ok(bytes) = old.block(*id) else { return Ok(None) };
        copied.push(draft.put(&bytes)?);
    }
    Ok(Some(copied))
}

/// True if every complaint about cells is one about a column that is kept.
pub(super) fn is_whole(part: &FilePart) -> bool {
    let mut kept: Vec<TallyText> = Vec::new();
    for column in part.plan.columns.iter().filter(|column| column.stored) {
        kept.extend(tallies(&part.tallies, Some(&column.canonical)));
    }
    kept.len() == part.tallies.0.len()
}

/// The texts of a column in order of appearance, each once.
#[derive(Default)]
struct List {
    /// By code of the store, block by block: the place in the list plus one.
    places: Vec<Option<Box<[u32; CODES_A_BLOCK]>>>,
    lengths: Vec<u64>,
    text: Vec<u8>,
}

impl List {
    /// The place of a code's text; `NO_TEXT` has none.
    fn place(&mut self, code: u32, texts: &Texts) -> u32 {
        if code == NO_TEXT {
            return NO_TEXT;
        }
        let (block, within) = (code as usize / CODES_A_BLOCK, code as usize % CODES_A_BLOCK);
        if block >= self.places.len() {
            self.places.resize(block + 1, None);
        }
        let place = &mut self.places[block].get_or_insert_with(|| Box::new([0; CODES_A_BLOCK]))[within];
        if *place == 0 {
            let length = texts.with(code, |text| {
                self.text.extend_from_slice(text.as_bytes());
                text.len()
            });
            self.lengths.push(length.unwrap_or(0) as u64);
            *place = u32::try_from(self.lengths.len()).unwrap_or(NO_TEXT);
        }
        *place - 1
    }

    fn encode(&self) -> Vec<u8> {
        encode_texts(&self.lengths, &self.text)
    }
}
