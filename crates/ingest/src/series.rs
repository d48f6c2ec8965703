//! Numbered documents: every number of a file, read before row conditions and from excluded records too.
//!
//! A hole in the numbers is evidence only if no filter of ours made it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use tieout_model::Code;

use crate::documents::Documents;
use crate::profile::{Origin, SeriesSpec};
use crate::texts::{NO_TEXT, Texts};

/// Series of numbers that do not match the pattern.
const OTHER: &str = "other";

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct SeriesPlan {
    pub name: Arc<str>,
    pub header: String,
    pub span: Range<usize>,
    pub origin: Arc<Origin>,
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
pub(crate) struct Numbered<'t> {
    /// The part that restarts the count, empty if none.
    pub scope: Cow<'t, str>,
    pub number: i64,
}

/// One document of a series; texts by their codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub series: u32,
    /// `NO_TEXT` if the count is never restarted.
    pub scope: u32,
    pub number: Option<i64>,
    pub document_no: u32,
    pub record: i64,
    pub kept: bool,
}

impl SeriesPlan {
    /// Compiles a pattern; `None` after a complaint.
    pub fn new(spec: &SeriesSpec, origin: &Arc<Origin>, complaints: &mut crate::plan::Complaints) -> Option<Self> {
        match compile(spec.pattern.get_ref()) {
            Ok(items) => Some(Self {
                name: Arc::from(spec.name.as_str()),
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

    /// What decides how it reads a number.
    pub fn says(&self) -> String {
        format!("{:?}", (&self.name, &self.header, &self.items))
    }

    /// Reads a document number.
    pub fn read<'t>(&self, text: &'t str) -> Option<Numbered<'t>> {
        let mut rest = text;
        let mut scope = Cow::Borrowed("");
        let mut restart = |part: &'t str| match () {
            () if scope.is_empty() => scope = Cow::Borrowed(part),
            () if part.is_empty() => {}
            () => scope = Cow::Owned(format!("{scope}/{part}")),
        };
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
                    restart(&rest[..taken]);
                    rest = &rest[taken..];
                }
                Item::Prefix => {
                    let taken = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
                    restart(&rest[..taken]);
                    rest = &rest[taken..];
                }
                Item::Number => {
                    number = Some(rest[..digits].parse::<i64>().ok()?);
                    rest = &rest[digits..];
                }
            }
        }
        rest.is_empty().then_some(Numbered { scope, number: number? })
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
    pub documents: Documents,
    once: bool,
    /// Series and number as printed → its document.
    seen: HashMap<(u32, u32), usize>,
    /// The scope of the document before, and its code: there are few.
    scope: (String, u32),
}

impl Gathered {
    pub fn new(once: bool) -> Self {
        Self { once, scope: (String::new(), NO_TEXT), ..Self::default() }
    }

    /// Takes in trimmed cells with their codes, each with its record and whether the record is kept; an empty one is no
    /// document.
    pub fn extend(&mut self, series: &SeriesPlan, cells: &[(i64, &str, bool)], codes: &[u32], texts: &Texts) {
        let (own, other) = (texts.code(&series.name), texts.code(OTHER));
        for ((record, cell, kept), document_no) in cells.iter().zip(codes.iter().copied()) {
            if document_no == NO_TEXT {
                continue;
            }
            let read = series.read(cell);
            let document = Document {
                series: if read.is_some() { own } else { other },
                scope: read.as_ref().map_or(NO_TEXT, |read| self.scope(&read.scope, texts)),
                number: read.map(|read| read.number),
                document_no,
                record: *record,
                kept: *kept,
            };
            self.push(document);
        }
    }

    fn scope(&mut self, scope: &str, texts: &Texts) -> u32 {
        if self.scope.0 != scope {
            self.scope.0.clear();
            self.scope.0.push_str(scope);
            self.scope.1 = if scope.is_empty() { NO_TEXT } else { texts.code(scope) };
        }
        self.scope.1
    }

    fn push(&mut self, document: Document) {
        if self.once {
            match self.seen.entry(document.name()) {
                Entry::Occupied(first) => {
                    if document.kept {
                        self.documents.keep(*first.get());
                    }
                    return;
                }
                Entry::Vacant(place) => {
                    place.insert(self.documents.len());
                }
            }
        }
        self.documents.push(document);
    }
}

impl Document {
    /// Series and number as printed.
    fn name(&self) -> (u32, u32) {
        (self.series, self.document_no)
    }
}

/// One list out of several files in order of export: where two extracts hold a number, the later one's count.
pub(crate) fn merge(files: Vec<Gathered>) -> Documents {
    let mut latest: HashMap<(u32, u32), usize> = HashMap::new();
    if files.len() > 1 {
        for (file, gathered) in files.iter().enumerate() {
            latest.extend(gathered.documents.iter().map(|document| (document.name(), file)));
        }
    }
    let mut merged: Option<Documents> = None;
    for (file, gathered) in files.into_iter().enumerate() {
        let stays = |document: &Document| latest.get(&document.name()) == Some(&file);
        let own = match latest.is_empty() {
            true => gathered.documents,
            false => gathered.documents.iter().filter(stays).collect(),
        };
        match &mut merged {
            None => merged = Some(own),
            Some(merged) => merged.append(own),
        }
    }
    merged.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(pattern: &str) -> SeriesPlan {
        let items = compile(pattern).unwrap();
        SeriesPlan { name: "s".into(), header: "n".into(), span: 0..0, origin: Arc::default(), items }
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
            let expected = expected.map(|(scope, number)| Numbered { scope: scope.into(), number });
            assert_eq!(plan(pattern).read(text), expected, "{pattern} {text}");
        }
        assert!(compile("INV-{nr}").is_err() && compile("INV").is_err() && compile("{number").is_err());
    }

    fn extend(gathered: &mut Gathered, series: &SeriesPlan, cells: &[(i64, &str, bool)], texts: &Texts) {
        let codes = texts.codes(cells.iter().map(|(_, cell, _)| Some(*cell).filter(|cell| !cell.is_empty())));
        gathered.extend(series, cells, &codes, texts);
    }

    #[test]
    fn lines_of_one_document_count_once_and_the_later_extract_wins() {
        let (plan, texts) = (plan("{number}"), Texts::default());
        let mut lines = Gathered::new(true);
        extend(
            &mut lines,
            &plan,
            &[(1, "1", false), (1, "1", true), (1, "2", true), (1, "", true), (1, "x", true)],
            &texts,
        );
        assert_eq!(lines.documents.len(), 3);
        let documents: Vec<Document> = lines.documents.iter().collect();
        assert!(documents[0].kept);
        assert_eq!(texts.get(documents[2].series).as_deref(), Some("other"));
        let mut later = Gathered::new(false);
        extend(&mut later, &plan, &[(9, "2", true), (10, "2", true)], &texts);
        let merged = merge(vec![lines, later]);
        let two = texts.find("2").unwrap();
        assert_eq!(merged.iter().filter(|document| document.document_no == two).count(), 2);
    }

    #[test]
    fn scopes_are_shared() {
        let (plan, texts) = (plan("{prefix}-{year}-{number}"), Texts::default());
        let mut gathered = Gathered::new(false);
        extend(&mut gathered, &plan, &[(1, "A-2026-1", true), (2, "A-2026-2", true), (3, "?", true)], &texts);
        let scopes: Vec<_> = gathered.documents.iter().map(|document| texts.get(document.scope)).collect();
        assert_eq!(scopes.iter().map(Option::as_deref).collect::<Vec<_>>(), [Some("A/2026"), Some("A/2026"), None]);
    }
}
