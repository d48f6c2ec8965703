//! Types an expression against the columns of a population, and collects everything that is wrong with it at once.

use std::collections::{BTreeMap, BTreeSet};

use tieout_model::Rounding;
use tieout_model::amount::MONEY_SCALE;

use super::parse::{Arith, Ast, AstKind, Columns};
use super::{Cmp, Expr, Func, Node};
use crate::value::{Dim, Ty, Value};

/// What a path means where the expression stands.
pub enum Resolution {
    /// A column or an expression over columns.
    Expr(Expr),
    /// The population has the column, but the exports do not: `population.column`.
    Unmapped(String, Ty),
    /// No such column.
    Unknown(String),
}

/// A type error and its place in the expression's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub at: Columns,
    /// True if a name is unknown rather than a type wrong.
    pub name: bool,
}

/// The surroundings of an expression.
pub struct Resolver<'a> {
    /// Looks a path up.
    pub path: &'a mut dyn FnMut(&[String]) -> Resolution,
    /// The rule's parameters.
    pub params: &'a BTreeMap<String, Ast>,
    /// The currency of the record's money, for `round_money`.
    pub currency: Option<Expr>,
    /// Where it would come from, if the exports lack it.
    pub currency_from: Option<String>,
    /// The entity's rounding mode, if mapped.
    pub rounding: Option<Expr>,
    /// The as-of date, if the engagement states one.
    pub as_of: Option<i32>,
    /// The period under audit, for `in_period`.
    pub period: Option<tieout_model::Period>,
}

/// A typed expression with what it needs and lacks.
pub struct Typed {
    /// The expression; where a needed column is unmapped, a missing value stands for it.
    pub expr: Expr,
    /// Columns that the exports do not have and that no `coalesce` or `is null` makes optional.
    pub unmapped: BTreeSet<String>,
    /// Whole populations that the exports do not have and that a `coalesce` or `is null` made optional.
    pub dropped: BTreeSet<String>,
}

/// Types `ast`; all errors at once.
pub fn type_expression(ast: &Ast, resolver: &mut Resolver<'_>) -> Result<Typed, Vec<TypeError>> {
    let mut typer =
        Typer { resolver, errors: Vec::new(), unmapped: BTreeSet::new(), dropped: BTreeSet::new(), depth: 0 };
    let expr = typer.expr(ast);
    if typer.errors.is_empty() && expr.worst_bound() > i128::MAX.unsigned_abs() {
        typer.error(
            ast.at,
            "this could exceed the largest exact integer (2^127); round a product before multiplying again",
        );
    }
    if typer.errors.is_empty() {
        Ok(Typed { expr, unmapped: typer.unmapped, dropped: typer.dropped })
    } else {
        Err(typer.errors)
    }
}

struct Typer<'a, 'b> {
    resolver: &'a mut Resolver<'b>,
    errors: Vec<TypeError>,
    unmapped: BTreeSet<String>,
    dropped: BTreeSet<String>,
    depth: u32,
}

impl Typer<'_, '_> {
    fn error(&mut self, at: Columns, message: impl Into<String>) -> Expr {
        self.errors.push(TypeError { message: message.into(), at, name: false });
        Expr::null(Ty::Text)
    }

