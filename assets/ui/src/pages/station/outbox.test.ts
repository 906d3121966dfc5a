import { beforeEach, expect, test, vi } from "vitest";
import { Refused } from "../../api/client";
import type { Shelf } from "../../state/shelf";
import type { Act, Doing } from "./acts";
import { Outbox, type Ways } from "./outbox.svelte";

/** What a browser keeps, shared by its tabs. */
class Memory implements Shelf {
  kept = new Map<string, unknown>();
  async get<T>(name: string) {
    return structuredClone(this.kept.get(name)) as T | undefined;
  }
  async change<T>(name: string, change: (old: T | undefined) => T) {
    const made = structuredClone(change(this.kept.get(name) as T | undefined));
    this.kept.set(name, made);
    return structuredClone(made);
  }
}

const HAND = { station: "LASER", center: "WC-000001", machine: null };
const tap = (good = 1, scrapped = 0): Doing => ({ kind: "count", order: "WO-1", sequence: 10, employee: "E1", good, scrapped });
const gone = () => Promise.reject(new Refused(0, "unreachable", ""));

function box(ways: Partial<Ways> = {}): Outbox {
  return new Outbox({ deliver: async () => {}, keep: async () => {}, reached: () => true, who: () => ({ person: "", owner: "", on: [] }), shelf: new Memory(), ...ways });
}

/** Lets time pass for what waits on it. */
const later = (time = 6000) => vi.advanceTimersByTimeAsync(time);
const counts = (acts: Act[]) => acts.map((it) => it.kind === "count" && [it.good, it.scrapped]);

beforeEach(() => void vi.useFakeTimers());

test("quick taps become one report with one key", async () => {
  const sent: Act[] = [];
  const outbox = box({ deliver: async (act) => sent.push(act) });
  for (let times = 0; times < 5; times += 1) await outbox.add(HAND, tap());
  expect(counts(outbox.waiting)).toEqual([[5, 0]]);
  await later();
  expect(counts(sent)).toEqual([[5, 0]]);
  expect(outbox.waiting).toEqual([]);
});

test("a dead spot loses nothing: what was sent without an answer is repeated with the same key, what came since follows", async () => {
  const keys: string[] = [];
  let reached = false;
  const outbox = box({ deliver: async (act) => { keys.push(act.key); if (!reached) await gone(); } });
  await outbox.add(HAND, tap(3));
  await later(2000);
  await outbox.add(HAND, tap(1, 1));
  expect(counts(outbox.waiting)).toEqual([[3, 0], [1, 1]]);
  await later(2000);
  reached = true;
  await outbox.drain();
  await outbox.drain();
  expect(new Set(keys).size).toBe(2);
  expect(keys.at(0)).toBe(keys.at(-2));
  expect(outbox.waiting).toEqual([]);
});

test("a page that is loaded anew goes on where it was, with the keys it had", async () => {
  const shelf = new Memory();
  const keys: string[] = [];
  const before = box({ shelf, deliver: async (act) => { keys.push(act.key); await gone(); } });
  await before.add(HAND, tap(7));
  await later(2000);
  const after = box({ shelf, deliver: async (act) => void keys.push(act.key) });
  await after.drain();
  expect(new Set(keys).size).toBe(1);
  expect(shelf.kept.get("acts")).toEqual([]);
});

test("two tabs of one device send each act with one key, and never write over each other", async () => {
  const shelf = new Memory();
  const keys: string[] = [];
  const tab = () => box({ shelf, deliver: async (act) => void keys.push(act.key) });
  const [one, other] = [tab(), tab()];
  await one.add(HAND, tap(2));
  await later(500);
  await other.add(HAND, tap(1));
  expect(counts(other.waiting)).toEqual([[3, 0]]);
  await later();
  await Promise.all([one.drain(), other.drain()]);
  expect(new Set(keys).size).toBe(1);
  expect(shelf.kept.get("acts")).toEqual([]);
});

