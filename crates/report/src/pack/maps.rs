//! Proposals in the shape that a billing system imports: a map names the file, the actions, and where each column comes from.
//!
//! A map is a small TOML file, so that a system that is not among the four here is a matter of minutes. A field that a map names
//! and that does not exist is an error with the list of those that do.

use std::collections::BTreeSet;
use std::io;

use csv::{QuoteStyle, WriterBuilder};
use serde::Deserialize;
use tieout_model::amount::minor_units;
use tieout_model::correction::{Action, Line, Pack, Proposal, TaxPart, Use};
use tieout_model::{Amount, Date};
use toml::Spanned;

use super::File;
use super::sheets::credit_of;
use crate::format::csv::text;

/// The maps that come with the tool: name and text.
pub const BUNDLED: [(&str, &str); 4] = [
    ("netsuite.toml", include_str!("maps/netsuite.toml")),
    ("quickbooks.toml", include_str!("maps/quickbooks.toml")),
    ("sage.toml", include_str!("maps/sage.toml")),
    ("stripe.toml", include_str!("maps/stripe.toml")),
];

/// Fields that a column can come from.
#[rustfmt::skip]
const FIELDS: [&str; 26] = [
    "proposal", "action", "class", "customer", "currency", "document", "number", "line", "row", "original_date", "item",
    "quantity", "unit_price", "net", "tax", "gross", "jurisdiction", "tax_rate", "issue_date", "account", "description",
    "reason_words", "findings", "tax_of_proposal_once", "invoice", "invoice_number",
];
/// Further fields, of money that goes back.
const REFUND: &str = "refund_of_proposal_once";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    file: String,
    actions: Vec<Spanned<String>>,
    #[serde(default)]
    date: Option<Spanned<String>>,
    #[serde(default)]
    amounts: Option<Spanned<String>>,
    columns: Vec<ColumnFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnFile {
    header: String,
    from: Option<String>,
    constant: Option<String>,
    case: Option<String>,
}

/// A map that is understood.
pub struct Map {
    file: String,
    actions: BTreeSet<Action>,
    date: DateStyle,
    smallest: bool,
    columns: Vec<(String, Source)>,
}

#[derive(Clone, Copy)]
enum DateStyle {
    Iso,
    MonthFirst,
    DayFirst,
}

enum Source {
    Field { name: String, lower: bool },
    Constant(String),
}

impl Map {
    /// Reads a map; `Err` says what is wrong, with the place as bytes of the text.
    pub fn read(written: &str) -> Result<Self, (String, Option<std::ops::Range<usize>>)> {
        let file: MapFile = toml::from_str(written).map_err(|error| (error.message().to_owned(), error.span()))?;
        let mut actions = BTreeSet::new();
        for action in &file.actions {
            let known = Action::ALL.into_iter().find(|one| one.name() == action.get_ref());
            let names = || Action::ALL.map(Action::name).join(", ");
            let wrong = || (format!("`{}` is no action; there are {}", action.get_ref(), names()), Some(action.span()));
            actions.insert(known.ok_or_else(wrong)?);
        }
        let date = match file.date.as_ref().map(|date| (date.get_ref().as_str(), date.span())) {
            None | Some(("year-month-day", _)) => DateStyle::Iso,
            Some(("month/day/year", _)) => DateStyle::MonthFirst,
            Some(("day/month/year", _)) => DateStyle::DayFirst,
            Some((other, span)) => {
                let styles = "year-month-day, month/day/year, day/month/year";
                return Err((format!("`{other}` is no way to write dates; there are {styles}"), Some(span)));
            }
        };
        let smallest = match file.amounts.as_ref().map(|amounts| (amounts.get_ref().as_str(), amounts.span())) {
            None | Some(("decimal", _)) => false,
            Some(("smallest unit", _)) => true,
            Some((other, span)) => {
                return Err((
                    format!("`{other}` is no way to write amounts; there are decimal, smallest unit"),
                    Some(span),
                ));
            }
        };
        let mut columns = Vec::new();
        for column in file.columns {
            columns.push((column.header.clone(), Source::new(column)?));
        }
        Ok(Self { file: file.file, actions, date, smallest, columns })
    }

