import { expect, test } from "vitest";
import { GROUP, kept, LANE, laneAt, lanesSeen, panned, Row, seen, showing, stackLanes, timeAt, xOf, zoomed, type Room, type View } from "./timeline";

const HOUR = 3_600_000;
const room: Room = { left: 100, top: 30, width: 800, height: 200 };
const view: View = { from: 10 * HOUR, perPixel: HOUR / 100, top: 0 };
const lanes = stackLanes([
  { title: "Laser", lanes: [{ id: "L1", title: "Laser 1" }, { id: "L2", title: "Laser 2" }] },
  { title: "Weld", lanes: Array.from({ length: 20 }, (_, at) => ({ id: `W${at}`, title: `Weld ${at}` })) },
]);

test("a moment has one place and a place one moment", () => {
  expect(xOf(view, room, 12 * HOUR)).toBe(300);
  expect(timeAt(view, room, 300)).toBe(12 * HOUR);
  expect(seen(view, room)).toEqual({ from: 10 * HOUR, to: 18 * HOUR });
});

test("a height belongs to its lane, and neither the axis nor a title is one", () => {
  expect(laneAt(lanes, view, room, 10)).toBeUndefined();
  expect(laneAt(lanes, view, room, room.top + 5)).toBeUndefined();
  expect(laneAt(lanes, view, room, room.top + GROUP + 1)?.id).toBe("L1");
  expect(laneAt(lanes, view, room, room.top + GROUP + LANE)?.id).toBe("L2");
  expect(laneAt(lanes, { ...view, top: LANE }, room, room.top + GROUP + 1)?.id).toBe("L2");
  expect(laneAt(lanes, view, room, room.top + room.height + 1)).toBeUndefined();
});

test("only lanes of which something is seen are drawn", () => {
  expect(lanesSeen(lanes, view, room).map((it) => it.id)).toEqual(["group Laser", "L1", "L2", "group Weld", "W0", "W1"]);
  expect(lanesSeen(lanes, { ...view, top: GROUP + 1 }, room)[0]!.id).toBe("L1");
});

test("only bars that reach into the time seen are drawn, also a long one that began far before", () => {
  const bars = Array.from({ length: 2000 }, (_, at) => ({ id: at, from: at * HOUR, to: at * HOUR + HOUR / 2 }));
  const long = { id: -1, from: 5 * HOUR + 1, to: 12 * HOUR };
  const found = new Row([...bars, long]).within(seen(view, room)).map((it) => it.id);
  expect(found).toContain(-1);
  for (let at = 10; at < 18; at += 1) expect(found).toContain(at);
  expect(found.length).toBeLessThan(16);
  expect(new Row(bars).within({ from: 5000 * HOUR, to: 5001 * HOUR })).toEqual([]);
});

test("a bar is hit where it stands, a thin one also a little beside it", () => {
  const row = new Row([{ id: "a", from: HOUR, to: 2 * HOUR }, { id: "b", from: 3 * HOUR, to: 3 * HOUR + 1 }]);
  expect(row.at(1.5 * HOUR, 0)?.id).toBe("a");
  expect(row.at(2.5 * HOUR, 0)).toBeUndefined();
  expect(row.at(3 * HOUR - 1000, 2000)?.id).toBe("b");
});

test("a zoom keeps the moment under the finger, and ends at what can be told apart", () => {
  const near = zoomed(view, room, 2, 300);
  expect(timeAt(near, room, 300)).toBe(timeAt(view, room, 300));
  expect(near.perPixel).toBe(view.perPixel / 2);
  expect(zoomed(view, room, 1e9, 300).perPixel).toBe(5000);
});

test("one can leave neither the time nor the lanes there are", () => {
  const whole = { from: 0, to: 48 * HOUR };
  const height = 500;
  expect(kept(panned(view, 1e9, 1e9), room, whole, height)).toEqual({ ...view, from: 0, top: 0 });
  expect(kept(panned(view, -1e9, -1e9), room, whole, height)).toEqual({ ...view, from: 40 * HOUR, top: 300 });
  expect(kept({ ...view, perPixel: 1e12 }, room, whole, height)).toEqual({ from: 0, perPixel: (48 * HOUR) / 800, top: 0 });
});

test("a day is a day, with now near its left edge", () => {
  const day = showing(view, room, 30 * HOUR, 24 * HOUR);
  const { from, to } = seen(day, room);
  expect(to - from).toBeCloseTo(24 * HOUR);
  expect(from).toBe(28 * HOUR);
});
