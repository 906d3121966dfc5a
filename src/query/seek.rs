//! From filters to rows: which records of a noun a statement can want. An id, a unique column or an
//! index gives their numbers; everything else is read in order. DataFusion applies every filter once
//! more, so that a seek may bring too much and must never leave anything out.

use std::collections::{BTreeSet, HashSet};

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator};

use crate::base::{Date, Refusal, Time, Value, limits};
use crate::lake::Table;
use crate::model::field::{FieldSpec, Mark};
use crate::model::{Kind, Noun};
use crate::store::{Snapshot, View as _};

/// Contents that a column must have one of.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// The column.
    pub(super) column: String,
    /// The contents.
    pub(super) among: Vec<ScalarValue>,
}

impl Choice {
    /// The choice that a filter is: `=`, `IN`, either of several `=`, or a flag itself.
    pub(super) fn of(filter: &Expr) -> Option<Self> {
        match filter {
            Expr::Column(column) => Some(Self { column: column.name.clone(), among: vec![ScalarValue::Boolean(Some(true))] }),
            Expr::Not(inner) => match inner.as_ref() {
                Expr::Column(column) => Some(Self { column: column.name.clone(), among: vec![ScalarValue::Boolean(Some(false))] }),
                _ => None,
            },
            Expr::BinaryExpr(it) if it.op == Operator::Eq => {
                let (column, value) = sides(&it.left, &it.right)?;
                Some(Self { column, among: vec![value] })
            }
            Expr::BinaryExpr(it) if it.op == Operator::Or => {
                let (mut left, right) = (Self::of(&it.left)?, Self::of(&it.right)?);
                (left.column == right.column).then(|| {
                    left.among.extend(right.among);
                    left
                })
            }
            Expr::InList(it) if !it.negated => {
                let Expr::Column(column) = it.expr.as_ref() else { return None };
                let among = it.list.iter().map(|item| if let Expr::Literal(value, _) = item { Some(value.clone()) } else { None });
                Some(Self { column: column.name.clone(), among: among.collect::<Option<_>>()? })
            }
            _ => None,
        }
    }
}

fn sides(left: &Expr, right: &Expr) -> Option<(String, ScalarValue)> {
    match (left, right) {
        (Expr::Column(column), Expr::Literal(value, _)) | (Expr::Literal(value, _), Expr::Column(column)) => Some((column.name.clone(), value.clone())),
        _ => None,
    }
}

/// A bound on a column: from (inclusive) and before (exclusive), in microseconds or as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// From.
    pub(super) from: i64,
    /// Before.
    pub(super) to: i64,
}

impl Span {
    /// Without bounds.
    pub(super) const ALL: Self = Self { from: i64::MIN, to: i64::MAX };

    /// What filters leave of a column.
    pub(super) fn of(filters: &[Expr], column: &str) -> Self {
        filters.iter().fold(Self::ALL, |span, filter| span.within(Self::by(filter, column)))
    }

    fn within(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.min(other.to) }
    }

    fn by(filter: &Expr, column: &str) -> Self {
        match filter {
            Expr::BinaryExpr(it) if it.op == Operator::And => Self::by(&it.left, column).within(Self::by(&it.right, column)),
            Expr::BinaryExpr(it) => {
                let (op, found) = match (it.left.as_ref(), it.right.as_ref()) {
                    (Expr::Column(name), Expr::Literal(value, _)) if name.name == column => (Some(it.op), ordinal(value)),
                    (Expr::Literal(value, _), Expr::Column(name)) if name.name == column => (it.op.swap(), ordinal(value)),
                    _ => (None, None),
                };
                found.zip(op).map_or(Self::ALL, |((low, high), op)| Self::by_operator(op, low, high))
            }
            Expr::Between(it) if !it.negated => match (it.expr.as_ref(), it.low.as_ref(), it.high.as_ref()) {
                (Expr::Column(name), Expr::Literal(low, _), Expr::Literal(high, _)) if name.name == column => {
                    let from = ordinal(low).map_or(i64::MIN, |(low, _)| low);
                    Self { from, to: ordinal(high).map_or(i64::MAX, |(_, high)| high.saturating_add(1)) }
                }
                _ => Self::ALL,
            },
            _ => Self::ALL,
        }
    }

    /// A bound between two whole numbers stands for both its neighbours.
    fn by_operator(op: Operator, low: i64, high: i64) -> Self {
        match op {
            Operator::Eq => Self { from: low, to: high.saturating_add(1) },
            Operator::Gt | Operator::GtEq => Self { from: low, ..Self::ALL },
            Operator::Lt | Operator::LtEq => Self { to: high.saturating_add(1), ..Self::ALL },
            _ => Self::ALL,
        }
    }
}

