import { expect, test } from "vitest";
import { stepMinutes, ticks } from "./ticks";

const HOUR = 3_600_000;

test("an axis has a few round moments and none at its ends", () => {
  expect(ticks(0, 24 * HOUR).map((it) => it / HOUR)).toEqual([3, 6, 9, 12, 15, 18, 21]);
  expect(ticks(0, HOUR).map((it) => it / 60_000)).toEqual([10, 20, 30, 40, 50]);
});

test("a longer time is shown in longer steps", () => {
  expect(stepMinutes(0, 24 * HOUR)).toBe(2);
  expect(stepMinutes(0, 31 * 24 * HOUR)).toBe(120);
});
