// How a value of a machine is shown: numbers with their unit, a unit of one left out, words as they were told.
import type { LastValue } from "../../api/answers";
import { t } from "../../words/index.svelte";
import { amount } from "../../words/format";

export const unitOf = (unit: string | null) => (unit === "1" ? "" : (unit ?? ""));

export function shownValue({ value, unit }: Pick<LastValue, "value" | "unit">): string {
  if (value === null) return t("nodata");
  return typeof value === "number" ? [amount(value, 3), unitOf(unit)].filter(Boolean).join("\u00a0") : value;
}
