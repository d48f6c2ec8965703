//! `sequence`: a series of numbers has no hole.
//!
//! The series is built while reading, before row conditions and with excluded records; voided numbers are present.
//! A density test decides first whether it is a gapless series at all; holes are ranges; no money.
//! Partition key: series and scope, since a hole shows only among all numbers of them.

use tieout_model::Code;

use super::build::{Build, Graded, Refusal};
use super::{Judge, Procedure};
use crate::expr::{Cmp, Expr, Node};
use crate::file::SequenceFile;
use crate::judge::sequence;
use crate::plan::{Agg, Join, Plan};
use crate::value::{Dim, Ty};

/// Plans the check.
pub fn plan(file: &SequenceFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    let mut extra = Vec::new();
    for (index, text) in file.series.iter().enumerate() {
        let part = build.expr(text);
        // A series without year or prefix is one series; an empty part is a part like any other.
        let part = Expr { node: Node::Coalesce(vec![part, Expr::text("")]), ty: Ty::Text, bound: 0 };
        extra.push((format!("~series:{index}"), part));
    }
    let number = build.number(&file.number);
    extra.push(("~number".to_owned(), number.clone()));
    let density = file.density_min.as_ref().parse::<tieout_model::Amount>().ok().filter(|share| share.units > 0);
    let Some(density) = density else {
        build.complain(Code::RuleSyntax, &file.density_min, "a density is a share like \"0.99\"");
        return Err(Refusal::Wrong(build.diagnostics));
    };
    build.settled()?;
    let density = (density.units, tieout_model::amount::pow10(u32::from(density.scale)));
    let parts: Vec<String> = (0..file.series.len()).map(|index| format!("~series:{index}")).collect();
    let of = parts.clone();
    let judge = Judge {
        narrow: Some(Box::new(move |graded| edges(graded, &of, density))),
        others: Vec::new(),
        with_context: true,
        decide: Box::new(move |candidates, _| sequence::judge(candidates, &parts, "~number", density)),
        ..Judge::default()
    };
    // Every numbered record is a candidate.
    let exception = number.clone().compare(Cmp::Eq, number);
    build.grade(exception, Graded { extra, judge: Some(judge), ..Graded::default() })
}

/// Numbers beside a hole or at an end, and all numbers of a series too thin to be one; with what `sequence::judge` would
/// count over all of them, and whether the next number is there.
fn edges(graded: Plan, parts: &[String], density: (i128, i128)) -> Plan {
    let number = || Expr::col("~number", Ty::INT);
    let series = |mark: &str| -> Vec<(String, Expr)> {
        parts.iter().map(|part| (format!("{mark}{part}"), Expr::col(part.clone(), Ty::Text))).collect()
    };
    let names = |mark: &str| -> Vec<String> { parts.iter().map(|part| format!("{mark}{part}")).collect() };
    let on = parts.iter().cloned().zip(names("all:")).collect();
    let mut columns = series("all:");
    columns.push(("all:number".to_owned(), number()));
    let rows = Plan::Neighbours {
        input: Box::new(graded),
        keys: parts.to_vec(),
        number: "~number".to_owned(),
        names: ["~low", "~high", "~one"].map(str::to_owned),
    };
    columns.push(("all:one".to_owned(), Expr::col("~one", Ty::Bool)));
    let all = rows.clone().project(columns).aggregate(
        names("all:"),
        vec![
            (sequence::PRESENT.to_owned(), Agg::True("all:one".to_owned())),
            (sequence::FIRST.to_owned(), Agg::Min("all:number".to_owned())),
            (sequence::LAST.to_owned(), Agg::Max("all:number".to_owned())),
        ],
    );
    let count = |name: &str| Expr::col_bounded(name, Ty::INT, 1 << 62);
    let times = |expr: Expr, by: i128| expr.times(Expr::int(by), Dim::Plain);
    let range = count(sequence::LAST).minus(count(sequence::FIRST)).plus(Expr::int(1));
    let thin = times(count(sequence::PRESENT), density.1).compare(Cmp::Lt, times(range, density.0));
    let step = |from: Expr, to: Expr| {
        let beyond = to.minus(from).compare(Cmp::Gt, Expr::int(1));
        Expr { node: Node::Coalesce(vec![beyond, Expr::bool(true)]), ty: Ty::Bool, bound: 0 }
    };
    let (low, high) = (Expr::col("~low", Ty::INT), Expr::col("~high", Ty::INT));
    let open = step(number(), high);
    let edge = open.clone().or(step(low, number()));
    let rows = rows.join(all, on, Join::Left);
    rows.filter(edge.or(thin)).extend(vec![(sequence::OPEN.to_owned(), open)])
}
