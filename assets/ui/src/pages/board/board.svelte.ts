// A department's board: what is ready, running, blocked and done today, from its operations and its floor.
import type { Center, Floor } from "../../api/answers";
import { list, read, type Row } from "../../api/client";

type Operation = Row<"WorkOrderOperation">;

export interface Card {
  operation: Operation;
  order: Row<"WorkOrder"> | undefined;
  /** Why it does not go on. */
  blocked?: { hold?: string | null; center?: Center };
}

export type Column = "ready" | "running" | "blocked" | "done";
export const COLUMNS: Column[] = ["ready", "running", "blocked", "done"];

/** Operations of a status that are read: a column with as many may have more. */
export const SHOWN = 40;

export async function board(line: string) {
  const floor = await read<Floor>("floor");
  const department = floor.departments.find((it) => it.line_id === line) ?? floor.departments[0];
  if (!department?.line_id) return { floor, department: undefined, cards: undefined };
  const of = (status: string, more = {}) => list<"WorkOrderOperation">("work-order-operations", { line_id: department.line_id!, status, limit: SHOWN, ...more });
  const [ready, running, held, done] = await Promise.all([
    of("ready", { sort: "planned_start_time" }), of("in_progress", { sort: "planned_end_time" }), of("on_hold"), of("completed", { "actual_end_time.gte": floor.day_began, sort: "-actual_end_time" }),
  ]);
  const orders = await ordersOf([...ready, ...running, ...held, ...done]);
  const centers = new Map(department.work_centers.map((it) => [it.work_center_id, it]));
  return { floor, department, cards: sorted(ready, running, held, done, orders, centers) };
}

/** Orders by id, each asked for once. */
async function ordersOf(operations: Operation[]): Promise<Map<string, Row<"WorkOrder">>> {
  const ids = [...new Set(operations.map((it) => it.work_order_id))];
  const found = await Promise.all(ids.map((id) => read<Row<"WorkOrder">>(`work-orders/${id}`)));
  return new Map(found.map((it) => [it.work_order_id, it]));
}

/** Begun work whose order is held or whose center stands is blocked, and so is what waits for such a center. */
export function sorted(ready: Operation[], running: Operation[], held: Operation[], done: Operation[], orders: Map<string, Row<"WorkOrder">>, centers: Map<string, Center>): Record<Column, Card[]> {
  const card = (operation: Operation): Card => {
    const order = orders.get(operation.work_order_id);
    const center = centers.get(operation.work_center_id ?? "");
    if (operation.status === "on_hold" || order?.status === "on_hold") return { operation, order, blocked: { hold: order?.hold_reason } };
    return center?.state === "down" ? { operation, order, blocked: { center } } : { operation, order };
  };
  const [waits, begun] = [ready.map(card), [...running, ...held].map(card)];
  return { ready: waits.filter((it) => !it.blocked), running: begun.filter((it) => !it.blocked), blocked: [...begun, ...waits].filter((it) => it.blocked), done: done.map((operation) => ({ operation, order: orders.get(operation.work_order_id) })) };
}
