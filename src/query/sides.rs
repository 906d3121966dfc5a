//! What is compared or becomes one column, as PostgreSQL takes it. Floats beside exact numbers are floats: DataFusion would make
//! both exact, by which what is smaller than its places is nothing and what is larger than its digits an error. A text beside a
//! moment may leave its seconds out. Deliberately before types are settled, since afterwards the float is gone; sums and products
//! are the operators' own (see `operators`).

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Case, InList, InSubquery, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, ExprSchemable as _, LogicalPlan, Projection, Subquery, cast};
use datafusion::optimizer::AnalyzerRule;

use super::checked::compares;
use super::rewrite::to_the_second;

/// Functions whose arguments become one type.
const UNIFYING: &[&str] = &["coalesce", "greatest", "least", "nullif", "make_array"];

/// Makes sides alike; has to run before the types are settled.
#[derive(Debug)]
pub(super) struct Sides;

impl AnalyzerRule for Sides {
    fn name(&self) -> &'static str {
        "sides"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(node)?.data)
    }
}

fn node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    let changed = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        Ok(expr.transform_up(|expr| settled(expr, &schema))?.update_data(|expr| name.restore(expr)))
    })?;
    changed
        .map_data(|plan| match plan {
            LogicalPlan::Join(mut join) => {
                for (left, right) in &mut join.on {
                    together(&mut [left, right], &schema);
                }
                Ok(LogicalPlan::Join(join))
            }
            LogicalPlan::Union(mut union) => {
                for column in 0..union.schema.fields().len() {
                    let kinds: Vec<DataType> = union.inputs.iter().map(|input| input.schema().field(column).data_type().clone()).collect();
                    let kind = if kinds.iter().any(is_long) { DataType::Float64 } else { DataType::Float32 };
                    if kinds.iter().any(DataType::is_floating) {
                        for (input, _) in union.inputs.iter_mut().zip(&kinds).filter(|(_, kind)| is_exact(kind)) {
                            *input = Arc::new(as_float(input, column, &kind)?);
                        }
                    }
                }
                Ok(LogicalPlan::Union(union))
            }
            other => Ok(other),
        })?
        .map_data(LogicalPlan::recompute_schema)
}

const fn is_exact(kind: &DataType) -> bool {
    matches!(kind, DataType::Decimal128(..) | DataType::Decimal256(..))
}

/// Whether an expression will be of such a type; what is made of several is not settled yet.
fn will_be(expr: &Expr, schema: &DFSchema, of: fn(&DataType) -> bool) -> bool {
    match expr {
        Expr::Case(case) => case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr).any(|branch| will_be(branch, schema, of)),
        Expr::ScalarFunction(function) if unifies(function) && function.name() != "make_array" => function.args.iter().any(|argument| will_be(argument, schema, of)),
        Expr::Alias(alias) => will_be(&alias.expr, schema, of),
        other => other.get_type(schema).is_ok_and(|kind| of(&kind)),
    }
}

fn is_float(expr: &Expr, schema: &DFSchema) -> bool {
    will_be(expr, schema, DataType::is_floating)
}

fn is_long(kind: &DataType) -> bool {
    *kind == DataType::Float64
}

fn unifies(function: &ScalarFunction) -> bool {
    UNIFYING.contains(&function.name())
}

/// Makes all floats where one is, to be compared, and texts beside a moment whole moments.
fn together(all: &mut [&mut Expr], schema: &DFSchema) {
    if all.iter().any(|expr| is_float(expr, schema)) {
        all.iter_mut().for_each(|expr| float(expr, schema, DataType::Float64));
    }
    if all.iter().any(|expr| will_be(expr, schema, |kind| matches!(kind, DataType::Timestamp(..)))) {
        for expr in all {
            if let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = expr {
                to_the_second(text);
            }
        }
    }
}

/// Makes all the same kind of float where one is, to be one column: beside short floats only, exact numbers are short too.
fn alike(all: &mut [&mut Expr], schema: &DFSchema) {
    let kind = if all.iter().any(|expr| will_be(expr, schema, is_long)) { DataType::Float64 } else { DataType::Float32 };
    if all.iter().any(|expr| is_float(expr, schema)) {
        all.iter_mut().for_each(|expr| float(expr, schema, kind.clone()));
    }
}

fn float(expr: &mut Expr, schema: &DFSchema, kind: DataType) {
    if !is_float(expr, schema) && expr.get_type(schema).is_ok_and(|kind| is_exact(&kind)) {
        let taken = std::mem::take(expr);
        *expr = cast(taken, kind);
    }
}

fn settled(mut expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match &mut expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if compares(*op) => together(&mut [left, right], schema),
        Expr::Between(Between { expr, low, high, .. }) => together(&mut [expr, low, high], schema),
        Expr::InList(InList { expr, list, .. }) => together(&mut std::iter::once(expr.as_mut()).chain(list).collect::<Vec<_>>(), schema),
        Expr::InSubquery(InSubquery { expr, subquery, .. }) => one_of(expr, subquery, schema)?,
        Expr::Case(Case { expr, when_then_expr, else_expr }) => {
            let (mut whens, mut thens): (Vec<&mut Expr>, Vec<&mut Expr>) = when_then_expr.iter_mut().map(|(when, then)| (when.as_mut(), then.as_mut())).unzip();
            thens.extend(else_expr.as_deref_mut());
            alike(&mut thens, schema);
            if let Some(expr) = expr {
                whens.push(expr);
                together(&mut whens, schema);
            }
        }
        Expr::ScalarFunction(function) if unifies(function) => alike(&mut function.args.iter_mut().collect::<Vec<_>>(), schema),
        _ => return Ok(Transformed::no(expr)),
    }
    Ok(Transformed::yes(expr))
}

/// `float IN (SELECT exact ...)`, or the other way round.
fn one_of(expr: &mut Expr, subquery: &mut Subquery, schema: &DFSchema) -> Result<()> {
    let told = subquery.subquery.schema().field(0).data_type().clone();
    if is_exact(&told) && is_float(expr, schema) {
        subquery.subquery = Arc::new(as_float(&subquery.subquery, 0, &DataType::Float64)?);
    } else if told.is_floating() {
        float(expr, schema, DataType::Float64);
    }
    Ok(())
}

/// A plan with one of its columns as a float.
fn as_float(plan: &Arc<LogicalPlan>, column: usize, kind: &DataType) -> Result<LogicalPlan> {
    let columns = plan.schema().columns();
    let told = columns.into_iter().enumerate().map(|(at, name)| {
        let of = Expr::Column(name.clone());
        if at == column { cast(of, kind.clone()).alias_qualified(name.relation, name.name) } else { of }
    });
    Ok(LogicalPlan::Projection(Projection::try_new(told.collect(), Arc::clone(plan))?))
}
