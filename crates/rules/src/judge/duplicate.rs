//! Which records of a key group are surplus: in the order of the rule, the first is the original.

use std::collections::BTreeMap;

use tieout_model::Date;

use super::netting::Netting;
use super::{cadence, group_by, number};
use crate::checks::{Judgement, Outcome, Wrong};
use crate::value::{Relation, Value};

/// What makes two records of a group the same thing.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Equal columns.
    pub key: Vec<String>,
    /// Columns that must differ.
    pub differs: Vec<String>,
    /// Columns that show two sales where both have them and they differ.
    pub unless_differs: Vec<String>,
    /// Further such columns that the exports lack.
    pub lacking: Vec<String>,
    /// Total order; the record number comes last.
    pub order: Vec<String>,
    /// `~date` within `~days` of the record before.
    pub near: bool,
    /// `~similar` alike.
    pub similar: bool,
    /// Number of line columns compared as a set; 0: lines are not compared.
    pub content: usize,
    /// Equal steps that explain the repeat.
    pub cadence: Option<u32>,
    /// `~allowed` ÷ `~each` records are as sold.
    pub allowed: bool,
}

struct Group<'a> {
    candidates: &'a Relation,
    terms: &'a Terms,
    lines: BTreeMap<Vec<Value>, Vec<Vec<Value>>>,
    /// Where the columns are that two records are compared by.
    differs: Vec<usize>,
    unless_differs: Vec<usize>,
    line_keys: Vec<usize>,
    date: Option<usize>,
    days: Option<usize>,
}

/// Judges every key group.
pub fn judge(
    candidates: &Relation,
    others: &[Relation],
    terms: &Terms,
    netting: Option<&Netting>,
    (population, rec): (&str, &str),
) -> Judgement {
    let mut judgement = Judgement::default();
    let keys: Vec<usize> = terms.key.iter().map(|name| candidates.index(name)).collect();
    let order: Vec<usize> =
        terms.order.iter().map(String::as_str).chain([rec]).map(|name| candidates.index(name)).collect();
    let group = Group::new(candidates, terms, others.first().map(lines).unwrap_or_default());
    let rec = candidates.index(rec);
    let residue = |member: usize| {
        let (netting, rec) = netting.zip(candidates.rows[member][rec].num())?;
        netting.residue(population, rec)
    };
    for mut members in group_by(candidates, &keys).into_values().filter(|members| members.len() > 1) {
        members.sort_by(|&a, &b| {
            let place = |row: usize| order.iter().map(|&column| &candidates.rows[row][column]).collect::<Vec<_>>();
            place(a).cmp(&place(b))
        });
        let mut chain: Vec<String> = Vec::new();
        members.retain(|&member| match residue(member) {
            Some(residue) if residue.left <= 0 => {
                chain.extend(residue.words.iter().cloned());
                false
            }
            _ => true,
        });
        let mut untold: Vec<usize> = Vec::new();
        for run in group.runs(&members, &mut untold) {
            if run.len() > 1 && !group.rhythm(&members, &run) {
                group.surplus(&run, &chain, &residue, &mut judgement);
            }
        }
        judgement.not_tested.extend(untold.into_iter().map(|row| (row, "no lines to compare".to_owned())));
    }
    judgement
}

/// Others of a run that are shown with one of its records, at most: of a house account there may be thousands, each with all.
const OTHERS_MAX: usize = 40;

/// The others of a run: all, or the first and the nearest.
fn shown(run: &[usize], place: usize) -> Vec<usize> {
    let others = |from: usize, to: usize| (from..to).filter(|at| *at != place).map(|at| run[at]).collect();
    if run.len() <= OTHERS_MAX + 1 {
        return others(0, run.len());
    }
    let from = place.saturating_sub(OTHERS_MAX / 2).clamp(1, run.len() - OTHERS_MAX);
    let near: Vec<usize> = others(from, from + OTHERS_MAX);
    run[..1].iter().copied().filter(|_| place > 0).chain(near).collect()
}

fn lines(relation: &Relation) -> BTreeMap<Vec<Value>, Vec<Vec<Value>>> {
    let starting = |prefix: &str| -> Vec<usize> {
        (0..relation.columns.len()).filter(|&index| relation.columns[index].name.starts_with(prefix)).collect()
    };
    let keys = starting("line:key:");
    let columns: Vec<usize> = (0..relation.columns.len())
        .filter(|&index| {
            relation.columns[index].name.starts_with("line:") && relation.columns[index].name.ends_with('~')
        })
        .collect();
    let mut sets: BTreeMap<Vec<Value>, Vec<Vec<Value>>> = BTreeMap::new();
    for row in &relation.rows {
        let pick = |columns: &[usize]| columns.iter().map(|&column| row[column].clone()).collect::<Vec<_>>();
        sets.entry(pick(&keys)).or_default().push(pick(&columns));
    }
    sets.values_mut().for_each(|set| set.sort());
    sets
}