    fn expr(&mut self, ast: &Ast) -> Expr {
        match &ast.kind {
            AstKind::Path(path) => self.path(ast, path),
            AstKind::Number(amount) => {
                let bound = amount.units.unsigned_abs();
                let ty = Ty::Num { dim: Dim::Plain, scale: amount.scale };
                Expr { node: Node::Lit(Value::Num(amount.units)), ty, bound }
            }
            AstKind::Text(text) => Expr::text(text),
            AstKind::Date(date) => Expr::date(date.0),
            AstKind::Bool(truth) => Expr::bool(*truth),
            AstKind::Null => Expr::null(Ty::Text),
            AstKind::Neg(inner) => {
                let value = self.number(inner);
                let zero = Expr { node: Node::Lit(Value::Num(0)), ty: value.ty, bound: 0 };
                zero.minus(value)
            }
            AstKind::Not(inner) => self.truth(inner).negated(),
            AstKind::Arith(op, left, right) => self.arith(ast.at, *op, left, right),
            AstKind::Compare(cmp, left, right) => self.compare(ast.at, *cmp, left, right),
            AstKind::And(left, right) => {
                let (left, right) = (self.truth(left), self.truth(right));
                left.and(right)
            }
            AstKind::Or(left, right) => {
                let (left, right) = (self.truth(left), self.truth(right));
                left.or(right)
            }
            AstKind::IsNull(inner) => match self.optional(inner) {
                Some(value) => value.is_null(),
                None => Expr::bool(true),
            },
            AstKind::In(value, list) => self.membership(ast.at, value, list),
            AstKind::Between(value, low, high) => {
                let typed = self.expr(value);
                if typed.ty == Ty::Date {
                    return self.error(ast.at, "`between` includes both ends, dates here are half-open; write `d >= a and d < b` or `in_effect(d, from, to)`");
                }
                let low = self.compare(ast.at, Cmp::Ge, value, low);
                let high = self.compare(ast.at, Cmp::Le, value, high);
                low.and(high)
            }
            AstKind::Case(arms, otherwise) => self.case(ast, arms, otherwise.as_deref()),
            AstKind::Call(name, args) => self.call(ast, name, args),
        }
    }

    fn path(&mut self, ast: &Ast, path: &[String]) -> Expr {
        if let [word] = path
            && word == "as_of"
        {
            return match self.resolver.as_of {
                Some(days) => Expr::date(days),
                None => {
                    self.unmapped.insert("engagement.as_of".to_owned());
                    Expr::null(Ty::Date)
                }
            };
        }
        if let [word, name] = path
            && word == "param"
        {
            return self.param(ast, name);
        }
        match (self.resolver.path)(path) {
            Resolution::Expr(expr) => expr,
            Resolution::Unmapped(name, ty) => {
                self.unmapped.insert(name);
                Expr::null(ty)
            }
            Resolution::Unknown(message) => {
                self.errors.push(TypeError { message, at: ast.at, name: true });
                Expr::null(Ty::Text)
            }
        }
    }

    fn param(&mut self, ast: &Ast, name: &str) -> Expr {
        let Some(param) = self.resolver.params.get(name).cloned() else {
            let known = self.resolver.params.keys().cloned().collect::<Vec<_>>().join(", ");
            self.errors.push(TypeError {
                message: format!("no parameter `{name}`; this rule has: {known}"),
                at: ast.at,
                name: true,
            });
            return Expr::null(Ty::Text);
        };
        self.depth += 1;
        if self.depth > 8 {
            return self.error(ast.at, format!("parameter `{name}` refers to itself"));
        }
        let before = self.errors.len();
        let expr = self.expr(&param);
        for error in &mut self.errors[before..] {
            error.at = ast.at;
            error.message = format!("in parameter `{name}`: {}", error.message);
        }
        self.depth -= 1;
        expr
    }

    /// The value, or `None` if it rests on an unmapped column: a missing column is a missing value behind a door.
    fn optional(&mut self, ast: &Ast) -> Option<Expr> {
        let before = self.unmapped.clone();
        let value = self.expr(ast);
        if self.unmapped.len() == before.len() {
            return Some(value);
        }
        let gone = self.unmapped.difference(&before).filter(|name| !name.contains('.'));
        self.dropped.extend(gone.cloned());
        self.unmapped = before;
        None
    }

    fn truth(&mut self, ast: &Ast) -> Expr {
        let value = self.expr(ast);
        if value.ty == Ty::Bool {
            return value;
        }
        if !matches!(value.node, Node::Lit(Value::Null)) {
            self.error(ast.at, format!("a condition is wanted here, this is {}", value.ty));
        }
        Expr::null(Ty::Bool)
    }

    fn number(&mut self, ast: &Ast) -> Expr {
        let value = self.expr(ast);
        if matches!(value.ty, Ty::Num { .. }) {
            return value;
        }
        if !matches!(value.node, Node::Lit(Value::Null)) {
            self.error(ast.at, format!("a number is wanted here, this is {}", value.ty));
        }
        Expr::null(Ty::INT)
    }

