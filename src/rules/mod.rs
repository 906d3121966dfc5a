//! Floor 3: what each command does to a draft of the plant. A rule may refuse at any line and
//! leaves no trace; it knows no clock, no disk and no random number. Permission is decided here.

mod attachment;
mod batch_record;
mod connector;
mod downtime;
mod import;
mod labor;
mod lot;
mod machine_count;
mod machine_fault;
mod machine_signal;
mod master;
pub mod material;
mod operation;
mod pin;
mod planning;
mod plant;
mod quality;
mod report_schedule;
mod schedule;
pub mod shift;
mod shipment;
mod terminal;
mod user;
mod work_order;

use jiff::tz::TimeZone;

use crate::base::{Code, Decimal, Digest, Refusal, Time};
use crate::model::journal::{Actor, Origin};
use crate::model::permission::permit;
use crate::model::{Command, Id, Plant, Record, Subject};
use crate::store::{Draft, Halt, Stored, View};

/// What a rule may know about the moment and the person.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The engine's time.
    pub recorded_at: Time,
    /// When it happened on the floor.
    pub occurred_at: Time,
    /// The machine's own time, to which a plant's clock is anchored; no other rule may look at it.
    pub wall: Time,
    /// The plant's zone.
    pub zone: TimeZone,
    /// Who.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
    /// Why.
    pub reason: Option<String>,
    /// Verifiers that travel beside the command: already hashed, never journaled.
    pub secret: Option<Vec<u8>>,
    /// Random bytes of the writer, for names that must not be guessed back from their digest.
    pub salt: [u8; 16],
}

impl Moment {
    fn require_reason(&self) -> Result<(), Refusal> {
        if self.reason.is_some() { Ok(()) } else { Err(Refusal::invalid("reason", "must be given: say why, for the record's history")) }
    }
}

