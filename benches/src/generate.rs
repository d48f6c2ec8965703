//! The run: day by day, until the as-of day.

use std::path::Path;

use crate::Result;
use crate::company::{as_of, period_from};
use crate::drafts;
use crate::engagement;
use crate::episodes::Schedule;
use crate::labels::Kind;
use crate::layout::Of;
use crate::ledger;
use crate::master;
use crate::money::decimal;
use crate::ordinary;
use crate::table::Table;
use crate::world::{Settings, World};

/// Generates exports, labels and the engagement into a folder; the control totals, a line each.
pub fn generate(settings: &Settings, folder: &Path) -> Result<Vec<String>> {
    let mut world = World::open(settings.clone(), folder)?;
    master::write(&mut world)?;
    let subscriptions = ordinary::subscribe(&mut world)?;
    let mut schedule = Schedule::new(planted(settings), &mut world.rng);
    let end = period_from().add_months(1);
    let days = u64::from(world.from.0.abs_diff(end.0));
    let mut day = world.from;
    while day <= as_of() {
        world.begin(day)?;
        if day < end {
            ordinary::bill_subscriptions(&mut world, &subscriptions)?;
            schedule.run(&mut world)?;
            let passed = u64::from(world.from.0.abs_diff(day.0)) + 1;
            let due = u128::from(settings.lines) * u128::from(passed) / u128::from(days);
            while u128::from(world.tables[Of::InvoiceLine as usize].records) < due {
                ordinary::business(&mut world)?;
            }
        } else {
            ordinary::bill_subscriptions(&mut world, &subscriptions)?;
            if let Some(drafts) = settings.drafts.filter(|_| day == as_of().add_days(-2)) {
                drafts::write(&mut world, drafts, folder)?;
            }
        }
        day = day.add_days(1);
    }
    world.label_made(Kind::Planted, "control-total-differs", "control_total", engagement::WRONG_CONTROL)?;
    ledger::close(&mut world)?;
    let tables = world.finish()?;
    engagement::write(settings, &tables, folder)?;
    Ok(tables.iter().flat_map(totals).collect())
}

/// How often each episode runs: at least so often, else by the share of documents (two lines each, about).
fn planted(settings: &Settings) -> u64 {
    let months = settings.months.max(2).unsigned_abs();
    let documents = settings.lines / 2 / u64::from(months);
    settings.each.max(u64::try_from(u128::from(documents) * u128::from(settings.per_million) / 1_000_000).unwrap_or(0))
}

fn totals(table: &Table) -> Vec<String> {
    let population = table.layout.population;
    if table.sums.is_empty() {
        return vec![format!("{population} {} records", table.records)];
    }
    let sum = |(currency, units): (&crate::money::Currency, &i128)| {
        let total = decimal(*units, currency.decimals(), '.');
        format!("{population} {} records, total {total} {}", table.records, currency.code())
    };
    table.sums.iter().map(sum).collect()
}
