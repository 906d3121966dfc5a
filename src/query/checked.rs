//! Operators on whole numbers that end in an error where the answer would not fit, and intervals that are
//! compared by how long they are: one month and thirty days are the same, as in PostgreSQL. They stand in
//! when the types of operands are settled; everything else is DataFusion's own.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _, Datum};
use datafusion::arrow::compute::cast;
use datafusion::arrow::compute::kernels::numeric::{add, mul, neg, sub};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::arrow::error::ArrowError;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, exec_err, plan_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::{BinaryExpr, InList, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Between, ColumnarValue, Expr, ExprSchemable as _, LogicalPlan, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_expr_common::datum::apply;

/// Puts them in place; has to run after the types are settled.
#[derive(Debug)]
pub(super) struct Checked;

impl AnalyzerRule for Checked {
    fn name(&self) -> &'static str {
        "checked_operators"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(node)?.data)
    }
}

fn node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    let orders = matches!(plan, LogicalPlan::Sort(_));
    let changed = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let changed = expr.transform_up(|expr| Ok(checked(expr, &schema)))?.update_data(|expr| name.restore(expr));
        let is_interval = orders && matches!(changed.data.get_type(&schema), Ok(DataType::Interval(_)));
        Ok(if is_interval { Transformed::yes(*span(changed.data)) } else { changed })
    })?;
    if changed.transformed { changed.map_data(LogicalPlan::recompute_schema) } else { Ok(changed) }
}

fn checked(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let is_whole = |expr: &Expr| expr.get_type(schema).is_ok_and(|kind| kind.is_integer());
    let is_float = |expr: &Expr| expr.get_type(schema).is_ok_and(|kind| kind.is_floating());
    let is_interval = |expr: &Expr| matches!(expr.get_type(schema), Ok(DataType::Interval(_)));
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match Step::of(op) {
            Some(step) if is_whole(&left) && is_whole(&right) => Transformed::yes(call(Whole::new(step, 2), vec![*left, *right])),
            None if matches!(op, Operator::Divide | Operator::Modulo) && is_float(&right) => {
                Transformed::yes(Expr::BinaryExpr(BinaryExpr { left, op, right: Box::new(call(Divisor { signature: Signature::any(1, Volatility::Immutable) }, vec![*right])) }))
            }
            None if compares(op) && is_interval(&left) && is_interval(&right) => Transformed::yes(Expr::BinaryExpr(BinaryExpr { left: span(*left), op, right: span(*right) })),
            _ => Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
        },
        Expr::Negative(inner) if is_whole(&inner) => Transformed::yes(call(Whole::new(Step::Negative, 1), vec![*inner])),
        Expr::Between(it) if is_interval(&it.expr) => {
            Transformed::yes(Expr::Between(Between { expr: span(*it.expr), low: span(*it.low), high: span(*it.high), negated: it.negated }))
        }
        Expr::InList(it) if is_interval(&it.expr) => {
            let list = it.list.into_iter().map(|one| *span(one)).collect();
            Transformed::yes(Expr::InList(InList { expr: span(*it.expr), list, negated: it.negated }))
        }
        other => Transformed::no(other),
    }
}

/// Whether an operator compares its sides.
pub(super) const fn compares(op: Operator) -> bool {
    use Operator as O;
    matches!(op, O::Eq | O::NotEq | O::Lt | O::LtEq | O::Gt | O::GtEq | O::IsDistinctFrom | O::IsNotDistinctFrom)
}

fn call(function: impl Into<ScalarUDF>, args: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function.into()), args))
}

fn span(expr: Expr) -> Box<Expr> {
    Box::new(call(Span { signature: Signature::any(1, Volatility::Immutable) }, vec![expr]))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Plus,
    Minus,
    Times,
    Negative,
}

impl Step {
    const fn of(op: Operator) -> Option<Self> {
        match op {
            Operator::Plus => Some(Self::Plus),
            Operator::Minus => Some(Self::Minus),
            Operator::Multiply => Some(Self::Times),
            _ => None,
        }
    }

