// Where a record is shown, by the prefix of its id.
import { link } from "../state/address";

const TRACED = ["SHP", "SUP", "CUST"];
const KINDS: Record<string, string> = {
  ATT: "attachments", BOM: "bills-of-material", CAL: "calendar-exceptions", CHG: "changeover-events", CONN: "connectors", CPM: "customer-product-mapping", CUST: "customers", DAY: "journal-days",
  DEF: "defects", DT: "downtime-events", EBR: "electronic-batch-records", EMP: "employees", FAC: "factories", INSP: "quality-inspections", LAB: "labor-transactions", LINE: "production-lines",
  BDG: "badges", LOT: "lots", LPM: "line-product-mapping", MACH: "machines", MAT: "material-transactions", MATL: "materials", OP: "work-order-operations", PROD: "products", REF: "refused-acts", REP: "operation-reports",
  RPS: "report-schedules", RTG: "routings", SCH: "production-schedule", SENS: "sensors", SHIFT: "shifts", SHP: "shipments", SUP: "suppliers", TERM: "terminals", TOK: "api-tokens", USR: "users", WC: "work-centers", WO: "work-orders", XRC: "expected-receipts",
};

const prefix = (id: string) => id.slice(0, id.lastIndexOf("-"));

/** The plural in the API's addresses, where the prefix tells it. */
export const pluralOf = (id: string): string | undefined => KINDS[prefix(id)];

export function placeOf(id: string): string {
  const known = prefix(id);
  if (known === "LOT" || TRACED.includes(known)) return link("lots", id);
  if (known === "WO") return link("orders", id);
  if (known === "MATL") return link("materials", id);
  if (known === "MACH") return link("machines", id);
  return link("records", id);
}
