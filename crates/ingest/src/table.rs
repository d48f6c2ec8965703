//! One batch of one file becomes rows of one population.

use std::hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use foldhash::fast::FixedState;
use tieout_model::{Code, ColumnType, RecordRef, amount};

use crate::convert::cell::{Absent, text};
use crate::convert::column::Builder;
use crate::convert::compute::{self, Computed};
use crate::convert::swift::Swift;
use crate::convert::{Column, Value, Values};
use crate::diagnose::{Sighting, Tallies};
use crate::gather::Rows;
use crate::plan::{Bound, ColumnPlan, How, TablePlan};
use crate::profile::CreditSign;
use crate::read::Batch;
use crate::read::typed::{Exact, Typed};
use crate::texts::{Texts, same};

/// A table that is being read from one file.
pub(crate) struct Reading {
    pub plan: Arc<TablePlan>,
    pub bound: Bound,
    pub headers: Arc<Vec<String>>,
    /// Index of the file.
    pub file: u32,
    /// Negate credit notes.
    pub flip: Flip,
    /// Note keys and contents, because several files feed the population.
    pub track: bool,
    pub texts: Arc<Texts>,
}

/// Which records are credit notes stated positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flip {
    None,
    CreditNotes,
    All,
}

/// What came out of a batch.
pub(crate) struct Part {
    pub stored: Rows,
    pub elsewhere: u64,
    pub tallies: Tallies,
    /// Unreadable cells by column.
    pub unreadable: Vec<(usize, u64)>,
    /// Most decimals written, by column.
    pub decimals: Vec<u8>,
    /// Key of each record, 0 where it has none; only if tracked.
    pub keys: Vec<u128>,
    /// Digest of each record's cells; only if tracked.
    pub contents: Vec<u64>,
    /// Credit notes with positive and with negative control amounts.
    pub signs: Signs,
    /// Which records of the batch are kept.
    pub rows: Vec<u32>,
}

/// Credit notes by the sign of their total as stated, with the line of the first of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signs {
    pub positive: u64,
    pub negative: u64,
    pub first: Option<Sighting>,
}

impl Flip {
    /// From the format; `auto` is settled by what the credit notes show.
    pub fn of(sign: CreditSign, positive: bool) -> Self {
        match sign {
            CreditSign::AsIs => Self::None,
            CreditSign::Positive => Self::CreditNotes,
            CreditSign::Negate => Self::All,
            CreditSign::Auto if positive => Self::CreditNotes,
            CreditSign::Auto => Self::None,
        }
    }
}

impl Reading {
    /// Fields of a record that are read.
    pub fn fields(&self) -> Vec<usize> {
        let mut fields = self.bound.conditions.clone();
        if self.plan.numbers {
            fields.extend(&self.bound.series);
        }
        for (index, column) in self.plan.columns.iter().enumerate() {
            if column.stored || self.track || self.plan.document_type == Some(index) {
                fields.extend(self.bound.fields[index]);
                fields.extend(self.bound.minor[index]);
            }
        }
        fields
    }

    /// Converts a batch.
    pub fn convert(&self, batch: &Batch, rows: Vec<u32>) -> Part {
        let mut tallies = Tallies::default();
        let credit = self.credit_notes(batch, &rows);
        let mut signs = Signs::default();
        let mut columns: Vec<Option<Column>> = Vec::with_capacity(self.plan.columns.len());
        for (index, column) in self.plan.columns.iter().enumerate() {
            if !column.stored || self.bound.missing[index] {
                columns.push(None);
                continue;
            }
            let mut converted = match &column.how {
                How::Constant(value, _) => Column::constant(value, column.ty, rows.len(), &self.texts),
                How::Record => self.record_numbers(batch, &rows, column.ty),
                How::Compute { .. } => self.compute(batch, &rows, column, &columns, &mut tallies),
                How::Join { operands, with } => self.join(rows.len(), column.ty, (operands, with), &columns),
                How::Header(_) | How::Position(_) => match self.bound.fields[index] {
                    Some(field) => self.cells(batch, &rows, index, field, &mut tallies),
                    None => {
                        columns.push(None);
                        continue;
                    }
                },
            };
            let computed = column.how.is_computed();
            if crate::totals::control_column(&self.plan.population.name) == Some(column.name.as_str()) && !computed {
                self.note_signs(batch, &rows, index, &converted, credit.as_deref(), &mut signs);
            }
            if !computed && matches!(column.ty, ColumnType::Money | ColumnType::Quantity) {
                self.flip(&mut converted, credit.as_deref());
            }
            columns.push(Some(converted));
        }
        self.part(batch, rows, columns, tallies, signs)
    }

