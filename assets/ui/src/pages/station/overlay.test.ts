import { expect, test } from "vitest";
import type { Act, Doing, Waiting } from "./acts";
import { overlay, type Seen } from "./overlay";

const job = { work_order_id: "WO-1", work_order_number: "A1", operation_id: "OP-1", operation_sequence: 10, good_quantity: 4, bad_quantity: 0, planned_quantity: 9 };
const next = { order: { work_order_id: "WO-2", work_order_number: "A2", product_id: "Door" }, operation: { operation_id: "OP-2", operation_sequence: 20, planned_quantity: 5, completed_quantity: 0, scrapped_quantity: 0, rejected_quantity: 0 } } as unknown as Waiting;
const seen = { center: { work_center_code: "LASER", job, state: "running", people: 1, stop: null }, queue: [next], operation: undefined } as unknown as Seen;
const act = (doing: Doing, station = "LASER") => ({ ...doing, station, key: "k", at: "2026-11-22T10:00:00Z" }) as Act;

test("a morning without a network reads as it was done: count, finish, start the next, stop, run, pause", () => {
  const done = [
    act({ kind: "count", order: "WO-1", sequence: 10, employee: "", good: 5, scrapped: 1 }),
    act({ kind: "finish", order: "WO-1", sequence: 10 }),
    act({ kind: "start", order: "WO-2", sequence: 20, employees: ["EMP-1", "EMP-2"], waiting: next }),
    act({ kind: "count", order: "WO-2", sequence: 20, employee: "", good: 2, scrapped: 0 }),
    act({ kind: "leave", employee: "EMP-2" }),
    act({ kind: "stop", reason: { category: "breakdown" } }),
    act({ kind: "runs", downtime: "" }),
    act({ kind: "pause" }),
  ];
  const at = (count: number) => overlay(seen, done.slice(0, count));
  expect(at(1).center!.job).toMatchObject({ good_quantity: 9, bad_quantity: 1 });
  expect(at(2).center!.job).toBeNull();
  expect(at(3).center).toMatchObject({ state: "running", people: 2, job: { work_order_number: "A2", product_name: "Door" } });
  expect(at(3).queue).toEqual([]);
  expect(at(5).center).toMatchObject({ state: "running", people: 1 });
  expect(at(6).center).toMatchObject({ state: "down", job: { good_quantity: 2 } });
  expect(at(7).center).toMatchObject({ state: "running", stop: null });
  expect(at(8).center).toMatchObject({ state: "waiting", people: 0 });
});

test("another station's acts, and those that were refused, change nothing here", () => {
  const count = { kind: "count", order: "WO-1", sequence: 10, employee: "", good: 5, scrapped: 0 } as const;
  expect(overlay(seen, [act(count, "PUNCH"), { ...act(count), refused: "no" }])).toEqual(seen);
});

test("a start that the server has already is not done twice", () => {
  const begun = overlay(seen, [act({ kind: "start", order: "WO-2", sequence: 20, employees: [], waiting: next })]);
  expect(overlay(begun, [act({ kind: "start", order: "WO-2", sequence: 20, employees: [], waiting: next })])).toEqual(begun);
});
