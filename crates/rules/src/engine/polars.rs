//! The default engine: one lowering of the algebra to polars' streaming engine.
//!
//! Numbers are `Int128` here (record numbers stay `Int64`), and none of polars' own decimal arithmetic, rounding or
//! float literals is used: rounding runs through the one kernel of `model`.

use std::collections::BTreeMap;
use std::sync::Arc;

use polars::prelude::{
    self as pl, ChunkApply as _, Column as Series, DataFrame, DataType, Engine as PolarsEngine, Expr as PlExpr,
    IntoColumn as _, IntoLazy as _, JoinArgs, JoinCoalesce, JoinType, LazyFrame, LazyGroupBy, NamedFrom as _,
    NewChunkedArray as _, PolarsError, PolarsResult, UniqueKeepStrategy,
};
use tieout_ingest::store::{Frame, REC, Store};
use tieout_ingest::texts::Texts;
use tieout_model::Rounding;
use tieout_model::amount::minor_units;

use super::hoist::hoist;
use super::{Engine, EngineError};
use crate::expr::{Cmp, Expr, Func, Node, func};
use crate::plan::{Agg, Join, Plan};
use crate::value::{Column, Relation, Ty, Value};

/// Scans of the prepared store.
pub struct Polars {
    frames: BTreeMap<String, Frame>,
    texts: Arc<Texts>,
}

impl From<PolarsError> for EngineError {
    fn from(error: PolarsError) -> Self {
        Self(error.to_string())
    }
}

impl Polars {
    /// Over a prepared store.
    pub fn new(store: &Store) -> Self {
        Self {
            frames: store
                .populations
                .iter()
                .map(|(name, population)| (name.clone(), population.frame.clone()))
                .collect(),
            texts: Arc::clone(&store.texts),
        }
    }

    /// Largest |units| of every number column: what planning proves its bounds with.
    pub fn bounds(store: &Store) -> Result<BTreeMap<(String, String), u128>, EngineError> {
        let mut bounds = BTreeMap::new();
        for (name, population) in &store.populations {
            let numbers: Vec<&String> = population
                .columns
                .iter()
                .filter(|(_, column)| column.ty.scale().is_some())
                .map(|(name, _)| name)
                .collect();
            if numbers.is_empty() {
                continue;
            }
            let mut exprs = Vec::new();
            for column in &numbers {
                exprs.push(pl::col(column.as_str()).min().alias(format!("{column}<")));
                exprs.push(pl::col(column.as_str()).max().alias(format!("{column}>")));
            }
            let frame =
                population.frame.scan()?.select(exprs).collect_with_engine(PolarsEngine::Streaming)?.unwrap_single();
            for column in numbers {
                let end = |suffix: &str| -> PolarsResult<u128> {
                    let value = frame.column(&format!("{column}{suffix}"))?.get(0)?;
                    Ok(value.extract::<i128>().map_or(0, i128::unsigned_abs))
                };
                bounds.insert((name.clone(), column.clone()), end("<")?.max(end(">")?));
            }
        }
        Ok(bounds)
    }

    /// A population as plain rows, for the reference engine.
    pub fn table(store: &Store, population: &str) -> Result<Relation, EngineError> {
        Self::rows_of(store, population, None)
    }

    /// The first record of a population.
    pub fn head(store: &Store, population: &str) -> Result<Relation, EngineError> {
        Self::rows_of(store, population, Some(1))
    }

