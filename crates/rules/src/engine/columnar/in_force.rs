//! The row in force: a reference by its keys, and of the few rows of a key the one whose ranges hold.
//!
//! Rows of the reference that state the same of their open keys are one index (`Choice`), by the strict keys and the stated
//! ones; what decides of a row lies beside that of the other rows of its key. Input is looked up chunk by chunk.

use super::join::Index;
use super::vector::{FALSE, NO_DAY, NO_ROW, NO_SMALL, NO_WIDE, TRUE, Vector};
use super::view::{Id, View};
use crate::engine::EngineError;
use crate::plan::InForce;
use tieout_ingest::texts::Texts;

/// A reference, ready to be asked.
#[derive(Debug)]
pub(super) struct Reference {
    choices: Vec<Choice>,
    /// Row after row in order of choice and key.
    rows: Vec<Row>,
    /// For each row all its ranges.
    bounds: Vec<Bound>,
    shape: Shape,
}

/// How many columns of each kind the input brings, in this order: keys, ranges with perhaps a value for decreases.
#[derive(Debug)]
struct Shape {
    strict: usize,
    open: usize,
    /// For each range: a missing start is open; there is a value for decreases.
    ranges: Vec<(bool, bool)>,
}

#[derive(Debug)]
struct Choice {
    /// Which key columns of the input are looked up.
    keys: Vec<usize>,
    index: Index,
    /// By the first row of a key: where its rows lie.
    runs: Vec<(u32, u32)>,
}

#[derive(Debug)]
struct Row {
    rank: i64,
    rec: i64,
    row: u32,
}

#[derive(Clone, Copy, Debug)]
struct Bound {
    from: i64,
    to: i64,
    rises: bool,
    next_rises: bool,
}

/// What is asked of one range, row after row.
struct Values {
    value: Vec<i64>,
    fall: Option<Vec<i64>>,
    from_open: bool,
}

/// The columns of the input that are asked with, in the order of `Shape`.
pub(super) fn asked_with(left: &View, plan: &InForce) -> Vec<Id> {
    let keys = plan.on.iter().chain(&plan.open).map(|(own, _)| own);
    let ranges = plan.ranges.iter().flat_map(|range| [Some(&range.own), range.fall.as_ref().map(|fall| &fall.own)]);
    keys.chain(ranges.flatten()).map(|name| left.column(name)).collect()
}