/// A literal as the whole numbers below and above it: microseconds of a moment, or the number itself.
fn ordinal(value: &ScalarValue) -> Option<(i64, i64)> {
    let both = |micros: i64| Some((micros, micros));
    match value {
        ScalarValue::TimestampSecond(Some(it), _) => both(it.saturating_mul(1_000_000)),
        ScalarValue::TimestampMillisecond(Some(it), _) => both(it.saturating_mul(1_000)),
        ScalarValue::TimestampMicrosecond(Some(it), _) => both(*it),
        ScalarValue::TimestampNanosecond(Some(it), _) => Some((it.div_euclid(1_000), it.div_euclid(1_000) + i64::from(it.rem_euclid(1_000) > 0))),
        ScalarValue::Int64(Some(it)) => both(*it),
        ScalarValue::Int32(Some(it)) => both(i64::from(*it)),
        _ => None,
    }
}

/// How the records of a noun are found.
#[derive(Clone, Debug, Default)]
pub(super) enum Seek {
    /// One after the other.
    #[default]
    InOrder,
    /// By their numbers.
    Numbers(Vec<u64>),
    /// By what a column holds.
    Found(&'static FieldSpec, Vec<Value>),
}

impl Seek {
    /// The best way that filters allow.
    pub(super) fn of(table: &Table, noun: Noun, filters: &[Expr]) -> Self {
        let ways = filters.iter().filter_map(Choice::of).filter_map(|choice| Self::by(table, noun, &choice));
        ways.min_by_key(Self::cost).unwrap_or_default()
    }

    fn by(table: &Table, noun: Noun, choice: &Choice) -> Option<Self> {
        let spec = (0..).map_while(|at| table.column(at)).find(|spec| spec.name == choice.column)?;
        match spec.mark {
            Mark::Id => {
                let numbers: BTreeSet<u64> = choice.among.iter().filter_map(|value| noun.number_of(value.try_as_str()??)).collect();
                Some(Self::Numbers(numbers.into_iter().collect()))
            }
            Mark::By | Mark::Unique => {
                let contents = choice.among.iter().filter(|value| !value.is_null()).map(|value| content(spec, value)).collect::<Option<Vec<_>>>()?;
                Some(Self::Found(spec, contents.into_iter().flatten().collect()))
            }
            Mark::Plain | Mark::Personal => None,
        }
    }

    const fn cost(&self) -> usize {
        match self {
            Self::Numbers(_) => 0,
            Self::Found(spec, _) if matches!(spec.mark, Mark::Unique) => 1,
            Self::Found(..) => 2,
            Self::InOrder => 3,
        }
    }

    /// How many rows it brings at most, where that is known without looking.
    pub(super) fn rows(&self) -> Option<usize> {
        match self {
            Self::Numbers(numbers) => Some(numbers.len()),
            Self::Found(spec, values) if matches!(spec.mark, Mark::Unique) => Some(values.len()),
            Self::Found(..) | Self::InOrder => None,
        }
    }

