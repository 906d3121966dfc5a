//! Rounding and logarithms as PostgreSQL has them: exact numbers stay exact, a float that lies between
//! two numbers goes to the even one, and a number without a logarithm is an error. Deliberately only
//! what DataFusion answers otherwise.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, FieldRef, Float64Type};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, ExprSchemable as _, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::functions::inner;

/// The function that a cast to a whole number goes through, which rounds and does not cut.
pub(super) const WHOLE: &str = "millwright_whole";

/// All of them.
pub(super) fn all() -> Vec<ScalarUDF> {
    let made = [("ceil", Way::Up), ("ceiling", Way::Up), ("floor", Way::Down), (WHOLE, Way::Nearest)];
    let mut all: Vec<ScalarUDF> = made.into_iter().map(|(name, way)| Rounding { name, way, signature: Signature::any(1, Volatility::Immutable) }.into()).collect();
    all.extend(inner("round").map(|inner| Round { inner }.into()));
    all.extend(["ln", "log", "log2", "log10"].into_iter().filter_map(inner).map(|inner| Logarithm { inner }.into()));
    all
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Way {
    Up,
    Down,
    Nearest,
}

impl Way {
    fn float(self, value: f64) -> f64 {
        match self {
            Self::Up => value.ceil(),
            Self::Down => value.floor(),
            Self::Nearest => value.round_ties_even(),
        }
    }

    /// In units of the last place; a half of an exact number goes away from zero.
    fn exact(self, value: i128, one: i128) -> i128 {
        let rest = value % one;
        let cut = value - rest;
        match self {
            Self::Up if rest > 0 => cut + one,
            Self::Down if rest < 0 => cut - one,
            Self::Nearest if rest.abs() * 2 >= one => cut + one * value.signum(),
            _ => cut,
        }
    }
}

/// A function that makes a number whole.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Rounding {
    name: &'static str,
    way: Way,
    signature: Signature,
}

impl Rounding {
    /// What it works on: other numbers become floats, as PostgreSQL has it, but where only a cast follows.
    fn worked_on(&self, kind: &DataType) -> Result<DataType> {
        match kind {
            DataType::Decimal128(digits, places) if *places >= 0 => Ok(DataType::Decimal128(*digits, *places)),
            // 1e3 is read as an exact number of negative places, which would be cut to nothing.
            _ if self.name == WHOLE && !kind.is_floating() && !kind.is_decimal() => Ok(kind.clone()),
            DataType::Null => Ok(DataType::Float64),
            kind if kind.is_numeric() => Ok(DataType::Float64),
            other => plan_err!("{} does not support {other}", self.name),
        }
    }
}

impl ScalarUDFImpl for Rounding {
    fn name(&self) -> &str {
        self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [kind] = types else { return plan_err!("function {} takes one argument", self.name) };
        Ok(match self.worked_on(kind)? {
            DataType::Decimal128(..) => DataType::Decimal128(38, 0),
            other => other,
        })
    }
    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        match args.as_slice() {
            // A whole number is whole: a condition on a column can still be looked up by it.
            [only] if self.name == WHOLE && only.get_type(info.schema().as_ref()).is_ok_and(|kind| !kind.is_floating() && !kind.is_decimal()) => {
                Ok(ExprSimplifyResult::Simplified(only.clone()))
            }
            _ => Ok(ExprSimplifyResult::Original(args)),
        }
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = &args.args[..] else { return exec_err!("{} takes one argument", self.name) };
        let kind = self.worked_on(&value.data_type())?;
        let values = cast(&value.to_array(args.number_rows)?, &kind)?;
        let way = self.way;
        let made: ArrayRef = match kind {
            DataType::Decimal128(_, places) => {
                let one = 10_i128.pow(u32::from(places.unsigned_abs()));
                let whole = values.as_primitive::<Decimal128Type>().unary::<_, Decimal128Type>(|value| way.exact(value, one) / one);
                Arc::new(whole.with_precision_and_scale(38, 0)?)
            }
            DataType::Float64 => Arc::new(values.as_primitive::<Float64Type>().unary::<_, Float64Type>(|value| way.float(value))),
            _ => values,
        };
        Ok(ColumnarValue::Array(made))
    }
}

/// `round`, which takes a float that lies between two to the even one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Round {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Round {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }
    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match &args.args[..] {
            [value] if value.data_type() == DataType::Float64 => {
                let values = value.to_array(args.number_rows)?;
                let even = values.as_primitive::<Float64Type>().unary::<_, Float64Type>(|value| Way::Nearest.float(value));
                Ok(ColumnarValue::Array(Arc::new(even)))
            }
            _ => self.inner.invoke_with_args(args),
        }
    }
}

/// A logarithm; zero and less have none.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Logarithm {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Logarithm {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        for argument in &args.args {
            let values = cast(&argument.to_array(args.number_rows)?, &DataType::Float64)?;
            if values.as_primitive::<Float64Type>().iter().flatten().any(|value| value <= 0.0) {
                return exec_err!("cannot take logarithm of zero or of a negative number");
            }
        }
        self.inner.invoke_with_args(args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_are_rounded_away_from_zero_and_floats_to_the_even_one() {
        let all = |value: i128| [Way::Up, Way::Down, Way::Nearest].map(|way| way.exact(value, 10) / 10);
        assert_eq!(all(12), [2, 1, 1]);
        assert_eq!(all(-12), [-1, -2, -1]);
        assert_eq!(all(25), [3, 2, 3]);
        assert_eq!(all(-25), [-2, -3, -3]);
        assert_eq!(all(30), [3, 3, 3]);
        assert_eq!([0.5, 1.5, 2.5, -2.5].map(|value| Way::Nearest.float(value) as i64), [0, 2, 2, -2]);
    }
}
