//! Contents as texts, as PostgreSQL writes them: what a cast to text, `||` and `concat` make of moments, floats, intervals and
//! truth. Deliberately no lists and no records, which are refused: their texts have marks of their own.

use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalMonthDayNanoType};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, ExprSchemable as _, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::answer::{float_text, moment_text};
use super::operators::INTERVAL;

/// The function that a cast to text goes through.
pub(super) const TEXT: &str = "millwright_text";
/// The same as `concat` writes it, to which true is `t`.
pub(super) const SHOWN: &str = "millwright_shown";

/// Both.
pub(super) fn all() -> [ScalarUDF; 2] {
    [TEXT, SHOWN].map(text)
}

/// One of both.
pub(super) fn text(name: &'static str) -> ScalarUDF {
    Text { name, signature: Signature::any(1, Volatility::Immutable) }.into()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Text {
    name: &'static str,
    signature: Signature,
}

impl ScalarUDFImpl for Text {
    fn name(&self) -> &str {
        self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.first() {
            Some(kind) if kind.is_nested() || kind.is_binary() => plan_err!("a cast of lists, records and bytes to text does not support them here; take their parts"),
            _ => Ok(DataType::Utf8),
        }
    }
    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        match args.as_slice() {
            // A text is a text: a condition on a column can still be looked up by it.
            [only] if only.get_type(info.schema().as_ref()).is_ok_and(|kind| kind == DataType::Utf8) => Ok(ExprSimplifyResult::Simplified(only.clone())),
            _ => Ok(ExprSimplifyResult::Original(args)),
        }
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let column = args.args[0].to_array(args.number_rows)?;
        let column = if let DataType::Duration(_) = column.data_type() { cast(&column, &INTERVAL)? } else { column };
        Ok(ColumnarValue::Array(match column.data_type() {
            DataType::Boolean => {
                let words = if self.name == SHOWN { ["f", "t"] } else { ["false", "true"] };
                Arc::new(column.as_boolean().iter().map(|it| it.map(|it| words[usize::from(it)])).collect::<StringArray>())
            }
            DataType::Timestamp(..) | DataType::Time64(_) | DataType::Float32 | DataType::Float64 | DataType::Interval(_) => Arc::new(texts(&column)),
            _ => cast(&column, &DataType::Utf8)?,
        }))
    }
}

fn texts(column: &ArrayRef) -> StringArray {
    let one = |row: usize| moment_text(column, row).or_else(|| float_text(column, row)).or_else(|| interval_text(column, row));
    (0..column.len()).map(|row| if column.is_null(row) { None } else { one(row) }).collect()
}

/// An interval in a cell as PostgreSQL writes it; `None` for other contents.
pub fn interval_text(column: &ArrayRef, row: usize) -> Option<String> {
    (*column.data_type() == INTERVAL).then(|| written(column.as_primitive::<IntervalMonthDayNanoType>().value(row)))
}

/// `1 year 2 mons -3 days +04:05:06.5`: a part after a negative one has its sign.
fn written(interval: IntervalMonthDayNano) -> String {
    let (mut text, mut is_after_less) = (String::new(), false);
    for (number, unit) in [(interval.months / 12, "year"), (interval.months % 12, "mon"), (interval.days, "day")] {
        if number != 0 {
            let space = if text.is_empty() { "" } else { " " };
            let plus = if is_after_less && number > 0 { "+" } else { "" };
            _ = write!(text, "{space}{plus}{number} {unit}{}", if number == 1 { "" } else { "s" });
            is_after_less = number < 0;
        }
    }
    let micros = interval.nanoseconds / 1_000;
    if micros != 0 || text.is_empty() {
        let space = if text.is_empty() { "" } else { " " };
        let sign = if micros < 0 {
            "-"
        } else if is_after_less {
            "+"
        } else {
            ""
        };
        let seconds = micros.unsigned_abs() / 1_000_000;
        _ = write!(text, "{space}{sign}{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let fraction = micros.unsigned_abs() % 1_000_000;
        if fraction != 0 {
            _ = write!(text, ".{}", format!("{fraction:06}").trim_end_matches('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_written_as_postgresql_writes_them() {
        let of = |months, days, seconds: f64| written(IntervalMonthDayNano::new(months, days, (seconds * 1e9) as i64));
        assert_eq!(of(0, 0, 0.0), "00:00:00");
        assert_eq!(of(14, 3, 14_706.5), "1 year 2 mons 3 days 04:05:06.5");
        assert_eq!(of(-1, 1, 0.0), "-1 mons +1 day");
        assert_eq!(of(0, -1, 3_600.0), "-1 days +01:00:00");
        assert_eq!(of(0, 1, -0.25), "1 day -00:00:00.25");
        assert_eq!(of(0, 0, 360_000.0), "100:00:00");
    }
}
