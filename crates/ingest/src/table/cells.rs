//! The cells of one column of a batch become values.
//!
//! There are four ways to the same values: by the dictionary of a file that has one, by the integers of a file that has
//! those, by the usual spelling, and by the careful way that reads every spelling.

use std::borrow::Cow;

use tieout_model::types::Physical;
use tieout_model::{Code, amount};

use super::Reading;
use crate::convert::cell::{Absent, text};
use crate::convert::column::Builder;
use crate::convert::swift::Swift;
use crate::convert::{CellRules, Column, Value, Values};
use crate::diagnose::Tallies;
use crate::plan::Minor;
use crate::read::Batch;
use crate::read::parquet::Words;
use crate::read::typed::{Exact, Lettered, Typed};
use crate::texts::{NO_TEXT, same};

/// A column of the plan, its field in the file, and the place of that among the fields that are kept.
type Place = (usize, usize, usize);

/// What a cell means whose text is not taken as it stands.
#[derive(Clone, Copy)]
enum Meant<'t> {
    /// The whole of it, or a part.
    Part(&'t [u8]),
    /// Another text, by its code.
    Other(u32),
}

impl Reading {
    /// Converts the cells of a column.
    pub(super) fn cells(
        &self,
        batch: &Batch,
        rows: &[u32],
        index: usize,
        field: usize,
        tallies: &mut Tallies,
    ) -> Column {
        let column = &self.plan.columns[index];
        let Some(slot) = batch.kept.slot(field) else { return Builder::new(column.ty, 0, &self.texts).finish() };
        let (swift, place) = (Swift::of(&column.rules), (index, field, slot));
        let typed = batch.typed.get(slot);
        match (swift, typed.and_then(Typed::lettered)) {
            (_, Some(Lettered::Words(words))) if column.minor.is_none() => {
                return self.words(batch, rows, place, words, tallies);
            }
            (Swift::Text { strip_decimal, upper }, Some(Lettered::Strings(strings))) => {
                let cell = |row| strings.get(row).unwrap_or_default().as_bytes();
                return self.texts(batch, rows, place, (strip_decimal, upper), (&cell, tallies));
            }
            (Swift::Text { strip_decimal, upper }, _) => {
                let cell = |row| batch.bytes(row, slot);
                return self.texts(batch, rows, place, (strip_decimal, upper), (&cell, tallies));
            }
            _ => {}
        }
        if let Some(converted) = typed.and_then(|typed| {
            let alike = alike(typed, rows, swift, &column.rules);
            // Of a cell that must not be empty there is something to say.
            alike
                .filter(|made| !column.required || made.valid.is_none())
                .or_else(|| self.typed(batch, rows, (index, field, typed), swift, tallies))
        }) {
            return converted;
        }
        self.spelled(batch, rows, place, swift, tallies)
    }

    /// Cells that are text and have to be read.
    fn spelled(
        &self,
        batch: &Batch,
        rows: &[u32],
        (index, field, slot): Place,
        swift: Swift,
        tallies: &mut Tallies,
    ) -> Column {
        let column = &self.plan.columns[index];
        let mut builder = Builder::new(column.ty, rows.len(), &self.texts);
        // Dates and words repeat from record to record, and a cell that stands again has the same value.
        let mut last: Option<(&[u8], Value<'_>)> = None;
        let fixed = match column.minor {
            Some(Minor::Places(places)) => Some(places),
            _ => None,
        };
        // Many cells are empty, and what that means is the same for all of them.
        let nothing = column.minor.is_none().then(|| self.coded(column.rules.value("", None)));
        for row in rows {
            let row = *row as usize;
            let cell = batch.bytes(row, slot);
            if let Some(value) = nothing.as_ref().filter(|_| cell.is_empty()) {
                self.put(&mut builder, value.clone(), batch, row, (index, field), tallies);
                continue;
            }
            if let Some((_, value)) = last.as_ref().filter(|(text, _)| same(text, cell)) {
                builder.push(value.clone());
                continue;
            }
            if let Some(value) = swift.read(cell) {
                if let Value::Day(_) = value {
                    last = Some((cell, value.clone()));
                }
                builder.push(value);
                continue;
            }
            let places = match self.bound.minor[index] {
                Some(field) => currency_places(batch.cell(row, field)),
                None => fixed,
            };
            let value = self.coded(column.rules.value(batch.cell(row, field), places));
            if let Ok(value @ (Value::Day(_) | Value::Code(_))) = &value {
                last = Some((cell, value.clone()));
            }
            self.put(&mut builder, value, batch, row, (index, field), tallies);
        }
        builder.finish()
    }

    /// Cells by the dictionary of their file: each word is read once.
    fn words(
        &self,
        batch: &Batch,
        rows: &[u32],
        (index, field, _): Place,
        words: &Words,
        tallies: &mut Tallies,
    ) -> Column {
        let column = &self.plan.columns[index];
        let missing = self.coded(column.rules.value("", None));
        let meant = self.meant(&column.rules, words);
        let plain = |value: &Result<Value<'_>, Absent>| match value {
            Ok(Value::Code(code)) => Some(*code),
            Err(Absent::Empty) => Some(NO_TEXT),
            _ => None,
        };
        let codes: Option<Vec<u32>> = meant.iter().map(plain).collect();
        if column.ty.physical() == Physical::Text
            && let (Some(codes), Some(missing)) = (codes, plain(&missing))
        {
            let made = words.each(rows, &codes, missing);
            if column.required {
                for (row, _) in rows.iter().zip(&made).filter(|(_, code)| **code == NO_TEXT) {
                    self.empty(batch, *row as usize, (index, field), tallies);
                }
            }
            return Column::of_codes(made);
        }
        let mut builder = Builder::new(column.ty, rows.len(), &self.texts);
        for row in rows {
            let row = *row as usize;
            let value = words.key(row).map_or(&missing, |key| &meant[key]).clone();
            self.put(&mut builder, value, batch, row, (index, field), tallies);
        }
        builder.finish()
    }

