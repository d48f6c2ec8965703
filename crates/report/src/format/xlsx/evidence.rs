//! The records behind each finding, side by side: the wrong item, and beside it what it is compared with, cell by cell.
//!
//! A block has the wrong item and up to two others; further records follow in further blocks, each beside the wrong item again.
//! Each record shows its cells as understood and as received. The last column is a live difference of the two measures.

use std::collections::HashMap;

use rust_xlsxwriter::XlsxError;
use rust_xlsxwriter::utility::row_col_to_cell;
use tieout_model::{Amount, AuditReport, Evidence};

use super::cell::{Cell, decimals, is_number};
use super::style::Look;
use super::table::{Setting, Sheet, Spec, Table, column, figures};
use super::{Listed, measures, phrases};

/// Where the wrong item's cells stand: number of the finding and column to a reference and its value.
pub(super) type Places = HashMap<(u64, String), (String, Amount)>;

/// Records beside the wrong item in one block.
const BESIDE: usize = 2;
/// The first column of records.
const FIRST: u16 = 3;

pub(super) fn write(
    report: &AuditReport,
    list: &[Listed<'_>],
    setting: &mut Setting,
) -> Result<(Vec<Sheet>, Places), XlsxError> {
    let words =
        "Filter by number to see one finding. Left the wrong item, beside it the records that it is compared with.";
    let spec = Spec {
        name: "Evidence",
        intro: vec![(vec![Cell::text(words)], Look::Intro)],
        columns: vec![
            figures("No.", 6),
            column("Rule", 27),
            column("Column", 22),
            column("The item", 24),
            column("as received", 22),
            column("Beside it", 24),
            column("as received", 22),
            column("and", 24),
            column("as received", 22),
            figures("Item less beside it", 16),
        ],
        validations: Vec::new(),
        pages_wide: 1,
    };
    let headers = headers(report);
    let mut table = Table::begin(setting, spec)?;
    let mut places = Places::new();
    for listed in list {
        let Some((item, others)) = listed.finding.evidence.split_first() else { continue };
        let mut rest = others.chunks(BESIDE);
        block(report, &headers, listed, item, rest.next().unwrap_or_default(), &mut table, &mut places)?;
        for others in rest {
            block(report, &headers, listed, item, others, &mut table, &mut places)?;
        }
    }
    Ok((table.end()?, places))
}

/// The file's own header by population and canonical column.
fn headers(report: &AuditReport) -> HashMap<(&str, &str), Vec<&str>> {
    let mut headers: HashMap<_, Vec<&str>> = HashMap::new();
    for population in &report.populations {
        for (canonical, from) in &population.mapped {
            if let Some(header) = from.strip_prefix("header \"").and_then(|rest| rest.strip_suffix('"')) {
                headers.entry((population.name.as_str(), canonical.as_str())).or_default().push(header);
            }
        }
    }
    headers
}

fn block(
    report: &AuditReport,
    headers: &HashMap<(&str, &str), Vec<&str>>,
    listed: &Listed<'_>,
    item: &Evidence,
    others: &[Evidence],
    table: &mut Table<'_>,
    places: &mut Places,
) -> Result<(), XlsxError> {
    let records: Vec<&Evidence> = std::iter::once(item).chain(others).collect();
    let mut columns: Vec<&str> = Vec::new();
    for (name, _) in records.iter().flat_map(|record| cells(record)) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let lines = u32::try_from(columns.len() + 1).unwrap_or(u32::MAX);
    let (sheet, head) = table.place(lines)?;
    let lead = [Cell::Count(listed.number), Cell::text(listed.finding.rule.as_str())];
    let mut cells: Vec<Cell> = lead.to_vec();
    cells.push(Cell::text("record"));
    for record in &records {
        cells.push(Cell::text(format!("{}: {}", record.role, record.population)));
        cells.push(Cell::text(phrases::place(report, record)));
    }
    cells.resize(usize::from(FIRST) + 2 * (BESIDE + 1) + 1, Cell::Empty);
    table.line(&cells, Look::Block)?;
    for (row, column) in (head + 1..).zip(columns) {
        let mut cells: Vec<Cell> = lead.to_vec();
        cells.push(Cell::text(column));
        for record in &records {
            cells.extend(value(headers, record, column));
        }
        cells.resize(usize::from(FIRST) + 2 * (BESIDE + 1), Cell::Empty);
        cells.push(difference(row, &cells[usize::from(FIRST)], &cells[usize::from(FIRST) + 2]));
        if let Cell::Number(amount) = &cells[usize::from(FIRST)] {
            let reference = format!("'{sheet}'!{}", row_col_to_cell(row, FIRST));
            places.entry((listed.number, column.to_owned())).or_insert((reference, *amount));
        }
        table.line(&cells, Look::Plain)?;
    }
    Ok(())
}

/// Cells as understood; as received where nothing was understood.
fn cells(record: &Evidence) -> &[(String, String)] {
    if record.cells.is_empty() { &record.received } else { &record.cells }
}

/// As understood and as received.
fn value(headers: &HashMap<(&str, &str), Vec<&str>>, record: &Evidence, column: &str) -> [Cell; 2] {
    let Some((_, understood)) = cells(record).iter().find(|(name, _)| name == column) else {
        return [Cell::Empty, Cell::Empty];
    };
    let names = headers.get(&(record.population.as_str(), column));
    let received = names
        .into_iter()
        .flatten()
        .find_map(|header| record.received.iter().find(|(name, _)| name == header).map(|(_, cell)| cell.as_str()));
    [measures::understood(column, understood), Cell::optional(received)]
}

/// The item's measure less the other's, live.
fn difference(row: u32, item: &Cell, other: &Cell) -> Cell {
    let (Cell::Number(left), Cell::Number(right)) = (item, other) else { return Cell::Empty };
    let scale = left.scale.max(right.scale);
    let units = left.units_at(scale).ok().zip(right.units_at(scale).ok()).and_then(|(one, two)| one.checked_sub(two));
    let Some(result) = units.map(|units| Amount::new(units, scale)) else { return Cell::Empty };
    if ![*left, *right, result].into_iter().all(is_number) {
        return Cell::Number(result);
    }
    let places = decimals(*left).max(decimals(*right));
    let (one, two) = (row_col_to_cell(row, FIRST), row_col_to_cell(row, FIRST + 2));
    Cell::Formula(format!("=ROUND({one}-{two},{places})"), Box::new(Cell::Number(result)))
}
