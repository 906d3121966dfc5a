// What the explorer looks at, as its address says it: series, the range, and the lanes beneath the chart.
import type { Interval } from "../../api/answers";
import { startOfDay } from "../../words/format";

export interface Chosen {
  machine: string;
  metric: string;
}

/** More lines than this nobody tells apart. */
export const MOST = 6;
/** Hours before the end. */
export const HOURS = ["1", "8", "24", "168", "720"] as const;

const HOUR_MS = 3_600_000;

/** `LAS-01/power,PUN-01/power`; a name may hold a slash or a comma, which are written as in addresses. */
export function chosenOf(text: string): Chosen[] {
  const series = text.split(",").filter(Boolean).map((it) => it.split("/").map(decodeURIComponent));
  return series.filter((it) => it.length === 2).slice(0, MOST).map(([machine, metric]) => ({ machine: machine!, metric: metric! }));
}

export const writtenAs = (chosen: Chosen[]) => [...new Set(chosen.map((it) => `${encodeURIComponent(it.machine)}/${encodeURIComponent(it.metric)}`))].join(",");

/** From and to: so many hours before now, or before the end of a day. */
export function rangeOf(hours: string, day: string, now: Date): [string, string] {
  const to = day ? Math.min(startOfDay(day) + 24 * HOUR_MS, now.getTime()) : now.getTime();
  const span = (Number(hours) || 24) * HOUR_MS;
  return [new Date(to - span).toISOString(), new Date(to).toISOString()];
}

interface Part {
  state: string;
  from: string;
  to: string;
  seconds: number;
  note?: string | null;
}

/** What a machine did, and beside it the orders that it did it for, each without a break as one. */
export function lanesOf(intervals: Interval[]): { states: Part[]; jobs: Part[] } {
  const jobs: Part[] = [];
  for (const it of intervals) {
    if (!it.job_id) continue;
    const last = jobs.at(-1);
    if (last?.note === it.job_id && last.to === it.from) {
      last.to = it.to;
      last.seconds += it.seconds;
    } else {
      jobs.push({ state: jobs.length % 2 ? "running" : "setup", from: it.from, to: it.to, seconds: it.seconds, note: it.job_id });
    }
  }
  return { states: intervals.map((it) => ({ ...it, note: [it.job_id, it.alarm].filter(Boolean).join(", ") })), jobs };
}
