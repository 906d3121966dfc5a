//! What a connection calls the database. There is one, under whatever name a client connects to; views of
//! `information_schema` must tell it by that name, so it is a function and not a text in their statements.

use std::any::Any;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::catalog::DATABASE;

/// The name, among the settings of a statement.
#[derive(Clone, Debug)]
pub(super) struct Called(pub(super) String);

impl ConfigExtension for Called {
    const PREFIX: &'static str = "called";
}

impl ExtensionOptions for Called {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }
    fn set(&mut self, _: &str, _: &str) -> Result<()> {
        plan_err!("the name of the database cannot be set")
    }
    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}

/// `current_database()`.
pub(super) fn current_database() -> ScalarUDF {
    CurrentDatabase { signature: Signature::nullary(Volatility::Stable) }.into()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CurrentDatabase {
    signature: Signature,
}

impl ScalarUDFImpl for CurrentDatabase {
    fn name(&self) -> &'static str {
        "current_database"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let called = args.config_options.extensions.get::<Called>();
        Ok(ColumnarValue::Scalar(ScalarValue::from(called.map_or(DATABASE, |called| called.0.as_str()))))
    }
}
