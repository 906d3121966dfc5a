import { expect, test } from "vitest";
import { de } from "./de";
import { en } from "./en";
import { es } from "./es";
import { fill } from "./index.svelte";

const places = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

test.each([["de", de], ["es", es]])("%s has every text, with the same places to fill", (_, words) => {
  expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
  for (const [key, text] of Object.entries(en)) {
    const other = words[key as keyof typeof en];
    expect(other.trim(), key).not.toBe("");
    expect(places(other), key).toEqual(places(text));
    expect(other.includes("|"), key).toBe(text.includes("|"));
  }
});

test("the form fits the number, and what is not given stays", () => {
  const plural = new Intl.PluralRules("en");
  expect(fill("{n} lot|{n} lots", { n: 1 }, plural)).toBe("1 lot");
  expect(fill("{n} lot|{n} lots", { n: 0 }, plural)).toBe("0 lots");
  expect(fill("{n} of {all}", { n: 2 }, plural)).toBe("2 of {all}");
});
