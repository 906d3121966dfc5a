// What was done at this device's stations and is not yet saved. An act is written down first and sent with a key of its own until there is
// an answer: neither lost in a dead spot, by a reload or with a session that ends, nor doubled by a repeat or a second tab. What the plant
// will not take is kept there for a lead; only when that is done does it leave this list.
import { newKey, Refused, send } from "../../api/client";
import { crew } from "../../state/crew.svelte";
import { live } from "../../state/live.svelte";
import { plant } from "../../state/plant.svelte";
import { session } from "../../state/session.svelte";
import { shelf as ours, type Shelf } from "../../state/shelf";
import { COMMANDS, deliver, type Act, type Doing } from "./acts";

/** Taps within it are one report, and may be undone until it is over. */
const QUIET = 1500;
export const AGAIN_AFTER = 5000;
/** An act that is sent later than this tells when it was done. */
const LATE = 30_000;
const NAME = "acts";
/** A shift of taps; a device that cannot send for longer says so before it is full. */
const MOST = 2000;

/** Where and by whom something is done. */
export interface Hand {
  station: string;
  center: string;
  machine: string | null;
}

export interface Ways {
  deliver: (act: Act, person: string) => Promise<unknown>;
  keep: (act: Act, person: string) => Promise<unknown>;
  who: () => { person: string; owner: string; on: string[] };
  /** Whether the plant was heard a moment ago. */
  reached: () => boolean;
  shelf: Shelf;
  now: () => number;
}

const who = () => ({ person: crew.active, owner: session.current && !session.current.terminal ? session.current.user_name : "", on: crew.on.map((it) => it.user_id) });

export class Outbox {
  waiting = $state.raw<Act[]>([]);
  /** What was refused since the page was loaded, and is a lead's task now. */
  given = $state.raw<{ kind: Act["kind"]; why: string }[]>([]);
  /** Reads the station anew, so that an act leaves this list only when the server's own numbers have it. */
  taken: () => Promise<unknown> = async () => {};
  #draining = false;
  #changing = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ways: Ways;

  constructor(ways: Partial<Ways> = {}) {
    this.#ways = { deliver, keep, who, reached: () => live.connected, shelf: ours, now: () => Date.now(), ...ways };
  }

  /** Begins to send: now, when the network comes back, and every few seconds. */
  async begin() {
    await this.#change((acts) => acts);
    void this.drain();
    addEventListener("online", () => void this.drain());
    setInterval(() => void this.drain(), AGAIN_AFTER);
  }

  get full(): boolean {
    return this.waiting.length >= MOST;
  }

  async add(hand: Hand, doing: Doing) {
    const { person, owner } = this.#ways.who();
    const now = this.#ways.now();
    await this.#change((acts) => {
      const last = acts.at(-1);
      if (last?.kind === "count" && doing.kind === "count" && !doing.serial && !last.serial && mayGrow(last, now) && last.station === hand.station && last.order === doing.order && last.sequence === doing.sequence && last.employee === doing.employee) {
        return [...acts.slice(0, -1), { ...last, good: last.good + doing.good, scrapped: last.scrapped + doing.scrapped, touched: now }];
      }
      if (acts.length >= MOST) return acts;
      const before = doing.kind === "count" ? acts : acts.map((it) => ({ ...it, sealed: true }));
      return [...before, { ...doing, ...hand, key: newKey(), at: plant.clock().toISOString(), person, owner, sealed: doing.kind !== "count", touched: now }];
    });
    this.#drainIn(doing.kind === "count" ? QUIET : 0);
  }

  get mayUndo(): boolean {
    return this.waiting.some((it) => it.kind === "count" && !it.sealed);
  }

  undo() {
    return this.#change((acts) => acts.filter((it) => it.sealed));
  }

  /** Sends all in their order; stops where the server cannot be reached and tries again later. */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    clearTimeout(this.#timer);
    try {
      for (let next = await this.#next(); next; next = await this.#next()) {
        if ((await this.#send(next)) === "later") return;
      }
    } finally {
      this.#draining = false;
    }
    if (this.mayUndo) this.#drainIn(QUIET);
  }

  /** The oldest that may go, sealed; another tab may have sent it meanwhile, which its key makes harmless. */
  async #next(): Promise<Act | undefined> {
    const now = this.#ways.now();
    const { owner } = this.#ways.who();
    const ready = (act: Act) => act.owner === owner && !mayGrow(act, now);
    const acts = await this.#change((acts) => {
      const at = acts.findIndex((it) => it.owner === owner);
      const first = acts[at];
      if (!first || !ready(first) || first.late !== undefined) return acts;
      return acts.with(at, { ...first, sealed: true, late: !this.#ways.reached() || now - first.touched >= LATE });
    });
    const first = acts.find((it) => it.owner === owner);
    return first && ready(first) ? first : undefined;
  }

  async #send(act: Act): Promise<"done" | "later"> {
    const { on, person } = this.#ways.who();
    const hand = on.includes(act.person) ? act.person : person;
    try {
      if (!act.refused) await this.#ways.deliver(act, hand);
    } catch (fault) {
      if (passes(fault)) return "later";
      act = { ...act, refused: (fault as Error).message };
    }
    if (act.refused) {
      try {
        await this.#ways.keep(act, hand);
      } catch (fault) {
        // Its key is known: it was kept before, with other words, and the answer was lost. Asking on would hold up all behind it.
        const isKept = fault instanceof Refused && fault.code === "key_reused";
        if (!isKept) {
          await this.#change((acts) => acts.map((it) => (it.key === act.key ? act : it)));
          return "later";
        }
      }
      this.given = [...this.given, { kind: act.kind, why: act.refused }];
    }
    await this.taken();
    // At once here, so that no number shows it twice; then for good.
    this.waiting = this.waiting.filter((it) => it.key !== act.key);
    await this.#change((acts) => acts.filter((it) => it.key !== act.key));
    return "done";
  }

  async #change(change: (acts: Act[]) => Act[]): Promise<Act[]> {
    // Shown at once; what is kept replaces it when the last of quick changes is kept.
    this.waiting = change(this.waiting);
    this.#changing += 1;
    try {
      const acts = await this.#ways.shelf.change<Act[]>(NAME, (old) => change(old ?? []));
      if (this.#changing === 1) this.waiting = acts;
      return acts;
    } finally {
      this.#changing -= 1;
    }
  }

  #drainIn(time: number) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.drain(), time);
  }
}

const mayGrow = (act: Act, now: number) => !act.sealed && now - act.touched < QUIET;

/** No answer, a busy server or an ended log-in pass; any other refusal would be the same each time. */
const passes = (fault: unknown) => !(fault instanceof Refused) || [0, 401, 429].includes(fault.status) || fault.status >= 500;

/** Hands a refused act to the plant's leads. */
function keep(act: Act, person: string) {
  const employee = act.kind === "count" ? act.employee : "employees" in act ? act.employees[0] : undefined;
  const { key, sealed, late, touched, refused, ...told } = act;
  const content = JSON.stringify("waiting" in told ? { ...told, waiting: undefined } : told);
  const body = { act: COMMANDS[act.kind], content: content.slice(0, 4000), refusal: refused ?? "", work_center_id: act.center, employee_id: employee || null, occurred_at: act.at };
  return send("post", "/api/v1/refused-acts", body, {}, `${key}-refused`, person);
}

export const outbox = new Outbox();
