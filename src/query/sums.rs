//! `sum`, `avg` and the like as PostgreSQL has them: of bigint they are exact numbers, as the average of whole numbers is, and where
//! an answer does not fit it is an error. What is added up is held in a wider number than the answer has; where
//! columns are so narrow that no number of rows could reach the end, it is not.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray};
use datafusion::arrow::compute::{CastOptions, cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType};
use datafusion::common::{ScalarValue, exec_err, not_impl_err, plan_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::stddev::{stddev_pop_udaf, stddev_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::functions_aggregate::variance::{var_pop_udaf, var_samp_udaf};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility};

use super::checked::out_of_range;
use super::numbers::{DIGITS, PLACES};
use super::operators::{INTERVAL, times};

/// Digits to which a table's numbers can be added up ten thousand million times.
const NARROW: u8 = 28;

/// Digits of the widest number there is.
const WIDEST: u8 = 76;
/// Places of an average before it is rounded.
const AVERAGED: i8 = PLACES + 4;

/// All of them.
pub(super) fn all() -> Vec<AggregateUDF> {
    let made = |what, inner| AggregateUDF::new_from_impl(Exact { what, inner, signature: Signature::user_defined(Volatility::Immutable) });
    let mut all = vec![made(What::Sum, sum_udaf()), made(What::Average, avg_udaf()), made(What::Spread, var_samp_udaf()).with_aliases(["variance"])];
    all.extend([var_pop_udaf(), stddev_udaf(), stddev_pop_udaf()].map(|inner| made(What::Spread, inner)));
    all
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    Sum,
    Average,
    /// Deviation and variance, which are reckoned in floats.
    Spread,
}

impl What {
    /// How numbers of a type are worked on, where DataFusion would do it otherwise.
    fn fit(self, kind: &DataType) -> Option<Fit> {
        use DataType as T;
        let exact = T::Decimal128(DIGITS, 0);
        let (wide, made, told) = match (self, kind) {
            (Self::Sum, T::Int8 | T::Int16 | T::Int32 | T::UInt8 | T::UInt16) => (T::Int64, T::Int64, T::Int64),
            (Self::Sum, T::Int64 | T::UInt32 | T::UInt64) => (exact.clone(), exact.clone(), exact),
            (Self::Sum, T::Decimal128(digits, places)) if *digits > NARROW => (T::Decimal256(WIDEST, *places), T::Decimal256(WIDEST, *places), T::Decimal128(DIGITS, *places)),
            (Self::Average, T::Int8 | T::Int16 | T::Int32 | T::UInt8 | T::UInt16) => (T::Decimal128(10, 0), T::Decimal128(DIGITS, AVERAGED), T::Decimal128(DIGITS, PLACES)),
            (Self::Average, T::Int64 | T::UInt32 | T::UInt64) => (T::Decimal256(WIDEST, 0), T::Decimal256(WIDEST, AVERAGED), T::Decimal128(DIGITS, PLACES)),
            (Self::Average, T::Decimal128(..=15, 0..=PLACES)) => (kind.clone(), T::Decimal128(DIGITS, AVERAGED), T::Decimal128(DIGITS, PLACES)),
            (Self::Average, T::Decimal128(_, places)) => {
                let told = PLACES.max(*places);
                (T::Decimal256(WIDEST, *places), T::Decimal256(WIDEST, told + 4), T::Decimal128(DIGITS, told))
            }
            (Self::Spread, kind) if kind.is_integer() || matches!(kind, T::Decimal128(..)) => (T::Float64, T::Float64, T::Decimal128(DIGITS, PLACES)),
            _ => return None,
        };
        Some(Fit { wide, made, told })
    }
}

/// An aggregate of DataFusion that is given numbers of another type, and whose answer is one that PostgreSQL has.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Exact {
    what: What,
    inner: Arc<AggregateUDF>,
    signature: Signature,
}