    fn rows_of(store: &Store, population: &str, limit: Option<u32>) -> Result<Relation, EngineError> {
        let loaded =
            store.populations.get(population).ok_or_else(|| EngineError(format!("no population {population}")))?;
        let mut columns = vec![Column { name: REC.to_owned(), ty: Ty::INT }];
        for (name, column) in &loaded.columns {
            columns.push(Column { name: name.clone(), ty: Ty::of_column(column.ty) });
            if column.has_unreadable {
                columns.push(Column { name: format!("{name}!"), ty: Ty::Bool });
            }
        }
        let read = |column: &Column| {
            let stored = pl::col(column.name.as_str());
            if column.ty == Ty::Text { decoded(stored, &store.texts) } else { stored }
        };
        let exprs: Vec<PlExpr> = columns.iter().map(read).collect();
        let scan = loaded.frame.scan()?.select(exprs);
        let scan = match limit {
            Some(limit) => scan.limit(limit),
            None => scan,
        };
        let frame = scan.collect_with_engine(PolarsEngine::Streaming)?.unwrap_single();
        Ok(Relation { rows: rows(&frame, &columns)?, columns })
    }

    /// Equal sub-plans become one frame, functions included, so that polars can see that they are one.
    fn lower(&self, plan: &Plan, memo: &mut Vec<(Plan, LazyFrame)>) -> Result<LazyFrame, EngineError> {
        if let Some((_, known)) = memo.iter().find(|(known, _)| known == plan) {
            return Ok(known.clone());
        }
        let frame = self.lower_new(plan, memo)?;
        memo.push((plan.clone(), frame.clone()));
        Ok(frame)
    }

    fn lower_new(&self, plan: &Plan, memo: &mut Vec<(Plan, LazyFrame)>) -> Result<LazyFrame, EngineError> {
        Ok(match plan {
            Plan::Scan { population, columns } => {
                let frame =
                    self.frames.get(population).ok_or_else(|| EngineError(format!("no population {population}")))?;
                let pick = |(stored, column): &(String, Column)| {
                    let picked = pl::col(stored.as_str());
                    let wide = matches!(column.ty, Ty::Num { .. }) && stored != REC;
                    let picked = match column.ty {
                        Ty::Text => decoded(picked, &self.texts),
                        _ if wide => picked.cast(DataType::Int128),
                        _ => picked,
                    };
                    picked.alias(column.name.as_str())
                };
                frame.scan()?.select(columns.iter().map(pick).collect::<Vec<_>>())
            }
            Plan::Rows(relation) => frame(relation)?.lazy(),
            Plan::Filter(input, condition) => {
                let (frame, mut exprs) = self.called(input, &[(String::new(), condition.clone())], memo)?;
                let condition = exprs.pop().map_or_else(|| pl::lit(true), |(_, condition)| expr(&condition));
                let own: Vec<PlExpr> = input.columns().iter().map(|column| pl::col(column.name.as_str())).collect();
                frame.filter(condition).select(own)
            }
            Plan::Project(input, columns) => {
                let (frame, columns) = self.called(input, columns, memo)?;
                frame.select(columns.iter().map(aliased).collect::<Vec<_>>())
            }
            Plan::Extend(input, columns) => {
                let (frame, columns) = self.called(input, columns, memo)?;
                let all: Vec<PlExpr> = plan.columns().iter().map(|column| pl::col(column.name.as_str())).collect();
                frame.with_columns(columns.iter().map(aliased).collect::<Vec<_>>()).select(all)
            }
            Plan::Join { left, right, on, how } => {
                let how = match how {
                    Join::Inner => JoinType::Inner,
                    Join::Left => JoinType::Left,
                    Join::Semi => JoinType::Semi,
                    Join::Anti => JoinType::Anti,
                };
                let keys = |side: fn(&(String, String)) -> &String| {
                    on.iter().map(|pair| pl::col(side(pair).as_str())).collect::<Vec<_>>()
                };
                let mut args = JoinArgs::new(how.clone());
                if matches!(how, JoinType::Inner | JoinType::Left) {
                    args.coalesce = JoinCoalesce::CoalesceColumns;
                }
                self.lower(left, memo)?.join(self.lower(right, memo)?, keys(|pair| &pair.0), keys(|pair| &pair.1), args)
            }
            Plan::Aggregate { input, keys, aggs } => {
                let input = self.lower(input, memo)?;
                let keys: Vec<PlExpr> = keys.iter().map(|key| pl::col(key.as_str())).collect();
                let aggs: Vec<PlExpr> = aggs.iter().map(aggregate).collect();
                match (keys.is_empty(), aggs.is_empty()) {
                    (false, true) => input.select(keys).unique(None, UniqueKeepStrategy::Any),
                    (true, _) => input.select(aggs),
                    (false, false) => group(input, keys).agg(aggs),
                }
            }
            Plan::Union(inputs) => {
                let inputs = inputs.iter().map(|input| self.lower(input, memo)).collect::<Result<Vec<_>, _>>()?;
                pl::concat(inputs, pl::UnionArgs::default())?
            }
            Plan::Unique { input, keys, count } => {
                let columns = input.columns();
                let rest: Vec<&Column> = columns.iter().filter(|column| !keys.contains(&column.name)).collect();
                let mut aggs: Vec<PlExpr> = rest.iter().map(|column| pl::col(column.name.as_str()).first()).collect();
                aggs.push(pl::len().cast(DataType::Int128).alias(count.as_str()));
                let present = keys.iter().map(|key| pl::col(key.as_str()).is_not_null()).reduce(PlExpr::and);
                let only = |column: &&Column| {
                    let value = pl::col(column.name.as_str());
                    let missing = pl::lit(pl::NULL).cast(physical(column));
                    pl::when(pl::col(count.as_str()).eq(number(1)))
                        .then(value)
                        .otherwise(missing)
                        .alias(column.name.as_str())
                };
                let grouped = self.lower(input, memo)?.filter(present.unwrap_or_else(|| pl::lit(true)));
                let keys = keys.iter().map(|key| pl::col(key.as_str())).collect();
                let order: Vec<PlExpr> = plan.columns().iter().map(|column| pl::col(column.name.as_str())).collect();
                group(grouped, keys).agg(aggs).with_columns(rest.iter().map(only).collect::<Vec<_>>()).select(order)
            }
        })
    }
}

