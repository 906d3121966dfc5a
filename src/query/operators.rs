//! Operators whose operands mean more in PostgreSQL: a day with an interval is a moment, what lies between two moments is
//! an interval of days and hours, an interval can be taken many times, and a quotient of exact numbers has sixteen
//! places and not four.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, Decimal128Array, IntervalMonthDayNanoArray};
use datafusion::arrow::compute::cast as cast_array;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, TimeUnit, TimestampMicrosecondType, i256};
use datafusion::common::{DFSchema, exec_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{BinaryExpr, ColumnarValue, Expr, ExprSchemable as _, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::numbers::{DIGITS, PLACES};
use super::texts::{TEXT, text};

/// Plans such operators.
#[derive(Debug)]
pub(super) struct Operators;

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = expr;
        let is = |expr: &Expr, of: fn(&DataType) -> bool| expr.get_type(schema).is_ok_and(|kind| of(&kind));
        // A short float beside another number is a long one.
        let is_mixed = is(&left, is_short) != is(&right, is_short) && is(&left, DataType::is_numeric) && is(&right, DataType::is_numeric);
        let (left, right) = if is_mixed { (cast(left, DataType::Float64), cast(right, DataType::Float64)) } else { (left, right) };
        let (left, right) = match op {
            BinaryOperator::Minus if is(&left, is_moment) && is(&right, is_day_or_moment) || is(&left, is_day_or_moment) && is(&right, is_moment) => {
                return Ok(planned(Between { signature: Signature::any(2, Volatility::Immutable) }, left, right));
            }
            BinaryOperator::Minus if is(&left, is_day) && is(&right, is_day) => return Ok(PlannerResult::Planned(days(left, Operator::Minus, right))),
            BinaryOperator::Minus if is(&left, is_day) && is(&right, DataType::is_integer) => {
                return Ok(PlannerResult::Planned(cast(days(left, Operator::Minus, right), DataType::Date32)));
            }
            BinaryOperator::Plus if is(&left, is_day) && is(&right, DataType::is_integer) || is(&left, DataType::is_integer) && is(&right, is_day) => {
                return Ok(PlannerResult::Planned(cast(days(left, Operator::Plus, right), DataType::Date32)));
            }
            BinaryOperator::Plus | BinaryOperator::Minus => {
                let (is_left, is_right) = (is(&left, is_interval), is(&right, is_interval));
                (if is_right { as_moment(left, schema) } else { left }, if is_left { as_moment(right, schema) } else { right })
            }
            BinaryOperator::Multiply | BinaryOperator::Divide if is(&left, is_interval) && is(&right, DataType::is_numeric) => {
                return Ok(planned(Scaled { is_divided: op == BinaryOperator::Divide, signature: Signature::any(2, Volatility::Immutable) }, left, right));
            }
            BinaryOperator::Multiply if is(&left, DataType::is_numeric) && is(&right, is_interval) => {
                return Ok(planned(Scaled { is_divided: false, signature: Signature::any(2, Volatility::Immutable) }, right, left));
            }
            BinaryOperator::Divide | BinaryOperator::Multiply => {
                let exact = left.get_type(schema).ok().zip(right.get_type(schema).ok()).and_then(|(left, right)| Exact::of(&op, &left, &right));
                match exact {
                    Some(exact) => return Ok(planned(exact, left, right)),
                    None => (left, right),
                }
            }
            BinaryOperator::StringConcat => (as_text(left, schema), as_text(right, schema)),
            _ => (left, right),
        };
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }
}

/// What is joined to a text and would be written otherwise; lists are joined by the same sign.
fn as_text(expr: Expr, schema: &DFSchema) -> Expr {
    let is_other =
        matches!(expr.get_type(schema), Ok(DataType::Timestamp(..) | DataType::Float32 | DataType::Float64 | DataType::Interval(_) | DataType::Duration(_) | DataType::Boolean));
    if is_other { text(TEXT).call(vec![expr]) } else { expr }
}

