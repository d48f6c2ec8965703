//! Scalar functions are run once for each distinct call of a plan node, however often an expression repeats them.
//!
//! A difference, its absolute value, its outcome and its reason all contain the same rounding; a columnar engine that
//! does not see through our functions would run it each time. So calls become columns first, innermost ones before the
//! calls that contain them.

use crate::expr::{Expr, Node};

/// Columns to compute first, level by level, and the expressions that use them.
pub struct Hoisted {
    /// Each level needs only the levels before it.
    pub levels: Vec<Vec<(String, Expr)>>,
    /// The expressions with columns in place of calls.
    pub rewritten: Vec<(String, Expr)>,
}

/// Takes the calls out of expressions.
pub fn hoist(exprs: &[(String, Expr)]) -> Hoisted {
    let mut calls: Vec<(Expr, usize)> = Vec::new();
    let rewritten: Vec<(String, Expr)> =
        exprs.iter().map(|(name, expr)| (name.clone(), rewrite(expr, &mut calls).0)).collect();
    let deepest = calls.iter().map(|(_, level)| level + 1).max().unwrap_or(0);
    let mut levels = vec![Vec::new(); deepest];
    for (index, (call, level)) in calls.into_iter().enumerate() {
        levels[level].push((name(index), call));
    }
    Hoisted { levels, rewritten }
}

fn name(index: usize) -> String {
    format!("__call:{index}")
}

/// The expression without calls, and how many levels of calls it rests upon.
fn rewrite(expr: &Expr, calls: &mut Vec<(Expr, usize)>) -> (Expr, usize) {
    let mut deepest = 0;
    let mut go = |inner: &Expr, calls: &mut Vec<(Expr, usize)>| {
        let (expr, level) = rewrite(inner, calls);
        deepest = deepest.max(level);
        expr
    };
    let mut boxed = |inner: &Expr, calls: &mut Vec<(Expr, usize)>| Box::new(go(inner, calls));
    let node = match &expr.node {
        Node::Col(_) | Node::Lit(_) => return (expr.clone(), 0),
        Node::Add(a, b) => Node::Add(boxed(a, calls), boxed(b, calls)),
        Node::Sub(a, b) => Node::Sub(boxed(a, calls), boxed(b, calls)),
        Node::Mul(a, b) => Node::Mul(boxed(a, calls), boxed(b, calls)),
        Node::Compare(cmp, a, b) => Node::Compare(*cmp, boxed(a, calls), boxed(b, calls)),
        Node::And(a, b) => Node::And(boxed(a, calls), boxed(b, calls)),
        Node::Or(a, b) => Node::Or(boxed(a, calls), boxed(b, calls)),
        Node::Widen(a, by) => Node::Widen(boxed(a, calls), *by),
        Node::Not(a) => Node::Not(boxed(a, calls)),
        Node::IsNull(a) => Node::IsNull(boxed(a, calls)),
        Node::In(a, list) => Node::In(boxed(a, calls), list.clone()),
        Node::Case(arms, otherwise) => {
            let arms = arms.iter().map(|(condition, value)| (*boxed(condition, calls), *boxed(value, calls))).collect();
            Node::Case(arms, boxed(otherwise, calls))
        }
        Node::Coalesce(parts) => Node::Coalesce(parts.iter().map(|part| *boxed(part, calls)).collect()),
        Node::Call(func, args) => {
            let args = args.iter().map(|arg| *boxed(arg, calls)).collect();
            let call = Expr { node: Node::Call(func.clone(), args), ty: expr.ty, bound: expr.bound };
            let index = calls.iter().position(|(known, _)| *known == call).unwrap_or_else(|| {
                calls.push((call, deepest));
                calls.len() - 1
            });
            let level = calls[index].1 + 1;
            return (Expr { node: Node::Col(name(index)), ty: expr.ty, bound: expr.bound }, level);
        }
    };
    (Expr { node, ty: expr.ty, bound: expr.bound }, deepest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Func;
    use crate::value::Ty;

    fn call(inner: Expr) -> Expr {
        Expr { node: Node::Call(Func::Upper, vec![inner]), ty: Ty::Text, bound: 0 }
    }

    #[test]
    fn equal_calls_run_once_and_inner_ones_first() {
        let inner = call(Expr::col("a", Ty::Text));
        let outer = call(inner.clone());
        let hoisted = hoist(&[("x".to_owned(), outer.clone()), ("y".to_owned(), inner.is_null().and(outer.is_null()))]);
        assert_eq!(hoisted.levels.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(hoisted.rewritten[0].1, Expr::col_bounded("__call:1", Ty::Text, 0));
    }
}
