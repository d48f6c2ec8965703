//! The expression language: SQL expression syntax, parsed by a library, walked by us into a small typed tree.
//!
//! Deny by default: what is not listed here is refused with its place. `coalesce` and `is null` are the only doors out
//! of a missing value; everything else is missing when a part is, and predicates follow Kleene.

pub mod eval;
pub mod func;
mod parse;
mod resolve;

pub use func::Func;
pub use parse::{Ast, AstKind, ParseError, parse};
pub use resolve::{Resolution, Resolver, TypeError, Typed, type_expression};

use crate::value::{Ty, Value};

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cmp {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
}

impl Cmp {
    /// Whether the ordering satisfies the comparison.
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
        }
    }
}

/// A typed expression over the columns of a relation. Numbers on both sides of `Add`, `Sub`, `Cmp`, and in the arms of
/// `Case` and `Coalesce`, have the same scale: `Widen` has been put in where they had not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Its type.
    pub ty: Ty,
    /// For a number: a proven bound on |units|.
    pub bound: u128,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A column of the relation, by name.
    Col(String),
    /// A constant.
    Lit(Value),
    /// Sum of two numbers of one scale.
    Add(Box<Expr>, Box<Expr>),
    /// Difference of two numbers of one scale.
    Sub(Box<Expr>, Box<Expr>),
    /// Product; its scale is the sum of the scales.
    Mul(Box<Expr>, Box<Expr>),
    /// Units times 10^n: the same number at a larger scale.
    Widen(Box<Expr>, u8),
    /// Comparison of two values of one type and scale.
    Compare(Cmp, Box<Expr>, Box<Expr>),
    /// Kleene and.
    And(Box<Expr>, Box<Expr>),
    /// Kleene or.
    Or(Box<Expr>, Box<Expr>),
    /// Kleene not.
    Not(Box<Expr>),
    /// Whether the value is missing; never missing itself.
    IsNull(Box<Expr>),
    /// Whether the value is one of the constants; missing if the value is.
    In(Box<Expr>, Vec<Value>),
    /// The first arm whose condition is true; missing if a condition before it is missing.
    Case(Vec<(Expr, Expr)>, Box<Expr>),
    /// The first value that is not missing.
    Coalesce(Vec<Expr>),
    /// A scalar function; missing if an argument is.
    Call(Func, Vec<Expr>),
}

impl Expr {
    /// A column.
    pub fn col(name: impl Into<String>, ty: Ty) -> Self {
        Self::col_bounded(name, ty, i64::MAX.unsigned_abs().into())
    }

    /// A number column with a known bound.
    pub fn col_bounded(name: impl Into<String>, ty: Ty, bound: u128) -> Self {
        Self { node: Node::Col(name.into()), ty, bound }
    }

    /// A whole number.
    pub fn int(value: i128) -> Self {
        Self { node: Node::Lit(Value::Num(value)), ty: Ty::INT, bound: value.unsigned_abs() }
    }

    /// A text.
    pub fn text(text: &str) -> Self {
        Self { node: Node::Lit(Value::text(text)), ty: Ty::Text, bound: 0 }
    }

    /// A day.
    pub fn date(days: i32) -> Self {
        Self { node: Node::Lit(Value::Date(days)), ty: Ty::Date, bound: 0 }
    }

    /// A truth.
    pub fn bool(truth: bool) -> Self {
        Self { node: Node::Lit(Value::Bool(truth)), ty: Ty::Bool, bound: 0 }
    }

    /// A missing value of a type.
    pub fn null(ty: Ty) -> Self {
        Self { node: Node::Lit(Value::Null), ty, bound: 0 }
    }

    fn truth(node: Node) -> Self {
        Self { node, ty: Ty::Bool, bound: 0 }
    }

