//! What is wrong with an input, a rule or an engagement: where, why, and how to mend it.
//!
//! The same complaint about many records is one diagnostic with a count, the first and the last place. Codes form a
//! closed list; each has a text for `tieout explain` and an input in `fixtures/errors/<code>/` that provokes it.

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For information; the audit is complete.
    Note,
    /// Something is left out or guessed at; the report counts it.
    Warning,
    /// The source, rule or engagement cannot be used as it stands.
    Error,
}

/// A place in a text file. Lines and columns count from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Path as the user wrote it (relative to the engagement or data folder).
    pub file: String,
    /// The editor's line, if known.
    pub line: Option<u64>,
    /// The first character's column on that line.
    pub column: Option<u32>,
    /// How many characters the caret underlines (0: no caret).
    pub width: u32,
    /// The line as it stands in the file, if it is to be shown.
    pub excerpt: Option<String>,
}

impl Place {
    /// The place of a span of bytes in a text: its line as excerpt, the carets under its part of that first line.
    pub fn in_text(file: &str, text: &str, span: std::ops::Range<usize>) -> Self {
        let start = (0..=span.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let (before, after) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = after.find('\n').map_or(text.len(), |at| start + at);
        let characters = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let marked = text.get(start..span.end.clamp(start, end)).unwrap_or_default();
        Self {
            file: file.to_owned(),
            line: Some(before.matches('\n').count() as u64 + 1),
            column: Some(characters(&text[line_start..start]).saturating_add(1)),
            width: characters(marked.trim_end()).max(1),
            excerpt: Some(text[line_start..end].trim_end_matches('\r').to_owned()),
        }
    }
}

/// How often the same complaint arose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrences {
    /// Records concerned.
    pub count: u64,
    /// Records looked at.
    pub of: u64,
    /// Line of the first.
    pub first_line: u64,
    /// Line of the last.
    pub last_line: u64,
}

/// One complaint, complete enough to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable kebab-case code.
    pub code: Code,
    /// How grave.
    pub level: Level,
    /// What is wrong, in one line.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// A few words beside the caret.
    pub label: Option<String>,
    /// How often, where it is about records.
    pub occurrences: Option<Occurrences>,
    /// Why, and what follows from it.
    pub notes: Vec<String>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic of the code's own level, without a place.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            level: code.level(),
            message: message.into(),
            place: None,
            label: None,
            occurrences: None,
            notes: Vec::new(),
            help: None,
        }
    }

    /// At a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// With words beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// With a reason.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// With the way to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With a count of records.
    #[must_use]
    pub fn occurring(mut self, occurrences: Occurrences) -> Self {
        self.occurrences = Some(occurrences);
        self
    }
}

