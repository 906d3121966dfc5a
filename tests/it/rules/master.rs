//! Records that people maintain.

use millwright::base::{Code, Value};
use millwright::model::{Noun, Product};

use crate::plant::*;

fn steps(steps: &[(i64, &[i64])]) -> Value {
    let one = |(sequence, waits): &(i64, &[i64])| {
        let waits = Value::List(waits.iter().map(|wait| number(*wait)).collect());
        Value::Object(vec![("operation_sequence", number(*sequence)), ("operation_name", text("Step")), ("depends_on", waits)])
    };
    Value::List(steps.iter().map(one).collect())
}

#[test]
fn a_routing_waits_only_for_earlier_steps() {
    let plant = Plant::new();
    let routing = |list: &[(i64, &[i64])]| create(Noun::Routing, &[("product_id", key(Noun::Product, 1)), ("steps", steps(list))]);
    refused(plant.admin(routing(&[])), Code::Invalid);
    refused(plant.admin(routing(&[(10, &[]), (10, &[])])), Code::Invalid);
    refused(plant.admin(routing(&[(0, &[])])), Code::Invalid);
    refused(plant.admin(routing(&[(10, &[10])])), Code::Cycle);
    refused(plant.admin(routing(&[(10, &[20]), (20, &[10])])), Code::Cycle);
    refused(plant.admin(routing(&[(10, &[]), (20, &[15])])), Code::Cycle);
    plant.admin(routing(&[(30, &[10, 20]), (10, &[]), (20, &[])])).unwrap();
}

#[test]
fn an_operation_that_waits_for_two_gets_what_both_have_passed_on() {
    let plant = Plant::new();
    plant.admin(create(Noun::Product, &[("product_name", text("Frame"))])).unwrap();
    plant.admin(create(Noun::Routing, &[("product_id", key(Noun::Product, 2)), ("steps", steps(&[(10, &[]), (20, &[10]), (30, &[10]), (40, &[20, 30])]))])).unwrap();
    let order = plant.all([order_for(2, 10)]);
    plant.all([release(order), start_operation(order, 10), good(order, 10, 10), start_operation(order, 20), start_operation(order, 30), good(order, 20, 7)]);
    refused(plant.lead(start_operation(order, 40)), Code::IllegalState);
    plant.all([good(order, 30, 4), start_operation(order, 40)]);
    refused(plant.lead(good(order, 40, 5)), Code::Insufficient);
    plant.all([good(order, 40, 4)]);
    plant.check();
}

#[test]
fn a_reference_names_a_record_that_exists() {
    let plant = Plant::new();
    let head = plant.head();
    refused(plant.admin(create(Noun::ProductionLine, &[("factory_id", key(Noun::Factory, 9)), ("line_name", text("L"))])), Code::NotFound);
    refused(plant.admin(create(Noun::ProductionLine, &[("factory_id", key(Noun::Customer, 1)), ("line_name", text("L"))])), Code::Invalid);
    let line = Value::List(vec![Value::Object(vec![("material_id", key(Noun::Material, 9)), ("quantity_per_unit", exact("1"))])]);
    refused(plant.admin(create(Noun::BillOfMaterial, &[("product_id", key(Noun::Product, 1)), ("lines", line)])), Code::NotFound);
    assert_eq!(plant.head(), head);
}

#[test]
fn what_the_plant_sets_and_what_is_set_once_is_not_set_by_people() {
    let plant = Plant::new();
    refused(plant.admin(create(Noun::Supplier, &[("supplier_name", text("X")), ("created_at", Value::Time(time(MONDAY)))])), Code::Invalid);
    refused(plant.admin(update(Noun::Material, 1, &[("stock_unit", text("KG"))])), Code::Invalid);
    refused(plant.admin(update(Noun::Plant, 1, &[("timezone", text("UTC"))])), Code::Invalid);
    refused(plant.admin(update(Noun::Product, 9, &[("product_name", text("X"))])), Code::NotFound);
    refused(plant.admin(create(Noun::Product, &[])), Code::Invalid);
}

#[test]
fn figures_that_people_maintain_are_not_below_zero() {
    let plant = Plant::new();
    refused(plant.admin(update(Noun::Product, 1, &[("weight_kg", exact("-1"))])), Code::Invalid);
    refused(plant.admin(update(Noun::Employee, 1, &[("hourly_rate", exact("-0.01"))])), Code::Invalid);
    refused(plant.admin(update(Noun::Customer, 1, &[("sla_on_time_percentage", exact("100.01"))])), Code::Invalid);
    refused(plant.admin(update(Noun::WorkCenter, 1, &[("efficiency_factor", exact("0"))])), Code::Invalid);
    let factor = |factor: &str, unit: &str| Value::List(vec![Value::Object(vec![("unit", text(unit)), ("factor", exact(factor))])]);
    refused(plant.admin(update(Noun::Material, 1, &[("unit_factors", factor("0", "KG"))])), Code::Invalid);
    refused(plant.admin(update(Noun::Material, 1, &[("unit_factors", factor("1", "SHEET"))])), Code::Invalid);
}

#[test]
fn writing_the_same_again_is_an_entry_without_changes() {
    let plant = Plant::new();
    let before = plant.dump();
    let answer = plant.admin(update(Noun::Product, 1, &[("product_name", text("Bracket"))])).unwrap();
    assert!(plant.read(|snapshot| snapshot.entry(answer.seq)).unwrap().unwrap().changes.is_empty());
    assert_eq!((plant.dump(), plant.get::<Product>(1).product_name.as_str()), (before, "Bracket"));
}

#[test]
fn a_number_freed_by_a_change_may_be_taken_by_another() {
    let plant = Plant::new();
    plant.admin(update(Noun::Supplier, 1, &[("supplier_code", text("IRON"))])).unwrap();
    plant.admin(create(Noun::Supplier, &[("supplier_name", text("New")), ("supplier_code", text("STEEL"))])).unwrap();
    refused(plant.admin(update(Noun::Supplier, 1, &[("supplier_code", text("STEEL"))])), Code::Duplicate);
    plant.check();
}
