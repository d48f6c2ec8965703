//! An entry → what a pass over its file would have given: blocks proven, texts given the codes of this run.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use tieout_model::RecordRef;

use super::block::{decode, decode_digests, decode_texts, groups};
use super::contents::{Contents, SeriesText, TableText, add_tallies};
use super::entry::{Entry, EntryError, Raw};
use crate::convert::{Column, Values};
use crate::diagnose::{Sighting, Tallies};
use crate::documents::Documents;
use crate::gather::Rows;
use crate::load::{FilePart, Job, Loading, Pass, reading};
use crate::locate::FileLayout;
use crate::plan::{Bound, bind};
use crate::series::Document;
use crate::table::{Reading, Signs};
use crate::texts::Texts;
use crate::totals::Sums;

/// Where a file's rows go.
pub(super) struct Target<'a> {
    pub job: &'a Job,
    pub shown: &'a str,
    pub index: u32,
    pub pool: Option<&'a rayon::ThreadPool>,
}

/// What a pass would give; `None` if the entry does not hold all that this run needs.
pub(super) fn pass(entry: &mut Entry, target: &Target<'_>, loading: &mut Loading) -> Result<Option<Pass>, EntryError> {
    let contents = std::mem::take(&mut entry.contents);
    let Some(readings) = readings(&contents, target, loading) else { return Ok(None) };
    let mut parts = Vec::new();
    let filled = fill(entry, &contents, &readings, target, loading, &mut parts);
    if let Err(error) = filled {
        for part in parts {
            if let Some(growing) = loading.growing.get_mut(&part.plan.population.name) {
                growing.spill.forget(part.chunks);
            }
        }
        return Err(error);
    }
    for part in &mut parts {
        if let Some(growing) = loading.growing.get_mut(&part.plan.population.name) {
            growing.spill.end(&mut part.chunks).map_err(std::io::Error::other)?;
        }
    }
    let mut excluded = Tallies::default();
    add_tallies(&mut excluded, &contents.excluded).ok_or(EntryError::Damaged)?;
    let place = (contents.seekable, contents.parquet, contents.mark);
    let layout = FileLayout::restore(&target.job.plan, contents.headers, place, contents.starts);
    Ok(Some(Pass { read: contents.read, hash: contents.hash, bytes: contents.bytes, excluded, parts, layout }))
}

/// The tables as they would be read; `None` if something that is needed is not in the entry.
fn readings(contents: &Contents, target: &Target<'_>, loading: &Loading) -> Option<Vec<Reading>> {
    let headers = Arc::new(contents.headers.clone());
    if contents.tables.len() != target.job.plan.tables.len() {
        return None;
    }
    let mut readings = Vec::new();
    for (plan, table) in target.job.plan.tables.iter().zip(&contents.tables) {
        let bound = if headers.is_empty() { Bound::unbound(plan) } else { bind(plan, &headers, target.shown).ok()? };
        let reading = reading(plan, bound, &headers, target.index, loading);
        let columns = plan.columns.iter().all(|column| !column.stored || table.columns.contains_key(&column.name));
        let digests = !reading.track || table.digests.is_some();
        let numbers = !plan.numbers || table.series.is_some();
        let counted = contents.read == table.rows as u64 + table.excluded + table.elsewhere;
        if !columns || !digests || !numbers || !counted || table.flip != format!("{:?}", reading.flip) {
            return None;
        }
        readings.push(reading);
    }
    Some(readings)
}

fn fill(
    entry: &mut Entry,
    contents: &Contents,
    readings: &[Reading],
    target: &Target<'_>,
    loading: &mut Loading,
    parts: &mut Vec<FilePart>,
) -> Result<(), EntryError> {
    for (reading, table) in readings.iter().zip(&contents.tables) {
        let mut part = counts(reading, table, contents.read, target).ok_or(EntryError::Damaged)?;
        for (own, text) in part.series.iter_mut().zip(table.series.iter().flatten()) {
            own.documents = documents(entry, text, reading)?;
        }
        parts.push(part);
        let Some(part) = parts.last_mut() else { continue };
        rows(entry, reading, table, target, loading, part)?;
    }
    Ok(())
}

/// Everything about a table but its rows.
fn counts(reading: &Reading, table: &TableText, read: u64, target: &Target<'_>) -> Option<FilePart> {
    let mut part = FilePart::new(reading, target.job, target.shown);
    if reading.plan.numbers && table.series.as_ref().map(Vec::len) != Some(part.series.len()) {
        return None;
    }
    (part.read, part.rows) = (read, table.rows as u64);
    (part.excluded, part.elsewhere) = (table.excluded, table.elsewhere);
    part.signs = Signs {
        positive: table.positive,
        negative: table.negative,
        first: table.first_positive.as_ref().map(Sighting::from),
    };
    let mut sums = BTreeMap::new();
    for (currency, sum) in &table.sums {
        let code = currency.as_ref().map_or(crate::texts::NO_TEXT, |currency| reading.texts.code(currency));
        sums.insert(code, sum.parse().ok()?);
    }
    part.sums = Sums::restore(sums, table.without_amount);
    for column in reading.plan.columns.iter().filter(|column| column.stored) {
        let text = table.columns.get(&column.name)?;
        if text.unreadable > 0 {
            part.unreadable.insert(column.name.clone(), text.unreadable);
        }
        part.decimals.insert(column.name.clone(), text.decimals);
        add_tallies(&mut part.tallies, &text.tallies)?;
    }
    Some(part)
}