macro_rules! codes {
    ($($variant:ident $code:literal $level:ident $about:literal)*) => {
        /// The closed list of diagnostic codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $about] $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The usual level.
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }

            /// What it means and what to do, for `tieout explain`.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

codes! {
    // Engagement and arguments.
    EngagementMissing "engagement-missing" Error "There is no engagement file where one was looked for. Name a tieout.toml or the folder that holds it."
    EngagementSyntax "engagement-syntax" Error "The engagement file is not valid TOML, or a key or value in it is not known."
    EngagementValue "engagement-value" Error "A value in the engagement file cannot be used (a period, a date, an amount, a rule that does not exist)."
    // Profiles and mapping.
    ProfileUnknown "profile-unknown" Error "A source names a profile that is neither bundled nor a file."
    ProfileSyntax "profile-syntax" Error "A profile is not valid TOML, or a key or value in it is not known."
    PopulationUnknown "population-unknown" Error "A source names a population that is not one of the canonical tables."
    ColumnUnknown "column-unknown" Error "A mapping names a canonical column that the population does not have."
    HeaderMissing "header-missing" Error "A header that the profile requires is not in the file."
    HeaderDuplicate "header-duplicate" Error "Two columns of a file bear the same header and the mapping uses that header."
    RequiredUnmapped "required-unmapped" Warning "A required column of the population is not mapped; rules that use it are not performed."
    // Files.
    FileMissing "file-missing" Error "A source's path or pattern matches no file."
    FileUnreadable "file-unreadable" Error "A file cannot be opened or read to its end."
    FileEmpty "file-empty" Warning "A file holds no records. The population is empty, which is not the same as missing."
    FileTwice "file-twice" Error "Two files of one population have the same content: one file under two names would count every record twice."
    MemoryLimit "memory-limit" Error "The stated limit of memory is less than the audit can do with; nothing was read."
    GzipTruncated "gzip-truncated" Error "A compressed file ends before its stream does; nothing of it is used."
    EncodingInvalid "encoding-invalid" Error "Bytes of a file are not valid in the encoding that the profile states."
    // Records.
    RecordRagged "record-ragged" Warning "A record has more or fewer fields than the header; it is excluded, with its place."
    RecordTooLong "record-too-long" Warning "A field is longer than 1 MiB, which is usually an unclosed quote; the record is excluded."
    RecordNul "record-nul" Warning "A record contains a NUL byte; it is excluded."
    HeaderRepeated "header-repeated" Warning "The header line stands again among the records; the line is excluded."
    RecordBlank "record-blank" Note "Blank lines or lines of empty fields; they are excluded and counted."
    ExtractOverlap "extract-overlap" Note "The same records stand in two extracts; each is counted once, and of changed ones the later export wins."
    MixedGrain "mixed-grain" Error "One document has tax rows both by line and by invoice; its tax would count twice."
    // Cells.
    AmountFormat "amount-format" Warning "A cell is not an amount in the profile's number format."
    AmountPrecision "amount-precision" Warning "An amount has more decimals than its column can hold exactly; it is never rounded while reading."
    AmountRange "amount-range" Warning "An amount is beyond the largest that can be computed with exactly."
    AmountSign "amount-sign" Warning "Credit notes carry both positive and negative totals; the profile's `credit_sign` must say which is meant."
    DateFormat "date-format" Warning "A cell is not a date in any of the profile's date formats."
    BoolFormat "bool-format" Warning "A cell is not one of the words for yes and no."
    EnumUnknown "enum-unknown" Warning "A cell is a word that the mapping's `values` does not translate."
    CellEmptyRequired "cell-empty-required" Warning "A required cell is empty; the record is kept and not tested by the rules that need it."
    FloatColumn "float-column" Error "A Parquet column holds binary floating point, which cannot state cents; declare `float_places` to accept it."
    // Derived populations.
    DeriveDisagrees "derive-disagrees" Warning "Records that form one derived record disagree in a column that must agree; its cell is unreadable."
    // Control totals.
    ControlDiffers "control-differs" Warning "Records or total differ from the control figure of the sender."
    ControlMissing "control-missing" Note "No independent control figure was given: completeness of the extract was not established."
    // Rules.
    RuleSyntax "rule-syntax" Error "A rule file is not valid TOML, or a key or value in it is not known."
    RuleExpression "rule-expression" Error "An expression in a rule does not parse, or uses something that is not allowed."
    RuleType "rule-type" Error "An expression in a rule has the wrong type, or mixes what cannot be mixed."
    RuleColumn "rule-column" Error "A rule names a population or a column that does not exist."
    RuleDuplicate "rule-duplicate" Error "Two rules have the same id."
    RuleBound "rule-bound" Error "A computation in a rule could exceed the largest exact integer; the rule is refused."
    MappingSuspect "mapping-suspect" Warning "A large share of a population fails one rule in the same way, so the mapping is probably wrong."
    // Waivers.
    WaiverSyntax "waiver-syntax" Error "The waiver file is not valid TOML, or a mandatory key is missing."
    WaiverUnmatched "waiver-unmatched" Warning "A waiver matches no finding of this audit."
    WaiverExpired "waiver-expired" Warning "A waiver's expiry has passed; the finding is open again."
    WaiverExceeded "waiver-exceeded" Warning "A finding exceeds its waiver's cap; the finding is open."
    WaiverChanged "waiver-changed" Warning "The finding's content is not what was waived; the finding is open again."
    WaiverSelfApproved "waiver-self-approved" Error "A waiver's approver is its preparer; two persons are needed."
    // Former reports.
    BaselineUnreadable "baseline-unreadable" Error "The file named as a former report is not a JSON report of this tool, or cannot be read."
    // Sign-off.
    SignoffUnreadable "signoff-unreadable" Error "The file to sign off is not a workbook of this tool, or its columns are gone."
    SignoffChanged "signoff-changed" Error "A signed row is not a finding as the audit reported it; it is not waived."
    SignoffIncomplete "signoff-incomplete" Error "A signed row lacks what a waiver needs, or has something that cannot be used."
    // Corrections.
    RegisterLine "register-line" Error "A line of the register of corrections is damaged, or contradicts what stands above it; it has no effect."
    // Output.
    OutputFailed "output-failed" Error "A report could not be written; nothing was left half-written."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_becomes_line_column_and_width() {
        let text = "a = 1\r\nbé = \"x\"\n";
        let place = Place::in_text("t.toml", text, 13..16);
        assert_eq!((place.line, place.column, place.width), (Some(2), Some(6), 3));
        assert_eq!(place.excerpt.as_deref(), Some("bé = \"x\""));
        // A span over several lines is marked on its first; one behind the end stands on the last line.
        assert_eq!(Place::in_text("t.toml", text, 0..16).width, 5);
        assert_eq!(Place::in_text("t.toml", text, 900..901).line, Some(3));
    }

    #[test]
    fn codes_are_kebab_and_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
