//! Text → records: a splitter that keeps numbers, lines, blank lines and what cannot be split.
//!
//! Libraries pad short records, skip blank lines without a count and let one open quote swallow a file. Here a field
//! beyond 1 MiB ends its record as excluded, and reading goes on at the line after the one where the record began.

use std::io::Read;
use std::sync::Arc;

use tieout_model::Code;

use super::batch::{Batch, Excluded, Kept};
use super::buffer::Buffer;
use super::marks::{Marks, Rest};
use super::record::{FIELD_MAX, Parsed, bytes, index, parse, untail};

/// Bytes read at a time: a batch and its fields stay in a processor's cache.
const CHUNK: usize = 1 << 19;

/// How fields are told apart.
#[derive(Clone, Debug)]
pub(crate) struct Syntax {
    pub delimiter: u8,
    /// None: quotes are ordinary characters.
    pub quote: Option<u8>,
    pub header: bool,
    pub skip_lines: u64,
    /// Fields of a file without header; a record with fewer lacks empty ones at its end.
    pub fields: Option<usize>,
}

/// Why a file could not be read to its end.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// From below: the disk, the decompressor, the decoder.
    Io(std::io::Error),
    /// Not UTF-8, at this line.
    Encoding(u64),
}

/// Splits a stream of UTF-8 bytes.
pub(crate) struct Splitter<R> {
    input: R,
    syntax: Syntax,
    buffer: Buffer,
    position: usize,
    ended: bool,
    line: u64,
    record: u64,
    offset: u64,
    width: usize,
    header: Vec<Vec<u8>>,
    fill_down: Vec<(usize, Vec<u8>)>,
    nul: bool,
    kept: Arc<Kept>,
    marks: Marks,
}

impl<R: Read> Splitter<R> {
    pub fn new(input: R, syntax: Syntax) -> Self {
        Self {
            input,
            syntax,
            buffer: Buffer::default(),
            position: 0,
            ended: false,
            line: 1,
            record: 0,
            offset: 0,
            width: 0,
            header: Vec::new(),
            fill_down: Vec::new(),
            nul: false,
            kept: Arc::default(),
            marks: Marks::default(),
        }
    }

    /// Continues at a place noted in `Batch::start`, the stream being there already.
    pub fn resume(&mut self, (offset, record, line): (u64, u64, u64), headers: &[String]) {
        (self.offset, self.record, self.line) = (offset, record, line);
        self.width = headers.len();
        self.kept = Arc::new(Kept::all(self.width));
        if self.syntax.header {
            self.header = headers.iter().map(|header| header.as_bytes().to_vec()).collect();
        }
    }

    /// The header, or for a headerless file as many numbers as its first record has fields. Empty: an empty file.
    pub fn header(&mut self) -> Result<Vec<String>, ReadError> {
        for _ in 0..self.syntax.skip_lines {
            self.skip_line()?;
        }
        let mut fields = Vec::new();
        let mut tail = Vec::new();
        loop {
            fields.clear();
            tail.clear();
            match parse(&self.buffer, self.position, &self.syntax, self.ended, &mut fields, &mut tail) {
                Parsed::Incomplete => self.fill()?,
                Parsed::TooLong => return Ok(Vec::new()),
                Parsed::Record { end, next, newlines, .. } => {
                    if self.position >= self.buffer.len() {
                        return Ok(Vec::new());
                    }
                    if self.buffer[self.position..end].trim_ascii().is_empty() {
                        // Blank lines above the header or the first record are not records.
                        if self.syntax.header {
                            self.advance(next, newlines);
                            continue;
                        }
                    }
                    let cells: Vec<Vec<u8>> =
                        fields.iter().map(|range| bytes(&self.buffer, &tail, *range).trim_ascii().to_vec()).collect();
                    self.width = self.syntax.fields.unwrap_or(cells.len());
                    self.kept = Arc::new(Kept::all(self.width));
                    if !self.syntax.header {
                        return Ok((1..=self.width).map(|index| index.to_string()).collect());
                    }
                    let mut names = Vec::with_capacity(cells.len());
                    for cell in &cells {
                        let name = std::str::from_utf8(cell).map_err(|_| ReadError::Encoding(self.line))?;
                        names.push(name.trim().to_owned());
                    }
                    self.advance(next, newlines);
                    self.header = cells;
                    return Ok(names);
                }
            }
        }
    }

