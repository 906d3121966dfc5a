// The station as it is when everything that waits to be saved is: what the server said last, with the acts of this device laid over it.
import type { Center, Job } from "../../api/answers";
import type { Row } from "../../api/client";
import type { Act, Waiting } from "./acts";

export interface Seen {
  center: Center | undefined;
  queue: Waiting[];
  operation: Row<"WorkOrderOperation"> | undefined;
}

export function overlay(seen: Seen, acts: Act[]): Seen {
  return acts.filter((it) => it.station === seen.center?.work_center_code && !it.refused).reduce(over, seen);
}

function over(seen: Seen, act: Act): Seen {
  const center = seen.center!;
  const job = center.job;
  const set = (change: Partial<Center>): Seen => ({ ...seen, center: { ...center, ...change } });
  switch (act.kind) {
    case "count":
      if (job?.work_order_id !== act.order || job.operation_sequence !== act.sequence) return seen;
      return set({ job: { ...job, good_quantity: job.good_quantity + act.good, bad_quantity: job.bad_quantity + act.scrapped } });
    case "start": {
      // The server may have begun it already, and only the answer was lost.
      if (job?.operation_id === act.waiting.operation.operation_id) return seen;
      const rest = seen.queue.filter((it) => it.operation.operation_id !== act.waiting.operation.operation_id);
      return { ...set({ job: jobOf(act.waiting), state: "running", since: act.at, people: Math.max(1, act.employees.length) }), queue: rest, operation: act.waiting.operation };
    }
    case "join":
      return set({ people: Math.max(center.people, act.employees.length), state: center.stop ? center.state : "running" });
    case "pause":
      return set({ people: 0, state: center.stop ? center.state : "waiting" });
    case "leave": {
      const people = Math.max(0, center.people - 1);
      return set({ people, state: people || center.stop || !job ? center.state : "waiting" });
    }
    case "finish":
      return job?.work_order_id === act.order && job.operation_sequence === act.sequence ? { ...set({ job: null, people: 0, state: "idle", since: act.at }), operation: undefined } : seen;
    case "stop":
      return set({ state: "down", stop: center.stop ?? { downtime_id: "", downtime_category: act.reason.category, downtime_reason_code: act.reason.code ?? null, downtime_reason_description: act.reason.says ?? null, downtime_start: act.at, status: "open", responded_by: null } });
    case "runs":
      return center.stop && center.stop.downtime_id === act.downtime ? set({ stop: null, state: job ? (center.people ? "running" : "waiting") : "idle" }) : seen;
    default:
      return seen;
  }
}

const jobOf = ({ operation, order }: Waiting): Job => ({
  work_order_id: order.work_order_id, work_order_number: order.work_order_number, product_id: "", product_name: order.product_id, operation_id: operation.operation_id,
  operation_sequence: operation.operation_sequence, operation_name: operation.operation_name, good_quantity: operation.completed_quantity,
  bad_quantity: operation.scrapped_quantity + operation.rejected_quantity, planned_quantity: operation.planned_quantity, planned_end_time: operation.planned_end_time,
});
