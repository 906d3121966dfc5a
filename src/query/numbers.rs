//! Rounding, roots and logarithms as PostgreSQL has them: exact numbers stay exact, a float that lies between
//! two numbers goes to the even one, and a number without a logarithm is an error. Deliberately only
//! what DataFusion answers otherwise.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, Decimal128Array, new_null_array};
use datafusion::arrow::compute::{CastOptions, cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::{ScalarValue, exec_err, not_impl_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, ExprSchemable as _, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility};

use super::functions::inner;

/// The function that a cast to a whole number goes through, which rounds and does not cut.
pub(super) const WHOLE: &str = "millwright_whole";
/// The function that a cast to a numeric of any places goes through, which keeps those that there are.
pub(super) const NUMERIC: &str = "millwright_numeric";
/// Digits that an exact number has.
pub(super) const DIGITS: u8 = 38;
/// Places of an exact number whose places are not told by what it is made of.
pub(super) const PLACES: i8 = 16;

/// All of them.
pub(super) fn all() -> Vec<ScalarUDF> {
    let made = [("ceil", Way::Up), ("ceiling", Way::Up), ("floor", Way::Down), (WHOLE, Way::Nearest)];
    let mut all: Vec<ScalarUDF> = made.into_iter().map(|(name, way)| Rounding { name, way, signature: Signature::any(1, Volatility::Immutable) }.into()).collect();
    let one_or_two = || Signature::one_of(vec![TypeSignature::Any(1), TypeSignature::Any(2)], Volatility::Immutable);
    all.extend([("round", Way::Nearest), ("trunc", Way::Toward)].map(|(name, way)| Places { name, way, signature: one_or_two() }.into()));
    all.extend(["ln", "log", "log2", "log10", "exp", "sqrt", "power", "signum"].into_iter().filter_map(inner).map(|inner| {
        let aliases = inner.aliases().iter().cloned().chain((inner.name() == "signum").then(|| "sign".to_owned())).collect();
        Inexact { inner, aliases, signature: one_or_two() }.into()
    }));
    all.push(Numeric { signature: Signature::any(1, Volatility::Immutable) }.into());
    all
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Way {
    Up,
    Down,
    Nearest,
    Toward,
}

impl Way {
    fn float(self, value: f64) -> f64 {
        match self {
            Self::Up => value.ceil(),
            Self::Down => value.floor(),
            Self::Nearest => value.round_ties_even(),
            Self::Toward => value.trunc(),
        }
    }

    /// In units of the last place; a half of an exact number goes away from zero.
    fn exact(self, value: i128, one: i128) -> i128 {
        let rest = value % one;
        let cut = value - rest;
        match self {
            Self::Up if rest > 0 => cut + one,
            Self::Down if rest < 0 => cut - one,
            Self::Nearest if rest.abs() >= one - rest.abs() => cut + one * value.signum(),
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

/// `round` and `trunc`, to whole numbers or to some places.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Places {
    name: &'static str,
    way: Way,
    signature: Signature,
}

/// Digits and places of a type of exact numbers, where it is one.
fn exact_places(kind: &DataType) -> Option<i8> {
    match kind {
        DataType::Decimal128(_, places) if *places >= 0 => Some(*places),
        kind if kind.is_integer() => Some(0),
        _ => None,
    }
}

/// A power of ten, where one fits.
fn power(exponent: i64) -> Option<i128> {
    10_i128.checked_pow(u32::try_from(exponent).ok()?)
}

impl Way {
    /// A number of `from` places rounded to `to` places, in units of the last of `told` places; `None` where it does not fit.
    fn rounded(self, value: i128, (from, to, told): (i8, i64, i8)) -> Option<i128> {
        let kept = match power(i64::from(from) - to) {
            Some(one) => self.exact(value, one),
            None if to > i64::from(from) => value,
            None => 0,
        };
        let made = if told >= from { kept.checked_mul(power(i64::from(told - from))?)? } else { kept / power(i64::from(from - told))? };
        Some(made).filter(|made| made.unsigned_abs() < 10_u128.pow(u32::from(DIGITS)))
    }
}

impl ScalarUDFImpl for Places {
    fn name(&self) -> &str {
        self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        plan_err!("{} tells its type by its arguments", self.name)
    }
    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let kind = args.arg_fields[0].data_type();
        let made = match (exact_places(kind), args.arg_fields.len()) {
            (Some(_), 1) if kind.is_integer() => DataType::Float64,
            (Some(_), 1) => DataType::Decimal128(DIGITS, 0),
            (Some(places), _) => {
                let asked = args.scalar_arguments.get(1).copied().flatten().and_then(|asked| asked.cast_to(&DataType::Int64).ok());
                let asked = if let Some(ScalarValue::Int64(Some(asked))) = asked { i8::try_from(asked.clamp(0, i64::from(PLACES + 4))).unwrap_or(places) } else { places };
                DataType::Decimal128(DIGITS, asked)
            }
            (None, 1) if kind.is_null() || kind.is_numeric() => DataType::Float64,
            _ => return plan_err!("{} does not support {kind} with places; cast it to numeric", self.name),
        };
        Ok(Arc::new(Field::new(self.name, made, true)))
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (number, to) = (&args.args[0], args.args.get(1));
        let DataType::Decimal128(_, told) = *args.return_field.data_type() else {
            let values = cast(&number.to_array(args.number_rows)?, &DataType::Float64)?;
            return Ok(ColumnarValue::Array(Arc::new(values.as_primitive::<Float64Type>().unary::<_, Float64Type>(|value| self.way.float(value)))));
        };
        let from = exact_places(&number.data_type()).unwrap_or(0);
        let values = cast(&number.to_array(args.number_rows)?, &DataType::Decimal128(DIGITS, from))?;
        let to = to.map_or_else(|| Ok(new_null_array(&DataType::Int64, values.len())), |to| to.to_array(args.number_rows))?;
        let (has_places, to) = (args.args.len() > 1, cast(&to, &DataType::Int64)?);
        let rows = values.as_primitive::<Decimal128Type>().iter().zip(to.as_primitive::<Int64Type>().iter()).map(|row| match row {
            (Some(value), to) if to.is_some() || !has_places => match self.way.rounded(value, (from, to.unwrap_or(0), told)) {
                Some(made) => Ok(Some(made)),
                None => exec_err!("numeric field overflow: the answer has more than {DIGITS} digits"),
            },
            _ => Ok(None),
        });
        Ok(ColumnarValue::Array(Arc::new(rows.collect::<Result<Decimal128Array>>()?.with_precision_and_scale(DIGITS, told)?)))
    }
}

/// A root, a power or a logarithm: reckoned in floats, and of exact numbers an exact number again. Zero and less have no logarithm.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Inexact {
    inner: Arc<ScalarUDF>,
    aliases: Vec<String>,
    signature: Signature,
}

fn is_finite(floats: &ArrayRef) -> bool {
    floats.as_primitive::<Float64Type>().iter().flatten().all(f64::is_finite)
}

/// From here on a float has no place for the digits that an exact number would have.
const FLOAT_MAX: f64 = 1e15;

impl ScalarUDFImpl for Inexact {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn aliases(&self) -> &[String] {
        &self.aliases
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        if let Some(other) = types.iter().find(|kind| !kind.is_numeric() && !kind.is_null()) {
            return plan_err!("{} does not support {other}", self.name());
        }
        let is_two_numbered = self.name() == "power";
        if types.len() == 2 && !is_two_numbered && self.name() != "log" || types.len() == 1 && is_two_numbered {
            return plan_err!("function {} expects another number of arguments", self.name());
        }
        let has_exact = types.iter().any(|kind| matches!(kind, DataType::Decimal128(..))) || types.len() == 2 && !is_two_numbered;
        let has_float = types.iter().any(DataType::is_floating);
        Ok(if has_exact && !has_float { DataType::Decimal128(DIGITS, PLACES) } else { DataType::Float64 })
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let floats = args.args.iter().map(|argument| Ok(cast(&argument.to_array(args.number_rows)?, &DataType::Float64)?));
        let floats = floats.collect::<Result<Vec<ArrayRef>>>()?;
        let is_logarithm = self.name().starts_with('l');
        if is_logarithm && floats.iter().any(|values| values.as_primitive::<Float64Type>().iter().flatten().any(|value| value <= 0.0)) {
            return exec_err!("cannot take logarithm of zero or of a negative number");
        }
        if self.name() == "sqrt" && floats[0].as_primitive::<Float64Type>().iter().flatten().any(|value| value < 0.0) {
            return exec_err!("cannot take square root of a negative number");
        }
        let told = args.return_field.data_type().clone();
        let field: FieldRef = Arc::new(Field::new(self.name(), DataType::Float64, true));
        let arg_fields = floats.iter().map(|_| Arc::clone(&field)).collect();
        let args = ScalarFunctionArgs { args: floats.iter().cloned().map(ColumnarValue::Array).collect(), arg_fields, return_field: field, ..args };
        let rows = args.number_rows;
        let made = self.inner.invoke_with_args(args)?.to_array(rows)?;
        let is_lost = floats.iter().all(is_finite) && !is_finite(&made);
        if is_lost {
            return exec_err!("value out of range");
        }
        if told == DataType::Float64 {
            return Ok(ColumnarValue::Array(made));
        }
        if made.as_primitive::<Float64Type>().iter().flatten().any(|value| value.abs() >= FLOAT_MAX) {
            return not_impl_err!("{} of exact numbers is done here to 15 digits; cast to float8", self.name());
        }
        Ok(ColumnarValue::Array(cast(&made, &told)?))
    }
}

/// A cast to numeric that is told no places: those that there are are kept, and a float has its fifteen digits.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Numeric {
    signature: Signature,
}

/// Numbers as exact ones, and how many places these have.
pub(super) fn exact(values: &ArrayRef) -> Result<(ArrayRef, i8)> {
    if let Some(places) = exact_places(values.data_type()) {
        return Ok((cast(values, &DataType::Decimal128(DIGITS, places))?, places));
    }
    let digits = if *values.data_type() == DataType::Float32 { 6 } else { 15 };
    let floats = cast(values, &DataType::Float64)?;
    let made = floats.as_primitive::<Float64Type>().iter().map(|value| match value.map(|value| by_digits(value, digits)) {
        None => Ok(None),
        Some(Some(made)) => Ok(Some(made)),
        Some(None) => exec_err!("numeric field overflow: the number has more than {DIGITS} digits or is none"),
    });
    Ok((Arc::new(made.collect::<Result<Decimal128Array>>()?.with_precision_and_scale(DIGITS, PLACES)?), PLACES))
}

/// An exact number of `from` places, rounded, in units of the last of `to` places.
pub(super) fn to_places(value: i128, from: i8, to: usize) -> Result<i128> {
    let told = i8::try_from(to).ok().and_then(|told| Way::Nearest.rounded(value, (from, i64::from(told), told)));
    told.map_or_else(|| exec_err!("numeric field overflow: the number has more than {DIGITS} digits"), Ok)
}

/// A float, rounded as it is held and not as it is written, in units of the last of so many places.
pub(super) fn float_to_places(value: f64, places: usize) -> Result<i128> {
    let text = format!("{value:.places$}").replace('.', "");
    match text.parse::<i128>() {
        Ok(whole) if whole.unsigned_abs() < 10_u128.pow(SURE) => Ok(whole),
        _ => exec_err!("a float has no more than {SURE} digits to show; cast it to numeric"),
    }
}

/// Digits that a float is sure to keep.
const SURE: u32 = 15;

/// A float by so many digits, in units of the last place; `None` where it has no place there.
fn by_digits(value: f64, digits: usize) -> Option<i128> {
    let text = format!("{value:.*e}", digits.checked_sub(1)?);
    let (mantissa, exponent) = text.split_once('e')?;
    let shift = exponent.parse::<i64>().ok()? - i64::try_from(digits).ok()? + 1 + i64::from(PLACES);
    let whole: i128 = mantissa.replace('.', "").parse().ok()?;
    let made = match power(shift) {
        Some(up) => whole.checked_mul(up)?,
        None if shift < 0 => power(-shift).map_or(0, |one| Way::Nearest.exact(whole, one) / one),
        None => return None,
    };
    Some(made).filter(|made| made.unsigned_abs() < 10_u128.pow(u32::from(DIGITS)))
}

impl ScalarUDFImpl for Numeric {
    fn name(&self) -> &'static str {
        NUMERIC
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.first() {
            Some(kind @ DataType::Decimal128(..)) => Ok(kind.clone()),
            Some(kind) if kind.is_integer() => Ok(DataType::Decimal128(DIGITS, 0)),
            Some(kind) if kind.is_floating() || kind.is_string() || kind.is_null() => Ok(DataType::Decimal128(DIGITS, PLACES)),
            other => plan_err!("Cannot cast {other:?} to numeric"),
        }
    }
    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        match args.as_slice() {
            [only] if matches!(only.get_type(info.schema().as_ref()), Ok(DataType::Decimal128(..))) => Ok(ExprSimplifyResult::Simplified(only.clone())),
            _ => Ok(ExprSimplifyResult::Original(args)),
        }
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(args.number_rows)?;
        if values.data_type().is_floating() {
            return Ok(ColumnarValue::Array(exact(&values)?.0));
        }
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        Ok(ColumnarValue::Array(cast_with_options(&values, args.return_field.data_type(), &strict)?))
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

    #[test]
    fn places_are_kept_filled_or_cut() {
        assert_eq!(Way::Nearest.rounded(25_670, (4, 2, 2)), Some(257));
        assert_eq!(Way::Nearest.rounded(7, (0, 2, 2)), Some(700));
        assert_eq!(Way::Nearest.rounded(12_345, (1, -2, 0)), Some(1_200));
        assert_eq!(Way::Nearest.rounded(10_i128.pow(37), (0, 2, 2)), None);
    }

    #[test]
    fn a_float_as_an_exact_number_has_fifteen_digits() {
        assert_eq!(by_digits(1.005, 15), Some(10_050_000_000_000_000));
        assert_eq!(by_digits(0.1 + 0.2, 15), Some(3_000_000_000_000_000));
        assert_eq!(by_digits(-2e20, 15), Some(-2 * 10_i128.pow(36)));
        assert_eq!(by_digits(1e-20, 15), Some(0));
        assert_eq!((by_digits(1e23, 15), by_digits(f64::NAN, 15)), (None, None));
    }
}
