//! The result of a plan before anything is computed: rows of some sources, and columns as operations over them.
//!
//! Equal operations of one view are one; a chunk of rows evaluates each of them once. Joins to at most one row of the
//! other side are operations too (find the row, read its column), so that a filter before them spares their work.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::column::Column;
use super::in_force::{Part, Reference};
use super::join::Index;
use super::vector::Kind;
use crate::expr::{Cmp, Expr, Func, Node};
use crate::value::{Ty, Value};
use hashbrown::HashMap;

/// Something that is the same only if it is the very same.
#[derive(Debug)]
pub(super) struct Same<T: ?Sized>(pub Arc<T>);

impl<T: ?Sized> Clone for Same<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: ?Sized> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: ?Sized> Eq for Same<T> {}

impl<T: ?Sized> Hash for Same<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (Arc::as_ptr(&self.0).cast::<()>() as usize).hash(state);
    }
}

/// Sizes of units below this are held in 64 bits.
const SMALL_MAX: u128 = i64::MAX.unsigned_abs() as u128;

/// Number of an operation in its view.
pub(super) type Id = u32;

/// An operation: a column computed from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Op {
    /// The rows of a source.
    Source(u32),
    /// The one row of an indexed view with these keys.
    Find(Same<Index>, Vec<Id>),
    /// The first row of an indexed view with these keys.
    Head(Same<Index>, Vec<Id>),
    /// How many rows of an indexed view have these keys; missing for none.
    Count(Same<Index>, Vec<Id>),
    /// The row in force of a reference and counts, packed: for rows that are asked for, with these keys and values.
    InForce(Same<Reference>, Id, Vec<Id>),
    /// A part of what was packed.
    Part(Id, Part),
    /// Whether the row is one of those that are marked.
    Held(Id, Same<Vec<u64>>),
    /// From rows of a view to rows of what it rests on.
    Hop(Id, Same<Vec<u32>>),
    /// The values of a stored column at some rows.
    Gather(Id, Same<Column>),
    /// The value where the row is one, else missing.
    Given(Id, Id),
    Lit(Value),
    Add(Id, Id),
    Sub(Id, Id),
    Mul(Id, Id),
    Widen(Id, u8),
    Compare(Cmp, Id, Id),
    And(Id, Id),
    Or(Id, Id),
    Not(Id),
    IsNull(Id),
    In(Id, Vec<Value>),
    Case(Vec<(Id, Id)>, Id),
    /// The number of the first condition that is true.
    First(Vec<(Id, i64)>, i64),
    Coalesce(Vec<Id>),
    Call(Func, Vec<Id>),
}

/// An operation and what it gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Computed {
    pub op: Op,
    pub kind: Kind,
}

/// For each row of a view a row of what it rests upon; `None`: row by row the same.
pub(super) type Rows = Option<Arc<Vec<u32>>>;

/// Rows and their columns.
#[derive(Clone, Default)]
pub(super) struct View {
    pub rows: usize,
    /// For each source the row of it that belongs to each row of the view; `None`: its own rows one by one.
    pub sources: Vec<Rows>,
    pub ops: Vec<Computed>,
    known: HashMap<Computed, Id>,
    /// Names and operations.
    pub columns: Vec<(String, Id)>,
}

impl View {
    /// The rows of one source with stored columns.
    pub fn of(rows: usize, columns: Vec<(String, Arc<Column>)>) -> Self {
        let mut view = Self { rows, sources: vec![None], ..Self::default() };
        let own = view.source(0);
        for (name, vector) in columns {
            let id = view.gather(own, Same(vector));
            view.columns.push((name, id));
        }
        view
    }

    /// The operation's number, a new one if it has none.
    pub fn add(&mut self, op: Op, kind: Kind) -> Id {
        let computed = Computed { op, kind };
        if let Some(id) = self.known.get(&computed) {
            return *id;
        }
        let id = Id::try_from(self.ops.len()).expect("fewer operations than that");
        self.ops.push(computed.clone());
        self.known.insert(computed, id);
        id
    }

    pub fn source(&mut self, source: u32) -> Id {
        self.add(Op::Source(source), Kind::Code)
    }

    pub fn gather(&mut self, rows: Id, vector: Same<Column>) -> Id {
        let kind = vector.0.kind();
        self.add(Op::Gather(rows, vector), kind)
    }

    pub fn kind(&self, id: Id) -> Kind {
        self.ops[id as usize].kind
    }

