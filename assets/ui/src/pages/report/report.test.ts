import { expect, test } from "vitest";
import { fileOf, spark } from "./report";

test("a file's address names its form and leaves out what is not told", () => {
  expect(fileOf("reports/shift", "pdf", { day: "2026-03-31", department: undefined })).toBe("/api/v1/reports/shift?day=2026-03-31&format=pdf");
});

test("a spark keeps its gaps and is flat where nothing changes", () => {
  expect(spark([1, null, 3])).toBe("M0.0 22.0M100.0 2.0");
  expect(spark([5, 5])).toBe("M0.0 12.0L100.0 12.0");
  expect(spark([null, null])).toBe("");
});
