import { expect, test } from "vitest";
import { de } from "./de";
import { en } from "./en";
import { es } from "./es";
import { fill } from "./index.svelte";
import { de as deOffice } from "./office/de";
import { en as enOffice } from "./office/en";
import { es as esOffice } from "./office/es";

const places = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

const pairs: [string, Record<string, string>, Record<string, string>][] = [["de", de, en], ["es", es, en], ["de, office", deOffice, enOffice], ["es, office", esOffice, enOffice]];

test.each(pairs)("%s has every text, with the same places to fill", (_, words, english) => {
  expect(Object.keys(words).sort()).toEqual(Object.keys(english).sort());
  for (const [key, text] of Object.entries(english)) {
    const other = words[key]!;
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

test("no key of the office hides one that everybody has", () => {
  expect(Object.keys(enOffice).filter((key) => key in en)).toEqual([]);
});