/// Applies a command to a draft; answers the record it is mainly about.
pub fn apply(draft: &mut Draft<'_, '_>, command: &Command, moment: &Moment) -> Result<Subject, Halt> {
    permit(moment.actor.role, &command.name())?;
    let founding = matches!(command, Command::FoundPlant(it) if it.simulated);
    if moment.origin == Origin::Simulator && !founding && !plant_of(draft)?.simulated {
        return Err(Refusal::new(Code::Forbidden, "this is a real plant: no simulator may run on it").into());
    }
    match command {
        Command::Create { noun, values } => master::create(draft, moment, *noun, values),
        Command::Update { subject, values } => master::update(draft, moment, *subject, values),
        Command::FoundPlant(it) => plant::found(draft, moment, it),
        Command::SetPlantClock(it) => plant::set_clock(draft, moment, it),
        Command::SealDay(it) => plant::seal_day(draft, moment, it),
        Command::ReleaseWorkOrder(it) => work_order::release(draft, moment, it.work_order_id),
        Command::ScheduleWorkOrder(it) => work_order::schedule(draft, moment, it),
        Command::PublishPlan(it) => work_order::publish_plan(draft, moment, it),
        Command::PinOperation(it) => pin::pin(draft, moment, it),
        Command::UnpinOperation(it) => pin::unpin(draft, moment, it),
        Command::SetFrozenZone(it) => pin::freeze(draft, moment, it),
        Command::StartWorkOrder(it) => work_order::start(draft, moment, it.work_order_id),
        Command::HoldWorkOrder(it) => work_order::hold(draft, moment, it.work_order_id),
        Command::ResumeWorkOrder(it) => work_order::resume(draft, moment, it.work_order_id),
        Command::CompleteWorkOrder(it) => work_order::complete(draft, moment, it.work_order_id),
        Command::CloseWorkOrder(it) => work_order::close(draft, moment, it.work_order_id),
        Command::CancelWorkOrder(it) => work_order::cancel(draft, moment, it.work_order_id),
        Command::ReopenWorkOrder(it) => work_order::reopen(draft, moment, it.work_order_id),
        Command::SplitWorkOrder(it) => work_order::split(draft, moment, it),
        Command::StartOperation(it) => operation::start(draft, moment, it),
        Command::ReportOperation(it) => operation::report(draft, moment, it),
        Command::FinishOperation(it) => operation::finish(draft, moment, it),
        Command::CountPieces(it) => machine_count::count(draft, moment, it),
        Command::DisposeHeldPieces(it) => operation::dispose_held(draft, moment, it),
        Command::ReverseReport(it) => operation::reverse(draft, moment, it),
        Command::RecordMaterialTransaction(it) => material::record(draft, moment, it),
        Command::ReverseMaterialTransaction(it) => material::reverse(draft, moment, it),
        Command::HoldLot(it) => lot::hold(draft, moment, it.lot_id),
        Command::HoldLots(it) => lot::hold_all(draft, moment, &it.lot_ids),
        Command::ReleaseLot(it) => lot::release(draft, moment, it.lot_id),
        Command::SplitLot(it) => lot::split(draft, moment, it),
        Command::MergeLots(it) => lot::merge(draft, moment, it),
        Command::RecordInspection(it) => quality::inspect(draft, moment, it),
        Command::DisposeInspection(it) => quality::dispose(draft, moment, it),
        Command::ApproveInspection(it) => quality::approve(draft, moment, it.inspection_id),
        Command::RecordDefect(it) => quality::record_defect(draft, moment, it),
        Command::AnalyzeDefect(it) => quality::analyze_defect(draft, moment, it),
        Command::CloseDefect(it) => quality::close_defect(draft, moment, it.defect_id),
        Command::StartDowntime(it) => downtime::start(draft, moment, it),
        Command::RespondDowntime(it) => downtime::respond(draft, moment, it.downtime_id),
        Command::ChangeDowntimeCause(it) => downtime::change_cause(draft, it),
        Command::MarkDowntime(it) => downtime::mark(draft, it),
        Command::ResolveDowntime(it) => downtime::resolve(draft, moment, it),
        Command::StartChangeover(it) => downtime::start_changeover(draft, moment, it),
        Command::FinishChangeover(it) => downtime::finish_changeover(draft, moment, it),
        Command::DetectFault(it) => machine_fault::detect(draft, moment, it),
        Command::AcknowledgeFault(it) => machine_fault::acknowledge(draft, moment, it.fault_id),
        Command::ClearFault(it) => machine_fault::clear(draft, moment, it.fault_id),
        Command::RecordReportDelivery(it) => report_schedule::record(draft, moment, it),
        Command::OpenBatchRecord(it) => batch_record::open(draft, moment, it),
        Command::SubmitBatchRecord(it) => batch_record::submit(draft, moment, it),
        Command::ReviewBatchRecord(it) => batch_record::review(draft, moment, it.ebr_id),
        Command::DecideBatchRecord(it) => batch_record::decide(draft, moment, it),
        Command::ReleaseBatch(it) => batch_record::release(draft, moment, it),
        Command::CreateShipment(it) => shipment::create(draft, moment, it),
        Command::ShipShipment(it) => shipment::ship(draft, moment, it),
        Command::CancelShipment(it) => shipment::cancel(draft, moment, it.shipment_id),
        Command::ClockIn(it) => labor::clock_in(draft, moment, it),
        Command::ClockOut(it) => labor::clock_out(draft, moment, it),
        Command::ErasePerson(it) => master::erase_person(draft, it.employee_id),
        Command::ApproveLabor(it) => labor::approve(draft, moment, it.labor_transaction_id),
        Command::FlagForgottenClockIn(it) => labor::flag_forgotten(draft, it),
        Command::AddAttachment(it) => attachment::add(draft, moment, it),
        Command::RemoveAttachment(it) => attachment::remove(draft, it.attachment_id),
        Command::CreateUser(it) => user::create(draft, moment, it),
        Command::ChangeUser(it) => user::change(draft, moment, it),
        Command::SetConnectorSecret(it) => connector::set_secret(draft, moment, it.connector_id),
        Command::SetPassword(it) => user::set_password(draft, moment, it.user_id),
        Command::CreateApiToken(it) => user::create_token(draft, moment, it),
        Command::RevokeApiToken(it) => user::revoke_token(draft, it.token_id),
        Command::RegisterTerminal(it) => terminal::register(draft, moment, it),
        Command::RevokeTerminal(it) => terminal::revoke(draft, it.terminal_id),
        Command::IssueBadge(it) => terminal::issue_badge(draft, moment, it),
        Command::SetPin(it) => terminal::set_pin(draft, moment, it.badge_id),
        Command::RevokeBadge(it) => terminal::revoke_badge(draft, moment, it.badge_id),
        Command::KeepRefusedAct(it) => terminal::keep_refused(draft, moment, it),
        Command::SettleRefusedAct(it) => terminal::settle_refused(draft, moment, it),
        Command::ImportOperationReport(it) => import::operation_report(draft, moment, it),
    }
}

/// The plant's own record.
pub fn plant_of<V: View>(view: &V) -> Result<Plant, Halt> {
    let plant = view.get(Id::<Plant>::new(1))?;
    plant.ok_or_else(|| Refusal::new(Code::IllegalState, "the plant is not founded yet; run `millwright init`").into())
}

fn need<R: Record>(draft: &Draft<'_, '_>, id: Id<R>) -> Result<R, Halt> {
    draft.get(id)?.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no {id} among the {}", R::NOUN.plural())).into())
}

/// Refuses a change that was made on an older reading of the record.
pub fn check_expected(stored: Option<Stored<()>>, expected: u64) -> Result<(), Refusal> {
    match stored {
        Some(stored) if stored.seq == expected => Ok(()),
        Some(stored) => Err(Refusal::new(Code::Stale, format!("the record is at version {} and not {expected}: read it again and decide anew", stored.seq))),
        None => Err(Refusal::new(Code::NotFound, "there is no such record")),
    }
}

fn whole(number: i64) -> Decimal {
    Decimal::whole(number).unwrap_or_default()
}

fn overflow() -> Refusal {
    Refusal::new(Code::Invalid, "the sum is larger than a decimal(15,4) holds")
}

/// Share of a whole in percent, two places; `None` of nothing.
fn percent(part: i64, of: i64) -> Option<Decimal> {
    if of == 0 {
        return None;
    }
    Some(whole(part).times(whole(100))?.over(whole(of))?.rounded(2))
}

fn secret_digest(moment: &Moment) -> Result<(Vec<u8>, String), Refusal> {
    let secret = moment.secret.clone().ok_or_else(|| Refusal::invalid("password", "must be given"))?;
    let digest = Digest::of(&secret).to_string();
    Ok((secret, digest))
}
