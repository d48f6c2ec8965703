//! What the rows of groups come to: counted, summed, or the least and the largest of them.

use super::vector::{Kind, NO_DAY, NO_SMALL, NO_WIDE, TRUE, Vector, wide};
use crate::engine::EngineError;
use crate::plan::Agg;

/// What the rows of each group come to.
pub(super) enum Accumulator {
    Count(Counter),
    /// As long as all sums fit.
    Sum(Vec<i64>),
    SumWide(Vec<i128>),
    Missing(Counter),
    True(Counter),
    Small(Vec<i64>, bool),
    Wide(Vec<i128>, bool),
    Days(Vec<i32>, bool),
    Any(Vector),
}

impl Accumulator {
    /// Makes room for so many more groups.
    pub(super) fn reserve(&mut self, groups: usize) {
        match self {
            Self::Count(all) | Self::Missing(all) | Self::True(all) => all.reserve(groups),
            Self::Small(all, _) | Self::Sum(all) => all.reserve_exact(groups),
            Self::SumWide(all) | Self::Wide(all, _) => all.reserve_exact(groups),
            Self::Days(all, _) => all.reserve_exact(groups),
            Self::Any(all) => all.reserve(groups),
        }
    }

    pub(super) fn new(agg: &Agg, kind: Option<Kind>) -> Self {
        match agg {
            Agg::Count => Self::Count(Counter::default()),
            Agg::Sum(_) => Self::Sum(Vec::new()),
            Agg::Missing(_) => Self::Missing(Counter::default()),
            Agg::True(_) => Self::True(Counter::default()),
            Agg::Any(_) => Self::Any(Vector::empty(kind.unwrap_or(Kind::Small), 0)),
            Agg::Min(_) | Agg::Max(_) => {
                let least = matches!(agg, Agg::Min(_));
                match kind {
                    Some(Kind::Days) => Self::Days(Vec::new(), least),
                    Some(Kind::Wide) => Self::Wide(Vec::new(), least),
                    _ => Self::Small(Vec::new(), least),
                }
            }
        }
    }

    /// What others of its kind came to, by group.
    pub(super) fn merge(&mut self, places: &[u32], made: &Vector, groups: usize) -> Result<(), EngineError> {
        match (&mut *self, made) {
            (Self::Count(all) | Self::Missing(all) | Self::True(all), Vector::Small(counts)) => {
                all.reach(groups);
                all.add(places, counts);
                Ok(())
            }
            // A sum or an end is that of the parts.
            _ => self.add((places, &[]), Some(made), groups),
        }
    }

