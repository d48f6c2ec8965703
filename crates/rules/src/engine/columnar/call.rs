//! Scalar functions over vectors: fast where figures are many, and by the one definition of `Func` everywhere else.

use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;
use tieout_ingest::texts::{CODES_A_BLOCK, NO_TEXT, Texts};
use tieout_model::Rounding;
use tieout_model::amount::{minor_units, round_units};

use super::vector::{Kind, NO_DAY, NO_SMALL, NO_WIDE, UNKNOWN, Vector, Words, wide};
use crate::expr::{Func, func};
use crate::judge::number;
use crate::value::Value;

/// Codes of a block of texts that count up.
const BLOCK: u32 = CODES_A_BLOCK as u32;

/// What a function of a block's first text tells about all of them.
#[derive(Clone, Copy)]
enum Base {
    Prefix(u32),
    Number(i64),
    /// They do not count up, or it does not fit.
    None,
}

/// Folded numbers of a block of codes, where these count up too: from the first one on, and from that one on with which they
/// go on in another block.
#[derive(Clone, Copy)]
struct Fold {
    first: u32,
    next: u32,
    /// How many come before that one.
    before: u32,
}

impl Fold {
    fn of(code: u32, texts: &Texts) -> Option<Self> {
        let from = texts.counts_from(code)?;
        // A number whose zeros are left out is shorter than others.
        let folded = |code: u32| {
            let text = texts.get(code)?;
            let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
            let folded = number::fold(&text);
            let code = folded.ends_with(&text[text.len() - digits..]).then(|| texts.code(&folded))?;
            texts.counts_from(code).is_some().then_some(code)
        };
        let first = folded(from)?;
        let before = BLOCK - first % BLOCK;
        let next = if before < BLOCK { folded(from + before)? } else { first };
        (before == BLOCK || next % BLOCK == 0).then_some(Self { first, next, before })
    }

    fn code(self, within: u32) -> u32 {
        if within < self.before { self.first + within } else { self.next + (within - self.before) }
    }
}

/// What one call came to so far: functions of texts and days repeat their arguments.
#[derive(Default)]
pub(super) struct Memo {
    results: HashMap<[u64; 2], i128>,
    /// By block of codes.
    bases: HashMap<u32, Base>,
    /// Likewise, of numbers of documents.
    folds: HashMap<u32, Option<Fold>>,
    /// Texts in lower case, and whether without white space around them.
    lower: HashMap<(u32, bool), Arc<str>>,
    /// A result did not fit where planning proved that it would.
    pub beyond: bool,
}

impl Memo {
    fn base(&mut self, func: &Func, code: u32, texts: &Texts) -> Base {
        *self.bases.entry(code / BLOCK).or_insert_with(|| {
            let Some(first) = texts.counts_from(code).and_then(|first| texts.get(first)) else { return Base::None };
            match func.apply(&[Value::Text(first)]) {
                Value::Text(prefix) => Base::Prefix(texts.code(&prefix)),
                Value::Num(number) => match i64::try_from(number) {
                    Ok(number) if number < i64::MAX - i64::from(BLOCK) => Base::Number(number),
                    _ => Base::None,
                },
                _ => Base::None,
            }
        })
    }
}

/// Results kept of one call; more are computed again.
const MEMO_MAX: usize = 1 << 16;

