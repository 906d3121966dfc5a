//! Operators whose operands mean more in PostgreSQL: a day with an interval is a moment, an interval can be
//! taken many times, and a quotient of exact numbers has sixteen places and not four.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, IntervalMonthDayNanoArray};
use datafusion::arrow::compute::cast as cast_array;
use datafusion::arrow::datatypes::{DataType, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, TimeUnit};
use datafusion::common::{DFSchema, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{ColumnarValue, Expr, ExprSchemable as _, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// Places of a dividend; the quotient has four more.
const PLACES: i8 = 12;
const DIGITS: u8 = 38;

/// Plans such operators.
#[derive(Debug)]
pub(super) struct Operators;

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = expr;
        let (left, right) = match op {
            BinaryOperator::Plus | BinaryOperator::Minus => {
                let (is_left, is_right) = (is_interval(&left, schema), is_interval(&right, schema));
                (if is_right { as_moment(left, schema) } else { left }, if is_left { as_moment(right, schema) } else { right })
            }
            BinaryOperator::Multiply | BinaryOperator::Divide if is_interval(&left, schema) && is_number(&right, schema) => {
                return Ok(scaled(op == BinaryOperator::Divide, left, right));
            }
            BinaryOperator::Multiply if is_number(&left, schema) && is_interval(&right, schema) => return Ok(scaled(false, right, left)),
            BinaryOperator::Divide => (exact(left, &right, schema), right),
            _ => (left, right),
        };
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }
}

fn is_interval(expr: &Expr, schema: &DFSchema) -> bool {
    matches!(expr.get_type(schema), Ok(DataType::Interval(_) | DataType::Duration(_)))
}

fn is_number(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|kind| kind.is_numeric())
}

fn scaled(is_divided: bool, interval: Expr, by: Expr) -> PlannerResult<RawBinaryExpr> {
    PlannerResult::Planned(ScalarUDF::from(Scaled { is_divided, signature: Signature::any(2, Volatility::Immutable) }).call(vec![interval, by]))
}

/// An interval so many times, or so many parts of it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Scaled {
    is_divided: bool,
    signature: Signature,
}

const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);
const DAY_SECONDS: f64 = 86_400.0;

/// As PostgreSQL has it: what is left of a month becomes days, thirty to the month, and what is left of a day time. `None` where
/// it does not fit.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // Bounds are checked; PostgreSQL computes in doubles as well.
fn times(interval: IntervalMonthDayNano, scale: impl Fn(f64) -> f64) -> Option<IntervalMonthDayNano> {
    let micros = |seconds: f64| (seconds * 1e6).round_ties_even() / 1e6;
    let fits = |value: f64| (value.abs() <= f64::from(i32::MAX)).then_some(value as i32);
    let (months, days) = (scale(f64::from(interval.months)), scale(f64::from(interval.days)));
    let left_days = micros((months - months.trunc()) * 30.0);
    let mut left_seconds = micros((days - days.trunc() + left_days - left_days.trunc()) * DAY_SECONDS);
    let mut whole_days = days.trunc() + left_days.trunc();
    if left_seconds.abs() >= DAY_SECONDS {
        let more = (left_seconds / DAY_SECONDS).trunc();
        whole_days += more;
        left_seconds -= more * DAY_SECONDS;
    }
    let time = (scale(interval.nanoseconds as f64 / 1e3) + left_seconds * 1e6).round_ties_even();
    let nanos = (time.abs() < i64::MAX as f64 / 1e3).then_some(time as i64 * 1_000)?;
    Some(IntervalMonthDayNano::new(fits(months)?, fits(whole_days)?, nanos))
}

impl ScalarUDFImpl for Scaled {
    fn name(&self) -> &'static str {
        if self.is_divided { "interval_divided" } else { "interval_times" }
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(INTERVAL)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [intervals, factors] = &args.args[..] else { return exec_err!("{} takes an interval and a number", self.name()) };
        let intervals = cast_array(&intervals.to_array(args.number_rows)?, &INTERVAL)?;
        let factors = cast_array(&factors.to_array(args.number_rows)?, &DataType::Float64)?;
        let rows = intervals.as_primitive::<IntervalMonthDayNanoType>().iter().zip(factors.as_primitive::<Float64Type>().iter());
        let made = rows.map(|row| match row {
            (Some(_), Some(0.0)) if self.is_divided => exec_err!("division by zero"),
            (Some(interval), Some(by)) => match times(interval, |value| if self.is_divided { value / by } else { value * by }) {
                Some(made) => Ok(Some(made)),
                None => exec_err!("interval out of range"),
            },
            _ => Ok(None),
        });
        Ok(ColumnarValue::Array(Arc::new(made.collect::<Result<IntervalMonthDayNanoArray>>()?)))
    }
}

fn as_moment(expr: Expr, schema: &DFSchema) -> Expr {
    if matches!(expr.get_type(schema), Ok(DataType::Date32)) { cast(expr, DataType::Timestamp(TimeUnit::Microsecond, None)) } else { expr }
}

fn exact(dividend: Expr, divisor: &Expr, schema: &DFSchema) -> Expr {
    let is_by_exact = matches!(divisor.get_type(schema), Ok(DataType::Decimal128(..)));
    match dividend.get_type(schema) {
        Ok(DataType::Decimal128(_, places)) if places < PLACES => cast(dividend, DataType::Decimal128(DIGITS, PLACES)),
        Ok(kind) if kind.is_integer() && is_by_exact => cast(dividend, DataType::Decimal128(DIGITS, PLACES)),
        _ => dividend,
    }
}
