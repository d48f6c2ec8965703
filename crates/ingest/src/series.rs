//! Numbered documents: every number of a file, read before row conditions and from excluded records too.
//!
//! A hole in the numbers is evidence only if no filter of ours made it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use tieout_model::Code;

use crate::profile::{Origin, SeriesSpec};

/// Series of numbers that do not match the pattern.
const OTHER: &str = "other";

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct SeriesPlan {
    pub name: Arc<str>,
    pub header: String,
    pub span: Range<usize>,
    pub origin: Arc<Origin>,
    other: Arc<str>,
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Literal(String),
    Year,
    Prefix,
    Number,
}

/// What a number says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    /// The part that restarts the count, empty if none.
    pub scope: String,
    pub number: i64,
}

/// One document of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub series: Arc<str>,
    pub scope: Option<Arc<str>>,
    pub number: Option<i64>,
    pub document_no: Box<str>,
    pub record: i64,
    pub kept: bool,
}

impl SeriesPlan {
    /// Compiles a pattern; `None` after a complaint.
    pub fn new(spec: &SeriesSpec, origin: &Arc<Origin>, complaints: &mut crate::plan::Complaints) -> Option<Self> {
        match compile(spec.pattern.get_ref()) {
            Ok(items) => Some(Self {
                name: Arc::from(spec.name.as_str()),
                other: Arc::from(OTHER),
                header: spec.header.get_ref().clone(),
                span: spec.header.span(),
                origin: Arc::clone(origin),
                items,
            }),
            Err(what) => {
                let message = format!("series pattern `{}`: {what}", spec.pattern.get_ref());
                let complaint = origin.complain(Code::ProfileSyntax, spec.pattern.span(), message);
                complaints
                    .push(complaint.help("write literals, {year}, {prefix} and one {number}: \"INV-{year}-{number}\""));
                None
            }
        }
    }

    /// Reads a document number.
    pub fn read(&self, text: &str) -> Option<Numbered> {
        let mut rest = text;
        let mut scope = Vec::new();
        let mut number = None;
        for (index, item) in self.items.iter().enumerate() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            match item {
                Item::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
                Item::Year => {
                    // Two or four digits; four if another number follows at once.
                    let tight = matches!(self.items.get(index + 1), Some(Item::Number));
                    let taken = match digits {
                        2 if !tight => 2,
                        4.. => 4,
                        _ => return None,
                    };
                    scope.push(&rest[..taken]);
                    rest = &rest[taken..];
                }
                Item::Prefix => {
                    let taken = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
                    scope.push(&rest[..taken]);
                    rest = &rest[taken..];
                }
                Item::Number => {
                    number = Some(rest[..digits].parse::<i64>().ok()?);
                    rest = &rest[digits..];
                }
            }
        }
        let scope = scope.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        rest.is_empty().then_some(Numbered { scope, number: number? })
    }

    /// The document of a cell; `None` for an empty cell.
    pub fn document(&self, cell: &str, record: i64, kept: bool) -> Option<Document> {
        let cell = cell.trim_ascii();
        if cell.is_empty() {
            return None;
        }
        let read = self.read(cell);
        Some(Document {
            series: Arc::clone(if read.is_some() { &self.name } else { &self.other }),
            scope: read.as_ref().map(|read| read.scope.as_str()).filter(|scope| !scope.is_empty()).map(Arc::from),
            number: read.map(|read| read.number),
            document_no: cell.into(),
            record,
            kept,
        })
    }
}

fn compile(pattern: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let open = rest.find('{').unwrap_or(rest.len());
        if open > 0 {
            items.push(Item::Literal(rest[..open].to_owned()));
            rest = &rest[open..];
            continue;
        }
        let close = rest.find('}').ok_or("a `{` is not closed")?;
        items.push(match &rest[1..close] {
            "year" => Item::Year,
            "prefix" => Item::Prefix,
            "number" => Item::Number,
            other => return Err(format!("`{{{other}}}` is not known")),
        });
        rest = &rest[close + 1..];
    }
    match items.iter().filter(|item| **item == Item::Number).count() {
        1 => Ok(items),
        _ => Err("it needs {number} once".to_owned()),
    }
}

