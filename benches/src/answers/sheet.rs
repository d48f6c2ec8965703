//! A plain export as rows by header.

use std::path::Path;

use crate::Result;

/// An export.
pub struct Sheet {
    header: Vec<String>,
    /// Cells in the order of the header.
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// Reads a file. Fails if it is not there: answers are made for plain exports.
    pub fn read(path: &Path) -> Result<Self> {
        let mut reader = csv::Reader::from_path(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let header = reader.headers()?.iter().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for row in reader.records() {
            rows.push(row?.iter().map(str::to_owned).collect());
        }
        Ok(Self { header, rows })
    }

    /// Writes it back.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut writer = csv::Writer::from_path(path)?;
        writer.write_record(&self.header)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        Ok(writer.flush()?)
    }

    /// The place of a column. Fails for dressed exports, which have headers of their own.
    pub fn column(&self, name: &str) -> Result<usize> {
        let place = self.header.iter().position(|header| header == name);
        Ok(place.ok_or_else(|| format!("no column {name}: answers are made for plain exports"))?)
    }

    /// Rows whose columns have these values.
    pub fn find(&self, wanted: &[(&str, &str)]) -> Result<Option<&Vec<String>>> {
        let mut places = Vec::new();
        for (name, value) in wanted {
            places.push((self.column(name)?, *value));
        }
        Ok(self.rows.iter().find(|row| places.iter().all(|(at, value)| row[*at] == *value)))
    }

    /// Adds a row: another one, or an empty one, with some cells changed.
    pub fn add(&mut self, like: Option<&Vec<String>>, cells: &[(&str, String)]) -> Result<()> {
        let mut row = like.cloned().unwrap_or_else(|| vec![String::new(); self.header.len()]);
        for (name, value) in cells {
            let at = self.column(name)?;
            row[at].clone_from(value);
        }
        self.rows.push(row);
        Ok(())
    }

    /// The largest number behind a prefix in a column.
    pub fn last(&self, name: &str, prefix: &str) -> Result<u64> {
        let at = self.column(name)?;
        let numbers = self.rows.iter().filter_map(|row| row[at].strip_prefix(prefix)?.parse().ok());
        Ok(numbers.max().unwrap_or(0))
    }
}
