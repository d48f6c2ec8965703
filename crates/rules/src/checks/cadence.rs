//! `cadence`: a recurring record fails to come when its learned rhythm says that it is due.
//!
//! At least three points at equal steps make a rhythm; the next one is due a step after the last, plus a lag, and no later
//! than the as-of date and the end of the extract. The wrong item is the last record before the hole. Partition key: `key`.

use tieout_model::Code;

use super::build::{Build, Graded, Refusal, all_present, names};
use super::{Judge, Procedure};
use crate::file::CadenceFile;
use crate::judge::cadence::{self, Terms};

/// Plans the check.
pub fn plan(file: &CadenceFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    let mut extra = build.parts("key", &file.key);
    let key = names(&extra);
    let date = build.date(&file.date);
    extra.push(("~date".to_owned(), date.clone()));
    let lag = build.number(&file.lag);
    extra.push(("~lag".to_owned(), lag));
    if let Some(amount) = &file.amount {
        let amount = build.number(amount);
        extra.push(("~amount".to_owned(), amount));
    }
    let points = file.points.as_ref().parse::<usize>().ok().filter(|points| *points >= 3);
    let Some(points) = points else {
        build.complain(Code::RuleSyntax, &file.points, "a rhythm has at least \"3\" points");
        return Err(Refusal::Wrong(build.diagnostics));
    };
    let Some(as_of) = build.audited.as_of else {
        build.lacks("engagement.as_of");
        build.settled()?;
        return Err(Refusal::Wrong(build.diagnostics));
    };
    build.settled()?;
    let exception =
        all_present(extra.iter().filter(|(name, _)| key.contains(name)).map(|(_, part)| part).chain([&date]));
    let extract = build.catalog.table(&build.scope.population).and_then(|table| table.extract);
    let seen_to = extract.map_or(as_of, |window| as_of.min(window.to.add_days(-1)));
    let terms = Terms { key: key.clone(), points, seen_to, period: build.audited.period, rec: build.scope.rec() };
    let few = u64::try_from(points).unwrap_or(3);
    let judge = Judge {
        apart: Some(key.clone()),
        narrow: Some(Box::new(move |graded| graded.repeated(&key, few))),
        others: Vec::new(),
        with_context: true,
        context_wrong: true,
        decide: Box::new(move |candidates, _| cadence::judge(candidates, &terms)),
        ..Judge::default()
    };
    build.grade(exception, Graded { extra, judge: Some(judge), ..Graded::default() })
}