impl<'a> Group<'a> {
    fn new(candidates: &'a Relation, terms: &'a Terms, lines: BTreeMap<Vec<Value>, Vec<Vec<Value>>>) -> Self {
        let places = |names: &[String]| names.iter().map(|name| candidates.index(name)).collect();
        let columns = candidates.columns.iter().enumerate();
        let line_keys =
            columns.filter(|(_, column)| column.name.starts_with("~line:")).map(|(index, _)| index).collect();
        Self {
            candidates,
            terms,
            lines,
            differs: places(&terms.differs),
            unless_differs: places(&terms.unless_differs),
            line_keys,
            date: candidates.find("~date"),
            days: candidates.find("~days"),
        }
    }

    fn cell(&self, row: usize, name: &str) -> &Value {
        &self.candidates.rows[row][self.candidates.index(name)]
    }

    fn content(&self, row: usize) -> Option<&Vec<Vec<Value>>> {
        let key: Vec<Value> = self.line_keys.iter().map(|&at| self.candidates.rows[row][at].clone()).collect();
        self.lines.get(&key)
    }

    /// Whether two records, the first earlier, are the same thing.
    fn same(&self, first: usize, second: usize, untold: &mut Vec<usize>) -> bool {
        let terms = self.terms;
        let (one, other) = (&self.candidates.rows[first], &self.candidates.rows[second]);
        let differ = |at: &usize| one[*at] != other[*at];
        let tell_apart = |at: &usize| !one[*at].is_null() && !other[*at].is_null() && one[*at] != other[*at];
        if !self.differs.iter().all(differ) || self.unless_differs.iter().any(tell_apart) {
            return false;
        }
        if terms.similar {
            let text = |row| self.cell(row, "~similar").as_text().unwrap_or_default().to_owned();
            if !number::alike(&text(first), &text(second)) {
                return false;
            }
        }
        if terms.content > 0 {
            return match (self.content(first), self.content(second)) {
                (Some(a), Some(b)) => a == b,
                (None, _) | (_, None) => {
                    untold.extend([first, second].into_iter().filter(|&row| self.content(row).is_none()));
                    false
                }
            };
        }
        true
    }

    /// Maximal runs in order with steps of at most the days allowed.
    fn runs(&self, members: &[usize], untold: &mut Vec<usize>) -> Vec<Vec<usize>> {
        let mut runs: Vec<Vec<usize>> = Vec::new();
        // Runs that may go on. Where members come in order of their days, one that was left behind is never caught up with.
        let mut open: Vec<usize> = Vec::new();
        let in_order = self.in_order(members);
        for &member in members {
            if in_order {
                open.retain(|run| runs[*run].last().is_some_and(|last| self.near(*last, member)));
            }
            let home = open.iter().copied().find(|run| {
                let run = &runs[*run];
                (in_order || self.near(run[run.len() - 1], member)) && self.same(run[0], member, untold)
            });
            match home {
                Some(run) => runs[run].push(member),
                None => {
                    open.push(runs.len());
                    runs.push(vec![member]);
                }
            }
        }
        untold.sort_unstable();
        untold.dedup();
        runs
    }

    /// Whether days grow from member to member, and each may lie as far from the one before.
    fn in_order(&self, members: &[usize]) -> bool {
        let days = |row: usize| self.days.map(|at| &self.candidates.rows[row][at]);
        let steps = members.windows(2).all(|pair| match (self.day(pair[0]), self.day(pair[1])) {
            (Some(before), Some(after)) => before <= after && days(pair[0]) == days(pair[1]),
            _ => false,
        });
        self.terms.near && steps
    }

    fn day(&self, row: usize) -> Option<i32> {
        self.date.and_then(|at| self.candidates.rows[row][at].date()).map(|day| day.0)
    }

    fn near(&self, last: usize, member: usize) -> bool {
        if !self.terms.near {
            return true;
        }
        let days = self.days.and_then(|at| self.candidates.rows[member][at].num()).unwrap_or(0);
        match (self.day(last), self.day(member)) {
            (Some(a), Some(b)) => i128::from(b) - i128::from(a) <= days,
            _ => false,
        }
    }

