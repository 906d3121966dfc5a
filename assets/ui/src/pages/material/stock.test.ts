import { expect, test } from "vitest";
import type { Stock } from "../../api/answers";
import { balances, chosen, onItsWay, type Expected } from "./stock";

const stock = (code: string, more: Partial<Stock> = {}) =>
  ({ material_code: code, material_name: `Sheet ${code}`, first_short: null, below_minimum: false, held: 0, expired: 0, remnants: 0, next_expiry: null, ...more }) as Stock;

test("a ledger goes back from what is there, without crumbs", () => {
  expect(balances(54, [-0.1, -0.2, 300])).toEqual([54, 54.1, 54.3]);
  expect(balances(5, [])).toEqual([]);
});

test("materials are found by what is wrong with them and by their names, in any case", () => {
  const all = [stock("A-10", { below_minimum: true }), stock("B-20", { expired: 3 }), stock("B-21", { next_expiry: "2026-12-01" }), stock("C", { next_expiry: "2026-11-30" })];
  const codes = (show: string, text = "") => chosen(all, show, text).map((it) => it.material_code);
  expect(codes("all")).toEqual(["A-10", "B-20", "B-21", "C"]);
  expect(codes("all", " sheet b")).toEqual(["B-20", "B-21"]);
  expect(codes("minimum")).toEqual(["A-10"]);
  expect(codes("held")).toEqual(["B-20"]);
  expect(codes("expiring")).toEqual(["B-20", "C", "B-21"]);
  expect(codes("short")).toEqual([]);
});

test("what is on its way adds up by material, and the next of it stands for its time", () => {
  const comes = (material_id: string, quantity: number, expected_at: string) => ({ material_id, quantity, expected_at }) as Expected;
  const all = onItsWay([comes("M-1", 5, "2026-11-20T08:00:00Z"), comes("M-2", 1, "2026-11-23T08:00:00Z"), comes("M-1", 7, "2026-11-24T08:00:00Z")], new Date("2026-11-22T10:00:00Z"));
  expect(all.get("M-1")).toEqual({ quantity: 12, next: "2026-11-20T08:00:00Z", late: true });
  expect(all.get("M-2")).toEqual({ quantity: 1, next: "2026-11-23T08:00:00Z", late: false });
  expect(all.get("M-3")).toBeUndefined();
});
