//! The one table of permissions: which role may do which act. It fails closed: an act without a
//! row is refused to everybody, and a test walks every role times every operation.

use super::noun::Noun;
use crate::base::{Code, Refusal};
use crate::words;

words! {
    /// A role. Stored by position: append only.
    Role {
        Operator = "operator", Lead = "lead", Planner = "planner", Inspector = "inspector",
        Auditor = "auditor", Manager = "manager", Analyst = "analyst", Admin = "admin",
        Engine = "engine",
    }
}

impl Role {
    /// The roles a person can have.
    pub const PEOPLE: &'static [Self] = &[Self::Operator, Self::Lead, Self::Planner, Self::Inspector, Self::Auditor, Self::Manager, Self::Analyst, Self::Admin];
    /// The roles that a badge opens: four digits are not enough for more.
    pub const BY_BADGE: &'static [Self] = &[Self::Operator, Self::Lead, Self::Inspector];
}

use Role::{Admin, Analyst, Auditor, Engine, Inspector, Lead, Manager, Operator, Planner};

const EVERYONE: &[Role] = &[Operator, Lead, Planner, Inspector, Auditor, Manager, Analyst, Admin, Engine];
const FLOOR: &[Role] = &[Operator, Lead, Planner, Inspector, Manager, Admin];
const LEADS: &[Role] = &[Lead, Manager, Admin];
const PLANNERS: &[Role] = &[Lead, Planner, Manager, Admin];
const OFFICE: &[Role] = &[Planner, Manager, Admin];
const QUALITY: &[Role] = &[Lead, Inspector, Manager, Admin];
const PEOPLE_DATA: &[Role] = &[Lead, Planner, Inspector, Auditor, Manager, Admin, Engine];
const RECORDS: &[Role] = &[Lead, Planner, Inspector, Auditor, Manager, Analyst, Admin, Engine];
const ACCOUNTS: &[Role] = &[Auditor, Admin, Engine];
const ADMINS: &[Role] = &[Admin];
const ENGINE: &[Role] = &[Engine];

