//! `overlap`: two records of one key hold for the same days: service periods billed twice, reference rows that contradict
//! each other.
//!
//! Days are half-open. `mode = "same"` finds equal periods, `"overlap"` (default) those that overlap without being equal,
//! so that the two never report one thing twice. Netting and the negative records of the population (a repair on the same
//! bill) come before judging. A record without an end runs to the start of the next one of its key, else without end.
//! Partition key: `key`.

use tieout_ingest::schema::schema;
use tieout_model::Code;

use super::build::{Build, Graded, Refusal, all_present, names};
use super::{Judge, Procedure};
use crate::catalog::Cause;
use crate::expr::Expr;
use crate::file::OverlapFile;
use crate::judge::overlap::{self, Mode, Terms};
use crate::value::Ty;

/// Plans the check.
pub fn plan(file: &OverlapFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    let mode = match file.mode.as_ref().map(|mode| mode.as_ref().as_str()) {
        None | Some("overlap") => Mode::Overlapping,
        Some("same") => Mode::Same,
        Some(other) => {
            if let Some(mode) = &file.mode {
                let message = format!("`{other}` is not a mode; modes are `overlap` and `same`");
                build.complain(Code::RuleSyntax, mode, message);
            }
            Mode::Overlapping
        }
    };
    let mut extra = build.parts("key", &file.key);
    let key = names(&extra);
    extra.extend(build.parts("order", &file.order));
    extra.extend(build.parts("differs", &file.differs));
    let start = build.date(&file.start);
    extra.push(("~start".to_owned(), start.clone()));
    let end = build.date(&file.end);
    extra.push(("~end".to_owned(), end.clone()));
    if let Some(sign) = &file.sign {
        let sign = build.number(sign);
        extra.push(("~sign".to_owned(), sign));
    }
    if let Some(amount) = &file.amount {
        let amount = build.number(amount);
        extra.push(("~amount".to_owned(), amount));
    }
    if file.net {
        build.nets();
    }
    build.settled()?;
    // A candidate has a whole key and a first day; without them it is not tested.
    let mut exception =
        all_present(extra.iter().filter(|(name, _)| key.contains(name)).map(|(_, part)| part).chain([&start]));
    // An empty end means something (`running`, `open end`) where the schema says so; else it is unknown.
    let open = schema()
        .get(&build.scope.population)
        .and_then(|population| population.column(file.end.as_ref()))
        .is_some_and(|column| column.empty_means.is_some());
    let mut graded = Graded::default();
    if !open {
        let lost = end.is_null();
        exception = Expr::case(vec![(lost.clone(), Expr::null(Ty::Bool))], exception);
        graded.causes.push(Cause { condition: lost, words: "its last day is unknown".to_owned() });
    }
    let netting = file.net.then(|| build.audited.netting.clone());
    let (population, rec) = (build.scope.population.clone(), build.scope.rec());
    let terms =
        Terms { mode, key: key.clone(), orders: file.order.len(), differs: file.differs.len(), rec, population };
    graded.extra = extra;
    graded.judge = Some(Judge {
        apart: Some(key.clone()),
        narrow: Some(Box::new(move |graded| graded.repeated(&key, 2))),
        others: Vec::new(),
        with_context: true,
        decide: Box::new(move |candidates, _| overlap::judge(candidates, &terms, netting.as_deref())),
        ..Judge::default()
    });
    build.grade(exception, graded)
}