    /// Whether the repeat is one step of a rhythm: at least so many points of the group at equal steps, as `cadence` learns
    /// them, and this run is nothing but such points.
    fn rhythm(&self, members: &[usize], run: &[usize]) -> bool {
        let (Some(points), true) = (self.terms.cadence, self.terms.near) else { return false };
        let days = |rows: &[usize]| -> Vec<i32> {
            rows.iter().filter_map(|&row| self.cell(row, "~date").date()).map(|date| date.0).collect()
        };
        let all = days(members);
        let mut distinct = all.clone();
        distinct.dedup();
        let own = days(run);
        let mut own_distinct = own.clone();
        own_distinct.dedup();
        if own.len() != own_distinct.len() || distinct.len() < usize::try_from(points).unwrap_or(usize::MAX) {
            return false;
        }
        let dates: Vec<Date> = distinct.into_iter().map(Date).collect();
        cadence::learn(&dates, usize::try_from(points).unwrap_or(usize::MAX)).is_some()
    }

    fn surplus(
        &self,
        run: &[usize],
        chain: &[String],
        residue: &dyn Fn(usize) -> Option<super::netting::Residue>,
        judgement: &mut Judgement,
    ) {
        let mut originals = 1;
        if self.terms.allowed {
            let known = run.iter().find_map(|&row| self.cell(row, "~allowed").num().zip(self.cell(row, "~each").num()));
            match known {
                Some((allowed, each)) if each > 0 => {
                    originals = usize::try_from((allowed / each).max(1)).unwrap_or(usize::MAX)
                }
                _ => {
                    let words = "no order or shipment line says how many were sold".to_owned();
                    judgement.not_tested.extend(run.iter().map(|&row| (row, words.clone())));
                    return;
                }
            }
        }
        let outcome = self.candidates.index("__outcome");
        let ambiguous = run.iter().any(|&member| residue(member).is_some_and(|residue| residue.ambiguous));
        for (place, &row) in run.iter().enumerate().skip(originals) {
            if self.candidates.rows[row][outcome].num() != Some(Outcome::Exception.code()) {
                continue;
            }
            let others = shown(run, place);
            let more = run.len() - 1 - others.len();
            let mut wrong = Wrong { row, members: others, more, chain: chain.to_vec(), ..Wrong::default() };
            if !self.terms.lacking.is_empty() {
                let columns = self.terms.lacking.join(", ");
                wrong.likely.push(format!("two sales could differ in what is not in the exports: {columns}"));
            }
            if run.len() > 2 && self.terms.content > 0 {
                let words =
                    format!("{} equal documents in a row: a standing order or a house account is possible", run.len());
                wrong.review.push(words);
            }
            if let Some(residue) = residue(row) {
                wrong.chain.extend(residue.words.iter().cloned());
                if residue.left < residue.billed {
                    wrong.amount = Some(residue.left);
                }
                wrong.corrected_by.clone_from(&residue.corrected_by);
            }
            if ambiguous {
                wrong.review.push("a credit note of this customer may belong to one of these bills".to_owned());
            }
            wrong.detail = format!("{} of {}", place + 1, run.len());
            judgement.wrong.push(wrong);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Column, Ty};

    #[test]
    fn each_of_a_long_run_says_how_many_more_there_are() {
        let column = |name: &str, ty| Column { name: name.to_owned(), ty };
        let columns = vec![column("key", Ty::Text), column("rec", Ty::INT), column("__outcome", Ty::INT)];
        let row = |rec| vec![Value::text("a"), Value::Num(rec), Value::Num(Outcome::Exception.code())];
        let candidates = Relation { columns, rows: (0..45).map(row).collect() };
        let terms = Terms { key: vec!["key".to_owned()], ..Terms::default() };
        let judgement = judge(&candidates, &[], &terms, None, ("invoice", "rec"));
        assert_eq!(judgement.wrong.len(), 44);
        assert!(judgement.wrong.iter().all(|wrong| (wrong.members.len(), wrong.more) == (OTHERS_MAX, 4)));
        assert_eq!(judgement.wrong[43].detail, "45 of 45");
    }

    #[test]
    fn of_a_long_run_the_first_and_the_nearest_are_shown() {
        let run: Vec<usize> = (100..3100).collect();
        assert_eq!(shown(&run[..3], 1), [100, 102]);
        assert_eq!(shown(&run[..OTHERS_MAX + 1], 7).len(), OTHERS_MAX);
        for place in [1, 19, 1500, 2999] {
            let shown = shown(&run, place);
            assert_eq!((shown[0], shown.len()), (100, OTHERS_MAX));
            assert!(!shown.contains(&run[place]) && shown.contains(&run[place - 1]));
            assert!(shown[1..].iter().all(|other| other.abs_diff(run[place]) <= OTHERS_MAX + 1));
        }
    }
}
