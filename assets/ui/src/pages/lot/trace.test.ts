import { expect, test } from "vitest";
import { csv } from "./trace";

test("a file of a trace keeps commas, quotes and empty cells apart", () => {
  const node = { id: "LOT-000001", kind: "lot", number: "COIL, 1", name: 'Sheet "A"', quantity: 2.5, unit: "SHEET", depth: 0, status: null };
  expect(csv([node])).toBe('kind,id,number,name,quantity,unit,status,depth\r\nlot,LOT-000001,"COIL, 1","Sheet ""A""",2.5,SHEET,,0\r\n');
});
