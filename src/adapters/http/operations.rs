//! The table of operations: every address, what it does, who may. Routes, permissions and the API
//! description are made from it; what is not here is not served.

use std::pin::Pin;
use std::sync::Arc;

use axum::http::Method;

use super::call::{Call, WRITE_TELEMETRY};
use super::reply::Reply;
use super::{Service, connectors, events, files, imports, kpi, lake, lines, machines, plans, reads, search, sessions, sql, telemetry, trust, ui};
use crate::base::Refusal;
use crate::model::Noun;
use crate::model::command::{create_name, payload_doc, update_name};
use crate::model::genealogy::Node;
use crate::model::noun::Class;
use crate::model::permission::{TABLE, read_act};

/// Who may call an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Everybody, without a log-in.
    Open,
    /// Everybody on this machine; from elsewhere whoever may read the plant's health.
    Loopback,
    /// Whoever may do this act.
    Act(String),
}

pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Reply, Refusal>> + Send>>;
pub(super) type Handler = fn(Arc<Service>, Call) -> Answer;

/// What an operation does.
#[derive(Clone, Copy)]
pub(super) enum Does {
    List(Noun),
    Get(Noun),
    History(Noun),
    Trace(Noun),
    TraceNodes(Noun),
    Create(Noun),
    Update(Noun),
    Act(&'static ActRoute),
    Fixed(&'static Fixed),
}

/// A command with its address.
pub(super) struct ActRoute {
    pub(super) path: &'static str,
    pub(super) command: &'static str,
    /// The noun of `{id}` and the payload's field that it fills.
    pub(super) target: Option<(Noun, &'static str)>,
}

/// An address with a handler of its own.
pub(super) struct Fixed {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) permit: FixedPermit,
    pub(super) summary: &'static str,
    /// Query parameters: name, what it is.
    pub(super) query: &'static [(&'static str, &'static str)],
    pub(super) body: FixedBody,
    pub(super) handler: Handler,
}

#[derive(Clone, Copy)]
pub(super) enum FixedPermit {
    Open,
    Loopback,
    Act(&'static str),
}

/// A field of a body: name, its JSON type, required, what it is.
pub(super) type BodyField = (&'static str, &'static str, bool, &'static str);

/// What a fixed address takes.
#[derive(Clone, Copy)]
pub(super) enum FixedBody {
    None,
    /// A JSON object with these fields.
    Json(&'static [BodyField]),
    /// A JSON object of this schema.
    Schema(fn() -> serde_json::Value),
    /// Text.
    Text,
    File,
}

/// One operation.
#[derive(Clone)]
pub struct Operation {
    /// Its method.
    pub method: Method,
    /// Its path, with `{id}` and the like.
    pub path: String,
    /// Its name in the API description.
    pub id: String,
    /// Who may.
    pub permit: Permit,
    /// One sentence.
    pub summary: String,
    /// The group it is shown in.
    pub tag: String,
    pub(super) does: Does,
}

const fn on(noun: Noun, path: &'static str, command: &'static str, field: &'static str) -> ActRoute {
    ActRoute { path, command, target: Some((noun, field)) }
}

const fn plain(path: &'static str, command: &'static str) -> ActRoute {
    ActRoute { path, command, target: None }
}

const WO: Noun = Noun::WorkOrder;

pub(super) static ACTS: &[ActRoute] = &[
    on(WO, "work-orders/{id}/release", "ReleaseWorkOrder", "work_order_id"),
    on(WO, "work-orders/{id}/schedule", "ScheduleWorkOrder", "work_order_id"),
    on(WO, "work-orders/{id}/start", "StartWorkOrder", "work_order_id"),
    on(WO, "work-orders/{id}/hold", "HoldWorkOrder", "work_order_id"),
    on(WO, "work-orders/{id}/resume", "ResumeWorkOrder", "work_order_id"),
    on(WO, "work-orders/{id}/complete", "CompleteWorkOrder", "work_order_id"),
    on(WO, "work-orders/{id}/close", "CloseWorkOrder", "work_order_id"),
    on(WO, "work-orders/{id}/cancel", "CancelWorkOrder", "work_order_id"),
    on(WO, "work-orders/{id}/reopen", "ReopenWorkOrder", "work_order_id"),
    on(WO, "work-orders/{id}/split", "SplitWorkOrder", "work_order_id"),
    on(WO, "work-orders/{id}/operations/{sequence}/start", "StartOperation", "work_order_id"),
    on(WO, "work-orders/{id}/operations/{sequence}/report", "ReportOperation", "work_order_id"),
    on(WO, "work-orders/{id}/operations/{sequence}/finish", "FinishOperation", "work_order_id"),
    on(WO, "work-orders/{id}/operations/{sequence}/dispose-held", "DisposeHeldPieces", "work_order_id"),
    on(Noun::OperationReport, "operation-reports/{id}/reverse", "ReverseReport", "report_id"),
    plain("material-transactions", "RecordMaterialTransaction"),
    on(Noun::MaterialTransaction, "material-transactions/{id}/reverse", "ReverseMaterialTransaction", "transaction_id"),
    on(Noun::Lot, "lots/{id}/hold", "HoldLot", "lot_id"),
    on(Noun::Lot, "lots/{id}/release", "ReleaseLot", "lot_id"),
    on(Noun::Lot, "lots/{id}/split", "SplitLot", "lot_id"),
    on(Noun::Lot, "lots/{id}/merge", "MergeLots", "lot_id"),
    plain("quality-inspections", "RecordInspection"),
    on(Noun::QualityInspection, "quality-inspections/{id}/dispose", "DisposeInspection", "inspection_id"),
    on(Noun::QualityInspection, "quality-inspections/{id}/approve", "ApproveInspection", "inspection_id"),
    plain("defects", "RecordDefect"),
    on(Noun::Defect, "defects/{id}/analyze", "AnalyzeDefect", "defect_id"),
    on(Noun::Defect, "defects/{id}/close", "CloseDefect", "defect_id"),
    plain("downtime-events", "StartDowntime"),
    on(Noun::DowntimeEvent, "downtime-events/{id}/respond", "RespondDowntime", "downtime_id"),
    on(Noun::DowntimeEvent, "downtime-events/{id}/cause", "ChangeDowntimeCause", "downtime_id"),
    on(Noun::DowntimeEvent, "downtime-events/{id}/mark", "MarkDowntime", "downtime_id"),
    on(Noun::DowntimeEvent, "downtime-events/{id}/resolve", "ResolveDowntime", "downtime_id"),
    on(Noun::MachineFault, "machine-faults/{id}/acknowledge", "AcknowledgeFault", "fault_id"),
    plain("changeover-events", "StartChangeover"),
    on(Noun::ChangeoverEvent, "changeover-events/{id}/finish", "FinishChangeover", "changeover_id"),
    plain("electronic-batch-records", "OpenBatchRecord"),
    on(Noun::ElectronicBatchRecord, "electronic-batch-records/{id}/submit", "SubmitBatchRecord", "ebr_id"),
    on(Noun::ElectronicBatchRecord, "electronic-batch-records/{id}/review", "ReviewBatchRecord", "ebr_id"),
    on(Noun::ElectronicBatchRecord, "electronic-batch-records/{id}/decide", "DecideBatchRecord", "ebr_id"),
    on(Noun::ElectronicBatchRecord, "electronic-batch-records/{id}/release", "ReleaseBatch", "ebr_id"),
    plain("shipments", "CreateShipment"),
    on(Noun::Shipment, "shipments/{id}/ship", "ShipShipment", "shipment_id"),
    on(Noun::Shipment, "shipments/{id}/cancel", "CancelShipment", "shipment_id"),
    plain("labor-transactions/clock-in", "ClockIn"),
    on(Noun::LaborTransaction, "labor-transactions/{id}/clock-out", "ClockOut", "labor_transaction_id"),
    on(Noun::LaborTransaction, "labor-transactions/{id}/approve", "ApproveLabor", "labor_transaction_id"),
    on(Noun::Employee, "employees/{id}/erase", "ErasePerson", "employee_id"),
    on(Noun::Attachment, "attachments/{id}/remove", "RemoveAttachment", "attachment_id"),
    plain("users", "CreateUser"),
    on(Noun::User, "users/{id}/change", "ChangeUser", "user_id"),
    on(Noun::Connector, "connectors/{id}/secret", "SetConnectorSecret", "connector_id"),
    on(Noun::User, "users/{id}/password", "SetPassword", "user_id"),
    plain("api-tokens", "CreateApiToken"),
    on(Noun::ApiToken, "api-tokens/{id}/revoke", "RevokeApiToken", "token_id"),
    plain("plant/clock", "SetPlantClock"),
    plain("production-schedule/publish", "PublishPlan"),
];

const LOGIN: FixedBody = FixedBody::Json(&[("user_name", "string", true, "The log-in's name."), ("password", "string", true, "Its password.")]);
const SQL: &[BodyField] = &[
    ("sql", "string", true, "One statement that gives rows: SELECT, WITH, EXPLAIN or SHOW."),
    ("as_of", "string", false, "An entry of the journal or a time: the answer is what the plant knew then."),
];
const OWN_PASSWORD: FixedBody = FixedBody::Json(&[("old_password", "string", true, "The password until now."), ("new_password", "string", true, "At least 10 characters.")]);
const FEED: &[(&str, &str)] = &[("after", "Entries after this sequence."), ("limit", "Entries looked at, at most 1000.")];
const STREAM: &[(&str, &str)] = &[
    ("after", "Resume after this sequence; the Last-Event-ID header does the same."),
    ("events", "Only events whose names begin with one of these, separated by commas."),
    ("values", "Machines whose newest values come along, separated by commas; `*` for all."),
];
const SEARCH: &[(&str, &str)] = &[
    ("q", "Words, numbers, the last digits of one, or field:value; up to 200 characters and 16 words."),
    ("kind", "Only this kind of record, such as lot or work-orders."),
    ("limit", "Hits, 20 unless given, at most 100."),
];
const KPI: &[(&str, &str)] = &[
    ("by", "Told apart by total, work_center, line, department, work_order, product, shift, day, hour or employee."),
    ("from", "From this moment or day; the last 7 full days where absent."),
    ("to", "Up to this moment, or to the beginning of this day; now where absent."),
    ("work_center_id", "Only this work center."),
    ("line_id", "Only this line."),
    ("department", "Only lines of this type, number or name."),
    ("work_order_id", "Only this order."),
    ("product_id", "Only this product."),
    ("shift_id", "Only this shift."),
    ("employee_id", "Only this person; for indicators of labor."),
];
const WRITE_LINES: &[(&str, &str)] = &[
    ("precision", "Unit of the timestamps: ns unless given, us, ms, s, m or h."),
    ("history", "true: times may lie as far back as they like."),
    ("bucket", "Not used: there is one place for samples."),
    ("org", "Not used."),
];
const WRITE_LINES_1: &[(&str, &str)] = &[
    ("precision", "Unit of the timestamps: n unless given, u, ms, s, m or h."),
    ("history", "true: times may lie as far back as they like."),
    ("u", "Not used: the token says who it is."),
    ("p", "The token."),
    ("db", "Not used: there is one place for samples."),
    ("rp", "Not used."),
];
const SAMPLES: &[(&str, &str)] = &[("history", "true: times may lie as far back as they like.")];
const SERIES: &[(&str, &str)] = &[("machine", "Only this machine."), ("metric", "Only these metrics, with commas between.")];
const LAST: &[(&str, &str)] = &[("machine", "Only this machine.")];
const SAMPLES_READ: &[(&str, &str)] = &[
    ("machine", "Only this machine; all where absent."),
    ("metric", "Only these metrics, with commas between; all where absent."),
    ("from", "From this moment or day; a day before `to` where absent."),
    ("to", "Until before this moment or the beginning of this day; now where absent."),
    ("step", "Whole minutes, hours or days, such as 15m, 1h or 1d; the samples themselves where absent."),
    ("agg", "Figures of a step: some of avg, min, max, count, sum, last, states."),
    ("limit", "Samples, 100000 unless given, at most 1000000."),
];
const TRIAL: &[BodyField] = &[
    ("protocol", "string", true, "mqtt, sparkplug, mtconnect, shdr or opcua."),
    ("settings", "string", true, "As TOML."),
    ("secret", "string", false, "The password, where there is one."),
    ("seconds", "integer", false, "How long to listen, 5 unless given, at most 20."),
];
const TIMELINE: &[(&str, &str)] =
    &[("from", "From this moment or day; a day before `to` where absent."), ("to", "Until before this moment or the beginning of this day; now where absent.")];
const MAKE_PLAN: FixedBody = FixedBody::Json(&[
    ("seconds", "integer", false, "How long it may get better, 10 unless given, at most 120."),
    ("keep", "boolean", false, "true: disturb the plan in force as little as may be."),
    ("seed", "integer", false, "Another seed searches elsewhere."),
]);
const WHAT_IF: FixedBody = FixedBody::Json(&[
    ("product_id", "string", true, "What would be made."),
    ("quantity", "integer", true, "How many."),
    ("due", "string", false, "By which day."),
    ("priority", "integer", false, "1 highest to 10 lowest; 5 unless given."),
]);
const PUBLISH: FixedBody = FixedBody::Json(&[("work_orders", "array", false, "Only these orders."), ("notes", "string", false, "Why.")]);
const SCHEDULE: &[(&str, &str)] = &[("from", "From this moment or day; a day ago where absent."), ("to", "Until before this moment or day; a week later where absent.")];
const CAPACITY: &[(&str, &str)] = &[("bucket", "week, of which six are shown, or day, of which fourteen."), ("plan", "By this draft; by the plan in force where absent.")];
const NEWEST: &[(&str, &str)] = &[("limit", "The newest, 100 unless given, at most 1000.")];
const IMPORT: &[(&str, &str)] = &[("dry_run", "true: only look, change nothing."), ("file_name", "Ends in .csv or .xlsx."), ("map", "A mapping as TOML text.")];
const ATTACH: &[(&str, &str)] = &[("subject", "The record's id, such as LOT-000001."), ("file_name", "The file's name."), ("note", "What it is.")];

macro_rules! fixed {
    ($method:ident $path:literal $id:literal $permit:expr, $query:expr, $body:expr, $handler:path, $summary:literal) => {
        Fixed {
            method: Method::$method,
            path: $path,
            id: $id,
            permit: $permit,
            summary: $summary,
            query: $query,
            body: $body,
            handler: |service, call| Box::pin($handler(service, call)),
        }
    };
}

static FIXED: &[Fixed] = &[
    fixed!(GET "/" "startPage" FixedPermit::Open, &[], FixedBody::None, ui::start, "The interface."),
    fixed!(GET "/assets/{file}" "asset" FixedPermit::Open, &[], FixedBody::None, ui::asset, "A part of the interface."),
    fixed!(GET "/trust" "trustPage" FixedPermit::Open, &[("lang", "en, de or es; as the browser asks where absent.")], FixedBody::None, trust::page, "How devices come to believe the plant's certificate."),
    fixed!(GET "/trust/{file}" "authority" FixedPermit::Open, &[], FixedBody::None, trust::file, "The certificate of the plant's own authority: ca.pem, or ca.crt in DER."),
    fixed!(GET "/healthz" "health" FixedPermit::Open, &[], FixedBody::None, reads::healthz, "The process lives."),
    fixed!(GET "/readyz" "readiness" FixedPermit::Open, &[], FixedBody::None, reads::readyz, "Commands are accepted; if not, why."),
    fixed!(GET "/metrics" "metrics" FixedPermit::Loopback, &[], FixedBody::None, reads::metrics, "Prometheus metrics; without a log-in from this machine only."),
    fixed!(GET "/api/openapi.json" "description" FixedPermit::Open, &[], FixedBody::None, docs_json, "This description."),
    fixed!(GET "/api/docs" "docs" FixedPermit::Open, &[], FixedBody::None, super::docs::page, "This documentation."),
    fixed!(GET "/api/docs/problems" "problems" FixedPermit::Open, &[], FixedBody::None, super::docs::problems, "The refusal codes."),
    fixed!(GET "/api/docs/{file}" "docsPart" FixedPermit::Open, &[], FixedBody::None, super::docs::part, "A part of the documentation."),
    fixed!(POST "/api/v1/session" "openSession" FixedPermit::Open, &[], LOGIN, sessions::open, "Logs in: sets the session cookie and answers its token."),
    fixed!(GET "/api/v1/session" "getSession" FixedPermit::Act("ReadSession"), &[], FixedBody::None, sessions::get, "Who is logged in."),
    fixed!(DELETE "/api/v1/session" "endSession" FixedPermit::Act("EndSession"), &[], FixedBody::None, sessions::end, "Logs out."),
    fixed!(POST "/api/v1/session/password" "changeOwnPassword" FixedPermit::Act("ChangeOwnPassword"), &[], OWN_PASSWORD, sessions::change_password, "Changes one's own password."),
    fixed!(GET "/api/v1/plant" "getPlant" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, reads::plant, "The plant at a glance."),
    fixed!(GET "/api/v1/floor" "getFloor" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, reads::floor, "What runs, what stands and why, by department; and the day so far."),
    fixed!(GET "/api/v1/search" "search" FixedPermit::Act("ReadFloor"), SEARCH, FixedBody::None, search::search, "Finds records by anything in them: exact numbers first, then parts of numbers, then words, misspelled too."),
    fixed!(GET "/api/v1/shifts/at" "shiftAt" FixedPermit::Act("ReadFloor"), &[("time", "A moment; now where absent.")], FixedBody::None, reads::shift_at, "The shift that is or was open at a moment."),
    fixed!(GET "/api/v1/work-orders/{id}/operations" "listOperationsOfWorkOrder" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, reads::operations_of_order, "The operations of an order in their sequence."),
    fixed!(GET "/api/v1/kpi" "listKpis" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, kpi::list, "The indicators: formula, unit, target band, groups."),
    fixed!(GET "/api/v1/kpi/{name}" "getKpi" FixedPermit::Act("ReadFloor"), KPI, FixedBody::None, kpi::get, "An indicator over a period, with the elements it is made of."),
    fixed!(GET "/api/v1/changes" "changes" FixedPermit::Act("ReadChanges"), FEED, FixedBody::None, reads::changes, "The change feed: journal entries in order."),
    fixed!(GET "/api/v1/events" "events" FixedPermit::Act("ReadEvents"), STREAM, FixedBody::None, events::stream, "What happens, as server-sent events; resumable by id."),
    fixed!(GET "/api/v1/verify" "verify" FixedPermit::Act("VerifyPlant"), &[("head", "SEQ:HASH that the journal must contain.")], FixedBody::None, reads::verify, "Proves chain, history, records, indexes and genealogy."),
    fixed!(POST "/api/v1/sql" "querySql" FixedPermit::Act(crate::query::ACT), &[], FixedBody::Json(SQL), sql::ask, "Answers one SQL statement over the published tables; reading only."),
    fixed!(POST "/api/v1/backup" "backup" FixedPermit::Act("BackUpPlant"), &[], FixedBody::None, files::backup, "A backup of the running plant, as a file."),
    fixed!(POST "/api/v1/lake" "makeLake" FixedPermit::Act("ExportLake"), &[], FixedBody::None, lake::make, "Writes every published table as Parquet, as of now; answers the manifest."),
    fixed!(GET "/api/v1/lake" "getLake" FixedPermit::Act("ExportLake"), &[], FixedBody::None, lake::get, "The manifest of the tables as they were last written: files, rows, hashes, columns."),
    fixed!(GET "/api/v1/lake/files/{*path}" "getLakeFile" FixedPermit::Act("ExportLake"), &[], FixedBody::None, lake::file, "A Parquet file that the manifest names."),
    fixed!(GET "/ping" "ping" FixedPermit::Open, &[], FixedBody::None, lines::ping, "For clients of InfluxDB: it answers."),
    fixed!(POST "/api/v2/write" "writeLines" FixedPermit::Act(WRITE_TELEMETRY), WRITE_LINES, FixedBody::Text, lines::write, "Takes samples in line protocol from clients of InfluxDB 2 and Telegraf; answers when they are on disk."),
    fixed!(POST "/write" "writeLinesOldClients" FixedPermit::Act(WRITE_TELEMETRY), WRITE_LINES_1, FixedBody::Text, lines::write, "The same for clients of InfluxDB 1."),
    fixed!(POST "/api/v1/telemetry" "writeSamples" FixedPermit::Act(WRITE_TELEMETRY), SAMPLES, FixedBody::Schema(crate::bodies::telemetry::samples_schema), telemetry::write, "Takes samples of machines; answers when they are on disk."),
    fixed!(GET "/api/v1/telemetry/series" "listSeries" FixedPermit::Act("ReadFloor"), SERIES, FixedBody::None, telemetry::series, "What is told by which machine."),
    fixed!(GET "/api/v1/telemetry/last" "lastSamples" FixedPermit::Act("ReadFloor"), LAST, FixedBody::None, telemetry::last, "The newest value of every series."),
    fixed!(GET "/api/v1/telemetry/query" "querySamples" FixedPermit::Act("ReadFloor"), SAMPLES_READ, FixedBody::None, telemetry::query, "Samples of a time, or what they come to by steps, as JSON, CSV, an Arrow stream or Parquet, by Accept."),
    fixed!(GET "/api/v1/telemetry/gaps" "telemetryGaps" FixedPermit::Act("ReadFloor"), NEWEST, FixedBody::None, telemetry::gaps, "Samples known to be lost, newest first."),
    fixed!(GET "/api/v1/connector-states" "connectorStates" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, connectors::states, "How every connection to machines stands: connected or why not, when the last message came, what was refused."),
    fixed!(POST "/api/v1/connector-trials" "tryConnector" FixedPermit::Act("CreateConnector"), &[], FixedBody::Json(TRIAL), connectors::trial, "Connects for some seconds and answers what would be kept; nothing is."),
    fixed!(POST "/api/v1/plans" "makePlan" FixedPermit::Act("MakePlan"), &[], MAKE_PLAN, plans::make, "Makes a draft of a plan: feasible at once, better by the second."),
    fixed!(GET "/api/v1/plans" "listPlans" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, plans::list, "The newest drafts."),
    fixed!(POST "/api/v1/plans/what-if" "whatIf" FixedPermit::Act("MakePlan"), &[], WHAT_IF, plans::what_if, "Can you do it, by when: an order more, put into the plan in force, and what it would displace."),
    fixed!(GET "/api/v1/plans/{id}" "getPlan" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, plans::get, "A draft: how far it is, and what it comes to."),
    fixed!(POST "/api/v1/plans/{id}/stop" "stopPlan" FixedPermit::Act("MakePlan"), &[], FixedBody::Json(&[]), plans::stop, "Good enough: the draft stays as it is."),
    fixed!(GET "/api/v1/plans/{id}/diff" "planDifference" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, plans::difference, "What a draft moves, and which promises it keeps, saves and breaks."),
    fixed!(GET "/api/v1/plans/{id}/slots" "planSlots" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, plans::slots, "Where and when every operation runs by a draft."),
    fixed!(GET "/api/v1/plans/{id}/explain/{order}" "explainPlan" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, plans::explain, "Why an order ends when it does by a draft: its decisive chain, stretch by stretch."),
    fixed!(POST "/api/v1/plans/{id}/publish" "publishDraft" FixedPermit::Act("PublishPlan"), &[], PUBLISH, plans::publish, "Makes a draft the plan in force, all of it or some orders."),
    fixed!(GET "/api/v1/schedule" "getSchedule" FixedPermit::Act("ReadFloor"), SCHEDULE, FixedBody::None, plans::schedule, "The slots of the plan in force that lie in a time, with names."),
    fixed!(GET "/api/v1/work-centers/{id}/dispatch" "dispatchList" FixedPermit::Act("ReadFloor"), &[("limit", "Operations, 50 unless given.")], FixedBody::None, plans::dispatch, "The work of a work center: what runs, then what comes."),
    fixed!(GET "/api/v1/capacity" "capacity" FixedPermit::Act("ReadFloor"), CAPACITY, FixedBody::None, plans::capacity, "Load against open minutes of every work center."),
    fixed!(GET "/api/v1/machine-states" "machineStates" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, machines::states, "What every machine does now, as its control tells it."),
    fixed!(GET "/api/v1/machines/{id}/state" "machineState" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, machines::state, "What a machine does now, as its control tells it; the signals it is taken from, and where its counter stands."),
    fixed!(GET "/api/v1/machines/{id}/timeline" "machineTimeline" FixedPermit::Act("ReadFloor"), TIMELINE, FixedBody::None, machines::timeline, "What a machine did, in intervals, with the time of each state."),
    fixed!(GET "/api/v1/telemetry/quarantine" "telemetryQuarantine" FixedPermit::Act("ReadFloor"), NEWEST, FixedBody::None, telemetry::quarantine, "What came and could not be taken, newest first."),
    fixed!(POST "/api/v1/imports/{kind}" "import" FixedPermit::Act("ImportMaster"), IMPORT, FixedBody::File, imports::import, "Brings in a CSV or XLSX file: operation-log, or the plural of a noun."),
    fixed!(POST "/api/v1/attachments" "addAttachment" FixedPermit::Act("AddAttachment"), ATTACH, FixedBody::File, files::attach, "Attaches a file to a record."),
    fixed!(GET "/api/v1/attachments/{id}/content" "getAttachmentContent" FixedPermit::Act("ReadFile"), &[], FixedBody::None, files::content, "The bytes of an attachment."),
];

async fn docs_json(service: Arc<Service>, _call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::json(200, service.description.clone()))
}

/// All operations, in the order of the documentation.
pub fn operations() -> Vec<Operation> {
    let mut all: Vec<Operation> = FIXED.iter().map(of_fixed).collect();
    for noun in Noun::ALL.iter().copied().filter(|noun| noun.class() == Class::Public) {
        all.extend(of_noun(noun));
    }
    all.extend(ACTS.iter().map(of_act));
    all
}

fn of_fixed(fixed: &'static Fixed) -> Operation {
    let permit = match fixed.permit {
        FixedPermit::Open => Permit::Open,
        FixedPermit::Loopback => Permit::Loopback,
        FixedPermit::Act(act) => Permit::Act(act.to_owned()),
    };
    Operation {
        method: fixed.method.clone(),
        path: fixed.path.to_owned(),
        id: fixed.id.to_owned(),
        permit,
        summary: fixed.summary.to_owned(),
        tag: tag_of(fixed.path),
        does: Does::Fixed(fixed),
    }
}

/// The first word after `/api/v1/`.
fn tag_of(path: &str) -> String {
    path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()).unwrap_or("service").to_owned()
}

fn of_noun(noun: Noun) -> Vec<Operation> {
    let (base, one) = (format!("/api/v1/{}", noun.kebab()), format!("/api/v1/{}/{{id}}", noun.kebab()));
    let make = |method: Method, path: String, id: String, act: &str, summary: String, does: Does| Operation {
        method,
        path,
        id,
        permit: Permit::Act(act.to_owned()),
        summary,
        tag: noun.kebab(),
        does,
    };
    let (name, words) = (format!("{noun:?}"), noun.plural().replace('_', " "));
    let read = read_act(noun);
    let mut all = vec![
        make(Method::GET, base.clone(), format!("list{name}"), read, format!("A page of the {words}."), Does::List(noun)),
        make(Method::GET, one.clone(), format!("get{name}"), read, format!("One of the {words}."), Does::Get(noun)),
        make(
            Method::GET,
            format!("{one}/history"),
            format!("history{name}"),
            "ReadHistory",
            "Who changed it, when, what before, what after, why; newest first.".to_owned(),
            Does::History(noun),
        ),
    ];
    if Node::KINDS.contains(&noun) {
        all.push(make(Method::GET, format!("{one}/trace"), format!("trace{name}"), "ReadTrace", "Where it came from and what it became.".to_owned(), Does::Trace(noun)));
        all.push(make(
            Method::GET,
            format!("{one}/trace/nodes"),
            format!("traceNodes{name}"),
            "ReadTrace",
            "All nodes of a trace, page by page.".to_owned(),
            Does::TraceNodes(noun),
        ));
    }
    if Noun::MADE_BY_PEOPLE.contains(&noun) {
        all.push(make(Method::POST, base, format!("create{name}"), &create_name(noun), format!("Makes one of the {words}."), Does::Create(noun)));
    }
    if TABLE.iter().any(|(act, _)| *act == update_name(noun)) && noun.class() == Class::Public {
        all.push(make(Method::PATCH, one, format!("update{name}"), &update_name(noun), format!("Changes one of the {words}."), Does::Update(noun)));
    }
    all
}

fn of_act(act: &'static ActRoute) -> Operation {
    let mut id = act.command.to_owned();
    id[..1].make_ascii_lowercase();
    let path = format!("/api/v1/{}", act.path);
    Operation {
        method: Method::POST,
        tag: tag_of(&path),
        path,
        id,
        permit: Permit::Act(act.command.to_owned()),
        summary: payload_doc(act.command).trim().to_owned(),
        does: Does::Act(act),
    }
}