/// Act, and who may do it. Acts are names of commands, or reads such as `ReadFloor`.
pub const TABLE: &[(&str, &[Role])] = &[
    ("ReadFloor", EVERYONE),
    ("ReadPeople", PEOPLE_DATA),
    ("ReadAccounts", ACCOUNTS),
    ("ReadSession", EVERYONE),
    ("EndSession", EVERYONE),
    ("ReadTrace", EVERYONE),
    ("ReadHistory", RECORDS),
    ("ReadChanges", RECORDS),
    ("ReadEvents", EVERYONE),
    ("ReadHealth", &[Auditor, Manager, Admin]),
    ("ReadFile", EVERYONE),
    ("VerifyPlant", &[Auditor, Manager, Admin]),
    ("BackUpPlant", ADMINS),
    // Tables that a role may not read are left out; names and contacts are in none.
    ("ExportLake", &[Auditor, Manager, Analyst, Admin]),
    // Tables that a role may not read stay hidden from it, and so do such entries of the journal.
    ("QuerySql", RECORDS),
    // Machines and their gateways send with a token of an operator, who may do least.
    ("WriteTelemetry", &[Operator, Lead, Manager, Admin]),
    ("PrintLabel", FLOOR),
    ("CreateReportSchedule", OFFICE),
    ("UpdateReportSchedule", OFFICE),
    ("RecordReportDelivery", ENGINE),
    ("ImportMaster", OFFICE),
    ("ImportOperationReport", OFFICE),
    ("FoundPlant", ADMINS),
    ("SetPlantClock", ADMINS),
    ("UpdatePlant", ADMINS),
    ("CreateFactory", &[Manager, Admin]),
    ("UpdateFactory", &[Manager, Admin]),
    ("CreateProductionLine", &[Manager, Admin]),
    ("UpdateProductionLine", &[Manager, Admin]),
    ("CreateWorkCenter", OFFICE),
    ("UpdateWorkCenter", OFFICE),
    ("CreateMachine", OFFICE),
    ("UpdateMachine", OFFICE),
    ("CreateEmployee", &[Manager, Admin]),
    ("UpdateEmployee", &[Manager, Admin]),
    ("ErasePerson", &[Manager, Admin]),
    ("CreateShift", OFFICE),
    ("UpdateShift", OFFICE),
    ("CreateCalendarException", OFFICE),
    ("UpdateCalendarException", OFFICE),
    ("CreateCustomer", OFFICE),
    ("UpdateCustomer", OFFICE),
    ("CreateSupplier", OFFICE),
    ("UpdateSupplier", OFFICE),
    ("CreateProduct", OFFICE),
    ("UpdateProduct", OFFICE),
    ("CreateMaterial", OFFICE),
    ("UpdateMaterial", OFFICE),
    ("CreateBillOfMaterial", OFFICE),
    ("UpdateBillOfMaterial", OFFICE),
    ("CreateSensor", OFFICE),
    ("UpdateSensor", OFFICE),
    ("CreateLineProductMapping", OFFICE),
    ("UpdateLineProductMapping", OFFICE),
    ("CreateConnector", ADMINS),
    ("UpdateConnector", ADMINS),
    ("SetConnectorSecret", ADMINS),
    ("CreateMachineSignal", OFFICE),
    ("UpdateMachineSignal", OFFICE),
    ("CreateTool", OFFICE),
    ("UpdateTool", OFFICE),
    ("CreateExpectedReceipt", OFFICE),
    ("UpdateExpectedReceipt", OFFICE),
    ("CreatePlanningRule", OFFICE),
    ("UpdatePlanningRule", OFFICE),
    ("CreateCustomerProductMapping", OFFICE),
    ("UpdateCustomerProductMapping", OFFICE),
    ("CreateRouting", OFFICE),
    ("UpdateRouting", OFFICE),
    ("CreateWorkOrder", PLANNERS),
    ("UpdateWorkOrder", PLANNERS),
    ("ReleaseWorkOrder", PLANNERS),
    ("ScheduleWorkOrder", PLANNERS),
    ("MakePlan", PLANNERS),
    ("PublishPlan", PLANNERS),
    ("PinOperation", PLANNERS),
    ("UnpinOperation", PLANNERS),
    ("SetFrozenZone", OFFICE),
    ("StartWorkOrder", FLOOR),
    ("HoldWorkOrder", FLOOR),
    ("ResumeWorkOrder", &[Lead, Planner, Inspector, Manager, Admin]),
    ("CompleteWorkOrder", FLOOR),
    ("CloseWorkOrder", PLANNERS),
    ("CancelWorkOrder", PLANNERS),
    ("ReopenWorkOrder", LEADS),
    ("SplitWorkOrder", PLANNERS),
    ("StartOperation", FLOOR),
    ("ReportOperation", FLOOR),
    ("FinishOperation", FLOOR),
    ("CountPieces", ENGINE),
    ("DisposeHeldPieces", QUALITY),
    ("ReverseReport", LEADS),
    ("RecordInspection", FLOOR),
    ("DisposeInspection", QUALITY),
    ("ApproveInspection", QUALITY),
    ("RecordDefect", FLOOR),
    ("AnalyzeDefect", QUALITY),
    ("CloseDefect", QUALITY),
    ("StartDowntime", FLOOR),
    ("RespondDowntime", FLOOR),
    ("ChangeDowntimeCause", FLOOR),
    ("MarkDowntime", FLOOR),
    ("ResolveDowntime", FLOOR),
    ("StartChangeover", FLOOR),
    ("FinishChangeover", FLOOR),
    ("DetectFault", ENGINE),
    ("AcknowledgeFault", FLOOR),
    ("ClearFault", ENGINE),
    ("OpenBatchRecord", FLOOR),
    ("SubmitBatchRecord", FLOOR),
    ("ReviewBatchRecord", QUALITY),
    ("DecideBatchRecord", QUALITY),
    ("ReleaseBatch", QUALITY),
    ("RecordMaterialTransaction", FLOOR),
    ("ReverseMaterialTransaction", LEADS),
    ("HoldLot", &[Operator, Lead, Planner, Inspector, Manager, Admin]),
    ("HoldLots", &[Lead, Planner, Inspector, Manager, Admin]),
    ("ReleaseLot", QUALITY),
    ("SplitLot", FLOOR),
    ("MergeLots", FLOOR),
    ("CreateShipment", PLANNERS),
    ("ShipShipment", FLOOR),
    ("CancelShipment", PLANNERS),
    ("ClockIn", FLOOR),
    ("ClockOut", FLOOR),
    ("ApproveLabor", LEADS),
    ("AddAttachment", FLOOR),
    ("RemoveAttachment", LEADS),
    ("CreateUser", ADMINS),
    ("ChangeUser", ADMINS),
    ("SetPassword", ADMINS),
    ("ChangeOwnPassword", EVERYONE),
    ("RegisterTerminal", LEADS),
    ("RevokeTerminal", LEADS),
    ("IssueBadge", LEADS),
    ("SetPin", LEADS),
    ("ChangeOwnPin", EVERYONE),
    ("RevokeBadge", LEADS),
    ("KeepRefusedAct", FLOOR),
    ("SettleRefusedAct", LEADS),
    ("CreateApiToken", ADMINS),
    ("RevokeApiToken", ADMINS),
    ("SealDay", ENGINE),
    ("FlagForgottenClockIn", ENGINE),
];