test("undo takes back what is not on its way, and only that", async () => {
  const outbox = box({ deliver: gone });
  await outbox.add(HAND, tap(2));
  await later(2000);
  await outbox.add(HAND, tap(1));
  await outbox.undo();
  expect(counts(outbox.waiting)).toEqual([[2, 0]]);
  expect(outbox.mayUndo).toBe(false);
});

test("acts go in the order in which they were done, and one that waits holds back those after it", async () => {
  const sent: string[] = [];
  let reached = false;
  const outbox = box({ deliver: async (act) => { if (!reached) await gone(); sent.push(act.kind); } });
  await outbox.add(HAND, tap(4));
  await outbox.add(HAND, { kind: "pause" });
  await outbox.add(HAND, { kind: "stop", reason: { category: "breakdown" } });
  await later(2000);
  reached = true;
  await outbox.drain();
  expect(sent).toEqual(["count", "pause", "stop"]);
});

test("what the plant will not take is kept for a lead before it leaves the list, and is told", async () => {
  const kept: Act[] = [];
  let reached = false;
  const refuse = () => Promise.reject(new Refused(409, "illegal_state", "The order is closed."));
  const outbox = box({ deliver: refuse, keep: async (act) => { if (!reached) await gone(); kept.push(act); } });
  await outbox.add(HAND, tap(3));
  await later(2000);
  expect(outbox.waiting.map((it) => it.refused)).toEqual(["The order is closed."]);
  reached = true;
  await outbox.drain();
  expect(kept.map((it) => it.refused)).toEqual(["The order is closed."]);
  expect(outbox.waiting).toEqual([]);
  expect(outbox.given).toEqual([{ kind: "count", why: "The order is closed." }]);
});

test("what a lead has already, in other words, holds up nothing behind it", async () => {
  const sent: string[] = [];
  const deliver = async (act: Act) => {
    if (act.kind === "count" && act.good === 4) throw new Refused(409, "illegal_state", "the order is closed");
    sent.push(act.key);
  };
  const outbox = box({ deliver, keep: () => Promise.reject(new Refused(409, "key_reused", "this idempotency key was used for another command")) });
  await outbox.add(HAND, tap(4));
  await later();
  await outbox.add(HAND, tap(1));
  await later();
  expect([outbox.waiting, sent.length, outbox.given.length]).toEqual([[], 1, 1]);
});

test("an ended log-in keeps all, and whoever signs on next at the terminal sends it", async () => {
  const hands: string[] = [];
  let on = ["USR-000001"];
  const outbox = box({
    who: () => ({ person: on[0] ?? "", owner: "", on }),
    deliver: async (_, person) => { if (person !== "USR-000002") throw new Refused(401, "unauthenticated", ""); hands.push(person); },
  });
  await outbox.add(HAND, tap(2));
  await later(2000);
  expect(outbox.waiting.length).toBe(1);
  on = ["USR-000002"];
  await outbox.drain();
  expect(hands).toEqual(["USR-000002"]);
});

test("without a terminal an act waits for the log-in that did it", async () => {
  const sent: Act[] = [];
  let owner = "anna";
  const outbox = box({ who: () => ({ person: "", owner, on: [] }), deliver: async (act) => sent.push(act) });
  await outbox.add(HAND, tap(1));
  owner = "bert";
  await later();
  expect(sent).toEqual([]);
  owner = "anna";
  await outbox.drain();
  expect(sent.length).toBe(1);
});

test("an act done without a network says when it was, one that is sent at once does not, and each says the same at every repeat", async () => {
  const sent: Act[] = [];
  let reached = false;
  const outbox = box({ reached: () => reached, deliver: async (act) => { sent.push(act); if (!reached) await gone(); } });
  await outbox.add(HAND, { kind: "pause" });
  await later(1000);
  reached = true;
  await outbox.drain();
  expect(sent.map((it) => it.late)).toEqual([true, true]);
  await outbox.add(HAND, { kind: "pause" });
  await later(1000);
  expect(sent.at(-1)!.late).toBe(false);
});