/// A function of vectors of equal length.
pub(super) fn apply(
    func: &Func,
    args: &[Rc<Vector>],
    kind: Kind,
    rows: usize,
    texts: &Texts,
    memo: &mut Memo,
) -> Vector {
    match (func, args) {
        (Func::Abs, [a]) => absolute(a),
        (Func::Round { drop, mode }, [a]) => {
            rounded(a, (kind, memo), |units| Some(round_units(units, u32::from(*drop), *mode)))
        }
        (Func::RoundMoney { scale, mode }, [units, currencies, rest @ ..]) => {
            let modes = rest.first().map(Rc::as_ref);
            round_money((units, currencies, modes), (*scale, *mode), (kind, memo), texts)
        }
        (Func::DaysBetween, [from, to]) => match (from.as_ref(), to.as_ref()) {
            (Vector::Days(from), Vector::Days(to)) => {
                let one = |(&from, &to): (&i32, &i32)| {
                    if from == NO_DAY || to == NO_DAY { NO_SMALL } else { i64::from(to) - i64::from(from) }
                };
                Vector::Small(from.iter().zip(to).map(one).collect())
            }
            _ => plain(func, args, (kind, memo), rows, texts),
        },
        (Func::Least | Func::Greatest, [a, b]) => {
            let least = *func == Func::Least;
            match (a.as_ref(), b.as_ref()) {
                (Vector::Days(a), Vector::Days(b)) => Vector::Days(nearest(a, b, NO_DAY, least)),
                (Vector::Small(a), Vector::Small(b)) => Vector::Small(nearest(a, b, NO_SMALL, least)),
                _ => plain(func, args, (kind, memo), rows, texts),
            }
        }
        (Func::Mentions, [text, id]) => match (text.as_ref(), id.as_ref()) {
            (Vector::Code(text), Vector::Code(id)) => Vector::Truth(mentions(text, id, texts, memo)),
            _ => plain(func, args, (kind, memo), rows, texts),
        },
        (Func::Trim, [text]) if kind == Kind::Code => match text.as_ref() {
            Vector::Code(all) => Vector::Code(trimmed(all, texts)),
            _ => plain(func, args, (kind, memo), rows, texts),
        },
        (Func::Length | Func::DigitCount, [text]) if kind == Kind::Small => match text.as_ref() {
            Vector::Code(all) if *func == Func::Length => {
                Vector::Small(counted(all, texts, |text| text.chars().count()))
            }
            Vector::Code(all) => {
                Vector::Small(counted(all, texts, |text| text.bytes().filter(u8::is_ascii_digit).count()))
            }
            _ => plain(func, args, (kind, memo), rows, texts),
        },
        (Func::NumberFold, [text]) if kind == Kind::Code => match text.as_ref() {
            Vector::Code(all) => Vector::Code(folded(all, texts, memo)),
            _ => plain(func, args, (kind, memo), rows, texts),
        },
        (Func::IdPrefix | Func::IdNumber, [id]) if matches!(kind, Kind::Code | Kind::Small) => match id.as_ref() {
            Vector::Code(all) => id_part(func, all, kind, texts, memo),
            _ => remembered(func, args, kind, rows, texts, memo),
        },
        _ => remembered(func, args, kind, rows, texts, memo),
    }
}

/// A part of identifiers: those that count up have one prefix, and the number of one tells that of its neighbours.
fn id_part(func: &Func, all: &[u32], kind: Kind, texts: &Texts, memo: &mut Memo) -> Vector {
    let mut result = Vector::missing(kind, all.len());
    let (mut rest, mut places) = (Vec::new(), Vec::new());
    let (mut last, mut base) = (NO_TEXT, Base::None);
    for (place, &code) in all.iter().enumerate().filter(|(_, code)| **code != NO_TEXT) {
        if code / BLOCK != last / BLOCK || last == NO_TEXT {
            last = code;
            base = memo.base(func, code, texts);
        }
        match (&mut result, &base) {
            (Vector::Code(result), Base::Prefix(prefix)) => result[place] = *prefix,
            (Vector::Small(result), Base::Number(number)) => result[place] = number + i64::from(code % BLOCK),
            _ => {
                rest.push(code);
                places.push(place);
            }
        }
    }
    if !rest.is_empty() {
        let count = rest.len();
        match (&mut result, remembered(func, &[Rc::new(Vector::Code(rest))], kind, count, texts, memo)) {
            (Vector::Code(result), Vector::Code(made)) => {
                places.into_iter().zip(made).for_each(|(place, made)| result[place] = made);
            }
            (Vector::Small(result), Vector::Small(made)) => {
                places.into_iter().zip(made).for_each(|(place, made)| result[place] = made);
            }
            (_, made) => panic!("a part of a text is {:?}", made.kind()),
        }
    }
    result
}

/// Hardly a text has white space around it, and one that has none is itself.
fn trimmed(all: &[u32], texts: &Texts) -> Vec<u32> {
    let mut last = (NO_TEXT, NO_TEXT);
    let one = |&code: &u32| {
        if code != last.0 {
            let other = texts.with(code, |text| (text.trim().len() != text.len()).then(|| text.trim().to_owned()));
            last = (code, other.flatten().map_or(code, |other| texts.code(&other)));
        }
        last.1
    };
    all.iter().map(one).collect()
}

