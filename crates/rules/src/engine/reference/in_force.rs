//! The row in force, by looking at every row of the reference.

use crate::expr::eval::evaluate;
use crate::plan::{InForce, Range};
use crate::value::{Relation, Value};

/// The input's rows with counts and the chosen row's columns.
pub(super) fn in_force(plan: &InForce, input: &Relation, reference: &Relation) -> Vec<Vec<Value>> {
    let find = |row: &[Value]| -> Vec<Value> {
        let mut met: Vec<(Value, Value, &Vec<Value>, bool)> = Vec::new();
        for other in &reference.rows {
            let theirs = |name: &String| other[reference.index(name)].clone();
            let rank = plan.rank.as_ref().map_or(Value::Num(0), theirs);
            if let (Some(sure), false) = (meets(plan, (input, row), (reference, other)), rank.is_null()) {
                met.push((rank, theirs(&plan.rec), other, sure));
            }
        }
        let best = met.iter().map(|(rank, ..)| rank.clone()).min();
        met.retain(|(rank, ..)| Some(rank) == best.as_ref());
        let count = |sure: bool| match met.is_empty() {
            true => Value::Null,
            false => Value::Num(met.iter().filter(|met| met.3 == sure).count() as i128),
        };
        let chosen = met.iter().min_by_key(|met| met.1.clone());
        let carried = plan
            .carried
            .iter()
            .map(|name| chosen.map_or(Value::Null, |(_, _, other, _)| other[reference.index(name)].clone()));
        [count(true), count(false)].into_iter().chain(carried).collect()
    };
    input.rows.iter().map(|row| row.iter().cloned().chain(find(row)).collect()).collect()
}

/// `Some(true)`: met; `Some(false)`: perhaps.
fn meets(
    plan: &InForce,
    (input, row): (&Relation, &[Value]),
    (reference, other): (&Relation, &[Value]),
) -> Option<bool> {
    let own = |name: &String| row[input.index(name)].clone();
    let theirs = |name: &String| other[reference.index(name)].clone();
    if evaluate(&plan.asked, input, row) != Value::Bool(true) {
        return None;
    }
    let falls = plan.ranges.iter().filter_map(|range| range.fall.as_ref()).map(|fall| &fall.own);
    let keys = plan.on.iter().chain(&plan.open).map(|(own, _)| own);
    if keys.chain(plan.ranges.iter().map(|range| &range.own)).chain(falls).any(|name| own(name).is_null()) {
        return None;
    }
    let strict = plan.on.iter().all(|(mine, other)| own(mine) == theirs(other));
    let open = plan.open.iter().all(|(mine, other)| {
        let key = theirs(other);
        key.as_text() == Some(plan.any.as_str()) || own(mine) == key
    });
    if !strict || !open {
        return None;
    }
    let mut sure = true;
    for Range { own: value, from, to, from_open, fall } in &plan.ranges {
        let value = |rises: fn(&crate::plan::Fall) -> &String| match fall {
            Some(fall) if theirs(rises(fall)) == Value::Bool(false) => own(&fall.own),
            _ => own(value),
        };
        let from = theirs(from);
        if from.is_null() {
            sure &= *from_open;
        } else if from > value(|fall| &fall.rises) {
            return None;
        }
        if let Some(to) = to.as_ref().map(theirs).filter(|to| !to.is_null())
            && value(|fall| &fall.next_rises) >= to
        {
            return None;
        }
    }
    Some(sure)
}
