//! One export file: canonical columns, how the file shows them, and the totals of what was written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use tieout_model::Date;

use crate::Result;
use crate::layout::{DateStyle, Layout, Style};
use crate::money::{Currency, decimal};

/// A cell before it is written.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// Text as it is.
    Text(&'a str),
    /// A word of an enumeration, which the file may spell in its own way.
    Word(&'a str),
    /// Prefix and number.
    Id(&'static str, u64),
    /// A day.
    Day(Date),
    /// A scaled integer.
    Number(i64, u8),
    /// A plain integer.
    Count(u64),
}

impl Cell<'_> {
    /// An id, or nothing for 0.
    pub fn id(prefix: &'static str, number: u64) -> Self {
        if number == 0 { Self::Empty } else { Self::Id(prefix, number) }
    }

    /// A day, or nothing.
    pub fn day(date: Option<Date>) -> Self {
        date.map_or(Self::Empty, Self::Day)
    }
}

/// An id as it is written.
pub fn id(prefix: &str, number: u64) -> String {
    format!("{prefix}{number:06}")
}

/// An export file under way.
pub struct Table {
    /// What it holds.
    pub layout: &'static Layout,
    /// How it shows it.
    pub style: Style,
    /// Records written.
    pub records: u64,
    /// Sum of the control column in minor units.
    pub sums: BTreeMap<Currency, i128>,
    writer: csv::Writer<BufWriter<File>>,
    text: String,
}

impl Table {
    /// Creates the file and writes its header.
    pub fn create(folder: &Path, layout: &'static Layout, style: Style, name: &str) -> Result<Self> {
        let file = BufWriter::with_capacity(1 << 18, File::create(folder.join(name))?);
        let mut writer = csv::WriterBuilder::new().delimiter(style.delimiter).from_writer(file);
        writer.write_record(layout.columns.iter().map(|column| style.header(column)))?;
        Ok(Self { layout, style, records: 0, sums: BTreeMap::new(), writer, text: String::new() })
    }

    /// Writes a record; `control` is its amount in the control column.
    pub fn write(&mut self, cells: &[Cell<'_>], control: Option<(Currency, i64)>) -> Result<()> {
        for (cell, column) in cells.iter().zip(self.layout.columns) {
            self.text.clear();
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => self.text.push_str(text),
                Cell::Word(word) => self.text.push_str(self.style.word(self.layout, column.0, word)),
                Cell::Id(prefix, number) => write!(self.text, "{prefix}{number:06}")?,
                Cell::Count(count) => write!(self.text, "{count}")?,
                Cell::Number(units, decimals) => {
                    self.text.push_str(&decimal(i128::from(*units), *decimals, self.style.decimal_mark));
                }
                Cell::Day(date) => match self.style.dates {
                    DateStyle::Iso => write!(self.text, "{date}")?,
                    DateStyle::Slashes => {
                        write!(self.text, "{:02}/{:02}/{}", date.month(), date.day(), date.year())?;
                    }
                    DateStyle::Dots => write!(self.text, "{:02}.{:02}.{}", date.day(), date.month(), date.year())?,
                },
            }
            self.writer.write_field(&self.text)?;
        }
        self.writer.write_record(None::<&[u8]>)?;
        self.records += 1;
        if let Some((currency, units)) = control {
            *self.sums.entry(currency).or_default() += i128::from(units);
        }
        Ok(())
    }

    /// Writes what is buffered.
    pub fn finish(&mut self) -> Result<()> {
        Ok(self.writer.flush()?)
    }
}
