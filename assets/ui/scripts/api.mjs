// Makes src/api/schema.d.ts from the description that the binary prints: records that pages show, bodies that they send.
//
//   node scripts/api.mjs [--check] [BINARY]
//
// With --check it writes nothing and fails where the file is not what it would write.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const RECORDS = [
  "ApiToken", "Attachment", "Badge", "BillOfMaterial", "CalendarException", "Connector", "Customer", "DowntimeEvent", "Employee", "ExpectedReceipt", "Factory", "JournalDay", "LaborTransaction", "Lot", "Machine", "Material",
  "MaterialTransaction", "OperationReport", "Problem", "Product", "ProductionLine", "RefusedAct", "Shift", "Shipment", "Supplier", "Terminal", "User", "WorkCenter", "WorkOrder", "WorkOrderOperation",
];
const SENT = [
  "openSession", "setPlantClock", "startDowntime", "respondDowntime", "changeDowntimeCause", "resolveDowntime", "createConnector", "updateConnector",
  "setConnectorSecret", "tryConnector", "holdLot", "releaseLot", "releaseWorkOrder", "startWorkOrder", "holdWorkOrder", "resumeWorkOrder", "startOperation",
  "reportOperation", "finishOperation", "clockIn", "clockOut", "createUser", "changeUser", "setPassword",
  "createApiToken", "revokeApiToken", "holdLots", "recordMaterialTransaction", "updatePlant", "createShift", "updateShift", "createCalendarException",
  "makePlan", "stopPlan", "publishDraft", "whatIf", "moveOperation", "goToPlanVersion", "branchPlan", "pinOperation", "unpinOperation", "setFrozenZone",
  "openDemoSession", "becomeTerminal", "signOn", "registerTerminal", "revokeTerminal", "issueBadge", "setPin", "revokeBadge", "changeOwnPin", "keepRefusedAct", "settleRefusedAct", "removeAttachment", "updateExpectedReceipt",
];

const arguments_ = process.argv.slice(2).filter((it) => it !== "--check");
const binary = arguments_[0] ?? new URL("../../../target/debug/millwright", import.meta.url).pathname;
const HEAD = "// Made by scripts/api.mjs from the API description; do not edit.\n";
const file = new URL("../src/api/schema.d.ts", import.meta.url);

const whole = JSON.parse(execFileSync(binary, ["openapi"], { maxBuffer: 1 << 26 }));
const made = HEAD + astToString(await openapiTS(JSON.stringify(part(whole)), { emptyObjectsUnknown: true }));
if (!process.argv.includes("--check")) writeFileSync(file, made);
else if (readFileSync(file, "utf8") !== made) {
  console.error("src/api/schema.d.ts is not what the binary describes: run `npm run api`");
  process.exit(1);
}


function part(whole) {
  const paths = {};
  for (const [path, item] of Object.entries(whole.paths)) {
    for (const [method, { operationId, requestBody }] of Object.entries(item)) {
      if (SENT.includes(operationId)) (paths[path] ??= {})[method] = { ...(requestBody ? { requestBody } : {}), responses: {} };
    }
  }
  const schemas = Object.fromEntries(RECORDS.map((name) => [name, whole.components.schemas[name]]));
  return { openapi: whole.openapi, info: { title: whole.info.title, version: whole.info.version }, paths, components: { schemas } };
}
