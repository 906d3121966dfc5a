//! `trace('LOT', 'forward')`: where something came from and what it became, as a table. A walk that
//! would be cut short is an error, since whoever counts its rows would not see it.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;

use super::pages::{Asked, Opening, Paged, PagedTable};
use crate::base::{Code, Refusal, decimal, limits};
use crate::engine::Engine;
use crate::model::Subject;
use crate::model::genealogy::Node;
use crate::store::Snapshot;
use crate::views;
use crate::views::trace::{TraceNode, Way};

/// The table function.
pub(super) struct TraceFunction(pub(super) Engine);

impl fmt::Debug for TraceFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("trace")
    }
}

impl TableFunctionImpl for TraceFunction {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let texts: Option<Vec<&str>> = args.exprs().iter().map(|expr| if let Expr::Literal(value, _) = expr { value.try_as_str().flatten() } else { None }).collect();
        let (what, way) = match texts.as_deref() {
            Some([what]) => (*what, Some(Way::Both)),
            Some([what, way]) => (*what, Way::from_word(way)),
            _ => return plan_err!("trace expects 2 arguments: a number or id, and 'forward', 'backward' or 'both'"),
        };
        let Some(way) = way else { return plan_err!("the way of trace must be 'forward', 'backward' or 'both'") };
        Ok(Arc::new(PagedTable(Trace { engine: self.0.clone(), what: what.to_owned(), way })))
    }
}

struct Trace {
    engine: Engine,
    what: String,
    way: Way,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trace of {} {:?}", self.what, self.way)
    }
}

impl Paged for Trace {
    fn schema(&self) -> SchemaRef {
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        Arc::new(Schema::new(vec![
            Field::new("depth", DataType::Int64, false),
            text("kind"),
            text("id"),
            text("number"),
            text("name"),
            Field::new("quantity", DECIMAL, true),
            text("unit_of_measure"),
            text("status"),
        ]))
    }

    fn uses(&self, _: &Expr) -> bool {
        false
    }

    fn open(&self, asked: Asked<'_>) -> Result<Opening> {
        asked.moment.newest_only("a trace")?;
        let (engine, what, way, schema, columns) = (self.engine.clone(), self.what.clone(), self.way, self.schema(), asked.columns);
        Ok(Arc::new(move || {
            let (engine, what, schema, columns) = (engine.clone(), what.clone(), Arc::clone(&schema), columns.clone());
            let mut is_told = false;
            Box::new(move || {
                if std::mem::replace(&mut is_told, true) {
                    return Ok(None);
                }
                let nodes = engine.read(|snapshot| nodes(snapshot, &what, way))??;
                batch(&schema, &nodes).and_then(|batch| batch.project(&columns).map_err(|error| fault(&error))).map(Some)
            })
        }))
    }
}

fn nodes(snapshot: &Snapshot, what: &str, way: Way) -> Result<Vec<TraceNode>, Refusal> {
    let mut root = None;
    for noun in Node::KINDS {
        root = root.or(views::resolve(snapshot, *noun, what)?.map(|number| Subject { noun: *noun, number }));
    }
    let shown: String = what.chars().take(60).collect();
    let root = root.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no lot, order, supplier, shipment or customer called {shown}")))?;
    let trace = views::trace::trace(snapshot, root, way, limits::SQL_TRACE_MAX)?;
    if trace.truncated {
        return Err(Refusal::new(Code::TooLarge, format!("{shown} reaches more than {} records; trace a later or an earlier one", limits::SQL_TRACE_MAX)));
    }
    Ok(trace.nodes)
}

const DECIMAL: DataType = DataType::Decimal128(decimal::DIGITS, decimal::PLACES as i8);

fn fault(error: &dyn fmt::Display) -> Refusal {
    Refusal::new(Code::Internal, format!("rows could not be made: {error}"))
}

/// Exact numbers as a column.
pub(super) fn decimals(numbers: impl Iterator<Item = Option<crate::base::Decimal>>) -> Result<ArrayRef, Refusal> {
    let scaled: Decimal128Array = numbers.map(|number| number.map(|number| i128::from(number.scaled()))).collect();
    Ok(Arc::new(scaled.with_data_type(DECIMAL)))
}

/// The type of such a column.
pub(super) fn decimal_field(name: &str) -> Field {
    Field::new(name, DECIMAL, true)
}

fn batch(schema: &SchemaRef, nodes: &[TraceNode]) -> Result<RecordBatch, Refusal> {
    let texts = |of: &dyn Fn(&TraceNode) -> Option<String>| -> ArrayRef { Arc::new(nodes.iter().map(of).collect::<StringArray>()) };
    let depths: ArrayRef = Arc::new(nodes.iter().map(|node| i64::from(node.depth)).collect::<Int64Array>());
    let columns = vec![
        depths,
        texts(&|node| Some(node.subject.noun.singular().to_owned())),
        texts(&|node| Some(node.subject.to_string())),
        texts(&|node| Some(node.number.clone())),
        texts(&|node| Some(node.name.clone())),
        decimals(nodes.iter().map(|node| node.quantity))?,
        texts(&|node| node.unit.map(|unit| unit.word().to_owned())),
        texts(&|node| node.status.clone()),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| fault(&error))
}