    fn arith(&mut self, at: Columns, op: Arith, left: &Ast, right: &Ast) -> Expr {
        let (a, b) = (self.number(left), self.number(right));
        let (Ty::Num { dim: x, .. }, Ty::Num { dim: y, .. }) = (a.ty, b.ty) else { return Expr::null(Ty::INT) };
        if op == Arith::Mul {
            let Some(dim) = product(x, y) else {
                return self.error(at, format!("{} times {} has no meaning", a.ty, b.ty));
            };
            let product = a.times(b, dim);
            if product.ty.scale() > 30 {
                return self.error(at, "too many decimals in one product; round before multiplying again");
            }
            return product;
        }
        let Some(dim) = common(x, y) else {
            return self.error(at, format!("{} and {} cannot be added", a.ty, b.ty));
        };
        let sum = if op == Arith::Add { a.plus(b) } else { a.minus(b) };
        Expr { ty: Ty::Num { dim, scale: sum.ty.scale() }, ..sum }
    }

    fn compare(&mut self, at: Columns, cmp: Cmp, left: &Ast, right: &Ast) -> Expr {
        let (a, b) = (self.expr(left), self.expr(right));
        match self.unify(at, vec![a, b]) {
            Some(mut both) => {
                let right = both.pop().unwrap_or_else(|| Expr::null(Ty::Text));
                let left = both.pop().unwrap_or_else(|| Expr::null(Ty::Text));
                left.compare(cmp, right)
            }
            None => Expr::null(Ty::Bool),
        }
    }

    /// Brings values to one type and scale; an untyped `null` takes the others' type.
    fn unify(&mut self, at: Columns, values: Vec<Expr>) -> Option<Vec<Expr>> {
        let typed: Vec<Ty> =
            values.iter().filter(|value| !matches!(value.node, Node::Lit(Value::Null))).map(|value| value.ty).collect();
        // Where everything is missing, what is missing still has a type (an untyped `null` is text).
        let known = || values.iter().map(|value| value.ty).find(|ty| *ty != Ty::Text);
        let first = typed.first().copied().or_else(known).unwrap_or(Ty::Text);
        let mut ty = first;
        for other in typed {
            ty = match (ty, other) {
                (Ty::Num { dim: x, scale: a }, Ty::Num { dim: y, scale: b }) if common(x, y).is_some() => {
                    Ty::Num { dim: common(x, y).unwrap_or(x), scale: a.max(b) }
                }
                (a, b) if a == b => a,
                (a, b) => {
                    self.error(at, format!("{a} and {b} cannot be compared or combined"));
                    return None;
                }
            };
        }
        Some(
            values
                .into_iter()
                .map(|value| {
                    if matches!(value.node, Node::Lit(Value::Null)) {
                        Expr::null(ty)
                    } else {
                        value.widened(ty.scale())
                    }
                })
                .map(|value| if matches!(ty, Ty::Num { .. }) { Expr { ty, ..value } } else { value })
                .collect(),
        )
    }

    fn membership(&mut self, at: Columns, value: &Ast, list: &[Ast]) -> Expr {
        let mut all = vec![self.expr(value)];
        for item in list {
            let item_expr = self.expr(item);
            if !matches!(item_expr.node, Node::Lit(_)) && !matches!(item.kind, AstKind::Neg(_)) {
                self.error(item.at, "a list holds literals; compare columns with `=` and `or`");
            }
            all.push(item_expr);
        }
        let Some(all) = self.unify(at, all) else { return Expr::null(Ty::Bool) };
        let mut all = all.into_iter();
        let Some(value) = all.next() else { return Expr::null(Ty::Bool) };
        let list = all.map(|item| constant(&item)).collect();
        Expr { node: Node::In(Box::new(value), list), ty: Ty::Bool, bound: 0 }
    }

    fn case(&mut self, ast: &Ast, arms: &[(Ast, Ast)], otherwise: Option<&Ast>) -> Expr {
        let conditions: Vec<Expr> = arms.iter().map(|(condition, _)| self.truth(condition)).collect();
        let mut values: Vec<Expr> = arms.iter().map(|(_, value)| self.expr(value)).collect();
        values.push(otherwise.map_or_else(|| Expr::null(Ty::Text), |value| self.expr(value)));
        let Some(mut values) = self.unify(ast.at, values) else { return Expr::null(Ty::Text) };
        let otherwise = values.pop().unwrap_or_else(|| Expr::null(Ty::Text));
        Expr::case(conditions.into_iter().zip(values).collect(), otherwise)
    }

