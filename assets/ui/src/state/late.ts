// Orders whose planned end has passed and that are not done, the longest late first.
import { list } from "../api/client";
import { plant } from "./plant.svelte";

const MOST = 500;

export async function lateOrders() {
  const late = (status: string) => list<"WorkOrder">("work-orders", { status, "scheduled_end_time.lt": plant.clock().toISOString(), sort: "scheduled_end_time", limit: MOST });
  const all = (await Promise.all([late("in_progress"), late("scheduled")])).flat();
  return all.sort((one, other) => (one.scheduled_end_time ?? "").localeCompare(other.scheduled_end_time ?? ""));
}
