import { expect, test } from "vitest";
import type { Interval } from "../../api/answers";
import { chosenOf, lanesOf, writtenAs } from "./exploring";

test("series stand in the address and come back, whatever their names hold", () => {
  const chosen = [{ machine: "LAS-01", metric: "power" }, { machine: "Press, 2", metric: "cpu/idle{cpu=0}" }];
  expect(chosenOf(writtenAs(chosen))).toEqual(chosen);
  expect(chosenOf("")).toEqual([]);
  expect(chosenOf("broken,LAS-01/power")).toEqual([{ machine: "LAS-01", metric: "power" }]);
});

test("an order is one part of its lane, whatever the machine did meanwhile", () => {
  const at = (hour: number) => `2026-03-02T0${hour}:00:00Z`;
  const it = (state: Interval["state"], hour: number, job_id: string | null): Interval => ({ state, from: at(hour), to: at(hour + 1), seconds: 3600, alarm: null, job_id });
  const { jobs, states } = lanesOf([it("setup", 1, "WO-1"), it("producing", 2, "WO-1"), it("idle", 3, null), it("producing", 4, "WO-2")]);
  expect(jobs.map((job) => [job.note, job.seconds])).toEqual([["WO-1", 7200], ["WO-2", 3600]]);
  expect(states).toHaveLength(4);
});