    /// The file, if a proposal has one of the map's actions.
    pub fn write(&self, pack: &Pack, issued: Option<Date>) -> io::Result<Option<File>> {
        let proposals: Vec<&Proposal> =
            pack.proposals.iter().filter(|proposal| self.actions.contains(&proposal.action)).collect();
        if proposals.is_empty() {
            return Ok(None);
        }
        let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|(header, _)| header)).map_err(io::Error::other)?;
        for proposal in proposals {
            let mut row = 0;
            for line in &proposal.lines {
                let parts: Vec<Option<&TaxPart>> = match line.taxes.as_slice() {
                    [] => vec![None],
                    parts => parts.iter().map(Some).collect(),
                };
                for (place, part) in parts.into_iter().enumerate() {
                    row += 1;
                    let at = At { proposal, line, part, first: place == 0, row, issued };
                    let cells = self.columns.iter().map(|(_, source)| self.cell(source, pack, &at));
                    writer.write_record(cells).map_err(io::Error::other)?;
                }
            }
        }
        let bytes = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Some(File { name: format!("import/{}", self.file), bytes }))
    }

    /// The file's name and how it writes days.
    pub(super) fn about(&self) -> (&str, &'static str) {
        let style = match self.date {
            DateStyle::Iso => "yyyy-mm-dd",
            DateStyle::MonthFirst => "mm/dd/yyyy",
            DateStyle::DayFirst => "dd/mm/yyyy",
        };
        (&self.file, style)
    }

    /// True if the file has proposals of an action.
    pub(super) fn takes(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    fn cell(&self, source: &Source, pack: &Pack, at: &At<'_>) -> String {
        match source {
            Source::Constant(constant) => constant.clone(),
            Source::Field { name, lower } => {
                let value = self.field(name, pack, at);
                if *lower { value.to_lowercase() } else { value }
            }
        }
    }

    fn field(&self, name: &str, pack: &Pack, at: &At<'_>) -> String {
        let At { proposal, line, part, first, row, issued } = *at;
        let money = |amount: Amount| self.money(amount, &proposal.currency);
        let net = if first { line.net } else { Amount::money(0) };
        let tax = part.map_or(Amount::money(0), |part| part.amount);
        match name {
            "proposal" => proposal.id.clone(),
            "action" => proposal.action.name().to_owned(),
            "class" => proposal.class.map_or("", |class| class.name()).to_owned(),
            "customer" => text(proposal.customer.as_deref().unwrap_or_default()),
            "currency" => proposal.currency.clone(),
            "document" => text(&line.document),
            "number" => text(&line.number),
            // A credit links to an invoice, never to a credit note; empty where no record says which it takes back.
            "invoice" => text(credit_of(pack, line).map_or(&line.document, |(id, _)| id)),
            "invoice_number" => text(credit_of(pack, line).map_or(&line.number, |(_, number)| number)),
            "line" => text(line.line.as_deref().unwrap_or_default()),
            "row" => row.to_string(),
            "original_date" => self.day(line.issued),
            "item" => text(line.item.as_deref().unwrap_or_default()),
            "quantity" => line.quantity.filter(|_| first).map_or(String::new(), |quantity| quantity.to_string()),
            "unit_price" => line.unit_price.filter(|_| first).map_or(String::new(), |price| price.to_string()),
            "net" => money(net),
            "tax" => money(tax),
            "gross" => money(net.plus_money(tax)),
            "jurisdiction" => text(part.and_then(|part| part.jurisdiction.as_deref()).unwrap_or_default()),
            "tax_rate" => part.and_then(|part| part.rate).map_or(String::new(), |rate| rate.to_string()),
            "issue_date" => self.day(issued),
            "account" => text(proposal.account.as_deref().unwrap_or_default()),
            "description" => text(&line.message),
            "reason_words" => text(&proposal.reason_words),
            "findings" => line.fingerprints.join(" "),
            "tax_of_proposal_once" if row > 1 => String::new(),
            "tax_of_proposal_once" => money(proposal.tax()),
            REFUND if row > 1 => String::new(),
            REFUND => {
                let refunds = proposal.uses.iter().filter(|one| matches!(one, Use::Refund { .. }));
                money(refunds.fold(Amount::money(0), |sum, one| sum.plus_money(one.amount())))
            }
            _ => String::new(),
        }
    }

    fn money(&self, amount: Amount, currency: &str) -> String {
        let places = minor_units(currency).unwrap_or(2);
        let written = amount.to_places(places);
        if !self.smallest {
            return written;
        }
        // An amount with a part of a cent stays as it is: the system refuses it, and nothing is rounded here.
        amount.units_at(places).map_or(written, |units| units.to_string())
    }

    fn day(&self, day: Option<Date>) -> String {
        let Some(day) = day else { return String::new() };
        let (year, month, of_month) = (day.year(), day.month(), day.day());
        match self.date {
            DateStyle::Iso => day.to_string(),
            DateStyle::MonthFirst => format!("{month:02}/{of_month:02}/{year:04}"),
            DateStyle::DayFirst => format!("{of_month:02}/{month:02}/{year:04}"),
        }
    }
}

impl Source {
    fn new(column: ColumnFile) -> Result<Self, (String, Option<std::ops::Range<usize>>)> {
        let header = &column.header;
        let lower = match column.case.as_deref() {
            None => false,
            Some("lower") => true,
            Some(other) => return Err((format!("column `{header}`: `{other}` is no case; there is lower"), None)),
        };
        match (column.from, column.constant) {
            (Some(name), None) if FIELDS.contains(&name.as_str()) || name == REFUND => Ok(Self::Field { name, lower }),
            (None, Some(constant)) => Ok(Self::Constant(constant)),
            (Some(name), None) => {
                Err((format!("column `{header}`: no field `{name}`; there are {}, {REFUND}", FIELDS.join(", ")), None))
            }
            _ => Err((format!("column `{header}` has either `from` or `constant`"), None)),
        }
    }
}

struct At<'a> {
    proposal: &'a Proposal,
    line: &'a Line,
    part: Option<&'a TaxPart>,
    first: bool,
    row: usize,
    issued: Option<Date>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_map_is_one() {
        for (name, text) in BUNDLED {
            assert!(Map::read(text).is_ok(), "{name}: {:?}", Map::read(text).err());
        }
    }

    #[test]
    fn what_is_wrong_with_a_map_is_said() {
        let wrong = |text: &str| Map::read(text).err().map(|(message, _)| message).unwrap_or_default();
        assert!(wrong("file = \"x\"\nactions = [\"gift\"]\ncolumns = []\n").contains("`gift` is no action"));
        assert!(wrong("file = \"x\"\nactions = []\ndate = \"y\"\ncolumns = []\n").contains("no way to write dates"));
        assert!(
            wrong("file = \"x\"\nactions = []\ncolumns = [{ header = \"a\", from = \"nett\" }]\n")
                .contains("no field `nett`")
        );
        assert!(
            wrong("file = \"x\"\nactions = []\ncolumns = [{ header = \"a\" }]\n")
                .contains("either `from` or `constant`")
        );
    }
}