fn rows(
    entry: &mut Entry,
    reading: &Reading,
    table: &TableText,
    target: &Target<'_>,
    loading: &mut Loading,
    part: &mut FilePart,
) -> Result<(), EntryError> {
    // Columns of the table that have values, by their place in the plan.
    let wanted: Vec<(usize, _)> = (reading.plan.columns.iter().enumerate())
        .filter(|(_, column)| column.stored)
        .filter_map(|(index, column)| Some((index, table.columns.get(&column.name)?.values.as_ref()?)))
        .collect();
    let mut lists = Vec::new();
    for (_, values) in &wanted {
        lists.push(values.texts.map(|id| entry.raw(id)).transpose()?);
    }
    let codes = |list: Option<Raw>| match list {
        None => Some(Vec::new()),
        Some(raw) => self::codes(&raw.proven()?, &reading.texts),
    };
    let lists = install(target.pool, || lists.into_par_iter().map(codes).collect::<Option<Vec<Vec<u32>>>>());
    let lists = lists.ok_or(EntryError::Damaged)?;
    if reading.track {
        let bytes = entry.block(table.digests.ok_or(EntryError::Damaged)?)?;
        part.contents = decode_digests(&bytes, table.rows).ok_or(EntryError::Damaged)?;
    }
    for (number, group) in groups(table.rows, table.filled).into_iter().enumerate() {
        let mut raws = vec![(entry.raw(*table.records.get(number).ok_or(EntryError::Damaged)?)?, &[] as &[u32])];
        for ((_, values), list) in wanted.iter().zip(&lists) {
            raws.push((entry.raw(*values.blocks.get(number).ok_or(EntryError::Damaged)?)?, list.as_slice()));
        }
        let column = |(raw, list): (Raw, &[u32])| decode(&raw.proven()?, group.len(), list);
        let decoded = install(target.pool, || raws.into_par_iter().map(column).collect::<Option<Vec<Column>>>());
        let mut decoded = decoded.ok_or(EntryError::Damaged)?.into_iter();
        let records = decoded.next().and_then(|far| records(far, group.start, reading.file));
        let records = records.ok_or(EntryError::Damaged)?;
        let mut columns: Vec<Option<Column>> = reading.plan.columns.iter().map(|_| None).collect();
        for ((index, _), column) in wanted.iter().zip(decoded) {
            columns[*index] = Some(column);
        }
        if reading.track {
            part.keys.extend(reading.keys(&columns, &part.contents[group.clone()], group.len()));
        }
        let named = columns.into_iter().zip(&reading.plan.columns);
        let columns = named.filter_map(|(values, column)| Some((column.name.clone(), values?))).collect();
        if let Some(growing) = loading.growing.get_mut(&reading.plan.population.name) {
            let pushed = growing.spill.push(&mut part.chunks, &Rows { records, columns });
            pushed.map_err(std::io::Error::other)?;
        }
    }
    Ok(())
}

/// Runs something where the conversion would run.
fn install<T: Send>(pool: Option<&rayon::ThreadPool>, work: impl FnOnce() -> T + Send) -> T {
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// The codes of a list of texts in this run.
fn codes(bytes: &[u8], texts: &Texts) -> Option<Vec<u32>> {
    let mut codes = Vec::new();
    decode_texts(bytes, |some| codes.extend(texts.codes(some.iter().map(|text| Some(*text)))))?;
    Some(codes)
}

/// Records from how far each is from its row.
fn records(far: Column, first: usize, source: u32) -> Option<Vec<i64>> {
    let Values::Units(mut all) = far.values else { return None };
    for (row, record) in (i64::try_from(first).ok()?..).zip(&mut all) {
        *record = RecordRef { source, record: u64::try_from(record.checked_add(row)?).ok()? }.pack();
    }
    Some(all)
}

fn documents(entry: &mut Entry, text: &SeriesText, reading: &Reading) -> Result<Documents, EntryError> {
    let list = codes(&entry.block(text.texts)?, &reading.texts).ok_or(EntryError::Damaged)?;
    let mut columns = Vec::new();
    for id in text.blocks {
        columns.push(decode(&entry.block(id)?, text.count, &list).ok_or(EntryError::Damaged)?);
    }
    let [series, scope, no, number, record, kept] = columns.as_slice() else { return Err(EntryError::Damaged) };
    let (
        Values::Codes(series),
        Values::Codes(scope),
        Values::Codes(no),
        Values::Units(numbers),
        Values::Units(record),
        Values::Flags(kept),
    ) = (&series.values, &scope.values, &no.values, &number.values, &record.values, &kept.values)
    else {
        return Err(EntryError::Damaged);
    };
    let document = |row: usize| {
        let record = RecordRef { source: reading.file, record: u64::try_from(record[row]).unwrap_or(0) };
        Document {
            series: series[row],
            scope: scope[row],
            number: number.is_valid(row).then(|| numbers[row]),
            document_no: no[row],
            record: record.pack(),
            kept: kept[row],
        }
    };
    Ok((0..text.count).map(document).collect())
}
