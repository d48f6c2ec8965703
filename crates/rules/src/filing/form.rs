//! A state's own form as data: its lines are formulas over the figures of a return.
//!
//! ```toml
//! title = "Nebraska Form 10"
//! state = "US-NE"
//!
//! [[line]]
//! code    = "1"
//! label   = "Gross sales and services"
//! formula = "gross"
//!
//! [[line]]
//! code    = "local"
//! label   = "Local tax"
//! each    = "city"
//! formula = "due"
//! ```
//!
//! A formula has `+`, `-`, `*`, brackets, decimal numbers, `round(…)` to the currency, `max(…, …)` and `min(…, …)`. Names are the
//! figures listed by `NAMES`, the elements of the Simplified Electronic Return, and `line.<code>` of a line above; under `each`,
//! `base`, `due` and `collected` are those of one jurisdiction of that level, and the line stands once for each.

use std::ops::Range;

use serde::Deserialize;
use tieout_model::amount::{MONEY_SCALE, minor_units};
use tieout_model::filing::{Cell, Exemption, Filing, Kind, ReturnLine, ScheduleRow};
use tieout_model::{Amount, Rounding};
use toml::Spanned;

/// Figures that a formula may name, apart from elements and lines.
pub const NAMES: [&str; 20] = [
    "gross",
    "taxable",
    "exempt",
    "exempt.agriculture",
    "exempt.direct_pay",
    "exempt.government_exempt_org",
    "exempt.manufacturing",
    "exempt.resale",
    "exempt.other",
    "nontaxable",
    "holiday",
    "marketplace",
    "out_of_state",
    "part_not_taxed",
    "credits",
    "bad_debts",
    "tax_collected",
    "over_collected",
    "under_collected",
    "rounding",
];

/// A form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// What people call it.
    pub title: String,
    /// The state whose form it is: `US-NE`.
    pub state: String,
    /// Its lines, in order.
    #[serde(rename = "line")]
    pub lines: Vec<FormLine>,
}

/// A line of a form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormLine {
    /// As printed.
    pub code: String,
    /// In words.
    pub label: String,
    /// How it is made.
    pub formula: Spanned<String>,
    /// Once for each jurisdiction of this level.
    pub each: Option<String>,
}

/// What is wrong with a form, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    /// In words.
    pub message: String,
    /// Bytes of the file.
    pub span: Option<Range<usize>>,
}

impl Form {
    /// Reads a form. Errors: not TOML, an unknown key, a level that does not exist, a formula that cannot be read.
    pub fn read(text: &str) -> Result<Self, FormError> {
        let form: Self = toml::from_str(text)
            .map_err(|error| FormError { message: error.message().to_owned(), span: error.span() })?;
        for line in &form.lines {
            let wrong = |message: String| FormError { message, span: Some(line.formula.span()) };
            if let Some(level) = line.each.as_deref().filter(|level| super::reference::Level::parse(level).is_none()) {
                return Err(wrong(format!("`{level}` is no level: country, state, county, city, district")));
            }
            parse(line.formula.get_ref()).map_err(wrong)?;
        }
        Ok(form)
    }

