// A bar in somebody's hand: where it is held, what the plant's engine says of it there, and its way into the draft. One question is under way at a time; the newest place is asked next.
import type { MoveAnswer, PlanDraft } from "../../api/answers";
import { Refused, send } from "../../api/client";
import type { Bar } from "./bars";
import { isSame, type Place } from "./places";

interface Host {
  /** The draft that is looked at. */
  draft: () => PlanDraft | undefined;
  look: (id: number) => void;
  /** Reads the draft anew. */
  again: () => Promise<unknown>;
}

export class Carry {
  bar = $state.raw<Bar>();
  at = $state.raw<Place>();
  /** What was answered last, and for where. */
  answer = $state.raw<MoveAnswer>();
  answered = $state.raw<Place>();
  /** It was dropped where it cannot be, and waits for a word. */
  dropped = $state(false);
  busy = $state(false);
  fault = $state.raw<Refused>();
  /** What was done last, to be told. */
  done = $state.raw<MoveAnswer>();
  #plan: Promise<number> | undefined;
  #asking = false;

  constructor(private host: Host) {}

  get known(): MoveAnswer | undefined {
    return isSame(this.at, this.answered) ? this.answer : undefined;
  }

  take(bar: Bar) {
    this.release();
    this.fault = this.done = undefined;
    this.bar = bar;
    this.at = { lane: bar.lane, from: bar.from };
    this.#plan = this.#draft();
    this.#plan.catch((fault: unknown) => this.#failed(fault));
  }

  to(place: Place) {
    if (!this.bar || isSame(place, this.at)) return;
    this.at = place;
    this.dropped = false;
    void this.#check();
  }

  release() {
    this.bar = this.at = this.answer = this.answered = undefined;
    this.dropped = false;
  }

  /** Puts it where it is held; where it cannot be, it stays in the hand with the reason. */
  async drop() {
    if (!this.bar || !this.at || isSame(this.at, { lane: this.bar.lane, from: this.bar.from })) return this.release();
    this.dropped = true;
    await this.#check();
    if (this.dropped && this.known?.does) await this.put(this.at);
  }

  async put(place: Place) {
    const bar = this.bar;
    if (!bar || this.busy) return;
    this.busy = true;
    try {
      this.done = await this.#ask(bar, place, false);
      this.release();
      await this.host.again();
    } catch (fault) {
      this.#failed(fault);
    } finally {
      this.busy = false;
    }
  }

  async #check() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.bar && this.at && !isSame(this.at, this.answered)) {
        const [bar, place] = [this.bar, this.at];
        const answer = await this.#ask(bar, place, true);
        if (this.bar?.key !== bar.key) continue;
        this.answer = answer;
        this.answered = place;
        if (this.dropped && isSame(place, this.at) && answer.does) {
          this.#asking = false;
          return void (await this.put(place));
        }
      }
    } catch (fault) {
      this.#failed(fault);
    } finally {
      this.#asking = false;
    }
  }

  async #ask(bar: Bar, place: Place, isDry: boolean): Promise<MoveAnswer> {
    const body = { work_order_id: bar.order, operation_sequence: bar.sequence, work_center_id: place.lane, planned_start_time: new Date(place.from).toISOString(), dry_run: isDry };
    return (await send("post", "/api/v1/plans/{id}/moves", body, { id: await this.#plan! })) as MoveAnswer;
  }

  /** A draft that may be changed: the one that is looked at, else a branch of the plan in force. */
  async #draft(): Promise<number> {
    const draft = this.host.draft();
    if (draft?.state === "ready") return draft.plan_id;
    const made = (await send("post", "/api/v1/plans/{id}/branch", {}, { id: "in-force" })) as PlanDraft;
    this.host.look(made.plan_id);
    return made.plan_id;
  }

  #failed(fault: unknown) {
    this.fault = fault instanceof Refused ? fault : new Refused(0, "broken", String(fault));
    this.release();
  }
}
