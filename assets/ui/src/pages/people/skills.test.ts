import { expect, test } from "vitest";
import { byExpiry, stateOf } from "./skills";

test("a certificate holds through its last day, and warns a month before", () => {
  const at = (valid_until: string | null) => stateOf({ skill: "laser", valid_until }, "2026-03-02");
  expect([at("2026-03-01"), at("2026-03-02"), at("2026-03-31"), at("2026-04-01"), at("2027-01-01"), at(null)]).toEqual(["down", "waiting", "waiting", "", "", ""]);
});

test("whose certificate ends first stands first; people without one come last", () => {
  const person = (name: string, ...days: string[]) => ({ name, certifications: days.map((valid_until) => ({ skill: "weld", valid_until })) });
  const sorted = byExpiry([person("none"), person("late", "2028-01-01"), person("soon", "2029-01-01", "2026-04-01")]);
  expect(sorted.map((it) => it.name)).toEqual(["soon", "late", "none"]);
});
