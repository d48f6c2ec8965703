//! What was planted: one row a finding that must come, or a record that must stay silent.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use crate::Result;
use crate::money::{Currency, decimal};

/// Why a label is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An error of its own.
    Planted,
    /// Found as well because of another planted error: the rule that names that one.
    Consequence(&'static str),
    /// Looks like an error and is none.
    LookAlike,
}

/// Money at stake of a label: the effect's class, minor units, currency.
pub type Stake = Option<(&'static str, i64, Currency)>;

/// Writes `labels.csv`.
pub struct Labels(csv::Writer<BufWriter<File>>);

impl Labels {
    /// Creates the file.
    pub fn create(path: &Path) -> Result<Self> {
        let mut writer = csv::Writer::from_writer(BufWriter::new(File::create(path)?));
        writer.write_record(["rule", "population", "key", "class", "amount", "currency", "kind", "cause"])?;
        Ok(Self(writer))
    }

    /// Adds a label.
    pub fn add(&mut self, kind: Kind, rule: &str, population: &str, key: &str, stake: Stake) -> Result<()> {
        let (name, cause) = match kind {
            Kind::Planted => ("planted", ""),
            Kind::Consequence(cause) => ("consequence", cause),
            Kind::LookAlike => ("look-alike", ""),
        };
        let (class, amount, currency) = match stake {
            Some((class, units, currency)) => {
                (class, decimal(i128::from(units), currency.decimals(), '.'), currency.code())
            }
            None => ("", String::new(), ""),
        };
        Ok(self.0.write_record([rule, population, key, class, &amount, currency, name, cause])?)
    }

    /// Writes what is buffered.
    pub fn finish(mut self) -> Result<()> {
        Ok(self.0.flush()?)
    }
}
