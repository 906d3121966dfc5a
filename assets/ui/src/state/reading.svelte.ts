// A read that a page shows: asked when its parameters change, and again when the journal tells of something it follows. The old
// answer stays on the screen until the new one is there, so numbers never jump to nothing.
import { Refused } from "../api/client";
import { live } from "./live.svelte";

/** A busy plant tells many things a second; pages follow at their own pace. */
const PACE = 2500;

export interface Follow {
  /** Beginnings of event names, such as `lot.`; an empty one follows everything. */
  events?: string[];
  /** Milliseconds between reads of what the journal does not tell. */
  every?: number;
}

export class Reading<T> {
  data = $state.raw<T>();
  fault = $state.raw<Refused>();
  #turn = 0;

  constructor(
    private ask: () => Promise<T> | undefined,
    follow: Follow,
  ) {
    $effect(() => {
      void live.returns;
      this.again();
    });
    $effect(() => this.#follow(follow));
  }

  /** Reads; an answer that comes after a later question is dropped. */
  async again() {
    const turn = ++this.#turn;
    const asked = this.ask();
    if (!asked) return;
    try {
      const data = await asked;
      if (turn !== this.#turn) return;
      this.data = data;
      this.fault = undefined;
    } catch (fault) {
      if (turn === this.#turn) this.fault = fault instanceof Refused ? fault : new Refused(0, "broken", String(fault));
    }
  }

  #follow({ events, every }: Follow) {
    let soon: ReturnType<typeof setTimeout> | undefined;
    const later = () => {
      soon ??= setTimeout(() => {
        soon = undefined;
        this.again();
      }, PACE);
    };
    const quiet = events && live.hear((entry) => entry.events.some((event) => events.some((begin) => event.name.startsWith(begin))) && later());
    const seen = () => document.hidden || this.again();
    document.addEventListener("visibilitychange", seen);
    const beat = every ? setInterval(() => document.hidden || this.again(), every) : undefined;
    return () => {
      quiet?.();
      document.removeEventListener("visibilitychange", seen);
      clearTimeout(soon);
      clearInterval(beat);
    };
  }
}

export const reading = <T>(ask: () => Promise<T> | undefined, follow: Follow = {}) => new Reading(ask, follow);
