//! Text to a small tree of our own, by way of `sqlparser`; whatever is not allowed is refused with its columns.
//!
//! The parser library accepts more than the language (`a == 1`, `x::int`, comments, `1 = 1 = 1`, trailing input), so
//! the token stream is checked first and the tree is walked with an allow-list.

use sqlparser::ast::{
    self, BinaryOperator, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned as _, UnaryOperator,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};
use tieout_model::{Amount, Date};

use super::Cmp;

/// Columns of the expression's text, from 0, end exclusive.
pub type Columns = (u32, u32);

/// A parsed, untyped expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ast {
    /// What it is.
    pub kind: AstKind,
    /// Where it stands in its text.
    pub at: Columns,
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arith {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
}

/// The kinds of untyped expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AstKind {
    /// `net_amount`, `invoice.issue_date`.
    Path(Vec<String>),
    /// A decimal literal.
    Number(Amount),
    /// A text literal.
    Text(String),
    /// `date '2026-10-31'`.
    Date(Date),
    /// `true`, `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// `-x`.
    Neg(Box<Ast>),
    /// `not x`.
    Not(Box<Ast>),
    /// `a + b`.
    Arith(Arith, Box<Ast>, Box<Ast>),
    /// `a < b`.
    Compare(Cmp, Box<Ast>, Box<Ast>),
    /// `a and b`.
    And(Box<Ast>, Box<Ast>),
    /// `a or b`.
    Or(Box<Ast>, Box<Ast>),
    /// `a is null`.
    IsNull(Box<Ast>),
    /// `a in (…)`.
    In(Box<Ast>, Vec<Ast>),
    /// `a between b and c`, both ends inclusive.
    Between(Box<Ast>, Box<Ast>, Box<Ast>),
    /// `case when … then … else … end`.
    Case(Vec<(Ast, Ast)>, Option<Box<Ast>>),
    /// `f(a, b)`.
    Call(String, Vec<Ast>),
}

/// Why and where an expression is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong.
    pub message: String,
    /// Where in the text.
    pub at: Columns,
    /// How to mend it.
    pub help: Option<String>,
}

/// Parses one expression and requires that nothing follows it.
pub fn parse(text: &str) -> Result<Ast, ParseError> {
    let whole = (0, u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
    let fail =
        |message: String, at: Columns, help: Option<&str>| ParseError { message, at, help: help.map(str::to_owned) };
    if text.contains('\n') {
        return Err(fail("an expression stands on one line".to_owned(), whole, None));
    }
    let dialect = GenericDialect {};
    let tokens = Tokenizer::new(&dialect, text).tokenize_with_location().map_err(|error| {
        let column = u32::try_from(error.location.column).unwrap_or(1).saturating_sub(1);
        fail(error.message, (column.min(whole.1), whole.1), None)
    })?;
    deny_tokens(&tokens)?;
    let mut parser = Parser::new(&dialect).with_recursion_limit(64).with_tokens_with_locations(tokens);
    let parsed = parser.parse_expr().map_err(|error| {
        let next = parser.peek_token();
        let at = if next.token == Token::EOF { (whole.1, whole.1) } else { columns(&next, whole) };
        let message = match error {
            sqlparser::parser::ParserError::TokenizerError(message)
            | sqlparser::parser::ParserError::ParserError(message) => {
                message.split(" at Line:").next().unwrap_or_default().to_owned()
            }
            sqlparser::parser::ParserError::RecursionLimitExceeded => "the expression is nested too deeply".to_owned(),
        };
        fail(message, at, None)
    })?;
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        let message = format!("`{}` after the end of the expression", rest.token);
        return Err(fail(message, columns(&rest, whole), Some("join conditions with `and` or `or`")));
    }
    Walker { whole }.walk(&parsed)
}

fn columns(token: &TokenWithSpan, whole: Columns) -> Columns {
    let from = u32::try_from(token.span.start.column).unwrap_or(1).saturating_sub(1);
    let to = u32::try_from(token.span.end.column).unwrap_or(1).saturating_sub(1);
    (from.min(whole.1), to.clamp(from + 1, whole.1.max(from + 1)))
}

