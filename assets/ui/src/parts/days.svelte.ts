// Days of the plant's calendar, as the API takes them.
import { plant } from "../state/plant.svelte";
import { router } from "../state/router.svelte";
import { isoDay } from "../words/format";

export function nextDay(day: string, by = 1): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + by);
  return date.toISOString().slice(0, 10);
}

/** The day of the address, else the plant's today. */
export const shownDay = () => router.ask("day") || isoDay(plant.clock());
