//! The engagement file: one audit's sources, period, rules and demands, with a place for every complaint about it.
//!
//! serde reads what is written; what a word means (a period, a severity, a share) is decided here, all complaints at
//! once. Everything relative is relative to the file; `--data` replaces the base of the sources only.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tieout_ingest::profile::SourceSpec;
use tieout_model::amount::minor_units;
use tieout_model::correction::Terms;
use tieout_model::{Amount, Code, Date, Diagnostic, EffectClass, Period, Place, Severity};
use tieout_rules::RuleSetting;
use toml::Spanned;

/// The name of the file that is looked for in a folder.
pub const FILE_NAME: &str = "tieout.toml";

/// The file exactly as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EngagementFile {
    engagement: HeadTable,
    #[serde(default, rename = "source")]
    sources: Vec<SourceSpec>,
    #[serde(default)]
    rules: RulesTable,
    #[serde(default)]
    corrections: CorrectionsTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrectionsTable {
    locked_until: Option<Spanned<String>>,
    issue_date: Option<Spanned<String>>,
    contact: Option<String>,
    register: Option<String>,
    patience_days: Option<u64>,
    letters: Option<Spanned<String>>,
    #[serde(default)]
    maps: Vec<Spanned<String>>,
    #[serde(default)]
    accounts: BTreeMap<Spanned<String>, String>,
    #[serde(default, rename = "band")]
    bands: Vec<BandTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BandTable {
    currency: Spanned<String>,
    up_to: Spanned<String>,
    approver: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadTable {
    name: String,
    period: Option<Spanned<String>>,
    as_of: Option<Spanned<String>>,
    #[serde(default)]
    require: Vec<Spanned<String>>,
    min_tested: Option<Spanned<String>>,
    waivers: Option<Spanned<String>>,
    cache: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesTable {
    #[serde(default)]
    select: Vec<Spanned<String>>,
    #[serde(default)]
    paths: Vec<Spanned<String>>,
    #[serde(default)]
    set: BTreeMap<Spanned<String>, SetTable>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetTable {
    severity: Option<Spanned<String>>,
    #[serde(default)]
    params: BTreeMap<String, String>,
}

/// A word of the file with its place.
#[derive(Clone, Debug)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// An engagement whose own words are understood; its sources and rules are not yet.
pub struct Engagement {
    /// Its name.
    pub name: String,
    /// The period under audit.
    pub period: Option<Period>,
    /// The day as at which the audit sees the world.
    pub as_of: Option<Date>,
    /// Rules, families or packs that must be performed.
    pub require: Vec<Word>,
    /// The share of records and money that every required rule must test.
    pub min_tested: Option<Amount>,
    /// Path as written and text of the waiver file.
    pub waivers: Option<(String, String)>,
    /// The folder in which what was read is kept.
    pub cache: Option<PathBuf>,
    /// The sources.
    pub sources: Vec<SourceSpec>,
    /// Packs, families, ids; `-id` leaves one out.
    pub select: Vec<Word>,
    /// Path as written and text of the engagement's own rule files.
    pub rule_files: Vec<(String, String)>,
    /// Severity and parameters of single rules.
    pub settings: BTreeMap<String, RuleSetting>,
    /// Where the words of `settings` stand.
    pub setting_places: BTreeMap<String, Place>,
    /// What it says of corrections.
    pub corrections: Terms,
    /// Path of the register of corrections, if it names one.
    pub register: Option<String>,
    /// Days that a proposal may wait.
    pub patience: Option<u64>,
    /// Its own templates of letters, text and page, if it names a folder.
    pub letters: Option<(String, String)>,
    /// Its own maps of imports: path as written and text.
    pub maps: Vec<(String, String)>,
    /// The folder of the file.
    pub folder: PathBuf,
}

/// Reads the engagement at a file or in a folder.
pub fn load(path: &Path) -> Result<Engagement, Vec<Diagnostic>> {
    let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
    let shown = file.strip_prefix(".").unwrap_or(&file).display().to_string();
    let text = fs::read_to_string(&file).map_err(|error| vec![missing(&shown, &error)])?;
    let folder = file.parent().map_or_else(PathBuf::new, Path::to_owned);
    Reader { file: shown, text: text.into(), folder, diagnostics: Vec::new() }.read()
}

fn missing(shown: &str, error: &std::io::Error) -> Diagnostic {
    let folder = Path::new(shown).parent().map_or(String::new(), |folder| folder.display().to_string());
    let place = if folder.is_empty() { "the current folder".to_owned() } else { format!("`{folder}`") };
    if error.kind() == std::io::ErrorKind::NotFound {
        return Diagnostic::new(Code::EngagementMissing, format!("no engagement file at `{shown}`"))
            .note(format!("an engagement names the exports to audit; {place} holds none"))
            .help("name a tieout.toml, or the folder that holds one: `tieout audit path/to/folder`");
    }
    Diagnostic::new(Code::EngagementMissing, format!("`{shown}` cannot be read: {error}"))
        .help("make the file readable, as UTF-8 text")
}

struct Reader {
    file: String,
    text: Arc<str>,
    folder: PathBuf,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    fn read(mut self) -> Result<Engagement, Vec<Diagnostic>> {
        let written: EngagementFile = toml::from_str(&self.text).map_err(|error| vec![self.syntax(&error)])?;
        let EngagementFile { engagement: head, sources, rules, corrections } = written;
        let period = head.period.as_ref().and_then(|period| self.parsed::<Period>(period));
        let as_of = head.as_of.as_ref().and_then(|as_of| self.parsed::<Date>(as_of));
        let min_tested = head.min_tested.as_ref().and_then(|share| self.share(share));
        let waivers = head.waivers.as_ref().and_then(|path| self.text_at(path));
        let cache = head.cache.as_ref().and_then(|folder| self.cache(folder));
        let rule_files = rules.paths.iter().flat_map(|path| self.rule_files(path)).collect();
        let setting_places = rules.set.keys().map(|rule| (rule.get_ref().clone(), self.place(rule.span()))).collect();
        let settings = rules.set.iter().map(|(rule, set)| (rule.get_ref().clone(), self.setting(set))).collect();
        let (register, patience) = (corrections.register.clone(), corrections.patience_days);
        let letters = corrections.letters.as_ref().and_then(|folder| self.letters(folder));
        let maps = corrections.maps.iter().flat_map(|path| self.rule_files(path)).collect();
        let corrections = self.corrections(&corrections);
        if sources.is_empty() {
            let diagnostic = Diagnostic::new(Code::EngagementValue, format!("`{}` names no source", self.file))
                .help("add a [[source]] with `path` and `profile` for each export");
            self.diagnostics.push(diagnostic);
        }
        let engagement = Engagement {
            name: head.name,
            period,
            as_of,
            require: self.words(&head.require),
            min_tested,
            waivers,
            cache,
            sources: sources.into_iter().map(|source| source.with_text(&self.file, &self.text)).collect(),
            select: self.words(&rules.select),
            rule_files,
            settings,
            setting_places,
            corrections,
            register,
            patience,
            letters,
            maps,
            folder: self.folder,
        };
        if self.diagnostics.is_empty() { Ok(engagement) } else { Err(self.diagnostics) }
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::in_text(&self.file, &self.text, span)
    }

    fn words(&self, words: &[Spanned<String>]) -> Vec<Word> {
        words.iter().map(|word| Word { text: word.get_ref().clone(), place: self.place(word.span()) }).collect()
    }

    /// What the TOML reader says, with the quoted form where somebody wrote a bare number or date.
    fn syntax(&self, error: &toml::de::Error) -> Diagnostic {
        let diagnostic = Diagnostic::new(Code::EngagementSyntax, error.message().replace('\n', " "));
        let Some(span) = error.span() else { return diagnostic };
        let written = self.text.get(span.clone()).unwrap_or_default();
        let bare = written.starts_with(|first: char| first.is_ascii_digit() || first == '-');
        let diagnostic = diagnostic.at(self.place(span));
        if bare && error.message().contains("expected a string") {
            return diagnostic
                .note("amounts, shares, dates and periods are written as text, so that none is rounded on the way")
                .help(format!("write \"{written}\""));
        }
        diagnostic.help("the README shows a whole engagement file")
    }

    fn wrong(&mut self, place: Place, message: String, label: &str, help: &str) {
        let diagnostic = Diagnostic::new(Code::EngagementValue, message).at(place).label(label).help(help);
        self.diagnostics.push(diagnostic);
    }

    fn parsed<T: std::str::FromStr<Err = tieout_model::date::DateError>>(
        &mut self,
        word: &Spanned<String>,
    ) -> Option<T> {
        match word.get_ref().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let tieout_model::date::DateError(text, expected) = error;
                let (what, how) = expected.split_once(" (").unwrap_or((expected, ""));
                let place = self.place(word.span());
                self.wrong(place, format!("`{text}` is not {what}"), &format!("not {what}"), how.trim_end_matches(')'));
                None
            }
        }
    }

    fn share(&mut self, word: &Spanned<String>) -> Option<Amount> {
        let share = word.get_ref().parse::<Amount>().ok();
        if share.is_some_and(|share| share >= Amount::new(0, 0) && share <= Amount::new(1, 0)) {
            return share;
        }
        let message = format!("`{}` is not a share between 0 and 1", word.get_ref());
        let place = self.place(word.span());
        self.wrong(place, message, "not a share", "write `min_tested = \"0.99\"` for 99 of 100 records");
        None
    }

    fn setting(&mut self, set: &SetTable) -> RuleSetting {
        let severity = set.severity.as_ref().and_then(|word| {
            let severity = Severity::parse(word.get_ref());
            if severity.is_none() {
                let message = format!("`{}` is not a severity", word.get_ref());
                let place = self.place(word.span());
                self.wrong(place, message, "not a severity", "write \"error\", \"warning\" or \"advice\"");
            }
            severity
        });
        RuleSetting { severity, params: set.params.clone() }
    }

    /// `letter.txt` and `letter.html` of a folder.
    fn letters(&mut self, folder: &Spanned<String>) -> Option<(String, String)> {
        let mut file = |name: &str| {
            let path = format!("{}/{name}", folder.get_ref().trim_end_matches('/'));
            self.text_at(&Spanned::new(folder.span(), path)).map(|(_, text)| text)
        };
        let (text, html) = (file("letter.txt"), file("letter.html"));
        text.zip(html)
    }

    fn corrections(&mut self, table: &CorrectionsTable) -> Terms {
        let locked_until = table.locked_until.as_ref().and_then(|day| self.parsed::<Date>(day));
        let issue_date = table.issue_date.as_ref().and_then(|day| self.parsed::<Date>(day));
        let mut accounts = BTreeMap::new();
        for (class, account) in &table.accounts {
            match EffectClass::parse(class.get_ref()) {
                Some(class) => drop(accounts.insert(class, account.clone())),
                None => {
                    let names: Vec<_> = EffectClass::ALL.map(EffectClass::name).into();
                    let place = self.place(class.span());
                    let message = format!("`{}` is not a class of money", class.get_ref());
                    self.wrong(place, message, "not a class", &format!("the classes are {}", names.join(", ")));
                }
            }
        }
        let mut bands: BTreeMap<String, Vec<(Amount, String)>> = BTreeMap::new();
        for band in &table.bands {
            let currency = band.currency.get_ref();
            if minor_units(currency).is_none() {
                let place = self.place(band.currency.span());
                let message = format!("`{currency}` is not a currency");
                self.wrong(place, message, "not a currency", "write the ISO code: `currency = \"USD\"`");
                continue;
            }
            let own = bands.entry(currency.clone()).or_default();
            match band.up_to.get_ref().parse::<Amount>() {
                Ok(most) if own.last().is_none_or(|(before, _)| *before < most) => {
                    own.push((most, band.approver.clone()))
                }
                _ => {
                    let place = self.place(band.up_to.span());
                    let message =
                        format!("`{}` is not an amount above the {currency} band before", band.up_to.get_ref());
                    self.wrong(
                        place,
                        message,
                        "not such an amount",
                        "write the bands in order: `up_to = \"100.00\"`, then more",
                    );
                }
            }
        }
        Terms { locked_until, issue_date, bands, accounts, contact: table.contact.clone() }
    }

    fn cache(&mut self, folder: &Spanned<String>) -> Option<PathBuf> {
        if folder.get_ref().is_empty() {
            let place = self.place(folder.span());
            self.wrong(place, "the cache needs a folder".to_owned(), "empty", "write `cache = \".tieout\"`");
            return None;
        }
        Some(self.folder.join(folder.get_ref()))
    }

    fn text_at(&mut self, path: &Spanned<String>) -> Option<(String, String)> {
        match fs::read_to_string(self.folder.join(path.get_ref())) {
            Ok(text) => Some((path.get_ref().clone(), text)),
            Err(error) => {
                let message = format!("`{}` cannot be read", path.get_ref());
                let place = self.place(path.span());
                self.wrong(place, message, &plain(&error), "paths are relative to the engagement file");
                None
            }
        }
    }

    /// A rule file, or every `*.toml` of a folder in order of name.
    fn rule_files(&mut self, path: &Spanned<String>) -> Vec<(String, String)> {
        let whole = self.folder.join(path.get_ref());
        if !whole.is_dir() {
            return self.text_at(path).into_iter().collect();
        }
        let mut files = Vec::new();
        match list_toml(&whole) {
            Ok(names) => {
                for name in names {
                    let shown = format!("{}/{name}", path.get_ref().trim_end_matches('/'));
                    files.extend(self.text_at(&Spanned::new(path.span(), shown)));
                }
            }
            Err(error) => {
                let place = self.place(path.span());
                let message = format!("the folder `{}` cannot be listed", path.get_ref());
                self.wrong(place, message, &plain(&error), "make the folder readable");
            }
        }
        files
    }
}

fn list_toml(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        names.extend(name.to_str().filter(|name| name.ends_with(".toml")).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// An I/O error in words that do not depend on the system.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Engagement, Vec<Diagnostic>> {
        let text = format!("{text}\n[[source]]\npopulation = \"invoice\"\npath = \"invoices.csv\"\n");
        Reader { file: FILE_NAME.to_owned(), text: text.into(), folder: PathBuf::new(), diagnostics: Vec::new() }.read()
    }

    #[test]
    fn the_words_of_an_engagement_are_understood() {
        let engagement = read(
            "[engagement]\nname = \"October\"\nperiod = \"2026-10\"\nas_of = \"2026-11-05\"\nmin_tested = \"0.99\"\n\
             require = [\"core\"]\n[rules]\nselect = [\"core\", \"-x\"]\n[rules.set.x]\nseverity = \"warning\"\n\
             params = { days = \"30\" }",
        );
        let Ok(engagement) = engagement else { panic!("refused") };
        assert_eq!(engagement.period, "2026-10".parse().ok());
        assert_eq!(engagement.min_tested, Some(Amount::new(99, 2)));
        assert_eq!(engagement.settings["x"].severity, Some(Severity::Warning));
        assert_eq!(engagement.settings["x"].params["days"], "30");
        assert_eq!(engagement.select[1].place.line, Some(8));
        assert_eq!(engagement.sources.len(), 1);
    }

    #[test]
    fn the_engagement_in_the_readme_is_one() {
        let readme = include_str!("../../../README.md");
        let text = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let reader =
            Reader { file: FILE_NAME.to_owned(), text: text.into(), folder: PathBuf::new(), diagnostics: Vec::new() };
        assert!(reader.read().is_ok_and(|engagement| engagement.sources.len() == 1 && engagement.period.is_some()));
    }

    #[test]
    fn all_wrong_values_are_told_at_once_with_their_places() {
        let wrong = read(
            "[engagement]\nname = \"\"\nperiod = \"2026-13\"\nas_of = \"soon\"\nmin_tested = \"1.5\"\n\
             waivers = \"none.toml\"\n[rules.set.x]\nseverity = \"grave\"",
        );
        let diagnostics = wrong.err().unwrap();
        let lines: Vec<_> =
            diagnostics.iter().map(|complaint| complaint.place.as_ref().unwrap().line.unwrap()).collect();
        assert_eq!(lines, [3, 4, 5, 6, 8]);
    }

    #[test]
    fn a_bare_number_is_answered_with_its_quoted_form() {
        let diagnostics = read("[engagement]\nname = \"\"\nmin_tested = 0.99").err().unwrap();
        assert_eq!(diagnostics[0].help.as_deref(), Some("write \"0.99\""));
        let diagnostics = read("[engagement]\nname = \"\"\nas_of = 2026-11-05").err().unwrap();
        assert_eq!(diagnostics[0].code, Code::EngagementSyntax);
    }
}
