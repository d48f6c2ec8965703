//! Evaluates operations over a chunk of rows, each of them once.

use std::rc::Rc;

use hashbrown::HashMap;
use rayon::prelude::*;
use tieout_ingest::texts::{NO_TEXT, Texts};
use tieout_model::amount::pow10;

use super::call::{self, Memo};
use super::kernel::{and, fill, given, has_missing, merge, or, ordered, scatter};
use super::vector::{FALSE, Kind, NO_DAY, NO_ROW, NO_SMALL, NO_WIDE, TRUE, UNKNOWN, Vector};
use super::view::{Id, Op, View};
use crate::engine::EngineError;
use crate::expr::Cmp;
use crate::value::Value;

/// Rows of a chunk: what it computes stays in a core's own cache. In a build for development so few that tests have several.
const CHUNK: usize = if cfg!(debug_assertions) { 16 } else { 4096 };
/// Rows that one thread takes at a time.
const MORSEL: usize = CHUNK * if cfg!(debug_assertions) { 2 } else { 16 };

/// Where so many times fewer rows are open than there are, what is asked next is computed for these only.
const FEW_OPEN: usize = if cfg!(debug_assertions) { 1 } else { 2 };
/// Likewise for a part of an expression, of which others may ask for all rows.
const FEW_WANTED: usize = if cfg!(debug_assertions) { 1 } else { 8 };

/// Evaluates chunks of one view.
pub(super) struct Evaluator<'v> {
    view: &'v View,
    texts: &'v Texts,
    from: usize,
    /// The chunk, and of it fewer and fewer rows.
    frames: Vec<Frame>,
    memos: HashMap<Id, Memo>,
    /// A number that does not fit where planning proved that it would.
    overflow: bool,
}

/// Rows of a chunk and what has been computed for them.
struct Frame {
    rows: usize,
    /// Their places in the frame before.
    places: Vec<u32>,
    /// Their places in the chunk; `None`: all of it.
    picks: Option<Vec<u32>>,
    done: Vec<Option<Rc<Vector>>>,
}

/// What an operation gives where some rows want it.
enum Told {
    /// For all rows: those that want it are not few, or it costs nothing.
    All(Rc<Vector>),
    /// For those rows only.
    Some(Vec<u32>, Rc<Vector>),
}

impl<'v> Evaluator<'v> {
    pub fn new(view: &'v View, texts: &'v Texts) -> Self {
        let chunk = Frame { rows: 0, places: Vec::new(), picks: None, done: vec![None; view.ops.len()] };
        Self { view, texts, from: 0, frames: vec![chunk], memos: HashMap::new(), overflow: false }
    }

    fn chunk(&mut self, from: usize, to: usize) {
        self.from = from;
        let chunk = &mut self.frames[0];
        chunk.rows = to - from;
        chunk.done.iter_mut().for_each(|done| *done = None);
    }

    /// The values of an operation in the current chunk.
    pub fn eval(&mut self, id: Id) -> Rc<Vector> {
        let frame = self.frames.len() - 1;
        if let Some(done) = self.known(frame, id) {
            return done;
        }
        let made = self.make(id);
        debug_assert_eq!(made.len(), self.rows(), "{:?}", self.view.ops[id as usize]);
        self.frames[frame].done[id as usize] = Some(made.clone());
        made
    }

    /// What has been computed, for these rows or for more.
    fn known(&mut self, frame: usize, id: Id) -> Option<Rc<Vector>> {
        if let Some(done) = &self.frames[frame].done[id as usize] {
            return Some(done.clone());
        }
        let wider = self.known(frame.checked_sub(1)?, id)?;
        let made = Rc::new(wider.gather(&self.frames[frame].places));
        self.frames[frame].done[id as usize] = Some(made.clone());
        Some(made)
    }

    /// The same work for some of the rows only.
    fn among<T>(&mut self, places: Vec<u32>, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = &self.frames[self.frames.len() - 1];
        let picks = match &before.picks {
            None => places.clone(),
            Some(picks) => places.iter().map(|place| picks[*place as usize]).collect(),
        };
        let frame = Frame { rows: places.len(), places, picks: Some(picks), done: vec![None; self.view.ops.len()] };
        self.frames.push(frame);
        let result = work(self);
        self.frames.pop();
        result
    }

