//! `sum` that ends in an error where the sum does not fit. What is added up is held in a wider number than
//! the answer has; where columns are so narrow that no number of rows could reach the end, it is not.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::compute::{CastOptions, cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature};

use super::checked::out_of_range;

/// Digits to which a table's numbers can be added up ten thousand million times.
const NARROW: u8 = 28;

/// The sum.
pub(super) fn sum() -> AggregateUDF {
    AggregateUDF::new_from_impl(Sum { inner: sum_udaf() })
}

/// What numbers are added up as, where they need more than their sum has.
fn wide(kind: &DataType) -> Option<DataType> {
    match kind {
        DataType::Int64 | DataType::UInt64 => Some(DataType::Decimal128(38, 0)),
        DataType::Decimal128(digits, places) if *digits > NARROW => Some(DataType::Decimal256(76, *places)),
        _ => None,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Sum {
    inner: Arc<AggregateUDF>,
}

impl Sum {
    /// The accumulator that `made` makes of arguments, with a wider number in it where it needs one.
    fn within<T>(&self, args: AccumulatorArgs<'_>, made: impl FnOnce(&AggregateUDF, AccumulatorArgs<'_>) -> Result<T>) -> Result<(T, Option<Fit>)> {
        let Some(wide) = args.expr_fields.first().and_then(|field| wide(field.data_type())) else { return Ok((made(&self.inner, args)?, None)) };
        let fit = Fit { wide: wide.clone(), told: args.return_field.data_type().clone() };
        let widened = |field: &FieldRef| Arc::new(field.as_ref().clone().with_data_type(wide.clone()));
        let (fields, return_field) = (args.expr_fields.iter().map(widened).collect::<Vec<_>>(), widened(&args.return_field));
        Ok((made(&self.inner, AccumulatorArgs { return_field, expr_fields: &fields, ..args })?, Some(fit)))
    }
}

impl AggregateUDFImpl for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }
    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let (inner, fit) = self.within(args, AggregateUDF::accumulator)?;
        Ok(match fit {
            Some(fit) => Box::new(One { inner, fit }),
            None => inner,
        })
    }
    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let (inner, fit) = self.within(args, AggregateUDF::create_sliding_accumulator)?;
        Ok(match fit {
            Some(fit) => Box::new(One { inner, fit }),
            None => inner,
        })
    }
    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let Some(wide) = args.input_fields.first().and_then(|field| wide(field.data_type())) else { return self.inner.state_fields(args) };
        let return_field = Arc::new(args.return_field.as_ref().clone().with_data_type(wide));
        self.inner.state_fields(StateFieldsArgs { return_field, ..args })
    }
    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct
    }
    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        let (inner, fit) = self.within(args, AggregateUDF::create_groups_accumulator)?;
        Ok(match fit {
            Some(fit) => Box::new(Groups { inner, fit }),
            None => inner,
        })
    }
}

/// Between the numbers as they are told and as they are added up.
#[derive(Debug)]
struct Fit {
    wide: DataType,
    told: DataType,
}

impl Fit {
    fn widened(&self, values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        values.iter().map(|values| Ok(cast(values, &self.wide)?)).collect()
    }

    fn narrowed(&self, sums: &ArrayRef) -> Result<ArrayRef> {
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(sums, &self.told, &strict).map_err(|_| match &self.told {
            DataType::Decimal128(..) => DataFusionError::Execution("numeric field overflow: the sum has more than 38 digits".to_owned()),
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
