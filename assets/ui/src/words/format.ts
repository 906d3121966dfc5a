// Numbers and times as people of this language write them, in the plant's zone.
import { plant } from "../state/plant.svelte";
import { t, tongue } from "./index.svelte";

export function amount(number: number | null | undefined, digits = 2): string {
  return number === null || number === undefined ? "" : number.toLocaleString(tongue.language, { maximumFractionDigits: digits });
}

export const measured = (number: number | null | undefined, unit: string | null | undefined) => [amount(number), unit].filter(Boolean).join("\u00a0");

export const percent = (number: number | null, digits = 1) => (number === null ? "" : `${number.toLocaleString(tongue.language, { minimumFractionDigits: digits, maximumFractionDigits: digits })}\u00a0%`);

const SIZES = ["B", "KB", "MB", "GB", "TB"];

/** Bytes as people say them, in steps of 1024. */
export function bytes(count: number): string {
  const step = Math.min(SIZES.length - 1, count > 0 ? Math.floor(Math.log2(count) / 10) : 0);
  return `${amount(count / 1024 ** step, step && 1)}\u00a0${SIZES[step]}`;
}

function inZone(time: string | Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(tongue.language === "en" ? "en-GB" : tongue.language, { timeZone: plant.zone, ...options }).format(new Date(time));
}

export const hour = (time: string | Date) => inZone(time, { hour: "2-digit", minute: "2-digit" });
export const second = (time: string | Date) => inZone(time, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const day = (time: string | Date) => inZone(time, { weekday: "short", day: "numeric", month: "short" });
/** In a narrow column it breaks between day and hour only. */
export const moment = (time: string | Date | null | undefined) => (time ? `${day(time).replaceAll(" ", "\u00a0")}, ${hour(time)}` : "");

/** A day of the calendar as the API tells it, whatever the zone. */
export const calendarDay = (date: string | null | undefined) => (date ? new Intl.DateTimeFormat(tongue.language === "en" ? "en-GB" : tongue.language, { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" }).format(new Date(`${date}T00:00:00Z`)) : "");

/** A due moment is the end of a day; people say the day. */
export const dueDay = (time: string | number | null | undefined) => (time ? day(new Date(new Date(time).getTime() - 1)) : "");

/** The plant's day of a moment, as the API takes it. */
export function isoDay(time: Date): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: plant.zone, dateStyle: "short" }).format(time);
}

/** The moment at which a day of the plant begins: asked twice, since the clock may have been put on that day. */
export function startOfDay(day: string): number {
  const wanted = Date.parse(`${day}T00:00:00Z`);
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: plant.zone, dateStyle: "short", timeStyle: "medium" });
  const shown = (time: number) => Date.parse(`${format.format(time).replace(" ", "T")}Z`);
  const near = 2 * wanted - shown(wanted);
  return near + wanted - shown(near);
}

/** Seconds as people say them: `36 min`, `2 h 05 min`, `3 d 4 h`. */
export function lasting(seconds: number): string {
  const minutes = Math.floor(Math.max(0, seconds) / 60);
  if (minutes < 60) return `${minutes}\u00a0${t("unit.minutes")}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}\u00a0${t("unit.hours")} ${String(minutes % 60).padStart(2, "0")}\u00a0${t("unit.minutes")}`;
  return `${Math.floor(hours / 24)}\u00a0${t("unit.days")} ${hours % 24}\u00a0${t("unit.hours")}`;
}

/** Seconds as a stopwatch shows them: `0:07`, `12:30`. */
export const elapsed = (seconds: number) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** How long ago by the plant's clock. */
export const since = (time: string) => lasting((plant.now.getTime() - Date.parse(time)) / 1000);