    /// The values of an operation, wanted at the rows with some marks.
    fn at<M: Copy>(&mut self, id: Id, marks: &[M], wanted: impl Fn(M) -> bool) -> Told {
        let last = self.frames.len() - 1;
        let cheap = matches!(self.view.ops[id as usize].op, Op::Lit(_) | Op::Source(_));
        if cheap || self.frames[last].done[id as usize].is_some() {
            return Told::All(self.eval(id));
        }
        // By bytes, of which many are added at a time; so few of them never overflow.
        let count =
            |some: &[M]| usize::from(some.iter().fold(0u8, |count, mark| count.wrapping_add(u8::from(wanted(*mark)))));
        if marks.chunks(usize::from(u8::MAX)).map(count).sum::<usize>() * FEW_WANTED > self.rows() {
            return Told::All(self.eval(id));
        }
        let marked = (0u32..).zip(marks).filter(|(_, mark)| wanted(**mark));
        let places: Vec<u32> = marked.map(|(place, _)| place).collect();
        let made = self.among(places.clone(), |own| own.eval(id));
        Told::Some(places, made)
    }

    fn rows(&self) -> usize {
        self.frames[self.frames.len() - 1].rows
    }

    /// The rows of a source.
    fn source(&self, source: u32) -> Vec<u32> {
        let picks = &self.frames[self.frames.len() - 1].picks;
        let (from, to) = (self.from, self.from + self.frames[0].rows);
        match (&self.view.sources[source as usize], picks) {
            (None, None) => (row(from)..row(to)).collect(),
            (Some(rows), None) => rows[from..to].to_vec(),
            (None, Some(picks)) => picks.iter().map(|pick| row(from) + pick).collect(),
            (Some(rows), Some(picks)) => picks.iter().map(|pick| rows[from + *pick as usize]).collect(),
        }
    }

    fn make(&mut self, id: Id) -> Rc<Vector> {
        let view = self.view;
        let computed = &view.ops[id as usize];
        let kind = computed.kind;
        Rc::new(match &computed.op {
            Op::Source(source) => Vector::Code(self.source(*source)),
            Op::Find(index, keys) => {
                let keys: Vec<Rc<Vector>> = keys.iter().map(|key| self.eval(*key)).collect();
                Vector::Code(index.0.find(&keys))
            }
            Op::Head(index, keys) => {
                let keys: Vec<Rc<Vector>> = keys.iter().map(|key| self.eval(*key)).collect();
                Vector::Code(index.0.heads(&super::join::refs(&keys)))
            }
            Op::Count(index, keys) => {
                let keys: Vec<Rc<Vector>> = keys.iter().map(|key| self.eval(*key)).collect();
                Vector::Small(index.0.counts(&keys))
            }
            Op::InForce(reference, asked, with) => {
                let asked = self.eval(*asked);
                if !truths(&asked).contains(&TRUE) {
                    return Rc::new(Vector::missing(kind, self.rows()));
                }
                let with: Vec<Rc<Vector>> = with.iter().map(|id| self.eval(*id)).collect();
                let found = reference.0.find(truths(&asked), &super::join::refs(&with));
                self.overflow |= found.is_none();
                Vector::Wide(found.unwrap_or_else(|| vec![NO_WIDE; self.rows()]))
            }
            Op::Part(packed, part) => super::in_force::part(wides(&self.eval(*packed)), *part),
            Op::Held(rows, bits) => {
                let rows = self.eval(*rows);
                let bit = |&row: &u32| bits.0.get(row as usize / 64).map_or(0, |word| (word >> (row % 64)) & 1);
                Vector::Truth(codes(&rows).iter().map(|row| u8::from(bit(row) == 1)).collect())
            }
            Op::Hop(rows, index) => Vector::Code(super::join::hop(&index.0, codes(&self.eval(*rows)))),
            Op::Gather(rows, vector) => match &view.ops[*rows as usize].op {
                Op::Source(source) if self.frames.len() == 1 => {
                    let (from, to) = (self.from, self.from + self.rows());
                    match &view.sources[*source as usize] {
                        None => vector.0.slice(from, to),
                        Some(rows) => vector.0.gather(&rows[from..to]),
                    }
                }
                _ => vector.0.gather(codes(&self.eval(*rows))),
            },
            Op::Given(rows, value) => {
                let (rows, value) = (self.eval(*rows), self.eval(*value));
                given(codes(&rows), &value)
            }
            Op::Lit(value) => Vector::repeated(value, kind, self.rows(), self.texts),
            Op::Add(a, b) => self.arithmetic(*a, *b, kind, i64::overflowing_add, i128::overflowing_add),
            Op::Sub(a, b) => self.arithmetic(*a, *b, kind, i64::overflowing_sub, i128::overflowing_sub),
            Op::Mul(a, b) => self.product(*a, *b, kind),
            Op::Widen(a, by) => self.widen(*a, *by, kind),
            Op::Compare(cmp, a, b) => {
                let (a, b) = (self.eval(*a), self.eval(*b));
                Vector::Truth(self.compare(*cmp, &a, &b))
            }
            Op::And(a, b) => return self.both(*a, *b, FALSE, and),
            Op::Or(a, b) => return self.both(*a, *b, TRUE, or),
            Op::Not(a) => {
                let a = self.eval(*a);
                Vector::Truth(truths(&a).iter().map(|&a| if a == UNKNOWN { UNKNOWN } else { a ^ 1 }).collect())
            }
            Op::IsNull(a) => Vector::Truth(self.eval(*a).is_missing()),
            Op::In(a, list) => self.within(*a, list),
            Op::Case(arms, otherwise) => self.case(arms, *otherwise, kind),
            Op::First(arms, otherwise) => self.first(arms, *otherwise),
            Op::Coalesce(parts) => self.coalesce(parts, kind),
            Op::Call(func, args) => {
                let args: Vec<Rc<Vector>> = args.iter().map(|arg| self.eval(*arg)).collect();
                let rows = self.rows();
                let memo = self.memos.entry(id).or_default();
                let result = call::apply(func, &args, kind, rows, self.texts, memo);
                self.overflow |= memo.beyond;
                result
            }
        })
    }

