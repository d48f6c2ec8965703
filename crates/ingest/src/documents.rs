//! Documents of a series, column by column: what most of them say repeats or counts up, so that together they take little.

use tieout_model::types::Physical;

use crate::packed::{PIECE, Packed, Packing};
use crate::series::Document;
use crate::texts::NO_TEXT;

/// Documents in the order in which they came.
#[derive(Debug)]
pub(crate) struct Documents {
    series: Packing,
    scope: Packing,
    number: Packing,
    document_no: Packing,
    record: Packing,
    kept: Vec<bool>,
}

impl Default for Documents {
    fn default() -> Self {
        let [series, scope, document_no] = [(); 3].map(|()| Packing::new(Physical::Text));
        let [number, record] = [(); 2].map(|()| Packing::new(Physical::Units));
        Self { series, scope, number, document_no, record, kept: Vec::new() }
    }
}

impl FromIterator<Document> for Documents {
    fn from_iter<I: IntoIterator<Item = Document>>(all: I) -> Self {
        let mut documents = Self::default();
        all.into_iter().for_each(|document| documents.push(document));
        documents
    }
}

impl Documents {
    /// How many.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// One more.
    pub fn push(&mut self, document: Document) {
        self.series.push(code(document.series));
        self.scope.push(code(document.scope));
        self.number.push(document.number);
        self.document_no.push(code(document.document_no));
        self.record.push(Some(document.record));
        self.kept.push(document.kept);
    }

    /// One of them is kept after all.
    pub fn keep(&mut self, at: usize) {
        self.kept[at] = true;
    }

    /// All of them, some at a time.
    pub fn iter(&self) -> impl Iterator<Item = Document> + '_ {
        (0..self.len()).step_by(PIECE).flat_map(move |from| {
            let to = self.len().min(from + PIECE);
            let codes = |column: &Packing| column.slice(from, to, |code| code as u32, NO_TEXT);
            let (series, scope, document_no) = (codes(&self.series), codes(&self.scope), codes(&self.document_no));
            let number = self.number.slice(from, to, Some, None);
            let record = self.record.slice(from, to, |record| record, 0);
            (0..to - from).map(move |row| Document {
                series: series[row],
                scope: scope[row],
                number: number[row],
                document_no: document_no[row],
                record: record[row],
                kept: self.kept[from + row],
            })
        })
    }

    /// Puts others below.
    pub fn append(&mut self, other: Self) {
        self.series.append_packed(other.series.finish());
        self.scope.append_packed(other.scope.finish());
        self.number.append_packed(other.number.finish());
        self.document_no.append_packed(other.document_no.finish());
        self.record.append_packed(other.record.finish());
        self.kept.extend(other.kept);
    }

    /// Series, scope, number, number as printed, record, and whether it is kept.
    pub fn into_columns(self) -> [Packed; 6] {
        let mut kept = Packing::new(Physical::Bool);
        kept.append_flags(&self.kept);
        [self.series, self.scope, self.number, self.document_no, self.record, kept].map(Packing::finish)
    }
}

fn code(text: u32) -> Option<i64> {
    (text != NO_TEXT).then_some(i64::from(text))
}
