//! `sequence`: a series of numbers has no hole.
//!
//! The series is built while reading, before row conditions and with excluded records; voided numbers are present.
//! A density test decides first whether it is a gapless series at all; holes are ranges; no money.

use tieout_model::Code;

use super::build::{Build, Graded, Refusal};
use super::{Judge, Procedure};
use crate::expr::{Cmp, Expr, Node};
use crate::file::SequenceFile;
use crate::judge::sequence;
use crate::value::Ty;

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
    let judge = Judge {
        narrow: None,
        others: Vec::new(),
        with_context: true,
        decide: Box::new(move |candidates, _| sequence::judge(candidates, &parts, "~number", density)),
        ..Judge::default()
    };
    // Every numbered record is a candidate.
    let exception = number.clone().compare(Cmp::Eq, number);
    build.grade(exception, Graded { extra, judge: Some(judge), ..Graded::default() })
}
