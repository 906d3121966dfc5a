import { expect, test } from "vitest";
import { needs } from "./needs";

const sheet = { material_id: "M1", material_code: "SH-10", material_name: "Sheet", stock_unit: "SHEET" as const, unit_factors: [{ unit: "M2" as const, factor: 0.32 }] };
const moved = (transaction_type: "issue" | "return" | "scrap", stock_change: number, lot_number: string) => ({ material_id: "M1", transaction_type, stock_change, lot_number });

test("a need counts scrap and units, and what came back was not issued", () => {
  const line = { material_id: "M1", quantity_per_unit: 0.5, unit_of_measure: "M2", scrap_percentage: 10 };
  const [need] = needs([line], [sheet], 100, [moved("issue", -20, "L1"), moved("issue", -2, "L2"), moved("return", 1.5, "L2"), moved("scrap", -9, "L3")]);
  expect(need).toEqual({ code: "SH-10", name: "Sheet", unit: "SHEET", needed: 17.6, issued: 20.5, lots: ["L1", "L2"] });
});

test("a unit that does not convert is not guessed, and an unknown material is shown by its id", () => {
  expect(needs([{ material_id: "M1", quantity_per_unit: 1, unit_of_measure: "L", scrap_percentage: 0 }], [sheet], 3, [])[0]!.needed).toBeNull();
  expect(needs([{ material_id: "M9", quantity_per_unit: 2, unit_of_measure: "EA", scrap_percentage: 0 }], [sheet], 3, [])[0]).toMatchObject({ code: "M9", needed: 6, issued: 0 });
});
