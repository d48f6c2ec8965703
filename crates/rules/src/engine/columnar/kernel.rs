//! What is done with whole vectors of one chunk: comparing, choosing, filling in.

use tieout_ingest::texts::NO_TEXT;

use super::vector::{FALSE, NO_DAY, NO_ROW, NO_SMALL, NO_WIDE, TRUE, UNKNOWN, Vector, wide};
use crate::expr::Cmp;

pub(super) fn given(rows: &[u32], value: &Vector) -> Vector {
    fn only<T: Copy>(rows: &[u32], all: &[T], missing: T) -> Vec<T> {
        rows.iter().zip(all).map(|(&row, &value)| if row == NO_ROW { missing } else { value }).collect()
    }
    match value {
        Vector::Small(all) => Vector::Small(only(rows, all, NO_SMALL)),
        Vector::Wide(all) => Vector::Wide(only(rows, all, NO_WIDE)),
        Vector::Days(all) => Vector::Days(only(rows, all, NO_DAY)),
        Vector::Truth(all) => Vector::Truth(only(rows, all, UNKNOWN)),
        Vector::Code(all) => Vector::Code(only(rows, all, NO_TEXT)),
    }
}

pub(super) fn and(a: u8, b: u8) -> u8 {
    if a == FALSE || b == FALSE { FALSE } else { u8::max(a, b) }
}

pub(super) fn or(a: u8, b: u8) -> u8 {
    if a == TRUE || b == TRUE { TRUE } else { u8::max(a, b) }
}

pub(super) fn ordered<T: Copy + Ord>(cmp: Cmp, a: &[T], b: &[T], missing: T) -> Vec<u8> {
    fn by<T: Copy + Ord>(a: &[T], b: &[T], missing: T, holds: impl Fn(T, T) -> bool) -> Vec<u8> {
        let one = |(&a, &b): (&T, &T)| if a == missing || b == missing { UNKNOWN } else { u8::from(holds(a, b)) };
        a.iter().zip(b).map(one).collect()
    }
    match cmp {
        Cmp::Eq => by(a, b, missing, |a, b| a == b),
        Cmp::Ne => by(a, b, missing, |a, b| a != b),
        Cmp::Lt => by(a, b, missing, |a, b| a < b),
        Cmp::Le => by(a, b, missing, |a, b| a <= b),
        Cmp::Gt => by(a, b, missing, |a, b| a > b),
        Cmp::Ge => by(a, b, missing, |a, b| a >= b),
    }
}

/// Puts the values of some rows into a result.
pub(super) fn merge(result: &mut Vector, value: &Vector, rows: impl Iterator<Item = bool>) {
    fn put<T: Copy>(result: &mut [T], value: &[T], rows: impl Iterator<Item = bool>) {
        for ((result, &value), wanted) in result.iter_mut().zip(value).zip(rows) {
            *result = if wanted { value } else { *result };
        }
    }
    match (result, value) {
        (Vector::Small(result), Vector::Small(value)) => put(result, value, rows),
        (Vector::Wide(result), Vector::Wide(value)) => put(result, value, rows),
        (Vector::Wide(result), Vector::Small(value)) => {
            for ((result, &value), wanted) in result.iter_mut().zip(value).zip(rows) {
                *result = if wanted { wide(value) } else { *result };
            }
        }
        (Vector::Days(result), Vector::Days(value)) => put(result, value, rows),
        (Vector::Truth(result), Vector::Truth(value)) => put(result, value, rows),
        (Vector::Code(result), Vector::Code(value)) => put(result, value, rows),
        // A constant that is missing has no type of its own, and the result is missing already.
        (result, value) => {
            let missing = value.is_missing();
            let any = rows.zip(missing).any(|(wanted, missing)| wanted && missing == FALSE);
            assert!(!any, "{:?} stands among {:?}", value.kind(), result.kind());
        }
    }
}

/// Puts values in their places in a result.
pub(super) fn scatter(result: &mut Vector, value: &Vector, places: &[u32]) {
    fn put<T: Copy>(result: &mut [T], value: &[T], places: &[u32]) {
        places.iter().zip(value).for_each(|(place, value)| result[*place as usize] = *value);
    }
    match (result, value) {
        (Vector::Small(result), Vector::Small(value)) => put(result, value, places),
        (Vector::Wide(result), Vector::Wide(value)) => put(result, value, places),
        (result @ Vector::Wide(_), value @ Vector::Small(_)) => scatter(result, &value.widened(), places),
        (Vector::Days(result), Vector::Days(value)) => put(result, value, places),
        (Vector::Truth(result), Vector::Truth(value)) => put(result, value, places),
        (Vector::Code(result), Vector::Code(value)) => put(result, value, places),
        // As in `merge`.
        (result, value) => {
            let missing = value.is_missing().iter().all(|missing| *missing == TRUE);
            assert!(missing, "{:?} stands among {:?}", value.kind(), result.kind());
        }
    }
}

/// Whether a value is missing.
pub(super) fn has_missing(vector: &Vector) -> bool {
    match vector {
        Vector::Small(all) => all.contains(&NO_SMALL),
        Vector::Wide(all) => all.contains(&NO_WIDE),
        Vector::Days(all) => all.contains(&NO_DAY),
        Vector::Truth(all) => all.contains(&UNKNOWN),
        Vector::Code(all) => all.contains(&NO_TEXT),
    }
}

/// Puts values where there are none yet.
pub(super) fn fill(result: &mut Vector, value: &Vector) {
    fn put<T: Copy + PartialEq>(result: &mut [T], value: &[T], missing: T) {
        for (result, &value) in result.iter_mut().zip(value) {
            *result = if *result == missing { value } else { *result };
        }
    }
    match (result, value) {
        (Vector::Small(result), Vector::Small(value)) => put(result, value, NO_SMALL),
        (Vector::Wide(result), Vector::Wide(value)) => put(result, value, NO_WIDE),
        (Vector::Days(result), Vector::Days(value)) => put(result, value, NO_DAY),
        (Vector::Truth(result), Vector::Truth(value)) => put(result, value, UNKNOWN),
        (Vector::Code(result), Vector::Code(value)) => put(result, value, NO_TEXT),
        (result, value) => {
            let rows: Vec<bool> = result.is_missing().into_iter().map(|missing| missing == TRUE).collect();
            merge(result, value, rows.into_iter());
        }
    }
}
