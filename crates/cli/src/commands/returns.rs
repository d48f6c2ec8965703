//! `tieout return`: from the exports to the papers of a period's sales-tax returns.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tieout_model::amount::{MONEY_SCALE, RATE_SCALE};
use tieout_model::filing::{self, Broken, Detail, DetailPart, Filing, Papers};
use tieout_model::{Amount, Code, Diagnostic, Place};
use tieout_report::filing::{FilledForm, Heading, NAMES};
use tieout_report::visible;
use tieout_rules::filing::Wanted;
use tieout_rules::filing::form::{Form, FormError};

use crate::args::ReturnArgs;
use crate::commands::{print, refuse};
use crate::gate::Exit;
use crate::interrupt::Draft;
use crate::output;
use crate::pipeline::{self, Columns};
use crate::say;

/// Populations without which nothing can be filed, and what each is for.
const NEEDED: [(&str, &str); 5] = [
    ("invoice", "the documents"),
    ("invoice_line", "what was sold"),
    ("jurisdiction", "who taxes"),
    ("tax_rate", "at which rates"),
    ("registration", "where the seller files, and how often"),
];

/// The columns of on_no_return.csv.
const ASIDE: [&str; 9] = ["file", "record", "number", "line", "tax_date", "customer", "cell", "why", "net"];
/// The columns of detail.csv: a row for each authority that a line is taxed by, net and taxed on the first of them.
#[rustfmt::skip]
const DETAIL: [&str; 20] = [
    "file", "record", "number", "line", "tax_date", "customer", "cell", "net", "taxed", "category", "ship_from", "ship_to", "scope", "original",
    "certificate", "jurisdiction", "class", "rate", "base", "tax",
];

/// Runs the command: 0 every return is written, 1 one could not be printed since its identities do not hold, 2 nothing was made.
pub fn run(args: &ReturnArgs) -> Exit {
    match work(args) {
        Ok((summary, broken)) if broken.is_empty() => print(|out| out.write_all(summary.as_bytes())),
        Ok((summary, broken)) => {
            say::complain(&broken);
            let shown = print(|out| out.write_all(summary.as_bytes()));
            if shown == Exit::Passed { Exit::Found } else { shown }
        }
        Err(diagnostics) => refuse(&diagnostics),
    }
}

fn failed(what: String) -> Vec<Diagnostic> {
    vec![Diagnostic::new(Code::OutputFailed, what)]
}