impl Polars {
    /// The input with the calls of some expressions as columns, and the expressions that use them.
    fn called(
        &self,
        input: &Plan,
        exprs: &[(String, Expr)],
        memo: &mut Vec<(Plan, LazyFrame)>,
    ) -> Result<(LazyFrame, Vec<(String, Expr)>), EngineError> {
        let hoisted = hoist(exprs);
        let mut frame = self.lower(input, memo)?;
        for level in hoisted.levels {
            frame = frame.with_columns(level.iter().map(aliased).collect::<Vec<_>>());
        }
        Ok((frame, hoisted.rewritten))
    }
}

fn group(input: LazyFrame, keys: Vec<PlExpr>) -> LazyGroupBy {
    input.group_by(keys)
}

/// polars walks plans and expressions by recursion, on the calling thread; a look-up over many keys is deep.
const STACK_BYTES: usize = 1 << 28;

impl Engine for Polars {
    fn run(&self, plans: &[Plan]) -> Result<Vec<Relation>, EngineError> {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("engine".to_owned()).stack_size(STACK_BYTES);
            let running = thread.spawn_scoped(scope, || self.run_here(plans));
            let running = running.map_err(|error| EngineError(format!("no thread for the engine: {error}")))?;
            running
                .join()
                .unwrap_or_else(|_| Err(EngineError("the engine stopped; its message is on standard error".to_owned())))
        })
    }

    fn judges_everything(&self) -> bool {
        false
    }
}

impl Polars {
    fn run_here(&self, plans: &[Plan]) -> Result<Vec<Relation>, EngineError> {
        let (mut lowered, mut memo) = (Vec::new(), Vec::new());
        for plan in plans {
            lowered.push(self.lower(plan, &mut memo)?);
        }
        let Some(first) = lowered.first() else { return Ok(Vec::new()) };
        let flags = first.get_current_optimizations() | pl::OptFlags::COMM_SUBPLAN_ELIM;
        let dsl = lowered.into_iter().map(|frame| frame.logical_plan).collect();
        let frames = LazyFrame::collect_all_with_engine(dsl, PolarsEngine::Streaming, flags)?;
        let mut relations = Vec::new();
        for (plan, frame) in plans.iter().zip(frames) {
            let columns = plan.columns();
            relations.push(Relation { rows: rows(&frame, &columns)?, columns });
        }
        Ok(relations)
    }
}