impl Reference {
    pub fn new(right: &View, texts: &Texts, plan: &InForce) -> Result<Self, EngineError> {
        let whole = |names: Vec<&String>| -> Result<Vec<Vector>, EngineError> {
            let ids: Vec<Id> = names.iter().map(|name| right.column(name)).collect();
            super::compute::columns(right, texts, &ids)
        };
        let beyond = || EngineError("a range of a reference exceeds 64 bits".to_owned());
        let keys = whole(plan.on.iter().chain(&plan.open).map(|(_, theirs)| theirs).collect())?;
        let longs = |name: &String| -> Result<Vec<i64>, EngineError> {
            let made = whole(vec![name])?;
            made.first().and_then(self::longs).ok_or_else(beyond)
        };
        let truths = |name: &String| -> Result<Vec<bool>, EngineError> {
            let made = whole(vec![name])?;
            let Some(Vector::Truth(all)) = made.first() else { return Err(beyond()) };
            Ok(all.iter().map(|truth| *truth != FALSE).collect())
        };
        let recs = longs(&plan.rec)?;
        let ranks = match &plan.rank {
            Some(rank) => longs(rank)?,
            None => vec![0; right.rows],
        };
        let mut bounds = vec![Vec::with_capacity(plan.ranges.len()); right.rows];
        for range in &plan.ranges {
            let from = longs(&range.from)?;
            let to = range.to.as_ref().map(longs).transpose()?;
            let rises = range.fall.as_ref().map(|fall| truths(&fall.rises)).transpose()?;
            let next_rises = range.fall.as_ref().map(|fall| truths(&fall.next_rises)).transpose()?;
            for (row, bounds) in bounds.iter_mut().enumerate() {
                bounds.push(Bound {
                    from: from[row],
                    to: to.as_ref().map_or(NO_SMALL, |to| to[row]),
                    rises: rises.as_ref().is_none_or(|rises| rises[row]),
                    next_rises: next_rises.as_ref().is_none_or(|rises| rises[row]),
                });
            }
        }
        let strict = plan.on.len();
        let any = texts.code(&plan.any);
        let states = |row: usize, open: usize| super::compute::codes(&keys[strict + open])[row] != any;
        let ranges = plan.ranges.iter().map(|range| (range.from_open, range.fall.is_some())).collect();
        let shape = Shape { strict, open: plan.open.len(), ranges };
        let mut made = Self { choices: Vec::new(), rows: Vec::new(), bounds: Vec::new(), shape };
        for choice in 0..1u32 << plan.open.len() {
            let stated = |open: usize| choice >> open & 1 == 1;
            let fits = |row: &u32| {
                ranks[*row as usize] != NO_SMALL
                    && (0..plan.open.len()).all(|open| states(*row as usize, open) == stated(open))
            };
            let rows: Vec<u32> = (0..u32::try_from(right.rows).unwrap_or(NO_ROW)).filter(fits).collect();
            if rows.is_empty() {
                continue;
            }
            let used: Vec<usize> = (0..strict)
                .chain((0..plan.open.len()).filter(|open| stated(*open)).map(|open| strict + open))
                .collect();
            // Without any key all rows are of one.
            let same = [Vector::Small(vec![0; rows.len()])];
            let own: Vec<Vector> = used.iter().map(|key| keys[*key].gather(&rows)).collect();
            let own: Vec<&Vector> = if used.is_empty() { same.iter().collect() } else { own.iter().collect() };
            let index = Index::new(&own, rows.len());
            let mut runs = vec![(0, 0); rows.len()];
            for first in index.firsts() {
                let from = made.rows.len();
                for at in index.chain(first) {
                    let row = rows[at as usize];
                    made.rows.push(Row { rank: ranks[row as usize], rec: recs[row as usize], row });
                    made.bounds.extend(&bounds[row as usize]);
                }
                let place = |at: usize| u32::try_from(at).unwrap_or(NO_ROW);
                runs[first as usize] = (place(from), place(made.rows.len()));
            }
            made.choices.push(Choice { keys: used, index, runs });
        }
        Ok(made)
    }

    /// For each row of the input the row in force and the counts, packed; `None`: a number exceeds 64 bits.
    pub fn find<V: AsRef<Vector>>(&self, asked: &[u8], columns: &[V]) -> Option<Vec<i128>> {
        let keys = self.shape.strict + self.shape.open;
        let missing: Vec<Vec<u8>> = columns.iter().map(|column| column.as_ref().is_missing()).collect();
        let all = (0u32..).zip(asked).filter(|(_, asked)| **asked == TRUE).map(|(row, _)| row);
        let rows: Vec<u32> = all.filter(|row| missing.iter().all(|missing| missing[*row as usize] == FALSE)).collect();
        let mut result = vec![NO_WIDE; asked.len()];
        if rows.is_empty() {
            return Some(result);
        }
        let own: Vec<Vector> = columns[..keys].iter().map(|column| column.as_ref().gather(&rows)).collect();
        let mut values = columns[keys..].iter();
        let mut next = || values.next().and_then(|column| longs(&column.as_ref().gather(&rows)));
        let mut ranges: Vec<Values> = Vec::new();
        for (from_open, falls) in &self.shape.ranges {
            let value = next()?;
            ranges.push(Values { value, fall: if *falls { Some(next()?) } else { None }, from_open: *from_open });
        }
        let same = Vector::Small(vec![0; rows.len()]);
        let mut best: Vec<Best> = vec![Best::NONE; rows.len()];
        for choice in &self.choices {
            let used: Vec<&Vector> = match choice.keys.is_empty() {
                true => vec![&same],
                false => choice.keys.iter().map(|key| &own[*key]).collect(),
            };
            for (at, head) in choice.index.heads(&used).into_iter().enumerate().filter(|(_, head)| *head != NO_ROW) {
                let (from, to) = choice.runs[head as usize];
                for place in from as usize..to as usize {
                    if let Some(sure) = self.holds(place, at, &ranges) {
                        best[at].meet(&self.rows[place], sure);
                    }
                }
            }
        }
        for (row, best) in rows.iter().zip(best).filter(|(_, best)| best.row != NO_ROW) {
            result[*row as usize] = i128::from(best.row) << 64 | i128::from(best.sure) << 32 | i128::from(best.unsure);
        }
        Some(result)
    }