    /// Empty cells of these columns repeat the cell above.
    pub fn fill_down(&mut self, columns: &[usize]) {
        self.fill_down = columns.iter().map(|column| (*column, Vec::new())).collect();
    }

    /// Keeps the first field of a record and these, and no others.
    pub fn keep(&mut self, fields: &[usize]) {
        self.kept = Arc::new(Kept::only(self.width, fields));
    }

    /// The next records in a batch of their own; `None` at the end.
    pub fn batch(&mut self) -> Result<Option<Batch>, ReadError> {
        self.batch_into(Batch::default())
    }

    /// The next records, in place of those of a batch that is done with; `None` at the end.
    pub fn batch_into(&mut self, mut batch: Batch) -> Result<Option<Batch>, ReadError> {
        batch.clear();
        batch.kept = Arc::clone(&self.kept);
        batch.start = (self.offset, self.record, self.line);
        let (mut fields, mut tail) = (std::mem::take(&mut batch.fields), Vec::new());
        let mut at = self.position;
        let first_line = self.line;
        loop {
            at = self.simple(&mut batch, &mut fields, at);
            // Every field of a careful record is looked at before those that are kept stay.
            let before = (fields.len(), tail.len());
            if at >= self.buffer.len() && self.ended {
                break;
            }
            match parse(&self.buffer, at, &self.syntax, self.ended, &mut fields, &mut tail) {
                Parsed::Record { end, next, newlines, .. } => {
                    self.record += 1;
                    self.keep_or_exclude(&mut batch, &mut fields, &tail, before.0, (at, end));
                    self.line += newlines;
                    at = next;
                }
                Parsed::Incomplete => {
                    fields.truncate(before.0);
                    tail.truncate(before.1);
                    if self.record > batch.start.1 {
                        break;
                    }
                    let moved = self.position;
                    self.fill()?;
                    at -= moved;
                    debug_assert_eq!(at, self.position);
                }
                Parsed::TooLong => {
                    fields.truncate(before.0);
                    tail.truncate(before.1);
                    self.record += 1;
                    at = self.skip_long(&mut batch, at)?;
                    if self.record > batch.start.1 {
                        break;
                    }
                }
            }
        }
        if self.record == batch.start.1 {
            return Ok(None);
        }
        self.finish(batch, fields, tail, at, first_line).map(Some)
    }

    /// Records without an escaped quote or a line break inside one, which are nearly all: the marks of the whole buffer are
    /// found at once. Returns where the first record begins that needs the careful way.
    fn simple(&mut self, batch: &mut Batch, fields: &mut Vec<(u32, u32)>, from: usize) -> usize {
        let (buffer, kept) = (std::mem::take(&mut self.buffer), Arc::clone(&self.kept));
        let mut found = std::mem::take(&mut self.marks);
        found.scan(&buffer, self.syntax.delimiter, self.syntax.quote.unwrap_or(b'\n'));
        let mut marks = found.from(from);
        let mut record = from;
        loop {
            let first = fields.len();
            let taken = self.bare(&buffer, &kept, record, marks, fields).or_else(|| {
                fields.truncate(first);
                self.quoted(&buffer, &kept, record, marks, fields)
            });
            let regular =
                taken.filter(|(_, end)| end - record < FIELD_MAX && !self.nul && !self.suspect(&buffer, fields[first]));
            let Some((count, end)) = regular else {
                fields.truncate(first);
                break;
            };
            self.record += 1;
            batch.numbers.push(self.record);
            batch.lines.push(self.line);
            batch.spans.push((index(record), index(end)));
            self.line += 1;
            record = marks.places[count - 1] as usize + 1;
            marks = marks.after(count);
        }
        self.buffer = buffer;
        self.marks = found;
        record
    }

    /// A record without quotes: so many delimiters and a line end. Returns how many marks it has and where it ends.
    #[inline]
    fn bare(
        &self,
        buffer: &[u8],
        kept: &Kept,
        record: usize,
        marks: Rest<'_>,
        fields: &mut Vec<(u32, u32)>,
    ) -> Option<(usize, usize)> {
        if marks.delimiters()? + 1 != self.width {
            return None;
        }
        let (last, delimiters) = marks.places[..self.width].split_last()?;
        let at = *last as usize;
        if buffer[at] != b'\n' {
            return None;
        }
        let start = delimiters.last().map_or(record, |mark| *mark as usize + 1);
        let end = if at > start && buffer[at - 1] == b'\r' { at - 1 } else { at };
        fields.extend(kept.fields.iter().map(|field| {
            let start = field.checked_sub(1).map_or(index(record), |before| delimiters[before] + 1);
            (start, delimiters.get(*field).copied().unwrap_or(index(end)))
        }));
        Some((self.width, end))
    }