/// Whether a role may do an act.
pub fn may(role: Role, act: &str) -> bool {
    TABLE.iter().any(|(known, roles)| *known == act && roles.contains(&role))
}

/// Refuses what the table does not allow the role, and says whose role may.
pub fn permit(role: Role, act: &str) -> Result<(), Refusal> {
    if may(role, act) { Ok(()) } else { Err(Refusal::new(Code::Forbidden, format!("the role {role} may not do this ({act}); {}", who_may(act)))) }
}

/// Whom to ask for an act: `lead, manager or admin may`.
pub fn who_may(act: &str) -> String {
    let roles: Vec<&str> = Role::PEOPLE.iter().filter(|role| may(**role, act)).map(|role| role.word()).collect();
    match roles.as_slice() {
        [] => "only the plant itself may".to_owned(),
        [role] => format!("{role} may"),
        [roles @ .., last] => format!("{} or {last} may", roles.join(", ")),
    }
}

/// The act of reading a noun.
pub const fn read_act(noun: Noun) -> &'static str {
    match noun {
        Noun::Employee | Noun::LaborTransaction | Noun::Badge | Noun::Terminal => "ReadPeople",
        Noun::User | Noun::ApiToken => "ReadAccounts",
        Noun::JournalDay => "ReadChanges",
        _ => "ReadFloor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_without_a_row_is_refused_to_everybody() {
        assert!(Role::ALL.iter().all(|role| !may(*role, "LaunchRocket")));
    }

    #[test]
    fn who_is_refused_hears_whose_role_may() {
        assert_eq!(permit(Role::Planner, "ReopenWorkOrder").unwrap_err().detail, "the role planner may not do this (ReopenWorkOrder); lead, manager or admin may");
        assert_eq!((who_may("BackUpPlant").as_str(), who_may("SealDay").as_str()), ("admin may", "only the plant itself may"));
        assert!(permit(Role::Lead, "ReopenWorkOrder").is_ok());
    }

    #[test]
    fn an_act_has_one_row() {
        let mut acts: Vec<&str> = TABLE.iter().map(|(act, _)| *act).collect();
        acts.sort_unstable();
        let count = acts.len();
        acts.dedup();
        assert_eq!(acts.len(), count);
    }
}
