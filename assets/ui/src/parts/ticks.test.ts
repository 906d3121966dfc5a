import { expect, test } from "vitest";
import { stepMinutes, ticks } from "./ticks";

const HOUR = 3_600_000;

test("an axis has a few round moments and none at its ends", () => {
  expect(ticks(0, 24 * HOUR).map((it) => it / HOUR)).toEqual([3, 6, 9, 12, 15, 18, 21]);
  expect(ticks(0, HOUR).map((it) => it / 60_000)).toEqual([10, 20, 30, 40, 50]);
});

test("a time that begins at any minute has its marks on full hours of the plant", () => {
  const midnight = -2 * HOUR;
  expect(ticks(0.8 * HOUR, 4.8 * HOUR, midnight).map((it) => it / HOUR)).toEqual([1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5]);
  expect(ticks(20.8 * HOUR, 44.8 * HOUR, midnight).map((it) => (it - midnight) / HOUR)).toEqual([24, 27, 30, 33, 36, 39, 42, 45]);
});

test("a longer time is shown in longer steps", () => {
  expect(stepMinutes(0, 24 * HOUR)).toBe(2);
  expect(stepMinutes(0, 31 * 24 * HOUR)).toBe(120);
});
