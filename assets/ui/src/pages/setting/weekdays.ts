// Days of the week as the API counts them, 1 Monday to 7 Sunday, in the words of this language.
import { tongue } from "../../words/index.svelte";

export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];

/** The first of January 2024 was a Monday. */
export const weekday = (day: number) => new Intl.DateTimeFormat(tongue.language, { weekday: "short", timeZone: "UTC" }).format(Date.UTC(2024, 0, day));
