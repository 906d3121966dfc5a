import { expect, test } from "vitest";
import { csv, wayTo } from "./trace";

test("a file of a trace keeps commas, quotes and empty cells apart", () => {
  const node = { id: "LOT-000001", kind: "lot", number: "COIL, 1", name: 'Sheet "A"', quantity: 2.5, unit: "SHEET", depth: 0, status: null };
  expect(csv([node])).toBe('kind,id,number,name,quantity,unit,status,depth\r\nlot,LOT-000001,"COIL, 1","Sheet ""A""",2.5,SHEET,,0\r\n');
});

const edge = (from: string, to: string) => ({ from, to, quantity: 1, unit: "EA" });

test("the way to a chosen number holds every edge between the two, forward and back, and no other", () => {
  // coil -> a, b -> door -> shipment; other -> door
  const edges = [edge("coil", "a"), edge("coil", "b"), edge("a", "door"), edge("b", "door"), edge("other", "door"), edge("door", "shipment"), edge("mill", "coil")];
  expect([...wayTo({ root: "coil", edges }, "shipment")].sort()).toEqual(["a", "b", "coil", "door", "shipment"]);
  expect([...wayTo({ root: "coil", edges }, "a")].sort()).toEqual(["a", "coil"]);
  expect([...wayTo({ root: "coil", edges }, "mill")].sort()).toEqual(["coil", "mill"]);
  expect(wayTo({ root: "coil", edges }, "other").size).toBe(0);
  expect(wayTo({ root: "coil", edges }, "").size).toBe(0);
});
