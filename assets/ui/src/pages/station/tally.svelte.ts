// Pieces counted at this station and not yet taken by the server. What is counted is written down first, sent with a key of its own
// until there is an answer, and so neither lost in a dead spot nor doubled by a repeat.
import { newKey, Refused, send } from "../../api/client";

export interface Count {
  key: string;
  order: string;
  sequence: number;
  good: number;
  scrapped: number;
  employee: string;
  /** On its way: nothing may be added, for a repeat must say the same. */
  sent: boolean;
  /** Why the server will not take it, as long as no person has decided on it. */
  refused?: string;
}

export type Sending = (count: Count) => Promise<unknown>;

/** Taps within it are one report, and may be undone until it is over. */
const QUIET = 1500;
const AGAIN_AFTER = 5000;
const KEPT = "counts";

export class Tally {
  waiting = $state<Count[]>([]);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #draining = false;

  constructor(
    /** Reads the station anew, so that a count leaves this list only when the server's own number has it. */
    private taken: () => Promise<unknown>,
    private sending: Sending = report,
    private store: Pick<Storage, "getItem" | "setItem"> = localStorage,
  ) {
    // What an earlier page or another tab has kept may be on its way already.
    this.waiting = (JSON.parse(store.getItem(KEPT) ?? "[]") as Count[]).map((it) => ({ ...it, sent: true }));
    if (this.waiting.length) this.#drainIn(0);
  }

  add(order: string, sequence: number, employee: string, good: number, scrapped: number) {
    const last = this.waiting.at(-1);
    if (last && !last.sent && last.order === order && last.sequence === sequence) {
      last.good += good;
      last.scrapped += scrapped;
    } else {
      this.waiting.push({ key: newKey(), order, sequence, good, scrapped, employee, sent: false });
    }
    this.#keep();
    this.#drainIn(QUIET);
  }

  get refused(): Count[] {
    return this.waiting.filter((it) => it.refused);
  }

  /** A person has put right what was in the way: all are sent again, with their own keys. */
  tryAgain() {
    for (const count of this.waiting) count.refused = undefined;
    this.drain();
  }

  discardRefused() {
    this.waiting = this.waiting.filter((it) => !it.refused);
    this.#keep();
  }

  get mayUndo(): boolean {
    return this.waiting.some((it) => !it.sent);
  }

  undo() {
    this.waiting = this.waiting.filter((it) => it.sent);
    this.#keep();
  }

  /** Counted here for an operation and not yet taken. */
  of(order: string, sequence: number): { good: number; scrapped: number } {
    const own = this.waiting.filter((it) => it.order === order && it.sequence === sequence);
    return { good: own.reduce((sum, it) => sum + it.good, 0), scrapped: own.reduce((sum, it) => sum + it.scrapped, 0) };
  }

  /** Sends all in their order; stops where the server cannot be reached and tries again later. */
  async drain() {
    if (this.#draining) return;
    this.#draining = true;
    clearTimeout(this.#timer);
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        next.sent = true;
        this.#keep();
        if ((await this.#deliver(next)) === "later") return this.#drainIn(AGAIN_AFTER);
        this.#keep();
      }
    } finally {
      this.#draining = false;
    }
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #next(): Count | undefined {
    return this.waiting.find((it) => !it.refused);
  }

  async #deliver(count: Count): Promise<"done" | "later"> {
    try {
      await this.sending($state.snapshot(count));
      await this.taken();
      this.waiting = this.waiting.filter((it) => it.key !== count.key);
      return "done";
    } catch (fault) {
      // No answer, a busy server or an ended log-in pass; any other refusal would be the same each time.
      if (!(fault instanceof Refused) || [0, 401, 429].includes(fault.status) || fault.status >= 500) return "later";
      count.refused = fault.message;
      return "done";
    }
  }

  #drainIn(time: number) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.drain(), time);
  }

  #keep() {
    this.store.setItem(KEPT, JSON.stringify(this.waiting));
  }
}

function report({ key, order, sequence, good, scrapped, employee }: Count) {
  const body = { good_quantity: good, rejected_quantity: 0, scrapped_quantity: scrapped, rework_quantity: 0, held_quantity: 0, employee_id: employee || null };
  return send("post", "/api/v1/work-orders/{id}/operations/{sequence}/report", body, { id: order, sequence }, key);
}
