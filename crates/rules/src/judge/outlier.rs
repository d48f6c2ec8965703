//! Which values are unlike those of their peers, in exact integers.

use std::collections::BTreeMap;

use super::group_by;
use crate::checks::{Judgement, Wrong};
use crate::value::{Relation, Value};

/// What is unusual.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Key columns of the candidates; those of the history are `peer` and their name.
    pub key: Vec<String>,
    /// Peers that make a history.
    pub points: i128,
    /// How many times the usual distance (numerator, denominator).
    pub times: (i128, i128),
    /// Share of the peers that may have the value at most (numerator, denominator).
    pub share: (i128, i128),
    /// Decimals of the value.
    pub scale: u8,
}

/// Values with how often they occur.
type Weighted = Vec<(i128, i128)>;

/// What is usual among peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Usual {
    peers: i128,
    middle: i128,
    distance: i128,
}

impl Usual {
    /// Whether a value is further away than so many times the usual distance; below the middle by the same factor as above,
    /// since no price can lie further below than all of it.
    fn is_far(self, value: i128, (times, of): (i128, i128)) -> bool {
        let reach = self.distance * times;
        if value >= self.middle || value <= 0 || self.middle <= 0 {
            return (value - self.middle).abs() * of > reach;
        }
        (self.middle - value) * of * self.middle > reach * value
    }
}

/// Judges every candidate against the history of its key.
pub fn judge(candidates: &Relation, history: &Relation, terms: &Terms) -> Judgement {
    let mut judgement = Judgement::default();
    let theirs: Vec<usize> = terms.key.iter().map(|name| history.index(&format!("peer{name}"))).collect();
    let own: Vec<usize> = terms.key.iter().map(|name| candidates.index(name)).collect();
    let (value, count) = (history.index("peer.value"), history.index("peer.count"));
    let stated = candidates.index("~value");
    let groups = group_by(history, &theirs);
    let mut known: BTreeMap<&Vec<Value>, (Weighted, Usual)> = BTreeMap::new();
    for (key, rows) in &groups {
        let mut values: Weighted = rows
            .iter()
            .filter_map(|&row| Some((history.rows[row][value].num()?, history.rows[row][count].num()?)))
            .collect();
        values.sort_unstable();
        let usual = usual(&values);
        known.insert(key, (values, usual));
    }
    for (row, cells) in candidates.rows.iter().enumerate() {
        let key: Vec<Value> = own.iter().map(|&column| cells[column].clone()).collect();
        let (Some((values, usual)), Some(units)) = (known.get(&key), cells[stated].num()) else { continue };
        let same = values.iter().find(|(value, _)| *value == units).map_or(0, |(_, count)| *count);
        let rare = same * terms.share.1 <= usual.peers * terms.share.0;
        let far = usual.is_far(units, terms.times);
        if !rare || !far || usual.peers < terms.points {
            continue;
        }
        let shown = |units: i128| tieout_model::Amount::new(units, terms.scale).to_display(0);
        judgement.wrong.push(Wrong {
            row,
            expected: Some(usual.middle),
            detail: format!(
                "{} records of it, the middle one {}, mostly within {}; {same} like this one",
                usual.peers,
                shown(usual.middle),
                shown(usual.distance),
            ),
            ..Wrong::default()
        });
    }
    judgement
}

/// The lower middle of weighted values in order.
fn middle(values: &[(i128, i128)]) -> (i128, i128) {
    let all: i128 = values.iter().map(|(_, count)| count).sum();
    let mut seen = 0;
    let at = values.iter().find(|(_, count)| {
        seen += count;
        seen * 2 >= all
    });
    (at.map_or(0, |(value, _)| *value), all)
}

/// Middle, and the middle distance from it, at least a tenth of the middle.
fn usual(values: &[(i128, i128)]) -> Usual {
    let (middle_value, peers) = middle(values);
    let mut distances: Vec<(i128, i128)> =
        values.iter().map(|(value, count)| ((value - middle_value).abs(), *count)).collect();
    distances.sort_unstable();
    Usual { peers, middle: middle_value, distance: middle(&distances).0.max(middle_value.abs() / 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_below_is_measured_by_the_same_factor_as_far_above() {
        let usual = Usual { peers: 50, middle: 300, distance: 30 };
        // Twenty times a tenth: more than three times the middle, less than a third of it.
        for (value, far) in [(900, false), (901, true), (100, false), (99, true), (0, false), (-301, true)] {
            assert_eq!(usual.is_far(value, (20, 1)), far, "{value}");
        }
    }

    #[test]
    fn the_middle_is_weighted_and_the_distance_has_a_floor() {
        // 20 at 255, one at 2550, four at 295: the middle is 255, most are at it, so a tenth of it is the distance.
        assert_eq!(usual(&[(255, 20), (295, 4), (2_550, 1)]), Usual { peers: 25, middle: 255, distance: 25 });
        assert_eq!(usual(&[(100, 3), (200, 3), (300, 3)]), Usual { peers: 9, middle: 200, distance: 100 });
        assert_eq!(usual(&[(-100, 1)]), Usual { peers: 1, middle: -100, distance: 10 });
    }
}