    /// The lines of this form for a return. Errors: a name that means nothing, an amount of parts of a minor unit.
    pub fn fill(&self, filing: &Filing) -> Result<Vec<ReturnLine>, FormError> {
        let mut lines: Vec<ReturnLine> = Vec::new();
        for line in &self.lines {
            let tree = parse(line.formula.get_ref())
                .map_err(|message| FormError { message, span: Some(line.formula.span()) })?;
            let levels = |row: &&ScheduleRow| line.each.as_deref() == Some(row.level.as_str()) && row.rate.is_some();
            let mut places: Vec<&ScheduleRow> = filing.schedule.iter().filter(levels).collect();
            places.dedup_by(|a, b| a.jurisdiction == b.jurisdiction);
            let once = [None];
            let each: Vec<Option<&ScheduleRow>> = places.into_iter().map(Some).collect();
            for place in if line.each.is_some() { each.as_slice() } else { once.as_slice() } {
                let figures = Figures { filing, lines: &lines, place: *place };
                let wrong = |message: String| FormError { message, span: Some(line.formula.span()) };
                let amount = tree.value(&figures).map_err(wrong)?;
                let minor = minor_units(&filing.currency).unwrap_or(2);
                if amount.round(minor, Rounding::HalfUp) != amount {
                    let message =
                        format!("line {} has more decimals than {}; write round(…)", line.code, filing.currency);
                    return Err(wrong(message));
                }
                let units = amount.units_at(MONEY_SCALE).map_err(|error| wrong(error.to_string()))?;
                let code =
                    place.map_or_else(|| line.code.clone(), |row| format!("{}.{}", line.code, row.reporting_code));
                let label = place.map_or_else(|| line.label.clone(), |row| format!("{}: {}", line.label, row.name));
                let formula = line.formula.get_ref().clone();
                lines.push(ReturnLine { code, label, formula, amount: units, records: 0, hash: String::new() });
            }
        }
        Ok(lines)
    }
}

struct Figures<'a> {
    filing: &'a Filing,
    lines: &'a [ReturnLine],
    place: Option<&'a ScheduleRow>,
}

impl Figures<'_> {
    fn get(&self, name: &str) -> Option<Amount> {
        let bridge = &self.filing.bridge;
        let schedule = &self.filing.schedule;
        if let Some(code) = name.strip_prefix("line.") {
            return self.lines.iter().find(|line| line.code == code).map(|line| Amount::money(line.amount));
        }
        if let Some(place) = self.place {
            let own = schedule.iter().filter(|row| row.jurisdiction == place.jurisdiction);
            match name {
                "base" => return Some(Amount::money(own.map(|row| row.base).sum())),
                "due" => return Some(Amount::money(own.map(|row| row.due).sum())),
                "collected" => return Some(Amount::money(own.map(|row| row.collected).sum())),
                _ => {}
            }
        }
        let units = match name {
            "gross" => bridge.gross,
            "taxable" => bridge.taxable,
            "exempt" => Exemption::ALL.into_iter().map(|reason| bridge.net(Cell::Exempt(reason))).sum(),
            "nontaxable" => bridge.net(Cell::NonTaxable),
            "holiday" => bridge.net(Cell::Holiday),
            "marketplace" => bridge.net(Cell::Marketplace),
            "out_of_state" => bridge.out_of_state,
            "part_not_taxed" => bridge.part_not_taxed,
            "credits" => bridge.credits,
            "bad_debts" => bridge.bad_debts,
            "tax_collected" => schedule.iter().filter(|row| row.kind == Kind::Sales).map(|row| row.collected).sum(),
            "over_collected" => self.filing.errors().0,
            "under_collected" => -self.filing.errors().1,
            "rounding" => schedule.iter().map(|row| row.differences[0]).sum(),
            _ => match name.strip_prefix("exempt.") {
                Some(reason) => {
                    let reason = Exemption::ALL.into_iter().find(|one| one.name() == reason)?;
                    bridge.net(Cell::Exempt(reason))
                }
                None => self.filing.line(name)?,
            },
        };
        Some(Amount::money(units))
    }
}

#[derive(Debug)]
enum Tree {
    Number(Amount),
    Name(String),
    Sum(Box<Tree>, Box<Tree>),
    Difference(Box<Tree>, Box<Tree>),
    Product(Box<Tree>, Box<Tree>),
    Round(Box<Tree>),
    Max(Box<Tree>, Box<Tree>),
    Min(Box<Tree>, Box<Tree>),
}

/// Products of a form are of few factors; a scale beyond this is refused.
const SCALE_MAX: u8 = 24;

