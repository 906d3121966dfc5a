import { expect, test } from "vitest";
import type { DraftSlot, OrderEffect, PlanFigures, ScheduleSlot, Stretch } from "../../api/answers";
import { barsInForce, barsOfDraft, before, joined } from "./bars";

const at = (hour: number) => `2026-03-02T${String(hour).padStart(2, "0")}:00:00Z`;
const slot = (change: Partial<ScheduleSlot>): ScheduleSlot => ({
  schedule_id: "S", work_center_id: "W1", work_order_id: "WO-1", work_order_number: null, product: "Door", operation_sequence: 10, operation_name: "Cut", planned_start_time: at(8), planned_end_time: at(10),
  actual_start_time: null, actual_end_time: null, schedule_status: "planned", customer_due_date: null, ...change,
});
const endOf = (day: string) => Date.parse(`${day}T00:00:00Z`) + 86_400_000;
const now = Date.parse(at(9));

test("done work stands where it was, and what runs too long reaches to now", () => {
  const [done, running] = barsInForce([slot({ actual_start_time: at(6), actual_end_time: at(7), schedule_status: "completed" }), slot({ actual_start_time: at(5), planned_end_time: at(8), schedule_status: "in_progress" })], now, endOf);
  expect([done!.state, done!.from, done!.to, done!.late]).toEqual(["done", Date.parse(at(6)), Date.parse(at(7)), false]);
  expect([running!.state, running!.to, running!.late]).toEqual(["running", now, true]);
});

test("a slot is late after the end of its due day, not on it; a cancelled one is not drawn", () => {
  const bars = barsInForce([slot({ customer_due_date: "2026-03-02" }), slot({ customer_due_date: "2026-03-01" }), slot({ schedule_status: "cancelled" })], now, endOf);
  expect(bars.map((it) => it.late)).toEqual([false, true]);
});

const placed = (center: string, from: number) => ({ work_center_id: center, work_center_code: center, planned_start_time: at(from), planned_end_time: at(from + 1) });
const effect = (change: Partial<OrderEffect>): OrderEffect => ({ work_order_id: "WO-1", product: "P", due: at(12), ends_before: at(11), ends: at(11), late_minutes: 0, promise: "kept", moves: [], ...change });

test("a draft's bar knows its origin, keeps the names people know, and what is done stays", () => {
  const inForce = barsInForce([slot({}), slot({ work_order_id: "WO-2", schedule_status: "completed", actual_end_time: at(7), actual_start_time: at(6) })], now, endOf);
  const drafted: DraftSlot = { ...placed("W2", 14), work_order_id: "WO-1", operation_sequence: 10, operation_name: "Cut", product: "P-DOOR", due: null, is_late: false, is_running: false };
  const bars = barsOfDraft(inForce, [drafted], [effect({ moves: [{ operation_sequence: 10, operation_name: "Cut", from: placed("W1", 8), to: placed("W2", 14) }] })]);
  expect(bars.map((it) => [it.order, it.lane, it.moved, it.origin?.lane])).toEqual([["WO-2", "W1", false, undefined], ["WO-1", "W2", true, "W1"]]);
  expect(bars[1]!.product).toBe("Door");
});

test("what the plan in force came to follows from the draft and its changes", () => {
  const figures = { late_orders: 2, late_minutes: 90 } as PlanFigures;
  const saved = effect({ ends_before: at(13), promise: "saved" });
  const broken = effect({ ends_before: at(11), late_minutes: 60, promise: "broken" });
  expect(before(figures, [saved, broken])).toEqual({ orders: 2, minutes: 90 });
  expect(before(figures, [saved])).toEqual({ orders: 3, minutes: 150 });
  expect(before(figures, [effect({ ends_before: null, late_minutes: 30, promise: "late" })])).toEqual({ orders: 1, minutes: 60 });
});

test("a wait in pieces is told once, and one of no length not at all", () => {
  const part = (from: number, to: number, reason: Stretch["reason"]): Stretch => ({ operation_sequence: 10, operation_name: "Cut", work_center_code: "L1", from: at(from), to: at(to), minutes: 60 * (to - from), reason });
  const told = joined([part(6, 7, "people"), part(7, 9, "people"), part(9, 9, "setup"), part(9, 10, "work")]);
  expect(told.map((it) => [it.reason, it.minutes])).toEqual([["people", 180], ["work", 60]]);
});
