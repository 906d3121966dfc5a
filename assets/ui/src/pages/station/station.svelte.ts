// What a station reads and does: its center from the floor, its queue, and the acts of whoever stands there.
import type { Center, Floor } from "../../api/answers";
import { list, read, send, type Row } from "../../api/client";
import { badge } from "./badge.svelte";

const QUEUE = 6;

export interface Waiting {
  operation: Row<"WorkOrderOperation">;
  order: Row<"WorkOrder">;
}

export async function look(code: string) {
  const floor = await read<Floor>("floor");
  const center = floor.departments.flatMap((it) => it.work_centers).find((it) => it.work_center_code === code);
  if (!center) return { center: undefined, queue: [], operation: undefined };
  const [ready, operation] = await Promise.all([
    list<"WorkOrderOperation">("work-order-operations", { work_center_id: center.work_center_id, status: "ready", sort: "planned_start_time", limit: QUEUE }),
    center.job ? read<Row<"WorkOrderOperation">>(`work-order-operations/${center.job.operation_id}`) : undefined,
  ]);
  const orders = await Promise.all(ready.map((it) => read<Row<"WorkOrder">>(`work-orders/${it.work_order_id}`)));
  return { center, operation, queue: ready.map((operation, at): Waiting => ({ operation, order: orders[at]! })) };
}

const person = () => badge.code || null;

export async function begin({ operation, order }: Waiting, center: Center) {
  const at = { id: order.work_order_id, sequence: operation.operation_sequence };
  await send("post", "/api/v1/work-orders/{id}/operations/{sequence}/start", { employee_id: person(), machine_id: center.machine_id }, at);
  await clockIn(order.work_order_id, operation.operation_sequence, center.machine_id);
}

export async function goOn(center: Center) {
  if (center.job) await clockIn(center.job.work_order_id, center.job.operation_sequence, center.machine_id);
}

function clockIn(work_order_id: string, operation_sequence: number, machine_id: string | null) {
  return send("post", "/api/v1/labor-transactions/clock-in", { employee_id: badge.code, work_order_id, operation_sequence, machine_id, activity_type: "direct_labor" });
}

export async function pause(center: Center) {
  for (const id of center.labor_transaction_ids) {
    await send("post", "/api/v1/labor-transactions/{id}/clock-out", { break_time_minutes: 0, quantity_produced: 0, quantity_rejected: 0 }, { id });
  }
}

export async function finish(center: Center) {
  const job = center.job!;
  await send("post", "/api/v1/work-orders/{id}/operations/{sequence}/finish", {}, { id: job.work_order_id, sequence: job.operation_sequence });
  await pause(center);
}

export function stopped(center: Center, reason: { category: Row<"DowntimeEvent">["downtime_category"]; code?: string; says?: string }) {
  return send("post", "/api/v1/downtime-events", {
    work_center_id: center.work_center_id, machine_id: center.machine_id, downtime_category: reason.category, downtime_reason_code: reason.code, downtime_reason_description: reason.says,
    work_order_id: center.job?.work_order_id, operation_sequence: center.job?.operation_sequence,
  });
}