    /// What each word of a dictionary means.
    fn meant<'r>(&self, rules: &'r CellRules, words: &'r Words) -> Vec<Result<Value<'r>, Absent>> {
        let Swift::Text { strip_decimal, upper } = Swift::of(rules) else {
            return words.all().map(|word| self.coded(rules.value(word, None))).collect();
        };
        let read = words.all().map(str::trim_ascii).map(|word| match rules.is_null(word) {
            true => None,
            false if strip_decimal || upper => Some(text(word, strip_decimal, upper)),
            false => Some(Cow::Borrowed(word)),
        });
        let read: Vec<Option<Cow<'_, str>>> = read.collect();
        let codes = self.texts.codes(read.iter().map(Option::as_deref));
        codes.into_iter().map(|code| if code == NO_TEXT { Err(Absent::Empty) } else { Ok(Value::Code(code)) }).collect()
    }

    /// Cells that were never text; `None` if they have to be spelled.
    fn typed(
        &self,
        batch: &Batch,
        rows: &[u32],
        (index, field, typed): (usize, usize, &Typed),
        swift: Swift,
        tallies: &mut Tallies,
    ) -> Option<Column> {
        if !matches!(swift, Swift::Amount { .. } | Swift::Day { .. }) {
            return None;
        }
        let column = &self.plan.columns[index];
        let mut builder = Builder::new(column.ty, rows.len(), &self.texts);
        let missing = column.rules.value("", None);
        let visited = typed.visit(rows, |row, cell| match swift.exact(cell) {
            Some(value) => builder.push(value),
            None if cell == Exact::Missing => {
                self.put(&mut builder, missing.clone(), batch, row, (index, field), tallies);
            }
            None => {
                let spelled = typed.spell(row);
                self.put(&mut builder, column.rules.value(&spelled, None), batch, row, (index, field), tallies);
            }
        });
        visited.then(|| builder.finish())
    }