/// How many letters or digits texts have: texts that count up all have as many.
fn counted(all: &[u32], texts: &Texts, count: impl Fn(&str) -> usize) -> Vec<i64> {
    let (mut last, mut block) = ((NO_TEXT, NO_SMALL), None);
    let one = |&code: &u32| {
        if code != last.0 && (code == NO_TEXT || block != Some(code / BLOCK)) {
            let count = texts.with(code, |text| i64::try_from(count(text)).unwrap_or(i64::MAX));
            last = (code, count.unwrap_or(NO_SMALL));
            block = texts.counts_from(code).map(|_| code / BLOCK);
        }
        last.1
    };
    all.iter().map(one).collect()
}

/// Numbers of documents hardly repeat, so that nothing is remembered of them. Those that count up do so when they are
/// folded too; others are folded one below the other.
fn folded(all: &[u32], texts: &Texts, memo: &mut Memo) -> Vec<u32> {
    let mut codes = vec![NO_TEXT; all.len()];
    let mut rest: Vec<usize> = Vec::new();
    let (mut last, mut fold) = (None, None);
    for (place, &code) in all.iter().enumerate().filter(|(_, code)| **code != NO_TEXT) {
        let block = code / BLOCK;
        if last != Some(block) {
            last = Some(block);
            fold = *memo.folds.entry(block).or_insert_with(|| Fold::of(code, texts));
        }
        match fold {
            Some(fold) => codes[place] = fold.code(code % BLOCK),
            None => rest.push(place),
        }
    }
    let mut made = String::with_capacity(rest.len() * 16);
    let mut ends: Vec<Option<usize>> = Vec::with_capacity(rest.len());
    for place in &rest {
        ends.push(texts.with(all[*place], |text| number::fold_into(text, &mut made)).map(|()| made.len()));
    }
    let mut from = 0;
    let each = ends.iter().map(|end| {
        let to = (*end)?;
        Some(&made[std::mem::replace(&mut from, to)..to])
    });
    rest.into_iter().zip(texts.codes(each)).for_each(|(place, code)| codes[place] = code);
    codes
}

/// Pairs of texts are many and texts are few: each is put into lower case once.
fn mentions(text: &[u32], id: &[u32], texts: &Texts, memo: &mut Memo) -> Vec<u8> {
    let mut lower = |code: u32, trim: bool| -> Option<Arc<str>> {
        if memo.lower.len() > MEMO_MAX {
            memo.lower.clear();
        }
        let key = (code, trim);
        if !memo.lower.contains_key(&key) {
            let made = texts.with(code, |text| Arc::from(if trim { text.trim() } else { text }.to_lowercase()))?;
            memo.lower.insert(key, made);
        }
        memo.lower.get(&key).cloned()
    };
    let one = |(&text, &id): (&u32, &u32)| match (lower(text, false), lower(id, true)) {
        (Some(text), Some(id)) => u8::from(func::lower_mentions(&text, &id)),
        _ => UNKNOWN,
    };
    text.iter().zip(id).map(one).collect()
}

fn nearest<T: Copy + Ord>(a: &[T], b: &[T], missing: T, least: bool) -> Vec<T> {
    let one = |(&a, &b): (&T, &T)| {
        if a == missing || b == missing {
            missing
        } else if least {
            a.min(b)
        } else {
            a.max(b)
        }
    };
    a.iter().zip(b).map(one).collect()
}

fn absolute(a: &Vector) -> Vector {
    match a {
        Vector::Small(all) => {
            Vector::Small(all.iter().map(|&units| if units == NO_SMALL { units } else { units.abs() }).collect())
        }
        Vector::Wide(all) => {
            Vector::Wide(all.iter().map(|&units| if units == NO_WIDE { units } else { units.abs() }).collect())
        }
        other => panic!("the size of {:?}", other.kind()),
    }
}