    fn done(self, left: &dyn Datum, right: &dyn Datum) -> std::result::Result<ArrayRef, ArrowError> {
        match self {
            Self::Plus => add(left, right),
            Self::Minus => sub(left, right),
            Self::Times => mul(left, right),
            Self::Negative => neg(left.get().0),
        }
    }
}

/// An operator on whole numbers.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Whole {
    step: Step,
    signature: Signature,
}

impl Whole {
    fn new(step: Step, operands: usize) -> Self {
        Self { step, signature: Signature::any(operands, Volatility::Immutable) }
    }
}

/// What PostgreSQL calls a type of whole numbers that a number is too large for.
pub(super) fn out_of_range(kind: &DataType) -> DataFusionError {
    let name = match kind {
        DataType::Int16 => "smallint",
        DataType::Int32 => "integer",
        _ => "bigint",
    };
    DataFusionError::Execution(format!("{name} out of range"))
}

impl ScalarUDFImpl for Whole {
    fn name(&self) -> &'static str {
        match self.step {
            Step::Plus => "checked_plus",
            Step::Minus => "checked_minus",
            Step::Times => "checked_times",
            Step::Negative => "checked_negative",
        }
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        types.first().cloned().map_or_else(|| plan_err!("an operator has operands"), Ok)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (Some(left), Some(right)) = (args.args.first(), args.args.last()) else { return exec_err!("an operator has operands") };
        let kind = left.data_type();
        apply(left, right, |left, right| self.step.done(left, right)).map_err(|error| match error.find_root() {
            DataFusionError::ArrowError(arrow, _) if matches!(**arrow, ArrowError::ArithmeticOverflow(_)) => out_of_range(&kind),
            _ => error,
        })
    }
}

/// A float that something is divided by: nought is an error, and no way to infinity.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Divisor {
    signature: Signature,
}

impl ScalarUDFImpl for Divisor {
    fn name(&self) -> &'static str {
        "checked_divisor"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        types.first().cloned().map_or_else(|| plan_err!("a quotient has a divisor"), Ok)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(args.number_rows)?;
        let floats = cast(&values, &DataType::Float64)?;
        if floats.as_primitive::<Float64Type>().iter().flatten().any(|value| value == 0.0) {
            return exec_err!("division by zero");
        }
        Ok(ColumnarValue::Array(values))
    }
}

/// How long an interval is, in nanoseconds: a month has thirty days and a day 24 hours.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Span {
    signature: Signature,
}

const DAY: i128 = 86_400_000_000_000;

fn nanoseconds(interval: IntervalMonthDayNano) -> i128 {
    (i128::from(interval.months) * 30 + i128::from(interval.days)) * DAY + i128::from(interval.nanoseconds)
}

impl ScalarUDFImpl for Span {
    fn name(&self) -> &'static str {
        "interval_length"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Decimal128(38, 0))
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [intervals] = &args.args[..] else { return exec_err!("{} takes one interval", self.name()) };
        let intervals = cast(&intervals.to_array(args.number_rows)?, &DataType::Interval(IntervalUnit::MonthDayNano))?;
        let lengths = intervals.as_primitive::<IntervalMonthDayNanoType>().unary::<_, Decimal128Type>(nanoseconds);
        Ok(ColumnarValue::Array(Arc::new(lengths.with_precision_and_scale(38, 0)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_as_long_as_thirty_days_and_a_day_as_24_hours() {
        let of = |months, days, nanos| nanoseconds(IntervalMonthDayNano::new(months, days, nanos));
        assert_eq!(of(1, 0, 0), of(0, 30, 0));
        assert_eq!(of(0, 1, 0), of(0, 0, 86_400_000_000_000));
        assert!(of(0, 1, 0) < of(0, 0, 90_000_000_000_000));
    }
}
