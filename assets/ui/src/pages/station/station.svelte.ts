// What a station reads: its center from the floor, its queue, and whose hands are there. While the plant cannot be reached it is shown as it
// was last.
import type { Floor } from "../../api/answers";
import { list, read, type Row } from "../../api/client";
import { crew, unreachable } from "../../state/crew.svelte";
import { kept } from "../../state/shelf";
import { badge } from "./badge.svelte";
import type { Seen } from "./overlay";

const QUEUE = 6;

export const look = (code: string): Promise<Seen> => kept(`station ${code}`, () => ask(code), unreachable);

async function ask(code: string): Promise<Seen> {
  const floor = await read<Floor>("floor");
  const center = floor.departments.flatMap((it) => it.work_centers).find((it) => it.work_center_code === code);
  if (!center) return { center: undefined, queue: [], operation: undefined };
  const [ready, operation] = await Promise.all([
    list<"WorkOrderOperation">("work-order-operations", { work_center_id: center.work_center_id, status: "ready", sort: "planned_start_time", limit: QUEUE }),
    center.job ? read<Row<"WorkOrderOperation">>(`work-order-operations/${center.job.operation_id}`) : undefined,
  ]);
  const orders = await Promise.all(ready.map((it) => read<Row<"WorkOrder">>(`work-orders/${it.work_order_id}`)));
  return { center, operation, queue: ready.map((operation, at) => ({ operation, order: orders[at]! })) };
}

/** Who works here: everybody signed on, whoever acts now first; without a terminal the badge that was shown. */
export function hands(): string[] {
  if (!crew.terminal) return badge.code ? [badge.code] : [];
  const first = crew.current?.employee_id;
  return crew.on.map((it) => it.employee_id).sort((one, other) => Number(other === first) - Number(one === first));
}