    pub(super) fn add(
        &mut self,
        (places, fresh): (&[u32], &[u32]),
        value: Option<&Vector>,
        groups: usize,
    ) -> Result<(), EngineError> {
        fn nearest<T: Copy + Ord>(all: &mut [T], places: &[u32], values: &[T], missing: T, least: bool) {
            for (&place, &value) in places.iter().zip(values) {
                let known = &mut all[place as usize];
                let better = if least { value < *known } else { value > *known };
                if value != missing && (*known == missing || better) {
                    *known = value;
                }
            }
        }
        let beyond = || EngineError("a sum exceeds the largest exact integer".to_owned());
        let strange = |vector: &Vector| EngineError(format!("an aggregate of {:?}", vector.kind()));
        match (&mut *self, value) {
            (Self::Count(all), _) => {
                all.reach(groups);
                all.count(places, &vec![1; places.len()]);
            }
            (Self::Sum(all), Some(Vector::Small(units))) => {
                all.resize(groups, 0);
                let mut given = places.iter().zip(units).enumerate().filter(|(_, (_, units))| **units != NO_SMALL);
                let beyond = given.find_map(|(row, (&place, units))| {
                    let sum = &mut all[place as usize];
                    match sum.checked_add(*units).filter(|sum| *sum != NO_SMALL) {
                        Some(next) => {
                            *sum = next;
                            None
                        }
                        None => Some(row),
                    }
                });
                if let Some(row) = beyond {
                    *self = Self::SumWide(all.iter().map(|sum| i128::from(*sum)).collect());
                    let rest = Vector::Small(units[row..].to_vec());
                    self.add((&places[row..], fresh), Some(&rest), groups)?;
                }
            }
            (Self::Sum(all), Some(_)) => {
                *self = Self::SumWide(all.iter().map(|sum| i128::from(*sum)).collect());
                self.add((places, fresh), value, groups)?;
            }
            (Self::SumWide(all), Some(value)) => {
                all.resize(groups, 0);
                let mut add = |place: u32, units: i128| {
                    let sum = &mut all[place as usize];
                    *sum = sum.checked_add(units).filter(|sum| *sum != NO_WIDE).ok_or_else(beyond)?;
                    Ok::<(), EngineError>(())
                };
                match value {
                    Vector::Small(units) => {
                        for (&place, &units) in places.iter().zip(units).filter(|(_, units)| **units != NO_SMALL) {
                            add(place, wide(units))?;
                        }
                    }
                    Vector::Wide(units) => {
                        for (&place, &units) in places.iter().zip(units).filter(|(_, units)| **units != NO_WIDE) {
                            add(place, units)?;
                        }
                    }
                    other => return Err(strange(other)),
                }
            }
            (Self::Missing(all), Some(value)) => {
                all.reach(groups);
                all.count(places, &value.is_missing());
            }
            (Self::True(all), Some(Vector::Truth(truths))) => {
                all.reach(groups);
                all.count(places, &truths.iter().map(|truth| u8::from(*truth == TRUE)).collect::<Vec<_>>());
            }
            (Self::Small(all, least), Some(Vector::Small(values))) => {
                all.resize(groups, NO_SMALL);
                nearest(all, places, values, NO_SMALL, *least);
            }
            (Self::Wide(all, least), Some(Vector::Wide(values))) => {
                all.resize(groups, NO_WIDE);
                nearest(all, places, values, NO_WIDE, *least);
            }
            (Self::Days(all, least), Some(Vector::Days(values))) => {
                all.resize(groups, NO_DAY);
                nearest(all, places, values, NO_DAY, *least);
            }
            (Self::Any(all), Some(value)) => all.append(value.gather(fresh)),
            (_, Some(other)) => return Err(strange(other)),
            (_, None) => return Err(EngineError("an aggregate of nothing".to_owned())),
        }
        Ok(())
    }

    /// So many groups, though no row may come.
    pub(super) fn reach(&mut self, groups: usize) {
        match self {
            Self::Count(all) | Self::Missing(all) | Self::True(all) => all.reach(groups),
            // What is not written to takes no memory yet.
            Self::Sum(all) if all.is_empty() => *all = vec![0; groups],
            Self::Sum(all) => all.resize(groups, 0),
            Self::Small(all, _) => all.resize(groups, NO_SMALL),
            Self::SumWide(all) => all.resize(groups, 0),
            Self::Wide(all, _) => all.resize(groups, NO_WIDE),
            Self::Days(all, _) => all.resize(groups, NO_DAY),
            Self::Any(_) => {}
        }
    }

    /// Of some groups, by their places.
    pub(super) fn some(&self, groups: impl Iterator<Item = usize>) -> Vector {
        match self {
            Self::Count(all) | Self::Missing(all) | Self::True(all) => {
                Vector::Small(groups.map(|group| all.of(group)).collect())
            }
            Self::Small(all, _) | Self::Sum(all) => Vector::Small(groups.map(|group| all[group]).collect()),
            Self::SumWide(all) | Self::Wide(all, _) => Vector::Wide(groups.map(|group| all[group]).collect()),
            Self::Days(all, _) => Vector::Days(groups.map(|group| all[group]).collect()),
            Self::Any(all) => all.gather(&groups.map(|group| group as u32).collect::<Vec<_>>()),
        }
    }

    pub(super) fn finish(self) -> Vector {
        match self {
            Self::Count(all) | Self::Missing(all) | Self::True(all) => Vector::Small(all.all()),
            Self::Small(all, _) | Self::Sum(all) => Vector::Small(all),
            Self::SumWide(all) | Self::Wide(all, _) => Vector::Wide(all).narrowed(),
            Self::Days(all, _) => Vector::Days(all),
            Self::Any(all) => all,
        }
    }
}

/// Counts by group: in a byte each as long as all of them fit, and in none before something is counted. Of most groups there
/// are few rows, and of most columns nothing is missing.
#[derive(Default)]
pub(super) struct Counter {
    groups: usize,
    counts: Counts,
}

#[derive(Default)]
enum Counts {
    #[default]
    None,
    Bytes(Vec<u8>),
    Full(Vec<i64>),
}

