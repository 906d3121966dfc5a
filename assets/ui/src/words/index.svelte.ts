// Every text of the interface by its key, in the language of this browser. English is compiled in; the others come when asked for.
import { en } from "./en";

export type Key = keyof typeof en;
export type Words = Record<Key, string>;

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" } as const;
export type Language = keyof typeof LANGUAGES;

const LOADERS: Record<Exclude<Language, "en">, () => Promise<Words>> = {
  de: async () => (await import("./de")).de,
  es: async () => (await import("./es")).es,
};

class Tongue {
  language = $state<Language>("en");
  words = $state.raw<Words>(en);
  #plural = $derived(new Intl.PluralRules(this.language));

  async speak(language: Language) {
    this.words = language === "en" ? en : await LOADERS[language]();
    this.language = language;
    document.documentElement.lang = language;
    localStorage.setItem("language", language);
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
  const text = tongue.words[key];
  return values ? tongue.fill(text, values) : text;
}

/** A word of the plant's own lists, such as a state; one that is not known here is shown as it is written. */
export function word(list: string, value: string): string {
  return (tongue.words as Record<string, string>)[`${list}.${value}`] ?? value.replaceAll("_", " ");
}