    fn call(&mut self, ast: &Ast, name: &str, args: &[Ast]) -> Expr {
        match name {
            "coalesce" => {
                let mut values: Vec<Expr> = args.iter().filter_map(|arg| self.optional(arg)).collect();
                let stated = values.len();
                values.retain(|value| !matches!(value.node, Node::Lit(Value::Null)));
                if values.is_empty() && stated > 0 {
                    return Expr::null(Ty::Text);
                }
                if values.is_empty() {
                    // No column of it is mapped: then it is needed after all.
                    return args.first().map_or_else(|| Expr::null(Ty::Text), |first| self.expr(first));
                }
                let Some(values) = self.unify(ast.at, values) else { return Expr::null(Ty::Text) };
                let (ty, bound) = (values[0].ty, values.iter().map(|value| value.bound).fold(0, u128::max));
                Expr { node: Node::Coalesce(values), ty, bound }
            }
            "in_effect" => self.in_effect(ast, args),
            "in_period" => self.in_period(ast, args),
            "round_money" => self.round_money(ast, args),
            "round" => self.round(ast, args),
            "div" => self.div(ast, args),
            "abs" => match args {
                [value] => self.number(value).absolute(),
                _ => self.error(ast.at, "`abs` takes one number"),
            },
            "least" | "greatest" if args.len() >= 2 => {
                let values = args.iter().map(|arg| self.expr(arg)).collect();
                let Some(values) = self.unify(ast.at, values) else { return Expr::null(Ty::Text) };
                let (ty, bound) = (values[0].ty, values.iter().map(|value| value.bound).fold(0, u128::max));
                let func = if name == "least" { Func::Least } else { Func::Greatest };
                Expr { node: Node::Call(func, values), ty, bound }
            }
            "slip" if args.len() == 2 => {
                let values = args.iter().map(|arg| self.number(arg)).collect();
                let Some(values) = self.unify(ast.at, values) else { return Expr::null(Ty::Text) };
                Expr { node: Node::Call(Func::Slip, values), ty: Ty::Text, bound: 0 }
            }
            "mod" if args.len() == 2 => {
                let values = args.iter().map(|arg| self.number(arg)).collect();
                let Some(values) = self.unify(ast.at, values) else { return Expr::null(Ty::INT) };
                let (ty, bound) = (values[0].ty, values[0].bound);
                Expr { node: Node::Call(Func::Mod, values), ty, bound }
            }
            _ => self.simple(ast, name, args),
        }
    }

    fn simple(&mut self, ast: &Ast, name: &str, args: &[Ast]) -> Expr {
        let Some((_, func, wants, gives)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            let known = FUNCTIONS.iter().map(|(known, ..)| *known).collect::<Vec<_>>().join(" ");
            return self.error(ast.at, format!("no function `{name}`; there are: coalesce in_effect in_period round_money round div abs least greatest mod slip {known}"));
        };
        let values: Vec<Expr> = args.iter().map(|arg| self.expr(arg)).collect();
        if wants.len() != values.len() && *func != Func::Concat {
            return self.error(ast.at, format!("`{name}` takes {} argument(s), not {}", wants.len(), values.len()));
        }
        for (index, value) in values.iter().enumerate() {
            let want = wants.get(index).copied().unwrap_or(Ty::Text);
            let fits = value.ty == want || matches!(value.node, Node::Lit(Value::Null));
            if !fits {
                self.error(args[index].at, format!("`{name}` wants {want} here, this is {}", value.ty));
            }
        }
        let bound = if matches!(gives, Ty::Num { .. }) { 1 << 32 } else { 0 };
        Expr { node: Node::Call(func.clone(), values), ty: *gives, bound }
    }

    fn in_effect(&mut self, ast: &Ast, args: &[Ast]) -> Expr {
        let [day, from, to] = args else {
            return self.error(ast.at, "`in_effect` takes a date, a first day and an end");
        };
        let started = self.compare(ast.at, Cmp::Le, from, day);
        let Some(end) = self.optional(to) else { return started };
        let open = end.is_null();
        let running = self.compare(ast.at, Cmp::Lt, day, to);
        started.and(open.or(running))
    }

