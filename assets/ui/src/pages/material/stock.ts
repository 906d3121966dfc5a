// Which materials are looked at, and a ledger's balances.
import type { Stock } from "../../api/answers";
import type { Row } from "../../api/client";

export type Expected = Row<"ExpectedReceipt">;

export const SHOWS = ["all", "short", "minimum", "held", "remnants", "expiring", "expected"] as const;

const SHOWN: Record<string, (stock: Stock) => boolean> = {
  short: (it) => it.first_short !== null,
  minimum: (it) => it.below_minimum,
  held: (it) => it.held > 0 || it.expired > 0,
  remnants: (it) => it.remnants > 0,
  expiring: (it) => it.next_expiry !== null || it.expired > 0,
};

/** Those of a kind, with a text in their code or name. */
export function chosen(all: Stock[], show: string, text: string): Stock[] {
  const wanted = text.trim().toLowerCase();
  const fits = SHOWN[show] ?? (() => true);
  const found = all.filter((it) => fits(it) && (!wanted || `${it.material_code} ${it.material_name}`.toLowerCase().includes(wanted)));
  return show === "expiring" ? found.sort((one, other) => (one.next_expiry ?? "").localeCompare(other.next_expiry ?? "")) : found;
}

/** What was there after each movement, from what is there now; the newest movement comes first. */
export function balances(onHand: number, changes: number[]): number[] {
  let after = onHand;
  return changes.map((change) => {
    const shown = after;
    // Four places are all there are; floats add crumbs behind them.
    after = Math.round((after - change) * 10_000) / 10_000;
    return shown;
  });
}

/** What is on its way of a material: how much, when the next of it comes, and whether that is overdue. */
export interface OnItsWay {
  quantity: number;
  next: string;
  late: boolean;
}

/** By material; what is expected is given in the order of its times. */
export function onItsWay(expected: Expected[], now: Date): Map<string, OnItsWay> {
  const all = new Map<string, OnItsWay>();
  for (const { material_id, quantity, expected_at } of expected) {
    const known = all.get(material_id);
    if (known) known.quantity += quantity;
    else all.set(material_id, { quantity, next: expected_at, late: isOverdue(expected_at, now) });
  }
  return all;
}

export const isOverdue = (expected_at: string, now: Date) => Date.parse(expected_at) < now.getTime();