    /// `self and other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::truth(Node::And(Box::new(self), Box::new(other)))
    }

    /// `self or other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::truth(Node::Or(Box::new(self), Box::new(other)))
    }

    /// `not self`.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::truth(Node::Not(Box::new(self)))
    }

    /// `self is null`.
    #[must_use]
    pub fn is_null(self) -> Self {
        Self::truth(Node::IsNull(Box::new(self)))
    }

    /// A comparison; both sides must have one type and scale (the typed front end widens).
    #[must_use]
    pub fn compare(self, cmp: Cmp, other: Self) -> Self {
        let (left, right) = if matches!((self.ty, other.ty), (Ty::Num { .. }, Ty::Num { .. })) {
            let scale = self.ty.scale().max(other.ty.scale());
            (self.widened(scale), other.widened(scale))
        } else {
            (self, other)
        };
        Self::truth(Node::Compare(cmp, Box::new(left), Box::new(right)))
    }

    /// The same number at a larger scale.
    #[must_use]
    pub fn widened(self, scale: u8) -> Self {
        let from = self.ty.scale();
        if from == scale {
            return self;
        }
        let Ty::Num { dim, .. } = self.ty else { return self };
        let factor = 10u128.saturating_pow(u32::from(scale - from));
        let bound = self.bound.saturating_mul(factor);
        Self { node: Node::Widen(Box::new(self), scale - from), ty: Ty::Num { dim, scale }, bound }
    }

    /// Difference at the common scale.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let scale = self.ty.scale().max(other.ty.scale());
        let (left, right) = (self.widened(scale), other.widened(scale));
        let bound = left.bound.saturating_add(right.bound);
        let ty = left.ty;
        Self { node: Node::Sub(Box::new(left), Box::new(right)), ty, bound }
    }

    /// Sum at the common scale.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let scale = self.ty.scale().max(other.ty.scale());
        let (left, right) = (self.widened(scale), other.widened(scale));
        let bound = left.bound.saturating_add(right.bound);
        let ty = left.ty;
        Self { node: Node::Add(Box::new(left), Box::new(right)), ty, bound }
    }

    /// Product; the scales add up.
    #[must_use]
    pub fn times(self, other: Self, dim: crate::value::Dim) -> Self {
        let bound = self.bound.saturating_mul(other.bound);
        let ty = Ty::Num { dim, scale: self.ty.scale() + other.ty.scale() };
        Self { node: Node::Mul(Box::new(self), Box::new(other)), ty, bound }
    }

    /// The value, or another one where it is missing.
    #[must_use]
    pub fn otherwise(self, other: Self) -> Self {
        let (ty, bound) = (self.ty, self.bound.max(other.bound));
        Self { node: Node::Coalesce(vec![self, other]), ty, bound }
    }

    /// `coalesce(self, zero)` for a number.
    #[must_use]
    pub fn or_zero(self) -> Self {
        let zero = Self { node: Node::Lit(Value::Num(0)), ty: self.ty, bound: 0 };
        self.otherwise(zero)
    }

    /// `case when condition then self else other end`, types already equal.
    #[must_use]
    pub fn case(arms: Vec<(Self, Self)>, otherwise: Self) -> Self {
        let ty = otherwise.ty;
        let bound = arms.iter().map(|(_, value)| value.bound).fold(otherwise.bound, u128::max);
        Self { node: Node::Case(arms, Box::new(otherwise)), ty, bound }
    }

    /// |self| of a number.
    #[must_use]
    pub fn absolute(self) -> Self {
        let (ty, bound) = (self.ty, self.bound);
        Self { node: Node::Call(Func::Abs, vec![self]), ty, bound }
    }

    /// The largest bound anywhere inside, so that planning can refuse what might overflow.
    pub fn worst_bound(&self) -> u128 {
        let mut worst = self.bound;
        self.children(&mut |child| worst = worst.max(child.worst_bound()));
        worst
    }

    /// Visits the direct parts.
    pub fn children(&self, visit: &mut dyn FnMut(&Self)) {
        match &self.node {
            Node::Col(_) | Node::Lit(_) => {}
            Node::Add(a, b)
            | Node::Sub(a, b)
            | Node::Mul(a, b)
            | Node::Compare(_, a, b)
            | Node::And(a, b)
            | Node::Or(a, b) => {
                visit(a);
                visit(b);
            }
            Node::Widen(a, _) | Node::Not(a) | Node::IsNull(a) | Node::In(a, _) => visit(a),
            Node::Case(arms, otherwise) => {
                for (condition, value) in arms {
                    visit(condition);
                    visit(value);
                }
                visit(otherwise);
            }
            Node::Coalesce(parts) | Node::Call(_, parts) => parts.iter().for_each(visit),
        }
    }

    /// Columns whose lack may make the value missing: those not behind `coalesce` or `is null`.
    pub fn strict_columns(&self, into: &mut std::collections::BTreeSet<String>) {
        match &self.node {
            Node::Col(name) => {
                into.insert(name.clone());
            }
            Node::Coalesce(_) | Node::IsNull(_) => {}
            _ => self.children(&mut |child| child.strict_columns(into)),
        }
    }

    /// Every column named inside.
    pub fn columns(&self, into: &mut std::collections::BTreeSet<String>) {
        if let Node::Col(name) = &self.node {
            into.insert(name.clone());
        }
        self.children(&mut |child| child.columns(into));
    }
}