impl Exact {
    /// Whether it is the average of intervals, which DataFusion has not.
    fn is_mean(&self, fields: &[FieldRef]) -> bool {
        self.what == What::Average && fields.first().is_some_and(|field| *field.data_type() == INTERVAL)
    }

    /// The accumulator that `made` makes of arguments, of the types that fit.
    fn within<T>(&self, args: AccumulatorArgs<'_>, made: impl FnOnce(&AggregateUDF, AccumulatorArgs<'_>) -> Result<T>) -> Result<(T, Option<Fit>)> {
        let Some(fit) = args.expr_fields.first().and_then(|field| self.what.fit(field.data_type())) else { return Ok((made(&self.inner, args)?, None)) };
        let fields: Vec<FieldRef> = args.expr_fields.iter().map(|field| of_type(field, &fit.wide)).collect();
        let return_field = of_type(&args.return_field, &fit.made);
        Ok((made(&self.inner, AccumulatorArgs { return_field, expr_fields: &fields, ..args })?, Some(fit)))
    }
}

fn of_type(field: &FieldRef, kind: &DataType) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(kind.clone()))
}

impl AggregateUDFImpl for Exact {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        use DataType as T;
        let [kind] = types else { return plan_err!("function {} expects one argument and not {} arguments", self.name(), types.len()) };
        Ok(vec![match kind {
            T::Decimal128(..) | T::Decimal256(..) | T::Float64 => kind.clone(),
            kind if self.what.fit(kind).is_some() => kind.clone(),
            T::Interval(_) | T::Duration(_) if self.what != What::Spread => INTERVAL,
            T::Float32 if self.what != What::Sum => T::Float64,
            T::Null => T::Float64,
            // Of real, PostgreSQL's sum depends on the order in which the numbers come.
            other => return plan_err!("{} does not support {other}; cast it to numeric or float8", self.name()),
        }])
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.first().and_then(|kind| self.what.fit(kind)) {
            Some(fit) => Ok(fit.told),
            None if types == [INTERVAL] => Ok(INTERVAL),
            None => self.inner.return_type(types),
        }
    }
    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if self.is_mean(args.expr_fields) {
            return if args.is_distinct { not_impl_err!("avg(DISTINCT ...) of intervals is not done here") } else { Ok(Box::new(Mean::default())) };
        }
        let (inner, fit) = self.within(args, AggregateUDF::accumulator)?;
        Ok(match fit {
            Some(fit) => Box::new(One { inner, fit }),
            None => inner,
        })
    }
    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if self.is_mean(args.expr_fields) {
            return self.accumulator(args);
        }
        let (inner, fit) = self.within(args, AggregateUDF::create_sliding_accumulator)?;
        Ok(match fit {
            Some(fit) => Box::new(One { inner, fit }),
            None => inner,
        })
    }
    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if self.is_mean(args.input_fields) {
            return Ok(["sum", "count"]
                .into_iter()
                .zip([INTERVAL, DataType::Int64])
                .map(|(part, kind)| Arc::new(Field::new(format!("{}[{part}]", args.name), kind, true)))
                .collect());
        }
        let Some(fit) = args.input_fields.first().and_then(|field| self.what.fit(field.data_type())) else { return self.inner.state_fields(args) };
        let fields: Vec<FieldRef> = args.input_fields.iter().map(|field| of_type(field, &fit.wide)).collect();
        let return_field = of_type(&args.return_field, &fit.made);
        self.inner.state_fields(StateFieldsArgs { return_field, input_fields: &fields, ..args })
    }
    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct && !self.is_mean(args.expr_fields)
    }
    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        let (inner, fit) = self.within(args, AggregateUDF::create_groups_accumulator)?;
        Ok(match fit {
            Some(fit) => Box::new(Groups { inner, fit }),
            None => inner,
        })
    }
}

