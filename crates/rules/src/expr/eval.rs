//! Evaluates an expression on one plain row, on big integers: the oracle's arithmetic, and the judges'.
//!
//! Nothing here is shared with the columnar lowering but the scalar functions that do not round.

use num_bigint::BigInt;
use tieout_model::Rounding;
use tieout_model::amount::{MONEY_SCALE, minor_units};

use super::{Expr, Func, Node};
use crate::value::{Relation, Value};

fn exact(big: &BigInt) -> Value {
    // Planning has proven the bound; a value beyond it is our own bug and must be loud.
    Value::Num(i128::try_from(big).unwrap_or_else(|_| panic!("{big} exceeds the bound that planning proved")))
}

/// Evaluates an expression on one row.
pub fn evaluate(expr: &Expr, relation: &Relation, row: &[Value]) -> Value {
    let eval = |inner: &Expr| evaluate(inner, relation, row);
    let arithmetic = |a: &Expr, b: &Expr, op: fn(BigInt, BigInt) -> BigInt| match (eval(a).num(), eval(b).num()) {
        (Some(a), Some(b)) => exact(&op(BigInt::from(a), BigInt::from(b))),
        _ => Value::Null,
    };
    match &expr.node {
        Node::Col(name) => row[relation.index(name)].clone(),
        Node::Lit(value) => value.clone(),
        Node::Add(a, b) => arithmetic(a, b, |a, b| a + b),
        Node::Sub(a, b) => arithmetic(a, b, |a, b| a - b),
        Node::Mul(a, b) => arithmetic(a, b, |a, b| a * b),
        Node::Widen(a, by) => match eval(a).num() {
            Some(units) => exact(&(BigInt::from(units) * BigInt::from(10).pow(u32::from(*by)))),
            None => Value::Null,
        },
        Node::Compare(cmp, a, b) => {
            let (a, b) = (eval(a), eval(b));
            if a.is_null() || b.is_null() { Value::Null } else { Value::Bool(cmp.holds(a.cmp(&b))) }
        }
        Node::And(a, b) => match (eval(a).bool(), eval(b).bool()) {
            (Some(false), _) | (_, Some(false)) => Value::Bool(false),
            (Some(true), Some(true)) => Value::Bool(true),
            _ => Value::Null,
        },
        Node::Or(a, b) => match (eval(a).bool(), eval(b).bool()) {
            (Some(true), _) | (_, Some(true)) => Value::Bool(true),
            (Some(false), Some(false)) => Value::Bool(false),
            _ => Value::Null,
        },
        Node::Not(a) => eval(a).bool().map_or(Value::Null, |truth| Value::Bool(!truth)),
        Node::IsNull(a) => Value::Bool(eval(a).is_null()),
        Node::In(a, list) => {
            let value = eval(a);
            if value.is_null() { Value::Null } else { Value::Bool(list.contains(&value)) }
        }
        Node::Case(arms, otherwise) => {
            for (condition, value) in arms {
                match eval(condition).bool() {
                    Some(true) => return eval(value),
                    Some(false) => {}
                    None => return Value::Null,
                }
            }
            eval(otherwise)
        }
        Node::Coalesce(parts) => parts.iter().map(eval).find(|value| !value.is_null()).unwrap_or(Value::Null),
        Node::Call(func, args) => call(func, &args.iter().map(eval).collect::<Vec<_>>()),
    }
}

/// Functions that round are computed here again, on big integers; the rest have one definition.
fn call(func: &Func, args: &[Value]) -> Value {
    let num = |index: usize| args.get(index).and_then(Value::num).map(BigInt::from);
    let ten = |power: u32| BigInt::from(10).pow(power);
    match func {
        Func::Round { drop, mode } => {
            num(0).map_or(Value::Null, |units| exact(&divide(&units, &ten(u32::from(*drop)), *mode)))
        }
        Func::RoundMoney { scale, mode } => {
            let entity = args.get(2).and_then(Value::as_text).and_then(Rounding::parse);
            let mode = mode.or(entity).unwrap_or(Rounding::HalfUp);
            let places = args.get(1).and_then(Value::as_text).and_then(minor_units);
            let (Some(units), Some(places)) = (num(0), places) else { return Value::Null };
            // To a common scale that loses nothing, then one rounding to the currency's places.
            let wide = units * ten(u32::from(30 - scale.min(&30)));
            let rounded = divide(&wide, &ten(u32::from(30 - places)), mode);
            exact(&(rounded * ten(u32::from(MONEY_SCALE - places))))
        }
        Func::Div { widen, mode } => match (num(0), num(1)) {
            (Some(dividend), Some(divisor)) if divisor != BigInt::from(0) => {
                exact(&divide(&(dividend * ten(u32::from(*widen))), &divisor, *mode))
            }
            _ => Value::Null,
        },
        other => other.apply(args),
    }
}

/// Nearest integer: |2n| against the odd multiples of |d|, sign put back at the end.
fn divide(numerator: &BigInt, denominator: &BigInt, mode: Rounding) -> BigInt {
    let zero = BigInt::from(0);
    let negative = (*numerator < zero) != (*denominator < zero);
    let size = |big: &BigInt| if *big < zero { -big.clone() } else { big.clone() };
    let (n, d) = (size(numerator), size(denominator));
    let floor = &n / &d;
    let twice = (&n - &floor * &d) * 2;
    let odd = &floor % 2 == BigInt::from(1);
    let up = twice > d || (twice == d && (mode == Rounding::HalfUp || odd));
    let result = if up { floor + 1 } else { floor };
    if negative { -result } else { result }
}
