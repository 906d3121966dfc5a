// Tells a scanner that types from a person who types, by the time between keys. The limit widens for a slow scanner once it has shown
// that it is as regular as no hand is; a prefix, where the scanner sends one, makes timing needless.

export interface Stroke {
  key: string;
  /** Milliseconds of a steady clock. */
  time: number;
  /** A field that takes the key as well, other than a password's. */
  inField: boolean;
}

/** What a key was: a person's, or the end of a scan, with all the signs that the scanner typed for it. */
export type Verdict = { is: "typing" } | { is: "scan"; code: string; typed: string };

const FAST = 50;
const SLOW = 250;
/** Shorter bursts are two keys of a hand that met by chance. */
const SHORTEST = 4;
/** A slow scanner is believed when it types so many keys. */
const SHORTEST_SLOW = 6;
/** And when the gaps between them differ by no more than this, in milliseconds. */
const REGULAR = 30;
const LONGEST = 600;

const TYPING: Verdict = { is: "typing" };

export class Wedge {
  #keys: { sign: string; gap: number }[] = [];
  #last = 0;

  constructor(
    /** The gap of a slow scanner that has shown itself at this device. */
    private slow = FAST,
    private prefix = "",
    private learned: (gap: number) => void = () => {},
  ) {}

  stroke({ key, time, inField }: Stroke): Verdict {
    const gap = time - this.#last;
    this.#last = time;
    if (key === "Enter" || key === "Tab") return this.#ended(inField);
    // GS1's separator arrives as a control sign or, by other keyboards, as F8 or Ctrl+].
    const sign = key === "F8" ? "\u001d" : key;
    if ([...sign].length !== 1) return TYPING;
    if (gap > SLOW || this.#keys.length >= LONGEST) this.#keys = [];
    this.#keys.push({ sign, gap });
    return TYPING;
  }

  #ended(inField: boolean): Verdict {
    const keys = this.#keys;
    this.#keys = [];
    const all = keys.map((it) => it.sign).join("");
    const prefixed = this.prefix ? all.lastIndexOf(this.prefix) : -1;
    if (prefixed >= 0 && all.length > prefixed + this.prefix.length) return { is: "scan", code: all.slice(prefixed + this.prefix.length), typed: all.slice(prefixed) };
    // The scan may follow at once on what a hand has typed: what counts is the burst before the end.
    const burst = all.slice(keys.findLastIndex((it) => it.gap > FAST));
    if (burst.length >= SHORTEST && keys.length) return { is: "scan", code: burst, typed: burst };
    const gaps = keys.slice(1).map((it) => it.gap);
    const widest = Math.max(...gaps);
    const regular = widest - Math.min(...gaps) <= REGULAR;
    // In a field a hand that types evenly must not lose its words, unless such a scanner is known here.
    if (all.length < SHORTEST_SLOW || !regular || (inField && widest > this.slow)) return TYPING;
    this.slow = Math.min(SLOW, widest * 1.5);
    this.learned(this.slow);
    return { is: "scan", code: all, typed: all };
  }
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
