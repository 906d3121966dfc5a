import { expect, test } from "vitest";
import type { RunningImport } from "../../api/answers";
import { shareOf, stageOf } from "./importing.svelte";

const told = (done: number, total: number): RunningImport => ({ kind: "customers", file_name: "a.csv", dry_run: true, actor: "planner", seconds: 3, done, total });

test("a share is told only where it is known", () => {
  expect(shareOf({ step: "sending", done: 3, total: 4 })).toBe(0.75);
  expect(shareOf({ step: "sending", done: 0, total: 0 })).toBeUndefined();
  expect(stageOf(undefined)).toEqual({ step: "reading" });
  expect(shareOf(stageOf(told(0, 0)))).toBeUndefined();
  expect(shareOf(stageOf(told(0, 800)))).toBe(0);
  expect(shareOf(stageOf(told(200, 800)))).toBe(0.25);
});
