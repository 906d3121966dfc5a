import { beforeEach, expect, test, vi } from "vitest";
import { Refused } from "../../api/client";
import { Tally, type Count } from "./tally.svelte";

const seen = () => Promise.resolve();

class Shelf {
  kept = new Map<string, string>();
  getItem = (name: string) => this.kept.get(name) ?? null;
  setItem = (name: string, value: string) => void this.kept.set(name, value);
}

beforeEach(() => void vi.useFakeTimers());

test("quick taps become one report with one key", async () => {
  const sent: Count[] = [];
  const tally = new Tally(seen, async (count) => sent.push(count), new Shelf());
  for (let tap = 0; tap < 5; tap += 1) tally.add("WO-1", 10, "E1", 1, 0);
  expect(tally.of("WO-1", 10).good).toBe(5);
  await vi.runAllTimersAsync();
  expect(sent.map((it) => [it.good, it.scrapped])).toEqual([[5, 0]]);
  expect(tally.waiting).toEqual([]);
});

test("a dead spot loses nothing: what was sent without an answer is repeated with the same key, what came since follows", async () => {
  const keys: string[] = [];
  let reached = false;
  const tally = new Tally(seen, async (count) => {
    keys.push(count.key);
    if (!reached) throw new Refused(0, "unreachable", "");
  }, new Shelf());
  tally.add("WO-1", 10, "", 3, 0);
  await tally.drain();
  tally.add("WO-1", 10, "", 1, 1);
  expect(tally.of("WO-1", 10)).toEqual({ good: 4, scrapped: 1 });
  reached = true;
  await vi.runAllTimersAsync();
  expect(keys.length).toBe(3);
  expect(new Set(keys).size).toBe(2);
  expect(keys[0]).toBe(keys[1]);
  expect(tally.waiting).toEqual([]);
});

test("a page that is loaded anew goes on where it was", async () => {
  const shelf = new Shelf();
  const down = new Tally(seen, () => Promise.reject(new Refused(0, "unreachable", "")), shelf);
  down.add("WO-1", 10, "", 7, 0);
  await down.drain();
  down.stop();
  const sent: Count[] = [];
  const again = new Tally(seen, async (count) => sent.push(count), shelf);
  expect(again.of("WO-1", 10).good).toBe(7);
  await vi.runAllTimersAsync();
  expect(sent.map((it) => it.good)).toEqual([7]);
});

test("undo takes back what is not on its way, and only that", async () => {
  const tally = new Tally(seen, () => Promise.reject(new Refused(0, "unreachable", "")), new Shelf());
  tally.add("WO-1", 10, "", 2, 0);
  await tally.drain();
  tally.add("WO-1", 10, "", 1, 0);
  tally.undo();
  expect(tally.of("WO-1", 10).good).toBe(2);
  expect(tally.mayUndo).toBe(false);
  tally.stop();
});

test("what the server will never take waits for a person and does not go round for ever", async () => {
  let tries = 0;
  const tally = new Tally(seen, async () => {
    tries += 1;
    throw new Refused(409, "illegal_state", "the order is on hold");
  }, new Shelf());
  tally.add("WO-1", 10, "", 1, 0);
  await vi.runAllTimersAsync();
  expect(tries).toBe(1);
  expect(tally.refused.map((it) => [it.good, it.refused])).toEqual([[1, "the order is on hold"]]);
  expect(tally.of("WO-1", 10).good).toBe(1);
  tally.tryAgain();
  await vi.runAllTimersAsync();
  expect(tries).toBe(2);
  tally.discardRefused();
  expect(tally.waiting).toEqual([]);
});
