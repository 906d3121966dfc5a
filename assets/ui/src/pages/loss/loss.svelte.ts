// What the losses page reads: a period and a department of the address, the figures of both, and their stops.
import type { Kpi, OeeGroup } from "../../api/answers";
import { list, read } from "../../api/client";
import { nextDay } from "../../parts/days.svelte";
import { plant } from "../../state/plant.svelte";
import { reading } from "../../state/reading.svelte";
import { router } from "../../state/router.svelte";
import { isoDay } from "../../words/format";

const EVERY = 30_000;
/** The longest list that the API answers. */
const STOPS_MAX = 1000;

export const PERIODS = ["today", "yesterday", "week", "month"] as const;
const DAYS_BACK = { today: 0, yesterday: 1, week: 6, month: 29 };

export function period() {
  const chosen = PERIODS.find((it) => it === router.ask("period")) ?? "today";
  const today = isoDay(plant.clock());
  return { chosen, from: nextDay(today, -DAYS_BACK[chosen]), to: chosen === "yesterday" ? today : undefined };
}

async function look() {
  const { from, to } = period();
  const line_id = router.ask("line") || undefined;
  const [oee, centers, lines] = await Promise.all([
    read<Kpi<OeeGroup>>("kpi/oee", { from, to, line_id }),
    read<Kpi<OeeGroup>>("kpi/oee", { from, to, line_id, by: "work_center" }),
    list<"ProductionLine">("production-lines", { limit: 1000 }),
  ]);
  const [ended, open] = await Promise.all([
    list<"DowntimeEvent">("downtime-events", { line_id, "downtime_end.gte": oee.from, "downtime_start.lt": oee.to, sort: "-downtime_id", limit: STOPS_MAX }),
    list<"DowntimeEvent">("downtime-events", { line_id, downtime_end: "", limit: STOPS_MAX }),
  ]);
  return { oee: oee.data[0], from: oee.from, to: oee.to, centers: centers.data, lines, stops: [...open, ...ended], cut: ended.length === STOPS_MAX };
}

export const losses = () => reading(look, { events: ["downtime."], every: EVERY });