impl Counter {
    fn reserve(&mut self, groups: usize) {
        match &mut self.counts {
            Counts::None => {}
            Counts::Bytes(all) => all.reserve_exact(groups),
            Counts::Full(all) => all.reserve_exact(groups),
        }
    }

    fn reach(&mut self, groups: usize) {
        self.groups = groups;
        match &mut self.counts {
            Counts::None => {}
            Counts::Bytes(all) => all.resize(groups, 0),
            Counts::Full(all) => all.resize(groups, 0),
        }
    }

    /// A row for each place, which counts one or nothing.
    fn count(&mut self, places: &[u32], ones: &[u8]) {
        if matches!(self.counts, Counts::None) {
            if !ones.contains(&1) {
                return;
            }
            self.counts = Counts::Bytes(vec![0; self.groups]);
        }
        let mut rows = places.iter().zip(ones);
        if let Counts::Bytes(all) = &mut self.counts {
            let over = rows.clone().position(|(place, one)| {
                let count = &mut all[*place as usize];
                let (next, over) = count.overflowing_add(*one);
                *count = if over { *count } else { next };
                over
            });
            let Some(over) = over else { return };
            rows = places[over..].iter().zip(&ones[over..]);
        }
        let all = self.full();
        rows.for_each(|(place, one)| all[*place as usize] += i64::from(*one));
    }

    /// Adds other counts.
    fn add(&mut self, places: &[u32], counts: &[i64]) {
        let all = self.full();
        places.iter().zip(counts).for_each(|(place, count)| all[*place as usize] += count);
    }

    fn full(&mut self) -> &mut Vec<i64> {
        let before = std::mem::take(&mut self.counts);
        let all = match before {
            Counts::None => vec![0; self.groups],
            Counts::Bytes(all) => all.into_iter().map(i64::from).collect(),
            Counts::Full(all) => all,
        };
        self.counts = Counts::Full(all);
        match &mut self.counts {
            Counts::Full(all) => all,
            _ => unreachable!("they are full"),
        }
    }

    fn of(&self, group: usize) -> i64 {
        match &self.counts {
            Counts::None => 0,
            Counts::Bytes(all) => i64::from(all[group]),
            Counts::Full(all) => all[group],
        }
    }

    fn all(mut self) -> Vec<i64> {
        std::mem::take(self.full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_does_not_fit_goes_on_in_128_bits() {
        let large = i64::MAX - 1;
        let mut sum = Accumulator::new(&Agg::Sum("units".to_owned()), Some(Kind::Small));
        sum.add((&[0, 1, 0], &[0, 1]), Some(&Vector::Small(vec![large, 5, NO_SMALL])), 2).unwrap();
        sum.add((&[1, 0, 1, 2], &[3]), Some(&Vector::Small(vec![1, large, 1, -large])), 3).unwrap();
        let Vector::Wide(all) = sum.finish() else { panic!() };
        assert_eq!(all, [i128::from(large) * 2, 7, -i128::from(large)]);
        let mut sum = Accumulator::new(&Agg::Sum("units".to_owned()), Some(Kind::Wide));
        sum.add((&[0, 0], &[0]), Some(&Vector::Wide(vec![5, NO_WIDE])), 1).unwrap();
        let Vector::Small(all) = sum.finish() else { panic!() };
        assert_eq!(all, [5]);
    }

    #[test]
    fn counts_grow_out_of_a_byte() {
        let mut missing = Accumulator::new(&Agg::Missing("units".to_owned()), Some(Kind::Small));
        missing.add((&[0, 1], &[0, 1]), Some(&Vector::Small(vec![1, 2])), 2).unwrap();
        assert!(matches!(&missing, Accumulator::Missing(Counter { counts: Counts::None, .. })));
        missing.reach(3);
        assert!(matches!(missing.some(0..3), Vector::Small(all) if all == [0, 0, 0]));
        let mut count = Accumulator::new(&Agg::Count, None);
        for _ in 0..3 {
            count.add((&[vec![1; 100], vec![0, 2]].concat(), &[]), None, 3).unwrap();
        }
        assert!(matches!(count.some([2, 1].into_iter()), Vector::Small(all) if all == [3, 300]));
        count.add((&[3, 1], &[3]), None, 4).unwrap();
        assert!(matches!(count.finish(), Vector::Small(all) if all == [3, 301, 3, 1]));
    }
}