fn work(args: &ReturnArgs) -> Result<(String, Vec<Diagnostic>), Vec<Diagnostic>> {
    let prepared = pipeline::prepare(&args.path, &args.sources, Columns::All)?;
    let wrong = |message: String, help: &str| vec![Diagnostic::new(Code::EngagementValue, message).help(help)];
    let named = match (&args.period, prepared.options.period) {
        (Some(name), _) => Some((
            name.parse().map_err(|error| wrong(format!("{error}"), "write 2026-10, 2026Q4 or 2026"))?,
            name.clone(),
        )),
        (None, Some(period)) => Some((period, period.name())),
        (None, None) => None,
    };
    let (period, period_name) = named.ok_or_else(|| {
        wrong("a return is of a period".to_owned(), "add `--period 2026-10`, or `period` to the engagement")
    })?;
    let forms = forms(&args.form)?;
    let (store, diagnostics) = pipeline::read(&prepared, &args.sources);
    if pipeline::is_stopped(&diagnostics) {
        return Err(diagnostics);
    }
    say::complain(&diagnostics);
    let lacking: Vec<Diagnostic> = NEEDED
        .iter()
        .filter(|(name, _)| !store.populations.contains_key(*name))
        .map(|(name, what)| {
            let message = format!("a return needs the population `{name}` ({what}), and no source gives it");
            Diagnostic::new(Code::EngagementValue, message)
                .help(format!("add a [[source]] with population = \"{name}\""))
        })
        .collect();
    if !lacking.is_empty() {
        return Err(lacking);
    }
    let state = args.jurisdiction.clone();
    let wanted = Wanted { period, period_name, state, as_of: prepared.options.as_of };
    let heading = Heading {
        version: env!("CARGO_PKG_VERSION"),
        name: &prepared.engagement.name,
        as_of: prepared.options.as_of,
        sources: &store.files,
    };
    fs::create_dir_all(&args.out)
        .map_err(|error| failed(format!("`{}` cannot be made: {error}", args.out.display())))?;
    let mut details =
        Details { folder: args.out.clone(), heading: &heading, open: BTreeMap::new(), aside: None, failed: None };
    let papers = tieout_rules::filing::file(&store, &wanted, &mut |detail| details.take(&wanted, detail))
        .map_err(|error| failed(format!("the returns cannot be made: {error}")))?;
    if let Some(error) = details.failed {
        return Err(failed(format!("the detail cannot be written: {error}")));
    }
    if papers.filings.is_empty() && wanted.state.is_some() {
        let message = format!("nothing is filed in {} for {}", wanted.state.unwrap_or_default(), wanted.period_name);
        return Err(wrong(message, "no registration there is in force, or its seller and currency have no document"));
    }
    let mut diagnostics: Vec<Diagnostic> =
        filing::check_papers(&papers).iter().map(|broken| identity("the papers as a whole", broken)).collect();
    if !diagnostics.is_empty() {
        // Where lines do not add up to the exports, no return can be relied on.
        return Err(diagnostics);
    }
    let mut is_used = vec![false; forms.len()];
    for filing in &papers.filings {
        let broken = filing::check(filing);
        let name = folder_name(filing);
        if !broken.is_empty() {
            // Nor is a former one left in its place.
            sweep(&args.out.join(&name), &[])?;
            diagnostics.extend(broken.iter().map(|broken| identity(&name, broken)));
            continue;
        }
        let mut filled = Vec::new();
        for (at, form) in forms.iter().enumerate().filter(|(_, form)| form.form.state == filing.state) {
            is_used[at] = true;
            if filing.lines.is_empty() {
                continue;
            }
            let lines = form.form.fill(filing).map_err(|error| vec![form.complain(&error)])?;
            filled.push(FilledForm { title: &form.form.title, lines });
        }
        let folder = args.out.join(&name);
        fs::create_dir_all(&folder)
            .map_err(|error| failed(format!("`{}` cannot be made: {error}", folder.display())))?;
        let files =
            tieout_report::filing::files(&heading, filing, &filled).map_err(|error| failed(error.to_string()))?;
        write(&folder, &files)?;
        let mut written: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        if !filing.bridge.rows.is_empty() {
            written.push("detail.csv");
        }
        sweep(&folder, &written)?;
        details.finish(filing, &folder).map_err(|error| failed(format!("the detail cannot be written: {error}")))?;
    }
    let unused = forms.iter().zip(&is_used).filter(|(_, is_used)| !**is_used);
    for (form, _) in unused {
        let message = format!("no return of the period is of {}", form.form.state);
        let error = FormError { message, span: None };
        let warning = Diagnostic { level: tieout_model::Level::Warning, ..form.complain(&error) };
        say::complain(&[warning]);
    }
    let has_aside = details.aside.is_some();
    details.finish_aside().map_err(|error| failed(format!("the detail cannot be written: {error}")))?;
    let files = tieout_report::filing::overall(&heading, &papers).map_err(|error| failed(error.to_string()))?;
    write(&args.out, &files)?;
    let mut written: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    if has_aside {
        written.push("on_no_return.csv");
    }
    sweep(&args.out, &written)?;
    if !args.sources.quiet {
        say::line(&format!("{} in {}: begin with summary.txt", counted(&papers), args.out.display()));
    }
    Ok((tieout_report::filing::summary(&heading, &papers), diagnostics))
}

fn counted(papers: &Papers) -> String {
    match papers.filings.len() {
        1 => "1 return".to_owned(),
        count => format!("{count} returns"),
    }
}

fn write(folder: &Path, files: &[tieout_report::filing::File]) -> Result<(), Vec<Diagnostic>> {
    for file in files {
        let path = folder.join(&file.name);
        output::to_file(&path, |out| out.write_all(&file.bytes))
            .map_err(|error| failed(format!("`{}` cannot be written: {error}", path.display())))?;
    }
    Ok(())
}

