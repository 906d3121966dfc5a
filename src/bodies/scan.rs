//! What a scanned code stands for, as JSON.

use crate::base::Value;
use crate::model::field::Field as _;
use crate::views::scan::Found;

/// The answer to a scan.
pub fn json(found: &Found) -> String {
    let Found::Record { subject, number, operation } = found else { return Value::Object(vec![("kind", Value::Text("badge".to_owned()))]).to_json() };
    let mut fields =
        vec![("kind", Value::Text(subject.noun.singular().to_owned())), ("id", Value::Key(subject.noun.prefix(), subject.number)), ("number", Value::Text(number.clone()))];
    if let Some(operation) = operation {
        fields.push(("work_order_id", operation.work_order_id.to_value()));
        fields.push(("operation_sequence", Value::Int(operation.operation_sequence)));
        fields.push(("work_center_id", operation.work_center_id.to_value()));
    }
    Value::Object(fields).to_json()
}
