import { expect, test } from "vitest";
import { boxAt, layOut, neighbour } from "./layers";

const sizes = { box: () => ({ width: 100, height: 60 }), label: () => 20 };
const edges = (...pairs: string[]) => pairs.map((pair) => ({ from: pair[0]!, to: pair[1]! }));

test("sources stand left of the asked lot and what became of it right, every edge goes to the right", () => {
  const graph = edges("SA", "TA", "AB", "AC", "BD", "CD");
  const { boxes, wires } = layOut("A", [..."ASTBCD"], graph, sizes);
  for (const { edge } of wires) expect(boxes.get(edge.from)!.x).toBeLessThan(boxes.get(edge.to)!.x);
  expect(boxes.get("S")!.x).toBe(boxes.get("T")!.x);
  expect(boxes.get("B")!.x).toBe(boxes.get("C")!.x);
});

test("a short way beside a long one keeps a lane, so that no edge runs through a box", () => {
  const { boxes, wires } = layOut("A", [..."ABC"], edges("AB", "BC", "AC"), sizes);
  const direct = wires.find((it) => it.edge.from === "A" && it.edge.to === "C")!;
  expect(direct.stops.length).toBe(3);
  const [lane, box] = [direct.stops[1]!, boxes.get("B")!];
  expect(lane.y + lane.height <= box.y || lane.y >= box.y + box.height).toBe(true);
});

test("boxes of a column do not overlap, and all lie within the drawing", () => {
  const many = Array.from({ length: 40 }, (_, at) => String.fromCharCode(0x100 + at));
  const layout = layOut("A", ["A", ...many], many.map((to) => ({ from: "A", to })), sizes);
  const column = many.map((id) => layout.boxes.get(id)!).sort((one, other) => one.y - other.y);
  for (let at = 1; at < column.length; at += 1) expect(column[at]!.y).toBeGreaterThanOrEqual(column[at - 1]!.y + column[at - 1]!.height);
  for (const box of layout.boxes.values()) {
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(layout.width);
    expect(box.y + box.height).toBeLessThanOrEqual(layout.height);
  }
});

test("a box is hit where it stands, and arrow keys go along edges and up and down a column", () => {
  const layout = layOut("A", [..."ABC"], edges("AB", "AC"), sizes);
  const { x, y } = layout.boxes.get("B")!;
  expect(boxAt(layout.boxes.values(), x + 1, y + 1)).toBe("B");
  expect(boxAt(layout.boxes.values(), -5, -5)).toBeUndefined();
  const right = neighbour(layout, "A", "ArrowRight")!;
  expect(neighbour(layout, right, "ArrowLeft")).toBe("A");
  const [upper, lower] = layout.boxes.get("B")!.y < layout.boxes.get("C")!.y ? ["B", "C"] : ["C", "B"];
  expect(neighbour(layout, upper, "ArrowDown")).toBe(lower);
  expect(neighbour(layout, lower, "ArrowUp")).toBe(upper);
});
