// One event stream for the tab: it says that something happened, and pages read anew. It carries no data into pages itself.
import type { Entry } from "../api/answers";
import { read } from "../api/client";
import { upgrade } from "./upgrade.svelte";

type Hears = (entry: Entry) => void;

/** After a refused stream, until it is tried again; the browser resumes a broken one by itself. */
const AGAIN_AFTER = 5000;

class Live {
  connected = $state(false);
  /** How often the stream came back: what was read before is older than it. */
  returns = $state(0);
  /** When what is shown was last known to be current. */
  lostAt = $state.raw<Date>();
  #source: EventSource | undefined;
  #wasThere = false;
  #hearers = new Set<Hears>();
  #retry: ReturnType<typeof setTimeout> | undefined;

  listen() {
    this.stop();
    const source = new EventSource("/api/v1/events");
    this.#source = source;
    source.onopen = () => this.#hear();
    source.onerror = () => this.#lose();
    source.addEventListener("entry", (event) => {
      const entry = JSON.parse(event.data) as Entry;
      for (const hears of this.#hearers) hears(entry);
    });
  }

  stop() {
    this.connected = false;
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
  }

  /** Calls back for every entry until the answer is called. */
  hear(hears: Hears): () => void {
    this.#hearers.add(hears);
    return () => this.#hearers.delete(hears);
  }

  #hear() {
    if (!this.connected && this.#wasThere) {
      this.returns += 1;
      upgrade.look();
    }
    this.#wasThere = this.connected = true;
    this.lostAt = undefined;
  }

  #lose() {
    if (this.connected) this.lostAt = new Date();
    this.connected = false;
    if (this.#source?.readyState !== EventSource.CLOSED) return;
    // A refused stream: the log-in may have ended, which any read finds out.
    this.#retry = setTimeout(() => read("session").then(() => this.listen(), () => this.#source && this.#lose()), AGAIN_AFTER);
  }
}

export const live = new Live();
