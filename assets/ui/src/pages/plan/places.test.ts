import { expect, test } from "vitest";
import type { MoveAnswer, Placed } from "../../api/answers";
import { stackLanes } from "../../canvas/timeline";
import type { Bar } from "./bars";
import { inTurn, isSame, nearest, outlines, snapped, stepped, turned } from "./places";

const MINUTE = 60_000;
const lanes = stackLanes([{ title: "Cut", lanes: [{ id: "a", title: "A" }, { id: "b", title: "B" }] }, { title: "Bend", lanes: [{ id: "c", title: "C" }] }]);
const bar = (key: string, lane: string, from: number, more: Partial<Bar> = {}): Bar => ({
  key, lane, from: from * MINUTE, to: (from + 30) * MINUTE, state: "planned", order: key, number: key, product: "", sequence: 10, operation: "", due: undefined, late: false, moved: false, pinned: false, ...more,
});
const placed = (lane: string, from: number, to: number): Placed => ({ work_center_id: lane, work_center_code: lane, planned_start_time: new Date(from * MINUTE).toISOString(), planned_end_time: new Date(to * MINUTE).toISOString() });

test("a bar stands at steps of five minutes", () => {
  expect(snapped(12.4 * MINUTE)).toBe(10 * MINUTE);
  expect(snapped(12.6 * MINUTE)).toBe(15 * MINUTE);
});

test("keys step in time, leap with Shift, and go from lane to lane over the titles", () => {
  const place = { lane: "b", from: 61 * MINUTE };
  expect(stepped(place, lanes, "ArrowRight", false)).toEqual({ lane: "b", from: 65 * MINUTE });
  expect(stepped(place, lanes, "ArrowLeft", true)).toEqual({ lane: "b", from: 0 });
  expect(stepped(place, lanes, "ArrowDown", false)?.lane).toBe("c");
  expect(stepped({ ...place, lane: "c" }, lanes, "ArrowDown", false)?.lane).toBe("c");
  expect(stepped({ ...place, lane: "a" }, lanes, "ArrowUp", true)?.lane).toBe("a");
  expect(stepped(place, lanes, "x", false)).toBeUndefined();
});

test("what would move is outlined as it was answered, and before that as long as it was", () => {
  const held = bar("x", "a", 0);
  const place = { lane: "b", from: 60 * MINUTE };
  expect(outlines(held, place, undefined)).toEqual([{ lane: "b", from: 60 * MINUTE, to: 90 * MINUTE, late: false }]);
  const does: MoveAnswer = { plan_id: 1, version: 1, does: true, moves: [{ work_order_id: "x", operation_sequence: 10, operation_name: "", is_late: true, from: placed("a", 0, 30), to: placed("b", 60, 200) }] };
  expect(outlines(held, place, does)).toEqual([{ lane: "b", from: 60 * MINUTE, to: 200 * MINUTE, late: true }]);
  const hindered: MoveAnswer = { plan_id: 1, version: 1, does: false, obstacle: "closed", nearest: placed("b", 480, 510) };
  expect(outlines(held, place, hindered)).toHaveLength(1);
  expect(nearest(hindered)).toMatchObject({ lane: "b", from: 480 * MINUTE });
  expect(nearest(does)).toBeUndefined();
});

test("keys go through the planned bars that are seen, lane by lane, round and round", () => {
  const bars = [bar("c1", "c", 0), bar("a2", "a", 40), bar("a1", "a", 0), bar("run", "a", 10, { state: "running" }), bar("far", "b", 5000), bar("gone", "z", 0)];
  const all = inTurn(bars, lanes, { from: 0, to: 100 * MINUTE });
  expect(all.map((it) => it.key)).toEqual(["a1", "a2", "c1"]);
  expect(turned(all, "", 1)?.key).toBe("a1");
  expect(turned(all, "c1", 1)?.key).toBe("a1");
  expect(turned(all, "a1", -1)?.key).toBe("c1");
  expect(turned([], "a1", 1)).toBeUndefined();
});

test("the same place is one", () => {
  expect(isSame({ lane: "a", from: 1 }, { lane: "a", from: 1 })).toBe(true);
  expect(isSame({ lane: "a", from: 1 }, undefined)).toBe(false);
});
