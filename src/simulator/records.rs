//! Electronic batch records: prepared by the operator, reviewed by the inspector, approved by the
//! manager, released by the lead. Deliberately only for half of the customers' orders, as agreed.

use super::Simulator;
use super::agenda::Event;
use super::desk::Who;
use crate::base::{Decimal, Refusal};
use crate::model::batch_record::{RecordStatus, ReleaseStatus};
use crate::model::command::{DecideBatchRecord, OpenBatchRecord, ReleaseBatch, ReviewBatchRecord, SubmitBatchRecord};
use crate::model::field::Note;
use crate::model::{Command, Id, Noun};

/// Completed customers' orders in a thousand that ask for a record.
const ASKED_FOR: i64 = 800;

/// The acts on a record, in their order.
pub(super) const SUBMIT: usize = 0;
pub(super) const REVIEW: usize = 1;
pub(super) const DECIDE: usize = 2;
pub(super) const RELEASE: usize = 3;
pub(super) const RELEASE_LATE: usize = 4;

impl Simulator {
    /// Opens the record of an order that was just completed, if its customer asks for one.
    pub(super) fn open_record(&mut self, order: u64, customer: bool) -> Result<(), Refusal> {
        if !customer || !self.dice.chance(ASKED_FOR) {
            return Ok(());
        }
        let it = OpenBatchRecord {
            work_order_id: Id::new(order),
            formula_id: Some("MBR-SHEET".to_owned()),
            formula_version: Some("4.2".to_owned()),
            manufacturing_area: Some("Hall 2".to_owned()),
            regulatory_requirement: Some("EN 1672-2".to_owned()),
            ..OpenBatchRecord::default()
        };
        let record = self.desk.make(Who::Operator, Noun::ElectronicBatchRecord, Command::OpenBatchRecord(it), None)?;
        let next = self.later(40, 240);
        self.agenda.add(next, Event::BatchRecord(record, order, SUBMIT));
        Ok(())
    }

    /// The next act on a record.
    pub(super) fn go_on_with_record(&mut self, record: u64, order: u64, act: usize) -> Result<(), Refusal> {
        let ebr_id = Id::new(record);
        let next = match act {
            SUBMIT => {
                self.submit_record(record)?;
                Some(REVIEW)
            }
            REVIEW => {
                self.desk.tell(Who::Inspector, Command::ReviewBatchRecord(ReviewBatchRecord { ebr_id }))?;
                Some(DECIDE)
            }
            DECIDE => {
                let approved = !self.dice.chance(25);
                let record_status = if approved { RecordStatus::Approved } else { RecordStatus::Rejected };
                self.desk.tell(Who::Manager, Command::DecideBatchRecord(DecideBatchRecord { ebr_id, record_status }))?;
                approved.then_some(RELEASE)
            }
            _ if self.quality_held.contains_key(&order) => Some(RELEASE_LATE),
            _ => {
                let wait = act == RELEASE && self.dice.chance(40);
                let release_status = if wait { ReleaseStatus::OnHold } else { ReleaseStatus::Released };
                self.desk.tell(Who::Lead, Command::ReleaseBatch(ReleaseBatch { ebr_id, release_status }))?;
                wait.then_some(RELEASE_LATE)
            }
        };
        if let Some(next) = next {
            let due = self.later(120, 1_400);
            self.agenda.add(due, Event::BatchRecord(record, order, next));
        }
        Ok(())
    }

    fn submit_record(&mut self, record: u64) -> Result<(), Refusal> {
        let mut tenths = |least, most| Decimal::from_scaled(self.dice.between(least, most) * 1_000);
        let it = SubmitBatchRecord {
            ebr_id: Id::new(record),
            temperature_min_c: tenths(180, 215),
            temperature_max_c: tenths(235, 275),
            humidity_min_percentage: tenths(400, 480),
            humidity_max_percentage: tenths(520, 640),
            notes: Some(Note("travel card, weld log and inspection sheets checked for completeness".to_owned())),
        };
        self.desk.tell(Who::Operator, Command::SubmitBatchRecord(it))
    }
}
