//! Names of types by their numbers, as PostgreSQL writes them: the catalogue's own function knows the everyday ones and tells
//! others as `oid(142)`. Deliberately made once a role, of the catalogue's list: types do not come and go here.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, StringArray};
use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry as _;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature};
use datafusion::prelude::SessionContext;

const NAME: &str = "format_type";
/// Arrays before what they are of; those outside the catalogue's own schema under the name of theirs.
const TYPES: &str = "SELECT t.oid, CASE WHEN t.typnamespace = 11 THEN '' ELSE 'information_schema.' END || coalesce(e.typname || '[]', t.typname) AS name \
                     FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid";

/// `format_type(number, modifier)` with the names of all types of the catalogue.
pub(super) async fn format_type(context: &SessionContext) -> Result<ScalarUDF> {
    let mut names = HashMap::new();
    for batch in context.sql(TYPES).await?.collect().await? {
        let texts = datafusion::arrow::compute::cast(batch.column(1), &DataType::Utf8)?;
        let numbers = batch.column(0).as_primitive::<Int32Type>().iter().flatten();
        names.extend(numbers.zip(texts.as_string::<i32>().iter().flatten().map(str::to_owned)).map(|(number, name)| (format!("oid({number})"), name)));
    }
    Ok(FormatType { inner: context.udf(NAME)?, names }.into())
}

#[derive(Debug, PartialEq, Eq)]
struct FormatType {
    inner: Arc<ScalarUDF>,
    names: HashMap<String, String>,
}

impl Hash for FormatType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl ScalarUDFImpl for FormatType {
    fn name(&self) -> &'static str {
        NAME
    }
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let told = self.inner.invoke_with_args(args)?.into_array(1)?;
        let named = told.as_string::<i32>().iter().map(|name| name.map(|name| self.names.get(name).map_or(name, String::as_str)));
        Ok(ColumnarValue::Array(Arc::new(named.collect::<StringArray>())))
    }
}
