//! `percentile_cont`, which lies exactly between its neighbours as PostgreSQL has it: DataFusion's knows a millionth of the way
//! only. All numbers of a group are held, and counted against the statement's memory.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _};
use datafusion::arrow::datatypes::{DataType, FieldRef, Float64Type};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::functions_aggregate::percentile_cont::percentile_cont_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature};
use datafusion::physical_expr::expressions::Literal;

/// The aggregate.
pub(super) fn percentile_cont() -> AggregateUDF {
    AggregateUDF::new_from_impl(Percentile { inner: percentile_cont_udaf() })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Percentile {
    inner: Arc<AggregateUDF>,
}

impl AggregateUDFImpl for Percentile {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }
    fn supports_within_group_clause(&self) -> bool {
        true
    }
    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }
    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let told = args.exprs.get(1).and_then(|expr| expr.downcast_ref::<Literal>()).map(Literal::value);
        let (Some(ScalarValue::Float64(Some(share @ 0.0..=1.0))), DataType::Float64, false) = (told, args.expr_fields[0].data_type(), args.is_distinct) else {
            return plan_err!("percentile_cont takes a share from 0 to 1 that is written out, and does not support DISTINCT");
        };
        let is_descending = args.order_bys.first().is_some_and(|order| order.options.descending);
        Ok(Box::new(Numbers { share: if is_descending { 1.0 - share } else { *share }, all: Vec::new() }))
    }
}

/// The numbers of a group, and the share of them that is to lie below.
#[derive(Debug)]
struct Numbers {
    share: f64,
    all: Vec<f64>,
}

impl Numbers {
    // Fewer numbers fit into memory than a double has digits for.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
    fn told(&mut self) -> Option<f64> {
        self.all.sort_by(f64::total_cmp);
        let place = self.share * (self.all.len().checked_sub(1)? as f64);
        let (low, high) = (*self.all.get(place.floor() as usize)?, *self.all.get(place.ceil() as usize)?);
        Some(low + (place - place.floor()) * (high - low))
    }
}

impl Accumulator for Numbers {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.all.extend(values[0].as_primitive::<Float64Type>().iter().flatten());
        Ok(())
    }
    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(self.told()))
    }
    fn size(&self) -> usize {
        size_of_val(self) + self.all.capacity() * size_of::<f64>()
    }
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let all: Vec<ScalarValue> = self.all.iter().map(|number| ScalarValue::Float64(Some(*number))).collect();
        Ok(vec![ScalarValue::List(ScalarValue::new_list_nullable(&all, &DataType::Float64))])
    }
    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for state in states[0].as_list::<i32>().iter().flatten() {
            self.all.extend(state.as_primitive::<Float64Type>().iter().flatten());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_lies_exactly_between_its_neighbours() {
        let of = |share, all: &[f64]| Numbers { share, all: all.to_vec() }.told();
        assert_eq!(of(0.5, &[3.0, 1.0]), Some(2.0));
        assert_eq!(of(1.0 / 3.0, &[1.0, 2.0]), Some(1.0 + 1.0 / 3.0));
        assert_eq!((of(0.0, &[5.0, 4.0]), of(1.0, &[5.0, 4.0]), of(0.5, &[])), (Some(4.0), Some(5.0), None));
    }
}
