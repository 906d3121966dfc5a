// Statements to begin with, where a wrong one is wrong, and how values of an answer are shown.
import type { Key } from "../../words/index.svelte";

export const SAMPLES: { key: Key; sql: string }[] = [
  { key: "sql.sample.open", sql: "SELECT work_order_number, status, planned_quantity, good_quantity, scheduled_end_time\nFROM work_orders\nWHERE status IN ('released', 'scheduled', 'in_progress', 'on_hold')\nORDER BY scheduled_end_time\nLIMIT 50" },
  { key: "sql.sample.stops", sql: "SELECT downtime_category, count(*) AS stops, sum(duration_minutes) AS minutes\nFROM downtime_events\nGROUP BY downtime_category\nORDER BY minutes DESC" },
  { key: "sql.sample.stock", sql: "SELECT material_code, sum(quantity_on_hand) AS on_hand, count(*) AS lots\nFROM lots\nWHERE status = 'available'\nGROUP BY material_code\nORDER BY material_code" },
  { key: "sql.sample.scrap", sql: "SELECT p.product_name, sum(w.good_quantity) AS good, sum(w.scrapped_quantity) AS scrapped\nFROM work_orders w JOIN products p USING (product_id)\nGROUP BY p.product_name\nHAVING sum(w.scrapped_quantity) > 0\nORDER BY scrapped DESC" },
  { key: "sql.sample.machine", sql: "SELECT machine_id, metric_name, avg(avg_value) AS mean, max(max_value) AS most\nFROM machine_metrics_hourly\nWHERE metric_name = 'power'\nGROUP BY machine_id, metric_name\nORDER BY machine_id" },
  { key: "sql.sample.trace", sql: "SELECT * FROM trace('LOT-000001', 'forward')\nLIMIT 100" },
];

/** A statement around a position of it, which counts characters from 1; the word there is what is wrong. */
export function around(sql: string, position: number | undefined): { before: string; at: string; after: string } | undefined {
  if (!position) return undefined;
  const letters = [...sql];
  const from = Math.min(position - 1, letters.length);
  const word = /^(\w+|\S)?/u.exec(letters.slice(from).join(""))?.[0] ?? "";
  const to = from + [...word].length;
  return { before: letters.slice(0, from).join(""), at: word || " ", after: letters.slice(to).join("") };
}

export function shown(value: unknown): string {
  if (value === null || value === undefined) return "\u2013";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