impl Tree {
    fn value(&self, figures: &Figures<'_>) -> Result<Amount, String> {
        let range = |_| "an amount is beyond what can be computed".to_owned();
        let pair = |left: &Self, right: &Self| Ok::<_, String>((left.value(figures)?, right.value(figures)?));
        let common = |left: Amount, right: Amount| -> Result<(i128, i128, u8), String> {
            let scale = left.scale.max(right.scale);
            Ok((left.units_at(scale).map_err(range)?, right.units_at(scale).map_err(range)?, scale))
        };
        match self {
            Self::Number(amount) => Ok(*amount),
            Self::Name(name) => figures.get(name).ok_or_else(|| {
                format!(
                    "`{name}` is no figure, no element of the return and no line above; figures: {}",
                    NAMES.join(", ")
                )
            }),
            Self::Sum(left, right) => {
                let (left, right) = pair(left, right)?;
                let (left, right, scale) = common(left, right)?;
                Ok(Amount::new(left + right, scale))
            }
            Self::Difference(left, right) => {
                let (left, right) = pair(left, right)?;
                let (left, right, scale) = common(left, right)?;
                Ok(Amount::new(left - right, scale))
            }
            Self::Product(left, right) => {
                let (left, right) = pair(left, right)?;
                let scale = left.scale.saturating_add(right.scale);
                let units = left.units.checked_mul(right.units).filter(|_| scale <= SCALE_MAX);
                units
                    .map(|units| Amount::new(units, scale))
                    .ok_or_else(|| range(tieout_model::amount::AmountError::OutOfRange))
            }
            Self::Round(inner) => {
                let places = minor_units(&figures.filing.currency).unwrap_or(2);
                Ok(inner.value(figures)?.round(places, Rounding::HalfUp))
            }
            Self::Max(left, right) => pair(left, right).map(|(left, right)| left.max(right)),
            Self::Min(left, right) => pair(left, right).map(|(left, right)| left.min(right)),
        }
    }
}

fn parse(text: &str) -> Result<Tree, String> {
    let mut reader = Reader { rest: text };
    let tree = reader.sum()?;
    match reader.rest.trim_start() {
        "" => Ok(tree),
        rest => Err(format!("`{rest}` does not belong to a formula")),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn takes(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expects(&mut self, sign: char) -> Result<(), String> {
        if self.takes(sign) { Ok(()) } else { Err(format!("`{sign}` is missing before `{}`", self.rest.trim_start())) }
    }

    fn sum(&mut self) -> Result<Tree, String> {
        let mut tree = self.product()?;
        loop {
            if self.takes('+') {
                tree = Tree::Sum(Box::new(tree), Box::new(self.product()?));
            } else if self.takes('-') {
                tree = Tree::Difference(Box::new(tree), Box::new(self.product()?));
            } else {
                return Ok(tree);
            }
        }
    }

    fn product(&mut self) -> Result<Tree, String> {
        let mut tree = self.factor()?;
        while self.takes('*') {
            tree = Tree::Product(Box::new(tree), Box::new(self.factor()?));
        }
        Ok(tree)
    }

    fn factor(&mut self) -> Result<Tree, String> {
        if self.takes('(') {
            let inner = self.sum()?;
            self.expects(')')?;
            return Ok(inner);
        }
        let rest = self.rest.trim_start();
        let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_');
        let end = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        // The codes of jurisdictions have hyphens.
        let end = if rest.starts_with("line.") || rest.starts_with("JurisdictionDetail.") {
            rest.find(|character: char| !is_part(character) && character != '-').unwrap_or(rest.len())
        } else {
            end
        };
        let word = &rest[..end];
        self.rest = &rest[end..];
        if word.is_empty() {
            return Err(format!("a figure is missing before `{rest}`"));
        }
        if word.starts_with(|character: char| character.is_ascii_digit()) {
            return word.parse().map(Tree::Number).map_err(|_| format!("`{word}` is no number"));
        }
        if !matches!(word, "round" | "max" | "min") {
            return Ok(Tree::Name(word.to_owned()));
        }
        self.expects('(')?;
        let first = Box::new(self.sum()?);
        if word == "round" {
            self.expects(')')?;
            return Ok(Tree::Round(first));
        }
        self.expects(',')?;
        let second = Box::new(self.sum()?);
        self.expects(')')?;
        Ok(if word == "max" { Tree::Max(first, second) } else { Tree::Min(first, second) })
    }
}
