//! The table of operations: every address, what it does, who may. Routes, permissions and the API
//! description are made from it; what is not here is not served.

use std::pin::Pin;
use std::sync::Arc;

use axum::http::Method;

use super::call::{Call, WRITE_TELEMETRY};
use super::reply::Reply;
use super::{
    Service, acts, backups, connectors, drafts, events, files, health, imports, kpi, lake, lines, machines, plans, reads, reports, search, sessions, sql, stock, telemetry,
    terminals, trust, ui,
};
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
    on(WO, "work-orders/{id}/operations/{sequence}/pin", "PinOperation", "work_order_id"),
    on(WO, "work-orders/{id}/operations/{sequence}/unpin", "UnpinOperation", "work_order_id"),
    on(Noun::OperationReport, "operation-reports/{id}/reverse", "ReverseReport", "report_id"),
    plain("material-transactions", "RecordMaterialTransaction"),
    on(Noun::MaterialTransaction, "material-transactions/{id}/reverse", "ReverseMaterialTransaction", "transaction_id"),
    on(Noun::Lot, "lots/{id}/hold", "HoldLot", "lot_id"),
    plain("lot-holds", "HoldLots"),
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
    plain("terminals", "RegisterTerminal"),
    on(Noun::Terminal, "terminals/{id}/revoke", "RevokeTerminal", "terminal_id"),
    plain("badges", "IssueBadge"),
    on(Noun::Badge, "badges/{id}/pin", "SetPin", "badge_id"),
    on(Noun::Badge, "badges/{id}/revoke", "RevokeBadge", "badge_id"),
    plain("refused-acts", "KeepRefusedAct"),
    on(Noun::RefusedAct, "refused-acts/{id}/settle", "SettleRefusedAct", "refused_act_id"),
    plain("api-tokens", "CreateApiToken"),
    on(Noun::ApiToken, "api-tokens/{id}/revoke", "RevokeApiToken", "token_id"),
    plain("plant/clock", "SetPlantClock"),
    plain("production-schedule/publish", "PublishPlan"),
    plain("frozen-zones", "SetFrozenZone"),
];

