// A value of a record as it is kept, for people: times in the plant's zone, nothing as a dash, lists and parts as they are.
import { moment } from "../words/format";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export function asKept(value: unknown): string {
  if (value === null || value === "") return "\u2013";
  if (typeof value === "string" && TIME.test(value)) return moment(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
