//! Some thousands of records: one text and the ends of its fields, no allocation a cell.
//!
//! A batch is as large as a processor's cache and is filled again once it is done with, so that a file of any size
//! passes through the same few megabytes.

use std::sync::Arc;

use tieout_model::Code;

use super::split::ReadError;
use super::typed::Typed;

/// Records of equal width that lie in one text.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The records as they stand in the file, then unescaped fields: UTF-8.
    pub text: Vec<u8>,
    /// Length of the part that stands in the file.
    pub raw: usize,
    /// Which fields of a record are kept.
    pub kept: Arc<Kept>,
    /// Start and end of each kept field, record by record.
    pub fields: Vec<(u32, u32)>,
    /// In their place, by kept field: the columns of a file that has columns.
    pub typed: Vec<Typed>,
    /// Number of each record in its file.
    pub numbers: Vec<u64>,
    /// Editor's line of each record.
    pub lines: Vec<u64>,
    /// Start and end of each record in the text.
    pub spans: Vec<(u32, u32)>,
    /// Records that could not be split.
    pub excluded: Vec<Excluded>,
    /// Records read so far in the file, this batch included.
    pub read: u64,
    /// Byte offset of the batch in the decoded text, with the record number and line before it.
    pub start: (u64, u64, u64),
}

/// Which fields of a record are kept: what nobody reads is split off and forgotten. The first one always is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// By field: its place among the kept ones.
    slots: Vec<Option<usize>>,
    /// The kept ones in order.
    pub fields: Vec<usize>,
    /// How many are kept.
    pub count: usize,
}

impl Kept {
    /// Every one of them.
    pub fn all(width: usize) -> Self {
        Self { slots: (0..width).map(Some).collect(), fields: (0..width).collect(), count: width }
    }

    /// The first and those that are wanted.
    pub fn only(width: usize, wanted: &[usize]) -> Self {
        let fields: Vec<usize> = (0..width).filter(|field| *field == 0 || wanted.contains(field)).collect();
        let mut slots = vec![None; width];
        fields.iter().enumerate().for_each(|(slot, field)| slots[*field] = Some(slot));
        Self { slots, count: fields.len(), fields }
    }

    /// The place of a field among the kept ones.
    pub fn slot(&self, field: usize) -> Option<usize> {
        self.slots.get(field).copied().flatten()
    }
}

/// A record that could not be split into fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excluded {
    pub record: u64,
    pub line: u64,
    pub reason: Code,
    /// Where it stands in the batch's text.
    pub span: (u32, u32),
    /// Its fields, as far as they could be told.
    pub fields: Vec<(u32, u32)>,
    /// How many there were.
    pub found: usize,
}

impl Batch {
    /// Records.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The cell as received, quotes taken off; empty if its field is not kept.
    pub fn cell(&self, row: usize, field: usize) -> &str {
        self.kept.slot(field).map_or("", |slot| text(self.bytes(row, slot)))
    }

    /// The bytes of a kept field, by its place among them.
    #[inline]
    pub fn bytes(&self, row: usize, slot: usize) -> &[u8] {
        if let Some(typed) = self.typed.get(slot) {
            return typed.bytes(row);
        }
        let (start, end) = self.fields[row * self.kept.count + slot];
        &self.text[start as usize..end as usize]
    }

    /// A cell for a message.
    pub fn shown(&self, row: usize, field: usize) -> String {
        match self.kept.slot(field).and_then(|slot| self.typed.get(slot)) {
            Some(typed) => typed.spell(row),
            None => self.cell(row, field).to_owned(),
        }
    }

    /// Why a column could not be decoded.
    pub fn error(&self) -> Option<ReadError> {
        let error = self.typed.iter().find_map(Typed::error)?;
        Some(ReadError::Io(std::io::Error::other(error.to_owned())))
    }

    /// A piece of the text.
    pub fn slice(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).map_or("", text)
    }

    /// Makes room for other records; what was allocated stays.
    pub fn clear(&mut self) {
        self.fields.clear();
        self.numbers.clear();
        self.lines.clear();
        self.spans.clear();
        self.excluded.clear();
    }

    /// The line on which a field stands, with the editor's line number and the field's character column and width.
    pub fn excerpt(&self, row: usize, column: usize) -> (u64, u32, u32, String) {
        if !self.typed.is_empty() {
            // No record lies in one piece; whoever shows it reads it again.
            return (self.lines[row], 1, 0, String::new());
        }
        let (start, end) = self.spans[row];
        let record = self.slice(start, end);
        let slot = self.kept.slot(column).unwrap_or(0);
        let (from, to) = self.fields[row * self.kept.count + slot];
        let (from, to) = if (from as usize) < self.raw {
            (from.saturating_sub(start) as usize, to.saturating_sub(start) as usize)
        } else {
            // An unescaped field: show the record from its start.
            (0, 0)
        };
        let before = record.get(..from).unwrap_or_default();
        let skipped = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.lines[row] + before.matches('\n').count() as u64;
        let shown = record.get(skipped..).unwrap_or_default().lines().next().unwrap_or_default();
        let place = record.get(skipped..from).unwrap_or_default().chars().count();
        let width = record.get(from..to).unwrap_or_default().lines().next().unwrap_or_default().chars().count();
        (line, u32::try_from(place + 1).unwrap_or(0), u32::try_from(width).unwrap_or(0), shown.to_owned())
    }
}

/// The whole text is UTF-8 and fields end at ASCII bytes.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