/// Numbers one by one.
fn rounded(a: &Vector, (kind, memo): (Kind, &mut Memo), mut round: impl FnMut(i128) -> Option<i128>) -> Vector {
    let mut one = |units: i128| if units == NO_WIDE { NO_WIDE } else { round(units).unwrap_or(NO_WIDE) };
    let all: Vec<i128> = match a {
        Vector::Small(all) => all.iter().map(|&units| one(wide(units))).collect(),
        Vector::Wide(all) => all.iter().map(|&units| one(units)).collect(),
        other => panic!("{:?} cannot be rounded", other.kind()),
    };
    as_kind(all, kind, memo)
}

/// Numbers of 128 bits as what the plan wants.
fn as_kind(all: Vec<i128>, kind: Kind, memo: &mut Memo) -> Vector {
    if kind == Kind::Wide {
        return Vector::Wide(all);
    }
    let narrow = |units: i128| {
        if units == NO_WIDE {
            return NO_SMALL;
        }
        i64::try_from(units).unwrap_or_else(|_| {
            memo.beyond = true;
            NO_SMALL
        })
    };
    Vector::Small(all.into_iter().map(narrow).collect())
}

/// Rounds to each record's currency; neighbouring records mostly share it.
fn round_money(
    (units, currencies, modes): (&Vector, &Vector, Option<&Vector>),
    (scale, mode): (u8, Option<Rounding>),
    (kind, memo): (Kind, &mut Memo),
    texts: &Texts,
) -> Vector {
    let currencies = super::compute::codes(currencies);
    let modes = modes.map(super::compute::codes);
    let (mut last, mut places): (u32, Option<u8>) = (NO_TEXT, None);
    let (mut last_mode, mut entity): (u32, Option<Rounding>) = (NO_TEXT, None);
    let mut row = 0;
    let units = match units {
        Vector::Small(all) => Vector::Wide(all.iter().map(|&units| wide(units)).collect()),
        other => other.clone(),
    };
    let Vector::Wide(all) = units else { panic!("money to round is a number") };
    let one = |units: i128| {
        let at = row;
        row += 1;
        if currencies[at] != last {
            last = currencies[at];
            places = texts.with(last, minor_units).flatten();
        }
        if let Some(modes) = modes
            && modes[at] != last_mode
        {
            last_mode = modes[at];
            entity = texts.with(last_mode, Rounding::parse).flatten();
        }
        let (true, Some(places)) = (units != NO_WIDE, places) else { return NO_WIDE };
        func::round_money(units, scale, places, mode.or(entity).unwrap_or(Rounding::HalfUp))
    };
    as_kind(all.into_iter().map(one).collect(), kind, memo)
}

/// What stands for an argument where results are remembered; `None` for a number too large to stand for itself.
fn image(vector: &Vector, row: usize) -> Option<u64> {
    Some(match vector {
        Vector::Code(all) => u64::from(all[row]),
        Vector::Days(all) => u64::from(all[row].cast_unsigned()),
        Vector::Truth(all) => u64::from(all[row]),
        Vector::Small(all) => all[row].cast_unsigned(),
        Vector::Wide(_) => return None,
    })
}

fn remembered(func: &Func, args: &[Rc<Vector>], kind: Kind, rows: usize, texts: &Texts, memo: &mut Memo) -> Vector {
    let numbers = args.iter().any(|arg| arg.kind() == Kind::Wide);
    if args.is_empty() || args.len() > 2 || numbers {
        return plain(func, args, (kind, memo), rows, texts);
    }
    let mut words = Words::new(texts);
    let mut last: Option<([u64; 2], i128)> = None;
    // Texts that nobody has seen become codes all at once: until then each stands for itself by its place, below zero.
    let mut fresh: Vec<([u64; 2], Value)> = Vec::new();
    let one = |row: usize| {
        let key = [image(&args[0], row).unwrap_or(0), args.get(1).and_then(|arg| image(arg, row)).unwrap_or(0)];
        if let Some((_, known)) = last.filter(|(last, _)| *last == key) {
            return known;
        }
        let known = memo.results.get(&key).copied().unwrap_or_else(|| {
            let values: Vec<Value> = args.iter().map(|arg| arg.value(row, &mut words)).collect();
            let value = func.apply(&values);
            let result = match kind {
                Kind::Code => {
                    fresh.push((key, value));
                    -(fresh.len() as i128)
                }
                _ => cell(&value, kind),
            };
            if memo.results.len() < MEMO_MAX {
                memo.results.insert(key, result);
            }
            result
        });
        last = Some((key, known));
        known
    };
    let mut results: Vec<i128> = (0..rows).map(one).collect();
    if !fresh.is_empty() {
        let codes = texts.codes(fresh.iter().map(|(_, value)| value.as_text()));
        for result in results.iter_mut().filter(|result| **result < 0) {
            *result = codes[result.unsigned_abs() as usize - 1].into();
        }
        for ((key, _), code) in fresh.iter().zip(&codes) {
            memo.results.entry(*key).and_modify(|result| *result = (*code).into());
        }
    }
    of_cells(results, (kind, memo))
}