    /// A record with quotes around whole fields.
    fn quoted(
        &self,
        buffer: &[u8],
        kept: &Kept,
        record: usize,
        marks: Rest<'_>,
        fields: &mut Vec<(u32, u32)>,
    ) -> Option<(usize, usize)> {
        let (delimiter, quote) = (self.syntax.delimiter, self.syntax.quote);
        let (mut start, mut field) = (record, 0);
        // Where the quotes of the field that is being read open and close.
        let (mut quoted, mut closed) = (false, None);
        for (before, mark) in marks.places.iter().enumerate() {
            let at = *mark as usize;
            let byte = buffer[at];
            if quoted {
                if byte == delimiter {
                    continue;
                }
                if Some(byte) != quote || !ends_field(&buffer[at + 1..], delimiter) {
                    return None;
                }
                (quoted, closed) = (false, Some(at));
            } else if byte == delimiter {
                if kept.slot(field).is_some() {
                    fields.push(inside(start, at, closed.take()));
                }
                closed = None;
                field += 1;
                start = at + 1;
            } else if byte == b'\n' {
                let end = if at > start && buffer[at - 1] == b'\r' { at - 1 } else { at };
                if kept.slot(field).is_some() {
                    fields.push(inside(start, end, closed.take()));
                }
                return (field + 1 == self.width).then_some((before + 1, end));
            } else if at == start {
                quoted = true;
            }
        }
        None
    }

    /// True if the first field does not settle that the record is neither blank nor the header again.
    fn suspect(&self, buffer: &[u8], (start, end): (u32, u32)) -> bool {
        let field = &buffer[start as usize..end as usize];
        field.first().is_none_or(u8::is_ascii_whitespace) || self.header.first().is_some_and(|name| field == name)
    }

    fn finish(
        &mut self,
        mut batch: Batch,
        mut fields: Vec<(u32, u32)>,
        mut tail: Vec<u8>,
        at: usize,
        first_line: u64,
    ) -> Result<Batch, ReadError> {
        // What is left over goes into the text of the batch that was done with.
        let rest = Buffer::beginning(std::mem::take(&mut batch.text), &self.buffer[at..]);
        let mut data = std::mem::replace(&mut self.buffer, rest).into_text(at);
        let plain = self.marks.are_of_ascii(at);
        self.marks.clear();
        self.offset += (at - self.position) as u64;
        // What was consumed before, the header, stands in front.
        let begin = std::mem::take(&mut self.position);
        let raw = u32::try_from(data.len()).unwrap_or(u32::MAX);
        batch.raw = data.len();
        for range in &mut fields {
            untail(range, raw);
        }
        for excluded in &mut batch.excluded {
            excluded.fields.iter_mut().for_each(|range| untail(range, raw));
        }
        batch.fields = fields;
        self.fill_from_above(&mut batch, &data, &mut tail);
        data.append(&mut tail);
        // What came from the file is text of one byte a character, or has to be looked at as a whole.
        if !plain && let Err(error) = std::str::from_utf8(&data) {
            let above = data.get(begin..error.valid_up_to()).unwrap_or_default();
            return Err(ReadError::Encoding(first_line + memchr::memchr_iter(b'\n', above).count() as u64));
        }
        batch.text = data;
        batch.read = self.record;
        Ok(batch)
    }

    fn fill_from_above(&mut self, batch: &mut Batch, data: &[u8], tail: &mut Vec<u8>) {
        for (column, above) in &mut self.fill_down {
            let Some(slot) = batch.kept.slot(*column) else { continue };
            for row in 0..batch.numbers.len() {
                let index = row * batch.kept.count + slot;
                let (start, end) = batch.fields[index];
                let (start, end) = (start as usize, end as usize);
                let cell =
                    if start < data.len() { &data[start..end] } else { &tail[start - data.len()..end - data.len()] };
                if cell.trim_ascii().is_empty() {
                    let from = u32::try_from(data.len() + tail.len()).unwrap_or(u32::MAX);
                    tail.extend_from_slice(above);
                    batch.fields[index] = (from, u32::try_from(data.len() + tail.len()).unwrap_or(u32::MAX));
                } else {
                    above.clear();
                    above.extend_from_slice(cell);
                }
            }
        }
    }

