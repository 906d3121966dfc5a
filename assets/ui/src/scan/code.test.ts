import { expect, test } from "vitest";
import { checked, take } from "./code";

const FNC1 = "\u001d";

test("a plain code stays as it is", () => {
  expect(take("WO-000123/10")).toEqual({ code: "WO-000123/10" });
  expect(take("  COIL-88412-A ")).toEqual({ code: "COIL-88412-A" });
});

test("GS1 elements are found, with and without the scanner's sign of the symbology", () => {
  const wanted = { gtin: "09506000134352", lot: "ABC123", serial: "77" };
  expect(take(`]C10109506000134352${"10"}ABC123${FNC1}2177`)).toMatchObject(wanted);
  expect(take(`0109506000134352${"10"}ABC123${FNC1}2177`)).toMatchObject(wanted);
  expect(take("(01)09506000134352(10)ABC123(21)77")).toMatchObject(wanted);
  expect(take("]d200106141411234567897")).toMatchObject({ sscc: "106141411234567897" });
  expect(take(`10ABC${FNC1}3725`)).toMatchObject({ lot: "ABC", count: 25 });
});

test("dates and other elements are read over, not taken for a lot", () => {
  expect(take("]C101095060001343521726123110ABC")).toMatchObject({ gtin: "09506000134352", lot: "ABC" });
});

test("a GS1 Digital Link says the same as its elements", () => {
  expect(take("https://id.gs1.org/01/09506000134352/10/ABC123/21/77?37=5")).toMatchObject({ gtin: "09506000134352", lot: "ABC123", serial: "77", count: 5 });
  expect(take("https://example.com/a/01/9506000134352/10/A%2FB")).toMatchObject({ gtin: "09506000134352", lot: "A/B" });
  expect(take("https://example.com/about")).toEqual({ code: "https://example.com/about" });
});

test("garbage is garbage: half a code, a wrong check digit, control signs, a novel", () => {
  for (const raw of ["", "   ", "]C10109506000134353", "]C1010950600", "(10)", "(99)x", `${FNC1}`, "AB\u0007CD", "x".repeat(501), "]Q3nonsense"]) expect(take(raw), raw).toBeUndefined();
});

test("a number of ours that only looks like GS1 is a plain code", () => {
  expect(take("0112345678901234")).toEqual({ code: "0112345678901234" });
});

test("check digits of the standard's own examples", () => {
  expect(checked("106141411234567897")).toBe(true);
  expect(checked("09506000134352")).toBe(true);
  expect(checked("09506000134353")).toBe(false);
});