    /// The operation of a column. A plan that names a missing column is our own bug.
    pub fn column(&self, name: &str) -> Id {
        let found = self.columns.iter().find(|(own, _)| own == name);
        let names = || self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        found.map_or_else(|| panic!("no column `{name}` among {:?}", names()), |(_, id)| *id)
    }

    /// The name of an operation that is a column.
    pub fn name(&self, id: Id) -> Option<&str> {
        self.columns.iter().find(|(_, own)| *own == id).map(|(name, _)| name.as_str())
    }

    /// The column behind an operation, where its rows are those of the view one by one.
    pub fn stored(&self, id: Id) -> Option<&Same<Column>> {
        let Op::Gather(rows, column) = &self.ops[id as usize].op else { return None };
        let Op::Source(source) = self.ops[*rows as usize].op else { return None };
        self.sources[source as usize].is_none().then_some(column)
    }

    /// An expression over the columns as an operation.
    pub fn compile(&mut self, expr: &Expr) -> Id {
        match &expr.node {
            Node::Col(name) => self.column(name),
            Node::Lit(value) => {
                let kind = match value {
                    Value::Num(units) if i64::try_from(*units).is_err() => Kind::Wide,
                    _ => Kind::of(expr.ty),
                };
                self.add(Op::Lit(value.clone()), kind)
            }
            Node::Add(a, b) => {
                let (a, b) = (self.compile(a), self.compile(b));
                self.number(Op::Add(a, b), &[a, b], expr.bound)
            }
            Node::Sub(a, b) => {
                let (a, b) = (self.compile(a), self.compile(b));
                self.number(Op::Sub(a, b), &[a, b], expr.bound)
            }
            Node::Mul(a, b) => {
                let (a, b) = (self.compile(a), self.compile(b));
                self.number(Op::Mul(a, b), &[a, b], expr.bound)
            }
            Node::Widen(a, by) => {
                let a = self.compile(a);
                self.number(Op::Widen(a, *by), &[a], expr.bound)
            }
            Node::Compare(cmp, a, b) => {
                let (a, b) = (self.compile(a), self.compile(b));
                self.add(Op::Compare(*cmp, a, b), Kind::Truth)
            }
            Node::And(a, b) => {
                let (a, b) = (self.compile(a), self.compile(b));
                self.add(Op::And(a, b), Kind::Truth)
            }
            Node::Or(a, b) => {
                let (a, b) = (self.compile(a), self.compile(b));
                self.add(Op::Or(a, b), Kind::Truth)
            }
            Node::Not(a) => {
                let a = self.compile(a);
                self.add(Op::Not(a), Kind::Truth)
            }
            Node::IsNull(a) => {
                let a = self.compile(a);
                self.add(Op::IsNull(a), Kind::Truth)
            }
            Node::In(a, list) => {
                let a = self.compile(a);
                self.add(Op::In(a, list.clone()), Kind::Truth)
            }
            Node::Case(arms, otherwise) => {
                let arms: Vec<(Id, Id)> =
                    arms.iter().map(|(when, then)| (self.compile(when), self.compile(then))).collect();
                let otherwise = self.compile(otherwise);
                let results: Vec<Id> = arms.iter().map(|(_, then)| *then).chain([otherwise]).collect();
                let kind = self.common(&results, expr.ty);
                self.add(Op::Case(arms, otherwise), kind)
            }
            Node::Coalesce(parts) => match first_of(parts) {
                Some((arms, otherwise)) => {
                    let arms = arms.into_iter().map(|(when, number)| (self.compile(when), number)).collect();
                    self.add(Op::First(arms, otherwise), Kind::Small)
                }
                None => {
                    let parts: Vec<Id> = parts.iter().map(|part| self.compile(part)).collect();
                    let kind = self.common(&parts, expr.ty);
                    self.add(Op::Coalesce(parts), kind)
                }
            },
            Node::Call(Func::Length, args)
                if let [Expr { node: Node::Call(Func::Digits, inner), .. }] = args.as_slice()
                    && expr.bound < SMALL_MAX =>
            {
                // No text need be made to be measured.
                let inner: Vec<Id> = inner.iter().map(|arg| self.compile(arg)).collect();
                self.add(Op::Call(Func::DigitCount, inner), Kind::Small)
            }
            Node::Call(func, args) => {
                let args: Vec<Id> = args.iter().map(|arg| self.compile(arg)).collect();
                let kind = match expr.ty {
                    Ty::Num { .. } if matches!(func, Func::Abs | Func::Least | Func::Greatest) => {
                        self.common(&args, expr.ty)
                    }
                    Ty::Num { .. } if expr.bound >= SMALL_MAX => Kind::Wide,
                    ty => Kind::of(ty),
                };
                self.add(Op::Call(func.clone(), args), kind)
            }
        }
    }

