//! A bar on standard error for each stage, with its rate and the time that is left; none where nobody looks.

use std::cell::RefCell;
use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shows how far a stage is.
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar of bytes read if standard error is a terminal and it is wanted.
    pub fn new(quiet: bool) -> Self {
        Self::with(quiet, "{bar:24} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left  {wide_msg}")
    }

    /// A bar of rules run.
    pub fn of_rules(quiet: bool, rules: u64) -> Self {
        let progress = Self::with(quiet, "{bar:24} {pos}/{len} rules  {per_sec}  {eta} left  {wide_msg}");
        progress.bar.iter().for_each(|bar| bar.set_length(rules));
        progress
    }

    fn with(quiet: bool, template: &str) -> Self {
        if quiet || !stderr().is_terminal() {
            return Self { bar: None };
        }
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: Some(ProgressBar::new(0).with_style(style)) }
    }

    /// `done` of `total` bytes, now at `what`.
    pub fn report(&self, what: &str, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(tieout_report::visible(what).into_owned());
        }
    }

    /// `done` are done, now at `what`.
    pub fn at(&self, what: &str, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(tieout_report::visible(what).into_owned());
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// When each stage of an audit began.
#[derive(Default)]
pub struct Stages {
    begun: RefCell<Vec<Begun>>,
}

struct Begun {
    stage: String,
    at: Instant,
    /// Milliseconds that all threads have computed by then; 0 where the system does not say.
    computed: u64,
    /// Megabytes held; 0 where the system does not say.
    held: u64,
}

impl Stages {
    /// A stage begins; the one before it is over.
    #[expect(clippy::disallowed_methods, reason = "how long it took is no part of the result")]
    pub fn begin(&self, stage: &str) {
        let begun = Begun { stage: stage.to_owned(), at: Instant::now(), computed: computed(), held: held() };
        self.begun.borrow_mut().push(begun);
    }

    /// The stages, the longest first, with wall clock, computing time and the memory held at its end; the last one lasts until now.
    pub fn say(&self) {
        self.begin("");
        let begun = self.begun.borrow();
        let mut took: Vec<(Duration, u64, u64, &str)> = begun
            .windows(2)
            .map(|pair| {
                let (this, next) = (&pair[0], &pair[1]);
                (next.at - this.at, next.computed - this.computed, next.held, this.stage.as_str())
            })
            .collect();
        took.sort_by(|a, b| b.cmp(a));
        for (time, computed, held, stage) in took {
            crate::say::line(&format!("{:>8} ms  {computed:>8} CPU ms  {held:>6} MB  {stage}", time.as_millis()));
        }
    }
}

/// Milliseconds that this process has computed, in hundredths of a second: Linux only, elsewhere 0.
fn computed() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    ticks.sum::<u64>() * 10
}

/// Megabytes that this process holds: Linux only, elsewhere 0.
fn held() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}
