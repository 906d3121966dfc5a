import { expect, test } from "vitest";
import { byUse, NO_REASON } from "./reasons";

const stop = (downtime_category: "breakdown" | "tool_change" | "no_orders", downtime_reason_code: string) => ({ downtime_category, downtime_reason_code, downtime_reason_description: null });

test("the most used reason of a station comes first, and bare categories fill up the tiles", () => {
  const told = [stop("breakdown", "ELEC"), stop("tool_change", "TOOL"), stop("tool_change", "TOOL")];
  const reasons = byUse(told, 5);
  expect(reasons.map((it) => it.category)).toEqual(["tool_change", "breakdown", "material_shortage", "quality_hold", "no_operator"]);
  expect(reasons[0]?.code).toBe("TOOL");
});

test("what is planned, and what nobody has classified, is no reason", () => {
  expect(byUse([stop("no_orders", "NOORD"), stop("breakdown", NO_REASON)], 1)).toEqual([{ category: "breakdown" }]);
});
