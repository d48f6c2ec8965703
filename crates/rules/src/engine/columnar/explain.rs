//! What the engine did, step by step, for `--explain-plan`.

use crate::plan::{Join, Plan};

/// Steps in the order in which they began.
#[derive(Default)]
pub(super) struct Steps {
    all: Vec<Step>,
    depth: usize,
}

struct Step {
    depth: usize,
    words: String,
    rows: Option<usize>,
}

impl Steps {
    /// A plan is lowered; what it rests upon comes deeper.
    pub fn begin(&mut self, plan: &Plan) -> usize {
        self.all.push(Step { depth: self.depth, words: words(plan), rows: None });
        self.depth += 1;
        self.all.len() - 1
    }

    /// It came to so many rows.
    pub fn end(&mut self, step: Option<usize>, rows: usize) {
        self.depth = self.depth.saturating_sub(1);
        if let Some(step) = step.and_then(|step| self.all.get_mut(step)) {
            step.rows = Some(rows);
        }
    }

    /// A plan that was lowered before.
    pub fn again(&mut self, plan: &Plan, rows: usize) {
        self.all.push(Step { depth: self.depth, words: format!("{} (shared)", words(plan)), rows: Some(rows) });
    }

    /// An index over stored columns.
    pub fn index(&mut self, keys: &str, rows: usize, shared: bool) {
        let words = format!("index by {keys}{}", if shared { " (shared)" } else { "" });
        self.all.push(Step { depth: self.depth, words, rows: Some(rows) });
    }

    /// The steps as lines, and none from here on.
    pub fn take(&mut self) -> Vec<String> {
        let line = |step: Step| {
            let rows = step.rows.map_or_else(|| "–".to_owned(), |rows| rows.to_string());
            format!("{rows:>12}  {}{}", "  ".repeat(step.depth), step.words)
        };
        self.depth = 0;
        std::mem::take(&mut self.all).into_iter().map(line).collect()
    }
}

fn words(plan: &Plan) -> String {
    let pairs = |on: &[(String, String)]| {
        on.iter().map(|(own, theirs)| format!("{own} = {theirs}")).collect::<Vec<_>>().join(" and ")
    };
    match plan {
        Plan::Scan { population, .. } => format!("{population}, all records"),
        Plan::Rows(_) => "given rows".to_owned(),
        Plan::Filter(..) => "rows that meet a condition".to_owned(),
        Plan::Project(..) | Plan::Extend(..) => "columns".to_owned(),
        Plan::Once(_, names) => format!("computed once: {}", names.join(", ")),
        Plan::InForce(force) => format!("row in force by {}", pairs(&force.on)),
        Plan::Part { number, of, .. } => format!("part {} of {of}", number + 1),
        Plan::Among { .. } => "rows that were tested".to_owned(),
        Plan::Repeated { keys, times, .. } => format!("rows of which {times} have the same {}", keys.join(", ")),
        Plan::Neighbours { keys, number, .. } => format!("neighbours of {number} by {}", keys.join(", ")),
        Plan::Join { on, how, .. } => {
            let how = match how {
                Join::Inner => "pairs by",
                Join::Left => "beside by",
                Join::Semi => "rows with a match by",
                Join::Anti => "rows without a match by",
            };
            format!("{how} {}", pairs(on))
        }
        Plan::Aggregate { keys, .. } if keys.is_empty() => "all rows summed".to_owned(),
        Plan::Aggregate { keys, .. } => format!("groups by {}", keys.join(", ")),
        Plan::Union(_) => "rows of several".to_owned(),
        Plan::Unique { keys, .. } => format!("one row for each {}", keys.join(", ")),
    }
}
