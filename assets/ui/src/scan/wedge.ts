// Tells a scanner that types from a person who types, by the time between keys. The limit widens for a slow scanner once it has shown
// that it is as regular as no hand is; a prefix, where the scanner sends one, makes timing needless.

export interface Stroke {
  key: string;
  /** Milliseconds of a steady clock. */
  time: number;
  /** A field that takes the key as well, other than a password's. */
  inField: boolean;
}

/** What to do with a key: leave it be, begin to watch, or take what was typed for a scan. */
export type Verdict = { is: "typing" } | { is: "begun" } | { is: "scan"; code: string };

const FIRST_LIMIT = 50;
const LAST_LIMIT = 250;
/** Shorter bursts are two keys of a hand that met by chance. */
const SHORTEST = 4;
/** A slow scanner is believed when it types so many keys. */
const SHORTEST_SLOW = 6;
/** And when the gaps between them differ by no more than this, in milliseconds. */
const REGULAR = 30;
const LONGEST = 600;

export class Wedge {
  #keys = "";
  #gaps: number[] = [];
  #last = 0;

  constructor(
    private limit = FIRST_LIMIT,
    private prefix = "",
    private learned: (limit: number) => void = () => {},
  ) {}

  stroke({ key, time, inField }: Stroke): Verdict {
    const gap = time - this.#last;
    this.#last = time;
    if (key === "Enter" || key === "Tab") return this.#ended(gap, inField);
    // GS1's separator arrives as a control sign or, by other keyboards, as F8 or Ctrl+].
    const sign = key === "F8" ? "\u001d" : key;
    if ([...sign].length !== 1) return { is: "typing" };
    const begins = !this.#keys || gap > LAST_LIMIT || this.#keys.length >= LONGEST;
    if (begins) [this.#keys, this.#gaps] = [sign, []];
    else {
      this.#keys += sign;
      this.#gaps.push(gap);
    }
    return begins ? { is: "begun" } : { is: "typing" };
  }

  #ended(gap: number, inField: boolean): Verdict {
    const code = this.#keys;
    const gaps = [...this.#gaps, gap];
    [this.#keys, this.#gaps] = ["", []];
    if (this.prefix && code.startsWith(this.prefix) && code.length > this.prefix.length) return { is: "scan", code: code.slice(this.prefix.length) };
    const widest = Math.max(...gaps);
    if (code.length >= SHORTEST && widest <= this.limit) return { is: "scan", code };
    const regular = Math.max(...this.#between(gaps)) - Math.min(...this.#between(gaps)) <= REGULAR;
    // In a field a hand that types evenly must never lose its words.
    if (!inField && code.length >= SHORTEST_SLOW && widest <= LAST_LIMIT && regular) {
      this.limit = Math.min(LAST_LIMIT, widest * 1.5);
      this.learned(this.limit);
      return { is: "scan", code };
    }
    return { is: "typing" };
  }

  /** The gaps between signs; the one before the ending key is a scanner's own habit. */
  #between = (gaps: number[]) => (gaps.length > 1 ? gaps.slice(0, -1) : gaps);
}

/** A code that comes twice within a second was read twice by one pull of the trigger. */
export class Twice {
  #last = { code: "", time: -Infinity };

  constructor(private pause = 1000) {}

  is(code: string, time: number): boolean {
    const again = code === this.#last.code && time - this.#last.time < this.pause;
    if (!again) this.#last = { code, time };
    return again;
  }
}