    fn keep_or_exclude(
        &self,
        batch: &mut Batch,
        fields: &mut Vec<(u32, u32)>,
        tail: &[u8],
        first: usize,
        (start, end): (usize, usize),
    ) {
        let span = (index(start), index(end));
        if self.syntax.fields.is_some() && fields.len() - first < self.width {
            fields.resize(first + self.width, (span.1, span.1));
        }
        let found = fields.len() - first;
        let raw = &self.buffer[start..end];
        let reason = if raw.trim_ascii().is_empty() || self.all_empty(&fields[first..], tail) {
            Some(Code::RecordBlank)
        } else if self.nul && memchr::memchr(0, raw).is_some() {
            Some(Code::RecordNul)
        } else if found != self.width {
            Some(Code::RecordRagged)
        } else if self.repeats_header(&fields[first..], tail) {
            Some(Code::HeaderRepeated)
        } else {
            None
        };
        match reason {
            None => {
                batch.numbers.push(self.record);
                batch.lines.push(self.line);
                batch.spans.push(span);
                if self.kept.count < self.width {
                    let ranges: Vec<(u32, u32)> = self.kept.fields.iter().map(|field| fields[first + field]).collect();
                    fields.truncate(first);
                    fields.extend(ranges);
                }
            }
            Some(reason) => {
                let fields = fields.split_off(first);
                batch.excluded.push(Excluded { record: self.record, line: self.line, reason, span, fields, found });
            }
        }
    }

    fn all_empty(&self, fields: &[(u32, u32)], tail: &[u8]) -> bool {
        // A filled first field settles nearly every record.
        fields.iter().all(|range| bytes(&self.buffer, tail, *range).trim_ascii().is_empty())
    }

    fn repeats_header(&self, fields: &[(u32, u32)], tail: &[u8]) -> bool {
        !self.header.is_empty()
            && fields
                .iter()
                .zip(&self.header)
                .all(|(range, name)| bytes(&self.buffer, tail, *range).trim_ascii() == name)
    }

    /// Passes over the first line of a record with an overlong field and counts the record as excluded.
    fn skip_long(&mut self, batch: &mut Batch, at: usize) -> Result<usize, ReadError> {
        let shown = (at + 80).min(self.buffer.len());
        let span = (index(at), index(shown));
        let excluded = Excluded {
            record: self.record,
            line: self.line,
            reason: Code::RecordTooLong,
            span,
            fields: Vec::new(),
            found: 0,
        };
        batch.excluded.push(excluded);
        let mut from = at;
        loop {
            if let Some(newline) = memchr::memchr(b'\n', &self.buffer[from..]) {
                self.line += 1;
                return Ok(from + newline + 1);
            }
            from = self.buffer.len();
            if self.ended {
                return Ok(from);
            }
            // The overlong line need not be kept: forget what lies behind the excerpt.
            let before = self.buffer.len();
            if before > shown + CHUNK {
                self.offset += (before - shown) as u64;
                self.buffer.truncate(shown);
                self.marks.clear();
                from = shown;
            }
            self.read_more()?;
        }
    }

    fn skip_line(&mut self) -> Result<(), ReadError> {
        loop {
            if let Some(newline) = memchr::memchr(b'\n', &self.buffer[self.position..]) {
                self.advance(self.position + newline + 1, 1);
                return Ok(());
            }
            if self.ended {
                let end = self.buffer.len();
                self.advance(end, 0);
                return Ok(());
            }
            self.fill()?;
        }
    }

    fn advance(&mut self, next: usize, newlines: u64) {
        self.offset += (next - self.position) as u64;
        self.position = next;
        self.line += newlines;
    }

    /// Drops what is consumed and reads a chunk.
    fn fill(&mut self) -> Result<(), ReadError> {
        self.buffer.drop_front(self.position);
        self.marks.clear();
        self.position = 0;
        self.read_more()
    }

    fn read_more(&mut self) -> Result<(), ReadError> {
        let length = self.buffer.len();
        self.ended = !self.buffer.read(&mut self.input, CHUNK).map_err(ReadError::Io)?;
        self.nul |= memchr::memchr(0, &self.buffer[length..]).is_some();
        Ok(())
    }
}

/// The range of a field, inside its quotes if it has them.
fn inside(start: usize, end: usize, closed: Option<usize>) -> (u32, u32) {
    match closed {
        Some(closed) => (index(start + 1), index(closed)),
        None => (index(start), index(end)),
    }
}