const fn is_interval(kind: &DataType) -> bool {
    matches!(kind, DataType::Interval(_) | DataType::Duration(_))
}

const fn is_short(kind: &DataType) -> bool {
    matches!(kind, DataType::Float32)
}

const fn is_day(kind: &DataType) -> bool {
    matches!(kind, DataType::Date32)
}

const fn is_moment(kind: &DataType) -> bool {
    matches!(kind, DataType::Timestamp(..))
}

const fn is_day_or_moment(kind: &DataType) -> bool {
    matches!(kind, DataType::Timestamp(..) | DataType::Date32)
}

fn planned(function: impl Into<ScalarUDF>, left: Expr, right: Expr) -> PlannerResult<RawBinaryExpr> {
    PlannerResult::Planned(function.into().call(vec![left, right]))
}

/// Days as the whole numbers that they are.
fn days(left: Expr, op: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(cast(left, DataType::Int32)), op, Box::new(cast(right, DataType::Int32))))
}

/// What lies between two moments: whole days, and what is left of a day as time.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Between {
    signature: Signature,
}

const DAY_MICROS: i64 = 86_400_000_000;

/// `None` where the moments lie too far apart.
fn between(later: i64, earlier: i64) -> Option<IntervalMonthDayNano> {
    let micros = later.checked_sub(earlier)?;
    Some(IntervalMonthDayNano::new(0, i32::try_from(micros / DAY_MICROS).ok()?, micros % DAY_MICROS * 1_000))
}

impl ScalarUDFImpl for Between {
    fn name(&self) -> &'static str {
        "interval_between"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(INTERVAL)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [later, earlier] = &args.args[..] else { return exec_err!("{} takes two moments", self.name()) };
        let micros = |side: &ColumnarValue| cast_array(&side.to_array(args.number_rows)?, &DataType::Timestamp(TimeUnit::Microsecond, None)).map_err(DataFusionError::from);
        let (later, earlier) = (micros(later)?, micros(earlier)?);
        let rows = later.as_primitive::<TimestampMicrosecondType>().iter().zip(earlier.as_primitive::<TimestampMicrosecondType>().iter());
        let made = rows.map(|row| match row {
            (Some(later), Some(earlier)) => between(later, earlier).map_or_else(|| exec_err!("interval out of range"), |made| Ok(Some(made))),
            _ => Ok(None),
        });
        Ok(ColumnarValue::Array(Arc::new(made.collect::<Result<IntervalMonthDayNanoArray>>()?)))
    }
}

/// An interval so many times, or so many parts of it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Scaled {
    is_divided: bool,
    signature: Signature,
}

/// Intervals are of this type, and of no other of Arrow's.
pub(super) const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);
const DAY_SECONDS: f64 = 86_400.0;

/// As PostgreSQL has it: what is left of a month becomes days, thirty to the month, and what is left of a day time. `None` where
/// it does not fit.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // Bounds are checked; PostgreSQL computes in doubles as well.
pub(super) fn times(interval: IntervalMonthDayNano, scale: impl Fn(f64) -> f64) -> Option<IntervalMonthDayNano> {
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

/// A quotient of exact numbers, which has sixteen places, and a product of such as have many, which keeps twenty; both rounded.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Exact {
    is_divided: bool,
    signature: Signature,
}

/// Places that a product keeps.
const PRODUCT_PLACES: i8 = 20;

fn places(kind: &DataType) -> Option<i8> {
    match kind {
        DataType::Decimal128(_, places) => Some(*places),
        kind if kind.is_integer() => Some(0),
        _ => None,
    }
}

impl Exact {
    fn of(op: &BinaryOperator, left: &DataType, right: &DataType) -> Option<Self> {
        let is_exact = matches!(left, DataType::Decimal128(..)) || matches!(right, DataType::Decimal128(..));
        let (left, right) = (places(left)?, places(right)?);
        let is_divided = *op == BinaryOperator::Divide;
        (is_exact && (is_divided || left + right > PRODUCT_PLACES)).then(|| Self { is_divided, signature: Signature::any(2, Volatility::Immutable) })
    }