/// The types of numbers as they are added up, of what is made of them, and of the answer.
#[derive(Debug)]
struct Fit {
    wide: DataType,
    made: DataType,
    told: DataType,
}

impl Fit {
    fn widened(&self, values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        values.iter().map(|values| Ok(cast(values, &self.wide)?)).collect()
    }

    fn narrowed(&self, sums: &ArrayRef) -> Result<ArrayRef> {
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(sums, &self.told, &strict).map_err(|_| match &self.told {
            DataType::Decimal128(..) => DataFusionError::Execution("numeric field overflow: the answer has more than 38 digits".to_owned()),
            told => out_of_range(told),
        })
    }
}

/// One sum.
#[derive(Debug)]
struct One {
    inner: Box<dyn Accumulator>,
    fit: Fit,
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(&self.fit.widened(values)?)
    }
    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sum = self.inner.evaluate()?.to_array()?;
        ScalarValue::try_from_array(&self.fit.narrowed(&sum)?, 0)
    }
    fn size(&self) -> usize {
        self.inner.size()
    }
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }
    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }
    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(&self.fit.widened(values)?)
    }
    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }
}

/// A sum of each group.
struct Groups {
    inner: Box<dyn GroupsAccumulator>,
    fit: Fit,
}

impl GroupsAccumulator for Groups {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.inner.update_batch(&self.fit.widened(values)?, groups, filter, total)
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sums = self.inner.evaluate(emit)?;
        self.fit.narrowed(&sums)
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit)
    }
    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.inner.merge_batch(values, groups, total)
    }
    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(&self.fit.widened(values)?, filter)
    }
    fn size(&self) -> usize {
        self.inner.size()
    }
}

/// The average of intervals: parts are added up each for itself, and shared out as PostgreSQL divides an interval.
#[derive(Debug, Default)]
struct Mean {
    sum: Option<IntervalMonthDayNano>,
    count: i64,
}

impl Mean {
    fn add(&mut self, values: &ArrayRef, sign: i32) -> Result<()> {
        for value in values.as_primitive::<IntervalMonthDayNanoType>().iter().flatten() {
            let sum = self.sum.unwrap_or(IntervalMonthDayNano::ZERO);
            let part = |sum: i32, part: i32| sum.checked_add(part.checked_mul(sign)?);
            let time = value.nanoseconds.checked_mul(i64::from(sign)).and_then(|time| sum.nanoseconds.checked_add(time));
            let (Some(months), Some(days), Some(time)) = (part(sum.months, value.months), part(sum.days, value.days), time) else { return exec_err!("interval out of range") };
            self.sum = Some(IntervalMonthDayNano::new(months, days, time));
        }
        Ok(())
    }

    fn present(values: &ArrayRef) -> i64 {
        i64::try_from(values.len() - values.null_count()).unwrap_or(i64::MAX)
    }
}

impl Accumulator for Mean {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.count += Self::present(&values[0]);
        self.add(&values[0], 1)
    }
    // A count of rows has fewer digits than a double.
    #[allow(clippy::cast_precision_loss)]
    fn evaluate(&mut self) -> Result<ScalarValue> {
        let (Some(sum), count @ 1..) = (self.sum, self.count) else { return Ok(ScalarValue::IntervalMonthDayNano(None)) };
        match times(sum, |part| part / count as f64) {
            Some(mean) => Ok(ScalarValue::IntervalMonthDayNano(Some(mean))),
            None => exec_err!("interval out of range"),
        }
    }
    fn size(&self) -> usize {
        size_of_val(self)
    }
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::IntervalMonthDayNano(self.sum), ScalarValue::Int64(Some(self.count))])
    }
    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.count += states[1].as_primitive::<Int64Type>().iter().flatten().sum::<i64>();
        self.add(&states[0], 1)
    }
    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.count -= Self::present(&values[0]);
        self.add(&values[0], -1)
    }
    fn supports_retract_batch(&self) -> bool {
        true
    }
}
