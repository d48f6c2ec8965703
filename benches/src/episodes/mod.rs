//! Planted errors and legal look-alikes: each a small story of its own, mostly with an account of its own, so that no
//! story explains or disturbs another.

mod accounts;
mod books;
mod cash;
mod credits;
mod dates;
mod double;
mod ends;
mod fees;
mod figures;
mod forgotten;
mod letters;
mod meters;
mod orders;
mod papers;
mod places;
mod plans;
mod prices;
mod rebills;
mod remitted;
mod repaid;
mod returns;
mod signs;
mod supply;
mod taxes;

use tieout_model::Date;

use crate::Result;
use crate::company::{NE, day, period_from};
use crate::deal::Paying;
use crate::document::Document;
use crate::labels::{Kind, Stake};
use crate::layout::Of;
use crate::rng::Rng;
use crate::world::World;

/// A story: when it may begin, and what happens.
pub struct Episode {
    from: Date,
    to: Date,
    run: fn(&mut World) -> Result<()>,
}

/// A day of October 2026, the period under audit.
fn october(of_month: i8) -> Date {
    day(2026, 10, of_month)
}

fn within(from: i8, to: i8, run: fn(&mut World) -> Result<()>) -> Episode {
    Episode { from: october(from), to: october(to), run }
}

/// In the period, with time for what follows.
fn usual(run: fn(&mut World) -> Result<()>) -> Episode {
    within(2, 18, run)
}

/// On a day of the month before.
fn before(from: i8, to: i8, run: fn(&mut World) -> Result<()>) -> Episode {
    let start = period_from().add_months(-1);
    Episode { from: start.add_days(i32::from(from) - 1), to: start.add_days(i32::from(to) - 1), run }
}

/// Labels an error of its own.
fn plant(world: &mut World, rule: &str, of: Of, key: &str, stake: Stake) -> Result<()> {
    world.label(Kind::Planted, rule, (of, key), stake)
}

/// Labels what is found as well because of another error.
fn follows(world: &mut World, cause: &'static str, rule: &str, of: Of, key: &str, stake: Stake) -> Result<()> {
    world.label(Kind::Consequence(cause), rule, (of, key), stake)
}

/// Labels what only looks like an error.
fn alike(world: &mut World, rule: &str, of: Of, key: &str) -> Result<()> {
    world.label(Kind::LookAlike, rule, (of, key), None)
}

/// Writes bills, or keeps them until their day.
fn post(world: &mut World, bills: impl IntoIterator<Item = Document>) -> Result<()> {
    for bill in bills {
        world.post(bill)?;
    }
    Ok(())
}

/// Sixteen brackets to a fresh account: 200.00 before tax.
fn sold(world: &mut World) -> Result<Document> {
    let customer = world.newcomer(NE, |_| ())?;
    world.sale(customer, &[(0, 16_000)])
}

/// The same, paid in full a few days later.
fn paid(world: &mut World) -> Result<Document> {
    let mut bill = sold(world)?;
    let (day, gross) = (bill.date.add_days(3), bill.gross);
    world.pay(&mut bill, day, gross, Paying::default())?;
    Ok(bill)
}

fn all() -> Vec<Episode> {
    let mut all = double::all();
    all.extend(credits::all());
    all.extend(cash::all());
    all.extend(letters::all());
    all.extend(taxes::all());
    all.extend(books::all());
    all.extend(supply::all());
    all.extend(figures::all());
    all.extend(signs::all());
    all.extend(dates::all());
    all.extend(fees::all());
    all.extend(repaid::all());
    all.extend(remitted::all());
    all.extend(rebills::all());
    all.extend(returns::all());
    all.extend(orders::all());
    all.extend(prices::all());
    all.extend(accounts::all());
    all.extend(forgotten::all());
    all.extend(places::all());
    all.extend(papers::all());
    all.extend(plans::all());
    all.extend(ends::all());
    all.extend(meters::all());
    all
}

/// How often each episode has run, and how often it shall.
pub struct Schedule {
    slots: Vec<(Episode, u64, i64)>,
    count: u64,
}

impl Schedule {
    /// Every episode `count` times, spread over its days from a random phase.
    pub fn new(count: u64, rng: &mut Rng) -> Self {
        let slot = |episode: Episode| {
            let days = i64::from(episode.to.0 - episode.from.0) + 1;
            (episode, 0, rng.range(0, days - 1))
        };
        Self { slots: all().into_iter().map(slot).collect(), count }
    }

    /// Runs what is due today.
    pub fn run(&mut self, world: &mut World) -> Result<()> {
        let today = world.today;
        for (episode, done, phase) in &mut self.slots {
            if today < episode.from || today > episode.to {
                continue;
            }
            let days = u64::from(episode.to.0.abs_diff(episode.from.0)) + 1;
            let passed = u64::from(today.0.abs_diff(episode.from.0)) + 1;
            let due = (self.count * passed + phase.unsigned_abs()) / days;
            while *done < due.min(self.count) {
                *done += 1;
                (episode.run)(world)?;
            }
        }
        Ok(())
    }
}
