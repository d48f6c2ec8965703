//! The outcome of every record: clean, exception, out of scope, outside, context, not tested and why.

use std::collections::BTreeSet;

use tieout_ingest::schema::schema;
use tieout_model::{Code, Date, Diagnostic, Period};

use super::{Build, Refusal};
use crate::catalog::{Cause, money_column};
use crate::checks::{Judge, Outcome, Procedure, effect, guard, sentence};
use crate::expr::{Cmp, Expr, Node};
use crate::plan::Plan;
use crate::value::Ty;

impl Build<'_> {
    /// Grades every record: `__outcome`, money, currency, the effect's columns, and the columns for evidence.
    pub fn grade(mut self, exception: Expr, graded: Graded) -> Result<Procedure, Refusal> {
        let file = &self.rule.file;
        let condition = file.condition.as_ref().map(|text| self.truth(text));
        let day = file.scope_date.as_ref().map(|text| self.date(text));
        let mut columns: Vec<(String, Expr)> = Vec::new();
        let sides: Vec<Expr> = graded.stated.iter().chain(&graded.expected).cloned().collect();
        if let Some(expected) = graded.expected {
            columns.push(("__expected".to_owned(), expected));
        }
        if let Some(stated) = graded.stated {
            columns.push(("__stated".to_owned(), stated));
        }
        columns.extend(graded.extra);
        let effect = effect::columns(&mut self);
        columns.extend(effect);
        let sentence = sentence::columns(&mut self);
        let guards = guard::plan(&mut self, &mut columns);
        let (key, own_key) = self.key_columns();
        let measure = money_column(&self.scope.population.clone()).and_then(|column| self.scope.column(column));
        let limits = self.lookback()?;
        self.settled()?;
        let in_scope = self.in_scope(condition.as_ref(), day.as_ref(), limits);
        let issued = || self.scope.column("issue_date").filter(|expr| expr.ty == Ty::Date);
        let dated = day.clone().or_else(issued).unwrap_or_else(|| Expr::null(Ty::Date));
        let mut words = Vec::new();
        let Outcomes { before, early, outcome } = self.outcome(
            condition,
            day,
            exception,
            (graded.causes, &sides),
            (limits, graded.outside_extract),
            &mut words,
        );
        if before.iter().any(|(_, expr)| expr.worst_bound() > i128::MAX.unsigned_abs()) {
            let message = "this rule's comparison could exceed the largest exact integer; round before comparing";
            return Err(Refusal::Wrong(vec![
                Diagnostic::new(Code::RuleBound, message).at(self.rule.place(&file.id, (0, 1))),
            ]));
        }
        let counted = vec![
            ("__money".to_owned(), measure.unwrap_or_else(|| Expr::null(Ty::MONEY))),
            ("__currency".to_owned(), self.currency.clone().unwrap_or_else(|| Expr::null(Ty::Text))),
        ];
        columns.push(("__day".to_owned(), dated));
        columns.extend(counted.iter().cloned());
        columns.push(("__outcome".to_owned(), outcome));
        // Only as far as it can be told before anything is summed or looked up.
        let known: BTreeSet<String> = self.scope.plan().columns().into_iter().map(|column| column.name).collect();
        let can_be_told = |exprs: &mut dyn Iterator<Item = &Expr>| {
            let mut read = BTreeSet::new();
            exprs.for_each(|expr| expr.columns(&mut read));
            read.is_subset(&known)
        };
        let in_scope = in_scope.filter(|expr| can_be_told(&mut [expr].into_iter()));
        let early: Vec<(String, Expr)> = counted.into_iter().chain([("__outcome".to_owned(), early)]).collect();
        let early = (in_scope.is_some() && can_be_told(&mut early.iter().map(|(_, expr)| expr)))
            .then(|| self.scope.plan().extend(early).once(&["__outcome"]));
        let assembled = self.assemble(in_scope.as_ref());
        let plan = match graded.plan {
            Some(around) => around(assembled, in_scope.as_ref()),
            None => assembled,
        };
        Ok(Procedure {
            population: self.scope.population.clone(),
            rec: self.scope.rec(),
            graded: plan.extend(before).extend(columns).once(&["__outcome"]),
            early,
            causes: words,
            key,
            sentence,
            parents: self.scope.parent_records(),
            evidence: self.evidence,
            review: self.review,
            guards,
            own_key,
            records: graded.records,
            judge: graded.judge,
            limits: graded.limits,
            netting: self.nets.then(|| self.audited.netting.clone()),
        })
    }

    /// False where a record is out of scope or outside whatever else is known of it.
    fn in_scope(&self, condition: Option<&Expr>, day: Option<&Expr>, limits: Option<(Period, Date)>) -> Option<Expr> {
        let mut parts: Vec<Expr> = condition.into_iter().cloned().collect();
        if let Some(day) = day {
            if let Some((period, start)) = limits {
                parts.push(day.clone().compare(Cmp::Ge, Expr::date(start.0)));
                parts.push(day.clone().compare(Cmp::Lt, Expr::date(period.to.0)));
            }
            parts.extend(self.audited.as_of.map(|as_of| day.clone().compare(Cmp::Le, Expr::date(as_of.0))));
        }
        parts.into_iter().reduce(Expr::and)
    }

    fn key_columns(&mut self) -> (Vec<String>, usize) {
        let key = schema().get(&self.scope.population).map(|population| population.key.clone()).unwrap_or_default();
        let mut shown: Vec<String> = key.into_iter().filter(|column| self.scope.column(column).is_some()).collect();
        let own = shown.len();
        // The number that people know the document by, and whose it is.
        for extra in ["invoice_no", "customer_id", "issue_date"] {
            if let Some(expr) = self.scope.column(extra)
                && let Node::Col(name) = expr.node
                && !shown.contains(&name)
            {
                shown.push(name);
            }
        }
        (shown, own)
    }

    fn lookback(&self) -> Result<Option<(Period, Date)>, Refusal> {
        let Some(period) = self.audited.period else { return Ok(None) };
        let Some(text) = &self.rule.file.lookback else { return Ok(Some((period, period.from))) };
        let start = text.as_ref().split_once(' ').and_then(|(count, unit)| {
            let count: i32 = count.parse().ok()?;
            match unit {
                "days" | "day" => Some(period.from.add_days(-count)),
                "months" | "month" => Some(period.from.add_months(-count)),
                "years" | "year" => Some(period.from.add_months(-12 * count)),
                _ => None,
            }
        });
        match start {
            Some(start) => Ok(Some((period, start))),
            None => {
                let place = self.rule.place(text, (0, 1));
                let message = "a look-back is written like `24 months`, `90 days` or `2 years`";
                Err(Refusal::Wrong(vec![Diagnostic::new(Code::RuleSyntax, message).at(place)]))
            }
        }
    }

    fn outcome(
        &self,
        condition: Option<Expr>,
        day: Option<Expr>,
        exception: Expr,
        (own_causes, graded_sides): (Vec<Cause>, &[Expr]),
        (limits, outside): (Option<(Period, Date)>, Option<Expr>),
        words: &mut Vec<String>,
    ) -> Outcomes {
        let yes = |truth: Expr| Expr { node: Node::Coalesce(vec![truth, Expr::bool(false)]), ty: Ty::Bool, bound: 0 };
        let code = |outcome: Outcome| Expr::int(outcome.code());
        let mut arms: Vec<(Expr, Expr)> = Vec::new();
        let mut reason = |cause: &Cause| {
            let index = words.iter().position(|known| *known == cause.words).unwrap_or_else(|| {
                words.push(cause.words.clone());
                words.len() - 1
            });
            (yes(cause.condition.clone()), code(Outcome::NotTested(index)))
        };
        // What the condition cannot read is not known to be out of scope.
        let mut of_condition = BTreeSet::new();
        condition.iter().chain(&day).for_each(|expr| expr.columns(&mut of_condition));
        arms.extend(self.scope.unreadable_of(&of_condition).iter().map(&mut reason));
        if let Some(condition) = &condition {
            arms.push((yes(condition.clone().negated()), code(Outcome::OutOfScope)));
        }
        if let Some(day) = &day {
            if let Some((period, start)) = limits {
                let before = |limit: Date| yes(day.clone().compare(Cmp::Lt, Expr::date(limit.0)));
                arms.push((before(start), code(Outcome::Outside)));
                arms.push((before(period.from), code(Outcome::Context)));
                arms.push((yes(day.clone().compare(Cmp::Ge, Expr::date(period.to.0))), code(Outcome::Outside)));
            }
            if let Some(as_of) = self.audited.as_of {
                arms.push((yes(day.clone().compare(Cmp::Gt, Expr::date(as_of.0))), code(Outcome::Outside)));
            }
        }
        let early = first(arms.clone());
        arms.extend(self.scope.unreadable().iter().map(&mut reason));
        arms.extend(self.child_causes().iter().map(&mut reason));
        // Where the outcome is unknown, the first cause that holds says why.
        let mut strict = BTreeSet::new();
        let sides = [graded_sides, std::slice::from_ref(&exception)].concat();
        sides.iter().chain(&condition).chain(&day).for_each(|expr| expr.strict_columns(&mut strict));
        let needed = [condition, day].into_iter().flatten().chain([exception.clone()]).map(Expr::is_null);
        let lost = needed.reduce(Expr::or).unwrap_or_else(|| Expr::bool(false));
        let before = vec![("__wrong".to_owned(), exception), ("__lost".to_owned(), lost)];
        let (exception, lost) = (Expr::col("__wrong", Ty::Bool), Expr::col("__lost", Ty::Bool));
        if let Some(outside) = outside {
            arms.push((yes(exception.clone().and(outside)), code(Outcome::OutsideExtract)));
        }
        let unknown = Cause { condition: Expr::bool(true), words: "the outcome is unknown".to_owned() };
        for cause in
            own_causes.iter().chain(&self.scope.missing_of(&strict)).chain(&self.scope.missing()).chain([&unknown])
        {
            let (holds, code) = reason(cause);
            arms.push((lost.clone().and(holds), code));
        }
        arms.push((yes(exception), code(Outcome::Exception)));
        Outcomes { before, early, outcome: first(arms) }
    }
}

