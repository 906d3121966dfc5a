// Which reasons a stop of a work center probably has: those told there before, most used first. The rest of the categories follow.
import type { Row } from "../api/client";

export interface Reason {
  category: Category;
  code?: string;
  says?: string;
}

export type Category = Row<"DowntimeEvent">["downtime_category"];

/** Machines open a stop with this code for a person to tell the cause. */
export const NO_REASON = "NO-REASON";

export const CATEGORIES: Category[] = [
  "breakdown", "material_shortage", "tool_change", "quality_hold", "no_operator", "waiting_for_approval", "changeover", "power_failure", "maintenance", "no_orders",
];

type Told = Pick<Row<"DowntimeEvent">, "downtime_category" | "downtime_reason_code" | "downtime_reason_description">;

/** At most `count` reasons by use; what is planned is no reason of a sudden stop. Too few are filled up with bare categories. */
export function byUse(told: Told[], count: number): Reason[] {
  const uses = new Map<string, { reason: Reason; times: number }>();
  for (const it of told) {
    if (it.downtime_category === "no_orders" || it.downtime_reason_code === NO_REASON) continue;
    const key = `${it.downtime_category}\n${it.downtime_reason_code ?? ""}`;
    const reason = { category: it.downtime_category, code: it.downtime_reason_code ?? undefined, says: it.downtime_reason_description ?? undefined };
    const known = uses.get(key);
    uses.set(key, { reason: known?.reason ?? reason, times: (known?.times ?? 0) + 1 });
  }
  const used = [...uses.values()].sort((one, other) => other.times - one.times).map((it) => it.reason);
  const bare = CATEGORIES.filter((category) => !used.some((it) => it.category === category)).map((category) => ({ category }));
  return [...used, ...bare].slice(0, count);
}
