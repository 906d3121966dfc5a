// What on the floor needs a person now, loudest first: the plant stands, what was done is not booked, then material is held, then work waits.
import type { Center, Floor } from "../../api/answers";
import type { Row } from "../../api/client";
import type { Tone } from "../../parts/tones";

export interface Need {
  id: string;
  tone: Tone;
  /** A center with its stop or its lonely job, lots that are held for one reason, an order, or a number of orders. */
  center?: Center;
  lots?: Row<"Lot">[];
  order?: Row<"WorkOrder">;
  late?: number;
  /** What was done on the floor and would not be taken. */
  refused?: Row<"RefusedAct">;
  /** Since when, where it is known. */
  since: string | null;
}

/** A job that nobody is at is forgotten after this. */
const FORGOTTEN_AFTER = 30 * 60_000;

export function needs(floor: Floor, lots: Row<"Lot">[], orders: Row<"WorkOrder">[], late: number, refused: Row<"RefusedAct">[] = []): Need[] {
  const centers = floor.departments.flatMap((it) => it.work_centers);
  const now = Date.parse(floor.plant_time);
  const down = centers.filter((it) => it.state === "down").sort(bySince);
  const lonely = centers.filter((it) => it.state === "waiting" && it.since && now - Date.parse(it.since) > FORGOTTEN_AFTER).sort(bySince);
  return [
    ...down.map((center): Need => ({ id: center.work_center_id, tone: "down", center, since: center.since })),
    ...refused.map((it): Need => ({ id: it.refused_act_id, tone: "waiting", refused: it, since: it.done_at })),
    ...orders.map((order): Need => ({ id: order.work_order_id, tone: "hold", order, since: order.updated_at })),
    ...byReason(lots).map((lots): Need => ({ id: lots[0]!.lot_id, tone: "hold", lots, since: lots[0]!.updated_at })),
    ...lonely.map((center): Need => ({ id: center.work_center_id, tone: "waiting", center, since: center.since })),
    ...(late ? [{ id: "late", tone: "waiting" as const, late, since: null }] : []),
  ];
}

/** A withdrawn certificate holds many lots at once; somebody decides on them once. The oldest of each stands for the others. */
function byReason(lots: Row<"Lot">[]): Row<"Lot">[][] {
  const groups = new Map<string, Row<"Lot">[]>();
  for (const lot of lots) {
    const reason = lot.hold_reason ?? lot.lot_id;
    groups.set(reason, [...(groups.get(reason) ?? []), lot]);
  }
  return [...groups.values()];
}

const bySince = (one: Center, other: Center) => (one.since ?? "").localeCompare(other.since ?? "");