    /// Whether the ranges of a row hold: `Some(false)` is perhaps.
    fn holds(&self, place: usize, at: usize, ranges: &[Values]) -> Option<bool> {
        let mut sure = true;
        let bounds = &self.bounds[place * ranges.len()..(place + 1) * ranges.len()];
        for (bound, Values { value, fall, from_open }) in bounds.iter().zip(ranges) {
            let by = |rises: bool| match fall {
                Some(fall) if !rises => fall[at],
                _ => value[at],
            };
            if bound.from == NO_SMALL {
                sure &= *from_open;
            } else if bound.from > by(bound.rises) {
                return None;
            }
            if bound.to != NO_SMALL && by(bound.next_rises) >= bound.to {
                return None;
            }
        }
        Some(sure)
    }
}

#[derive(Clone, Copy)]
struct Best {
    rank: i64,
    rec: i64,
    row: u32,
    sure: u32,
    unsure: u32,
}

impl Best {
    const NONE: Self = Self { rank: i64::MAX, rec: i64::MAX, row: NO_ROW, sure: 0, unsure: 0 };

    fn meet(&mut self, row: &Row, sure: bool) {
        if self.row == NO_ROW || row.rank < self.rank {
            *self = Self { rank: row.rank, rec: row.rec, row: row.row, sure: 0, unsure: 0 };
        } else if row.rank > self.rank {
            return;
        }
        // Rows come in order of the reference within a choice only.
        if (row.rec, row.row) < (self.rec, self.row) {
            (self.rec, self.row) = (row.rec, row.row);
        }
        self.sure += u32::from(sure);
        self.unsure += u32::from(!sure);
    }
}

/// A part of what `Reference::find` packs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// The row in force.
    Row,
    /// Rows met.
    Sure,
    /// Rows perhaps met.
    Unsure,
}

/// A part of each packed result.
pub(super) fn part(packed: &[i128], part: Part) -> Vector {
    let low = |bits: i128| (bits.cast_unsigned() & u128::from(u32::MAX)) as u32;
    let count = |by: u32| {
        let one = |&bits: &i128| if bits == NO_WIDE { NO_SMALL } else { i64::from(low(bits >> by)) };
        Vector::Small(packed.iter().map(one).collect())
    };
    match part {
        Part::Row => {
            let one = |&bits: &i128| if bits == NO_WIDE { NO_ROW } else { low(bits >> 64) };
            Vector::Code(packed.iter().map(one).collect())
        }
        Part::Sure => count(32),
        Part::Unsure => count(0),
    }
}

/// Days or numbers in 64 bits; none if one does not fit.
fn longs(vector: &Vector) -> Option<Vec<i64>> {
    match vector {
        Vector::Small(all) => Some(all.clone()),
        Vector::Days(all) => {
            Some(all.iter().map(|&day| if day == NO_DAY { NO_SMALL } else { i64::from(day) }).collect())
        }
        Vector::Wide(all) => {
            let small = |&units: &i128| match units {
                NO_WIDE => Some(NO_SMALL),
                units => i64::try_from(units).ok().filter(|small| *small != NO_SMALL),
            };
            all.iter().map(small).collect()
        }
        // A constant that is missing has no type of its own.
        other => other.is_missing().iter().all(|missing| *missing == TRUE).then(|| vec![NO_SMALL; other.len()]),
    }
}