    fn part(
        &self,
        batch: &Batch,
        rows: Vec<u32>,
        columns: Vec<Option<Column>>,
        tallies: Tallies,
        signs: Signs,
    ) -> Part {
        let elsewhere = (batch.len() - rows.len()) as u64;
        let decimals = columns.iter().map(|column| column.as_ref().map_or(0, |column| column.decimals)).collect();
        let contents = if self.track { self.contents(batch, &rows) } else { Vec::new() };
        let keys = if self.track { self.keys(&columns, &contents, rows.len()) } else { Vec::new() };
        let records =
            rows.iter().map(|row| RecordRef { source: self.file, record: batch.numbers[*row as usize] }.pack());
        let mut stored = Rows { records: records.collect(), columns: Vec::with_capacity(columns.len()) };
        let mut unreadable = Vec::new();
        for (index, column) in columns.into_iter().enumerate() {
            let Some(column) = column else { continue };
            if let Some(marks) = &column.unreadable {
                unreadable.push((index, marks.iter().filter(|mark| **mark).count() as u64));
            }
            assert_eq!(column.len(), rows.len(), "a column was converted short");
            stored.columns.push((self.plan.columns[index].name.clone(), column));
        }
        Part { stored, elsewhere, tallies, unreadable, decimals, keys, contents, signs, rows }
    }

