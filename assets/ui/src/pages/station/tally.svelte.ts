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
}

export type Sending = (count: Count) => Promise<unknown>;

/** Taps within it are one report, and may be undone until it is over. */
const QUIET = 1500;
const AGAIN_AFTER = 5000;
const KEPT = "counts";

export class Tally {
  waiting = $state<Count[]>([]);
  /** What the server would not take, for a person to decide. */
  refused = $state.raw<Refused>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #draining = false;

  constructor(
    private sending: Sending = report,
    private store: Pick<Storage, "getItem" | "setItem"> = localStorage,
  ) {
    this.waiting = JSON.parse(store.getItem(KEPT) ?? "[]") as Count[];
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
      for (let next = this.waiting[0]; next; next = this.waiting[0]) {
        next.sent = true;
        this.#keep();
        if (!(await this.#deliver($state.snapshot(next)))) return this.#drainIn(AGAIN_AFTER);
        this.waiting.shift();
        this.#keep();
      }
    } finally {
      this.#draining = false;
    }
  }

  stop() {
    clearTimeout(this.#timer);
  }

  async #deliver(count: Count): Promise<boolean> {
    try {
      await this.sending(count);
      return true;
    } catch (fault) {
      // No answer, a busy server or an ended log-in pass; any other refusal would be the same each time.
      const passes = !(fault instanceof Refused) || [0, 401, 429].includes(fault.status) || fault.status >= 500;
      if (!passes) this.refused = fault;
      return !passes;
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
