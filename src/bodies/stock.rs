//! Stock as JSON.

use crate::base::Value;
use crate::model::field::Field as _;
use crate::model::product::BomLine;
use crate::model::{Fields as _, Product};
use crate::views::stock::{Look, Stock, Use};

fn text(content: &str) -> Value {
    Value::Text(content.to_owned())
}

fn short(first: &Use) -> Value {
    Value::Object(vec![("work_order_id", first.order.work_order_id.to_value()), ("work_order_number", first.order.work_order_number.to_value()), ("at", first.at.to_value())])
}

fn row(it: &Stock) -> Vec<(&'static str, Value)> {
    let (material, holding) = (&it.material, &it.holding);
    vec![
        ("material_id", material.material_id.to_value()),
        ("material_code", text(&material.material_code)),
        ("material_name", text(&material.material_name)),
        ("material_type", material.material_type.to_value()),
        ("stock_unit", material.stock_unit.to_value()),
        ("safety_stock", material.safety_stock.to_value()),
        ("on_hand", Value::Dec(holding.on_hand)),
        ("available", Value::Dec(holding.available)),
        ("held", Value::Dec(holding.held)),
        ("expired", Value::Dec(holding.expired)),
        ("lots", Value::Int(holding.lots)),
        ("remnants", Value::Int(holding.remnants)),
        ("next_expiry", holding.next_expiry.to_value()),
        ("needed", Value::Dec(it.needed())),
        ("incoming", Value::Dec(it.incoming())),
        ("lacking", Value::Dec(it.lacking())),
        ("first_short", it.first_short().map_or(Value::Null, short)),
        ("below_minimum", Value::Bool(it.below_minimum())),
    ]
}

fn one_use(it: &Use) -> Value {
    Value::Object(vec![
        ("work_order_id", it.order.work_order_id.to_value()),
        ("work_order_number", it.order.work_order_number.to_value()),
        ("status", it.order.status.to_value()),
        ("product_name", text(&it.product)),
        ("at", it.at.to_value()),
        ("quantity", Value::Dec(it.quantity)),
        ("balance", Value::Dec(it.balance)),
    ])
}

fn product((product, line): &(Product, BomLine)) -> Value {
    Value::Object(vec![
        ("product_id", product.product_id.to_value()),
        ("product_name", text(&product.product_name)),
        ("quantity_per_unit", Value::Dec(line.quantity_per_unit)),
        ("unit_of_measure", line.unit_of_measure.to_value()),
    ])
}

/// All materials with their stock.
pub fn json(look: &Look) -> String {
    Value::Object(vec![
        ("as_of_seq", Value::Int(i64::try_from(look.seq).unwrap_or(i64::MAX))),
        ("plant_time", Value::Time(look.at)),
        ("cut", Value::Bool(look.cut)),
        ("data", Value::List(look.stocks.iter().map(|it| Value::Object(row(it))).collect())),
    ])
    .to_json()
}

/// One material with what uses and brings it.
pub fn one(it: &Stock, products: &[(Product, BomLine)]) -> String {
    let mut fields = row(it);
    fields.push(("material", it.material.to_object()));
    fields.push(("uses", Value::List(it.uses.iter().map(one_use).collect())));
    fields.push(("products", Value::List(products.iter().map(product).collect())));
    Value::Object(fields).to_json()
}