/// True if a field ends here for certain.
fn ends_field(rest: &[u8], delimiter: u8) -> bool {
    match rest {
        [first, ..] if *first == delimiter || *first == b'\n' => true,
        [b'\r', b'\n', ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn syntax() -> Syntax {
        Syntax { delimiter: b',', quote: Some(b'"'), header: true, skip_lines: 0, fields: None }
    }

    type Excluded = Vec<(u64, u64, Code)>;

    fn split(text: &[u8]) -> (Vec<Vec<String>>, Excluded) {
        let mut splitter = Splitter::new(text, syntax());
        splitter.header().unwrap();
        let (mut rows, mut excluded) = (Vec::new(), Vec::new());
        while let Some(batch) = splitter.batch().unwrap() {
            for row in 0..batch.len() {
                rows.push((0..batch.kept.count).map(|column| batch.cell(row, column).to_owned()).collect());
            }
            excluded.extend(batch.excluded.iter().map(|record| (record.record, record.line, record.reason)));
        }
        (rows, excluded)
    }

    #[test]
    fn quotes_hold_delimiters_newlines_and_quotes() {
        let (rows, excluded) = split(b"a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n\"2\",\"\"\n3,q\"r");
        assert_eq!(rows, [["1", "x, \"y\"\nz"], ["2", ""], ["3", "q\"r"]]);
        assert!(excluded.is_empty());
    }

    #[test]
    fn what_cannot_be_split_is_counted_with_its_line() {
        let (rows, excluded) = split(b"a,b\n1,2\n\n1,2,3\n,\na,b\n1,\0\n\"4\n\",5\n6\n");
        assert_eq!(rows, [["1", "2"], ["4\n", "5"]]);
        assert_eq!(
            excluded,
            [
                (2, 3, Code::RecordBlank),
                (3, 4, Code::RecordRagged),
                (4, 5, Code::RecordBlank),
                (5, 6, Code::HeaderRepeated),
                (6, 7, Code::RecordNul),
                (8, 10, Code::RecordRagged),
            ]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_told_with_their_line() {
        // Among records that are read swiftly and one that is not, behind batches of nothing but ASCII.
        for (strange, careful) in [(150_000, "x"), (150_000, "\"a\"\"b\""), (199_999, "x")] {
            let mut text = b"a,b\n".to_vec();
            for number in 2..200_001 {
                text.extend_from_slice(format!("{number},{careful}").as_bytes());
                text.extend_from_slice(if number == strange { b"\xe9\n" } else { b"\n" });
            }
            let mut splitter = Splitter::new(text.as_slice(), syntax());
            splitter.header().unwrap();
            let (mut read, mut line) = (0, None);
            while line.is_none() {
                match splitter.batch() {
                    Ok(batch) => read += batch.unwrap().len() as u64,
                    Err(ReadError::Encoding(at)) => line = Some(at),
                    Err(other) => panic!("{other:?}"),
                }
            }
            assert_eq!(line, Some(strange));
            assert!(read > 50_000, "what came before was read");
        }
    }

    #[test]
    fn an_open_quote_costs_one_record() {
        let mut text = b"a,b\n1,\"open\n".to_vec();
        for number in 0..200_000 {
            text.extend_from_slice(format!("{number},x\n").as_bytes());
        }
        let (rows, excluded) = split(&text);
        assert_eq!(rows.len(), 200_000);
        assert_eq!(excluded, [(1, 2, Code::RecordTooLong)]);
    }

    #[test]
    fn a_long_field_costs_one_record() {
        let mut text = b"a,b\n1,2\n3,".to_vec();
        text.extend(std::iter::repeat_n(b'x', 10 << 20));
        text.extend_from_slice(b"\n5,6\n");
        let (rows, excluded) = split(&text);
        assert_eq!(rows, [["1", "2"], ["5", "6"]]);
        assert_eq!(excluded, [(2, 3, Code::RecordTooLong)]);
    }

    #[test]
    fn batches_join_without_a_seam() {
        let mut text = String::from("a,b\n");
        let mut expected = Vec::new();
        for number in 0..600_000 {
            text.push_str(&format!("{number},\"v \"\"{number}\"\"\"\n"));
            expected.push(vec![number.to_string(), format!("v \"{number}\"")]);
        }
        let (rows, excluded) = split(text.as_bytes());
        assert!(excluded.is_empty());
        assert!(rows == expected);
    }
}