fn deny_tokens(tokens: &[TokenWithSpan]) -> Result<(), ParseError> {
    for token in tokens {
        let (what, help) = match &token.token {
            Token::DoubleEq => ("`==`", "write `=`"),
            Token::DoubleColon => ("a cast", "columns have their types from the population; no cast is needed"),
            Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => {
                ("a comment inside an expression", "write it as a TOML comment")
            }
            Token::Placeholder(_) => ("a placeholder", "write `param.<name>`"),
            Token::LBracket | Token::RBracket | Token::LBrace | Token::RBrace => ("brackets", "use round parentheses"),
            Token::Div => ("`/`", "write `div(a, b, places, 'half_up')`, so that the rounding is stated"),
            Token::Mod => ("`%`", "write `mod(a, b)`"),
            Token::StringConcat => ("`||`", "write `concat(a, b)`"),
            _ => continue,
        };
        let at = columns(token, (0, u32::MAX));
        return Err(ParseError { message: format!("{what} is not allowed"), at, help: Some(help.to_owned()) });
    }
    Ok(())
}

struct Walker {
    whole: Columns,
}

impl Walker {
    fn at(&self, node: &ast::Expr) -> Columns {
        let span = node.span();
        if span.start.column == 0 || span.end.column == 0 {
            return self.whole;
        }
        let from = u32::try_from(span.start.column - 1).unwrap_or(0);
        let to = u32::try_from(span.end.column - 1).unwrap_or(0);
        (from.min(self.whole.1), to.clamp(from, self.whole.1))
    }

    fn refuse<T>(&self, node: &ast::Expr, message: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError { message: message.into(), at: self.at(node), help: None })
    }

    fn boxed(&self, node: &ast::Expr) -> Result<Box<Ast>, ParseError> {
        self.walk(node).map(Box::new)
    }

    fn walk(&self, node: &ast::Expr) -> Result<Ast, ParseError> {
        use ast::Expr as Sql;
        let at = self.at(node);
        let kind = match node {
            Sql::Nested(inner) => return self.walk(inner),
            Sql::Identifier(name) => match name.value.as_str() {
                word if name.quote_style.is_some() => {
                    return self.refuse(node, format!("`\"{word}\"`: text stands in single quotes"));
                }
                word => AstKind::Path(vec![word.to_owned()]),
            },
            Sql::CompoundIdentifier(names) => AstKind::Path(names.iter().map(|name| name.value.clone()).collect()),
            Sql::Value(value) => self.literal(node, &value.value)?,
            Sql::TypedString(typed) if matches!(typed.data_type, ast::DataType::Date) => {
                let text = typed.value.value.clone().into_string().unwrap_or_default();
                AstKind::Date(
                    text.parse()
                        .or_else(|error: tieout_model::date::DateError| self.refuse(node, error.to_string()))?,
                )
            }
            Sql::UnaryOp { op: UnaryOperator::Minus, expr } => AstKind::Neg(self.boxed(expr)?),
            Sql::UnaryOp { op: UnaryOperator::Not, expr } => AstKind::Not(self.boxed(expr)?),
            Sql::BinaryOp { left, op, right } => self.binary(node, left, op, right)?,
            Sql::IsNull(inner) => AstKind::IsNull(self.boxed(inner)?),
            Sql::IsNotNull(inner) => AstKind::Not(Box::new(Ast { kind: AstKind::IsNull(self.boxed(inner)?), at })),
            Sql::InList { expr, list, negated } => {
                let list = list.iter().map(|item| self.walk(item)).collect::<Result<_, _>>()?;
                self.negate(*negated, AstKind::In(self.boxed(expr)?, list), at)
            }
            Sql::Between { expr, negated, low, high } => {
                let between = AstKind::Between(self.boxed(expr)?, self.boxed(low)?, self.boxed(high)?);
                self.negate(*negated, between, at)
            }
            Sql::Like { negated, any: false, expr, pattern, escape_char: None } => {
                let like = AstKind::Call("like".to_owned(), vec![self.walk(expr)?, self.walk(pattern)?]);
                self.negate(*negated, like, at)
            }
            Sql::Case { operand: None, conditions, else_result, .. } => {
                let arms = conditions
                    .iter()
                    .map(|arm| Ok((self.walk(&arm.condition)?, self.walk(&arm.result)?)))
                    .collect::<Result<_, ParseError>>()?;
                AstKind::Case(arms, else_result.as_deref().map(|other| self.boxed(other)).transpose()?)
            }
            Sql::Trim { trim_where: None, trim_what: None, expr, trim_characters: None } => {
                AstKind::Call("trim".to_owned(), vec![self.walk(expr)?])
            }
            Sql::Function(function) => self.call(node, function)?,
            other => return self.refuse(node, format!("`{other}` is not part of the expression language")),
        };
        Ok(Ast { kind, at })
    }

    fn negate(&self, negated: bool, kind: AstKind, at: Columns) -> AstKind {
        if negated { AstKind::Not(Box::new(Ast { kind, at })) } else { kind }
    }

    fn literal(&self, node: &ast::Expr, value: &ast::Value) -> Result<AstKind, ParseError> {
        Ok(match value {
            ast::Value::Number(text, false) => match text.parse::<Amount>() {
                Ok(amount) => AstKind::Number(amount),
                Err(error) => return self.refuse(node, format!("`{text}`: {error}")),
            },
            ast::Value::SingleQuotedString(text) => AstKind::Text(text.clone()),
            ast::Value::Boolean(truth) => AstKind::Bool(*truth),
            ast::Value::Null => AstKind::Null,
            other => return self.refuse(node, format!("`{other}` is not a literal of the expression language")),
        })
    }

    fn binary(
        &self,
        node: &ast::Expr,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
    ) -> Result<AstKind, ParseError> {
        let compared = |side: &ast::Expr| matches!(side, ast::Expr::BinaryOp { op, .. } if comparison(op).is_some());
        let (a, b) = (self.boxed(left)?, self.boxed(right)?);
        if let Some(cmp) = comparison(op) {
            if compared(left) || compared(right) {
                return self.refuse(node, "a chained comparison; write `a < b and b < c`");
            }
            return Ok(AstKind::Compare(cmp, a, b));
        }
        Ok(match op {
            BinaryOperator::Plus => AstKind::Arith(Arith::Add, a, b),
            BinaryOperator::Minus => AstKind::Arith(Arith::Sub, a, b),
            BinaryOperator::Multiply => AstKind::Arith(Arith::Mul, a, b),
            BinaryOperator::And => AstKind::And(a, b),
            BinaryOperator::Or => AstKind::Or(a, b),
            other => return self.refuse(node, format!("the operator `{other}` is not allowed")),
        })
    }

    fn call(&self, node: &ast::Expr, function: &ast::Function) -> Result<AstKind, ParseError> {
        let name = function.name.to_string().to_lowercase();
        let plain = function.over.is_none()
            && function.filter.is_none()
            && function.within_group.is_empty()
            && function.null_treatment.is_none()
            && matches!(function.parameters, FunctionArguments::None);
        let FunctionArguments::List(list) = &function.args else {
            return self.refuse(node, format!("`{name}` wants its arguments in parentheses"));
        };
        if !plain || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
            return self.refuse(node, "aggregates, filters and windows are check kinds, not expressions");
        }
        let mut args = Vec::new();
        for arg in &list.args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)) = arg else {
                return self.refuse(node, format!("`{name}` wants plain arguments"));
            };
            args.push(self.walk(arg)?);
        }
        Ok(AstKind::Call(name, args))
    }
}

