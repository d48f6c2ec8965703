//! A word of a column taken as another one, after loading: what the files say stays in the files, and `locate` finds it there.

use polars::prelude::PolarsResult;
use tieout_model::types::Physical;

use crate::packed::{Packing, Table};
use crate::store::{Frame, REC, Store, UNREADABLE};

impl Store {
    /// Takes every cell `from` of a text column as `to`. Nothing happens where the population or the column is not there.
    pub fn restate(&mut self, population: &str, column: &str, from: &str, to: &str) -> PolarsResult<()> {
        let Some(code) = self.texts.find(from) else { return Ok(()) };
        let other = self.texts.code(to);
        let Some(population) = self.populations.get_mut(population) else { return Ok(()) };
        if !population.columns.contains_key(column) {
            return Ok(());
        }
        let mut table = match &population.frame {
            Frame::Memory(table) => table.clone(),
            // Of what lies on disk, the columns that are mapped.
            Frame::Disk(..) => {
                let mut names = vec![(REC.to_owned(), Physical::Units)];
                for stored in population.columns.values() {
                    names.push((stored.name.clone(), stored.ty.physical()));
                    let companion = || (format!("{}{UNREADABLE}", stored.name), Physical::Bool);
                    names.extend(stored.has_unreadable.then(companion));
                }
                let (names, physical): (Vec<String>, Vec<Physical>) = names.into_iter().unzip();
                let mut packing: Vec<Packing> = physical.into_iter().map(Packing::new).collect();
                population.frame.visit(&names, |piece| {
                    let mut columns = packing.iter_mut().zip(&names);
                    columns.try_for_each(|(packing, name)| packing.append_stored(piece.column(name)?))
                })?;
                let columns = packing.into_iter().zip(names).map(|(packing, name)| (name, packing.finish().into()));
                Table::new(usize::try_from(population.records).unwrap_or(0), columns.collect())
            }
        };
        let Some(codes) = table.column(column) else { return Ok(()) };
        let restated = codes.changed(|cell| if cell == i64::from(code) { i64::from(other) } else { cell });
        table.replace(column, restated);
        population.frame = Frame::Memory(table);
        Ok(())
    }
}