/// A result as it stands in a vector of its kind.
fn cell(value: &Value, kind: Kind) -> i128 {
    match kind {
        Kind::Code => panic!("texts become codes together"),
        Kind::Days => value.date().map_or(NO_DAY, |day| day.0).into(),
        Kind::Truth => value.bool().map_or(UNKNOWN, u8::from).into(),
        Kind::Small | Kind::Wide => value.num().unwrap_or(NO_WIDE),
    }
}

fn of_cells(cells: Vec<i128>, (kind, memo): (Kind, &mut Memo)) -> Vector {
    match kind {
        Kind::Code => Vector::Code(cells.into_iter().map(|cell| cell as u32).collect()),
        Kind::Days => Vector::Days(cells.into_iter().map(|cell| cell as i32).collect()),
        Kind::Truth => Vector::Truth(cells.into_iter().map(|cell| cell as u8).collect()),
        Kind::Small | Kind::Wide => as_kind(cells, kind, memo),
    }
}

fn plain(func: &Func, args: &[Rc<Vector>], (kind, memo): (Kind, &mut Memo), rows: usize, texts: &Texts) -> Vector {
    let mut words = Words::new(texts);
    let one = |row: usize| {
        let values: Vec<Value> = args.iter().map(|arg| arg.value(row, &mut words)).collect();
        func.apply(&values)
    };
    let results: Vec<Value> = (0..rows).map(one).collect();
    if kind == Kind::Code {
        let all: Vec<Option<&str>> = results.iter().map(Value::as_text).collect();
        return Vector::Code(texts.codes(all.into_iter()));
    }
    of_cells(results.iter().map(|result| cell(result, kind)).collect(), (kind, memo))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_count_up_give_what_the_one_definition_gives() {
        let texts = Texts::default();
        let cells = [
            Some("INV-2026-000123"),
            Some("INV-2026-004095"),
            Some("INV-2026-004096"),
            None,
            Some("12"),
            Some("X"),
            Some("AB1234567890"),
            Some("000000"),
            Some("INV-2026-000124"),
            Some(" 00012 "),
            Some("99999999999999999999"),
            Some("9999999990000000001"),
            Some("Ü 012345"),
            Some("SIL-100351"),
            Some("SIL-102399"),
            Some("SIL-098304"),
            Some("SIL-099999"),
            Some("SIL-100000"),
            Some("7-0008191"),
            Some("7-0008192"),
            Some("O12345"),
            Some("O00005"),
            Some("B-2026-999999"),
            Some("B-2026-000000"),
        ];
        let codes = Vector::Code(texts.codes(cells.into_iter()));
        let mut words = Words::new(&texts);
        for (func, kind) in [
            (Func::IdPrefix, Kind::Code),
            (Func::IdNumber, Kind::Small),
            (Func::Trim, Kind::Code),
            (Func::Length, Kind::Small),
            (Func::DigitCount, Kind::Small),
            (Func::NumberFold, Kind::Code),
        ] {
            let made = apply(&func, &[Rc::new(codes.clone())], kind, cells.len(), &texts, &mut Memo::default());
            for (row, cell) in cells.iter().enumerate() {
                let expected = cell.map_or(Value::Null, |cell| func.apply(&[Value::text(cell)]));
                assert_eq!(made.value(row, &mut words), expected, "{func:?} of {cell:?}");
            }
        }
    }
}
