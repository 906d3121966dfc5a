// Every text of the interface by its key, in the language of this browser. English is compiled in; the others come when asked for,
// and so do the texts of the office's pages, which no terminal on the floor needs.
import { en } from "./en";
import type { en as office } from "./office/en";

export type Words = Record<keyof typeof en, string>;
export type OfficeWords = Record<keyof typeof office, string>;
export type Key = keyof Words | keyof OfficeWords;

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" } as const;
export type Language = keyof typeof LANGUAGES;

const LOADERS: Record<Exclude<Language, "en">, () => Promise<Words>> = {
  de: async () => (await import("./de")).de,
  es: async () => (await import("./es")).es,
};

const OFFICE: Record<Language, () => Promise<OfficeWords>> = {
  en: async () => (await import("./office/en")).en,
  de: async () => (await import("./office/de")).de,
  es: async () => (await import("./office/es")).es,
};

class Tongue {
  language = $state<Language>("en");
  words = $state.raw<Words & Partial<OfficeWords>>(en);
  #inOffice = false;
  #plural = $derived(new Intl.PluralRules(this.language));

  async speak(language: Language) {
    const words = language === "en" ? en : await LOADERS[language]();
    this.words = this.#inOffice ? { ...words, ...(await OFFICE[language]()) } : words;
    this.language = language;
    document.documentElement.lang = language;
    localStorage.setItem("language", language);
  }

  /** From here on with the texts of the office's pages. */
  async enterOffice() {
    if (this.#inOffice) return;
    this.words = { ...this.words, ...(await OFFICE[this.language]()) };
    this.#inOffice = true;
  }

  /** The language chosen here before, else the browser's own. */
  begin() {
    const wanted = [localStorage.getItem("language"), ...navigator.languages.map((it) => it.slice(0, 2))];
    return this.speak((wanted.find((it) => it !== null && it in LANGUAGES) as Language | undefined) ?? "en");
  }

  fill(text: string, values: Record<string, string | number>): string {
    return fill(text, values, this.#plural);
  }
}

/** `{n}` is replaced; of `one|many` the form is taken that fits `n`. */
export function fill(text: string, values: Record<string, string | number>, plural: Intl.PluralRules): string {
  const [one, many] = text.split("|");
  const form = many === undefined || plural.select(Number(values.n)) === "one" ? one : many;
  return (form ?? "").replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export const tongue = new Tongue();

/** The text of a key. */
export function t(key: Key, values?: Record<string, string | number>): string {
  // A page of the office is shown only when its texts are there.
  const text = tongue.words[key] ?? key;
  return values ? tongue.fill(text, values) : text;
}

/** A word of the plant's own lists, such as a state; one that is not known here is shown as it is written. */
export function word(list: string, value: string): string {
  return (tongue.words as Record<string, string>)[`${list}.${value}`] ?? value.replaceAll("_", " ");
}
