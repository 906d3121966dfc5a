import { expect, test } from "vitest";
import type { Row } from "../../api/client";
import { pareto } from "./pareto";

const at = (hour: number) => `2026-11-22T${String(hour).padStart(2, "0")}:00:00Z`;
const stop = (downtime_category: string, code: string, from: string, to: string | null) =>
  ({ downtime_category, downtime_reason_code: code, downtime_reason_description: null, downtime_start: from, downtime_end: to }) as Row<"DowntimeEvent">;
const [FROM, TO] = [Date.parse(at(8)), Date.parse(at(12))];

test("a stop counts only as long as it lies in the period, an open one until its end", () => {
  const losses = pareto([stop("breakdown", "A", at(6), at(9)), stop("tool_change", "B", at(11), null)], FROM, TO);
  expect(losses.map(({ category, minutes, upTo }) => [category, minutes, upTo])).toEqual([["breakdown", 60, 50], ["tool_change", 60, 100]]);
});

test("what nobody has classified is first, even if it is less", () => {
  const losses = pareto([stop("breakdown", "A", at(8), at(11)), stop("breakdown", "NO-REASON", at(8), at(9))], FROM, TO);
  expect(losses.map((it) => it.category)).toEqual(["unclassified", "breakdown"]);
});

test("planned stops are no losses", () => {
  expect(pareto([stop("maintenance", "PM", at(8), at(10)), stop("no_orders", "NOORD", at(8), at(10))], FROM, TO)).toEqual([]);
});