    /// Arithmetic is of 64 bits where the parts are and the result is proven to fit.
    fn number(&mut self, op: Op, parts: &[Id], bound: u128) -> Id {
        let small = parts.iter().all(|part| self.kind(*part) == Kind::Small);
        let kind = if small && bound < SMALL_MAX { Kind::Small } else { Kind::Wide };
        self.add(op, kind)
    }

    fn common(&self, parts: &[Id], ty: Ty) -> Kind {
        let wide = parts.iter().any(|part| self.kind(*part) == Kind::Wide);
        if wide { Kind::Wide } else { Kind::of(ty) }
    }

    /// Only these columns, and only what they rest upon.
    pub fn keep(&self, columns: Vec<(String, Id)>) -> Self {
        let mut kept = Self { rows: self.rows, ..Self::default() };
        let mut used: Vec<u32> = Vec::new();
        let mut moved: HashMap<Id, Id> = HashMap::new();
        let mut source = |kept: &mut Self, own: u32| {
            let place = used.iter().position(|known| *known == own).unwrap_or_else(|| {
                used.push(own);
                kept.sources.push(self.sources[own as usize].clone());
                used.len() - 1
            });
            kept.source(u32::try_from(place).expect("fewer sources than that"))
        };
        for (name, id) in columns {
            let id = kept.import(self, id, &mut moved, &mut source);
            kept.columns.push((name, id));
        }
        kept
    }

    /// Only some operations and what they rest upon, if that is one source, or several row by row the same as the view; and one
    /// of them.
    pub fn alone(&self, ids: &[Id]) -> Option<(Self, u32)> {
        let mut kept = Self { rows: self.rows, sources: vec![None], ..Self::default() };
        let mut sources: Vec<u32> = Vec::new();
        let mut moved: HashMap<Id, Id> = HashMap::new();
        let mut source = |kept: &mut Self, own: u32| {
            sources.push(own);
            kept.source(0)
        };
        for id in ids {
            let id = kept.import(self, *id, &mut moved, &mut source);
            kept.columns.push((String::new(), id));
        }
        let one = *sources.first()?;
        let all_its_own = sources.iter().all(|source| self.sources[*source as usize].is_none());
        (all_its_own || sources.iter().all(|source| *source == one)).then_some((kept, one))
    }

    /// Takes over an operation of another view; `source` says what stands for a source of it.
    pub fn import(
        &mut self,
        from: &Self,
        id: Id,
        moved: &mut HashMap<Id, Id>,
        source: &mut dyn FnMut(&mut Self, u32) -> Id,
    ) -> Id {
        if let Some(known) = moved.get(&id) {
            return *known;
        }
        let Computed { op, kind } = &from.ops[id as usize];
        let mut go = |own: &mut Self, id: &Id| own.import(from, *id, moved, source);
        let op = match op {
            Op::Source(number) => {
                let made = source(self, *number);
                moved.insert(id, made);
                return made;
            }
            Op::Lit(value) => Op::Lit(value.clone()),
            Op::Find(index, keys) => Op::Find(index.clone(), keys.iter().map(|key| go(self, key)).collect()),
            Op::Head(index, keys) => Op::Head(index.clone(), keys.iter().map(|key| go(self, key)).collect()),
            Op::Count(index, keys) => Op::Count(index.clone(), keys.iter().map(|key| go(self, key)).collect()),
            Op::InForce(reference, asked, with) => {
                Op::InForce(reference.clone(), go(self, asked), with.iter().map(|id| go(self, id)).collect())
            }
            Op::Part(packed, part) => Op::Part(go(self, packed), *part),
            Op::Held(rows, bits) => Op::Held(go(self, rows), bits.clone()),
            Op::Hop(rows, index) => Op::Hop(go(self, rows), index.clone()),
            Op::Gather(rows, vector) => Op::Gather(go(self, rows), vector.clone()),
            Op::Given(rows, value) => Op::Given(go(self, rows), go(self, value)),
            Op::Add(a, b) => Op::Add(go(self, a), go(self, b)),
            Op::Sub(a, b) => Op::Sub(go(self, a), go(self, b)),
            Op::Mul(a, b) => Op::Mul(go(self, a), go(self, b)),
            Op::Widen(a, by) => Op::Widen(go(self, a), *by),
            Op::Compare(cmp, a, b) => Op::Compare(*cmp, go(self, a), go(self, b)),
            Op::And(a, b) => Op::And(go(self, a), go(self, b)),
            Op::Or(a, b) => Op::Or(go(self, a), go(self, b)),
            Op::Not(a) => Op::Not(go(self, a)),
            Op::IsNull(a) => Op::IsNull(go(self, a)),
            Op::In(a, list) => Op::In(go(self, a), list.clone()),
            Op::Case(arms, otherwise) => Op::Case(
                arms.iter().map(|(when, then)| (go(self, when), go(self, then))).collect(),
                go(self, otherwise),
            ),
            Op::First(arms, otherwise) => {
                Op::First(arms.iter().map(|(when, number)| (go(self, when), *number)).collect(), *otherwise)
            }
            Op::Coalesce(parts) => Op::Coalesce(parts.iter().map(|part| go(self, part)).collect()),
            Op::Call(func, args) => Op::Call(func.clone(), args.iter().map(|arg| go(self, arg)).collect()),
        };
        let made = self.add(op, *kind);
        moved.insert(id, made);
        made
    }

