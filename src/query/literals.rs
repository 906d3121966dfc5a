//! The types of what has none of its own in the text: a whole number that fits integer is one, as in PostgreSQL, where
//! DataFusion takes every number for a bigint, and functions that count answer the type that PostgreSQL's do. Deliberately
//! only where an answer's type hangs on it: places, lengths and frames stay the numbers that they are.

use datafusion::sql::sqlparser::ast::{self, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Select, SelectItem, SetExpr, UnaryOperator, Value};

/// Functions whose answer has the type of their arguments.
const LIKE_THEIR_ARGUMENTS: &[&str] = &["abs", "array_agg", "avg", "coalesce", "first_value", "greatest", "last_value", "least", "max", "min", "nullif", "sum"];
/// Functions that count, and what the count is in PostgreSQL.
const COUNTING: &[(&str, ast::DataType)] = &[
    ("array_length", ast::DataType::Int(None)),
    ("array_ndims", ast::DataType::Int(None)),
    ("array_position", ast::DataType::Int(None)),
    ("cardinality", ast::DataType::Int(None)),
    ("dense_rank", ast::DataType::BigInt(None)),
    ("factorial", ast::DataType::Numeric(ast::ExactNumberInfo::PrecisionAndScale(38, 0))),
    ("grouping", ast::DataType::Int(None)),
    ("ntile", ast::DataType::Int(None)),
    ("rank", ast::DataType::BigInt(None)),
    ("regexp_count", ast::DataType::Int(None)),
    ("regr_count", ast::DataType::BigInt(None)),
    ("row_number", ast::DataType::BigInt(None)),
];

/// Gives the parts of an expression their types.
pub(super) fn typed(expr: &mut Expr) {
    match expr {
        Expr::Nested(inner) => typed(inner),
        // A parameter takes its type from what stands beside it.
        Expr::BinaryOp { left, op, right } if reckons(op) && !is_parameter(left) && !is_parameter(right) => [left, right].into_iter().for_each(|side| number(side)),
        Expr::UnaryOp { op: UnaryOperator::BitwiseNot | UnaryOperator::PGAbs, expr } => number(expr),
        Expr::Case { conditions, else_result, .. } => conditions.iter_mut().map(|when| &mut when.result).chain(else_result.as_deref_mut()).for_each(number),
        Expr::Array(array) => array.elem.iter_mut().for_each(number),
        Expr::Function(function) if is_one_of(function, LIKE_THEIR_ARGUMENTS) => arguments(function).for_each(number),
        Expr::Function(function) => {
            if let Some((_, kind)) = COUNTING.iter().find(|(name, _)| is_one_of(function, &[name])) {
                cast(expr, kind.clone());
            }
        }
        _ => {}
    }
}

/// Gives the columns of a query their types.
pub(super) fn typed_columns(select: &mut Select) {
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            number(expr);
        }
    }
}

/// Gives rows that are written out their types.
pub(super) fn typed_rows(body: &mut SetExpr) {
    if let SetExpr::Values(values) = body {
        floats(&mut values.rows);
        values.rows.iter_mut().flat_map(|row| row.iter_mut()).for_each(number);
    }
}

/// In a column that has a float, numbers as they are written are floats.
fn floats(rows: &mut [ast::Parens<Vec<Expr>>]) {
    for column in 0..rows.first().map_or(0, |row| row.len()) {
        if rows.iter().any(|row| row.get(column).is_some_and(is_float)) {
            rows.iter_mut().filter_map(|row| row.get_mut(column)).filter(|expr| is_number(expr)).for_each(|expr| cast(expr, ast::DataType::DoublePrecision));
        }
    }
}

const fn is_float(expr: &Expr) -> bool {
    matches!(expr, Expr::Cast { data_type: ast::DataType::DoublePrecision | ast::DataType::Float8 | ast::DataType::Float(_) | ast::DataType::Double(_), .. })
}

fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => is_number(expr),
        _ => false,
    }
}

/// Whether an expression is a whole number that fits integer, as far as the text tells.
pub(super) fn is_integer(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(&value.value, Value::Number(text, _) if text.parse::<i32>().is_ok()),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
            matches!(expr.as_ref(), Expr::Value(value) if matches!(&value.value, Value::Number(text, _) if format!("-{text}").parse::<i32>().is_ok()))
        }
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => matches!(expr.as_ref(), Expr::Value(_)) && is_integer(expr),
        _ => false,
    }
}

fn number(expr: &mut Expr) {
    match expr {
        Expr::Nested(inner) => number(inner),
        expr if is_integer(expr) => cast(expr, ast::DataType::Int(None)),
        _ => {}
    }
}

fn cast(expr: &mut Expr, data_type: ast::DataType) {
    let taken = std::mem::replace(expr, Expr::Value(Value::Null.into()));
    *expr = Expr::Cast { kind: ast::CastKind::Cast, expr: Box::new(taken), data_type, array: false, format: None };
}

const fn reckons(op: &BinaryOperator) -> bool {
    use BinaryOperator as O;
    matches!(
        op,
        O::Plus
            | O::Minus
            | O::Multiply
            | O::Divide
            | O::Modulo
            | O::PGExp
            | O::StringConcat
            | O::BitwiseAnd
            | O::BitwiseOr
            | O::BitwiseXor
            | O::PGBitwiseXor
            | O::PGBitwiseShiftLeft
            | O::PGBitwiseShiftRight
    )
}

fn is_parameter(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)))
}

fn is_one_of(function: &Function, names: &[&str]) -> bool {
    function.name.0.last().and_then(ast::ObjectNamePart::as_ident).is_some_and(|name| names.iter().any(|known| name.value.eq_ignore_ascii_case(known)))
}

fn arguments(function: &mut Function) -> impl Iterator<Item = &mut Expr> {
    let all = if let FunctionArguments::List(list) = &mut function.args { list.args.as_mut_slice() } else { &mut [] };
    all.iter_mut().filter_map(|argument| if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument { Some(expr) } else { None })
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    fn after(sql: &str) -> String {
        let mut expr = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).unwrap().parse_expr().unwrap();
        typed(&mut expr);
        expr.to_string()
    }

    #[test]
    fn a_number_is_an_integer_where_a_type_hangs_on_it_and_fits() {
        assert_eq!(after("2147483647 + 1"), "CAST(2147483647 AS INT) + CAST(1 AS INT)");
        assert_eq!(after("planned_quantity * (-2)"), "planned_quantity * (CAST(-2 AS INT))");
        assert_eq!(after("2147483648 + 1.5"), "2147483648 + 1.5");
        assert_eq!(after("$1 + 1"), "$1 + 1");
        assert_eq!(after("priority > 1"), "priority > 1");
        assert_eq!(after("round(x, 2)"), "round(x, 2)");
        assert_eq!(after("CASE WHEN a > 1 THEN 1 ELSE 0 END"), "CASE WHEN a > 1 THEN CAST(1 AS INT) ELSE CAST(0 AS INT) END");
        assert_eq!(after("coalesce(x, 0)"), "coalesce(x, CAST(0 AS INT))");
        assert_eq!(after("row_number() OVER (ORDER BY x)"), "CAST(row_number() OVER (ORDER BY x) AS BIGINT)");
    }
}