fn comparison(op: &BinaryOperator) -> Option<Cmp> {
    Some(match op {
        BinaryOperator::Eq => Cmp::Eq,
        BinaryOperator::NotEq => Cmp::Ne,
        BinaryOperator::Lt => Cmp::Lt,
        BinaryOperator::LtEq => Cmp::Le,
        BinaryOperator::Gt => Cmp::Gt,
        BinaryOperator::GtEq => Cmp::Ge,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_library_lets_pass_is_refused_with_its_place() {
        for (text, word, from) in [
            ("amount > 0 amount < 5", "after the end", 11),
            ("x::int", "cast", 1),
            ("a -- note", "comment", 2),
            ("1 = 1 = 1", "chained", 0),
            ("a == 1", "`==`", 2),
            ("[a]", "brackets", 0),
            ("$1", "placeholder", 0),
            ("a / b", "`/`", 2),
            ("sum(a) over (partition by b)", "windows", 0),
            ("a in (select 1)", "not part", 0),
            ("a || b", "`||`", 2),
            ("a % 2", "`%`", 2),
            ("a >", "Expected", 3),
            ("a = 1.2.3", "", 0),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.message.contains(word), "{text}: {}", error.message);
            assert!(from == 0 || error.at.0 == from, "{text}: at {:?}", error.at);
        }
    }

    #[test]
    fn what_the_language_has_is_read() {
        for text in [
            "net_total + tax_total = gross_total",
            "case when item.tax_category in ('food', 'drug') then 'food_drug' else 'general' end",
            "coalesce(tax_point_date, issue_date) >= date '2026-10-01'",
            "round_money(net_amount * tax_rate.rate, 'half_even')",
            "not (a is null or b is not null) and c not in (1, 2)",
            "x between 1 and 2 and name like 'INV-%' and trim(upper(y)) = 'A'",
            "days_between(issue_date, as_of) > param.days",
            "year(issue_date) = 2026 and month(issue_date) = 10 and day(issue_date) = 1",
            "mod(abs(a), 2) = 0 and div(a, b, 4, 'half_up') = -1.5",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
    }
}
