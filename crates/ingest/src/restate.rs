//! A word of a column taken as another one, after loading: what the files say stays in the files, and `locate` finds it there.

use polars::prelude::{DataFrame, IntoColumn as _, IntoSeries as _, PolarsResult, UInt32Chunked, col};

use crate::store::{Frame, REC, Store, UNREADABLE};
use crate::texts::NO_TEXT;

impl Store {
    /// Takes every cell `from` of a text column as `to`. Nothing happens where the population or the column is not there.
    pub fn restate(&mut self, population: &str, column: &str, from: &str, to: &str) -> PolarsResult<()> {
        let Some(code) = self.texts.find(from) else { return Ok(()) };
        let other = self.texts.code(to);
        let Some(population) = self.populations.get_mut(population) else { return Ok(()) };
        if !population.columns.contains_key(column) {
            return Ok(());
        }
        let mut frame: DataFrame = match &population.frame {
            Frame::Memory(frame) => frame.clone(),
            // Of what lies on disk, the columns that are mapped.
            Frame::Disk(..) => {
                let mut names = vec![REC.to_owned()];
                for stored in population.columns.values() {
                    names.push(stored.name.clone());
                    names.extend(stored.has_unreadable.then(|| format!("{}{UNREADABLE}", stored.name)));
                }
                population.frame.scan()?.select(names.into_iter().map(col).collect::<Vec<_>>()).collect()?
            }
        };
        let codes = frame.column(column)?.u32()?;
        let restated = codes.iter().map(|cell| match cell {
            Some(cell) if cell == code && cell != NO_TEXT => Some(other),
            cell => cell,
        });
        let restated: UInt32Chunked = restated.collect();
        frame.with_column(restated.into_series().with_name(column.into()).into_column())?;
        population.frame = Frame::Memory(frame);
        Ok(())
    }
}
