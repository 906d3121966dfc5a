// Lost minutes by reason, from the stops of a time: what nobody has classified first, then the largest.
import type { Row } from "../../api/client";
import { NO_REASON } from "../../stop/reasons";

type Stop = Row<"DowntimeEvent">;

export interface Loss {
  key: string;
  category: string;
  says: string;
  minutes: number;
  stops: number;
  /** Share of all lost minutes up to and with this one, of 100. */
  upTo: number;
}

/** Planned by those who plan: no loss of availability. */
const PLANNED = ["maintenance", "no_orders"];

export const reasonOf = (stop: Stop) => `${stop.downtime_category} ${stop.downtime_reason_code ?? ""}`;

export const isUnclassified = (stop: Stop) => stop.downtime_reason_code === NO_REASON;

export const lostStops = (stops: Stop[]) => stops.filter((it) => !PLANNED.includes(it.downtime_category));

/** Minutes of a stop within a time; one that is still open lasts until its end. */
export function minutesWithin(stop: Stop, from: number, to: number): number {
  const start = Math.max(from, Date.parse(stop.downtime_start));
  const end = Math.min(to, stop.downtime_end ? Date.parse(stop.downtime_end) : to);
  return Math.max(0, (end - start) / 60_000);
}

export function pareto(stops: Stop[], from: number, to: number): Loss[] {
  const byReason = new Map<string, Loss>();
  for (const stop of lostStops(stops)) {
    const minutes = minutesWithin(stop, from, to);
    if (minutes === 0) continue;
    const key = reasonOf(stop);
    const known = byReason.get(key) ?? { key, category: isUnclassified(stop) ? "unclassified" : stop.downtime_category, says: stop.downtime_reason_description ?? "", minutes: 0, stops: 0, upTo: 0 };
    byReason.set(key, { ...known, minutes: known.minutes + minutes, stops: known.stops + 1 });
  }
  const unknown = (loss: Loss) => Number(loss.category === "unclassified");
  const sorted = [...byReason.values()].sort((one, other) => unknown(other) - unknown(one) || other.minutes - one.minutes);
  const all = sorted.reduce((sum, it) => sum + it.minutes, 0);
  let upTo = 0;
  return sorted.map((loss) => ({ ...loss, upTo: (upTo += (100 * loss.minutes) / all) }));
}
