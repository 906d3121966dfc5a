// What the plan in force and a draft are as bars: when, on which lane, and whether that is too late. Nothing is asked or drawn here.
import type { DraftSlot, OrderEffect, PlanFigures, Placed, ScheduleSlot, Stretch } from "../../api/answers";
import type { Span } from "../../canvas/timeline";

export type BarState = "done" | "running" | "planned";

export interface Bar extends Span {
  key: string;
  lane: string;
  state: BarState;
  order: string;
  number: string;
  product: string;
  sequence: number;
  operation: string;
  /** The moment after which it is late. */
  due: number | undefined;
  late: boolean;
  /** Where a draft takes it from. */
  origin?: Span & { lane: string };
  /** A draft puts it where nothing was. */
  moved: boolean;
  /** Planning leaves it where it is. */
  pinned: boolean;
}

export const keyOf = (order: string, sequence: number | null) => `${order}/${sequence ?? 0}`;
const span = (it: Placed) => ({ from: Date.parse(it.planned_start_time), to: Date.parse(it.planned_end_time) });

/** Done and running bars stand where they really were; what runs longer than planned reaches to now. `endOf` is the end of a day of the plant. */
export function barsInForce(slots: ScheduleSlot[], now: number, endOf: (day: string) => number, pins: ReadonlySet<string> = new Set()): Bar[] {
  return slots.filter((it) => it.work_center_id && it.schedule_status !== "cancelled").map((it) => {
    const state = stateOf(it);
    const from = Date.parse(it.actual_start_time ?? it.planned_start_time);
    const planned = Date.parse(it.planned_end_time);
    const to = state === "done" && it.actual_end_time ? Date.parse(it.actual_end_time) : state === "running" ? Math.max(planned, now) : planned;
    const due = it.customer_due_date ? endOf(it.customer_due_date) : undefined;
    const late = state !== "done" && (planned < now || (due !== undefined && to > due));
    const key = keyOf(it.work_order_id, it.operation_sequence);
    return {
      key, lane: it.work_center_id!, state, from, to: Math.max(to, from), order: it.work_order_id, number: it.work_order_number ?? it.work_order_id,
      product: it.product, sequence: it.operation_sequence ?? 0, operation: it.operation_name ?? "", due, late, moved: false, pinned: state === "planned" && pins.has(key),
    };
  });
}

function stateOf(it: ScheduleSlot): BarState {
  if (it.actual_end_time || it.schedule_status === "completed") return "done";
  return it.actual_start_time || it.schedule_status === "in_progress" ? "running" : "planned";
}

/** A draft over the plan in force: what is done stays, all else stands where the draft wants it, and knows where it comes from. */
export function barsOfDraft(inForce: Bar[], slots: DraftSlot[], effects: OrderEffect[], pins: ReadonlySet<string> = new Set()): Bar[] {
  const known = new Map(inForce.map((it) => [it.key, it]));
  const origins = new Map(effects.flatMap((it) => it.moves.map((move) => [keyOf(it.work_order_id, move.operation_sequence), move.from] as const)));
  const drafted = slots.map((it): Bar => {
    const key = keyOf(it.work_order_id, it.operation_sequence);
    const before = known.get(key);
    const origin = origins.get(key);
    return {
      key, lane: it.work_center_id, state: it.is_running ? "running" : "planned", ...span(it), order: it.work_order_id, number: before?.number ?? it.work_order_id, product: before?.product ?? it.product,
      sequence: it.operation_sequence, operation: it.operation_name, due: it.due ? Date.parse(it.due) : undefined, late: it.is_late, moved: origins.has(key), pinned: !it.is_running && pins.has(key),
      ...(origin ? { origin: { lane: origin.work_center_id, ...span(origin) } } : {}),
    };
  });
  return [...inForce.filter((it) => it.state === "done"), ...drafted];
}

/** Late orders and minutes late of the plan in force, from what a draft comes to and what it changes. Orders that were in no plan count for neither. */
export function before(figures: PlanFigures, effects: OrderEffect[]): { orders: number; minutes: number } {
  let { late_orders: orders, late_minutes: minutes } = figures;
  for (const { due, ends_before, late_minutes } of effects) {
    const was = due && ends_before ? Math.max(0, Date.parse(ends_before) - Date.parse(due)) / 60_000 : 0;
    orders += Number(was > 0) - Number(late_minutes > 0);
    minutes += Math.floor(was) - late_minutes;
  }
  return { orders, minutes };
}

/** Stretches that say the same one after the other, as one; those of no length say nothing. */
export function joined(stretches: Stretch[]): Stretch[] {
  const told: Stretch[] = [];
  for (const part of stretches.filter((it) => it.minutes > 0)) {
    const last = told.at(-1);
    const isSame = last && last.to === part.from && last.reason === part.reason && last.operation_sequence === part.operation_sequence && last.behind_work_order_id === part.behind_work_order_id;
    if (isSame) told[told.length - 1] = { ...last, to: part.to, minutes: last.minutes + part.minutes };
    else told.push(part);
  }
  return told;
}
