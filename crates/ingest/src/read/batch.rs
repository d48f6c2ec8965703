//! Some tens of thousands of records: one text and the ends of its fields, no allocation a cell.

use tieout_model::Code;

/// Records of equal width that lie in one text.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The records as they stand in the file, then unescaped fields.
    pub text: String,
    /// Length of the part that stands in the file.
    pub raw: usize,
    /// Fields a record.
    pub width: usize,
    /// Start and end of each field; `width` a record.
    pub fields: Vec<(u32, u32)>,
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

    /// The cell as received, quotes taken off.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        let (start, end) = self.fields[row * self.width + column];
        self.slice(start, end)
    }

    /// A piece of the text.
    pub fn slice(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The line on which a field stands, with the editor's line number and the field's character column and width.
    pub fn excerpt(&self, row: usize, column: usize) -> (u64, u32, u32, String) {
        let (start, end) = self.spans[row];
        let record = self.slice(start, end);
        let (from, to) = self.fields[row * self.width + column];
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