    /// The numbers to read as of an entry, rising; `None` where reading all in order is better.
    pub(super) fn numbers(&self, snapshot: &Snapshot, noun: Noun, seq: u64) -> Result<Option<Vec<u64>>, Refusal> {
        let (spec, values) = match self {
            Self::InOrder => return Ok(None),
            Self::Numbers(numbers) => return Ok(Some(numbers.clone())),
            Self::Found(spec, values) => (spec, values),
        };
        // Indexes show the newest entry: what was changed since the moment may have had the content then.
        let Some(mut numbers) = changed_since(snapshot, noun, seq)? else { return Ok(None) };
        let most = usize::try_from(snapshot.last_number(noun)? / 16).unwrap_or(usize::MAX).max(limits::PAGE_MAX);
        for value in values {
            if spec.mark == Mark::Unique {
                numbers.extend(snapshot.unique(noun, spec.name, &value.to_string())?);
            } else {
                numbers.extend(snapshot.indexed(noun, spec.name, value, 0, most)?);
            }
            if numbers.len() >= most {
                // Kept columns in order are then quicker than one record here and one there.
                return Ok(None);
            }
        }
        let mut numbers: Vec<u64> = numbers.into_iter().collect();
        numbers.sort_unstable();
        Ok(Some(numbers))
    }
}

/// Numbers of the records of a noun that were written after an entry; `None` where that is too long ago.
fn changed_since(snapshot: &Snapshot, noun: Noun, seq: u64) -> Result<Option<HashSet<u64>>, Refusal> {
    let head = snapshot.head()?;
    if head.saturating_sub(seq) > limits::SQL_CHANGES_MAX {
        return Ok(None);
    }
    let entries = snapshot.entries(seq, usize::try_from(limits::SQL_CHANGES_MAX).unwrap_or(usize::MAX))?;
    let changes = entries.iter().flat_map(|entry| &entry.changes).map(|change| change.subject);
    Ok(Some(changes.filter(|subject| subject.noun == noun).map(|subject| subject.number).collect()))
}

/// A literal as the content of a column, if it is of its kind; within, `None` for what the column can never hold.
fn content(spec: &FieldSpec, value: &ScalarValue) -> Option<Option<Value>> {
    let text = value.try_as_str().flatten();
    Some(match (&spec.kind, value) {
        (Kind::Ref(noun), _) => noun.number_of(text?).map(|number| Value::Key(noun.prefix(), number)),
        (Kind::Line(_) | Kind::Note(_) | Kind::Word(_), _) => Some(Value::Text(text?.to_owned())),
        (Kind::Bool, ScalarValue::Boolean(Some(flag))) => Some(Value::Bool(*flag)),
        (Kind::Int, ScalarValue::Int64(Some(number))) => Some(Value::Int(*number)),
        (Kind::Date, ScalarValue::Date32(Some(days))) => Some(Value::Date(Date::from_days(*days))),
        (Kind::Time, ScalarValue::TimestampMicrosecond(Some(micros), _)) => Some(Value::Time(Time::from_micros(*micros))),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::*;
    use crate::lake::published;

    fn orders() -> Table {
        published().into_iter().find(|table| table.name == "work_orders").unwrap()
    }

    fn seek(filters: &[Expr]) -> String {
        match Seek::of(&orders(), Noun::WorkOrder, filters) {
            Seek::InOrder => "in order".to_owned(),
            Seek::Numbers(numbers) => format!("{numbers:?}"),
            Seek::Found(spec, values) => format!("{} {}", spec.name, values.iter().map(Value::to_string).collect::<Vec<_>>().join(",")),
        }
    }

    #[test]
    fn an_id_goes_before_a_unique_number_and_that_before_an_index() {
        let status = col("status").eq(lit("scheduled")).or(col("status").eq(lit("in_progress")));
        assert_eq!(seek(std::slice::from_ref(&status)), "status scheduled,in_progress");
        assert_eq!(seek(&[status.clone(), col("work_order_number").eq(lit("WO-7"))]), "work_order_number WO-7");
        assert_eq!(seek(&[status, lit("WO-000007").eq(col("work_order_id"))]), "[7]");
    }

    #[test]
    fn what_no_index_knows_is_read_in_order() {
        for filter in [col("priority").eq(lit(3_i64)), col("status").not_eq(lit("closed")), col("status").eq(lit("closed")).or(col("priority").eq(lit(1_i64)))] {
            assert_eq!(seek(&[filter]), "in order");
        }
        assert_eq!(seek(&[col("product_id").eq(lit("nonsense"))]), "product_id ");
    }

    #[test]
    fn bounds_on_a_moment_are_taken_together_and_never_too_narrow() {
        let at = |micros: i64| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())));
        let nanos = lit(ScalarValue::TimestampNanosecond(Some(7_500), None));
        assert_eq!(Span::of(&[col("time").gt(at(5)), col("time").lt_eq(at(9))], "time"), Span { from: 5, to: 10 });
        assert_eq!(Span::of(&[nanos.clone().lt(col("time"))], "time"), Span { from: 7, to: i64::MAX });
        assert_eq!(Span::of(&[col("time").lt(nanos)], "time"), Span { from: i64::MIN, to: 9 });
        assert_eq!(Span::of(&[col("other").lt(at(9))], "time"), Span::ALL);
    }
}
