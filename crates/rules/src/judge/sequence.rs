//! Holes in series of numbers, as ranges; first, whether it is a gapless series at all.

use super::group_by;
use crate::checks::{Judgement, Wrong};
use crate::value::{Relation, Value};

/// Columns that stand for the numbers which a selection has left out: how many different ones the series has, the lowest, the
/// highest, and whether the record's next number is not there.
pub const PRESENT: &str = "~present";
/// See `PRESENT`.
pub const FIRST: &str = "~first";
/// See `PRESENT`.
pub const LAST: &str = "~last";
/// See `PRESENT`.
pub const OPEN: &str = "~open";

/// Judges every series: `parts` are the columns that make one, `number` the counting column, and `density` the share of
/// the range that must be present (numerator, denominator).
pub fn judge(candidates: &Relation, parts: &[String], number: &str, density: (i128, i128)) -> Judgement {
    let mut judgement = Judgement::default();
    let columns: Vec<usize> = parts.iter().map(|part| candidates.index(part)).collect();
    let number = candidates.index(number);
    let mut performed = false;
    let mut refused: Vec<String> = Vec::new();
    for (series, members) in group_by(candidates, &columns) {
        let mut numbers: Vec<(i128, usize)> =
            members.iter().filter_map(|&member| Some((candidates.rows[member][number].num()?, member))).collect();
        numbers.sort_unstable();
        numbers.dedup_by_key(|(number, _)| *number);
        let (Some(&(first, member)), Some(&(last, _))) = (numbers.first(), numbers.last()) else { continue };
        let stated = |name: &str| candidates.find(name).and_then(|at| candidates.rows[member][at].num());
        let present = stated(PRESENT).unwrap_or_else(|| i128::try_from(numbers.len()).unwrap_or(i128::MAX));
        let (first, last) = (stated(FIRST).unwrap_or(first), stated(LAST).unwrap_or(last));
        let range = last - first + 1;
        let name =
            series.iter().filter_map(Value::as_text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        if present.saturating_mul(density.1) < range.saturating_mul(density.0) {
            let words = format!(
                "`{name}` is no gapless series: {present} of {range} numbers from {first} to {last} are present"
            );
            judgement.not_tested.extend(members.iter().map(|&member| (member, words.clone())));
            refused.push(words);
            continue;
        }
        performed = true;
        for pair in numbers.windows(2) {
            let ((before, member), (after, next)) = (pair[0], pair[1]);
            let open = candidates.find(OPEN).is_none_or(|at| candidates.rows[member][at] == Value::Bool(true));
            if after - before > 1 && open {
                let count = after - before - 1;
                let range =
                    if count == 1 { format!("{}", before + 1) } else { format!("{} to {}", before + 1, after - 1) };
                judgement.wrong.push(Wrong {
                    row: member,
                    members: vec![next],
                    detail: format!(
                        "{range} of series {name} ({count} {})",
                        if count == 1 { "number" } else { "numbers" }
                    ),
                    item: Some(format!("{name}:{}", before + 1)),
                    ..Wrong::default()
                });
            }
        }
    }
    if !performed && !refused.is_empty() {
        judgement.not_performed = Some(format!("not a consecutive series: {}", refused.join("; ")));
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Column, Ty};

    fn series(numbers: &[i128]) -> Relation {
        Relation {
            columns: vec![Column { name: "s".to_owned(), ty: Ty::Text }, Column { name: "n".to_owned(), ty: Ty::INT }],
            rows: numbers.iter().map(|&number| vec![Value::text("INV"), Value::Num(number)]).collect(),
        }
    }

    #[test]
    fn holes_are_ranges_and_edges_are_open() {
        let numbers: Vec<i128> = (1000..1200).filter(|number| ![1005, 1006, 1100].contains(number)).collect();
        let judgement = judge(&series(&numbers), &["s".to_owned()], "n", (9, 10));
        let details: Vec<&str> = judgement.wrong.iter().map(|wrong| wrong.detail.as_str()).collect();
        assert_eq!(details, ["1005 to 1006 of series INV (2 numbers)", "1100 of series INV (1 number)"]);
    }

    #[test]
    fn a_thin_series_is_none() {
        let judgement = judge(&series(&[1, 5, 9]), &["s".to_owned()], "n", (99, 100));
        assert!(judgement.wrong.is_empty());
        assert_eq!(judgement.not_tested.len(), 3);
        assert!(judgement.not_performed.is_some_and(|words| words.contains("3 of 9")));
    }
}
