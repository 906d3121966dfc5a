import { expect, test } from "vitest";
import { Twice, Wedge, type Verdict } from "./wedge";

/** Types a text with so many milliseconds between keys, and ends it. */
function type(wedge: Wedge, text: string, gaps: number[], { end = "Enter", from = 10_000, inField = false } = {}): Verdict {
  let time = from;
  [...text].forEach((key, at) => {
    if (at) time += gaps[(at - 1) % gaps.length]!;
    wedge.stroke({ key, time, inField });
  });
  return wedge.stroke({ key: end, time: time + gaps[0]!, inField });
}

test("a fast scanner is a scan, ended by Enter or by Tab", () => {
  expect(type(new Wedge(), "WO-000123", [12])).toMatchObject({ is: "scan", code: "WO-000123" });
  expect(type(new Wedge(), "WO-000123", [12], { end: "Tab" })).toMatchObject({ is: "scan", code: "WO-000123" });
});

test("a person who types is left alone, in a field and outside", () => {
  for (const inField of [true, false]) expect(type(new Wedge(), "scrap 12", [140, 90, 210, 120], { inField })).toEqual({ is: "typing" });
});

test("a slow scanner shows itself by its regularity, and then is known", () => {
  let known = 0;
  const wedge = new Wedge(50, "", (limit) => (known = limit));
  expect(type(wedge, "COIL-88412", [120], { inField: true })).toEqual({ is: "typing" });
  expect(type(wedge, "COIL-88412", [120], { from: 20_000 })).toMatchObject({ is: "scan", code: "COIL-88412" });
  expect(known).toBe(180);
  expect(type(wedge, "COIL-88412", [120], { from: 30_000, inField: true })).toMatchObject({ is: "scan", code: "COIL-88412" });
});

test("a prefix makes timing needless", () => {
  expect(type(new Wedge(50, "~"), "~B-77", [200, 40, 160])).toMatchObject({ is: "scan", code: "B-77" });
});

test("two quick keys and an Enter are no scan", () => {
  expect(type(new Wedge(), "ok", [30])).toEqual({ is: "typing" });
});

test("what was typed long before does not belong to the scan", () => {
  const wedge = new Wedge();
  wedge.stroke({ key: "x", time: 1000, inField: false });
  expect(type(wedge, "LOT-000007", [15], { from: 2000 })).toMatchObject({ is: "scan", code: "LOT-000007" });
});

test("a scan right after typing is a scan, and the words before it stay", () => {
  const wedge = new Wedge();
  [..."drawer"].forEach((key, at) => wedge.stroke({ key, time: 1000 + at * 130, inField: true }));
  expect(type(wedge, "LOT-000007", [10], { from: 1780, inField: true })).toEqual({ is: "scan", code: "LOT-000007", typed: "LOT-000007" });
});

test("several codes one after the other are several scans", () => {
  const wedge = new Wedge();
  expect(type(wedge, "LOT-000007", [10], { from: 1000 })).toMatchObject({ is: "scan", code: "LOT-000007" });
  expect(type(wedge, "LOT-000008", [10], { from: 1150 })).toMatchObject({ is: "scan", code: "LOT-000008" });
});

test("the same code twice within a second is one scan", () => {
  const twice = new Twice();
  expect(twice.is("A", 0)).toBe(false);
  expect(twice.is("A", 400)).toBe(true);
  expect(twice.is("B", 500)).toBe(false);
  expect(twice.is("A", 600)).toBe(false);
  expect(twice.is("A", 1700)).toBe(false);
});