    /// Of numbers with so many places together (a quotient: more on the left), in units of the answer's last place.
    fn done(&self, left: i128, right: i128, places: i8) -> Option<i128> {
        let power = |exponent: i8| i256::from_i128(10).checked_pow(u32::try_from(exponent).ok()?);
        let (left, right) = (i256::from_i128(left), i256::from_i128(right));
        let (up, down) = if self.is_divided {
            let more = PLACES - places;
            (left.checked_mul(power(more.max(0))?)?, right.checked_mul(power((-more).max(0))?)?)
        } else {
            (left.checked_mul(right)?, power(places - PRODUCT_PLACES)?)
        };
        let (cut, rest) = (up.checked_div(down)?, up.checked_rem(down)?);
        let away = if up.is_negative() == down.is_negative() { i256::ONE } else { i256::MINUS_ONE };
        let is_half = rest.wrapping_abs() >= down.wrapping_abs().wrapping_sub(rest.wrapping_abs());
        if is_half { cut.checked_add(away) } else { Some(cut) }?.to_i128().filter(|made| made.unsigned_abs() < 10_u128.pow(u32::from(DIGITS)))
    }
}

impl ScalarUDFImpl for Exact {
    fn name(&self) -> &'static str {
        if self.is_divided { "exact_divided" } else { "exact_times" }
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Decimal128(DIGITS, if self.is_divided { PLACES } else { PRODUCT_PLACES }))
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = &args.args[..] else { return exec_err!("{} takes two numbers", self.name()) };
        let (Some(of_left), Some(of_right)) = (places(&left.data_type()), places(&right.data_type())) else { return exec_err!("{} takes exact numbers", self.name()) };
        let exact = |side: &ColumnarValue, places: i8| cast_array(&side.to_array(args.number_rows)?, &DataType::Decimal128(DIGITS, places)).map_err(DataFusionError::from);
        let (left, right) = (exact(left, of_left)?, exact(right, of_right)?);
        let together = if self.is_divided { of_left - of_right } else { of_left + of_right };
        let rows = left.as_primitive::<Decimal128Type>().iter().zip(right.as_primitive::<Decimal128Type>().iter());
        let made = rows.map(|row| match row {
            (Some(_), Some(0)) if self.is_divided => exec_err!("division by zero"),
            (Some(left), Some(right)) => {
                self.done(left, right, together).map_or_else(|| exec_err!("numeric field overflow: the answer has more than {DIGITS} digits"), |made| Ok(Some(made)))
            }
            _ => Ok(None),
        });
        let DataType::Decimal128(digits, places) = args.return_field.data_type() else { return exec_err!("{} makes exact numbers", self.name()) };
        Ok(ColumnarValue::Array(Arc::new(made.collect::<Result<Decimal128Array>>()?.with_precision_and_scale(*digits, *places)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_is_rounded_and_a_product_keeps_twenty_places() {
        let of = |is_divided| Exact { is_divided, signature: Signature::any(2, Volatility::Immutable) };
        assert_eq!(of(true).done(2, 3, 0), Some(6_666_666_666_666_667));
        assert_eq!(of(true).done(-2, 3, 0), Some(-6_666_666_666_666_667));
        assert_eq!(of(true).done(20, 3, 1), Some(6_666_666_666_666_667), "2.0 / 3");
        assert_eq!(of(true).done(1, 3, 20), Some(0));
        assert_eq!(of(false).done(5 * 10_i128.pow(15), 5 * 10_i128.pow(15), 32), Some(25 * 10_i128.pow(18)));
        assert_eq!(of(true).done(10_i128.pow(37), 1, 0), None);
    }

    #[test]
    fn between_moments_lie_whole_days_and_time() {
        assert_eq!(between(DAY_MICROS * 3 / 2, 0), Some(IntervalMonthDayNano::new(0, 1, 43_200_000_000_000)));
        assert_eq!(between(0, DAY_MICROS * 3 / 2), Some(IntervalMonthDayNano::new(0, -1, -43_200_000_000_000)));
    }
}