    /// The view with other rows: `rows` are rows of it.
    pub fn at(&self, rows: &Arc<Vec<u32>>) -> Self {
        let mut view = self.clone();
        view.rows = rows.len();
        let mut made: Vec<(Rows, Arc<Vec<u32>>)> = Vec::new();
        for source in &mut view.sources {
            let same = |known: &Rows| match (known, &*source) {
                (None, None) => true,
                (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                _ => false,
            };
            let composed = match made.iter().find(|(known, _)| same(known)) {
                Some((_, composed)) => composed.clone(),
                None => {
                    let composed = match &source {
                        None => rows.clone(),
                        Some(own) => Arc::new(super::join::hop(own, rows)),
                    };
                    made.push((source.clone(), composed.clone()));
                    composed
                }
            };
            *source = Some(composed);
        }
        view
    }
}

/// `coalesce(case when a then 1 end, case when b then 2 end, 3)`: a number by the first condition that is true.
fn first_of(parts: &[Expr]) -> Option<(Vec<(&Expr, i64)>, i64)> {
    let number = |expr: &Expr| match &expr.node {
        Node::Lit(Value::Num(units)) => i64::try_from(*units).ok(),
        _ => None,
    };
    let (last, arms) = parts.split_last()?;
    let arm = |part: &'_ Expr| -> Option<i64> {
        let Node::Case(arms, otherwise) = &part.node else { return None };
        let [(_, then)] = arms.as_slice() else { return None };
        matches!(otherwise.node, Node::Lit(Value::Null)).then(|| number(then)).flatten()
    };
    let mut found = Vec::new();
    for part in arms {
        let number = arm(part)?;
        let Node::Case(own, _) = &part.node else { return None };
        found.push((&own[0].0, number));
    }
    Some((found, number(last)?))
}

#[cfg(test)]
mod tests {
    use super::super::vector::Vector;
    use super::*;

    fn numbers() -> Arc<Column> {
        Arc::new(Column::Own(Vector::Small(vec![1, 2, 3])))
    }

    #[test]
    fn operations_stand_alone_where_they_are_about_the_same_rows() {
        let (own, other) = (numbers(), numbers());
        let mut view = View::of(3, vec![("own".to_owned(), own)]);
        view.sources.push(None);
        let second = view.source(1);
        let other = view.gather(second, Same(other));
        let both = view.add(Op::Add(view.column("own"), other), Kind::Small);
        // Row by row the same.
        let (alone, source) = view.alone(&[both]).unwrap();
        assert_eq!((alone.sources.len(), alone.columns.len(), source), (1, 1, 0));
        // Rows of the view, but no longer the same of both: their sum is of no one record.
        view.sources[1] = Some(Arc::new(vec![2, 1, 0]));
        assert!(view.alone(&[both]).is_none());
        assert!(view.alone(&[view.column("own")]).is_some_and(|(_, source)| source == 0));
        assert!(view.alone(&[other]).is_some_and(|(_, source)| source == 1));
        let nothing = view.add(Op::Lit(Value::Num(7)), Kind::Small);
        assert!(view.alone(&[nothing]).is_none());
    }
}
