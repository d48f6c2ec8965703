//! The populations with their control totals, and the files that they were made of.

use rust_xlsxwriter::XlsxError;
use tieout_model::report::PopulationFacts;
use tieout_model::{Amount, AuditReport};

use super::cell::Cell;
use super::style::Look;
use super::table::{Setting, Sheet, Spec, Table, column, figures};
use crate::format::text::sources::agreement;
use crate::layout::count;

pub(super) fn write(report: &AuditReport, setting: &mut Setting) -> Result<Vec<Sheet>, XlsxError> {
    let words = if report.completeness_established {
        "Completeness of the extract was established against the sender's figures."
    } else {
        "Completeness of the extract was not established: ask the sender for the number of records and their total."
    };
    let spec = Spec {
        name: "Sources",
        intro: vec![(vec![Cell::text(words)], Look::Strong)],
        columns: vec![
            column("Population", 24),
            column("Files", 30),
            figures("Read", 10),
            figures("Kept", 10),
            figures("Excluded", 9),
            figures("Elsewhere", 10),
            figures("Merged", 9),
            column("Sum of", 16),
            figures("Total as read", 20),
            figures("Without amount", 9),
            figures("Sender's count", 10),
            figures("Sender's total", 18),
            column("Agreement", 26),
            column("Extract from", 11),
            column("Extract to", 11),
            column("Unreadable cells", 24),
            column("Headers not used", 24),
        ],
        validations: Vec::new(),
        pages_wide: 1,
    };
    let mut table = Table::begin(setting, spec)?;
    for population in &report.populations {
        let totals = &population.control.totals;
        let mut sums: Vec<_> = totals.iter().map(|(currency, units)| Some((currency, *units))).collect();
        if sums.is_empty() {
            sums.push(None);
        }
        // Several currencies: a line each, the counts on the first only.
        for (index, sum) in sums.into_iter().enumerate() {
            let total =
                sum.map_or(Cell::Empty, |(currency, units)| Cell::Money(Amount::money(units), currency.clone()));
            let mut cells = facts(report, population, total);
            if index > 0 {
                cells
                    .iter_mut()
                    .enumerate()
                    .filter(|(at, _)| ![0, 8].contains(at))
                    .for_each(|(_, cell)| *cell = Cell::Empty);
            }
            table.line(&cells, Look::Plain)?;
        }
    }
    table.end()
}

fn facts(report: &AuditReport, population: &PopulationFacts, total: Cell) -> Vec<Cell> {
    let PopulationFacts { name, sources, read, kept, excluded, elsewhere, merged, control, extract, .. } = population;
    let files = sources.iter().filter_map(|index| report.sources.get(usize::try_from(*index).ok()?));
    let files: Vec<_> = files.map(|file| file.path.as_str()).collect();
    let mut agreements = Vec::new();
    if let Some(stated) = control.control_records {
        agreements.push(if stated == *kept { "count agrees".to_owned() } else { "count differs".to_owned() });
    }
    if let Some(stated) = control.control_total {
        agreements.push(format!("total {}", agreement(stated, &control.totals)));
    }
    if agreements.is_empty() {
        agreements.push("no figure of the sender".to_owned());
    }
    let currency = control.totals.keys().next().filter(|_| control.totals.len() == 1);
    let stated = match (control.control_total, currency) {
        (Some(total), Some(currency)) => Cell::Money(total, currency.clone()),
        (Some(total), None) => Cell::Number(total),
        (None, _) => Cell::Empty,
    };
    let unreadable: Vec<_> =
        population.unreadable.iter().map(|(column, cells)| format!("{column}: {}", count(*cells))).collect();
    vec![
        Cell::text(name.as_str()),
        Cell::text(files.join(", ")),
        Cell::Count(*read),
        Cell::Count(*kept),
        Cell::Count(*excluded),
        Cell::Count(*elsewhere),
        Cell::Count(*merged),
        Cell::optional(control.column.as_deref()),
        total,
        if control.column.is_some() { Cell::Count(control.without_amount) } else { Cell::Empty },
        control.control_records.map_or(Cell::Empty, Cell::Count),
        stated,
        Cell::text(agreements.join("; ")),
        Cell::day(extract.map(|window| window.from)),
        Cell::day(extract.map(|window| window.to.add_days(-1))),
        Cell::text(unreadable.join("; ")),
        Cell::text(population.unmapped.join(", ")),
    ]
}

/// The files as received.
pub(super) fn write_files(report: &AuditReport, setting: &mut Setting) -> Result<Vec<Sheet>, XlsxError> {
    let spec = Spec {
        name: "Files",
        intro: vec![(vec![Cell::text("Files as received; the hash is BLAKE3 of their bytes.")], Look::Intro)],
        columns: vec![
            column("File", 40),
            column("Hash", 68),
            figures("Bytes", 16),
            figures("Records read", 12),
            figures("Records excluded", 12),
            column("Why excluded", 40),
        ],
        validations: Vec::new(),
        pages_wide: 1,
    };
    let mut table = Table::begin(setting, spec)?;
    for file in &report.sources {
        let excluded = file.excluded.iter().map(|(_, records)| records).sum();
        let reasons: Vec<_> =
            file.excluded.iter().map(|(reason, records)| format!("{reason}: {}", count(*records))).collect();
        let cells = [
            Cell::text(file.path.as_str()),
            Cell::text(file.hash.as_str()),
            Cell::Count(file.bytes),
            Cell::Count(file.read),
            Cell::Count(excluded),
            Cell::text(reasons.join("; ")),
        ];
        table.line(&cells, Look::Plain)?;
    }
    table.end()
}
