//! Rate tables for a screen, and the disagreements of sources for a spreadsheet.

use std::io::{self, Write};

use csv::{QuoteStyle, WriterBuilder};
use tieout_model::amount::RATE_SCALE;
use tieout_model::rates::{Disagreement, RateSource};
use tieout_model::{Amount, Date};

use crate::format::csv::text;
use crate::layout::{visible, wrap};

/// Lines of a list on a screen.
const SHOWN: usize = 20;

/// Two sources.
pub struct Compared {
    /// Name of the first.
    pub left: String,
    /// Name of the second.
    pub right: String,
    /// In order of jurisdiction, class, day.
    pub list: Vec<Disagreement>,
}

/// What is asked for.
pub struct Look<'a> {
    /// A day on which rates are in force.
    pub on: Option<Date>,
    /// One jurisdiction alone.
    pub jurisdiction: Option<&'a str>,
    /// The sources.
    pub sources: &'a [RateSource],
    /// Each pair of them.
    pub compared: &'a [Compared],
}

/// Writes it for a screen of 80 columns.
pub fn render(look: &Look<'_>, out: &mut dyn Write) -> io::Result<()> {
    let is_asked = |id: &str| look.jurisdiction.is_none_or(|wanted| wanted == id);
    for source in look.sources {
        writeln!(out, "{}", visible(&source.name))?;
        writeln!(
            out,
            "  {} records, {} rates of {} jurisdictions",
            source.records,
            source.rates.len(),
            source.jurisdictions()
        )?;
        for remark in source.remarks.iter().take(SHOWN) {
            let words = format!("{}: {}", remark.kind, remark.text);
            for (at, line) in wrap(&words, 78, 74).iter().enumerate() {
                writeln!(out, "{}{line}", if at == 0 { "  " } else { "      " })?;
            }
        }
        more(source.remarks.len(), out)?;
        if let Some(day) = look.on {
            let all: Vec<_> = source.on(day).filter(|rate| is_asked(&rate.jurisdiction)).collect();
            writeln!(out, "  in force on {day}")?;
            for rate in all.iter().take(SHOWN) {
                let to = rate.to.map_or_else(|| "open".to_owned(), |to| to.add_days(-1).to_string());
                let (place, class, scope) = (visible(&rate.jurisdiction), visible(&rate.class), visible(&rate.scope));
                writeln!(
                    out,
                    "    {place:<16} {class:<11} {scope:<10} {:>9}  {} to {to}",
                    percent(rate.rate),
                    rate.from
                )?;
            }
            more(all.len(), out)?;
        }
    }
    for pair in look.compared {
        writeln!(out, "\n{} against {}", visible(&pair.left), visible(&pair.right))?;
        let list: Vec<_> = pair.list.iter().filter(|one| is_asked(&one.jurisdiction)).collect();
        if list.is_empty() {
            writeln!(out, "  no disagreement where both have rates")?;
        }
        for one in list.iter().take(SHOWN) {
            let to = one.to.map_or_else(|| "today".to_owned(), |to| to.add_days(-1).to_string());
            let or_none = |rate: Option<i128>| rate.map_or_else(|| "none".to_owned(), percent);
            let (place, class) = (visible(&one.jurisdiction), visible(&one.class));
            writeln!(
                out,
                "  {place:<12} {class:<12} {} to {to:<10} {:>9} {:>9}",
                one.from,
                or_none(one.left),
                or_none(one.right)
            )?;
        }
        more(list.len(), out)?;
    }
    Ok(())
}

fn more(length: usize, out: &mut dyn Write) -> io::Result<()> {
    if length > SHOWN {
        writeln!(out, "    and {} more", length - SHOWN)?;
    }
    Ok(())
}

fn percent(rate: i128) -> String {
    format!("{} %", Amount::new(rate, RATE_SCALE - 2).to_places(0))
}

/// Writes every disagreement; the last day is that of the days themselves.
pub fn table(compared: &[Compared], out: &mut dyn Write) -> io::Result<()> {
    let mut table = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(out);
    #[rustfmt::skip]
    table.write_record(["left", "right", "jurisdiction", "class", "scope", "from", "last_day", "rate_left", "rate_right"])?;
    for pair in compared {
        for one in &pair.list {
            let rate =
                |rate: Option<i128>| rate.map_or_else(String::new, |rate| Amount::new(rate, RATE_SCALE).to_places(0));
            table.write_record([
                text(&pair.left),
                text(&pair.right),
                text(&one.jurisdiction),
                text(&one.class),
                text(&one.scope),
                one.from.to_string(),
                one.to.map_or_else(String::new, |to| to.add_days(-1).to_string()),
                rate(one.left),
                rate(one.right),
            ])?;
        }
    }
    table.flush()
}