/// The texts of codes; a column of texts stays as it is.
fn decoded(column: PlExpr, texts: &Arc<Texts>) -> PlExpr {
    let texts = Arc::clone(texts);
    let decode = move |column: Series| {
        let Ok(codes) = column.u32() else { return Ok(column) };
        let text = |code: Option<u32>| code.and_then(|code| texts.get(code));
        let decoded: pl::StringChunked =
            codes.iter().map(text).map(|text| text.as_deref().map(str::to_owned)).collect();
        Ok(pl::IntoColumn::into_column(decoded.with_name(column.name().clone())))
    };
    column.map(decode, |_, field| Ok(pl::Field::new(field.name().clone(), DataType::String)))
}

fn physical(column: &Column) -> DataType {
    match column.ty {
        Ty::Text => DataType::String,
        Ty::Date => DataType::Int32,
        Ty::Bool => DataType::Boolean,
        Ty::Num { .. } if column.name.ends_with(REC) => DataType::Int64,
        Ty::Num { .. } => DataType::Int128,
    }
}

fn aliased((name, value): &(String, Expr)) -> PlExpr {
    expr(value).alias(name.as_str())
}

fn aggregate((name, agg): &(String, Agg)) -> PlExpr {
    let count = |flag: PlExpr| flag.cast(DataType::Int64).sum().cast(DataType::Int128);
    match agg {
        Agg::Count => pl::len().cast(DataType::Int128),
        Agg::Sum(column) => pl::col(column.as_str()).sum(),
        Agg::Missing(column) => count(pl::col(column.as_str()).is_null()),
        Agg::True(column) => count(pl::col(column.as_str()).fill_null(pl::lit(false))),
        Agg::Min(column) => pl::col(column.as_str()).min(),
        Agg::Max(column) => pl::col(column.as_str()).max(),
    }
    .alias(name.as_str())
}

/// A literal of the engine's number type; a plain one would be guessed at by its size.
fn number(units: i128) -> PlExpr {
    PlExpr::Literal(pl::Scalar::from(units).into())
}

fn literal(value: &Value, ty: Ty) -> PlExpr {
    match value {
        Value::Null => {
            let column = Column { name: String::new(), ty };
            pl::lit(pl::NULL).cast(physical(&column))
        }
        Value::Bool(truth) => pl::lit(*truth),
        Value::Date(days) => PlExpr::Literal(pl::Scalar::from(*days).into()),
        Value::Num(units) => number(*units),
        Value::Text(text) => pl::lit(text.as_ref()),
    }
}

fn expr(value: &Expr) -> PlExpr {
    match &value.node {
        Node::Col(name) => pl::col(name.as_str()),
        Node::Lit(constant) => literal(constant, value.ty),
        Node::Add(a, b) => expr(a) + expr(b),
        Node::Sub(a, b) => expr(a) - expr(b),
        Node::Mul(a, b) => expr(a) * expr(b),
        Node::Widen(a, by) => expr(a) * number(tieout_model::amount::pow10(u32::from(*by))),
        Node::Compare(cmp, a, b) => {
            let (a, b) = (expr(a), expr(b));
            match cmp {
                Cmp::Eq => a.eq(b),
                Cmp::Ne => a.neq(b),
                Cmp::Lt => a.lt(b),
                Cmp::Le => a.lt_eq(b),
                Cmp::Gt => a.gt(b),
                Cmp::Ge => a.gt_eq(b),
            }
        }
        Node::And(a, b) => expr(a).and(expr(b)),
        Node::Or(a, b) => expr(a).or(expr(b)),
        Node::Not(a) => expr(a).not(),
        Node::IsNull(a) => expr(a).is_null(),
        Node::In(a, list) => {
            let any = list.iter().map(|item| expr(a).eq(literal(item, a.ty))).reduce(PlExpr::or);
            any.unwrap_or_else(|| {
                pl::when(expr(a).is_null()).then(literal(&Value::Null, Ty::Bool)).otherwise(pl::lit(false))
            })
        }
        Node::Case(arms, otherwise) => {
            let mut result = expr(otherwise);
            for (condition, arm) in arms.iter().rev() {
                // An unknown condition is an unknown result, not the next arm.
                let known = pl::when(expr(condition)).then(expr(arm)).otherwise(result);
                result = pl::when(expr(condition).is_null()).then(literal(&Value::Null, value.ty)).otherwise(known);
            }
            result
        }
        Node::Coalesce(parts) => pl::coalesce(&parts.iter().map(expr).collect::<Vec<_>>()),
        Node::Call(function, args) => call(function, args, value.ty),
    }
}