const PLANT: FixedBody = FixedBody::Json(&[
    ("plant_name", "string", false, "What the plant is called."),
    ("silent_stop_minutes", "integer", false, "How long a machine may stand in the middle of a job before a stop is opened that wants its reason; 5 where not given, at most 240."),
]);
const LOGIN: FixedBody = FixedBody::Json(&[("user_name", "string", true, "The log-in's name."), ("password", "string", true, "Its password.")]);
const SQL: &[BodyField] = &[
    ("sql", "string", true, "One statement that gives rows: SELECT, WITH, EXPLAIN or SHOW."),
    ("as_of", "string", false, "An entry of the journal or a time: the answer is what the plant knew then."),
];
const OWN_PASSWORD: FixedBody = FixedBody::Json(&[("old_password", "string", true, "The password until now."), ("new_password", "string", true, "At least 10 characters.")]);
const OWN_PIN: FixedBody = FixedBody::Json(&[("old_pin", "string", true, "The PIN until now."), ("new_pin", "string", true, "4 to 8 digits.")]);
const TERMINAL_TOKEN: FixedBody = FixedBody::Json(&[("token", "string", true, "What POST /api/v1/terminals answered once.")]);
const BADGE: FixedBody = FixedBody::Json(&[
    ("badge_number", "string", false, "As a scanner reads it."),
    ("badge_id", "string", false, "Instead of the number: a badge from the terminal's list."),
    ("pin", "string", false, "Its PIN; where the terminal asks for none, a number alone is enough."),
]);
const DEMO_LOGIN: FixedBody = FixedBody::Json(&[("user_name", "string", true, "One of the demo's people.")]);
const SCAN: &[(&str, &str)] = &[
    ("code", "The code as it was read."),
    ("lot", "Of a GS1 code: the lot, AI 10."),
    ("serial", "Of a GS1 code: the serial number, AI 21."),
    ("sscc", "Of a GS1 code: the shipping container, AI 00."),
];
const FEED: &[(&str, &str)] = &[("after", "Entries after this sequence."), ("limit", "Entries looked at, at most 1000.")];
const JOURNAL: &[(&str, &str)] = &[
    ("actor", "A part of the name of who did it."),
    ("command", "A part of what was done, such as HoldLot or hold lot."),
    ("subject", "The record that it changed, by its id."),
    ("text", "A part of the reason, or of what was told."),
    ("from", "From this moment or day."),
    ("to", "Until before this moment, or the beginning of this day."),
    ("before", "Entries before this sequence; from the newest where absent."),
    ("limit", "Entries, 100 unless given, at most 1000."),
];
const STREAM: &[(&str, &str)] = &[
    ("after", "Resume after this sequence; the Last-Event-ID header does the same."),
    ("events", "Only events whose names begin with one of these, separated by commas."),
    ("values", "Machines whose newest values come along, separated by commas; `*` for all."),
    ("plans", "true: how the making of plans goes on comes along."),
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
const MOVE: FixedBody = FixedBody::Json(&[
    ("work_order_id", "string", true, "The order."),
    ("operation_sequence", "integer", true, "Its operation."),
    ("work_center_id", "string", false, "To this work center; where it is where absent."),
    ("planned_start_time", "string", false, "Beginning exactly then; as soon as may be where absent."),
    ("before", "object", false, "In front of this work_order_id and operation_sequence."),
    ("after", "object", false, "Behind this work_order_id and operation_sequence."),
    ("publish", "boolean", false, "true: what it moves is the plan in force at once."),
    ("dry_run", "boolean", false, "true: only what would become of it, as in the address."),
]);
const BRANCH: FixedBody = FixedBody::Json(&[("name", "string", false, "What it is called.")]);
const ADHERENCE: &[(&str, &str)] = &[("from", "The first day; a week before the last where absent."), ("to", "The last day; today where absent. 62 days at most.")];
const PUBLISH: FixedBody = FixedBody::Json(&[("work_orders", "array", false, "Only these orders."), ("notes", "string", false, "Why.")]);
const SCHEDULE: &[(&str, &str)] = &[("from", "From this moment or day; a day ago where absent."), ("to", "Until before this moment or day; a week later where absent."), AS_OF];
const CAPACITY: &[(&str, &str)] = &[("bucket", "week, of which six are shown, or day, of which fourteen."), ("plan", "By this draft; by the plan in force where absent.")];
/// What records and the plan in force may be asked for beside all else.
pub(super) const THEN: &[(&str, &str)] = &[AS_OF];
const AS_OF: (&str, &str) = ("as_of", "An entry of the journal or a time: the answer is what the plant knew then.");
const NEWEST: &[(&str, &str)] = &[("limit", "The newest, 100 unless given, at most 1000.")];
const REPORT_PERIOD: &[(&str, &str)] = &[
    ("from", "From this moment or day; the last 7 full days where absent."),
    ("to", "Up to this moment, or to the beginning of this day; now where absent."),
    ("format", "json, csv, xlsx or pdf; else by Accept."),
];
const SHIFT_REPORT: &[(&str, &str)] = &[
    ("shift_id", "Its id or code; the shift that is open, else the last, where absent."),
    ("day", "The day it opened."),
    ("department", "Only lines of this type, number or name."),
    ("format", "json, csv, xlsx or pdf; else by Accept."),
];
const DOCUMENT: &[(&str, &str)] = &[("format", "pdf, json, csv or xlsx; else by Accept, else pdf.")];
const BADGES: &[(&str, &str)] =
    &[("employees", "Codes or ids with commas between; all who are active where absent."), ("format", "pdf, json, csv or xlsx; else by Accept, else pdf.")];
const LABEL: &[(&str, &str)] = &[("format", "zpl, pdf or svg; pdf unless given."), ("copies", "1 unless given, at most 200.")];
const PRINT: FixedBody = FixedBody::Json(&[
    ("subject", "string", true, "Number or id of a lot, an order or a shipment."),
    ("printer", "string", false, "Code of a connector with the protocol zpl; the only one where absent."),
    ("copies", "integer", false, "1 unless given, at most 200."),
]);
const IMPORT: &[(&str, &str)] = &[("dry_run", "true: only look, change nothing."), ("file_name", "Ends in .csv or .xlsx."), ("map", "A mapping as TOML text.")];
const CONTENT: &[(&str, &str)] = &[("inline", "true: to be shown by the browser, where it is a picture, a PDF or plain text.")];
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
    fixed!(GET "/sw.js" "serviceWorker" FixedPermit::Open, &[], FixedBody::None, ui::worker, "What keeps the interface on a device for the time without a network."),
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
    fixed!(POST "/api/v1/session/pin" "changeOwnPin" FixedPermit::Act("ChangeOwnPin"), &[], OWN_PIN, terminals::change_pin, "Changes the PIN of one's own badge."),
    fixed!(POST "/api/v1/session/demo" "openDemoSession" FixedPermit::Open, &[], DEMO_LOGIN, terminals::demo_session, "Logs in as one of a demo's people; a real plant has none."),
    fixed!(GET "/api/v1/door" "door" FixedPermit::Open, &[], FixedBody::None, terminals::door, "What the log-in page shows: the people of a demo; at a terminal whoever has a badge, and who is signed on."),
    fixed!(GET "/api/v1/address.svg" "addressCode" FixedPermit::Open, &[("scheme", "http unless given, or https.")], FixedBody::None, terminals::address_code, "This plant's address as a QR code."),
    fixed!(POST "/api/v1/terminal" "becomeTerminal" FixedPermit::Open, &[], TERMINAL_TOKEN, terminals::become_terminal, "Makes this device a terminal: keeps its token as a cookie."),
    fixed!(DELETE "/api/v1/terminal" "forgetTerminal" FixedPermit::Act("RegisterTerminal"), &[], FixedBody::None, terminals::forget_terminal, "Makes this device an ordinary one again."),
    fixed!(POST "/api/v1/terminals/{id}/badge" "signOn" FixedPermit::Open, &[], BADGE, terminals::sign_on, "Signs on by badge at this terminal; several people may be."),
    fixed!(GET "/api/v1/scan" "scan" FixedPermit::Act("ReadFloor"), SCAN, FixedBody::None, terminals::scan, "What a scanned code stands for: an order, an operation, a lot, a badge, a work center."),
    fixed!(GET "/api/v1/plant" "getPlant" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, reads::plant, "The plant at a glance."),
    fixed!(PATCH "/api/v1/plant" "updatePlant" FixedPermit::Act("UpdatePlant"), &[], PLANT, acts::update_plant, "Changes the plant's name, or what its machines' stops wait for."),
    fixed!(GET "/api/v1/health" "plantHealth" FixedPermit::Act("ReadHealth"), &[], FixedBody::None, health::health, "How the plant's server fares: disk, memory, and how far behind the journal each follower is."),
    fixed!(GET "/api/v1/stock" "getStock" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, stock::list, "What of each material is there, needed and coming; what is short first, when and for which order."),
    fixed!(GET "/api/v1/materials/{id}/stock" "getStockOfMaterial" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, stock::of_material, "The stock of a material, with the orders that need and bring it and the products it goes into."),
    fixed!(GET "/api/v1/floor" "getFloor" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, reads::floor, "What runs, what stands and why, by department; and the day so far."),
    fixed!(GET "/api/v1/search" "search" FixedPermit::Act("ReadFloor"), SEARCH, FixedBody::None, search::search, "Finds records by anything in them: exact numbers first, then parts of numbers, then words, misspelled too."),
    fixed!(GET "/api/v1/shifts/at" "shiftAt" FixedPermit::Act("ReadFloor"), &[("time", "A moment; now where absent.")], FixedBody::None, reads::shift_at, "The shift that is or was open at a moment."),
    fixed!(GET "/api/v1/work-orders/{id}/operations" "listOperationsOfWorkOrder" FixedPermit::Act("ReadFloor"), THEN, FixedBody::None, reads::operations_of_order, "The operations of an order in their sequence."),
    fixed!(GET "/api/v1/kpi" "listKpis" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, kpi::list, "The indicators: formula, unit, target band, groups."),
    fixed!(GET "/api/v1/kpi/{name}" "getKpi" FixedPermit::Act("ReadFloor"), KPI, FixedBody::None, kpi::get, "An indicator over a period, with the elements it is made of."),
    fixed!(GET "/api/v1/reports/success" "successReport" FixedPermit::Act("ReadFloor"), REPORT_PERIOD, FixedBody::None, reports::success, "The success metrics: figure, target, what it is made of, and how it was before."),
    fixed!(GET "/api/v1/reports/shift" "shiftReport" FixedPermit::Act("ReadPeople"), SHIFT_REPORT, FixedBody::None, reports::shift, "The hand-over of a shift: made against plan, stops, what runs and waits, holds, people, notes."),
    fixed!(GET "/api/v1/reports/badges" "badgeSheet" FixedPermit::Act("ReadPeople"), BADGES, FixedBody::None, reports::badges, "Badges to print, with the codes that terminals read."),
    fixed!(GET "/api/v1/work-orders/{id}/traveller" "traveller" FixedPermit::Act("ReadFloor"), DOCUMENT, FixedBody::None, reports::traveller, "What goes round the shop with an order: operations to scan, material, files."),
    fixed!(GET "/api/v1/lots/{id}/report" "lotReport" FixedPermit::Act("ReadTrace"), DOCUMENT, FixedBody::None, reports::lot, "What a lot is: totals, where from, where to, movements, findings."),
    fixed!(GET "/api/v1/lots/{id}/recall" "recallReport" FixedPermit::Act("ReadTrace"), DOCUMENT, FixedBody::None, reports::recall, "What a lot became: what is on site, what has left, to whom, and whether it balances."),
    fixed!(GET "/api/v1/electronic-batch-records/{id}/report" "batchRecordReport" FixedPermit::Act("ReadFloor"), DOCUMENT, FixedBody::None, reports::batch_record, "A batch record on paper, deviations first."),
    fixed!(GET "/api/v1/lots/{id}/label" "lotLabel" FixedPermit::Act("ReadFloor"), LABEL, FixedBody::None, reports::lot_label, "A lot's label; GS1 where its product has an article number."),
    fixed!(GET "/api/v1/work-orders/{id}/label" "orderLabel" FixedPermit::Act("ReadFloor"), LABEL, FixedBody::None, reports::order_label, "An order's label."),
    fixed!(GET "/api/v1/shipments/{id}/label" "shipmentLabel" FixedPermit::Act("ReadFloor"), LABEL, FixedBody::None, reports::shipment_label, "A shipment's label."),
    fixed!(POST "/api/v1/labels/print" "printLabel" FixedPermit::Act("PrintLabel"), &[], PRINT, reports::print, "Sends a label to a printer; sent is not yet printed."),
    fixed!(GET "/api/v1/changes" "changes" FixedPermit::Act("ReadChanges"), FEED, FixedBody::None, reads::changes, "The change feed: journal entries in order."),
    fixed!(GET "/api/v1/journal" "journal" FixedPermit::Act("ReadChanges"), JOURNAL, FixedBody::None, reads::journal, "The journal from the newest entry back, for who did what; go on before `looked_from`."),
    fixed!(GET "/api/v1/events" "events" FixedPermit::Act("ReadEvents"), STREAM, FixedBody::None, events::stream, "What happens, as server-sent events; resumable by id."),
    fixed!(GET "/api/v1/verify" "verify" FixedPermit::Act("VerifyPlant"), &[("head", "SEQ:HASH that the journal must contain.")], FixedBody::None, reads::verify, "Proves chain, history, records, indexes and genealogy."),
    fixed!(GET "/api/v1/verify/progress" "verifyProgress" FixedPermit::Act("VerifyPlant"), &[], FixedBody::None, reads::verify_progress, "How far the proof that runs has come."),
    fixed!(POST "/api/v1/sql" "querySql" FixedPermit::Act(crate::query::ACT), &[], FixedBody::Json(SQL), sql::ask, "Answers one SQL statement over the published tables; reading only."),
    fixed!(POST "/api/v1/backup" "backup" FixedPermit::Act("BackUpPlant"), &[], FixedBody::None, files::backup, "A backup of the running plant, as a file."),
    fixed!(GET "/api/v1/backups" "listBackups" FixedPermit::Act("BackUpPlant"), &[], FixedBody::None, backups::list, "The backups that are kept in the plant's data folder, the newest first."),
    fixed!(POST "/api/v1/backups" "keepBackup" FixedPermit::Act("BackUpPlant"), &[], FixedBody::None, backups::make, "Makes a backup in the plant's data folder; the oldest of more than ten makes room."),
    fixed!(GET "/api/v1/backups/{name}" "proveBackup" FixedPermit::Act("BackUpPlant"), &[], FixedBody::None, backups::prove, "Reads a kept backup through, proves its digest, and says what it holds."),
    fixed!(GET "/api/v1/backups/{name}/content" "getBackup" FixedPermit::Act("BackUpPlant"), &[], FixedBody::None, backups::content, "A kept backup, as a file."),
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
    fixed!(GET "/api/v1/plans/adherence" "planAdherence" FixedPermit::Act("ReadFloor"), ADHERENCE, FixedBody::None, plans::adherence, "Whether plans came true, by day and by published plan: adherence, accuracy, orders on time."),
    fixed!(POST "/api/v1/plans/{id}/moves" "moveOperation" FixedPermit::Act("MakePlan"), &[("dry_run", "true: only what would become of it.")], MOVE, drafts::move_one, "Moves an operation of a draft by hand; of the plan in force (`in-force`) in a new draft. What it meets moves on."),
    fixed!(GET "/api/v1/plans/{id}/versions" "planVersions" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, drafts::versions, "The versions of a draft: every move makes one."),
    fixed!(POST "/api/v1/plans/{id}/versions/{version}" "goToPlanVersion" FixedPermit::Act("MakePlan"), &[], FixedBody::Json(&[]), drafts::go_to, "Goes to a version of a draft, back or forth."),
    fixed!(POST "/api/v1/plans/{id}/branch" "branchPlan" FixedPermit::Act("MakePlan"), &[], BRANCH, drafts::branch, "Copies a draft, or the plan in force (`in-force`), to try something else."),
    fixed!(GET "/api/v1/plans/{id}" "getPlan" FixedPermit::Act("ReadFloor"), &[], FixedBody::None, plans::get, "A draft: how far it is, and what it comes to."),
    fixed!(POST "/api/v1/plans/{id}/stop" "stopPlan" FixedPermit::Act("MakePlan"), &[], FixedBody::Json(&[]), plans::stop, "Good enough: the draft stays as it is."),
    fixed!(GET "/api/v1/plans/{id}/diff" "planDifference" FixedPermit::Act("ReadFloor"), &[("against", "Beside this draft; beside the plan in force where absent.")], FixedBody::None, plans::difference, "What a draft moves, and which promises it keeps, saves and breaks."),
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
    fixed!(GET "/api/v1/imports" "runningImports" FixedPermit::Act("ImportMaster"), &[], FixedBody::None, imports::running, "The imports that run now: whose, of which file, how many of its rows are done."),
    fixed!(POST "/api/v1/imports/{kind}" "import" FixedPermit::Act("ImportMaster"), IMPORT, FixedBody::File, imports::import, "Brings in a CSV or XLSX file: operation-log, or the plural of a noun."),
    fixed!(POST "/api/v1/attachments" "addAttachment" FixedPermit::Act("AddAttachment"), ATTACH, FixedBody::File, files::attach, "Attaches a file to a record."),
    fixed!(GET "/api/v1/attachments/{id}/content" "getAttachmentContent" FixedPermit::Act("ReadFile"), CONTENT, FixedBody::None, files::content, "The bytes of an attachment."),
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