    fn arithmetic(
        &mut self,
        a: Id,
        b: Id,
        kind: Kind,
        small: fn(i64, i64) -> (i64, bool),
        large: fn(i128, i128) -> (i128, bool),
    ) -> Vector {
        let (a, b) = (self.eval(a), self.eval(b));
        if let (Kind::Small, Vector::Small(a), Vector::Small(b)) = (kind, a.as_ref(), b.as_ref()) {
            let mut over = false;
            let one = |(&a, &b): (&i64, &i64)| {
                let (result, beyond) = small(a, b);
                let missing = a == NO_SMALL || b == NO_SMALL;
                over |= beyond & !missing;
                if missing { NO_SMALL } else { result }
            };
            let result = a.iter().zip(b).map(one).collect();
            self.overflow |= over;
            return Vector::Small(result);
        }
        let (a, b) = (a.widened(), b.widened());
        let mut over = false;
        let one = |(&a, &b): (&i128, &i128)| {
            if a == NO_WIDE || b == NO_WIDE {
                return NO_WIDE;
            }
            let (result, beyond) = large(a, b);
            over |= beyond;
            result
        };
        let result = wides(&a).iter().zip(wides(&b)).map(one).collect();
        self.overflow |= over;
        Vector::Wide(result)
    }

    fn product(&mut self, a: Id, b: Id, kind: Kind) -> Vector {
        let (left, right) = (self.eval(a), self.eval(b));
        if let (Kind::Wide, Vector::Small(left), Vector::Small(right)) = (kind, left.as_ref(), right.as_ref()) {
            // Two numbers of 64 bits always fit.
            let one = |(&a, &b): (&i64, &i64)| {
                if a == NO_SMALL || b == NO_SMALL { NO_WIDE } else { i128::from(a) * i128::from(b) }
            };
            return Vector::Wide(left.iter().zip(right).map(one).collect());
        }
        self.arithmetic(a, b, kind, i64::overflowing_mul, i128::overflowing_mul)
    }

