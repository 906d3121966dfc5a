//! Operators whose operands mean more in PostgreSQL: a day with an interval is a moment, and a quotient
//! of exact numbers has sixteen places and not four.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable as _, cast};
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
            BinaryOperator::Divide => (exact(left, &right, schema), right),
            _ => (left, right),
        };
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }
}

fn is_interval(expr: &Expr, schema: &DFSchema) -> bool {
    matches!(expr.get_type(schema), Ok(DataType::Interval(_) | DataType::Duration(_)))
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
