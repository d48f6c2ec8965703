//! Planted errors and legal look-alikes: each a small story of its own, mostly with an account of its own, so that no
//! story explains or disturbs another.

mod books;
mod cash;
mod credits;
mod double;
mod letters;
mod supply;
mod taxes;

use tieout_model::Date;

use crate::Result;
use crate::company::{day, period_from};
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

fn all() -> Vec<Episode> {
    let mut all = double::all();
    all.extend(credits::all());
    all.extend(cash::all());
    all.extend(letters::all());
    all.extend(taxes::all());
    all.extend(books::all());
    all.extend(supply::all());
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
