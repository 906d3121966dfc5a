import { expect, test } from "vitest";
import { around, shown } from "./statement";

test("the word at a position is marked, counted in characters and not in bytes", () => {
  expect(around("SELECT nope FROM t", 8)).toEqual({ before: "SELECT ", at: "nope", after: " FROM t" });
  expect(around("SELECT '\u{1F529}', x", 13)).toEqual({ before: "SELECT '\u{1F529}', ", at: "x", after: "" });
  expect(around("SELECT", 7)).toEqual({ before: "SELECT", at: " ", after: "" });
  expect(around("SELECT (", 8)?.at).toBe("(");
  expect(around("SELECT 1", undefined)).toBeUndefined();
});

test("nothing, lists and numbers are told apart", () => {
  expect([null, 0, false, "", [1]].map(shown)).toEqual(["\u2013", "0", "false", "", "[1]"]);
});