    /// A text by its code.
    fn coded<'v>(&self, value: Result<Value<'v>, Absent>) -> Result<Value<'v>, Absent> {
        match value {
            Ok(Value::Text(text)) => Ok(Value::Code(self.texts.code(&text))),
            other => other,
        }
    }

    /// Adds the value of a cell, or the complaint that it has none.
    fn put(
        &self,
        builder: &mut Builder<'_>,
        value: Result<Value<'_>, Absent>,
        batch: &Batch,
        row: usize,
        (index, field): (usize, usize),
        tallies: &mut Tallies,
    ) {
        let column = &self.plan.columns[index];
        match value {
            Ok(value) => builder.push(value),
            Err(Absent::Empty) => {
                self.empty(batch, row, (index, field), tallies);
                builder.absent(false);
            }
            Err(Absent::Unreadable(code)) => {
                tallies.add(code, &column.canonical, batch.lines[row], || self.sight(batch, row, Some(field)));
                builder.absent(true);
            }
        }
    }

    /// Cells of a text column that stand for themselves.
    fn texts<'c>(
        &self,
        batch: &Batch,
        rows: &[u32],
        (index, field, _): Place,
        (strip_decimal, upper): (bool, bool),
        (cell, tallies): (&impl Fn(usize) -> &'c [u8], &mut Tallies),
    ) -> Column {
        let rules = &self.plan.columns[index].rules;
        let nothing = rules.is_null("");
        let nulls: Vec<&[u8]> = rules.nulls.iter().map(String::as_bytes).filter(|null| !null.is_empty()).collect();
        let mut cells: Vec<Option<&[u8]>> = Vec::with_capacity(rows.len());
        let mut changed: Vec<(usize, u32)> = Vec::new();
        // What a cell means that is not taken as it stands: mostly the one above is the same.
        let mut above: Option<(&[u8], Meant<'_>)> = None;
        for row in rows {
            let row = *row as usize;
            let cell = cell(row).trim_ascii();
            let null = match cell {
                [] => nothing,
                _ => nulls.iter().any(|null| same(null, cell)),
            };
            if null {
                self.empty(batch, row, (index, field), tallies);
                cells.push(None);
                continue;
            }
            if strip_decimal || upper {
                let meant = match above.filter(|(above, _)| same(above, cell)) {
                    Some((_, meant)) => meant,
                    None => match text(std::str::from_utf8(cell).unwrap_or_default(), strip_decimal, upper) {
                        Cow::Borrowed(text) => Meant::Part(text.as_bytes()),
                        Cow::Owned(text) => Meant::Other(self.texts.code(&text)),
                    },
                };
                above = Some((cell, meant));
                cells.push(match meant {
                    Meant::Part(text) => Some(text),
                    Meant::Other(code) => {
                        changed.push((cells.len(), code));
                        None
                    }
                });
                continue;
            }
            cells.push(Some(cell));
        }
        let mut codes = self.texts.codes_of_bytes(cells.into_iter());
        changed.into_iter().for_each(|(at, code)| codes[at] = code);
        Column::of_codes(codes)
    }

    /// Complains of an empty cell where there must be none.
    fn empty(&self, batch: &Batch, row: usize, (index, field): (usize, usize), tallies: &mut Tallies) {
        let column = &self.plan.columns[index];
        if column.required {
            let sighting = || self.sight(batch, row, Some(field));
            tallies.add(Code::CellEmptyRequired, &column.canonical, batch.lines[row], sighting);
        }
    }
}

/// Cells that were never text and of which none needs a word; `None` if one does.
fn alike(typed: &Typed, rows: &[u32], swift: Swift, rules: &CellRules) -> Option<Column> {
    if rules.value("", None) != Err(Absent::Empty) {
        return None;
    }
    let (values, valid, decimals) = match swift {
        Swift::Amount { decimal, scale, shift } => {
            let (units, valid, decimals) = typed.units()?;
            if decimals > 0 && decimal != b'.' {
                return None;
            }
            let factor = 10i64.checked_pow(u32::from(scale.checked_sub(decimals)?))?;
            // As many digits as the plain spelling may have.
            let most = (i64::MAX / factor).min(999_999_999_999_999_999).unsigned_abs();
            let here = |row: usize| valid.is_none_or(|valid| valid.get_bit(row));
            if rows.iter().any(|row| units[*row as usize].unsigned_abs() > most && here(*row as usize)) {
                return None;
            }
            let value = |row: &u32| if here(*row as usize) { units[*row as usize] * factor } else { 0 };
            (Values::Units(rows.iter().map(value).collect()), valid, decimals.saturating_add(shift))
        }
        Swift::Day { inclusive } => {
            let (days, valid) = typed.days()?;
            let here = |row: usize| valid.is_none_or(|valid| valid.get_bit(row));
            if rows.iter().any(|row| !Swift::plain_day(days[*row as usize]) && here(*row as usize)) {
                return None;
            }
            let value = |row: &u32| if here(*row as usize) { days[*row as usize] + i32::from(inclusive) } else { 0 };
            (Values::Days(rows.iter().map(value).collect()), valid, 0)
        }
        Swift::None | Swift::Text { .. } => return None,
    };
    let valid: Option<Vec<bool>> =
        valid.map(|valid| rows.iter().map(|row| valid.get_bit(*row as usize)).collect::<Vec<bool>>());
    let valid = valid.filter(|valid| valid.contains(&false));
    let some = valid.as_ref().map_or(!rows.is_empty(), |valid| valid.contains(&true));
    Some(Column { values, valid, unreadable: None, decimals: if some { decimals } else { 0 } })
}

fn currency_places(cell: &str) -> Option<u8> {
    amount::minor_units(&cell.trim_ascii().to_ascii_uppercase())
}