    /// Whether a day lies in the period under audit; without a period every known day does.
    fn in_period(&mut self, ast: &Ast, args: &[Ast]) -> Expr {
        let [day] = args else { return self.error(ast.at, "`in_period` takes a date") };
        let value = self.expr(day);
        if value.ty != Ty::Date {
            return self.error(day.at, format!("`in_period` wants a date, this is {}", value.ty));
        }
        match self.resolver.period {
            Some(period) => {
                let from = value.clone().compare(Cmp::Ge, Expr::date(period.from.0));
                from.and(value.compare(Cmp::Lt, Expr::date(period.to.0)))
            }
            None => value.clone().compare(Cmp::Eq, value),
        }
    }

    fn mode(&mut self, ast: &Ast) -> Option<Rounding> {
        let mode = if let AstKind::Text(name) = &ast.kind { Rounding::parse(name) } else { None };
        if mode.is_none() {
            self.error(ast.at, "a rounding mode is 'half_up' (away from zero) or 'half_even'");
        }
        mode
    }

    fn places(&mut self, ast: &Ast) -> Option<u8> {
        if let AstKind::Number(amount) = &ast.kind
            && let Ok(places) = amount.units_at(0)
            && let Ok(places) = u8::try_from(places)
            && places <= 12
        {
            return Some(places);
        }
        self.error(ast.at, "a number of decimals from 0 to 12 is wanted here");
        None
    }

    fn round_money(&mut self, ast: &Ast, args: &[Ast]) -> Expr {
        let (value, mode) = match args {
            [value] => (value, None),
            [value, mode] => (value, self.mode(mode)),
            _ => return self.error(ast.at, "`round_money` takes an amount and, if need be, a rounding mode"),
        };
        let typed = self.number(value);
        let Ty::Num { dim: Dim::Money | Dim::Plain, scale } = typed.ty else {
            return self.error(value.at, format!("`round_money` rounds money, this is {}", typed.ty));
        };
        if self.resolver.currency.is_none()
            && let Some(from) = self.resolver.currency_from.clone()
        {
            self.unmapped.insert(from);
            return Expr::null(Ty::MONEY);
        }
        let Some(currency) = self.resolver.currency.clone() else {
            return self
                .error(ast.at, "this population's money has no way to its currency, so it cannot be rounded to it");
        };
        let bound = if scale > MONEY_SCALE {
            typed.bound / 10u128.pow(u32::from(scale - MONEY_SCALE)) + 1_000_000
        } else {
            typed.bound.saturating_mul(10u128.pow(u32::from(MONEY_SCALE - scale))).saturating_add(1_000_000)
        };
        let mut parts = vec![typed, currency];
        parts.extend(self.resolver.rounding.clone());
        Expr { node: Node::Call(Func::RoundMoney { scale, mode }, parts), ty: Ty::MONEY, bound }
    }

    fn round(&mut self, ast: &Ast, args: &[Ast]) -> Expr {
        let [value, places, mode] = args else {
            return self.error(ast.at, "`round` takes a number, decimals and a mode: `round(x, 4, 'half_up')`");
        };
        let value = self.number(value);
        let (Some(places), Some(mode)) = (self.places(places), self.mode(mode)) else { return value };
        let Ty::Num { dim, scale } = value.ty else { return value };
        if places >= scale {
            return value;
        }
        let drop = scale - places;
        let bound = value.bound / 10u128.pow(u32::from(drop)) + 1;
        Expr { node: Node::Call(Func::Round { drop, mode }, vec![value]), ty: Ty::Num { dim, scale: places }, bound }
    }

    fn div(&mut self, ast: &Ast, args: &[Ast]) -> Expr {
        let [left, right, places, mode] = args else {
            return self.error(ast.at, "`div` takes two numbers, decimals and a mode: `div(a, b, 8, 'half_up')`");
        };
        let (a, b) = (self.number(left), self.number(right));
        let (Some(places), Some(mode)) = (self.places(places), self.mode(mode)) else { return a };
        let (Ty::Num { dim: x, scale: from }, Ty::Num { dim: y, scale: by }) = (a.ty, b.ty) else { return a };
        let Some(dim) = quotient(x, y) else {
            return self.error(ast.at, format!("{} divided by {} has no meaning", a.ty, b.ty));
        };
        // a / 10^from ÷ b / 10^by at `places` decimals is a · 10^(places + by − from) ÷ b.
        let Some(widen) = (places + by).checked_sub(from) else {
            return self.error(ast.at, "ask for at least as many decimals as the dividend has beyond the divisor");
        };
        let bound = a.bound.saturating_mul(10u128.saturating_pow(u32::from(widen)));
        Expr { node: Node::Call(Func::Div { widen, mode }, vec![a, b]), ty: Ty::Num { dim, scale: places }, bound }
    }
}