/// Documents of one file. Where records are finer than documents (invoice lines), a number counts once.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub documents: Vec<Document>,
    once: bool,
    /// Digest of a number → its document.
    seen: HashMap<u128, usize>,
    /// The scope of the document before: there are few, so they are shared.
    scope: Option<Arc<str>>,
}

impl Gathered {
    pub fn new(once: bool) -> Self {
        Self { once, ..Self::default() }
    }

    pub fn push(&mut self, mut document: Document) {
        if self.once {
            match self.seen.entry(digest(&document)) {
                Entry::Occupied(first) => {
                    self.documents[*first.get()].kept |= document.kept;
                    return;
                }
                Entry::Vacant(place) => {
                    place.insert(self.documents.len());
                }
            }
        }
        if document.scope == self.scope {
            document.scope.clone_from(&self.scope);
        } else {
            self.scope.clone_from(&document.scope);
        }
        self.documents.push(document);
    }
}

/// 128 bits of series and number as printed: no two of any number of documents share them by chance.
fn digest(document: &Document) -> u128 {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(seed);
        (&document.series, &document.document_no).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    (half(0) << 64) | half(1)
}

/// One list out of several files in order of export: where two extracts hold a number, the later one's count.
pub(crate) fn merge(files: Vec<Gathered>) -> Vec<Document> {
    let mut latest: HashMap<u128, usize> = HashMap::new();
    if files.len() > 1 {
        for (file, gathered) in files.iter().enumerate() {
            latest.extend(gathered.documents.iter().map(|document| (digest(document), file)));
        }
    }
    let mut merged = Vec::new();
    for (file, mut gathered) in files.into_iter().enumerate() {
        if !latest.is_empty() {
            gathered.documents.retain(|document| latest.get(&digest(document)) == Some(&file));
        }
        merged.append(&mut gathered.documents);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(pattern: &str) -> SeriesPlan {
        let items = compile(pattern).unwrap();
        SeriesPlan {
            name: "s".into(),
            other: OTHER.into(),
            header: "n".into(),
            span: 0..0,
            origin: Arc::default(),
            items,
        }
    }

    #[test]
    fn patterns_find_scope_and_number() {
        let cases = [
            ("INV-{year}-{number}", "INV-2026-00012", Some(("2026", 12))),
            ("INV-{year}-{number}", "INV-2026-", None),
            ("INV-{year}-{number}", "CN-2026-1", None),
            ("{prefix}{number}", "C536379", Some(("C", 536_379))),
            ("{prefix}{number}", "536379", Some(("", 536_379))),
            ("{year}{number}", "20260007", Some(("2026", 7))),
            ("{number}/{year}", "7/26", Some(("26", 7))),
            ("{number}", "99999999999999999999", None),
        ];
        for (pattern, text, expected) in cases {
            let expected = expected.map(|(scope, number)| Numbered { scope: scope.to_owned(), number });
            assert_eq!(plan(pattern).read(text), expected, "{pattern} {text}");
        }
        assert!(compile("INV-{nr}").is_err() && compile("INV").is_err() && compile("{number").is_err());
    }

    #[test]
    fn lines_of_one_document_count_once_and_the_later_extract_wins() {
        let plan = plan("{number}");
        let mut lines = Gathered::new(true);
        for (text, kept) in [("1", false), ("1", true), ("2", true), ("x", true)] {
            lines.push(plan.document(text, 1, kept).unwrap());
        }
        assert_eq!(lines.documents.len(), 3);
        assert!(lines.documents[0].kept);
        assert_eq!(&*lines.documents[2].series, "other");
        let mut later = Gathered::new(false);
        later.push(plan.document("2", 9, true).unwrap());
        later.push(plan.document("2", 10, true).unwrap());
        let merged = merge(vec![lines, later]);
        assert_eq!(merged.iter().filter(|document| &*document.document_no == "2").count(), 2);
    }
}
