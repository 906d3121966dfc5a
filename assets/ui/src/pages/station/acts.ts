// What can be done at a station, as data: it is written down before it is sent, so it says all that the server must be told. How each is
// sent stands beside it; a step that needs what only the server knows (whose time runs) asks for it then.
import type { Center, Floor } from "../../api/answers";
import { read, Refused, send, type Row } from "../../api/client";
import { shelf } from "../../state/shelf";
import type { Reason } from "../../stop/reasons";

interface Done {
  /** Its idempotency key, made here: a repeat of a lost answer is the same act. */
  key: string;
  /** The station's code. */
  station: string;
  center: string;
  machine: string | null;
  /** Plant time at which it was done. */
  at: string;
  /** At a terminal the user_id of whoever did it; else empty. */
  person: string;
  /** Elsewhere the user_name that must be logged in to send it; at a terminal empty. */
  owner: string;
}

interface OfOrder {
  order: string;
  sequence: number;
}

export type Doing =
  | ({ kind: "count"; good: number; scrapped: number; employee: string; serial?: string } & OfOrder)
  | ({ kind: "start"; employees: string[]; waiting: Waiting } & OfOrder)
  | ({ kind: "join"; employees: string[] } & OfOrder)
  | { kind: "pause" }
  | { kind: "leave"; employee: string }
  | ({ kind: "finish" } & OfOrder)
  | { kind: "stop"; reason: Reason; order?: string; sequence?: number }
  | { kind: "runs"; downtime: string }
  | ({ kind: "issue"; lot: string; quantity: number } & OfOrder);

export type Act = Done & Doing & {
  /** Nothing is added to it from then on, for a repeat must say the same. */
  sealed: boolean;
  /** Whether the server must be told when it was; decided when it is sent first, for a repeat must say the same. */
  late?: boolean;
  /** Milliseconds of the wall at which it was touched last. */
  touched: number;
  /** Why the server will not take it, until that is kept for a lead. */
  refused?: string;
};

/** An operation that waits at a station, with its order. */
export interface Waiting {
  operation: Row<"WorkOrderOperation">;
  order: Row<"WorkOrder">;
}

/** Open rows of time by station and employee. */
type Rows = Record<string, string>;
const ROWS = "rows";

/** The command by its name, for the lead who sees to a refused act. */
export const COMMANDS: Record<Act["kind"], string> = {
  count: "ReportOperation", start: "StartOperation", join: "ClockIn", pause: "ClockOut", leave: "ClockOut", finish: "FinishOperation", stop: "StartDowntime", runs: "ResolveDowntime", issue: "RecordMaterialTransaction",
};

export async function deliver(act: Act, person: string): Promise<void> {
  const when = act.late ? { occurred_at: act.at } : {};
  const at = "order" in act && act.order ? { id: act.order, sequence: act.sequence ?? 0 } : { id: "", sequence: 0 };
  switch (act.kind) {
    case "count": {
      const body = { good_quantity: act.good, rejected_quantity: 0, scrapped_quantity: act.scrapped, rework_quantity: 0, held_quantity: 0, employee_id: act.employee || null, ...when };
      await send("post", "/api/v1/work-orders/{id}/operations/{sequence}/report", body, at, act.key, person);
      return;
    }
    case "start":
      await send("post", "/api/v1/work-orders/{id}/operations/{sequence}/start", { employee_id: act.employees[0] ?? null, machine_id: act.machine, ...when }, at, act.key, person);
      return clockIn(act, act.employees, person);
    case "join":
      return clockIn(act, act.employees, person);
    case "pause":
      return clockOut(act, person);
    case "leave":
      return leave(act, act.employee, person);
    case "finish":
      await send("post", "/api/v1/work-orders/{id}/operations/{sequence}/finish", when, at, act.key, person);
      return clockOut(act, person);
    case "stop": {
      const { category, code, says } = act.reason;
      const body = { work_center_id: act.center, machine_id: act.machine, downtime_category: category, downtime_reason_code: code, downtime_reason_description: says, work_order_id: act.order, operation_sequence: act.sequence, ...when };
      await send("post", "/api/v1/downtime-events", body, {}, act.key, person);
      return;
    }
    case "runs": {
      const id = act.downtime || (await centerOf(act.station))?.stop?.downtime_id;
      if (id) await send("post", "/api/v1/downtime-events/{id}/resolve", when, { id }, act.key, person);
      return;
    }
    case "issue":
      await send("post", "/api/v1/material-transactions", { transaction_type: "issue", quantity: act.quantity, lot_number: act.lot, work_order_id: act.order, operation_sequence: act.sequence, is_remnant: false, requires_documentation: false, documentation_complete: false, ...when }, {}, act.key, person);
  }
}

async function clockIn(act: Act & OfOrder, employees: string[], person: string) {
  for (const employee_id of employees) {
    const body = { employee_id, work_order_id: act.order, operation_sequence: act.sequence, machine_id: act.machine, activity_type: "direct_labor" as const, ...(act.late ? { occurred_at: act.at } : {}) };
    // Whoever is on the clock already is where they should be.
    const made = await send("post", "/api/v1/labor-transactions/clock-in", body, {}, `${act.key}-${employee_id}`, person).catch(unless("illegal_state"));
    const row = (made as { labor_transaction_id: string } | undefined)?.labor_transaction_id;
    if (row) await shelf.change<Rows>(ROWS, (old) => ({ ...old, [`${act.station} ${employee_id}`]: row }));
  }
}

/** One person's time, where this device has begun it: whose the other rows are, an operator may not read. */
async function leave(act: Act, employee: string, person: string) {
  const id = (await shelf.get<Rows>(ROWS))?.[`${act.station} ${employee}`];
  const body = { break_time_minutes: 0, quantity_produced: 0, quantity_rejected: 0, ...(act.late ? { occurred_at: act.at } : {}) };
  if (id) await send("post", "/api/v1/labor-transactions/{id}/clock-out", body, { id }, act.key, person).catch(unless("illegal_state"));
}

/** Everybody whose time runs at the station; what an earlier try has ended is no longer among them. */
async function clockOut(act: Act, person: string) {
  for (const id of (await centerOf(act.station))?.labor_transaction_ids ?? []) {
    const body = { break_time_minutes: 0, quantity_produced: 0, quantity_rejected: 0, ...(act.late ? { occurred_at: act.at } : {}) };
    await send("post", "/api/v1/labor-transactions/{id}/clock-out", body, { id }, `${act.key}-${id}`, person).catch(unless("illegal_state"));
  }
}

const unless = (code: string) => (fault: unknown) => {
  if (!(fault instanceof Refused) || fault.code !== code) throw fault;
};

async function centerOf(station: string): Promise<Center | undefined> {
  const floor = await read<Floor>("floor");
  return floor.departments.flatMap((it) => it.work_centers).find((it) => it.work_center_code === station);
}