/// The outcome of a record.
struct Outcomes {
    /// Columns that it reads.
    before: Vec<(String, Expr)>,
    /// Only what its scope and its dates say; clean otherwise.
    early: Expr,
    outcome: Expr,
}

/// The number of the first condition that holds: one flat list instead of a case of thirty nested arms, since engines recurse
/// over expressions.
fn first(arms: Vec<(Expr, Expr)>) -> Expr {
    let arm = |(holds, code)| Expr::case(vec![(holds, code)], Expr::null(Ty::INT));
    let mut parts: Vec<Expr> = arms.into_iter().map(arm).collect();
    parts.push(Expr::int(Outcome::Clean.code()));
    Expr { node: Node::Coalesce(parts), ty: Ty::INT, bound: 1 << 32 }
}

/// Joins around the assembled records; what is asked there need not be asked for records that are not in scope.
pub type Around = Box<dyn FnOnce(Plan, Option<&Expr>) -> Plan>;

/// What a kind adds to the grading.
#[derive(Default)]
pub struct Graded {
    /// What should be.
    pub expected: Option<Expr>,
    /// What is.
    pub stated: Option<Expr>,
    /// Further columns.
    pub extra: Vec<(String, Expr)>,
    /// Reasons for an unknown outcome, before the general ones.
    pub causes: Vec<Cause>,
    /// Joins around the assembled records.
    pub plan: Option<Around>,
    /// Columns that hold records of other populations: column, population, role, prefix of its cells.
    pub records: Vec<(String, String, String, String)>,
    /// Where this holds too, the exception is the extract's, not the books'.
    pub outside_extract: Option<Expr>,
    /// Data that the exports lack and that the judge makes up for, finding by finding.
    pub limits: Vec<String>,
    /// Decides the candidates.
    pub judge: Option<Judge>,
}
