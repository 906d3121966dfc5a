import { expect, test } from "vitest";
import { link, parse } from "./address";

test("a number with a slash, a space and a percent sign comes back from its link", () => {
  const address = link("lots", "A/B 100%", { way: "forward", day: "" });
  expect(address).toBe("#/lots/A%2FB%20100%25?way=forward");
  expect(parse(address).words).toEqual(["lots", "A/B 100%"]);
  expect(parse(address).query.get("way")).toBe("forward");
});

test("a broken address is shown as it is", () => {
  expect(parse("#/lots/%E0%A4").words).toEqual(["lots", "%E0%A4"]);
  expect(parse("").words).toEqual([]);
});