fn call(function: &Func, args: &[Expr], ty: Ty) -> PlExpr {
    if *function == Func::Abs {
        let value = expr(&args[0]);
        return pl::when(value.clone().lt(number(0))).then(number(0) - value.clone()).otherwise(value);
    }
    let function = function.clone();
    let types: Vec<Ty> = args.iter().map(|arg| arg.ty).collect();
    let result = Column { name: "result".to_owned(), ty };
    let dtype = physical(&result);
    let run = move |columns: &mut [Series]| scalar(&function, columns, &types, &result);
    pl::map_multiple(run, args.iter().map(expr).collect::<Vec<_>>(), move |_, fields| {
        Ok(pl::Field::new(fields[0].name().clone(), dtype.clone()))
    })
}

fn scalar(function: &Func, columns: &[Series], types: &[Ty], result: &Column) -> PolarsResult<Series> {
    let name = columns[0].name().clone();
    // A constant comes as one row, also beside an empty batch.
    let empty = columns.iter().any(Series::is_empty);
    let length = if empty { 0 } else { columns.iter().map(Series::len).max().unwrap_or(0) };
    if let Func::Round { drop, mode } = function {
        let units = columns[0].i128()?;
        let rounded = units.apply_values(|value| tieout_model::amount::round_units(value, u32::from(*drop), *mode));
        return Ok(rounded.into_column());
    }
    if let Func::RoundMoney { scale, mode } = function {
        return Ok(round_money(columns, length, *scale, *mode)?.with_name(name).into_column());
    }
    if types.iter().all(|ty| *ty == Ty::Text) {
        return Ok(series(&of_texts(function, columns, length)?, result)?.with_name(name));
    }
    let mut arguments = Vec::new();
    for (column, ty) in columns.iter().zip(types) {
        arguments.push(values(column, *ty)?);
    }
    let row = |index: usize| {
        let args: Vec<Value> =
            arguments.iter().map(|values| values[if values.len() == 1 { 0 } else { index }].clone()).collect();
        function.apply(&args)
    };
    let output: Vec<Value> = (0..length).map(row).collect();
    Ok(series(&output, result)?.with_name(name))
}

/// Rounds to each record's currency; neighbouring records mostly share it.
fn round_money(
    columns: &[Series],
    length: usize,
    scale: u8,
    mode: Option<Rounding>,
) -> PolarsResult<pl::Int128Chunked> {
    let units = columns[0].i128()?;
    let currencies = columns[1].str()?;
    let modes = columns.get(2).map(|column| column.str()).transpose()?;
    let at = |len: usize, index: usize| if len == 1 { 0 } else { index };
    let (mut last, mut places): (Option<&str>, Option<u8>) = (None, None);
    let (mut last_mode, mut entity): (Option<&str>, Option<Rounding>) = (None, None);
    let round = |index: usize| {
        let currency = currencies.get(at(currencies.len(), index));
        if currency != last {
            (last, places) = (currency, currency.and_then(minor_units));
        }
        if let Some(modes) = modes {
            let word = modes.get(at(modes.len(), index));
            if word != last_mode {
                (last_mode, entity) = (word, word.and_then(Rounding::parse));
            }
        }
        let value = units.get(at(units.len(), index))?;
        Some(func::round_money(value, scale, places?, mode.or(entity).unwrap_or(Rounding::HalfUp)))
    };
    Ok((0..length).map(round).collect())
}