fn constant(expr: &Expr) -> Value {
    match &expr.node {
        Node::Lit(value) => value.clone(),
        Node::Widen(inner, by) => match constant(inner) {
            Value::Num(units) => Value::Num(units * tieout_model::amount::pow10(u32::from(*by))),
            other => other,
        },
        Node::Sub(zero, inner) => match (constant(zero), constant(inner)) {
            (Value::Num(a), Value::Num(b)) => Value::Num(a - b),
            (_, other) => other,
        },
        _ => Value::Null,
    }
}

fn common(x: Dim, y: Dim) -> Option<Dim> {
    match (x, y) {
        (a, b) if a == b => Some(a),
        (Dim::Plain, other) | (other, Dim::Plain) => Some(other),
        _ => None,
    }
}

fn product(x: Dim, y: Dim) -> Option<Dim> {
    match (x, y) {
        (Dim::Plain, other) | (other, Dim::Plain) => Some(other),
        (Dim::Rate, other) | (other, Dim::Rate) => Some(other),
        (Dim::Price, Dim::Quantity) | (Dim::Quantity, Dim::Price) => Some(Dim::Money),
        _ => None,
    }
}

fn quotient(x: Dim, y: Dim) -> Option<Dim> {
    match (x, y) {
        (other, Dim::Plain | Dim::Rate) => Some(other),
        (Dim::Money, Dim::Quantity) => Some(Dim::Price),
        // A quantity over its price's base quantity is how often the price is due.
        (Dim::Quantity, Dim::Quantity) => Some(Dim::Quantity),
        (Dim::Money, Dim::Price) => Some(Dim::Quantity),
        (a, b) if a == b => Some(Dim::Rate),
        _ => None,
    }
}

const FUNCTIONS: &[(&str, Func, &[Ty], Ty)] = &[
    ("upper", Func::Upper, &[Ty::Text], Ty::Text),
    ("lower", Func::Lower, &[Ty::Text], Ty::Text),
    ("trim", Func::Trim, &[Ty::Text], Ty::Text),
    ("concat", Func::Concat, &[Ty::Text], Ty::Text),
    ("contains", Func::Contains, &[Ty::Text, Ty::Text], Ty::Bool),
    ("starts_with", Func::StartsWith, &[Ty::Text, Ty::Text], Ty::Bool),
    ("like", Func::Like, &[Ty::Text, Ty::Text], Ty::Bool),
    ("digits", Func::Digits, &[Ty::Text], Ty::Text),
    ("length", Func::Length, &[Ty::Text], Ty::INT),
    ("year", Func::Year, &[Ty::Date], Ty::INT),
    ("month", Func::Month, &[Ty::Date], Ty::INT),
    ("day", Func::Day, &[Ty::Date], Ty::INT),
    ("add_days", Func::AddDays, &[Ty::Date, Ty::INT], Ty::Date),
    ("add_months", Func::AddMonths, &[Ty::Date, Ty::INT], Ty::Date),
    ("month_end", Func::MonthEnd, &[Ty::Date], Ty::Date),
    ("days_between", Func::DaysBetween, &[Ty::Date, Ty::Date], Ty::INT),
    ("period_of", Func::PeriodOf, &[Ty::Date], Ty::Text),
    ("period_start", Func::PeriodStart, &[Ty::Text], Ty::Date),
    ("period_end", Func::PeriodEnd, &[Ty::Text], Ty::Date),
    ("days_30_360", Func::Days30360, &[Ty::Date, Ty::Date], Ty::INT),
    ("weekday", Func::Weekday, &[Ty::Date], Ty::INT),
    ("mentions", Func::Mentions, &[Ty::Text, Ty::Text], Ty::Bool),
    ("minor_units", Func::MinorUnits, &[Ty::Text], Ty::INT),
];