    fn widen(&mut self, a: Id, by: u8, kind: Kind) -> Vector {
        let a = self.eval(a);
        let factor = pow10(by.into());
        let mut over = false;
        let result = match (a.as_ref(), kind) {
            (Vector::Small(all), Kind::Small) => {
                let factor = i64::try_from(factor).unwrap_or(i64::MAX);
                let one = |&units: &i64| {
                    let (result, beyond) = units.overflowing_mul(factor);
                    over |= beyond & (units != NO_SMALL);
                    if units == NO_SMALL { NO_SMALL } else { result }
                };
                Vector::Small(all.iter().map(one).collect())
            }
            (Vector::Small(all), _) => {
                let one = |&units: &i64| {
                    let (result, beyond) = i128::from(units).overflowing_mul(factor);
                    over |= beyond;
                    if units == NO_SMALL { NO_WIDE } else { result }
                };
                Vector::Wide(all.iter().map(one).collect())
            }
            (other, _) => {
                let one = |&units: &i128| {
                    let (result, beyond) = units.overflowing_mul(factor);
                    over |= beyond & (units != NO_WIDE);
                    if units == NO_WIDE { NO_WIDE } else { result }
                };
                Vector::Wide(wides(other).iter().map(one).collect())
            }
        };
        self.overflow |= over;
        result
    }

    fn compare(&self, cmp: Cmp, a: &Vector, b: &Vector) -> Vec<u8> {
        match (a, b) {
            (Vector::Small(a), Vector::Small(b)) => ordered(cmp, a, b, NO_SMALL),
            (Vector::Days(a), Vector::Days(b)) => ordered(cmp, a, b, NO_DAY),
            (Vector::Truth(a), Vector::Truth(b)) => ordered(cmp, a, b, UNKNOWN),
            (Vector::Code(a), Vector::Code(b)) if matches!(cmp, Cmp::Eq | Cmp::Ne) => ordered(cmp, a, b, NO_TEXT),
            (Vector::Code(a), Vector::Code(b)) => {
                let one = |(&a, &b): (&u32, &u32)| match (self.texts.get(a), self.texts.get(b)) {
                    (Some(a), Some(b)) => u8::from(cmp.holds(a.cmp(&b))),
                    _ => UNKNOWN,
                };
                a.iter().zip(b).map(one).collect()
            }
            (Vector::Small(_) | Vector::Wide(_), Vector::Small(_) | Vector::Wide(_)) => {
                ordered(cmp, wides(&a.widened()), wides(&b.widened()), NO_WIDE)
            }
            // A constant that is missing has no type of its own.
            (a, b) => {
                let missing = |vector: &Vector| vector.is_missing().iter().all(|missing| *missing == TRUE);
                assert!(missing(a) || missing(b), "{:?} is compared with {:?}", a.kind(), b.kind());
                vec![UNKNOWN; a.len()]
            }
        }
    }

    fn within(&mut self, a: Id, list: &[Value]) -> Vector {
        let a = self.eval(a);
        let found = |missing: bool, found: bool| if missing { UNKNOWN } else { u8::from(found) };
        let numbers = || list.iter().filter_map(Value::num).collect::<Vec<i128>>();
        Vector::Truth(match a.as_ref() {
            Vector::Code(all) => {
                let codes: Vec<u32> =
                    list.iter().filter_map(Value::as_text).map(|text| self.texts.code(text)).collect();
                all.iter().map(|code| found(*code == NO_TEXT, codes.contains(code))).collect()
            }
            Vector::Days(all) => {
                let days: Vec<i32> = list.iter().filter_map(Value::date).map(|day| day.0).collect();
                all.iter().map(|day| found(*day == NO_DAY, days.contains(day))).collect()
            }
            Vector::Truth(all) => {
                let truths: Vec<u8> = list.iter().filter_map(Value::bool).map(u8::from).collect();
                all.iter().map(|truth| found(*truth == UNKNOWN, truths.contains(truth))).collect()
            }
            Vector::Small(all) => {
                let numbers: Vec<i64> = numbers().into_iter().filter_map(|number| i64::try_from(number).ok()).collect();
                all.iter().map(|units| found(*units == NO_SMALL, numbers.contains(units))).collect()
            }
            Vector::Wide(all) => {
                let numbers = numbers();
                all.iter().map(|units| found(*units == NO_WIDE, numbers.contains(units))).collect()
            }
        })
    }