/// Takes away what a former run left of papers that this one did not write.
fn sweep(folder: &Path, written: &[&str]) -> Result<(), Vec<Diagnostic>> {
    for name in NAMES.into_iter().filter(|name| !written.contains(name)) {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(format!(
                    "`{}` is of a former run and cannot be taken away: {error}",
                    path.display()
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Seller, state, period, currency, as a folder.
fn folder_name(filing: &Filing) -> String {
    name_of(&filing.entity, &filing.state, &filing.period_name, &filing.currency)
}

fn name_of(entity: &str, state: &str, period: &str, currency: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars()
            .map(|one| if one.is_ascii_alphanumeric() || matches!(one, '-' | '_') { one } else { '_' })
            .collect()
    };
    [entity, state, period, currency].map(plain).join("-")
}

fn identity(of: &str, broken: &Broken) -> Diagnostic {
    let shown = |units: i128| Amount::money(units).to_display(2);
    // Counts are small whole numbers, money is units of a millionth: both sides are told as they are.
    let message = format!("{of} is not printed: it does not hold that {}", visible(&broken.identity));
    Diagnostic::new(Code::OutputFailed, message)
        .note(format!(
            "left {} ({} units), right {} ({} units)",
            shown(broken.left),
            broken.left,
            shown(broken.right),
            broken.right
        ))
        .help("this is a fault of the program: please report it with the figures")
}

struct FormFile {
    path: String,
    text: String,
    form: Form,
}

impl FormFile {
    fn complain(&self, error: &FormError) -> Diagnostic {
        complaint(&self.path, &self.text, error)
    }
}

fn complaint(path: &str, text: &str, error: &FormError) -> Diagnostic {
    let place = match &error.span {
        Some(span) => Place::in_text(path, text, span.clone()),
        None => Place { file: path.to_owned(), ..Place::default() },
    };
    let help = "a form has `title`, `state` and `[[line]]` tables with `code`, `label`, `formula`, perhaps `each`";
    Diagnostic::new(Code::EngagementValue, error.message.clone()).at(place).help(help)
}

/// The forms; every one that is wrong is told.
fn forms(paths: &[PathBuf]) -> Result<Vec<FormFile>, Vec<Diagnostic>> {
    let (mut forms, mut wrong) = (Vec::new(), Vec::new());
    for path in paths {
        let shown = path.display().to_string();
        match fs::read_to_string(path) {
            Err(error) => wrong.push(
                Diagnostic::new(Code::EngagementValue, format!("form `{shown}` cannot be read: {error}"))
                    .help("name a TOML file with the lines of a state's form"),
            ),
            Ok(text) => match Form::read(&text) {
                Ok(form) => {
                    let twin = forms.iter().find(|other: &&FormFile| other.form.state == form.state);
                    if let Some(twin) = twin {
                        let message = format!("`{shown}` and `{}` are both forms of {}", twin.path, form.state);
                        wrong.push(complaint(&shown, &text, &FormError { message, span: None }));
                    }
                    forms.push(FormFile { path: shown, text, form });
                }
                Err(error) => wrong.push(complaint(&shown, &text, &error)),
            },
        }
    }
    if wrong.is_empty() { Ok(forms) } else { Err(wrong) }
}

/// detail.csv of each return, written beside its place while lines come.
struct Details<'a> {
    folder: PathBuf,
    heading: &'a Heading<'a>,
    open: BTreeMap<(String, String, String), Detailed>,
    /// Lines of the period that are on no return.
    aside: Option<Detailed>,
    failed: Option<io::Error>,
}

struct Detailed {
    draft: BufWriter<tempfile::NamedTempFile>,
    _beside: Draft,
}

impl Detailed {
    fn begin(folder: &Path, header: &[&str]) -> io::Result<Self> {
        let file = output::draft_in(folder)?;
        let beside = Draft::new(file.path());
        let mut draft = BufWriter::new(file);
        writeln!(draft, "\"{}\"", header.join("\",\""))?;
        Ok(Self { draft, _beside: beside })
    }

    fn finish(self, path: &Path) -> io::Result<()> {
        let file = self.draft.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

impl Details<'_> {
    fn take(&mut self, wanted: &Wanted, detail: &Detail<'_>) {
        let (entity, state, currency) = detail.filing.unwrap_or_default();
        if detail.filing.is_none() {
            if self.failed.is_none() {
                self.failed = self.put_aside(detail).err();
            }
            return;
        }
        if self.failed.is_some() || !wanted.wants(state) {
            return;
        }
        if let Err(error) = self.put((entity, state, currency), detail) {
            self.failed = Some(error);
        }
    }

    fn put(&mut self, (entity, state, currency): (&str, &str, &str), detail: &Detail<'_>) -> io::Result<()> {
        let key = (entity.to_owned(), state.to_owned(), currency.to_owned());
        if !self.open.contains_key(&key) {
            self.open.insert(key.clone(), Detailed::begin(&self.folder, &DETAIL)?);
        }
        let Some(open) = self.open.get_mut(&key) else { return Ok(()) };
        let path = self.heading.sources.get(detail.record.source as usize).map_or("", |source| source.path.as_str());
        let money = |units: i128| Amount::money(units).to_places(2);
        let none = [None];
        let parts: Vec<Option<&DetailPart<'_>>> = detail.parts.iter().map(Some).collect();
        for (at, part) in (if parts.is_empty() { none.as_slice() } else { parts.as_slice() }).iter().enumerate() {
            let first = |text: String| if at == 0 { text } else { String::new() };
            let of = |text: &dyn Fn(&DetailPart<'_>) -> String| part.map(text).unwrap_or_default();
            let cells = [
                path.to_owned(),
                detail.record.record.to_string(),
                detail.number.to_owned(),
                detail.line.to_owned(),
                detail.day.map_or_else(String::new, |day| day.to_string()),
                detail.customer.to_owned(),
                detail.cell.name(),
                first(money(detail.net)),
                first(money(detail.taxed)),
                detail.category.to_owned(),
                detail.route.0.to_owned(),
                detail.route.1.to_owned(),
                if detail.is_intrastate { "intrastate" } else { "interstate" }.to_owned(),
                detail.original.to_owned(),
                detail.certificate.to_owned(),
                of(&|part| part.jurisdiction.to_owned()),
                of(&|part| part.class.to_owned()),
                of(&|part| Amount::new(part.rate, RATE_SCALE).to_places(0)),
                of(&|part| money(part.base)),
                of(&|part| Amount::new(part.exact, MONEY_SCALE + RATE_SCALE).to_places(2)),
            ];
            tieout_report::filing::line(&cells, &mut open.draft)?;
        }
        Ok(())
    }

    /// A line of the period that is on no return, and why.
    fn put_aside(&mut self, detail: &Detail<'_>) -> io::Result<()> {
        let aside = match &mut self.aside {
            Some(aside) => aside,
            none => none.insert(Detailed::begin(&self.folder, &ASIDE)?),
        };
        let path = self.heading.sources.get(detail.record.source as usize).map_or("", |source| source.path.as_str());
        let cells = [
            path.to_owned(),
            detail.record.record.to_string(),
            detail.number.to_owned(),
            detail.line.to_owned(),
            detail.day.map_or_else(String::new, |day| day.to_string()),
            detail.customer.to_owned(),
            detail.cell.name(),
            detail.reason.to_owned(),
            Amount::money(detail.net).to_places(2),
        ];
        tieout_report::filing::line(&cells, &mut aside.draft)
    }

    /// The list of lines on no return goes into its place.
    fn finish_aside(&mut self) -> io::Result<()> {
        let Some(aside) = self.aside.take() else { return Ok(()) };
        aside.finish(&self.folder.join("on_no_return.csv"))
    }

    /// The return is printed, so its detail goes into its place.
    fn finish(&mut self, filing: &Filing, folder: &Path) -> io::Result<()> {
        let key = (filing.entity.clone(), filing.state.clone(), filing.currency.clone());
        let Some(open) = self.open.remove(&key) else { return Ok(()) };
        open.finish(&folder.join("detail.csv"))
    }
}