    fn cells(&self, batch: &Batch, rows: &[u32], index: usize, field: usize, tallies: &mut Tallies) -> Column {
        let column = &self.plan.columns[index];
        let Some(slot) = batch.kept.slot(field) else { return Builder::new(column.ty, 0, &self.texts).finish() };
        let swift = Swift::of(&column.rules);
        if let Swift::Text { strip_decimal, upper } = swift {
            return self.texts(batch, rows, (index, field, slot), (strip_decimal, upper), tallies);
        }
        if let Some(converted) =
            batch.typed.get(slot).and_then(|typed| self.typed(batch, rows, (index, field, typed), swift, tallies))
        {
            return converted;
        }
        let mut builder = Builder::new(column.ty, rows.len(), &self.texts);
        // Dates and words repeat from record to record, and a cell that stands again has the same value.
        let mut last: Option<(&[u8], Value<'_>)> = None;
        let fixed = match column.minor {
            Some(crate::plan::Minor::Places(places)) => Some(places),
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
    fn texts(
        &self,
        batch: &Batch,
        rows: &[u32],
        (index, field, slot): (usize, usize, usize),
        (strip_decimal, upper): (bool, bool),
        tallies: &mut Tallies,
    ) -> Column {
        let rules = &self.plan.columns[index].rules;
        let nothing = rules.is_null("");
        let mut cells: Vec<Option<&[u8]>> = Vec::with_capacity(rows.len());
        let mut changed: Vec<(usize, u32)> = Vec::new();
        for row in rows {
            let row = *row as usize;
            let cell = batch.bytes(row, slot).trim_ascii();
            let null = match cell {
                [] => nothing,
                _ => rules.nulls.iter().any(|null| null.len() == cell.len() && null.as_bytes() == cell),
            };
            if null {
                self.empty(batch, row, (index, field), tallies);
                cells.push(None);
                continue;
            }
            if strip_decimal || upper {
                let cell = batch.cell(row, field).trim_ascii();
                match text(cell, strip_decimal, upper) {
                    std::borrow::Cow::Borrowed(text) => cells.push(Some(text.as_bytes())),
                    std::borrow::Cow::Owned(text) => {
                        changed.push((cells.len(), self.texts.code(&text)));
                        cells.push(None);
                    }
                }
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

    fn compute(
        &self,
        batch: &Batch,
        rows: &[u32],
        column: &ColumnPlan,
        done: &[Option<Column>],
        tallies: &mut Tallies,
    ) -> Column {
        let mut builder = Builder::new(column.ty, rows.len(), &self.texts);
        let How::Compute { operation, operands, less, places } = &column.how else { return builder.finish() };
        let inputs: Vec<(&Column, u8)> = operands
            .iter()
            .filter_map(|operand| Some((done[*operand].as_ref()?, self.plan.columns[*operand].ty.scale()?)))
            .collect();
        let scale = column.ty.scale().unwrap_or(0);
        let complete = inputs.len() == operands.len();
        let decimals = places.unwrap_or(scale);
        for (at, row) in rows.iter().enumerate() {
            let result =
                if complete { compute::row(&inputs, at, (*operation, *less), *places, scale) } else { Computed::Empty };
            let code = match result {
                Computed::Units(units) => {
                    builder.push(Value::Units(units, decimals));
                    continue;
                }
                Computed::Empty => {
                    builder.absent(false);
                    continue;
                }
                Computed::Unreadable => None,
                Computed::Precision => Some(Code::AmountPrecision),
                Computed::Range => Some(Code::AmountRange),
            };
            if let Some(code) = code {
                let row = *row as usize;
                tallies.add(code, &column.canonical, batch.lines[row], || self.sight(batch, row, None));
            }
            builder.absent(true);
        }
        builder.finish()
    }

    /// Texts of a record, one behind the other: empty where one of them is, unreadable where one of them is.
    fn join(&self, rows: usize, ty: ColumnType, (operands, with): (&[usize], &str), done: &[Option<Column>]) -> Column {
        let mut builder = Builder::new(ty, rows, &self.texts);
        let parts: Vec<&Column> = operands.iter().filter_map(|operand| done[*operand].as_ref()).collect();
        let mut text = String::new();
        for row in 0..rows {
            if parts.iter().any(|part| part.is_unreadable(row)) {
                builder.absent(true);
                continue;
            }
            text.clear();
            let mut whole = parts.len() == operands.len();
            for (index, part) in parts.iter().enumerate() {
                let Values::Codes(codes) = &part.values else { continue };
                if index > 0 {
                    text.push_str(with);
                }
                whole &= self.texts.with(codes[row], |part| text.push_str(part)).is_some();
            }
            if whole { builder.push(Value::Text(text.as_str().into())) } else { builder.absent(false) }
        }
        builder.finish()
    }

    fn record_numbers(&self, batch: &Batch, rows: &[u32], ty: ColumnType) -> Column {
        let mut builder = Builder::new(ty, rows.len(), &self.texts);
        for row in rows {
            let number = batch.numbers[*row as usize];
            match ty {
                ColumnType::Int => builder.push(Value::Units(i64::try_from(number).unwrap_or(i64::MAX), 0)),
                _ => builder.push(Value::Text(number.to_string().into())),
            }
        }
        builder.finish()
    }

    /// Which rows are credit notes by their document type; `None` if the table does not tell.
    fn credit_notes(&self, batch: &Batch, rows: &[u32]) -> Option<Vec<bool>> {
        let index = self.plan.document_type?;
        let column = &self.plan.columns[index];
        if let How::Constant(_, word) = &column.how {
            return Some(vec![word == "credit_note"; rows.len()]);
        }
        let field = self.bound.fields[index]?;
        let mut last = ("", false);
        let credit = |row: &u32| {
            let cell = batch.cell(*row as usize, field);
            if cell.is_empty() || !same(cell.as_bytes(), last.0.as_bytes()) {
                last = (cell, column.rules.word(cell) == Ok("credit_note"));
            }
            last.1
        };
        Some(rows.iter().map(credit).collect())
    }

    fn flip(&self, column: &mut Column, credit: Option<&[bool]>) {
        let Values::Units(units) = &mut column.values else { return };
        match (self.flip, credit) {
            (Flip::None, _) | (Flip::CreditNotes, None) => {}
            // i64::MIN has no opposite; no export states it.
            (Flip::All, _) => units.iter_mut().for_each(|units| *units = units.saturating_neg()),
            (Flip::CreditNotes, Some(credit)) => {
                for (units, _) in units.iter_mut().zip(credit).filter(|(_, credit)| **credit) {
                    *units = units.saturating_neg();
                }
            }
        }
    }

    fn note_signs(
        &self,
        batch: &Batch,
        rows: &[u32],
        index: usize,
        column: &Column,
        credit: Option<&[bool]>,
        signs: &mut Signs,
    ) {
        let (Some(credit), Values::Units(units)) = (credit, &column.values) else { return };
        for (at, units) in units.iter().enumerate().filter(|(at, units)| credit[*at] && **units != 0) {
            if *units > 0 {
                if signs.positive == 0 && signs.first.is_none() {
                    signs.first = Some(self.sight(batch, rows[at] as usize, self.bound.fields[index]));
                }
                signs.positive += 1;
            } else {
                signs.negative += 1;
            }
        }
    }

    /// A digest of the mapped cells as received, by canonical name, so that no column order shows. It is the same in every
    /// run, because it may be held against a record that an earlier run has read.
    fn contents(&self, batch: &Batch, rows: &[u32]) -> Vec<u64> {
        let mut fields: Vec<(&str, usize)> = self
            .plan
            .columns
            .iter()
            .zip(&self.bound.fields)
            .filter_map(|(column, field)| Some((column.name.as_str(), (*field)?)))
            .collect();
        fields.sort_unstable();
        let digest = FixedState::default();
        let fields: Vec<(u64, usize)> =
            fields.into_iter().map(|(name, field)| (digest.hash_one(name), field)).collect();
        rows.iter()
            .map(|row| {
                let mut hasher = digest.build_hasher();
                for (name, field) in &fields {
                    hasher.write_u64(*name);
                    batch.cell(*row as usize, *field).trim_ascii().hash(&mut hasher);
                }
                hasher.finish()
            })
            .collect()
    }

    /// A digest of each record's key, of codes that are this run's own.
    pub fn keys(&self, columns: &[Option<Column>], contents: &[u64], rows: usize) -> Vec<u128> {
        let numbered = self.plan.numbered();
        let mut parts = Vec::new();
        for name in &self.plan.population.key {
            let Some(index) = self.plan.column(name) else { continue };
            if matches!(self.plan.columns[index].how, How::Record) {
                continue;
            }
            let required = self.plan.population.column(name).is_some_and(|column| column.required);
            if let Some(column) = &columns[index] {
                parts.push((column, required));
            }
        }
        (0..rows).map(|row| key(&parts, row, numbered.then(|| contents[row]))).collect()
    }

    /// Where a cell, or a record as a whole, stands.
    fn sight(&self, batch: &Batch, row: usize, field: Option<usize>) -> Sighting {
        let (cell_line, column, width, excerpt) = batch.excerpt(row, field.unwrap_or(0));
        Sighting {
            record: batch.numbers[row],
            line: batch.lines[row],
            cell_line,
            column,
            width: if field.is_some() { width } else { 0 },
            excerpt,
            cell: field.map(|field| batch.shown(row, field).trim_ascii().to_owned()).unwrap_or_default(),
            field: field.map(|field| (field + 1, self.headers.get(field).cloned().unwrap_or_default())),
        }
    }
}

fn currency_places(cell: &str) -> Option<u8> {
    amount::minor_units(&cell.trim_ascii().to_ascii_uppercase())
}

/// A 128-bit digest of a key; 0 if a part that must be there is not.
fn key(parts: &[(&Column, bool)], row: usize, content: Option<u64>) -> u128 {
    let (mut low, mut high) = (DefaultHasher::new(), DefaultHasher::new());
    high.write_u8(1);
    if parts.is_empty() {
        return 0;
    }
    for hasher in [&mut low, &mut high] {
        for (column, required) in parts {
            let present = column.is_valid(row);
            if column.is_unreadable(row) || *required && !present {
                return 0;
            }
            present.hash(hasher);
            if !present {
                continue;
            }
            match &column.values {
                Values::Units(all) => all[row].hash(hasher),
                Values::Days(all) => all[row].hash(hasher),
                Values::Flags(all) => all[row].hash(hasher),
                Values::Codes(all) => all[row].hash(hasher),
            }
        }
        content.hash(hasher);
    }
    (u128::from(high.finish()) << 64) | u128::from(low.finish()).max(1)
}
