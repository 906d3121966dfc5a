//! The floor as JSON.

use crate::base::{Time, Value};
use crate::model::DowntimeEvent;
use crate::model::field::Field as _;
use crate::views::floor::{Center, Department, Floor, Job};

fn text(content: &str) -> Value {
    Value::Text(content.to_owned())
}

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn time(time: Option<Time>) -> Value {
    time.map_or(Value::Null, Value::Time)
}

fn job(job: &Job) -> Value {
    let (order, operation) = (&job.order, &job.operation);
    Value::Object(vec![
        ("work_order_id", order.work_order_id.to_value()),
        ("work_order_number", order.work_order_number.to_value()),
        ("product_id", job.order.product_id.to_value()),
        ("product_name", text(&job.product)),
        ("operation_id", operation.operation_id.to_value()),
        ("operation_sequence", Value::Int(operation.operation_sequence)),
        ("operation_name", text(&operation.operation_name)),
        ("good_quantity", Value::Int(operation.completed_quantity)),
        ("bad_quantity", Value::Int(operation.bad())),
        ("planned_quantity", Value::Int(operation.planned_quantity)),
        ("planned_end_time", operation.planned_end_time.to_value()),
    ])
}

fn stop(stop: &DowntimeEvent) -> Value {
    Value::Object(vec![
        ("downtime_id", stop.downtime_id.to_value()),
        ("downtime_category", stop.downtime_category.to_value()),
        ("downtime_reason_code", stop.downtime_reason_code.to_value()),
        ("downtime_reason_description", stop.downtime_reason_description.to_value()),
        ("downtime_start", Value::Time(stop.downtime_start)),
        ("status", stop.status.to_value()),
        ("responded_by", stop.responded_by.to_value()),
    ])
}

fn center(seen: &Center) -> Value {
    Value::Object(vec![
        ("work_center_id", seen.center.work_center_id.to_value()),
        ("work_center_code", text(&seen.center.work_center_code)),
        ("work_center_name", text(&seen.center.work_center_name)),
        ("machine_id", seen.center.machine_id.to_value()),
        ("state", text(seen.state.word())),
        ("since", time(seen.since)),
        ("people", count(seen.labor.len() as u64)),
        ("labor_transaction_ids", Value::List(seen.labor.iter().map(|id| id.to_value()).collect())),
        ("job", seen.job.as_ref().map_or(Value::Null, job)),
        ("stop", seen.stop.as_ref().map_or(Value::Null, stop)),
    ])
}

fn department(it: &Department) -> Value {
    Value::Object(vec![
        ("line_id", it.line.as_ref().map(|line| line.line_id).to_value()),
        ("line_name", it.line.as_ref().map(|line| line.line_name.clone()).to_value()),
        ("work_centers", Value::List(it.centers.iter().map(center).collect())),
    ])
}

/// The floor.
pub fn json(floor: &Floor) -> String {
    let today = &floor.today;
    Value::Object(vec![
        ("plant_time", Value::Time(floor.at)),
        ("day_began", Value::Time(floor.day_began)),
        ("departments", Value::List(floor.departments.iter().map(department).collect())),
        (
            "today",
            Value::Object(vec![
                ("orders_created", count(today.orders_created)),
                ("orders_started", count(today.orders_started)),
                ("orders_completed", count(today.orders_completed)),
                ("good_pieces", Value::Int(today.good_pieces)),
                ("bad_pieces", Value::Int(today.bad_pieces)),
                ("shipments", count(today.shipments)),
            ]),
        ),
        ("seq", count(floor.seq)),
    ])
    .to_json()
}
