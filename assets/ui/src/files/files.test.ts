import { expect, test } from "vitest";
import { addressOf, isPicture } from "./files";
import { kindOf } from "./kept";

const file = (file_name: string, content_type: string) => ({ attachment_id: "ATT-000001", file_name, content_type });

test("what a file is, its name says, in any case", () => {
  expect(["P-1.SVG", "weld.step", "photo.JPG", "paint.pdf", "cut.xlsx", "read me.txt", "nc.h", "plain"].map((name) => kindOf(file(name, "")))).toEqual(["drawing", "drawing", "picture", "pdf", "sheet", "text", "other", "other"]);
});

test("a browser opens what it can show, and keeps the rest and whatever is asked to be kept", () => {
  const [drawing, model] = [file("P-1.svg", "image/svg+xml"), file("P-1.step", "application/octet-stream")];
  expect([isPicture(drawing), isPicture(model)]).toEqual([true, false]);
  expect(addressOf(drawing)).toBe("/api/v1/attachments/ATT-000001/content?inline=true");
  expect(addressOf(drawing, true)).toBe("/api/v1/attachments/ATT-000001/content");
  expect(addressOf(model)).toBe("/api/v1/attachments/ATT-000001/content");
});