    /// Two truths as one. The second is not asked where the first decides, and the first says nothing where it is neutral.
    fn both(&mut self, a: Id, b: Id, decides: u8, join: impl Fn(u8, u8) -> u8) -> Rc<Vector> {
        let neutral = decides ^ 1;
        let first = self.eval(a);
        let all = truths(&first);
        if all.iter().all(|truth| *truth == decides) {
            return first;
        }
        if all.iter().all(|truth| *truth == neutral) {
            return self.eval(b);
        }
        Rc::new(Vector::Truth(match self.at(b, all, |truth| truth != decides) {
            Told::All(second) if truths(&second).iter().all(|truth| *truth == neutral) => return first,
            Told::All(second) => all.iter().zip(truths(&second)).map(|(&a, &b)| join(a, b)).collect(),
            Told::Some(places, second) => {
                let mut result = all.to_vec();
                for (place, &second) in places.iter().zip(truths(&second)) {
                    let result = &mut result[*place as usize];
                    *result = join(*result, second);
                }
                result
            }
        }))
    }

    /// The first arm whose condition is true; missing where a condition before it is.
    fn case(&mut self, arms: &[(Id, Id)], otherwise: Id, kind: Kind) -> Vector {
        let mut choice = vec![u32::try_from(arms.len()).unwrap_or(NO_ROW); self.rows()];
        let mut open = vec![TRUE; self.rows()];
        let mut left = self.rows();
        for (number, (when, _)) in (0u32..).zip(arms) {
            if left == 0 {
                break;
            }
            let told = self.at(*when, &open, |open| open == TRUE);
            let mut decide = |place: usize, truth: u8| {
                if open[place] == TRUE && truth != FALSE {
                    choice[place] = if truth == TRUE { number } else { NO_ROW };
                    open[place] = FALSE;
                    left -= 1;
                }
            };
            match told {
                Told::All(all) => truths(&all).iter().enumerate().for_each(|(place, truth)| decide(place, *truth)),
                Told::Some(places, some) => {
                    places.iter().zip(truths(&some)).for_each(|(place, truth)| decide(*place as usize, *truth));
                }
            }
        }
        let mut result = Vector::missing(kind, self.rows());
        for (number, then) in (0u32..).zip(arms.iter().map(|(_, then)| then).chain([&otherwise])) {
            if choice.contains(&number) {
                match self.at(*then, &choice, |choice| choice == number) {
                    Told::All(all) => merge(&mut result, &all, choice.iter().map(|choice| *choice == number)),
                    Told::Some(places, some) => scatter(&mut result, &some, &places),
                }
            }
        }
        result
    }

    /// The number of the first condition that is true. Further conditions are computed for the rows that have none yet, once
    /// these are few: records lie by date, so that most chunks are outside the period as a whole, and most rules are about few.
    fn first(&mut self, arms: &[(Id, i64)], otherwise: i64) -> Vector {
        let mut result = vec![NO_SMALL; self.rows()];
        let mut open = self.rows();
        let mut arms = arms.iter();
        while open > 0
            && let Some((when, number)) = arms.next()
        {
            let when = self.eval(*when);
            let when = truths(&when);
            if !when.contains(&TRUE) {
                continue;
            }
            for (result, &truth) in result.iter_mut().zip(when) {
                let found = truth == TRUE && *result == NO_SMALL;
                *result = if found { *number } else { *result };
                open -= usize::from(found);
            }
            if open > 0 && open * FEW_OPEN <= self.rows() && !arms.as_slice().is_empty() {
                let places: Vec<u32> =
                    (0u32..).zip(&result).filter(|(_, result)| **result == NO_SMALL).map(|(place, _)| place).collect();
                let Vector::Small(rest) = self.among(places.clone(), |own| own.first(arms.as_slice(), otherwise))
                else {
                    unreachable!("a number is small")
                };
                places.into_iter().zip(rest).for_each(|(place, number)| result[place as usize] = number);
                break;
            }
        }
        result.iter_mut().filter(|result| **result == NO_SMALL).for_each(|result| *result = otherwise);
        Vector::Small(result)
    }

    /// The first value that is there. Mostly that is the first, or the second where it is a constant.
    fn coalesce(&mut self, parts: &[Id], kind: Kind) -> Vector {
        let mut result: Option<Vector> = None;
        for part in parts {
            if result.as_ref().is_some_and(|result| !has_missing(result)) {
                break;
            }
            match &mut result {
                None => {
                    let value = self.eval(*part);
                    if value.kind() == kind {
                        result = Some(value.as_ref().clone());
                    } else {
                        let own = result.insert(Vector::missing(kind, self.rows()));
                        fill(own, &value);
                    }
                }
                Some(result) => {
                    let missing = result.is_missing();
                    match self.at(*part, &missing, |missing| missing == TRUE) {
                        Told::All(all) => fill(result, &all),
                        Told::Some(places, some) => scatter(result, &some, &places),
                    }
                }
            }
        }
        result.unwrap_or_else(|| Vector::missing(kind, self.rows()))
    }
}