/// A function of texts; neighbouring records mostly repeat them, so the last result is kept.
fn of_texts(function: &Func, columns: &[Series], length: usize) -> PolarsResult<Vec<Value>> {
    let mut texts = Vec::new();
    for column in columns {
        texts.push(column.str()?);
    }
    let mut last: (Vec<Option<&str>>, Value) = (Vec::new(), Value::Null);
    let mut output = Vec::with_capacity(length);
    for index in 0..length {
        let now = || texts.iter().map(|text| text.get(if text.len() == 1 { 0 } else { index }));
        if last.0.len() != texts.len() || !now().eq(last.0.iter().copied()) {
            let args: Vec<Value> = now().map(|text| text.map_or(Value::Null, Value::text)).collect();
            last = (now().collect(), function.apply(&args));
        }
        output.push(last.1.clone());
    }
    Ok(output)
}

fn values(column: &Series, ty: Ty) -> PolarsResult<Vec<Value>> {
    Ok(match ty {
        Ty::Text => column.str()?.iter().map(|text| text.map_or(Value::Null, Value::text)).collect(),
        Ty::Date => column.i32()?.iter().map(|days| days.map_or(Value::Null, Value::Date)).collect(),
        Ty::Bool => column.bool()?.iter().map(|truth| truth.map_or(Value::Null, Value::Bool)).collect(),
        Ty::Num { .. } => match column.dtype() {
            DataType::Int128 => column.i128()?.iter().map(|units| units.map_or(Value::Null, Value::Num)).collect(),
            DataType::Int64 => {
                column.i64()?.iter().map(|units| units.map_or(Value::Null, |units| Value::Num(units.into()))).collect()
            }
            other => return Err(PolarsError::ComputeError(format!("a number column came back as {other}").into())),
        },
    })
}

fn series(values: &[Value], column: &Column) -> PolarsResult<Series> {
    let name = column.name.as_str();
    let series = match physical(column) {
        DataType::String => pl::Series::new(name.into(), values.iter().map(Value::as_text).collect::<Vec<_>>()),
        DataType::Int32 => {
            pl::Series::new(name.into(), values.iter().map(|value| value.date().map(|date| date.0)).collect::<Vec<_>>())
        }
        DataType::Boolean => pl::Series::new(name.into(), values.iter().map(Value::bool).collect::<Vec<_>>()),
        DataType::Int64 => {
            let narrow = |value: &Value| value.num().and_then(|units| i64::try_from(units).ok());
            pl::Series::new(name.into(), values.iter().map(narrow).collect::<Vec<_>>())
        }
        _ => {
            let chunked = pl::Int128Chunked::from_iter_options(name.into(), values.iter().map(Value::num));
            return Ok(chunked.into_column());
        }
    };
    Ok(series.into_column())
}

/// Plain rows as a frame.
pub fn frame(relation: &Relation) -> PolarsResult<DataFrame> {
    let mut columns = Vec::new();
    for (index, column) in relation.columns.iter().enumerate() {
        let values: Vec<Value> = relation.rows.iter().map(|row| row[index].clone()).collect();
        columns.push(series(&values, column)?);
    }
    DataFrame::new(relation.rows.len(), columns)
}

fn rows(frame: &DataFrame, columns: &[Column]) -> PolarsResult<Vec<Vec<Value>>> {
    let mut rows: Vec<Vec<Value>> = (0..frame.height()).map(|_| Vec::with_capacity(columns.len())).collect();
    for column in columns {
        for (row, value) in rows.iter_mut().zip(values(frame.column(&column.name)?, column.ty)?) {
            row.push(value);
        }
    }
    Ok(rows)
}
