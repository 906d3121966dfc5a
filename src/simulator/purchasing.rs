//! What is on its way: written down when stock nears its reorder point, and received when the delivery comes.
//! Deliberately nothing waits for it here: a delivery comes when stock is short, and plans count on what is told.

use super::Simulator;
use super::book::{Purchase, whole};
use super::desk::Who;
use crate::base::{ClockTime, Decimal, Refusal};
use crate::model::planning::ReceiptStatus;
use crate::model::{Command, ExpectedReceipt, Field as _, Id, Noun, Subject};

/// Percent of the reorder point at which the buyer orders.
const ORDERED_AT_PERCENT: i64 = 130;
/// Days that suppliers say they need, and the minute of the day at which their trucks come.
const DELIVERY_DAYS: i32 = 2;
const TRUCK_MINUTE: u16 = 9 * 60;

impl Simulator {
    /// Orders what is near its reorder point, once until it comes.
    pub(super) fn order_goods(&mut self, purchase: &Purchase, there: Decimal) -> Result<(), Refusal> {
        let near = purchase.reorder.times(whole(ORDERED_AT_PERCENT)).and_then(|percents| percents.over(whole(100)));
        if near.is_none_or(|near| there >= near) || self.on_order.contains_key(&purchase.material) {
            return Ok(());
        }
        let day = self.book.local(self.desk.now()).0.plus_days(DELIVERY_DAYS);
        let it = ExpectedReceipt {
            material_id: Id::new(purchase.material),
            quantity: purchase.delivery,
            expected_at: day.at(ClockTime::from_minutes(TRUCK_MINUTE).unwrap_or_default(), &self.book.zone),
            supplier_id: Some(Id::new(purchase.supplier)),
            // So many lots had come when it was written: no two orders of a material have the same number.
            purchase_order_number: Some(format!("PO-{:02}{:05}", purchase.material, self.received)),
            ..ExpectedReceipt::default()
        };
        let number = self.desk.create(Who::Planner, &it)?;
        self.on_order.insert(purchase.material, number);
        Ok(())
    }

    /// A delivery is here: what was expected of it is received.
    pub(super) fn goods_came(&mut self, material: u64) -> Result<(), Refusal> {
        let Some(number) = self.on_order.remove(&material) else { return Ok(()) };
        let status = ExpectedReceipt::FIELDS.iter().position(|spec| spec.name == "status");
        let values = status.map(|at| (at, ReceiptStatus::Received.to_value())).into_iter().collect();
        self.desk.tell(Who::Planner, Command::Update { subject: Subject { noun: Noun::ExpectedReceipt, number }, values })
    }

    /// What is still on its way, after a restart.
    pub(super) fn look_at_orders_of_goods(&mut self) -> Result<(), Refusal> {
        let expected = self.desk.records::<ExpectedReceipt>(0, usize::MAX)?.into_iter().filter(|it| it.status == ReceiptStatus::Expected);
        self.on_order = expected.map(|it| (it.material_id.number(), it.expected_receipt_id.number())).collect();
        Ok(())
    }
}