fn row(number: usize) -> u32 {
    u32::try_from(number).expect("fewer rows than four thousand million")
}

pub(super) fn codes(vector: &Vector) -> &[u32] {
    let Vector::Code(all) = vector else { panic!("rows or texts are wanted, these are {:?}", vector.kind()) };
    all
}

fn truths(vector: &Vector) -> &[u8] {
    let Vector::Truth(all) = vector else { panic!("truths are wanted, these are {:?}", vector.kind()) };
    all
}

fn wides(vector: &Vector) -> &[i128] {
    let Vector::Wide(all) = vector else { panic!("numbers are wanted, these are {:?}", vector.kind()) };
    all
}

/// Runs over all rows of a view, chunk by chunk, several threads at once, and gives what each run of rows came to, in order.
pub(super) fn over<T: Send>(
    view: &View,
    texts: &Texts,
    work: impl Fn(&mut Evaluator<'_>, usize, &mut T) + Sync,
    start: impl Fn() -> T + Sync,
) -> Result<Vec<T>, EngineError> {
    over_range(view, texts, (0, view.rows), work, start)
}

/// As `over`, for some neighbouring rows.
pub(super) fn over_range<T: Send>(
    view: &View,
    texts: &Texts,
    (first, last): (usize, usize),
    work: impl Fn(&mut Evaluator<'_>, usize, &mut T) + Sync,
    start: impl Fn() -> T + Sync,
) -> Result<Vec<T>, EngineError> {
    let morsels: Vec<usize> = (first..last).step_by(MORSEL).collect();
    let one = |&from: &usize| {
        let mut evaluator = Evaluator::new(view, texts);
        let mut result = start();
        let end = last.min(from + MORSEL);
        for from in (from..end).step_by(CHUNK) {
            evaluator.chunk(from, end.min(from + CHUNK));
            work(&mut evaluator, from, &mut result);
        }
        if evaluator.overflow {
            return Err(EngineError("a number exceeds the bound that planning proved".to_owned()));
        }
        Ok(result)
    };
    if morsels.len() < 2 { morsels.iter().map(one).collect() } else { morsels.par_iter().map(one).collect() }
}

/// Whole columns, computed.
pub(super) fn columns(view: &View, texts: &Texts, ids: &[Id]) -> Result<Vec<Vector>, EngineError> {
    columns_of(view, texts, ids, (0, view.rows))
}

/// As `columns`, for some neighbouring rows.
pub(super) fn columns_of(
    view: &View,
    texts: &Texts,
    ids: &[Id],
    (from, to): (usize, usize),
) -> Result<Vec<Vector>, EngineError> {
    let parts = over_range(
        view,
        texts,
        (from, to),
        |evaluator, _, parts: &mut Vec<Vector>| {
            for (part, id) in parts.iter_mut().zip(ids) {
                part.append(evaluator.eval(*id).as_ref().clone());
            }
        },
        || ids.iter().map(|id| Vector::empty(view.kind(*id), MORSEL.min(to - from))).collect(),
    )?;
    let mut all: Vec<Vector> = ids.iter().map(|id| Vector::empty(view.kind(*id), to - from)).collect();
    for part in parts {
        all.iter_mut().zip(part).for_each(|(all, part)| all.append(part));
    }
    Ok(all)
}

/// The rows for which a condition is true.
pub(super) fn select(view: &View, texts: &Texts, condition: Id) -> Result<Vec<u32>, EngineError> {
    let parts = over(
        view,
        texts,
        |evaluator, from, rows: &mut Vec<u32>| {
            let truth = evaluator.eval(condition);
            let truth = truths(&truth);
            if truth.contains(&TRUE) {
                rows.extend((row(from)..).zip(truth).filter(|(_, truth)| **truth == TRUE).map(|(row, _)| row));
            }
        },
        Vec::new,
    )?;
    Ok(parts.concat())
}
