import { expect, test } from "vitest";
import type { Center, Floor } from "../../api/answers";
import type { Row } from "../../api/client";
import { needs } from "./needs";

const center = (id: string, state: Center["state"], since: string) => ({ work_center_id: id, state, since }) as Center;
const floor = (...work_centers: Center[]) => ({ plant_time: "2026-11-22T10:00:00Z", departments: [{ work_centers }] }) as unknown as Floor;
const lot = (lot_id: string, hold_reason: string | null) => ({ lot_id, hold_reason }) as Row<"Lot">;

test("what stands comes first, the longest first, then what is held, then what waits", () => {
  const found = needs(floor(center("waits", "waiting", "2026-11-22T09:00:00Z"), center("new", "down", "2026-11-22T09:50:00Z"), center("old", "down", "2026-11-22T08:00:00Z"), center("runs", "running", "")), [lot("L1", "heat")], [], 2);
  expect(found.map((it) => it.id)).toEqual(["old", "new", "L1", "waits", "late"]);
});

test("lots held for one reason are one thing to decide, those without a reason are not", () => {
  const found = needs(floor(), [lot("L1", "heat"), lot("L2", null), lot("L3", "heat"), lot("L4", null)], [], 0);
  expect(found.map((it) => it.lots?.map((lot) => lot.lot_id))).toEqual([["L1", "L3"], ["L2"], ["L4"]]);
});

test("what was done and would not be taken comes before what is held", () => {
  const refused = { refused_act_id: "REF-000001", done_at: "2026-11-22T09:55:00Z" } as Row<"RefusedAct">;
  const found = needs(floor(center("stands", "down", "2026-11-22T08:00:00Z")), [lot("L1", "heat")], [], 0, [refused]);
  expect(found.map((it) => it.id)).toEqual(["stands", "REF-000001", "L1"]);
});

test("a job that nobody has been at for a few minutes is not forgotten yet", () => {
  expect(needs(floor(center("waits", "waiting", "2026-11-22T09:45:00Z")), [], [], 0)).toEqual([]);
});
